//! Who may know whom, and the other promises of `src/lib.rs` that a machine can see. A check is a function from text to what is wrong
//! with it, so that each can be shown to fail.

use std::fs;
use std::path::{Path, PathBuf};

/// Core modules in reading order: each may use those before it.
const CORE: [&str; 12] =
    ["text", "remedy", "error", "yaml", "compose", "evidence", "audit", "rewrite", "plan", "report", "trial", "propose"];
/// What the folder of effects may use: `trial` for the plain data that the engine answers with, `propose` for that of
/// forges and for what it decides.
const EDGE: [&str; 6] = ["text", "remedy", "error", "trial", "propose", "edge"];
/// What it may use beside: what a source of files is, and nothing else of plans.
const SOURCE: &str = "crate::plan::source";
/// Modules of the standard library with effects. Clocks and the standard streams are banned in `clippy.toml`; the rest of `time` and `io`
/// has none.
const EFFECTS: [&str; 6] = ["env", "fs", "net", "os", "process", "thread"];
/// Macros with effects.
const PRINTERS: [&str; 5] = ["print!", "println!", "eprint!", "eprintln!", "dbg!"];
/// Longest source file, in lines.
const MAX_LINES: usize = 450;

#[test]
fn a_module_names_only_what_it_may() {
    for (path, text) in rust_files(&["src"]) {
        if path.file_name().is_some_and(|name| name != "tests.rs") {
            assert_eq!(forbidden_names(&path, &text), [""; 0], "{}", path.display());
        }
    }
}

#[test]
fn one_module_alone_names_the_yaml_library() {
    for (path, text) in rust_files(&["src"]) {
        assert!(!names_the_yaml_library(&path, &text), "{}", path.display());
    }
}

#[test]
fn files_are_short() {
    for (path, text) in rust_files(&["src", "tests", "benches"]) {
        assert!(!is_long(&text), "{}: {} lines", path.display(), text.lines().count());
    }
}

#[test]
fn nothing_is_left_open() {
    for (path, text) in rust_files(&["src", "tests", "benches"]) {
        assert_eq!(open_ends(&text), [""; 0], "{}", path.display());
    }
}

#[test]
fn every_test_file_is_part_of_the_one_binary() {
    let files = rust_files(&["tests"]).into_iter().filter(|(path, _)| path.components().count() == 2);
    let names: Vec<String> = files.map(|(path, _)| module_of(&path)).collect();
    assert_eq!(undeclared(&names, &read("tests/main.rs")), [""; 0]);
}

#[test]
fn every_dependency_says_why_it_is_there() {
    assert_eq!(unexplained(&read("Cargo.toml")), [""; 0]);
}

/// Folders of the core that say nothing of how a front end is used.
const SPEECHLESS: [&str; 10] = ["remedy.rs", "audit", "evidence", "rewrite", "plan", "propose", "report", "trial", "yaml", "compose"];
/// Options of other programs, which the core reads in commands or tells people to use. Each with its program.
const OPTIONS_OF_OTHERS: [(&str, &str); 46] = [
    ("--read-only", "docker run"),
    ("--tmpfs", "docker run"),
    ("--volume", "docker run"),
    ("--user", "programs that change their user"),
    ("--setuid", "the same"),
    ("--uid", "the same"),
    ("--mode", "install, mkdir"),
    ("--in-place", "sed"),
    ("--expression", "sed"),
    ("--file", "sed"),
    ("--output-document", "wget"),
    ("--output", "curl"),
    ("--directory", "tar"),
    ("--owner", "tar, install"),
    ("--spider", "wget"),
    ("--no-check-certificate", "wget"),
    ("--port", "programs that listen"),
    ("--gid", "useradd, groupadd"),
    ("--ingroup", "adduser"),
    ("--group", "adduser"),
    ("--home", "adduser"),
    ("--home-dir", "useradd"),
    ("--shell", "useradd"),
    ("--comment", "useradd"),
    ("--gecos", "adduser"),
    ("--append", "tar"),
    ("--command", "su"),
    ("--cookie-jar", "curl"),
    ("--create", "tar"),
    ("--date", "touch"),
    ("--directory-prefix", "wget"),
    ("--dump-header", "curl"),
    ("--eval", "node"),
    ("--extract", "tar"),
    ("--get", "tar"),
    ("--help", "yarn"),
    ("--output-dir", "curl"),
    ("--reference", "touch, chmod"),
    ("--remote-name", "curl"),
    ("--size", "truncate"),
    ("--suffix", "cp, mv"),
    ("--target-directory", "cp, mv, install"),
    ("--tmpdir", "mktemp"),
    ("--to-stdout", "tar"),
    ("--update", "tar"),
    ("--version", "yarn"),
];

