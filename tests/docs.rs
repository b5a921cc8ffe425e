//! The documentation says what the program does: its examples are run, and what can be made from the program's own data is.

use crate::support::{Folder, Run, golden};
use std::fs;
use std::path::{Path, PathBuf};

mod configuration;
mod guide;
mod presets;
mod rules;
mod trust;
mod words;

/// A page below `docs`.
fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap_or_else(|e| panic!("docs/{name}: {e}"))
}

/// Compares a page that the program's data decides, or writes it if `ROFS_UPDATE=1`.
#[track_caller]
fn is_made(name: &str, text: &str) {
    golden(&format!("../docs/{name}"), text);
}

/// The names of the files in a folder of `docs`, sorted.
fn names(folder: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(folder);
    let mut found: Vec<String> = fs::read_dir(path).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    found
}

/// A block of code in a page.
#[derive(Debug)]
struct Block {
    /// The last line of text before it, if no other block is in between.
    label: String,
    /// The word behind the fence; empty for an indented block.
    language: String,
    text: String,
}

/// The blocks of a page: indented by four blanks, or fenced.
fn blocks(page: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut label = String::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let text = lines.by_ref().take_while(|l| *l != "```").map(|l| format!("{l}\n")).collect();
            found.push(Block { label: std::mem::take(&mut label), language: language.to_owned(), text });
        } else if let Some(first) = line.strip_prefix("    ") {
            let mut text = format!("{first}\n");
            while let Some(next) = lines.next_if(|l| l.is_empty() || l.starts_with("    ")) {
                text += next.strip_prefix("    ").unwrap_or_default();
                text.push('\n');
            }
            found.push(Block { label: std::mem::take(&mut label), language: String::new(), text: text.trim_end().to_owned() + "\n" });
        } else if !line.is_empty() {
            line.clone_into(&mut label);
        }
    }
    found
}

/// The file that a label such as ``With `Dockerfile`:`` names.
fn file_of<'l>(label: &'l str, before: &str) -> Option<&'l str> {
    label.strip_prefix(before)?.strip_prefix('`')?.strip_suffix("`:")
}

/// Runs a command line as a shell would: `rofs-harden` with words of which some are quoted.
#[track_caller]
fn run(folder: &Folder, line: &str) -> Run {
    let words = words(line);
    assert_eq!(words.first().map(String::as_str), Some("rofs-harden"), "{line}");
    let run = folder.run(&words[1..].iter().map(String::as_str).collect::<Vec<_>>());
    assert!(matches!(run.code, Some(0 | 1)), "{}", run.text());
    run
}

/// Does what a page says, from top to bottom: blocks below ``In `NAME`:`` become files, commands in `sh` blocks are run, and what stands
/// below a command in a `console` block is what it prints, on standard output and then on standard error. Returns the page with what was
/// printed now.
fn done(page: &str) -> String {
    let folder = Folder::new(&[(".git/HEAD", "")]);
    let mut result = page.to_owned();
    for block in blocks(page) {
        let is_command = |line: &&str| line.starts_with("rofs-harden") && !words(line).contains(&"-i".to_owned());
        if let Some(name) = file_of(&block.label, "In ") {
            folder.put(name, &block.text);
        } else if block.language == "sh" {
            block.text.lines().filter(is_command).for_each(|line| drop(run(&folder, line)));
        } else if block.language == "console" {
            let commands = block.text.lines().filter_map(|line| line.strip_prefix("$ "));
            let printed: Vec<String> = commands
                .map(|command| {
                    let run = run(&folder, command);
                    format!("$ {command}\n{}{}", run.out, run.err)
                })
                .collect();
            result = result.replace(&format!("```console\n{}```", block.text), &format!("```console\n{}```", printed.join("\n")));
        }
    }
    result
}

/// The words of a command line, single quotes taken off, up to a comment.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut is_quoted, mut in_word) = (false, false);
    for c in line.chars() {
        if c == '#' && !in_word {
            break;
        }
        if c == ' ' && !is_quoted {
            in_word = false;
            continue;
        }
        if !in_word {
            words.push(String::new());
            in_word = true;
        }
        match (c, words.last_mut()) {
            ('\'', _) => is_quoted = !is_quoted,
            (c, Some(word)) => word.push(c),
            (_, None) => {}
        }
    }
    words
}

/// Where a link or a picture of a page leads, anchors cut off.
fn links(page: &str) -> Vec<String> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    targets.map(|t| t.split('#').next().unwrap_or_default().to_owned()).filter(|t| !t.is_empty() && !t.contains("://")).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md"].map(PathBuf::from).into();
    let own = fs::read_dir(root.join("docs")).unwrap().map(|e| Path::new("docs").join(e.unwrap().file_name()));
    pages.extend(own.filter(|page| page.extension().is_some_and(|e| e == "md")));
    for folder in ["rules", "presets"] {
        pages.extend(names(folder).iter().map(|name| Path::new("docs").join(folder).join(name)));
    }
    assert!(pages.len() > 90, "{pages:?}");
    for page in pages {
        let text = fs::read_to_string(root.join(&page)).unwrap();
        for link in links(&text) {
            assert!(root.join(&page).parent().unwrap().join(&link).exists(), "{}: {link}", page.display());
        }
    }
}

#[test]
fn words_and_blocks_are_read_as_written() {
    assert_eq!(words("a  --b '!c d' e='f' # g"), ["a", "--b", "!c d", "e=f"]);
    let found = blocks("One:\n\n    a\n\n      b\n\ntwo\n```sh\nc\n```\n");
    let found: Vec<[&str; 3]> = found.iter().map(|b| [&*b.label, &*b.language, &*b.text]).collect();
    assert_eq!(found, [["One:", "", "a\n\n  b\n"], ["two", "sh", "c\n"]]);
    assert_eq!(file_of("With `a/b`:", "With "), Some("a/b"));
    assert_eq!(links("[a](b.md#c) [d](https://e) [f](#g)"), ["b.md"]);
}
