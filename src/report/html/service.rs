//! A service on the page: its picture, the self-check, and what was found.

use super::page::Page;
use super::picture;
use crate::report::data::{Applicability, Change, Checks, Finding, Fix, Location, Project, Service, Severity};
use crate::text::count;
use std::collections::{HashMap, HashSet};

/// The findings of a project by their service, each list in the order of the report.
pub(super) struct Findings<'r>(HashMap<&'r str, Vec<&'r Finding>>);

impl<'r> Findings<'r> {
    pub(super) fn of(project: &'r Project) -> Self {
        let mut by_service: HashMap<&str, Vec<&Finding>> = HashMap::new();
        for finding in &project.findings {
            by_service.entry(&finding.service).or_default().push(finding);
        }
        Self(by_service)
    }

    /// Those of one service, which is shown once.
    pub(super) fn take(&mut self, service: &str) -> Vec<&'r Finding> {
        self.0.remove(service).unwrap_or_default()
    }

    /// Those that are about no service on the page.
    pub(super) fn about_no_service(&self, project: &'r Project) -> Vec<&'r Finding> {
        let shown: HashSet<&str> = project.services.iter().map(|s| s.name.as_str()).collect();
        project.findings.iter().filter(|f| !shown.contains(f.service.as_str())).collect()
    }
}

/// One service. Its number makes the name by which the page links to it.
pub(super) fn write(page: &mut Page, project: &Project, service: &Service, number: usize, findings: &[&Finding]) {
    let preset = if service.recognised { "known" } else { "unknown" };
    page.put("<article class=\"card\" id=\"s{}\" data-preset=\"{}\" aria-labelledby=\"n{}\">\n", &[&number, &preset, &number]);
    page.put("<header><h4 id=\"n{}\"><a class=\"q\" href=\"#s{}\">{}</a></h4>", &[&number, &number, &service.name]);
    if let Some(image) = &service.image {
        page.put(" <code class=\"image q\">{}</code>", &[image]);
    }
    if service.recognised {
        page.put(" <span class=\"preset\">preset <span class=\"q\">{}</span></span>", &[&service.preset]);
    } else {
        page.raw(" <span class=\"preset\">no preset knows it</span>");
    }
    let (before, after) = (service.surface.before.score, service.surface.after.score);
    page.put(" <span class=\"score\"><span>{}</span>", &[&before]);
    if before != after {
        page.put(" → <b>{}</b>", &[&after]);
    }
    page.raw("</span></header>\n");
    picture(page, service, findings);
    list(page, findings, project, Some(service));
    page.raw("</article>\n");
}

/// The container now and after the plan, and the self-check.
pub(super) fn picture(page: &mut Page, service: &Service, findings: &[&Finding]) {
    picture::write(page, service, otherwise(service, findings));
    checks(page, &service.checks);
}

/// What is left out of a project, and what was found that is about no service on the page.
pub(super) fn of_the_project(page: &mut Page, project: &Project, findings: &[&Finding]) {
    if !findings.is_empty() {
        page.raw("<article class=\"card about\"><header><h4>About the project</h4></header>\n");
        list(page, findings, project, None);
        page.raw("</article>\n");
    }
    for left_out in &project.left_out {
        page.put("<p class=\"left-out\"><b>{}</b> is left out: {}</p>\n", &[&left_out.service, &left_out.reason]);
    }
}

/// Why the plan changes nothing.
fn otherwise(service: &Service, findings: &[&Finding]) -> &'static str {
    let fix = findings.iter().find(|f| f.fix.is_some());
    match fix {
        Some(f) if f.ignored.is_some() => "A change is known, but its finding is ignored with a reason.",
        Some(f) if f.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Unsafe) => {
            "A change is known, but not that it works: name a preset, or agree to it."
        }
        Some(_) => "The planned change is about something else.",
        None if !service.surface.before.root => "Its root filesystem is read-only already.",
        None => "No change is known that works.",
    }
}

