//! A project that is proposed: what outlives its plan.

use super::data::{Entry, FileChange, Mode};
use super::report::Changed;
use super::{Offer, Scope, body, item};
use crate::audit::Fix;
use crate::error::{Error, Result};
use crate::plan::source::{Loaded, name_below};
use crate::plan::{Files, HeldBack, Plan};
use crate::report::collect::collect;
use crate::report::remarks::{Remark, Unnamed, remarks};
use crate::report::{data, diff};
use crate::rewrite::Rewrite;
use crate::trial::Verdict;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where workflows are: a token needs a right of its own to change anything there, so nothing is.
pub const WORKFLOWS: &str = ".github/workflows/";

/// A project that was planned.
pub struct Unit {
    /// Its folder, or its main file if that was named.
    pub folder: PathBuf,
    /// Path of its first file.
    pub path: String,
    /// Fixes that are carried out.
    pub accepted: Vec<Fix>,
    /// Services whose fix is assumed.
    pub held_back: Vec<HeldBack>,
    /// Services that the repository leaves out, and why.
    pub left_out: Vec<(String, String)>,
    /// What was left alone and why.
    pub remarks: Vec<Remark>,
    /// Where data lie in volumes without a name.
    pub unnamed: Vec<Unnamed>,
    /// What its services can write to before and after.
    pub report: data::Project,
    /// The files that change.
    pub rewrites: Vec<Changing>,
    /// Services that are not to be changed: declined, or failed.
    pub without: Vec<String>,
    /// What a run showed of its services; none if it was not run.
    pub proofs: Vec<Proof>,
}

/// A file that changes.
pub struct Changing {
    /// How.
    pub rewrite: Rewrite,
    /// Whether it was not there before.
    pub is_new: bool,
}

/// What a run showed of one service.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Its name.
    pub service: String,
    /// What is said of it.
    pub verdict: Verdict,
    /// Why, in words for everybody.
    pub why: String,
}

/// How a pull request is opened.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// Whether it is not ready for review.
    pub draft: bool,
    /// Its labels.
    pub labels: Vec<String>,
    /// Who is asked to review it.
    pub reviewers: Vec<String>,
}

/// The branches and the commit that an offer is about.
#[derive(Clone, Copy, Debug)]
pub struct Branches<'b> {
    /// The branch that it is for.
    pub base: &'b str,
    /// The commit of `base` that it was planned on.
    pub base_commit: &'b str,
    /// The branch that holds it.
    pub branch: &'b str,
}

/// What a path of a commit is, if it is there.
pub type Entries<'e> = &'e dyn Fn(&str) -> Option<Entry>;

impl Unit {
    /// What outlives the plan of a project.
    ///
    /// Errors: a law does not hold.
    pub fn of(files: &Files<'_>, plan: Plan<'_>, folder: &Path, without: Vec<String>) -> Result<Self> {
        let main = files.sources().files().first();
        let changing = |rewrite: Rewrite| {
            let is_new = files.loaded(rewrite.file()).is_some_and(Loaded::is_new);
            Changing { rewrite, is_new }
        };
        Ok(Self {
            folder: folder.to_owned(),
            path: main.map(|file| file.path.display().to_string()).unwrap_or_default(),
            unnamed: Unnamed::of(&plan.unnamed),
            remarks: remarks(&plan.project, &plan.findings, &plan.refused)?,
            report: collect(&plan, false, ToString::to_string)?,
            accepted: plan.accepted,
            held_back: plan.held_back,
            left_out: plan.left_out,
            rewrites: plan.rewrites.into_iter().map(changing).collect(),
            without,
            proofs: Vec::new(),
        })
    }

    /// What a person declines with a service of this project.
    pub fn item(&self, fix: &Fix) -> String {
        let changes: Vec<String> = fix.changes.iter().map(|change| change.what.to_string()).collect();
        item(&self.path, &fix.service, &changes)
    }

    /// What is declined with all of it.
    pub fn items(&self) -> impl Iterator<Item = String> {
        self.accepted.iter().map(|fix| self.item(fix))
    }

    /// Names of the services that change.
    pub fn changed(&self) -> impl Iterator<Item = &str> {
        self.accepted.iter().map(|fix| fix.service.as_str())
    }

    /// The names of all services.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.report.services.iter().map(|service| service.name.as_str())
    }

    /// The services that it changes, with how.
    pub fn changes(&self) -> impl Iterator<Item = Changed> {
        self.accepted.iter().map(|fix| {
            let changes = fix.changes.iter().map(|change| change.what.to_string()).collect();
            Changed { project: self.path.clone(), service: fix.service.clone(), changes }
        })
    }

    /// Its patch, to be applied at the top of the work tree.
    pub fn patch(&self) -> String {
        let patch = |file: &Changing| diff::patch(&file.rewrite, &path_of(&file.rewrite), file.is_new);
        self.rewrites.iter().map(patch).collect()
    }

    /// The new bytes of its files.
    ///
    /// Errors: one of them is not to be changed by a pull request.
    pub fn files(&self, entries: Entries<'_>) -> Result<Vec<FileChange>> {
        let mut files = Vec::new();
        for Changing { rewrite, .. } in &self.rewrites {
            let path = path_of(rewrite);
            if path.starts_with(WORKFLOWS) {
                let reason = "a forge lets no program change what is there".to_owned();
                let hint = "name the other projects as PATH".to_owned();
                return Err(Error::Refused { path: path.into(), reason, hint });
            }
            let entry = entries(&path);
            let program = entry.as_ref().is_some_and(|entry| entry.mode == Mode::Program);
            let old = entry.map(|entry| entry.id);
            files.push(FileChange { path, program, old, bytes: rewrite.after().text().as_bytes().to_vec() });
        }
        Ok(files)
    }
}

/// The path of a file that changes, as the commit has it.
pub fn path_of(rewrite: &Rewrite) -> String {
    let name = rewrite.before().name();
    name_below(Path::new(name)).unwrap_or_else(|| name.to_owned())
}

impl Offer {
    /// What is proposed with these projects.
    ///
    /// Errors: a file that a pull request cannot change; two projects that change one file in two ways.
    pub fn of(
        units: &[Unit],
        about: &body::About,
        scope: &Scope,
        branches: Branches<'_>,
        opening: &Opening,
        entries: Entries<'_>,
    ) -> Result<Self> {
        let mut files: Vec<FileChange> = Vec::new();
        for unit in units {
            for file in unit.files(entries)? {
                match files.iter().find(|other| other.path == file.path) {
                    Some(other) if other.bytes == file.bytes => {}
                    Some(_) => {
                        let what = format!("two projects change {} in two ways", file.path);
                        return Err(Error::Impossible(what, Some("name one of them as PATH".into())));
                    }
                    None => files.push(file),
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let items: BTreeSet<String> = units.iter().flat_map(Unit::items).collect();
        Ok(Self {
            branch: branches.branch.to_owned(),
            base: branches.base.to_owned(),
            base_commit: branches.base_commit.to_owned(),
            text: if files.is_empty() { String::new() } else { body::text(units, about) },
            files,
            items: items.into_iter().collect(),
            scope: scope.clone(),
            draft: opening.draft,
            labels: opening.labels.clone(),
            reviewers: opening.reviewers.clone(),
        })
    }
}
