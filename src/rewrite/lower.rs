//! From ops on nodes to edits of bytes, in the file's own style.

mod flow;
mod replace;

use super::edit::Edit;
use super::place::Op;
use super::style::{Habits, Quotes, quotes_of, scalar_copy, single_quoted};
use super::value::{Value, long_mount, short_mount};
use crate::audit::Key;
use crate::compose::{boolean, merge};
use crate::text::TextFile;
use crate::yaml::{Kind, Node, Stream, Style, double_quoted, quote_if_needed};
use std::ops::Range;

/// The edits of one file.
#[derive(Default)]
pub(super) struct Lowered {
    pub(super) edits: Vec<Edit>,
    /// Whether the header of a block scalar has to say what the end of the file said.
    pub(super) closes_scalar: bool,
}

/// The edits that carry out `ops` on one file.
pub(super) fn lower<'a>(stream: &'a Stream, ops: impl Iterator<Item = &'a (Node<'a>, Op<'a>)>) -> Lowered {
    let ops: Vec<_> = ops.collect();
    let is_replaced = |scalar: &Node<'_>| ops.iter().any(|(node, op)| node == scalar && matches!(op, Op::Replace(_)));
    let open_scalar = open_scalar(stream).filter(|scalar| !is_replaced(scalar));
    let lowering =
        Lowering { text: stream.text(), habits: Habits::of(stream), root: stream.roots().next(), open_scalar, brackets: brackets(stream) };
    let mut edits = Vec::new();
    for (node, op) in ops {
        let rank = node.id().0;
        let new = match (op, node.style()) {
            (Op::Keys(keys), Style::Block) => lowering.block_keys(*node, keys),
            (Op::Keys(keys), _) => lowering.flow_keys(*node, keys),
            (Op::Among(keys), _) => lowering.keys_among(*node, keys),
            (Op::Items(items), Style::Block) => lowering.block_items(*node, items),
            (Op::Items(items), _) => lowering.flow_items(*node, items),
            (Op::Replace(value), _) => lowering.replace(*node, value),
            (Op::Amend { text, in_flow }, _) => lowering.amend(*node, text, *in_flow),
        };
        edits.extend(new.into_iter().map(|(start, end, text)| Edit { start, end, text, rank }));
    }
    let grows_at_end = edits.iter().any(|e| e.start == stream.text().text().len());
    let closing = open_scalar.filter(|_| grows_at_end).map(closed);
    let closes_scalar = closing.is_some();
    edits.extend(closing);
    Lowered { edits, closes_scalar }
}

/// The edit that gives a file without documents its first one.
pub(super) fn fresh(stream: &Stream, value: &Value<'_>) -> Edit {
    let keys = if let Value::Map(keys) = value { keys.as_slice() } else { &[] };
    let lowering = Lowering { text: stream.text(), habits: Habits::of(stream), root: None, open_scalar: None, brackets: Vec::new() };
    let text = stream.text().text();
    let newline = stream.text().newline_near(text.len());
    let sections = keys.iter().map(|(key, value)| lowering.entry_lines(key, value, 0, "").join(newline) + newline);
    let gap = if text.is_empty() || text.ends_with(['\n', '\r']) { "" } else { newline };
    Edit { start: text.len(), end: text.len(), text: gap.to_owned() + &sections.collect::<Vec<_>>().join(newline), rank: 0 }
}

/// The keys of an earlier plan that end a mapping, each with the value before it: other keys of a plan go to their place among them, so
/// that the order of steps does not matter.
fn followed(mapping: Node<'_>) -> Vec<(Key, Node<'_>)> {
    let entries: Vec<(Node<'_>, Node<'_>)> = mapping.entries().collect();
    let is_start = |(key, value): &(Node<'_>, Node<'_>)| key.text() == Key::ReadOnly.name() && boolean(*value) == Some(true);
    let Some(start) = entries.iter().rposition(is_start) else { return Vec::new() };
    let after = entries[start..].windows(2).map(|pair| Some((Key::named(pair[1].0.text())?, pair[0].1)));
    let keys: Vec<(Key, Node<'_>)> = after.collect::<Option<_>>().unwrap_or_default();
    if keys.is_sorted_by_key(|(key, _)| *key) { keys } else { Vec::new() }
}

/// A literal or folded scalar whose last line has no break, at the end of the file: Compose reads no final break in it, and would read
/// one once lines follow.
fn open_scalar(stream: &Stream) -> Option<Node<'_>> {
    let last = std::iter::successors(stream.roots().last(), |n| n.children().last()).last()?;
    let is_open = last.span().end as usize == stream.text().text().len() && matches!(last.style(), Style::Literal | Style::Folded);
    (is_open && !header_of(last).contains('-')).then_some(last)
}

