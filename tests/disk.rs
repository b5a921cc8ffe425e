//! Reading and writing files of every kind, under every circumstance that ends badly.
#![cfg(unix)]

mod interrupts;
mod kill;

use rofs_harden::edge::disk::{self, Disk, TEMPORARY_PREFIX, TEMPORARY_SUFFIX, Write, read, root_of};
use rofs_harden::error::Error;
use rofs_harden::plan::discover;
use rofs_harden::plan::source::Loaded;
use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const OLD: &str = "services: {}\n";
const NEW: &str = "services:\n  web:\n    read_only: true\n";

/// The user and group that nothing belongs to.
const NOBODY: u32 = 65534;

/// Says to a test that runs in a process of its own which folder to work in.
const CHILD: &str = "ROFS_HARDEN_TEST_FOLDER";

/// A folder that is its own project, and its real path.
fn project() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = fs::canonicalize(folder.path()).unwrap();
    (folder, path)
}

fn put(path: PathBuf, text: &str) -> PathBuf {
    fs::write(&path, text).unwrap();
    path
}

fn content(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn write_one(root: &Path, loaded: &Loaded) -> Result<(), Error> {
    write_all(root, &[(loaded, NEW)])
}

fn write_all(root: &Path, writes: &[(&Loaded, &str)]) -> Result<(), Error> {
    let writes: Vec<Write<'_>> = writes.iter().map(|&(loaded, after)| Write { root, loaded, after }).collect();
    disk::write_all(&writes)
}

/// Names of temporary files in a folder.
fn temporaries(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    names.filter(|n| n.starts_with(TEMPORARY_PREFIX) && n.ends_with(TEMPORARY_SUFFIX)).collect()
}

#[track_caller]
fn expect_refusal(result: Result<(), Error>, words: &str) {
    match result {
        Err(error @ Error::Refused { .. }) => {
            assert!(error.to_string().contains(words), "{error}");
            assert!(error.hint().is_some_and(|h| !h.is_empty()));
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[track_caller]
fn expect_changed(result: &Result<(), Error>) {
    assert!(matches!(result, Err(Error::Changed(_))), "{result:?}");
}

fn am_root() -> bool {
    tempfile::tempfile().unwrap().metadata().unwrap().uid() == 0
}

/// Completes a command that starts this test binary so that it runs one test in child mode.
fn child(mut command: Command, test: &str, folder: &Path) -> Command {
    command.args(["--exact", test, "--nocapture"]).env(CHILD, folder);
    command
}

fn child_folder() -> Option<PathBuf> {
    env::var_os(CHILD).map(PathBuf::from)
}

#[track_caller]
fn expect_success(mut command: Command) {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn mode_and_owner_are_kept() {
    let (_folder, root) = project();
    for mode in [0o600, 0o644, 0o664, 0o755, 0o666] {
        let path = put(root.join("compose.yaml"), OLD);
        set_mode(&path, mode);
        if am_root() {
            chown(&path, Some(1234), Some(4321)).unwrap();
        }
        let before = fs::metadata(&path).unwrap();
        write_one(&root, &read(&path).unwrap()).unwrap();
        let after = fs::metadata(&path).unwrap();
        assert_eq!(content(&path), NEW);
        assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
        assert_eq!(after.permissions().mode() & 0o7777, mode);
        fs::remove_file(path).unwrap();
    }
    assert!(temporaries(&root).is_empty());
}

#[test]
fn an_equal_text_touches_nothing() {
    let (_folder, root) = project();
    let path = put(root.join("compose.yaml"), OLD);
    set_mode(&path, 0o444);
    let before = fs::metadata(&path).unwrap();
    write_all(&root, &[(&read(&path).unwrap(), OLD)]).unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!((after.ino(), after.ctime(), after.ctime_nsec()), (before.ino(), before.ctime(), before.ctime_nsec()));
}

#[test]
fn a_link_inside_the_root_is_written_through_and_stays() {
    let (_folder, root) = project();
    fs::create_dir(root.join("real")).unwrap();
    let target = put(root.join("real/base.yaml"), OLD);
    let link = root.join("compose.yaml");
    symlink("real/base.yaml", &link).unwrap();
    assert_eq!(discover(&Disk, Some(&root)).unwrap().files, std::slice::from_ref(&link));
    write_one(&root, &read(&link).unwrap()).unwrap();
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("real/base.yaml"));
    assert_eq!(content(&target), NEW);
}

#[test]
fn nothing_outside_the_root_is_written() {
    let (_outside, outside) = project();
    let theirs = put(outside.join("theirs.yaml"), OLD);
    let (_folder, top) = project();
    let root = top.join("project");
    fs::create_dir(&root).unwrap();
    let link = root.join("compose.yaml");
    symlink(&theirs, &link).unwrap();
    symlink(&outside, root.join("folder")).unwrap();
    // A folder whose name merely begins like the root's is outside too.
    let sibling = top.join("project2");
    fs::create_dir(&sibling).unwrap();
    let near = put(sibling.join("compose.yaml"), OLD);
    let climbing = root.join("../project2/compose.yaml");
    for path in [&link, &root.join("folder/theirs.yaml"), &theirs, &near, &climbing] {
        expect_refusal(write_one(&root_of(&link).unwrap(), &read(path).unwrap()), "outside the project folder");
    }
    assert_eq!((content(&theirs), content(&near)), (OLD.to_owned(), OLD.to_owned()));
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
}

#[test]
fn a_work_tree_is_one_root_for_the_links_in_it() {
    let (_folder, root) = project();
    fs::create_dir_all(root.join("apps/web")).unwrap();
    fs::create_dir(root.join(".git")).unwrap();
    let shared = put(root.join("shared.yaml"), OLD);
    let link = root.join("apps/web/compose.yaml");
    symlink("../../shared.yaml", &link).unwrap();
    write_one(&root_of(&link).unwrap(), &read(&link).unwrap()).unwrap();
    assert_eq!(content(&shared), NEW);
}

#[test]
fn links_that_lead_nowhere_are_errors_to_read_and_skipped_by_discovery() {
    let (_folder, root) = project();
    symlink("compose.yaml", root.join("compose.yaml")).unwrap();
    symlink("absent", root.join("compose.yml")).unwrap();
    for name in ["compose.yaml", "compose.yml"] {
        assert!(matches!(read(&root.join(name)), Err(Error::Read { .. })), "{name}");
    }
    assert!(matches!(discover(&Disk, Some(&root)), Err(Error::NoComposeFile(_))));
    let last = put(root.join("docker-compose.yaml"), OLD);
    assert_eq!(discover(&Disk, Some(&root)).unwrap().files, [last]);
}

#[test]
fn a_file_of_several_names_is_refused() {
    let (_folder, root) = project();
    let path = put(root.join("compose.yaml"), OLD);
    fs::hard_link(&path, root.join("other.yaml")).unwrap();
    expect_refusal(write_one(&root, &read(&path).unwrap()), "several names");
    assert_eq!((content(&path), content(&root.join("other.yaml"))), (OLD.to_owned(), OLD.to_owned()));
}

#[test]
fn two_names_of_one_file_in_a_plan_are_refused() {
    let (_folder, root) = project();
    let path = put(root.join("a.yaml"), OLD);
    symlink("a.yaml", root.join("b.yaml")).unwrap();
    let (a, b) = (read(&path).unwrap(), read(&root.join("b.yaml")).unwrap());
    expect_refusal(write_all(&root, &[(&a, NEW), (&b, "b: 1\n")]), "another change");
    assert_eq!(content(&path), OLD);
    assert!(temporaries(&root).is_empty());
}

#[test]
fn read_only_files_and_folders_are_refused_even_for_root() {
    let (_folder, root) = project();
    let path = put(root.join("compose.yaml"), OLD);
    let loaded = read(&path).unwrap();
    set_mode(&path, 0o444);
    expect_refusal(write_one(&root, &loaded), "it is read-only");
    set_mode(&path, 0o644);
    set_mode(&root, 0o555);
    expect_refusal(write_one(&root, &loaded), "its folder is read-only");
    set_mode(&root, 0o755);
    assert_eq!(content(&path), OLD);
    write_one(&root, &loaded).unwrap();
}

#[test]
fn what_belongs_to_another_user_is_refused() {
    if let Some(root) = child_folder() {
        let write = |name: &str| write_one(&root, &read(&root.join(name)).unwrap());
        expect_refusal(write("readable/compose.yaml"), "it belongs to root and is not writable for you (user ");
        expect_refusal(write("theirs/compose.yaml"), "its folder is read-only");
        expect_refusal(write("shared/compose.yaml"), "its owner could not be kept");
        return write("mine/compose.yaml").unwrap();
    }
    if !am_root() {
        return eprintln!("skipped: only root can make files of another user");
    }
    let (_folder, root) = project();
    set_mode(&root, 0o755);
    let (root_user, nobody) = (0, NOBODY);
    let table = [("readable", nobody, root_user, 0o644), ("theirs", root_user, nobody, 0o644), ("shared", nobody, root_user, 0o666)];
    for (folder, folder_owner, owner, mode) in table.into_iter().chain([("mine", nobody, nobody, 0o644)]) {
        fs::create_dir(root.join(folder)).unwrap();
        let path = put(root.join(folder).join("compose.yaml"), OLD);
        set_mode(&path, mode);
        chown(&path, Some(owner), Some(owner)).unwrap();
        chown(root.join(folder), Some(folder_owner), Some(folder_owner)).unwrap();
    }
    // The folder of the test binary need not be open to others.
    let program = root.join("tests");
    fs::copy(env::current_exe().unwrap(), &program).unwrap();
    let mut command = child(Command::new(program), "disk::what_belongs_to_another_user_is_refused", &root);
    command.uid(NOBODY).gid(NOBODY).current_dir(&root);
    expect_success(command);
    let after = ["readable", "theirs", "shared", "mine"].map(|f| content(&root.join(f).join("compose.yaml")));
    assert_eq!(after, [OLD, OLD, OLD, NEW]);
    assert!(["readable", "theirs", "shared", "mine"].iter().all(|f| temporaries(&root.join(f)).is_empty()));
}

#[test]
fn special_files_are_refused_without_waiting() {
    let (_folder, root) = project();
    let pipe = root.join("compose.yaml");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let socket = root.join("socket.yaml");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let start = Instant::now();
    for (path, kind) in [(&*pipe, "a pipe"), (&*socket, "a socket"), (Path::new("/dev/null"), "a device"), (&*root, "a directory")] {
        let error = read(path).unwrap_err();
        assert!(matches!(&error, Error::NotAFile { kind: k, .. } if *k == kind), "{error}");
        assert!(error.hint().is_some());
    }
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_file_that_became_a_pipe_has_changed() {
    let (_folder, root) = project();
    let path = put(root.join("compose.yaml"), OLD);
    let loaded = read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    expect_changed(&write_one(&root, &loaded));
}

#[test]
fn a_folder_with_the_name_of_a_compose_file_is_an_error_as_for_compose() {
    for (folder, file) in [("compose.yaml", "compose.yml"), ("compose.override.yml", "compose.yaml")] {
        let (_folder, root) = project();
        fs::create_dir(root.join(folder)).unwrap();
        put(root.join(file), OLD);
        let error = discover(&Disk, Some(&root)).unwrap_err();
        assert!(matches!(&error, Error::NotAFile { path, kind: "a directory" } if *path == root.join(folder)), "{error}");
    }
}

#[test]
fn a_large_file_is_refused_by_its_size() {
    let (_folder, root) = project();
    let path = root.join("compose.yaml");
    let sparse = fs::File::create(&path).unwrap();
    sparse.set_len(1 << 33).unwrap();
    let error = read(&path).unwrap_err();
    assert!(error.to_string().contains("8589934592 bytes"), "{error}");
}

/// What can happen to a file between reading and writing.
type Event = (&'static str, fn(&Path));

#[test]
fn a_file_that_changed_since_it_was_read_is_not_written() {
    let events: [Event; 6] = [
        ("other bytes", |p| fs::write(p, "services: {b: }").unwrap()),
        ("the same length", |p| fs::write(p, OLD.replace("{}", "[]")).unwrap()),
        ("something added", |p| fs::write(p, format!("{OLD}# more\n")).unwrap()),
        ("cut off", |p| fs::write(p, "").unwrap()),
        ("gone", |p| fs::remove_file(p).unwrap()),
        ("another file with equal bytes", |p| fs::rename(put(p.with_extension("new"), OLD), p).unwrap()),
    ];
    for (what, event) in events {
        let (_folder, root) = project();
        let path = put(root.join("compose.yaml"), OLD);
        let loaded = read(&path).unwrap();
        event(&path);
        let before = fs::read(&path).ok();
        let result = write_one(&root, &loaded);
        assert!(matches!(result, Err(Error::Changed(_))), "{what}: {result:?}");
        assert_eq!(fs::read(&path).ok(), before, "{what}");
        assert!(temporaries(&root).is_empty(), "{what}");
    }
}

#[test]
fn a_link_that_was_turned_elsewhere_has_changed() {
    let (_folder, root) = project();
    let (first, second) = (put(root.join("1.yaml"), OLD), put(root.join("2.yaml"), OLD));
    let link = root.join("compose.yaml");
    symlink(&first, &link).unwrap();
    let loaded = read(&link).unwrap();
    fs::remove_file(&link).unwrap();
    symlink(&second, &link).unwrap();
    expect_changed(&write_one(&root, &loaded));
    assert_eq!((content(&first), content(&second)), (OLD.to_owned(), OLD.to_owned()));
}

#[test]
fn if_one_file_of_a_plan_cannot_be_written_none_is() {
    let (_folder, root) = project();
    let (first, second) = (put(root.join("a.yaml"), OLD), put(root.join("b.yaml"), OLD));
    let loaded = [read(&first).unwrap(), read(&second).unwrap()];
    let plan = [(&loaded[0], NEW), (&loaded[1], NEW)];
    let inode = fs::metadata(&first).unwrap().ino();
    set_mode(&second, 0o444);
    expect_refusal(write_all(&root, &plan), "b.yaml");
    fs::remove_file(&second).unwrap();
    expect_changed(&write_all(&root, &plan));
    assert_eq!((content(&first), fs::metadata(&first).unwrap().ino()), (OLD.to_owned(), inode));
    assert!(temporaries(&root).is_empty());
    let loaded = [loaded[0].clone(), read(&put(second.clone(), OLD)).unwrap()];
    write_all(&root, &[(&loaded[0], NEW), (&loaded[1], NEW)]).unwrap();
    assert_eq!((content(&first), content(&second)), (NEW.to_owned(), NEW.to_owned()));
}

/// Tries to write a megabyte where there is no room for it.
fn expect_no_room(root: &Path) {
    let path = put(root.join("compose.yaml"), OLD);
    let result = write_all(root, &[(&read(&path).unwrap(), &"a: b\n".repeat(200_000))]);
    assert!(matches!(result, Err(Error::Write { .. })), "{result:?}");
    assert_eq!(content(&path), OLD);
    assert!(temporaries(root).is_empty());
}

#[test]
fn a_write_that_fails_midway_leaves_the_old_text() {
    if let Some(root) = child_folder() {
        return expect_no_room(&root);
    }
    let (_folder, root) = project();
    // A limit on the size of files, which a full disk resembles and which needs no rights.
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\""]).arg(env::current_exe().unwrap());
    expect_success(child(limited, "disk::a_write_that_fails_midway_leaves_the_old_text", &root));
}

/// Runs a check with something mounted at `place`, if this user may mount.
fn with_mount(arguments: &[&str], place: &Path, check: fn(&Path)) {
    let mount = Command::new("mount").args(arguments).arg(place).output();
    if !mount.is_ok_and(|o| o.status.success()) {
        return eprintln!("skipped: this user may not mount {}", place.display());
    }
    let outcome = std::panic::catch_unwind(|| check(place));
    assert!(Command::new("umount").arg(place).status().unwrap().success());
    outcome.unwrap();
}

#[test]
fn a_full_disk_leaves_the_old_text() {
    let (_folder, root) = project();
    with_mount(&["-t", "tmpfs", "-o", "size=64k", "tmpfs"], &root, expect_no_room);
}

#[test]
fn a_file_that_is_a_mount_is_refused() {
    let (_folder, root) = project();
    let (path, source) = (put(root.join("compose.yaml"), OLD), put(root.join("source.yaml"), OLD));
    with_mount(&["--bind", source.to_str().unwrap()], &path, |path| {
        expect_refusal(write_one(path.parent().unwrap(), &read(path).unwrap()), "a mount of its own");
        assert_eq!(content(path), OLD);
        assert!(temporaries(path.parent().unwrap()).is_empty());
    });
}
