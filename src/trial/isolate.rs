//! A project as Compose resolved it, changed so that a run of it touches nothing of the person's: not their containers, ports, networks,
//! volumes and files, not the engine, and not the programs that look at labels of containers.

mod binds;
mod twins;
mod unfit;
mod volumes;

use crate::remedy::Remedy;
use binds::{Binds, copied};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use unfit::{is_external, unfit};
use volumes::{replaced, volumes};

/// Longest time that a health check gets, in milliseconds, whatever it asks for.
const LONGEST_HEALTH: u64 = 600_000;

/// What a run may share with the person's own.
#[derive(Clone, Debug, Default)]
pub struct Isolation {
    /// Name of the throw-away project.
    pub name: String,
    /// Labels of everything that is made.
    pub labels: BTreeMap<String, String>,
    /// Run only these services and those they depend on; empty means all.
    pub only: Vec<String>,
    /// Services that cannot be run, and why.
    pub without: BTreeMap<String, String>,
    /// Bind what the project binds, writable too, and give services the devices and powers over the host that they ask for.
    pub allow_binds: bool,
    /// Let containers reach other networks.
    pub allow_network: bool,
    /// Images are built where the project says how.
    pub build: bool,
}

/// A project that may be run.
#[derive(Clone, Debug)]
pub struct Isolated {
    /// For Compose.
    pub model: Value,
    /// Services that run, in order.
    pub services: Vec<IsolatedService>,
    /// Services that do not, and why.
    pub left_out: Vec<(String, LeftOut)>,
    /// Folders that the project binds writable, or that are not there, and the volumes in their place.
    pub stand_ins: Vec<StandIn>,
    /// What the project binds writable and the run does not: service and path in its container.
    pub held: Vec<(String, String)>,
    /// Volumes of another kind than the project's in their place: service and path in its container.
    pub replaced: Vec<(String, String)>,
    /// Services whose image the project can build.
    pub buildable: Vec<String>,
}

/// A service that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsolatedService {
    /// Its name.
    pub service: String,
    /// Its image; one that is built has the name that Compose gives it.
    pub image: String,
    /// Whether the image is built.
    pub is_built: bool,
    /// Milliseconds within which it says that it is healthy, by its own health check; `None` without one in the file.
    pub health: Option<u64>,
    /// Whether it is to be started again when it fails.
    pub restarts: bool,
    /// The service whose network it is in.
    pub network_of: Option<String>,
    /// Whether somebody waits for it to end well, so that it is meant to end.
    pub is_task: bool,
    /// The services that it cannot start without, and those that these need.
    pub needs: Vec<String>,
    /// The service of the project of which it is a second container, where it is one.
    pub twin_of: Option<String>,
}

impl IsolatedService {
    /// The service of the project that it is.
    pub fn own(&self) -> &str {
        self.twin_of.as_deref().unwrap_or(&self.service)
    }
}

/// A folder of the host, and the volume in its place, which gets a copy of what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandIn {
    /// Path on the host, as Compose resolved it.
    pub source: String,
    /// A service that mounts it, and where.
    pub service: String,
    /// Path in that service's container.
    pub target: String,
}

/// Why a service is not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Why.
    pub why: String,
    /// What would run it.
    pub remedy: Option<Remedy>,
}

impl From<String> for LeftOut {
    fn from(why: String) -> Self {
        Self { why, remedy: None }
    }
}

