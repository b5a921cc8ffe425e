//! What a Dockerfile says about the image that a service builds. Nothing here fails: what is not understood is unknown, with a reason.

mod read;

use super::{Project, Service, has_variable, merge};
use crate::yaml::{Kind, Node};
use std::collections::HashMap;

/// Longest Dockerfile that is read, in bytes. Real ones have a few kilobytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// How many bytes of Dockerfiles are read for one project. Every service reads its own, so a stranger's project could otherwise ask for
/// any amount of work.
pub const MAX_TOTAL_BYTES: usize = 16 * MAX_BYTES;

/// Dockerfile texts by their path relative to the project folder, as [`references`] asks for them.
pub type Dockerfiles = HashMap<String, String>;

/// Facts of the stage that is built, and of the stages it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The image that the first of these stages starts from, or why it is not known.
    pub base: Result<String, String>,
    /// The last `USER`, as written.
    pub user: Option<String>,
    /// All `ENV`, in order.
    pub environment: Vec<(String, String)>,
    /// Text of the `ENTRYPOINT` that counts.
    pub entrypoint: Option<String>,
    /// Text of the `CMD` that counts.
    pub cmd: Option<String>,
    /// Folders that are declared or made for data: (`VOLUME` or `RUN mkdir`, absolute path, cleaned).
    pub folders: Vec<(&'static str, String)>,
    /// Where `COPY` and `ADD` put files: absolute paths, cleaned.
    pub copied: Vec<String>,
}

/// What Compose says of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build<'a> {
    /// The Dockerfile, relative to the project folder; `None` when it is remote, outside that folder, or named by a variable.
    pub path: Option<String>,
    /// The stage to build; `None` for the last.
    pub target: Option<&'a str>,
    /// The Dockerfile's text, when the Compose file holds it.
    pub inline: Option<&'a str>,
    /// Build arguments; `None` where the environment decides the value.
    args: HashMap<&'a str, Option<&'a str>>,
    /// Names that another context replaces, and with what.
    contexts: HashMap<&'a str, Option<&'a str>>,
}

/// The Dockerfiles that the project's services are built from, by path relative to the project folder, sorted. Remote contexts, paths
/// that leave the folder and paths with variables are not among them.
pub fn references(project: &Project<'_>) -> Vec<String> {
    let wanted = |s: &Service<'_>| build_of(s).filter(|b| b.inline.is_none())?.path;
    let mut paths: Vec<String> = project.services.iter().filter_map(wanted).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// The facts of the image that `service` builds, or why there are none. `None` when it builds nothing. What is read is taken off `left`,
/// which starts at [`MAX_TOTAL_BYTES`] for a project.
pub fn facts(service: &Service<'_>, files: &Dockerfiles, left: &mut usize) -> Option<Result<Facts, String>> {
    let build = build_of(service)?;
    Some(text_of(&build, files).and_then(|text| {
        if text.len() > MAX_BYTES {
            return Err("its Dockerfile is longer than 1 MiB".into());
        }
        *left = left.checked_sub(text.len()).ok_or("the Dockerfiles of this project are too long together")?;
        read::read(text, &build)
    }))
}

fn text_of<'t>(build: &Build<'t>, files: &'t Dockerfiles) -> Result<&'t str, String> {
    if let Some(text) = build.inline {
        return Ok(text);
    }
    let path = build.path.as_ref().ok_or("its Dockerfile is not in the project folder")?;
    files.get(path).map(String::as_str).ok_or_else(|| format!("`{path}` cannot be read"))
}

/// What `service` says of its build. `None` when it has none.
pub fn build_of<'a>(service: &Service<'a>) -> Option<Build<'a>> {
    let value = service.get("build")?.value.resolved();
    if value.is_null() {
        return None;
    }
    let entries = merge::entries(value);
    let get = |key: &str| entries.iter().find(|e| e.key.text() == key).map(|e| e.value.resolved());
    let text = |key: &str| get(key).and_then(Node::as_str);
    let context = value.as_str().or_else(|| text("context")).unwrap_or(".");
    Some(Build {
        path: join(context, text("dockerfile").unwrap_or("Dockerfile")),
        target: text("target"),
        inline: text("dockerfile_inline"),
        args: get("args").map(pairs).unwrap_or_default(),
        contexts: get("additional_contexts").map(pairs).unwrap_or_default(),
    })
}

/// The pairs of a mapping, or of a list of `NAME=VALUE`. A value is `None` where it is not in the file.
fn pairs(node: Node<'_>) -> HashMap<&str, Option<&str>> {
    let known = |text| (!has_variable(text)).then_some(text);
    match node.kind() {
        Kind::Sequence => node
            .items()
            .map(|item| match item.resolved().text().split_once('=') {
                Some((name, value)) => (name, known(value)),
                None => (item.resolved().text(), None),
            })
            .collect(),
        _ => merge::entries(node)
            .into_iter()
            .map(|e| (e.key.text(), Some(e.value.resolved()).filter(|v| !v.is_null()).and_then(|v| known(v.text()))))
            .collect(),
    }
}

