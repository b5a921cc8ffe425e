//! A preset file as it is written; unknown keys are errors.

use super::check::RawCheck;
use super::moved::RawMover;
use super::when::RawConditions;
use crate::evidence::{Confidence, Storage, Target, TmpfsOptions};
use crate::text::toml::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;

/// What images of one family write, and need.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Preset of rofs-harden")]
pub(super) struct RawPreset {
    /// What it is for, a short phrase.
    #[schemars(with = "String")]
    pub summary: Spanned<String>,
    /// What it is for.
    #[serde(rename = "match")]
    pub matches: RawMatch,
    /// Whether the image only runs programs, so that what they write is known of none of them.
    #[serde(default)]
    pub runtime: bool,
    /// Whether it says all that programs of it write as a rule: a framework, recognised in what is built.
    #[serde(default)]
    pub framework: bool,
    /// Where its programs run: relative paths start there.
    #[schemars(with = "Option<String>")]
    pub workdir: Option<Spanned<String>>,
    /// As whom the image starts.
    pub run_user: RawRunUser,
    /// Users of the image: name and `uid:gid`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub users: BTreeMap<String, Spanned<String>>,
    /// What is otherwise on tags with a part, such as `alpine*`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RawTag>")]
    pub tags: BTreeMap<Spanned<String>, RawTag>,
    /// Where such a container must be able to write.
    #[serde(default)]
    pub writable: Vec<RawWritable>,
    /// What keeps it from running on a read-only root filesystem.
    #[serde(default)]
    pub obstacle: Vec<RawObstacle>,
    /// What nobody knows of it.
    #[serde(default)]
    pub doubt: Vec<RawDoubt>,
    /// What a person must see to before such a container is recreated.
    #[serde(default)]
    pub reminder: Vec<RawReminder>,
    /// Which capabilities it needs after `cap_drop: [ALL]`.
    pub capabilities: Option<RawCapabilities>,
    /// Whether it runs with `no-new-privileges`.
    #[schemars(with = "Option<bool>")]
    pub no_new_privileges: Option<Spanned<bool>>,
    /// What breaks with it.
    #[schemars(with = "Option<String>")]
    pub no_new_privileges_why: Option<Spanned<String>>,
    /// How it is asked whether it does its work.
    #[schemars(with = "Option<RawCheck>")]
    pub check: Option<Spanned<RawCheck>>,
    /// Paths that the program only reads.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub config: Vec<Spanned<String>>,
    /// When the program writes them all the same.
    #[schemars(with = "Option<RawConditions>")]
    pub config_unless: Option<Spanned<RawConditions>>,
    /// Environment variables that move or avoid writes.
    #[serde(default)]
    pub env: Vec<RawEnvHint>,
    /// What else to know.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub notes: Vec<Spanned<String>>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawMatch {
    #[schemars(with = "Vec<String>")]
    pub images: Vec<Spanned<String>>,
    #[schemars(with = "Vec<String>")]
    pub prefixes: Vec<Spanned<String>>,
    #[schemars(with = "Vec<String>")]
    pub command: Vec<Spanned<String>>,
    /// Packages that what is built names, such as `npm:next`.
    #[schemars(with = "Vec<String>")]
    pub manifest: Vec<Spanned<String>>,
    /// The word of a tag behind which the version is: `pg` of `0.8.0-pg17`.
    #[schemars(with = "Option<String>")]
    pub version_after: Option<Spanned<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRunUser {
    #[schemars(with = "String")]
    pub text: Spanned<String>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTag {
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub users: BTreeMap<String, Spanned<String>>,
    #[schemars(with = "Option<String>")]
    pub run_as: Option<Spanned<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWritable {
    #[schemars(with = "String")]
    pub target: Spanned<String>,
    pub storage: RawStorage,
    #[schemars(with = "Option<String>")]
    pub mode: Option<Spanned<String>>,
    #[schemars(with = "Option<u32>")]
    pub uid: Option<Spanned<u32>>,
    #[schemars(with = "Option<u32>")]
    pub gid: Option<Spanned<u32>>,
    #[schemars(with = "Option<String>")]
    pub size: Option<Spanned<String>>,
    #[schemars(with = "Option<bool>")]
    pub exec: Option<Spanned<bool>>,
    #[schemars(with = "Option<RawConditions>")]
    pub when: Option<Spanned<RawConditions>>,
    #[schemars(with = "Option<RawConditions>")]
    pub unless: Option<Spanned<RawConditions>>,
    /// Whether the image declares it as a volume; not known where nothing is said.
    #[schemars(with = "Option<bool>")]
    pub declared: Option<Spanned<bool>>,
    /// When it does; always where nothing is said.
    #[schemars(with = "Option<RawConditions>")]
    pub declared_when: Option<Spanned<RawConditions>>,
    /// Where that was seen.
    #[schemars(with = "Option<String>")]
    pub declared_source: Option<Spanned<String>>,
    /// What in a Compose file moves it.
    #[schemars(with = "Option<Vec<RawMover>>")]
    pub moved_by: Option<Spanned<Vec<Spanned<RawMover>>>>,
    /// Why nothing in a Compose file, or nothing else, moves it.
    #[schemars(with = "Option<String>")]
    pub fixed: Option<Spanned<String>>,
    /// Where it is written what moves it.
    #[schemars(with = "Option<String>")]
    pub moved_source: Option<Spanned<String>>,
    #[schemars(with = "String")]
    pub why: Spanned<String>,
    #[schemars(with = "String")]
    pub source: Spanned<String>,
    pub confidence: RawConfidence,
}

/// A writable path as a person's configuration file has it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawPath {
    /// Absolute path in the container.
    #[schemars(with = "String")]
    target: Spanned<String>,
    /// `scratch` for what may vanish, `state` for what must not.
    storage: RawStorage,
    /// Permission bits of scratch, octal: `"1777"`.
    #[schemars(with = "Option<String>")]
    mode: Option<Spanned<String>>,
    /// Numeric owner of scratch.
    #[schemars(with = "Option<u32>")]
    uid: Option<Spanned<u32>>,
    /// Numeric group of scratch.
    #[schemars(with = "Option<u32>")]
    gid: Option<Spanned<u32>>,
    /// Size limit of scratch: `"64m"`.
    #[schemars(with = "Option<String>")]
    size: Option<Spanned<String>>,
    /// Whether programs may run from scratch.
    #[schemars(with = "Option<bool>")]
    exec: Option<Spanned<bool>>,
    /// What writes there.
    #[schemars(with = "String")]
    why: Spanned<String>,
}

impl RawPath {
    /// Where it stands, for messages about it.
    pub fn span(&self) -> Range<usize> {
        self.target.span()
    }

    /// Target, storage and what writes there. Errors: the part that is wrong, and why.
    pub fn read(self) -> Result<(Target, Storage, String), (Range<usize>, String)> {
        let writable = super::parse::read_writable(
            "",
            RawWritable {
                source: self.why.clone(),
                confidence: RawConfidence::Documented,
                when: None,
                unless: None,
                target: self.target,
                storage: self.storage,
                mode: self.mode,
                uid: self.uid,
                gid: self.gid,
                size: self.size,
                exec: self.exec,
                declared: None,
                declared_when: None,
                declared_source: None,
                moved_by: None,
                fixed: None,
                moved_source: None,
                why: self.why,
            },
        )?;
        let storage = match writable.scratch {
            Some(options) => Storage::Scratch(TmpfsOptions { size: writable.size, ..options }),
            None => Storage::State,
        };
        Ok((writable.target, storage, writable.reason.text.clone()))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawObstacle {
    #[schemars(with = "Option<RawConditions>")]
    pub when: Option<Spanned<RawConditions>>,
    #[schemars(with = "Option<RawConditions>")]
    pub unless: Option<Spanned<RawConditions>>,
    /// What fails.
    #[schemars(with = "String")]
    pub why: Spanned<String>,
    /// What helps.
    #[schemars(with = "String")]
    pub remedy: Spanned<String>,
    #[schemars(with = "String")]
    pub source: Spanned<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDoubt {
    #[schemars(with = "Option<RawConditions>")]
    pub when: Option<Spanned<RawConditions>>,
    #[schemars(with = "Option<RawConditions>")]
    pub unless: Option<Spanned<RawConditions>>,
    #[schemars(with = "String")]
    pub why: Spanned<String>,
    #[schemars(with = "String")]
    pub source: Spanned<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReminder {
    #[schemars(with = "Option<RawConditions>")]
    pub when: Option<Spanned<RawConditions>>,
    #[schemars(with = "Option<RawConditions>")]
    pub unless: Option<Spanned<RawConditions>>,
    #[schemars(with = "String")]
    pub text: Spanned<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCapabilities {
    /// What must hold for this to be so.
    #[schemars(with = "Option<RawConditions>")]
    pub when: Option<Spanned<RawConditions>>,
    #[schemars(with = "Vec<String>")]
    pub add: Vec<Spanned<String>>,
    #[schemars(with = "Option<String>")]
    pub run_as: Option<Spanned<String>>,
    #[schemars(with = "String")]
    pub why: Spanned<String>,
    #[schemars(with = "String")]
    pub source: Spanned<String>,
    pub confidence: RawConfidence,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEnvHint {
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    pub value: String,
    #[schemars(with = "String")]
    pub why: Spanned<String>,
    #[schemars(with = "String")]
    pub source: Spanned<String>,
}

/// What may hold a path.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawStorage {
    /// Files that may vanish with the container: tmpfs.
    Scratch,
    /// Files that must survive it: a named volume.
    State,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawConfidence {
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
