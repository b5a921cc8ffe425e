//! What `observe --running` sees of containers that run, beside what a person finds there, and that it changes nothing.

use super::stand::Stand;
use serde_json::Value;
use std::time::{Duration, Instant};

const BUSYBOX: &str = "rofs-test-busybox:1";
const IMAGES: [&str; 5] = [BUSYBOX, "rofs-test-nginx:1", "rofs-test-redis:1", "rofs-test-postgres:1", "rofs-test-node:1"];

/// Projects of a person's own that run, and end with the test.
struct Up<'s> {
    stand: &'s Stand,
    files: Vec<(String, String)>,
}

impl<'s> Up<'s> {
    /// Starts the projects of these files, each under a name.
    fn new(stand: &'s Stand, files: &[(&str, &str)]) -> Self {
        let own = |name: &str| format!("rofs-test-{name}-{}", std::process::id());
        let up = Self { stand, files: files.iter().map(|(file, name)| ((*file).to_owned(), own(name))).collect() };
        for place in 0..up.files.len() {
            up.compose(place, &["up", "-d"]);
        }
        up
    }

    fn compose(&self, place: usize, args: &[&str]) -> String {
        let (file, name) = &self.files[place];
        self.stand.docker(&[&["compose", "-f", file, "-p", name], args].concat())
    }

    fn name(&self, place: usize) -> &str {
        &self.files[place].1
    }

    fn ids(&self, place: usize) -> Vec<String> {
        self.compose(place, &["ps", "-q", "--no-trunc"]).lines().map(str::to_owned).collect()
    }

    /// All that the engine says of the containers, but for what a health check moves.
    fn state(&self, place: usize) -> String {
        let ids = self.ids(place);
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let format = "{{.Id}} {{.State.Status}} {{.State.StartedAt}} {{.State.Pid}} {{.RestartCount}} {{json .Mounts}} {{.Config.User}}";
        self.stand.docker(&[&["inspect", "--format", format], ids.as_slice()].concat())
    }
}

impl Drop for Up<'_> {
    fn drop(&mut self) {
        for place in 0..self.files.len() {
            self.compose(place, &["down", "-v", "-t", "0", "--remove-orphans"]);
        }
    }
}

fn report(stand: &Stand, args: &[&str]) -> Value {
    let run = stand.run(&[&["observe", "--running", "--json"], args].concat());
    serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {run:?}"))
}

/// Each service with its mounts, and with what it wrote where none may be.
fn found(report: &Value) -> Vec<(String, Vec<String>)> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let list = |row: &Value, key: &str, field: &str| -> Vec<String> {
        row[key].as_array().into_iter().flatten().map(|p| text(p, field)).collect()
    };
    let of = |row: &Value| {
        let elsewhere = list(row, "elsewhere", "path").into_iter().map(|p| format!("! {p}"));
        (text(row, "service"), list(row, "paths", "mount").into_iter().chain(elsewhere).collect())
    };
    report["services"].as_array().expect("services").iter().map(of).collect()
}

const FIVE: &str = "services:
  web:
    image: rofs-test-nginx:1
  cache:
    image: rofs-test-redis:1
  db:
    image: rofs-test-postgres:1
    environment: {POSTGRES_PASSWORD: x}
  api:
    image: rofs-test-node:1
    user: node
    working_dir: /home/node
    command:
      - -e
      - |
        const fs = require('fs'), os = require('os');
        fs.mkdirSync('/home/node/uploads');
        require('http').createServer((q, a) => {
          const place = fs.mkdtempSync(os.tmpdir() + '/x-');
          fs.writeFileSync(place + '/part', 'x');
          fs.rmSync(place, {recursive: true});
          fs.appendFileSync('/home/node/uploads/notes.txt', q.url);
          a.end('kept');
        }).listen(3000);
  jobs:
    image: rofs-test-busybox:1
    command: [sh, -c, 'mkdir /var/spool/jobs; cp /etc/group /etc/group.new; while true; do date >> /var/spool/jobs/done.log; date >> /keep/all; sleep 1; done']
    volumes: ['kept:/keep']
volumes:
  kept:
";

/// What a person finds with `docker diff` and `docker inspect`, and would mount.
const BY_HAND: [(&str, &[&str]); 5] = [
    ("web", &["tmpfs /run:mode=755", "tmpfs /var/lib/nginx:mode=755"]),
    ("cache", &["volume at /data"]),
    ("db", &["tmpfs /run/postgresql:mode=3777,uid=999,gid=999", "volume at /var/lib/postgresql/data"]),
    ("api", &["volume at /home/node/uploads", "tmpfs /tmp:mode=1777"]),
    ("jobs", &["volume at /var/spool/jobs", "! /etc/group.new"]),
];

