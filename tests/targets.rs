//! Any path that an engine could report: it is refused with a reason, or it is in the file as
//! Compose reads it.

use crate::oracle::Compose;
use crate::pipe;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use rofs_harden::compose::{Coverage, Project, Sources};
use rofs_harden::evidence::{Confidence, Reason, Selection, Source, Storage, Target, TmpfsOptions, WritablePath};
use rofs_harden::text::FileId;
use rofs_harden::yaml::Stream;
use serde_json::Value;
use std::sync::Arc;

/// Services in the styles that files have. `N` is the service's number.
const STYLES: [&str; 7] = [
    "  sN:\n    image: example.org/x\n",
    "  sN:\n    image: example.org/x\n    tmpfs: ['/old/t']\n    volumes: [\"old:/old/v\"]\n",
    "  sN:\n    image: example.org/x\n    tmpfs:\n      - '/old/t'\n    volumes:\n      - 'old:/old/v'\n",
    "  sN:\n    image: \"example.org/x\"\n    tmpfs:\n    - \"/old/t\"\n    volumes:\n    - \"old:/old/v\"\n",
    "  sN: {image: example.org/x, tmpfs: [/old/t], volumes: [old:/old/v]}\n",
    "  sN:\n    image: example.org/x\n    tmpfs: /old/t\n    volumes: [{type: volume, source: old, target: /old/v}]\n",
    "  sN: {\"image\": \"example.org/x\", \"tmpfs\": [\"/old/t\"], \"volumes\": [\"old:/old/v\"]}\n",
];

fn file(services: usize) -> String {
    let one = |n: usize| STYLES[n % STYLES.len()].replace("sN", &format!("s{n}"));
    format!("services:\n{}volumes:\n  old:\n", (0..services).map(one).collect::<String>())
}

/// The same with everything that JSON wants in quotes.
fn json_file(services: usize) -> String {
    let one = |n: usize| format!("    \"s{n}\": {{\"image\": \"example.org/x\", \"volumes\": [\"old:/old/v\"]}}");
    let all: Vec<String> = (0..services).map(one).collect();
    format!("{{\n  \"services\": {{\n{}\n  }},\n  \"volumes\": {{\n    \"old\": null\n  }}\n}}\n", all.join(",\n"))
}

fn part() -> impl Strategy<Value = String> {
    let odd = "\t\n\r\0\u{7f}\u{85}\u{a0}\u{ad}\u{200e}\u{2028}\u{2029}\u{202e}\u{feff}\u{fffd}\u{fffe}\u{10ffff}😀é";
    let one = prop_oneof![
        4 => prop::sample::select("${}:,#'\"\\ =%&*!|>@`-?[]~.<()+;^_A0".chars().collect::<Vec<_>>()),
        3 => prop::char::range('a', 'e'),
        1 => prop::sample::select(odd.chars().collect::<Vec<_>>()),
        1 => any::<char>().prop_filter("a part of a path", |c| *c != '/'),
    ];
    prop_oneof![
        12 => prop::collection::vec(one, 1..9).prop_map(|chars| chars.into_iter().collect()),
        1 => prop::sample::select(vec!["${X:-y}", "${X}", "$X", "$$", "..", ".", "", "null", "yes", "1", "0x1", "~", "proc", "dev"]).prop_map(str::to_owned),
    ]
}

/// A path and what it is to be.
fn place() -> impl Strategy<Value = (String, Storage)> {
    let scratch = Storage::Scratch(TmpfsOptions { mode: Some(0o755), ..TmpfsOptions::default() });
    let bare = Storage::Scratch(TmpfsOptions::default());
    (prop::collection::vec(part(), 1..4), prop::sample::select(vec![Storage::State, scratch, bare]))
        .prop_map(|(parts, storage)| (format!("/{}", parts.join("/")), storage))
}

