//! From the projects of a commit to what is proposed.

use super::body::{self, About};
use super::projects::{projects, wants_none};
use super::proof::Proof;
use super::report::Changed;
use crate::audit::Fix;
use crate::cli::args::{Pr, Trying};
use crate::cli::prepared::{Aim, Asking, Prepared};
use crate::compose::Project;
use crate::edge::commit::CommitFiles;
use crate::edge::forge::{FileChange, Mode};
use crate::edge::propose::{Offer, Scope, item};
use crate::error::{Error, Result};
use crate::evidence::Selection;
use crate::plan::source::{Loaded, name_below};
use crate::plan::{Files, Input, Options, Start};
use crate::report::diff;
use crate::rewrite::Rewrite;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where workflows are: a token needs a right of its own to change anything there, so nothing is.
pub(super) const WORKFLOWS: &str = ".github/workflows/";

/// A project that was planned.
pub(super) struct Unit {
    /// Its folder, or its main file if that was named.
    pub(super) folder: PathBuf,
    /// Path of its first file.
    pub(super) path: String,
    pub(super) plan: Prepared,
    /// Services that are not to be changed: declined, or failed.
    pub(super) without: Vec<String>,
    /// What a run showed of its services; none if it was not run.
    pub(super) proofs: Vec<Proof>,
}

/// Which services of a project are left out; `None`: all of it.
pub(super) type Without<'w> = &'w dyn Fn(&Project<'_>) -> Option<Vec<String>>;

/// What was asked for, for every project of a commit.
pub(super) struct Wanted<'w> {
    args: &'w Pr,
    selection: &'w Selection,
}

/// The projects of a commit: those that could be planned, and those that could not, with why.
pub(super) struct Planned {
    pub(super) units: Vec<Unit>,
    pub(super) problems: Vec<(String, String)>,
    /// The paths of those of which it is not known what they lack.
    pub(super) unread: Vec<String>,
}

impl<'w> Wanted<'w> {
    pub(super) fn new(args: &'w Pr, selection: &'w Selection) -> Self {
        Self { args, selection }
    }

    /// Plans the projects below these paths of the commit. One that cannot be read does not stop the others.
    ///
    /// Errors: those of the paths, and of where the files come from.
    pub(super) fn plan(&self, commit: &CommitFiles<'_>, paths: &[PathBuf]) -> Result<Planned> {
        self.plan_without(commit, paths, &|_| Some(Vec::new()))
    }

    /// Plans them without the services that `without` names for a project, or without the project if it says `None`.
    ///
    /// Errors: as for [`Self::plan`].
    pub(super) fn plan_without(&self, commit: &CommitFiles<'_>, paths: &[PathBuf], without: Without<'_>) -> Result<Planned> {
        let (folders, rest) = projects(commit, paths)?;
        // Of projects that were not looked at nothing is known.
        let unread = if rest.is_some() { vec![".".to_owned()] } else { Vec::new() };
        let mut planned = Planned { units: Vec::new(), problems: rest.into_iter().collect(), unread };
        for folder in folders {
            match self.unit(commit, &folder, without) {
                Ok(unit) => planned.units.extend(unit),
                // A full disk is no matter of one project.
                Err(error @ (Error::Forge(_) | Error::Interrupted | Error::Unverified(_) | Error::Write { .. })) => return Err(error),
                Err(error) => {
                    let path = folder.display().to_string();
                    if !matches!(error, Error::Refused { .. }) {
                        planned.unread.push(path.clone());
                    }
                    planned.problems.push((path, error.to_string()));
                }
            }
        }
        Ok(planned)
    }

    /// Plans one project without some of its services; `None` if it is left out.
    ///
    /// Errors: those of reading and planning; the repository wants no pull requests for it.
    fn unit(&self, commit: &CommitFiles<'_>, folder: &Path, without: Without<'_>) -> Result<Option<Unit>> {
        let is_file = commit.entry(&folder.display().to_string()).is_some();
        let main_folder = if is_file { folder.parent().unwrap_or(folder) } else { folder };
        refuse_where_none_is_wanted(commit, &main_folder.join("compose.yaml").display().to_string())?;
        let input = Input {
            start: Start::Path(folder.to_owned()),
            override_file: self.args.override_file.as_ref().map(|file| main_folder.join(file)),
            // Its text could come out in what is said for all to read.
            refuses_outside: true,
            ..Input::default()
        };
        let files = Files::read(commit, &input)?;
        let Some(without) = without(&files.project()?) else { return Ok(None) };
        let path = files.sources().files().first().map(|f| f.path.display().to_string()).unwrap_or_default();
        let options = self.options(&without);
        let plan = Prepared::of(&files, Asking { reports: true, ..Asking::plainly(&options, Aim::Show) })?;
        // It may change files of another folder, with a wish of its own.
        for (_, rewrite) in &plan.rewrites {
            refuse_where_none_is_wanted(commit, &path_of(rewrite))?;
        }
        Ok(Some(Unit { folder: folder.to_owned(), path, plan, without, proofs: Vec::new() }))
    }

