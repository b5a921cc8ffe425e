use super::*;

fn read(lines: &str) -> Vec<Symptom> {
    let mut reader = Reader::default();
    lines.lines().for_each(|line| reader.line(line.as_bytes()));
    reader.finish().0
}

/// Lines for patterns that the collected messages do not reach.
const MORE: [&str; 21] = [
    "chpasswd: cannot lock /etc/shadow; try again later.",
    "write failed errno=30 at '/var/lib/app/x'",
    "sh: /tmp/tool: Permission denied",
    "Unhandled exception. System.UnauthorizedAccessException: Access to the path '/app/x' is denied.",
    "AH00526: Syntax error on line 74 of /etc/apache2/apache2.conf: Invalid Mutex directory in argument file:/var/lock/apache2",
    "Fatal Error Unable to create lock file: Read-only file system (30)",
    "cp: error writing '/srv/x': No space left on device",
    "Error: ENOSPC: no space left on device, write '/srv/x'",
    "OSError: [Errno 28] No space left on device: '/srv/x'",
    "initdb: error: could not change permissions of directory \"/srv/x\": Operation not permitted",
    "exec /tmp/entry.sh: permission denied",
    "Path \"/srv/queue\" must be a writable directory. It is not writable.",
    "failed to obtain node locks, tried [/srv/data]; maybe these locations are not writable",
    "Folder /logs is not accessible for user: 7474 or group: 7474",
    "Cannot write to /srv/solr as 8983:8983",
    "FATAL:  data directory \"/srv/data\" has wrong ownership",
    "Unable to create the \"cache\" directory (/srv/var/cache/prod).",
    "Could not create unix socket lock file /run/mysqld/mysqld.sock.lock.",
    "Can't write to /srv/engines please make sure you install \"prisma\" with the right permissions.",
    "{ errno: -30, code: 'EROFS', syscall: 'open', path: '/srv/a' }",
    "/data/db/WiredTiger.turtle: handle-open: open: Read-only file system",
];

#[test]
fn every_pattern_fits_a_line_whose_words_are_looked_for() {
    let collected: Vec<serde_json::Value> = serde_json::from_str(include_str!("../../../tests/data/errors.json")).expect("JSON");
    let mut reached = vec![false; PATTERNS.all.len()];
    let real = include_str!("../../../tests/data/real-logs.jsonl").lines();
    let real: Vec<serde_json::Value> = real.map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let real = real.iter().filter_map(|e| e["text"].as_str());
    let harmless = include_str!("../../../tests/data/harmless.log").lines();
    let reported = include_str!("../../../tests/data/reported-lines.jsonl").lines();
    let reported: Vec<serde_json::Value> = reported.map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let reported = reported.iter().filter_map(|r| r["lines"].as_array()).flatten().filter_map(|line| line.as_str());
    for line in collected.iter().filter_map(|e| e["line"].as_str()).chain(real).chain(reported).chain(harmless).chain(MORE) {
        let plain = line.replace(['`', '‘', '’', '“', '”', '„', '»', '«'], "'");
        if PATTERNS.words.is_match(line.as_bytes()) {
            PATTERNS.set.matches(plain.as_bytes()).into_iter().for_each(|index| reached[index] = true);
        }
    }
    let missed = PATTERNS.all.iter().zip(reached).filter(|(_, reached)| !reached);
    let missed: Vec<&str> = missed.map(|(p, _)| p.raw.regex.as_str()).collect();
    assert_eq!(missed, [""; 0]);
}

#[test]
fn prefixes_times_colours_and_json_are_seen_through() {
    let plain = "open /srv/x: read-only file system";
    for (line, service) in [
        (plain.to_owned(), None),
        (format!("api-1  | {plain}"), Some("api-1")),
        (format!("2026-11-24T03:25:50.123456789Z {plain}"), None),
        (format!("web | 2026-11-24T03:25:50Z {plain}"), Some("web")),
        (format!("\x1b[31mapi-1  |\x1b[0m \x1b]8;;x\x07{plain}"), Some("api-1")),
        (format!("{{\"log\":\"{plain}\\n\",\"stream\":\"stderr\"}}"), None),
        (format!("api-1 | {{\"level\":\"error\",\"err\":{{\"message\":\"a {plain}\"}}}}"), Some("api-1")),
    ] {
        let found = read(&line);
        assert_eq!(found.len(), 1, "{line}");
        assert_eq!((found[0].path.as_deref(), found[0].cause), (Some("/srv/x"), Cause::ReadOnly), "{line}");
        assert_eq!(found[0].service.as_deref(), service, "{line}");
        assert!(!found[0].text.contains('\x1b'));
    }
}

#[test]
fn the_same_symptom_is_kept_once() {
    let found = read("open /srv/x: read-only file system\nfine\nopen /srv/x: read-only file system\nopen /srv/y: read-only file system\n");
    assert_eq!(found.iter().map(|s| (s.line, s.count)).collect::<Vec<_>>(), [(1, 2), (4, 1)]);
}

#[test]
fn what_needs_other_lines_waits_for_them() {
    assert_eq!(read("  path: '/srv/x'\n"), []);
    let found = read("  code: 'EROFS',\n  path: '/srv/x'\n");
    assert_eq!(found.last().and_then(|s| s.path.as_deref()), Some("/srv/x"));
    let far = format!("  code: 'EROFS',\n{}  path: '/srv/x'\n", "x\n".repeat(20));
    assert!(read(&far).iter().all(|s| s.path.is_none()));
}

#[test]
#[allow(clippy::disallowed_types, reason = "the test is about time")]
fn long_and_hostile_lines_cost_little() {
    let start = std::time::Instant::now();
    for unit in ["a", "(", "'", "/a", "open ", "[Errno ", "read-only file system ", "\u{2018}", "{", "\x1b["] {
        let mut line = unit.repeat(1 << 20);
        read(&line);
        line.push_str(": read-only file system");
        read(&line);
        read(&format!("read-only file system {}", unit.repeat(10_000)));
    }
    assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
}
