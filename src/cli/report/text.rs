//! Findings and reasons as text for people.

use super::diff;
use crate::audit::{Finding, Fix};
use crate::cli::ui::{Ui, clean_line, count};
use crate::compose::Project;
use crate::rewrite::Rewrite;
use crate::yaml::Stream;

/// `file:line:column` of a finding.
fn place(project: &Project<'_>, finding: &Finding) -> String {
    let text = project.streams.iter().find(|s| s.file() == finding.span.file).map(Stream::text);
    text.map_or(String::new(), |text| {
        let (line, column) = text.line_column(finding.span.start as usize);
        format!("{}:{line}:{column}", text.name())
    })
}

/// Findings without a fix, and fixes that could not be placed: what was left alone, why, and what to change.
pub(in crate::cli) fn remarks(ui: &Ui, project: &Project<'_>, findings: &[Finding], refused: &[(String, String)]) {
    for finding in findings {
        let text = format!("{}: {}: {}", place(project, finding), finding.service, finding.message);
        let why_not = refused.iter().find(|(service, _)| *service == finding.service && finding.fix.is_some());
        if let Some((_, why)) = why_not {
            let place = place(project, finding);
            ui.warn(&clean_line(&format!("{place}: {}: not changed: {why} [shared-definition]", finding.service)));
            ui.hint("harden both services in one run, or give each its own definition");
        } else if finding.fix.is_none() {
            ui.warn(&clean_line(&format!("{text} [{}]", finding.rule.id())));
            if let Some(help) = &finding.help {
                ui.hint(&clean_line(help));
            }
        }
    }
}

/// What `--check` says of one service, a line each.
pub(in crate::cli) fn missing(project: &Project<'_>, finding: &Finding, fix: &Fix) -> String {
    let changes: Vec<String> = fix.changes.iter().map(|c| c.what.to_string()).collect();
    let line = format!(
        "{}: {}: {} [{}]; missing: {}",
        place(project, finding),
        finding.service,
        finding.message,
        finding.rule.id(),
        changes.join(", ")
    );
    clean_line(&line) + "\n"
}

/// Why every changed line is there, for a patch that goes to a program.
pub(in crate::cli) fn reasons(ui: &Ui, rewrite: &Rewrite) {
    for line in rewrite.lines() {
        let text =
            format!("{}:{}: {}: {} — {}", rewrite.before().name(), line.line, line.service, line.change.what, diff::full_reason(line));
        ui.note(&clean_line(&text));
    }
}

/// Services whose fix is assumed, and the flag that includes it.
pub(in crate::cli) fn held_back(ui: &Ui, services: &[String]) {
    if !services.is_empty() {
        let names = clean_line(&services.join(", "));
        ui.note(&format!("held back: {} ({names}), whose needs are assumed and not known", count(services.len(), "service", "services")));
        ui.hint("name a preset (--preset node, --service api=node), or add --unsafe-fixes");
    }
}
