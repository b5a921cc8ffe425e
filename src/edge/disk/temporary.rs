//! Temporary files beside their targets, made so that one in use can be told from one that a killed
//! run left behind: who makes one keeps it open and locked, and the system takes the lock away with
//! the process.

use super::system;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;
use tempfile::NamedTempFile;

/// Start of a temporary file's name. Six random letters or digits and [`TEMPORARY_SUFFIX`] follow.
/// A file of such a name that nobody has locked is left behind by a killed process and can be
/// deleted; the next run that writes in its folder does so.
pub const TEMPORARY_PREFIX: &str = ".rofs-harden-";
/// End of a temporary file's name.
pub const TEMPORARY_SUFFIX: &str = ".tmp";
/// Random characters between the two.
const RANDOM: usize = 6;
/// Times that a name is tried again because another run cleared it away before it was locked.
const MOST_TRIES: usize = 16;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(1);

/// A new file in `folder`, locked for as long as it is open.
pub(super) fn create(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY_PREFIX).suffix(TEMPORARY_SUFFIX).rand_bytes(RANDOM);
    for _ in 0..MOST_TRIES {
        let file = builder.tempfile_in(folder)?;
        match file.as_file().try_lock() {
            // Between making and locking it another run may have taken it for left behind. It goes on before this one does.
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            Ok(()) if system::names(&file.as_file().metadata()?) == 0 => std::thread::sleep(PAUSE),
            Ok(()) => return Ok(file),
            // Where the file system knows no locks, nobody clears away either.
            Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
    Err(io::Error::new(ErrorKind::ResourceBusy, "another run clears temporary files away here"))
}

/// Removes what killed runs left in `folder`. What cannot be removed stays: it is in nobody's way.
pub(super) fn clear(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_temporary(&entry.file_name()) {
            let _ = clear_one(&entry.path());
        }
    }
}

fn is_temporary(name: &OsStr) -> bool {
    let middle = name.to_str().and_then(|name| name.strip_prefix(TEMPORARY_PREFIX)?.strip_suffix(TEMPORARY_SUFFIX));
    middle.is_some_and(|middle| middle.len() == RANDOM && middle.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Removes a file that nobody has locked, if it is one that this user may have made.
fn clear_one(path: &Path) -> io::Result<()> {
    let named = fs::symlink_metadata(path)?;
    if !named.is_file() || system::names(&named) != 1 || !system::is_own(&named) {
        return Ok(());
    }
    let file: File = OpenOptions::new().read(true).open(path)?;
    let is_same = system::identity(&file.metadata()?) == system::identity(&named);
    // The lock is held until the file is gone, so that its maker, if it was only just made, sees
    // that it must make another.
    if is_same && file.try_lock().is_ok() { fs::remove_file(path) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_left_behind_is_cleared_away() {
        let folder = tempfile::tempdir().expect("folder");
        let used = create(folder.path()).expect("a file");
        let left = create(folder.path()).expect("a file").keep().expect("kept").1;
        let others = [".rofs-harden-.tmp", ".rofs-harden-abc-ef.tmp", ".rofs-harden-abcdefg.tmp", "x.rofs-harden-abcdef.tmp"];
        others.iter().for_each(|name| fs::write(folder.path().join(name), "").expect("file"));
        fs::create_dir(folder.path().join(".rofs-harden-folder.tmp")).expect("folder");
        clear(folder.path());
        assert!(used.path().exists() && !left.exists());
        assert_eq!(fs::read_dir(folder.path()).expect("list").count(), 2 + others.len());
        drop(used);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_left_alone() {
        let folder = tempfile::tempdir().expect("folder");
        let [target, link, hard] = ["target", ".rofs-harden-linked.tmp", ".rofs-harden-hardly.tmp"].map(|n| folder.path().join(n));
        fs::write(&target, "").expect("file");
        std::os::unix::fs::symlink(&target, &link).expect("link");
        fs::hard_link(&target, &hard).expect("link");
        clear(folder.path());
        assert_eq!(fs::read_dir(folder.path()).expect("list").count(), 3);
    }

    /// One makes files while another clears: each that was made is there and locked.
    #[test]
    fn a_file_is_never_cleared_from_under_its_maker() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path();
        std::thread::scope(|scope| {
            let makers: Vec<_> =
                (0..2).map(|_| scope.spawn(|| (0..400).all(|_| create(path).is_ok_and(|file| file.path().exists())))).collect();
            while !makers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
                clear(path);
            }
            assert!(makers.into_iter().all(|maker| maker.join().expect("no panic")));
        });
        assert_eq!(fs::read_dir(path).expect("list").count(), 0);
    }
}
