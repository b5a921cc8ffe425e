//! Bytes to spanned nodes. The only user of yaml-rust2.
//!
//! yaml-rust2 gives events with start positions that are wrong for half of the node kinds, and no ends. So the events only guide a
//! cursor that walks the source: between two lexemes there can be nothing but blanks, breaks, comments, indicators, properties and
//! directives. Where event and source disagree the file is refused.

mod builder;
mod cursor;
mod explain;
mod indent;

use super::scalar::is_printable;
use super::{Stream, SyntaxError};
use crate::text::{FileId, Span, TextFile};
use builder::Builder;
use indent::Padding;

/// Parses `text`, retrying with padded lines where only yaml-rust2 minds the indentation.
pub(super) fn parse(text: &TextFile, file: FileId) -> Result<Stream, SyntaxError> {
    check_characters(text, file)?;
    let source = &text.text()[text.bom_len()..];
    let mut padding = Padding::default();
    let mut first_error = None;
    loop {
        let padded = padding.apply(source);
        let failure = match Builder::new(&padded).run() {
            Ok(builder) => {
                let stream = builder.finish(text, file, &padding);
                let kept = if padding.is_harmless(&stream) { None } else { first_error };
                return kept.map_or(Ok(stream), Err);
            }
            Err(failure) => failure,
        };
        let at = text.bom_len() + padding.original(failure.at);
        let end = at + text.text()[at..].chars().next().map_or(0, char::len_utf8);
        let span = Span { file, start: at as u32, end: end as u32 };
        let error = SyntaxError { span, message: failure.message, hint: failure.hint };
        if !failure.is_indentation || !padding.pad(&padded, failure.at) {
            return Err(error);
        }
        first_error.get_or_insert(error);
    }
}

/// Why a pass over the source ended early.
struct Failure {
    /// Byte in the (padded) source.
    at: usize,
    message: String,
    hint: Option<String>,
    /// One of the complaints about indentation that Compose does not share.
    is_indentation: bool,
}

/// Refuses characters that YAML forbids, or that Compose's reader takes for line breaks and this one does not.
fn check_characters(text: &TextFile, file: FileId) -> Result<(), SyntaxError> {
    let is_allowed = |c: char| matches!(c, '\t' | '\n' | '\r') || is_printable(c);
    let bom = text.bom_len();
    // The usual case, in blocks that the compiler can vectorise.
    let is_plain = |block: &[u8]| block.iter().fold(true, |plain, b| plain & matches!(b, b' '..=b'~' | b'\t' | b'\n' | b'\r'));
    if text.text().as_bytes().chunks(256).all(is_plain) {
        return Ok(());
    }
    let Some((at, c)) = text.text()[bom..].char_indices().find(|(_, c)| !is_allowed(*c)) else { return Ok(()) };
    let start = (bom + at) as u32;
    let (message, hint) = match c {
        '\u{85}' | '\u{2028}' | '\u{2029}' => (
            format!("{} is a line break for Compose and none in YAML 1.2", c.escape_unicode()),
            "end the line with an ordinary line break, or write the character as an escape in double quotes",
        ),
        '\u{feff}' => ("a byte order mark inside the file".to_owned(), "remove it; only the start of a file can have one"),
        _ => (
            format!("control characters are not allowed ({})", c.escape_unicode()),
            "remove the character, or write it as an escape in double quotes",
        ),
    };
    Err(SyntaxError { span: Span { file, start, end: start + c.len_utf8() as u32 }, message, hint: Some(hint.into()) })
}

#[cfg(test)]
mod tests;
