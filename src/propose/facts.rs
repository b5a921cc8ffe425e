//! What is known of a repository's forge while something is decided. A fact that is missing is a
//! [`Question`]; what was answered once is not asked again, so that a decision sees one state.

use super::data::{Commit, Comparison, Pull, Tree};
use std::collections::BTreeMap;

/// What has to be known before it can be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// All pull requests from the branch, newest first, whatever their state and target.
    Pulls,
    /// The commit that the branch is at.
    Tip,
    /// A commit, which is there.
    Commit(String),
    /// A commit of a closed pull request, which may be gone.
    OldCommit(String),
    /// What the second commit has that the first one has not.
    Comparison(String, String),
    /// All files of a commit.
    Tree(String),
    /// The bytes of a file, by the identifier that its tree has for it.
    File(String),
}

/// What is known.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The pull requests from the branch.
    pub pulls: Option<Vec<Pull>>,
    /// The commit that the branch is at; within, `None` if there is no such branch.
    pub tip: Option<Option<String>>,
    /// Commits by their identifiers; `None` for those that are gone.
    pub commits: BTreeMap<String, Option<Commit>>,
    /// Comparisons by their base and head.
    pub comparisons: BTreeMap<(String, String), Comparison>,
    /// Trees by their commits.
    pub trees: BTreeMap<String, Tree>,
    /// Bytes by the identifiers of files.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Facts {
    /// The pull requests from the branch.
    pub(super) fn pulls(&self) -> Result<&[Pull], Question> {
        self.pulls.as_deref().ok_or(Question::Pulls)
    }

    /// The commit that the branch is at.
    pub(super) fn tip(&self) -> Result<Option<&str>, Question> {
        self.tip.as_ref().map(Option::as_deref).ok_or(Question::Tip)
    }

    /// The message of a commit.
    pub(super) fn message(&self, commit: &str) -> Result<&str, Question> {
        let known = self.commits.get(commit).and_then(Option::as_ref);
        known.map(|commit| commit.message.as_str()).ok_or_else(|| Question::Commit(commit.to_owned()))
    }

    /// The message of a commit that may be gone.
    pub(super) fn old_message(&self, commit: &str) -> Result<Option<&str>, Question> {
        let known = self.commits.get(commit).ok_or_else(|| Question::OldCommit(commit.to_owned()))?;
        Ok(known.as_ref().map(|commit| commit.message.as_str()))
    }

    /// What a commit has that another one has not.
    pub(super) fn compare(&self, base: &str, head: &str) -> Result<&Comparison, Question> {
        let pair = (base.to_owned(), head.to_owned());
        match self.comparisons.get(&pair) {
            Some(known) => Ok(known),
            None => Err(Question::Comparison(pair.0, pair.1)),
        }
    }

    /// All files of a commit.
    pub(super) fn tree(&self, commit: &str) -> Result<&Tree, Question> {
        self.trees.get(commit).ok_or_else(|| Question::Tree(commit.to_owned()))
    }

    /// The bytes of a file.
    pub(super) fn file(&self, id: &str) -> Result<&[u8], Question> {
        self.files.get(id).map(Vec::as_slice).ok_or_else(|| Question::File(id.to_owned()))
    }
}
