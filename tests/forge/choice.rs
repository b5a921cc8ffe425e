//! Which forge a host is, where its API is, and which token it gets.

use super::fake::http::{Ask, Reply, Server};
use super::{Hurry, session};
use rofs_harden::edge::forge::{Host, Kind, open};
use rofs_harden::error::Error;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A host that only a checkout names.
fn remote(name: &str) -> Host<'_> {
    Host { name, is_named: false }
}

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
    let (forge, _) = open(remote(host), "group/sub", "name", kind, &|name| all.get(name).cloned(), &session(&Hurry::new())).unwrap();
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
    let result = open(remote("code.example"), "o", "n", None, &none, &session(&Hurry::new()));
    let Err(error @ Error::Impossible(..)) = result.map(drop) else { panic!("not refused") };
    assert!(error.hint().unwrap().contains("GITHUB_API_URL"));
}

#[test]
fn a_token_is_not_sent_in_the_clear() {
    for api in ["http://code.example/api/v3", "http://127.0.0.1.code.example/api/v3", "http://127.0.0.1:1@code.example/api/v3"] {
        let environment = |name: &str| (name == "GITHUB_API_URL").then(|| api.to_owned());
        let result = open(remote("code.example"), "o", "n", None, &environment, &session(&Hurry::new()));
        assert!(matches!(result.map(drop), Err(Error::Impossible(..))), "{api}");
    }
}

#[test]
fn the_address_of_another_host_is_not_taken() {
    // A workflow on github.com whose checkout has a remote elsewhere.
    let environment = |name: &str| (name == "GITHUB_API_URL").then(|| "https://api.github.com".to_owned());
    let result = open(remote("code.example"), "o", "n", None, &environment, &session(&Hurry::new()));
    assert!(matches!(result.map(drop), Err(Error::Impossible(..))));
}

/// A checkout may be a stranger's, and so may be the host of its remote.
#[test]
fn a_token_goes_to_known_and_named_hosts_only() {
    let tokens = ["GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITLAB_TOKEN", "GITEA_TOKEN"];
    let opened = |host: Host<'_>, kind, variable: Option<(&str, &str)>| {
        let environment = |name: &str| match variable {
            Some((of, value)) if of == name => Some(value.to_owned()),
            _ => tokens.contains(&name).then(|| "secret".to_owned()),
        };
        open(host, "o", "n", kind, &environment, &session(&Hurry::new())).map(|(_, token)| token.is_some())
    };
    for (host, kind) in [
        ("gitlab.evil.example", None),
        ("github.evil", None),
        ("gitea.evil.example", None),
        ("forgejo.evil.example", None),
        ("ghe.com.evil.example", Some(Kind::GitHub)),
        ("github.com.evil.example", Some(Kind::GitHub)),
        ("evilgithub.com", Some(Kind::GitHub)),
        // Known, but not as one that this token is for.
        ("github.com", Some(Kind::GitLab)),
    ] {
        let Err(error @ Error::Impossible(..)) = opened(remote(host), kind, None) else { panic!("{host}: not refused") };
        assert!(error.to_string().contains(host) && error.hint().unwrap().contains(&format!("--host {host}")), "{error}");
        assert!(opened(Host { name: host, is_named: true }, kind, None).unwrap(), "{host}");
        // Without a token there is nothing to give away.
        open(remote(host), "o", "n", kind, &|_| None, &session(&Hurry::new())).map(drop).unwrap();
    }
    for host in ["github.com", "GitHub.com", "company.ghe.com", "gitlab.com", "codeberg.org", "gitea.com"] {
        assert!(opened(remote(host), None, None).unwrap(), "{host}");
    }
    for (host, variable) in [
        ("github.company.example", ("GITHUB_SERVER_URL", "https://github.company.example")),
        ("github.company.example", ("GITHUB_API_URL", "https://github.company.example/api/v3")),
        ("github.company.example", ("GH_HOST", "github.company.example")),
        ("gitlab.company.example", ("CI_SERVER_HOST", "gitlab.company.example")),
        ("gitlab.company.example", ("CI_API_V4_URL", "https://gitlab.company.example/api/v4")),
        ("gitea.company.example", ("GITEA_API_URL", "https://gitea.company.example/api/v1")),
    ] {
        assert!(opened(remote(host), None, Some(variable)).unwrap(), "{variable:?}");
        let other = host.replace("company", "evil");
        assert!(opened(remote(&other), None, Some(variable)).is_err(), "{variable:?}");
    }
    // An address on this machine stands for any host, but Git would go to the host itself.
    assert!(!opened(remote("gitlab.evil.example"), None, Some(("CI_API_V4_URL", "http://127.0.0.1:1/api/v4"))).unwrap());
}

#[test]
fn a_host_is_a_host_and_nothing_more() {
    let opened = |name: &str, variable: (&str, &str)| {
        let environment = |of: &str| match of {
            "GH_ENTERPRISE_TOKEN" | "GITLAB_TOKEN" => Some("secret".to_owned()),
            of => (of == variable.0).then(|| variable.1.to_owned()),
        };
        open(remote(name), "o", "n", None, &environment, &session(&Hurry::new())).map(|(_, token)| token.is_some())
    };
    for host in [
        "evil.example#.ghe.com",
        "evil.example?.ghe.com",
        "evil.example\\.ghe.com",
        "evil.example:1.ghe.com",
        "evil.example:.ghe.com",
        "evil.example@x.ghe.com",
        "evil.example/.ghe.com",
        "https://x.ghe.com",
        "",
        "[::1",
        "x y",
    ] {
        assert!(matches!(opened(host, ("", "")), Err(Error::Impossible(..))), "{host}");
    }
    let lab = ("CI_API_V4_URL", "https://[fd00::1]:8443/api/v4");
    assert!(opened("[fd00::1]", lab).unwrap());
    assert!(opened("[fd00::2]", lab).is_err());
    assert!(opened("gitlab.company.example:8443", ("CI_SERVER_HOST", "gitlab.company.example")).unwrap());
}

#[test]
fn names_of_repositories_lead_nowhere() {
    for (owner, name) in
        [("..", "user"), ("a", ".."), (".", "x"), ("", "x"), ("a", ""), ("a/../b", "x"), ("a b", "x"), ("a", "x?y"), ("a", "x#y")]
    {
        let result = open(remote("github.com"), owner, name, None, &|_| None, &session(&Hurry::new()));
        assert!(matches!(result.map(drop), Err(Error::Impossible(..))), "{owner}/{name}");
    }
}
