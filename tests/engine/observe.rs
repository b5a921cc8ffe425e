//! What `observe` sees and makes of it, and the example from its log to its change.

use super::stand::Stand;
use serde_json::Value;

const BUSYBOX: &str = "rofs-test-busybox:1";
const NODE: &str = "rofs-example-node-api:1";

/// What each service was seen to write: its mounts, and what was written where none may be.
fn seen(stand: &Stand) -> Vec<Vec<String>> {
    let run = stand.run(&["observe", "--json"]);
    let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {run:?}"));
    let services = report["services"].as_array().expect("services");
    let list = |row: &Value, key: &str, field: &str| -> Vec<String> {
        row[key].as_array().expect("a list").iter().map(|p| p[field].as_str().expect("text").to_owned()).collect()
    };
    let of = |row: &Value| {
        let elsewhere = list(row, "elsewhere", "path").into_iter().map(|p| format!("! {p}"));
        list(row, "paths", "mount").into_iter().chain(elsewhere).collect()
    };
    services.iter().map(of).collect()
}

/// What a container does, and what is seen of it.
const WRITES: [(&str, &[&str]); 13] = [
    ("true", &[]),
    ("echo x > /tmp/x", &["tmpfs /tmp:mode=1777"]),
    // It is gone again.
    ("sleep 1.1; echo x > /tmp/x; rm /tmp/x", &["tmpfs /tmp:mode=1777"]),
    ("sleep 1.1; mkdir -p /run/a/b; rm -r /run/a", &["tmpfs /run:mode=755"]),
    ("mkdir -p /data/a/b; echo x > /data/a/b/c", &["volume at /data"]),
    ("mkdir /cache; chown 1000:1000 /cache; chmod 700 /cache; echo x > /cache/x", &["tmpfs /cache:mode=700,uid=1000,gid=1000"]),
    ("mkfifo /run/pipe", &["tmpfs /run:mode=755"]),
    ("echo x >> /etc/passwd", &["! /etc/passwd"]),
    ("echo x > /x", &["! /x"]),
    ("rm /etc/group", &["! /etc/group"]),
    ("chmod 777 /srv", &["volume at /srv"]),
    ("echo x > /dev/shm/x; echo x > /proc/self/oom_score_adj", &[]),
    ("echo x > /mounted/x; echo x > /scratch/x; echo x > /named/x", &[]),
];

#[test]
fn every_kind_of_write_is_seen() {
    let service = |(index, (script, _)): (usize, &(&str, _))| {
        format!(
            "  w{index:02}:
    image: {BUSYBOX}
    command: [sh, -c, {script:?}]
    working_dir: /not/there/yet
    volumes: ['./folder:/mounted', 'named:/named']
    tmpfs: /scratch
"
        )
    };
    let project = format!("services:\n{}volumes:\n  named:\n", WRITES.iter().enumerate().map(service).collect::<String>());
    let Some(stand) = Stand::new(&[BUSYBOX], &project) else { return };
    stand.folder.put("folder/file", "mine");
    let found = seen(&stand);
    assert_eq!(found.len(), WRITES.len(), "{found:#?}");
    for ((script, expected), found) in WRITES.iter().zip(found) {
        assert_eq!(found, *expected, "{script}");
    }
    assert_eq!(stand.leftovers(), [""; 0]);
}

