//! Whether the hardened project works: it is run, and what is seen decides.

mod beside;

use super::again::Again;
use super::args::{Harden, Trying, Verify, wanted_extras};
use super::asked::for_compose;
use super::harden::{Status, finish, present};
use super::heal::{self, Healed};
use super::prepared::{Aim, Asking, Prepared};
use super::remedy;
use super::there::already_there;
use super::trial::{Run, TrialContext};
use super::ui::Ui;
use crate::compose::{Known, Project, Service};
use crate::edge::disk::{self, Disk};
use crate::edge::docker::{self, Docker};
use crate::error::{Error, Result, SourceError};
use crate::evidence::engine::Probe;
use crate::evidence::{Need, Selection, instead_of};
use crate::plan::{Config, Files, Input, Options};
use crate::report::json::json;
use crate::report::style::{Look, paint};
use crate::text::{clean_line, count};
use crate::trial::answer::{Service as Row, Verdicts};
use crate::trial::junit;
use crate::trial::{Grade, Outcome, RunResult, Verdict, explain};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is said of a service that was not only started once.
const CAME_BACK: &str = "it came back after a restart, and after it was killed and recreated";
/// The same where its data were looked for.
const KEPT: &str = "it kept its data over a restart, and after it was killed and recreated";
/// What is said of one of which no more is known.
const STARTS: &str = "only its start was seen: --http or --probe makes it do its work";
/// Most places that a short reason names.
const MOST_PLACES: usize = 3;

/// A project with everything that trials of it need.
pub(super) struct Case<'c> {
    pub(super) input: Input,
    pub(super) options: Options,
    /// What becomes of its plans.
    pub(super) aim: Aim,
    pub(super) context: TrialContext<'c>,
    /// What names the project in a command that is printed.
    again: Again,
}

/// Runs the verb over every PATH.
pub(super) fn run(ui: &Ui, args: &Verify) -> Result<Status> {
    if args.clean {
        return clean(ui);
    }
    let ask = args.writing.ask()?;
    let paths = args.input.runnable("verify")?;
    let docker = connect(ui)?;
    let aim = args.writing.aim();
    let (mut plans, mut rows, mut works) = (Vec::new(), Vec::new(), true);
    for path in paths {
        // A trial does no harm, so it shows what is only assumed as well.
        let selection = Selection { assume: true, with: wanted_extras(&args.with, false)?, ..args.choice.selection()? };
        let mut case = Case::new(ui, args.input.project(path), args.choice.options(selection), &args.trying, &docker)?;
        case.aim = aim;
        case.again = Again::of(&args.input, &args.choice);
        if args.as_is {
            case.options.selection.skip = case.services()?;
            case.options.selection.only.clear();
        }
        let (plan, ran, before, unresolved) = if args.heal {
            let Healed { plan, ran, before, unresolved } = heal::heal(&case)?;
            (plan, ran, Some(before), unresolved)
        } else {
            let before = args.against_original.then(|| case.original(false, args.trying.settle)).transpose()?;
            let (plan, ran) = case.trial(&case.options.selection, "hardened", before.as_ref())?;
            (plan, ran, before, Vec::new())
        };
        let mut found = rows_of(&plan, &ran, before.as_ref(), &unresolved, path)?;
        let there = already_there(&case, &plan)?;
        for row in &mut found {
            row.details.extend(there.iter().filter(|(name, _)| *name == row.service).map(|(_, said)| said.clone()));
        }
        works &= found.iter().all(|row| !row.read_only || row.verdict == Verdict::Works);
        rows.extend(found);
        plans.push(plan);
    }
    if args.junit || args.writing.is_json() {
        ui.out(&if args.junit {
            junit::render(&Verdicts { version: 1, services: rows })
        } else {
            json(&Verdicts { version: 1, services: rows })?
        });
        return Ok(if works { Status::Done } else { Status::FindingsRemain });
    }
    show(ui, &rows);
    if works && (args.writing.write || args.heal) && plans.iter().any(|p| !p.rewrites.is_empty()) {
        plans.iter().for_each(|plan| present(ui, aim, plan));
    }
    if !works {
        let fails = rows.iter().any(|row| row.verdict == Verdict::Fails);
        ui.hint(match (fails, args.heal || args.against_original) {
            (true, false) => "--heal looks for what is missing; --against-original tells what failed before",
            (true, true) => "only what works is written",
            (false, _) => "what cannot be proved counts as not working; --service '!NAME' leaves a service out",
        });
        return Ok(Status::FindingsRemain);
    }
    if !aim.writes() {
        return Ok(Status::Done);
    }
    finish(ui, aim, &plans.iter().collect::<Vec<_>>(), ask.as_ref())
}

