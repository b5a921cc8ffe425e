//! How answers look, one file a format.

pub(super) mod collect;
pub(super) mod data;
pub(super) mod diff;
pub(super) mod github;
pub(super) mod html;
pub(super) mod listing;
pub(super) mod markdown;
pub(super) mod sarif;
pub(super) mod text;
