//! What is read of a checkout. It may be a stranger's, so Git itself never looks at it as a repository:
//! its settings could name programs. This list is all there is:
//!
//! - where it is: `.git`, as a folder or as the file of a linked one, and `commondir`
//! - its commit and branch: `HEAD` and the references
//! - single values of its settings, each by its name: [`Checkout::setting`]
//! - its objects, by their ids, through a repository of ours: see [`super::store`]
//! - the names that it ignores: `info/exclude`
//!
//! All of it lies in its own folders: a link that leads out of them, and another repository that is named as a store of objects, are not
//! followed. Else a folder with a `.git` of its own making could show what is in any repository of the machine.

use super::words::{failed, no_checkout, not_own};
use crate::edge::disk;
use crate::error::{Error, Fault, ForgeError, Result};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// How many references may name each other before one names a commit.
const MAX_LINKS: usize = 5;
/// How deep objects lie in folders: `objects/pack/` and the like.
const OBJECT_FOLDERS: usize = 2;

/// A checkout's places.
#[derive(Debug)]
pub(super) struct Checkout {
    /// The root of its files.
    pub(super) top: PathBuf,
    /// What is its own: `HEAD`.
    pub(super) folder: PathBuf,
    /// What all work trees of the repository have in common: objects, references, settings.
    common: PathBuf,
}

/// What is checked out.
pub(super) struct Head {
    /// The branch, unless it is a single commit.
    pub(super) branch: Option<String>,
    /// The commit, if the branch has any.
    pub(super) commit: Option<String>,
}

impl Checkout {
    /// The checkout that a folder is in.
    ///
    /// Errors: there is none, or what is there leads to the repository of another folder.
    pub(super) fn around(folder: &Path) -> Result<Self> {
        let real = fs::canonicalize(folder).map_err(|e| failed("find the checkout", &e.to_string()))?;
        let checkout = real.ancestors().find_map(Self::named_in).ok_or_else(no_checkout)?;
        if checkout.is_own() { Ok(checkout) } else { Err(not_own(&checkout.top, &checkout.folder)) }
    }

    /// The checkout whose root a folder is, if it is one.
    pub(super) fn at(top: &Path) -> Option<Self> {
        Self::named_in(&fs::canonicalize(top).ok()?).filter(Self::is_own)
    }

    /// What the `.git` of a folder leads to.
    fn named_in(top: &Path) -> Option<Self> {
        let named = top.join(".git");
        let is_whole = fs::metadata(&named).ok()?.is_dir();
        let folder = if is_whole { named } else { top.join(one_line(&named)?.strip_prefix("gitdir: ")?) };
        let folder = fs::canonicalize(folder).ok()?;
        let common = match one_line(&folder.join("commondir")) {
            Some(path) => fs::canonicalize(folder.join(path)).ok()?,
            None => folder.clone(),
        };
        let is_repository = fs::symlink_metadata(folder.join("HEAD")).is_ok() && common.join("objects").is_dir();
        is_repository.then(|| Self { top: top.to_owned(), folder, common })
    }

    /// Whether the repository is that of this folder: it lies in it, or in the one of which this is a submodule, or it names this folder
    /// as one that it is linked to, or it was made apart from any folder (`git clone --separate-git-dir`) and is no bare one.
    fn is_own(&self) -> bool {
        let is_within = self.top.ancestors().any(|above| self.folder.starts_with(above.join(".git")));
        let back = one_line(&self.folder.join("gitdir")).and_then(|path| fs::canonicalize(self.folder.join(path)).ok());
        let is_linked = back.is_some_and(|back| fs::canonicalize(self.top.join(".git")).is_ok_and(|own| own == back));
        let is_apart = self.folder.iter().all(|part| part != ".git") && self.folder.join("index").is_file();
        (is_within || is_linked || is_apart) && self.folder.starts_with(&self.common)
    }

    /// Whether a file or folder of it is in its own folders, whatever links lead to it.
    fn holds(&self, path: &Path) -> bool {
        fs::canonicalize(path).is_ok_and(|real| real.starts_with(&self.common))
    }

    /// The folder with its objects.
    pub(super) fn objects(&self) -> PathBuf {
        self.common.join("objects")
    }

