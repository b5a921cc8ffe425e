//! Flow style: go-yaml ends keys and plain scalars elsewhere.

use super::{refuse, text};
use crate::yaml::{Node, Style, SyntaxError};

/// Longest key in flow style that go-yaml takes, in characters.
const MAX_KEY: usize = 1024;

/// Checks an entry of a flow mapping or a pair in a flow list.
pub(super) fn check_entry(mapping: Node<'_>, key: Node<'_>, value: Node<'_>) -> Result<(), SyntaxError> {
    let source = text(mapping);
    let (key_end, colon) = (key.span().end as usize, value.indicator());
    let is_explicit = source.as_bytes()[key.indicator()] == b'?' && key.indicator() < key.span().start as usize;
    let has_colon = source.as_bytes().get(colon) == Some(&b':') && colon >= key_end;
    if !has_colon {
        return Ok(());
    }
    if key.style() == Style::Plain && source[colon + 1..].starts_with([',', '[', ']', '{', '}']) {
        let message = "a colon with nothing behind it, which Compose takes for part of the key";
        return Err(refuse(key.span(), message, "put a blank behind the colon"));
    }
    if is_explicit {
        return Ok(());
    }
    if source[key.span().start as usize..colon].contains(['\n', '\r']) {
        return Err(refuse(key.span(), "a key that goes over the end of a line", "write the key and its colon on one line"));
    }
    if source[key.span().start as usize..colon].chars().count() > MAX_KEY {
        return Err(refuse(key.span(), format!("a key of more than {MAX_KEY} characters in flow style"), "shorten the key"));
    }
    Ok(())
}

/// Checks an unquoted scalar inside a flow collection.
pub(super) fn check_scalar(scalar: Node<'_>) -> Result<(), SyntaxError> {
    let source = scalar.source();
    if source.starts_with(['|', '>']) {
        return Err(refuse(scalar.span(), "a block scalar in a flow collection", "put the value in quotes"));
    }
    if source.starts_with(':') || source.ends_with(':') || source.contains('?') {
        return Err(refuse(scalar.span(), "a `:` or `?` that Compose reads as an indicator here", "put the value in quotes"));
    }
    Ok(())
}
