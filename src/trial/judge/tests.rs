//! Whole runs, played without an engine.

use super::*;
use crate::compose::{Env, Sources};
use crate::text::{FileId, TextFile};
use crate::trial::IsolatedService;
use crate::yaml::Stream;
use serde_json::{Value, json};
use std::path::Path;

const LIMITS: Limits = Limits { settle: Duration::from_secs(3), timeout: Duration::from_secs(20), hold: Duration::ZERO };

/// A container as the engine has it: `state` is laid over one that runs.
fn container(service: &str, state: &Value) -> Container {
    let mut all = json!({ "Status": "running", "StartedAt": "2026-11-24T21:48:21Z" });
    for (key, value) in state.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    let labels = json!({ "com.docker.compose.service": service });
    let text = json!({
        "Id": format!("id-{service}"), "Image": "i", "State": all,
        "Config": { "Labels": labels, "WorkingDir": "/srv" },
    });
    serde_json::from_value(text).expect("a container")
}

fn running(service: &str) -> Container {
    container(service, &json!({}))
}

fn ended(service: &str, status: i64) -> Container {
    container(service, &json!({ "Status": "exited", "ExitCode": status }))
}

fn health(service: &str, status: &str) -> Container {
    container(service, &json!({ "Health": { "Status": status } }))
}

fn isolated(service: &str) -> IsolatedService {
    IsolatedService {
        service: service.to_owned(),
        image: "i".to_owned(),
        is_built: false,
        health: None,
        restarts: false,
        network_of: None,
        is_task: false,
        needs: Vec::new(),
        twin_of: None,
    }
}

/// A run of some services, which the project makes read-only.
struct Game {
    isolated: Isolated,
    sources: Sources,
    probes: Vec<Probe>,
    before: Option<RunResult>,
}

impl Game {
    fn new(services: Vec<IsolatedService>) -> Self {
        let of = |s: &IsolatedService| format!("  {}: {{image: i, read_only: true}}\n", s.service);
        let text = format!("services:\n{}", services.iter().map(of).collect::<String>());
        let file = TextFile::new("compose.yaml", text.into_bytes(), 1 << 20).expect("text");
        let mut sources = Sources::new(Path::new(""), Env::new());
        let stream = Stream::parse(&file, FileId(0)).expect("YAML");
        sources.add_layer(Path::new("compose.yaml"), stream, None);
        let isolated = Isolated {
            model: Value::Null,
            services,
            left_out: Vec::new(),
            stand_ins: Vec::new(),
            held: Vec::new(),
            replaced: Vec::new(),
            buildable: Vec::new(),
        };
        Self { isolated, sources, probes: Vec::new(), before: None }
    }

    /// Plays it: `at` is called every 100 ms with what the judge asked for since, and answers what
    /// happened and what the containers are. Returns a line for each service.
    fn play(&self, log: &str, mut at: impl FnMut(u64, Vec<Command>) -> (Vec<Event>, Vec<Container>)) -> Vec<String> {
        let project = Project::read(&self.sources).expect("a project");
        let before = self.before.as_ref();
        let mut judge = Judge::new(&self.isolated, &project, before, &self.probes, LIMITS);
        let mut commands = vec![judge.begin()];
        let mut containers = Vec::new();
        for beat in 0..1000 {
            let now = Duration::from_millis(beat * 100);
            let (events, seen) = at(beat * 100, std::mem::take(&mut commands));
            for event in events {
                commands.extend(judge.step(event, &containers, now));
            }
            containers = seen;
            commands.extend(judge.step(Event::Looked, &containers, now));
            if judge.is_done(now) {
                let read = |_: &Container, own: &mut ServiceLog| {
                    log.lines().for_each(|line| own.line(line.as_bytes()));
                };
                let outcomes = judge.finish(&containers, read);
                let line = |o: &Outcome| format!("{}: {:?}: {}", o.service, o.verdict, o.why);
                return outcomes.iter().map(line).collect();
            }
        }
        panic!("no end: {}", judge.progress(Duration::from_secs(100)));
    }
}

