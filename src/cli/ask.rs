//! Questions on the terminal. Every answer can be Ctrl-C, which gives the cursor back and ends as [`Error::Interrupted`].

use super::ui::columns_of;
use crate::error::{Error, Result};
use crate::report::style::{cut, wrap};
use crate::text::clean_line;
use console::Term;
use dialoguer::{Confirm, Input, MultiSelect, Select};
use std::fs::File;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Columns that the end of a question takes: ` [y/N] ` and the answer.
const ANSWER: usize = 8;

/// A person at a terminal who can be asked.
#[derive(Debug)]
pub(super) struct Ask {
    term: Term,
    /// Set by Ctrl-C. In the moment between showing a question and reading keys it is a signal and not a key; then the next key of any
    /// kind is where it takes effect.
    interrupted: Arc<AtomicBool>,
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
        Ok(Self { term: Term::stderr(), interrupted })
    }

    /// The terminal's width in columns, at least 20.
    pub(super) fn width(&self) -> usize {
        columns_of(&self.term).unwrap_or(80).max(20)
    }

    /// Yes or no; Enter and Esc mean no.
    pub(super) fn confirm(&self, question: &str) -> Result<bool> {
        self.not_interrupted()?;
        // The prompt loses count when its line wraps, so it gets the last line only.
        let mut lines = wrap(&clean_line(question), self.width().saturating_sub(ANSWER));
        let prompt = lines.pop().unwrap_or_default();
        for line in lines {
            self.term.write_line(&line).map_err(|e| self.failed(&e))?;
        }
        let answer = Confirm::new().with_prompt(prompt).default(false).interact_on_opt(&self.term);
        Ok(self.answer(answer)?.unwrap_or(false))
    }

    /// One of `items`, by index; Esc means none.
    pub(super) fn select(&self, question: &str, items: &[String]) -> Result<Option<usize>> {
        self.not_interrupted()?;
        let items: Vec<String> = items.iter().map(|i| self.item(i)).collect();
        self.answer(Select::new().with_prompt(clean_line(question)).items(&items).default(0).interact_on_opt(&self.term))
    }

    /// Some of `items`, all chosen at first; Esc leaves all.
    pub(super) fn keep(&self, question: &str, items: &[String]) -> Result<Vec<usize>> {
        self.not_interrupted()?;
        let shown: Vec<(String, bool)> = items.iter().map(|i| (self.item(i), true)).collect();
        let answer = MultiSelect::new().with_prompt(clean_line(question)).items_checked(shown).interact_on_opt(&self.term);
        Ok(self.answer(answer)?.unwrap_or_else(|| (0..items.len()).collect()))
    }

    /// A line of text that passes `check`; empty means none.
    pub(super) fn text(&self, question: &str, check: impl Fn(&str) -> std::result::Result<(), String>) -> Result<String> {
        self.not_interrupted()?;
        let input = Input::<String>::new().with_prompt(clean_line(question)).allow_empty(true);
        let answer = input.validate_with(|text: &String| if text.is_empty() { Ok(()) } else { check(text) }).interact_text_on(&self.term);
        self.answer(answer)
    }

    /// One key.
    pub(super) fn key(&self) -> Result<char> {
        self.not_interrupted()?;
        let key = self.term.read_key_raw().map_err(|e| self.failed(&e))?;
        self.not_interrupted()?;
        match key {
            console::Key::Char(c) => Ok(c),
            console::Key::CtrlC => Err(Error::Interrupted),
            // The end of input reads as an unknown key, over and over.
            console::Key::Unknown | console::Key::Escape => Ok('q'),
            _ => Ok('\0'),
        }
    }

    /// One item of a list on one line: the prompts lose count when a line wraps.
    fn item(&self, text: &str) -> String {
        cut(&clean_line(text), self.width().saturating_sub(8)).into_owned()
    }

    fn not_interrupted(&self) -> Result<()> {
        if self.interrupted.load(Ordering::Relaxed) { Err(self.failed(&io::ErrorKind::Interrupted.into())) } else { Ok(()) }
    }

    fn answer<T>(&self, answer: dialoguer::Result<T>) -> Result<T> {
        let answer = answer.map_err(|dialoguer::Error::IO(e)| self.failed(&e))?;
        self.not_interrupted()?;
        Ok(answer)
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
