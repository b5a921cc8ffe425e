//! Where a change goes, so that it takes effect for its service and for no other.
//!
//! | the effective value comes from | the change goes |
//! |---|---|
//! | a scalar of the service in some layers | to the last of them ([`spot`]) |
//! | lists of the service in some layers | to the last one with `!override`, else to one in the file where the service is at home |
//! | lists in other files only | into a new key at home: lists are joined, and the home file also works without the others |
//! | a list that a layer resets | in place of that `!reset`, as an `!override` |
//! | nothing | into a new key at the end of the service's own mapping, where it is at home |
//! | a base that it extends, which gets the change too | nowhere: it is inherited ([`inherit`]) |
//! | a base of another file, or one that is not changed | as if nothing were inherited: lists are joined, an own scalar wins |
//! | an anchor, and all its users get the same change | into the anchor's node, once |
//! | an anchor, and its users differ | into a new key of each, with the inherited items repeated |
//! | the service is an alias of another | the alias becomes `<<: *name` with own keys |
//! | the service's own mapping, which others merge in | as above, when each of them gets the change or a key of its own; else refused |
//! | an included file | there, by the same rules |
//! | a file that must not be edited | into a later layer that has the service; else refused |
//!
//! With a layer of its own for all changes, every row is: there.

mod inherit;
mod op;
mod sharing;
mod spot;

pub(super) use op::{Op, Placement, Site};

use super::Refused;
use super::value::Value;
use crate::audit::{Fix, Key, Rule, What};
use crate::compose::{Document, Entry, Mount, Part, Project, escaped, mount};
use crate::evidence::HealthCheck;
use crate::text::FileId;
use crate::yaml::{Kind, Node, Style};
use sharing::Sharing;
use spot::{Layer, Spot};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The new values of one service, by their key.
type Wish<'a> = Vec<(Key, Vec<Value<'a>>)>;

fn add_to<'a>(wish: &mut Wish<'a>, key: Key, value: Value<'a>) {
    match wish.iter_mut().find(|(k, _)| *k == key) {
        Some((_, values)) => values.push(value),
        None => wish.push((key, vec![value])),
    }
}

/// Finds the place of every change of `fixes`. With a `layer`, all changes go into that file.
pub(super) fn place<'a>(project: &Project<'a>, fixes: &[&Fix], layer: Option<FileId>) -> Placement<'a> {
    let mut placer = Placer::new(project, fixes, layer);
    placer.leave_merged_tags();
    placer.inherit();
    for key in Key::ALL {
        placer.place_key(key);
    }
    for fix in fixes {
        placer.declare(fix);
        placer.bind_read_only(fix);
        placer.give_options(fix);
    }
    placer.finish()
}

