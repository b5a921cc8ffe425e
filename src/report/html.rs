//! An audit as one page for a browser: everything is in the file, it asks no network, and reads as a plain page without its script.

mod chart;
pub mod page;
mod picture;
mod rules;
mod service;

use super::data::{Project, Report, Service};
use super::order;
use super::remarks::NEW_VOLUMES;
use crate::audit::Rule;
use crate::text::count;
use page::Page;
use std::collections::HashMap;

/// The page.
pub fn render(report: &Report) -> String {
    let mut page = Page::default();
    let folder = common_folder(report);
    page.head("Where these containers can write");
    header(&mut page, report, folder);
    page.raw("<main>\n");
    sums(&mut page, report);
    tools(&mut page, report);
    chart::write(&mut page, report, folder);
    services(&mut page, report, folder);
    rules::write(&mut page, report);
    page.raw("</main>\n");
    page.put("<footer><p>{} {}. This page is one file and loads nothing.</p></footer>\n", &[&report.tool.name, &report.tool.version]);
    page.end()
}

/// The container of each service, now and after the plan, with its self-check: parts of a page of
/// somebody else, in the order of the services. `shared.css` says how they look.
pub fn pictures(project: &Project) -> Vec<String> {
    let mut findings = service::Findings::of(project);
    let picture = |service: &Service| {
        let mut page = Page::default();
        service::picture(&mut page, service, &findings.take(&service.name));
        page.into_text()
    };
    project.services.iter().map(picture).collect()
}

/// The page of a rule without its title, as a part of a page of somebody else.
pub fn rule(rule: Rule) -> String {
    let mut page = Page::default();
    rules::markdown(&mut page, rule.page());
    page.into_text()
}

fn header(page: &mut Page, report: &Report, folder: &str) {
    let sum = &report.summary;
    page.raw("<a class=\"skip\" href=\"#services\">To the services</a>\n<header>\n<div>\n<h1>Where these containers can write</h1>\n");
    let (services, projects) = (count(sum.services, "service", "services"), count(sum.projects, "project", "projects"));
    page.put("<p class=\"lead\">{} in {}", &[&services, &projects]);
    if !folder.is_empty() {
        page.put(" below <code>{}</code>", &[&folder]);
    }
    page.raw("</p>\n</div>\n<button type=\"button\" id=\"theme\" aria-pressed=\"false\">Dark</button>\n</header>\n");
}

fn sums(page: &mut Page, report: &Report) {
    let sum = &report.summary;
    let after = all_services(report).filter(|s| !s.surface.after.root).count();
    page.raw("<dl class=\"sums\" aria-label=\"Sums\">\n");
    if let Some(surface) = &sum.surface {
        let less = if surface.before > surface.after { (surface.before - surface.after) * 100 / surface.before } else { 0 };
        page.put("<div><dt>writable surface</dt><dd>{}", &[&surface.before]);
        if surface.before != surface.after {
            page.put("<i> → </i>{} <small>{} % less</small>", &[&surface.after, &less]);
        }
        page.raw("</dd></div>\n");
    }
    page.put("<div><dt>read-only roots</dt><dd>{}", &[&sum.read_only]);
    if after != sum.read_only {
        page.put("<i> → </i>{}", &[&after]);
    }
    page.put(" <small>of {}</small></dd></div>\n", &[&sum.services]);
    let known = [&sum.recognised as &dyn std::fmt::Display, &sum.services];
    page.put("<div><dt>known to a preset</dt><dd>{} <small>of {}</small></dd></div>\n", &known);
    for (number, name, class) in [(sum.errors, "errors", "error"), (sum.warnings, "warnings", "warning"), (sum.notes, "notes", "note")] {
        page.put("<div class=\"{}\"><dt>{}</dt><dd>{}</dd></div>\n", &[&class, &name, &number]);
    }
    if sum.ignored > 0 {
        page.put("<div><dt>ignored</dt><dd>{}</dd></div>\n", &[&sum.ignored]);
    }
    if sum.failed > 0 {
        page.put("<div><dt>could not be read</dt><dd><a href=\"#failed\">{}</a></dd></div>\n", &[&sum.failed]);
    }
    page.raw("</dl>\n");
}

