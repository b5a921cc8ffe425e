//! Files on disk: as a source for plans ([`Disk`]), their text ([`read`]), and new text for them ([`write_all`]).
//!
//! What holds for everything here:
//! - a file is read once; what is analysed, shown and compared before writing are the same bytes;
//! - opening never waits: pipes, devices and folders are refused before they are opened;
//! - nothing outside the project's [`root_of`] is written, and what a file names is read only inside it ([`read_inside`]);
//! - what the kernel makes up when it is read (`/proc`, `/sys`) is no file;
//! - whoever looks, at any moment and after any crash, sees all old or all new bytes of a file.

mod find;
mod inside;
#[cfg(not(unix))]
mod other;
mod output;
mod source;
mod temporary;
#[cfg(unix)]
mod unix;
mod write;

#[cfg(not(unix))]
use other as system;
#[cfg(unix)]
use unix as system;

pub use find::{projects_below, real_path};
pub use inside::{is_link, read_inside};
pub use output::{output, plain_files, put, remove};
pub use source::Disk;
pub use temporary::{TEMPORARY_PREFIX, TEMPORARY_SUFFIX};
pub use write::{Write, write_all};

use crate::error::{Error, Result};
use crate::plan::source::{Loaded, State, folder_of, text_file};
use crate::text::{MAX_FILE_BYTES, NotText, TextFile};
use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Reads a file, following links. At most [`MAX_FILE_BYTES`] are read.
///
/// Errors: [`Error::Read`] with the system's words; [`Error::NotAFile`] for folders, pipes, devices and sockets;
/// [`Error::NotText`] and [`Error::Source`] for what is too large or not UTF-8.
pub fn read(path: &Path) -> Result<Loaded> {
    // Opening a pipe waits for its other end, so the kind is asked before and, for what was really opened, after.
    let named = fs::metadata(path).map_err(|e| cannot_read(path, &e))?;
    expect_file(path, named.file_type())?;
    loaded(path, system::open(path).map_err(|e| cannot_read(path, &e))?)
}

/// What was opened at `path`.
fn loaded(path: &Path, handle: File) -> Result<Loaded> {
    let opened = handle.metadata().map_err(|e| cannot_read(path, &e))?;
    expect_file(path, opened.file_type())?;
    expect_on_disk(path, &handle)?;
    if opened.len() > MAX_FILE_BYTES as u64 {
        let size = usize::try_from(opened.len()).unwrap_or(usize::MAX);
        return Err(Error::NotText { path: path.to_owned(), problem: NotText::TooLarge(size, MAX_FILE_BYTES) });
    }
    let file = read_sized(path, handle, opened.len() as usize)?;
    let (device, inode) = system::identity(&opened);
    Ok(Loaded::new(path, file, State::OnDisk(device, inode)))
}

/// A file that is to be made: empty so far.
///
/// Errors: [`Error::Refused`] if something of that name is there; [`Error::Read`] if its folder is not.
pub fn absent(path: &Path) -> Result<Loaded> {
    let folder = folder_of(path);
    fs::metadata(folder).map_err(|e| cannot_read(folder, &e))?;
    if fs::symlink_metadata(path).is_ok() {
        let hint = "name a Compose file, or a path where nothing is yet".to_owned();
        return Err(Error::Refused { path: path.to_owned(), reason: "something that is no file has its name".into(), hint });
    }
    Loaded::absent(path)
}

/// `path` without links; a last part that is not there yet is kept.
fn canonical(path: &Path) -> io::Result<PathBuf> {
    match (fs::canonicalize(path), path.file_name()) {
        (Err(e), Some(name)) if e.kind() == io::ErrorKind::NotFound => Ok(fs::canonicalize(folder_of(path))?.join(name)),
        (found, _) => found,
    }
}

