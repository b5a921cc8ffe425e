//! What a report says, as a versioned type of its own: other formats are made of it, and programs read it as JSON.
//!
//! Within version 1 nothing is removed or renamed and no meaning changes; keys may be added.

use crate::error::Error;
use crate::evidence::Extra;
use crate::remedy;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// The version of this form.
pub const VERSION: u32 = 1;

/// The result of an audit.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Report of rofs-harden audit")]
pub struct Report {
    /// The version of this form: 1.
    pub version: u32,
    /// The program that made it.
    pub tool: Tool,
    /// The projects, in the order of their paths.
    pub projects: Vec<Project>,
    /// Sums over all projects.
    pub summary: Summary,
}

/// The program that made a report.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Tool {
    /// `rofs-harden`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// This program.
pub const TOOL: Tool = Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };

/// One Compose project.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Project {
    /// Path of its first file, or of its folder where no file could be read.
    pub path: String,
    /// Paths of all its Compose files, in the order of reading.
    pub files: Vec<String>,
    /// The same with every byte, which not all text can show.
    #[serde(skip)]
    pub paths: Vec<PathBuf>,
    /// Why nothing is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Its services that were looked at, in the order of their definition.
    pub services: Vec<Service>,
    /// Services that the configuration file leaves out.
    pub left_out: Vec<LeftOut>,
    /// What was found, by place.
    pub findings: Vec<Finding>,
}

impl Project {
    /// A project, or the path at which one was looked for, of which nothing is known.
    pub fn failed(path: String, error: &Error) -> Self {
        let (files, paths, services, left_out, findings) = Default::default();
        Self { path, files, paths, error: Some(error.to_string()), services, left_out, findings }
    }

    /// Whether the plan mounts volumes that were not there.
    pub fn has_new_volumes(&self) -> bool {
        self.services.iter().flat_map(|service| &service.mounts).any(|mount| mount.planned && mount.kind == Kind::Volume)
    }
}

/// A service that is left out.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LeftOut {
    /// Its name.
    pub service: String,
    /// Why, as the configuration file says.
    pub reason: String,
}

/// One service.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Where it is defined.
    pub location: Location,
    /// Its image as written, variables replaced where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Name of the preset that it gets.
    pub preset: String,
    /// Whether that preset knows its image or command.
    pub recognised: bool,
    /// Where it can write now, and where after the plan.
    pub surface: Change<Surface>,
    /// The five-point self-check, now and after the plan.
    pub checks: Change<Checks>,
    /// Everything mounted into it, what is planned last.
    pub mounts: Vec<Mount>,
}

/// A value now and after the plan.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Change<T> {
    /// Now.
    pub before: T,
    /// After the plan.
    pub after: T,
}

/// The writable surface of a service.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Surface {
    /// One number: root filesystem 20, tmpfs 1, volume 2, host bind 5, engine socket 50 each; privileged 50, all capabilities 40.
    pub score: usize,
    /// Whether the root filesystem is writable.
    pub root: bool,
    /// Writable tmpfs mounts.
    pub tmpfs: usize,
    /// Writable volumes.
    pub volumes: usize,
    /// Writable binds of the host.
    pub binds: usize,
    /// Sockets of the container engine.
    pub sockets: usize,
    /// Whether the service is privileged.
    pub privileged: bool,
    /// Whether `cap_add` gives it every capability.
    pub all_capabilities: bool,
}

/// The five-point self-check.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Checks {
    /// The root filesystem is read-only.
    pub root_is_read_only: bool,
    /// What is kept is gathered in one place, or where the image wants it.
    pub data_is_gathered: bool,
    /// `/tmp` is in memory, or cannot be written.
    pub tmp_is_in_memory: bool,
    /// Nothing can write into the program's own folders.
    pub program_is_read_only: bool,
    /// How many writable places there are, the root filesystem included.
    pub writable_places: usize,
}

/// A mount of a service.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Mount {
    /// Path in the container.
    pub target: String,
    /// What is mounted.
    pub kind: Kind,
    /// Name of the volume, or path on the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Whether the container can write to it: now, or after the plan.
    pub writable: Change<Answer>,
    /// Whether it is not there yet.
    pub planned: bool,
    /// Why it is planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A file or folder of the host.
    Bind,
    /// The container engine's socket.
    EngineSocket,
    /// A named volume.
    Volume,
    /// A volume without a name.
    AnonymousVolume,
    /// Memory.
    Tmpfs,
    /// Another image's files.
    Image,
    /// A variable decides.
    Unknown,
}

