//! A preset file as it is written; unknown keys are errors.

use super::when::RawConditions;
use crate::evidence::Confidence;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPreset {
    pub summary: Spanned<String>,
    #[serde(rename = "match")]
    pub matches: RawMatch,
    pub run_user: RawRunUser,
    #[serde(default)]
    pub users: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub tags: BTreeMap<Spanned<String>, RawTag>,
    #[serde(default)]
    pub writable: Vec<RawWritable>,
    #[serde(default)]
    pub obstacle: Vec<RawObstacle>,
    pub capabilities: Option<RawCapabilities>,
    pub no_new_privileges: Option<Spanned<bool>>,
    pub no_new_privileges_why: Option<Spanned<String>>,
    #[serde(default)]
    pub config: Vec<Spanned<String>>,
    #[serde(default)]
    pub env: Vec<RawEnvHint>,
    #[serde(default)]
    pub notes: Vec<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawMatch {
    pub images: Vec<Spanned<String>>,
    pub prefixes: Vec<Spanned<String>>,
    pub command: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRunUser {
    pub text: Spanned<String>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTag {
    #[serde(default)]
    pub users: BTreeMap<String, Spanned<String>>,
    pub run_as: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWritable {
    pub target: Spanned<String>,
    pub storage: RawStorage,
    pub mode: Option<Spanned<String>>,
    pub uid: Option<Spanned<u32>>,
    pub gid: Option<Spanned<u32>>,
    pub size: Option<Spanned<String>>,
    pub exec: Option<Spanned<bool>>,
    pub when: Option<Spanned<RawConditions>>,
    pub unless: Option<Spanned<RawConditions>>,
    pub why: Spanned<String>,
    pub source: Spanned<String>,
    pub confidence: RawConfidence,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawObstacle {
    pub when: Option<Spanned<RawConditions>>,
    pub unless: Option<Spanned<RawConditions>>,
    pub why: Spanned<String>,
    pub source: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCapabilities {
    pub add: Vec<Spanned<String>>,
    pub run_as: Option<Spanned<String>>,
    pub why: Spanned<String>,
    pub source: Spanned<String>,
    pub confidence: RawConfidence,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEnvHint {
    pub name: Spanned<String>,
    pub value: String,
    pub why: Spanned<String>,
    pub source: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawStorage {
    Scratch,
    State,
}

#[derive(Deserialize)]
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
