use crate::text::{FileId, TextFile};
use crate::yaml::{Kind, Node, Stream, Style, SyntaxError};

fn parse(text: &str) -> Result<Stream, SyntaxError> {
    Stream::parse(&TextFile::new("f", text.as_bytes().to_vec(), text.len()).expect("text"), FileId(0))
}

fn read(text: &str) -> Stream {
    parse(text).unwrap_or_else(|e| panic!("{text:?}: {} at {:?}", e.message, e.span.range()))
}

/// Place and message of the refusal of `text`.
fn refusal(text: &str) -> (String, Option<String>) {
    let error = parse(text).expect_err(text);
    let file = TextFile::new("f", text.as_bytes().to_vec(), text.len()).expect("text");
    let (line, column) = file.line_column(error.span.start as usize);
    (format!("{line}:{column}: {}", error.message), error.hint)
}

/// The leaves of `text`: sources, with an empty one for a null.
fn leaves(stream: &Stream) -> Vec<&str> {
    stream.nodes().filter(|n| matches!(n.kind(), Kind::Scalar | Kind::Alias)).map(Node::full_source).collect()
}

#[test]
fn leaves_are_where_they_are_written() {
    let table: &[(&str, &[&str])] = &[
        ("a: 1\nb:\n  - 'x'\n  - \"y\" # c\n", &["a", "1", "b", "'x'", "\"y\""]),
        ("a: |\n  hééééééééééééééééééééééé\nb: x\n", &["a", "|\n  hééééééééééééééééééééééé", "b", "x"]),
        ("\u{feff}a: 1\n", &["a", "1"]),
        ("l: # c\nm:\n", &["l", "", "m", ""]),
        ("a: &x !!str b\nc: *x\n", &["a", "&x !!str b", "c", "*x"]),
        ("a: &x # c\n  # d\n  !!str\n  b\n", &["a", "&x # c\n  # d\n  !!str\n  b"]),
        ("a: |\n  x\n\n\n  # c\n# d\nb: 1\n", &["a", "|\n  x\n\n\n  # c", "b", "1"]),
        ("a: |+\n  x\n\nb: 1\n", &["a", "|+\n  x\n", "b", "1"]),
        ("a: >-   # c\n  x\n   y\n\nb: 1\n", &["a", ">-   # c\n  x\n   y", "b", "1"]),
        ("a: x\n  y # c\nb: 'x\n\n  y'\n", &["a", "x\n  y", "b", "'x\n\n  y'"]),
        ("a: {b: , c, \"d\":1, ? e : f}\n", &["a", "b", "", "c", "", "\"d\"", "1", "e", "f"]),
        ("[a: b, {c: d}, e , ]\n", &["a", "b", "c", "d", "e"]),
        ("? a\n: - b\n? c\nd: e\n", &["a", "b", "c", "", "d", "e"]),
        ("a:\r\n- b\r\n-\r\n- c\r\n", &["a", "b", "", "c"]),
        ("%TAG ! tag:x,1:\n--- # c\na: 1\n...\n# d\n---\nb: 2\n", &["a", "1", "b", "2"]),
        ("- - a\n  - b\n- c: d\n  e: f\n", &["a", "b", "c", "d", "e", "f"]),
        ("a: \"x\\\"y\"\nb: 'x''y'\n", &["a", "\"x\\\"y\"", "b", "'x''y'"]),
        (":a: ::b\n?c: -d\n", &[":a", "::b", "?c", "-d"]),
    ];
    for (text, expected) in table {
        assert_eq!(leaves(&read(text)), *expected, "{text:?}");
    }
}

#[test]
fn collections_end_with_their_last_child_or_bracket() {
    let text = "a:\n  b: [x,\n    y , ] # c\n  # d\n\n# e\nf:\n- g\n- {h: i }\n";
    let stream = read(text);
    let collections: Vec<_> = stream.nodes().filter(|n| n.children().next().is_some()).map(|n| (n.style(), n.full_source())).collect();
    let expected = [
        (Style::Block, text.trim_end()),
        (Style::Block, "b: [x,\n    y , ]"),
        (Style::Flow, "[x,\n    y , ]"),
        (Style::Block, "- g\n- {h: i }"),
        (Style::Flow, "{h: i }"),
    ];
    assert_eq!(collections, expected);
    let indicators: Vec<_> =
        stream.nodes().filter(|n| n.indicator() < n.span().start as usize).map(|n| &text[n.indicator()..][..1]).collect();
    assert_eq!(indicators, [":", ":", ":", "-", "-", ":"]);
}

