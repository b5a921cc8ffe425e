//! Lists to choose from and lines to type, for one service.

use super::keys::Key;
use super::row::{Offer, Row};
use crate::audit::Rule;
use crate::evidence::{Confidence, Extra, Extras, Reason, Source, Storage, Target, TmpfsOptions, WritablePath};
use crate::plan::{Decision, Ignored};
use crate::text::clean_line;

/// A list to choose from, or a line to type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dialog {
    pub(super) kind: DialogKind,
    /// The service.
    pub(super) service: String,
    pub(super) items: Vec<Item>,
    pub(super) cursor: usize,
    /// What is typed.
    pub(super) text: String,
}

/// What is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DialogKind {
    /// Which paths it must be able to write to.
    Paths,
    /// Another one.
    AddPath,
    /// What holds each path.
    Storage,
    /// What else is changed.
    Extras,
    /// What is ignored: one of these, or all (`None`); and the file whose comment can say why, if one can.
    Rules(Vec<Option<Rule>>, Option<String>),
    /// Whether a comment in this file says why a rule is ignored.
    Place(Rule, String),
    /// Why it is ignored, in a comment of the file or in the configuration file.
    Reason(Option<Rule>, Option<String>),
    /// A part of a service's name, from a service on.
    Search(usize),
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) is_on: bool,
    was_on: bool,
    /// Whether it can be chosen; if not, the text says why.
    pub(super) is_possible: bool,
    pub(super) text: String,
    path: Option<WritablePath>,
    extra: Option<(Extra, bool)>,
}

/// What a change of a decision is: it says what was done.
pub(super) type ToDecide = Box<dyn FnOnce(&mut Decision, &Row) -> String>;

/// What a key leads to.
pub(super) enum Outcome {
    Stay,
    /// Back to the list of services.
    Cancel,
    /// What was typed or chosen cannot be, and why.
    Refuse(String),
    /// Another dialog.
    Open(Box<Dialog>),
    /// Where to look for a service.
    Seek {
        text: String,
        from: usize,
        is_done: bool,
    },
    /// A new decision.
    Change(ToDecide),
}

impl Item {
    fn new(text: String, is_on: bool) -> Self {
        Self { is_on, was_on: is_on, is_possible: true, text, path: None, extra: None }
    }

    fn of_path(path: &WritablePath, row: &Row) -> Self {
        let is_volume = path.storage == Storage::State;
        let is_mounted = row.mounted.iter().any(|mounted| **mounted == *path.target);
        let mounted = if is_mounted { " (already in the file)" } else { "" };
        let text = format!("{}{mounted}  {}", path.target, path.reason.text);
        Self { path: Some(path.clone()), is_possible: !is_mounted, ..Self::new(text, is_volume) }
    }

    fn of_offer(offer: &Offer) -> Self {
        let guess = if offer.is_a_guess { " (a guess)" } else { "" };
        let text = format!("{}{guess}: {}", offer.extra.name(), offer.text);
        let extra = Some((offer.extra, offer.is_a_guess));
        Self { extra, is_possible: offer.is_possible || offer.is_asked_for, ..Self::new(text, offer.is_asked_for) }
    }
}

impl Dialog {
    fn new(kind: DialogKind, row: &Row, items: Vec<Item>) -> Self {
        Self { kind, service: row.name.clone(), items, cursor: 0, text: String::new() }
    }

    pub(super) fn paths(row: &Row) -> Self {
        let item = |path| Item { is_on: true, ..Item::of_path(path, row) };
        Self::new(DialogKind::Paths, row, row.paths.iter().map(item).collect())
    }

    pub(super) fn storage(row: &Row) -> Self {
        Self::new(DialogKind::Storage, row, row.paths.iter().map(|path| Item::of_path(path, row)).collect())
    }

    pub(super) fn extras(row: &Row) -> Self {
        Self::new(DialogKind::Extras, row, row.offers.iter().map(Item::of_offer).collect())
    }

    pub(super) fn rules(row: &Row) -> Self {
        let rules: Vec<Option<Rule>> = row.rules.iter().copied().map(Some).chain([None]).collect();
        let text = |rule: &Option<Rule>| rule.map_or("everything: leave this service out".to_owned(), |rule| rule.id().to_owned());
        let items = rules.iter().map(|rule| Item::new(text(rule), false)).collect();
        Self::new(DialogKind::Rules(rules, row.comment_in.clone()), row, items)
    }

