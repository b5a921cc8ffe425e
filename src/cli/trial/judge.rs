//! Whether a service works, by what is seen of it: its state, its health check, its answers to probes, and what it writes to its log.

use super::symptoms::{self, Story};
use super::{Desk, Outcome, Run, Verdict};
use crate::edge::docker::{Running, State, Trial};
use crate::edge::http::{self, Question};
use crate::error::{Error, Result};
use crate::evidence::engine::{Action, Isolated, Probe, Stand};
use crate::text::count;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Time between two looks.
const BEAT: Duration = Duration::from_millis(100);
/// Time between two looks at the logs of what is not ready.
const LOG_BEAT: Duration = Duration::from_secs(1);
/// How long one probe may take.
const PROBE_PATIENCE: Duration = Duration::from_secs(10);
/// How often a service is started again, where the project wants that.
const RESTARTS: u32 = 5;
/// How long a server without a health check may answer that something is not there.
const YOUTH: Duration = Duration::from_secs(10);
/// Time after which Compose is taken to wait for a service that fails.
const STUCK: Duration = Duration::from_secs(2);
/// Percent of a processor from which on a service is busy.
const BUSY: f64 = 5.0;
/// Time that every program may compute as it starts.
const WARM_UP: Duration = Duration::from_millis(1500);
/// Answers of servers that are not ready.
const NOT_YET: [u16; 3] = [502, 503, 504];

/// What is said of one that the engine refuses, before its own words.
const REFUSED: &str = "the engine does not start it";
/// What is said of one that does not get healthy.
const UNHEALTHY: &str = "its health check does not pass";

/// A run that is watched.
pub(super) struct Watch<'w> {
    pub(super) desk: &'w Desk<'w>,
    pub(super) trial: &'w Trial,
    pub(super) run: &'w Run<'w>,
    pub(super) isolated: &'w Isolated,
    pub(super) since: Instant,
}

/// What Compose is starting.
struct Start {
    up: Option<Running>,
    /// The one service that it starts, with those that it needs; all at first.
    only: Option<String>,
    since: Instant,
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
    /// When it was last seen to compute.
    busy_at: Option<Instant>,
    /// Whether it is known how busy it was after its first moments.
    was_felt: bool,
    restarted: u32,
    /// Whether it was started by itself.
    was_started: bool,
    outcome: Option<Outcome>,
    story: Story,
}

impl Watched<'_> {
    /// Whether neither health check nor probe tells when it is ready.
    fn is_dumb(&self) -> bool {
        !self.was_healthy && self.passed == 0 && self.probes.is_empty()
    }

    /// Whether nothing speaks for its still starting.
    fn is_calm(&self, settle: Duration, limit: Duration) -> bool {
        let is_late = self.running_since.is_some_and(|since| since.elapsed() > limit / 2);
        !self.is_dumb() || is_late || self.was_felt && self.busy_at.is_none_or(|at| at.elapsed() >= settle)
    }

    fn decide(&mut self, verdict: Verdict, why: String, short: &str) {
        self.outcome = Some(Outcome::new(&self.stand.service, verdict, why).shortly(short));
    }
}

