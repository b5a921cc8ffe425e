//! GitLab: merge requests, and commits by its own interface, which has no trees and blobs to write.

use super::client::{Call, Client, Dialect, Token};
use super::steps;
use super::{
    Comment, Commit, Comparison, Entry, Forge, Mode, NewCommit, NewPull, Place, Pull, PullChange, Pushed, Repository, Session, State, Tree,
};
use crate::error::{Fault, Result};
use crate::text::uri_part;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use std::rc::Rc;

static DIALECT: Dialect = Dialect { name: "GitLab", headers: &[("accept", "application/json")], credentials: ("private-token", "") };
/// Most pages of a tree that are read, each of a hundred entries.
const MAX_TREE_PAGES: usize = 500;
/// The least level of access that may push.
const DEVELOPER: u64 = 30;

/// A project on GitLab.
pub struct GitLab {
    client: Client,
    /// `/projects/group%2Fname`.
    root: String,
    group: String,
}

impl GitLab {
    /// A project; nothing is sent yet.
    ///
    /// Errors: the address of the API is not encrypted.
    pub fn new(place: &Place, token: Option<Token>, session: &Rc<Session>) -> Result<Self> {
        let full_name = format!("{}/{}", place.owner, place.name);
        let client = Client::new(&DIALECT, &place.api, &full_name, token, session)?;
        Ok(Self { client, root: format!("/projects/{}", uri_part(&full_name)), group: place.owner.clone() })
    }

    fn get<T: for<'a> Deserialize<'a>>(&self, path: &str, doing: &str) -> Result<T> {
        self.client.get(&format!("{}{path}", self.root), doing)
    }

    fn list<T: for<'a> Deserialize<'a>>(&self, path: &str, doing: &str) -> Result<Vec<T>> {
        self.client.list(&format!("{}{path}", self.root), doing)
    }

    /// A change that is the same when it is made twice.
    fn set<T: for<'a> Deserialize<'a>>(&self, method: &'static str, path: &str, body: Value, doing: &str) -> Result<T> {
        self.client.change(&Call { method, path: &format!("{}{path}", self.root), body: Some(body), doing, repeatable: true })
    }

    fn change(&self, number: u64, body: Value, doing: &str) -> Result<Pull> {
        self.set::<Request>("PUT", &format!("/merge_requests/{number}"), body, doing).map(Pull::from)
    }
}

impl Forge for GitLab {
    fn repository(&self) -> Result<Repository> {
        self.get::<Project>("", "show the project").map(Repository::from)
    }

    fn siblings(&self) -> Result<Vec<Repository>> {
        let path = format!("/groups/{}/projects?include_subgroups=true&order_by=path&sort=asc&per_page=100", uri_part(&self.group));
        Ok(self.client.list::<Project>(&path, "list the group's projects")?.into_iter().map(Repository::from).collect())
    }

    fn find(&self, branch: &str, base: Option<&str>) -> Result<Vec<Pull>> {
        let target = base.map(|b| format!("&target_branch={}", uri_part(b))).unwrap_or_default();
        let source = uri_part(branch);
        let path = format!("/merge_requests?source_branch={source}{target}&state=all&order_by=created_at&sort=desc&per_page=100");
        let all: Vec<Request> = self.list(&path, "list merge requests")?;
        let own = |r: &Request| r.source_branch == branch && r.source_project_id == Some(r.target_project_id);
        Ok(all.into_iter().filter(|r| own(r) && base.is_none_or(|b| r.target_branch == b)).map(Pull::from).collect())
    }

    fn pull(&self, number: u64) -> Result<Pull> {
        self.get::<Request>(&format!("/merge_requests/{number}"), "show the merge request").map(Pull::from)
    }

    fn create(&self, new: &NewPull) -> Result<Pull> {
        let title = if new.draft { format!("Draft: {}", new.title) } else { new.title.clone() };
        let body = json!({ "source_branch": new.head, "target_branch": new.base, "title": title, "description": new.body, "remove_source_branch": true });
        let path = format!("{}/merge_requests", self.root);
        let call = Call { method: "POST", path: &path, body: Some(body), doing: "open a merge request", repeatable: false };
        steps::create::<Request>(&self.client, self, &call, new, &title)
    }

