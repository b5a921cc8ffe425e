//! The three laws. A result that breaks one is never shown or written.

use super::place::{Op, Placement, Site, health_check};
use super::value::{Value, all, same_value};
use crate::audit::{Fix, Key, What};
use crate::compose::LISTS;
use crate::compose::{Entry, Known, Mount, MountKind, Project, Service, TmpfsItem};
use crate::yaml::{Kind, Node, Stream};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet, btree_map};
use std::iter::Peekable;

/// The first law for the text: node by node, `after` is `before` with the placed ops applied. Kinds, styles, tags, anchors and
/// aliases count, not only values.
pub(super) fn tree_is_as_placed(before: &Stream, after: &Stream, placement: &Placement<'_>) -> Result<(), String> {
    if let Some((_, value)) = placement.fresh.as_ref().filter(|(file, _)| *file == before.file()) {
        let is_fresh = before.roots().len() == 0 && after.roots().len() == 1 && after.roots().all(|root| value.is(root));
        return if is_fresh { Ok(()) } else { Err("the new file is not as planned".into()) };
    }
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
    if let Some(Op::Amend { text, .. }) = op {
        return after.as_str() == Some(text) && before.anchor() == after.anchor() && before.tag() == after.tag();
    }
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
    match op {
        None => has_grown(before, after, &[], ops),
        Some(Op::Items(items)) => has_grown(before, after, items, ops),
        Some(Op::Keys(keys)) => has_new_keys(before, after, keys.iter().map(|(name, value)| (name.as_str(), value)), ops),
        Some(Op::Among(keys)) => has_new_keys(before, after, keys.iter().map(|(name, value, _)| (name.as_str(), value)), ops),
        Some(Op::Replace(_) | Op::Amend { .. }) => false,
    }
}

