//! Another value in the place of a node, with every comment that the node has.

use super::{Lowering, Piece, after_blanks_and_comments, header_of, uses_long_syntax};
use crate::rewrite::style::{Quotes, quotes_of};
use crate::rewrite::value::Value;
use crate::text::TextFile;
use crate::yaml::{Kind, Node, Style, double_quoted, quote_if_needed};

impl Lowering<'_, '_> {
    /// Another value for a node. Its anchor stays; a tag such as `!!str`, which need not fit the
    /// new value, goes.
    pub(super) fn replace(&self, node: Node<'_>, value: &Value<'_>) -> Vec<Piece> {
        if let (Value::Map(pairs), Kind::Alias) = (value, node.kind())
            && let Some(pieces) = self.expand_alias(node, pairs)
        {
            return pieces;
        }
        let long = matches!(value, Value::Seq(items) | Value::Override(items) if uses_long_syntax(items));
        let flow = match node.resolved() {
            named if node.kind() == Kind::Alias && named.style() == Style::Flow => self.habits.flow.like(named),
            _ => self.habits.flow,
        };
        let new = flow.render(value, long);
        let (new_tag, new_body) = new.split_at(if matches!(value, Value::Override(_)) { "!override".len() } else { 0 });
        let is_collection = matches!(node.kind(), Kind::Sequence | Kind::Mapping);
        // Brackets with nothing in them are nothing that could be lost.
        let is_empty = node.children().next().is_none() && !node.source().contains('#');
        let has_lines = node.style() == Style::Block || node.source().contains(['\n', '\r']);
        let stays_as_comment = is_collection && has_lines && !is_empty;
        let joins_properties = node.style() == Style::Empty || stays_as_comment;
        let last = node.properties().last().map(|(at, _)| at);
        let mut pieces = Vec::new();
        for (at, word) in node.properties() {
            let is_tag = word.starts_with('!');
            let mut text = if is_tag { new_tag } else { word }.to_owned();
            let mut place = at..at + word.len();
            if joins_properties && last == Some(at) {
                text = if text.is_empty() { new_body.to_owned() } else { format!("{text} {}", new_body.trim_start()) };
            } else if text.is_empty() {
                place = self.with_blanks(place);
            }
            if text != word {
                pieces.push((place.start, place.end, text));
            }
        }
        let has_tag = node.properties().any(|(_, word)| word.starts_with('!'));
        let new_body = if has_tag { new_body.trim_start() } else { &new };
        match (joins_properties, last) {
            (true, Some(_)) => {}
            (true, None) => {
                let start = node.body().start as usize;
                let behind = if stays_as_comment { " " } else { "" };
                pieces.push((start, start, format!("{}{new_body}{behind}", self.led_in(node, start))));
            }
            (false, _) => pieces.extend(in_place(self.text, node, new_body)),
        }
        if stays_as_comment {
            pieces.extend(self.as_comment(node));
        }
        pieces
    }

    /// The place of a word that goes, with a blank that would be left over: the one behind it, at a
    /// line's end those before it.
    fn with_blanks(&self, word: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let text = self.text.text();
        match text[word.end..].chars().next() {
            Some(' ' | '\t') => word.start..word.end + 1,
            _ => text[..word.start].trim_end_matches([' ', '\t']).len()..word.end,
        }
    }

    /// Makes comments of a collection's lines, so that nothing of it is lost. What follows it on
    /// its last line moves to the next one.
    fn as_comment(&self, collection: Node<'_>) -> Vec<Piece> {
        let text = self.text.text();
        let (start, end) = (collection.body().start as usize, collection.span().end as usize);
        let mut pieces = vec![(start, start, "# ".to_owned())];
        let mut line_end = self.text.line_end(start);
        while let Some(newline) = self.text.break_at(line_end).filter(|_| line_end < end) {
            let line = line_end + newline.len();
            line_end = self.text.line_end(line);
            let first = line_end - text[line..line_end].trim_start().len();
            if first < end && !text[first..].starts_with('#') && first < line_end {
                pieces.push((first, first, "# ".to_owned()));
            }
        }
        let rest = text[end..self.text.line_end(end)].trim_start();
        // Within brackets more may follow right behind it.
        let next = after_blanks_and_comments(&text[end..]);
        let is_in_flow = next.is_some_and(|next| next.starts_with([',', ']', '}']));
        if is_in_flow || !rest.is_empty() && !rest.starts_with('#') {
            let line = self.text.line_start(end);
            let pad = &text[line..line + text[line..end].len() - text[line..end].trim_start().len()];
            pieces.push((end, end, format!("{}{pad}", self.text.newline_near(end))));
        }
        pieces
    }

