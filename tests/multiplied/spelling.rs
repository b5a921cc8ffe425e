//! Other ways to write a file that mean the same.

use crate::corpus::Files;
use crate::pipe::text_file;
use rofs_harden::text::FileId;
use rofs_harden::yaml::{Kind, Node, Scalar, Stream, Style, double_quoted};

/// A way to write a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Spelling {
    /// Lines that end with carriage return and line feed.
    Crlf,
    /// Comments in every gap between lines and at the end of every line.
    Comments,
    /// The same, each with a carriage return in it, at which the comment ends and another begins.
    ReturnsInComments,
    /// A byte order mark.
    Mark,
    /// No line break at the end.
    NoFinalNewline,
    /// Tabs between keys and values and at the end of lines, where they are no indentation.
    Tabs,
    /// Four blanks a level.
    FourBlanks,
    /// Other files of the project, and keys, with names outside of ASCII.
    Names,
    /// JSON.
    Json,
    /// Everything in flow style on one line.
    Flow,
}

impl Spelling {
    pub(crate) const ALL: [Self; 10] = [
        Self::Crlf,
        Self::Comments,
        Self::ReturnsInComments,
        Self::Mark,
        Self::NoFinalNewline,
        Self::Tabs,
        Self::FourBlanks,
        Self::Names,
        Self::Json,
        Self::Flow,
    ];
    /// How many cases can be written so, at least.
    pub(crate) const LEAST: [usize; 10] = [70, 70, 70, 70, 70, 70, 65, 70, 45, 65];

    /// All files written so, and whether any is another text now.
    pub(crate) fn apply(self, files: &Files, layers: &[String]) -> (Files, bool) {
        let mut other = Files::new();
        let mut is_other = false;
        for (name, text) in files {
            let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
            match self.text(text).filter(|other| is_yaml && other != text) {
                Some(text) => {
                    is_other = true;
                    other.insert(name.clone(), text);
                }
                None => drop(other.insert(name.clone(), text.clone())),
            }
        }
        (if self == Self::Names { renamed(&other, layers) } else { other }, is_other)
    }

    fn text(self, text: &str) -> Option<String> {
        let stream = || Stream::parse(&text_file(text.as_bytes()).ok()?, FileId(0)).ok();
        match self {
            Self::Crlf => (!text.contains('\r')).then(|| text.replace('\n', "\r\n")),
            Self::Comments => Some(commented(&stream()?, "# a gap")),
            Self::ReturnsInComments => Some(commented(&stream()?, "# a gap\r# b")),
            Self::Mark => (!text.starts_with('\u{feff}')).then(|| format!("\u{feff}{text}")),
            Self::NoFinalNewline => Some(text.trim_end_matches(['\n', '\r']).to_owned()),
            Self::Tabs => Some(with_tabs(&stream()?)),
            Self::FourBlanks => wide(text),
            Self::Names => Some(format!("# größe 漢字 🦀\n{}", text.trim_start_matches('\u{feff}'))),
            Self::Json => {
                let stream = stream()?;
                let mut roots = stream.roots();
                let (root, None) = (roots.next()?, roots.next()) else { return None };
                Some(json(root, 0)? + "\n")
            }
            Self::Flow => Some(stream()?.roots().map(|root| flow(root) + "\n").collect::<Vec<_>>().join("---\n")),
        }
    }

    /// Whether a file that was hardened is still written so.
    pub(crate) fn is_kept(self, text: &str) -> bool {
        match self {
            Self::Crlf => !text.replace("\r\n", "").contains('\n') || !text.contains('\r'),
            Self::Mark => text.matches('\u{feff}').count() <= 1,
            Self::Json => !text.starts_with('{') || serde_json::from_str::<serde_json::Value>(text).is_ok(),
            _ => true,
        }
    }
}

/// Names outside of ASCII for the files that others name.
fn renamed(files: &Files, layers: &[String]) -> Files {
    let mut files = files.clone();
    let named: Vec<String> = files.keys().filter(|n| n.ends_with(".yaml") && !layers.contains(n)).cloned().collect();
    for old in named {
        let stem = old.rsplit('/').next().expect("a name").strip_suffix(".yaml").expect("an end").to_owned();
        let new = format!("{}größe-漢字.yaml", old.strip_suffix(&format!("{stem}.yaml")).expect("its name"));
        // Two files of one name in two folders would change with each other.
        if files.keys().filter(|name| name.ends_with(&format!("{stem}.yaml"))).count() > 1 {
            continue;
        }
        let text = files.remove(&old).expect("there");
        files.insert(new, text);
        files.values_mut().for_each(|text| *text = text.replace(&format!("{stem}.yaml"), "größe-漢字.yaml"));
    }
    files
}

