//! What the screen looks like: width, colour, and the texts of strangers.

use super::screen::{Ended, Terminal};
use crate::cli::SHOP;
use crate::support::{Folder, PROGRAM};
use portable_pty::CommandBuilder;

/// The diff of `SHOP` with the preset `node`, at a terminal of so many columns.
fn shop(columns: u16, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    Terminal::start(&Folder::compose(SHOP), columns, &[&["--preset", "node"], arguments].concat(), environment).ends(0)
}

#[test]
fn a_wide_window_has_reasons_beside_the_lines() {
    let ended = shop(120, &[], &[]);
    let reason = ended.lines().iter().find(|l| l.contains("read_only: true")).cloned().unwrap();
    assert!(reason.starts_with("10 +     read_only: true    ") && reason.contains("  # image node:22-slim runs "), "{reason}");
    assert!(ended.lines().iter().all(|l| !l.trim_start().starts_with('#') || l.find('#') > Some(20)), "{}", ended.screen.contents());
}

#[test]
fn a_narrow_window_has_reasons_below_the_lines() {
    let long = "      - x:/a/target/that/is/longer/than/the/window/and/unchanged\n";
    let folder = Folder::compose(&format!("services:\n  api:\n    image: node:22\n    volumes:\n{long}"));
    let ended = Terminal::start(&folder, 40, &["--unsafe-fixes"], &[]).ends(0);
    let lines = ended.lines();
    let at = lines.iter().position(|l| l.ends_with("+     read_only: true")).unwrap();
    assert!(lines[at + 1].trim_start().starts_with("# image node:22: the"), "{lines:#?}");
    // Context is cut, reasons and sentences are wrapped at blanks: no row runs over into the next.
    let wrapped = (0..ended.screen.size().0.get()).filter(|row| ended.screen.row_wrapped(*row)).count();
    assert_eq!(wrapped, 0, "{}", ended.screen.contents());
    assert!(lines.iter().any(|l| l.ends_with("...")), "{lines:#?}");
}

#[test]
fn only_what_changed_within_a_line_is_emphasised() {
    let ended = shop(120, &["--service", "jobs=node", "--service", "api"], &[]);
    let green = |cell: &vt100::Cell| cell.fgcolor() == vt100::Color::Idx(2);
    assert_eq!(ended.marked("volumes: [queue:/var/lib/queue, ", vt100::Cell::underline).trim_matches('_'), ", jobs-data:/data");
    assert_eq!(ended.marked("+     tmpfs:", vt100::Cell::underline), "", "a new line is new as a whole");
    assert!(ended.marked("+     tmpfs:", green).ends_with("+     tmpfs:"));
    assert_eq!(ended.marked("image: node:22-slim", green), "");
    assert!(ended.marked("-     volumes: [queue", |c| c.fgcolor() == vt100::Color::Idx(1)).ends_with("[queue:/var/lib/queue]"));
}

#[test]
fn colour_can_be_refused_at_a_terminal() {
    let plain = |cell: &vt100::Cell| cell.fgcolor() == vt100::Color::Default && !cell.bold() && !cell.underline() && !cell.dim();
    let cases = [
        (&[][..], &[][..], true),
        (&[], &[("NO_COLOR", "1")], false),
        (&[], &[("NO_COLOR", "")], true),
        (&[], &[("TERM", "dumb")], false),
        (&["--color", "never"], &[], false),
    ];
    for (arguments, environment, colour) in cases {
        let ended = shop(100, arguments, environment);
        assert_eq!(ended.bytes.contains(&0x1b), colour, "{arguments:?} {environment:?}");
        let (rows, columns) = ended.screen.size();
        let cells = (0..rows.get()).flat_map(|r| (0..columns.get()).map(move |c| (r, c)));
        assert_eq!(cells.filter_map(|(r, c)| ended.screen.cell(r, c)).any(|c| !plain(c)), colour, "{arguments:?} {environment:?}");
        assert!(ended.screen.contents().contains("10 +     read_only: true      # image node:22-slim"));
    }
}

