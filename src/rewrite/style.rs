//! How a file is written, so that new text looks like the old.

use super::value::{Value, long_mount, short_mount};
use crate::compose::{boolean, merge};
use crate::yaml::{Kind, Node, Stream, Style, double_quoted, is_visible, quote_if_needed};

/// Keys whose lists tell how a person writes lists. `command`, `entrypoint` and `test` do not: those are usually written in flow
/// style in files that use block style elsewhere.
const LIST_KEYS: [&str; 17] = [
    "cap_add",
    "cap_drop",
    "configs",
    "depends_on",
    "devices",
    "dns",
    "env_file",
    "environment",
    "expose",
    "extra_hosts",
    "labels",
    "networks",
    "ports",
    "secrets",
    "security_opt",
    "tmpfs",
    "volumes",
];

/// Nodes that are looked at for habits: more than nearly every file has.
const MOST_NODES: usize = 20_000;

/// Quotes around new strings in flow style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quotes {
    No,
    Single,
    Double,
}

/// The habits of one file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    /// Columns between a key and the dashes of its list.
    pub(super) list_indent: usize,
    /// Columns between a key and the keys below it.
    pub(super) map_indent: usize,
    /// Lists are written `[a, b]`.
    pub(super) flow_lists: bool,
    /// How flow style is written where there is no closer example.
    pub(super) flow: Flow,
}

/// How flow style is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    /// Quotes around the strings of lists.
    pub(super) quotes: Quotes,
    /// JSON: every key and string in double quotes, `null` spelled out.
    pub(super) json: bool,
    /// `{ a: b }` instead of `{a: b}`.
    pub(super) pad_map: bool,
    /// `[ a ]` instead of `[a]`.
    pub(super) pad_seq: bool,
}

impl Habits {
    /// Reads the habits of a file off its first nodes.
    pub(super) fn of(stream: &Stream) -> Self {
        let mut indents = [0_usize; 9];
        let (mut flow_lists, mut block_lists, mut padded, mut quoted) = (0, 0, 0_i32, [0_usize; 3]);
        let text = stream.text();
        let mut map_indent = None;
        for node in stream.nodes().take(MOST_NODES).filter(|n| n.kind() == Kind::Mapping && n.style() == Style::Block) {
            for (key, value) in node.entries() {
                let start = |node: Node<'_>| text.column(node.indicator().min(node.span().start as usize));
                let first = value.children().next();
                match (value.kind(), value.style(), first) {
                    (Kind::Sequence, Style::Block, Some(first)) => {
                        let indent = text.column(first.indicator()).saturating_sub(start(key));
                        indents[indent.min(8)] += 1;
                        block_lists += usize::from(LIST_KEYS.contains(&key.text()));
                    }
                    (Kind::Sequence, Style::Flow, Some(first)) if LIST_KEYS.contains(&key.text()) => {
                        flow_lists += 1;
                        padded += if first.span().start > value.body().start + 1 { 1 } else { -1 };
                        for item in value.items() {
                            quoted[quotes_of(item) as usize] += 1;
                        }
                    }
                    (Kind::Mapping, Style::Block, Some(first)) if map_indent.is_none() => {
                        map_indent = start(first).checked_sub(start(key)).filter(|&i| i > 0);
                    }
                    _ => {}
                }
            }
        }
        let most = |counts: &[usize], default: usize| match counts.iter().max() {
            Some(&max) if max > 0 => counts.iter().position(|&c| c == max).unwrap_or(default),
            _ => default,
        };
        let json = is_json(stream);
        let quotes = if json { Quotes::Double } else { [Quotes::No, Quotes::Single, Quotes::Double][most(&quoted, 0)] };
        Self {
            list_indent: most(&indents, 2),
            map_indent: map_indent.unwrap_or(2),
            flow_lists: flow_lists > block_lists,
            flow: Flow { quotes, json, pad_map: false, pad_seq: padded > 0 },
        }
    }
}

/// Whether a file is JSON: a flow mapping with a quoted key, or an empty one.
fn is_json(stream: &Stream) -> bool {
    let root = stream.roots().next().filter(|r| r.kind() == Kind::Mapping && r.style() == Style::Flow);
    root.is_some_and(|root| root.entries().next().is_none_or(|(key, _)| key.style() == Style::Double))
}

/// The quotes of a scalar.
pub(super) fn quotes_of(node: Node<'_>) -> Quotes {
    match node.style() {
        Style::Single => Quotes::Single,
        Style::Double => Quotes::Double,
        _ => Quotes::No,
    }
}

