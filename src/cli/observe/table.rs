//! What all Compose projects that run on an engine have written, as one table.

use super::running::{Looker, Row, UNSEEN, by_service};
use crate::cli::args::Observe;
use crate::cli::harden::Status;
use crate::cli::ui::Ui;
use crate::edge::disk;
use crate::edge::docker::Docker;
use crate::error::{Error, Result};
use crate::report::json::json;
use crate::report::style::width;
use crate::text::{clean_line, count};
use crate::trial::Container;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What was seen, for programs.
#[derive(Serialize)]
struct Report {
    version: u32,
    services: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    project: String,
    /// The Compose files that it was started from.
    files: Vec<String>,
    #[serde(skip)]
    since: String,
    #[serde(flatten)]
    row: Row,
}

/// Prints the table.
pub(super) fn run(ui: &Ui, args: &Observe) -> Result<Status> {
    if args.writing.write || args.save.is_some() {
        let hint = "run `rofs-harden observe --running` with these options in the folder of one project";
        return Err(Error::Usage("a table of all projects changes none of them".into(), Some(hint.into())));
    }
    let below: Vec<PathBuf> = args.input.paths.iter().map(|path| real(path)).collect::<Result<_>>()?;
    let docker = Docker::connect()?;
    let mut containers = docker.running()?;
    containers.retain(|c| below.is_empty() || is_below(c, &below));
    let looker = Looker { docker: &docker, now: docker.clock()? };
    let mut lines = Vec::new();
    for ((project, service), own) in by_service(&containers) {
        ui.status(&format!("looking at {}", clean_line(&format!("{project}: {service}"))));
        let (row, _) = looker.row(&own, None, None, false)?;
        let since = own.iter().min_by_key(|c| c.created_at()).map(|c| looker.since(c)).unwrap_or_default();
        let files = own.first().map(|c| c.files().map(str::to_owned).collect()).unwrap_or_default();
        lines.push(Line { project: project.to_owned(), files, since, row });
    }
    ui.progress_done();
    if args.writing.is_json() {
        ui.out(&json(&Report { version: 1, services: lines })?);
        return Ok(Status::Done);
    }
    ui.out(&table(&lines));
    let mut projects: Vec<&str> = lines.iter().map(|line| line.project.as_str()).collect();
    projects.dedup();
    let what = format!("{} of {}", count(lines.len(), "service", "services"), count(projects.len(), "project", "projects"));
    ui.note(&what);
    if !lines.is_empty() {
        ui.note(UNSEEN);
        ui.hint("`rofs-harden observe --running` in the folder of a project makes a plan of it");
    }
    Ok(Status::Done)
}

fn real(path: &Path) -> Result<PathBuf> {
    let what = || Error::Read { path: path.to_owned(), reason: "there is no such file or folder".into() };
    disk::real_path(path).ok_or_else(what)
}

/// Whether a Compose file that a container was started from lies below one of these folders.
fn is_below(container: &Container, folders: &[PathBuf]) -> bool {
    let real = |file: &str| disk::real_path(Path::new(file)).unwrap_or_else(|| PathBuf::from(file));
    container.files().any(|file| folders.iter().any(|folder| real(file).starts_with(folder)))
}

/// One row for each place, with the names only where they begin.
fn table(lines: &[Line]) -> String {
    let mut rows = vec![["PROJECT", "SERVICE", "WRITES"].map(str::to_owned)];
    let mut last = "";
    for line in lines {
        let mut cells: Vec<String> = line.row.paths.iter().map(|place| place.mount.clone()).collect();
        cells.extend(line.row.elsewhere.iter().map(|other| format!("{}, where nothing can be mounted", other.path)));
        if cells.is_empty() {
            cells.push("nothing".to_owned());
        }
        cells.push(line.since.clone());
        for (at, cell) in cells.iter().enumerate() {
            let project = if at == 0 && line.project != last { line.project.as_str() } else { "" };
            let service = if at == 0 { line.row.service.as_str() } else { "" };
            rows.push([clean_line(project), clean_line(service), clean_line(cell)]);
        }
        last = &line.project;
    }
    let widest = |column: usize| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0);
    let widths = [widest(0), widest(1)];
    let pad = |text: &str, wide: usize| " ".repeat(wide.saturating_sub(width(text)));
    let line = |[project, service, cell]: &[String; 3]| {
        format!("{project}{}  {service}{}  {cell}\n", pad(project, widths[0]), pad(service, widths[1]))
    };
    rows.iter().map(line).collect()
}
