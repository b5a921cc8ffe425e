//! Forges: where pull requests live. One small trait, a client for each kind of forge behind it.
//!
//! A client states facts and does what it is told; what is done when is decided elsewhere. Nothing here rewrites a branch: a commit
//! goes on top of what is there, or not at all. A closed pull request stays closed.

mod client;
mod fault;
mod gitea;
mod github;
mod gitlab;
mod open;
mod raw;
mod reviews;
mod session;
mod steps;

pub use client::Token;
pub use gitea::Gitea;
pub use github::GitHub;
pub use gitlab::GitLab;
pub use open::{Host, Kind, Place, TOKENS, is_name, open};
pub use reviews::Reviews;
pub use session::{Clock, PACE, Session, SystemClock};

pub use crate::propose::data::{
    Changed, Comment, Commit, Comparison, Entry, FileChange, LineComment, Mode, NewCommit, NewLineComment, NewPull, NewReview, Pull,
    PullChange, Pushed, Repository, State, Tree,
};

use crate::error::Result;

/// A repository on a forge.
///
/// Errors of all methods are [`crate::error::Error::Forge`], whose fault says what a program can do about it.
pub trait Forge {
    /// What the repository is and what the token may do in it.
    fn repository(&self) -> Result<Repository>;
    /// All repositories of the organisation or group that this one belongs to, as far as the token sees them.
    fn siblings(&self) -> Result<Vec<Repository>>;
    /// All pull requests from a branch of this repository, newest first, whatever their state; of one target branch, if given.
    fn find(&self, branch: &str, base: Option<&str>) -> Result<Vec<Pull>>;
    /// A pull request.
    fn pull(&self, number: u64) -> Result<Pull>;
    /// Opens a pull request. One that an earlier try of the same call left behind is answered instead of a second one.
    fn create(&self, new: &NewPull) -> Result<Pull>;
    /// Changes what is given.
    fn update(&self, number: u64, change: &PullChange) -> Result<Pull>;
    /// Closes a pull request without merging.
    fn close(&self, number: u64) -> Result<Pull>;
    /// The comments on a pull request, oldest first.
    fn comments(&self, number: u64) -> Result<Vec<Comment>>;
    /// Adds a comment. One that an earlier try of the same call left behind is answered instead of a second one.
    fn comment(&self, number: u64, body: &str) -> Result<Comment>;
    /// Changes a comment.
    fn edit_comment(&self, number: u64, id: u64, body: &str) -> Result<Comment>;
    /// Adds labels. Needs more rights than opening a pull request: a failure is no reason to stop.
    fn label(&self, number: u64, labels: &[&str]) -> Result<()>;
    /// Asks people for a review. A failure is no reason to stop.
    fn request_review(&self, number: u64, people: &[&str]) -> Result<()>;
    /// The commit that a branch is at; `None` if there is no such branch.
    fn branch(&self, name: &str) -> Result<Option<String>>;
    /// A commit.
    fn commit(&self, id: &str) -> Result<Commit>;
    /// All files of a commit.
    fn tree(&self, commit: &str) -> Result<Tree>;
    /// The bytes of a file, by the id that its tree has for it.
    fn file(&self, id: &str) -> Result<Vec<u8>>;
    /// What a branch or commit has that another one does not have.
    fn compare(&self, base: &str, head: &str) -> Result<Comparison>;
    /// Puts a commit on a branch that is where the caller saw it. Never by force: a commit that somebody else added stays, and the
    /// fault is [`crate::error::Fault::Stale`].
    fn push(&self, new: &NewCommit) -> Result<Pushed>;
    /// Deletes a branch that is where the caller saw it, or is gone already.
    fn delete_branch(&self, name: &str, expected: &str) -> Result<()>;
    /// Comments on lines; `None` if this client cannot make them.
    fn reviews(&self) -> Option<&dyn Reviews> {
        None
    }
}