/// The `|` or `>` of a block scalar and what belongs to it.
fn header_of(scalar: Node<'_>) -> &str {
    let source = scalar.source();
    &source[..source.find(|c: char| !matches!(c, '|' | '>' | '+' | '-' | '0'..='9')).unwrap_or(source.len())]
}

/// The edit that gives the header of a block scalar a `-`: lines may follow then.
fn closed(scalar: Node<'_>) -> Edit {
    let start = scalar.body().start as usize;
    let (start, end) = match header_of(scalar).find('+') {
        Some(at) => (start + at, start + at + 1),
        None => (start + 1, start + 1),
    };
    Edit { start, end, text: "-".into(), rank: scalar.id().0 }
}

type Piece = (usize, usize, String);

struct Lowering<'t, 'a> {
    text: &'t TextFile,
    habits: Habits,
    root: Option<Node<'a>>,
    /// The block scalar behind which nothing can be written without a change of it.
    open_scalar: Option<Node<'a>>,
    /// Where flow style begins and ends, in order.
    brackets: Vec<Range<usize>>,
}

impl Lowering<'_, '_> {
    /// Lines after the one that ends `node`: the place where a block collection grows. Comments that follow stay behind.
    fn lines_after(&self, node: Node<'_>, lines: &[String]) -> Vec<Piece> {
        let at = self.text.line_end(node.span().end as usize);
        let newline = self.text.newline_near(at);
        let new: String = lines.iter().flat_map(|line| [newline, line]).collect();
        vec![(at, at, new)]
    }

    /// Lines at the end of a block collection whose members begin at `starts`; before the last member where nothing can follow that.
    fn grow(&self, collection: Node<'_>, starts: &[usize], mut lines: Vec<String>) -> Vec<Piece> {
        let text = self.text.text();
        let is_open = self.open_scalar.is_some() && collection.span().end as usize == text.len();
        let Some(&last) = starts.last().filter(|_| is_open) else { return self.lines_after(collection, &lines) };
        if starts.len() > 1 {
            let before_last = if collection.kind() == Kind::Mapping { 3 } else { 2 };
            let previous = collection.children().nth(collection.children().count().saturating_sub(before_last));
            return self.lines_after(previous.unwrap_or(collection), &lines);
        }
        let at = self.text.line_start(last).max(self.text.bom_len());
        if !text[at..last].trim_start().is_empty() {
            return self.lines_after(collection, &lines);
        }
        // A blank line that parts them from what was there.
        let parts = lines.first().is_some_and(String::is_empty);
        lines.rotate_left(usize::from(parts));
        let newline = self.text.newline_near(at);
        vec![(at, at, lines.iter().flat_map(|line| [line.as_str(), newline]).collect())]
    }

