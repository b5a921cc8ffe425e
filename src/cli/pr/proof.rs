//! What a run of the projects of a checkout shows of the proposal. What fails is not proposed, and only what works is said to.

use super::offer::{Unit, Wanted};
use super::stage::Stage;
use crate::cli::trial::Verdict;
use crate::cli::ui::Ui;
use crate::cli::verify;
use crate::edge::disk;
use crate::edge::docker::Docker;
use crate::edge::git::Git;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How often a project is run: each time without what failed the time before.
const ROUNDS: usize = 3;

/// What a run showed of one service.
#[derive(Clone, Debug)]
pub(super) struct Proof {
    pub(super) service: String,
    pub(super) verdict: Verdict,
    pub(super) why: String,
}

/// Runs every project with the change and leaves out the services that fail.
///
/// Errors: the checkout does not hold the files of the base's commit and nothing else; there is no engine.
pub(super) fn prove(ui: &Ui, wanted: &Wanted<'_>, stage: &mut Stage<'_>, git: &Git, commit: &str, units: Vec<Unit>) -> Result<Vec<Unit>> {
    if units.iter().all(|unit| unit.plan.rewrites.is_empty()) {
        return Ok(units);
    }
    if git.resolve("HEAD")?.as_deref() != Some(commit) || !git.is_clean()? {
        let what = "--verify runs what is checked out, and that is not the base's newest commit".to_owned();
        return Err(Error::Usage(what, Some("check that out, without changes of your own, or leave out --verify".into())));
    }
    let docker = verify::connect(ui)?;
    units.into_iter().map(|unit| one(ui, wanted, stage, git, &docker, unit)).collect()
}

/// Runs one project until nothing of what is left fails.
fn one(ui: &Ui, wanted: &Wanted<'_>, stage: &mut Stage<'_>, git: &Git, docker: &Docker, mut unit: Unit) -> Result<Unit> {
    let mut failed: Vec<Proof> = Vec::new();
    for _ in 0..ROUNDS {
        if unit.plan.rewrites.is_empty() {
            break;
        }
        let proofs = run(ui, wanted, stage, git, docker, &unit)?;
        let (fails, holds): (Vec<Proof>, Vec<Proof>) = proofs.into_iter().partition(|proof| proof.verdict == Verdict::Fails);
        if fails.is_empty() {
            unit.proofs = holds;
            break;
        }
        let without: Vec<String> = fails.iter().map(|proof| proof.service.clone()).collect();
        failed.extend(fails);
        unit = wanted.less(stage, unit, &without)?;
    }
    unit.proofs.extend(failed);
    Ok(unit)
}

/// Runs a project as it is proposed, and says what is shown of each service that changes.
fn run(ui: &Ui, wanted: &Wanted<'_>, stage: &Stage<'_>, git: &Git, docker: &Docker, unit: &Unit) -> Result<Vec<Proof>> {
    let folder = git.top().join(&unit.folder);
    let selection = wanted.selection_without(&unit.without);
    let (plan, rows) = verify::prove(ui, &folder, wanted.harden(), selection, wanted.trying(), docker)?;
    let proof = |service: &str, verdict, why: &str| Proof { service: service.to_owned(), verdict, why: why.to_owned() };
    let here: BTreeMap<PathBuf, &[u8]> = plan
        .rewrites
        .iter()
        .filter_map(|(_, r)| {
            let path = disk::real_path(Path::new(r.before().name()))?;
            Some((path.strip_prefix(disk::real_path(git.top())?).ok()?.to_owned(), r.after().text().as_bytes()))
        })
        .collect();
    let files = unit.files(stage)?;
    if here.len() != files.len() || files.iter().any(|file| here.get(Path::new(&file.path)) != Some(&file.bytes.as_slice())) {
        let why = "files that Git ignores, such as `.env`, make another plan of the checkout";
        return Ok(unit.plan.changed().map(|service| proof(service, Verdict::Unprovable, why)).collect());
    }
    let of = |service: &str| rows.iter().find(|row| row.service == service).map(|row| proof(service, row.verdict, &row.why));
    Ok(unit.plan.changed().filter_map(of).collect())
}