/// Tries the plans of the fixing verb. Returns whether all that they change works.
pub(super) fn check(ui: &Ui, harden: &Harden, plans: &[Prepared], paths: &[Option<&Path>]) -> Result<bool> {
    let docker = connect(ui)?;
    let trying = Trying::default();
    let (mut rows, mut works) = (Vec::new(), true);
    for (plan, path) in plans.iter().zip(paths).filter(|(plan, _)| !plan.rewrites.is_empty()) {
        let options = harden.choice.options(Selection::default());
        let case = Case::new(ui, harden.input.project(*path), options, &trying, &docker)?;
        let ran = case.run(plan, "hardened", None)?;
        let found = rows_of(plan, &ran, None, &[], *path)?;
        let is_changed = |row: &Row| plan.changed().any(|name| name == row.service);
        works &= found.iter().all(|row| !is_changed(row) || row.verdict == Verdict::Works);
        rows.extend(found);
    }
    show(ui, &rows);
    Ok(works)
}

/// Runs one project with the change that is planned for a selection, and says what is shown of each service. Where something fails, it
/// is run as it is once, for what fails anyway is no fault of the change; `before` keeps that.
pub(super) fn prove(
    ui: &Ui,
    input: Input,
    options: Options,
    trying: &Trying,
    docker: &Docker,
    before: &mut Option<RunResult>,
) -> Result<(Prepared, Vec<Row>)> {
    let case = Case::new(ui, input, options, trying, docker)?;
    let (plan, mut ran) = case.trial(&case.options.selection, "hardened", before.as_ref())?;
    let fails = |ran: &RunResult| plan.changed().any(|name| ran.of(name).is_some_and(|outcome| outcome.verdict == Verdict::Fails));
    if before.is_none() && fails(&ran) {
        *before = Some(case.original(false, trying.settle)?);
        ran = case.run(&plan, "once more", before.as_ref())?;
    }
    let rows = rows_of(&plan, &ran, before.as_ref(), &[], None)?;
    Ok((plan, rows))
}

/// The engine, after what dead processes left on it is removed.
pub(super) fn connect(ui: &Ui) -> Result<Docker> {
    let docker = Docker::connect()?;
    for left in docker::sweep(&docker) {
        ui.warn(&clean_line(&format!("an earlier run left something: {left}")));
    }
    Ok(docker)
}

fn clean(ui: &Ui) -> Result<Status> {
    let (removed, left) = docker::clean(&Docker::connect()?)?;
    for left in &left {
        ui.warn(&clean_line(left));
    }
    ui.note(&format!("removed what {} left", count(removed, "run", "runs")));
    Ok(if left.is_empty() { Status::Done } else { Status::FindingsRemain })
}

impl<'c> Case<'c> {
    /// Errors: those of reading the project; a probe of a service that is not there.
    pub(super) fn new(ui: &'c Ui, input: Input, options: Options, trying: &'c Trying, docker: &Docker) -> Result<Self> {
        let files = Files::read(&Disk, &input)?;
        let mut probes = Config::of(&files)?.probes;
        let project = files.project()?;
        files.expect_inside(&project)?;
        probes.retain(|p| project.service(&p.service).is_some());
        for probe in trying.http.iter().chain(&trying.probe) {
            if project.service(&probe.service).is_none() {
                let what = format!("`{}` asks the service `{}`, which is not there", probe.text, probe.service);
                return Err(Error::Usage(what, Some(instead_of(&project, &probe.service))));
            }
            probes.push(probe.clone());
        }
        let selection = &options.selection;
        let only = selection.only.iter().cloned().chain(selection.forced.iter().map(|(name, _)| name.clone())).collect();
        // Without a choice all services are meant, as everywhere.
        let all = ["*".to_owned()];
        let profiles = if options.profiles.is_empty() { &all[..] } else { &options.profiles };
        let layers = for_compose(&files, &input, profiles);
        let context = TrialContext { ui, docker: docker.clone(), layers, probes, options: trying, only, hold: None };
        Ok(Self { input, options, aim: Aim::Show, context, again: Again::default() })
    }