/// Compose starts what it is asked to at once, and the processor is idle.
fn smoothly(commands: &[Command]) -> Vec<Event> {
    let one = |command: &Command| match command {
        Command::Start(_) => Some(Event::Started(None)),
        Command::AskLoads => Some(Event::Loads(HashMap::new())),
        Command::ReadLog(name) => Some(Event::Read(name.clone(), Box::default())),
        Command::Restart(name) => Some(Event::Restarted(name.clone(), None)),
        Command::Probe(_) => None,
    };
    commands.iter().filter_map(one).collect()
}

fn said(text: &str) -> ServiceLog {
    let mut log = ServiceLog::default();
    text.lines().for_each(|line| log.line(line.as_bytes()));
    log
}

const EROFS: &str = "sh: can't create /srv/x: Read-only file system";

#[test]
fn a_service_that_stays_up_works_unless_its_log_says_otherwise() {
    let game = Game::new(vec![isolated("web")]);
    let plays = |log: &str| {
        let mut end = 0;
        let lines = game.play(log, |now, commands| {
            end = now;
            (smoothly(&commands), vec![running("web")])
        });
        (lines, end)
    };
    let (lines, end) = plays("listening");
    assert_eq!(lines, ["web: Works: it stayed up"]);
    assert!((3000..5000).contains(&end), "{end}");
    let why = "it stayed up, but its log says that it could not write";
    assert_eq!(plays(EROFS).0, [format!("web: Fails: {why}")]);
}

#[test]
fn a_service_that_computes_is_still_starting() {
    let game = Game::new(vec![isolated("web")]);
    let mut end = 0;
    let lines = game.play("", |now, commands| {
        end = now;
        let percent = if now < 6000 { 90.0 } else { 0.1 };
        let loads = HashMap::from([("id-web".to_owned(), percent)]);
        let is_asked = commands.contains(&Command::AskLoads);
        let mut events = smoothly(&commands);
        events.retain(|e| !matches!(e, Event::Loads(_)));
        events.extend(is_asked.then_some(Event::Loads(loads)));
        (events, vec![running("web")])
    });
    assert_eq!(lines, ["web: Works: it stayed up"]);
    assert!((8500..10000).contains(&end), "{end}");
}

#[test]
fn an_end_is_judged_by_its_status_and_by_what_is_meant() {
    let task = IsolatedService { is_task: true, ..isolated("job") };
    for (service, status, before, expected) in [
        (isolated("job"), 3, false, "job: Fails: it ended with status 3"),
        (task, 0, false, "job: Works: it did its work and ended"),
        (isolated("job"), 0, true, "job: Works: it ended with status 0, as before"),
    ] {
        let mut game = Game::new(vec![service]);
        if before {
            let ended = Outcome::plain("job", Verdict::Unprovable, "it ended with status 0");
            let outcomes = vec![Outcome { ended: true, ..ended }];
            game.before = Some(RunResult { outcomes, ..RunResult::default() });
        }
        let at = |_, commands: Vec<Command>| (smoothly(&commands), vec![ended("job", status)]);
        assert_eq!(game.play("", at), [expected]);
    }
}

#[test]
fn what_no_mount_mends_is_not_waited_for_again() {
    let mut game = Game::new(vec![isolated("web")]);
    game.probes = vec![Probe::http("web:80 GET /").expect("reads")];
    let plays = |game: &Game| {
        let mut end = 0;
        let lines = game.play("", |now, commands| {
            end = now;
            let asked = commands.iter().any(|c| matches!(c, Command::Probe(_)));
            let mut events = smoothly(&commands);
            events.extend(asked.then(|| Event::Answered("web".to_owned(), Answer::None("connection refused".to_owned()))));
            (events, vec![running("web")])
        });
        (lines, end)
    };
    let (lines, end) = plays(&game);
    assert_eq!(lines, ["web: Fails: `web:80 GET /`: connection refused"]);
    assert!(end > 15_000, "{end}");
    let before = Outcome { is_hopeless: true, ..Outcome::plain("web", Verdict::Fails, "nobody answers") };
    game.before = Some(RunResult { outcomes: vec![before], ..RunResult::default() });
    let (lines, end) = plays(&game);
    assert_eq!(lines, ["web: Unprovable: it fails on a writable root too: nobody answers"]);
    assert!(end < 1000, "{end}");
}

