//! What a Dockerfile says about the image that a service builds. Nothing here fails: what is not understood is unknown, with a reason.

mod manifest;
mod read;
mod users;

pub use users::Made;

use super::env::Env;
use super::interpolate;
use super::service::has_hidden_below;
use super::sources::join;
use super::{PartValue, Project, Service, Texts, merge};
use crate::yaml::{Kind, Node};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Longest Dockerfile that is read, in bytes. Real ones have a few kilobytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// How many bytes of Dockerfiles are read for one project. Every service reads its own, so a stranger's project could otherwise ask for
/// any amount of work.
pub const MAX_TOTAL_BYTES: usize = 4 * MAX_BYTES;

/// Facts of the stage that is built, and of the stages it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The image that the first of these stages starts from, or why it is not known.
    pub base: Result<String, String>,
    /// The same image as it may be shown: as the Dockerfile has it, where a variable's value would be in it.
    pub shown_base: String,
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
    /// Paths that `RUN chown`, `install -o` or `--chown` give to somebody: absolute paths, cleaned.
    pub owned: Vec<String>,
    /// The last `WORKDIR`, absolute and cleaned.
    pub workdir: Option<String>,
    /// Users that are made with a number.
    pub users: Vec<Made>,
}

/// What Compose says of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// The Dockerfile, from where the program runs; `None` when it is remote, absolute, or named by a variable that is not set.
    pub path: Option<PathBuf>,
    /// The folder that is built from, in the same way.
    pub context: Option<PathBuf>,
    /// The stage to build; `None` for the last.
    pub target: Option<String>,
    /// The Dockerfile's text, when the Compose file holds it.
    pub inline: Option<String>,
    /// Build arguments; `None` where the environment decides the value.
    args: HashMap<String, Option<String>>,
    /// Names that another context replaces, and with what.
    contexts: HashMap<String, Option<String>>,
    /// Whether the value of a variable, which may be a secret, is in what Compose says.
    is_hidden: bool,
}

/// The Dockerfiles that the project's services are built from, and the manifests of packages that may be beside them, sorted. Remote and
/// absolute contexts, and paths with variables that are not set, are not among them.
pub fn references(project: &Project<'_>) -> Vec<PathBuf> {
    let wanted = |s: &Service<'_>| {
        let build = build_of(s)?;
        let manifests = build.manifests().map(|(_, path)| path);
        Some(build.path.clone().filter(|_| build.inline.is_none()).into_iter().chain(manifests).collect::<Vec<_>>())
    };
    let mut paths: Vec<PathBuf> = project.services.iter().filter_map(wanted).flatten().collect();
    paths.sort();
    paths.dedup();
    paths
}

/// The facts of the image that `service` builds, or why there are none. `None` when it builds nothing. What is read is taken off `left`,
/// which starts at [`MAX_TOTAL_BYTES`] for a project.
pub fn facts(service: &Service<'_>, files: &Texts, left: &mut usize) -> Option<Result<Facts, String>> {
    let build = build_of(service)?;
    Some(text_of(&build, files).and_then(|text| {
        if text.len() > MAX_BYTES {
            return Err("its Dockerfile is longer than 1 MiB".into());
        }
        *left = left.checked_sub(text.len()).ok_or("the Dockerfiles of this project are too long together")?;
        read::read(text, &build)
    }))
}

/// The packages that manifests in the build context of `service` name, such as `npm:next`. What is read is taken off `left`.
pub fn packages(service: &Service<'_>, files: &Texts, left: &mut usize) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (name, path) in build_of(service).iter().flat_map(Build::manifests) {
        let Some(Ok(text)) = files.get(&path) else { continue };
        match left.checked_sub(text.len()).filter(|_| text.len() <= MAX_BYTES) {
            Some(rest) => *left = rest,
            None => continue,
        }
        found.extend(manifest::packages(name, text));
    }
    found
}

impl Build {
    /// Where manifests may be, with their names: in the context, and beside the Dockerfile.
    fn manifests(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        let beside = self.path.as_deref().and_then(Path::parent).filter(|_| self.inline.is_none()).map(Path::to_owned);
        let mut folders: Vec<PathBuf> = self.context.iter().cloned().chain(beside).collect();
        folders.dedup();
        folders.into_iter().flat_map(|folder| manifest::NAMES.map(|name| (name, join(&folder, name))))
    }
}

fn text_of<'t>(build: &'t Build, files: &'t Texts) -> Result<&'t str, String> {
    if let Some(text) = &build.inline {
        return Ok(text);
    }
    let path = build.path.as_ref().ok_or("its Dockerfile is not in the project folder")?;
    match files.get(path) {
        Some(Err(_)) if build.is_hidden => Err("its Dockerfile cannot be read".into()),
        Some(text) => text.as_deref().map_err(Clone::clone),
        None if build.is_hidden => Err("its Dockerfile cannot be read".into()),
        None => Err(format!("`{}` cannot be read", path.display())),
    }
}

