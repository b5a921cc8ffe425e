//! A review of a pull request that somebody else opened: suggestions on the lines of its diff, and one comment that sums up. What was
//! said before is read from the forge and not said again.

mod hunks;
mod place;
mod text;

use super::body::About;
use super::offer::{Planned, Unit, WORKFLOWS, Wanted};
use super::{Report, Target, below, is_open};
use crate::cli::args::Pr;
use crate::cli::ui::Ui;
use crate::compose::Project;
use crate::edge::commit::{CommitFiles, Origin};
use crate::edge::forge::{Comment, LineComment, NewLineComment, NewReview, Pull, Reviews, State};
use crate::error::{Error, Result};
use crate::text::{clean, clean_line, count};
use place::{Diffs, Piece, Why};
use serde::Serialize;
use std::collections::HashMap;
use std::path::Path;

/// How often everything is read anew after somebody pushed in between.
const ROUNDS: usize = 2;
/// What branches of ours start with.
const OWN: [&str; 2] = ["rofs-harden/", "rofs-harden-project/"];

/// What became of a review, for programs.
#[derive(Clone, Debug, Serialize)]
pub(in crate::cli) struct Row {
    number: u64,
    url: String,
    /// The commit that was looked at.
    commit: String,
    /// With `--dry-run` what would be done.
    done: Done,
    /// Where suggestions are.
    suggestions: Vec<Suggestion>,
    /// What cannot be suggested.
    by_hand: Vec<ByHand>,
    /// What became of the comment that sums up.
    summary: Summary,
    warnings: Vec<String>,
}

/// What was done with a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Done {
    Reviewed,
    /// All is said already.
    Kept,
    /// Nothing is missing.
    Nothing,
    /// It was closed before.
    Closed,
    /// It was merged before.
    Merged,
}

/// What was done with the comment that sums up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Summary {
    Posted,
    Updated,
    Kept,
    /// There is none.
    None,
}

impl Summary {
    fn word(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Updated => "updated",
            Self::Kept => "kept",
            Self::None => "none",
        }
    }
}

/// A suggestion.
#[derive(Clone, Debug, Serialize)]
struct Suggestion {
    path: String,
    first_line: usize,
    last_line: usize,
    services: Vec<String>,
    /// Whether it was not there before.
    is_new: bool,
}

/// A change that cannot be suggested.
#[derive(Clone, Debug, Serialize)]
struct ByHand {
    path: String,
    /// The line that it replaces or follows.
    line: usize,
    services: Vec<String>,
    why: &'static str,
    /// The lines that take its place or follow it.
    yaml: Vec<String>,
}

/// What is to be said on a pull request.
struct Draft {
    pieces: Vec<Piece>,
    /// Suggestions that are not there yet.
    new: Vec<NewLineComment>,
    /// The text that sums up; `None` if there is nothing to say.
    summary: Option<String>,
    /// The comment with the one from before.
    before: Option<Comment>,
}

/// Reviews a pull request.
///
/// Errors: it is one of ours; the forge's client makes no reviews; those of the forge and of planning.
pub(super) fn review(ui: &Ui, args: &Pr, wanted: &Wanted<'_>, target: &Target, number: u64) -> Result<Report> {
    ui.status("asking the forge");
    let Some(reviews) = target.forge.reviews() else {
        let hint = "without --review, a pull request with the change is opened on every forge".to_owned();
        return Err(Error::Usage("reviews are made on GitHub only".into(), Some(hint)));
    };
    let repository = is_open(target)?.full_name;
    let paths = target.checkout.as_ref().map_or(Ok(args.paths.clone()), |(git, _)| below(git.top(), &args.paths))?;
    let mut round = 1;
    loop {
        let pull = target.forge.pull(number)?;
        if let Some(done) = ended(&pull)? {
            let report = Report { repository, review: Some(row(&pull, done)), ..Report::default() };
            return Ok(report);
        }
        ui.status("reading the files");
        let diffs = place::diffs(reviews.changed(number)?);
        // What is looked at below is this commit, and the diffs are those of the last one.
        if round < ROUNDS && target.forge.pull(number)?.head_commit != pull.head_commit {
            round += 1;
            continue;
        }
        let origin = match &target.checkout {
            Some((git, _)) if git.has(&pull.head_commit)? => Origin::Git(git),
            // A fork's commits are there for those who ask by their id.
            _ => Origin::Forge(&*target.forge),
        };
        let commit = CommitFiles::new(origin, &pull.head_commit)?;
        let without = |project: &Project<'_>| place::untouched(project, &diffs);
        // Not every pull request is worth reading all projects.
        let is_yaml = |path: &&String| [".yaml", ".yml"].iter().any(|ending| path.ends_with(ending));
        let planned = if diffs.keys().filter(is_yaml).any(|path| !path.starts_with(WORKFLOWS)) {
            wanted.plan_without(&commit, &paths, &without)?
        } else {
            Planned { units: Vec::new(), problems: Vec::new(), unread: Vec::new() }
        };
        let (units, about) = meant(planned, &diffs);
        let mut pieces = place::pieces(&units, &diffs);
        let known = Known::of(target, reviews, number)?;
        let mut draft = known.draft(&units, &mut pieces, &about);
        let problems: Vec<String> = about.problems.iter().map(|(path, why)| format!("{path}: {why}")).collect();
        let mut warnings = Vec::new();
        if args.dry_run {
            ui.progress_done();
            if !args.json {
                draft.show(ui);
            }
        } else {
            ui.status("talking to the forge");
            if !draft.new.is_empty() {
                let review = NewReview { commit: pull.head_commit.clone(), body: text::ABOVE.into(), comments: draft.new.clone() };
                match reviews.review(number, &review) {
                    Err(Error::Forge(e)) if e.status == Some(422) && round < ROUNDS => {
                        round += 1;
                        continue;
                    }
                    Err(Error::Forge(e)) if e.status == Some(422) => {
                        draft.refuse(&units, &about);
                        warnings.push(format!("no suggestion was made: {e}"));
                    }
                    done => done?,
                }
            }
            draft.sum_up(target, number)?;
        }
        problems.iter().for_each(|problem| ui.warn(&clean_line(problem)));
        let row = Row { warnings, ..draft.row(&pull) };
        return Ok(Report { repository, review: Some(row), problems, ..Report::default() });
    }
}

