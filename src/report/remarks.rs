//! What was left alone and why, as sentences for people.

use crate::audit::{Finding, Rule};
use crate::compose::{Known, Project, Service};
use crate::error::Result;
use crate::remedy::Remedy;
use crate::rewrite::{Refused, as_layer};
use crate::text::{Span, clean_line, count};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

/// Most names in one sentence.
const MOST_NAMES: usize = 6;

/// From how many on what is said of further files is one remark with the first.
const MOST_ALIKE: usize = 3;

/// `file:line:column` of a place.
fn at(project: &Project<'_>, span: Span) -> String {
    let Some(text) = project.sources.file(span.file).map(|s| s.stream.text()) else { return String::new() };
    let (line, column) = text.line_column(span.start as usize);
    format!("{}:{line}:{column}", text.name())
}

/// Something that was left alone, and why.
pub struct Remark {
    /// The service; empty where it is about none.
    pub service: String,
    /// Whether another line says the same, so that only what to do is left to say.
    pub is_said: bool,
    /// Place, service, what, and the rule's name.
    pub text: String,
    /// What to do about it.
    pub remedy: Option<Remedy>,
    /// YAML to paste.
    pub paste: String,
    /// The rule's name.
    pub rule: &'static str,
}

impl Remark {
    /// Marks those that a line of a strict check says: `... web: can write ...; refused: it is privileged [needs-writable-root]`.
    pub fn mark_said(remarks: &mut [Self], lines: &[String]) {
        let refused = |line: &str| Some(line.split_once("; refused: ")?.1.trim_end().to_owned());
        let said: HashSet<String> = lines.iter().filter_map(|line| refused(line)).collect();
        for remark in remarks.iter_mut().filter(|remark| !remark.service.is_empty()) {
            let what = remark.text.split_once(&format!(": {}: ", remark.service)).map(|(_, what)| clean_line(what));
            remark.is_said = what.is_some_and(|what| said.contains(&what));
        }
    }
}

/// Findings without a fix, and fixes that could not be placed: what was left alone, why, and what to change.
pub fn remarks(project: &Project<'_>, findings: &[Finding], refused: &[Refused]) -> Result<Vec<Remark>> {
    let mut remarks: Vec<Remark> = Vec::new();
    let refused: HashMap<&str, &Refused> = refused.iter().map(|r| (r.service.as_str(), r)).collect();
    for (finding, more) in alike(findings) {
        let (message, rule, remedy, paste) = match (&finding.fix, refused.get(finding.service.as_str())) {
            (None, _) => (finding.message.clone(), finding.rule.id(), finding.remedy.clone(), String::new()),
            (Some(fix), Some(refused)) => {
                (format!("not changed: {}", refused.why), refused.rule.id(), Some(in_a_layer(project)), as_layer(fix)?)
            }
            (Some(_), None) => continue,
        };
        let service = if finding.service.is_empty() { String::new() } else { format!("{}: ", finding.service) };
        let more = if more > 0 { format!(", and {more} more files like it") } else { String::new() };
        let text = format!("{}: {service}{message} [{rule}]{more}", at(project, finding.span));
        remarks.push(Remark { service: finding.service.clone(), is_said: false, text, remedy, paste, rule });
    }
    Ok(remarks)
}

/// The files that are not read for one and the same reason, as one finding with how many more there are: a list of dozens would push
/// everything else off the screen.
fn alike(findings: &[Finding]) -> impl Iterator<Item = (&Finding, usize)> {
    let is_alike = |a: &Finding, b: &Finding| a.rule == Rule::NotFollowed && b.rule == Rule::NotFollowed && a.remedy == b.remedy;
    findings.chunk_by(move |a, b| is_alike(a, b)).flat_map(|chunk| match chunk {
        [first, rest @ ..] if rest.len() >= MOST_ALIKE => vec![(first, rest.len())],
        chunk => chunk.iter().map(|finding| (finding, 0)).collect(),
    })
}

/// What to do with a change that has no place in the project's own files.
fn in_a_layer(project: &Project<'_>) -> Remedy {
    Remedy::OwnLayer(project.sources.directory().join("compose.override.yaml"))
}

/// What `--check` says, a line each: services of `open`, whose fix can be carried out; those whose fix has no place; and what is not on
/// this machine, so that nobody can say what it lacks.
pub fn missing(project: &Project<'_>, findings: &[Finding], open: &[&str], refused: &[Refused]) -> Vec<String> {
    let open: HashSet<&str> = open.iter().copied().collect();
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

/// What a strict check says beside that, a line each: services that can write to their root filesystem and are not among `settled`.
pub fn writable(project: &Project<'_>, findings: &[Finding], settled: &BTreeSet<&str>, held: &[(&str, &str)]) -> Vec<String> {
    let held: HashMap<&str, &str> = held.iter().copied().collect();
    let mut refused: HashMap<&str, &Finding> = HashMap::new();
    for finding in findings.iter().filter(|f| f.fix.is_none()) {
        refused.entry(&finding.service).or_insert(finding);
    }
    let open = project.services.iter().filter(|s| s.read_only != Known::Yes && !settled.contains(s.name));
    let line = |service: &Service<'_>| {
        let why = match (held.get(service.name), refused.get(service.name)) {
            (Some(why), _) => format!("held back: {why}"),
            (None, Some(finding)) => format!("refused: {} [{}]", finding.message, finding.rule.id()),
            (None, None) => "left alone".to_owned(),
        };
        let text = format!(
            "{}: {}: can write to its root filesystem [{}]; {why}",
            at(project, service.key().span()),
            service.name,
            Rule::WritableRoot.id()
        );
        clean_line(&text) + "\n"
    };
    // What is not on this machine was said.
    let is_said = |s: &&Service<'_>| refused.get(s.name).is_some_and(|f| f.rule == Rule::NotFollowed);
    open.filter(|s| !is_said(s)).map(line).collect()
}

/// What a new volume does not bring along, and where it is written how that is done.
pub const NEW_VOLUMES: [&str; 2] = [
    "a new volume starts with what the image has there; what a container holds there now is lost when the container is recreated",
    "`rofs-harden explain moving-data` shows how to take it along",
];

/// Where a service has data in volumes without a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unnamed {
    /// The service.
    pub service: String,
    /// The places.
    pub targets: Vec<String>,
}

impl Unnamed {
    /// What findings say of that, by service.
    pub fn of(findings: &[Finding]) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        for finding in findings {
            let Some(Remedy::NameVolumes { target, .. }) = &finding.remedy else { continue };
            match found.last_mut().filter(|last| last.service == finding.service) {
                Some(last) => last.targets.push(target.clone()),
                None => found.push(Self { service: finding.service.clone(), targets: vec![target.clone()] }),
            }
        }
        found
    }
}

impl fmt::Display for Unnamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let volumes = if self.targets.len() == 1 { "an unnamed volume" } else { "unnamed volumes" };
        write!(f, "data of `{}` lies in {volumes} at {}", self.service, self.targets.join(" and "))
    }
}

/// "2 services (web, api)".
pub fn services<S: AsRef<str>>(names: &[S]) -> String {
    let mut shown: Vec<String> = names.iter().take(MOST_NAMES).map(|n| clean_line(n.as_ref())).collect();
    if names.len() > MOST_NAMES {
        shown.push("...".into());
    }
    format!("{} ({})", count(names.len(), "service", "services"), shown.join(", "))
}
