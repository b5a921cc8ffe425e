//! Tabs: go-yaml takes them for blanks only where no key could start.

use super::refuse;
use crate::text::Span;
use crate::yaml::{Kind, Node, Stream, Style, SyntaxError};

const TAB: &str = "tab used for indentation";
const TAB_HINT: &str = "put spaces there, or nothing in an empty line";

/// Checks what stands between the leaves of the file.
pub(super) fn check(stream: &Stream) -> Result<(), SyntaxError> {
    if !stream.text().text().contains('\t') {
        return Ok(());
    }
    let mut gaps = Gaps { stream, at: stream.text().bom_len(), key_allowed: true, plain_column: None };
    stream.roots().try_for_each(|root| gaps.node(root, None))?;
    gaps.step_to(stream.text().text().len())
}

/// A walk over the text between leaves. Flow collections count as leaves.
struct Gaps<'a> {
    stream: &'a Stream,
    at: usize,
    /// Whether a key could start here, in go-yaml's eyes.
    key_allowed: bool,
    /// After a plain scalar: the column from which go-yaml would still read more of it.
    plain_column: Option<usize>,
}

impl Gaps<'_> {
    /// Steps over `node`, which is in a block collection that stands at `column`.
    fn node(&mut self, node: Node<'_>, column: Option<usize>) -> Result<(), SyntaxError> {
        let body = node.body().range();
        match (node.kind(), node.style()) {
            (_, Style::Empty) => self.step_to(body.start),
            (Kind::Scalar | Kind::Alias, _) | (_, Style::Flow) => {
                self.step_to(body.start)?;
                check_lines(node, column.map_or(0, |c| c + 1))?;
                self.at = body.end;
                self.key_allowed = false;
                self.plain_column = (node.style() == Style::Plain && node.kind() == Kind::Scalar).then(|| column.map_or(0, |c| c + 1));
                Ok(())
            }
            _ => {
                let column = self.stream.text().column(body.start);
                node.children().try_for_each(|child| self.node(child, Some(column)))
            }
        }
    }

    fn step_to(&mut self, end: usize) -> Result<(), SyntaxError> {
        let text = self.stream.text().text();
        let bytes = text.as_bytes();
        let mut line = (self.at == self.stream.text().bom_len()).then_some(self.at);
        while self.at < end {
            let at = self.at;
            let byte = bytes[at];
            self.at += 1;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                self.plain_column = None;
            }
            match byte {
                b'\n' | b'\r' => (self.key_allowed, line) = (true, Some(self.at)),
                b'\t' if self.key_allowed => {
                    let is_plain = self.plain_column.zip(line).is_some_and(|(column, line)| at - line >= column);
                    if !is_plain {
                        let span = Span { file: self.stream.file(), start: at as u32, end: at as u32 + 1 };
                        return Err(refuse(span, TAB, TAB_HINT));
                    }
                }
                b' ' | b'\t' => {}
                b'#' => {
                    self.at = self.stream.text().line_end(at).min(end);
                    // From a comment that has its line for itself to the next one, go-yaml skips anything blank.
                    let is_alone = line.is_some_and(|line| text[line..at].trim().is_empty());
                    let blanks = bytes[self.at..end].iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
                    if is_alone && bytes[..end].get(self.at + blanks) == Some(&b'#') {
                        self.at += blanks;
                        line = Some(self.at);
                    }
                }
                b'%' if at == self.stream.text().line_start(at) => self.at = self.stream.text().line_end(at).min(end),
                // A colon behind its key allows no key after it; one that starts a line, or follows a `-` or `?`, does.
                b':' => {}
                b'-' if text[at..].starts_with("---") => (self.at, self.key_allowed) = (at + 3, false),
                b'-' | b'?' => self.key_allowed = true,
                _ => self.key_allowed = false,
            }
        }
        Ok(())
    }
}

/// In a plain scalar of several lines, alone or in a flow collection, and in the empty lines behind it, a tab cannot be part of the
/// indentation, which ends at `column`.
fn check_lines(node: Node<'_>, column: usize) -> Result<(), SyntaxError> {
    let (text, body) = (node.stream().text().text(), node.body().range());
    let behind = text[body.end..].bytes().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
    let (source, start) = (&text[body.start..body.end + behind], body.start);
    if node.style() != Style::Plain || !source.contains('\t') {
        return node.children().try_for_each(|child| check_lines(child, column));
    }
    let mut line = 0;
    for part in source.split_inclusive(['\n', '\r']) {
        let blanks = part.len() - part.trim_start_matches([' ', '\t']).len();
        match part[..blanks].find('\t') {
            Some(tab) if line > 0 && tab < column => {
                let at = (start + line + tab) as u32;
                let span = Span { start: at, end: at + 1, ..node.body() };
                return Err(refuse(span, TAB, TAB_HINT));
            }
            _ => line += part.len(),
        }
    }
    Ok(())
}

/// Before the first line of text in a block scalar go-yaml takes no tab for text, as it could be indentation.
pub(super) fn check_block_scalar(scalar: Node<'_>) -> Result<(), SyntaxError> {
    let (source, start) = (scalar.source(), scalar.body().start);
    let header_end = source.find(['\n', '\r']).unwrap_or(source.len());
    let has_indent = source[..header_end].bytes().take_while(|b| !matches!(b, b' ' | b'\t' | b'#')).any(|b| b.is_ascii_digit());
    let first = source[header_end..].find(|c| !matches!(c, ' ' | '\n' | '\r')).map(|i| header_end + i);
    match first {
        Some(at) if !has_indent && source.as_bytes()[at] == b'\t' => {
            let span = Span { start: start + at as u32, end: start + at as u32 + 1, ..scalar.body() };
            Err(refuse(span, "a tab that starts the text of a block scalar", "say how deep the text is indented: `|2`"))
        }
        _ => Ok(()),
    }
}
