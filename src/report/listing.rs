//! An audit as text for people: services with their findings, the worst first.

use super::data::{Checks, Finding, Location, Project, Report, Service, Severity};
use super::order::{self, Group};
use super::style::{Look, cut, pad, paint, width, wrap};
use super::summing::{Mark, extra, look};
use crate::text::clean_line;
use std::collections::HashMap;

/// How the text is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Columns that a line may take; none where nobody knows, so that lines stay whole.
    pub width: Option<usize>,
    /// Whether there is colour.
    pub color: bool,
    /// Whether each finding says below it what to do.
    pub verbose: bool,
    /// How extras are asked for.
    pub with: fn(&[&str]) -> String,
}

/// Headings of the table behind the name of the service.
const COLUMNS: [&str; 7] = ["line", "surface", "root", "data", "/tmp", "program", "places"];
/// A row: the name, and what stands in the columns.
type Row = (String, [String; COLUMNS.len()]);
/// Least columns of a service's name.
const LEAST_NAME: usize = 12;
/// Most columns of a heading for them.
const MOST_HEADING: usize = 30;
/// Columns of the words for severities.
const SEVERITY: usize = 7;

/// The report.
pub fn render(report: &Report, layout: Layout) -> String {
    let mut text = String::new();
    for project in order::projects(report) {
        if !text.is_empty() {
            text.push('\n');
        }
        if let Some(error) = &project.error {
            let error = format!("{}: {}", paint(layout.color, Look::Error, "error"), clean_line(error));
            text += &format!("{}: {error}\n", clean_line(&project.path));
        } else {
            text += &of_a_project(project, layout);
        }
    }
    text
}

fn of_a_project(project: &Project, layout: Layout) -> String {
    let mut text = String::new();
    let about_none = order::about_no_service(project);
    let groups = order::services(project);
    let rows = groups.iter().map(|(service, _)| row(project, service)).collect::<Vec<_>>();
    let files = clean_line(&project.files.join(" + "));
    // The name of the file is the first heading of the table where it is short, else a line above.
    let is_alone = !about_none.is_empty() || rows.is_empty() || width(&files) > MOST_HEADING;
    let heading = if is_alone { "service" } else { &files };
    if is_alone {
        text += &format!("{}\n", paint(layout.color, Look::Bold, &files));
    }
    for finding in about_none {
        let service = if finding.service.is_empty() { String::new() } else { format!("{}: ", finding.service) };
        let message = format!("{service}{}", finding.message);
        text += &entry(&place(project, finding), finding, &message, Mark::of(finding, None), layout);
    }
    if rows.is_empty() {
        return text;
    }
    let table = Table::of(heading, &rows, layout);
    text += &format!("{}\n", paint(layout.color, Look::Dim, &table.line(heading, &COLUMNS.map(str::to_owned), false, layout.color)));
    // Services with the same findings share them.
    let mut shared: Vec<(Vec<&Row>, String)> = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (group, row) in groups.iter().zip(&rows) {
        let body = of_a_service(project, group, layout);
        let at = *seen.entry(body.clone()).or_insert(shared.len());
        match shared.get_mut(at) {
            Some((rows, _)) => rows.push(row),
            None => shared.push((vec![row], body)),
        }
    }
    for (rows, body) in shared {
        let last = rows.len() - 1;
        for (i, (name, cells)) in rows.into_iter().enumerate() {
            let comma = if i < last && !body.is_empty() { "," } else { "" };
            text += &format!("{}\n", table.line(&format!("{name}{comma}"), cells, true, layout.color));
        }
        text += &body;
    }
    text
}

/// The findings of a service, without its name.
fn of_a_service(project: &Project, (service, findings): &Group<'_>, layout: Layout) -> String {
    let mut text = String::new();
    let (extras, others): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(|f| extra(f).is_some());
    for finding in others {
        // The line of the service is in its row, and its image in the file.
        let is_at_service = place(project, finding) == line_of(project, &service.location);
        let place = if is_at_service { String::new() } else { place(project, finding) };
        let image = service.image.as_deref().unwrap_or_default();
        let message = finding.message.strip_suffix(image).unwrap_or(&finding.message).trim_end();
        text += &entry(&place, finding, message, Mark::of(finding, Some(service)), layout);
    }
    text + &extras_of(&extras, layout)
}

fn place(project: &Project, finding: &Finding) -> String {
    line_of(project, &finding.location)
}

/// A line, with its file where that is not the first one.
fn line_of(project: &Project, location: &Location) -> String {
    let Location { file, start, .. } = location;
    match project.files.first() {
        Some(first) if first == file => start.line.to_string(),
        _ => format!("{}:{}", clean_line(file), start.line),
    }
}

/// One finding: how bad, at which line, what, and the rule.
fn entry(place: &str, finding: &Finding, message: &str, mark: Option<Mark>, layout: Layout) -> String {
    let rule = format!("[{}]", finding.rule);
    let message = clean_line(message);
    let mut text = hanging(finding.severity, place, mark, &format!("{message} {rule}"), &rule, layout);
    if layout.verbose {
        let advice = match (&finding.fix, &finding.help) {
            (Some(fix), _) => format!("adds {}", fix.summary),
            (None, Some(help)) => help.clone(),
            (None, None) => return text,
        };
        for line in wrapped(&clean_line(&advice), layout, 6) {
            text += &format!("      {line}\n");
        }
    }
    text
}

