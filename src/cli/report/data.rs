//! What a report says, as a versioned type of its own: other formats are made of it, and programs read it as JSON.
//!
//! Within version 1 nothing is removed or renamed and no meaning changes; keys may be added.

use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// The version of this form.
pub(in crate::cli) const VERSION: u32 = 1;

/// The result of an audit.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Report of rofs-harden audit")]
pub(in crate::cli) struct Report {
    /// The version of this form: 1.
    pub(in crate::cli) version: u32,
    /// The program that made it.
    pub(in crate::cli) tool: Tool,
    /// The projects, in the order of their paths.
    pub(in crate::cli) projects: Vec<Project>,
    /// Sums over all projects.
    pub(in crate::cli) summary: Summary,
}

/// The program that made a report.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Tool {
    /// `rofs-harden`.
    pub(in crate::cli) name: &'static str,
    /// Its version.
    pub(in crate::cli) version: &'static str,
}

/// One Compose project.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Project {
    /// Path of its first file, or of its folder where no file could be read.
    pub(in crate::cli) path: String,
    /// Paths of all its Compose files, in the order of reading.
    pub(in crate::cli) files: Vec<String>,
    /// The same with every byte, which not all text can show.
    #[serde(skip)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// Why nothing is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) error: Option<String>,
    /// Its services that were looked at, in the order of their definition.
    pub(in crate::cli) services: Vec<Service>,
    /// Services that the configuration file leaves out.
    pub(in crate::cli) left_out: Vec<LeftOut>,
    /// What was found, by place.
    pub(in crate::cli) findings: Vec<Finding>,
}

/// A service that is left out.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct LeftOut {
    /// Its name.
    pub(in crate::cli) service: String,
    /// Why, as the configuration file says.
    pub(in crate::cli) reason: String,
}

/// One service.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Service {
    /// Its name.
    pub(in crate::cli) name: String,
    /// Where it is defined.
    pub(in crate::cli) location: Location,
    /// Its image as written, variables replaced where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) image: Option<String>,
    /// Name of the preset that it gets.
    pub(in crate::cli) preset: String,
    /// Whether that preset knows its image or command.
    pub(in crate::cli) recognised: bool,
    /// Where it can write now, and where after the plan.
    pub(in crate::cli) surface: Change<Surface>,
    /// The five-point self-check, now and after the plan.
    pub(in crate::cli) checks: Change<Checks>,
    /// Everything mounted into it, what is planned last.
    pub(in crate::cli) mounts: Vec<Mount>,
}

/// A value now and after the plan.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Change<T> {
    /// Now.
    pub(in crate::cli) before: T,
    /// After the plan.
    pub(in crate::cli) after: T,
}

/// The writable surface of a service.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub(in crate::cli) struct Surface {
    /// One number: root filesystem 20, tmpfs 1, volume 2, host bind 5, engine socket 50 each.
    pub(in crate::cli) score: usize,
    /// Whether the root filesystem is writable.
    pub(in crate::cli) root: bool,
    /// Writable tmpfs mounts.
    pub(in crate::cli) tmpfs: usize,
    /// Writable volumes.
    pub(in crate::cli) volumes: usize,
    /// Writable binds of the host.
    pub(in crate::cli) binds: usize,
    /// Sockets of the container engine.
    pub(in crate::cli) sockets: usize,
}

/// The five-point self-check.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Checks {
    /// The root filesystem is read-only.
    pub(in crate::cli) root_is_read_only: bool,
    /// What is kept is gathered in one place, or where the image wants it.
    pub(in crate::cli) data_is_gathered: bool,
    /// `/tmp` is in memory, or cannot be written.
    pub(in crate::cli) tmp_is_in_memory: bool,
    /// Nothing can write into the program's own folders.
    pub(in crate::cli) program_is_read_only: bool,
    /// How many writable places there are, the root filesystem included.
    pub(in crate::cli) writable_places: usize,
}

