//! From the files of a container to what its program wrote, without what the engine itself did.

use crate::edge::docker::{Listing, Scan, State};
use crate::evidence::engine::{Folder, Sight, Written};
use std::collections::{BTreeMap, BTreeSet};

/// Paths of the engine, each with all below it.
const ENGINE: [&str; 11] = [
    "/.dockerenv",
    "/dev",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/mtab",
    "/etc/resolv.conf",
    "/proc",
    "/run/secrets",
    "/sbin/docker-init",
    "/usr/sbin/docker-init",
    "/sys",
];

/// What a container's program wrote on its root filesystem.
pub(super) fn sight(scan: &Scan, state: &State) -> Sight {
    let mounted: Vec<String> = state.mounted().map(|path| path.trim_end_matches('/').to_owned()).collect();
    let is_at = |path: &str, top: &str| path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let is_noise = |path: &str| ENGINE.iter().any(|top| is_at(path, top)) || mounted.iter().any(|top| is_at(path, top));
    let is_new = |path: &str| !scan.image.contains_key(path);
    // A folder that the engine made for a mount, or to run in.
    let is_made_for = |path: &str| mounted.iter().any(|top| is_at(top, path)) || is_at(state.working_dir(), path) && is_new(path);
    let mut found: BTreeSet<(String, bool)> = BTreeSet::new();
    for (path, now) in scan.now.iter().filter(|(path, _)| *path != "/" && !is_noise(path)) {
        let before = scan.image.get(path);
        let same_rights = before.is_some_and(|b| (b.uid, b.gid, b.mode) == (now.uid, now.gid, now.mode));
        let is_changed = match before {
            None => !(now.is_folder && is_made_for(path)),
            Some(_) if now.is_folder => !same_rights,
            Some(before) => before != now,
        };
        if is_changed {
            found.insert((path.clone(), false));
        }
    }
    found.extend(scan.image.keys().filter(|path| !scan.now.contains_key(*path) && !is_noise(path)).map(|path| (path.clone(), false)));
    // The engine's own list has what an archive has not: sockets, and changes that kept size and time.
    for (kind, path) in &scan.diff {
        let is_folder = scan.now.get(path).or_else(|| scan.image.get(path)).is_some_and(|e| e.is_folder);
        if !is_noise(path) && !is_folder && (*kind != 'C' || scan.image.contains_key(path)) {
            found.insert((path.clone(), false));
        }
    }
    // Something that came and went moves the time of its folder.
    let explained = explained(scan, &found);
    let mut inside = Vec::new();
    let made: Vec<&str> = mounted.iter().map(String::as_str).chain(ENGINE).map(parent).collect();
    let started = state.started_at().unwrap_or(0);
    for (path, now) in scan.now.iter().filter(|(path, e)| e.is_folder && *path != "/" && !is_noise(path)) {
        let Some(before) = scan.image.get(path) else { continue };
        // In the second of the start it may have been the engine, making its own files and places for mounts.
        let is_engines = now.changed <= started && made.contains(&path.as_str());
        if before.changed != now.changed && !explained.contains(path.as_str()) && !is_engines {
            inside.push(path.clone());
        }
    }
    found.extend(inside.into_iter().map(|path| (path, true)));
    let folders = folders(scan, &found);
    let written = found.into_iter().map(|(path, is_inside)| Written { path, is_inside }).collect();
    Sight { written, folders, nameless: state.nameless().map(str::to_owned).collect() }
}

/// Folders in which something is listed as made or removed.
fn explained<'s>(scan: &'s Scan, found: &'s BTreeSet<(String, bool)>) -> BTreeSet<&'s str> {
    let written = found.iter().map(|(path, _)| path).filter(|path| scan.image.contains_key(*path) != scan.now.contains_key(*path));
    let made = scan.now.keys().filter(|path| !scan.image.contains_key(*path));
    written.chain(made).chain(scan.diff.iter().filter(|(kind, _)| *kind != 'C').map(|(_, path)| path)).map(|path| parent(path)).collect()
}

/// The folders that the written paths are in, all above them, and those that are written paths themselves.
fn folders(scan: &Scan, found: &BTreeSet<(String, bool)>) -> BTreeMap<String, Folder> {
    let with_files: BTreeSet<&str> = scan.image.iter().filter(|(_, e)| !e.is_folder).map(|(path, _)| parent(path)).collect();
    let mut folders = BTreeMap::new();
    for (path, _) in found {
        let mut at = path.as_str();
        loop {
            let seen = scan.now.get(at).or_else(|| scan.image.get(at)).filter(|e| e.is_folder);
            if let Some(seen) = seen {
                let in_image = is_folder(&scan.image, at);
                let folder = Folder { uid: seen.uid, gid: seen.gid, mode: seen.mode, in_image, has_files: with_files.contains(at) };
                if folders.insert(at.to_owned(), folder).is_some() {
                    break;
                }
            }
            if at == "/" {
                break;
            }
            at = parent(at);
        }
    }
    folders.entry("/".to_owned()).or_insert(Folder { mode: 0o755, in_image: true, ..Folder::default() });
    folders
}

fn is_folder(listing: &Listing, path: &str) -> bool {
    listing.get(path).is_some_and(|e| e.is_folder)
}

fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((folder, _)) => folder,
    }
}
