//! Files made to hurt: deep, wide, long, self-similar. Each is read or refused soon, without a panic and on a small stack, and time
//! grows no faster than the file.

use crate::spans::{parse, verify};
use rofs_harden::compose::merge;
use rofs_harden::text::{MAX_FILE_BYTES, NotText, TextFile};
use rofs_harden::yaml::{Kind, MAX_DEPTH, Stream};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The longest that any file may take, in a build without optimisation.
const LIMIT: Duration = Duration::from_secs(2);
/// The smallest stack that a program's first thread has on the supported systems, in bytes.
const STACK: usize = 1024 * 1024;

fn repeated(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

/// Processor time of this thread; where the system does not say, the time on a clock.
fn now() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap_or_default();
    // User and system time are the 12th and 13th field behind the name in parentheses, in hundredths of a second.
    let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).map_while(|n| n.parse::<u64>().ok());
    match (fields.next(), fields.next()) {
        (Some(user), Some(system)) => Duration::from_millis(10 * (user + system)),
        _ => START.elapsed(),
    }
}

/// Runs `work` on a small stack and checks its time.
fn within_limit<T: Send>(name: &str, work: impl FnOnce() -> T + Send) -> T {
    let timed = || {
        let start = now();
        (work(), now().saturating_sub(start))
    };
    let (result, time) =
        std::thread::scope(|scope| std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, timed).unwrap().join().unwrap());
    assert!(time < LIMIT, "{name} takes {time:?}");
    result
}

/// What a file comes to: its number of nodes, or the message of its refusal.
fn outcome(text: &str) -> Result<usize, String> {
    parse(text).map(|stream| stream.nodes().len())
}

#[test]
fn hostile_files_are_refused_soon() {
    let nested = |count: usize, piece: &str| piece.repeat(count);
    let laughs = repeated(30, |i| {
        let below = if i == 0 { "lol".to_owned() } else { format!("*a{}", i - 1) };
        format!("k{i}: &a{i} [{}]\n", vec![below; 9].join(", "))
    });
    let cases: Vec<(&str, String, &str)> = vec![
        ("brackets", nested(100_000, "["), "nested"),
        ("braces", nested(100_000, "{a: "), "nested"),
        ("brackets and braces", nested(50_000, "[{a: "), "nested"),
        ("dashes", nested(100_000, "- "), "nested"),
        ("question marks", nested(100_000, "? "), "nested"),
        ("block mappings", repeated(2_000, |i| format!("{}a:\n", " ".repeat(i))), "nested"),
        ("an alias bomb", laughs, "aliases stand for too many nodes"),
        ("the same key", nested(100_000, "a: 1\n"), "already defined"),
        ("a key twice among many", repeated(100_000, |i| format!("k{}: 1\n", i % 99_999)), "already defined"),
        ("an open quote", format!("a: \"{}", nested(200_000, "x\n ")), "quote is not closed"),
        ("an open bracket", format!("a: [{}", nested(200_000, "x,\n ")), "a bracket is not closed"),
        ("many unknown aliases", nested(100_000, "- *a\n"), "anchor that does not exist"),
        ("many mis-indented lists", repeated(20_000, |i| format!("k{i}: [\na\n]\n")), "expected"),
        ("many mis-indented quotes", repeated(20_000, |i| format!("k{i}: \"a\nb\"\n")), "not indented enough"),
    ];
    for (name, text, message) in &cases {
        let result = within_limit(name, || outcome(text));
        assert!(result.as_ref().is_err_and(|e| e.contains(message)), "{name}: {result:?}");
    }
}

#[test]
fn large_files_are_read_soon() {
    let json = repeated(40_000, |i| format!("\"ключ{i}\": [\"{}\", {i}], ", "значение".repeat(6)));
    let json = format!("{{{}}}", json.trim_end_matches(", "));
    assert!(json.len() > 5_000_000, "{}", json.len());
    let filler = "- x\n".to_owned();
    let cases: Vec<(&str, String)> = vec![
        ("one line of JSON", json),
        ("keys", repeated(100_000, |i| format!("k{i}: v\n"))),
        ("comments", format!("a: 1\n{}b: 2\n", "# c\n".repeat(100_000))),
        ("comments behind values", repeated(100_000, |i| format!("- v # {i}\n"))),
        ("blank lines", format!("a: 1\n{}b: 2\n", "\n".repeat(100_000))),
        ("items", filler.repeat(100_000)),
        ("flow items", format!("[{}]", "x, ".repeat(100_000))),
        ("pairs", format!("[{}]", "x: y, ".repeat(100_000))),
        ("documents", "---\na: 1\n".repeat(50_000)),
        ("anchors and aliases", repeated(50_000, |i| format!("- &a{i} x\n- *a{i}\n"))),
        ("one anchor, many aliases", format!("- &a x\n{}", "- *a\n".repeat(100_000))),
        ("tags", "- !t x\n- !!str y\n".repeat(50_000)),
        ("lines of plain text", format!("a: x\n{}", "  y\n".repeat(100_000))),
        ("lines of a block scalar", format!("a: |\n{}", "  é\n".repeat(100_000))),
        ("lines in quotes", format!("a: \"x\n{}  z\"\n", "  é\n".repeat(100_000))),
        ("mis-indented lines in quotes", format!("a: \"x\n{}z\"\n", "y\n".repeat(2_000))),
        ("mis-indented lines in brackets", format!("a: [\n{}]\n", "y,\n".repeat(200))),
        ("escapes", format!("a: \"{}\"\n", "\\x41\\\"".repeat(100_000))),
        ("explicit keys", repeated(50_000, |i| format!("? k{i}\n: v\n"))),
        ("carriage returns", repeated(100_000, |i| format!("k{i}: é\r"))),
        ("tabs before comments", repeated(100_000, |i| format!("k{i}: v\t# c\n"))),
    ];
    for (name, text) in &cases {
        let result = within_limit(name, || outcome(text));
        assert!(result.is_ok(), "{name}: {result:?}");
        assert_eq!(verify(&parse(text).unwrap()), Ok(()), "{name}");
    }
}