/// Yes, no, or a variable decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
    /// A variable decides.
    Unknown,
}

/// One finding.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// Name of the rule; `rofs-harden explain RULE` prints its page.
    pub rule: &'static str,
    /// Its severity.
    pub severity: Severity,
    /// Name of the service; empty where it is about the file.
    pub service: String,
    /// What is so.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The same for a program that can do something about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
    /// Where.
    pub location: Location,
    /// The changes that fix it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// The same on every run while the rule, the file and the service have the same names.
    pub fingerprint: String,
    /// Why it is not counted: the reason given in the Compose file or the configuration file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignored: Option<String>,
}

/// What kind of thing helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Remedy {
    /// Something that only a person can do.
    ByHand,
    /// Agreeing to what is assumed.
    Consent,
    /// Saying which preset the service is.
    NamePreset,
    /// Asking for an extra.
    Extra {
        /// Its name.
        name: &'static str,
    },
    /// A layer of its own for the changes.
    OwnLayer,
    /// A wider root of the project.
    WiderRoot,
}

impl From<&remedy::Remedy> for Remedy {
    fn from(remedy: &remedy::Remedy) -> Self {
        match remedy {
            remedy::Remedy::ByHand(_) | remedy::Remedy::AllowBinds | remedy::Remedy::RunWithHost | remedy::Remedy::AgainstOriginal => {
                Self::ByHand
            }
            remedy::Remedy::Consent => Self::Consent,
            remedy::Remedy::NamePreset { .. } => Self::NamePreset,
            remedy::Remedy::Extra { name, .. } => Self::Extra { name },
            remedy::Remedy::NameVolumes { .. } => Self::Extra { name: Extra::NamedVolumes.name() },
            remedy::Remedy::OwnLayer(_) => Self::OwnLayer,
            remedy::Remedy::WiderRoot(_) => Self::WiderRoot,
        }
    }
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Weakens the container, or may surprise.
    Warning,
    /// Fails, loses data, or gives the host away.
    Error,
}

impl Severity {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place in a file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Location {
    /// Path of the file.
    pub file: String,
    /// Its first character.
    pub start: Position,
    /// The one behind its last character.
    pub end: Position,
}

/// A position in a file.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Offset in bytes, from 0.
    pub byte: usize,
}

/// The changes that fix a finding: applied whole or not at all.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Fix {
    /// Whether the service is known to work afterwards, or only assumed to.
    pub applicability: Applicability,
    /// What changes, in one line.
    pub summary: String,
    /// What changes.
    pub changes: Vec<Planned>,
    /// The edits that carry it out alone, verified; whole lines. None where no file can take it, and for the rest of a very large project.
    pub edits: Vec<Edit>,
}

/// How sure we are of a fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Applicability {
    /// Documented for this image, or seen.
    Safe,
    /// Assumed: needs consent.
    Unsafe,
}

/// One change and why.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Planned {
    /// What: `read_only: true`, `tmpfs /tmp:mode=1777`.
    pub what: String,
    /// Why.
    pub reason: Reason,
}

/// Why something is so, and how we know.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reason {
    /// What writes there, or why it works.
    pub text: String,
    /// Who says so: `preset nginx`.
    pub source: String,
    /// Where that is written or was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// How sure it is: `documented`, `reported` or `assumed`.
    pub confidence: String,
}

/// New text for a part of a file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Edit {
    /// What is replaced: whole lines, or nothing before the first character of a line.
    pub location: Location,
    /// The new text.
    pub text: String,
}

/// Sums over all projects.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Summary {
    /// Projects that were read.
    pub projects: usize,
    /// Projects that could not be read.
    pub failed: usize,
    /// Services that were looked at.
    pub services: usize,
    /// Services whose root filesystem is read-only.
    pub read_only: usize,
    /// Services that a preset knows.
    pub recognised: usize,
    /// Errors that count.
    pub errors: usize,
    /// Warnings that count.
    pub warnings: usize,
    /// Notes that count.
    pub notes: usize,
    /// Findings that are ignored with a reason.
    pub ignored: usize,
    /// The sum of all scores, now and after the plan.
    pub surface: Option<Change<usize>>,
}
