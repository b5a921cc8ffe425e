//! A request to a container that cannot be reached from here, sent by a program in it or in another container of the run.

use crate::edge::docker::{Running, Trial};
use crate::error::{Error, Result};
use crate::evidence::engine::Http;
use crate::trial::through::{carrier, is_missing, reply, request};
use crate::trial::{Answer, Container};
use std::time::{Duration, Instant};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most other containers that are looked through for a program.
const MOST_OTHERS: usize = 4;

/// Which container and which program carry the requests of a service, once they are found.
pub(super) type Way = (usize, usize);

/// A request under way.
pub(super) struct Through {
    http: Http,
    /// Containers that may carry it, each with the host that it is to ask.
    carriers: Vec<(String, String)>,
    way: Way,
    running: Option<Running>,
    since: Instant,
}

impl Through {
    /// Begins a request to the server in `own`, whose network is that of `network`. `way` is the one that was found before.
    pub(super) fn new(http: &Http, own: &Container, network: &Container, all: &[Container], way: Way) -> Self {
        let address = network.address();
        let here = (own.id.clone(), address.unwrap_or("127.0.0.1").to_owned());
        let others = all.iter().filter(|c| c.id != own.id && c.is_running() && c.address().is_some());
        let others = address.into_iter().flat_map(|host| others.clone().map(move |c| (c.id.clone(), host.to_owned())));
        let carriers = std::iter::once(here).chain(others.take(MOST_OTHERS)).collect();
        Self { http: http.clone(), carriers, way, running: None, since: Instant::now() }
    }

    /// The answer with the way that it came, if there is one by now.
    pub(super) fn poll(&mut self, trial: &Trial) -> Result<Option<(Answer, Way)>> {
        loop {
            let Some((container, host)) = self.carriers.get(self.way.0) else {
                let why = "containers cannot be reached from here, and none of this run has a program that could ask in its place";
                return Ok(Some((Answer::Unreachable(why.to_owned()), self.way)));
            };
            let Some(running) = &mut self.running else {
                match carrier(self.way.1, host, self.http.port) {
                    Some(words) => self.running = Some(trial.exec_with(container, &words, &request(&self.http, host))?),
                    None => self.way = (self.way.0 + 1, 0),
                }
                continue;
            };
            let answer = match running.poll() {
                Ok(Some(answer)) => answer,
                Ok(None) if self.since.elapsed() > PATIENCE => {
                    let why = format!("no answer within {} s", PATIENCE.as_secs());
                    return Ok(Some((Answer::None(why), self.way)));
                }
                Ok(None) => return Ok(None),
                Err(Error::Engine(why)) => return Ok(Some((Answer::None(why), self.way))),
                Err(other) => return Err(other),
            };
            self.running = None;
            if let Some((status, body)) = reply(&answer.stdout) {
                return Ok(Some((Answer::Http { status, body }, self.way)));
            }
            if is_missing(answer.status.code()) {
                self.way.1 += 1;
                continue;
            }
            let why = if answer.stdout.is_empty() { answer.complaint() } else { "what answers is no web server".to_owned() };
            return Ok(Some((Answer::None(why), self.way)));
        }
    }
}
