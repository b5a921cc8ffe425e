//! Preset files, strictly: what is written is first read as it stands, then checked and turned into a [`Preset`].

use super::check::RawCheck;
use super::moved::RawPlace;
use super::raw::{RawCapabilities, RawDoubt, RawMatch, RawObstacle, RawPreset, RawReminder, RawStorage, RawTag, RawWritable};
use super::when::RawConditions;
use super::{
    Below, Capabilities, Condition, Doubt, EnvHint, ImageUser, NoNewPrivileges, Obstacle, Preset, Reminder, TagVariant, User, Writable,
};
use crate::compose::{Image, Tag, clean_path};
use crate::error::{Error, Result, SourceError};
use crate::evidence::{Reason, Source, Storage, Target, TmpfsOptions};
use crate::text::toml::{self, Spanned};
use crate::text::{FileId, Span, TextFile, with_nearest};
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// A part of the file and what is wrong with it.
pub(super) type Wrong = (Range<usize>, String);

/// The capabilities of Linux, as Compose names them (capabilities(7)).
const CAPABILITIES: [&str; 41] = [
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

/// Reads a preset file. Errors: the first thing in it that is wrong.
pub(super) fn parse(name: &str, file: &TextFile) -> Result<Preset> {
    let raw = toml::read::<RawPreset>(file.text()).map_err(|e| (e.range(), with_nearest(e.message())));
    raw.and_then(|raw| preset(name, raw)).map_err(|(range, message)| -> Error {
        let span = Span { file: FileId(0), start: range.start as u32, end: range.end as u32 };
        SourceError::new(file, span, message, Some("`rofs-harden presets show nginx` shows what a preset says".into())).into()
    })
}

fn preset(name: &str, raw: RawPreset) -> Result<Preset, Wrong> {
    let mut paths = HashSet::new();
    let mut writable = Vec::new();
    for path in raw.writable {
        let range = path.target.span();
        let path = read_writable(name, path)?;
        let words = |conditions: &[Condition]| conditions.iter().map(|condition| format!("{condition}\n")).collect::<String>();
        if !paths.insert(format!("{}\n{}\n{}", path.written(), words(&path.when), words(&path.unless))) {
            return Err((range, format!("`{}` is listed twice", path.target)));
        }
        writable.push(path);
    }
    let mut names = HashSet::new();
    let mut env = Vec::new();
    for hint in raw.env {
        let range = hint.name.span();
        let hint = EnvHint { name: line(hint.name)?, value: hint.value, why: line(hint.why)?, source: line(hint.source)? };
        if hint.name.contains('=') || !names.insert(hint.name.clone()) {
            return Err((range, format!("`{}` is listed twice, or no name of a variable", hint.name)));
        }
        env.push(hint);
    }
    let RawMatch { images, prefixes, command, manifest, version_after } = raw.matches;
    if let (Some(word), false) = (command.first().or(manifest.first()), images.is_empty() && prefixes.is_empty()) {
        return Err((word.span(), "a preset for commands or packages is added to that of the image, so it names no image".into()));
    }
    Ok(Preset {
        name: name.to_owned(),
        basis: None,
        summary: line(raw.summary)?,
        images: unique(images, is_repository, "is not the name of a repository (no tag; official images without `library/`)")?,
        prefixes: unique(prefixes, is_prefix, "is not the start of names of repositories up to a `/`, such as gcr.io/distroless/")?,
        commands: unique(command, is_word, "is not one word of a command, without its folder")?,
        manifests: unique(manifest, is_package, "is not an ecosystem and a package, such as npm:next")?,
        version_after: version_after.map(line).transpose()?,
        runtime: raw.runtime,
        framework: raw.framework,
        workdir: raw.workdir.map(workdir).transpose()?,
        run_user: ImageUser { text: line(raw.run_user.text)?, uid: raw.run_user.uid, gid: raw.run_user.gid },
        users: users(raw.users)?,
        tags: raw.tags.into_iter().map(read_tag).collect::<Result<_, _>>()?,
        writable,
        obstacles: raw.obstacle.into_iter().map(read_obstacle).collect::<Result<_, _>>()?,
        doubts: raw.doubt.into_iter().map(read_doubt).collect::<Result<_, _>>()?,
        reminders: raw.reminder.into_iter().map(read_reminder).collect::<Result<_, _>>()?,
        capabilities: raw.capabilities.map(|c| read_capabilities(name, c)).transpose()?,
        no_new_privileges: no_new_privileges(raw.no_new_privileges, raw.no_new_privileges_why)?,
        check: raw.check.map(|check| RawCheck::read(check, name)).transpose()?,
        config_unless: conditions(raw.config_unless)?,
        config: unique(raw.config, is_clean, "is not a clean absolute path (no `..`, no final slash; /run instead of /var/run)")?,
        env,
        notes: raw.notes.into_iter().map(line).collect::<Result<_, _>>()?,
    })
}

pub(super) fn read_writable(preset: &str, raw: RawWritable) -> Result<Writable, Wrong> {
    let options = TmpfsOptions {
        mode: raw.mode.as_ref().map(mode).transpose()?,
        uid: raw.uid.as_ref().map(|u| *u.get_ref()),
        gid: raw.gid.as_ref().map(|g| *g.get_ref()),
        size: None,
        exec: raw.exec.as_ref().is_some_and(|e| *e.get_ref()),
        read_only: false,
    };
    let size = raw.size.as_ref().map(size).transpose()?;
    let keys = [
        raw.mode.map(|k| k.span()),
        raw.uid.map(|k| k.span()),
        raw.gid.map(|k| k.span()),
        raw.size.map(|k| k.span()),
        raw.exec.map(|k| k.span()),
    ];
    let scratch = match raw.storage {
        RawStorage::Scratch => Some(options),
        RawStorage::State => match keys.into_iter().flatten().next() {
            Some(range) => {
                return Err((range, "mode, uid, gid, size and exec are for scratch; a volume takes owner and mode from the image".into()));
            }
            None => None,
        },
    };
    let place = RawPlace {
        declared: raw.declared,
        declared_when: raw.declared_when,
        declared_source: raw.declared_source,
        moved_by: raw.moved_by,
        fixed: raw.fixed,
        moved_source: raw.moved_source,
    };
    if let (Some(_), Some(range)) = (&scratch, place.of_state()) {
        return Err((range, "this is for state: scratch starts empty wherever it is".into()));
    }
    let below = [Below::Workdir, Below::Home].into_iter().find(|below| raw.target.get_ref().starts_with(below.word()));
    let (declared, moved) = place.read()?;
    let reason = Reason {
        source: Source::Preset(preset.to_owned()),
        text: line(raw.why)?,
        link: Some(line(raw.source)?),
        confidence: raw.confidence.into(),
    };
    Ok(Writable {
        target: target(&raw.target, below, scratch.as_ref())?,
        below,
        scratch,
        size,
        when: conditions(raw.when)?,
        unless: conditions(raw.unless)?,
        declared,
        moved,
        reason: Arc::new(reason),
    })
}

fn read_obstacle(raw: RawObstacle) -> Result<Obstacle, Wrong> {
    let (when, unless) = (conditions(raw.when)?, conditions(raw.unless)?);
    let (why, remedy, source) = (line(raw.why)?, line(raw.remedy)?, line(raw.source)?);
    Ok(Obstacle { when, unless, why, remedy, source })
}

fn read_doubt(raw: RawDoubt) -> Result<Doubt, Wrong> {
    let (when, unless) = (conditions(raw.when)?, conditions(raw.unless)?);
    Ok(Doubt { when, unless, why: line(raw.why)?, source: line(raw.source)? })
}

fn read_reminder(raw: RawReminder) -> Result<Reminder, Wrong> {
    let (when, unless) = (conditions(raw.when)?, conditions(raw.unless)?);
    Ok(Reminder { when, unless, text: line(raw.text)? })
}

fn read_capabilities(preset: &str, raw: RawCapabilities) -> Result<Capabilities, Wrong> {
    let reason = Reason {
        source: Source::Preset(preset.to_owned()),
        text: line(raw.why)?,
        link: Some(line(raw.source)?),
        confidence: raw.confidence.into(),
    };
    Ok(Capabilities {
        when: conditions(raw.when)?,
        add: unique(raw.add, |name| CAPABILITIES.contains(&name), "is not a capability as Compose names them, such as CHOWN")?,
        run_as: raw.run_as.as_ref().map(numbers).transpose()?,
        reason: Arc::new(reason),
    })
}

fn no_new_privileges(works: Option<Spanned<bool>>, why: Option<Spanned<String>>) -> Result<Option<NoNewPrivileges>, Wrong> {
    match (works, why) {
        (None, None) => Ok(None),
        (Some(works), Some(why)) if !works.get_ref() => Ok(Some(NoNewPrivileges::Breaks(line(why)?))),
        (Some(works), None) if *works.get_ref() => Ok(Some(NoNewPrivileges::Works)),
        (Some(works), None) => Err((works.span(), "say what breaks in `no_new_privileges_why`".into())),
        (_, Some(why)) => Err((why.span(), "this is for `no_new_privileges = false`".into())),
    }
}

/// What differs on tags with the part `word`.
fn read_tag((word, raw): (Spanned<String>, RawTag)) -> Result<TagVariant, Wrong> {
    let text = word.get_ref().strip_suffix('*').unwrap_or(word.get_ref());
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_')) {
        return Err((word.span(), format!("`{}` is not a part of a tag between `-`, such as alpine or alpine*", word.get_ref())));
    }
    Ok(TagVariant { word: word.into_inner(), users: users(raw.users)?, run_as: raw.run_as.as_ref().map(numbers).transpose()? })
}

