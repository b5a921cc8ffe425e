//! What a plan is asked for: which project, and what of it.

use crate::evidence::Selection;
use crate::text::TextFile;
use std::path::PathBuf;

/// Which project.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Where it begins.
    pub start: Start,
    /// The folder that relative paths start from, instead of that of the first file.
    pub project_directory: Option<PathBuf>,
    /// Files of variables instead of `.env`.
    pub env_files: Vec<PathBuf>,
    /// The folder that the project has to itself, instead of what its source says.
    pub root: Option<PathBuf>,
    /// The layer that takes all changes; it need not be there.
    pub override_file: Option<PathBuf>,
    /// Whether the project is one of many that were found, which must not stop the others.
    pub is_one_of_many: bool,
    /// Whether a file outside of the project ends the work, where else only what depends on it is unknown. For answers that all may
    /// read.
    pub refuses_outside: bool,
}

/// Where a project begins.
#[derive(Clone, Debug, Default)]
pub enum Start {
    /// What Compose itself would use here, variables of the environment included.
    #[default]
    Here,
    /// A folder, which is looked into as Compose does, or a file.
    Path(PathBuf),
    /// Layers of one project, in order.
    Files(Vec<PathBuf>),
    /// A text that is in no file, as of standard input.
    Text(TextFile),
}

/// What is asked for of a project.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Services, presets and extras that are asked for, and consent. A configuration file adds to them.
    pub selection: Selection,
    /// Whether the presets of the selection were named, so that those of a configuration file do not count.
    pub names_presets: bool,
    /// The first preset that was named, as the person wrote it.
    pub named_preset: Option<String>,
    /// The profiles that are active; none means all services.
    pub profiles: Vec<String>,
    /// Whether the reasons go into the files as comments.
    pub explain_in_file: bool,
    /// What the plan is for.
    pub purpose: Purpose,
}

/// What a plan is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To change files: findings that could lead to a change, without those that are ignored.
    #[default]
    Change,
    /// To say what is so: all findings, those that are ignored with the reason. No file is rewritten.
    Report,
}
