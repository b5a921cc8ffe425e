//! What a run of the projects of a checkout shows of the proposal. What fails is not proposed, and only what works is said to.

use super::offer::Wanted;
use crate::cli::args::Trying;
use crate::cli::ui::Ui;
use crate::cli::verify;
use crate::edge::commit::CommitFiles;
use crate::edge::disk;
use crate::edge::docker::Docker;
use crate::edge::git::Git;
use crate::error::{Error, Result};
use crate::evidence::engine::Probe;
use crate::plan::{Input, Start};
use crate::propose::{Proof, Unit};
use crate::trial::{RunResult, Verdict};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Runs every project with the change and leaves out the services that fail.
///
/// Errors: the checkout does not hold the files of the base's commit and nothing else; there is no engine.
pub(super) fn prove(ui: &Ui, wanted: &Wanted<'_>, tree: &CommitFiles<'_>, git: &Git, commit: &str, units: Vec<Unit>) -> Result<Vec<Unit>> {
    if units.iter().all(|unit| unit.rewrites.is_empty()) {
        return Ok(units);
    }
    if git.head()?.as_deref() != Some(commit) || !git.is_clean()? {
        let what = "--verify runs what is checked out, and that is not the base's newest commit".to_owned();
        return Err(Error::Usage(what, Some("check that out, without changes of your own, or leave out --verify".into())));
    }
    let docker = verify::connect(ui)?;
    units.into_iter().map(|unit| one(ui, wanted, tree, git, &docker, unit)).collect()
}

/// Runs one project until nothing of what is left fails: each time without what failed the time before.
fn one(ui: &Ui, wanted: &Wanted<'_>, tree: &CommitFiles<'_>, git: &Git, docker: &Docker, mut unit: Unit) -> Result<Unit> {
    let (mut failed, mut before) = (Vec::new(), None);
    while !unit.rewrites.is_empty() {
        let proofs = run(ui, wanted, tree, git, docker, &unit, &mut before)?;
        let (fails, holds): (Vec<Proof>, Vec<Proof>) = proofs.into_iter().partition(|proof| proof.verdict == Verdict::Fails);
        if fails.is_empty() {
            unit.proofs = holds;
            break;
        }
        let without: Vec<String> = fails.iter().map(|proof| proof.service.clone()).collect();
        failed.extend(fails);
        unit = wanted.less(tree, unit, &without)?;
        if unit.changed().any(|name| without.iter().any(|out| out == name)) {
            return Err(Error::Unverified("a service that failed would be changed all the same".into()));
        }
    }
    unit.proofs.extend(failed);
    Ok(unit)
}

/// What was asked for, with the probes that are of this project's services.
fn trying(wanted: &Wanted<'_>, unit: &Unit) -> Trying {
    let mut trying = wanted.trying().clone();
    let is_here = |probe: &Probe| unit.services().any(|name| name == probe.service);
    trying.http.retain(is_here);
    trying.probe.retain(is_here);
    trying
}

/// Errors: a probe is of a service that no project has.
pub(super) fn expect_services(wanted: &Wanted<'_>, units: &[Unit]) -> Result<()> {
    let is_known = |probe: &&Probe| units.iter().flat_map(Unit::services).any(|name| name == probe.service);
    match wanted.trying().http.iter().chain(&wanted.trying().probe).find(|probe| !is_known(probe)) {
        None => Ok(()),
        Some(probe) => {
            let what = format!("`{}` asks the service `{}`, which no project has", probe.text, probe.service);
            Err(Error::Usage(what, Some("name a service of one of the projects that are looked at".into())))
        }
    }
}

/// Runs a project as it is proposed, and says what is shown of each service that changes.
fn run(
    ui: &Ui,
    wanted: &Wanted<'_>,
    tree: &CommitFiles<'_>,
    git: &Git,
    docker: &Docker,
    unit: &Unit,
    before: &mut Option<RunResult>,
) -> Result<Vec<Proof>> {
    let input = Input { start: Start::Path(git.top().join(&unit.folder)), ..Input::default() };
    let (plan, rows) = verify::prove(ui, input, wanted.options(&unit.without), &trying(wanted, unit), docker, before)?;
    let proof = |service: &str, verdict, why: &str| Proof { service: service.to_owned(), verdict, why: why.to_owned() };
    let here: BTreeMap<PathBuf, &[u8]> = plan
        .rewrites
        .iter()
        .filter_map(|(_, r)| {
            let path = disk::real_path(Path::new(r.before().name()))?;
            Some((path.strip_prefix(disk::real_path(git.top())?).ok()?.to_owned(), r.after().text().as_bytes()))
        })
        .collect();
    let files = unit.files(&|path| tree.entry(path).cloned())?;
    if here.len() != files.len() || files.iter().any(|file| here.get(Path::new(&file.path)) != Some(&file.bytes.as_slice())) {
        let why = "files that Git ignores, such as `.env`, make another plan of the checkout";
        return Ok(unit.changed().map(|service| proof(service, Verdict::Unprovable, why)).collect());
    }
    let of = |service: &str| rows.iter().find(|row| row.service == service).map(|row| proof(service, row.verdict, &row.short));
    Ok(unit.changed().filter_map(of).collect())
}
