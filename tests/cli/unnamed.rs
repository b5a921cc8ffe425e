//! Data that an image keeps in a volume without a name stay where they are, and a plan says so once.

use crate::support::Folder;
use serde_json::Value;

const DATA: &str = "\
services:
  db:
    image: postgres:17
  files:
    image: filebrowser/filebrowser:v2
  web:
    image: nginx:1.27
";

/// What is said of `db`, and of `files`.
const SAID: [&str; 2] = [
    "data of `db` lies in an unnamed volume at /var/lib/postgresql/data: `--with named-volumes` names it\n",
    "data of `files` lies in unnamed volumes at /config and /database: `--with named-volumes` names them\n",
];
const HOW: &str = "hint: `rofs-harden explain moving-data` shows how to take it along\n";

#[test]
fn a_plan_says_once_where_data_lie_in_a_volume_without_a_name() {
    let folder = Folder::compose(DATA);
    for arguments in [&[][..], &["--write", "--yes"], &[], &["-r"], &["-r", "--write", "--yes"], &["--color", "always"]] {
        let said = folder.run(arguments).exits(0).err;
        let said = console::strip_ansi_codes(&said);
        for line in SAID.into_iter().chain([HOW]) {
            assert_eq!(said.matches(line).count(), 1, "{arguments:?} {line:?} in {said}");
        }
        assert_eq!(said.matches("unnamed").count(), 2, "{said}");
    }
}

#[test]
fn nothing_is_said_of_volumes_where_there_is_nothing_to_say() {
    let mounted = |rest: &str| format!("services:\n  db:\n    image: postgres:17\n{rest}");
    let ignored = "services:\n  db: # rofs-harden: ignore[unnamed-volume] a test database\n    image: postgres:17\n";
    for (text, arguments) in [
        (DATA.to_owned(), &["--with", "named-volumes"][..]),
        (DATA.to_owned(), &["--check"]),
        (DATA.to_owned(), &["--service", "web"]),
        (DATA.to_owned(), &["--quiet"]),
        (mounted("    volumes: ['./d:/var/lib/postgresql/data']\n"), &[]),
        // Whoever writes that has a reason.
        (mounted("    volumes: [/var/lib/postgresql/data]\n"), &[]),
        (ignored.to_owned(), &[]),
        ("services:\n  web:\n    image: nginx:1.27\n".to_owned(), &[]),
    ] {
        let run = Folder::compose(&text).run(arguments);
        assert!(!run.err.contains("data of") && !run.out.contains("data of"), "{arguments:?} {}", run.text());
    }
    let folder = Folder::compose(DATA);
    folder.put("rofs-harden.toml", "[[exclude]]\nrule = \"unnamed-volume\"\nservice = \"db\"\nreason = \"filled at each start\"\n");
    let said = folder.run(&[]).exits(0).err;
    assert!(!said.contains(SAID[0]) && said.contains(SAID[1]), "{said}");
}

#[test]
fn programs_and_reviewers_are_told_of_it() {
    let folder = Folder::compose(DATA);
    let answer: Value = serde_json::from_str(&folder.run(&["--format", "json"]).exits(0).out).unwrap();
    let found: Vec<&Value> =
        answer["projects"][0]["findings"].as_array().unwrap().iter().filter(|f| f["rule"] == "unnamed-volume").collect();
    let services: Vec<&str> = found.iter().map(|f| f["service"].as_str().unwrap()).collect();
    assert_eq!(services, ["db", "files", "files"]);
    assert_eq!(found[0]["remedy"], serde_json::json!({"kind": "extra", "name": "named-volumes"}));
    // What is not missing is no news for a check.
    folder.run(&["--write", "--yes"]).exits(0);
    folder.run(&["--check", "--format", "json"]).exits(0);
}

#[test]
fn a_volume_of_the_dockerfile_is_one_of_the_image() {
    let dockerfile = "FROM node:20-alpine\nWORKDIR /app\nCOPY . .\nUSER node\nVOLUME /app/uploads\nVOLUME [\"/srv/files\", \"/srv/$X\"]\n";
    let text = "services:\n  app:\n    build: ./app\n";
    let folder = || Folder::new(&[("compose.yaml", text), ("app/Dockerfile", dockerfile)]);
    let said = "data of `app` lies in unnamed volumes at /app/uploads and /srv/files: `--with named-volumes` names them\n";
    let run = folder().run(&["--service", "app=node"]).exits(0);
    assert!(run.err.contains(said), "{}", run.err);
    let audit = folder().run(&["audit", "--select", "unnamed-volume", "--fail-on", "never"]).exits(0);
    for target in ["/app/uploads", "/srv/files"] {
        let line =
            format!("keeps `{target}` in a volume without a name, which `docker compose down` leaves behind (Dockerfile VOLUME {target})");
        assert!(audit.out.split_whitespace().collect::<Vec<_>>().join(" ").contains(&line), "{}", audit.out);
    }
    let folder = folder();
    folder.run(&["--with", "named-volumes", "--service", "app=node", "--write", "--yes"]).exits(0);
    let written = folder.read("compose.yaml");
    assert!(written.contains("target: /app/uploads\n") && written.contains("target: /srv/files\n"), "{written}");
    // It is written once, and what a stage that is not built declares counts for nothing.
    assert!(folder.run(&["--with", "named-volumes"]).exits(0).err.contains("nothing to do"));
    let other = "FROM node:20 AS build\nVOLUME /a\nFROM node:20\nCMD [\"node\", \"a.js\"]\n";
    let folder = Folder::new(&[("compose.yaml", text), ("app/Dockerfile", other)]);
    assert!(!folder.run(&["--service", "app=node"]).exits(0).err.contains("unnamed volume"));
    // A preset knows better what of it is data.
    let redis = Folder::new(&[("compose.yaml", text), ("app/Dockerfile", "FROM redis:8\nVOLUME /data\nVOLUME /tmp\n")]);
    let run = redis.run(&["audit", "--select", "unnamed-volume", "--fail-on", "never"]).exits(0);
    assert_eq!(run.out.matches("without a name").count(), 1, "{}", run.out);
}
