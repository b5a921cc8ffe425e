//! What `--with` adds: files in `tests/extras`, whose first line holds the options.

use crate::oracle::{Compose, difference, normal, unordered};
use crate::pipe;
use crate::support::{Folder, golden};
use rofs_harden::evidence::preset::{Preset, list};
use rofs_harden::evidence::{Extra, Selection};
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
                    let parts = |item: &Value| item.as_str().map(|text| text.split([':', ',']).map(str::to_owned).collect::<Vec<_>>());
                    let has_all = |old: &[String], new: &[String]| old.first() == new.first() && old.iter().all(|part| new.contains(part));
                    // A line of an earlier plan gets more options, and loses none.
                    let follows =
                        key == "tmpfs" && new.iter().any(|new| parts(&item).zip(parts(new)).is_some_and(|(old, new)| has_all(&old, &new)));
                    let is_kept = follows || new.contains(&item) || {
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

/// What is written at once is what is written step by step, byte for byte: lines that an earlier plan wrote follow.
#[test]
fn the_order_of_steps_does_not_matter() {
    let plan = |text: &str, with: &[Extra], assume: bool| {
        let selection = Selection { with: with.iter().copied().collect(), assume, ..pipe::selection(&[], &[]) };
        pipe::harden(text.as_bytes(), &selection).unwrap_or_else(|e| panic!("{e}\n{text}"))
    };
    let (mut with_user, mut held) = (0, 0);
    let images = list().filter_map(|(name, _)| Preset::embedded(name).expect("embedded").images.first().cloned());
    let block = |image: &String| format!("services:\n  s:\n    image: {image}\n");
    let flow = |image: &String| format!("services:\n  s: {{image: '{image}'}}\n");
    let spread = |image: &String| format!("{{\n  services: {{\n    s: {{\n      image: '{image}',\n    }}\n  }}\n}}\n");
    for (image, text) in images.flat_map(|image| [block(&image), flow(&image), spread(&image)].map(|text| (image.clone(), text))) {
        for assume in [false, true] {
            let plain = plan(&text, &[], assume).after;
            for with in [&[Extra::User][..], &[Extra::Sizes], &[Extra::User, Extra::Sizes, Extra::CapDrop, Extra::NoNewPrivileges]] {
                let (at_once, later) = (plan(&text, with, assume), plan(&plain, with, assume));
                let user = |text: &str| text.contains(" user: ");
                with_user += usize::from(user(&at_once.after));
                // Whether what is in a volume that was there belongs to the user, nobody knows.
                let why = later.findings.iter().find(|f| f.message.contains("must be open to it"));
                if !assume && why.is_some() {
                    assert!(plain.contains("type: volume") && !user(&later.after), "{image} {with:?}");
                    held += 1;
                    continue;
                }
                // A volume that only root needs is there by then, and stays.
                let volumes = |text: &str| text.matches("type: volume").count();
                if volumes(&plain) > volumes(&at_once.after) {
                    assert!(user(&later.after), "{image} {with:?}");
                    continue;
                }
                assert_eq!(later.after, at_once.after, "{image} {with:?} {assume}");
            }
        }
    }
    assert!(with_user > 300 && held < 120, "{with_user} {held}");
}

/// The same in a layer that takes all changes, with services that need nothing at first, and in a layer that a person began.
#[test]
fn the_order_of_steps_does_not_matter_in_a_layer_of_its_own() {
    let base = "services:\n  a: {image: 'node:22', read_only: true, tmpfs: [/tmp]}\n  b: {image: nginx}\n  c: {image: 'node:22', read_only: true, \
                tmpfs: [/tmp]}\n  d:\n    image: postgres:17\n  e: {image: nginx, tmpfs: /var/cache/nginx}\n";
    for layer in [
        None,
        Some("services:\n  z: {image: 'caddy:2', read_only: true, volumes: ['z:/data', 'y:/config']}\nvolumes: {y: , z: }\n"),
        Some("services:\n  b:\n    environment: {A: b}\n  d: {environment: {A: b}}\n"),
        Some("services:\n  c:\n    stop_grace_period: 1s\n"),
    ] {
        let run = |steps: &[&[&str]]| {
            let mut files = vec![("compose.yaml", base)];
            files.extend(layer.map(|text| ("compose.override.yaml", text)));
            let folder = Folder::new(&files);
            for step in steps {
                folder.run(&[&["--override", "compose.override.yaml", "--write", "--yes"], *step].concat()).exits(0);
            }
            assert_eq!(fs::read_to_string(folder.path().join("compose.yaml")).expect("text"), base);
            fs::read_to_string(folder.path().join("compose.override.yaml")).expect("text")
        };
        for with in ["user", "sizes", "user,sizes,cap-drop,no-new-privileges"] {
            let (at_once, later) = (run(&[&["--with", with]]), run(&[&[], &["--with", with]]));
            assert_eq!(later, at_once, "{with} {layer:?}");
            assert_eq!(at_once.contains("user: \"101:101\""), with.contains("user"), "{at_once}");
        }
    }
}

/// A single text follows as a list does, whether it becomes one or not.
#[test]
fn a_single_text_follows_at_once() {
    let block = |tmpfs: &str| format!("services:\n  s:\n    image: nginx\n    tmpfs: {tmpfs}\n");
    let more = "    volumes: [{type: tmpfs, target: /var/cache/nginx}]\n";
    for text in [
        block("/run:mode=755"),
        block("/run:mode=755 # why"),
        block("'/run:mode=755'"),
        block("\"/run:mode=755\""),
        block("|-\n      /run:mode=755"),
        block("!!str /run:mode=755"),
        block("!override /run:mode=755"),
        block("\n      /run:mode=755\n"),
        block("/run:mode=755").replace(": nginx\n", ": nginx\n    read_only: true\n"),
        block("/run:mode=755") + more,
        block("&t /run:mode=755"),
        "services:\n  s: {image: nginx, tmpfs: /run:mode=755}\n".to_owned(),
        "services: {s: {tmpfs: '/run:mode=755', image: nginx, volumes: [{type: tmpfs, target: /var/cache/nginx}]}}\n".to_owned(),
        "{\"services\": {\"s\": {\"image\": \"nginx\", \"tmpfs\": \"/run:mode=755\"}}}\n".to_owned(),
    ] {
        for with in ["sizes", "user", "user,sizes,cap-drop,no-new-privileges"] {
            let folder = Folder::new(&[("compose.yaml", &text)]);
            folder.run(&["--with", with, "--write", "--yes"]).exits(0);
            let once = folder.read("compose.yaml");
            assert!(once.contains("# why") == text.contains("# why"), "{once}");
            // A user cannot write to the other mount, and so stays out.
            let follows = !text.contains("&t") && (with != "user" || !text.contains("type: tmpfs"));
            assert_eq!(
                [",size=", ",uid="].iter().any(|more| once.contains(&format!("/run:mode=755{more}"))),
                follows,
                "{with}\n{text}\n{once}"
            );
            folder.run(&["--with", with, "--check"]).exits(0);
            folder.run(&["--with", with, "--write", "--yes"]).exits(0);
            assert_eq!(folder.read("compose.yaml"), once, "{with}\n{text}");
        }
    }
}

/// Only lines that are as an earlier plan wrote them, and that nobody else uses, follow.
#[test]
fn lines_of_others_stay_as_they_are() {
    let service = |tmpfs: &str| format!("services:\n  s:\n    image: nginx\n    read_only: true\n    tmpfs:{tmpfs}\n");
    let lines = |run: &str, cache: &str| service(&format!("\n      - /var/cache/nginx{cache}\n      - /run{run}"));
    for (text, becomes) in [
        (lines(":mode=755", ":mode=755"), Some(lines(":mode=755,uid=101,gid=101", ":mode=755,uid=101,gid=101"))),
        (
            lines(":mode=755,size=5m # small", ":mode=755"),
            Some(lines(":mode=755,uid=101,gid=101,size=5m # small", ":mode=755,uid=101,gid=101")),
        ),
        (service(" ['/var/cache/nginx:mode=755', \"/run:mode=755\"]"), None),
        (lines(":mode=700", ":mode=755"), None),
        (lines("", ":mode=755"), None),
        (lines(":mode=755,nosuid", ":mode=755"), None),
        (service(" &t\n      - /var/cache/nginx:mode=755\n      - /run:mode=755"), None),
        (format!("{}  t:\n    extends: s\n", lines(":mode=755", ":mode=755")), None),
    ] {
        let (after, said) = harden(&text, &["--with".to_owned(), "user".to_owned(), "--service".to_owned(), "s".to_owned()]);
        match becomes {
            Some(expected) => assert_eq!(after.replace("    user: \"101:101\"\n", ""), expected, "{text}"),
            None if text.contains('[') => {
                let expected = "['/var/cache/nginx:mode=755,uid=101,gid=101', \"/run:mode=755,uid=101,gid=101\"]";
                assert!(after.contains(expected) && after.contains("user: "), "{after}");
            }
            None => {
                assert_eq!(after, text);
                assert!(said.contains("would stay root's; give it uid=101,gid=101 first"), "{text} {said}");
            }
        }
    }
}

/// What an extra cannot do leaves the rest of the plan as it is.
#[test]
fn an_extra_that_does_not_fit_is_left_out_alone() {
    let mysql = |deploy: &str| format!("services:\n  s:\n    image: mysql:8.4\n    {deploy}\n");
    for (text, with, why) in [
        (mysql("deploy: {replicas: 2}"), "named-volumes", "`named-volumes` is left out: its 2 containers would share the volume"),
        (mysql("scale: 3"), "named-volumes", "`named-volumes` is left out: its 3 containers would share the volume"),
        (mysql("deploy: {replicas: '${N}'}"), "named-volumes", "`named-volumes` is left out: a variable decides"),
        ("services:\n  s: {image: nginx, cap_drop: ALL}\n".into(), "cap-drop", "`cap_drop` is no list"),
        ("services:\n  s: {image: nginx, security_opt: {a: b}}\n".into(), "no-new-privileges", "`security_opt` is no list"),
    ] {
        let folder = Folder::compose(&text);
        let run = folder.run(&["--with", with, "--write", "--yes"]).exits(0);
        assert!(run.text().contains(why), "{}", run.text());
        let written = folder.read("compose.yaml");
        let folder = Folder::compose(&text);
        folder.run(&["--write", "--yes"]).exits(0);
        assert_eq!(folder.read("compose.yaml"), written, "{with}");
    }
}
