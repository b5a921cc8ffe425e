use crate::text::{FileId, TextFile};
use crate::yaml::{Stream, SyntaxError};

fn parse(text: &str) -> Result<Stream, SyntaxError> {
    Stream::parse(&TextFile::new("f", text.as_bytes().to_vec(), text.len()).expect("text"), FileId(0))
}

/// Each input is refused with this message, at the text that follows the message.
fn refused(table: &[(&str, &str, &str)]) {
    for (input, message, at) in table {
        let error = parse(input).expect_err(input);
        assert!(error.message.contains(message), "{input:?}: {}", error.message);
        assert_eq!(&input[error.span.range()], *at, "{input:?}");
        assert!(error.hint.is_some(), "{input:?}");
    }
}

fn accepted(inputs: &[&str]) {
    for input in inputs {
        assert_eq!(parse(input).map(|_| ()), Ok(()), "{input:?}");
    }
}

#[test]
fn keys_are_defined_once() {
    refused(&[
        ("image: a\nb: 1\nimage: c\n", "mapping key \"image\" already defined at line 1", "image"),
        ("{a: 1, 'a': 2}", "mapping key \"a\" already defined at line 1", "'a'"),
        ("a: 1\n\"\\x61\": 2\n", "mapping key \"a\" already", "\"\\x61\""),
        ("a: &x {b: 1}\nc: {<<: *x, <<: *x}\n", "mapping key \"<<\" already", "<<"),
        ("'1': a\n!!str 1: b\n", "mapping key \"1\" already", "!!str 1"),
        ("a: 1\nb: 1\nc: 1\nd: 1\ne: 1\nf: 1\ng: 1\nh: 1\ni: 1\nb: 2\n", "mapping key \"b\" already defined at line 2", "b"),
        ("a: &k x\nb:\n  *k : 1\n  x: 2\n", "mapping key \"x\" already defined at line 3", "x"),
    ]);
    accepted(&["a: {b: 1}\nb: {b: 1}\n", "a: 1\nA: 1\n"]);
}

#[test]
fn keys_are_strings() {
    refused(&[
        ("[a, b]: 1", "a list or mapping as a key", "[a, b]"),
        ("? - a\n: 1\n", "a list or mapping as a key", "- a"),
        ("a: &m {b: 1}\n*m : 2\n", "a list or mapping as a key", "*m"),
        (": b\n", "an empty key", ""),
        ("{? , a: 1}", "an empty key", ""),
        ("1: a\n", "non-string key 1", "1"),
        ("true: a\n", "non-string key true", "true"),
        ("~: a\n", "non-string key ~", "~"),
        ("2001-01-01: a\n", "non-string key", "2001-01-01"),
    ]);
    accepted(&["'1': a\n", "yes: a\n", "? a\n: b\n", "a: &k x\nb: {*k : 1}\n"]);
}

#[test]
fn merge_keys_take_mappings() {
    refused(&[
        ("<<: a\n", "`<<` needs a mapping", "a"),
        ("a: &a [{b: 1}, c]\nd: {<<: *a}\n", "`<<` needs a mapping", "*a"),
        ("<<:\n", "`<<` needs a mapping", ""),
    ]);
    accepted(&["a: &a {b: 1}\nc: {<<: *a}\nd: {<<: [*a, {e: 1}]}\n", "\"<<\": a\n", "!!str <<: a\n", "<<: []\n"]);
}

#[test]
fn anchors_and_tags_are_what_compose_can_read() {
    refused(&[
        ("a: &a.b x\n", "the anchor name `a.b`", "&a.b x"),
        ("a: &é x\n", "the anchor name `é`", "&é x"),
        ("a: &a#b x\n", "the anchor name `a#b`", "&a#b x"),
        ("a: &x 1\nb:\n  *x: 2\n", "an alias of an anchor that does not exist", "*"),
        ("a: &x[b]\n", "no blank behind it", "&x[b]"),
        ("a: [!!str, b]\n", "no blank behind it", "!!str"),
        ("a: {b: !!str}\n", "no blank behind it", "!!str"),
        ("a: !a#b x\n", "a `#` in a tag", "!a#b x"),
        ("a: !!binary aGk=\n", "a binary value", "!!binary aGk="),
        ("a: !!int x\n", "does not fit its tag", "!!int x"),
        ("a: !!bool 1\n", "does not fit its tag", "!!bool 1"),
        ("a: !!null x\n", "does not fit its tag", "!!null x"),
        ("a: !!float x\n", "does not fit its tag", "!!float x"),
    ]);
    accepted(&["a: &a_b-1 x\n", "a: [&x b]\n", "a: {b: !!str }\n", "a: !!int '3'\n", "a: !reset null\nb: !override [x]\n"]);
}

