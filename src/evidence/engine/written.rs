//! From what the containers of a service wrote to the places that must be writable.

use crate::compose::is_at;
use crate::evidence::place::{Asked, Kind, Place, is_code, is_kept, parent, unmountable};
use crate::evidence::{Confidence, Need, Reason, Source, Storage, Target, TmpfsOptions, WritablePath};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Folders in which many programs have theirs.
const COMMON: [&str; 14] = [
    "/",
    "/etc",
    "/usr",
    "/usr/local",
    "/usr/share",
    "/usr/src",
    "/var",
    "/var/lib",
    "/var/spool",
    "/home",
    "/opt",
    "/srv",
    "/mnt",
    "/media",
];

/// Something that a container made, changed or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Absolute path, links followed.
    pub path: String,
    /// Whether it is a folder in which something was made and removed again, so that the thing itself has no name.
    pub is_inside: bool,
    /// Whether it is a new file that may be run.
    pub is_program: bool,
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
    /// Whether some of them are programs or their settings.
    pub has_program: bool,
}

/// Whether a file is there only so that its folder is.
pub fn is_placeholder(name: &str) -> bool {
    [".keep", ".gitkeep", ".gitignore", ".empty", ".placeholder", ".dockerkeep"].contains(&name)
}

/// Whether a file of an image is part of a program, by its name and permission bits.
pub fn is_program_file(name: &str, mode: u32) -> bool {
    // A link has all bits.
    is_code(name) || mode & 0o111 != 0 && mode & 0o777 != 0o777
}

/// What a run shows of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// What was written on the root filesystem, sorted.
    pub written: Vec<Written>,
    /// The folders of the image, and those that were made.
    pub folders: BTreeMap<String, Folder>,
    /// Number of the user and the group that it starts as, where they are known.
    pub user: Option<(u32, u32)>,
    /// Paths that the image declares as volumes and the project does not mount, so that the engine makes nameless ones.
    pub nameless: Vec<String>,
}

impl Observation {
    /// Whether this holds of a folder of the image or of one below it; `None` where the folder is
    /// not there.
    fn any(&self, folder: &str, holds: impl Fn(&Folder) -> bool) -> Option<bool> {
        self.folders.get(folder)?;
        let below = self.folders.range(folder.to_owned()..).take_while(|(path, _)| path.starts_with(folder));
        Some(below.filter(|(path, _)| is_at(path, folder)).any(|(_, f)| f.in_image && holds(f)))
    }

    /// Whether the image has files there, which a tmpfs would hide.
    fn has_files(&self, folder: &str) -> bool {
        self.any(folder, |f| f.has_files) == Some(true)
    }
}

