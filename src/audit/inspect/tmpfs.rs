//! Tmpfs mounts that fail, hide something, or take more memory than there is. What the engine does with them: moby and runc, tried.

use super::Case;
use crate::audit::rule::Rule;
use crate::compose::{Mount, MountKind, Service, TmpfsItem, is_at, merge};
use crate::evidence::{Confidence, Extra, Limit, Restriction, Storage};
use crate::yaml::{Kind, Node};
use std::collections::HashMap;

/// Folders that every image fills.
const FILLED: [&str; 7] = ["/bin", "/lib", "/lib64", "/sbin", "/usr", "/usr/bin", "/usr/local"];
/// Folders that are full of such folders.
const FILLED_BELOW: [&str; 3] = ["/etc", "/usr/lib", "/usr/share"];

/// What a tmpfs mount says, in either syntax.
struct Tmpfs<'m, 'a> {
    mount: &'m Mount<'a>,
    /// In bytes; `None` when there is none, or it is a share of the host's memory.
    size: Option<u64>,
    has_size: bool,
    uid: Option<u32>,
    /// Whether its options open it to all.
    open: bool,
    exec: bool,
    /// The mode of the long syntax.
    mode: Option<Node<'a>>,
}

impl<'m, 'a> Tmpfs<'m, 'a> {
    fn read(service: &Service<'a>, mount: &'m Mount<'a>) -> Self {
        let node = mount.node.resolved();
        let mut found = Self { mount, size: None, has_size: false, uid: None, open: false, exec: false, mode: None };
        if node.kind() == Kind::Mapping {
            let options = merge::get(node, "tmpfs");
            let option = |key: &str| merge::get(options?, key).map(Node::resolved);
            if let Some(size) = option("size") {
                let text = service.resolve(mount.part as usize, size.text());
                (found.size, found.has_size) = (bytes(&text), true);
            }
            found.mode = option("mode");
            return found;
        }
        let text = node.as_str().map(|text| service.resolve(mount.part as usize, text)).unwrap_or_default();
        let options = TmpfsItem::parse(&text).options;
        let size = options.size.as_deref();
        Self {
            size: size.and_then(bytes),
            has_size: size.is_some(),
            uid: options.uid,
            open: options.mode.is_some_and(|mode| mode & 0o002 != 0),
            exec: options.exec,
            ..found
        }
    }
}

pub(super) fn inspect(case: &mut Case<'_, '_>) {
    let service = case.service;
    let all: Vec<Tmpfs<'_, '_>> = service.mounts.iter().filter(|m| m.kind == MountKind::Tmpfs).map(|m| Tmpfs::read(service, m)).collect();
    twice(case);
    for tmpfs in &all {
        owner(case, tmpfs);
        mode(case, tmpfs);
        hides(case, tmpfs);
        exec(case, tmpfs);
    }
    memory(case, &all);
}

/// Two mounts at one folder: `/var/run` is a link to `/run` in nearly every image.
fn twice(case: &mut Case<'_, '_>) {
    let mut seen: HashMap<&str, &Mount<'_>> = HashMap::new();
    for mount in &case.service.mounts {
        if seen.insert(&mount.target, mount).is_some() && mount.target.starts_with('/') {
            let message =
                format!("`{}` is mounted twice under different names; the later mount hides the earlier one", mount.shown_target());
            case.say(Rule::MountedTwice, mount.span(), message, "remove one of them: /var/run is a link to /run in nearly every image");
        }
    }
}

/// The engine gives a tmpfs to root, and runc before 1.1.15 keeps the mode of the image's folder.
fn owner(case: &mut Case<'_, '_>, tmpfs: &Tmpfs<'_, '_>) {
    let needed = case.needed.get(&*tmpfs.mount.target).filter(|p| p.reason.confidence > Confidence::Assumed);
    let Some((Storage::Scratch(options), path)) = needed.map(|p| (&p.storage, *p)) else { return };
    // Who starts as root gives it away by itself.
    let is_root = case.need.limits.iter().any(|l| matches!(l, Limit::Works(Restriction::User(..), _) | Limit::Unknown(Extra::User, _)));
    let Some(uid) = options.uid.filter(|uid| *uid != 0 && tmpfs.uid != Some(*uid) && !tmpfs.open && !is_root) else { return };
    let message = format!("the tmpfs at `{}` is root's, and user {uid} writes there ({})", path.target, path.reason.text);
    case.say(Rule::TmpfsOwner, tmpfs.mount.span(), message, format!("write `{}` in `tmpfs`", options.at(&path.target)));
}

