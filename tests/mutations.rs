//! Mutated files through the whole pipe: an answer or a refusal, never a panic, never a broken law.

use crate::corpus::corpus;
use crate::pipe::{harden, selection};
use std::fs;
use std::path::Path;

/// A small generator: the same cases on every run and machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

/// Pieces that change the structure of a file.
const PIECES: [&str; 36] = [
    "\n",
    "\r\n",
    "  ",
    "\t",
    ": ",
    ":",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "#",
    " #",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!reset ",
    "|\n",
    ">-\n",
    "'",
    "\"",
    "\\",
    "? ",
    "---\n",
    "...\n",
    "~",
    "${X}",
    "/data",
    "tmpfs: [/run]\n",
    "volumes:\n",
    "read_only: no\n",
    "\u{feff}",
    "é",
    "services:\n",
];

fn mutate(random: &mut Random, text: &str, other: &str) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    for _ in 0..=random.below(3) {
        let at = random.below(lines.len());
        match random.below(7) {
            0 => drop((!lines.is_empty()).then(|| lines.remove(at))),
            1 => lines.extend(lines.get(at).cloned()),
            2 => lines.insert(at.min(lines.len()), PIECES[random.below(PIECES.len())].to_owned()),
            3 => {
                let from: Vec<&str> = other.split_inclusive('\n').collect();
                let line = from.get(random.below(from.len())).copied().unwrap_or_default();
                lines.insert(at.min(lines.len()), line.to_owned());
            }
            4 if !lines.is_empty() => {
                let to = random.below(lines.len());
                lines.swap(at, to);
            }
            _ => {
                if let Some(line) = lines.get_mut(at) {
                    let mut place = random.below(line.len() + 1);
                    while !line.is_char_boundary(place) {
                        place -= 1;
                    }
                    if random.below(3) == 0 && place < line.len() {
                        line.remove(place);
                    } else {
                        line.insert_str(place, PIECES[random.below(PIECES.len())]);
                    }
                }
            }
        }
    }
    lines.concat()
}

#[test]
fn mutated_files_are_answered_or_refused() {
    let own = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")).expect("there");
    let mut paths: Vec<_> = own.map(|e| e.expect("readable").path().join("in/compose.yaml")).collect();
    paths.sort();
    paths.extend(corpus());
    let texts: Vec<String> = paths.iter().filter_map(|p| fs::read_to_string(p).ok()).collect();
    let cases = std::env::var("ROFS_FUZZ_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    // Others than the usual ones with another seed.
    let seed: u64 = std::env::var("ROFS_FUZZ_SEED").map_or(0, |n| n.parse().expect("ROFS_FUZZ_SEED is a number"));
    let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ seed.wrapping_mul(0x2545_F491_4F6C_DD1D));
    let selection = selection(&["auto", "generic"], &[]);
    let (mut answered, mut failures) = (0, Vec::new());
    for _ in 0..cases {
        // Small files more often: their mutations hit the parts that matter.
        let pick = random.below(texts.len() * 2);
        let text = &texts[if pick >= texts.len() { random.below(27.min(texts.len())) } else { pick }];
        let other = &texts[random.below(texts.len())];
        let mutated = mutate(&mut random, text, other);
        let why = match harden(mutated.as_bytes(), &selection) {
            Ok(first) => {
                answered += 1;
                match harden(first.after.as_bytes(), &selection) {
                    Ok(second) if second.fixes.is_empty() => continue,
                    Ok(_) => "a second run plans again".to_owned(),
                    Err(why) => format!("the result: {why}"),
                }
            }
            Err(why) if why.contains("internal error") => why,
            Err(_) => continue,
        };
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mutation-{}.yaml", failures.len()));
        fs::write(&kept, mutated).expect("written");
        failures.push(format!("{}: {why}", kept.display()));
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures[..failures.len().min(20)].join("\n"));
    assert!(answered * 10 > cases, "only {answered} of {cases} were answered");
}
