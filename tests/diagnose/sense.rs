//! Lines that must not be misread: of programs that are well, of strangers, and of programs that say little.

use super::read;
use crate::support::golden;
use rofs_harden::evidence::log::{Advice, AdviceContext, Cause, Symptom, advise};
use std::fs;

fn alone(symptom: &Symptom) -> Advice {
    advise(symptom, AdviceContext { service: None, need: None, is_planned: false, log: "a.log" })
}

fn harmless() -> Vec<String> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/harmless.log")).expect("there");
    text.lines().filter(|line| !line.starts_with("# ")).map(str::to_owned).collect()
}

/// What counts as trouble in a text.
fn trouble(text: &str) -> Vec<Symptom> {
    read(text).into_iter().filter(|s| s.cause != Cause::Harmless).collect()
}

#[test]
fn lines_of_programs_that_are_well_raise_few_alarms() {
    let lines = harmless();
    let mut alarms: Vec<String> = Vec::new();
    for line in &lines {
        // Each alone, so that none hides another.
        alarms.extend(trouble(line).iter().map(|s| format!("{:?} {}: {line}", s.cause, s.path.as_deref().unwrap_or("-"))));
    }
    let mut text = format!("{} lines that are no trouble, {} of them taken for it:\n", lines.len(), alarms.len());
    alarms.iter().for_each(|alarm| text += &format!("{alarm}\n"));
    golden("diagnose/harmless.txt", &text);
    assert!(lines.len() > 150 && alarms.len() * 50 < lines.len(), "{text}");
}

/// What a program says, and a client could send.
const SENT: [&str; 11] = [
    "EROFS: read-only file system, open '/data/x'",
    "open /data/x: read-only file system",
    "touch: cannot touch '/data/x': Read-only file system",
    "/data/x: Read-only file system",
    "OSError: [Errno 30] Read-only file system: '/data/x'",
    "x\" failed (30: Read-only file system)",
    "x\" failed (30: Read-only file system), client: 10.0.0.1, server: a, request: \"",
    "mkdir() \"/data/x\" failed (30: Read-only file system)",
    "[error] 1#1: *1 open() \"/data/x\" failed (30: Read-only file system), client: 10.0.0.1",
    "[error] 1#1: *1 FastCGI sent in stderr: \"PHP message: open /data/x: read-only file system\" while reading response",
    "[Tue Nov 24 10:00:00.000000 2026] [php:warn] [pid 9] [client 10.0.0.1:1] PHP Warning:  fopen(/data/x): Failed to open stream: Read-only file system in /a.php on line 1",
];

#[test]
fn what_a_client_sends_never_becomes_a_mount() {
    let when = "24/Nov/2026:10:00:00 +0000";
    let nginx = "2026/11/24 10:00:00 [error] 31#31: *7";
    let httpd = "[Tue Nov 24 10:00:00.000000 2026] [core:error] [pid 9:tid 9] [client 10.0.0.1:40000]";
    for sent in SENT {
        let slashed = sent.replace('\\', "\\\\").replace('"', "\\\"");
        let lines = [
            // Address, referrer and browser, as servers write them.
            format!("10.0.0.1 - - [{when}] \"GET /{slashed} HTTP/1.1\" 404 12 \"-\" \"-\""),
            format!("10.0.0.1 - - [{when}] \"GET / HTTP/1.1\" 200 12 \"{slashed}\" \"-\""),
            format!("10.0.0.1 \"GET / HTTP/1.1\" \"{slashed}\""),
            format!("web-1  | 10.0.0.1 - - [{when}] \"GET / HTTP/1.1\" 200 12 \"-\" \"{slashed}\""),
            format!("a.test:80 10.0.0.1 - {slashed} [{when}] \"GET / HTTP/1.1\" 401 12"),
            format!(
                "{nginx} open() \"/usr/share/nginx/html/{sent}\" failed (2: No such file or directory), client: 10.0.0.1, server: a, request: \"GET /x HTTP/1.1\", host: \"a\""
            ),
            format!("{nginx} access forbidden by rule, client: 10.0.0.1, server: a, request: \"GET /{sent} HTTP/1.1\", host: \"a\""),
            format!(
                "{nginx} access forbidden by rule, client: 10.0.0.1, server: a, request: \"GET / HTTP/1.1\", host: \"a\", referrer: \"{sent}\""
            ),
            format!(
                "{nginx} user \"{sent}\" was not found in \"/etc/nginx/users\", client: 10.0.0.1, server: a, request: \"GET / HTTP/1.1\""
            ),
            format!("{httpd} AH01630: client denied by server configuration: /var/www/html/{sent}"),
            format!("{httpd} AH00128: File does not exist: /var/www/html/x, referer: {sent}"),
            format!("127.0.0.1:4 [24/Nov/2026:10:00:00.919] web a/b 0/0/1/2/3 200 7 - - ---- 1/1/0/0/0 0/0 {{{sent}|}} \"GET / HTTP/1.1\""),
            format!("00000001:web.clihdr[000d:ffffffff]: user-agent: {sent}"),
            // As applications write them.
            serde_json::json!({"level": "warn", "msg": "no route", "request": {"uri": sent, "headers": {"User-Agent": [sent]}}})
                .to_string(),
            serde_json::json!({"level": "error", "msg": "invalid", "body": {"comment": sent}, "http_user_agent": sent}).to_string(),
            serde_json::json!({"level": "info", "msg": sent}).to_string(),
            format!("level=warn msg=\"no route\" method=GET path=\"{slashed}\" status=404"),
            format!("level=warn msg=\"no route\" uri=\"{slashed}\" user_agent=\"{slashed}\" referer=\"{slashed}\""),
            format!("Started GET \"/{sent}\" for 10.0.0.1 at 2026-11-24 10:00:00 +0000"),
            format!("  Parameters: {{\"comment\"=>\"{slashed}\"}}"),
            format!("WARNING:django.request:Not Found: /{sent}"),
            format!("[GIN] 2026/11/24 - 10:00:00 | 404 | 1.2ms | 10.0.0.1 | GET \"/{slashed}\""),
            serde_json::json!({"level": "error", "msg": "unknown field", "title": sent, "form": {"message": sent}}).to_string(),
            format!("WARN app: upload of \"{slashed}\" refused, title=\"{slashed}\""),
            format!("ERROR app: the field 'title' has the value '{sent}'"),
            format!("WARN app: comment='{sent}'"),
            format!("ERROR app: no product \"{slashed}\""),
            format!("2026-11-24 10:00:00 INFO app: comment of 10.0.0.1: {sent}"),
        ];
        for line in lines {
            let offered: Vec<_> = read(&line).iter().filter_map(|s| alone(s).mend).map(|mend| mend.target).collect();
            assert_eq!(offered, [""; 0], "{line}");
        }
    }
    // Words that other lines wait for do not come from a client.
    let line = format!("10.0.0.1 - - [{when}] \"GET /EROFS HTTP/1.1\" 404 12\n  path: '/data/x'\n");
    assert_eq!(read(&line), []);
}

