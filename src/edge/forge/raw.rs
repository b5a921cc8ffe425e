//! What GitHub answers, as far as it is read. Gitea answers the same, with more left out.

use super::{Changed, Comment, Commit, Entry, LineComment, Mode, Pull, Repository, State, Tree};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct About {
    full_name: String,
    html_url: String,
    /// None in a list, if there is no commit.
    default_branch: Option<String>,
    /// Gitea names a default branch also where there is none yet.
    #[serde(default)]
    empty: bool,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    disabled: bool,
    #[serde(default)]
    fork: bool,
    permissions: Option<Permissions>,
}

#[derive(Deserialize)]
struct Permissions {
    push: bool,
}

impl From<About> for Repository {
    fn from(raw: About) -> Self {
        Self {
            full_name: raw.full_name,
            url: raw.html_url,
            default_branch: raw.default_branch.filter(|_| !raw.empty).unwrap_or_default(),
            archived: raw.archived,
            disabled: raw.disabled,
            fork: raw.fork,
            can_push: raw.permissions.map(|p| p.push),
        }
    }
}

/// Something with an id.
#[derive(Deserialize)]
pub(super) struct Id {
    pub(super) sha: String,
}

/// Something with a name.
#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) login: String,
}

#[derive(Deserialize)]
pub(super) struct Request {
    number: u64,
    html_url: String,
    state: String,
    merged_at: Option<String>,
    #[serde(default)]
    draft: bool,
    title: String,
    body: Option<String>,
    user: Option<User>,
    labels: Option<Vec<Named>>,
    pub(super) head: Side,
    pub(super) base: Side,
    mergeable: Option<bool>,
}

/// An end of a pull request.
#[derive(Deserialize)]
pub(super) struct Side {
    #[serde(rename = "ref")]
    pub(super) branch: String,
    #[serde(default)]
    sha: String,
    /// None if the fork that it comes from was deleted.
    repo: Option<SideRepository>,
}

#[derive(Deserialize)]
struct SideRepository {
    full_name: String,
}

impl Request {
    /// Whether it comes from a branch of this repository. A server that ignores a filter answers those of others too.
    pub(super) fn is_from(&self, full_name: &str, branch: &str) -> bool {
        self.head.branch == branch && self.head.repo.as_ref().is_some_and(|repo| repo.full_name.eq_ignore_ascii_case(full_name))
    }
}