impl Watch<'_> {
    /// Starts everything and watches until every service is decided.
    pub(super) fn judge(&mut self) -> Result<Vec<Outcome>> {
        let mut all: Vec<Watched<'_>> = self.isolated.services.iter().map(|stand| self.watched(stand)).collect();
        let mut start = Start { up: Some(self.up(&[])?), only: None, since: Instant::now() };
        let mut logs_read = Instant::now();
        let mut load = None;
        loop {
            self.desk.docker.go_on()?;
            let states = self.trial.states()?;
            self.feel(&mut all, &states, &mut load)?;
            let reads_logs = logs_read.elapsed() > LOG_BEAT;
            for watched in all.iter_mut().filter(|w| w.outcome.is_none()) {
                let Some(state) = states.iter().find(|s| s.service() == watched.stand.service) else { continue };
                // Who shares a network has no address of its own.
                let network = watched.stand.network_of.as_ref().and_then(|name| states.iter().find(|s| s.service() == name));
                self.look(watched, state, network.unwrap_or(state).address())?;
                // Who only has to stay up is given the time.
                let is_late = watched.not_yet.is_some() || !watched.was_healthy && state.health().is_some();
                if watched.outcome.is_none() && reads_logs && is_late {
                    self.look_early(watched, state)?;
                }
            }
            if reads_logs {
                logs_read = Instant::now();
            }
            self.go_on_starting(&mut all, &mut start)?;
            self.show(&all);
            if all.iter().all(|w| w.outcome.is_some()) && self.is_held_long_enough() {
                break;
            }
            std::thread::sleep(BEAT);
        }
        // Compose may still wait for what will not come.
        drop((start, load));
        let states = self.trial.states()?;
        all.into_iter().map(|watched| self.close(watched, &states)).collect()
    }

    fn up(&self, only: &[&str]) -> Result<Running> {
        let args = ["up", "--detach", "--no-build", "--pull", "never", "--quiet-pull", "--no-recreate", "--"];
        self.trial.compose(&self.isolated.model.to_string(), &[&args, only].concat())
    }

    /// Asks how busy the services are of which nothing else tells when they have started: who computes is not there yet.
    fn feel(&self, all: &mut [Watched<'_>], states: &[State], load: &mut Option<(Running, Instant)>) -> Result<()> {
        let answer = load.as_mut().map(|(load, asked)| load.poll().map(|answer| answer.map(|a| (a, *asked)))).transpose()?.flatten();
        if let Some((answer, asked)) = answer {
            *load = None;
            let loads = State::loads(&String::from_utf8_lossy(&answer.stdout));
            for watched in all.iter_mut().filter(|w| w.is_dumb()) {
                let state = states.iter().find(|s| s.service() == watched.stand.service);
                let is_busy = state.and_then(|s| loads.get(&s.id)).is_some_and(|percent| *percent > BUSY);
                if watched.running_since.is_some_and(|since| asked.duration_since(since) > WARM_UP) {
                    watched.was_felt = true;
                    watched.busy_at = if is_busy { Some(Instant::now()) } else { watched.busy_at };
                }
            }
        }
        let is_open = |w: &Watched<'_>| w.outcome.is_none() && w.is_dumb() && w.running_since.is_some();
        if load.is_none() && all.iter().any(is_open) {
            *load = Some((self.trial.loads(states)?, Instant::now()));
        }
        Ok(())
    }

    /// Decides about services that wait for others which failed. Compose gives up on all services when one fails, so the rest is then
    /// started one by one.
    fn go_on_starting(&self, all: &mut [Watched<'_>], start: &mut Start) -> Result<()> {
        let failed: Vec<String> = {
            let fails = |w: &&Watched<'_>| w.outcome.as_ref().is_some_and(|o| o.verdict == Verdict::Fails);
            all.iter().filter(fails).map(|w| w.stand.service.clone()).collect()
        };
        let is_waiting = |w: &Watched<'_>| w.outcome.is_none() && w.running_since.is_none();
        for watched in all.iter_mut().filter(|w| is_waiting(w)) {
            let mut causes = failed.iter().filter(|name| watched.stand.needs.contains(name)).map(String::as_str);
            if let Some(cause) = causes.next() {
                watched.decide(Verdict::Unprovable, format!("it waits for {cause}, which fails"), "it waits for a service that fails");
            } else if start.since.elapsed() > self.desk.options.timeout * 2 {
                let why = format!("it was not started within {} s", start.since.elapsed().as_secs());
                watched.decide(Verdict::Unprovable, why, "it was not started in time");
            }
        }
        let answer = start.up.as_mut().map(Running::poll).transpose()?.flatten();
        if answer.is_none() && start.up.is_some() {
            // It may wait for what we know will not come.
            let is_stuck = !failed.is_empty() && start.only.is_none() && start.since.elapsed() > STUCK && all.iter().any(is_waiting);
            if !is_stuck {
                return Ok(());
            }
        }
        if start.up.take().is_some() && answer.as_ref().is_some_and(|a| a.status.success()) {
            start.since = Instant::now();
        }
        let refusal = answer.filter(|a| !a.status.success()).map(|a| a.complaint());
        let mut waiting = all.iter_mut().filter(|w| is_waiting(w));
        if let (Some(name), Some(refusal)) = (&start.only, &refusal)
            && let Some(watched) = waiting.find(|w| w.stand.service == *name)
        {
            watched.story.lines(refusal);
            watched.decide(Verdict::Fails, format!("it was not started: {refusal}"), REFUSED);
        }
        // What was started just now is seen with the next look.
        let is_new = refusal.is_none() && start.since.elapsed() < LOG_BEAT;
        let next = all.iter_mut().find(|w| is_waiting(w) && !is_new);
        if let Some(next) = next {
            if std::mem::replace(&mut next.was_started, true) {
                let why = "Compose does not start it, and does not say why";
                next.decide(Verdict::Unprovable, why.to_owned(), why);
                return Ok(());
            }
            let name = next.stand.service.clone();
            *start = Start { up: Some(self.up(&[name.as_str()])?), only: Some(name), since: Instant::now() };
        }
        Ok(())
    }

    fn watched<'w>(&'w self, stand: &'w Stand) -> Watched<'w> {
        let probes: VecDeque<_> = self.desk.probes.iter().filter(|p| p.service == stand.service).collect();
        let story = Story::default();
        Watched {
            stand,
            probes,
            passed: 0,
            running_since: None,
            not_yet: None,
            was_healthy: false,
            busy_at: None,
            was_felt: false,
            restarted: 0,
            was_started: false,
            outcome: None,
            story,
        }
    }

    fn is_held_long_enough(&self) -> bool {
        !self.run.looks || self.desk.hold.is_none_or(|hold| self.since.elapsed() >= hold)
    }

    /// One look at a service.
    fn look(&self, watched: &mut Watched<'_>, state: &State, address: Option<&str>) -> Result<()> {
        let service = &watched.stand.service;
        if let Some(refusal) = state.refusal() {
            watched.story.line(refusal);
            watched.decide(Verdict::Fails, format!("{REFUSED}: {refusal}"), REFUSED);
            return Ok(());
        }
        if let Some(status) = state.ended() {
            if status != 0 && watched.stand.restarts && watched.restarted < RESTARTS && !self.is_telling(watched, state)? {
                // It may wait for another one, as its policy lets it.
                watched.restarted += 1;
                watched.running_since = None;
                std::thread::sleep(LOG_BEAT);
                return self.trial.start(&state.id);
            }
            let mut outcome = match status {
                0 if watched.stand.is_task => Outcome::plain(service, Verdict::Works, "it did its work and ended"),
                0 => Outcome::plain(service, Verdict::Unprovable, "it ended with status 0"),
                _ if state.is_out_of_memory() => Outcome::plain(service, Verdict::Fails, "it ran out of memory"),
                _ => Outcome::plain(service, Verdict::Fails, &format!("it ended with status {status}")),
            };
            outcome.ended = status == 0;
            watched.outcome = Some(outcome);
            return Ok(());
        }
        if !state.is_running() {
            return Ok(());
        }
        let since = *watched.running_since.get_or_insert_with(Instant::now);
        let limit = self.desk.options.timeout;
        if let Some(health) = state.health() {
            let budget = watched.stand.health.map_or(limit, |ms| limit.max(Duration::from_millis(ms)));
            match health.status.as_str() {
                "healthy" => watched.was_healthy = true,
                "unhealthy" => watched.decide(Verdict::Fails, "its health check fails".to_owned(), "its health check fails"),
                _ if since.elapsed() > budget => {
                    let why = format!("{UNHEALTHY} within {} s", budget.as_secs());
                    watched.decide(Verdict::Fails, why, UNHEALTHY);
                }
                _ => {}
            }
            if !watched.was_healthy || health.status == "unhealthy" {
                return Ok(());
            }
        }
        if let Some(probe) = watched.probes.front().copied() {
            let is_young = since.elapsed() < YOUTH && state.health().is_none();
            match self.try_probe(probe, state, address, is_young, &mut watched.story)? {
                Tried::Passed => {
                    watched.probes.pop_front();
                    watched.passed += 1;
                    watched.not_yet = None;
                }
                Tried::Failed(why) => watched.decide(Verdict::Fails, format!("`{}`: {why}", probe.text), "a probe fails"),
                Tried::NotYet(why) if since.elapsed() > limit => {
                    watched.decide(Verdict::Fails, format!("`{}`: {why}", probe.text), "a probe fails");
                }
                Tried::NotYet(why) => watched.not_yet = Some(why),
            }
        } else if since.elapsed() >= self.run.settle && watched.is_calm(self.run.settle, limit) {
            let mut signs = vec!["it stayed up".to_owned()];
            signs.extend(watched.was_healthy.then(|| "healthy".to_owned()));
            signs.extend((watched.passed > 0).then(|| count(watched.passed, "probe passed", "probes passed")));
            let signs = signs.join(", ");
            watched.decide(Verdict::Works, signs.clone(), &signs);
        }
        Ok(())
    }

    /// Whether what a service wrote last says that it could not write.
    fn is_telling(&self, watched: &Watched<'_>, state: &State) -> Result<bool> {
        let mut story = Story::default();
        story.read(self.trial, state, Some(200))?;
        let symptoms = story.finish(state);
        let known = self.run.before.and_then(|ran| ran.of(&watched.stand.service)).map_or(&[][..], |o| &o.symptoms);
        Ok(symptoms::telling(&symptoms, known, self.run.project.service(&watched.stand.service)).next().is_some())
    }

    /// A service that is not ready may have said already why it never will be.
    fn look_early(&self, watched: &mut Watched<'_>, state: &State) -> Result<()> {
        if self.is_telling(watched, state)? {
            let check = if state.health().is_some() { UNHEALTHY } else { "it does not get ready" };
            let why = watched.not_yet.clone().unwrap_or_else(|| check.to_owned());
            watched.decide(Verdict::Fails, why, check);
        }
        Ok(())
    }

    fn try_probe(&self, probe: &Probe, state: &State, address: Option<&str>, is_young: bool, story: &mut Story) -> Result<Tried> {
        match &probe.action {
            Action::Http(http) => {
                let Some(address) = address else { return Ok(Tried::NotYet("the container has no address".to_owned())) };
                let (method, path, body) = (http.method.clone(), http.path.clone(), http.body.clone());
                let question = Question { address: address.to_owned(), port: http.port, method, path, body };
                let reply = http::request(question, PROBE_PATIENCE, || self.desk.docker.go_on())?;
                Ok(match reply {
                    Ok(reply) if (200..400).contains(&reply.status) => Tried::Passed,
                    Ok(reply) if NOT_YET.contains(&reply.status) => Tried::NotYet(format!("status {}", reply.status)),
                    Ok(reply) => {
                        let mut said = Story::default();
                        said.lines(&reply.body);
                        // Some servers answer before they know all their paths; what changes nothing may be asked again.
                        if is_young && ["GET", "HEAD"].contains(&http.method.as_str()) && said.finish(state).is_empty() {
                            return Ok(Tried::NotYet(format!("status {}", reply.status)));
                        }
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
        let undecided = || Outcome::plain(service, Verdict::Unprovable, "nothing was seen of it");
        let mut outcome = watched.outcome.take().unwrap_or_else(undecided);
        let Some(state) = states.iter().find(|s| s.service() == service) else {
            outcome.symptoms = symptoms::of_text(&outcome.why);
            return Ok(outcome);
        };
        if outcome.verdict == Verdict::Works && !outcome.ended && !watched.stand.is_task && !state.is_running() {
            outcome.verdict = Verdict::Fails;
            "it ended soon after it had started".clone_into(&mut outcome.why);
            outcome.short.clone_from(&outcome.why);
        }
        watched.story.read(self.trial, state, None)?;
        // What never ran said nothing.
        outcome.last_words = if state.started_at().is_some() { watched.story.last_words() } else { Vec::new() };
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
