//! Pushes by Git to the fake forge, over HTTP as to a real one.

use super::fake::http::{Reply, Server};
use super::fake::objects::git_in;
use super::fake::{self, TOKEN};
use super::git::{change, identity};
use super::{BRANCH, HARDENED};
use rofs_harden::edge::forge::Token;
use rofs_harden::edge::git::Git;
use rofs_harden::error::{Error, Fault};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// A clone of the forge's repository, made without the tool.
fn checkout(forge: &fake::Forge) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let source = forge.state().objects.path();
    git_in(folder.path(), &["clone", "--quiet", source.to_str().unwrap(), "."], b"").unwrap();
    git_in(folder.path(), &["remote", "set-url", "origin", &forge.clone_address()], b"").unwrap();
    identity(folder.path());
    folder
}

fn open(folder: &Path, token: &str) -> Git {
    Git::open(folder, Token::new(token)).unwrap()
}

#[test]
fn a_push_arrives_with_every_byte_and_mode() {
    let forge = fake::Forge::new();
    let folder = checkout(&forge);
    let git = open(folder.path(), TOKEN);
    let main = git.remote_branch("origin", "main").unwrap().unwrap();
    let files = [change("compose.yaml", HARDENED, false), change("run.sh", b"#!/bin/sh\nexit\n", true)];
    let commit = git.commit(&main, &[&main], &files, "Harden").unwrap();
    git.push("origin", &commit, BRANCH, None).unwrap();

    let state = forge.state();
    assert_eq!(state.objects.tip(BRANCH), Some(commit.clone()));
    state.objects.assert_sound();
    let again = tempfile::tempdir().unwrap();
    let source = state.objects.path();
    git_in(again.path(), &["clone", "--quiet", "--branch", BRANCH, source.to_str().unwrap(), "."], b"").unwrap();
    assert_eq!(std::fs::read(again.path().join("compose.yaml")).unwrap(), HARDENED);
    assert_eq!(std::fs::read_link(again.path().join("link")).unwrap(), Path::new("compose.yaml"));
    let listed = git_in(again.path(), &["ls-tree", "-r", "--format=%(objectmode) %(path)", "HEAD"], b"").unwrap();
    assert_eq!(String::from_utf8(listed).unwrap(), "100644 compose.yaml\n120000 link\n100755 run.sh\n");
}

#[test]
fn a_push_over_a_commit_that_was_not_seen_is_refused() {
    let forge = fake::Forge::new();
    let folder = checkout(&forge);
    let git = open(folder.path(), TOKEN);
    let main = git.head().unwrap().unwrap();
    let first = git.commit(&main, &[&main], &[change("compose.yaml", b"a\n", false)], "One").unwrap();
    let second = git.commit(&main, &[&main], &[change("compose.yaml", b"b\n", false)], "Two").unwrap();
    git.push("origin", &first, BRANCH, None).unwrap();
    // The branch is there already; it is somewhere else than expected; a person adds a commit.
    let stale = |result| matches!(result, Err(Error::Forge(e)) if e.fault == Fault::Stale);
    assert!(stale(git.push("origin", &second, BRANCH, None)));
    assert!(stale(git.push("origin", &second, BRANCH, Some(&main))));
    let human = forge.state().objects.commit(BRANCH, &[("100644", "mine.txt", b"mine\n")], "By hand");
    assert!(stale(git.push("origin", &second, BRANCH, Some(&first))));
    assert_eq!(git.remote_branch("origin", BRANCH).unwrap(), Some(human.clone()));
    // Once it is seen, it is fetched and can be built upon.
    assert_eq!(git.fetch("origin", BRANCH).unwrap(), human);
    let third = git.commit(&human, &[&human], &[change("compose.yaml", b"c\n", false)], "Three").unwrap();
    git.push("origin", &third, BRANCH, Some(&human)).unwrap();
    assert_eq!(git.remote_branch("origin", BRANCH).unwrap(), Some(third));
}

#[test]
fn a_wrong_token_is_refused_without_a_question_and_without_being_shown() {
    let forge = fake::Forge::new();
    let folder = checkout(&forge);
    for git in [open(folder.path(), "wrong-secret"), Git::open(folder.path(), None).unwrap()] {
        let Err(Error::Forge(error)) = git.remote_branch("origin", "main") else { panic!("not refused") };
        assert_eq!(error.fault, Fault::Credentials, "{error}");
        assert!(!format!("{error:?}{git:?}").contains("wrong-secret"));
    }
}

#[test]
fn a_header_that_a_checkout_left_behind_is_replaced() {
    let forge = fake::Forge::new();
    let folder = checkout(&forge);
    let address = forge.state().address.clone();
    let name = format!("http.{address}/.extraheader");
    git_in(folder.path(), &["config", &name, "Authorization: Basic b2xkOm9sZA=="], b"").unwrap();
    assert!(open(folder.path(), TOKEN).remote_branch("origin", "main").unwrap().is_some());
}

/// An address that begins like one of this machine's, and leads elsewhere.
#[test]
fn a_token_does_not_go_in_the_clear_to_whom_an_address_only_seems_to_name() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&heard);
    let server = Server::new(move |ask| {
        shared.lock().unwrap().push(ask);
        Reply::empty(404)
    });
    let port = server.address.rsplit(':').next().unwrap();
    let folder = checkout(&fake::Forge::new());
    for user in ["127.0.0.1:80@", "127.0.0.1@", "localhost:hunter2@", ""] {
        let address = format!("http://{user}0.0.0.0:{port}/octo/shop.git");
        git_in(folder.path(), &["remote", "set-url", "origin", &address], b"").unwrap();
        let error = open(folder.path(), TOKEN).remote_branch("origin", "main").unwrap_err();
        let asks = std::mem::take(&mut *heard.lock().unwrap());
        assert!(asks.iter().all(|ask| ask.header("authorization").is_empty()), "{address}");
        // Whoever is named there is not sent on, and the hint says how to go on.
        assert_eq!(asks.is_empty(), !user.is_empty(), "{address}");
        assert!(!format!("{error:?} {error}").contains("hunter2"), "{error:?}");
        assert!(user.is_empty() || error.hint().unwrap().contains("git remote set-url origin"), "{error:?}");
    }
}
