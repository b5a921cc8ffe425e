//! One service: the parts that make it, and what they come to.

mod coverage;
mod layer;
mod others;

pub use coverage::Coverage;
pub(super) use layer::check_layer;
use layer::wrong_kind;
pub(super) use others::complete;

use super::env::Env;
use super::interpolate::{self, has_variable};
use super::invalid;
use super::merge::{self, Entry};
use super::mount::{self, Known, Mount, boolean};
use super::sources::NotRead;
use crate::text::Span;
use crate::yaml::{Kind, Node, SyntaxError};
use coverage::MountIndex;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// Where the relative paths of a part start, and the variables of its values.
#[derive(Debug)]
pub(super) struct Scope {
    pub(super) folder: PathBuf,
    pub(super) env: Arc<Env>,
}

/// What one document says of a service.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// The key that holds its name.
    pub key: Node<'a>,
    /// Its value as written: a mapping or an alias of one.
    pub definition: Node<'a>,
    /// Index of the project's document that it stands in; `None` for what is only there to be extended.
    pub document: Option<u32>,
    /// Whether it comes in through `extends`.
    pub is_base: bool,
    /// The first part that its `!reset` and `!override` act on.
    pub reach: usize,
    /// Whether its `!reset` and `!override` act at all: inside an `!override` they do not.
    pub(super) acts: bool,
    /// Its keys after YAML merging, where those are others than its own ones.
    pub(super) merged: Option<Arc<[Entry<'a>]>>,
    pub(super) scope: Arc<Scope>,
}

impl<'a> Part<'a> {
    /// Its keys after YAML merging. A key that is reset may come twice.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'a>> + '_ {
        let own = self.merged.is_none().then(|| self.definition.entries().map(Entry::new));
        own.into_iter().flatten().chain(self.merged.iter().flat_map(|all| all.iter().copied()))
    }

    /// Forgets what is reset in a mapping that stands elsewhere and is merged in: Compose takes it out where it stands.
    pub(super) fn forget_merged_resets(&mut self) {
        let body = self.definition.resolved().span();
        let is_own = |entry: &Entry<'_>| (body.start..body.end).contains(&entry.key().span().start);
        let is_gone = |entry: &Entry<'_>| entry.value().resolved().tag() == Some("!reset") && !is_own(entry);
        if let Some(merged) = self.merged.take() {
            self.merged = Some(merged.iter().filter(|entry| !is_gone(entry)).copied().collect());
        }
    }

    /// A key's first entry: one that is reset, or its value.
    pub fn entry(&self, key: &str) -> Option<Entry<'a>> {
        self.entries().find(|e| e.name() == key)
    }

    /// A key's value after YAML merging: not one that is reset.
    pub fn get(&self, key: &str) -> Option<Entry<'a>> {
        self.entries().find(|e| e.name() == key && self.tag(e) != Some("!reset"))
    }

    /// The text of a value that is a string. One with a `!reset` that does not act is one, whatever stands in it.
    pub fn text(&self, value: Node<'a>) -> Option<&'a str> {
        let value = value.resolved();
        let is_idle = !self.acts && is_reset(value) && value.kind() == Kind::Scalar;
        if is_idle { Some(value.text()) } else { value.as_str() }
    }

    /// The `!reset` or `!override` with which an entry acts on earlier layers.
    pub fn tag(&self, entry: &Entry<'a>) -> Option<&'a str> {
        entry.value().resolved().tag().filter(|tag| self.acts && matches!(*tag, "!reset" | "!override"))
    }
}

/// A service after all merging.
#[derive(Clone, Debug)]
pub struct Service<'a> {
    /// Its name.
    pub name: &'a str,
    /// What makes it, in the order of merging: later parts win.
    pub parts: Vec<Part<'a>>,
    /// Whether its root filesystem is read-only.
    pub read_only: Known,
    /// Everything mounted into it: `tmpfs` first, then `volumes`.
    pub mounts: Vec<Mount<'a>>,
    /// What is mounted by other keys: `volumes_from`, `configs` and `secrets`.
    others: Vec<Arc<[Mount<'a>]>>,
    /// The services that it has mounts from by `volumes_from`, also through others.
    pub lenders: Vec<&'a str>,
    /// The item of `volumes_from` that names a container which is not of this project.
    pub unknown_mounts: Option<Node<'a>>,
    /// Why it is not known whole, and where: a base that is not on this machine, say.
    pub unread: Option<Box<(Span, NotRead)>>,
    /// Made when it is first needed; few services have many mounts.
    index: OnceLock<Box<MountIndex>>,
}

/// A value of one part.
#[derive(Clone, Copy, Debug)]
pub struct PartValue<'a> {
    /// Index of the part.
    pub part: usize,
    /// The key and its value.
    pub entry: Entry<'a>,
}

