//! Text of strangers, made fit to be shown.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use std::borrow::Cow;

/// Whether a character could drive a terminal, or break or reorder the line that it stands in: control characters, other line breaks,
/// bidirectional controls, the byte order mark; or take no column and so make two names look like one.
pub fn drives_terminal(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    let is_unseen = matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}');
    let is_mark = matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || turns || is_unseen || is_mark || matches!(c, '\u{2028}' | '\u{2029}')
}

/// `text` with everything that could drive a terminal or reorder a line made visible, but for tab and newline.
pub fn clean(text: &str) -> Cow<'_, str> {
    let bad = |c: char| drives_terminal(c) && !matches!(c, '\n' | '\t');
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if bad(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect())
}

/// `text` on one line: [`clean`], and newlines made visible too.
pub fn clean_line(text: &str) -> String {
    clean(text).replace('\n', "\\n").replace('\t', "    ")
}

/// `text` as one word of a POSIX shell, for commands that people copy: in quotes unless it is plain.
pub fn shell_word(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}

/// "1 fix", "2 fixes": the number with its noun.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// What stands as it is in a part of a URI: letters, digits and `-._~` (RFC 3986, unreserved characters).
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same in a path of several parts.
const IN_PATH: AsciiSet = UNRESERVED.remove(b'/');

/// A part of a URI's path or query, with everything else escaped.
pub fn uri_part(text: &str) -> String {
    percent_encode(text.as_bytes(), &UNRESERVED).to_string()
}

/// A path of a URI: slashes part it.
pub fn uri_path(path: &[u8]) -> String {
    percent_encode(path, &IN_PATH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_word_to_a_shell() {
        for (text, word) in [
            ("a/b-c.yaml", "a/b-c.yaml"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(id);`id`", "'$(id);`id`'"),
            ("it's", r"'it'\''s'"),
            ("~", "'~'"),
            ("ü", "'ü'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }

    #[test]
    fn nothing_that_drives_a_terminal_gets_through() {
        assert_eq!(clean("a\tb\nc"), "a\tb\nc");
        assert_eq!(clean("\x1b[2Jx\r\u{202e}y\u{9b}"), "\\u{1b}[2Jx\\u{d}\\u{202e}y\\u{9b}");
        assert_eq!(clean_line("a\nb"), "a\\nb");
        assert_eq!(clean("a\u{2028}b\u{85}"), "a\\u{2028}b\\u{85}");
        assert_eq!(clean("we\u{200b}b\u{ad}\u{e0041}"), "we\\u{200b}b\\u{ad}\\u{e0041}");
    }
}
