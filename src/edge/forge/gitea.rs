//! Gitea and Forgejo: they answer like GitHub, but write files by an interface of their own.

use super::client::{Call, Client, Dialect, Token};
use super::{Comment, Commit, Comparison, Forge, NewCommit, NewPull, Place, Pull, PullChange, Pushed, Repository, Session, Tree};
use super::{raw, steps};
use crate::error::{Error, Fault, Result};
use crate::text::uri_part;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use std::rc::Rc;

static DIALECT: Dialect = Dialect { name: "Gitea", headers: &[("accept", "application/json")], credentials: ("authorization", "token ") };
/// Most pages of a tree, and of the list of all pull requests, that are read.
const MAX_PAGES: usize = 200;

/// A repository on Gitea or Forgejo.
pub struct Gitea {
    client: Client,
    /// `/repos/owner/name`.
    root: String,
    full_name: String,
}

impl Gitea {
    /// A repository; nothing is sent yet.
    ///
    /// Errors: the address of the API is not encrypted.
    pub fn new(place: &Place, token: Option<Token>, session: &Rc<Session>) -> Result<Self> {
        let full_name = format!("{}/{}", place.owner, place.name);
        let client = Client::new(&DIALECT, &place.api, &full_name, token, session)?;
        let root = format!("/repos/{}/{}", uri_part(&place.owner), uri_part(&place.name));
        Ok(Self { client, root, full_name })
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
        self.set::<raw::Request>("PATCH", &format!("/pulls/{number}"), body, doing).map(Pull::from)
    }
}

impl Forge for Gitea {
    fn repository(&self) -> Result<Repository> {
        self.get::<raw::About>("", "show the repository").map(Repository::from)
    }

    fn siblings(&self) -> Result<Vec<Repository>> {
        let owner = self.full_name.split('/').next().unwrap_or_default();
        let path = format!("/orgs/{}/repos?limit=50", uri_part(owner));
        Ok(self.client.list::<raw::About>(&path, "list the organization's repositories")?.into_iter().map(Repository::from).collect())
    }

    fn find(&self, branch: &str, base: Option<&str>) -> Result<Vec<Pull>> {
        // It has no filter for branches, and what it answers for a base and a head is one pull request, where all are wanted.
        let path = format!("{}/pulls?state=all&limit=50", self.root);
        let (all, is_cut) = self.client.pages::<raw::Request>(&path, "list pull requests", MAX_PAGES)?;
        if is_cut {
            let what = format!("cannot list pull requests: there are more than {}", MAX_PAGES * 50);
            return Err(self.client.fault(
                Fault::Unexpected,
                &what,
                "run `rofs-harden pr --patch DIR` in a checkout, and propose it by hand",
            ));
        }
        let is_wanted = |p: &raw::Request| p.is_from(&self.full_name, branch) && base.is_none_or(|b| p.base.branch == b);
        let mut found: Vec<Pull> = all.into_iter().filter(is_wanted).map(Pull::from).collect();
        found.sort_by_key(|pull| std::cmp::Reverse(pull.number));
        Ok(found)
    }

    fn pull(&self, number: u64) -> Result<Pull> {
        self.get::<raw::Request>(&format!("/pulls/{number}"), "show the pull request").map(Pull::from)
    }

    fn create(&self, new: &NewPull) -> Result<Pull> {
        let title = if new.draft { format!("WIP: {}", new.title) } else { new.title.clone() };
        let body = json!({ "title": title, "head": new.head, "base": new.base, "body": new.body });
        let path = format!("{}/pulls", self.root);
        let call = Call { method: "POST", path: &path, body: Some(body), doing: "open a pull request", repeatable: false };
        steps::create::<raw::Request>(&self.client, self, &call, new, &title)
    }

