//! What lies before the person: the files of one project, what was decided, and the plan that
//! follows from it. All texts of the review are made here, from that plan.

use super::keys;
use super::row::{self, Kind, Row};
use super::state::{Review, Screen};
use crate::audit::{Applicability, Finding, Fix, Severity};
use crate::cli::remedy::say;
use crate::cli::{moving, next, page};
use crate::edge::disk::Disk;
use crate::error::{Error, Result};
use crate::plan::source::Buffers;
use crate::plan::{Commented, Decision, Decisions, Files, Input, Options, Plan, Purpose, comments, exclusions};
use crate::report::diff;
use crate::report::remarks::services;
use crate::report::style::{Look, pad, paint, wrap};
use crate::rewrite::{Outcome, Rewrite, rewrite};
use crate::text::{clean, clean_line, count};
use std::cell::OnceCell;
use std::collections::HashSet;

/// A project under review.
pub(super) struct Session<'f> {
    files: &'f Files<'f>,
    input: &'f Input,
    pub(super) options: Options,
    pub(super) plan: Plan<'f>,
    pub(super) color: bool,
    /// The services whose change was a guess before anything was decided.
    guesses: HashSet<String>,
    /// What an audit says of the project as it is.
    known: OnceCell<Vec<Finding>>,
}

impl<'f> Session<'f> {
    /// Plans the project, with nothing decided.
    ///
    /// Errors: as for [`Plan::of`].
    pub(super) fn new(files: &'f Files<'f>, input: &'f Input, options: &Options, color: bool) -> Result<Self> {
        let mut options = Options { decisions: Some(Decisions::new()), ..options.clone() };
        options.selection.limits = true;
        let plan = Plan::found(files, &options)?;
        let rows = row::rows(&plan, &Decisions::new(), &HashSet::new())?;
        let guesses = rows.into_iter().filter(|row| row.kind == Kind::Guess).map(|row| row.name).collect();
        Ok(Self { files, input, options, plan, color, guesses, known: OnceCell::new() })
    }

    /// Plans the project anew.
    ///
    /// Errors: as for [`Plan::of`].
    pub(super) fn decide(&mut self, decisions: Decisions) -> Result<()> {
        self.options.decisions = Some(decisions);
        self.plan = Plan::found(self.files, &self.options)?;
        Ok(())
    }

    /// The services.
    ///
    /// Errors: a law does not hold.
    pub(super) fn rows(&self) -> Result<Vec<Row>> {
        row::rows(&self.plan, self.options.decisions.as_ref().unwrap_or(&Decisions::new()), &self.guesses)
    }

    /// What an audit would say of a service, or of each, once these files are written, beyond what it says now: what fails or loses
    /// something because a person chose it.
    ///
    /// Errors: what is written cannot be read again.
    pub(super) fn concerns(&self, rewrites: &[Rewrite], is_meant: impl Fn(&str) -> bool) -> Result<Vec<Finding>> {
        let mut after = Buffers::over(&Disk);
        for rewrite in rewrites {
            if let Some(loaded) = self.files.loaded(rewrite.file()) {
                after.put(loaded.path(), rewrite.after().text())?;
            }
        }
        let options = Options { purpose: Purpose::Report, decisions: None, ..self.options.clone() };
        if self.known.get().is_none() {
            // Nobody else fills it meanwhile.
            let _ = self.known.set(Plan::of(self.files, &options)?.findings);
        }
        let known: HashSet<_> = self.known.get().into_iter().flatten().map(|f| (&*f.service, f.rule, &*f.message)).collect();
        let files = Files::read(&after, self.input)?;
        let plan = Plan::of(&files, &options)?;
        let is_new = |f: &&Finding| {
            let counts = f.ignored.is_none() && plan.severity(f.rule) >= Severity::Warning && is_meant(&f.service);
            counts && !known.contains(&(&*f.service, f.rule, &*f.message))
        };
        Ok(plan.findings.iter().filter(is_new).cloned().collect())
    }

