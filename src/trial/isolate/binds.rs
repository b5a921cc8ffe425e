//! What the project binds from the host, and what stands in its place.

use super::{OnHost, StandIn, plain};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Sources that some service binds writable.
pub(super) fn copied(services: &Map<String, Value>) -> BTreeSet<String> {
    let mounts = services.values().filter_map(|s| s.get("volumes")?.as_array()).flatten();
    let writable =
        mounts.filter(|m| m.get("type").and_then(Value::as_str) == Some("bind") && m.get("read_only") != Some(&Value::Bool(true)));
    writable.filter_map(|m| m.get("source")?.as_str()).map(plain).collect()
}

/// Binds of all services.
pub(super) struct Binds<'k> {
    pub(super) kind: &'k dyn Fn(&str) -> OnHost,
    pub(super) allowed: bool,
    /// Folders that are copied for all who bind them, since one of them writes.
    pub(super) copied: BTreeSet<String>,
    pub(super) stand_ins: Vec<StandIn>,
    pub(super) held: Vec<(String, String)>,
}

impl Binds<'_> {
    /// Makes a service's binds read-only, or volumes with a copy of what is there.
    pub(super) fn replace(&mut self, name: &str, service: &mut Map<String, Value>) {
        if self.allowed {
            return;
        }
        for mount in service.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
            let text = |key: &str| mount.get(key).and_then(Value::as_str).map(plain);
            let (Some("bind"), Some(source), Some(target)) = (text("type").as_deref(), text("source"), text("target")) else { continue };
            let is_read_only = mount.get("read_only") == Some(&Value::Bool(true));
            match (self.kind)(&source) {
                // Compose would make a folder there, root's and empty, on the person's disk.
                OnHost::Nothing => *mount = self.volume(&source, name, &target, is_read_only),
                OnHost::Folder if self.copied.contains(&source) => *mount = self.volume(&source, name, &target, is_read_only),
                _ => {
                    mount["read_only"] = true.into();
                    if !is_read_only {
                        self.held.push((name.to_owned(), target));
                    }
                }
            }
        }
    }

    /// A volume in place of a folder, one for all that bind the same.
    fn volume(&mut self, source: &str, service: &str, target: &str, is_read_only: bool) -> Value {
        let known = self.stand_ins.iter().position(|s| s.source == source);
        let place = known.unwrap_or(self.stand_ins.len());
        let volume = format!("stand-in-{place}");
        if known.is_none() {
            let source = source.to_owned();
            self.stand_ins.push(StandIn { source, service: service.to_owned(), target: target.to_owned() });
        }
        // A bind shows nothing of the image, so the volume must not either.
        json!({ "type": "volume", "source": volume, "target": target.replace('$', "$$"), "read_only": is_read_only, "volume": { "nocopy": true } })
    }
}
