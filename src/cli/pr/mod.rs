//! Pull requests with the change: opened, kept up to date and closed.

mod fleet;
mod journal;
mod offer;
mod patch;
mod projects;
mod proof;
mod report;
mod review;

use super::args::Pr;
use super::args::wanted_extras;
use super::harden::Status;
use super::ui::Ui;
use crate::edge::address::Server;
use crate::edge::commit::{CommitFiles, Origin};
use crate::edge::disk;
use crate::edge::forge::{self, Forge, Host, NewCommit, Pushed, Repository, Session, SystemClock};
use crate::edge::git::Git;
use crate::edge::propose;
use crate::edge::stop;
use crate::error::{Error, Fault, ForgeError, Result};
use crate::evidence::Selection;
use crate::propose::body::About;
use crate::propose::report::{Report, Row};
use crate::propose::{Branches, Decision, Offer, Opening, Options, Scope, Unit};
use crate::report::json::json;
use crate::text::clean_line;
use fleet::Budget;
use offer::{Planned, Wanted};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// How long rate limits may hold up one repository's work.
const PATIENCE: Duration = Duration::from_mins(10);
/// How long they may hold up that of many: GitHub's limits are those of an hour, and a night is longer.
const FLEET_PATIENCE: Duration = Duration::from_hours(24);

/// A repository on its forge, and the checkout of it, if there is one.
struct Target {
    forge: Box<dyn Forge>,
    /// The checkout and the name of its remote.
    checkout: Option<(Git, String)>,
}

/// Runs the verb. Ctrl-C ends it between two requests, so that nothing is left behind here.
pub(super) fn run(ui: &Ui, args: &Pr) -> Result<Status> {
    stop::watch().map_err(|why| Error::Usage(format!("cannot watch for Ctrl-C: {why}"), None))?;
    work(ui, args).map_err(|error| if matches!(error, Error::Interrupted) { Error::Stopped } else { error })
}

fn work(ui: &Ui, args: &Pr) -> Result<Status> {
    let selection =
        Selection { assume: args.unsafe_fixes, with: wanted_extras(&args.with, args.override_file.is_some())?, ..args.choice.selection()? };
    let wanted = Wanted::new(args, &selection);
    if let Some(folder) = &args.patch {
        return patch::run(ui, args, &wanted, folder);
    }
    let waiting = ui.clone();
    let clock = SystemClock(move |time: Duration, why: &str| {
        if time > Duration::from_secs(1) {
            waiting.status(&format!("waiting {} s: {why}", time.as_secs()));
        }
    });
    let (patience, share) = match &args.repos {
        Some(_) => (args.patience.unwrap_or(FLEET_PATIENCE), args.shard.map_or(1, |shard| shard.of)),
        None => (args.patience.unwrap_or(PATIENCE), 1),
    };
    let session = Rc::new(Session::new(Box::new(clock), patience, args.pace, share));
    if let Some(repositories) = &args.repos {
        return fleet::run(ui, args, &wanted, &session, repositories);
    }
    let target = match &args.repo {
        Some(repository) => Target::named(args, repository, &session)?,
        None => Target::here(args, &session)?,
    };
    let report = match args.review {
        Some(number) => review::review(ui, args, &wanted, &target, number)?,
        None => propose_all(ui, args, &wanted, &target, &mut Vec::new(), &mut Budget::default())?,
    };
    ui.progress_done();
    if args.json {
        ui.out(&json(&report)?);
    } else if let Some(row) = &report.review {
        review::say(ui, row, args.dry_run);
    } else if !args.dry_run {
        report.pull_requests.iter().for_each(|row| report::say(row, ui));
    }
    Ok(if report.incomplete { Status::Failed } else { Status::Done })
}

impl Target {
    /// A repository by its name, `owner/name`.
    fn named(args: &Pr, repository: &str, session: &Rc<Session>) -> Result<Self> {
        let Some((owner, name)) = repository.rsplit_once('/').filter(|(owner, name)| !owner.is_empty() && !name.is_empty()) else {
            return Err(Error::Usage(format!("`{repository}` names no repository"), Some("write OWNER/NAME".into())));
        };
        let environment = |name: &str| std::env::var(name).ok();
        let server = ["GITHUB_SERVER_URL", "CI_SERVER_URL"].iter().find_map(|name| environment(name));
        let of_server = server.and_then(|url| Some(Server::of(&url)?.place()));
        let host = args.host.clone().or(of_server).unwrap_or_else(|| "github.com".to_owned());
        let host = Host { name: &host, is_named: args.host.is_some() };
        let (forge, _) = forge::open(host, owner, name, args.forge.map(Into::into), &environment, session)?;
        Ok(Self { forge, checkout: None })
    }

