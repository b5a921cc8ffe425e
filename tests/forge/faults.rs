//! What a bot does when something goes wrong: it converges, waits or stops, and never does anything twice.

use super::fake::{self, Fault, http::Reply};
use super::{BRANCH, PATIENCE, World, commit_on, proposal};
use rofs_harden::edge::forge::{Forge, NewCommit, State};
use rofs_harden::error::{Error, Fault as Kind, Result};
use std::time::Duration;

/// The kind of a failure.
#[track_caller]
fn kind<T: std::fmt::Debug>(result: Result<T>) -> Kind {
    match result {
        Err(Error::Forge(error)) => error.fault,
        other => panic!("{other:?}"),
    }
}

fn server_error() -> Reply {
    Reply::json(500, &serde_json::json!({ "message": "Server Error" }))
}

#[test]
fn a_pull_request_that_was_opened_without_an_answer_is_found_and_not_repeated() {
    for fault in [Fault::After(server_error()), Fault::HangUpAfter] {
        let world = World::with_branch();
        world.fake.fail("POST", "/pulls", fault);
        // It is not seen in lists at once.
        world.fake.state().lag = 2;
        assert_eq!(world.hub.create(&proposal()).unwrap().number, 1);
        assert_eq!(world.fake.count("POST", "/pulls"), 1);
        assert_eq!(world.fake.state().pulls.len(), 1);
    }
}

#[test]
fn a_pull_request_that_was_not_opened_is_asked_for_once_more() {
    for fault in [Fault::Instead(server_error()), Fault::HangUp] {
        let world = World::with_branch();
        world.fake.fail("POST", "/pulls", fault);
        assert_eq!(world.hub.create(&proposal()).unwrap().number, 1);
        assert_eq!(world.fake.state().pulls.len(), 1);
    }
}

#[test]
fn a_pull_request_that_is_seen_late_is_still_not_repeated() {
    let world = World::with_branch();
    world.fake.fail("POST", "/pulls", Fault::HangUpAfter);
    world.fake.state().lag = 3;
    // The second request is answered with "already exists", and then the list has it.
    assert_eq!(world.hub.create(&proposal()).unwrap().number, 1);
    assert_eq!(world.fake.count("POST", "/pulls"), 2);
    assert_eq!(world.fake.state().pulls.len(), 1);
}

#[test]
fn the_pull_request_of_another_run_is_named() {
    let world = World::with_branch();
    let other = world.hub.create(&proposal()).unwrap();
    let mut new = proposal();
    new.title = "Another".into();
    let error = world.hub.create(&new).unwrap_err();
    assert!(error.to_string().contains(&other.url), "{error}");
    assert_eq!(kind(Err::<(), _>(error)), Kind::Exists);
    assert_eq!(world.fake.state().pulls.len(), 1);
}

#[test]
fn a_comment_that_was_added_without_an_answer_is_not_repeated() {
    let world = World::with_branch();
    world.hub.create(&proposal()).unwrap();
    world.fake.fail("POST", "/comments", Fault::HangUpAfter);
    world.hub.comment(1, "Stopped.").unwrap();
    assert_eq!(world.fake.state().comments.len(), 1);
}

#[test]
fn a_branch_that_was_moved_without_an_answer_is_found_there() {
    for (with_branch, method, ending) in [(false, "POST", "/git/refs"), (true, "PATCH", "/git/refs/{ref}")] {
        for fault in [Fault::After(server_error()), Fault::HangUpAfter] {
            let world = if with_branch { World::with_branch() } else { World::new() };
            let tip = world.tip(if with_branch { BRANCH } else { "main" });
            world.fake.fail(method, ending, fault);
            let pushed = world.hub.push(&commit_on(&tip, with_branch.then_some(&tip), None)).unwrap();
            assert_eq!(world.tip(BRANCH), pushed.commit);
            assert_eq!(world.fake.count(method, "/git/refs"), 1);
        }
    }
}

