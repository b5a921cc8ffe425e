//! Options of the verbs that run a project on the engine.

use super::{Choice, Input, Writing, extras};
use crate::evidence::engine::Probe;
use crate::trial::milliseconds;
use clap::{Arg, Args};
use std::path::PathBuf;
use std::time::Duration;

pub(super) const AFTER_OBSERVE: &str = "\
Examples:
  # See what a service writes when it is used
  rofs-harden observe --http 'api:3000 POST /upload x'

  # What have the containers written that run now?
  # Nothing is started, stopped or changed
  rofs-harden observe --running
  rofs-harden observe --running -r

  # What does an image say of itself? It is not run
  rofs-harden observe --image example.com/api:3 --save api.toml

Exit status:
  0    every service was watched and works on a writable root;
       with --running: a container of each runs
  1    some service was not run, or fails as it is
  2    the work could not be done; nothing was written
  130  interrupted; nothing of the run is left; the message says what was
       written";

pub(super) const AFTER_VERIFY: &str = "\
Examples:
  # Does the hardened project work?
  rofs-harden verify --probe 'db: pg_isready -q'

  # Does it keep what it is given, also after many requests?
  rofs-harden verify --http 'api:3000 POST /notes hello' \\
    --http 'api:3000 GET /notes => 200 hello' --repeat 20

  # Find the smallest set of writable places, then write it
  rofs-harden verify --heal --write

  # The same with the fewest capabilities
  rofs-harden verify --heal --with cap-drop

Exit status:
  0    every service with a read-only root works
  1    some such service fails, or cannot be proved here; nothing was written
  2    the work could not be done; nothing was written
  130  interrupted; nothing of the run is left; the message says what was
       written";

/// Takes out of the help what these verbs do not take: see [`Input::runnable`].
pub(super) fn only_named(arg: Arg) -> Arg {
    match arg.get_id().as_str() {
        "recursive" => arg.hide(true),
        "paths" => arg.help("Project folder or Compose file [default: what `docker compose` would use here]"),
        _ => arg,
    }
}

/// The same for looking at what is written, which can be all that runs.
pub(super) fn only_named_or_running(arg: Arg) -> Arg {
    match arg.get_id().as_str() {
        "recursive" => arg
            .requires("running")
            .help("With --running: one table of all projects that run on the engine, or of those with files below PATH"),
        _ => only_named(arg),
    }
}

/// How a project is tried on the engine.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Trying {
    /// Request that must be answered with 200 to 399 (can be repeated): `SERVICE:PORT METHOD PATH [BODY]`
    ///
    /// With `-H 'NAME: VALUE'` behind the path it has a header, and with `=> STATUS [TEXT]` at its end it expects that status, and that text in the answer: `api:80 POST /login -H 'X-A: b' user=x => 302`.
    #[arg(long, value_name = "REQUEST", value_parser = Probe::http, help_heading = "Trial")]
    pub(in crate::cli) http: Vec<Probe>,
    /// Command that must succeed in the container (can be repeated): `SERVICE: COMMAND`
    #[arg(long, value_name = "COMMAND", value_parser = Probe::command, help_heading = "Trial")]
    pub(in crate::cli) probe: Vec<Probe>,
    /// How often all probes are tried, one after the other
    #[arg(long, value_name = "TIMES", default_value = "1", value_parser = times, help_heading = "Trial")]
    pub(in crate::cli) repeat: usize,
    /// How long a service must stay up to count as working
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = duration, help_heading = "Trial")]
    pub(in crate::cli) settle: Duration,
    /// How long a service may take to become ready
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration, help_heading = "Trial")]
    pub(in crate::cli) timeout: Duration,
    /// Pull images that are missing
    #[arg(long, help_heading = "Trial")]
    pub(in crate::cli) pull: bool,
    /// Build images where the project says how; they are removed afterwards
    #[arg(long, help_heading = "Trial")]
    pub(in crate::cli) build: bool,
    /// Bind folders of the project writable and give services the devices and powers over the host that they ask for
    ///
    /// Without it what is bound writable is copied if it is small, else bound read-only, and services with the engine's socket, privileges or devices are not run.
    #[arg(long, help_heading = "Trial")]
    pub(in crate::cli) allow_binds: bool,
    /// Let containers reach the outside; without it they only reach each other
    #[arg(long, help_heading = "Trial")]
    pub(in crate::cli) allow_network: bool,
}

