//! The fixing verb: plan, show, ask, write.

use super::again::{self, Again};
use super::answers;
use super::args::{AnswerFormat, Choice, Harden};
use super::ask::Ask;
use super::moving;
use super::next;
use super::notes;
use super::oracle::Oracle;
use super::prepared::{Aim, Asking, Prepared};
use super::remedy;
use super::report_oddity;
use super::review;
use super::tree;
use super::ui::Ui;
use super::verify;
use crate::edge::disk::{self, Disk};
use crate::edge::stop;
use crate::error::{Error, Result};
use crate::evidence::Selection;
use crate::plan::{self, Counts, Files, HeldBack, LeftAlone, Options};
use crate::report::remarks::{self, services};
use crate::text::clean_line;
use rayon::prelude::*;
use std::collections::HashMap;
use std::collections::HashSet;
use std::path::Path;

/// What a run left to say to the calling shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    Done,
    FindingsRemain,
    /// Some project of several could not be read.
    Failed,
}

/// Runs the verb over every PATH.
pub(super) fn run(ui: &Ui, args: &Harden) -> Result<Status> {
    let options = args.options()?;
    if args.format == AnswerFormat::Json {
        return json(ui, args, &options);
    }
    if args.input.paths.iter().any(|p| p == Path::new("-")) {
        return filter(ui, args, &options);
    }
    let aim = args.aim();
    let ask = match aim {
        Aim::Review => Some(Ask::new("-i", "leave out -i to see the diff; --write --yes writes without questions")?),
        Aim::Write { asks: true } => Some(Ask::new("--write", "add --yes to write without questions")?),
        _ => None,
    };
    if args.write || args.input.recursive {
        stop::watch().map_err(|why| Error::Usage(format!("cannot watch for Ctrl-C: {why}"), None))?;
    }
    let oracle = Oracle::find(args.oracle)?;
    let person = ask.as_ref().map(|ask| (ui, ask));
    let view = matches!(aim, Aim::Show | Aim::Write { .. }).then(|| ui.view());
    let named = Again::of(&args.input, &args.choice).into_layer(args.override_file.as_deref());
    let asking =
        Asking { options: &options, aim, oracle: oracle.as_ref(), person, view, tries: args.verify, has_review: true, again: &named };
    if let (Aim::Review, Some(ask)) = (aim, &ask) {
        return review::run(ui, &reviewed(ui, args)?, asking, ask, args.plain);
    }
    if args.input.recursive {
        // Of a tree all is planned at once, by many threads.
        return tree::run(ui, &args.input, Asking { person: None, ..asking }, ask.as_ref());
    }
    let paths = args.input.each();
    // All is planned before the first file is written, so that a bad PATH stops the others too. One project needs no threads.
    let plan = |path| Prepared::read(&args.project(path), asking);
    let plans: Vec<Prepared> = match paths.as_slice() {
        [_, _, ..] if person.is_none() => paths.par_iter().copied().map(plan).collect::<Result<_>>()?,
        _ => paths.iter().copied().map(plan).collect::<Result<_>>()?,
    };
    let mut written = HashMap::new();
    let plans: Vec<Prepared> = plans.into_iter().map(|plan| plan.unshared(&mut written)).collect::<Result<_>>()?;
    let left: Vec<LeftAlone> = plans.iter().flat_map(|p| &p.left_alone).cloned().collect();
    expect_a_match(&args.choice, &left, counted(&plans.iter().collect::<Vec<_>>()).selected)?;
    for plan in &plans {
        present(ui, aim, plan);
    }
    if args.verify && !verify::check(ui, args, &plans, &paths)? {
        let heal = named.command("verify", "--heal");
        ui.hint(&format!("nothing was written; `{heal}` looks for what is missing, --service '!NAME' leaves a service out"));
        return Ok(Status::FindingsRemain);
    }
    let plans: Vec<&Prepared> = plans.iter().collect();
    let Some(ask) =
        ask.as_ref().filter(|_| plans.iter().any(|p| !p.held_back.is_empty()) && plans.iter().any(|p| p.writes().next().is_some()))
    else {
        return finish(ui, aim, &plans, ask.as_ref());
    };
    notes::new_volumes(ui, &plans);
    warn_of_no_way_back(ask, &plans)?;
    let question = format!("Write {}: {}? [y]es, [a]ll of it, [r]eview, [N]o", file_names(&plans), summary(&plans));
    match ask.choose(&question, &["yes", "all", "review"])? {
        Some("yes") => ended(ui, aim, &plans, write(&plans, None)?),
        // What is held back is shown with its reasons, and asked for again.
        Some("all") => {
            ask.forget_typed()?;
            run(ui, &Harden { unsafe_fixes: true, ..args.clone() })
        }
        Some(_) => run(ui, &Harden { interactive: true, write: false, ..args.clone() }),
        None => ended(ui, aim, &plans, Done::Declined),
    }
}

