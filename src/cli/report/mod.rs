//! How answers look, one file a format.

pub(super) mod diff;
pub(super) mod text;