/// What filters; the script shows it.
fn tools(page: &mut Page, report: &Report) {
    page.raw(
        "<form class=\"tools\" role=\"search\" aria-label=\"Filters\">\n\
         <label class=\"find\"><span>Find</span><input type=\"search\" id=\"find\" placeholder=\"service, image, path or rule\" \
         autocomplete=\"off\" spellcheck=\"false\" aria-keyshortcuts=\"/\"></label>\n\
         <fieldset><legend>Only with</legend>\n",
    );
    for name in ["error", "warning", "note", "any"] {
        let label = if name == "any" { "any finding" } else { name };
        page.put("<label class=\"{}\"><input type=\"checkbox\" name=\"severity\" value=\"{}\"> {}</label>\n", &[&name, &name, &label]);
    }
    page.raw(
        "</fieldset>\n<label>Preset <select id=\"preset\"><option value=\"\">any</option><option value=\"known\">known</option>\
         <option value=\"unknown\">unknown</option></select></label>\n",
    );
    page.put("<output id=\"shown\">{}</output>\n", &[&count(report.summary.services, "service", "services")]);
    page.raw("<button type=\"reset\" hidden>Clear</button>\n</form>\n");
}

fn services(page: &mut Page, report: &Report, folder: &str) {
    page.raw("<section id=\"services\" aria-labelledby=\"services-title\">\n<h2 id=\"services-title\">Services</h2>\n");
    page.raw("<p class=\"nothing\" id=\"nothing\" hidden>Nothing is like that.</p>\n");
    // Numbers are those of the files' order, which the bars can be put in too.
    let all = all_services(report).enumerate().map(|(i, service)| (std::ptr::from_ref(service), i + 1));
    let numbers: HashMap<*const Service, usize> = all.collect();
    let mut has_failed = false;
    for project in order::projects(report) {
        let short = |text: &str, folder: &str| text.strip_prefix(folder).unwrap_or(text).to_owned();
        // The sums link to the first of them.
        let is_first = project.error.is_some() && !has_failed;
        page.raw(if is_first { "<section class=\"project\" id=\"failed\" tabindex=\"-1\">\n" } else { "<section class=\"project\">\n" });
        has_failed |= project.error.is_some();
        page.put("<h3><code class=\"q\">{}</code></h3>\n", &[&short(&project.path, folder)]);
        if let Some(error) = &project.error {
            page.raw("<p class=\"failure\"><strong>Could not be read.</strong> ");
            page.prose(&short(error, folder));
            page.raw("</p>\n");
        }
        if let [_, others @ ..] = project.files.as_slice()
            && !others.is_empty()
        {
            page.raw("<p class=\"with\">with ");
            for file in others {
                page.put("<code class=\"q\">{}</code> ", &[&short(file, service::folder_of(project))]);
            }
            page.raw("</p>\n");
        }
        if project.error.is_none() && project.services.is_empty() {
            page.raw("<p class=\"with\">No service was looked at.</p>\n");
        }
        let mut findings = service::Findings::of(project);
        service::of_the_project(page, project, &findings.about_no_service(project));
        if project.has_new_volumes() {
            page.put("<p class=\"left-out\">Of new volumes: {}. ", &[&NEW_VOLUMES[0]]);
            page.prose(NEW_VOLUMES[1]);
            page.raw(".</p>\n");
        }
        for (service, _) in order::services(project) {
            let number = numbers.get(&std::ptr::from_ref(service)).copied().unwrap_or_default();
            service::write(page, project, service, number, &findings.take(&service.name));
        }
        page.raw("</section>\n");
    }
    page.raw("</section>\n");
}

fn all_services(report: &Report) -> impl Iterator<Item = &Service> {
    report.projects.iter().flat_map(|p| &p.services)
}

/// The folder that all projects of a tree are in, with its last slash: said once, not at every path.
fn common_folder(report: &Report) -> &str {
    let paths: Vec<&str> = report.projects.iter().map(|Project { path, .. }| path.as_str()).collect();
    let [first, others @ ..] = paths.as_slice() else { return "" };
    if others.is_empty() {
        return "";
    }
    // A slash is never part of a longer character, so that each such cut is one of text.
    let mut cuts = first.match_indices('/').map(|(at, _)| &first[..=at]);
    cuts.rfind(|cut| others.iter().all(|path| path.starts_with(cut))).unwrap_or("")
}
