//! A position in the source, and the lexemes that it can step over.

use std::cell::Cell;
use yaml_rust2::scanner::Marker;

pub(super) struct Cursor<'s> {
    pub(super) source: &'s str,
    /// Byte offset: the end of the last lexeme.
    pub(super) at: usize,
    line_starts: Vec<u32>,
    is_ascii: bool,
    /// The last (line, column, byte) that was looked up, so that one long line stays linear.
    last: Cell<(usize, usize, usize)>,
}

impl<'s> Cursor<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        let is_ascii = source.is_ascii();
        let bytes = source.as_bytes();
        let mut line_starts = vec![0];
        if !is_ascii {
            let is_break = |i: usize| bytes[i] == b'\n' || bytes[i] == b'\r' && bytes.get(i + 1) != Some(&b'\n');
            line_starts.extend((0..bytes.len()).filter(|&i| is_break(i)).map(|i| i as u32 + 1));
        }
        Self { source, at: 0, line_starts, is_ascii, last: Cell::new((1, 0, 0)) }
    }

    fn bytes(&self) -> &'s [u8] {
        self.source.as_bytes()
    }

    pub(super) fn at_end(&self) -> bool {
        self.at >= self.source.len()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes().get(self.at).copied()
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Where a marker points, in bytes. Line and column are right in every marker; the index only in ASCII text, since yaml-rust2
    /// counts parts of block scalars in bytes.
    pub(super) fn byte_of(&self, marker: &Marker) -> usize {
        if self.is_ascii {
            return marker.index().min(self.source.len());
        }
        let Some(&line_start) = self.line_starts.get(marker.line() - 1) else { return self.source.len() };
        let (line, column, byte) = self.last.get();
        let (column, byte) = if line == marker.line() { (column, byte) } else { (0, line_start as usize) };
        let to = marker.col();
        let byte = if to >= column {
            self.source[byte..].char_indices().nth(to - column).map_or(self.source.len(), |(i, _)| byte + i)
        } else {
            self.source[..byte].char_indices().nth_back(column - to - 1).map_or(0, |(i, _)| i)
        };
        self.last.set((marker.line(), to, byte));
        byte
    }

    /// Bytes between the start of the line and `at`: the column, where only blanks stand before it.
    pub(super) fn column(&self, at: usize) -> usize {
        at - self.bytes()[..at].iter().rposition(|b| matches!(b, b'\n' | b'\r')).map_or(0, |i| i + 1)
    }

    /// The first byte of the line of `at` that is no blank.
    pub(super) fn line_text(&self, at: usize) -> usize {
        let start = at - self.column(at);
        start + self.bytes()[start..at].iter().take_while(|&&b| b == b' ').count()
    }

    /// Steps over blanks, breaks and comments.
    pub(super) fn skip(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'#' => self.skip_line(),
                _ => break,
            }
        }
    }

    fn skip_line(&mut self) {
        self.at = self.line_end(self.at);
    }

    fn line_end(&self, at: usize) -> usize {
        self.bytes()[at..].iter().position(|b| matches!(b, b'\n' | b'\r')).map_or(self.source.len(), |i| at + i)
    }

    /// Steps over directives, stray `...` and the `---`. `Err` is where a directive stands that go-yaml does not know.
    pub(super) fn document_start(&mut self) -> Result<(), usize> {
        loop {
            self.skip();
            match self.peek() {
                Some(b'%') if self.column(self.at) == 0 => {
                    let start = self.at;
                    self.skip_line();
                    let words: Vec<&str> = self.source[start..self.at].split_whitespace().take(2).collect();
                    if !matches!(words.as_slice(), ["%YAML", "1.1"] | ["%TAG", _]) {
                        return Err(start);
                    }
                }
                Some(b'.') if self.marker("...") => self.at += 3,
                _ => break,
            }
        }
        if self.marker("---") {
            self.at += 3;
        }
        Ok(())
    }

    /// Steps over `...`, if it stands here.
    pub(super) fn document_end(&mut self) {
        let before = self.at;
        self.skip();
        if self.marker("...") {
            self.at += 3;
            self.document_end();
        } else {
            self.at = before;
        }
    }

    fn marker(&self, marker: &str) -> bool {
        self.source[self.at..].starts_with(marker) && self.column(self.at) == 0 && self.ends_indicator(self.at + 3, false)
    }

    /// Whether an indicator that ends before `at` is one: a blank, a break, the end, or in flow style a flow indicator follows.
    pub(super) fn ends_indicator(&self, at: usize, in_flow: bool) -> bool {
        match self.bytes().get(at) {
            None | Some(b' ' | b'\t' | b'\n' | b'\r') => true,
            Some(b',' | b'[' | b']' | b'{' | b'}') => in_flow,
            Some(_) => false,
        }
    }

    /// End of the name of an anchor or alias.
    pub(super) fn name_end(&self, at: usize) -> usize {
        let ends = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b',' | b'[' | b']' | b'{' | b'}');
        self.bytes()[at..].iter().position(ends).map_or(self.source.len(), |i| at + i)
    }

    /// End of the tag that starts at `at`.
    pub(super) fn tag_end(&self, at: usize) -> usize {
        if self.source[at..].starts_with("!<") {
            return self.source[at..].find('>').map_or(self.source.len(), |i| at + i + 1);
        }
        self.name_end(at)
    }

    /// End of a plain scalar that reads as `text`: source and text agree in their non-blank characters.
    pub(super) fn plain(&self, text: &str) -> Option<usize> {
        let is_blank = |b: u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r');
        let bytes = self.bytes();
        let mut at = self.at;
        // The usual case: nothing is folded.
        if bytes[at..].starts_with(text.as_bytes()) {
            return Some(at + text.len());
        }
        for byte in text.bytes().filter(|&b| !is_blank(b)) {
            while is_blank(*bytes.get(at)?) {
                at += 1;
            }
            if bytes[at] != byte {
                return None;
            }
            at += 1;
        }
        Some(at)
    }

    /// End of the quoted scalar that starts at `at`; `None` if none does or it is not closed.
    pub(super) fn quote_end(&self, at: usize) -> Option<usize> {
        let bytes = self.bytes();
        let quote = *bytes.get(at).filter(|b| matches!(b, b'"' | b'\''))?;
        let mut at = at + 1;
        loop {
            match *bytes.get(at)? {
                b'\\' if quote == b'"' => at += 2,
                b'\'' if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 2,
                byte if byte == quote => return Some(at + 1),
                _ => at += 1,
            }
        }
    }

    /// A block scalar that starts at its `|` or `>` and reads as `text`; `column` is that of its content. Returns its end: that of its
    /// last content line, or with `+` of the last blank line. If the file ends with it, also how many line breaks its value ends with:
    /// Compose counts those in the source, yaml-rust2 one more.
    pub(super) fn block_scalar(&self, text: &str, column: usize) -> Option<(usize, Option<usize>)> {
        let bytes = self.bytes();
        if !matches!(self.peek(), Some(b'|' | b'>')) {
            return None;
        }
        let indicators = bytes[self.at + 1..].iter().take_while(|b| matches!(b, b'+' | b'-' | b'0'..=b'9'));
        let (header, keep, strip) =
            indicators.fold((self.at + 1, false, false), |(end, keep, strip), b| (end + 1, keep || *b == b'+', strip || *b == b'-'));
        let has_content = text.contains(|c| c != '\n');
        let mut line = self.line_end(header);
        let (mut end, mut content_end) = (header, line);
        while line < self.source.len() {
            let start = line + if bytes[line..].starts_with(b"\r\n") { 2 } else { 1 };
            let line_end = self.line_end(start);
            let content = &bytes[start..line_end];
            let indent = content.iter().take_while(|&&b| b == b' ').count();
            let is_blank = indent == content.len() && (!has_content || indent <= column);
            let is_content =
                has_content && indent >= column && !is_blank && !(column == 0 && (content == b"..." || content.starts_with(b"... ")));
            if is_content {
                (end, content_end) = (line_end, line_end);
            } else if !is_blank {
                return Some((end, None));
            } else if keep && start < self.source.len() {
                // The empty line after the last break is no line.
                end = line_end;
            }
            line = line_end;
        }
        let breaks = self.source[content_end..].replace("\r\n", "\n").matches(['\n', '\r']).count();
        let last_breaks = match (keep, strip) {
            (_, true) => 0,
            (true, _) => breaks.saturating_sub(usize::from(!has_content)),
            (false, _) => usize::from(has_content && breaks > 0),
        };
        Some((end, Some(last_breaks)))
    }
}
