//! What was done, for programs and for people.

use super::offer::Unit;
use super::review;
use crate::cli::ui::Ui;
use crate::edge::propose::{Decision, Done, Offer, Outcome, TITLE};
use crate::error::Error;
use crate::text::{clean, clean_line, count};
use serde::{Deserialize, Serialize};

/// What was done with one repository.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Report {
    pub(in crate::cli) version: u32,
    /// `owner/name`.
    pub(in crate::cli) repository: String,
    pub(in crate::cli) pull_requests: Vec<Row>,
    /// What became of a review, with `--review`.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) review: Option<review::Row>,
    /// What could not be looked at, and why.
    pub(in crate::cli) problems: Vec<String>,
    /// Whether it is not known of some project what it lacks.
    #[serde(default)]
    pub(in crate::cli) incomplete: bool,
    /// Why the repository as a whole could not be looked at, of many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) error: Option<String>,
}

/// What became of one proposal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Row {
    pub(in crate::cli) base: String,
    pub(in crate::cli) branch: String,
    /// With `--dry-run` what would be done.
    pub(in crate::cli) done: Did,
    pub(in crate::cli) number: Option<u64>,
    pub(in crate::cli) url: Option<String>,
    /// The commit that was pushed.
    pub(in crate::cli) commit: Option<String>,
    /// Whether the forge trusts its signature, if it says so.
    pub(in crate::cli) verified: Option<bool>,
    /// Files that the proposal changes.
    pub(in crate::cli) files: Vec<String>,
    /// Services that it changes.
    pub(in crate::cli) services: Vec<Changed>,
    pub(in crate::cli) warnings: Vec<String>,
}

/// A service that a proposal changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Changed {
    /// Path of its project's first file.
    pub(in crate::cli) project: String,
    pub(in crate::cli) service: String,
    pub(in crate::cli) changes: Vec<String>,
}

/// What was done with a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli) enum Did {
    Opened,
    Updated,
    Closed,
    Edited,
    Occupied,
    Waits,
    Retargeted,
    Declined,
    Kept,
    Nothing,
}

impl Did {
    /// Whether a pull request of ours is open after it.
    pub(super) fn is_open(self) -> bool {
        matches!(self, Self::Opened | Self::Updated | Self::Kept | Self::Edited | Self::Waits | Self::Retargeted)
    }
}

impl From<Done> for Did {
    fn from(done: Done) -> Self {
        match done {
            Done::Nothing => Self::Nothing,
            Done::Opened => Self::Opened,
            Done::Updated => Self::Updated,
            Done::Kept => Self::Kept,
            Done::Closed => Self::Closed,
            Done::Declined => Self::Declined,
            Done::Edited => Self::Edited,
            Done::Occupied => Self::Occupied,
            Done::Waits => Self::Waits,
            Done::Retargeted => Self::Retargeted,
        }
    }
}

impl Default for Report {
    fn default() -> Self {
        Self {
            version: 1,
            repository: String::new(),
            pull_requests: Vec::new(),
            review: None,
            problems: Vec::new(),
            incomplete: false,
            error: None,
        }
    }
}

impl Report {
    /// What is said of a repository that could not be looked at.
    pub(super) fn failed(repository: &str, error: &Error) -> Self {
        let what = error.to_string();
        // What a forge says begins with the name, as all that is said of a fleet does.
        let what = what.strip_prefix(&format!("{repository}: ")).unwrap_or(&what);
        let error = error.hint().map_or_else(|| what.to_owned(), |hint| format!("{what}; {hint}"));
        Self { repository: repository.to_owned(), error: Some(error), ..Self::default() }
    }

    /// The proposals that something was done with.
    pub(in crate::cli) fn rows(&self, did: Did) -> impl Iterator<Item = &Row> {
        self.pull_requests.iter().filter(move |row| row.done == did)
    }

    /// Says what was done, a line each unless another answer is given, where many repositories are gone through. That nothing was to be
    /// done is no news there.
    pub(super) fn tell(&self, ui: &Ui, is_dry: bool, lines: bool) {
        let name = clean_line(&self.repository);
        for row in &self.pull_requests {
            let services = count(row.services.len(), "service", "services");
            let what = match (row.done, is_dry) {
                (Did::Opened, true) => format!("would open a pull request: {services} in {}", count(row.files.len(), "file", "files")),
                (Did::Updated, true) => format!("would bring {} up to date", row.address()),
                (Did::Closed, true) => format!("would close {}", row.address()),
                (Did::Opened, false) => format!("opened: {}", row.address()),
                (Did::Updated, false) => format!("updated: {}", row.address()),
                (Did::Closed, false) => format!("closed: {}", row.address()),
                (Did::Edited | Did::Occupied, _) => {
                    ui.warn(&format!("{name}: the branch {} has commits of others and is left alone", clean_line(&row.branch)));
                    continue;
                }
                (Did::Waits | Did::Retargeted, _) => {
                    let why =
                        if row.done == Did::Waits { "not all that it proposes was looked at" } else { "it goes to another branch now" };
                    ui.warn(&format!("{name}: {} is left alone: {why}", row.address()));
                    continue;
                }
                (Did::Declined | Did::Kept | Did::Nothing, _) => continue,
            };
            if lines {
                ui.out(&format!("{name}: {what}\n"));
            }
            row.warnings.iter().for_each(|warning| ui.warn(&clean_line(&format!("{name}: {warning}"))));
        }
        for problem in self.problems.iter().chain(&self.error) {
            ui.warn(&clean_line(&format!("{name}: {problem}")));
        }
    }
}