impl<'a> Service<'a> {
    pub(super) fn read(name: &'a str, parts: Vec<Part<'a>>, unread: Option<Box<(Span, NotRead)>>) -> Result<Self, SyntaxError> {
        let mut service = Self {
            name,
            parts,
            read_only: Known::No,
            mounts: Vec::new(),
            others: Vec::new(),
            lenders: Vec::new(),
            unknown_mounts: None,
            unread,
            index: OnceLock::new(),
        };
        service.read_only = service.read_read_only()?;
        service.mounts = service.read_tmpfs()?;
        service.mounts.extend(service.read_volumes()?);
        // There are many services, and few mounts in each.
        service.mounts.shrink_to_fit();
        service.check_targets()?;
        Ok(service)
    }

    /// Everything that is mounted, by whatever key.
    pub fn all_mounts(&self) -> impl Iterator<Item = &Mount<'a>> {
        self.others.iter().flat_map(|mounts| mounts.iter()).chain(&self.mounts)
    }

    /// Compose takes no two mounts at one target, unless it is spelled in two ways.
    fn check_targets(&self) -> Result<(), SyntaxError> {
        let mut seen: HashMap<&str, &Mount<'a>> = HashMap::new();
        let twice = |m: &Mount<'_>, rest: &[Mount<'_>]| rest.iter().any(|o| o.target == m.target);
        let is_small = self.mounts.len() <= 8;
        if is_small && !(1..self.mounts.len()).any(|i| twice(&self.mounts[i], &self.mounts[..i])) {
            return Ok(());
        }
        for mount in &self.mounts {
            let Some(earlier) = seen.insert(&mount.target, mount) else { continue };
            let written = |m: &Mount<'_>| self.written_target(m);
            if written(mount).is_some() && written(mount) == written(earlier) {
                let message = format!("services.{}: target {} already mounted", self.name, mount.shown_target());
                let hint = "Compose refuses two mounts at one target; layers unify tmpfs items only when they agree before the first `=`";
                return Err(invalid(mount.node, message, Some(hint)));
            }
        }
        Ok(())
    }

    /// A mount's target as Compose compares it.
    fn written_target(&self, mount: &Mount<'_>) -> Option<String> {
        let node = mount.node.resolved();
        let env = &self.parts.get(mount.part as usize)?.scope.env;
        let is_tmpfs_item = mount.kind == mount::MountKind::Tmpfs && node.kind() == Kind::Scalar;
        if is_tmpfs_item {
            let text = interpolate::resolve(node.as_str()?, env)?;
            return Some(text.split(':').next().unwrap_or_default().to_owned());
        }
        // Of tmpfs items the text counts; volumes are cleaned before they are compared.
        mount::volume_item(node, mount.part, env).ok().map(|(identity, _)| super::path::path_clean(&identity))
    }

    fn read_read_only(&self) -> Result<Known, SyntaxError> {
        let Some(PartValue { part, entry }) = self.values("read_only").pop() else { return Ok(Known::No) };
        let text = self.parts[part].text(entry.value());
        match (text.map_or_else(|| boolean(entry.value()), mount::word), text) {
            (Some(true), _) => Ok(Known::Yes),
            (Some(false), _) => Ok(Known::No),
            (None, Some(text)) if has_variable(text) => Ok(Known::Unknown),
            _ => Err(wrong_kind(self.name, &entry)),
        }
    }

    fn read_tmpfs(&self) -> Result<Vec<Mount<'a>>, SyntaxError> {
        let mut found = Unique::default();
        for PartValue { part, entry } in self.values("tmpfs") {
            let value = entry.value().resolved();
            let env = &self.parts[part].scope.env;
            if let Some(text) = self.parts[part].text(value) {
                found.put(mount::tmpfs_item(entry.value(), text, part as u32, env));
                continue;
            }
            if value.kind() != Kind::Sequence {
                return Err(wrong_kind(self.name, &entry));
            }
            for (i, item) in value.items().enumerate() {
                match item.resolved().as_str() {
                    Some(text) => found.put(mount::tmpfs_item(item, text, part as u32, env)),
                    None => return Err(invalid(item, format!("services.{}.tmpfs[{i}] must be a string", self.name), None)),
                }
            }
        }
        Ok(found.mounts)
    }

    fn read_volumes(&self) -> Result<Vec<Mount<'a>>, SyntaxError> {
        let mut found = Unique::default();
        for PartValue { part, entry } in self.values("volumes") {
            let value = entry.value().resolved();
            if value.kind() != Kind::Sequence {
                return Err(wrong_kind(self.name, &entry));
            }
            for (i, item) in value.items().enumerate() {
                let mount = mount::volume_item(item, part as u32, &self.parts[part].scope.env)
                    .map_err(|(node, why)| invalid(node, format!("services.{}.volumes[{i}]: {why}", self.name), None))?;
                found.put(mount);
            }
        }
        Ok(found.mounts)
    }

    /// The targets of `volumes` in parts after this one, as Compose compares them when it merges.
    pub fn volumes_after(&self, part: usize) -> Vec<Cow<'a, str>> {
        let later = self.values("volumes").into_iter().filter(|v| v.part > part);
        let items = later.flat_map(|v| v.entry.value().resolved().items().map(move |item| (v.part, item)));
        items
            .filter_map(|(part, item)| mount::volume_item(item, part as u32, &self.parts[part].scope.env).ok())
            .map(|(identity, _)| identity)
            .collect()
    }

    /// The definition in which a mount stands in the list `key`, or as its only text, and nowhere else, so that a change of it changes nothing else in the
    /// file; `None` where it has other users or comes from somewhere else.
    pub fn alone(&self, mount: &Mount<'a>, key: &str) -> Option<Node<'a>> {
        let part = self.parts.get(mount.part as usize).filter(|part| !mount.is_hidden() && !part.is_base)?;
        let list = part.definition.entries().find(|(own, _)| own.text() == key).map(|(_, list)| list)?;
        let is_own = |node: &Node<'a>| node.anchor().is_none() && node.kind() != Kind::Alias;
        // A part of the mount that is used elsewhere, or comes from there, would carry the change along.
        let mut waiting = vec![mount.node];
        while let Some(node) = waiting.pop() {
            if !is_own(&node) {
                return None;
            }
            waiting.extend(node.children());
        }
        let (outer, inner) = (list.span(), mount.span());
        let is_inside = outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end;
        let is_one = list.kind() == Kind::Sequence || list == mount.node;
        let is_alone = is_one && is_own(&part.definition) && is_own(&list);
        (is_alone && is_inside).then_some(part.definition)
    }

    /// The values that count for `key`, in the order of merging. Of a scalar the last one wins; lists and mappings are joined.
    pub fn values(&self, key: &str) -> Vec<PartValue<'a>> {
        let mut found: Vec<PartValue<'a>> = Vec::new();
        for (index, part) in self.parts.iter().enumerate() {
            // A key that is reset may be merged in as well.
            let most = if part.acts { usize::MAX } else { 1 };
            for entry in part.entries().filter(|e| e.name() == key).take(most) {
                let value = entry.value().resolved();
                let tag = part.tag(&entry);
                if tag.is_some() {
                    // It acts on what came before; a value that the part has beside it stays.
                    found.retain(|v| v.part < part.reach || v.part == index);
                } else if value.is_null() && part.text(value).is_none() && !found.is_empty() {
                    // Null keeps what is there.
                    continue;
                } else if matches!(key, "command" | "entrypoint") {
                    found.clear();
                }
                if tag != Some("!reset") {
                    found.push(PartValue { part: index, entry });
                }
            }
        }
        found
    }

    /// A key's value: the last one.
    pub fn get(&self, key: &str) -> Option<Entry<'a>> {
        if let [part] = self.parts.as_slice() {
            return part.get(key);
        }
        self.values(key).pop().map(|v| v.entry)
    }

    /// Whether a boolean key is set, its variables replaced.
    pub fn flag(&self, key: &str) -> bool {
        let Some(PartValue { part, entry }) = self.values(key).pop() else { return false };
        let part = &self.parts[part];
        match part.text(entry.value()) {
            Some(text) => interpolate::resolve(text, &part.scope.env).is_some_and(|text| mount::word(&text) == Some(true)),
            None => boolean(entry.value()) == Some(true),
        }
    }

    /// Whether a boolean key is set, or a variable decides.
    pub fn may_be(&self, key: &str) -> bool {
        let Some(PartValue { part, entry }) = self.values(key).pop() else { return false };
        let part = &self.parts[part];
        match part.text(entry.value()) {
            Some(text) => interpolate::resolve(text, &part.scope.env).is_none_or(|text| mount::word(&text) == Some(true)),
            None => boolean(entry.value()) == Some(true),
        }
    }

    /// The text of a key whose value is a string, with its variables replaced; as written where one is not set.
    pub fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        let PartValue { part, entry } = self.values(key).pop()?;
        let text = self.parts[part].text(entry.value())?;
        Some(self.resolve(part, text))
    }

    /// [`Service::text`] as it may be shown to others: as it stands in the file, where a variable's value would be in it.
    pub fn shown_text(&self, key: &str) -> Option<Cow<'a, str>> {
        let PartValue { part, entry } = self.values(key).pop()?;
        let text = entry.value().resolved().as_str()?;
        Some(self.parts.get(part).map_or(Cow::Borrowed(text), |p| interpolate::shown(text, &p.scope.env)))
    }

    /// `text` of a part with its variables replaced; as written where one is not set.
    pub fn resolve<'t>(&self, part: usize, text: &'t str) -> Cow<'t, str> {
        self.parts.get(part).and_then(|p| interpolate::resolve(text, &p.scope.env)).unwrap_or(Cow::Borrowed(text))
    }

    /// The items of a list of strings with their texts, variables replaced.
    pub fn list(&self, key: &str) -> Vec<(Node<'a>, Cow<'a, str>)> {
        let values = self.values(key).into_iter();
        let items = values.flat_map(|v| v.entry.value().resolved().items().map(move |item| (v.part, item)));
        items.filter_map(|(part, item)| Some((item, self.resolve(part, item.resolved().as_str()?)))).collect()
    }

    /// All scalar texts at or below a key: the words of a command, the values of an environment.
    pub fn texts(&self, key: &str) -> Vec<Node<'a>> {
        let mut found = Vec::new();
        for value in self.values(key) {
            let first = found.len();
            let mut waiting = vec![value.entry.value()];
            while let Some(node) = waiting.pop() {
                let node = node.resolved();
                match node.kind() {
                    Kind::Scalar => found.push(node),
                    Kind::Sequence => waiting.extend(node.items()),
                    _ => waiting.extend(merge::entries(node).into_iter().map(|e| e.value())),
                }
            }
            found[first..].sort_by_key(|n| n.id());
        }
        found
    }

    /// The part that gives the service its image, else the first that is its own: where new keys go.
    pub fn home(&self) -> &Part<'a> {
        &self.parts[self.home_index()]
    }

    /// Index of [`Service::home`].
    pub fn home_index(&self) -> usize {
        let own = |i: &usize| !self.parts[*i].is_base;
        let has_image = |i: &usize| ["image", "build"].iter().any(|key| self.parts[*i].get(key).is_some());
        let all = 0..self.parts.len();
        all.clone().find(|i| own(i) && has_image(i)).or_else(|| all.clone().find(own)).unwrap_or(0)
    }

    /// The key that holds its name, where it is at home.
    pub fn key(&self) -> Node<'a> {
        self.home().key
    }
}