#[test]
fn what_is_seen_is_kept_as_a_preset() {
    let project = format!(
        "services:
  app:
    image: {BUSYBOX}
    user: \"1000:1000\"
    command: [sh, -c, 'echo x > /tmp/x; sleep 100']
"
    );
    let Some(stand) = Stand::new(&[BUSYBOX], &project) else { return };
    let run = stand.run(&["observe", "--save", "seen.toml"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let check = stand.run(&["presets", "check", "./seen.toml"]);
    assert_eq!(check.code, Some(0), "{check:?}");
    let again = stand.run(&["observe", "--save", "seen.toml"]);
    assert_eq!(again.code, Some(2), "what is there is not overwritten: {again:?}");
    let run = stand.run(&["--preset", "./seen.toml", "--write", "--yes"]);
    assert!(stand.folder.read("compose.yaml").contains("      - /tmp:mode=1777\n"), "{run:?}");
}

/// The example, with the image that `.ci/example-image` makes in place of the one that it builds.
fn example(change: impl Fn(&str) -> String) -> Option<Stand> {
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/node-api/compose.yaml")).expect("readable");
    Stand::new(&[NODE], &change(&file.replace("build: .", &format!("image: {NODE}"))))
}

const PROBES: [&str; 4] = ["--http", "api:3000 GET /health", "--http", "api:3000 POST /memo hello"];

#[test]
fn the_example_is_hardened_and_proved() {
    let Some(stand) = example(str::to_owned) else { return };
    let run = stand.run(&["--service", "api=node", "--write", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let (verdict, why, details) = stand.verdict(&PROBES);
    assert_eq!((verdict.as_str(), why.as_str()), ("works", "it stayed up, 2 probes passed"), "{details}");
}

#[test]
fn break_it_b_without_tmp_the_request_fails_and_heals() {
    let bare =
        |file: &str| file.replace("    ports:", "    read_only: true\n    volumes: ['data:/data']\n    ports:") + "volumes:\n  data:\n";
    let Some(stand) = example(bare) else { return };
    let (verdict, why, details) = stand.verdict(&[&["--as-is"][..], &PROBES].concat());
    assert_eq!((verdict.as_str(), why.as_str()), ("fails", "`api:3000 POST /memo hello`: status 500"));
    assert!(details.lines().any(|l| l.starts_with("/tmp/memo-") && l.contains(": temporary files")), "{details}");
    assert!(details.contains("fix: tmpfs /tmp:mode=1777"), "{details}");
    let healed = stand.run(&[&["verify", "--heal", "--write", "--yes"][..], &PROBES].concat());
    assert_eq!(healed.code, Some(0), "{healed:?}");
    assert!(stand.folder.read("compose.yaml").contains("    tmpfs:\n      - /tmp:mode=1777\n"), "{}", stand.folder.read("compose.yaml"));
}

/// A project of the person's own that runs, and ends with the test.
struct Up<'s>(&'s Stand);

impl<'s> Up<'s> {
    fn new(stand: &'s Stand) -> Self {
        stand.docker(&["compose", "up", "-d"]);
        Self(stand)
    }

    /// What the server answers to a request of the script, asked inside its container, since a published port could be taken.
    fn node(&self, script: &str) -> String {
        self.0.docker(&["compose", "exec", "-T", "api", "node", "-e", script])
    }
}

impl Drop for Up<'_> {
    fn drop(&mut self) {
        self.0.docker(&["compose", "down", "-v", "-t", "0", "--remove-orphans"]);
    }
}

/// A project name of its own, no ports of this machine.
fn own(file: &str, name: &str) -> String {
    let file = file.replace("    ports:\n      - \"3000:3000\"\n", "").replace("    restart: unless-stopped\n", "");
    format!("name: rofs-test-{name}-{}\n{file}", std::process::id())
}

const POST: &str = "const ask = (left) => fetch('http://127.0.0.1:3000/memo', {method: 'POST', body: 'x'}).then(async (r) => console.log(r.status, await r.text())).catch((e) => left ? setTimeout(() => ask(left - 1), 100) : console.log(e)); ask(50);";

#[test]
fn break_it_a_a_log_on_the_engine_names_path_and_cause() {
    let hardened = |file: &str| own(file, "break-a").replace("  api:\n", "  api:\n    read_only: true\n    tmpfs: [/tmp]\n");
    let Some(stand) = example(hardened) else { return };
    let up = Up::new(&stand);
    // What a program does that writes beside itself, in the words of its own error.
    let said = up.node("try { require('fs').writeFileSync('/app/try.txt', '') } catch (e) { console.log(String(e)) }");
    assert!(said.contains("EROFS"), "{said}");
    let answer = up.node(POST);
    assert!(answer.starts_with("500") && answer.contains("/data/memo.txt"), "{answer}");
    let run = stand.run(&["diagnose", "--service", "api"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.out.contains("log of api:") && run.out.contains("api: /data/memo.txt: data"), "{run:?}");
    assert!(run.out.contains("fix: volume at /data"), "{run:?}");
    let run = stand.folder.finish(stand.command(&["diagnose", "-"]), &["diagnose", "-"], &format!("api-1  | {said}"));
    assert!(run.out.contains("api: /app/try.txt: data") && run.out.contains("/app holds the image's own files"), "{run:?}");
    let written = stand.run(&["diagnose", "--service", "api", "--write", "--yes"]);
    assert_eq!(written.code, Some(0), "{written:?}");
    stand.docker(&["compose", "up", "-d"]);
    assert!(up.node(POST).starts_with("201"), "the change mends it");
}

#[test]
fn a_volume_that_belongs_to_root_is_recognised_and_the_remedy_works() {
    let foreign = |file: &str| {
        let service = "  api:\n    user: \"1000:1000\"\n    read_only: true\n    tmpfs: [/tmp]\n    environment: {DATA_DIR: /state}\n    volumes: ['state:/state']\n";
        own(file, "owner")
            .replace("  api:\n", service)
            .replace(NODE, "rofs-test-node:1")
            .replace("    image:", "    working_dir: /app\n    command: [node, server.js]\n    image:")
            + "volumes:\n  state:\n"
    };
    let Some(stand) = example(foreign) else { return };
    stand.copy("projects/node");
    let file = foreign(&format!("services:\n  api:\n    image: {NODE}\n"))
        .replace("['state:/state']", "['state:/state', './server.js:/app/server.js:ro']");
    stand.folder.put("compose.yaml", &file);
    let up = Up::new(&stand);
    let answer = up.node(POST);
    assert!(answer.starts_with("500") && answer.contains("EACCES"), "{answer}");
    let run = stand.run(&["diagnose", "--service", "api", "--json"]);
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    let symptom = &report["symptoms"][0];
    assert_eq!((&symptom["cause"], &symptom["path"]), (&"ownership of a mount".into(), &"/state/memo.txt".into()), "{report}");
    // The remedy is a file of its own, on top of the project.
    stand.folder.put("owner.yaml", symptom["remedy"].as_str().expect("a remedy"));
    stand.docker(&["compose", "-f", "compose.yaml", "-f", "owner.yaml", "up", "-d"]);
    assert!(up.node(POST).starts_with("201"), "{symptom}");
    stand.docker(&["compose", "-f", "compose.yaml", "-f", "owner.yaml", "restart", "-t", "0"]);
    assert!(up.node(POST).starts_with("201"), "after a restart too");
    assert_eq!(up.node("process.stdout.write(require('fs').readFileSync('/state/memo.txt', 'utf8'))"), "x\nx\n");
}
