//! What yaml-rust2 accepts and Compose's reader (go-yaml) rejects or reads otherwise. Compose is right: such a file is refused.
//!
//! Every rule here was run against Compose 2.40.3.

mod blanks;
mod flow;

use super::scalar::{core_tag, fits_tag};
use super::{Kind, Node, Stream, Style, SyntaxError};
use crate::text::Span;
use std::collections::HashMap;

/// Checks every node, and the blanks between them.
pub(super) fn check(stream: &Stream) -> Result<(), SyntaxError> {
    // In source order no walk over the tree is needed: what starts before the end of a flow collection is in it.
    let mut flow_end = 0;
    for node in stream.nodes() {
        let span = node.span();
        check_properties(node)?;
        match node.kind() {
            Kind::Mapping => check_mapping(node)?,
            Kind::Scalar => check_scalar(node, span.start < flow_end)?,
            Kind::Sequence | Kind::Alias => {}
        }
        if node.style() == Style::Flow {
            flow_end = flow_end.max(span.end);
        }
    }
    blanks::check(stream)
}

fn refuse(span: Span, message: impl Into<String>, hint: &str) -> SyntaxError {
    SyntaxError { span, message: message.into(), hint: Some(hint.to_owned()) }
}

fn text(node: Node<'_>) -> &str {
    node.stream().text().text()
}

/// go-yaml's anchor names are letters, digits, `_` and `-`; its tags have no `#` and do not end at a comma or bracket.
fn check_properties(node: Node<'_>) -> Result<(), SyntaxError> {
    let name = if node.kind() == Kind::Alias { node.text().strip_prefix('*') } else { node.anchor() };
    if name.is_some_and(|name| name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))) {
        let message = format!("Compose cannot read the anchor name `{}`", name.unwrap_or_default());
        return Err(refuse(node.span(), message, "use letters, digits, `_` and `-`"));
    }
    let (start, body) = (node.span().start as usize, node.body().start as usize);
    if start == body {
        return Ok(());
    }
    let properties = &text(node)[start..body];
    // Empty if a blank follows the last property, or there is none.
    let last = properties.rsplit([' ', '\t', '\n', '\r']).next().unwrap_or_default();
    let ends: &[char] = if last.starts_with('!') { &[',', '[', ']', '{', '}'] } else { &['[', '{'] };
    if !last.is_empty() && text(node)[body..].starts_with(ends) {
        return Err(refuse(node.span(), "an anchor or tag with no blank behind it", "put a blank there"));
    }
    if properties.contains('#') && properties.split_whitespace().any(|word| word.starts_with('!') && word.contains('#')) {
        return Err(refuse(node.span(), "a `#` in a tag, which Compose cannot read", "remove the `#`"));
    }
    Ok(())
}

fn check_mapping(mapping: Node<'_>) -> Result<(), SyntaxError> {
    for (key, value) in mapping.entries() {
        check_key(key)?;
        if mapping.style() != Style::Block {
            flow::check_entry(mapping, key, value)?;
        }
        if key.is_merge_key() && !merges(value.resolved()) {
            return Err(refuse(value.span(), "`<<` needs a mapping or a list of mappings", "name an anchor of a mapping"));
        }
    }
    let Some((earlier, key)) = equal_keys(mapping) else { return Ok(()) };
    let line = mapping.stream().text().line_column(earlier.span().start as usize).0;
    let message = format!("mapping key \"{}\" already defined at line {line}", key.resolved().text());
    Err(refuse(key.span(), message, "keep one of the two"))
}

/// The first key that was there before, and where.
fn equal_keys(mapping: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    let keys = || mapping.entries().map(|(key, _)| (key, key.resolved().text()));
    let mut first = [""; 12];
    for (i, (key, name)) in keys().enumerate() {
        // Most mappings are so small that comparing is faster than hashing.
        if i == first.len() {
            let mut seen = HashMap::new();
            return keys().find_map(|(key, name)| seen.insert(name, key).map(|earlier| (earlier, key)));
        }
        if first[..i].contains(&name) {
            return keys().find(|(_, n)| *n == name).map(|(earlier, _)| (earlier, key));
        }
        first[i] = name;
    }
    None
}

fn merges(value: Node<'_>) -> bool {
    match value.kind() {
        Kind::Mapping => true,
        Kind::Sequence => value.items().all(|item| item.resolved().kind() == Kind::Mapping),
        Kind::Scalar | Kind::Alias => false,
    }
}

fn check_key(key: Node<'_>) -> Result<(), SyntaxError> {
    let meaning = key.resolved();
    if meaning.kind() != Kind::Scalar {
        return Err(refuse(key.span(), "a list or mapping as a key", "Compose takes only strings as keys"));
    }
    if key.style() == Style::Empty {
        return Err(refuse(key.span(), "an empty key", "write the key before the colon"));
    }
    if !key.is_merge_key() && meaning.as_str().is_none() {
        return Err(refuse(key.span(), format!("non-string key {}", key.source()), "put the key in quotes"));
    }
    Ok(())
}

fn check_scalar(scalar: Node<'_>, in_flow: bool) -> Result<(), SyntaxError> {
    if !fits_tag(scalar) {
        return Err(refuse(scalar.span(), "a value that does not fit its tag", "write such a value, or remove the tag"));
    }
    if core_tag(scalar) == Some("binary") {
        return Err(refuse(scalar.span(), "a binary value", "write the text itself"));
    }
    match scalar.style() {
        Style::Double if escapes_slash(scalar.source()) => {
            Err(refuse(scalar.span(), "the escape `\\/`, which Compose does not know", "write the slash without a backslash"))
        }
        Style::Plain | Style::Literal | Style::Folded if in_flow => flow::check_scalar(scalar),
        Style::Literal | Style::Folded => blanks::check_block_scalar(scalar),
        _ => Ok(()),
    }
}

/// Whether a text in double quotes has a `\/`; `\\/` is an escaped backslash and a slash.
fn escapes_slash(source: &str) -> bool {
    let mut bytes = source.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'\\' && bytes.next() == Some(b'/') {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests;
