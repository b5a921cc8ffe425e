//! From a log to the cause, and to the change that mends it.

use super::again::Again;
use super::args::Diagnose;
use super::ask::Ask;
use super::asked::for_compose;
use super::harden::{Status, finish, present};
use super::prepared::{Asking, Prepared};
use super::ui::Ui;
use crate::audit::{Ignores, Rule};
use crate::compose::{Known, Project, Service};
use crate::edge::disk::{self, Disk};
use crate::edge::docker;
use crate::error::{Error, Result};
use crate::evidence::log::{Advice, AdviceContext, Cause, Reader, Symptom, advise, join};
use crate::evidence::{Need, Selection, WritablePath, instead_of};
use crate::plan::{self, Config, Files, Options, Start};
use crate::report::advice;
use crate::report::answers::{Complaint, Diagnosis};
use crate::report::json::json;
use crate::text::{Span, clean_line, did_you_mean, shell_word};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, IsTerminal, Read};
use std::path::Path;

/// Most services that are named.
const MOST_NAMES: usize = 12;
/// Bytes of a line that are read; the rest is skipped.
const MAX_LINE: u64 = 64 << 10;

/// A symptom, whose it is, and what is done about it.
struct Found {
    log: String,
    symptom: Symptom,
    service: Option<String>,
    /// Whether the project is known and has no such service.
    is_stranger: bool,
    advice: Advice,
}

/// Reads the logs, says what they mean, and shows or writes the change.
pub(super) fn run(ui: &Ui, args: &Diagnose) -> Result<Status> {
    args.writing.expect_one_answer()?;
    let input = args.project();
    let files = match Files::read(&Disk, &input) {
        // Without a project a log can still be read.
        Err(Error::NoComposeFile(_)) if args.file.is_empty() && !args.writing.write => None,
        other => Some(other?),
    };
    let project = files.as_ref().map(Files::project).transpose()?;
    if let (Some(name), Some(project)) = (&args.service, &project)
        && project.service(name).is_none()
    {
        return Err(Error::Usage(format!("there is no service `{name}`"), Some(instead_of(project, name))));
    }
    let logs = read_logs(args, files.as_ref().map(|files| (files, &input)))?;
    let (found, dropped) = match files.as_ref().zip(project.as_ref()) {
        Some((files, project)) => {
            let selection = Selection { auto: true, limits: true, ..Selection::default() };
            let needs = files.needs(project, &selection)?;
            explain(logs, args, Some((project, &needs)))
        }
        None => explain(logs, args, None),
    };
    for name in strangers(&found) {
        let near = did_you_mean(name, project.iter().flat_map(|project| &project.services).map(|s| s.name));
        ui.warn(&clean_line(&format!("the log names `{name}`, and the Compose file has no such service{near}")));
        ui.hint("name the file that has it with --file, or the service whose log it is with --service");
    }
    if args.writing.is_json() {
        ui.out(&json(&Diagnosis { version: 1, symptoms: found.iter().map(complaint).collect(), dropped })?);
    } else {
        found.iter().for_each(|f| ui.sentences(&lines(f)));
        if dropped > 0 {
            ui.warn(&format!("{dropped} further lines say other things that could not be written; these are left out"));
        }
    }
    let is_trouble = found.iter().any(|f| f.symptom.cause != Cause::Harmless);
    if !is_trouble {
        ui.note("no line says that something could not be written");
        return Ok(Status::Done);
    }
    if found.iter().any(|f| f.service.is_none() && f.advice.mend.is_some()) && !args.writing.is_json() {
        ui.hint(&clean_line(&whose_log(args, project.as_ref())));
    }
    let ours = found.iter().filter(|f| !f.is_stranger);
    let mends: Vec<&WritablePath> = ours.filter_map(|f| f.advice.mend.as_ref()).filter(|m| !m.service.is_empty()).collect();
    if mends.is_empty() || args.writing.is_json() {
        return Ok(Status::FindingsRemain);
    }
    let (Some(files), Some(project)) = (&files, &project) else { return Ok(Status::FindingsRemain) };
    let ignored = ignored(files, project, &mends)?;
    for (service, place) in &ignored {
        ui.warn(&clean_line(&format!("`{service}` is ignored at {place}, so what fixes it is not planned")));
        ui.hint("take out what ignores it to have it planned, or write the fix by hand");
    }
    let mends: Vec<&WritablePath> = mends.into_iter().filter(|path| !ignored.contains_key(&path.service)).collect();
    if mends.is_empty() {
        return Ok(Status::FindingsRemain);
    }
    let is_mended = |f: &Found| f.symptom.cause == Cause::Harmless || f.advice.mend.as_ref().is_some_and(|m| !m.service.is_empty());
    // What the log means is said in any case.
    let ask = args.writing.ask_beside_input()?;
    let status = mend(ui, args, files, &mends, ask.as_ref())?;
    Ok(if ignored.is_empty() && found.iter().all(is_mended) { status } else { Status::FindingsRemain })
}

