//! From the files of a container to what its program wrote, without what the engine itself did.

use super::{Container, Entry, Listing, Scan};
use crate::evidence::engine::{Folder, Observation, Written, is_placeholder, is_program_file};
use std::collections::{BTreeMap, BTreeSet};

/// Paths of the engine, each with all below it.
pub(super) const ENGINE: [&str; 12] = [
    "/.dockerenv",
    "/dev",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/mtab",
    "/etc/resolv.conf",
    "/proc",
    // As Podman names itself.
    "/run/.containerenv",
    "/run/secrets",
    "/sbin/docker-init",
    "/usr/sbin/docker-init",
    "/sys",
];

/// What a container's program wrote on its root filesystem.
pub fn observation(scan: &Scan, state: &Container) -> Observation {
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
            // Of a folder of the image that has other rights now, it is the folder itself that must be writable.
            found.insert((path.clone(), now.is_folder && before.is_some()));
        }
    }
    found.extend(scan.image.keys().filter(|path| !scan.now.contains_key(*path) && !is_noise(path)).map(|path| (path.clone(), false)));
    // The engine's own list has what an archive has not: sockets, and changes that kept size and time.
    for (kind, path) in scan.diff.iter().filter(|(kind, path)| is_plausible(scan, *kind, path)) {
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
    // Nobody mounts a folder with such a name.
    found.retain(|(path, _)| !path.contains(char::is_control));
    let folders = folders(&scan.image, &scan.now);
    let may_run = |e: &Entry| !e.is_folder && e.mode & 0o111 != 0 && e.mode & 0o777 != 0o777;
    let is_program = |path: &str| is_new(path) && scan.now.get(path).is_some_and(may_run);
    let written = found.into_iter().map(|(path, is_inside)| Written { is_program: is_program(&path), path, is_inside }).collect();
    Observation { written, folders, user: None, nameless: state.nameless().map(str::to_owned).collect() }
}

/// Whether what the engine lists can be: names with line breaks make lines of their own.
fn is_plausible(scan: &Scan, kind: char, path: &str) -> bool {
    let is_there = |listing: &Listing| listing.contains_key(path) || is_folder(listing, parent(path));
    if kind == 'D' { is_there(&scan.image) } else { is_there(&scan.now) }
}

/// Folders in which something is listed as made or removed.
fn explained<'s>(scan: &'s Scan, found: &'s BTreeSet<(String, bool)>) -> BTreeSet<&'s str> {
    let written = found.iter().map(|(path, _)| path).filter(|path| scan.image.contains_key(*path) != scan.now.contains_key(*path));
    let made = scan.now.keys().filter(|path| !scan.image.contains_key(*path));
    written.chain(made).chain(scan.diff.iter().filter(|(kind, _)| *kind != 'C').map(|(_, path)| path)).map(|path| parent(path)).collect()
}

/// An image of which nothing was run.
pub fn image_observation(files: &Listing, user: Option<(u32, u32)>) -> Observation {
    Observation { written: Vec::new(), folders: folders(files, &Listing::new()), user, nameless: Vec::new() }
}

/// The folders of the image and of the container.
fn folders(image: &Listing, now: &Listing) -> BTreeMap<String, Folder> {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let files = || image.iter().filter(|(path, e)| !e.is_folder && !is_placeholder(&name(path)));
    let with_files: BTreeSet<&str> = files().map(|(path, _)| parent(path)).collect();
    let with_program: BTreeSet<&str> =
        files().filter(|(path, e)| is_program_file(&name(path), e.mode)).map(|(path, _)| parent(path)).collect();
    let all = image.iter().chain(now).filter(|(_, e)| e.is_folder);
    let one = |(path, seen): (&String, &Entry)| {
        let (in_image, has_files) = (is_folder(image, path), with_files.contains(path.as_str()));
        let has_program = with_program.contains(path.as_str());
        (path.clone(), Folder { uid: seen.uid, gid: seen.gid, mode: seen.mode, in_image, has_files, has_program })
    };
    let mut folders: BTreeMap<String, Folder> = all.map(one).collect();
    folders.entry("/".to_owned()).or_insert(Folder { mode: 0o755, in_image: true, ..Folder::default() });
    folders
}

fn is_folder(listing: &Listing, path: &str) -> bool {
    listing.get(path).is_some_and(|e| e.is_folder)
}

