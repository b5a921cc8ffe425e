//! Many repositories, one after the other, at a pace that forges and people can bear. Each is written down in a journal before the next one
//! is begun, so that a run that was cut off is gone on with.

use super::journal::Journal;
use super::offer::Wanted;
use super::{Did, Report, Target, propose_all};
use crate::cli::args::{Pr, Shard};
use crate::cli::audit::json;
use crate::cli::harden::Status;
use crate::cli::report::html;
use crate::cli::ui::{Ui, clean_line, count};
use crate::edge::disk;
use crate::edge::forge::{Session, State, is_name};
use crate::error::{Error, Fault, Result};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::path::Path;
use std::rc::Rc;

/// After so many repositories in a row for which the forge does not answer it is not asked about the others.
const SILENCES: usize = 3;

/// What is known of all repositories.
#[derive(Serialize)]
pub(in crate::cli) struct Fleet {
    version: u32,
    /// Whether this is what would be done.
    pub(in crate::cli) dry_run: bool,
    pub(in crate::cli) repositories: Vec<Report>,
    /// Repositories of the list that are not looked at, and why.
    pub(in crate::cli) left_out: Vec<LeftOut>,
    /// How many were not reached.
    pub(in crate::cli) open: usize,
}

/// A repository that is not looked at.
#[derive(Serialize)]
pub(in crate::cli) struct LeftOut {
    pub(in crate::cli) repository: String,
    pub(in crate::cli) why: &'static str,
}

/// Why a run ends before its list does.
enum Stop {
    /// As many pull requests were opened as the run may.
    Limit,
    /// The first pull requests wait for an answer.
    Waits { merged: usize, of: usize },
    /// One of the first ones was declined.
    Declined(String),
}

/// Runs the verb over every repository of a list.
pub(super) fn run(ui: &Ui, args: &Pr, wanted: &Wanted<'_>, session: &Rc<Session>, list: &str) -> Result<Status> {
    let List { names, left_out } = List::read(ui, args, session, list)?;
    let mut journal = Journal::open(&args.journal, &asked(args, list))?;
    let known = names.iter().filter(|name| is_done(&journal, name)).count();
    if known > 0 {
        ui.note(&clean_line(&format!("going on with {}: {known} of {} are done", args.journal.display(), names.len())));
    }
    let stop = walk(ui, args, wanted, session, &names, &mut journal)?;
    ui.progress_done();
    if stop.is_none() {
        journal.end()?;
    }
    let repositories: Vec<Report> = names.iter().filter_map(|name| journal.of(name).cloned()).collect();
    let open = names.len() - repositories.len();
    let fleet = Fleet { version: 1, dry_run: args.dry_run, repositories, left_out, open };
    match (args.json, args.html) {
        (true, _) => ui.out(&json(&fleet)?),
        (_, true) => ui.out(&html::overview(&fleet)),
        _ => {}
    }
    ui.note(&fleet.text());
    if let Some(stop) = &stop {
        stop.say(ui, open);
    }
    Ok(if fleet.failed() > 0 { Status::Failed } else { Status::Done })
}

/// Goes on with the list until its end, or until there is a reason to stop.
fn walk(ui: &Ui, args: &Pr, wanted: &Wanted<'_>, session: &Rc<Session>, names: &[String], journal: &mut Journal) -> Result<Option<Stop>> {
    // How many pull requests may be opened, and what is said when they are.
    let mut budget = args.limit.map(|limit| (limit as usize, Stop::Limit));
    if let Some(most) = args.canary.map(|most| most as usize) {
        let first: Vec<(String, u64)> = opened(journal).take(most).collect();
        if first.len() == most {
            if let Some(stop) = answers(args, session, &first)? {
                return Ok(Some(stop));
            }
        } else if budget.as_ref().is_none_or(|(limit, _)| most - first.len() <= *limit) {
            budget = Some((most - first.len(), Stop::Waits { merged: 0, of: most }));
        }
    }
    // What one repository's work says of itself would hide how far the whole is.
    let silent = ui.silent();
    let (mut silences, mut number) = (0, 0);
    for (place, name) in names.iter().enumerate() {
        if is_done(journal, name) {
            continue;
        }
        if budget.as_ref().is_some_and(|(most, _)| number >= *most) {
            return Ok(budget.map(|(_, stop)| stop));
        }
        ui.status(&format!("{} of {}: {name}", place + 1, names.len()));
        let report = match Target::named(args, name, session).and_then(|target| propose_all(&silent, args, wanted, &target)) {
            Ok(report) => {
                silences = 0;
                Report { repository: name.clone(), ..report }
            }
            Err(error) => {
                silences = if is_fault(&error, &[Fault::Unavailable]) { silences + 1 } else { 0 };
                if silences == SILENCES || ends_all(&error) {
                    ui.progress_done();
                    ui.hint("run the same command again: it goes on where it was cut off");
                    return Err(error);
                }
                Report::failed(name, &error)
            }
        };
        number += report.rows(Did::Opened).count();
        ui.progress_done();
        if !args.json && !args.html {
            report.tell(ui, args.dry_run);
        }
        journal.write(report)?;
    }
    Ok(None)
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
    let how = (args.split_by, args.draft, &args.labels, &args.reviewers, args.dry_run, args.take_back);
    super::short(&format!("{where_from:?} {what:?} {how:?}"))
}

