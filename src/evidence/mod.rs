//! Evidence: *service S must be able to write at path P, because R*. Presets, logs, running containers and users all say this.

mod basis;
pub mod catalogue;
mod configured;
mod context;
pub mod engine;
mod health;
pub mod image;
mod limit;
pub mod log;
mod moves;
mod outputs;
mod place;
pub mod preset;
mod program;
mod scripts;
mod select;
mod target;

pub use context::RunUser;
pub use health::HealthCheck;
pub use limit::{Extra, Extras, Limit, Restriction};
pub(crate) use place::is_filled;
pub use place::is_kernels;
pub use preset::Obstacle;
pub(crate) use scripts::{Written, installs, writes};
pub use select::{Selection, instead_of, known, needs};
pub use target::Target;

pub use crate::compose::TmpfsOptions;

use preset::Check;
use std::fmt;
use std::sync::Arc;

/// A path that a service must be able to write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WritablePath {
    /// Name of the service.
    pub service: String,
    /// Where it is mounted.
    pub target: Target,
    /// What may hold it.
    pub storage: Storage,
    /// Whether the image declares it as a volume: then it can be written without a mount.
    pub is_declared: bool,
    /// Number of the user who must own it, where the engine may make the volume root's.
    pub owner: Option<u32>,
    /// Why.
    pub reason: Arc<Reason>,
}

/// What may hold a writable path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Files that may vanish with the container: tmpfs.
    Scratch(TmpfsOptions),
    /// Files that must survive it: a named volume.
    State,
}

/// Why something is so, and how we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Who says it.
    pub source: Source,
    /// One sentence fragment for people.
    pub text: String,
    /// Where to read it: a document, a repository, a log line.
    pub link: Option<String>,
    /// How sure we are.
    pub confidence: Confidence,
}

impl Reason {
    /// Whether a person chose it beside what is known, so that nothing speaks for it but that.
    pub fn is_choice(&self) -> bool {
        self.source == Source::User && self.confidence == Confidence::Assumed
    }
}

/// Who gives a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The preset of this name.
    Preset(String),
    /// The catalogue's entry for this image.
    Catalogue(String),
    /// The person at the terminal.
    User,
    /// The log of this name.
    Log(String),
    /// A run of the project on an engine.
    Run,
    /// The image of this name, by its configuration and its files.
    Image(String),
    /// The tool itself: what follows from how Compose and the engine work.
    Rule,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preset(name) => write!(f, "preset {name}"),
            Self::Catalogue(image) => write!(f, "catalogue {image}"),
            Self::User => f.write_str("you"),
            Self::Log(name) => f.write_str(name),
            Self::Run => f.write_str("a run"),
            Self::Image(name) => write!(f, "image {name}"),
            Self::Rule => f.write_str("rofs-harden"),
        }
    }
}

/// How sure a reason is, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// A usual arrangement; nobody has said or seen it for this image.
    Assumed,
    /// It is known of the image that a service is built on, and not of the program in it.
    Base,
    /// Somebody saw it: an issue with output, a log, a run.
    Reported,
    /// The vendor, the image's own scripts, or the service's configuration say it.
    Documented,
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Assumed => "assumed",
            Self::Base => "base",
            Self::Reported => "reported",
            Self::Documented => "documented",
        })
    }
}

/// Something that an image has at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImagePath {
    /// Absolute path in the container, cleaned.
    pub path: String,
    /// What puts it there: `Dockerfile COPY`.
    pub by: &'static str,
    /// Whether it is the folder that the program runs in.
    pub is_workdir: bool,
}

/// What one service needs on a read-only root filesystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// Name of the service.
    pub service: String,
    /// Whether the person named the preset, which is consent to its assumptions.
    pub consent: bool,
    /// Why we think that it can run read-only at all: the preset it matches, or the assumption made for an unknown image.
    pub basis: Arc<Reason>,
    /// Whether a preset knows its image or its command, or a person says what it is.
    pub recognised: bool,
    /// What is known to keep it from running read-only, unless the person names the service.
    pub obstacles: Vec<Obstacle>,
    /// Where it must be able to write.
    pub paths: Vec<WritablePath>,
    /// Where a line of `tmpfs` is as a plan without these extras writes it, so that its options may follow them.
    pub own_tmpfs: Vec<Target>,
    /// Files that its Dockerfile puts into the image, as far as that was asked for.
    pub image_paths: Vec<ImagePath>,
    /// Where its image runs what it runs, if a preset says so: relative paths start there, but for `working_dir` and what a Dockerfile
    /// says.
    pub workdir: Option<String>,
    /// What it can do without, as far as that was asked for.
    pub limits: Vec<Limit>,
    /// How it is asked whether it does its work, where the project has no check for it.
    pub check: Option<Check>,
    /// The extras that are to be carried out.
    pub with: Extras,
    /// Whether its image has users to whom a program that starts as root may give that up.
    pub gives_root_up: bool,
    /// As whom it runs.
    pub run_user: RunUser,
    /// What its presets say of the image: what stands in the way, which variables help, what else
    /// to know.
    pub sayings: Vec<String>,
    /// What a person must see to before its container is recreated.
    pub reminders: Vec<String>,
}
