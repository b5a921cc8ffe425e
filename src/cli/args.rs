//! The command line.

mod audit;
mod engine;
mod pr;
mod presets;
mod read;

pub(super) use audit::{Audit, FailOn, Format, Severity};
pub(super) use engine::{Observe, Trying, Verify};
pub(super) use pr::{Pr, Shard};
pub(super) use presets::{Find, Presets};

use super::ask::Ask;
use super::complete;
use super::prepared::Aim;
use super::ui::{Color, Progress};
use crate::error::{Error, Result};
use crate::evidence::{Extra, Extras};
use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Make Docker Compose services run on a read-only root filesystem
///
/// Reads a Compose file, adds `read_only: true` and the few writable mounts that each service needs, and shows the change as a diff with a reason for every line. Nothing else in the file changes by a byte. Without --write nothing on disk changes.
#[derive(Debug, Parser)]
#[command(name = "rofs-harden", version, args_conflicts_with_subcommands = true, help_template = FIRST_SCREEN, after_long_help = AFTER, max_term_width = 100, disable_help_flag = true, disable_version_flag = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) verb: Option<Verb>,
    #[command(flatten)]
    pub(super) harden: Harden,
    #[command(flatten)]
    pub(super) global: Global,
    /// Print version
    #[arg(long, short = 'V', action = ArgAction::Version, help_heading = "Options")]
    version: Option<bool>,
}

/// Help begins with what most people need, on a screen of 80 by 24; all options follow.
const FIRST_SCREEN: &str = "\
Make Docker Compose services run on a read-only root filesystem

{usage-heading} {usage}

Start here; nothing is written without --write:
  rofs-harden               Show the change as a diff, with the reasons
  rofs-harden -i            Review the plan on one screen
  rofs-harden --write       Show the change, ask, and write it
  rofs-harden audit         Report what each service can write, and what to fix
  rofs-harden diagnose LOG  Find out from a log what a service could not write

{all-args}{after-help}";

const AFTER: &str = "\
Examples:
  # Show what would change in the project of this folder
  rofs-harden

  # Harden with the node preset, after one question
  rofs-harden --preset node --write

  # Review the whole plan, then write
  rofs-harden -i

  # Fail in CI when something is missing
  rofs-harden --check

  # Run it first, and write only what works
  rofs-harden --write --verify

  # Use it as a filter
  rofs-harden - < compose.yaml > hardened.yaml

More:
  rofs-harden completions SHELL   completions for bash, zsh, fish and others
  rofs-harden man [VERB]          manual pages; --dir DIR writes them all

Exit status:
  0    done, or nothing to do; what was left alone is listed
  1    with --check: something is missing, has no place in the files, or is
       not on this machine; with --write: you answered no
  2    the work could not be done; nothing was written (with -r: for some of
       the projects)
  130  interrupted; a project is written whole or not at all, and the message
       says how many were

Killed (SIGKILL, power failure): at most one project is half done. Of its
files some may be new and some old, and beside each may be a
.rofs-harden-??????.tmp. Run the command again: it plans what is missing, and
removes those files where it writes.";

const AFTER_DIAGNOSE: &str = "\
Examples:
  # What could the services not write?
  docker compose logs | rofs-harden diagnose

  # The log of one service, and the fix into the file
  rofs-harden diagnose --service api --write

  # A log whose lines do not say which service it is of
  rofs-harden diagnose api.log --service api

Exit status:
  0    nothing is said that could not be written, or all of it is fixed by
       what was written
  1    something could not be written, and is not fixed yet
  2    the work could not be done; nothing was written
  130  interrupted; nothing was written, or the message says what was";

/// Options of every verb.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, global = true, help_heading = "Output")]
    pub(super) color: Color,
    /// How to report the progress of a long task
    #[arg(long, value_name = "FORM", value_enum, default_value_t, global = true, help_heading = "Output")]
    pub(super) progress: Progress,
    /// Print the answer, warnings and errors only
    #[arg(long, short, global = true, help_heading = "Output")]
    pub(super) quiet: bool,
    /// Print help (-h is shorter)
    #[arg(long, short, action = ArgAction::Help, global = true, help_heading = "Options")]
    help: Option<bool>,
}