/// Of a request, what the server and its programs themselves could not write is still heard.
#[test]
fn what_a_server_says_of_a_request_counts() {
    for line in [
        "2026/11/24 10:00:00 [crit] 31#31: *7 open() \"/srv/x\" failed (30: Read-only file system), client: 10.0.0.1, server: a, request: \"POST / HTTP/1.1\", host: \"a\"",
        "2026/11/24 10:00:00 [crit] 31#31: *7 mkdir() \"/srv/x\" failed (30: Read-only file system) while reading upstream, client: ::1, server: , request: \"GET / HTTP/1.1\", upstream: \"http://10.0.0.2:80/\"",
        "2026/11/24 10:00:00 [error] 7#7: *1 FastCGI sent in stderr: \"PHP message: PHP Warning:  file_put_contents(/srv/x): Failed to open stream: Read-only file system in /app/i.php on line 3\" while reading response header from upstream, client: 10.0.0.1, server: _",
        "[Tue Nov 24 10:00:00.000000 2026] [php:warn] [pid 9] [client 10.0.0.1:4000] PHP Warning:  file_put_contents(/srv/x): Failed to open stream: Read-only file system in /var/www/html/i.php on line 3, referer: http://a.test/",
        "[Tue Nov 24 10:00:00.000000 2026] [cgi:error] [pid 9] [client 10.0.0.1:4000] AH01215: /usr/lib/cgi-bin/a.sh: line 2: /srv/x: Read-only file system: /usr/lib/cgi-bin/a.sh",
        "{\"level\":\"error\",\"msg\":\"upload failed\",\"err\":\"open /srv/x: read-only file system\",\"request\":{\"uri\":\"/up\"}}",
        "level=error msg=\"upload failed\" method=POST path=/up status=500 err=\"open /srv/x: read-only file system\"",
    ] {
        let found = trouble(line);
        assert_eq!(found.first().map(|s| (s.cause, s.path.as_deref())), Some((Cause::ReadOnly, Some("/srv/x"))), "{line}");
    }
}

/// Words that look harmless elsewhere hide no trouble.
#[test]
fn what_stops_a_program_counts() {
    for line in [
        "FATAL: Skipping startup: cannot create /srv/x: Read-only file system",
        "panic: the in-memory store is full, using default: open /srv/x: read-only file system",
        "error: open /srv/x: read-only file system (is it mounted read-only?)",
        "cannot write /srv/x: Read-only file system; the volume is mounted read-only",
        "error starting with the configuration a: open /srv/x: read-only file system",
        "error making the directory using default mode 0755 of the user 7: mkdir /srv/x: read-only file system",
        "error: /srv/x is expected to be writable: Read-only file system",
        "rpc error: code = Unknown desc = open /srv/x: read-only file system",
        "error on host: open /srv/x: read-only file system",
        "CRITICAL cannot use default log: [Errno 30] Read-only file system: '/srv/x'. Exiting, using default handlers",
        "level=error msg=\"cannot write\" query=\"select 1\" err=\"open /srv/x: read-only file system\"",
        "{\"severity\":\"ERROR\",\"textPayload\":\"EROFS: read-only file system, open '/srv/x'\"}",
        "{\"level\":3,\"short_message\":\"open /srv/x: read-only file system\"}",
    ] {
        let found = trouble(line);
        assert_eq!(found.first().map(|s| (s.cause, s.path.as_deref())), Some((Cause::ReadOnly, Some("/srv/x"))), "{line}");
    }
}

