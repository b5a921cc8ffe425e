//! Which forge a host is, where its API is, and which token it gets.

use super::fake::http::{Ask, Reply, Server};
use super::{Hurry, session};
use rofs_harden::edge::forge::{Kind, open};
use rofs_harden::error::Error;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What a server of its own hears from the client that a host and an environment lead to.
fn heard(host: &str, kind: Option<Kind>, variable: &str, path: &str, environment: &[(&str, &str)]) -> Vec<Ask> {
    let log = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&log);
    let server = Server::new(move |ask| {
        shared.lock().unwrap().push(ask);
        Reply::json(404, &serde_json::json!({}))
    });
    let mut all: BTreeMap<String, String> = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    all.insert(variable.to_owned(), format!("{}{path}", server.address));
    let (forge, _) = open(host, "group/sub", "name", kind, &|name| all.get(name).cloned(), &session(&Hurry::new())).unwrap();
    forge.repository().unwrap_err();
    drop(server);
    let log = log.lock().unwrap();
    log.clone()
}

#[test]
fn a_host_gets_its_own_api_and_token_and_no_other() {
    let tokens =
        [("GITHUB_TOKEN", "hub"), ("GH_TOKEN", " "), ("GITLAB_TOKEN", "lab"), ("GITEA_TOKEN", "tea"), ("GH_ENTERPRISE_TOKEN", "company")];
    for (host, kind, variable, path, expected) in [
        ("github.com", None, "GITHUB_API_URL", "", ("/repos/group%2Fsub/name", "authorization", "Bearer hub")),
        ("code.example", None, "GITHUB_API_URL", "/api/v3/", ("/api/v3/repos/group%2Fsub/name", "authorization", "Bearer hub")),
        ("codeberg.org", None, "GITHUB_API_URL", "/api/v1", ("/api/v1/repos/group%2Fsub/name", "authorization", "token tea")),
        ("gitlab.example", None, "CI_API_V4_URL", "/api/v4", ("/api/v4/projects/group%2Fsub%2Fname", "private-token", "lab")),
        ("git.example", Some(Kind::Gitea), "GITEA_API_URL", "/api/v1", ("/api/v1/repos/group%2Fsub/name", "authorization", "token tea")),
    ] {
        let asks = heard(host, kind, variable, path, &tokens);
        assert_eq!((asks[0].path.as_str(), asks[0].header(expected.1)), (expected.0, expected.2), "{host}");
    }
}

#[test]
fn a_host_that_nobody_knows_is_asked_about() {
    let none = |_: &str| None;
    let result = open("code.example", "o", "n", None, &none, &session(&Hurry::new()));
    let Err(error @ Error::Usage(..)) = result.map(drop) else { panic!("not refused") };
    assert!(error.hint().unwrap().contains("GITHUB_API_URL"));
}

#[test]
fn a_token_is_not_sent_in_the_clear() {
    for api in ["http://code.example/api/v3", "http://127.0.0.1.code.example/api/v3", "http://127.0.0.1:1@code.example/api/v3"] {
        let environment = |name: &str| (name == "GITHUB_API_URL").then(|| api.to_owned());
        let result = open("code.example", "o", "n", None, &environment, &session(&Hurry::new()));
        assert!(matches!(result.map(drop), Err(Error::Usage(..))), "{api}");
    }
}

#[test]
fn the_address_of_another_host_is_not_taken() {
    // A workflow on github.com whose checkout has a remote elsewhere.
    let environment = |name: &str| (name == "GITHUB_API_URL").then(|| "https://api.github.com".to_owned());
    let result = open("code.example", "o", "n", None, &environment, &session(&Hurry::new()));
    assert!(matches!(result.map(drop), Err(Error::Usage(..))));
}
