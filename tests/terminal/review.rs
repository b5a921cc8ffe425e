//! The review on the whole screen: every key, and every way in which it ends.

use super::screen::{CTRL_C, ENTER, ESCAPE, Terminal, wait};
use crate::support::{Folder, PROGRAM};
use portable_pty::CommandBuilder;
use rustix::process::Signal;

/// web and api are sure, jobs is a guess, agent is refused, cache lacks nothing.
pub(super) const HOUSE: &str = "\
# The house
services:
  web:
    image: nginx:1.27
  api:
    image: node:22-slim
    restart: always   # the API
  jobs:
    image: example.org/jobs:3
    volumes: [queue:/var/lib/queue]
  agent:
    image: node:22
    privileged: true
  cache:
    image: redis:7
    read_only: true
    tmpfs: [/tmp]
    volumes: [kept:/data]
volumes:
  queue:
  kept:
";

fn review(folder: &Folder) -> Terminal {
    let mut terminal = Terminal::start_sized(folder, (30, 100), &["-i"], &[]);
    terminal.shows("0 of 3 decided");
    terminal
}

/// What the file is when exactly these services are hardened, assumptions included.
fn hardened(services: &[&str]) -> String {
    let only: Vec<&str> = services.iter().flat_map(|s| ["--service", s]).collect();
    Folder::new(&[]).run_with(&[&["-", "--unsafe-fixes"], only.as_slice()].concat(), &[], HOUSE).exits(0).out
}

#[test]
fn what_is_accepted_is_what_is_shown_and_written() {
    for (keys, services) in [
        (&["y"][..], &["web"][..]),
        (&["n", "y"], &["api"]),
        (&["a"], &["web", "api"]),
        (&["a", "g"], &["web", "api", "jobs"]),
        (&["\t", "\t", "g"], &["jobs"]),
        (&["a", "u", "y"], &["web"]),
        (&["a", "u", "U"], &["web", "api"]),
        (&["y", "k", "n", "y"], &["api"]),
    ] {
        let folder = Folder::compose(HOUSE);
        let mut terminal = review(&folder);
        keys.iter().for_each(|key| terminal.press(key));
        terminal.press("w");
        let names = services.join(", ");
        terminal.shows(&format!("({names})")).shows("y write this");
        terminal.press("y");
        terminal.ends(0).says(&format!(
            "wrote compose.yaml: hardened {} service{} ({names})",
            services.len(),
            if services.len() > 1 { "s" } else { "" }
        ));
        assert_eq!(folder.read("compose.yaml"), hardened(services), "{keys:?}");
    }
}

#[test]
fn each_key_shows_what_it_does() {
    let folder = Folder::compose(HOUSE);
    let before = folder.state();
    let mut terminal = review(&folder);
    for (key, shown) in [
        ("y", "1 of 3 decided"),
        ("n", "2 of 3 decided"),
        ("u", "undone; U does it again"),
        ("U", "2 of 3 decided"),
        ("u", "1 of 3 decided"),
        ("\x12", "2 of 3 decided"),
        ("\t", ">? jobs"),
        ("y", "jobs is a guess: g accepts it all the same"),
        ("g", "everything is decided: w shows the sum"),
        (ENTER, "accept 2 services (web, jobs)"),
        ("q", "Leave without writing?"),
        (ENTER, "3 of 3 decided"),
        ("/age", "/age_"),
        (ENTER, "agent it is privileged, so a read-only root"),
        ("y", "agent does not change: it is privileged"),
        ("r", "Why it matters"),
        (ENTER, ">! agent"),
        ("\x1b[H", ">+ web"),
        ("\x1b[F", ">= cache"),
        ("\x1b[A", ">! agent"),
        ("\x1b[B", ">= cache"),
        ("j", ">= cache"),
        ("k", ">! agent"),
        ("f", "# The house"),
        ("q", ">! agent"),
        ("?", "accept all that is sure and not decided yet"),
        (" ", "stop at once; nothing is written"),
        ("z", ">! agent"),
        ("z", "that key does nothing here; ? shows the keys"),
        ("e", "agent is left alone"),
        ("/web\r", ">+ web"),
        ("e", "where it must be able to write"),
        ("+", "another writable path"),
        ("srv\r", "`srv` is not absolute; write a path such as /data"),
        ("\x15/srv/x\r", "/srv/x can be written; t makes it a volume"),
        ("t", "tmpfs (in memory"),
        ("\x1b[F \r", "the paths of web are as you chose"),
        ("e\x1b[F \r", "the paths of web are as you chose"),
        ("x", "what else to change"),
        (" \r", "the extras of web are as you chose"),
        ("i", "what to ignore"),
        (ENTER, "a comment above `web` in compose.yaml"),
        ("\x1b[B", "> rofs-harden.toml"),
        (ENTER, "why it is ignored"),
        (ENTER, "say why it is ignored"),
        ("kiosk\r", "rofs-harden.toml gets the reason"),
        ("u", "undone"),
    ] {
        terminal.press(key);
        terminal.shows(shown);
    }
    terminal.press("q");
    terminal.shows("is lost").press("y");
    terminal.ends(1).says("nothing was written");
    assert!(folder.state() == before);
}

