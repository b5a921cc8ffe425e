//! What comes first in a report for people: what is worst.

use super::data::{Finding, Project, Report, Service, Severity};
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

/// A service with its findings that count, the worst first.
pub(super) type Group<'r> = (&'r Service, Vec<&'r Finding>);

/// The worst severity, how many findings have it, and the writable surface.
type Badness = (Option<Severity>, usize, usize);

/// The services of a project, the worst first.
pub(super) fn services(project: &Project) -> Vec<Group<'_>> {
    let mut by_service: HashMap<&str, Vec<&Finding>> = HashMap::new();
    for finding in project.findings.iter().filter(|f| f.ignored.is_none()) {
        by_service.entry(&finding.service).or_default().push(finding);
    }
    let mut own = |service| worst_first(by_service.remove(service_name(service)).unwrap_or_default());
    let mut groups: Vec<Group<'_>> = project.services.iter().map(|s| (s, own(s))).collect();
    groups.sort_by_cached_key(|group| Reverse(badness(group)));
    groups
}

/// The findings that count and are about none of the services, the worst first.
pub(super) fn about_no_service(project: &Project) -> Vec<&Finding> {
    let shown: HashSet<&str> = project.services.iter().map(service_name).collect();
    let is_other = |f: &&Finding| f.ignored.is_none() && !shown.contains(f.service.as_str());
    worst_first(project.findings.iter().filter(is_other).collect())
}

/// The projects of a report: those that could not be read, then the worst first.
pub(super) fn projects(report: &Report) -> Vec<&Project> {
    let mut sorted: Vec<&Project> = report.projects.iter().collect();
    sorted.sort_by_cached_key(|project| {
        let counted = || project.findings.iter().filter(|f| f.ignored.is_none()).map(|f| f.severity);
        let worst = counted().max();
        let many = counted().filter(|s| Some(*s) == worst).count();
        let surface: usize = project.services.iter().map(|s| s.surface.before.score).sum();
        Reverse((project.error.is_some(), worst, many, surface))
    });
    sorted
}

fn service_name(service: &Service) -> &str {
    &service.name
}

fn worst_first(mut findings: Vec<&Finding>) -> Vec<&Finding> {
    findings.sort_by_key(|f| Reverse(f.severity));
    findings
}

fn badness((service, findings): &Group<'_>) -> Badness {
    let worst = findings.first().map(|f| f.severity);
    let many = findings.iter().filter(|f| Some(f.severity) == worst).count();
    (worst, many, service.surface.before.score)
}