impl Row {
    fn new(offer: &Offer, units: &[Unit], done: Did) -> Self {
        Self {
            base: offer.base.clone(),
            branch: offer.branch.clone(),
            done,
            number: None,
            url: None,
            commit: None,
            verified: None,
            files: offer.files.iter().map(|file| file.path.clone()).collect(),
            services: units.iter().flat_map(Unit::services).collect(),
            warnings: Vec::new(),
        }
    }

    /// What became of an offer.
    pub(super) fn done(offer: &Offer, units: &[Unit], outcome: Outcome) -> Self {
        let (number, url) = outcome.pull.unzip();
        let (commit, verified) = outcome.pushed.map(|pushed| (pushed.commit, pushed.verified)).unzip();
        let warnings = outcome.warnings;
        Self { number, url, commit, verified: verified.flatten(), warnings, ..Self::new(offer, units, outcome.done.into()) }
    }

    /// What would become of it.
    pub(super) fn foreseen(offer: &Offer, units: &[Unit], decision: &Decision) -> Self {
        let (done, pull) = match decision {
            Decision::Nothing { .. } => (Did::Nothing, None),
            Decision::Declined(pull) => (Did::Declined, Some(pull)),
            Decision::Open(_) => (Did::Opened, None),
            Decision::Update { pull, .. } => (Did::Updated, Some(pull)),
            Decision::Keep(pull) => (Did::Kept, Some(pull)),
            Decision::Close { pull, .. } => (Did::Closed, Some(pull)),
            Decision::Edited(pull) => (Did::Edited, Some(pull)),
            Decision::Occupied(_) => (Did::Occupied, None),
            Decision::Waits(pull) => (Did::Waits, Some(pull)),
            Decision::Retargeted(pull) => (Did::Retargeted, Some(pull)),
        };
        Self { number: pull.map(|p| p.number), url: pull.map(|p| p.url.clone()), ..Self::new(offer, units, done) }
    }

    fn address(&self) -> String {
        self.url.as_deref().map(clean_line).unwrap_or_default()
    }

    /// Says what was done.
    pub(super) fn say(&self, ui: &Ui) {
        let (pull, branch) = (self.address(), clean_line(&self.branch));
        let files = count(self.files.len(), "file", "files");
        match self.done {
            Did::Opened => ui.out(&format!("opened: {pull}\n")),
            Did::Updated => ui.out(&format!("updated: {pull}\n")),
            Did::Closed => ui.out(&format!("closed: {pull}\n")),
            Did::Kept => ui.note(&format!("nothing to do: the open pull request is up to date: {pull}")),
            Did::Declined => {
                ui.note(&format!("nothing to do: this was declined: {pull}"));
                ui.hint("--again proposes it once more");
            }
            Did::Edited => {
                ui.warn(&format!("left alone: others have put commits on the branch of {pull}"));
                ui.hint("merge it as it is, tick the box at the end of its description, or run with --take-back");
            }
            Did::Occupied => {
                ui.warn(&format!("nothing was done: the branch {branch} is there, and it has commits of others"));
                ui.hint("rename or delete that branch, or run with --take-back");
            }
            Did::Waits => ui.warn(&format!("left alone: not all that {pull} proposes was looked at")),
            Did::Retargeted => {
                ui.warn(&format!("left alone: {pull} goes to another branch than {} now", clean_line(&self.base)));
                ui.hint("close it, or let it go to that branch again");
            }
            Did::Nothing => ui.note("nothing to do: nothing is missing that would be proposed"),
        }
        if [Did::Opened, Did::Updated].contains(&self.done) {
            ui.note(&format!("{files} from {branch} to {}", clean_line(&self.base)));
        }
        if self.verified == Some(false) {
            ui.note("the commit has no signature that the forge trusts; with the token of an app it would have one");
        }
        self.warnings.iter().for_each(|warning| ui.warn(&clean_line(warning)));
    }

    /// Prints what would be sent.
    pub(super) fn show(&self, ui: &Ui, offer: &Offer, units: &[Unit]) {
        match self.done {
            Did::Opened => ui.note(&clean_line(&format!("would open a pull request from {} to {}", offer.branch, offer.base))),
            Did::Updated => ui.note(&format!("would bring {} up to date", self.address())),
            Did::Closed => ui.note(&format!("would close {}: nothing is left to propose", self.address())),
            _ => self.say(ui),
        }
        if [Did::Opened, Did::Updated].contains(&self.done) {
            // Whoever reads it must see what is there; a program must get it as it is.
            let shown = |text: String| if ui.view().for_a_person { clean(&text).into_owned() } else { text };
            ui.out(&shown(format!("# {TITLE}\n\n{}\n", offer.text)));
            for unit in units {
                ui.out(&shown(unit.patch()));
            }
        }
    }
}