    fn update(&self, number: u64, change: &PullChange) -> Result<Pull> {
        let fields = [("title", &change.title), ("body", &change.body), ("base", &change.base)];
        let body = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))).collect();
        self.change(number, Value::Object(body), "change the pull request")
    }

    fn close(&self, number: u64) -> Result<Pull> {
        self.change(number, json!({ "state": "closed" }), "close the pull request")
    }

    fn comments(&self, number: u64) -> Result<Vec<Comment>> {
        Ok(self.list::<raw::Note>(&format!("/issues/{number}/comments"), "list comments")?.into_iter().map(Comment::from).collect())
    }

    fn comment(&self, number: u64, body: &str) -> Result<Comment> {
        let path = format!("{}/issues/{number}/comments", self.root);
        let call = Call { method: "POST", path: &path, body: Some(json!({ "body": body })), doing: "add a comment", repeatable: false };
        steps::comment::<raw::Note>(&self.client, self, &call, number, body)
    }

    fn edit_comment(&self, _number: u64, id: u64, body: &str) -> Result<Comment> {
        let path = format!("/issues/comments/{id}");
        self.set::<raw::Note>("PATCH", &path, json!({ "body": body }), "change a comment").map(Comment::from)
    }

    fn label(&self, number: u64, labels: &[&str]) -> Result<()> {
        // Older versions take numbers only, and none makes a label that is missing.
        let known: Vec<Label> = self.list("/labels?limit=50", "list labels")?;
        let ids: Vec<u64> = known.iter().filter(|label| labels.contains(&label.name.as_str())).map(|label| label.id).collect();
        if ids.len() < labels.len() {
            let missing: Vec<&str> = labels.iter().copied().filter(|name| !known.iter().any(|l| l.name == *name)).collect();
            let what = format!("there is no label named {}", missing.join(", "));
            return Err(self.client.fault(Fault::Missing, &what, "make the label in the repository's settings"));
        }
        self.set::<Value>("POST", &format!("/issues/{number}/labels"), json!({ "labels": ids }), "add labels").map(drop)
    }

    fn request_review(&self, number: u64, people: &[&str]) -> Result<()> {
        let path = format!("/pulls/{number}/requested_reviewers");
        self.set::<Value>("POST", &path, json!({ "reviewers": people }), "ask for a review").map(drop)
    }

    fn branch(&self, name: &str) -> Result<Option<String>> {
        let path = format!("/branches/{}", uri_part(name));
        steps::branch(&self.client, name, || self.get::<Branch>(&path, "show a branch").map(|b| b.commit.id))
    }

    fn commit(&self, id: &str) -> Result<Commit> {
        self.get::<raw::ListedCommit>(&format!("/git/commits/{}", uri_part(id)), "show a commit").map(Commit::from)
    }

    fn tree(&self, commit: &str) -> Result<Tree> {
        let mut tree = Tree { entries: Vec::new(), truncated: true };
        for page in 1..=MAX_PAGES {
            let path = format!("/git/trees/{}?recursive=true&per_page=1000&page={page}", uri_part(commit));
            let raw: raw::Listing = self.get(&path, "list files")?;
            let (is_last, part) = (!raw.truncated || raw.tree.is_empty(), Tree::from(raw));
            tree.entries.extend(part.entries);
            if is_last {
                tree.truncated = false;
                break;
            }
        }
        Ok(tree)
    }

    fn file(&self, id: &str) -> Result<Vec<u8>> {
        let raw: raw::Blob = self.get(&format!("/git/blobs/{}", uri_part(id)), "show a file")?;
        raw.decode().ok_or_else(|| {
            let what = format!("Gitea shows the file {id} in a way that cannot be read");
            self.client.fault(Fault::Unexpected, &what, "run the command again; if that does not help, please report this")
        })
    }

    fn compare(&self, base: &str, head: &str) -> Result<Comparison> {
        let raw: Compared = self.get(&format!("/compare/{}", uri_part(&format!("{base}...{head}"))), "compare branches")?;
        let mut files: Vec<String> = raw.commits.into_iter().filter_map(|c| c.files).flatten().map(|f| f.filename).collect();
        files.sort();
        files.dedup();
        Ok(Comparison { ahead: raw.total_commits, behind: None, files, cut: false })
    }

    fn push(&self, new: &NewCommit) -> Result<Pushed> {
        let is_on_top = new.parents.len() == 1 && new.parents[0] == new.tree_of;
        if !is_on_top {
            let what = format!("Gitea cannot put files of {} on top of another commit by its contents interface", new.tree_of);
            return Err(self.client.fault(Fault::Invalid, &what, "push the commit with Git"));
        }
        let parent = &new.parents[0];
        let tip = self.branch(&new.branch)?;
        if tip != new.expected {
            return Err(steps::moved(&self.client, &new.branch, tip.as_deref()));
        }
        if new.expected.is_none() {
            self.make_branch(&new.branch, parent)?;
        }
        let mut files = Vec::new();
        for file in &new.files {
            let mut entry = json!({ "path": file.path, "content": BASE64.encode(&file.bytes) });
            match &file.old {
                // Refused if somebody changed this file since.
                Some(old) => (entry["operation"], entry["sha"]) = (json!("update"), json!(old)),
                None if file.program => {
                    let what = format!("Gitea cannot make {} a program by its contents interface", file.path);
                    return Err(self.client.fault(Fault::Invalid, &what, "push the commit with Git"));
                }
                None => entry["operation"] = json!("create"),
            }
            files.push(entry);
        }
        let body = json!({ "branch": new.branch, "message": new.message, "files": files });
        let path = format!("{}/contents", self.root);
        let call = Call { method: "POST", path: &path, body: Some(body), doing: "add a commit", repeatable: false };
        let left = || {
            let Some(tip) = self.branch(&new.branch)?.filter(|tip| tip != parent) else { return Ok(None) };
            let commit = self.commit(&tip)?;
            let is_ours = commit.parents == [parent.clone()] && steps::is_same_text(&commit.message, &new.message);
            if is_ours { Ok(Some(commit)) } else { Err(steps::moved(&self.client, &new.branch, Some(&tip))) }
        };
        let commit = self.client.change_once::<Written, Commit>(&call, left)?;
        if commit.parents != [parent.clone()] {
            // Nothing was lost, as it went on top; but what the caller knows of the branch is old.
            return Err(steps::moved(&self.client, &new.branch, Some(&commit.id)));
        }
        Ok(Pushed { commit: commit.id, verified: commit.verified })
    }

    fn delete_branch(&self, name: &str, expected: &str) -> Result<()> {
        let path = format!("{}/branches/{}", self.root, uri_part(name));
        steps::delete_branch(&self.client, self, &path, name, expected)
    }
}

