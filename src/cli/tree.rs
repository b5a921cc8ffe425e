//! Every project of a tree.

use super::args::Input;
use super::ask::Ask;
use super::harden::{Done, Status, closing, consent, present};
use super::prepared::{Aim, Asking, Prepared};
use super::report_error;
use super::ui::Ui;
use crate::edge::{disk, stop};
use crate::error::{Error, Result};
use crate::plan::{Counts, HeldBack, MAIN_NAMES};
use crate::text::{clean_line, count};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::Instant;

/// Projects that are planned before their answers are printed: enough to keep every core busy, few enough to keep memory flat.
const BATCH: usize = 64;

/// What is summed up over all projects.
#[derive(Default)]
struct Sum {
    projects: usize,
    failed: usize,
    counts: Counts,
    changed: usize,
    /// Services of what was written.
    written: usize,
    /// What `--check` counts.
    missing: usize,
    held_back: usize,
    /// Services that were left alone, by rule.
    refused: BTreeMap<&'static str, usize>,
}

/// Runs the fixing verb over every project below the given folders. All is planned before it is asked whether it is written.
pub(super) fn run(ui: &Ui, input: &Input, asking: Asking<'_>, ask: Option<&Ask>) -> Result<Status> {
    let started = Instant::now();
    let (folders, unreadable) = projects(&input.paths)?;
    let mut sum = Sum::default();
    let mut kept: Vec<Prepared> = Vec::new();
    let mut written: HashMap<PathBuf, u64> = HashMap::new();
    for batch in folders.chunks(BATCH) {
        let plans: Vec<Result<Prepared>> = batch.par_iter().map(|folder| Prepared::read(&input.project(Some(folder)), asking)).collect();
        ui.progress_done();
        for (folder, plan) in batch.iter().zip(plans) {
            sum.projects += 1;
            let plan = plan.and_then(|plan| match ask {
                // Whether data stay behind decides what is planned, here as for one project.
                Some(ask) if !plan.left_behind.is_empty() => {
                    Prepared::read(&input.project(Some(folder)), Asking { person: Some((ui, ask)), ..asking })
                }
                _ => Ok(plan),
            });
            match plan.and_then(|plan| plan.unshared(&mut written)) {
                Ok(plan) => {
                    present(ui, asking.aim, &plan);
                    sum.add(&plan);
                    // What is not written any more is forgotten, so that memory stays flat.
                    if asking.aim.writes() && !plan.rewrites.is_empty() {
                        kept.push(plan);
                    }
                }
                Err(Error::Interrupted) => return Err(Error::Interrupted),
                Err(error) => {
                    sum.failed += 1;
                    ui.note(&clean_line(&format!("{}:", folder.display())));
                    report_error(ui, &error);
                }
            }
        }
        ui.progress(started, sum.projects, folders.len());
    }
    ui.progress_done();
    let status = match asking.aim {
        Aim::Check { .. } if sum.missing > 0 => Status::FindingsRemain,
        Aim::Write { .. } if !kept.is_empty() => {
            let Wrote { status, services, failed } = write(ui, &kept, ask)?;
            sum.failed += failed;
            sum.written = services;
            status
        }
        _ => Status::Done,
    };
    for folder in &unreadable {
        warn_of(ui, folder);
    }
    ui.note(&sum.text());
    match (sum.changed > 0, asking.aim != Aim::Show, sum.held_back > 0) {
        (true, false, _) => ui.hint("add --write to make the changes"),
        (false, _, true) => ui.hint("--unsafe-fixes includes what is held back: it is assumed, not documented"),
        _ => {}
    }
    Ok(if sum.failed > 0 || !unreadable.is_empty() { Status::Failed } else { status })
}

/// Says that a folder could not be looked into.
pub(super) fn warn_of(ui: &Ui, folder: &str) {
    ui.warn(&clean_line(&format!("cannot look into {folder}: projects in it are not seen")));
}

/// What became of a tree that was to be written.
struct Wrote {
    status: Status,
    /// Services that were hardened.
    services: usize,
    /// Projects that could not be written.
    failed: usize,
}

/// Asks, and writes one project after the other: an interrupt ends it after the project it is in. One that cannot be
/// written stops no other.
fn write(ui: &Ui, plans: &[Prepared], ask: Option<&Ask>) -> Result<Wrote> {
    let all: Vec<&Prepared> = plans.iter().collect();
    let held_back: Vec<HeldBack> = plans.iter().flat_map(|p| p.held_back.clone()).collect();
    if !consent(&all, ask)? {
        closing(ui, Aim::Write { asks: true }, &all, &held_back, Done::Declined);
        return Ok(Wrote { status: Status::FindingsRemain, services: 0, failed: 0 });
    }
    let (mut written, mut failed) = (Vec::new(), 0);
    for plan in all {
        match disk::write_all(&plan.writes().collect::<Vec<_>>()) {
            Ok(()) => written.push(plan),
            Err(Error::Interrupted) => break,
            Err(error) => {
                failed += 1;
                report_error(ui, &error);
            }
        }
    }
    if let Err(interrupted) = stop::go_on() {
        let projects = count(plans.len(), "project was", "projects were");
        let others = if written.len() == plans.len() { "" } else { ", the others are as they were" };
        let text = || format!("{} of {projects} written{others}", written.len());
        return Err(if written.is_empty() { interrupted } else { Error::InterruptedAfter(text()) });
    }
    if !written.is_empty() {
        closing(ui, Aim::Write { asks: ask.is_some() }, &written, &held_back, Done::Written);
    }
    Ok(Wrote { status: Status::Done, services: written.iter().map(|plan| plan.accepted.len()).sum(), failed })
}

/// The folders of all projects below `tops` (default: here), and what could not be looked into.
///
/// Errors: there is none.
pub(super) fn projects(tops: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<String>)> {
    let here = [PathBuf::from(".")];
    let found = disk::projects_below(if tops.is_empty() { &here } else { tops }, &MAIN_NAMES)?;
    if found.0.is_empty() {
        let hint = "a project is a folder with compose.yaml, compose.yml, docker-compose.yml or docker-compose.yaml";
        return Err(Error::Usage("no project found".into(), Some(hint.into())));
    }
    Ok(found)
}

impl Sum {
    fn add(&mut self, plan: &Prepared) {
        self.counts = self.counts.with(plan.counts);
        self.changed += plan.accepted.len();
        self.missing += plan.missing.len();
        self.held_back += plan.held_back.len();
        for remark in &plan.remarks {
            *self.refused.entry(remark.rule).or_default() += 1;
        }
    }

    /// What was done of it, and what was not.
    fn text(&self) -> String {
        let parts = [(self.written, "hardened"), (self.changed - self.written, "would be hardened")];
        let done: Vec<String> = parts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}, ")).collect();
        let refused: String = self.refused.iter().map(|(rule, number)| format!(", {number} {rule}")).collect();
        let failed = if self.failed > 0 { format!(", {} with an error", count(self.failed, "project", "projects")) } else { String::new() };
        format!(
            "{}, {}: {}{} read-only already, {} held back{refused}{failed}",
            count(self.projects, "project", "projects"),
            count(self.counts.services, "service", "services"),
            done.concat(),
            self.counts.hard,
            self.held_back
        )
    }
}