    /// Errors: something among the objects is no file, such as a pipe, at which Git would wait, or is elsewhere.
    pub(super) fn expect_files(&self) -> Result<()> {
        if !self.holds(&self.objects()) {
            return Err(not_own(&self.top, &self.objects()));
        }
        let mut folders = vec![(self.objects(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            let entries = fs::read_dir(&folder).map_err(|e| failed("look at the objects", &e.to_string()))?;
            for entry in entries {
                let path = entry.map_err(|e| failed("look at the objects", &e.to_string()))?.path();
                // A link that leads nowhere is no object.
                let Ok(kind) = fs::metadata(&path) else { continue };
                if fs::symlink_metadata(&path).is_ok_and(|own| own.is_symlink()) && !self.holds(&path) {
                    return Err(not_own(&self.top, &path));
                }
                if kind.is_dir() && depth < OBJECT_FOLDERS {
                    folders.push((path, depth + 1));
                } else if !kind.is_dir() && !kind.is_file() {
                    let why = format!("{} is no file", path.display());
                    return Err(failed("read the objects", &why));
                }
            }
        }
        Ok(())
    }

    /// The file of names that it ignores, if it is one.
    pub(super) fn exclude(&self) -> Option<PathBuf> {
        Some(self.common.join("info/exclude")).filter(|path| path.is_file() && self.holds(path))
    }

    /// The file with its settings, if it is one.
    pub(super) fn settings(&self) -> Option<PathBuf> {
        Some(self.common.join("config")).filter(|path| path.is_file() && self.holds(path))
    }

    /// Its branch and commit.
    ///
    /// Errors: they are kept in a way that only Git can read.
    pub(super) fn head(&self) -> Result<Head> {
        let line = self.line(&self.folder.join("HEAD")).ok_or_else(|| failed("find the commit", "HEAD cannot be read"))?;
        let Some(name) = line.strip_prefix("ref: ") else {
            return if is_id(&line) {
                Ok(Head { branch: None, commit: Some(line) })
            } else {
                Err(failed("find the commit", "HEAD names none"))
            };
        };
        if self.common.join("reftable").exists() {
            let what = "the checkout keeps its references as a reftable, which is not read".to_owned();
            let remedy = "clone it again with `--ref-format=files`, or name it with --repo OWNER/NAME".to_owned();
            return Err(ForgeError { fault: Fault::Invalid, what, remedy, status: None, retry_at: None }.into());
        }
        let branch = name.strip_prefix("refs/heads/").map(str::to_owned);
        Ok(Head { branch, commit: self.reference(name, MAX_LINKS)? })
    }

    /// The first line of a small file of its own.
    fn line(&self, path: &Path) -> Option<String> {
        one_line(path).filter(|_| self.holds(path))
    }

    /// The commit that a reference names, if there is such a one.
    fn reference(&self, name: &str, links: usize) -> Result<Option<String>> {
        if !is_reference(name) || links == 0 {
            return Err(failed("find the commit", "HEAD leads nowhere"));
        }
        let Some(line) = self.line(&self.folder.join(name)).or_else(|| self.line(&self.common.join(name))) else {
            return self.packed(name);
        };
        match line.strip_prefix("ref: ") {
            Some(other) => self.reference(other, links - 1),
            None if is_id(&line) => Ok(Some(line)),
            None => Err(failed("find the commit", "a reference names none")),
        }
    }

    /// The same in the file that has many of them.
    fn packed(&self, name: &str) -> Result<Option<String>> {
        let file = self.common.join("packed-refs");
        if !self.holds(&file) {
            return Ok(None);
        }
        let file = match disk::open(&file) {
            Ok(file) => file,
            Err(Error::Read { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        for line in BufReader::new(file).lines() {
            let line = line.map_err(|e| failed("find the commit", &e.to_string()))?;
            if let Some((id, _)) = line.split_once(' ').filter(|(id, of)| *of == name && is_id(id)) {
                return Ok(Some(id.to_owned()));
            }
        }
        Ok(None)
    }
}

/// The first line of a small file; `None` if it is no file, or is not there.
fn one_line(path: &Path) -> Option<String> {
    let text = disk::read(path).ok()?;
    text.file().text().lines().next().map(|line| line.trim_end().to_owned())
}

/// Whether this is the name of a reference, which leads out of no folder.
fn is_reference(name: &str) -> bool {
    name.starts_with("refs/") && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.')) && !name.contains(['\\', '\0'])
}

/// Whether this is the id of an object.
pub(super) fn is_id(text: &str) -> bool {
    [40, 64].contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}
