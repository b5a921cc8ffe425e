//! What a bot does when nothing goes wrong, and what Git says about the result.

use super::{BRANCH, HARDENED, World, commit_on, fake, proposal};
use rofs_harden::edge::forge::{FileChange, Forge, Mode, NewCommit, PullChange, State};

#[test]
fn a_repository_says_what_it_is() {
    let world = World::new();
    let about = world.hub.repository().unwrap();
    assert_eq!((about.full_name.as_str(), about.default_branch.as_str()), ("octo/shop", "main"));
    assert_eq!((about.archived, about.disabled, about.fork, about.can_push), (false, false, false, Some(true)));
    world.fake.state().is_archived = true;
    assert!(world.hub.repository().unwrap().archived);
}

#[test]
fn files_are_read_with_every_byte_and_their_modes() {
    let world = World::new();
    let tip = world.hub.branch("main").unwrap().unwrap();
    assert_eq!(tip, world.tip("main"));
    let tree = world.hub.tree(&tip).unwrap();
    let found: Vec<(&str, Mode)> = tree.entries.iter().map(|e| (e.path.as_str(), e.mode)).collect();
    assert_eq!(found, [("compose.yaml", Mode::File), ("link", Mode::Link), ("run.sh", Mode::Program)]);
    assert_eq!(world.hub.file(&tree.entries[0].id).unwrap(), b"services: {}\r\n");
    assert!(!tree.truncated);
    assert_eq!(world.hub.branch("rofs-harden/none").unwrap(), None);
}

#[test]
fn a_commit_makes_its_branch_and_keeps_bytes_modes_and_other_files() {
    let world = World::new();
    let main = world.tip("main");
    let mut new = commit_on(&main, None, None);
    new.files.push(FileChange { path: "run.sh".into(), program: true, old: None, bytes: b"#!/bin/sh\nexit\n".to_vec() });
    let pushed = world.hub.push(&new).unwrap();
    assert_eq!(pushed.verified, Some(false));
    assert_eq!(world.tip(BRANCH), pushed.commit);
    assert_eq!(world.tip("main"), main, "the base is as it was");

    let state = world.fake.state();
    let objects = &state.objects;
    assert_eq!(objects.git(&["show", &format!("{BRANCH}:compose.yaml")], b"").unwrap(), HARDENED);
    let listed = objects.line(&["ls-tree", "-r", "--format=%(objectmode) %(path)", BRANCH], b"").unwrap();
    assert_eq!(listed, "100644 compose.yaml\n120000 link\n100755 run.sh");
    assert_eq!(objects.line(&["diff", "--name-only", "main", BRANCH], b"").unwrap(), "compose.yaml\nrun.sh");
    objects.assert_sound();
    // Without author and committer, GitHub signs in the name of an app.
    let sent = state.log.iter().find(|ask| ask.path.ends_with("/git/commits") && ask.method == "POST").unwrap().json();
    assert_eq!((&sent["author"], &sent["committer"]), (&serde_json::Value::Null, &serde_json::Value::Null));
}

#[test]
fn a_branch_follows_its_base_by_a_merge_and_loses_nothing() {
    let world = World::with_branch();
    let old = world.tip(BRANCH);
    let main = world.fake.state().objects.commit("main", &[("100644", "other.txt", b"new\n")], "Move on");
    let new = NewCommit { parents: vec![old.clone(), main.clone()], tree_of: main, ..commit_on("", Some(&old), None) };
    let pushed = world.hub.push(&new).unwrap();
    let compared = world.hub.compare("main", BRANCH).unwrap();
    assert_eq!((compared.ahead, compared.behind, compared.cut), (2, Some(0), false));
    assert_eq!(compared.files, ["compose.yaml"]);
    let state = world.fake.state();
    assert!(state.objects.git(&["merge-base", "--is-ancestor", &old, &pushed.commit], b"").is_ok());
    state.objects.assert_sound();
    assert!(state.log.iter().all(|ask| ask.json()["force"] != true));
}

#[test]
fn a_pull_request_lives_and_ends() {
    let world = World::with_branch();
    let (hub, fake) = (&world.hub, &world.fake);
    let pull = hub.create(&proposal()).unwrap();
    assert_eq!((pull.number, pull.state, pull.draft, pull.author.as_str()), (1, State::Open, false, "rofs-bot[bot]"));
    assert_eq!((pull.head.as_str(), pull.base.as_str(), pull.head_commit), (BRANCH, "main", world.tip(BRANCH)));

    let commit = hub.commit(&world.tip(BRANCH)).unwrap();
    assert_eq!((commit.message.as_str(), commit.author.1.as_str()), ("Harden", "person@example.org"));
    assert_eq!(commit.parents, [world.tip("main")]);

    let change = PullChange { title: Some("New".into()), body: Some("Text".into()), base: None };
    let changed = hub.update(1, &change).unwrap();
    assert_eq!((changed.title.as_str(), changed.body.as_str(), changed.base.as_str()), ("New", "Text", "main"));
    hub.label(1, &["security", "docker"]).unwrap();
    hub.request_review(1, &["octocat"]).unwrap();
    assert_eq!(hub.pull(1).unwrap().labels, ["security", "docker"]);
    assert_eq!(fake.state().pulls[0].reviewers, ["octocat"]);

    let comment = hub.comment(1, "Stopped.").unwrap();
    hub.edit_comment(1, comment.id, "Goes on.").unwrap();
    let comments: Vec<_> = hub.comments(1).unwrap().into_iter().map(|c| c.body).collect();
    assert_eq!(comments, ["Goes on."]);

    assert_eq!(hub.close(1).unwrap().state, State::Closed);
    assert_eq!(hub.find(BRANCH, Some("main")).unwrap()[0].state, State::Closed);
    fake.state().pulls[0].is_merged = true;
    assert_eq!(hub.pull(1).unwrap().state, State::Merged);

    let tip = world.tip(BRANCH);
    hub.delete_branch(BRANCH, &tip).unwrap();
    hub.delete_branch(BRANCH, &tip).unwrap();
    assert_eq!(hub.branch(BRANCH).unwrap(), None);
}