#[test]
fn five_services_that_worked_for_a_minute_are_seen_as_by_hand_and_nothing_changes() {
    let Some(stand) = Stand::new(&IMAGES, FIVE) else { return };
    let up = Up::new(&stand, &[("compose.yaml", "five")]);
    let since = Instant::now();
    while since.elapsed() < Duration::from_mins(1) {
        let ask = "wget -q -O - http://127.0.0.1/ >/dev/null; true";
        up.compose(0, &["exec", "-T", "web", "sh", "-c", ask]);
        up.compose(0, &["exec", "-T", "cache", "sh", "-c", "redis-cli set k v && redis-cli save"]);
        up.compose(0, &["exec", "-T", "db", "sh", "-c", "psql -U postgres -c 'create table if not exists t (a int)' || true"]);
        let ask = "fetch('http://127.0.0.1:3000/a').then((r) => r.text()).then(console.log).catch(console.log)";
        up.compose(0, &["exec", "-T", "api", "node", "-e", ask]);
        std::thread::sleep(Duration::from_secs(2));
    }
    let before = up.state(0);
    let begin = stand.docker(&["info", "--format", "{{.SystemTime}}"]);
    let report = report(&stand, &[]);
    let text = stand.run(&["observe", "--running"]);
    let end = stand.docker(&["info", "--format", "{{.SystemTime}}"]);
    let by_hand: Vec<(String, Vec<String>)> =
        BY_HAND.iter().map(|(name, paths)| ((*name).to_owned(), paths.iter().map(|p| (*p).to_owned()).collect())).collect();
    assert_eq!(found(&report), by_hand, "{report:#}");
    assert_eq!(up.state(0), before);
    assert_eq!(stand.leftovers(), [""; 0]);
    only_reads(&up, begin.trim(), end.trim());
    // What is seen is sure: no service is held back. Data that lie in a container are named with the commands that take them along.
    let all = text.text();
    assert_eq!(text.code, Some(0), "{all}");
    assert!(all.contains("would harden 5 services") && !all.contains("held back"), "{all}");
    assert!(all.contains("seen in a container that runs since 20"), "{all}");
    assert!(all.contains("as root") && all.contains("as node") && all.contains("not seen: files that were removed again"), "{all}");
    for (service, path) in [("jobs", "/var/spool/jobs"), ("db", "/var/lib/postgresql/data"), ("api", "/home/node/uploads")] {
        assert!(all.contains(&format!("{service}: the container {}-{service}-1 holds ", up.name(0))), "{all}");
        assert!(all.contains(&format!(" cp {service}:{path}/. - > ")), "{all}");
    }
    let data = |service: &str| {
        report["services"].as_array().expect("services").iter().find(|s| s["service"] == service).expect("it")["data"].clone()
    };
    assert_eq!(data("jobs")[0]["path"], "/var/spool/jobs", "{report:#}");
    assert_eq!(data("web"), Value::Array(Vec::new()));
    assert!(!stand.folder.read("compose.yaml").contains("read_only"), "nothing is written without --write");
}

/// The engine's own log has nothing but reads: an archive of a path, for which the engine mounts the container's volumes for itself.
fn only_reads(up: &Up<'_>, since: &str, until: &str) {
    let label = format!("label=com.docker.compose.project={}", up.name(0));
    let format = "{{.Type}} {{.Action}}";
    let of_project = up.stand.docker(&["events", "--since", since, "--until", until, "--filter", &label, "--format", format]);
    let trials =
        up.stand.docker(&["events", "--since", since, "--until", until, "--filter", "label=rofs-harden.trial", "--format", "{{json .}}"]);
    let ours = up.stand.trials().display().to_string();
    let volumes = up.stand.docker(&[
        "events",
        "--since",
        since,
        "--until",
        until,
        "--filter",
        "type=volume",
        "--format",
        "{{.Action}} {{json .Actor.Attributes}}",
    ]);
    let ids = up.ids(0);
    let of_ours = volumes.lines().filter(|line| ids.iter().any(|id| line.contains(id.as_str())));
    let other: Vec<&str> = of_project.lines().filter(|line| *line != "container archive-path").collect();
    assert_eq!(other, [""; 0], "{of_project}");
    assert!(of_project.contains("archive-path"), "the engine's log was asked for the right time");
    let other: Vec<&str> = of_ours.filter(|line| !line.starts_with("mount ") && !line.starts_with("unmount ")).collect();
    assert_eq!(other, [""; 0], "{volumes}");
    assert!(!trials.contains(&ours), "{trials}");
}

