//! YAML as spanned nodes. [`Stream::parse`] reads a file; [`Node`] walks it.
//!
//! The tree keeps what an editor needs and a value model loses: where everything stands, how it is written, which anchors and
//! aliases tie it together. Nodes live in one flat array in source order; a [`Node`] is a `Copy` handle to one.

mod parse;
mod scalar;
mod strict;

pub use scalar::{Scalar, double_quoted, quote_if_needed, writes_plain};
pub(crate) use scalar::{is_printable, is_visible};

use crate::text::{FileId, Span, TextFile};

/// Deepest nesting that is read. The deepest of 250 public Compose files has 10 levels.
pub const MAX_DEPTH: usize = 128;

/// Index of a node in its stream, in source order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// Position among [`Stream::nodes`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, or nothing at all (an empty node means null).
    Scalar,
    /// A list.
    Sequence,
    /// Keys and values.
    Mapping,
    /// `*name`.
    Alias,
}

/// How a node is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// No source text: the null of `key:`.
    Empty,
    /// A bare scalar, or an alias.
    Plain,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
    /// Indented lines.
    Block,
    /// `[…]` or `{…}`
    Flow,
    /// The mapping of a single pair in a flow sequence: `[a: b]`.
    Pair,
}

impl Style {
    /// The part of a scalar's bytes that is its text, escapes and folding aside: without the quotes.
    fn inside(self, body: std::ops::Range<usize>) -> std::ops::Range<usize> {
        match self {
            Self::Single | Self::Double => body.start + 1..body.end - 1,
            _ => body,
        }
    }
}

/// A parsed file.
#[derive(Debug)]
pub struct Stream {
    text: TextFile,
    file: FileId,
    nodes: Vec<NodeData>,
    extras: Vec<Extra>,
    /// Scalar texts that differ from their source slice.
    values: Vec<Box<str>>,
    /// Resolved tags: `tag:yaml.org,2002:str`, `!reset`.
    tags: Vec<Box<str>>,
    /// The node of each anchor id (ids count from 1).
    anchors: Vec<NodeId>,
    /// Root nodes.
    roots: Vec<NodeId>,
}

/// One node: 24 bytes, since nodes are what costs memory (one per 15 to 22 bytes of text).
#[derive(Clone, Copy, Debug)]
struct NodeData {
    /// First byte, properties (anchor, tag) included.
    start: u32,
    /// One past the last byte.
    end: u32,
    /// The `-`, `?` or `:` that introduces the node; equal to `start` where there is none.
    indicator: u32,
    /// Next sibling + 1; 0 for the last.
    next: u32,
    /// Index into `extras` + 1; 0 when the node has none.
    extra: u32,
    kind: Kind,
    style: Style,
    /// Whether it has children. The first one is the next node.
    is_parent: bool,
}

/// What few nodes have.
#[derive(Clone, Copy, Debug)]
struct Extra {
    /// First byte after the properties.
    body: u32,
    /// Index into `values` + 1; 0 when the text is the source slice.
    value: u32,
    /// Anchor id of the node, or for an alias the anchor it names; 0 for none.
    anchor: u32,
    /// Index into `tags` + 1; 0 for none.
    tag: u32,
}

/// Why a text cannot be read, with the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where.
    pub span: Span,
    /// What is wrong, a lower-case fragment.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Stream {
    /// Parses `text`, which is file number `file` of its project.
    ///
    /// Errors: what YAML or Compose's YAML reader does not accept, and what cannot be edited without loss.
    pub fn parse(text: &TextFile, file: FileId) -> Result<Self, SyntaxError> {
        let stream = parse::parse(text, file)?;
        strict::check(&stream)?;
        Ok(stream)
    }

    /// The text that was parsed.
    pub fn text(&self) -> &TextFile {
        &self.text
    }

    /// The file's number in its project.
    pub fn file(&self) -> FileId {
        self.file
    }

    /// The documents' root nodes, in order. Empty for a file of comments.
    pub fn roots(&self) -> impl ExactSizeIterator<Item = Node<'_>> {
        self.roots.iter().map(|&id| self.node(id))
    }

    /// The node with this id.
    pub fn node(&self, id: NodeId) -> Node<'_> {
        Node { stream: self, id }
    }

    /// Whether a node has an anchor. Without one there are no aliases.
    pub fn has_anchors(&self) -> bool {
        !self.anchors.is_empty()
    }

    /// All comments in their order, each from its `#` to the end of its line.
    pub fn comments(&self) -> Vec<&str> {
        let mut found = Vec::new();
        let mut start = self.text.bom_len();
        let leaves = self.nodes().filter(|n| matches!(n.kind(), Kind::Scalar | Kind::Alias) && n.style() != Style::Empty);
        for leaf in leaves {
            let body = leaf.body().range();
            self.comments_in(start..body.start, &mut found);
            if matches!(leaf.style(), Style::Literal | Style::Folded) {
                self.comments_in(body.start..self.text.line_end(body.start), &mut found);
            }
            start = body.end;
        }
        self.comments_in(start..self.text.text().len(), &mut found);
        found
    }

    /// The comments in a range that holds no text of a scalar.
    fn comments_in<'a>(&'a self, range: std::ops::Range<usize>, found: &mut Vec<&'a str>) {
        let text = self.text.text();
        let mut at = range.start;
        while let Some(hash) = text.get(at..range.end).and_then(|rest| rest.find('#')).map(|i| at + i) {
            at = hash + 1;
            // In the name of an anchor or tag it is none.
            if !text[range.start..hash].ends_with(|c: char| c.is_alphanumeric()) {
                at = self.text.line_end(hash);
                found.push(&text[hash..at]);
            }
        }
    }

    /// All nodes in source order.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = Node<'_>> {
        (0..self.nodes.len() as u32).map(|i| self.node(NodeId(i)))
    }
}

