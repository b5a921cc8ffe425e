//! The verb: logs in, causes and a change out.

use crate::support::Folder;
use serde_json::Value;
use std::fmt::Write;

const STACK: &str = "services:
  web:
    image: nginx
    read_only: true
  api:
    build: .
    read_only: true
    user: \"1000:1000\"
  cache:
    image: redis:8
    read_only: true
    tmpfs: /var/lib/extra
";
const DOCKERFILE: &str = "FROM node:22\nWORKDIR /srv/app\nCOPY . .\n";

fn stack() -> Folder {
    Folder::new(&[("compose.yaml", STACK), ("Dockerfile", DOCKERFILE)])
}

#[test]
fn each_of_the_usual_causes_is_named_and_mended() {
    for (line, service, cause, mount) in [
        (
            "web-1  | nginx: [emerg] mkdir() \"/var/cache/nginx/client_temp\" failed (30: Read-only file system)",
            "web",
            "scratch beside the program",
            Some("tmpfs /var/cache/nginx:mode=755"),
        ),
        ("api-1  | Error: EROFS: read-only file system, open '/tmp/memo-1'", "api", "temporary files", Some("tmpfs /tmp:mode=1777")),
        (
            "api-1  | touch: cannot touch '/var/tmp/x': Read-only file system",
            "api",
            "temporary files outside /tmp",
            Some("tmpfs /var/tmp:mode=1777"),
        ),
        (
            "api-1  | OSError: [Errno 30] Read-only file system: '/var/log/app/app.log'",
            "api",
            "logs below /var/log",
            Some("tmpfs /var/log/app:mode=755,uid=1000,gid=1000"),
        ),
        (
            "api-1  | npm ERR! rofs EROFS: read-only file system, mkdir '/home/node/.npm/_cacache'",
            "api",
            "a cache in a home directory",
            Some("tmpfs /home/node/.npm:mode=755,uid=1000,gid=1000"),
        ),
        (
            "web-1  | /start.sh: line 3: /etc/nginx/conf.d/default.conf: Read-only file system",
            "web",
            "a start script that rewrites /etc",
            Some("volume at /etc/nginx/conf.d"),
        ),
        ("api-1  | open /data/memo.txt: read-only file system", "api", "data", Some("volume at /data")),
        // The program's own folder is not mounted over.
        ("api-1  | open /srv/app/try.txt: read-only file system", "api", "data", None),
        ("api-1  | sh: 1: cannot create /app/try.txt: Read-only file system", "api", "data", None),
        // Relative to the image's working directory, and to where the program keeps its data.
        ("api-1  | EROFS: read-only file system, open 'uploads/x.bin'", "api", "data", Some("volume at /srv/app/uploads")),
        (
            "cache-1  | # Can't open or create append-only dir appendonlydir: Read-only file system",
            "cache",
            "data",
            Some("volume at /data"),
        ),
        // No path, no mount of ours, a mount of ours.
        ("api-1  | Error: Read-only file system (os error 30)", "api", "a path that the line does not name", None),
        ("api-1  | EACCES: permission denied, open '/opt/x'", "api", "a user who may not write there", None),
        ("cache-1  | open /var/lib/extra/x: permission denied", "cache", "ownership of a mount", None),
        ("api-1  | fork/exec /tmp/w: permission denied", "api", "a program that is run from a tmpfs", Some("tmpfs /tmp:mode=1777,exec")),
        ("cache-1  | open /var/lib/extra/x: read-only file system", "cache", "a path that is writable by now", None),
    ] {
        let run = stack().run_with(&["diagnose", "--json"], &[], line);
        let found: Value = serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {}", run.text()));
        let symptom = &found["symptoms"][0];
        let text = |key: &str| symptom[key].as_str();
        assert_eq!((text("service"), text("cause"), text("mount")), (Some(service), Some(cause), mount), "{line}\n{symptom:#}");
        run.exits(1);
    }
}

