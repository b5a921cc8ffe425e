//! What yaml-rust2 accepts and Compose's reader (go-yaml) rejects or reads otherwise. Compose is right: such a file is refused.
//!
//! Every rule here was run against Compose 2.40.3.

use super::{Kind, Node, Scalar, Stream, Style, SyntaxError};
use crate::text::Span;
use std::collections::HashMap;

/// Longest key in flow style that go-yaml takes, in characters.
const MAX_FLOW_KEY: usize = 1024;

/// Checks every node.
pub(super) fn check(stream: &Stream) -> Result<(), SyntaxError> {
    let mut flow_end = 0;
    for node in stream.nodes() {
        let in_flow = node.span().start < flow_end;
        if matches!(node.style(), Style::Flow) {
            flow_end = flow_end.max(node.span().end);
        }
        check_properties(node)?;
        match node.kind() {
            Kind::Mapping => check_mapping(node)?,
            Kind::Sequence if node.style() == Style::Block => check_dashes(node)?,
            Kind::Scalar => check_scalar(node, in_flow)?,
            _ => {}
        }
    }
    check_tab_lines(stream)
}

fn refuse(span: Span, message: impl Into<String>, hint: &str) -> SyntaxError {
    SyntaxError { span, message: message.into(), hint: Some(hint.to_owned()) }
}

fn text(node: Node<'_>) -> &str {
    node.stream().text().text()
}

/// go-yaml's anchor names are letters, digits, `_` and `-`.
fn check_properties(node: Node<'_>) -> Result<(), SyntaxError> {
    let name = if node.kind() == Kind::Alias { node.text().strip_prefix('*') } else { node.anchor() };
    match name {
        Some(name) if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) => {
            Err(refuse(node.span(), format!("Compose cannot read the anchor name `{name}`"), "use letters, digits, `_` and `-`"))
        }
        _ => Ok(()),
    }
}

fn check_mapping(mapping: Node<'_>) -> Result<(), SyntaxError> {
    let mut seen: HashMap<&str, Node<'_>> = HashMap::new();
    for (key, value) in mapping.entries() {
        check_key(mapping, key, value)?;
        if let Some(earlier) = seen.insert(key.resolved().text(), key) {
            let line = mapping.stream().text().line_column(earlier.span().start as usize).0;
            let message = format!("mapping key \"{}\" already defined at line {line}", key.resolved().text());
            return Err(refuse(key.span(), message, "keep one of the two"));
        }
    }
    Ok(())
}

fn check_key(mapping: Node<'_>, key: Node<'_>, value: Node<'_>) -> Result<(), SyntaxError> {
    let meaning = key.resolved();
    if meaning.kind() != Kind::Scalar {
        return Err(refuse(key.span(), "a list or mapping as a key", "Compose takes only strings as keys"));
    }
    if key.style() == Style::Empty {
        return Err(refuse(value.span(), "an empty key", "write the key before the colon"));
    }
    if !key.is_merge_key() && meaning.as_str().is_none() {
        return Err(refuse(key.span(), format!("non-string key {}", key.source()), "put the key in quotes"));
    }
    if mapping.style() == Style::Block {
        return Ok(());
    }
    let source = text(mapping);
    let colon = value.indicator();
    let has_colon = source.as_bytes().get(colon) == Some(&b':') && colon >= key.span().end as usize;
    if mapping.style() == Style::Pair && value.kind() != Kind::Scalar {
        return Err(refuse(
            mapping.span(),
            "a list or mapping as the value of a pair in a flow list",
            "put the pair in braces: `[{a: …}]`",
        ));
    }
    if has_colon && source[key.span().end as usize..colon].contains(['\n', '\r']) || key.source().contains(['\n', '\r']) {
        return Err(refuse(key.span(), "a key that goes over the end of a line", "write the key and its colon on one line"));
    }
    if has_colon && value.style() == Style::Empty && source[colon + 1..].starts_with([',', ']', '}']) {
        return Err(refuse(
            key.span(),
            "a colon with nothing behind it, which Compose takes for part of the key",
            "put a blank behind the colon",
        ));
    }
    if key.source().chars().count() > MAX_FLOW_KEY {
        return Err(refuse(key.span(), format!("a key of more than {MAX_FLOW_KEY} characters in flow style"), "shorten the key"));
    }
    Ok(())
}

fn check_dashes(list: Node<'_>) -> Result<(), SyntaxError> {
    let tab = list.items().find(|item| text(*item).as_bytes().get(item.indicator() + 1) == Some(&b'\t'));
    tab.map_or(Ok(()), |item| Err(refuse(item.span(), "a tab behind the dash", "put a blank there")))
}

fn check_scalar(scalar: Node<'_>, in_flow: bool) -> Result<(), SyntaxError> {
    let source = scalar.source();
    match scalar.style() {
        Style::Double => {
            let escapes = source.as_bytes().windows(2).enumerate().filter(|(_, w)| w[0] == b'\\');
            let mut last = None;
            for (i, pair) in escapes {
                // `\\/` is an escaped backslash and a slash.
                if last == Some(i.wrapping_sub(1)) {
                    last = None;
                    continue;
                }
                last = Some(i);
                if pair[1] == b'/' {
                    return Err(refuse(
                        scalar.span(),
                        "the escape `\\/`, which Compose does not know",
                        "write the slash without a backslash",
                    ));
                }
            }
            Ok(())
        }
        Style::Plain if in_flow && (source.starts_with(':') || source.ends_with(':') || source.contains('?')) => {
            Err(refuse(scalar.span(), "a `:` or `?` that Compose reads as an indicator here", "put the value in quotes"))
        }
        _ if scalar.tag() == Some("tag:yaml.org,2002:bool") && !matches!(scalar.scalar(), Some(Scalar::Bool(_))) => {
            Err(refuse(scalar.span(), "a value that does not fit its tag", "write true or false, or drop the tag"))
        }
        _ => Ok(()),
    }
}

/// Lines of blanks with a tab among them: go-yaml rejects them between block nodes.
fn check_tab_lines(stream: &Stream) -> Result<(), SyntaxError> {
    let source = stream.text().text();
    if !source.contains('\t') {
        return Ok(());
    }
    let is_leaf = |n: &Node<'_>| n.kind() == Kind::Scalar && n.style() != Style::Empty || n.style() == Style::Flow;
    let mut leaves = stream.nodes().filter(is_leaf).map(Node::span).peekable();
    let mut start = 0;
    for line in source.split_inclusive(['\n', '\r']) {
        while leaves.next_if(|leaf| (leaf.end as usize) <= start).is_some() {}
        let inside = leaves.peek().is_some_and(|leaf| (leaf.start as usize) < start);
        let blank = line.trim_end_matches(['\n', '\r']);
        if !inside && blank.contains('\t') && blank.trim().is_empty() {
            let span = Span { file: stream.file(), start: start as u32, end: (start + blank.len()) as u32 };
            return Err(refuse(span, "a line of blanks with a tab in it", "remove the blanks"));
        }
        start += line.len();
    }
    Ok(())
}