/// How the fix of a log that names no service gets into the file.
fn whose_log(args: &Diagnose, project: Option<&Project<'_>>) -> String {
    let mut logs: String = args.logs.iter().map(|path| format!(" {}", shell_word(&path.display().to_string()))).collect();
    // Without a log, `--service` would ask the engine.
    if logs.is_empty() {
        logs.push_str(" -");
    }
    let command = Again::of_log(args).command("diagnose", &format!("--service NAME{logs}"));
    let Some(project) = project else {
        return format!("whose log is it? in the folder of its project, `{command}` puts the fix into the file");
    };
    let mut names: Vec<&str> = project.services.iter().take(MOST_NAMES).map(|service| service.name).collect();
    names.extend((project.services.len() > MOST_NAMES).then_some("..."));
    format!("whose log is it? `{command}` puts the fix into the file (services: {})", names.join(", "))
}

/// Names in the log that are no services of the project, each once, without the number of the container: `wep` for `wep-1`.
fn strangers(found: &[Found]) -> BTreeSet<&str> {
    let names = found.iter().filter(|f| f.is_stranger).filter_map(|f| f.service.as_deref());
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    names.map(|name| name.rsplit_once(['-', '_']).filter(|(_, number)| is_number(number)).map_or(name, |(service, _)| service)).collect()
}

/// The services of these fixes that a person ignores, and where.
fn ignored(files: &Files<'_>, project: &Project<'_>, mends: &[&WritablePath]) -> Result<BTreeMap<String, String>> {
    let (comments, config) = (Ignores::of(project), Config::of(files)?);
    let at = |span: Span| {
        let source = project.sources.file(span.file)?;
        Some(format!("{}:{}", source.path.display(), source.stream.text().line(span.start as usize)))
    };
    let place = |service: &Service<'_>| {
        let rule = if service.read_only == Known::Yes { Rule::UncoveredWrite } else { Rule::WritableRoot };
        let comment = comments.comment(rule, service.name, service.key().span());
        comment.and_then(at).or_else(|| config.place(rule, service.name).map(str::to_owned))
    };
    let services = mends.iter().filter_map(|path| project.service(&path.service));
    Ok(services.filter_map(|service| Some((service.name.to_owned(), place(service)?))).collect())
}

/// Shows or writes the change, through the same plan as every other.
fn mend(ui: &Ui, args: &Diagnose, files: &Files<'_>, mends: &[&WritablePath], ask: Option<&Ask>) -> Result<Status> {
    let (aim, again) = (args.writing.aim(), Again::of_log(args));
    let mut selection = Selection { auto: true, ..Selection::default() };
    for path in mends {
        if !selection.only.contains(&path.service) {
            selection.only.push(path.service.clone());
        }
        let own = selection.paths.entry(path.service.clone()).or_default();
        if !own.iter().any(|p| p.target == path.target) {
            own.push((*path).clone());
        }
    }
    let options = Options { selection, ..Options::default() };
    let plan = Prepared::of(files, Asking { view: Some(ui.view()), again: &again, ..Asking::plainly(&options, aim) })?;
    present(ui, aim, &plan);
    let status = finish(ui, aim, &[&plan], ask)?;
    let is_written = aim.writes() && mends.iter().all(|path| plan.changed().any(|service| service == path.service));
    Ok(if is_written { status } else { Status::FindingsRemain })
}

impl Diagnose {
    /// The project whose log it is.
    fn project(&self) -> plan::Input {
        plan::Input {
            start: if self.file.is_empty() { Start::Here } else { Start::Files(self.file.clone()) },
            project_directory: self.project_directory.clone(),
            env_files: self.env_file.clone(),
            root: self.root.clone(),
            ..plan::Input::default()
        }
    }
}

/// The symptoms of each log, by its name, and how many were not kept.
type Logs = Vec<(String, (Vec<Symptom>, u64))>;

