//! An audit as SARIF 2.1.0 (OASIS), with what GitHub's code scanning asks for: relative paths, rules with texts, fingerprints.

use super::base::Base;
use super::data::{Edit, Finding, Location, Project, Report, Severity};
use crate::audit::{self, Rule};
use crate::text::{clean_line, uri_path};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::path::{Path, PathBuf};

/// A log. Keys are in the order of their names, as in a [`Value`].
#[derive(Serialize)]
pub struct Log<'r> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    runs: [Run<'r>; 1],
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'r> {
    automation_details: Value,
    column_kind: &'static str,
    invocations: Value,
    original_uri_base_ids: Value,
    results: Results<'r>,
    tool: Value,
}

/// The findings of a report. Each is made when it is written: as values all of them would take many times the memory of the report.
struct Results<'r>(Vec<(&'r Project, &'r Finding)>, &'r Base);

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(project, finding)| result(project, finding, self.1)))
    }
}

/// Most results of one run: GitHub's code scanning refuses a log with more.
pub const MOST_RESULTS: usize = 25_000;
/// The name of the folder that paths start from.
const ROOT: &str = "%SRCROOT%";

/// What is said of findings that are left out because there are too many.
pub fn left_out(report: &Report) -> Option<String> {
    let all: usize = report.projects.iter().map(|project| project.findings.len()).sum();
    let rest = all.checked_sub(MOST_RESULTS).filter(|rest| *rest > 0)?;
    Some(format!("{rest} of {all} findings are left out, those of the lowest severity: a log takes {MOST_RESULTS}"))
}

/// The findings that a log takes: all, or the worst.
fn kept(report: &Report) -> Vec<(&Project, &Finding)> {
    let mut all: Vec<(&Project, &Finding)> = report.projects.iter().flat_map(|p| p.findings.iter().map(move |f| (p, f))).collect();
    if all.len() > MOST_RESULTS {
        all.sort_by_key(|(_, finding)| (finding.ignored.is_some(), Reverse(finding.severity)));
        all.truncate(MOST_RESULTS);
    }
    all
}

/// The report, with paths that start where `base` says.
pub fn log<'r>(report: &'r Report, base: &'r Base) -> Log<'r> {
    let notice = left_out(report).map(|text| json!({"level": "warning", "message": {"text": text}}));
    let failures: Vec<Value> = report
        .projects
        .iter()
        .filter_map(|p| {
            let text = format!("{}: {}", p.path, p.error.as_ref()?);
            Some(json!({"level": "error", "message": {"text": clean_line(&text)}}))
        })
        .collect();
    let is_whole = failures.is_empty();
    let notices: Vec<Value> = failures.into_iter().chain(notice).collect();
    let run = Run {
        automation_details: json!({"id": "rofs-harden/"}),
        column_kind: "unicodeCodePoints",
        invocations: json!([{"executionSuccessful": is_whole, "toolExecutionNotifications": notices}]),
        original_uri_base_ids: json!({ROOT: {"description": {"text": "the root of the repository"}}}),
        results: Results(kept(report), base),
        tool: tool(report),
    };
    Log {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        runs: [run],
        version: "2.1.0",
    }
}

fn tool(report: &Report) -> Value {
    let mut driver = json!({
        "name": report.tool.name,
        "version": report.tool.version,
        "semanticVersion": report.tool.version,
        "rules": Rule::ALL.iter().map(|rule| rule_of(*rule)).collect::<Vec<_>>(),
    });
    // The manifest says where the project is at home, from its first release on.
    let home = env!("CARGO_PKG_REPOSITORY");
    if !home.is_empty() {
        driver["informationUri"] = json!(home);
    }
    json!({"driver": driver})
}