/// Makes `model`, Compose's `config` as JSON, safe to run. `kind` says what is at a path of the host.
pub fn isolate(model: &Value, isolation: &Isolation, kind: &dyn Fn(&str) -> OnHost) -> Isolated {
    let project = model.get("name").and_then(Value::as_str).unwrap_or_default();
    let services = model.get("services").and_then(Value::as_object).cloned().unwrap_or_default();
    let tasks = tasks(&services);
    let given = isolation.without.iter().map(|(name, why)| (name.clone(), why.clone().into()));
    let mut left_out: BTreeMap<String, LeftOut> = given.collect();
    for (name, service) in &services {
        if let Some(why) = unfit(service, model, isolation.allow_binds, kind) {
            left_out.entry(name.clone()).or_insert(why);
        }
    }
    let chosen = wanted(&services, &isolation.only);
    spread(&services, &mut left_out);
    let mut all = Binds { kind, allowed: isolation.allow_binds, copied: copied(&services), stand_ins: Vec::new(), held: Vec::new() };
    let (mut kept, mut isolated, mut buildable) = (Map::new(), Vec::new(), Vec::new());
    for (name, service) in services.iter().filter(|(name, _)| chosen.contains(name.as_str()) && !left_out.contains_key(*name)) {
        let mut service = service.as_object().cloned().unwrap_or_default();
        if service.contains_key("build") {
            buildable.push(name.clone());
        }
        let is_built = isolation.build && service.contains_key("build");
        let image = match service.get("image").and_then(Value::as_str) {
            _ if is_built => format!("{}-{name}", isolation.name),
            Some(image) => image.to_owned(),
            None => format!("{project}-{name}"),
        };
        let health = shorten_health_check(&mut service);
        let restart = service.get("restart").and_then(Value::as_str).is_some_and(|policy| policy != "no");
        let restarts = restart || service.get("deploy").is_some_and(|d| d.get("restart_policy").is_some());
        let network_of = service.get("network_mode").and_then(Value::as_str).and_then(|m| m.strip_prefix("service:")).map(str::to_owned);
        strip_host_ties(&mut service, &image, is_built, isolation);
        all.replace(name, &mut service);
        let needs = wanted(&services, std::slice::from_ref(name)).into_iter().filter(|other| other != name).map(str::to_owned).collect();
        isolated.push(IsolatedService {
            service: name.clone(),
            image,
            is_built,
            health,
            restarts,
            network_of,
            is_task: tasks.contains(name.as_str()),
            needs,
            twin_of: None,
        });
        kept.insert(name.clone(), Value::Object(service));
    }
    twins::add(&services, &left_out, &mut kept, &mut isolated);
    let names: BTreeSet<String> = kept.keys().cloned().collect();
    for service in kept.values_mut() {
        // What may be absent and is not run.
        if let Some(Value::Object(others)) = service.get_mut("depends_on") {
            others.retain(|name, _| names.contains(name));
        }
    }
    left_out.retain(|name, _| chosen.contains(name.as_str()));
    let mut top = Map::new();
    top.insert("name".into(), isolation.name.clone().into());
    top.insert("networks".into(), networks(&kept, isolation));
    top.insert("volumes".into(), volumes(&kept, model, isolation));
    for key in ["configs", "secrets"] {
        if let Some(Value::Object(all)) = model.get(key) {
            let unnamed = |value: &Value| {
                let mut value = value.clone();
                if let Some(own) = value.as_object_mut() {
                    own.remove("name");
                }
                value
            };
            // What is external could not be started, so nobody names it here.
            let own = all.iter().filter(|(_, v)| !is_external(v)).map(|(name, v)| (name.clone(), unnamed(v)));
            top.insert(key.into(), Value::Object(own.collect()));
        }
    }
    let replaced = replaced(&kept, model);
    top.insert("services".into(), Value::Object(kept));
    let Binds { stand_ins, held, .. } = all;
    Isolated {
        model: Value::Object(top),
        services: isolated,
        left_out: left_out.into_iter().collect(),
        stand_ins,
        held,
        replaced,
        buildable,
    }
}

/// What is at a path of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnHost {
    /// Nothing.
    Nothing,
    /// A folder that is small enough to copy.
    Folder,
    /// A folder that is too large, or that may not be read.
    LargeFolder,
    /// A file.
    File,
    /// A socket, a device, a pipe; a folder from where one can be reached, or with other filesystems below it.
    Special,
}

