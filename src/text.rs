//! A file's text and places in it. Offsets are bytes from the start of the file, BOM included.

mod clean;
mod near;
pub(crate) mod toml;

pub use clean::{clean, clean_line, count, drives_terminal, shell_word, uri_part, uri_path};
pub use near::{did_you_mean, nearest, with_nearest};

use std::fmt;
use std::sync::{Arc, OnceLock};

/// Largest Compose file that is read, in bytes. Compose files are a few kilobytes; the largest of 250 public ones is 27 kB.
pub const MAX_FILE_BYTES: usize = 8 * 1024 * 1024;

/// Index of a file in its project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(pub u32);

/// A range of bytes in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range as indexes into the file's text.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A text file in memory: its bytes as read, known to be UTF-8, and the name to show for it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TextFile {
    name: Arc<str>,
    text: Arc<str>,
    /// First bytes of all lines, made when a line is first asked for.
    lines: OnceLock<Arc<[u32]>>,
    /// Characters before each [`BLOCK`] of bytes, made when a column on a long line is first asked for.
    characters: OnceLock<Arc<[u32]>>,
}

/// Bytes within which characters are counted again each time.
const BLOCK: usize = 1024;

impl PartialEq for TextFile {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.text == other.text
    }
}

impl Eq for TextFile {}

/// Why bytes are not a text file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotText {
    /// More bytes than the limit: (size, limit).
    TooLarge(usize, usize),
    /// UTF-16, recognised by its byte order mark.
    Utf16,
    /// Not UTF-8; the offset of the first bad byte.
    NotUtf8(usize),
}

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(size, limit) => write!(f, "the file has {size} bytes, the limit is {limit}"),
            Self::Utf16 => write!(f, "the file is UTF-16; only UTF-8 can be edited"),
            Self::NotUtf8(offset) => write!(f, "invalid UTF-8 at byte {offset}"),
        }
    }
}

impl TextFile {
    /// Takes the bytes of a file called `name`, at most `limit` of them.
    pub fn new(name: impl Into<Arc<str>>, bytes: Vec<u8>, limit: usize) -> Result<Self, NotText> {
        if bytes.len() > limit.min(u32::MAX as usize - 1) {
            return Err(NotText::TooLarge(bytes.len(), limit));
        }
        if bytes.starts_with(&[0xFE, 0xFF]) || bytes.starts_with(&[0xFF, 0xFE]) {
            return Err(NotText::Utf16);
        }
        let text = String::from_utf8(bytes).map_err(|e| NotText::NotUtf8(e.utf8_error().valid_up_to()))?;
        Ok(Self { name: name.into(), text: text.into(), lines: OnceLock::new(), characters: OnceLock::new() })
    }

    /// The name to show, as the user wrote it or relative to the project.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text, BOM included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Length of the byte order mark: 0 or 3.
    pub fn bom_len(&self) -> usize {
        if self.text.starts_with('\u{feff}') { 3 } else { 0 }
    }

