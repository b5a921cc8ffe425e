//! What the names of files and folders say.

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

/// Top folders in which images have their program itself.
const PROGRAM_TOPS: [&str; 19] = [
    "app",
    "application",
    "apps",
    "backend",
    "build",
    "code",
    "docker",
    "frontend",
    "function",
    "nix",
    "opt",
    "project",
    "scripts",
    "server",
    "service",
    "site",
    "src",
    "web",
    "workspace",
];

/// Folders that hold parts of a program wherever they are.
const PROGRAM: [&str; 16] = [
    "node_modules",
    "site-packages",
    "dist-packages",
    "gems",
    "vendor",
    "plugins-bundled",
    ".venv",
    "venv",
    ".git",
    ".pnpm",
    "cont-init.d",
    "cont-finish.d",
    "services.d",
    "init.d",
    "docker-entrypoint.d",
    "s6-rc.d",
];

/// Folders that hold parts of a program where they are below its own folder.
const PROGRAM_PARTS: [&str; 8] = ["bin", "sbin", "lib", "lib64", "libexec", "dist", "conf.d", "wp-includes"];

/// Folders of a finished build; only what is called `cache` in them is scratch.
const BUILDS: [&str; 4] = [".next", ".nuxt", ".output", ".svelte-kit"];

/// Folders of what may vanish.
const SCRATCH: [&str; 23] = [
    "plugins-storage",
    "tmp",
    "temp",
    "cache",
    "caches",
    "log",
    "logs",
    "run",
    "pid",
    "pids",
    "sock",
    "sockets",
    "lock",
    "locks",
    "session",
    "sessions",
    "work",
    "scratch",
    "__pycache__",
    "templates_c",
    "crash",
    "dumps",
    "logfiles",
];

/// Folders of what must be kept.
const DATA: [&str; 37] = [
    "acme",
    "attachments",
    "backup",
    "backups",
    "blobs",
    "certs",
    "data",
    "database",
    "databases",
    "db",
    "documents",
    "exports",
    "files",
    "indexes",
    "indices",
    "keys",
    "letsencrypt",
    "mail",
    "media",
    "models",
    "persist",
    "photos",
    "queue",
    "recordings",
    "repos",
    "repositories",
    "snapshots",
    "spool",
    "ssl",
    "state",
    "storage",
    "store",
    "upload",
    "uploads",
    "userdata",
    "volumes",
    "wal",
];

/// Folders of settings that come with a program.
const SETTINGS: [&str; 8] = ["conf", "config", "configs", "configuration", "cfg", "etc", "settings", "vhosts"];

/// Kinds of files that are part of a program or its settings.
const CODE: [&str; 33] = [
    "bash",
    "cfg",
    "cjs",
    "class",
    "conf",
    "css",
    "dll",
    "ejs",
    "env",
    "erb",
    "go",
    "html",
    "ini",
    "jar",
    "js",
    "lua",
    "mjs",
    "php",
    "phtml",
    "pl",
    "properties",
    "py",
    "rb",
    "sh",
    "so",
    "svelte",
    "tmpl",
    "toml",
    "ts",
    "vue",
    "war",
    "xml",
    "yml",
];

/// Kinds of files that must be kept.
const KEPT: [&str; 28] = [
    "accdb", "asc", "bolt", "cer", "crt", "csr", "db", "db3", "dump", "edb", "gpg", "h2", "jks", "kdbx", "key", "keystore", "ldb", "mdb",
    "p12", "pem", "pfx", "rdb", "sql", "sqlite", "sqlite3", "aof", "wal", "realm",
];

/// Names of files that must be kept, whatever follows a dot.
const KEPT_NAMES: [&str; 13] = [
    "id_rsa",
    "id_ed25519",
    "id_ecdsa",
    "credentials",
    "token",
    "tokens",
    "secret",
    "secrets",
    "secret_key",
    "wallet",
    "keyring",
    "machine-id",
    "keystore",
];

/// Dot folders in which a program keeps what it is for.
const KEPT_DOTS: [&str; 9] = [".n8n", ".ollama", ".node-red", ".flowise", ".gnupg", ".ssh", ".bitcoin", ".ethereum", ".homeassistant"];

fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// What stands behind the last dot of a name, where something stands before it.
fn kind_of(name: &str) -> Option<String> {
    name.rsplit_once('.').filter(|(stem, kind)| !stem.is_empty() && !kind.is_empty()).map(|(_, kind)| lower(kind))
}

/// Whether a folder is one of the system's programs, or in one.
pub(super) fn is_system(path: &str) -> bool {
    SYSTEM.iter().any(|top| is_at(path, top))
}

