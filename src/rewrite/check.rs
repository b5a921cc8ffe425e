//! The three laws. A result that breaks one is never shown or written.

use super::place::{Op, Placement, Site};
use super::value::{all, same_value};
use crate::audit::{Fix, What};
use crate::compose::{Entry, Known, MountKind, Project, Service};
use crate::yaml::{Kind, Node, Stream};
use std::collections::{HashMap, btree_map};
use std::iter::Peekable;

/// The first law for the text: node by node, `after` is `before` with the placed ops applied. Kinds, styles, tags, anchors and
/// aliases count, not only values.
pub(super) fn tree_is_as_placed(before: &Stream, after: &Stream, placement: &Placement<'_>) -> Result<(), String> {
    let mut ops = placement.ops.iter().peekable();
    if all(before.roots(), after.roots(), |b, a| same_tree(b, a, &mut ops)) {
        Ok(())
    } else {
        Err("a value outside the plan changed".into())
    }
}

/// The ops that are still to come: the walk meets nodes in their order.
type Ops<'p, 'a> = Peekable<btree_map::Iter<'p, Site, (Node<'a>, Op<'a>)>>;

fn same_tree(before: Node<'_>, after: Node<'_>, ops: &mut Ops<'_, '_>) -> bool {
    let site = (before.span().file.0, before.id());
    while ops.next_if(|(at, _)| **at < site).is_some() {}
    let op = ops.next_if(|(at, _)| **at == site).map(|(_, (_, op))| op);
    if let Some(Op::Replace(value)) = op {
        return value.is(after) && (before.kind() == Kind::Alias || before.anchor() == after.anchor());
    }
    let same_node = before.kind() == after.kind()
        && before.style() == after.style()
        && before.tag() == after.tag()
        && before.anchor() == after.anchor();
    if !same_node {
        return false;
    }
    if matches!(before.kind(), Kind::Scalar | Kind::Alias) {
        return before.text() == after.text();
    }
    let mut grown = after.children();
    if !before.children().all(|b| grown.next().is_some_and(|a| same_tree(b, a, ops))) {
        return false;
    }
    match op {
        None => grown.next().is_none(),
        Some(Op::Items(items)) => all(items, grown, |item, node| item.is(node)),
        Some(Op::Keys(keys)) => {
            keys.iter().all(|(key, value)| {
                let (name, node) = (grown.next(), grown.next());
                name.is_some_and(|n| n.kind() == Kind::Scalar && n.text() == key) && node.is_some_and(|n| value.is(n))
            }) && grown.next().is_none()
        }
        Some(Op::Replace(_)) => false,
    }
}

/// The first law for the effective project: every service, and everything else at top level, is as before except for the changes
/// that are listed for it.
pub(super) fn effect_is_as_planned(before: &Project<'_>, after: &Project<'_>, fixes: &[&Fix]) -> Result<(), String> {
    let by_service: HashMap<&str, &&Fix> = fixes.iter().map(|f| (f.service.as_str(), f)).collect();
    if !all(&before.services, &after.services, |b, a| b.name == a.name) {
        return Err("the list of services changed".into());
    }
    for (old, new) in before.services.iter().zip(&after.services) {
        let changes = by_service.get(old.name).map_or(&[][..], |f| &f.changes);
        let whats: Vec<&What> = changes.iter().map(|c| &c.what).collect();
        service_is_as_planned(old, new, &whats).map_err(|key| format!("service `{}`: `{key}` is not as planned", old.name))?;
    }
    let declared: Vec<&str> = fixes
        .iter()
        .flat_map(|f| &f.changes)
        .filter_map(|c| if let What::Declare(name) = &c.what { Some(name.as_str()) } else { None })
        .collect();
    let names = |p: &Project<'_>| -> Vec<String> { p.documents.iter().flat_map(|d| &d.volumes).map(|e| e.key.text().to_owned()).collect() };
    let (mut expected, mut found) = (names(before), names(after));
    expected.extend(declared.iter().map(|&n| n.to_owned()));
    expected.sort();
    found.sort();
    if expected != found {
        return Err("the top-level volumes are not as planned".into());
    }
    for (old, new) in before.documents.iter().zip(&after.documents) {
        let other = |e: &&Entry<'_>| !e.key.text().starts_with("x-") && !matches!(e.key.text(), "services" | "volumes");
        let same = all(old.top.iter().filter(other), new.top.iter().filter(other), |b, a| {
            b.key.text() == a.key.text() && same_value(b.value, a.value)
        });
        let kept = by_key(&new.volumes);
        if !same || !old.volumes.iter().all(|e| kept.get(e.key.text()).is_some_and(|n| same_value(e.value, n.value))) {
            return Err("a top-level section changed".into());
        }
    }
    Ok(())
}

fn by_key<'e, 'a>(entries: &'e [Entry<'a>]) -> HashMap<&'a str, &'e Entry<'a>> {
    entries.iter().map(|e| (e.key.text(), e)).collect()
}

/// `Err` names the key that is not as planned.
fn service_is_as_planned(old: &Service<'_>, new: &Service<'_>, whats: &[&What]) -> Result<(), String> {
    let planned = |key: &str| match key {
        "read_only" => whats.iter().any(|w| matches!(w, What::ReadOnly)),
        "tmpfs" => whats.iter().any(|w| matches!(w, What::Tmpfs(_))),
        "volumes" => whats.iter().any(|w| matches!(w, What::Volume { .. })),
        _ => false,
    };
    // Keys keep their order as a rule, so most are found where the walk stands.
    let mut walk = new.entries.iter().peekable();
    let mut common = 0;
    for entry in &old.entries {
        let key = entry.key.text();
        let found = walk.next_if(|e| e.key.text() == key).or_else(|| new.get(key));
        common += usize::from(found.is_some());
        if !planned(key) && !found.is_some_and(|e| same_value(entry.value, e.value)) {
            return Err(key.to_owned());
        }
    }
    let is_new = |e: &&Entry<'_>| planned(e.key.text()) && old.get(e.key.text()).is_none();
    if new.entries.len() != common + new.entries.iter().filter(is_new).count() {
        return Err("a new key".to_owned());
    }
    if planned("read_only") && new.read_only != Known::Yes {
        return Err("read_only".into());
    }
    // The mounts: all that were there, and then exactly the new ones.
    let new_mount = |target: &str| new.mounts.iter().find(|m| m.target == target);
    let mut added = 0;
    for what in whats {
        let found = match what {
            What::Tmpfs(item) => new_mount(item.split(':').next().unwrap_or(item))
                .is_some_and(|m| m.kind == MountKind::Tmpfs && m.node.resolved().as_str() == Some(item)),
            What::Volume { name, target } => {
                new_mount(target).is_some_and(|m| m.kind == MountKind::Volume && m.source == Some(name) && m.writable == Known::Yes)
            }
            What::ReadOnly | What::Declare(_) => continue,
        };
        if !found {
            return Err(what.to_string());
        }
        added += 1;
    }
    let mut rest = new.mounts.iter();
    let kept = old.mounts.iter().all(|o| rest.any(|n| n.target == o.target && n.kind == o.kind && same_value(o.node, n.node)));
    if kept && new.mounts.len() == old.mounts.len() + added { Ok(()) } else { Err("mounts".into()) }
}
