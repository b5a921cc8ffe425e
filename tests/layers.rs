//! Generated projects of several files, as Compose and as we read them, and what hardening makes of them.

use crate::oracle::{Compose, apply, difference, normal, unordered};
use crate::pipe::{harden_project, plan, selection, sources, with_all};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rofs_harden::compose::{Project, differences};
use rofs_harden::evidence::Selection;
use rofs_harden::rewrite::Options;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

type Files = BTreeMap<String, String>;

/// Decisions for the writer below; when they run out every answer is 0, the plainest. So a failing project shrinks to a plain one.
struct Choices<'c>(std::slice::Iter<'c, u8>);

impl Choices<'_> {
    fn of(&mut self, number: u8) -> u8 {
        self.0.next().map_or(0, |c| c % number)
    }

    /// True once in `number` times.
    fn one_in(&mut self, number: u8) -> bool {
        self.of(number) == 1
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.of(items.len() as u8) as usize]
    }
}

const NAMES: [&str; 4] = ["web", "api", "base", "cron"];

/// Writes a project: its files, and which of them are its layers.
fn project(choices: &[u8]) -> (Files, Vec<&'static str>) {
    let c = &mut Choices(choices.iter());
    let mut files = Files::new();
    let layers: Vec<&str> = ["compose.yaml", "more.yaml", "last.yaml"][..=usize::from(c.of(3))].to_vec();
    let included = c.one_in(3);
    let extended = c.one_in(2);
    if extended {
        files.insert("common/base.yaml".into(), extended_file(c));
        files.insert("common/deep/root.yaml".into(), "services:\n  root:\n    image: node\n    tmpfs: [/root-tmp]\n".into());
    }
    if included {
        files.insert("db/compose.yaml".into(), included_file(c));
        if c.one_in(3) {
            files.insert("db/.env".into(), "WHERE=/data\n".into());
        }
    }
    if c.one_in(2) {
        files.insert(".env".into(), c.pick(&["WHERE=/srv\n", "WHERE=/data\nHARD=true\n", "HARD=false\nTMP=/tmp\n"]).into());
    }
    for (number, layer) in layers.iter().enumerate() {
        let mut text = String::new();
        if number == 0 && included {
            text += c.pick(&["include:\n  - db/compose.yaml\n", "include: [{path: db/compose.yaml}]\n"]);
        }
        let anchors = c.one_in(3);
        if anchors {
            text += "x-more: &more\n  image: node:22\n  tmpfs:\n    - /run\n  volumes: &list\n    - shared:/srv\n";
        }
        document(c, &mut text, number, anchors, extended, included);
        while c.one_in(4) {
            text += "---\n";
            document(c, &mut text, number + 1, anchors, extended, included);
        }
        files.insert((*layer).to_owned(), text);
    }
    (files, layers)
}

/// One document. Only those after the first of all may leave out an image.
fn document(c: &mut Choices<'_>, text: &mut String, number: usize, anchors: bool, extended: bool, included: bool) {
    text.push_str("services:\n");
    let mut some = false;
    for (i, name) in NAMES.iter().enumerate() {
        if number > 0 && c.one_in(2) {
            continue;
        }
        some = true;
        let from = c.of(4);
        service(c, text, name, number, anchors, extended, NAMES[i + 1..].iter().filter(|_| from == 1 && number == 0).copied().last());
    }
    if included && number > 0 && c.one_in(2) {
        some = true;
        service(c, text, "db", number, anchors, false, None);
    }
    if !some {
        text.push_str("  cron:\n    restart: always\n");
    }
    text.push_str(c.pick(&["", "\n", "volumes:\n  shared:\n", "volumes: {shared: , files: }\n", "volumes:\n  web-data:\n\n"]));
    text.push_str(c.pick(&["volumes-end: x\n", ""]).strip_prefix("volumes-end").map_or("", |_| ""));
}

