//! What was decided so far, where the person is, and what each key does there. Knows nothing of the
//! terminal, and plans nothing: when decisions change what would be planned, it says so.

mod going;

use super::dialog::{Dialog, Outcome, ToDecide};
use super::keys::Key;
use super::row::{Kind, Row};
use crate::audit::Rule;
use crate::plan::{Decision, Decisions};
use crate::text::{clean_line, count};

/// What a key asks for, beyond a new look at the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing more.
    Stay,
    /// The decisions ask for another plan.
    Plan,
    /// What was decided is to be written.
    Write,
    /// Nothing is written here; the next project follows.
    Next,
    /// Nothing is written here, and nothing follows.
    Quit,
    /// Ctrl-C.
    Interrupt,
}

/// What the person sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Screen {
    /// The services, and the change of one of them.
    List,
    /// All that would be written, and the question whether it is.
    Sum,
    /// The question whether to leave without writing.
    Leave,
    /// The keys.
    Help,
    /// The page of a rule.
    Rule(Rule),
    /// The whole file as it would be.
    File,
    /// A list to choose from, or a line to type.
    Dialog(Dialog),
}

/// What was decided of a service: nothing yet, or whether its change is taken; and of what the
/// change is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) take: Option<bool>,
    pub(super) decision: Decision,
}

/// Verdicts that took the place of others: where, and the others.
#[derive(Debug)]
struct Change {
    cursor: usize,
    others: Vec<(usize, Verdict)>,
}

/// A review of one project.
#[derive(Debug)]
pub(super) struct Review {
    pub(super) rows: Vec<Row>,
    pub(super) verdicts: Vec<Verdict>,
    pub(super) cursor: usize,
    pub(super) screen: Screen,
    /// What the last key has to say.
    pub(super) message: String,
    /// First line that is shown of what is longer than the screen.
    pub(super) scroll: usize,
    /// Lines that a page has, and the last line that may be the first one: the drawing says so.
    pub(super) page: usize,
    pub(super) last_scroll: usize,
    past: Vec<Change>,
    future: Vec<Change>,
    /// Which services had something to decide at first.
    could_change: Vec<bool>,
    /// Whether the last key was a `g` that accepted nothing: another one goes to the top.
    is_halfway_up: bool,
    /// Whether the service under the cursor was accepted before its change became another one; how it is accepted now is known once it
    /// is planned.
    is_open_again: bool,
    /// What was searched for last.
    pub(super) sought: String,
    /// Whether other projects follow.
    pub(super) is_one_of_many: bool,
}

impl Review {
    /// A review of these services, which begins at the first that is to be decided.
    pub(super) fn new(rows: Vec<Row>, is_one_of_many: bool) -> Self {
        let verdicts = vec![Verdict::default(); rows.len()];
        let mut review = Self {
            rows,
            verdicts,
            cursor: 0,
            screen: Screen::List,
            message: String::new(),
            scroll: 0,
            page: 1,
            last_scroll: 0,
            past: Vec::new(),
            future: Vec::new(),
            could_change: Vec::new(),
            is_halfway_up: false,
            is_open_again: false,
            sought: String::new(),
            is_one_of_many,
        };
        review.could_change = (0..review.rows.len()).map(|i| review.can_change(i)).collect();
        if let Some(first) = (0..review.rows.len()).find(|i| review.is_open(*i)) {
            review.cursor = first;
        }
        review
    }

    /// The decisions, as a plan is asked for them.
    pub(super) fn decisions(&self) -> Decisions {
        let decided = self.rows.iter().zip(&self.verdicts).filter(|(_, verdict)| **verdict != Verdict::default());
        decided.map(|(row, v)| (row.name.clone(), Decision { take: v.take == Some(true), ..v.decision.clone() })).collect()
    }