fn writer(path: &str) -> String {
    format!("services:\n  app:\n    image: {BUSYBOX}\n    command: [sh, -c, 'mkdir -p {path}; echo x > {path}/x; exec sleep 1000']\n")
}

#[test]
fn two_projects_of_the_same_images_are_kept_apart() {
    let Some(stand) = Stand::new(&[BUSYBOX], &writer("/var/lib/one")) else { return };
    stand.folder.put("other/compose.yaml", &writer("/var/lib/two"));
    let up = Up::new(&stand, &[("compose.yaml", "one"), ("other/compose.yaml", "two")]);
    std::thread::sleep(Duration::from_secs(1));
    let own = |path: &str| vec![("app".to_owned(), vec![format!("volume at {path}")])];
    assert_eq!(found(&report(&stand, &[])), own("/var/lib/one"));
    assert_eq!(found(&report(&stand, &["other"])), own("/var/lib/two"));
    // One table of what runs, all of it or what is below a folder.
    let folder = stand.folder.path().display().to_string();
    let all = stand.run(&["observe", "--running", "-r", &folder]).exits(0);
    for (place, path) in [(0, "/var/lib/one"), (1, "/var/lib/two")] {
        let rows = all.out.lines().filter(|line| line.starts_with(up.name(place)) && line.contains(&format!("app  volume at {path}")));
        assert_eq!(rows.count(), 1, "{all:?}");
    }
    let some = stand.run(&["observe", "--running", "-r", "other"]).exits(0).out;
    assert!(some.contains(up.name(1)) && !some.contains(up.name(0)), "{some}");
    let json: Value = serde_json::from_str(&stand.run(&["observe", "--running", "-r", "--json"]).exits(0).out).expect("JSON");
    let ours = json["services"].as_array().expect("services").iter().filter(|s| s["project"] == up.name(0) || s["project"] == up.name(1));
    assert_eq!(ours.count(), 2, "{json:#}");
    // A third one of the same files: which is meant must be said.
    let third = Up::new(&stand, &[("compose.yaml", "three")]);
    third.compose(0, &["exec", "-T", "app", "sh", "-c", "mkdir /var/lib/three; echo x > /var/lib/three/x"]);
    let run = stand.run(&["observe", "--running"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.contains(up.name(0)) && run.err.contains(third.name(0)) && run.err.contains("COMPOSE_PROJECT_NAME"), "{run:?}");
    let mut command = stand.command(&["observe", "--running", "--json"]);
    command.env("COMPOSE_PROJECT_NAME", third.name(0));
    let run = stand.folder.finish(command, &["observe"], "");
    assert_eq!(found(&serde_json::from_str(&run.out).expect("JSON"))[0].1, ["volume at /var/lib/one", "volume at /var/lib/three"]);
}

#[test]
fn what_runs_is_kept_as_a_preset_and_written() {
    let file = format!("{}    deploy: {{replicas: 2}}\n", writer("/var/lib/one"));
    let Some(stand) = Stand::new(&[BUSYBOX], &file) else { return };
    let nothing = stand.run(&["observe", "--running"]);
    assert_eq!(nothing.code, Some(1), "{nothing:?}");
    assert!(nothing.out.contains("app: no container of it runs") && nothing.err.contains("docker compose up -d"), "{nothing:?}");
    let up = Up::new(&stand, &[("compose.yaml", "saved")]);
    // What one of two replicas does counts for both.
    up.compose(0, &["exec", "-T", "--index", "2", "app", "sh", "-c", "echo x > /run/x"]);
    let run = stand.run(&["observe", "--running", "--save", "seen.toml"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let preset = stand.folder.read("seen.toml");
    assert!(preset.contains("target = \"/var/lib/one\"") && preset.contains("target = \"/run\""), "{preset}");
    stand.run(&["presets", "check", "./seen.toml"]).exits(0);
    // Nobody is asked, so nobody's data are left behind.
    let held = stand.run(&["observe", "--running", "--write", "--yes"]);
    assert!(held.text().contains("data would stay behind") && !stand.folder.read("compose.yaml").contains("read_only"), "{held:?}");
    up.compose(0, &["exec", "-T", "--index", "1", "app", "rm", "/var/lib/one/x"]);
    up.compose(0, &["exec", "-T", "--index", "2", "app", "rm", "/var/lib/one/x"]);
    let written = stand.run(&["observe", "--running", "--write", "--yes"]);
    assert_eq!(written.code, Some(0), "{written:?}");
    let after = stand.folder.read("compose.yaml");
    assert!(after.contains("read_only: true") && after.contains("/var/lib/one") && after.contains("/run:mode=755"), "{after}");
    let wrong = stand.run(&["observe", "--running", "-r", "--write"]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
}
