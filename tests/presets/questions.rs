//! The page of questions that people asked in public, held to what `presets show` answers now.

use crate::support::Folder;
use std::collections::BTreeMap;

const PAGE: &str = include_str!("../../snapshots/catalogue/questions.md");

/// What is between backticks and begins with a slash.
fn paths(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2).filter(|word| word.starts_with('/'))
}

#[test]
fn what_is_said_of_answers_to_questions_is_what_they_say() {
    let rows: Vec<Vec<&str>> = PAGE
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches(['|', ' ']).split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect())
        .collect();
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        let [image, _, found, says, verdict] = row[..] else { panic!("{row:?}") };
        let answer = Folder::new(&[]).run(&["presets", "show", image.trim_matches('`')]).exits(0).out;
        let says = says.split_once(" Now ").map_or(says, |(_, now)| now);
        let of_the_thread = paths(found).filter(|_| ["agrees", "mended"].contains(&verdict));
        for path in of_the_thread.chain(paths(says)) {
            assert!(answer.contains(path), "{image}: {path} is not in\n{answer}");
        }
        *verdicts.entry(verdict).or_default() += 1;
    }
    let of = |verdict: &str| verdicts.get(verdict).copied().unwrap_or_default();
    let (agree, not, mended, added) = (of("agrees"), of("agrees that it does not run"), of("mended"), of("added"));
    assert_eq!(agree + not + mended + added, rows.len(), "{verdicts:?}");
    let sum =
        format!("{agree} agree, {not} agrees that it does not run, {mended} lacked something and are mended, {added} lacked the image");
    assert!(PAGE.contains(&sum), "{sum}");
}
