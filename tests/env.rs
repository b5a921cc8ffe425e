//! Files of variables, as Compose and as we read them. `tests/data/env.json` holds spellings, each with what becomes of `X`: its value;
//! `false` where it is not set; `null` where Compose refuses the file; and under `unknown` what Compose says where the shell may know more
//! than the file, so that we do not say.

use crate::oracle::Compose;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rayon::prelude::*;
use rofs_harden::compose::{Env, NoEnv};
use serde_json::Value;
use std::cell::Cell;
use std::time::Instant;

/// What a variable that is not set becomes in the question to Compose.
const UNSET: &str = "<unset>";

/// What becomes of `X`, as the table has it.
fn ours(text: &str) -> Value {
    let mut env = Env::new();
    match env.add_file(text, &Env::new()).map(|_| env.get("X")) {
        Err(_) => Value::Null,
        Ok(None) => false.into(),
        Ok(Some(None)) => true.into(),
        Ok(Some(Some(value))) => value.into(),
    }
}

/// What Compose says of `X`, in an empty environment: `None` where it refuses the file.
fn theirs(compose: &Compose, text: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(".env"), text).expect("written");
    let project = format!("services:\n  s:\n    image: x\n    environment:\n      V: ${{X-{UNSET}}}\n");
    std::fs::write(folder.path().join("compose.yaml"), project).expect("written");
    let model = compose.effective(folder.path(), &[]).ok()?;
    let value = model["services"]["s"]["environment"]["V"].as_str().expect("a value");
    // What is printed is a Compose file again.
    Some(value.replace("$$", "$"))
}

