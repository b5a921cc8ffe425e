//! The repository over Git's own protocol, by the program that comes with Git.

use super::http::{Ask, Reply};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Answers a request of Git's for a repository, if it has the token.
pub(super) fn serve(repository: &Path, ask: &Ask, token: &str) -> Reply {
    let wanted = format!("Basic {}", BASE64.encode(format!("x-access-token:{token}")));
    if ask.header("authorization") != wanted {
        return Reply::empty(401).with("WWW-Authenticate", "Basic realm=\"Git\"");
    }
    let place = ask.path.split_once(".git").unwrap().1;
    let mut command = Command::new("git");
    command.arg("http-backend").env("GIT_PROJECT_ROOT", repository).env("GIT_HTTP_EXPORT_ALL", "1").env("REMOTE_USER", "bot");
    command.env("PATH_INFO", place).env("REQUEST_METHOD", &ask.method).env("QUERY_STRING", &ask.query);
    command.env("CONTENT_TYPE", ask.header("content-type")).env("CONTENT_LENGTH", ask.body.len().to_string());
    command.env("HTTP_CONTENT_ENCODING", ask.header("content-encoding")).env("GIT_PROTOCOL", ask.header("git-protocol"));
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let body = ask.body.clone();
    let writer = std::thread::spawn(move || drop(input.write_all(&body)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let split = output.stdout.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let mut reply = Reply { status: 200, body: output.stdout[split + 4..].to_vec(), ..Reply::default() };
    for line in String::from_utf8_lossy(&output.stdout[..split]).lines() {
        let (name, value) = line.split_once(": ").unwrap();
        if name == "Status" {
            reply.status = value.split(' ').next().unwrap().parse().unwrap();
        } else {
            reply = reply.with(name, value);
        }
    }
    reply
}
