//! What becomes of a bot's one pull request: whatever people do in between, there are never two, nothing of theirs is lost, and a second
//! run right behind the first one changes nothing.

use super::fake::{self, Fault, http::Reply};
use super::{BRANCH, World};
use rofs_harden::edge::forge::{FileChange, Forge, NewCommit};
use rofs_harden::edge::propose::{declined, sync};
use rofs_harden::error::{Error, Fault as Kind, Result};
use rofs_harden::propose::{Done, Offer, Options, Outcome, Scope, TAKE_BACK, item};

const AGAIN: Options = Options { again: true, take_back: false };
const TAKING_BACK: Options = Options { again: false, take_back: true };

/// What the program would offer now: these new texts of files.
pub(super) fn offer(world: &World, files: &[(&str, &str)]) -> Offer {
    let commit = world.tip("main");
    let tree = world.hub.tree(&commit).unwrap();
    let old = |path: &str| tree.entries.iter().find(|entry| entry.path == path).map(|entry| entry.id.clone());
    let change =
        |(path, text): &(&str, &str)| FileChange { path: (*path).into(), program: false, old: old(path), bytes: text.as_bytes().into() };
    Offer {
        branch: BRANCH.into(),
        base: "main".into(),
        base_commit: commit,
        files: files.iter().map(change).collect(),
        items: files.iter().map(|(path, text)| item(path, "app", &[(*text).to_owned()])).collect(),
        text: format!("Why {files:?}.\n\n- [ ] {TAKE_BACK}"),
        scope: Scope::default(),
        draft: false,
        labels: Vec::new(),
        reviewers: Vec::new(),
    }
}

pub(super) fn run_with(world: &World, offer: &Offer, options: Options) -> Result<Outcome> {
    sync(&world.hub, &|new: &NewCommit| world.hub.push(new), offer, options)
}

fn writes(world: &World) -> usize {
    world.fake.state().log.iter().filter(|ask| ask.method != "GET").count()
}

/// Runs, and runs again, which changes nothing.
#[track_caller]
fn run(world: &World, offer: &Offer, options: Options) -> Outcome {
    let outcome = run_with(world, offer, options).unwrap();
    let before = writes(world);
    let second = run_with(world, offer, Options { take_back: false, ..options }).unwrap();
    assert_eq!(writes(world), before, "{:?}, then {:?}", outcome.done, second.done);
    world.fake.state().objects.assert_sound();
    assert!(world.fake.state().pulls.iter().filter(|pull| pull.is_open).count() <= 1);
    assert!(world.fake.state().log.iter().all(|ask| ask.json()["force"] != true));
    outcome
}

#[track_caller]
fn does(world: &World, offer: &Offer, expected: Done) -> Outcome {
    let outcome = run(world, offer, Options::default());
    assert_eq!(outcome.done, expected);
    outcome
}

fn text_on(world: &World, path: &str) -> String {
    let state = world.fake.state();
    String::from_utf8(state.objects.git(&["show", &format!("{BRANCH}:{path}")], b"").unwrap()).unwrap()
}

/// A commit of a person on a branch.
fn human(world: &World, branch: &str, path: &str) -> String {
    world.fake.state().objects.commit(branch, &[("100644", path, b"by hand\n")], "By hand")
}

fn is_kept(world: &World, commit: &str) -> bool {
    let state = world.fake.state();
    !state.objects.line(&["for-each-ref", "--contains", commit], b"").unwrap().is_empty()
}

const A: (&str, &str) = ("compose.yaml", "a\n");
const B: (&str, &str) = ("compose.yaml", "b\n");

#[test]
fn it_is_opened_once_and_kept() {
    let world = World::new();
    let new = Offer { labels: vec!["security".into()], reviewers: vec!["octocat".into()], ..offer(&world, &[A]) };
    let outcome = does(&world, &new, Done::Opened);
    assert_eq!((outcome.pull.unwrap().0, outcome.warnings.len()), (1, 0));
    assert_eq!(text_on(&world, "compose.yaml"), "a\n");
    let state = world.fake.state();
    let pull = &state.pulls[0];
    assert_eq!((pull.labels.as_slice(), pull.reviewers.as_slice()), (&["security".to_owned()][..], &["octocat".to_owned()][..]));
    assert!(pull.body.starts_with("Why ") && pull.body.trim_end().ends_with("-->"), "{}", pull.body);
    let message = state.objects.line(&["log", "-1", "--format=%B", BRANCH], b"").unwrap();
    assert!(!message.contains("compose"), "{message}");
}

