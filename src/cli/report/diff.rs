//! The diff: a patch for programs, and a view with the reasons beside it for people.

use crate::cli::ui::{Look, clean, paint, wrap};
use crate::rewrite::{NewLine, Rewrite};
use crate::text::TextFile;
use similar::{ChangeTag, DiffOp, TextDiff};
use std::fmt::Write as _;

/// Lines shown before and after a change.
const CONTEXT: usize = 3;
/// Narrowest column for reasons; below it they go under the diff.
const REASON_WIDTH: usize = 30;

/// A unified diff that `git apply` and `patch -p1` take, byte for byte. `path` is relative to the folder in which to apply it.
pub(in crate::cli) fn patch(rewrite: &Rewrite, path: &str) -> String {
    let (old, new) = (lines(rewrite.before()), lines(rewrite.after()));
    let diff = TextDiff::configure().newline_terminated(true).diff_slices(&old, &new);
    diff.unified_diff().context_radius(CONTEXT).header(&git_name("a/", path), &git_name("b/", path)).to_string()
}

/// Lines as git counts them: a carriage return alone ends none.
fn lines(text: &TextFile) -> Vec<&str> {
    text.text().split_inclusive('\n').collect()
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
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => c.to_string().bytes().for_each(|b| write!(quoted, "\\{b:03o}").unwrap_or_default()),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The diff for a person: line numbers, the changed words of a line marked, and beside every new line why it is there.
pub(in crate::cli) fn view(rewrite: &Rewrite, width: usize, color: bool) -> String {
    let (old, new) = (lines(rewrite.before()), lines(rewrite.after()));
    let diff = TextDiff::configure().newline_terminated(true).diff_slices(&old, &new);
    let mut rows = Vec::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            rows.push(Row { number: None, sign: ' ', look: Some(Look::Dim), parts: vec![(false, "...".into())] });
        }
        for op in group {
            rows.extend(rows_of(&diff, op));
        }
    }
    layout(&rows, rewrite.lines(), width, color)
}

/// One line of the view.
struct Row {
    /// Line number in the new text.
    number: Option<usize>,
    sign: char,
    look: Option<Look>,
    /// Pieces of the line; true marks what changed within it.
    parts: Vec<(bool, String)>,
}

fn rows_of(diff: &TextDiff<'_, '_, str>, op: &DiffOp) -> Vec<Row> {
    let row = |change: similar::InlineChange<'_, str>| {
        let (sign, look) = match change.tag() {
            ChangeTag::Equal => (' ', None),
            ChangeTag::Insert => ('+', Some(Look::Added)),
            ChangeTag::Delete => ('-', Some(Look::Removed)),
        };
        let text = |s: &str| clean(s.trim_end_matches(['\n', '\r'])).replace('\t', "    ");
        let parts = change.iter_strings_lossy().map(|(marked, s)| (marked, text(&s))).collect();
        Row { number: change.new_index().map(|i| i + 1), sign, look, parts }
    };
    diff.iter_inline_changes(op).map(row).collect()
}

fn layout(rows: &[Row], lines: &[NewLine], width: usize, color: bool) -> String {
    let columns = |row: &Row| row.parts.iter().map(|(_, p)| console::measure_text_width(p)).sum::<usize>();
    let digits = rows.iter().filter_map(|r| r.number).max().unwrap_or(0).to_string().len();
    let explained = |row: &Row| row.number.filter(|_| row.sign == '+').map(|n| lines.iter().filter(move |l| l.line == n));
    let text_width = rows.iter().filter(|r| explained(r).is_some_and(|mut l| l.next().is_some())).map(columns).max().unwrap_or(0);
    let reason_column = digits + 4 + text_width + 3;
    let beside = width >= reason_column + REASON_WIDTH;
    let mut text = String::new();
    let mut below: Vec<String> = Vec::new();
    for row in rows {
        let number = row.number.map_or(String::new(), |n| n.to_string());
        let mut line = format!("{} ", paint(color, Look::Dim, &format!("{number:>digits$}")));
        let body: String = std::iter::once((false, format!("{} ", row.sign)))
            .chain(row.parts.iter().cloned())
            .map(|(marked, part)| match (row.look, marked) {
                (Some(Look::Added), true) => paint(color, Look::AddedWord, &part),
                (Some(Look::Removed), true) => paint(color, Look::RemovedWord, &part),
                (Some(look), _) => paint(color, look, &part),
                (None, _) => part,
            })
            .collect();
        line.push_str(&body);
        let reasons: Vec<String> = explained(row).into_iter().flatten().map(reason).collect();
        if !beside {
            below.extend(reasons.iter().map(|r| format!("  {number}: {r}")));
        }
        let reasons: Vec<String> =
            if beside { reasons.iter().flat_map(|r| wrap(r, width - reason_column - 2)).collect() } else { Vec::new() };
        let mut reasons = reasons.iter();
        if let Some(first) = reasons.next() {
            let pad = " ".repeat((digits + 3 + text_width + 3).saturating_sub(digits + 3 + columns(row)));
            let _ = write!(line, "{pad}{}", paint(color, Look::Dim, &format!("# {first}")));
        }
        text.push_str(line.trim_end());
        text.push('\n');
        for more in reasons {
            let _ = writeln!(text, "{}{}", " ".repeat(digits + 3 + text_width + 3), paint(color, Look::Dim, &format!("# {more}")));
        }
    }
    for line in below.iter().flat_map(|l| wrap_indented(l, width)) {
        text.push_str(&paint(color, Look::Dim, &line));
        text.push('\n');
    }
    text
}

fn wrap_indented(line: &str, width: usize) -> Vec<String> {
    wrap(line, width.saturating_sub(4).max(16))
        .into_iter()
        .enumerate()
        .map(|(i, l)| format!("{}{l}", if i == 0 { "  " } else { "      " }))
        .collect()
}

/// Why a line is there, and how we know.
pub(in crate::cli) fn reason(line: &NewLine) -> String {
    let reason = &line.change.reason;
    clean(&format!("{} ({}, {})", reason.text, reason.source, reason.confidence)).into_owned()
}
