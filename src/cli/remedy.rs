//! What to do about something, as options of the command line.

use crate::error::Error;
use crate::remedy::Remedy;
use crate::text::{nearest, shell_word};
use std::path::{Path, PathBuf};

/// Most files of a folder among which a name is looked for.
const MOST_BESIDE: usize = 1000;

/// What to do, in a sentence fragment.
pub(super) fn say(remedy: &Remedy) -> String {
    match remedy {
        Remedy::ByHand(words) => words.clone(),
        Remedy::Consent => "--unsafe-fixes includes it".to_owned(),
        Remedy::NamePreset { preset: Some(_), .. } => format!("name one: {}", option(remedy)),
        Remedy::NamePreset { service, preset: None } => {
            let service = shell_word(service);
            format!("--service {service}=PRESET names what it is; `presets` lists what is known")
        }
        Remedy::Extra { name, what } => format!("--with {name}: {what}"),
        Remedy::NameVolumes { target, how } => {
            format!("`--with named-volumes` adds `- NAME:{target}`, and {how}; `explain moving-data` says more")
        }
        Remedy::OwnLayer(path) => {
            format!("a layer of its own can take the change: rofs-harden --override {}", word(path))
        }
        Remedy::WiderRoot(folder) => {
            format!("bring the file into the project, or widen the project's root with --root {}", word(folder))
        }
        Remedy::AllowBinds => "--allow-binds lets it".to_owned(),
        Remedy::RunWithHost => "--allow-binds runs it all the same".to_owned(),
        Remedy::AgainstOriginal => "--against-original tells whether it always does".to_owned(),
    }
}

/// The option alone, where that is all; else what to do.
pub(super) fn option(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Consent => "--unsafe-fixes".to_owned(),
        Remedy::NamePreset { service, preset: Some(preset) } => {
            format!("--service {}", shell_word(&format!("{service}={preset}")))
        }
        other => say(other),
    }
}

/// The same above what is to be pasted.
pub(super) fn with_paste(remedy: &Remedy, paste: &str) -> String {
    match remedy {
        Remedy::OwnLayer(path) if !paste.is_empty() => {
            format!("a layer of its own can take it (--override {}):", path.display())
        }
        _ => say(remedy),
    }
}

/// How extras are asked for.
pub(super) fn with(extras: &[&str]) -> String {
    format!("--with {}", extras.join(","))
}

/// What to do about a failure.
pub(super) fn of_error(error: &Error) -> Option<String> {
    if let Error::Read { path, .. } = error
        && let Some(near) = near_path(path)
    {
        return Some(format!("did you mean {}?", near.display()));
    }
    error.remedy().map_or_else(|| error.hint(), |remedy| Some(say(remedy)))
}

/// The path beside one that is not there with the nearest name, if one is near.
fn near_path(path: &Path) -> Option<PathBuf> {
    let name = path.file_name().filter(|_| !path.exists())?.to_str()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = std::fs::read_dir(folder).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut beside: Vec<String> = beside.take(MOST_BESIDE).collect();
    beside.sort();
    nearest(name, beside.iter().map(String::as_str)).map(|near| path.with_file_name(near))
}

fn word(path: &Path) -> String {
    shell_word(&path.display().to_string()).into_owned()
}
