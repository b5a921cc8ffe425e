//! The review line by line: with `--plain`, and at terminals that are no screen.

use super::screen::{CTRL_C, DOWN, ENTER, ESCAPE, Ended, Terminal, wait};
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
        (&[(web, "y"), (api, "y"), (jobs, "y")][..], &["web", "api", "jobs"][..], "harden 3 services (web, api, jobs)?"),
        (&[(web, "n"), (api, "y"), (jobs, "n")], &["api"], "harden 1 service (api), leave 2 services (web, jobs)?"),
        (&[(web, "n"), (api, "a")], &["api", "jobs"], "harden 2 services (api, jobs), leave 1 service (web)?"),
        (&[(web, "Y"), (api, "S")], &["web"], "harden 1 service (web), leave 2 services (api, jobs)?"),
        (&[(web, "y"), (api, "q")], &["web"], "harden 1 service (web), leave 2 services (api, jobs)?"),
    ];
    for (steps, services, question) in cases {
        let question = format!("Write compose.yaml: {question} [y/N]");
        let (folder, ended) = reviewed(&[steps, &[(&question, "y")]].concat(), 0);
        assert_eq!(folder.read("compose.yaml"), hardened(services), "{steps:?}");
        assert!(ended.screen.contents().contains("wrote compose.yaml: hardened "), "{steps:?}");
    }
}

#[test]
fn a_review_that_takes_nothing_writes_nothing() {
    for steps in [
        &[("[1/3]", "n"), ("[2/3]", "n"), ("[3/3]", "n")][..],
        &[("[1/3]", "s")],
        &[("[1/3]", "q")],
        &[("[1/3]", ESCAPE)],
        &[("[1/3]", "a"), ("harden 3 services", ENTER)],
    ] {
        let (folder, ended) = reviewed(steps, 1);
        ended.says("nothing was written");
        assert_eq!(folder.read("compose.yaml"), SHOP, "{steps:?}");
    }
}

#[test]
fn what_was_decided_is_said() {
    let (_, ended) = reviewed(&[("[1/3]", "y"), ("[2/3]", "s"), ("? [y/N]", "n")], 1);
    ended.says("harden 1 service (web)");
    ended.says("leave 2 services (api, jobs)");
}

#[test]
fn ctrl_c_ends_it_anywhere() {
    for steps in [
        &[("[1/3]", CTRL_C)][..],
        &[("[1/3]", "y"), ("[2/3]", CTRL_C)],
        &[("[1/3]", "e"), ("Writable paths", CTRL_C)],
        &[("[1/3]", "e"), ("Writable paths", ENTER), ("Another writable path", CTRL_C)],
        &[("[1/3]", "t"), ("Path to choose for", CTRL_C)],
        &[("[1/3]", "t"), ("Path to choose for", ENTER), ("Where ", CTRL_C)],
        &[("[1/3]", "a"), ("? [y/N]", CTRL_C)],
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
            ("[1/3]", "n"),
            ("[2/3]", "e"),
            ("Writable paths", " \r"),
            ("Another writable path", "var/lib\r"),
            ("write a path such as /data", "\x15/srv/./cache/\r"),
            ("- /srv/cache:mode=1777", "y"),
            ("[3/3]", "s"),
            ("? [y/N]", "y"),
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
            ("[1/3]", "n"),
            ("[2/3]", "t"),
            ("Path to choose for", ENTER),
            ("named volume: kept", DOWN),
            ("> named volume: kept", ENTER),
            ("source: api-tmp", "y"),
            ("[3/3]", "n"),
            ("? [y/N]", "y"),
        ],
        0,
    );
    assert!(folder.read("compose.yaml").contains("      - type: volume\n        source: api-tmp\n        target: /tmp\n"));
    assert!(ended.screen.contents().contains("# chosen in the review (you, documented)"), "{}", ended.screen.contents());
}

#[test]
fn escape_leaves_a_list_as_it_was() {
    let keys = "[y]es [n]o";
    let folder = Folder::compose(SHOP);
    let mut terminal = review(&folder);
    terminal.dialogue(&[("[1/3]", "t"), ("Path to choose for", ESCAPE)]);
    terminal.shows_times(keys, 2);
    terminal.press("s");
    terminal.ends(1).says("nothing was written");
}

#[test]
fn the_file_and_the_keys_can_be_seen() {
    let folder = Folder::compose(SHOP);
    let mut terminal = review(&folder);
    terminal.shows("[1/3]");
    assert!(!terminal.screen_now().contains("# The shop"));
    terminal.press("v");
    terminal.shows_times("[y]es [n]o", 2).shows(" 1   # The shop");
    for (number, key) in ["?", "x", "\t"].into_iter().enumerate() {
        terminal.press(key);
        terminal.shows_times("Ctrl-C  stop; nothing is written", number + 1);
    }
    terminal.press("s");
    terminal.ends(1);
}

#[test]
fn a_terminal_that_goes_away_ends_it() {
    for (key, text) in [("", "[q]uit"), ("a", "? [y/N]"), ("e", "Writable paths"), ("t", "Path to choose for")] {
        let folder = Folder::compose(SHOP);
        // Without this the signal of the hang-up would end the program before it can read the end of its input.
        let mut command = CommandBuilder::new("/bin/sh");
        command.args(["-c", "trap '' HUP; exec \"$0\" -i --plain", PROGRAM]);
        let mut terminal = Terminal::start_command(&folder, 100, command, &[]);
        terminal.dialogue(&[("[1/3]", key), (text, "")]);
        // The terminal's last words are Enter and the end of input; to the one question the former is an answer: no.
        let status = wait(&mut *terminal.hang_up());
        assert!(status == Some(2) || status == Some(1) && key == "a", "{key:?}: {status:?}");
        assert_eq!(folder.read("compose.yaml"), SHOP, "{key:?}");
    }
}

#[test]
fn a_terminal_that_is_no_screen_gets_lines() {
    for environment in [("TERM", "dumb"), ("TERM", "")] {
        let folder = Folder::compose(SHOP);
        let mut terminal = Terminal::start(&folder, 100, &["-i"], &[environment]);
        terminal.shows("[1/3] compose.yaml: web").press("a");
        terminal.shows("harden 3 services (web, api, jobs)? [y/N]").press("y");
        let ended = terminal.ends(0);
        assert_eq!(folder.read("compose.yaml"), hardened(&["web", "api", "jobs"]));
        assert!(!ended.bytes.windows(8).any(|w| w == b"\x1b[?1049h"), "no other screen is taken");
    }
}
