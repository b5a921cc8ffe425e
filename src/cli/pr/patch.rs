//! The change as files, for any forge.

use super::body::About;
use super::offer::{self, Planned, Unit, Wanted};
use super::stage::{Origin, Stage};
use super::{below, short, split};
use crate::cli::args::Pr;
use crate::cli::harden::Status;
use crate::cli::ui::{Ui, clean_line};
use crate::edge::disk;
use crate::edge::git::Git;
use crate::edge::propose::Scope;
use crate::error::{Error, Result};
use std::path::Path;

/// Writes what would be proposed for the commit that is checked out, and asks no forge.
pub(super) fn run(ui: &Ui, args: &Pr, wanted: &Wanted<'_>, folder: &Path) -> Result<Status> {
    let git = Git::open(Path::new("."), None)?;
    let commit = git.resolve("HEAD")?.ok_or_else(|| Error::Usage("the checkout has no commit".into(), None))?;
    let base = git.current_branch()?.unwrap_or_else(|| commit.clone());
    let paths = below(git.top(), &args.paths)?;
    let out = disk::absolute(folder).unwrap_or_else(|| folder.to_owned());
    let mut files = Vec::new();
    let problems = {
        let mut stage = Stage::new(Origin::Git(&git), &commit)?;
        let Planned { units, problems, .. } = wanted.plan(&mut stage, &paths)?;
        let layer = args.override_file.as_ref().map(|file| file.display().to_string());
        for (branch, units) in split(args, &base, units) {
            let about = About { problems: Vec::new(), declined: Vec::new(), layer: layer.clone() };
            let offer = offer::offer(args, &stage, &units, &about, &Scope::default(), (&base, branch, &commit))?;
            if !offer.is_empty() {
                let suffix = if args.split_by.is_some() { format!("-{}", short(&units[0].path)) } else { String::new() };
                let patch = units.iter().map(Unit::patch).collect::<Result<String>>()?;
                files.push((out.join(format!("changes{suffix}.patch")), patch));
                files.push((out.join(format!("body{suffix}.md")), offer.text));
            }
        }
        problems
    };
    for (path, why) in &problems {
        ui.warn(&clean_line(&format!("{path}: {why}")));
    }
    if files.is_empty() {
        ui.note("nothing to do: nothing is missing that would be proposed");
        return Ok(Status::Done);
    }
    let failed = |path: &Path, e: &std::io::Error| Error::Write { path: path.to_owned(), reason: e.to_string() };
    std::fs::create_dir_all(&out).map_err(|e| failed(&out, &e))?;
    for (path, text) in &files {
        std::fs::write(path, text).map_err(|e| failed(path, &e))?;
        ui.out(&format!("{}\n", clean_line(&path.display().to_string())));
    }
    Ok(Status::Done)
}
