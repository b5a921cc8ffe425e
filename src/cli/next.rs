//! What to do next: after a write, and after a run that found nothing to do.

use super::again::Again;
use super::moving;
use super::prepared::{Aim, Asking, Prepared};
use super::remedy;
use super::ui::Ui;
use crate::audit::{Fix, Severity, Surface};
use crate::edge::{disk, git};
use crate::error::Result;
use crate::evidence::{Confidence, Extra, Extras, Limit, Need};
use crate::plan::source::Loaded;
use crate::plan::{Counts, Files, MAIN_NAMES, OVERRIDE_NAMES, Options, Plan, Purpose};
use crate::remedy::Remedy;
use crate::report::remarks::services;
use crate::text::{clean_line, count, shell_word};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Most files that Git is asked about, one by one.
const MOST_FILES: usize = 4;
/// Most volumes whose data are moved by commands that are shown.
const MOST_VOLUMES: usize = 4;
/// Most services of a project that is looked at once more for what else could be done.
const MOST_SERVICES: usize = 500;
/// Most projects whose commands are listed one by one.
const MOST_PROJECTS: usize = 4;
/// Most reminders that are shown.
const MOST_REMINDERS: usize = 3;

/// How far a project is once its plan is carried out, and what else could be done about it.
#[derive(Debug, Default)]
pub(super) struct Outlook {
    /// Its writable surface.
    surface: usize,
    /// What else is known to work without, and the services that would lose it.
    extras: Extras,
    services: Vec<String>,
    /// Errors that nobody has seen to, and the rule of the first.
    errors: usize,
    rule: &'static str,
    /// What its presets ask a person to see to, by service that changes.
    reminders: Vec<(String, String)>,
    /// Where Compose is run, if not here, and with which `-f` options.
    folder: PathBuf,
    layers: String,
    /// The same with all of them, from here.
    all_layers: String,
    /// Whether the verb has a review.
    has_review: bool,
    /// What names the same projects and services in a command that is printed.
    pub(super) again: Again,
}

impl Outlook {
    /// That of a plan that was carried out, as far as it is to be said.
    ///
    /// Errors: as for [`Plan::of`].
    pub(super) fn of(files: &Files<'_>, plan: &Plan<'_>, asking: Asking<'_>) -> Result<Self> {
        let (layers, all_layers) = (layers(files, asking.again), named(files));
        let again = files.layers_to_name().map_or_else(|| asking.again.clone(), |layers| asking.again.with_layers(format!(" {layers}")));
        let has_review = asking.has_review;
        let mut outlook = Self { folder: folder(files, &layers), layers, all_layers, has_review, again, ..Self::default() };
        let is_said = match asking.aim {
            Aim::Check { .. } => false,
            Aim::Show => asking.view.is_some() && plan.rewrites.is_empty(),
            Aim::Review | Aim::Write { .. } => true,
        };
        if !is_said {
            return Ok(outlook);
        }
        let fixes: HashMap<&str, &Fix> = plan.accepted.iter().map(|fix| (fix.service.as_str(), fix)).collect();
        let known: HashMap<&str, &Need> = plan.needs.iter().map(|need| (need.service.as_str(), need)).collect();
        for service in &plan.project.services {
            let need = known.get(service.name).copied();
            let surface = Surface::of(service, need);
            outlook.surface += fixes.get(service.name).map_or(surface, |fix| surface.after(fix, need)).score();
        }
        let changed: BTreeSet<&str> = plan.changed().collect();
        for need in plan.needs.iter().filter(|need| changed.contains(need.service.as_str())) {
            outlook.reminders.extend(need.reminders.iter().map(|text| (need.service.clone(), text.clone())));
        }
        if files.is_one_of_many() || plan.project.services.len() > MOST_SERVICES {
            return Ok(outlook);
        }
        let mut options = Options { purpose: Purpose::Report, ..asking.options.clone() };
        options.selection.limits = true;
        let report = Plan::of(files, &options)?;
        let mut losing: BTreeSet<&str> = BTreeSet::new();
        let needs: HashMap<&str, &Need> = report.needs.iter().map(|need| (need.service.as_str(), need)).collect();
        for finding in report.findings.iter().filter(|f| f.ignored.is_none() && f.fix.is_none()) {
            if let Some(Remedy::Extra { name, .. }) = &finding.remedy
                && let Some(extra) = Extra::ALL.into_iter().find(|extra| extra.name() == *name && extra.is_of_all())
            {
                if needs.get(finding.service.as_str()).is_some_and(|need| is_known(need, extra)) {
                    outlook.extras = outlook.extras.and([extra].into_iter().collect());
                    losing.insert(&finding.service);
                }
            } else if report.severity(finding.rule) == Severity::Error {
                outlook.errors += 1;
                outlook.rule = if outlook.rule.is_empty() { finding.rule.id() } else { outlook.rule };
            }
        }
        let losing = plan.project.services.iter().map(|service| service.name).filter(|name| losing.contains(name));
        outlook.services = losing.map(str::to_owned).collect();
        Ok(outlook)
    }