#[test]
fn labels_and_reviewers_that_are_refused_are_a_warning() {
    let world = World::new();
    world.fake.fail("POST", "/labels", Fault::Instead(fake::answers::error(403, "Resource not accessible by integration")));
    let refused = fake::answers::error(422, "Reviews may only be requested from collaborators.");
    world.fake.fail("POST", "/requested_reviewers", Fault::Instead(refused));
    let new = Offer { labels: vec!["security".into()], reviewers: vec!["nobody".into()], ..offer(&world, &[A]) };
    let outcome = does(&world, &new, Done::Opened);
    assert_eq!(outcome.warnings.len(), 2, "{:?}", outcome.warnings);
}

#[test]
fn it_follows_its_base_and_its_plan_on_top_and_never_by_force() {
    let world = World::new();
    does(&world, &offer(&world, &[A]), Done::Opened);
    let first = world.tip(BRANCH);
    // Something else on the base is no reason to push.
    human(&world, "main", "other.txt");
    does(&world, &offer(&world, &[A]), Done::Kept);
    assert_eq!(world.tip(BRANCH), first);
    // Our file is.
    human(&world, "main", "compose.yaml");
    does(&world, &offer(&world, &[A]), Done::Updated);
    let second = world.tip(BRANCH);
    does(&world, &offer(&world, &[("compose.yaml", "c\n"), ("run.sh", "c\n")]), Done::Updated);
    // What is no longer offered is put back.
    does(&world, &offer(&world, &[B]), Done::Updated);
    assert_eq!((text_on(&world, "compose.yaml").as_str(), text_on(&world, "run.sh").as_str()), ("b\n", "#!/bin/sh\n"));
    let compared = world.hub.compare("main", BRANCH).unwrap();
    assert_eq!((compared.behind, compared.files), (Some(0), vec!["compose.yaml".to_owned()]));
    for commit in [first, second, world.tip("main")] {
        assert!(world.fake.state().objects.git(&["merge-base", "--is-ancestor", &commit, BRANCH], b"").is_ok());
    }
    assert!(world.fake.state().pulls[0].body.contains("\\n\")"), "the text is the new one");
}

#[test]
fn it_is_closed_when_nothing_is_left_which_is_no_answer_of_a_person() {
    let world = World::new();
    does(&world, &offer(&world, &[A]), Done::Opened);
    let outcome = run_with(&world, &offer(&world, &[]), Options::default()).unwrap();
    assert_eq!(outcome.done, Done::Closed);
    does(&world, &offer(&world, &[]), Done::Nothing);
    assert_eq!(world.hub.branch(BRANCH).unwrap(), None);
    assert_eq!(world.fake.state().comments.len(), 1);
    does(&world, &offer(&world, &[A]), Done::Opened);
    assert_eq!(world.fake.state().pulls.len(), 2);
}

#[test]
fn a_person_who_closes_it_is_not_asked_again_until_it_is_something_else() {
    let world = World::new();
    does(&world, &offer(&world, &[A]), Done::Opened);
    world.fake.state().close(|_| true);
    assert_eq!(does(&world, &offer(&world, &[A]), Done::Declined).pull.unwrap().0, 1);
    assert_eq!(declined(&world.hub, BRANCH).unwrap().into_iter().collect::<Vec<_>>(), [(offer(&world, &[A]).items[0].clone(), 1)]);
    // An unrelated change of the same file does not make it something else.
    human(&world, "main", "compose.yaml");
    does(&world, &offer(&world, &[A]), Done::Declined);
    does(&world, &offer(&world, &[B]), Done::Opened);
    assert_eq!(world.fake.state().pulls.len(), 2);
    world.fake.state().close(|_| true);
    assert_eq!(does(&world, &offer(&world, &[A]), Done::Declined).pull.unwrap().0, 1);
    assert_eq!(run(&world, &offer(&world, &[A]), AGAIN).done, Done::Opened);
}

#[test]
fn a_decline_counts_whatever_is_done_to_the_text() {
    for damage in ["", "Something else.", "<!--rofs-harden:v1:e30-->\n", "A <!--rofs-harden:v1:e30--> B"] {
        let world = World::new();
        does(&world, &offer(&world, &[A]), Done::Opened);
        damage.clone_into(&mut world.fake.state().pulls[0].body);
        world.fake.state().close(|_| true);
        does(&world, &offer(&world, &[A]), Done::Declined);
    }
    // What a repository's files say can look like a mark.
    let world = World::new();
    let new = Offer { text: "In `<!--rofs-harden:v1:e30-->`.".into(), ..offer(&world, &[A]) };
    does(&world, &new, Done::Opened);
    world.fake.state().close(|_| true);
    does(&world, &new, Done::Declined);
}

