//! One service of a run: what was seen of it so far, and what follows.

use super::judge::{Answer, Command, Limits};
use super::log::ServiceLog;
use super::symptoms::telling;
use super::{Container, Grade, IsolatedService, Outcome, Verdict};
use crate::compose::Service;
use crate::evidence::engine::{Action, Probe};
use crate::evidence::log::Symptom;
use crate::text::count;
use std::collections::VecDeque;
use std::time::Duration;

/// How often a service is started again, where the project wants that.
const RESTARTS: u32 = 5;
/// How long it is left alone before it is started again.
const RESTART_PAUSE: Duration = Duration::from_secs(1);
/// How long a server without a health check may answer that something is not there.
const YOUTH: Duration = Duration::from_secs(10);
/// Percent of a processor from which on a service is busy.
const BUSY: f64 = 5.0;
/// Time that every program may compute as it starts.
const WARM_UP: Duration = Duration::from_millis(1500);
/// Answers of servers that are not ready.
const NOT_YET: [u16; 3] = [502, 503, 504];

/// What is said of one that the engine refuses, before its own words.
pub(super) const REFUSED: &str = "the engine does not start it";
/// What is said of one that does not get healthy.
const UNHEALTHY: &str = "its health check does not pass";

/// Where a service is on its way to a verdict.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    /// Nothing of it has run yet.
    Waiting,
    /// It runs since then.
    Running(Duration),
    /// It ended with this status, and its log tells whether starting it again may help.
    Ended(i64),
    /// It is to be started again, then.
    Pausing(Duration),
    /// It is being started again.
    Restarting,
    /// It is judged.
    Decided(Box<Outcome>),
}

/// A service that is watched.
#[derive(Debug)]
pub(super) struct TrialService<'j> {
    pub(super) isolated: &'j IsolatedService,
    /// As the project has it.
    service: Option<&'j Service<'j>>,
    /// What it complained about on a writable root.
    known: &'j [Symptom],
    /// Why it failed there, where no mount mends that: it is not waited for again.
    hopeless: Option<&'j Outcome>,
    pub(super) phase: Phase,
    probes: VecDeque<&'j Probe>,
    is_probed: bool,
    passed: usize,
    /// What a probe that is tried again said last.
    not_yet: Option<String>,
    /// What is said of a check that is known of its image, and was not answered.
    set_aside: Option<String>,
    was_healthy: bool,
    has_health: bool,
    /// When it was last seen to compute.
    busy_at: Option<Duration>,
    /// Whether it is known how busy it was after its first moments.
    load_is_known: bool,
    restarts: u32,
    /// Whether it was started by itself.
    pub(super) was_started: bool,
    pub(super) log: ServiceLog,
}

impl<'j> TrialService<'j> {
    pub(super) fn new(
        isolated: &'j IsolatedService,
        service: Option<&'j Service<'j>>,
        before: Option<&'j Outcome>,
        probes: &'j [Probe],
    ) -> Self {
        Self {
            isolated,
            service,
            known: before.map_or(&[][..], |before| &before.symptoms),
            hopeless: before.filter(|before| before.is_hopeless),
            phase: Phase::Waiting,
            probes: probes.iter().filter(|p| p.service == isolated.service).collect(),
            is_probed: false,
            passed: 0,
            not_yet: None,
            set_aside: None,
            was_healthy: false,
            has_health: false,
            busy_at: None,
            load_is_known: false,
            restarts: 0,
            was_started: false,
            log: ServiceLog::default(),
        }
    }

