//! Configuration files that the project mounts into its containers, as far as a setting in them names a place. Nobody knows the language
//! of each program, so a setting is looked for in a line of its own: `dir /x`, `dir = /x`, `dbPath: /x`, `"dbPath": "/x"`, `<path>/x</path>`.
//! The values are compared and never shown: such files hold secrets.

use super::merge;
use super::mount::{Mount, MountKind};
use super::sources::join;
use super::{Project, Service, Texts, clean_path, is_at};
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

/// Most files that one file includes: beyond that it is no configuration of anybody.
const MAX_INCLUDED: usize = 100;

/// Words, in small letters, behind which a file names others that are read in its place.
const INCLUDES: [&str; 10] = [
    "!include",
    "!includedir",
    "!try_include",
    "@include",
    "import",
    "include",
    "include_dir",
    "include_if_exists",
    "includedir",
    "includeoptional",
];

/// Something of the project that a service has as its configuration.
#[derive(Debug)]
pub struct Bound<'t> {
    /// Where it is in the container.
    pub target: String,
    /// The text of the file; `None` where it is a folder, or is not read.
    pub text: Option<&'t str>,
}

/// What a file names to be read in its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Included {
    /// The file, or the folder of which files are read.
    pub path: String,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// The files that services have as their configuration, sorted.
pub fn references(project: &Project<'_>) -> Vec<PathBuf> {
    let files = |service: &Service<'_>| {
        let told = told(service);
        let all = service.all_mounts();
        all.flat_map(|mount| file(project, service, mount).into_iter().chain(within(service, mount, &told).map(|(_, path)| path)))
            .collect::<Vec<_>>()
    };
    let mut paths: Vec<PathBuf> = project.services.iter().flat_map(files).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// What `service` has bound into it, or as a config or secret. What is read is taken off `left`.
pub fn bound<'t>(project: &Project<'t>, service: &Service<'t>, texts: &'t Texts, left: &mut usize) -> Vec<Bound<'t>> {
    let is_bind = |mount: &&Mount<'_>| matches!(mount.kind, MountKind::Bind | MountKind::Fixed) && mount.is_placed;
    let mut read = |path: Option<PathBuf>| {
        let text = texts.get(&path?)?.as_ref().ok().filter(|text| text.len() <= MAX_BYTES)?;
        *left = left.checked_sub(text.len())?;
        Some(text.as_str())
    };
    let told = told(service);
    let mut found = Vec::new();
    for mount in service.all_mounts().filter(is_bind) {
        found.push(Bound { target: mount.target.to_string(), text: read(file(project, service, mount)) });
        for (target, path) in within(service, mount, &told) {
            let text = read(Some(path));
            found.extend(text.is_some().then_some(Bound { target, text }));
        }
    }
    found
}

/// The paths that words of its commands name as files of configuration.
fn told(service: &Service<'_>) -> Vec<String> {
    let words = ["entrypoint", "command"].into_iter().filter_map(|key| service.words(key)).flatten();
    let known = words.filter(|word| word.is_known && !word.is_hidden);
    let paths = known.filter_map(|word| Some(clean_path(&word.text[word.text.find('/')?..])).filter(|_| is_path_in(&word.text)));
    paths.filter(|path| ENDS.iter().any(|end| path.ends_with(end))).take(MAX_INCLUDED).collect()
}

/// Whether a word is an absolute path, or an option with one.
fn is_path_in(word: &str) -> bool {
    word.starts_with('/') || word.split_once('=').is_some_and(|(name, path)| !name.contains('/') && path.starts_with('/'))
}

