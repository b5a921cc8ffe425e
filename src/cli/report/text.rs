//! Findings and reasons as text for people.

use super::diff;
use crate::audit::{Finding, Rule};
use crate::cli::plan::HeldBack;
use crate::cli::ui::{Ui, clean_line, count};
use crate::compose::Project;
use crate::error::Result;
use crate::rewrite::{Refused, Rewrite, as_layer};
use crate::text::Span;
use std::collections::{HashMap, HashSet};

/// Most names in one sentence.
const MOST_NAMES: usize = 6;

/// `file:line:column` of a place.
fn at(project: &Project<'_>, span: Span) -> String {
    let Some(text) = project.sources.file(span.file).map(|s| s.stream.text()) else { return String::new() };
    let (line, column) = text.line_column(span.start as usize);
    format!("{}:{line}:{column}", text.name())
}

/// Something that was left alone, and why.
pub(in crate::cli) struct Remark {
    /// Place, service, what, and the rule's name.
    text: String,
    /// What to do about it.
    help: Option<String>,
    /// YAML to paste.
    paste: String,
    /// The rule's name.
    pub(in crate::cli) rule: &'static str,
}

impl Remark {
    /// Place, service, what, and the rule's name.
    pub(in crate::cli) fn text(&self) -> &str {
        &self.text
    }
}

/// Findings without a fix, and fixes that could not be placed: what was left alone, why, and what to change.
pub(in crate::cli) fn remarks(project: &Project<'_>, findings: &[Finding], refused: &[Refused]) -> Result<Vec<Remark>> {
    let mut remarks: Vec<Remark> = Vec::new();
    let refused: HashMap<&str, &Refused> = refused.iter().map(|r| (r.service.as_str(), r)).collect();
    for finding in findings {
        let (message, rule, help, paste) = match (&finding.fix, refused.get(finding.service.as_str())) {
            (None, _) => (finding.message.clone(), finding.rule.id(), finding.help.clone(), String::new()),
            (Some(fix), Some(refused)) => {
                (format!("not changed: {}", refused.why), refused.rule.id(), Some(in_a_layer(project)), as_layer(fix)?)
            }
            (Some(_), None) => continue,
        };
        let service = if finding.service.is_empty() { String::new() } else { format!("{}: ", finding.service) };
        let text = format!("{}: {service}{message} [{rule}]", at(project, finding.span));
        remarks.push(Remark { text, help, paste, rule });
    }
    Ok(remarks)
}

/// What to do with a change that has no place in the project's own files.
fn in_a_layer(project: &Project<'_>) -> String {
    let path = project.sources.directory().join("compose.override.yaml");
    format!("a layer of its own can take it (--override {}):", path.display())
}

/// Says what was left alone.
pub(in crate::cli) fn print_remarks(ui: &Ui, remarks: &[Remark]) {
    for remark in remarks {
        ui.warn(&clean_line(&remark.text));
        if let Some(help) = &remark.help {
            ui.hint(&clean_line(help));
        }
        for line in remark.paste.lines() {
            ui.note(&format!("    {}", clean_line(line)));
        }
    }
}

/// What `--check` says, a line each: services of `open`, whose fix can be carried out; those whose fix has no place; and what is not on
/// this machine, so that nobody can say what it lacks.
pub(in crate::cli) fn missing(project: &Project<'_>, findings: &[Finding], open: &HashSet<&str>, refused: &[Refused]) -> Vec<String> {
    let refused: HashMap<&str, &Refused> = refused.iter().map(|r| (r.service.as_str(), r)).collect();
    let mut lines = Vec::new();
    for finding in findings {
        let service = if finding.service.is_empty() { String::new() } else { format!("{}: ", finding.service) };
        let (message, rule) = match (&finding.fix, refused.get(finding.service.as_str())) {
            (None, _) if finding.rule == Rule::NotFollowed => (finding.message.clone(), finding.rule),
            (Some(_), Some(refused)) => (format!("not changed: {}", refused.why), refused.rule),
            (Some(_), None) if open.contains(finding.service.as_str()) => (finding.message.clone(), finding.rule),
            _ => continue,
        };
        let changes: Vec<String> = finding.fix.iter().flat_map(|f| &f.changes).map(|c| c.what.to_string()).collect();
        let missing = if changes.is_empty() { String::new() } else { format!("; missing: {}", changes.join(", ")) };
        let line = format!("{}: {service}{message} [{}]{missing}", at(project, finding.span), rule.id());
        lines.push(clean_line(&line) + "\n");
    }
    lines
}

/// Why every changed line is there, for a patch that goes to a program.
pub(in crate::cli) fn reasons(ui: &Ui, rewrite: &Rewrite) {
    for line in rewrite.lines() {
        let (name, reason) = (rewrite.before().name(), diff::full_reason(line));
        ui.note(&clean_line(&format!("{name}:{}: {}: {}  # {reason}", line.line, line.service, line.change.what)));
    }
}

/// Services whose fix is assumed, and the flag that includes it.
pub(in crate::cli) fn held_back(ui: &Ui, held_back: &[HeldBack]) {
    if held_back.is_empty() {
        return;
    }
    let names: Vec<&str> = held_back.iter().map(|h| h.service.as_str()).collect();
    ui.note(&format!("held back {}: what is needed there is assumed, not documented", services(&names)));
    let unknown = held_back.iter().find(|h| !h.recognised).map(|h| clean_line(&h.service));
    let naming = unknown.map_or(String::new(), |name| format!(", --service {name}=PRESET names what it is"));
    ui.hint(&format!("--unsafe-fixes includes it, -i asks service by service{naming}"));
}

/// "2 services (web, api)".
pub(in crate::cli) fn services<S: AsRef<str>>(names: &[S]) -> String {
    let mut shown: Vec<String> = names.iter().take(MOST_NAMES).map(|n| clean_line(n.as_ref())).collect();
    if names.len() > MOST_NAMES {
        shown.push("...".into());
    }
    format!("{} ({})", count(names.len(), "service", "services"), shown.join(", "))
}