    fn block_keys(&self, mapping: Node<'_>, keys: &[(String, Value<'_>)]) -> Vec<Piece> {
        let Some((first, _)) = mapping.entries().next() else { return Vec::new() };
        let column = self.text.column(first.span().start.min(first.indicator() as u32) as usize);
        let is_root = self.root.is_some_and(|root| root == mapping) || column == 0;
        let example = mapping.entries().last();
        let followed = followed(mapping);
        let mut pieces = Vec::new();
        let mut lines = Vec::new();
        for (key, value) in keys {
            if let Some(before) = Key::named(key).and_then(|new| followed.iter().find(|(own, _)| *own > new)) {
                pieces.extend(self.lines_after(before.1, &self.entry_lines(key, value, column, "")));
                continue;
            }
            // A scalar that keeps its final breaks would keep the blank line too.
            let may_be_blank = !lines.is_empty() || !keeps_breaks(mapping);
            if is_root && matches!(value, Value::Map(_)) && may_be_blank && separates_sections(self.text, mapping) {
                lines.push(String::new());
            }
            let key = match example {
                Some((neighbour, _)) if matches!(value, Value::Plain) && quotes_of(neighbour) == Quotes::Double => double_quoted(key),
                _ => quote_if_needed(key, false).into_owned(),
            };
            let plain = example.filter(|(_, v)| v.kind() == Kind::Mapping && v.children().next().is_none()).map_or("", |_| " {}");
            lines.extend(self.entry_lines(&key, value, column, plain));
        }
        let starts: Vec<usize> = mapping.entries().map(|(k, _)| k.indicator().min(k.span().start as usize)).collect();
        if !lines.is_empty() {
            pieces.extend(self.grow(mapping, &starts, lines));
        }
        pieces
    }

    /// New keys of a block mapping, each before its place.
    fn keys_among(&self, mapping: Node<'_>, keys: &[(String, Value<'_>, Option<Node<'_>>)]) -> Vec<Piece> {
        let mut last = Vec::new();
        let mut pieces = Vec::new();
        for (key, value, before) in keys {
            let Some(before) = before else {
                last.push((key.clone(), value.clone()));
                continue;
            };
            // Before the `?` of one that is written so.
            let start = before.indicator().min(before.span().start as usize);
            let at = self.text.line_start(start);
            let newline = self.text.newline_near(at);
            let lines = self.entry_lines(&quote_if_needed(key, false), value, self.text.column(start), "");
            pieces.push((at, at, lines.iter().flat_map(|line| [line.as_str(), newline]).collect()));
        }
        if !last.is_empty() {
            pieces.extend(self.block_keys(mapping, &last));
        }
        pieces
    }

    /// `key: value` as lines in block style.
    fn entry_lines(&self, key: &str, value: &Value<'_>, column: usize, plain: &str) -> Vec<String> {
        let pad = " ".repeat(column);
        let below = |lines: Vec<String>| std::iter::once(format!("{pad}{key}:")).chain(lines).collect();
        match value {
            Value::Plain => vec![format!("{pad}{key}:{plain}")],
            Value::Seq(items) if !self.habits.flow_lists => {
                let long = uses_long_syntax(items);
                below(
                    items.iter().flat_map(|item| self.item_lines(item, column + self.habits.list_indent, " ", long, Quotes::No)).collect(),
                )
            }
            Value::Map(pairs) => {
                let column = column + self.habits.map_indent;
                below(pairs.iter().flat_map(|(k, v)| self.entry_lines(&quote_if_needed(k, false), v, column, plain)).collect())
            }
            Value::Copy(node) if node.resolved().kind() != Kind::Scalar => {
                let node = node.resolved();
                let column = column + self.habits.map_indent;
                match node.kind() {
                    _ if node.style() != Style::Block => vec![format!("{pad}{key}: {}", self.habits.flow.render(value, true))],
                    Kind::Sequence => {
                        below(node.items().flat_map(|item| self.item_lines(&Value::Copy(item), column, " ", true, Quotes::No)).collect())
                    }
                    _ => below(
                        merge::entries(node)
                            .iter()
                            .flat_map(|e| self.entry_lines(&scalar_copy(e.key(), false), &Value::Copy(e.value()), column, ""))
                            .collect(),
                    ),
                }
            }
            Value::Copy(node) => vec![format!("{pad}{key}: {}", scalar_copy(node.resolved(), false))],
            Value::Seq(items) => vec![format!("{pad}{key}: {}", self.habits.flow.render(value, uses_long_syntax(items)))],
            _ => vec![format!("{pad}{key}: {}", self.habits.flow.render(value, true))],
        }
    }

    /// A list item as lines in block style: dashes in `column`, `gap` behind them.
    fn item_lines(&self, item: &Value<'_>, column: usize, gap: &str, long: bool, quotes: Quotes) -> Vec<String> {
        let pad = " ".repeat(column);
        let string = |text: &str| match quotes {
            Quotes::Double => double_quoted(text),
            Quotes::Single => single_quoted(text),
            Quotes::No => quote_if_needed(text, false).into_owned(),
        };
        let inner = column + 1 + gap.len();
        let entries: Vec<String> = match item {
            Value::Mount { name, target } if long => {
                long_mount(name, target).iter().map(|(k, v)| format!("{}{k}: {}", " ".repeat(inner), quote_if_needed(v, false))).collect()
            }
            Value::Copy(node) if node.resolved().kind() == Kind::Mapping && node.resolved().style() == Style::Block => {
                merge::entries(*node)
                    .iter()
                    .flat_map(|e| self.entry_lines(&scalar_copy(e.key(), false), &Value::Copy(e.value()), inner, ""))
                    .collect()
            }
            Value::Mount { name, target } => vec![string(&short_mount(name, target))],
            Value::Text(text) => vec![string(text)],
            Value::Copy(node) if node.resolved().kind() == Kind::Scalar => vec![scalar_copy(node.resolved(), false)],
            _ => vec![self.habits.flow.render(item, long)],
        };
        let mut lines = entries.into_iter();
        let first = lines.next().unwrap_or_default();
        std::iter::once(format!("{pad}-{gap}{}", first.trim_start())).chain(lines).collect()
    }

    fn block_items(&self, list: Node<'_>, items: &[Value<'_>]) -> Vec<Piece> {
        let Some(last) = list.items().last() else { return Vec::new() };
        let dash = last.indicator();
        let between = &self.text.text()[dash + 1..last.span().start as usize];
        let gap = if !between.is_empty() && between.chars().all(|c| c == ' ') { between } else { " " };
        let value = last.resolved();
        let dashes: Vec<usize> = list.items().map(Node::indicator).collect();
        if value.kind() == Kind::Mapping && value.style() == Style::Flow {
            let flow = self.habits.flow.like(value);
            let line = |item| format!("{}-{gap}{}", " ".repeat(self.text.column(dash)), flow.render(item, true));
            return self.grow(list, &dashes, items.iter().map(line).collect());
        }
        let long = value.kind() == Kind::Mapping;
        let lines: Vec<String> =
            items.iter().flat_map(|item| self.item_lines(item, self.text.column(dash), gap, long, quotes_of(value))).collect();
        self.grow(list, &dashes, lines)
    }
}

