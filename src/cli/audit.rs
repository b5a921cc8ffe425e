//! The report on what is so.

use super::args::{Audit, FailOn, Format, SchemaOf};
use super::harden::Status;
use super::tree;
use super::ui::Ui;
use crate::edge::disk::Disk;
use crate::error::Result;
use crate::evidence::Selection;
use crate::evidence::preset::Preset;
use crate::plan::{Config, Files, Options, Plan, Purpose};
use crate::report::collect::collect;
use crate::report::data::{self, LeftOut, Project, Report, Severity, Summary, Tool, VERSION};
use crate::report::json::{self, json};
use crate::report::{github, html, listing, markdown, sarif};
use crate::text::clean_line;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Audits every project and writes one report.
pub(super) fn run(ui: &Ui, args: &Audit) -> Result<Status> {
    let selection = Selection { limits: true, ..args.choice.selection()? };
    let options = Options { purpose: Purpose::Report, ..args.choice.options(selection) };
    let edits = matches!(args.format, Format::Json | Format::Sarif);
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
    let results: Vec<Result<Project>> = match paths.as_slice() {
        [_, _, ..] => paths.par_iter().map(one).collect(),
        _ => paths.iter().map(one).collect(),
    };
    let mut projects = Vec::new();
    for (path, result) in paths.iter().zip(results) {
        match result {
            Ok(project) => projects.push(project),
            // One project of a tree does not stop the others.
            Err(error) if args.input.recursive => {
                let path = path.as_ref().map_or(String::new(), |p| p.display().to_string());
                projects.push(Project {
                    path,
                    files: Vec::new(),
                    paths: Vec::new(),
                    error: Some(error.to_string()),
                    services: Vec::new(),
                    left_out: Vec::new(),
                    findings: Vec::new(),
                });
            }
            Err(error) => return Err(error),
        }
    }
    let report = Report {
        version: VERSION,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        summary: summary(&projects),
        projects,
    };
    for folder in &unreadable {
        ui.warn(&clean_line(&format!("cannot look into {folder}: projects in it are not seen")));
    }
    match args.format {
        Format::Text => listing_for_people(ui, &report),
        Format::Json => ui.stream(|out| json::write(out, &report)),
        Format::Sarif => ui.stream(|out| json::write(out, &sarif::log(&report))),
        Format::Github => ui.out(&github::render(&report)),
        Format::Markdown => ui.out(&markdown::render(&report)),
        Format::Html => ui.out(&html::render(&report)),
    }
    Ok(status(&report, args.fail_on, !unreadable.is_empty()))
}

/// The answer, and beside it what was left out, the sum and the next step.
fn listing_for_people(ui: &Ui, report: &Report) {
    ui.out(&listing::render(report, ui.view().color));
    for left in report.projects.iter().flat_map(|p| &p.left_out) {
        ui.note(&clean_line(&format!("{} is left out: {}", left.service, left.reason)));
    }
    ui.note(&listing::sentence(report));
    if report.projects.iter().any(|p| p.findings.iter().any(|f| f.fix.is_some())) {
        ui.hint("`rofs-harden` shows the changes as a diff; `rofs-harden explain RULE` says more about a rule");
    }
}

fn project(path: Option<&Path>, args: &Audit, options: &Options, edits: bool) -> Result<Project> {
    let input = if path == Some(Path::new("-")) { args.input.standard_input()? } else { args.input.project(path) };
    let files = Files::read(&Disk, &input)?;
    let plan = Plan::of(&files, options)?;
    let mut report = collect(&plan, edits)?;
    report.left_out = plan.left_out.into_iter().map(|(service, reason)| LeftOut { service, reason }).collect();
    Ok(report)
}

/// Prints a JSON Schema.
pub(super) fn schema(ui: &Ui, of: SchemaOf) -> Result<Status> {
    let schema = match of {
        SchemaOf::Config => Config::schema(),
        SchemaOf::Preset => Preset::schema(),
        SchemaOf::Report => schemars::schema_for!(Report),
    };
    ui.out(&json(&schema)?);
    Ok(Status::Done)
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
