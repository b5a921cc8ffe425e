//! What two builds say of the same projects, and how it differs:
//!
//! ```text
//! cargo run --example compare-plans OLD NEW FOLDER
//! ```
//!
//! OLD and NEW are programs, FOLDER holds any number of Compose projects. Both audit all of them; the differences are printed by kind.
//! Ends with 0 where there are none, with 1 where there are some, and with 2 where a program cannot be run.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods, clippy::print_stdout, reason = "it runs programs and prints")]

mod compare;

use compare::{Report, differences};
use std::error::Error;
use std::process::{Command, ExitCode};

/// What a program says of a folder.
fn audit(program: &str, folder: &str) -> Result<Report, Box<dyn Error>> {
    let output = Command::new(program).args(["audit", "-r", "--format", "json", "--fail-on", "never", folder]).output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).map_err(|e| format!("{program}: {e}\n{said}"))?;
    Ok(Report::of(&report, &said))
}

fn run(arguments: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    let [old, new, folder] = arguments else { return Err("usage: compare-plans OLD NEW FOLDER".into()) };
    let found = differences(&audit(old, folder)?, &audit(new, folder)?);
    if found.is_empty() {
        println!("no differences");
        return Ok(ExitCode::SUCCESS);
    }
    for (kind, lines) in &found {
        println!("== {kind}: {}", lines.len());
    }
    for (kind, lines) in &found {
        println!("\n== {kind}");
        lines.iter().for_each(|line| println!("{line}"));
    }
    Ok(ExitCode::from(1))
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    run(&arguments).or_else(|why| {
        println!("error: {why}");
        Ok(ExitCode::from(2))
    })
}