#[test]
fn a_file_beyond_the_limit_is_not_read() {
    let bytes = vec![b'a'; 50_000_000];
    assert_eq!(TextFile::new("f", bytes, MAX_FILE_BYTES).unwrap_err(), NotText::TooLarge(50_000_000, MAX_FILE_BYTES));
}

/// Mappings that each merge the one before.
fn merge_chain(length: usize) -> String {
    format!("m0: &m0 {{k0: v}}\n{}", repeated(length, |i| format!("m{0}: &m{0} {{<<: *m{i}, k{0}: v}}\n", i + 1)))
}

/// The most entries and sources of any value of the top mapping after merging.
fn merged(stream: &Stream) -> (usize, usize) {
    let top = stream.roots().next().unwrap();
    let last = top.entries().map(|(_, value)| value).filter(|v| v.kind() == Kind::Mapping).last().unwrap();
    (merge::entries(last).len(), merge::sources(last).len())
}

#[test]
fn chains_of_merge_keys_are_refused_or_followed_to_their_end() {
    let long = within_limit("a chain of 10 000", || outcome(&merge_chain(10_000)));
    assert!(long.as_ref().is_err_and(|e| e.contains("nested")), "{long:?}");
    let longest = (0..MAX_DEPTH).rev().find(|&length| outcome(&merge_chain(length)).is_ok()).unwrap();
    let stream = parse(&merge_chain(longest)).unwrap();
    assert_eq!(within_limit("the longest chain", || merged(&stream)), (longest + 1, longest + 1));
    assert!(longest > 100, "{longest}");
}

#[test]
fn time_grows_with_the_file_and_not_faster() {
    type Make = fn(usize) -> String;
    let makes: [(&str, Make); 12] = [
        ("keys", |n| repeated(n, |i| format!("k{i}: v\n"))),
        ("JSON", |n| format!("{{{}\"z\": 0}}", repeated(n, |i| format!("\"ü{i}\": [1, \"x\"], ")))),
        ("comments", |n| format!("a: 1\n{}b: 2\n", "# é\n".repeat(5 * n))),
        ("aliases", |n| repeated(n / 2, |i| format!("- &a{i} x\n- *a{i}\n"))),
        ("plain lines", |n| format!("a: x\n{}", "  é\n".repeat(5 * n))),
        ("block scalars", |n| repeated(n / 2, |i| format!("k{i}: |\n  é\n\n"))),
        ("one block scalar", |n| format!("a: |\n{}", "  é\n".repeat(5 * n))),
        ("quotes", |n| format!("a: \"x\n{}  z\"\n", "  é\n".repeat(5 * n))),
        ("services", |n| repeated(n / 8, |i| format!("s{i}:\n  image: x\n  tmpfs:\n  - /tmp # é\n  ports: [\"1:2\"]\n"))),
        ("merges", |n| format!("m: &m {{a: 1, b: 2}}\n{}", repeated(n / 4, |i| format!("k{i}: {{<<: *m, c: 3}}\n")))),
        ("tabs", |n| repeated(n, |i| format!("k{i}:\t'é'\t# c\n"))),
        ("tags and anchors", |n| repeated(n / 2, |i| format!("k{i}: &a{i} !!str # é\n  v\n"))),
    ];
    for (name, make) in makes {
        let (small, large) = (make(8_000), make(16_000));
        let time = |text: &str| {
            let start = now();
            assert!(outcome(text).is_ok(), "{name}");
            now().saturating_sub(start)
        };
        let ratio = || {
            let (mut smalls, mut larges) = (Duration::ZERO, Duration::ZERO);
            while smalls < Duration::from_millis(100) {
                smalls += time(&small);
                larges += time(&large);
            }
            larges.as_secs_f64() / smalls.as_secs_f64()
        };
        // Other programs take the caches away, so the least of a few counts.
        let ratio = ratio().min(ratio()).min(ratio());
        assert!(ratio < 3.0, "{name}: twice the file takes {ratio:.1} times as long");
    }
}
