//! What `observe --image` reads of the test images, beside what their authors' scripts do; and images that mean harm.

use super::stand::Stand;
use serde_json::Value;
use std::io::Write;
use std::process::Stdio;

/// Image and what is known of it, as JSON.
fn report(stand: &Stand, args: &[&str]) -> Value {
    let run = stand.run(&[&["observe", "--json", "--image"], args].concat());
    serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {run:?}"))
}

fn candidates(image: &Value) -> Vec<String> {
    let text = |row: &Value, key: &str| row[key].as_str().expect("text").to_owned();
    image["paths"].as_array().expect("paths").iter().map(|p| format!("{} {}", text(p, "mount"), text(p, "how_sure"))).collect()
}

/// What `.ci/test-images` puts into the images: declared volumes, folders of the program's user, and what the entry points do.
const SAID: [(&str, &[&str]); 5] = [
    ("rofs-test-redis:1", &["volume at /data reported", "volume at /var/lib/redis assumed"]),
    ("rofs-test-postgres:1", &["volume at /var/lib/postgresql/data reported", "tmpfs /run/postgresql:mode=3777,uid=999,gid=999 assumed"]),
    ("rofs-test-mariadb:1", &["volume at /var/lib/mysql reported", "tmpfs /run/mysqld:mode=1777,uid=999,gid=999 assumed"]),
    ("rofs-test-haproxy:1", &["tmpfs /run/haproxy:mode=755,uid=99,gid=99 assumed", "volume at /var/lib/haproxy assumed"]),
    (
        "rofs-test-apache:1",
        &["tmpfs /run/apache2:mode=755 assumed", "tmpfs /var/cache/apache2/mod_cache_disk:mode=755,uid=33,gid=33 assumed"],
    ),
];

#[test]
fn images_say_what_their_scripts_do_and_nothing_is_started() {
    let names = SAID.map(|(name, _)| name);
    let Some(stand) = Stand::new(&names, "services:\n  db:\n    image: rofs-test-redis:1\n") else { return };
    let before = stand.docker(&["info", "--format", "{{.SystemTime}}"]);
    let report = report(&stand, &names);
    let after = stand.docker(&["info", "--format", "{{.SystemTime}}"]);
    for (image, (name, expected)) in report["images"].as_array().expect("images").iter().zip(SAID) {
        let found = candidates(image);
        assert_eq!(image["image"], name);
        assert!(expected.iter().all(|line| found.iter().any(|f| f == line)), "{name}: {found:#?}");
    }
    let why = &report["images"][1]["paths"][1]["why"];
    assert!(why.as_str().expect("text").contains("/usr/local/bin/docker-entrypoint.sh:7: `find \"$PGDATA\" /var/run/postgresql"), "{why}");
    assert_eq!(stand.leftovers(), [""; 0]);
    let label = format!("label=rofs-harden.trial={}", stand.trials().display());
    let events =
        stand.docker(&["events", "--since", before.trim(), "--until", after.trim(), "--filter", &label, "--format", "{{.Action}}"]);
    let other: Vec<&str> = events.lines().filter(|line| !["create", "export", "archive-path", "destroy"].contains(line)).collect();
    assert!(other.is_empty() && events.contains("create"), "{events}");
    // Without names: the images of the project, as a plan that a person looks at, or as a preset to edit.
    let shown = stand.run(&["observe", "--image", "--save", "redis.toml"]).exits(0).text();
    assert!(shown.contains("would harden 1 service (db)") && shown.contains("what its image says of itself; nobody ran it"), "{shown}");
    assert!(stand.folder.read("redis.toml").contains("confidence = \"assumed\""));
    stand.run(&["presets", "check", "./redis.toml"]).exits(0);
    // Nobody who is not asked takes what is only assumed.
    let held = stand.run(&["observe", "--image", "--write", "--yes"]);
    assert!(!stand.folder.read("compose.yaml").contains("read_only"), "{held:?}");
    let missing = stand.run(&["observe", "--image", "rofs-test-not-there:1"]);
    assert!(missing.code == Some(1) && missing.out.contains("it is not on the engine: pull or build it"), "{missing:?}");
}

/// Makes an image of an archive; it is removed with the answer.
struct Imported<'s>(&'s Stand, String);

impl<'s> Imported<'s> {
    fn new(stand: &'s Stand, archive: &[u8], changes: &[&str]) -> Self {
        let name = format!("rofs-test-hostile-{}:1", std::process::id());
        let mut command = stand.folder.command("docker");
        command.envs(stand.environment()).arg("import");
        for change in changes {
            command.args(["--change", change]);
        }
        let mut child = command.args(["-", &name]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("docker");
        child.stdin.take().expect("a pipe").write_all(archive).expect("written");
        assert!(child.wait().expect("an end").success());
        Self(stand, name)
    }
}

impl Drop for Imported<'_> {
    fn drop(&mut self) {
        self.0.docker(&["image", "rm", "-f", &self.1]);
    }
}

#[test]
fn an_image_that_means_harm_reaches_neither_terminal_nor_disk() {
    let Some(stand) = Stand::new(&["rofs-test-busybox:1"], "services: {}\n") else { return };
    stand.folder.put("secret", "root:x:0:0:canary-of-this-machine");
    let mut archive = tar::Builder::new(Vec::new());
    let mut put = |path: &str, kind: tar::EntryType, target: &str, content: &[u8], uid: u64| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(if kind.is_dir() { 0o1777 } else { 0o755 });
        header.set_uid(uid);
        header.set_size(content.len() as u64);
        if kind.is_symlink() {
            archive.append_link(&mut header, path, target).expect("written");
        } else {
            archive.append_data(&mut header, path, content).expect("written");
        }
    };
    put("etc/", tar::EntryType::Directory, "", b"", 0);
    // Links out of the image, to this machine if anybody followed them here.
    let secret = stand.folder.path().join("secret").display().to_string();
    put("etc/passwd", tar::EntryType::Symlink, &secret, b"", 0);
    put("start.sh", tar::EntryType::Symlink, &format!("../../../../../../..{secret}"), b"", 0);
    put("around", tar::EntryType::Symlink, "around", b"", 0);
    put("evil\u{1b}]0;title\u{7}/", tar::EntryType::Directory, "", b"", 7);
    let script = "#!/bin/sh\nmkdir /data\u{1b}[2J\nmkdir -p /run/app # \u{1b}[31mred\nA=x\nA=$A$A$A$A\nA=$A$A$A$A\nrm -rf /around/x\n";
    put("run.sh", tar::EntryType::Regular, "", script.as_bytes(), 0);
    put("binary", tar::EntryType::Regular, "", &vec![0xff; 3 << 20], 0);
    let bytes = archive.into_inner().expect("an archive");
    let changes = [
        "ENTRYPOINT [\"/run.sh\", \"/start.sh\", \"/around\", \"/binary\"]",
        "USER app",
        "LABEL org.opencontainers.image.title=\"\u{1b}[2J\"",
    ];
    let hostile = Imported::new(&stand, &bytes, &changes);
    let run = stand.run(&["observe", "--image", &hostile.1, "--save", "kept.toml"]);
    let all = format!("{}{}", run.text(), stand.folder.read("kept.toml"));
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(!all.contains(['\u{1b}', '\u{7}']) && !all.contains("canary"), "{run:?}");
    assert!(run.out.contains("/run/app"), "{run:?}");
    let json = stand.run(&["observe", "--json", "--image", &hostile.1]).exits(0).out;
    assert!(!json.contains(['\u{1b}', '\u{7}']) && !json.contains("canary"), "{json}");
    assert_eq!(stand.leftovers(), [""; 0]);
}
