//! The screen: where each part of it stands, and what it looks like. All texts are clean before
//! they come here; colours come from the same place as those of all other output.

use super::dialog::{Dialog, DialogKind, Item};
use super::fold::fold;
use super::keys;
use super::row::Kind;
use super::state::{Review, Screen};
use crate::report::style::{self, Look, cut, pad, paint, wrap};
use crate::text::{clean_line, count};
use ansi_to_tui::IntoText;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use std::ops::Range;
use unicode_width::UnicodeWidthChar;

/// What is drawn beside the review itself.
pub(super) struct Scene<'s> {
    /// Which project: `[2/5] shop/compose.yaml`.
    pub(super) title: &'s str,
    /// The text of what stands below the list, or in its place.
    pub(super) text: &'s str,
    pub(super) color: bool,
}

/// The state of a service that a person changed.
const CHOICE: &str = "your choice";

/// Most lines that a message takes at the bottom, and the keys.
const MOST_MESSAGE: usize = 3;
/// Columns below which keys are cut short, and rows below which they have one.
const NARROW: usize = 60;
const LOW: usize = 10;

/// Draws the review, and tells it how much of a longer text fits.
pub(super) fn draw(frame: &mut Frame<'_>, review: &mut Review, scene: &Scene<'_>) {
    let area = frame.area();
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    if width == 0 || height == 0 {
        return;
    }
    let bottom = bottom(review, scene, width, height);
    let bottom_height = bottom.len().min(height);
    let buffer = frame.buffer_mut();
    put_all(buffer, area, height - bottom_height, &bottom);
    let mut top = 0;
    if height > bottom_height + 2 {
        put(buffer, area, 0, &painted(&title(review, scene, width)));
        top = 1;
    }
    let room = height - bottom_height - top;
    let has_list = matches!(review.screen, Screen::List | Screen::Dialog(_));
    let shown = if has_list { list_height(review.rows.len(), room) } else { 0 };
    let seen = window(review.cursor, review.rows.len(), shown);
    for (place, index) in seen.clone().enumerate() {
        put(buffer, area, top + place, &row(review, index, width, scene.color));
    }
    top += shown;
    let mut room = room - shown;
    if shown > 0 && room > 1 {
        put(buffer, area, top, &painted(&paint(scene.color, Look::Dim, &separator(&seen, review.rows.len(), width))));
        top += 1;
        room -= 1;
    }
    if let Screen::Dialog(dialog) = &review.screen
        && !matches!(dialog.kind, DialogKind::Search(_))
    {
        let lines = dialog_lines(dialog, width, room, scene.color);
        put_all(buffer, area, top, &lines[..lines.len().min(room)]);
        return;
    }
    let lines: Vec<Line<'_>> = scene.text.lines().flat_map(|line| fold(line, width)).map(|row| painted(&row)).collect();
    review.page = room;
    review.last_scroll = lines.len().saturating_sub(room);
    review.scroll = review.scroll.min(review.last_scroll);
    let rest = &lines[review.scroll.min(lines.len())..];
    put_all(buffer, area, top, &rest[..rest.len().min(room)]);
    let hidden = rest.len().saturating_sub(room);
    if hidden > 0 && room > 1 {
        let more = format!("  ... {hidden} more, Space goes on");
        put(buffer, area, top + room - 1, &painted(&paint(scene.color, Look::Dim, &pad(&cut(&more, width), width))));
    }
}

/// Rows of the list: at most a third of what there is, and never none.
fn list_height(services: usize, room: usize) -> usize {
    services.min((room / 3).max(3)).min(room)
}

/// Which of `number` items are shown, so that the one at `cursor` is among them.
fn window(cursor: usize, number: usize, shown: usize) -> Range<usize> {
    let start = cursor.saturating_sub(shown / 2).min(number.saturating_sub(shown));
    start..(start + shown).min(number)
}

/// The line below the list, which says what of it is shown where that is not all.
fn separator(seen: &Range<usize>, number: usize, width: usize) -> String {
    let part = if seen.len() < number { format!("── services {}-{} of {number} ", seen.start + 1, seen.end) } else { String::new() };
    let part = if style::width(&part) > width { String::new() } else { part };
    let rest = "─".repeat(width.saturating_sub(style::width(&part)));
    part + &rest
}

fn title(review: &Review, scene: &Scene<'_>, width: usize) -> String {
    let (decided, all) = review.progress();
    let what = match &review.screen {
        Screen::Sum => "the sum".to_owned(),
        Screen::Leave => "leave?".to_owned(),
        Screen::Help => "the keys".to_owned(),
        Screen::Rule(rule) => rule.id().to_owned(),
        Screen::File => "the whole file".to_owned(),
        Screen::List | Screen::Dialog(_) if all == review.rows.len() || width < 60 => format!("{decided} of {all} decided"),
        Screen::List | Screen::Dialog(_) => format!("{}, {decided} of {all} decided", count(review.rows.len(), "service", "services")),
    };
    let room = width.saturating_sub(what.len() + 2);
    paint(scene.color, Look::Bold, &cut(&format!("{}  {what}", pad(&cut(scene.title, room), room)), width))
}

