//! The review line by line: with `--plain`, and at terminals that are no screen.

use super::screen::{CTRL_C, ENTER, ESCAPE, Ended, Terminal, wait};
use crate::cli::SHOP;
use crate::support::{Folder, PROGRAM};
use portable_pty::CommandBuilder;

fn review(folder: &Folder) -> Terminal {
    Terminal::start(folder, 100, &["-i", "--plain"], &[])
}

/// Runs a review with these steps in a folder of its own.
#[track_caller]
fn reviewed(steps: &[(&str, &str)], code: u32) -> (Folder, Ended) {
    let folder = Folder::compose(SHOP);
    let mut terminal = review(&folder);
    terminal.dialogue(steps);
    let ended = terminal.ends(code);
    (folder, ended)
}

/// What the file is when exactly these services are hardened, assumptions included.
fn hardened(services: &[&str]) -> String {
    let only: Vec<&str> = services.iter().flat_map(|s| ["--service", s]).collect();
    Folder::new(&[]).run_with(&[&["-", "--unsafe-fixes"], only.as_slice()].concat(), &[], SHOP).exits(0).out
}

#[test]
fn each_service_is_decided_by_itself() {
    let (web, api, jobs) = ("[1/3] compose.yaml: web", "[2/3] compose.yaml: api", "[3/3] compose.yaml: jobs");
    let cases = [
        (&[(web, "y\r"), (api, "y\r"), (jobs, "g\r")][..], &["web", "api", "jobs"][..], "harden 3 services (web, api, jobs)?"),
        (&[(web, "n\r"), (api, "yes\r"), (jobs, "n\r")], &["api"], "harden 1 service (api), leave 2 services (web, jobs)?"),
        (&[(web, "n\r"), (api, "a\r"), (jobs, "g\r")], &["api", "jobs"], "harden 2 services (api, jobs), leave 1 service (web)?"),
        (&[(web, "a\r"), (jobs, "n\r")], &["web", "api"], "harden 2 services (web, api), leave 1 service (jobs)?"),
        (&[(web, "Y\r"), (api, "S\r")], &["web"], "harden 1 service (web), leave 2 services (api, jobs)?"),
        (&[(web, "y\r"), (api, "w\r")], &["web"], "harden 1 service (web), leave 2 services (api, jobs)?"),
        (&[(web, "y\r"), (api, "q\r"), ("Enter goes back", "w\r")], &["web"], "harden 1 service (web), leave 2 services (api, jobs)?"),
    ];
    for (steps, services, question) in cases {
        let question = format!("Write compose.yaml: {question} [y/N]");
        let (folder, ended) = reviewed(&[steps, &[(&question, "y\r")]].concat(), 0);
        assert_eq!(folder.read("compose.yaml"), hardened(services), "{steps:?}");
        assert!(ended.screen.contents().contains("wrote compose.yaml: hardened "), "{steps:?}");
    }
}

#[test]
fn a_review_that_takes_nothing_writes_nothing() {
    for steps in [
        &[("[1/3]", "n\r"), ("[2/3]", "n\r"), ("[3/3]", "n\r")][..],
        &[("[1/3]", "s\r")],
        &[("[1/3]", "q\r")],
        &[("[1/3]", "\x04")],
        &[("[1/3]", ESCAPE)],
        &[("[1/3]", "y\r"), ("[2/3]", "q\r"), ("Leave without writing? What you decided about 1 service is lost.", "y\r")],
        &[("[1/3]", "y\r"), ("[2/3]", "\x04"), ("y leaves, w writes, Enter goes back >", "\x04")],
        &[("[1/3]", "a\r"), ("[3/3]", "g\r"), ("harden 3 services (web, api, jobs)? [y/N]", ENTER)],
    ] {
        let (folder, ended) = reviewed(steps, 1);
        ended.says("nothing was written");
        assert_eq!(folder.read("compose.yaml"), SHOP, "{steps:?}");
    }
}

#[test]
fn what_was_decided_is_said() {
    let (_, ended) = reviewed(&[("[1/3]", "y\r"), ("[2/3]", "s\r"), ("? [y/N]", "n\r")], 1);
    ended.says("harden 1 service (web)");
    ended.says("leave 2 services (api, jobs)");
}

#[test]
fn ctrl_c_ends_it_anywhere() {
    for steps in [
        &[("[1/3]", CTRL_C)][..],
        &[("[1/3]", "y\r"), ("[2/3]", CTRL_C)],
        &[("[1/3]", "y\x03")],
        &[("[1/3]", "e\r"), ("Writable paths", CTRL_C)],
        &[("[1/3]", "e\r"), ("Writable paths", ENTER), ("Another writable path", CTRL_C)],
        &[("[1/3]", "t\r"), ("Path to choose for", CTRL_C)],
        &[("[1/3]", "t\r"), ("Path to choose for", "1\r"), ("Where ", CTRL_C)],
        &[("[1/3]", "a\r"), ("[3/3]", "s\r"), ("? [y/N]", CTRL_C)],
        &[("[1/3]", "y\r"), ("[2/3]", "q\r"), ("Enter goes back", CTRL_C)],
        &[("[1/3]", "x\r"), ("Numbers of those to change", CTRL_C)],
        &[("[1/3]", "i\r"), ("Which one", "2\r"), ("Why (Enter", CTRL_C)],
    ] {
        let (folder, ended) = reviewed(steps, 130);
        ended.says("error: interrupted, nothing was written");
        assert_eq!(folder.read("compose.yaml"), SHOP, "{steps:?}");
    }
}

