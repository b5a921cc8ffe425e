//! What a row says of one path: whether it shows a need at all, and what may hold it.

use crate::facts::Fact;
use rofs_harden::compose::{clean_path, is_at};
use rofs_harden::evidence::{Storage, Target, TmpfsOptions};

/// What a row says of its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    /// In memory there.
    Scratch {
        /// Programs run from it.
        exec: bool,
    },
    /// Filled from the image first: a tmpfs would hide what the program needs.
    Seeded,
    /// Kept, or given to the image's user.
    Kept,
    /// In memory there, at a place where programs keep data: a chart's default is not worth losing it.
    InMemory,
    /// A test's choice between memory and a volume.
    Either,
    /// Mounted in every app of its catalogue: it ran with it, which shows no need.
    Habit,
    /// No need of the image.
    Not(&'static str),
}

/// One catalogue mounts these in every app.
const HABITS: [&str; 5] = ["/tmp", "/run", "/var/logs", "/shared", "/dev/shm"];
/// Folders that the tests of another mount to see whether that works.
const TESTS: [&str; 4] = ["/opt/tests", "/scratchpad", "/shares", "/updater"];
/// Where files vanish on every system, whatever a catalogue mounts there.
const ALWAYS_SCRATCH: [&str; 3] = ["/tmp", "/run", "/var/tmp"];
/// Last parts of paths that programs keep data in.
const DATA: [&str; 11] = ["appdata", "config", "data", "database", "datavolume", "db", "home", "my-data", "state", "storage", "uploads"];
/// Words in the first part of a path below which a person's own files are. A part that a program made
/// for itself, such as `/usr/src/paperless/media`, lies deeper.
const OPERATORS: [&str; 30] = [
    "audiobook",
    "backup",
    "book",
    "comic",
    "consume",
    "download",
    "gallery",
    "host",
    "import",
    "incomplete",
    "library",
    "manga",
    "media",
    "mnt",
    "movie",
    "music",
    "nas",
    "photo",
    "picture",
    "playlist",
    "podcast",
    "recording",
    "rom",
    "series",
    "share",
    "torrent",
    "tv",
    "video",
    "watch",
    "youtube",
];
/// Words of a path, anywhere, below which certificates and keys of a person are.
const CERTIFICATES: [&str; 8] = ["acme", "cacerts", "cert", "certificates", "certs", "secret", "secrets", "ssl"];

/// The path as the engine mounts it. Errors: why it is none.
pub(crate) fn path_of(fact: &Fact) -> Result<String, &'static str> {
    if fact.path == "-" {
        return Err("there is no mount");
    }
    if fact.path.contains('$') {
        return Err("a variable decides the path");
    }
    let path = clean_path(&fact.path);
    let storage =
        if matches!(use_of(fact, &path), Use::Scratch { .. }) { Storage::Scratch(TmpfsOptions::default()) } else { Storage::State };
    Target::new(&path, &storage).map(|target| target.to_string())
}

/// What a row says of its path, which [`path_of`] has cleaned.
pub(crate) fn use_of(fact: &Fact, path: &str) -> Use {
    let kind = fact.kind.as_str();
    if fact.source.starts_with("stavros-k/truecharts-apps@") && HABITS.contains(&path) {
        return Use::Habit;
    }
    if let Some(why) = operators(path, kind) {
        return Use::Not(why);
    }
    let is_kept_elsewhere = matches!(kind, "bind(state)" | "pvc");
    if ALWAYS_SCRATCH.contains(&path) {
        // Who keeps /run keeps a socket in it for others.
        return if is_kept_elsewhere { Use::Not("vanishes on every system") } else { Use::Scratch { exec: kind == "tmpfs exec" } };
    }
    match kind {
        "seeded" => Use::Seeded,
        "tmpfs exec" => Use::Scratch { exec: true },
        k if k.starts_with("emptyDir") || k.starts_with("tmpfs") => {
            if holds_data(path) {
                Use::InMemory
            } else {
                Use::Scratch { exec: false }
            }
        }
        "volume" if fact.source.starts_with("truenas/apps@") => Use::Either,
        "bind(state)" | "pvc" | "volume" => Use::Kept,
        k if k.starts_with("owned dir") => {
            if ALWAYS_SCRATCH.iter().any(|top| is_at(path, top)) {
                Use::Scratch { exec: false }
            } else {
                Use::Kept
            }
        }
        _ => Use::Not("not a mount that is known"),
    }
}

/// Whether programs keep data at such a path. Bitnami's charts say themselves what is kept.
fn holds_data(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    !is_at(path, "/opt/bitnami") && (is_at(path, "/var/lib") || DATA.contains(&last.trim_start_matches('.')))
}

/// Why what is there is the operator's and not the image's, if so.
fn operators(path: &str, kind: &str) -> Option<&'static str> {
    let mut parts = path.split('/').skip(1);
    let first = parts.next().unwrap_or_default().to_ascii_lowercase();
    let second = parts.next().unwrap_or_default().to_ascii_lowercase();
    let last = path.rsplit('/').next().unwrap_or_default();
    let is_socket = last.rsplit_once('.').is_some_and(|(_, ending)| ending == "sock");
    let is_test = TESTS.iter().any(|test| is_at(path, test)) || first.strip_prefix("data").is_some_and(is_number);
    let words =
        |part: &str| OPERATORS.iter().any(|word| part.split(['-', '_', '.']).any(|p| p == *word || p.strip_suffix('s') == Some(word)));
    match () {
        () if matches!(kind, "nfs" | "hostPath") => Some("the host's or another machine's files"),
        () if is_socket || path.contains("docker.sock") => Some("a socket"),
        () if is_test => Some("a folder that only the catalogue's tests mount"),
        () if path.split('/').any(|part| part.split(['-', '_']).any(|p| CERTIFICATES.contains(&p.to_ascii_lowercase().as_str()))) => {
            Some("certificates or keys of the operator")
        }
        () if is_file(last) => Some("a single file"),
        () if ["etc", "usr"].contains(&first.as_str()) && ["localtime", "timezone", "zoneinfo"].contains(&last) => {
            Some("the host's time zone")
        }
        () if words(&first) || first == "data" && words(&second) => Some("the operator's own files"),
        () if is_at(path, "/docker-entrypoint-initdb.d") || is_at(path, "/lib/modules") => Some("the operator's own files"),
        () => None,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a name is that of a file: an ending of letters that is not the `.d` of a folder.
fn is_file(name: &str) -> bool {
    let ending = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map_or("", |(_, ending)| ending);
    (2..=10).contains(&ending.len()) && ending.bytes().all(|b| b.is_ascii_lowercase()) && !["data", "config", "local"].contains(&ending)
}