struct Placer<'p, 'a> {
    project: &'p Project<'a>,
    layer: Option<Layer<'a>>,
    /// New values by service.
    wishes: Vec<Option<Wish<'a>>>,
    /// `None` when no file has an alias: then no node has two users.
    sharing: Option<Sharing<'a>>,
    /// Services that the layer does not have yet, and new volumes, in order.
    new_services: BTreeMap<usize, Vec<(String, Value<'a>)>>,
    new_volumes: Vec<(String, Value<'a>)>,
    /// The last document that resets or overrides the top-level `volumes`: what earlier ones declare is lost.
    last_replacing: Option<usize>,
    placement: Placement<'a>,
}

fn site(node: Node<'_>) -> Site {
    (node.span().file.0, node.id())
}

/// A change's key and the value that is added there. `None` for what is no new value of a service.
fn wanted_value<'a>(what: &What) -> Option<(Key, Value<'a>)> {
    let value = match what {
        What::ReadOnly => Value::True,
        What::Healthcheck(check) => health_check(check),
        What::User(text) | What::Item { text, .. } => Value::Text(text.clone()),
        What::Tmpfs(item) => Value::Text(item.to_string()),
        What::Volume { name, target } => Value::Mount { name: name.clone(), target: target.to_string() },
        What::TmpfsOptions(_) | What::Declare(_) | What::ReadOnlyBind(_) => return None,
    };
    Some((what.key()?, value))
}

/// A `healthcheck`; its times but that of the start are those that the engine's own are in most files.
pub(super) fn health_check<'a>(check: &HealthCheck) -> Value<'a> {
    let text = |text: &str| Value::Text(text.to_owned());
    let words = std::iter::once(text("CMD")).chain(check.command.iter().map(|word| text(&escaped(word))));
    let pairs = [
        ("test", Value::Seq(words.collect())),
        ("interval", text("30s")),
        ("timeout", text("5s")),
        ("start_period", text(&check.start_period)),
    ];
    Value::Map(pairs.map(|(key, value)| (key.to_owned(), value)).into())
}

impl<'p, 'a> Placer<'p, 'a> {
    fn new(project: &'p Project<'a>, fixes: &[&Fix], layer: Option<FileId>) -> Self {
        let mut wishes: Vec<Option<Wish<'a>>> = Vec::new();
        wishes.resize_with(project.services.len(), || None);
        for fix in fixes {
            let Some(wish) = project.index_of(&fix.service).and_then(|i| wishes.get_mut(i)) else { continue };
            for (key, value) in fix.changes.iter().filter_map(|c| wanted_value(&c.what)) {
                add_to(wish.get_or_insert_default(), key, value);
            }
        }
        let sharing = Sharing::of(project);
        let tag = |d: &Document<'a>| d.get("volumes").and_then(|e| e.value().resolved().tag());
        let last_replacing = project.documents.iter().rposition(|d| matches!(tag(d), Some("!reset" | "!override")));
        let (new_services, new_volumes) = (BTreeMap::new(), Vec::new());
        let layer = layer.map(|file| Layer::of(project, file));
        Self { project, layer, wishes, sharing, new_services, new_volumes, last_replacing, placement: Placement::default() }
    }

    /// What a service is to get for a key, if anything.
    fn wish(&self, service: usize, key: Key) -> Option<&Vec<Value<'a>>> {
        let all = self.wishes[service].as_ref()?;
        all.iter().find(|(k, _)| *k == key).map(|(_, values)| values).filter(|values| !values.is_empty())
    }

