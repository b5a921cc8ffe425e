//! What is to be done: it reads and writes nothing.

use super::mark::{self, Made};
use super::{Offer, Options};
use crate::edge::forge::{Forge, Pull, State};
use crate::error::{Error, Fault, Result};
use std::collections::{BTreeMap, HashMap};

/// Most closed pull requests without a mark whose commit is looked at.
const MOST_UNMARKED: usize = 5;

/// What is to be done about an offer.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Nothing is proposed and nothing is open.
    Nothing {
        /// A branch of ours that was left behind, and the commit that it is at.
        left: Option<String>,
    },
    /// All of it was declined in this pull request.
    Declined(Pull),
    /// A pull request is opened.
    Open(Start),
    /// The open pull request gets a commit, a text, or both.
    Update {
        /// The pull request.
        pull: Pull,
        /// The commit that its branch is at.
        tip: String,
        /// Whether the branch gets a commit.
        pushes: bool,
        /// Whether commits of others are below.
        over: bool,
        /// The text that it gets.
        text: String,
    },
    /// The open pull request is as it should be.
    Keep(Pull),
    /// The open pull request is closed, as nothing is left to propose.
    Close {
        /// The pull request.
        pull: Pull,
        /// The commit that its branch is at, if the branch is ours to delete.
        tip: Option<String>,
    },
    /// The open pull request has commits of others.
    Edited(Pull),
    /// The branch has commits of others, and no pull request.
    Occupied(String),
    /// The open pull request holds more than the offer is about.
    Waits(Pull),
    /// The open pull request goes to another branch.
    Retargeted(Pull),
}

/// What a new pull request's branch is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// There is none yet.
    Fresh,
    /// It holds the offer already: an earlier run was interrupted. It is at this commit.
    Ready(String),
    /// It is of an earlier pull request, at this commit, and is made anew.
    Anew(String),
    /// It is at this commit and gets one on top. Below there may be commits of others.
    OnTop(String, bool),
}

/// What is at the tip of a branch, beside what its base has.
enum Holds {
    /// Nothing.
    Nothing,
    /// What this program made, and whether commits of others are below.
    Ours(Made, bool),
    /// Something else.
    Others,
}

/// Decides what is to be done about an offer.
///
/// Errors: those of the forge.
pub fn decide(forge: &dyn Forge, offer: &Offer, options: Options) -> Result<Decision> {
    // Whatever they go to: people may send one to another branch, and what they decline there is declined.
    let pulls = forge.find(&offer.branch, None)?;
    let tip = forge.branch(&offer.branch)?;
    let open = pulls.iter().find(|pull| pull.state == State::Open);
    let declined = if options.again { None } else { declined_all(offer, &pulls) };
    if let Some(pull) = open.filter(|pull| pull.base != offer.base) {
        return Ok(Decision::Retargeted(pull.clone()));
    }
    if let (Some(pull), Some(tip)) = (open, &tip) {
        return follow(forge, offer, options, pull, tip, declined.is_some());
    }
    if offer.is_empty() {
        let withdrew = pulls.first().is_some_and(|pull| mark::parts(&pull.body).1.is_some_and(|mark| mark.withdrawn));
        let left = match tip.filter(|_| withdrew && offer.scope.is_all()) {
            Some(tip) if matches!(holds(forge, offer, &tip)?, Holds::Nothing | Holds::Ours(_, false)) => Some(tip),
            _ => None,
        };
        return Ok(Decision::Nothing { left });
    }
    if let Some(pull) = declined {
        return Ok(Decision::Declined(pull.clone()));
    }
    if !options.again
        && let Some(pull) = declined_without_mark(forge, offer, &pulls)?
    {
        return Ok(Decision::Declined(pull.clone()));
    }
    let Some(tip) = tip else { return Ok(Decision::Open(Start::Fresh)) };
    let is_of = |state| pulls.iter().any(|pull| pull.state == state && pull.head_commit == tip);
    let is_merged = is_of(State::Merged);
    Ok(Decision::Open(match holds(forge, offer, &tip)? {
        Holds::Ours(made, _) if made == offer.made() => Start::Ready(tip),
        Holds::Nothing => Start::Anew(tip),
        // A branch whose pull request is not seen yet must not be deleted: that would close it.
        Holds::Ours(_, over) if over || !is_merged && !is_of(State::Closed) => Start::OnTop(tip, over),
        Holds::Ours(..) => Start::Anew(tip),
        Holds::Others if is_merged => Start::Anew(tip),
        Holds::Others if options.take_back => Start::OnTop(tip, true),
        Holds::Others => return Ok(Decision::Occupied(tip)),
    }))
}

/// The last pull request in which something of the offer was declined, if all of it was.
fn declined_all<'p>(offer: &Offer, pulls: &'p [Pull]) -> Option<&'p Pull> {
    let declined = declined_in(pulls);
    let by: Option<Vec<u64>> = mark::known_items(&offer.items).iter().map(|item| declined.get(item).copied()).collect();
    let last = by?.into_iter().max()?;
    pulls.iter().find(|pull| pull.number == last)
}

/// The pull request without a mark in which a person declined just these files. Somebody who takes the mark away still says no.
fn declined_without_mark<'p>(forge: &dyn Forge, offer: &Offer, pulls: &'p [Pull]) -> Result<Option<&'p Pull>> {
    for pull in pulls.iter().filter(|pull| pull.state == State::Closed && mark::parts(&pull.body).1.is_none()).take(MOST_UNMARKED) {
        let commit = match forge.commit(&pull.head_commit) {
            Ok(commit) => commit,
            Err(Error::Forge(e)) if [Fault::Missing, Fault::Invalid].contains(&e.fault) => continue,
            Err(error) => return Err(error),
        };
        if mark::trailer(&commit.message).is_some_and(|(made, _)| made.files == offer.made().files) {
            return Ok(Some(pull));
        }
    }
    Ok(None)
}

