//! Many repositories, one after the other, at a pace that forges and people can bear. Each is written down in a journal before the next one
//! is begun, so that a run that was cut off is gone on with.

use super::journal::Journal;
use super::offer::Wanted;
use super::report;
use super::{Target, propose_all};
use crate::cli::args::{Pr, Shard};
use crate::cli::harden::Status;
use crate::cli::ui::Ui;
use crate::edge::disk;
use crate::edge::forge::{Session, State, is_name};
use crate::error::{Error, Fault, Result};
use crate::propose::report::{Fleet, LeftOut, Report, Row};
use crate::propose::{Done, overview};
use crate::report::json::json;
use crate::text::{clean_line, count};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// After so many repositories in a row for which the forge does not answer it is not asked about the others.
const SILENCES: usize = 3;

/// Variables that say which forge is meant.
const FORGES: [&str; 5] = ["GITHUB_SERVER_URL", "CI_SERVER_URL", "GITHUB_API_URL", "CI_API_V4_URL", "GITEA_API_URL"];

/// Why a run ends before its list does.
enum Stop {
    /// As many pull requests were opened as the run may.
    Limit,
    /// As many are open as may be at a time.
    Waits,
    /// One was declined.
    Declined(String),
}

/// How many pull requests may still be opened. What is open is what the forge says, so that it does not matter what became of an
/// earlier run and of its journal.
#[derive(Default)]
pub(super) struct Budget {
    /// In this run.
    limit: Option<usize>,
    /// At a time.
    canary: Option<usize>,
    /// How many are open.
    open: usize,
    /// Of these, those that an earlier run saw in repositories which this one has not come to.
    earlier: HashMap<String, usize>,
    /// One that was declined, which ends a run with `--canary`.
    declined: Option<String>,
    /// Whether something was not opened for want of room.
    was_wanted: bool,
}

impl Budget {
    fn new(args: &Pr) -> Self {
        let number = |number: Option<u32>| number.map(|number| number as usize);
        Self { limit: number(args.limit), canary: number(args.canary), ..Self::default() }
    }

    /// Whether nothing more may be opened, and if so, why.
    fn stop(&self) -> Option<Stop> {
        match &self.declined {
            Some(address) => Some(Stop::Declined(address.clone())),
            None if self.canary.is_some_and(|most| self.open >= most) => Some(Stop::Waits),
            None if self.limit == Some(0) => Some(Stop::Limit),
            None => None,
        }
    }

    /// Whether this one has to wait for room. That it did is kept.
    pub(super) fn holds_up(&mut self, opens: impl FnOnce() -> Result<bool>) -> Result<bool> {
        let is_held = self.stop().is_some() && opens()?;
        self.was_wanted |= is_held;
        Ok(is_held)
    }

    /// Takes note of what was done.
    pub(super) fn take(&mut self, row: &Row) {
        if row.done == Done::Opened {
            self.limit = self.limit.map(|left| left.saturating_sub(1));
        }
        self.open += usize::from(row.done.is_open());
        if row.done == Done::Declined {
            self.take_declined(row.url.as_deref().unwrap_or(&row.branch));
        }
    }

    /// Forgets what an earlier run saw in a repository: it is looked at now.
    fn come_to(&mut self, repository: &str) {
        self.open -= self.earlier.remove(repository).unwrap_or(0);
    }

    fn take_declined(&mut self, address: &str) {
        if self.canary.is_some() {
            self.declined.get_or_insert_with(|| address.to_owned());
        }
    }
}

/// Runs the verb over every repository of a list.
pub(super) fn run(ui: &Ui, args: &Pr, wanted: &Wanted<'_>, session: &Rc<Session>, list: &str) -> Result<Status> {
    let List { names, left_out } = List::read(ui, args, session, list)?;
    let path = journal_path(args);
    let mut journal = Journal::open(&path, &asked(args, list))?;
    let known = names.iter().filter(|name| is_done(&journal, name)).count();
    if known > 0 {
        ui.note(&clean_line(&format!("going on with {}: {known} of {} are done", path.display(), names.len())));
    }
    let walked = walk(ui, args, wanted, session, &names, &mut journal).and_then(|stop| {
        if stop.is_none() {
            journal.end()?;
        }
        Ok(stop)
    });
    ui.progress_done();
    let repositories: Vec<Report> = names.iter().filter_map(|name| journal.of(name).cloned()).collect();
    let not_reached = names.len() - repositories.len();
    let said = |error: &Error| if matches!(error, Error::Interrupted) { "interrupted".to_owned() } else { error.to_string() };
    let error = walked.as_ref().err().map(said);
    let fleet = Fleet { dry_run: args.dry_run, error, ..Fleet::new(repositories, left_out, not_reached) };
    match (args.json, args.html) {
        (true, _) => ui.out(&json(&fleet)?),
        (_, true) => ui.out(&overview::render(&fleet)),
        _ => {}
    }
    ui.note(&fleet.text());
    match walked {
        Ok(stop) => stop.iter().for_each(|stop| stop.say(ui, not_reached)),
        Err(error) => {
            ui.hint("run the same command again: it goes on where it was cut off");
            return Err(error);
        }
    }
    Ok(if fleet.failed() > 0 { Status::Failed } else { Status::Done })
}

