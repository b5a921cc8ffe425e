//! Answers for programs: the plan as JSON, and the schemas of all answers.

use super::args::{Harden, SchemaOf};
use super::harden::{Status, expect_a_match};
use super::prepared;
use super::presets;
use super::remedy;
use super::tree;
use super::ui::Ui;
use crate::edge::disk::{self, Disk};
use crate::edge::stop;
use crate::error::{Error, Result};
use crate::evidence::preset::Preset;
use crate::plan::source::{FileSource, Loaded};
use crate::plan::{Config, Files, Input, LeftAlone, Options, Plan};
use crate::propose;
use crate::report::answers::{Diagnosis, Event, HeldBack, Observations, Patch, PlanAnswer, ProjectPlan, Refused};
use crate::report::base::Base;
use crate::report::collect::collect;
use crate::report::data::{Project, Remedy, Report, TOOL};
use crate::report::json::json;
use crate::text::clean_line;
use crate::trial::answer::Verdicts;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Prints what is planned, and writes nothing.
pub(super) fn plan(ui: &Ui, args: &Harden, options: &Options) -> Result<Status> {
    let mut unreadable = Vec::new();
    let paths: Vec<Option<PathBuf>> = if args.input.recursive {
        let (folders, others) = tree::projects(&args.input.paths)?;
        unreadable = others;
        folders.into_iter().map(Some).collect()
    } else {
        args.input.each().into_iter().map(|path| path.map(Path::to_owned)).collect()
    };
    let one = |path: &Option<PathBuf>| {
        let input = if path.as_deref() == Some(Path::new("-")) { args.input.standard_input()? } else { args.project(path.as_deref()) };
        project(&input, options, args.strict)
    };
    let results: Vec<Result<Planned>> = paths.par_iter().map(one).collect();
    let mut projects = Vec::new();
    let (mut lacks, mut left, mut selected) = (false, Vec::new(), 0);
    for (path, result) in paths.iter().zip(results) {
        match result {
            Ok(planned) => {
                lacks |= planned.lacks;
                left.extend(planned.left);
                selected += planned.selected;
                projects.push(planned.answer);
            }
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            // One project of a tree does not stop the others.
            Err(error) if args.input.recursive => projects.push(failed(path.as_deref(), &error)),
            Err(error) => return Err(error),
        }
    }
    if !args.input.recursive {
        expect_a_match(&args.choice, &left, selected)?;
    }
    for folder in &unreadable {
        ui.warn(&clean_line(&format!("cannot look into {folder}: projects in it are not seen")));
    }
    let has_failed = !unreadable.is_empty() || projects.iter().any(|project| project.project.error.is_some());
    ui.out(&json(&PlanAnswer { version: 1, tool: TOOL, projects })?);
    Ok(match (has_failed, args.check && lacks) {
        (true, _) => Status::Failed,
        (false, true) => Status::FindingsRemain,
        (false, false) => Status::Done,
    })
}

/// The plan for one project.
struct Planned {
    answer: ProjectPlan,
    /// Whether `--check` finds something missing.
    lacks: bool,
    /// Services that the named presets do not take.
    left: Vec<LeftAlone>,
    /// How many services the run is about.
    selected: usize,
}

fn project(input: &Input, options: &Options, is_strict: bool) -> Result<Planned> {
    stop::go_on()?;
    let files = Files::read(&Disk, input)?;
    let plan = Plan::of(&files, options)?;
    let project = collect(&plan, true, remedy::say)?;
    let held_back = plan.held_back.iter();
    let refused = plan.refused.iter();
    let patch = |rewrite| Patch::of(rewrite, files.loaded(rewrite.file()).is_some_and(Loaded::is_new));
    let lacks = !prepared::missing(&plan, is_strict).is_empty();
    let selected = plan.counts().selected;
    let answer = ProjectPlan {
        changed: plan.changed().map(str::to_owned).collect(),
        held_back: held_back
            .map(|held| HeldBack {
                service: held.service.clone(),
                why: held.why.clone(),
                remedy: Remedy::from(&held.next),
                help: remedy::option(&held.next),
            })
            .collect(),
        refused: refused
            .map(|refused| Refused { service: refused.service.clone(), rule: refused.rule.id(), why: refused.why.clone() })
            .collect(),
        patches: plan.rewrites.iter().map(patch).collect(),
        project,
    };
    Ok(Planned { answer, lacks, left: plan.left_alone, selected })
}

fn failed(path: Option<&Path>, error: &Error) -> ProjectPlan {
    let project = Project::failed(path.map_or(String::new(), |path| path.display().to_string()), error);
    let (changed, held_back, refused, patches) = Default::default();
    ProjectPlan { project, changed, held_back, refused, patches }
}

/// The root of the repository that the working directory is in; the directory itself, where there is none.
pub(super) fn base() -> Result<Base> {
    let here = Disk.real_path(Path::new("."))?;
    Ok(Base::new(&disk::root_of(&here.join("compose.yaml"))?, &here))
}

/// Prints a JSON Schema.
pub(super) fn schema(ui: &Ui, of: SchemaOf) -> Result<Status> {
    let schema = match of {
        SchemaOf::Config => Config::schema(),
        SchemaOf::Preset => Preset::schema(),
        SchemaOf::Report => schemars::schema_for!(Report),
        SchemaOf::Plan => schemars::schema_for!(PlanAnswer),
        SchemaOf::Diagnose => schemars::schema_for!(Diagnosis),
        SchemaOf::Observe => schemars::schema_for!(Observations),
        SchemaOf::Verify => schemars::schema_for!(Verdicts),
        SchemaOf::Presets => presets::schema(),
        SchemaOf::Progress => schemars::schema_for!(Event<'static>),
        SchemaOf::Pr => schemars::schema_for!(propose::report::Report),
    };
    ui.out(&json(&schema)?);
    Ok(Status::Done)
}