#[test]
fn escape_goes_back_one_screen() {
    let folder = Folder::compose(HOUSE);
    let mut terminal = review(&folder);
    for (key, shown) in [
        ("e", "Space keep or drop"),
        ("x", "Space take it or not"),
        ("i", "Enter ignore this"),
        ("/", "/_"),
        ("w", "accept nothing"),
        ("?", "the keys"),
    ] {
        terminal.press(key);
        terminal.shows(shown).press(ESCAPE);
        terminal.shows("y accept  n skip");
    }
    terminal.press("q");
    terminal.ends(1).says("nothing was written");
}

#[test]
fn a_key_that_comes_with_an_escape_counts() {
    let folder = Folder::compose(HOUSE);
    let mut terminal = review(&folder);
    terminal.press("?");
    terminal.shows("the keys").press(&format!("{ESCAPE}q"));
    terminal.ends(1).says("nothing was written");
}

#[test]
fn enter_alone_writes_nothing() {
    let folder = Folder::compose(HOUSE);
    let mut terminal = review(&folder);
    terminal.press("ag");
    terminal.shows("3 of 3 decided");
    for _ in 0..3 {
        terminal.press(ENTER);
        terminal.shows("accept 3 services").press(ENTER);
        terminal.shows("3 of 3 decided");
    }
    terminal.press(CTRL_C);
    terminal.ends(130).says("error: interrupted, nothing was written");
    assert_eq!(folder.read("compose.yaml"), HOUSE);
}

#[test]
fn paths_storage_and_extras_are_in_what_is_written() {
    let folder = Folder::compose(HOUSE);
    let mut terminal = review(&folder);
    terminal.press("e+/srv/cache\r");
    terminal.shows("/srv/cache can be written").press("t\x1b[F \r");
    terminal.shows("source: web-cache").press("x \r");
    terminal.shows("cap_drop").press("yw");
    terminal.shows("accept 1 service (web)").press("y");
    terminal.ends(0);
    let written = folder.read("compose.yaml");
    for part in ["    cap_drop: [ALL]\n", "target: /srv/cache", "  web-cache:"] {
        assert!(written.contains(part), "no {part:?} in\n{written}");
    }
    assert!(!folder.path().join("rofs-harden.toml").exists());
}

#[test]
fn what_is_ignored_goes_into_the_configuration_with_its_reason() {
    for (rows, path, before) in [("", "", None), ("", "", Some("unsafe-fixes = false")), ("sub/", "path = \"sub\"\n", Some("# ours\n"))] {
        let folder = Folder::new(&[(&format!("{rows}compose.yaml"), HOUSE)]);
        if !rows.is_empty() {
            folder.put(".git/HEAD", "ref: refs/heads/main\n");
        }
        before.iter().for_each(|text| folder.put("rofs-harden.toml", text));
        let mut terminal = Terminal::start_sized(&folder, (30, 100), &[&format!("{rows}compose.yaml"), "-i"], &[]);
        terminal.shows("0 of 3 decided").press("i\rj\rit \"is\" a kiosk\r");
        terminal.shows("rofs-harden.toml gets the reason").press("/agent\r");
        terminal.shows(">! agent").press("i\rj\rneeds the host\r");
        terminal.shows("needs-writable-root of agent is ignored").press("w");
        terminal.shows("ignore 2 findings").shows("+ [[exclude]]").press("y");
        terminal.ends(0).says("wrote rofs-harden.toml");
        let before = before.map_or(String::new(), |text| format!("{}\n\n", text.trim_end()));
        assert_eq!(
            folder.read("rofs-harden.toml"),
            format!(
                "{before}[[exclude]]\nservice = \"agent\"\n{path}rule = \"needs-writable-root\"\nreason = \"needs the host\"\n\n\
                 [[exclude]]\nservice = \"web\"\n{path}rule = \"writable-root\"\nreason = \"it \\\"is\\\" a kiosk\"\n"
            )
        );
        assert_eq!(folder.read(&format!("{rows}compose.yaml")), HOUSE);
        let again = folder.run(&[&format!("{rows}compose.yaml")]).exits(0);
        assert!(again.err.contains("web is left out: it \"is\" a kiosk") && !again.err.contains("privileged"), "{}", again.err);
    }
}

