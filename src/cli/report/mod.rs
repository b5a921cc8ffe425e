//! How answers look, one file a format.

pub mod diff;
