//! Preset files, strictly: what is written is first read as it stands, then checked and turned into a [`Preset`].

use super::when::RawConditions;
use super::{Condition, EnvHint, Preset, RunUser, Writable};
use crate::compose::{Image, Tag, clean_path};
use crate::error::{Error, Result, SourceError};
use crate::evidence::{Confidence, Reason, Source, TmpfsOptions};
use crate::text::{FileId, Span, TextFile};
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;

/// A part of the file and what is wrong with it.
type Wrong = (Range<usize>, String);

/// Reads a preset file. Errors: the first thing in it that is wrong.
pub(super) fn parse(name: &str, file: &TextFile) -> Result<Preset> {
    let raw = toml::from_str::<RawPreset>(file.text()).map_err(|e| (e.span().unwrap_or(0..0), e.message().to_owned()));
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
        if !paths.insert((path.target.clone(), format!("{:?} {:?}", path.when, path.unless))) {
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
    Ok(Preset {
        name: name.to_owned(),
        summary: line(raw.summary)?,
        images: images(raw.matches.images)?,
        run_user: RunUser { text: line(raw.run_user.text)?, uid: raw.run_user.uid, gid: raw.run_user.gid },
        users: raw.users.into_iter().map(|(name, numbers)| user(name, &numbers)).collect::<Result<_, _>>()?,
        writable,
        env,
        notes: raw.notes.into_iter().map(line).collect::<Result<_, _>>()?,
    })
}

fn read_writable(preset: &str, raw: RawWritable) -> Result<Writable, Wrong> {
    let options = TmpfsOptions {
        mode: raw.mode.as_ref().map(mode).transpose()?,
        uid: raw.uid.as_ref().map(|u| *u.get_ref()),
        gid: raw.gid.as_ref().map(|g| *g.get_ref()),
        size: raw.size.as_ref().map(size).transpose()?,
        exec: raw.exec.as_ref().is_some_and(|e| *e.get_ref()),
    };
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
    let reason = Reason {
        source: Source::Preset(preset.to_owned()),
        text: line(raw.why)?,
        link: Some(line(raw.source)?),
        confidence: raw.confidence.into(),
    };
    Ok(Writable {
        target: target(&raw.target)?,
        scratch,
        when: conditions(raw.when)?,
        unless: conditions(raw.unless)?,
        reason: Arc::new(reason),
    })
}

/// A path that a mount in short syntax can name.
fn target(raw: &Spanned<String>) -> Result<String, Wrong> {
    let path = raw.get_ref();
    let wrong = |why: &str| Err((raw.span(), format!("`{path}` {why}")));
    match path.as_str() {
        "/" => wrong("cannot be mounted over"),
        p if !is_clean(p) => wrong("is not a clean absolute path (no `..`, no final slash; /run instead of /var/run)"),
        p if p == "/proc" || p.starts_with("/proc/") => wrong("belongs to the engine"),
        p if p.contains([':', ',', '$', '\\', '"', '\'']) || p.chars().any(|c| c.is_whitespace() || c.is_control()) => {
            wrong("has a character that means something else in a mount")
        }
        p => Ok(p.to_owned()),
    }
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

fn conditions(raw: Option<Spanned<RawConditions>>) -> Result<Vec<Condition>, Wrong> {
    let Some(raw) = raw else { return Ok(Vec::new()) };
    let range = raw.span();
    let conditions = raw.into_inner().conditions();
    if conditions.is_empty() {
        return Err((range, "there is no condition in it".into()));
    }
    for condition in &conditions {
        if let Condition::Present(paths) = condition
            && let Some(path) = paths.iter().find(|p| !is_clean(p))
        {
            return Err((range, format!("`{path}` is not a clean absolute path")));
        }
    }
    Ok(conditions)
}

fn images(raw: Vec<Spanned<String>>) -> Result<Vec<String>, Wrong> {
    let mut seen = HashSet::new();
    let mut images = Vec::new();
    for image in raw {
        let name = image.get_ref();
        let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-' | b'/' | b':');
        if !name.bytes().all(is_name) || Image::parse(name) != Some(Image { repository: name, tag: Tag::Newest }) {
            let message = format!("`{name}` is not the name of a repository (no tag; official images without `library/`)");
            return Err((image.span(), message));
        }
        if !seen.insert(name.clone()) {
            return Err((image.span(), format!("`{name}` is listed twice")));
        }
        images.push(image.into_inner());
    }
    Ok(images)
}

/// `name = "UID:GID"`.
fn user(name: String, raw: &Spanned<String>) -> Result<(String, u32, u32), Wrong> {
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let numbers = raw.get_ref().split_once(':').and_then(|(uid, gid)| Some((number(uid)?, number(gid)?)));
    match numbers {
        Some((uid, gid)) => Ok((name, uid, gid)),
        None => Err((raw.span(), format!("`{}` is not UID:GID in numbers, such as 1000:1000", raw.get_ref()))),
    }
}

/// A text of one line with something in it.
fn line(raw: Spanned<String>) -> Result<String, Wrong> {
    let (range, text) = (raw.span(), raw.into_inner());
    match text.trim() {
        "" => Err((range, "there is no text in it".into())),
        _ if text.chars().any(char::is_control) => Err((range, "a text is one line without control characters".into())),
        _ => Ok(text),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPreset {
    summary: Spanned<String>,
    #[serde(rename = "match")]
    matches: RawMatch,
    run_user: RawRunUser,
    #[serde(default)]
    users: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    writable: Vec<RawWritable>,
    #[serde(default)]
    env: Vec<RawEnvHint>,
    #[serde(default)]
    notes: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMatch {
    images: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRunUser {
    text: Spanned<String>,
    uid: Option<u32>,
    gid: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWritable {
    target: Spanned<String>,
    storage: RawStorage,
    mode: Option<Spanned<String>>,
    uid: Option<Spanned<u32>>,
    gid: Option<Spanned<u32>>,
    size: Option<Spanned<String>>,
    exec: Option<Spanned<bool>>,
    when: Option<Spanned<RawConditions>>,
    unless: Option<Spanned<RawConditions>>,
    why: Spanned<String>,
    source: Spanned<String>,
    confidence: RawConfidence,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEnvHint {
    name: Spanned<String>,
    value: String,
    why: Spanned<String>,
    source: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawStorage {
    Scratch,
    State,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawConfidence {
    Assumed,
    Reported,
    Documented,
}

impl From<RawConfidence> for Confidence {
    fn from(raw: RawConfidence) -> Self {
        match raw {
            RawConfidence::Assumed => Self::Assumed,
            RawConfidence::Reported => Self::Reported,
            RawConfidence::Documented => Self::Documented,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::MAX_FILE_BYTES;

    fn read(text: &str) -> Result<Preset> {
        parse("mine", &TextFile::new("mine.toml", text.into(), MAX_FILE_BYTES).expect("text"))
    }

    /// The error with its line and caret, as a terminal shows it.
    fn shown(text: &str) -> String {
        let Err(Error::Source(error)) = read(text) else { panic!("accepted: {text}") };
        let (line, width) = &error.excerpt;
        format!("{error}\n{line}\n{}{}", " ".repeat(error.column - 1), "^".repeat(*width))
    }

    const HEAD: &str = "summary = 's'\nrun_user = { text = 'root' }\n[match]\nimages = []\n";
    const TAIL: &str = "why = 'w'\nsource = 's'\nconfidence = 'assumed'\n";

    #[test]
    fn broken_paths_are_refused_with_line_and_caret() {
        for (path, expected) in [
            (
                "target = 'tmp'\nstorage = 'scratch'",
                "6:10: `tmp` is not a clean absolute path (no `..`, no final slash; /run instead of /var/run)\ntarget = 'tmp'\n         ^^^^^",
            ),
            (
                "target = '/a/../b'\nstorage = 'scratch'",
                "6:10: `/a/../b` is not a clean absolute path (no `..`, no final slash; /run instead of /var/run)\ntarget = '/a/../b'\n         ^^^^^^^^^",
            ),
            (
                "target = '/var/run'\nstorage = 'scratch'",
                "6:10: `/var/run` is not a clean absolute path (no `..`, no final slash; /run instead of /var/run)\ntarget = '/var/run'\n         ^^^^^^^^^^",
            ),
            ("target = '/'\nstorage = 'scratch'", "6:10: `/` cannot be mounted over\ntarget = '/'\n         ^^^"),
            ("target = '/proc/x'\nstorage = 'scratch'", "6:10: `/proc/x` belongs to the engine\ntarget = '/proc/x'\n         ^^^^^^^^^"),
            (
                "target = '/a:b'\nstorage = 'scratch'",
                "6:10: `/a:b` has a character that means something else in a mount\ntarget = '/a:b'\n         ^^^^^^",
            ),
            (
                "target = '/a'\nstorage = 'disk'",
                "7:11: unknown variant `disk`, expected `scratch` or `state`\nstorage = 'disk'\n          ^^^^^^",
            ),
            (
                "target = '/a'\nstorage = 'scratch'\nmode = '1999'",
                "8:8: `1999` is not an octal mode such as 1777 or 0755\nmode = '1999'\n       ^^^^^^",
            ),
            (
                "target = '/a'\nstorage = 'scratch'\nmode = '17777'",
                "8:8: `17777` is not an octal mode such as 1777 or 0755\nmode = '17777'\n       ^^^^^^^",
            ),
            (
                "target = '/a'\nstorage = 'scratch'\nmode = 1777",
                "8:8: invalid type: integer `1777`, expected a string\nmode = 1777\n       ^^^^",
            ),
            ("target = '/a'\nstorage = 'scratch'\nuid = -1", "8:7: invalid value: integer `-1`, expected u32\nuid = -1\n      ^^"),
            (
                "target = '/a'\nstorage = 'scratch'\nsize = '64mb'",
                "8:8: `64mb` is not a size such as 64m, 1g or 10%\nsize = '64mb'\n       ^^^^^^",
            ),
            (
                "target = '/a'\nstorage = 'state'\nuid = 1",
                "8:7: mode, uid, gid, size and exec are for scratch; a volume takes owner and mode from the image\nuid = 1\n      ^",
            ),
            (
                "target = '/a'\nstorage = 'state'\nwhen = { mounted = '/b' }",
                "8:10: unknown field `mounted`, expected one of `present`, `command`, `user`, `env`, `tag`, `version`\nwhen = { mounted = '/b' }\n         ^^^^^^^",
            ),
            ("target = '/a'\nstorage = 'state'\nwhen = {}", "8:8: there is no condition in it\nwhen = {}\n       ^^"),
            (
                "target = '/a'\nstorage = 'state'\nwhen = { command = [] }",
                "8:20: a condition needs a word\nwhen = { command = [] }\n                   ^^",
            ),
            (
                "target = '/a'\nstorage = 'state'\nunless = { present = 'b' }",
                "8:10: `b` is not a clean absolute path\nunless = { present = 'b' }\n         ^^^^^^^^^^^^^^^^^",
            ),
            (
                "target = '/a'\nstorage = 'state'\nwhen = { version = '~17' }",
                "8:20: `~17` is not a version such as \"17\", \"<18\" or \">=18\"\nwhen = { version = '~17' }\n                   ^^^^^",
            ),
        ] {
            assert_eq!(shown(&format!("{HEAD}[[writable]]\n{path}\n{TAIL}")), format!("mine.toml:{expected}"));
        }
    }

    #[test]
    fn broken_files_are_refused_with_line_and_caret() {
        let twice =
            format!("{HEAD}[[writable]]\ntarget = '/a'\nstorage = 'state'\n{TAIL}[[writable]]\ntarget = '/a'\nstorage = 'scratch'\n{TAIL}");
        let sure = format!("{HEAD}[[writable]]\ntarget = '/a'\nstorage = 'state'\nwhy = 'w'\nsource = 's'\nconfidence = 'sure'\n");
        for (text, expected) in [
            ("summary = 1", "1:11: invalid type: integer `1`, expected a string\nsummary = 1\n          ^"),
            (
                "sumary = 'x'",
                "1:1: unknown field `sumary`, expected one of `summary`, `match`, `run_user`, `users`, `writable`, `env`, `notes`\nsumary = 'x'\n^^^^^^",
            ),
            ("summary = 'x", "1:13: invalid literal string, expected `'`\nsummary = 'x\n            ^"),
            (
                "summary = 's'\n[match]\nimages = ['node:22']\n[run_user]\ntext = 'r'\n",
                "3:11: `node:22` is not the name of a repository (no tag; official images without `library/`)\nimages = ['node:22']\n          ^^^^^^^^^",
            ),
            (
                "summary = 's'\n[match]\nimages = ['docker.io/node']\n[run_user]\ntext = 'r'\n",
                "3:11: `docker.io/node` is not the name of a repository (no tag; official images without `library/`)\nimages = ['docker.io/node']\n          ^^^^^^^^^^^^^^^^",
            ),
            (
                "summary = 's'\n[match]\nimages = ['a', 'a']\n[run_user]\ntext = 'r'\n",
                "3:16: `a` is listed twice\nimages = ['a', 'a']\n               ^^^",
            ),
            ("summary = ' '\n[match]\nimages = []\n[run_user]\ntext = 'r'\n", "1:11: there is no text in it\nsummary = ' '\n          ^^^"),
            (
                "summary = 's'\n[match]\nimages = []\n[run_user]\ntext = \"a\\u001b\"\n",
                "5:8: a text is one line without control characters\ntext = \"a\\u001b\"\n       ^^^^^^^^^",
            ),
            (
                "summary = 's'\n[match]\nimages = []\n[run_user]\ntext = 'r'\n[users]\nnode = 'node'\n",
                "7:8: `node` is not UID:GID in numbers, such as 1000:1000\nnode = 'node'\n       ^^^^^^",
            ),
            ("summary = 's'\nsummary = 't'", "2:1: duplicate key\nsummary = 't'\n^^^^^^^"),
            ("summary = 's'\n", "1:1: missing field `match`\nsummary = 's'\n^"),
            (
                &format!("{HEAD}[[writable]]\ntarget = '/a'\nstorage = 'state'\nsource = 's'\n"),
                "5:1: missing field `why`\n[[writable]]\n^^^^^^^^^^^^",
            ),
            (&twice, "12:10: `/a` is listed twice\ntarget = '/a'\n         ^^^^"),
            (
                &sure,
                "10:14: unknown variant `sure`, expected one of `assumed`, `reported`, `documented`\nconfidence = 'sure'\n             ^^^^^^",
            ),
        ] {
            assert_eq!(shown(text), format!("mine.toml:{expected}"));
        }
    }

    #[test]
    fn depth_is_bounded() {
        for open in ["[", "{a=", "a."] {
            assert!(read(&format!("summary = {}", open.repeat(200_000))).is_err());
        }
        assert!(read(&format!("{}b = 1", "a.".repeat(200_000))).is_err());
    }

    #[test]
    fn a_whole_preset_is_read() {
        let text = "summary = 's'\nrun_user = { text = 'app', uid = 7, gid = 8 }\nnotes = ['n']\n[match]\nimages = ['app', 'ghcr.io/owner/app']\n\
                    [users]\napp = '7:8'\n[[writable]]\ntarget = '/t'\nstorage = 'scratch'\nmode = '0700'\nuid = 7\ngid = 8\nsize = '64m'\nexec = true\n\
                    when = { command = ['a', 'b'], version = '>=3' }\nunless = { env = 'X' }\nwhy = 'w'\nsource = 's'\nconfidence = 'reported'\n";
        let preset = read(text).expect("a preset");
        let path = &preset.writable[0];
        let options = path.scratch.as_ref().expect("scratch");
        assert_eq!(options.item(&path.target), "/t:mode=700,uid=7,gid=8,size=64m,exec");
        assert_eq!((path.when.len(), path.unless.len(), path.reason.confidence), (2, 1, Confidence::Reported));
        assert_eq!((preset.user("app"), preset.run_user.uid, preset.images.len()), (Some((7, 8)), Some(7), 2));
        assert_eq!(read(&format!("\u{feff}{text}")).expect("a preset"), preset);
    }
}