#[test]
fn a_branch_that_was_not_moved_is_moved_by_a_second_request() {
    for (with_branch, method, ending) in [(false, "POST", "/git/refs"), (true, "PATCH", "/git/refs/{ref}")] {
        let world = if with_branch { World::with_branch() } else { World::new() };
        let tip = world.tip(if with_branch { BRANCH } else { "main" });
        world.fake.fail(method, ending, Fault::HangUp);
        let pushed = world.hub.push(&commit_on(&tip, with_branch.then_some(&tip), None)).unwrap();
        assert_eq!(world.tip(BRANCH), pushed.commit);
        assert_eq!(world.fake.count(method, "/git/refs"), 2);
    }
}

/// A commit of a person on the bot's branch.
fn human() -> Fault {
    Fault::Before(Box::new(|state| {
        state.objects.commit(BRANCH, &[("100644", "mine.txt", b"mine\n")], "By hand");
    }))
}

#[test]
fn a_commit_of_a_person_is_never_lost() {
    // Before the bot looks, while it writes, and right before the branch moves.
    for (method, ending) in [("GET", "/git/ref/{ref}"), ("POST", "/git/blobs"), ("PATCH", "/git/refs/{ref}")] {
        let world = World::with_branch();
        let seen = world.tip(BRANCH);
        world.fake.fail(method, ending, human());
        assert_eq!(kind(world.hub.push(&commit_on(&seen, Some(&seen), None))), Kind::Stale, "{method} {ending}");
        let state = world.fake.state();
        assert_eq!(state.objects.line(&["log", "-1", "--format=%s", BRANCH], b"").unwrap(), "By hand");
    }
}

#[test]
fn a_branch_with_the_commit_of_a_person_is_not_deleted() {
    let world = World::with_branch();
    let seen = world.tip(BRANCH);
    world.fake.fail("GET", "/git/ref/{ref}", human());
    assert_eq!(kind(world.hub.delete_branch(BRANCH, &seen)), Kind::Stale);
    assert!(world.fake.state().objects.tip(BRANCH).is_some());
}

#[test]
fn a_branch_that_another_run_made_first_is_left_alone() {
    let world = World::new();
    let main = world.tip("main");
    let from = main.clone();
    let act = move |state: &mut fake::State| {
        state.objects.git(&["update-ref", &format!("refs/heads/{BRANCH}"), &from], b"").unwrap();
    };
    world.fake.fail("POST", "/git/refs", Fault::Before(Box::new(act)));
    assert_eq!(kind(world.hub.push(&commit_on(&main, None, None))), Kind::Stale);
    assert_eq!(world.tip(BRANCH), main);
}

#[test]
fn a_base_that_moves_meanwhile_is_seen_in_the_comparison() {
    let world = World::with_branch();
    let seen = world.tip("main");
    let act = |state: &mut fake::State| {
        state.objects.commit("main", &[("100644", "new.txt", b"new\n")], "Move on");
    };
    world.fake.fail("GET", "/compare/{basehead}", Fault::Before(Box::new(act)));
    assert_eq!(world.hub.compare("main", BRANCH).unwrap().behind, Some(1));
    let now = world.tip("main");
    assert_ne!(now, seen);
    let tip = world.tip(BRANCH);
    let new = NewCommit { parents: vec![tip.clone(), now.clone()], tree_of: now, ..commit_on("", Some(&tip), None) };
    world.hub.push(&new).unwrap();
    assert_eq!(world.hub.compare("main", BRANCH).unwrap().behind, Some(0));
}

#[test]
fn objects_that_are_not_seen_yet_are_written_again() {
    for ending in ["/git/trees", "/git/commits"] {
        let world = World::new();
        let main = world.tip("main");
        world.fake.fail("POST", ending, Fault::Instead(fake::answers::error(422, "Tree SHA does not exist")));
        world.hub.push(&commit_on(&main, None, None)).unwrap();
        assert_eq!(world.clock.waited("just written"), Duration::from_secs(1));
    }
}

