//! Odd spellings of the places where something is added, and what becomes of them, byte for byte.

use crate::pipe::{harden, harden_project, selection, with_all};
use rofs_harden::evidence::Selection;
use rofs_harden::rewrite::Options;
use rofs_harden::text::FileId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A service that gets `read_only`, `/tmp` and a volume.
const WEB: &str = "services:\n  web:\n    image: node\n";
/// What it becomes.
const HARD: &str = "services:
  web:
    image: node
    read_only: true
    tmpfs:
      - /tmp:mode=1777
    volumes:
      - type: volume
        source: web-data
        target: /data
";

#[test]
fn a_volume_joins_top_level_volumes_in_every_flow_spelling() {
    for (before, after) in [
        ("{}", "{web-data: {}}"),
        ("{ }", "{ web-data: {} }"),
        ("{} # none", "{web-data: {}} # none"),
        ("{ # none\n}", "{web-data: {} # none\n}"),
        ("{\n}", "{web-data: {}\n}"),
        ("{data: ~}", "{data: ~, web-data: ~}"),
        ("{data: null}", "{data: null, web-data: null}"),
        ("{data}", "{data, web-data: }"),
        ("{data: }", "{data: , web-data: }"),
        ("{data: {}}", "{data: {}, web-data: {}}"),
        ("{data: ~,\n cache: {driver: local}}", "{data: ~,\n cache: {driver: local},\n web-data: {}}"),
        ("{data: ~,\n cache: }", "{data: ~,\n cache: ,\n web-data: }"),
        ("{data: ~,\n cache: ,}", "{data: ~,\n cache: ,\n web-data: ,}"),
        ("{\n  data: ,\n  cache: {}\n}", "{\n  data: ,\n  cache: {},\n  web-data: {}\n}"),
        ("{data: !!null }", "{data: !!null , web-data: }"),
        ("{data: &d , cache: *d}", "{data: &d , cache: *d, web-data: {}}"),
    ] {
        let top = |section: &str, services: &str| format!("volumes: {section}\n{services}");
        let hardened = harden(top(before, WEB).as_bytes(), &selection(&["node"], &[])).expect(before);
        let found = hardened.after.split("\nservices:").next().unwrap_or_default();
        assert_eq!(found, format!("volumes: {after}"), "{before}");
        assert!(harden(hardened.after.as_bytes(), &selection(&["node"], &[])).expect(after).fixes.is_empty());
    }
    let hardened = harden(format!("volumes: {{}}\n{WEB}").as_bytes(), &selection(&["node"], &[])).expect("hardened");
    assert_eq!(hardened.after, format!("volumes: {{web-data: {{}}}}\n{HARD}"));
}

#[test]
fn a_layer_of_its_own_grows_in_flow_style() {
    let files = [("compose.yaml", WEB), ("override.yaml", "services: {}\nvolumes: {} # none\n")];
    let files: BTreeMap<String, String> = files.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
    let options = Options { layer: Some(FileId(1)), ..Options::default() };
    let layers = ["compose.yaml", "override.yaml"];
    let (after, _) = harden_project(&files, &layers, &selection(&["node"], &[]), options).expect("hardened");
    assert_eq!(
        after["override.yaml"],
        "services: {web: {read_only: true, tmpfs: [/tmp:mode=1777], volumes: [{type: volume, source: web-data, target: /data}]}}\n\
         volumes: {web-data: {}} # none\n"
    );
}

/// Files, and a part of what each becomes.
#[test]
fn bare_aliases_become_mappings_where_they_stand() {
    let own = "read_only: true, tmpfs: [/tmp:mode=1777]";
    for (before, after) in [
        (
            "services: {\"a\": &a {\"image\": \"node\", \"volumes\": [\"/data\"]}, \"b\": *a}\n",
            "\"b\": {<<: *a, \"read_only\": true, \"tmpfs\": [\"/tmp:mode=1777\"]}}\n".to_owned(),
        ),
        ("services: {\n  a: &a {image: node, volumes: [/data]},\n  b: *a\n}\n", format!("  b: {{<<: *a, {own}}}\n}}\n")),
        ("services: {\n  b: &a {image: node, volumes: [/data]},\n  a: *a, # c\n}\n", format!("  a: {{<<: *a, {own}}}, # c\n}}\n")),
        (
            "services:\n  a: &a\n    image: node\n    volumes: [/data]\n  b:\n    *a\n",
            "  b:\n    <<: *a\n    read_only: true\n    tmpfs: [/tmp:mode=1777]\n".to_owned(),
        ),
        (
            "services:\n  a: &a\n    image: node\n    volumes: [/data]\n  b: # c\n\n      *a # d\n  # e\n",
            "  b: # c\n\n      <<: *a # d\n      read_only: true\n      tmpfs: [/tmp:mode=1777]\n  # e\n".to_owned(),
        ),
    ] {
        let mut forced = selection(&[], &[("a", "node"), ("b", "node")]);
        forced.auto = false;
        // Only the alias changes, so that it needs keys of its own.
        forced.skip = vec![if before.contains("b: &a") { "b" } else { "a" }.to_owned()];
        let hardened = harden(before.as_bytes(), &forced).unwrap_or_else(|e| panic!("{e}\n{before}"));
        assert!(hardened.after.ends_with(&after), "{before}\n{}\n{:?}", hardened.after, hardened.refused);
    }
}

