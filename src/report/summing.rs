//! A report summed up for people: what can be done about findings, how many there are of each rule,
//! and what to do first.

use super::data::{Applicability, Finding, Remedy, Report, Service, Severity};
use super::order;
use super::style::{Look, pad, paint};
use crate::evidence::Extra;
use crate::text::count;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What the program can do about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// It fixes it.
    Fix,
    /// It does when a guess is allowed.
    Guess,
    /// `--with` does.
    Extra,
}

impl Mark {
    /// That of a finding about a service.
    pub(super) fn of(finding: &Finding, service: Option<&Service>) -> Option<Self> {
        match &finding.fix {
            Some(fix) if fix.applicability == Applicability::Safe || service.is_some_and(is_planned) => Some(Self::Fix),
            Some(_) => Some(Self::Guess),
            None => with(finding).map(|_| Self::Extra),
        }
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Fix => "[*]",
            Self::Guess => "[?]",
            Self::Extra => "[+]",
        }
    }
}

/// Whether the plan changes a service: also what is assumed, where a person agreed to it.
fn is_planned(service: &Service) -> bool {
    let root = &service.surface;
    root.before.root != root.after.root || service.mounts.iter().any(|m| m.planned)
}

/// The extra that mends a finding.
fn with(finding: &Finding) -> Option<&'static str> {
    match finding.remedy? {
        Remedy::Extra { name } if name != Extra::NamedVolumes.name() => Some(name),
        _ => None,
    }
}

/// The extra that a finding is an offer of, and nothing else: it says nothing about a place, and nothing that fails.
pub(super) fn extra(finding: &Finding) -> Option<&'static str> {
    with(finding).filter(|name| ![Extra::ReadOnlyBinds.name(), Extra::Healthcheck.name()].contains(name))
}

/// The colour of a severity.
pub(super) fn look(severity: Severity) -> Look {
    match severity {
        Severity::Error => Look::Error,
        Severity::Warning => Look::Warning,
        Severity::Note => Look::Hint,
    }
}

/// A rule by its severity, the worst first.
type BySeverity<'r> = (Reverse<Severity>, &'r str);
/// How many findings of a rule there are, and what can be done about them.
type Counted = (usize, Option<Mark>);

/// How many findings there are of each rule, the worst rules first.
pub fn statistics(report: &Report, color: bool) -> String {
    let mut counts: BTreeMap<BySeverity<'_>, Counted> = BTreeMap::new();
    for finding in report.projects.iter().flat_map(|p| &p.findings).filter(|f| f.ignored.is_none()) {
        let (number, mark) = counts.entry((Reverse(finding.severity), finding.rule)).or_default();
        *number += 1;
        *mark = mark.or(Mark::of(finding, None));
    }
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by_key(|((severity, _), (number, _))| (*severity, Reverse(*number)));
    let digits = rows.iter().map(|(_, (number, _))| number.to_string().len()).max().unwrap_or(0);
    let line = |((Reverse(severity), rule), (number, mark)): &(BySeverity<'_>, Counted)| {
        let severity = paint(color, look(*severity), severity.name()) + &" ".repeat(7 - severity.name().len());
        let mark = pad(mark.map_or("", Mark::text), 3);
        format!("{number:>digits$}  {severity}  {mark}  {rule}\n")
    };
    rows.iter().map(line).collect()
}

/// What can be done about what is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many findings have a fix.
    Fix(usize),
    /// So many have one that is a guess.
    Guess(usize),
    /// These extras take more away.
    Extras(Vec<&'static str>),
    /// So many errors need a person; this rule is that of the first one.
    ByHand(usize, &'static str),
}

/// What to do first, in this order.
pub fn steps(report: &Report) -> Vec<Step> {
    let (mut fixes, mut guesses) = (0, 0);
    let mut extras: Vec<&'static str> = Vec::new();
    let mut by_hand: Vec<&Finding> = Vec::new();
    for project in &report.projects {
        let groups = order::services(project);
        let of_services = groups.iter().flat_map(|(service, findings)| findings.iter().map(move |f| (*f, Some(*service))));
        for (finding, service) in of_services.chain(order::about_no_service(project).into_iter().map(|f| (f, None))) {
            match Mark::of(finding, service) {
                Some(Mark::Fix) => fixes += 1,
                Some(Mark::Guess) => guesses += 1,
                Some(Mark::Extra) => extras.extend(with(finding)),
                None if finding.severity == Severity::Error => by_hand.push(finding),
                None => {}
            }
        }
    }
    let mut steps = Vec::new();
    if fixes > 0 {
        steps.push(Step::Fix(fixes));
    }
    if guesses > 0 {
        steps.push(Step::Guess(guesses));
    }
    let names: Vec<&'static str> = Extra::ALL.iter().map(|e| e.name()).filter(|name| extras.contains(name)).collect();
    if !names.is_empty() {
        steps.push(Step::Extras(names));
    }
    if let Some(first) = by_hand.first() {
        steps.push(Step::ByHand(by_hand.len(), first.rule));
    }
    steps
}

/// All in one sentence.
pub fn sentence(report: &Report) -> String {
    let sum = &report.summary;
    let many = |number, one: &str| count(number, one, &format!("{one}s"));
    let mut text = format!(
        "{} in {}: {}, {}, {}",
        many(sum.services, "service"),
        many(sum.projects, "project"),
        many(sum.errors, "error"),
        many(sum.warnings, "warning"),
        many(sum.notes, "note")
    );
    if sum.ignored > 0 {
        text += &format!(", {} ignored", sum.ignored);
    }
    if sum.failed > 0 {
        text += &format!("; {} could not be read", many(sum.failed, "project"));
    }
    if let Some(surface) = &sum.surface {
        text += &format!("; writable surface {}", surface.before);
        if surface.after != surface.before {
            text += &format!(", {} after the planned changes", surface.after);
        }
    }
    text
}