#[test]
fn what_was_merged_does_not_stand_in_the_way_of_what_comes_later() {
    for (is_squash, is_deleted, is_mixed) in [(false, false, false), (false, true, false), (true, false, false), (true, false, true)] {
        let world = World::new();
        does(&world, &offer(&world, &[A]), Done::Opened);
        if is_mixed {
            human(&world, BRANCH, "mine.txt");
        }
        world.fake.state().merge(1, is_squash);
        if is_deleted {
            world.fake.state().objects.git(&["branch", "-D", BRANCH], b"").unwrap();
        }
        does(&world, &offer(&world, &[]), Done::Nothing);
        does(&world, &offer(&world, &[B]), Done::Opened);
        assert_eq!(world.hub.compare("main", BRANCH).unwrap().files, ["compose.yaml"]);
        assert_eq!(world.fake.state().pulls.len(), 2);
    }
}

#[test]
fn commits_of_others_stop_it_and_it_says_so_once() {
    let world = World::new();
    does(&world, &offer(&world, &[A]), Done::Opened);
    let theirs = human(&world, BRANCH, "mine.txt");
    for new in [&[A][..], &[B], &[]] {
        does(&world, &offer(&world, new), Done::Edited);
    }
    assert_eq!((world.tip(BRANCH), world.fake.state().comments.len()), (theirs.clone(), 1));
    // The box gives the branch back, for now and not for ever.
    let ticked = world.fake.state().pulls[0].body.replace(&format!("- [ ] {TAKE_BACK}"), &format!("- [x] {TAKE_BACK}"));
    world.fake.state().pulls[0].body = ticked;
    does(&world, &offer(&world, &[B]), Done::Updated);
    assert!(is_kept(&world, &theirs));
    assert_eq!(world.hub.compare("main", BRANCH).unwrap().files, ["compose.yaml"]);
    human(&world, BRANCH, "more.txt");
    does(&world, &offer(&world, &[B]), Done::Edited);
    assert_eq!(run(&world, &offer(&world, &[B]), TAKING_BACK).done, Done::Updated);
    // The branch is not deleted with what they did.
    does(&world, &offer(&world, &[A]), Done::Updated);
    assert_eq!(run_with(&world, &offer(&world, &[]), Options::default()).unwrap().done, Done::Closed);
    assert!(world.hub.branch(BRANCH).unwrap().is_some() && is_kept(&world, &theirs));
}

#[test]
fn a_box_that_is_ticked_too_early_is_no_standing_consent() {
    let world = World::new();
    does(&world, &offer(&world, &[A]), Done::Opened);
    let body = world.fake.state().pulls[0].body.clone();
    world.fake.state().pulls[0].body = format!("Mine.\n{}", body.replace("- [ ] ", "- [x] "));
    does(&world, &offer(&world, &[A]), Done::Updated);
    assert!(world.fake.state().pulls[0].body.starts_with("Mine."));
    human(&world, BRANCH, "mine.txt");
    does(&world, &offer(&world, &[A]), Done::Edited);
}

#[test]
fn titles_and_texts_of_people_stay() {
    let world = World::new();
    does(&world, &offer(&world, &[A]), Done::Opened);
    {
        let mut state = world.fake.state();
        let body = format!("See also the wiki.\n\n{}", state.pulls[0].body);
        (state.pulls[0].title, state.pulls[0].body) = ("Mine".into(), body);
    }
    does(&world, &offer(&world, &[A]), Done::Kept);
    does(&world, &Offer { text: "Other words.".into(), ..offer(&world, &[A]) }, Done::Kept);
    does(&world, &offer(&world, &[B]), Done::Updated);
    assert_eq!(world.fake.state().pulls[0].title, "Mine");
}

#[test]
fn a_branch_of_others_without_a_pull_request_is_left_alone() {
    let world = World::new();
    let main = world.tip("main");
    world.fake.state().objects.git(&["branch", BRANCH, &main], b"").unwrap();
    let theirs = human(&world, BRANCH, "mine.txt");
    does(&world, &offer(&world, &[A]), Done::Occupied);
    assert_eq!(world.tip(BRANCH), theirs);
    assert_eq!(run(&world, &offer(&world, &[A]), TAKING_BACK).done, Done::Opened);
    assert!(is_kept(&world, &theirs));
}

/// An end of the run right behind one of its requests.
fn broken() -> Reply {
    fake::answers::error(401, "Bad credentials")
}