/// A clean path at which something can be mounted.
fn target(raw: &Spanned<String>, below: Option<Below>, scratch: Option<&TmpfsOptions>) -> Result<Target, Wrong> {
    let path = &raw.get_ref()[below.map_or(0, |below| below.word().len())..];
    let wrong = |why: &str| (raw.span(), format!("`{path}` {why}"));
    if !is_clean(path) {
        return Err(wrong("is not a clean absolute path (no `..`, no final slash; /run instead of /var/run)"));
    }
    let storage = scratch.map_or(Storage::State, |options| Storage::Scratch(options.clone()));
    Target::new(path, &storage).map_err(wrong)
}

fn workdir(raw: Spanned<String>) -> Result<String, Wrong> {
    if is_clean(raw.get_ref()) {
        return Ok(raw.into_inner());
    }
    Err((raw.span(), format!("`{}` is not a clean absolute path", raw.get_ref())))
}

fn is_clean(path: &str) -> bool {
    path.starts_with('/') && clean_path(path) == path
}

fn mode(raw: &Spanned<String>) -> Result<u32, Wrong> {
    let text = raw.get_ref();
    let bits = u32::from_str_radix(text, 8).ok().filter(|bits| *bits <= 0o7777 && text.bytes().all(|b| b.is_ascii_digit()));
    bits.ok_or_else(|| (raw.span(), format!("`{text}` is not an octal mode such as 1777 or 0755")))
}