/// What is said of a pull request of which nothing more is expected.
///
/// Errors: it is one of ours.
fn ended(pull: &Pull) -> Result<Option<Done>> {
    if OWN.iter().any(|start| pull.head.starts_with(start)) {
        let what = format!("pull request {} is one of this program's own: its branch is {}", pull.number, pull.head);
        return Err(Error::Usage(what, Some("without --review it is brought up to date".into())));
    }
    Ok(match pull.state {
        State::Open => None,
        State::Closed => Some(Done::Closed),
        State::Merged => Some(Done::Merged),
    })
}

/// What of all that was planned is about the files of the pull request.
fn meant(planned: Planned, diffs: &Diffs) -> (Vec<Unit>, About) {
    let is_near = |folder: &str| {
        diffs.keys().any(|path| path == folder || Path::new(path).parent() == Some(Path::new(if folder == "." { "" } else { folder })))
    };
    let problems = planned.problems.into_iter().filter(|(folder, _)| is_near(folder)).collect();
    let mut units = planned.units;
    for plan in units.iter_mut().map(|unit| &mut unit.plan) {
        let looked_at: Vec<&str> = plan.report.iter().flat_map(|report| &report.services).map(|service| service.name.as_str()).collect();
        plan.left_out.retain(|(service, _)| looked_at.contains(&service.as_str()));
    }
    (units, About { problems, ..About::default() })
}

/// What was said before by this program.
struct Known {
    /// Keys of suggestions, each with whether it is on lines of the diff still.
    keys: HashMap<String, bool>,
    summary: Option<Comment>,
}

impl Known {
    fn of(target: &Target, reviews: &dyn Reviews, number: u64) -> Result<Self> {
        let (on_lines, comments) = (reviews.line_comments(number)?, target.forge.comments(number)?);
        let may_be_ours = on_lines.iter().any(|c| text::key_of(&c.body).is_some()) || comments.iter().any(|c| text::is_summary(&c.body));
        // A stranger may write what looks like ours. Names of apps, and only those, end like this.
        let account = if may_be_ours { reviews.account()? } else { None };
        let is_own = |author: &str| account.as_ref().map_or(author.ends_with("[bot]"), |own| own.eq_ignore_ascii_case(author));
        let mut keys = HashMap::new();
        for LineComment { body, line, .. } in on_lines.iter().filter(|comment| is_own(&comment.author)) {
            if let Some(key) = text::key_of(body) {
                *keys.entry(key.to_owned()).or_insert(false) |= line.is_some();
            }
        }
        let summary = comments.into_iter().find(|comment| is_own(&comment.author) && text::is_summary(&comment.body));
        Ok(Self { keys, summary })
    }

    /// What is to be said now.
    fn draft(self, units: &[Unit], pieces: &mut Vec<Piece>, about: &About) -> Draft {
        let mut pieces = std::mem::take(pieces);
        for piece in pieces.iter_mut().filter(|piece| piece.why.is_none()) {
            piece.why = (self.keys.get(&piece.key()) == Some(&false)).then_some(Why::Outdated);
        }
        let is_new = |piece: &&Piece| piece.why.is_none() && !self.keys.contains_key(&piece.key());
        let new = pieces.iter().filter(is_new).map(|piece| text::suggestion(piece, &pieces)).collect();
        let is_quiet = pieces.is_empty() && self.summary.is_none();
        let summary = (!is_quiet).then(|| text::summary(units, &pieces, about));
        Draft { new, summary, before: self.summary, pieces }
    }
}