    /// Where the reason for ignoring a rule goes.
    fn place(&self, rule: Rule, file: String) -> Self {
        let comment = clean_line(&format!("a comment above `{}` in {file}", self.service));
        let items = [comment, "rofs-harden.toml".to_owned()].map(|text| Item::new(text, false));
        Self { items: items.to_vec(), ..self.typed(DialogKind::Place(rule, file)) }
    }

    pub(super) fn search(from: usize) -> Self {
        Self { kind: DialogKind::Search(from), service: String::new(), items: Vec::new(), cursor: 0, text: String::new() }
    }

    fn typed(&self, kind: DialogKind) -> Self {
        Self { kind, items: Vec::new(), cursor: 0, text: String::new(), ..self.clone() }
    }

    /// What is asked.
    pub(super) fn title(&self) -> String {
        let title = match self.kind {
            DialogKind::Paths => "where it must be able to write",
            DialogKind::AddPath => "another writable path",
            DialogKind::Storage => "tmpfs (in memory, gone when the container stops) or volume (kept)",
            DialogKind::Extras => "what else to change",
            DialogKind::Rules(..) => "what to ignore",
            DialogKind::Place(..) => "where the reason goes",
            DialogKind::Reason(_, Some(_)) => "why it is ignored (goes into a comment)",
            DialogKind::Reason(_, None) => "why it is ignored (goes into rofs-harden.toml)",
            DialogKind::Search(_) => "",
        };
        clean_line(&format!("{}: {title}", self.service))
    }

