//! Mutated files: whatever the bytes, parsing gives an error or a tree with exact spans. The same mutations on every run.

use crate::spans::{misread, parse, verify};
use std::panic::catch_unwind;

/// Cases per run unless `ROFS_FUZZ_CASES` says otherwise.
const CASES: u64 = 20_000;
/// One case in so many also reads each scalar's slice alone.
const SLICES_EVERY: u64 = 8;

/// What is mutated: together they have every kind of node, style, property and indicator.
const INPUTS: [&str; 20] = [
    "services:\n  web:\n    image: node:22\n    read_only: true\n    tmpfs: [/tmp, /run:size=64m]\n",
    "# head\nservices: # s\n\n  a: {image: x, ports: [\"80:80\"]} # tail\n\n# end\nvolumes: {v}\n",
    "x-a: &a\n  image: x\n  tmpfs:\n  - /tmp # t\nservices:\n  b:\n    <<: *a\n  c:\n    <<: [*a, {init: true}]\n",
    "a: |\n  text\n   more\n\n  # not a comment\nb: >-\n  folded\n  text\n\n\nc: |+\n  keep\n\n# c\nd: |2\n    indent\n",
    "a: \"double \\\"x\\\" \\u00e9 \\\\\n  second\n\n  third\"\nb: 'single ''x''\n  second'\nc: plain\n  second\n\n  third\n",
    "- a\n- - b\n  - c: d\n    e:\n    - f\n-\n  g: [h, i: j, {k: l}]\n",
    "%TAG !e! tag:e.com,2000:\n---\na: !e!t b\nc: !!str 1\nd: !reset []\ne: !<tag:x> f\n...\n---\ng: h\n",
    "? explicit\n: value\n? &k key\n: &v !!map\n  a: *k\n? |\n  block\n: - x\n",
    "\u{feff}a: 1\r\nb:\r\n  - c\r\n  - |\r\n    d\r\ne: \"f\r\n  g\"\r\n",
    "{\"services\": {\"a\": {\"image\": \"x\", \"tmpfs\": [\"/tmp\"], \"n\": null, \"b\": true}}}",
    "key: [\n  a,\n  b,\n]\nother: {\n  c: d,\n}\nquoted: \"x\ny\"\n",
    "é: ü # ö\n日本: [語, '文字', \"\\x41\"]\nl: |\n  ééé\n  日\nz: 🎈\n",
    "a:\nb: ~\nc: \"\"\nd: ''\ne: []\nf: {}\ng: &x\nh: !!null\ni: *x\n",
    "a: b:c\nd: -e\n? f\n: :g\nh: ?i\n? j\n",
    "a:\n    b:\n        c: 1\n    d: 2\ne: 3",
    "a: !!int 012\nb: 0777\nc: 2001-01-01\nd: 1_000\ne: .inf\n",
    "[a, [b, [c, {d: [e]}]], 'f', \"g\", k: , ? h]",
    "---\n# c\n--- # d\na: 1\n...\n# e\n",
    "a: >\n\n  x\n\n   y\n\n  z\n\nb:\t'c'\t# d\ne: |-\n\n\n",
    "command: [\"sh\", \"-c\", \"echo $$X; exec \\\"$@\\\"\"]\nlabels:\n  - \"a=b # c\"\n  - x.y/z=`w`\n",
];

/// Put into the text.
const PIECES: [&str; 44] = [
    ": ", ":", "- ", "-", "? ", "?", ", ", ",", "[", "]", "{", "}", "\"", "'", "&a ", "*a", "&", "*", "!", "!!str ", "!t ", "|", "|\n",
    ">-\n", "|+\n", "|2\n", "#", " # c", "%", "---\n", "...\n", "\n", "\r\n", "\r", "\n  ", "\n    ", " ", "  ", "\t", "<<: *a\n", "\\",
    "é", "a", "\\\n",
];

/// Numbers that look random and are the same on every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `bound` (splitmix64).
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A range of at most `length` bytes in `bytes`.
    fn range(&mut self, bytes: &[u8], length: usize) -> std::ops::Range<usize> {
        let start = self.below(bytes.len() + 1);
        start..(start + self.below(length + 1)).min(bytes.len())
    }
}

fn mutated(random: &mut Random) -> Vec<u8> {
    let mut bytes = random.pick(&INPUTS).as_bytes().to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() + 1);
        match random.below(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(7),
            1 => drop(bytes.drain(random.range(&bytes, 4))),
            2 => drop(bytes.drain(random.range(&bytes, 40))),
            3 => {
                let copy = bytes[random.range(&bytes, 30)].to_vec();
                drop(bytes.splice(at..at, copy));
            }
            4 => {
                let other = random.pick(&INPUTS).as_bytes();
                let part = other[random.range(other, 60)].to_vec();
                drop(bytes.splice(at..at, part));
            }
            _ => drop(bytes.splice(at..at, random.pick(&PIECES).bytes())),
        }
    }
    bytes
}

/// What is wrong with the reading of `text`, if something is. `None` within for a refusal.
fn problem(text: &str, with_slices: bool) -> Result<Option<String>, ()> {
    let stream = parse(text).map_err(drop)?;
    let misread = if with_slices { misread(&stream) } else { Vec::new() };
    let misread = misread.first().map(|s| format!("{s:?} reads otherwise alone"));
    Ok(verify(&stream).err().or(misread))
}

#[test]
fn mutated_files_are_refused_or_have_exact_spans() {
    let cases = std::env::var("ROFS_FUZZ_CASES").map_or(CASES, |n| n.parse().expect("ROFS_FUZZ_CASES is a number"));
    let seed = std::env::var("ROFS_FUZZ_SEED").map_or(1, |n| n.parse().expect("ROFS_FUZZ_SEED is a number"));
    let mut random = Random(seed);
    let (mut read, mut wrong) = (0, Vec::new());
    for case in 0..cases {
        let Ok(text) = String::from_utf8(mutated(&mut random)) else { continue };
        match catch_unwind(|| problem(&text, case % SLICES_EVERY == 0)) {
            Ok(Err(())) => {}
            Ok(Ok(None)) => read += 1,
            Ok(Ok(Some(problem))) => wrong.push(format!("{text:?}: {problem}")),
            Err(_) => wrong.push(format!("{text:?}: panic")),
        }
        if wrong.len() > 20 {
            break;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    eprintln!("{read} of {cases} mutated files were read");
    assert!(read > cases / 10, "only {read} of {cases} mutated files were read");
}
#[test]
fn inputs_are_read() {
    for input in INPUTS {
        assert_eq!(parse(input).and_then(|stream| verify(&stream)), Ok(()), "{input}");
    }
}
