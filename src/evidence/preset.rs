//! Presets: what images write, as data. One TOML file a family in `presets/`, embedded at build time and parsed when used.

use super::{Confidence, Reason, Source, TmpfsOptions};
use crate::compose::clean_path;
use crate::error::{Error, Result, SourceError};
use crate::text::{FileId, MAX_FILE_BYTES, Span, TextFile};
use serde::Deserialize;
use std::sync::Arc;
use toml::Spanned;

/// What is known of a family of images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name: the stem of its file.
    pub name: String,
    /// What it is for, a short phrase.
    pub summary: String,
    /// Repositories that it matches, as [`crate::compose::repository`] names them; also as Dockerfile bases.
    pub images: Vec<String>,
    /// As whom the image runs, for people.
    pub user: String,
    /// Where such a container must be able to write.
    pub writable: Vec<Writable>,
    /// Environment variables that move or avoid writes.
    pub env: Vec<EnvHint>,
    /// What else to know.
    pub notes: Vec<String>,
}

/// One writable path of a preset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writable {
    /// Absolute path in the container, cleaned.
    pub target: String,
    /// Tmpfs options for scratch; `None` for state.
    pub scratch: Option<TmpfsOptions>,
    /// When it is needed; all of it must hold.
    pub when: When,
    /// What writes there, where that is written or was seen, and how sure it is.
    pub reason: Arc<Reason>,
}

/// When a path is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// Something is mounted at this path or below it.
    pub mounted: Option<String>,
    /// A word of the command or entrypoint is this.
    pub command: Option<String>,
    /// `user` is one of these.
    pub user: Option<Vec<String>>,
}

/// An environment variable that moves or avoids writes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvHint {
    /// Its name.
    pub name: String,
    /// The value to set.
    pub value: String,
    /// What that does.
    pub why: String,
    /// Where that is written or was seen.
    pub source: String,
}

struct Embedded {
    name: &'static str,
    summary: &'static str,
    text: &'static str,
}

const EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
/// Repository and preset, sorted by repository.
const IMAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/images.rs"));

/// Names and summaries of the embedded presets.
pub fn list() -> impl Iterator<Item = (&'static str, &'static str)> {
    EMBEDDED.iter().map(|e| (e.name, e.summary))
}

/// The embedded preset that claims a repository.
pub fn claiming(repository: &str) -> Option<&'static str> {
    IMAGES.binary_search_by_key(&repository, |(image, _)| image).ok().map(|i| IMAGES[i].1)
}

/// The one of `names` that is nearest to `wrong`, if one is near.
pub fn nearest<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min()
        .map(|(_, name)| name)
}

impl Preset {
    /// The embedded preset `name`. Errors: a usage error with the nearest name.
    pub fn embedded(name: &str) -> Result<Self> {
        let Some(embedded) = EMBEDDED.iter().find(|e| e.name == name) else {
            let near = nearest(name, list().map(|(n, _)| n)).map_or(String::new(), |near| format!("did you mean `{near}`? "));
            let hint = format!("{near}`rofs-harden presets` lists all; a file is named with a slash: ./{name}.toml");
            return Err(Error::Usage(format!("there is no preset `{name}`"), Some(hint)));
        };
        let text = TextFile::new(format!("presets/{name}.toml"), embedded.text.into(), MAX_FILE_BYTES);
        Self::parse(name, &text.map_err(|e| Error::Unverified(e.to_string()))?)
    }

    /// Reads a preset file. Errors: the first thing in it that is wrong, with its place.
    pub fn parse(name: &str, file: &TextFile) -> Result<Self> {
        let at = |range: std::ops::Range<usize>| Span { file: FileId(0), start: range.start as u32, end: range.end as u32 };
        let fail = |range, message: String| -> Error {
            SourceError::new(file, at(range), message, Some("`rofs-harden presets show node` shows a good one".into())).into()
        };
        let raw: RawPreset = toml::from_str(file.text()).map_err(|e| fail(e.span().unwrap_or(0..0), e.message().to_owned()))?;
        let mut writable: Vec<Writable> = Vec::new();
        for path in raw.writable {
            let target = path.target.get_ref();
            if !target.starts_with('/') || clean_path(target) != *target || target == "/" {
                let message = format!(
                    "`{target}` is not a clean absolute path below the root (without `..`, a final slash, or /var/run, which is /run)"
                );
                return Err(fail(path.target.span(), message));
            }
            if writable.iter().any(|w| w.target == *target && w.when == path.when) {
                return Err(fail(path.target.span(), format!("`{target}` is listed twice")));
            }
            let mode = match &path.mode {
                None => None,
                Some(mode) => match u32::from_str_radix(mode.get_ref(), 8) {
                    Ok(bits) if bits <= 0o7777 => Some(bits),
                    _ => return Err(fail(mode.span(), format!("`{}` is not an octal mode such as 1777 or 0755", mode.get_ref()))),
                },
            };
            let options = TmpfsOptions { mode, uid: path.uid, gid: path.gid, size: path.size, exec: path.exec };
            let is_scratch = path.storage.get_ref().is_scratch();
            if !is_scratch && options != TmpfsOptions::default() {
                return Err(fail(
                    path.storage.span(),
                    "mode, uid, gid, size and exec are for scratch; a volume takes owner and mode from the image".into(),
                ));
            }
            let (target, scratch) = (target.clone(), is_scratch.then_some(options));
            let source = Source::Preset(name.to_owned());
            let reason = Reason { source, text: path.why, link: Some(path.source), confidence: path.confidence.into() };
            writable.push(Writable { target, scratch, when: path.when, reason: Arc::new(reason) });
        }
        let RawMatch { images, user } = raw.matches;
        Ok(Self { name: name.to_owned(), summary: raw.summary, images, user, writable, env: raw.env, notes: raw.notes })
    }

