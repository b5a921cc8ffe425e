//! Pull requests on a forge: answers what [`crate::propose`] has to know and carries out what it decides.
//!
//! Each step is found done when it is met again, so an interrupted run is gone on with by the next one.

use super::forge::{Forge, NewCommit, Pull, PullChange, Pushed};
use crate::error::{Error, Fault, Result};
use crate::propose::write::{self, CLOSED, EDITED, OTHERS_TEXT, Remark};
use crate::propose::{self, Decision, Done, Facts, Offer, Options, Outcome, Question, Start};
use std::collections::BTreeMap;

/// How often everything is read again after somebody else changed something in between.
const ROUNDS: usize = 3;

/// Puts a commit on its branch.
type Push<'p> = &'p dyn Fn(&NewCommit) -> Result<Pushed>;

/// Brings the forge to what is offered. `push` puts a commit on its branch, as [`Forge::push`] does.
///
/// Errors: those of the forge. After any of them, doing it again goes on from what was done.
pub fn sync(forge: &dyn Forge, push: Push, offer: &Offer, options: Options) -> Result<Outcome> {
    let mut round = 1;
    loop {
        let mut known = Known { forge, branch: &offer.branch, facts: Facts::default() };
        let done =
            known.settle(|facts| propose::decide(facts, offer, options)).and_then(|decision| known.carry_out(push, offer, &decision));
        match done {
            Err(Error::Forge(e)) if round < ROUNDS && [Fault::Stale, Fault::Exists].contains(&e.fault) => {
                round += 1;
            }
            // Between the plan and the request the base has taken in what was proposed.
            Err(Error::Forge(e)) if e.fault == Fault::Nothing => return Ok(outcome(Done::Nothing, None, None)),
            done => return done,
        }
    }
}

/// What would be done about an offer.
///
/// Errors: those of the forge.
pub fn decide(forge: &dyn Forge, offer: &Offer, options: Options) -> Result<Decision> {
    let mut known = Known { forge, branch: &offer.branch, facts: Facts::default() };
    known.settle(|facts| propose::decide(facts, offer, options))
}

/// The items that people have declined, each with the number of the last pull request in which they did.
///
/// Errors: those of the forge.
pub fn declined(forge: &dyn Forge, branch: &str) -> Result<BTreeMap<String, u64>> {
    Ok(propose::declined_in(&forge.find(branch, None)?))
}

/// A forge, and what it has said so far.
struct Known<'f> {
    forge: &'f dyn Forge,
    branch: &'f str,
    facts: Facts,
}

