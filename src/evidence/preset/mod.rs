//! Presets: what images write, as data. One TOML file a family in `presets/`, embedded at build time and parsed when used.

mod check;
mod describe;
mod group;
mod moved;
mod parse;
mod raw;
mod saved;
mod when;

pub(super) use check::START_PERIOD;
pub use check::{Check, Request};
pub use group::group_of;
pub use moved::{By, Declared, Form, Key, Moved, Mover, Names};
pub use raw::RawPath;
pub use saved::Saved;
pub(super) use when::fits;
pub use when::{Condition, Versions};

use super::{Reason, Source, Target, TmpfsOptions};
use crate::compose::published_as;
use crate::error::{Error, Result};
use crate::text::{MAX_FILE_BYTES, TextFile, nearest};
use std::sync::Arc;

/// What is known of a family of images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name: the stem of its file; of an entry of the catalogue the image.
    pub name: String,
    /// What says that such an image runs read-only at all; `None` where that is what the preset is for. An
    /// entry of the catalogue has it, and all of its paths count, also those that are only assumed.
    pub basis: Option<Arc<Reason>>,
    /// What it is for, a short phrase.
    pub summary: String,
    /// Repositories that it matches, as [`crate::compose::Image`] names them; also as Dockerfile bases.
    pub images: Vec<String>,
    /// What the names of further repositories that it matches begin with: `gcr.io/distroless/`.
    pub prefixes: Vec<String>,
    /// Words of commands that it is for: `gunicorn`. Such a preset has no images; it is added to that of the service's image.
    pub commands: Vec<String>,
    /// Packages that it is for, where what is built names them: `npm:next`. Such a preset is added as well.
    pub manifests: Vec<String>,
    /// Whether the image only runs programs, so that what they write is known of none of them.
    pub runtime: bool,
    /// Whether it says all that programs of it write as a rule: a framework, recognised in what is built.
    pub framework: bool,
    /// The word of a tag behind which the version is: `pg` of `0.8.0-pg17`.
    pub version_after: Option<String>,
    /// Where its programs run, from where relative paths start; `None` when that is not known.
    pub workdir: Option<String>,
    /// As whom the image runs when nobody says otherwise.
    pub run_user: ImageUser,
    /// Users that the image has, by name.
    pub users: Vec<User>,
    /// What is otherwise on some tags, by the part of the tag.
    pub tags: Vec<TagVariant>,
    /// Where such a container must be able to write.
    pub writable: Vec<Writable>,
    /// What keeps it from running on a read-only root filesystem.
    pub obstacles: Vec<Obstacle>,
    /// What nobody knows of it, so that it is only assumed to run read-only.
    pub doubts: Vec<Doubt>,
    /// What a person must see to before such a container is recreated.
    pub reminders: Vec<Reminder>,
    /// Which capabilities it needs after `cap_drop: [ALL]`; `None` when that is not known.
    pub capabilities: Option<Capabilities>,
    /// Whether it runs with `no-new-privileges`; `None` when that is not known.
    pub no_new_privileges: Option<NoNewPrivileges>,
    /// How it is asked whether it does its work; `None` when that is not known.
    pub check: Option<Check>,
    /// Paths that the program only reads: what is bound there or below can be read-only.
    pub config: Vec<String>,
    /// When the program writes them all the same, if one of these holds.
    pub config_unless: Vec<Condition>,
    /// Environment variables that move or avoid writes.
    pub env: Vec<EnvHint>,
    /// What else to know.
    pub notes: Vec<String>,
}

/// As whom an image runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageUser {
    /// For people: `root; workers run as nginx`.
    pub text: String,
    /// Number of the user that the image starts as; `None` when it is not known.
    pub uid: Option<u32>,
    /// Number of its group.
    pub gid: Option<u32>,
}

/// A user of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: u32,
    /// Number of its group.
    pub gid: u32,
}

/// What is otherwise on tags with some part, such as those of images built on Alpine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagVariant {
    /// The part between `-`, or its start and `*`: `alpine*`.
    pub word: String,
    /// Users with other numbers.
    pub users: Vec<User>,
    /// User and group with which no capability is needed.
    pub run_as: Option<(u32, u32)>,
}

