//! What was done with repositories, or would be, for programs: one repository, and many of them.

use super::{Decision, Done, Offer, Outcome, Unit, review};
use crate::error::Error;
use crate::text::count;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was done with one repository.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Answer of rofs-harden pr")]
pub struct Report {
    /// Version of this shape.
    pub version: u32,
    /// `owner/name`.
    pub repository: String,
    /// What became of each proposal.
    pub pull_requests: Vec<Row>,
    /// What became of a review, if one was asked for.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub review: Option<review::Row>,
    /// What could not be looked at, and why.
    pub problems: Vec<String>,
    /// Whether it is not known of some project what it lacks.
    #[serde(default)]
    pub incomplete: bool,
    /// Why the repository as a whole could not be looked at, of many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What became of one proposal.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// The branch that it is for.
    pub base: String,
    /// The branch that holds it.
    pub branch: String,
    /// What was done with it, or would be.
    pub done: Done,
    /// Number of its pull request.
    pub number: Option<u64>,
    /// Address of its pull request.
    pub url: Option<String>,
    /// The commit that was pushed.
    pub commit: Option<String>,
    /// Whether the forge trusts its signature, if it says so.
    pub verified: Option<bool>,
    /// Files that the proposal changes.
    pub files: Vec<String>,
    /// Services that it changes.
    pub services: Vec<Changed>,
    /// What could not be done and is no reason to stop.
    pub warnings: Vec<String>,
}

/// A service that a proposal changes.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Changed {
    /// Path of its project's first file.
    pub project: String,
    /// Its name.
    pub service: String,
    /// What changes.
    pub changes: Vec<String>,
}

/// What was done with many repositories.
#[derive(Serialize, JsonSchema)]
pub struct Fleet {
    /// Version of this shape.
    pub version: u32,
    /// Whether this is what would be done.
    pub dry_run: bool,
    /// The repositories that were looked at.
    pub repositories: Vec<Report>,
    /// Repositories of the list that are not looked at, and why.
    pub left_out: Vec<LeftOut>,
    /// How many repositories of the list the run did not come to.
    pub not_reached: usize,
    /// What ended the run before its list did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A repository that is not looked at.
#[derive(Serialize, JsonSchema)]
pub struct LeftOut {
    /// `owner/name`.
    pub repository: String,
    /// Why.
    pub why: &'static str,
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
    pub fn failed(repository: &str, error: &Error) -> Self {
        let what = error.to_string();
        // What a forge says begins with the name, as all that is said of a fleet does.
        let what = what.strip_prefix(&format!("{repository}: ")).unwrap_or(&what);
        let error = error.hint().map_or_else(|| what.to_owned(), |hint| format!("{what}; {hint}"));
        Self { repository: repository.to_owned(), error: Some(error), ..Self::default() }
    }

    /// The proposals that something was done with.
    pub fn rows(&self, done: Done) -> impl Iterator<Item = &Row> {
        self.pull_requests.iter().filter(move |row| row.done == done)
    }
}

impl Row {
    fn new(offer: &Offer, units: &[Unit], done: Done) -> Self {
        Self {
            base: offer.base.clone(),
            branch: offer.branch.clone(),
            done,
            number: None,
            url: None,
            commit: None,
            verified: None,
            files: offer.files.iter().map(|file| file.path.clone()).collect(),
            services: units.iter().flat_map(Unit::changes).collect(),
            warnings: Vec::new(),
        }
    }

    /// What became of an offer.
    pub fn done(offer: &Offer, units: &[Unit], outcome: Outcome) -> Self {
        let (number, url) = outcome.pull.unzip();
        let (commit, verified) = outcome.pushed.map(|pushed| (pushed.commit, pushed.verified)).unzip();
        let (verified, warnings) = (verified.flatten(), outcome.warnings);
        Self { number, url, commit, verified, warnings, ..Self::new(offer, units, outcome.done) }
    }

    /// What would become of it.
    pub fn foreseen(offer: &Offer, units: &[Unit], decision: &Decision) -> Self {
        let pull = decision.pull();
        let (number, url) = (pull.map(|pull| pull.number), pull.map(|pull| pull.url.clone()));
        Self { number, url, ..Self::new(offer, units, decision.done()) }
    }
}

impl Fleet {
    /// What was done with these repositories.
    pub fn new(repositories: Vec<Report>, left_out: Vec<LeftOut>, not_reached: usize) -> Self {
        Self { version: 1, dry_run: false, repositories, left_out, not_reached, error: None }
    }

    /// How many repositories could not be looked at.
    pub fn failed(&self) -> usize {
        self.repositories.iter().filter(|report| report.error.is_some()).count()
    }

    /// How many pull requests something was done with.
    pub fn number(&self, done: Done) -> usize {
        // A repository without a project, where each would have a pull request, has none to speak of.
        let empty = |report: &&Report| done == Done::Nothing && report.pull_requests.is_empty() && report.error.is_none();
        let rows = self.repositories.iter().flat_map(|report| report.rows(done)).count();
        rows + self.repositories.iter().filter(empty).count()
    }

    /// What was done, in a line.
    pub fn text(&self) -> String {
        let mut text = count(self.repositories.len(), "repository", "repositories");
        let mut add = |number: usize, what: &str| {
            if number > 0 {
                text += &format!(", {number} {what}");
            }
        };
        let would = |done: &str| if self.dry_run { format!("would be {done}") } else { done.to_owned() };
        add(self.number(Done::Opened), &would("opened"));
        add(self.number(Done::Updated), &would("brought up to date"));
        add(self.number(Done::Closed), &would("closed"));
        add(self.number(Done::Kept), "open and up to date");
        add(self.number(Done::Declined), "declined");
        add(self.number(Done::Edited) + self.number(Done::Occupied), "with commits of others");
        add(self.number(Done::Waits) + self.number(Done::Retargeted), "left alone");
        add(self.number(Done::Nothing), "with nothing to propose");
        add(self.failed(), "failed");
        add(self.left_out.len(), "left out");
        text
    }
}
