//! Who may know whom, and the other promises of `src/lib.rs` that a machine can see.

use std::fs;
use std::path::{Path, PathBuf};

/// Core modules in reading order: each may use those before it.
const CORE: [&str; 7] = ["text", "error", "yaml", "compose", "evidence", "audit", "rewrite"];
/// Longest source file, in lines.
const MAX_LINES: usize = 450;
/// What the core must not name.
const EFFECTS: [&str; 10] =
    ["std::fs", "std::process", "std::env", "std::net", "std::time", "std::io", "println!", "eprintln!", "print!(", "eprint!("];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![root().join(folder)];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).expect("text");
                found.push((path.strip_prefix(root()).expect("below the root").to_owned(), text));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}

/// The first module below `src` that a file belongs to.
fn module_of(path: &Path) -> String {
    let part = path.components().nth(1).expect("below src").as_os_str().to_string_lossy().into_owned();
    part.trim_end_matches(".rs").to_owned()
}

/// The code of a file: without comments and without its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or(text);
    text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Modules of this crate that a text names.
fn named_modules(code: &str) -> Vec<String> {
    let starts = code.match_indices("crate::").map(|(i, m)| i + m.len());
    starts.map(|i| code[i..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
}

/// What a module may name; `None` means anything.
fn allowed(module: &str) -> Option<Vec<&'static str>> {
    match module {
        "edge" => Some(vec!["text", "error", "edge"]),
        "cli" | "main" | "lib" => None,
        core => {
            let position = CORE.iter().position(|m| *m == core).unwrap_or_else(|| panic!("the module {core} has no place in the order"));
            Some(CORE[..=position].to_vec())
        }
    }
}

fn violations(module: &str, code: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(allowed) = allowed(module) {
        found.extend(named_modules(code).into_iter().filter(|m| !allowed.contains(&m.as_str())).map(|m| format!("names {m}")));
    }
    if CORE.contains(&module) {
        found.extend(EFFECTS.iter().filter(|e| code.contains(**e)).map(|e| format!("has the effect {e}")));
    }
    found
}

#[test]
fn every_module_uses_only_what_it_may() {
    for (path, text) in rust_files("src") {
        let found = violations(&module_of(&path), &code(&text));
        assert!(found.is_empty(), "{}: {found:?}", path.display());
    }
}

#[test]
fn the_checker_sees_what_it_must() {
    assert_eq!(violations("yaml", "use crate::compose::Project;"), ["names compose"]);
    assert_eq!(violations("edge", "use crate::{}; crate::audit::x()"), ["names ", "names audit"]);
    assert_eq!(violations("audit", "std::fs::read(x)"), ["has the effect std::fs"]);
    assert!(violations("rewrite", "use crate::audit::Fix; use crate::text::Span;").is_empty());
    assert_eq!(code("a\n// crate::x\n#[cfg(test)]\ncrate::y"), "a");
}

#[test]
fn one_module_alone_knows_the_yaml_library() {
    for (path, text) in rust_files("src") {
        let knows = code(&text).contains("yaml_rust2");
        assert!(!knows || path.starts_with("src/yaml/parse"), "{}", path.display());
    }
}

#[test]
fn files_stay_short() {
    for (path, text) in rust_files("src").into_iter().chain(rust_files("tests")).chain(rust_files("benches")) {
        let lines = text.lines().count();
        assert!(lines <= MAX_LINES, "{}: {lines} lines", path.display());
    }
}

#[test]
fn nothing_is_left_open() {
    for (path, text) in rust_files("src").into_iter().chain(rust_files("tests")) {
        for mark in [concat!("to", "do!("), concat!("unimplemented", "!("), concat!("FIX", "ME"), concat!("#[ig", "nore")] {
            assert!(!text.contains(mark), "{}: {mark}", path.display());
        }
    }
}

#[test]
fn every_test_file_is_part_of_the_one_binary() {
    let main = fs::read_to_string(root().join("tests/main.rs")).expect("text");
    for entry in fs::read_dir(root().join("tests")).expect("a folder") {
        let path = entry.expect("readable").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if path.extension().is_some_and(|e| e == "rs") && name != "main" {
            assert!(main.contains(&format!("mod {name};")), "{name} is not declared in tests/main.rs");
        }
    }
}

#[test]
fn every_dependency_says_why_it_is_there() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("text");
    let mut section = "";
    let mut seen = 0;
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section.ends_with("dependencies]") && line.contains('=') {
            assert!(line.contains(" # "), "{line}");
            seen += 1;
        }
    }
    assert!(seen > 10);
}
