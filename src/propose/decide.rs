//! What is to be done about an offer: a table over facts. Where a fact is missing it is asked for, and
//! whoever has a forge answers and decides again.

use super::data::{Pull, State};
use super::facts::{Facts, Question};
use super::mark::{self, Made};
use super::{Done, Offer, Options};
use std::collections::{BTreeMap, HashMap};

/// A part of the decision, or what has to be known first.
type Known<T> = Result<T, Question>;

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

impl Decision {
    /// What is done where it is carried out.
    pub fn done(&self) -> Done {
        match self {
            Self::Nothing { .. } => Done::Nothing,
            Self::Declined(_) => Done::Declined,
            Self::Open(_) => Done::Opened,
            Self::Update { .. } => Done::Updated,
            Self::Keep(_) => Done::Kept,
            Self::Close { .. } => Done::Closed,
            Self::Edited(_) => Done::Edited,
            Self::Occupied(_) => Done::Occupied,
            Self::Waits(_) => Done::Waits,
            Self::Retargeted(_) => Done::Retargeted,
        }
    }

    /// The pull request that it is about, if there is one already.
    pub fn pull(&self) -> Option<&Pull> {
        match self {
            Self::Nothing { .. } | Self::Open(_) | Self::Occupied(_) => None,
            Self::Update { pull, .. } | Self::Close { pull, .. } => Some(pull),
            Self::Declined(pull) | Self::Keep(pull) | Self::Edited(pull) | Self::Waits(pull) | Self::Retargeted(pull) => Some(pull),
        }
    }
}

