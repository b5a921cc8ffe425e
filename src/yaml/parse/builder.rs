//! Events and source to the flat array of nodes.

use super::Failure;
use super::cursor::Cursor;
use super::explain::{TOO_DEEP_HINT, scan_failure, too_deep};
use super::indent::Padding;
use crate::text::{FileId, TextFile};
use crate::yaml::{Extra, Kind, MAX_DEPTH, NodeData, NodeId, Stream, Style};
use yaml_rust2::parser::{Event, Parser, Tag};
use yaml_rust2::scanner::{Marker, TScalarStyle};

/// Most nodes that aliases may stand for, as a multiple of the nodes in the file, plus [`ALIAS_ALLOWANCE`].
/// The largest factor among 250 public Compose files is 1.97.
const ALIAS_FACTOR: u64 = 10;
const ALIAS_ALLOWANCE: u64 = 100_000;

/// An open collection or document.
struct Frame {
    node: Option<NodeId>,
    kind: FrameKind,
    last_child: Option<NodeId>,
    children: usize,
    extent: Extent,
}

/// How much a node stands for, aliases expanded.
#[derive(Clone, Copy, Default)]
struct Extent {
    /// Nodes, itself included. 0 while it is open.
    nodes: u64,
    /// Levels of collections.
    levels: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FrameKind {
    Document,
    Sequence(Style),
    /// Style; column of the keys; whether the last key had a `?`.
    Mapping(Style, usize, bool),
}

pub(super) struct Builder<'s> {
    cursor: Cursor<'s>,
    parser: Parser<std::str::Chars<'s>>,
    frames: Vec<Frame>,
    nodes: Vec<NodeData>,
    extras: Vec<Extra>,
    values: Vec<Box<str>>,
    tags: Vec<Box<str>>,
    anchors: Vec<NodeId>,
    /// The extent of each anchor's node.
    extents: Vec<Extent>,
    expanded: u64,
    roots: Vec<NodeId>,
}

/// What an event says of a node besides its kind.
struct Properties {
    anchor: usize,
    tag: Option<Tag>,
}

