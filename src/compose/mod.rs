//! The effective view of a Compose project: what its services are after YAML merging, every value with its place.
//!
//! Only what a hardener asks for is modelled; everything else stays reachable through [`Service::get`].

pub mod dockerfile;
mod image;
mod interpolate;
pub mod merge;
pub mod mount;

pub use image::{Image, Tag};
pub use interpolate::has_variable;
pub use merge::Entry;
pub use mount::{Known, Mount, MountKind, boolean, clean_path};

use crate::text::Span;
use crate::yaml::{Kind, Node, Stream, SyntaxError};
use std::collections::HashMap;

/// A project as far as it is read: the documents of its files, in Compose's order.
#[derive(Debug)]
pub struct Project<'a> {
    /// The files' node trees.
    pub streams: &'a [Stream],
    /// All documents, in merge order.
    pub documents: Vec<Document<'a>>,
    /// All services, in order of their first definition.
    pub services: Vec<Service<'a>>,
    by_name: HashMap<&'a str, usize>,
}

/// One document: its root mapping and what it says at top level after merging.
#[derive(Debug)]
pub struct Document<'a> {
    /// The root mapping.
    pub root: Node<'a>,
    /// Top-level keys after merging.
    pub top: Vec<Entry<'a>>,
    /// The entries of top-level `volumes` after merging.
    pub volumes: Vec<Entry<'a>>,
}

/// One service, as its first definition has it after merging.
#[derive(Debug)]
pub struct Service<'a> {
    /// Its name.
    pub name: &'a str,
    /// The key that holds its name.
    pub key: Node<'a>,
    /// Its value as written: a mapping or an alias of one.
    pub definition: Node<'a>,
    /// Aliases on the way to `definition` (`services: *x`).
    pub via: Vec<crate::yaml::NodeId>,
    /// Index of the document that defines it.
    pub document: usize,
    /// Where a later document or file defines it again.
    pub redefined: Option<Span>,
    /// Its keys after merging.
    pub entries: Vec<Entry<'a>>,
    /// Whether its root filesystem is read-only.
    pub read_only: Known,
    /// Everything mounted into it: `tmpfs` first, then `volumes`.
    pub mounts: Vec<Mount<'a>>,
}

/// What a service can do at a path.
#[derive(Clone, Copy, Debug)]
pub enum Coverage<'m, 'a> {
    /// The engine keeps it writable on every container.
    Engine,
    /// A writable mount at the path or above it.
    Writable(&'m Mount<'a>),
    /// A read-only mount at the path or above it.
    ReadOnly(&'m Mount<'a>),
    /// A variable decides whether this mount covers the path.
    Unknown(&'m Mount<'a>),
    /// Nothing is mounted there: `read_only` decides.
    Root,
}

/// Top-level keys of the Compose specification.
const TOP_LEVEL: [&str; 9] = ["name", "version", "services", "networks", "volumes", "secrets", "configs", "include", "models"];

impl<'a> Project<'a> {
    /// Reads the files of a project, in Compose's order.
    ///
    /// Errors: what Compose itself rejects in the keys that are read here, with Compose's words.
    pub fn read(streams: &'a [Stream]) -> Result<Self, SyntaxError> {
        let mut project = Self { streams, documents: Vec::new(), services: Vec::new(), by_name: HashMap::new() };
        for root in streams.iter().flat_map(Stream::roots) {
            let document = Document::read(root)?;
            if let Some(services) = document.get("services") {
                for entry in merge::entries(services.value) {
                    project.add(Service::read(&entry, &services.via, project.documents.len())?);
                }
            }
            project.documents.push(document);
        }
        if let (true, Some(stream)) = (project.documents.is_empty(), streams.first()) {
            let span = Span { file: stream.file(), start: 0, end: 0 };
            return Err(SyntaxError {
                span,
                message: "empty compose file".into(),
                hint: Some("a Compose file needs at least `services:`".into()),
            });
        }
        Ok(project)
    }

    fn add(&mut self, service: Service<'a>) {
        match self.by_name.get(service.name) {
            Some(&earlier) => self.services[earlier].redefined = Some(service.key.span()),
            None => {
                self.by_name.insert(service.name, self.services.len());
                self.services.push(service);
            }
        }
    }

    /// The position of the service called `name`.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The service called `name`.
    pub fn service(&self, name: &str) -> Option<&Service<'a>> {
        Some(&self.services[self.index_of(name)?])
    }
}

impl<'a> Document<'a> {
    fn read(root: Node<'a>) -> Result<Self, SyntaxError> {
        if root.kind() != Kind::Mapping {
            let hint = "a Compose file is a mapping with a `services:` key; an empty document after `---` counts as a document";
            return Err(invalid(root, "top-level object must be a mapping", Some(hint)));
        }
        let top = merge::entries(root);
        for entry in &top {
            let name = entry.key.text();
            if !name.starts_with("x-") && !TOP_LEVEL.contains(&name) {
                let hint = top
                    .iter()
                    .all(|e| e.key.text() != "services")
                    .then_some("files without `services:` are Compose version 1; move the services below that key");
                return Err(invalid(entry.key, format!("additional properties '{name}' not allowed"), hint));
            }
            if matches!(name, "services" | "volumes" | "configs" | "secrets") && entry.value.resolved().kind() != Kind::Mapping {
                let hint = entry.value.resolved().is_null().then_some("remove the key, or give it entries");
                return Err(invalid(entry.value, format!("{name} must be a mapping"), hint));
            }
        }
        let volumes = top.iter().find(|e| e.key.text() == "volumes").map(|e| merge::entries(e.value)).unwrap_or_default();
        Ok(Self { root, top, volumes })
    }

    /// A top-level key after merging.
    pub fn get(&self, key: &str) -> Option<&Entry<'a>> {
        self.top.iter().find(|e| e.key.text() == key)
    }
}

