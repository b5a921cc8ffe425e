//! Mounts: both volume syntaxes and `tmpfs` become one [`Mount`].
//!
//! Rules: Compose's `format/volume.go`, checked against the real CLI.

use crate::compose::interpolate::{has_variable, split_outside_variables};
use crate::text::Span;
use crate::yaml::{Kind, Node, Scalar};

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
    pub target: String,
    /// What is mounted.
    pub kind: MountKind,
    /// Whether the container may write to it.
    pub writable: Known,
    /// Host path or volume name.
    pub source: Option<&'a str>,
    /// The list item (or the scalar of `tmpfs: /run`).
    pub node: Node<'a>,
}

impl Mount<'_> {
    /// Where it stands.
    pub fn span(&self) -> Span {
        self.node.span()
    }
}

/// Cleans an absolute path (`//a/./b/../c/` → `/a/c`) and follows the links that nearly every Linux image has:
/// `/var/run` → `/run`, `/var/lock` → `/run/lock`.
pub fn clean_path(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    match parts.as_slice() {
        ["var", "run", ..] => parts.drain(..1).for_each(drop),
        ["var", "lock", ..] => parts[0] = "run",
        _ => {}
    }
    format!("/{}", parts.join("/"))
}

/// A target as written, cleaned unless a variable is in it or it is relative.
fn target_of(text: &str) -> String {
    if has_variable(text) || !text.starts_with('/') { text.to_owned() } else { clean_path(text) }
}

/// An item of `tmpfs`: `/run` or `/run:mode=755,uid=1000`.
pub fn tmpfs_item<'a>(node: Node<'a>, text: &'a str) -> Mount<'a> {
    let (path, options) = text.split_once(':').filter(|_| !text.starts_with('$')).unwrap_or((text, ""));
    // `ro,rw`: the last wins (moby).
    let read_only = options.split(',').rfind(|o| matches!(*o, "ro" | "rw")) == Some("ro");
    let writable = match (has_variable(text), read_only) {
        (true, _) => Known::Unknown,
        (false, true) => Known::No,
        (false, false) => Known::Yes,
    };
    Mount { target: target_of(path), kind: MountKind::Tmpfs, writable, source: None, node }
}

/// An item of `volumes` in short syntax. `Err` holds Compose's complaint.
pub fn short_volume<'a>(node: Node<'a>, text: &'a str) -> Result<Mount<'a>, String> {
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
        Some(source) if source.starts_with('$') => MountKind::Unknown,
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
    Ok(Mount { target: target_of(target), kind, writable, source, node })
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

fn is_host_path(source: &str) -> bool {
    let mut chars = source.chars();
    source.starts_with(['.', '/', '~', '\\']) || matches!((chars.next(), chars.next()), (Some(c), Some(':')) if c.is_alphabetic())
}

/// An item of `volumes` in long syntax. `Err` holds the node to blame and the complaint.
pub fn long_volume<'a>(node: Node<'a>, get: impl Fn(&str) -> Option<Node<'a>>) -> Result<Mount<'a>, (Node<'a>, String)> {
    let text = |key: &str| get(key).map(Node::resolved).and_then(Node::as_str);
    let Some(kind) = get("type") else { return Err((node, "must have a type".into())) };
    let kind = match kind.resolved().as_str() {
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
    let writable = match (kind, get("read_only")) {
        (MountKind::Fixed, _) => Known::No,
        (_, None) => Known::Yes,
        (_, Some(value)) => match boolean(value) {
            Some(true) => Known::No,
            Some(false) => Known::Yes,
            None => Known::Unknown,
        },
    };
    Ok(Mount { target: target_of(target), kind, writable, source: text("source"), node })
}

/// A boolean field's value: YAML booleans and the words that Compose casts (`yes no on off y n`, any case). `None` when a variable
/// decides or it is no boolean.
pub fn boolean(value: Node<'_>) -> Option<bool> {
    let value = value.resolved();
    match value.scalar()? {
        Scalar::Bool(is) => Some(is),
        Scalar::Str(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" | "on" => Some(true),
            "false" | "no" | "n" | "off" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Reads one item of `volumes`. `Err` holds the node to blame and the complaint.
pub fn volume_item(item: Node<'_>) -> Result<Mount<'_>, (Node<'_>, String)> {
    let value = item.resolved();
    match value.kind() {
        Kind::Mapping => {
            let entries = crate::compose::merge::entries(value);
            long_volume(item, |key| entries.iter().find(|e| e.key.text() == key).map(|e| e.value))
        }
        _ => match value.as_str() {
            Some(text) => short_volume(item, text).map_err(|why| (item, why)),
            None => Err((item, "must be a string or a mapping".into())),
        },
    }
}
