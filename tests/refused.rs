//! Projects of which something was refused: what is refused stays so, and what is not wrong is not refused.

use crate::oracle::Compose;
use crate::pipe::{harden, selection, with_all};
use crate::support::Folder;
use proptest::prelude::*;
use rofs_harden::audit::Rule;
use rofs_harden::evidence::Selection;
use rofs_harden::rewrite::Options;
use std::fmt::Write;
use std::sync::Arc;

fn auto() -> Selection {
    Selection { assume: true, ..selection(&["auto"], &[]) }
}

/// Hardens twice and returns the first result; the second run must plan nothing more.
fn settled(text: &str, selection: &Selection) -> Result<crate::pipe::Hardened, String> {
    let first = harden(text.as_bytes(), selection)?;
    let second = harden(first.after.as_bytes(), selection).map_err(|e| format!("{e}\n{}", first.after))?;
    if second.after != first.after {
        return Err(format!("a second run plans more\n{text}\n-----\n{}\n-----\n{}", first.after, second.after));
    }
    Ok(first)
}

#[test]
fn what_becomes_possible_by_the_plan_is_in_the_plan() {
    for text in [
        "services:\n  base:\n    image: node:22\n    tmpfs: &t []\n  api: {image: node:22, extends: base, tmpfs: *t}\n",
        "services:\n  base:\n    image: python:3\n    tmpfs: &t []\n  api: {image: node:22, extends: base, tmpfs: *t}\n",
        "services:\n  base:\n    image: node:22\n  api: {image: jenkins/jenkins, extends: base}\n",
        "services:\n  base:\n    image: node:22\n  api: {image: apache/kafka, environment: {KAFKA_LOG_DIRS: /var/lib/kafka/data}, extends: base}\n",
    ] {
        let hardened = settled(text, &auto()).unwrap_or_else(|e| panic!("{e}"));
        let names: Vec<&str> = hardened.fixes.iter().map(|f| f.service.as_str()).collect();
        assert_eq!((names, hardened.refused.len()), (vec!["base", "api"], 0), "{text}\n-----\n{}", hardened.after);
    }
}