    /// The repository of the checkout around the working directory.
    fn here(args: &Pr, session: &Rc<Session>) -> Result<Self> {
        let none =
            |what| Error::Usage(what, Some("--remote names another one; --patch DIR writes a patch and the text for any forge".into()));
        let git = Git::open(Path::new("."), None)?;
        let remote = git.remote(&args.remote).map_err(|error| match error {
            Error::Forge(e) if e.fault == Fault::Missing => none(e.to_string()),
            error => error,
        })?;
        let remote = remote.ok_or_else(|| none(format!("the remote {} is not a GitHub, GitLab or Gitea URL", args.remote)))?;
        let host = Host { name: args.host.as_deref().unwrap_or(&remote.host), is_named: args.host.is_some() };
        let environment = |name: &str| std::env::var(name).ok();
        let kind = args.forge.map(Into::into);
        let (forge, token) = forge::open(host, &remote.owner, &remote.name, kind, &environment, session)?;
        // Git goes to the remote's host, whatever other one was named.
        let token = token.filter(|_| host.name.eq_ignore_ascii_case(&remote.host));
        Ok(Self { forge, checkout: Some((git.with_token(token), args.remote.clone())) })
    }

    /// The commit that a branch is at.
    fn tip(&self, branch: &str) -> Result<String> {
        match &self.checkout {
            Some((git, remote)) => git.fetch(remote, branch),
            None => self.forge.branch(branch)?.ok_or_else(|| {
                let what = format!("the repository has no branch {branch}");
                ForgeError { fault: Fault::Missing, what, remedy: "check the branch's name".into(), status: None, retry_at: None }.into()
            }),
        }
    }

    fn origin(&self) -> Origin<'_> {
        self.checkout.as_ref().map_or(Origin::Forge(&*self.forge), |(git, _)| Origin::Git(git))
    }

    /// Puts a commit on its branch: with Git from a checkout, else through the forge.
    fn push(&self, new: &NewCommit) -> Result<Pushed> {
        let Some((git, remote)) = &self.checkout else { return self.forge.push(new) };
        for parent in &new.parents {
            if !git.has(parent)? {
                git.fetch(remote, &new.branch)?;
            }
        }
        let parents: Vec<&str> = new.parents.iter().map(String::as_str).collect();
        let commit = git.commit(&new.tree_of, &parents, &new.files, &new.message)?;
        git.push(remote, &commit, &new.branch, new.expected.as_deref())?;
        Ok(Pushed { commit, verified: None })
    }
}

/// The repository, which takes changes.
fn is_open(target: &Target) -> Result<Repository> {
    let repository = target.forge.repository()?;
    let closed = if repository.archived { Some("archived") } else { repository.disabled.then_some("disabled") };
    if let Some(why) = closed {
        let remedy = "nothing can be proposed there".to_owned();
        let what = format!("{} is {why}", repository.full_name);
        return Err(ForgeError { fault: Fault::Closed, what, remedy, status: None, retry_at: None }.into());
    }
    Ok(repository)
}