/// Whether nothing is left to do for a repository. What failed is tried again.
fn is_done(journal: &Journal, name: &str) -> bool {
    journal.of(name).is_some_and(|report| report.error.is_none())
}

/// The pull requests that were opened so far, each with its repository.
fn opened(journal: &Journal) -> impl Iterator<Item = (String, u64)> {
    let of =
        |report: &Report| report.rows(Did::Opened).filter_map(|row| Some((report.repository.clone(), row.number?))).collect::<Vec<_>>();
    journal.reports.iter().flat_map(of)
}

/// What people say to the first pull requests: a reason to stop, unless they have merged all of them.
fn answers(args: &Pr, session: &Rc<Session>, first: &[(String, u64)]) -> Result<Option<Stop>> {
    let mut merged = 0;
    for (name, number) in first {
        let pull = Target::named(args, name, session)?.forge.pull(*number)?;
        match pull.state {
            State::Merged => merged += 1,
            State::Open => {}
            State::Closed => return Ok(Some(Stop::Declined(pull.url))),
        }
    }
    Ok((merged < first.len()).then_some(Stop::Waits { merged, of: first.len() }))
}

fn is_fault(error: &Error, faults: &[Fault]) -> bool {
    matches!(error, Error::Forge(e) if faults.contains(&e.fault))
}

/// Whether a failure is not one repository's own.
fn ends_all(error: &Error) -> bool {
    matches!(error, Error::Interrupted | Error::Write { .. }) || is_fault(error, &[Fault::Busy, Fault::Credentials])
}

impl Stop {
    fn say(&self, ui: &Ui, open: usize) {
        let left = count(open, "repository", "repositories");
        match self {
            Self::Limit => ui.note(&format!("ended at --limit: {left} left")),
            Self::Waits { merged, of } => {
                ui.note(&format!("{merged} of the first {of} pull requests are merged: {left} left until all are"));
                ui.hint("run the same command again when they are; without --canary it goes on at once");
            }
            Self::Declined(address) => {
                ui.warn(&clean_line(&format!("one of the first pull requests was declined: {address}; {left} left")));
                ui.hint("see why; without --canary the run goes on all the same");
            }
        }
    }
}

impl Fleet {
    /// How many repositories could not be looked at.
    pub(in crate::cli) fn failed(&self) -> usize {
        self.repositories.iter().filter(|report| report.error.is_some()).count()
    }

    /// How many pull requests something was done with.
    pub(in crate::cli) fn number(&self, did: Did) -> usize {
        self.repositories.iter().flat_map(|report| report.rows(did)).count()
    }

    fn text(&self) -> String {
        let mut text = count(self.repositories.len(), "repository", "repositories");
        let mut add = |number: usize, what: &str| {
            if number > 0 {
                text += &format!(", {number} {what}");
            }
        };
        let would = |did: &str| if self.dry_run { format!("would be {did}") } else { did.to_owned() };
        add(self.number(Did::Opened), &would("opened"));
        add(self.number(Did::Updated), &would("brought up to date"));
        add(self.number(Did::Closed), &would("closed"));
        add(self.number(Did::Kept), "open and up to date");
        add(self.number(Did::Declined), "declined");
        add(self.number(Did::Edited) + self.number(Did::Occupied), "with commits of others");
        add(self.number(Did::Nothing), "with nothing to propose");
        add(self.failed(), "failed");
        add(self.left_out.len(), "left out");
        text
    }
}
