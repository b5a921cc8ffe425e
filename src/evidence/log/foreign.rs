//! What in a line is not a program's complaint about its files: what a client of a server chose, sentences about something else, and how
//! a program copes.
//!
//! Who asks a server for `/EROFS: read-only file system, open '/srv/x'` writes that into its log, and must not get a mount by it.

use regex::bytes::{Captures, Regex, RegexSet, RegexSetBuilder};
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::LazyLock;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    keys: String,
    own: String,
    quoted: String,
    failure: String,
    parts: Vec<String>,
    coping: Vec<String>,
    stopping: String,
    losing: String,
    spared: String,
    read_only: Vec<String>,
    denied: Vec<String>,
    lines: Vec<RawLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLine {
    regex: String,
}

struct Foreign {
    /// Keys of a structured line below which a client chooses.
    keys: Regex,
    /// Words that name what a program says itself.
    own: Regex,
    /// A text in quotes behind a word.
    quoted: Regex,
    /// Words of a failure.
    failure: Regex,
    /// Parts of a line that count as one word without a meaning.
    parts: Regex,
    /// Words by which a program says that it goes on all the same.
    coping: Regex,
    /// Words by which it says that it does not.
    stopping: Regex,
    /// Which of the lines fit.
    /// Words by which it says that something is lost.
    losing: Regex,
    /// Words for what may be lost.
    spared: Regex,
    /// The system's words in other languages: that it is read-only, and that it is not allowed.
    translated: [Regex; 2],
    set: RegexSet,
    lines: Vec<Regex>,
}

static FOREIGN: LazyLock<Foreign> = LazyLock::new(|| {
    // The data is part of the program, and a test compiles it all.
    let raw: Raw = crate::text::toml::read(include_str!("foreign.toml")).unwrap_or_else(|e| unreachable!("{e}"));
    let any = |all: &[String]| all.iter().map(|one| format!("(?:{one})")).collect::<Vec<_>>().join("|");
    let set = RegexSetBuilder::new(raw.lines.iter().map(|l| &l.regex)).unicode(false).build();
    Foreign {
        keys: super::fixed(&raw.keys),
        own: super::fixed(&raw.own),
        quoted: super::fixed(&raw.quoted),
        failure: super::fixed(&raw.failure),
        parts: super::fixed(&any(&raw.parts)),
        coping: super::fixed(&format!(r"(?:^|[\s(,;.-])(?i:{})(?:[\s),;:.!]|$)", any(&raw.coping))),
        stopping: super::fixed(&raw.stopping),
        losing: super::fixed(&raw.losing),
        spared: super::fixed(&raw.spared),
        translated: [super::fixed(&any(&raw.read_only)), super::fixed(&any(&raw.denied))],
        set: set.unwrap_or_else(|e| unreachable!("{e}")),
        lines: raw.lines.iter().map(|line| super::fixed(&line.regex)).collect(),
    }
});

/// What of a line are the program's own words about its files; `None` where nothing is.
pub(super) fn own_words(line: &str) -> Option<Vec<u8>> {
    let foreign = &*FOREIGN;
    let bytes = line.as_bytes();
    let own = match foreign.set.matches(bytes).into_iter().next() {
        Some(index) => foreign.lines[index].captures(bytes)?.name("own")?.as_bytes(),
        None => bytes,
    };
    // A title, a name or a field can hold anything.
    let quoted = foreign.quoted.replace_all(own, |found: &Captures<'_>| {
        let is_own = foreign.own.is_match(&found["key"]) || !foreign.failure.is_match(&found["text"]);
        if is_own { found[0].to_vec() } else { b"URL".to_vec() }
    });
    let own = foreign.parts.replace_all(&quoted, &b"URL"[..]).into_owned();
    Some(own)
}

/// Whether a program says that it goes on all the same.
pub(super) fn copes(own: &[u8]) -> bool {
    FOREIGN.coping.is_match(own) && !FOREIGN.stopping.is_match(own) && !loses(own)
}

/// Whether a program says that something is lost, in whatever tone.
pub(super) fn loses(own: &[u8]) -> bool {
    FOREIGN.losing.is_match(own) && !FOREIGN.spared.is_match(own)
}

/// Whether a line has the system's words in another language.
pub(super) fn is_translated(line: &[u8]) -> bool {
    FOREIGN.translated.iter().any(|words| words.is_match(line))
}

/// A line with the system's words in English, as the patterns know them.
pub(super) fn in_english(line: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if !is_translated(&line) {
        return line;
    }
    let line = FOREIGN.translated[0].replace_all(&line, &b"Read-only file system"[..]);
    Cow::Owned(FOREIGN.translated[1].replace_all(&line, &b"Permission denied"[..]).into_owned())
}

