//! New text for files: all of one plan or none, each file old or new at every moment.
//!
//! The new text goes to a temporary file in the same folder, is synced, and is renamed over the
//! target. Links are followed to their target and stay as they are. Mode and owner are kept; access
//! control lists and extended attributes are not (the standard library cannot read them).
//!
//! An interrupt is looked at before each file is prepared. Until the first rename it ends the plan,
//! and the temporary files go; from then on the plan is finished, which takes moments.
//!
//! Limits: a program that is killed (SIGKILL, a power failure) leaves at most a temporary file
//! beside each file of the plan it is in, which the next run that writes there removes. Several
//! files are several renames, so a kill between two of them leaves the first new and the second old.
//! The standard library creates and renames by path, not in an open folder, so between a look at a
//! folder and the step after it there is a moment in which somebody who may rename that folder could
//! put another one in its place.

use super::system::{self, FolderHandle};
use super::{read, temporary};
use crate::edge::stop;
use crate::error::{Error, Result};
use crate::plan::source::{Loaded, State};
use std::collections::BTreeSet;
use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write as _};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// New text for a file.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    /// The folder that nothing is written outside of (see [`super::root_of`]).
    pub root: &'a Path,
    /// The file as it was read.
    pub loaded: &'a Loaded,
    /// Its new text.
    pub after: &'a str,
}