#[test]
fn flow_style_ends_where_compose_ends_it() {
    let long_key = format!("{{\"{}\": 1}}", "é".repeat(1023));
    let long_quoted = &long_key[1..long_key.len() - 4];
    refused(&[
        ("a: [a:]\n", "a colon with nothing behind it", "a"),
        ("a: {v:}\n", "a colon with nothing behind it", "v"),
        ("a: {v:[b]}\n", "a colon with nothing behind it", "v"),
        ("a: {? v :, b}\n", "a colon with nothing behind it", "v"),
        ("[?a]", "reads as an indicator", "?a"),
        ("[:a]", "reads as an indicator", ":a"),
        ("{a: :b}", "reads as an indicator", ":b"),
        ("[::]", "a colon with nothing behind it", ":"),
        ("[http://h/b?c]", "reads as an indicator", "http://h/b?c"),
        ("[a, >]", "a block scalar in a flow collection", ">"),
        ("{a\n : b}", "goes over the end of a line", "a"),
        ("{a\n  b: c}", "goes over the end of a line", "a\n  b"),
        ("[c:{ e: f }]", "value of a pair in a flow list", "{"),
        ("[a: {b, c: d}]", "value of a pair in a flow list", "{"),
        ("[a: [b], c]", "value of a pair in a flow list", "["),
        (&long_key, "more than 1024 characters", long_quoted),
    ]);
    accepted(&[
        "a: &x b\nc: [d: *x]",
        "[a: b, c: d]",
        "[{a: b}, c: d]",
        "{a: , b: }",
        "{\"a\":, \"b\":[c]}",
        "{a, b\n  c}",
        "[a:b, c-d]",
        "[http://h/b]",
    ]);
}

#[test]
fn json_slashes_have_no_backslash() {
    refused(&[(r#"{"a": "x\/y"}"#, "the escape `\\/`", r#""x\/y""#)]);
    accepted(&[r#"a: "x\\/y""#, r"a: 'x\/y'", r"a: x\/y"]);
}

#[test]
fn tabs_are_blanks_only_where_no_key_can_start() {
    refused(&[
        ("-\ta\n", "tab used for indentation", "\t"),
        ("- \ta\n", "tab used for indentation", "\t"),
        ("a:\n \tb\n", "tab used for indentation", "\t"),
        ("a: 'b'\n \t\nc: d\n", "tab used for indentation", "\t"),
        ("\ta: b\n", "tab used for indentation", "\t"),
        ("a: 1\n\t# c\n", "tab used for indentation", "\t"),
        ("a:\n  b: c\n \t\nd: 1\n", "tab used for indentation", "\t"),
        ("a: 1 # c\n\t# d\nb: 1\n", "tab used for indentation", "\t"),
        ("a: 1\n# c\n\t\nb: 1\n", "tab used for indentation", "\t"),
        ("a: |\n \tb\n", "a tab that starts the text", "\t"),
        ("a: [\n b\n\t\n  c ]\n", "tab used for indentation", "\t"),
    ]);
    accepted(&[
        "a:\n\n b: c\t# d\n",
        "a:\t\n - b\t\n",
        "a: b\n \t\nc: d\n",
        "a: |1\n \tb\n",
        "a: |\n  b\n  \tc\n",
        "a: [\tb,\n\tc ]\n",
        "a: \"b\n \tc\"\n",
        "a: b\n  \tc\n",
        "#\ta\nb: 1\n",
        "a: 1\n# c\n\t# d\n \t\n# e\nb: 1\n",
    ]);
}
