//! What an image must write: what is known of it, and the same in Compose and as options of `docker run`.

use super::find::unknown;
use crate::audit::{Finding, audit};
use crate::cli::asked::preset;
use crate::compose::{Image, Project, Sources, Texts};
use crate::error::{Error, Result};
use crate::evidence::catalogue;
use crate::evidence::preset::Preset;
use crate::evidence::{Confidence, Selection, known, needs};
use crate::report::docker_run::docker_run;
use crate::report::style::wrap;
use crate::rewrite::{Options, rewrite};
use crate::text::{FileId, MAX_FILE_BYTES, TextFile};
use crate::yaml::{Stream, quote_if_needed};
use std::path::Path;
use std::sync::Arc;

/// Most columns of a text that is read line by line.
pub(super) const MOST_COLUMNS: usize = 100;

/// Everything that is known of a preset, an image, or a preset file, in lines of so many columns where a person reads it.
///
/// Errors: nothing is; a preset file that is wrong.
pub(super) fn text(name: &str, columns: Option<usize>) -> Result<String> {
    let is_file = name.starts_with(['.', '/', '~']) || name.contains('\\') || Path::new(name).extension().is_some_and(|e| e == "toml");
    let (preset, image) = if is_file {
        (Arc::new(preset(name)?), None)
    } else if let (false, Ok(preset)) = (name.contains(['/', ':', '@']), Preset::embedded(name)) {
        (Arc::new(preset), None)
    } else {
        let image = Image::parse(name).ok_or_else(|| unknown(name))?;
        (known(image.repository)?.ok_or_else(|| unknown(image.repository))?, Some(name))
    };
    let named = image.or(preset.images.first().map(String::as_str)).and_then(Image::parse);
    let of_catalogue = || catalogue::find(named?.repository)?.check();
    let check = preset.check.clone().or_else(of_catalogue);
    let mut text = Preset { check, ..Preset::clone(&preset) }.describe(columns.unwrap_or(MOST_COLUMNS));
    let first = preset.images.first().cloned();
    if let Some(image) = image.map(ToOwned::to_owned).or(first) {
        text += &usage(&preset, &image, columns)?;
    }
    Ok(text)
}

/// A service of the image as the program hardens it.
fn usage(preset: &Arc<Preset>, image: &str, columns: Option<usize>) -> Result<String> {
    let unverified = Error::Unverified;
    let compose = format!("services:\n  app:\n    image: {}\n", quote_if_needed(image, false));
    let file = TextFile::new("compose.yaml", compose.into_bytes(), MAX_FILE_BYTES).map_err(|e| unverified(e.to_string()))?;
    let sources = Sources::single(Stream::parse(&file, FileId(0)).map_err(|e| unverified(e.message))?);
    let project = Project::read(&sources).map_err(|e| unverified(e.message))?;
    // A preset file is named for the service; it may know the image better than the program does.
    let forced = if known_as(preset, image)? { Vec::new() } else { vec![("app".to_owned(), preset.clone())] };
    let selection = Selection { auto: true, assume: true, forced, ..Selection::default() };
    let needs = needs(&project, &selection, &Texts::new())?;
    let findings = audit(&project, &needs);
    let Some(fix) = findings.iter().find_map(|f: &Finding| f.fix.as_ref()) else { return Ok(String::new()) };
    let outcome = rewrite(&project, &[fix], &needs, Options::default())?;
    let Some(after) = outcome.rewrites.first() else { return Ok(String::new()) };
    let guess = needs.first().filter(|need| need.basis.confidence == Confidence::Assumed).map(|need| need.basis.text.clone());
    let guess = guess.map(|why| format!(" (a guess: {why})")).unwrap_or_default();
    let indent = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") };
    let indented: String = after.after().text().lines().map(indent).collect();
    let heading = wrap(&format!("in Compose{guess}"), columns.unwrap_or(usize::MAX)).join("\n");
    let run = docker_run(fix, image);
    // A command goes on behind a backslash, but not in the middle of a quoted word.
    let run = match columns.filter(|_| !run.contains('\'')) {
        Some(columns) => wrap(&run, columns.saturating_sub(6)).join(" \\\n    "),
        None => run,
    };
    Ok(format!("\n{heading}\n{indented}\nwith docker run\n  {run}\n"))
}

/// Whether the program would take that preset for the image by itself.
fn known_as(preset: &Preset, image: &str) -> Result<bool> {
    let Some(image) = Image::parse(image) else { return Ok(false) };
    Ok(known(image.repository)?.is_some_and(|known| *known == *preset))
}