/// One writable path of a preset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writable {
    /// Absolute path in the container, cleaned; with `below` what follows that folder.
    pub target: Target,
    /// The folder that it is in, where services differ in that.
    pub below: Option<Below>,
    /// Tmpfs options for scratch, without a size; `None` for state.
    pub scratch: Option<TmpfsOptions>,
    /// A size for scratch that is enough as a rule, for people who want limits. A suggestion: no vendor names one.
    pub size: Option<String>,
    /// When it is needed: all of these must hold.
    pub when: Vec<Condition>,
    /// When it is not needed after all: one of these is enough.
    pub unless: Vec<Condition>,
    /// Whether the image declares it as a volume; `None` when that is not known.
    pub declared: Option<Declared>,
    /// What moves it; `None` when that is not known.
    pub moved: Option<Moved>,
    /// What writes there, where that is written or was seen, and how sure it is.
    pub reason: Arc<Reason>,
}

/// A folder that is not the same in all services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Below {
    /// The folder that it runs in: `<workdir>`.
    Workdir,
    /// The home folder of its user: `<home>`.
    Home,
}

impl Below {
    /// As presets write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Workdir => "<workdir>",
            Self::Home => "<home>",
        }
    }
}

impl Writable {
    /// The path as presets write it.
    pub fn written(&self) -> String {
        format!("{}{}", self.below.map_or("", Below::word), self.target)
    }
}

/// What keeps an image from running on a read-only root filesystem, however it is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// When it is there: all of these must hold.
    pub when: Vec<Condition>,
    /// When it is not there after all: one of these is enough.
    pub unless: Vec<Condition>,
    /// What fails.
    pub why: String,
    /// What helps.
    pub remedy: String,
    /// Where that is written or was seen.
    pub source: String,
}

/// What nobody knows of an image, so that it is only assumed to run on a read-only root filesystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// When it counts: all of these must hold.
    pub when: Vec<Condition>,
    /// When it does not count after all: one of these is enough.
    pub unless: Vec<Condition>,
    /// What is not known.
    pub why: String,
    /// Where that was looked for.
    pub source: String,
}

/// What a person must see to before a container is recreated, as nothing that is added to the file does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// When it counts: all of these must hold.
    pub when: Vec<Condition>,
    /// When it does not count after all: one of these is enough.
    pub unless: Vec<Condition>,
    /// What is to be done, and what happens otherwise.
    pub text: String,
}

/// Which capabilities an image needs after `cap_drop: [ALL]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// When this is so: all of these must hold.
    pub when: Vec<Condition>,
    /// The least that must be added when it starts as its own user; names as in Compose, without `CAP_`.
    pub add: Vec<String>,
    /// User and group with which none is needed, if there are such.
    pub run_as: Option<(u32, u32)>,
    /// What needs them, where that is written or was seen, and how sure it is.
    pub reason: Arc<Reason>,
}

/// Whether an image runs with `security_opt: [no-new-privileges]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoNewPrivileges {
    /// It does.
    Works,
    /// It does not, and why.
    Breaks(String),
}

/// An environment variable that moves or avoids writes.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// A preset as the program carries it; `build.rs` makes the list.
struct Embedded {
    name: &'static str,
    summary: &'static str,
    text: &'static str,
}

/// Sorted by name.
const EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
/// Repository and preset, sorted by repository.
const IMAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/images.rs"));
/// Start of repositories and preset, sorted by start.
const PREFIXES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/prefixes.rs"));
/// Word of commands and preset, sorted by word.
const COMMANDS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/command.rs"));

/// Package and preset, sorted by package.
const MANIFESTS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/manifest.rs"));

/// Names and summaries of the embedded presets, by name.
pub fn list() -> impl Iterator<Item = (&'static str, &'static str)> {
    EMBEDDED.iter().map(|e| (e.name, e.summary))
}

