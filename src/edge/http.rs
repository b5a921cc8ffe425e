//! A request to a container.

use crate::trial::through::kind_of;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;
use ureq::http::Request;

/// Most bytes of an answer that are read.
const MAX_BODY: u64 = 64 << 10;

/// What was answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The first part of the body, as text.
    pub body: String,
}

/// A request to a server by its address.
#[derive(Clone, Debug)]
pub struct Question {
    /// The server's address.
    pub address: String,
    /// Its port.
    pub port: u16,
    /// The method.
    pub method: String,
    /// The path, with what follows it.
    pub path: String,
    /// Headers, each with its value.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Option<String>,
}

/// Why nobody answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence {
    /// In the system's words. It may answer later.
    Quiet(String),
    /// There is no way to its address from here.
    Unreachable,
}

/// A request under way.
#[derive(Debug)]
pub struct Asked(Receiver<Result<Reply, Silence>>);

/// Sends a request. Left alone, it ends when its patience does, or with the server.
pub fn ask(question: Question, patience: Duration) -> Asked {
    let (sender, answer) = channel();
    std::thread::spawn(move || sender.send(answer_to(&question, patience)));
    Asked(answer)
}

impl Asked {
    /// The answer, whatever its status, or why nobody answers; `None` as long as it is under way.
    pub fn poll(&self) -> Option<Result<Reply, Silence>> {
        match self.0.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(Silence::Quiet("the request came to no end".to_owned()))),
        }
    }
}

/// How long a connection may take. A server that is there takes or refuses it at once, since it is on this machine.
const CONNECTING: Duration = Duration::from_secs(2);

fn answer_to(question: &Question, patience: Duration) -> Result<Reply, Silence> {
    use std::io::ErrorKind::{HostUnreachable, NetworkUnreachable, TimedOut};
    let mut places = (question.address.as_str(), question.port).to_socket_addrs().map_err(|e| Silence::Quiet(e.to_string()))?;
    let place = places.next().ok_or_else(|| Silence::Quiet(format!("{} is no address", question.address)))?;
    if let Err(error) = TcpStream::connect_timeout(&place, CONNECTING) {
        let is_far = matches!(error.kind(), HostUnreachable | NetworkUnreachable | TimedOut);
        return Err(if is_far { Silence::Unreachable } else { Silence::Quiet(error.to_string()) });
    }
    answer_of(question, patience).map_err(Silence::Quiet)
}

fn answer_of(question: &Question, patience: Duration) -> Result<Reply, String> {
    let Question { address, port, method, path, headers, body } = question;
    let body = body.as_deref();
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(patience))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent("rofs-harden");
    let agent = config.build().new_agent();
    let request = Request::builder().method(method.as_str()).uri(format!("http://{address}:{port}{path}"));
    let kind = body.and_then(kind_of).filter(|_| !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")));
    let request = kind.into_iter().fold(request, |request, kind| request.header("content-type", kind));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
    let request = request.body(body.unwrap_or_default().to_owned()).map_err(|e| e.to_string())?;
    let mut reply = agent.run(request).map_err(|e| e.to_string())?;
    let status = reply.status().as_u16();
    let bytes = reply.body_mut().with_config().limit(MAX_BODY).read_to_vec().unwrap_or_default();
    Ok(Reply { status, body: String::from_utf8_lossy(&bytes).into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::time::Instant;

    #[test]
    fn a_server_that_hangs_holds_up_nothing() {
        // It takes the request and never answers.
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = server.local_addr().expect("an address").port();
        let address = "127.0.0.1".to_owned();
        let (method, path) = ("GET".to_owned(), "/".to_owned());
        let question = Question { address, port, method, path, headers: Vec::new(), body: Some("x".to_owned()) };
        let since = Instant::now();
        let asked = ask(question, Duration::from_millis(300));
        assert!(asked.poll().is_none() && since.elapsed() < Duration::from_millis(200));
        let answer = loop {
            if let Some(answer) = asked.poll() {
                break answer;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        assert!(matches!(&answer, Err(Silence::Quiet(why)) if why.contains("timeout")), "{answer:?}");
    }
}
