//! What a review says: its suggestions, and the one comment that sums them up. What strangers wrote stands only in code.

use super::place::{Piece, Why};
use crate::propose::body::{self, About, MAX_UNITS, TABLE, WRITTEN_BY, block, width};
use crate::propose::data::NewLineComment;
use crate::propose::unit::Unit;
use crate::report::markdown::span;
use crate::text::{clean, count};

/// What the last line of a suggestion starts with, and what it ends with.
const KEY: (&str, &str) = ("<!--rofs-harden:suggestion:", "-->");
/// The last line of the comment that sums up.
const SUMMARY: &str = "<!--rofs-harden:review-->";

/// What the review says above its suggestions.
pub const ABOVE: &str =
    "Suggestions for a read-only root filesystem. What stays writable, and what else belongs to them, is in the comment that sums them up.";

/// The key in the last line of a comment on lines. What a stranger wrote is never the last line of one of ours.
pub(super) fn key_of(body: &str) -> Option<&str> {
    body.trim_end().lines().last()?.strip_prefix(KEY.0)?.strip_suffix(KEY.1)
}

/// Whether a comment is one that sums up.
pub(super) fn is_summary(body: &str) -> bool {
    body.trim_end().lines().last() == Some(SUMMARY)
}

/// Lines within a fence that none of them can end.
fn fenced(word: &str, lines: &[String]) -> String {
    let longest = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    format!("{fence}{word}\n{text}{fence}\n")
}

fn names(services: &[String]) -> String {
    services.iter().map(|name| span(name)).collect::<Vec<_>>().join(", ")
}

/// A suggestion as a comment. `all` are all pieces of the plan.
pub(super) fn suggestion(piece: &Piece, all: &[Piece]) -> NewLineComment {
    let related: Vec<&Piece> = all.iter().filter(|other| other.belongs_to(piece)).collect();
    let suggested = related.iter().filter(|other| other.why.is_none()).count();
    let what = if piece.takes_rights() { "To take away what is not needed from" } else { "For a read-only root filesystem of" };
    let mut text = format!("{what} {}:\n\n", names(&piece.services));
    piece.changes.iter().for_each(|change| text += &body::line(change));
    text += &format!("\n{}", fenced("suggestion", &piece.new));
    if suggested > 0 {
        let others = count(suggested, "other suggestion", "other suggestions");
        text += &format!("\nThis belongs together with {others} of this review: take them in one batch.\n");
    }
    if suggested < related.len() {
        text += "\n**This is not all**: the rest cannot be suggested here. The comment that sums up shows what has to be added by hand as well.\n";
    }
    if !related.is_empty() && (piece.declares() || related.iter().any(|other| other.declares())) {
        text += "\nCompose does not start a project that uses a volume without declaring it.\n";
    }
    text += &format!("\n{}{}{}", KEY.0, piece.key(), KEY.1);
    NewLineComment { path: piece.path.clone(), first: piece.first, last: piece.last(), body: text }
}

/// The comment that sums up.
pub(super) fn summary(units: &[Unit], pieces: &[Piece], about: &About) -> String {
    let left = body::left_alone(units, about);
    if pieces.is_empty() {
        let said = if about.problems.is_empty() {
            "Nothing is missing any more for a read-only root filesystem of the services that this pull request changes.\n"
        } else {
            "Nothing can be suggested any more: a project that this pull request changes could not be looked at.\n"
        };
        let mut room = MAX_UNITS.saturating_sub(width(said));
        return format!("{said}{}\n{SUMMARY}", block("\n### Left alone\n\n", &left, "places", &mut room));
    }
    let services = units.iter().map(|unit| unit.accepted.len()).sum();
    let its = if services == 1 { "its" } else { "their" };
    let services = count(services, "service", "services");
    let gain = if body::all_roots(units) {
        format!("can run with a read-only root filesystem: whoever gets in, or a program that goes wrong, cannot change {its} files")
    } else {
        "can run with less than now: the suggestions say with what".to_owned()
    };
    let intro = format!("{services} of this pull request {gain}. The table says what would stay writable.\n");
    let risks = format!("{}{}", body::NOT_RUN, body::risks(units));
    let (breaks, ending) = (line_breaks(units), ending());
    let mut room = MAX_UNITS.saturating_sub([&intro, &risks, &breaks, &ending].into_iter().map(|text| width(text)).sum());
    // What matters least is given room last, and the table no more than half.
    let mut half = room / 2;
    room -= half;
    let table = block(TABLE, &body::table(units), "services", &mut half);
    room += half;
    let places = block("\n### Where it is suggested\n\n", &places(pieces), "suggestions", &mut room);
    let by_hand: Vec<String> = pieces.iter().filter_map(|piece| Some(by_hand(piece, piece.why?))).collect();
    let by_hand = block("\n### To be added by hand\n", &by_hand, "places", &mut room);
    let left = block("\n### Left alone\n\n", &left, "places", &mut room);
    [intro, table, places, breaks, by_hand, risks, left, ending].concat()
}

/// Where suggestions are.
fn places(pieces: &[Piece]) -> Vec<String> {
    let place = |piece: &Piece| {
        let lines = if piece.first == piece.last() {
            format!("line {}", piece.first)
        } else {
            format!("lines {} to {}", piece.first, piece.last())
        };
        format!("- {} in {}: {lines}\n", names(&piece.services), span(&piece.path))
    };
    pieces.iter().filter(|piece| piece.why.is_none()).map(place).collect()
}

/// What cannot be suggested, with the YAML.
fn by_hand(piece: &Piece, why: Why) -> String {
    let (what, lines) = match piece.added() {
        Some((lines, 0)) => ("at the start".to_owned(), lines),
        Some((lines, after)) => (format!("behind line {after}"), lines),
        None if piece.first == piece.last() => (format!("in place of line {}", piece.first), piece.new.as_slice()),
        None => (format!("in place of lines {} to {}", piece.first, piece.last()), piece.new.as_slice()),
    };
    let lines: Vec<String> = lines.iter().map(|line| clean(line).into_owned()).collect();
    let yaml = fenced("yaml", &lines);
    format!("\n{} in {}, {what} ({}):\n\n{yaml}", names(&piece.services), span(&piece.path), why.text())
}

/// What is to be known of files that end their lines as Windows does.
fn line_breaks(units: &[Unit]) -> String {
    let rewrites = units.iter().flat_map(|unit| &unit.rewrites).map(|file| file.rewrite.before());
    let mut files: Vec<String> = rewrites.filter(|text| text.text().contains("\r\n")).map(|text| span(text.name())).collect();
    files.sort();
    files.dedup();
    if files.is_empty() {
        return String::new();
    }
    format!(
        "\nLines of {} end with CRLF. A suggestion holds no line breaks of its own, so what ends the lines that it adds is up to the forge: see \
         that all lines end alike after taking one.\n",
        files.join(", ")
    )
}

/// How to decline it, or stop it.
fn ending() -> String {
    format!(
        "\n### If you do not want this\n\n\
         - Resolve a suggestion, or leave it: none is made a second time.\n\
         - One service: put the comment `# rofs-harden: ignore[writable-root] REASON` above its name, or an `[[exclude]]` into `rofs-harden.toml`.\n\
         - None at all: put `pull-requests = false` into `rofs-harden.toml`.\n\n\
         {WRITTEN_BY}{}. It does not read answers. This comment follows the pull request.\n\n{SUMMARY}",
        env!("CARGO_PKG_VERSION")
    )
}
