//! What the fixing verb does to files and says of it.

use super::SHOP;
use crate::support::{Folder, golden_folder_holds};
use std::process::Command;

/// Every run that is compared with a text: name, arguments and exit status, in a folder with `SHOP` and `mine.toml`.
const RUNS: [(&str, &[&str], i32); 13] = [
    ("plain", &[], 0),
    ("with-a-preset", &["--preset", "node"], 0),
    ("preset-and-auto", &["--preset", "node", "--preset", "auto"], 0),
    ("own-preset", &["--preset", "./mine.toml"], 0),
    ("one-service", &["--service", "api"], 0),
    ("not-one-service", &["--service", "!web"], 0),
    ("service-with-a-preset", &["--service", "jobs=python"], 0),
    ("unsafe-fixes", &["--unsafe-fixes"], 0),
    ("quiet", &["--quiet"], 0),
    ("explained-in-the-file", &["--explain-in-file", "--service", "web", "--service", "api"], 0),
    ("check", &["--check"], 1),
    ("written", &["--write", "--yes", "--service", "api"], 0),
    ("view", &["--color", "always", "--preset", "node"], 0),
];

const MINE: &str = "\
summary = \"what our jobs need\"
run_user = { text = \"jobs\" }

[match]
images = [\"example.org/jobs\"]

[[writable]]
target = \"/var/spool/jobs\"
storage = \"state\"
why = \"the spool\"
source = \"our own image\"
confidence = \"documented\"
";

#[test]
fn every_run_says_what_it_did() {
    for (name, arguments, code) in RUNS {
        let folder = Folder::new(&[("compose.yaml", SHOP), ("mine.toml", MINE)]);
        let before = folder.state();
        folder.run(arguments).exits(code).is_as_in(&format!("cli/{name}"));
        assert_eq!(folder.state() == before, !arguments.contains(&"--write"), "{name}: files change with --write and only then");
    }
    golden_folder_holds("cli", &RUNS.map(|r| r.0));
}

#[test]
fn what_is_not_read_is_said() {
    let remote = "include:\n  - oci://example.com/x\n  - path: https://example.com/repo.git\n  - $NOWHERE/x.yaml\nservices:\n  a:\n    image: node\n";
    let base = "  b:\n    image: node\n    extends: {file: git@example.com:x.git, service: y}\n";
    let run = Folder::compose(&format!("{remote}{base}")).run(&["--preset", "node"]).exits(0);
    for part in [
        "compose.yaml:2:5: oci://example.com/x is not on this machine, and is not fetched: its services are not looked at",
        "compose.yaml:3:11: https://example.com/repo.git is not on this machine",
        "compose.yaml:4:5: a variable that is not set decides which file this is: $NOWHERE/x.yaml",
        "compose.yaml:10:21: b: git@example.com:x.git is not on this machine",
    ] {
        assert!(run.err.contains(part), "no {part:?} in\n{}", run.err);
    }
    let changed: Vec<&str> = run.out.lines().filter(|l| l.starts_with('+') && l.contains("read_only")).collect();
    assert_eq!(changed.len(), 1, "only a is changed:\n{}", run.out);
}

#[test]
fn dozens_of_files_that_are_not_read_are_said_once() {
    let includes: String = (0..40).map(|i| format!("  - $HOSTNAME/{i}.yaml\n")).collect();
    let run = Folder::compose(&format!("include:\n{includes}services:\n  a:\n    image: node\n")).run(&["--preset", "node"]).exits(0);
    assert!(run.err.contains("$HOSTNAME/0.yaml: its services are not looked at [not-followed], and 39 more files like it"), "{}", run.err);
    assert!(run.err.contains("hint: set the variable in `.env`"), "{}", run.err);
    assert!(!run.err.contains("/1.yaml"), "{}", run.err);
}

#[test]
fn a_file_that_only_changes_another_one_gets_one_warning() {
    let services: String = (0..9).map(|i| format!("  s{i}:\n    environment: {{A: b}}\n")).collect();
    let run = Folder::compose(&format!("services:\n{services}")).run(&[]).exits(0);
    assert_eq!(run.err.matches("neither an image nor a build").count(), 1, "{}", run.err);
    assert!(run.err.contains("so it is with s1, s2, s3"), "{}", run.err);
    assert!(run.err.contains("is read together with that one"), "{}", run.err);
}

/// Files whose bytes are easily lost: name and text.
const FILES: [(&str, &str); 7] = [
    ("compose.yaml", SHOP),
    ("crlf.yaml", "services:\r\n  api:\r\n    image: node:22\r\n"),
    ("no final newline.yaml", "services:\n  api:\n    image: node:22"),
    ("sub folder/a b.yaml", "services:\n  api:\n    image: node:22\n    tmpfs: /run\n"),
    ("it's \"quoted\".yaml", "services: {api: {image: 'node:22'}}\n"),
    ("back\\slash\ttab.yaml", "\u{feff}services:\n  api:\n    image: node:22\n"),
    ("größe.yaml", "services:\n  api:\n    image: node:22 # größer\n\n\n"),
];

fn git(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = folder.command("/usr/bin/env");
    command.args(["git", "-c", "core.autocrlf=false"]).args(arguments);
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", folder.path());
    command
}

#[test]
fn the_diff_is_a_patch_and_the_same_as_the_filter() {
    for (name, text) in FILES {
        let folder = Folder::new(&[(name, text)]);
        let arguments = ["init", "--quiet", "."];
        folder.finish(git(&folder, &arguments), &arguments, "").exits(0);
        let filtered = folder.run_with(&["-", "--preset", "node"], &[], text);
        let patch = folder.run(&[name, "--preset", "node"]).exits(0);
        let arguments = ["apply", "--whitespace=nowarn", "-"];
        folder.finish(git(&folder, &arguments), &arguments, &patch.out).exits(0);
        assert_eq!(folder.read(name), filtered.out, "{name}");
        assert_ne!(filtered.out, text, "{name}");
        folder.put(name, text);
        folder.run(&[name, "--preset", "node", "--write", "--yes"]).exits(0);
        assert_eq!(folder.read(name), filtered.out, "{name}: --write");
    }
}

#[test]
fn a_patch_is_relative_to_where_it_is_applied() {
    let folder = Folder::new(&[("app/compose.yaml", SHOP), ("app/src/main.js", "")]);
    let arguments = ["init", "--quiet", "."];
    folder.finish(git(&folder, &arguments), &arguments, "").exits(0);
    let absolute = folder.path().join("app/compose.yaml");
    let header = |run: crate::support::Run| run.exits(0).out.lines().next().unwrap().to_owned();
    assert_eq!(header(folder.run(&["app"])), "--- a/app/compose.yaml");
    assert_eq!(header(folder.run(&["./app/../app/compose.yaml"])), "--- a/app/compose.yaml");
    assert_eq!(header(folder.run(&[absolute.to_str().unwrap()])), "--- a/app/compose.yaml");
    // From below the file no patch can name it, so it is named from the top of the work tree, and that is said.
    let mut command = folder.command(crate::support::PROGRAM);
    command.current_dir(folder.path().join("app/src"));
    let run = folder.finish(command, &[], "").exits(0);
    assert!(run.err.contains(&format!("the patch is to be applied in {}\n", folder.path().display())), "{}", run.err);
    assert_eq!(header(run), "--- a/app/compose.yaml");
}

#[test]
fn a_second_run_changes_nothing() {
    for extra in [&[][..], &["--explain-in-file"]] {
        let folder = Folder::compose(SHOP);
        let arguments = [&["--write", "--yes", "--preset", "node", "--preset", "auto", "--unsafe-fixes"], extra].concat();
        folder.run(&arguments).exits(0);
        let once = folder.state();
        let run = folder.run(&arguments).exits(0);
        assert_eq!((run.out.as_str(), run.err.lines().next()), ("", Some("nothing to do: every selected service is read-only already")));
        let check = folder.run(&["--check", "--preset", "node", "--preset", "auto"]).exits(0);
        assert_eq!((check.out.as_str(), check.err.as_str()), ("", "nothing is missing\n"));
        assert!(folder.state() == once);
        let filtered = folder.run_with(&["-", "--preset", "node"], &[], &folder.read("compose.yaml"));
        assert_eq!(filtered.out, folder.read("compose.yaml"));
    }
}

#[test]
fn a_filter_gives_back_what_it_does_not_change() {
    let hardened = "services:\n  x: {image: a, read_only: true, tmpfs: /tmp}\r\n# end";
    let run = Folder::new(&[]).run_with(&["-"], &[], hardened).exits(0);
    assert_eq!((run.out.as_str(), run.err.as_str()), (hardened, ""));
    let check = Folder::new(&[]).run_with(&["-", "--check"], &[], SHOP).exits(1);
    assert!(check.out.starts_with("<stdin>:3:3: web: can write to its root filesystem [writable-root]; missing: "), "{}", check.out);
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let folder = Folder::compose(SHOP);
    let mut command = folder.command("/bin/sh");
    command.args(["-c", "{ \"$0\" --preset node; echo \"status $?\" >&2; } | true", crate::support::PROGRAM]);
    let run = folder.finish(command, &[], "").exits(0);
    assert!(run.err.ends_with("status 0\n"), "{}", run.err);
}

#[test]
fn what_is_there_to_be_copied_is_safe_in_a_shell() {
    let folder = Folder::new(&[("a$(id);b c.yaml", "services:\n  web:\n    image: redis:8.6\n")]);
    let said = folder.run(&["-f", "a$(id);b c.yaml", "--override", "more.yaml", "--write", "--yes"]).exits(0);
    assert!(said.err.contains("\n    docker compose -f 'a$(id);b c.yaml' -f more.yaml up -d\n"), "{}", said.text());
    let audit = folder.run(&["audit", "-f", "a$(id);b c.yaml", "--fail-on", "never"]).exits(0);
    assert!(audit.err.contains("`rofs-harden -f 'a$(id);b c.yaml'"), "{}", audit.text());
    // A place that a value of the file names.
    let folder =
        Folder::compose("services:\n  db:\n    image: postgres:17\n    environment: {PGDATA: '/var/lib/postgresql/data/$$(id) x'}\n");
    let audit = folder.run(&["audit", "--fail-on", "never", "--verbose"]).exits(0);
    assert!(!audit.out.contains("db:/var/lib/postgresql/data/$(id) x"), "{}", audit.text());
}
