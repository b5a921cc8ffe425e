//! Messages on a pair of streams: frames of bounded size, read by a thread of its own.

use crossbeam_channel::{Receiver, unbounded};
use lsp_server::Message;
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Largest message that is read, in bytes: a few times the largest file, as JSON.
const MAX_MESSAGE: u64 = 64 << 20;
/// Longest line of a message's head.
const MAX_HEAD: u64 = 1 << 12;

/// What the reader found.
pub(super) enum Incoming {
    /// A message.
    Message(Message),
    /// Something of a message's form that is none: why.
    Malformed(String),
    /// Nothing more comes: why, if the stream did not just end.
    End(Option<String>),
}

/// The reader's side: messages in their order, and how many new texts are among those that were read.
pub(super) struct Reader {
    pub(super) messages: Receiver<Incoming>,
    pub(super) texts: Arc<AtomicU64>,
}

impl Reader {
    /// Starts the thread that reads. It ends with the stream, or with `exit`.
    pub(super) fn start(stream: impl Read + Send + 'static) -> Self {
        let (sender, messages) = unbounded();
        let texts = Arc::new(AtomicU64::new(0));
        let counted = texts.clone();
        thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            loop {
                let incoming = match frame(&mut stream) {
                    Ok(Some(Frame::Text(bytes))) => parsed(&bytes),
                    Ok(Some(Frame::TooLong(size))) => Incoming::Malformed(format!("a message of {size} bytes is too long")),
                    Ok(None) => Incoming::End(None),
                    Err(error) => Incoming::End(Some(error.to_string())),
                };
                let is_last = match &incoming {
                    Incoming::Message(Message::Notification(told)) => {
                        if is_text(&told.method) {
                            counted.fetch_add(1, Ordering::SeqCst);
                        }
                        told.method == "exit"
                    }
                    Incoming::End(_) => true,
                    _ => false,
                };
                if sender.send(incoming).is_err() || is_last {
                    return;
                }
            }
        });
        Self { messages, texts }
    }
}

/// Whether a notification brings a new text.
pub(super) fn is_text(method: &str) -> bool {
    matches!(method, "textDocument/didOpen" | "textDocument/didChange" | "textDocument/didClose")
}

fn parsed(bytes: &[u8]) -> Incoming {
    let message = serde_json::from_slice::<Value>(bytes).and_then(|value| {
        // With a number that cannot be answered to, a request would pass for a notification.
        let is_request = value.get("id").is_some() && value.get("method").is_some();
        Ok((is_request, serde_json::from_value(value)?))
    });
    match message {
        Ok((true, Message::Notification(_))) => Incoming::Malformed("a request whose id is no text and no 32-bit number".to_owned()),
        Ok((_, message)) => Incoming::Message(message),
        Err(error) => Incoming::Malformed(error.to_string()),
    }
}

/// One message as it came.
enum Frame {
    Text(Vec<u8>),
    TooLong(u64),
}

/// Reads one message; `None` at the end of the stream.
///
/// Errors: the stream fails, or no head can be found in it.
fn frame(stream: &mut impl BufRead) -> io::Result<Option<Frame>> {
    let bad = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    let (mut size, mut is_first) = (None, true);
    loop {
        let mut line = Vec::new();
        stream.by_ref().take(MAX_HEAD).read_until(b'\n', &mut line)?;
        if line.is_empty() && is_first {
            return Ok(None);
        }
        is_first = false;
        if line.pop() != Some(b'\n') {
            return Err(bad("the head of a message does not end"));
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            size = Some(value.trim().parse::<u64>().map_err(|_| bad("Content-Length is no number"))?);
        }
    }
    let size = size.ok_or_else(|| bad("a message without Content-Length"))?;
    if size > MAX_MESSAGE {
        io::copy(&mut stream.by_ref().take(size), &mut io::sink())?;
        return Ok(Some(Frame::TooLong(size)));
    }
    let mut bytes = Vec::new();
    if stream.by_ref().take(size).read_to_end(&mut bytes)? < size as usize {
        return Err(bad("a message is shorter than it says"));
    }
    Ok(Some(Frame::Text(bytes)))
}

/// The answer to something that is no message, which has no number to answer to.
pub(super) fn unreadable(why: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": null, "error": {"code": lsp_server::ErrorCode::ParseError as i32, "message": why}})
}

/// Writes a message.
///
/// Errors: nobody reads any more.
pub(super) fn write(stream: &mut dyn Write, message: &Value) -> io::Result<()> {
    let text = message.to_string();
    write!(stream, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    stream.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of some bytes, frame by frame.
    fn read(mut bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        loop {
            match frame(&mut bytes) {
                Ok(Some(Frame::Text(text))) => found.push(String::from_utf8_lossy(&text).into_owned()),
                Ok(Some(Frame::TooLong(size))) => found.push(format!("too long: {size}")),
                Ok(None) => return found,
                Err(error) => {
                    found.push(error.to_string());
                    return found;
                }
            }
        }
    }

    #[test]
    fn frames_are_bounded_and_what_is_none_ends_the_stream() {
        for (bytes, expected) in [
            ("Content-Length: 2\r\n\r\n{}Content-Length: 1\r\n\r\n1", &["{}", "1"][..]),
            ("content-length:2\r\nContent-Type: x\r\n\r\n{}", &["{}"]),
            ("Content-Length: 9\r\n\r\n{}", &["a message is shorter than it says"]),
            ("Content-Length: 99999999999\r\n\r\n{}", &["too long: 99999999999"]),
            ("Content-Length: 99999999999999999999999\r\n\r\n{}", &["Content-Length is no number"]),
            ("Content-Length: -1\r\n\r\n{}", &["Content-Length is no number"]),
            ("X: 1\r\n\r\n{}", &["a message without Content-Length"]),
            ("{}", &["the head of a message does not end"]),
        ] {
            assert_eq!(read(bytes.as_bytes()), expected, "{bytes:?}");
        }
        assert_eq!(read("x".repeat(1 << 20).as_bytes()), ["the head of a message does not end"]);
    }
}
