//! Words that must not come back into what people read: `docs/style.md` lists them.

use super::page;
use std::fs;
use std::path::{Path, PathBuf};

/// Where what people read is.
const READ: [&str; 8] =
    ["README.md", "docs", "snapshots/help", "snapshots/terminal", "snapshots/cli", "snapshots/errors", "snapshots/trees", "snapshots/pr"];

/// The words of the page's last table, and what to write instead.
fn never() -> Vec<(String, String)> {
    let page = page("style.md");
    let (_, table) = page.split_once("\n## Never\n").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    rows.skip(1).map(|(word, instead)| (word.to_lowercase(), instead.to_owned())).collect()
}

/// The files at a path and below it.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| files(&path)).collect()
}

/// Whether a text has these words, as words: upper and lower case are the same, and so are blanks and line breaks.
fn has(text: &str, words: &str) -> bool {
    let is_end = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '/' && c != '_');
    text.match_indices(words).any(|(at, _)| is_end(text[..at].chars().next_back()) && is_end(text[at + words.len()..].chars().next()))
}

#[test]
fn odd_words_do_not_come_back() {
    let never = never();
    assert!(never.len() > 10 && never.iter().any(|(word, _)| word == "mend"), "{never:?}");
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for path in READ.iter().flat_map(|name| files(&top.join(name))).filter(|path| !path.ends_with("docs/style.md")) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let text = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
        let here = never.iter().filter(|(word, _)| has(&text, word));
        found.extend(here.map(|(word, instead)| format!("{}: `{word}`; write: {instead}", path.strip_prefix(top).unwrap().display())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(has("it mends.", "mends") && !has("amends", "mends") && !has("the/mend", "mend"));
}