    fn spot(&self, service: usize, key: Key) -> Spot<'a> {
        spot::find(self.project, &self.project.services[service], key.name(), self.layer.as_ref())
    }

    fn part(&self, service: usize, part: usize) -> &Part<'a> {
        &self.project.services[service].parts[part]
    }

    /// Refuses services that merge a `!reset` or `!override` in by `<<`: what it acts on depends on
    /// all that stands beside it, in every layer.
    fn leave_merged_tags(&mut self) {
        if self.sharing.is_none() || self.layer.is_some() {
            return;
        }
        for service in 0..self.wishes.len() {
            if self.wishes[service].is_none() {
                continue;
            }
            if let Some(key) = self.project.services[service].parts.iter().find_map(merged_tag) {
                self.wishes[service] = None;
                let why = format!("it merges in a tag such as `!reset` for its `{key}`, which acts on other layers as well");
                self.refuse(service, &why);
            }
        }
    }

    fn place_key(&mut self, key: Key) {
        let mut placed = vec![false; self.project.services.len()];
        for service in 0..self.project.services.len() {
            if placed[service] || self.wish(service, key).is_none() {
                continue;
            }
            match self.spot(service, key) {
                Spot::Locked(why) => {
                    let service = self.project.services[service].name.to_owned();
                    self.placement.refused.push(Refused { service, rule: Rule::LockedFile, why });
                }
                Spot::NewService => self.put_new_service(service, key),
                Spot::Part(part, entry) if self.sharing.is_none() => {
                    let node = entry.map_or(self.part(service, part).definition, |e| e.value());
                    self.put(node, entry, key, (service, part));
                }
                Spot::Part(part, entry) => {
                    for user in self.place_shared(service, part, entry, key, &placed) {
                        placed[user] = true;
                    }
                }
            }
        }
    }

    fn refuse(&mut self, service: usize, why: &str) {
        let service = self.project.services[service].name.to_owned();
        self.placement.refused.push(Refused { service, rule: Rule::SharedDefinition, why: why.to_owned() });
    }

    /// Puts the wish of a service where the value of one of its parts stands, or into a new key of that part's own mapping.
    fn put(&mut self, node: Node<'a>, entry: Option<Entry<'a>>, key: Key, (service, part): (usize, usize)) {
        let Some(values) = self.wish(service, key).cloned() else { return };
        let Some(entry) = entry else {
            return self.add_keys(node, vec![(key.name().to_owned(), new_value(key, values))]);
        };
        let part = self.part(service, part);
        let tag = part.tag(&entry);
        let op = match node.kind() {
            Kind::Sequence if tag != Some("!reset") => Op::Items(values),
            _ if !key.is_list() => Op::Replace(new_value(key, values)),
            _ if tag == Some("!reset") => {
                let value = Value::Override(merged_in(part, key).chain(values).collect());
                return self.replace(service, node, value);
            }
            _ => {
                // A tag that acts on a list is no part of an item.
                let alone = match (part.text(node), node.tag()) {
                    (Some(text), Some("!override" | "!reset")) => Some(Value::Text(text.to_owned())),
                    (None, _) if node.is_null() => None,
                    _ => Some(Value::Copy(node)),
                };
                Op::Replace(list(node.tag() == Some("!override"), alone.into_iter().chain(values).collect()))
            }
        };
        self.placement.ops.insert(site(node), (node, op));
    }

    /// Gives a part its own key with the items that it merges in and the new ones.
    fn put_own_key(&mut self, service: usize, part: usize, key: Key) {
        let Some(wish) = self.wish(service, key).cloned() else { return };
        let part = self.part(service, part);
        let (body, found) = (part.definition, crate::compose::merge::find(part.definition, key.name()));
        let merged_value = found.as_ref().map(|f| f.value.resolved());
        let tag = acting(part, key.name()).and_then(|e| part.tag(&e)).filter(|_| key.is_list());
        let values: Vec<Value<'a>> = match merged_value {
            _ if tag == Some("!reset") => merged_in(part, key).chain(wish).collect(),
            Some(node) if node.kind() == Kind::Sequence => node.items().map(Value::Copy).chain(wish).collect(),
            Some(node) if key.is_list() && !node.is_null() => std::iter::once(Value::Copy(node)).chain(wish).collect(),
            _ => wish,
        };
        // What merges in acts on earlier layers, so its own key must too.
        let value = if tag.is_some() { Value::Override(values) } else { new_value(key, values) };
        match found {
            Some(found) if found.owner == body.resolved() && body.kind() != Kind::Alias => self.replace(service, found.value, value),
            _ => self.add_keys(body, vec![(key.name().to_owned(), value)]),
        }
    }

    /// Another value in the place of a node of a service, unless an alias elsewhere stands for something within it.
    fn replace(&mut self, service: usize, node: Node<'a>, value: Value<'a>) {
        match self.sharing.as_ref().and_then(|s| s.alias_into(node)) {
            Some(alias) => self.refuse(service, &format!("a list of it holds what is used again by `{}`", alias.text())),
            None => _ = self.placement.ops.insert(site(node), (node, Op::Replace(value))),
        }
    }

    /// New keys for a mapping, or for the alias of one, which then becomes a mapping of its own.
    fn add_keys(&mut self, node: Node<'a>, keys: Vec<(String, Value<'a>)>) {
        let start = || match node.kind() {
            Kind::Alias => Op::Replace(Value::Map(vec![("<<".to_owned(), Value::Alias(node.text().trim_start_matches('*').to_owned()))])),
            _ => Op::Keys(Vec::new()),
        };
        let (_, op) = self.placement.ops.entry(site(node)).or_insert_with(|| (node, start()));
        if let Op::Keys(all) | Op::Replace(Value::Map(all)) = op {
            all.extend(keys);
        }
    }

    fn put_new_service(&mut self, service: usize, key: Key) {
        let Some(values) = self.wish(service, key).cloned() else { return };
        let entry = (key.name().to_owned(), new_value(key, values));
        self.new_services.entry(service).or_default().push(entry);
    }

    fn declare(&mut self, fix: &Fix) {
        let Some(service) = self.project.index_of(&fix.service) else { return };
        for change in &fix.changes {
            let What::Declare(name) = &change.what else { continue };
            let entry = (name.clone(), Value::Plain);
            if self.layer.is_some() {
                self.new_volumes.push(entry);
                continue;
            }
            let Spot::Part(part, _) = self.spot(service, Key::Volumes) else { continue };
            let Some(index) = self.part(service, part).document.map(|d| d as usize) else { continue };
            if self.last_replacing > Some(index) {
                self.refuse(service, "a later layer replaces the top-level `volumes`, so a new volume would be lost");
                continue;
            }
            self.add_volume(service, index, entry);
        }
    }

    /// Makes the binds of a fix read-only where they stand. That nobody else sees them there was found before the fix was made.
    fn bind_read_only(&mut self, fix: &Fix) {
        let targets = fix.changes.iter().filter_map(|c| if let What::ReadOnlyBind(target) = &c.what { Some(target) } else { None });
        let Some(service) = self.project.service(&fix.service) else { return };
        let by_target: HashMap<&str, &Mount<'a>> = service.mounts.iter().rev().map(|m| (&*m.target, m)).collect();
        for mount in targets.filter_map(|target| by_target.get(target.as_str())) {
            let node = mount.node;
            let found = match (node.as_str(), node.entries().find(|(key, _)| key.text() == "read_only")) {
                (Some(text), _) => {
                    let list = service.parts.get(mount.part as usize).and_then(|part| part.get("volumes"));
                    let in_flow = list.is_some_and(|list| list.value().style() == Style::Flow);
                    mount::read_only(text).map(|text| (node, Op::Amend { text, in_flow }))
                }
                (None, Some((_, value))) => Some((value, Op::Replace(Value::True))),
                (None, None) => Some((node, Op::Keys(vec![("read_only".to_owned(), Value::True)]))),
            };
            if let Some((node, op)) = found {
                self.placement.ops.insert(site(node), (node, op));
            }
        }
    }

    /// Gives tmpfs items of a fix other options where they stand. That nobody else sees them there was found before the fix was made.
    fn give_options(&mut self, fix: &Fix) {
        let items = fix.changes.iter().filter_map(|c| if let What::TmpfsOptions(item) = &c.what { Some(item) } else { None });
        let Some(service) = self.project.service(&fix.service) else { return };
        for item in items {
            let Some(mount) = service.mounts.iter().find(|m| m.target == item.target) else { continue };
            let op = self.placement.ops.entry(site(mount.node)).or_insert_with(|| {
                let part = service.parts.get(mount.part as usize);
                let list = part.and_then(|part| part.get("tmpfs")).map(|list| list.value());
                let in_flow = list.into_iter().chain(part.map(|part| part.definition)).any(|node| node.style() == Style::Flow);
                (mount.node, Op::Amend { text: String::new(), in_flow })
            });
            match &mut op.1 {
                Op::Amend { text, .. } => *text = item.to_string(),
                // The only text, which becomes the first item of a list.
                Op::Replace(Value::Seq(items) | Value::Override(items)) => items[0] = Value::Text(item.to_string()),
                _ => {}
            }
        }
    }

    fn add_volume(&mut self, service: usize, document: usize, entry: (String, Value<'a>)) {
        let document = &self.project.documents[document];
        match document.get("volumes") {
            Some(section) => {
                let node = section.value().resolved();
                let stray = self.sharing.as_ref().and_then(|s| s.stray_alias(node, &HashSet::new()));
                match stray.filter(|alias| *alias != section.value()) {
                    Some(alias) => self.refuse(service, &format!("the top-level `volumes` is used again by `{}`", alias.text())),
                    None => self.add_keys(node, vec![entry]),
                }
            }
            None => self.add_section(document.root, "volumes", entry),
        }
    }

    /// An entry of a top-level section that is not there yet, or was made by this.
    fn add_section(&mut self, root: Node<'a>, name: &str, entry: (String, Value<'a>)) {
        let (_, op) = self.placement.ops.entry(site(root)).or_insert_with(|| (root, Op::Keys(Vec::new())));
        let Op::Keys(keys) = op else { return };
        match keys.iter_mut().find(|(key, _)| key == name) {
            Some((_, Value::Map(entries))) => entries.push(entry),
            _ => keys.push((name.to_owned(), Value::Map(vec![entry]))),
        }
    }

    /// Puts what is new in the layer into it.
    fn finish(mut self) -> Placement<'a> {
        let Some(layer) = self.layer.take() else { return self.placement };
        let (file, document) = (layer.file, layer.document);
        let new = std::mem::take(&mut self.new_services);
        let name = |index: usize| self.project.services[index].name.to_owned();
        if let Some(section) = layer.written(self.project) {
            let entry = |(index, keys)| (name(index), Value::Map(keys), layer.later(self.project, section, index));
            let new: Vec<_> = new.into_iter().map(entry).collect();
            if !new.is_empty() {
                self.placement.ops.insert(site(section), (section, Op::Among(new)));
            }
            return self.finish_sections(file, document, Vec::new());
        }
        let services: Vec<(String, Value<'a>)> = new.into_iter().map(|(index, keys)| (name(index), Value::Map(keys))).collect();
        self.finish_sections(file, document, services)
    }

    fn finish_sections(mut self, file: FileId, document: Option<usize>, services: Vec<(String, Value<'a>)>) -> Placement<'a> {
        let volumes = std::mem::take(&mut self.new_volumes);
        let sections = [("services", services), ("volumes", volumes)];
        let Some(document) = document else {
            let keys: Vec<_> = sections.into_iter().filter(|(_, e)| !e.is_empty()).map(|(k, e)| (k.to_owned(), Value::Map(e))).collect();
            self.placement.fresh = (!keys.is_empty()).then_some((file, Value::Map(keys)));
            return self.placement;
        };
        for (name, entries) in sections {
            let document = &self.project.documents[document];
            let section = document.get(name).map(|e| e.value().resolved());
            for entry in entries {
                match section {
                    Some(node) => self.add_keys(node, vec![entry]),
                    None => self.add_section(document.root, name, entry),
                }
            }
        }
        self.placement
    }
}

/// The top-level keys of a layer that makes the changes of `fix` and nothing else.
pub(super) fn as_layer<'a>(fix: &Fix) -> Value<'a> {
    let mut wish: Wish<'a> = Wish::default();
    let mut volumes = Vec::new();
    for change in &fix.changes {
        match (wanted_value(&change.what), &change.what) {
            (Some((key, value)), _) => add_to(&mut wish, key, value),
            (None, What::Declare(name)) => volumes.push((name.clone(), Value::Plain)),
            (None, _) => {}
        }
    }
    let service = wish.into_iter().map(|(key, values)| (key.name().to_owned(), new_value(key, values))).collect();
    let services = vec![(fix.service.clone(), Value::Map(service))];
    let sections = [("services", services), ("volumes", volumes)];
    Value::Map(sections.into_iter().filter(|(_, e)| !e.is_empty()).map(|(k, e)| (k.to_owned(), Value::Map(e))).collect())
}

/// The items that a part merges in beside its own `!reset`.
fn merged_in<'a>(part: &Part<'a>, key: Key) -> impl Iterator<Item = Value<'a>> + use<'a> {
    let value = part.get(key.name()).map(|e| e.value().resolved());
    let alone = value.filter(|v| v.kind() == Kind::Scalar && !v.is_null()).map(Value::Copy);
    alone.into_iter().chain(value.into_iter().flat_map(Node::items).map(Value::Copy))
}

/// The key of a `!reset` or `!override` that a part takes from another mapping.
fn merged_tag<'a>(part: &Part<'a>) -> Option<&'a str> {
    let own: Vec<Node<'a>> = part.definition.resolved().entries().map(|(key, _)| key).collect();
    let is_tagged = |e: &Entry<'a>| matches!(e.value().resolved().tag(), Some("!reset" | "!override"));
    let merged = part.entries().filter(|e| Key::named(e.name()).is_some() && is_tagged(e));
    merged.map(|e| (e.key(), e.name())).find(|(key, _)| !own.contains(key)).map(|(_, name)| name)
}

/// The entry of a key that acts on earlier layers: it may be merged in beside another.
fn acting<'a>(part: &Part<'a>, key: &str) -> Option<Entry<'a>> {
    part.entries().find(|e| e.name() == key && part.tag(e).is_some())
}

fn list(is_override: bool, values: Vec<Value<'_>>) -> Value<'_> {
    if is_override { Value::Override(values) } else { Value::Seq(values) }
}

fn new_value(key: Key, mut values: Vec<Value<'_>>) -> Value<'_> {
    match values.pop() {
        Some(value) if !key.is_list() => value,
        last => Value::Seq(values.into_iter().chain(last).collect()),
    }
}
