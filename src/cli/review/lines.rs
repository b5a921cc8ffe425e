//! The review line by line: one service at a time, for terminals that are no screen and for screen
//! readers. Answers are the keys of the screen, and do the same.

use super::Verdict;
use super::dialog::{Dialog, DialogKind};
use super::draw::state_of;
use super::fold::fold;
use super::keys::{self, Key};
use super::row::Kind;
use super::session::Session;
use super::state::{self, Review, Screen, Step};
use crate::cli::ask::Ask;
use crate::cli::ui::Ui;
use crate::error::Result;
use crate::report::remarks::services;
use crate::report::style::{Look, cut, pad, paint, width, wrap};
use crate::text::clean_line;

/// The answers that are words, by their key.
const WORDS: [(&str, char); 27] = [
    ("yes", 'y'),
    ("accept", 'y'),
    ("no", 'n'),
    ("guess", 'g'),
    ("all", 'a'),
    ("skip", 's'),
    ("edit", 'e'),
    ("paths", 'e'),
    ("tmpfs", 't'),
    ("volume", 't'),
    ("storage", 't'),
    ("extras", 'x'),
    ("ignore", 'i'),
    ("rule", 'r'),
    ("view", 'f'),
    ("v", 'f'),
    ("file", 'f'),
    ("undo", 'u'),
    ("redo", 'U'),
    ("back", 'k'),
    ("b", 'k'),
    ("next", 'j'),
    ("list", 'l'),
    ("write", 'w'),
    ("quit", 'q'),
    ("help", '?'),
    ("search", '/'),
];

/// What a question for numbers says of those that are not to be chosen.
const IMPOSSIBLE: &str = "that is not possible here";

/// What is read of an answer that is not a number: nothing, or the key that leaves.
fn is_none(text: &str) -> bool {
    text.is_empty() || text == "q"
}

/// The key that an answer means; a letter or its word.
fn key_of(answer: &str) -> Option<Key> {
    let small = answer.to_ascii_lowercase();
    if let Some((_, key)) = WORDS.iter().find(|(word, _)| *word == small) {
        return Some(Key::Char(*key));
    }
    let mut letters = answer.chars();
    let letter = letters.next().filter(|_| letters.next().is_none())?;
    let letter = if matches!(letter, 'U' | 'G') { letter } else { letter.to_ascii_lowercase() };
    "yngasetxirfuUjkGlwq?/".contains(letter).then_some(Key::Char(letter))
}

/// Asks about every service that has a fix. What is accepted, and what a person changes of it, is what the plan is asked for then.
pub(super) fn review(ui: &Ui, ask: &Ask, mut session: Session<'_>, is_one_of_many: bool) -> Result<Verdict> {
    let mut review = Review::new(session.rows()?, is_one_of_many);
    let talk = Talk { ui, ask };
    talk.show(&session, &review)?;
    loop {
        for line in prompt(&review, ask.width()) {
            ui.err_line(&paint(ui.err_color(), Look::Bold, &line));
        }
        let answer = ask.line(">")?.unwrap_or_else(|| "q".to_owned());
        let before = (review.cursor, review.verdicts.clone());
        let step = talk.take(&mut review, &session, &answer)?;
        match step {
            Step::Plan => {
                session.decide(review.decisions())?;
                review.replanned(session.rows()?);
            }
            Step::Quit => return Ok(Verdict::Quit),
            Step::Next => return Ok(Verdict::Next),
            Step::Write => {
                talk.say_what_is_ignored(&session, &mut review)?;
                return Ok(Verdict::Ask(session.decided_options(&review)));
            }
            Step::Stay | Step::Interrupt => {}
        }
        let is_decided = before.1 != review.verdicts;
        if !talk.say_decided(&review, &before.1) || step == Step::Plan {
            talk.say(&review.message);
        }
        if is_decided && !(0..review.rows.len()).any(|i| review.is_open(i)) {
            talk.say_what_is_ignored(&session, &mut review)?;
            return Ok(Verdict::Ask(session.decided_options(&review)));
        }
        if before.0 != review.cursor || step == Step::Plan {
            talk.show(&session, &review)?;
        }
    }
}