#[test]
fn what_is_refused_stays_refused() {
    let text = "services:\n  base:\n    image: nginx\n  api: {image: node:22, extends: base}\n";
    let hardened = settled(text, &auto()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(hardened.refused.iter().map(|r| r.service.as_str()).collect::<Vec<_>>(), ["base"]);
}

#[test]
fn a_shared_list_is_not_changed_for_another_where_its_owner_is_not_met_first() {
    let text = "services:
  web: {image: node}
  api:
    image: node
    volumes: &list []
  cron: &cron
    image: node
    volumes: *list
---
services:
  web: *cron
";
    let hardened = settled(text, &selection(&["node"], &[])).unwrap_or_else(|e| panic!("{e}"));
    let why = |share: &str| format!("service `{share} through an anchor and would change with it");
    let expected = [("cron", why("web` shares its definition")), ("api", why("cron` shares its `volumes`"))];
    let refused: Vec<_> = hardened.refused.iter().map(|r| (r.service.as_str(), r.why.clone())).collect();
    assert_eq!(refused, expected, "{}", hardened.after);
}

#[test]
fn lists_that_act_on_earlier_layers_do_so_where_they_become_a_service_s_own() {
    for tag in ["!reset", "!override"] {
        let text = format!(
            "services:\n  web: {{image: node, volumes: [/srv]}}\n  api: {{image: node}}\n---\nservices:\n  api: &api\n    volumes: {tag}\n      \
             - {{type: volume, target: /srv/}}\n  web: *api\n"
        );
        let hardened = settled(&text, &selection(&["node"], &[])).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(hardened.refused, [], "{}", hardened.after);
    }
}

#[test]
fn a_mapping_that_is_merged_in_twice_gets_a_key_once() {
    let text = "services:\n  a: &a {image: node}\n  b: {<<: [*a, *a]}\n  c: {image: x}\n---\nservices:\n  c: {<<: [*a, *a]}\n";
    let hardened = settled(text, &selection(&["node"], &[])).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(hardened.fixes.len() + hardened.refused.len(), 3, "{}", hardened.after);
}

#[test]
fn no_alias_loses_its_anchor() {
    for command in ["command: *why", "x-own: *why"] {
        let text = format!(
            "services:\n  web: {{image: node, volumes: [/srv]}}\n---\nservices:\n  web:\n    volumes: !reset\n      \
             - {{type: volume, target: /srv, x-why: &why a}}\n    {command}\n"
        );
        let hardened = settled(&text, &selection(&["node"], &[])).unwrap_or_else(|e| panic!("{e}"));
        let why = "a list of it holds what is used again by `*why`";
        assert_eq!(hardened.refused.iter().map(|r| (&*r.service, &*r.why)).collect::<Vec<_>>(), [("web", why)]);
    }
}

#[test]
fn a_reset_that_is_merged_in_beside_an_own_list_acts() {
    let text = "services:
  api: {image: x}
  web: {image: node, volumes: [/srv, /app]}
---
services:
  api: &api
    volumes: !reset []
  web:
    <<: *api
    volumes: [/srv]
";
    for name in ["web", "api"] {
        let mut wishes = selection(&[], &[(name, "node")]);
        wishes.auto = false;
        let hardened = settled(text, &wishes).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(hardened.fixes.len() + hardened.refused.len(), 1, "{}", hardened.after);
    }
}

#[test]
fn a_list_of_binds_that_all_share_is_left_to_all() {
    let text = "x-list: &list [/srv, .:/app]\nservices:\n  web: &web {image: node, volumes: *list}\n  api: {image: node, volumes: *list}\n";
    let mut wishes = with_all(selection(&["node"], &[]));
    Arc::make_mut(&mut wishes.presets[0]).config = vec!["/app".to_owned()];
    let hardened = settled(text, &wishes).unwrap_or_else(|e| panic!("{e}"));
    let names: Vec<&str> = hardened.refused.iter().map(|r| r.service.as_str()).collect();
    assert_eq!(names, ["web", "api"], "{}", hardened.after);
}

/// Writes services that extend each other and share lists and definitions.
fn file(choices: &[u8]) -> String {
    let mut rest = choices.iter();
    let mut of = |number: u8| rest.next().map_or(0, |c| c % number);
    let images = ["node:22", "nginx", "python:3", "apache/kafka", "jenkins/jenkins", "mysql", "redis", "alpine"];
    let mut text = String::new();
    if of(2) == 1 {
        text += ["x-t: &t []\n", "x-t: &t [/run]\n", "x-t: &t\n  - /cache\n"][of(3) as usize];
    }
    let mut has_list = !text.is_empty();
    let mut has_body = false;
    text += "services:\n";
    let names = ["base", "api", "web", "cron"];
    for (i, name) in names.iter().enumerate().take(2 + of(3) as usize) {
        let _ = writeln!(text, "  {name}:{}", if !has_body && of(3) == 1 { " &body" } else { "" });
        let defines = text.ends_with("&body\n");
        if has_body && of(3) == 1 {
            text += "    <<: *body\n";
        }
        has_body |= defines;
        let _ = writeln!(text, "    image: {}", images[of(images.len() as u8) as usize]);
        if of(2) == 1 && i > 0 {
            let _ = writeln!(text, "    extends: {}", names[of(i as u8) as usize]);
        }
        for key in ["tmpfs", "volumes"] {
            match of(6) {
                1 if has_list && key == "tmpfs" => text += "    tmpfs: *t\n",
                2 if !has_list && key == "tmpfs" => {
                    has_list = true;
                    text += "    tmpfs: &t []\n";
                }
                3 => {
                    let _ = writeln!(text, "    {key}: []");
                }
                4 => {
                    let _ = writeln!(text, "    {key}: [/tmp]");
                }
                _ => {}
            }
        }
        match of(6) {
            1 => text += "    read_only: false\n",
            2 => text += "    read_only: true\n",
            3 => text += "    user: '1000'\n",
            _ => {}
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(2000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_that_was_partly_refused_is_a_fixpoint(choices in proptest::collection::vec(any::<u8>(), 0..60)) {
        let text = file(&choices);
        let selection = if choices.len() % 2 == 0 { auto() } else { with_all(auto()) };
        if let Err(why) = settled(&text, &selection) {
            prop_assert!(!why.contains("plans more") && !why.contains("internal error"), "{why}\n{text}");
        }
    }
}

fn cases(usual: u32) -> u32 {
    std::env::var("ROFS_CASES").ok().and_then(|n| n.parse::<u32>().ok()).unwrap_or(1) * usual
}

/// Files that Compose loads, or not, and what it sees in the service `web`.
#[test]
fn what_compose_loads_is_not_refused() {
    let compose = Compose::find();
    for (text, loads) in [
        ("services: {web: {image: node, tmpfs: /data/, volumes: [{type: volume, source: v, target: /data/}]}}\nvolumes: {v: }\n", true),
        ("services: {web: {image: node, tmpfs: /data/, volumes: [{type: tmpfs, target: /data/}]}}\n", true),
        ("services: {web: {image: node, tmpfs: //data, volumes: [{type: tmpfs, target: //data}]}}\n", true),
        ("services: {web: {image: node, tmpfs: /data, volumes: [{type: tmpfs, target: /data/}]}}\n", false),
        ("services: {web: {image: node, tmpfs: /data, volumes: [{type: tmpfs, target: //data/./}]}}\n", false),
        ("services: {web: {image: node, tmpfs: /data, volumes: ['/data/']}}\n", false),
        ("services: {web: {image: node, tmpfs: /data/, volumes: ['/data/']}}\n", true),
        ("services: {web: {image: node, volumes: [{type: tmpfs, target: /data/}, /data]}}\n", false),
        ("services: {web: {image: node, volumes: [{type: tmpfs, target: /data/}, {type: tmpfs, target: //data}]}}\n", false),
        ("services: {web: {image: node, tmpfs: [/data, /data/]}}\n", true),
        ("services: {web: !override {image: node, read_only: !reset false}}\n", true),
        ("services: {web: !override {image: node, read_only: !reset 'no', tmpfs: !reset /run, user: !reset node}}\n", true),
        ("services: {web: !override {image: node, read_only: !reset true, tmpfs: !reset [/run], privileged: !reset false}}\n", true),
        ("services: {web: !override {image: node, read_only: !reset null}}\n", false),
        ("services: {web: !override {image: !reset node, tmpfs: !override /run}}\n", true),
        ("services: {web: {image: node}}\n---\nservices: {base: , web: {extends: base}}\n", false),
        ("services: {web: {image: node}, base: {image: x}}\n---\nservices: {base: , web: {extends: base}}\n", true),
        ("services: {web: {image: node, read_only: !reset false}}\n", true),
    ] {
        let result = harden(text.as_bytes(), &selection(&["node"], &[]));
        assert_eq!(result.is_ok(), loads, "{text}{result:?}");
        let Some(compose) = &compose else { continue };
        let scratch = compose.scratch();
        let before = scratch.effective(text);
        assert_eq!(before.is_ok(), loads, "{text}{before:?}");
        if let (Ok(before), Ok(hardened)) = (before, result) {
            let after = scratch.effective(&hardened.after).unwrap_or_else(|e| panic!("{e}\n{}", hardened.after));
            let expected = crate::oracle::apply(&crate::pipe::plan(&hardened.fixes), before);
            let wrong =
                crate::oracle::difference(&crate::oracle::unordered(expected), &crate::oracle::unordered(crate::oracle::normal(after)));
            assert_eq!(wrong, "", "{text}-----\n{}", hardened.after);
        }
    }
}

#[test]
fn a_base_of_another_file_may_be_null() {
    let web = "services: {web: {image: node, extends: {file: base.yaml, service: base}}}\n";
    for (base, loads) in [
        ("services: {base: }\n", true),
        ("services: {base: ~, other: {image: x}}\n", true),
        ("x-n: &n\nservices: {base: *n}\n", true),
        ("services: {base: {image: z, tmpfs: /a}}\n---\nservices: {base: }\n", true),
        ("services: {base: }\n---\nservices: {base: {image: z, tmpfs: /a}}\n", true),
        ("services: {base: !reset }\n", false),
        ("services: {other: }\n", false),
    ] {
        let files = [("compose.yaml", web), ("base.yaml", base)].map(|(path, text)| (path.to_owned(), text.to_owned())).into();
        let result = crate::pipe::harden_project(&files, &["compose.yaml"], &selection(&["node"], &[]), Options::default());
        assert_eq!(result.is_ok(), loads, "{base}{result:?}");
        let Some(compose) = Compose::find() else { continue };
        let seen = compose.scratch().effective_project(&files, &["compose.yaml"]);
        assert_eq!(seen.is_ok(), loads, "{base}{seen:?}");
    }
}

#[test]
fn what_is_only_said_in_a_comment_of_a_command_installs_nothing() {
    for (command, installs) in [
        ("|\n      # curl is in the image (apk add at build)\n      node app.js", false),
        ("|\n      node app.js  # apk add curl", false),
        ("|\n      #!/bin/sh\n      apk add curl", true),
        ("|\n      # it's here\n      apk add curl", true),
        ("|\n      echo '#' && apk add curl", true),
        ("|\n      echo \"# x\" && apk add curl", true),
        ("|\n      echo a#b; apk add curl", true),
        ("|\n      echo $# ${#x}; apk add curl", true),
        ("|\n      true;# apk add curl\n      node app.js", false),
        ("|\n      (# npm ci\n      node app.js)", false),
        ("[sh, -c, \"# npm ci is done\\nnode app.js\"]", false),
        ("[sh, -c, \"# npm ci is done\\nnpm ci\"]", true),
        ("[\"#\", apk, add]", true),
        ("sh -c '# npm ci is done' node", false),
        ("sh -c \"# it's npm ci\" && npm ci", true),
        ("'# pip install x\n\n      pip install y'", true),
    ] {
        let text = format!("services:\n  web:\n    image: node\n    command: {command}\n");
        let hardened = harden(text.as_bytes(), &selection(&["node"], &[])).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let is_refused = hardened.findings.iter().any(|f| f.rule == Rule::NeedsWritableRoot);
        assert_eq!(is_refused, installs, "{text}");
    }
}

#[test]
fn a_key_is_written_once_where_what_is_merged_in_twice_has_a_reset_and_a_list() {
    let text = "services:
  web: {image: node, tmpfs: [/run]}
---
x-reset: &reset
  volumes: !reset []
x-more: &more
  <<: *reset
  volumes: [shared:/srv]
services:
  web:
    <<: [*more, *more]
volumes:
  shared:
";
    let hardened = settled(text, &selection(&["node"], &[])).unwrap_or_else(|e| panic!("{e}"));
    let why: Vec<&str> = hardened.refused.iter().map(|r| r.why.as_str()).collect();
    assert!(matches!(why[..], [why] if why.contains("merges in a tag")), "{why:?}\n{}", hardened.after);
}

#[test]
fn a_key_that_would_win_over_a_merged_one_is_no_key_of_others() {
    let text = "x-more: &more {volumes: [shared:/srv]}
services:
  web: &web {image: node}
  api:
    <<: [*web, *more]
volumes: {shared: }
";
    let hardened = settled(text, &selection(&["node"], &[])).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(hardened.fixes.len() + hardened.refused.len(), 2, "{}", hardened.after);
}

#[test]
fn a_service_that_is_refused_still_sees_what_it_shares() {
    let text = "services:
  web: &web {image: node}
  api: *web
  cron:
    <<: *web
---
services:
  cron: &cron
    tmpfs: !reset []
  mail:
    <<: [*web, *cron]
";
    let hardened = settled(text, &selection(&["node"], &[])).unwrap_or_else(|e| panic!("{e}"));
    let refused: Vec<&str> = hardened.refused.iter().map(|r| r.service.as_str()).collect();
    assert!(refused.contains(&"cron") && refused.contains(&"mail"), "{refused:?}\n{}", hardened.after);
}

#[test]
fn a_list_of_a_mapping_that_is_merged_in_further_down_stays() {
    for merged in ["<<: [*web, *more]", "<<: [*both, *more]"] {
        let text = format!(
            "x-both: &both {{<<: &web {{image: node}}}}
x-more: &more {{tmpfs: /run, volumes: ['v:/kept']}}
services:
  web: *web
  api:
    {merged}
volumes: {{v: }}
"
        );
        let hardened = settled(&text, &selection(&["node"], &[])).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert!(hardened.after.contains("/run") && hardened.refused.is_empty(), "{}", hardened.after);
        let own = hardened.after.split("  api:").nth(1).expect("the service");
        assert!(own.contains("/tmp") && own.contains("/run"), "{}", hardened.after);
    }
}

#[test]
fn a_key_that_is_reset_leaves_room_for_one_that_is_merged_in() {
    let text = "x-more: &more {image: node}
x-list: &list [*more]
services:
  base: {image: node}
  api:
    cap_drop: !reset
    <<: *list
    extends: base
  web: *more
";
    let only_web = Selection { only: vec!["web".into()], ..with_all(selection(&["node"], &[])) };
    let hardened = settled(text, &only_web).unwrap_or_else(|e| panic!("{e}"));
    assert!(hardened.fixes.iter().any(|fix| fix.service == "web"), "{}", hardened.after);
}

#[test]
fn what_becomes_possible_once_another_is_refused_is_in_the_plan() {
    let mut named = selection(&["node"], &[]);
    for preset in &mut named.presets {
        // Also what is only read.
        Arc::make_mut(preset).config = vec!["/app".into()];
    }
    let text = "services:
  api:
    extends: base
  late: &late
    image: node:22
  base: &base
    image: node:22
    volumes:
      - ./app:/app
  copy: *late
---
services:
  late: *base
";
    let hardened = settled(text, &with_all(named)).unwrap_or_else(|e| panic!("{e}"));
    let names: Vec<&str> = hardened.fixes.iter().map(|f| f.service.as_str()).collect();
    assert_eq!(names, ["api", "copy"], "{}", hardened.after);
}

#[test]
fn replicas_get_no_volume_that_they_would_share_unasked() {
    let file = |more: &str| format!("services:\n  g:\n    image: grafana/grafana:11.1.0\n{more}");
    for (more, is_shared) in [("", false), ("    scale: 3\n", true), ("    deploy: {replicas: 3}\n", true), ("    scale: 1\n", false)] {
        let folder = Folder::compose(&file(more));
        let run = folder.run(&[]).exits(0);
        assert_eq!(run.text().contains("held back"), is_shared, "{more}: {run:?}");
        let run = folder.run(&["--unsafe-fixes"]).exits(0);
        assert_eq!(
            run.text().contains("its 3 containers would share the volume: `- /var/lib/grafana` below `volumes` gives each its own"),
            is_shared,
            "{more}: {run:?}"
        );
    }
}