/// How many leading parts of a path are folders that an image has filled itself.
pub(super) fn filled(parts: &[&str]) -> usize {
    let most = match parts {
        ["opt", "bitnami", ..] | ["usr", "local" | "share" | "src", ..] | ["var", "www" | "opt", ..] => 3,
        ["opt" | "srv" | "home" | "usr", ..] | ["var", "lib" | "spool" | "task", ..] => 2,
        ["root" | "etc" | "var" | "mnt" | "media", ..] => 1,
        [top, ..] if PROGRAM_TOPS.contains(top) => 1,
        _ => 0,
    };
    // A folder that is named for what is in it is nobody's program.
    let is_other = |name: &&str| is_dot(name) || is_scratch(name) || ["backup", "backups", "data", "media", "uploads"].contains(name);
    let other = parts.iter().skip(1).position(is_other).map_or(parts.len(), |at| at + 1);
    most.min(other)
}

/// Whether a folder is of programs: nobody keeps data there.
pub(super) fn is_program(parts: &[&str], at: usize) -> bool {
    let name = parts[at];
    let is_below_program = || {
        let is_data_before = parts[..at].iter().any(|p| is_data(p));
        let is_libraries = matches!(parts, ["var", "lib", ..]) && at == 1;
        filled(parts) > 0 && !is_data_before && !is_libraries && !matches!(parts[0], "var" | "etc" | "home" | "root")
    };
    PROGRAM.contains(&name) || is_build(name) || PROGRAM_PARTS.contains(&name) && is_below_program()
}

pub(super) fn is_build(name: &str) -> bool {
    BUILDS.contains(&name)
}

/// Whether a folder's name says that what is in it may vanish.
pub(in crate::evidence) fn is_scratch(name: &str) -> bool {
    let name = lower(name);
    let ends = ["_temp", "-temp", "_tmp", "-tmp", "_cache", "-cache", "_caches", ".cache", "_logs", "-logs"];
    SCRATCH.contains(&&*name) || ends.iter().any(|end| name.ends_with(end)) || name.starts_with("cache-")
}

pub(in crate::evidence) fn is_data(name: &str) -> bool {
    let name = lower(name);
    DATA.contains(&&*name) || name.ends_with("-data") || name.ends_with("_data") || name.ends_with("-storage")
}

pub(super) fn is_settings(name: &str) -> bool {
    SETTINGS.contains(&name)
}

/// Whether a file is part of a program or of its settings.
pub(in crate::evidence) fn is_code(name: &str) -> bool {
    kind_of(name).is_some_and(|kind| CODE.contains(&&*kind) || kind == "yaml")
}

/// Whether a file is one that is missed when it is gone: a database, a key.
pub(in crate::evidence) fn is_kept(name: &str) -> bool {
    let stem = lower(name.split('.').find(|part| !part.is_empty()).unwrap_or(name));
    // `app.db-wal`, `app.sqlite3-journal`
    let is_kept = |kind: &str| KEPT.contains(&kind.split('-').next().unwrap_or(kind));
    KEPT_NAMES.contains(&&*stem) || kind_of(name).is_some_and(|kind| is_kept(&kind))
}

/// Whether a folder's name begins with a dot: what programs put into a home, wherever that is.
pub(super) fn is_dot(name: &str) -> bool {
    name.len() > 1 && name.starts_with('.') && !is_program(&[name], 0)
}

pub(super) fn is_kept_dot(name: &str) -> bool {
    KEPT_DOTS.contains(&name)
}

/// Whether a name without a hint to what it is looks like that of a folder.
pub(super) fn looks_like_folder(name: &str) -> bool {
    let is_dot_file =
        || name[1..].contains('.') || ["_history", "rc", "profile", "lock", "pid", "env"].iter().any(|end| name.ends_with(end));
    if ["schedule", "lock", "pid", "history", "socket", "sock"].iter().any(|end| name.ends_with(end)) && !is_scratch(name) {
        return false;
    }
    if name.starts_with('.') { !is_dot_file() } else { kind_of(name).is_none_or(|kind| kind == "d") }
}

/// Whether a name is that of a process number, a socket or a lock.
pub(super) fn is_runtime(name: &str) -> bool {
    kind_of(name).is_some_and(|kind| ["pid", "sock", "socket", "lock"].contains(&&*kind)) || [".pid", ".lock"].contains(&name)
}

/// Whether a name was made by chance, so that the next run has another one.
pub(super) fn is_random(name: &str) -> bool {
    let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or(name);
    let hex = stem.bytes().filter(u8::is_ascii_hexdigit).count();
    let digits = stem.bytes().filter(u8::is_ascii_digit).count();
    let is_hash = hex >= 16 && hex * 10 >= stem.len() * 9 && digits > 0;
    let is_numbered = digits >= 8 && stem.len() > digits;
    let is_template = stem.ends_with("XXXXXX");
    is_hash || is_numbered || is_template || is_chance(stem)
}

/// `tmpab12_x9`, as libraries name what they make where no folder for temporary files can be
/// written.
fn is_chance(stem: &str) -> bool {
    let stem = stem.trim_start_matches('.');
    let is_made = |rest: &str| {
        let plain = rest.trim_start_matches(['-', '_', '.']);
        (6..=12).contains(&plain.len()) && plain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    stem.strip_prefix("tmp").is_some_and(|rest| is_made(rest) && rest.bytes().any(|b| b.is_ascii_digit() || b == b'_'))
}
