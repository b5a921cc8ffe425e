//! GitHub's own description of its interface, as a judge of requests and answers.

use super::http::{Ask, Reply, unescape};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/gh-schemas.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
});
/// Judges made so far: making one takes longer than using it.
static JUDGES: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// An operation of the description, like `GET /repos/{owner}/{repo}`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation(pub(crate) &'static str);

impl Operation {
    /// The operation that a request is for, by its method and the parts of its path.
    pub(crate) fn of(ask: &Ask) -> Option<Self> {
        let parts: Vec<&str> = ask.path.split('/').collect();
        let fits = |name: &str| {
            let (method, path) = name.split_once(' ').unwrap();
            let wanted: Vec<&str> = path.split('/').collect();
            let is_same = |(want, is): (&&str, &&str)| want == is || (want.starts_with('{') && !is.is_empty());
            method == ask.method && wanted.len() == parts.len() && wanted.iter().zip(&parts).all(is_same)
        };
        // Names before variables: `issues/comments/1` is no issue.
        let mut found: Vec<&'static str> = DESCRIPTION["ops"].as_object().unwrap().keys().map(String::as_str).filter(|n| fits(n)).collect();
        found.sort_by_key(|name| name.matches('{').count());
        found.first().map(|name| Self(name))
    }

    fn description(self) -> &'static Value {
        &DESCRIPTION["ops"][self.0]
    }

    /// What is wrong with a request.
    pub(crate) fn complaints(self, ask: &Ask) -> Vec<String> {
        let mut found = Vec::new();
        let known = &self.description()["query"];
        for (name, value) in ask.fields() {
            let about = &known[&name];
            if about.is_null() {
                found.push(format!("{}: no such query field: {name}", self.0));
                continue;
            }
            let value = match about["schema"]["type"].as_str() {
                Some("integer") => value.parse::<u64>().map_or(json!(value), |n| json!(n)),
                Some("boolean") => value.parse::<bool>().map_or(json!(value), |b| json!(b)),
                _ => json!(value),
            };
            found.extend(judge(&format!("{} query {name}", self.0), || about["schema"].clone(), &value));
        }
        match &self.description()["body"] {
            Value::Null if ask.body.is_empty() => {}
            Value::Null => found.push(format!("{}: takes no body", self.0)),
            schema => match serde_json::from_slice(&ask.body) {
                Ok(body) => found.extend(judge(&format!("{} body", self.0), || strict(schema), &body)),
                Err(e) => found.push(format!("{}: the body is no JSON: {e}", self.0)),
            },
        }
        found
    }

    /// What is wrong with an answer of this fake itself.
    pub(crate) fn complaints_about(self, reply: &Reply) -> Vec<String> {
        let about = &self.description()["responses"][reply.status.to_string()];
        let schema = &about["schema"];
        if about.is_null() || schema.is_null() {
            // Statuses of all operations alike, as for limits, are not repeated in the description of each.
            let is_general = [304, 401, 403, 404, 409, 422, 429].contains(&reply.status) || reply.status >= 500;
            return if is_general || !about.is_null() { Vec::new() } else { vec![format!("{}: never answers {}", self.0, reply.status)] };
        }
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        judge(&format!("{} answer {}", self.0, reply.status), || schema.clone(), &body)
    }

    /// The description's example of an answer.
    pub(crate) fn example(self, status: u16) -> Value {
        let example = &self.description()["responses"][status.to_string()]["example"];
        assert!(!example.is_null(), "{} {status} has no example", self.0);
        example.clone()
    }
}

/// What a schema says against a value.
fn judge(name: &str, schema: impl FnOnce() -> Value, value: &Value) -> Vec<String> {
    let judge = Arc::clone(JUDGES.lock().unwrap().entry(name.to_owned()).or_insert_with(|| {
        let mut schema = schema();
        schema["$defs"] = DESCRIPTION["$defs"].clone();
        Arc::new(jsonschema::options().should_validate_formats(true).build(&schema).unwrap())
    }));
    judge.iter_errors(value).map(|e| format!("{name}: {} at {}", e, e.instance_path())).collect()
}

/// A schema whose objects have no other fields than it names: the published one accepts a typo.
fn strict(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            let mut map: serde_json::Map<String, Value> = map.iter().map(|(k, v)| (k.clone(), strict(v))).collect();
            if map.contains_key("properties") && !map.contains_key("additionalProperties") {
                map.insert("additionalProperties".into(), json!(false));
            }
            Value::Object(map)
        }
        Value::Array(items) => Value::Array(items.iter().map(strict).collect()),
        other => other.clone(),
    }
}

/// One value with the fields of another on top.
pub(crate) fn over(mut below: Value, above: Value) -> Value {
    match (&mut below, above) {
        (Value::Object(map), Value::Object(fields)) => {
            for (name, value) in fields {
                let old = map.remove(&name).unwrap_or_default();
                map.insert(name, over(old, value));
            }
            below
        }
        (_, above) => above,
    }
}

/// A variable part of a path.
pub(crate) fn part(ask: &Ask, place: usize) -> String {
    ask.path.split('/').nth(place).map(unescape).unwrap_or_default()
}