/// The plan for programs.
fn json(ui: &Ui, args: &Harden, options: &Options) -> Result<Status> {
    if args.write || args.interactive || args.verify {
        let hint = "leave out --write, --interactive and --verify; the answer has the patches".to_owned();
        return Err(Error::Usage("--format json prints the plan and does nothing else".into(), Some(hint)));
    }
    stop::watch().map_err(|why| Error::Usage(format!("cannot watch for Ctrl-C: {why}"), None))?;
    answers::plan(ui, args, options)
}

impl Harden {
    /// What is asked for of every project.
    ///
    /// Errors: options that do not go together; a preset that is not there.
    pub(super) fn options(&self) -> Result<Options> {
        let selection = Selection { assume: self.unsafe_fixes, with: self.extras()?, ..self.choice.selection()? };
        Ok(Options { explain_in_file: self.explain_in_file, ..self.choice.options(selection) })
    }

    /// The project at a path, with the file for all changes, if one is named.
    pub(super) fn project(&self, path: Option<&Path>) -> plan::Input {
        plan::Input { override_file: self.override_file.clone(), ..self.input.project(path) }
    }

    fn aim(&self) -> Aim {
        match (self.check, self.interactive, self.write) {
            (true, ..) => Aim::Check { is_strict: self.strict },
            (_, true, _) => Aim::Review,
            (_, _, true) => Aim::Write { asks: !self.yes },
            _ => Aim::Show,
        }
    }
}

/// The projects of a review.
///
/// Errors: a tree has none.
fn reviewed(ui: &Ui, args: &Harden) -> Result<Vec<plan::Input>> {
    if args.input.recursive {
        let (folders, unreadable) = tree::projects(&args.input.paths)?;
        unreadable.iter().for_each(|folder| tree::warn_of(ui, folder));
        return Ok(folders.iter().map(|folder| args.project(Some(folder))).collect());
    }
    Ok(args.input.each().into_iter().map(|path| args.project(path)).collect())
}

/// Errors: presets are named, and none takes a service.
pub(super) fn expect_a_match(choice: &Choice, left: &[LeftAlone], selected: usize) -> Result<()> {
    let Some(preset) = choice.preset.iter().find(|name| *name != "auto") else { return Ok(()) };
    let candidates: Vec<String> = left.iter().filter_map(|left| left.next.as_ref()).map(remedy::option).collect();
    if left.is_empty() || selected > 0 {
        return Ok(());
    }
    let hint = match candidates.as_slice() {
        [] => notes::OWN_PRESETS.to_owned(),
        candidates => format!("say for which service it is: {}", candidates.join(" or ")),
    };
    Err(Error::Usage(format!("--preset {preset} matches no service"), Some(clean_line(&hint))))
}

