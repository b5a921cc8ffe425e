//! Questions on the terminal. Every answer can be Ctrl-C, which gives the cursor back and ends as [`Error::Interrupted`].

use super::ui::columns_of;
use crate::error::{Error, Result};
use crate::report::style::{width, wrap};
use crate::text::clean_line;
use console::{Key, Term};
use dialoguer::theme::{SimpleTheme, Theme};
use std::fs::File;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Columns that the end of a question takes: ` [y/N] ` and the answer.
const ANSWER: usize = 8;

/// How soon a key follows another one that it belongs to.
const AT_ONCE: Duration = Duration::from_millis(400);

/// A person at a terminal who can be asked.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    term: Term,
    /// Set by Ctrl-C. In the moment between showing a question and reading keys it is a signal and not a key; then the next key of any
    /// kind is where it takes effect.
    interrupted: Arc<AtomicBool>,
    /// Whether each answer is a line, and not a key.
    is_by_line: bool,
}

impl Ask {
    /// Errors: a usage error that names `instead` when there is nobody to ask.
    pub(super) fn new(flag: &str, instead: &str) -> Result<Self> {
        Self::at(io::stdin().is_terminal(), flag, instead)
    }

    /// The same where something else is read from standard input: keys are read from the terminal that the process belongs to.
    pub(super) fn beside_input(flag: &str, instead: &str) -> Result<Self> {
        let has_terminal = || File::options().read(true).write(true).open("/dev/tty").is_ok();
        Self::at(io::stdin().is_terminal() || has_terminal(), flag, instead)
    }

    fn at(has_keys: bool, flag: &str, instead: &str) -> Result<Self> {
        if !has_keys || !io::stderr().is_terminal() {
            let message = format!("{flag} asks a question, and there is no terminal to ask on");
            return Err(Error::Usage(message, Some(instead.to_owned())));
        }
        let interrupted = Arc::new(AtomicBool::new(false));
        // With a handler in place, the prompts report Ctrl-C instead of dying with the cursor hidden.
        #[cfg(unix)]
        if let Err(error) = signal_hook::flag::register(signal_hook::consts::SIGINT, interrupted.clone()) {
            return Err(Error::Usage(format!("cannot watch for Ctrl-C: {error}"), Some(instead.to_owned())));
        }
        Ok(Self { term: Term::stderr(), interrupted, is_by_line: false })
    }

    /// The terminal's width in columns, at least 20.
    pub(super) fn width(&self) -> usize {
        columns_of(&self.term).unwrap_or(80).max(20)
    }

    /// The same person, who ends each answer with Enter.
    pub(super) fn by_line(&self) -> Self {
        Self { is_by_line: true, ..self.clone() }
    }

    /// Says something before a question.
    pub(super) fn say(&self, text: &str) -> Result<()> {
        let lines = wrap(&clean_line(text), self.width());
        lines.iter().try_for_each(|line| self.term.write_line(line)).map_err(|e| self.failed(&e))
    }

    /// Yes or no; Enter, Esc and Ctrl-D mean no.
    pub(super) fn confirm(&self, question: &str) -> Result<bool> {
        let mut prompt = String::new();
        // Writing to a text does not fail.
        let _ = SimpleTheme.format_confirm_prompt(&mut prompt, question, Some(false));
        Ok(self.choose(prompt.trim_end(), &["yes"])?.is_some())
    }

    /// Forgets what was typed ahead: a question that nobody has seen has no answer yet.
    pub(super) fn forget_typed(&self) -> Result<()> {
        while self.has_more() {
            match self.term.read_key_raw().map_err(|e| self.failed(&e))? {
                Key::Unknown => break,
                Key::CtrlC => return Err(self.failed(&io::ErrorKind::Interrupted.into())),
                _ => {}
            }
        }
        Ok(())
    }

