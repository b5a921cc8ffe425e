//! The last words of a service: where nothing in its log is known to tell why it failed, its end often does.

use crate::evidence::log::without_escapes;
use std::collections::VecDeque;

/// Most lines that are kept.
const MOST: usize = 5;
/// Most characters of a line that are shown.
const WIDTH: usize = 160;
/// Most bytes of a line that are kept; escape sequences and bytes that are no text go later.
const MAX_BYTES: usize = 4 * WIDTH;

/// The last lines of a stream, blank ones aside.
#[derive(Clone, Debug, Default)]
pub(super) struct LastWords {
    lines: VecDeque<Vec<u8>>,
}

impl LastWords {
    /// A line.
    pub(super) fn line(&mut self, line: &[u8]) {
        let line = line.trim_ascii_end();
        // A bar of progress is drawn over itself: what stands last was to be seen.
        let line = line.rsplit(|b| *b == b'\r').next().unwrap_or_default();
        if line.trim_ascii().is_empty() {
            return;
        }
        // The oldest one's place is used again, since a log may have any number of lines.
        let mut place = if self.lines.len() == MOST { self.lines.pop_front().unwrap_or_default() } else { Vec::new() };
        place.clear();
        place.extend_from_slice(&line[..line.len().min(MAX_BYTES)]);
        self.lines.push_back(place);
    }

    /// The lines for a person, below what they are; nothing where there are none.
    pub(super) fn under(&self, head: &str) -> Vec<String> {
        let lines: Vec<String> = self.lines.iter().map(|line| shown(line)).filter(|line| !line.is_empty()).collect();
        if lines.is_empty() {
            Vec::new()
        } else {
            [format!("{head}:")].into_iter().chain(lines.iter().map(|l| format!("    {l}"))).collect()
        }
    }
}

/// A line without what would move the cursor, and cut.
fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(&without_escapes(line)).replace('\t', "    ");
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let text = text.trim_end();
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &[u8]) -> Vec<String> {
        let mut words = LastWords::default();
        text.split(|b| *b == b'\n').for_each(|line| words.line(line));
        words.under("its log ends with")
    }

    #[test]
    fn the_end_is_kept_and_fit_to_be_shown() {
        assert_eq!(words(b""), [""; 0]);
        assert_eq!(words(b"\n  \n\x1b[0m\n"), [""; 0]);
        let many: String = (0..9).map(|i| format!("line {i}\n\n")).collect();
        let head = "its log ends with:";
        assert_eq!(words(many.as_bytes()), [head, "    line 4", "    line 5", "    line 6", "    line 7", "    line 8"]);
        assert_eq!(words(b"\x1b[31mbad\x1b[0m \x07option\r\n"), [head, "    bad option"]);
        assert_eq!(words(b"10 %\r90 %\rno space"), [head, "    no space"]);
        assert_eq!(words(b"\xff\x00a\tb"), [head, "    \u{fffd}a    b"]);
        let long = words("ä".repeat(100_000).as_bytes());
        assert_eq!(long[1].chars().count(), 4 + WIDTH + 1, "{}", long[1]);
        assert!(long[1].ends_with("ä…"), "{}", long[1]);
    }
}