/// Shows what one project's plan has to show.
pub(super) fn present(ui: &Ui, aim: Aim, plan: &Prepared) {
    for warning in &plan.warnings {
        ui.warn(&clean_line(warning));
    }
    for oddity in &plan.oddities {
        report_oddity(ui, oddity);
    }
    if aim.checks() {
        plan.missing.iter().for_each(|line| ui.sentences(line));
    } else if aim != Aim::Review {
        for (i, diff) in plan.diffs.iter().enumerate() {
            ui.out(&diff.text);
            if let Some((_, rewrite)) = plan.rewrites.get(i).filter(|_| ui.explains_patches()) {
                notes::reasons(ui, rewrite);
            }
            if let Some(folder) = &diff.apply_in {
                ui.note(&clean_line(&format!("the patch is to be applied in {}", folder.display())));
            }
        }
    }
    if !aim.checks() && aim != Aim::Review {
        notes::unnamed(ui, &plan.unnamed, plan.outlook.again.is_tree.then_some(plan.folder.as_str()));
    }
    moving::say(ui, &plan.left_behind, plan.up.as_deref());
    if !plan.spared.is_empty() {
        let services: Vec<&str> = plan.spared.iter().map(String::as_str).collect();
        ui.note(&clean_line(&format!("{} held back: data would stay behind", remarks::services(&services))));
    }
    notes::remarks(ui, &plan.remarks);
    notes::left_alone(ui, &plan.left_alone);
    for (service, reason) in &plan.left_out {
        ui.note(&clean_line(&format!("{service} is left out: {reason}")));
    }
}

/// Asks and writes, all files or none, and says what was done.
pub(super) fn finish(ui: &Ui, aim: Aim, plans: &[&Prepared], ask: Option<&Ask>) -> Result<Status> {
    if aim.checks() {
        let held_back: Vec<HeldBack> = plans.iter().flat_map(|p| p.held_back.clone()).collect();
        return Ok(check(ui, aim, plans, &held_back));
    }
    notes::new_volumes(ui, plans);
    let is_empty = plans.iter().all(|p| p.rewrites.is_empty() && p.ignoring.is_empty());
    let is_open = plans.iter().any(|p| p.findings.iter().any(|f| f.fix.is_some()));
    let done = if is_empty && aim == Aim::Review && is_open {
        Done::Declined
    } else if is_empty {
        Done::Nothing
    } else if aim == Aim::Show {
        Done::Shown
    } else {
        write(plans, ask)?
    };
    ended(ui, aim, plans, done)
}

fn ended(ui: &Ui, aim: Aim, plans: &[&Prepared], done: Done) -> Result<Status> {
    let held_back: Vec<HeldBack> = plans.iter().flat_map(|p| p.held_back.clone()).collect();
    closing(ui, aim, plans, &held_back, done);
    match done {
        // The interrupt came when the files were about to be renamed, and they all were.
        Done::Written if stop::go_on().is_err() => Err(Error::InterruptedAfter("all of the change was written".into())),
        Done::Declined => Ok(Status::FindingsRemain),
        _ => Ok(Status::Done),
    }
}

/// Standard input to standard output.
fn filter(ui: &Ui, args: &Harden, options: &Options) -> Result<Status> {
    let wrong = match (args.input.paths.len() > 1, args.write || args.interactive || args.override_file.is_some()) {
        (true, _) => Some("`-` goes with no other PATH"),
        (_, true) => Some("standard input cannot be written back"),
        _ => None,
    };
    if let Some(wrong) = wrong {
        let hint = "`-` alone reads standard input and writes the result to standard output";
        return Err(Error::Usage(wrong.into(), Some(hint.into())));
    }
    let input = args.input.standard_input()?;
    let aim = args.aim();
    let plan = Prepared::of(&Files::read(&Disk, &input)?, Asking::plainly(options, aim))?;
    if aim.checks() {
        present(ui, aim, &plan);
        return Ok(check(ui, aim, &[&plan], &plan.held_back));
    }
    // Changes of files that standard input names have no place in the answer.
    let own = plan.rewrites.iter().find(|(loaded, _)| loaded.is_none());
    ui.out(own.map_or(&plan.text, |(_, r)| r.after().text()));
    for (_, rewrite) in plan.rewrites.iter().filter(|(loaded, _)| loaded.is_some()) {
        ui.warn(&clean_line(&format!("{} would change too; name the project's folder to see how", rewrite.before().name())));
    }
    notes::remarks(ui, &plan.remarks);
    notes::held_back(ui, &plan.held_back, &plan.outlook.again);
    Ok(Status::Done)
}

