//! The one question of `--write`.

use super::screen::{CTRL_C, ENTER, ESCAPE, Terminal};
use crate::cli::SHOP;
use crate::support::Folder;

const QUESTION: &str = "Write compose.yaml: harden 2 services (web, api), leave 1 service (jobs)? [y/N]";

fn ask(folder: &Folder) -> Terminal {
    let mut terminal = Terminal::start(folder, 100, &["--write"], &[]);
    terminal.shows(QUESTION);
    terminal
}

#[test]
fn yes_writes() {
    let folder = Folder::compose(SHOP);
    let expected = folder.run_with(&["-"], &[], SHOP).out;
    let mut terminal = ask(&folder);
    terminal.press("y");
    let ended = terminal.ends(0);
    ended.says("wrote compose.yaml: hardened 2 services (web, api)");
    ended.says("jobs=generic includes it");
    ended.says("hint: run `docker compose up -d` and watch the logs for `read-only file system`");
    assert_eq!(folder.read("compose.yaml"), expected);
}

#[test]
fn anything_else_writes_nothing() {
    for (keys, code) in [(ENTER, 1), ("n", 1), ("N", 1), ("q", 1), (ESCAPE, 1), (CTRL_C, 130)] {
        let folder = Folder::compose(SHOP);
        let before = folder.state();
        let mut terminal = ask(&folder);
        terminal.press(keys);
        let ended = terminal.ends(code);
        ended.says(if code == 1 { "nothing was written" } else { "error: interrupted, nothing was written" });
        assert!(folder.state() == before, "{keys:?}");
    }
}

#[test]
fn other_keys_are_no_answer() {
    let folder = Folder::compose(SHOP);
    let mut terminal = ask(&folder);
    terminal.press("x7 \x1b[A\tn");
    terminal.ends(1).says("nothing was written");
}

#[test]
fn a_file_that_changes_under_the_question_is_not_written() {
    let folder = Folder::compose(SHOP);
    let mut terminal = ask(&folder);
    let theirs = SHOP.replace("nginx:1.27", "nginx:1.28");
    folder.put("compose.yaml", &theirs);
    terminal.press("y");
    let ended = terminal.ends(2);
    ended.says("error: compose.yaml changed on disk since it was read");
    ended.says("hint: run the command again to see a diff against the new content");
    assert_eq!(folder.read("compose.yaml"), theirs);
}

#[test]
fn nothing_to_do_asks_nothing() {
    let folder = Folder::compose("services:\n  x: {image: a, read_only: true, tmpfs: /tmp}\n");
    Terminal::start(&folder, 100, &["--write"], &[]).ends(0).says("nothing to do: every selected service is read-only already");
    Terminal::start(&folder, 100, &["-i"], &[]).ends(0).says("nothing to do: every selected service is read-only already");
}
