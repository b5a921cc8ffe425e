//! Git in a checkout: what a bot reads there, commits that touch neither the work tree nor the index, and pushes that lose nothing.
//!
//! A checkout may be a stranger's, and no program runs that it names. So Git never works in it: it works in a
//! repository of our own (`store`) that sees the checkout's objects and that has settings of ours. What else
//! is taken from a checkout is a short list, in `checkout`. The settings of the person who runs this hold,
//! with their credentials, proxies and short names of addresses.

mod checkout;
mod compare;
mod network;
mod store;
mod words;

use crate::edge::disk;
use crate::edge::forge::{Entry, FileChange, Mode, Token, Tree};
use crate::error::Result;
use checkout::{Checkout, is_id};
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use store::Store;
use words::failed;

/// Whether the commit that is checked out around a file has exactly these bytes for it.
///
/// Errors: there is no Git, or no checkout; Ctrl-C.
pub fn has_committed(file: &Path, bytes: &[u8]) -> Result<bool> {
    let Some(real) = disk::real_path(file) else { return Ok(false) };
    Git::open(real.parent().unwrap_or(&real), None)?.has_file(&real, bytes)
}

/// A checkout.
#[derive(Debug)]
pub struct Git {
    checkout: Checkout,
    store: Store,
}

impl Git {
    /// The checkout that a folder is in. The token, if any, is for the web addresses of its remotes.
    ///
    /// Errors: there is no Git, or no checkout.
    pub fn open(folder: &Path, token: Option<Token>) -> Result<Self> {
        Self::over(Checkout::around(folder)?, token)
    }

    fn over(checkout: Checkout, token: Option<Token>) -> Result<Self> {
        Ok(Self { store: Store::over(&checkout, token)?, checkout })
    }

    /// The same with a token for the web addresses of its remotes.
    #[must_use]
    pub fn with_token(mut self, token: Option<Token>) -> Self {
        self.store.token = token;
        self
    }

    /// The root of the checkout.
    pub fn top(&self) -> &Path {
        &self.checkout.top
    }

    /// The branch that is checked out; `None` if it is a single commit.
    pub fn current_branch(&self) -> Result<Option<String>> {
        Ok(self.checkout.head()?.branch)
    }

    /// The commit that is checked out; `None` if there is none yet.
    pub fn head(&self) -> Result<Option<String>> {
        Ok(self.checkout.head()?.commit)
    }

    /// Whether a commit is here with all its files.
    pub fn has(&self, commit: &str) -> Result<bool> {
        if !is_id(commit) {
            return Ok(false);
        }
        let mut command = self.store.command(["rev-list", "--objects", "--no-walk", "--quiet", "--end-of-options"]);
        command.arg(format!("{commit}^{{commit}}"));
        Ok(self.store.run(command, None, "find a commit")?.status.success())
    }

    /// All files of a commit. Names that are no UTF-8 are left out, as no forge's interface has them.
    pub fn tree(&self, commit: &str) -> Result<Tree> {
        let mut command = self.store.command(["ls-tree", "-r", "-z", "--full-tree", "--end-of-options"]);
        command.arg(commit);
        let output = self.store.good(command, None, "list the files of a commit")?;
        let entry = |line: &[u8]| {
            let (about, path) = std::str::from_utf8(line).ok()?.split_once('\t')?;
            let mut parts = about.split(' ');
            let (mode, _, id) = (parts.next()?, parts.next()?, parts.next()?);
            Some(Entry { path: path.to_owned(), mode: Mode::from_git(mode)?, id: id.to_owned() })
        };
        Ok(Tree { entries: output.stdout.split(|b| *b == 0).filter_map(entry).collect(), truncated: false })
    }

    /// Whether a file of the checkout has exactly these bytes in the commit that is checked out.
    fn has_file(&self, file: &Path, bytes: &[u8]) -> Result<bool> {
        let (Some(commit), Ok(path)) = (self.head()?, file.strip_prefix(self.top())) else { return Ok(false) };
        let mut name = OsString::from(commit + ":");
        name.push(path);
        let mut command = self.store.command(["cat-file", "blob"]);
        command.arg(name);
        let output = self.store.run(command, None, "read a file of a commit")?;
        Ok(output.status.success() && output.stdout == bytes)
    }

    /// The bytes of a file, by the id that its tree has for it.
    pub fn file(&self, id: &str) -> Result<Vec<u8>> {
        let mut command = self.store.command(["cat-file", "blob"]);
        command.arg(id);
        Ok(self.store.good(command, None, "read a file of a commit")?.stdout)
    }

    /// Makes a commit that has the files of another one but for some, to be pushed. The checkout stays as it is.
    ///
    /// Errors: a changed file is a link or a submodule there, or nobody says who the author is.
    pub fn commit(&self, tree_of: &str, parents: &[&str], files: &[FileChange], message: &str) -> Result<String> {
        let index = self.store.file("committed");
        let with_index = |mut command: Command| {
            command.env("GIT_INDEX_FILE", &index);
            command
        };
        let mut command = with_index(self.store.command(["read-tree", "--end-of-options"]));
        command.arg(tree_of);
        self.store.good(command, None, "read the files of a commit")?;
        let mut entries = Vec::new();
        for file in files {
            self.refuse_links(tree_of, file)?;
            let store = self.store.command(["hash-object", "-w", "--no-filters", "--stdin"]);
            let id = self.store.text(store, Some(&file.bytes), "store a file")?;
            entries.extend(format!("{} {id}\t{}\0", file.mode().as_git(), file.path).into_bytes());
        }
        let update = with_index(self.store.command(["update-index", "-z", "--index-info"]));
        self.store.good(update, Some(&entries), "put files into a commit")?;
        let tree = self.store.text(with_index(self.store.command(["write-tree"])), None, "store a folder")?;
        let mut command = self.store.command(self.author()?);
        command.args(["commit-tree", "--no-gpg-sign"]);
        for parent in parents {
            command.args(["-p", parent]);
        }
        command.args(["-F", "-", &tree]);
        self.store.text(command, Some(message.as_bytes()), "make a commit")
    }

    /// Options of Git with the author whom the checkout names. Variables such as `GIT_AUTHOR_NAME` count before them.
    fn author(&self) -> Result<Vec<String>> {
        let mut options = Vec::new();
        for name in ["user.name", "user.email"] {
            if let Some(value) = self.store.setting(&self.checkout, name)? {
                options.extend(["-c".to_owned(), format!("{name}={value}")]);
            }
        }
        Ok(options)
    }

    /// Stops at a file that is a link, a folder or a submodule in a commit.
    fn refuse_links(&self, tree_of: &str, file: &FileChange) -> Result<()> {
        let mut command = self.store.command(["ls-tree", "-z", "--full-tree", "--end-of-options"]);
        command.arg(tree_of).arg("--").arg(&file.path);
        let output = self.store.good(command, None, "look at a file")?;
        let entry = String::from_utf8_lossy(&output.stdout).into_owned();
        let mode = entry.split(' ').next().unwrap_or_default();
        if entry.is_empty() || mode == "100644" || mode == "100755" {
            return Ok(());
        }
        Err(failed("change a file", &format!("{} is no regular file in the commit", file.path)))
    }
}