#[test]
fn a_draft_and_a_new_base() {
    let world = World::with_branch();
    let main = world.tip("main");
    world.fake.state().objects.git(&["branch", "next", &main], b"").unwrap();
    let mut new = proposal();
    new.draft = true;
    assert!(world.hub.create(&new).unwrap().draft);
    let change = PullChange { base: Some("next".into()), ..PullChange::default() };
    assert_eq!(world.hub.update(1, &change).unwrap().base, "next");
    assert_eq!(world.hub.find(BRANCH, Some("main")).unwrap(), []);
    assert_eq!(world.hub.find(BRANCH, None).unwrap().len(), 1);
}

#[test]
fn only_pull_requests_of_this_very_branch_are_found() {
    let world = World::with_branch();
    world.hub.create(&proposal()).unwrap();
    let mut state = world.fake.state();
    let mine = state.pulls[0].clone();
    // A fork of the same account, another branch, and an older one of the same branch.
    state.pulls.push(fake::Pull { number: 2, head_repository: "octo/shop-fork".into(), ..mine.clone() });
    state.pulls.push(fake::Pull { number: 3, head: "other".into(), ..mine.clone() });
    state.pulls.push(fake::Pull { number: 4, is_open: false, ..mine });
    drop(state);
    let found: Vec<u64> = world.hub.find(BRANCH, Some("main")).unwrap().iter().map(|pull| pull.number).collect();
    assert_eq!(found, [4, 1]);
}

#[test]
fn lists_are_read_to_their_last_page() {
    let world = World::with_branch();
    world.hub.create(&proposal()).unwrap();
    world.fake.state().page = 2;
    for i in 0..5 {
        let comment = fake::Comment { id: i, pull: 1, author: "rofs-bot[bot]".into(), body: format!("{i}") };
        world.fake.state().comments.push(comment);
    }
    let bodies: Vec<String> = world.hub.comments(1).unwrap().into_iter().map(|c| c.body).collect();
    assert_eq!(bodies, ["0", "1", "2", "3", "4"]);
    assert_eq!(world.fake.count("GET", "/comments"), 3);
}

#[test]
fn what_has_not_changed_is_confirmed_instead_of_sent_again() {
    let world = World::with_branch();
    world.hub.create(&proposal()).unwrap();
    let first = world.hub.pull(1).unwrap();
    assert_eq!(world.hub.pull(1).unwrap(), first);
    assert_eq!(world.fake.state().confirmed, 1);
    world.fake.state().pulls[0].title = "Other".into();
    assert_eq!(world.hub.pull(1).unwrap().title, "Other");
    assert_eq!(world.fake.state().confirmed, 1);
}

#[test]
fn a_second_passes_between_changes_and_none_before_reading() {
    let world = World::with_branch();
    world.hub.create(&proposal()).unwrap();
    world.hub.pull(1).unwrap();
    assert_eq!(world.clock.waits.borrow().len(), 0);
    world.hub.comment(1, "One.").unwrap();
    world.hub.comment(1, "Two.").unwrap();
    assert_eq!(world.clock.waited("between changes").as_secs(), 2);
}

/// The fake takes nothing that the description does not name: else the tests above would prove little.
#[test]
fn the_fake_is_strict() {
    use ureq::http::Request;
    let forge = fake::Forge::new();
    let agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent();
    for (method, path, body, expected) in [
        ("POST", "/repos/octo/shop/pulls", r#"{"titel":"x","head":"a","base":"main"}"#, "'titel' was unexpected"),
        ("POST", "/repos/octo/shop/pulls", r#"{"title":"x","head":"a"}"#, "\"base\" is a required property"),
        ("GET", "/repos/octo/shop/pulls?sate=all", "", "no such query field: sate"),
        ("GET", "/repos/octo/shop/pulls?state=every", "", "is not one of"),
        ("GET", "/repos/octo/shop/git/ref/heads/main", "", "no such operation"),
        ("PUT", "/repos/octo/shop", "", "no such operation"),
        ("GET", "/repos/octo/shop", "", "header x-github-api-version is \"\""),
        ("GET", "/repos/octo/shop", "", "does not say its name"),
    ] {
        let request = Request::builder().method(method).uri(format!("{}{path}", forge.api())).body(body.to_owned()).unwrap();
        agent.run(request).unwrap();
        let said = forge.complaints();
        assert!(said.iter().any(|text| text.contains(expected)), "{method} {path} {body}: {said:?}");
    }
}