    /// One of several answers by its word or the beginning of it; Enter, Esc, Ctrl-D, `n` and `q` mean none of them. The question names them.
    ///
    /// One key is enough where nothing follows it at once: who writes `yes` and Enter means that word, and nothing of it is left for what
    /// comes next.
    pub(super) fn choose(&self, question: &str, words: &[&'static str]) -> Result<Option<&'static str>> {
        let named = |text: &str| words.iter().copied().find(|word| !text.is_empty() && word.starts_with(text));
        let is_no = |text: &str| ["", "n", "no", "q", "quit"].contains(&text);
        let is_key = |text: &str| !self.is_by_line && (named(text).is_some() || !text.is_empty() && is_no(text));
        loop {
            let answer = self.read(question, &|text| is_key(&text.to_ascii_lowercase()))?.unwrap_or_default().to_ascii_lowercase();
            match named(&answer) {
                None if !is_no(&answer) => self.say(&format!("that is no answer; write {} or no", words.join(", ")))?,
                word => return Ok(word),
            }
        }
    }

    /// A line, without blanks around it; Esc and the end of input mean none.
    ///
    /// It is read key by key, since Ctrl-C would wait for Enter in a line that the terminal edits.
    pub(super) fn line(&self, prompt: &str) -> Result<Option<String>> {
        self.read(prompt, &|_| false)
    }

    /// A line, or the beginning of one that `is_whole` where nothing follows it at once.
    fn read(&self, prompt: &str, is_whole: &dyn Fn(&str) -> bool) -> Result<Option<String>> {
        self.not_interrupted()?;
        let lines = wrap(&clean_line(prompt), self.width().saturating_sub(ANSWER));
        self.shown(self.term.write_str(&format!("{} ", lines.join("\n"))))?;
        let mut text = String::new();
        loop {
            let key = self.term.read_key_raw().map_err(|e| self.failed(&e))?;
            self.not_interrupted()?;
            match key {
                Key::Enter => break,
                Key::CtrlC => return Err(self.failed(&io::ErrorKind::Interrupted.into())),
                // The end of input reads as an unknown key, over and over.
                Key::Unknown | Key::Escape | Key::Char('\x04') => {
                    self.shown(self.term.write_line(""))?;
                    return Ok(None);
                }
                Key::Backspace => self.take_back(&mut text, 1)?,
                Key::Char('\x15') => self.take_back(&mut text, usize::MAX)?,
                Key::Char(c) if !c.is_control() => {
                    text.push(c);
                    self.shown(self.term.write_str(&clean_line(c.encode_utf8(&mut [0; 4]))))?;
                    if is_whole(&text) && !self.has_more() {
                        break;
                    }
                }
                _ => {}
            }
        }
        self.shown(self.term.write_line(""))?;
        Ok(Some(text.trim().to_owned()))
    }

    /// Whether another key follows at once.
    #[cfg(unix)]
    fn has_more(&self) -> bool {
        use ratatui::crossterm::terminal::{disable_raw_mode, enable_raw_mode};
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        // Between keys the terminal edits lines, and says nothing before Enter.
        if enable_raw_mode().is_err() {
            return false;
        }
        let wait = Timespec { tv_sec: 0, tv_nsec: AT_ONCE.as_nanos().try_into().unwrap_or_default() };
        let is_ready = |terminal: &dyn std::os::fd::AsFd| {
            let mut ready = [PollFd::from_borrowed_fd(terminal.as_fd(), PollFlags::IN)];
            poll(&mut ready, Some(&wait)).is_ok_and(|number| number > 0)
        };
        let has_more = match File::open("/dev/tty") {
            _ if io::stdin().is_terminal() => is_ready(&io::stdin()),
            Ok(terminal) => is_ready(&terminal),
            Err(_) => false,
        };
        let _ = disable_raw_mode();
        has_more
    }

    #[cfg(not(unix))]
    fn has_more(&self) -> bool {
        false
    }

    /// Takes the last characters of a line away.
    fn take_back(&self, text: &mut String, number: usize) -> Result<()> {
        let kept = text.chars().count().saturating_sub(number);
        let gone: String = text.chars().skip(kept).collect();
        text.truncate(text.len() - gone.len());
        self.shown(self.term.clear_chars(width(&clean_line(&gone))))
    }

    fn shown(&self, written: io::Result<()>) -> Result<()> {
        written.map_err(|e| self.failed(&e))
    }

    fn not_interrupted(&self) -> Result<()> {
        if self.interrupted.load(Ordering::Relaxed) { Err(self.failed(&io::ErrorKind::Interrupted.into())) } else { Ok(()) }
    }

    fn failed(&self, error: &io::Error) -> Error {
        // The prompts hide the cursor and do not show it again when they are interrupted.
        let _ = self.term.show_cursor().and_then(|()| self.term.write_line(""));
        match error.kind() {
            io::ErrorKind::Interrupted => Error::Interrupted,
            _ => Error::Usage(
                format!("cannot ask on this terminal: {error}"),
                Some("use --yes, or leave out --write to see the diff".into()),
            ),
        }
    }
}