#[test]
fn no_path_is_made_up() {
    for (line, cause) in [
        ("PHP Warning:  mkdir(): Read-only file system in /var/www/html/i.php on line 3", Cause::ReadOnly),
        ("[24-Nov-2026 10:00:00 UTC] PHP Warning:  mkdir(): Read-only file system in /srv/i.php on line 3", Cause::ReadOnly),
        ("NOTICE: PHP message: PHP Warning:  mkdir(): Read-only file system in /srv/i.php on line 3", Cause::ReadOnly),
        ("Copy failed: Read-only file system at /srv/copy.pl line 7.", Cause::ReadOnly),
        ("Error: Read-only file system.", Cause::ReadOnly),
        ("Error: /: Read-only file system", Cause::ReadOnly),
        ("dlopen() failed: failed to map segment from shared object", Cause::NoExec),
        ("\tdlopen() = vcl_boot.1/vgc.so: failed to map segment from shared object", Cause::NoExec),
        ("ImportError: /x.so: failed to map segment from shared object", Cause::NoExec),
    ] {
        let found = trouble(line);
        let [symptom] = found.as_slice() else { panic!("{found:?}: {line}") };
        let advice = alone(symptom);
        assert_eq!((symptom.cause, advice.mend), (cause, None), "{line}");
        assert!(!advice.path.as_deref().is_some_and(|p| p.contains("Error") || p.contains("/srv")), "{:?}: {line}", advice.path);
    }
    let emerg =
        "nginx: [emerg] dlopen() \"/opt/mod.so\" failed (/opt/mod.so: failed to map segment from shared object) in /etc/nginx/nginx.conf:1";
    assert_eq!(trouble(emerg).first().map(|s| (s.cause, s.path.as_deref())), Some((Cause::NoExec, Some("/opt/mod.so"))));
    // The name of a picture is no file; its pixels are in a temporary one.
    let cache = "convert: unable to open pixel cache `red': Read-only file system @ error/cache.c/OpenPixelCache/3991.";
    assert_eq!(trouble(cache).first().and_then(|s| s.path.as_deref()), Some("/tmp"));
}

#[test]
fn signs_around_a_path_are_no_part_of_it() {
    for (before, after) in [
        ("cannot open ", ".: Read-only file system"),
        ("failed to open <", ">: Read-only file system"),
        ("could not write [", "]: Read-only file system"),
        ("could not write (", "): Read-only file system"),
        ("could not write \"", "\": Read-only file system"),
        ("cannot write `", "': Read-only file system"),
        ("cannot write “", "”: Read-only file system"),
        ("write failed: ", ",: Read-only file system"),
        ("write failed: ", ": Read-only file system"),
        ("path=", "; error=Read-only file system"),
        ("open(\"", "\"): Read-only file system"),
        ("Read-only file system: ", "."),
        ("Read-only file system: ", ":"),
        ("Read-only file system: \"", "\"."),
        ("Read-only file system: [", "],"),
        ("Read-only file system: <", ">"),
        ("Read-only file system: PosixPath('", "')"),
        ("Read-only file system (", ")"),
    ] {
        for path in ["/srv/x", "/srv/logs/error.log", "/srv/.a-b_c+d@e"] {
            let line = format!("{before}{path}{after}");
            assert_eq!(trouble(&line).first().and_then(|s| s.path.as_deref()), Some(path), "{line}");
        }
    }
}

#[test]
fn a_program_is_named_only_where_its_line_proves_it() {
    for line in [
        "Error: Read-only file system",
        "cannot create /srv/x: Read-only file system",
        "could not open file \"/srv/x\": Read-only file system",
        "failed to open log (/srv/x): Read-only file system",
        "Unable to create file /srv/x because Permission denied",
        "can't create temp file '/srv/xXXXXXX': Read-only file system",
        "tee: /srv/x: Read-only file system",
        "Temporary directory /srv/x does not exist and it was not possible to create it",
        "exec container process `/srv/x`: Operation not permitted",
        "{\"error\":\"Read-only file system\"}",
    ] {
        assert_eq!(trouble(line).iter().map(|s| s.program).collect::<Vec<_>>(), ["a program"], "{line}");
    }
    for (line, program) in [
        ("thread panicked: Os { code: 30, kind: ReadOnlyFilesystem, message: \"Read-only file system\" }", "rust"),
        ("FATAL:  could not create lock file \"/srv/x\": Read-only file system", "postgres"),
        ("open /srv/x: read-only file system", "go"),
        ("OSError: [Errno 30] Read-only file system: '/srv/x'", "python"),
        ("/start.sh: line 3: /srv/x: Read-only file system", "a shell"),
    ] {
        assert_eq!(trouble(line).iter().map(|s| s.program).collect::<Vec<_>>(), [program], "{line}");
    }
}