#[test]
fn the_core_says_no_option_of_the_command_line() {
    let mut others = Vec::new();
    for (path, text) in rust_files(&["src"]) {
        let is_core = SPEECHLESS.iter().any(|name| path.starts_with(Path::new("src").join(name)));
        let is_test = path.iter().any(|part| part == "tests" || part == "tests.rs");
        if is_core && !is_test {
            let (known, own): (Vec<String>, Vec<String>) = options(&text).into_iter().partition(|o| is_of_others(o));
            assert_eq!(own, [""; 0], "{}", path.display());
            others.extend(known);
        }
    }
    let unused = OPTIONS_OF_OTHERS.iter().filter(|(other, _)| !others.iter().any(|option| option == other));
    assert_eq!(unused.count(), 0, "an option that nothing names any more");
}

#[test]
fn only_the_command_line_speaks_of_its_use() {
    for (path, text) in rust_files(&["src"]) {
        let may = ["src/cli", "src/error.rs", "src/main.rs"].iter().any(|own| path.starts_with(own));
        assert!(may || starts(&code(&text), "Error::Usage").is_empty(), "{}", path.display());
    }
}

/// Options of a command line in the code of a file.
fn options(text: &str) -> Vec<String> {
    let code = code(text);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("--").filter(|(at, _)| !code[..*at].ends_with(['-', '!'])) {
        let rest = &code[at + 2..];
        if rest.starts_with(|c: char| c.is_ascii_lowercase()) {
            let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c == '-')).unwrap_or(rest.len());
            found.push(format!("--{}", &rest[..end]));
        }
    }
    found
}

/// Whether an option is that of another program.
fn is_of_others(option: &str) -> bool {
    OPTIONS_OF_OTHERS.iter().any(|(other, _)| option == *other)
}

/// What a source file names and must not.
fn forbidden_names(path: &Path, text: &str) -> Vec<String> {
    let module = module_of(path);
    let allowed = match CORE.iter().position(|m| *m == module) {
        Some(place) => &CORE[..=place],
        None if module == "edge" => &EDGE,
        None if ["cli", "server", "lib", "main"].contains(&module.as_str()) => return Vec::new(),
        None => return vec![format!("{module} itself, which has no place in the order")],
    };
    let mut code = code(text);
    if module == "edge" {
        code = code.replace(SOURCE, "crate::edge");
    }
    let mut found = heads(&code, "crate::");
    found.extend(heads(&code, &"super::".repeat(depth(path))));
    found.retain(|name| !allowed.contains(&name.as_str()));
    if module != "edge" {
        found.extend(heads(&code, "std::").into_iter().filter(|name| EFFECTS.contains(&name.as_str())).map(|name| format!("std::{name}")));
        found.extend(PRINTERS.iter().filter(|p| !starts(&code, p).is_empty()).map(ToString::to_string));
    }
    found
}

/// Whether a source file that is no part of the parser names the library below it.
fn names_the_yaml_library(path: &Path, text: &str) -> bool {
    !path.starts_with("src/yaml/parse") && !starts(&code(text), "yaml_rust2").is_empty()
}

/// Whether a file has more lines than a person reads at once.
fn is_long(text: &str) -> bool {
    text.lines().count() > MAX_LINES
}

/// Marks of work that was put off, and of tests that do not run.
fn open_ends(text: &str) -> Vec<&'static str> {
    // Joined here, so that this file has none of them.
    const MARKS: [&str; 5] =
        [concat!("to", "do!"), concat!("unimplemented", "!"), concat!("TO", "DO"), concat!("FIX", "ME"), concat!("#[ig", "nore")];
    MARKS.into_iter().filter(|mark| text.contains(mark)).collect()
}

/// Test modules that the main file does not declare and that so never run.
fn undeclared(names: &[String], main: &str) -> Vec<String> {
    names.iter().filter(|name| *name != "main" && !main.lines().any(|line| line == format!("mod {name};"))).cloned().collect()
}

