//! A patch and a text as files: they go where they were asked for, whatever the repository has put there.

use super::COMPOSE;
use crate::forge::fake::objects::git_in;
use crate::support::{Folder, Run};
use std::os::unix::fs::symlink;

fn git(folder: &Folder, args: &[&str]) {
    git_in(folder.path(), args, b"").unwrap();
}

fn checkout(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new(files);
    git(&folder, &["init", "--quiet", "--initial-branch=main", "."]);
    commit(&folder);
    folder
}

fn commit(folder: &Folder) {
    git(folder, &["add", "."]);
    git(folder, &["commit", "--quiet", "--allow-empty", "-m", "Start"]);
}

fn patch(folder: &Folder, args: &[&str]) -> Run {
    let path = std::env::var("PATH").unwrap();
    folder.run_with(&[&["pr", "--patch"], args].concat(), &[("PATH", &path)], "")
}

#[test]
fn nothing_is_written_through_a_link_of_the_checkout() {
    let folder = checkout(&[("compose.yaml", COMPOSE), ("out/keep", "")]);
    let mine = folder.outside().join("mine");
    std::fs::create_dir_all(&mine).unwrap();
    std::fs::write(mine.join("notes"), "mine\n").unwrap();
    symlink(mine.join("notes"), folder.path().join("out/body.md")).unwrap();
    symlink(mine.join("new"), folder.path().join("out/changes.patch")).unwrap();
    commit(&folder);
    patch(&folder, &["out"]).exits(0);
    assert_eq!(std::fs::read_to_string(mine.join("notes")).unwrap(), "mine\n");
    assert!(!mine.join("new").exists());
    assert!(folder.read("out/body.md").contains("read-only") && folder.read("out/changes.patch").contains("+++ b/compose.yaml"));
    // Nor into a folder that a link leads to.
    symlink(&mine, folder.path().join("away")).unwrap();
    for out in ["away", "away/deeper", "./out/../away"] {
        let said = patch(&folder, &[out]).exits(2);
        assert!(said.err.contains("is a link of the checkout") && said.err.contains("hint: "), "{}", said.err);
    }
    assert_eq!(std::fs::read_dir(&mine).unwrap().count(), 1);
}

#[test]
fn what_an_earlier_run_left_goes_and_files_of_others_stay() {
    let folder = checkout(&[
        ("a/compose.yaml", COMPOSE),
        ("b/compose.yaml", COMPOSE),
        ("out/body-00000000.md", "theirs\n"),
        ("out/changes-x.patch", "theirs\n"),
    ]);
    assert_eq!(patch(&folder, &["out", "--split-by", "project"]).exits(0).out.lines().count(), 4);
    assert_eq!(patch(&folder, &["out"]).exits(0).out.lines().count(), 2);
    let mut names: Vec<String> =
        std::fs::read_dir(folder.path().join("out")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["body-00000000.md", "body.md", "changes-x.patch", "changes.patch"]);
}

#[test]
fn what_could_not_be_read_is_said_in_the_text_and_by_the_exit_status() {
    let folder = checkout(&[("a/compose.yaml", COMPOSE), ("b/compose.yaml", "services: [\n")]);
    patch(&folder, &["out"]).exits(2);
    assert!(folder.read("out/body.md").contains("- `b`: "), "{}", folder.read("out/body.md"));
}