/// Writes the new text of every file of one plan; files whose text stays the same are not touched. Everything is prepared
/// and checked before the first rename. If a rename fails then, the files renamed before it are put back.
///
/// Errors, after each of which the files are as they were:
/// - [`Error::Refused`] for targets outside their root, files of several names, read-only files and
///   folders, files whose owner cannot be kept, and two changes to one file;
/// - [`Error::Changed`] if a file is not the one that was read any more: other bytes, or another file of that name;
/// - [`Error::Write`] with the system's words.
///
/// - [`Error::Interrupted`] after a signal, if they are watched for.
///
/// [`Error::Partly`] alone says that some files are new: a rename failed and so did putting them back.
pub fn write_all(writes: &[Write<'_>]) -> Result<()> {
    write_while(writes, &mut stop::go_on)
}

/// [`write_all`] for as long as `go_on` says so, which is asked before each file is prepared and before the first rename.
fn write_while(writes: &[Write<'_>], go_on: &mut dyn FnMut() -> Result<()>) -> Result<()> {
    let mut staged = Vec::new();
    let (mut targets, mut folders) = (BTreeSet::new(), BTreeSet::new());
    for Write { root, loaded, after } in writes.iter().filter(|w| w.loaded.file().text() != w.after) {
        go_on()?;
        let root = fs::canonicalize(root).map_err(|e| super::cannot_read(root, &e))?;
        let target = Target::new(&root, loaded, after)?;
        if folders.insert(target.folder.path.clone()) {
            temporary::clear(&target.folder.path);
        }
        let stage = Staged::of(target)?;
        if !targets.insert(stage.target.path.clone()) {
            return refuse(loaded, "another change of the same plan writes to the same file", "name each file once");
        }
        staged.push(stage);
    }
    go_on()?;
    commit(staged)
}

/// Renames all, or fails and puts back what was renamed.
fn commit(staged: Vec<Staged<'_>>) -> Result<()> {
    // Syncing took long enough for an editor to save, so look again now that all that is left to do is to rename.
    for stage in &staged {
        stage.target.expect_unchanged()?;
    }
    let all: Vec<_> = staged.iter().map(|s| s.target.loaded.path().to_owned()).collect();
    let mut written = Vec::new();
    for stage in staged {
        match stage.rename() {
            Ok(target) => written.push(target),
            Err(error) => return Err(undo(&written, &all, error)),
        }
    }
    match written.iter().try_for_each(|target| target.folder.handle.sync().map_err(|e| cannot_write(target.loaded, &e))) {
        Ok(()) => Ok(()),
        Err(error) => Err(undo(&written, &all, error)),
    }
}

/// Puts the old text of `written` back and returns what to report: `error` itself if that worked.
fn undo(written: &[Target<'_>], all: &[PathBuf], error: Error) -> Error {
    let mut stuck = Vec::new();
    let mut reasons = Vec::new();
    for target in written {
        if let Err(reason) = target.restore() {
            stuck.push(target.loaded.path().to_owned());
            reasons.push(reason.to_string());
        }
    }
    if stuck.is_empty() {
        return error;
    }
    let unwritten = all.iter().filter(|path| !stuck.contains(path)).cloned().collect();
    Error::Partly { written: stuck, unwritten, reason: format!("{error}; putting back: {}", reasons.join("; ")) }
}

/// A file to write, found and allowed.
struct Target<'a> {
    loaded: &'a Loaded,
    after: &'a str,
    root: PathBuf,
    /// Where the file really is: absolute, without links.
    path: PathBuf,
    folder: Folder,
}

impl<'a> Target<'a> {
    fn new(root: &Path, loaded: &'a Loaded, after: &'a str) -> Result<Self> {
        let path = match loaded.state() {
            State::OnDisk(..) => fs::canonicalize(loaded.path()),
            State::New => super::canonical(loaded.path()),
            State::InMemory => return refuse(loaded, "what was read is not what the disk has", "save the file first"),
        };
        let path = path.map_err(|e| gone_or_failed(loaded, &e))?;
        if !path.starts_with(root) {
            let reason = format!("it is {}, outside the project folder {}", path.display(), root.display());
            return refuse(loaded, &reason, "name that file itself as the PATH to work on it as its own project");
        }
        let folder = Folder::open(path.parent().unwrap_or(root)).map_err(|e| gone_or_failed(loaded, &e))?;
        if system::is_read_only_folder(&folder.handle.metadata().map_err(|e| cannot_write(loaded, &e))?) {
            return refuse(loaded, "its folder is read-only", WRITABLE_FOLDER);
        }
        Ok(Self { loaded, after, root: root.to_owned(), path, folder })
    }

    /// The target's metadata, if it is still the file that was read and may be replaced; `None` if there still is none.
    fn expect_unchanged(&self) -> Result<Option<Metadata>> {
        let loaded = self.loaded;
        let changed = || Error::Changed(loaded.path().to_owned());
        let State::OnDisk(device, inode) = loaded.state() else {
            return if fs::symlink_metadata(&self.path).is_err() { Ok(None) } else { Err(changed()) };
        };
        let named = fs::symlink_metadata(&self.path).map_err(|e| gone_or_failed(loaded, &e))?;
        if !named.is_file() {
            return Err(changed());
        }
        // Renaming needs no permission on the file itself, so ask for it: read-only means hands off. Root is let in anyway.
        let handle = OpenOptions::new().read(true).write(true).open(&self.path);
        let mut handle = match handle {
            Ok(handle) if !named.permissions().readonly() => handle,
            Err(e) if !is_forbidden(&e) => return Err(gone_or_failed(loaded, &e)),
            _ => {
                let Some((owner, user)) = system::other_owner(&named) else {
                    return refuse(loaded, "it is read-only", "make it writable for yourself if it may be changed (chmod u+w)");
                };
                let owner = if owner == 0 { "root".to_owned() } else { format!("user {owner}") };
                let reason = format!("it belongs to {owner} and is not writable for you (user {user})");
                let hint = format!("run this as {owner} (sudo), or have the file given to you (chown {user})");
                return refuse(loaded, &reason, &hint);
            }
        };
        let opened = handle.metadata().map_err(|e| cannot_write(loaded, &e))?;
        if !opened.is_file() || system::identity(&opened) != (device, inode) {
            return Err(changed());
        }
        if system::names(&opened) > 1 {
            let hint = "the other names would keep the old text; separate this one first (cp -p FILE NEW && mv NEW FILE)";
            return refuse(loaded, "it has several names (hard links)", hint);
        }
        let before = loaded.file().text().as_bytes();
        let mut now = Vec::with_capacity(before.len() + 1);
        Read::by_ref(&mut handle).take(before.len() as u64 + 1).read_to_end(&mut now).map_err(|e| cannot_write(loaded, &e))?;
        if now == before { Ok(Some(opened)) } else { Err(changed()) }
    }

    fn expect_folder(&self) -> Result<()> {
        if self.folder.is_in_place() { Ok(()) } else { Err(Error::Changed(self.loaded.path().to_owned())) }
    }

    /// Puts the old text back, if the file still has the new one.
    fn restore(&self) -> Result<()> {
        let now = read(&self.path)?;
        if self.loaded.is_new() && now.file().text() == self.after {
            return fs::remove_file(&self.path).map_err(|e| cannot_write(self.loaded, &e));
        }
        let now = Loaded::new(self.loaded.path(), now.file().clone(), now.state());
        if now.file().text() != self.after {
            return Err(Error::Changed(now.path().to_owned()));
        }
        let target = Staged::new(&self.root, &now, self.loaded.file().text())?.rename()?;
        target.folder.handle.sync().map_err(|e| cannot_write(&now, &e))
    }
}

/// A target with its new text in a synced temporary file beside it, which is deleted if it is never renamed.
struct Staged<'a> {
    target: Target<'a>,
    temporary: NamedTempFile,
}

impl<'a> Staged<'a> {
    fn new(root: &Path, loaded: &'a Loaded, after: &'a str) -> Result<Self> {
        Self::of(Target::new(root, loaded, after)?)
    }

    fn of(target: Target<'a>) -> Result<Self> {
        let Target { loaded, after, .. } = target;
        let wanted = target.expect_unchanged()?;
        target.expect_folder()?;
        let mut temporary = match temporary::create(&target.folder.path) {
            Ok(temporary) => temporary,
            Err(e) if is_forbidden(&e) => return refuse(loaded, "its folder is read-only", WRITABLE_FOLDER),
            Err(e) => return Err(cannot_write(loaded, &e)),
        };
        temporary.write_all(after.as_bytes()).map_err(|e| cannot_write(loaded, &e))?;
        // Until here only its creator can read the new file. The owner comes first: changing it may clear bits of the mode.
        if let Some(wanted) = wanted {
            match system::keep_owner(temporary.as_file(), &wanted) {
                Err(e) if is_forbidden(&e) => {
                    return refuse(
                        loaded,
                        "its owner could not be kept",
                        "run the command as the file's owner, or apply the diff yourself",
                    );
                }
                kept => kept.map_err(|e| cannot_write(loaded, &e))?,
            }
            temporary.as_file().set_permissions(wanted.permissions()).map_err(|e| cannot_write(loaded, &e))?;
        } else {
            system::make_readable(temporary.as_file()).map_err(|e| cannot_write(loaded, &e))?;
        }
        temporary.as_file().sync_all().map_err(|e| cannot_write(loaded, &e))?;
        Ok(Self { target, temporary })
    }

    fn rename(self) -> Result<Target<'a>> {
        let Self { target, temporary } = self;
        target.expect_folder()?;
        let renamed = if target.loaded.is_new() { temporary.persist_noclobber(&target.path) } else { temporary.persist(&target.path) };
        match renamed {
            Ok(_) => Ok(target),
            Err(e) if e.error.kind() == ErrorKind::AlreadyExists => Err(Error::Changed(target.loaded.path().to_owned())),
            Err(e) if e.error.kind() == ErrorKind::ResourceBusy => {
                refuse(target.loaded, "it is a mount of its own and cannot be replaced", "mount its folder instead of the file")
            }
            Err(e) => Err(cannot_write(target.loaded, &e.error)),
        }
    }
}

