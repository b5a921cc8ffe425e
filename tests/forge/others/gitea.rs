//! Gitea and Forgejo.

use super::super::{BRANCH, HARDENED, Hurry, commit_on, fake::TOKEN, proposal, session};
use super::{Ask, Fake, Operation, Reply, State as Known};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rofs_harden::edge::forge::{Forge, Gitea, Mode, Place, PullChange, State, Token};
use rofs_harden::error::{Error, Fault, Result};
use serde_json::{Value, json};
use std::fmt::Debug;

/// What of Gitea's interface the client may use: <https://docs.gitea.com/api/>.
const OPERATIONS: [Operation; 20] = [
    ("GET", "/api/v1/orgs/*/repos", &["limit", "page"], &[]),
    ("GET", "/api/v1/repos/*/*", &[], &[]),
    ("GET", "/api/v1/repos/*/*/pulls", &["state", "limit", "page"], &[]),
    ("POST", "/api/v1/repos/*/*/pulls", &[], &["title", "head", "base", "body", "labels"]),
    ("GET", "/api/v1/repos/*/*/pulls/*", &[], &[]),
    ("PATCH", "/api/v1/repos/*/*/pulls/*", &[], &["title", "body", "base", "state"]),
    ("POST", "/api/v1/repos/*/*/pulls/*/requested_reviewers", &[], &["reviewers"]),
    ("GET", "/api/v1/repos/*/*/issues/*/comments", &[], &[]),
    ("POST", "/api/v1/repos/*/*/issues/*/comments", &[], &["body"]),
    ("PATCH", "/api/v1/repos/*/*/issues/comments/*", &[], &["body"]),
    ("GET", "/api/v1/repos/*/*/labels", &["limit", "page"], &[]),
    ("POST", "/api/v1/repos/*/*/issues/*/labels", &[], &["labels"]),
    ("GET", "/api/v1/repos/*/*/branches/*", &[], &[]),
    ("POST", "/api/v1/repos/*/*/branches", &[], &["new_branch_name", "old_ref_name"]),
    ("DELETE", "/api/v1/repos/*/*/branches/*", &[], &[]),
    ("GET", "/api/v1/repos/*/*/git/commits/*", &[], &[]),
    ("GET", "/api/v1/repos/*/*/git/trees/*", &["recursive", "per_page", "page"], &[]),
    ("GET", "/api/v1/repos/*/*/git/blobs/*", &[], &[]),
    ("GET", "/api/v1/repos/*/*/compare/*", &[], &[]),
    ("POST", "/api/v1/repos/*/*/contents", &[], &["branch", "message", "files"]),
];