    /// Everything it says, as text for people.
    pub fn describe(&self) -> String {
        let mut text = format!("{}: {}\n", self.name, self.summary);
        let images = if self.images.is_empty() { "no image by itself".to_owned() } else { self.images.join(", ") };
        text += &format!("\nmatches  {images}\nruns as  {}\n\nadds\n  read_only: true\n", self.user);
        for path in &self.writable {
            text += &match &path.scratch {
                Some(options) => format!("  tmpfs {}\n", options.item(&path.target)),
                None => format!("  named volume at {}\n", path.target),
            };
            text += &format!(
                "      {} ({})\n      source: {}\n",
                path.reason.text,
                path.reason.confidence,
                path.reason.link.as_deref().unwrap_or("none")
            );
            let When { mounted, command, user } = &path.when;
            let conditions = [
                mounted.as_ref().map(|p| format!("something is mounted at {p}")),
                command.as_ref().map(|c| format!("the command uses {c}")),
                user.as_ref().map(|u| format!("the service runs as {}", u.join(" or "))),
                (path.reason.confidence == Confidence::Assumed && self.name != "generic")
                    .then(|| "the service's configuration names it, or the preset is named".into()),
            ];
            for condition in conditions.iter().flatten() {
                text += &format!("      only when {condition}\n");
            }
        }
        if !self.env.is_empty() {
            text += "\nenvironment that helps\n";
        }
        for hint in &self.env {
            text += &format!("  {}={}\n      {}\n      source: {}\n", hint.name, hint.value, hint.why, hint.source);
        }
        if !self.notes.is_empty() {
            text += "\nnotes\n";
        }
        for note in &self.notes {
            text += &format!("  {note}\n");
        }
        text
    }
}

/// The file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPreset {
    summary: String,
    #[serde(rename = "match")]
    matches: RawMatch,
    #[serde(default)]
    writable: Vec<RawWritable>,
    #[serde(default)]
    env: Vec<EnvHint>,
    #[serde(default)]
    notes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMatch {
    images: Vec<String>,
    user: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWritable {
    target: Spanned<String>,
    storage: Spanned<RawStorage>,
    mode: Option<Spanned<String>>,
    uid: Option<u32>,
    gid: Option<u32>,
    size: Option<String>,
    #[serde(default)]
    exec: bool,
    #[serde(default)]
    when: When,
    why: String,
    source: String,
    confidence: RawConfidence,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawStorage {
    Scratch,
    State,
}

impl RawStorage {
    fn is_scratch(&self) -> bool {
        matches!(self, Self::Scratch)
    }
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

    fn parse(text: &str) -> Result<Preset> {
        Preset::parse("mine", &TextFile::new("mine.toml", text.into(), MAX_FILE_BYTES).expect("text"))
    }

    #[test]
    fn every_embedded_preset_parses_and_is_in_the_index() {
        let mut claimed = Vec::new();
        for (name, summary) in list() {
            let preset = Preset::embedded(name).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(preset.summary, summary);
            claimed.extend(preset.images.iter().map(|image| (image.clone(), name)));
        }
        claimed.sort();
        assert_eq!(claimed, IMAGES.iter().map(|(i, n)| ((*i).to_owned(), *n)).collect::<Vec<_>>());
        assert_eq!((claiming("node"), claiming("bitnami/node")), (Some("node"), None));
    }

    #[test]
    fn broken_presets_are_refused_with_their_place() {
        let path = |lines: &str| {
            format!(
                "summary = \"s\"\n[match]\nimages = []\nuser = \"u\"\n[[writable]]\n{lines}\nwhy = \"w\"\nsource = \"s\"\nconfidence = \"assumed\"\n"
            )
        };
        for (text, expected) in [
            ("summary = 1", "mine.toml:1:11: invalid type: integer `1`, expected a string".to_owned()),
            ("sumary = \"x\"", "mine.toml:1:1: unknown field `sumary`, expected one of `summary`, `match`, `writable`, `env`, `notes`".to_owned()),
            (&path("target = \"tmp\"\nstorage = \"scratch\""), "mine.toml:6:10: `tmp` is not a clean absolute path below the root (without `..`, a final slash, or /var/run, which is /run)".to_owned()),
            (&path("target = \"/\"\nstorage = \"scratch\""), "mine.toml:6:10: `/` is not a clean absolute path below the root (without `..`, a final slash, or /var/run, which is /run)".to_owned()),
            (&path("target = \"/tmp\"\nstorage = \"scratch\"\nmode = \"1999\""), "mine.toml:8:8: `1999` is not an octal mode such as 1777 or 0755".to_owned()),
            (&path("target = \"/tmp\"\nstorage = \"disk\""), "mine.toml:7:11: unknown variant `disk`, expected `scratch` or `state`".to_owned()),
            (&path("target = \"/d\"\nstorage = \"state\"\nuid = 1"), "mine.toml:7:11: mode, uid, gid, size and exec are for scratch; a volume takes owner and mode from the image".to_owned()),
        ] {
            assert_eq!(parse(text).expect_err("broken").to_string(), expected);
        }
    }

    #[test]
    fn an_unknown_name_gets_the_nearest() {
        let error = Preset::embedded("nod").expect_err("unknown");
        assert!(error.hint().expect("hint").contains("did you mean `node`?"), "{error:?}");
        assert!(Preset::embedded("zzzzzz").expect_err("unknown").hint().expect("hint").starts_with("`rofs-harden presets` lists all"));
    }
}
