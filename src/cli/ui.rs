//! Everything that reaches the terminal goes through here: streams, colour, width, and the escaping of what strangers wrote.

use console::Style;
use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` or `TERM=dumb` says otherwise; everywhere with `CLICOLOR_FORCE`
    #[default]
    Auto,
    /// Also in a pipe, where the diff then is the view for people, not a patch
    Always,
    /// Nowhere
    Never,
}

/// The two output streams and how they look.
#[derive(Clone, Debug)]
pub(super) struct Ui {
    out_color: bool,
    err_color: bool,
    out_terminal: bool,
    for_a_person: bool,
    quiet: bool,
}

/// How a diff is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    /// Whether a person reads it: at a terminal, or behind a pager that was promised colour. Else it is a patch.
    pub(super) for_a_person: bool,
    /// Columns.
    pub(super) width: usize,
    pub(super) color: bool,
}

/// What a piece of text is, which decides its colour.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub(super) enum Look {
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
        let style = Style::new().force_styling(true);
        match self {
            Self::Added => style.green(),
            Self::AddedWord => style.green().bold().underlined(),
            Self::Removed => style.red(),
            Self::RemovedWord => style.red().bold().underlined(),
            Self::Dim => style.dim(),
            Self::Bold => style.bold(),
            Self::Error => style.red().bold(),
            Self::Warning => style.yellow().bold(),
            Self::Hint => style.cyan().bold(),
        }
    }
}

/// `text` in colour, if `on`.
pub(super) fn paint(on: bool, look: Look, text: &str) -> String {
    if on { look.style().apply_to(text).to_string() } else { text.to_owned() }
}

impl Ui {
    /// Decides about colour, stream by stream: the flag first, then `NO_COLOR` (when not empty), `CLICOLOR_FORCE`, `TERM=dumb`, and
    /// whether the stream is a terminal.
    pub(super) fn new(color: Color, quiet: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty() && v != "0");
        let decide = |terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty()) => false,
            Color::Auto if set("CLICOLOR_FORCE") => true,
            Color::Auto => terminal && std::env::var_os("TERM").is_some_and(|t| t != "dumb"),
        };
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let for_a_person = out || color == Color::Always;
        Self { out_color: decide(out), err_color: decide(err), out_terminal: out, for_a_person, quiet }
    }

    /// The same, as after `--quiet`.
    pub(super) fn silent(&self) -> Self {
        Self { quiet: true, ..*self }
    }

    /// How diffs are shown on standard output.
    pub(super) fn view(&self) -> View {
        View { for_a_person: self.for_a_person, width: self.width(), color: self.out_color }
    }

    /// Whether the reasons for a patch are said beside it. They are many strings, so none are made for nobody.
    pub(super) fn explains_patches(&self) -> bool {
        !self.for_a_person && !self.quiet
    }

    /// Whether standard error is coloured.
    pub(super) fn err_color(&self) -> bool {
        self.err_color
    }

    /// Columns of the terminal that standard output is, at least 20.
    pub(super) fn width(&self) -> usize {
        let size = if self.out_terminal { console::Term::stdout().size_checked() } else { console::Term::stderr().size_checked() };
        size.map_or(100, |(_, columns)| usize::from(columns)).max(20)
    }

    /// Writes the answer. A reader that went away (`| head`) is no error.
    pub(super) fn out(&self, text: &str) {
        write_to(&mut io::stdout().lock(), text);
    }

    /// Says how far a long task is, once a second has passed, on a line that the next one overwrites.
    pub(super) fn progress(&self, started: Instant, done: usize, of: usize) {
        if !self.quiet && io::stderr().is_terminal() && started.elapsed() > Duration::from_secs(1) && done < of {
            write_to(&mut io::stderr().lock(), &format!("\r{done} of {of} projects"));
        }
    }

    /// Says what goes on, on a line of the terminal that the next one overwrites.
    pub(super) fn status(&self, text: &str) {
        if let (false, Some((_, columns))) = (self.quiet, console::Term::stderr().size_checked()) {
            let line = clean_line(text);
            let line = console::truncate_str(&line, usize::from(columns).saturating_sub(1), "…");
            write_to(&mut io::stderr().lock(), &format!("\r\x1b[K{}", paint(self.err_color, Look::Dim, &line)));
        }
    }

    /// Takes the progress line away.
    pub(super) fn progress_done(&self) {
        if !self.quiet && io::stderr().is_terminal() {
            write_to(&mut io::stderr().lock(), "\r\x1b[K");
        }
    }

    /// Writes side information, unless `--quiet`.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            self.sentence(text);
        }
    }

    /// Writes a hint, unless `--quiet`.
    pub(super) fn hint(&self, text: &str) {
        self.note(&format!("{} {text}", paint(self.err_color, Look::Hint, "hint:")));
    }

    /// Writes a warning.
    pub(super) fn warn(&self, text: &str) {
        self.sentence(&format!("{} {text}", paint(self.err_color, Look::Warning, "warning:")));
    }

    /// Writes an error.
    pub(super) fn error(&self, text: &str) {
        self.sentence(&format!("{} {text}", paint(self.err_color, Look::Error, "error:")));
    }

    /// Writes a sentence to standard error, broken at blanks if that is a terminal.
    fn sentence(&self, text: &str) {
        match console::Term::stderr().size_checked() {
            Some((_, columns)) => self.err_line(&wrap(text, usize::from(columns)).join("\n")),
            None => self.err_line(text),
        }
    }

    /// Writes a line to standard error, whatever `--quiet` says.
    pub(super) fn err_line(&self, text: &str) {
        write_to(&mut io::stderr().lock(), &format!("{text}\n"));
    }
}

fn write_to(stream: &mut impl Write, text: &str) {
    // A closed pipe or a full disk on the way to the terminal leaves nobody to tell; the exit status stays what the work gave.
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}

/// Whether a character could drive a terminal, or break or reorder the line that it stands in: control characters, other line breaks,
/// bidirectional controls, the byte order mark.
fn drives_terminal(c: char) -> bool {
    let is_format = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{feff}');
    c.is_control() || is_format || matches!(c, '\u{2028}' | '\u{2029}')
}

/// `text` with everything that could drive a terminal or reorder a line made visible, but for tab and newline.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    let bad = |c: char| drives_terminal(c) && !matches!(c, '\n' | '\t');
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if bad(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect())
}

/// The same JSON with what could drive a terminal escaped, as JSON escapes it. JSON has such characters in strings alone; its own line
/// breaks stay.
pub(super) fn clean_json(json: &str) -> Cow<'_, str> {
    let bad = |c: char| drives_terminal(c) && c != '\n';
    if !json.contains(bad) {
        return Cow::Borrowed(json);
    }
    // All of them are in the first plane, where one escape is one character.
    Cow::Owned(json.chars().map(|c| if bad(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }).collect())
}

/// `text` on one line: [`clean`], and newlines made visible too.
pub(super) fn clean_line(text: &str) -> String {
    clean(text).replace('\n', "\\n").replace('\t', "    ")
}

/// "1 fix", "2 fixes": the number with its noun.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `text` broken at blanks into lines of at most `width` columns (a longer word gets its own line).
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && console::measure_text_width(&line) + 1 + console::measure_text_width(word) > width {
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
    fn nothing_that_drives_a_terminal_gets_through() {
        assert_eq!(clean("a\tb\nc"), "a\tb\nc");
        assert_eq!(clean("\x1b[2Jx\r\u{202e}y\u{9b}"), "\\u{1b}[2Jx\\u{d}\\u{202e}y\\u{9b}");
        assert_eq!(clean_line("a\nb"), "a\\nb");
        assert_eq!(clean("a\u{2028}b\u{85}"), "a\\u{2028}b\\u{85}");
        assert_eq!(clean_json("{\n\"é\": \"\u{85}\u{202e}\"\n}"), "{\n\"é\": \"\\u0085\\u202e\"\n}");
    }

    #[test]
    fn text_wraps_at_blanks() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("unbreakable", 4), ["unbreakable"]);
    }
}