/// What can be answered now, in lines that fit.
fn prompt(review: &Review, width: usize) -> Vec<String> {
    let row = &review.rows[review.cursor];
    let any = |is: &dyn Fn(usize) -> bool| (0..review.rows.len()).any(is);
    let can_change = review.can_change(review.cursor);
    let has_paths = can_change || row.kind == Kind::Done;
    let parts = [
        ("[g]uess, take it", row.kind == Kind::Guess),
        ("[y]es", can_change && row.kind != Kind::Guess),
        ("[n]o", can_change),
        ("[a]ll sure", any(&|i| review.is_open(i) && review.rows[i].kind == Kind::Sure)),
        ("[s]kip the rest", any(&|i| review.is_open(i))),
        ("[e]dit paths", has_paths),
        ("[t]mpfs/volume", has_paths && !row.paths.is_empty()),
        ("e[x]tras", has_paths),
        ("[i]gnore", !row.rules.is_empty()),
        ("[r]ule", !row.rules.is_empty()),
        ("[f]ile", true),
        ("[u]ndo", review.can_undo()),
        ("[b]ack", review.cursor > 0),
        ("Enter goes on", !review.is_open(review.cursor)),
        ("[w]rite", review.writes()),
        ("[?]", true),
        ("[q]uit", true),
    ];
    let mut lines = vec![String::new()];
    for (part, _) in parts.into_iter().filter(|(_, is_shown)| *is_shown) {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(part),
            Some(line) if line.len() + 1 + part.len() <= width => *line += &format!(" {part}"),
            _ => lines.push(part.to_owned()),
        }
    }
    lines
}

/// The places in a list that a line names by their numbers.
fn numbers(text: &str, length: usize) -> Result<Vec<usize>, String> {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let number = |word: &str| match word.parse::<usize>() {
        Ok(number) if (1..=length).contains(&number) => Ok(number - 1),
        _ if length == 1 => Err(format!("`{word}` is no number of the list; write 1 or nothing")),
        _ => Err(format!("`{word}` is no number of the list; write numbers from 1 to {length}")),
    };
    words.map(number).collect()
}

/// The person, who answers in lines.
struct Talk<'t> {
    ui: &'t Ui,
    ask: &'t Ask,
}

