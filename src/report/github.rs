//! Annotations of a GitHub workflow: one command a finding, on standard output.
//!
//! Form and escaping: GitHub's workflow commands. GitHub shows ten of each kind a step, so the worst come first.

use super::base::Base;
use super::data::{Finding, Report, Severity};
use crate::text::clean_line;
use std::cmp::Reverse;
use std::path::Path;

/// All findings that count as annotations, and what could not be read.
pub fn render(report: &Report, base: &Base) -> String {
    let failed = report.projects.iter().filter_map(|p| {
        let message = format!("cannot be read: {}", p.error.as_ref()?);
        Some(format!("::error file={},title=rofs-harden::{}\n", property(&file(&p.path, base)), data(&message)))
    });
    let mut findings: Vec<&Finding> = report.projects.iter().flat_map(|p| &p.findings).filter(|f| f.ignored.is_none()).collect();
    findings.sort_by_key(|f| Reverse(f.severity));
    failed.chain(findings.into_iter().map(|finding| annotation(finding, base))).collect()
}

/// A file from the root of the repository on, which is where GitHub looks for it.
fn file(path: &str, base: &Base) -> String {
    base.path(Path::new(path)).map_or_else(|| path.to_owned(), |below| below.display().to_string())
}

fn annotation(finding: &Finding, base: &Base) -> String {
    let kind = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let (start, end) = (finding.location.start, finding.location.end);
    // A column range is only allowed within one line.
    let columns = if start.line == end.line { format!(",col={},endColumn={}", start.column, end.column) } else { String::new() };
    let help = finding.help.as_ref().map(|help| format!("%0A{}", data(help))).unwrap_or_default();
    let service = if finding.service.is_empty() { String::new() } else { format!("{}: ", finding.service) };
    format!(
        "::{kind} file={},line={},endLine={}{columns},title=rofs-harden%3A {}::{}\n",
        property(&file(&finding.location.file, base)),
        start.line,
        end.line,
        property(finding.rule),
        data(&format!("{service}{}", finding.message)) + &help
    )
}

/// Text behind `::`, on one line.
fn data(text: &str) -> String {
    clean_line(text).replace('%', "%25").replace('\r', "%0D")
}

fn property(text: &str) -> String {
    let text = text.strip_prefix("./").unwrap_or(text);
    clean_line(text).replace('%', "%25").replace('\r', "%0D").replace(':', "%3A").replace(',', "%2C")
}