    /// Gives the scalar `node` this text, in its own quotes: what is only added is put behind, so
    /// that the rest keeps its spelling.
    pub(super) fn amend(&self, node: Node<'_>, text: &str, in_flow: bool) -> Vec<Piece> {
        let is_plain = quotes_of(node) == Quotes::No;
        let added = text.strip_prefix(node.text()).filter(|_| !is_plain || quote_if_needed(text, in_flow) == text);
        if let Some(added) = added {
            let at = node.span().end as usize - usize::from(!is_plain);
            return vec![(at, at, added.to_owned())];
        }
        in_place(self.text, node, &respelled(node, text, in_flow))
    }

    /// What is missing before the value that takes the place of `node` at `start`: a null may be nothing at all.
    fn led_in(&self, node: Node<'_>, start: usize) -> String {
        let before = &self.text.text()[..start];
        if node.style() != Style::Empty || before.ends_with([' ', '\t', '\n', '\r']) && before.trim_end().ends_with([':', '-']) {
            return String::new();
        }
        let has_indicator = matches!(self.text.text().as_bytes().get(node.indicator()), Some(b':' | b'-'));
        if has_indicator || start > node.span().start as usize {
            return " ".into();
        }
        // A key without a colon: `{a}` or `? a`.
        if self.is_in_flow(start) {
            return ": ".into();
        }
        let line = self.text.line_start(start);
        let column = before[line..].len() - before[line..].trim_start().len();
        format!("{}{}: ", self.text.newline_near(start), " ".repeat(column))
    }

    fn is_in_flow(&self, at: usize) -> bool {
        let next = self.brackets.partition_point(|range| range.end <= at);
        self.brackets.get(next).is_some_and(|range| range.start < at)
    }

    /// `api: *web` becomes a mapping in block style. `None` inside flow style.
    fn expand_alias(&self, alias: Node<'_>, pairs: &[(String, Value<'_>)]) -> Option<Vec<Piece>> {
        let (colon, start, end) = (alias.indicator(), alias.span().start as usize, alias.span().end as usize);
        let line = self.text.line_start(colon);
        let key_column = self.text.text()[line..colon].len() - self.text.text()[line..colon].trim_start().len();
        let rest = self.text.text()[end..self.text.line_end(end)].trim_start();
        if !(rest.is_empty() || rest.starts_with('#')) || colon >= start || self.is_in_flow(start) {
            return None;
        }
        if self.text.line_start(end) != line {
            // On a line of its own it becomes the first of the keys.
            let column = self.text.column(start);
            let mut lines = pairs.iter().flat_map(|(k, v)| self.entry_lines(k, v, column, ""));
            let mut pieces = vec![(start, end, lines.next()?.trim_start().to_owned())];
            pieces.extend(self.lines_after(alias, &lines.collect::<Vec<_>>()));
            return Some(pieces);
        }
        let column = key_column + self.habits.map_indent;
        let lines: Vec<String> = pairs.iter().flat_map(|(k, v)| self.entry_lines(k, v, column, "")).collect();
        // No tab may stay between the colon and the keys below it.
        let blanks = self.text.line_end(end) - end - rest.len();
        let has_tab = self.text.text()[end..end + blanks].contains('\t');
        let (end, gap) = if rest.is_empty() || has_tab { (end + blanks, if rest.is_empty() { "" } else { " " }) } else { (end, "") };
        let mut pieces = vec![(colon + 1, end, gap.to_owned())];
        pieces.extend(self.lines_after(alias, &lines));
        Some(pieces)
    }
}

/// Another text in the place of a node's own, without its anchor and tag. The comment in the header
/// of a block scalar stays.
fn in_place(text: &TextFile, node: Node<'_>, new: &str) -> Vec<Piece> {
    let (start, end) = (node.body().start as usize, node.span().end as usize);
    if !matches!(node.style(), Style::Literal | Style::Folded) {
        return vec![(start, end, new.to_owned())];
    }
    let first_line_end = text.line_end(start);
    let mut pieces = vec![(start, start + header_of(node).len(), new.to_owned())];
    if first_line_end < end {
        pieces.push((first_line_end, end, String::new()));
    }
    pieces
}

fn respelled(node: Node<'_>, text: &str, in_flow: bool) -> String {
    match quotes_of(node) {
        Quotes::Double => double_quoted(text),
        Quotes::Single => format!("'{}'", text.replace('\'', "''")),
        Quotes::No => quote_if_needed(text, in_flow).into_owned(),
    }
}
