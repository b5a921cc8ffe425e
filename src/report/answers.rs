//! What verbs answer to programs, beside the report of an audit: the same findings, changes, places and
//! reasons everywhere.
//!
//! Within version 1 nothing is removed or renamed and no meaning changes; keys may be added.

use super::data::{self, Planned, Reason, Tool};
use crate::evidence::log::{Advice, Symptom};
use crate::evidence::{self, Storage, WritablePath};
use crate::report::advice::mount;
use crate::rewrite::Rewrite;
use schemars::JsonSchema;
use serde::Serialize;

/// What is planned for projects.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Answer of rofs-harden")]
pub struct PlanAnswer {
    /// The version of this form: 1.
    pub version: u32,
    /// The program that made it.
    pub tool: Tool,
    /// The projects, in the order in which they were named or found.
    pub projects: Vec<ProjectPlan>,
}

/// What is planned for one project.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProjectPlan {
    /// The project, and what was found in it.
    #[serde(flatten)]
    pub project: data::Project,
    /// Names of the services that change.
    pub changed: Vec<String>,
    /// Services whose fix is only assumed and to which nobody agreed.
    pub held_back: Vec<HeldBack>,
    /// Services whose fix has no place in the files.
    pub refused: Vec<Refused>,
    /// The files that change.
    pub patches: Vec<Patch>,
}

/// A service whose fix is held back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HeldBack {
    /// Its name.
    pub service: String,
    /// What is not known.
    pub why: String,
    /// What includes it.
    pub help: String,
    /// The same for a program that can do something about it.
    pub remedy: data::Remedy,
}

/// A fix that has no place.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Refused {
    /// Name of the service.
    pub service: String,
    /// Name of the rule.
    pub rule: &'static str,
    /// Why.
    pub why: String,
}

/// A file that changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Patch {
    /// Path of the file.
    pub file: String,
    /// Whether it was not there before.
    pub is_new: bool,
    /// The change as `git apply` takes it.
    pub patch: String,
}

impl Patch {
    /// The change of a file.
    pub fn of(rewrite: &Rewrite, is_new: bool) -> Self {
        let file = rewrite.before().name().to_owned();
        Self { patch: super::diff::patch(rewrite, &file, is_new), file, is_new }
    }
}

/// What logs say that could not be written.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Answer of rofs-harden diagnose")]
pub struct Diagnosis {
    /// The version of this form: 1.
    pub version: u32,
    /// What was found, in the order of the logs.
    pub symptoms: Vec<Complaint>,
    /// Further symptoms that were not kept.
    pub dropped: u64,
}

/// Something that a log says.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Complaint {
    /// Name of the log.
    pub log: String,
    /// The line, from 1.
    pub line: u64,
    /// How many lines say the same.
    pub count: u64,
    /// Name of the service, where that is known.
    pub service: Option<String>,
    /// Which program's words they are.
    pub program: &'static str,
    /// What is the matter.
    pub cause: &'static str,
    /// What could not be written.
    pub path: Option<String>,
    /// The mount that helps, as a plan says it.
    pub mount: Option<String>,
    /// The same with its reason.
    pub change: Option<Planned>,
    /// What to do about it.
    pub help: Option<String>,
    /// YAML to paste into a file of its own.
    pub remedy: Option<String>,
    /// The line itself.
    pub text: String,
}

impl Complaint {
    /// What a line of a log says, and what is done about it.
    pub fn of(log: &str, service: Option<&str>, symptom: &Symptom, advice: &Advice) -> Self {
        Self {
            log: log.to_owned(),
            line: symptom.line,
            count: symptom.count,
            service: service.map(str::to_owned),
            program: symptom.program,
            cause: advice.cause,
            path: advice.path.clone().or_else(|| symptom.path.clone()),
            mount: advice.mend.as_ref().map(mount),
            change: advice.mend.as_ref().map(change),
            help: advice.help.clone(),
            remedy: advice.remedy.clone(),
            text: symptom.text.clone(),
        }
    }
}

/// What services were seen to write.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Answer of rofs-harden observe")]
pub struct Observations {
    /// The version of this form: 1.
    pub version: u32,
    /// The services, in their order.
    pub services: Vec<Observed>,
}

/// What one service was seen to write.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Observed {
    /// Its name.
    pub service: String,
    /// Whether it worked while it was watched.
    pub works: bool,
    /// Why.
    pub why: String,
    /// Where it does not work: what its log says about that.
    pub details: Vec<String>,
    /// Where it must be able to write.
    pub paths: Vec<Place>,
    /// Written where nothing may be mounted.
    pub elsewhere: Vec<Elsewhere>,
}

/// A place that must be writable.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Place {
    /// The folder.
    pub target: String,
    /// `scratch` for what may vanish with the container, `state` for what may not.
    pub storage: &'static str,
    /// The mount, as a plan says it.
    pub mount: String,
    /// The same with its reason.
    pub change: Planned,
    /// What was seen.
    pub why: String,
}

impl Place {
    /// A place where a service was seen to write.
    pub fn of(path: &WritablePath) -> Self {
        Self {
            target: path.target.to_string(),
            storage: if path.storage == Storage::State { "state" } else { "scratch" },
            mount: mount(path),
            change: change(path),
            why: path.reason.text.clone(),
        }
    }
}

/// Something that was written where nothing may be mounted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Elsewhere {
    /// Where.
    pub path: String,
    /// What to do about it.
    pub help: String,
}

fn change(path: &WritablePath) -> Planned {
    Planned { what: mount(path), reason: Reason::from(&*path.reason) }
}

impl From<&evidence::Reason> for Reason {
    fn from(reason: &evidence::Reason) -> Self {
        Self {
            text: reason.text.clone(),
            source: reason.source.to_string(),
            link: reason.link.clone(),
            confidence: reason.confidence.to_string(),
        }
    }
}

/// What goes on during a long task: a line of standard error each.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "What goes on in rofs-harden")]
pub struct Event<'t> {
    /// The version of this form: 1.
    pub version: u32,
    /// `status` for what is done now, `step` for how far it is.
    pub event: &'static str,
    /// What is done now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'t str>,
    /// How many projects are done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<usize>,
    /// Of how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<usize>,
}

impl<'t> Event<'t> {
    /// What is done now.
    pub fn status(text: &'t str) -> Self {
        Self { version: 1, event: "status", text: Some(text), done: None, of: None }
    }

    /// How far it is.
    pub fn step(done: usize, of: usize) -> Self {
        Self { version: 1, event: "step", text: None, done: Some(done), of: Some(of) }
    }
}
