//! The pages that the program carries: those of the rules, and the guides.

use super::harden::Status;
use super::page;
use super::ui::Ui;
use crate::audit::Rule;
use crate::error::{Error, Result};
use crate::report::style::{pad, wrap};
use crate::text::{clean_line, nearest};
use std::cmp::Reverse;

/// Pages that are about no rule: name, text.
const TOPICS: [(&str, &str); 8] = [
    ("ci", include_str!("../../docs/ci.md")),
    ("configuration", include_str!("../../docs/configuration.md")),
    ("editors", include_str!("../../docs/editors.md")),
    ("engine", include_str!("../../docs/engine.md")),
    ("guide", include_str!("../../docs/guide.md")),
    ("moving-data", include_str!("../../docs/moving-data.md")),
    ("pull-requests", include_str!("../../docs/pull-requests.md")),
    ("usage", include_str!("../../docs/usage.md")),
];
/// Most other pages that are named.
const MOST_OTHERS: usize = 4;

/// Prints the page of a rule or topic, or the one that says most about the words of an error; with
/// no words, the list of all rules.
pub(super) fn run(ui: &Ui, words: &str) -> Result<Status> {
    if words.is_empty() {
        list(ui);
        return Ok(Status::Done);
    }
    let name = words.to_lowercase().replace(' ', "-");
    if let Some((_, page)) = pages().find(|(page, _)| *page == name) {
        show(ui, page);
        return Ok(Status::Done);
    }
    let near = nearest(&name, pages().map(|(name, _)| name));
    let found = if near.is_some() { Vec::new() } else { search(words) };
    let Some(((first, page), others)) = found.split_first() else {
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`rofs-harden explain` lists the rules; `explain guide` says what breaks and why".to_owned(),
        };
        return Err(Error::Usage(clean_line(&format!("there is no rule `{words}`, and no page has these words")), Some(hint)));
    };
    show(ui, page);
    let others: Vec<String> = others.iter().take(MOST_OTHERS).map(|(name, _)| format!("`explain {name}`")).collect();
    let others = if others.is_empty() { String::new() } else { format!("; see also {}", others.join(", ")) };
    ui.note(&clean_line(&format!("`{words}` is on the page of {first}{others}")));
    Ok(Status::Done)
}

/// All pages with their names, those of the rules first.
fn pages() -> impl Iterator<Item = (&'static str, &'static str)> {
    Rule::ALL.iter().map(|rule| (rule.id(), rule.page())).chain(TOPICS)
}

/// The names of all pages.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    pages().map(|(name, _)| name)
}

/// The pages that have these words in a row: those of rules before the guides, and those that speak
/// of it early before those that mention it at their end.
fn search(words: &str) -> Vec<(&'static str, &'static str)> {
    let plain = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let words = plain(words);
    let place = |page: &str| plain(page).find(&words).map(|at| at * 1000 / page.len().max(1));
    let is_guide = |name: &str| TOPICS.iter().any(|(topic, _)| *topic == name);
    let mut found: Vec<_> = pages().filter_map(|page| Some(((is_guide(page.0), place(page.1)?), page))).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, page)| page).collect()
}

/// Prints a page: laid out at a terminal, and in a pager where it is longer than the screen; as
/// Markdown elsewhere.
fn show(ui: &Ui, markdown: &str) {
    let view = ui.view();
    if !view.for_a_person {
        return ui.out(markdown);
    }
    ui.paged(&page::render(markdown, view.width, view.color));
}

/// Prints the rules, the worst first, each with what it says.
fn list(ui: &Ui) {
    let mut rules: Vec<Rule> = Rule::ALL.to_vec();
    rules.sort_by_key(|rule| Reverse(rule.severity()));
    let view = ui.view();
    let widest = rules.iter().map(|rule| rule.id().len()).max().unwrap_or(0);
    let mut text = String::new();
    for rule in rules {
        // The sentence below the title.
        let summary = rule.page().lines().skip(1).find(|line| !line.is_empty()).unwrap_or_default();
        let head = format!("{}  {}  ", pad(&rule.severity().to_string(), 7), pad(rule.id(), widest));
        let (indent, room) = match view.for_a_person {
            true if view.width < 60 => (4, view.width - 4),
            true => (head.len(), view.width - head.len()),
            false => (0, usize::MAX),
        };
        let lines = wrap(summary, room);
        let is_below = indent == 4;
        let start = if is_below { format!("{}\n{}", head.trim_end(), " ".repeat(indent)) } else { head };
        text += &format!("{start}{}\n", lines.join(&format!("\n{}", " ".repeat(indent))));
    }
    ui.paged(&text);
    ui.hint("`rofs-harden explain RULE` says more, and `explain EROFS` finds a page; there are also `explain guide`, `explain engine`, `explain configuration`, `explain moving-data`, `explain pull-requests` and `explain ci`");
}
