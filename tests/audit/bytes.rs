//! Bytes of names and texts that machines must get as they are, and terminals not at all.
#![cfg(unix)]

use crate::support::{Folder, PROGRAM};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

/// Characters that drive a terminal or reorder what it shows.
const UNSAFE: [char; 14] = [
    '\u{7f}', '\u{80}', '\u{85}', '\u{9b}', '\u{9f}', '\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{202e}', '\u{2066}',
    '\u{2069}', '\u{feff}',
];

#[test]
fn json_shows_a_terminal_nothing_that_drives_it() {
    let all: String = UNSAFE.iter().collect();
    let escaped: String = UNSAFE.iter().map(|c| format!("\\u{:04x}", u32::from(*c))).collect();
    let folder = Folder::compose(&format!("services:\n  web:\n    image: \"é{escaped}\"\n"));
    folder.put("rofs-harden.toml", format!("[[exclude]]\nrule = \"unknown-image\"\nservice = \"web\"\nreason = \"é{escaped}\"\n"));
    folder.put("log", format!("touch: cannot touch '/srv/{all}é/z': Read-only file system\n"));
    let mut found = 0;
    for arguments in [
        &["audit", "--format", "json", "--fail-on", "never"][..],
        &["audit", "--format", "sarif", "--fail-on", "never"],
        &["diagnose", "log", "--json"],
    ] {
        let run = folder.run(arguments);
        assert!(!run.out.contains(UNSAFE), "{}", run.text());
        let value: Value = serde_json::from_str(&run.out).unwrap();
        found += usize::from(value.to_string().contains(&all));
        assert!(run.out.contains('é'), "only what is unsafe is escaped: {}", run.text());
    }
    assert!(found >= 2, "the characters are in the reports");
}

/// The URIs of the results' places and edits.
fn uris(report: &Value) -> Vec<String> {
    let results = report["runs"][0]["results"].as_array().unwrap();
    let places = results.iter().map(|r| &r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]);
    let edits = results.iter().filter_map(|r| r["fixes"][0]["artifactChanges"][0]["artifactLocation"].get("uri"));
    places.chain(edits).map(|uri| uri.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_folder_keeps_its_name_in_sarif() {
    let top = Folder::new(&[]);
    for (name, uri) in [
        (&b"caf\xe9"[..], "caf%E9/compose.yaml"),
        (b"\xff\xfe", "%FF%FE/compose.yaml"),
        (b"a\\b", "a%5Cb/compose.yaml"),
        ("größe 1".as_bytes(), "gr%C3%B6%C3%9Fe%201/compose.yaml"),
        (b"a%41:b", "a%2541%3Ab/compose.yaml"),
    ] {
        let folder = top.path().join(OsStr::from_bytes(name));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("compose.yaml"), "services:\n  web:\n    image: nginx\n").unwrap();
        let mut command = top.command(PROGRAM);
        command.args(["audit", "--format", "sarif", "--fail-on", "never"]).arg(OsStr::from_bytes(name));
        let run = top.finish(command, &["audit"], "").exits(0);
        let found = uris(&serde_json::from_str(&run.out).unwrap());
        assert!(found.len() > 2 && found.iter().all(|found| found == uri), "{found:?}, not {uri}");
        fs::remove_dir_all(folder).unwrap();
    }
}