#[test]
fn every_spelling_of_the_table_is_read_as_compose_reads_it() {
    let table: Vec<Value> = serde_json::from_str(include_str!("data/env.json")).expect("JSON");
    assert!(table.len() >= 80);
    let compose = Compose::find();
    let wrong: Vec<String> = table
        .par_iter()
        .flat_map_iter(|row| {
            let (text, expected) = (row[0].as_str().expect("a text"), &row[1]);
            let unknown = expected.get("unknown");
            let ours = ours(text);
            let is_right = if unknown.is_some() { ours == true } else { ours == *expected };
            let mut wrong: Vec<String> = (!is_right).then(|| format!("{text:?}: expected {expected}, here {ours}")).into_iter().collect();
            if let Some(compose) = &compose {
                let theirs = theirs(compose, text);
                let said = match unknown.unwrap_or(expected) {
                    Value::String(value) => Some(value.clone()),
                    Value::Bool(false) => Some(UNSET.to_owned()),
                    _ => None,
                };
                wrong.extend((theirs != said).then(|| format!("{text:?}: expected {expected}, for Compose {theirs:?}")));
            }
            wrong
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Pieces that mean something to the reader, and what may stand beside them.
const PIECES: [&str; 47] = [
    "X",
    "A",
    "B",
    "Y1",
    "=",
    "=",
    "=",
    ":",
    "\n",
    "\n",
    "\n",
    "\r\n",
    " ",
    "\t",
    "#",
    " #",
    "'",
    "\"",
    "\\",
    "\\\"",
    "\\'",
    "\\n",
    "\\t",
    "\\0101",
    "\\$",
    "$",
    "$$",
    "$A",
    "${A}",
    "${B:-d}",
    "${B-",
    "${A:+o}",
    "${A+",
    "${B:-${A-x}}",
    "}",
    "{",
    "a",
    "b c",
    "é",
    "export ",
    "export\t",
    "-",
    ".",
    "A=1\n",
    "B=\n",
    "X=",
    "X=\"",
];

#[test]
fn generated_files_of_variables_are_read_as_compose_reads_them() {
    let Some(compose) = Compose::find() else { return };
    let factor: u32 = std::env::var("ROFS_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let (asked, accepted) = (Cell::new(0_u32), Cell::new(0_u32));
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 150 * factor, failure_persistence: None, ..Config::default() },
        prop::test_runner::TestRng::deterministic_rng(prop::test_runner::RngAlgorithm::ChaCha),
    );
    let strategy = prop::collection::vec(prop::sample::select(&PIECES[..]), 0..12);
    let result = runner.run(&strategy, |pieces| {
        let text = format!("A=1\nX={}", pieces.concat());
        let (ours, theirs) = (ours(&text), theirs(&compose, &text));
        asked.set(asked.get() + 1);
        accepted.set(accepted.get() + u32::from(theirs.is_some()));
        let agrees = match (&ours, &theirs) {
            (Value::Null, None) | (Value::Bool(true), _) => true,
            (Value::Bool(false), Some(value)) => value == UNSET,
            (Value::String(ours), Some(theirs)) => ours == theirs,
            _ => false,
        };
        prop_assert!(agrees, "{text:?}: here {ours}, for Compose {theirs:?}");
        Ok(())
    });
    eprintln!("Compose accepted {} of {} files", accepted.get(), asked.get());
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(accepted.get() * 3 > asked.get(), "Compose accepted only {} of {}", accepted.get(), asked.get());
}

#[test]
fn values_of_outside_and_of_earlier_files_count() {
    let env = |text: &str| {
        let mut env = Env::new();
        env.add_file(text, &Env::new()).expect("a file of variables");
        env
    };
    let outer = env("OUT=o\nWIN=outer\n");
    let mut own = env("EARLIER=1\n");
    own.add_file("A=$OUT$WIN$EARLIER\nWIN=file\nB=$WIN\nOUT\nNONE\n", &outer).expect("a file of variables");
    assert_eq!([own.text("A"), own.text("B"), own.text("OUT"), own.text("NONE")], [Some("oouter1"), Some("outer"), Some("o"), None]);
    let mut all = outer;
    all.merge(own);
    assert_eq!([all.text("WIN"), all.text("A")], [Some("outer"), Some("oouter1")]);
}

#[test]
fn what_is_wrong_is_said_by_its_line_alone() {
    let said = |text: &str| Env::new().add_file(text, &Env::new()).expect_err("no file of variables");
    assert_eq!(said("A=1\n\nS! E=2\n"), NoEnv { line: 3, what: "this is neither a name nor a comment" });
    assert_eq!(said("A=\"x\ny\"\nB='"), NoEnv { line: 3, what: "a quoted value does not end" });
    assert_eq!(said("A=${\n"), NoEnv { line: 1, what: "a variable is not written as Compose reads it" });
}

#[test]
fn values_that_use_each_other_are_read_in_linear_time_and_bounded() {
    let chain = |n: usize| -> String { (1..=n).map(|i| format!("V{i}=${{V{}}}x\n", i - 1)).collect() };
    // What comes out is as long as the square of what goes in, so it is bounded.
    let error = Env::new().add_file(&format!("V0=\n{}", chain(10_000)), &Env::new()).expect_err("too long");
    assert_eq!(error.what, "the values become too long");
    let doubled: String = (1..=64).map(|i| format!("V{i}=$V{0}$V{0}\n", i - 1)).collect();
    assert!(Env::new().add_file(&format!("V0=x\n{doubled}"), &Env::new()).is_err());
    // Of values that do not grow there may be any number.
    let short = |n: usize| -> String { (1..=n).map(|i| format!("V{i}=${{V{}:-a}}\n", i - 1)).collect() };
    let time = |n: usize| {
        let text = short(n);
        (0..3)
            .map(|_| {
                let start = Instant::now();
                Env::new().add_file(&text, &Env::new()).expect("short values");
                start.elapsed()
            })
            .min()
            .expect("a time")
    };
    let (one, eight) = (time(10_000), time(80_000));
    assert!(eight < one * 32, "{one:?} for 10 000, {eight:?} for 80 000");
}