/// What `service` says of its build. `None` when it has none.
pub fn build_of(service: &Service<'_>) -> Option<Build> {
    let mut build =
        Build { path: None, context: None, target: None, inline: None, args: HashMap::new(), contexts: HashMap::new(), is_hidden: false };
    let (mut context, mut dockerfile, mut found) = (None, None, false);
    for PartValue { part, entry } in service.values("build") {
        let value = entry.value().resolved();
        found |= !value.is_null();
        let scope = &service.parts[part].scope;
        build.is_hidden |= has_hidden_below(value, &scope.env);
        let known = |node: Node<'_>| Some(interpolate::resolve(node.as_str()?, &scope.env).map(Cow::into_owned));
        let field = |key: &str| merge::get(value, key).map(Node::resolved).and_then(known);
        // A relative context starts from the folder of the file that names it.
        let own_context = known(value).or_else(|| field("context"));
        context = own_context.map(|text| text.and_then(|text| local(&scope.folder, &text))).or(context);
        dockerfile = field("dockerfile").or(dockerfile);
        let text = |key: &str| Some(service.resolve(part, merge::get(value, key)?.resolved().as_str()?).into_owned());
        build.target = text("target").or(build.target);
        // Where the value of a variable is in it, it is read as it stands: what it says may be shown.
        let inline = merge::get(value, "dockerfile_inline").and_then(|node| node.resolved().as_str());
        build.inline = inline.map(|text| interpolate::shown(text, &scope.env).into_owned()).or(build.inline);
        for (key, pairs) in [("args", &mut build.args), ("additional_contexts", &mut build.contexts)] {
            pairs.extend(merge::get(value, key).map(|node| named(node.resolved(), &scope.env)).unwrap_or_default());
        }
        context = context.or_else(|| Some(local(&scope.folder, ".")));
    }
    let dockerfile = dockerfile.unwrap_or_else(|| Some("Dockerfile".to_owned()));
    build.context = context.flatten();
    build.path = build.context.as_ref().zip(dockerfile).and_then(|(context, dockerfile)| local(context, &dockerfile));
    found.then_some(build)
}

/// The pairs of a mapping, or of a list of `NAME=VALUE`. A value is `None` where it is not in the file.
fn named(node: Node<'_>, env: &Env) -> HashMap<String, Option<String>> {
    let known = |text: &str| interpolate::resolve(text, env).map(Cow::into_owned);
    match node.kind() {
        Kind::Sequence => node
            .items()
            .map(|item| match item.resolved().text().split_once('=') {
                Some((name, value)) => (name.to_owned(), known(value)),
                None => (item.resolved().text().to_owned(), None),
            })
            .collect(),
        _ => merge::entries(node)
            .into_iter()
            .map(|e| (e.name().to_owned(), Some(e.value().resolved()).filter(|v| !v.is_null()).and_then(|v| known(v.text()))))
            .collect(),
    }
}

/// `path` seen from `folder`; `None` when it is remote or absolute.
fn local(folder: &Path, path: &str) -> Option<PathBuf> {
    let is_remote =
        path.contains("://") || path.starts_with(['/', '~', '\\']) || ["git@", "github.com/"].iter().any(|s| path.starts_with(s));
    (!is_remote).then(|| join(folder, path))
}

#[cfg(test)]
mod tests {
    use super::super::Sources;
    use super::*;
    use crate::text::{FileId, MAX_FILE_BYTES, TextFile};
    use crate::yaml::Stream;

    fn with_service<T>(body: &str, f: impl FnOnce(&Project<'_>) -> T) -> T {
        let text = TextFile::new("f", format!("services:\n  s:\n{body}").into_bytes(), MAX_FILE_BYTES).expect("text");
        let sources = Sources::single(Stream::parse(&text, FileId(0)).expect("YAML"));
        f(&Project::read(&sources).expect("a project"))
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
            ("    build: ../other\n", &["../other/Dockerfile"]),
            ("    build: {context: ., dockerfile: a/../../x}\n", &["../x"]),
            ("    build: /srv/app\n", &[]),
            ("    build: https://example.com/app.git\n", &[]),
            ("    build: github.com/owner/app\n", &[]),
            ("    build: git@example.com:owner/app.git\n", &[]),
            ("    build: ${CONTEXT:-.}\n", &["Dockerfile"]),
            ("    build: ${CONTEXT}\n", &[]),
        ] {
            let expected: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
            let is_manifest = |path: &PathBuf| path.file_name().is_some_and(|name| manifest::NAMES.iter().any(|m| name == *m));
            let mut found = with_service(body, references);
            let (manifests, found): (Vec<_>, Vec<_>) = found.drain(..).partition(is_manifest);
            assert_eq!((found, manifests.len() % 10), (expected, 0), "{body}");
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
            let files = Texts::from([("Dockerfile".into(), Ok(dockerfile.to_owned()))]);
            let base = with_service(build, |p| facts(&p.services[0], &files, &mut MAX_TOTAL_BYTES.clone()).expect("a build"));
            assert_eq!(base.expect("facts").base, expected.map(str::to_owned).map_err(str::to_owned), "{build}");
        }
    }

    #[test]
    fn without_facts_there_is_a_reason() {
        let long = format!("FROM node\n#{}", "x".repeat(MAX_BYTES));
        for (build, dockerfile, left, expected) in [
            ("    build: /srv\n", "", 99, "its Dockerfile is not in the project folder"),
            ("    build: api\n", "", 99, "`api/Dockerfile` cannot be read"),
            ("    build: .\n", &*long, MAX_TOTAL_BYTES, "its Dockerfile is longer than 1 MiB"),
            ("    build: .\n", "FROM node\n", 5, "the Dockerfiles of this project are too long together"),
            ("    build: {target: nowhere}\n", "FROM node\n", 99, "its Dockerfile has no stage nowhere"),
        ] {
            let files = Texts::from([("Dockerfile".into(), Ok(dockerfile.to_owned()))]);
            let found = with_service(build, |p| facts(&p.services[0], &files, &mut left.clone()).expect("a build"));
            assert_eq!(found, Err(expected.to_owned()), "{build}");
        }
    }
}