#[test]
fn a_null_stands_right_behind_its_indicator() {
    for (text, at) in
        [("k:   # c\nl: 1\n", 2), ("k: &x\nl: 1\n", 5), ("- \n- a\n", 1), ("{a, b}", 2), ("? a\nb: 1\n", 3), ("a: 1\n---\n", 8)]
    {
        let stream = read(text);
        let null = stream.nodes().find(|n| n.style() == Style::Empty).map(|n| n.span().end);
        assert_eq!(null, Some(at), "{text:?}");
    }
}

#[test]
fn anchors_and_tags_are_found_among_comments() {
    let stream = read("a: !!str # &no\n  &yes # &neither\n  b\nc: &d\n  e: f\n&g h: i\n");
    let anchors: Vec<_> = stream.nodes().filter_map(|n| Some((n.anchor()?, n.source()))).collect();
    assert_eq!(anchors, [("yes", "b"), ("d", "e: f"), ("g", "h")]);
    let tags: Vec<_> = stream.nodes().filter_map(|n| Some((n.tag()?, n.text()))).collect();
    assert_eq!(tags, [("tag:yaml.org,2002:str", "b")]);
}

#[test]
fn an_alias_resolves_to_the_last_anchor_of_its_name_before_it() {
    let stream = read("a: &x 1\nb: *x\nc: &x 2\nd: *x\n--- \ne: *x\n");
    let resolved: Vec<_> = stream.nodes().filter(|n| n.kind() == Kind::Alias).map(|n| n.resolved().text()).collect();
    assert_eq!(resolved, ["1", "2", "2"]);
}

#[test]
fn a_block_scalar_at_the_end_of_the_file_has_the_breaks_that_compose_reads() {
    for (text, value) in [
        ("|", ""),
        ("|\n", ""),
        ("|\n\n", ""),
        ("|+\n", ""),
        ("|+\n\n", "\n"),
        ("|\n  x", "x"),
        ("|\n  x\n", "x\n"),
        (">\n  x\n  y", "x y"),
        ("|\n  x\n\n", "x\n"),
        ("|\n  x\n  ", "x\n"),
        ("|\n  x\n   ", "x\n "),
        ("|+\n  x", "x"),
        ("|+\n  x\n ", "x\n"),
        ("|+\n  x\n\n", "x\n\n"),
        ("|-\n  x\n\n", "x"),
        ("|\r\n  x\r\n", "x\n"),
        ("|2\n   ", " "),
        ("|\n  x\n# c", "x\n"),
    ] {
        let text = format!("a: {text}");
        assert_eq!(read(&text).nodes().last().map(Node::text), Some(value), "{text:?}");
    }
}

#[test]
fn lines_in_brackets_and_quotes_need_no_indentation() {
    let table: &[(&str, &[&str])] = &[
        ("a:\n  k: [\n    x,\n  ]\nb: 1\n", &["a", "k", "x", "b", "1"]),
        ("k: [\na,\nb]\nc: d\n", &["k", "a", "b", "c", "d"]),
        ("k: {\n\ta: 1\n}\n", &["k", "a", "1"]),
        ("a:\n  k: \"x\n  same column\n  é\"\nb: 1\n", &["a", "k", "\"x\n  same column\n  é\"", "b", "1"]),
        ("k: 'x\ny'\n", &["k", "'x\ny'"]),
        ("\u{feff}é: [\r\nx,\r\n]\r\n- k: 1", &[]),
        ("\u{feff}é: [\r\nx,\r\n]\r\nb: 1\r\n", &["é", "x", "b", "1"]),
        ("a: [x\ny, 'z\nz']\n", &["a", "x\ny", "'z\nz'"]),
    ];
    for (text, expected) in table.iter().filter(|(_, expected)| !expected.is_empty()) {
        assert_eq!(leaves(&read(text)), *expected, "{text:?}");
    }
    assert_eq!(read("k: \"x\nsame\n\n y\"").nodes().last().map(Node::text), Some("x same\ny"));
    // The place of an error behind padded lines is that in the file.
    assert_eq!(refusal("k: [\na,\n]\nb: c: d\n").0, "4:5: a `:` where no value can start");
}

