//! What is known about files on Unix only.

use rustix::fs::{Mode, OFlags, openat};
use std::fs::{File, FileType, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, fchown};
use std::path::Path;

/// How files are opened: a pipe that took a file's place does not make anybody wait.
const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// How folders on the way to a file are opened.
#[cfg(any(target_os = "linux", target_os = "android"))]
const PASS: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const PASS: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Opens a file to read it, following links.
pub(super) fn open(path: &Path) -> io::Result<File> {
    Ok(rustix::fs::open(path, READ, Mode::empty())?.into())
}

/// Opens the file `below` a folder to read it. No part of `below` may be a link.
pub(super) fn open_below(folder: &Path, below: &Path) -> io::Result<File> {
    let mut folder: OwnedFd = rustix::fs::open(folder, PASS, Mode::empty())?;
    for part in below.parent().into_iter().flat_map(Path::components) {
        folder = openat(&folder, part.as_os_str(), PASS | OFlags::NOFOLLOW, Mode::empty())?;
    }
    let name = below.file_name().ok_or(ErrorKind::IsADirectory)?;
    Ok(openat(&folder, name, READ | OFlags::NOFOLLOW, Mode::empty())?.into())
}

/// Whether a file is none on a disk, but the kernel's answer to being read, such as a process's environment.
#[cfg(target_os = "linux")]
pub(super) fn is_made_up(file: &File) -> bool {
    // `/proc` and `/sys`, by the numbers of the kernel's linux/magic.h.
    rustix::fs::fstatfs(file).is_ok_and(|system| system.f_type == 0x9fa0 || system.f_type == 0x6265_6572)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn is_made_up(_: &File) -> bool {
    false
}

/// What makes a file the same file: device and inode.
pub(super) type Identity = (u64, u64);

pub(super) fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

/// How many names (hard links) the file has.
pub(super) fn names(metadata: &Metadata) -> u64 {
    metadata.nlink()
}

/// Whose the file is and who this is, where these are two.
pub(super) fn other_owner(metadata: &Metadata) -> Option<(u32, u32)> {
    Some((metadata.uid(), rustix::process::geteuid().as_raw())).filter(|(owner, user)| owner != user && *user != 0)
}

/// Whether it may be this user's own file.
pub(super) fn is_own(metadata: &Metadata) -> bool {
    let user = rustix::process::geteuid();
    user.is_root() || metadata.uid() == user.as_raw()
}

/// What to call something that is neither a file nor a folder.
pub(super) fn special_kind(kind: FileType) -> &'static str {
    if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

/// A folder held open, so that its identity cannot pass to another one.
pub(super) struct FolderHandle(File);

impl FolderHandle {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        File::open(path).map(Self)
    }

    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        self.0.metadata()
    }

    /// Makes the renames in it survive a power failure, on file systems that know how.
    pub(super) fn sync(&self) -> io::Result<()> {
        match self.0.sync_all() {
            Err(e) if !matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Err(e),
            _ => Ok(()),
        }
    }
}

/// Whether the folder's mode lets nobody write.
pub(super) fn is_read_only_folder(metadata: &Metadata) -> bool {
    metadata.permissions().readonly()
}

/// Gives `file` the owner and group of another one.
pub(super) fn keep_owner(file: &File, wanted: &Metadata) -> io::Result<()> {
    let now = file.metadata()?;
    // Even a change to what is so already may be forbidden.
    if (now.uid(), now.gid()) == (wanted.uid(), wanted.gid()) {
        return Ok(());
    }
    fchown(file, Some(wanted.uid()), Some(wanted.gid()))
}

/// Lets others read a new file, as they can read most Compose files.
pub(super) fn make_readable(file: &File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(0o644))
}
