//! Reviews a pull request that somebody else opened.

use super::offer::{Planned, Wanted};
use super::{Target, below, is_open};
use crate::cli::args::Pr;
use crate::cli::ui::Ui;
use crate::compose::Project;
use crate::edge::commit::{CommitFiles, Origin};
use crate::edge::forge::{NewLineComment, NewReview, Pull, Reviews};
use crate::error::{Error, Result};
use crate::propose::WORKFLOWS;
use crate::propose::report::Report;
use crate::propose::review::{self, Done, Draft, Known, Row, Summary};
use crate::text::{clean, clean_line, count};

/// How often everything is read again after somebody pushed in between.
const ROUNDS: usize = 2;

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
        expect_others(&pull)?;
        if let Some(done) = review::ended(&pull) {
            return Ok(Report { repository, review: Some(review::row(&pull, done)), ..Report::default() });
        }
        ui.status("reading the files");
        let diffs = review::diffs(reviews.changed(number)?);
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
        let without = |project: &Project<'_>| review::untouched(project, &diffs);
        // Not every pull request is worth reading all projects.
        let is_yaml = |path: &&String| [".yaml", ".yml"].iter().any(|ending| path.ends_with(ending));
        let Planned { units, problems, .. } = if diffs.keys().filter(is_yaml).any(|path| !path.starts_with(WORKFLOWS)) {
            wanted.plan_without(&commit, &paths, &without)?
        } else {
            Planned { units: Vec::new(), problems: Vec::new(), unread: Vec::new() }
        };
        let (units, about) = review::meant(units, problems, &diffs);
        let mut draft = known(target, reviews, number)?.draft(&units, review::pieces(&units, &diffs), &about);
        let problems: Vec<String> = about.problems.iter().map(|(path, why)| format!("{path}: {why}")).collect();
        let mut warnings = Vec::new();
        if args.dry_run {
            ui.progress_done();
            if !args.json {
                show(&draft, ui);
            }
        } else {
            ui.status("talking to the forge");
            if !draft.new.is_empty() {
                let new = NewReview { commit: pull.head_commit.clone(), body: review::ABOVE.into(), comments: draft.new.clone() };
                match reviews.review(number, &new) {
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
            sum_up(&draft, target, number)?;
        }
        problems.iter().for_each(|problem| ui.warn(&clean_line(problem)));
        let row = Row { warnings, ..draft.row(&pull) };
        return Ok(Report { repository, review: Some(row), problems, ..Report::default() });
    }
}

/// Errors: the pull request is one of this program's own.
fn expect_others(pull: &Pull) -> Result<()> {
    if !review::is_own(pull) {
        return Ok(());
    }
    let what = format!("pull request {} is one of this program's own: its branch is {}", pull.number, pull.head);
    Err(Error::Usage(what, Some("without --review it is brought up to date".into())))
}

/// What this program said before.
fn known(target: &Target, reviews: &dyn Reviews, number: u64) -> Result<Known> {
    let (on_lines, comments) = (reviews.line_comments(number)?, target.forge.comments(number)?);
    let account = if review::may_be_ours(&on_lines, &comments) { reviews.account()? } else { None };
    Ok(Known::of(&on_lines, comments, account.as_deref()))
}

/// Posts the comment that sums up, or brings it up to date.
fn sum_up(draft: &Draft, target: &Target, number: u64) -> Result<()> {
    match (draft.change(), &draft.summary, &draft.before) {
        (Summary::Posted, Some(text), _) => target.forge.comment(number, text).map(drop),
        (Summary::Updated, Some(text), Some(before)) => target.forge.edit_comment(number, before.id, text).map(drop),
        _ => Ok(()),
    }
}

/// Prints what would be said.
fn show(draft: &Draft, ui: &Ui) {
    for NewLineComment { path, first, last, body } in &draft.new {
        let lines = if first == last { format!("line {first}") } else { format!("lines {first} to {last}") };
        ui.out(&format!("# {}, {lines}\n\n{}\n\n", clean_line(path), clean(body)));
    }
    if let (Some(text), Summary::Posted | Summary::Updated) = (&draft.summary, draft.change()) {
        ui.out(&format!("# Comment that sums up\n\n{}\n", clean(text)));
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