impl From<Request> for Pull {
    fn from(raw: Request) -> Self {
        let state = match (raw.state.as_str(), raw.merged_at) {
            (_, Some(_)) => State::Merged,
            ("open", None) => State::Open,
            _ => State::Closed,
        };
        Self {
            number: raw.number,
            url: raw.html_url,
            state,
            draft: raw.draft,
            title: raw.title,
            body: raw.body.unwrap_or_default(),
            author: raw.user.map(|u| u.login).unwrap_or_default(),
            labels: raw.labels.into_iter().flatten().map(|l| l.name).collect(),
            head: raw.head.branch,
            head_commit: raw.head.sha,
            base: raw.base.branch,
            mergeable: raw.mergeable,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Note {
    id: u64,
    body: Option<String>,
    user: Option<User>,
}

impl From<Note> for Comment {
    fn from(raw: Note) -> Self {
        Self { id: raw.id, author: raw.user.map(|u| u.login).unwrap_or_default(), body: raw.body.unwrap_or_default() }
    }
}

#[derive(Deserialize)]
pub(super) struct LineNote {
    path: String,
    line: Option<u64>,
    body: Option<String>,
    user: Option<User>,
}

impl From<LineNote> for LineComment {
    fn from(raw: LineNote) -> Self {
        let author = raw.user.map(|u| u.login).unwrap_or_default();
        Self { author, body: raw.body.unwrap_or_default(), path: raw.path, line: raw.line }
    }
}

#[derive(Deserialize)]
pub(super) struct ChangedFile {
    filename: String,
    status: String,
    patch: Option<String>,
}

impl From<ChangedFile> for Changed {
    fn from(raw: ChangedFile) -> Self {
        Self { path: raw.filename, is_removed: raw.status == "removed", patch: raw.patch }
    }
}

/// A commit with the account that made it.
#[derive(Deserialize)]
pub(super) struct ListedCommit {
    sha: String,
    parents: Option<Vec<Id>>,
    commit: Inner,
    author: Option<Account>,
}

/// An account, or the empty object that stands for none.
#[derive(Deserialize)]
struct Account {
    login: Option<String>,
}

#[derive(Deserialize)]
struct Inner {
    message: String,
    author: Option<Person>,
    tree: Option<Id>,
    verification: Option<Verification>,
}

/// A commit as Git has it.
#[derive(Deserialize)]
pub(super) struct GitCommit {
    pub(super) sha: String,
    message: String,
    author: Option<Person>,
    tree: Id,
    parents: Vec<Id>,
    pub(super) verification: Option<Verification>,
}

#[derive(Deserialize)]
struct Person {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
}

#[derive(Deserialize)]
pub(super) struct Verification {
    pub(super) verified: bool,
}

fn ids(ids: Vec<Id>) -> Vec<String> {
    ids.into_iter().map(|id| id.sha).collect()
}

fn person(person: Option<Person>) -> (String, String) {
    person.map(|p| (p.name, p.email)).unwrap_or_default()
}

impl From<ListedCommit> for Commit {
    fn from(raw: ListedCommit) -> Self {
        Self {
            id: raw.sha,
            parents: ids(raw.parents.unwrap_or_default()),
            tree: raw.commit.tree.map(|t| t.sha).unwrap_or_default(),
            author: person(raw.commit.author),
            login: raw.author.and_then(|a| a.login),
            message: raw.commit.message,
            verified: raw.commit.verification.map(|v| v.verified),
        }
    }
}

impl From<GitCommit> for Commit {
    fn from(raw: GitCommit) -> Self {
        Self {
            id: raw.sha,
            parents: ids(raw.parents),
            tree: raw.tree.sha,
            author: person(raw.author),
            login: None,
            message: raw.message,
            verified: raw.verification.map(|v| v.verified),
        }
    }
}

/// A branch or tag, as Git has it.
#[derive(Deserialize)]
pub(super) struct Ref {
    pub(super) object: Id,
}

#[derive(Deserialize)]
pub(super) struct Listing {
    pub(super) tree: Vec<Item>,
    #[serde(default)]
    pub(super) truncated: bool,
}

#[derive(Deserialize)]
pub(super) struct Item {
    path: String,
    mode: String,
    /// Left out for submodules by some versions.
    #[serde(default)]
    sha: String,
}

impl From<Listing> for Tree {
    fn from(raw: Listing) -> Self {
        Self { entries: raw.tree.into_iter().filter_map(Item::entry).collect(), truncated: raw.truncated }
    }
}

impl Item {
    /// The entry, if it is no folder.
    fn entry(self) -> Option<Entry> {
        Some(Entry { mode: Mode::from_git(&self.mode)?, path: self.path, id: self.sha })
    }
}

#[derive(Deserialize)]
pub(super) struct Blob {
    content: String,
    encoding: String,
}

impl Blob {
    /// Its bytes, if they are written as the API promises.
    pub(super) fn decode(&self) -> Option<Vec<u8>> {
        let text: String = self.content.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        (self.encoding == "base64").then(|| BASE64.decode(text).ok()).flatten()
    }
}

#[derive(Deserialize)]
pub(super) struct Comparison {
    pub(super) ahead_by: u64,
    pub(super) behind_by: u64,
    #[serde(default)]
    pub(super) files: Vec<File>,
}

#[derive(Deserialize)]
pub(super) struct File {
    pub(super) filename: String,
}