/// The items that people have declined, each with the number of the last pull request in which they did.
///
/// Errors: those of the forge.
pub fn declined(forge: &dyn Forge, branch: &str) -> Result<BTreeMap<String, u64>> {
    Ok(declined_in(&forge.find(branch, None)?))
}

/// A pull request that this program closed itself declines nothing, and what the open one proposes was asked for once more.
fn declined_in(pulls: &[Pull]) -> BTreeMap<String, u64> {
    let mut declined = BTreeMap::new();
    for pull in pulls.iter().filter(|pull| pull.state == State::Closed) {
        let Some(mark) = mark::parts(&pull.body).1.filter(|mark| !mark.withdrawn) else { continue };
        for item in mark.items() {
            let last = declined.entry(item.to_owned()).or_insert(pull.number);
            *last = pull.number.max(*last);
        }
    }
    for mark in pulls.iter().filter(|pull| pull.state == State::Open).filter_map(|pull| mark::parts(&pull.body).1) {
        declined.retain(|item, _| !mark.items().any(|own| own == item));
    }
    declined
}

/// Decides about an open pull request. What is offered now may have been declined in an earlier one: then nothing is left for this one.
fn follow(forge: &dyn Forge, offer: &Offer, options: Options, pull: &Pull, tip: &str, is_declined: bool) -> Result<Decision> {
    let (text, mark) = mark::parts(&pull.body);
    let holds = match mark.as_ref().filter(|mark| mark.head == tip) {
        // Both say the same: then the files need not be read to know it.
        Some(mark) if mark::trailer(&forge.commit(tip)?.message) == Some((mark.made.clone(), mark.over)) => {
            Holds::Ours(mark.made.clone(), mark.over)
        }
        _ => holds(forge, offer, tip)?,
    };
    let is_theirs = matches!(holds, Holds::Others);
    let is_given_back = mark::is_given_back(&text);
    if is_theirs && !options.take_back && !is_given_back {
        return Ok(Decision::Edited(pull.clone()));
    }
    let over = matches!(holds, Holds::Others | Holds::Ours(_, true));
    let is_empty = offer.is_empty() || is_declined;
    let is_same = matches!(&holds, Holds::Ours(made, _) if *made == offer.made());
    if (is_empty || !is_same) && holds_more(forge, offer, tip)? {
        return Ok(Decision::Waits(pull.clone()));
    }
    if is_empty {
        return Ok(Decision::Close { pull: pull.clone(), tip: (!over).then(|| tip.to_owned()) });
    }
    let update = |pushes, text: &str| Decision::Update { pull: pull.clone(), tip: tip.to_owned(), pushes, over, text: text.to_owned() };
    // Who has taken the mark away, or written something into the text, keeps it.
    let is_own_text = mark.as_ref().is_some_and(|mark| mark.text == mark::digest_of_text(&text));
    let kept = mark::unticked(&text);
    let new_text = if is_own_text { &offer.text } else { &kept };
    if !is_same {
        return Ok(update(true, new_text));
    }
    let Some(mark) = mark else { return Ok(Decision::Keep(pull.clone())) };
    let is_old = mark.head != tip || mark.withdrawn || mark.items != mark::known_items(&offer.items).concat();
    let is_new_text = mark::digest_of_text(&text) != mark::digest_of_text(&offer.text);
    if is_old || is_own_text && is_new_text {
        return Ok(update(false, new_text));
    }
    // A box that is ticked where there is nothing to give back would be consent to what comes later.
    Ok(if is_given_back { update(false, &kept) } else { Decision::Keep(pull.clone()) })
}

/// Whether a branch holds files that the offer does not have and says nothing of.
fn holds_more(forge: &dyn Forge, offer: &Offer, tip: &str) -> Result<bool> {
    if offer.scope.is_all() {
        return Ok(false);
    }
    let held = forge.compare(&offer.base_commit, tip)?;
    let is_offered = |path: &String| offer.files.iter().any(|file| file.path == *path);
    Ok(held.cut || held.files.iter().any(|path| !is_offered(path) && !offer.scope.has(path)))
}

/// What a branch holds: the message of the commit at its tip says what it was made to hold, and the files that differ from the base
/// must be just that.
fn holds(forge: &dyn Forge, offer: &Offer, tip: &str) -> Result<Holds> {
    let compared = forge.compare(&offer.base_commit, tip)?;
    if compared.ahead == 0 {
        return Ok(Holds::Nothing);
    }
    let Some((made, over)) = mark::trailer(&forge.commit(tip)?.message) else { return Ok(Holds::Others) };
    if compared.cut {
        return Ok(Holds::Others);
    }
    let tree = forge.tree(tip)?;
    let entries: HashMap<&str, _> = tree.entries.iter().map(|entry| (entry.path.as_str(), entry)).collect();
    let mut paths = compared.files;
    paths.sort();
    let mut files = Vec::new();
    for path in &paths {
        let Some(entry) = entries.get(path.as_str()) else { return Ok(Holds::Others) };
        files.push((path.as_str(), entry.mode, forge.file(&entry.id)?));
    }
    let digest = mark::digest_of_files(files.iter().map(|(path, mode, bytes)| (*path, *mode, bytes.as_slice())));
    Ok(if digest == made.files { Holds::Ours(made, over) } else { Holds::Others })
}