/// Which projects.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Input {
    /// Project folder or Compose file; `-` reads standard input and writes standard output [default: what `docker compose` would use here]
    #[arg(value_name = "PATH", help_heading = "Input")]
    pub(super) paths: Vec<PathBuf>,
    /// Compose file (can be repeated): layers of one project, in order
    #[arg(long, short, value_name = "FILE", conflicts_with = "paths", help_heading = "Input")]
    pub(super) file: Vec<PathBuf>,
    /// Every project below PATH [default: here]; what Git ignores is left out
    #[arg(long, short, conflicts_with = "file", help_heading = "Input")]
    pub(super) recursive: bool,
    /// Folder that relative paths start from [default: that of the first file]
    #[arg(long, value_name = "DIR", help_heading = "Input")]
    pub(super) project_directory: Option<PathBuf>,
    /// File of variables instead of `.env` (can be repeated)
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub(super) env_file: Vec<PathBuf>,
    /// Folder that the project stays in: nothing outside it is read or written [default: the repository, else the project folder]
    #[arg(long, value_name = "DIR", help_heading = "Input")]
    pub(super) root: Option<PathBuf>,
}

/// Which services, and what they are.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Choice {
    /// Leave out services that have other profiles than these (can be repeated) [default: all services]
    #[arg(long, value_name = "PROFILE", add = complete::profiles(), help_heading = "Selection")]
    pub(super) profile: Vec<String>,
    /// Preset to use (can be repeated): a name of `rofs-harden presets`, a file `./mine.toml`, or `auto`
    ///
    /// `auto` gives each service the preset that its image or Dockerfile matches. A named preset takes the services that it matches and those that are built on an image that nobody recognises, never an image of another name; what it leaves alone is listed. Naming a preset is consent to its assumptions.
    #[arg(long, value_name = "PRESET", add = complete::presets(), help_heading = "Selection")]
    pub(super) preset: Vec<String>,
    /// Service to harden (can be repeated): `web` only this one, `'!web'` not this one, `web=node` with this preset
    #[arg(long, value_name = "SERVICE", value_delimiter = ',', add = complete::choices(), help_heading = "Selection")]
    pub(super) service: Vec<String>,
}

/// Options of the fixing verb, which has no name.
#[derive(Clone, Debug, Default, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct Harden {
    #[command(flatten)]
    pub(super) input: Input,
    #[command(flatten)]
    pub(super) choice: Choice,
    /// Put all changes into this file, a layer on top of the others; it is created if it does not exist
    #[arg(long = "override", value_name = "FILE", conflicts_with = "recursive", help_heading = "Output")]
    pub(super) override_file: Option<PathBuf>,
    /// Compare with the Compose CLI before and after, and write nothing if it sees another difference [default: in CI, when it is there]
    #[arg(long, help_heading = "Options")]
    pub(super) oracle: bool,
    /// Include changes that are assumed, not documented, to work
    #[arg(long, help_heading = "Selection")]
    pub(super) unsafe_fixes: bool,
    /// Drop further privileges, as far as the presets know that it works (can be repeated)
    ///
    /// `cap-drop`: all capabilities but those it needs; `no-new-privileges`; `user`: start as the image's own user instead of root; `read-only-binds`: bind what is only read with `:ro`; `sizes`: limit new tmpfs mounts; `all` of these (with --override without `read-only-binds`, which changes existing lines). Beside them, `named-volumes`: a named volume where the image declares one; data must be moved there (`explain moving-data`); `healthcheck`: a health check where neither the service nor its image has one and a program for it is in the image.
    #[arg(long, value_name = "EXTRA", value_delimiter = ',', value_parser = extras(), help_heading = "Selection")]
    pub(super) with: Vec<String>,
    /// Add the reasons to the file as comments
    #[arg(long, help_heading = "Output")]
    pub(super) explain_in_file: bool,
    /// Write the change, after showing it and asking
    #[arg(long, short, help_heading = "Options")]
    pub(super) write: bool,
    /// Run the hardened project first, as `verify` does, and write only what works
    #[arg(long, conflicts_with_all = ["check", "recursive", "interactive"], help_heading = "Options")]
    pub(super) verify: bool,
    /// Write without asking
    #[arg(long, short, requires = "write", help_heading = "Options")]
    pub(super) yes: bool,
    /// Review the whole plan on one screen, then write
    #[arg(long, short, conflicts_with_all = ["check", "yes"], help_heading = "Options")]
    pub(super) interactive: bool,
    /// Ask line by line, as for a screen reader (with --interactive)
    #[arg(long, requires = "interactive", help_heading = "Options")]
    pub(super) plain: bool,
    /// Exit with 1 when something is missing; change nothing
    #[arg(long, conflicts_with = "write", help_heading = "Options")]
    pub(super) check: bool,
    /// With --check, count every service that can write to its root filesystem, unless a comment or the configuration says why
    #[arg(long, requires = "check", help_heading = "Options")]
    pub(super) strict: bool,
    /// Format of the plan
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, help_heading = "Output")]
    pub(super) format: AnswerFormat,
}