/// What became of a service, or can: its sign, its word, and how they look.
pub(super) fn state_of(kind: Kind, take: Option<bool>) -> (char, &'static str, Option<Look>) {
    match (kind, take) {
        (Kind::Sure | Kind::Choice | Kind::Guess, Some(true)) => ('+', "accept", Some(Look::Added)),
        (Kind::Sure | Kind::Choice | Kind::Guess, Some(false)) => ('-', "skip", Some(Look::Dim)),
        (Kind::Choice, None) => ('~', CHOICE, Some(Look::Warning)),
        (Kind::Sure, None) => (' ', "sure", None),
        (Kind::Guess, None) => ('?', "guess", Some(Look::Warning)),
        (Kind::Refused, _) => ('!', "refused", Some(Look::Error)),
        (Kind::Done, _) => ('=', "done", Some(Look::Dim)),
        (Kind::Ignored, _) => ('#', "ignored", Some(Look::Dim)),
    }
}

/// One service of the list.
fn row(review: &Review, index: usize, width: usize, color: bool) -> Line<'static> {
    let row = &review.rows[index];
    let (sign, word, look) = state_of(row.kind, review.verdicts[index].take);
    let is_here = index == review.cursor;
    let longest = review.rows.iter().map(|r| style::width(&clean_line(&r.name))).max().unwrap_or(0);
    let columns = longest.min((width / 3).max(8));
    let head = format!("{}{sign} {}  ", if is_here { '>' } else { ' ' }, pad(&cut(&clean_line(&row.name), columns), columns));
    let kind = match row.kind {
        Kind::Guess => "a guess: ",
        Kind::Choice if review.verdicts[index].take.is_some() => "your choice: ",
        _ => "",
    };
    let brief = clean_line(&format!("{kind}{}", row.brief));
    let has_choice = (0..review.rows.len()).any(|i| review.rows[i].kind == Kind::Choice && review.is_open(i));
    let state = if has_choice { CHOICE.len() } else { 7 };
    let used = style::width(&head) + state + 2;
    let brief = if width > used + 8 { cut(&brief, width - used).into_owned() } else { String::new() };
    let painted_word = look.map_or_else(|| pad(word, state), |look| paint(color, look, &pad(word, state)));
    let mut line = painted(&format!("{head}{painted_word}  {brief}"));
    if is_here && color {
        line = line.patch_style(Modifier::REVERSED);
        let missing = width.saturating_sub(line.width());
        line.push_span(Span::styled(" ".repeat(missing), Modifier::REVERSED));
    }
    line
}

