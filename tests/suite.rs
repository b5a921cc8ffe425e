//! Reading YAML: the official test suite, public Compose files, hostile input.

mod hostile;
mod spans;
mod tables;

use serde_json::Value;
use spans::{events, parse, verify, verify_slices};
use std::fs;
use std::path::Path;
use tables::{ACCEPTED, CORPUS_REFUSED, NOT_ALONE, OTHER_VALUES, REFUSED};

const SUITE: &str = include_str!("data/yaml-test-suite.jsonl");

/// A case of the official suite.
struct Case {
    id: String,
    yaml: String,
    /// `None` for invalid input.
    events: Option<String>,
}

fn cases() -> Vec<Case> {
    let case = |line: &str| {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| case[key].as_str().map(str::to_owned);
        assert_eq!(case["error"].as_bool(), Some(case["events"].is_null()), "{line}");
        Case { id: text("id").unwrap(), yaml: text("yaml").unwrap(), events: text("events") }
    };
    SUITE.lines().map(case).collect()
}

/// The reason for which a table of (reason, ids) lists `id`.
fn listed(table: &[(&'static str, &[&str])], id: &str) -> Option<&'static str> {
    table.iter().find(|(_, ids)| ids.contains(&id)).map(|(reason, _)| *reason)
}

#[test]
fn the_official_suite_is_complete() {
    let cases = cases();
    assert_eq!((cases.len(), cases.iter().filter(|c| c.events.is_some()).count()), (402, 308));
    let is_known = |id: &&str| cases.iter().any(|c| c.id == **id);
    let in_tables = [REFUSED, ACCEPTED].into_iter().flatten().flat_map(|(_, ids)| *ids);
    assert_eq!(in_tables.filter(|id| !is_known(id)).count(), 0, "the tables name cases that do not exist");
}

#[test]
fn valid_input_reads_as_the_events_of_the_official_suite_or_is_refused_for_a_listed_reason() {
    for Case { id, yaml, events: expected } in cases() {
        let Some(expected) = expected else { continue };
        match (parse(&yaml), listed(REFUSED, &id)) {
            (Err(error), Some(reason)) => assert!(error.contains(reason), "{id} is refused for another reason: {error}"),
            (Err(error), None) => panic!("{id} is refused: {error}\n{yaml}"),
            (Ok(_), Some(reason)) => panic!("{id} is read, and listed as refused for {reason}"),
            (Ok(stream), None) => {
                // Whether a document has marks is no part of the tree.
                let mut expected: String = expected
                    .lines()
                    .map(|l| if l.starts_with(['+', '-']) && l.contains("DOC") { &l[..4] } else { l }.to_owned() + "\n")
                    .collect();
                if let Some((_, theirs, ours)) = OTHER_VALUES.iter().find(|(other, ..)| *other == id) {
                    assert!(expected.contains(theirs), "{id}");
                    expected = expected.replace(theirs, ours);
                }
                assert_eq!(events(&stream), expected, "{id}\n{yaml}");
                let spans = if NOT_ALONE.contains(&id.as_str()) { verify(&stream) } else { verify_slices(&stream) };
                assert_eq!(spans, Ok(()), "{id}\n{yaml}");
            }
        }
    }
}

#[test]
fn invalid_input_of_the_official_suite_is_refused_or_listed() {
    for Case { id, yaml, .. } in cases().iter().filter(|c| c.events.is_none()) {
        match (parse(yaml), listed(ACCEPTED, id)) {
            (Err(_), None) => {}
            (Ok(stream), Some(_)) => assert_eq!(verify_slices(&stream), Ok(()), "{id}"),
            (Ok(_), None) => panic!("{id} is read\n{yaml}"),
            (Err(error), Some(_)) => panic!("{id} is listed as read, and refused: {error}"),
        }
    }
}

#[test]
fn every_public_compose_file_is_read_or_refused_for_its_listed_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !folder.exists() {
        eprintln!("skipped: the public files are not beside the repository");
        return;
    }
    let (mut files, mut folders) = (Vec::new(), vec![folder.clone()]);
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.extension().and_then(|e| e.to_str()) {
                _ if path.is_dir() => folders.push(path),
                Some("yml" | "yaml") => files.push(path),
                _ => {}
            }
        }
    }
    let mut refused = Vec::new();
    for path in &files {
        let text = fs::read_to_string(path).unwrap();
        match parse(&text) {
            Ok(stream) => assert_eq!(verify_slices(&stream), Ok(()), "{}", path.display()),
            Err(error) => refused.push((path.strip_prefix(&folder).unwrap().display().to_string(), error)),
        }
    }
    refused.sort();
    assert_eq!(files.len(), 250);
    assert_eq!(refused, CORPUS_REFUSED.map(|(path, error)| (path.to_owned(), error.to_owned())));
}
