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
        ("cache-1  | open /var/lib/extra/x: read-only file system", "cache", "a path that is writable now", None),
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
    assert!(again.out.contains("writable now"), "{}", again.text());
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

#[test]
fn a_service_that_is_ignored_is_said_to_be_with_its_place() {
    let log =
        "api-1  | open /data/memo.txt: read-only file system\nweb-1  | mkdir() \"/var/cache/nginx/x\" failed (30: Read-only file system)\n";
    let said =
        |place: &str| format!("warning: `api` is ignored at {place}, so what fixes it is not planned\nhint: take out what ignores it");
    let text = "services:\n  web:\n    image: nginx\n  # rofs-harden: ignore[writable-root] it installs itself\n  api:\n    image: node\n";
    let folder = Folder::new(&[("compose.yaml", text), ("all.log", log), ("api.log", log.lines().next().unwrap())]);
    let run = folder.run(&["diagnose", "api.log"]).exits(1);
    assert!(run.err.starts_with(&said("compose.yaml:4")), "{}", run.err);
    assert!(!run.err.contains("nothing to do") && !run.err.contains("--check"), "{}", run.err);
    // The others are fixed.
    let run = folder.run(&["diagnose", "all.log", "--write", "--yes"]).exits(1);
    assert!(run.err.contains(&said("compose.yaml:4")) && run.err.contains("hardened 1 service (web)"), "{}", run.err);
    let config = "[[exclude]]\nrule = \"writable-root\"\nservice = \"api\"\nreason = \"it installs itself\"\n";
    let plain = text.replace("  # rofs-harden: ignore[writable-root] it installs itself\n", "");
    let folder = Folder::new(&[("compose.yaml", &plain), ("rofs-harden.toml", config), ("api.log", log.lines().next().unwrap())]);
    let run = folder.run(&["diagnose", "api.log"]).exits(1);
    assert!(run.err.starts_with(&said("rofs-harden.toml:4")), "{}", run.err);
}

#[test]
fn a_volume_of_the_dockerfile_is_mounted_there_already() {
    let dockerfile = "FROM node:20-alpine\nWORKDIR /app\nCOPY . .\nUSER node\nVOLUME /app/uploads\n";
    let text = "services:\n  app:\n    build: .\n    read_only: true\n";
    let folder = Folder::new(&[("compose.yaml", text), ("Dockerfile", dockerfile)]);
    let denied = "app-1  | Error: EACCES: permission denied, open '/app/uploads/a.png'\n";
    let run = folder.run_with(&["diagnose"], &[], denied).exits(1);
    assert!(run.out.contains("/app/uploads/a.png: ownership of a volume of the image"), "{}", run.out);
    assert!(run.out.contains("`RUN mkdir -p /app/uploads && chown 1000 /app/uploads`"), "{}", run.out);
    assert!(!run.out.contains("nothing is mounted there"), "{}", run.out);
    let run = folder.run_with(&["diagnose"], &[], &denied.replace("EACCES: permission denied", "EROFS: read-only file system")).exits(1);
    assert!(run.out.contains("fix: volume at /app/uploads"), "{}", run.out);
}

#[test]
fn what_no_mount_fixes_has_the_answer_of_the_guide() {
    let text = "services:
  web:
    image: nginx
    read_only: true
    tmpfs: [/tmp:size=1m]
    volumes: [./d:/data]
  db:
    image: postgres:17
    cap_drop: [ALL]
  own:
    image: redis:8
    user: \"1000\"
";
    let folder = Folder::compose(text);
    let initdb = "initdb: error: could not change permissions of directory \"/var/lib/postgresql/data\": Operation not permitted";
    for (line, cause, help) in [
        (
            "web-1  | dd: error writing '/tmp/x': No space left on device",
            "/tmp/x: no room left",
            "the tmpfs at /tmp is full: give it a larger `size=`",
        ),
        ("web-1  | Error: ENOSPC: no space left on device, write '/tmp/y'", "/tmp/y: no room left", "the tmpfs at /tmp is full"),
        (
            "web-1  | OSError: [Errno 28] No space left on device: '/data/z'",
            "/data/z: no room left",
            "the host's disk behind the mount at /data",
        ),
        ("web-1  | write failed: No space left on device", "no room left", "`size=`"),
        ("db-1  | chown: /var/lib/postgresql/data: Operation not permitted", "a missing capability", "`cap_add: [CHOWN]`"),
        (&format!("db-1  | {initdb}"), "a missing capability", "`cap_add: [FOWNER]`"),
        ("own-1  | chown: /data: Operation not permitted", "a missing capability", "and it runs as 1000: give the folder to 1000"),
        (
            "web-1  | chown: changing ownership of '/data': Operation not permitted",
            "a missing capability",
            "give the folder to the service's user",
        ),
    ] {
        let run = folder.run_with(&["diagnose"], &[], &format!("{line}\n")).exits(1);
        let said = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(cause) && said.contains(help), "{line}: {}", run.text());
    }
    // A disk that is watched is none that is full.
    folder.run_with(&["diagnose"], &[], "web-1  | disk check: no space problem on device\n").exits(0);
}