impl Flow {
    /// Flow style as the flow collection `node` is written.
    pub(super) fn like(self, node: Node<'_>) -> Self {
        let text = node.source();
        let padded = text[1..].starts_with([' ', '\t']) && text.len() > 2;
        let json = node.entries().next().map_or(self.json, |(k, _)| k.style() == Style::Double);
        // A quoted `"off"` is a spelling of false, no example for strings.
        let strings: Vec<Quotes> = node
            .children()
            .enumerate()
            .filter(|(i, _)| node.kind() == Kind::Sequence || i % 2 == 1)
            .map(|(_, n)| n)
            .filter(|n| n.as_str().is_some() && boolean(*n).is_none())
            .map(quotes_of)
            .collect();
        // The last quoted example; in lists the last item.
        let example = if node.kind() == Kind::Sequence { strings.last() } else { strings.iter().rfind(|q| **q != Quotes::No) };
        let quotes = if json { Quotes::Double } else { example.copied().unwrap_or(self.quotes) };
        match node.kind() {
            Kind::Mapping => Self { quotes, json, pad_map: padded, ..self },
            _ => Self { quotes, pad_seq: padded, ..self },
        }
    }

    /// A key.
    pub(super) fn key(self, key: &str) -> String {
        match key {
            // In quotes it would be no merge key.
            "<<" => key.to_owned(),
            _ if self.json => double_quoted(key),
            _ => quote_if_needed(key, true).into_owned(),
        }
    }

    /// `value` on one line. `long` chooses between the two spellings of a mount.
    pub(super) fn render(self, value: &Value<'_>, long: bool) -> String {
        match value {
            Value::True => "true".into(),
            Value::Plain if self.json => "null".into(),
            Value::Plain => "{}".into(),
            Value::Text(text) => self.string(text),
            Value::Mount { name, target } if !long => self.string(&short_mount(name, target)),
            Value::Mount { name, target } => {
                let plain = |text: &str| if self.json { double_quoted(text) } else { quote_if_needed(text, true).into_owned() };
                self.map(long_mount(name, target).iter().map(|(k, v)| (self.key(k), plain(v))))
            }
            Value::Seq(values) => self.seq(values.iter().map(|v| self.render(v, long))),
            Value::Override(values) => format!("!override {}", self.seq(values.iter().map(|v| self.render(v, long)))),
            Value::Map(pairs) => self.map(pairs.iter().map(|(k, v)| (self.key(k), self.render(v, long)))),
            Value::Alias(name) => format!("*{name}"),
            Value::Copy(node) => self.copy(*node),
        }
    }

    /// The same value as `node`, on one line.
    fn copy(self, node: Node<'_>) -> String {
        let node = node.resolved();
        match node.kind() {
            Kind::Sequence => self.seq(node.items().map(|n| self.copy(n))),
            Kind::Mapping => self.map(merge::entries(node).into_iter().map(|e| (self.copy(e.key()), self.copy(e.value())))),
            _ => scalar_copy(node, true),
        }
    }

    fn string(self, text: &str) -> String {
        match self.quotes {
            Quotes::Double => double_quoted(text),
            Quotes::Single => single_quoted(text),
            Quotes::No => quote_if_needed(text, true).into_owned(),
        }
    }

    fn seq(self, items: impl Iterator<Item = String>) -> String {
        let pad = if self.pad_seq { " " } else { "" };
        format!("[{pad}{}{pad}]", items.collect::<Vec<_>>().join(", "))
    }

    fn map(self, pairs: impl Iterator<Item = (String, String)>) -> String {
        let pad = if self.pad_map { " " } else { "" };
        format!("{{{pad}{}{pad}}}", pairs.map(|(k, v)| format!("{k}: {v}")).collect::<Vec<_>>().join(", "))
    }
}

/// `text` in single quotes, or in double ones where it needs an escape.
pub(super) fn single_quoted(text: &str) -> String {
    let is_simple = |c: char| c != '\'' && is_visible(c);
    if text.chars().all(is_simple) { format!("'{text}'") } else { double_quoted(text) }
}

/// A scalar's own spelling where it may stand again, else its text in quotes.
pub(super) fn scalar_copy(node: Node<'_>, in_flow: bool) -> String {
    let tag = node.properties().find(|(_, word)| word.starts_with('!')).map_or(String::new(), |(_, tag)| format!("{tag} "));
    let source = node.source();
    let text = match node.style() {
        Style::Empty => "null".to_owned(),
        Style::Single | Style::Double if !source.contains(['\n', '\r']) => source.to_owned(),
        // A plain scalar that is no string (a number, a boolean) keeps its spelling.
        Style::Plain if node.as_str().is_none() => source.to_owned(),
        Style::Plain | Style::Literal | Style::Folded => quote_if_needed(node.text(), in_flow).into_owned(),
        _ => double_quoted(node.text()),
    };
    tag + &text
}
