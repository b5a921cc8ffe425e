//! Options of the verb that opens pull requests.

use super::engine::{Trying, duration};
use super::{Choice, extras};
use crate::edge::forge::Kind;
use clap::{Arg, Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

pub(super) const AFTER: &str = "\
Examples:
  # See what would be sent, and send nothing
  rofs-harden pr --dry-run

  # The repository of this checkout: open a pull request, or bring the
  # open one up to date
  rofs-harden pr

  # A repository that is not checked out
  GITHUB_TOKEN=… rofs-harden pr --repo owner/name

  # Suggest the change in pull request 12, which somebody else opened
  rofs-harden pr --repo owner/name --review 12

  # For any other forge: a patch and the text
  rofs-harden pr --patch DIR

  # Every repository of an organisation: look first, then have no more
  # than three open at a time
  rofs-harden pr --repos org:NAME --dry-run --html > overview.html
  rofs-harden pr --repos org:NAME --canary 3

Tokens are read from the environment: GITHUB_TOKEN or GH_TOKEN, GITLAB_TOKEN,
GITEA_TOKEN or FORGEJO_TOKEN.

Exit status:
  0    opened, brought up to date, closed, reviewed, or left alone for the
       reason given
  2    the work could not be done, or not for some project; what was done
       before is found again by the next run
  130  interrupted";

/// Options that only make sense where a pull request is opened.
const NOT_IN_REVIEW: [&str; 11] =
    ["repos", "verify", "base", "again", "override_file", "split_by", "draft", "labels", "reviewers", "patch", "take_back"];

/// Options that only make sense where a forge is asked.
const NOT_IN_PATCH: [&str; 10] = ["repo", "repos", "dry_run", "base", "json", "again", "take_back", "labels", "reviewers", "draft"];

/// Options that say how projects are run.
const OF_TRIALS: [&str; 8] = ["http", "probe", "settle", "timeout", "pull", "build", "allow_binds", "allow_network"];

/// Options of trials that nothing would ask for are refused.
pub(super) fn only_with(arg: Arg) -> Arg {
    if OF_TRIALS.contains(&arg.get_id().as_str()) { arg.requires("verify") } else { arg }
}

/// Options of the verb.
#[derive(Debug, Args)]
pub(in crate::cli) struct Pr {
    /// Folder or Compose file in the repository (can be repeated) [default: every project of it]
    #[arg(value_name = "PATH", help_heading = "Input")]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// A repository that is not checked out: it is read and written through its forge alone
    #[arg(long, value_name = "OWNER/NAME", help_heading = "Input")]
    pub(in crate::cli) repo: Option<String>,
    /// Many repositories, one after the other: a file with an `owner/name` a line (`-` for standard input), or all of an organisation
    #[arg(long, value_name = "FILE|org:NAME", conflicts_with_all = ["repo", "paths"], help_heading = "Input")]
    pub(in crate::cli) repos: Option<String>,
    /// Name of the checkout's remote
    #[arg(long, value_name = "NAME", default_value = "origin", conflicts_with_all = ["repo", "repos"], help_heading = "Input")]
    pub(in crate::cli) remote: String,
    /// Host of the forge; tokens go to it [default: that of the remote; for `--repo`, of `GITHUB_SERVER_URL` or `CI_SERVER_URL`, else github.com]
    ///
    /// A host that only the checkout's remote names gets no token, unless it is well known or the CI system names it too.
    #[arg(long, value_name = "HOST", help_heading = "Input")]
    pub(in crate::cli) host: Option<String>,
    /// Kind of forge, if its host name does not tell
    #[arg(long, value_name = "KIND", value_enum, help_heading = "Input")]
    pub(in crate::cli) forge: Option<ForgeKind>,
    /// Branch that the pull request is for [default: the repository's default branch]
    #[arg(long, value_name = "BRANCH", help_heading = "Input")]
    pub(in crate::cli) base: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) choice: Choice,
    /// Include changes that are assumed, not documented, to work
    #[arg(long, help_heading = "Selection")]
    pub(in crate::cli) unsafe_fixes: bool,
    /// Drop further privileges, as far as the presets know that it works (can be repeated): `rofs-harden --help` says which there are
    #[arg(long, value_name = "EXTRA", value_delimiter = ',', value_parser = extras(), help_heading = "Selection")]
    pub(in crate::cli) with: Vec<String>,
    /// Propose what was declined before
    #[arg(long, help_heading = "Selection")]
    pub(in crate::cli) again: bool,
    /// Run the projects with the change first: what fails is left out, and the text says what worked
    ///
    /// The checkout has to be at the base's newest commit, and an engine has to be there. What is run is the project with its own files, so this does not go with `--override`.
    #[arg(long, conflicts_with_all = ["repo", "repos", "patch", "override_file"], help_heading = "Trial")]
    pub(in crate::cli) verify: bool,
    #[command(flatten)]
    pub(in crate::cli) trying: Trying,
    /// Put all changes into this file beside each project's main file: a layer that people opt in to
    #[arg(long = "override", value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) override_file: Option<PathBuf>,
    /// Add the reasons to the files as comments
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) explain_in_file: bool,
    /// A pull request of its own for each project
    #[arg(long, value_name = "WHAT", value_parser = ["project"], help_heading = "Output")]
    pub(in crate::cli) split_by: Option<String>,
    /// Open it as a draft
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) draft: bool,
    /// Labels of a new pull request
    #[arg(long, value_name = "LABEL", value_delimiter = ',', help_heading = "Output")]
    pub(in crate::cli) labels: Vec<String>,
    /// Who to ask for a review of a new pull request
    #[arg(long, value_name = "LOGIN", value_delimiter = ',', help_heading = "Output")]
    pub(in crate::cli) reviewers: Vec<String>,
    /// Review pull request N of somebody else instead: suggest the change on the lines that it changes, and sum up in one comment
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with_all = NOT_IN_REVIEW, help_heading = "Output")]
    pub(in crate::cli) review: Option<u64>,
    /// Print what happened as JSON
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) json: bool,
    /// Read everything, send nothing, and print what would be sent
    #[arg(long, help_heading = "Options")]
    pub(in crate::cli) dry_run: bool,
    /// Ask no forge: write `changes.patch` and `body.md` for the checked-out commit into this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = NOT_IN_PATCH, help_heading = "Options")]
    pub(in crate::cli) patch: Option<PathBuf>,
    /// Go on with a branch on which others have put commits: their files are put back to what is proposed, on top of their commits
    #[arg(long, help_heading = "Options")]
    pub(in crate::cli) take_back: bool,
    /// How long rate limits may hold up the work, all together [default: 10m, with `--repos` 24h]
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Options")]
    pub(in crate::cli) patience: Option<Duration>,
    /// Shortest time between two changes; GitHub asks for a second
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration, help_heading = "Options")]
    pub(in crate::cli) pace: Duration,
    /// Stop after opening this many pull requests; the next run continues from there
    #[arg(long, value_name = "NUMBER", requires = "repos", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Many repositories")]
    pub(in crate::cli) limit: Option<u32>,
    /// Let no more than this many pull requests be open at a time, and end at one that was declined
    #[arg(long, value_name = "NUMBER", requires = "repos", conflicts_with = "dry_run", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Many repositories")]
    pub(in crate::cli) canary: Option<u32>,
    /// Take one of N parts of the repositories, counted from 0, for N runs side by side
    #[arg(long, value_name = "I/N", requires = "repos", value_parser = shard, help_heading = "Many repositories")]
    pub(in crate::cli) shard: Option<Shard>,
    /// File that records what was done, so that an interrupted run can be continued; with `--dry-run`, `.dry-run` is added
    #[arg(long, value_name = "FILE", default_value = "rofs-harden-fleet.jsonl", requires = "repos", help_heading = "Many repositories")]
    pub(in crate::cli) journal: PathBuf,
    /// Print an overview as a page for a browser
    #[arg(long, requires = "repos", conflicts_with = "json", help_heading = "Many repositories")]
    pub(in crate::cli) html: bool,
}

/// One of several parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Shard {
    /// Which one, from 0.
    pub(in crate::cli) part: u32,
    /// How many there are, at least 1.
    pub(in crate::cli) of: u32,
}

fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/').and_then(|(part, of)| Some(Shard { part: part.parse().ok()?, of: of.parse().ok()? }));
    parts.filter(|shard| shard.part < shard.of).ok_or_else(|| "write I/N, from `0/4` to `3/4` for four parts".to_owned())
}

/// Kinds of forges, as people name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ForgeKind {
    /// github.com, or GitHub Enterprise
    Github,
    /// gitlab.com, or a GitLab elsewhere
    Gitlab,
    /// Gitea or Forgejo
    Gitea,
}

impl From<ForgeKind> for Kind {
    fn from(kind: ForgeKind) -> Self {
        match kind {
            ForgeKind::Github => Self::GitHub,
            ForgeKind::Gitlab => Self::GitLab,
            ForgeKind::Gitea => Self::Gitea,
        }
    }
}
