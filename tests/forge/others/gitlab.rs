//! GitLab.

use super::super::{BRANCH, HARDENED, Hurry, commit_on, fake::TOKEN, proposal, session};
use super::{Ask, Fake, Operation, Reply, State as Known};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rofs_harden::edge::forge::{Forge, GitLab, Mode, NewCommit, Place, PullChange, State, Token};
use rofs_harden::error::{Error, Fault, Result};
use serde_json::{Value, json};
use std::fmt::Debug;

/// What of GitLab's interface the client may use: <https://docs.gitlab.com/api/>.
const OPERATIONS: [Operation; 17] = [
    ("GET", "/api/v4/groups/*/projects", &["include_subgroups", "order_by", "sort", "per_page", "page"], &[]),
    ("GET", "/api/v4/projects/*", &[], &[]),
    ("GET", "/api/v4/projects/*/merge_requests", &["source_branch", "target_branch", "state", "order_by", "sort", "per_page", "page"], &[]),
    (
        "POST",
        "/api/v4/projects/*/merge_requests",
        &[],
        &["source_branch", "target_branch", "title", "description", "remove_source_branch", "labels"],
    ),
    ("GET", "/api/v4/projects/*/merge_requests/*", &[], &[]),
    (
        "PUT",
        "/api/v4/projects/*/merge_requests/*",
        &[],
        &["title", "description", "target_branch", "state_event", "add_labels", "reviewer_ids"],
    ),
    ("GET", "/api/v4/projects/*/merge_requests/*/notes", &["sort", "order_by", "per_page", "page"], &[]),
    ("POST", "/api/v4/projects/*/merge_requests/*/notes", &[], &["body"]),
    ("PUT", "/api/v4/projects/*/merge_requests/*/notes/*", &[], &["body"]),
    ("GET", "/api/v4/projects/*/repository/branches/*", &[], &[]),
    ("DELETE", "/api/v4/projects/*/repository/branches/*", &[], &[]),
    ("GET", "/api/v4/projects/*/repository/commits/*", &[], &[]),
    ("POST", "/api/v4/projects/*/repository/commits", &[], &["branch", "commit_message", "start_sha", "actions"]),
    ("GET", "/api/v4/projects/*/repository/tree", &["ref", "recursive", "pagination", "per_page", "page"], &[]),
    ("GET", "/api/v4/projects/*/repository/blobs/*/raw", &[], &[]),
    ("GET", "/api/v4/projects/*/repository/compare", &["from", "to"], &[]),
    ("GET", "/api/v4/users", &["username"], &[]),
];

