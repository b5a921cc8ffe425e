//! Mounts: both volume syntaxes and `tmpfs` become one [`Mount`].
//!
//! Rules: Compose's `format/volume.go`, checked against the real CLI.

use super::env::Env;
use super::interpolate::{self, has_hidden, has_variable, split_outside_variables};
use super::merge::{self, Entry};
use super::path::{clean_path, path_clean};
use super::socket::is_engine_socket;
use super::tmpfs::{TmpfsOptions, halves};
use crate::text::Span;
use crate::yaml::{Kind, Node, Scalar};
use std::borrow::Cow;

/// What is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountKind {
    /// A file or folder of the host.
    Bind,
    /// A named volume.
    Volume,
    /// A volume without a name.
    Anonymous,
    /// Memory.
    Tmpfs,
    /// Another image's files, a config or a secret: never writable.
    Fixed,
    /// A variable decides.
    Unknown,
}

/// Yes, no, or a variable decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Depends on a variable.
    Unknown,
}

/// One mount of a service.
#[derive(Clone, Debug)]
pub struct Mount<'a> {
    /// Where it is mounted, cleaned. Holds the text as written when a variable is in it.
    pub target: Cow<'a, str>,
    /// Whether no variable decides where that is.
    pub is_placed: bool,
    /// What is mounted.
    pub kind: MountKind,
    /// Whether the container may write to it.
    pub writable: Known,
    /// Host path or volume name.
    pub source: Option<Cow<'a, str>>,
    /// The list item (or the scalar of `tmpfs: /run`).
    pub node: Node<'a>,
    /// Index of the service's part that has it.
    pub part: u32,
    /// Whether another service has it, and this one by `volumes_from`.
    pub is_lent: bool,
    /// Its places as they stand in the file, where the value of a variable is in the others.
    written: Option<Box<Written>>,
}

/// The places of a mount as they stand in the file.
#[derive(Clone, Debug)]
struct Written {
    source: Option<String>,
    target: String,
}

impl<'a> Mount<'a> {
    /// A file that Compose mounts: one of a config or a secret.
    pub(super) fn of_file(target: String, node: Node<'a>, part: u32) -> Self {
        let is_placed = !has_variable(&target);
        let target = target_of(Cow::Owned(target), is_placed);
        Self { target, is_placed, kind: MountKind::Fixed, writable: Known::No, source: None, node, part, is_lent: false, written: None }
    }

    /// Whether it is the socket of a container engine.
    pub fn is_engine_socket(&self) -> bool {
        matches!(self.kind, MountKind::Bind | MountKind::Unknown)
            && (is_engine_socket(&self.target) || self.source.as_deref().is_some_and(is_engine_socket))
    }

    /// [`Mount::target`] as it may be shown to others: the value of a variable may be a secret.
    pub fn shown_target(&self) -> &str {
        self.written.as_ref().map_or(&*self.target, |written| &written.target)
    }

    /// [`Mount::source`] as it may be shown to others.
    pub fn shown_source(&self) -> Option<&str> {
        self.written.as_ref().map_or(self.source.as_deref(), |written| written.source.as_deref())
    }

    /// Whether the value of a variable stands in its places.
    pub fn is_hidden(&self) -> bool {
        self.written.is_some()
    }

    /// Where it stands.
    pub fn span(&self) -> Span {
        self.node.span()
    }
}

/// A target as written, cleaned unless a variable is in it or it is relative.
fn target_of(text: Cow<'_, str>, known: bool) -> Cow<'_, str> {
    if !known && has_variable(&text) || !text.starts_with('/') {
        return text;
    }
    let cleaned = clean_path(&text);
    if cleaned == text { text } else { Cow::Owned(cleaned) }
}

/// The first bytes of a text that may have been made from variables.
fn prefix<'a>(text: &Cow<'a, str>, length: usize) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..length]),
        Cow::Owned(text) => Cow::Owned(text[..length].to_owned()),
    }
}

/// An item of `tmpfs` (`/run` or `/run:mode=755,uid=1000`), and what tells it from others when layers are merged.
pub(super) fn tmpfs_item<'a>(node: Node<'a>, text: &'a str, part: u32, env: &Env) -> (Cow<'a, str>, Mount<'a>) {
    let resolved = interpolate::resolve(text, env);
    let is_known = resolved.is_some();
    let spec = resolved.unwrap_or(Cow::Borrowed(text));
    let (path, options) = if spec.starts_with('$') { (&*spec, "") } else { halves(&spec) };
    let writable = match (is_known, TmpfsOptions::parse(options).read_only) {
        (false, _) => Known::Unknown,
        (true, true) => Known::No,
        (true, false) => Known::Yes,
    };
    let target = target_of(prefix(&spec, path.len()), is_known);
    let is_placed = is_known || !has_variable(&target);
    let path = |text: &str| text[..split_outside_variables(text, ':')[0]].to_owned();
    let written = has_hidden(text, env).then(|| Box::new(Written { source: None, target: path(text) }));
    let mount = Mount { target, is_placed, kind: MountKind::Tmpfs, writable, source: None, node, part, is_lent: false, written };
    let identity = match spec.find('=') {
        None => spec,
        Some(end) => prefix(&spec, end),
    };
    (identity, mount)
}

