//! How text looks at a terminal: colour and lines of a width.

use anstyle::{AnsiColor, Style};
use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What a piece of text is, which decides its colour.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Look {
    Added,
    AddedWord,
    Removed,
    RemovedWord,
    Dim,
    Bold,
    Error,
    Warning,
    Hint,
}

impl Look {
    fn style(self) -> Style {
        let color = |color: AnsiColor| color.on_default();
        match self {
            Self::Added => color(AnsiColor::Green),
            Self::AddedWord => color(AnsiColor::Green).bold().underline(),
            Self::Removed => color(AnsiColor::Red),
            Self::RemovedWord => color(AnsiColor::Red).bold().underline(),
            Self::Dim => Style::new().dimmed(),
            Self::Bold => Style::new().bold(),
            Self::Error => color(AnsiColor::Red).bold(),
            Self::Warning => color(AnsiColor::Yellow).bold(),
            Self::Hint => color(AnsiColor::Cyan).bold(),
        }
    }
}

/// `text` in colour, if `on`.
pub fn paint(on: bool, look: Look, text: &str) -> String {
    if on { format!("{0}{text}{0:#}", look.style()) } else { text.to_owned() }
}

/// Columns that `text` takes at a terminal.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// `text`, with `...` for what does not fit into `columns`.
pub fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    const DOTS: &str = "...";
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let room = columns.saturating_sub(DOTS.len());
    let mut used = 0;
    let fits = |c: &char| {
        used += UnicodeWidthChar::width(*c).unwrap_or(0);
        used <= room
    };
    Cow::Owned(text.chars().take_while(fits).chain(DOTS.chars()).collect())
}

/// `text` with blanks up to `columns`.
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// `text` broken at blanks into lines of at most `width` columns (a longer word gets its own line).
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && self::width(&line) + 1 + self::width(word) > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_wraps_at_blanks() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("unbreakable", 4), ["unbreakable"]);
    }

    #[test]
    fn text_is_cut_and_padded_by_columns() {
        assert_eq!((cut("größe", 5), cut("größe", 4), cut("日本語", 5)), ("größe".into(), "g...".into(), "日...".into()));
        assert_eq!((pad("日", 3), pad("long", 2)), ("日 ".into(), "long".into()));
    }
}
