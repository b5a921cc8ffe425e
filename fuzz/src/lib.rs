//! What is tried with bytes that nobody wrote: each function panics where a promise is broken.
//!
//! ```text
//! fuzz/seeds                                  # inputs to begin with, in fuzz/corpus
//! cd fuzz && cargo +nightly fuzz run plan -- -dict=yaml.dict
//! cd fuzz && cargo test                       # the same functions over the seeds' sources, without a fuzzer
//! ```

use rofs_harden::compose::Env;
use rofs_harden::evidence::log::Reader;
use rofs_harden::evidence::{Selection, preset::Preset};
use rofs_harden::plan::source::MapFiles;
use rofs_harden::plan::{Files, Input, Options, Plan, Start};
use rofs_harden::text::{FileId, MAX_FILE_BYTES, TextFile};
use rofs_harden::yaml::{Node, Stream};
use std::sync::{Arc, LazyLock};

/// Everything that can be chosen, so that as much as possible is planned.
static OPTIONS: LazyLock<Options> = LazyLock::new(|| {
    let generic = Preset::embedded("generic").expect("an embedded preset");
    let selection = Selection { auto: true, presets: vec![Arc::new(generic)], assume: true, ..Selection::default() };
    Options { selection, ..Options::default() }
});

/// A YAML file is read with exact places, or refused.
pub fn yaml(data: &[u8]) {
    let Ok(file) = TextFile::new("compose.yaml", data.to_vec(), MAX_FILE_BYTES) else { return };
    let Ok(stream) = Stream::parse(&file, FileId(0)) else { return };
    assert_eq!(stream.text().text().as_bytes(), data);
    stream.roots().fold(0, |at, root| places(root, at, data.len()));
}

/// Every node lies within its parent, behind its elder siblings.
fn places(node: Node<'_>, from: usize, to: usize) -> usize {
    let span = node.span().range();
    assert!(from <= span.start && span.start <= span.end && span.end <= to, "{span:?} in {from}..{to}");
    let mut at = span.start;
    for child in node.children() {
        at = places(child, at, span.end);
    }
    span.end
}

/// A project is planned by the laws or refused with a reason, and what comes out needs nothing more.
pub fn plan(data: &[u8]) {
    let Some(after) = planned(data, &[]) else { return };
    assert_eq!(planned(after.as_bytes(), &[]).as_deref(), Some(after.as_str()), "a second run changes something");
}

/// A Dockerfile of strangers beside a usual project.
pub fn dockerfile(data: &[u8]) {
    planned(b"services:\n  web:\n    build: .\n", &[("Dockerfile", data)]);
}

/// The file after its plan. `None` where it is refused.
fn planned(compose: &[u8], more: &[(&str, &[u8])]) -> Option<String> {
    let map: MapFiles = [("compose.yaml", compose)].into_iter().chain(more.iter().copied()).collect();
    let input = Input { start: Start::Files(vec!["compose.yaml".into()]), ..Input::default() };
    let reported = |error: rofs_harden::error::Error| assert!(!error.to_string().contains("internal error"), "{error}");
    let files = Files::read(&map, &input).map_err(reported).ok()?;
    let mut plan = Plan::found(&files, &OPTIONS).map_err(reported).ok()?;
    plan.accepted = plan.findings.iter().filter_map(|f| f.fix.clone()).collect();
    plan.carry_out().map_err(reported).ok()?;
    let before = std::str::from_utf8(compose).ok()?;
    Some(plan.rewrites.first().map_or(before, |r| r.after().text()).to_owned())
}

/// Variables of a file.
pub fn env(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = Env::new().add_file(text, &Env::new());
}

/// Lines of a log: as many symptoms as lines at most, each with its line.
pub fn log(data: &[u8]) {
    let mut reader = Reader::default();
    let lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    lines.iter().for_each(|line| reader.line(line));
    let (symptoms, _) = reader.finish();
    assert!(symptoms.iter().all(|s| s.line >= 1 && s.line <= lines.len() as u64), "{symptoms:?}");
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    fn files(folder: &str) -> Vec<PathBuf> {
        let mut waiting = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder)];
        let mut found = Vec::new();
        while let Some(path) = waiting.pop() {
            match fs::read_dir(&path) {
                Ok(entries) => waiting.extend(entries.map(|e| e.expect("readable").path())),
                Err(_) => found.push(path),
            }
        }
        assert!(!found.is_empty(), "{folder}");
        found
    }

    #[test]
    fn every_target_takes_every_seed() {
        for path in ["tests/cases", "tests/data", "examples"].iter().flat_map(|folder| files(folder)) {
            let data = fs::read(&path).expect("a file");
            let data = &data[..data.len().min(20_000)];
            [crate::yaml, crate::plan, crate::env, crate::log, crate::dockerfile].iter().for_each(|target| target(data));
        }
    }
}
