//! The report on what is so.

use super::again::Again;
use super::answers;
use super::args::{self, Audit, FailOn, Format};
use super::baseline::Baseline;
use super::harden::Status;
use super::remedy;
use super::tree;
use super::ui::Ui;
use crate::edge::disk::Disk;
use crate::error::Result;
use crate::evidence::Selection;
use crate::plan::{Files, Options, Plan, Purpose};
use crate::report::collect::collect;
use crate::report::data::{self, Project, Report, Severity, Summary, TOOL, VERSION};
use crate::report::json;
use crate::report::listing::{self, Layout};
use crate::report::summing::{self, Step};
use crate::report::{github, html, markdown, sarif};
use crate::text::{clean_line, count};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Audits every project and writes one report.
pub(super) fn run(ui: &Ui, args: &Audit) -> Result<Status> {
    let selection = Selection { limits: true, ..args.choice.selection()? };
    let options = Options { purpose: Purpose::Report, ..args.choice.options(selection) };
    let edits = matches!(args.format(), Format::Json | Format::Sarif);
    let mut unreadable = Vec::new();
    let paths: Vec<Option<PathBuf>> = if args.input.recursive {
        let (folders, others) = tree::projects(&args.input.paths)?;
        unreadable = others;
        folders.into_iter().map(Some).collect()
    } else if args.input.paths.is_empty() {
        vec![None]
    } else {
        args.input.paths.iter().cloned().map(Some).collect()
    };
    let one = |path: &Option<PathBuf>| project(path.as_deref(), args, &options, edits);
    let results: Vec<Result<(Project, Vec<String>)>> = match paths.as_slice() {
        [_, _, ..] => paths.par_iter().map(one).collect(),
        _ => paths.iter().map(one).collect(),
    };
    let mut projects = Vec::new();
    for (path, result) in paths.iter().zip(results) {
        match result {
            Ok((project, warnings)) => {
                warnings.iter().for_each(|warning| ui.warn(&clean_line(warning)));
                projects.push(project);
            }
            // One project of a tree does not stop the others.
            Err(error) if args.input.recursive => {
                let path = path.as_ref().map_or(String::new(), |p| p.display().to_string());
                projects.push(Project::failed(path, &error));
            }
            Err(error) => return Err(error),
        }
    }
    let only = Only::of(args);
    for project in &mut projects {
        project.findings.retain(|finding| only.has(finding));
    }
    if let Some(path) = &args.baseline {
        baseline(ui, path, args.update_baseline, &mut projects)?;
    }
    let report = Report { version: VERSION, tool: TOOL, summary: summary(&projects), projects };
    for folder in &unreadable {
        ui.warn(&clean_line(&format!("cannot look into {folder}: projects in it are not seen")));
    }
    match args.format() {
        Format::Text => listing_for_people(ui, args, &report),
        Format::Json => ui.stream(|out| json::write(out, &report)),
        Format::Sarif => {
            let base = answers::base()?;
            ui.stream(|out| json::write(out, &sarif::log(&report, &base)));
            sarif::left_out(&report).iter().for_each(|what| ui.warn(what));
        }
        Format::Github => ui.out(&github::render(&report, &answers::base()?)),
        Format::Markdown => ui.out(&markdown::render(&report)),
        Format::Html => ui.out(&html::render(&report)),
    }
    Ok(status(&report, args.fail_on, !unreadable.is_empty()))
}

/// Which findings are asked for.
struct Only<'a> {
    least: Severity,
    select: &'a [String],
    ignore: &'a [String],
}

impl<'a> Only<'a> {
    fn of(args: &'a Audit) -> Self {
        let least = match args.severity {
            None | Some(args::Severity::Note) => Severity::Note,
            Some(args::Severity::Warning) => Severity::Warning,
            Some(args::Severity::Error) => Severity::Error,
        };
        Self { least, select: &args.select, ignore: &args.ignore }
    }

    fn has(&self, finding: &data::Finding) -> bool {
        let names = |rules: &[String]| rules.iter().any(|rule| rule == finding.rule);
        finding.severity >= self.least && (self.select.is_empty() || names(self.select)) && !names(self.ignore)
    }
}