pub(super) fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((folder, _)) => folder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds since 1970 at which the container was started.
    const START: u64 = 1_795_556_901;

    fn state(mounts: &[&str], working_dir: &str) -> Container {
        let mounts: Vec<_> = mounts.iter().map(|path| serde_json::json!({ "Type": "volume", "Destination": path, "Name": "n" })).collect();
        let state = serde_json::json!({
            "Id": "c", "Image": "i", "State": { "Status": "exited", "StartedAt": "2026-11-24T21:48:21Z" },
            "Config": { "WorkingDir": working_dir }, "Mounts": mounts,
        });
        serde_json::from_value(state).expect("a state")
    }

    fn listing(entries: &[(&str, u64)]) -> Listing {
        let one = |(path, changed): &(&str, u64)| {
            let is_folder = path.ends_with('/');
            let mode = if is_folder { 0o755 } else { 0o644 };
            let path = if *path == "/" { "/" } else { path.trim_end_matches('/') };
            (path.to_owned(), Entry { is_folder, uid: 0, gid: 0, mode, changed: *changed, size: 1 })
        };
        entries.iter().map(one).collect()
    }

    fn seen(now: &[(&str, u64)], diff: &[(char, &str)], state: &Container) -> Vec<String> {
        let image = [("/", 1), ("/etc/", 1), ("/etc/hosts", 1), ("/run/", 1), ("/srv/", 1), ("/srv/file", 1), ("/tmp/", 1), ("/mnt/", 1)];
        let scan = Scan { image: listing(&image), now: listing(now), diff: diff.iter().map(|(c, p)| (*c, (*p).to_owned())).collect() };
        let written = observation(&scan, state).written;
        written.into_iter().map(|w| format!("{}{}", w.path, if w.is_inside { "/" } else { "" })).collect()
    }

    #[test]
    fn what_the_program_did_is_told_from_what_the_engine_did() {
        let same = [("/", 1), ("/etc/", 1), ("/etc/hosts", 1), ("/run/", 1), ("/srv/", 1), ("/srv/file", 1), ("/tmp/", 1), ("/mnt/", 1)];
        let with = |path: &'static str, changed: u64| {
            let mut now: Vec<(&str, u64)> = same.iter().filter(|(p, _)| *p != path).copied().collect();
            now.push((path, changed));
            now
        };
        let plain = state(&[], "/");
        assert_eq!(seen(&same, &[], &plain), [""; 0]);
        assert_eq!(seen(&with("/srv/file", START + 9), &[], &plain), ["/srv/file"]);
        // Kept size and time: only the engine's own list has it.
        assert_eq!(seen(&same, &[('C', "/srv"), ('C', "/srv/file")], &plain), ["/srv/file"]);
        // A socket is in no archive.
        assert_eq!(seen(&with("/run/", START + 9), &[('C', "/run"), ('A', "/run/socket")], &plain), ["/run/socket"]);
        // It came and went.
        assert_eq!(seen(&with("/tmp/", START + 9), &[], &plain), ["/tmp/"]);
        // The engine writes its files, and makes places for mounts and to run in, before the program starts.
        assert_eq!(seen(&with("/etc/", START), &[], &plain), [""; 0]);
        assert_eq!(seen(&with("/etc/", START + 9), &[], &plain), ["/etc/"]);
        assert_eq!(seen(&with("/etc/hosts", START + 9), &[], &plain), [""; 0]);
        let mounted = state(&["/mnt/a/b", "/srv/file"], "/work/place");
        let mut now = with("/mnt/", START);
        now.extend([("/mnt/a/", START), ("/mnt/a/b/", START), ("/work/", START), ("/work/place/", START)]);
        let diff = [('C', "/mnt"), ('A', "/mnt/a"), ('A', "/mnt/a/b"), ('A', "/work"), ('A', "/work/place")];
        assert_eq!(seen(&now, &diff, &mounted), [""; 0]);
        now.push(("/work/place/mine", START + 9));
        assert_eq!(seen(&now, &diff, &mounted), ["/work/place/mine"]);
        // What is gone.
        let gone: Vec<(&str, u64)> = same.iter().filter(|(p, _)| *p != "/srv/file").copied().collect();
        assert_eq!(seen(&gone, &[('D', "/srv/file")], &plain), ["/srv/file"]);
    }
}
