//! From what the containers of a service wrote to the places that must be writable.

use crate::compose::is_at;
use crate::evidence::place::{Place, about_filled, is_filled, parent, unmountable};
use crate::evidence::{Confidence, Need, Reason, Source, Storage, Target, WritablePath};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Something that a container made, changed or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Absolute path, links followed.
    pub path: String,
    /// Whether it is a folder in which something was made and removed again, so that the thing itself has no name.
    pub is_inside: bool,
}

/// A folder of a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// Owner, group and permission bits at the end of the run.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
    /// Whether the image has it.
    pub in_image: bool,
    /// Whether the image has files right in it.
    pub has_files: bool,
}

/// What a run shows of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// What was written on the root filesystem, sorted.
    pub written: Vec<Written>,
    /// The folders of the image, and those that were made.
    pub folders: BTreeMap<String, Folder>,
    /// Number of the user and the group that it starts as, where they are known.
    pub user: Option<(u32, u32)>,
    /// Paths that the image declares as volumes and the project does not mount, so that the engine makes nameless ones.
    pub nameless: Vec<String>,
}

/// Places that must be writable, and what was written elsewhere, with what to do about it.
pub fn writable_paths(service: &str, sight: &Sight, need: Option<&Need>) -> (Vec<WritablePath>, Vec<(String, String)>) {
    let mut found: BTreeMap<String, WritablePath> = BTreeMap::new();
    let mut elsewhere = Vec::new();
    for written in &sight.written {
        if is_optional(&written.path) || is_known(&written.path, need) {
            continue;
        }
        let folder = if written.is_inside { written.path.clone() } else { parent(&written.path) };
        let (folder, made) = existing(&folder, &sight.folders);
        // What the program made in a folder of the image's own files is mounted by itself, if it is a folder.
        let made = made.or_else(|| sight.folders.get(&written.path).filter(|f| !f.in_image).map(|_| written.path.clone()));
        let folder = match made {
            Some(made) if is_filled(&folder, need) || holds_files(&folder, sight) => made,
            _ => folder,
        };
        let place = Place::of(&written.path, &folder, false);
        if is_filled(&place.target, need) || place.storage == Storage::State && is_program(&place.target, sight, need) {
            elsewhere.push((written.path.clone(), about_filled(&place.target)));
            continue;
        }
        let text = if written.is_inside { "files come and go there".to_owned() } else { format!("{} was written", written.path) };
        match writable(service, place, text, sight) {
            Ok(path) => drop(found.entry(path.target.to_string()).or_insert(path)),
            Err(why) => elsewhere.push((written.path.clone(), why)),
        }
    }
    for target in sight.nameless.iter().filter(|t| !is_known(t, need)) {
        let text = "the image declares a volume there, which is gone with the container unless it has a name".to_owned();
        match Target::new(target, &Storage::State) {
            Ok(place) => {
                let (service, reason) = (service.to_owned(), reason(text));
                let path = WritablePath { service, target: place, storage: Storage::State, is_declared: false, owner: None, reason };
                found.insert(target.clone(), path);
            }
            Err(why) => elsewhere.push((target.clone(), unmountable(target, why))),
        }
    }
    let outer: Vec<WritablePath> = found.values().cloned().collect();
    found.retain(|target, path| !outer.iter().any(|o| covers(o, target, path, sight)));
    (found.into_values().collect(), elsewhere)
}

/// Gives a path that a log named the owner and the mode that the image's folder has, or else the service's user.
pub fn fit(path: &mut WritablePath, sight: &Sight) {
    let folder = sight.folders.get(&*path.target).filter(|f| f.in_image);
    let user = sight.user.filter(|(uid, _)| *uid != 0);
    match &mut path.storage {
        Storage::Scratch(options) => {
            if let Some(folder) = folder {
                options.mode = Some(folder.mode);
                (options.uid, options.gid) = owner(folder.uid, folder.gid);
            }
            if let (Some((uid, gid)), None) = (user, options.uid)
                && options.mode.is_none_or(|mode| mode & 0o002 == 0)
            {
                (options.uid, options.gid) = (Some(uid), Some(gid));
            }
        }
        Storage::State => path.owner = user.map(|(uid, _)| uid).filter(|_| folder.is_none()),
    }
}