/// What a build is told; the rest would name, push or share what it makes.
const BUILD: [&str; 9] =
    ["additional_contexts", "args", "context", "dockerfile", "dockerfile_inline", "extra_hosts", "platforms", "shm_size", "target"];

/// A text of the model as it is meant: Compose doubles `$` where it would mean a variable.
fn plain(text: &str) -> String {
    text.replace("$$", "$")
}

/// Services whose good end somebody waits for.
fn tasks(services: &Map<String, Value>) -> BTreeSet<&str> {
    let all = services.values().filter_map(|s| s.get("depends_on")?.as_object()).flatten();
    all.filter(|(_, how)| how.get("condition").and_then(Value::as_str) == Some("service_completed_successfully"))
        .map(|(name, _)| name.as_str())
        .collect()
}

/// The services that a service cannot start without.
fn needed(service: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    if let Some(Value::Object(all)) = service.get("depends_on") {
        names.extend(all.iter().filter(|(_, how)| how.get("required") != Some(&Value::Bool(false))).map(|(name, _)| name.as_str()));
    }
    for key in ["network_mode", "ipc", "pid"] {
        names.extend(service.get(key).and_then(Value::as_str).and_then(|text| text.strip_prefix("service:")));
    }
    for key in ["volumes_from", "links"] {
        let items = service.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        names.extend(items.map(|text| text.split(':').next().unwrap_or(text)));
    }
    names
}

/// The services of `only` and what they need; all if it is empty.
fn wanted<'s>(services: &'s Map<String, Value>, only: &'s [String]) -> BTreeSet<&'s str> {
    let mut waiting: Vec<&str> =
        if only.is_empty() { services.keys().map(String::as_str).collect() } else { only.iter().map(String::as_str).collect() };
    let mut found = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if let Some(service) = services.get(name).filter(|_| found.insert(name)) {
            waiting.extend(needed(service));
        }
    }
    found
}

/// Leaves out what needs something that is left out.
fn spread(services: &Map<String, Value>, left_out: &mut BTreeMap<String, LeftOut>) {
    let mut users: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, service) in services {
        for other in needed(service) {
            users.entry(other).or_default().push(name);
        }
    }
    let mut waiting: Vec<String> = left_out.keys().cloned().collect();
    while let Some(name) = waiting.pop() {
        for user in users.get(name.as_str()).into_iter().flatten() {
            if !left_out.contains_key(*user) {
                left_out.insert((*user).to_owned(), format!("it needs {name}, which is not run").into());
                waiting.push((*user).to_owned());
            }
        }
    }
}

/// Makes a health check ask each second. Returns the milliseconds that it would have had to say that the service is healthy.
fn shorten_health_check(service: &mut Map<String, Value>) -> Option<u64> {
    let is_own = service.get("healthcheck").is_some_and(Value::is_object);
    if !is_own {
        // That of the image, if it has one, keeps its test and gets other times.
        service.insert("healthcheck".into(), json!({}));
    }
    let check = service.get_mut("healthcheck").and_then(Value::as_object_mut)?;
    let is_off = check.get("disable") == Some(&Value::Bool(true))
        || check.get("test").and_then(Value::as_array).is_some_and(|t| t.first().and_then(Value::as_str) == Some("NONE"));
    if is_off {
        return None;
    }
    let time = |check: &Map<String, Value>, key: &str, default: u64| {
        check.get(key).and_then(Value::as_str).and_then(milliseconds).filter(|t| *t > 0).unwrap_or(default)
    };
    // The engine's defaults.
    let (interval, timeout) = (time(check, "interval", 30_000), time(check, "timeout", 30_000));
    let retries = check.get("retries").and_then(Value::as_u64).filter(|n| *n > 0).unwrap_or(3);
    let start = check.get("start_period").and_then(Value::as_str).and_then(milliseconds).unwrap_or(0);
    let budget = start.saturating_add(interval.saturating_add(timeout).saturating_mul(retries)).min(LONGEST_HEALTH);
    check.remove("start_interval");
    check.insert("interval".into(), if interval > 1000 { "1s".into() } else { format!("{interval}ms").into() });
    check.insert("retries".into(), (budget / interval.min(1000)).clamp(retries, 100_000).into());
    is_own.then_some(budget)
}