    /// Takes the services as they are planned now: the same ones, in the same order.
    pub(super) fn replanned(&mut self, rows: Vec<Row>) {
        debug_assert!(rows.iter().map(|r| &r.name).eq(self.rows.iter().map(|r| &r.name)), "a service came or went");
        self.rows = rows;
        if std::mem::take(&mut self.is_open_again) {
            let row = &self.rows[self.cursor];
            let how = match row.kind {
                Kind::Guess => "g accepts it",
                _ if self.can_change(self.cursor) => "y accepts it",
                _ => "nothing of it changes now",
            };
            self.message += &clean_line(&format!("; {} is open again: {how}", row.name));
        }
    }

    /// Whether a decision is to be made of the service at `index`.
    pub(super) fn is_open(&self, index: usize) -> bool {
        self.can_change(index) && self.verdicts[index].take.is_none()
    }

    pub(super) fn can_change(&self, index: usize) -> bool {
        self.rows[index].can_change()
    }

    /// How many services are decided, and of how many. What is ignored is decided too.
    pub(super) fn progress(&self) -> (usize, usize) {
        let all = (0..self.rows.len()).filter(|i| self.could_change[*i] || self.can_change(*i));
        let (all, open) = all.fold((0, 0), |(all, open), i| (all + 1, open + usize::from(self.is_open(i))));
        (all - open, all)
    }

    /// Which of the services that had something to decide the cursor is at, if at one, from 1; and how many there are.
    pub(super) fn place(&self) -> (Option<usize>, usize) {
        let counts = |i: &usize| self.could_change[*i] || self.can_change(*i);
        let place = counts(&self.cursor).then(|| (0..=self.cursor).filter(counts).count());
        (place, (0..self.rows.len()).filter(counts).count())
    }

    /// Whether there is a decision to undo.
    pub(super) fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether the change of a service is accepted.
    pub(super) fn is_taken(&self, name: &str) -> bool {
        (0..self.rows.len()).any(|i| self.rows[i].name == name && self.can_change(i) && self.verdicts[i].take == Some(true))
    }

    /// Whether anything of what was decided changes a file.
    pub(super) fn writes(&self) -> bool {
        let takes = |i: usize| self.can_change(i) && self.verdicts[i].take == Some(true);
        (0..self.rows.len()).any(|i| takes(i) || !self.verdicts[i].decision.ignored.is_empty())
    }

    /// Takes a key.
    pub(super) fn key(&mut self, key: Key) -> Step {
        self.message.clear();
        let is_halfway_up = std::mem::take(&mut self.is_halfway_up);
        if key == Key::Ctrl('c') {
            return Step::Interrupt;
        }
        let is_typing = matches!(&self.screen, Screen::Dialog(dialog) if dialog.is_text());
        let key = match key {
            Key::Ctrl('d') if is_typing => Key::Escape,
            Key::Ctrl('d') => Key::Char('q'),
            key => key,
        };
        if let Screen::Dialog(dialog) = &mut self.screen {
            let outcome = dialog.key(key);
            return self.take_outcome(outcome);
        }
        match (self.screen.clone(), key) {
            (Screen::List, Key::Char('g')) if is_halfway_up => self.go(0),
            (Screen::List, _) => self.in_list(key),
            (Screen::Sum, Key::Char('y')) if self.writes() => Step::Write,
            (Screen::Sum, Key::Char('y')) => self.say("nothing is accepted yet; Enter goes back"),
            (Screen::Leave, Key::Char('y')) => Step::Quit,
            (Screen::Leave, Key::Char('w')) if self.writes() => self.show(Screen::Sum),
            (Screen::Leave | Screen::Sum, Key::Char('n')) if self.is_one_of_many => Step::Next,
            (Screen::Sum, Key::Char('q')) => self.leave(),
            _ if self.scrolls(key) => Step::Stay,
            (_, Key::Enter | Key::Escape | Key::Char('q') | Key::Backspace) => self.show(Screen::List),
            (Screen::Help, _) => self.show(Screen::List),
            _ => {
                "that key does nothing here".clone_into(&mut self.message);
                Step::Stay
            }
        }
    }

    fn show(&mut self, screen: Screen) -> Step {
        self.screen = screen;
        self.scroll = 0;
        Step::Stay
    }

