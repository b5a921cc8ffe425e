//! What an audit says: findings, and the fixes that some of them carry.

use crate::evidence::{Confidence, Reason};
use crate::text::Span;
use std::fmt;
use std::sync::Arc;

/// The rules, by the bad state they name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A service can write to its root filesystem.
    WritableRoot,
    /// A read-only service lacks a writable mount where it must write.
    UncoveredWrite,
    /// A path that must be writable is mounted read-only.
    ReadOnlyMount,
    /// A variable decides whether a path is writable.
    UnresolvedVariable,
    /// Something in the service fails on a read-only root filesystem.
    NeedsWritableRoot,
    /// The service depends on files or layers that are not read.
    NotFollowed,
    /// The file that a change belongs in must not be edited.
    LockedFile,
    /// A shared anchor would carry the change to a service that must not change.
    SharedDefinition,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 8] = [
        Self::WritableRoot,
        Self::UncoveredWrite,
        Self::ReadOnlyMount,
        Self::UnresolvedVariable,
        Self::NeedsWritableRoot,
        Self::NotFollowed,
        Self::LockedFile,
        Self::SharedDefinition,
    ];

    /// Its page: what it says, why it matters, what is done about it and when that is not safe. Markdown.
    pub fn page(self) -> &'static str {
        match self {
            Self::WritableRoot => include_str!("../../docs/rules/writable-root.md"),
            Self::UncoveredWrite => include_str!("../../docs/rules/uncovered-write.md"),
            Self::ReadOnlyMount => include_str!("../../docs/rules/read-only-mount.md"),
            Self::UnresolvedVariable => include_str!("../../docs/rules/unresolved-variable.md"),
            Self::NeedsWritableRoot => include_str!("../../docs/rules/needs-writable-root.md"),
            Self::NotFollowed => include_str!("../../docs/rules/not-followed.md"),
            Self::LockedFile => include_str!("../../docs/rules/locked-file.md"),
            Self::SharedDefinition => include_str!("../../docs/rules/shared-definition.md"),
        }
    }

    /// Its stable name.
    pub fn id(self) -> &'static str {
        match self {
            Self::WritableRoot => "writable-root",
            Self::UncoveredWrite => "uncovered-write",
            Self::ReadOnlyMount => "read-only-mount",
            Self::UnresolvedVariable => "unresolved-variable",
            Self::NeedsWritableRoot => "needs-writable-root",
            Self::NotFollowed => "not-followed",
            Self::LockedFile => "locked-file",
            Self::SharedDefinition => "shared-definition",
        }
    }
}

/// One thing that is so, and perhaps what to do about it. A finding without a fix is a refusal or a remark: it says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// Name of the service.
    pub service: String,
    /// What is so, a sentence fragment.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to do about it.
    pub help: Option<String>,
    /// The changes that mend it.
    pub fix: Option<Fix>,
}

/// The changes that harden one service: applied whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Name of the service.
    pub service: String,
    /// How sure we are that the service still works afterwards.
    pub applicability: Applicability,
    /// The changes, in the order in which new keys are written.
    pub changes: Vec<Change>,
}

/// How sure we are of a fix, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Applicability {
    /// Assumed, not known: the container may fail to start or to serve. Needs consent.
    Unsafe,
    /// Documented for this image, or observed: the container is expected to work as before.
    Safe,
}

impl Applicability {
    /// What a confidence allows.
    pub fn of(confidence: Confidence) -> Self {
        if confidence == Confidence::Assumed { Self::Unsafe } else { Self::Safe }
    }
}

/// One change to the effective project, and why. It does not say where in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What changes.
    pub what: What,
    /// Why.
    pub reason: Arc<Reason>,
}

/// What a change does to its service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// `read_only: true`.
    ReadOnly,
    /// A new item of `tmpfs`: `/tmp:mode=1777`.
    Tmpfs(String),
    /// A named volume mounted at a target.
    Volume {
        /// Key in the top-level `volumes`.
        name: String,
        /// Path in the container.
        target: String,
    },
    /// A new entry of the top-level `volumes`.
    Declare(String),
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadOnly => f.write_str("read_only: true"),
            Self::Tmpfs(item) => write!(f, "tmpfs {item}"),
            Self::Volume { name, target } => write!(f, "volume {name}:{target}"),
            Self::Declare(name) => write!(f, "volume {name} declared"),
        }
    }
}
