//! Carries out what the judge asks for, all services at once, and tells it what came of it.

use super::through::{Through, Way};
use super::{Run, TrialContext};
use crate::cli::diagnose::each_line;
use crate::edge::docker::{Running, Trial};
use crate::edge::http::{self, Asked, Question, Silence};
use crate::error::{Error, Result};
use crate::evidence::engine::{Action, Http, Probe};
use crate::trial::{Answer, Command, Container, Event, Isolated, Judge, Limits, Outcome, ServiceLog, Verdict};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Time between two looks.
const BEAT: Duration = Duration::from_millis(100);
/// How long one probe may take.
const PROBE_PATIENCE: Duration = Duration::from_secs(10);
/// Last lines of a log that are read before its service is judged.
const TAIL: u32 = 200;

/// How long a service is given to listen where it did before.
const MOMENT: Duration = Duration::from_secs(5);

/// Starts everything and watches until every service is judged. `expected` is what was seen of them before.
pub(super) fn watch(
    context: &TrialContext<'_>,
    trial: &Trial,
    run: &Run<'_>,
    isolated: &Isolated,
    probes: &[Probe],
    expected: &[Outcome],
) -> Result<Vec<Outcome>> {
    let options = context.options;
    let hold = context.hold.filter(|_| run.looks).unwrap_or_default();
    let limits = Limits { settle: run.settle, timeout: options.timeout, hold };
    // Who is asked by a person is asked nothing else.
    let is_asked = |known: &&Probe| context.probes.iter().any(|probe| probe.service == known.service);
    let probes: Vec<Probe> = probes.iter().chain(run.known.iter().filter(|known| !is_asked(known))).cloned().collect();
    let mut judge = Judge::new(isolated, run.project, run.before, &probes, limits);
    let model = isolated.model.to_string();
    let asks = probes.iter().any(|probe| matches!(probe.action, Action::Http(_)));
    let is_far = asks && context.docker.is_far()?;
    let mut works = Works { trial, model: &model, start: None, loads: None, services: Vec::new(), is_far, ways: HashMap::new() };
    let since = Instant::now();
    let mut containers = Vec::new();
    let mut commands = vec![judge.begin()];
    loop {
        context.docker.go_on()?;
        for command in std::mem::take(&mut commands) {
            if let Some(event) = works.begin(command, &judge, &containers)? {
                commands.extend(judge.step(event, &containers, since.elapsed()));
            }
        }
        while let Some(event) = works.poll(&judge, &containers)? {
            commands.extend(judge.step(event, &containers, since.elapsed()));
        }
        containers = trial.containers()?;
        commands.extend(judge.step(Event::Looked, &containers, since.elapsed()));
        let now = since.elapsed();
        let progress = judge.progress(now);
        context.ui.status(&format!("{}, {} s: {progress}", run.title, now.as_secs()));
        if judge.is_done(now) {
            break;
        }
        if commands.is_empty() {
            std::thread::sleep(BEAT);
        }
    }
    // Compose may still wait for what will not come.
    drop(works);
    let containers = trial.containers()?;
    let mut failed = None;
    let mut outcomes = judge.finish(&containers, |container, log| {
        if failed.is_none() {
            failed = read(trial, container, None, log).and_then(|()| read_files(trial, container, log)).err();
        }
    });
    failed.map_or(Ok(()), Err)?;
    see(context, trial, &mut outcomes, expected)?;
    Ok(outcomes)
}

/// Takes over what is seen of the services that work from outside. What they lack may come in a moment.
fn see(context: &TrialContext<'_>, trial: &Trial, outcomes: &mut [Outcome], expected: &[Outcome]) -> Result<()> {
    let since = Instant::now();
    let before = |outcome: &Outcome| expected.iter().find(|before| before.service == outcome.service);
    loop {
        let works = outcomes.iter().filter(|o| o.verdict == Verdict::Works && !o.ended);
        let signs = trial.signs(&works.map(|o| o.service.as_str()).collect::<Vec<_>>())?;
        let lacks = |o: &Outcome| signs.get(&o.service).zip(before(o)).is_some_and(|(now, before)| now.lacks(&before.signs).is_some());
        if since.elapsed() > MOMENT || !outcomes.iter().any(lacks) {
            for outcome in outcomes.iter_mut() {
                let before = before(outcome);
                outcome.seen(signs.get(&outcome.service).cloned().unwrap_or_default(), before);
            }
            return Ok(());
        }
        context.docker.go_on()?;
        std::thread::sleep(BEAT);
    }
}

