//! Reading YAML: the official test suite, and public Compose files.

use crate::corpus::corpus;
use crate::oracle::Compose;
use crate::spans::{misread, parse, verify};
use crate::values::{agrees, below_key, compose_file, compose_value, indented};
use rofs_harden::yaml::{Kind, Node, Stream, Style};
use serde_json::Value;

const SUITE: &str = include_str!("data/yaml-test-suite.jsonl");

struct Case {
    id: String,
    yaml: String,
    is_error: bool,
    events: String,
}

fn cases() -> impl Iterator<Item = Case> {
    SUITE.lines().map(|line| {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| case[key].as_str().unwrap().to_owned();
        Case { id: text("id"), yaml: text("yaml"), is_error: case["error"].as_bool().unwrap(), events: text("events") }
    })
}

/// Valid inputs that are refused on purpose, by message: Compose rejects each of them.
const REJECTED_BY_COMPOSE: [(&str, &[&str]); 10] = [
    ("a colon with nothing behind it", &["FRK4"]),
    (
        "a directive that Compose does not know",
        &["27NA", "2LFX", "6LVF", "6ZKB", "9DXL", "BEC7", "DK95/07", "MUS6/05", "MUS6/06", "RTP8", "W4TN"],
    ),
    ("an empty key", &["2JQS", "6M2F", "CFD4", "DFF7", "FH7J", "NHX8", "NKF9", "PW8X", "S3PD", "SM9W/01", "UKK6/00", "WZ62"]),
    ("Compose cannot read the anchor name", &["2SXE", "8XYN", "W5VH"]),
    ("the escape `\\/`, which Compose does not know", &["3UYS"]),
    (
        "a list or mapping as a key",
        &["4FJ6", "6BFJ", "6PBE", "9MMW", "KK5P", "LX3P", "M2N8/00", "M2N8/01", "M5DY", "Q9WF", "RZP5", "SBG9", "V9D5", "X38W", "XW4D"],
    ),
    ("a key that goes over the end of a line", &["4MUZ/00", "4MUZ/01", "4MUZ/02", "5MUD", "9SA2", "K3WX", "NJ66", "UT92", "VJP3/01"]),
    ("a `:` or `?` that Compose reads as an indicator here", &["58MP", "5T43", "DBG4", "HM87/00", "JR7V"]),
    ("tab used for indentation", &["6BCT", "6CA3", "A2M4", "DK95/00", "DK95/03", "DK95/04", "Q5MG", "Y79Y/010"]),
    ("a tab that starts the text of a block scalar", &["96NN/00", "96NN/01", "R4YG", "Y79Y/001"]),
];

