//! What a stranger's files can make the program read and say: nothing outside of the project, nothing that is no file, and no value or
//! line of what is no Compose file.

mod cases;

use crate::engine::stand::Stand;
use crate::support::{Folder, PROGRAM, Run};
use cases::{Case, INSIDE, OUTSIDE, PIPES, WEB};
use std::fs;
use std::os::unix::fs::symlink;

/// A secret, which also stands in the environment of every run here.
const SECRET: &str = "canary-7f3a9c";

/// Every way to get a report or a plan.
const WAYS: [&[&str]; 9] = [
    &["--unsafe-fixes", "--with", "all"],
    &["--check"],
    &["--override", "more.yaml"],
    &["audit", "--format", "text"],
    &["audit", "--format", "json"],
    &["audit", "--format", "sarif"],
    &["audit", "--format", "github"],
    &["audit", "--format", "markdown"],
    &["audit", "--format", "html"],
];

impl Case {
    fn folder(&self) -> Folder {
        let folder = Folder::new(&[
            ("../secret.txt", "canary-7f3a9c: [\n  - canary-7f3a9c\n"),
            ("../secret.yaml", "services:\n  web:\n    image: canary-7f3a9c\n"),
            ("../secret.env", "CANARY=canary-7f3a9c\n"),
            ("../.env", "CANARY=canary-7f3a9c\n"),
            ("../Dockerfile", "FROM canary-7f3a9c\n"),
            ("../secret.toml", "canary-7f3a9c = 1\n"),
        ]);
        for (name, text) in self.files {
            folder.put(name, text);
        }
        for (name, target) in self.links {
            symlink(target, folder.path().join(name)).expect("a link");
        }
        for name in self.pipes {
            let made = std::process::Command::new("mkfifo").arg(folder.path().join(name)).status();
            assert!(made.expect("mkfifo").success());
        }
        folder
    }
}

fn run(folder: &Folder, way: &[&str]) -> Run {
    folder.run_with(way, &[("CANARY", SECRET), ("PATH", "/usr/bin:/bin")], "")
}

/// What no run of the case says.
fn is_kept(case: &Case) -> Vec<Run> {
    let folder = case.folder();
    let runs: Vec<Run> = WAYS.iter().map(|way| run(&folder, way)).collect();
    for said in &runs {
        assert!(!said.out.contains(SECRET) && !said.err.contains(SECRET), "{}: {}", case.name, said.text());
        assert!(said.code.is_some_and(|code| code <= 2) && !said.err.contains("internal error"), "{}: {}", case.name, said.text());
    }
    runs
}

#[test]
fn nothing_outside_of_the_project_is_read() {
    for case in &OUTSIDE {
        for (said, way) in is_kept(case).iter().zip(WAYS) {
            let text = format!("{}{}", said.out, said.err);
            let is_built = case.name.contains("Dockerfile");
            assert!(is_built && way[0] != "audit" || text.contains("outside the project folder"), "{}: {}", case.name, said.text());
            if way == ["--check"] && !is_built {
                assert_eq!(said.code, Some(1), "{}: {}", case.name, said.text());
            }
            // What is not known is not planned.
            if way[0] == "--unsafe-fixes" && !is_built {
                assert!(!said.out.contains("+    read_only"), "{}: {}", case.name, said.text());
            }
            if matches!(way, ["audit", "--format", "json"]) && !is_built {
                let report: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
                let findings = report["projects"][0]["findings"].as_array().expect("findings");
                let finding =
                    findings.iter().find(|f| f["rule"] == "not-followed").unwrap_or_else(|| panic!("{}: {}", case.name, said.text()));
                assert!(finding["location"]["start"]["line"].as_u64() > Some(0), "{finding}");
                let is_made_up = finding["message"].as_str().expect("text").contains("/proc/") || case.name.contains("process");
                assert!(is_made_up || finding["help"].as_str().expect("help").contains("--root "), "{finding}");
            }
        }
    }
}

#[test]
fn no_line_and_no_value_of_the_projects_other_files_is_shown() {
    for case in &INSIDE {
        is_kept(case);
    }
}

