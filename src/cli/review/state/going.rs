//! Where the keys go: from service to service, and up and down a text.

use super::{Key, Review, Screen, Step};
use crate::text::clean_line;

impl Review {
    /// Scrolls what is longer than its part of the screen, if `key` does that.
    pub(super) fn scrolls(&mut self, key: Key) -> bool {
        let by_line = !matches!(self.screen, Screen::List);
        let to = match key {
            Key::PageDown | Key::Char(' ') => self.scroll + self.page.saturating_sub(1).max(1),
            Key::PageUp | Key::Char('b') => self.scroll.saturating_sub(self.page.saturating_sub(1).max(1)),
            Key::Char('J') => self.scroll + 1,
            Key::Char('K') => self.scroll.saturating_sub(1),
            Key::Down | Key::Char('j') if by_line => self.scroll + 1,
            Key::Up | Key::Char('k') if by_line => self.scroll.saturating_sub(1),
            Key::Home if by_line => 0,
            Key::End if by_line => self.last_scroll,
            _ => return false,
        };
        self.scroll = to.min(self.last_scroll);
        true
    }

    pub(super) fn go(&mut self, to: usize) -> Step {
        self.cursor = to;
        self.scroll = 0;
        Step::Stay
    }

    /// Goes to the next service that is not decided, or the one before, around the ends.
    pub(super) fn go_to_open(&mut self, forwards: bool) -> Step {
        let number = self.rows.len();
        let at = |step: usize| (self.cursor + if forwards { step } else { number - step }) % number;
        match (1..=number).map(at).find(|i| self.is_open(*i)) {
            Some(next) => {
                if forwards && next <= self.cursor {
                    self.message = self.way_around(next);
                }
                self.go(next)
            }
            None => self.say("everything is decided: w shows the sum"),
        }
    }

    /// What is said where the way to the next service leads around the end of the list.
    pub(super) fn way_around(&self, next: usize) -> String {
        clean_line(&format!("again from the top: {} is not decided", self.rows[next].name))
    }

    /// Goes from a service that was decided to the next one that is not.
    pub(super) fn go_on(&mut self, from: usize) {
        let number = self.rows.len();
        match (1..number).map(|step| (from + step) % number).find(|i| self.is_open(*i)) {
            Some(next) => {
                if next < from && self.message.is_empty() {
                    self.message = self.way_around(next);
                }
                self.go(next);
            }
            None => {
                let said = if self.message.is_empty() { "" } else { "; " };
                self.message += said;
                self.message += "everything is decided: w shows the sum";
            }
        }
    }

    /// Goes to the first service from `from` on that has `text` in its name.
    pub(super) fn seek(&mut self, text: String, from: usize, is_done: bool) -> Step {
        let repeats = is_done && text.is_empty();
        let (wanted, from) = if repeats { (self.sought.clone(), self.cursor + 1) } else { (text, from) };
        let number = self.rows.len();
        let fits = |i: &usize| self.rows[*i].name.to_lowercase().contains(&wanted.to_lowercase());
        let found = (0..number).map(|step| (from + step) % number).find(fits).filter(|_| !wanted.is_empty());
        if is_done {
            self.screen = Screen::List;
            self.sought.clone_from(&wanted);
        }
        match found {
            Some(found) => self.go(found),
            None if wanted.is_empty() => self.go(from.min(number - 1)),
            None => self.say(format!("no service has `{wanted}` in its name")),
        }
    }
}
