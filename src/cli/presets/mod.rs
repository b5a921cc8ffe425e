//! `presets`: what is known of images, where each is from, and how sure it is.

mod find;
mod show;

use super::args::{AnswerFormat, Find, Presets};
use super::harden::Status;
use super::ui::Ui;
use crate::edge::disk;
use crate::error::Result;
use crate::evidence::preset::Preset;
use crate::text::{clean, count};

/// Runs the verb.
pub(super) fn run(ui: &Ui, what: Option<&Presets>, search: &Find) -> Result<Status> {
    match what {
        None => list(ui, search)?,
        Some(Presets::List(search)) => list(ui, search)?,
        Some(Presets::Show { name }) => {
            let columns = ui.for_a_person().then(|| ui.width().min(show::MOST_COLUMNS));
            ui.paged(&clean(&show::text(name, columns)?));
        }
        Some(Presets::Check { file }) => {
            let loaded = disk::read(file)?;
            let preset = Preset::parse(&file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default(), loaded.file())?;
            let paths = count(preset.writable.len(), "writable path", "writable paths");
            ui.note(&format!("{} is a good preset ({paths})", clean(loaded.file().name())));
        }
    }
    Ok(Status::Done)
}

fn list(ui: &Ui, search: &Find) -> Result<()> {
    let found = find::find(search.word.as_deref())?;
    if search.format == AnswerFormat::Json {
        let found = if search.word.is_none() { find::all()? } else { found };
        return ui_json(ui, &found);
    }
    let width = ui.for_a_person().then(|| ui.width());
    let text = if search.word.is_none() { find::groups(&found, width) } else { find::table(&found, width) };
    ui.paged(&clean(&text));
    ui.hint("`rofs-harden presets show NAME` says where it writes and why; `rofs-harden presets WORD` also finds images of the catalogue");
    Ok(())
}

/// What the list for programs looks like.
pub(super) fn schema() -> schemars::Schema {
    schemars::schema_for!(find::Listed<'static>)
}

fn ui_json(ui: &Ui, found: &[find::Found]) -> Result<()> {
    ui.out(&crate::report::json::json(&find::Listed::of(found))?);
    Ok(())
}
