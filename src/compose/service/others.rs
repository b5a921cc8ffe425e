//! Mounts that a service has by other keys than `volumes` and `tmpfs`: those of other services, and files of configs and secrets.
//!
//! `volumes_from` brings the binds and volumes of a container, in turn with those that it has from others, and no `tmpfs`. Own mounts
//! win. Compose 2.40 forgets the `:ro`, but it says that the service is only to read.

use super::Service;
use crate::compose::interpolate::has_variable;
use crate::compose::merge;
use crate::compose::mount::{Known, Mount, MountKind};
use crate::yaml::Node;
use std::collections::HashMap;
use std::sync::Arc;

/// Longest chain of services, and most lists of mounts, that are followed for one service.
const MAX_CHAIN: usize = 64;

/// The services that one has mounts from: which, whether only to read, and the item.
type Lenders<'a> = Vec<(Option<usize>, bool, Node<'a>)>;

impl Service<'_> {
    /// How many containers of it run at once; `None` where a variable decides.
    pub fn replicas(&self) -> Option<u32> {
        let scale = self.values("scale").pop().map(|v| (v.part, v.entry.value()));
        let replicas = || self.values("deploy").into_iter().rev().find_map(|v| Some((v.part, merge::get(v.entry.value(), "replicas")?)));
        let Some((part, value)) = scale.or_else(replicas) else { return Some(1) };
        self.resolve(part, value.resolved().text()).trim().parse().ok()
    }
}

/// Gives every service the mounts that it has by other keys.
pub(in crate::compose) fn complete<'a>(services: &mut [Service<'a>], by_name: &HashMap<&'a str, usize>) {
    let lenders: Vec<Lenders<'a>> = services.iter().map(|service| lenders(service, by_name)).collect();
    let mut lent: HashMap<(usize, bool), Arc<[Mount<'a>]>> = HashMap::new();
    for i in 0..services.len() {
        let files = [("configs", "/"), ("secrets", "/run/secrets/")].into_iter().flat_map(|(key, folder)| files(&services[i], key, folder));
        let files: Arc<[Mount<'a>]> = files.collect();
        let mut others = if files.is_empty() { Vec::new() } else { vec![files] };
        let mut names = Vec::new();
        let mut waiting: Vec<(usize, bool, usize)> = vec![(i, false, 0)];
        while let Some((from, is_read, depth)) = waiting.pop() {
            for (lender, only_read, item) in &lenders[from] {
                match lender {
                    Some(lender) if depth < MAX_CHAIN && others.len() < MAX_CHAIN => {
                        let key = (*lender, is_read || *only_read);
                        let own = lent.entry(key).or_insert_with(|| lend(&services[*lender], key.1));
                        others.push(own.clone());
                        names.push(services[*lender].name);
                        waiting.push((*lender, key.1, depth + 1));
                    }
                    // Mounts of a container are known to the engine alone.
                    _ => services[i].unknown_mounts = Some(*item),
                }
            }
        }
        services[i].lenders = names;
        services[i].others = others;
    }
}

fn lenders<'a>(service: &Service<'a>, by_name: &HashMap<&'a str, usize>) -> Lenders<'a> {
    let lender = |(item, text): (Node<'a>, std::borrow::Cow<'a, str>)| {
        let (name, mode) = match text.strip_prefix("container:") {
            Some(_) => ("", ""),
            None => text.split_once(':').unwrap_or((&text, "")),
        };
        let known = by_name.get(name).copied().filter(|_| !has_variable(&text));
        (known, mode == "ro", item)
    };
    service.list("volumes_from").into_iter().map(lender).collect()
}

fn lend<'a>(service: &Service<'a>, only_read: bool) -> Arc<[Mount<'a>]> {
    let is_lent = |mount: &&Mount<'a>| mount.kind != MountKind::Tmpfs;
    let mounts = service.mounts.iter().filter(is_lent).cloned();
    let lend = |mut mount: Mount<'a>| {
        mount.is_lent = true;
        mount.writable = if only_read { Known::No } else { mount.writable };
        mount
    };
    mounts.map(lend).collect()
}

/// The files of configs or secrets.
fn files<'a>(service: &Service<'a>, key: &str, folder: &str) -> Vec<Mount<'a>> {
    let mut found = Vec::new();
    for value in service.values(key) {
        for item in value.entry.value().resolved().items() {
            let field = |key| merge::get(item.resolved(), key)?.resolved().as_str();
            let Some(name) = item.resolved().as_str().or_else(|| field("target")).or_else(|| field("source")) else { continue };
            let name = service.resolve(value.part, name);
            let target = if name.starts_with('/') { name.into_owned() } else { format!("{folder}{name}") };
            found.push(Mount::of_file(target, item, value.part as u32));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::compose::{Coverage, Project, Sources};
    use crate::text::{FileId, MAX_FILE_BYTES, TextFile};
    use crate::yaml::Stream;

    #[test]
    fn mounts_of_others_cover_paths_as_their_own_do() {
        let text = "\
services:
  db: {image: x, volumes: ['data:/db', './c:/conf:ro'], tmpfs: /t}
  a: {image: x, volumes_from: [db]}
  b: {image: x, volumes_from: ['db:ro'], volumes: ['own:/db/own']}
  c: {image: x, volumes_from: [a]}
  d: {extends: {service: b}, volumes: ['own:/db']}
  e: {image: x, volumes_from: ['container:other']}
  f: {image: x, volumes_from: [e]}
  g: {image: x, volumes_from: [g]}
  h: {image: x, configs: [{source: k, target: /etc/k}, m], secrets: [s, {source: s, target: t}]}
  i: {image: x, volumes_from: [nobody]}
  j: {image: x, volumes_from: ['${NAME}']}
";
        let text = TextFile::new("f", text.as_bytes().to_vec(), MAX_FILE_BYTES).expect("text");
        let sources = Sources::single(Stream::parse(&text, FileId(0)).expect("YAML"));
        let project = Project::read(&sources).expect("a project");
        let seen = |service: &str, path: &str| match project.service(service).expect("there").coverage(path) {
            Coverage::Writable(_) => "rw",
            Coverage::ReadOnly(_) => "ro",
            Coverage::Unknown(_) => "?",
            Coverage::Engine => "engine",
            Coverage::Root => "root",
        };
        for (service, path, expected) in [
            ("a", "/db/x", "rw"),
            ("a", "/conf", "ro"),
            ("a", "/t", "root"),
            ("b", "/db/x", "ro"),
            ("b", "/db/own", "rw"),
            ("c", "/db", "rw"),
            ("d", "/db", "rw"),
            ("d", "/conf", "ro"),
            ("g", "/db", "root"),
            ("h", "/etc/k", "ro"),
            ("h", "/m", "ro"),
            ("h", "/run/secrets/s", "ro"),
            ("h", "/run/secrets/t", "ro"),
            ("h", "/run/secrets", "root"),
        ] {
            assert_eq!(seen(service, path), expected, "{service} {path}");
        }
        let unknown: Vec<_> = project.services.iter().filter(|s| s.unknown_mounts.is_some()).map(|s| s.name).collect();
        assert_eq!(unknown, ["e", "f", "g", "i", "j"]);
    }
}