    /// What is to be said of the change of one service before it is taken: what of it only the person knows, and what gets lost.
    ///
    /// Errors: as for [`Self::concerns`].
    pub(super) fn doubts(&self, fix: &Fix, outcome: &Outcome) -> Result<Vec<String>> {
        let is_changed = self.decision(&fix.service).is_some_and(changes_something);
        let found = if is_changed { self.concerns(&outcome.rewrites, |service| service == fix.service)? } else { Vec::new() };
        let lost = moving::loss(fix).map(|lost| format!("warning: {lost}"));
        Ok(found.iter().map(|finding| self.said(finding, false)).chain(lost).map(|line| clean_line(&line)).collect())
    }

    /// How sure a change is.
    pub(super) fn risk(&self, kind: Kind, fix: &Fix) -> String {
        risk(kind, fix, self.decision(&fix.service))
    }

    fn decision(&self, service: &str) -> Option<&Decision> {
        self.options.decisions.as_ref()?.get(service)
    }

    /// A finding as a line.
    fn said(&self, finding: &Finding, names_service: bool) -> String {
        let service = if names_service { format!("{}: ", finding.service) } else { String::new() };
        format!("{}: {service}{} [{}]", self.plan.severity(finding.rule), finding.message, finding.rule.id())
    }

    /// Which project it is: its first file.
    pub(super) fn name(&self) -> String {
        let first = self.files.sources().files().first();
        first.map_or(String::new(), |source| clean_line(source.stream.text().name()))
    }

    /// What stands below the list of services, or instead of it.
    ///
    /// Errors: an interrupt.
    pub(super) fn text(&self, review: &Review, width: usize) -> Result<String> {
        let text = match &review.screen {
            Screen::Help => Ok(help(width, self.color)),
            Screen::Rule(rule) => Ok(page::render(rule.page(), width, self.color)),
            Screen::Sum => self.sum(review, width),
            Screen::Leave => Ok(leaving(review, width)),
            Screen::File => {
                let taken = |name: &str| review.is_taken(name);
                self.file(review.rows.get(review.cursor).map(|row| &*row.name), taken, width)
            }
            Screen::List | Screen::Dialog(_) => match review.rows.get(review.cursor) {
                Some(row) => self.service(row, width),
                None => Ok("no service is selected".to_owned()),
            },
        };
        // What broke a law is not shown, and why is said in its place.
        text.or_else(|error| match error {
            Error::Interrupted => Err(error),
            _ => Ok(wrapped(&clean_line(&format!("error: {error}")), width, 0)),
        })
    }

    /// The change of one service with its reasons, or why there is none.
    fn service(&self, row: &Row, width: usize) -> Result<String> {
        let mut text = String::new();
        for finding in self.plan.findings.iter().filter(|f| f.service == row.name) {
            let title = format!("{} {} [{}]", finding.service, finding.message, finding.rule.id());
            for line in wrap(&clean_line(&title), width) {
                text += &format!("{}\n", paint(self.color, Look::Bold, &line));
            }
            if let Some(remedy) = finding.remedy.as_ref().filter(|_| finding.fix.is_none()) {
                text += &wrapped(&clean_line(&format!("hint: {}", say(remedy))), width, 6);
            }
            if let Some(fix) = &finding.fix {
                let outcome = self.outcome(fix)?;
                text += &wrapped(&self.risk(row.kind, fix), width, 0);
                for doubt in self.doubts(fix, &outcome)? {
                    text += &wrapped(&doubt, width, 2);
                }
                text += &self.alone(&outcome, width);
            }
        }
        if row.kind == Kind::Ignored {
            text += &wrapped(&clean_line(&format!("{} is ignored: {}", row.name, row.brief)), width, 0);
        } else if text.is_empty() {
            text = wrapped(&clean_line(&format!("{}: {}", row.name, row.brief)), width, 0);
        }
        Ok(text)
    }

    /// What is written for one service if it is the only one.
    pub(super) fn outcome(&self, fix: &Fix) -> Result<Outcome> {
        rewrite(&self.plan.project, &[fix], &self.plan.needs, self.plan.rewriting())
    }

