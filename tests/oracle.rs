//! The outside oracle: the real Compose CLI, run without network, environment or engine.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Prints why a check is skipped, or fails where `requirement` says that it must not be.
pub(crate) fn skipped(what: &str, requirement: &str) {
    assert!(std::env::var_os(requirement).is_none(), "{what} is required by {requirement}");
    eprintln!("skipped: {what}");
}

/// The Compose CLI named by `ROFS_COMPOSE`, or on the path.
pub(crate) struct Compose(PathBuf);

impl Compose {
    pub(crate) fn find() -> Option<Self> {
        let named = std::env::var_os("ROFS_COMPOSE").map(PathBuf::from);
        let program = named.unwrap_or_else(|| "docker-compose".into());
        let works = Command::new(&program).arg("version").output().is_ok_and(|o| o.status.success());
        if !works {
            skipped("no Compose CLI (set ROFS_COMPOSE)", "ROFS_REQUIRE_COMPOSE");
        }
        works.then_some(Self(program))
    }

    /// The program itself.
    pub(crate) fn program(&self) -> &Path {
        &self.0
    }

    /// What Compose makes of the project in `folder`, every profile active, environment `env` and nothing else.
    /// `Err` holds its complaint.
    pub(crate) fn effective(&self, folder: &Path, env: &[(&str, &str)]) -> Result<Value, String> {
        self.effective_with(folder, &[], env)
    }

    /// [`Compose::effective`] with more options, such as `-f FILE`.
    pub(crate) fn effective_with(&self, folder: &Path, options: &[String], env: &[(&str, &str)]) -> Result<Value, String> {
        let nowhere = tempfile::tempdir().expect("a folder");
        let output = Command::new(&self.0)
            .current_dir(folder)
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("DOCKER_HOST", "unix:///nonexistent.sock")])
            .envs([("COMPOSE_EXPERIMENTAL_GIT_REMOTE", "false"), ("COMPOSE_EXPERIMENTAL_OCI_REMOTE", "false")])
            .env("HOME", nowhere.path())
            .env("DOCKER_CONFIG", nowhere.path())
            .envs(env.iter().copied())
            .args(["-p", "case", "--profile", "*", "--all-resources"])
            .args(options)
            .args(["config", "--format", "json", "--no-path-resolution"])
            .output()
            .expect("Compose runs");
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        serde_json::from_slice(&output.stdout).map_err(|e| e.to_string())
    }

    /// A folder in which texts can be loaded as a project of one file.
    pub(crate) fn scratch(&self) -> Scratch<'_> {
        Scratch { compose: self, top: tempfile::tempdir().expect("a folder") }
    }
}

/// One folder for all texts that are compared, since its path may be in a model.
pub(crate) struct Scratch<'c> {
    compose: &'c Compose,
    top: tempfile::TempDir,
}

impl Scratch<'_> {
    /// [`Compose::effective`] of one file's text.
    pub(crate) fn effective(&self, text: &str) -> Result<Value, String> {
        self.effective_project(&BTreeMap::from([("compose.yaml".to_owned(), text.to_owned())]), &["compose.yaml"])
    }

    /// [`Compose::effective`] of a project's files, with these layers.
    pub(crate) fn effective_project(&self, files: &BTreeMap<String, String>, layers: &[&str]) -> Result<Value, String> {
        // Deep enough for the `../..` of real files to stay inside.
        let folder = self.top.path().join("a/b/c/d/e");
        for (name, text) in files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("written");
        }
        let options: Vec<String> = layers.iter().flat_map(|l| ["-f".to_owned(), (*l).to_owned()]).collect();
        // Files that Compose reads must be there; what is in them does not matter here.
        let mut last = String::new();
        let mut env: Vec<(String, &str)> = Vec::new();
        for _ in 0..40 {
            let pairs: Vec<(&str, &str)> = env.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            match self.compose.effective_with(&folder, &options, &pairs) {
                Err(why) if why != last && stub(&why, self.top.path()) => last = why,
                Err(why) if why != last && why.contains("required variable ") => {
                    env.extend(
                        why.split("required variable ").nth(1).and_then(|rest| rest.split(' ').next()).map(|name| (name.to_owned(), "1")),
                    );
                    last = why;
                }
                result => return result,
            }
        }
        Err(last)
    }
}

