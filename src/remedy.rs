//! What to do about something that is said. The core says what would help; each front end says how
//! that is done there: the command line names an option, an editor offers an action.

use std::fmt;
use std::path::PathBuf;

/// What to do about something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Something by hand, in words that hold everywhere.
    ByHand(String),
    /// Agree to what is only assumed.
    Consent,
    /// Say which preset a service is.
    NamePreset {
        /// The service.
        service: String,
        /// The preset, where one would do.
        preset: Option<String>,
    },
    /// Ask for an extra.
    Extra {
        /// Its name.
        name: &'static str,
        /// What it changes.
        what: String,
    },
    /// Ask for names for the volumes that an image declares.
    NameVolumes {
        /// Where such a volume is mounted.
        target: String,
        /// What else is to be done, so that the data go along.
        how: String,
    },
    /// Put the change into a layer of its own.
    OwnLayer(PathBuf),
    /// Bring a file into the project, or widen the project's root to this folder.
    WiderRoot(PathBuf),
    /// Let a run write to what the project binds.
    AllowBinds,
    /// Run a service although it reaches the host.
    RunWithHost,
    /// Try the project as it was as well.
    AgainstOriginal,
}

impl From<String> for Remedy {
    fn from(words: String) -> Self {
        Self::ByHand(words)
    }
}

impl From<&str> for Remedy {
    fn from(words: &str) -> Self {
        Self::ByHand(words.to_owned())
    }
}

/// Words that hold in every front end.
impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByHand(words) => f.write_str(words),
            Self::Consent => f.write_str("agree to it, or name a preset"),
            Self::NamePreset { service, preset: Some(preset) } => write!(f, "name {preset} as the preset of `{service}`"),
            Self::NamePreset { service, preset: None } => write!(f, "name the preset of `{service}`"),
            Self::Extra { name, what } => write!(f, "the extra `{name}`: {what}"),
            Self::NameVolumes { target, how } => {
                write!(f, "the extra `named-volumes` adds `- NAME:{target}`, and {how}")
            }
            Self::OwnLayer(path) => write!(f, "a layer of its own can take the change: {}", path.display()),
            Self::WiderRoot(folder) => {
                write!(f, "bring the file into the project, or widen the project's root to {}", folder.display())
            }
            Self::AllowBinds => f.write_str("let it write to what the project binds"),
            Self::RunWithHost => f.write_str("run it all the same"),
            Self::AgainstOriginal => f.write_str("try it without the change as well"),
        }
    }
}
