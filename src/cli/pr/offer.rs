//! From the projects of a commit to what is proposed.

use super::projects::{projects, wants_none};
use crate::cli::args::{Pr, Trying};
use crate::compose::Project;
use crate::edge::commit::CommitFiles;
use crate::error::{Error, Result};
use crate::evidence::Selection;
use crate::plan::{Files, Input, Options, Plan, Start};
use crate::propose::{Unit, path_of};
use std::path::{Path, PathBuf};

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
        let plan = Plan::of(&files, &self.options(&without))?;
        // It may change files of another folder, with a wish of its own.
        for rewrite in &plan.rewrites {
            refuse_where_none_is_wanted(commit, &path_of(rewrite))?;
        }
        Unit::of(&files, plan, folder, without).map(Some)
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
            let out: Vec<String> = unit.accepted.iter().filter(|fix| declined(&unit.item(fix))).map(|fix| fix.service.clone()).collect();
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
