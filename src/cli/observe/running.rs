//! What the containers of a project that run now have written. The engine is only read from.

use super::{Elsewhere, Evidence, Place, places, plan, save};
use crate::cli::again::Again;
use crate::cli::args::Observe;
use crate::cli::asked::for_compose;
use crate::cli::harden::{Status, finish, present};
use crate::cli::moving;
use crate::cli::trial::user;
use crate::cli::ui::Ui;
use crate::edge::disk::{self, Disk};
use crate::edge::docker::{self, Docker, Kept};
use crate::error::{Error, Result};
use crate::evidence::engine::{Observation, writable_paths};
use crate::evidence::{Need, Reason, Selection, Storage, WritablePath};
use crate::plan::Files;
use crate::report::json::json;
use crate::text::clean_line;
use crate::trial::{Container, Entry, Looks, age, merge, observation, running_scan};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What nobody can see in a container that runs.
pub(super) const UNSEEN: &str = "not seen: files that were removed again (but for /tmp, /var/tmp and /run), files that are only opened for \
                                 writing, and what is only written as a service ends; `rofs-harden observe` runs a copy and sees that";

/// What was seen, for programs.
#[derive(Serialize)]
struct Report {
    version: u32,
    project: String,
    services: Vec<Row>,
}

/// What was seen of the containers of one service.
#[derive(Serialize)]
pub(super) struct Row {
    pub(super) service: String,
    containers: Vec<Seen>,
    pub(super) paths: Vec<Place>,
    pub(super) elsewhere: Vec<Elsewhere>,
    /// What lies in a container and would stay behind.
    data: Vec<Data>,
}

#[derive(Serialize)]
struct Seen {
    name: String,
    runs_since: String,
    /// As it is written; empty is root.
    user: String,
    mounts: Vec<String>,
}

#[derive(Serialize)]
struct Data {
    container: String,
    path: String,
    bytes: u64,
    /// Whether there are more, which were not counted.
    is_more: bool,
    commands: Vec<String>,
}

/// Says what the containers of the project wrote, and shows, saves or writes what follows.
pub(super) fn run(ui: &Ui, args: &Observe) -> Result<Status> {
    let ask = args.writing.ask()?;
    let [path] = args.input.runnable("observe")?[..] else {
        return Err(Error::Usage("observe watches one project at a time".into(), Some("name one PATH, or add -r".into())));
    };
    if let Some(file) = &args.save {
        disk::absent(file)?;
    }
    // What dead runs left on the engine stays: nothing is changed there.
    let docker = Docker::connect()?;
    let (input, aim) = (args.input.project(path), args.writing.aim());
    let chosen = args.choice.selection()?;
    let files = Files::read(&Disk, &input)?;
    let project = files.project()?;
    let needs = files.needs(&project, &Selection { limits: true, ..chosen.clone() })?;
    let profiles = if args.choice.profile.is_empty() { vec!["*".to_owned()] } else { args.choice.profile.clone() };
    let layers = for_compose(&files, &input, &profiles);
    let own: Vec<PathBuf> = layers.files.iter().filter_map(|file| disk::real_path(file)).collect();
    let (name, containers) = of_project(docker.running()?, &own, || {
        let model = docker::config(&docker, &layers, &[])?;
        Ok(model["name"].as_str().unwrap_or_default().to_owned())
    })?;
    let looker = Looker { docker: &docker, now: docker.clock()? };
    let up = files.layers_to_name();
    let (mut rows, mut found, mut unseen) = (Vec::new(), Vec::new(), Vec::new());
    for need in &needs {
        let own: Vec<&Container> = containers.iter().filter(|c| c.service() == need.service).collect();
        if own.is_empty() {
            unseen.push(need.service.clone());
            continue;
        }
        ui.status(&format!("looking at {}", clean_line(&need.service)));
        let alone = Need { paths: Vec::new(), ..need.clone() };
        let (row, paths) = looker.row(&own, Some(&alone), up.as_deref(), args.writing.is_json())?;
        rows.push(row);
        found.extend(paths);
    }
    ui.progress_done();
    let is_whole = unseen.is_empty();
    if args.writing.is_json() {
        ui.out(&json(&Report { version: 1, project: name, services: rows })?);
        return Ok(if is_whole { Status::Done } else { Status::FindingsRemain });
    }
    rows.iter().for_each(|row| ui.sentences(&looker.lines(row)));
    for service in &unseen {
        ui.out(&format!("{}: no container of it runs\n", clean_line(service)));
    }
    ui.note(UNSEEN);
    let seen: Vec<&str> = rows.iter().map(|row| row.service.as_str()).collect();
    let named = Again::of(&args.input, &args.choice);
    if seen.is_empty() {
        let (up, observe) = (named.compose(named.files(), "up -d"), named.command("observe", ""));
        ui.hint(&format!("start the project (`{up}`), or run `{observe}`, which runs a copy"));
        return Ok(Status::FindingsRemain);
    }
    if let Some(file) = &args.save {
        save(ui, file, &input, &seen, &found)?;
    }
    let broken = rows.iter().filter_map(|row| Some((row.service.clone(), row.elsewhere.first()?.path.clone()))).collect();
    let plan = plan(ui, args, &input, Evidence { chosen, found, known: &needs, unseen, broken })?;
    present(ui, aim, &plan);
    if !aim.writes() {
        // Before something is written, the plan itself looks for them.
        let held = looker.left_behind(&containers, &moving::new_volumes(&plan.accepted))?;
        moving::say(ui, &held, plan.up.as_deref());
    }
    let status = finish(ui, aim, &[&plan], ask.as_ref())?;
    if !args.writing.write {
        ui.hint(&format!("`{}` runs the result and says whether it works", named.command("verify", "")));
    }
    Ok(if is_whole { status } else { Status::FindingsRemain })
}

