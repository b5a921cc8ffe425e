//! Which projects a commit has, and which of them its repository wants pull requests for.

use crate::edge::commit::CommitFiles;
use crate::error::{Error, Result};
use crate::plan::source::{FileSource, Listing, Unread, name_below};
use crate::plan::{CONFIG_NAME, MAIN_NAMES, preset_files, pull_requests};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A project that is not looked at, and why.
type Problem = (String, String);

/// Most projects of one repository: each costs requests, and its services lines of a text.
const MAX_PROJECTS: usize = 300;
/// Most files of presets that one configuration names.
const MAX_PRESETS: usize = 100;

/// The projects: the folders below one of `tops` (all, if there is none) that have a main file, and files that are named themselves.
///
/// With them comes what is said if there are too many.
///
/// Errors: a path that is not there, or has no project.
pub(super) fn projects(commit: &CommitFiles<'_>, tops: &[PathBuf]) -> Result<(Vec<PathBuf>, Option<Problem>)> {
    let mains = || commit.paths().map(Path::new).filter(|path| is_main(path));
    let folder = |main: &Path| main.parent().map(|f| if f.as_os_str().is_empty() { PathBuf::from(".") } else { f.to_owned() });
    let mut found = BTreeSet::new();
    if tops.is_empty() {
        found.extend(mains().filter_map(folder));
    }
    for top in tops {
        let before = found.len();
        if commit.has(top.to_str().unwrap_or_default()) {
            found.insert(top.clone());
        } else {
            let top = if top == Path::new(".") { Path::new("") } else { top };
            found.extend(mains().filter(|main| main.starts_with(top)).filter_map(folder));
        }
        if found.len() == before {
            let what = format!("there is no project in {} of that commit", top.display());
            let hint = "paths are those of the commit, which may differ from the files here".to_owned();
            return Err(Error::Usage(what, Some(hint)));
        }
    }
    let rest = found.iter().nth(MAX_PROJECTS).map(|first| {
        let what = format!("more than {MAX_PROJECTS} projects; this one and those behind it are left out: name some as PATH");
        (first.display().to_string(), what)
    });
    Ok((found.into_iter().take(MAX_PROJECTS).collect(), rest))
}

/// Whether the repository wants no pull request that changes a file: the nearest `rofs-harden.toml` above it that says so decides.
///
/// Errors: one of them cannot be read, and so not the wish in it, or names too many presets; those of the origin.
pub(super) fn wants_none(commit: &CommitFiles<'_>, path: &str) -> Result<bool> {
    for folder in Path::new(path).ancestors().skip(1) {
        let Some(name) = name_below(&folder.join(CONFIG_NAME)).filter(|name| commit.has(name)) else { continue };
        let loaded = commit.read_inside(&[commit.root_of(Path::new(&name))?], Path::new(&name));
        let text = match loaded {
            Ok(loaded) => Ok(loaded.file().text().to_owned()),
            Err(Unread::Stopped(error)) => return Err(error),
            Err(Unread::Failed(error)) => Err(error.to_string()),
            Err(Unread::Outside(outside)) => Err(format!("it is outside of {}", outside.of)),
        };
        if let Ok(text) = &text {
            expect_few_presets(&name, text)?;
        }
        match text.and_then(|text| pull_requests(&text)) {
            Ok(Some(may)) => return Ok(!may),
            Ok(None) => {}
            Err(why) => {
                let hint = "it may hold the wish that there be no pull requests, so none is made".to_owned();
                return Err(Error::Usage(format!("cannot read {name}: {why}"), Some(hint)));
            }
        }
    }
    Ok(false)
}

/// Errors: a configuration names more presets than are worth a request each.
fn expect_few_presets(name: &str, text: &str) -> Result<()> {
    let folder = Path::new(name).parent().unwrap_or(Path::new(""));
    let presets: BTreeSet<String> = preset_files(text).iter().filter_map(|preset| name_below(&folder.join(preset))).collect();
    if presets.len() > MAX_PRESETS {
        let what = format!("{name} names more than {MAX_PRESETS} files of presets");
        return Err(Error::Usage(what, Some("put presets into fewer files".into())));
    }
    Ok(())
}

fn is_main(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| MAIN_NAMES.contains(&name))
}
