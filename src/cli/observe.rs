//! What the services of a project write, seen by running it as it is, or of the containers that run.

mod image;
mod running;
mod table;

use super::again::Again;
use super::args::Observe;
use super::harden::{Status, finish, present};
use super::prepared::{Asking, Prepared};
use super::remedy;
use super::there::already_there;
use super::ui::Ui;
use super::verify::{Case, connect};
use crate::compose::is_at;
use crate::edge::disk::{self, Disk};
use crate::error::{Error, Result};
use crate::evidence::engine::writable_paths;
use crate::evidence::preset::Saved;
use crate::evidence::{Confidence, Need, Selection, WritablePath};
use crate::plan::{self, Files};
use crate::report::answers::{Elsewhere, Observations, Observed, Place};
use crate::report::json::json;
use crate::text::{clean_line, count};
use crate::trial::{RunResult, Verdict, explain};
use std::path::Path;

/// Runs the project, says what it wrote, and shows, saves or writes what follows.
pub(super) fn run(ui: &Ui, args: &Observe) -> Result<Status> {
    if let Some(names) = &args.image {
        return image::run(ui, args, names);
    }
    match (args.running, args.input.recursive) {
        (true, true) => return table::run(ui, args),
        (true, false) => return running::run(ui, args),
        _ => {}
    }
    let ask = args.writing.ask()?;
    let [path] = args.input.runnable("observe")?[..] else {
        return Err(Error::Usage("observe watches one project at a time".into(), Some("name one PATH".into())));
    };
    if let Some(file) = &args.save {
        // Before anything runs.
        disk::absent(file)?;
    }
    let docker = connect(ui)?;
    let (input, aim) = (args.input.project(path), args.writing.aim());
    let chosen = args.choice.selection()?;
    let mut case = Case::new(ui, input.clone(), args.choice.options(chosen.clone()), &args.trying, &docker)?;
    case.context.hold = args.hold;
    let ran = case.original(true, args.trying.settle)?;
    let (rows, found, known) = rows(&case, &ran, &chosen)?;
    let all_work = ran.outcomes.iter().all(|o| o.verdict == Verdict::Works || o.ended);
    if args.writing.is_json() {
        ui.out(&json(&Observations { version: 1, services: rows })?);
        return Ok(if all_work { Status::Done } else { Status::FindingsRemain });
    }
    rows.iter().for_each(|row| ui.sentences(&lines(row)));
    if ran.sights.is_empty() {
        ui.note("no service could be watched");
        return Ok(Status::FindingsRemain);
    }
    let seen: Vec<&str> = ran.sights.keys().map(String::as_str).collect();
    if let Some(file) = &args.save {
        save(ui, file, &input, &seen, &found)?;
    }
    // A service that could not be watched gets nothing on the strength of this.
    let unseen = ran.outcomes.iter().map(|o| o.service.clone()).filter(|name| !seen.contains(&name.as_str())).collect();
    let broken = rows.iter().filter_map(|row| Some((row.service.clone(), row.elsewhere.first()?.path.clone()))).collect();
    let plan = plan(ui, args, &input, Evidence { chosen, found, known: &known, unseen, broken })?;
    present(ui, aim, &plan);
    for (service, said) in already_there(&case, &plan)? {
        ui.warn(&clean_line(&format!("{service}: {said}")));
    }
    let status = finish(ui, aim, &[&plan], ask.as_ref())?;
    if !args.writing.write {
        let verify = Again::of(&args.input, &args.choice).command("verify", "");
        ui.hint(&format!("`{verify}` runs the result and says whether it works"));
    }
    Ok(if all_work { status } else { Status::FindingsRemain })
}

/// What is known of the services of a project.
struct Evidence<'k> {
    /// What the command line says.
    chosen: Selection,
    /// Where services were seen to write.
    found: Vec<WritablePath>,
    /// What presets say of them.
    known: &'k [Need],
    /// Services of which nothing was seen.
    unseen: Vec<String>,
    /// Services that write where nothing can be mounted, and where.
    broken: Vec<(String, String)>,
}

