//! Places as the protocol counts them: lines from 0, and in each the units that both sides agreed on.

use crate::text::{Span, TextFile};
use gen_lsp_types::{Position, PositionEncodingKind, Range};

/// The units of a place in its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16, which every client can.
    Utf16,
}

impl Encoding {
    /// How the protocol calls it.
    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    /// How many units a text has.
    fn units(self, text: &str) -> usize {
        match self {
            Self::Utf8 => text.len(),
            Self::Utf16 => text.encode_utf16().count(),
        }
    }

    /// The place of a byte. The byte order mark takes no room: editors keep it out of their texts.
    pub(super) fn position(self, text: &TextFile, offset: usize) -> Position {
        let offset = offset.min(text.text().len());
        let start = text.line_start(offset).max(text.bom_len().min(offset));
        let units = self.units(&text.text()[start..offset]);
        Position { line: (text.line(offset) - 1) as u32, character: units as u32 }
    }

    /// The range of a span.
    pub(super) fn range(self, text: &TextFile, span: Span) -> Range {
        let end = span.end.max(span.start) as usize;
        Range { start: self.position(text, span.start as usize), end: self.position(text, end) }
    }

    /// The byte at a place: the line's end where it lies behind that, the text's end behind its last line, the start of a character within
    /// that.
    pub(super) fn offset(self, text: &TextFile, place: Position) -> usize {
        let Some(start) = text.start_of_line(place.line as usize + 1) else { return text.text().len() };
        let end = text.line_end(start);
        let start = start.max(text.bom_len().min(end));
        let mut left = place.character as usize;
        for (at, c) in text.text()[start..end].char_indices() {
            let width = if self == Self::Utf8 { c.len_utf8() } else { c.len_utf16() };
            if left < width {
                return start + at;
            }
            left -= width;
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{FileId, MAX_FILE_BYTES};

    fn text(text: &str) -> TextFile {
        TextFile::new("f", text.into(), MAX_FILE_BYTES).expect("text")
    }

    #[test]
    fn every_byte_comes_back_from_its_place_in_both_encodings() {
        let text = text("a: é\r\nb: 𝄞x\n\tc: ☃\rd: \n");
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            let bytes = text.text().char_indices().map(|(at, _)| at).filter(|at| !text.text()[..*at].ends_with('\r') || *at == 20);
            for at in bytes.chain([text.text().len()]) {
                assert_eq!(encoding.offset(&text, encoding.position(&text, at)), at, "{encoding:?} {at}");
            }
        }
        let x = text.text().find('x').expect("there");
        assert_eq!(Encoding::Utf16.position(&text, x), Position { line: 1, character: 5 });
        assert_eq!(Encoding::Utf8.position(&text, x), Position { line: 1, character: 7 });
    }

    #[test]
    fn places_outside_of_the_text_are_its_ends() {
        let text = text("\u{feff}ab\n𝄞\n");
        for (line, character, offset) in
            [(0, 0, 3), (0, 9, 5), (1, 1, 6), (1, 2, 10), (9, 0, 11), (u32::MAX, u32::MAX, 11), (0, u32::MAX, 5)]
        {
            assert_eq!(Encoding::Utf16.offset(&text, Position { line, character }), offset, "{line}:{character}");
        }
        let span = Span { file: FileId(0), start: 900, end: 3 };
        assert_eq!(Encoding::Utf16.range(&text, span).end, Position { line: 2, character: 0 });
    }
}
