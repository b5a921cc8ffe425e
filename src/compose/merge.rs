//! YAML merge keys: what a mapping holds after `<<`.
//!
//! Own keys win wherever `<<` stands; of several merged mappings the earlier wins; lists are never concatenated.
//! Compose resolves this before anything else (before `extends` and override files).

use crate::yaml::{Kind, Node, NodeId, Stream};
use std::collections::HashSet;

/// One key of a mapping after merging.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    stream: &'a Stream,
    key: NodeId,
    value: NodeId,
}

impl<'a> Entry<'a> {
    pub(super) fn new((key, value): (Node<'a>, Node<'a>)) -> Self {
        Self { stream: key.stream(), key: key.id(), value: value.id() }
    }

    /// The key.
    pub fn key(&self) -> Node<'a> {
        self.stream.node(self.key)
    }

    /// The value as written: may be an alias.
    pub fn value(&self) -> Node<'a> {
        self.stream.node(self.value)
    }

    /// The key's text.
    pub fn name(&self) -> &'a str {
        self.key().resolved().text()
    }
}

/// The keys of `mapping` (or of what it is an alias for) after merging: own keys first, in order. Empty for anything else.
pub fn entries(mapping: Node<'_>) -> Vec<Entry<'_>> {
    let mut merged = Vec::new();
    let body = mapping.resolved();
    if is_plain(body) {
        // The usual case costs one allocation.
        merged.extend(body.entries().map(Entry::new));
        return merged;
    }
    collect(body, &mut HashSet::new(), &mut merged);
    merged
}

/// Whether `mapping` is one that merges nothing in.
pub(super) fn is_plain(mapping: Node<'_>) -> bool {
    mapping.kind() == Kind::Mapping && !mapping.entries().any(|(key, _)| key.is_merge_key())
}

// Recursion is bounded: `yaml::parse` counts the levels that aliases make too.
fn collect<'a>(mapping: Node<'a>, seen: &mut HashSet<&'a str>, merged: &mut Vec<Entry<'a>>) {
    let body = mapping.resolved();
    for pair in body.entries().filter(|(k, _)| !k.is_merge_key()) {
        // A value that is reset hides nothing: it acts on earlier layers.
        if pair.1.resolved().tag() == Some("!reset") || seen.insert(pair.0.resolved().text()) {
            merged.push(Entry::new(pair));
        }
    }
    for node in merged_into(body).chain(body.items()) {
        collect(node, seen, merged);
    }
}

/// The value of `key` after merging.
pub fn get<'a>(mapping: Node<'a>, key: &str) -> Option<Node<'a>> {
    find(mapping, key).map(|found| found.value)
}

/// The value of a key, and the way to it.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    /// The value as written.
    pub value: Node<'a>,
    /// The mapping that holds the key.
    pub owner: Node<'a>,
    /// Aliases on the way from the mapping to `owner`.
    pub via: Vec<NodeId>,
}

/// The value of `key` after merging, and the way to it.
pub fn find<'a>(mapping: Node<'a>, key: &str) -> Option<Found<'a>> {
    sources(mapping).into_iter().find_map(|(owner, via)| owner.get(key).map(|value| Found { value, owner, via }))
}

/// The mappings that take part in `mapping` after merging, itself first, in the order in which they win, each with the aliases that
/// lead to it.
pub fn sources(mapping: Node<'_>) -> Vec<(Node<'_>, Vec<NodeId>)> {
    let mut found = Vec::new();
    let mut waiting = vec![(mapping, Vec::new())];
    while let Some((node, mut via)) = waiting.pop() {
        if node.kind() == Kind::Alias {
            via.push(node.id());
        }
        let body = node.resolved();
        let mut inner: Vec<_> = merged_into(body).chain(body.items()).map(|n| (n, via.clone())).collect();
        inner.reverse();
        waiting.append(&mut inner);
        if body.kind() == Kind::Mapping {
            found.push((body, via));
        }
    }
    found
}

/// The values of a mapping's merge keys.
fn merged_into(mapping: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    mapping.entries().filter(|(k, _)| k.is_merge_key()).map(|(_, v)| v)
}