#[test]
fn the_change_goes_through_the_same_plan() {
    let folder = Folder::compose("services:\n  api:\n    image: example.com/own:1 # ours\n    read_only: true\n    user: \"1000\"\n");
    let log = "EROFS: read-only file system, open '/tmp/x'\nfine\nEROFS: read-only file system, open '/var/lib/own/db'\n";
    folder.put("api.log", log);
    let shown = folder.run(&["diagnose", "api.log"]).exits(1);
    assert!(shown.out.contains("api.log:1: api: /tmp/x: temporary files\n"), "{}", shown.text());
    assert!(shown.out.contains("+      - /tmp:mode=1777\n"), "{}", shown.text());
    folder.run(&["diagnose", "api.log", "--write", "--yes"]).exits(0);
    let after = folder.read("compose.yaml");
    let expected = "services:\n  api:\n    image: example.com/own:1 # ours\n    read_only: true\n    user: \"1000\"\n    tmpfs:\n      - /tmp:mode=1777\n    volumes:\n      - type: volume\n        source: api-own\n        target: /var/lib/own\n\nvolumes:\n  api-own:\n";
    assert_eq!(after, expected);
    let again = folder.run(&["diagnose", "api.log", "--write", "--yes"]);
    assert_eq!(folder.read("compose.yaml"), after);
    assert!(again.out.contains("writable by now"), "{}", again.text());
}

#[test]
fn a_log_can_be_read_without_a_project_and_without_trouble() {
    let folder = Folder::new(&[]);
    let found = folder.run_with(&["diagnose"], &[], "touch: cannot touch '/srv/x': Read-only file system\n").exits(1);
    assert!(found.out.contains("<stdin>:1: /srv/x: data"), "{}", found.text());
    let healthy = folder.run_with(&["diagnose"], &[], "GET / 200\nlistening on 80\n").exits(0);
    assert_eq!((healthy.out.as_str(), healthy.err.contains("no line says")), ("", true));
    folder.run(&["diagnose", "missing.log"]).exits(2);
    let harmless = "10-listen-on-ipv6-by-default.sh: info: can not modify /etc/nginx/conf.d/default.conf (read-only file system?)\n";
    assert!(folder.run_with(&["diagnose"], &[], harmless).exits(0).out.contains("harmless"));
}

#[test]
fn a_service_that_is_not_there_is_an_error() {
    let folder = stack();
    let run = folder.run_with(&["diagnose", "--service", "apu", "-"], &[], "x").exits(2);
    assert!(run.err.contains("there is no service `apu`") && run.err.contains("did you mean `api`?"), "{}", run.text());
}

/// Memory does not grow with the log, and binary bytes are no trouble.
#[test]
fn large_and_binary_logs_are_read() {
    let folder = Folder::new(&[]);
    let mut log: Vec<u8> = (0..200_000_u32).flat_map(|i| format!("{i} GET /item/{i} 200 permission denied? no\n").into_bytes()).collect();
    log.extend([0, 255, 254, b'\n']);
    log.extend(b"x".repeat(1 << 20));
    log.extend(b"\nopen /data/x: read-only file system\n");
    folder.put("big.log", &log);
    let run = folder.run(&["diagnose", "big.log"]).exits(1);
    assert!(
        run.out.ends_with("big.log:200003: /data/x: data\n    open /data/x: read-only file system\n    fix: volume at /data\n"),
        "{}",
        run.out
    );
    let mut many = String::new();
    for i in 0..1500 {
        let _ = writeln!(many, "open /srv/{i}: read-only file system");
    }
    folder.put("many.log", many);
    assert!(folder.run(&["diagnose", "many.log"]).exits(1).err.contains("500 further lines"));
}

#[test]
fn the_hint_names_what_the_verb_has() {
    let folder = stack();
    folder.put("app.log", "api-1  | Error: EROFS: read-only file system, open '/tmp/memo-1'\n");
    let run = folder.run(&["diagnose", "app.log"]).exits(1);
    assert!(run.err.ends_with("hint: add --write to make the change\n"), "{}", run.err);
    assert!(folder.run(&["diagnose", "app.log", "-i"]).exits(2).err.contains("unexpected argument '-i'"));
}