#[test]
fn one_that_may_wait_for_others_is_started_again() {
    let service = IsolatedService { restarts: true, ..isolated("web") };
    let game = Game::new(vec![service]);
    // It ends twice before the other one is there.
    let (mut ends, mut restarts) = (0, 0);
    let lines = game.play("", |_, commands| {
        restarts += commands.iter().filter(|c| matches!(c, Command::Restart(_))).count();
        let is_up = restarts == 2;
        ends += usize::from(!is_up);
        (smoothly(&commands), vec![if is_up { running("web") } else { ended("web", 1) }])
    });
    assert_eq!((lines, restarts), (vec!["web: Works: it stayed up".to_owned()], 2));
    assert!(ends > 20, "a pause before each start: {ends}");
    // It always ends: five times more, then it is judged.
    let mut restarts = 0;
    let lines = game.play("", |_, commands| {
        restarts += commands.iter().filter(|c| matches!(c, Command::Restart(_))).count();
        (smoothly(&commands), vec![ended("web", 1)])
    });
    assert_eq!((lines[0].as_str(), restarts), ("web: Fails: it ended with status 1", 5));
    // Its log says that it cannot write, so nothing is to be waited for.
    let lines = game.play(EROFS, |_, commands| {
        let mut events = smoothly(&commands);
        for event in &mut events {
            if let Event::Read(_, log) = event {
                **log = said(EROFS);
            }
        }
        assert!(!commands.iter().any(|c| matches!(c, Command::Restart(_))));
        (events, vec![ended("web", 1)])
    });
    assert_eq!(lines, ["web: Fails: it ended with status 1"]);
}

#[test]
fn a_health_check_is_waited_for_and_a_log_may_end_the_wait() {
    let game = Game::new(vec![isolated("db")]);
    let lines = game.play("", |now, commands| {
        let status = if now < 8000 { "starting" } else { "healthy" };
        (smoothly(&commands), vec![health("db", status)])
    });
    assert_eq!(lines, ["db: Works: it stayed up, healthy"]);
    let at = |_, commands: Vec<Command>| (smoothly(&commands), vec![health("db", "unhealthy")]);
    assert_eq!(game.play("", at), ["db: Fails: its health check fails"]);
    let at = |_, commands: Vec<Command>| (smoothly(&commands), vec![health("db", "starting")]);
    assert_eq!(game.play("", at), ["db: Fails: its health check does not pass within 20 s"]);
    let mut end = 0;
    let lines = game.play("", |now, commands| {
        end = now;
        let mut events = smoothly(&commands);
        for event in &mut events {
            if let Event::Read(_, log) = event {
                **log = said(EROFS);
            }
        }
        (events, vec![health("db", "starting")])
    });
    assert_eq!(lines, ["db: Fails: its health check does not pass"]);
    assert!(end < 3000, "{end}");
}