/// Reads every log.
fn read_logs(args: &Diagnose, project: Option<(&Files<'_>, &plan::Input)>) -> Result<Logs> {
    let mut logs = Vec::new();
    match (&args.service, args.logs.is_empty()) {
        (Some(service), true) => {
            let layers = project.map(|(files, input)| for_compose(files, input, &[])).unwrap_or_default();
            let log = docker::logs(&layers, service, read)?;
            logs.push((format!("log of {service}"), log));
        }
        (None, true) if io::stdin().is_terminal() => {
            let again = Again::of_log(args);
            let pipe = again.diagnose(again.files());
            let hint = format!("name a log, pipe one (`{pipe}`), or use --service to ask the engine");
            return Err(Error::Usage("no log to read".into(), Some(hint)));
        }
        (None, true) => logs.push(("<stdin>".to_owned(), read(io::stdin().lock())?)),
        (_, false) => {
            for path in &args.logs {
                let log = if path == Path::new("-") { read(io::stdin().lock())? } else { read(disk::open(path)?)? };
                logs.push((path.display().to_string(), log));
            }
        }
    }
    Ok(logs)
}

/// Reads a stream line by line; nothing of it is kept but the symptoms.
fn read(stream: impl Read) -> Result<(Vec<Symptom>, u64)> {
    let mut reader = Reader::default();
    each_line(stream, |line| reader.line(line))?;
    Ok(reader.finish())
}

/// Gives every line of a stream to `read`, long ones cut.
pub(super) fn each_line(stream: impl Read, mut read: impl FnMut(&[u8])) -> Result<()> {
    let mut stream = io::BufReader::with_capacity(1 << 16, stream);
    let mut line = Vec::new();
    let failed = |e: io::Error| Error::Read { path: "<log>".into(), reason: e.to_string() };
    loop {
        line.clear();
        if stream.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).map_err(failed)? == 0 {
            return Ok(());
        }
        let is_cut = !line.ends_with(b"\n") && line.len() as u64 == MAX_LINE;
        read(line.strip_suffix(b"\n").unwrap_or(&line));
        if is_cut {
            skip_line(&mut stream).map_err(failed)?;
        }
    }
}

fn skip_line(stream: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = stream.fill_buf()?;
        let end = buffer.iter().position(|b| *b == b'\n');
        let (used, is_done) = (end.map_or(buffer.len(), |i| i + 1), end.is_some() || buffer.is_empty());
        stream.consume(used);
        if is_done {
            return Ok(());
        }
    }
}

fn explain(logs: Logs, args: &Diagnose, known: Option<(&Project<'_>, &[Need])>) -> (Vec<Found>, u64) {
    let mut found = Vec::new();
    let mut dropped = 0;
    for (log, (symptoms, more)) in logs {
        dropped += more;
        for symptom in symptoms {
            let service = known.and_then(|(project, _)| whose(project, &symptom, args.service.as_deref()));
            let need = known.and_then(|(_, needs)| needs.iter().find(|n| Some(n.service.as_str()) == service.map(|s| s.name)));
            let advice = advise(&symptom, AdviceContext { service, need, is_planned: false, log: &log });
            let name = service.map(|s| s.name.to_owned()).or(symptom.service.clone());
            let is_stranger = known.is_some() && service.is_none() && name.is_some();
            found.push(Found { log: log.clone(), symptom, service: name, is_stranger, advice });
        }
    }
    join(&mut found.iter_mut().map(|f| &mut f.advice).collect::<Vec<_>>());
    (found, dropped)
}

/// The service that a line is of: by the prefix of the line, by the option, or because there is only one.
fn whose<'p, 'a>(project: &'p Project<'a>, symptom: &Symptom, named: Option<&str>) -> Option<&'p Service<'a>> {
    let Some(prefix) = &symptom.service else {
        let only = if let [only] = project.services.as_slice() { Some(only) } else { None };
        return named.and_then(|name| project.service(name)).or(only);
    };
    // `api-1`: the number of the replica; or the container's own name, or `project-api-1`.
    let base = prefix.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(['-', '_']);
    let by_name = |s: &&Service<'a>| s.text("container_name").as_deref() == Some(prefix.as_str());
    let ends = |s: &&Service<'a>| base.strip_suffix(s.name).is_some_and(|rest| rest.ends_with(['-', '_']));
    let known = project.service(prefix).or_else(|| project.service(base));
    known.or_else(|| project.services.iter().find(by_name)).or_else(|| project.services.iter().filter(ends).max_by_key(|s| s.name.len()))
}

/// The same for programs.
fn complaint(found: &Found) -> Complaint {
    Complaint::of(&found.log, found.service.as_deref(), &found.symptom, &found.advice)
}

fn lines(found: &Found) -> String {
    let service = found.service.as_ref().map(|s| format!("{s}: ")).unwrap_or_default();
    let mut text = clean_line(&format!("{}:{}: {service}", found.log, found.symptom.line));
    text += &advice::lines(&found.symptom, &found.advice).join("\n    ");
    text + "\n"
}
