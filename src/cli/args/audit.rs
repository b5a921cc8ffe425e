//! The report's part of the command line.

use super::{Choice, Input};
use crate::audit::Rule;
use clap::builder::PossibleValuesParser;
use clap::{Arg, Args, ValueEnum};
use std::path::PathBuf;

pub(super) const AFTER: &str = "\
Examples:
  # What can each service write, and what is to be done first?
  rofs-harden audit

  # Only what fails, loses data, or gives the host away
  rofs-harden audit --severity error

  # Accept today's findings; from then on only new ones count
  rofs-harden audit --baseline audit.json --update-baseline
  rofs-harden audit --baseline audit.json

  # For code scanning, and a page to look at
  rofs-harden audit -r --format sarif > audit.sarif
  rofs-harden audit -r --format html > audit.html

Exit status:
  0    no finding is as bad as --fail-on says
  1    some finding is
  2    the work could not be done, or not for some project
  130  interrupted";

/// Says in the help what the options are about here, where nothing is changed.
pub(super) fn looked_at(arg: Arg) -> Arg {
    match arg.get_id().as_str() {
        "service" => {
            arg.help("Service to look at (can be repeated): `web` only this one, `'!web'` not this one, `web=node` with this preset")
        }
        _ => arg,
    }
}

/// Options of the report.
#[derive(Debug, Args)]
pub(in crate::cli) struct Audit {
    #[command(flatten)]
    pub(in crate::cli) input: Input,
    #[command(flatten)]
    pub(in crate::cli) choice: Choice,
    /// Format of the report
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, help_heading = "Output")]
    format: Format,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format", help_heading = "Output")]
    json: bool,
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

impl Audit {
    /// How the report is written.
    pub(in crate::cli) fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
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
