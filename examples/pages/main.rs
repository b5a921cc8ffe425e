//! Makes the pages of the site that are not written by hand: one an image, one an error message.
//!
//!     cargo run --example pages -- FOLDER

#![allow(clippy::disallowed_methods, clippy::disallowed_macros, clippy::print_stderr, reason = "it reads files and writes pages")]

mod failure;
mod image;
mod markdown;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// A page: its file below the folder, and its text.
struct Page {
    path: String,
    title: String,
    text: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which folder? cargo run --example pages -- FOLDER")?);
    let images = image::pages()?;
    let failures = failure::pages(include_str!("../../tests/data/errors.json"))?;
    eprintln!("{} images, {} error messages", images.len(), failures.len());
    write(&folder, "images", IMAGES, &images)?;
    write(&folder, "errors", ERRORS, &failures)?;
    Ok(())
}

const IMAGES: &str = "# Images\n\nWhat each image writes, as whom, and the lines of Compose with which it runs on a read-only root filesystem. \
                      The search finds them by name.\n\n";
const ERRORS: &str = "# Error messages\n\nWhat programs say where they cannot write, and the lines that mend it. `rofs-harden diagnose` reads a whole \
                      log.\n\n";

/// Writes pages and the list of them.
fn write(folder: &Path, section: &str, head: &str, pages: &[Page]) -> Result<(), Box<dyn Error>> {
    let folder = folder.join(section);
    fs::create_dir_all(&folder)?;
    let mut index = head.to_owned();
    for Page { path, title, text } in pages {
        fs::write(folder.join(path), text)?;
        index += &format!("- [{}]({path})\n", markdown::prose(title));
    }
    fs::write(folder.join("index.md"), index)?;
    Ok(())
}

/// A name as a file: letters, digits and dashes.
fn file_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => name.push(c.to_ascii_lowercase()),
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    name.trim_end_matches('-').chars().take(100).collect::<String>() + ".md"
}
