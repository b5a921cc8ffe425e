//! What one line of YAML comes to here and in Compose: read the same, refused by both, or refused here although Compose reads it.

use crate::oracle::Compose;
use crate::spans::{parse, verify};
use crate::values::{agrees, compose_file};
use rofs_harden::yaml::{Scalar, Stream};
use serde_json::{Value, json};

/// Values behind `k: ` and what both readers make of them, as JSON.
const VALUES: &[(&str, &str)] = &[
    // Numbers: octal with and without the `o`, other bases, underscores.
    ("012", "10"),
    ("0777", "511"),
    ("01777", "1023"),
    ("-012", "-10"),
    ("0o17", "15"),
    ("0O17", "15"),
    ("0b101", "5"),
    ("1_000", "1000"),
    ("1__0", "10"),
    ("0x1F", "31"),
    ("-0x1F", "-31"),
    ("+0x1", "1"),
    ("08", "8.0"),
    ("685.230_15e+03", "685230.15"),
    ("1e3", "1000.0"),
    ("1.", "1.0"),
    (".5", "0.5"),
    ("+1", "1"),
    ("-0", "0"),
    ("9223372036854775808", "9223372036854775808"),
    ("0x8000000000000000", "9223372036854775808"),
    ("18446744073709551616", "18446744073709551616.0"),
    ("1e400", "\"1e400\""),
    // Null and booleans; those of YAML 1.1 are strings.
    ("~", "null"),
    ("null", "null"),
    ("Null", "null"),
    ("NULL", "null"),
    ("", "null"),
    ("nULL", "\"nULL\""),
    ("true", "true"),
    ("True", "true"),
    ("TRUE", "true"),
    ("false", "false"),
    ("tRUE", "\"tRUE\""),
    ("yes", "\"yes\""),
    ("Yes", "\"Yes\""),
    ("no", "\"no\""),
    ("on", "\"on\""),
    ("off", "\"off\""),
    ("y", "\"y\""),
    ("n", "\"n\""),
    // Times; there are no sexagesimal numbers.
    ("2001-01-01", "\"2001-01-01T00:00:00Z\""),
    ("2001-12-14t21:59:43.10-05:00", "\"2001-12-14T21:59:43.1-05:00\""),
    ("12:30", "\"12:30\""),
    ("22:22", "\"22:22\""),
    ("1:30:00", "\"1:30:00\""),
    ("190:20:30", "\"190:20:30\""),
    // Strings that look like something.
    ("=", "\"=\""),
    (".", "\".\""),
    ("+", "\"+\""),
    ("0x", "\"0x\""),
    ("0o8", "\"0o8\""),
    ("inf", "\"inf\""),
    ("NaN", "\"NaN\""),
    ("1,000", "\"1,000\""),
    ("'012'", "\"012\""),
    ("\"true\"", "\"true\""),
    ("-a", "\"-a\""),
    ("a:b", "\"a:b\""),
    ("a#b", "\"a#b\""),
    ("http://h/b?c#d", "\"http://h/b?c#d\""),
    ("80:80", "\"80:80\""),
    // Tags.
    ("!!int \"3\"", "3"),
    ("!!int 0x1F", "31"),
    ("!!int 1_000", "1000"),
    ("!!bool \"true\"", "true"),
    ("!!null \"\"", "null"),
    ("!!str 12", "\"12\""),
    ("! 12", "12"),
    ("!", "null"),
    ("!x 12", "\"12\""),
    ("!!float 1", "1"),
    // Flow collections.
    ("[a: b]", r#"[{"a":"b"}]"#),
    ("[a: b, c: d]", r#"[{"a":"b"},{"c":"d"}]"#),
    ("[{a: b}, c: d]", r#"[{"a":"b"},{"c":"d"}]"#),
    ("[a, b: c]", r#"["a",{"b":"c"}]"#),
    ("{v, w: }", r#"{"v":null,"w":null}"#),
    ("{\"a\":1}", r#"{"a":1}"#),
    ("[a:b]", r#"["a:b"]"#),
    ("{\"a\":# c\n    1}", r#"{"a":1}"#),
    ("{? a : b}", r#"{"a":"b"}"#),
    ("[a,]", r#"["a"]"#),
    ("[-1, -a]", r#"[-1,"-a"]"#),
    // A quoted `<<` is a key like any other.
    ("{\"<<\": {a: 1}, b: 2}", r#"{"<<":{"a":1},"b":2}"#),
    ("{<<: {a: 1}, b: 2}", r#"{"a":1,"b":2}"#),
    ("{<<: [{a: 1}, {a: 2, b: 2}], b: 3}", r#"{"a":1,"b":3}"#),
    ("{<<: [], b: 3}", r#"{"b":3}"#),
    // Lines that are not indented deeper than the key.
    ("[\n  a,\n  b\n  ]", r#"["a","b"]"#),
    ("{\n  a: 1,\n  }", r#"{"a":1}"#),
    ("\"x\n  y\"", "\"x y\""),
    ("'x\n\n  y'", "\"x\\ny\""),
    ("[\n  'a\n  b', {c: d\n  }]", r#"["a b",{"c":"d"}]"#),
    // Block scalars.
    ("|\n    a\n\n\n    # c\n  # d", "\"a\\n\\n\\n# c\\n\""),
    (">-\n    a\n    b", "\"a b\""),
    ("|+\n    t\n", "\"t\\n\\n\""),
    ("|\n    ééééééé\n    日本", "\"ééééééé\\n日本\\n\""),
];

/// Whole files, and what both readers make of their `x-t`.
const FILES: &[(&str, &str)] = &[
    ("\u{feff}x-t: a\n", "\"a\""),
    ("\u{feff}# c\nx-t: a\n", "\"a\""),
    ("\u{feff}---\nx-t: a\n", "\"a\""),
    ("%YAML 1.1\n---\nx-t: a\n...\n", "\"a\""),
    ("%TAG !e! tag:e,2000:\n---\nx-t: !e!x a\n", "\"a\""),
    ("x-t: |", "\"\""),
    ("x-t: |\n  x", "\"x\""),
    ("x-t: |\n  x\n", "\"x\\n\""),
    ("x-t: |+\n  x\n\n", "\"x\\n\\n\""),
    ("x-t: >\n  x\n  y", "\"x y\""),
    ("x-t: |-\n  x\n", "\"x\""),
    ("x-a: &a b\nx-t: {*a : c}\n", r#"{"b":"c"}"#),
    ("x-a: &a b\nx-b: &a c\nx-t: *a\n", "\"c\""),
    ("x-t: [\na,\nb]\n", r#"["a","b"]"#),
    ("{\n\t\"x-t\": 1\n}", "1"),
    ("x-t: [a,\n---b]\n", r#"["a","---b"]"#),
    ("x-t: ['a\nb']\n", r#"["a b"]"#),
    ("x-t: {k: 'a\nb'}\n", r#"{"k":"a b"}"#),
    ("x-t: [a\nb]\n", r#"["a b"]"#),
    ("x-t: {a: b\nc}\n", r#"{"a":"b c"}"#),
    ("x-t: [\n'a\nb', {c: d\n}]\n", r#"["a b",{"c":"d"}]"#),
    ("x-t: a\r\n", "\"a\""),
    ("x-t: a\rx-u: b\r", "\"a\""),
];

/// Whole files that neither takes: the message here.
const REFUSED: &[(&str, &str)] = &[
    ("x-t: 1\0\nx-u: 2\n", "control characters"),
    ("x-t: \u{1}\n", "control characters"),
    ("x-t: \u{1b}\n", "control characters"),
    ("x-t: \u{7f}\n", "control characters"),
    ("x-t: \u{81}\n", "control characters"),
    ("x-t: \u{fffe}\n", "control characters"),
    ("x-t: |\n  a\u{2028}b\n", "line break for Compose"),
    ("%YAML 1.2\n---\nx-t: 1\n", "directive that Compose does not know"),
    ("%YAML 1.3\n---\nx-t: 1\n", "directive that Compose does not know"),
    ("%FOO\n---\nx-t: 1\n", "directive that Compose does not know"),
    ("x-t: \"\\/\"\n", "escape `\\/`"),
    ("x-t: {[a, b]: 1}\n", "list or mapping as a key"),
    ("x-t:\n  ? [a]\n  : 1\n", "list or mapping as a key"),
    ("x-t:\n  : b\n", "an empty key"),
    ("x-t: {a\n  : b}\n", "goes over the end of a line"),
    ("x-t: [a\n  b: c]\n", "where no value can start"),
    ("x-t: [c:{ e: f }]\n", "value of a pair"),
    ("x-t: [http://h/b?c]\n", "reads as an indicator"),
    ("x-t: [:a]\n", "reads as an indicator"),
    ("x-t: {a: :b}\n", "reads as an indicator"),
    ("x-t: [::]\n", "part of the key"),
    ("x-t:\n  -\ta\n", "tab used for indentation"),
    ("x-t:\n  a: 1\n\t\n  b: 2\n", "tab used for indentation"),
    ("x-t: &a.b c\n", "anchor name"),
    ("x-t: &é c\n", "anchor name"),
    ("x-t: &a#b c\n", "anchor name"),
    ("x-t: {1: a, \"1\": b}\n", "non-string key"),
    ("x-t:\n  1: a\n", "non-string key"),
    ("x-t:\n  true: a\n", "non-string key"),
    ("x-t:\n  ~: a\n", "non-string key"),
    ("x-t: {2001-01-01: a}\n", "non-string key"),
    ("x-t: &a [*a]\n", "inside the node that it names"),
    ("x-t: {a: 1, a: 2}\n", "already defined"),
    ("x-t: {a: 1, \"a\": 2}\n", "already defined"),
    ("x-t:\n  <<: {a: 1}\n  <<: {b: 1}\n", "already defined"),
    ("x-t: {<<: a}\n", "`<<` needs"),
    ("x-t: !!int a\n", "does not fit its tag"),
    ("x-t: !!bool \"yes\"\n", "does not fit its tag"),
    ("x-t: *b\n", "anchor that does not exist"),
    ("x-t: \"a\n---\nb\"\n", "quote is not closed before"),
    ("x-t: [a,\n---\n]\n", "expected a value"),
    ("x-t: \"a\n", "quote is not closed"),
    ("x-t: 'a\n", "quote is not closed"),
    ("x-t: a: b\n", "where no value can start"),
    ("x-t: @a\n", "cannot start with"),
    ("x-t: \"\\x\"\n", "hexadecimal"),
    ("x-t: [a\n", "a bracket is not closed"),
    ("x-t: {a\n", "a bracket is not closed"),
    ("x-t:\n  a: 1\n b: 2\n", "expected"),
    ("x-t:\n\ta: 1\n", "tab used for indentation"),
];

/// Whole files that Compose reads and this parser does not, or otherwise: the message here, and Compose's `x-t`.
const REFUSED_HERE: &[(&str, &str, &str)] = &[
    ("\u{feff}\u{feff}x-t: a\n", "byte order mark", "\"a\""),
    ("x-t: \"a\u{85}b\"\n", "line break for Compose", "\"a b\""),
    ("x-t: \"a\u{2028}  b\"\n", "line break for Compose", "\"a\\u2028b\""),
    ("x-t: [?a]\n", "reads as an indicator", r#"[{"a":null}]"#),
    ("x-t: [a:]\n", "part of the key", r#"["a:"]"#),
    ("x-t: {v:}\n", "part of the key", r#"{"v:":null}"#),
    ("x-t: [a: {b, c: d}]\n", "value of a pair", r#"[{"a":{"b":null,"c":"d"}}]"#),
    ("x-t: [a: {b, c}]\n", "value of a pair", r#"[{"a":{"b":null,"c":null}}]"#),
    ("x-t: [a: {b: c}, d]\n", "value of a pair", r#"[{"a":{"b":"c"}},"d"]"#),
    ("x-t: [a: [b], c]\n", "value of a pair", r#"[{"a":["b"]},"c"]"#),
    ("x-t: [a, b: [c: d], e]\n", "value of a pair", r#"["a",{"b":[{"c":"d"}]},"e"]"#),
    ("x-t: !!binary aGk=\n", "a binary value", "\"hi\""),
    ("x-a: &a b\nx-t:\n  *a: c\n", "anchor that does not exist", r#"{"b":"c"}"#),
    ("x-t: \"x\"#c\n", "blank before its `#`", "\"x\""),
    ("x-t: [a]#c\n", "blank before its `#`", r#"["a"]"#),
    ("x-t: [a,#c\n  b]\n", "blank before its `#`", r#"["a","b"]"#),
    ("x-t: |#c\n  a\n", "blank before its `#`", "\"a\\n\""),
    ("x-t: [-]\n", "a lone `-`", r#"["-"]"#),
    ("x-t: [a -]\n", "a lone `-`", r#"["a -"]"#),
    ("x-t: \"\\'\"\n", "unknown escape", "\"'\""),
    ("%TAG !a! tag:a,1:\n%TAG !b! tag:b,1:\n---\nx-t: [!a!x a, !b!x b]\n", "unknown handle", r#"["a","b"]"#),
];

fn top(stream: &Stream) -> rofs_harden::yaml::Node<'_> {
    stream.roots().next().and_then(|root| root.get("x-t")).unwrap()
}

fn reads(text: &str, expected: &str) -> Result<(), String> {
    let expected: Value = serde_json::from_str(expected).map_err(|e| e.to_string())?;
    let stream = parse(text)?;
    verify(&stream)?;
    agrees(top(&stream), &expected)
}

/// Files of [`VALUES`] and [`FILES`].
fn readable() -> impl Iterator<Item = (String, &'static str)> {
    let values = VALUES.iter().map(|(value, json)| (format!("x-t:\n  k: {value}\n"), format!("{{\"k\":{json}}}")));
    let files = FILES.iter().map(|(text, json)| ((*text).to_owned(), (*json).to_owned()));
    values.chain(files).map(|(text, json)| (text, &*json.leak()))
}

#[test]
fn what_both_read_means_the_same() {
    let wrong: Vec<String> = readable().filter_map(|(text, json)| reads(&text, json).err().map(|e| format!("{text:?}: {e}"))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // JSON has no words for these.
    for text in [".inf", "-.inf", "+.INF", ".nan", ".NaN"] {
        assert_eq!(top(&parse(&format!("x-t: {text}\n")).unwrap()).scalar(), Some(Scalar::Float), "{text}");
    }
}

#[test]
fn what_is_refused_says_why() {
    let long = format!("x-t: {{{}: 1}}\n", "k".repeat(1025));
    let both = REFUSED.iter().copied().chain([(long.as_str(), "more than 1024 characters")]);
    let here = REFUSED_HERE.iter().map(|(text, message, _)| (*text, *message));
    let wrong: Vec<String> = both
        .chain(here)
        .filter_map(|(text, message)| match parse(text) {
            Err(e) if e.contains(message) => None,
            Err(e) => Some(format!("{text:?}: {e}, not {message}")),
            Ok(stream) => Some(format!("{text:?}: reads as {:?}", top(&stream))),
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn compose_reads_the_tables_as_they_say() {
    let Some(compose) = Compose::find() else { return };
    let answer = |text: &str| compose_file(&compose, text).map(|model| model["x-t"].clone());
    let mut wrong = Vec::new();
    // One file for all the values.
    let values: String =
        VALUES.iter().enumerate().map(|(i, (value, _))| format!("  v{i}:\n    k: {}\n", value.replace('\n', "\n  "))).collect();
    let values = answer(&format!("x-t:\n{values}")).unwrap();
    for (i, (value, json)) in VALUES.iter().enumerate() {
        let (found, expected) = (&values[format!("v{i}")]["k"], serde_json::from_str::<Value>(json).unwrap());
        if !same(found, &expected) {
            wrong.push(format!("{value:?}: {found}, not {expected}"));
        }
    }
    let files = FILES.iter().copied().chain(REFUSED_HERE.iter().map(|(text, _, json)| (*text, *json)));
    for (text, json) in files {
        let (found, expected) = (answer(text), serde_json::from_str::<Value>(json).unwrap());
        if !found.as_ref().is_ok_and(|found| same(found, &expected)) {
            wrong.push(format!("{text:?}: {found:?}, not {expected}"));
        }
    }
    for (text, _) in REFUSED {
        if let Ok(found) = answer(text) {
            wrong.push(format!("{text:?}: {found}, not refused"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Equal, where numbers that are equal are equal.
fn same(a: &Value, b: &Value) -> bool {
    a == b || a.is_number() && b.is_number() && a.as_f64() == b.as_f64() || (a.is_null() && *b == json!([]))
}
