//! The report's part of the command line.

use super::{Choice, Input};
use crate::audit::Rule;
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Options of the report.
#[derive(Debug, Args)]
pub(in crate::cli) struct Audit {
    #[command(flatten)]
    pub(in crate::cli) input: Input,
    #[command(flatten)]
    pub(in crate::cli) choice: Choice,
    /// Format of the report
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, help_heading = "Output")]
    pub(in crate::cli) format: Format,
    /// Lowest severity that makes the exit status 1
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t, help_heading = "Output")]
    pub(in crate::cli) fail_on: FailOn,
    /// Say below each finding what to do about it
    #[arg(long, short, help_heading = "Output")]
    pub(in crate::cli) verbose: bool,
    /// Count the findings of each rule instead
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) statistics: bool,
    /// Leave out findings below this severity
    #[arg(long, value_name = "LEVEL", value_enum, help_heading = "Findings")]
    pub(in crate::cli) severity: Option<Severity>,
    /// Only findings of this rule (can be repeated)
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = rules(), hide_possible_values = true, help_heading = "Findings")]
    pub(in crate::cli) select: Vec<String>,
    /// No findings of this rule (can be repeated)
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = rules(), hide_possible_values = true, help_heading = "Findings")]
    pub(in crate::cli) ignore: Vec<String>,
    /// Accept the findings that this file lists; only new ones count
    #[arg(long, value_name = "FILE", help_heading = "Findings")]
    pub(in crate::cli) baseline: Option<PathBuf>,
    /// Write the current findings to the --baseline file
    #[arg(long, requires = "baseline", help_heading = "Findings")]
    pub(in crate::cli) update_baseline: bool,
}

/// The least severity that is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Severity {
    /// All findings
    Note,
    /// What weakens a container, and worse
    Warning,
    /// What fails, loses data, or gives the host away
    Error,
}

fn rules() -> PossibleValuesParser {
    PossibleValuesParser::new(Rule::ALL.iter().map(|rule| rule.id()))
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum Format {
    /// For people at a terminal
    #[default]
    Text,
    /// For programs; `rofs-harden schema report` prints the schema
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of a GitHub workflow
    Github,
    /// For a pull request or a wiki
    Markdown,
    /// One page for a browser
    Html,
}

/// From which severity on an audit fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum FailOn {
    /// All findings
    Note,
    /// What weakens a container, and worse
    #[default]
    Warning,
    /// What fails, loses data, or gives the host away
    Error,
    /// Nothing
    Never,
}
