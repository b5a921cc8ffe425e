//! Trials: a project is run under a throw-away name, tried, looked at and removed.

mod image;
mod images;
mod through;
mod watch;

pub(super) use image::look_at_image;

use super::args::Trying;
use super::ui::Ui;
use crate::compose::Project;
use crate::edge::docker::{self, Docker, Layers, Trial};
use crate::error::{Error, Result};
use crate::evidence::engine::{Observation, Probe};
use crate::evidence::image::Image;
use crate::trial::{
    Container, Isolated, Isolation, LeftOut, Life, Listing, OnHost, Outcome, RunResult, Scan, Verdict, asked_again, ended, isolate, lived,
    may_come_back, observation,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long Compose may take to remove or make containers.
const PATIENCE: Duration = Duration::from_mins(4);

/// Everything that trials of one project have in common.
pub(super) struct TrialContext<'d> {
    pub(super) ui: &'d Ui,
    pub(super) docker: Docker,
    pub(super) layers: Layers,
    pub(super) probes: Vec<Probe>,
    pub(super) options: &'d Trying,
    /// Services that are tried; empty means all.
    pub(super) only: Vec<String>,
    /// How long a run that looks at what is written goes on at least.
    pub(super) hold: Option<Duration>,
}

/// What services wrote, and what their images say of themselves.
type Looked = (BTreeMap<String, Observation>, BTreeMap<String, Arc<Image>>);

/// What is run and how.
pub(super) struct Run<'r> {
    /// What the progress line says: `round 2`.
    pub(super) title: &'r str,
    /// The project as Compose resolves it.
    pub(super) model: &'r Value,
    /// The same project as this program sees it.
    pub(super) project: &'r Project<'r>,
    /// What is known of the images of services that have no check of their own.
    pub(super) known: Vec<Probe>,
    /// What an earlier run on a writable root showed.
    pub(super) before: Option<&'r RunResult>,
    /// Whether to look at what was written.
    pub(super) looks: bool,
    /// Whether it is the project as it is.
    pub(super) is_original: bool,
    /// How long a service must stay up.
    pub(super) settle: Duration,
    /// Whether what works must come back after a stop, and after it was killed and recreated.
    pub(super) lives: bool,
}

