//! `presets`: what there is, and what each adds and why.

use super::args::Presets;
use super::asked::preset;
use super::harden::Status;
use super::ui::Ui;
use crate::edge::disk;
use crate::error::Result;
use crate::evidence::preset::{Preset, list};
use crate::text::{clean, count};

/// Runs the verb.
pub(super) fn run(ui: &Ui, what: &Presets) -> Result<Status> {
    match what {
        Presets::List => {
            let width = list().map(|(name, _)| name.len()).max().unwrap_or(0);
            list().for_each(|(name, summary)| ui.out(&format!("{name:width$}  {summary}\n")));
            ui.hint("`rofs-harden presets show NAME` says what a preset adds and why");
        }
        Presets::Show { name } => ui.out(&clean(&preset(name)?.describe())),
        Presets::Check { file } => {
            let loaded = disk::read(file)?;
            let preset = Preset::parse(&file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default(), loaded.file())?;
            let paths = count(preset.writable.len(), "writable path", "writable paths");
            ui.note(&format!("{} is a good preset ({paths})", clean(loaded.file().name())));
        }
    }
    Ok(Status::Done)
}