/// Does what a request asks for.
fn act(state: &mut Known, operation: &str, ask: &Ask) -> Reply {
    let parts = ask.parts();
    let part = |place: usize| parts.get(place).map_or("", String::as_str);
    let missing = |what: &str| Reply::json(404, &json!({ "message": format!("404 {what} Not Found") }));
    if operation.starts_with("/api/v4/projects/") && part(3) != "group/shop" {
        return missing("Project");
    }
    let project = |name: &str, is_archived: bool| {
        json!({
            "path_with_namespace": name, "web_url": format!("{}/{name}", state.address), "default_branch": "main",
            "archived": is_archived, "permissions": { "project_access": { "access_level": 30 }, "group_access": null },
        })
    };
    let body = ask.json();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let commit = |state: &Known, id: &str| {
        state.commit(id).map(|(parents, message, _)| {
            json!({ "id": id, "parent_ids": parents, "message": message, "author_name": "Person", "author_email": "person@example.org" })
        })
    };
    match (ask.method.as_str(), operation.trim_start_matches("/api/v4/projects/*")) {
        ("GET", "") => Reply::json(200, &project("group/shop", false)),
        ("GET", "/api/v4/groups/*/projects") => match part(3) {
            "group" => Reply::json(200, &json!([project("group/shop", false), project("group/sub/old", true)])),
            _ => missing("Group"),
        },
        ("GET", "/merge_requests") => {
            let is_meant = |mr: &&Value| {
                let is = |field: &str, name: &str| ask.field(name).is_none_or(|value| mr[field] == json!(value));
                is("source_branch", "source_branch") && is("target_branch", "target_branch")
            };
            Reply::json(200, &json!(state.pulls.iter().filter(is_meant).rev().collect::<Vec<_>>()))
        }
        ("POST", "/merge_requests") => {
            let same = |mr: &&Value| mr["state"] == "opened" && mr["source_branch"] == body["source_branch"];
            if let Some(other) = state.pulls.iter().find(same) {
                let said = format!("Another open merge request already exists for this source branch: !{}", other["iid"]);
                return Reply::json(409, &json!({ "message": [said] }));
            }
            let sha = state.objects.tip(&text("source_branch"));
            let number = state.pulls.len() + 1;
            let mr = json!({
                "iid": number, "web_url": format!("{}/group/shop/-/merge_requests/{number}", state.address), "state": "opened",
                "draft": text("title").starts_with("Draft:"), "title": text("title"), "description": text("description"),
                "author": { "id": 5, "username": "bot" }, "labels": [], "source_branch": text("source_branch"),
                "target_branch": text("target_branch"), "source_project_id": 3, "target_project_id": 3, "sha": sha, "has_conflicts": false,
            });
            state.pulls.push(mr.clone());
            Reply::json(201, &mr)
        }
        ("GET", "/repository/branches/*") => match state.objects.tip(part(6)) {
            Some(tip) => Reply::json(200, &json!({ "name": part(6), "commit": commit(state, &tip) })),
            None => missing("Branch"),
        },
        ("DELETE", "/repository/branches/*") => {
            state.objects.git(&["update-ref", "-d", &format!("refs/heads/{}", part(6))], b"").unwrap();
            Reply::empty(204)
        }
        ("GET", "/repository/commits/*") => commit(state, part(6)).map_or(missing("Commit"), |c| Reply::json(200, &c)),
        ("POST", "/repository/commits") => write(state, &body, commit),
        ("GET", "/repository/tree") => {
            let item = |[mode, kind, id, path]: [String; 4]| json!({ "id": id, "path": path, "mode": mode, "type": kind, "name": path });
            let items: Vec<Value> = state.entries(&ask.field("ref").unwrap()).into_iter().map(item).collect();
            Reply::json(200, &json!(items))
        }
        ("GET", "/repository/blobs/*/raw") => {
            Reply { status: 200, body: state.objects.git(&["cat-file", "blob", part(6)], b"").unwrap(), ..Reply::default() }
        }
        ("GET", "/repository/compare") => {
            let range = format!("{}..{}", ask.field("from").unwrap(), ask.field("to").unwrap());
            let ids = state.objects.line(&["rev-list", "--reverse", &range], b"").unwrap();
            let commits: Vec<Value> = ids.lines().filter_map(|id| commit(state, id)).collect();
            let files = state.objects.line(&["diff", "--name-only", &range.replace("..", "...")], b"").unwrap();
            let diffs: Vec<Value> = files.lines().map(|path| json!({ "old_path": path, "new_path": path })).collect();
            Reply::json(200, &json!({ "commits": commits, "diffs": diffs, "compare_timeout": false }))
        }
        ("GET", "/api/v4/users") if ask.field("username").as_deref() == Some("nobody") => Reply::json(200, &json!([])),
        ("GET", "/api/v4/users") => Reply::json(200, &json!([{ "id": 9, "username": ask.field("username") }])),
        (method, path) => with_request(state, method, path, ask, &body),
    }
}

/// What is done with one merge request.
fn with_request(state: &mut Known, method: &str, path: &str, ask: &Ask, body: &Value) -> Reply {
    let number: usize = ask.parts()[5].parse().unwrap();
    let Some(mr) = state.pulls.get_mut(number - 1) else { return Reply::json(404, &json!({ "message": "404 Not found" })) };
    match (method, path) {
        ("GET", "/merge_requests/*") => Reply::json(200, mr),
        ("PUT", "/merge_requests/*") => {
            for (name, value) in body.as_object().unwrap() {
                match name.as_str() {
                    "state_event" => mr["state"] = json!("closed"),
                    "add_labels" => mr["labels"] = json!(value.as_str().unwrap().split(',').collect::<Vec<_>>()),
                    name => mr[name] = value.clone(),
                }
            }
            Reply::json(200, mr)
        }
        ("GET", "/merge_requests/*/notes") => Reply::json(200, &json!(state.comments)),
        ("POST", "/merge_requests/*/notes") => {
            let id = state.comments.len() + 1;
            let note = json!({ "id": id, "body": body["body"], "author": { "id": 5, "username": "bot" }, "system": false });
            state.comments.push(note.clone());
            Reply::json(201, &note)
        }
        ("PUT", "/merge_requests/*/notes/*") => {
            let id: usize = ask.parts()[7].parse().unwrap();
            state.comments[id - 1]["body"] = body["body"].clone();
            Reply::json(200, &state.comments[id - 1])
        }
        other => panic!("{other:?} is not done here"),
    }
}