impl Talk<'_> {
    fn say(&self, text: &str) {
        if !text.is_empty() {
            wrap(&clean_line(text), self.ask.width().saturating_sub(2)).iter().for_each(|line| self.ui.err_line(&format!("  {line}")));
        }
    }

    /// A text that is clean and may have colours.
    fn print(&self, text: &str) {
        text.trim_end().lines().flat_map(|line| fold(line, self.ask.width())).for_each(|line| self.ui.err_line(&line));
    }

    /// The service that is decided now.
    fn show(&self, session: &Session<'_>, review: &Review) -> Result<()> {
        let row = &review.rows[review.cursor];
        let (place, of) = review.place();
        let place = place.map_or(String::new(), |place| format!("[{place}/{of}] "));
        let decided = if review.is_open(review.cursor) { "" } else { state_of(row.kind, review.verdicts[review.cursor].take).1 };
        let decided = if decided.is_empty() { String::new() } else { format!(" ({decided})") };
        let title = clean_line(&format!("{place}{}: {}{decided}", session.name(), row.name));
        self.ui.err_line("");
        wrap(&title, self.ask.width()).iter().for_each(|line| self.ui.err_line(&paint(self.ui.err_color(), Look::Bold, line)));
        self.print(&session.text(review, self.ask.width())?);
        Ok(())
    }

    /// Does what an answer asks for.
    fn take(&self, review: &mut Review, session: &Session<'_>, answer: &str) -> Result<Step> {
        let answer = answer.trim();
        let row = &review.rows[review.cursor];
        if answer.is_empty() {
            review.message.clear();
            return Ok(if review.is_open(review.cursor) { Step::Stay } else { review.key(Key::Tab) });
        }
        if let Some(name) = answer.strip_prefix('/').filter(|name| !name.is_empty()) {
            return Ok(press(review, [Key::Char('/')].into_iter().chain(typed(name))));
        }
        let (at, last) = (review.cursor, review.rows.len() - 1);
        let refused = match key_of(answer) {
            Some(Key::Char('g')) if row.kind != Kind::Guess && review.can_change(at) => format!("{} is no guess: y accepts it", row.name),
            Some(Key::Char('j')) if at == last => format!("{} is the last service", row.name),
            Some(Key::Char('k')) if at == 0 => format!("{} is the first service", row.name),
            Some(Key::Char('w')) if !review.writes() => "nothing is accepted yet; q leaves".to_owned(),
            Some(Key::Char('w')) => return Ok(Step::Write),
            Some(Key::Char('l')) => {
                self.list(review);
                String::new()
            }
            None | Some(Key::Char('?')) => {
                self.help();
                String::new()
            }
            Some(key) => {
                let step = review.key(key);
                return match review.screen.clone() {
                    Screen::Dialog(_) => self.dialogs(review),
                    Screen::Leave => self.leave(review, session),
                    Screen::List => Ok(step),
                    // A text to read.
                    _ => {
                        self.print(&session.text(review, self.ask.width())?);
                        Ok(review.key(Key::Escape))
                    }
                };
            }
        };
        review.message = refused;
        Ok(Step::Stay)
    }

    /// What was decided by the last answer; whether anything was.
    fn say_decided(&self, review: &Review, before: &[state::Verdict]) -> bool {
        let decided = |take: Option<bool>| -> Vec<&str> {
            let is_so = |i: &usize| before[*i].take != take && review.verdicts[*i].take == take;
            (0..before.len()).filter(is_so).map(|i| &*review.rows[i].name).collect()
        };
        let mut is_said = false;
        for (take, verb) in [(Some(true), "harden"), (Some(false), "leave"), (None, "open again:")] {
            let names = decided(take);
            if !names.is_empty() {
                self.say(&format!("{verb} {}", services(&names)));
                is_said = true;
            }
        }
        is_said
    }

    /// The question that follows names what is hardened; what else is written is shown before it.
    fn say_what_is_ignored(&self, session: &Session<'_>, review: &mut Review) -> Result<()> {
        if review.verdicts.iter().any(|verdict| !verdict.decision.ignored.is_empty()) {
            review.screen = Screen::Sum;
            self.ui.err_line("");
            self.print(&session.text(review, self.ask.width())?);
        }
        Ok(())
    }

    fn list(&self, review: &Review) {
        let longest = review.rows.iter().map(|row| width(&clean_line(&row.name))).max().unwrap_or(0);
        for (row, verdict) in review.rows.iter().zip(&review.verdicts) {
            let (sign, word, _) = state_of(row.kind, verdict.take);
            let line = clean_line(&format!("{}  {word}: {}", pad(&clean_line(&row.name), longest), row.brief));
            self.ui.err_line(&cut(&format!("  {sign} {line}"), self.ask.width()));
        }
    }

    fn help(&self) {
        let keys = keys::LIST.iter().filter(|(key, ..)| !keys::ON_SCREEN.contains(key)).map(|(key, _, what)| (*key, *what));
        self.ui.err_line("  A letter or its word, then Enter:");
        for (key, what) in keys::BY_LINE.into_iter().chain(keys) {
            let lines = wrap(what, self.ask.width().saturating_sub(10).max(10));
            self.ui.err_line(&format!("  {}  {}", pad(key, 6), lines.join("\n          ")));
        }
    }

    /// Whether to leave without writing; the end of input does.
    fn leave(&self, review: &mut Review, session: &Session<'_>) -> Result<Step> {
        self.print(&session.text(review, self.ask.width())?);
        let write = if review.writes() { ", w writes" } else { "" };
        let next = if review.is_one_of_many { ", n goes to the next project" } else { "" };
        let answer = self.ask.line(&format!("y leaves{write}{next}, Enter goes back >"))?;
        let step = match answer.map(|answer| answer.to_ascii_lowercase()).as_deref() {
            None | Some("y" | "yes") => review.key(Key::Char('y')),
            Some("n" | "next") => review.key(Key::Char('n')),
            Some("w" | "write") if review.writes() => Step::Write,
            _ => Step::Stay,
        };
        review.screen = Screen::List;
        review.message.clear();
        Ok(step)
    }

    /// Asks what the lists and lines of the screen ask, until they are done.
    fn dialogs(&self, review: &mut Review) -> Result<Step> {
        let mut step = Step::Stay;
        while let Screen::Dialog(dialog) = review.screen.clone() {
            let keys = self.answer(&dialog)?.unwrap_or_else(|| vec![Key::Escape]);
            if press(review, keys) == Step::Plan {
                step = Step::Plan;
                // Who drops paths often has another one to name.
                if dialog.kind == DialogKind::Paths {
                    press(review, [Key::Char('e'), Key::Char('+')]);
                    continue;
                }
            }
            if matches!(review.screen, Screen::Dialog(_)) {
                self.say(&review.message);
                review.message.clear();
            }
        }
        Ok(step)
    }

    /// The keys that an answer stands for; none go back.
    fn answer(&self, dialog: &Dialog) -> Result<Option<Vec<Key>>> {
        let length = dialog.items.len();
        let possible = |text: &str| {
            let chosen = numbers(text, length)?;
            if chosen.iter().all(|i| dialog.items[*i].is_possible) { Ok(chosen) } else { Err(IMPOSSIBLE.to_owned()) }
        };
        let one = |text: &str| match possible(text)?.as_slice() {
            [only] => Ok(*only),
            _ => Err("choose one of them".to_owned()),
        };
        let line = |text: Option<String>| text.map(|text| [Key::Ctrl('u')].into_iter().chain(typed(&text)).collect());
        if !dialog.is_text() && length > 0 {
            self.items(dialog);
        }
        Ok(match dialog.kind {
            DialogKind::Search(_) => line(self.ask.line("Service, or a part of its name (Enter for the next):")?),
            DialogKind::AddPath => line(self.ask.line("Another writable path (Enter for none):")?.filter(|text| !is_none(text))),
            DialogKind::Reason(..) => {
                self.say(&dialog.title());
                line(self.ask.line("Why (Enter goes back):")?.filter(|text| !text.is_empty()))
            }
            DialogKind::Rules(..) | DialogKind::Place(..) => {
                self.read("Which one, by its number (Enter goes back):", one)?.map(|i| chain([to(i), vec![Key::Enter]]))
            }
            DialogKind::Extras => self.read("Numbers of those to change (Enter goes back):", possible)?.map(|chosen| switched(&chosen)),
            DialogKind::Paths if length == 0 => Some(vec![Key::Char('+')]),
            DialogKind::Paths => match self.ask_for("Numbers of those to drop (Enter keeps all):", |text| unless_empty(text, possible))? {
                Some(Some(dropped)) => Some(switched(&dropped)),
                Some(None) => Some(vec![Key::Char('+')]),
                None => None,
            },
            DialogKind::Storage => match self.read("Path to choose for, by its number (Enter for none):", one)? {
                Some(at) => self.storage(dialog, at)?,
                None => None,
            },
        })
    }

    /// What holds one path.
    fn storage(&self, dialog: &Dialog, at: usize) -> Result<Option<Vec<Key>>> {
        let item = &dialog.items[at];
        let path = item.text.split_whitespace().next().unwrap_or_default();
        let question = format!("Where {path} lives: t for a tmpfs (gone when the container stops), v for a named volume (kept):");
        let is_volume = self.read(&question, |text| match text.to_ascii_lowercase().as_str() {
            "t" | "tmpfs" => Ok(false),
            "v" | "volume" => Ok(true),
            _ => Err("write t or v".to_owned()),
        })?;
        Ok(is_volume.map(|is_volume| if is_volume == item.is_on { vec![Key::Enter] } else { switched(&[at]) }))
    }

    /// The items of a list with their numbers.
    fn items(&self, dialog: &Dialog) {
        let title = match dialog.kind {
            DialogKind::Paths | DialogKind::Storage => format!("Writable paths of {}:", dialog.service),
            _ => dialog.title(),
        };
        self.say(&title);
        for (number, item) in dialog.items.iter().enumerate() {
            let head = format!("  {:>2}  {}", number + 1, dialog.mark(item));
            let lines = wrap(&clean_line(&item.text), self.ask.width().saturating_sub(head.len()).max(10));
            self.print(&format!("{head}{}", lines.join(&format!("\n{}", " ".repeat(head.len())))));
        }
    }

    /// What a line is read as, asked for until it can be; none means that nothing changes.
    fn read<T>(&self, prompt: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>> {
        Ok(self.ask_for(prompt, |text| unless_empty(text, &read))?.flatten())
    }

    /// The same, where an empty line is read too.
    fn ask_for<T>(&self, prompt: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>> {
        loop {
            match self.ask.line(prompt)? {
                Some(text) if text.is_empty() || !is_none(&text) => match read(&text) {
                    Ok(answer) => return Ok(Some(answer)),
                    Err(why) => self.say(&why),
                },
                _ => return Ok(None),
            }
        }
    }
}

fn unless_empty<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if text.is_empty() { Ok(None) } else { read(text).map(Some) }
}

/// Presses keys; gives the last thing but nothing that they ask for.
fn press(review: &mut Review, keys: impl IntoIterator<Item = Key>) -> Step {
    keys.into_iter().map(|key| review.key(key)).filter(|step| *step != Step::Stay).last().unwrap_or(Step::Stay)
}

/// A line that is typed, and Enter.
fn typed(text: &str) -> impl Iterator<Item = Key> {
    text.chars().map(Key::Char).chain([Key::Enter])
}

/// The way to an item of a list.
fn to(item: usize) -> Vec<Key> {
    [Key::Home].into_iter().chain(std::iter::repeat_n(Key::Down, item)).collect()
}

/// Switches items of a list, and is done with it.
fn switched(items: &[usize]) -> Vec<Key> {
    let switch = |item: &usize| chain([to(*item), vec![Key::Char(' ')]]);
    items.iter().flat_map(switch).chain([Key::Enter]).collect()
}

fn chain(keys: [Vec<Key>; 2]) -> Vec<Key> {
    keys.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