    fn update(&self, number: u64, change: &PullChange) -> Result<Pull> {
        let fields = [("title", &change.title), ("description", &change.body), ("target_branch", &change.base)];
        let body = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))).collect();
        self.change(number, Value::Object(body), "change the merge request")
    }

    fn close(&self, number: u64) -> Result<Pull> {
        self.change(number, json!({ "state_event": "close" }), "close the merge request")
    }

    fn comments(&self, number: u64) -> Result<Vec<Comment>> {
        let all: Vec<Note> =
            self.list(&format!("/merge_requests/{number}/notes?sort=asc&order_by=created_at&per_page=100"), "list comments")?;
        Ok(all.into_iter().filter(|note| !note.system).map(Comment::from).collect())
    }

    fn comment(&self, number: u64, body: &str) -> Result<Comment> {
        let path = format!("{}/merge_requests/{number}/notes", self.root);
        let call = Call { method: "POST", path: &path, body: Some(json!({ "body": body })), doing: "add a comment", repeatable: false };
        steps::comment::<Note>(&self.client, self, &call, number, body)
    }

    fn edit_comment(&self, number: u64, id: u64, body: &str) -> Result<Comment> {
        let path = format!("/merge_requests/{number}/notes/{id}");
        self.set::<Note>("PUT", &path, json!({ "body": body }), "change a comment").map(Comment::from)
    }

    fn label(&self, number: u64, labels: &[&str]) -> Result<()> {
        self.change(number, json!({ "add_labels": labels.join(",") }), "add labels").map(drop)
    }

    fn request_review(&self, number: u64, people: &[&str]) -> Result<()> {
        let (mut ids, mut unknown) = (Vec::new(), Vec::new());
        for name in people {
            let found: Vec<User> = self.client.list(&format!("/users?username={}", uri_part(name)), "look up a reviewer")?;
            match found.into_iter().find(|user| user.username.eq_ignore_ascii_case(name)) {
                Some(user) => ids.push(user.id),
                None => unknown.push(*name),
            }
        }
        if !ids.is_empty() {
            self.change(number, json!({ "reviewer_ids": ids }), "ask for a review")?;
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let what = format!("cannot ask for a review: GitLab knows nobody named {}", unknown.join(", "));
        Err(self.client.fault(Fault::Missing, &what, "name people as GitLab does, without the @"))
    }

    fn branch(&self, name: &str) -> Result<Option<String>> {
        let path = format!("/repository/branches/{}", uri_part(name));
        steps::branch(&self.client, name, || self.get::<Branch>(&path, "show a branch").map(|b| b.commit.id))
    }

    fn commit(&self, id: &str) -> Result<Commit> {
        self.get::<RawCommit>(&format!("/repository/commits/{}", uri_part(id)), "show a commit").map(Commit::from)
    }

    fn tree(&self, commit: &str) -> Result<Tree> {
        let path = format!("{}/repository/tree?ref={}&recursive=true&pagination=keyset&per_page=100", self.root, uri_part(commit));
        let (items, truncated) = self.client.pages::<Item>(&path, "list files", MAX_TREE_PAGES)?;
        let entries = items.into_iter().filter_map(|i| Some(Entry { mode: Mode::from_git(&i.mode)?, path: i.path, id: i.id })).collect();
        Ok(Tree { entries, truncated })
    }

    fn file(&self, id: &str) -> Result<Vec<u8>> {
        let path = format!("{}/repository/blobs/{}/raw", self.root, uri_part(id));
        self.client.send(&Call { method: "GET", path: &path, body: None, doing: "show a file", repeatable: true }).map(|answer| answer.body)
    }

    fn compare(&self, base: &str, head: &str) -> Result<Comparison> {
        let path = format!("/repository/compare?from={}&to={}", uri_part(base), uri_part(head));
        let raw: Compared = self.get(&path, "compare branches")?;
        let files = raw.diffs.into_iter().map(|d| d.new_path).collect();
        Ok(Comparison { ahead: raw.commits.len() as u64, behind: None, files, cut: raw.compare_timeout })
    }

    fn push(&self, new: &NewCommit) -> Result<Pushed> {
        let [parent] = new.parents.as_slice() else {
            let what = format!("GitLab cannot merge {} into {} by its commits interface", new.tree_of, new.branch);
            return Err(self.client.fault(Fault::Invalid, &what, "push the commit with Git"));
        };
        if *parent != new.tree_of {
            let what = format!("GitLab cannot put files of {} on top of {parent}", new.tree_of);
            return Err(self.client.fault(Fault::Invalid, &what, "push the commit with Git"));
        }
        let tip = self.branch(&new.branch)?;
        if tip != new.expected {
            return Err(steps::moved(&self.client, &new.branch, tip.as_deref()));
        }
        let mut actions = Vec::new();
        for file in &new.files {
            let action = if file.old.is_some() { "update" } else { "create" };
            let mut entry =
                json!({ "action": action, "file_path": file.path, "encoding": "base64", "content": BASE64.encode(&file.bytes) });
            if file.old.is_some() {
                // Refused if somebody changed this file since.
                entry["last_commit_id"] = json!(parent);
            } else if file.program {
                entry["execute_filemode"] = json!(true);
            }
            actions.push(entry);
        }
        let mut body = json!({ "branch": new.branch, "commit_message": new.message, "actions": actions });
        if new.expected.is_none() {
            body["start_sha"] = json!(parent);
        }
        let path = format!("{}/repository/commits", self.root);
        let call = Call { method: "POST", path: &path, body: Some(body), doing: "add a commit", repeatable: false };
        let left = || {
            let Some(tip) = self.branch(&new.branch)? else { return Ok(None) };
            if Some(&tip) == new.expected.as_ref() {
                return Ok(None);
            }
            let commit = self.commit(&tip)?;
            let is_ours = commit.parents == [parent.clone()] && steps::is_same_text(&commit.message, &new.message);
            if is_ours { Ok(Some(commit)) } else { Err(steps::moved(&self.client, &new.branch, Some(&tip))) }
        };
        let commit = self.client.change_once::<RawCommit, Commit>(&call, left)?;
        if !commit.parents.is_empty() && commit.parents != [parent.clone()] {
            // Nothing was lost, as it went on top; but what the caller knows of the branch is old.
            return Err(steps::moved(&self.client, &new.branch, Some(&commit.id)));
        }
        Ok(Pushed { commit: commit.id, verified: None })
    }

    fn delete_branch(&self, name: &str, expected: &str) -> Result<()> {
        let path = format!("{}/repository/branches/{}", self.root, uri_part(name));
        steps::delete_branch(&self.client, self, &path, name, expected)
    }
}

