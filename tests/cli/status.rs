//! What the exit status says of services that are left as they are.

use crate::support::Folder;

/// A project, and how `--check` answers: what it prints where something is missing, nothing where
/// nothing is.
struct Left {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    arguments: &'static [&'static str],
    check: Option<&'static str>,
}

const fn left(name: &'static str, files: &'static [(&'static str, &'static str)], check: Option<&'static str>) -> Left {
    Left { name, files, arguments: &[], check }
}

/// Every way in which a service is left as it is.
const KINDS: [Left; 15] = [
    left("nothing", &[("compose.yaml", "services:\n  web:\n    image: nginx\n")], Some("missing: read_only: true, tmpfs")),
    left(
        "shared-definition",
        &[("compose.yaml", "services:\n  web: &web\n    image: nginx\n  job:\n    <<: *web\n    privileged: true\n")],
        Some("compose.yaml:2:3: web: not changed: "),
    ),
    left(
        "shared-definition beside one that is missing",
        &[(
            "compose.yaml",
            "services:\n  web: &web\n    image: nginx\n  job:\n    <<: *web\n    privileged: true\n  c:\n    image: redis:8\n",
        )],
        Some("[shared-definition]; missing: read_only: true"),
    ),
    Left {
        name: "locked-file",
        files: &[("compose.yaml", "services: {}\n"), ("../outside.yaml", "services:\n  web:\n    image: nginx\n")],
        arguments: &["-f", "compose.yaml", "-f", "../outside.yaml"],
        check: Some("[locked-file]; missing: read_only: true"),
    },
    left(
        "not-followed file",
        &[("compose.yaml", "include: [../outside.yaml]\n"), ("../outside.yaml", "services:\n  web:\n    image: nginx\n")],
        Some("[not-followed]"),
    ),
    left(
        "not-followed base",
        &[("compose.yaml", "services:\n  web:\n    image: nginx\n    extends: {file: git@example.com:x.git, service: y}\n")],
        Some("web: git@example.com:x.git is not on this machine"),
    ),
    left(
        "not-followed include",
        &[(
            "compose.yaml",
            "include: [\"oci://example.com/x\"]\nservices:\n  web:\n    image: nginx\n    read_only: true\n    tmpfs: [/run, /var/cache/nginx]\n",
        )],
        Some("oci://example.com/x is not on this machine"),
    ),
    left("needs-writable-root", &[("compose.yaml", "services:\n  web:\n    image: nginx\n    privileged: true\n")], None),
    left("installs", &[("compose.yaml", "services:\n  web:\n    image: nginx\n    command: apk add x\n")], None),
    left("unknown-image", &[("compose.yaml", "services:\n  web:\n    image: example.org/x\n")], None),
    left(
        "read_only of a variable",
        &[("compose.yaml", "services:\n  web:\n    image: nginx\n    read_only: $R\n")],
        Some("missing: read_only: true"),
    ),
    left("ignored", &[("compose.yaml", "services:\n  # rofs-harden: ignore[writable-root] why not\n  web:\n    image: nginx\n")], None),
    left(
        "excluded",
        &[
            ("compose.yaml", "services:\n  web:\n    image: nginx\n"),
            ("rofs-harden.toml", "[[exclude]]\nservice = \"web\"\nreason = \"why not\"\n"),
        ],
        None,
    ),
    Left {
        name: "override",
        files: &[("compose.yaml", "services:\n  web:\n    image: nginx\n")],
        arguments: &["--override", "compose.override.yaml"],
        check: Some("missing: read_only: true"),
    },
    left(
        "done",
        &[("compose.yaml", "services:\n  web:\n    image: nginx\n    read_only: true\n    tmpfs: [/run, /var/cache/nginx]\n")],
        None,
    ),
];

#[test]
fn a_check_counts_every_service_that_lacks_something() {
    for Left { name, files, arguments, check } in KINDS {
        let folder = Folder::new(files);
        for more in [&[][..], &["-r"]] {
            if !arguments.is_empty() && !more.is_empty() {
                continue;
            }
            let all: Vec<&str> = ["--check"].iter().chain(arguments).chain(more).copied().collect();
            let run = folder.run(&all).exits(i32::from(check.is_some()));
            assert!(run.out.contains(check.unwrap_or_default()), "{name}: {}", run.text());
            assert_eq!(run.out.is_empty(), check.is_none(), "{name}: {}", run.text());
            assert!(check.is_none() || !run.err.contains("is missing"), "{name}: {}", run.text());
        }
        if let ([(_, text)], []) = (files, arguments) {
            folder.run_with(&["--check", "-"], &[], text).exits(i32::from(check.is_some()));
        }
    }
}

