//! Members that flow collections get: on the line of the last one, or on lines as the others have them.

use super::{Lowering, Piece, after_blanks_and_comments, ends_in_dash, followed, plain_source, uses_long_syntax};
use crate::audit::Key;
use crate::rewrite::style::Flow;
use crate::rewrite::value::Value;
use crate::yaml::{Kind, Node, Style};

impl Lowering<'_, '_> {
    pub(super) fn flow_items(&self, list: Node<'_>, items: &[Value<'_>]) -> Vec<Piece> {
        let flow = self.habits.flow.like(list);
        let long = list.items().last().map(Node::resolved).is_some_and(|n| n.kind() == Kind::Mapping);
        let flow = match list.items().last().map(Node::resolved) {
            Some(last) if long => Flow { pad_seq: flow.pad_seq, ..flow.like(last) },
            _ => flow,
        };
        self.flow_insert(list, &items.iter().map(|item| flow.render(item, long)).collect::<Vec<_>>())
    }

    pub(super) fn flow_keys(&self, mapping: Node<'_>, keys: &[(String, Value<'_>)]) -> Vec<Piece> {
        let flow = self.habits.flow.like(mapping);
        let last = mapping.entries().last().map(|(_, value)| value).filter(|value| value.is_null() && !flow.json);
        let spread = self.line_prefix(mapping.entries().last().map(|(k, _)| k)).filter(|_| flow.json);
        let entry = |(key, value): &(String, Value<'_>)| match (value, &spread) {
            (Value::Plain, _) if last.is_some() => format!("{}: {}", flow.key(key), last.map_or("", plain_source)),
            // A section of a JSON file that is written over several lines.
            (Value::Map(pairs), Some(prefix)) => {
                let newline = self.text.newline_near(mapping.span().start as usize);
                let step = " ".repeat(self.habits_of_flow(mapping));
                let lines: Vec<String> =
                    pairs.iter().map(|(k, v)| format!("{prefix}{step}{}: {}", flow.key(k), flow.render(v, true))).collect();
                format!("{}: {{{newline}{}{newline}{prefix}}}", flow.key(key), lines.join(&format!(",{newline}")))
            }
            (Value::Seq(items), _) => format!("{}: {}", flow.key(key), flow.render(value, uses_long_syntax(items))),
            _ => format!("{}: {}", flow.key(key), flow.render(value, true)),
        };
        let followed = followed(mapping);
        let place = |(key, _): &(String, Value<'_>)| Key::named(key).and_then(|new| followed.iter().find(|(own, _)| *own > new));
        let (among, last): (Vec<_>, Vec<_>) = keys.iter().partition(|pair| place(pair).is_some());
        let after = |pair: &(String, Value<'_>)| Some(self.flow_after(mapping, place(pair)?.1, &entry(pair)));
        let mut pieces: Vec<Piece> = among.into_iter().filter_map(after).collect();
        if !last.is_empty() {
            pieces.extend(self.flow_insert(mapping, &last.into_iter().map(entry).collect::<Vec<_>>()));
        }
        pieces
    }

    /// A new member behind one of a flow mapping that has others behind it.
    fn flow_after(&self, mapping: Node<'_>, before: Node<'_>, member: &str) -> Piece {
        let end = before.span().end as usize;
        let key = mapping.entries().find(|(_, value)| *value == before).map(|(key, _)| key);
        let gap = self.line_prefix(key).map_or_else(|| " ".to_owned(), |prefix| self.text.newline_near(end).to_owned() + &prefix);
        (end, end, format!(",{gap}{member}"))
    }

    /// Columns by which the members of a multi-line flow mapping's children are indented.
    fn habits_of_flow(&self, mapping: Node<'_>) -> usize {
        let Some((first, _)) = mapping.entries().next() else { return 2 };
        let own = self.text.column(first.span().start as usize);
        let outer = self.text.column(mapping.span().end as usize - 1);
        own.checked_sub(outer).filter(|&n| n > 0).unwrap_or(2)
    }

    /// The blanks before `node`, when it is the first on its line.
    fn line_prefix(&self, node: Option<Node<'_>>) -> Option<String> {
        let start = node?.span().start as usize;
        let line = self.text.line_start(start);
        let prefix = &self.text.text()[line..start];
        (line > 0 && prefix.chars().all(|c| c == ' ' || c == '\t')).then(|| prefix.to_owned())
    }

    /// New members at the end of a flow collection.
    fn flow_insert(&self, collection: Node<'_>, members: &[String]) -> Vec<Piece> {
        let mut pieces = self.flow_pieces(collection, members);
        // A comment begins behind a blank.
        pieces.iter_mut().filter(|(_, end, _)| self.text.text()[*end..].starts_with('#')).for_each(|(_, _, text)| text.push(' '));
        pieces
    }

    fn flow_pieces(&self, collection: Node<'_>, members: &[String]) -> Vec<Piece> {
        let text = self.text.text();
        let (open, close) = (collection.body().start as usize, collection.span().end as usize - 1);
        let Some(last) = collection.children().last() else {
            let inside = &text[open + 1..close];
            // `{ }` has its blanks on both sides then.
            let pad = if inside.is_empty() || inside.contains(['\n', '\r', '#']) { "" } else { " " };
            let end = if pad.is_empty() { open + 1 } else { close };
            return vec![(open + 1, end, format!("{pad}{}{pad}", members.join(", ")))];
        };
        let mut end = last.span().end as usize;
        // Behind the colon of a null there must be a blank, or Compose takes the colon for part of the key: `{a: , b: }`.
        // The same holds for its tag, and the comma; and a plain scalar that ends in a lone `-` must not meet a comma.
        let is_open = match last.style() {
            Style::Empty => text[..end].ends_with(':') || last.tag().is_some() || ends_in_dash(&text[..end]),
            Style::Plain => ends_in_dash(&text[..end]),
            _ => false,
        };
        let has_blank = text[end..close].starts_with(' ');
        end += usize::from(is_open && has_blank);
        let separator = if is_open && !has_blank { " ," } else { "," };
        let comma = after_blanks_and_comments(&text[end..close]).filter(|rest| rest.starts_with(',')).map(|rest| close - rest.len());
        let member_start = if collection.kind() == Kind::Mapping { collection.entries().last().map(|(k, _)| k) } else { Some(last) };
        let guard = if comma.is_none() { self.before_a_tab(&text[end..close], members) } else { "" };
        match (self.line_prefix(member_start), comma) {
            (None, None) => vec![(end, end, format!("{separator} {}{guard}", members.join(", ")))],
            (None, Some(comma)) => vec![(comma + 1, comma + 1, format!(" {},", members.join(", ")))],
            (Some(prefix), comma) => {
                let newline = self.text.newline_near(end);
                let (tail, kept) = if comma.is_some() { (",", members.len()) } else { (guard, members.len().saturating_sub(1)) };
                let anchor = comma.map_or(end, |c| c + 1);
                // Behind a comment that belongs to the last member, unless the bracket closes on the same line.
                let line_end = self.text.line_end(anchor);
                let at = if line_end <= close { line_end } else { anchor };
                // Before a comma or a bracket the blank of a null stays; at a line's end it goes.
                let kept = if at == line_end { kept } else { members.len() };
                let member = |(i, m): (usize, &String)| format!("{newline}{prefix}{}", if i < kept { m } else { m.trim_end() });
                let lines: Vec<String> = members.iter().enumerate().map(member).collect();
                let body = format!("{}{tail}", lines.join(","));
                match comma {
                    Some(_) => vec![(at, at, body)],
                    None if at == end => vec![(end, end, format!("{separator}{body}"))],
                    None => vec![(end, end, separator.into()), (at, at, body)],
                }
            }
        }
    }

    /// A comma where the closing line begins with a tab and the last of the new members is a plain scalar: Compose looks behind those for
    /// more of them, and takes the tab for indentation then. A file of JSON has no commas at the end, and there it looks no further.
    fn before_a_tab(&self, rest: &str, members: &[String]) -> &'static str {
        let closing = rest.rsplit_once(['\n', '\r']).map_or("", |(_, line)| line);
        let is_plain = members.last().is_some_and(|member| !member.trim_end().ends_with(['"', '\'', ']', '}']));
        if closing.contains('\t') && is_plain && !self.habits.flow.json { "," } else { "" }
    }
}