#[derive(Deserialize)]
struct Project {
    path_with_namespace: String,
    web_url: String,
    default_branch: Option<String>,
    #[serde(default)]
    archived: bool,
    #[serde(rename = "forked_from_project")]
    origin: Option<Value>,
    permissions: Option<Permissions>,
}

impl From<Project> for Repository {
    fn from(raw: Project) -> Self {
        let levels = raw.permissions.map(|p| [p.project_access, p.group_access]);
        let can_push = levels.map(|all| all.into_iter().flatten().any(|access| access.access_level >= DEVELOPER));
        Self {
            full_name: raw.path_with_namespace,
            url: raw.web_url,
            default_branch: raw.default_branch.unwrap_or_default(),
            archived: raw.archived,
            disabled: false,
            fork: raw.origin.is_some_and(|p| !p.is_null()),
            can_push,
        }
    }
}

#[derive(Deserialize)]
struct Permissions {
    project_access: Option<Access>,
    group_access: Option<Access>,
}

#[derive(Deserialize)]
struct Access {
    access_level: u64,
}

#[derive(Deserialize)]
struct User {
    id: u64,
    username: String,
}

/// A merge request.
#[derive(Deserialize)]
struct Request {
    iid: u64,
    web_url: String,
    state: String,
    #[serde(default)]
    draft: bool,
    title: String,
    description: Option<String>,
    author: Option<User>,
    #[serde(default)]
    labels: Vec<String>,
    source_branch: String,
    target_branch: String,
    source_project_id: Option<u64>,
    target_project_id: u64,
    sha: Option<String>,
    has_conflicts: Option<bool>,
}

impl From<Request> for Pull {
    fn from(raw: Request) -> Self {
        let state = match raw.state.as_str() {
            "merged" => State::Merged,
            "closed" => State::Closed,
            _ => State::Open, // also while it is locked for merging
        };
        Self {
            number: raw.iid,
            url: raw.web_url,
            state,
            draft: raw.draft,
            title: raw.title,
            body: raw.description.unwrap_or_default(),
            author: raw.author.map(|a| a.username).unwrap_or_default(),
            labels: raw.labels,
            head: raw.source_branch,
            head_commit: raw.sha.unwrap_or_default(),
            base: raw.target_branch,
            mergeable: raw.has_conflicts.map(|has| !has),
        }
    }
}

#[derive(Deserialize)]
struct Note {
    id: u64,
    body: String,
    author: Option<User>,
    #[serde(default)]
    system: bool,
}

impl From<Note> for Comment {
    fn from(raw: Note) -> Self {
        Self { id: raw.id, author: raw.author.map(|a| a.username).unwrap_or_default(), body: raw.body }
    }
}

#[derive(Deserialize)]
struct Branch {
    commit: RawCommit,
}

#[derive(Deserialize)]
struct RawCommit {
    id: String,
    #[serde(default)]
    parent_ids: Vec<String>,
    #[serde(default)]
    author_name: String,
    #[serde(default)]
    author_email: String,
    #[serde(default)]
    message: String,
}

impl From<RawCommit> for Commit {
    fn from(raw: RawCommit) -> Self {
        Self {
            id: raw.id,
            parents: raw.parent_ids,
            tree: String::new(),
            author: (raw.author_name, raw.author_email),
            login: None,
            message: raw.message,
            verified: None,
        }
    }
}

#[derive(Deserialize)]
struct Item {
    id: String,
    path: String,
    mode: String,
}

#[derive(Deserialize)]
struct Compared {
    #[serde(default)]
    commits: Vec<RawCommit>,
    #[serde(default)]
    diffs: Vec<Diff>,
    #[serde(default)]
    compare_timeout: bool,
}

#[derive(Deserialize)]
struct Diff {
    new_path: String,
}
