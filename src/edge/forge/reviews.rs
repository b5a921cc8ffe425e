//! Reviews: comments on lines of a pull request. Not every forge's client can make them.

use crate::error::Result;

/// What a forge can do for a review.
///
/// Errors of all methods are those of [`super::Forge`].
pub trait Reviews {
    /// Login of the account that the token acts as; `None` if the forge does not say, as for the token of an app.
    fn account(&self) -> Result<Option<String>>;
    /// The files that a pull request changes, against what its head and its base have in common.
    fn changed(&self, number: u64) -> Result<Vec<Changed>>;
    /// The comments on lines of a pull request, oldest first, resolved ones too.
    fn line_comments(&self, number: u64) -> Result<Vec<LineComment>>;
    /// Makes a review of a pull request. One that an earlier try of the same call left behind is not made a second time.
    ///
    /// Errors: status 422 if a comment's lines are not part of the diff; then none of the comments is there.
    fn review(&self, number: u64, review: &NewReview) -> Result<()>;
}

/// A file that a pull request changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its path on the head.
    pub path: String,
    /// Whether the head has it no more.
    pub is_removed: bool,
    /// The hunks of its diff; `None` if the forge does not show them, as of large files.
    pub patch: Option<String>,
}

/// A comment on lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineComment {
    /// Login of who wrote it; empty if that account is gone.
    pub author: String,
    /// Its text.
    pub body: String,
    /// Path of the file.
    pub path: String,
    /// The last line that it is about, from 1; `None` if that line is not part of the diff any more.
    pub line: Option<u64>,
}

/// A review to be made: it neither approves nor blocks.
#[derive(Clone, Debug)]
pub struct NewReview {
    /// The commit whose lines are meant.
    pub commit: String,
    /// What it says above its comments.
    pub body: String,
    /// Its comments.
    pub comments: Vec<NewLineComment>,
}

/// A comment on lines to be made. The lines are those of the head's file, in one hunk of its diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLineComment {
    /// Path of the file.
    pub path: String,
    /// First line, from 1.
    pub first: usize,
    /// Last line.
    pub last: usize,
    /// Its text.
    pub body: String,
}
