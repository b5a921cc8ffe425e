//! Whatever people do, and wherever a run ends, there is at most one open pull request, no commit of theirs is lost, what they declined
//! stays declined, and a run that ended well leaves nothing to do for the next one.

use super::sync::{offer, run_with};
use super::{BRANCH, World, fake};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use rofs_harden::edge::propose::declined;
use rofs_harden::propose::{Done, Offer, Options, TAKE_BACK};
use std::collections::BTreeSet;

/// What is planned at some time: new texts of files.
const PLANS: [&[(&str, &str)]; 4] =
    [&[], &[("compose.yaml", "a\n")], &[("compose.yaml", "b\n")], &[("compose.yaml", "a\n"), ("run.sh", "r\n")]];

#[derive(Clone, Debug)]
enum Step {
    /// A run with one of the plans. It may end at one of its changes, before or after that is done.
    Run {
        plan: usize,
        ends_after: Option<(usize, bool)>,
    },
    /// A person's commit on the branch.
    Commit,
    Merge {
        is_squash: bool,
        deletes: bool,
    },
    Close,
    DeleteBranch,
    /// A person's commit on the base: of a file of ours, or of another one.
    MoveBase {
        is_ours: bool,
    },
    Tick,
    EditText,
    RemoveMark,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ends = prop_oneof![2 => Just(None), 1 => (0usize..6, any::<bool>()).prop_map(Some)];
    let run = (0..PLANS.len(), ends).prop_map(|(plan, ends_after)| Step::Run { plan, ends_after });
    let merge = (any::<bool>(), any::<bool>()).prop_map(|(is_squash, deletes)| Step::Merge { is_squash, deletes });
    let step = prop_oneof![
        6 => run,
        2 => Just(Step::Commit),
        1 => merge,
        2 => Just(Step::Close),
        1 => Just(Step::DeleteBranch),
        1 => any::<bool>().prop_map(|is_ours| Step::MoveBase { is_ours }),
        1 => Just(Step::Tick),
        1 => Just(Step::EditText),
        1 => Just(Step::RemoveMark),
    ];
    prop::collection::vec(step, 4..16)
}

/// What is known of the people's side.
#[derive(Default)]
struct People {
    commits: usize,
    /// Commits on the branch that nobody has merged or thrown away.
    own: Vec<String>,
    /// Files and texts that were declined, where the pull request said so to the end.
    declined: BTreeSet<(String, String)>,
}

/// The plan as the program would offer it: without what the base has, and without what was declined.
fn planned(world: &World, plan: usize) -> Offer {
    let has = |path: &str, text: &str| {
        let state = world.fake.state();
        state.objects.git(&["show", &format!("main:{path}")], b"").is_ok_and(|bytes| bytes == text.as_bytes())
    };
    let open: Vec<(&str, &str)> = PLANS[plan].iter().copied().filter(|(path, text)| !has(path, text)).collect();
    let out = declined(&world.hub, BRANCH).unwrap();
    let kept: Vec<(&str, &str)> = open.iter().copied().filter(|file| !out.contains_key(&offer(world, &[*file]).items[0])).collect();
    // Where all is declined, all of it is asked about, and the answer says so.
    offer(world, if kept.is_empty() { &open } else { &kept })
}

fn writes(world: &World) -> usize {
    world.fake.state().log.iter().filter(|ask| ask.method != "GET").count()
}

/// What the branch holds beside its base.
fn on_branch(state: &fake::State) -> BTreeSet<(String, String)> {
    let names = state.objects.line(&["diff", "--name-only", &format!("main...{BRANCH}")], b"").unwrap_or_default();
    let text = |name: &str| state.objects.git(&["show", &format!("{BRANCH}:{name}")], b"").ok().and_then(|b| String::from_utf8(b).ok());
    names.lines().filter_map(|name| Some((name.to_owned(), text(name)?))).collect()
}

