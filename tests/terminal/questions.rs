//! The one question of `--write`.

use super::screen::{CTRL_C, ENTER, ESCAPE, Terminal};
use crate::cli::SHOP;
use crate::support::{Folder, PROGRAM};
use portable_pty::CommandBuilder;

const QUESTION: &str = "Write compose.yaml: harden 2 services (web, api), leave 1 service (jobs)? [y]es, [a]ll of it, [r]eview, [N]o";

fn ask(folder: &Folder) -> Terminal {
    let mut terminal = Terminal::start(folder, 130, &["--write"], &[]);
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
    assert!(ended.screen.contents().contains("jobs=generic includes it"), "{}", ended.screen.contents());
    assert!(ended.screen.contents().contains("\n    docker compose up -d\n"), "{}", ended.screen.contents());
    assert_eq!(folder.read("compose.yaml"), expected);
}

#[test]
fn all_and_the_review_are_answers_too() {
    let folder = Folder::compose(SHOP);
    let mut terminal = ask(&folder);
    terminal.press("a");
    terminal.shows("Write compose.yaml: harden 3 services (web, api, jobs)? [y/N]").press("y");
    terminal.ends(0).says("wrote compose.yaml: hardened 3 services (web, api, jobs)");
    assert!(folder.read("compose.yaml").matches("read_only: true").count() == 3);
    let folder = Folder::compose(SHOP);
    let mut terminal = ask(&folder);
    terminal.press("r");
    terminal.shows("w write").press("q");
    let mut terminal = Terminal::start(&folder, 130, &["--write"], &[("TERM", "dumb")]);
    terminal.shows(QUESTION);
    let folder = Folder::compose("services:\n  web: {image: nginx}\n");
    let mut terminal = Terminal::start(&folder, 100, &["--write"], &[]);
    terminal.shows("Write compose.yaml: harden 1 service (web)? [y/N]").press("n");
    terminal.ends(1);
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
    terminal.press("x7 \x1b[A\t\r");
    terminal.shows("that is no answer; write yes, all, review or no").shows_times("[N]o", 2).press("n");
    terminal.ends(1).says("nothing was written");
}

/// Nothing of an answer is left for the next question, or for the shell.
#[test]
fn a_whole_word_is_one_answer() {
    for (keys, code) in [("yes\r", 0), ("y\r", 0), ("Yes\n", 0), ("no\r", 1), ("quit\r", 1), ("\x04", 1), ("maybe\rn", 1)] {
        let folder = Folder::compose(SHOP);
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", &format!("{PROGRAM} --write; echo \"ended $?\"; read -r rest; echo \"rest <$rest>\"")]);
        let mut terminal = Terminal::start_command(&folder, 130, command, &[("PATH", "/usr/bin:/bin")]);
        terminal.shows(QUESTION).press(keys);
        terminal.shows(&format!("ended {code}")).signals("mine\r");
        terminal.shows("rest <mine>");
        assert_eq!(folder.read("compose.yaml") != SHOP, code == 0, "{keys:?}");
    }
    // All of it is asked for again, by the same rules.
    let folder = Folder::compose(SHOP);
    let mut terminal = ask(&folder);
    terminal.press("all\r");
    terminal.shows("(web, api, jobs)? [y/N]").press("yes\r");
    terminal.ends(0).says("wrote compose.yaml: hardened 3 services (web, api, jobs)");
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

#[test]
fn the_question_and_what_follows_fit_a_small_screen() {
    let folder = Folder::compose(SHOP);
    let mut terminal = Terminal::start_sized(&folder, (24, 80), &["--write"], &[]);
    terminal.shows("[N]o").press("y");
    let ended = terminal.ends(0);
    let screen = ended.screen.contents();
    assert!(screen.contains("Write compose.yaml: harden 2 services"), "{screen}");
    assert!(screen.contains("hint: to go back: "), "{screen}");
}

#[test]
fn a_question_that_is_wider_than_the_screen_is_asked_once() {
    let text: String = (1..5).map(|i| format!("  a-service-with-a-long-name-{i}:\n    image: nginx:1.27\n")).collect();
    let folder = Folder::compose(&format!("services:\n{text}"));
    for columns in [40, 60, 80] {
        let mut terminal = Terminal::start_sized(&folder, (60, columns), &["--write"], &[]);
        terminal.shows("[y/N]").press("n");
        let screen = terminal.ends(1).screen.contents();
        assert_eq!(screen.matches("Write compose.yaml:").count(), 1, "{screen}");
    }
}

#[test]
fn what_is_to_be_copied_keeps_its_indentation() {
    let folder = Folder::compose(SHOP);
    let mut terminal = Terminal::start_sized(&folder, (60, 40), &["--write"], &[]);
    terminal.shows("[N]o").press("y");
    let screen = terminal.ends(0).screen.contents();
    assert!(screen.contains("\n    docker compose up -d\n"), "{screen}");
}

#[test]
fn a_log_that_is_piped_leaves_the_terminal_for_the_question() {
    let text = "services:\n  web:\n    image: nginx\n    read_only: true\n";
    let log = "web-1  | mkdir() \"/var/cache/nginx/x\" failed (30: Read-only file system)\n";
    let folder = Folder::new(&[("compose.yaml", text), ("x.log", log)]);
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", &format!("cat x.log | {PROGRAM} diagnose --write")]);
    let mut terminal = Terminal::start_command(&folder, 100, command, &[("PATH", "/usr/bin:/bin")]);
    terminal.shows("Write compose.yaml");
    terminal.press("y");
    let ended = terminal.ends(0);
    assert!(ended.screen.contents().contains("fix: tmpfs /var/cache/nginx:mode=755"), "{}", ended.screen.contents());
    assert!(folder.read("compose.yaml").contains("/var/cache/nginx:mode=755"));
}
