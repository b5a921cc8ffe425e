//! Whether services work, by what is seen of them: their containers, health checks, answers to
//! probes, and what they write to their logs. All services are watched at once; nothing here waits.

use super::log::symptoms_of;
use super::service::{Phase, REFUSED, TrialService};
use super::symptoms::refine_verdict;
use super::{Container, Isolated, Outcome, RunResult, ServiceLog, Verdict};
use crate::compose::{Known, Project};
use crate::evidence::engine::Probe;
use std::collections::HashMap;
use std::time::Duration;

/// Time between two looks at the logs of what is not ready.
const LOG_PAUSE: Duration = Duration::from_secs(1);
/// Time after which Compose is taken to wait for a service that fails.
const STUCK: Duration = Duration::from_secs(2);

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a service must stay up.
    pub settle: Duration,
    /// How long it may take to become ready.
    pub timeout: Duration,
    /// How long the run goes on at least.
    pub hold: Duration,
}

/// What is to be done. Whoever does it says how it came out by an [`Event`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Let Compose start these services, and those that they need; all where none is named. One
    /// that is still at it is given up. Ends with [`Event::Started`].
    Start(Vec<String>),
    /// Ask how busy the containers are. Ends with [`Event::Loads`].
    AskLoads,
    /// Try its service. Ends with [`Event::Answered`].
    Probe(Probe),
    /// Read what this service said last. Ends with [`Event::Read`].
    ReadLog(String),
    /// Start the container of this service again. Ends with [`Event::Restarted`].
    Restart(String),
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The containers were looked at.
    Looked,
    /// Compose came to an end; with its complaint where it failed.
    Started(Option<String>),
    /// How busy containers are, in percent of a processor, by their number.
    Loads(HashMap<String, f64>),
    /// The answer to a probe of this service.
    Answered(String, Answer),
    /// What this service said last.
    Read(String, Box<ServiceLog>),
    /// The container of this service was started again; with the engine's complaint where it was not.
    Restarted(String, Option<String>),
}

/// What a probe was answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// By a server.
    Http {
        /// The status.
        status: u16,
        /// The first part of the body.
        body: String,
    },
    /// By a command.
    Command {
        /// Whether it succeeded.
        is_success: bool,
        /// How it ended, in the system's words.
        status: String,
        /// What it wrote.
        output: String,
    },
    /// Nobody answers, and why.
    None(String),
    /// Nobody can be asked, and why.
    Unreachable(String),
}

/// What Compose is starting.
#[derive(Debug)]
struct Start {
    is_going_on: bool,
    /// The one service that it starts, with those that it needs; all at first.
    only: Option<String>,
    since: Duration,
}

/// A run that is watched. Times are counted from its begin.
#[derive(Debug)]
pub struct Judge<'j> {
    limits: Limits,
    isolated: &'j Isolated,
    project: &'j Project<'j>,
    before: Option<&'j RunResult>,
    services: Vec<TrialService<'j>>,
    start: Start,
    logs_read: Duration,
    loads_asked: Option<Duration>,
}