    fn alone(&self, outcome: &Outcome, width: usize) -> String {
        let mut text = String::new();
        for rewrite in &outcome.rewrites {
            if outcome.rewrites.len() > 1 {
                text += &format!("{}\n", paint(self.color, Look::Bold, &clean_line(rewrite.before().name())));
            }
            text += &diff::view(rewrite, diff::CONTEXT, width, self.color);
        }
        for refused in &outcome.refused {
            text += &wrapped(&clean_line(&format!("alone this cannot be written: {}", refused.why)), width, 0);
        }
        text
    }

    /// The files that change, whole, as they would be with what is taken and the change of the service that is looked at.
    pub(super) fn file(&self, service: Option<&str>, is_taken: impl Fn(&str) -> bool, width: usize) -> Result<String> {
        let fixes = self.plan.findings.iter().filter_map(|f| f.fix.as_ref());
        let fixes: Vec<&Fix> = fixes.filter(|fix| is_taken(&fix.service) || Some(&*fix.service) == service).collect();
        let rewrites = rewrite(&self.plan.project, &fixes, &self.plan.needs, self.plan.rewriting())?.rewrites;
        if !rewrites.is_empty() {
            let title = |r: &Rewrite| paint(self.color, Look::Bold, &clean_line(r.before().name())) + "\n";
            let titled = |r| if rewrites.len() > 1 { title(r) } else { String::new() } + &diff::view(r, diff::WHOLE, width, self.color);
            return Ok(rewrites.iter().map(titled).collect());
        }
        let first = self.plan.project.sources.files().first();
        Ok(first.map_or(String::new(), |source| clean(source.stream.text().text()).replace('\t', "    ")))
    }

    /// The plan of what was decided.
    ///
    /// Errors: as for [`Plan::of`].
    fn decided(&self, review: &Review) -> Result<Plan<'f>> {
        Plan::of(self.files, &self.decided_options(review))
    }

    /// What that plan is asked for.
    pub(super) fn decided_options(&self, review: &Review) -> Options {
        Options { decisions: Some(review.decisions()), ..self.options.clone() }
    }

    /// All that would be written, by the plan that writes it.
    fn sum(&self, review: &Review, width: usize) -> Result<String> {
        let plan = self.decided(review)?;
        let mut text = wrapped(&sentence(review, &plan), width, 0);
        let loaded: Vec<_> = plan.rewrites.iter().filter_map(|r| self.files.loaded(r.file())).collect();
        if let Some(warning) = next::no_way_back(&loaded) {
            text += &wrapped(&clean_line(&format!("warning: {warning}")), width, 2);
        }
        let decisions = review.decisions();
        let is_changed = |service: &str| decisions.get(service).is_some_and(|d| d.take && changes_something(d));
        if plan.changed().any(is_changed) {
            for finding in self.concerns(&plan.rewrites, is_changed)? {
                text += &wrapped(&clean_line(&self.said(&finding, true)), width, 2);
            }
        }
        for refused in &plan.refused {
            let what = format!("warning: {} is not changed: {}", refused.service, refused.why);
            text += &wrapped(&clean_line(&what), width, 2);
        }
        let left_behind = moving::left_behind(&plan)?;
        for kept in &left_behind {
            text += &wrapped(&clean_line(&format!("warning: {}", moving::sentence(kept))), width, 2);
        }
        for fix in plan.accepted.iter().filter(|fix| !left_behind.iter().any(|kept| kept.service == fix.service)) {
            if let Some(lost) = moving::loss(fix) {
                text += &wrapped(&clean_line(&format!("warning: {}: {lost}", fix.service)), width, 2);
            }
        }
        for rewrite in &plan.rewrites {
            text += &format!("\n{}\n", paint(self.color, Look::Bold, &clean_line(rewrite.before().name())));
            text += &diff::view(rewrite, diff::CONTEXT, width, self.color);
        }
        for Commented { file, after, lines } in comments(&plan, &review.decisions())? {
            let name = plan.project.sources.file(file).map_or("", |source| source.stream.text().name());
            text += &format!("\n{}\n", paint(self.color, Look::Bold, &clean_line(&format!("{name}, new comments"))));
            for number in lines {
                let shown = after.lines().nth(number - 1).unwrap_or_default();
                text += &format!("{}\n", paint(self.color, Look::Added, &clean_line(&format!("{number:>3} + {shown}"))));
            }
        }
        if let Some((loaded, after)) = exclusions(self.files, &review.decisions())? {
            text += &format!("\n{}\n", paint(self.color, Look::Bold, &clean_line(&loaded.path().display().to_string())));
            for line in after.strip_prefix(loaded.file().text()).unwrap_or(&after).trim().lines() {
                text += &format!("{}\n", paint(self.color, Look::Added, &format!("+ {}", clean_line(line))));
            }
        }
        Ok(text)
    }
}

