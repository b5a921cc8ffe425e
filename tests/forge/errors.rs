//! Every refusal as a sentence with a remedy, in one golden file.

use super::fake::{self, Fault, TOKEN, answers::error as refusal, http::Reply};
use super::{BRANCH, World, commit_on, proposal};
use crate::support::golden;
use rofs_harden::edge::forge::{Forge, NewPull, PullChange, Token};
use rofs_harden::error::{Error, Fault as Kind};
use serde_json::json;
use std::fmt::Debug;

/// A refusal for a limit.
pub(crate) fn limit(status: u16) -> Reply {
    refusal(status, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
}

/// A refusal with single errors.
fn invalid(errors: &serde_json::Value) -> Reply {
    Reply::json(422, &json!({ "message": "Validation Failed", "errors": errors, "documentation_url": "https://docs.github.com/rest" }))
}

/// What opening a pull request is answered with, and the kind of failure that it is.
fn refusals() -> Vec<(&'static str, Reply, Kind)> {
    let said = |message: &str| json!([{ "resource": "PullRequest", "code": "custom", "message": message }]);
    let field = |name: &str| json!([{ "resource": "PullRequest", "field": name, "code": "invalid" }]);
    vec![
        ("301 renamed", refusal(301, "Moved Permanently").with("Location", "https://api.github.com/repositories/1"), Kind::Missing),
        ("401 token", refusal(401, "Bad credentials"), Kind::Credentials),
        (
            "403 workflow or app",
            refusal(403, "Resource not accessible by integration").with("X-Accepted-GitHub-Permissions", "contents=write"),
            Kind::Permission,
        ),
        (
            "403 personal token",
            refusal(403, "Resource not accessible by personal access token").with("X-Accepted-GitHub-Permissions", "pull_requests=write"),
            Kind::Permission,
        ),
        (
            "403 setting of the repository",
            refusal(403, "GitHub Actions is not permitted to create or approve pull requests."),
            Kind::Permission,
        ),
        ("403 archived", refusal(403, "Repository was archived so is read-only."), Kind::Closed),
        ("403 disabled", refusal(403, "Repository access blocked"), Kind::Closed),
        (
            "403 single sign-on",
            refusal(403, "Resource protected by organization SAML enforcement.")
                .with("X-GitHub-SSO", "required; url=https://github.com/orgs/octo/sso?authorization_request=1"),
            Kind::Permission,
        ),
        ("403 other", refusal(403, "Must have push access to repository"), Kind::Permission),
        ("404", refusal(404, "Not Found"), Kind::Missing),
        ("409 empty", refusal(409, "Git Repository is empty."), Kind::Closed),
        ("409 changed", refusal(409, "compose.yaml does not match 1f2e"), Kind::Stale),
        ("410 no issues", refusal(410, "Issues are disabled for this repo"), Kind::Closed),
        ("413", Reply::empty(413), Kind::Invalid),
        ("422 exists", invalid(&said("A pull request already exists for octo:rofs-harden/main.")), Kind::Exists),
        ("422 nothing", invalid(&said("No commits between main and rofs-harden/main")), Kind::Nothing),
        ("422 no such head", invalid(&field("head")), Kind::Missing),
        ("422 no such base", invalid(&field("base")), Kind::Missing),
        ("422 fork", invalid(&said("Fork collab can't be granted by someone without permission")), Kind::Permission),
        ("422 too long", invalid(&said("body is too long (maximum is 65536 characters)")), Kind::Invalid),
        ("422 tree not seen yet", refusal(422, "Tree SHA does not exist"), Kind::Stale),
        ("422 node not seen yet", refusal(422, "Could not resolve to a node with the global id of 'PR_x'."), Kind::Stale),
        ("422 branch moved", refusal(422, "Update is not a fast forward"), Kind::Stale),
        ("422 branch gone", refusal(422, "Reference does not exist"), Kind::Missing),
        ("422 rule", refusal(422, "Repository rule violations found\n\nCommits must have verified signatures."), Kind::Permission),
        ("422 other", invalid(&json!([{ "resource": "PullRequest", "field": "title", "code": "missing_field" }])), Kind::Invalid),
        ("451", refusal(451, "Repository access blocked"), Kind::Closed),
        ("418 unknown", refusal(418, "I'm a teapot"), Kind::Invalid),
    ]
}

#[test]
fn every_refusal_is_a_sentence_with_a_remedy() {
    let mut text = String::new();
    let mut add = |name: &str, kind: Kind, world: &World, error: Error| {
        let Error::Forge(forge) = &error else { panic!("{name}: {error}") };
        assert_eq!(forge.fault, kind, "{name}: {error}");
        let address = world.fake.state().address.clone();
        let hint = error.hint().unwrap();
        assert!(error.to_string().len() > 20 && hint.len() > 20, "{name}: {error} ({hint})");
        text += &format!("{name}: {:?}\n  {error}\n  {hint}\n\n", forge.fault).replace(&address, "[FORGE]");
    };
    for (name, reply, kind) in refusals() {
        let world = World::with_branch();
        world.fake.fail("POST", "/pulls", Fault::Instead(reply));
        add(name, kind, &world, world.hub.create(&proposal()).unwrap_err());
    }

    let world = World::with_branch();
    let reply = limit(429).with("Retry-After", 3000);
    world.fake.fail("POST", "/pulls", Fault::Instead(reply));
    add("429 limit", Kind::Busy, &world, world.hub.create(&proposal()).unwrap_err());

    let world = World::with_branch();
    world.hub.create(&proposal()).unwrap();
    let other = NewPull { title: "Other".into(), ..proposal() };
    add("the pull request of another run", Kind::Exists, &world, world.hub.create(&other).unwrap_err());
    let change = PullChange { body: Some("x".repeat(65_537)), ..PullChange::default() };
    add("a body of 65537 characters", Kind::Invalid, &world, world.hub.update(1, &change).unwrap_err());
    (0..4).for_each(|_| world.fake.fail("GET", "/repos/{owner}/{repo}", Fault::Instead(Reply::empty(502))));
    add("502 four times", Kind::Unavailable, &world, world.hub.repository().unwrap_err());
    let page = Reply { body: b"<html>Sign in</html>".to_vec(), ..Reply::empty(200) };
    world.fake.fail("GET", "/repos/{owner}/{repo}", Fault::Instead(page));
    add("a page instead of an answer", Kind::Unexpected, &world, world.hub.repository().unwrap_err());
    world.fake.state().is_archived = true;
    add("a comment where all is archived", Kind::Closed, &world, world.hub.comment(1, "Hello.").unwrap_err());

    let world = World::with_branch();
    let main = world.tip("main");
    add("a branch that is elsewhere", Kind::Stale, &world, world.hub.push(&commit_on(&main, Some(&main), None)).unwrap_err());
    let world = World::on(fake::Forge::empty(), Some(TOKEN));
    add("an empty repository", Kind::Closed, &world, world.hub.branch(BRANCH).unwrap_err());
    let world = World::on(fake::Forge::new(), None);
    add("no token", Kind::Credentials, &world, world.hub.repository().unwrap_err());
    golden("forge/errors.txt", &text);
}

#[test]
fn the_token_is_in_no_text() {
    let shows = |value: &dyn Debug| format!("{value:?}").contains(TOKEN);
    assert!(!shows(&Token::new(TOKEN).unwrap()));
    let (world, echo) = (World::with_branch(), refusal(422, &format!("what is {TOKEN}?")));
    world.fake.fail("POST", "/pulls", Fault::Instead(echo.with("X-GitHub-SSO", TOKEN)));
    let error = world.hub.create(&proposal()).unwrap_err();
    assert!(error.to_string().contains("what is [token]?"), "{error}");
    assert!(!shows(&error) && !error.hint().unwrap().contains(TOKEN));
    // Neither in what the server remembers of paths and bodies.
    let state = world.fake.state();
    assert!(state.log.iter().all(|ask| !ask.path.contains(TOKEN) && !ask.query.contains(TOKEN)));
    assert!(state.log.iter().all(|ask| !String::from_utf8_lossy(&ask.body).contains(TOKEN)));
    assert!(state.log.iter().all(|ask| ask.header("authorization") == format!("Bearer {TOKEN}")));
}

#[test]
fn a_token_has_no_blanks_and_no_line_breaks() {
    assert!(format!("{:?}", Token::new(" x\n")).contains("[token]"));
    for bad in ["", " \n", "a b", "a\r\nX-Header: 1", "é"] {
        assert!(Token::new(bad).is_none(), "{bad:?}");
    }
}
