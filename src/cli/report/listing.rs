//! An audit as text for people: findings by place, then one line for each service.

use super::data::{Applicability, Checks, Finding, Project, Report, Service, Severity};
use crate::cli::ui::{Look, Ui, clean_line, count, paint};

/// Columns of the table, and what each says.
const COLUMNS: [&str; 7] =
    ["service", "surface", "read-only root", "data in one place", "/tmp in memory", "program read-only", "writable places"];

/// Prints the report.
pub(in crate::cli) fn print(ui: &Ui, report: &Report) {
    let color = ui.view().color;
    for project in &report.projects {
        let findings: Vec<&Finding> = project.findings.iter().filter(|f| f.ignored.is_none()).collect();
        for finding in &findings {
            ui.out(&lines(finding, color));
        }
        if let Some(error) = &project.error {
            ui.out(&format!("{}: {}: {}\n", clean_line(&project.path), paint(color, Look::Error, "error"), clean_line(error)));
        }
        if !findings.is_empty() && !project.services.is_empty() {
            ui.out("\n");
        }
        ui.out(&table(project, color));
        for left in &project.left_out {
            ui.note(&clean_line(&format!("{} is left out: {}", left.service, left.reason)));
        }
    }
    ui.note(&sentence(report));
    if report.projects.iter().any(|p| p.findings.iter().any(|f| f.fix.is_some())) {
        ui.hint("`rofs-harden` shows the changes as a diff; `rofs-harden explain RULE` says more about a rule");
    }
}

fn lines(finding: &Finding, color: bool) -> String {
    let place = format!("{}:{}:{}", finding.location.file, finding.location.start.line, finding.location.start.column);
    let (look, severity) = match finding.severity {
        Severity::Error => (Look::Error, "error"),
        Severity::Warning => (Look::Warning, "warning"),
        Severity::Note => (Look::Hint, "note"),
    };
    let service = if finding.service.is_empty() { String::new() } else { format!("{}: ", finding.service) };
    let message = clean_line(&format!("{service}{}", finding.message));
    let mut text = format!("{}: {}: {message} [{}]\n", clean_line(&place), paint(color, look, severity), finding.rule);
    if let Some(fix) = &finding.fix {
        let held_back = if fix.applicability == Applicability::Unsafe { " (assumed)" } else { "" };
        text += &format!("    {}\n", clean_line(&format!("adds {}{held_back}", fix.summary)));
    } else if let Some(help) = &finding.help {
        text += &format!("    {}\n", clean_line(help));
    }
    text
}

/// The services of a project, one a line.
fn table(project: &Project, color: bool) -> String {
    let mut rows = vec![COLUMNS.map(str::to_owned)];
    rows.extend(project.services.iter().map(row));
    if rows.len() == 1 {
        return String::new();
    }
    let width = |column: usize| rows.iter().map(|row| console::measure_text_width(&row[column])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
    let mut text = String::new();
    for (i, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(&widths).map(|(cell, width)| console::pad_str(cell, *width, console::Alignment::Left, None));
        let line = cells.collect::<Vec<_>>().join("  ");
        text += &if i == 0 { paint(color, Look::Dim, line.trim_end()) } else { line.trim_end().to_owned() };
        text.push('\n');
    }
    text + "\n"
}

fn row(service: &Service) -> [String; COLUMNS.len()] {
    let (before, after) = (&service.checks.before, &service.checks.after);
    let change = |a: String, b: String| if a == b { a } else { format!("{a} -> {b}") };
    let answer = |of: fn(&Checks) -> bool| {
        let word = |checks: &Checks| if of(checks) { "yes".to_owned() } else { "no".to_owned() };
        change(word(before), word(after))
    };
    [
        clean_line(&service.name),
        change(service.surface.before.score.to_string(), service.surface.after.score.to_string()),
        answer(|c| c.root_is_read_only),
        answer(|c| c.data_is_gathered),
        answer(|c| c.tmp_is_in_memory),
        answer(|c| c.program_is_read_only),
        change(before.writable_places.to_string(), after.writable_places.to_string()),
    ]
}

/// All in one sentence.
pub(super) fn sentence(report: &Report) -> String {
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