    /// Names of its services.
    fn services(&self) -> Result<Vec<String>> {
        let files = Files::read(&Disk, &self.input)?;
        Ok(files.project()?.services.iter().map(|s| s.name.to_owned()).collect())
    }

    /// Runs the project as it is.
    pub(super) fn original(&self, looks: bool, settle: Duration) -> Result<RunResult> {
        let files = Files::read(&Disk, &self.input)?;
        let (project, model) = (files.project()?, self.context.model(&[])?);
        self.context.run(&Run {
            title: "as it is",
            model: &model,
            project: &project,
            known: Vec::new(),
            before: None,
            looks,
            is_original: true,
            settle,
            lives: !looks,
        })
    }

    /// The plan for a selection.
    pub(super) fn plan(&self, selection: &Selection) -> Result<Prepared> {
        let options = Options { selection: selection.clone(), ..self.options.clone() };
        let asking = Asking { again: &self.again, ..Asking::plainly(&options, self.aim) };
        Prepared::read(&self.input, Asking { view: Some(self.context.ui.view()), tries: true, ..asking })
    }

    /// The project with the change as Compose resolves it.
    pub(super) fn model(&self, plan: &Prepared) -> Result<Value> {
        let changed = plan.rewrites.iter().filter_map(|(loaded, r)| Some((disk::absolute(loaded.as_ref()?.path())?, r.after().text())));
        let changed: Vec<(PathBuf, &str)> = changed.collect();
        self.context.model(&changed)
    }

    /// Plans and runs.
    pub(super) fn trial(&self, selection: &Selection, title: &str, before: Option<&RunResult>) -> Result<(Prepared, RunResult)> {
        let plan = self.plan(selection)?;
        let ran = self.run(&plan, title, before)?;
        Ok((plan, ran))
    }

    /// Plans and runs, without seeing whether what works comes back.
    pub(super) fn glance(&self, selection: &Selection, title: &str, before: Option<&RunResult>) -> Result<RunResult> {
        self.run_with(&self.plan(selection)?, title, before, false)
    }

    /// Runs the project with the change.
    pub(super) fn run(&self, plan: &Prepared, title: &str, before: Option<&RunResult>) -> Result<RunResult> {
        self.run_with(plan, title, before, true)
    }

    /// Runs the project with the change, and sees whether what works comes back if `lives` is asked for.
    pub(super) fn run_with(&self, plan: &Prepared, title: &str, before: Option<&RunResult>, lives: bool) -> Result<RunResult> {
        let model = self.model(plan)?;
        with_project(plan, |project, needs| {
            let known = needs.iter().filter_map(|need| Probe::known(&need.service, need.check.as_ref()?)).collect();
            let settle = self.context.options.settle;
            self.context.run(&Run { title, model: &model, project, known, before, looks: false, is_original: false, settle, lives })
        })
    }
}