impl Default for Trying {
    fn default() -> Self {
        let (settle, timeout) = (Duration::from_secs(3), Duration::from_mins(1));
        let (pull, build, allow_binds, allow_network) = (false, false, false, false);
        Self { http: Vec::new(), probe: Vec::new(), repeat: 1, settle, timeout, pull, build, allow_binds, allow_network }
    }
}

/// A time such as `3s`, `500ms`, `2m`, or a number of seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<u32>().ok().map(|s| u64::from(s) * 1000);
    let found = seconds.or_else(|| milliseconds(text)).map(Duration::from_millis);
    found.filter(|time| *time <= Duration::from_hours(24)).ok_or_else(|| "write a time such as `3s`, `500ms` or `2m`".to_owned())
}

/// A number of times.
fn times(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|times| (1..=1000).contains(times)).ok_or_else(|| "write a number from 1 to 1000".to_owned())
}

/// Options of looking at what is written.
#[derive(Debug, Args)]
pub(in crate::cli) struct Observe {
    #[command(flatten)]
    pub(in crate::cli) input: Input,
    #[command(flatten)]
    pub(in crate::cli) choice: Choice,
    #[command(flatten)]
    pub(in crate::cli) trying: Trying,
    /// Look at the containers of the project that run now, and run nothing
    ///
    /// They are found by the labels that Compose gives them; the engine is only read from. What they have written since they were made counts as seen.
    #[arg(long, conflicts_with_all = ["http", "probe", "hold", "repeat", "pull", "build", "allow_binds", "allow_network"], help_heading = "Input")]
    pub(in crate::cli) running: bool,
    /// Read what images say of themselves, and run nothing [default: the images of the project]
    ///
    /// Their configuration, their folders, and what their start scripts plainly do. They must be on the engine; a container is made of each, never started, and removed again. What follows are candidates: sure ones become a plan, and --save keeps all as a preset to edit.
    #[arg(long, value_name = "IMAGE", num_args = 0.., conflicts_with_all = ["running", "recursive", "http", "probe", "hold", "repeat", "pull", "build", "allow_binds", "allow_network"], help_heading = "Input")]
    pub(in crate::cli) image: Option<Vec<String>>,
    /// Watch for at least this long
    #[arg(long = "for", value_name = "TIME", value_parser = duration, help_heading = "Trial")]
    pub(in crate::cli) hold: Option<Duration>,
    /// Save what one service needs as a preset
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) save: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) writing: Writing,
}

/// Options of proving that a project works.
#[derive(Debug, Args)]
pub(in crate::cli) struct Verify {
    #[command(flatten)]
    pub(in crate::cli) input: Input,
    #[command(flatten)]
    pub(in crate::cli) choice: Choice,
    #[command(flatten)]
    pub(in crate::cli) trying: Trying,
    /// Drop further privileges, as for hardening (can be repeated)
    #[arg(long, value_name = "EXTRA", value_delimiter = ',', value_parser = extras(), help_heading = "Selection")]
    pub(in crate::cli) with: Vec<String>,
    /// Run the project as it is first, to tell what failed before
    #[arg(long, help_heading = "Trial")]
    pub(in crate::cli) against_original: bool,
    /// Run the project as it stands, without what would be added
    #[arg(long, conflicts_with_all = ["heal", "write", "with", "preset"], help_heading = "Trial")]
    pub(in crate::cli) as_is: bool,
    /// Find the smallest set of writable places with which it works
    #[arg(long, help_heading = "Trial")]
    pub(in crate::cli) heal: bool,
    /// Print a JUnit report: a suite for each project, a case for each service
    #[arg(long, conflicts_with_all = ["write", "format", "json"], help_heading = "Output")]
    pub(in crate::cli) junit: bool,
    /// Remove what earlier runs could not remove, and do nothing else
    #[arg(long, conflicts_with_all = ["heal", "against_original", "write", "http", "probe"], help_heading = "Options")]
    pub(in crate::cli) clean: bool,
    #[command(flatten)]
    pub(in crate::cli) writing: Writing,
}
