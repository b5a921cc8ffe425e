//! Reviews: comments on lines of a pull request. Not every forge's client can make them.

use super::{Changed, LineComment, NewReview};
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