#[test]
fn probes_are_tried_until_they_pass_or_say_why_not() {
    let mut game = Game::new(vec![isolated("api")]);
    game.probes = vec![Probe::http("api:80 GET /").expect("a probe"), Probe::command("api: true").expect("a probe")];
    let answer = |status, body: &str| Answer::Http { status, body: body.to_owned() };
    let ran = |is_success, output: &str| Answer::Command { is_success, status: "exit status: 1".to_owned(), output: output.to_owned() };
    let plays = |http: &dyn Fn(u64) -> Answer, command: &Answer| {
        game.play("", |now, commands| {
            let mut events = smoothly(&commands);
            for command_of in &commands {
                let Command::Probe(probe) = command_of else { continue };
                let is_first = *probe == game.probes[0];
                let answer = if is_first { http(now) } else { command.clone() };
                events.push(Event::Answered("api".to_owned(), answer));
            }
            (events, vec![running("api")])
        })
    };
    let late = |now| match now {
        0..1000 => Answer::None("connection refused".to_owned()),
        1000..2000 => answer(503, ""),
        2000..3000 => answer(404, ""),
        _ => answer(200, ""),
    };
    assert_eq!(plays(&late, &ran(true, "")), ["api: Works: it stayed up, 2 probes passed"]);
    let broken = |_| answer(500, &format!("{{\"error\": \"{EROFS}\"}}"));
    assert_eq!(plays(&broken, &ran(true, "")), ["api: Fails: `api:80 GET /`: status 500"]);
    let good = |_| answer(200, "");
    let why = format!("api: Fails: `api: true`: exit status: 1: {EROFS}");
    assert_eq!(plays(&good, &ran(false, EROFS)), [why]);
    // A page with status 200 that says so, and a command that succeeds with the words.
    let told = |_| answer(200, &format!("not saved: {EROFS}"));
    let lines = plays(&told, &ran(true, ""));
    assert_eq!(lines, ["api: Fails: `api:80 GET /`: status 200, but the answer says that it could not write"]);
    let lines = plays(&good, &ran(true, EROFS));
    assert_eq!(lines, ["api: Fails: `api: true`: it succeeds, but the answer says that it could not write"]);
    // What nobody can ask is no failure, and is not waited for.
    let far = |now| if now < 500 { Answer::Unreachable("there is no way".to_owned()) } else { panic!("asked again") };
    assert_eq!(plays(&far, &ran(true, "")), ["api: Unprovable: `api:80 GET /`: there is no way"]);
    let silent = |_| Answer::None("connection refused".to_owned());
    let lines = plays(&silent, &ran(true, ""));
    assert_eq!(lines, ["api: Fails: `api:80 GET /`: connection refused"]);
}

#[test]
fn who_waits_for_one_that_fails_is_not_blamed_and_the_rest_is_started_by_itself() {
    let app = IsolatedService { needs: vec!["db".to_owned()], ..isolated("app") };
    let game = Game::new(vec![isolated("db"), app, isolated("web")]);
    let mut asked = Vec::new();
    let mut web_is_up = false;
    let lines = game.play("", |_, commands| {
        let mut events = Vec::new();
        for command in &commands {
            match command {
                // Compose waits for the database, which has failed.
                Command::Start(only) if only.is_empty() => asked.push("all".to_owned()),
                Command::Start(only) => {
                    asked.push(only.join(" "));
                    web_is_up = true;
                    events.push(Event::Started(None));
                }
                _ => events.extend(smoothly(std::slice::from_ref(command))),
            }
        }
        let mut containers = vec![ended("db", 1)];
        containers.extend(web_is_up.then(|| running("web")));
        (events, containers)
    });
    let expected = ["db: Fails: it ended with status 1", "app: Unprovable: it waits for db, which fails", "web: Works: it stayed up"];
    assert_eq!((lines.as_slice(), asked), (&expected.map(str::to_owned)[..], vec!["all".to_owned(), "web".to_owned()]));
}

#[test]
fn what_compose_refuses_fails_with_its_words() {
    let game = Game::new(vec![isolated("a"), isolated("b")]);
    let lines = game.play("", |_, commands| {
        let mut events = Vec::new();
        for command in &commands {
            if let Command::Start(only) = command {
                let complaint = format!("no such network ({})", only.join(" "));
                events.push(Event::Started(Some(complaint)));
            }
        }
        (events, Vec::new())
    });
    let why = |name: &str| format!("{name}: Fails: it was not started: no such network ({name})");
    assert_eq!(lines, [why("a"), why("b")]);
}

