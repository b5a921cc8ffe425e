//! Logs: what is found in lines that programs really print, and what is not.

use rofs_harden::evidence::log::{Cause, Reader, Symptom};
use serde_json::Value;

mod large;
mod mend;
mod paths;
mod real;
mod reported;
mod sense;
mod verb;

/// The lines of `tests/data/errors.json`: program, kind, line, the path that it means.
fn errors() -> Vec<Value> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/errors.json")).expect("there");
    serde_json::from_str(&text).expect("JSON")
}

fn read(lines: &str) -> Vec<Symptom> {
    let mut reader = Reader::default();
    lines.lines().for_each(|line| reader.line(line.as_bytes()));
    reader.finish().0
}

/// Lines that mean nothing alone: the ones that must stand before them, or why they are never reported.
const CONTEXT: [(&str, &str); 4] = [
    ("error object dump", "  code: 'EROFS',\n"),
    ("npm ERR! path", "npm ERR! code EROFS\n"),
    ("socket (next line)", "[ERROR] Can't start server : Bind on unix socket: Read-only file system\n"),
    ("multiprocessing.Manager (no path)", "never"),
];

/// Kinds that are no missing mount, and what they are.
const OTHERS: [(&str, Cause); 14] = [
    ("EACCES", Cause::Denied),
    ("PermissionError 13", Cause::Denied),
    ("image cache", Cause::Denied),
    ("open pid", Cause::Denied),
    ("cannot_log_to_file", Cause::Denied),
    ("NIO access denied", Cause::Denied),
    ("directory", Cause::Denied),
    ("/run owner", Cause::Denied),
    ("chown without CAP_CHOWN", Cause::Capability),
    ("bind without NET_BIND_SERVICE", Cause::Capability),
    ("exec", Cause::Capability),
    ("noexec native library", Cause::NoExec),
    ("noexec", Cause::NoExec),
    ("/run noexec", Cause::NoExec),
];

#[test]
fn every_known_message_is_understood() {
    let mut wrong = Vec::new();
    let (mut found, mut with_path, mut table) = (0, 0, String::new());
    for error in errors() {
        let text = |key: &str| error[key].as_str().unwrap_or_default();
        let (kind, line) = (text("kind"), text("line"));
        let context = CONTEXT.iter().find(|(k, _)| *k == kind).map_or("", |(_, c)| c);
        let symptoms = read(&format!("{context}{line}"));
        if context == "never" {
            assert_eq!(symptoms, [], "{line}");
            continue;
        }
        let own = symptoms.iter().rfind(|s| s.line == context.lines().count() as u64 + 1);
        let Some(symptom) = own else {
            wrong.push(format!("not seen: {} {kind}: {line}", text("program")));
            continue;
        };
        found += 1;
        table += &format!(
            "{:<20} {:<38} {:<10} {}\n",
            text("program"),
            kind,
            format!("{:?}", symptom.cause),
            symptom.path.as_deref().unwrap_or("-")
        );
        let harmless = ["IPv6 script (harmless)", "logs dir", "setcap", "into a read-only container"].contains(&kind);
        let expected =
            if harmless { Cause::Harmless } else { OTHERS.iter().find(|(k, _)| *k == kind).map_or(Cause::ReadOnly, |(_, c)| *c) };
        if symptom.cause != expected {
            wrong.push(format!("{} {kind}: {:?}, not {expected:?}: {line}", text("program"), symptom.cause));
        }
        // The folder is what counts.
        let same = |ours: &str, theirs: &str| {
            let theirs = rofs_harden::compose::clean_path(theirs);
            ours == theirs || theirs.starts_with(&format!("{ours}/")) && symptom.is_folder || theirs.trim_start_matches('/') == ours
        };
        // An address is no path, and the folder of a relative path stands in the line.
        let path = match kind {
            "bind without NET_BIND_SERVICE" => "",
            "supervise" => "/etc/cron.d/event",
            _ => text("path"),
        };
        match &symptom.path {
            Some(ours) if !path.is_empty() && (same(ours, path) || ours.starts_with(&format!("{path}/"))) => with_path += 1,
            Some(ours) if path.is_empty() && ["/tmp", "/run", "/run/apache2"].contains(&ours.as_str()) => {}
            None if path.is_empty() => {}
            other => wrong.push(format!("{} {kind}: path {other:?}, not {path:?}: {line}", text("program"))),
        }
    }
    table += &format!("\n{found} of {} messages understood, {with_path} with their path\n", errors().len());
    crate::support::golden("diagnose/errors.txt", &table);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