fn extras() -> PossibleValuesParser {
    PossibleValuesParser::new(Extra::ALL.map(Extra::name).into_iter().chain(["all"]))
}

impl Harden {
    /// What is asked for beside a read-only root filesystem.
    ///
    /// Errors: as for [`wanted_extras`].
    pub(super) fn extras(&self) -> Result<Extras> {
        wanted_extras(&self.with, self.override_file.is_some())
    }
}

/// The extras of these names; `all` of them without those that a file for all changes cannot take.
///
/// Errors: a file of its own for all changes was asked for, and lines of other files are to change.
pub(super) fn wanted_extras(with: &[String], has_override: bool) -> Result<Extras> {
    let names = |wanted: &str| with.iter().any(|name| name == wanted);
    let binds = Extra::ReadOnlyBinds;
    if has_override && names(binds.name()) {
        let what = format!("--with {} changes lines of other files than that of --override", binds.name());
        return Err(Error::Usage(what, Some("leave out one of them".into())));
    }
    let is_asked_for = |extra: &Extra| names(extra.name()) || names("all") && extra.is_of_all() && (!has_override || *extra != binds);
    Ok(Extra::ALL.into_iter().filter(is_asked_for).collect())
}

/// What helps where there is nobody to ask.
const WITHOUT_QUESTIONS: &str = "add --yes to write without questions";

/// What becomes of what a verb found.
#[derive(Debug, Args)]
pub(super) struct Writing {
    /// Format of the answer: text with the diff, or JSON without it
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, help_heading = "Output")]
    format: AnswerFormat,
    /// The same as `--format json`
    #[arg(long, conflicts_with_all = ["write", "format"], help_heading = "Output")]
    json: bool,
    /// Write the change, after showing it and asking
    #[arg(long, short, help_heading = "Options")]
    pub(super) write: bool,
    /// Write without asking
    #[arg(long, short, requires = "write", help_heading = "Options")]
    pub(super) yes: bool,
}

impl Writing {
    /// Whether the answer is for programs.
    pub(super) fn is_json(&self) -> bool {
        self.json || self.format == AnswerFormat::Json
    }

    /// What becomes of the change.
    pub(super) fn aim(&self) -> Aim {
        if self.write { Aim::Write { asks: !self.yes } } else { Aim::Show }
    }

    /// Who is asked before something is written, if somebody is.
    ///
    /// Errors: there is nobody to ask.
    pub(super) fn ask(&self) -> Result<Option<Ask>> {
        self.expect_one_answer()?;
        self.asks().then(|| Ask::new("--write", WITHOUT_QUESTIONS)).transpose()
    }

    /// The same where a log is read from standard input.
    ///
    /// Errors: there is nobody to ask.
    pub(super) fn ask_beside_input(&self) -> Result<Option<Ask>> {
        self.asks().then(|| Ask::beside_input("--write", WITHOUT_QUESTIONS)).transpose()
    }

    /// Errors: the answer is for programs, and something is to be written.
    pub(super) fn expect_one_answer(&self) -> Result<()> {
        if self.write && self.is_json() {
            let hint = "leave out --write to print it, or --format to write the change".to_owned();
            return Err(Error::Usage("--format json writes nothing".into(), Some(hint)));
        }
        Ok(())
    }

    fn asks(&self) -> bool {
        self.write && !self.yes
    }
}

