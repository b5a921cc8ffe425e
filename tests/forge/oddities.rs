//! What forges say that cannot be, or that nobody expects: it is said so, it is not taken for silence, and it breaks nothing.

use super::fake::http::{Ask, Reply, Server};
use super::{Hurry, PATIENCE, START, session};
use rofs_harden::edge::forge::{Forge, GitHub, GitLab, Gitea, Place};
use rofs_harden::error::{Error, Fault, ForgeError, Result};
use serde_json::{Value, json};
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A server that always answers by a function, and how often it was asked.
fn server(answer: impl Fn(&Ask) -> Reply + Send + 'static) -> (Server, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let shared = Arc::clone(&count);
    let server = Server::new(move |ask| {
        shared.fetch_add(1, Ordering::SeqCst);
        answer(&ask)
    });
    (server, count)
}

fn place(server: &Server) -> Place {
    Place { api: server.address.clone(), owner: "octo".into(), name: "shop".into() }
}

fn hub(server: &Server) -> GitHub {
    GitHub::new(&place(server), None, &session(&Hurry::new())).unwrap()
}

fn lab(server: &Server) -> GitLab {
    GitLab::new(&place(server), None, &session(&Hurry::new())).unwrap()
}

fn tea(server: &Server) -> Gitea {
    Gitea::new(&place(server), None, &session(&Hurry::new())).unwrap()
}

#[track_caller]
fn failure<T: Debug>(result: Result<T>) -> ForgeError {
    match result {
        Err(Error::Forge(error)) => *error,
        other => panic!("{other:?}"),
    }
}

/// An answer with one more page behind it, up to a last one.
fn page(ask: &Ask, body: &Value, last: usize) -> Reply {
    let number: usize = ask.field("page").and_then(|page| page.parse().ok()).unwrap_or(1);
    let reply = Reply::json(200, body);
    let next = format!("<http://{}{}?page={}>; rel=\"next\"", ask.header("host"), ask.path, number + 1);
    if number < last { reply.with("Link", next) } else { reply }
}

#[test]
fn more_or_something_else_than_is_read_is_no_silence() {
    let (endless, count) = server(|ask| page(ask, &json!([]), usize::MAX));
    assert_eq!(failure(hub(&endless).find("x", None)).fault, Fault::Unexpected);
    assert_eq!(count.load(Ordering::SeqCst), 50);
    let (other, count) = server(|_| Reply { body: b"<html>Sign in</html>".to_vec(), ..Reply::empty(200) });
    assert_eq!(failure(hub(&other).repository()).fault, Fault::Unexpected);
    assert_eq!(count.load(Ordering::SeqCst), 1);
    let (large, count) = server(|_| Reply { body: vec![b' '; (32 << 20) + 1], ..Reply::empty(200) });
    let error = failure(hub(&large).repository());
    assert!(error.fault == Fault::Unexpected && error.what.contains("32 MiB"), "{error}");
    assert_eq!(count.load(Ordering::SeqCst), 1, "it is not sent for again");
    let (down, count) = server(|_| Reply::empty(503));
    assert_eq!(failure(hub(&down).repository()).fault, Fault::Unavailable);
    assert_eq!(count.load(Ordering::SeqCst), 4);
    let nobody = { server(|_| Reply::empty(200)).0.address.clone() };
    let hub = GitHub::new(&Place { api: nobody, ..place(&down) }, None, &session(&Hurry::new())).unwrap();
    assert_eq!(failure(hub.repository()).fault, Fault::Unavailable);
}

#[test]
fn a_tree_that_is_too_long_is_cut_and_says_so() {
    for (pages, is_cut) in [(60, false), (usize::MAX, true)] {
        let (server, _) = server(move |ask| page(ask, &json!([{ "id": "1", "path": "a", "mode": "100644" }]), pages));
        assert_eq!(lab(&server).tree("main").unwrap().truncated, is_cut);
    }
}

#[test]
fn a_repository_with_many_pull_requests_is_no_reason_to_fail() {
    let (some, _) = server(|ask| page(ask, &json!([]), 120));
    assert_eq!(tea(&some).find("x", None).unwrap(), []);
    let (many, _) = server(|ask| page(ask, &json!([]), usize::MAX));
    let error = failure(tea(&many).find("x", None));
    assert!(error.fault == Fault::Unexpected && error.what.contains("more than 10000"), "{error}");
}

#[test]
fn a_repository_without_commits_is_said_to_be_empty() {
    let (project, count) =
        server(|_| Reply::json(200, &json!({ "path_with_namespace": "octo/shop", "web_url": "x", "default_branch": null })));
    let lab = lab(&project);
    let branch = lab.repository().unwrap().default_branch;
    let error = failure(lab.branch(&branch));
    assert!(error.fault == Fault::Closed && error.what.contains("the repository is empty"), "{error}");
    assert_eq!(count.load(Ordering::SeqCst), 1);
    let about = json!({ "full_name": "octo/shop", "html_url": "x", "default_branch": "main", "empty": true });
    let (server, _) = server(move |_| Reply::json(200, &about));
    let tea = tea(&server);
    let branch = tea.repository().unwrap().default_branch;
    assert_eq!(failure(tea.branch(&branch)).fault, Fault::Closed);
}

#[test]
fn a_repository_without_a_default_branch_does_not_hide_the_others() {
    let about = |branch: Value| json!({ "full_name": "octo/shop", "html_url": "x", "default_branch": branch });
    let all = json!([about(Value::Null), about(json!("main")), { "full_name": "octo/bare", "html_url": "x" }]);
    let (server, _) = server(move |_| Reply::json(200, &all));
    let branches: Vec<String> = hub(&server).siblings().unwrap().into_iter().map(|about| about.default_branch).collect();
    assert_eq!(branches, ["", "main", ""]);
}

#[test]
fn times_that_cannot_be_are_a_long_time() {
    let year = 365 * 24 * 3600;
    for name in ["Retry-After", "X-RateLimit-Reset", "RateLimit-Reset"] {
        for time in [u64::MAX, u64::MAX - START, 1 << 60] {
            let limit = move |_: &Ask| Reply::json(429, &json!({})).with("X-RateLimit-Remaining", 0).with(name, time);
            let (server, _) = server(limit);
            let error = failure(hub(&server).repository());
            assert_eq!((error.fault, error.retry_at), (Fault::Busy, Some(START + year)), "{name}: {time}");
        }
    }
    assert!(PATIENCE.as_secs() < year);
}
