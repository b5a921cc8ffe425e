//! What a person changes in the review is that person's choice: it is called so, and what the audit would say of it stands beside it.

use super::screen::{ENTER, Terminal};
use crate::support::Folder;

/// web is sure, grafana gets a volume, app is a guess, db can run as another user by assumption.
const STACK: &str = "\
services:
  web:
    image: nginx:1.27
  grafana:
    image: grafana/grafana:11.2.0
  app:
    build: ./app
  db:
    image: postgres:16
    volumes: [pgdata:/var/lib/postgresql/data]
volumes:
  pgdata:
";

fn review(folder: &Folder) -> Terminal {
    let mut terminal = Terminal::start_sized(folder, (60, 120), &["-i"], &[]);
    terminal.shows("0 of 4 decided");
    terminal
}

/// Presses keys and waits for what they lead to, step by step.
fn steps(terminal: &mut Terminal, steps: &[(&str, &str)]) {
    for (keys, shown) in steps {
        terminal.press(keys);
        terminal.shows(shown);
    }
}

/// Goes to the item of a list that has a text in it.
fn go_down_to(terminal: &mut Terminal, text: &str) {
    let shown = terminal.look().contents();
    // What belongs to the item above is indented further.
    let starts = |line: &&str| line.starts_with("> ") || line.starts_with("  ") && line.chars().skip(2).take(2).any(|c| c != ' ');
    let mut items = shown.lines().skip_while(|line| !line.starts_with("> ") || line.starts_with(">  ")).filter(starts);
    let place = items.position(|line| line.contains(text)).unwrap_or_else(|| panic!("no {text:?} in\n{shown}"));
    terminal.press(&"j".repeat(place));
}

#[test]
fn dropped_paths_are_a_choice_with_the_findings_of_the_audit() {
    let folder = Folder::compose(STACK);
    let mut terminal = review(&folder);
    steps(&mut terminal, &[("e j j \r", "the paths of web are as you chose"), ("k", "your choice")]);
    let shown = terminal.look().contents();
    assert!(!shown.contains("documented for its image"), "{shown}");
    assert!(shown.contains("Your choice:") && shown.contains("[uncovered-write]"), "{shown}");
    steps(&mut terminal, &[("a", "accepted 2 services"), ("/web\r", ">~ web"), ("y", "3 of 4 decided"), ("w", "y write this")]);
    let sum = terminal.look().contents();
    assert!(sum.contains("your choice: 1 service (web)") && sum.contains("[uncovered-write]"), "{sum}");
    terminal.press("\x03");
    terminal.ends(130);
}

#[test]
fn state_in_memory_and_hidden_files_are_said_before_they_are_written() {
    let folder = Folder::compose(STACK);
    let mut terminal = review(&folder);
    steps(&mut terminal, &[("/graf\r", ">  grafana"), ("t", "tmpfs (in memory")]);
    go_down_to(&mut terminal, "volume /var/lib/grafana");
    steps(&mut terminal, &[(" \r", "[state-in-tmpfs]"), ("e+/usr/share/grafana\r", "[tmpfs-hides-files]")]);
    terminal.shows("chosen in the review (you)");
    let shown = terminal.look().contents();
    assert!(!shown.contains("(you, documented)") && !shown.contains("documented for its image"), "{shown}");
    terminal.press("yw");
    terminal.shows("y write this").shows("[state-in-tmpfs]").shows("[tmpfs-hides-files]").press("\x03");
    terminal.ends(130);
}

#[test]
fn a_guess_stays_one_whatever_is_changed() {
    let folder = Folder::compose(STACK);
    let mut terminal = review(&folder);
    steps(
        &mut terminal,
        &[
            ("/app\r", ">? app"),
            ("e+/app/cache\r", "/app/cache can be written"),
            ("J", "This is a guess"),
            ("y", "app is a guess"),
            // A guess of one more restriction makes a sure service one.
            ("/db\r", ">  db"),
            ("x", "user (a guess)"),
        ],
    );
    go_down_to(&mut terminal, "user (a guess)");
    steps(&mut terminal, &[(" \r", ">? db"), ("a", "accepted 2 services"), ("w", "accept 2 services (web, grafana)")]);
    terminal.press("\x03");
    terminal.ends(130);
}

