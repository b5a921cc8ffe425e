//! What forges say and what they are told: plain data, the same for every kind of forge.

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// `owner/name` as the forge writes it.
    pub full_name: String,
    /// Where people look at it.
    pub url: String,
    /// The branch that pull requests go to unless told otherwise.
    pub default_branch: String,
    /// Read only, for good.
    pub archived: bool,
    /// Blocked by the forge.
    pub disabled: bool,
    /// A copy of another repository.
    pub fork: bool,
    /// Whether the token may push; `None` if the forge does not say.
    pub can_push: Option<bool>,
}

/// States of a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waiting.
    Open,
    /// Closed without merging.
    Closed,
    /// Merged.
    Merged,
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// Its number within the repository.
    pub number: u64,
    /// Where people look at it.
    pub url: String,
    /// Its state.
    pub state: State,
    /// Not ready for review.
    pub draft: bool,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// Login of who opened it; empty if that account is gone.
    pub author: String,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// The branch it comes from: of this repository where it was found by that, else perhaps of a fork.
    pub head: String,
    /// The commit at the tip of that branch.
    pub head_commit: String,
    /// The branch it goes to.
    pub base: String,
    /// Whether it can be merged without conflicts; `None` if that is not known (yet), as in lists.
    pub mergeable: Option<bool>,
}

/// What a new pull request is to be.
#[derive(Clone, Debug)]
pub struct NewPull {
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// The branch it comes from.
    pub head: String,
    /// The branch it goes to.
    pub base: String,
    /// Not ready for review.
    pub draft: bool,
}

/// What changes in a pull request; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct PullChange {
    /// Its title.
    pub title: Option<String>,
    /// Its text.
    pub body: Option<String>,
    /// The branch it goes to.
    pub base: Option<String>,
}

/// A comment on a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its identifier.
    pub id: u64,
    /// Login of who wrote it; empty if that account is gone.
    pub author: String,
    /// Its text.
    pub body: String,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: String,
    /// The commits before it.
    pub parents: Vec<String>,
    /// Id of its tree; empty if the forge does not say.
    pub tree: String,
    /// Name and address of who wrote it.
    pub author: (String, String),
    /// The account that the forge takes for its author.
    pub login: Option<String>,
    /// Its message.
    pub message: String,
    /// Whether the forge trusts its signature; `None` if the forge does not say.
    pub verified: Option<bool>,
}

/// All files of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// Files, links and submodules; no folders.
    pub entries: Vec<Entry>,
    /// Whether the forge left some out because there are too many.
    pub truncated: bool,
}

/// A file of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Path from the root of the repository.
    pub path: String,
    /// What it is.
    pub mode: Mode,
    /// Id of its content.
    pub id: String,
}

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A file.
    File,
    /// A file that can be run.
    Program,
    /// A symbolic link.
    Link,
    /// A commit of another repository.
    Submodule,
}

impl Mode {
    /// From Git's number; `None` for folders and numbers that Git does not write.
    pub fn from_git(mode: &str) -> Option<Self> {
        match mode {
            "100644" | "100664" => Some(Self::File),
            "100755" => Some(Self::Program),
            "120000" => Some(Self::Link),
            "160000" => Some(Self::Submodule),
            _ => None,
        }
    }

    /// Git's number.
    pub fn as_git(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Program => "100755",
            Self::Link => "120000",
            Self::Submodule => "160000",
        }
    }
}

/// What separates two commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// How many commits the head has that the base does not have.
    pub ahead: u64,
    /// How many commits the base has that the head does not have; `None` if the forge does not say.
    pub behind: Option<u64>,
    /// Paths that differ between the head and what both have in common.
    pub files: Vec<String>,
    /// Whether the list of paths may have been cut.
    pub cut: bool,
}

/// A commit to be made.
#[derive(Clone, Debug)]
pub struct NewCommit {
    /// The branch that it goes on.
    pub branch: String,
    /// The commit that the branch is at; `None` makes the branch.
    pub expected: Option<String>,
    /// The commits before it, with the one that the branch is at first. Two make a merge, which brings a branch up to date with its
    /// base without rewriting it.
    pub parents: Vec<String>,
    /// The commit whose files it has, but for `files`.
    pub tree_of: String,
    /// Its message.
    pub message: String,
    /// What it changes.
    pub files: Vec<FileChange>,
}

/// New bytes for a file.
#[derive(Clone, Debug)]
pub struct FileChange {
    /// Path from the root of the repository.
    pub path: String,
    /// Whether it can be run; a change keeps what the file had.
    pub program: bool,
    /// Id of the content that is replaced; `None` for a new file.
    pub old: Option<String>,
    /// All its bytes.
    pub bytes: Vec<u8>,
}

impl FileChange {
    /// What its entry in a tree is.
    pub fn mode(&self) -> Mode {
        if self.program { Mode::Program } else { Mode::File }
    }
}

/// A commit that is on its branch now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Its id.
    pub commit: String,
    /// Whether the forge trusts its signature; `None` if the forge does not say.
    pub verified: Option<bool>,
}

/// A file that a pull request changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its path on the head.
    pub path: String,
    /// Whether the head has it no more.
    pub is_removed: bool,
    /// The hunks of its diff; `None` if the forge does not show them, as of large files.
    pub patch: Option<String>,
}

/// A comment on lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineComment {
    /// Login of who wrote it; empty if that account is gone.
    pub author: String,
    /// Its text.
    pub body: String,
    /// Path of the file.
    pub path: String,
    /// The last line that it is about, from 1; `None` if that line is not part of the diff any more.
    pub line: Option<u64>,
}

/// A review to be made: it neither approves nor blocks.
#[derive(Clone, Debug)]
pub struct NewReview {
    /// The commit whose lines are meant.
    pub commit: String,
    /// What it says above its comments.
    pub body: String,
    /// Its comments.
    pub comments: Vec<NewLineComment>,
}

/// A comment on lines to be made. The lines are those of the head's file, in one hunk of its diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLineComment {
    /// Path of the file.
    pub path: String,
    /// First line, from 1.
    pub first: usize,
    /// Last line.
    pub last: usize,
    /// Its text.
    pub body: String,
}
