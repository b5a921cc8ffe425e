//! What works must come back: after a stop, and after it was killed and recreated from its volumes alone.

use super::stand::Stand;
use std::time::{Duration, Instant};

const BUSYBOX: &str = "rofs-test-busybox:1";
const NODE: &str = "rofs-test-node:1";
const CAME_BACK: &str =
    "it came back after a restart, and after it was killed and recreated\nonly its start was seen: --http or --probe makes it do its work";
const KEPT: &str = "it kept its data over a restart, and after it was killed and recreated";

fn project(script: &str, more: &str) -> String {
    format!("services:\n  app:\n    image: {BUSYBOX}\n    read_only: true\n    command: [sh, -c, {script:?}]\n{more}")
}

const KEEP: &str = "    tmpfs: [/scratch]\n    volumes: ['keep:/keep']\nvolumes:\n  keep:\n";

#[test]
fn who_does_not_come_back_does_not_work() {
    for (kind, script, verdict, why) in [
        ("nothing is kept, and nothing is missed", "echo x > /scratch/conf; exec sleep 1000", "works", "it stayed up"),
        (
            "a marker in a volume, and what it stands for in a tmpfs",
            "[ -e /keep/done ] || { echo x > /scratch/conf; touch /keep/done; }; cat /scratch/conf || exit 7; exec sleep 1000",
            "fails",
            "after a restart: it ended with status 7",
        ),
        (
            "a process number on a volume, which only a gentle end removes",
            "[ ! -e /keep/pid ] || exit 8; echo 1 > /keep/pid; trap 'rm /keep/pid; exit 0' TERM; while true; do sleep 0.1; done",
            "fails",
            "after it was killed and recreated: it ended with status 8",
        ),
        (
            "it ends well the second time, and does nothing any more",
            "[ ! -e /keep/done ] || exit 0; touch /keep/done; exec sleep 1000",
            "fails",
            "after a restart: it ended with status 0",
        ),
    ] {
        let Some(stand) = Stand::new(&[BUSYBOX], &project(script, KEEP)) else { return };
        let (found, said, details) = stand.verdict(&["--as-is"]);
        assert_eq!(found, verdict, "{kind}: {said}: {details}");
        assert!(said.starts_with(why), "{kind}: {said}: {details}");
        assert_eq!(details == CAME_BACK, verdict == "works", "{kind}: {details}");
        assert_eq!(stand.leftovers(), [""; 0], "{kind}");
    }
}

#[test]
fn what_does_not_come_back_on_a_writable_root_either_is_not_provable() {
    let script = "[ ! -e /keep/done ] || exit 7; touch /keep/done; exec sleep 1000";
    let Some(stand) = Stand::new(&[BUSYBOX], &project(script, KEEP)) else { return };
    let (verdict, why, _) = stand.verdict(&["--as-is", "--against-original"]);
    assert_eq!(verdict, "unprovable", "{why}");
    assert!(why.starts_with("it does not come back on a writable root either, after a restart"), "{why}");
}

/// A server that keeps what is posted where it is told.
fn notes(mount: &str) -> String {
    format!(
        "services:
  app:
    image: {NODE}
    read_only: true
    command:
      - -e
      - |
        const fs = require('fs');
        require('http').createServer((q, a) => {{
          if (q.url === '/login') return q.headers['x-user'] === 'me' ? a.writeHead(302, {{location: '/'}}).end() : a.writeHead(401).end();
          if (q.method === 'GET') return a.end(fs.existsSync('/keep/notes') ? fs.readFileSync('/keep/notes') : 'none');
          q.on('data', (d) => fs.appendFileSync('/keep/notes', q.headers['content-type'] + ' ' + d));
          q.on('end', () => a.writeHead(201).end('kept'));
        }}).listen(3000);
    {mount}
"
    )
}

#[test]
fn what_probes_stored_must_still_be_there() {
    let probes = [
        "--timeout=8s",
        "--http=app:3000 POST / note=one => 201 kept",
        "--http=app:3000 GET / => 200 x-www-form-urlencoded note=one",
        "--http=app:3000 GET /login -H 'X-User: me' => 302",
        "--http=app:3000 GET /login => 401",
    ];
    let Some(stand) = Stand::new(&[NODE], &notes("volumes: ['keep:/keep']\nvolumes:\n  keep:")) else { return };
    let (verdict, why, details) = stand.verdict(&[&["--as-is"][..], &probes].concat());
    assert_eq!((verdict.as_str(), details.as_str()), ("works", KEPT), "{why}");
    stand.folder.put("compose.yaml", notes("tmpfs: [/keep]"));
    let (verdict, why, _) = stand.verdict(&[&["--as-is"][..], &probes].concat());
    assert_eq!(verdict, "fails", "{why}");
    assert!(why.starts_with("after a restart: ") && why.contains("but the answer does not say `x-www-form-urlencoded note=one`"), "{why}");
}

#[test]
fn one_that_fails_does_not_stop_the_others_from_being_tried_again() {
    let script = "[ ! -e /keep/done ] || exit 7; touch /keep/done; exec sleep 1000";
    let other = format!("{}  bad:\n    image: {BUSYBOX}\n    read_only: true\n    command: [sh, -c, 'exit 3']\n", "services:\n");
    let both = project(script, KEEP).replacen("services:\n", &other, 1);
    let Some(stand) = Stand::new(&[BUSYBOX], &both) else { return };
    let all = stand.verdicts(&["--as-is"]);
    let why = |name: &str| all.iter().find(|row| row.0 == name).map(|row| format!("{}: {}", row.1, row.2)).unwrap_or_default();
    assert_eq!(why("bad"), "fails: it ended with status 3");
    assert!(why("app").starts_with("fails: after a restart: "), "{all:?}");
}

#[test]
fn a_quick_end_under_a_restart_policy_fails_with_its_cause_and_is_healed() {
    let file = project("mkdir -p /var/lib/app && echo x > /var/lib/app/x || exit 4; exec sleep 1000", "    restart: unless-stopped\n");
    let Some(stand) = Stand::new(&[BUSYBOX], &file) else { return };
    let (verdict, why, details) = stand.verdict(&["--as-is"]);
    assert_eq!((verdict.as_str(), why.as_str()), ("fails", "it ended with status 4"), "{details}");
    assert!(details.contains("/var/lib/app"), "{details}");
    stand.folder.put("compose.yaml", file.replace("    read_only: true\n", ""));
    let healed = stand.run(&["verify", "--heal", "--write", "--yes"]);
    assert_eq!(healed.code, Some(0), "{healed:?}");
    assert!(stand.folder.read("compose.yaml").contains("/var/lib/app"), "{healed:?}");
}

#[test]
fn what_fails_anyway_is_not_healed_for_long() {
    let file = project("exec sleep 1000", "").replace("    read_only: true\n", "");
    let Some(stand) = Stand::new(&[BUSYBOX], &file) else { return };
    let since = Instant::now();
    let run = stand.run(&["verify", "--heal", "--timeout", "4s", "--probe", "app: false"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.out.contains("not tested: it fails on a writable root too: `app: false`"), "{run:?}");
    assert!(since.elapsed() < Duration::from_secs(40), "{:?}", since.elapsed());
}

#[test]
fn an_image_for_other_machines_is_not_provable() {
    let file = project("exec sleep 1000", "    platform: linux/s390x\n");
    let Some(stand) = Stand::new(&[BUSYBOX], &file) else { return };
    let (verdict, why, _) = stand.verdict(&["--as-is"]);
    assert_eq!(verdict, "unprovable", "{why}");
    assert!(why.contains("it asks for linux/s390x, and its image here is for "), "{why}");
}
