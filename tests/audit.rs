//! The report on what is so: which rule speaks when, what a person can ignore, and how each format looks.

use crate::support::Folder;
use serde_json::Value;

mod bytes;
mod choice;
mod configuration;
mod formats;

/// The findings of a project as (rule, line, message), those that `--with` is for left out.
pub(crate) fn findings(folder: &Folder, arguments: &[&str]) -> Vec<(String, u64, String)> {
    const OFFERS: [&str; 3] = ["spare-capabilities", "new-privileges", "root-user"];
    let report = report(folder, arguments);
    let all = report["projects"].as_array().expect("projects").iter().flat_map(|p| p["findings"].as_array().expect("findings"));
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    all.filter(|f| f["ignored"].is_null() && !OFFERS.contains(&f["rule"].as_str().expect("a rule")))
        .map(|f| (text(&f["rule"]), f["location"]["start"]["line"].as_u64().expect("a line"), text(&f["message"])))
        .collect()
}

pub(crate) fn report(folder: &Folder, arguments: &[&str]) -> Value {
    let mut all = vec!["audit", "--format", "json", "--fail-on", "never"];
    all.extend(arguments);
    let run = folder.run(&all).exits(0);
    serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {}", run.out))
}

/// A service of an nginx that needs nothing more, with further lines.
fn hard(lines: &str) -> String {
    format!("services:\n  web:\n    image: nginx\n    read_only: true\n    tmpfs:\n      - /var/cache/nginx\n      - /run\n{lines}")
}

