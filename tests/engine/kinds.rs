//! Services of many kinds, from `tests/engine/projects`: the tool runs each as it is, hardens it, and proves the result; a table says what
//! it found beside what a person found by hand. And projects from `tests/engine/broken` that fail in different ways when they are hardened.

use super::stand::Stand;
use crate::oracle::Compose;
use crate::support::{ENVIRONMENT, golden};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Projects at once. Each makes several runs side by side, and other tests use the engine too.
const AT_ONCE: usize = 1;

/// Projects, their service, and the presets that must be enough for it by themselves, where the test image has the layout that they are
/// about.
const KINDS: [(&str, &str, &[&str]); 19] = [
    ("apache", "web", &[]),
    ("flask", "notes", &["python"]),
    ("gunicorn", "notes", &["gunicorn"]),
    ("haproxy", "proxy", &[]),
    ("java", "reports", &["java"]),
    ("mariadb", "db", &["mariadb"]),
    ("memcached", "cache", &["memcached"]),
    ("nginx-official", "web", &["nginx"]),
    ("nginx-root", "web", &[]),
    ("nginx-user", "web", &[]),
    ("node", "api", &["node"]),
    ("node-user", "api", &[]),
    ("php-fpm", "app", &["php"]),
    ("postgres", "db", &["postgres"]),
    ("postgres-pgdata", "db", &[]),
    ("rabbitmq", "queue", &["rabbitmq"]),
    ("redis", "cache", &["redis"]),
    ("redis-conf", "store", &[]),
    ("ruby", "notes", &["ruby"]),
];

/// More of them, for which `.ci/more-test-images` makes the images.
const MORE: [(&str, &str, &[&str]); 36] = [
    ("beanstalkd", "jobs", &[]),
    ("beat", "beat", &[]),
    ("bind", "zone", &[]),
    ("caddy", "web", &[]),
    ("chrony", "clock", &[]),
    ("coturn", "relay", &[]),
    ("cron-sqlite", "report", &[]),
    ("dnsmasq", "names", &[]),
    ("dovecot", "mail", &[]),
    ("dropbear", "shell", &[]),
    ("etcd", "keys", &[]),
    ("exim", "mail", &[]),
    ("fifo", "app", &[]),
    ("gearman", "queue", &[]),
    ("git", "repositories", &[]),
    ("influxdb", "series", &[]),
    ("job-first", "migrate", &[]),
    ("lighttpd", "web", &[]),
    ("maildir", "mail", &[]),
    ("mini-httpd", "web", &[]),
    ("monit", "watch", &[]),
    ("mosquitto", "broker", &[]),
    ("ngircd", "irc", &[]),
    ("openssh", "shell", &[]),
    ("proftpd", "files", &[]),
    ("radicale", "calendar", &[]),
    ("runit", "both", &[]),
    ("slapd", "people", &[]),
    ("squid", "cache", &[]),
    ("stunnel", "tunnel", &[]),
    ("supervisor", "both", &[]),
    ("syncthing", "sync", &[]),
    ("tftpd", "files", &[]),
    ("tor", "onion", &[]),
    ("transmission", "torrents", &[]),
    ("unbound", "resolver", &[]),
];

fn folder(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine").join(of)
}

/// The options of a project's file of probes.
fn probes(of: &str) -> Vec<String> {
    let text = fs::read_to_string(folder(of).join("probes")).unwrap_or_default();
    let one = |line: &str| line.split_once(": ").map(|(kind, rest)| [format!("--{kind}"), rest.to_owned()]);
    text.lines().filter_map(one).flatten().collect()
}

/// The images that a project runs.
fn images(compose: &str) -> Vec<String> {
    compose.lines().filter_map(|line| line.trim().strip_prefix("image: ")).map(str::to_owned).collect()
}

fn stand(of: &str) -> Option<Stand> {
    let text = fs::read_to_string(folder(of).join("compose.yaml")).expect("a project");
    let images = images(&text);
    let stand = Stand::new(&images.iter().map(String::as_str).collect::<Vec<_>>(), &text)?;
    stand.copy(of);
    Some(stand)
}

