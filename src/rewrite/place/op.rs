//! What happens to the nodes of the files, and what cannot be placed.

use crate::rewrite::Refused;
use crate::rewrite::value::Value;
use crate::text::FileId;
use crate::yaml::{Node, NodeId};
use std::collections::BTreeMap;

/// What happens to one node of the file.
#[derive(Debug)]
pub(in crate::rewrite) enum Op<'a> {
    /// New keys at the end of a mapping.
    Keys(Vec<(String, Value<'a>)>),
    /// New keys of a mapping that an earlier plan wrote, each before the key of a node, or at the end.
    Among(Vec<(String, Value<'a>, Option<Node<'a>>)>),
    /// New items at the end of a list.
    Items(Vec<Value<'a>>),
    /// Another value in its place.
    Replace(Value<'a>),
    /// Another text of a scalar, in the quotes that it has.
    Amend {
        /// The text.
        text: String,
        /// Whether the scalar stands within brackets, where more needs quotes.
        in_flow: bool,
    },
}

/// The node that an [`Op`] happens to: file and index.
pub(in crate::rewrite) type Site = (u32, NodeId);

/// Ops by node, in the order of the file.
#[derive(Debug, Default)]
pub(in crate::rewrite) struct Placement<'a> {
    pub(in crate::rewrite) ops: BTreeMap<Site, (Node<'a>, Op<'a>)>,
    /// What a file without documents is to hold: its number and the top-level keys.
    pub(in crate::rewrite) fresh: Option<(FileId, Value<'a>)>,
    /// Services whose change cannot be placed.
    pub(in crate::rewrite) refused: Vec<Refused>,
}