/// What became of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Nothing,
    Shown,
    Declined,
    Written,
}

/// Whether the person wants the plans written. From then on a signal is asked for between files, and ends nothing by itself.
pub(super) fn consent(plans: &[&Prepared], ask: Option<&Ask>) -> Result<bool> {
    if let Some(ask) = ask {
        warn_of_no_way_back(ask, plans)?;
        if !ask.confirm(&format!("Write {}: {}?", file_names(plans), summary(plans)))? {
            return Ok(false);
        }
    }
    stop::hold()?;
    Ok(true)
}

fn warn_of_no_way_back(ask: &Ask, plans: &[&Prepared]) -> Result<()> {
    let loaded: Vec<_> = plans.iter().flat_map(|p| p.writes()).map(|write| write.loaded).collect();
    next::no_way_back(&loaded).map_or(Ok(()), |warning| ask.say(&warning))
}

/// "harden 2 services (web, api), leave 1 service (db)".
fn summary(plans: &[&Prepared]) -> String {
    let shared = shared(plans);
    let taken: Vec<String> = plans.iter().flat_map(|p| p.changed().map(|service| named(p, &shared, service))).collect();
    let is_left = |plan: &&Prepared, service: &str| !plan.changed().any(|s| s == service);
    let open = plans.iter().flat_map(|p| p.findings.iter().map(move |f| (p, f)));
    let left = open.filter(|(p, f)| f.fix.is_some() && is_left(p, &f.service));
    let left: Vec<String> = left.map(|(p, f)| named(p, &shared, &f.service)).collect();
    // Reasons to ignore may be all that is written.
    let mut text = if taken.is_empty() { "note what is ignored".to_owned() } else { format!("harden {}", services(&taken)) };
    if !left.is_empty() {
        text += &format!(", leave {}", services(&left));
    }
    text
}

fn write(plans: &[&Prepared], ask: Option<&Ask>) -> Result<Done> {
    if !consent(plans, ask)? {
        return Ok(Done::Declined);
    }
    let writes: Vec<disk::Write<'_>> = plans.iter().flat_map(|p| p.writes()).collect();
    disk::write_all(&writes)?;
    Ok(Done::Written)
}

/// Most file names in one sentence.
const MOST_FILES: usize = 6;

fn file_names(plans: &[&Prepared]) -> String {
    let rewritten = plans.iter().flat_map(|p| &p.rewrites).map(|(_, r)| clean_line(r.before().name()));
    let ignoring = plans.iter().flat_map(|p| &p.ignoring).map(|(loaded, _)| clean_line(&loaded.path().display().to_string()));
    let mut names: Vec<String> = rewritten.collect();
    for name in ignoring {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() > MOST_FILES { format!("{} files", names.len()) } else { names.join(", ") }
}

fn check(ui: &Ui, aim: Aim, plans: &[&Prepared], held_back: &[HeldBack]) -> Status {
    if aim == (Aim::Check { is_strict: true }) {
        // Each has its line.
        notes::how_to_include(ui, held_back, again_of(plans));
    } else {
        notes::held_back(ui, held_back, again_of(plans));
    }
    if let Some(text) = counted(plans).text(0, "are") {
        ui.note(&text);
    }
    if plans.iter().any(|p| !p.missing.is_empty()) {
        if plans.iter().any(|p| !p.accepted.is_empty()) {
            ui.hint("run without --check to see the change, with --write in its place to make it");
        } else if aim == (Aim::Check { is_strict: true }) {
            ui.hint("what has to stay writable needs a reason: `i` in the review (-i) writes it into the file or into rofs-harden.toml");
        }
        return Status::FindingsRemain;
    }
    ui.note(if plans.iter().all(|p| p.findings.is_empty()) { "nothing is missing" } else { "nothing else is missing" });
    Status::Done
}

/// What names them all: each plan of a run has the same.
fn again_of<'p>(plans: &[&'p Prepared]) -> &'p Again {
    plans.first().map_or(&again::NOTHING, |plan| &plan.outlook.again)
}

