//! What a Dockerfile says about the image that a service builds.

use super::{Project, Service, has_variable, merge};
use parse_dockerfile::{Command, Instruction, JsonOrStringArray};
use std::collections::HashMap;

/// Longest Dockerfile that is read, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

/// Dockerfile texts by their path relative to the project folder, as [`references`] asks for them.
pub type Dockerfiles = HashMap<String, String>;

/// Facts of the stage that is built, and of the stages it stands on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The image that the first of these stages starts from; `None` when a variable without a default decides, or it is `scratch`.
    pub base: Option<String>,
    /// The last `USER`.
    pub user: Option<String>,
    /// Texts that may name paths: (instruction, text) of `ENV`, `VOLUME`, `ENTRYPOINT`, `CMD`, and of `RUN` with `mkdir`.
    pub mentions: Vec<(&'static str, String)>,
}

/// The Dockerfiles that the project's services are built from, by path relative to the project folder. Remote contexts, paths that
/// leave the folder and paths with variables are not among them.
pub fn references(project: &Project<'_>) -> Vec<String> {
    let mut paths: Vec<String> = project.services.iter().filter_map(|s| build_of(s)?.path).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// The facts of the image that `service` builds.
pub fn facts(service: &Service<'_>, files: &Dockerfiles) -> Option<Facts> {
    let build = build_of(service)?;
    let text = build.inline.as_deref().or_else(|| files.get(build.path.as_ref()?).map(String::as_str))?;
    read(text, build.target.as_deref())
}

struct Build {
    path: Option<String>,
    target: Option<String>,
    inline: Option<String>,
}

fn build_of(service: &Service<'_>) -> Option<Build> {
    let value = service.get("build")?.value.resolved();
    let entries = merge::entries(value);
    let text = |key: &str| entries.iter().find(|e| e.key.text() == key).and_then(|e| e.value.resolved().as_str());
    let context = value.as_str().or_else(|| text("context")).unwrap_or(".");
    let dockerfile = text("dockerfile").unwrap_or("Dockerfile");
    Some(Build {
        path: join(context, dockerfile),
        target: text("target").map(str::to_owned),
        inline: text("dockerfile_inline").map(str::to_owned),
    })
}

/// `context/dockerfile`, cleaned; `None` when it leads out of the project folder.
fn join(context: &str, dockerfile: &str) -> Option<String> {
    let is_remote = |p: &str| p.contains("://") || p.starts_with("git@") || p.starts_with(['/', '~', '\\']) || has_variable(p);
    if is_remote(context) || is_remote(dockerfile) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in context.split('/').chain(dockerfile.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn read(text: &str, target: Option<&str>) -> Option<Facts> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let dockerfile = parse_dockerfile::parse(text).ok()?;
    let defaults: HashMap<&str, &str> = dockerfile.global_args().filter_map(|arg| arg.arguments.value.split_once('=')).collect();
    let stages: Vec<_> = dockerfile.stages().collect();
    let name_of = |i: usize| stages[i].from.as_.as_ref().map(|(_, name)| &*name.value);
    let index = |name: &str, before: usize| (0..before).rfind(|&i| name_of(i).is_some_and(|n| n.eq_ignore_ascii_case(name)));
    let mut current = match target {
        Some(name) => index(name, stages.len()).or_else(|| name.parse().ok().filter(|&i: &usize| i < stages.len()))?,
        None => stages.len().checked_sub(1)?,
    };
    let mut facts = Facts::default();
    loop {
        let stage = &stages[current];
        for instruction in stage.instructions.iter().rev() {
            match instruction {
                Instruction::User(user) if facts.user.is_none() => facts.user = Some(user.arguments.value.to_string()),
                Instruction::Env(env) => facts.mentions.push(("ENV", env.arguments.value.to_string())),
                Instruction::Volume(volume) => facts.mentions.push(("VOLUME", words(&volume.arguments))),
                Instruction::Cmd(cmd) => facts.mentions.push(("CMD", command(&cmd.arguments))),
                Instruction::Entrypoint(entry) => facts.mentions.push(("ENTRYPOINT", command(&entry.arguments))),
                Instruction::Run(run) => {
                    let text = command(&run.arguments);
                    facts.mentions.extend(text.split_whitespace().any(|w| w == "mkdir").then_some(("RUN mkdir", text)));
                }
                _ => {}
            }
        }
        let image = substitute(&stage.from.image.value, &defaults)?;
        match index(&image, current) {
            // Each step goes to an earlier stage, so this ends.
            Some(earlier) => current = earlier,
            None => {
                facts.base = (image != "scratch").then_some(image);
                return Some(facts);
            }
        }
    }
}

fn words(array: &JsonOrStringArray<'_, 1>) -> String {
    match array {
        JsonOrStringArray::Json(items) => items.value.iter().map(|i| &*i.value).collect::<Vec<_>>().join(" "),
        JsonOrStringArray::String(items) => items.iter().map(|i| &*i.value).collect::<Vec<_>>().join(" "),
    }
}

fn command(command: &Command<'_>) -> String {
    match command {
        Command::Exec(items) => items.value.iter().map(|i| &*i.value).collect::<Vec<_>>().join(" "),
        Command::Shell(text) => text.value.to_string(),
        _ => String::new(),
    }
}

/// `FROM` with the defaults of `ARG` put in. `None` when a variable has no default.
fn substitute(text: &str, defaults: &HashMap<&str, &str>) -> Option<String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('$') {
        result.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        let (name, default, after) = match rest.strip_prefix('{') {
            Some(inner) => {
                let end = inner.find('}')?;
                let (name, default) = inner[..end].split_once(":-").map_or((&inner[..end], None), |(n, d)| (n, Some(d)));
                (name, default, &inner[end + 1..])
            }
            None => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                (&rest[..end], None, &rest[end..])
            }
        };
        result.push_str(defaults.get(name).copied().or(default)?.trim_matches(['"', '\'']));
        rest = after;
    }
    result.push_str(rest);
    (!result.is_empty()).then_some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_stage_and_those_below_it_are_read() {
        let text = "ARG V=22\nFROM node:${V}-slim AS base\nENV DATA_DIR=/data\nFROM golang AS tools\nFROM base\nRUN mkdir -p /data/x\nUSER node\nVOLUME [\"/data\"]\nCMD [\"node\", \"app.js\"]\n";
        let facts = read(text, None).expect("facts");
        assert_eq!((facts.base.as_deref(), facts.user.as_deref()), (Some("node:22-slim"), Some("node")));
        let kinds: Vec<&str> = facts.mentions.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, ["CMD", "VOLUME", "RUN mkdir", "ENV"]);
        assert_eq!(read(text, Some("tools")).expect("facts").base.as_deref(), Some("golang"));
        assert_eq!(read(text, Some("nowhere")), None);
    }

    #[test]
    fn what_is_not_known_is_none() {
        assert_eq!(read("FROM $IMAGE\n", None), None);
        assert_eq!(read("FROM scratch\n", None).expect("facts").base, None);
        assert_eq!(read("not a dockerfile", None), None);
        assert_eq!(
            (join(".", "Dockerfile"), join("../x", "Dockerfile"), join("https://host/x.git", "Dockerfile")),
            (Some("Dockerfile".into()), None, None)
        );
    }
}