/// Adds a commit by a list of actions.
fn write(state: &mut Known, body: &Value, commit: impl Fn(&Known, &str) -> Option<Value>) -> Reply {
    let refused = |message: &str| Reply::json(400, &json!({ "message": message }));
    let branch = body["branch"].as_str().unwrap();
    let parent = match (state.objects.tip(branch), body["start_sha"].as_str()) {
        (Some(_), Some(_)) => {
            return refused("A branch called 'rofs-harden/main' already exists. Switch to that branch in order to make changes");
        }
        (Some(tip), None) => tip,
        (None, Some(start)) => start.to_owned(),
        (None, None) => return refused("You can only create or edit files when you are on a branch"),
    };
    let mut files = Vec::new();
    for action in body["actions"].as_array().unwrap() {
        let path = action["file_path"].as_str().unwrap();
        let last = state.objects.line(&["log", "-1", "--format=%H", &parent, "--", path], b"").unwrap();
        let is_there = !last.is_empty();
        match action["action"].as_str() {
            Some("create") if is_there => return refused("A file with this name already exists"),
            Some("update") if !is_there => return refused("A file with this name doesn't exist"),
            _ => {}
        }
        // The commit that the client knows must not be older than the last one that touched the file.
        let is_old = |known: &str| state.objects.git(&["merge-base", "--is-ancestor", &last, known], b"").is_err();
        if action["last_commit_id"].as_str().is_some_and(is_old) {
            return refused("The file has changed since you started editing it.");
        }
        files.push((path.to_owned(), BASE64.decode(action["content"].as_str().unwrap()).unwrap()));
    }
    let id = state.write(branch, &parent, &files, body["commit_message"].as_str().unwrap());
    Reply::json(201, &commit(state, &id).unwrap())
}

fn world() -> (GitLab, Fake) {
    let fake = Fake::new(&OPERATIONS, ("private-token", TOKEN), act);
    let place = Place { api: format!("{}/api/v4", fake.server.address), owner: "group".into(), name: "shop".into() };
    let lab = GitLab::new(&place, Token::new(TOKEN), &session(&Hurry::new())).unwrap();
    (lab, fake)
}

