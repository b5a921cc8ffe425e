//! A request that is sent by a program inside a container, where containers cannot be reached from here: the bytes that go in, the
//! programs that can carry them, and what comes back.

use crate::evidence::engine::Http;
use std::fmt::Write;

/// Programs that carry bytes to a port and back. `HOST` and `PORT` are put in.
const CARRIERS: [&[&str]; 8] = [
    &["nc", "HOST", "PORT"],
    &["busybox", "nc", "HOST", "PORT"],
    &["bash", "-c", "exec 3<>/dev/tcp/$0/$1 && cat >&3 && cat <&3", "HOST", "PORT"],
    &[
        "python3",
        "-c",
        "import socket,sys\ns=socket.create_connection((sys.argv[1],int(sys.argv[2])),9)\ns.sendall(sys.stdin.buffer.read())\nfor b in iter(lambda:s.recv(65536),b''):sys.stdout.buffer.write(b)",
        "HOST",
        "PORT",
    ],
    &[
        "node",
        "-e",
        "const s=require('net').connect(+process.argv[2],process.argv[1]);s.on('error',e=>{console.error(e.message);process.exit(1)});process.stdin.pipe(s,{end:false});s.pipe(process.stdout)",
        "HOST",
        "PORT",
    ],
    &[
        "perl",
        "-MIO::Socket::INET",
        "-e",
        "$s=IO::Socket::INET->new(PeerAddr=>$ARGV[0],PeerPort=>$ARGV[1]) or die $!;local $/;print $s <STDIN>;$s->flush;print <$s>",
        "HOST",
        "PORT",
    ],
    &["ruby", "-rsocket", "-e", "s=TCPSocket.new(ARGV[0],ARGV[1]);s.write(STDIN.read);print(s.read)", "HOST", "PORT"],
    &[
        "php",
        "-r",
        "$s=fsockopen($argv[1],(int)$argv[2]) or exit(1);fwrite($s,stream_get_contents(STDIN));echo stream_get_contents($s);",
        "HOST",
        "PORT",
    ],
];

/// The words of a program that carries bytes to a port of a host and back; `None` beyond the last one.
pub fn carrier(index: usize, host: &str, port: u16) -> Option<Vec<String>> {
    let put = |word: &&str| match *word {
        "HOST" => host.to_owned(),
        "PORT" => port.to_string(),
        word => word.to_owned(),
    };
    Some(CARRIERS.get(index)?.iter().map(put).collect())
}

/// Whether a status of `docker exec` says that the program is not there.
pub fn is_missing(status: Option<i32>) -> bool {
    matches!(status, Some(126 | 127))
}

/// A request as a server reads it. Its server closes the connection behind the answer.
pub fn request(http: &Http, host: &str) -> String {
    let body = http.body.as_deref().unwrap_or_default();
    let has = |name: &str| http.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    let mut text = format!("{} {} HTTP/1.0\r\n", http.method, http.path);
    if !has("host") {
        let _ = write!(text, "Host: {host}:{}\r\n", http.port);
    }
    text += "User-Agent: rofs-harden\r\nConnection: close\r\n";
    for (name, value) in &http.headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    if !body.is_empty() {
        if let Some(kind) = kind_of(body).filter(|_| !has("content-type")) {
            let _ = write!(text, "Content-Type: {kind}\r\n");
        }
        let _ = write!(text, "Content-Length: {}\r\n", body.len());
    }
    text + "\r\n" + body
}

/// Status and body of what came back; `None` where that is no answer of a server.
pub fn reply(bytes: &[u8]) -> Option<(u16, String)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| (at, at + 4));
    let (head, body) = end.map_or((bytes, &[][..]), |(end, begin)| (&bytes[..end], &bytes[begin..]));
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let is_chunked = lines
        .filter_map(|line| line.split_once(':'))
        .any(|(name, value)| name.eq_ignore_ascii_case("transfer-encoding") && value.trim().eq_ignore_ascii_case("chunked"));
    let body = if is_chunked { unchunked(body) } else { body.to_vec() };
    Some((status, String::from_utf8_lossy(&body).into_owned()))
}

/// A body that was sent in pieces, as far as it came.
fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = String::from_utf8_lossy(&rest[..end]);
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16).unwrap_or(0);
        let begin = end + 2;
        let piece = &rest[begin..begin.saturating_add(size).min(rest.len())];
        if piece.is_empty() {
            break;
        }
        whole.extend_from_slice(piece);
        rest = rest.get(begin + piece.len() + 2..).unwrap_or_default();
    }
    whole
}

/// What kind of body it is, where that is plain.
pub fn kind_of(body: &str) -> Option<&'static str> {
    let is_form = body.contains('=') && body.split('&').all(|pair| pair.contains('=') && !pair.contains(char::is_whitespace));
    match body.chars().next() {
        Some('{' | '[') => Some("application/json"),
        Some('<') => Some("application/xml"),
        _ if is_form => Some("application/x-www-form-urlencoded"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::engine::{Action, Probe};

    fn http(text: &str) -> Http {
        let Action::Http(http) = Probe::http(text).expect("reads").action else { panic!("{text}") };
        http
    }

    #[test]
    fn a_request_is_what_a_server_reads() {
        let plain = request(&http("api:80 GET /health?x=1"), "172.18.0.2");
        assert_eq!(plain, "GET /health?x=1 HTTP/1.0\r\nHost: 172.18.0.2:80\r\nUser-Agent: rofs-harden\r\nConnection: close\r\n\r\n");
        let form = request(&http("api:80 POST /login -H 'Host: shop' -H 'X-A: b' user=x&y=1"), "h");
        assert!(form.contains("Host: shop\r\nX-A: b\r\n") && !form.contains("Host: h"), "{form}");
        assert!(form.contains("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\nuser=x&y=1"), "{form}");
    }

    #[test]
    fn an_answer_is_read_as_far_as_it_came() {
        assert_eq!(reply(b"HTTP/1.1 201 Created\r\nA: b\r\n\r\nsaved"), Some((201, "saved".to_owned())));
        assert_eq!(reply(b"HTTP/1.0 204 \r\n\r\n"), Some((204, String::new())));
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n";
        assert_eq!(reply(chunked), Some((200, "hello world".to_owned())));
        assert_eq!(reply(&chunked[..chunked.len() - 11]), Some((200, "hello w".to_owned())));
        for bytes in [&b""[..], b"\x00\x01", b"SSH-2.0-x\r\n", b"HTTP/1.1 x\r\n\r\n"] {
            assert_eq!(reply(bytes), None);
        }
        assert_eq!(unchunked(b"ffffffffffffffff\r\nx"), b"x");
    }

    #[test]
    fn carriers_are_tried_one_by_one() {
        assert_eq!(carrier(0, "10.0.0.2", 8080).expect("one"), ["nc", "10.0.0.2", "8080"]);
        assert!((0..CARRIERS.len()).all(|i| carrier(i, "h", 1).is_some_and(|words| words.ends_with(&["h".to_owned(), "1".to_owned()]))));
        assert_eq!(carrier(CARRIERS.len(), "h", 1), None);
        assert!(is_missing(Some(127)) && !is_missing(Some(1)) && !is_missing(None));
    }

    #[test]
    fn a_body_says_what_it_is() {
        for (body, kind) in [
            ("{}", Some("application/json")),
            ("a=b&c=d", Some("application/x-www-form-urlencoded")),
            ("<x/>", Some("application/xml")),
            ("hello", None),
            ("a = b", None),
        ] {
            assert_eq!(kind_of(body), kind, "{body}");
        }
    }
}