#[test]
fn a_comment_in_the_file_says_what_is_ignored_and_why() {
    for newline in ["\n", "\r\n"] {
        let with_newlines = |text: &str| text.replace('\n', newline);
        let folder = Folder::compose(&with_newlines(HOUSE));
        let mut terminal = review(&folder);
        terminal.press("i\r");
        terminal.shows("> a comment above `web` in compose.yaml").press("\rit is a kiosk\r");
        terminal.shows("a comment in compose.yaml gets the reason").press("/api\ry");
        terminal.shows("2 of 3 decided").press("w");
        terminal.shows("ignore 1 finding").shows("accept 1 service (api)");
        terminal.press("\x1b[F");
        terminal.shows("3 +   # rofs-harden: ignore[writable-root] it is a kiosk").press("y");
        terminal.ends(0).says("wrote compose.yaml: hardened 1 service (api)");
        let expected = hardened(&["api"]).replace("  web:\n", "  # rofs-harden: ignore[writable-root] it is a kiosk\n  web:\n");
        assert_eq!(folder.read("compose.yaml"), with_newlines(&expected));
        assert!(!folder.path().join("rofs-harden.toml").exists());
        let again = folder.run(&[]).exits(0);
        assert!(again.err.contains("web is left out: it is a kiosk"), "{}", again.err);
    }
}

#[test]
fn a_comment_is_offered_where_it_is_for_one_service() {
    for text in [
        "services: {web: {image: \"nginx:1.27\"}, api: {image: \"node:22\"}}\n",
        "{\"services\": {\"web\": {\"image\": \"nginx:1.27\"}}}\n",
    ] {
        let folder = Folder::compose(text);
        let mut terminal = Terminal::start_sized(&folder, (30, 100), &["-i"], &[]);
        terminal.shows(" decided").press("i\r");
        terminal.shows("goes into rofs-harden.toml").press(CTRL_C);
        terminal.ends(130);
    }
}

#[test]
fn a_tree_is_reviewed_project_by_project() {
    let folder =
        Folder::new(&[("a/compose.yaml", HOUSE), ("b/compose.yaml", HOUSE), ("c/compose.yaml", HOUSE), ("d/compose.yaml", "services: [")]);
    folder.put(
        "e/compose.yaml",
        "services:\n  x: {image: redis, read_only: true, tmpfs: [/tmp], volumes: [data:/data]}\nvolumes: {data: {}}\n",
    );
    let mut terminal = Terminal::start_sized(&folder, (30, 100), &["-r", "-i"], &[]);
    terminal.shows("[1/5] a/compose.yaml").press("yw");
    terminal.shows("n next project").press("y");
    terminal.shows("[2/5] b/compose.yaml").press("aw");
    terminal.shows("accept 2 services (web, api)").press("n");
    terminal.shows("[3/5] c/compose.yaml").press("yw");
    terminal.press("y");
    let ended = terminal.ends(2);
    ended.says("wrote a/compose.yaml: hardened 1 service (web)");
    ended.says("b/compose.yaml: nothing was written");
    assert!(ended.screen.contents().contains("error: d/compose.yaml:1:"), "{}", ended.screen.contents());
    assert_eq!([folder.read("a/compose.yaml"), folder.read("b/compose.yaml")], [hardened(&["web"]), HOUSE.to_owned()]);
    assert_eq!(folder.read("c/compose.yaml"), hardened(&["web"]));
}