/// What a service may write to besides binds, as Compose sees it: `/run tmpfs`.
fn mounts(compose: &Compose, stand: &Stand, service: &str) -> BTreeSet<String> {
    let model = compose.effective(stand.folder.path(), &ENVIRONMENT).expect("loads");
    let service = &model["services"][service];
    let list = |key: &str| service[key].as_array().cloned().unwrap_or_default();
    let scratch = list("tmpfs").into_iter().filter_map(|item| Some(format!("{} tmpfs", item.as_str()?.split(':').next()?)));
    let text = |mount: &Value, key: &str| mount[key].as_str().unwrap_or_default().to_owned();
    let volumes =
        list("volumes").into_iter().filter(|m| m["type"] != "bind").map(|m| format!("{} {}", text(&m, "target"), text(&m, "type")));
    scratch.chain(volumes).collect()
}

/// A row of the table, and what is wrong.
fn row(compose: &Compose, (name, service, presets): (&str, &str, &[&str])) -> Option<(String, Vec<String>)> {
    let of = format!("projects/{name}");
    let stand = stand(&of)?;
    let probes = probes(&of);
    let with = |args: &[&str]| {
        let all: Vec<&str> = args.iter().copied().chain(["--settle", "1s"]).chain(probes.iter().map(String::as_str)).collect();
        stand.run(&all)
    };
    let mut wrong = Vec::new();
    let mut proved = Vec::new();
    for preset in presets {
        let run = with(&["verify", "--service", &format!("{service}={preset}")]);
        if run.code == Some(0) {
            proved.push(*preset);
        } else {
            wrong.push(format!("{name}: the preset {preset} is not enough: {run:?}"));
        }
    }
    let before = mounts(compose, &stand, service);
    let run = with(&["verify", "--heal", "--write", "--yes"]);
    if run.code != Some(0) || !run.out.contains(": works: ") && !run.out.contains("works") {
        wrong.push(format!("{name}: {run:?}"));
    }
    let rounds = run.err.lines().filter(|l| l.starts_with("round ")).count();
    let found: BTreeSet<String> = mounts(compose, &stand, service).difference(&before).cloned().collect();
    let by_hand: BTreeSet<String> = fs::read_to_string(folder(&of).join("minimal")).expect("a list").lines().map(str::to_owned).collect();
    let target = |mount: &String| mount.split(' ').next().unwrap_or_default().to_owned();
    // One mount may stand for several below it.
    let covers = |mount: &String| found.iter().any(|f| target(mount) == target(f) || target(mount).starts_with(&format!("{}/", target(f))));
    let lacking: Vec<&String> = by_hand.iter().filter(|m| !covers(m)).collect();
    if !lacking.is_empty() {
        wrong.push(format!("{name}: a person needed {lacking:?}"));
    }
    if stand.leftovers() != [""; 0] {
        wrong.push(format!("{name}: something is left: {:?}", stand.leftovers()));
    }
    let join =
        |set: &BTreeSet<String>| if set.is_empty() { "nothing".to_owned() } else { set.iter().cloned().collect::<Vec<_>>().join(", ") };
    let presets = proved.join(", ");
    Some((format!("| {name} | {} | {} | {rounds} | {presets} |", join(&by_hand), join(&found)), wrong))
}

#[test]
fn services_of_many_kinds_are_hardened_and_proved() {
    all_are_proved(&KINDS, "engine/services.md");
}

#[test]
fn services_of_more_kinds_are_hardened_and_proved() {
    let Ok(wanted) = std::env::var("ROFS_MORE_KINDS") else {
        eprintln!("skipped: ROFS_MORE_KINDS=1 tries more kinds, whose images `.ci/more-test-images` makes; that takes 20 minutes");
        eprintln!("ROFS_MORE_KINDS=bind,tor tries these");
        return;
    };
    let names: Vec<&str> = wanted.split(',').collect();
    let some: Vec<_> = MORE.into_iter().filter(|(name, _, _)| names.contains(name)).collect();
    let chosen = if wanted == "1" { &MORE[..] } else { &some };
    assert!(!chosen.is_empty(), "none is called {wanted}");
    all_are_proved(chosen, "engine/more-services.md");
}