/// Owner and group as options; root's need not be said.
fn owner(uid: u32, gid: u32) -> (Option<u32>, Option<u32>) {
    if (uid, gid) == (0, 0) { (None, None) } else { (Some(uid), Some(gid)) }
}

/// Whether a need covers a path by more than an assumption, which what is seen replaces.
fn is_known(path: &str, need: Option<&Need>) -> bool {
    need.is_some_and(|n| n.paths.iter().any(|p| is_at(path, &p.target) && p.reason.confidence > Confidence::Assumed))
}

/// Whether a mount makes another one below it needless: the engine hides what the image has there, unless a volume copies it.
fn covers(outer: &WritablePath, target: &str, inner: &WritablePath, sight: &Sight) -> bool {
    let is_below = *outer.target != *target && is_at(target, &outer.target);
    let is_hidden = outer.storage != Storage::State && sight.folders.get(target).is_some_and(|f| f.in_image);
    let is_kept = inner.storage == Storage::State && outer.storage != Storage::State;
    is_below && !is_hidden && !is_kept
}

/// The nearest folder of the image that holds `folder`, and what the program made right in it.
fn existing(folder: &str, folders: &BTreeMap<String, Folder>) -> (String, Option<String>) {
    let (mut at, mut made) = (folder.to_owned(), None);
    while at != "/" && folders.get(&at).is_none_or(|f| !f.in_image) {
        let above = parent(&at);
        made = Some(at);
        at = above;
    }
    (at, made)
}

fn holds_files(folder: &str, sight: &Sight) -> bool {
    sight.folders.get(folder).is_some_and(|f| f.has_files)
}

/// Whether a folder is that of the program: a volume there would keep an old program when the image is new.
fn is_program(target: &str, sight: &Sight, need: Option<&Need>) -> bool {
    let is_data = ["/var", "/data", "/srv", "/home", "/root", "/etc"].iter().any(|top| is_at(target, top));
    holds_files(target, sight) && !is_data && !need.is_some_and(|n| n.recognised)
}

/// Whether a program does without the file where it cannot be written: Python's compiled modules.
fn is_optional(path: &str) -> bool {
    path.split('/').any(|part| part == "__pycache__") || path.rsplit_once('.').is_some_and(|(_, kind)| kind == "pyc")
}

/// Errors: why nothing can be mounted there, a sentence.
fn writable(service: &str, place: Place, mut text: String, sight: &Sight) -> Result<WritablePath, String> {
    let folder = sight.folders.get(&place.target).copied().unwrap_or_default();
    let mut volume_owner = None;
    let storage = match place.storage {
        Storage::Scratch(mut options) => {
            if folder.mode != 0 {
                options.mode = Some(folder.mode);
                (options.uid, options.gid) = owner(folder.uid, folder.gid);
            }
            Storage::Scratch(options)
        }
        Storage::State => {
            // A new volume gets the owner from the image's folder; without one it is root's.
            volume_owner = Some(folder.uid).filter(|uid| *uid != 0 && !folder.in_image);
            Storage::State
        }
    };
    if let Some(help) = place.help {
        text = format!("{}: {text}; {help}", place.cause);
    } else {
        text = format!("{}: {text}", place.cause);
    }
    let target = Target::new(&place.target, &storage).map_err(|why| unmountable(&place.target, why))?;
    Ok(WritablePath { service: service.to_owned(), target, storage, is_declared: false, owner: volume_owner, reason: reason(text) })
}

