//! Commands that a client can have carried out, and what the server asks of a client.

use super::edits::{Harden, Wish};
use serde_json::{Value, json};

/// Hardens a service: the URI of a file, and its name.
pub(super) const HARDEN_SERVICE: &str = "rofs-harden.hardenService";
/// Hardens all services of the project of a file, as far as that is known to be safe: the URI of the file.
pub(super) const HARDEN_PROJECT: &str = "rofs-harden.hardenProject";

/// The document that a command is about, and what is wished for; `None` for what is no command.
pub(super) fn wish(command: &str, arguments: &[Value]) -> Option<(String, Wish)> {
    let text = |i: usize| arguments.get(i).and_then(Value::as_str).map(str::to_owned);
    let wish = match command {
        HARDEN_SERVICE => Wish::Harden(Harden { service: text(1)?, ..Harden::default() }),
        HARDEN_PROJECT => Wish::All,
        _ => return None,
    };
    Some((text(0)?, wish))
}

/// The request by which a client is asked to watch files: those of projects by their usual names, and others that were read.
pub(super) fn watch(id: &str, globs: &[String]) -> Value {
    let watchers: Vec<Value> = globs.iter().map(|glob| json!({"globPattern": glob})).collect();
    json!({"registrations": [{"id": id, "method": "workspace/didChangeWatchedFiles", "registerOptions": {"watchers": watchers}}]})
}

/// The request by which a client is asked to watch no more.
pub(super) fn unwatch(id: &str) -> Value {
    json!({"unregisterations": [{"id": id, "method": "workspace/didChangeWatchedFiles"}]})
}

/// The usual names of files that a project is made of.
pub(super) const USUAL: [&str; 4] =
    ["**/*.{yaml,yml}", "**/{.env,*.env,.env.*}", "**/{Dockerfile,Dockerfile.*,*.Dockerfile}", "**/rofs-harden.toml"];

/// Whether a file has one of the usual names.
pub(super) fn is_usual(name: &str) -> bool {
    let ends = |end: &str| name.ends_with(end);
    name == "rofs-harden.toml"
        || name == "Dockerfile"
        || [".yaml", ".yml", ".env", ".Dockerfile"].into_iter().any(ends)
        || [".env.", "Dockerfile."].into_iter().any(|start| name.starts_with(start))
}