fn step(world: &World, people: &mut People, step: &Step) -> Result<(), TestCaseError> {
    let has_branch = world.fake.state().objects.tip(BRANCH).is_some();
    let open = world.fake.state().pulls.iter().find(|pull| pull.is_open).map(|pull| pull.number);
    match step {
        Step::Run { plan, ends_after } => return run(world, people, *plan, *ends_after),
        Step::Commit if has_branch => {
            people.commits += 1;
            let name = format!("mine-{}.txt", people.commits);
            people.own.push(world.fake.state().objects.commit(BRANCH, &[("100644", &name, b"mine\n")], "By hand"));
        }
        Step::Merge { is_squash, deletes } if open.is_some() => {
            // A person merges only what can be merged.
            let mut state = world.fake.state();
            if state.objects.git(&["merge-tree", "--write-tree", "main", BRANCH], b"").is_ok() {
                state.merge(open.unwrap(), *is_squash);
                people.own.clear();
                if *deletes {
                    state.objects.git(&["branch", "-D", BRANCH], b"").unwrap();
                }
            }
        }
        Step::Close if open.is_some() => {
            let mut state = world.fake.state();
            let is_ours = people.own.is_empty() && state.pulls.iter().any(|p| p.is_open && p.body.trim_end().ends_with("-->"));
            // Behind the word that nothing is left and it is closed, closing it says no to nothing.
            let was_said = state.comments.iter().any(|c| Some(c.pull) == open && c.body.contains("rofs-harden:closed"));
            if is_ours && !was_said {
                people.declined.extend(on_branch(&state));
            }
            state.close(|_| true);
        }
        Step::DeleteBranch if has_branch => {
            let mut state = world.fake.state();
            state.close(|_| true);
            state.objects.git(&["update-ref", "-d", &format!("refs/heads/{BRANCH}")], b"").unwrap();
            people.own.clear();
        }
        Step::MoveBase { is_ours } => {
            people.commits += 1;
            let text = format!("{}\n", people.commits);
            let name = if *is_ours { "compose.yaml" } else { "other.txt" };
            world.fake.state().objects.commit("main", &[("100644", name, text.as_bytes())], "On the base");
        }
        Step::Tick | Step::EditText | Step::RemoveMark => {
            let mut state = world.fake.state();
            if let Some(pull) = state.pulls.iter_mut().find(|pull| pull.is_open) {
                pull.body = match step {
                    Step::Tick => pull.body.replace(&format!("- [ ] {TAKE_BACK}"), &format!("- [x] {TAKE_BACK}")),
                    Step::EditText => format!("Mine.\n\n{}", pull.body),
                    _ => "Nothing of it.".to_owned(),
                };
            }
        }
        Step::Commit | Step::Merge { .. } | Step::Close | Step::DeleteBranch => {}
    }
    holds(world, people)
}

fn run(world: &World, people: &People, plan: usize, ends_after: Option<(usize, bool)>) -> Result<(), TestCaseError> {
    let offer = planned(world, plan);
    world.fake.state().ends_after = ends_after;
    let result = run_with(world, &offer, Options::default());
    let ended = {
        let mut state = world.fake.state();
        state.ends_after = None;
        std::mem::take(&mut state.is_down)
    };
    holds(world, people)?;
    if ended {
        return Ok(());
    }
    let outcome = result.map_err(|error| TestCaseError::fail(format!("{offer:?}: {error}")))?;
    if matches!(outcome.done, Done::Opened | Done::Updated) {
        let there = on_branch(&world.fake.state());
        prop_assert!(there.is_disjoint(&people.declined), "declined: {:?}, proposed: {there:?}", people.declined);
    }
    let before = writes(world);
    let second = run_with(world, &offer, Options::default()).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(writes(world), before, "{:?}, then {:?}", outcome.done, second.done);
    holds(world, people)
}

/// What always holds.
fn holds(world: &World, people: &People) -> Result<(), TestCaseError> {
    let state = world.fake.state();
    let open: Vec<u64> = state.pulls.iter().filter(|pull| pull.is_open).map(|pull| pull.number).collect();
    prop_assert!(open.len() <= 1, "open: {open:?}");
    for commit in &people.own {
        let kept = state.objects.line(&["for-each-ref", "--contains", commit, "refs/heads"], b"").unwrap();
        prop_assert!(!kept.is_empty(), "{commit} is lost");
    }
    prop_assert!(state.log.iter().all(|ask| ask.json()["force"] != true), "forced");
    Ok(())
}

#[test]
fn whatever_happens_it_converges_and_nothing_is_lost() {
    let tried = runner().run(&steps(), |steps| {
        let world = World::new();
        let mut people = People::default();
        for one in &steps {
            step(&world, &mut people, one)?;
        }
        world.fake.state().objects.assert_sound();
        Ok(())
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
}

/// The same 24 sequences each time, or as many others as `PROPTEST_CASES` says.
fn runner() -> TestRunner {
    let config = |cases| Config { failure_persistence: None, max_shrink_iters: 200, ..Config::with_cases(cases) };
    match std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()) {
        Some(cases) => TestRunner::new(config(cases)),
        None => TestRunner::new_with_rng(config(24), TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    }
}