fn checks(page: &mut Page, checks: &Change<Checks>) {
    let Change { before, after } = checks;
    page.raw("<ul class=\"checks\" aria-label=\"Self-check\">\n");
    for (name, before, after) in [
        ("root is read-only", before.root_is_read_only, after.root_is_read_only),
        ("data in one place", before.data_is_gathered, after.data_is_gathered),
        ("/tmp in memory", before.tmp_is_in_memory, after.tmp_is_in_memory),
        ("program is read-only", before.program_is_read_only, after.program_is_read_only),
    ] {
        let (class, marks, words) = match (before, after) {
            (true, true) => ("yes", "✓", "yes"),
            (false, false) => ("no", "✗", "no"),
            (false, true) => ("yes", "✗ → ✓", "no, yes after the plan"),
            (true, false) => ("no", "✓ → ✗", "yes, no after the plan"),
        };
        page.put(
            "<li class=\"{}\"><span aria-hidden=\"true\">{}</span> {}<span class=\"said\">: {}</span></li>\n",
            &[&class, &marks, &name, &words],
        );
    }
    let (now, then) = (before.writable_places, after.writable_places);
    page.put("<li><span>{}", &[&now]);
    if now != then {
        page.put(" → {}", &[&then]);
    }
    page.put("</span> writable {}</li>\n</ul>\n", &[if then == 1 { &"place" } else { &"places" }]);
}

fn list(page: &mut Page, findings: &[&Finding], project: &Project, service: Option<&Service>) {
    let (counted, ignored): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(|f| f.ignored.is_none());
    if !counted.is_empty() {
        page.raw("<ul class=\"findings\">\n");
        let mut sorted = counted;
        sorted.sort_by_key(|f| std::cmp::Reverse(f.severity));
        sorted.iter().for_each(|f| finding(page, f, project, service));
        page.raw("</ul>\n");
    }
    if !ignored.is_empty() {
        page.put(
            "<details class=\"ignored\"><summary>{}</summary>\n<ul class=\"findings\">\n",
            &[&count(ignored.len(), "ignored finding", "ignored findings")],
        );
        ignored.iter().for_each(|f| finding(page, f, project, service));
        page.raw("</ul></details>\n");
    }
}

fn finding(page: &mut Page, finding: &Finding, project: &Project, service: Option<&Service>) {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    page.put("<li class=\"{}\"><span class=\"severity\">{}</span>\n<div><p>", &[&severity, &severity]);
    if service.is_none() && !finding.service.is_empty() {
        page.put("<b>{}</b>: ", &[&finding.service]);
    }
    page.prose(&finding.message);
    page.raw("</p>\n<p class=\"about\">");
    page.put(
        "<a class=\"q\" href=\"#rule-{}\">{}</a> <code>{}</code></p>\n",
        &[&finding.rule, &finding.rule, &place(&finding.location, folder_of(project))],
    );
    if let Some(help) = &finding.help {
        page.raw("<p class=\"help\">");
        page.prose(help);
        page.raw("</p>\n");
    }
    if let Some(reason) = &finding.ignored {
        page.put("<p class=\"reason\">Ignored: {}</p>\n", &[reason]);
    }
    if let Some(fix) = &finding.fix {
        let is_accepted = fix.applicability == Applicability::Safe || service.is_some_and(picture::is_changed);
        change(page, fix, is_accepted && finding.ignored.is_none());
    }
    page.raw("</div></li>\n");
}

fn change(page: &mut Page, fix: &Fix, planned: bool) {
    let what = if planned { "Planned" } else { "Possible" };
    page.put("<details class=\"fix\"><summary>{}: {}</summary>\n<dl>\n", &[&what, &fix.summary]);
    for change in &fix.changes {
        let reason = &change.reason;
        page.put("<dt><code>{}</code></dt>\n<dd>", &[&change.what]);
        page.prose(&reason.text);
        page.put(" <small>{}, {}", &[&reason.source, &reason.confidence]);
        match &reason.link {
            Some(link) if link.starts_with("https://") && !link.contains(char::is_whitespace) => {
                page.put("; <a href=\"{}\" rel=\"noreferrer noopener\">{}</a>", &[link, link]);
            }
            Some(link) => {
                page.raw("; ");
                page.prose(link);
            }
            None => {}
        }
        page.raw("</small></dd>\n");
    }
    page.raw("</dl></details>\n");
}

/// The folder of a project, with its last slash: places in it need not name it.
pub(super) fn folder_of(project: &Project) -> &str {
    project.path.rfind('/').map_or("", |at| &project.path[..=at])
}

fn place(location: &Location, folder: &str) -> String {
    format!("{}:{}", location.file.strip_prefix(folder).unwrap_or(&location.file), location.start.line)
}
