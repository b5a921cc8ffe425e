//! Files that have names and nothing else: no links, no owners, no disk. A commit is such a list, and so is a map in memory.

use super::{FileSource, Kind, Loaded, Outside, State, Unread, text_file};
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// The folder that holds all files of a list. What a path names is found by its parts, so the one folder is the top.
const TOP: &str = "/";

/// A list of files, by paths that are relative to its top, without detours and with `/` between their parts.
pub trait Listing {
    /// What the list is, as it is said: `the repository`.
    fn what(&self) -> &'static str;

    /// Whether there is a file, or something that is not read, of this name.
    fn has(&self, name: &str) -> bool;

    /// Whether there is a file below a folder of this name, which is not empty.
    fn has_below(&self, folder: &str) -> bool;

    /// The bytes of a file that is there.
    ///
    /// Errors: no further file can be read, or must be.
    fn bytes(&self, name: &str) -> Result<Vec<u8>>;
}

/// A path as a list has it: relative to its top and without detours; empty for the top. `None` where it leads out of it.
pub fn name_below(path: &Path) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()?),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// The failure to read a file that is not in the list.
fn missing(path: &Path) -> Error {
    Error::Read { path: path.to_owned(), reason: "no such file".to_owned() }
}

/// Reads the file of this name, which `path` stands for; without one, that leads outside.
fn load(list: &impl Listing, path: &Path, name: Option<String>) -> Result<Loaded, Unread> {
    let Some(name) = name else {
        return Err(Unread::Outside(Outside { path: path.to_owned(), of: list.what().to_owned(), wider: None }));
    };
    if !list.has(&name) {
        let is_folder = name.is_empty() || list.has_below(&name);
        let folder = Error::NotAFile { path: path.to_owned(), kind: "a directory" };
        return Err(Unread::Failed(if is_folder { folder } else { missing(path) }));
    }
    let bytes = list.bytes(&name).map_err(Unread::Stopped)?;
    let file = text_file(&path.to_string_lossy(), bytes).map_err(Unread::Failed)?;
    Ok(Loaded::new(path, file, State::InMemory))
}

/// The folder that stands for the top is no part of what a file may name, but it is what this source calls its own files.
fn own_name(path: &Path) -> Option<String> {
    name_below(path.strip_prefix(TOP).unwrap_or(path))
}

impl<T: Listing> FileSource for T {
    fn here(&self) -> Result<PathBuf> {
        Ok(TOP.into())
    }

    fn kind(&self, path: &Path) -> Result<Option<Kind>> {
        let Some(name) = own_name(path) else { return Ok(None) };
        let is_folder = name.is_empty() || self.has_below(&name);
        Ok(if is_folder { Some(Kind::Folder) } else { self.has(&name).then_some(Kind::File) })
    }

    fn real_path(&self, path: &Path) -> Result<PathBuf> {
        let name = own_name(path).filter(|name| name.is_empty() || self.has(name) || self.has_below(name));
        name.map(|name| Path::new(TOP).join(name)).ok_or_else(|| missing(path))
    }

    fn root_of(&self, _: &Path) -> Result<PathBuf> {
        Ok(TOP.into())
    }

    fn read(&self, path: &Path) -> Result<Loaded> {
        match load(self, path, own_name(path)) {
            Ok(loaded) => Ok(loaded),
            Err(Unread::Outside(_)) => Err(missing(path)),
            Err(Unread::Failed(error) | Unread::Stopped(error)) => Err(error),
        }
    }

    fn read_inside(&self, roots: &[PathBuf], path: &Path) -> Result<Loaded, Unread> {
        let is_inside = |name: &String| roots.iter().any(|root| Path::new(TOP).join(name).starts_with(root));
        load(self, path, name_below(path).filter(is_inside))
    }

    fn absent(&self, path: &Path) -> Result<Loaded> {
        Loaded::absent(path)
    }
}

/// Files in memory, by their paths: for tests, for a page in a browser.
#[derive(Clone, Debug, Default)]
pub struct MapFiles {
    files: BTreeMap<String, Vec<u8>>,
}

impl MapFiles {
    /// Puts a file there. Returns whether the path is one below the top.
    pub fn put(&mut self, path: impl AsRef<Path>, bytes: impl Into<Vec<u8>>) -> bool {
        let name = name_below(path.as_ref()).filter(|name| !name.is_empty());
        name.map(|name| self.files.insert(name, bytes.into())).is_some()
    }
}

impl<P: AsRef<Path>, B: Into<Vec<u8>>> FromIterator<(P, B)> for MapFiles {
    /// Files of paths that lead out of the top are left out: nobody could ask for them.
    fn from_iter<I: IntoIterator<Item = (P, B)>>(files: I) -> Self {
        let mut map = Self::default();
        for (path, bytes) in files {
            map.put(path, bytes);
        }
        map
    }
}

impl Listing for MapFiles {
    fn what(&self) -> &'static str {
        "the project"
    }

    fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    fn has_below(&self, folder: &str) -> bool {
        has_below(&self.files, folder)
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        Ok(self.files.get(name).cloned().unwrap_or_default())
    }
}

/// Whether a sorted list has a file below a folder.
pub fn has_below<V>(files: &BTreeMap<String, V>, folder: &str) -> bool {
    let start = format!("{folder}/");
    files.range(start.clone()..).next().is_some_and(|(name, _)| name.starts_with(&start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> MapFiles {
        [("compose.yaml", "a"), ("a/b/compose.yaml", "b"), ("a-c", "c")].into_iter().collect()
    }

    #[test]
    fn folders_are_what_files_are_below() {
        for (path, kind) in [
            ("", Some(Kind::Folder)),
            (".", Some(Kind::Folder)),
            ("a", Some(Kind::Folder)),
            ("./a/b/", Some(Kind::Folder)),
            ("a/../compose.yaml", Some(Kind::File)),
            ("/a/b/compose.yaml", Some(Kind::File)),
            ("a-", None),
            ("compose.yaml/x", None),
            ("../compose.yaml", None),
        ] {
            assert_eq!(map().kind(Path::new(path)).expect("known"), kind, "{path}");
        }
    }

    #[test]
    fn what_leads_out_is_outside_and_what_is_not_there_is_missing() {
        let said = |path: &str| match map().read_inside(&[TOP.into()], Path::new(path)) {
            Ok(loaded) => loaded.file().text().to_owned(),
            Err(Unread::Outside(outside)) => format!("outside {}", outside.of),
            Err(Unread::Failed(error) | Unread::Stopped(error)) => error.to_string(),
        };
        assert_eq!(said("a/b/../../compose.yaml"), "a");
        for path in ["../compose.yaml", "a/../../x", "/compose.yaml", "/etc/passwd"] {
            assert_eq!(said(path), "outside the project", "{path}");
        }
        assert_eq!(said("a/x"), "cannot read a/x: no such file");
        assert_eq!(said("a/b"), "cannot read a/b: it is a directory");
    }
}