    fn lines(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            if !self.text.contains('\r') {
                return std::iter::once(0).chain(self.text.match_indices('\n').map(|(i, _)| i as u32 + 1)).collect();
            }
            let bytes = self.text.as_bytes();
            let ends_line = |i: &usize| bytes[*i] == b'\n' || bytes[*i] == b'\r' && bytes.get(i + 1) != Some(&b'\n');
            std::iter::once(0).chain((0..bytes.len()).filter(ends_line).map(|i| i as u32 + 1)).collect()
        })
    }

    /// Number of the line that holds `offset`, from 1. A position between `\r` and `\n` is on the line that they end.
    pub fn line(&self, offset: usize) -> usize {
        self.lines().partition_point(|&start| start as usize <= offset)
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        (self.line(offset), self.column(offset) + 1)
    }

    /// First byte of the line that holds `offset`.
    pub fn line_start(&self, offset: usize) -> usize {
        self.lines()[self.line(offset) - 1] as usize
    }

    /// First byte of a line by its number, from 1.
    pub fn start_of_line(&self, line: usize) -> Option<usize> {
        self.lines().get(line.checked_sub(1)?).map(|start| *start as usize)
    }

    /// End of the line that holds `offset`, before its line break.
    pub fn line_end(&self, offset: usize) -> usize {
        let Some(&next) = self.lines().get(self.line(offset)) else { return self.text.len() };
        let line = &self.text[..next as usize];
        line.strip_suffix("\r\n").or_else(|| line.strip_suffix(['\n', '\r'])).unwrap_or(line).len()
    }

    /// The line break that stands at `offset`, if one does.
    pub fn break_at(&self, offset: usize) -> Option<&'static str> {
        match &self.text.as_bytes()[offset..] {
            [b'\r', b'\n', ..] => Some("\r\n"),
            [b'\n', ..] => Some("\n"),
            [b'\r', ..] => Some("\r"),
            _ => None,
        }
    }

    /// The line break to use for new lines at `offset`: that of its own line, else of the line before, else `\n`.
    pub fn newline_near(&self, offset: usize) -> &'static str {
        self.break_at(self.line_end(offset))
            .or_else(|| {
                let start = self.line_start(offset);
                let before = &self.text[..start];
                ["\r\n", "\n", "\r"].into_iter().find(|b| before.ends_with(b))
            })
            .unwrap_or("\n")
    }

    /// Characters between the line's start and `offset`.
    pub fn column(&self, offset: usize) -> usize {
        let start = self.line_start(offset).max(self.bom_len().min(offset));
        if offset - start <= BLOCK {
            return count_characters(&self.text.as_bytes()[start..offset]);
        }
        // One line may be the whole file, and every place on it be asked for.
        self.characters_before(offset) - self.characters_before(start)
    }

    fn characters_before(&self, offset: usize) -> usize {
        let bytes = self.text.as_bytes();
        let before = self.characters.get_or_init(|| {
            let mut sum = 0;
            let blocks = bytes.chunks(BLOCK).map(|block| {
                sum += count_characters(block) as u32;
                sum
            });
            std::iter::once(0).chain(blocks).collect()
        });
        let block = offset / BLOCK;
        before[block] as usize + count_characters(&bytes[block * BLOCK..offset])
    }
}

/// How many characters begin among `bytes`.
fn count_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !(0x80..0xC0).contains(*byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> TextFile {
        TextFile::new("f", text.as_bytes().to_vec(), MAX_FILE_BYTES).expect("text")
    }

    #[test]
    fn lines_end_at_every_kind_of_break() {
        let f = file("a\r\nbé\rc\nd");
        let at = |needle| f.line_column(f.text().find(needle).expect("needle"));
        assert_eq!((at("a"), at("é"), at("c"), at("d")), ((1, 1), (2, 2), (3, 1), (4, 1)));
        assert_eq!([0, 1, 3, 5].map(|line| f.start_of_line(line)), [None, Some(0), Some(7), None]);
        assert_eq!((f.newline_near(0), f.newline_near(4), f.newline_near(f.text().len())), ("\r\n", "\r", "\n"));
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        let f = file("\u{feff}a: b");
        assert_eq!((f.bom_len(), f.line_column(3), f.column(6)), (3, (1, 1), 3));
    }

    #[test]
    fn columns_on_a_long_line_are_those_of_a_short_one() {
        let text = format!("\u{feff}é\n{}", "aé☃𝄞".repeat(2000));
        let f = file(&text);
        let line = text.find('\n').expect("a break") + 1;
        for (column, (at, _)) in text[line..].char_indices().enumerate() {
            assert_eq!(f.line_column(line + at), (2, column + 1));
        }
        assert_eq!(f.column(text.len()), 8000);
    }

    #[test]
    fn what_is_not_utf8_is_refused_with_the_place() {
        assert_eq!(TextFile::new("f", vec![b'a', 0xe9], 9), Err(NotText::NotUtf8(1)));
        assert_eq!(TextFile::new("f", vec![0xff, 0xfe], 9), Err(NotText::Utf16));
        assert_eq!(TextFile::new("f", vec![0; 10], 9), Err(NotText::TooLarge(10, 9)));
    }
}