#[test]
fn quitting_a_tree_keeps_what_was_written() {
    let folder = Folder::new(&[("a/compose.yaml", HOUSE), ("b/compose.yaml", HOUSE)]);
    let mut terminal = Terminal::start_sized(&folder, (30, 100), &["-r", "-i"], &[]);
    terminal.shows("[1/2]").press("yw");
    terminal.shows("n next project").press("y");
    terminal.shows("[2/2]").press("q");
    terminal.shows("Leave without writing?").press("y");
    terminal.ends(1).says("wrote a/compose.yaml: hardened 1 service (web)");
    assert_eq!(folder.read("b/compose.yaml"), HOUSE);
}

#[test]
fn a_window_that_changes_is_drawn_anew() {
    let folder = Folder::compose(HOUSE);
    let mut terminal = review(&folder);
    for (rows, columns) in [(12, 40), (5, 20), (50, 160), (2, 3), (24, 80)] {
        terminal.resize(rows, columns);
        terminal.press("j");
        if columns >= 40 {
            terminal.shows("0 of 3 decided").shows("y accept");
        }
    }
    terminal.press("q");
    terminal.ends(1);
}

#[test]
fn signals_give_the_screen_back() {
    for (signal, code) in [(Signal::TERM, 130), (Signal::INT, 130), (Signal::HUP, 130)] {
        let folder = Folder::compose(HOUSE);
        let mut terminal = review(&folder);
        assert!(terminal.is_taken());
        terminal.kill(signal);
        terminal.ends(code).says("error: interrupted, nothing was written");
    }
}

#[test]
fn ctrl_z_goes_to_the_shell_and_back() {
    let folder = Folder::compose(HOUSE);
    let mut command = CommandBuilder::new("/bin/sh");
    command.args(["-mi"]);
    let mut terminal = Terminal::start_command(&folder, 100, command, &[("PS1", "shell> "), ("ENV", "")]);
    terminal.shows("shell> ").signals(&format!("{PROGRAM} -i\r"));
    terminal.shows("0 of 3 decided").press("y");
    for (times, decided) in [(1, "1 of 3 decided"), (2, "2 of 3 decided")] {
        terminal.shows(decided);
        terminal.press("\x1a");
        terminal.shows_times("Stopped", times);
        assert!(!terminal.is_taken());
        terminal.signals("echo $((40 + 2)); fg\r");
        terminal.shows(decided);
        assert!(terminal.is_taken());
        terminal.press("n");
    }
    terminal.shows("3 of 3 decided").press("q");
    terminal.shows("Leave without writing?").press("y");
    terminal.shows("nothing was written").shows("42");
    terminal.signals("exit 0\r");
    terminal.ends(0);
    assert_eq!(folder.read("compose.yaml"), HOUSE);
}

#[test]
fn a_terminal_that_goes_away_ends_it() {
    // More than once, since it may go at any moment of a key being read.
    for keys in ["", "aw", "e", "/x"].repeat(6) {
        let folder = Folder::compose(HOUSE);
        // Without this the signal of the hang-up would end the program before it can see the end of its input.
        let mut command = CommandBuilder::new("/bin/sh");
        command.args(["-c", "trap '' HUP; exec \"$0\" -i", PROGRAM]);
        let mut terminal = Terminal::start_command(&folder, 100, command, &[]);
        terminal.shows("0 of 3 decided").press(keys);
        // The terminal's last words are Enter and the end of input, with which a person leaves too.
        let status = wait(&mut *terminal.hang_up());
        assert!(matches!(status, Some(1 | 2 | 130)), "{keys:?}: {status:?}");
        assert_eq!(folder.read("compose.yaml"), HOUSE, "{keys:?}");
    }
}

#[test]
fn an_answer_that_nobody_reads_does_not_matter() {
    let folder = Folder::compose(HOUSE);
    let mut command = CommandBuilder::new("/bin/sh");
    command.args(["-c", "\"$0\" -i | true", PROGRAM]);
    let mut terminal = Terminal::start_command(&folder, 100, command, &[]);
    terminal.shows("0 of 3 decided").press("yw");
    terminal.shows("y write this").press("y");
    terminal.ends(0);
    assert_eq!(folder.read("compose.yaml"), hardened(&["web"]));
}