#[test]
fn what_has_an_effect_elsewhere_in_a_service_is_only_borrowed() {
    let only_web = Selection { only: vec!["web".into()], ..selection(&["node"], &[("web", "node")]) };
    for (place, user) in [
        // Keys that Compose does not know, or that plans do not change.
        ("volums: &x [./a:/b]", "volumes: *x"),
        ("dns: &x [/run]", "tmpfs: *x"),
        ("init: &x false", "read_only: *x"),
        ("deploy: {a: [&x /run]}", "tmpfs: *x"),
        ("x-a: &x [/run]", "tmpfs: *x"),
        // Another key that plans change, and a part of one.
        ("cap_drop: &x [NET_RAW]", "security_opt: *x"),
        ("volumes: [&x ./a:/b]", "tmpfs: *x"),
        // A mapping that is a service or a part of one elsewhere.
        ("labels: &x {image: node}", "<<: *x"),
        ("labels: &x {image: node, tmpfs: [/run]}", "<<: *x"),
        ("labels: {a: &x {read_only: 'no', tmpfs: [/run]}}", "<<: *x"),
    ] {
        for second in [format!("web: {{image: node, {user}}}"), format!("web:\n    image: node\n    {user}")] {
            let text = format!("services:\n  own:\n    image: other\n    {place}\n  {second}\n");
            let hardened = harden(text.as_bytes(), &only_web).unwrap_or_else(|e| panic!("{e}\n{text}"));
            let fixed: Vec<&str> = hardened.fixes.iter().map(|fix| fix.service.as_str()).collect();
            assert!(fixed.contains(&"web") && hardened.after.contains(place), "{text}\n{}", hardened.after);
        }
    }
    for place in ["labels: &x {image: node}", "x-a: &x {image: node}"] {
        let text = format!("services:\n  own:\n    image: other\n    {place}\n  web: *x\n");
        let hardened = harden(text.as_bytes(), &selection(&["node"], &[("web", "node")])).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert!(
            hardened.after.contains(place) && hardened.after.contains("  web:\n    <<: *x\n    read_only: true\n"),
            "{}",
            hardened.after
        );
    }
}

#[test]
fn a_section_behind_a_scalar_that_keeps_its_breaks_has_no_blank_line_before_it() {
    for (last, between) in [
        ("x-a: |+\n", ""),
        ("x-a: |+\n  text\n", ""),
        ("x-a: >2+\n  text\n\n", ""),
        ("x-a:\n  - b\n  - c: |+\n      text\n", ""),
        ("x-a: |\n  text +\n", "\n"),
    ] {
        let before = format!("{WEB}{last}");
        let hardened = harden(before.as_bytes(), &selection(&["node"], &[])).unwrap_or_else(|e| panic!("{e}\n{before}"));
        assert_eq!(hardened.after, format!("{HARD}{last}{between}volumes:\n  web-data:\n"));
    }
}

#[test]
fn a_base_gets_no_volume_where_who_extends_it_mounts_the_same_place_in_another_spelling() {
    let project = |target: &str| {
        format!(
            "services:\n  base:\n    image: node\n  web:\n    extends: base\n    volumes:\n      \
             - {{type: volume, source: own, target: {target}}}\nvolumes:\n  own:\n"
        )
    };
    let replaced = harden(project("/data").as_bytes(), &selection(&["node"], &[])).expect("hardened");
    assert_eq!(replaced.refused, []);
    let refused = harden(project("/data/").as_bytes(), &selection(&["node"], &[])).expect("hardened").refused;
    let why = "service `web` extends it and mounts /data itself, which Compose would refuse";
    assert_eq!(refused.iter().map(|r| (&*r.service, &*r.why)).collect::<Vec<_>>(), [("base", why)]);
}

#[test]
fn reasons_with_odd_characters_and_lines_that_go_on_are_no_obstacle_to_explaining() {
    let mut wishes = selection(&["node"], &[]);
    for path in &mut Arc::make_mut(&mut wishes.presets[0]).writable {
        Arc::make_mut(&mut path.reason).text = "a\u{2028}b\u{feff}c\u{85}d\u{1b}e\u{fffe}é".into();
    }
    let options = Options { explain: true, ..Options::default() };
    for (text, expected) in [
        (WEB, "- /tmp:mode=1777  # a b c d e é\n"),
        // The command goes on in the next line.
        (
            "services: {web: {image: node, tmpfs: [/run,\n  /a], command: node\n  app.js}}\n",
            "\n  /tmp:mode=1777], command: node\n  app.js, read_only: true,",
        ),
    ] {
        let files = BTreeMap::from([("compose.yaml".to_owned(), text.to_owned())]);
        let (after, _) = harden_project(&files, &["compose.yaml"], &wishes, options).expect("hardened");
        assert!(after["compose.yaml"].contains(expected), "{}", after["compose.yaml"]);
    }
}

#[test]
fn a_lone_dash_at_the_end_of_a_plain_scalar_meets_no_comma() {
    for service in [
        "{ image node:22 - }",
        "{image: node:22, x-a: b - }",
        "{image: node:22, x-a: [b - ]}",
        "{image: node:22, tmpfs: /a - }",
        "{image: node:22, tmpfs: [/a - ]}",
        "{image: node:22, tmpfs: [\n  /a - ]}",
        "{image: node:22, volumes: [\n  ./a:/a - ]}",
    ] {
        let text = format!("services:\n  web: {{image: node:22}}\n  api: {service}\n");
        let first = harden(text.as_bytes(), &with_all(selection(&["auto"], &[]))).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let second =
            harden(first.after.as_bytes(), &with_all(selection(&["auto"], &[]))).unwrap_or_else(|e| panic!("{e}\n{}", first.after));
        assert_eq!(first.after, second.after);
    }
}
