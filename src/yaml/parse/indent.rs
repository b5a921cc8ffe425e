//! Virtual indentation.
//!
//! yaml-rust2 wants every line of a flow collection or quoted scalar to be indented deeper than the block around it; Compose's reader
//! does not care, and real files close a bracket in the key's column. Such lines are read with blanks put before them, which changes
//! no value, and all offsets are mapped back.

use std::borrow::Cow;

/// Blanks put before a line.
const BLANKS: &str = "                                                                ";
/// Most lines that are padded: each costs another pass over the text.
const MAX_LINES: usize = 200;
/// Longest text for which passes are repeated, in bytes.
const MAX_TEXT: usize = 1024 * 1024;

/// The lines that are read with blanks before them.
#[derive(Default)]
pub(super) struct Padding {
    /// Starts of the lines in the original text, sorted.
    lines: Vec<usize>,
}

impl Padding {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The text with the blanks put in.
    pub(super) fn apply<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.lines.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut padded = String::with_capacity(text.len() + self.lines.len() * BLANKS.len());
        let mut copied = 0;
        for &line in &self.lines {
            padded.push_str(&text[copied..line]);
            padded.push_str(BLANKS);
            copied = line;
        }
        padded.push_str(&text[copied..]);
        Cow::Owned(padded)
    }

    /// The offset in the original text of an offset in the padded one.
    pub(super) fn original(&self, offset: usize) -> usize {
        let width = BLANKS.len();
        // Line number i was moved by i paddings before its own.
        let before = self.lines.partition_point(|&line| {
            let index = self.lines.partition_point(|&l| l < line);
            line + index * width < offset
        });
        match before.checked_sub(1) {
            None => offset,
            Some(last) => (offset - before * width).max(self.lines[last]),
        }
    }

    /// Pads the line of the padded text that holds `at`. False when that is no use: it is padded already, or too much was.
    pub(super) fn pad(&mut self, padded: &str, at: usize) -> bool {
        let start = padded.as_bytes()[..at.min(padded.len())].iter().rposition(|b| matches!(b, b'\n' | b'\r')).map_or(0, |i| i + 1);
        let line = self.original(start);
        if padded.len() > MAX_TEXT || self.lines.len() >= MAX_LINES || start == 0 {
            return false;
        }
        match self.lines.binary_search(&line) {
            Ok(_) => false,
            Err(index) => {
                self.lines.insert(index, line);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_map_back() {
        let padding = Padding { lines: vec![2, 4] };
        let padded = padding.apply("a\nb\nc\n");
        for (needle, original) in [("a", 0), ("b", 2), ("c", 4)] {
            assert_eq!(padding.original(padded.find(needle).expect("there")), original);
        }
        assert_eq!(padding.original(padded.len()), 6);
    }
}
