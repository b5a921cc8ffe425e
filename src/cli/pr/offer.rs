//! From the projects of a commit to what is proposed.

use super::body::{self, About};
use super::proof::Proof;
use super::report::Changed;
use super::stage::Stage;
use crate::audit::Fix;
use crate::cli::args::{Harden, Input, Pr, Trying};
use crate::cli::plan::{Asking, Plan};
use crate::compose::Project;
use crate::edge::disk;
use crate::edge::forge::{FileChange, Mode};
use crate::edge::propose::{Offer, Scope, item};
use crate::error::{Error, Result};
use crate::evidence::Selection;
use crate::report::diff;
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
    pub(super) plan: Plan,
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
    harden: Harden,
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
        let harden = Harden { choice: args.choice.clone(), explain_in_file: args.explain_in_file, ..Harden::default() };
        Self { args, selection, harden }
    }

    /// Plans the projects below these paths of the commit. One that cannot be read does not stop the others.
    ///
    /// Errors: those of the paths, and of where the files come from.
    pub(super) fn plan(&self, stage: &mut Stage<'_>, paths: &[PathBuf]) -> Result<Planned> {
        self.plan_without(stage, paths, &|_| Some(Vec::new()))
    }

    /// Plans them without the services that `without` names for a project, or without the project if it says `None`.
    ///
    /// Errors: as for [`Self::plan`].
    pub(super) fn plan_without(&self, stage: &mut Stage<'_>, paths: &[PathBuf], without: Without<'_>) -> Result<Planned> {
        let (folders, rest) = stage.projects(paths)?;
        // Of projects that were not looked at nothing is known.
        let unread = if rest.is_some() { vec![".".to_owned()] } else { Vec::new() };
        let mut planned = Planned { units: Vec::new(), problems: rest.into_iter().collect(), unread };
        for folder in folders {
            match self.unit(stage, &folder, without) {
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
    fn unit(&self, stage: &mut Stage<'_>, folder: &Path, without: Without<'_>) -> Result<Option<Unit>> {
        let main_folder = if folder.is_dir() || stage.entry(&folder.display().to_string()).is_none() {
            folder
        } else {
            folder.parent().unwrap_or(folder)
        };
        refuse_where_none_is_wanted(stage, &main_folder.join("compose.yaml").display().to_string())?;
        let layer = self.args.override_file.as_ref().map(|file| main_folder.join(file));
        let files = stage.read(folder, &Input::default(), layer.as_deref())?;
        let Some(without) = without(&files.project()?) else { return Ok(None) };
        let path = files.sources.files().first().map(|f| f.path.display().to_string()).unwrap_or_default();
        let selection = self.selection_without(&without);
        let asking = Asking { selection: &selection, oracle: None, reviewer: None, view: None, tries: false, reports: true };
        let plan = Plan::new(files, &self.harden, asking)?;
        // It may change files of another folder, with a wish of its own.
        for (_, rewrite) in &plan.rewrites {
            let (_, path) = disk::name_in_patch(&plan.root, Path::new(rewrite.before().name()))?;
            refuse_where_none_is_wanted(stage, &path)?;
        }
        Ok(Some(Unit { folder: folder.to_owned(), path, plan, without, proofs: Vec::new() }))
    }

    /// What was asked for, without some services.
    pub(super) fn selection_without(&self, without: &[String]) -> Selection {
        let mut selection = self.selection.clone();
        selection.skip.extend_from_slice(without);
        selection
    }

    /// The options as the fixing verb has them.
    pub(super) fn harden(&self) -> &Harden {
        &self.harden
    }

    /// How projects are run.
    pub(super) fn trying(&self) -> &Trying {
        &self.args.trying
    }

    /// The same projects without the services that were declined.
    pub(super) fn without(&self, stage: &mut Stage<'_>, units: Vec<Unit>, declined: &dyn Fn(&str) -> bool) -> Result<Vec<Unit>> {
        let mut kept = Vec::new();
        for unit in units {
            let out: Vec<String> =
                unit.plan.accepted.iter().filter(|fix| declined(&unit.item(fix))).map(|fix| fix.service.clone()).collect();
            if out.is_empty() {
                kept.push(unit);
            } else {
                kept.push(self.less(stage, unit, &out)?);
            }
        }
        Ok(kept)
    }

    /// The same project without more of its services.
    pub(super) fn less(&self, stage: &mut Stage<'_>, unit: Unit, services: &[String]) -> Result<Unit> {
        let without = [&unit.without, services].concat();
        // That the repository wants pull requests was seen before.
        Ok(self.unit(stage, &unit.folder, &|_| Some(without.clone()))?.unwrap_or(unit))
    }
}

/// Errors: [`Error::Refused`] for a file that the repository wants no pull request for; its wish cannot be read.
fn refuse_where_none_is_wanted(stage: &mut Stage<'_>, path: &str) -> Result<()> {
    if !stage.wants_none(path)? {
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
    pub(super) fn patch(&self) -> Result<String> {
        let mut text = String::new();
        for (loaded, rewrite) in &self.plan.rewrites {
            let (_, path) = disk::name_in_patch(&self.plan.root, Path::new(rewrite.before().name()))?;
            text += &diff::patch(rewrite, &path, loaded.as_ref().is_some_and(disk::Loaded::is_new));
        }
        Ok(text)
    }

    /// The new bytes of its files.
    ///
    /// Errors: one of them is not to be changed by a pull request.
    pub(super) fn files(&self, stage: &Stage<'_>) -> Result<Vec<FileChange>> {
        let mut files = Vec::new();
        for (_, rewrite) in &self.plan.rewrites {
            let (_, path) = disk::name_in_patch(&self.plan.root, Path::new(rewrite.before().name()))?;
            if path.starts_with(WORKFLOWS) {
                let hint = "name the other projects as PATH".to_owned();
                return Err(Error::Refused { path: path.into(), reason: "a forge lets no program change what is there".into(), hint });
            }
            let entry = stage.entry(&path);
            let old = entry.map(|entry| entry.id.clone());
            let program = entry.is_some_and(|entry| entry.mode == Mode::Program);
            files.push(FileChange { path, program, old, bytes: rewrite.after().text().as_bytes().to_vec() });
        }
        Ok(files)
    }
}

/// What is proposed with these projects.
///
/// Errors: a file that a pull request cannot change; two projects that change one file in two ways.
pub(super) fn offer(
    args: &Pr,
    stage: &Stage<'_>,
    units: &[Unit],
    about: &About,
    scope: &Scope,
    (base, branch, commit): (&str, String, &str),
) -> Result<Offer> {
    let mut files: Vec<FileChange> = Vec::new();
    for unit in units {
        for file in unit.files(stage)? {
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
        base_commit: commit.to_owned(),
        text: if files.is_empty() { String::new() } else { body::text(units, about) },
        files,
        items: units.iter().flat_map(Unit::items).collect::<BTreeSet<_>>().into_iter().collect(),
        scope: scope.clone(),
        draft: args.draft,
        labels: args.labels.clone(),
        reviewers: args.reviewers.clone(),
    })
}
