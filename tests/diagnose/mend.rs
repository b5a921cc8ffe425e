//! From a log to the mount: owners, nested mends, existing mounts, and lines that need others.

use crate::support::Folder;
use serde_json::Value;

/// The answers to a log, for the only service, which has these keys.
fn answers(keys: &str, log: &str) -> Vec<Value> {
    let folder = Folder::compose(&format!("services:\n  api:\n    image: example.org/api\n    read_only: true\n{keys}"));
    let run = folder.run_with(&["diagnose", "--json"], &[], log);
    let found: Value = serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {}", run.text()));
    found["symptoms"].as_array().expect("a list").clone()
}

fn mounts(keys: &str, log: &str) -> Vec<String> {
    answers(keys, log).iter().map(|row| row["mount"].as_str().unwrap_or("-").to_owned()).collect()
}

fn help(keys: &str, log: &str) -> String {
    answers(keys, log).iter().filter_map(|row| row["help"].as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn nested_mends_become_one() {
    let log = "touch: cannot touch '/var/log/letsencrypt/a.log': Read-only file system\ntouch: cannot touch '/var/log/b.log': Read-only file system\n";
    assert_eq!(mounts("", log), ["tmpfs /var/log:mode=1777", "tmpfs /var/log:mode=1777"]);
    let log = "touch: cannot touch '/etc/rabbitmq/conf.d/a': Read-only file system\ntouch: cannot touch '/etc/rabbitmq/b': Read-only file system\n";
    assert_eq!(mounts("", log), ["volume at /etc/rabbitmq", "volume at /etc/rabbitmq"]);
    // What must be kept stays by itself in what may vanish.
    let log = "mkdir: cannot create directory '/var/lib/x/cache': Read-only file system\ntouch: cannot touch '/var/lib/x/a.db': Read-only file system\n";
    assert_eq!(mounts("", log), ["volume at /var/lib/x", "volume at /var/lib/x"]);
}

#[test]
fn owners_come_from_what_is_known_and_the_diff_says_the_same() {
    let log = "EROFS: read-only file system, open '/app/logs/x.log'\n";
    for (keys, mount) in [
        ("    user: \"1000:1001\"\n", "/app/logs:mode=755,uid=1000,gid=1001"),
        ("    user: \"1000\"\n", "/app/logs:mode=755,uid=1000"),
        ("    user: \"0\"\n", "/app/logs:mode=755"),
        // Nobody knows whose it is: open to all.
        ("    user: someone\n", "/app/logs:mode=1777"),
        ("", "/app/logs:mode=1777"),
    ] {
        let folder = Folder::compose(&format!("services:\n  api:\n    image: example.org/api\n    read_only: true\n{keys}"));
        let run = folder.run_with(&["diagnose"], &[], log);
        assert!(run.out.contains(&format!("fix: tmpfs {mount}\n")) && run.out.contains(&format!("+      - {mount}\n")), "{}", run.text());
    }
    // The Dockerfile's and the preset's.
    let dockerfile = Folder::new(&[
        ("compose.yaml", "services:\n  api:\n    build: .\n    read_only: true\n"),
        ("Dockerfile", "FROM alpine\nUSER 1234:99\n"),
    ]);
    let run = dockerfile.run_with(&["diagnose"], &[], log);
    assert!(run.out.contains("tmpfs /app/logs:mode=755,uid=1234,gid=99\n"), "{}", run.text());
    let preset = Folder::compose("services:\n  api:\n    image: n8nio/n8n\n    read_only: true\n");
    let run = preset.run_with(&["diagnose"], &[], "Error: ENOENT: no such file or directory, mkdir '/home/node/.cache'\n");
    assert!(run.out.contains("tmpfs /home/node/.cache:mode=755,uid=1000,gid=1000\n"), "{}", run.text());
}

#[test]
fn a_tmpfs_of_the_file_keeps_its_options() {
    let keys = "    user: \"99\"\n    tmpfs:\n      - /run:mode=750,size=16m\n";
    let text = help(keys, "open /run/x.pid: permission denied\n");
    assert!(text.contains("`/run:mode=750,uid=99,gid=99,size=16m`"), "{text}");
    let text = help("    tmpfs: /run:size=16m\n", "/init: 9: exec: /run/s6/basedir/bin/init: Permission denied\n");
    assert!(text.contains("`/run:size=16m,exec`"), "{text}");
    // Its user may write there: then it may not be run.
    let text = help("    user: \"99\"\n    tmpfs: /work:uid=99\n", "sh: 1: /work/tool: Permission denied\n");
    assert!(text.contains("`/work:uid=99,exec`"), "{text}");
}

#[test]
fn what_is_mounted_read_only_or_bound_is_left_as_it_is() {
    let keys = "    volumes:\n      - ./a.conf:/etc/app/a.conf:ro\n";
    let log = "chown: changing ownership of '/etc/app/a.conf': Read-only file system\n";
    assert_eq!(mounts(keys, log), ["-"]);
    assert!(help(keys, log).contains("read-only: leave it so") && help(keys, log).contains("user:"));
    let text = help("    user: \"70\"\n    volumes:\n      - ./data:/data\n", "open /data/x: permission denied\n");
    assert!(text.contains("the folder ./data on the host must belong to user 70"), "{text}");
}

#[test]
fn a_path_one_line_before_counts() {
    for (log, mount) in [
        ("Error: Unable to open /var/lib/broker/broker.db.\nError: Read-only file system\n", "volume at /var/lib/broker"),
        ("1457349239: Error: cannot write '/var/log/x/y.log'\n1457349239: Error: Read-only file system.\n", "tmpfs /var/log/x:mode=1777"),
        // Nothing failed there.
        ("listening on /var/lib/broker/socket\nError: Read-only file system\n", "-"),
        ("Error: Unable to open /data/x\nfine\nError: Read-only file system\n", "-"),
    ] {
        let found = mounts("", log);
        assert_eq!(found.last().map(String::as_str), Some(mount), "{log}: {found:?}");
    }
    // Of another service.
    let folder = Folder::compose("services:\n  a:\n    image: i\n    read_only: true\n  b:\n    image: i\n    read_only: true\n");
    let log = "a-1  | Error: Unable to open /data/x\nb-1  | Error: Read-only file system\n";
    let run = folder.run_with(&["diagnose", "--json"], &[], log);
    assert!(!run.out.contains("/data\""), "{}", run.text());
}

#[test]
fn the_code_beside_the_path_is_no_symptom_of_its_own() {
    let object =
        "Error: EROFS: read-only file system, open '/tmp/x'\n  errno: -30,\n  code: 'EROFS',\n  syscall: 'open',\n  path: '/tmp/x'\n";
    assert_eq!(mounts("", object), ["tmpfs /tmp:mode=1777"]);
    assert_eq!(mounts("", "  code: 'EROFS',\n  path: '/tmp/x'\n"), ["tmpfs /tmp:mode=1777"]);
    // Alone it is one.
    assert_eq!(mounts("", "  code: 'EROFS',\n"), ["-"]);
}

#[test]
fn the_remedy_is_that_of_the_preset() {
    let run = |image: &str, log: &str| {
        let folder = Folder::compose(&format!("services:\n  api:\n    image: {image}\n    read_only: true\n"));
        folder.run_with(&["diagnose", "--json"], &[], log)
    };
    let keycloak = run(
        "quay.io/keycloak/keycloak:26",
        "java.nio.file.FileSystemException: /opt/keycloak/lib/quarkus/build-system.properties: Read-only file system\n",
    );
    assert!(keycloak.out.contains("use `start --optimized` on an image made with `kc.sh build`"), "{}", keycloak.text());
    assert!(keycloak.out.contains("\"mount\": null"), "{}", keycloak.text());
    let next = run("example.org/own", "Error: EROFS: read-only file system, open '/app/.next/server/app/a.html'\n");
    assert!(next.out.contains("isrFlushToDisk: false") && next.out.contains("\"mount\": null"), "{}", next.text());
}

#[test]
fn a_service_that_the_file_lacks_is_a_warning() {
    let folder = Folder::compose("services:\n  api:\n    image: i\n    read_only: true\n");
    let run = folder.run_with(&["diagnose"], &[], "web-1  | open /data/x: read-only file system\n");
    assert!(run.err.contains("the log names `web`, and the Compose file has no such service"), "{}", run.text());
    let run = run.exits(1);
    assert!(run.out.contains("web-1: /data/x: data"), "{}", run.text());
    let run = folder.run_with(&["diagnose"], &[], "api-1  | open /data/x: read-only file system\n");
    assert!(!run.err.contains("no such service"), "{}", run.text());
}

#[test]
fn other_languages_are_read() {
    for (line, mount) in [
        ("touch: '/data/x' kann nicht berührt werden: Das Dateisystem ist nur lesbar\n", "volume at /data"),
        ("mkdir: das Verzeichnis »/app/tmp“ kann nicht angelegt werden: Das Dateisystem ist nur lesbar\n", "tmpfs /app/tmp:mode=1777"),
        ("touch: impossible de faire un touch '/data/x': Système de fichiers accessible en lecture seulement\n", "volume at /data"),
        ("touch: 无法 touch '/data/x': 只读文件系统\n", "volume at /data"),
        ("touch: no se puede efectuar `touch' sobre '/data/x': Sistema de ficheros de sólo lectura\n", "volume at /data"),
    ] {
        assert_eq!(mounts("", line), [mount], "{line}");
    }
}
