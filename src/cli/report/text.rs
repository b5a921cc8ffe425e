//! Findings and reasons as text for people.

use super::diff;
use crate::audit::Finding;
use crate::cli::ui::{Ui, clean_line, count};
use crate::compose::Project;
use crate::rewrite::Rewrite;
use crate::text::Span;
use crate::yaml::Stream;
use std::collections::HashMap;

/// Most names in one sentence.
const MOST_NAMES: usize = 6;

/// `file:line:column` of a place.
fn at(project: &Project<'_>, span: Span) -> String {
    let Some(text) = project.streams.iter().find(|s| s.file() == span.file).map(Stream::text) else { return String::new() };
    let (line, column) = text.line_column(span.start as usize);
    format!("{}:{line}:{column}", text.name())
}

/// Findings without a fix, and fixes that could not be placed: what was left alone, why, and what to change.
pub(in crate::cli) fn remarks(ui: &Ui, project: &Project<'_>, findings: &[Finding], refused: &[(String, String)]) {
    for include in project.documents.iter().filter_map(|d| d.get("include")) {
        let text = format!(
            "{}: `include` is not followed yet: services of included files are not looked at [not-followed]",
            at(project, include.key.span())
        );
        ui.warn(&clean_line(&text));
    }
    let refused: HashMap<&str, &str> = refused.iter().map(|(service, why)| (service.as_str(), why.as_str())).collect();
    for finding in findings {
        let (message, rule, help) = match (&finding.fix, refused.get(finding.service.as_str())) {
            (None, _) => (finding.message.clone(), finding.rule.id(), finding.help.as_deref()),
            (Some(_), Some(why)) => (
                format!("not changed: {why}"),
                "shared-definition",
                Some("harden both services in one run, or give each its own definition"),
            ),
            (Some(_), None) => continue,
        };
        ui.warn(&clean_line(&format!("{}: {}: {message} [{rule}]", at(project, finding.span), finding.service)));
        if let Some(help) = help {
            ui.hint(&clean_line(help));
        }
    }
}

/// What `--check` says of a finding that has a fix, on one line.
pub(in crate::cli) fn missing(project: &Project<'_>, finding: &Finding) -> String {
    let changes: Vec<String> = finding.fix.iter().flat_map(|f| &f.changes).map(|c| c.what.to_string()).collect();
    let (place, rule) = (at(project, finding.span), finding.rule.id());
    let line = format!("{place}: {}: {} [{rule}]; missing: {}", finding.service, finding.message, changes.join(", "));
    clean_line(&line) + "\n"
}

/// Why every changed line is there, for a patch that goes to a program.
pub(in crate::cli) fn reasons(ui: &Ui, rewrite: &Rewrite) {
    for line in rewrite.lines() {
        let (name, reason) = (rewrite.before().name(), diff::full_reason(line));
        ui.note(&clean_line(&format!("{name}:{}: {}: {}  # {reason}", line.line, line.service, line.change.what)));
    }
}

/// Services whose fix is assumed, and the flag that includes it.
pub(in crate::cli) fn held_back(ui: &Ui, held_back: &[String]) {
    if let Some(first) = held_back.first() {
        ui.note(&format!("held back {}: what is needed there is assumed, not documented", services(held_back)));
        let first = clean_line(first);
        ui.hint(&format!("--unsafe-fixes includes it, -i asks service by service, --service {first}=PRESET names what it is"));
    }
}

/// "2 services (web, api)".
pub(in crate::cli) fn services<S: AsRef<str>>(names: &[S]) -> String {
    let mut shown: Vec<String> = names.iter().take(MOST_NAMES).map(|n| clean_line(n.as_ref())).collect();
    if names.len() > MOST_NAMES {
        shown.push("...".into());
    }
    format!("{} ({})", count(names.len(), "service", "services"), shown.join(", "))
}
