//! Reading YAML: the official test suite, and public Compose files.

use crate::spans::{misread, parse, verify};
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

#[test]
fn survey() {
    for case in cases() {
        let result = parse(&case.yaml);
        let mut line = match &result {
            Ok(stream) => {
                let mut line = "ok".to_owned();
                if let Err(e) = verify(stream) {
                    line += &format!(" SPAN {e}");
                }
                let wrong = misread(stream);
                if !wrong.is_empty() {
                    line += &format!(" ALONE {wrong:?}");
                }
                if events(stream) != expected(&case.events) && !case.is_error {
                    line += &format!(" EVENTS {:?} {:?}", events(stream), expected(&case.events));
                }
                line
            }
            Err(e) => format!("refused {e}"),
        };
        line = format!("SURVEY\t{}\t{}\t{line}", case.id, if case.is_error { "invalid" } else { "valid" });
        eprintln!("{line}");
    }
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
    [('\\', "\\\\"), ('\n', "\\n"), ('\t', "\\t"), ('\r', "\\r"), ('\u{8}', "\\b")].iter().fold(text.to_owned(), |t, (c, e)| t.replace(*c, e))
}
