//! Strings as values and keys: what is written reads back as the same string, here and in Compose.

use crate::oracle::Compose;
use crate::spans::parse;
use crate::values::{agrees, compose_file};
use crate::yaml_fuzz::Random;
use rofs_harden::yaml::{Node, double_quoted, quote_if_needed, writes_plain};
use serde_json::json;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Strings in each run, besides the lists below.
const STRINGS: usize = 4_000;

/// What strings are made of: everything that means something to some YAML reader.
const PIECES: [&str; 72] = [
    "a",
    "b",
    "x",
    "e",
    "0",
    "1",
    "7",
    "9",
    ".",
    "-",
    "+",
    "_",
    "~",
    "=",
    "<<",
    "<",
    ">",
    "|",
    "\"",
    "'",
    "\\",
    "/",
    "#",
    " #",
    ": ",
    ":",
    " ",
    "  ",
    "\t",
    "?",
    "? ",
    "- ",
    "!",
    "&",
    "*",
    "%",
    "@",
    "`",
    "[",
    "]",
    "{",
    "}",
    ",",
    ", ",
    "\n",
    "\r",
    "---",
    "...",
    "0x",
    "0o",
    "0b",
    "e+",
    "null",
    "true",
    "no",
    "on",
    "y",
    ".inf",
    ".nan",
    "2001-01-01",
    "T12:00:00Z",
    "12:30",
    "é",
    "日",
    "🎈",
    "\u{a0}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{7}",
    "/tmp",
    "$x",
];

/// Strings that may stand without quotes everywhere.
const PLAIN: [&str; 22] = [
    "/tmp:mode=1777",
    "web-data:/data",
    "./x:/y:ro",
    "-a",
    "a#b",
    "64m",
    "node:22-alpine",
    "a b",
    "é",
    "日本",
    "<",
    "<=1",
    "x;",
    "--flag",
    "a:b",
    "..",
    "a\\b",
    "it's",
    "say \"x\"",
    "v1.2.3-x",
    "$x",
    "nullx",
];

/// Strings that must not stand without quotes anywhere.
const QUOTED: [&str; 76] = [
    "",
    " ",
    " a",
    "a ",
    "\ta",
    "a\t",
    "a\nb",
    "a\r",
    "a:",
    ":",
    "-",
    "?",
    "- a",
    "? a",
    ": a",
    "a: b",
    "a :\tb",
    "a #b",
    "#a",
    "&a",
    "*a",
    "!a",
    "|",
    ">",
    "'a",
    "\"a",
    "%a",
    "@a",
    "`a",
    ",a",
    "[a",
    "]",
    "{a",
    "}",
    "---",
    "--- a",
    "...",
    "~",
    "null",
    "Null",
    "NULL",
    "true",
    "False",
    "yes",
    "No",
    "ON",
    "off",
    "y",
    "N",
    ".inf",
    "-.INF",
    "+.Inf",
    ".NaN",
    "<<",
    "=",
    "0",
    "12",
    "1777",
    "012",
    "0o17",
    "0x1F",
    "0b1",
    "1_000",
    "1e3",
    ".5",
    "+1",
    "-0",
    "12:30",
    "8080:80",
    "2001-01-01",
    "\u{85}",
    "a\u{2028}b",
    "\u{feff}a",
    "\u{7}",
    "\u{fffe}",
    "\u{0}",
];

/// Strings that may stand without quotes, but not in a flow collection.
const PLAIN_IN_BLOCKS: [&str; 11] = ["a,b", "a[0]", "a]", "x?", "a, b", "a -", "a{b", "a}", "a?b", "${A:-b}", ":a"];

#[test]
fn strings_stand_without_quotes_where_every_reader_takes_them_for_strings() {
    for text in PLAIN {
        assert!(writes_plain(text, false) && writes_plain(text, true), "{text:?}");
    }
    for text in QUOTED {
        assert!(!writes_plain(text, false) && !writes_plain(text, true), "{text:?}");
    }
    for text in PLAIN_IN_BLOCKS {
        assert!(writes_plain(text, false) && !writes_plain(text, true), "{text:?}");
    }
}

fn strings() -> BTreeSet<String> {
    let mut random = Random(3);
    let made = (0..STRINGS).map(|_| (0..=random.below(4)).map(|_| random.pick(&PIECES)).collect());
    let listed = PLAIN.iter().chain(&QUOTED).chain(&PLAIN_IN_BLOCKS).map(|text| (*text).to_owned());
    listed.chain(made.collect::<Vec<String>>()).collect()
}

/// A Compose file with every string as item and key, in block and flow style and in quotes.
fn file_of(strings: &BTreeSet<String>) -> String {
    let mut text = "x-items:\n".to_owned();
    for string in strings {
        writeln!(text, "- {}\n- {}", quote_if_needed(string, false), double_quoted(string)).unwrap();
    }
    text += "x-keys:\n";
    for string in strings {
        writeln!(text, "  {}: {}", quote_if_needed(string, false), quote_if_needed(string, false)).unwrap();
    }
    let flow: Vec<String> = strings.iter().map(|string| quote_if_needed(string, true).into_owned()).collect();
    let keys: Vec<String> = flow.iter().map(|string| format!("{string}: {string}")).collect();
    text + &format!("x-flow: [{}]\nx-flow-keys: {{{}}}\n", flow.join(", "), keys.join(", "))
}

#[test]
fn strings_read_back_as_themselves() {
    let strings = strings();
    let text = file_of(&strings);
    let stream = parse(&text).unwrap();
    let root = stream.roots().next().unwrap();
    let value = |key: &str| root.get(key).unwrap();
    let is_string = |node: Node<'_>, string: &String| assert_eq!(node.as_str(), Some(string.as_str()), "{}", node.source());
    value("x-items").items().zip(strings.iter().flat_map(|s| [s, s])).for_each(|(item, string)| is_string(item, string));
    value("x-flow").items().zip(&strings).for_each(|(item, string)| is_string(item, string));
    for key in ["x-keys", "x-flow-keys"] {
        for ((key, value), string) in value(key).entries().zip(&strings) {
            is_string(key, string);
            is_string(value, string);
            assert!(!key.is_merge_key());
        }
        assert_eq!(value(key).entries().count(), strings.len());
    }
    let plain = |in_flow| strings.iter().filter(|s| writes_plain(s, in_flow)).count();
    assert!(
        strings.len() > STRINGS / 2 && plain(false) > STRINGS / 8 && plain(true) > STRINGS / 10,
        "{} {} {}",
        strings.len(),
        plain(false),
        plain(true)
    );

    let Some(compose) = Compose::find() else { return };
    let model = compose_file(&compose, &text).unwrap();
    for (key, node) in root.entries() {
        assert_eq!(agrees(node, &model[key.text()]), Ok(()), "{}", key.text());
    }
    let list: Vec<&String> = strings.iter().collect();
    assert_eq!(model["x-flow"], json!(list));
}