impl<'s> Builder<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self {
            cursor: Cursor::new(source),
            parser: Parser::new_from_str(source),
            frames: Vec::new(),
            nodes: Vec::new(),
            extras: Vec::new(),
            values: Vec::new(),
            tags: Vec::new(),
            anchors: Vec::new(),
            extents: Vec::new(),
            expanded: 0,
            roots: Vec::new(),
        }
    }

    pub(super) fn run(mut self) -> Result<Self, Failure> {
        loop {
            let (event, marker) = self.parser.next_token().map_err(|e| self.unclosed(scan_failure(&e, &self.cursor)))?;
            match event {
                Event::StreamStart | Event::Nothing => {}
                Event::StreamEnd => break,
                Event::DocumentStart => {
                    self.cursor.document_start().map_err(|at| {
                        self.fail(at, "a directive that Compose does not know", "remove the line; `%YAML 1.1` and `%TAG` are known")
                    })?;
                    self.open(None, FrameKind::Document)?;
                }
                Event::DocumentEnd => {
                    self.frames.pop();
                    self.cursor.document_end();
                }
                Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, marker, &Properties { anchor, tag })?,
                Event::Alias(id) => self.alias(id, marker)?,
                Event::SequenceStart(anchor, tag) => self.sequence(marker, &Properties { anchor, tag })?,
                Event::MappingStart(anchor, tag) => self.mapping(marker, &Properties { anchor, tag })?,
                Event::SequenceEnd | Event::MappingEnd => self.close()?,
            }
        }
        self.cursor.document_end();
        self.cursor.skip();
        if self.cursor.at_end() { Ok(self) } else { Err(self.lossy("text that belongs to no node")) }
    }

    pub(super) fn finish(self, text: &TextFile, file: FileId, padding: &Padding) -> Stream {
        let (mut nodes, mut extras, bom) = (self.nodes, self.extras, text.bom_len() as u32);
        if bom > 0 || !padding.is_empty() {
            let offsets = nodes.iter_mut().flat_map(|n| [&mut n.start, &mut n.end, &mut n.indicator]);
            for offset in offsets.chain(extras.iter_mut().map(|e| &mut e.body)) {
                *offset = bom + padding.original(*offset as usize) as u32;
            }
        }
        nodes.shrink_to_fit();
        Stream { text: text.clone(), file, nodes, extras, values: self.values, tags: self.tags, anchors: self.anchors, roots: self.roots }
    }

    fn fail(&self, at: usize, message: impl Into<String>, hint: &str) -> Failure {
        Failure { at, message: message.into(), hint: Some(hint.to_owned()), is_indentation: false }
    }

    fn lossy(&self, what: &str) -> Failure {
        self.fail(self.cursor.at, format!("cannot be edited without loss: {what}"), "write this part in a simpler way")
    }

    // ---- nodes ----

    fn scalar(&mut self, text: &str, style: TScalarStyle, marker: Marker, properties: &Properties) -> Result<(), Failure> {
        // A plain scalar with source text is never empty.
        let is_empty = style == TScalarStyle::Plain && text.is_empty();
        let own_start = if is_empty { None } else { Some(self.cursor.byte_of(&marker)) };
        let indicator = self.before_node(own_start.filter(|_| style == TScalarStyle::Plain))?;
        let start = self.properties(properties)?;
        if !is_empty {
            self.cursor.skip();
        }
        let body = self.cursor.at;
        let is_block = matches!(style, TScalarStyle::Literal | TScalarStyle::Folded);
        if own_start.is_some_and(|at| !is_block && at != body) {
            return Err(self.lossy("a scalar is not where it was read"));
        }
        let alone = |end: Option<usize>| end.map(|end| (end, None));
        let (style, end) = match style {
            TScalarStyle::Plain if is_empty => (Style::Empty, Some((body, None))),
            TScalarStyle::Plain => (Style::Plain, alone(self.cursor.plain(text))),
            TScalarStyle::SingleQuoted => (Style::Single, alone(self.cursor.quote_end(body))),
            TScalarStyle::DoubleQuoted => (Style::Double, alone(self.cursor.quote_end(body))),
            TScalarStyle::Literal => (Style::Literal, self.cursor.block_scalar(text, marker.col())),
            TScalarStyle::Folded => (Style::Folded, self.cursor.block_scalar(text, marker.col())),
        };
        let Some((end, last_breaks)) = end else { return Err(self.lossy("a scalar does not read as its source")) };
        self.cursor.at = end;
        let slice = &self.cursor.source[style.inside(body..end)];
        let value = match last_breaks {
            None if slice == text => 0,
            None => self.own_value(text.into()),
            Some(breaks) => self.own_value(text.trim_end_matches('\n').to_owned() + &"\n".repeat(breaks)),
        };
        let node = node(Kind::Scalar, style, start.unwrap_or(body)..end, indicator);
        let id = self.push(node, body, value, properties)?;
        self.complete(id, Extent { nodes: 1, levels: 0 });
        Ok(())
    }

    fn alias(&mut self, anchor: usize, marker: Marker) -> Result<(), Failure> {
        let indicator = self.before_node(None)?;
        self.cursor.skip();
        let start = self.cursor.at;
        if self.cursor.byte_of(&marker) != start {
            return Err(self.lossy("an alias is not where it was read"));
        }
        let end = self.cursor.name_end(start + 1);
        self.cursor.at = end;
        let extent = self.extents.get(anchor - 1).copied().unwrap_or_default();
        if extent.nodes == 0 {
            return Err(self.fail(start, "an alias inside the node that it names", "Compose calls this a cycle; remove the alias"));
        }
        self.check_depth(extent.levels)?;
        self.expanded = self.expanded.saturating_add(extent.nodes);
        self.push(node(Kind::Alias, Style::Plain, start..end, indicator), start, 0, &Properties { anchor, tag: None })?;
        if self.expanded > ALIAS_FACTOR * self.nodes.len() as u64 + ALIAS_ALLOWANCE {
            return Err(self.fail(
                start,
                "aliases stand for too many nodes",
                "repeated aliases of aliases grow without bound; write the values out",
            ));
        }
        self.grow(extent);
        Ok(())
    }

    fn sequence(&mut self, marker: Marker, properties: &Properties) -> Result<(), Failure> {
        let indicator = self.before_node(None)?;
        let start = self.properties(properties)?;
        self.cursor.skip();
        let body = self.cursor.at;
        let is_flow = self.cursor.peek() == Some(b'[') && self.cursor.byte_of(&marker) == body;
        if !is_flow && self.cursor.peek() != Some(b'-') {
            return Err(self.lossy("a list does not start where it was read"));
        }
        self.cursor.at += usize::from(is_flow);
        let style = if is_flow { Style::Flow } else { Style::Block };
        self.open_node(Kind::Sequence, style, (start, body, indicator), properties, FrameKind::Sequence(style))
    }

    fn mapping(&mut self, marker: Marker, properties: &Properties) -> Result<(), Failure> {
        let indicator = self.before_node(None)?;
        let start = self.properties(properties)?;
        self.cursor.skip();
        let body = self.cursor.at;
        let is_pair_of_mapping =
            |next: Option<(Event, Marker)>| matches!(next, Some((Event::MappingStart(..), m)) if m.index() == marker.index());
        let at_brace = self.cursor.peek() == Some(b'{') && self.cursor.byte_of(&marker) == body;
        let in_flow_list = matches!(self.frames.last().map(|f| f.kind), Some(FrameKind::Sequence(Style::Flow)));
        let style = if at_brace && !is_pair_of_mapping(self.parser.peek().ok().cloned()) {
            Style::Flow
        } else if in_flow_list {
            Style::Pair
        } else {
            Style::Block
        };
        self.cursor.at += usize::from(style == Style::Flow);
        let column = if style == Style::Block { self.cursor.column(body) } else { 0 };
        self.open_node(Kind::Mapping, style, (start, body, indicator), properties, FrameKind::Mapping(style, column, false))
    }

    /// A bracket that is missed at the end of the file is reported where it was opened.
    fn unclosed(&self, failure: Failure) -> Failure {
        let at_end = self.cursor.source[failure.at..].trim().is_empty();
        let mut open = self.frames.iter().rev().filter_map(|frame| frame.node).map(|id| &self.nodes[id.0 as usize]);
        match open.find(|node| at_end && node.style == Style::Flow) {
            Some(node) => self.fail(self.body_of(node), "a bracket is not closed", "close it"),
            None => failure,
        }
    }

    fn body_of(&self, node: &NodeData) -> usize {
        self.extras.get((node.extra as usize).wrapping_sub(1)).map_or(node.start, |e| e.body) as usize
    }

    fn own_value(&mut self, text: String) -> u32 {
        self.values.push(text.into());
        self.values.len() as u32
    }

    // ---- frames ----

    fn open(&mut self, node: Option<NodeId>, kind: FrameKind) -> Result<(), Failure> {
        self.check_depth(1)?;
        self.frames.push(Frame { node, kind, last_child: None, children: 0, extent: Extent { nodes: 1, levels: 1 } });
        Ok(())
    }

    /// Checks that there is room for so many levels below the open ones. Levels that only aliases make count too, so that every walk
    /// over a tree, with or without aliases, is bounded.
    fn check_depth(&self, levels: usize) -> Result<(), Failure> {
        if self.frames.len() + levels > MAX_DEPTH + 1 {
            return Err(self.fail(self.cursor.at, too_deep(), TOO_DEEP_HINT));
        }
        Ok(())
    }

    fn open_node(
        &mut self,
        kind: Kind,
        style: Style,
        (start, body, indicator): (Option<usize>, usize, Option<usize>),
        properties: &Properties,
        frame: FrameKind,
    ) -> Result<(), Failure> {
        // yaml-rust2 reads some such values wrongly, without an error.
        if self.frames.last().is_some_and(|f| matches!(f.kind, FrameKind::Mapping(Style::Pair, ..)) && !f.children.is_multiple_of(2)) {
            let message = "a list or mapping as the value of a pair in a flow list";
            return Err(self.fail(body, message, "put the pair in braces: `[{a: …}]`"));
        }
        let id = self.push(node(kind, style, start.unwrap_or(body)..body, indicator), body, 0, properties)?;
        self.open(Some(id), frame)
    }

    fn close(&mut self) -> Result<(), Failure> {
        let Some(frame) = self.frames.pop() else { return Err(self.lossy("an end without a start")) };
        let Some(id) = frame.node else { return Err(self.lossy("an end without a start")) };
        let style = self.nodes[id.0 as usize].style;
        let end = if style == Style::Flow {
            self.cursor.skip();
            if self.cursor.eat(b',') {
                self.cursor.skip();
            }
            if !self.cursor.eat(b']') && !self.cursor.eat(b'}') {
                return Err(self.lossy("a bracket is not where it was read"));
            }
            self.cursor.at
        } else {
            frame.last_child.map_or(self.cursor.at, |c| self.nodes[c.0 as usize].end as usize)
        };
        self.nodes[id.0 as usize].end = end as u32;
        self.complete(id, frame.extent);
        Ok(())
    }

    /// Notes the extent of `id` in its anchor and in the frame around it.
    fn complete(&mut self, id: NodeId, extent: Extent) {
        let extra = self.extras.get((self.nodes[id.0 as usize].extra as usize).wrapping_sub(1));
        if let Some(Extra { anchor: anchor @ 1.., .. }) = extra {
            self.extents[*anchor as usize - 1] = extent;
        }
        self.grow(extent);
    }

    /// Adds a node to the frame around it.
    fn grow(&mut self, child: Extent) {
        if let Some(Frame { extent, .. }) = self.frames.last_mut() {
            extent.nodes = extent.nodes.saturating_add(child.nodes);
            extent.levels = extent.levels.max(child.levels + 1);
        }
    }

    /// Appends a node and links it to the one before it.
    fn push(&mut self, mut node: NodeData, body: usize, value: u32, properties: &Properties) -> Result<NodeId, Failure> {
        let id = NodeId(self.nodes.len() as u32);
        let mut extra = Extra { body: body as u32, value, anchor: properties.anchor as u32, tag: 0 };
        if extra.anchor > 0 && node.kind != Kind::Alias {
            self.anchors.resize(properties.anchor, id);
            self.extents.resize(properties.anchor, Extent::default());
        }
        if let Some(tag) = &properties.tag {
            let tag = format!("{}{}", tag.handle, tag.suffix).into_boxed_str();
            // Lists of values with the same tag share it.
            if self.tags.last() != Some(&tag) {
                self.tags.push(tag);
            }
            extra.tag = self.tags.len() as u32;
        }
        if extra.body != node.start || extra.value > 0 || extra.anchor > 0 || extra.tag > 0 {
            self.extras.push(extra);
            node.extra = self.extras.len() as u32;
        }
        if self.nodes.len() == self.nodes.capacity() {
            // By a fifth instead of doubling: nodes are what costs memory.
            self.nodes.reserve_exact(self.nodes.len() / 5 + 64);
        }
        self.nodes.push(node);
        let Some(frame) = self.frames.last_mut() else { return Err(self.lossy("a node outside a document")) };
        match (frame.last_child, frame.node) {
            (Some(last), _) => self.nodes[last.0 as usize].next = id.0 + 1,
            (None, Some(parent)) => self.nodes[parent.0 as usize].is_parent = true,
            (None, None) => self.roots.push(id),
        }
        frame.last_child = Some(id);
        frame.children += 1;
        Ok(id)
    }

    // ---- between nodes ----

    /// Consumes what stands before a node in its parent: `-`, `,`, `?`, `:`. Returns the offset of the indicator, if there is one.
    /// `own_start` is where the node itself is known to start, for plain scalars that begin with `:` or `?`.
    fn before_node(&mut self, own_start: Option<usize>) -> Result<Option<usize>, Failure> {
        let Some(frame) = self.frames.last_mut() else { return Err(self.lossy("a node outside a document")) };
        let (kind, children) = (frame.kind, frame.children);
        match kind {
            FrameKind::Document => Ok(None),
            FrameKind::Sequence(Style::Flow) => self.comma(children).map(|()| None),
            FrameKind::Sequence(_) => {
                self.cursor.skip();
                let indicator = self.cursor.at;
                if self.cursor.eat(b'-') { Ok(Some(indicator)) } else { Err(self.lossy("a list item has no dash")) }
            }
            FrameKind::Mapping(style, column, _) if children.is_multiple_of(2) => {
                if style == Style::Flow {
                    self.comma(children)?;
                }
                let before = self.cursor.at;
                self.cursor.skip();
                let indicator = self.cursor.at;
                let explicit = own_start != Some(indicator)
                    && self.cursor.peek() == Some(b'?')
                    && self.cursor.ends_indicator(indicator + 1, style != Style::Block);
                self.cursor.at = if explicit { indicator + 1 } else { before };
                if let Some(frame) = self.frames.last_mut() {
                    frame.kind = FrameKind::Mapping(style, column, explicit);
                }
                Ok(explicit.then_some(indicator))
            }
            FrameKind::Mapping(style, column, explicit) => {
                let before = self.cursor.at;
                self.cursor.skip();
                let indicator = self.cursor.at;
                let own_colon = style != Style::Block || !explicit || self.cursor.column(indicator) == column;
                if own_colon && own_start != Some(indicator) && self.cursor.eat(b':') {
                    return Ok(Some(indicator));
                }
                // `{a}` or `? a`: a key without a colon. Its null stands right behind it.
                self.cursor.at = before;
                Ok(None)
            }
        }
    }

    fn comma(&mut self, children: usize) -> Result<(), Failure> {
        if children > 0 {
            self.cursor.skip();
            if !self.cursor.eat(b',') {
                return Err(self.lossy("members of a flow collection have no comma between them"));
            }
        }
        Ok(())
    }

    /// Consumes the anchor and tag that the event announces. Returns where they start.
    fn properties(&mut self, properties: &Properties) -> Result<Option<usize>, Failure> {
        let (mut anchor, mut tag) = (properties.anchor > 0, properties.tag.is_some());
        let mut start = None;
        while anchor || tag {
            self.cursor.skip();
            let at = self.cursor.at;
            match self.cursor.peek() {
                Some(b'&') if anchor => {
                    anchor = false;
                    self.cursor.at = self.cursor.name_end(at + 1);
                }
                Some(b'!') if tag => {
                    tag = false;
                    self.cursor.at = self.cursor.tag_end(at);
                }
                _ => return Err(self.lossy("an anchor or tag is not where it was read")),
            }
            start = start.or(Some(at));
        }
        Ok(start)
    }
}

fn node(kind: Kind, style: Style, place: std::ops::Range<usize>, indicator: Option<usize>) -> NodeData {
    let (start, end) = (place.start as u32, place.end as u32);
    let indicator = indicator.map_or(start, |at| at as u32);
    NodeData { start, end, indicator, next: 0, extra: 0, kind, style, is_parent: false }
}
