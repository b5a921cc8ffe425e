//! Which place a path asks for: what is to be mounted where, or what helps instead.
//!
//! `diagnose` asks it of a path in a log, `observe` and `verify` of what a container wrote. What is
//! known of the image's folders counts first; names are asked where nothing is known.

mod names;
mod remedy;

pub(super) use names::{is_code, is_data, is_kept, is_scratch};
pub(super) use remedy::{instead, linked, remedies};

use super::{Need, Storage, TmpfsOptions};
use crate::compose::is_at;

/// Where a program changes its own files, as it does when it starts.
const OWN_FILE: &str = "a program or start script that changes its own files";

/// What a path was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file: its folder is what must be writable.
    File,
    /// A folder that is there, or whose owner or mode was to be changed.
    Folder,
    /// A folder that was to be made.
    Made,
    /// A file beside one that was to be changed in place, as `sed -i` does.
    Edited,
    /// Nobody says.
    Unknown,
}

/// What is asked.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// Absolute and cleaned.
    pub(super) path: &'a str,
    pub(super) kind: Kind,
    /// Whether what is there must be kept, since somebody says so.
    pub(super) is_state: bool,
    /// What is known of the service.
    pub(super) need: Option<&'a Need>,
    /// Whether the image has parts of a program at or below a folder, where that is known.
    pub(super) has_program: &'a dyn Fn(&str) -> Option<bool>,
}

/// What kind of place a path is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Which of the usual causes it is, a phrase.
    pub(super) cause: &'static str,
    /// The folder to mount and what may hold it; `None` where no mount is right.
    pub(super) mount: Option<(String, Storage)>,
    /// What to do beside or instead of that.
    pub(super) help: Option<String>,
}

const FREEZES: &str = "the volume starts with the image's files and keeps them: later ones of a new image do not arrive there";
const FINISHED: &str = "mount the finished file read-only, or make the change in a build step, so that nothing is rewritten at start";
const MAKES_USERS: &str = "a start script that makes or changes users cannot do so read-only: leave out its variables (PUID and PGID, USER_ID \
                           and the like) and set `user:`, or make the user once in a build step (`RUN usermod …` in a Dockerfile)";
const LOGS: &str = "or log to standard output, which the engine collects; then nothing has to be writable";
const CACHE: &str = "or turn the cache off, or move it by its environment variable to /tmp";

fn scratch(mode: u32) -> Storage {
    Storage::Scratch(TmpfsOptions { mode: Some(mode), ..TmpfsOptions::default() })
}

impl Place {
    fn mount(cause: &'static str, target: String, storage: Storage, help: Option<&str>) -> Self {
        Self { cause, mount: Some((target, storage)), help: help.map(str::to_owned) }
    }

    fn none(cause: &'static str, help: impl Into<String>) -> Self {
        Self { cause, mount: None, help: Some(help.into()) }
    }

    /// Whether it is a start script that changes what the image has.
    pub(super) fn is_start_script(&self) -> bool {
        self.cause.starts_with("a start script") || self.cause == OWN_FILE
    }

    /// The place that a path asks for.
    pub(super) fn of(asked: Asked<'_>) -> Self {
        let parts: Vec<&str> = asked.path.split('/').filter(|part| !part.is_empty()).collect();
        let Some(last) = parts.last() else { return Self::none("the program's own folder", about_filled("/")) };
        let is_folder = match asked.kind {
            Kind::Made | Kind::Folder => true,
            Kind::Unknown => names::looks_like_folder(last),
            Kind::File | Kind::Edited => false,
        };
        let way = Way { asked, folders: parts.len() - usize::from(!is_folder), is_folder, parts: &parts };
        let place = way.on_purpose().or_else(|| way.program()).or_else(|| way.told()).or_else(|| way.usual());
        let place = place.or_else(|| way.dot_folder()).or_else(|| way.settings()).or_else(|| way.scratch());
        let place = place.or_else(|| way.by_chance()).unwrap_or_else(|| way.data());
        way.above_program(place)
    }
}

/// Whether `target` holds what the image needs, so that nothing may be mounted over it.
pub(crate) fn is_filled(target: &str) -> bool {
    let parts: Vec<&str> = target.split('/').filter(|part| !part.is_empty()).collect();
    names::is_system(target) || names::filled(&parts) >= parts.len()
}