    pub(super) fn name(&self) -> &'j str {
        &self.isolated.service
    }

    pub(super) fn outcome(&self) -> Option<&Outcome> {
        if let Phase::Decided(outcome) = &self.phase { Some(outcome) } else { None }
    }

    pub(super) fn is_decided(&self) -> bool {
        self.outcome().is_some()
    }

    pub(super) fn fails(&self) -> bool {
        self.outcome().is_some_and(|o| o.verdict == Verdict::Fails)
    }

    /// Whether nothing of it has run yet.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.phase, Phase::Waiting)
    }

    /// Whether only what it computes can tell when it is ready.
    pub(super) fn is_told_by_load(&self) -> bool {
        matches!(self.phase, Phase::Running(_)) && self.is_silent()
    }

    /// Whether neither health check nor probe of a person tells when it is ready.
    fn is_silent(&self) -> bool {
        !self.was_healthy && self.passed == 0 && self.probes.iter().all(|probe| probe.is_known)
    }

    pub(super) fn decide(&mut self, verdict: Verdict, why: String, short: &str) {
        self.phase = Phase::Decided(Box::new(Outcome::new(self.name(), verdict, why).shortly(short)));
    }

    /// One look at its container.
    pub(super) fn look(&mut self, container: &Container, limits: Limits, now: Duration) -> Option<Command> {
        if self.is_decided() {
            return None;
        }
        if let Some(refusal) = container.refusal() {
            self.log.answer(refusal);
            self.decide(Verdict::Fails, format!("{REFUSED}: {refusal}"), REFUSED);
            return None;
        }
        if let Some(before) = self.hopeless.filter(|_| container.started_at().is_some()) {
            self.decide(Verdict::Fails, before.why.clone(), &before.short);
            return None;
        }
        if let Some(status) = container.ended() {
            return self.end(container, status, now);
        }
        if !container.is_running() {
            return None;
        }
        let since = match self.phase {
            Phase::Running(since) => since,
            _ => now,
        };
        self.phase = Phase::Running(since);
        self.has_health = container.health().is_some();
        if !self.is_healthy(container, limits, now.saturating_sub(since)) {
            return None;
        }
        if self.was_healthy {
            // Its own health check says more than what is known of its image.
            self.probes.retain(|probe| !probe.is_known);
        }
        let is_settled = now.saturating_sub(since) >= limits.settle && self.is_calm(limits, now);
        if let Some(probe) = self.probes.front().copied() {
            let is_asked = std::mem::replace(&mut self.is_probed, true);
            return (!is_asked).then(|| Command::Probe(probe.clone()));
        }
        if is_settled {
            let mut signs = vec!["it stayed up".to_owned()];
            signs.extend(self.was_healthy.then(|| "healthy".to_owned()));
            let passed = || count(self.passed, "probe passed", "probes passed");
            signs.extend((self.passed > 0).then(passed));
            signs.extend(self.set_aside.clone());
            let signs = signs.join(", ");
            let grade = if self.was_healthy || self.passed > 0 { Grade::Answers } else { Grade::Starts };
            self.phase = Phase::Decided(Box::new(Outcome { grade, ..Outcome::plain(self.name(), Verdict::Works, &signs) }));
        }
        None
    }

    /// It was seen to have ended.
    fn end(&mut self, container: &Container, status: i64, now: Duration) -> Option<Command> {
        let name = || self.isolated.service.clone();
        match self.phase {
            Phase::Ended(_) | Phase::Restarting | Phase::Decided(_) => None,
            Phase::Pausing(until) => {
                let command = (now >= until).then(|| Command::Restart(name()));
                if command.is_some() {
                    self.phase = Phase::Restarting;
                }
                command
            }
            Phase::Waiting | Phase::Running(_) => {
                // It may wait for another one, as its policy lets it.
                if status != 0 && self.isolated.restarts && self.restarts < RESTARTS {
                    self.phase = Phase::Ended(status);
                    return Some(Command::ReadLog(name()));
                }
                self.judge_end(status, container.is_out_of_memory());
                None
            }
        }
    }

    fn judge_end(&mut self, status: i64, is_out_of_memory: bool) {
        let plain = |verdict, why: &str| Outcome::plain(self.name(), verdict, why);
        let mut outcome = match status {
            0 if self.isolated.is_task => plain(Verdict::Works, "it did its work and ended"),
            0 => plain(Verdict::Unprovable, "it ended with status 0"),
            _ if is_out_of_memory => plain(Verdict::Fails, "it ran out of memory"),
            _ => plain(Verdict::Fails, &format!("it ended with status {status}")),
        };
        outcome.ended = status == 0;
        self.phase = Phase::Decided(Box::new(outcome));
    }

    /// Whether its own health check, if it has one, lets it be tried further.
    fn is_healthy(&mut self, container: &Container, limits: Limits, age: Duration) -> bool {
        let Some(health) = container.health() else { return true };
        let own = self.isolated.health.map(Duration::from_millis);
        let budget = own.map_or(limits.timeout, |own| limits.timeout.max(own));
        match health.status.as_str() {
            "healthy" => self.was_healthy = true,
            "unhealthy" => {
                let why = "its health check fails";
                self.decide(Verdict::Fails, why.to_owned(), why);
                return false;
            }
            _ if age > budget => {
                let why = format!("{UNHEALTHY} within {} s", budget.as_secs());
                self.decide(Verdict::Fails, why, UNHEALTHY);
                return false;
            }
            _ => {}
        }
        self.was_healthy
    }

    /// Whether nothing speaks for its still starting.
    fn is_calm(&self, limits: Limits, now: Duration) -> bool {
        let Phase::Running(since) = self.phase else { return true };
        let is_idle = self.busy_at.is_none_or(|at| now.saturating_sub(at) >= limits.settle);
        let is_late = now.saturating_sub(since) > limits.timeout / 2;
        !self.is_silent() || is_late || self.load_is_known && is_idle
    }

    /// How busy it was when that was asked.
    pub(super) fn load(&mut self, percent: Option<f64>, asked: Duration, now: Duration) {
        let Phase::Running(since) = self.phase else { return };
        if self.is_silent() && asked.saturating_sub(since) > WARM_UP {
            self.load_is_known = true;
            if percent.is_some_and(|percent| percent > BUSY) {
                self.busy_at = Some(now);
            }
        }
    }

    /// Whether what it says is worth reading before it is judged: it is late to be ready. Who only
    /// has to stay up is given the time.
    pub(super) fn is_late(&self) -> bool {
        matches!(self.phase, Phase::Running(_)) && (self.not_yet.is_some() || !self.was_healthy && self.has_health)
    }

    /// What it said so far, where that was asked for.
    pub(super) fn read(&mut self, log: ServiceLog, container: &Container, now: Duration) {
        let symptoms = log.symptoms(container);
        let is_telling = telling(&symptoms, self.known, self.service).next().is_some();
        match self.phase {
            Phase::Ended(status) if is_telling => {
                self.judge_end(status, container.is_out_of_memory());
            }
            Phase::Ended(_) => {
                self.restarts += 1;
                self.phase = Phase::Pausing(now + RESTART_PAUSE);
            }
            // One that is not ready may have said already why it never will be.
            Phase::Running(_) if is_telling && self.is_late() => {
                let check = if self.has_health { UNHEALTHY } else { "it does not get ready" };
                let why = self.not_yet.clone().unwrap_or_else(|| check.to_owned());
                self.decide(Verdict::Fails, why, check);
            }
            _ => {}
        }
    }

    /// It was started again, or could not be.
    pub(super) fn restarted(&mut self, refusal: Option<&str>, now: Duration) {
        if !matches!(self.phase, Phase::Restarting) {
            return;
        }
        match refusal {
            None => self.phase = Phase::Running(now),
            Some(refusal) => {
                self.log.answer(refusal);
                self.decide(Verdict::Fails, format!("{REFUSED}: {refusal}"), REFUSED);
            }
        }
    }

    /// The answer to its first probe that has not passed.
    pub(super) fn answered(&mut self, answer: &Answer, container: &Container, limits: Limits, now: Duration) {
        self.is_probed = false;
        let Phase::Running(since) = self.phase else { return };
        let Some(probe) = self.probes.front().copied() else { return };
        let age = now.saturating_sub(since);
        if probe.is_known {
            let is_settled = age >= limits.settle && self.is_calm(limits, now);
            return self.answered_known(probe, answer, container, is_settled);
        }
        if let Answer::Unreachable(why) = answer {
            return self.decide(Verdict::Unprovable, format!("`{}`: {why}", probe.text), "its server cannot be asked here");
        }
        match self.tried(probe, answer, container, age) {
            Tried::Passed => {
                self.probes.pop_front();
                self.passed += 1;
                self.not_yet = None;
            }
            Tried::NotYet(why) if age <= limits.timeout => self.not_yet = Some(why),
            Tried::NotYet(why) | Tried::Failed(why) => {
                self.decide(Verdict::Fails, format!("`{}`: {why}", probe.text), "a probe fails");
            }
        }
    }

    /// The answer to what is known of its image. It may listen elsewhere, or want a password: only a good answer, or words of what it
    /// could not write, say something of it.
    fn answered_known(&mut self, probe: &Probe, answer: &Answer, container: &Container, is_settled: bool) {
        let (text, is_success) = match answer {
            Answer::None(_) | Answer::Unreachable(_) => ("", false),
            Answer::Http { status, body } => (body.as_str(), (200..400).contains(status)),
            Answer::Command { is_success, output, .. } => (output.as_str(), *is_success),
        };
        if let Some(why) = self.answered_well(text, container) {
            return self.decide(Verdict::Fails, format!("`{}` was asked, {why}", probe.text), "the check of its image fails");
        }
        if !is_success && !is_settled {
            return;
        }
        self.probes.pop_front();
        self.passed += usize::from(is_success);
        if !is_success {
            self.set_aside = Some(format!("`{}`, which is known of its image, was not answered and does not count", probe.text));
        }
    }

    fn tried(&mut self, probe: &Probe, answer: &Answer, container: &Container, age: Duration) -> Tried {
        match answer {
            Answer::None(why) | Answer::Unreachable(why) => Tried::NotYet(why.clone()),
            Answer::Http { status, body } if is_expected(probe, *status) => {
                match (missing(probe, body), self.answered_well(body, container)) {
                    (_, Some(why)) => Tried::Failed(format!("status {status}, {why}")),
                    (Some(text), None) => Tried::NotYet(format!("status {status}, but the answer does not say `{text}`")),
                    (None, None) => Tried::Passed,
                }
            }
            Answer::Http { status, .. } if NOT_YET.contains(status) => Tried::NotYet(format!("status {status}")),
            Answer::Http { status, body } => {
                let mut said = ServiceLog::default();
                said.answer(body);
                // Some servers answer before they know all their paths; what changes nothing may be
                // asked again.
                let is_young = age < YOUTH && !self.has_health;
                if is_young && is_reading(probe) && said.symptoms(container).is_empty() {
                    return Tried::NotYet(format!("status {status}"));
                }
                self.log.answer(body);
                Tried::Failed(format!("status {status}"))
            }
            Answer::Command { is_success: true, output, .. } => {
                self.answered_well(output, container).map_or(Tried::Passed, |why| Tried::Failed(format!("it succeeds, {why}")))
            }
            Answer::Command { status, output, .. } => {
                self.log.answer(output);
                let last = output.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or_default();
                let last: String = last.chars().take(200).collect();
                let colon = if last.is_empty() { "" } else { ": " };
                let why = format!("{status}{colon}{}", last.trim());
                let has_symptom = !self.log.clone().symptoms(container).is_empty();
                // A server that comes up slowly refuses at first; one that cannot write says so.
                if has_symptom || self.has_health { Tried::Failed(why) } else { Tried::NotYet(why) }
            }
        }
    }

    /// Why an answer that looks well is none: some servers say with status 200 that they could not write.
    fn answered_well(&mut self, text: &str, container: &Container) -> Option<String> {
        let mut said = ServiceLog::default();
        said.answer(text);
        let symptoms = said.symptoms(container);
        if !symptoms.is_empty() {
            // What it says on a writable root as well is known by that.
            self.log.answer(text);
        }
        let is_telling = telling(&symptoms, self.known, self.service).next().is_some();
        is_telling.then(|| "but the answer says that it could not write".to_owned())
    }

    /// What a person is told of it in one word or two.
    pub(super) fn progress(&self, now: Duration) -> String {
        match &self.phase {
            Phase::Decided(o) if o.verdict == Verdict::Works => "works".to_owned(),
            Phase::Decided(o) if o.verdict == Verdict::Fails => "fails".to_owned(),
            Phase::Decided(_) => "done".to_owned(),
            Phase::Running(since) => format!("up {} s", now.saturating_sub(*since).as_secs()),
            Phase::Waiting | Phase::Ended(_) | Phase::Pausing(_) | Phase::Restarting => "starting".to_owned(),
        }
    }
}

/// Whether a request changes nothing.
fn is_reading(probe: &Probe) -> bool {
    matches!(&probe.action, Action::Http(http) if ["GET", "HEAD"].contains(&http.method.as_str()))
}

/// Whether a request is answered with the status that it expects.
fn is_expected(probe: &Probe, status: u16) -> bool {
    match &probe.action {
        Action::Http(http) => http.status.map_or((200..400).contains(&status), |expected| expected == status),
        Action::Command(_) => false,
    }
}

/// What an answer must say and does not.
fn missing<'p>(probe: &'p Probe, body: &str) -> Option<&'p str> {
    match &probe.action {
        Action::Http(http) => http.text.as_deref().filter(|text| !body.contains(*text)),
        Action::Command(_) => None,
    }
}

/// What an answer to a probe means.
enum Tried {
    Passed,
    Failed(String),
    /// It may pass later.
    NotYet(String),
}