#[test]
fn a_review_without_colour_has_none() {
    let folder = Folder::compose(SHOP);
    let mut terminal = Terminal::start(&folder, 60, &["-i", "--plain"], &[("NO_COLOR", "1")]);
    terminal.dialogue(&[("[1/3]", "n\r"), ("[2/3]", "t\r"), ("Path to choose for", "\x1b")]);
    terminal.shows_times("[q]uit", 3);
    terminal.press("s\r");
    let ended = terminal.ends(1);
    let text = String::from_utf8(ended.bytes).unwrap();
    assert!(!text.contains(";1m") && !text.contains("[1m") && !text.contains("[3"), "{text:?}");
    let wrapped = (0..150).filter(|row| ended.screen.row_wrapped(*row)).count();
    assert_eq!(wrapped, 0, "{}", ended.screen.contents());
}

/// What turns text around, and how it is shown.
const TURNED: [(&str, &str); 4] =
    [("\u{202e}", "\\u{202e}"), ("\u{2066}", "\\u{2066}"), ("\u{200f}", "\\u{200f}"), ("\u{61c}", "\\u{61c}")];

#[test]
fn texts_of_strangers_are_only_text() {
    let (evil, shown): (String, String) = TURNED.iter().copied().unzip();
    let compose = format!(
        "services:\n  web:\n    image: nginx # {evil}\n    environment: {{X: \"\\e[2J\\e]0;owned\\a\"}}\n  api:\n    image: \"node:22\\r\\e[2J\"\n"
    );
    let named = "services:\n  \"\\e[31mred\\nline\": {image: node}\n";
    let name = format!("evil\x1b[2J\u{9b}2J\u{85}{evil}\n.yaml");
    let folder = Folder::new(&[(&name, &compose), ("named.yaml", named)]);
    // Names stand in every kind of message: diff, review, question, check, errors.
    let mut outputs = Vec::new();
    for (arguments, code) in [(&["--unsafe-fixes"][..], 0), (&["--check", "--unsafe-fixes"], 1), (&["--service", "\x1b[2J"], 2)] {
        let ended = Terminal::start(&folder, 200, &[&[&*name], arguments].concat(), &[("NO_COLOR", "1")]).ends(code);
        outputs.push((format!("{arguments:?}"), ended));
    }
    let mut terminal = Terminal::start(&folder, 200, &[&name, "-i", "--plain"], &[("NO_COLOR", "1")]);
    terminal.dialogue(&[("[1/2]", "v\r")]);
    terminal.shows_times("[q]uit", 2);
    terminal.press("a\r");
    terminal.shows("? [y/N]");
    terminal.press("y\r");
    outputs.push(("review".into(), terminal.ends(0)));
    let missing = Terminal::start(&folder, 200, &["absent\x1b[2J\u{202e}"], &[("NO_COLOR", "1")]).ends(2);
    missing.says("error: cannot read absent\\u{1b}[2J\\u{202e}: No such file or directory (os error 2)");
    outputs.push(("absent".into(), missing));
    outputs.push(("service".into(), Terminal::start(&folder, 200, &["named.yaml"], &[("NO_COLOR", "1")]).ends(2)));
    for (what, ended) in &outputs {
        let text = String::from_utf8(ended.bytes.clone()).unwrap();
        // What the prompts themselves send: clear the line, move, hide and show the cursor.
        let text = ["\x1b[2K", "\r\x1b", "\x1b[?25l", "\x1b[?25h", "\x1b[1A", "\r\n"].iter().fold(text, |t, own| t.replace(own, "\n"));
        let bad = |c: &char| {
            c.is_control() && !matches!(c, '\n' | '\r')
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200f}' | '\u{feff}')
        };
        assert_eq!(text.chars().find(bad), None, "{what}: {text:?}");
    }
    let diff = outputs[0].1.screen.contents();
    assert!(diff.contains(&format!("evil\\u{{1b}}[2J\\u{{9b}}2J\\u{{85}}{shown}\\n.yaml")), "{diff}");
    assert!(diff.contains(&format!("image: nginx # {shown}")), "{diff}");
}