/// What a program says in a line of JSON, one text a line. `None` when it is none.
pub(super) fn json_texts(line: &str) -> Option<String> {
    let value: Value = serde_json::from_str(line.trim_end()).ok()?;
    let is_told = ["level", "severity", "lvl"].iter().filter_map(|key| value.get(key)).any(is_low);
    let mut texts = String::new();
    let mut waiting = vec![(&value, false)];
    while let Some((value, is_own)) = waiting.pop() {
        match value {
            Value::String(text) if is_own => {
                for line in text.lines() {
                    // The level stands elsewhere in such a line, and counts for each of its texts.
                    texts.push_str(if is_told { "INFO " } else { "" });
                    texts.push_str(line);
                    texts.push('\n');
                }
            }
            Value::Array(items) => waiting.extend(items.iter().rev().map(|item| (item, is_own))),
            Value::Object(map) => {
                // An error of Node.js whose message was left out.
                let text = |key: &str| map.get(key).and_then(Value::as_str);
                if let (Some(code @ ("EROFS" | "EACCES")), Some(path)) = (text("code"), text("path"))
                    && (is_own || map.contains_key("syscall"))
                    && !map.values().any(|value| value.as_str().is_some_and(|text| text.contains(code) && text.contains(path)))
                {
                    let words = if code == "EROFS" { "read-only file system" } else { "permission denied" };
                    let deed = text("syscall").unwrap_or("open");
                    texts.extend(["", if is_told { "INFO " } else { "" }, code, ": ", words, ", ", deed, " '", path, "'\n"]);
                }
                let of_program = map.iter().filter(|(key, _)| !FOREIGN.keys.is_match(key.as_bytes()));
                waiting.extend(of_program.map(|(key, value)| (value, FOREIGN.own.is_match(key.as_bytes()))).rev());
            }
            _ => {}
        }
    }
    Some(texts)
}

/// Whether a level is one at which nothing is complained of; some loggers write numbers.
fn is_low(level: &Value) -> bool {
    let name = level.as_str().map(str::to_ascii_lowercase);
    let is_number = || level.as_u64().is_some_and(|number| [10, 20, 30].contains(&number));
    name.map_or_else(is_number, |name| ["info", "debug", "trace"].contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(line: &str) -> Option<String> {
        own_words(line).map(|own| String::from_utf8_lossy(&own).into_owned())
    }

    #[test]
    fn what_a_client_chose_is_taken_out() {
        assert_eq!(own("open /srv/x: read-only file system").as_deref(), Some("open /srv/x: read-only file system"));
        assert_eq!(own("a \"GET /b c\" d").as_deref(), Some("a URL d"));
        assert_eq!(own("title \"/a: Read-only file system\" b").as_deref(), Some("URL b"));
        assert_eq!(own("msg=\"/a: Read-only file system\" b").as_deref(), Some("msg=\"/a: Read-only file system\" b"));
        assert_eq!(own("mkdir(): no in /srv/i.php on line 3").as_deref(), Some("mkdir(): no URL"));
        assert_eq!(own("10.0.0.1 - - [24/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 12 \"-\" \"x\""), None);
    }

    #[test]
    fn of_a_request_of_nginx_only_what_can_be_read_in_one_way_counts() {
        let line = |middle: &str, end: &str| {
            let start = "2026/11/24 10:00:00 [crit] 31#31: *7 open() \"/var/lib/nginx/body/1\" failed (30: Read-only file system)";
            own(&format!("{start}{middle}, client: 10.0.0.1, server: a, request: \"POST / HTTP/1.1\"{end}"))
        };
        let whole = "open() \"/var/lib/nginx/body/1\" failed (30: Read-only file system)";
        assert_eq!(line("", "").as_deref(), Some(whole));
        assert_eq!(line(" while reading client request body", ", host: \"a\"").as_deref(), Some(whole));
        assert_eq!(line("\" failed (2: No such file or directory)", ""), None);
        assert_eq!(line("", ", referrer: \"x\" failed (30: Read-only file system)\""), None);
    }

    #[test]
    fn a_lost_write_is_a_failure_in_whatever_tone() {
        for line in [
            "ERROR order 17 not saved, skipping it: open /data/17: (Read-only file system)",
            "continuing without persistence: EROFS",
            "events dropped, ignoring: /data/q: Read-only file system",
            "record could not be stored, carrying on: errno=30",
        ] {
            assert!(loses(line.as_bytes()) && !copes(line.as_bytes()), "{line}");
        }
        for line in ["history will not be saved: /root/.history: Read-only file system", "/x: Read-only file system, using defaults."] {
            assert!(!loses(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn the_words_of_the_system_are_known_in_other_languages() {
        let english = |line: &'static str| String::from_utf8_lossy(&in_english(Cow::Borrowed(line.as_bytes()))).into_owned();
        assert_eq!(english("touch: '/x': Das Dateisystem ist nur lesbar"), "touch: '/x': Read-only file system");
        assert_eq!(english("/x: Système de fichiers accessible en lecture seulement"), "/x: Read-only file system");
        assert_eq!(english("/x: 只读文件系统"), "/x: Read-only file system");
        assert_eq!(english("/x: Permission non accordée"), "/x: Permission denied");
        assert_eq!(english("/x: Keine Berechtigung"), "/x: Permission denied");
        assert_eq!(english("plain"), "plain");
    }

    #[test]
    fn a_word_in_a_path_is_no_way_to_cope() {
        assert!(copes(b"open /srv/x: read-only file system (ignored)") && copes(b"/srv/x: Read-only file system. Falling back to memory"));
        assert!(!copes(b"open /srv/skipped/ignored.log: read-only file system") && !copes(b"open 'is ok/x': read-only file system"));
    }

    #[test]
    fn a_structured_line_says_what_its_program_says() {
        let texts = |line: &str| json_texts(line).unwrap_or_default();
        assert_eq!(texts(r#"{"err":{"a":"0","stack":["1"]},"msg":"2","request":{"msg":"3"},"http_user_agent":"4","title":"5"}"#), "1\n2\n");
        assert_eq!(texts(r#"{"level":"info","msg":"a\nb"}"#), "INFO a\nINFO b\n");
        assert_eq!(texts(r#"{"level":50,"msg":"a"}"#), "a\n");
        assert_eq!(texts(r#"{"level":3,"msg":"a"}"#), "a\n", "an error, as syslog counts");
        assert_eq!(texts(r#"{"level":30,"msg":"a"}"#), "INFO a\n");
        assert_eq!(json_texts("{no"), None);
    }
}
