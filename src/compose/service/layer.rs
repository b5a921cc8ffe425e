//! What must be right in each layer: Compose checks it before the next one takes its place.

use super::Part;
use crate::compose::interpolate::has_variable;
use crate::compose::invalid;
use crate::compose::merge::Entry;
use crate::compose::mount::{self, boolean};
use crate::yaml::{Kind, SyntaxError};

/// Checks the values of the last part before another layer takes their place: Compose checks each layer as it comes.
pub(in crate::compose) fn check_layer(name: &str, parts: &[Part<'_>]) -> Result<(), SyntaxError> {
    let Some((last, earlier)) = parts.split_last() else { return Ok(()) };
    let entries = last.entries().filter(|entry| last.tag(entry).is_none());
    for entry in entries.filter(|entry| matches!(entry.name(), "read_only" | "tmpfs" | "volumes")) {
        let value = entry.value().resolved();
        let is_right = match (entry.name(), last.text(value)) {
            ("read_only", Some(text)) => mount::word(text).is_some() || has_variable(text),
            ("read_only", None) => boolean(value).is_some(),
            ("tmpfs", Some(_)) => true,
            _ => value.kind() == Kind::Sequence,
        };
        // Null keeps what is there.
        if !(is_right || value.is_null() && earlier.iter().any(|part| part.get(entry.name()).is_some())) {
            return Err(wrong_kind(name, &entry));
        }
    }
    Ok(())
}

/// A value of a kind that Compose does not take for its key.
pub(super) fn wrong_kind(service: &str, entry: &Entry<'_>) -> SyntaxError {
    let key = entry.name();
    let (kinds, hint) = match key {
        "read_only" => ("a boolean or string", "write true or false"),
        "tmpfs" => ("a string or a list of strings", "write a path, or a list of paths, or remove the key"),
        _ => ("a list", "write a list, or remove the key"),
    };
    invalid(entry.value(), format!("services.{service}.{key} must be {kinds}"), Some(hint))
}