    /// What stands before an item.
    pub(super) fn mark(&self, item: &Item) -> &'static str {
        match (&self.kind, item.is_on) {
            (DialogKind::Rules(..) | DialogKind::Place(..), _) => "",
            (DialogKind::Storage, _) if !item.is_possible => " -     ",
            (DialogKind::Storage, true) => "volume ",
            (DialogKind::Storage, false) => "tmpfs  ",
            _ if !item.is_possible => " -  ",
            (_, true) => "[x] ",
            (_, false) => "[ ] ",
        }
    }

    /// Whether a line is typed.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.kind, DialogKind::AddPath | DialogKind::Reason(..) | DialogKind::Search(_))
    }

    /// Takes a key.
    pub(super) fn key(&mut self, key: Key) -> Outcome {
        if self.is_text() { self.type_key(key) } else { self.choose(key) }
    }

    fn type_key(&mut self, key: Key) -> Outcome {
        match key {
            Key::Escape => return Outcome::Cancel,
            Key::Enter => return self.take_text(),
            Key::Backspace => _ = self.text.pop(),
            Key::Ctrl('u') => self.text.clear(),
            Key::Char(c) if !c.is_control() => self.text.push(c),
            _ => return Outcome::Stay,
        }
        match self.kind {
            DialogKind::Search(from) => Outcome::Seek { text: self.text.clone(), from, is_done: false },
            _ => Outcome::Stay,
        }
    }

    fn take_text(&mut self) -> Outcome {
        let text = self.text.trim().to_owned();
        match self.kind.clone() {
            DialogKind::Search(from) => Outcome::Seek { text, from, is_done: true },
            DialogKind::Reason(..) if text.is_empty() => Outcome::Refuse("say why it is ignored".into()),
            DialogKind::Reason(rule, file) => Outcome::Change(Box::new(move |decision, row| {
                decision.ignored.push(Ignored { rule, reason: text, is_comment: file.is_some() });
                let place = file.map_or("rofs-harden.toml".to_owned(), |file| format!("a comment in {file}"));
                match rule {
                    Some(rule) => format!("{} of {} is ignored; {place} gets the reason", rule.id(), row.name),
                    None => format!("{} is left out; {place} gets the reason", row.name),
                }
            })),
            _ if text.is_empty() => Outcome::Cancel,
            _ => match added(&self.service, &text) {
                Ok(path) => Outcome::Change(Box::new(move |decision, _| {
                    decision.spared.retain(|spared| **spared != *path.target);
                    let said = format!("{} can be written; t makes it a volume", path.target);
                    set(decision, path);
                    said
                })),
                Err(why) => Outcome::Refuse(why),
            },
        }
    }

    fn choose(&mut self, key: Key) -> Outcome {
        let last = self.items.len().saturating_sub(1);
        match key {
            Key::Up | Key::Char('k') => self.cursor = self.cursor.saturating_sub(1),
            Key::Down | Key::Char('j') => self.cursor = (self.cursor + 1).min(last),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = last,
            Key::Char('+') if self.kind == DialogKind::Paths => return Outcome::Open(Box::new(self.typed(DialogKind::AddPath))),
            Key::Char(' ') => {
                let Some(item) = self.items.get_mut(self.cursor) else { return Outcome::Stay };
                if !item.is_possible {
                    return Outcome::Refuse("that is not possible here".into());
                }
                item.is_on = !item.is_on;
            }
            Key::Enter => return self.done(),
            Key::Escape | Key::Char('q') => return Outcome::Cancel,
            _ => {}
        }
        Outcome::Stay
    }

    fn done(&mut self) -> Outcome {
        let items = std::mem::take(&mut self.items);
        match &self.kind {
            DialogKind::Rules(rules, file) => match (rules.get(self.cursor), file) {
                (Some(Some(rule)), Some(file)) => Outcome::Open(Box::new(self.place(*rule, file.clone()))),
                (Some(rule), _) => Outcome::Open(Box::new(self.typed(DialogKind::Reason(*rule, None)))),
                (None, _) => Outcome::Cancel,
            },
            DialogKind::Place(rule, file) => {
                let file = (self.cursor == 0).then(|| file.clone());
                Outcome::Open(Box::new(self.typed(DialogKind::Reason(Some(*rule), file))))
            }
            DialogKind::Paths => Outcome::Change(Box::new(move |decision, row| {
                let dropped = items.iter().filter(|i| !i.is_on).filter_map(|i| i.path.as_ref());
                for path in dropped {
                    decision.paths.retain(|own| own.target != path.target);
                    decision.spared.push(path.target.to_string());
                }
                format!("the paths of {} are as you chose", row.name)
            })),
            DialogKind::Storage => Outcome::Change(Box::new(move |decision, row| {
                let changed = |item: &&Item| item.path.as_ref().is_some_and(|p| (p.storage == Storage::State) != item.is_on);
                for (item, path) in items.iter().filter(changed).filter_map(|item| Some((item, item.path.as_ref()?))) {
                    match chosen(&row.name, &path.target, item.is_on) {
                        Ok(own) => set(decision, own),
                        Err(why) => return why,
                    }
                }
                format!("the paths of {} are as you chose", row.name)
            })),
            DialogKind::Extras => Outcome::Change(Box::new(move |decision, row| {
                let changed = |to: bool| items.iter().filter(move |i| i.is_on == to && i.was_on != to).filter_map(|i| i.extra);
                let [more, less] = [true, false].map(|to| changed(to).map(|(extra, _)| extra).collect::<Extras>());
                decision.with = decision.with.without(less).and(more);
                decision.without = decision.without.without(more).and(less);
                // Whoever asks by name for what is a guess agrees to it.
                decision.agrees |= changed(true).any(|(_, is_a_guess)| is_a_guess);
                format!("the extras of {} are as you chose", row.name)
            })),
            DialogKind::AddPath | DialogKind::Reason(..) | DialogKind::Search(_) => Outcome::Stay,
        }
    }
}

/// A path that a person adds.
fn added(service: &str, target: &str) -> Result<WritablePath, String> {
    chosen(service, target, false)
}

/// A path of which a person says what holds it. It is mounted, also where the image declares a
/// volume.
fn chosen(service: &str, target: &str, is_volume: bool) -> Result<WritablePath, String> {
    let scratch = || Storage::Scratch(TmpfsOptions { mode: Some(0o1777), ..TmpfsOptions::default() });
    let storage = if is_volume { Storage::State } else { scratch() };
    let target = Target::new(target, &storage).map_err(|why| format!("`{target}` {why}; write a path such as /data"))?;
    let reason = Reason { source: Source::User, text: "chosen in the review".into(), link: None, confidence: Confidence::Assumed };
    Ok(WritablePath { service: service.to_owned(), target, storage, is_declared: false, owner: None, reason: reason.into() })
}

/// Puts a path in the place of an earlier one.
fn set(decision: &mut Decision, path: WritablePath) {
    decision.paths.retain(|own| own.target != path.target);
    decision.paths.push(path);
}