#[test]
fn paths_can_be_dropped_and_added() {
    let (folder, _) = reviewed(
        &[
            ("[1/3]", "n\r"),
            ("[2/3]", "e\r"),
            ("Numbers of those to drop", "2\r"),
            ("`2` is no number of the list", "1\r"),
            ("Another writable path", "var/lib\r"),
            ("write a path such as /data", "wrong\x15/srv/./cachee\x7f/\r"),
            ("Your choice:", "y\r"),
            ("[3/3]", "s\r"),
            ("? [y/N]", "y\r"),
        ],
        0,
    );
    assert_eq!(
        folder.read("compose.yaml"),
        SHOP.replace("# the API\n", "# the API\n    read_only: true\n    tmpfs:\n      - /srv/cache:mode=1777\n")
    );
}

#[test]
fn a_path_can_live_in_a_volume() {
    let (folder, ended) = reviewed(
        &[
            ("[1/3]", "n\r"),
            ("[2/3]", "t\r"),
            ("Path to choose for", "1\r"),
            ("Where /tmp lives", "x\r"),
            ("write t or v", "v\r"),
            ("source: api-tmp", "y\r"),
            ("[3/3]", "n\r"),
            ("? [y/N]", "y\r"),
        ],
        0,
    );
    assert!(folder.read("compose.yaml").contains("      - type: volume\n        source: api-tmp\n        target: /tmp\n"));
    assert!(ended.screen.contents().contains("# chosen in the review (you)"), "{}", ended.screen.contents());
}

#[test]
fn escape_leaves_a_list_as_it_was() {
    let keys = "[y]es [n]o";
    let folder = Folder::compose(SHOP);
    let mut terminal = review(&folder);
    terminal.dialogue(&[("[1/3]", "t\r"), ("Path to choose for", ESCAPE)]);
    terminal.shows_times(keys, 2);
    terminal.press("s\r");
    terminal.ends(1).says("nothing was written");
}

#[test]
fn the_file_and_the_keys_can_be_seen() {
    let folder = Folder::compose(SHOP);
    let mut terminal = review(&folder);
    terminal.shows("[1/3]");
    assert!(!terminal.screen_now().contains("# The shop"));
    terminal.press("v\r");
    terminal.shows_times("[y]es [n]o", 2).shows(" 1   # The shop");
    for (number, key) in ["?\r", "z\r", "yy\r"].into_iter().enumerate() {
        terminal.press(key);
        terminal.shows_times("Ctrl-C  stop at once; nothing is written", number + 1);
    }
    terminal.press("s\r");
    terminal.ends(1);
}

#[test]
fn an_enter_too_many_answers_nothing() {
    let folder = Folder::compose(SHOP);
    let mut terminal = review(&folder);
    terminal.shows("[1/3]").press("y\r\r\r");
    terminal.shows("[2/3]").shows_times("[y]es [n]o", 4);
    assert!(!terminal.screen_now().contains("Ctrl-C  stop"), "{}", terminal.screen_now());
    terminal.press("s\r");
    terminal.shows("harden 1 service (web), leave 2 services (api, jobs)? [y/N]").press("y");
    // What is typed is seen, and counts with Enter.
    terminal.shows("? [y/N] y").press("\r");
    terminal.ends(0).says("wrote compose.yaml: hardened 1 service (web)");
}

#[test]
fn a_guess_is_taken_by_its_own_letter_alone() {
    let folder = Folder::compose(SHOP);
    let mut terminal = review(&folder);
    terminal.shows("[1/3]").press("a\r");
    terminal.shows("  harden 2 services (web, api)").shows("[3/3] compose.yaml: jobs").press("a\r");
    terminal.shows("nothing sure is left to accept").press("y\r");
    terminal.shows("jobs is a guess: g accepts it all the same").press("s\r");
    terminal.shows("harden 2 services (web, api), leave 1 service (jobs)? [y/N]").press("y\r");
    terminal.ends(0);
    assert_eq!(folder.read("compose.yaml"), hardened(&["web", "api"]));
}

#[test]
fn a_terminal_that_goes_away_ends_it() {
    for (key, text) in [("", "[q]uit"), ("a\rg\r", "? [y/N]"), ("e\r", "Writable paths"), ("t\r", "Path to choose for")] {
        let folder = Folder::compose(SHOP);
        // Without this the signal of the hang-up would end the program before it can read the end of its input.
        let mut command = CommandBuilder::new("/bin/sh");
        command.args(["-c", "trap '' HUP; exec \"$0\" -i --plain", PROGRAM]);
        let mut terminal = Terminal::start_command(&folder, 100, command, &[]);
        terminal.dialogue(&[("[1/3]", key), (text, "")]);
        // The terminal's last words are Enter and the end of input, with which a person leaves too; or nothing can be said any more.
        let status = wait(&mut *terminal.hang_up());
        assert!(matches!(status, Some(1 | 2)), "{key:?}: {status:?}");
        assert_eq!(folder.read("compose.yaml"), SHOP, "{key:?}");
    }
}

#[test]
fn a_terminal_that_is_no_screen_gets_lines() {
    for environment in [("TERM", "dumb"), ("TERM", "")] {
        let folder = Folder::compose(SHOP);
        let mut terminal = Terminal::start(&folder, 100, &["-i"], &[environment]);
        terminal.shows("[1/3] compose.yaml: web").press("a\r");
        terminal.shows("[3/3] compose.yaml: jobs").press("g\r");
        terminal.shows("harden 3 services (web, api, jobs)? [y/N]").press("y\r");
        let ended = terminal.ends(0);
        assert_eq!(folder.read("compose.yaml"), hardened(&["web", "api", "jobs"]));
        assert!(!ended.bytes.windows(8).any(|w| w == b"\x1b[?1049h"), "no other screen is taken");
    }
}
