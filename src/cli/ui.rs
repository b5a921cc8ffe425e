//! Everything that reaches the terminal goes through here: streams, colour, width, and the escaping of what strangers wrote.

use crate::edge::pager;
use crate::report::answers::Event;
use crate::report::json::line;
use crate::report::style::{Look, paint, width, wrap};
use crate::text::clean_line;
use std::collections::HashSet;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What further lines of a sentence begin with.
const FURTHER: &str = "    ";
/// What lines begin with that are there to be copied.
const COPIED: &str = "        ";

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

/// How to report the progress of a long task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum Progress {
    /// On a line of the terminal that the next one overwrites
    #[default]
    Auto,
    /// As JSON Lines on standard error, for programs
    Json,
    /// Not at all
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
    /// Whether another program reads the answer while a person looks on: a pager, `git apply`. What is said beside would be written
    /// over its screen.
    is_piped: bool,
    /// Whether a warning or an error was the last thing that was said.
    is_in_trouble: Arc<AtomicBool>,
    /// The hints that were given: none helps twice.
    hints: Arc<Mutex<HashSet<String>>>,
    progress: Progress,
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

#[cfg(unix)]
fn is_pipe(stream: &impl std::os::fd::AsFd) -> bool {
    rustix::fs::fstat(stream).is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::Fifo)
}

#[cfg(not(unix))]
fn is_pipe<T>(_: &T) -> bool {
    false
}

impl Ui {
    /// Decides about colour, stream by stream: the flag first, then `NO_COLOR` (when not empty), `CLICOLOR_FORCE`, `TERM=dumb`, and
    /// whether the stream is a terminal.
    pub(super) fn new(color: Color, quiet: bool, progress: Progress) -> Self {
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
        let is_piped = err && is_pipe(&io::stdout());
        let (out_color, err_color) = (decide(out), decide(err));
        let is_in_trouble = Arc::default();
        Self { out_color, err_color, out_terminal: out, for_a_person, quiet, is_piped, is_in_trouble, progress, hints: Arc::default() }
    }

    /// The same, as after `--quiet`.
    pub(super) fn silent(&self) -> Self {
        Self { quiet: true, ..self.clone() }
    }

    /// How diffs are shown on standard output.
    pub(super) fn view(&self) -> View {
        View { for_a_person: self.for_a_person, width: self.width(), color: self.out_color }
    }

    /// Whether a person reads standard output.
    pub(super) fn for_a_person(&self) -> bool {
        self.for_a_person
    }

    /// Whether the reasons for a patch are said beside it. They are many strings, so none are made for nobody.
    pub(super) fn explains_patches(&self) -> bool {
        !self.for_a_person && !self.quiet && !self.is_piped
    }

    /// Whether standard error is coloured.
    pub(super) fn err_color(&self) -> bool {
        self.err_color
    }

    /// Columns of the terminal that standard output is, at least 20.
    pub(super) fn width(&self) -> usize {
        let term = if self.out_terminal { console::Term::stdout() } else { console::Term::stderr() };
        wanted_columns().or_else(|| columns_of(&term)).unwrap_or(100).max(20)
    }

    /// Whether a text takes more rows than the terminal that standard output is has.
    fn is_longer_than_the_screen(&self, text: &str) -> bool {
        let Some((rows, columns)) = console::Term::stdout().size_checked().filter(|_| self.out_terminal) else { return false };
        let rows_of = |line: &str| console::measure_text_width(line).div_ceil(usize::from(columns).max(1)).max(1);
        // The prompt takes one.
        text.lines().map(rows_of).sum::<usize>() >= usize::from(rows)
    }

    /// Writes the answer, in a pager where it is longer than the screen.
    pub(super) fn paged(&self, text: &str) {
        if !self.is_longer_than_the_screen(text) || !pager::show(text) {
            self.out(text);
        }
    }

    /// Writes the answer. A reader that went away (`| head`) is no error.
    pub(super) fn out(&self, text: &str) {
        write_to(&mut io::stdout().lock(), text);
    }

    /// Writes an answer in sentences, broken at blanks for a person: further lines are indented. What is indented by eight columns is there
    /// to be copied, and stays as it is.
    pub(super) fn sentences(&self, text: &str) {
        let is_whole = |line: &str| !self.for_a_person || line.starts_with(COPIED) || width(line) <= self.width();
        let broken = |line: &str| {
            if is_whole(line) {
                return format!("{line}\n");
            }
            let indent = if line.starts_with(FURTHER) { FURTHER } else { "" };
            let mut lines = wrap(line, self.width() - FURTHER.len()).into_iter();
            let first = lines.next().unwrap_or_default();
            let further: String = lines.map(|line| format!("{FURTHER}{line}\n")).collect();
            format!("{indent}{first}\n{further}")
        };
        self.out(&text.lines().map(broken).collect::<String>());
    }

