//! Lines of real programs, on read-only roots and healthy.

use super::read;
use crate::support::golden;
use rofs_harden::evidence::log::{Cause, Reader};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

fn data(name: &str) -> String {
    fs::read_to_string(format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))).expect("there")
}

/// What is made of the lines of one program.
#[derive(Default)]
struct Score {
    lines: usize,
    /// Cause and path as they are.
    right: usize,
    /// The cause, but no path where there is one.
    partly: usize,
    wrong: usize,
}

/// Every line says that something could not be written or run: `tests/data/real-logs.jsonl` holds what programs printed when they were
/// run so, the path that it was about, and why. Missing capabilities are no matter of paths and are not counted.
#[test]
fn lines_of_real_programs_are_understood() {
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for row in data("real-logs.jsonl").lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")) {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        let cause = match text("cause") {
            "read-only" => Cause::ReadOnly,
            "denied" => Cause::Denied,
            "no-exec" => Cause::NoExec,
            _ => continue,
        };
        let score = scores.entry(text("program").to_owned()).or_default();
        score.lines += 1;
        let found = read(text("text")).into_iter().find(|s| s.cause != Cause::Harmless);
        let Some(found) = found.map(|s| s.resolved(if text("service_cwd").is_empty() { "/" } else { text("service_cwd") })) else {
            continue;
        };
        let expected = row["path"].as_str();
        let is_at = |path: &str, top: &str| path == top || path.strip_prefix(top).is_some_and(|rest| rest.starts_with('/'));
        // The folder of a temporary file is as good as its name.
        let same =
            |path: &str| expected.is_some_and(|e| path == e || found.is_folder && is_at(e, path) || found.in_data && e.ends_with(path));
        match &found.path {
            _ if found.cause != cause => score.wrong += 1,
            Some(path) if same(path) => score.right += 1,
            None if expected.is_none() => score.right += 1,
            None => score.partly += 1,
            Some(_) if expected.is_none() => score.partly += 1,
            Some(_) => score.wrong += 1,
        }
    }
    let sum = |of: fn(&Score) -> usize| scores.values().map(of).sum::<usize>();
    let (lines, right, partly, wrong) = (sum(|s| s.lines), sum(|s| s.right), sum(|s| s.partly), sum(|s| s.wrong));
    let found = right + partly + wrong;
    let percent = |part: usize, whole: usize| part * 100 / whole;
    let mut table = format!(
        "# Lines of real programs\n\n- {lines} lines of {} programs that could not write or run something\n- recall: {found} are noticed ({} %), {right} with cause and path ({} %)\n\
         - precision: of those noticed, {right} are right ({} %), {partly} lack the path or name one for none, {wrong} name another path or cause ({} %)\n\n\
         | program | lines | right | partly | wrong | not noticed |\n| --- | --- | --- | --- | --- | --- |\n",
        scores.len(),
        percent(found, lines),
        percent(right, lines),
        percent(right, found),
        percent(wrong, found),
    );
    for (program, s) in &scores {
        table += &format!(
            "| {program} | {} | {} | {} | {} | {} |\n",
            s.lines,
            s.right,
            s.partly,
            s.wrong,
            s.lines - s.right - s.partly - s.wrong
        );
    }
    golden("diagnose/real-lines.md", &table);
    assert!(percent(right, lines) >= 75 && percent(right, found) >= 85, "{table}");
}

/// Ten megabytes of logs of programs that are well, the numbers in them changing.
#[test]
fn healthy_logs_raise_no_alarm() {
    let text = data("healthy.log");
    assert!(text.lines().count() > 1000);
    let mut reader = Reader::default();
    let (mut bytes, mut round) = (0, 0u8);
    while bytes < 10 << 20 {
        for line in text.lines() {
            let line: String =
                line.chars().map(|c| if c.is_ascii_digit() { char::from(b'0' + (c as u8 - b'0' + round) % 10) } else { c }).collect();
            bytes += line.len() + 1;
            reader.line(line.as_bytes());
        }
        round = (round + 1) % 10;
    }
    let (found, dropped) = reader.finish();
    let alarms: Vec<_> = found.iter().filter(|s| s.cause != Cause::Harmless).collect();
    assert!(alarms.is_empty() && dropped == 0, "{alarms:#?}");
}