/// Dependencies without a reason in a comment on their line.
fn unexplained(manifest: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_dependencies = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_dependencies = line.ends_with("dependencies]");
            if line.contains("dependencies.") {
                found.push(line.to_owned());
            }
        } else if in_dependencies && line.contains('=') && line.split_once(" # ").is_none_or(|(_, reason)| reason.trim().is_empty()) {
            found.push(line.to_owned());
        }
    }
    found
}

/// A text's lines without comments and without items that only tests see. Those end where an item of their indentation does, which
/// `cargo fmt` makes reliable.
fn code(text: &str) -> String {
    let mut kept = String::new();
    let mut hidden: Option<usize> = None;
    for line in text.lines() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        if let Some(outer) = hidden {
            let ends = !code.starts_with("#[") && (code.starts_with('}') || code.ends_with([';', ',', '}']));
            if indent == outer && ends {
                hidden = None;
            }
        } else if code.starts_with("#[cfg(test)]") {
            hidden = Some(indent);
        } else if !code.starts_with("//") {
            kept += code.split(" // ").next().unwrap_or(code);
            kept.push('\n');
        }
    }
    kept
}

/// Where a name starts: not within a longer one, and not after another part of a path.
fn starts(code: &str, name: &str) -> Vec<usize> {
    let is_own = |at: usize| {
        let before = &code[..at];
        !before.strip_suffix("::").unwrap_or(before).ends_with(|c: char| c.is_alphanumeric() || c == '_')
    };
    code.match_indices(name).map(|(at, _)| at).filter(|at| is_own(*at)).collect()
}

/// The parts right after `prefix` in all paths of a text, also of grouped ones: `crate::{a::b, c}` has a and c.
fn heads(code: &str, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    for at in starts(code, prefix) {
        let rest = &code[at + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.push(word(rest));
            continue;
        };
        let (mut level, mut expected) = (0, true);
        for (i, c) in group.char_indices() {
            match c {
                '{' => level += 1,
                '}' if level == 0 => break,
                '}' => level -= 1,
                ',' if level == 0 => expected = true,
                c if expected && !c.is_whitespace() => {
                    found.push(word(&group[i..]));
                    expected = false;
                }
                _ => {}
            }
        }
    }
    found.retain(|name| name != "super"); // a longer path upwards is looked at by its own prefix
    found
}

/// The name that a text starts with, or the one character that is none (`*`).
fn word(text: &str) -> String {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    text.chars().take(end.max(1)).collect()
}

/// The first module below `src` or `tests` that a file belongs to.
fn module_of(path: &Path) -> String {
    let part = path.components().nth(1).expect("a file below a folder").as_os_str().to_string_lossy().into_owned();
    part.trim_end_matches(".rs").to_owned()
}

/// How many steps up from a file's module the root of the crate is.
fn depth(path: &Path) -> usize {
    path.components().count() - 1 - usize::from(path.ends_with("mod.rs"))
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("text")
}

/// Path and text of every Rust file below some folders, sorted.
pub(crate) fn rust_files(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut waiting: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    let mut found = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push((path.strip_prefix(root).expect("below the root").to_owned(), fs::read_to_string(&path).expect("text")));
            }
        }
    }
    found.sort();
    assert!(found.len() > 5, "only {} files in {folders:?}", found.len());
    found
}

/// The checks see what they must, and only that.
mod can_fail {
    use super::*;

