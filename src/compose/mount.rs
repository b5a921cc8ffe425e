//! Mounts: both volume syntaxes and `tmpfs` become one [`Mount`].
//!
//! Rules: Compose's `format/volume.go`, checked against the real CLI.

use super::interpolate::{self, Env, has_variable, split_outside_variables};
use super::merge::{self, Entry};
use super::path::{clean_path, path_clean};
use super::socket::is_engine_socket;
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
}

impl Mount<'_> {
    /// Whether it is the socket of a container engine.
    pub fn is_engine_socket(&self) -> bool {
        matches!(self.kind, MountKind::Bind | MountKind::Unknown)
            && (is_engine_socket(&self.target) || self.source.as_deref().is_some_and(is_engine_socket))
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

/// Where an item of `tmpfs` that is written by us is mounted.
pub fn tmpfs_target(item: &str) -> String {
    let path = item.split(':').next().unwrap_or(item);
    interpolate::resolve(path, &Env::new()).map_or_else(|| path.to_owned(), Cow::into_owned)
}

/// An item of `tmpfs` (`/run` or `/run:mode=755,uid=1000`), and what tells it from others when layers are merged.
pub(super) fn tmpfs_item<'a>(node: Node<'a>, text: &'a str, part: u32, env: &Env) -> (Cow<'a, str>, Mount<'a>) {
    let resolved = interpolate::resolve(text, env);
    let is_known = resolved.is_some();
    let spec = resolved.unwrap_or(Cow::Borrowed(text));
    let (path, options) = spec.split_once(':').filter(|_| !spec.starts_with('$')).unwrap_or((&spec, ""));
    // `ro,rw`: the last wins (moby).
    let read_only = options.split(',').rfind(|o| matches!(*o, "ro" | "rw")) == Some("ro");
    let writable = match (is_known, read_only) {
        (false, _) => Known::Unknown,
        (true, true) => Known::No,
        (true, false) => Known::Yes,
    };
    let target = target_of(prefix(&spec, path.len()), is_known);
    let is_placed = is_known || !has_variable(&target);
    let mount = Mount { target, is_placed, kind: MountKind::Tmpfs, writable, source: None, node, part };
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
    let mount = |target: Cow<'a, str>, kind, writable, source| {
        let is_placed = is_known || !has_variable(&target);
        Mount { target, is_placed, kind, writable, source, node, part }
    };
    match resolved.unwrap_or(Cow::Borrowed(text)) {
        Cow::Borrowed(text) => {
            let spec = read_spec(text, is_known)?;
            let target = target_of(Cow::Borrowed(spec.target), is_known);
            let identity = if target == spec.target { Cow::Borrowed(spec.target) } else { Cow::Owned(path_clean(spec.target)) };
            Ok((identity, mount(target, spec.kind, spec.writable, spec.source.map(Cow::Borrowed))))
        }
        Cow::Owned(text) => {
            let spec = read_spec(&text, true)?;
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
    let source = text("source").map(resolved);
    let mount = Mount { target: target_of(target.clone(), is_known), is_placed, kind, writable, source, node, part };
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
mod tests {
    use super::*;
    use crate::compose::Sources;
    use crate::text::{FileId, MAX_FILE_BYTES, TextFile};
    use crate::yaml::Stream;

    /// `kind source:target mode`, or the complaint, for an item as YAML.
    fn shown(item: &str, of: &str) -> String {
        let text = format!("services:\n  s:\n    image: x\n    {of}:\n      - {item}\n");
        let file = TextFile::new("f", text.into_bytes(), MAX_FILE_BYTES).expect("text");
        let sources = Sources::single(Stream::parse(&file, FileId(0)).expect("YAML"));
        match crate::compose::Project::read(&sources) {
            Err(e) => e.message.rsplit(": ").next().unwrap_or_default().to_owned(),
            Ok(project) => {
                let mount = &project.services[0].mounts[0];
                let source = mount.source.as_ref().map_or(String::new(), |s| format!("{s}:"));
                format!("{:?} {source}{} {:?}", mount.kind, mount.target, mount.writable)
            }
        }
    }

    #[test]
    fn binds_in_short_syntax_become_read_only() {
        for (text, expected) in [
            ("./a:/b", Some("./a:/b:ro")),
            ("./a:/b:rw", Some("./a:/b:ro")),
            ("./a:/b:rw,z", Some("./a:/b:ro,z")),
            ("./a:/b:z", Some("./a:/b:z,ro")),
            ("${DIR:-./a}:/b", Some("${DIR:-./a}:/b:ro")),
            ("C:\\a:/b", Some("C:\\a:/b:ro")),
            ("./a:${B}", None),
            ("./a:/b:${MODE}", None),
            ("/b", None),
        ] {
            assert_eq!(read_only(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn short_volumes_are_read_as_compose_reads_them() {
        for (item, expected) in [
            ("/data", "Anonymous /data Yes"),
            ("/data/", "Anonymous /data Yes"),
            ("data:/d", "Volume data:/d Yes"),
            ("data:/d:ro", "Volume data:/d No"),
            ("data:/d:ro,rw", "Volume data:/d Yes"),
            ("data:/d:RO", "Volume data:/d Yes"),
            ("data:/d:z,ro", "Volume data:/d No"),
            ("./a:/d", "Bind ./a:/d Yes"),
            (".a:/d", "Bind .a:/d Yes"),
            ("~a:/d", "Bind ~a:/d Yes"),
            ("/h:/var/run/x", "Bind /h:/run/x Yes"),
            ("C:\\w:/d", "Bind C:\\w:/d Yes"),
            ("d:/data", "Anonymous d:/data Yes"),
            ("/data:ro", "Bind /data:ro Yes"),
            ("\"\"", "invalid empty volume spec"),
            ("/h:/d:ro:z", "too many colons"),
            ("/h::ro", "empty section between colons"),
            ("\"/h:/d:\"", "empty section between colons"),
            ("${V}:/d", "Unknown ${V}:/d Yes"),
            ("${V:-./x}:/d", "Bind ./x:/d Yes"),
            ("data:${T}", "Volume data:${T} Yes"),
            ("data:/d:${M}", "Volume data:/d Unknown"),
            ("${ALL}", "Unknown ${ALL} Unknown"),
            ("5", "must be a string or a mapping"),
        ] {
            assert_eq!(shown(item, "volumes"), expected, "{item}");
        }
    }

    #[test]
    fn long_volumes_and_tmpfs_items_are_read_as_compose_reads_them() {
        for (item, expected) in [
            ("{type: bind, source: ./a, target: /d}", "Bind ./a:/d Yes"),
            ("{type: volume, source: v, target: /d/}", "Volume v:/d Yes"),
            ("{type: volume, target: /d}", "Anonymous /d Yes"),
            ("{type: tmpfs, target: /d}", "Tmpfs /d Yes"),
            ("{type: image, source: i, target: /d}", "Fixed i:/d No"),
            ("{type: '${T:-bind}', source: ./a, target: '${D:-/d}', read_only: '${R:-true}'}", "Bind ./a:/d No"),
            ("{type: bind, source: ./a, target: /d, read_only: \"no\"}", "Bind ./a:/d Yes"),
            ("{type: bind, source: ./a, target: /d, read_only: $R}", "Bind ./a:/d Unknown"),
            ("{target: /d}", "must have a type"),
            ("{type: x, target: /d}", "must be one of bind, volume, tmpfs, image, npipe, cluster"),
            ("{type: bind}", "is missing a mount target"),
        ] {
            assert_eq!(shown(item, "volumes"), expected, "{item}");
        }
        for (item, expected) in [
            ("/run", "Tmpfs /run Yes"),
            ("/run:ro", "Tmpfs /run No"),
            ("/var/run:size=1m,ro,rw", "Tmpfs /run Yes"),
            ("${T}", "Tmpfs ${T} Unknown"),
            ("${T:-/t/}:ro", "Tmpfs /t No"),
            ("tmp", "Tmpfs tmp Yes"),
        ] {
            assert_eq!(shown(item, "tmpfs"), expected, "{item}");
        }
    }
}