#[test]
fn every_rule_speaks_where_it_should_and_nowhere_else() {
    let volumes = |items: &str| hard(&format!("    volumes:\n{items}volumes: {{aa: , bb: }}\n"));
    let service = |lines: &str| format!("services:\n  s:\n{lines}");
    for (text, expected) in [
        (hard(""), &[][..]),
        // The host.
        (volumes("      - /var/run/docker.sock:/var/run/docker.sock:ro\n"), &["engine-socket 9"]),
        (volumes("      - ${SOCK:-/run/podman/podman.sock}:/run/engine.sock\n"), &["engine-socket 9"]),
        (volumes("      - /etc:/host\n"), &["writable-host-folder 9"]),
        (volumes("      - /etc/localtime:/host/time:ro\n      - /:/rootfs:ro\n"), &[]),
        (volumes("      - /usr/share/x:/x\n      - /srv/data:/x/y\n"), &["writable-host-folder 9"]),
        (volumes("      - /var/lib/:/x\n"), &["writable-host-folder 9"]),
        // The program.
        (volumes("      - .:/x\n"), &["writable-source 9"]),
        (volumes("      - ${PWD}/..:/x\n"), &["writable-source 9"]),
        (volumes("      - ./src:/app\n"), &["writable-source 9"]),
        (volumes("      - ./src:/app:ro\n      - ./data:/app/data\n"), &[]),
        // A variable whose name only begins like that of the working directory is any folder.
        (volumes("      - $PWDATA/src:/app\n"), &["writable-program 9"]),
        (volumes("      - $PWD/src:/app\n"), &["writable-source 9"]),
        (volumes("      - aa:/app\n"), &["writable-program 9"]),
        (volumes("      - aa:/etc/ssl\n"), &["writable-program 9"]),
        (volumes("      - ./nginx.conf:/etc/nginx/nginx.conf\n"), &["writable-config 9"]),
        // What is kept.
        (volumes("      - aa:/data/a\n      - bb:/data/b\n"), &[]),
        (volumes("      - aa:/data\n      - bb:/more\n"), &["scattered-state 9"]),
        (volumes("      - aa:/tmp\n"), &["tmp-on-disk 9"]),
        (volumes("      - aa:/var/log/nginx\n"), &["log-file 9"]),
        (volumes("      - aa:/srv/logs\n"), &["log-file 9"]),
        (volumes("      - aa:/root/.cache\n"), &["home-cache 9"]),
        (volumes("      - ./secrets:/run/secrets/x\n"), &["secret-on-disk 9"]),
        (volumes("      - ./secrets:/run/secrets/x:ro\n"), &[]),
        (volumes("      - ./x:/home/me/.ssh/known_hosts\n"), &[]),
        (volumes("      - ./x:/home/me/.ssh/old_known_hosts\n"), &["secret-on-disk 9"]),
        // Sockets that are none of an engine's.
        (volumes("      - /run/mydocker.sock:/run/mydocker.sock\n"), &[]),
        // Memory.
        (hard("      - /usr/share/x\n"), &["tmpfs-hides-files 8"]),
        (hard("      - /usr/shared\n"), &[]),
        (hard("      - /etcetera\n"), &[]),
        (hard("      - /x:exec\n"), &["tmpfs-exec 8"]),
        (hard("      - /usr\n"), &["writable-program 8", "tmpfs-hides-files 8"]),
        (hard("      - /var/run/\n"), &["mounted-twice 8"]),
        (hard("    mem_limit: 64m\n"), &["unlimited-tmpfs 6", "unlimited-tmpfs 7"]),
        (
            "services:\n  web:\n    image: nginx\n    read_only: true\n    tmpfs: ['/var/cache/nginx:size=40m', '/run:size=24m']\n    deploy: {resources: {limits: {memory: 64M}}}\n"
                .into(),
            &["tmpfs-over-memory 5"],
        ),
        (volumes("      - {type: tmpfs, target: /x, tmpfs: {mode: 1777, size: 10m}}\n"), &["tmpfs-mode 9"]),
        (volumes("      - {type: tmpfs, target: /x, tmpfs: {mode: 01777}}\n      - {type: tmpfs, target: /y, tmpfs: {mode: 0o755}}\n"), &[]),
        // Data in memory, owners.
        (
            service("    image: postgres:17\n    read_only: true\n    tmpfs: ['/run/postgresql:uid=999', /tmp, /var/lib/postgresql/data]\n"),
            &["state-in-tmpfs 5"],
        ),
        (
            service("    image: postgres:17\n    user: \"999\"\n    read_only: true\n    tmpfs: [/run/postgresql, /tmp]\n    volumes: ['./d:/var/lib/postgresql/data']\n"),
            &["tmpfs-owner 6"],
        ),
        (
            service("    image: postgres:17\n    read_only: true\n    tmpfs: ['/run/postgresql:uid=999', /tmp]\n"),
            &["unnamed-volume 2"],
        ),
        // What another service has is read on purpose; what would be an empty volume over it is none.
        (
            service(
                "    image: postgres:17\n    read_only: true\n    tmpfs: ['/run/postgresql:uid=999', /tmp]\n    volumes: [data:/var/lib/postgresql/data]\n  \
                 backup:\n    image: postgres:17\n    read_only: true\n    tmpfs: ['/run/postgresql:uid=999', /tmp]\n    volumes_from: ['s:ro']\nvolumes: {data: }\n",
            ),
            &[],
        ),
        // Images, and what is planned.
        (service("    image: example.com/own/thing:1\n    read_only: true\n"), &["unknown-image 2"]),
        (service("    image: example.com/own/thing:1\n"), &["writable-root 2", "unknown-image 2"]),
        (service("    image: nginx\n    read_only: true\n"), &["uncovered-write 2"]),
        (service("    image: nginx\n    privileged: true\n"), &["needs-writable-root 4"]),
        (service("    provider: {type: x}\n"), &["needs-writable-root 3"]),
    ] {
        let found: Vec<String> = findings(&Folder::compose(&text), &[]).iter().map(|(rule, line, _)| format!("{rule} {line}")).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn what_a_dockerfile_brings_is_not_hidden() {
    let compose = "services:\n  s:\n    build: .\n    read_only: true\n    tmpfs:\n      - /opt/cache\n      - /srv\n      - /tmp\n";
    let dockerfile = "FROM node:22\nWORKDIR /srv/app\nCOPY warm /opt/cache/warm\n";
    let folder = Folder::new(&[("compose.yaml", compose), ("Dockerfile", dockerfile)]);
    let found = findings(&folder, &[]);
    let rules: Vec<String> = found.iter().map(|(rule, line, _)| format!("{rule} {line}")).collect();
    assert_eq!(rules, ["tmpfs-hides-files 6", "tmpfs-hides-files 7"]);
    assert!(found[0].2.contains("Dockerfile COPY puts /opt/cache/warm there"), "{found:?}");
}

#[test]
fn a_volume_that_its_user_cannot_write_is_said_unless_the_dockerfile_gives_it_away() {
    let compose = "services:\n  s:\n    build: .\n    environment:\n      DATA_DIR: /data\n";
    for (lines, expected) in [
        ("", vec!["volume-owner", "writable-root"]),
        ("RUN mkdir /data && chown node /data\n", vec!["writable-root"]),
        ("RUN install -d -o node /data\n", vec!["writable-root"]),
        ("COPY --chown=node:node seed /data/\n", vec!["writable-root"]),
        ("USER node\nRUN mkdir -p /data\n", vec!["writable-root"]),
    ] {
        let dockerfile = format!("FROM node:22\n{lines}USER node\n");
        let folder = Folder::new(&[("compose.yaml", compose), ("Dockerfile", &dockerfile)]);
        let mut found: Vec<String> = findings(&folder, &[]).into_iter().map(|(rule, ..)| rule).collect();
        found.sort();
        assert_eq!(found, expected, "{dockerfile}");
    }
}

#[test]
fn the_surface_counts_before_and_after() {
    let text = "services:\n  s:\n    image: redis:8\n    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock\n      - ./x:/x\n      - ./y:/y:ro\n";
    let service = &report(&Folder::compose(text), &[])["projects"][0]["services"][0];
    assert_eq!((&service["surface"]["before"]["score"], &service["surface"]["after"]["score"]), (&75.into(), &57.into()));
    assert_eq!((&service["checks"]["before"]["writable_places"], &service["checks"]["after"]["writable_places"]), (&3.into(), &3.into()));
    let planned: Vec<&str> = service["mounts"]
        .as_array()
        .expect("mounts")
        .iter()
        .filter(|m| m["planned"] == true)
        .map(|m| m["target"].as_str().expect("a path"))
        .collect();
    assert_eq!(planned, ["/data"]);
}

#[test]
fn the_exit_status_follows_the_worst_finding_that_counts() {
    let note = Folder::compose("services:\n  s:\n    image: nginx\n    read_only: true\n    tmpfs: [/var/cache/nginx, /run]\n");
    let warning = Folder::compose("services:\n  s:\n    image: nginx\n");
    let error = Folder::compose("services:\n  s:\n    image: nginx\n    read_only: true\n");
    for (folder, fail_on, code) in [
        (&note, "warning", 0),
        (&note, "note", 1),
        (&warning, "warning", 1),
        (&warning, "error", 0),
        (&error, "error", 1),
        (&error, "never", 0),
    ] {
        folder.run(&["audit", "--fail-on", fail_on]).exits(code);
    }
    warning.run(&["audit"]).exits(1);
    Folder::new(&[]).run(&["audit"]).exits(2);
    Folder::compose("services: [").run(&["audit", "-r"]).exits(2);
}

#[test]
fn nothing_is_written() {
    let folder = Folder::compose("services:\n  s:\n    image: nginx\n");
    let before = folder.state();
    for format in ["text", "json", "sarif", "github", "markdown", "html"] {
        folder.run(&["audit", "--format", format]).exits(1);
    }
    assert_eq!(folder.state(), before);
}

#[test]
fn edits_of_a_report_carry_out_its_fixes() {
    let text = "services:\n  a:\n    image: nginx\n\n  b:\n    image: redis   # no final newline";
    let folder = Folder::compose(text);
    let report = report(&folder, &[]);
    for finding in report["projects"][0]["findings"].as_array().expect("findings").iter().filter(|f| f["rule"] == "writable-root") {
        let mut after = text.to_owned();
        for edit in finding["fix"]["edits"].as_array().expect("edits").iter().rev() {
            let byte = |end: &str| usize::try_from(edit["location"][end]["byte"].as_u64().expect("a number")).expect("small");
            after.replace_range(byte("start")..byte("end"), edit["text"].as_str().expect("text"));
        }
        let service = finding["service"].as_str().expect("a name");
        let other = Folder::compose(text);
        other.run(&["--service", service, "--write", "--yes"]).exits(0);
        assert_eq!(after, other.read("compose.yaml"), "{service}");
    }
}

#[test]
fn public_projects_give_the_same_report_on_every_run() {
    let corpus = crate::corpus::root();
    let folder = Folder::new(&[]);
    let run = || folder.run(&["audit", "-r", "--format", "json", "--fail-on", "never", corpus.to_str().expect("a path")]);
    let first = run();
    assert_eq!(first.out, run().out);
    let report: Value = serde_json::from_str(&first.out).expect("JSON");
    let summary = &report["summary"];
    assert!(summary["services"].as_u64() > Some(400), "{summary}");
    let mut fingerprints = std::collections::HashSet::new();
    for finding in report["projects"].as_array().expect("projects").iter().flat_map(|p| p["findings"].as_array().expect("findings")) {
        assert!(fingerprints.insert(finding["fingerprint"].to_string()), "twice: {finding}");
    }
}

#[test]
fn what_cannot_be_recognised_says_why_and_is_not_guessed() {
    let compose = "services:
  above: {build: ../..}
  broken: {build: {context: ., dockerfile: Bad}}
  image: {image: '${IMAGE}'}
  inline: {build: {context: ., dockerfile_inline: 'FROM ${BASE}'}}
  outside: {build: {context: ., dockerfile: ../../secret}}
  remote: {build: 'https://example.com/x.git'}
  tagged: {image: 'nginx:${TAG}'}
";
    let folder = Folder::new(&[(".git/HEAD", ""), ("p/compose.yaml", compose), ("p/Bad", "FRUM node\n")]);
    std::fs::write(folder.outside().join("secret"), "FROM nginx\n").expect("written");
    let found: Vec<String> = findings(&folder, &["p"]).into_iter().filter(|(rule, ..)| rule == "unknown-image").map(|(.., m)| m).collect();
    let expected = [
        "Dockerfile is outside the project folder",
        "its Dockerfile is not understood at line 1 column 1",
        "a variable decides the image ${IMAGE}",
        "a variable decides the Dockerfile's base ${BASE}",
        "secret is outside the project folder",
        "its Dockerfile is not in the project folder",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (message, part) in found.iter().zip(expected) {
        assert!(message.contains(part), "{message}: {part}");
    }
}