/// Takes away what reaches beyond the throw-away project.
fn strip_host_ties(service: &mut Map<String, Value>, image: &str, is_built: bool, isolation: &Isolation) {
    let name = service.get("container_name").and_then(Value::as_str).map(str::to_owned);
    for key in [
        "annotations",
        "attach",
        "cgroup_parent",
        "container_name",
        "develop",
        "external_links",
        "logging",
        "mac_address",
        "oom_score_adj",
        "ports",
        "pre_stop",
        "profiles",
        "pull_policy",
        "scale",
    ] {
        service.remove(key);
    }
    if is_built {
        // Compose names what it builds after the throw-away project, so that no image of the person's changes its name.
        service.remove("image");
    } else {
        service.remove("build");
        service.insert("image".into(), image.into());
    }
    service.insert("restart".into(), "no".into());
    // Other drivers would send the lines elsewhere, and Compose could not read them.
    service.insert("logging".into(), json!({ "driver": "json-file", "options": { "max-size": "10m", "max-file": "3" } }));
    // Proxies and updaters that watch the engine act on labels.
    service.insert("labels".into(), json!(isolation.labels));
    let limits = service.get("deploy").and_then(|d| d.get("resources")).cloned();
    service.remove("deploy");
    if let Some(limits) = limits {
        service.insert("deploy".into(), json!({ "resources": limits }));
    }
    // Any other name is that of a network of the person's own.
    let stays = |mode: &str| mode == "none" || mode.starts_with("service:");
    if service.get("network_mode").and_then(Value::as_str).is_some_and(|mode| !stays(mode)) {
        service.remove("network_mode");
        service.insert("networks".into(), json!({ "default": null }));
    }
    for network in service.get_mut("networks").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        let mut aliases: Vec<Value> = network.get("aliases").and_then(Value::as_array).cloned().unwrap_or_default();
        // Others may know it by the name that its container had.
        aliases.extend(name.clone().map(Value::from));
        *network = if aliases.is_empty() { Value::Null } else { json!({ "aliases": aliases }) };
    }
    if let Some(Value::Object(build)) = service.get_mut("build") {
        build.retain(|key, _| BUILD.contains(&key.as_str()));
    }
    for hook in service.get_mut("post_start").and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut) {
        hook.remove("privileged");
    }
    if let Some(Value::Object(others)) = service.get_mut("depends_on") {
        for how in others.values_mut().filter_map(Value::as_object_mut) {
            how.remove("restart");
        }
    }
}

/// The networks that services are in, each a new one.
fn networks(services: &Map<String, Value>, isolation: &Isolation) -> Value {
    let mut names: BTreeSet<&str> = ["default"].into();
    for service in services.values() {
        names.extend(service.get("networks").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.as_str()));
    }
    let own = json!({ "labels": isolation.labels, "internal": !isolation.allow_network });
    Value::Object(names.into_iter().map(|name| (name.to_owned(), own.clone())).collect())
}

/// A duration as Go writes it: `1m30s`, `500ms`.
pub fn milliseconds(text: &str) -> Option<u64> {
    let mut total: f64 = 0.0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|end| *end > 0)?;
        let (number, unit) = rest.split_at(digits);
        let end = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
        let factor = match &unit[..end] {
            "h" => 3_600_000.0,
            "m" => 60_000.0,
            "s" => 1000.0,
            "ms" => 1.0,
            "us" | "µs" => 0.001,
            "ns" => 0.000_001,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = &unit[end..];
    }
    #[allow(clippy::cast_sign_loss, reason = "no sign is read")]
    Some(total.min(1e15) as u64)
}

#[cfg(test)]
mod tests;