/// Whether new items come last, or before the last one that was there.
fn has_grown(before: Node<'_>, after: Node<'_>, new: &[Value<'_>], ops: &mut Ops<'_, '_>) -> bool {
    let starts_at = |at: &usize| after.children().nth(*at).is_some_and(|node| new.iter().take(1).all(|value| value.is(node)));
    let place = if new.is_empty() { None } else { before.children().count().checked_sub(1).filter(starts_at) };
    let (mut old, mut grown) = (before.children(), after.children());
    old.by_ref().take(place.unwrap_or(usize::MAX)).all(|b| grown.next().is_some_and(|a| same_tree(b, a, ops)))
        && new.iter().all(|value| grown.next().is_some_and(|node| value.is(node)))
        && old.all(|b| grown.next().is_some_and(|a| same_tree(b, a, ops)))
        && grown.next().is_none()
}

/// Whether new keys, which have names of their own, stand among those that were there, both in their order.
fn has_new_keys<'v>(before: Node<'_>, after: Node<'_>, new: impl Iterator<Item = (&'v str, &'v Value<'v>)>, ops: &mut Ops<'_, '_>) -> bool {
    let (mut old, mut new) = (before.children(), new.peekable());
    let mut grown = after.children();
    while let Some(key) = grown.next() {
        let Some(value) = grown.next() else { return false };
        let is_new = |(name, _): &(&str, &Value<'_>)| key.kind() == Kind::Scalar && key.text() == *name;
        let is_as_planned = match new.next_if(is_new) {
            Some((_, planned)) => planned.is(value),
            None => [key, value].into_iter().all(|a| old.next().is_some_and(|b| same_tree(b, a, ops))),
        };
        if !is_as_planned {
            return false;
        }
    }
    old.next().is_none() && new.next().is_none()
}

/// The third law for comments: all that `before` has are in `after`, in their order. Some are part of longer ones there.
pub(super) fn comments_are_kept(before: &Stream, after: &Stream) -> Result<(), String> {
    let mut found = after.comments().into_iter();
    match before.comments().into_iter().find(|comment| !found.any(|other| other.ends_with(comment))) {
        Some(comment) => Err(format!("a comment would be lost: {comment}")),
        None => Ok(()),
    }
}

/// The first law for the effective project: every service, and everything else at top level, is as before except for the changes
/// that are listed for it.
pub(super) fn effect_is_as_planned(before: &Project<'_>, after: &Project<'_>, fixes: &[&Fix]) -> Result<(), String> {
    let by_service: HashMap<&str, &&Fix> = fixes.iter().map(|f| (f.service.as_str(), f)).collect();
    if !all(&before.services, &after.services, |b, a| b.name == a.name) {
        return Err("the list of services changed".into());
    }
    // Without anchors and bases nothing but its own mapping makes a service, and that was compared node by node.
    let has_anchors = before.sources.files().iter().any(|f| f.stream.has_anchors());
    for (old, new) in before.services.iter().zip(&after.services) {
        let is_alone = !has_anchors && old.parts.iter().all(|p| !p.is_base) && old.parts.len() == new.parts.len();
        if is_alone && !by_service.contains_key(old.name) {
            continue;
        }
        let changes = by_service.get(old.name).map_or(&[][..], |f| &f.changes);
        let whats: Vec<&What> = changes.iter().map(|c| &c.what).collect();
        service_is_as_planned(old, new, &whats).map_err(|key| format!("service `{}`: `{key}` is not as planned", old.name))?;
    }
    let declared: Vec<&str> = fixes
        .iter()
        .flat_map(|f| &f.changes)
        .filter_map(|c| if let What::Declare(name) = &c.what { Some(name.as_str()) } else { None })
        .collect();
    let (mut expected, mut found) = (before.volumes.clone(), after.volumes.clone());
    expected.extend(declared);
    // One file may be included twice.
    for names in [&mut expected, &mut found] {
        names.sort_unstable();
        names.dedup();
    }
    if expected != found {
        return Err("the top-level volumes are not as planned".into());
    }
    let new_document = after.documents.len() == before.documents.len() + 1;
    if before.documents.len() != after.documents.len() && !new_document {
        return Err("the list of documents changed".into());
    }
    for (old, new) in before.documents.iter().zip(&after.documents) {
        let other = |e: &&Entry<'_>| !e.name().starts_with("x-") && !matches!(e.name(), "services" | "volumes");
        let same = all(old.top.iter().filter(other), new.top.iter().filter(other), |b, a| {
            b.name() == a.name() && same_value(b.value(), a.value())
        });
        let kept: HashMap<&str, &Entry<'_>> = new.volumes.iter().map(|e| (e.name(), e)).collect();
        if !same || !old.volumes.iter().all(|e| kept.get(e.name()).is_some_and(|n| same_value(e.value(), n.value()))) {
            return Err("a top-level section changed".into());
        }
    }
    Ok(())
}

/// `Err` names the key that is not as planned.
fn service_is_as_planned(old: &Service<'_>, new: &Service<'_>, whats: &[&What]) -> Result<(), String> {
    others_are_equal(old, new)?;
    let hardens = whats.iter().any(|w| matches!(w, What::ReadOnly));
    let same_setting = || match (old.get("read_only"), new.get("read_only")) {
        (Some(a), Some(b)) => same_value(a.value(), b.value()),
        (a, b) => a.is_none() == b.is_none(),
    };
    if if hardens { new.read_only != Known::Yes } else { !same_setting() } {
        return Err("read_only".into());
    }
    user_is_as_planned(old, new, whats)?;
    health_is_as_planned(old, new, whats)?;
    for key in LISTS {
        let items = |s: &Service<'_>| -> BTreeSet<String> { s.list(key).into_iter().map(|(_, text)| text.into_owned()).collect() };
        let mut expected = items(old);
        expected.extend(whats.iter().filter_map(|w| match w {
            What::Item { key: k, text } if k.name() == key => Some(text.clone()),
            _ => None,
        }));
        if expected != items(new) {
            return Err(key.into());
        }
    }
    mounts_are_as_planned(old, new, whats)
}

fn user_is_as_planned(old: &Service<'_>, new: &Service<'_>, whats: &[&What]) -> Result<(), String> {
    let planned = whats.iter().find_map(|w| if let What::User(user) = w { Some(user.as_str()) } else { None });
    let is_as_planned = match (planned, old.get("user"), new.get("user")) {
        (Some(planned), _, Some(user)) => user.value().resolved().as_str() == Some(planned),
        (None, Some(before), Some(after)) => same_value(before.value(), after.value()),
        (None, None, None) => true,
        _ => false,
    };
    if is_as_planned { Ok(()) } else { Err("user".into()) }
}

fn health_is_as_planned(old: &Service<'_>, new: &Service<'_>, whats: &[&What]) -> Result<(), String> {
    let planned = whats.iter().find_map(|w| if let What::Healthcheck(check) = w { Some(health_check(check)) } else { None });
    let is_as_planned = match (planned, old.get("healthcheck"), new.get("healthcheck")) {
        (Some(planned), None, Some(check)) => planned.is(check.value().resolved()),
        (None, Some(before), Some(after)) => same_value(before.value(), after.value()),
        (None, None, None) => true,
        _ => false,
    };
    if is_as_planned { Ok(()) } else { Err("healthcheck".into()) }
}

/// Whether a mount is this item of `tmpfs`.
fn is_item(mount: &Mount<'_>, item: &TmpfsItem) -> bool {
    mount.kind == MountKind::Tmpfs && mount.node.resolved().as_str() == Some(item.to_string().as_str())
}

/// All mounts that were there, and then exactly the new ones.
fn mounts_are_as_planned(old: &Service<'_>, new: &Service<'_>, whats: &[&What]) -> Result<(), String> {
    let by_target =
        |s: &Service<'_>| -> HashMap<String, usize> { s.mounts.iter().enumerate().rev().map(|(i, m)| (m.target.to_string(), i)).collect() };
    // Looking at a few is faster than hashing them.
    let is_small = new.mounts.len() <= 8;
    let (olds, news) = if is_small { Default::default() } else { (by_target(old), by_target(new)) };
    let mount_at = |known: &HashMap<String, usize>, mounts: &'_ [Mount<'_>], target: &str| {
        if is_small { mounts.iter().position(|m| m.target == target) } else { known.get(target).copied() }
    };
    let mut added = 0;
    let mut restricted: HashSet<Cow<'_, str>> = HashSet::new();
    for what in whats {
        let target = match what {
            What::Tmpfs(item) | What::TmpfsOptions(item) => Cow::Borrowed(item.target.as_str()),
            What::Volume { target, .. } => Cow::Borrowed(&**target),
            What::ReadOnlyBind(target) => Cow::Borrowed(target.as_str()),
            _ => continue,
        };
        let Some(mount) = mount_at(&news, &new.mounts, &target).map(|i| &new.mounts[i]) else { return Err(what.to_string()) };
        let is_as_planned = match what {
            What::Tmpfs(item) => is_item(mount, item),
            What::TmpfsOptions(item) => {
                let before = mount_at(&olds, &old.mounts, &target).map(|i| &old.mounts[i]);
                restricted.insert(target);
                is_item(mount, item) && before.is_some_and(|b| b.kind == MountKind::Tmpfs)
            }
            What::Volume { name, .. } => {
                mount.kind == MountKind::Volume && mount.source.as_deref() == Some(name) && mount.writable == Known::Yes
            }
            _ => {
                let before = mount_at(&olds, &old.mounts, &target).map(|i| &old.mounts[i]);
                let is_same = before.is_some_and(|b| b.kind == mount.kind && b.source == mount.source);
                restricted.insert(target);
                mount.writable == Known::No && is_same
            }
        };
        if !is_as_planned {
            return Err(what.to_string());
        }
        added += usize::from(!matches!(what, What::ReadOnlyBind(_) | What::TmpfsOptions(_)));
    }
    let kept: Vec<&Mount<'_>> = old.mounts.iter().filter(|m| !restricted.contains(&*m.target)).collect();
    if new.mounts.len() == old.mounts.len() + added && contains(&new.mounts, &kept) { Ok(()) } else { Err("mounts".into()) }
}

