use super::*;
use crate::text::{FileId, TextFile};
use crate::yaml::Stream;

fn stream(text: &str) -> Stream {
    let file = TextFile::new("f", text.as_bytes().to_vec(), text.len()).expect("text");
    Stream::parse(&file, FileId(0)).unwrap_or_else(|e| panic!("{text:?}: {}", e.message))
}

/// Every word of `words` as a value must mean what `expected` says.
fn mean(words: &str, expected: impl Fn(Scalar<'_>) -> bool) {
    for word in words.split(" | ") {
        let stream = stream(&format!("k: {word}\n"));
        let value = stream.nodes().last().and_then(Node::scalar);
        assert!(value.is_some_and(&expected), "{word:?} means {value:?}");
    }
}

#[test]
fn plain_text_means_what_go_yaml_reads() {
    mean("~ | null | Null | NULL | ", |s| s == Scalar::Null);
    mean("true | True | TRUE", |s| s == Scalar::Bool(true));
    mean("false | False | FALSE", |s| s == Scalar::Bool(false));
    for (word, number) in [
        ("012", 10),
        ("0777", 511),
        ("01777", 1023),
        ("-012", -10),
        ("0o1777", 1023),
        ("0o17", 15),
        ("0O17", 15),
        ("0b101", 5),
        ("0b-1", -1),
        ("1_000", 1000),
        ("1__0", 10),
        ("0x1F", 31),
        ("-0x1F", -31),
        ("+0x1", 1),
        ("+1", 1),
        ("-0", 0),
        ("9223372036854775808", 1 << 63),
        ("0xFFFFFFFFFFFFFFFF", u64::MAX.into()),
        ("-9223372036854775808", i64::MIN.into()),
    ] {
        mean(word, |s| s == Scalar::Int(number));
    }
    mean("685.230_15e+03 | 08 | 1e3 | 1. | .5 | .5_0 | .inf | -.INF | .nan | 18446744073709551616 | -9223372036854775809", |s| {
        s == Scalar::Float
    });
    mean("2001-01-01 | 2001-1-1 | 2001-12-14t21:59:43.10-05:00 | 2001-12-14T21:59:43Z | 2001-12-14  2:5:9.5", |s| s == Scalar::Timestamp);
}

#[test]
fn everything_else_is_a_string() {
    let words = "yes | no | on | off | y | n | Yes | tRUE | nULL | 12:30 | 22:22 | 1:30:00 | 190:20:30 | = | . | + | 0x | 0o8 | 0b2 | inf | NaN \
                 | 1,000 | 1e400 | ._5 | 0x_ | +-1 | 0x-1 | _1 | 2001-02-29 | 2001-13-01 | 2001-01-01T00:00:00 | 2001-01-01 15:01:42 -5 \
                 | 20011-01-01 | 1.2.3 | 64m | a-1";
    for word in words.split(" | ") {
        mean(word, |s| s == Scalar::Str(word));
    }
    mean("'1' | \"1\" | '~' | \"true\" | ''", |s| matches!(s, Scalar::Str(_)));
    mean("|\n 1 | >-\n true", |s| matches!(s, Scalar::Str(_)));
}

#[test]
fn tags_decide_before_style() {
    for (value, meaning) in [
        ("!!int \"3\"", Scalar::Int(3)),
        ("!!int 0x1F", Scalar::Int(31)),
        ("!!int 1_000", Scalar::Int(1000)),
        ("!!bool \"true\"", Scalar::Bool(true)),
        ("!!null \"\"", Scalar::Null),
        ("!!float 3", Scalar::Int(3)),
        ("!!timestamp \"2001-01-01\"", Scalar::Timestamp),
        ("!!str 12", Scalar::Str("12")),
        ("!!str", Scalar::Str("")),
        ("! 12", Scalar::Int(12)),
        ("! \"12\"", Scalar::Str("12")),
        ("!", Scalar::Null),
        ("!foo 12", Scalar::Str("12")),
        ("!override ~", Scalar::Str("~")),
        ("!reset 12", Scalar::Null),
    ] {
        mean(value, |s| s == meaning);
    }
}

#[test]
fn strings_are_quoted_where_a_reader_would_take_them_for_something_else() {
    // (text, plain in block style, plain in flow style)
    let table: &[(&str, bool, bool)] = &[
        ("/tmp:mode=1777", true, true),
        ("web-data:/data", true, true),
        ("./x:/y:ro", true, true),
        ("-a", true, true),
        ("a#b", true, true),
        ("64m", true, true),
        ("a b", true, true),
        ("é", true, true),
        ("${A:-b}", true, false),
        ("a,b", true, false),
        ("a?", true, false),
        (":a", true, false),
        ("", false, false),
        (" a", false, false),
        ("a ", false, false),
        ("a: b", false, false),
        ("a #b", false, false),
        ("a:\tb", false, false),
        ("a:", false, false),
        ("- a", false, false),
        ("-", false, false),
        ("? a", false, false),
        ("---a", false, false),
        ("...", false, false),
        ("null", false, false),
        ("Yes", false, false),
        ("<<", false, false),
        ("1777", false, false),
        ("012", false, false),
        ("0o17", false, false),
        ("1_000", false, false),
        ("1e3", false, false),
        (".5", false, false),
        ("-.5", false, false),
        ("12:30", false, false),
        ("2001-01-01", false, false),
        ("64b", false, false),
        ("a\nb", false, false),
        ("a\u{2028}b", false, false),
        ("\u{feff}", false, false),
        ("@a", false, false),
        ("`a", false, false),
        ("%a", false, false),
        ("&a", false, false),
        ("*a", false, false),
        ("!a", false, false),
        ("|", false, false),
        ("[a]", false, false),
        ("{a}", false, false),
        ("'a", false, false),
        ("\"a", false, false),
    ];
    for &(text, in_block, in_flow) in table {
        assert_eq!((writes_plain(text, false), writes_plain(text, true)), (in_block, in_flow), "{text:?}");
    }
}

#[test]
fn written_strings_read_back_as_themselves() {
    let parts =
        ["a", "1", "0x", "~", "yes", " ", ":", "#", "-", "?", ",", "[", "}", "&", "\"", "\\", "'", "\n", "\t", "é", "\u{85}", "\u{7}"];
    for (i, one) in parts.iter().enumerate() {
        for (j, two) in parts.iter().enumerate() {
            let text = format!("{one}{two}{}", parts[(i * 7 + j * 3) % parts.len()]);
            let (block, flow) = (quote_if_needed(&text, false), quote_if_needed(&text, true));
            for (document, index) in [(format!("k: {block}\n"), 2), (format!("k: [{flow}, x]\n"), 3), (format!("{{{flow}: x}}"), 1)] {
                let stream = stream(&document);
                let read = stream.nodes().nth(index).and_then(Node::as_str).map(str::to_owned);
                assert_eq!(read.as_deref(), Some(text.as_str()), "{document:?}");
            }
        }
    }
    assert_eq!(double_quoted("a\"\\/\u{85}\n"), r#""a\"\\/\u0085\n""#);
}