/// Name and containers of the project that these files make. `name` asks Compose what it would call the project.
///
/// Errors: those of `name`; several projects were started from the files, and none by that name.
fn of_project(running: Vec<Container>, files: &[PathBuf], name: impl FnOnce() -> Result<String>) -> Result<(String, Vec<Container>)> {
    let real = |file: &str| disk::real_path(Path::new(file));
    let is_ours = |c: &Container| c.files().any(|file| real(file).is_some_and(|file| files.contains(&file)));
    let mut names: Vec<String> = running.iter().filter(|c| is_ours(c)).map(|c| c.project().to_owned()).collect();
    names.dedup();
    let name = match names.as_slice() {
        [one] => one.clone(),
        _ => name()?,
    };
    if names.len() > 1 && !names.contains(&name) {
        let names: Vec<String> = names.iter().take(20).map(|name| format!("`{}`", clean_line(name))).collect();
        let what = format!("several projects were started from these files: {}", names.join(", "));
        return Err(Error::Usage(what, Some("say which one is meant: COMPOSE_PROJECT_NAME=NAME".into())));
    }
    // Another project may have the same name; its files are here then. Those of another machine are not.
    let is_foreign = |c: &Container| !is_ours(c) && c.files().any(|file| real(file).is_some());
    let own = running.into_iter().filter(|c| c.project() == name && !is_foreign(c)).collect();
    Ok((name, own))
}

/// What is needed for looking at containers.
pub(super) struct Looker<'d> {
    pub(super) docker: &'d Docker,
    /// The engine's clock.
    pub(super) now: Option<u64>,
}

