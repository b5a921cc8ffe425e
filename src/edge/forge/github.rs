//! GitHub, also on a company's own server.

use super::client::{Call, Client, Dialect, Token};
use super::raw::{self, Id};
use super::steps;
use super::{Changed, LineComment, NewReview, Reviews};
use super::{Comment, Commit, Comparison, Forge, NewCommit, NewPull, Place, Pull, PullChange, Pushed, Repository, Session, Tree};
use crate::error::{Error, Fault, Result};
use crate::text::uri_part;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use std::rc::Rc;
use std::time::Duration;

/// What GitHub wants in every request.
static DIALECT: Dialect = Dialect {
    name: "GitHub",
    headers: &[("accept", "application/vnd.github+json"), ("x-github-api-version", "2022-11-28")],
    credentials: ("authorization", "Bearer "),
};
/// Most paths that a comparison lists.
const MAX_COMPARED: usize = 300;

/// A repository on GitHub.
pub struct GitHub {
    client: Client,
    /// `/repos/owner/name`.
    root: String,
    owner: String,
    full_name: String,
}

impl GitHub {
    /// A repository; nothing is sent yet.
    ///
    /// Errors: the address of the API is not encrypted.
    pub fn new(place: &Place, token: Option<Token>, session: &Rc<Session>) -> Result<Self> {
        let full_name = format!("{}/{}", place.owner, place.name);
        let client = Client::new(&DIALECT, &place.api, &full_name, token, session)?;
        let root = format!("/repos/{}/{}", uri_part(&place.owner), uri_part(&place.name));
        Ok(Self { client, root, owner: place.owner.clone(), full_name })
    }

    fn get<T: for<'a> Deserialize<'a>>(&self, path: &str, doing: &str) -> Result<T> {
        self.client.get(&format!("{}{path}", self.root), doing)
    }

    /// A change that is the same when it is made twice.
    fn set<T: for<'a> Deserialize<'a>>(&self, method: &'static str, path: &str, body: Value, doing: &str) -> Result<T> {
        self.client.change(&Call { method, path: &format!("{}{path}", self.root), body: Some(body), doing, repeatable: true })
    }

    /// Writes the objects of a commit, which no branch has yet.
    fn write(&self, new: &NewCommit) -> Result<Pushed> {
        let mut entries = Vec::new();
        for file in &new.files {
            // Always as base64, which keeps every byte.
            let body = json!({ "content": BASE64.encode(&file.bytes), "encoding": "base64" });
            let Id { sha } = self.set("POST", "/git/blobs", body, "store a file")?;
            entries.push(json!({ "path": file.path, "mode": file.mode().as_git(), "type": "blob", "sha": sha }));
        }
        let below = self.commit(&new.tree_of)?.tree;
        let body = json!({ "base_tree": below, "tree": entries });
        let tree: Id = self.settled(|| self.set("POST", "/git/trees", body.clone(), "store a folder"))?;
        // No author and no committer: only then does GitHub sign in the name of an app.
        let body = json!({ "message": new.message, "tree": tree.sha, "parents": new.parents });
        let commit: raw::GitCommit = self.settled(|| self.set("POST", "/git/commits", body.clone(), "store a commit"))?;
        Ok(Pushed { commit: commit.sha, verified: commit.verification.map(|v| v.verified) })
    }

    /// Repeats what refers to an object that was just written, until GitHub sees that.
    fn settled<T>(&self, write: impl Fn() -> Result<T>) -> Result<T> {
        for pause in [1, 2] {
            match write() {
                Err(Error::Forge(e)) if e.fault == Fault::Stale => {
                    self.client.wait(Duration::from_secs(pause), "GitHub does not see yet what was just written")?;
                }
                done => return done,
            }
        }
        write()
    }

    /// Where a branch is after a change of it that may or may not have happened.
    fn settle(&self, new: &NewCommit, commit: &str, failed: Error) -> Result<Next> {
        let Error::Forge(error) = &failed else { return Err(failed) };
        let is_unsaid = error.fault.is_unsaid();
        if !is_unsaid && ![Fault::Exists, Fault::Stale, Fault::Missing].contains(&error.fault) {
            return Err(failed);
        }
        match self.branch(&new.branch)? {
            Some(tip) if tip == commit => Ok(Next::Done),
            tip if tip == new.expected && is_unsaid => Ok(Next::Again),
            tip if tip == new.expected => Err(failed),
            tip => Err(steps::moved(&self.client, &new.branch, tip.as_deref())),
        }
    }
}

