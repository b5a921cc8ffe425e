//! Mounts of the host, of programs, and of what should not be kept.

use super::Case;
use crate::audit::rule::Rule;
use crate::compose::{Known, Mount, MountKind, clean_path, is_at};

/// Folders of the host that are its system, with all below them.
const SYSTEM: [&str; 11] = ["/boot", "/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr", "/var/lib/docker"];

/// Folders of the host that hold too much to be given as a whole.
const WHOLE: [&str; 8] = ["/", "/home", "/opt", "/root", "/run", "/srv", "/var", "/var/lib"];

/// Where images keep programs and their libraries, with all below them.
const PROGRAMS: [&str; 7] = ["/bin", "/etc", "/lib", "/lib64", "/sbin", "/usr/bin", "/usr/lib"];

/// Where images keep the program itself.
const APPLICATION: [&str; 9] = ["/app", "/code", "/opt", "/src", "/usr", "/usr/local", "/usr/src/app", "/workspace", "/var/www/html"];

/// Parts of paths that hold keys.
const SECRETS: [&str; 5] = ["secrets", ".ssh", ".gnupg", ".aws", ".kube"];

/// Caches of tools below a home directory.
const CACHES: [&str; 9] = [".cache", ".npm", ".yarn", ".m2", ".gradle", ".cargo", ".nuget", ".composer", ".pnpm-store"];

pub(super) fn inspect(case: &mut Case<'_, '_>) {
    for mount in &case.service.mounts {
        if socket(case, mount) || mount.writable != Known::Yes || case.is_needed(&mount.target) {
            continue;
        }
        let is_said = host(case, mount) || source(case, mount) || program(case, mount);
        if !is_said && mount.kind != MountKind::Tmpfs {
            secret(case, mount);
            log(case, mount);
            cache(case, mount);
        }
    }
}

/// The host's path of a bind, cleaned, if it is absolute.
fn host_path(mount: &Mount<'_>) -> Option<String> {
    let source = mount.source.as_ref().filter(|_| mount.kind == MountKind::Bind)?;
    source.starts_with('/').then(|| clean_path(source))
}

fn socket(case: &mut Case<'_, '_>, mount: &Mount<'_>) -> bool {
    if !mount.is_engine_socket() {
        return false;
    }
    let help = "put a proxy that allows only the needed calls in between; `:ro` does not restrict a socket";
    case.say(Rule::EngineSocket, mount.span(), "the container engine's socket gives it the whole host", help);
    true
}

fn host(case: &mut Case<'_, '_>, mount: &Mount<'_>) -> bool {
    let is_home = |source: &str| matches!(source.trim_end_matches('/'), "~" | "$HOME" | "${HOME}");
    let home = mount.source.as_deref().filter(|s| is_home(s)).map(|_| "home directory".to_owned());
    let Some(path) = host_path(mount).or(home) else { return false };
    // Only the clock's settings, which images ask for.
    if ["/etc/localtime", "/etc/timezone"].contains(&path.as_str()) {
        return false;
    }
    if path != "home directory" && !WHOLE.contains(&path.as_str()) && !SYSTEM.iter().any(|folder| is_at(&path, folder)) {
        return false;
    }
    let path = if mount.is_hidden() { mount.shown_source().unwrap_or_default() } else { &path };
    let message = format!("can write to the host's {path}");
    case.say(Rule::WritableHostFolder, mount.span(), message, "add `:ro`, or bind only the file or folder that it must write");
    true
}

/// Whether a bind's source is the project folder or one above it.
fn is_project(source: &str) -> bool {
    let rest = below_pwd(source).unwrap_or(source);
    !source.starts_with('/') && rest.split('/').all(|part| matches!(part, "" | "." | ".."))
}

/// What follows the project folder in a path that begins with the variable for it. `$PWDX` is another one.
fn below_pwd(source: &str) -> Option<&str> {
    let rest = ["${PWD}", "$PWD"].iter().find_map(|pwd| source.strip_prefix(pwd))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

fn source(case: &mut Case<'_, '_>, mount: &Mount<'_>) -> bool {
    let Some(source) = mount.source.as_deref() else { return false };
    let is_here = below_pwd(source).is_some();
    let is_relative = mount.kind == MountKind::Bind && source.starts_with('.') || mount.kind == MountKind::Unknown && is_here;
    if !is_relative || !is_project(source) && !is_application(case, &mount.target) {
        return false;
    }
    let source = mount.shown_source().unwrap_or_default();
    let message = format!("can write to the source tree: `{source}` is bound at {}", mount.shown_target());
    let help = "add `:ro` and give what it must write a volume of its own; keep the writable bind in an override file for development";
    case.say(Rule::WritableSource, mount.span(), message, help);
    true
}

/// Whether the program itself is at `path`.
fn is_application(case: &Case<'_, '_>, path: &str) -> bool {
    APPLICATION.contains(&path) || case.need.image_paths.iter().any(|b| b.is_workdir && b.path == path && path != "/")
}

fn program(case: &mut Case<'_, '_>, mount: &Mount<'_>) -> bool {
    let target = &*mount.target;
    // What Compose or the preset names as configuration is said by another rule.
    let is_config = mount.kind == MountKind::Bind;
    if !(is_application(case, target) || PROGRAMS.iter().any(|folder| is_at(target, folder)) && !is_config) {
        return false;
    }
    let target = mount.shown_target();
    let message = format!("can write to {target}, where its program or configuration is, so whoever gets in can change what runs");
    case.say(Rule::WritableProgram, mount.span(), message, "mount only what must be written, below it or in /data, or bind it with `:ro`");
    true
}

fn secret(case: &mut Case<'_, '_>, mount: &Mount<'_>) {
    let is_public = mount.target.rsplit('/').next() == Some("known_hosts");
    if mount.target.split('/').any(|part| SECRETS.contains(&part)) && !is_public {
        let message = format!("keys in {} are kept on disk where it can write", mount.shown_target());
        let help = "use Compose `secrets:`, bind them with `:ro`, or write them to a tmpfs";
        case.say(Rule::SecretOnDisk, mount.span(), message, help);
    }
}

fn log(case: &mut Case<'_, '_>, mount: &Mount<'_>) {
    if is_at(&mount.target, "/var/log") || mount.target.rsplit('/').next().is_some_and(|name| matches!(name, "log" | "logs")) {
        let message = format!("logs go to files in {}", mount.shown_target());
        let help = "log to standard output, which the engine collects and rotates; then nothing has to be writable for it";
        case.say(Rule::LogFile, mount.span(), message, help);
    }
}

fn cache(case: &mut Case<'_, '_>, mount: &Mount<'_>) {
    let parts: Vec<&str> = mount.target.split('/').skip(1).collect();
    let (["root", below_home @ ..] | ["home", _, below_home @ ..]) = parts.as_slice() else { return };
    if below_home.iter().any(|part| CACHES.contains(part)) {
        let message = format!("keeps a cache in a home directory: {}", mount.shown_target());
        let help = "turn the cache off, or move it by its environment variable to a tmpfs such as /cache";
        case.say(Rule::HomeCache, mount.span(), message, help);
    }
}
