//! What the repository wants, and what a run does not know: neither is guessed.

use super::{BRANCH, COMPOSE, ask, ask_partly, did, forge, on_branch};
use crate::forge::fake::Forge;
use serde_json::json;

const NO: &str = "pull-requests = false\n";

fn put(forge: &Forge, path: &str, text: &str) {
    forge.state().objects.commit("main", &[("100644", path, text.as_bytes())], "By hand");
}

#[test]
fn a_project_that_cannot_be_read_closes_and_takes_back_nothing() {
    let forge = forge(&[("a/compose.yaml", COMPOSE), ("b/compose.yaml", COMPOSE)]);
    did(&ask(&forge, &[]), &["opened"]);
    put(&forge, "b/compose.yaml", "services: [\n");
    let answer = ask_partly(&forge, &[]);
    did(&answer, &["waits"]);
    assert_eq!(answer["incomplete"], json!(true));
    assert!(on_branch(&forge, "b/compose.yaml").contains("read_only: true"));
    put(&forge, "a/compose.yaml", "services: [\n");
    did(&ask_partly(&forge, &[]), &["waits"]);
    assert!(forge.state().pulls[0].is_open);
    // What is found broken before anything is open does not keep the others from being proposed, and is named.
    forge.state().close(|_| true);
    put(&forge, "c/compose.yaml", COMPOSE);
    did(&ask_partly(&forge, &[]), &["opened"]);
    let body = forge.state().pulls[1].body.clone();
    assert!(body.contains("- `b`: "), "{body}");
}

#[test]
fn named_paths_do_not_take_the_others_back() {
    let forge = forge(&[("a/compose.yaml", COMPOSE), ("b/compose.yaml", COMPOSE)]);
    did(&ask(&forge, &[]), &["opened"]);
    did(&ask(&forge, &["a"]), &["waits"]);
    did(&ask(&forge, &[]), &["kept"]);
}

#[test]
fn a_wish_above_holds_below_until_a_nearer_file_says_otherwise() {
    let reason = "[[exclude]]\nservice = \"cache\"\nreason = \"goes away\"\n";
    let files = [
        ("rofs-harden.toml", NO),
        ("a/rofs-harden.toml", reason),
        ("a/compose.yaml", COMPOSE),
        ("b/rofs-harden.toml", "pull-requests = true\n"),
        ("b/compose.yaml", COMPOSE),
    ];
    let forge = forge(&files);
    let answer = ask(&forge, &[]);
    did(&answer, &["opened"]);
    assert_eq!(answer["pull_requests"][0]["files"], json!(["b/compose.yaml"]));
}

#[test]
fn a_wish_holds_for_files_that_others_include() {
    let main = "include: [a/compose.yaml]\nservices:\n  web:\n    image: nginx:1.27\n";
    let forge =
        forge(&[("compose.yaml", main), ("a/compose.yaml", "services:\n  cache:\n    image: redis:7\n"), ("a/rofs-harden.toml", NO)]);
    let answer = ask(&forge, &[]);
    did(&answer, &["nothing"]);
    assert!(answer["problems"].to_string().contains("pull-requests = false"), "{answer:#}");
    assert!(forge.state().objects.tip(BRANCH).is_none());
}

#[test]
fn a_wish_that_comes_later_or_cannot_be_read_is_heard() {
    let forge = forge(&[("compose.yaml", COMPOSE)]);
    did(&ask(&forge, &[]), &["opened"]);
    put(&forge, "rofs-harden.toml", "pull-requests = maybe\n");
    did(&ask_partly(&forge, &[]), &["waits"]);
    put(&forge, "rofs-harden.toml", NO);
    did(&ask(&forge, &[]), &["closed"]);
    let said = forge.state().comments.last().unwrap().body.clone();
    assert!(said.contains("or the repository wants none"), "{said}");
}