/// The project of a plan that is tried, and its needs.
pub(super) fn with_project<T>(plan: &Prepared, f: impl FnOnce(&Project<'_>, &[Need]) -> Result<T>) -> Result<T> {
    let after = plan.after.as_ref().ok_or_else(|| Error::Unverified("a plan that is not to be tried".into()))?;
    let wrong = |e: crate::yaml::SyntaxError| match after.sources.file(e.span.file) {
        Some(source) => SourceError::new(source.stream.text(), e.span, e.message, e.hint).into(),
        None => Error::Unverified(e.message),
    };
    f(&Project::read(&after.sources).map_err(wrong)?, &after.needs)
}

fn rows_of(
    plan: &Prepared,
    ran: &RunResult,
    before: Option<&RunResult>,
    unresolved: &[(String, String)],
    path: Option<&Path>,
) -> Result<Vec<Row>> {
    with_project(plan, |project, needs| {
        let row = |outcome: &Outcome| {
            let service: Option<&Service<'_>> = project.service(&outcome.service);
            let need = needs.iter().find(|n| n.service == outcome.service);
            let (mut details, mends) = match outcome.verdict {
                Verdict::Works => (seen(outcome), Vec::new()),
                _ => explain(outcome, before.and_then(|b| b.of(&outcome.service)), service, need),
            };
            let mut places: Vec<String> = mends.iter().map(|path| format!("`{}`", path.target.replace('`', "'"))).collect();
            if outcome.verdict == Verdict::Works {
                let image = before.and_then(|b| b.images.get(&outcome.service));
                details.extend(image.into_iter().flat_map(|image| beside::missed_later(image, service)));
            }
            if outcome.verdict == Verdict::Works && plan.changed().any(|name| name == outcome.service) {
                details.extend(service.zip(need).and_then(|(service, need)| beside::shared(service, need)));
                let observed = before.and_then(|run| run.sights.get(&outcome.service));
                details.extend(need.zip(observed).and_then(|(need, observed)| beside::lost(&need.paths, observed)));
            }
            places.sort();
            places.dedup();
            places.truncate(MOST_PLACES);
            let short = match (outcome.verdict, places.is_empty()) {
                (Verdict::Fails, false) => format!("{}; it could not write to {}", outcome.short, places.join(", ")),
                _ => outcome.short.clone(),
            };
            if !outcome.replaced.is_empty() {
                let at = outcome.replaced.join(", ");
                details.push(format!("an empty volume of the engine's own stood in for what the project mounts at {at} (driver_opts)"));
            }
            details.extend(unresolved.iter().filter(|(name, _)| *name == outcome.service).map(|(_, why)| why.clone()));
            Row {
                project: path.map(|p| p.display().to_string()).unwrap_or_default(),
                service: outcome.service.clone(),
                verdict: outcome.verdict,
                why: outcome.said(remedy::say),
                short,
                grade: (outcome.verdict == Verdict::Works).then_some(outcome.grade),
                read_only: service.is_some_and(|s| s.read_only == Known::Yes),
                details,
            }
        };
        let mut rows: Vec<Row> = ran.outcomes.iter().map(row).collect();
        // What changes and was not run is not proved.
        for name in plan.changed().filter(|name| ran.of(name).is_none()) {
            let why = "it is not part of what was run; its profile is not active, or another service was named".to_owned();
            rows.push(row(&Outcome::new(name, Verdict::Unprovable, why.clone()).shortly(&why)));
        }
        Ok(rows)
    })
}

/// How much was seen of a service that works.
fn seen(outcome: &Outcome) -> Vec<String> {
    let came_back = (outcome.came_back == Some(true)).then_some(if outcome.grade == Grade::Keeps { KEPT } else { CAME_BACK });
    let given = (!outcome.given.is_empty()).then(|| {
        format!(
            "this engine makes {} writable by itself, as Podman does; Docker does not, so it may need a mount there",
            outcome.given.join(", ")
        )
    });
    let starts = (outcome.grade == Grade::Starts && !outcome.ended).then_some(STARTS);
    came_back.into_iter().chain(starts).map(str::to_owned).chain(given).collect()
}

fn show(ui: &Ui, rows: &[Row]) {
    let color = ui.view().color;
    for row in rows {
        let (word, look) = match row.verdict {
            Verdict::Works => ("works", Look::Added),
            Verdict::Fails => ("fails", Look::Error),
            Verdict::Unprovable => ("not tested", Look::Warning),
        };
        let project = if row.project.is_empty() { String::new() } else { format!("{}: ", row.project) };
        let root = if row.read_only { "" } else { " (its root filesystem is writable)" };
        ui.sentences(&format!(
            "{}{}: {}{}\n",
            clean_line(&project),
            clean_line(&row.service),
            paint(color, look, word),
            clean_line(&format!(": {}{root}", row.why))
        ));
        row.details.iter().for_each(|line| ui.sentences(&format!("    {}\n", clean_line(line))));
    }
}