impl Looker<'_> {
    /// What the containers of one service show.
    pub(super) fn row(
        &self,
        containers: &[&Container],
        need: Option<&Need>,
        up: Option<&str>,
        counts: bool,
    ) -> Result<(Row, Vec<WritablePath>)> {
        let service = containers.first().map(|c| c.service().to_owned()).unwrap_or_default();
        let mut observed: Option<Observation> = None;
        for container in containers {
            let own = match self.observed(container) {
                Ok(own) => own,
                // One that has ended meanwhile shows nothing more.
                Err(Error::Engine(_)) if !self.docker.still_runs(container)? => continue,
                Err(error) => return Err(error),
            };
            observed = Some(match observed {
                Some(known) => merge(known, own),
                None => own,
            });
        }
        let (mut paths, elsewhere) = writable_paths(&service, &observed.unwrap_or_default(), need);
        let since = containers.iter().min_by_key(|c| c.created_at()).map(|c| self.since(c)).unwrap_or_default();
        for path in &mut paths {
            path.reason =
                Arc::new(Reason { text: format!("{}; seen in a container that {since}", path.reason.text), ..(*path.reason).clone() });
        }
        let state = paths.iter().filter(|p| p.storage == Storage::State).map(|p| (service.clone(), p.target.to_string()));
        let all: Vec<Container> = if counts { containers.iter().map(|c| (*c).clone()).collect() } else { Vec::new() };
        let held = self.left_behind(&all, &state.collect::<Vec<_>>())?;
        let data = held.iter().map(|kept| Data {
            container: kept.container.clone(),
            path: kept.path.clone(),
            bytes: kept.bytes,
            is_more: kept.is_more,
            commands: moving::commands(kept, up).to_vec(),
        });
        let seen = |c: &&Container| Seen {
            name: c.name().to_owned(),
            runs_since: c.started().to_owned(),
            user: c.user().to_owned(),
            mounts: c.mounts().collect(),
        };
        let row = Row {
            service,
            containers: containers.iter().map(seen).collect(),
            paths: paths.iter().map(Place::of).collect(),
            elsewhere: elsewhere.into_iter().map(|(path, help)| Elsewhere { path, help }).collect(),
            data: data.collect(),
        };
        Ok((row, paths))
    }

    /// What one container has written.
    fn observed(&self, container: &Container) -> Result<Observation> {
        let diff = self.docker.diff(&container.id)?;
        let Looks { heads, walks } = Looks::of(&diff, container);
        let head = |path: &String| Ok(self.docker.head(&container.id, path)?.map(|entry| (path.clone(), entry)));
        let heads: Vec<Option<(String, Entry)>> = heads.par_iter().map(head).collect::<Result<_>>()?;
        let walks: Vec<_> = walks.par_iter().map(|folder| self.docker.walk(&container.id, folder)).collect::<Result<_>>()?;
        let found = heads.into_iter().flatten().chain(walks.into_iter().flatten()).collect();
        let scan = running_scan(diff, found, container);
        Ok(Observation { user: user(self.docker, container)?, ..observation(&scan, container) })
    }

    /// What containers hold at these paths of services, where a new volume would start without it.
    fn left_behind(&self, containers: &[Container], wanted: &[(String, String)]) -> Result<Vec<Kept>> {
        let mut held = Vec::new();
        for container in containers {
            for (_, path) in wanted.iter().filter(|(service, _)| service == container.service()) {
                held.extend(self.docker.held(container, path)?);
            }
        }
        Ok(held)
    }

    /// Since when a container runs, and since when it is there if that is longer: `runs since 2026-10-21 (40 days)`.
    pub(super) fn since(&self, container: &Container) -> String {
        let for_how_long = |at: Option<u64>| at.zip(self.now).map(|(at, now)| age(now.saturating_sub(at)));
        let day = container.started().get(..10).unwrap_or_default();
        let runs = for_how_long(container.started_at()).map(|age| format!(" ({age})")).unwrap_or_default();
        let is_restarted = container.created_at().zip(container.started_at()).is_some_and(|(made, started)| started > made + 60);
        let made = for_how_long(container.created_at()).filter(|_| is_restarted);
        format!("runs since {day}{runs}{}", made.map(|age| format!(" and was made {age} ago")).unwrap_or_default())
    }

    /// What was seen of one service, for people.
    fn lines(&self, row: &Row) -> String {
        let mut text = format!("{}:\n", clean_line(&row.service));
        for seen in &row.containers {
            let user = if seen.user.is_empty() { "root" } else { &seen.user };
            let age = crate::trial::seconds(&seen.runs_since).zip(self.now).map(|(at, now)| age(now.saturating_sub(at)));
            let age = age.map(|age| format!(" ({age})")).unwrap_or_default();
            let day = seen.runs_since.get(..10).unwrap_or_default();
            let line = format!("{} runs since {day}{age} as {user}", seen.name);
            text += &format!("    {}\n", clean_line(&line));
            let kept: Vec<&str> = seen.mounts.iter().map(String::as_str).collect();
            if !kept.is_empty() {
                text += &format!("    mounted: {}\n", clean_line(&kept.join(", ")));
            }
        }
        text + &places(&row.paths, &row.elsewhere, true)
    }
}

/// Containers by their project and their service, in order.
pub(super) fn by_service(containers: &[Container]) -> BTreeMap<(&str, &str), Vec<&Container>> {
    let mut groups: BTreeMap<(&str, &str), Vec<&Container>> = BTreeMap::new();
    for container in containers {
        groups.entry((container.project(), container.service())).or_default().push(container);
    }
    groups
}
