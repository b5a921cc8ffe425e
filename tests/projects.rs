//! Projects of several files through the program: bad input, override files, trees.

mod merging;
mod mistakes;
mod oracle;

use crate::support::Folder;

const SERVICE: &str = "services:\n  a:\n    image: node:22\n";

/// Bad projects: name, files, arguments.
type Bad = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

const BAD: [Bad; 15] = [
    ("extends-a-folder", &[("compose.yaml", "services:\n  a:\n    extends: {file: common, service: b}\n"), ("common/x", "")], &[]),
    ("extends-missing-file", &[("compose.yaml", "services:\n  a:\n    extends: {file: common/base.yaml, service: b}\n")], &[]),
    ("extends-missing-service", &[("compose.yaml", "services:\n  a:\n    extends: b\n  c: {image: node}\n")], &[]),
    ("extends-cycle", &[("compose.yaml", "services:\n  a:\n    extends: b\n  b:\n    extends: c\n  c:\n    extends: a\n")], &[]),
    (
        "extends-cycle-of-files",
        &[
            ("compose.yaml", "services:\n  a:\n    extends: {file: x.yaml, service: b}\n"),
            ("x.yaml", "services:\n  b:\n    extends: {file: compose.yaml, service: a}\n"),
        ],
        &[],
    ),
    ("extends-across-layers", &[("compose.yaml", SERVICE), ("compose.override.yaml", "services:\n  b:\n    extends: a\n")], &[]),
    ("include-missing-file", &[("compose.yaml", "include: [more.yaml]\nservices: {}\n")], &[]),
    (
        "include-cycle",
        &[
            ("compose.yaml", "include: [a.yaml]\n"),
            ("a.yaml", "include: [b.yaml]\nservices: {}\n"),
            ("b.yaml", "include: [a.yaml]\nservices: {}\n"),
        ],
        &[],
    ),
    (
        "include-conflict",
        &[("compose.yaml", "include: [a.yaml]\nservices:\n  a: {image: node}\n"), ("a.yaml", "services:\n  a: {image: nginx}\n")],
        &[],
    ),
    ("include-broken-file", &[("compose.yaml", "include:\n  - a/b.yaml\n"), ("a/b.yaml", "services:\n\ta: x\n")], &[]),
    ("include-missing-env-file", &[("compose.yaml", "include:\n  - {path: a.yaml, env_file: no.env}\n"), ("a.yaml", SERVICE)], &[]),
    ("required-variable", &[("compose.yaml", "include: ['${WHERE:?say where}/a.yaml']\n")], &[]),
    ("override-alone", &[("compose.override.yaml", SERVICE)], &[]),
    ("broken-env", &[("compose.yaml", SERVICE), (".env", "A B=1\n")], &[]),
    ("missing-layer", &[("compose.yaml", SERVICE)], &["-f", "compose.yaml", "-f", "none.yaml"]),
];