/// The outermost flow collections of a file, in order.
fn brackets(stream: &Stream) -> Vec<Range<usize>> {
    let mut outermost: Vec<Range<usize>> = Vec::new();
    for range in stream.nodes().filter(|n| n.style() == Style::Flow).map(|n| n.body().range()) {
        if outermost.last().is_none_or(|last| range.start >= last.end) {
            outermost.push(range);
        }
    }
    outermost
}

/// Whether `node` ends with a block scalar that keeps the breaks behind its text.
fn keeps_breaks(node: Node<'_>) -> bool {
    let last = std::iter::successors(Some(node), |n| n.children().last()).last();
    let header = last.filter(|n| matches!(n.style(), Style::Literal | Style::Folded)).map_or("", Node::source);
    header.chars().skip(1).take_while(|c| matches!(c, '+' | '-' | '0'..='9')).any(|c| c == '+')
}

/// How a null is written: `~`, or nothing.
fn plain_source(null: Node<'_>) -> &str {
    if matches!(null.style(), Style::Plain) { null.source() } else { "" }
}

/// New mounts are written long, unless they join items written short.
fn uses_long_syntax(items: &[Value<'_>]) -> bool {
    let copied = items.iter().rev().find_map(|v| if let Value::Copy(node) = v { Some(node.resolved()) } else { None });
    copied.is_none_or(|node| node.kind() == Kind::Mapping)
}

/// Whether the file leaves a blank line between its sections: yes, unless it shows otherwise. `x-` blocks do not count.
fn separates_sections(text: &TextFile, root: Node<'_>) -> bool {
    let sections: Vec<_> = root.entries().collect();
    let mut gaps = sections.windows(2).filter(|w| w.iter().all(|(k, _)| !k.text().starts_with("x-"))).map(|w| {
        let between = &text.text()[w[0].1.span().end as usize..w[1].0.span().start as usize];
        between.lines().skip(1).any(|line| line.trim().is_empty() && !line.is_empty() || line.is_empty())
    });
    match gaps.next() {
        None => true,
        Some(first) => first || gaps.any(|gap| gap),
    }
}

/// What follows blanks, breaks and comments.
fn after_blanks_and_comments(text: &str) -> Option<&str> {
    let mut rest = text.trim_start();
    while rest.starts_with('#') {
        rest = rest[rest.find(['\n', '\r'])?..].trim_start();
    }
    Some(rest)
}

/// Whether the last word of a text is a `-`.
fn ends_in_dash(text: &str) -> bool {
    text.strip_suffix('-').is_some_and(|before| before.ends_with([' ', '\t', '\n', '\r']))
}