/// A file in which each service can write where it must, and those places; what cannot be mounted
/// is left out.
fn hardened(before: &str, places: &[(String, Storage)]) -> (String, Vec<(String, Target)>) {
    let reason = Arc::new(Reason { source: Source::Run, text: "seen".into(), link: None, confidence: Confidence::Reported });
    let mut selection = Selection { assume: true, auto: true, ..Selection::default() };
    let mut targets = Vec::new();
    for (n, (path, storage)) in places.iter().enumerate() {
        let (service, storage, reason) = (format!("s{n}"), storage.clone(), reason.clone());
        match Target::new(path, &storage) {
            Ok(target) => {
                targets.push((service.clone(), target.clone()));
                let path = WritablePath { service: service.clone(), target, storage, is_declared: false, owner: None, reason };
                selection.paths.insert(service, vec![path]);
            }
            Err(why) => assert!(why.len() > 10, "{path}: {why}"),
        }
    }
    let hardened = pipe::harden(before.as_bytes(), &selection).unwrap_or_else(|why| panic!("{why}: {places:?}"));
    assert!(hardened.refused.is_empty(), "{:?}", hardened.refused);
    (hardened.after, targets)
}

/// What our own reader finds at the targets.
fn expect_read(after: &str, targets: &[(String, Target)]) {
    let text = pipe::text_file(after.as_bytes()).unwrap();
    let sources = Sources::single(Stream::parse(&text, FileId(0)).unwrap());
    let project = Project::read(&sources).unwrap();
    for (service, target) in targets {
        let coverage = project.service(service).unwrap().coverage(target);
        let is_there =
            matches!(coverage, Coverage::Writable(m) if *m.target == **target || m.target.starts_with("/old/") || m.target == "/tmp");
        assert!(is_there, "{target:?} of {service} is {coverage:?} in\n{after}");
    }
    let shown = |c: char| c.is_control() && c != '\n' || "\u{200e}\u{2028}\u{2029}\u{202e}\u{feff}\u{fffe}".contains(c);
    assert!(!after.contains(shown), "what nobody sees is escaped:\n{after}");
}

#[test]
fn every_path_is_refused_or_read_again_as_it_is() {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(200) });
    let places = prop::collection::vec(place(), 1..2 * STYLES.len());
    runner
        .run(&places, |places| {
            for before in [file(places.len()), json_file(places.len())] {
                let (after, targets) = hardened(&before, &places);
                expect_read(&after, &targets);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn every_path_is_refused_or_mounted_by_compose_exactly_there() {
    const SERVICES: usize = 420;
    let Some(compose) = Compose::find() else { return };
    let mut runner = TestRunner::deterministic();
    let places: Vec<(String, Storage)> = (0..SERVICES).map(|_| place().new_tree(&mut runner).unwrap().current()).collect();
    let mut seen = 0;
    for before in [file(SERVICES), json_file(SERVICES)] {
        let (after, targets) = hardened(&before, &places);
        let model = compose.scratch().effective(&after).unwrap();
        for (service, target) in &targets {
            let list = |key: &str| model["services"][service][key].as_array().cloned().unwrap_or_default();
            let tmpfs = list("tmpfs").into_iter().filter_map(|item| Some(item.as_str()?.split(':').next()?.to_owned()));
            let volumes = list("volumes").into_iter().filter_map(|mount| mount["target"].as_str().map(str::to_owned));
            // `config` prints what can be read again, so a `$` is doubled.
            let all: Vec<String> = tmpfs.chain(volumes).map(|path| path.replace("$$", "$")).collect();
            let is_covered = target.starts_with("/old/") || target.starts_with("/tmp");
            assert!(is_covered || all.iter().any(|path| **path == **target), "{target:?}: Compose mounts at {all:?}");
            seen += 1;
        }
    }
    assert!(seen > SERVICES / 2, "most paths are refused, so this showed little: {seen}");
    let volumes: Value = compose.scratch().effective(&hardened(&file(SERVICES), &places).0).unwrap()["volumes"].clone();
    assert!(volumes.as_object().unwrap().len() > SERVICES / 8);
}
