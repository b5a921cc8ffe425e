//! The files of a commit as a source for plans, read from a checkout's own store of objects or through a forge. Nothing of it is put on
//! the disk, and nobody's work tree is touched.

use super::forge::{Entry, Forge, Mode};
use super::git::Git;
use crate::error::{Error, Result};
use crate::plan::source::{Listing, has_below};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

/// What a file starts with that Git LFS put there in place of another one.
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// Where a commit's files come from.
pub enum Origin<'o> {
    /// A checkout's own store.
    Git(&'o Git),
    /// The forge.
    Forge(&'o dyn Forge),
}

/// The files of a commit. Links and submodules are none: nothing is read through them. Each file is fetched when it is first asked for.
pub struct CommitFiles<'o> {
    origin: Origin<'o>,
    entries: BTreeMap<String, Entry>,
    fetched: RefCell<HashMap<String, Vec<u8>>>,
}

impl<'o> CommitFiles<'o> {
    /// Lists the files of a commit; none is fetched yet.
    ///
    /// Errors: those of the origin; there are more files than a forge lists.
    pub fn new(origin: Origin<'o>, commit: &str) -> Result<Self> {
        let tree = match &origin {
            Origin::Git(git) => git.tree(commit)?,
            Origin::Forge(forge) => forge.tree(commit)?,
        };
        if tree.truncated {
            let hint = "check the repository out and run `rofs-harden pr` in it".to_owned();
            return Err(Error::Impossible("the repository has more files than its forge lists".into(), Some(hint.into())));
        }
        let entries = tree.entries.into_iter().filter(|entry| is_safe(&entry.path)).map(|entry| (entry.path.clone(), entry)).collect();
        Ok(Self { origin, entries, fetched: RefCell::default() })
    }

    /// What a path of the commit is, if it is there.
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// The paths of all regular files, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.values().filter(|entry| is_file(entry)).map(|entry| entry.path.as_str())
    }
}

impl Listing for CommitFiles<'_> {
    fn what(&self) -> &'static str {
        "the repository"
    }

    fn has(&self, name: &str) -> bool {
        self.entry(name).is_some_and(is_file)
    }

    fn has_below(&self, folder: &str) -> bool {
        has_below(&self.entries, folder)
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        if let Some(bytes) = self.fetched.borrow().get(name) {
            return Ok(bytes.clone());
        }
        let Some(entry) = self.entries.get(name) else { return Ok(Vec::new()) };
        let bytes = match &self.origin {
            Origin::Git(git) => git.file(&entry.id)?,
            Origin::Forge(forge) => forge.file(&entry.id)?,
        };
        if bytes.starts_with(LFS) {
            let hint = "only files that Git itself keeps can be changed".to_owned();
            return Err(Error::Refused { path: name.into(), reason: "Git LFS keeps it, and here is only its address".into(), hint });
        }
        self.fetched.borrow_mut().insert(name.to_owned(), bytes.clone());
        Ok(bytes)
    }
}

fn is_file(entry: &Entry) -> bool {
    matches!(entry.mode, Mode::File | Mode::Program)
}

/// Whether a path of a tree stays within its folder, on every file system. Git itself refuses the others, a forge's answer may hold any.
fn is_safe(path: &str) -> bool {
    let is_safe = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.eq_ignore_ascii_case(".git");
    !path.contains(['\0', '\\']) && path.split('/').all(is_safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_away_are_not_taken() {
        for path in ["compose.yaml", "a/b c/compose.yml", "a/..b/x", ".github/x", "a:b"] {
            assert!(is_safe(path), "{path}");
        }
        for path in ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", ".git/config", "a/.GIT/hooks/x", "a\\..\\b", "a\0b", "a/"] {
            assert!(!is_safe(path), "{path}");
        }
    }
}
