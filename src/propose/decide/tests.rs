//! The table without a forge: every kind of state, and the decision about it.

use super::*;
use crate::propose::data::{Commit, Comparison, Entry, FileChange, Mode, Tree};
use crate::propose::mark::Mark;
use crate::propose::{Scope, TAKE_BACK, item};

const TIP: &str = "tip";

fn offer(text: &str) -> Offer {
    let bytes = text.as_bytes().to_vec();
    let file = FileChange { path: "compose.yaml".into(), program: false, old: None, bytes };
    Offer {
        branch: "rofs-harden/main".into(),
        base: "main".into(),
        base_commit: "base".into(),
        items: vec![item("compose.yaml", "app", &[text.to_owned()])],
        files: vec![file],
        text: "Why.".into(),
        scope: Scope::default(),
        draft: false,
        labels: Vec::new(),
        reviewers: Vec::new(),
    }
}

fn nothing() -> Offer {
    Offer { files: Vec::new(), items: Vec::new(), text: String::new(), ..offer("new") }
}

fn pull(state: State, body: String) -> Pull {
    Pull {
        number: 7,
        url: String::new(),
        state,
        draft: false,
        title: String::new(),
        body,
        author: String::new(),
        labels: Vec::new(),
        head: "rofs-harden/main".into(),
        head_commit: TIP.into(),
        base: "main".into(),
        mergeable: None,
    }
}

fn commit(message: String) -> Commit {
    Commit {
        id: TIP.into(),
        parents: Vec::new(),
        tree: String::new(),
        author: (String::new(), String::new()),
        login: None,
        message,
        verified: None,
    }
}

fn none() -> Facts {
    Facts { pulls: Some(Vec::new()), tip: Some(None), ..Facts::default() }
}

/// A branch that was made to hold an offer, and holds these bytes.
fn branch(pulls: Vec<Pull>, made: &Offer, message: &str, bytes: &str) -> Facts {
    let message = if message.is_empty() { mark::message(&made.made(), false) } else { message.to_owned() };
    let files = vec!["compose.yaml".to_owned()];
    let entry = Entry { path: "compose.yaml".into(), mode: Mode::File, id: "blob".into() };
    Facts {
        pulls: Some(pulls),
        tip: Some(Some(TIP.into())),
        commits: [(TIP.to_owned(), Some(commit(message)))].into(),
        comparisons: [(("base".into(), TIP.into()), Comparison { ahead: 1, behind: Some(0), files, cut: false })].into(),
        trees: [(TIP.to_owned(), Tree { entries: vec![entry], truncated: false })].into(),
        files: [("blob".to_owned(), bytes.as_bytes().to_vec())].into(),
    }
}

fn body(offer: &Offer) -> String {
    Mark::of(offer, TIP, false).below(&offer.text)
}

fn decided(facts: &Facts, offer: &Offer, options: Options) -> Decision {
    decide(facts, offer, options).expect("all is known")
}

const AGAIN: Options = Options { again: true, take_back: false };
const TAKING_BACK: Options = Options { again: false, take_back: true };

#[test]
fn without_an_open_pull_request() {
    let (offer, other, plainly) = (offer("new"), offer("other"), Options::default());
    let start = |facts: &Facts, options| match decided(facts, &offer, options) {
        Decision::Open(start) => start,
        decision => panic!("{decision:?}"),
    };
    assert_eq!(start(&none(), plainly), Start::Fresh);
    // A run that was interrupted.
    assert_eq!(start(&branch(Vec::new(), &offer, "", "new"), plainly), Start::Ready(TIP.into()));
    assert_eq!(start(&branch(Vec::new(), &other, "", "other"), plainly), Start::OnTop(TIP.into(), false));
    let merged = vec![pull(State::Merged, body(&other))];
    assert_eq!(start(&branch(merged, &other, "", "other"), plainly), Start::Anew(TIP.into()));
    // Commits of others: by their message, and by files that are not what the message says.
    for (message, bytes) in [("Theirs", "theirs"), ("", "changed")] {
        let facts = branch(Vec::new(), &other, message, bytes);
        assert!(matches!(decided(&facts, &offer, plainly), Decision::Occupied(at) if at == TIP));
        assert_eq!(start(&facts, TAKING_BACK), Start::OnTop(TIP.into(), true));
    }
    assert!(matches!(decided(&none(), &nothing(), plainly), Decision::Nothing { left: None }));
}