impl Gitea {
    /// Makes a branch at a commit.
    fn make_branch(&self, name: &str, commit: &str) -> Result<()> {
        let path = format!("{}/branches", self.root);
        let body = json!({ "new_branch_name": name, "old_ref_name": commit });
        let call = Call { method: "POST", path: &path, body: Some(body), doing: "make a branch", repeatable: false };
        let tip = match self.client.change::<Branch>(&call) {
            Ok(branch) => Some(branch.commit.id),
            // Made by the request that failed, or by somebody else.
            Err(Error::Forge(e)) if e.fault.is_unsaid() || [Fault::Exists, Fault::Stale].contains(&e.fault) => match self.branch(name)? {
                None => return Err(Error::Forge(e)),
                tip => tip,
            },
            Err(error) => return Err(error),
        };
        if tip.as_deref() == Some(commit) { Ok(()) } else { Err(steps::moved(&self.client, name, tip.as_deref())) }
    }
}

#[derive(Deserialize)]
struct Label {
    id: u64,
    name: String,
}

#[derive(Deserialize)]
struct Branch {
    commit: Tip,
}

#[derive(Deserialize)]
struct Tip {
    id: String,
}

#[derive(Deserialize)]
struct Compared {
    total_commits: u64,
    #[serde(default)]
    commits: Vec<WithFiles>,
}

#[derive(Deserialize)]
struct WithFiles {
    files: Option<Vec<raw::File>>,
}

/// The answer to a change of files.
#[derive(Deserialize)]
struct Written {
    commit: WrittenCommit,
    verification: Option<raw::Verification>,
}

#[derive(Deserialize)]
struct WrittenCommit {
    sha: String,
    parents: Vec<raw::Id>,
    message: String,
}

impl From<Written> for Commit {
    fn from(raw: Written) -> Self {
        Self {
            id: raw.commit.sha,
            parents: raw.commit.parents.into_iter().map(|id| id.sha).collect(),
            tree: String::new(),
            author: Default::default(),
            login: None,
            message: raw.commit.message,
            verified: raw.verification.map(|v| v.verified),
        }
    }
}
