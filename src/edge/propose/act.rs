//! Doing what was decided. Each step is found done when it is met again, so an interrupted run is gone on with by the next one.

use super::mark::{self, Mark};
use super::{Decision, Done, Offer, Outcome, Start, TITLE};
use crate::edge::forge::{FileChange, Forge, NewCommit, NewPull, Pull, PullChange, Pushed};
use crate::error::{Error, Result};
use std::collections::HashMap;

/// The last line of a comment that says why nothing more is done.
const EDITED: &str = "<!--rofs-harden:edited-->";
/// The last line of a comment that says why the pull request is closed.
const CLOSED: &str = "<!--rofs-harden:closed-->";

/// Puts a commit on its branch.
type Push<'p> = &'p dyn Fn(&NewCommit) -> Result<Pushed>;

/// Does what was decided.
pub(super) fn carry_out(forge: &dyn Forge, push: Push, offer: &Offer, decision: &Decision) -> Result<Outcome> {
    let outcome = |done, pull: Option<&Pull>, pushed| Outcome {
        done,
        pull: pull.map(|pull| (pull.number, pull.url.clone())),
        pushed,
        warnings: Vec::new(),
    };
    Ok(match decision {
        Decision::Nothing { left } => {
            if let Some(tip) = left {
                forge.delete_branch(&offer.branch, tip)?;
            }
            outcome(Done::Nothing, None, None)
        }
        Decision::Declined(pull) => outcome(Done::Declined, Some(pull), None),
        Decision::Keep(pull) => outcome(Done::Kept, Some(pull), None),
        Decision::Occupied(_) => outcome(Done::Occupied, None, None),
        Decision::Waits(pull) => outcome(Done::Waits, Some(pull), None),
        Decision::Retargeted(pull) => outcome(Done::Retargeted, Some(pull), None),
        Decision::Open(start) => open(forge, push, offer, start)?,
        Decision::Update { pull, tip, pushes, over, text } => {
            // A person who closes it declines what the branch holds, also if this run ends right behind the push.
            let before = mark::parts(&pull.body).1;
            if let Some(both) = before.filter(|_| *pushes).and_then(|mark| mark.with(&offer.items)) {
                write(forge, pull, &mark::parts(&pull.body).0, &both)?;
            }
            let pushed = if *pushes { Some(push(&on_top(forge, offer, tip, *over)?)?) } else { None };
            let head = pushed.as_ref().map_or(tip.as_str(), |pushed| &pushed.commit);
            write(forge, pull, text, &Mark::of(offer, head, *over))?;
            let mut updated = outcome(Done::Updated, Some(pull), pushed);
            if *pushes && mark::digest_of_text(text) != mark::digest_of_text(&offer.text) {
                updated.warnings.push("the description was written by a person, so it is as it was: look whether it still fits".into());
            }
            updated
        }
        Decision::Close { pull, tip } => {
            // First, so that who closes it behind this, should the run end here, knows what that is said to.
            say_once(
                forge,
                pull,
                CLOSED,
                "Nothing is left of this proposal: the base branch needs none of it any more, it was declined before, or the repository wants none. So it is closed.",
            )?;
            let (text, mark) = mark::parts(&pull.body);
            let head = tip.as_deref().unwrap_or(&pull.head_commit);
            let withdrawn = Mark { withdrawn: true, ..mark.unwrap_or_else(|| Mark::of(offer, head, tip.is_none())) };
            write(forge, pull, &text, &withdrawn)?;
            forge.close(pull.number)?;
            if let Some(tip) = tip {
                forge.delete_branch(&offer.branch, tip)?;
            }
            outcome(Done::Closed, Some(pull), None)
        }
        Decision::Edited(pull) => {
            let why = "This branch has commits of others, so it is left as it is: nothing is pushed over them. It is followed again when the \
                box at the end of the description is ticked.";
            say_once(forge, pull, EDITED, why)?;
            outcome(Done::Edited, Some(pull), None)
        }
    })
}

