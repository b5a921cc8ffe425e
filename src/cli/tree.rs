//! Every project of a tree.

use super::args::Harden;
use super::ask::Ask;
use super::harden::{Status, finish, present};
use super::load::Place;
use super::plan::{Asking, Counts, Plan};
use super::report_error;
use super::ui::{Ui, count};
use crate::edge::disk;
use crate::error::{Error, Result};
use crate::rewrite::Rewrite;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
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
    held_back: usize,
    /// Services that were left alone, by rule.
    refused: BTreeMap<&'static str, usize>,
}

/// Runs the fixing verb over every project below the given folders.
pub(super) fn run(ui: &Ui, args: &Harden, asking: Asking<'_>, ask: Option<&Ask>) -> Result<Status> {
    let started = Instant::now();
    let tops = if args.paths.is_empty() { vec![PathBuf::from(".")] } else { args.paths.clone() };
    let folders = disk::projects_below(&tops)?;
    if folders.is_empty() {
        let hint = "a project is a folder with compose.yaml, compose.yml, docker-compose.yml or docker-compose.yaml";
        return Err(Error::Usage("no project found".into(), Some(hint.into())));
    }
    let mut sum = Sum::default();
    let mut kept: Vec<Plan> = Vec::new();
    let mut written: HashMap<PathBuf, u64> = HashMap::new();
    for batch in folders.chunks(BATCH) {
        let planning = Asking { reviewer: None, ..asking };
        let plans: Vec<Result<Plan>> = batch.par_iter().map(|folder| Plan::read(Place::Path(folder), args, planning)).collect();
        ui.progress_done();
        for (folder, plan) in batch.iter().zip(plans) {
            sum.projects += 1;
            match plan.and_then(|plan| unshared(plan, &mut written)) {
                Ok(plan) => {
                    present(ui, args, &plan);
                    sum.add(&plan);
                    // What is not written any more is forgotten, so that memory stays flat.
                    if args.write && !plan.rewrites.is_empty() {
                        kept.push(plan);
                    }
                }
                Err(Error::Interrupted) => return Err(Error::Interrupted),
                Err(error) => {
                    sum.failed += 1;
                    ui.note(&super::ui::clean_line(&format!("{}:", folder.display())));
                    report_error(ui, &error);
                }
            }
        }
        ui.progress(started, sum.projects, folders.len());
    }
    ui.progress_done();
    let status = match (args.check, args.write) {
        (true, _) => {
            if sum.changed > 0 {
                Status::FindingsRemain
            } else {
                Status::Done
            }
        }
        (false, true) => finish(ui, args, &kept.iter().collect::<Vec<_>>(), ask)?,
        (false, false) => Status::Done,
    };
    ui.note(&sum.text(args));
    if sum.failed > 0 {
        return Ok(Status::Failed);
    }
    Ok(status)
}

/// The plan without what another project of the tree writes already. Errors: it would write something else into the same file.
fn unshared(mut plan: Plan, written: &mut HashMap<PathBuf, u64>) -> Result<Plan> {
    let mut clash = None;
    plan.rewrites.retain(|(loaded, rewrite)| {
        let Some(path) = loaded.as_ref().and_then(|l| disk::real_path(l.path())) else { return true };
        match written.get(&path) {
            None => true,
            Some(&earlier) => {
                if earlier != fingerprint(rewrite) {
                    clash = Some(path);
                }
                false
            }
        }
    });
    if let Some(path) = clash {
        let what = format!("{} belongs to another project of this tree too, which changes it in another way", path.display());
        return Err(Error::Usage(what, Some("harden the two projects one after the other".into())));
    }
    for (loaded, rewrite) in &plan.rewrites {
        if let Some(path) = loaded.as_ref().and_then(|l| disk::real_path(l.path())) {
            written.insert(path, fingerprint(rewrite));
        }
    }
    Ok(plan)
}

fn fingerprint(rewrite: &Rewrite) -> u64 {
    let mut hasher = DefaultHasher::new();
    rewrite.after().text().hash(&mut hasher);
    hasher.finish()
}

impl Sum {
    fn add(&mut self, plan: &Plan) {
        self.counts.services += plan.counts.services;
        self.counts.hard += plan.counts.hard;
        self.changed += plan.accepted.len();
        self.held_back += plan.held_back.len();
        for remark in &plan.remarks {
            *self.refused.entry(remark.rule).or_default() += 1;
        }
    }

    fn text(&self, args: &Harden) -> String {
        let verb = if args.write { "to harden" } else { "would be hardened" };
        let refused: String = self.refused.iter().map(|(rule, number)| format!(", {number} {rule}")).collect();
        let failed = if self.failed > 0 { format!(", {} not readable", count(self.failed, "project", "projects")) } else { String::new() };
        format!(
            "{}, {}: {} {verb}, {} read-only already, {} held back{refused}{failed}",
            count(self.projects, "project", "projects"),
            count(self.counts.services, "service", "services"),
            self.changed,
            self.counts.hard,
            self.held_back
        )
    }
}
