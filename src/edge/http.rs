//! A request to a container.

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

/// Sends a request and returns the answer, whatever its status.
///
/// Errors: nobody answers, in the system's words.
pub fn request(address: &str, port: u16, method: &str, path: &str, body: Option<&str>, patience: Duration) -> Result<Reply, String> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(patience))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent("rofs-harden");
    let agent = config.build().new_agent();
    let request = Request::builder().method(method).uri(format!("http://{address}:{port}{path}"));
    let request =
        if body.is_some_and(|b| b.starts_with(['{', '['])) { request.header("content-type", "application/json") } else { request };
    let request = request.body(body.unwrap_or_default().to_owned()).map_err(|e| e.to_string())?;
    let mut reply = agent.run(request).map_err(|e| e.to_string())?;
    let status = reply.status().as_u16();
    let bytes = reply.body_mut().with_config().limit(MAX_BODY).read_to_vec().unwrap_or_default();
    Ok(Reply { status, body: String::from_utf8_lossy(&bytes).into_owned() })
}