/// Reads what a container wrote, or its last lines.
pub(super) fn read(trial: &Trial, container: &Container, tail: Option<u32>, log: &mut ServiceLog) -> Result<()> {
    trial.logs(&container.id, tail, |stream| each_line(stream, |line| log.line(line)))
}

/// Reads what a container wrote to files of its own, as far as they are new.
fn read_files(trial: &Trial, container: &Container, log: &mut ServiceLog) -> Result<()> {
    let places = container.log_places();
    if places.is_empty() || !container.is_running() {
        return Ok(());
    }
    trial.log_files(&container.id, &places, |line| log.line_of_file(line))
}

/// What is under way.
struct Works<'w> {
    trial: &'w Trial,
    model: &'w str,
    start: Option<Running>,
    loads: Option<Running>,
    services: Vec<(String, Work)>,
    /// Whether containers cannot be reached from here.
    is_far: bool,
    /// How requests reach the services that were asked so.
    ways: HashMap<String, Way>,
}

/// What is under way for one service.
enum Work {
    Request(Asked, Http),
    Through(Through),
    Command(Running, Instant),
    Restart(Running),
}

impl Works<'_> {
    /// Begins what is asked for, and answers what is known at once.
    fn begin(&mut self, command: Command, judge: &Judge<'_>, containers: &[Container]) -> Result<Option<Event>> {
        let of = |name: &str| containers.iter().find(|c| c.service() == name);
        match command {
            Command::Start(services) => {
                let args = ["up", "--detach", "--no-build", "--pull", "never", "--quiet-pull"];
                let only: Vec<&str> = services.iter().map(String::as_str).collect();
                let args = [&args[..], &["--no-recreate", "--"], &only].concat();
                self.start = Some(self.trial.compose(self.model, &args)?);
            }
            Command::AskLoads => self.loads = Some(self.trial.loads(containers)?),
            Command::ReadLog(service) => {
                let mut log = ServiceLog::default();
                if let Some(container) = of(&service) {
                    if let Some(health) = container.health() {
                        log.health(health);
                    }
                    read(self.trial, container, Some(TAIL), &mut log)?;
                }
                return Ok(Some(Event::Read(service, Box::new(log))));
            }
            Command::Restart(service) => {
                if let Some(container) = of(&service) {
                    let restart = Work::Restart(self.trial.start(&container.id)?);
                    self.services.push((service, restart));
                }
            }
            Command::Probe(probe) => return self.probe(&probe, judge, containers),
        }
        Ok(None)
    }

    fn probe(&mut self, probe: &Probe, judge: &Judge<'_>, containers: &[Container]) -> Result<Option<Event>> {
        let service = probe.service.clone();
        let of = |name: &str| containers.iter().find(|c| c.service() == name);
        let Some(container) = of(&service) else { return Ok(None) };
        let work = match &probe.action {
            Action::Http(http) => {
                if self.is_far {
                    let through = self.through(&service, http, judge, containers);
                    self.services.extend(through.map(|through| (service, through)));
                    return Ok(None);
                }
                // Who shares a network has no address of its own.
                let network = judge.network_of(&service).and_then(of).unwrap_or(container);
                let Some(address) = network.address().map(str::to_owned) else {
                    let answer = Answer::None("the container has no address".to_owned());
                    return Ok(Some(Event::Answered(service, answer)));
                };
                let (method, path, body) = (http.method.clone(), http.path.clone(), http.body.clone());
                let question = Question { address, port: http.port, method, path, headers: http.headers.clone(), body };
                Work::Request(http::ask(question, PROBE_PATIENCE), http.clone())
            }
            Action::Command(words) => Work::Command(self.trial.exec(&container.id, words)?, Instant::now()),
        };
        self.services.push((service, work));
        Ok(None)
    }

    /// A request that a container of the run sends.
    fn through(&self, service: &str, http: &Http, judge: &Judge<'_>, containers: &[Container]) -> Option<Work> {
        let of = |name: &str| containers.iter().find(|c| c.service() == name);
        let own = of(service)?;
        let network = judge.network_of(service).and_then(of).unwrap_or(own);
        let way = self.ways.get(service).copied().unwrap_or_default();
        Some(Work::Through(Through::new(http, own, network, containers, way)))
    }

    /// Something that came to its end.
    fn poll(&mut self, judge: &Judge<'_>, containers: &[Container]) -> Result<Option<Event>> {
        if let Some(answer) = self.start.as_mut().map(Running::poll).transpose()?.flatten() {
            self.start = None;
            let complaint = (!answer.status.success()).then(|| answer.complaint());
            return Ok(Some(Event::Started(complaint)));
        }
        if let Some(answer) = self.loads.as_mut().map(Running::poll).transpose()?.flatten() {
            self.loads = None;
            let loads = Container::loads(&String::from_utf8_lossy(&answer.stdout));
            return Ok(Some(Event::Loads(loads)));
        }
        for place in 0..self.services.len() {
            let (service, work) = &mut self.services[place];
            let service = service.clone();
            match work {
                Work::Through(through) => {
                    let Some((answer, way)) = through.poll(self.trial)? else { continue };
                    self.services.remove(place);
                    self.ways.insert(service.clone(), way);
                    return Ok(Some(Event::Answered(service, answer)));
                }
                Work::Request(asked, http) => {
                    let answer = match asked.poll() {
                        None => continue,
                        Some(Ok(reply)) => Answer::Http { status: reply.status, body: reply.body },
                        Some(Err(Silence::Quiet(why))) => Answer::None(why),
                        Some(Err(Silence::Unreachable)) => {
                            self.is_far = true;
                            let http = http.clone();
                            if let Some(through) = self.through(&service, &http, judge, containers) {
                                self.services[place].1 = through;
                                continue;
                            }
                            Answer::None("its container is gone".to_owned())
                        }
                    };
                    self.services.remove(place);
                    return Ok(Some(Event::Answered(service, answer)));
                }
                Work::Command(..) | Work::Restart(_) => {
                    if let Some(event) = work.poll(&service)? {
                        self.services.remove(place);
                        return Ok(Some(event));
                    }
                }
            }
        }
        Ok(None)
    }
}

impl Work {
    fn poll(&mut self, service: &str) -> Result<Option<Event>> {
        let answered = |answer| Ok(Some(Event::Answered(service.to_owned(), answer)));
        match self {
            // These need more than themselves: see [`Works::poll`].
            Self::Request(..) | Self::Through(_) => Ok(None),
            Self::Command(running, since) => match running.poll() {
                Ok(Some(answer)) => {
                    let output = String::from_utf8_lossy(&answer.stdout);
                    answered(Answer::Command {
                        is_success: answer.status.success(),
                        status: answer.status.to_string(),
                        output: format!("{output}\n{}", answer.stderr),
                    })
                }
                Ok(None) if since.elapsed() > PROBE_PATIENCE => {
                    let why = format!("no answer within {} s", PROBE_PATIENCE.as_secs());
                    answered(Answer::None(why))
                }
                Ok(None) => Ok(None),
                Err(Error::Engine(why)) => answered(Answer::None(why)),
                Err(other) => Err(other),
            },
            Self::Restart(running) => Ok(running.poll()?.map(|answer| {
                let complaint = (!answer.status.success()).then(|| answer.complaint());
                Event::Restarted(service.to_owned(), complaint)
            })),
        }
    }
}
