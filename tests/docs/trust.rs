//! The page of promises names tests that exist and run.

use super::page;
use crate::architecture::rust_files;
use std::collections::{BTreeSet, HashSet};
use std::process::Command;

/// The tests of this program, or those of them that only run when they are asked for.
fn tests(options: &[&str]) -> HashSet<String> {
    let program = std::env::current_exe().expect("a program");
    let listed = Command::new(program).arg("--list").args(options).output().expect("a list");
    assert!(listed.status.success(), "{listed:?}");
    let text = String::from_utf8(listed.stdout).expect("text");
    text.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

#[test]
fn every_promise_has_tests_that_exist_and_run() {
    let (all, ignored) = (tests(&[]), tests(&["--ignored"]));
    let page = page("trust.md");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ") && *line != "| promise | tests |").collect();
    assert!(rows.len() > 30, "{rows:#?}");
    for row in rows {
        let (_, shown_by) = row.trim_end_matches(" |").split_once(" | ").unwrap_or_else(|| panic!("{row}"));
        let names: Vec<&str> = shown_by.split('`').skip(1).step_by(2).filter(|name| name.contains("::")).collect();
        assert!(!names.is_empty(), "nothing shows it: {row}");
        for name in names {
            assert!(all.contains(name), "there is no test {name}");
            assert!(!ignored.contains(name), "{name} does not run");
        }
    }
}

/// The names of environment variables in a text that turn a skip into a failure.
fn requirements(text: &str) -> BTreeSet<String> {
    let parts = text.split("ROFS_REQUIRE_").skip(1);
    parts.map(|rest| rest.chars().take_while(char::is_ascii_uppercase).collect()).filter(|name: &String| !name.is_empty()).collect()
}

#[test]
fn every_tier_is_required_somewhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect(path);
    let asked: BTreeSet<String> = rust_files(&["tests"]).iter().flat_map(|(_, text)| requirements(text)).collect();
    let here = requirements(&read(".ci/run"));
    // Some public files are not in the repository: only who reaches them can require them.
    let outside = requirements(&read(".github/workflows/ci.yml"));
    assert!(asked.len() > 3, "{asked:?}");
    assert_eq!(asked, here.union(&outside).cloned().collect(), "in .ci/run: {here:?}, in ci.yml: {outside:?}");
    assert_eq!(outside, BTreeSet::from(["CORPUS".to_owned()]));
}
