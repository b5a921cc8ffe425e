//! What lies before the person: the files of one project, what was decided, and the plan that
//! follows from it. All texts of the review are made here, from that plan.

use super::keys;
use super::row::{self, Kind, Row};
use super::state::{Review, Screen};
use crate::audit::{Applicability, Fix};
use crate::cli::remedy::say;
use crate::cli::{moving, page};
use crate::error::{Error, Result};
use crate::plan::{Commented, Decisions, Files, Options, Plan, comments, exclusions};
use crate::report::diff;
use crate::report::remarks::services;
use crate::report::style::{Look, pad, paint, wrap};
use crate::rewrite::{Outcome, rewrite};
use crate::text::{clean, clean_line, count};

/// A project under review.
pub(super) struct Session<'f> {
    files: &'f Files<'f>,
    pub(super) options: Options,
    pub(super) plan: Plan<'f>,
    pub(super) color: bool,
}

impl<'f> Session<'f> {
    /// Plans the project, with nothing decided.
    ///
    /// Errors: as for [`Plan::of`].
    pub(super) fn new(files: &'f Files<'f>, options: &Options, color: bool) -> Result<Self> {
        let mut options = Options { decisions: Some(Decisions::new()), ..options.clone() };
        options.selection.limits = true;
        let plan = Plan::found(files, &options)?;
        Ok(Self { files, options, plan, color })
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
        row::rows(&self.plan, self.options.decisions.as_ref().unwrap_or(&Decisions::new()))
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
            Screen::File => self.file(review.rows.get(review.cursor), width),
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
                text += &wrapped(risk(fix), width, 0);
                text += &self.alone(fix, width)?;
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

    fn alone(&self, fix: &Fix, width: usize) -> Result<String> {
        let outcome = self.outcome(fix)?;
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
        Ok(text)
    }

    /// The whole file as it would be with the change of one service.
    fn file(&self, row: Option<&Row>, width: usize) -> Result<String> {
        if let Some(fix) = row.and_then(|row| row::fix(&self.plan, &row.name))
            && let Some(rewrite) = self.outcome(fix)?.rewrites.first()
        {
            return Ok(diff::view(rewrite, diff::WHOLE, width, self.color));
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
        for refused in &plan.refused {
            let what = format!("warning: {} is not changed: {}", refused.service, refused.why);
            text += &wrapped(&clean_line(&what), width, 2);
        }
        for kept in moving::left_behind(&plan)? {
            text += &wrapped(&clean_line(&format!("warning: {}", moving::sentence(&kept))), width, 2);
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

/// How sure a change is.
pub(super) fn risk(fix: &Fix) -> &'static str {
    match fix.applicability {
        Applicability::Safe => "The changes are documented for its image: it should work as before.",
        Applicability::Unsafe => "This is a guess: some of the changes are assumed, not documented. Try them before you rely on them.",
    }
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
    let guesses: Vec<&str> =
        review.rows.iter().filter(|r| r.kind == Kind::Guess && taken.contains(&r.name.as_str())).map(|r| r.name.as_str()).collect();
    let accepted = if taken.is_empty() { "nothing".to_owned() } else { services(&taken) };
    let mut parts = vec![format!("accept {accepted}")];
    for (what, names) in [("of these a guess:", guesses), ("skip", of(Some(false))), ("not decided, so left as they are:", of(None))] {
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
    let lost = format!("Leave without writing? What was decided of {} is lost.", count(decided, "service", "services"));
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
