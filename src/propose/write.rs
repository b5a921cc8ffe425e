//! What is written on a forge when a decision is carried out: commits, texts with their marks, comments.

use super::data::{FileChange, NewCommit, NewPull, Pull};
use super::facts::{Facts, Question};
use super::mark::{self, Mark};
use super::{Offer, TITLE};
use std::collections::HashMap;

/// A comment that is made once: its last line tells whether it is there.
#[derive(Clone, Copy, Debug)]
pub struct Remark {
    key: &'static str,
    text: &'static str,
}

/// Why nothing more is done on a branch that others have put commits on.
pub const EDITED: Remark = Remark {
    key: "<!--rofs-harden:edited-->",
    text: "This branch has commits of others, so it is left as it is: nothing is pushed over them. It is \
           followed again when the box at the end of the description is ticked.",
};

/// Why a pull request is closed.
pub const CLOSED: Remark = Remark {
    key: "<!--rofs-harden:closed-->",
    text: "Nothing is left of this proposal: the base branch needs none of it any more, it was declined \
           before, or the repository wants none. So it is closed.",
};

/// What is said of a description that a person wrote and that may not fit any more.
pub const OTHERS_TEXT: &str = "the description was written by a person, so it is as it was: look whether it still fits";

impl Remark {
    /// The whole comment.
    pub fn body(self) -> String {
        format!("{}\n\n{}", self.text, self.key)
    }

    /// Whether a comment is this one.
    pub fn is(self, comment: &str) -> bool {
        comment.trim_end().ends_with(self.key)
    }
}

/// A new pull request for a branch that is at `head`.
pub fn opened(offer: &Offer, head: &str, over: bool) -> NewPull {
    NewPull {
        title: TITLE.into(),
        body: Mark::of(offer, head, over).below(&offer.text),
        head: offer.branch.clone(),
        base: offer.base.clone(),
        draft: offer.draft,
    }
}

/// The body that a pull request gets before its branch gets a commit, if it needs another one: a person
/// who closes it declines what the branch holds, also if the run ends right behind the push.
pub fn announced(pull: &Pull, offer: &Offer) -> Option<String> {
    let (text, mark) = mark::parts(&pull.body);
    new_body(pull, &text, &mark?.with(&offer.items)?)
}

/// The body that a pull request gets for a branch that is at `head`, if it needs another one.
pub fn updated(pull: &Pull, text: &str, offer: &Offer, head: &str, over: bool) -> Option<String> {
    new_body(pull, text, &Mark::of(offer, head, over))
}

/// The body of a pull request that is about to be closed, if it needs another one. `tip` is where its
/// branch is, if the branch is ours.
pub fn withdrawn(pull: &Pull, offer: &Offer, tip: Option<&str>) -> Option<String> {
    let (text, mark) = mark::parts(&pull.body);
    let head = tip.unwrap_or(&pull.head_commit);
    let mark = mark.unwrap_or_else(|| Mark::of(offer, head, tip.is_none()));
    new_body(pull, &text, &Mark { withdrawn: true, ..mark })
}

/// Whether a text is another one than the offer's: then a person wrote it.
pub fn is_others_text(text: &str, offer: &Offer) -> bool {
    mark::digest_of_text(text) != mark::digest_of_text(&offer.text)
}

fn new_body(pull: &Pull, text: &str, mark: &Mark) -> Option<String> {
    let body = mark.below(text);
    (mark::parts(&pull.body) != mark::parts(&body)).then_some(body)
}

/// The first commit of a branch.
pub fn first_commit(offer: &Offer) -> NewCommit {
    let base = &offer.base_commit;
    commit(offer, None, vec![base.clone()], base, offer.files.clone(), false)
}

/// A commit on top of the branch, which brings it up to date with its base as well. As long as it can do
/// without the base it does: not every forge can make a merge.
///
/// Errors: what has to be known first.
pub fn commit_on_top(facts: &Facts, offer: &Offer, tip: &str, over: bool) -> Result<NewCommit, Question> {
    let has_base = facts.compare(tip, &offer.base_commit)?.ahead == 0;
    let compared = facts.compare(&offer.base_commit, tip)?;
    let is_offered = |path: &String| offer.files.iter().any(|file| file.path == *path);
    if has_base && !compared.cut && compared.files.iter().all(is_offered) {
        let entries = &facts.tree(tip)?.entries;
        let ids: HashMap<&str, &str> = entries.iter().map(|entry| (entry.path.as_str(), entry.id.as_str())).collect();
        let on_tip = |file: &FileChange| {
            let old = ids.get(file.path.as_str()).map(|id| (*id).to_owned());
            FileChange { old, ..file.clone() }
        };
        let files = offer.files.iter().map(on_tip).collect();
        return Ok(commit(offer, Some(tip), vec![tip.to_owned()], tip, files, over));
    }
    let mut parents = vec![tip.to_owned()];
    if !has_base {
        parents.push(offer.base_commit.clone());
    }
    Ok(commit(offer, Some(tip), parents, &offer.base_commit, offer.files.clone(), over))
}

/// A commit that puts an offer on its branch.
fn commit(offer: &Offer, expected: Option<&str>, parents: Vec<String>, tree_of: &str, files: Vec<FileChange>, over: bool) -> NewCommit {
    NewCommit {
        branch: offer.branch.clone(),
        expected: expected.map(str::to_owned),
        parents,
        tree_of: tree_of.to_owned(),
        message: mark::message(&offer.made(), over),
        files,
    }
}