#[test]
fn a_refused_container_fails_at_once_and_a_silent_start_is_not_provable() {
    let game = Game::new(vec![isolated("a")]);
    let refused = container("a", &json!({ "Status": "created", "Error": "no such device" }));
    let at = |_, commands: Vec<Command>| (smoothly(&commands), vec![refused.clone()]);
    assert_eq!(game.play("", at), ["a: Fails: the engine does not start it: no such device"]);
    let lines = game.play("", |_, commands: Vec<Command>| (smoothly(&commands), Vec::new()));
    let why = "Compose does not start it, and does not say why";
    assert_eq!(lines, [format!("a: Unprovable: {why}")]);
}

/// What is known of an image may be wrong of this service: it counts where it is answered well, or where the answer names a path.
#[test]
fn a_check_that_is_known_of_the_image_never_fails_a_service_by_silence() {
    let mut game = Game::new(vec![isolated("api")]);
    game.probes = vec![Probe { is_known: true, text: "http:80/".to_owned(), ..Probe::http("api:80 GET /").expect("a probe") }];
    let plays = |answer: &Answer, container: &dyn Fn() -> Container| {
        game.play("", |_, commands| {
            let mut events = smoothly(&commands);
            let asked = commands.iter().filter(|command| matches!(command, Command::Probe(_)));
            events.extend(asked.map(|_| Event::Answered("api".to_owned(), answer.clone())));
            (events, vec![container()])
        })
    };
    let answer = |status, body: &str| Answer::Http { status, body: body.to_owned() };
    let up = || running("api");
    assert_eq!(plays(&answer(200, ""), &up), ["api: Works: it stayed up, 1 probe passed"]);
    let aside = "api: Works: it stayed up, `http:80/`, which is known of its image, was not answered and does not count";
    for silent in [Answer::None("connection refused".to_owned()), answer(404, ""), answer(500, "")] {
        assert_eq!(plays(&silent, &up), [aside]);
    }
    let told = plays(&answer(500, EROFS), &up);
    assert_eq!(told, ["api: Fails: `http:80/` was asked, but the answer says that it could not write"]);
    // Its own check says more.
    assert_eq!(plays(&answer(404, ""), &|| health("api", "healthy")), ["api: Works: it stayed up, healthy"]);
}

#[test]
fn two_that_share_a_volume_must_both_work() {
    let twin = || IsolatedService { twin_of: Some("jobs".to_owned()), ..isolated("jobs-2") };
    let plays = |second: &dyn Fn() -> Container, before: Option<Verdict>| {
        let mut game = Game::new(vec![isolated("jobs"), twin()]);
        let outcome = |verdict| Outcome::new("jobs", verdict, "why".to_owned());
        game.before = before.map(|verdict| RunResult { outcomes: vec![outcome(verdict)], ..RunResult::default() });
        game.play("", |_, commands| (smoothly(&commands), vec![running("jobs"), second()]))
    };
    assert_eq!(plays(&|| running("jobs-2"), None), ["jobs: Works: it stayed up"]);
    for (status, before) in [(10, None), (0, None), (10, Some(Verdict::Works))] {
        let expected = format!("jobs: Fails: one of its containers, which share their volumes: it ended with status {status}");
        let lines = plays(&|| ended("jobs-2", status), before);
        assert!(lines.len() == 1 && lines[0].starts_with(&expected), "{lines:?}");
    }
    // Which one is too late is chance.
    let game = Game::new(vec![isolated("jobs"), twin()]);
    let lines = game.play("", |_, commands| (smoothly(&commands), vec![ended("jobs", 10), running("jobs-2")]));
    assert!(lines[0].starts_with("jobs: Fails: one of its containers, which share their volumes: it ended with status 10"), "{lines:?}");
    assert_eq!(plays(&|| ended("jobs-2", 10), Some(Verdict::Fails)), ["jobs: Unprovable: it fails on a writable root too: why"]);
}