/// Does what a request asks for.
fn act(state: &mut Known, operation: &str, ask: &Ask) -> Reply {
    let parts = ask.parts();
    let part = |place: usize| parts.get(place).map_or("", String::as_str);
    let refused = |status: u16, message: &str| Reply::json(status, &json!({ "message": message, "url": "https://docs.gitea.com/api" }));
    let repository = json!({
        "full_name": "group/shop", "html_url": format!("{}/group/shop", state.address), "default_branch": "main", "archived": false,
        "fork": false, "empty": false, "permissions": { "admin": false, "push": true, "pull": true },
    });
    if operation == "/api/v1/orgs/*/repos" && part(3) == "group" {
        return Reply::json(200, &json!([repository]));
    }
    if (part(3), part(4)) != ("group", "shop") {
        return refused(404, "The target couldn't be found.");
    }
    let body = ask.json();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let commit = |state: &Known, id: &str| {
        state.commit(id).map(|(parents, message, tree)| {
            let parents: Vec<Value> = parents.iter().map(|sha| json!({ "sha": sha })).collect();
            let author = json!({ "name": "Person", "email": "person@example.org" });
            let inner = json!({ "message": message, "tree": { "sha": tree }, "author": author, "verification": { "verified": false } });
            json!({ "sha": id, "parents": parents, "commit": inner, "author": null })
        })
    };
    match (ask.method.as_str(), operation.trim_start_matches("/api/v1/repos/*/*")) {
        ("GET", "") => Reply::json(200, &repository),
        ("GET", "/pulls") => {
            // Two a page, oldest change first.
            let page: usize = ask.field("page").and_then(|p| p.parse().ok()).unwrap_or(1);
            let items: Vec<&Value> = state.pulls.iter().skip((page - 1) * 2).take(2).collect();
            let reply = Reply::json(200, &json!(items));
            if page * 2 >= state.pulls.len() {
                return reply;
            }
            reply.with("Link", format!("<{}{}?state=all&limit=50&page={}>; rel=\"next\"", state.address, ask.path, page + 1))
        }
        ("POST", "/pulls") => {
            let same = |pr: &&Value| pr["state"] == "open" && pr["head"]["ref"] == body["head"] && pr["base"]["ref"] == body["base"];
            if state.pulls.iter().any(|pr| same(&pr)) {
                return refused(409, "pull request already exists for these targets [id: 1, issue_id: 1, head_repo_id: 3]");
            }
            let number = state.pulls.len() + 1;
            let side = |branch: &str| json!({ "ref": branch, "sha": state.objects.tip(branch), "repo": { "full_name": "group/shop" } });
            let pr = json!({
                "number": number, "html_url": format!("{}/group/shop/pulls/{number}", state.address), "state": "open", "merged_at": null,
                "draft": text("title").starts_with("WIP:"), "title": text("title"), "body": text("body"), "user": { "login": "bot" },
                "labels": null, "head": side(&text("head")), "base": side(&text("base")), "mergeable": true,
            });
            state.pulls.push(pr.clone());
            Reply::json(201, &pr)
        }
        ("GET", "/branches/*") => match state.objects.tip(part(6)) {
            Some(tip) => Reply::json(200, &json!({ "name": part(6), "commit": { "id": tip } })),
            None => refused(404, "The target couldn't be found."),
        },
        ("POST", "/branches") => {
            if state.objects.tip(&text("new_branch_name")).is_some() {
                return refused(409, "The branch already exists.");
            }
            let name = format!("refs/heads/{}", text("new_branch_name"));
            state.objects.git(&["update-ref", &name, &text("old_ref_name")], b"").unwrap();
            Reply::json(201, &json!({ "name": text("new_branch_name"), "commit": { "id": text("old_ref_name") } }))
        }
        ("DELETE", "/branches/*") => {
            state.objects.git(&["update-ref", "-d", &format!("refs/heads/{}", part(6))], b"").unwrap();
            Reply::empty(204)
        }
        ("GET", "/git/commits/*") => match commit(state, part(7)) {
            Some(fields) => Reply::json(200, &fields),
            None => refused(404, "object does not exist"),
        },
        ("GET", "/git/trees/*") => {
            let item = |[mode, kind, id, path]: [String; 4]| json!({ "path": path, "mode": mode, "type": kind, "sha": id });
            let items: Vec<Value> = state.entries(part(7)).into_iter().map(item).collect();
            // One a page.
            let page: usize = ask.field("page").unwrap().parse().unwrap();
            let shown: Vec<&Value> = items.iter().skip(page - 1).take(1).collect();
            Reply::json(
                200,
                &json!({ "sha": part(7), "tree": shown, "truncated": page < items.len(), "page": page, "total_count": items.len() }),
            )
        }
        ("GET", "/git/blobs/*") => {
            let bytes = state.objects.git(&["cat-file", "blob", part(7)], b"").unwrap();
            Reply::json(200, &json!({ "sha": part(7), "size": bytes.len(), "encoding": "base64", "content": BASE64.encode(bytes) }))
        }
        ("GET", "/compare/*") => {
            let (base, head) = part(6).split_once("...").unwrap();
            let ids = state.objects.line(&["rev-list", "--reverse", &format!("{base}..{head}")], b"").unwrap();
            let files = |id: &str| state.objects.line(&["diff-tree", "-r", "--name-only", "--no-commit-id", id], b"").unwrap();
            let shown = |id: &str| json!({ "sha": id, "files": files(id).lines().map(|f| json!({ "filename": f })).collect::<Vec<_>>() });
            let commits: Vec<Value> = ids.lines().map(shown).collect();
            Reply::json(200, &json!({ "total_commits": commits.len(), "commits": commits }))
        }
        ("POST", "/contents") => write(state, &body),
        ("GET", "/labels") => Reply::json(200, &json!([{ "id": 4, "name": "security" }, { "id": 6, "name": "docker" }])),
        ("PATCH", "/issues/comments/*") => {
            let id: usize = part(7).parse().unwrap();
            state.comments[id - 1]["body"] = body["body"].clone();
            Reply::json(200, &state.comments[id - 1])
        }
        (method, path) => with_pull(state, method, path, part(6).parse().unwrap(), &body),
    }
}

