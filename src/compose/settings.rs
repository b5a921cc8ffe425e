//! Configuration files that the project mounts into its containers, as far as a setting in them names a place. Nobody knows the language
//! of each program, so a setting is looked for in a line of its own: `dir /x`, `dir = /x`, `dbPath: /x`, `"dbPath": "/x"`, `<path>/x</path>`.
//! The values are compared and never shown: such files hold secrets.

use super::merge;
use super::mount::{Mount, MountKind};
use super::sources::join;
use super::{Project, Service, Texts, is_at};
use crate::yaml::Node;
use std::path::PathBuf;

/// Longest file that is read, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// How the names of such files end.
const ENDS: [&str; 16] = [
    ".cfg",
    ".cnf",
    ".conf",
    ".config",
    ".hcl",
    ".ini",
    ".json",
    ".json5",
    ".properties",
    ".toml",
    ".xml",
    ".yaml",
    ".yml",
    "Caddyfile",
    "rc",
    ".cf",
];

/// Something of the project that a service has as its configuration.
#[derive(Debug)]
pub struct Bound<'t> {
    /// Where it is in the container.
    pub target: String,
    /// The text of the file; `None` where it is a folder, or is not read.
    pub text: Option<&'t str>,
}

/// The files that services have as their configuration, sorted.
pub fn references(project: &Project<'_>) -> Vec<PathBuf> {
    let files = |service: &Service<'_>| service.all_mounts().filter_map(|mount| file(project, service, mount)).collect::<Vec<_>>();
    let mut paths: Vec<PathBuf> = project.services.iter().flat_map(files).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// What `service` has bound into it, or as a config or secret. What is read is taken off `left`.
pub fn bound<'t>(project: &Project<'t>, service: &Service<'t>, texts: &'t Texts, left: &mut usize) -> Vec<Bound<'t>> {
    let is_bind = |mount: &&Mount<'_>| matches!(mount.kind, MountKind::Bind | MountKind::Fixed) && mount.is_placed;
    let mut read = |mount: &Mount<'t>| {
        let text = texts.get(&file(project, service, mount)?)?.as_ref().ok().filter(|text| text.len() <= MAX_BYTES)?;
        *left = left.checked_sub(text.len())?;
        Some(text.as_str())
    };
    service.all_mounts().filter(is_bind).map(|mount| Bound { target: mount.target.to_string(), text: read(mount) }).collect()
}

/// The file that a mount brings, from where the program runs, if it is one of the project that may be configuration.
fn file(project: &Project<'_>, service: &Service<'_>, mount: &Mount<'_>) -> Option<PathBuf> {
    let of_bind = || mount.source.as_deref().filter(|source| mount.kind == MountKind::Bind && !mount.is_lent && source.starts_with('.'));
    let given = definition(project, mount).and_then(|found| merge::get(found, "file"));
    let source = given.map_or_else(of_bind, |file| file.resolved().as_str())?;
    let is_file = ENDS.iter().any(|end| source.ends_with(end) || mount.target.ends_with(end));
    let scope = &service.parts.get(mount.part as usize)?.scope;
    (is_file && !source.contains('$')).then(|| join(&scope.folder, source))
}

/// What a config or secret that is mounted is made of.
fn definition<'a>(project: &Project<'a>, mount: &Mount<'a>) -> Option<Node<'a>> {
    let item = mount.node.resolved();
    let name = item.as_str().or_else(|| merge::get(item, "source")?.resolved().as_str()).filter(|_| mount.kind == MountKind::Fixed)?;
    project.files.get(name).copied()
}

impl Bound<'_> {
    /// Whether it is one of `places`, or in one, or has one in it.
    pub fn is_at_one_of<'p>(&self, places: impl IntoIterator<Item = &'p str>) -> bool {
        places.into_iter().any(|place| is_at(&self.target, place) || is_at(place, &self.target))
    }

    /// The values that it has for a setting; `None` where it is not read.
    pub fn values(&self, name: &str) -> Option<Vec<String>> {
        Some(self.text?.lines().filter_map(|line| value(line, name)).map(str::to_owned).collect())
    }
}

/// The value that a line gives a setting.
fn value<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let line = line.trim_start_matches([' ', '\t', '-', '{', ',', '<', '"', '\'']);
    let rest = line.strip_prefix(name)?;
    let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest);
    let behind = rest.trim_start_matches([' ', '\t', ':', '=', '>']);
    if behind.len() == rest.len() || behind.is_empty() {
        return None;
    }
    let quoted = |quote: char| behind.strip_prefix(quote).and_then(|rest| rest.split(quote).next());
    let plain = || behind.split([';', '<', '#', ',', '}']).next().map(|text| text.split_whitespace().next().unwrap_or_default());
    quoted('"').or_else(|| quoted('\'')).or_else(plain).map(str::trim).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_found_in_the_ways_of_many_programs() {
        for (line, expected) in [
            ("dir /x", Some("/x")),
            ("dir \"/x y\" # c", Some("/x y")),
            ("  dir: /x # c", Some("/x")),
            ("dir = /x", Some("/x")),
            ("dir=/x", Some("/x")),
            ("\"dir\": \"/x\",", Some("/x")),
            ("{\"dir\": \"/x\"}", Some("/x")),
            ("<dir>/x/</dir>", Some("/x/")),
            ("dir /x;", Some("/x")),
            ("- dir: '/x'", Some("/x")),
            ("# dir /x", None),
            ("; dir /x", None),
            ("// dir /x", None),
            ("directory /x", None),
            ("dir", None),
            ("dir:", None),
            ("mydir /x", None),
        ] {
            assert_eq!(value(line, "dir"), expected, "{line}");
        }
    }
}
