//! Pull requests with the change: opened, kept up to date and closed.

mod body;
mod offer;
mod review;
mod stage;

use super::args::{Pr, SplitBy};
use super::audit::json;
use super::harden::{Status, selection};
use super::ui::{Ui, clean_line, count};
use crate::edge::disk;
use crate::edge::forge::{self, Forge, NewCommit, Pushed, Repository, Session, SystemClock};
use crate::edge::git::Git;
use crate::edge::propose::{self, Decision, Done, Offer, Options, Outcome, TITLE};
use crate::error::{Error, Fault, ForgeError, Result};
use crate::evidence::Selection;
use body::About;
use offer::{Planned, Unit, Wanted};
use serde::Serialize;
use sha2::{Digest, Sha256};
use stage::{Origin, Stage};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A repository on its forge, and the checkout of it, if there is one.
struct Target {
    forge: Box<dyn Forge>,
    /// The checkout and the name of its remote.
    checkout: Option<(Git, String)>,
}

/// What was done, for programs.
#[derive(Serialize)]
struct Report {
    version: u32,
    /// `owner/name`.
    repository: String,
    pull_requests: Vec<Row>,
    /// What became of a review, with `--review`.
    #[serde(skip_serializing_if = "Option::is_none")]
    review: Option<review::Row>,
    /// What could not be looked at, and why.
    problems: Vec<String>,
}

/// What became of one proposal.
#[derive(Serialize)]
struct Row {
    base: String,
    branch: String,
    /// `opened`, `updated`, `kept`, `closed`, `declined`, `edited`, `occupied` or `nothing`; with `--dry-run` what would be done.
    done: &'static str,
    number: Option<u64>,
    url: Option<String>,
    /// The commit that was pushed.
    commit: Option<String>,
    /// Whether the forge trusts its signature, if it says so.
    verified: Option<bool>,
    /// Files that the proposal changes.
    files: Vec<String>,
    warnings: Vec<String>,
}

/// Runs the verb.
pub(super) fn run(ui: &Ui, args: &Pr) -> Result<Status> {
    let selection = Selection { assume: args.unsafe_fixes, with: extras(args)?, ..selection(&args.choice)? };
    let wanted = Wanted::new(args, &selection);
    if let Some(folder) = &args.patch {
        return patch(ui, args, &wanted, folder);
    }
    let waiting = Ui::new(super::ui::Color::Never, false);
    let clock = SystemClock(move |time: std::time::Duration, why: &str| {
        if time > std::time::Duration::from_secs(1) {
            waiting.status(&format!("waiting {} s: {why}", time.as_secs()));
        }
    });
    let session = Rc::new(Session::new(Box::new(clock), args.patience, args.pace));
    let target = Target::find(args, &session)?;
    let report = match args.review {
        Some(number) => review::review(ui, args, &wanted, &target, number)?,
        None => propose_all(ui, args, &wanted, &target)?,
    };
    ui.progress_done();
    if args.json {
        ui.out(&json(&report)?);
    } else if let Some(row) = &report.review {
        review::say(ui, row, args.dry_run);
    } else if !args.dry_run {
        report.pull_requests.iter().for_each(|row| say(ui, row));
    }
    Ok(Status::Done)
}

fn extras(args: &Pr) -> Result<crate::evidence::Extras> {
    super::args::Harden { with: args.with.clone(), override_file: args.override_file.clone(), ..Default::default() }.extras()
}

