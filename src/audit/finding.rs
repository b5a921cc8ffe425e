//! What an audit says: findings, and the fixes that some of them carry.

use super::key::Key;
use super::rule::Rule;
use crate::compose::TmpfsItem;
use crate::evidence::{Confidence, HealthCheck, Reason, Target};
use crate::remedy::Remedy;
use crate::text::Span;
use std::fmt;
use std::sync::Arc;

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
    pub remedy: Option<Remedy>,
    /// The changes that mend it.
    pub fix: Option<Fix>,
    /// Why it does not count, where a person says so.
    pub ignored: Option<String>,
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
        if confidence <= Confidence::Base { Self::Unsafe } else { Self::Safe }
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
    /// A new item of `tmpfs`.
    Tmpfs(TmpfsItem),
    /// Other options for the item of `tmpfs` at this target, which an earlier plan wrote.
    TmpfsOptions(TmpfsItem),
    /// A named volume mounted at a target.
    Volume {
        /// Key in the top-level `volumes`.
        name: String,
        /// Path in the container.
        target: Target,
    },
    /// A new entry of the top-level `volumes`.
    Declare(String),
    /// `user`, as `999:999`.
    User(String),
    /// A `healthcheck`.
    Healthcheck(HealthCheck),
    /// A new item of `cap_drop`, `cap_add` or `security_opt`.
    Item {
        /// The key of the list.
        key: Key,
        /// The item.
        text: String,
    },
    /// The bind at this target becomes read-only.
    ReadOnlyBind(String),
}

impl What {
    /// The key of the service that it touches; `None` for a top-level one.
    pub fn key(&self) -> Option<Key> {
        match self {
            Self::ReadOnly => Some(Key::ReadOnly),
            Self::User(_) => Some(Key::User),
            Self::Healthcheck(_) => Some(Key::Healthcheck),
            Self::Item { key, .. } => Some(*key),
            Self::Tmpfs(_) | Self::TmpfsOptions(_) => Some(Key::Tmpfs),
            Self::Volume { .. } | Self::ReadOnlyBind(_) => Some(Key::Volumes),
            Self::Declare(_) => None,
        }
    }

    /// Its place in the order in which changes are made: what is no key of a service comes last.
    pub(super) fn rank(&self) -> (bool, Option<Key>) {
        (self.key().is_none(), self.key())
    }
}

/// Several changes in one line: `read_only: true, cap_add CHOWN SETUID`.
pub fn summary(changes: &[Change]) -> String {
    let mut parts: Vec<(Option<Key>, String)> = Vec::new();
    for change in changes {
        match (&change.what, parts.last_mut()) {
            (What::Item { key, text }, Some((Some(last), part))) if last == key => part.extend([" ", text]),
            (What::Item { key, .. }, _) => parts.push((Some(*key), change.what.to_string())),
            // It follows from the mount.
            (What::Declare(_), _) => {}
            _ => parts.push((None, change.what.to_string())),
        }
    }
    parts.into_iter().map(|(_, part)| part).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadOnly => f.write_str("read_only: true"),
            Self::Tmpfs(item) => write!(f, "tmpfs {item}"),
            Self::TmpfsOptions(item) => write!(f, "tmpfs {item} as its options"),
            Self::Volume { name, target } => write!(f, "volume {name}:{target}"),
            Self::Declare(name) => write!(f, "volume {name} declared"),
            Self::User(user) => write!(f, "user {user}"),
            Self::Healthcheck(check) => write!(f, "healthcheck {check}"),
            Self::Item { key, text } => write!(f, "{key} {text}"),
            Self::ReadOnlyBind(target) => write!(f, "{target} bound read-only"),
        }
    }
}