/// What follows a change of a branch.
enum Next {
    Done,
    Again,
}

impl Forge for GitHub {
    fn repository(&self) -> Result<Repository> {
        self.get::<raw::About>("", "show the repository").map(Repository::from)
    }

    fn siblings(&self) -> Result<Vec<Repository>> {
        let path = format!("/orgs/{}/repos?type=all&sort=full_name&per_page=100", uri_part(&self.owner));
        Ok(self.client.list::<raw::About>(&path, "list the organization's repositories")?.into_iter().map(Repository::from).collect())
    }

    fn find(&self, branch: &str, base: Option<&str>) -> Result<Vec<Pull>> {
        let head = uri_part(&format!("{}:{branch}", self.owner));
        let base_filter = base.map(|b| format!("&base={}", uri_part(b))).unwrap_or_default();
        let path = format!("{}/pulls?head={head}{base_filter}&state=all&sort=created&direction=desc&per_page=100", self.root);
        let all: Vec<raw::Request> = self.client.list(&path, "list pull requests")?;
        let own = all.into_iter().filter(|p| p.is_from(&self.full_name, branch) && base.is_none_or(|b| p.base.branch == b));
        Ok(own.map(Pull::from).collect())
    }

    fn pull(&self, number: u64) -> Result<Pull> {
        self.get::<raw::Request>(&format!("/pulls/{number}"), "show the pull request").map(Pull::from)
    }

    fn create(&self, new: &NewPull) -> Result<Pull> {
        let body = json!({ "title": new.title, "head": new.head, "base": new.base, "body": new.body, "draft": new.draft });
        let path = format!("{}/pulls", self.root);
        let call = Call { method: "POST", path: &path, body: Some(body), doing: "open a pull request", repeatable: false };
        steps::create::<raw::Request>(&self.client, self, &call, new, &new.title)
    }

    fn update(&self, number: u64, change: &PullChange) -> Result<Pull> {
        let fields = [("title", &change.title), ("body", &change.body), ("base", &change.base)];
        let body = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))).collect();
        self.set::<raw::Request>("PATCH", &format!("/pulls/{number}"), Value::Object(body), "change the pull request").map(Pull::from)
    }

    fn close(&self, number: u64) -> Result<Pull> {
        let body = json!({ "state": "closed" });
        self.set::<raw::Request>("PATCH", &format!("/pulls/{number}"), body, "close the pull request").map(Pull::from)
    }

    fn comments(&self, number: u64) -> Result<Vec<Comment>> {
        let path = format!("{}/issues/{number}/comments?per_page=100", self.root);
        Ok(self.client.list::<raw::Note>(&path, "list comments")?.into_iter().map(Comment::from).collect())
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
        self.set::<Value>("POST", &format!("/issues/{number}/labels"), json!({ "labels": labels }), "add labels").map(drop)
    }

    fn request_review(&self, number: u64, people: &[&str]) -> Result<()> {
        let path = format!("/pulls/{number}/requested_reviewers");
        self.set::<Value>("POST", &path, json!({ "reviewers": people }), "ask for a review").map(drop)
    }

    fn branch(&self, name: &str) -> Result<Option<String>> {
        let path = format!("/git/ref/{}", uri_part(&format!("heads/{name}")));
        steps::branch(&self.client, name, || self.get::<raw::Ref>(&path, "show a branch").map(|b| b.object.sha))
    }

    fn commit(&self, id: &str) -> Result<Commit> {
        self.get::<raw::GitCommit>(&format!("/git/commits/{}", uri_part(id)), "show a commit").map(Commit::from)
    }

    fn tree(&self, commit: &str) -> Result<Tree> {
        let id = self.commit(commit)?.tree;
        let raw: raw::Listing = self.get(&format!("/git/trees/{}?recursive=1", uri_part(&id)), "list files")?;
        Ok(raw.into())
    }

    fn file(&self, id: &str) -> Result<Vec<u8>> {
        let raw: raw::Blob = self.get(&format!("/git/blobs/{}", uri_part(id)), "show a file")?;
        raw.decode().ok_or_else(|| {
            let what = format!("GitHub shows the file {id} in a way that cannot be read");
            self.client.fault(Fault::Unexpected, &what, "run the command again; if that does not help, please report this")
        })
    }

    fn compare(&self, base: &str, head: &str) -> Result<Comparison> {
        let path = format!("/compare/{}?per_page=100", uri_part(&format!("{base}...{head}")));
        let raw: raw::Comparison = self.get(&path, "compare branches")?;
        let files: Vec<String> = raw.files.into_iter().map(|f| f.filename).collect();
        Ok(Comparison { ahead: raw.ahead_by, behind: Some(raw.behind_by), cut: files.len() >= MAX_COMPARED, files })
    }

    fn push(&self, new: &NewCommit) -> Result<Pushed> {
        let tip = self.branch(&new.branch)?;
        if tip != new.expected {
            return Err(steps::moved(&self.client, &new.branch, tip.as_deref()));
        }
        let pushed = self.write(new)?;
        for _ in 0..2 {
            let (method, path, body) = match &new.expected {
                None => ("POST", "/git/refs".into(), json!({ "ref": format!("refs/heads/{}", new.branch), "sha": pushed.commit })),
                // Without force GitHub refuses to lose a commit that came in between.
                Some(_) => (
                    "PATCH",
                    format!("/git/refs/{}", uri_part(&format!("heads/{}", new.branch))),
                    json!({ "sha": pushed.commit, "force": false }),
                ),
            };
            let path = format!("{}{path}", self.root);
            let call = Call { method, path: &path, body: Some(body), doing: "move the branch", repeatable: false };
            match self.client.change::<raw::Ref>(&call) {
                Ok(_) => return Ok(pushed),
                Err(error) => match self.settle(new, &pushed.commit, error)? {
                    Next::Done => return Ok(pushed),
                    Next::Again => {}
                },
            }
        }
        let what = format!("GitHub twice did not move the branch {}", new.branch);
        Err(self.client.fault(Fault::Unavailable, &what, "run the command again later"))
    }

    fn delete_branch(&self, name: &str, expected: &str) -> Result<()> {
        let path = format!("{}/git/refs/{}", self.root, uri_part(&format!("heads/{name}")));
        steps::delete_branch(&self.client, self, &path, name, expected)
    }

    fn reviews(&self) -> Option<&dyn Reviews> {
        Some(self)
    }
}

