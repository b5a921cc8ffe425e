//! What a pull request is: what is proposed ([`Offer`]), what is to be done about it ([`decide`]), what is
//! written for it, and what became of it. All of it is pure: whoever has a forge answers each [`Question`]
//! and carries out the [`Decision`].
//!
//! One branch, one pull request: opened, kept up to date and closed, so that doing it again changes nothing.
//! What was done is read from the forge, never remembered: a mark at the end of the pull request's text, and
//! a line at the end of the commit's message. A branch is followed only while its tip is what this program
//! made, which its files must prove; commits of others stop it. Nothing is ever pushed by force. A pull
//! request that was closed without merging is an answer: what it held is not proposed again until it is
//! something else.

pub mod body;
pub mod data;
mod decide;
mod facts;
mod mark;
pub mod overview;
pub mod report;
pub mod review;
mod unit;
pub mod write;

pub use decide::{Decision, Start, decide, declined_in};
pub use facts::{Facts, Question};
pub use mark::{TAKE_BACK, item};
pub use unit::{Branches, Changing, Entries, Opening, Proof, Unit, WORKFLOWS, path_of};

use data::{FileChange, Pushed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Title of every pull request. A person may change it.
pub const TITLE: &str = "Harden Docker Compose files: read-only root filesystem";

/// What is proposed for one base branch.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The branch that holds it.
    pub branch: String,
    /// The branch that it is for.
    pub base: String,
    /// The commit of `base` that it was planned on.
    pub base_commit: String,
    /// The new bytes, in the order of their paths. None: nothing is proposed.
    pub files: Vec<FileChange>,
    /// What it consists of, by [`item`]: what a person declines.
    pub items: Vec<String>,
    /// The pull request's text, without the mark.
    pub text: String,
    /// What it is about: the rest of the repository is not known.
    pub scope: Scope,
    /// Whether a new pull request is one that is not ready for review.
    pub draft: bool,
    /// Labels of a new pull request.
    pub labels: Vec<String>,
    /// Who is asked to review a new pull request.
    pub reviewers: Vec<String>,
}

/// The part of the repository that an offer is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Paths that alone were looked at; none means all.
    pub only: Vec<String>,
    /// Paths that could not be looked at.
    pub unread: Vec<String>,
}

impl Scope {
    /// Whether it is the whole repository.
    fn is_all(&self) -> bool {
        self.only.is_empty() && self.unread.is_empty()
    }

    /// Whether it is known what a file should hold.
    fn has(&self, path: &str) -> bool {
        let is_below =
            |top: &String| top == "." || path == top || path.strip_prefix(top.as_str()).is_some_and(|rest| rest.starts_with('/'));
        (self.only.is_empty() || self.only.iter().any(is_below)) && !self.unread.iter().any(is_below)
    }
}

/// What else was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Propose what was declined.
    pub again: bool,
    /// Go on although others have put commits on the branch: their files are put back to what is proposed.
    pub take_back: bool,
}

/// What became of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What was done.
    pub done: Done,
    /// Number and address of the pull request that it is about.
    pub pull: Option<(u64, String)>,
    /// The commit that was pushed, and whether the forge trusts its signature, if it says so.
    pub pushed: Option<Pushed>,
    /// What could not be done and is no reason to stop: labels, reviewers.
    pub warnings: Vec<String>,
}

/// What was done with an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Done {
    /// Nothing is proposed and nothing was open.
    Nothing,
    /// A pull request was opened.
    Opened,
    /// The open one has new commits or a new text.
    Updated,
    /// The open one is as it should be.
    Kept,
    /// The open one was closed, as nothing is left to propose.
    Closed,
    /// All of it was declined before.
    Declined,
    /// The open one has commits of others and was left alone.
    Edited,
    /// The branch has commits of others, and no pull request.
    Occupied,
    /// The open one holds more than what could be looked at, and was left alone.
    Waits,
    /// A person made the open one go to another branch, and it was left alone.
    Retargeted,
}

impl Done {
    /// Whether a pull request of ours is open after it.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Opened | Self::Updated | Self::Kept | Self::Edited | Self::Waits | Self::Retargeted)
    }
}

impl Offer {
    /// Whether nothing is proposed.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// What its branch has to hold.
    fn made(&self) -> mark::Made {
        let mut old = Sha256::new();
        for file in &self.files {
            old.update(format!("{}\0{}\0", file.path, file.old.as_deref().unwrap_or_default()));
        }
        let files = self.files.iter().map(|file| (file.path.as_str(), file.mode(), file.bytes.as_slice()));
        mark::Made { files: mark::digest_of_files(files), from: mark::hex(&old.finalize()) }
    }
}