/// Places that must be writable, and what was written elsewhere, with what to do about it.
pub fn writable_paths(service: &str, observed: &Observation, need: Option<&Need>) -> (Vec<WritablePath>, Vec<(String, String)>) {
    let mut found: BTreeMap<String, WritablePath> = BTreeMap::new();
    let mut elsewhere = Vec::new();
    for written in &observed.written {
        if is_optional(&written.path) || is_known(&written.path, need) && !written.is_program {
            continue;
        }
        let mut place = place(written, observed, need);
        if let (Some((_, Storage::Scratch(options))), true) = (&mut place.mount, written.is_program) {
            options.exec = true;
        }
        let Some((target, storage)) = &place.mount else {
            elsewhere.push((written.path.clone(), place.help.unwrap_or_default()));
            continue;
        };
        let text = if written.is_inside { "files come and go there".to_owned() } else { format!("{} was written", written.path) };
        match writable(service, target, storage.clone(), told(&place, &text), observed) {
            // What must be kept decides for the whole folder, whichever path came first.
            Ok(path) if path.storage == Storage::State => drop(found.insert(path.target.to_string(), path)),
            Ok(path) => {
                let is_run = matches!(&path.storage, Storage::Scratch(options) if options.exec);
                let first = found.entry(path.target.to_string()).or_insert(path);
                if let Storage::Scratch(options) = &mut first.storage {
                    options.exec |= is_run;
                }
            }
            Err(why) => elsewhere.push((written.path.clone(), why)),
        }
    }
    for target in observed.nameless.iter().filter(|t| !is_known(t, need)) {
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
    found.retain(|target, path| !outer.iter().any(|o| covers(o, target, path, observed)));
    elsewhere.retain(|(path, _)| !found.keys().any(|target| is_at(path, target)));
    (found.into_values().collect(), elsewhere)
}

/// The place of something that was written.
fn place(written: &Written, observed: &Observation, need: Option<&Need>) -> Place {
    let kind = match observed.folders.get(&written.path) {
        _ if written.is_inside => Kind::Folder,
        Some(folder) if folder.in_image => Kind::Folder,
        Some(_) => Kind::Made,
        None => Kind::File,
    };
    let has_program = |folder: &str| observed.any(folder, |f| f.has_program);
    let place = Place::of(Asked { path: &written.path, kind, is_state: false, need, has_program: &has_program });
    let Some((mut target, storage)) = place.mount.clone() else { return place };
    if matches!(storage, Storage::Scratch(_)) {
        // An empty folder of the image is there for its program, which need not make it: a tmpfs above would hide it.
        let folder = if kind == Kind::File { parent(&written.path) } else { written.path.clone() };
        let is_hidden = is_at(&folder, &target) && folder != target && observed.folders.get(&folder).is_some_and(|f| f.in_image);
        if is_hidden && !is_shared(&target) {
            target = folder;
        }
    }
    let is_lost = || kind == Kind::File && is_missed(&written.path, &target);
    match storage {
        // A tmpfs would hide them, and a volume copies them.
        Storage::Scratch(_) if !is_lost() && observed.has_files(&target) && !is_shared(&target) => {
            Place { mount: Some((target, Storage::State)), ..place }
        }
        Storage::Scratch(_) if !is_lost() => Place { mount: Some((target, storage)), ..place },
        _ => Place { mount: state_at(&target, observed).map(|target| (target, Storage::State)), ..place },
    }
}

/// Folders that all programs share: hiding what the image has right in them does no harm.
fn is_shared(target: &str) -> bool {
    ["/tmp", "/var/tmp", "/run", "/var/log", "/var/cache", "/dev/shm"].contains(&target)
}

/// Whether a file in a folder of scratch is missed when it is gone.
fn is_missed(path: &str, target: &str) -> bool {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let folder = name(target);
    match folder.as_str() {
        "tmp" | "temp" | "cache" | "caches" | ".cache" | "shm" => false,
        // Settings and data by their definition; what is known to come back by itself is not missed.
        ".config" | ".local" => {
            let below = &path[target.len()..];
            !["/matplotlib/", "/fontconfig/", "/configstore/", "/pip/", "/cache", "/Cache", "/logs/", "/state/"]
                .iter()
                .any(|p| below.contains(p))
        }
        _ => is_kept(&name(path)),
    }
}

/// Where a volume for what is written at `target` belongs: at the folder of the image, from which it
/// gets content and owner, or at what was made beside the program. `None` where it would hold the
/// program.
fn state_at(target: &str, observed: &Observation) -> Option<String> {
    let (base, made) = existing(target, &observed.folders);
    let has_program = |folder: &str| observed.any(folder, |f| f.has_program) == Some(true);
    let holds = |folder: &str| COMMON.contains(&folder) || !is_at(folder, "/etc") && has_program(folder);
    let is_whole = |folder: &str| ["/", "/etc", "/usr", "/var"].contains(&folder);
    match made {
        // It was written right in it, so that only all of it will do.
        None => Some(base).filter(|base| !is_whole(base) && (is_at(base, "/etc") || !has_program(base))),
        Some(made) if holds(&base) || observed.has_files(&base) || is_at(&base, "/etc") => Some(made),
        Some(_) => Some(base),
    }
}

/// Gives a path that a log named the owner and the mode that the image's folder has, or else the service's user. What the image has
/// there decides what may hold it; `false` where that is the program.
pub fn fit(path: &mut WritablePath, observed: &Observation) -> bool {
    if observed.has_files(&path.target) && !is_shared(&path.target) && !is_at(&path.target, "/etc") {
        if observed.any(&path.target, |f| f.has_program) == Some(true) {
            return false;
        }
        path.storage = Storage::State;
    }
    let folder = observed.folders.get(&*path.target).filter(|f| f.in_image);
    let user = observed.user.filter(|(uid, _)| *uid != 0);
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
    true
}

/// Other places for what was seen, where a service does not come back: scratch for process numbers in a folder of data, which a kill leaves
/// behind, or else, with `as_data`, volumes in the place of scratch, as what was lost with that may have been data.
pub fn second_thoughts(paths: &[WritablePath], observed: &Observation, as_data: bool) -> Vec<WritablePath> {
    let is_seen = |path: &&WritablePath| matches!(path.reason.source, Source::Run | Source::Log(_) | Source::Image(_));
    let mut found: BTreeMap<String, WritablePath> = BTreeMap::new();
    for path in paths.iter().filter(is_seen) {
        let below = || observed.written.iter().filter(|written| is_at(&written.path, &path.target));
        let targets: Vec<String> = match (&path.storage, as_data) {
            // One that ends well takes it away again, so that only its folder is seen.
            (Storage::State, false) => below().filter_map(|w| numbers_above(&w.path, &path.target)).collect(),
            (Storage::Scratch(_), true) if is_at(&path.target, "/run") => Vec::new(),
            (Storage::Scratch(_), true) if is_shared(&path.target) => {
                below().filter_map(|w| made_in(&w.path, &path.target, observed)).collect()
            }
            (Storage::Scratch(_), true) => vec![path.target.to_string()],
            _ => Vec::new(),
        };
        let storage =
            if as_data { Storage::State } else { Storage::Scratch(TmpfsOptions { mode: Some(0o755), ..TmpfsOptions::default() }) };
        let why = if as_data { "what is there was missed after a restart" } else { "a process number there keeps it from starting again" };
        found.extend(targets.into_iter().filter_map(|target| {
            let path = writable(&path.service, &target, storage.clone(), why.to_owned(), observed).ok()?;
            Some((target, path))
        }));
    }
    found.into_values().collect()
}

/// The first folder below `top` on the way to `path` in which programs keep their process numbers, by its name.
fn numbers_above(path: &str, top: &str) -> Option<String> {
    let folders = path.match_indices('/').map(|(end, _)| &path[..end]).chain([path]);
    let is_it = |folder: &&str| ["tmp", "run", "pids", "pid"].contains(&folder.rsplit('/').next().unwrap_or_default());
    folders.filter(|folder| folder.len() > top.len()).find(is_it).map(str::to_owned)
}

/// The folder right in `top` that the program made on the way to `path`.
fn made_in(path: &str, top: &str, observed: &Observation) -> Option<String> {
    let name = path[top.len()..].trim_start_matches('/').split('/').next()?;
    let folder = format!("{top}/{name}");
    observed.folders.get(&folder).is_some_and(|folder| !folder.in_image).then_some(folder)
}

/// Owner and group as options; root's need not be said.
fn owner(uid: u32, gid: u32) -> (Option<u32>, Option<u32>) {
    if (uid, gid) == (0, 0) { (None, None) } else { (Some(uid), Some(gid)) }
}

/// Whether a need covers a path by more than an assumption, which what is seen replaces.
fn is_known(path: &str, need: Option<&Need>) -> bool {
    // What a command says of itself says nothing of owners, nor of what else is in the folder.
    let is_sure = |p: &&WritablePath| p.reason.confidence > Confidence::Assumed && (p.reason.source != Source::Rule || p.is_declared);
    need.is_some_and(|n| n.paths.iter().filter(is_sure).any(|p| is_at(path, &p.target)))
}

/// Whether a mount makes another one below it needless: the engine hides what the image has there, unless a volume copies it.
fn covers(outer: &WritablePath, target: &str, inner: &WritablePath, observed: &Observation) -> bool {
    let is_below = *outer.target != *target && is_at(target, &outer.target);
    let (is_outer_state, is_inner_state) = (outer.storage == Storage::State, inner.storage == Storage::State);
    let is_hidden = !is_outer_state && observed.folders.get(target).is_some_and(|f| f.in_image);
    let is_kept = is_inner_state && !is_outer_state;
    // What may vanish is no part of the data. From `tmp` and the like programs move files to where they stay, which no two mounts allow.
    let name = target.rsplit('/').next().unwrap_or_default();
    let is_apart = is_outer_state && !is_inner_state && ["cache", "caches", ".cache", "log", "logs"].contains(&name);
    is_below && !is_hidden && !is_kept && !is_apart
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

/// Whether a program does without the file where it cannot be written: Python's compiled modules.
fn is_optional(path: &str) -> bool {
    path.split('/').any(|part| part == "__pycache__") || path.rsplit_once('.').is_some_and(|(_, kind)| kind == "pyc")
}

/// Why a place must be writable, as a sentence.
fn told(place: &Place, text: &str) -> String {
    let help = place.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    format!("{}: {text}{help}", place.cause)
}

/// Errors: why nothing can be mounted there, a sentence.
fn writable(service: &str, target: &str, storage: Storage, text: String, observed: &Observation) -> Result<WritablePath, String> {
    let folder = observed.folders.get(target).copied().unwrap_or_default();
    let mut volume_owner = None;
    let storage = match storage {
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
    let place = Target::new(target, &storage).map_err(|why| unmountable(target, why))?;
    Ok(WritablePath { service: service.to_owned(), target: place, storage, is_declared: false, owner: volume_owner, reason: reason(text) })
}

fn reason(text: String) -> Arc<Reason> {
    Arc::new(Reason { source: Source::Run, text, link: None, confidence: Confidence::Reported })
}

#[cfg(test)]
mod tests;