impl Target {
    /// The repository that is meant: the named one, or that of the checkout around the working directory.
    fn find(args: &Pr, session: &Rc<Session>) -> Result<Self> {
        let environment = |name: &str| std::env::var(name).ok();
        let kind = args.forge.map(Into::into);
        if let Some(repository) = &args.repo {
            let Some((owner, name)) = repository.rsplit_once('/').filter(|(owner, name)| !owner.is_empty() && !name.is_empty()) else {
                return Err(Error::Usage(format!("`{repository}` names no repository"), Some("write OWNER/NAME".into())));
            };
            let server = ["GITHUB_SERVER_URL", "CI_SERVER_URL"].iter().find_map(|name| environment(name));
            let of_server = server.and_then(|url| Some(url.split_once("://")?.1.trim_end_matches('/').to_owned()));
            let host = args.host.clone().or(of_server).unwrap_or_else(|| "github.com".to_owned());
            let (forge, _) = forge::open(&host, owner, name, kind, &environment, session)?;
            return Ok(Self { forge, checkout: None });
        }
        let remote = Git::open(Path::new("."), None)?.remote(&args.remote)?.ok_or_else(|| {
            let what = format!("the remote {} is on no forge", args.remote);
            Error::Usage(what, Some("--patch DIR writes a patch and the text for any forge".into()))
        })?;
        let host = args.host.as_deref().unwrap_or(&remote.host);
        let (forge, token) = forge::open(host, &remote.owner, &remote.name, kind, &environment, session)?;
        Ok(Self { forge, checkout: Some((Git::open(Path::new("."), token)?, args.remote.clone())) })
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
        if new.parents.iter().any(|parent| !matches!(git.resolve(parent), Ok(Some(_)))) {
            git.fetch(remote, &new.branch)?;
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

/// Proposes what a repository lacks.
fn propose_all(ui: &Ui, args: &Pr, wanted: &Wanted<'_>, target: &Target) -> Result<Report> {
    ui.status("asking the forge");
    let repository = is_open(target)?;
    let base = args.base.clone().unwrap_or(repository.default_branch);
    let commit = target.tip(&base)?;
    let paths = target.checkout.as_ref().map_or(Ok(args.paths.clone()), |(git, _)| below(git.top(), &args.paths))?;
    ui.status("reading the files");
    let mut stage = Stage::new(target.origin(), &commit)?;
    let Planned { units, problems } = wanted.plan(&mut stage, &paths)?;
    for (path, why) in &problems {
        ui.warn(&clean_line(&format!("{path}: {why}")));
    }
    let layer = args.override_file.as_ref().map(|file| file.display().to_string());
    let problems: Vec<String> = problems.iter().map(|(path, why)| format!("{path}: {why}")).collect();
    let mut rows = Vec::new();
    for (branch, mut units) in split(args, &base, units) {
        let mut about = About { problems: Vec::new(), declined: Vec::new(), layer: layer.clone() };
        if !args.again {
            let declined = propose::declined(&*target.forge, &branch, &base)?;
            let is_out = |item: &str| declined.contains_key(item);
            // Where all is declined, the answer says so; where some is, the rest is proposed.
            let out: Vec<String> = units.iter().flat_map(Unit::items).filter(|item| is_out(item)).collect();
            if !out.is_empty() && units.iter().flat_map(Unit::items).any(|item| !is_out(&item)) {
                units = wanted.without(&mut stage, units, &is_out)?;
                about.declined = out.iter().filter_map(|item| declined.get(item).copied()).collect();
                about.declined.sort_unstable();
                about.declined.dedup();
            }
        }
        let offer = offer::offer(args, &stage, &units, &about, &base, branch, &commit)?;
        let options = Options { again: args.again, take_back: args.take_back };
        let row = if args.dry_run {
            let decision = propose::decide(&*target.forge, &offer, options)?;
            ui.progress_done();
            let row = foreseen(&offer, &decision);
            if !args.json {
                show(ui, &offer, &units, &row)?;
            }
            row
        } else {
            ui.status("talking to the forge");
            let outcome = propose::sync(&*target.forge, &|new| target.push(new), &offer, options)?;
            ui.progress_done();
            done(&offer, outcome)
        };
        rows.push(row);
    }
    Ok(Report { version: 1, repository: repository.full_name, pull_requests: rows, review: None, problems })
}

/// Which branch takes which projects.
fn split(args: &Pr, base: &str, units: Vec<Unit>) -> Vec<(String, Vec<Unit>)> {
    match args.split_by {
        None => vec![(format!("rofs-harden/{base}"), units)],
        // Another name than above: a branch cannot be below another one.
        Some(SplitBy::Project) => {
            units.into_iter().map(|unit| (format!("rofs-harden-project/{base}/{}", short(&unit.path)), vec![unit])).collect()
        }
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

fn row(offer: &Offer, done: &'static str) -> Row {
    Row {
        base: offer.base.clone(),
        branch: offer.branch.clone(),
        done,
        number: None,
        url: None,
        commit: None,
        verified: None,
        files: offer.files.iter().map(|file| file.path.clone()).collect(),
        warnings: Vec::new(),
    }
}

fn done(offer: &Offer, outcome: Outcome) -> Row {
    let word = match outcome.done {
        Done::Nothing => "nothing",
        Done::Opened => "opened",
        Done::Updated => "updated",
        Done::Kept => "kept",
        Done::Closed => "closed",
        Done::Declined => "declined",
        Done::Edited => "edited",
        Done::Occupied => "occupied",
    };
    let (number, url) = outcome.pull.unzip();
    let (commit, verified) = outcome.pushed.map(|pushed| (pushed.commit, pushed.verified)).unzip();
    Row { number, url, commit, verified: verified.flatten(), warnings: outcome.warnings, ..row(offer, word) }
}

/// What would be done.
fn foreseen(offer: &Offer, decision: &Decision) -> Row {
    let (word, pull) = match decision {
        Decision::Nothing { .. } => ("nothing", None),
        Decision::Declined(pull) => ("declined", Some(pull)),
        Decision::Open(_) => ("opened", None),
        Decision::Update { pull, .. } => ("updated", Some(pull)),
        Decision::Keep(pull) => ("kept", Some(pull)),
        Decision::Close { pull, .. } => ("closed", Some(pull)),
        Decision::Edited(pull) => ("edited", Some(pull)),
        Decision::Occupied(_) => ("occupied", None),
    };
    Row { number: pull.map(|p| p.number), url: pull.map(|p| p.url.clone()), ..row(offer, word) }
}

/// Says what was done with one proposal.
fn say(ui: &Ui, row: &Row) {
    let pull = row.url.as_deref().map(clean_line).unwrap_or_default();
    let branch = clean_line(&row.branch);
    let files = count(row.files.len(), "file", "files");
    match row.done {
        "opened" | "updated" | "closed" => ui.out(&format!("{}: {pull}\n", row.done)),
        "kept" => ui.note(&format!("nothing to do: the open pull request is up to date: {pull}")),
        "declined" => {
            ui.note(&format!("nothing to do: this was declined: {pull}"));
            ui.hint("--again proposes it once more");
        }
        "edited" => {
            ui.warn(&format!("left alone: others have put commits on the branch of {pull}"));
            ui.hint("merge it as it is, tick the box at the end of its description, or run with --take-back");
        }
        "occupied" => {
            ui.warn(&format!("nothing was done: the branch {branch} is there, and it has commits of others"));
            ui.hint("rename or delete that branch, or run with --take-back");
        }
        _ => ui.note("nothing to do: nothing is missing that would be proposed"),
    }
    if ["opened", "updated"].contains(&row.done) {
        ui.note(&format!("{files} from {branch} to {}", clean_line(&row.base)));
    }
    if row.verified == Some(false) {
        ui.note("the commit has no signature that the forge trusts; with the token of an app it would have one");
    }
    row.warnings.iter().for_each(|warning| ui.warn(&clean_line(warning)));
}

/// Prints what would be sent.
fn show(ui: &Ui, offer: &Offer, units: &[Unit], row: &Row) -> Result<()> {
    let would = match row.done {
        "opened" => format!("would open a pull request from {} to {}", offer.branch, offer.base),
        "updated" => format!("would bring {} up to date", row.url.as_deref().unwrap_or_default()),
        "closed" => format!("would close {}: nothing is left to propose", row.url.as_deref().unwrap_or_default()),
        _ => {
            say(ui, row);
            return Ok(());
        }
    };
    ui.note(&clean_line(&would));
    if row.done != "closed" {
        ui.out(&format!("# {TITLE}\n\n{}\n", offer.text));
        for unit in units {
            ui.out(&unit.patch()?);
        }
    }
    Ok(())
}

/// Writes what would be proposed for the commit that is checked out, and asks no forge.
fn patch(ui: &Ui, args: &Pr, wanted: &Wanted<'_>, folder: &Path) -> Result<Status> {
    let git = Git::open(Path::new("."), None)?;
    let commit = git.resolve("HEAD")?.ok_or_else(|| Error::Usage("the checkout has no commit".into(), None))?;
    let base = git.current_branch()?.unwrap_or_else(|| commit.clone());
    let paths = below(git.top(), &args.paths)?;
    let out = disk::absolute(folder).unwrap_or_else(|| folder.to_owned());
    let mut files = Vec::new();
    let problems = {
        let mut stage = Stage::new(Origin::Git(&git), &commit)?;
        let Planned { units, problems } = wanted.plan(&mut stage, &paths)?;
        let layer = args.override_file.as_ref().map(|file| file.display().to_string());
        for (branch, units) in split(args, &base, units) {
            let about = About { problems: Vec::new(), declined: Vec::new(), layer: layer.clone() };
            let offer = offer::offer(args, &stage, &units, &about, &base, branch, &commit)?;
            if !offer.is_empty() {
                let suffix = if args.split_by.is_some() { format!("-{}", short(&units[0].path)) } else { String::new() };
                let patch = units.iter().map(Unit::patch).collect::<Result<String>>()?;
                files.push((out.join(format!("changes{suffix}.patch")), patch));
                files.push((out.join(format!("body{suffix}.md")), offer.text));
            }
        }
        problems
    };
    for (path, why) in &problems {
        ui.warn(&clean_line(&format!("{path}: {why}")));
    }
    if files.is_empty() {
        ui.note("nothing to do: nothing is missing that would be proposed");
        return Ok(Status::Done);
    }
    let failed = |path: &Path, e: &std::io::Error| Error::Write { path: path.to_owned(), reason: e.to_string() };
    std::fs::create_dir_all(&out).map_err(|e| failed(&out, &e))?;
    for (path, text) in &files {
        std::fs::write(path, text).map_err(|e| failed(path, &e))?;
        ui.out(&format!("{}\n", clean_line(&path.display().to_string())));
    }
    Ok(Status::Done)
}
