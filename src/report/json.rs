//! JSON for people to read as well.

use crate::error::{Error, Result};

/// A value as indented JSON with a line break at its end.
pub fn json(value: &impl serde::Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Error::Unverified(format!("the report is no JSON: {e}")))?;
    Ok(text + "\n")
}
