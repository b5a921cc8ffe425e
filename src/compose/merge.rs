//! YAML merge keys: what a mapping holds after `<<`.
//!
//! Own keys win wherever `<<` stands; of several merged mappings the earlier wins; lists are never concatenated.
//! Compose resolves this before anything else (before `extends` and override files).

use crate::yaml::{Kind, Node, NodeId};
use std::collections::HashSet;

/// One key of a mapping after merging.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The key.
    pub key: Node<'a>,
    /// The value as written: may be an alias.
    pub value: Node<'a>,
    /// The mapping that holds the key: the service's own body, or one merged into it.
    pub owner: NodeId,
    /// Aliases on the way from the mapping to the value's node.
    pub via: Vec<NodeId>,
}

/// The keys of `mapping` (or of what it is an alias for) after merging: own keys first, in order. Empty for anything else.
pub fn entries(mapping: Node<'_>) -> Vec<Entry<'_>> {
    let mut merged = Vec::new();
    let body = mapping.resolved();
    if body == mapping && body.kind() == Kind::Mapping && !body.entries().any(|(key, _)| key.is_merge_key()) {
        // The usual case costs one allocation.
        merged.extend(body.entries().map(|(key, value)| Entry { key, value, owner: body.id(), via: Vec::new() }));
        return merged;
    }
    collect(mapping, &mut Vec::new(), &mut HashSet::new(), &mut merged);
    merged
}

/// The mappings that take part in `mapping` after merging, itself first, each with the aliases that lead to it.
pub fn sources(mapping: Node<'_>) -> Vec<(Node<'_>, Vec<NodeId>)> {
    let mut found = Vec::new();
    let mut waiting = vec![(mapping, Vec::new())];
    while let Some((node, mut via)) = waiting.pop() {
        let body = follow(node, &mut via);
        if body.kind() == Kind::Mapping {
            waiting.extend(merged_into(body).into_iter().rev().map(|n| (n, via.clone())));
            found.push((body, via));
        } else {
            waiting.extend(body.items().map(|n| (n, via.clone())));
        }
    }
    found
}

/// The node that `node` stands for; the alias, if it is one, is noted in `via`.
pub fn follow<'a>(node: Node<'a>, via: &mut Vec<NodeId>) -> Node<'a> {
    if node.kind() == Kind::Alias {
        via.push(node.id());
    }
    node.resolved()
}

// Recursion is bounded: `yaml::parse` counts the levels that aliases make too.
fn collect<'a>(mapping: Node<'a>, via: &mut Vec<NodeId>, seen: &mut HashSet<&'a str>, merged: &mut Vec<Entry<'a>>) {
    let depth = via.len();
    let body = follow(mapping, via);
    for (key, value) in body.entries().filter(|(k, _)| !k.is_merge_key()) {
        if seen.insert(key.text()) {
            merged.push(Entry { key, value, owner: body.id(), via: via.clone() });
        }
    }
    for node in merged_into(body) {
        collect(node, via, seen, merged);
    }
    for item in body.items() {
        collect(item, via, seen, merged);
    }
    via.truncate(depth);
}

/// The values of a mapping's merge keys.
fn merged_into(mapping: Node<'_>) -> Vec<Node<'_>> {
    mapping.entries().filter(|(k, _)| k.is_merge_key()).map(|(_, v)| v).collect()
}
