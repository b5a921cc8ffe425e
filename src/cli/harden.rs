//! The fixing verb: plan, show, ask, write.

use super::args::Harden;
use super::ask::Ask;
use super::load::Files;
use super::report::{diff, text};
use super::review;
use super::ui::{Ui, clean_line, count};
use crate::audit::{Applicability, Finding, Fix, audit};
use crate::compose::Project;
use crate::edge::disk;
use crate::error::{Error, Result};
use crate::evidence::preset::Preset;
use crate::evidence::{Need, Selection, needs};
use crate::rewrite::{self, Outcome, Rewrite};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a run left to say to the calling shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    Done,
    FindingsRemain,
}

/// Runs the verb over every PATH.
pub(super) fn run(ui: &Ui, args: &Harden) -> Result<Status> {
    let selection = selection(args)?;
    if args.paths.iter().any(|p| p == Path::new("-")) {
        return filter(ui, args, &selection);
    }
    let ask = match (args.interactive, args.write && !args.yes) {
        (true, _) => Some(Ask::new("-i", "leave out -i to see the diff; --write --yes writes without questions")?),
        (_, true) => Some(Ask::new("--write", "add --yes to write without questions")?),
        _ => None,
    };
    let paths: Vec<Option<&Path>> = if args.paths.is_empty() { vec![None] } else { args.paths.iter().map(|p| Some(p.as_path())).collect() };
    let mut status = Status::Done;
    for path in paths {
        let files = Files::read(path)?;
        status = status.max(project(ui, args, &selection, &files, ask.as_ref())?);
    }
    Ok(status)
}

/// One project from disk.
fn project(ui: &Ui, args: &Harden, selection: &Selection, files: &Files, ask: Option<&Ask>) -> Result<Status> {
    files.warnings.iter().for_each(|w| ui.warn(&clean_line(w)));
    let project = files.project()?;
    let mut plan = Plan::new(&project, needs(&project, selection, &files.dockerfiles(&project))?, args.unsafe_fixes);
    if let (true, Some(ask)) = (args.interactive, ask) {
        let (accepted, needs) = review::review(ui, ask, &project, &plan.findings, plan.needs)?;
        plan.needs = needs;
        plan.accepted = accepted;
    }
    let fixes: Vec<&Fix> = plan.accepted.iter().collect();
    let outcome = rewrite::rewrite(&project, &fixes, &plan.needs, args.explain_in_file)?;
    if args.check {
        return Ok(check(ui, &project, &plan, &outcome));
    }
    if !args.interactive {
        outcome.rewrites.iter().for_each(|r| show(ui, r));
    }
    text::remarks(ui, &project, &plan.findings, &outcome.refused);
    let done = match outcome.rewrites.as_slice() {
        [] => Wrote::Nothing,
        _ if !args.write && !args.interactive => Wrote::Shown,
        rewrites => write(ui, args, &plan, files, rewrites, ask)?,
    };
    closing(ui, args, &plan, &outcome, done);
    Ok(if done == Wrote::Declined { Status::FindingsRemain } else { Status::Done })
}

/// Standard input to standard output.
fn filter(ui: &Ui, args: &Harden, selection: &Selection) -> Result<Status> {
    if args.write || args.interactive || args.paths.len() > 1 {
        let hint = "`-` alone reads standard input and writes the result to standard output";
        return Err(Error::Usage("standard input cannot be written back".into(), Some(hint.into())));
    }
    let files = Files::read_stdin()?;
    let project = files.project()?;
    let plan = Plan::new(&project, needs(&project, selection, &files.dockerfiles(&project))?, args.unsafe_fixes);
    let fixes: Vec<&Fix> = plan.accepted.iter().collect();
    let outcome = rewrite::rewrite(&project, &fixes, &plan.needs, args.explain_in_file)?;
    if args.check {
        return Ok(check(ui, &project, &plan, &outcome));
    }
    let result = outcome.rewrites.first().map(Rewrite::after).or_else(|| project.streams.first().map(super::super::yaml::Stream::text));
    ui.out(result.map_or("", |t| t.text()));
    text::remarks(ui, &project, &plan.findings, &outcome.refused);
    text::held_back(ui, &plan.held_back);
    Ok(Status::Done)
}

/// Findings, and which fixes are taken.
struct Plan {
    needs: Vec<Need>,
    findings: Vec<Finding>,
    accepted: Vec<Fix>,
    /// Services whose fix is assumed and was not asked for.
    held_back: Vec<String>,
}

impl Plan {
    fn new(project: &Project<'_>, needs: Vec<Need>, unsafe_fixes: bool) -> Self {
        let findings = audit(project, &needs);
        let consent: std::collections::HashSet<&str> = needs.iter().filter(|n| n.consent).map(|n| n.service.as_str()).collect();
        let (mut accepted, mut held_back) = (Vec::new(), Vec::new());
        for fix in findings.iter().filter_map(|f| f.fix.as_ref()) {
            if unsafe_fixes || fix.applicability == Applicability::Safe || consent.contains(fix.service.as_str()) {
                accepted.push(fix.clone());
            } else {
                held_back.push(fix.service.clone());
            }
        }
        Self { needs, findings, accepted, held_back }
    }
}