#[test]
fn reading_survives_bad_lines_and_servers() {
    let world = World::new();
    world.fake.fail("GET", "/repos/{owner}/{repo}", Fault::HangUp);
    world.fake.fail("GET", "/repos/{owner}/{repo}", Fault::Instead(Reply::empty(502)));
    world.fake.fail("GET", "/repos/{owner}/{repo}", Fault::Instead(Reply::empty(503)));
    assert_eq!(world.hub.repository().unwrap().default_branch, "main");
    assert_eq!(world.clock.waited("did not answer well"), Duration::from_secs(1 + 2 + 4));
}

#[test]
fn reading_gives_up_after_four_tries() {
    let world = World::new();
    (0..4).for_each(|_| world.fake.fail("GET", "/repos/{owner}/{repo}", Fault::HangUp));
    assert_eq!(kind(world.hub.repository()), Kind::Unavailable);
    assert_eq!(world.fake.count("GET", "/repos"), 4);
}

#[test]
fn limits_are_waited_for_as_they_say() {
    let now = 1_700_000_000;
    for (reply, seconds) in [
        (super::errors::limit(429).with("Retry-After", 7), 7),
        (super::errors::limit(403).with("Retry-After", 0), 1),
        (super::errors::limit(403).with("X-RateLimit-Remaining", 0).with("X-RateLimit-Reset", now + 20), 21),
        (super::errors::limit(429).with("X-RateLimit-Remaining", 0).with("X-RateLimit-Reset", now - 20), 1),
        (super::errors::limit(403), 60),
        (super::errors::limit(429), 60),
    ] {
        let world = World::with_branch();
        world.fake.fail("POST", "/pulls", Fault::Instead(reply));
        world.hub.create(&proposal()).unwrap();
        assert_eq!(world.clock.waited("takes no more requests"), Duration::from_secs(seconds));
        assert_eq!(world.fake.state().pulls.len(), 1);
    }
}

#[test]
fn a_limit_that_lasts_too_long_ends_the_work_with_the_time() {
    let world = World::with_branch();
    let reset = 1_700_000_000 + PATIENCE.as_secs();
    let reply = super::errors::limit(403).with("X-RateLimit-Remaining", 0).with("X-RateLimit-Reset", reset);
    world.fake.fail("POST", "/pulls", Fault::Instead(reply));
    let Err(Error::Forge(error)) = world.hub.create(&proposal()) else { panic!("no limit") };
    assert_eq!((error.fault, error.retry_at), (Kind::Busy, Some(reset + 1)));
    assert_eq!(world.clock.waits.borrow().len(), 0);
}

#[test]
fn a_server_that_always_says_now_is_not_asked_for_ever() {
    let world = World::new();
    let limit = || Fault::Instead(super::errors::limit(429).with("Retry-After", 0));
    // 1 + 2 + 4 + … + 256 seconds fit into the patience of 600, and 512 more do not.
    (0..10).for_each(|_| world.fake.fail("GET", "/repos/{owner}/{repo}", limit()));
    assert_eq!(kind(world.hub.repository()), Kind::Busy);
}

#[test]
fn the_next_page_of_another_server_is_not_asked_for() {
    let world = World::with_branch();
    let elsewhere = Reply::json(200, &serde_json::json!([])).with("Link", "<http://127.0.0.1:1/x?page=2>; rel=\"next\"");
    (0..4).for_each(|_| world.fake.fail("GET", "/pulls", Fault::Instead(elsewhere.clone())));
    let error = world.hub.find(BRANCH, None).unwrap_err();
    assert!(error.to_string().contains("refers to another server"), "{error}");
    (1..4).for_each(|_| drop(world.hub.find(BRANCH, None)));
}

#[test]
fn a_closed_pull_request_leaves_room_for_a_new_one() {
    let world = World::with_branch();
    world.hub.create(&proposal()).unwrap();
    world.hub.close(1).unwrap();
    assert_eq!(world.hub.create(&proposal()).unwrap().number, 2);
    let states: Vec<State> = world.hub.find(BRANCH, None).unwrap().iter().map(|pull| pull.state).collect();
    assert_eq!(states, [State::Open, State::Closed]);
}