    /// The extras, as they are asked for.
    fn with(&self) -> Option<String> {
        let names: Vec<&str> = Extra::ALL.into_iter().filter(|extra| self.extras.has(*extra)).map(Extra::name).collect();
        (!names.is_empty()).then(|| remedy::with(&names))
    }
}

/// The options with which Compose reads the project's files, where it would not find them by itself.
fn layers(files: &Files<'_>, again: &Again) -> String {
    let named = || {
        let is_usual = |path: &&Path| path.file_name().is_some_and(|name| MAIN_NAMES.iter().chain(&OVERRIDE_NAMES).any(|n| name == *n));
        // What else is named is named from here.
        let is_found = !again.names_layers && paths(files).iter().all(is_usual) && (is_here(files) || !again.starts_here());
        (!is_found).then(|| named(files))
    };
    files.layers_to_name().map(|layers| format!(" {layers}")).or_else(named).unwrap_or_default()
}

/// The files of the project's layers.
fn paths<'f>(files: &'f Files<'_>) -> Vec<&'f Path> {
    files.sources().layers().iter().filter_map(|id| Some(&*files.sources().file(*id)?.path)).collect()
}

/// All layers by `-f` options.
fn named(files: &Files<'_>) -> String {
    paths(files).into_iter().map(|path| format!(" -f {}", shell_word(&path.display().to_string()))).collect()
}

/// Whether the project's folder is the one that the program runs in.
fn is_here(files: &Files<'_>) -> bool {
    let folder = files.sources().directory();
    folder.as_os_str().is_empty() || folder == Path::new(".") || disk::real_path(folder) == disk::real_path(Path::new("."))
}

/// The folder in which Compose finds the project's files; empty if that is here.
fn folder(files: &Files<'_>, layers: &str) -> PathBuf {
    if !layers.is_empty() || is_here(files) { PathBuf::new() } else { files.sources().directory().to_owned() }
}

/// Whether it is more than assumed that a service does without something.
fn is_known(need: &Need, extra: Extra) -> bool {
    let is_it = |limit: &Limit| match limit {
        Limit::Works(restriction, reason) => restriction.extra() == extra && (need.consent || reason.confidence > Confidence::Assumed),
        Limit::Unknown(..) => false,
    };
    need.limits.iter().any(is_it)
}

/// Says how what was shown is written.
pub(super) fn after_showing(ui: &Ui, plans: &[&Prepared]) {
    let review = if plans.iter().all(|p| p.outlook.has_review) { ", -i to decide service by service" } else { "" };
    ui.hint(&format!("add --write to make the change{review}"));
}

/// Says what to do after a write: what to see to first, what to run, what else could be taken away, and how to go back.
pub(super) fn after_writing(ui: &Ui, plans: &[&Prepared]) {
    let mut hidden = 0;
    for (number, (service, text)) in plans.iter().flat_map(|p| &p.outlook.reminders).enumerate() {
        if number < MOST_REMINDERS {
            ui.warn(&clean_line(&format!("{service}: {text}")));
        } else {
            hidden += 1;
        }
    }
    if hidden > 0 {
        ui.hint(&format!("`rofs-harden presets show IMAGE` has {hidden} more of these"));
    }
    if plans.iter().any(|p| p.changed().next().is_some()) {
        start(ui, plans);
        drop_more(ui, plans);
    }
    ui.hint(&clean_line(&back(plans)));
}

/// Says how what was written is started and tried.
fn start(ui: &Ui, plans: &[&Prepared]) {
    let Some(Outlook { again, .. }) = plans.first().map(|plan| &plan.outlook) else { return };
    let folders: BTreeSet<&Path> = plans.iter().map(|p| &*p.outlook.folder).collect();
    let is_found = |plan: &&Prepared| plan.outlook.layers.is_empty();
    // Projects of which one has files of other names are started from here, each by its files.
    let is_listed = plans.len() > 1 && plans.len() <= MOST_PROJECTS && !plans.iter().all(is_found);
    let place = match folders.into_iter().collect::<Vec<_>>().as_slice() {
        _ if is_listed => String::new(),
        [folder] if folder.as_os_str().is_empty() => String::new(),
        [folder] => format!(" in {}", folder.display()),
        _ => " in the folder of each project".to_owned(),
    };
    let is_tried = plans.iter().all(|p| p.after.is_some());
    // It takes no tree, and what is run elsewhere needs no path.
    let verify = if again.is_tree || !place.is_empty() { again.in_its_folder() } else { again.clone() }.command("verify", "");
    let first = if is_tried { String::new() } else { format!("; `{verify}` tries the change beside what runs now") };
    ui.hint(&clean_line(&format!("run these{place}{first}")));
    let volumes: Vec<_> = plans.iter().flat_map(|plan| moving::new_volumes(&plan.accepted)).collect();
    match plans {
        _ if volumes.is_empty() => {}
        [plan] if volumes.len() <= MOST_VOLUMES => {
            ui.note("    # what containers hold comes along; if there are none, begin with `up`");
            for line in moving::before_the_start(again.compose(&plan.outlook.layers, "").trim_end(), &volumes) {
                ui.note(&format!("    {}", clean_line(&line)));
            }
        }
        _ => ui.hint("before `up`, take along what containers hold where a volume is new: `rofs-harden explain moving-data`"),
    }
    let all: Vec<&str> = match plans {
        [plan] => vec![&plan.outlook.layers],
        _ if is_listed => plans.iter().map(|plan| &*plan.outlook.all_layers).collect(),
        _ => vec![""],
    };
    for line in all.iter().flat_map(|layers| [again.compose(layers, "up -d"), again.diagnose(layers)]) {
        ui.note(&format!("    {}", clean_line(&line)));
    }
}

