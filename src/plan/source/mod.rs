//! Where the files of a project come from: a disk, a commit, a map in memory, an editor's buffers over one of these.
//!
//! A source knows nothing of Compose. It says what is at a path and gives text; which files a project has is decided by the one who
//! asks. What a stranger's file names is only ever asked for with [`FileSource::read_inside`].

mod buffers;
mod listing;

pub use buffers::Buffers;
pub use listing::{Listing, MapFiles, has_below, name_below};

use crate::error::{Error, Result, SourceError};
use crate::text::{FileId, MAX_FILE_BYTES, NotText, Span, TextFile};
use std::path::{Path, PathBuf};

/// Where files come from.
pub trait FileSource {
    /// The folder that relative paths start from: absolute, and as a person would go up from it.
    fn here(&self) -> Result<PathBuf>;

    /// What is at a path, links followed; `None` where nothing is.
    ///
    /// Errors: [`Error::Read`] if one may not look there.
    fn kind(&self, path: &Path) -> Result<Option<Kind>>;

    /// Whether a path is a link itself.
    fn is_link(&self, _path: &Path) -> bool {
        false
    }

    /// A path as an absolute one without links.
    ///
    /// Errors: [`Error::Read`] if nothing is there.
    fn real_path(&self, path: &Path) -> Result<PathBuf>;

    /// The folder that the project of `file` has to itself, absolute and without links.
    ///
    /// Errors: [`Error::Read`] if the file's folder is not there.
    fn root_of(&self, file: &Path) -> Result<PathBuf>;

    /// Reads a file that a person names, wherever it is. At most [`MAX_FILE_BYTES`] are read.
    ///
    /// Errors: [`Error::Read`], [`Error::NotAFile`]; [`Error::NotText`] and [`Error::Source`] for what is too large or not UTF-8.
    fn read(&self, path: &Path) -> Result<Loaded>;

    /// Reads a file that another file names, if it is in one of `roots`, absolute folders without links.
    fn read_inside(&self, roots: &[PathBuf], path: &Path) -> Result<Loaded, Unread>;

    /// A file that is to be made: empty so far.
    ///
    /// Errors: [`Error::Refused`] if something of that name is there; [`Error::Read`] if its folder is not.
    fn absent(&self, path: &Path) -> Result<Loaded>;

    /// A variable of the environment that Compose would see.
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A pipe, a socket or a device.
    Other,
}

/// A file as it was read.
#[derive(Clone, Debug)]
pub struct Loaded {
    path: PathBuf,
    file: TextFile,
    state: State,
}

/// What is known of the file that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is on a disk, which tells it from others by these numbers.
    OnDisk(u64, u64),
    /// It is not there yet.
    New,
    /// It is on no disk, or its text is not what the disk has: a commit's, or an editor's.
    InMemory,
}

impl Loaded {
    /// A file with its text, whose name to show is the path.
    pub fn new(path: &Path, file: TextFile, state: State) -> Self {
        Self { path: path.to_owned(), file, state }
    }

    /// A file that is to be made.
    pub fn absent(path: &Path) -> Result<Self> {
        let file = text_file(&path.to_string_lossy(), Vec::new())?;
        Ok(Self::new(path, file, State::New))
    }

    /// The path as it was asked for.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file is to be made.
    pub fn is_new(&self) -> bool {
        self.state == State::New
    }

    /// What is known of the file.
    pub fn state(&self) -> State {
        self.state
    }

    /// The text; its name is the path.
    pub fn file(&self) -> &TextFile {
        &self.file
    }
}

/// Why a file was not read.
#[derive(Debug)]
pub enum Unread {
    /// It is outside of the project.
    Outside(Outside),
    /// It cannot be read.
    Failed(Error),
    /// The source itself fails, or must not go on: nothing is known of any further file.
    Stopped(Error),
}

/// A file that is outside of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// The path as given.
    pub path: PathBuf,
    /// What it is outside of, as it is said: `the project folder /srv/shop`.
    pub of: String,
    /// The folder that holds both, unless that is the whole machine.
    pub wider: Option<PathBuf>,
}

/// The folder that `path` is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether a folder is at `path`.
pub fn is_folder(source: &dyn FileSource, path: &Path) -> bool {
    matches!(source.kind(path), Ok(Some(Kind::Folder)))
}

/// Whether something is at `path`, links followed.
pub fn exists(source: &dyn FileSource, path: &Path) -> bool {
    matches!(source.kind(path), Ok(Some(_)))
}

/// `path` without links, if its folder is there; a last part that is not there yet is kept.
pub fn settled(source: &dyn FileSource, path: &Path) -> Option<PathBuf> {
    let in_folder = || Some(real_folder(source, path).ok()?.join(path.file_name()?));
    source.real_path(path).ok().or_else(in_folder)
}

/// The folder that `file` is in, without links.
///
/// Errors: [`Error::Read`] if it is not there.
pub fn real_folder(source: &dyn FileSource, file: &Path) -> Result<PathBuf> {
    source.real_path(folder_of(file))
}

/// Why a file must not be changed by a project whose folder is `root`, if so.
pub fn locked(source: &dyn FileSource, root: &Path, path: &Path) -> Option<String> {
    let real = settled(source, path)?;
    (!real.starts_with(root)).then(|| format!("{} is outside the project folder {}", path.display(), root.display()))
}

/// The bytes of a file called `name` as text.
///
/// Errors: [`Error::NotText`] and, with the place of the first bad byte, [`Error::Source`].
pub fn text_file(name: &str, bytes: Vec<u8>) -> Result<TextFile> {
    let is_text = bytes.len() > MAX_FILE_BYTES || std::str::from_utf8(&bytes).is_ok();
    let bad = if is_text { None } else { Some(bytes.clone()) };
    TextFile::new(name, bytes, MAX_FILE_BYTES).map_err(|problem| match (problem, bad) {
        (NotText::NotUtf8(offset), Some(bytes)) => not_utf8(name, &bytes, offset),
        (problem, _) => Error::NotText { path: name.into(), problem },
    })
}

/// The message for bytes that stop being UTF-8 at `offset`. Before that place the lossy text has the same bytes.
fn not_utf8(name: &str, bytes: &[u8], offset: usize) -> Error {
    let lossy = String::from_utf8_lossy(bytes).into_owned().into_bytes();
    let byte = bytes.get(offset).copied().unwrap_or_default();
    match TextFile::new(name, lossy, usize::MAX) {
        Ok(file) => {
            let replacement = char::REPLACEMENT_CHARACTER.len_utf8();
            let span = Span { file: FileId::default(), start: offset as u32, end: (offset + replacement) as u32 };
            let hint = "Compose files are UTF-8; convert the file, or correct this character".to_owned();
            SourceError::new(&file, span, format!("byte 0x{byte:02x} is not UTF-8"), Some(hint)).into()
        }
        Err(problem) => Error::NotText { path: name.into(), problem },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_text_are_named_with_their_place() {
        let problem = |bytes: &[u8]| text_file("f.yaml", bytes.to_vec()).expect_err("not text").to_string();
        assert_eq!(problem(b"a: 1\nb: \xc3\xa9\xe9\nc"), "f.yaml:2:5: byte 0xe9 is not UTF-8");
        assert_eq!(problem(b"\xff\xfea\0"), "cannot read f.yaml: the file is UTF-16; only UTF-8 can be edited");
    }
}