/// The files in a folder of the project that words name, each with its path in the container and from where the program runs.
fn within<'w>(service: &Service<'_>, mount: &Mount<'_>, told: &'w [String]) -> impl Iterator<Item = (String, PathBuf)> + use<'w> {
    let source = mount.source.as_deref().filter(|source| mount.kind == MountKind::Bind && !mount.is_lent && source.starts_with('.'));
    let source = source.filter(|source| !source.contains('$')).and_then(|source| {
        let scope = &service.parts.get(mount.part as usize)?.scope;
        Some((join(&scope.folder, source), mount.target.to_string()))
    });
    told.iter().filter_map(move |path| {
        let (folder, target) = source.as_ref()?;
        let below = path.strip_prefix(target.as_str())?.strip_prefix('/')?;
        Some((path.clone(), folder.join(below)))
    })
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

    /// What it names to be read in its place: `include /x.conf`, `!includedir /x`, `include sites/*;`.
    pub fn included(&self) -> Vec<Included> {
        let folder = self.target.rsplit_once('/').map_or("", |(folder, _)| folder);
        let lines = self.text.unwrap_or_default().lines().filter(|line| !line.trim_start().starts_with(['#', ';']));
        // Of one line, several may be.
        let statements = lines.flat_map(|line| line.split(['{', '}', ';']));
        statements.filter_map(|statement| included(statement, folder)).take(MAX_INCLUDED).collect()
    }
}

/// What a statement includes, for a file that lies in `folder`.
fn included(statement: &str, folder: &str) -> Option<Included> {
    let statement = statement.trim();
    let end = statement.find([' ', '\t', '=', ':', '"', '\''])?;
    let word = statement[..end].to_ascii_lowercase();
    if !INCLUDES.contains(&word.as_str()) {
        return None;
    }
    let rest = statement[end..].trim_start_matches([' ', '\t', '=', ':']);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    let named = match quote {
        Some(quote) => rest[1..].split(quote).next()?,
        None => rest.split_whitespace().next()?,
    };
    // A list is of something else: logs that are followed, for one. A name alone may be that of a part of the file.
    let is_path = !named.starts_with('[') && (named.contains(['/', '.', '*']) || quote.is_some());
    if !is_path || named.contains("://") {
        return None;
    }
    let (named, is_pattern) = match named.find(['*', '?', '[']) {
        Some(at) => (named[..at].rsplit_once('/').map_or(".", |(folder, _)| if folder.is_empty() { "/" } else { folder }), true),
        None => (named, false),
    };
    let is_folder = is_pattern || named.ends_with('/') || word.ends_with("dir");
    let path = if named.starts_with('/') { clean_path(named) } else { clean_path(&format!("{folder}/{named}")) };
    Some(Included { path, is_folder })
}

/// The value that a line gives a setting.
fn value<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let line = line.trim_start_matches([' ', '\t', '-', '{', ',', '<', '"', '\'']);
    // Redis does not look at case.
    let (_, rest) = line.split_at_checked(name.len()).filter(|(start, _)| start.eq_ignore_ascii_case(name))?;
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
    fn what_a_file_includes_is_found_in_the_ways_of_many_programs() {
        for (line, expected) in [
            ("include /etc/o.conf", &[("/etc/o.conf", false)][..]),
            ("Include \"conf/extra/a b.conf\"", &[("/c/conf/extra/a b.conf", false)]),
            ("!includedir /etc/mysql/x.d/", &[("/etc/mysql/x.d", true)]),
            ("!include /x.cnf", &[("/x.cnf", false)]),
            ("include_dir 'conf.d'", &[("/c/conf.d", true)]),
            ("include_dir = 'd'", &[("/c/d", true)]),
            ("include_if_exists = '../x.conf'", &[("/x.conf", false)]),
            ("include_dir /mosquitto/d", &[("/mosquitto/d", true)]),
            ("include sites/*;", &[("/c/sites", true)]),
            ("http { include mime.types; include /etc/nginx/conf.d/*.conf; }", &[("/c/mime.types", false), ("/etc/nginx/conf.d", true)]),
            ("include: \"/opt/x.conf\"", &[("/opt/x.conf", false)]),
            ("@INCLUDE parsers.conf", &[("/c/parsers.conf", false)]),
            ("import /etc/caddy/sites/*", &[("/etc/caddy/sites", true)]),
            ("import common", &[]),
            ("include: [ /var/log/*.log ]", &[]),
            ("include = [\"/var/log/**\"]", &[]),
            ("include:", &[]),
            ("include_lines: /x", &[]),
            ("# include /x", &[]),
            ("import https://a/b", &[]),
        ] {
            let found = Bound { target: "/c/f.conf".into(), text: Some(line) }.included();
            let found: Vec<(&str, bool)> = found.iter().map(|one| (one.path.as_str(), one.is_folder)).collect();
            assert_eq!(found, expected, "{line}");
        }
    }

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
            ("DIR /x", Some("/x")),
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