/// `context/dockerfile`, cleaned; `None` when it leads out of the project folder.
fn join(context: &str, dockerfile: &str) -> Option<String> {
    let is_remote = |p: &str| {
        p.contains("://") || p.starts_with(['/', '~', '\\']) || ["git@", "github.com/"].iter().any(|s| p.starts_with(s)) || has_variable(p)
    };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{FileId, MAX_FILE_BYTES, TextFile};
    use crate::yaml::Stream;

    fn with_service<T>(body: &str, f: impl FnOnce(&Project<'_>) -> T) -> T {
        let text = TextFile::new("f", format!("services:\n  s:\n{body}").into_bytes(), MAX_FILE_BYTES).expect("text");
        let streams = [Stream::parse(&text, FileId(0)).expect("YAML")];
        f(&Project::read(&streams).expect("a project"))
    }

    #[test]
    fn dockerfiles_inside_the_project_are_asked_for() {
        for (body, expected) in [
            ("    image: node\n", &[][..]),
            ("    build:\n", &[]),
            ("    build: .\n", &["Dockerfile"]),
            ("    build: ./api/\n", &["api/Dockerfile"]),
            ("    build: {context: api, dockerfile: ../docker/api.Dockerfile}\n", &["docker/api.Dockerfile"]),
            ("    build: {dockerfile_inline: FROM node}\n", &[]),
            ("    build: ../other\n", &[]),
            ("    build: {context: ., dockerfile: a/../../x}\n", &[]),
            ("    build: /srv/app\n", &[]),
            ("    build: https://example.com/app.git\n", &[]),
            ("    build: github.com/owner/app\n", &[]),
            ("    build: git@example.com:owner/app.git\n", &[]),
            ("    build: ${CONTEXT:-.}\n", &[]),
        ] {
            assert_eq!(with_service(body, references), expected, "{body}");
        }
    }

    #[test]
    fn compose_arguments_and_contexts_decide_the_base() {
        for (build, dockerfile, expected) in [
            ("    build: .\n", "FROM node:22\n", Ok("node:22")),
            ("    build: {dockerfile_inline: 'FROM python:3'}\n", "FROM node\n", Ok("python:3")),
            ("    build: {args: {BASE: python}}\n", "ARG BASE=node\nFROM $BASE\n", Ok("python")),
            ("    build: {args: ['V=20']}\n", "ARG V=18\nFROM node:${V}\n", Ok("node:20")),
            ("    build: {args: {V: 20}}\n", "ARG V=18\nFROM node:${V}\n", Ok("node:20")),
            ("    build: {args: {V: }}\n", "ARG V=18\nFROM node:${V}\n", Ok("node:${V}")),
            ("    build: {args: [BASE]}\n", "ARG BASE=node\nFROM ${BASE}\n", Err("a variable decides the Dockerfile's base ${BASE}")),
            ("    build: {args: {BASE: $X}}\n", "ARG BASE=node\nFROM ${BASE}\n", Err("a variable decides the Dockerfile's base ${BASE}")),
            ("    build: {args: {BASE: python}}\n", "FROM ${BASE:-node}\n", Ok("node")),
            ("    build: {additional_contexts: {base: 'docker-image://node:22'}}\n", "FROM base\n", Ok("node:22")),
            (
                "    build: {additional_contexts: ['node=service:x']}\n",
                "FROM node\n",
                Err("another build context stands for the Dockerfile's base node"),
            ),
        ] {
            let files = Dockerfiles::from([("Dockerfile".to_owned(), dockerfile.to_owned())]);
            let base = with_service(build, |p| facts(&p.services[0], &files, &mut MAX_TOTAL_BYTES.clone()).expect("a build"));
            assert_eq!(base.expect("facts").base, expected.map(str::to_owned).map_err(str::to_owned), "{build}");
        }
    }

    #[test]
    fn without_facts_there_is_a_reason() {
        let long = format!("FROM node\n#{}", "x".repeat(MAX_BYTES));
        for (build, dockerfile, left, expected) in [
            ("    build: ..\n", "", 99, "its Dockerfile is not in the project folder"),
            ("    build: api\n", "", 99, "`api/Dockerfile` cannot be read"),
            ("    build: .\n", &*long, MAX_TOTAL_BYTES, "its Dockerfile is longer than 1 MiB"),
            ("    build: .\n", "FROM node\n", 5, "the Dockerfiles of this project are too long together"),
            ("    build: {target: nowhere}\n", "FROM node\n", 99, "its Dockerfile has no stage nowhere"),
        ] {
            let files = Dockerfiles::from([("Dockerfile".to_owned(), dockerfile.to_owned())]);
            let found = with_service(build, |p| facts(&p.services[0], &files, &mut left.clone()).expect("a build"));
            assert_eq!(found, Err(expected.to_owned()), "{build}");
        }
    }
}