impl Known<'_> {
    /// Answers questions until there is nothing to ask any more.
    fn settle<T>(&mut self, step: impl Fn(&Facts) -> Result<T, Question>) -> Result<T> {
        loop {
            match step(&self.facts) {
                Ok(settled) => return Ok(settled),
                Err(question) => self.answer(question)?,
            }
        }
    }

    fn answer(&mut self, question: Question) -> Result<()> {
        let (forge, facts) = (self.forge, &mut self.facts);
        match question {
            Question::Pulls => facts.pulls = Some(forge.find(self.branch, None)?),
            Question::Tip => facts.tip = Some(forge.branch(self.branch)?),
            Question::Commit(id) => {
                let commit = forge.commit(&id)?;
                facts.commits.insert(id, Some(commit));
            }
            Question::OldCommit(id) => {
                let commit = match forge.commit(&id) {
                    Err(Error::Forge(e)) if [Fault::Missing, Fault::Invalid].contains(&e.fault) => None,
                    answer => Some(answer?),
                };
                facts.commits.insert(id, commit);
            }
            Question::Comparison(base, head) => {
                let compared = forge.compare(&base, &head)?;
                facts.comparisons.insert((base, head), compared);
            }
            Question::Tree(commit) => {
                let tree = forge.tree(&commit)?;
                facts.trees.insert(commit, tree);
            }
            Question::File(id) => {
                let bytes = forge.file(&id)?;
                facts.files.insert(id, bytes);
            }
        }
        Ok(())
    }

    /// Does what was decided.
    fn carry_out(&mut self, push: Push, offer: &Offer, decision: &Decision) -> Result<Outcome> {
        let forge = self.forge;
        Ok(match decision {
            Decision::Nothing { left } => {
                if let Some(tip) = left {
                    forge.delete_branch(&offer.branch, tip)?;
                }
                outcome(Done::Nothing, None, None)
            }
            Decision::Declined(_) | Decision::Keep(_) | Decision::Occupied(_) | Decision::Waits(_) | Decision::Retargeted(_) => {
                outcome(decision.done(), decision.pull(), None)
            }
            Decision::Open(start) => self.open(push, offer, start)?,
            Decision::Update { pull, tip, pushes, over, text } => {
                let mut pushed = None;
                if *pushes {
                    write_body(forge, pull, write::announced(pull, offer))?;
                    pushed = Some(push(&self.on_top(offer, tip, *over)?)?);
                }
                let head = pushed.as_ref().map_or(tip.as_str(), |pushed| &pushed.commit);
                write_body(forge, pull, write::updated(pull, text, offer, head, *over))?;
                let mut updated = outcome(Done::Updated, Some(pull), pushed);
                if *pushes && write::is_others_text(text, offer) {
                    updated.warnings.push(OTHERS_TEXT.into());
                }
                updated
            }
            Decision::Close { pull, tip } => {
                // First, so that who closes it behind this, should the run end here, knows what that
                // is said to.
                say_once(forge, pull, CLOSED)?;
                write_body(forge, pull, write::withdrawn(pull, offer, tip.as_deref()))?;
                forge.close(pull.number)?;
                if let Some(tip) = tip {
                    forge.delete_branch(&offer.branch, tip)?;
                }
                outcome(Done::Closed, Some(pull), None)
            }
            Decision::Edited(pull) => {
                say_once(forge, pull, EDITED)?;
                outcome(Done::Edited, Some(pull), None)
            }
        })
    }

    /// Opens a pull request.
    fn open(&mut self, push: Push, offer: &Offer, start: &Start) -> Result<Outcome> {
        let forge = self.forge;
        let over = matches!(start, Start::OnTop(_, true));
        let pushed = match start {
            Start::Ready(tip) => Pushed { commit: tip.clone(), verified: None },
            Start::OnTop(tip, over) => push(&self.on_top(offer, tip, *over)?)?,
            Start::Fresh => push(&write::first_commit(offer))?,
            Start::Anew(tip) => {
                forge.delete_branch(&offer.branch, tip)?;
                push(&write::first_commit(offer))?
            }
        };
        let pull = forge.create(&write::opened(offer, &pushed.commit, over))?;
        let (labels, reviewers) = (texts(&offer.labels), texts(&offer.reviewers));
        let mut warnings = Vec::new();
        if !labels.is_empty() {
            warnings.extend(refusal(forge.label(pull.number, &labels))?);
        }
        if !reviewers.is_empty() {
            warnings.extend(refusal(forge.request_review(pull.number, &reviewers))?);
        }
        Ok(Outcome { warnings, ..outcome(Done::Opened, Some(&pull), Some(pushed)) })
    }

    fn on_top(&mut self, offer: &Offer, tip: &str, over: bool) -> Result<NewCommit> {
        self.settle(|facts| write::commit_on_top(facts, offer, tip, over))
    }
}

fn outcome(done: Done, pull: Option<&Pull>, pushed: Option<Pushed>) -> Outcome {
    let pull = pull.map(|pull| (pull.number, pull.url.clone()));
    Outcome { done, pull, pushed, warnings: Vec::new() }
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

/// Writes a text with its mark, if it is not there already.
fn write_body(forge: &dyn Forge, pull: &Pull, body: Option<String>) -> Result<()> {
    if body.is_some() {
        forge.update(pull.number, &PullChange { body, ..PullChange::default() })?;
    }
    Ok(())
}

/// Adds a comment, unless it is there.
fn say_once(forge: &dyn Forge, pull: &Pull, remark: Remark) -> Result<()> {
    if !forge.comments(pull.number)?.iter().any(|comment| remark.is(&comment.body)) {
        forge.comment(pull.number, &remark.body())?;
    }
    Ok(())
}
