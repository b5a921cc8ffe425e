//! The writable surface of all services as bars.

use super::page::Page;
use crate::audit;
use crate::report::data::{Change, Report, Surface};

/// The classes of the kinds in the order of [`audit::Surface::WEIGHTS`].
const CLASSES: [&str; KINDS] = ["root", "tmpfs", "volume", "bind", "socket", "privileged", "capabilities"];
/// How many kinds there are.
const KINDS: usize = audit::Surface::WEIGHTS.len();

/// The section.
pub(super) fn write(page: &mut Page, report: &Report, folder: &str) {
    page.raw("<section class=\"surface\" aria-labelledby=\"surface-title\">\n<h2 id=\"surface-title\">Writable surface</h2>\n");
    page.raw("<div class=\"overview\">\n");
    legend(page, report);
    page.raw("<div class=\"bars\">\n");
    page.raw(
        "<h3>Each service</h3>\n<p class=\"order\"><label>Order <select id=\"order\"><option value=\"worst\">worst first</option>\
         <option value=\"gain\">largest gain first</option><option value=\"file\">as in the files</option></select></label></p>\n\
         <ol id=\"bars\" tabindex=\"0\" aria-label=\"Score of each service, now and after the plan\"",
    );
    page.raw(if report.projects.len() > 1 { ">\n" } else { " class=\"alone\">\n" });
    let mut rows: Vec<Row<'_>> = Vec::new();
    for project in &report.projects {
        let path = project.path.strip_prefix(folder).unwrap_or(&project.path);
        let path = path.rsplit_once('/').map_or(path, |(parent, _)| parent);
        for service in &project.services {
            rows.push(Row { number: rows.len() + 1, name: &service.name, place: path, surface: &service.surface });
        }
    }
    let most = rows.iter().map(|r| r.surface.before.score.max(r.surface.after.score)).max().unwrap_or(0);
    rows.sort_by_key(|row| (usize::MAX - row.surface.before.score, row.number));
    for row in &rows {
        row.write(page, most, report.projects.len() > 1);
    }
    page.raw("</ol>\n</div>\n</div>\n</section>\n");
}

/// What the colours and the score mean, with the sums of each kind.
fn legend(page: &mut Page, report: &Report) {
    let sum = |of: fn(&Change<Surface>) -> &Surface| {
        let surfaces = super::all_services(report).map(|s| counts(of(&s.surface)));
        surfaces.fold([0; KINDS], |sums, counts| std::array::from_fn(|i| sums[i] + counts[i]))
    };
    let (before, after) = (sum(|s| &s.before), sum(|s| &s.after));
    page.raw(
        "<div class=\"legend\">\n<table>\n<caption>The score of a service: its writable places, each by its weight. Memory that \
         vanishes weighs least; the engine’s socket and a privileged service are the whole host. The upper bar of two is \
         now, the lower one after the plan.</caption>\n<thead><tr><th scope=\"col\">what is writable</th><th scope=\"col\">weight</th><th scope=\"col\">now</th>\
         <th scope=\"col\">after</th></tr></thead>\n<tbody>\n",
    );
    for (i, (name, weight)) in audit::Surface::WEIGHTS.iter().enumerate() {
        page.put("<tr><th scope=\"row\"><span class=\"swatch {}\"></span>{}</th>", &[&CLASSES[i], name]);
        page.put("<td>{}</td><td>{}</td><td>{}</td></tr>\n", &[weight, &before[i], &after[i]]);
    }
    let score =
        |counts: [usize; KINDS]| counts.iter().zip(audit::Surface::WEIGHTS).map(|(count, (_, weight))| count * weight).sum::<usize>();
    page.put(
        "</tbody>\n<tfoot><tr><th scope=\"row\" colspan=\"2\">score</th><td>{}</td><td>{}</td></tr></tfoot>\n",
        &[&score(before), &score(after)],
    );
    page.raw("</table>\n");
    let most = score(before).max(score(after)).max(1);
    page.put("<svg class=\"total\" viewBox=\"0 0 {} 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">", &[&most]);
    bar(page, before, "0");
    bar(page, after, "5.5");
    page.raw("</svg>\n</div>\n");
}

struct Row<'a> {
    number: usize,
    name: &'a str,
    place: &'a str,
    surface: &'a Change<Surface>,
}

impl Row<'_> {
    fn write(&self, page: &mut Page, most: usize, with_place: bool) {
        let (before, after) = (&self.surface.before, &self.surface.after);
        page.put("<li><a href=\"#s{}\"><span class=\"name\">{}", &[&self.number, &self.name]);
        if with_place {
            page.put(" <small>{}</small>", &[&self.place]);
        }
        page.put("</span><svg viewBox=\"0 0 {} 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">", &[&most.max(1)]);
        bar(page, counts(before), "0");
        bar(page, counts(after), "5.5");
        page.put("</svg><span class=\"score\"><span>{}</span>", &[&before.score]);
        if before.score != after.score {
            page.put(" → <span>{}</span>", &[&after.score]);
        }
        page.raw("</span></a></li>\n");
    }
}

fn counts(surface: &Surface) -> [usize; KINDS] {
    let [root, privileged, all] = [surface.root, surface.privileged, surface.all_capabilities].map(usize::from);
    [root, surface.tmpfs, surface.volumes, surface.binds, surface.sockets, privileged, all]
}

/// One bar of one rectangle a kind, in units of the score.
fn bar(page: &mut Page, counts: [usize; KINDS], y: &'static str) {
    let mut x = 0;
    for (i, (_, weight)) in audit::Surface::WEIGHTS.iter().enumerate() {
        let width = counts[i] * weight;
        if width > 0 {
            page.put("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"4.5\"/>", &[&CLASSES[i], &x, &y, &width]);
            x += width;
        }
    }
}