#[test]
fn a_log_without_names_leads_to_the_option_that_names_its_service() {
    let text = "services:\n  web:\n    image: nginx\n  api:\n    image: node\n";
    let folder = Folder::new(&[
        ("odd.yaml", text),
        ("a b.log", "open /tmp/x: read-only file system\n"),
        ("other/x.log", "open /tmp/x: read-only file system\n"),
    ]);
    let run = folder.run(&["diagnose", "-f", "odd.yaml", "a b.log"]).exits(1);
    let hint = "hint: whose log is it? `rofs-harden diagnose -f odd.yaml --service NAME 'a b.log'` puts the fix into the file (services: web, api)\n";
    assert!(run.err.contains(hint), "{}", run.err);
    let named = folder.run(&["diagnose", "-f", "odd.yaml", "--service", "web", "a b.log"]).exits(1);
    assert!(named.out.contains("+    read_only: true") && !named.err.contains("whose log"), "{}", named.text());
    // What came by a pipe is named as such: without a log, `--service` asks the engine.
    let piped = folder.run_with(&["diagnose", "-f", "odd.yaml"], &[], "open /tmp/x: read-only file system\n").exits(1);
    assert!(piped.err.contains("`rofs-harden diagnose -f odd.yaml --service NAME -` puts the fix"), "{}", piped.err);
    let named =
        folder.run_with(&["diagnose", "-f", "odd.yaml", "--service", "web", "-"], &[], "open /tmp/x: read-only file system\n").exits(1);
    assert!(named.out.contains("+    read_only: true"), "{}", named.text());
    // Without a project there is no file.
    let alone = Folder::new(&[("x.log", "open /tmp/x: read-only file system\n")]).run(&["diagnose", "x.log"]).exits(1);
    assert!(
        alone.err.contains("hint: whose log is it? in the folder of its project, `rofs-harden diagnose --service NAME x.log`"),
        "{}",
        alone.err
    );
}

#[cfg(unix)]
#[test]
fn an_engine_without_compose_is_said_to_be_one() {
    use std::os::unix::fs::PermissionsExt;
    for said in [
        "unknown flag: --file\n\nUsage:  docker [OPTIONS] COMMAND [ARG...]\n",
        "docker: 'compose' is not a docker command.\nSee 'docker --help'\n",
    ] {
        let folder = Folder::new(&[
            ("compose.yaml", STACK),
            ("Dockerfile", DOCKERFILE),
            ("said", said),
            ("bin/docker", "#!/bin/sh\ncat said >&2\nexit 125\n"),
        ]);
        let program = folder.path().join("bin/docker");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", folder.path().join("bin").display());
        let run = folder.run_with(&["diagnose", "--service", "web"], &[("PATH", &path)], "").exits(2);
        assert!(
            run.err.starts_with("error: the engine cannot be asked: `docker` has no Compose plugin, so `docker compose` is not there\n"),
            "{}",
            run.err
        );
    }
}

#[test]
fn a_piped_log_is_read_before_anybody_is_asked() {
    let log = "web-1  | mkdir() \"/var/cache/nginx/x\" failed (30: Read-only file system)\n";
    let run = stack().run_with(&["diagnose", "--write"], &[], log).exits(2);
    assert!(run.out.contains("fix: tmpfs /var/cache/nginx:mode=755"), "{}", run.text());
    assert!(run.err.contains("there is no terminal to ask on") && run.err.contains("hint: add --yes"), "{}", run.err);
}