#[test]
fn block_style_is_never_padded_into_another_meaning() {
    for text in ["a:\n\tb: 1\n", "foo:\n  bar\ninvalid\n", "a:\n  b: 1\n c: 2\n", "- a\n b: 1\n", "a: b\n\tc: [\nd]\n"] {
        assert!(parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn characters_that_change_the_reading_are_refused() {
    for (text, refused) in [
        ("a: 1\0\nb: 2", "1:5: control characters are not allowed (\\u{0})"),
        ("a: \u{1b}[1m", "1:4: control characters are not allowed (\\u{1b})"),
        ("é: \u{7f}", "1:4: control characters are not allowed (\\u{7f})"),
        ("a: \u{81}", "1:4: control characters are not allowed (\\u{81})"),
        ("a: \u{fffe}", "1:4: control characters are not allowed (\\u{fffe})"),
        ("a: b\u{85}c: d", "1:5: \\u{85} is a line break for Compose and none in YAML 1.2"),
        ("a: \"b\u{2028}c\"", "1:6: \\u{2028} is a line break for Compose and none in YAML 1.2"),
        ("a: \u{2029}", "1:4: \\u{2029} is a line break for Compose and none in YAML 1.2"),
        ("\u{feff}\u{feff}a: 1", "1:1: a byte order mark inside the file"),
        ("---\n\u{feff}a: 1", "2:1: a byte order mark inside the file"),
    ] {
        assert_eq!(refusal(text).0, refused, "{text:?}");
    }
}

#[test]
fn errors_say_where_and_what_to_do() {
    for (text, error, hint) in [
        ("a:\n\tb: 1\n", "2:1: tab used for indentation", "indent with spaces"),
        ("a: \"b\nc: d\n", "1:4: a quote is not closed", "close the quote"),
        ("k: v: w\n", "1:5: a `:` where no value can start", "quote the value"),
        ("é: v: w\n", "1:5: a `:` where no value can start", "quote the value"),
        ("a:\n  b: 1\n c: 2\n", "3:2: expected a key here", "check the indentation"),
        ("a:\n  - b\n  c\n", "3:3: expected `key: value` here", "check the indentation"),
        ("a: [b\n", "1:4: a bracket is not closed", "close it"),
        ("a: [b c: d\n", "1:4: a bracket is not closed", "close it"),
        ("a: [b {c}]\n", "1:7: expected `,` or `]`", "close the bracket"),
        ("a: {b\nc: d\n", "1:4: a bracket is not closed", "close it"),
        ("a: {b: c\n  d: e}\n", "2:4: expected `,` or `}`", "close the brace"),
        ("a: *b\n", "1:4: an alias of an anchor that does not exist", "define the anchor"),
        ("a: @b\n", "1:4: a value cannot start with `@`", "quotes"),
        ("a: \"\\d\"\n", "1:4: an unknown escape in double quotes", "backslash"),
        ("a: 'b'c\n", "1:7: text behind a closing quote", "quotes"),
        ("a: [b]#c\n", "1:7: a comment needs a blank before its `#`", "blank"),
        ("%YAML 1.2\n---\na: 1\n", "1:1: a directive that Compose does not know", "%YAML 1.1"),
        ("%FOO\n---\na: 1\n", "1:1: a directive that Compose does not know", "%TAG"),
        ("- a: 1\n b: 1\n", "2:2: expected a list item here", "check the indentation"),
        ("a: &a [*a]\n", "1:8: an alias inside the node that it names", "remove the alias"),
    ] {
        let (found, found_hint) = refusal(text);
        assert_eq!(found, error, "{text:?}");
        assert!(found_hint.as_deref().is_some_and(|h| h.contains(hint)), "{text:?}: {found_hint:?}");
    }
}

#[test]
fn what_the_events_cannot_place_is_refused() {
    for text in ["?\n::", "- a\n\t #- b\n c\n"] {
        assert!(refusal(text).0.contains("cannot be edited without loss"), "{text:?}: {}", refusal(text).0);
    }
}