/// What a short spec says.
struct Spec<'t> {
    source: Option<&'t str>,
    target: &'t str,
    kind: MountKind,
    writable: Known,
}

/// An item of `volumes` in short syntax. `Err` holds Compose's complaint.
fn short_volume<'a>(node: Node<'a>, text: &'a str, part: u32, env: &Env) -> Result<(Cow<'a, str>, Mount<'a>), String> {
    let resolved = interpolate::resolve(text, env);
    let is_known = resolved.is_some();
    let written = has_hidden(text, env).then(|| match split_spec(text).as_slice() {
        [source, target, ..] => Box::new(Written { source: Some((*source).to_owned()), target: (*target).to_owned() }),
        _ => Box::new(Written { source: None, target: text.to_owned() }),
    });
    let is_hidden = written.is_some();
    let shown = |why: String| if is_hidden { format!("{text} becomes an invalid spec") } else { why };
    let mount = |target: Cow<'a, str>, kind, writable, source| {
        let is_placed = is_known || !has_variable(&target);
        Mount { target, is_placed, kind, writable, source, node, part, is_lent: false, written }
    };
    match resolved.unwrap_or(Cow::Borrowed(text)) {
        Cow::Borrowed(text) => {
            let spec = read_spec(text, is_known)?;
            let target = target_of(Cow::Borrowed(spec.target), is_known);
            let identity = if target == spec.target { Cow::Borrowed(spec.target) } else { Cow::Owned(path_clean(spec.target)) };
            Ok((identity, mount(target, spec.kind, spec.writable, spec.source.map(Cow::Borrowed))))
        }
        Cow::Owned(text) => {
            let spec = read_spec(&text, true).map_err(shown)?;
            let source = spec.source.map(|s| Cow::Owned(s.to_owned()));
            Ok((
                Cow::Owned(path_clean(spec.target)),
                mount(target_of(Cow::Owned(spec.target.to_owned()), true), spec.kind, spec.writable, source),
            ))
        }
    }
}

/// Reads a short spec. Where it is not `known`, variables stand in it.
fn read_spec(text: &str, known: bool) -> Result<Spec<'_>, String> {
    let has_variable = |text: &str| !known && has_variable(text);
    let parts = split_spec(text);
    let (source, target, options) = match parts.as_slice() {
        _ if text.is_empty() => return Err("invalid empty volume spec".into()),
        // Compose takes a spec of one or two bytes for a target.
        _ if text.len() <= 2 => (None, text, ""),
        [.., ""] | ["", ..] | [_, "", ..] => return Err(format!("invalid spec: {text}: empty section between colons")),
        [target] => (None, *target, ""),
        [source, target] => (Some(*source), *target, ""),
        [source, target, options] => (Some(*source), *target, *options),
        _ => return Err(format!("invalid spec: {text}: too many colons")),
    };
    let kind = match source {
        // A whole item that is one variable may hold anything.
        None if has_variable(target) => MountKind::Unknown,
        None => MountKind::Anonymous,
        Some(source) if has_variable(source) && source.starts_with('$') => MountKind::Unknown,
        Some(source) if is_host_path(source) => MountKind::Bind,
        Some(_) => MountKind::Volume,
    };
    let writable = if has_variable(options) || kind == MountKind::Unknown && source.is_none() {
        Known::Unknown
    } else if options.split(',').rfind(|o| matches!(*o, "ro" | "rw")) == Some("ro") {
        Known::No
    } else {
        Known::Yes
    };
    Ok(Spec { source, target, kind, writable })
}

/// Splits at `:` outside `${…}`; a `:` after exactly one letter belongs to a Windows drive.
fn split_spec(text: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = Vec::new();
    let mut start = 0;
    for end in split_outside_variables(text, ':') {
        let part = &text[start..end];
        let mut letters = part.chars();
        let is_drive = matches!((letters.next(), letters.next()), (Some(c), None) if c.is_alphabetic());
        if !is_drive || end == text.len() {
            parts.push(part);
            start = end + 1;
        }
    }
    parts
}