impl TrialContext<'_> {
    /// The project as Compose resolves it, with `changed` files.
    pub(super) fn model(&self, changed: &[(PathBuf, &str)]) -> Result<Value> {
        docker::config(&self.docker, &self.layers, changed)
    }

    /// Runs the project once. Nothing of it stays, whatever the result.
    ///
    /// Errors: the engine does not do its part; Ctrl-C.
    pub(super) fn run(&self, run: &Run<'_>) -> Result<RunResult> {
        let trial = Trial::begin(&self.docker)?;
        let ran = self.course(&trial, run);
        self.ui.status(&format!("{}: cleaning up", run.title));
        let end = trial.end();
        self.ui.progress_done();
        let ran = ran?;
        end.map(|()| ran)
    }

    fn course(&self, trial: &Trial, run: &Run<'_>) -> Result<RunResult> {
        let say = |what: &str| self.ui.status(&format!("{}: {what}", run.title));
        say("preparing");
        let isolated = self.prepare(trial, run)?;
        let mut outcomes: Vec<Outcome> = Vec::new();
        for (service, LeftOut { why, remedy }) in &isolated.left_out {
            let outcome = Outcome::new(service, Verdict::Unprovable, why.clone());
            outcomes.push(Outcome { remedy: remedy.clone(), ..outcome });
        }
        let (mut sights, mut images) = Default::default();
        if !isolated.services.is_empty() {
            let model = isolated.model.to_string();
            self.fill(trial, &isolated, &model)?;
            let probes = vec![self.probes.clone(); self.options.repeat].concat();
            let expected = run.before.map_or(&[][..], |before| &before.outcomes);
            outcomes.extend(watch::watch(self, trial, run, &isolated, &probes, expected)?);
            if run.lives && may_come_back(&outcomes) {
                self.live_on(trial, run, &isolated, &mut outcomes)?;
            }
            if run.looks {
                say("looking at what was written");
                (sights, images) = self.look(trial, run, &mut outcomes)?;
            }
        }
        for outcome in &mut outcomes {
            let own = isolated.replaced.iter().filter(|(service, _)| *service == outcome.service);
            outcome.replaced = own.map(|(_, target)| target.clone()).collect();
        }
        let order = |o: &Outcome| run.project.services.iter().position(|s| s.name == o.service);
        outcomes.sort_by_key(order);
        Ok(RunResult { outcomes, sights, images })
    }

    /// Stops what works, kills it, makes it anew, and sees whether it comes back each time.
    fn live_on(&self, trial: &Trial, run: &Run<'_>, isolated: &Isolated, outcomes: &mut [Outcome]) -> Result<()> {
        let model = isolated.model.to_string();
        let probes = asked_again(&self.probes);
        let mut isolated = isolated.clone();
        for life in Life::ALL {
            self.ui.status(&format!("{}: {}", run.title, life.title()));
            match life {
                Life::Restarted => self.stop(trial, run, outcomes)?,
                Life::Recreated => trial.make_anew(&model, PATIENCE)?,
            }
            // What failed once is not waited for again.
            let works = |name: &str| outcomes.iter().any(|o| o.service == name && o.verdict == Verdict::Works);
            isolated.services.retain(|s| works(s.own()));
            if isolated.services.is_empty() {
                break;
            }
            // What has ended and is not started yet looks like what has failed. Whether it starts is seen below.
            let up = ["up", "--detach", "--no-build", "--pull", "never", "--quiet-pull", "--no-recreate"];
            let names: Vec<&str> = isolated.services.iter().map(|s| s.service.as_str()).collect();
            trial.compose(&model, &[&up[..], &["--"], names.as_slice()].concat())?.wait(&self.docker, PATIENCE)?;
            let again = watch::watch(self, trial, run, &isolated, &probes, outcomes)?;
            lived(outcomes, &again, life, &self.probes, run.before, run.is_original);
            if !may_come_back(outcomes) {
                break;
            }
        }
        Ok(())
    }

    /// Asks all services to end, and sees how they do: some write then.
    fn stop(&self, trial: &Trial, run: &Run<'_>, outcomes: &mut [Outcome]) -> Result<()> {
        // The engine calls what it stops unhealthy, so that this is asked before.
        let is_unhealthy = |c: &Container| c.health().is_some_and(|health| health.status == "unhealthy");
        let unhealthy = trial.containers()?.iter().filter(|c| is_unhealthy(c)).map(|c| c.service().to_owned()).collect();
        let stopped = trial.stop()?;
        let mut failed = None;
        ended(outcomes, (&stopped, &unhealthy), run.project, run.before, |container, log| {
            if failed.is_none() {
                failed = watch::read(trial, container, None, log).err();
            }
        });
        failed.map_or(Ok(()), Err)
    }

    /// The project made safe to run, without what cannot run here.
    fn prepare(&self, trial: &Trial, run: &Run<'_>) -> Result<Isolated> {
        let (key, value) = Trial::label();
        let mut isolation = Isolation {
            name: trial.name().to_owned(),
            labels: [(key, value)].into(),
            only: self.only.clone(),
            without: BTreeMap::new(),
            allow_binds: self.options.allow_binds,
            allow_network: self.options.allow_network,
            build: self.options.build,
        };
        let isolated = isolate(run.model, &isolation, &on_host);
        let mut missing = images::missing(&self.docker, &isolated)?;
        if self.options.pull && !missing.is_empty() {
            self.fetch(trial, &isolated, "pulling", &["pull", "--quiet", "--policy", "missing", "--ignore-buildable"], run)?;
            missing = images::missing(&self.docker, &isolated)?;
        }
        isolation.without = missing;
        let isolated = if isolation.without.is_empty() { isolated } else { isolate(run.model, &isolation, &on_host) };
        if isolated.services.iter().any(|s| s.is_built) {
            self.fetch(trial, &isolated, "building", &["build", "--quiet"], run)?;
        }
        Ok(isolated)
    }

    /// Pulls or builds images, which may take any time.
    fn fetch(&self, trial: &Trial, isolated: &Isolated, doing: &str, args: &[&str], run: &Run<'_>) -> Result<()> {
        let since = Instant::now();
        let mut running = trial.compose(&isolated.model.to_string(), args)?;
        loop {
            if let Some(answer) = running.poll()? {
                let failed = || Error::Engine(format!("{doing} images: {}", answer.complaint()));
                return if answer.status.success() { Ok(()) } else { Err(failed()) };
            }
            self.docker.go_on()?;
            self.ui.status(&format!("{}: {doing} images, {} s", run.title, since.elapsed().as_secs()));
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Makes the containers and copies folders into the volumes that stand in for them.
    fn fill(&self, trial: &Trial, isolated: &Isolated, model: &str) -> Result<()> {
        let full: Vec<_> = isolated.stand_ins.iter().filter(|s| Path::new(&s.source).is_dir()).collect();
        if full.is_empty() {
            return Ok(());
        }
        let answer = trial.compose(model, &["create", "--no-build", "--pull", "never"])?.wait(&self.docker, PATIENCE)?;
        if !answer.status.success() {
            // What it is about, `up` says again, service by service.
            return Ok(());
        }
        let containers = trial.containers()?;
        for stand_in in full {
            let Some(container) = containers.iter().find(|c| c.service() == stand_in.service) else { continue };
            trial.fill(container, &stand_in.target, Path::new(&stand_in.source))?;
        }
        Ok(())
    }

    /// What every service wrote, after it was asked to end, and what its image says of itself.
    fn look(&self, trial: &Trial, run: &Run<'_>, outcomes: &mut [Outcome]) -> Result<Looked> {
        self.stop(trial, run, outcomes)?;
        let (mut sights, mut looked) = (BTreeMap::new(), BTreeMap::new());
        let mut images: BTreeMap<String, (Listing, Arc<Image>)> = BTreeMap::new();
        let is_own = |container: &Container| run.project.service(container.service()).is_some();
        for container in trial.containers()?.into_iter().filter(is_own) {
            let (listing, image) = match images.remove(&container.image) {
                Some(known) => known,
                None => {
                    let (listing, image) = look_at_image(&self.docker, trial, &container.image, &container.image)?
                        .ok_or_else(|| Error::Engine(format!("the image {} is gone", container.image)))?;
                    (listing, Arc::new(image))
                }
            };
            let scan = Scan { image: listing, now: self.docker.listing(&container.id)?, diff: self.docker.diff(&container.id)? };
            let observed = Observation { user: user(&self.docker, &container)?, ..observation(&scan, &container) };
            sights.insert(container.service().to_owned(), observed);
            looked.insert(container.service().to_owned(), Arc::clone(&image));
            images.insert(container.image.clone(), (scan.image, image));
        }
        Ok((sights, looked))
    }
}

/// Numbers of the user and the group that a container starts as.
pub(super) fn user(docker: &Docker, container: &Container) -> Result<Option<(u32, u32)>> {
    user_of(docker, &container.id, container.user())
}

/// The same for a user as it is written.
fn user_of(docker: &Docker, container: &str, user: &str) -> Result<Option<(u32, u32)>> {
    if user.is_empty() {
        return Ok(Some((0, 0)));
    }
    let text = |path: &str| docker.file_text(container, path);
    Ok(numbers(user, &text("/etc/passwd")?, &text("/etc/group")?))
}

/// Numbers of a user and a group by the texts of the image's own lists; a group that is not named is the user's first.
fn numbers(user: &str, passwd: &str, group: &str) -> Option<(u32, u32)> {
    let (user, own_group) = user.split_once(':').map_or((user, None), |(user, group)| (user, Some(group)));
    let entry = passwd
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|parts| parts.first() == Some(&user) || parts.get(2) == Some(&user));
    let uid = user.parse().ok().or_else(|| entry.as_ref()?.get(2)?.parse().ok())?;
    let gid = match own_group {
        Some(name) => {
            let named = group.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|parts| parts.first() == Some(&name));
            name.parse().ok().or_else(|| named?.get(2)?.parse().ok())?
        }
        None => entry.and_then(|e| e.get(3)?.parse().ok()).unwrap_or(0),
    };
    Some((uid, gid))
}

/// What is at a path of this machine, which is where the engine binds from unless it is on another one; there nothing is found.
fn on_host(path: &str) -> OnHost {
    match docker::place(Path::new(path)) {
        docker::Place::Nothing => OnHost::Nothing,
        docker::Place::Folder => OnHost::Folder,
        docker::Place::LargeFolder => OnHost::LargeFolder,
        docker::Place::File => OnHost::File,
        docker::Place::Special => OnHost::Special,
    }
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn users_have_numbers() {
        let (passwd, group) = ("root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1001::/home/node:/bin/sh\n", "root:x:0:\nadm:x:4:\n");
        for (user, expected) in [
            ("node", Some((1000, 1001))),
            ("1000", Some((1000, 1001))),
            ("1000:5", Some((1000, 5))),
            ("node:adm", Some((1000, 4))),
            ("7", Some((7, 0))),
            ("nobody", None),
            ("node:nobody", None),
        ] {
            assert_eq!(numbers(user, passwd, group), expected, "{user}");
        }
    }
}