/// What is done with one pull request.
fn with_pull(state: &mut Known, method: &str, path: &str, number: usize, body: &Value) -> Reply {
    let Some(pr) = state.pulls.get_mut(number - 1) else { return Reply::json(404, &json!({ "message": "not found" })) };
    match (method, path) {
        ("GET", "/pulls/*") => Reply::json(200, pr),
        ("PATCH", "/pulls/*") => {
            for (name, value) in body.as_object().unwrap() {
                let target = if name == "base" { &mut pr["base"]["ref"] } else { &mut pr[name] };
                *target = value.clone();
            }
            Reply::json(201, pr)
        }
        ("POST", "/pulls/*/requested_reviewers") => {
            pr["requested_reviewers"] = body["reviewers"].clone();
            Reply::json(201, &json!([]))
        }
        ("POST", "/issues/*/labels") => {
            let name = |id: &Value| json!({ "id": id, "name": if *id == json!(4) { "security" } else { "docker" } });
            pr["labels"] = json!(body["labels"].as_array().unwrap().iter().map(name).collect::<Vec<_>>());
            Reply::json(200, &pr["labels"])
        }
        ("GET", "/issues/*/comments") => Reply::json(200, &json!(state.comments)),
        ("POST", "/issues/*/comments") => {
            let id = state.comments.len() + 1;
            let comment = json!({ "id": id, "body": body["body"], "user": { "login": "bot" } });
            state.comments.push(comment.clone());
            Reply::json(201, &comment)
        }
        other => panic!("{other:?} is not done here"),
    }
}

/// Adds a commit of several files.
fn write(state: &mut Known, body: &Value) -> Reply {
    let refused = |status: u16, message: &str| Reply::json(status, &json!({ "message": message }));
    let branch = body["branch"].as_str().unwrap();
    let Some(parent) = state.objects.tip(branch) else { return refused(404, "branch does not exist") };
    let mut files = Vec::new();
    for file in body["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        let is = state.objects.line(&["rev-parse", "--verify", "--quiet", &format!("{parent}:{path}")], b"").ok();
        match (file["operation"].as_str(), &is) {
            (Some("create"), None) => {}
            (Some("create"), Some(_)) => return refused(422, &format!("repository file already exists [path: {path}]")),
            (Some("update"), Some(id)) if file["sha"] == json!(id) => {}
            (Some("update"), Some(id)) => {
                return refused(409, &format!("sha does not match [given: {}, expected: {id}]", file["sha"].as_str().unwrap_or_default()));
            }
            other => return refused(422, &format!("{other:?}")),
        }
        files.push((path.to_owned(), BASE64.decode(file["content"].as_str().unwrap()).unwrap()));
    }
    let id = state.write(branch, &parent, &files, body["message"].as_str().unwrap());
    let commit = json!({ "sha": id, "parents": [{ "sha": parent }], "message": body["message"] });
    Reply::json(201, &json!({ "commit": commit, "files": [], "verification": { "verified": false } }))
}

fn world() -> (Gitea, Fake) {
    const HEADER: &str = "token ghp_secret0123456789";
    assert!(HEADER.ends_with(TOKEN));
    let fake = Fake::new(&OPERATIONS, ("authorization", HEADER), act);
    let place = Place { api: format!("{}/api/v1", fake.server.address), owner: "group".into(), name: "shop".into() };
    let tea = Gitea::new(&place, Token::new(TOKEN), &session(&Hurry::new())).unwrap();
    (tea, fake)
}

