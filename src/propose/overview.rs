//! What was done with many repositories, or would be, as one page that needs no script.

use super::Done;
use super::report::{Fleet, Report, Row};
use crate::report::html::page::Page;
use crate::text::count;

/// The page of a run over many repositories.
pub fn render(fleet: &Fleet) -> String {
    let mut page = Page::default();
    let title = if fleet.dry_run { "What would be proposed" } else { "What was proposed" };
    page.head(title);
    page.put("<header>\n<div>\n<h1>{}</h1>\n<p class=\"lead\">", &[&title]);
    page.put("{}", &[&count(fleet.repositories.len(), "repository", "repositories")]);
    if fleet.not_reached > 0 {
        page.put(", {} not reached", &[&fleet.not_reached]);
    }
    page.raw("</p>\n");
    if let Some(error) = &fleet.error {
        page.raw("<p class=\"failure\">The run was cut off: ");
        page.prose(error);
        page.raw("</p>\n");
    }
    page.raw("</div>\n</header>\n<main>\n");
    sums(&mut page, fleet);
    let proposed = |report: &&Report| report.pull_requests.iter().any(|row| !matches!(row.done, Done::Nothing));
    page.raw("<h2>Pull requests</h2>\n");
    if !fleet.repositories.iter().any(|report| proposed(&report)) {
        page.raw("<p class=\"nothing\">None.</p>\n");
    }
    fleet.repositories.iter().filter(proposed).for_each(|report| card(&mut page, fleet, report));
    troubles(&mut page, fleet);
    names(&mut page, fleet);
    page.put("</main>\n<footer><p>rofs-harden {}. This page is one file and loads nothing.</p></footer>\n", &[&env!("CARGO_PKG_VERSION")]);
    page.end_plain()
}

fn word(done: Done, is_dry: bool) -> &'static str {
    match (done, is_dry) {
        (Done::Opened, true) => "would be opened",
        (Done::Opened, false) => "opened",
        (Done::Updated, true) => "would be brought up to date",
        (Done::Updated, false) => "brought up to date",
        (Done::Closed, true) => "would be closed",
        (Done::Closed, false) => "closed",
        (Done::Edited | Done::Occupied, _) => "left alone: commits of others",
        (Done::Waits, _) => "left alone: not all of it was looked at",
        (Done::Retargeted, _) => "left alone: it goes to another branch",
        (Done::Declined, _) => "declined",
        (Done::Kept, _) => "open, up to date",
        (Done::Nothing, _) => "nothing to propose",
    }
}

fn sums(page: &mut Page, fleet: &Fleet) {
    page.raw("<dl class=\"sums\" aria-label=\"Sums\">\n");
    for done in [
        Done::Opened,
        Done::Updated,
        Done::Closed,
        Done::Kept,
        Done::Declined,
        Done::Edited,
        Done::Occupied,
        Done::Waits,
        Done::Retargeted,
        Done::Nothing,
    ] {
        let number = fleet.number(done);
        if number > 0 {
            page.put("<div><dt>{}</dt><dd>{}</dd></div>\n", &[&word(done, fleet.dry_run), &number]);
        }
    }
    let changes = |row: &&Row| matches!(row.done, Done::Opened | Done::Updated);
    let services: usize = fleet.repositories.iter().flat_map(|r| &r.pull_requests).filter(changes).map(|row| row.services.len()).sum();
    page.put("<div><dt>services with a change</dt><dd>{}</dd></div>\n", &[&services]);
    if fleet.failed() > 0 {
        page.put("<div class=\"error\"><dt>could not be looked at</dt><dd><a href=\"#failed\">{}</a></dd></div>\n", &[&fleet.failed()]);
    }
    page.raw("</dl>\n");
}

/// A repository for which something is proposed.
fn card(page: &mut Page, fleet: &Fleet, report: &Report) {
    page.put("<article class=\"card\"><header><h4 class=\"q\">{}</h4></header>\n", &[&report.repository]);
    for row in report.pull_requests.iter().filter(|row| row.done != Done::Nothing) {
        let files = count(row.files.len(), "file", "files");
        page.put("<p>{}", &[&word(row.done, fleet.dry_run)]);
        // The forge says what its address is; anything else than one of the web is no link.
        if let (Some(url), Some(number)) =
            (row.url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://")), row.number)
        {
            page.put(": <a href=\"{}\" rel=\"noreferrer\">#{}</a>", &[&url, &number]);
        }
        page.put(" <small>from <code>{}</code> to <code>{}</code>, {}</small></p>\n", &[&row.branch, &row.base, &files]);
        if !row.services.is_empty() {
            let services = count(row.services.len(), "service", "services");
            page.put("<details class=\"fix\"><summary>{}</summary><dl>\n", &[&services]);
            for changed in &row.services {
                page.put("<dt><code class=\"q\">{}</code> <small>{}</small></dt>", &[&changed.service, &changed.project]);
                changed.changes.iter().for_each(|change| page.put("<dd><code class=\"q\">{}</code></dd>\n", &[change]));
            }
            page.raw("</dl></details>\n");
        }
        row.warnings.iter().for_each(|warning| page.put("<p class=\"failure\">{}</p>\n", &[warning]));
    }
    page.raw("</article>\n");
}

/// What could not be looked at.
fn troubles(page: &mut Page, fleet: &Fleet) {
    let troubled = |report: &&Report| report.error.is_some() || !report.problems.is_empty();
    if !fleet.repositories.iter().any(|report| troubled(&report)) {
        return;
    }
    page.raw("<h2 id=\"failed\">Could not be looked at</h2>\n");
    for report in fleet.repositories.iter().filter(troubled) {
        page.put("<section class=\"project\"><h3><code class=\"q\">{}</code></h3>\n", &[&report.repository]);
        for problem in report.error.iter().chain(&report.problems) {
            page.raw("<p class=\"failure\">");
            page.prose(problem);
            page.raw("</p>\n");
        }
        page.raw("</section>\n");
    }
}

/// The repositories for which there is nothing to do.
fn names(page: &mut Page, fleet: &Fleet) {
    let is_quiet = |report: &&Report| report.error.is_none() && report.pull_requests.iter().all(|row| row.done == Done::Nothing);
    let quiet: Vec<&Report> = fleet.repositories.iter().filter(is_quiet).collect();
    if !quiet.is_empty() {
        page.put(
            "<h2>Nothing to propose</h2>\n<details class=\"fix\"><summary>{}</summary><dl>\n",
            &[&count(quiet.len(), "repository", "repositories")],
        );
        quiet.iter().for_each(|report| page.put("<dt><code class=\"q\">{}</code></dt>\n", &[&report.repository]));
        page.raw("</dl></details>\n");
    }
    if !fleet.left_out.is_empty() {
        page.put(
            "<h2>Left out</h2>\n<details class=\"fix\"><summary>{}</summary><dl>\n",
            &[&count(fleet.left_out.len(), "repository", "repositories")],
        );
        fleet
            .left_out
            .iter()
            .for_each(|out| page.put("<dt><code class=\"q\">{}</code> <small>{}</small></dt>\n", &[&out.repository, &out.why]));
        page.raw("</dl></details>\n");
    }
}