#[test]
fn no_trial_shows_what_a_strangers_files_lead_to() {
    let Some(stand) = Stand::new(&[], "services: {}\n") else { return };
    // Both verbs load a project alike, and each run asks Compose for seconds: each has every second case.
    let verbs: [&[&str]; 2] = [&["verify"], &["observe", "--for", "0s"]];
    for (case, args) in OUTSIDE.iter().chain(&INSIDE).chain(&PIPES).zip(verbs.into_iter().cycle()) {
        let folder = case.folder();
        let mut command = folder.command(PROGRAM);
        command.args(args).envs(stand.environment()).env("CANARY", SECRET);
        let said = folder.finish(command, args, "");
        assert!(!said.out.contains(SECRET) && !said.err.contains(SECRET), "{}: {}", case.name, said.text());
        assert!(said.code.is_some() && !said.err.contains("internal error"), "{}: {}", case.name, said.text());
        assert!(!said.err.contains("unexpected argument"), "{}", said.text());
    }
}

#[test]
fn nobody_waits_at_a_pipe_and_no_device_is_read() {
    for case in &PIPES {
        for said in is_kept(case) {
            assert!(
                case.name == "Dockerfile" || said.code != Some(0) || said.text().contains("it is a pipe"),
                "{}: {}",
                case.name,
                said.text()
            );
        }
    }
    let folder = Folder::compose(WEB);
    for device in ["/dev/zero", "/proc/self/environ"] {
        for way in [&["--env-file", device][..], &["-f", device], &["-f", "compose.yaml", "-f", device], &["--override", device]] {
            let said = run(&folder, way).exits(2);
            assert!(said.err.contains("it is ") && !said.err.contains(SECRET), "{}", said.text());
        }
    }
    // A link in a checkout that a person names leads no further than the checkout.
    symlink("/proc/self/environ", folder.path().join("prod.env")).expect("a link");
    symlink(folder.outside().join("secret.yaml"), folder.path().join("named.yaml")).expect("a link");
    folder.put("../secret.yaml", "services: {web: {image: canary-7f3a9c}}\n");
    for way in [&["--env-file", "prod.env"][..], &["audit", "named.yaml"], &["-f", "compose.yaml", "-f", "named.yaml"]] {
        let said = run(&folder, way);
        assert!(!said.out.contains(SECRET) && !said.err.contains(SECRET), "{}", said.text());
        assert!(said.err.contains("outside the project folder") || said.out.contains("outside the project folder"), "{}", said.text());
    }
}

#[test]
fn a_person_widens_the_root() {
    let folder = Folder::new(&[
        ("compose.yaml", "services:\n  web:\n    extends: {file: ../shared/base.yaml, service: base}\n"),
        ("../shared/base.yaml", "services:\n  base:\n    image: node:22\n"),
    ]);
    let said = folder.run(&["--check"]).exits(1);
    let wider = fs::canonicalize(folder.outside()).expect("there");
    assert!(said.err.contains(&format!("--root {}", wider.display())), "{}", said.text());
    let said = folder.run(&["--root", ".."]).exits(0);
    assert!(said.out.contains("+    read_only: true"), "{}", said.text());
    folder.run(&["audit", "--root", "..", "--format", "json"]).exits(1);
    // A root that does not hold the project is none.
    for root in ["../shared", "none", "compose.yaml"] {
        let said = folder.run(&["--root", root]).exits(2);
        assert!(said.err.contains("the root "), "{}", said.text());
    }
    // Narrower than the repository it is too.
    fs::create_dir(folder.outside().join(".git")).expect("a folder");
    folder.run(&["--check"]).exits(1);
    assert!(folder.run(&[]).exits(0).out.contains("+    read_only: true"));
    assert!(folder.run(&["--root", "."]).exits(0).err.contains("outside the project folder"));
}

#[test]
fn a_default_in_the_file_is_no_secret() {
    let folder = Folder::compose("services:\n  web:\n    image: nginx:${TAG:-1.27}\n    volumes: ['${DIR:-/etc}:/srv/x']\n");
    let said = folder.run(&["audit"]).exits(1);
    assert!(said.out.contains("can write to the host's /etc"), "{}", said.text());
    folder.put(".env", "DIR=/usr\n");
    let said = folder.run(&["audit"]).exits(1);
    assert!(said.out.contains("can write to the host's ${DIR:-/etc}"), "{}", said.text());
}