#[test]
fn a_byte_order_mark_is_not_shown() {
    let folder = Folder::compose("\u{feff}services:\n  api:\n    image: node:22\n");
    let ended = Terminal::start(&folder, 100, &[], &[]).ends(0);
    ended.says("1   services:");
}

/// A tree that takes longer than a second says how far it is, and takes that away at the end.
#[test]
fn a_long_tree_says_how_far_it_is() {
    let folder = Folder::new(&[]);
    for i in 0..66 {
        folder.put(&format!("p{i}/compose.yaml"), "services:\n  a: {image: node, read_only: true, tmpfs: [/tmp]}\n");
    }
    // A Compose CLI that takes its time and agrees.
    let model = r#"{"services": {"a": {"image": "node", "read_only": true, "tmpfs": ["/tmp"]}}}"#;
    folder.put("../bin/docker", "#!/bin/sh\nexit 1\n");
    folder.put("../bin/docker-compose", format!("#!/bin/sh\n[ \"$1\" = version ] || sleep 0.03\necho '{model}'\n"));
    for name in ["docker", "docker-compose"] {
        let path = folder.outside().join("bin").join(name);
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", folder.outside().join("bin").display());
    let environment = [("PATH", path.as_str()), ("RAYON_NUM_THREADS", "1")];
    let ended = Terminal::start(&folder, 100, &["-r", "--oracle"], &environment).ends(0);
    let bytes = String::from_utf8_lossy(&ended.bytes);
    assert!(bytes.contains("\r64 of 66 projects"), "{bytes}");
    ended.says("66 projects, 66 services: 66 read-only already, 0 held back");
    assert!(!ended.lines().iter().any(|l| l.contains("of 66 projects")), "{:?}", ended.lines());
}

#[test]
fn sentences_are_broken_between_words() {
    let text = "services:\n  a-rather-long-name-of-a-service:\n    image: nginx\n  own:\n    image: nginx\n    read_only: true\n    user: \"1000\"\n    volumes: [d:/data]\nvolumes: {d: {}}\n";
    let log =
        "own-1  | touch: cannot touch '/data/x': Permission denied\nown-1  | touch: cannot touch '/usr/bin/x': Read-only file system\n";
    let folder = Folder::new(&[("compose.yaml", text), ("x.log", log)]);
    for columns in [80, 60] {
        for (arguments, code) in [
            (&["--check"][..], 1),
            (&["diagnose", "x.log"], 1),
            (&["presets", "show", "nginx"], 0),
            (&["presets", "show", "postgres:17-alpine"], 0),
        ] {
            let ended = Terminal::start(&folder, columns, arguments, &[("PAGER", "cat")]).ends(code);
            let said = String::from_utf8_lossy(&ended.bytes).into_owned();
            for line in console::strip_ansi_codes(&said).lines() {
                let is_copied = line.starts_with("        ");
                // A word, such as an address, may be longer than the window.
                let is_word = line.split_whitespace().any(|word| word.len() + 24 > usize::from(columns));
                assert!(line.chars().count() <= usize::from(columns) || is_copied || is_word, "{arguments:?} {columns}: {line}");
            }
        }
    }
}

/// A pager has the screen: beside it only warnings, errors with their hints, and the closing line are said.
#[test]
fn beside_a_pager_little_is_said() {
    let folder = Folder::compose(SHOP);
    let shown = |script: &str| {
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", script]);
        Terminal::start_command(&folder, 100, command, &[("PATH", "/usr/bin:/bin")]).ends(0).screen.contents()
    };
    let piped = shown(&format!("{PROGRAM} | cat >/dev/null"));
    assert!(piped.contains("would harden 2 services (web, api)"), "{piped}");
    assert!(!piped.contains("hint:") && !piped.contains("# image"), "{piped}");
    // What goes to a file, or to nobody who looks on, is as it was.
    assert!(shown(&format!("{PROGRAM} >/dev/null")).contains("hint: "));
    let wrong = shown(&format!("{PROGRAM} --preset nod | cat"));
    assert!(wrong.contains("error: ") && wrong.contains("hint: "), "{wrong}");
}
