//! Virtual indentation.
//!
//! yaml-rust2 wants every line of a flow collection or quoted scalar to be indented deeper than the block around it; Compose's reader
//! does not care, and real files close a bracket in the key's column. Such lines are read with blanks put before them, which changes
//! no value, and all offsets are mapped back.

use super::cursor::Cursor;
use crate::yaml::{Stream, Style};
use std::borrow::Cow;

/// Blanks put before a line.
const BLANKS: &str = "                                                                ";
/// Most bytes that are read again with ever more padding: half a second's worth.
const MAX_WORK: usize = 24 * 1024 * 1024;

/// The lines that are read with blanks before them.
#[derive(Default)]
pub(super) struct Padding {
    /// Starts of the lines in the original text, sorted.
    lines: Vec<usize>,
    /// Bytes read so far.
    work: usize,
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
        // Every padding before the one looked at moved its line by so much.
        let (mut low, mut high) = (0, self.lines.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.lines[middle] + middle * BLANKS.len() < offset {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        match low.checked_sub(1) {
            None => offset,
            Some(last) => offset.saturating_sub(low * BLANKS.len()).max(self.lines[last]),
        }
    }

    /// Pads the lines of the quoted scalar that starts at `at` in the padded text; where there are none left, the line that holds `at`.
    /// False when that is no use: it is padded already, or it would be too much work.
    pub(super) fn pad(&mut self, padded: &str, at: usize) -> bool {
        let cursor = Cursor::new(padded);
        let quote_end = cursor.quote_end(at);
        let is_break = |i: &usize| matches!(padded.as_bytes()[*i], b'\n' | b'\r') && !padded[*i..].starts_with("\r\n");
        // A document marker ends what it stands in; with blanks before it, it would be text.
        let is_marker =
            |start: usize| ["---", "..."].iter().any(|m| padded[start..].starts_with(m)) && cursor.ends_indicator(start + 3, false);
        let not_padded = |start: &usize| self.lines.binary_search(&self.original(*start)).is_err();
        let mut starts: Vec<usize> = (at..quote_end.unwrap_or(at)).filter(is_break).map(|i| i + 1).filter(not_padded).collect();
        if starts.is_empty() {
            starts.extend((0..at.min(padded.len())).rev().find(is_break).map(|i| i + 1).filter(not_padded));
        }
        self.work += padded.len() + starts.len() * BLANKS.len();
        if starts.is_empty() || self.work > MAX_WORK || starts.iter().any(|&start| is_marker(start)) {
            return false;
        }
        let lines: Vec<usize> = starts.into_iter().map(|start| self.original(start)).collect();
        self.lines.extend(lines);
        self.lines.sort_unstable();
        true
    }

    /// Whether all padded lines start inside flow collections and quoted scalars, where blanks at the start of a line mean nothing.
    pub(super) fn is_harmless(&self, stream: &Stream) -> bool {
        let bom = stream.text.bom_len();
        let mut lines = self.lines.iter().map(|line| line + bom).peekable();
        for node in stream.nodes().filter(|n| matches!(n.style(), Style::Flow | Style::Single | Style::Double)) {
            let body = node.body().range();
            // Nodes come in the order of their starts: a line that is still here lies in none before, and comes too early for the rest.
            if lines.peek().is_some_and(|&line| line <= body.start) {
                return false;
            }
            while lines.next_if(|&line| line < body.end).is_some() {}
        }
        lines.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_markers_are_never_padded() {
        for (text, at, expected) in [("\"a\n---\n\"", 0, false), ("\"a\n---b\"", 0, true), ("[\n... \n]", 2, false), ("[\na]", 2, true)] {
            assert_eq!(Padding::default().pad(text, at), expected, "{text:?}");
        }
    }

    #[test]
    fn offsets_map_back() {
        let padding = Padding { lines: vec![2, 4], work: 0 };
        let padded = padding.apply("a\nb\nc\n");
        for (needle, original) in [("a", 0), ("b", 2), ("c", 4)] {
            assert_eq!(padding.original(padded.find(needle).expect("there")), original);
        }
        assert_eq!((padding.original(3), padding.original(padded.len())), (2, 6));
    }
}