/// `path` as an absolute one; links are not followed.
pub fn absolute(path: &Path) -> Option<PathBuf> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let mut clean = PathBuf::new();
    for part in std::path::absolute(path).ok()?.components() {
        match part {
            std::path::Component::ParentDir => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    Some(clean)
}

/// Opens a file of any size, following links, to be read as a stream.
///
/// Errors: as for [`read`], but for what is in it.
pub fn open(path: &Path) -> Result<File> {
    let named = fs::metadata(path).map_err(|e| cannot_read(path, &e))?;
    expect_file(path, named.file_type())?;
    let handle = system::open(path).map_err(|e| cannot_read(path, &e))?;
    expect_on_disk(path, &handle)?;
    Ok(handle)
}

/// Reads text from anything that has bytes, such as standard input, to its end or just over [`MAX_FILE_BYTES`].
/// `name` is the name to show for it. Errors as for [`read`].
pub fn read_from(name: &Path, source: impl Read) -> Result<TextFile> {
    read_sized(name, source, 0)
}

/// [`read_from`] with the number of bytes to expect.
fn read_sized(name: &Path, source: impl Read, size: usize) -> Result<TextFile> {
    let mut bytes = Vec::with_capacity(size + 1);
    source.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|e| cannot_read(name, &e))?;
    text_file(&name.to_string_lossy(), bytes)
}

/// The folder that the project of `file` may be written in: the top of the Git work tree around the file's folder (the
/// nearest one upwards that has `.git`, a folder or the file of a linked work tree), else the file's folder. For a link it is
/// the link's folder that counts, as it does for Compose. The path returned is absolute and has no links.
///
/// Errors: [`Error::Read`] if the folder is not there.
pub fn root_of(file: &Path) -> Result<PathBuf> {
    let folder = folder_of(file);
    let folder = fs::canonicalize(folder).map_err(|e| cannot_read(folder, &e))?;
    let top = folder.ancestors().find(|f| fs::symlink_metadata(f.join(".git")).is_ok());
    Ok(top.unwrap_or(&folder).to_owned())
}

/// How a patch names `file`: relative to the working directory if it is below that, else relative to `root` (see [`root_of`]), which is
/// then returned too. Links are followed, as a patch cannot change a file through one.
///
/// Errors: [`Error::Read`] if one of them is not there.
pub fn name_in_patch(root: &Path, file: &Path) -> Result<(Option<PathBuf>, String)> {
    let here = fs::canonicalize(".").map_err(|e| cannot_read(Path::new("."), &e))?;
    let real = canonical(file).map_err(|e| cannot_read(file, &e))?;
    let (folder, path) = match (real.strip_prefix(here), real.strip_prefix(root)) {
        (Ok(path), _) => (None, path),
        (_, Ok(path)) => (Some(root.to_owned()), path),
        _ => (None, file),
    };
    Ok((folder, path.to_string_lossy().into_owned()))
}

fn cannot_read(path: &Path, error: &io::Error) -> Error {
    Error::Read { path: path.to_owned(), reason: error.to_string() }
}

fn expect_on_disk(path: &Path, handle: &File) -> Result<()> {
    let kind = "something that the kernel makes up";
    if system::is_made_up(handle) { Err(Error::NotAFile { path: path.to_owned(), kind }) } else { Ok(()) }
}

fn expect_file(path: &Path, kind: FileType) -> Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    let kind = if kind.is_dir() { "a directory" } else { system::special_kind(kind) };
    Err(Error::NotAFile { path: path.to_owned(), kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_is_too_large() {
        let endless = read_from(Path::new("f.yaml"), io::repeat(b'a')).expect_err("endless");
        assert!(matches!(endless, Error::NotText { problem: NotText::TooLarge(size, limit), .. } if size == limit + 1), "{endless}");
    }

    #[test]
    fn the_root_is_the_work_tree_or_else_the_folder() {
        let top = tempfile::tempdir().expect("folder");
        let top = fs::canonicalize(top.path()).expect("path");
        fs::create_dir_all(top.join("repo/a/b")).expect("folders");
        fs::create_dir_all(top.join("linked/a")).expect("folders");
        fs::create_dir(top.join("plain")).expect("folder");
        fs::create_dir(top.join("repo/.git")).expect("folder");
        fs::write(top.join("linked/.git"), "gitdir: elsewhere").expect("file");
        for (file, root) in [("repo/a/b/compose.yaml", "repo"), ("linked/a/x.yml", "linked"), ("plain/compose.yaml", "plain")] {
            assert_eq!(root_of(&top.join(file)).expect("root"), top.join(root), "{file}");
        }
        assert!(matches!(root_of(&top.join("absent/compose.yaml")), Err(Error::Read { .. })));
        assert!(fs::canonicalize(".").expect("here").starts_with(root_of(Path::new("compose.yaml")).expect("root")));
    }
}