impl Reviews for GitHub {
    fn account(&self) -> Result<Option<String>> {
        match self.client.get::<raw::User>("/user", "show the token's account") {
            Ok(user) => Ok(Some(user.login)),
            // Tokens of apps and workflows have no account, and who has no token has none either.
            Err(Error::Forge(e)) if [Fault::Permission, Fault::Credentials, Fault::Missing].contains(&e.fault) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn changed(&self, number: u64) -> Result<Vec<Changed>> {
        let path = format!("{}/pulls/{number}/files?per_page=100", self.root);
        Ok(self.client.list::<raw::ChangedFile>(&path, "list the pull request's files")?.into_iter().map(Changed::from).collect())
    }

    fn line_comments(&self, number: u64) -> Result<Vec<LineComment>> {
        let path = format!("{}/pulls/{number}/comments?per_page=100", self.root);
        Ok(self.client.list::<raw::LineNote>(&path, "list comments on lines")?.into_iter().map(LineComment::from).collect())
    }

    fn review(&self, number: u64, review: &NewReview) -> Result<()> {
        let comments = review.comments.iter().map(|comment| {
            let mut fields = json!({ "path": comment.path, "body": comment.body, "line": comment.last, "side": "RIGHT" });
            if comment.first < comment.last {
                // GitHub takes no range of one line.
                fields["start_line"] = json!(comment.first);
                fields["start_side"] = json!("RIGHT");
            }
            fields
        });
        let comments: Vec<Value> = comments.collect();
        // The lines are those of this commit, whatever has been pushed since.
        let body = json!({ "commit_id": review.commit, "event": "COMMENT", "body": review.body, "comments": comments });
        let path = format!("{}/pulls/{number}/reviews", self.root);
        let call = Call { method: "POST", path: &path, body: Some(body), doing: "review the pull request", repeatable: false };
        let is_there = |all: &[LineComment]| review.comments.iter().all(|new| all.iter().any(|c| steps::is_same_text(&c.body, &new.body)));
        let left = || Ok(is_there(&self.line_comments(number)?).then_some(Value::Null));
        self.client.change_once::<Value, Value>(&call, left).map(drop)
    }
}
