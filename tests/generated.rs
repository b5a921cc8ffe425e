//! Generated Compose files, in every style that people write, through the whole pipe.

use crate::oracle::{Compose, apply, difference, normal};
use crate::pipe::{harden, plan, selection, with_all};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use rofs_harden::evidence::Selection;
use std::fmt::Write;
use std::sync::Arc;

/// Decisions for the writer below; when they run out every answer is 0, the plainest. So a failing file shrinks to a plain one.
struct Choices<'c>(std::slice::Iter<'c, u8>);

impl Choices<'_> {
    fn of(&mut self, number: u8) -> u8 {
        self.0.next().map_or(0, |c| c % number)
    }

    fn yes(&mut self) -> bool {
        self.of(2) == 1
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.of(items.len() as u8) as usize]
    }
}

/// Writes a Compose file that Compose loads.
fn file(choices: &[u8]) -> String {
    let c = &mut Choices(choices.iter());
    let mut text = String::new();
    let step = c.pick(&[2, 4, 3]);
    let newline = c.pick(&["\n", "\r\n"]);
    let pad = " ".repeat(step);
    let names = &["web", "api", "worker", "cron-2"][..=(c.of(4) as usize)];
    let anchor = c.of(5);
    match anchor {
        1 => text += "x-base: &base\n  image: node:22\n  tmpfs:\n    - /run\n",
        2 => text += "x-base: &base {image: node, volumes: [shared:/srv]}\n",
        3 => text += "# shared\nx-base: &base\n  image: node\n  read_only: false   # not yet\n",
        4 => text += "x-list: &list\n  - /run\n  - /cache:size=1m\n",
        _ => {}
    }
    let top_first = c.yes();
    let volumes = c.pick(&[
        "",
        "volumes:\n  shared:\n  uploads: {}\n",
        "volumes: {shared: , uploads: {}}\n",
        "volumes:\n    uploads:   # files\n    shared:\n\n",
    ]);
    // Every volume that a service may name is declared.
    let volumes = if volumes.is_empty() { "volumes:\n  uploads:\n  shared:\n" } else { volumes };
    if top_first {
        text += volumes;
    }
    text += c.pick(&["services:\n", "\nservices:   # all\n", "services:\n\n"]);
    for name in names {
        service(c, &mut text, name, &pad, anchor);
        text += c.pick(&["", "\n", "  # next\n"]);
    }
    if !top_first {
        text += volumes;
    }
    text += c.pick(&["", "\n", "# end\n", "\n\n  # end\n"]);
    if c.yes() {
        text = format!("---\n{text}...\n");
    }
    if c.of(4) == 1 {
        text.truncate(text.trim_end().len());
    }
    if c.of(5) == 1 {
        text = format!("\u{feff}{text}");
    }
    text.replace('\n', newline)
}