#[test]
fn bad_projects_are_refused_with_the_way_that_led_there() {
    for (name, files, arguments) in BAD {
        let folder = Folder::new(files);
        let before = folder.state();
        let all: Vec<&str> = ["--preset", "node", "--write", "--yes"].iter().chain(arguments).copied().collect();
        folder.run(&all).exits(2).is_as_in(&format!("projects/{name}"));
        assert!(folder.state() == before, "{name}: nothing is written");
    }
    crate::support::golden_folder_holds("projects", &BAD.map(|b| b.0));
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_or_out_of_the_project_are_not_followed_for_writing() {
    let folder = Folder::new(&[("compose.yaml", "include: [a.yaml]\n"), ("../outside.yaml", SERVICE)]);
    std::os::unix::fs::symlink("a.yaml", folder.path().join("a.yaml")).unwrap();
    let run = folder.run(&["--preset", "node"]).exits(2);
    assert!(run.err.contains("cannot read a.yaml: Too many levels of symbolic links"), "{}", run.text());
    std::fs::remove_file(folder.path().join("a.yaml")).unwrap();
    std::os::unix::fs::symlink("../outside.yaml", folder.path().join("a.yaml")).unwrap();
    let before = folder.state();
    let run = folder.run(&["--preset", "node", "--write", "--yes"]).exits(0);
    assert!(run.err.contains("a.yaml is outside the project folder"), "{}", run.text());
    assert!(run.err.contains("its services are not looked at [not-followed]"), "{}", run.text());
    assert!(folder.state() == before, "nothing is written");
}

#[test]
fn several_files_are_written_together_or_not_at_all() {
    let files = [("compose.yaml", "include: [db/compose.yaml]\nservices:\n  web: {image: node}\n"), ("db/compose.yaml", SERVICE)];
    let folder = Folder::new(&files);
    let shown = folder.run(&["--preset", "node"]).exits(0);
    assert_eq!(shown.out.lines().filter(|l| l.starts_with("+++ ")).collect::<Vec<_>>(), ["+++ b/compose.yaml", "+++ b/db/compose.yaml"]);
    let run = folder.run(&["--preset", "node", "--write", "--yes"]).exits(0);
    assert!(run.err.contains("wrote compose.yaml, db/compose.yaml: hardened 2 services"), "{}", run.text());
    assert!(folder.read("db/compose.yaml").contains("a-data:\n") && folder.read("compose.yaml").contains("web-data"));
    // The second file cannot be written, so the first is not either.
    let folder = Folder::new(&files);
    let link = folder.path().join("db/other.yaml");
    std::fs::hard_link(folder.path().join("db/compose.yaml"), link).unwrap();
    let run = folder.run(&["--preset", "node", "--write", "--yes"]).exits(2);
    assert!(run.err.contains("several names"), "{}", run.text());
    assert_eq!(files.map(|(name, _)| folder.read(name)), files.map(|(_, text)| text));
}

#[test]
fn an_override_file_takes_all_changes() {
    let base = "services:\n  web:\n    image: node:22\n    read_only: false\n  db: {image: node}\n";
    let wanted = "services:\n  web:\n    read_only: true\n    tmpfs:\n      - /tmp:mode=1777\n    volumes:\n      - type: volume\n        source: web-data\n        target: /data\n  db:\n    read_only: true\n    tmpfs:\n      - /tmp:mode=1777\n    volumes:\n      - type: volume\n        source: db-data\n        target: /data\n\nvolumes:\n  web-data:\n  db-data:\n";
    let folder = Folder::compose(base);
    let arguments = ["--preset", "node", "--override", "compose.override.yaml"];
    let shown = folder.run(&arguments).exits(0);
    assert!(shown.out.starts_with("--- /dev/null\n+++ b/compose.override.yaml\n@@ -0,0 +1,"), "{}", shown.text());
    folder.run(&[&arguments[..], &["--write", "--yes"]].concat()).exits(0);
    assert_eq!((folder.read("compose.yaml").as_str(), folder.read("compose.override.yaml").as_str()), (base, wanted));
    // It is a layer now, and there is nothing left to do, with and without naming it.
    for again in [&arguments[..], &["--preset", "node"]] {
        let run = folder.run(&[again, &["--check"]].concat()).exits(0);
        assert!(run.err.contains("nothing is missing"), "{}", run.text());
    }
    // One that is there is extended: comments, other services and its own style stay.
    let layer = "# local\nservices:\n    web:\n        ports: ['80:80']   # here\n";
    let folder = Folder::new(&[("compose.yaml", base), ("compose.readonly.yaml", layer)]);
    folder.run(&["--preset", "node", "--override", "compose.readonly.yaml", "--write", "--yes"]).exits(0);
    let after = folder.read("compose.readonly.yaml");
    assert!(after.starts_with(layer) && after.contains("        read_only: true\n") && after.contains("\n    db:\n"), "{after}");
    assert_eq!(folder.read("compose.yaml"), base);
    let run = folder.run(&["--preset", "node", "-f", "compose.yaml", "-f", "compose.readonly.yaml", "--check"]).exits(0);
    assert!(run.err.contains("nothing is missing"), "{}", run.text());
    let run = folder.run(&["--override", "compose.yaml"]).exits(2);
    assert!(run.err.contains("is the project's main file"), "{}", run.text());
}

#[test]
fn the_diff_of_a_new_file_is_a_patch() {
    let folder = Folder::compose(SERVICE);
    let shown = folder.run(&["--preset", "node", "--override", "sub.yaml"]).exits(0);
    let mut git = folder.command("git");
    git.args(["apply", "-"]);
    folder.finish(git, &["apply"], &shown.out).exits(0);
    folder.run(&["--preset", "node", "-f", "compose.yaml", "-f", "sub.yaml", "--check"]).exits(0);
}

#[test]
fn every_project_of_a_tree_is_planned_and_summed_up() {
    let folder = Folder::new(&[
        ("a/compose.yaml", SERVICE),
        ("b/docker-compose.yml", "services:\n  b: {image: node, read_only: true, tmpfs: [/tmp]}\n"),
        ("bad/compose.yaml", "services: [\n"),
        ("c/.devcontainer/compose.yml", "services:\n  c: {image: node, privileged: true}\n"),
        ("ignored/compose.yaml", SERVICE),
        (".gitignore", "ignored/\n"),
        (".git/HEAD", ""),
        ("notes/readme.yaml", SERVICE),
    ]);
    folder.run(&["-r"]).exits(2).is_as_in("trees/shown");
    let run = folder.run(&["-r", "--check", "a", "b"]).exits(1);
    assert!(run.out.starts_with("a/compose.yaml:2:3: a: can write"), "{}", run.text());
    folder.run(&["-r", "--write", "--yes", "a", "c"]).exits(0).is_as_in("trees/written");
    assert!(folder.read("a/compose.yaml").contains("read_only: true"));
    assert_eq!(folder.read("ignored/compose.yaml"), SERVICE);
    folder.run(&["-r", "--check", "a", "b"]).exits(0);
    let again = folder.run(&["-r", "--write", "--yes", "a", "b"]).exits(0);
    assert!(
        !again.err.contains("no service is selected") && again.err.contains("services: 2 read-only already, 0 held back"),
        "{}",
        again.text()
    );
    let run = folder.run(&["-r", "notes"]).exits(2);
    assert!(run.err.contains("no project found"), "{}", run.text());
    crate::support::golden_folder_holds("trees", &["shown", "written"]);
}

#[test]
fn a_file_of_two_projects_is_changed_once() {
    let shared = [
        ("one/compose.yaml", "include: [../shared/db.yaml]\n"),
        ("two/compose.yaml", "include: [../shared/db.yaml]\n"),
        ("shared/db.yaml", SERVICE),
        (".git/HEAD", ""),
    ];
    let folder = Folder::new(&shared);
    let run = folder.run(&["-r", "--write", "--yes"]).exits(0);
    assert!(run.err.contains("2 projects, 2 services"), "{}", run.text());
    assert_eq!(folder.read("shared/db.yaml").matches("read_only").count(), 1);
    folder.run(&["-r", "--check"]).exits(0);
}

#[test]
fn many_services_layers_and_includes_are_no_trouble() {
    let services: String = (0..10_000).map(|i| format!("  s{i}:\n    image: node:22\n    extends: base\n")).collect();
    let many = format!("services:\n  base:\n    image: node:22\n{services}");
    let includes: String = (0..1000).map(|i| format!("  - p{i}/compose.yaml\n")).collect();
    let folder = Folder::compose(&many);
    let start = std::time::Instant::now();
    let run = folder.run(&["--preset", "node", "--write", "--yes"]).exits(0);
    assert!(run.err.contains("hardened 10001 services"), "{}", run.err);
    let folder = Folder::compose(&format!("include:\n{includes}services: {{}}\n"));
    for i in 0..1000 {
        folder.put(&format!("p{i}/compose.yaml"), format!("services:\n  s{i}:\n    image: node:22\n"));
    }
    let run = folder.run(&["--write", "--yes"]).exits(0);
    assert!(run.err.contains("wrote 1000 files: hardened 1000 services"), "{}", run.err);
    assert!(start.elapsed() < std::time::Duration::from_mins(1), "{:?}", start.elapsed());
}

#[test]
fn profiles_limit_what_is_hardened() {
    let text = "services:\n  a: {image: node}\n  b: {image: node, profiles: [dev]}\n  c: {image: node, profiles: [test]}\n";
    let folder = Folder::compose(text);
    for (arguments, services) in [
        (&[][..], "3 services (a, b, c)"),
        (&["--profile", "dev"], "2 services (a, b)"),
        (&["--profile", "*"], "3 services (a, b, c)"),
        (&["--profile", "dev", "--service", "c"], "1 service (c)"),
    ] {
        let run = folder.run(&[&["--preset", "node"], arguments].concat()).exits(0);
        assert!(run.err.contains(&format!("would harden {services}")), "{}", run.text());
    }
}

#[test]
fn the_shell_chooses_files_as_it_does_for_compose() {
    let folder = Folder::new(&[
        ("compose.yaml", SERVICE),
        ("x/one.yaml", "services:\n  one: {image: node}\n"),
        ("x/two.yaml", "services:\n  one: {tmpfs: ['${WHERE:-/no}']}\n"),
        ("x/.env", "WHERE=/tmp\n"),
        ("other.env", "WHERE=/data\n"),
    ]);
    let run = |arguments: &[&str], environment: &[(&str, &str)]| {
        folder.run_with(&[&["--preset", "node"], arguments].concat(), environment, "").exits(0)
    };
    for (arguments, environment, added) in [
        (&[][..], &[("COMPOSE_FILE", "x/one.yaml:x/two.yaml")][..], "one: volume one-data:/data"),
        (&[], &[("COMPOSE_FILE", "x/one.yaml|x/two.yaml"), ("COMPOSE_PATH_SEPARATOR", "|")], "one: volume one-data:/data"),
        (&[], &[("COMPOSE_FILE", "x/one.yaml:x/two.yaml"), ("COMPOSE_ENV_FILES", "other.env")], "one: tmpfs /tmp:mode=1777"),
        (&["--env-file", "other.env"], &[("COMPOSE_FILE", "x/one.yaml:x/two.yaml")], "one: tmpfs /tmp:mode=1777"),
        (&["-f", "x/one.yaml", "-f", "x/two.yaml"], &[("COMPOSE_FILE", "none.yaml")], "one: volume one-data:/data"),
        (&["-f", "x/one.yaml", "-f", "x/two.yaml"], &[("COMPOSE_DISABLE_ENV_FILE", "1")], "one: tmpfs /tmp:mode=1777"),
        (&["-f", "x/one.yaml", "-f", "x/two.yaml", "--project-directory", "."], &[], "one: tmpfs /tmp:mode=1777"),
        // A PATH is not what the shell means by its variables.
        (&["."], &[("COMPOSE_FILE", "x/one.yaml")], "a: tmpfs /tmp:mode=1777"),
        (&["x/one.yaml"], &[], "one: tmpfs /tmp:mode=1777"),
    ] {
        let run = run(arguments, environment);
        assert!(run.err.contains(added), "{arguments:?} {environment:?}\n{}", run.text());
        let other = if added.contains("volume") { ": tmpfs /tmp" } else { "nothing at all" };
        assert!(!run.err.contains(other), "{arguments:?} {environment:?}\n{}", run.text());
    }
}

#[test]
fn standard_input_has_the_variables_of_its_folder() {
    let folder = Folder::new(&[("a.env", "WHERE=/tmp\n"), (".env", "WHERE=/other\n"), ("x/.env", "WHERE=/tmp\n")]);
    let text = "services:\n  a:\n    image: node\n    tmpfs: ['${WHERE}']\n";
    for (arguments, covered) in [(&[][..], false), (&["--env-file", "a.env"], true), (&["--project-directory", "x"], true)] {
        let run = folder.run_with(&[arguments, &["-"]].concat(), &[], text).exits(0);
        assert_eq!(!run.out.contains("/tmp:mode=1777"), covered, "{arguments:?}\n{}", run.text());
    }
}
