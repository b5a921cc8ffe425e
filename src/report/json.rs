//! JSON for people to read as well.

use crate::error::{Error, Result};
use crate::text::drives_terminal;
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use std::io::{self, Write};

/// A value as indented JSON with a line break at its end.
pub fn json(value: &impl Serialize) -> Result<String> {
    text(|bytes| write(bytes, value))
}

/// A value as JSON on one line, without a line break.
pub fn line(value: &impl Serialize) -> Result<String> {
    text(|bytes| {
        let shown = Shown(CompactFormatter);
        value.serialize(&mut Serializer::with_formatter(bytes, shown)).map_err(io::Error::from)
    })
}

fn text(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Result<String> {
    let mut bytes = Vec::new();
    write(&mut bytes).map_err(|e| Error::Unverified(format!("the report is no JSON: {e}")))?;
    String::from_utf8(bytes).map_err(|e| Error::Unverified(format!("the report is no text: {e}")))
}

/// Writes a value as [`json`] gives it, piece by piece.
///
/// Errors: those of `out`.
pub fn write(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Shown(PrettyFormatter::new())))?;
    out.write_all(b"\n")
}

/// JSON in which nothing drives a terminal: such characters are escaped, as JSON escapes them.
struct Shown<F>(F);

impl<F: Formatter> Formatter for Shown<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some(at) = rest.find(drives_terminal) {
            out.write_all(&rest.as_bytes()[..at])?;
            let mut after = rest[at..].chars();
            // All of them are in the first plane, where one escape is one character.
            if let Some(c) = after.next() {
                write!(out, "\\u{:04x}", u32::from(c))?;
            }
            rest = after.as_str();
        }
        out.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_it_drives_a_terminal() {
        let text = "é\u{85}\u{202e}\u{2028}\u{9b}\u{feff}\u{7f}\n\u{1b}";
        let shown = json(&serde_json::json!({ "k\u{85}": [text] })).expect("JSON");
        assert!(!shown.chars().any(|c| drives_terminal(c) && c != '\n'), "{shown}");
        let value: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(value["k\u{85}"][0], text);
        assert!(shown.contains("é\\u0085\\u202e\\u2028\\u009b\\ufeff\\u007f\\n\\u001b"), "{shown}");
    }
}
