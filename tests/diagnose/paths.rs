//! Paths that a stranger chose: from a log to the file they are written so that Compose reads them
//! as they are, or they are refused.

use crate::oracle::Compose;
use crate::support::{Folder, Run};

const STACK: &str = "services:\n  web:\n    image: example.org/web\n    read_only: true\n";

/// What `diagnose --write` does with a log that says that `path` could not be written.
fn diagnosed(path: &str) -> (Folder, Run) {
    let folder = Folder::compose(STACK);
    folder.put("log", format!("touch: cannot touch '{path}': Read-only file system\n"));
    let run = folder.run(&["diagnose", "log", "--write", "--yes"]);
    (folder, run)
}

#[test]
fn what_compose_would_read_as_a_variable_is_escaped() {
    let compose = Compose::find();
    for (path, target) in [
        ("/$X/z", "/$X"),
        ("/$$/z", "/$$"),
        ("/a${X}b/z", "/a${X}b"),
        ("/${X/z", "/${X"),
        ("/$/z", "/$"),
        ("/run/$HOME/z", "/run/$HOME"),
        ("/a, b/z", "/a, b"),
        ("/a #b/z", "/a #b"),
        ("/a\\b/z", "/a\\b"),
        ("/x=1/z", "/x=1"),
        ("/ä\u{2028}\u{feff}\u{202e}/z", "/ä\u{2028}\u{feff}\u{202e}"),
    ] {
        let (folder, run) = diagnosed(path);
        let run = run.exits(0);
        let text = folder.read("compose.yaml");
        assert!(text != STACK && !run.err.contains("internal error"), "{path}: {}", run.text());
        assert!(!text.contains(['\u{2028}', '\u{feff}', '\u{202e}']), "{path}: nothing invisible goes into the file:\n{text}");
        folder.run(&["--check"]).exits(0);
        folder.run(&["diagnose", "log"]).exits(1).says("a path that is writable now");
        if let Some(compose) = &compose {
            let model = compose.effective(folder.path(), &[("X", "x"), ("HOME", "/home")]).expect(&text);
            let service = &model["services"]["web"];
            let tmpfs = service["tmpfs"][0].as_str().map(|item| item.split(':').next().unwrap_or(item));
            let found = tmpfs.or(service["volumes"][0]["target"].as_str()).expect(&text);
            assert_eq!(found.replace("$$", "$"), target, "{text}");
        }
    }
}

#[test]
fn what_no_mount_can_say_is_refused_with_a_reason() {
    for (path, why) in [
        ("/${X:?boom}/z", "has a `:`"),
        ("/run/a:b/x", "has a `:`"),
        ("/run/x=1/z", "has a `=`"),
        ("/a\u{85}b/z", "has a control character"),
        ("/a\u{fffd}b/z", "is no UTF-8"),
        (&format!("/{}/z", "n".repeat(256)), "longer than Linux takes"),
        ("/dev/x/z", "the image's own files"),
        ("/z", "the image's own files"),
    ] {
        let (folder, run) = diagnosed(path);
        let run = run.exits(1);
        assert!(run.out.contains(why), "{path}: {}", run.text());
        assert!(!run.text().contains("internal error"), "{path}: {}", run.text());
        assert_eq!(folder.read("compose.yaml"), STACK, "{path}");
    }
}

#[test]
fn paths_of_a_configuration_pass_the_same_gate() {
    let config = |target: &str| {
        let folder = Folder::compose("services:\n  web:\n    image: example.org/web\n");
        let path = format!("[[services.web.paths]]\ntarget = '{target}'\nstorage = \"state\"\nwhy = \"data\"\n");
        folder.put("rofs-harden.toml", format!("unsafe-fixes = true\n{path}"));
        let run = folder.run(&["--write", "--yes"]);
        (folder, run)
    };
    for target in ["/a$X", "/a b", "/a,b", "/a\"b", "/x=1"] {
        let (folder, run) = config(target);
        run.exits(0);
        let text = folder.read("compose.yaml");
        assert!(text.contains(&format!("target: {}\n", target.replace('$', "$$"))), "{text}");
        folder.run(&["--check"]).exits(0);
    }
    for (target, why) in [("/a:b", "has a `:`"), ("/proc/x", "belongs to the engine"), ("/dev", "belongs to the engine"), ("/", "root")] {
        let (_, run) = config(target);
        let run = run.exits(2);
        assert!(run.err.contains(why) && run.err.contains("rofs-harden.toml:3:"), "{}", run.text());
    }
}

#[test]
fn a_long_name_of_a_folder_makes_no_volume_that_the_engine_cannot_make() {
    let (folder, run) = diagnosed(&format!("/{}/z", "n".repeat(250)));
    run.exits(0);
    let text = folder.read("compose.yaml");
    let name = text.lines().find_map(|l| l.trim().strip_prefix("source: ").or(l.trim().strip_prefix("- source: "))).expect(&text);
    assert!(name.len() < 100, "{text}");
}

impl Run {
    #[track_caller]
    fn says(&self, part: &str) {
        assert!(self.out.contains(part), "{}", self.text());
    }
}
