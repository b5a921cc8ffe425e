//! An audit as text for people: findings by place, then one line for each service.

use super::data::{Applicability, Checks, Finding, Project, Report, Service, Severity};
use super::style::{Look, pad, paint, width};
use crate::text::{clean_line, count};

/// Columns of the table, and what each says.
const COLUMNS: [&str; 7] =
    ["service", "surface", "read-only root", "data in one place", "/tmp in memory", "program read-only", "writable places"];

/// The report.
pub fn render(report: &Report, color: bool) -> String {
    let mut text = String::new();
    for project in &report.projects {
        let findings: Vec<&Finding> = project.findings.iter().filter(|f| f.ignored.is_none()).collect();
        text.extend(findings.iter().map(|finding| lines(finding, color)));
        if let Some(error) = &project.error {
            let error = format!("{}: {}", paint(color, Look::Error, "error"), clean_line(error));
            text += &format!("{}: {error}\n", clean_line(&project.path));
        }
        if !findings.is_empty() && !project.services.is_empty() {
            text.push('\n');
        }
        text += &table(project, color);
    }
    text
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
        let held_back = if fix.applicability == Applicability::Unsafe { " (held back)" } else { "" };
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
    let widest = |column: usize| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..COLUMNS.len()).map(widest).collect();
    let mut text = String::new();
    for (i, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(&widths).map(|(cell, width)| pad(cell, *width));
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