#[test]
fn a_run_that_ended_in_the_middle_is_gone_on_with() {
    // Between the branch and the pull request; between the branch and the text; at each step of closing.
    let world = World::new();
    world.fake.fail("POST", "/pulls", Fault::Instead(broken()));
    run_with(&world, &offer(&world, &[A]), Options::default()).unwrap_err();
    does(&world, &offer(&world, &[A]), Done::Opened);
    human(&world, "main", "compose.yaml");
    // Its items, a file, a folder, a commit and the branch are written before the text.
    world.fake.state().ends_after = Some((5, false));
    run_with(&world, &offer(&world, &[B]), Options::default()).unwrap_err();
    world.fake.state().is_down = false;
    let tip = world.tip(BRANCH);
    does(&world, &offer(&world, &[B]), Done::Updated);
    assert_eq!(world.tip(BRANCH), tip, "what was pushed is not pushed again");
    for (method, path) in [("POST", "/comments"), ("PATCH", "/pulls/{pull_number}"), ("DELETE", "/git/refs/{ref}")] {
        world.fake.fail(method, path, Fault::After(broken()));
        run_with(&world, &offer(&world, &[]), Options::default()).unwrap_err();
        if path != "/git/refs/{ref}" {
            // What is wanted again before the end is not taken for withdrawn when a person then declines it.
            let done = run_with(&world, &offer(&world, &[B]), Options::default()).unwrap().done;
            assert_eq!(done, if method == "POST" { Done::Kept } else { Done::Updated });
        }
    }
    does(&world, &offer(&world, &[]), Done::Nothing);
    let state = world.fake.state();
    assert_eq!((state.pulls.len(), state.comments.len(), state.pulls[0].is_open), (1, 1, false));
}

#[test]
fn a_closing_that_was_not_finished_does_not_hide_a_later_decline() {
    let world = World::new();
    does(&world, &offer(&world, &[A]), Done::Opened);
    // A comment and the mark are written before it is closed.
    world.fake.state().ends_after = Some((2, false));
    run_with(&world, &offer(&world, &[]), Options::default()).unwrap_err();
    world.fake.state().is_down = false;
    does(&world, &offer(&world, &[A]), Done::Updated);
    world.fake.state().close(|_| true);
    does(&world, &offer(&world, &[A]), Done::Declined);
}

#[test]
fn two_runs_at_once_end_with_one_pull_request() {
    let world = World::new();
    let other = offer(&world, &[A]);
    // The other run has made the branch in between.
    let (branch, main, files) = (BRANCH.to_owned(), other.base_commit.clone(), other.files.clone());
    world.fake.fail(
        "POST",
        "/git/refs",
        Fault::Before(Box::new(move |state| {
            state.objects.git(&["branch", &branch, &main], b"").unwrap();
            state.objects.commit(&branch, &[("100644", "compose.yaml", &files[0].bytes)], "Of another run");
        })),
    );
    // It holds no line of ours, so it is not touched.
    assert_eq!(run_with(&world, &other, Options::default()).unwrap().done, Done::Occupied);
    // A person pushes between the look and the change.
    let world = World::new();
    does(&world, &offer(&world, &[A]), Done::Opened);
    let push = Fault::Before(Box::new(|state: &mut fake::State| {
        state.objects.commit(BRANCH, &[("100644", "mine.txt", b"mine\n")], "By hand");
    }));
    world.fake.fail("PATCH", "/git/refs/{ref}", push);
    assert_eq!(run_with(&world, &offer(&world, &[B]), Options::default()).unwrap().done, Done::Edited);
}

#[test]
fn a_pull_request_that_is_not_seen_yet_is_not_opened_twice_and_not_closed() {
    let world = World::new();
    does(&world, &offer(&world, &[A]), Done::Opened);
    world.fake.state().lag = 1;
    assert_eq!(run_with(&world, &offer(&world, &[B]), Options::default()).unwrap().done, Done::Updated);
    let state = world.fake.state();
    assert_eq!((state.pulls.len(), state.pulls[0].is_open), (1, true));
}

#[test]
fn what_the_forge_refuses_is_said() {
    let world = World::new();
    let long = Offer { text: "x".repeat(70_000), ..offer(&world, &[A]) };
    assert!(matches!(run_with(&world, &long, Options::default()), Err(Error::Forge(e)) if e.fault == Kind::Invalid));
    world.fake.state().is_archived = true;
    assert!(matches!(run_with(&world, &offer(&world, &[B]), Options::default()), Err(Error::Forge(e)) if e.fault == Kind::Closed));
}