/// The folder of a target, held open so that another one in its place is noticed.
struct Folder {
    /// Absolute, without links.
    path: PathBuf,
    handle: FolderHandle,
    identity: system::Identity,
}

impl Folder {
    fn open(path: &Path) -> io::Result<Self> {
        let handle = FolderHandle::open(path)?;
        let identity = system::identity(&handle.metadata()?);
        Ok(Self { path: path.to_owned(), handle, identity })
    }

    /// Whether the path still leads to this folder, through no link.
    fn is_in_place(&self) -> bool {
        let same = |m: Metadata| m.is_dir() && system::identity(&m) == self.identity;
        fs::symlink_metadata(&self.path).is_ok_and(same) && fs::canonicalize(&self.path).is_ok_and(|p| p == self.path)
    }
}

const WRITABLE_FOLDER: &str = "replacing a file safely needs a new file beside it; make the folder writable, or apply the diff yourself";

fn refuse<T>(loaded: &Loaded, reason: &str, hint: &str) -> Result<T> {
    Err(Error::Refused { path: loaded.path().to_owned(), reason: reason.to_owned(), hint: hint.to_owned() })
}

fn cannot_write(loaded: &Loaded, error: &io::Error) -> Error {
    Error::Write { path: loaded.path().to_owned(), reason: error.to_string() }
}

/// A file that was read and is not there any more has changed; any other failure is one to write.
fn gone_or_failed(loaded: &Loaded, error: &io::Error) -> Error {
    if error.kind() == ErrorKind::NotFound { Error::Changed(loaded.path().to_owned()) } else { cannot_write(loaded, error) }
}