    /// Writes an answer piece by piece, so that it is never in memory as a whole. A reader that went away is no error.
    pub(super) fn stream(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
        // As for `write_to`: nobody is left to tell.
        let _ = write(&mut out).and_then(|()| out.flush());
    }

    /// Tells a program what goes on, if one listens. Else whether a person is to be told.
    fn tells_a_person(&self, event: &Event<'_>) -> bool {
        match self.progress {
            _ if self.quiet => false,
            Progress::Auto => true,
            Progress::Never => false,
            Progress::Json => {
                if let Ok(line) = line(event) {
                    self.err_line(&line);
                }
                false
            }
        }
    }

    /// Says how far a long task is, once a second has passed, on a line that the next one overwrites.
    pub(super) fn progress(&self, started: Instant, done: usize, of: usize) {
        if !self.tells_a_person(&Event::step(done, of)) {
            return;
        }
        if io::stderr().is_terminal() && started.elapsed() > Duration::from_secs(1) && done < of {
            write_to(&mut io::stderr().lock(), &format!("\r{done} of {of} projects"));
        }
    }

    /// Says what goes on, on a line of the terminal that the next one overwrites.
    pub(super) fn status(&self, text: &str) {
        if !self.tells_a_person(&Event::status(text)) {
            return;
        }
        if let Some((_, columns)) = console::Term::stderr().size_checked() {
            let line = clean_line(text);
            let line = console::truncate_str(&line, usize::from(columns).saturating_sub(1), "…");
            write_to(&mut io::stderr().lock(), &format!("\r\x1b[K{}", paint(self.err_color, Look::Dim, &line)));
        }
    }

    /// Takes the progress line away.
    pub(super) fn progress_done(&self) {
        if !self.quiet && self.progress == Progress::Auto && io::stderr().is_terminal() {
            write_to(&mut io::stderr().lock(), "\r\x1b[K");
        }
    }

    /// Writes side information, unless `--quiet`.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            self.err_line(&broken(text));
        }
    }

    /// Writes a hint, unless `--quiet` or it was given already. Beside another program only what helps with a warning or an error is.
    pub(super) fn hint(&self, text: &str) {
        let is_new = || self.hints.lock().unwrap_or_else(PoisonError::into_inner).insert(text.to_owned());
        let helps = self.is_in_trouble.swap(false, Ordering::Relaxed) || !self.is_piped;
        if helps && !self.quiet && is_new() {
            self.headed(Look::Hint, "hint:", text);
        }
    }

    /// Writes a warning.
    pub(super) fn warn(&self, text: &str) {
        self.is_in_trouble.store(true, Ordering::Relaxed);
        self.headed(Look::Warning, "warning:", text);
    }

    /// Writes an error.
    pub(super) fn error(&self, text: &str) {
        self.is_in_trouble.store(true, Ordering::Relaxed);
        self.headed(Look::Error, "error:", text);
    }

    /// Writes a sentence behind a word that says what it is.
    fn headed(&self, look: Look, heading: &str, text: &str) {
        let lines = broken(&format!("{heading} {text}"));
        let rest = lines.strip_prefix(heading).unwrap_or(&lines);
        self.err_line(&format!("{}{rest}", paint(self.err_color, look, heading)));
    }

    /// Writes a line to standard error, whatever `--quiet` says.
    pub(super) fn err_line(&self, text: &str) {
        write_to(&mut io::stderr().lock(), &format!("{text}\n"));
    }
}

/// A sentence for standard error, broken at blanks if that is a terminal. What is indented is there to be copied, and stays as it is.
fn broken(text: &str) -> String {
    if text.starts_with(' ') {
        return text.to_owned();
    }
    match columns_of(&console::Term::stderr()) {
        Some(columns) => wrap(text, columns).join("\n"),
        None => text.to_owned(),
    }
}

/// Columns of a terminal; `COLUMNS` says it better.
pub(super) fn columns_of(term: &console::Term) -> Option<usize> {
    let (_, columns) = term.size_checked()?;
    Some(wanted_columns().unwrap_or(usize::from(columns)))
}

/// The columns that the environment asks for.
fn wanted_columns() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| (1..=10_000).contains(columns))
}

fn write_to(stream: &mut impl Write, text: &str) {
    // A closed pipe or a full disk on the way to the terminal leaves nobody to tell; the exit status stays what the work gave.
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}