#[test]
fn what_was_accepted_is_open_again_once_it_is_changed() {
    let folder = Folder::compose(STACK);
    let mut terminal = review(&folder);
    steps(&mut terminal, &[("y", "1 of 4 decided"), ("/web\r", ">+ web"), ("e \r", "0 of 4 decided"), ("/web\ry", "1 of 4 decided")]);
    terminal.press("\x03");
    terminal.ends(130);
}

#[test]
fn data_that_would_stay_behind_are_said_before_the_write_and_moved_before_the_start() {
    let folder = Folder::compose(STACK);
    let mut terminal = review(&folder);
    steps(&mut terminal, &[("/graf\r", "what its container holds at /var/lib/grafana now is lost"), ("yw", "y write this")]);
    terminal.shows("warning: grafana: what its container holds at /var/lib/grafana now is lost").press("y");
    let ended = terminal.ends(0);
    let text = ended.screen.contents();
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part:?} in\n{text}"));
    assert!(at("docker compose cp grafana:/var/lib/grafana/. - >") < at("docker compose up -d"), "{text}");
    assert!(at("docker compose cp - grafana:/var/lib/grafana <") < at("docker compose up -d"), "{text}");
}

#[test]
fn quiet_keeps_the_warning_about_data() {
    let folder = Folder::compose(STACK);
    let done = folder.run(&["--write", "--yes", "--quiet"]).exits(0);
    assert!(done.err.contains("warning: a new volume starts with what the image has there"), "{}", done.err);
    assert!(done.err.contains("/var/lib/grafana"), "{}", done.err);
}

#[test]
fn the_whole_file_has_all_that_is_accepted_and_what_is_looked_at() {
    let folder = Folder::compose(STACK);
    let mut terminal = review(&folder);
    steps(&mut terminal, &[("y", "1 of 4 decided"), ("f", "the whole file")]);
    let shown = terminal.look().contents();
    assert_eq!(shown.matches("read_only: true").count(), 2, "{shown}");
    steps(&mut terminal, &[(ENTER, "1 of 4 decided"), ("/db\rf", "the whole file")]);
    let shown = terminal.look().contents();
    assert_eq!(shown.matches("read_only: true").count(), 2, "{shown}");
    terminal.press("\x03");
    terminal.ends(130);
}

#[test]
fn what_cannot_be_had_back_is_said_where_the_question_is_asked() {
    let said = "Git does not have compose.yaml as it is now, and no copy is kept";
    let folder = Folder::compose(STACK);
    let mut terminal = review(&folder);
    steps(&mut terminal, &[("yw", said)]);
    terminal.press("\x03");
    terminal.ends(130);
    let mut terminal = Terminal::start(&folder, 120, &["--write"], &[]);
    terminal.shows("Write compose.yaml").shows(said).press("n");
    terminal.ends(1);
    let mut terminal = Terminal::start(&folder, 120, &["-i", "--plain"], &[]);
    terminal.shows("[1/4]").press("y\r");
    terminal.shows("[2/4]").press("w\r");
    terminal.shows("? [y/N]").shows(said).press("n\r");
    terminal.ends(1);
}

#[test]
fn nothing_is_offered_to_write_where_nothing_is_accepted() {
    let folder = Folder::compose(STACK);
    let mut terminal = review(&folder);
    steps(&mut terminal, &[("w", "accept nothing")]);
    assert!(!terminal.look().contents().contains("y write this"), "{}", terminal.look().contents());
    steps(&mut terminal, &[("y", "nothing is accepted yet"), (ENTER, "0 of 4 decided"), ("q", "")]);
    terminal.ends(1).says("nothing was written");
}

#[test]
fn an_extra_is_offered_where_it_would_change_something() {
    let folder = Folder::compose(STACK);
    let mut terminal = review(&folder);
    steps(&mut terminal, &[("/db\r", ">  db"), ("x", " -  named-volumes:"), ("\x1b", "y accept")]);
    terminal.press("\x03");
    terminal.ends(130);
}

#[test]
fn a_list_that_scrolls_says_so_and_the_last_line_has_the_way_out() {
    let folder = Folder::compose(STACK);
    let mut terminal = Terminal::start_sized(&folder, (12, 60), &["-i"], &[]);
    terminal.shows("services 1-3 of 4").shows("q quit").press("G");
    terminal.shows("services 2-4 of 4").shows(">  db").press("x");
    terminal.shows("more").press("\x03");
    terminal.ends(130);
}
