//! What the review looks like at terminals of several sizes, and with the texts of strangers.

use super::review::HOUSE;
use super::screen::Terminal;
use crate::support::{Folder, golden};

/// The screen after some keys, once it shows a text; the program is left without writing.
fn screen(text: &str, size: (u16, u16), environment: &[(&str, &str)], steps: &[(&str, &str)]) -> vt100::Screen {
    let folder = Folder::compose(text);
    let mut terminal = Terminal::start_sized(&folder, size, &["-i"], environment);
    terminal.shows("0 of ");
    for (keys, shown) in steps {
        terminal.press(keys);
        terminal.shows(shown);
    }
    let screen = terminal.look();
    terminal.press("\x03");
    terminal.ends(130);
    screen
}

/// The text of a screen without blanks at the ends of lines.
fn text_of(screen: &vt100::Screen) -> String {
    screen.contents().lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// The looks of a screen's cells, row by row: a letter for the colour, upper case where it is bold,
/// `_` where the cursor's line is turned around.
fn looks(screen: &vt100::Screen) -> String {
    let (rows, columns) = screen.size();
    let look = |row, column| {
        let cell = screen.cell(row, column).unwrap();
        let letter = match cell.fgcolor() {
            vt100::Color::Default if cell.dim() => 'd',
            vt100::Color::Default => 't',
            vt100::Color::Idx(1) => 'r',
            vt100::Color::Idx(2) => 'g',
            vt100::Color::Idx(3) => 'y',
            vt100::Color::Idx(6) => 'c',
            other => panic!("{other:?} is not seen on every background"),
        };
        assert_eq!(cell.bgcolor(), vt100::Color::Default, "no background but the terminal's");
        match (cell.inverse(), cell.bold(), cell.contents().trim().is_empty()) {
            (true, ..) => '_',
            (false, _, true) => ' ',
            (false, true, _) => letter.to_ascii_uppercase(),
            (false, false, _) => letter,
        }
    };
    let row = |row| (0..columns.get()).map(|column| look(row, column)).collect::<String>().trim_end().to_owned() + "\n";
    (0..rows.get()).map(row).collect()
}

#[test]
fn the_list_fits_every_size() {
    for (rows, columns) in [(24, 40), (24, 60), (24, 80), (24, 120), (12, 40), (12, 80)] {
        let shown = screen(HOUSE, (rows, columns), &[], &[("y", "1 of 3 decided")]);
        golden(&format!("terminal/review-{columns}x{rows}.txt"), &text_of(&shown));
        let plain = screen(HOUSE, (rows, columns), &[("NO_COLOR", "1")], &[("y", "1 of 3 decided")]);
        assert_eq!(text_of(&plain), text_of(&shown), "colour changes no text");
    }
}

#[test]
fn every_screen_has_its_capture() {
    for (name, steps) in [
        ("guess", &[("\t\t", ">? jobs")][..]),
        ("refused", &[("/agent\r", ">! agent")]),
        ("help", &[("?", "accept the change of this service")]),
        ("sum", &[("aw", "y write this")]),
        ("leave", &[("y", "1 of 3 decided"), ("q", "is lost")]),
        ("paths", &[("e", "Space keep or drop")]),
        ("storage", &[("t", "Space tmpfs or volume")]),
        ("extras", &[("x", "Space take it or not")]),
        ("ignore", &[("i", "Enter ignore this")]),
        ("ignore-place", &[("i\r", "where the reason goes")]),
        ("ignore-sum", &[("i\r\rit is a kiosk\r", "gets the reason"), ("w", "y write this")]),
        ("rule", &[("r", "writable-root\n")]),
        ("search", &[("/a", "/a_")]),
        ("file", &[("f", "the whole file")]),
    ] {
        let shown = screen(HOUSE, (24, 80), &[], steps);
        golden(&format!("terminal/review-{name}.txt"), &text_of(&shown));
    }
}

#[test]
fn colours_are_seen_on_light_and_on_dark() {
    let steps = [("y", "1 of 3 decided"), ("n", "2 of 3 decided")];
    let shown = screen(HOUSE, (24, 80), &[], &steps);
    golden("terminal/review-looks.txt", &looks(&shown));
    for background in ["0;15", "15;0"] {
        let other = screen(HOUSE, (24, 80), &[("COLORFGBG", background)], &steps);
        assert_eq!(looks(&other), looks(&shown), "the terminal's own colours are right on its background");
    }
    let plain = looks(&screen(HOUSE, (24, 80), &[("NO_COLOR", "1")], &steps));
    assert!(plain.chars().all(|c| matches!(c, 't' | ' ' | '\n')), "{plain}");
}

#[test]
fn texts_of_strangers_stay_text_and_keep_their_columns() {
    let evil = "\u{202e}\u{2066}\u{200b}\u{200d}\u{2060}\u{ad}";
    let compose = format!(
        "services:\n  web:\n    image: nginx # 日本語{evil}のサービスはここにあり、そしてとても長いコメントがここに続きます\n    environment: {{X: \"\\e[2J\\e]0;owned\\a\"}}\n  root:\n    image: \"node\\e[2J\"\n    privileged: true\n"
    );
    let name = format!("日本{evil}\u{9b}2J\x1b[2J.yaml");
    let folder = Folder::new(&[(&name, &compose)]);
    let mut terminal = Terminal::start_sized(&folder, (24, 120), &["-i", &name], &[("NO_COLOR", "1")]);
    terminal.shows("0 of 1 decided").shows("\\u{202e}\\u{2066}\\u{200b}\\u{200d}\\u{2060}\\u{ad}");
    let shown = terminal.look();
    golden("terminal/review-strangers.txt", &text_of(&shown));
    assert!((0..24).all(|row| !shown.row_wrapped(row)), "{}", shown.contents());
    terminal.press("f");
    terminal.shows("the whole file").press("\x03");
    let ended = terminal.ends(130);
    let text = String::from_utf8(ended.bytes).unwrap();
    let bad = |c: &char| matches!(c, '\u{9b}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    assert_eq!(text.chars().find(bad), None);

    assert!(!text.contains("\x1b]0;owned"));
}