/// A handle to one node of a [`Stream`].
#[derive(Clone, Copy)]
pub struct Node<'a> {
    stream: &'a Stream,
    id: NodeId,
}

impl<'a> Node<'a> {
    fn data(self) -> &'a NodeData {
        &self.stream.nodes[self.id.0 as usize]
    }

    fn extra(self) -> Option<&'a Extra> {
        self.stream.extras.get((self.data().extra as usize).wrapping_sub(1))
    }

    /// Its index.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The stream it lives in.
    pub fn stream(self) -> &'a Stream {
        self.stream
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        self.data().kind
    }

    /// How it is written.
    pub fn style(self) -> Style {
        self.data().style
    }

    fn span_from(self, start: u32) -> Span {
        Span { file: self.stream.file, start, end: self.data().end }
    }

    /// Its place, anchor and tag included.
    pub fn span(self) -> Span {
        self.span_from(self.data().start)
    }

    /// Its place without anchor and tag.
    pub fn body(self) -> Span {
        self.span_from(self.extra().map_or(self.data().start, |e| e.body))
    }

    /// Offset of the `-`, `?` or `:` before it; its start where there is none.
    pub fn indicator(self) -> usize {
        self.data().indicator as usize
    }

    /// Its source text without anchor and tag.
    pub fn source(self) -> &'a str {
        &self.stream.text.text()[self.body().range()]
    }

    /// Its source text with anchor and tag.
    pub fn full_source(self) -> &'a str {
        &self.stream.text.text()[self.span().range()]
    }

    /// A scalar's text after unquoting and folding; an alias's name with its `*`; the source of a collection.
    pub fn text(self) -> &'a str {
        match self.extra() {
            Some(&Extra { value, .. }) if value > 0 => &self.stream.values[value as usize - 1],
            _ => &self.stream.text.text()[self.style().inside(self.body().range())],
        }
    }

    /// The name of its anchor.
    pub fn anchor(self) -> Option<&'a str> {
        self.extra().filter(|e| e.anchor > 0 && self.kind() != Kind::Alias)?;
        self.properties().find_map(|(_, word)| word.strip_prefix('&'))
    }

    /// Its anchor and its tag as they are written, each with its offset. There may be comments around them.
    pub fn properties(self) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        let (text, end) = (self.stream.text.text(), self.body().start as usize);
        let mut at = self.data().start as usize;
        std::iter::from_fn(move || {
            loop {
                let rest = text[at..end].trim_start();
                let start = end - rest.len();
                let is_comment = rest.starts_with('#');
                let length = if is_comment { rest.find(['\n', '\r']) } else { rest.find(char::is_whitespace) };
                let word = &rest[..length.unwrap_or(rest.len())];
                at = start + word.len();
                match word {
                    "" => return None,
                    _ if is_comment => {}
                    word => return Some((start, word)),
                }
            }
        })
    }

    /// Its tag, resolved: `tag:yaml.org,2002:str`, `!reset`.
    pub fn tag(self) -> Option<&'a str> {
        let tag = self.extra()?.tag;
        (tag > 0).then(|| &*self.stream.tags[tag as usize - 1])
    }

    /// For an alias, the node it stands for; else the node itself. Never an alias.
    #[must_use]
    pub fn resolved(self) -> Node<'a> {
        match self.extra() {
            Some(extra) if self.kind() == Kind::Alias => self.stream.node(self.stream.anchors[extra.anchor as usize - 1]),
            _ => self,
        }
    }

    /// Children in source order: items, or keys and values in turn. An alias has none.
    pub fn children(self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let stream = self.stream;
        let first = self.data().is_parent.then(|| stream.node(NodeId(self.id.0 + 1)));
        std::iter::successors(first, move |n| n.data().next.checked_sub(1).map(|i| stream.node(NodeId(i))))
    }

    /// A sequence's items.
    pub fn items(self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let is_sequence = self.kind() == Kind::Sequence;
        self.children().filter(move |_| is_sequence)
    }

    /// A mapping's keys and values as written, merge keys included.
    pub fn entries(self) -> impl Iterator<Item = (Node<'a>, Node<'a>)> + use<'a> {
        let is_mapping = self.kind() == Kind::Mapping;
        let mut children = self.children();
        std::iter::from_fn(move || if is_mapping { children.next().zip(children.next()) } else { None })
    }

    /// The value of a mapping's own key (no merge keys, no alias resolution).
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        self.entries().find(|(k, _)| k.text() == key && k.kind() == Kind::Scalar).map(|(_, v)| v)
    }

    /// What a scalar means to Compose.
    pub fn scalar(self) -> Option<Scalar<'a>> {
        (self.kind() == Kind::Scalar).then(|| scalar::meaning(self))
    }

    /// The text of a scalar that is a string to Compose.
    pub fn as_str(self) -> Option<&'a str> {
        match self.scalar() {
            Some(Scalar::Str(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether it means null.
    pub fn is_null(self) -> bool {
        matches!(self.scalar(), Some(Scalar::Null))
    }

    /// Whether it is a `<<` key: unquoted or tagged `!!merge`.
    pub fn is_merge_key(self) -> bool {
        self.kind() == Kind::Scalar
            && self.text() == "<<"
            && match self.tag() {
                None | Some("!") => self.style() == Style::Plain,
                Some(tag) => tag == "tag:yaml.org,2002:merge",
            }
    }
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.stream, other.stream) && self.id == other.id
    }
}

impl Eq for Node<'_> {}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}@{}..{} {:?}", self.kind(), self.data().start, self.data().end, self.full_source())
    }
}