/// Whether images have files of their own in a folder where scratch is written: settings below `/etc`, and what packages made for logs and
/// caches.
pub(super) fn hides_files(target: &str) -> bool {
    is_at(target, "/etc") || matches!(target, "/var/log" | "/var/cache" | "/var/lib" | "/var/spool")
}

/// A path on its way through the rules.
struct Way<'w> {
    asked: Asked<'w>,
    parts: &'w [&'w str],
    /// How many of the parts are folders.
    folders: usize,
    is_folder: bool,
}

impl Way<'_> {
    /// The path of the first parts.
    fn top(&self, count: usize) -> String {
        format!("/{}", self.parts[..count].join("/"))
    }

    /// The path itself where it is a folder, or else the one that it is in.
    fn folder(&self) -> String {
        self.top(self.folders)
    }

    fn last(&self) -> &str {
        self.parts[self.parts.len() - 1]
    }

    /// The number of parts up to the first folder of which this holds, itself counted.
    fn first(&self, from: usize, is_wanted: impl Fn(&str) -> bool) -> Option<usize> {
        (from..self.folders).find(|i| is_wanted(self.parts[*i])).map(|i| i + 1)
    }

    /// What the system, the engine or a person keeps as it is.
    fn on_purpose(&self) -> Option<Place> {
        let is_account = |name: &str| {
            let accounts = ["passwd", "shadow", "group", "gshadow", "subuid", "subgid"];
            let rest = accounts.iter().filter_map(|a| name.trim_start_matches('.').strip_prefix(a));
            name == ".pwd.lock" || rest.into_iter().any(|rest| rest.is_empty() || rest.starts_with(['.', '-', '+']))
        };
        match self.parts {
            [.., "etc", name] if is_account(name) => Some(Place::none("a start script that makes users", MAKES_USERS)),
            ["etc", "hosts"] => Some(Place::none(
                "a start script that rewrites /etc",
                "the engine writes /etc/hosts itself: use `extra_hosts:` in the Compose file",
            )),
            ["etc", "hostname" | "resolv.conf"] => Some(Place::none(
                "a start script that rewrites /etc",
                "the engine writes it itself: use `hostname:`, `dns:` and `dns_search:` in the Compose file",
            )),
            ["run", "secrets", ..] => Some(Place::none(
                "a secret, which is read-only on purpose",
                "a secret is read-only on purpose: leave it as it is, or run the service as the user who may read it (`user:`)",
            )),
            ["nonexistent", ..] => Some(Place::none(
                "a user without a home",
                "the user has no home folder: set HOME to a folder that can be written, such as /tmp",
            )),
            _ => None,
        }
    }

    /// Folders of programs, which no mount may hide or freeze.
    fn program(&self) -> Option<Place> {
        if self.parts[0] == "run" {
            return None;
        }
        let at = (0..self.folders).find(|i| names::is_program(self.parts, *i));
        let is_system = names::is_system(self.asked.path);
        let from = at.or_else(|| is_system.then_some(0))?;
        // What a build or a package manager caches lies beside what it made.
        let is_cache = |name: &str| name == ".cache" || at.is_some_and(|at| names::is_build(self.parts[at])) && name == "cache";
        if let Some(end) = self.first(from + 1, is_cache) {
            return Some(Place::mount("scratch beside the program", self.top(end), scratch(0o755), Some(CACHE)));
        }
        let folder = at.map_or_else(|| self.folder(), |at| self.top(at + 1));
        let help = format!(
            "{folder} holds the image's own files, and a mount would hide or freeze them: make what is written there in a build step, or turn \
             the writing off by a setting"
        );
        Some(Place::none("the program's own folder", help))
    }

    /// What the line says.
    fn told(&self) -> Option<Place> {
        self.asked.is_state.then(|| Place::mount("data", self.folder(), Storage::State, None))
    }

    /// Folders that mean the same in every image.
    fn usual(&self) -> Option<Place> {
        let below = |top: usize| self.top(self.folders.min(top + 1).max(top));
        let place = |cause, target, mode, help| Some(Place::mount(cause, target, scratch(mode), help));
        match self.parts {
            ["tmp", ..] => place("temporary files", self.top(1), 0o1777, None),
            ["var" | "usr", "tmp", ..] => place("temporary files outside /tmp", self.top(2), 0o1777, Some("or set TMPDIR=/tmp")),
            ["dev", "shm", ..] => place("shared memory", self.top(2), 0o1777, None),
            // Programs are copied there and run from there.
            ["run", "s6" | "service" | "s6-rc", ..] => {
                let options = TmpfsOptions { mode: Some(0o755), exec: true, ..TmpfsOptions::default() };
                Some(Place::mount("services that are run from /run", self.top(1), Storage::Scratch(options), None))
            }
            ["run", ..] => place("a socket, lock or process number", below(1), 0o755, None),
            ["var", "lock" | "run", ..] => place("a socket, lock or process number", below(2), 0o755, None),
            ["var", "log", ..] => place("logs below /var/log", below(2), 0o755, Some(LOGS)),
            ["var", "cache", ..] => place("scratch beside the program", below(2), 0o755, None),
            // It makes one folder below its own, and none above.
            ["var", "lib", "nginx", part, ..] if self.folders > 3 && is_scratch(part) => {
                place("bodies that nginx keeps while they are sent", self.top(4), 0o755, None)
            }
            ["var", "lib", "nginx", ..] => place("bodies that nginx keeps while they are sent", self.top(3), 0o755, None),
            _ => None,
        }
    }

    /// Dot folders: what programs keep in a home, wherever that is.
    fn dot_folder(&self) -> Option<Place> {
        let end = self.first(0, names::is_dot)?;
        let is_home = matches!(self.parts, ["root" | "home", ..]);
        let cause = if is_home { "a cache in a home directory" } else { "a cache in a dot folder" };
        let is_kept = names::is_kept_dot(self.parts[end - 1]) || !self.is_folder && is_kept(self.last()) && self.parts[end - 1] != ".cache";
        if is_kept {
            return Some(Place::mount("data in a dot folder", self.top(end), Storage::State, None));
        }
        Some(Place::mount(cause, self.top(end), scratch(0o755), Some(CACHE)))
    }

    /// Settings that come with the image.
    fn settings(&self) -> Option<Place> {
        let (root, is_etc) = (names::filled(self.parts), self.parts[0] == "etc");
        let cause = if is_etc { "a start script that rewrites /etc" } else { "a start script that rewrites settings" };
        let is_settings = is_etc || self.first(0, names::is_settings).is_some();
        if !is_settings && root == 0 {
            return None;
        }
        // A copy that is put in the place of the file: only the whole folder would do.
        if self.asked.kind == Kind::Edited && (is_etc || !self.parts[..self.folders].iter().any(|p| is_data(p))) {
            return Some(Place::none(cause, format!("the script edits a file of the image in place: {FINISHED}")));
        }
        if !is_etc {
            return None;
        }
        if let Some(end) = self.first(1, is_scratch) {
            return Some(Place::mount("scratch below /etc", self.top(end), scratch(0o755), None));
        }
        let folder = self.folder();
        if let Some(end) = self.first(1, is_data) {
            return Some(Place::mount("data below /etc", self.top(end), Storage::State, None));
        }
        if !self.is_folder && names::is_runtime(self.last()) {
            if self.folders > 1 && (self.asked.has_program)(&folder) == Some(false) {
                return Some(Place::mount("a socket, lock or process number", folder, scratch(0o755), None));
            }
            let help = format!("a tmpfs at {folder} would hide the settings there: let the program put that file into /run");
            return Some(Place::none("a socket, lock or process number", help));
        }
        if self.folders == 1 {
            return Some(Place::none(cause, FINISHED));
        }
        Some(Place::mount(cause, folder, Storage::State, Some(&format!("{FREEZES}; better, {FINISHED}"))))
    }

    /// What is named as scratch, beside the program or beside data.
    fn scratch(&self) -> Option<Place> {
        let from = names::filled(self.parts);
        let end = self.first(from, is_scratch).or_else(|| {
            // A template that was compiled, by the hash of its name.
            let is_compiled = !self.is_folder && self.folders > from && names::is_random(self.last()) && is_code(self.last());
            is_compiled.then_some(self.folders)
        })?;
        let is_log = self.parts[end - 1].to_ascii_lowercase().contains("log");
        Some(Place::mount("scratch beside the program", self.top(end), scratch(0o755), is_log.then_some(LOGS)))
    }

    /// What libraries put elsewhere where no folder for temporary files can be written.
    fn by_chance(&self) -> Option<Place> {
        let root = names::filled(self.parts);
        let first = self.parts.get(root)?;
        (root > 0 && names::is_random(first)).then(|| {
            let help = "the name is made by chance: the program looks for a folder for temporary files that it can write";
            Place::mount("temporary files", "/tmp".to_owned(), scratch(0o1777), Some(help))
        })
    }

    /// Everything else is data, unless it is part of the program.
    fn data(&self) -> Place {
        let root = names::filled(self.parts);
        if !self.is_folder && is_code(self.last()) && (root > 0 || self.first(0, is_data).is_none()) {
            // Settings in a folder of their own can be copied into a volume.
            let in_settings = self.first(root, names::is_settings).is_some() && self.folders > root && root > 1;
            if in_settings && !matches!(self.parts, ["usr", "local", "etc", ..]) && !self.is_executable() {
                let help = format!("{FREEZES}; better, {FINISHED}");
                return Place::mount("a start script that rewrites settings", self.folder(), Storage::State, Some(&help));
            }
            let help = format!("it is a file of the program: {FINISHED}");
            return Place::none(OWN_FILE, help);
        }
        let end = self.first(root, is_data).unwrap_or(match self.parts {
            ["var", ..] => self.folders.min(root + 1),
            _ => self.folders,
        });
        // A folder that is new is empty; one that is there may hold what the image brings.
        let is_new = self.is_folder && self.asked.kind != Kind::Folder && end == self.folders;
        let help = (root > 0 && !is_new && !matches!(self.parts, ["var", ..])).then_some(FREEZES);
        Place::mount("data", self.top(end), Storage::State, help)
    }

    fn is_executable(&self) -> bool {
        ["sh", "bash", "py", "pl", "rb", "js", "jar", "so", "class"].iter().any(|end| self.last().ends_with(&format!(".{end}")))
    }

    /// The same, but for a mount over what the image has.
    fn above_program(&self, place: Place) -> Place {
        let Some((target, storage)) = &place.mount else { return place };
        if !self.holds_program(target) {
            return place;
        }
        // The thing itself, where it is a folder that is not there yet.
        let own = self.top(self.parts.len());
        if self.asked.kind == Kind::Made && own == *target {
            return place;
        }
        let is_own_folder = self.is_folder && self.asked.kind != Kind::Folder;
        if is_own_folder && own != *target && !self.holds_program(&own) {
            return Place { mount: Some((own, storage.clone())), ..place };
        }
        Place { mount: None, help: Some(about_filled(target)), ..place }
    }

    /// Whether a mount at `target` would hide or freeze what the image has there.
    fn holds_program(&self, target: &str) -> bool {
        let known = (self.asked.has_program)(target);
        let depth = target.split('/').filter(|part| !part.is_empty()).count();
        let is_workdir = || self.asked.need.is_some_and(|n| n.image_paths.iter().any(|b| b.path == target));
        let is_usual = matches!(target, "/tmp" | "/var/tmp" | "/run" | "/var/log" | "/var/cache") || is_at(target, "/var/lib/nginx");
        let by_name = depth <= names::filled(self.parts) && is_at(self.asked.path, target) && !is_usual;
        depth == 0 || is_kernels(target) || is_workdir() || known.unwrap_or(by_name) && !is_usual
    }
}

/// Whether a path is one of the kernel's, which are read-only in every container.
pub fn is_kernels(path: &str) -> bool {
    ["/proc", "/sys"].iter().any(|top| is_at(path, top))
}

/// What to do about a folder that holds the program.
pub(super) fn about_filled(target: &str) -> String {
    format!("{target} holds the image's own files, so nothing is mounted there: make the program write to /tmp or /data instead")
}

/// What to do about a folder at which nothing can be mounted, which [`super::Target`] gave this
/// reason for.
pub(super) fn unmountable(target: &str, why: &str) -> String {
    format!("{target} {why}: make the program write elsewhere, or mount a folder above it")
}

/// The folder that `path` is in.
pub(super) fn parent(path: &str) -> String {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/".to_owned(),
        Some((folder, _)) => folder.to_owned(),
    }
}

#[cfg(test)]
mod tests;
