//! What the standard library knows about files on Unix only.

use std::fs::{File, FileType, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, fchown};
use std::path::Path;

/// What makes a file the same file: device and inode.
pub(super) type Identity = (u64, u64);

pub(super) fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

/// How many names (hard links) the file has.
pub(super) fn names(metadata: &Metadata) -> u64 {
    metadata.nlink()
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
