//! The keys of a service that changes touch.

use std::fmt;

/// A key of a service that changes touch, in the order in which new ones are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// `read_only`.
    ReadOnly,
    /// `user`.
    User,
    /// `healthcheck`.
    Healthcheck,
    /// `cap_drop`.
    CapDrop,
    /// `cap_add`.
    CapAdd,
    /// `security_opt`.
    SecurityOpt,
    /// `tmpfs`.
    Tmpfs,
    /// `volumes`.
    Volumes,
}

impl Key {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::ReadOnly, Self::User, Self::Healthcheck, Self::CapDrop, Self::CapAdd, Self::SecurityOpt, Self::Tmpfs, Self::Volumes];

    /// How a file has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::User => "user",
            Self::Healthcheck => "healthcheck",
            Self::CapDrop => "cap_drop",
            Self::CapAdd => "cap_add",
            Self::SecurityOpt => "security_opt",
            Self::Tmpfs => "tmpfs",
            Self::Volumes => "volumes",
        }
    }

    /// The key that a file has as `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// Whether it holds a list; the others are one value.
    pub const fn is_list(self) -> bool {
        !matches!(self, Self::ReadOnly | Self::User | Self::Healthcheck)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
