//! Makes the catalogue below the presets from facts about images:
//!
//! ```text
//! cargo run --example import-facts             # what presets/catalogue/ holds, made anew
//! cargo run --example import-facts -- FOLDER   # takes over the facts of a folder first
//! ```
//!
//! `facts.tsv`, `capabilities.tsv` and `negatives.tsv` are what was collected, each row with its
//! source; `sources.tsv` says of which day each source is. `images.tsv` is what follows from them, one line an image: the program carries that file.
//! The same facts give the same bytes.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods, clippy::print_stdout, reason = "it reads and writes files")]

mod ages;
mod check;
mod facts;
mod pages;
mod place;
mod rule;
#[cfg(test)]
mod tests;

use ages::Days;
use facts::Facts;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// A folder of the project.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What the facts of a folder say.
fn read(folder: &Path) -> Result<Facts, Box<dyn Error>> {
    let text = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))
    };
    Ok(Facts::read(&text("facts.tsv")?, &text("capabilities.tsv")?, &text("negatives.tsv")?)?)
}

/// Every file that is made, with its text.
///
/// Errors: a source whose day is not known.
fn made(facts: &Facts) -> Result<Vec<(PathBuf, String)>, Box<dyn Error>> {
    let entries = rule::entries(facts);
    let days = Days::read(&fs::read_to_string(folder("presets/catalogue/sources.tsv"))?)?;
    let catalogue = folder("presets/catalogue");
    let snapshots = folder("snapshots/catalogue");
    Ok(vec![
        (catalogue.join("facts.tsv"), facts.facts_text()),
        (catalogue.join("capabilities.tsv"), facts.capabilities_text()),
        (catalogue.join("negatives.tsv"), facts.negatives_text()),
        (catalogue.join("images.tsv"), entries.iter().map(rule::Entry::line).collect()),
        (snapshots.join("ages.md"), ages::page(facts, &entries, &days)?),
        (snapshots.join("conflicts.md"), pages::conflicts(&entries)),
        (snapshots.join("grades.md"), pages::grades(facts, &entries)),
        (folder("docs").join("catalogue.md"), pages::index(&entries)),
    ])
}

fn main() -> Result<(), Box<dyn Error>> {
    let source = env::args().nth(1).map_or_else(|| folder("presets/catalogue"), PathBuf::from);
    for (path, text) in made(&read(&source)?)? {
        fs::create_dir_all(path.parent().ok_or("a file without a folder")?)?;
        fs::write(&path, &text)?;
        println!("{}: {} lines", path.display(), text.lines().count());
    }
    Ok(())
}