/// Valid inputs that are refused on purpose since Compose reads something else: (id, message, a part of Compose's reading).
const READ_OTHERWISE_BY_COMPOSE: [(&str, &str, &str); 5] = [
    ("4ABK", "a colon with nothing behind it", r#""omitted value:":null"#),
    ("565N", "a binary value", r#""canonical":"GIF89a"#),
    ("652Z", "a `:` or `?` that Compose reads as an indicator here", r#""foo":"bar""#),
    ("HM87/01", "a `:` or `?` that Compose reads as an indicator here", r#"[{"x":null}]"#),
    ("Y2GN", "Compose cannot read the anchor name", r#""key":":chor value""#),
];

/// Invalid inputs that Compose reads all the same, and so does this parser: lines that are not indented enough, and a tab, inside of
/// brackets and quotes.
const READ_THOUGH_INVALID: [&str; 3] = ["9C9N", "QB6E", "Y79Y/003"];

/// Inputs that end with a block scalar without a line break. Compose's reading has none either.
const WITHOUT_LAST_BREAK: [&str; 2] = ["JEF9/02", "L24T/01"];

/// The message of a refusal of the case, if it is in one of the tables.
fn refusal(id: &str) -> Option<&'static str> {
    let rejected = REJECTED_BY_COMPOSE.iter().find(|(_, ids)| ids.contains(&id)).map(|(message, _)| *message);
    rejected.or_else(|| READ_OTHERWISE_BY_COMPOSE.iter().find(|(other, ..)| *other == id).map(|(_, message, _)| *message))
}

#[test]
fn valid_inputs_read_as_their_events_or_are_refused_for_a_reason() {
    let (mut read, mut refused, mut wrong) = (0, 0, Vec::new());
    for case in cases().filter(|case| !case.is_error) {
        let problem = match (parse(&case.yaml), refusal(&case.id)) {
            (Err(e), Some(message)) if e.contains(message) => {
                refused += 1;
                None
            }
            (Err(e), _) => Some(format!("refused: {e}")),
            (Ok(_), Some(message)) => Some(format!("not refused: {message}")),
            (Ok(stream), None) => {
                read += 1;
                let misread = misread(&stream);
                let spans = verify(&stream).err().or_else(|| misread.first().map(|s| format!("{s:?} does not read alone")));
                let differ = (events(&stream) == expected(&case.events)) == WITHOUT_LAST_BREAK.contains(&case.id.as_str());
                spans.or_else(|| differ.then(|| format!("reads as {}instead of {}", events(&stream), expected(&case.events))))
            }
        };
        wrong.extend(problem.map(|problem| format!("{}: {problem}", case.id)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!((read, refused), (234, 74), "cases are missing from the data");
}

#[test]
fn invalid_inputs_are_refused() {
    let read: Vec<String> = cases().filter(|case| case.is_error && parse(&case.yaml).is_ok()).map(|case| case.id).collect();
    assert_eq!(read, READ_THOUGH_INVALID);
    for case in cases().filter(|case| READ_THOUGH_INVALID.contains(&case.id.as_str())) {
        assert_eq!(verify(&parse(&case.yaml).unwrap()), Ok(()), "{}", case.id);
    }
}

#[test]
fn compose_rejects_what_is_refused_or_reads_something_else() {
    let Some(compose) = Compose::find() else { return };
    let complaints = ["yaml: ", "non-string key", "mapping key"];
    let mut wrong = Vec::new();
    for case in cases().filter(|case| refusal(&case.id).is_some()) {
        if let Some((.., reading)) = READ_OTHERWISE_BY_COMPOSE.iter().find(|(id, ..)| *id == case.id) {
            let found = compose_value(&compose, case.yaml.trim_start_matches("---\n")).map(|value| value.to_string());
            wrong.extend((!found.as_ref().is_ok_and(|found| found.contains(reading))).then(|| format!("{}: {found:?}", case.id)));
            continue;
        }
        // As the second document of a file. Compose stops at the first that is no project, so only the refused one stays.
        let document = case.yaml.find("...\n%").map_or(case.yaml.as_str(), |at| &case.yaml[at..]);
        let start = if document.starts_with(['%', '.']) { "...\n" } else { "---\n" };
        let start = if document.starts_with("---") { "" } else { start };
        let text = format!("services: {{a: {{image: x}}}}\n{start}{}", document.trim_start_matches("...\n"));
        match compose_file(&compose, &text) {
            Err(why) if complaints.iter().any(|complaint| why.contains(complaint)) => {}
            other => wrong.push(format!("{}: {other:?}", case.id)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn compose_reads_what_is_read_here() {
    let Some(compose) = Compose::find() else { return };
    let mut yaml = String::new();
    let mut count = 0;
    for case in cases().filter(|case| refusal(&case.id).is_none()) {
        let body = case.yaml.strip_prefix("---\n").unwrap_or(&case.yaml);
        let spans_documents = body.lines().any(|line| line.starts_with("---") || line.starts_with("...") || line.starts_with('%'));
        if spans_documents || !body.ends_with('\n') || case.is_error {
            continue;
        }
        yaml += &format!("\"{}\":\n{}", case.id, indented(body, "  "));
        count += 1;
    }
    let value = compose_value(&compose, &yaml).expect("Compose reads all of them");
    let text = below_key(&yaml);
    let stream = parse(&text).expect("all parse");
    let top = stream.roots().next().and_then(|root| root.get("x-t")).expect("the key");
    let wrong: Vec<String> =
        top.entries().filter_map(|(key, node)| agrees(node, &value[key.text()]).err().map(|e| format!("{}: {e}", key.text()))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 150, "{count} inputs compared");
}

#[test]
fn public_files_read_with_exact_spans() {
    let files = corpus();
    let mut refused = Vec::new();
    for path in &files {
        let text = std::fs::read_to_string(path).unwrap();
        match parse(&text) {
            Err(e) => {
                refused.push(format!("{}: {e}", path.display()));
                if let Some(compose) = Compose::find() {
                    let answer = compose_file(&compose, &text);
                    assert!(answer.as_ref().is_err_and(|why| why.contains("yaml: ")), "{}: {answer:?}", path.display());
                }
            }
            Ok(stream) => {
                assert_eq!(verify(&stream), Ok(()), "{}", path.display());
                assert_eq!(misread(&stream), Vec::<String>::new(), "{}", path.display());
            }
        }
    }
    // Compose rejects three of them: one is no YAML, two merge lists with `<<`.
    assert_eq!(refused.len(), 3, "{refused:?}");
}

/// The suite's events, without how documents start and end.
fn expected(events: &str) -> String {
    let line = |l: &str| if l.starts_with(['+', '-']) && l[1..].starts_with("DOC") { l[..4].to_owned() } else { l.to_owned() };
    events.lines().map(|l| line(l) + "\n").collect()
}

/// The tree as the suite writes events.
fn events(stream: &Stream) -> String {
    let mut out = "+STR\n".to_owned();
    for root in stream.roots() {
        out.push_str("+DOC\n");
        write_events(root, &mut out);
        out.push_str("-DOC\n");
    }
    out + "-STR\n"
}

fn write_events(node: Node<'_>, out: &mut String) {
    let anchor = node.anchor().map_or(String::new(), |name| format!(" &{name}"));
    let tag = node.tag().map_or(String::new(), |tag| format!(" <{tag}>"));
    let flow = |mark| if node.style() == Style::Block { "" } else { mark };
    let sign = match node.style() {
        Style::Single => '\'',
        Style::Double => '"',
        Style::Literal => '|',
        Style::Folded => '>',
        _ => ':',
    };
    let (start, end) = match node.kind() {
        Kind::Sequence => (format!("+SEQ{}{anchor}{tag}\n", flow(" []")), "-SEQ\n"),
        Kind::Mapping => (format!("+MAP{}{anchor}{tag}\n", flow(" {}")), "-MAP\n"),
        Kind::Alias => (format!("=ALI {}\n", node.text()), ""),
        Kind::Scalar => (format!("=VAL{anchor}{tag} {sign}{}\n", escaped(node.text())), ""),
    };
    out.push_str(&start);
    node.children().for_each(|child| write_events(child, out));
    out.push_str(end);
}

fn escaped(text: &str) -> String {
    [('\\', "\\\\"), ('\n', "\\n"), ('\t', "\\t"), ('\r', "\\r"), ('\u{8}', "\\b")]
        .iter()
        .fold(text.to_owned(), |t, (c, e)| t.replace(*c, e))
}
