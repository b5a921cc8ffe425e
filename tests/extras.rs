//! What `--with` adds: files in `tests/extras`, whose first line holds the options.

use crate::oracle::{Compose, difference, normal, unordered};
use crate::support::{Folder, golden};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

fn inputs() -> Vec<(PathBuf, String, Vec<String>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/extras");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).expect("there").map(|e| e.expect("readable").path()).collect();
    paths.retain(|p| p.to_string_lossy().ends_with(".in.yaml"));
    paths.sort();
    assert!(paths.len() > 10);
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("text");
        let (first, rest) = text.split_once('\n').expect("options");
        let options = first.trim_start_matches("# ").split(' ').map(str::to_owned).collect();
        (path, rest.to_owned(), options)
    };
    paths.into_iter().map(read).collect()
}

fn harden(text: &str, options: &[String]) -> (String, String) {
    let folder = Folder::new(&[("compose.yaml", text)]);
    let mut arguments = vec!["--write", "--yes"];
    arguments.extend(options.iter().map(String::as_str));
    let run = folder.run(&arguments).exits(0);
    (fs::read_to_string(folder.path().join("compose.yaml")).expect("text"), run.err)
}

#[test]
fn extras_come_out_as_written() {
    for (path, text, options) in inputs() {
        let (after, said) = harden(&text, &options);
        let name = path.file_name().expect("a name").to_string_lossy().replace(".in.yaml", ".yaml");
        let said: String = said.lines().filter(|l| l.starts_with("warning")).map(|l| format!("# {l}\n")).collect();
        golden(&format!("extras/{name}"), &format!("{after}{said}"));
        let (again, _) = harden(&after, &options);
        assert_eq!(again, after, "{name}: a second run changes nothing");
    }
}

/// Compose sees the new keys, and nothing else is other than before.
#[test]
fn compose_sees_extras_and_nothing_else_changes() {
    const KEYS: [&str; 8] = ["read_only", "user", "healthcheck", "cap_drop", "cap_add", "security_opt", "tmpfs", "volumes"];
    let Some(compose) = Compose::find() else { return };
    let scratch = compose.scratch();
    for (path, text, options) in inputs() {
        let (after, _) = harden(&text, &options);
        let model =
            |text: &str| -> Value { unordered(normal(scratch.effective(text).unwrap_or_else(|e| panic!("{}: {e}", path.display())))) };
        let (mut before, mut after) = (model(&text), model(&after));
        let mut grew = false;
        for (name, service) in after["services"].as_object_mut().expect("services") {
            let old = before["services"][name].as_object_mut().expect("the same services");
            for key in KEYS {
                let (a, b) = (old.remove(key), service.as_object_mut().expect("a service").remove(key));
                grew |= a != b;
                // Of a list everything stays, but for what becomes read-only.
                for item in a.iter().filter_map(Value::as_array).flatten() {
                    let mut item = item.clone();
                    let new = b.as_ref().and_then(Value::as_array).expect("a list stays a list");
                    let is_kept = new.contains(&item) || {
                        item["read_only"] = json!(true);
                        new.contains(&item)
                    };
                    assert!(is_kept, "{}: {name}.{key} lost {item}", path.display());
                }
            }
        }
        before.as_object_mut().expect("a model").remove("volumes");
        after.as_object_mut().expect("a model").remove("volumes");
        assert_eq!(difference(&before, &after), "", "{}", path.display());
        assert!(grew || path.ends_with("unknown.in.yaml"), "{}", path.display());
    }
}