/// Whether every key that no change touches has the same values.
fn others_are_equal(old: &Service<'_>, new: &Service<'_>) -> Result<(), String> {
    let counts = |e: &Entry<'_>| Key::named(e.name()).is_none();
    let own = |s: &Service<'_>| s.parts.iter().filter(|p| !p.is_base).count();
    if old.parts.len() > new.parts.len() || own(new) > own(old) + 1 {
        return Err("a layer".to_owned());
    }
    // Parts keep their order; a layer may get a new one, which then has only keys that changes touch.
    let mut parts = new.parts.iter();
    for part in &old.parts {
        let Some(other) = parts.next() else { return Err("a layer".to_owned()) };
        let mut entries = other.entries().filter(counts);
        for entry in part.entries().filter(counts) {
            let in_place = entries.next().filter(|e| e.name() == entry.name());
            let found = in_place.or_else(|| other.entry(entry.name()));
            if !found.is_some_and(|e| same_value(entry.value(), e.value())) {
                return Err(entry.name().to_owned());
            }
        }
        if part.entries().filter(counts).count() != other.entries().filter(counts).count() {
            return Err("a new key".to_owned());
        }
    }
    match parts.flat_map(|p| p.entries().collect::<Vec<_>>()).find(counts) {
        Some(entry) => Err(entry.name().to_owned()),
        None => Ok(()),
    }
}

/// Whether two nodes are the same item. A tag that acts on lists is not part of a single item, when that becomes one of several.
fn same_item(old: Node<'_>, new: Node<'_>) -> bool {
    let (old, new) = (old.resolved(), new.resolved());
    let was_alone = old.kind() == Kind::Scalar && matches!(old.tag(), Some("!override" | "!reset"));
    if was_alone { new.kind() == Kind::Scalar && new.text() == old.text() } else { same_value(old, new) }
}

/// Whether all of `old` is in `new`. Mounts that are inherited may come to stand before others.
fn contains(new: &[Mount<'_>], old: &[&Mount<'_>]) -> bool {
    let same = |o: &Mount<'_>, n: &Mount<'_>| n.target == o.target && n.kind == o.kind && same_item(o.node, n.node);
    let mut rest = new.iter();
    if old.iter().all(|o| rest.any(|n| same(o, n))) {
        return true;
    }
    let mut by_target: HashMap<&str, Vec<&Mount<'_>>> = HashMap::new();
    for mount in new {
        by_target.entry(&*mount.target).or_default().push(mount);
    }
    old.iter().all(|o| by_target.get(&*o.target).is_some_and(|all| all.iter().any(|n| same(o, n))))
}