#[test]
fn a_tree_with_a_project_that_cannot_be_read_fails_whatever_the_others_say() {
    let ready = "services:\n  web:\n    image: nginx\n    read_only: true\n    tmpfs: [/run, /var/cache/nginx]\n";
    let folder = Folder::new(&[("a/compose.yaml", ready), ("b/compose.yaml", "services: [\n")]);
    for verb in [&["--check", "-r"][..], &["-r"], &["-r", "--write", "--yes"], &["audit", "-r"]] {
        folder.run(verb).exits(2);
    }
}

#[test]
fn a_mend_that_has_no_place_is_no_success() {
    let text = "services:\n  web: &web\n    image: nginx\n    read_only: true\n  job:\n    <<: *web\n    privileged: true\n";
    let folder = Folder::compose(text);
    folder.put("log", "web-1  | touch: cannot touch '/data/x/y': Read-only file system\n");
    let run = folder.run(&["diagnose", "log", "--write", "--yes"]).exits(1);
    assert!(run.err.contains("[shared-definition]"), "{}", run.text());
    assert_eq!(folder.read("compose.yaml"), text);
}

#[test]
fn what_a_log_shows_and_no_mount_mends_is_no_success() {
    let mended = "web-1  | touch: cannot touch '/data/x/y': Read-only file system\n";
    let other = "web-1  | touch: cannot touch '/usr/bin/y': Read-only file system\n";
    for (log, code) in [(mended.to_owned(), 0), (format!("{mended}{other}"), 1)] {
        let folder = Folder::compose("services:\n  web:\n    image: nginx\n    read_only: true\n");
        folder.put("log", log);
        folder.run(&["diagnose", "log", "--write", "--yes"]).exits(code);
        assert!(folder.read("compose.yaml").contains("target: /data"), "what can be mended is");
    }
}

#[test]
fn a_tree_says_what_was_done_and_counts_every_project() {
    let ready = "services:\n  web:\n    image: nginx\n    read_only: true\n    tmpfs: [/run, /var/cache/nginx]\n";
    let open = "services:\n  web:\n    image: nginx\n  jobs:\n    image: example.org/jobs:3\n";
    let folder =
        Folder::new(&[("a/compose.yaml", ready), ("b/compose.yaml", open), ("c/compose.yaml", "services:\n  x:\n    image: redis:8\n")]);
    let shown = folder.run(&["-r"]).exits(0);
    assert!(shown.err.contains("3 projects, 4 services: 2 would be hardened, 1 read-only already, 1 held back\n"), "{}", shown.err);
    let run = folder.run(&["-r", "--write", "--yes"]).exits(0);
    assert!(run.err.contains("3 projects, 4 services: 2 hardened, 1 read-only already, 1 held back\n"), "{}", run.err);
    // Of the projects that changed alone nothing is counted beside that.
    assert!(!run.err.contains(" of 3 services") && !run.err.contains("to harden"), "{}", run.err);
    let again = folder.run(&["-r", "--write", "--yes"]).exits(0);
    assert!(again.err.contains("3 projects, 4 services: 3 read-only already, 1 held back\n"), "{}", again.err);
}

#[test]
fn a_strict_check_says_each_service_once() {
    let text = "services:\n  agent:\n    image: example.org/agent:1\n    privileged: true\n  jobs:\n    image: example.org/jobs:3\n";
    let run = Folder::compose(text).run(&["--check", "--strict"]).exits(1);
    let lines = |name: &str| {
        run.text().lines().filter(|line| line.contains(&format!(" {name}: ")) || line.contains(&format!("held back {name}"))).count()
    };
    assert_eq!(lines("jobs"), 1, "{}", run.text());
    assert_eq!(run.out.lines().filter(|line| line.contains("agent")).count(), 1, "{}", run.text());
    assert!(!run.err.contains("warning: compose.yaml"), "{}", run.text());
    assert!(
        run.out.contains("jobs: can write to its root filesystem [writable-root]; held back: unknown image")
            && run.out.contains("; --service jobs=generic includes it\n"),
        "{}",
        run.out
    );
}
