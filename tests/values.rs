//! What Compose reads, beside what this parser reads.

use crate::oracle::Compose;
use rofs_harden::yaml::{Kind, Node, Scalar};
use serde_json::Value;
use std::collections::BTreeMap;

/// Compose's reading of `yaml`, a block of lines, as the value of a key. `Err` is its complaint.
pub(crate) fn compose_value(compose: &Compose, yaml: &str) -> Result<Value, String> {
    compose_file(compose, &below_key(yaml)).map(|model| model["x-t"].clone())
}

/// Compose's model of a file. A `$` in it stands for itself; two in a row are not supported.
pub(crate) fn compose_file(compose: &Compose, text: &str) -> Result<Value, String> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("compose.yaml"), text.replace('$', "$$")).expect("written");
    let model = compose.effective(folder.path(), &[])?;
    // Compose reads `$$` as `$`, but not in keys, and doubles every `$` that it writes.
    let model = model.to_string().replace("$$$$", "$").replace("$$", "$");
    serde_json::from_str(&model).map_err(|e| e.to_string())
}

/// A Compose file that holds `yaml`, a block of lines, below the key `x-t`.
pub(crate) fn below_key(yaml: &str) -> String {
    format!("services: {{a: {{image: x}}}}\nx-t:\n{}", indented(yaml, "  "))
}

/// `text` with `indent` before each line that is not empty.
pub(crate) fn indented(text: &str, indent: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines.map(|line| if line.trim_end_matches(['\r', '\n']).is_empty() { line.to_owned() } else { format!("{indent}{line}") }).collect()
}

/// Checks that `node` means `value`, which Compose read. `Err` says where they part.
pub(crate) fn agrees(node: Node<'_>, value: &Value) -> Result<(), String> {
    let node = node.resolved();
    let agree = match (node.kind(), value) {
        (Kind::Mapping, Value::Object(members)) => {
            let entries = effective(node);
            let known = entries.keys().all(|key| members.contains_key(*key));
            for (key, value) in &entries {
                agrees(*value, members.get(*key).unwrap_or(&Value::Null)).map_err(|e| format!("{key}: {e}"))?;
            }
            known && entries.len() == members.len()
        }
        // Compose writes an empty list in an extension as null.
        (Kind::Sequence, Value::Null) => node.items().next().is_none(),
        (Kind::Sequence, Value::Array(members)) => {
            let items: Vec<Node<'_>> = node.items().collect();
            for (item, member) in items.iter().zip(members) {
                agrees(*item, member)?;
            }
            items.len() == members.len()
        }
        (Kind::Scalar, value) => node.scalar().is_some_and(|meaning| means(meaning, node.text(), value)),
        _ => false,
    };
    if agree { Ok(()) } else { Err(format!("{node:?} ({:?}) is {value} to Compose", node.scalar())) }
}

fn means(meaning: Scalar<'_>, text: &str, value: &Value) -> bool {
    match meaning {
        Scalar::Null => value.is_null(),
        Scalar::Bool(meaning) => *value == Value::Bool(meaning),
        Scalar::Int(meaning) => value.as_number().is_some_and(|n| n.to_string().parse() == Ok(meaning)),
        Scalar::Float => value.as_f64().is_some_and(|n| text.replace('_', "").parse() == Ok(n)),
        Scalar::Timestamp => value.as_str().is_some_and(|time| time.starts_with(&text[..4]) && time.contains('T')),
        Scalar::Str(text) => value.as_str() == Some(text),
    }
}

/// A mapping's entries with those that it merges; its own ones win, then the first.
fn effective(mapping: Node<'_>) -> BTreeMap<&str, Node<'_>> {
    let mut entries = BTreeMap::new();
    for (key, value) in mapping.entries().filter(|(key, _)| !key.is_merge_key()) {
        entries.insert(key.resolved().text(), value);
    }
    for (_, merged) in mapping.entries().filter(|(key, _)| key.is_merge_key()) {
        let merged = merged.resolved();
        let sources: Vec<Node<'_>> = if merged.kind() == Kind::Sequence { merged.items().collect() } else { vec![merged] };
        for (key, value) in sources.into_iter().flat_map(|source| effective(source.resolved())) {
            entries.entry(key).or_insert(value);
        }
    }
    entries
}
