//! `docs/configuration.md`, and the schemas that it points to.

use super::{blocks, done, file_of, is_made, page};
use crate::support::Folder;
use serde_json::Value;
use std::collections::BTreeSet;

const SCHEMAS: [&str; 10] = ["config", "diagnose", "observe", "plan", "pr", "preset", "presets", "progress", "report", "verify"];

fn schema(of: &str) -> String {
    let folder = Folder::new(&[]);
    folder.run(&["schema", of]).exits(0).out
}

#[test]
fn schemas_are_what_the_program_prints() {
    for name in SCHEMAS {
        is_made(&format!("schemas/{name}.json"), &schema(name));
    }
    assert_eq!(super::names("schemas"), SCHEMAS.map(|name| format!("{name}.json")));
}

#[test]
fn the_page_shows_what_its_commands_print() {
    is_made("configuration.md", &done(&page("configuration.md")));
}

/// The names of all keys that a schema's objects may have.
fn keys(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                found.extend(properties.keys().cloned());
            }
            object.values().for_each(|v| keys(v, found));
        }
        Value::Array(items) => items.iter().for_each(|v| keys(v, found)),
        _ => {}
    }
}

#[test]
fn every_key_is_explained_and_in_the_example() {
    let text = page("configuration.md");
    let mut found = BTreeSet::new();
    keys(&serde_json::from_str(&schema("config")).expect("JSON"), &mut found);
    assert!(found.len() > 15, "{found:?}");
    let example = blocks(&text).into_iter().find(|b| file_of(&b.label, "In ") == Some("rofs-harden.toml")).expect("an example").text;
    for key in found {
        assert!(text.contains(&format!("| `{key}`")), "`{key}` has no row");
        let is_used = example
            .lines()
            .any(|l| l.starts_with(&format!("{key} =")) || l.contains(&format!("[{key}")) || l.contains(&format!(".{key}]")));
        assert!(is_used, "`{key}` is not in the example");
    }
}