/// What a new pull request's branch is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// There is none yet.
    Fresh,
    /// It holds the offer already: an earlier run was interrupted. It is at this commit.
    Ready(String),
    /// It is of an earlier pull request, at this commit, and is made again.
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
/// Errors: what has to be known first. With the same facts the answer is the same.
pub fn decide(facts: &Facts, offer: &Offer, options: Options) -> Known<Decision> {
    // Whatever they go to: people may send one to another branch, and what they decline there is declined.
    let pulls = facts.pulls()?;
    let tip = facts.tip()?;
    let open = pulls.iter().find(|pull| pull.state == State::Open);
    let declined = if options.again { None } else { declined_all(offer, pulls) };
    if let Some(pull) = open.filter(|pull| pull.base != offer.base) {
        return Ok(Decision::Retargeted(pull.clone()));
    }
    if let (Some(pull), Some(tip)) = (open, tip) {
        return follow(facts, offer, options, pull, tip, declined.is_some());
    }
    if offer.is_empty() {
        let withdrew = pulls.first().is_some_and(|pull| mark::parts(&pull.body).1.is_some_and(|mark| mark.withdrawn));
        let left = match tip.filter(|_| withdrew && offer.scope.is_all()) {
            Some(tip) if matches!(holds(facts, offer, tip)?, Holds::Nothing | Holds::Ours(_, false)) => Some(tip.to_owned()),
            _ => None,
        };
        return Ok(Decision::Nothing { left });
    }
    if let Some(pull) = declined {
        return Ok(Decision::Declined(pull.clone()));
    }
    if !options.again
        && let Some(pull) = declined_without_mark(facts, offer, pulls)?
    {
        return Ok(Decision::Declined(pull.clone()));
    }
    let Some(tip) = tip else { return Ok(Decision::Open(Start::Fresh)) };
    let at = tip.to_owned();
    let is_of = |state| pulls.iter().any(|pull| pull.state == state && pull.head_commit == tip);
    let is_merged = is_of(State::Merged);
    Ok(Decision::Open(match holds(facts, offer, tip)? {
        Holds::Ours(made, _) if made == offer.made() => Start::Ready(at),
        Holds::Nothing => Start::Anew(at),
        // A branch whose pull request is not seen yet must not be deleted: that would close it.
        Holds::Ours(_, over) if over || !is_merged && !is_of(State::Closed) => Start::OnTop(at, over),
        Holds::Ours(..) => Start::Anew(at),
        Holds::Others if is_merged => Start::Anew(at),
        Holds::Others if options.take_back => Start::OnTop(at, true),
        Holds::Others => return Ok(Decision::Occupied(at)),
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
fn declined_without_mark<'p>(facts: &Facts, offer: &Offer, pulls: &'p [Pull]) -> Known<Option<&'p Pull>> {
    for pull in pulls.iter().filter(|pull| pull.state == State::Closed && mark::parts(&pull.body).1.is_none()).take(MOST_UNMARKED) {
        // A commit of an old pull request may be gone.
        let Some(message) = facts.old_message(&pull.head_commit)? else { continue };
        if mark::trailer(message).is_some_and(|(made, _)| made.files == offer.made().files) {
            return Ok(Some(pull));
        }
    }
    Ok(None)
}

/// The items that people have declined in these pull requests, each with the number of the last one in
/// which they did. A pull request that this program closed itself declines nothing, and what the open
/// one proposes was asked for once more.
pub fn declined_in(pulls: &[Pull]) -> BTreeMap<String, u64> {
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
fn follow(facts: &Facts, offer: &Offer, options: Options, pull: &Pull, tip: &str, is_declined: bool) -> Known<Decision> {
    let (text, mark) = mark::parts(&pull.body);
    let holds = match mark.as_ref().filter(|mark| mark.head == tip) {
        // Both say the same: then the files need not be read to know it.
        Some(mark) if mark::trailer(facts.message(tip)?) == Some((mark.made.clone(), mark.over)) => {
            Holds::Ours(mark.made.clone(), mark.over)
        }
        _ => holds(facts, offer, tip)?,
    };
    let is_theirs = matches!(holds, Holds::Others);
    let is_given_back = mark::is_given_back(&text);
    if is_theirs && !options.take_back && !is_given_back {
        return Ok(Decision::Edited(pull.clone()));
    }
    let over = matches!(holds, Holds::Others | Holds::Ours(_, true));
    let is_empty = offer.is_empty() || is_declined;
    let is_same = matches!(&holds, Holds::Ours(made, _) if *made == offer.made());
    if (is_empty || !is_same) && holds_more(facts, offer, tip)? {
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
fn holds_more(facts: &Facts, offer: &Offer, tip: &str) -> Known<bool> {
    if offer.scope.is_all() {
        return Ok(false);
    }
    let held = facts.compare(&offer.base_commit, tip)?;
    let is_offered = |path: &String| offer.files.iter().any(|file| file.path == *path);
    Ok(held.cut || held.files.iter().any(|path| !is_offered(path) && !offer.scope.has(path)))
}

/// What a branch holds: the message of the commit at its tip says what it was made to hold, and the files that differ from the base
/// must be just that.
fn holds(facts: &Facts, offer: &Offer, tip: &str) -> Known<Holds> {
    let compared = facts.compare(&offer.base_commit, tip)?;
    if compared.ahead == 0 {
        return Ok(Holds::Nothing);
    }
    let Some((made, over)) = mark::trailer(facts.message(tip)?) else { return Ok(Holds::Others) };
    if compared.cut {
        return Ok(Holds::Others);
    }
    let tree = facts.tree(tip)?;
    let entries: HashMap<&str, _> = tree.entries.iter().map(|entry| (entry.path.as_str(), entry)).collect();
    let mut paths = compared.files.clone();
    paths.sort();
    let mut files = Vec::new();
    for path in &paths {
        let Some(entry) = entries.get(path.as_str()) else { return Ok(Holds::Others) };
        files.push((path.as_str(), entry.mode, facts.file(&entry.id)?));
    }
    let digest = mark::digest_of_files(files.into_iter());
    Ok(if digest == made.files { Holds::Ours(made, over) } else { Holds::Others })
}

#[cfg(test)]
mod tests;
