//! The effective view of a Compose project: what its services are after all merging, every value with its place.
//!
//! Compose's order (compose-go v2.9.1, `loader/loader.go`), which decides where an edit works: for each document of each layer, YAML
//! merge keys, then variables, then `extends`, then `!reset` and `!override` against what was merged so far, then `include`, then the
//! merge over what was merged so far. So a service is a list of [`Part`]s. Only what a hardener asks for is modelled; everything else
//! stays reachable through [`Service::get`].

pub mod dockerfile;
mod env;
pub mod env_file;
mod image;
mod interpolate;
pub mod merge;
mod model;
pub mod mount;
mod naming;
mod oddities;
mod path;
mod read;
mod service;
pub mod settings;
mod shape;
mod socket;
mod sources;
mod tmpfs;
mod words;

pub use env::{Env, NoEnv};
pub use image::{Image, Tag, published_as, shown_reference};
pub use interpolate::{escaped, has_variable};
pub use merge::Entry;
pub use model::{LISTS, differences};
pub use mount::{Known, Mount, MountKind, boolean};
pub use oddities::{Oddity, oddities};
pub use path::{clean_path, is_at};
pub use read::wanted;
pub use service::{Coverage, Part, PartValue, Service};
pub use socket::{ENGINE_SOCKETS, is_engine_socket};
pub use sources::{NotRead, Source, Sources, Wanted};
pub use tmpfs::{TmpfsItem, TmpfsOptions};
pub use words::{Script, Simple, Word, script, split};

use crate::text::Span;
use crate::yaml::{Kind, Node, Stream, SyntaxError};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Files beside the Compose files that services name, by the paths that [`dockerfile::references`] and [`env_file::references`] ask for;
/// or why one is not read. What is not there is not among them.
pub type Texts = HashMap<PathBuf, Result<String, String>>;

/// A project as far as it is read.
#[derive(Debug)]
pub struct Project<'a> {
    /// The files.
    pub sources: &'a Sources,
    /// All documents of layers and included files, in the order in which they are merged.
    pub documents: Vec<Document<'a>>,
    /// All services, in order of their first definition.
    pub services: Vec<Service<'a>>,
    /// Names of the declared volumes.
    pub volumes: Vec<&'a str>,
    /// What is not read, and where: includes that are not on this machine or outside of the project.
    pub unread: Vec<(Span, NotRead)>,
    /// What configs and secrets are made of, by name.
    files: HashMap<&'a str, Node<'a>>,
    by_name: HashMap<&'a str, usize>,
}

/// One document: its root mapping and what it says at top level after YAML merging.
#[derive(Debug)]
pub struct Document<'a> {
    /// The root mapping.
    pub root: Node<'a>,
    /// Whether it is of a layer, and not of an included file.
    pub is_layer: bool,
    /// Top-level keys after merging.
    pub top: Vec<Entry<'a>>,
    /// The entries of top-level `volumes` after merging.
    pub volumes: Vec<Entry<'a>>,
    /// The variables of its values.
    env: Arc<Env>,
}

/// Top-level keys of the Compose specification.
const TOP_LEVEL: [&str; 9] = ["name", "version", "services", "networks", "volumes", "secrets", "configs", "include", "models"];

impl<'a> Project<'a> {
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
    fn read(root: Node<'a>, is_layer: bool, env: &Arc<Env>) -> Result<Self, SyntaxError> {
        if root.kind() != Kind::Mapping {
            let hint = "a Compose file is a mapping with a `services:` key; an empty document after `---` counts as a document";
            return Err(invalid(root, "top-level object must be a mapping", Some(hint)));
        }
        let top = merge::entries(root);
        let named = |name: &str| top.iter().find(|e| e.name() == name);
        if let (Some(version), Some(kind), None) = (named("apiVersion"), named("kind"), named("services")) {
            let kind = kind.value().resolved().text();
            let is_word = !kind.is_empty() && kind.len() < 64 && kind.bytes().all(|b| b.is_ascii_alphanumeric());
            let kind = if is_word { format!(" ({kind})") } else { String::new() };
            let hint = "name a Compose file; in a pod, `securityContext.readOnlyRootFilesystem: true` is what makes the root read-only";
            return Err(invalid(version.key(), format!("this is a Kubernetes manifest{kind}, not a Compose file"), Some(hint)));
        }
        for entry in &top {
            let name = entry.name();
            if !name.starts_with("x-") && !TOP_LEVEL.contains(&name) {
                let hint = top
                    .iter()
                    .all(|e| e.name() != "services")
                    .then_some("files without `services:` are Compose version 1; move the services below that key");
                return Err(invalid(entry.key(), format!("additional properties '{name}' not allowed"), hint));
            }
            let value = entry.value().resolved();
            let is_section = matches!(name, "services" | "volumes" | "configs" | "secrets");
            if is_section && value.kind() != Kind::Mapping && !service::is_reset(value) {
                let hint = value.is_null().then_some("remove the key, or give it entries");
                return Err(invalid(entry.value(), format!("{name} must be a mapping"), hint));
            }
        }
        let volumes = top.iter().find(|e| e.name() == "volumes").map(|e| merge::entries(e.value())).unwrap_or_default();
        Ok(Self { root, is_layer, top, volumes, env: env.clone() })
    }

    /// `text` with its variables replaced; `None` when one is not set here.
    pub fn resolve<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        interpolate::resolve(text, &self.env)
    }

    /// The part of `text` behind the last variable that is not set here.
    pub fn ending(&self, text: &str) -> String {
        interpolate::ending(text, &self.env)
    }

    /// A top-level key after merging.
    pub fn get(&self, key: &str) -> Option<Entry<'a>> {
        self.top.iter().find(|e| e.name() == key).copied()
    }
}

/// Whether every document of a file is a mapping of the Compose specification's top-level keys, at least one of them.
pub fn is_compose_file(stream: &Stream) -> bool {
    let is_known = |name: &str| TOP_LEVEL.contains(&name);
    let is_compose = |root: Node<'_>| {
        let top = merge::entries(root);
        top.iter().any(|e| is_known(e.name())) && top.iter().all(|e| is_known(e.name()) || e.name().starts_with("x-"))
    };
    stream.roots().next().is_some() && stream.roots().all(is_compose)
}

fn invalid(node: Node<'_>, message: impl Into<String>, hint: Option<&str>) -> SyntaxError {
    SyntaxError { span: node.span(), message: message.into(), hint: hint.map(str::to_owned) }
}
