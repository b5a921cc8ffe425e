//! Input made to break a parser: deep, endless, huge, mutated.

use super::cases;
use super::spans::{parse, verify};
use rofs_harden::text::{MAX_FILE_BYTES, NotText, TextFile};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

fn refusal(text: &str) -> String {
    parse(text).map(|stream| format!("read as {} nodes", stream.nodes().len())).unwrap_or_else(|error| error)
}

#[test]
fn deep_nesting_is_refused_before_the_stack_is_used_up() {
    let ladder: String = (0..2_000).map(|depth| format!("{:depth$}a:\n", "")).collect();
    let deep = ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000), "? ".repeat(100_000), "[{".repeat(100_000), ladder];
    for text in deep {
        let error = refusal(&text);
        assert!(error.ends_with("nested deeper than 128 levels"), "{}: {error}", &text[..9]);
    }
    assert!(parse(&format!("a: {}{}", "[".repeat(127), "]".repeat(127))).is_ok());
    assert!(parse(&format!("a: {}{}", "[".repeat(128), "]".repeat(128))).is_err());
}

#[test]
fn aliases_that_multiply_are_counted_and_not_expanded() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..50 {
        let alias = format!("*a{}", level - 1);
        let _ = writeln!(bomb, "a{level}: &a{level} [{}]", vec![alias; 9].join(", "));
    }
    let error = refusal(&bomb);
    assert!(error.ends_with("aliases stand for too many nodes"), "{error}");
    // Many aliases of a small node are no bomb.
    let uses: String = (0..50_000).map(|i| format!("k{i}: *a\n")).collect();
    assert!(parse(&format!("a: &a [x, y]\n{uses}")).is_ok());
    for cycle in ["a: &a [*a]", "a: &a {b: [*a]}", "&a a: &b {c: *b}"] {
        assert!(refusal(cycle).ends_with("an alias inside the node that it names"), "{cycle}");
    }
}

#[test]
fn a_file_over_the_limit_is_refused_with_its_size() {
    let size = 50 * 1024 * 1024;
    assert_eq!(TextFile::new("f", vec![b'a'; size], MAX_FILE_BYTES), Err(NotText::TooLarge(size, MAX_FILE_BYTES)));
}

#[test]
fn time_grows_with_the_length_of_the_text_and_not_faster() {
    let kinds: &[(&str, &str, &str)] = &[
        ("a:\n", "  x y\n", "b: 1\n"),
        ("a: |\n", "  x\n", "b: 1\n"),
        ("a: [é, ", "{x: y}, ", "]\n"),
        ("a: [é, ", "x: y, ", "]\n"),
        ("a: \"", "x\\n", "\"\n"),
        ("a: 1\n", "#\tx\n", "b: 1\n"),
        ("a: 1\n", "\n", "b:\t1\n"),
        ("a: &a 1\nb:\n", "- *a\n", ""),
        ("", "- >+\n\n\n", ""),
        ("a: [\n", "x,\n", "]\n"),
        ("a:\n  b: \"\n", "x\n", "\"\n"),
        ("", "---\na: 1\n", ""),
        ("a:\n", "- !!str x\n", ""),
    ];
    // The best of several runs, since others use the machine too.
    let time = |kind: &(&str, &str, &str), count: usize| {
        let text = format!("{}{}{}", kind.0, kind.1.repeat(count), kind.2);
        let run = |_| {
            let start = Instant::now();
            let _ = parse(&text);
            start.elapsed()
        };
        (0..3).map(run).min().unwrap()
    };
    for kind in kinds {
        // Quadratic time would be 64 times as long; the allowance is for a busy machine.
        let (short, long) = (time(kind, 1_500), time(kind, 12_000));
        assert!(long < (short * 8).max(Duration::from_millis(5)) * 5, "{kind:?}: {short:?}, then {long:?}");
    }
}

/// A small generator of numbers, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

const PIECES: [&str; 48] = [
    "a: ", "b", "- ", "-", "\n", "\n  ", "\n    ", "\t", "# c", "#", " # c\n", "? ", ": ", ":", "|", ">", "|-\n", ">+\n", "|2\n", "\"",
    "'", "&x ", "*x", "!!str ", "! ", "[", "]", "{", "}", ",", ", ", "~", " ", "<<: ", "é", "\r\n", "\r", "%", "\\", "null", "[]", "{}",
    "---\n", "...\n", "\u{feff}", "\u{2028}", "\0", "😀",
];

#[test]
fn mutated_input_never_panics_and_keeps_its_spans() {
    let mut numbers = Numbers(7);
    let compose = include_str!("../data/compose.yaml");
    let inputs: Vec<String> = cases().into_iter().map(|c| c.yaml).filter(|y| !y.is_empty()).chain([compose.to_owned()]).collect();
    let mut read = 0;
    for round in 0..30_000 {
        let mut text: Vec<char> = inputs[if round % 4 == 0 { inputs.len() - 1 } else { numbers.below(inputs.len()) }].chars().collect();
        for _ in 0..=numbers.below(3) {
            let at = numbers.below(text.len() + 1);
            if numbers.below(3) == 0 {
                text.drain(at..(at + 1 + numbers.below(4)).min(text.len()).max(at));
            } else {
                text.splice(at..at, PIECES[numbers.below(PIECES.len())].chars());
            }
        }
        let text: String = text.into_iter().collect();
        if let Ok(stream) = parse(&text) {
            read += 1;
            assert_eq!(verify(&stream), Ok(()), "{text:?}");
        }
    }
    assert!(read > 5_000, "only {read} were read");
}