/// What `--with` would take away from a service, as one entry.
fn extras_of(findings: &[&Finding], layout: Layout) -> String {
    let (Some(first), names) = (findings.first(), findings.iter().filter_map(|f| extra(f))) else { return String::new() };
    let names: Vec<&str> = names.collect();
    let what = format!("further privileges: {}", (layout.with)(&names));
    let mut text = hanging(first.severity, "", Some(Mark::Extra), &what, "", layout);
    if layout.verbose {
        for help in findings.iter().filter_map(|f| f.help.as_deref()) {
            for line in wrapped(&clean_line(help), layout, 6) {
                text += &format!("      {line}\n");
            }
        }
    }
    text
}

/// An entry whose further lines begin below the first one's text. `rule` is its end.
fn hanging(severity: Severity, place: &str, mark: Option<Mark>, what: &str, rule: &str, layout: Layout) -> String {
    let place = if place.is_empty() { String::new() } else { format!("{place} ") };
    let head = format!("  {} {place}", pad(severity.name(), SEVERITY));
    let is_narrow = layout.width.is_some_and(|columns| columns < 60);
    let indent = if is_narrow { 4 } else { 2 + SEVERITY + 1 };
    // The words of the head are in the first line, so that it wraps where the screen ends.
    let mark = mark.map_or("", Mark::text);
    let words = format!("{head}{mark}{}{what}", if mark.is_empty() { "" } else { " " });
    let columns = layout.width.unwrap_or(usize::MAX);
    let first_room = columns.saturating_sub(width(&head));
    let body = &words[head.len()..];
    let mut lines = wrap(body, first_room);
    if lines.len() > 1 {
        // Further lines may be longer than the first one.
        let first = lines.remove(0);
        let rest = body[first.len()..].trim_start();
        lines = std::iter::once(first).chain(wrap(rest, columns.saturating_sub(indent))).collect();
    }
    let painted = |line: &str, is_first: bool, is_last: bool| {
        let (start, line) = match line.strip_prefix(mark) {
            Some(rest) if is_first && !mark.is_empty() => (paint(layout.color, Look::Added, mark), rest),
            _ => (String::new(), line),
        };
        match line.strip_suffix(rule).filter(|_| is_last && !rule.is_empty()) {
            Some(rest) => format!("{start}{rest}{}", paint(layout.color, Look::Dim, rule)),
            None => format!("{start}{line}"),
        }
    };
    let mut text = format!("  {}{}", paint(layout.color, look(severity), severity.name()), &head[2 + severity.name().len()..]);
    let last = lines.len() - 1;
    for (i, line) in lines.iter().enumerate() {
        if i > 0 {
            text += &" ".repeat(indent);
        }
        text += &painted(line, i == 0, i == last);
        text.push('\n');
    }
    text
}

fn wrapped(text: &str, layout: Layout, indent: usize) -> Vec<String> {
    wrap(text, layout.width.map_or(usize::MAX, |columns| columns.saturating_sub(indent)))
}

/// The widths of the columns of a table; those on the right are left out where they do not fit.
struct Table(Vec<usize>);

impl Table {
    fn of(heading: &str, rows: &[Row], layout: Layout) -> Self {
        // A comma may stand behind a name.
        let name = rows.iter().map(|(name, _)| width(name) + 1).chain([width(heading)]).max().unwrap_or(0);
        let cells = |column: usize| rows.iter().map(move |row| row.1[column].as_str()).chain([COLUMNS[column]]);
        let widest = |column: usize| cells(column).map(width).max().unwrap_or(0);
        let mut widths: Vec<usize> = std::iter::once(name).chain((0..COLUMNS.len()).map(widest)).collect();
        let room = layout.width.unwrap_or(usize::MAX);
        let others = |widths: &[usize]| widths[1..].iter().map(|width| width + 2).sum::<usize>();
        while widths.len() > 3 && others(&widths) + name.min(LEAST_NAME) > room {
            widths.pop();
        }
        widths[0] = name.min(room.saturating_sub(others(&widths)).max(LEAST_NAME));
        Self(widths)
    }

    /// A row, its name in bold if it is that of a service.
    fn line(&self, name: &str, cells: &[String], is_bold: bool, color: bool) -> String {
        let name = pad(&cut(name, self.0[0]), self.0[0]);
        let name = if is_bold { paint(color, Look::Bold, &name) } else { name };
        let cells = cells.iter().zip(&self.0[1..]).map(|(cell, width)| format!("  {}", pad(&cut(cell, *width), *width)));
        format!("{name}{}", cells.collect::<String>().trim_end())
    }
}

fn row(project: &Project, service: &Service) -> Row {
    let (before, after) = (&service.checks.before, &service.checks.after);
    let change = |a: usize, b: usize| if a == b { a.to_string() } else { format!("{a} -> {b}") };
    let answer = |of: fn(&Checks) -> bool| match (of(before), of(after)) {
        (true, true) => "yes".to_owned(),
        (false, true) => Mark::Fix.text().to_owned(),
        (_, false) => "no".to_owned(),
    };
    let cells = [
        line_of(project, &service.location),
        change(service.surface.before.score, service.surface.after.score),
        answer(|c| c.root_is_read_only),
        answer(|c| c.data_is_gathered),
        answer(|c| c.tmp_is_in_memory),
        answer(|c| c.program_is_read_only),
        change(before.writable_places, after.writable_places),
    ];
    (clean_line(&service.name), cells)
}