/// Where it is written down what was done. A run that sends nothing has a file of its own, which the real one does not meet.
fn journal_path(args: &Pr) -> PathBuf {
    let mut path = args.journal.clone().into_os_string();
    if args.dry_run {
        path.push(".dry-run");
    }
    path.into()
}

/// Goes on with the list until its end, or until there is a reason to stop.
fn walk(ui: &Ui, args: &Pr, wanted: &Wanted<'_>, session: &Rc<Session>, names: &[String], journal: &mut Journal) -> Result<Option<Stop>> {
    let mut budget = Budget::new(args);
    if args.canary.is_some() {
        look_again(ui, args, session, names, journal, &mut budget)?;
    }
    // What one repository's work says of itself would hide how far the whole is.
    let silent = ui.silent();
    let mut silences = 0;
    for (place, name) in names.iter().enumerate() {
        if is_done(journal, name) {
            continue;
        }
        if let Some(stop) = budget.stop() {
            return Ok(Some(stop));
        }
        budget.come_to(name);
        ui.status(&format!("{} of {}: {name}", place + 1, names.len()));
        let mut rows = Vec::new();
        let report = match Target::named(args, name, session)
            .and_then(|target| propose_all(&silent, args, wanted, &target, &mut rows, &mut budget))
        {
            Ok(report) => {
                silences = 0;
                Report { repository: name.clone(), ..report }
            }
            Err(error) => {
                silences = if is_fault(&error, &[Fault::Unavailable]) { silences + 1 } else { 0 };
                let ends = silences == SILENCES || ends_all(&error);
                // What was done before it failed was done.
                let report = Report { pull_requests: rows, ..Report::failed(name, &error) };
                if ends {
                    if !report.pull_requests.is_empty() {
                        journal.write(report)?;
                    }
                    return Err(error);
                }
                report
            }
        };
        ui.progress_done();
        report::tell(&report, ui, args.dry_run, !args.json && !args.html);
        if budget.was_wanted {
            // The rest of it is looked at by the next run.
            journal.keep(report);
            return Ok(budget.stop());
        }
        journal.write(report)?;
    }
    // A no is said whenever it is met, not only where something is left to be done.
    Ok(budget.stop().filter(|stop| matches!(stop, Stop::Declined(_))))
}

/// The repositories to go through.
struct List {
    names: Vec<String>,
    left_out: Vec<LeftOut>,
}

impl List {
    /// Reads the list, takes its part, and leaves out what takes no pull requests.
    ///
    /// Errors: the file cannot be read or holds something else; those of the forge.
    fn read(ui: &Ui, args: &Pr, session: &Rc<Session>, list: &str) -> Result<Self> {
        let mut left_out = Vec::new();
        let mut names = Vec::new();
        if let Some(owner) = list.strip_prefix("org:") {
            if owner.is_empty() {
                return Err(Error::Usage("`org:` names no organisation".into(), Some("write org:NAME".into())));
            }
            ui.status("asking the forge for its repositories");
            // A name that no repository has: all of them are meant.
            for repository in Target::named(args, &format!("{owner}/*"), session)?.forge.siblings()? {
                let why = match () {
                    () if repository.archived => Some("archived"),
                    () if repository.disabled => Some("disabled"),
                    () if repository.fork => Some("a fork"),
                    () if repository.can_push == Some(false) => Some("the token may not push to it"),
                    () => None,
                };
                match why {
                    Some(why) => left_out.push(LeftOut { repository: repository.full_name, why }),
                    None => names.push(repository.full_name),
                }
            }
            ui.progress_done();
        } else {
            let text = match list {
                "-" => disk::read_from(Path::new("<stdin>"), std::io::stdin().lock())?,
                list => disk::read(Path::new(list))?.file().clone(),
            };
            for (at, line) in text.text().lines().enumerate() {
                let name = line.split('#').next().unwrap_or_default().trim();
                let is_name = name.rsplit_once('/').is_some_and(|(owner, name)| is_name(owner, name));
                if !name.is_empty() && !is_name {
                    let what = format!("{list}:{}: `{name}` names no repository", at + 1);
                    return Err(Error::Usage(what, Some("write an OWNER/NAME a line; `#` begins a comment".into())));
                }
                names.extend((!name.is_empty()).then(|| name.to_owned()));
            }
        }
        let mut seen = HashSet::new();
        names.retain(|name| args.shard.is_none_or(|shard| is_in(shard, name)) && seen.insert(name.to_lowercase()));
        left_out.retain(|out| args.shard.is_none_or(|shard| is_in(shard, &out.repository)));
        if names.is_empty() && left_out.is_empty() && args.shard.is_none() {
            return Err(Error::Usage(format!("{list} names no repository"), Some("write an OWNER/NAME a line, or `org:NAME`".into())));
        }
        Ok(Self { names, left_out })
    }
}

