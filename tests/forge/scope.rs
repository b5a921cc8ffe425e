//! What is not known is not decided: a run that sees a part of the repository leaves alone what it cannot judge, and so does one whose
//! pull request a person has taken elsewhere.

use super::sync::{offer, run_with};
use super::{BRANCH, World};
use rofs_harden::propose::{Done, Offer, Options, Scope, TAKE_BACK};

const TWO: [(&str, &str); 2] = [("a/compose.yaml", "a\n"), ("b/compose.yaml", "b\n")];

#[track_caller]
fn does(world: &World, offer: &Offer, expected: Done) {
    assert_eq!(run_with(world, offer, Options::default()).unwrap().done, expected);
}

fn writes(world: &World) -> usize {
    world.fake.state().log.iter().filter(|ask| ask.method != "GET").count()
}

#[test]
fn what_could_not_be_looked_at_stays_proposed() {
    let world = World::new();
    does(&world, &offer(&world, &TWO), Done::Opened);
    let before = writes(&world);
    let unread = |files: &[(&str, &str)]| Offer { scope: Scope { unread: vec!["b".into()], ..Scope::default() }, ..offer(&world, files) };
    let only = |files: &[(&str, &str)]| Offer { scope: Scope { only: vec!["a".into()], ..Scope::default() }, ..offer(&world, files) };
    for partial in [unread(&[]), unread(&TWO[..1]), only(&[]), only(&TWO[..1]), only(&[("a/compose.yaml", "new\n")])] {
        does(&world, &partial, Done::Waits);
    }
    assert_eq!(writes(&world), before);
    // What the open one does not hold is no reason to wait.
    does(&world, &Offer { scope: Scope { unread: vec!["c".into()], ..Scope::default() }, ..offer(&world, &TWO[..1]) }, Done::Updated);
    does(&world, &Offer { scope: Scope { unread: vec!["b".into()], ..Scope::default() }, ..offer(&world, &[]) }, Done::Closed);
}

#[test]
fn one_that_goes_to_another_branch_now_is_left_alone() {
    let world = World::new();
    does(&world, &offer(&world, &TWO[..1]), Done::Opened);
    {
        let mut state = world.fake.state();
        let main = state.objects.tip("main").unwrap();
        state.objects.git(&["update-ref", "refs/heads/release", &main], b"").unwrap();
        state.pulls[0].base = "release".into();
    }
    let before = writes(&world);
    does(&world, &offer(&world, &TWO[..1]), Done::Retargeted);
    does(&world, &offer(&world, &TWO), Done::Retargeted);
    assert_eq!((writes(&world), world.fake.state().pulls.len()), (before, 1));
    // A no is a no wherever it is said.
    world.fake.state().close(|_| true);
    does(&world, &offer(&world, &TWO[..1]), Done::Declined);
}

#[test]
fn what_a_person_wrote_above_the_text_outlives_a_new_plan() {
    let world = World::new();
    does(&world, &offer(&world, &TWO[..1]), Done::Opened);
    let notes = |body: &str| format!("Wait for the release.\n\n{body}");
    {
        let mut state = world.fake.state();
        state.pulls[0].body = notes(&state.pulls[0].body);
    }
    let outcome = run_with(&world, &offer(&world, &TWO), Options::default()).unwrap();
    assert_eq!((outcome.done, outcome.warnings.len()), (Done::Updated, 1), "{outcome:?}");
    let body = world.fake.state().pulls[0].body.clone();
    assert!(body.starts_with("Wait for the release.\n\nWhy ") && body.contains(TAKE_BACK), "{body}");
    does(&world, &offer(&world, &TWO), Done::Kept);
    // The mark goes on to be renewed, so that a no still counts.
    world.fake.state().close(|_| true);
    does(&world, &offer(&world, &TWO), Done::Declined);
    assert!(world.fake.state().objects.tip(BRANCH).is_some());
}

#[test]
fn a_no_counts_for_what_the_branch_holds_wherever_a_run_ended() {
    for (after, is_done) in (0..9).flat_map(|after| [(after, false), (after, true)]) {
        let world = World::new();
        does(&world, &offer(&world, &TWO[..1]), Done::Opened);
        world.fake.state().ends_after = Some((after, is_done));
        let ended = run_with(&world, &offer(&world, &TWO), Options::default()).is_err();
        let is_held = {
            let mut state = world.fake.state();
            (state.ends_after, state.is_down) = (None, false);
            let is_held = state.objects.git(&["show", &format!("{BRANCH}:b/compose.yaml")], b"").is_ok();
            state.close(|_| true);
            is_held
        };
        if is_held {
            does(&world, &offer(&world, &TWO[1..]), Done::Declined);
        }
        assert!(ended || is_held, "{after}");
    }
}