fn service(c: &mut Choices<'_>, text: &mut String, name: &str, number: usize, anchors: bool, extended: bool, base: Option<&str>) {
    let first = number == 0;
    if !first && c.one_in(12) {
        let _ = writeln!(text, "  {name}: {}", c.pick(&["!reset null", "{restart: always}", "{}", ""]));
        return;
    }
    let replaced = !first && c.one_in(12);
    let _ = writeln!(text, "  {name}:{}", if replaced { " !override" } else { "" });
    let start = text.len();
    let line = |text: &mut String, words: &str| {
        text.push_str("    ");
        text.push_str(words);
        text.push('\n');
    };
    match (base, c.of(3)) {
        (Some(base), 1) => line(text, &format!("extends: {base}")),
        (Some(base), 2) => line(text, &format!("extends: {{service: {base}}}")),
        (_, 1) if extended => line(
            text,
            c.pick(&["extends: {file: common/base.yaml, service: base}", "extends:\n      service: up\n      file: ./common/base.yaml"]),
        ),
        (_, 2) if anchors => line(text, "<<: *more"),
        _ => {}
    }
    if first || replaced || c.one_in(4) {
        line(text, c.pick(&["image: node:22", "image: \"node\"", "image: nginx", "image: node:${TAG:-22}   # a tag"]));
    }
    if c.one_in(4) {
        let tagged = ["read_only: !reset null", "read_only: !override false"];
        let plain = ["read_only: false", "read_only: \"no\"", "read_only: true", "read_only: ${HARD:-false}"];
        line(text, if !first && c.one_in(3) { c.pick(&tagged) } else { c.pick(&plain) });
    }
    if c.one_in(3) {
        let tagged = ["tmpfs: !override [/other]", "tmpfs: !reset []", "tmpfs: !override /one"];
        let plain = ["tmpfs: /run", "tmpfs:\n      - /run\n      - /cache:size=1m", "tmpfs: [/tmp]", "tmpfs:\n    - \"${TMP:-/scratch}\""];
        line(text, if !first && c.one_in(3) { c.pick(&tagged) } else { c.pick(&plain) });
    }
    if c.one_in(3) {
        let tagged = ["volumes: !override\n      - shared:/own", "volumes: !reset []"];
        let plain = [
            "volumes:\n      - ./src:/src:ro",
            "volumes: [shared:/srv, './a:/a']",
            "volumes:\n      - type: volume\n        source: shared\n        target: /data",
            "volumes:\n      - ${WHERE:-./here}:/where\n      - /anonymous",
            "volumes:\n      - shared:${WHERE:-/data}",
            "volumes:\n      - ./server.conf:/etc/nginx/conf.d/server.conf   # read",
        ];
        let shared = "volumes: *list";
        line(
            text,
            if !first && c.one_in(3) {
                c.pick(&tagged)
            } else if anchors && c.one_in(4) {
                shared
            } else {
                c.pick(&plain)
            },
        );
    }
    if c.one_in(4) {
        privileges(c, first, &mut |words| line(text, words));
    }
    if c.one_in(5) {
        line(text, c.pick(&["environment: {A: b}", "environment:\n      - A=b", "profiles: [dev]", "labels:\n      a: b   # label"]));
    }
    if text.len() == start {
        line(text, "restart: always");
    }
}

/// What `--with` would touch.
fn privileges(c: &mut Choices<'_>, first: bool, line: &mut dyn FnMut(&str)) {
    let tagged =
        ["cap_add: !override [CHOWN]", "cap_drop: !reset []", "security_opt: !override\n      - label:disable", "user: !reset null"];
    let lists = ["cap_drop: [NET_RAW]", "cap_drop:\n    - ALL", "cap_add: [chown, CAP_KILL]", "security_opt: [seccomp=unconfined]"];
    let others = ["user: node", "user: \"1000:1000\"", "user: ${WHO:-5}", "security_opt:\n      - no-new-privileges:true   # kept"];
    match c.of(3) {
        0 if !first => line(c.pick(&tagged)),
        1 => line(c.pick(&others)),
        _ => line(c.pick(&lists)),
    }
}

fn extended_file(c: &mut Choices<'_>) -> String {
    let mut text = String::from("services:\n  base:\n    image: node:20\n");
    text += c.pick(&["", "    read_only: false\n", "    read_only: true\n"]);
    text += c.pick(&["", "    tmpfs:\n      - /run\n", "    tmpfs: /tmp:mode=1777\n"]);
    text += c.pick(&["", "    volumes:\n      - shared:/data\n", "    volumes: [/anon]\n"]);
    text += c.pick(&["", "    cap_add: [KILL]\n", "    security_opt: ['no-new-privileges:true']\n", "    user: node\n"]);
    text += "  up:\n    extends: ";
    text += c.pick(&["base\n", "{service: root, file: deep/root.yaml}\n"]);
    text += c.pick(&["    restart: always\n", "    tmpfs: !override [/up]\n", "    read_only: !reset false\n"]);
    if c.one_in(3) {
        text += "---\nservices:\n  base:\n    tmpfs: [/second]\n";
    }
    text
}

