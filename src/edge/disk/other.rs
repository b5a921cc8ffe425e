//! The same as `unix.rs` where the standard library knows less: there the bytes alone tell whether a file is the one that
//! was read, and a new file takes its access rights from the folder.
#![allow(clippy::unnecessary_wraps, clippy::unused_self)] // the signatures of Unix, where these can fail

use std::fs::{self, File, FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// Opens a file to read it, following links.
pub(super) fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Opens the file `below` a folder to read it, if no part of `below` is a link.
pub(super) fn open_below(folder: &Path, below: &Path) -> io::Result<File> {
    let path = folder.join(below);
    let file = File::open(&path)?;
    if fs::canonicalize(&path)? == path { Ok(file) } else { Err(io::ErrorKind::NotFound.into()) }
}

pub(super) fn is_made_up(_: &File) -> bool {
    false
}

pub(super) type Identity = (u64, u64);

pub(super) fn identity(_: &Metadata) -> Identity {
    (0, 0)
}

pub(super) fn names(_: &Metadata) -> u64 {
    1
}

pub(super) fn other_owner(_: &Metadata) -> Option<(u32, u32)> {
    None
}

pub(super) fn is_own(_: &Metadata) -> bool {
    true
}

pub(super) fn special_kind(_: FileType) -> &'static str {
    "a device"
}

pub(super) struct FolderHandle(PathBuf);

impl FolderHandle {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(path.to_owned()))
    }

    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        fs::metadata(&self.0)
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// The read-only attribute of a Windows folder does not concern the files in it.
pub(super) fn is_read_only_folder(_: &Metadata) -> bool {
    false
}

pub(super) fn keep_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

pub(super) fn make_readable(_: &File) -> io::Result<()> {
    Ok(())
}
