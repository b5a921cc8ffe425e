//! The page of promises names tests that exist and run.

use super::page;
use std::collections::HashSet;
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