fn all_are_proved(kinds: &[(&'static str, &'static str, &'static [&'static str])], table: &str) {
    let Some(compose) = Compose::find() else { return };
    let waiting = Mutex::new(kinds.iter().copied().enumerate().collect::<Vec<_>>());
    let rows = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((index, kind)) = { waiting.lock().unwrap().pop() } {
                    let Some(row) = row(&compose, kind) else { return };
                    rows.lock().unwrap().push((index, row));
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort_by_key(|(index, _)| *index);
    let wrong: Vec<&String> = rows.iter().flat_map(|(_, (_, wrong))| wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let all: Vec<&str> = rows.iter().map(|(_, (row, _))| row.as_str()).collect();
    if rows.len() < kinds.len() || kinds.len() < MORE.len() && kinds.len() != KINDS.len() {
        eprintln!("{}", all.join("\n"));
        return;
    }
    golden(table, &format!("{HEAD}{}\n", all.join("\n")));
}

const HEAD: &str = "# Services of many kinds, hardened and proved on an engine

Each is run as it is, hardened by what was seen, run again, and asked by probes that make it write; see `tests/engine/projects`. *By hand* is
the smallest set of mounts that a person found. *Found* is what the tool added: it may be more where the image declares a volume, which gets a
name so that its data outlives the container, and where one folder stands for several. *Rounds* is how many runs it took. *Presets* are those
that were enough by themselves, without looking; Debian's programs keep to other folders than official images in the rows without one.

| service | by hand | found | rounds | presets |
| --- | --- | --- | --- | --- |
";

/// Projects that fail when they are hardened as their file `hardened` says: what is said of it, and what is said besides.
const BROKEN: [(&str, &str, &str); 9] = [
    ("crash-loop", "it ended with status 1", "fix: volume at /var/lib/worker"),
    ("denied-on-tmpfs", "it ended with status 1", "ownership of a mount"),
    // Whether it has ended by the time depends on the machine; that its log gives it away does not.
    ("exit-0-although-broken", "it ", "fix: tmpfs /var/log/rabbitmq"),
    ("exit-after-2s", "it ended with status 1", "fix: tmpfs /var/cache"),
    // Nothing in its log is known to tell why: it is shown.
    ("exit-and-say-little", "it ended with status 7", "its log ends with:\n    web: starting\n    web: cannot go on without its pid file"),
    ("exit-at-start", "it ended with status 1", "fix: tmpfs /run"),
    ("health-fails-read-only", "its health check does not pass", "fix: tmpfs /var/tmp"),
    ("noexec", "it ended with status 126", "fix: tmpfs /tmp:mode=1777,exec"),
    ("request-fails-health-green", "`web:8080 POST /cgi-bin/save remember the milk`: status 500", "fix: volume at /data"),
];

#[test]
fn every_way_to_fail_is_seen() {
    for (name, why, detail) in BROKEN {
        let of = format!("broken/{name}");
        let Some(stand) = stand(&of) else { return };
        let probes = probes(&of);
        let args: Vec<&str> = ["--as-is"].into_iter().chain(probes.iter().map(String::as_str)).collect();
        let (verdict, reason, details) = stand.verdict(&args);
        assert_eq!(verdict, "works", "{name} as it is: {reason}\n{details}");
        let service = stand.folder.read("compose.yaml").lines().skip_while(|l| *l != "services:").nth(1).expect("a service").to_owned();
        let tmpfs: String = stand.folder.read("hardened").lines().map(|l| format!("      - {}\n", l.trim_end_matches(" tmpfs"))).collect();
        let tmpfs = if tmpfs.is_empty() { tmpfs } else { format!("    tmpfs:\n{tmpfs}") };
        stand.folder.put("compose.override.yaml", format!("services:\n{service}\n    read_only: true\n{tmpfs}"));
        let (verdict, reason, details) = stand.verdict(&args);
        assert!(verdict == "fails" && reason.starts_with(why), "{name}: {verdict}: {reason}\n{details}");
        assert!(details.contains(detail), "{name}: {details}");
    }
}
