//! What a trial says, for programs.

use super::{Grade, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

/// What trials of projects showed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "Answer of rofs-harden verify")]
pub struct Verdicts {
    /// The version of this form: 1. Within it nothing is removed or renamed; keys may be added.
    pub version: u32,
    /// The services of all projects, in their order.
    pub services: Vec<Service>,
}

/// What is said of one service.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Service {
    /// The project as it was named; empty where none was.
    pub project: String,
    /// Name of the service.
    pub service: String,
    /// What is said of it.
    pub verdict: Verdict,
    /// Why.
    pub why: String,
    /// Why, for everybody: see [`super::Outcome::short`].
    #[serde(skip)]
    pub short: String,
    /// How much was seen of it, where it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// Whether its root filesystem is read-only.
    pub read_only: bool,
    /// What its log says, and what would help.
    pub details: Vec<String>,
}
