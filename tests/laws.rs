//! The laws over many files: public Compose files, and generated ones.
//!
//! The public files are not part of the project. They are read from `../shared/corpus` when they are there.

use crate::oracle::{Compose, apply, difference, normal, skipped};
use crate::pipe::{Hardened, harden, plan, selection, text_file};
use rofs_harden::text::FileId;
use rofs_harden::yaml::Stream;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn corpus() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let mut found = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "yml" || e == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    if found.is_empty() {
        skipped("no corpus beside the project", "ROFS_REQUIRE_CORPUS");
    }
    found
}

fn name(path: &Path) -> String {
    path.to_string_lossy().split("corpus/").last().unwrap_or_default().to_owned()
}

/// Hardens with whatever preset matches, and `generic` for the rest.
fn harden_all(text: &[u8]) -> Result<Hardened, String> {
    harden(text, &selection(&["auto", "generic"], &[]))
}

#[test]
fn parsing_and_doing_nothing_is_the_identity() {
    for path in corpus() {
        let bytes = fs::read(&path).expect("readable");
        let file = text_file(&bytes).expect("text");
        if let Ok(stream) = Stream::parse(&file, FileId(0)) {
            assert_eq!(stream.text().text().as_bytes(), bytes, "{}", name(&path));
            let skip_all = rofs_harden::evidence::Selection::default();
            if let Ok(hardened) = harden(&bytes, &skip_all) {
                assert_eq!(hardened.after.as_bytes(), bytes, "{}", name(&path));
            }
        }
    }
}

#[test]
fn every_public_file_is_hardened_by_the_laws_or_refused_with_a_reason() {
    let files = corpus();
    if files.is_empty() {
        return;
    }
    let (mut services, mut hardened, mut refused_services) = (0, 0, 0);
    let mut by_reason: BTreeMap<String, usize> = BTreeMap::new();
    let mut refused_files: Vec<String> = Vec::new();
    for path in &files {
        let bytes = fs::read(path).expect("readable");
        let first = match harden_all(&bytes) {
            Ok(first) => first,
            Err(why) => {
                assert!(!why.contains("internal error"), "{}: {why}", name(path));
                refused_files.push(format!("{}: {why}", name(path)));
                continue;
            }
        };
        services += first.services;
        hardened += first.fixes.len();
        let mut refused: BTreeMap<&str, &str> = first.refused.iter().map(|(s, _)| (s.as_str(), "shared-definition")).collect();
        for finding in first.findings.iter().filter(|f| f.fix.is_none() && !first.fixes.iter().any(|x| x.service == f.service)) {
            refused.insert(&finding.service, finding.rule.id());
        }
        refused_services += refused.len();
        for rule in refused.values() {
            *by_reason.entry((*rule).to_owned()).or_default() += 1;
        }
        let second = harden_all(first.after.as_bytes()).expect("the result hardens");
        assert_eq!((&second.after, second.fixes.len()), (&first.after, 0), "{}: a second run plans nothing", name(path));
    }
    let mut report = format!("{} files, {services} services: {hardened} changed, {refused_services} refused\n\n", files.len());
    for (rule, count) in &by_reason {
        report += &format!("{count:>4}  {rule}\n");
    }
    report += "\nfiles refused as a whole\n";
    for line in &refused_files {
        report += &format!("  {line}\n");
    }
    golden("corpus/refusals.txt", &report);
}

/// Compares with a file below `snapshots/`; `ROFS_UPDATE=1` writes it instead.
fn golden(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(path);
    if std::env::var_os("ROFS_UPDATE").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(&path, text).expect("written");
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "{} (ROFS_UPDATE=1 accepts the new text)", path.display());
}

#[test]
fn compose_sees_exactly_the_plan_in_every_public_file() {
    let (files, Some(compose)) = (corpus(), Compose::find()) else { return };
    let next = std::sync::atomic::AtomicUsize::new(0);
    let checked = std::sync::atomic::AtomicUsize::new(0);
    let one = |path: &Path| {
        let text = fs::read_to_string(path).expect("readable");
        let scratch = compose.scratch();
        let Ok(hardened) = harden_all(text.as_bytes()) else {
            let verdict = scratch.effective(&text);
            assert!(verdict.is_err(), "{}: refused, but Compose loads it", name(path));
            return;
        };
        // What Compose cannot load alone (missing variables, bases, included files) shows nothing.
        let Ok(before) = scratch.effective(&text) else { return };
        if hardened.fixes.is_empty() {
            assert_eq!(hardened.after, text, "{}", name(path));
            return;
        }
        let after = scratch.effective(&hardened.after).unwrap_or_else(|e| panic!("{}: {e}", name(path)));
        assert_eq!(difference(&apply(&plan(&hardened.fixes), before), &normal(after)), "", "{}", name(path));
        checked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    one(path);
                }
            });
        }
    });
    let checked = checked.into_inner();
    eprintln!("Compose agreed on {checked} of {} files", files.len());
    assert!(files.is_empty() || checked > 100, "only {checked} files were checked");
}