fn counted(plans: &[&Prepared]) -> Counts {
    plans.iter().fold(Counts::default(), |sum, plan| sum.with(plan.counts))
}

/// The names of services that more than one project has something to say of.
fn shared<'p>(plans: &[&'p Prepared]) -> HashSet<&'p str> {
    let (mut seen, mut shared) = (HashSet::new(), HashSet::new());
    for plan in plans {
        let own: HashSet<&str> = plan.changed().chain(plan.findings.iter().map(|finding| &*finding.service)).collect();
        shared.extend(own.into_iter().filter(|service| !seen.insert(*service)));
    }
    shared
}

/// A service, with its project where another one has a service of that name.
fn named(plan: &Prepared, shared: &HashSet<&str>, service: &str) -> String {
    let is_clear = plan.folder.is_empty() || !shared.contains(service);
    if is_clear { service.to_owned() } else { format!("{service} in {}", plan.folder) }
}

/// What was done, what was held back and how to include it, and what to run next.
pub(super) fn closing(ui: &Ui, aim: Aim, plans: &[&Prepared], held_back: &[HeldBack], done: Done) {
    let shared = shared(plans);
    let changed: Vec<String> = plans.iter().flat_map(|p| p.changed().map(|service| named(p, &shared, service))).collect();
    let services = services(&changed);
    ui.note(&match done {
        Done::Nothing if plans.iter().all(|p| p.counts.selected == 0) => "nothing to do: no service is selected".to_owned(),
        Done::Nothing if plans.iter().all(|p| p.findings.is_empty() && p.counts.hard >= p.counts.selected) => {
            "nothing to do: every selected service is read-only already".to_owned()
        }
        Done::Nothing => "nothing was changed".to_owned(),
        Done::Shown => format!("would harden {services}; nothing was written"),
        Done::Declined => "nothing was written".to_owned(),
        Done::Written if changed.is_empty() => format!("wrote {}", file_names(plans)),
        Done::Written => format!("wrote {}: hardened {services}", file_names(plans)),
    });
    if matches!(done, Done::Shown | Done::Written) {
        for (_, rewrite) in plans.iter().flat_map(|p| &p.rewrites).filter(|(_, r)| r.closes_scalar()) {
            let name = rewrite.before().name();
            let what =
                format!("{name} ended in a block scalar without a line break: its header got a `-`, so that its text stays the same");
            ui.note(&clean_line(&what));
        }
    }
    if aim != Aim::Review {
        notes::held_back(ui, held_back, again_of(plans));
    }
    let counts = counted(plans);
    let text = match done {
        Done::Written => counts.text(counts.hardened, "are"),
        Done::Shown => counts.text(counts.hardened, "would be"),
        Done::Nothing | Done::Declined => counts.text(0, "are"),
    };
    // Of a tree these are only the projects that change, and its own sum follows.
    if let Some(text) = text.filter(|_| counts.selected > 0 && !again_of(plans).is_tree) {
        ui.note(&text);
    }
    match done {
        Done::Shown => next::after_showing(ui, plans),
        Done::Written => next::after_writing(ui, plans),
        Done::Nothing if counts.selected > 0 && plans.iter().all(|p| p.findings.is_empty()) => next::after_nothing(ui, plans, counts),
        _ => {}
    }
}