/// What the kernel takes for tmpfs: a number of bytes, with `k`, `m` or `g`, or a share of the memory.
fn size(raw: &Spanned<String>) -> Result<String, Wrong> {
    let text = raw.get_ref();
    let digits = text.strip_suffix(['k', 'm', 'g', 'K', 'M', 'G', '%']).unwrap_or(text);
    let good = digits.parse::<u64>().is_ok_and(|n| n > 0) && digits.bytes().all(|b| b.is_ascii_digit());
    if good { Ok(text.clone()) } else { Err((raw.span(), format!("`{text}` is not a size such as 64m, 1g or 10%"))) }
}

pub(super) fn conditions(raw: Option<Spanned<RawConditions>>) -> Result<Vec<Condition>, Wrong> {
    let Some(raw) = raw else { return Ok(Vec::new()) };
    let range = raw.span();
    let conditions = raw.into_inner().conditions();
    if conditions.is_empty() {
        return Err((range, "there is no condition in it".into()));
    }
    for condition in &conditions {
        if let Condition::Present(paths) = condition
            && let Some(path) = paths.iter().find(|p| !is_clean(p.strip_suffix("/*").unwrap_or(p)))
        {
            return Err((range, format!("`{path}` is not a clean absolute path")));
        }
    }
    Ok(conditions)
}

/// Texts that all are `good`, none of them twice.
fn unique(raw: Vec<Spanned<String>>, good: impl Fn(&str) -> bool, what_is_wrong: &str) -> Result<Vec<String>, Wrong> {
    let mut seen = HashSet::new();
    let mut texts = Vec::new();
    for text in raw {
        if !good(text.get_ref()) {
            return Err((text.span(), format!("`{}` {what_is_wrong}", text.get_ref())));
        }
        if !seen.insert(text.get_ref().clone()) {
            return Err((text.span(), format!("`{}` is listed twice", text.get_ref())));
        }
        texts.push(text.into_inner());
    }
    Ok(texts)
}

fn is_repository(name: &str) -> bool {
    let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-' | b'/' | b':');
    name.bytes().all(is_name) && Image::parse(name) == Some(Image { repository: name, tag: Tag::Newest })
}

fn is_prefix(prefix: &str) -> bool {
    prefix.strip_suffix('/').is_some_and(is_repository)
}

fn is_package(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "@/._-".contains(c);
    text.split_once(':').is_some_and(|(ecosystem, name)| is_word(ecosystem) && !name.is_empty() && name.chars().all(is_name))
}

fn is_word(word: &str) -> bool {
    let separates = |c: char| c == '/' || c.is_whitespace() || c.is_control() || "\"'=:,;&|()[]{}<>$*".contains(c);
    !word.is_empty() && !word.contains(separates)
}

fn users(raw: BTreeMap<String, Spanned<String>>) -> Result<Vec<User>, Wrong> {
    let user = |(name, text): (String, Spanned<String>)| numbers(&text).map(|(uid, gid)| User { name, uid, gid });
    raw.into_iter().map(user).collect()
}

/// `UID:GID`.
fn numbers(raw: &Spanned<String>) -> Result<(u32, u32), Wrong> {
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let numbers = raw.get_ref().split_once(':').and_then(|(uid, gid)| Some((number(uid)?, number(gid)?)));
    numbers.ok_or_else(|| (raw.span(), format!("`{}` is not UID:GID in numbers, such as 1000:1000", raw.get_ref())))
}

/// A text of one line with something in it.
pub(super) fn line(raw: Spanned<String>) -> Result<String, Wrong> {
    let (range, text) = (raw.span(), raw.into_inner());
    match text.trim() {
        "" => Err((range, "there is no text in it".into())),
        _ if text.chars().any(char::is_control) => Err((range, "a text is one line without control characters".into())),
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests;
