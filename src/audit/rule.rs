//! The rules, by the bad state they name.

use crate::text::did_you_mean;
use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Weakens the container, or may surprise.
    Warning,
    /// Fails, loses data, or gives the host away.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

macro_rules! rules {
    ($($(#[doc = $doc:literal])* $name:ident $severity:ident $id:literal,)*) => {
        /// The rules, by the bad state they name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[doc = $doc])* $name,)*
        }

        impl Rule {
            /// All rules.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its stable name.
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)*
                }
            }

            /// How bad it is, unless a configuration file says otherwise.
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$name => Severity::$severity,)*
                }
            }

            /// Its page: what it says, why it matters, what is done about it and when that is not safe. Markdown.
            pub fn page(self) -> &'static str {
                match self {
                    $(Self::$name => include_str!(concat!("../../docs/rules/", $id, ".md")),)*
                }
            }
        }
    };
}

impl Rule {
    /// The rule of this name. Errors: that there is none, and which name is near.
    pub fn named(name: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|rule| rule.id() == name)
            .ok_or_else(|| format!("there is no rule `{name}`{}", did_you_mean(name, Self::ALL.iter().map(|rule| rule.id()))))
    }
}

rules! {
    /// A service can write to its root filesystem.
    WritableRoot Warning "writable-root",
    /// A read-only service lacks a writable mount where it must write.
    UncoveredWrite Error "uncovered-write",
    /// A path that must be writable is mounted read-only.
    ReadOnlyMount Error "read-only-mount",
    /// A variable decides whether a path is writable.
    UnresolvedVariable Note "unresolved-variable",
    /// Something in the service fails on a read-only root filesystem.
    NeedsWritableRoot Warning "needs-writable-root",
    /// The service depends on files or layers that are not read.
    NotFollowed Note "not-followed",
    /// The file that a change belongs in must not be edited.
    LockedFile Note "locked-file",
    /// A shared anchor would carry the change to a service that must not change.
    SharedDefinition Note "shared-definition",
    /// A volume may belong to root while the service runs as another user.
    VolumeOwner Warning "volume-owner",
    /// A service keeps capabilities that it does not need.
    SpareCapabilities Note "spare-capabilities",
    /// Programs in the container can gain privileges.
    NewPrivileges Note "new-privileges",
    /// A service starts as root though its image works as another user.
    RootUser Note "root-user",
    /// A service waits for the health of one that has no health check.
    NoHealthCheck Error "no-health-check",
    /// A configuration file that is only read is bound writable.
    WritableConfig Warning "writable-config",
    /// The container engine's socket is mounted.
    EngineSocket Error "engine-socket",
    /// A folder of the host's system is bound writable.
    WritableHostFolder Error "writable-host-folder",
    /// The project's source tree is bound writable.
    WritableSource Warning "writable-source",
    /// A folder of programs is writable.
    WritableProgram Warning "writable-program",
    /// A tmpfs lacks the owner that its writer needs.
    TmpfsOwner Warning "tmpfs-owner",
    /// The mode of a tmpfs is written in decimal by mistake.
    TmpfsMode Error "tmpfs-mode",
    /// A tmpfs hides files that the image brings.
    TmpfsHidesFiles Warning "tmpfs-hides-files",
    /// A tmpfs has no size though the service's memory is limited.
    UnlimitedTmpfs Note "unlimited-tmpfs",
    /// All tmpfs mounts together may take the service's whole memory.
    TmpfsOverMemory Warning "tmpfs-over-memory",
    /// Programs can run from a tmpfs.
    TmpfsExec Note "tmpfs-exec",
    /// One folder is mounted under two names.
    MountedTwice Warning "mounted-twice",
    /// Data lie in a volume without a name.
    UnnamedVolume Note "unnamed-volume",
    /// Data that must survive the container is in memory.
    StateInTmpfs Error "state-in-tmpfs",
    /// Temporary files are on disk.
    TmpOnDisk Note "tmp-on-disk",
    /// Persistent data is in several places.
    ScatteredState Note "scattered-state",
    /// Logs go to files.
    LogFile Note "log-file",
    /// A cache in a home directory is kept.
    HomeCache Note "home-cache",
    /// Secrets are kept on disk.
    SecretOnDisk Warning "secret-on-disk",
    /// No preset knows what the service writes.
    UnknownImage Note "unknown-image",
    /// A comment that ignores findings is not written as one.
    BadIgnore Error "bad-ignore",
    /// A comment ignores nothing.
    UnusedIgnore Warning "unused-ignore",
}
