//! Lines that are too long for the screen, in rows: nothing of them is lost, and no word is torn without need.

use unicode_width::UnicodeWidthChar;

/// What gives colours back.
const RESET: &str = "\x1b[0m";

/// A place in a row where the line can be broken.
#[derive(Clone, Debug, Default)]
struct Break {
    /// Bytes and columns before it.
    at: usize,
    used: usize,
    /// The colours there.
    colors: String,
}

/// A line that may have colours, in rows of at most `width` columns. It is broken at blanks and behind `[`; else behind `/`, `=` and the
/// like; within a word only where there is no other way. Further rows stand below the text of a numbered line.
pub(super) fn fold(line: &str, width: usize) -> Vec<String> {
    let margin = Some(margin(line)).filter(|margin| *margin <= width / 2).unwrap_or(0);
    let (mut rows, mut row, mut used, mut colors) = (Vec::new(), String::new(), 0, String::new());
    let mut breaks: [Option<Break>; 2] = [None, None];
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if let Some(end) = rest.strip_prefix("\x1b[").and_then(|code| code.find('m')) {
            let (code, after) = rest.split_at(end + 3);
            if code == RESET {
                colors.clear();
            } else {
                colors += code;
            }
            row += code;
            rest = after;
            continue;
        }
        let columns = c.width().unwrap_or(0);
        if used + columns > width && used > margin {
            let here = Break { at: row.len(), used, colors: colors.clone() };
            let found = breaks.iter_mut().find_map(Option::take).filter(|_| c != ' ').unwrap_or(here);
            breaks = [None, None];
            let tail = row.split_off(found.at);
            row.truncate(row.trim_end().len());
            row += if found.colors.is_empty() { "" } else { RESET };
            rows.push(std::mem::replace(&mut row, " ".repeat(margin) + &found.colors + &tail));
            used = margin + used - found.used;
            // A blank at which it is broken is not seen.
            if c == ' ' && tail.is_empty() {
                rest = &rest[1..];
                continue;
            }
        }
        row.push(c);
        used += columns;
        rest = &rest[c.len_utf8()..];
        let rank = match c {
            ' ' | '[' => 0,
            '/' | '=' | ':' | ',' => 1,
            _ => 2,
        };
        if used > margin
            && let Some(place) = breaks.get_mut(rank)
        {
            *place = Some(Break { at: row.len(), used, colors: colors.clone() });
        }
    }
    rows.push(row);
    rows
}

/// Where the text of a line of a diff begins, behind its number and sign, and a little further; none for other lines.
fn margin(line: &str) -> usize {
    let plain = console::strip_ansi_codes(line);
    let text = plain.trim_start_matches(|c: char| c.is_ascii_digit() || " +-?".contains(c));
    match plain.len() - text.len() {
        0 => 0,
        margin => margin + 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_torn_only_where_there_is_no_other_way() {
        for (line, width, rows) in [
            ("short", 5, &["short"][..]),
            (
                "13 +     tmpfs: [/run:mode=755, /var/cache:mode=1777]",
                40,
                &["13 +     tmpfs: [/run:mode=755,", "           /var/cache:mode=1777]"],
            ),
            ("13 +     tmpfs: [/var/cache/nginx:mode=1777]", 40, &["13 +     tmpfs: [", "           /var/cache/nginx:mode=1777]"]),
            ("a sentence of words", 10, &["a sentence", "of words"]),
            ("example.org/a/reports:2024.11;", 24, &["example.org/a/reports:", "2024.11;"]),
            ("日本語日本語", 5, &["日本", "語日", "本語"]),
            ("aaaaaaaaaaaa", 5, &["aaaaa", "aaaaa", "aa"]),
            ("aa", 1, &["a", "a"]),
            ("", 5, &[""]),
        ] {
            assert_eq!(fold(line, width), rows, "{line}");
        }
    }

    #[test]
    fn colours_go_on_in_the_next_row() {
        assert_eq!(fold("\x1b[32mone two\x1b[0m end", 5), ["\x1b[32mone\x1b[0m", "\x1b[32mtwo\x1b[0m", "end"]);
    }
}