impl<'j> Judge<'j> {
    /// A run of this project. `before` is what an earlier run on a writable root showed.
    pub fn new(
        isolated: &'j Isolated,
        project: &'j Project<'j>,
        before: Option<&'j RunResult>,
        probes: &'j [Probe],
        limits: Limits,
    ) -> Self {
        let service = |own: &'j super::IsolatedService| {
            let before = before.and_then(|run| run.of(own.own()));
            TrialService::new(own, project.service(own.own()), before, probes)
        };
        Self {
            limits,
            isolated,
            project,
            before,
            services: isolated.services.iter().map(service).collect(),
            start: Start { is_going_on: true, only: None, since: Duration::ZERO },
            logs_read: Duration::ZERO,
            loads_asked: None,
        }
    }

    /// What is done first.
    pub fn begin(&self) -> Command {
        Command::Start(Vec::new())
    }

    /// What follows from an event. `containers` are those of the last look.
    pub fn step(&mut self, event: Event, containers: &[Container], now: Duration) -> Vec<Command> {
        let container = |name: &str| containers.iter().find(|c| c.service() == name);
        let limits = self.limits;
        match event {
            Event::Looked => return self.look(containers, now),
            Event::Started(complaint) => return self.started(complaint, now).into_iter().collect(),
            Event::Loads(loads) => {
                let asked = self.loads_asked.take().unwrap_or(now);
                for service in &mut self.services {
                    let percent = container(service.name()).and_then(|c| loads.get(&c.id)).copied();
                    service.load(percent, asked, now);
                }
            }
            Event::Answered(name, answer) => {
                if let (Some(service), Some(container)) = (self.service(&name), container(&name)) {
                    service.answered(&answer, container, limits, now);
                }
            }
            Event::Read(name, log) => {
                if let (Some(service), Some(container)) = (self.service(&name), container(&name)) {
                    service.read(*log, container, now);
                }
            }
            Event::Restarted(name, complaint) => {
                if let Some(service) = self.service(&name) {
                    service.restarted(complaint.as_deref(), now);
                }
            }
        }
        Vec::new()
    }

    /// Whether every service is judged and the run was long enough.
    pub fn is_done(&self, now: Duration) -> bool {
        self.services.iter().all(TrialService::is_decided) && now >= self.limits.hold
    }

    /// How far each service is, for a person.
    pub fn progress(&self, now: Duration) -> String {
        let one = |s: &TrialService<'_>| format!("{} {}", s.name(), s.progress(now));
        self.services.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// The service whose network a service is in, which has the address of both.
    pub fn network_of(&self, name: &str) -> Option<&str> {
        self.isolated.services.iter().find(|s| s.service == name)?.network_of.as_deref()
    }

    fn service(&mut self, name: &str) -> Option<&mut TrialService<'j>> {
        self.services.iter_mut().find(|s| s.name() == name)
    }

    fn look(&mut self, containers: &[Container], now: Duration) -> Vec<Command> {
        let mut commands = Vec::new();
        let reads_logs = now.saturating_sub(self.logs_read) > LOG_PAUSE;
        for service in &mut self.services {
            let container = containers.iter().find(|c| c.service() == service.name());
            let Some(container) = container else { continue };
            commands.extend(service.look(container, self.limits, now));
            if reads_logs && service.is_late() {
                commands.push(Command::ReadLog(service.name().to_owned()));
            }
        }
        if reads_logs {
            self.logs_read = now;
        }
        let asks = self.loads_asked.is_none() && self.services.iter().any(TrialService::is_told_by_load);
        if asks {
            self.loads_asked = Some(now);
            commands.push(Command::AskLoads);
        }
        commands.extend(self.go_on_starting(now));
        commands
    }

    /// Decides about services that wait for others which failed, and starts what Compose left.
    fn go_on_starting(&mut self, now: Duration) -> Option<Command> {
        let fails = |s: &&TrialService<'j>| s.fails();
        let failed: Vec<&str> = self.services.iter().filter(fails).map(TrialService::name).collect();
        let waited = now.saturating_sub(self.start.since);
        for service in self.services.iter_mut().filter(|s| s.is_waiting()) {
            let needs = &service.isolated.needs;
            if let Some(cause) = failed.iter().find(|name| needs.iter().any(|need| need == *name)) {
                let why = format!("it waits for {cause}, which fails");
                service.decide(Verdict::Unprovable, why, "it waits for a service that fails");
            } else if waited > self.limits.timeout * 2 {
                let why = format!("it was not started within {} s", waited.as_secs());
                service.decide(Verdict::Unprovable, why, "it was not started in time");
            }
        }
        if self.start.is_going_on {
            // Compose gives up on all services when one fails, and may wait for what will not come.
            let is_stuck = !failed.is_empty() && self.start.only.is_none() && waited > STUCK;
            return if is_stuck { self.start_next(now) } else { None };
        }
        // What was started just now is seen with the next look.
        if waited < LOG_PAUSE { None } else { self.start_next(now) }
    }

    /// Compose came to an end.
    fn started(&mut self, complaint: Option<String>, now: Duration) -> Option<Command> {
        if !std::mem::replace(&mut self.start.is_going_on, false) {
            return None;
        }
        let Some(complaint) = complaint else {
            self.start.since = now;
            return None;
        };
        if let Some(name) = self.start.only.take()
            && let Some(service) = self.service(&name).filter(|s| s.is_waiting())
        {
            service.log.answer(&complaint);
            service.decide(Verdict::Fails, format!("it was not started: {complaint}"), REFUSED);
        }
        self.start_next(now)
    }

    /// Starts the first service that waits by itself: the rest is started one by one.
    fn start_next(&mut self, now: Duration) -> Option<Command> {
        loop {
            let next = self.services.iter_mut().find(|s| s.is_waiting())?;
            let name = next.name().to_owned();
            if std::mem::replace(&mut next.was_started, true) {
                let why = "Compose does not start it, and does not say why";
                next.decide(Verdict::Unprovable, why.to_owned(), why);
                continue;
            }
            self.start = Start { is_going_on: true, only: Some(name.clone()), since: now };
            return Some(Command::Start(vec![name]));
        }
    }

    /// The last word about every service: whether it is still there, and what its whole log says.
    /// `logs` are what the containers wrote, by service.
    pub fn finish(self, containers: &[Container], mut logs: impl FnMut(&Container, &mut ServiceLog)) -> Vec<Outcome> {
        let Self { isolated, project, before, services, .. } = self;
        let mut close = |service: TrialService<'j>| {
            let (name, own) = (service.name(), service.isolated.own());
            let mut outcome = match service.phase {
                Phase::Decided(outcome) => *outcome,
                _ => Outcome::plain(own, Verdict::Unprovable, "nothing was seen of it"),
            };
            own.clone_into(&mut outcome.service);
            let Some(container) = containers.iter().find(|c| c.service() == name) else {
                outcome.symptoms = symptoms_of(&outcome.why);
                return outcome;
            };
            let is_gone = !outcome.ended && !service.isolated.is_task && !container.is_running();
            if outcome.verdict == Verdict::Works && is_gone {
                let why = "it ended soon after it had started";
                outcome = Outcome { ended: false, ..Outcome::plain(own, Verdict::Fails, why) };
            }
            outcome.given = container.given(&isolated.model["services"][name]);
            let mut log = service.log;
            if let Some(health) = container.health() {
                log.health(health);
            }
            logs(container, &mut log);
            // What never ran said nothing.
            let has_run = container.started_at().is_some();
            outcome.last_words = if has_run { log.last_words() } else { Vec::new() };
            outcome.dying = log.complaints.dying();
            outcome.wrong = log.complaints.wrong();
            outcome.symptoms = log.symptoms(container);
            let is_writable = project.service(own).is_none_or(|s| s.read_only != Known::Yes);
            outcome.is_hopeless = is_writable && outcome.verdict == Verdict::Fails && outcome.symptoms.is_empty();
            let before = before.and_then(|run| run.of(own));
            refine_verdict(outcome, before, project.service(own), &isolated.held)
        };
        let (twins, firsts): (Vec<_>, Vec<_>) = services.into_iter().partition(|service| service.isolated.twin_of.is_some());
        let mut outcomes: Vec<Outcome> = firsts.into_iter().map(&mut close).collect();
        for twin in twins.into_iter().map(close) {
            if let Some(first) = outcomes.iter_mut().find(|first| first.service == twin.service) {
                first.joined(twin);
            }
        }
        outcomes
    }
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests;
