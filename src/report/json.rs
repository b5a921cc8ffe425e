//! JSON for people to read as well.

use crate::error::{Error, Result};
use serde::Serialize;
use std::io::{self, Write};

/// A value as indented JSON with a line break at its end.
pub fn json(value: &impl Serialize) -> Result<String> {
    let mut bytes = Vec::new();
    let failed = |e: io::Error| Error::Unverified(format!("the report is no JSON: {e}"));
    write(&mut bytes, value).map_err(failed)?;
    String::from_utf8(bytes).map_err(|e| Error::Unverified(format!("the report is no text: {e}")))
}

/// Writes a value as [`json`] gives it, piece by piece.
///
/// Errors: those of `out`.
pub fn write(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::pretty(&mut *out))?;
    out.write_all(b"\n")
}