/// The last lines: what the last key has to say, else the keys, or what is searched for.
fn bottom(review: &Review, scene: &Scene<'_>, width: usize, height: usize) -> Vec<Line<'static>> {
    if let Screen::Dialog(dialog) = &review.screen
        && matches!(dialog.kind, DialogKind::Search(_))
    {
        let mut line = vec![typed(&format!("/{}", dialog.text), width)];
        if !review.message.is_empty() {
            line.insert(0, painted(&cut(&review.message, width)));
        }
        return line;
    }
    let mut lines: Vec<Line<'_>> = Vec::new();
    if !review.message.is_empty() {
        let said = wrap(&review.message, width).into_iter().take(MOST_MESSAGE);
        lines.extend(said.map(|line| painted(&paint(scene.color, Look::Warning, &cut(&line, width)))));
    }
    let mut hints: Vec<(&str, &str)> = match &review.screen {
        Screen::List => list_hints(review),
        Screen::Sum if review.writes() => keys::SUM.to_vec(),
        Screen::Sum => keys::SUM[1..].to_vec(),
        Screen::Leave if review.writes() => keys::LEAVE.to_vec(),
        Screen::Leave => keys::LEAVE[..2].to_vec(),
        Screen::Help | Screen::Rule(_) | Screen::File => keys::PAGE.to_vec(),
        Screen::Dialog(dialog) => match dialog.kind {
            DialogKind::Paths => keys::PATHS.to_vec(),
            DialogKind::Storage => keys::STORAGE.to_vec(),
            DialogKind::Extras => keys::EXTRAS.to_vec(),
            DialogKind::Rules(..) => keys::RULES.to_vec(),
            _ => keys::TEXT.to_vec(),
        },
    };
    if review.is_one_of_many && matches!(review.screen, Screen::Sum | Screen::Leave) {
        hints.push(keys::NEXT);
    }
    // Of the many keys of the list `?` shows the others; nothing shows those of the other screens but this.
    let (rows, more) = match review.screen {
        Screen::List if width < NARROW => (1, "? …"),
        Screen::List => (1, "? help …"),
        _ if height < LOW => (1, "…"),
        _ => (MOST_MESSAGE, "…"),
    };
    lines.extend(hints_of(&hints, rows, more, width, scene.color).iter().map(|line| painted(line)));
    lines
}

/// The keys of the list, what most people need first: a guess has a key of its own.
fn list_hints(review: &Review) -> Vec<(&'static str, &'static str)> {
    let is_guess = review.rows.get(review.cursor).is_some_and(|row| row.kind == Kind::Guess);
    let unneeded = if is_guess { "y" } else { "g" };
    let mut hints: Vec<(&str, &str)> = Vec::new();
    for (key, short, _) in keys::LIST {
        match key {
            "?" => {}
            _ if key == unneeded => {}
            "g" => hints.insert(0, (key, "accept the guess")),
            _ => hints.push((key, short)),
        }
    }
    hints
}

/// The keys, each with what it does, in so many rows; where not all fit, `more` is at the end.
fn hints_of(hints: &[(&str, &str)], most: usize, more: &str, width: usize, color: bool) -> Vec<String> {
    let (mut rows, mut used) = (vec![String::new()], 0);
    for (i, (key, what)) in hints.iter().enumerate() {
        let columns = key.len() + 1 + what.len();
        let (is_last_row, is_last) = (rows.len() == most, i + 1 == hints.len());
        let room = if is_last_row && !is_last { width.saturating_sub(style::width(more) + 2) } else { width };
        let gap = if used > 0 { 2 } else { 0 };
        if used + gap + columns <= room {
            used += gap + columns;
        } else if !is_last_row && used > 0 {
            rows.push(String::new());
            used = columns;
        } else {
            let row = rows.last_mut().into_iter();
            row.for_each(|row| *row += &format!("{}{more}", if used > 0 { "  " } else { "" }));
            break;
        }
        if let Some(row) = rows.last_mut() {
            *row += &format!("{}{} {what}", if row.is_empty() { "" } else { "  " }, paint(color, Look::Bold, key));
        }
    }
    rows
}

fn dialog_lines(dialog: &Dialog, width: usize, room: usize, color: bool) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'_>> =
        wrap(&dialog.title(), width).iter().map(|l| painted(&paint(color, Look::Bold, &cut(l, width)))).collect();
    if dialog.is_text() {
        lines.push(typed(&format!("> {}", dialog.text), width));
        return lines;
    }
    if dialog.items.is_empty() {
        lines.push(painted("none"));
    }
    let mut places = Vec::new();
    let mut items = Vec::new();
    for (i, item) in dialog.items.iter().enumerate() {
        places.push(items.len());
        items.extend(item_lines(dialog, item, i == dialog.cursor, width, color));
    }
    // The item under the cursor is seen whole where that is possible.
    let end = places.get(dialog.cursor + 1).copied().unwrap_or(items.len());
    let room = room.saturating_sub(lines.len()).max(1);
    let start = end.saturating_sub(room).min(places.get(dialog.cursor).copied().unwrap_or(0));
    let hidden = items.len().saturating_sub(start + room);
    lines.extend(items.into_iter().skip(start).take(room));
    // The last line says what lies below it, unless it is all that is seen of the item under the cursor.
    if hidden > 0 && room > end - start {
        lines.pop();
        let more = format!("  ... {} more", count(hidden + 1, "line", "lines"));
        lines.push(painted(&paint(color, Look::Dim, &cut(&more, width))));
    }
    lines
}

fn item_lines(dialog: &Dialog, item: &Item, is_here: bool, width: usize, color: bool) -> Vec<Line<'static>> {
    let mark = dialog.mark(item);
    let indent = 2 + mark.len();
    let text = clean_line(&item.text);
    let lines = wrap(&text, width.saturating_sub(indent).max(8));
    let head = format!("{} {mark}", if is_here { '>' } else { ' ' });
    let look = if is_here { Look::Bold } else { Look::Dim };
    let line = |(i, line): (usize, &String)| {
        let text = format!("{}{line}", if i == 0 { head.clone() } else { " ".repeat(indent) });
        let text = if is_here || !item.is_possible { paint(color, look, &text) } else { text };
        fold(&text, width).into_iter().map(|row| painted(&row)).collect::<Vec<_>>()
    };
    lines.iter().enumerate().flat_map(line).collect()
}

/// What is typed, its end in sight, with a mark where the next letter comes.
fn typed(text: &str, width: usize) -> Line<'static> {
    let text = clean_line(text);
    let mut shown: String = text
        .chars()
        .rev()
        .scan(0, |used, c| {
            *used += c.width().unwrap_or(0);
            (*used < width).then_some(c)
        })
        .collect();
    shown = shown.chars().rev().collect();
    Line::from(format!("{shown}_"))
}

/// A text of our own with its colours.
fn painted(text: &str) -> Line<'static> {
    let parsed = text.into_text().ok().and_then(|text| text.lines.into_iter().next());
    let mut line = parsed.unwrap_or_else(|| Line::from(text.to_owned()));
    // It begins with a style that says nothing.
    line.style = ratatui::style::Style::default();
    line
}

fn put_all(buffer: &mut Buffer, area: Rect, from: usize, lines: &[Line<'_>]) {
    for (i, line) in lines.iter().enumerate() {
        put(buffer, area, from + i, line);
    }
}

fn put(buffer: &mut Buffer, area: Rect, row: usize, line: &Line<'_>) {
    if row < usize::from(area.height) {
        buffer.set_line(area.x, area.y + row as u16, line, area.width);
    }
}