fn selection(args: &Harden) -> Result<Selection> {
    let mut selection = Selection { auto: args.preset.is_empty(), ..Selection::default() };
    for name in &args.preset {
        match name.as_str() {
            "auto" => selection.auto = true,
            name => selection.presets.push(Arc::new(preset(name)?)),
        }
    }
    for text in &args.service {
        if let Some(name) = text.strip_prefix('!') {
            selection.skip.push(name.to_owned());
        } else if let Some((name, preset_name)) = text.split_once('=') {
            selection.forced.push((name.to_owned(), Arc::new(preset(preset_name)?)));
        } else {
            selection.only.push(text.clone());
        }
    }
    Ok(selection)
}

/// A preset by name, or by file when the name has a slash in it.
pub(super) fn preset(name: &str) -> Result<Preset> {
    if !name.contains(['/', '\\']) {
        return Preset::embedded(name);
    }
    let path = PathBuf::from(name);
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    Preset::parse(&stem, disk::read(&path)?.file())
}

/// The diff of one file, for a person or for a program.
fn show(ui: &Ui, rewrite: &Rewrite) {
    let name = rewrite.before().name();
    if ui.out_is_terminal() {
        let title = super::ui::paint(ui.out_color(), super::ui::Look::Bold, &clean_line(name));
        ui.out(&format!("{title}\n{}\n", diff::view(rewrite, diff::CONTEXT, ui.width(), ui.out_color())));
    } else {
        ui.out(&diff::patch(rewrite, name));
        text::reasons(ui, rewrite);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrote {
    Nothing,
    Shown,
    Declined,
    Written,
}

fn write(ui: &Ui, args: &Harden, plan: &Plan, files: &Files, rewrites: &[Rewrite], ask: Option<&Ask>) -> Result<Wrote> {
    if let (Some(ask), false) = (ask, args.yes) {
        let what = review::summary(&plan.accepted, &plan.findings);
        let names: Vec<&str> = rewrites.iter().map(|r| r.before().name()).collect();
        if !ask.confirm(&format!("Write {}: {what}?", names.join(", ")))? {
            return Ok(Wrote::Declined);
        }
    }
    let writes: Vec<(&disk::Loaded, &str)> =
        rewrites.iter().filter_map(|r| Some((files.loaded.get(r.file().0 as usize)?, r.after().text()))).collect();
    disk::write_all(&files.root, &writes)?;
    for rewrite in rewrites {
        ui.note(&format!("wrote {}", clean_line(rewrite.before().name())));
    }
    Ok(Wrote::Written)
}

fn check(ui: &Ui, project: &Project<'_>, plan: &Plan, outcome: &Outcome) -> Status {
    let refused = |service: &str| outcome.refused.iter().any(|(name, _)| name == service);
    let mut status = Status::Done;
    for finding in &plan.findings {
        let open = plan.accepted.iter().find(|f| f.service == finding.service && finding.fix.is_some() && !refused(&f.service));
        if let Some(fix) = open {
            status = Status::FindingsRemain;
            ui.out(&text::missing(project, finding, fix));
        }
    }
    text::remarks(ui, project, &plan.findings, &outcome.refused);
    text::held_back(ui, &plan.held_back);
    if status == Status::Done {
        ui.note("nothing is missing");
    } else {
        ui.hint("`rofs-harden` shows the change, `rofs-harden --write` makes it");
    }
    status
}

/// What was done, what was held back and how to include it, and what to run next.
fn closing(ui: &Ui, args: &Harden, plan: &Plan, outcome: &Outcome, done: Wrote) {
    let services =
        outcome.rewrites.iter().flat_map(Rewrite::lines).map(|l| l.service.as_str()).collect::<std::collections::BTreeSet<_>>().len();
    let hardened = count(services, "service", "services");
    match done {
        Wrote::Nothing if plan.held_back.is_empty() && plan.findings.is_empty() => {
            ui.note("nothing to do: every selected service is read-only already");
        }
        Wrote::Nothing => ui.note("nothing was changed"),
        Wrote::Shown => ui.note(&format!("{hardened} would be hardened; nothing was written")),
        Wrote::Declined => ui.note("nothing was written"),
        Wrote::Written => ui.note(&format!("{hardened} hardened")),
    }
    if !args.interactive {
        text::held_back(ui, &plan.held_back);
    }
    match done {
        Wrote::Shown => ui.hint("add --write to apply this, -i to decide service by service"),
        Wrote::Written => ui.hint("run `docker compose up -d` and watch the logs for `read-only file system`"),
        _ => {}
    }
}
