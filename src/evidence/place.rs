//! Which folder a written path asks for, what may hold it, and which of the usual causes it is.

use super::{Need, Storage, TmpfsOptions};
use crate::compose::is_at;

/// Folders of programs and libraries, with all below them: nothing of a person's is there.
const SYSTEM: [&str; 16] = [
    "/bin",
    "/boot",
    "/dev",
    "/lib",
    "/lib64",
    "/proc",
    "/sbin",
    "/sys",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local/bin",
    "/usr/local/lib",
    "/usr/local/sbin",
    "/usr/sbin",
];

/// Folders that must not be mounted over as a whole: an image's files are there.
const FILLED: [&str; 12] =
    ["/", "/etc", "/usr", "/usr/local", "/usr/share", "/var", "/var/lib", "/home", "/opt", "/app", "/usr/src/app", "/var/www/html"];

/// What kind of place a path is.
pub(super) struct Place {
    /// Which of the usual causes it is, a phrase.
    pub(super) cause: &'static str,
    /// The folder to mount.
    pub(super) target: String,
    pub(super) storage: Storage,
    /// What to do beside or instead of that.
    pub(super) help: Option<&'static str>,
}

impl Place {
    /// The place for `path`, which was to be made or changed in `folder`.
    pub(super) fn of(path: &str, folder: &str, is_state: bool) -> Self {
        let scratch = |mode| Storage::Scratch(TmpfsOptions { mode: Some(mode), ..TmpfsOptions::default() });
        let place = |cause, target: &str, storage, help| Place { cause, target: target.to_owned(), storage, help };
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let has = |names: &[&str]| parts.iter().any(|p| names.contains(p));
        match parts.as_slice() {
            _ if is_state => place("data", folder, Storage::State, None),
            ["tmp", ..] => place("temporary files", "/tmp", scratch(0o1777), None),
            ["var", "tmp", ..] => place("temporary files outside /tmp", "/var/tmp", scratch(0o1777), Some("or set TMPDIR=/tmp")),
            ["run", ..] => place("a socket, lock or process number", folder, scratch(0o755), None),
            ["var", "log", ..] => {
                let help = "or log to standard output, which the engine collects; then nothing has to be writable";
                place("logs below /var/log", folder, scratch(0o755), Some(help))
            }
            ["root", ..] | ["home", _, ..]
                if has(&[".cache", ".npm", ".yarn", ".config", ".local", ".m2", ".gradle", ".nuget", ".cargo"]) =>
            {
                let end = parts.iter().position(|p| p.starts_with('.')).unwrap_or(parts.len() - 1);
                let target = format!("/{}", parts[..=end].join("/"));
                let help = "or turn the cache off, or move it by its environment variable to /tmp";
                place("a cache in a home directory", &target, scratch(0o755), Some(help))
            }
            ["var", "lib", "nginx", ..] => place("bodies that nginx keeps while they are sent", "/var/lib/nginx", scratch(0o755), None),
            ["etc", ..] => {
                let help =
                    "a volume starts with the image's files; better, mount the finished file read-only, so that nothing is rewritten";
                place("a start script that rewrites /etc", folder, Storage::State, Some(help))
            }
            _ if has(&["cache", "caches", "tmp", "temp", "log", "logs", ".next", "pids"]) => {
                place("scratch beside the program", folder, scratch(0o755), None)
            }
            _ => place("data", folder, Storage::State, None),
        }
    }
}

/// Whether `target` holds what the image needs, so that nothing may be mounted over it.
pub(crate) fn is_filled(target: &str, need: Option<&Need>) -> bool {
    let is_workdir = || need.is_some_and(|n| n.brings.iter().any(|b| b.path == target));
    FILLED.contains(&target) || SYSTEM.iter().any(|s| is_at(target, s)) || is_workdir()
}

/// Whether a path is one of the kernel's, which are read-only in every container.
pub fn is_kernels(path: &str) -> bool {
    ["/proc", "/sys"].iter().any(|top| is_at(path, top))
}

/// What to do about such a folder.
pub(super) fn about_filled(target: &str) -> String {
    format!("{target} holds the image's own files, so nothing is mounted there: make the program write to /tmp or /data instead")
}

/// What to do about a folder at which nothing can be mounted, which [`super::Target`] gave this reason for.
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
