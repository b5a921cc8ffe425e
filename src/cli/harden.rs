//! The fixing verb: plan, show, ask, write.

use super::args::Harden;
use super::ask::Ask;
use super::load::Files;
use super::report::diff;
use super::report::text;
use super::review;
use super::ui::{Look, Ui, clean_line, paint};
use crate::audit::{Applicability, Finding, Fix, audit};
use crate::compose::Project;
use crate::edge::disk;
use crate::error::{Error, Result};
use crate::evidence::preset::Preset;
use crate::evidence::{Need, Selection, needs};
use crate::rewrite::{self, Outcome, Rewrite};
use crate::yaml::Stream;
use std::collections::HashSet;
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
    // All is read before the first file is written, so that a bad PATH stops the others too.
    let projects: Vec<Files> = paths.into_iter().map(Files::read).collect::<Result<_>>()?;
    projects.iter().try_fold(Status::Done, |status, files| Ok(status.max(project(ui, args, &selection, files, ask.as_ref())?)))
}

/// One project from disk.
fn project(ui: &Ui, args: &Harden, selection: &Selection, files: &Files, ask: Option<&Ask>) -> Result<Status> {
    for warning in &files.warnings {
        ui.warn(&clean_line(warning));
    }
    let project = files.project()?;
    let mut plan = Plan::new(&project, needs(&project, selection, &files.dockerfiles(&project))?, args.unsafe_fixes);
    if let (true, Some(ask)) = (args.interactive, ask) {
        (plan.accepted, plan.needs) = review::review(ui, ask, &project, &plan.findings, plan.needs)?;
    }
    let fixes: Vec<&Fix> = plan.accepted.iter().collect();
    let outcome = rewrite::rewrite(&project, &fixes, &plan.needs, args.explain_in_file)?;
    if args.check {
        return Ok(check(ui, &project, &plan, &outcome));
    }
    if !args.interactive {
        for rewrite in &outcome.rewrites {
            show(ui, files, rewrite)?;
        }
    }
    text::remarks(ui, &project, &plan.findings, &outcome.refused);
    let done = match outcome.rewrites.as_slice() {
        [] if args.interactive && plan.findings.iter().any(|f| f.fix.is_some()) => Done::Declined,
        [] => Done::Nothing,
        _ if !args.write && !args.interactive => Done::Shown,
        rewrites => write(args, &plan, files, rewrites, ask)?,
    };
    closing(ui, args, &plan, &outcome, done);
    Ok(if done == Done::Declined { Status::FindingsRemain } else { Status::Done })
}

/// Standard input to standard output.
fn filter(ui: &Ui, args: &Harden, selection: &Selection) -> Result<Status> {
    let wrong = match (args.paths.len() > 1, args.write || args.interactive) {
        (true, _) => Some("`-` goes with no other PATH"),
        (_, true) => Some("standard input cannot be written back"),
        _ => None,
    };
    if let Some(wrong) = wrong {
        let hint = "`-` alone reads standard input and writes the result to standard output";
        return Err(Error::Usage(wrong.into(), Some(hint.into())));
    }
    let files = Files::read_stdin()?;
    let project = files.project()?;
    let plan = Plan::new(&project, needs(&project, selection, &files.dockerfiles(&project))?, args.unsafe_fixes);
    let fixes: Vec<&Fix> = plan.accepted.iter().collect();
    let outcome = rewrite::rewrite(&project, &fixes, &plan.needs, args.explain_in_file)?;
    if args.check {
        return Ok(check(ui, &project, &plan, &outcome));
    }
    let result = outcome.rewrites.first().map(Rewrite::after).or_else(|| project.streams.first().map(Stream::text));
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
        let consent: HashSet<&str> = needs.iter().filter(|n| n.consent).map(|n| n.service.as_str()).collect();
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
fn show(ui: &Ui, files: &Files, rewrite: &Rewrite) -> Result<()> {
    let name = rewrite.before().name();
    if ui.for_a_person() {
        let title = paint(ui.out_color(), Look::Bold, &clean_line(name));
        ui.out(&format!("{title}\n{}\n", diff::view(rewrite, diff::CONTEXT, ui.width(), ui.out_color())));
        return Ok(());
    }
    let (folder, path) = disk::name_in_patch(&files.root, Path::new(name))?;
    ui.out(&diff::patch(rewrite, &path));
    text::reasons(ui, rewrite);
    if let Some(folder) = folder {
        ui.note(&clean_line(&format!("the patch is to be applied in {}", folder.display())));
    }
    Ok(())
}

/// What became of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    Nothing,
    Shown,
    Declined,
    Written,
}

fn write(args: &Harden, plan: &Plan, files: &Files, rewrites: &[Rewrite], ask: Option<&Ask>) -> Result<Done> {
    if let (Some(ask), false) = (ask, args.yes) {
        let what = review::summary(&plan.accepted, &plan.findings);
        if !ask.confirm(&format!("Write {}: {what}?", file_names(rewrites)))? {
            return Ok(Done::Declined);
        }
    }
    let writes: Vec<(&disk::Loaded, &str)> =
        rewrites.iter().filter_map(|r| Some((files.loaded.get(r.file().0 as usize)?, r.after().text()))).collect();
    disk::write_all(&files.root, &writes)?;
    Ok(Done::Written)
}

fn file_names(rewrites: &[Rewrite]) -> String {
    rewrites.iter().map(|r| clean_line(r.before().name())).collect::<Vec<_>>().join(", ")
}

fn check(ui: &Ui, project: &Project<'_>, plan: &Plan, outcome: &Outcome) -> Status {
    let refused: HashSet<&str> = outcome.refused.iter().map(|(service, _)| service.as_str()).collect();
    let open: HashSet<&str> = plan.accepted.iter().map(|f| f.service.as_str()).filter(|s| !refused.contains(s)).collect();
    for finding in plan.findings.iter().filter(|f| f.fix.is_some() && open.contains(f.service.as_str())) {
        ui.out(&text::missing(project, finding));
    }
    text::remarks(ui, project, &plan.findings, &outcome.refused);
    text::held_back(ui, &plan.held_back);
    if !open.is_empty() {
        ui.hint("run without --check to see the change, with --write in its place to make it");
        return Status::FindingsRemain;
    }
    ui.note(if plan.findings.is_empty() { "nothing is missing" } else { "nothing else is missing" });
    Status::Done
}

/// What was done, what was held back and how to include it, and what to run next.
fn closing(ui: &Ui, args: &Harden, plan: &Plan, outcome: &Outcome, done: Done) {
    let refused: HashSet<&str> = outcome.refused.iter().map(|(service, _)| service.as_str()).collect();
    let changed: Vec<&str> = plan.accepted.iter().map(|f| f.service.as_str()).filter(|s| !refused.contains(s)).collect();
    let services = text::services(&changed);
    ui.note(&match done {
        Done::Nothing if plan.needs.is_empty() => "nothing to do: no service is selected".to_owned(),
        Done::Nothing if plan.findings.is_empty() => "nothing to do: every selected service is read-only already".to_owned(),
        Done::Nothing => "nothing was changed".to_owned(),
        Done::Shown => format!("would harden {services}; nothing was written"),
        Done::Declined => "nothing was written".to_owned(),
        Done::Written => format!("wrote {}: hardened {services}", file_names(&outcome.rewrites)),
    });
    if !args.interactive {
        text::held_back(ui, &plan.held_back);
    }
    match done {
        Done::Shown => ui.hint("add --write to make the change, -i to decide service by service"),
        Done::Written => ui.hint("run `docker compose up -d` and watch the logs for `read-only file system`"),
        _ => {}
    }
}
