//! What is at a path of this machine that a container is to get.

use crate::trial::ENGINE_SOCKETS;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Most bytes of a folder that is copied.
const MAX_COPY_BYTES: u64 = 64 << 20;
/// Most files of a folder that is copied.
const MAX_COPY_FILES: usize = 20_000;

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing.
    Nothing,
    /// A folder that is small enough to copy.
    Folder,
    /// A folder that is too large, or that may not be read.
    LargeFolder,
    /// A file.
    File,
    /// A socket, a device, a pipe; a folder with one of these in it, with an engine's socket somewhere below, or with other filesystems
    /// below, which a read-only bind leaves writable.
    Special,
}

/// What is at `path`, links followed.
pub fn place(path: &Path) -> Place {
    let (Ok(meta), Ok(real)) = (fs::metadata(path), fs::canonicalize(path)) else { return Place::Nothing };
    if meta.is_file() {
        return Place::File;
    }
    if !meta.is_dir() || holds_engine(&real) || has_mounts_below(&real) {
        return Place::Special;
    }
    inside(&real)
}

/// Whether an engine listens below a folder.
fn holds_engine(folder: &Path) -> bool {
    let named = std::env::var("DOCKER_HOST").ok().and_then(|host| host.strip_prefix("unix://").map(PathBuf::from));
    let all = ENGINE_SOCKETS.iter().map(PathBuf::from).chain(named);
    all.filter_map(|path| fs::canonicalize(path).ok()).any(|socket| socket.starts_with(folder))
}

/// Whether something is mounted below a folder, as Linux says it.
fn has_mounts_below(folder: &Path) -> bool {
    let Ok(text) = fs::read_to_string("/proc/self/mountinfo") else { return false };
    // The fifth field; blanks and the like are written as octal numbers there.
    let points = text.lines().filter_map(|line| line.split(' ').nth(4)).map(|p| p.replace("\\040", " ").replace("\\011", "\t"));
    points.map(PathBuf::from).any(|point| point != folder && point.starts_with(folder))
}

/// Looks through a folder.
fn inside(folder: &Path) -> Place {
    let (mut bytes, mut files, mut place) = (0, 0, Place::Folder);
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            place = Place::LargeFolder;
            continue;
        };
        for entry in entries {
            let Ok(meta) = entry.as_ref().map_err(|_| ()).and_then(|e| e.metadata().map_err(|_| ())) else {
                place = Place::LargeFolder;
                continue;
            };
            let Ok(entry) = entry else { continue };
            files += 1;
            bytes += meta.len();
            match () {
                () if files > MAX_COPY_FILES => return Place::LargeFolder,
                () if meta.is_dir() => waiting.push(entry.path()),
                () if meta.is_symlink() => {}
                () if !meta.is_file() => return Place::Special,
                () if bytes > MAX_COPY_BYTES || File::open(entry.path()).is_err() => place = Place::LargeFolder,
                () => {}
            }
        }
    }
    place
}
