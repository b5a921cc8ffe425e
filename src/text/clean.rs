//! Text of strangers, made fit to be shown.

use std::borrow::Cow;

/// Whether a character could drive a terminal, or break or reorder the line that it stands in: control characters, other line breaks,
/// bidirectional controls, the byte order mark.
pub fn drives_terminal(c: char) -> bool {
    let is_format = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{feff}');
    c.is_control() || is_format || matches!(c, '\u{2028}' | '\u{2029}')
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
    }
}