/// Marks what a baseline accepts, or rewrites it.
fn baseline(ui: &Ui, path: &Path, is_written: bool, projects: &mut [Project]) -> Result<()> {
    if is_written {
        let of_now = Baseline::of(path, projects);
        of_now.write(path)?;
        ui.note(&clean_line(&format!("{} accepts {}", path.display(), count(of_now.sum(), "finding", "findings"))));
    }
    let gone = Baseline::read(path)?.accept(path, projects);
    if gone > 0 {
        let them = count(gone, "finding that is accepted is", "findings that are accepted are");
        ui.note(&clean_line(&format!("{them} not there any more: add --update-baseline to shorten {}", path.display())));
    }
    Ok(())
}

/// The answer, and beside it what was left out, the sum and the next step.
fn listing_for_people(ui: &Ui, args: &Audit, report: &Report) {
    let view = ui.view();
    if args.statistics {
        ui.out(&summing::statistics(report, view.color));
    } else {
        let width = view.for_a_person.then_some(view.width);
        ui.out(&listing::render(report, Layout { width, color: view.color, verbose: args.verbose, with: remedy::with }));
    }
    for left in report.projects.iter().flat_map(|p| &p.left_out) {
        ui.note(&clean_line(&format!("{} is left out: {}", left.service, left.reason)));
    }
    ui.note(&summing::sentence(report));
    let again = Again::of(&args.input, &args.choice);
    // What is read from standard input is not written back.
    let write = if args.input.paths.iter().any(|path| path == Path::new("-")) { "" } else { "--write" };
    if ui.for_a_person() && !args.statistics && report.projects.iter().any(|project| !project.services.is_empty()) {
        ui.note(LEGEND);
    }
    summing::steps(report).iter().for_each(|step| ui.note(&clean_line(&said(step, &again, write))));
}

/// What the columns of the table mean.
const LEGEND: &str = "yes is safe: root read-only, data in one place, /tmp in memory, program not writable; [*] will be";

/// What to do first, as a line.
fn said(step: &Step, again: &Again, write: &str) -> String {
    let command = |more: &str| again.command("", more);
    match step {
        Step::Fix(number) => format!("[*] fix {number} now: `{}`", command(write)),
        Step::Guess(number) => {
            let them = count(*number, "fix is a guess", "fixes are guesses");
            format!("[?] {them}, to be seen with `{}`", command("--unsafe-fixes"))
        }
        Step::Extras(names) => format!("[+] drop more: `{}`", command(&remedy::with(names))),
        Step::ByHand(number, rule) => {
            let them = count(*number, "error needs", "errors need");
            format!("{them} you: `rofs-harden explain {rule}`")
        }
    }
}

fn project(path: Option<&Path>, args: &Audit, options: &Options, edits: bool) -> Result<(Project, Vec<String>)> {
    let input = if path == Some(Path::new("-")) { args.input.standard_input()? } else { args.input.project(path) };
    let files = Files::read(&Disk, &input)?;
    let plan = Plan::of(&files, options)?;
    Ok((collect(&plan, edits, remedy::say)?, plan.warnings()))
}

fn summary(projects: &[Project]) -> Summary {
    let mut summary = Summary::default();
    let (mut before, mut after) = (0, 0);
    for project in projects {
        summary.projects += usize::from(project.error.is_none());
        summary.failed += usize::from(project.error.is_some());
        summary.services += project.services.len();
        for service in &project.services {
            summary.read_only += usize::from(!service.surface.before.root);
            summary.recognised += usize::from(service.recognised);
            before += service.surface.before.score;
            after += service.surface.after.score;
        }
        for finding in &project.findings {
            let number = match (&finding.ignored, finding.severity) {
                (Some(_), _) => &mut summary.ignored,
                (None, Severity::Error) => &mut summary.errors,
                (None, Severity::Warning) => &mut summary.warnings,
                (None, Severity::Note) => &mut summary.notes,
            };
            *number += 1;
        }
    }
    summary.surface = Some(data::Change { before, after });
    summary
}

fn status(report: &Report, fail_on: FailOn, is_incomplete: bool) -> Status {
    let least = match fail_on {
        FailOn::Note => Some(Severity::Note),
        FailOn::Warning => Some(Severity::Warning),
        FailOn::Error => Some(Severity::Error),
        FailOn::Never => None,
    };
    let mut counted = report.projects.iter().flat_map(|p| &p.findings).filter(|f| f.ignored.is_none());
    match (report.summary.failed > 0 || is_incomplete, least) {
        (true, _) => Status::Failed,
        (false, Some(least)) if counted.any(|f| f.severity >= least) => Status::FindingsRemain,
        _ => Status::Done,
    }
}
