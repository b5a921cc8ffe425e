//! Whether a service works, by what is seen of it: its state, its health check, its answers to probes, and what it writes to its log.

use super::symptoms::{self, Story};
use super::{Desk, Run};
use crate::edge::docker::{Running, State, Trial};
use crate::edge::http;
use crate::error::{Error, Result};
use crate::evidence::engine::{Action, Isolated, Probe, Stand};
use crate::evidence::log::Symptom;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Time between two looks.
const BEAT: Duration = Duration::from_millis(100);
/// Time between two looks at the logs of what is not ready.
const LOG_BEAT: Duration = Duration::from_secs(1);
/// How long one probe may take.
const PROBE_PATIENCE: Duration = Duration::from_secs(20);
/// Answers of servers that are not ready.
const NOT_YET: [u16; 3] = [502, 503, 504];

/// What is said of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Verdict {
    Works,
    Fails,
    /// It cannot be said here.
    Unprovable,
}

/// What a run showed of one service.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Outcome {
    pub(in crate::cli) service: String,
    pub(in crate::cli) verdict: Verdict,
    /// Why, for a person.
    pub(in crate::cli) why: String,
    /// What it complained about.
    pub(in crate::cli) symptoms: Vec<Symptom>,
    /// Whether it ended by itself, and well.
    pub(in crate::cli) ended: bool,
}

impl Outcome {
    pub(super) fn new(service: &str, verdict: Verdict, why: String) -> Self {
        Self { service: service.to_owned(), verdict, why, symptoms: Vec::new(), ended: false }
    }
}

/// A run that is watched.
pub(super) struct Watch<'w> {
    pub(super) desk: &'w Desk<'w>,
    pub(super) trial: &'w Trial,
    pub(super) run: &'w Run<'w>,
    pub(super) isolated: &'w Isolated,
    pub(super) since: Instant,
}

/// A service that is watched.
struct Watched<'w> {
    stand: &'w Stand,
    probes: VecDeque<&'w Probe>,
    passed: usize,
    running_since: Option<Instant>,
    /// What a probe that is tried again said last.
    not_yet: Option<String>,
    was_healthy: bool,
    outcome: Option<Outcome>,
    story: Story,
}