/// A mount of a service.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Mount {
    /// Path in the container.
    pub(in crate::cli) target: String,
    /// What is mounted.
    pub(in crate::cli) kind: Kind,
    /// Name of the volume, or path on the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) source: Option<String>,
    /// Whether the container can write to it: now, or after the plan.
    pub(in crate::cli) writable: Change<Answer>,
    /// Whether it is not there yet.
    pub(in crate::cli) planned: bool,
    /// Why it is planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) reason: Option<String>,
}

/// What is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum Kind {
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
pub(in crate::cli) enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
    /// A variable decides.
    Unknown,
}

/// One finding.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Finding {
    /// Name of the rule; `rofs-harden explain RULE` prints its page.
    pub(in crate::cli) rule: &'static str,
    /// How bad it is.
    pub(in crate::cli) severity: Severity,
    /// Name of the service; empty where it is about the file.
    pub(in crate::cli) service: String,
    /// What is so.
    pub(in crate::cli) message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) help: Option<String>,
    /// Where.
    pub(in crate::cli) location: Location,
    /// The changes that mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) fix: Option<Fix>,
    /// The same on every run while the rule, the file and the service have the same names.
    pub(in crate::cli) fingerprint: String,
    /// Why it is not counted: the reason given in the Compose file or the configuration file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) ignored: Option<String>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum Severity {
    /// Worth knowing.
    Note,
    /// Weakens the container, or may surprise.
    Warning,
    /// Fails, loses data, or gives the host away.
    Error,
}

/// A place in a file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Location {
    /// Path of the file.
    pub(in crate::cli) file: String,
    /// Its first character.
    pub(in crate::cli) start: Position,
    /// The one behind its last character.
    pub(in crate::cli) end: Position,
}

/// A position in a file.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Position {
    /// Line, from 1.
    pub(in crate::cli) line: usize,
    /// Column in characters, from 1.
    pub(in crate::cli) column: usize,
    /// Offset in bytes, from 0.
    pub(in crate::cli) byte: usize,
}

/// The changes that mend a finding: applied whole or not at all.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Fix {
    /// Whether the service is known to work afterwards, or only assumed to.
    pub(in crate::cli) applicability: Applicability,
    /// What changes, in one line.
    pub(in crate::cli) summary: String,
    /// What changes.
    pub(in crate::cli) changes: Vec<Planned>,
    /// The edits that carry it out alone, verified; whole lines. None where no file can take it, or the project is very large.
    pub(in crate::cli) edits: Vec<Edit>,
}

/// How sure we are of a fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum Applicability {
    /// Documented for this image, or seen.
    Safe,
    /// Assumed: needs consent.
    Unsafe,
}

/// One change and why.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Planned {
    /// What: `read_only: true`, `tmpfs /tmp:mode=1777`.
    pub(in crate::cli) what: String,
    /// Why.
    pub(in crate::cli) reason: Reason,
}

/// Why something is so, and how we know.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Reason {
    /// What writes there, or why it works.
    pub(in crate::cli) text: String,
    /// Who says so: `preset nginx`.
    pub(in crate::cli) source: String,
    /// Where that is written or was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) link: Option<String>,
    /// How sure it is: `documented`, `reported` or `assumed`.
    pub(in crate::cli) confidence: String,
}

/// New text for a part of a file.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Edit {
    /// What is replaced: whole lines, or nothing before the first character of a line.
    pub(in crate::cli) location: Location,
    /// The new text.
    pub(in crate::cli) text: String,
}

/// Sums over all projects.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(in crate::cli) struct Summary {
    /// Projects that were read.
    pub(in crate::cli) projects: usize,
    /// Projects that could not be read.
    pub(in crate::cli) failed: usize,
    /// Services that were looked at.
    pub(in crate::cli) services: usize,
    /// Services whose root filesystem is read-only.
    pub(in crate::cli) read_only: usize,
    /// Services that a preset knows.
    pub(in crate::cli) recognised: usize,
    /// Errors that count.
    pub(in crate::cli) errors: usize,
    /// Warnings that count.
    pub(in crate::cli) warnings: usize,
    /// Notes that count.
    pub(in crate::cli) notes: usize,
    /// Findings that are ignored with a reason.
    pub(in crate::cli) ignored: usize,
    /// The sum of all scores, now and after the plan.
    pub(in crate::cli) surface: Option<Change<usize>>,
}