#[track_caller]
fn fault<T: Debug>(result: Result<T>) -> Fault {
    match result {
        Err(Error::Forge(error)) => error.fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_pull_request_lives_and_ends() {
    let (tea, fake) = world();
    let siblings: Vec<String> = tea.siblings().unwrap().into_iter().map(|r| r.full_name).collect();
    assert_eq!(siblings, ["group/shop"]);
    let about = tea.repository().unwrap();
    assert_eq!((about.full_name.as_str(), about.can_push, about.archived), ("group/shop", Some(true), false));
    let main = tea.branch("main").unwrap().unwrap();
    let tree = tea.tree(&main).unwrap();
    let seen: Vec<_> = tree.entries.iter().map(|e| (e.path.as_str(), e.mode)).collect();
    assert_eq!(seen, [("compose.yaml", Mode::File), ("run.sh", Mode::Program)]);
    assert_eq!(tea.file(&tree.entries[0].id).unwrap(), b"services: {}\n");

    let pushed = tea.push(&commit_on(&main, None, Some(tree.entries[0].id.clone()))).unwrap();
    assert_eq!(pushed.verified, Some(false));
    assert_eq!(fake.state().objects.git(&["show", &format!("{BRANCH}:compose.yaml")], b"").unwrap(), HARDENED);
    assert_eq!(tea.compare("main", BRANCH).unwrap().files, ["compose.yaml"]);
    assert_eq!(tea.commit(&pushed.commit).unwrap().parents, [main]);

    let pull = tea.create(&proposal()).unwrap();
    assert_eq!((pull.number, pull.state, pull.head_commit), (1, State::Open, pushed.commit.clone()));
    let change = PullChange { title: Some("New".into()), ..PullChange::default() };
    assert_eq!(tea.update(1, &change).unwrap().title, "New");
    tea.label(1, &["docker"]).unwrap();
    assert_eq!(tea.pull(1).unwrap().labels, ["docker"]);
    assert_eq!(fault(tea.label(1, &["docker", "hardening"])), Fault::Missing);
    tea.request_review(1, &["person"]).unwrap();
    let comment = tea.comment(1, "Stopped.").unwrap();
    tea.edit_comment(1, comment.id, "Goes on.").unwrap();
    assert_eq!(tea.comments(1).unwrap()[0].body, "Goes on.");
    assert_eq!(tea.close(1).unwrap().state, State::Closed);
    tea.create(&proposal()).unwrap();
    tea.close(2).unwrap();
    tea.create(&proposal()).unwrap();
    // Three of them are two pages.
    let numbers: Vec<u64> = tea.find(BRANCH, Some("main")).unwrap().iter().map(|pull| pull.number).collect();
    assert_eq!(numbers, [3, 2, 1]);
    tea.delete_branch(BRANCH, &pushed.commit).unwrap();
    assert_eq!(tea.branch(BRANCH).unwrap(), None);
}

#[test]
fn nothing_is_done_twice_and_nothing_lost() {
    let (tea, fake) = world();
    let main = tea.branch("main").unwrap().unwrap();
    let id = tea.tree(&main).unwrap().entries[0].id.clone();
    fake.state().fault = Some(("POST", "/branches", None));
    let first = tea.push(&commit_on(&main, None, Some(id.clone()))).unwrap();
    assert_eq!(fake.count("POST", "/branches"), 1);
    let id = tea.tree(&first.commit).unwrap().entries[0].id.clone();
    fake.state().fault = Some(("POST", "/contents", None));
    let mut next = commit_on(&first.commit, Some(&first.commit), Some(id.clone()));
    next.files[0].bytes = b"services: {b: {}}\n".to_vec();
    let second = tea.push(&next).unwrap();
    assert_eq!((fake.count("POST", "/contents"), fake.state().objects.tip(BRANCH)), (2, Some(second.commit.clone())));
    fake.state().fault = Some(("POST", "/pulls", None));
    tea.create(&proposal()).unwrap();
    assert_eq!(fake.state().pulls.len(), 1);

    let mut other = proposal();
    other.title = "Other".into();
    let error = tea.create(&other).unwrap_err();
    assert!(error.to_string().contains("/group/shop/pulls/1"), "{error}");

    // A file that somebody changed since, and a branch that somebody changed since.
    assert_eq!(fault(tea.push(&commit_on(&second.commit, Some(&second.commit), Some(id)))), Fault::Stale);
    let human = fake.state().objects.commit(BRANCH, &[("100644", "mine.txt", b"mine\n")], "By hand");
    assert_eq!(fault(tea.push(&commit_on(&second.commit, Some(&second.commit), None))), Fault::Stale);
    assert_eq!(fault(tea.delete_branch(BRANCH, &second.commit)), Fault::Stale);
    assert_eq!(fake.state().objects.tip(BRANCH), Some(human));
}

#[test]
fn a_branch_is_not_deleted_with_what_comes_meanwhile() {
    let (_, fake) = world();
    let place = Place { api: format!("{}/api/v1", fake.server.address), owner: "group".into(), name: "shop".into() };
    fake.keeps_what_comes_meanwhile(|session| Box::new(Gitea::new(&place, Token::new(TOKEN), session).unwrap()));
}

#[test]
fn refusals_are_understood() {
    for (status, message, expected, part) in [
        (401, "user does not exist [uid: 0, name: ]", Fault::Credentials, "does not accept the token"),
        (403, "token does not have at least one of required scope(s): [write:repository]", Fault::Permission, "write:repository"),
        (404, "The target couldn't be found.", Fault::Missing, "not there, or hidden"),
        (422, "[Title]: Required", Fault::Invalid, "[Title]: Required"),
        (423, "repo is archived", Fault::Closed, "takes no changes"),
    ] {
        let (tea, fake) = world();
        fake.state().fault = Some(("POST", "/pulls", Some(Reply::json(status, &json!({ "message": message })))));
        let error = tea.create(&proposal()).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(fault(Err::<(), _>(error)), expected);
    }
}