/// Whether the value of a variable is in a scalar of `node` or below it.
pub(super) fn has_hidden_below(node: Node<'_>, env: &Env) -> bool {
    let mut waiting = vec![node];
    while let Some(node) = waiting.pop() {
        let node = node.resolved();
        if node.kind() == Kind::Scalar && interpolate::has_hidden(node.text(), env) {
            return true;
        }
        waiting.extend(node.items());
        waiting.extend(merge::entries(node).iter().map(Entry::value));
    }
    false
}

/// Mounts of which a later one takes the place of an earlier one with the same identity.
#[derive(Default)]
struct Unique<'a> {
    mounts: Vec<Mount<'a>>,
    identities: Vec<Cow<'a, str>>,
    places: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Unique<'a> {
    fn put(&mut self, (identity, mount): (Cow<'a, str>, Mount<'a>)) {
        // Looking at a few is faster than hashing them.
        let is_small = self.identities.len() < 8;
        if !is_small && self.places.is_empty() {
            self.places = self.identities.iter().cloned().enumerate().map(|(i, id)| (id, i)).collect();
        }
        let place = if is_small { self.identities.iter().position(|i| *i == identity) } else { self.places.get(&identity).copied() };
        match place {
            Some(place) => self.mounts[place] = mount,
            None => {
                if !is_small {
                    self.places.insert(identity.clone(), self.mounts.len());
                }
                self.identities.push(identity);
                self.mounts.push(mount);
            }
        }
    }
}

/// Whether a value is one that only removes what earlier layers have.
pub(super) fn is_reset(node: Node<'_>) -> bool {
    node.tag() == Some("!reset")
}
