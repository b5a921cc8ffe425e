//! A request to a container.

use crate::error::Result;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use ureq::http::Request;

/// Time between two questions whether to go on.
const BEAT: Duration = Duration::from_millis(50);
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
    /// What is sent.
    pub body: Option<String>,
}

/// Sends a request and returns the answer, whatever its status, or why nobody answers, in the system's words.
///
/// Errors: those of `go_on`, which is asked all the while, so that a server that hangs holds up nothing.
pub fn request(question: Question, patience: Duration, go_on: impl Fn() -> Result<()>) -> Result<Result<Reply, String>> {
    let (sender, answer) = channel();
    // Left alone, it ends when its patience does, or with the server.
    std::thread::spawn(move || sender.send(ask(&question, patience)));
    loop {
        match answer.recv_timeout(BEAT) {
            Ok(answer) => return Ok(answer),
            Err(RecvTimeoutError::Timeout) => go_on()?,
            Err(RecvTimeoutError::Disconnected) => return Ok(Err("the request came to no end".to_owned())),
        }
    }
}

fn ask(question: &Question, patience: Duration) -> Result<Reply, String> {
    let Question { address, port, method, path, body } = question;
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
    let request =
        if body.is_some_and(|b| b.starts_with(['{', '['])) { request.header("content-type", "application/json") } else { request };
    let request = request.body(body.unwrap_or_default().to_owned()).map_err(|e| e.to_string())?;
    let mut reply = agent.run(request).map_err(|e| e.to_string())?;
    let status = reply.status().as_u16();
    let bytes = reply.body_mut().with_config().limit(MAX_BODY).read_to_vec().unwrap_or_default();
    Ok(Reply { status, body: String::from_utf8_lossy(&bytes).into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use std::net::TcpListener;
    use std::time::Instant;

    #[test]
    fn a_server_that_hangs_holds_up_nothing() {
        // It takes the request and never answers.
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = server.local_addr().expect("an address").port();
        let question =
            Question { address: "127.0.0.1".to_owned(), port, method: "GET".to_owned(), path: "/".to_owned(), body: Some("x".to_owned()) };
        let since = Instant::now();
        let is_over = || if since.elapsed() > Duration::from_millis(200) { Err(Error::Interrupted) } else { Ok(()) };
        let answer = request(question.clone(), Duration::from_secs(10), is_over);
        assert!(matches!(answer, Err(Error::Interrupted)) && since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
        let answer = request(question, Duration::from_millis(100), || Ok(()));
        assert!(matches!(&answer, Ok(Err(why)) if why.contains("timeout")), "{answer:?}");
    }
}