/// Proposes what a repository lacks, as far as there is room. What was done is in `rows`, also where something fails after it.
fn propose_all(ui: &Ui, args: &Pr, wanted: &Wanted<'_>, target: &Target, rows: &mut Vec<Row>, budget: &mut Budget) -> Result<Report> {
    ui.status("asking the forge");
    let repository = is_open(target)?;
    let base = args.base.clone().unwrap_or(repository.default_branch);
    let commit = target.tip(&base)?;
    let paths = target.checkout.as_ref().map_or(Ok(args.paths.clone()), |(git, _)| below(git.top(), &args.paths))?;
    ui.status("reading the files");
    let tree = CommitFiles::new(target.origin(), &commit)?;
    let Planned { units, problems, unread } = wanted.plan(&tree, &paths)?;
    if args.repos.is_none() {
        for (path, why) in &problems {
            ui.warn(&clean_line(&format!("{path}: {why}")));
        }
    }
    proof::expect_services(wanted, &units)?;
    let layer = args.override_file.as_ref().map(|file| file.display().to_string());
    let only = paths.iter().map(|path| path.display().to_string()).collect();
    let scope = if args.split_by.is_none() { Scope { only, unread: unread.clone() } } else { Scope::default() };
    let said: Vec<String> = problems.iter().map(|(path, why)| format!("{path}: {why}")).collect();
    for (branch, mut units) in split(args, &base, units) {
        let problems = if args.split_by.is_none() { problems.clone() } else { Vec::new() };
        let mut about = About { problems, declined: Vec::new(), layer: layer.clone() };
        if !args.again {
            let declined = propose::declined(&*target.forge, &branch)?;
            let is_out = |item: &str| declined.contains_key(item);
            // Where all is declined, the answer says so; where some is, the rest is proposed.
            let out: Vec<String> = units.iter().flat_map(Unit::items).filter(|item| is_out(item)).collect();
            if !out.is_empty() && units.iter().flat_map(Unit::items).any(|item| !is_out(&item)) {
                units = wanted.without(&tree, units, &is_out)?;
                about.declined = out.iter().filter_map(|item| declined.get(item).copied()).collect();
                about.declined.sort_unstable();
                about.declined.dedup();
            }
        }
        if let (true, Some((git, _))) = (args.verify, &target.checkout) {
            units = proof::prove(ui, wanted, &tree, git, &commit, units)?;
        }
        let branches = Branches { base: &base, base_commit: &commit, branch: &branch };
        let offer = Offer::of(&units, &about, &scope, branches, &opening(args), &|path| tree.entry(path).cloned())?;
        let options = Options { again: args.again, take_back: args.take_back };
        if budget.holds_up(|| Ok(matches!(propose::decide(&*target.forge, &offer, options)?, Decision::Open(_))))? {
            continue;
        }
        let row = if args.dry_run {
            let decision = propose::decide(&*target.forge, &offer, options)?;
            ui.progress_done();
            let row = Row::foreseen(&offer, &units, &decision);
            if !args.json && args.repos.is_none() {
                report::show(&row, ui, &offer, &units);
            }
            row
        } else {
            ui.status("talking to the forge");
            let outcome = propose::sync(&*target.forge, &|new| target.push(new), &offer, options)?;
            ui.progress_done();
            Row::done(&offer, &units, outcome)
        };
        budget.take(&row);
        rows.push(row);
    }
    Ok(Report {
        repository: repository.full_name,
        pull_requests: std::mem::take(rows),
        problems: said,
        incomplete: !unread.is_empty(),
        ..Report::default()
    })
}

/// How pull requests are opened.
fn opening(args: &Pr) -> Opening {
    Opening { draft: args.draft, labels: args.labels.clone(), reviewers: args.reviewers.clone() }
}

/// Which branch takes which projects.
fn split(args: &Pr, base: &str, units: Vec<Unit>) -> Vec<(String, Vec<Unit>)> {
    match args.split_by {
        None => vec![(format!("rofs-harden/{base}"), units)],
        // Another name than above: a branch cannot be below another one.
        Some(_) => units.into_iter().map(|unit| (format!("rofs-harden-project/{base}/{}", short(&unit.path)), vec![unit])).collect(),
    }
}

/// A name for a path that is a good part of a branch's name.
fn short(path: &str) -> String {
    Sha256::digest(path).iter().take(4).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Paths of the working directory as the checkout's commits have them.
fn below(top: &Path, paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let one = |path: &PathBuf| {
        let real = disk::real_path(path).or_else(|| disk::absolute(path)).unwrap_or_else(|| path.clone());
        let top = disk::real_path(top).unwrap_or_else(|| top.to_owned());
        let found = real.strip_prefix(top).map(|p| if p.as_os_str().is_empty() { PathBuf::from(".") } else { p.to_owned() });
        found.map_err(|_| Error::Usage(format!("{} is outside the checkout", path.display()), Some("name paths within it".into())))
    };
    paths.iter().map(one).collect()
}