#[track_caller]
fn fault<T: Debug>(result: Result<T>) -> Fault {
    match result {
        Err(Error::Forge(error)) => error.fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_merge_request_lives_and_ends() {
    let (lab, fake) = world();
    let siblings: Vec<(String, bool)> = lab.siblings().unwrap().into_iter().map(|r| (r.full_name, r.archived)).collect();
    assert_eq!(siblings, [("group/shop".to_owned(), false), ("group/sub/old".to_owned(), true)]);
    let about = lab.repository().unwrap();
    assert_eq!((about.full_name.as_str(), about.can_push, about.archived), ("group/shop", Some(true), false));
    let main = lab.branch("main").unwrap().unwrap();
    let tree = lab.tree(&main).unwrap();
    let seen: Vec<_> = tree.entries.iter().map(|e| (e.path.as_str(), e.mode)).collect();
    assert_eq!(seen, [("compose.yaml", Mode::File), ("run.sh", Mode::Program)]);
    assert_eq!(lab.file(&tree.entries[0].id).unwrap(), b"services: {}\n");

    let pushed = lab.push(&commit_on(&main, None, Some(tree.entries[0].id.clone()))).unwrap();
    assert_eq!(lab.branch(BRANCH).unwrap(), Some(pushed.commit.clone()));
    assert_eq!(fake.state().objects.git(&["show", &format!("{BRANCH}:compose.yaml")], b"").unwrap(), HARDENED);
    assert_eq!(lab.compare("main", BRANCH).unwrap().files, ["compose.yaml"]);

    let pull = lab.create(&proposal()).unwrap();
    assert_eq!((pull.number, pull.state, pull.head_commit), (1, State::Open, pushed.commit));
    assert_eq!(lab.find(BRANCH, Some("main")).unwrap().len(), 1);
    let change = PullChange { title: Some("New".into()), ..PullChange::default() };
    assert_eq!(lab.update(1, &change).unwrap().title, "New");
    lab.label(1, &["security", "docker"]).unwrap();
    lab.request_review(1, &["person"]).unwrap();
    assert_eq!(fake.state().pulls[0]["reviewer_ids"], json!([9]));
    // Whom nobody knows is named, and the others are asked.
    fake.state().pulls[0]["reviewer_ids"] = json!([]);
    let error = lab.request_review(1, &["nobody", "person"]).unwrap_err();
    assert!(error.to_string().contains("nobody named nobody"), "{error}");
    assert_eq!((fault(Err::<(), _>(error)), &fake.state().pulls[0]["reviewer_ids"]), (Fault::Missing, &json!([9])));
    assert_eq!(lab.pull(1).unwrap().labels, ["security", "docker"]);
    let comment = lab.comment(1, "Stopped.").unwrap();
    lab.edit_comment(1, comment.id, "Goes on.").unwrap();
    assert_eq!(lab.comments(1).unwrap()[0].body, "Goes on.");
    assert_eq!(lab.close(1).unwrap().state, State::Closed);
    lab.delete_branch(BRANCH, &pull_tip(&fake)).unwrap();
    assert_eq!(lab.branch(BRANCH).unwrap(), None);
}

fn pull_tip(fake: &Fake) -> String {
    fake.state().objects.tip(BRANCH).unwrap()
}

#[test]
fn nothing_is_done_twice_and_nothing_lost() {
    let (lab, fake) = world();
    let main = lab.branch("main").unwrap().unwrap();
    let id = lab.tree(&main).unwrap().entries[0].id.clone();
    fake.state().fault = Some(("POST", "/repository/commits", None));
    let first = lab.push(&commit_on(&main, None, Some(id.clone()))).unwrap();
    assert_eq!(fake.count("POST", "/repository/commits"), 1);
    fake.state().fault = Some(("POST", "/merge_requests", None));
    lab.create(&proposal()).unwrap();
    assert_eq!(fake.state().pulls.len(), 1);
    fake.state().fault = Some(("POST", "/notes", None));
    lab.comment(1, "Stopped.").unwrap();
    assert_eq!(fake.state().comments.len(), 1);

    let mut other = proposal();
    other.title = "Other".into();
    let error = lab.create(&other).unwrap_err();
    assert!(error.to_string().contains("/-/merge_requests/1"), "{error}");

    let human = fake.state().objects.commit(BRANCH, &[("100644", "mine.txt", b"mine\n")], "By hand");
    assert_eq!(fault(lab.push(&commit_on(&first.commit, Some(&first.commit), Some(id.clone())))), Fault::Stale);
    assert_eq!(fault(lab.delete_branch(BRANCH, &first.commit)), Fault::Stale);
    assert_eq!(pull_tip(&fake), human);
    let merge = NewCommit { parents: vec![human.clone(), main.clone()], ..commit_on(&human, Some(&human), Some(id)) };
    assert_eq!(fault(lab.push(&merge)), Fault::Invalid);
}

#[test]
fn a_branch_is_not_deleted_with_what_comes_meanwhile() {
    let (_, fake) = world();
    let place = Place { api: format!("{}/api/v4", fake.server.address), owner: "group".into(), name: "shop".into() };
    fake.keeps_what_comes_meanwhile(|session| Box::new(GitLab::new(&place, Token::new(TOKEN), session).unwrap()));
}

#[test]
fn refusals_are_understood() {
    let scope = json!({ "error": "insufficient_scope", "error_description": "The request requires higher privileges.", "scope": "api" });
    for (status, body, expected, part) in [
        (401, json!({ "message": "401 Unauthorized" }), Fault::Credentials, "does not accept the token"),
        (403, scope, Fault::Permission, "lacks a scope"),
        (403, json!({ "message": "403 Forbidden" }), Fault::Permission, "403 Forbidden"),
        (404, json!({ "message": "404 Project Not Found" }), Fault::Missing, "not there, or hidden"),
        (400, json!({ "message": { "base": ["title is too long (maximum is 255 characters)"] } }), Fault::Invalid, "too long"),
        (422, json!({ "message": ["Source branch is invalid"] }), Fault::Invalid, "Source branch is invalid"),
    ] {
        let (lab, fake) = world();
        fake.state().fault = Some(("POST", "/merge_requests", Some(Reply::json(status, &body))));
        let error = lab.create(&proposal()).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(fault(Err::<(), _>(error)), expected);
    }
}

#[test]
fn a_limit_is_waited_for() {
    let (lab, fake) = world();
    let limit = Reply { body: b"Retry later\n".to_vec(), ..Reply::empty(429) }.with("Retry-After", 5);
    fake.state().fault = Some(("GET", "/projects/*", Some(limit)));
    assert_eq!(lab.repository().unwrap().default_branch, "main");
}

#[test]
fn the_fake_is_strict() {
    let (_, fake) = world();
    let agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent();
    let address = format!("{}/api/v4/projects/group%2Fshop/merge_requests", fake.server.address);
    agent.get(&format!("{address}?source=x")).call().unwrap();
    agent.post(&address).header("content-type", "application/json").send(r#"{"titel":"x"}"#).unwrap();
    agent.get(&format!("{}/api/v4/projects/group/shop", fake.server.address)).call().unwrap();
    let said = fake.complaints();
    for part in ["no such field: source", "no such field: titel", "no such operation"] {
        assert!(said.iter().any(|text| text.contains(part)), "{part}: {said:?}");
    }
}