/// The plan that follows from what was seen.
fn plan(ui: &Ui, args: &Observe, input: &plan::Input, evidence: Evidence<'_>) -> Result<Prepared> {
    let Evidence { chosen, found, known, unseen, broken } = evidence;
    let mut selection = Selection { auto: true, ..chosen };
    // What a preset documents counts; what it assumes is replaced by what was seen.
    let is_known = |path: &WritablePath| {
        let of_service = known.iter().filter(|n| n.service == path.service).flat_map(|n| &n.paths);
        of_service.into_iter().any(|p| is_at(&path.target, &p.target) && p.reason.confidence > Confidence::Assumed)
    };
    for path in found.into_iter().filter(|p| !is_known(p)) {
        selection.paths.entry(path.service.clone()).or_default().push(path);
    }
    selection.skip.extend(unseen);
    // What is known to fail is not written.
    for (service, path) in broken {
        let what =
            format!("{service} is left out: it writes {path}, where nothing can be mounted; `verify` tells whether it works without");
        ui.note(&clean_line(&what));
        selection.skip.push(service);
    }
    selection.only.retain(|name| !selection.skip.contains(name));
    let options = args.choice.options(selection);
    let named = Again::of(&args.input, &args.choice);
    let asking = Asking { again: &named, ..Asking::plainly(&options, args.writing.aim()) };
    Prepared::read(input, Asking { view: Some(ui.view()), tries: true, ..asking })
}

/// What each service wrote, and the places that must be writable.
fn rows(case: &Case<'_>, ran: &RunResult, selection: &Selection) -> Result<(Vec<Observed>, Vec<WritablePath>, Vec<Need>)> {
    let files = Files::read(&Disk, &case.input)?;
    let project = files.project()?;
    let needs = files.needs(&project, &Selection { limits: true, ..selection.clone() })?;
    let (mut rows, mut found) = (Vec::new(), Vec::new());
    for outcome in &ran.outcomes {
        let Some(need) = needs.iter().find(|n| n.service == outcome.service) else { continue };
        // What the preset says is left out, so that what is seen stands by itself.
        let alone = Need { paths: Vec::new(), recognised: need.recognised, ..need.clone() };
        let (paths, elsewhere) =
            ran.sights.get(&outcome.service).map(|s| writable_paths(&outcome.service, s, Some(&alone))).unwrap_or_default();
        let works = outcome.verdict == Verdict::Works;
        let service = project.service(&outcome.service);
        rows.push(Observed {
            service: outcome.service.clone(),
            works,
            why: outcome.said(remedy::say),
            details: if works { Vec::new() } else { explain(outcome, None, service, Some(need)).0 },
            paths: paths.iter().map(Place::of).collect(),
            elsewhere: elsewhere.into_iter().map(|(path, help)| Elsewhere { path, help }).collect(),
        });
        found.extend(paths);
    }
    Ok((rows, found, needs))
}

fn lines(row: &Observed) -> String {
    let mut text = format!("{}: {}\n", clean_line(&row.service), clean_line(&row.why));
    text.extend(row.details.iter().map(|line| format!("    {}\n", clean_line(line))));
    text + &places(&row.paths, &row.elsewhere, row.works)
}

/// Where a service wrote, as lines for people.
fn places(paths: &[Place], elsewhere: &[Elsewhere], is_whole: bool) -> String {
    let mut text = String::new();
    for place in paths {
        text += &format!("    {}\n        {}\n", clean_line(&place.mount), clean_line(&place.why));
    }
    for other in elsewhere {
        text += &format!("    {} was written\n        {}\n", clean_line(&other.path), clean_line(&other.help));
    }
    if paths.is_empty() && elsewhere.is_empty() && is_whole {
        text += "    nothing was written\n";
    }
    text
}

/// Saves what one service needs as a preset.
fn save(ui: &Ui, file: &Path, input: &plan::Input, services: &[&str], found: &[WritablePath]) -> Result<()> {
    let [service] = services else {
        let hint = Some("name one service: --service NAME".to_owned());
        return Err(Error::Usage(format!("a preset is about one service, and {} were watched", services.len()), hint));
    };
    let files = Files::read(&Disk, input)?;
    let project = files.project()?;
    let own = project.service(service);
    let image = own.and_then(|s| s.text("image"));
    let user = own.and_then(|s| s.text("user"));
    let paths: Vec<WritablePath> = found.iter().filter(|p| p.service == *service).cloned().collect();
    let summary = format!("What the service {service} was seen to write");
    let saved = Saved { summary: &summary, source: "rofs-harden observe", image: image.as_deref(), user: user.as_deref(), paths: &paths };
    write_preset(ui, file, &saved)
}

fn write_preset(ui: &Ui, file: &Path, saved: &Saved<'_>) -> Result<()> {
    let root = disk::root_of(file)?;
    disk::write_all(&[disk::Write { root: &root, loaded: &disk::absent(file)?, after: &saved.to_toml() }])?;
    ui.note(&clean_line(&format!("wrote {}: {}", file.display(), count(saved.paths.len(), "path", "paths"))));
    Ok(())
}