/// Whether a decision makes the change of a service another one.
fn changes_something(decision: &Decision) -> bool {
    let plain = Decision { take: decision.take, ignored: decision.ignored.clone(), ..Decision::default() };
    *decision != plain
}

/// How sure it is that a service works with a change.
fn risk(kind: Kind, fix: &Fix, decision: Option<&Decision>) -> String {
    let text = match (kind, fix.applicability) {
        (Kind::Choice, _) => return "Your choice: nothing says that it works with these paths. Try it before you rely on it.".to_owned(),
        (Kind::Guess, _) | (_, Applicability::Unsafe) => {
            "This is a guess: some of the changes are assumed, not documented. Try them before you rely on them."
        }
        (_, Applicability::Safe) => "The changes are documented for its image: it should work as before.",
    };
    let choice = if decision.is_some_and(Decision::is_of_paths) { " The paths are your choice." } else { "" };
    format!("{text}{choice}")
}

/// Lines of at most `width` columns, all but the first with blanks before them.
fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let lines = wrap(text, width.saturating_sub(indent));
    lines.join(&format!("\n{}", " ".repeat(indent))) + "\n"
}

/// "accept 2 services (web, api); skip 1 service (db)".
fn sentence(review: &Review, plan: &Plan<'_>) -> String {
    let taken: Vec<&str> = plan.changed().collect();
    let of = |wanted: Option<bool>| -> Vec<&str> {
        let rows = (0..review.rows.len()).filter(|i| review.can_change(*i) && review.verdicts[*i].take == wanted);
        rows.map(|i| review.rows[i].name.as_str()).collect()
    };
    let taken_as = |kind: Kind| -> Vec<&str> {
        review.rows.iter().filter(|r| r.kind == kind && taken.contains(&r.name.as_str())).map(|r| r.name.as_str()).collect()
    };
    let accepted = if taken.is_empty() { "nothing".to_owned() } else { services(&taken) };
    let mut parts = vec![format!("accept {accepted}")];
    for (what, names) in [
        ("of these a guess:", taken_as(Kind::Guess)),
        ("of these your choice:", taken_as(Kind::Choice)),
        ("skip", of(Some(false))),
        ("not decided, so left as they are:", of(None)),
    ] {
        if !names.is_empty() {
            parts.push(format!("{what} {}", services(&names)));
        }
    }
    let ignored = review.verdicts.iter().map(|v| v.decision.ignored.len()).sum();
    if ignored > 0 {
        parts.push(format!("ignore {}", count(ignored, "finding", "findings")));
    }
    parts.join("; ")
}

fn leaving(review: &Review, width: usize) -> String {
    let decided = review.verdicts.iter().filter(|v| v.take.is_some() || *v != &super::state::Verdict::default()).count();
    let lost = format!("Leave without writing? What you decided about {} is lost.", count(decided, "service", "services"));
    wrapped(if decided == 0 { "Leave without writing?" } else { &lost }, width, 0)
}

/// The keys, each with what it does.
fn help(width: usize, color: bool) -> String {
    let widest = keys::LIST.iter().map(|(key, ..)| key.len()).max().unwrap_or(0);
    let line = |(key, _, what): &(&str, &str, &str)| {
        let lines = wrap(what, width.saturating_sub(widest + 2).max(10));
        format!("{}  {}\n", paint(color, Look::Bold, &pad(key, widest)), lines.join(&format!("\n{}", " ".repeat(widest + 2))))
    };
    keys::LIST.iter().map(line).collect()
}