    #[test]
    fn names_to_the_right_and_effects() {
        for (path, text, expected) in [
            ("src/text.rs", "use crate::error::Error;", &["error"][..]),
            ("src/error.rs", "use crate::text::Span;", &[]),
            ("src/error.rs", "use crate::yaml::Node;", &["yaml"]),
            ("src/yaml/mod.rs", "fn f(p: &crate::compose::Project) {}", &["compose"]),
            ("src/audit/mod.rs", "use crate::{evidence::{self, X}, rewrite, text::*};", &["rewrite"]),
            ("src/audit/mod.rs", "pub(in crate::rewrite) fn f() {}", &["rewrite"]),
            ("src/audit/mod.rs", "use crate::*;", &["*"]),
            ("src/audit/mod.rs", "use super::rewrite::Edit;", &["rewrite"]),
            ("src/audit/refuse.rs", "use super::finding::Fix;", &[]),
            ("src/audit/refuse.rs", "use super::super::rewrite::Edit;", &["rewrite"]),
            ("src/rewrite/mod.rs", "use crate::audit::Fix; use crate::rewrite::edit; use rustcrate::cli;", &[]),
            ("src/rewrite/mod.rs", "use crate::edge::disk; use crate::cli::Ui;", &["edge", "cli"]),
            ("src/rewrite/mod.rs", "use std::{collections::BTreeMap, fs};\nlet t = ::std::thread::f();", &["std::fs", "std::thread"]),
            ("src/rewrite/mod.rs", "std::process::exit(1); eprintln!(); my_println!();", &["std::process", "eprintln!"]),
            ("src/edge/disk/mod.rs", "use crate::{error::Error, trial::Container, text}; use std::fs;", &[]),
            ("src/edge/disk/mod.rs", "use crate::audit::Finding;", &["audit"]),
            ("src/edge/disk/source.rs", "use crate::plan::source::{FileSource, Kind};", &[]),
            ("src/edge/disk/source.rs", "use crate::plan::{self, Plan, source::Kind};", &["plan"]),
            ("src/edge/disk/source.rs", "use crate::{plan, text};", &["plan"]),
            ("src/edge/disk/source.rs", "use crate::plan::sources::Kind;", &["edges"]),
            ("src/plan/mod.rs", "use crate::{rewrite::Rewrite, report::data, edge::disk};", &["report", "edge"]),
            ("src/cli/mod.rs", "use crate::audit::Finding; use std::fs; println!();", &[]),
            ("src/helpers.rs", "", &["helpers itself, which has no place in the order"]),
        ] {
            assert_eq!(forbidden_names(Path::new(path), text), expected, "{path}: {text}");
        }
    }

    #[test]
    fn options_of_the_command_line() {
        for (text, expected) in [
            ("let a = \"try --unsafe-fixes, or `--with x`\";", &["--unsafe-fixes", "--with"][..]),
            ("// --with is said by others\nlet a = b--c;", &["--c"]),
            ("\"<!--rofs-harden:v1-->\", \"-- a\", \"sed --in-place\", \"---x\"", &["--in-place"]),
            ("#[cfg(test)]\nmod tests {\n    \"--with\"\n}\n", &[]),
        ] {
            assert_eq!(options(text), expected, "{text}");
        }
    }

    #[test]
    fn comments_and_tests_are_no_code() {
        let text = "a(); // crate::x\n/// crate::x\n#[cfg(test)]\nuse crate::x;\n    b();\n#[cfg(test)]\n#[allow(y)]\nmod tests {\n    c();\n}\nd();\n";
        assert_eq!(code(text), "a();\nb();\nd();\n");
        assert_eq!(code("fn f() {\n    #[cfg(test)]\n    a();\n    b();\n}\n"), "fn f() {\nb();\n}\n");
    }

    #[test]
    fn the_yaml_library_elsewhere() {
        for (path, text, expected) in [
            ("src/yaml/mod.rs", "use yaml_rust2::parser;", true),
            ("src/yaml/mod.rs", "// yaml_rust2 does this", false),
            ("src/yaml/parse/mod.rs", "use yaml_rust2::parser;", false),
        ] {
            assert_eq!(names_the_yaml_library(Path::new(path), text), expected, "{path}: {text}");
        }
    }

    #[test]
    fn long_files() {
        assert!(!is_long(&"\n".repeat(MAX_LINES)));
        assert!(is_long(&"\n".repeat(MAX_LINES + 1)));
    }

    #[test]
    fn work_that_was_put_off() {
        for text in [concat!("to", "do!(\"x\")"), concat!("#[ig", "nore = \"slow\"]"), concat!("// FIX", "ME"), concat!("// TO", "DO: x")] {
            assert_eq!(open_ends(text).len(), 1, "{text}");
        }
        assert_eq!(open_ends("fn ignore() {}"), [""; 0]);
    }

    #[test]
    fn forgotten_test_files() {
        let names = ["main", "disk", "laws"].map(str::to_owned);
        assert_eq!(undeclared(&names, "mod disk;\n// mod laws;\n"), ["laws"]);
    }

    #[test]
    fn dependencies_without_a_reason() {
        let good =
            "[package]\nname = \"x\"\n[dependencies]\na = \"1\" # why\n[target.'cfg(unix)'.dependencies]\nb = { version = \"1\" } # why\n";
        assert_eq!(unexplained(good), [""; 0]);
        for bad in ["[dependencies]\na = \"1\"", "[dev-dependencies]\na = \"1\" # ", "[dependencies.a]"] {
            assert_eq!(unexplained(bad).len(), 1, "{bad}");
        }
    }
}
