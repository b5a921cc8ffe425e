//! Services of which the project wants several containers: what these share is shared in a run as well, by two of them.

use super::{IsolatedService, LeftOut};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Adds a second one of each service that shares a volume with its like. Two show what more would: who locks what is there, and who does
/// not expect another one.
pub(super) fn add(
    services: &Map<String, Value>,
    left_out: &BTreeMap<String, LeftOut>,
    kept: &mut Map<String, Value>,
    isolated: &mut Vec<IsolatedService>,
) {
    let mut twins = Vec::new();
    for own in isolated.iter().filter(|own| services.get(&own.service).is_some_and(wants_several)) {
        let Some(mut twin) = kept.get(&own.service).filter(|service| shares(service)).cloned() else { continue };
        let is_taken = |name: &String| services.contains_key(name) || left_out.contains_key(name);
        let Some(name) = (2..100).map(|number| format!("{}-{number}", own.service)).find(|name| !is_taken(name)) else { continue };
        if let (true, Some(twin)) = (own.is_built, twin.as_object_mut()) {
            // What the first one is built for is there by then.
            twin.remove("build");
            twin.insert("image".into(), own.image.clone().into());
        }
        twins.push(IsolatedService { service: name.clone(), is_built: false, twin_of: Some(own.service.clone()), ..own.clone() });
        kept.insert(name, twin);
    }
    isolated.extend(twins);
}

fn wants_several(service: &Value) -> bool {
    let number = service.get("scale").or_else(|| service.get("deploy")?.get("replicas"));
    number.and_then(Value::as_u64).is_some_and(|number| number > 1)
}

/// Whether it keeps something in a volume with a name. A copy of what the project binds is shared with or without a change.
fn shares(service: &Value) -> bool {
    let is_shared = |mount: &Value| {
        let text = |key: &str| mount.get(key).and_then(Value::as_str);
        let is_writable = mount.get("read_only") != Some(&Value::Bool(true));
        text("type") == Some("volume") && text("source").is_some_and(|source| !source.starts_with("stand-in-")) && is_writable
    };
    service.get("volumes").and_then(Value::as_array).into_iter().flatten().any(is_shared)
}