    /// What was asked for, without some services.
    pub(super) fn options(&self, without: &[String]) -> Options {
        let mut selection = self.selection.clone();
        selection.skip.extend_from_slice(without);
        Options { explain_in_file: self.args.explain_in_file, ..self.args.choice.options(selection) }
    }

    /// How projects are run.
    pub(super) fn trying(&self) -> &Trying {
        &self.args.trying
    }

    /// The same projects without the services that were declined.
    pub(super) fn without(&self, commit: &CommitFiles<'_>, units: Vec<Unit>, declined: &dyn Fn(&str) -> bool) -> Result<Vec<Unit>> {
        let mut kept = Vec::new();
        for unit in units {
            let out: Vec<String> =
                unit.plan.accepted.iter().filter(|fix| declined(&unit.item(fix))).map(|fix| fix.service.clone()).collect();
            if out.is_empty() {
                kept.push(unit);
            } else {
                kept.push(self.less(commit, unit, &out)?);
            }
        }
        Ok(kept)
    }

    /// The same project without more of its services.
    pub(super) fn less(&self, commit: &CommitFiles<'_>, unit: Unit, services: &[String]) -> Result<Unit> {
        let without = [&unit.without, services].concat();
        // That the repository wants pull requests was seen before.
        Ok(self.unit(commit, &unit.folder, &|_| Some(without.clone()))?.unwrap_or(unit))
    }
}

/// Errors: [`Error::Refused`] for a file that the repository wants no pull request for; its wish cannot be read.
fn refuse_where_none_is_wanted(commit: &CommitFiles<'_>, path: &str) -> Result<()> {
    if !wants_none(commit, path)? {
        return Ok(());
    }
    let (reason, hint) = ("rofs-harden.toml says `pull-requests = false`".into(), "that is the repository's wish".into());
    Err(Error::Refused { path: path.into(), reason, hint })
}

impl Unit {
    /// What a person declines with a service of this project.
    fn item(&self, fix: &Fix) -> String {
        item(&self.path, &fix.service, &fix.changes.iter().map(|change| change.what.to_string()).collect::<Vec<_>>())
    }

    /// What is declined with all of it.
    pub(super) fn items(&self) -> impl Iterator<Item = String> {
        self.plan.accepted.iter().map(|fix| self.item(fix))
    }

    /// The services that it changes.
    pub(super) fn services(&self) -> impl Iterator<Item = Changed> {
        self.plan.accepted.iter().map(|fix| {
            let changes = fix.changes.iter().map(|change| change.what.to_string()).collect();
            Changed { project: self.path.clone(), service: fix.service.clone(), changes }
        })
    }

    /// Its patch, to be applied at the top of the work tree.
    pub(super) fn patch(&self) -> String {
        let mut text = String::new();
        for (loaded, rewrite) in &self.plan.rewrites {
            text += &diff::patch(rewrite, &path_of(rewrite), loaded.as_ref().is_some_and(Loaded::is_new));
        }
        text
    }

    /// The new bytes of its files.
    ///
    /// Errors: one of them is not to be changed by a pull request.
    pub(super) fn files(&self, commit: &CommitFiles<'_>) -> Result<Vec<FileChange>> {
        let mut files = Vec::new();
        for (_, rewrite) in &self.plan.rewrites {
            let path = path_of(rewrite);
            if path.starts_with(WORKFLOWS) {
                let hint = "name the other projects as PATH".to_owned();
                return Err(Error::Refused { path: path.into(), reason: "a forge lets no program change what is there".into(), hint });
            }
            let entry = commit.entry(&path);
            let old = entry.map(|entry| entry.id.clone());
            let program = entry.is_some_and(|entry| entry.mode == Mode::Program);
            files.push(FileChange { path, program, old, bytes: rewrite.after().text().as_bytes().to_vec() });
        }
        Ok(files)
    }
}

/// The path of a file that changes, as the commit has it.
pub(super) fn path_of(rewrite: &Rewrite) -> String {
    let name = rewrite.before().name();
    name_below(Path::new(name)).unwrap_or_else(|| name.to_owned())
}

/// What is proposed with these projects.
///
/// Errors: a file that a pull request cannot change; two projects that change one file in two ways.
pub(super) fn offer(
    args: &Pr,
    commit: &CommitFiles<'_>,
    units: &[Unit],
    about: &About,
    scope: &Scope,
    (base, branch, base_commit): (&str, String, &str),
) -> Result<Offer> {
    let mut files: Vec<FileChange> = Vec::new();
    for unit in units {
        for file in unit.files(commit)? {
            match files.iter().find(|other| other.path == file.path) {
                Some(other) if other.bytes == file.bytes => {}
                Some(_) => {
                    let what = format!("two projects change {} in two ways", file.path);
                    return Err(Error::Usage(what, Some("name one of them as PATH".into())));
                }
                None => files.push(file),
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Offer {
        branch,
        base: base.to_owned(),
        base_commit: base_commit.to_owned(),
        text: if files.is_empty() { String::new() } else { body::text(units, about) },
        files,
        items: units.iter().flat_map(Unit::items).collect::<BTreeSet<_>>().into_iter().collect(),
        scope: scope.clone(),
        draft: args.draft,
        labels: args.labels.clone(),
        reviewers: args.reviewers.clone(),
    })
}