    fn say(&mut self, message: impl Into<String>) -> Step {
        self.message = clean_line(&message.into());
        Step::Stay
    }

    fn in_list(&mut self, key: Key) -> Step {
        if self.rows.is_empty() {
            return if matches!(key, Key::Char('q') | Key::Escape | Key::Enter) { self.leave() } else { Step::Stay };
        }
        let last = self.rows.len() - 1;
        match key {
            Key::Up | Key::Char('k') => self.go(self.cursor.saturating_sub(1)),
            Key::Down | Key::Char('j') => self.go((self.cursor + 1).min(last)),
            Key::Home => self.go(0),
            Key::End | Key::Char('G') => self.go(last),
            Key::Tab | Key::Right => self.go_to_open(true),
            Key::BackTab | Key::Left => self.go_to_open(false),
            Key::Enter if (0..=last).any(|i| self.is_open(i)) => self.go_to_open(true),
            Key::Enter => self.show(Screen::Sum),
            Key::Char('y') => self.accept(),
            Key::Char('g') => self.accept_guess(),
            Key::Char('n') => self.skip(),
            Key::Char('a') => self.accept_all(),
            Key::Char('s') => self.skip_rest(),
            Key::Char('u') => self.undo(),
            Key::Char('U') | Key::Ctrl('r') => self.redo(),
            Key::Char('w') => self.show(Screen::Sum),
            Key::Char('q') => self.leave(),
            Key::Char('?') => self.show(Screen::Help),
            Key::Char('f' | 'v') => self.show(Screen::File),
            Key::Char('r') => match self.rows[self.cursor].rules.first() {
                Some(rule) => self.show(Screen::Rule(*rule)),
                None => self.say("no rule speaks of this service"),
            },
            Key::Char('/') => self.show(Screen::Dialog(Dialog::search(self.cursor))),
            Key::Char(key @ ('e' | 't' | 'x' | 'i')) => self.open_dialog(key),
            _ if self.scrolls(key) => Step::Stay,
            Key::Escape => Step::Stay,
            _ => self.say("that key does nothing here; ? shows the keys"),
        }
    }

    fn open_dialog(&mut self, key: char) -> Step {
        let row = &self.rows[self.cursor];
        let is_refused = row.kind == Kind::Refused;
        let dialog = match key {
            'i' if row.rules.is_empty() => return self.say(format!("there is nothing to ignore in {}", row.name)),
            'i' => Dialog::rules(row),
            _ if row.kind == Kind::Ignored || is_refused => return self.say(format!("{} is left alone: {}", row.name, row.brief)),
            't' if row.paths.is_empty() => return self.say(format!("{} has no writable path to choose for", row.name)),
            't' => Dialog::storage(row),
            'e' => Dialog::paths(row),
            _ => Dialog::extras(row),
        };
        self.show(Screen::Dialog(dialog))
    }

    fn accept(&mut self) -> Step {
        let row = &self.rows[self.cursor];
        match row.kind {
            Kind::Sure | Kind::Choice => self.verdict_here(true),
            Kind::Guess => return self.say(format!("{} is a guess: g accepts it all the same", row.name)),
            _ => return self.say(format!("{} does not change: {}", row.name, row.brief)),
        }
        Step::Stay
    }

    /// Accepts a guess, and nothing else: whoever types `gg` to go to the top accepts nothing on the way.
    fn accept_guess(&mut self) -> Step {
        let row = &self.rows[self.cursor];
        if row.kind != Kind::Guess {
            self.is_halfway_up = true;
            let what = if self.can_change(self.cursor) { "is no guess: y accepts it" } else { "does not change" };
            return self.say(format!("{} {what}; gg goes to the top", row.name));
        }
        self.message = clean_line(&format!("accepted {}, a guess; u undoes it", row.name));
        self.verdict_here(true);
        Step::Stay
    }

    fn skip(&mut self) -> Step {
        let row = &self.rows[self.cursor];
        if !self.can_change(self.cursor) {
            return self.say(format!("{} does not change: {}", row.name, row.brief));
        }
        self.verdict_here(false);
        Step::Stay
    }