/// Where two models differ first, in a line; empty when they are equal.
pub(crate) fn difference(expected: &Value, found: &Value) -> String {
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            let differs = |key: &&String| a.get(*key) != b.get(*key);
            let null = Value::Null;
            keys.into_iter()
                .find(differs)
                .map_or(String::new(), |key| format!("{key}.{}", difference(a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null))))
        }
        _ if expected == found => String::new(),
        _ => format!(" expected {expected}, found {found}"),
    }
}

/// Makes an empty file where Compose misses an env or label file. False when that is not its complaint.
fn stub(complaint: &str, top: &Path) -> bool {
    let named = ["env file ", "label file "].iter().find_map(|kind| complaint.split(kind).nth(1));
    let missing = named.and_then(|rest| rest.split(" not found").next()).map(PathBuf::from);
    match missing {
        Some(path) if path.starts_with(top) => {
            let parent = path.parent().expect("a parent");
            std::fs::create_dir_all(parent).is_ok() && std::fs::write(&path, "").is_ok()
        }
        _ => false,
    }
}

/// A model in which lists of mounts have no order, as it means nothing.
pub(crate) fn unordered(mut model: Value) -> Value {
    for service in model["services"].as_object_mut().into_iter().flat_map(|s| s.values_mut()) {
        for key in ["tmpfs", "volumes", "cap_drop", "cap_add", "security_opt"] {
            if let Some(list) = service.get_mut(key).and_then(Value::as_array_mut) {
                list.sort_by_key(ToString::to_string);
            }
        }
    }
    model
}

/// A model without what means nothing: extension blocks, `volume: {}`, absent commands, `read_only: false`.
pub(crate) fn normal(mut model: Value) -> Value {
    if let Some(top) = model.as_object_mut() {
        top.retain(|key, value| !(key.starts_with("x-") || key == "volumes" && *value == json!({})));
    }
    if let Some(services) = model.get_mut("services").and_then(Value::as_object_mut) {
        for service in services.values_mut().filter_map(Value::as_object_mut) {
            service.retain(|key, value| !(key.starts_with("x-") || value.is_null() || key == "read_only" && *value == json!(false)));
            for mount in service.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut) {
                mount.retain(|key, value| key != "volume" || *value != json!({}));
            }
        }
    }
    model
}

/// A normal model with a plan applied.
pub(crate) fn apply(plan: &Value, model: Value) -> Value {
    let mut model = normal(model);
    for (name, changes) in plan["services"].as_object().into_iter().flatten() {
        let service = model["services"][name].as_object_mut().expect("a planned service");
        for (key, change) in changes.as_object().expect("changes") {
            match key.strip_suffix('+') {
                None => drop(service.insert(key.clone(), change.clone())),
                Some("read_only_binds") => {
                    let mounts = service.get_mut("volumes").and_then(Value::as_array_mut).expect("binds");
                    for mount in mounts.iter_mut().filter(|m| change.as_array().expect("targets").contains(&m["target"])) {
                        mount["read_only"] = json!(true);
                    }
                }
                Some("tmpfs_options") => {
                    let target = |item: &Value| item.as_str().and_then(|text| text.split(':').next()).map(str::to_owned);
                    let items = service.get_mut("tmpfs").and_then(Value::as_array_mut).expect("tmpfs");
                    for new in change.as_array().expect("items") {
                        items.iter_mut().filter(|item| target(item) == target(new)).for_each(|item| item.clone_from(new));
                    }
                }
                Some(list) => {
                    let items = service.entry(list).or_insert_with(|| json!([])).as_array_mut().expect("a list");
                    items.extend(change.as_array().expect("items").iter().cloned());
                }
            }
        }
    }
    for name in plan["volumes"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let volumes = model.as_object_mut().expect("a model").entry("volumes").or_insert_with(|| json!({}));
        let project = "case_";
        volumes[name] = json!({"name": format!("{project}{name}")});
    }
    normal(model)
}