/// Options of reading logs.
#[derive(Debug, Args)]
pub(super) struct Diagnose {
    /// Log file (can be repeated); none or `-` reads standard input
    #[arg(value_name = "LOG", help_heading = "Input")]
    pub(super) logs: Vec<PathBuf>,
    /// Whose log it is, where its lines do not say; without a LOG the engine is asked for it
    #[arg(long, value_name = "SERVICE", add = complete::services(), help_heading = "Input")]
    pub(super) service: Option<String>,
    /// Compose file of the project (can be repeated) [default: what `docker compose` would use here]
    #[arg(long, short, value_name = "FILE", help_heading = "Input")]
    pub(super) file: Vec<PathBuf>,
    /// Folder that relative paths start from [default: that of the first file]
    #[arg(long, value_name = "DIR", help_heading = "Input")]
    pub(super) project_directory: Option<PathBuf>,
    /// File of variables instead of `.env` (can be repeated)
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub(super) env_file: Vec<PathBuf>,
    /// Folder that the project stays in: nothing outside it is read or written [default: the repository, else the project folder]
    #[arg(long, value_name = "DIR", help_heading = "Input")]
    pub(super) root: Option<PathBuf>,
    #[command(flatten)]
    pub(super) writing: Writing,
}

/// What there is a JSON Schema of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaOf {
    /// `rofs-harden.toml`
    Config,
    /// A preset file
    Preset,
    /// What `audit --format json` prints
    Report,
    /// What `rofs-harden --format json` prints
    Plan,
    /// What `diagnose --format json` prints
    Diagnose,
    /// What `observe --format json` prints
    Observe,
    /// What `verify --format json` prints
    Verify,
    /// What `presets --format json` prints
    Presets,
    /// What `pr --json` prints
    Pr,
    /// A line of what `--progress json` prints
    Progress,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Report what each service can write, and what to fix
    #[command(disable_help_flag = true, after_long_help = audit::AFTER, mut_args = audit::looked_at)]
    Audit(Audit),
    /// Find out from a log what a service could not write, and fix it
    #[command(disable_help_flag = true, after_long_help = AFTER_DIAGNOSE)]
    Diagnose(Diagnose),
    /// Find out what services write: run the project in isolation, or look at what runs
    #[command(disable_help_flag = true, after_long_help = engine::AFTER_OBSERVE, mut_args = engine::only_named_or_running)]
    Observe(Observe),
    /// Run the hardened project, in isolation, and say whether it works
    #[command(disable_help_flag = true, after_long_help = engine::AFTER_VERIFY, mut_args = engine::only_named)]
    Verify(Verify),
    /// Open a pull request with the change, and keep it up to date
    #[command(disable_help_flag = true, after_long_help = pr::AFTER, mut_args = pr::only_with)]
    Pr(Box<Pr>),
    /// Explain what a rule means, and what to do about it
    #[command(disable_help_flag = true)]
    Explain {
        /// Name of a rule, as it stands in brackets behind a message; `guide`, `engine`, `configuration`, `moving-data`, `pull-requests`, `ci`; or words of an error, such as EROFS; none lists the rules
        #[arg(value_name = "RULE", add = complete::pages(), help_heading = "Input")]
        rule: Vec<String>,
    },
    /// Look up what is known of images: presets, and the catalogue below them
    #[command(disable_help_flag = true, args_conflicts_with_subcommands = true)]
    Presets {
        #[command(subcommand)]
        what: Option<Presets>,
        #[command(flatten)]
        find: Find,
    },
    /// Serve an editor: findings and fixes while you type (LSP)
    #[cfg(feature = "server")]
    #[command(disable_help_flag = true, version, after_long_help = super::server::AFTER)]
    Server(super::server::Server),
    /// Print a JSON Schema
    #[command(disable_help_flag = true)]
    Schema {
        /// Of what
        #[arg(value_name = "WHAT", value_enum, help_heading = "Input")]
        of: SchemaOf,
    },
    /// Print completions for a shell
    #[command(disable_help_flag = true, hide = true)]
    Completions(super::shell::Completions),
    /// Print a manual page
    #[command(disable_help_flag = true, hide = true)]
    Man(super::shell::Manual),
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum AnswerFormat {
    /// For people at a terminal
    #[default]
    Text,
    /// For programs; `rofs-harden schema` prints the schema
    Json,
}