fn reason(text: String) -> Arc<Reason> {
    Arc::new(Reason { source: Source::Run, text, link: None, confidence: Confidence::Reported })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(written: &[&str], image: &[(&str, u32, u32, bool)], made: &[(&str, u32)]) -> Sight {
        let inside = |path: &&str| Written { path: path.trim_end_matches('/').to_owned(), is_inside: path.ends_with('/') };
        let mut folders: BTreeMap<String, Folder> = BTreeMap::new();
        for (path, uid, mode, has_files) in image {
            folders.insert((*path).to_owned(), Folder { uid: *uid, gid: *uid, mode: *mode, in_image: true, has_files: *has_files });
        }
        for (path, uid) in made {
            folders.insert((*path).to_owned(), Folder { uid: *uid, gid: *uid, mode: 0o700, in_image: false, has_files: false });
        }
        Sight { written: written.iter().map(inside).collect(), folders, nameless: Vec::new(), user: None }
    }

    fn shown(sight: &Sight) -> Vec<String> {
        let (paths, elsewhere) = writable_paths("s", sight, None);
        let mounts = paths.iter().map(|p| match &p.storage {
            Storage::Scratch(options) => options.item(&p.target),
            Storage::State => format!("{} volume{}", p.target, p.owner.map(|u| format!(" of {u}")).unwrap_or_default()),
        });
        mounts.chain(elsewhere.iter().map(|(path, _)| format!("! {path}"))).collect()
    }

    #[test]
    fn a_written_path_becomes_the_folder_to_mount() {
        let root = ("/", 0, 0o755, false);
        for (written, image, made, expected) in [
            (&["/run/nginx.pid"][..], &[root, ("/run", 0, 0o755, false)][..], &[][..], &["/run:mode=755"][..]),
            (&["/tmp/x/y"], &[root, ("/tmp", 0, 0o1777, false)], &[("/tmp/x", 5)], &["/tmp:mode=1777"]),
            // Something came and went: only the folder is known.
            (&["/tmp/"], &[root, ("/tmp", 0, 0o1777, false)], &[], &["/tmp:mode=1777"]),
            (&["/run/mysqld/m.sock"], &[root, ("/run/mysqld", 101, 0o755, false)], &[], &["/run/mysqld:mode=755,uid=101,gid=101"]),
            // A folder of the image holds all that is made in it.
            (
                &["/var/lib/app/a", "/var/lib/app/b/c"],
                &[root, ("/var/lib", 0, 0o755, false), ("/var/lib/app", 7, 0o750, false)],
                &[("/var/lib/app/b", 7)],
                &["/var/lib/app volume"],
            ),
            // What is made at the top or beside the program's files is mounted alone, and who made it must own it.
            (&["/new/a/b"], &[root], &[("/new", 1000), ("/new/a", 1000)], &["/new volume of 1000"]),
            (&["/new"], &[root], &[("/new", 0)], &["/new volume"]),
            (&["/srv/x/uploads/p"], &[root, ("/srv/x", 0, 0o755, true)], &[("/srv/x/uploads", 0)], &["/srv/x/uploads volume"]),
            // Nothing is mounted over the image's own files.
            (&["/x"], &[root], &[], &["! /x"]),
            (&["/usr/share/a/b"], &[root, ("/usr/share/a", 0, 0o755, true)], &[], &["! /usr/share/a/b"]),
            (&["/etc/passwd"], &[root, ("/etc", 0, 0o755, true)], &[], &["! /etc/passwd"]),
            // Nor where the file cannot say it.
            (&["/new:1/a"], &[root], &[("/new:1", 0)], &["! /new:1/a"]),
            (&["/tmp/x=1/y"], &[root, ("/tmp/x=1", 0, 0o755, false)], &[], &["/tmp:mode=1777"]),
            (&["/run/x=1/y"], &[root, ("/run/x=1", 0, 0o755, false)], &[], &["! /run/x=1/y"]),
            (&["/srv/$X/y"], &[root, ("/srv/$X", 0, 0o755, false)], &[], &["/srv/$X volume"]),
            (&["/run/$X/y"], &[root, ("/run/$X", 0, 0o755, false)], &[], &["/run/$$X:mode=755"]),
            // A tmpfs hides what the image has below, so that gets its own.
            (
                &["/run/a", "/run/lock/b", "/run/new/c"],
                &[root, ("/run", 0, 0o755, false), ("/run/lock", 0, 0o1777, false)],
                &[("/run/new", 0)],
                &["/run:mode=755", "/run/lock:mode=1777"],
            ),
            (&["/app/__pycache__/m.pyc", "/app/__pycache__"], &[root, ("/app", 0, 0o755, true)], &[("/app/__pycache__", 0)], &[]),
        ] {
            assert_eq!(shown(&sight(written, image, made)), expected, "{written:?}");
        }
    }

    #[test]
    fn nameless_volumes_are_named() {
        let sight = Sight { nameless: vec!["/data".into()], ..Sight::default() };
        assert_eq!(shown(&sight), ["/data volume"]);
    }
}