/// Says what else could be taken away.
fn drop_more(ui: &Ui, plans: &[&Prepared]) {
    let extras: Extras = Extra::ALL.into_iter().filter(|e| plans.iter().any(|p| p.outlook.extras.has(*e))).collect();
    let all = Outlook { extras, ..Outlook::default() };
    if let (Some(with), Some(plan)) = (all.with(), plans.first()) {
        let names: Vec<&String> = plans.iter().flat_map(|p| &p.outlook.services).collect();
        let command = plan.outlook.again.command("", &with);
        ui.hint(&clean_line(&format!("`{command}` drops further privileges of {}", services(&names))));
    }
}

/// How to go back: only what Git has can be had back, as no copy is kept.
fn back(plans: &[&Prepared]) -> String {
    let written: Vec<_> = plans.iter().flat_map(|p| p.writes()).map(|write| write.loaded).collect();
    let (new, old): (Vec<_>, Vec<_>) = written.into_iter().partition(|loaded| loaded.is_new());
    let name = |path: &Path| shell_word(&path.display().to_string()).into_owned();
    let names = |of: &[&Loaded]| of.iter().map(|l| name(l.path())).collect::<Vec<_>>().join(" ");
    if old.len() + new.len() > MOST_FILES {
        return "no copies of the old files were kept: `git restore FILE` goes back to what was committed".to_owned();
    }
    let mut steps = Vec::new();
    if !old.is_empty() && old.iter().all(|loaded| is_committed(loaded)) {
        steps.push(format!("`git restore --source=HEAD {}`", names(&old)));
    } else if !old.is_empty() {
        let old = old.iter().map(|l| l.path().display().to_string()).collect::<Vec<_>>().join(", ");
        steps.push(format!("undo the changed lines of {old} by hand (no copy was kept, and Git does not have it as it was)"));
    }
    if !new.is_empty() {
        steps.push(format!("`rm {}`", names(&new)));
    }
    format!("to go back: {}", steps.join(" and "))
}

/// Whether Git has a file as it was read. Without Git or a checkout nothing is committed.
fn is_committed(loaded: &Loaded) -> bool {
    git::has_committed(loaded.path(), loaded.file().text().as_bytes()).unwrap_or(false)
}

/// That files which are about to be written cannot be had back as they are, where that is so.
pub(super) fn no_way_back(files: &[&Loaded]) -> Option<String> {
    let old: Vec<_> = files.iter().filter(|loaded| !loaded.is_new()).collect();
    if old.len() > MOST_FILES {
        return Some("no copies of the old files are kept: what is not committed cannot be had back".to_owned());
    }
    let lost: Vec<String> = old.iter().filter(|loaded| !is_committed(loaded)).map(|loaded| loaded.path().display().to_string()).collect();
    let them = if lost.len() == 1 { "it is now" } else { "they are now" };
    let it = if lost.len() == 1 { "it" } else { "them" };
    let names = lost.join(", ");
    (!lost.is_empty())
        .then(|| format!("Git does not have {names} as {them}, and no copy is kept: commit or copy {it} first to be able to go back"))
}

/// Says how far projects are in which nothing is left to do, and the one thing to do next.
pub(super) fn after_nothing(ui: &Ui, plans: &[&Prepared], counts: Counts) {
    let surface: usize = plans.iter().map(|p| p.outlook.surface).sum();
    let services = count(counts.services, "service is", "services are");
    if counts.hard == counts.services {
        ui.note(&format!("{} of {services} read-only; writable surface {surface}", counts.hard));
    }
    let errors: usize = plans.iter().map(|p| p.outlook.errors).sum();
    if let Some(first) = plans.iter().find(|p| p.outlook.errors > 0) {
        let (errors, them) = (count(errors, "error is", "errors are"), if errors == 1 { "it" } else { "them" });
        let (audit, rule) = (first.outlook.again.command("audit", ""), first.outlook.rule);
        ui.hint(&clean_line(&format!("next: {errors} left: `{audit}` shows {them} (`rofs-harden explain {rule}`)")));
    } else if plans.iter().any(|p| !p.outlook.extras.is_empty()) {
        drop_more(ui, plans);
    } else {
        let check = plans.first().map_or_else(String::new, |plan| plan.outlook.again.command("", "--check"));
        ui.hint(&clean_line(&format!("next: run `{check}` in CI, which fails when a service is not read-only any more")));
    }
}