/// Whether a repository is in a part: by its name, so that it stays there when others come and go.
fn is_in(shard: Shard, name: &str) -> bool {
    let digest = Sha256::digest(name.to_lowercase());
    let number = digest.iter().take(4).fold(0, |number, byte| number << 8 | u32::from(*byte));
    number % shard.of == shard.part
}

/// What was asked for, in short: a journal is for one of it.
fn asked(args: &Pr, list: &str) -> String {
    let where_from = (list, args.shard, &args.host, args.forge, &args.base);
    let what = (&args.choice, args.unsafe_fixes, &args.with, args.again, &args.override_file, args.explain_in_file);
    let how = (&args.split_by, args.draft, &args.labels, &args.reviewers, args.dry_run, args.take_back);
    let forges = FORGES.map(|name| std::env::var(name).ok());
    super::short(&format!("{where_from:?} {what:?} {how:?} {forges:?}"))
}

/// Whether nothing is left to do for a repository. What failed is tried again.
fn is_done(journal: &Journal, name: &str) -> bool {
    journal.of(name).is_some_and(|report| report.error.is_none())
}

/// Takes note of what became of the pull requests that the journal knows: those that are open count, and a declined one ends the run.
fn look_again(ui: &Ui, args: &Pr, session: &Rc<Session>, names: &[String], journal: &Journal, budget: &mut Budget) -> Result<()> {
    let reports = names.iter().filter_map(|name| journal.of(name));
    let rows = reports.flat_map(|report| report.pull_requests.iter().map(move |row| (&report.repository, row)));
    let rows = rows.filter(|(_, row)| row.done != Done::Closed).filter_map(|(name, row)| Some((name, row.number?)));
    let listed: HashSet<&String> = names.iter().collect();
    let earlier = journal.earlier.iter().filter(|(name, _)| listed.contains(name) && !is_done(journal, name));
    let mut seen = HashSet::new();
    for (name, number) in rows.chain(earlier.map(|(name, number)| (name, *number))).filter(|one| seen.insert(*one)) {
        let is_done = is_done(journal, name);
        let is_open = match Target::named(args, name, session)?.forge.pull(number) {
            Ok(pull) => {
                // Where the run comes to it, it sees for itself who closed it.
                if pull.state == State::Closed && is_done {
                    budget.take_declined(&pull.url);
                }
                pull.state == State::Open
            }
            // What became of it is not known, so it counts as open.
            Err(error) if is_fault(&error, &[Fault::Missing, Fault::Permission, Fault::Closed]) => {
                ui.warn(&clean_line(&format!("{name}: pull request {number} cannot be read and counts as open: {error}")));
                ui.hint("if the repository was renamed or deleted, change or remove its line in the list");
                true
            }
            Err(error) => return Err(error),
        };
        budget.open += usize::from(is_open);
        if is_open && !is_done {
            *budget.earlier.entry(name.clone()).or_default() += 1;
        }
        if budget.stop().is_some() {
            break;
        }
    }
    Ok(())
}

fn is_fault(error: &Error, faults: &[Fault]) -> bool {
    matches!(error, Error::Forge(e) if faults.contains(&e.fault))
}

/// Whether a failure is not one repository's own.
fn ends_all(error: &Error) -> bool {
    matches!(error, Error::Interrupted | Error::Write { .. }) || is_fault(error, &[Fault::Busy, Fault::Credentials])
}

impl Stop {
    fn say(&self, ui: &Ui, not_reached: usize) {
        let left = count(not_reached, "repository", "repositories");
        match self {
            Self::Limit => ui.note(&format!("ended at --limit: {left} left")),
            Self::Waits => {
                ui.note(&format!("ended at --canary: as many pull requests are open as may be at a time; {left} left"));
                ui.hint("run the same command again when some are merged; without --canary it goes on at once");
            }
            Self::Declined(address) => {
                ui.warn(&clean_line(&format!("a pull request was declined: {address}; {left} left")));
                ui.hint("see why; without --canary the run goes on all the same");
            }
        }
    }
}