/// Opens a pull request.
fn open(forge: &dyn Forge, push: Push, offer: &Offer, start: &Start) -> Result<Outcome> {
    let over = matches!(start, Start::OnTop(_, true));
    let pushed = match start {
        Start::Ready(tip) => Pushed { commit: tip.clone(), verified: None },
        Start::OnTop(tip, over) => push(&on_top(forge, offer, tip, *over)?)?,
        Start::Fresh | Start::Anew(_) => {
            if let Start::Anew(tip) = start {
                forge.delete_branch(&offer.branch, tip)?;
            }
            push(&commit(offer, None, vec![offer.base_commit.clone()], &offer.base_commit, offer.files.clone(), false))?
        }
    };
    let body = Mark::of(offer, &pushed.commit, over).below(&offer.text);
    let new = NewPull { title: TITLE.into(), body, head: offer.branch.clone(), base: offer.base.clone(), draft: offer.draft };
    let pull = forge.create(&new)?;
    let (labels, reviewers) = (texts(&offer.labels), texts(&offer.reviewers));
    let mut warnings = Vec::new();
    if !labels.is_empty() {
        warnings.extend(refusal(forge.label(pull.number, &labels))?);
    }
    if !reviewers.is_empty() {
        warnings.extend(refusal(forge.request_review(pull.number, &reviewers))?);
    }
    Ok(Outcome { done: Done::Opened, pull: Some((pull.number, pull.url)), pushed: Some(pushed), warnings })
}

/// What the forge says against something that can be done without.
fn refusal(done: Result<()>) -> Result<Option<String>> {
    match done {
        Err(error @ Error::Forge(_)) => Ok(Some(error.to_string())),
        done => done.map(|()| None),
    }
}

fn texts(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
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

/// A commit on top of the branch, which brings it up to date with its base as well. As long as it can do without the base it does:
/// not every forge can make a merge.
fn on_top(forge: &dyn Forge, offer: &Offer, tip: &str, over: bool) -> Result<NewCommit> {
    let has_base = forge.compare(tip, &offer.base_commit)?.ahead == 0;
    let compared = forge.compare(&offer.base_commit, tip)?;
    let is_offered = |path: &String| offer.files.iter().any(|file| file.path == *path);
    if has_base && !compared.cut && compared.files.iter().all(is_offered) {
        let tree = forge.tree(tip)?;
        let ids: HashMap<&str, &str> = tree.entries.iter().map(|entry| (entry.path.as_str(), entry.id.as_str())).collect();
        let on_tip = |file: &FileChange| FileChange { old: ids.get(file.path.as_str()).map(|id| (*id).to_owned()), ..file.clone() };
        let files = offer.files.iter().map(on_tip).collect();
        return Ok(commit(offer, Some(tip), vec![tip.to_owned()], tip, files, over));
    }
    let mut parents = vec![tip.to_owned()];
    if !has_base {
        parents.push(offer.base_commit.clone());
    }
    Ok(commit(offer, Some(tip), parents, &offer.base_commit, offer.files.clone(), over))
}

/// Writes a text and its mark, if they are not there already.
fn write(forge: &dyn Forge, pull: &Pull, text: &str, mark: &Mark) -> Result<()> {
    let body = mark.below(text);
    let is_there = mark::parts(&pull.body) == mark::parts(&body);
    if !is_there {
        forge.update(pull.number, &PullChange { body: Some(body), ..PullChange::default() })?;
    }
    Ok(())
}

/// Adds a comment, unless one with its last line is there.
fn say_once(forge: &dyn Forge, pull: &Pull, key: &str, text: &str) -> Result<()> {
    let is_said = forge.comments(pull.number)?.iter().any(|comment| comment.body.trim_end().ends_with(key));
    if !is_said {
        forge.comment(pull.number, &format!("{text}\n\n{key}"))?;
    }
    Ok(())
}
