//! Which of a service's parts takes a change.

use crate::audit::Key;
use crate::compose::merge;
use crate::compose::{Entry, Part, Project, Service};
use crate::text::FileId;
use crate::yaml::{Kind, Node, Style};
use std::collections::HashSet;

/// Where the change of one key of a service goes.
#[derive(Debug)]
pub(super) enum Spot<'a> {
    /// The part with this index: to the value that it has for the key, or into a new key.
    Part(usize, Option<Entry<'a>>),
    /// A new entry of `services` in the layer that takes all changes.
    NewService,
    /// Nowhere: the files that could take it must not be edited, and why.
    Locked(String),
}

/// The layer that takes all changes.
pub(super) struct Layer<'a> {
    pub(super) file: FileId,
    /// Its last document, if it has one.
    pub(super) document: Option<usize>,
    /// The services that this document names.
    services: HashSet<&'a str>,
}

impl<'a> Layer<'a> {
    pub(super) fn of(project: &Project<'a>, file: FileId) -> Self {
        let document = project.documents.iter().rposition(|d| d.is_layer && d.root.span().file == file);
        let section = document.and_then(|d| project.documents[d].get("services"));
        let services = section.into_iter().flat_map(|s| merge::entries(s.value())).map(|e| e.name()).collect();
        Self { file, document, services }
    }

    /// The `services` of the layer, where it ends with services that a plan wrote.
    pub(super) fn written(&self, project: &Project<'a>) -> Option<Node<'a>> {
        let section = project.documents[self.document?].get("services")?.value();
        let last = section.entries().last()?;
        (section.style() == Style::Block && is_written((&last.0, &last.1))).then_some(section)
    }

    /// The first service of a plan in `section` that comes after `service` in the project: before it goes the new one, so that the order
    /// of steps does not matter.
    pub(super) fn later(&self, project: &Project<'a>, section: Node<'a>, service: usize) -> Option<Node<'a>> {
        let entries: Vec<(Node<'a>, Node<'a>)> = section.entries().collect();
        let start = entries.iter().rposition(|(key, value)| !is_written((key, value))).map_or(0, |at| at + 1);
        let order: Vec<Option<usize>> = entries[start..].iter().map(|(key, _)| project.index_of(key.text())).collect();
        let at = order.iter().position(|index| *index > Some(service)).filter(|_| order.is_sorted())?;
        Some(entries[start + at].0)
    }
}

/// Whether a service of a layer has only keys that plans write.
fn is_written((key, value): (&Node<'_>, &Node<'_>)) -> bool {
    let is_plans = |(key, _): (Node<'_>, Node<'_>)| Key::named(key.text()).is_some();
    key.kind() == Kind::Scalar && value.kind() == Kind::Mapping && value.entries().all(is_plans)
}

/// Finds the spot of `key` by the table in [`super`].
pub(super) fn find<'a>(project: &Project<'a>, service: &Service<'a>, key: &str, layer: Option<&Layer<'a>>) -> Spot<'a> {
    if let Some(layer) = layer {
        let in_layer = |part: &Part<'_>| !part.is_base && part.key.span().file == layer.file;
        return match service.parts.iter().rposition(in_layer) {
            Some(part) => Spot::Part(part, service.parts[part].entry(key)),
            None => obstacle(project, service, layer).map_or(Spot::NewService, Spot::Locked),
        };
    }
    let (part, entry) = open(service, key);
    let locked = |part: &Part<'_>| project.sources.file(part.key.span().file).and_then(|s| s.locked.clone());
    match locked(&service.parts[part]) {
        None => Spot::Part(part, entry),
        Some(why) => {
            // Later layers add to lists and win with scalars.
            let later = (part + 1..service.parts.len()).find(|&p| !service.parts[p].is_base && locked(&service.parts[p]).is_none());
            later.map_or(Spot::Locked(why), |p| Spot::Part(p, service.parts[p].entry(key)))
        }
    }
}

/// Why a layer cannot get a new entry for a service, if so.
fn obstacle(project: &Project<'_>, service: &Service<'_>, layer: &Layer<'_>) -> Option<String> {
    let document = layer.document?;
    let path = project.sources.file(layer.file)?.path.display();
    if layer.services.contains(service.name) {
        return Some(format!("{path} has an empty entry for it; remove that first"));
    }
    // Compose takes no service that a file both includes and defines.
    let included = service.parts.iter().any(|p| p.document.is_some_and(|d| d as usize > document));
    included.then(|| format!("it comes from a file that {path} itself includes"))
}

/// The spot if every file may be edited.
fn open<'a>(service: &Service<'a>, key: &str) -> (usize, Option<Entry<'a>>) {
    let home = service.home_index();
    if let [part] = service.parts.as_slice() {
        return (0, part.entry(key));
    }
    let own = || service.parts.iter().enumerate().filter(|(_, part)| !part.is_base);
    let holds = |entry: &Entry<'_>| !entry.value().resolved().is_null();
    let tag = |i: usize, entry: &Entry<'a>| service.parts[i].tag(entry);
    // A layer may merge the tag in beside a list of its own.
    let last_tagged = own().filter_map(|(i, p)| Some((i, super::acting(p, key)?))).next_back();
    if matches!(key, "read_only" | "user") {
        let all = service.parts.iter().enumerate();
        let last = all.filter_map(|(i, p)| Some((i, p.entry(key)?))).rfind(|(i, e)| holds(e) || tag(*i, e).is_some());
        return match last {
            Some((i, entry)) if !service.parts[i].is_base => (i, Some(entry)),
            // What a layer extends comes before its own keys, and after those of earlier layers.
            Some((base, _)) => own().find(|(i, _)| *i > base).map_or((home, None), |(i, p)| (i, p.entry(key))),
            None => (home, service.parts[home].entry(key)),
        };
    }
    let first = match &last_tagged {
        Some((i, entry)) if tag(*i, entry) == Some("!override") => return (*i, Some(*entry)),
        Some((i, _)) => *i,
        None => 0,
    };
    // Other files, such as an override for development, may be left out when the project is started.
    let home_file = service.parts[home].key.span().file;
    let is_near = |i: usize| last_tagged.is_some() || service.parts[i].key.span().file == home_file;
    let lists = || own().filter(|(i, _)| *i >= first && is_near(*i)).filter_map(|(i, p)| Some((i, p.get(key).filter(holds)?)));
    let at_home = lists().find(|(i, _)| *i == home);
    match at_home.or_else(|| lists().next()).or(last_tagged) {
        // Where a layer resets the list and merges one in as well, the `!reset` makes room for both.
        Some((i, entry)) => (i, service.parts[i].entry(key).or(Some(entry))),
        None => (home, service.parts[home].entry(key)),
    }
}
