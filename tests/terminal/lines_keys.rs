//! The answers of the review by line: they are the keys of the screen, and do the same.

use super::review::HOUSE;
use super::screen::{ENTER, ESCAPE, Terminal};
use crate::support::Folder;

/// A review of `HOUSE` by line, at a terminal of so many columns.
fn review(folder: &Folder, columns: u16) -> Terminal {
    // Tall enough that nothing goes out of sight.
    let mut terminal = Terminal::start_sized(folder, (2000, columns), &["-i", "--plain"], &[]);
    terminal.shows("[1/3] compose.yaml: web");
    terminal
}

/// Gives answers and waits for what each leads to, which is not on the screen before.
#[track_caller]
fn answers(terminal: &mut Terminal, steps: &[(&str, &str)]) {
    for (answer, shown) in steps {
        let times = terminal.look().contents().matches(shown).count();
        terminal.press(&format!("{answer}{ENTER}"));
        terminal.shows_times(shown, times + 1);
    }
}

#[test]
fn each_key_of_the_screen_is_an_answer() {
    let folder = Folder::compose(HOUSE);
    let before = folder.state();
    let mut terminal = review(&folder, 100);
    answers(
        &mut terminal,
        &[
            ("y", "  harden 1 service (web)"),
            ("u", "  open again: 1 service (web)"),
            ("U", "  harden 1 service (web)"),
            ("", "[2/3] compose.yaml: api"),
            ("k", "[1/3] compose.yaml: web (accept)"),
            ("back", "web is the first service"),
            ("n", "  leave 1 service (web)"),
            ("/age", "compose.yaml: agent (refused)"),
            ("y", "agent does not change: it is privileged"),
            ("e", "agent is left alone: it is privileged"),
            ("r", "Why it matters"),
            ("j", "compose.yaml: cache (done)"),
            ("next", "cache is the last service"),
            ("/", "Service, or a part of its name"),
            ("api", "[2/3] compose.yaml: api"),
            ("l", "  - web    skip: read_only: true"),
            ("g", "api is no guess: y accepts it"),
            ("w", "nothing is accepted yet; q leaves"),
            ("f", " 1   # The house"),
            ("view", " 1   # The house"),
            ("x", "   2  [ ] no-new-privileges:"),
            ("4", "that is not possible here"),
            ("9", "`9` is no number of the list; write numbers from 1 to 7"),
            ("1 2", "the extras of api are as you chose"),
            ("undo", "undone; U does it again"),
            ("redo", "no-new-privileges:true"),
            ("i", "   2  everything: leave this service out"),
            ("q", "[y]es [n]o"),
            ("e", "Numbers of those to drop"),
            ("q", "[y]es [n]o"),
            ("e", "Numbers of those to drop"),
            ("", "Another writable path"),
            ("/srv/x", "/srv/x can be written"),
            ("t", "Path to choose for"),
            ("2", "Where /srv/x lives"),
            ("v", "source: api-x"),
            ("y", "  harden 1 service (api)"),
            ("q", "Leave without writing? What you decided about 2 services is lost."),
            ("", "[g]uess, take it [n]o"),
            ("q", "y leaves, w writes, Enter goes back >"),
        ],
    );
    terminal.press("y\r");
    terminal.ends(1).says("nothing was written");
    assert!(folder.state() == before);
}

#[test]
fn a_reason_to_ignore_is_asked_for_and_shown_before_it_is_written() {
    for (place, is_comment) in [("1", true), ("2", false)] {
        let folder = Folder::compose(HOUSE);
        let mut terminal = review(&folder, 100);
        answers(
            &mut terminal,
            &[
                ("i", "Which one, by its number (Enter goes back):"),
                ("1", "   1  a comment above `web` in compose.yaml"),
                (place, "Why (Enter goes back):"),
                ("it is a kiosk", "gets the reason"),
                ("/api", "[2/3] compose.yaml: api"),
                ("y", "  harden 1 service (api)"),
                ("s", "ignore 1 finding"),
            ],
        );
        terminal.shows("+ ").shows("it is a kiosk").shows("? [y/N]").press("y\r");
        terminal.ends(0);
        assert_eq!(folder.read("compose.yaml").contains("# rofs-harden: ignore[writable-root] it is a kiosk"), is_comment);
        assert_eq!(folder.path().join("rofs-harden.toml").exists(), !is_comment);
        assert_eq!(folder.read("compose.yaml").matches("read_only: true").count(), 2);
    }
}

#[test]
fn extras_are_in_what_is_written() {
    let folder = Folder::compose(HOUSE);
    let mut terminal = review(&folder, 100);
    answers(&mut terminal, &[("x", "Numbers of those to change"), ("2", "are as you chose"), ("y", "[2/3]"), ("w", "? [y/N]")]);
    terminal.press("y\r");
    terminal.ends(0).says("wrote compose.yaml: hardened 1 service (web)");
    assert!(folder.read("compose.yaml").contains("security_opt: [no-new-privileges:true]"), "{}", folder.read("compose.yaml"));
}

#[test]
fn the_answers_fit_and_are_those_that_make_sense() {
    for columns in [40, 80] {
        let folder = Folder::compose(HOUSE);
        let mut terminal = review(&folder, columns);
        let sure = terminal.look();
        assert!(sure.contents().contains("[y]es [n]o") && !sure.contents().contains("[g]uess"), "{}", sure.contents());
        assert!(!sure.contents().contains("[u]ndo") && !sure.contents().contains("[w]rite"), "{}", sure.contents());
        answers(
            &mut terminal,
            &[("a", "[g]uess, take it [n]o"), ("?", "Ctrl-C  stop at once"), ("l", "jobs   guess"), ("x", "Numbers of")],
        );
        let shown = terminal.look();
        assert!((0..150).all(|row| !shown.row_wrapped(row)), "{}", shown.contents());
        let all = shown.contents();
        let last = &all[all.rfind("[g]uess").unwrap()..];
        assert!(last.contains("[u]ndo") && last.contains("[w]rite") && !last.contains("[y]es"), "{last}");
        terminal.press(ESCAPE);
        terminal.press("\x03");
        terminal.ends(130);
    }
}

#[test]
fn what_is_accepted_and_then_changed_is_open_again() {
    let folder = Folder::compose(HOUSE);
    let mut terminal = review(&folder, 100);
    answers(
        &mut terminal,
        &[
            ("y", "[2/3]"),
            ("b", "web (accept)"),
            ("t", "Path to choose for"),
            ("1", "Where "),
            ("v", "web is open again: y accepts it"),
            ("y", "  harden 1 service (web)"),
        ],
    );
    terminal.press("\x03");
    terminal.ends(130);
}

#[test]
fn a_tree_goes_on_where_that_is_wished() {
    let folder = Folder::new(&[("a/compose.yaml", HOUSE), ("b/compose.yaml", HOUSE)]);
    let mut terminal = Terminal::start(&folder, 100, &["-r", "-i", "--plain"], &[]);
    terminal.shows("[1/3] a/compose.yaml: web").press("q\r");
    terminal.shows("y leaves, n goes to the next project, Enter goes back >").press("n\r");
    terminal.shows("a/compose.yaml: nothing was written");
    terminal.shows("[1/3] b/compose.yaml: web").press("q\r");
    terminal.shows_times("y leaves, n goes to the next project, Enter goes back >", 2).press("y\r");
    terminal.ends(1).says("b/compose.yaml: nothing was written");
}