fn rule_of(rule: Rule) -> Value {
    let page = rule.page();
    // A page begins with its title and one sentence.
    let mut lines = page.lines().filter(|l| !l.is_empty()).skip(1);
    let summary = lines.next().unwrap_or_default();
    let (level, score) = match rule.severity() {
        audit::Severity::Error => ("error", "8.0"),
        audit::Severity::Warning => ("warning", "5.5"),
        audit::Severity::Note => ("note", "2.0"),
    };
    json!({
        "id": rule.id(),
        "name": pascal(rule.id()),
        "shortDescription": {"text": summary},
        "fullDescription": {"text": summary},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": level},
        "properties": {"tags": ["security", "docker-compose"], "precision": "high", "security-severity": score},
    })
}

/// `writable-root` as `WritableRoot`.
fn pascal(id: &str) -> String {
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    id.split('-').filter(|w| !w.is_empty()).map(capital).collect()
}

fn result(project: &Project, finding: &Finding, base: &Base) -> Value {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let help = finding.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    let service = if finding.service.is_empty() { String::new() } else { format!("{}: ", finding.service) };
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": Rule::ALL.iter().position(|r| r.id() == finding.rule),
        "level": level,
        "message": {"text": clean_line(&format!("{service}{}{help}", finding.message))},
        "locations": [{
            "physicalLocation": {"artifactLocation": artifact(project, &finding.location.file, base), "region": region(&finding.location)},
        }],
        "partialFingerprints": {"rofsHarden/v1": finding.fingerprint},
    });
    if !finding.service.is_empty() {
        let name = format!("services.{}", finding.service);
        result["locations"][0]["logicalLocations"] = json!([{"name": finding.service, "kind": "object", "fullyQualifiedName": name}]);
    }
    if let Some(fix) = finding.fix.as_ref().filter(|f| !f.edits.is_empty()) {
        let text = clean_line(&format!("Add {}", fix.summary));
        result["fixes"] = json!([{"description": {"text": text}, "artifactChanges": artifact_changes(project, &fix.edits, base)}]);
    }
    if let Some(reason) = &finding.ignored {
        result["suppressions"] = json!([{"kind": "inSource", "status": "accepted", "justification": clean_line(reason)}]);
    }
    result
}

/// The edits by file, in order.
fn artifact_changes(project: &Project, edits: &[Edit], base: &Base) -> Vec<Value> {
    let mut changes: Vec<(&str, Vec<Value>)> = Vec::new();
    for edit in edits {
        let file = edit.location.file.as_str();
        let replacement = json!({"deletedRegion": region(&edit.location), "insertedContent": {"text": edit.text}});
        match changes.iter_mut().find(|(other, _)| *other == file) {
            Some((_, all)) => all.push(replacement),
            None => changes.push((file, vec![replacement])),
        }
    }
    let change = |(file, all)| json!({"artifactLocation": artifact(project, file, base), "replacements": all});
    changes.into_iter().map(change).collect()
}

fn region(location: &Location) -> Value {
    let (start, end) = (location.start, location.end);
    json!({"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column})
}

/// Where a file of the project is, from the root of the repository on.
fn artifact(project: &Project, file: &str, base: &Base) -> Value {
    // What is shown of a name that is not UTF-8 is not the name.
    let place = if file.contains(char::REPLACEMENT_CHARACTER) { project.files.iter().position(|f| f == file) } else { None };
    let path = place.and_then(|place| project.paths.get(place));
    let path = path.map_or(Path::new(file), PathBuf::as_path);
    match base.path(path) {
        Some(below) => json!({"uri": reference(below.as_os_str().as_encoded_bytes()), "uriBaseId": ROOT}),
        None => json!({"uri": reference(path.as_os_str().as_encoded_bytes())}),
    }
}

/// A path as a relative reference.
fn reference(path: &[u8]) -> String {
    let path = path.strip_prefix(b"./").unwrap_or(path);
    // Elsewhere a backslash is a letter of a name.
    if cfg!(windows) { uri_path(&path.iter().map(|b| if *b == b'\\' { b'/' } else { *b }).collect::<Vec<_>>()) } else { uri_path(path) }
}