fn service(c: &mut Choices<'_>, text: &mut String, name: &str, pad: &str, anchor: u8) {
    let inner = pad.repeat(2);
    if c.of(6) == 1 {
        let extra = c.pick(&["", ", tmpfs: [/run]", ", read_only: no", ", volumes: ['uploads:/up']", ", tmpfs: /run "]);
        let _ = writeln!(
            text,
            "{pad}{name}: {}",
            c.pick(&["{image: node:22EXTRA}", "{ image: \"node\"EXTRA }", "{image: 'node',\n      restart: alwaysEXTRA\n      }"])
                .replace("EXTRA", extra)
        );
        return;
    }
    let _ = writeln!(
        text,
        "{pad}{}:{}",
        c.pick(&[name, &format!("\"{name}\""), &format!("'{name}'")]),
        c.pick(&["", "   # service", " "]).trim_end_matches(' ')
    );
    if (1..=3).contains(&anchor) && c.yes() {
        let _ = writeln!(text, "{inner}<<: *base");
    } else {
        let _ = writeln!(
            text,
            "{inner}image: {}",
            c.pick(&[
                "node:22-alpine",
                "\"node:22\"   # pinned",
                "'node'",
                "docker.io/library/node:22@sha256:0000000000000000000000000000000000000000000000000000000000000000"
            ])
        );
    }
    let dash = c.pick(&["  ", "", "    "]);
    let mut keys = vec![0, 1, 2, 3, 4];
    while !keys.is_empty() {
        match keys.remove(c.of(keys.len() as u8) as usize) {
            0 => {
                *text += &c
                    .pick(&[
                        "",
                        "  restart: always\n",
                        "  # a comment\n\n",
                        "  command: >-\n    node\n      app.js\n",
                        "  command: |\n    node app.js\n\n\n",
                    ])
                    .lines()
                    .map(|l| if l.is_empty() { "\n".to_owned() } else { format!("{}{l}\n", &inner[2.min(inner.len())..]) })
                    .collect::<String>();
            }
            1 => {
                *text += &c
                    .pick(&[
                        "",
                        "read_only: false\n",
                        "read_only: \"off\"  # c\n",
                        "read_only: True\n",
                        "read_only: ${RO:-false}\n",
                        "read_only: !!bool \"false\"\n",
                    ])
                    .lines()
                    .map(|l| format!("{inner}{l}\n"))
                    .collect::<String>();
            }
            2 => match c.of(7) {
                1 => {
                    let _ = writeln!(text, "{inner}tmpfs: /run   # pid");
                }
                2 => {
                    let _ = writeln!(text, "{inner}tmpfs: [/run, \"/var/cache\"]");
                }
                3 => {
                    let _ = writeln!(text, "{inner}tmpfs:\n{inner}{dash}- /run\n{inner}{dash}-   \"/cache:size=1m\"   # c");
                }
                4 if anchor == 4 => {
                    let _ = writeln!(text, "{inner}tmpfs: *list");
                }
                5 => {
                    let _ = writeln!(text, "{inner}tmpfs: [\n{inner}  /run, # c\n{inner}  /cache:size=9m,\n{inner}]");
                }
                6 => {
                    let _ = writeln!(text, "{inner}tmpfs: []");
                }
                _ => {}
            },
            3 => match c.of(7) {
                1 => {
                    let _ = writeln!(text, "{inner}volumes:\n{inner}{dash}- uploads:/up   # rw\n{inner}{dash}- ./src:/app:ro");
                }
                2 => {
                    let _ =
                        writeln!(text, "{inner}volumes:\n{inner}{dash}- type: bind\n{inner}{dash}  source: .\n{inner}{dash}  target: /app");
                }
                3 => {
                    let _ = writeln!(text, "{inner}volumes: [uploads:/up, './x:/x']");
                }
                4 => {
                    let _ =
                        writeln!(text, "{inner}volumes:\n{inner}{dash}- {{type: volume, source: uploads, target: /data, read_only: true}}");
                }
                5 => {
                    let _ = writeln!(text, "{inner}volumes:\n{inner}{dash}- './d:/data'\n{inner}{dash}# last");
                }
                6 => {
                    let _ = writeln!(
                        text,
                        "{inner}volumes:\n{inner}{dash}- type: tmpfs\n{inner}{dash}  target: /tmp\n{inner}{dash}  tmpfs:\n{inner}{dash}    size: 1000"
                    );
                }
                _ => {}
            },
            _ => *text += c.pick(&["", "\n", "# column 0\n"]),
        }
    }
}

fn choices() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..120)
}

/// Everything that can be asked for, of a preset that also knows what is only read.
fn all_of(mut node: Selection) -> Selection {
    Arc::make_mut(&mut node.presets[0]).config = ["/app", "/x", "/data"].map(str::to_owned).to_vec();
    with_all(node)
}

/// Hardens twice: the laws hold inside, and the second run finds nothing.
fn check(text: &str) -> crate::pipe::Hardened {
    let node = selection(&["node"], &[]);
    let node = if text.len().is_multiple_of(2) { node } else { all_of(node) };
    let first = harden(text.as_bytes(), &node).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let second = harden(first.after.as_bytes(), &node).unwrap_or_else(|e| panic!("{e}\n{}", first.after));
    assert_eq!((second.fixes.len(), &second.after), (0, &first.after), "a second run changes nothing");
    assert!(first.refused.is_empty(), "{:?}\n{text}", first.refused);
    first
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(3000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_laws_hold_for_generated_files(choices in choices()) {
        check(&file(&choices));
    }
}

/// The number of cases: `ROFS_CASES` times the usual.
fn cases(usual: u32) -> u32 {
    std::env::var("ROFS_CASES").ok().and_then(|n| n.parse::<u32>().ok()).unwrap_or(1) * usual
}

#[test]
fn compose_sees_exactly_the_plan_in_generated_files() {
    let Some(compose) = Compose::find() else { return };
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let scratch = compose.scratch();
    for _ in 0..cases(60) {
        let text = file(&choices().new_tree(&mut runner).expect("choices").current());
        let before = scratch.effective(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let hardened = check(&text);
        let after = scratch.effective(&hardened.after).unwrap_or_else(|e| panic!("{e}\n{}", hardened.after));
        assert_eq!(difference(&apply(&plan(&hardened.fixes), before), &normal(after)), "", "{text}\n-----\n{}", hardened.after);
    }
}