impl Watch<'_> {
    /// Watches until every service is decided.
    pub(super) fn judge(&mut self, up: Running) -> Result<Vec<Outcome>> {
        let mut all: Vec<Watched<'_>> = self.isolated.services.iter().map(|stand| self.watched(stand)).collect();
        let mut up = Some(up);
        let mut refusal: Option<String> = None;
        let mut logs_read = Instant::now();
        loop {
            self.desk.docker.go_on()?;
            let states = self.trial.states()?;
            if let Some(answer) = up.as_mut().map(Running::poll).transpose()?.flatten() {
                refusal = (!answer.status.success()).then(|| answer.complaint());
                up = None;
            }
            let reads_logs = logs_read.elapsed() > LOG_BEAT;
            for watched in all.iter_mut().filter(|w| w.outcome.is_none()) {
                let state = states.iter().find(|s| s.service() == watched.stand.service);
                self.look(watched, state, up.is_some(), refusal.as_deref())?;
                // Who only has to stay up is given the time.
                let is_late = watched.not_yet.is_some() || !watched.was_healthy && state.is_some_and(|s| s.health().is_some());
                if let (None, Some(state), true) = (&watched.outcome, state, reads_logs && is_late) {
                    self.look_early(watched, state)?;
                }
            }
            if reads_logs {
                logs_read = Instant::now();
            }
            self.give_up_waiting(&mut all, up.is_some());
            self.show(&all);
            if all.iter().all(|w| w.outcome.is_some()) && self.is_held_long_enough() {
                break;
            }
            std::thread::sleep(BEAT);
        }
        // Compose may still wait for what will not come.
        drop(up);
        let states = self.trial.states()?;
        all.into_iter().map(|watched| self.close(watched, &states)).collect()
    }

    fn watched<'w>(&'w self, stand: &'w Stand) -> Watched<'w> {
        let probes: VecDeque<_> = self.desk.probes.iter().filter(|p| p.service == stand.service).collect();
        let story = Story::default();
        Watched { stand, probes, passed: 0, running_since: None, not_yet: None, was_healthy: false, outcome: None, story }
    }

    fn is_held_long_enough(&self) -> bool {
        !self.run.looks || self.desk.hold.is_none_or(|hold| self.since.elapsed() >= hold)
    }

    /// One look at a service.
    fn look(&self, watched: &mut Watched<'_>, state: Option<&State>, is_starting: bool, refusal: Option<&str>) -> Result<()> {
        let service = &watched.stand.service;
        let mut decide = |verdict, why: String| watched.outcome = Some(Outcome::new(service, verdict, why));
        let Some(state) = state else {
            if !is_starting {
                decide(Verdict::Fails, format!("it was not made: {}", refusal.unwrap_or("Compose does not say why")));
            }
            return Ok(());
        };
        if let Some(refusal) = state.refusal() {
            watched.story.line(refusal);
            decide(Verdict::Fails, format!("the engine does not start it: {refusal}"));
            return Ok(());
        }
        if let Some(status) = state.ended() {
            let mut outcome = match status {
                0 if watched.stand.is_task => Outcome::new(service, Verdict::Works, "it did its work and ended".to_owned()),
                0 => Outcome::new(service, Verdict::Unprovable, "it ended with status 0".to_owned()),
                _ if state.is_out_of_memory() => Outcome::new(service, Verdict::Fails, "it ran out of memory".to_owned()),
                _ => Outcome::new(service, Verdict::Fails, format!("it ended with status {status}")),
            };
            outcome.ended = status == 0;
            watched.outcome = Some(outcome);
            return Ok(());
        }
        if !state.is_running() {
            if let (false, Some(refusal)) = (is_starting, refusal) {
                decide(Verdict::Unprovable, format!("it was not started: {refusal}"));
            }
            return Ok(());
        }
        let since = *watched.running_since.get_or_insert_with(Instant::now);
        let limit = self.desk.options.timeout;
        if let Some(health) = state.health() {
            let budget = watched.stand.health.map_or(limit, |ms| limit.min(Duration::from_millis(ms)));
            match health.status.as_str() {
                "healthy" => watched.was_healthy = true,
                "unhealthy" => decide(Verdict::Fails, "its health check fails".to_owned()),
                _ if since.elapsed() > budget => {
                    decide(Verdict::Fails, format!("its health check does not pass within {} s", budget.as_secs()));
                }
                _ => {}
            }
            if !watched.was_healthy || health.status == "unhealthy" {
                return Ok(());
            }
        }
        if let Some(probe) = watched.probes.front().copied() {
            match self.try_probe(probe, state, &mut watched.story)? {
                Tried::Passed => {
                    watched.probes.pop_front();
                    watched.passed += 1;
                    watched.not_yet = None;
                }
                Tried::Failed(why) => watched.outcome = Some(Outcome::new(service, Verdict::Fails, format!("`{}`: {why}", probe.text))),
                Tried::NotYet(why) if since.elapsed() > limit => {
                    watched.outcome = Some(Outcome::new(service, Verdict::Fails, format!("`{}`: {why}", probe.text)));
                }
                Tried::NotYet(why) => watched.not_yet = Some(why),
            }
        } else if since.elapsed() >= self.run.settle {
            let mut signs = vec!["it stayed up".to_owned()];
            signs.extend(watched.was_healthy.then(|| "healthy".to_owned()));
            signs.extend((watched.passed > 0).then(|| super::super::ui::count(watched.passed, "probe passed", "probes passed")));
            watched.outcome = Some(Outcome::new(service, Verdict::Works, signs.join(", ")));
        }
        Ok(())
    }

    /// A service that is not ready may have said already why it never will be.
    fn look_early(&self, watched: &mut Watched<'_>, state: &State) -> Result<()> {
        let mut story = Story::default();
        story.read(self.trial, state, Some(200))?;
        let symptoms = story.finish(state);
        let known = self.run.before.and_then(|ran| ran.of(&watched.stand.service)).map_or(&[][..], |o| &o.symptoms);
        if symptoms::telling(&symptoms, known, self.run.project.service(&watched.stand.service)).next().is_some() {
            let check = if state.health().is_some() { "its health check does not pass" } else { "it does not get ready" };
            let why = watched.not_yet.clone().unwrap_or_else(|| check.to_owned());
            watched.outcome = Some(Outcome::new(&watched.stand.service, Verdict::Fails, why));
        }
        Ok(())
    }

    /// Decides about services that wait for others which failed.
    fn give_up_waiting(&self, all: &mut [Watched<'_>], is_starting: bool) {
        let failed: Vec<String> = all
            .iter()
            .filter(|w| w.outcome.as_ref().is_some_and(|o| o.verdict == Verdict::Fails))
            .map(|w| w.stand.service.clone())
            .collect();
        let is_waiting = |w: &Watched<'_>| w.outcome.is_none() && w.running_since.is_none();
        let others = all.iter().all(|w| w.outcome.is_some() || is_waiting(w));
        let too_long = self.since.elapsed() > self.desk.options.timeout * 2;
        let is_over = others && !failed.is_empty() || too_long && is_starting;
        if !is_over {
            return;
        }
        for watched in all.iter_mut().filter(|w| is_waiting(w)) {
            let why = match failed.as_slice() {
                [] => format!("it was not started within {} s", self.since.elapsed().as_secs()),
                failed => format!("it waits for {}, which fails", failed.join(", ")),
            };
            watched.outcome = Some(Outcome::new(&watched.stand.service, Verdict::Unprovable, why));
        }
    }

    fn try_probe(&self, probe: &Probe, state: &State, story: &mut Story) -> Result<Tried> {
        match &probe.action {
            Action::Http(http) => {
                let Some(address) = state.address() else { return Ok(Tried::NotYet("the container has no address".to_owned())) };
                let reply = http::request(address, http.port, &http.method, &http.path, http.body.as_deref(), PROBE_PATIENCE);
                Ok(match reply {
                    Ok(reply) if (200..400).contains(&reply.status) => Tried::Passed,
                    Ok(reply) if NOT_YET.contains(&reply.status) => Tried::NotYet(format!("status {}", reply.status)),
                    Ok(reply) => {
                        story.lines(&reply.body);
                        Tried::Failed(format!("status {}", reply.status))
                    }
                    Err(why) => Tried::NotYet(why),
                })
            }
            Action::Command(words) => {
                let answer = match self.trial.exec(&state.id, words, PROBE_PATIENCE) {
                    Ok(answer) => answer,
                    Err(Error::Engine(why)) => return Ok(Tried::NotYet(why)),
                    Err(other) => return Err(other),
                };
                if answer.status.success() {
                    return Ok(Tried::Passed);
                }
                let output = format!("{}\n{}", String::from_utf8_lossy(&answer.stdout), answer.stderr);
                story.lines(&output);
                let why = output.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or_default().chars().take(200).collect::<String>();
                let why = format!("{}{}{}", answer.status, if why.is_empty() { "" } else { ": " }, why.trim());
                let has_symptom = !story.clone().finish(state).is_empty();
                // A server that comes up slowly refuses at first; one that cannot write says so.
                Ok(if has_symptom || state.health().is_some() { Tried::Failed(why) } else { Tried::NotYet(why) })
            }
        }
    }

    /// The last word about a service: whether it is still there, and what its log says.
    fn close(&self, mut watched: Watched<'_>, states: &[State]) -> Result<Outcome> {
        let service = &watched.stand.service;
        let undecided = || Outcome::new(service, Verdict::Unprovable, "nothing was seen of it".to_owned());
        let mut outcome = watched.outcome.take().unwrap_or_else(undecided);
        let Some(state) = states.iter().find(|s| s.service() == service) else {
            outcome.symptoms = symptoms::of_text(&outcome.why);
            return Ok(outcome);
        };
        if outcome.verdict == Verdict::Works && !outcome.ended && !watched.stand.is_task && !state.is_running() {
            outcome.verdict = Verdict::Fails;
            outcome = Outcome { why: "it ended soon after it had started".to_owned(), ..outcome };
        }
        watched.story.read(self.trial, state, None)?;
        outcome.symptoms = watched.story.finish(state);
        let before = self.run.before.and_then(|ran| ran.of(service));
        Ok(symptoms::weigh(outcome, before, self.run.project.service(service), &self.isolated.held))
    }

    fn show(&self, all: &[Watched<'_>]) {
        let one = |w: &Watched<'_>| {
            let what = match (&w.outcome, w.running_since) {
                (Some(o), _) if o.verdict == Verdict::Works => "works".to_owned(),
                (Some(o), _) if o.verdict == Verdict::Fails => "fails".to_owned(),
                (Some(_), _) => "done".to_owned(),
                (None, None) => "starting".to_owned(),
                (None, Some(since)) => format!("up {} s", since.elapsed().as_secs()),
            };
            format!("{} {what}", w.stand.service)
        };
        let services: Vec<String> = all.iter().map(one).collect();
        self.desk.ui.status(&format!("{}, {} s: {}", self.run.title, self.since.elapsed().as_secs(), services.join(", ")));
    }
}

enum Tried {
    Passed,
    Failed(String),
    /// Nobody answers yet.
    NotYet(String),
}
