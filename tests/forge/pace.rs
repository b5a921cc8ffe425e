//! How fast many repositories are gone through. A clock that lets time pass at once shows in seconds what takes a night.

use super::fake::many::Many;
use super::fake::{OWNER, TOKEN};
use super::{BRANCH, Hurry, PATIENCE};
use rofs_harden::edge::forge::{FileChange, Forge, GitHub, PACE, Place, Session, Token};
use rofs_harden::edge::propose::sync;
use rofs_harden::propose::{Done, Offer, Options, Scope, item};
use std::rc::Rc;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

/// Opens a pull request in each of so many repositories, one after the other, and says when each was opened, and what was waited for limits.
fn opened(number: usize, share: u32, an_hour: Option<usize>) -> (Vec<Duration>, Duration) {
    let many = Many::new();
    let commit = many.commit("main", &[("compose.yaml", "a\n")]);
    (0..number).for_each(|i| many.add(&format!("{OWNER}/r{i}"), &commit));
    many.state().an_hour = an_hour;
    let clock = Hurry::new();
    let patience = if an_hour.is_some() { HOUR * 24 } else { PATIENCE };
    let session = Rc::new(Session::new(Box::new(clock.clone()), patience, PACE, share));
    let mut times = Vec::new();
    for i in 0..number {
        let place = Place { api: many.api(), owner: OWNER.into(), name: format!("r{i}") };
        let hub = GitHub::new(&place, Token::new(TOKEN), &session).unwrap();
        let old = hub.tree(&commit).unwrap().entries[0].id.clone();
        let file = FileChange { path: "compose.yaml".into(), program: false, old: Some(old), bytes: b"b\n".into() };
        let offer = Offer {
            branch: BRANCH.into(),
            base: "main".into(),
            base_commit: commit.clone(),
            items: vec![item("compose.yaml", "app", &[])],
            files: vec![file],
            text: "Why.".into(),
            scope: Scope::default(),
            draft: false,
            labels: Vec::new(),
            reviewers: Vec::new(),
        };
        let outcome = sync(&hub, &|new| hub.push(new), &offer, Options::default()).unwrap();
        assert_eq!(outcome.done, Done::Opened);
        times.push(clock.now.get());
    }
    assert_eq!(many.open().len(), number);
    (times, clock.waited("takes no more requests"))
}

/// No more than so many in this time, wherever it begins.
#[track_caller]
fn at_most(times: &[Duration], most: usize, time: Duration) {
    for window in times.windows(most + 1) {
        let passed = window[most].saturating_sub(window[0]);
        assert!(passed >= time, "{most} in {passed:?}");
    }
}

/// Of eighty changes a minute and five hundred an hour that people are told of, each repository takes two: a branch and a pull request.
#[test]
fn people_hear_of_no_more_than_forty_repositories_a_minute_and_half_of_five_hundred_an_hour() {
    let (times, _) = opened(600, 1, None);
    at_most(&times, 40, Duration::from_mins(1));
    at_most(&times, 250, HOUR);
    let all = times[599].saturating_sub(times[0]);
    assert!(all >= HOUR * 2 && all < HOUR * 3, "{all:?}");
}

#[test]
fn runs_side_by_side_share_what_is_allowed() {
    let (times, _) = opened(150, 4, None);
    at_most(&times, 10, Duration::from_mins(1));
    at_most(&times, 63, HOUR);
}

#[test]
fn limits_of_the_forge_are_waited_for() {
    let (times, waited) = opened(40, 1, Some(100));
    assert!(waited >= HOUR, "{waited:?}");
    let all = times[39].saturating_sub(times[0]);
    assert!(all >= HOUR * 3, "{all:?}");
}
