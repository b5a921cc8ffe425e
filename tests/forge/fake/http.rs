//! A server of HTTP/1.1 that does what a test tells it, down to hanging up. A connection carries one request.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: String,
    /// Path as it was sent, with escapes.
    pub(crate) path: String,
    /// Query as it was sent.
    pub(crate) query: String,
    /// Headers, names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Ask {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The fields of the query without escapes.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let parts = self.query.split('&').filter(|part| !part.is_empty());
        parts.map(|part| part.split_once('=').unwrap_or((part, ""))).map(|(k, v)| (unescape(k), unescape(v))).collect()
    }

    /// A field of the query.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        self.fields().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The parts of the path without escapes.
    pub(crate) fn parts(&self) -> Vec<String> {
        self.path.split('/').skip(1).map(unescape).collect()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// What is sent back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Nothing is sent: the connection ends.
    pub(crate) hangs_up: bool,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("Content-Type".into(), "application/json; charset=utf-8".into())];
        Self { status, headers, body: body.to_string().into_bytes(), hangs_up: false }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.headers.push((name.to_owned(), format!("{value}")));
        self
    }
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    /// `http://127.0.0.1:PORT`.
    pub(crate) address: String,
    port: u16,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers each request by a function, one after the other.
    pub(crate) fn new(mut answer: impl FnMut(Ask) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let ends = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&ends);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if until.load(Ordering::SeqCst) {
                    return;
                }
                // A client that gives up is its own affair.
                let _ = stream.and_then(|stream| serve(stream, &mut answer));
            }
        });
        Self { address: format!("http://127.0.0.1:{port}"), port, ends, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Answers the one request of a connection.
fn serve(stream: TcpStream, answer: &mut impl FnMut(Ask) -> Reply) -> std::io::Result<()> {
    let mut input = BufReader::new(stream.try_clone()?);
    let mut output = stream;
    let first = line(&mut input)?;
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let header = line(&mut input)?;
        let Some((name, value)) = header.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    if headers.get("expect").is_some_and(|v| v == "100-continue") {
        output.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let mut body = Vec::new();
    if headers.get("transfer-encoding").is_some_and(|v| v == "chunked") {
        loop {
            let size = usize::from_str_radix(line(&mut input)?.trim(), 16).unwrap_or_default();
            let mut chunk = vec![0; size];
            input.read_exact(&mut chunk)?;
            body.extend(chunk);
            line(&mut input)?;
            if size == 0 {
                break;
            }
        }
    } else {
        body.resize(headers.get("content-length").and_then(|v| v.parse().ok()).unwrap_or_default(), 0);
        input.read_exact(&mut body)?;
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let reply = answer(Ask { method, path: path.to_owned(), query: query.to_owned(), headers, body });
    if reply.hangs_up {
        return Ok(());
    }
    let mut head = format!("HTTP/1.1 {} Said\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    if ![204, 304].contains(&reply.status) {
        head += &format!("Content-Length: {}\r\n", reply.body.len());
    }
    output.write_all(format!("{head}\r\n").as_bytes())?;
    output.write_all(&reply.body)?;
    output.flush()
}

/// A line without its end. A client that is killed in the middle of one has asked nothing.
fn line(input: &mut impl BufRead) -> std::io::Result<String> {
    let mut text = String::new();
    input.read_line(&mut text)?;
    let line = text.strip_suffix('\n').ok_or(std::io::ErrorKind::UnexpectedEof)?;
    Ok(line.trim_end().to_owned())
}

#[test]
fn what_a_killed_client_began_to_say_is_no_request() {
    let cuts = ["", "GET /api", "GET /a HTTP/1.1", "GET /a HTTP/1.1\r\nAcc", "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc"];
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let server = Server::new(move |ask| {
        seen.lock().unwrap().push(ask.path);
        Reply::empty(200)
    });
    for text in cuts.into_iter().chain(["GET /whole HTTP/1.1\r\n\r\n"]) {
        let mut client = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        client.write_all(text.as_bytes()).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = client.read_to_end(&mut Vec::new());
    }
    assert_eq!(*asked.lock().unwrap(), ["/whole"]);
}

/// A text without percent escapes.
pub(crate) fn unescape(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = (*first == b'%').then(|| tail.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()));
        match escaped.flatten() {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}