impl<'a> Service<'a> {
    fn read(entry: &Entry<'a>, via: &[crate::yaml::NodeId], document: usize) -> Result<Self, SyntaxError> {
        let (name, definition) = (entry.key.text(), entry.value);
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
            let hint = "service names are letters, digits, `.`, `_` and `-`";
            return Err(invalid(entry.key, format!("services additional properties '{name}' not allowed"), Some(hint)));
        }
        if definition.resolved().kind() != Kind::Mapping {
            return Err(invalid(
                definition,
                format!("services.{name} must be a mapping"),
                Some("a service needs at least `image:` or `build:`"),
            ));
        }
        let via = via.iter().chain(&entry.via).copied().collect();
        let entries = merge::entries(definition);
        let mut service =
            Self { name, key: entry.key, definition, via, document, redefined: None, entries, read_only: Known::No, mounts: Vec::new() };
        service.read_only = service.read_read_only()?;
        service.mounts = service.read_tmpfs()?;
        service.mounts.extend(service.read_volumes()?);
        Ok(service)
    }

    fn read_read_only(&self) -> Result<Known, SyntaxError> {
        let Some(entry) = self.get("read_only") else { return Ok(Known::No) };
        match (boolean(entry.value), entry.value.resolved().as_str()) {
            (Some(true), _) => Ok(Known::Yes),
            (Some(false), _) => Ok(Known::No),
            (None, Some(text)) if has_variable(text) => Ok(Known::Unknown),
            (None, _) if is_merge_tag(entry.value) => Ok(Known::Unknown),
            _ => Err(invalid(
                entry.value,
                format!("services.{}.read_only must be a boolean or string", self.name),
                Some("write true or false"),
            )),
        }
    }

    fn read_tmpfs(&self) -> Result<Vec<Mount<'a>>, SyntaxError> {
        let Some(entry) = self.get("tmpfs") else { return Ok(Vec::new()) };
        let value = entry.value.resolved();
        if let Some(text) = value.as_str() {
            return Ok(vec![mount::tmpfs_item(entry.value, text)]);
        }
        if value.kind() != Kind::Sequence {
            if is_merge_tag(value) {
                return Ok(Vec::new());
            }
            let hint = "write a path, or a list of paths, or remove the key";
            return Err(invalid(entry.value, format!("services.{}.tmpfs must be a string or a list of strings", self.name), Some(hint)));
        }
        let item = |(i, item): (usize, Node<'a>)| match item.resolved().as_str() {
            Some(text) => Ok(mount::tmpfs_item(item, text)),
            None => Err(invalid(item, format!("services.{}.tmpfs[{i}] must be a string", self.name), None)),
        };
        value.items().enumerate().map(item).collect()
    }

    fn read_volumes(&self) -> Result<Vec<Mount<'a>>, SyntaxError> {
        let Some(entry) = self.get("volumes") else { return Ok(Vec::new()) };
        let value = entry.value.resolved();
        if value.kind() != Kind::Sequence {
            if is_merge_tag(value) {
                return Ok(Vec::new());
            }
            return Err(invalid(
                entry.value,
                format!("services.{}.volumes must be a list", self.name),
                Some("write a list, or remove the key"),
            ));
        }
        let item = |(i, item): (usize, Node<'a>)| {
            mount::volume_item(item).map_err(|(node, why)| invalid(node, format!("services.{}.volumes[{i}]: {why}", self.name), None))
        };
        value.items().enumerate().map(item).collect()
    }

    /// A key after merging.
    pub fn get(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|e| e.key.text() == key)
    }

    /// The text of a key whose value is a string.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key)?.value.resolved().as_str()
    }

    /// All scalar texts at or below a key: the words of a command, the values of an environment.
    pub fn texts(&self, key: &str) -> Vec<Node<'a>> {
        let mut found = Vec::new();
        let mut waiting: Vec<Node<'a>> = self.get(key).map(|e| e.value).into_iter().collect();
        while let Some(node) = waiting.pop() {
            let node = node.resolved();
            match node.kind() {
                Kind::Scalar => found.push(node),
                Kind::Sequence => waiting.extend(node.items()),
                _ => waiting.extend(merge::entries(node).into_iter().map(|e| e.value)),
            }
        }
        found.sort_by_key(|n| n.id());
        found
    }

    /// What the service can do at `path` (cleaned): the deepest mount at it or above it decides.
    pub fn coverage(&self, path: &str) -> Coverage<'_, 'a> {
        let covers = |target: &str| path == target || path.strip_prefix(target).is_some_and(|rest| rest.starts_with('/')) || target == "/";
        if ["/proc", "/dev/shm", "/dev/mqueue"].iter().any(|p| covers(p)) {
            return Coverage::Engine;
        }
        let known = self.mounts.iter().filter(|m| covers(&m.target)).max_by_key(|m| m.target.len());
        let maybe = self.mounts.iter().find(|m| interpolate::may_equal(&m.target, path));
        match (known, maybe) {
            (_, Some(mount)) => Coverage::Unknown(mount),
            (Some(mount), None) => match mount.writable {
                Known::Yes => Coverage::Writable(mount),
                Known::No => Coverage::ReadOnly(mount),
                Known::Unknown => Coverage::Unknown(mount),
            },
            (None, None) => Coverage::Root,
        }
    }
}

/// `!reset` and `!override` act on earlier layers.
fn is_merge_tag(node: Node<'_>) -> bool {
    matches!(node.tag(), Some("!reset" | "!override"))
}

fn invalid(node: Node<'_>, message: impl Into<String>, hint: Option<&str>) -> SyntaxError {
    SyntaxError { span: node.span(), message: message.into(), hint: hint.map(str::to_owned) }
}
