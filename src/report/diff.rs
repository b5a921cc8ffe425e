//! The diff: a patch for programs, and a view with the reasons beside it for people.

mod numbers;

use super::style::{self, Look, paint, wrap};
use crate::audit::What;
use crate::evidence::Reason;
use crate::rewrite::{NewLine, Rewrite};
use crate::text::{clean, clean_line};
use numbers::numbers;
use similar::algorithms::{Capture, Compact, DiffHook, NoFinishHook, Replace, myers};
use similar::udiff::UnifiedHunkHeader;
use similar::{ChangeTag, DiffOp, group_diff_ops};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

/// Lines shown before and after a change.
pub const CONTEXT: usize = 3;
/// Enough context for the whole file.
pub const WHOLE: usize = u32::MAX as usize;
/// Narrowest column for reasons beside the lines, which is at least half of the window; with less room they go below their line.
const REASON_WIDTH: usize = 30;
/// Blanks between a line and its reason.
const GAP: usize = 3;
/// How far to look for the new form of a changed line.
const PAIR_DISTANCE: usize = 40;
/// Longest line, in bytes, whose words are compared; longer ones are one-line documents, which nobody reads word by word.
const LONGEST_MARKED: usize = 4096;

/// A unified diff that `git apply` and `patch -p1` take, byte for byte. `path` is relative to the folder in which to apply it.
/// With `is_new` it makes the file.
pub fn patch(rewrite: &Rewrite, path: &str, is_new: bool) -> String {
    let (old, new) = lines_of(rewrite);
    let before = if is_new { "/dev/null".to_owned() } else { git_name("a/", path) };
    let mut text = format!("--- {before}\n+++ {}\n", git_name("b/", path));
    for group in group_diff_ops(ops(rewrite, &old, &new), CONTEXT) {
        text += &format!("{}\n", UnifiedHunkHeader::new(&group));
        for (tag, lines) in group.iter().flat_map(|op| op.iter_slices(&old, &new)) {
            let sign = match tag {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            for line in lines {
                text.push(sign);
                text += line;
                if !line.ends_with('\n') {
                    text += "\n\\ No newline at end of file\n";
                }
            }
        }
    }
    text
}

/// What became of each line. The edits are known, so it is compared between their places, one after the other, not all with all.
fn ops(rewrite: &Rewrite, old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let touched = rewrite.touched().iter();
    let bounds = touched.flat_map(|t| [(t.before.start, t.after.start), (t.before.end, t.after.end)]);
    compare(old, new, &bounds.chain([(old.len(), new.len())]).collect::<Vec<_>>())
}

/// What became of each text, compared between these places. One algorithm in one form: the library's own choice among them is five
/// hundred kilobytes of program.
fn compare(old: &[&str], new: &[&str], bounds: &[(usize, usize)]) -> Vec<DiffOp> {
    let mut found = Compact::new(Replace::new(Capture::new()), old, new);
    let (mut old_start, mut new_start) = (0, 0);
    for &(old_end, new_end) in bounds {
        let (old_end, new_end) = (old_end.min(old.len()), new_end.min(new.len()));
        let Ok(()) = myers::diff(&mut NoFinishHook::new(&mut found), old, old_start..old_end, new, new_start..new_end);
        (old_start, new_start) = (old_end, new_end);
    }
    let Ok(()) = found.finish();
    found.into_inner().into_inner().into_ops()
}

/// What a rewrite replaces by what: old lines and new ones, counted from 0. One of the two may be none, and between two of these are
/// lines that stay.
pub fn replaced(rewrite: &Rewrite) -> Vec<(Range<usize>, Range<usize>)> {
    let (old, new) = lines_of(rewrite);
    let changed = ops(rewrite, &old, &new).into_iter().filter(|op| !matches!(op, DiffOp::Equal { .. }));
    changed.map(|op| (op.old_range(), op.new_range())).collect()
}

/// The old and the new lines as git counts them: a carriage return alone ends none.
pub fn lines_of(rewrite: &Rewrite) -> (Vec<&str>, Vec<&str>) {
    let [old, new] = [rewrite.before(), rewrite.after()].map(|text| text.text().split_inclusive('\n').collect());
    (old, new)
}

/// A file name as git writes it in a patch: quoted when it holds quotes, backslashes or control characters, with a tab behind it when
/// it holds blanks.
fn git_name(prefix: &str, path: &str) -> String {
    let path = format!("{prefix}{}", path.trim_start_matches("./"));
    if !path.contains(|c: char| c.is_control() || matches!(c, '"' | '\\')) {
        return if path.contains(' ') { path + "\t" } else { path };
    }
    let mut quoted = String::from("\"");
    for c in path.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.extend(c.to_string().bytes().map(|b| format!("\\{b:03o}"))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// The diff for a person, no wider than `width` columns but for what the file itself says in changed lines: line numbers, the changed
/// words of a line marked, and beside every new line why it is there. `context` lines are shown around a change.
pub fn view(rewrite: &Rewrite, context: usize, width: usize, color: bool) -> String {
    view_with(rewrite, &BTreeSet::new(), context, width, color)
}

/// The same, where new lines of the services `held` are only proposed: they are dimmed, with `?` as their sign.
pub fn view_with(rewrite: &Rewrite, held: &BTreeSet<&str>, context: usize, width: usize, color: bool) -> String {
    let (old, new) = lines_of(rewrite);
    let mut rows = Vec::new();
    let mut above = Above::default();
    for group in group_diff_ops(ops(rewrite, &old, &new), context) {
        let start = group.first().map_or(0, |op| op.new_range().start);
        if start > 0 {
            let label = format!("... {}", above.place(&new, start)).trim_end().to_owned();
            rows.push(Row { number: None, sign: ' ', parts: vec![(false, label)] });
        }
        for op in &group {
            rows_of(op, &old, &new, &mut rows);
        }
    }
    layout(&rows, &reasons(rewrite.lines(), held), &dimmed(&rows, rewrite.lines(), held), width, color)
}

/// What lines are in, by indentation: the name often stands too far above to be seen.
#[derive(Default)]
struct Above<'l> {
    /// The keys that the line is below, each with its indentation.
    keys: Vec<(usize, &'l str)>,
    /// Lines that were looked at.
    seen: usize,
}

impl<'l> Above<'l> {
    /// What the line at `start` is in. Asked for one place after the other, so that each line is looked at once. The services
    /// themselves are in nothing that is worth a word.
    fn place(&mut self, lines: &[&'l str], start: usize) -> String {
        let is_text = |line: &&&'l str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        for line in lines[self.seen.min(start)..start].iter().filter(is_text) {
            self.leave(line);
            let text = line.trim();
            if let (false, Some((key, _))) = (text.starts_with("- "), text.split_once(':')) {
                self.keys.push((indent(line), key.trim_matches(['"', '\''])));
            }
        }
        self.seen = start;
        lines[start..].iter().find(is_text).into_iter().for_each(|first| self.leave(first));
        let mut names = self.keys.iter().map(|(_, key)| *key);
        let name = match names.next() {
            Some("services") => names.next(),
            top => top,
        };
        clean_line(name.unwrap_or_default())
    }

    /// Leaves the keys that a line is not below. Items may stand as far left as the key that they are of.
    fn leave(&mut self, line: &str) {
        let column = indent(line) + usize::from(line.trim_start().starts_with("- "));
        while self.keys.pop_if(|(at, _)| *at >= column).is_some() {}
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// One line of the view.
struct Row {
    /// Line number in the new text, from 1; none for removed lines and gaps.
    number: Option<usize>,
    sign: char,
    /// Pieces of the line; true marks what changed within it.
    parts: Vec<(bool, String)>,
}

impl Row {
    fn columns(&self) -> usize {
        self.parts.iter().map(|(_, part)| style::width(part)).sum()
    }
}

fn rows_of(op: &DiffOp, old: &[&str], new: &[&str], rows: &mut Vec<Row>) {
    let whole = |line: &str| vec![(false, shown(line))];
    let (old, first, new) = (&old[op.old_range()], op.new_range().start, &new[op.new_range()]);
    if matches!(op, DiffOp::Equal { .. }) {
        rows.extend(new.iter().enumerate().map(|(i, line)| Row { number: Some(first + i + 1), sign: ' ', parts: whole(line) }));
        return;
    }
    let pairs = pairs(old, new);
    let mut pair = pairs.iter().peekable();
    for (i, line) in old.iter().enumerate() {
        let parts = pair.next_if(|(o, _)| *o == i).map_or_else(|| whole(line), |(_, n)| words(line, new[*n], ChangeTag::Delete));
        rows.push(Row { number: None, sign: '-', parts });
    }
    let mut pair = pairs.iter().peekable();
    for (i, line) in new.iter().enumerate() {
        let parts = pair.next_if(|(_, n)| *n == i).map_or_else(|| whole(line), |(o, _)| words(old[*o], line, ChangeTag::Insert));
        rows.push(Row { number: Some(first + i + 1), sign: '+', parts });
    }
}

/// Which new line each old line became: the one with the longest start in common, of those that leave a new line for every old one.
fn pairs(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    let common = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (o, line) in old.iter().enumerate() {
        let first = pairs.last().map_or(0, |(_, n)| n + 1);
        let last = (new.len() + o).saturating_sub(old.len()).min(first + PAIR_DISTANCE);
        // The last of equal ones would come out of `max_by_key`, so it looks backwards.
        pairs.extend((first..=last).rev().filter(|n| *n < new.len()).max_by_key(|n| common(line, new[*n])).map(|n| (o, n)));
    }
    pairs
}

/// The pieces of the old (`Delete`) or new (`Insert`) one of two lines, with what is only in that one marked. Lines that have nothing
/// in common but blanks and punctuation have no marks.
fn words(old: &str, new: &str, side: ChangeTag) -> Vec<(bool, String)> {
    let whole = |line| vec![(false, shown(line))];
    let line = if side == ChangeTag::Delete { old } else { new };
    if old.len().max(new.len()) > LONGEST_MARKED {
        return whole(line);
    }
    let (old, new) = (tokens(old), tokens(new));
    let ops = compare(&old, &new, &[(old.len(), new.len())]);
    let slices = || ops.iter().flat_map(|op| op.iter_slices(&old, &new));
    let is_word = |text: &&str| text.contains(char::is_alphanumeric);
    if !slices().any(|(tag, words)| tag == ChangeTag::Equal && words.iter().any(is_word)) {
        return whole(line);
    }
    let mut parts: Vec<(bool, String)> = Vec::new();
    for (tag, words) in slices().filter(|(tag, _)| *tag == ChangeTag::Equal || *tag == side) {
        let (marked, text) = (tag == side, shown(&words.concat()));
        match parts.last_mut() {
            Some((last, part)) if *last == marked => part.push_str(&text),
            _ => parts.push((marked, text)),
        }
    }
    parts
}

/// Words of a line, and everything between them character by character.
fn tokens(line: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let mut tokens = Vec::new();
    let mut rest = line.trim_end_matches(['\n', '\r']);
    while let Some(first) = rest.chars().next() {
        let end = if is_word(first) { rest.find(|c| !is_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (token, after) = rest.split_at(end);
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// A line, or a piece of one, as the terminal may have it.
fn shown(line: &str) -> String {
    clean(line.trim_end_matches(['\n', '\r']).trim_start_matches('\u{feff}')).replace('\t', "    ")
}

/// The new lines of services that are held back. Of what has no reason of its own, such as the key of a list, those count that stand
/// between such lines only.
fn dimmed(rows: &[Row], lines: &[NewLine], held: &BTreeSet<&str>) -> HashSet<usize> {
    let mut found = HashSet::new();
    if held.is_empty() {
        return found;
    }
    let mut is_held: HashMap<usize, bool> = HashMap::new();
    for line in lines {
        *is_held.entry(line.line).or_insert(true) &= held.contains(line.service.as_str());
    }
    for run in rows.chunk_by(|a, b| a.sign == '+' && b.sign == '+') {
        let numbers: Vec<usize> = run.iter().filter(|row| row.sign == '+').filter_map(|row| row.number).collect();
        let known: Vec<Option<bool>> = numbers.iter().map(|number| is_held.get(number).copied()).collect();
        let mut before = Vec::new();
        let mut last = None;
        for known in &known {
            last = known.or(last);
            before.push(last);
        }
        let mut next = None;
        for (i, number) in numbers.iter().enumerate().rev() {
            next = known[i].or(next);
            let around = [before[i], next];
            if around.iter().flatten().next().is_some() && around.iter().flatten().all(|held| *held) {
                found.insert(*number);
            }
        }
    }
    found
}

/// Why each line is there, by line number. What the first line of a service says of the source is not said again.
fn reasons(lines: &[NewLine], held: &BTreeSet<&str>) -> Vec<(usize, String)> {
    let mut first: HashMap<&str, &Reason> = HashMap::new();
    let mut texts = Vec::new();
    for line in lines {
        let reason = &*line.change.reason;
        let known = first.get(line.service.as_str()).filter(|known| known.source == reason.source);
        let text = match known {
            _ if matches!(line.change.what, What::Declare(_)) => format!("the volume that {} mounts", line.service),
            Some(known) if known.confidence == reason.confidence || reason.is_choice() => reason.text.clone(),
            Some(_) => format!("{} ({})", reason.text, reason.confidence),
            None if held.contains(line.service.as_str()) => format!("held back: {}", full_reason(line)),
            None => full_reason(line),
        };
        first.entry(&line.service).or_insert(reason);
        texts.push((line.line, clean_line(&text)));
    }
    texts
}

/// Why a line is there, and how we know.
pub fn full_reason(line: &NewLine) -> String {
    let reason = &line.change.reason;
    if reason.is_choice() {
        return format!("{} ({})", reason.text, reason.source);
    }
    format!("{} ({}, {})", reason.text, reason.source, reason.confidence)
}

fn layout(rows: &[Row], reasons: &[(usize, String)], dimmed: &HashSet<usize>, width: usize, color: bool) -> String {
    let digits = rows.iter().filter_map(|r| r.number).max().unwrap_or(0).to_string().len();
    let margin = digits + 3;
    let of_row = |row: &Row| {
        let number = row.number.filter(|_| row.sign == '+').unwrap_or(0);
        let start = reasons.partition_point(|(line, _)| *line < number);
        reasons[start..].iter().take_while(move |(line, _)| *line == number).map(|(_, text)| text.as_str())
    };
    let room = width.saturating_sub(margin + GAP + REASON_WIDTH.max(width / 2));
    let beside = rows.iter().filter(|r| of_row(r).next().is_some()).map(Row::columns).filter(|c| *c <= room).max();
    let column = margin + beside.map_or(GAP, |c| c + GAP);
    let mut said: HashMap<&str, (Option<usize>, Option<usize>)> = HashMap::new();
    let mut text = String::new();
    for (row, own) in rows.iter().zip(numbers(rows, dimmed)) {
        let (number, is_dim) = (own.map_or(String::new(), |n| n.to_string()), row.sign == '+' && own.is_none());
        let mut line =
            format!("{} {}", paint(color, Look::Dim, &format!("{number:>digits$}")), body(row, is_dim, width - margin.min(width), color));
        let mut used = margin + row.columns();
        for reason in of_row(row) {
            let mut wrapped = wrap(reason, width.saturating_sub(column + 2).max(16));
            let (place, earlier) = *said.entry(reason).or_insert((row.number, own));
            if wrapped.len() > 1 && place != row.number {
                wrapped = vec![earlier.map_or("as above".to_owned(), |line| format!("as on line {line}"))];
            }
            for part in wrapped {
                if used + GAP > column {
                    text.push_str(line.trim_end());
                    text.push('\n');
                    (line, used) = (String::new(), 0);
                }
                line += &" ".repeat(column - used);
                line += &paint(color, Look::Dim, &format!("# {part}"));
                used = width;
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Sign and text of a line, in colour. What did not change is cut at `width`.
fn body(row: &Row, is_dim: bool, width: usize, color: bool) -> String {
    let look = |marked| match (row.sign, marked) {
        _ if is_dim => Some(Look::Dim),
        ('+', false) => Some(Look::Added),
        ('+', true) => Some(Look::AddedWord),
        ('-', false) => Some(Look::Removed),
        ('-', true) => Some(Look::RemovedWord),
        _ if row.number.is_none() => Some(Look::Dim),
        _ => None,
    };
    let sign = (false, format!("{} ", if is_dim { '?' } else { row.sign }));
    let parts = std::iter::once(&sign).chain(&row.parts);
    parts
        .map(|(marked, part)| match look(*marked) {
            Some(look) => paint(color, look, part),
            None => style::cut(part, width).into_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_that_of_the_lines_below_it() {
        let text = "services:\n  web:\n    image: a\n    ports:\n    - '1:1'\n    - '2:2'\n\n  # the API\n  api:\n    image: b\nvolumes:\n  x: {}\n";
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let mut above = Above::default();
        let places: Vec<String> = (0..=lines.len()).map(|start| above.place(&lines, start)).collect();
        let expected = ["", "", "web", "web", "web", "web", "", "", "", "api", "", "volumes", "volumes"];
        assert_eq!(places, expected);
        assert_eq!(Above::default().place(&lines, 5), "web");
    }

    #[test]
    fn only_what_changed_within_a_line_is_marked() {
        let marked = |old: &str, new: &str, side| -> String {
            words(old, new, side).iter().map(|(marked, part)| if *marked { format!("<{part}>") } else { part.clone() }).collect()
        };
        for (old, new, removed, added) in [
            (
                "volumes: [pg:/var/lib]",
                "volumes: [pg:/var/lib, db-data:/data]",
                "volumes: [pg:/var/lib]",
                "volumes: [pg:/var/lib<, db-data:/data>]",
            ),
            ("read_only: false", "read_only: true", "read_only: <false>", "read_only: <true>"),
            ("./html:/srv\r\n", "./html:/srv:ro\r\n", "./html:/srv", "./html:/srv<:ro>"),
            ("{a: [b]}", "{a: [b, c], d: e}", "{a: [b]}", "{a: [b<, c>]<, d: e>}"),
            ("volumes: {}", "volumes:", "volumes:< {}>", "volumes:"),
            ("{}", "{x: y}", "{}", "{x: y}"),
        ] {
            assert_eq!(marked(old, new, ChangeTag::Delete), removed);
            assert_eq!(marked(old, new, ChangeTag::Insert), added);
        }
    }

    #[test]
    fn an_old_line_finds_its_new_form() {
        assert_eq!(pairs(&["  a: [x]"], &["  b: 1", "  a: [x, y]", "  c: 2"]), [(0, 1)]);
        assert_eq!(pairs(&["  a: 1", "  b: 1"], &["  a: 2", "  n: 0", "  b: 2"]), [(0, 0), (1, 2)]);
        assert_eq!(pairs(&["  a: 1", "  b: 1"], &["  b: 2"]), [(0, 0)]);
        assert_eq!(pairs(&[], &["  n: 0"]), []);
        assert_eq!(pairs(&["  n: 0"], &[]), []);
    }

    #[test]
    fn names_are_quoted_as_git_quotes_them() {
        for (path, name) in [
            ("compose.yaml", "a/compose.yaml"),
            ("./a b.yaml", "a/a b.yaml\t"),
            ("q\"\\.yaml", "\"a/q\\\"\\\\.yaml\""),
            ("esc\x1b\n.yaml", "\"a/esc\\033\\012.yaml\""),
            ("größe.yaml", "a/größe.yaml"),
        ] {
            assert_eq!(git_name("a/", path), name);
        }
    }
}