impl Draft {
    /// Gives up the suggestions that are not there yet, as the forge does not take them.
    fn refuse(&mut self, units: &[Unit], about: &About) {
        let new = std::mem::take(&mut self.new);
        let is_new = |piece: &Piece| new.iter().any(|c| c.path == piece.path && c.first == piece.first);
        for piece in self.pieces.iter_mut().filter(|piece| piece.why.is_none() && is_new(piece)) {
            piece.why = Some(Why::Refused);
        }
        self.summary = Some(text::summary(units, &self.pieces, about));
    }

    /// What the comment that sums up needs.
    fn change(&self) -> Summary {
        let is_same = |one: &str, other: &str| one.trim_end().replace("\r\n", "\n") == other.trim_end().replace("\r\n", "\n");
        match (&self.summary, &self.before) {
            (None, _) => Summary::None,
            (Some(_), None) => Summary::Posted,
            (Some(text), Some(before)) if is_same(text, &before.body) => Summary::Kept,
            (Some(_), Some(_)) => Summary::Updated,
        }
    }

    fn sum_up(&self, target: &Target, number: u64) -> Result<()> {
        match (self.change(), &self.summary, &self.before) {
            (Summary::Posted, Some(text), _) => target.forge.comment(number, text).map(drop),
            (Summary::Updated, Some(text), Some(before)) => target.forge.edit_comment(number, before.id, text).map(drop),
            _ => Ok(()),
        }
    }

    /// Prints what would be said.
    fn show(&self, ui: &Ui) {
        for NewLineComment { path, first, last, body } in &self.new {
            let lines = if first == last { format!("line {first}") } else { format!("lines {first} to {last}") };
            ui.out(&format!("# {}, {lines}\n\n{}\n\n", clean_line(path), clean(body)));
        }
        if let (Some(text), Summary::Posted | Summary::Updated) = (&self.summary, self.change()) {
            ui.out(&format!("# Comment that sums up\n\n{}\n", clean(text)));
        }
    }

    fn row(&self, pull: &Pull) -> Row {
        let summary = self.change();
        let done = match (self.new.is_empty(), summary) {
            (true, Summary::None) => Done::Nothing,
            (true, Summary::Kept) => Done::Kept,
            _ => Done::Reviewed,
        };
        let is_new = |piece: &Piece| self.new.iter().any(|c| c.path == piece.path && c.first == piece.first);
        let suggestion = |piece: &Piece| Suggestion {
            path: piece.path.clone(),
            first_line: piece.first,
            last_line: piece.last(),
            services: piece.services.clone(),
            is_new: is_new(piece),
        };
        let by_hand = |piece: &Piece| {
            let (lines, line) = piece.added().unwrap_or((&piece.new, piece.first));
            let (path, services) = (piece.path.clone(), piece.services.clone());
            Some(ByHand { path, line, services, why: piece.why?.text(), yaml: lines.to_vec() })
        };
        Row {
            suggestions: self.pieces.iter().filter(|piece| piece.why.is_none()).map(suggestion).collect(),
            by_hand: self.pieces.iter().filter_map(by_hand).collect(),
            summary,
            ..row(pull, done)
        }
    }
}

fn row(pull: &Pull, done: Done) -> Row {
    Row {
        number: pull.number,
        url: pull.url.clone(),
        commit: pull.head_commit.clone(),
        done,
        suggestions: Vec::new(),
        by_hand: Vec::new(),
        summary: Summary::None,
        warnings: Vec::new(),
    }
}

/// Says what was done, or with `--dry-run` what would be.
pub(super) fn say(ui: &Ui, row: &Row, is_dry: bool) {
    let url = clean_line(&row.url);
    match row.done {
        Done::Reviewed if is_dry => ui.note(&format!("would review {url}")),
        Done::Reviewed => ui.out(&format!("reviewed: {url}\n")),
        Done::Kept => ui.note(&format!("nothing to do: all is said on {url}")),
        Done::Nothing => ui.note(&format!("nothing to do: nothing is missing that could be suggested on {url}")),
        Done::Closed => ui.note(&format!("nothing to do: the pull request is closed: {url}")),
        Done::Merged => ui.note(&format!("nothing to do: the pull request is merged: {url}")),
    }
    if row.done == Done::Reviewed {
        let new = row.suggestions.iter().filter(|suggestion| suggestion.is_new).count();
        let suggested = format!("{}, {new} of them new", count(row.suggestions.len(), "suggestion", "suggestions"));
        let by_hand = count(row.by_hand.len(), "change", "changes");
        ui.note(&format!("{suggested}; {by_hand} to be made by hand; comment that sums up: {}", row.summary.word()));
    }
    row.warnings.iter().for_each(|warning| ui.warn(&clean_line(warning)));
}