fn is_forbidden(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;

    /// A project of two files, both read.
    fn project() -> (tempfile::TempDir, PathBuf, [Loaded; 2]) {
        let folder = tempfile::tempdir().expect("folder");
        let root = fs::canonicalize(folder.path()).expect("root");
        let loaded = ["a.yaml", "b.yaml"].map(|name| {
            fs::write(root.join(name), "old").expect("file");
            read(&root.join(name)).expect("text")
        });
        (folder, root, loaded)
    }

    fn content(path: &Path) -> String {
        fs::read_to_string(path).expect("text")
    }

    #[test]
    fn a_failed_rename_puts_the_earlier_files_back() {
        let (_folder, root, [a, b]) = project();
        let staged = vec![Staged::new(&root, &a, "new").expect("stage"), Staged::new(&root, &b, "new").expect("stage")];
        fs::remove_file(staged[1].temporary.path()).expect("removed");
        let error = commit(staged).expect_err("nothing to rename");
        assert!(matches!(&error, Error::Write { path, .. } if path == b.path()), "{error}");
        assert_eq!((content(a.path()), content(b.path())), ("old".to_owned(), "old".to_owned()));
        assert_eq!(fs::read_dir(&root).expect("list").count(), 2, "no temporary file is left");
    }

    #[test]
    fn an_interrupt_leaves_all_old_or_all_new() {
        // Before each of the two files, and before the first rename.
        for looks in 0..=3 {
            let (_folder, root, [a, b]) = project();
            let writes = [&a, &b].map(|loaded| Write { root: &root, loaded, after: "new" });
            let mut left = looks;
            let mut go_on = || {
                left -= 1;
                if left < 0 { Err(Error::Interrupted) } else { Ok(()) }
            };
            let result = write_while(&writes, &mut go_on);
            let expected = if looks == 3 { "new" } else { "old" };
            assert_eq!(matches!(result, Err(Error::Interrupted)), looks < 3, "{result:?}");
            assert_eq!((&*content(a.path()), &*content(b.path())), (expected, expected), "after {looks} looks");
            assert_eq!(fs::read_dir(&root).expect("list").count(), 2, "no temporary file is left");
        }
    }

    #[test]
    fn a_file_saved_while_others_were_prepared_stops_the_plan() {
        let (_folder, root, [a, b]) = project();
        let staged = vec![Staged::new(&root, &a, "new").expect("stage"), Staged::new(&root, &b, "new").expect("stage")];
        fs::write(b.path(), "saved").expect("file");
        assert!(matches!(commit(staged), Err(Error::Changed(path)) if path == b.path()));
        assert_eq!((content(a.path()), content(b.path())), ("old".to_owned(), "saved".to_owned()));
    }

    #[test]
    fn what_cannot_be_put_back_is_named() {
        let (_folder, root, [a, b]) = project();
        let written = Staged::new(&root, &a, "new").and_then(Staged::rename).expect("written");
        fs::write(a.path(), "somebody else's").expect("file");
        let all = [a.path().to_owned(), b.path().to_owned()];
        let cause = Error::Write { path: b.path().to_owned(), reason: "no space".into() };
        let error = undo(&[written], &all, cause);
        let Error::Partly { written, unwritten, reason } = error else { panic!("{error}") };
        assert_eq!((written.as_slice(), unwritten.as_slice()), (&all[..1], &all[1..]));
        assert!(reason.contains("no space") && reason.contains("changed on disk"), "{reason}");
        assert_eq!(content(a.path()), "somebody else's");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_was_replaced_is_not_written() {
        let (_folder, root, [a, _]) = project();
        let outside = tempfile::tempdir().expect("folder");
        fs::write(outside.path().join("a.yaml"), "theirs").expect("file");
        let inner = root.join("inner");
        fs::create_dir(&inner).expect("folder");
        fs::rename(a.path(), inner.join("a.yaml")).expect("move");
        let a = read(&inner.join("a.yaml")).expect("text");
        let stage = Staged::new(&root, &a, "new").expect("stage");
        fs::rename(&inner, root.join("moved")).expect("move");
        std::os::unix::fs::symlink(outside.path(), &inner).expect("link");
        assert!(matches!(stage.rename(), Err(Error::Changed(_))));
        assert_eq!(content(&outside.path().join("a.yaml")), "theirs");
    }
}