    fn verdict_here(&mut self, take: bool) {
        let at = self.cursor;
        self.decide(vec![(at, Verdict { take: Some(take), ..self.verdicts[at].clone() })]);
        self.go_on(at);
    }

    /// Accepts what is sure; guesses are decided one by one.
    fn accept_all(&mut self) -> Step {
        let sure = (0..self.rows.len()).filter(|i| self.is_open(*i) && self.rows[*i].kind == Kind::Sure);
        let taken: Vec<_> = sure.map(|i| (i, Verdict { take: Some(true), ..self.verdicts[i].clone() })).collect();
        if taken.is_empty() {
            return self.say("nothing sure is left to accept; guesses and your choices are decided one by one");
        }
        let said = format!("accepted {}", count(taken.len(), "service", "services"));
        self.decide(taken);
        self.message = said;
        if !self.is_open(self.cursor) {
            self.go_on(self.cursor);
        }
        Step::Stay
    }

    fn skip_rest(&mut self) -> Step {
        let open = (0..self.rows.len()).filter(|i| self.is_open(*i));
        let skipped: Vec<_> = open.map(|i| (i, Verdict { take: Some(false), ..self.verdicts[i].clone() })).collect();
        if skipped.is_empty() {
            return self.say("nothing is left to skip: w shows the sum");
        }
        self.message = format!("skipped {}", count(skipped.len(), "service", "services"));
        self.decide(skipped);
        self.go_on(self.cursor);
        Step::Stay
    }

    /// Puts verdicts in their places, in a way that can be undone.
    fn decide(&mut self, verdicts: Vec<(usize, Verdict)>) {
        let change = self.swap(self.cursor, verdicts);
        self.past.push(change);
        self.future.clear();
    }

    fn swap(&mut self, cursor: usize, verdicts: Vec<(usize, Verdict)>) -> Change {
        let swap = |(at, verdict)| (at, std::mem::replace(&mut self.verdicts[at], verdict));
        Change { cursor, others: verdicts.into_iter().map(swap).collect() }
    }

    fn undo(&mut self) -> Step {
        let Some(change) = self.past.pop() else { return self.say("nothing to undo") };
        let undone = self.swap(change.cursor, change.others);
        self.go(change.cursor);
        self.future.push(undone);
        self.say("undone; U does it again");
        Step::Plan
    }

    fn redo(&mut self) -> Step {
        let Some(change) = self.future.pop() else { return self.say("nothing to do again") };
        let done = self.swap(change.cursor, change.others);
        self.go(change.cursor);
        self.past.push(done);
        Step::Plan
    }

    fn leave(&mut self) -> Step {
        if self.is_one_of_many || self.verdicts.iter().any(|v| *v != Verdict::default()) {
            return self.show(Screen::Leave);
        }
        Step::Quit
    }

    fn take_outcome(&mut self, outcome: Outcome) -> Step {
        match outcome {
            Outcome::Stay => Step::Stay,
            Outcome::Cancel => self.show(Screen::List),
            Outcome::Refuse(why) => self.say(why),
            Outcome::Open(dialog) => self.show(Screen::Dialog(*dialog)),
            Outcome::Seek { text, from, is_done } => self.seek(text, from, is_done),
            Outcome::Change(change) => self.change(change),
        }
    }

    /// Changes what is decided of the service under the cursor.
    fn change(&mut self, change: ToDecide) -> Step {
        let at = self.cursor;
        let mut verdict = self.verdicts[at].clone();
        let message = change(&mut verdict.decision, &self.rows[at]);
        self.show(Screen::List);
        if verdict == self.verdicts[at] {
            return self.say("nothing changed");
        }
        // What was accepted is another change now.
        if verdict.decision.ignored == self.verdicts[at].decision.ignored && verdict.take == Some(true) {
            verdict.take = None;
            self.is_open_again = true;
        }
        self.decide(vec![(at, verdict)]);
        self.say(message);
        Step::Plan
    }
}

#[cfg(test)]
mod tests;
