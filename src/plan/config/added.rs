//! What a person ignores, as new lines of the configuration file.

use super::{NAME, Place, RawConfig, nearest, read_exclude};
use crate::error::{Error, Result};
use crate::plan::source::{Loaded, settled};
use crate::plan::{Decision, Decisions, Files};
use crate::text::{MAX_FILE_BYTES, TextFile, toml};
use std::path::Path;

/// The configuration file with what was decided to be ignored and is not said by a comment: as it is, or to be made, and its new
/// text; `None` where nothing is. All lines that are there stay.
///
/// Errors: it cannot be read; it says `exclude` in a way that takes no more at its end.
pub fn exclusions<'d>(files: &Files<'_>, decisions: &'d Decisions) -> Result<Option<(Loaded, String)>> {
    let of = |(service, decision): (&'d String, &'d Decision)| {
        let here = decision.ignored.iter().filter(|ignored| !ignored.is_comment);
        here.map(move |ignored| (service, &ignored.rule, &ignored.reason))
    };
    let ignored = || decisions.iter().flat_map(of);
    let Some(first) = files.sources().files().first().map(|f| f.path.clone()).filter(|_| ignored().next().is_some()) else {
        return Ok(None);
    };
    let loaded = match nearest(files, &first)? {
        Some(loaded) => loaded,
        None => files.source.absent(&first.with_file_name(NAME))?,
    };
    let folder = loaded.path().parent().map(Path::to_owned).unwrap_or_default();
    let first = settled(files.source, &first).unwrap_or(first);
    let real_folder = settled(files.source, loaded.path()).and_then(|path| Some(path.parent()?.to_owned())).unwrap_or_default();
    // A file above the project is that of others too.
    let own = first.parent().filter(|own| **own != real_folder).and_then(|own| own.strip_prefix(&real_folder).ok());
    let mut text = loaded.file().text().to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    for (service, rule, reason) in ignored() {
        if !text.is_empty() {
            text.push('\n');
        }
        text += "[[exclude]]\n";
        text += &format!("service = {}\n", quoted(service));
        if let Some(path) = own {
            text += &format!("path = {}\n", quoted(&path.display().to_string()));
        }
        if let Some(rule) = rule {
            text += &format!("rule = {}\n", quoted(rule.id()));
        }
        text += &format!("reason = {}\n", quoted(reason));
    }
    let wrong = |why: String| {
        let hint = "add it by hand; `rofs-harden explain configuration` says how".to_owned();
        Error::Impossible(format!("{} takes no [[exclude]] at its end: {why}", loaded.path().display()), Some(hint.into()))
    };
    let name = loaded.file().name().to_owned();
    let after = TextFile::new(name, text.clone().into_bytes(), MAX_FILE_BYTES).map_err(|e| wrong(e.to_string()))?;
    let raw: RawConfig = toml::read(after.text()).map_err(|e| wrong(e.message().to_owned()))?;
    let place = Place { files, text: &after, folder, first };
    let read = raw.exclude.into_iter().rev().take(ignored().count()).map(|raw| read_exclude(raw, &place).map_err(|(_, why)| wrong(why)));
    let read = read.collect::<Result<Vec<_>>>()?;
    let is_as_meant = ignored()
        .zip(read.into_iter().rev())
        .all(|((service, rule, reason), read)| read.is_some_and(|(r, s, why)| r == *rule && s.as_ref() == Some(service) && why == *reason));
    if is_as_meant { Ok(Some((loaded, text))) } else { Err(wrong("what it would say there is something else".into())) }
}

/// A text as a basic string of TOML, which takes the escapes of JSON, and no control character
/// as it is.
fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.replace('\u{7f}', "\\u007f")
}
