//! The volumes of a run, each a new one that is removed with it.

use super::Isolation;
use serde_json::{Map, Value, json};

/// Options of a tmpfs that have no word about the host.
const OF_TMPFS: [&str; 14] =
    ["mode", "uid", "gid", "size", "nr_inodes", "nr_blocks", "huge", "noexec", "exec", "nosuid", "nodev", "noatime", "rw", "mpol"];

/// The volumes that services mount. A tmpfs stays one, with its owner and mode; all else is an empty volume of the engine's own kind.
pub(super) fn volumes(services: &Map<String, Value>, model: &Value, isolation: &Isolation) -> Value {
    let one = |name: &str| {
        let mut volume = json!({ "labels": isolation.labels });
        if let Some(options) = tmpfs(&model["volumes"][name]) {
            volume["driver_opts"] = options;
        }
        (name.to_owned(), volume)
    };
    Value::Object(named(services).map(|(_, name, _)| one(name)).collect())
}

/// What is no volume of the project's own kind in a run, by service and path: what its driver or its options stand for is not there.
pub(super) fn replaced(services: &Map<String, Value>, model: &Value) -> Vec<(String, String)> {
    let is_other = |name: &str| {
        let volume = &model["volumes"][name];
        let has_options = volume["driver_opts"].as_object().is_some_and(|options| !options.is_empty());
        let is_foreign = volume["driver"].as_str().is_some_and(|driver| driver != "local");
        (has_options || is_foreign) && tmpfs(volume).is_none()
    };
    let all = named(services).filter(|(_, name, _)| is_other(name));
    all.map(|(service, _, target)| (service.to_owned(), target.to_owned())).collect()
}

/// Service, name and path of each volume that is mounted.
fn named(services: &Map<String, Value>) -> impl Iterator<Item = (&str, &str, &str)> {
    services.iter().flat_map(|(service, own)| named_of(service, own))
}

fn named_of<'s>(service: &'s str, own: &'s Value) -> impl Iterator<Item = (&'s str, &'s str, &'s str)> {
    let mounts = own.get("volumes").and_then(Value::as_array).into_iter().flatten();
    let volumes = mounts.filter(|mount| mount["type"] == "volume");
    volumes.filter_map(move |mount| Some((service, mount["source"].as_str()?, mount["target"].as_str()?)))
}

/// The options of a volume that is a tmpfs and names nothing of the host.
fn tmpfs(volume: &Value) -> Option<Value> {
    let options = volume["driver_opts"].as_object()?;
    let text = |key: &str| options.get(key).and_then(Value::as_str);
    let is_own = |option: &str| OF_TMPFS.contains(&option.trim().split('=').next().unwrap_or_default());
    let is_plain = volume["driver"].as_str().is_none_or(|driver| driver == "local")
        && volume["external"] != Value::Bool(true)
        && text("type") == Some("tmpfs")
        && text("device").is_none_or(|device| !device.contains('/'))
        && text("o").is_none_or(|all| all.split(',').all(is_own))
        && options.keys().all(|key| ["type", "device", "o"].contains(&key.as_str()));
    is_plain.then(|| volume["driver_opts"].clone())
}