/// A bind in short syntax with `ro` among its options. `None` when it is none, or a variable is where the options may be.
pub fn read_only(text: &str) -> Option<String> {
    match split_spec(text).as_slice() {
        [_, target] if !has_variable(target) => Some(format!("{text}:ro")),
        [source, target, options] if !has_variable(options) => {
            // Of several, the last counts.
            let last = options.split(',').rfind(|o| matches!(*o, "rw" | "ro"));
            let options = match last {
                Some(_) => options.split(',').map(|o| if o == "rw" { "ro" } else { o }).collect::<Vec<_>>().join(","),
                None => format!("{options},ro"),
            };
            Some(format!("{source}:{target}:{options}"))
        }
        _ => None,
    }
}

fn is_host_path(source: &str) -> bool {
    let mut chars = source.chars();
    source.starts_with(['.', '/', '~', '\\']) || matches!((chars.next(), chars.next()), (Some(c), Some(':')) if c.is_alphabetic())
}

/// An item of `volumes` in long syntax. `Err` holds the node to blame and the complaint.
fn long_volume<'a>(node: Node<'a>, part: u32, env: &Env) -> Result<(Cow<'a, str>, Mount<'a>), (Node<'a>, String)> {
    let entries = merge::entries(node.resolved());
    let get = |key: &str| entries.iter().find(|e| e.name() == key).map(Entry::value);
    let text = |key: &str| get(key).map(Node::resolved).and_then(Node::as_str);
    let Some(kind) = get("type") else { return Err((node, "must have a type".into())) };
    let resolved = |text: &'a str| interpolate::resolve(text, env).unwrap_or(Cow::Borrowed(text));
    let kind = match kind.resolved().as_str().map(resolved).as_deref() {
        Some("bind") => MountKind::Bind,
        Some("volume") if get("source").is_none() => MountKind::Anonymous,
        Some("volume") => MountKind::Volume,
        Some("tmpfs") => MountKind::Tmpfs,
        Some("image") => MountKind::Fixed,
        Some("npipe" | "cluster") => MountKind::Unknown,
        Some(other) if has_variable(other) => MountKind::Unknown,
        _ => return Err((kind, "must be one of bind, volume, tmpfs, image, npipe, cluster".into())),
    };
    let Some(target) = text("target") else { return Err((node, "is missing a mount target".into())) };
    let is_known = interpolate::resolve(target, env).is_some();
    let target = resolved(target);
    let writable = match (kind, get("read_only")) {
        (MountKind::Fixed, _) => Known::No,
        (_, None) => Known::Yes,
        (_, Some(value)) => match boolean_in(value, env) {
            Some(true) => Known::No,
            Some(false) => Known::Yes,
            None => Known::Unknown,
        },
    };
    let is_placed = is_known || !has_variable(&target);
    let is_hidden = |key: &str| text(key).is_some_and(|text| has_hidden(text, env));
    let as_written = |key: &str| text(key).map(|text| interpolate::shown(text, env).into_owned());
    let written = ["source", "target"]
        .iter()
        .any(|key| is_hidden(key))
        .then(|| Box::new(Written { source: as_written("source"), target: as_written("target").unwrap_or_default() }));
    let source = text("source").map(resolved);
    let mount =
        Mount { target: target_of(target.clone(), is_known), is_placed, kind, writable, source, node, part, is_lent: false, written };
    Ok((target, mount))
}

/// [`boolean`] with variables replaced.
pub(super) fn boolean_in(value: Node<'_>, env: &Env) -> Option<bool> {
    let text = value.resolved().as_str().filter(|t| has_variable(t));
    match text {
        None => boolean(value),
        Some(text) => word(&interpolate::resolve(text, env)?),
    }
}

/// A boolean field's value: YAML booleans and the words that Compose casts (`yes no on off y n`, any case). `None` when a variable
/// decides or it is no boolean.
pub fn boolean(value: Node<'_>) -> Option<bool> {
    let value = value.resolved();
    match value.scalar()? {
        Scalar::Bool(is) => Some(is),
        Scalar::Str(text) => word(text),
        _ => None,
    }
}

pub(super) fn word(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "on" => Some(true),
        "false" | "no" | "n" | "off" => Some(false),
        _ => None,
    }
}

/// An item of `volumes` in the part with this index, and what tells it from others when layers are merged. `Err` holds the node to blame and the complaint.
pub fn volume_item<'a>(item: Node<'a>, part: u32, env: &Env) -> Result<(Cow<'a, str>, Mount<'a>), (Node<'a>, String)> {
    let value = item.resolved();
    match value.kind() {
        Kind::Mapping => long_volume(item, part, env),
        _ => match value.as_str() {
            Some(text) => short_volume(item, text, part, env).map_err(|why| (item, why)),
            None => Err((item, "must be a string or a mapping".into())),
        },
    }
}

#[cfg(test)]
mod tests;
