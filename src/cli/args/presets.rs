//! Options of `presets`.

use super::AnswerFormat;
use crate::cli::complete;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What to do with presets.
#[derive(Debug, Subcommand)]
#[command(disable_help_flag = true)]
pub(in crate::cli) enum Presets {
    /// List the presets, or find images
    List(Find),
    /// Show what an image must write and why, with sources, in Compose and as options of docker run
    Show {
        /// Name of a preset, an image such as `postgres:17-alpine`, or a file such as `./mine.toml`
        #[arg(value_name = "IMAGE", add = complete::known(), help_heading = "Input")]
        name: String,
    },
    /// Check a preset file that you wrote
    Check {
        /// The preset file
        #[arg(value_name = "FILE", help_heading = "Input")]
        file: PathBuf,
    },
}

/// What is looked for among presets and images.
#[derive(Debug, Args)]
pub(in crate::cli) struct Find {
    /// Part of a name: images of the catalogue that have it are listed too
    #[arg(value_name = "WORD", help_heading = "Input")]
    pub(in crate::cli) word: Option<String>,
    /// Format of the list
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, help_heading = "Output")]
    pub(in crate::cli) format: AnswerFormat,
}