#[test]
fn a_closed_pull_request_is_an_answer() {
    let (offer, other) = (offer("new"), offer("other"));
    let closed = |body| Facts { pulls: Some(vec![pull(State::Closed, body)]), ..none() };
    assert_eq!(decided(&closed(body(&offer)), &offer, Options::default()).done(), Done::Declined);
    assert_eq!(decided(&closed(body(&offer)), &offer, AGAIN).done(), Done::Opened);
    assert_eq!(decided(&closed(body(&other)), &offer, Options::default()).done(), Done::Opened);
    let withdrawn = Mark { withdrawn: true, ..Mark::of(&offer, TIP, false) }.below("Why.");
    assert_eq!(decided(&closed(withdrawn), &offer, Options::default()).done(), Done::Opened);
    // Somebody who takes the mark away still says no, if the commit is there to tell of it.
    let mut unmarked = closed("Why.".into());
    unmarked.commits.insert(TIP.into(), Some(commit(mark::message(&offer.made(), false))));
    assert_eq!(decided(&unmarked, &offer, Options::default()).done(), Done::Declined);
    unmarked.commits.insert(TIP.into(), None);
    assert_eq!(decided(&unmarked, &offer, Options::default()).done(), Done::Opened);
}

#[test]
fn an_open_pull_request_is_followed() {
    let (same, other, plainly) = (offer("new"), offer("other"), Options::default());
    let open = |message: &str, bytes: &str, body: String| branch(vec![pull(State::Open, body)], &same, message, bytes);
    let ours = open("", "new", body(&same));
    for (facts, offer, options, done) in [
        (&ours, &same, plainly, Done::Kept),
        (&ours, &other, plainly, Done::Updated),
        (&ours, &nothing(), plainly, Done::Closed),
        (&open("Theirs", "theirs", body(&same)), &other, plainly, Done::Edited),
        (&open("Theirs", "theirs", body(&same)), &other, TAKING_BACK, Done::Updated),
    ] {
        assert_eq!(decided(facts, offer, options).done(), done, "{:?}", offer.files);
    }
    // The box that gives the branch back.
    let ticked = Mark::of(&same, "before", false).below(&format!("Why.\n- [x] {TAKE_BACK}"));
    let theirs = open("Theirs", "theirs", ticked);
    assert!(matches!(decided(&theirs, &other, plainly), Decision::Update { pushes: true, over: true, .. }));
    // A text that a person wrote stays; one of ours is brought up to date.
    let longer = Offer { text: "Why, and more.".into(), ..offer("new") };
    assert!(matches!(
        decided(&ours, &longer, plainly),
        Decision::Update { pushes: false, text, .. } if text == longer.text
    ));
    let by_hand = open("", "new", Mark::of(&same, TIP, false).below("Mine."));
    assert_eq!(decided(&by_hand, &longer, plainly).done(), Done::Kept);
    // Another target, and a part of the repository that was not looked at.
    let elsewhere = Pull { base: "next".into(), ..pull(State::Open, body(&same)) };
    let facts = Facts { pulls: Some(vec![elsewhere]), ..ours.clone() };
    assert_eq!(decided(&facts, &same, plainly).done(), Done::Retargeted);
    let partial = Offer { scope: Scope { only: vec!["b".into()], ..Scope::default() }, ..nothing() };
    assert_eq!(decided(&ours, &partial, plainly).done(), Done::Waits);
}

#[test]
fn what_is_not_known_is_asked_for_and_nothing_else() {
    let offer = offer("new");
    let all = branch(vec![pull(State::Open, Mark::of(&offer, "before", false).below("Why."))], &offer, "", "new");
    let mut facts = Facts::default();
    let mut asked = Vec::new();
    let decision = loop {
        match decide(&facts, &offer, Options::default()) {
            Ok(decision) => break decision,
            Err(question) => {
                assert!(!asked.contains(&question), "{question:?} is asked twice");
                match &question {
                    Question::Pulls => facts.pulls.clone_from(&all.pulls),
                    Question::Tip => facts.tip.clone_from(&all.tip),
                    Question::Commit(id) | Question::OldCommit(id) => {
                        facts.commits.insert(id.clone(), all.commits[id].clone());
                    }
                    Question::Comparison(base, head) => {
                        let pair = (base.clone(), head.clone());
                        facts.comparisons.insert(pair.clone(), all.comparisons[&pair].clone());
                    }
                    Question::Tree(id) => drop(facts.trees.insert(id.clone(), all.trees[id].clone())),
                    Question::File(id) => drop(facts.files.insert(id.clone(), all.files[id].clone())),
                }
                asked.push(question);
            }
        }
    };
    assert_eq!(decision.done(), Done::Updated);
    assert_eq!(asked.len(), 6);
    // A mark that agrees with the commit needs no look at the files.
    let known = branch(vec![pull(State::Open, body(&offer))], &offer, "", "new");
    let known = Facts { trees: BTreeMap::new(), files: BTreeMap::new(), ..known };
    assert_eq!(decided(&known, &offer, Options::default()).done(), Done::Kept);
}