fn included_file(c: &mut Choices<'_>) -> String {
    let mut text = String::from("services:\n  db:\n    image: ");
    text += c.pick(&["node:22\n", "nginx\n"]);
    text += c.pick(&["", "    tmpfs: [/run]\n", "    volumes:\n      - ${WHERE:-/x}:/y\n", "    volumes:\n      - rows:${WHERE:-/rows}\n"]);
    text += c.pick(&["volumes:\n  rows:\n", "\nvolumes:\n    rows: {}\n"]);
    text
}

fn on_disk(files: &Files) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    folder
}

/// What Compose makes of a project, at the same path each time, since that is in the model.
fn effective(compose: &Compose, files: &Files, layers: &[&str]) -> Result<Value, String> {
    let options: Vec<String> = layers.iter().flat_map(|l| ["-f".to_owned(), (*l).to_owned()]).collect();
    let folder = on_disk(files);
    let place = folder.path().to_string_lossy().into_owned();
    let model = compose.effective_with(folder.path(), &options, &[])?;
    serde_json::from_str(&model.to_string().replace(&place, "[PROJECT]")).map_err(|e| e.to_string())
}

fn shown(files: &Files) -> String {
    files.iter().map(|(name, text)| format!("--- {name}\n{text}")).collect()
}

/// Checks one project against Compose. `Ok(false)` when Compose does not load it.
fn check(compose: &Compose, files: &Files, layers: &[&str], layer: bool, selection: &Selection) -> Result<bool, String> {
    let before = effective(compose, files, layers);
    let ours = sources(files, layers);
    let Ok(before) = before else {
        // What Compose refuses we may read: it checks more. It must only not go wrong.
        if let Err(why) = harden_project(files, layers, selection, Options::default()) {
            return if why.contains("internal error") { Err(why) } else { Ok(false) };
        }
        return Ok(false);
    };
    let ours = ours.map_err(|e| format!("Compose loads it, we do not: {e}"))?;
    let view = Project::read(&ours).map_err(|e| format!("Compose loads it, we do not: {}", e.message))?;
    let found = differences(&view, &before);
    if !found.is_empty() {
        return Err(format!("the views differ: {found:#?}"));
    }
    let mut files = files.clone();
    let mut layers = layers.to_vec();
    let mut options = Options::default();
    if layer {
        files.insert("override.yaml".into(), String::new());
        layers.push("override.yaml");
        options.layer = Some(rofs_harden::text::FileId(layers.len() as u32 - 1));
    }
    let (after, hardened) = harden_project(&files, &layers, selection, options)?;
    let model = effective(compose, &after, &layers).map_err(|e| format!("{e}\nafterwards\n{}", shown(&after)))?;
    let wrong = difference(&unordered(apply(&plan(&hardened.fixes), before)), &unordered(normal(model)));
    if !wrong.is_empty() {
        return Err(format!("{wrong}\nafterwards\n{}", shown(&after)));
    }
    let again = harden_project(&after, &layers, selection, options)?;
    if again.0 == after { Ok(true) } else { Err(format!("a second run changes it again\n{}", shown(&again.0))) }
}

#[test]
fn generated_projects_are_read_and_hardened_as_compose_sees_them() {
    let Some(compose) = Compose::find() else { return };
    let cases = std::env::var("ROFS_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
    let loaded = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let strategy = prop::collection::vec(any::<u8>(), 0..160);
    let result = runner.run(&strategy, |choices| {
        let (files, layers) = project(&choices);
        let layer = choices.last().is_some_and(|c| c % 4 == 0);
        let selection = match choices.first() {
            Some(c) if c % 2 == 0 => with_all(selection(&["node", "auto"], &[])),
            _ => selection(&["node"], &[]),
        };
        match check(&compose, &files, &layers, layer, &selection) {
            Ok(is_loaded) => {
                loaded.set(loaded.get() + usize::from(is_loaded));
                Ok(())
            }
            Err(why) => Err(TestCaseError::fail(format!("{why}\n{}", shown(&files)))),
        }
    });
    eprintln!("Compose loaded {} of {cases} projects", loaded.get());
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(loaded.get() * 3 > cases as usize, "Compose loaded only {} of {cases} projects", loaded.get());
}