/// Whether a comment may stand at an offset: not in a scalar, and not where a block scalar begins or ends.
fn is_gap(stream: &Stream, at: usize, is_line_end: bool) -> bool {
    stream.nodes().filter(|n| n.kind() == Kind::Scalar).all(|node| {
        let span = node.body().range();
        let is_block = matches!(node.style(), Style::Literal | Style::Folded);
        let within = span.start < at && at < span.end;
        !within && !(is_block && is_line_end && span.start < at && at <= span.end)
    })
}

fn commented(stream: &Stream, comment: &str) -> String {
    let text = stream.text().text();
    let mut result = String::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches(['\n', '\r']);
        if is_gap(stream, at, false) && !line.starts_with(['%', '\u{feff}']) {
            result += &format!("{comment}\n");
        }
        result += body;
        if is_gap(stream, at + body.len(), true) && !body.trim().is_empty() && !body.starts_with('%') {
            result += &format!("  {comment}");
        }
        result += &line[body.len()..];
        at += line.len();
    }
    result
}

fn with_tabs(stream: &Stream) -> String {
    let mut text = stream.text().text().to_owned();
    let mut places = Vec::new();
    for (_, value) in stream.nodes().flat_map(Node::entries) {
        let range = value.indicator() + 1..value.span().range().start;
        if !range.is_empty() && text[range.clone()].chars().all(|c| c == ' ') {
            places.push((range, " \t "));
        }
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.trim_end_matches(['\n', '\r']).len();
        if end > at && is_gap(stream, end, true) && !line.starts_with(['%', '-', '.']) {
            places.push((end..end, "\t"));
        }
        at += line.len();
    }
    places.sort_by_key(|(range, _)| range.start);
    places.iter().rev().for_each(|(range, tab)| text.replace_range(range.clone(), tab));
    text
}

/// Twice the indentation. `None` where a block scalar counts its blanks.
fn wide(text: &str) -> Option<String> {
    let counts = |line: &str| line.rsplit_once(['|', '>']).is_some_and(|(_, rest)| rest.starts_with(['1', '2', '4', '6', '8']));
    if text.lines().any(counts) || text.contains('\t') {
        return None;
    }
    let mut result = String::new();
    for line in text.split_inclusive('\n') {
        let mut rest = line.trim_start_matches(' ');
        result += &" ".repeat(2 * (line.len() - rest.len()));
        while let Some(item) = rest.strip_prefix("- ") {
            let inner = item.trim_start_matches(' ');
            result += &format!("-{}", " ".repeat(2 * (rest.len() - inner.len()) - 1));
            rest = inner;
        }
        result += rest;
    }
    Some(result)
}

/// A node as JSON. `None` where it has what JSON has not.
fn json(node: Node<'_>, depth: usize) -> Option<String> {
    if node.kind() == Kind::Alias || node.anchor().is_some() || node.tag().is_some() {
        return None;
    }
    let gap = "  ".repeat(depth + 1);
    let lines = |parts: Vec<String>, [open, close]: [&str; 2]| {
        if parts.is_empty() {
            format!("{open}{close}")
        } else {
            format!("{open}\n{gap}{}\n{}{close}", parts.join(&format!(",\n{gap}")), "  ".repeat(depth))
        }
    };
    match node.kind() {
        Kind::Sequence => Some(lines(node.items().map(|item| json(item, depth + 1)).collect::<Option<_>>()?, ["[", "]"])),
        Kind::Mapping => {
            let entry =
                |(key, value): (Node<'_>, Node<'_>)| Some(format!("{}: {}", serde_json::json!(key.text()), json(value, depth + 1)?));
            Some(lines(node.entries().map(entry).collect::<Option<_>>()?, ["{", "}"]))
        }
        _ => match node.scalar()? {
            Scalar::Null => Some("null".to_owned()),
            Scalar::Bool(is) => Some(is.to_string()),
            Scalar::Int(number) => Some(number.to_string()),
            Scalar::Str(text) => Some(serde_json::json!(text).to_string()),
            Scalar::Float | Scalar::Timestamp => None,
        },
    }
}

/// A node in flow style.
fn flow(node: Node<'_>) -> String {
    let properties: String = node.properties().map(|(_, word)| format!("{word} ")).collect();
    let body = match node.kind() {
        Kind::Alias => format!("{} ", node.source()),
        Kind::Sequence => format!("[{}]", node.items().map(flow).collect::<Vec<_>>().join(", ")),
        Kind::Mapping => {
            format!("{{{}}}", node.entries().map(|(key, value)| format!("{}: {}", flow(key), flow(value))).collect::<Vec<_>>().join(", "))
        }
        Kind::Scalar => match (node.scalar(), node.style()) {
            (_, Style::Empty) => {
                if properties.contains("!reset") {
                    String::new()
                } else {
                    "null".to_owned()
                }
            }
            (Some(Scalar::Str(text)), style) if style != Style::Plain || text.contains([',', '[', ']', '{', '}', '\n']) => {
                double_quoted(text)
            }
            _ => node.source().to_owned(),
        },
    };
    properties + &body
}