fn mode(case: &mut Case<'_, '_>, tmpfs: &Tmpfs<'_, '_>) {
    let Some(node) = tmpfs.mode else { return };
    let text = node.text();
    let is_octal_looking = text.len() >= 3 && text.bytes().all(|b| (b'0'..=b'7').contains(&b)) && !text.starts_with('0');
    // Decimal numbers that make sense as they stand.
    let is_meant = |number: &u32| ![0o600, 0o644, 0o700, 0o711, 0o750, 0o755, 0o770, 0o775, 0o777, 0o1777].contains(number);
    let Some(number) = text.parse().ok().filter(is_meant).filter(|_| is_octal_looking && node.as_str().is_none()) else { return };
    let message = format!("`mode: {text}` is a decimal number here, which is mode {number:04o}");
    case.say(
        Rule::TmpfsMode,
        node.span(),
        message,
        format!("write `mode: 0o{text}`, or `{}:mode={text}` in `tmpfs`", tmpfs.mount.shown_target()),
    );
}

fn hides(case: &mut Case<'_, '_>, tmpfs: &Tmpfs<'_, '_>) {
    let target = &*tmpfs.mount.target;
    if case.is_needed(target) {
        return;
    }
    let brought = case.need.image_paths.iter().find(|b| is_at(&b.path, target)).map(|b| format!("{} puts {} there", b.by, b.path));
    let is_filled = FILLED.contains(&target) || FILLED_BELOW.iter().any(|folder| is_at(target, folder));
    let filled = || is_filled.then(|| "images have files there".to_owned());
    if let Some(why) = brought.or_else(filled) {
        let shown = tmpfs.mount.shown_target();
        let message = format!("the tmpfs at `{shown}` hides what the image has there: {why}");
        let help = "mount it at a folder below that is empty in the image, or use a named volume, which starts with the image's files";
        case.say(Rule::TmpfsHidesFiles, tmpfs.mount.span(), message, help);
    }
}

fn exec(case: &mut Case<'_, '_>, tmpfs: &Tmpfs<'_, '_>) {
    let needed = case.needed.get(&*tmpfs.mount.target);
    let is_needed = needed.is_some_and(|p| matches!(&p.storage, Storage::Scratch(options) if options.exec));
    if tmpfs.exec && !is_needed {
        let message = format!("programs can be run from the tmpfs at `{}`", tmpfs.mount.shown_target());
        case.say(Rule::TmpfsExec, tmpfs.mount.span(), message, "drop `exec` unless the service loads libraries or programs from there");
    }
}

/// What is in a tmpfs counts against the memory limit of the container.
fn memory(case: &mut Case<'_, '_>, all: &[Tmpfs<'_, '_>]) {
    let Some(limit) = limit(case.service) else { return };
    for tmpfs in all.iter().filter(|t| !t.has_size) {
        let message =
            format!("the tmpfs at `{}` has no size, and what is in it counts against the memory limit", tmpfs.mount.shown_target());
        case.say(Rule::UnlimitedTmpfs, tmpfs.mount.span(), message, "give it a size, such as `size=64m`: a full one is an error, no kill");
    }
    let sum: u64 = all.iter().filter_map(|t| t.size).fold(0, u64::saturating_add);
    if let Some(first) = all.first().filter(|_| sum >= limit && limit > 0) {
        let message = format!("its tmpfs mounts may take {} of the {} that it may use", shown(sum), shown(limit));
        case.say(Rule::TmpfsOverMemory, first.mount.span(), message, "make them smaller, or raise the memory limit by their sum");
    }
}

/// The memory limit of a service in bytes.
fn limit(service: &Service<'_>) -> Option<u64> {
    let own = service.values("mem_limit").pop().map(|v| (v.part, v.entry.value()));
    let deploy = || {
        service.values("deploy").into_iter().rev().find_map(|v| {
            let resources = merge::get(v.entry.value(), "resources")?;
            Some((v.part, merge::get(merge::get(resources, "limits")?, "memory")?))
        })
    };
    let (part, node) = own.or_else(deploy)?;
    bytes(&service.resolve(part, node.resolved().text()))
}

/// A size as the engine reads it: `64m`, `1.5g`, `512MB`, `65536`. `None` for a share (`10%`) and what it does not read.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().trim_end_matches('b').trim_end_matches('i');
    let power = ["", "k", "m", "g", "t", "p"].iter().position(|u| *u == unit)?;
    let number: f64 = number.parse().ok()?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is not negative, and too much is as good as the most")]
    Some((number * 1024_f64.powi(i32::try_from(power).ok()?)) as u64)
}

fn shown(bytes: u64) -> String {
    let mut value = bytes;
    let mut unit = 0;
    while value >= 1024 && value.is_multiple_of(1024) && unit < 4 {
        value /= 1024;
        unit += 1;
    }
    format!("{value}{}", ["", "k", "m", "g", "t"][unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_the_engine_reads_them() {
        for (text, expected) in [
            ("64m", Some(64 << 20)),
            ("64MB", Some(64 << 20)),
            ("1.5g", Some(3 << 29)),
            ("65536", Some(65536)),
            ("512 MiB", Some(512 << 20)),
            ("10%", None),
            ("", None),
            ("abc", None),
            ("99999999999999p", Some(u64::MAX)),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
        assert_eq!([shown(64 << 20), shown(1000), shown(1 << 30)], ["64m", "1000", "1g"]);
    }
}
