//! The files of a project in memory. The core asks for files ([`super::Project::wanted`]); whoever has a disk adds them here.

use super::env::Env;
use crate::remedy::Remedy;
use crate::text::FileId;
use crate::yaml::Stream;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// One Compose file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path: relative to where the program runs, or absolute; without `.` and inner `..`.
    pub path: PathBuf,
    /// Its nodes.
    pub stream: Arc<Stream>,
    /// Why it must not be edited, if so.
    pub locked: Option<String>,
}

/// A file that the project names and that was not added yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// A Compose file, for `extends` or `include`.
    Compose(PathBuf),
    /// A file of variables.
    Env(PathBuf),
}

impl From<String> for NotRead {
    fn from(why: String) -> Self {
        Self { why, help: None }
    }
}

/// The files that a project is read from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
    by_path: HashMap<PathBuf, FileId>,
    layers: Vec<FileId>,
    directory: PathBuf,
    env: Arc<Env>,
    env_files: HashMap<PathBuf, String>,
    missing: HashMap<PathBuf, String>,
    outside: HashMap<PathBuf, NotRead>,
    /// What counts for the whole project and is not read.
    unread: Vec<NotRead>,
}

/// Why a file is not read though Compose would read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRead {
    /// Which file, and why.
    pub why: String,
    /// What to do about it.
    pub help: Option<Remedy>,
}

impl Sources {
    /// A project in `directory`, which relative paths in its files start from, with these variables.
    pub fn new(directory: &Path, env: Env) -> Self {
        Self { directory: directory.to_owned(), env: Arc::new(env), ..Self::default() }
    }

    /// A project of one file, whose number must be 0, without variables.
    pub fn single(stream: Stream) -> Self {
        let mut sources = Self::default();
        sources.add_layer(Path::new(""), stream, None);
        sources
    }

    /// The number that the next file must be parsed with.
    pub fn next_id(&self) -> FileId {
        FileId(self.files.len() as u32)
    }

    /// Adds a file, parsed with [`Sources::next_id`].
    pub fn add(&mut self, path: &Path, stream: Stream, locked: Option<String>) -> FileId {
        let id = self.next_id();
        self.by_path.insert(clean(path), id);
        self.files.push(Source { path: path.to_owned(), stream: Arc::new(stream), locked });
        id
    }

    /// Adds a file as the last layer.
    pub fn add_layer(&mut self, path: &Path, stream: Stream, locked: Option<String>) -> FileId {
        let id = self.add(path, stream, locked);
        self.layers.push(id);
        id
    }

    /// Makes a file that is there already a layer as well.
    pub fn repeat_layer(&mut self, id: FileId) {
        self.layers.push(id);
    }

    /// Adds a file of variables.
    pub fn add_env(&mut self, path: &Path, text: &str) {
        self.env_files.insert(clean(path), text.to_owned());
    }

    /// Notes that a file cannot be read, and why.
    pub fn add_missing(&mut self, path: &Path, why: &str) {
        self.missing.insert(clean(path), why.to_owned());
    }

    /// Notes that a file that another one names is not read: what depends on it is not known.
    pub fn add_outside(&mut self, path: &Path, why: NotRead) {
        self.outside.insert(clean(path), why);
    }

    /// Notes that a layer, or the variables of the project, are not read: nothing in the project is known for sure.
    pub fn add_unread(&mut self, why: NotRead) {
        self.unread.push(why);
    }

    /// What counts for the whole project and is not read.
    pub fn unread(&self) -> &[NotRead] {
        &self.unread
    }

    /// The same files with other content for some, by number.
    #[must_use]
    pub fn with(&self, streams: impl IntoIterator<Item = Arc<Stream>>) -> Self {
        let mut changed = self.clone();
        for stream in streams {
            if let Some(source) = changed.files.get_mut(stream.file().0 as usize) {
                source.stream = stream;
            }
        }
        changed
    }

    /// All files, by number.
    pub fn files(&self) -> &[Source] {
        &self.files
    }

    /// The file with this number.
    pub fn file(&self, id: FileId) -> Option<&Source> {
        self.files.get(id.0 as usize)
    }

    /// The file at `path`.
    pub fn at(&self, path: &Path) -> Option<FileId> {
        self.by_path.get(&clean(path)).copied()
    }

    /// The layers, in the order in which they are merged.
    pub fn layers(&self) -> &[FileId] {
        &self.layers
    }

    /// The project's folder.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The project's variables.
    pub fn env(&self) -> &Arc<Env> {
        &self.env
    }

    /// The files of variables that were added: path and text.
    pub fn env_files(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.env_files.iter().map(|(path, text)| (path.as_path(), text.as_str()))
    }

    pub(super) fn env_text(&self, path: &Path) -> Option<&str> {
        self.env_files.get(&clean(path)).map(String::as_str)
    }

    pub(super) fn why_outside(&self, path: &Path) -> Option<&NotRead> {
        self.outside.get(&clean(path))
    }

    pub(super) fn why_missing(&self, path: &Path) -> Option<&str> {
        self.missing.get(&clean(path)).map(String::as_str)
    }
}

/// `path` seen from `folder`, cleaned.
pub(super) fn join(folder: &Path, path: &str) -> PathBuf {
    clean(&folder.join(path))
}

/// A path without `.`, and without `..` where a folder stands before it, as Go's `filepath.Clean` has it.
fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if cleaned.file_name().is_some() => {
                cleaned.pop();
            }
            Component::ParentDir if cleaned.has_root() => {}
            part => cleaned.push(part),
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_without_a_disk() {
        for (folder, path, expected) in [
            ("", "a.yaml", "a.yaml"),
            (".", "./a/../b.yaml", "b.yaml"),
            ("x", "../a.yaml", "a.yaml"),
            ("x", "../../a.yaml", "../a.yaml"),
            ("..", "../a.yaml", "../../a.yaml"),
            ("/x", "../../a.yaml", "/a.yaml"),
            ("x", "/a/./b", "/a/b"),
        ] {
            assert_eq!(join(Path::new(folder), path), Path::new(expected), "{folder} {path}");
        }
    }
}