/// The embedded preset that claims a repository by its name, else by the longest start of it.
pub fn claiming(repository: &str) -> Option<&'static str> {
    naming(repository).or_else(|| PREFIXES.iter().rev().find(|(start, _)| repository.starts_with(start)).map(|(_, preset)| *preset))
}

/// The embedded preset that claims a repository by its name, or by that under which it is published too.
pub fn naming(repository: &str) -> Option<&'static str> {
    find(IMAGES, repository).or_else(|| find(IMAGES, &published_as(repository)))
}

/// The embedded preset that is added where a command has this word.
pub fn added_for(word: &str) -> Option<&'static str> {
    find(COMMANDS, word)
}

/// The embedded preset that is added where what is built names this package.
pub fn added_for_package(package: &str) -> Option<&'static str> {
    find(MANIFESTS, package)
}

fn find(index: &'static [(&str, &str)], key: &str) -> Option<&'static str> {
    index.binary_search_by_key(&key, |(key, _)| key).ok().map(|i| index[i].1)
}

impl Preset {
    /// Whether it is known that its image starts as root and goes on as somebody else.
    pub(super) fn gives_root_up(&self) -> bool {
        self.capabilities.as_ref().is_some_and(|needed| needed.add.iter().any(|name| name == "SETUID"))
    }

    /// The embedded preset `name`. Errors: a usage error with the nearest name.
    pub fn embedded(name: &str) -> Result<Self> {
        let Ok(at) = EMBEDDED.binary_search_by_key(&name, |e| e.name) else {
            let near = nearest(name, list().map(|(n, _)| n)).map_or(String::new(), |near| format!("did you mean `{near}`? "));
            let hint = format!("{near}`rofs-harden presets` lists all; a file is named with a slash: ./{name}.toml");
            return Err(Error::Impossible(format!("there is no preset `{name}`"), Some(hint.into())));
        };
        let text = TextFile::new(format!("presets/{name}.toml"), EMBEDDED[at].text.into(), MAX_FILE_BYTES);
        Self::parse(name, &text.map_err(|e| Error::Unverified(e.to_string()))?)
    }

    /// Reads a preset file; `name` is its stem. Errors: the first thing in it that is wrong, with its place.
    pub fn parse(name: &str, file: &TextFile) -> Result<Self> {
        parse::parse(name, file)
    }

    /// The JSON Schema of a preset file.
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(raw::RawPreset)
    }

    /// Whether it is for a repository.
    pub fn claims(&self, repository: &str) -> bool {
        self.images.iter().any(|i| i == repository) || self.prefixes.iter().any(|start| repository.starts_with(start))
    }

    /// Who says what it says.
    pub fn source(&self) -> Source {
        let of = if self.basis.is_some() { Source::Catalogue } else { Source::Preset };
        of(self.name.clone())
    }

    /// Whether it is for commands or packages, and so added to the preset of the service's image.
    pub fn is_addition(&self) -> bool {
        !self.commands.is_empty() || !self.manifests.is_empty()
    }

    /// Whether it is for anything that no other preset knows.
    pub fn is_for_anything(&self) -> bool {
        self.images.is_empty() && self.prefixes.is_empty() && !self.is_addition()
    }

    /// Everything it says, as plain text of at most so many columns (longer words aside).
    pub fn describe(&self, columns: usize) -> String {
        describe::describe(self, columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_preset_parses_and_is_in_the_index() {
        let mut claims: [Vec<(String, &str)>; 4] = Default::default();
        for (name, summary) in list() {
            let preset = Preset::embedded(name).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(preset.summary, summary);
            for (claims, own) in claims.iter_mut().zip([preset.images, preset.prefixes, preset.commands, preset.manifests]) {
                claims.extend(own.into_iter().map(|text| (text, name)));
            }
        }
        for (mut claims, index) in claims.into_iter().zip([IMAGES, PREFIXES, COMMANDS, MANIFESTS]) {
            claims.sort();
            assert_eq!(claims, index.iter().map(|(i, n)| ((*i).to_owned(), *n)).collect::<Vec<_>>());
        }
        assert!(EMBEDDED.is_sorted_by_key(|e| e.name));
        assert_eq!((claiming("node"), claiming("bitnami/node")), (Some("node"), None));
    }

    #[test]
    fn every_place_for_state_says_what_moves_it_and_who_says_so() {
        let mut count = [0; 4];
        for (name, _) in list().filter(|(name, _)| *name != "generic") {
            let preset = Preset::embedded(name).expect("a preset");
            for path in preset.writable.iter().filter(|path| path.scratch.is_none()) {
                let moved = path.moved.as_ref().unwrap_or_else(|| panic!("{name}: {} has neither `moved_by` nor `fixed`", path.target));
                assert!(!moved.by.is_empty() || moved.fixed.is_some(), "{name}: {}", path.target);
                let sources =
                    path.declared.iter().map(|d| &d.source).chain([&moved.source]).chain(moved.by.iter().filter_map(|m| m.source.as_ref()));
                for source in sources {
                    assert!(!["not found", "not read", "none"].contains(&source.as_str()), "{name}: {}: {source}", path.target);
                }
                let is = [true, path.declared.is_some(), !moved.by.is_empty(), moved.fixed.is_some()];
                count.iter_mut().zip(is).for_each(|(count, is)| *count += usize::from(is));
            }
        }
        assert!(count.iter().all(|n| *n > 50), "state, declared, moved and fixed: {count:?}");
    }

    /// Of scratch, the places in /tmp and /run are everybody's. Of each other place it is said what moves it, or it is on the list of
    /// those of which nobody has read that yet: it only gets shorter.
    #[test]
    fn every_place_for_scratch_says_what_moves_it_or_waits_for_it() {
        let mut unread = Vec::new();
        let mut moved = 0;
        for (name, _) in list().filter(|(name, _)| *name != "generic") {
            let preset = Preset::embedded(name).expect("a preset");
            for path in preset.writable.iter().filter(|path| path.scratch.is_some()) {
                let is_shared = ["/tmp", "/run"].contains(&&*path.target) && path.below.is_none();
                match &path.moved {
                    Some(known) => moved += usize::from(!known.by.is_empty()),
                    None if is_shared => {}
                    None => unread.push(format!("{name} {}", path.written())),
                }
            }
        }
        unread.dedup();
        let known: Vec<&str> =
            include_str!("../../../tests/data/unread-scratch.txt").lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(unread, known, "a new place says what moves it; one that says so leaves the list");
        assert!(moved > 60 && unread.len() < 125, "{moved} {}", unread.len());
    }

    /// A variable that a preset offers for another place is one that a plan follows.
    #[test]
    fn every_variable_that_names_a_place_moves_one() {
        let presets: Vec<Preset> = list().map(|(name, _)| Preset::embedded(name).expect("a preset")).collect();
        let moved = presets.iter().flat_map(|preset| &preset.writable).filter_map(|path| path.moved.as_ref());
        let movers: Vec<&By> = moved.flat_map(|moved| &moved.by).map(|mover| &mover.by).collect();
        let mut count = 0;
        for preset in &presets {
            // Settings are only read, and where a program would keep new ones it goes on without.
            let offered = preset.env.iter().filter(|hint| hint.value.starts_with('/') && hint.name != "JUPYTER_CONFIG_DIR");
            for hint in offered {
                let is_followed = movers.iter().any(|by| matches!(by, By::Env(own) if *own == hint.name));
                assert!(is_followed || crate::evidence::outputs::is_place(&hint.name, &hint.value), "{}: {}", preset.name, hint.name);
                count += 1;
            }
        }
        assert!(count > 20, "{count}");
    }

    #[test]
    fn an_unknown_name_gets_the_nearest() {
        let error = Preset::embedded("nod").expect_err("unknown");
        assert!(error.hint().expect("hint").contains("did you mean `node`?"), "{error:?}");
        assert!(Preset::embedded("zzzzzz").expect_err("unknown").hint().expect("hint").starts_with("`rofs-harden presets` lists all"));
    }
}
