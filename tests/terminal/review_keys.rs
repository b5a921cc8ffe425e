//! How the review on the screen takes its keys: at once, also those that come together.

use super::review::HOUSE;
use super::screen::{ENTER, Terminal};
use crate::support::Folder;
use std::time::{Duration, Instant};

fn review(folder: &Folder, rows: u16, columns: u16) -> Terminal {
    let mut terminal = Terminal::start_sized(folder, (rows, columns), &["-i"], &[]);
    terminal.shows("0 of 3 decided");
    terminal
}

#[test]
fn keys_that_come_together_are_taken_at_once() {
    let folder = Folder::compose(HOUSE);
    let mut terminal = review(&folder, 30, 250);
    let path = format!("/srv/{}", "x".repeat(200));
    let start = Instant::now();
    terminal.press(&format!("e+{path}"));
    terminal.shows(&format!("{path}_"));
    // One after the other, with the time that was waited for each, would take twice as long.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    terminal.press(&format!("{ENTER}y"));
    terminal.shows("1 of 3 decided").press("\x03");
    terminal.ends(130);
}

#[test]
fn a_window_of_another_size_is_drawn_without_a_key() {
    let folder = Folder::compose(HOUSE);
    let mut terminal = review(&folder, 24, 100);
    for (rows, columns) in [(12, 40), (30, 120), (24, 80)] {
        terminal.look();
        terminal.resize(rows, columns);
        terminal.shows("0 of 3 decided").shows(&"─".repeat(usize::from(columns) - 30));
        let shown = terminal.look().contents();
        assert!(!shown.contains(&"─".repeat(usize::from(columns) + 1)), "{shown}");
    }
    terminal.press("\x03");
    terminal.ends(130);
}

#[test]
fn the_end_of_input_leaves_as_q_does() {
    let folder = Folder::compose(HOUSE);
    let mut terminal = review(&folder, 30, 100);
    for (keys, shown) in
        [("e\x04", "w write"), ("/w\x04", "w write"), ("?\x04", "w write"), ("y\x04", "What you decided about 1 service is lost")]
    {
        terminal.press(keys);
        terminal.shows(shown);
    }
    terminal.press("w");
    terminal.shows("accept 1 service (web)").press("\x04");
    terminal.shows("Leave without writing?").press("y");
    terminal.ends(1).says("nothing was written");
    let mut terminal = review(&folder, 30, 100);
    terminal.press("\x04");
    terminal.ends(1).says("nothing was written");
}

#[test]
fn the_rest_is_skipped_and_the_file_shown_by_their_letters() {
    let folder = Folder::compose(HOUSE);
    let mut terminal = review(&folder, 30, 100);
    terminal.press("y");
    terminal.shows("1 of 3 decided").press("v");
    terminal.shows("the whole file").press("qs");
    terminal.shows("3 of 3 decided").shows("skipped 2 services").press("u");
    terminal.shows("1 of 3 decided").press("sw");
    terminal.shows("accept 1 service (web); skip 2 services (api, jobs)").press("\x03");
    terminal.ends(130);
}

#[test]
fn what_is_accepted_and_then_changed_says_how_it_is_accepted() {
    let folder = Folder::compose(HOUSE);
    let mut terminal = review(&folder, 30, 100);
    for (keys, shown) in [
        ("yke \r", "web is open again: y accepts it"),
        ("y", "1 of 3 decided"),
        ("/jobs\rg", "2 of 3 decided"),
        ("/jobs\rt \r", "jobs is open again: g accepts it"),
    ] {
        terminal.press(keys);
        terminal.shows(shown);
    }
    terminal.press("\x03");
    terminal.ends(130);
}

#[test]
fn keys_that_do_not_fit_are_not_the_important_ones() {
    let folder = Folder::compose(HOUSE);
    for (columns, last) in
        [(40, "y accept  n skip  w write  q quit  ? …"), (80, "y accept  n skip  w write  q quit  a all sure  u undo  e paths  ? help …")]
    {
        let mut terminal = review(&folder, 24, columns);
        terminal.shows(last);
        for (key, shown) in [
            ("e", &["Space keep or drop", "+ add a path", "Enter done", "Esc go back"][..]),
            ("\x1b", &["y accept"]),
            ("yq", &["y leave without writing", "Enter go back", "w see the sum, then write"]),
        ] {
            terminal.press(key);
            shown.iter().for_each(|part| _ = terminal.shows(part));
        }
        terminal.press("\r");
        terminal.shows("1 of 3").press("/jobs\r");
        terminal.shows("g accept the guess  n skip").press("\x03");
        terminal.ends(130);
    }
    // Where there is room for one line only, it says that there is more.
    let mut terminal = review(&folder, 9, 40);
    terminal.press("e");
    terminal.shows("Space keep or drop  + add a path  …").press("\x03");
    terminal.ends(130);
}

#[test]
fn lines_are_broken_between_words() {
    let folder = Folder::compose(HOUSE);
    let mut terminal = review(&folder, 40, 40);
    let shown = terminal.look().contents();
    assert!(shown.contains(" /var/cache/nginx:mode=755,\n") && shown.contains(" /run:mode=755]\n"), "{shown}");
    terminal.press("\x03");
    terminal.ends(130);
}

#[test]
fn mounts_of_the_file_cannot_be_dropped() {
    let text = "services:\n  web:\n    image: nginx:1.27\n    volumes: [cache:/var/cache/nginx]\nvolumes: {cache: {}}\n";
    let folder = Folder::compose(text);
    let mut terminal = Terminal::start_sized(&folder, (30, 120), &["-i"], &[]);
    terminal.shows("0 of 1 decided").press("e");
    terminal.shows("  -  /var/cache/nginx (already in the file)").press(" ");
    terminal.shows("that is not possible here").press("\x1bt");
    terminal.shows(" -     /var/cache/nginx (already in the file)").press("\x03");
    terminal.ends(130);
}

#[test]
fn a_review_with_nothing_to_decide_says_so_and_what_to_do_next() {
    let hardened = "services:\n  web:\n    image: nginx:1.27\n    read_only: true\n    tmpfs: [/var/cache/nginx, /run]\n";
    let refused = format!("{hardened}  agent:\n    image: node:22\n    privileged: true\n");
    for (text, says) in [
        (hardened, "nothing to do: every selected service is read-only already"),
        (&refused, "nothing to decide: no service has a change that could be accepted"),
    ] {
        for plain in [&["-i"][..], &["-i", "--plain"]] {
            let folder = Folder::compose(text);
            let ended = Terminal::start(&folder, 120, plain, &[]).ends(0);
            ended.says(says);
            let shown = ended.screen.contents();
            assert!(shown.contains("hint: `rofs-harden --with "), "{shown}");
            assert_eq!(folder.read("compose.yaml"), text);
        }
    }
}
