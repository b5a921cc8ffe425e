//! Reports beside each other.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What is compared of a report.
#[derive(Default)]
pub(crate) struct Report {
    projects: BTreeSet<String>,
    /// How each service is recognised, and what it can write before and after the plan.
    services: BTreeMap<String, Service>,
    findings: BTreeMap<String, Finding>,
    /// Lines at standard error: projects that were refused, among others.
    said: BTreeSet<String>,
}

#[derive(PartialEq)]
struct Service {
    preset: String,
    surface: String,
}

#[derive(PartialEq)]
struct Finding {
    severity: String,
    words: String,
    /// What would be written, each piece with its line.
    plan: Option<String>,
}

/// A text of a JSON object.
fn text(value: &Value, key: &str) -> String {
    match &value[key] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

impl Report {
    pub(crate) fn of(report: &Value, said: &str) -> Self {
        let mut all = Self { said: said.lines().map(str::to_owned).collect(), ..Self::default() };
        for project in list(&report["projects"]) {
            let path = text(project, "path");
            for service in list(&project["services"]) {
                let found = Service { preset: text(service, "preset"), surface: service["surface"].to_string() };
                all.services.insert(format!("{path}: {}", text(service, "name")), found);
            }
            for finding in list(&project["findings"]) {
                // One rule may speak of a service more than once.
                let name = format!("{path}: {}: {}", text(finding, "service"), text(finding, "rule"));
                let number = (1..).map(|n| format!("{name} {n}")).find(|key| !all.findings.contains_key(key)).unwrap_or_default();
                all.findings.insert(number, Finding::of(finding));
            }
            all.projects.insert(path);
        }
        all
    }
}

impl Finding {
    fn of(finding: &Value) -> Self {
        let edits: Vec<String> = list(&finding["fix"]["edits"])
            .map(|edit| {
                format!("{}:{} {}", text(&edit["location"], "file"), edit["location"]["start"]["line"], text(edit, "text").trim_end())
            })
            .collect();
        let words = format!("{} | {}", text(finding, "message"), text(finding, "help"));
        Self { severity: text(finding, "severity"), words, plan: finding["fix"].is_object().then(|| edits.join("\n")) }
    }
}

/// All differences by kind, those of the plans first.
pub(crate) fn differences(old: &Report, new: &Report) -> Vec<(&'static str, Vec<String>)> {
    let both = |names: [BTreeSet<&String>; 2]| names[0].union(&names[1]).map(|name| (*name).clone()).collect::<Vec<_>>();
    let findings = both([old.findings.keys().collect(), new.findings.keys().collect()]);
    let services = both([old.services.keys().collect(), new.services.keys().collect()]);
    let of_finding = |what: &dyn Fn(&Finding) -> Option<String>, name: &String| {
        changed(name, old.findings.get(name).and_then(what), new.findings.get(name).and_then(what))
    };
    let there = |name: &String| old.findings.contains_key(name) && new.findings.contains_key(name);
    let of_service = |what: &dyn Fn(&Service) -> String, name: &String| match (old.services.get(name), new.services.get(name)) {
        (Some(before), Some(after)) => changed(name, Some(what(before)), Some(what(after))),
        _ => None,
    };
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect::<Vec<_>>();
    let gone = findings.iter().filter(|name| !new.findings.contains_key(*name)).cloned().collect();
    let come = findings.iter().filter(|name| !old.findings.contains_key(*name)).cloned().collect();
    let kinds = vec![
        ("plans", findings.iter().filter_map(|name| of_finding(&|f| f.plan.clone(), name)).collect()),
        ("findings that are gone", gone),
        ("findings that are new", come),
        ("severities", findings.iter().filter(|n| there(n)).filter_map(|n| of_finding(&|f| Some(f.severity.clone()), n)).collect()),
        ("words of findings", findings.iter().filter(|n| there(n)).filter_map(|n| of_finding(&|f| Some(f.words.clone()), n)).collect()),
        ("presets", services.iter().filter_map(|name| of_service(&|s| s.preset.clone(), name)).collect()),
        ("writable surfaces", services.iter().filter_map(|name| of_service(&|s| s.surface.clone(), name)).collect()),
        ("projects that only the old one reads", only(&old.projects, &new.projects)),
        ("projects that only the new one reads", only(&new.projects, &old.projects)),
        ("lines that only the old one says", only(&old.said, &new.said)),
        ("lines that only the new one says", only(&new.said, &old.said)),
    ];
    kinds.into_iter().filter(|(_, lines): &(_, Vec<String>)| !lines.is_empty()).collect()
}

/// A difference as text, with what was and what is.
fn changed(name: &str, before: Option<String>, after: Option<String>) -> Option<String> {
    let lines =
        |sign: &str, text: Option<&String>| text.into_iter().flat_map(|t| t.lines()).map(|l| format!("\n  {sign} {l}")).collect::<String>();
    (before != after).then(|| format!("{name}{}{}", lines("-", before.as_ref()), lines("+", after.as_ref())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report(finding: Value) -> Report {
        let service = json!({"name": "web", "preset": "node", "surface": {"after": {"score": 1}}});
        Report::of(&json!({"projects": [{"path": "a/compose.yaml", "services": [service], "findings": [finding]}]}), "")
    }

    fn finding() -> Value {
        let edit = json!({"location": {"file": "a/compose.yaml", "start": {"line": 4}}, "text": "    read_only: true\n"});
        json!({"rule": "writable-root", "severity": "error", "service": "web", "message": "can write", "help": "x", "fix": {"edits": [edit]}})
    }

    fn kinds(old: &Report, new: &Report) -> Vec<&'static str> {
        differences(old, new).into_iter().map(|(kind, _)| kind).collect()
    }

    #[test]
    fn the_same_is_no_difference() {
        assert!(differences(&report(finding()), &report(finding())).is_empty());
    }

    #[test]
    fn every_kind_of_difference_is_seen() {
        let with = |key: &str, value: Value| {
            let mut other = finding();
            other[key] = value;
            report(other)
        };
        let usual = report(finding());
        let other_edit =
            json!({"edits": [{"location": {"file": "a/compose.yaml", "start": {"line": 5}}, "text": "    read_only: true\n"}]});
        assert_eq!(kinds(&usual, &with("fix", other_edit)), ["plans"]);
        assert_eq!(kinds(&usual, &with("fix", Value::Null)), ["plans"]);
        assert_eq!(kinds(&usual, &with("severity", json!("note"))), ["severities"]);
        assert_eq!(kinds(&usual, &with("message", json!("y"))), ["words of findings"]);
        assert_eq!(kinds(&usual, &with("rule", json!("other"))), ["plans", "findings that are gone", "findings that are new"]);
        let nothing = Report::of(&json!({"projects": []}), "error: a/compose.yaml");
        let expected = ["plans", "findings that are gone", "projects that only the old one reads", "lines that only the new one says"];
        assert_eq!(kinds(&usual, &nothing), expected);
        let service = |preset: &str, score: u32| {
            let service = json!({"name": "web", "preset": preset, "surface": {"after": {"score": score}}});
            Report::of(&json!({"projects": [{"path": "a", "services": [service], "findings": []}]}), "")
        };
        assert_eq!(kinds(&service("node", 1), &service("python", 2)), ["presets", "writable surfaces"]);
    }

    #[test]
    fn two_findings_of_one_rule_are_two() {
        let project = |n: usize| json!({"projects": [{"path": "a", "findings": vec![finding(); n]}]});
        let found = differences(&Report::of(&project(2), ""), &Report::of(&project(1), ""));
        assert_eq!(found.iter().find(|(kind, _)| *kind == "findings that are gone").map(|(_, lines)| lines.len()), Some(1));
    }
}
