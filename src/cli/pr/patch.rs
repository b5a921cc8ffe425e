//! The change as files, for any forge.

use super::offer::{Planned, Wanted};
use super::{below, opening, short, split};
use crate::cli::args::Pr;
use crate::cli::harden::Status;
use crate::cli::ui::Ui;
use crate::edge::commit::{CommitFiles, Origin};
use crate::edge::disk;
use crate::edge::git::Git;
use crate::error::{Error, Result};
use crate::propose::body::{About, WRITTEN_BY};
use crate::propose::{Branches, Offer, Scope, Unit};
use crate::text::clean_line;
use std::path::Path;

/// Writes what would be proposed for the commit that is checked out, and asks no forge.
pub(super) fn run(ui: &Ui, args: &Pr, wanted: &Wanted<'_>, folder: &Path) -> Result<Status> {
    let git = Git::open(Path::new("."), None)?;
    let commit = git.head()?.ok_or_else(|| {
        Error::Usage("the checkout has no commit".into(), Some("commit its files first: what is proposed is a change of a commit".into()))
    })?;
    let base = git.current_branch()?.unwrap_or_else(|| commit.clone());
    let paths = below(git.top(), &args.paths)?;
    let mut files = Vec::new();
    let tree = CommitFiles::new(Origin::Git(&git), &commit)?;
    let Planned { units, problems, unread } = wanted.plan(&tree, &paths)?;
    let layer = args.override_file.as_ref().map(|file| file.display().to_string());
    for (branch, units) in split(args, &base, units) {
        let problems = if args.split_by.is_none() { problems.clone() } else { Vec::new() };
        let about = About { problems, declined: Vec::new(), layer: layer.clone() };
        let branches = Branches { base: &base, base_commit: &commit, branch: &branch };
        let entry = |path: &str| tree.entry(path).cloned();
        let offer = Offer::of(&units, &about, &Scope::default(), branches, &opening(args), &entry)?;
        if !offer.is_empty() {
            let suffix = if args.split_by.is_some() { format!("-{}", short(&units[0].path)) } else { String::new() };
            let patch = units.iter().map(Unit::patch).collect();
            files.push((format!("changes{suffix}.patch"), patch));
            files.push((format!("body{suffix}.md"), offer.text));
        }
    }
    // As for a proposal: of what could not be read it is not known what it lacks.
    let status = if unread.is_empty() { Status::Done } else { Status::Failed };
    for (path, why) in &problems {
        ui.warn(&clean_line(&format!("{path}: {why}")));
    }
    let out = disk::output(git.top(), folder)?;
    for name in stale(&out) {
        disk::remove(&out, &name)?;
    }
    if files.is_empty() {
        ui.note("nothing to do: nothing is missing that would be proposed");
        return Ok(status);
    }
    for (name, text) in &files {
        let path = disk::put(&out, name, text)?;
        ui.out(&format!("{}\n", clean_line(&path.display().to_string())));
    }
    Ok(status)
}

/// What an earlier run left there: texts that say so of themselves, each with its patch. Other files may have such a name as well.
fn stale(folder: &Path) -> Vec<String> {
    let names = disk::plain_files(folder);
    let is_ours = |name: &str| disk::read(&folder.join(name)).is_ok_and(|text| text.file().text().contains(WRITTEN_BY));
    let suffixes = names.iter().filter_map(|name| Some((name, name.strip_prefix("body")?.strip_suffix(".md")?)));
    let ours = suffixes.filter(|(name, suffix)| is_suffix(suffix) && is_ours(name));
    let pairs = ours.flat_map(|(name, suffix)| [name.clone(), format!("changes{suffix}.patch")]);
    pairs.filter(|name| names.contains(name)).collect()
}

/// Whether this is what tells the files of one project from those of another one.
fn is_suffix(text: &str) -> bool {
    text.is_empty() || text.strip_prefix('-').is_some_and(|hash| hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
}
