//! The Compose CLI's own answer beside ours, before and after.

use crate::audit::Key;
use crate::compose::{Project, Sources, differences};
use crate::edge::compose::{Cli, Mirror};
use crate::edge::disk;
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::rewrite::Rewrite;
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Who is asked.
#[derive(Clone, Debug)]
pub(super) struct Oracle {
    cli: Cli,
    /// Whether the person asked for it, so that no answer is an error.
    is_required: bool,
}

impl Oracle {
    /// The Compose CLI, if the person asks for it, or in CI if it is there.
    ///
    /// Errors: the person asks for it and it is not there.
    pub(super) fn find(asked: bool) -> Result<Option<Self>> {
        let in_ci = std::env::var("CI").is_ok_and(|v| !v.is_empty() && v != "false" && v != "0");
        if !asked && !in_ci {
            return Ok(None);
        }
        match Cli::find() {
            Some(cli) => Ok(Some(Self { cli, is_required: asked })),
            None if asked => {
                let hint = "install Docker Compose, or leave out --oracle: the result is checked without it too";
                Err(Error::Usage(
                    "--oracle needs the Compose CLI, and neither `docker compose` nor `docker-compose` runs".into(),
                    Some(hint.into()),
                ))
            }
            None => Ok(None),
        }
    }

    /// Compares our view of a project with Compose's, before and after its plan.
    ///
    /// Errors: [`Error::Disagrees`] when they differ; a project that Compose does not load, if the person asks for this check.
    pub(super) fn check(&self, plan: &Plan<'_>) -> Result<()> {
        let (project, sources) = (&plan.project, plan.project.sources);
        let Some(judge) = self.judge(sources)? else { return Ok(()) };
        let Some(before) = judge.model()? else {
            if self.is_required {
                let hint = "run `docker compose config` to see why; leave out --oracle to go on without it".to_owned();
                return Err(Error::Usage("Compose does not load this project, so --oracle cannot compare".into(), Some(hint)));
            }
            return Ok(());
        };
        expect_none("before the change", differences(project, &before))?;
        if plan.rewrites.is_empty() {
            return Ok(());
        }
        for rewrite in &plan.rewrites {
            judge.put(sources, rewrite)?;
        }
        let changed = plan.after()?;
        let after = Project::read(&changed).map_err(|e| Error::Unverified(e.message))?;
        let Some(model) = judge.model()? else {
            return Err(Error::Disagrees("after the change".into(), vec!["Compose does not load the result".into()]));
        };
        expect_none("after the change", differences(&after, &model))?;
        let same = without_changes(before) == without_changes(model);
        expect_none("after the change", if same { Vec::new() } else { vec!["something that no change touches is not as before".into()] })
    }

    /// The project's files in a place of their own. `None` when they cannot be put there.
    fn judge(&self, sources: &Sources) -> Result<Option<Judge>> {
        let real = |path: &Path| disk::absolute(path);
        let Some(folder) = real(sources.directory()) else { return Ok(None) };
        let all: Option<Vec<PathBuf>> = sources.files().iter().map(|source| real(&source.path)).collect();
        let Some(all) = all else { return Ok(None) };
        // The deepest folder that holds them all.
        let origin = folder.ancestors().find(|top| all.iter().all(|path| path.starts_with(top))).unwrap_or(Path::new("/"));
        let failed = |e: std::io::Error| Error::Read { path: folder.clone(), reason: e.to_string() };
        let mirror = Mirror::new(origin).map_err(failed)?;
        for (path, source) in all.iter().zip(sources.files()) {
            mirror.put(path, source.stream.text().text()).map_err(failed)?;
        }
        for (path, text) in sources.env_files() {
            let Some(path) = real(path) else { continue };
            mirror.put(&path, text).map_err(failed)?;
        }
        let layers = sources.layers().iter().filter_map(|id| all.get(id.0 as usize).cloned()).collect();
        let env = sources.env().known().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Some(Judge { cli: self.cli.clone(), mirror, layers, folder: folder.clone(), env }))
    }
}

/// A mirror and what to ask about it.
struct Judge {
    cli: Cli,
    mirror: Mirror,
    layers: Vec<PathBuf>,
    folder: PathBuf,
    env: HashMap<String, String>,
}

impl Judge {
    fn model(&self) -> Result<Option<Value>> {
        let Some(text) = self.mirror.config(&self.cli, &self.layers, &self.folder, &self.env) else { return Ok(None) };
        let unreadable = |e: serde_json::Error| Error::Unverified(format!("Compose's answer is not JSON: {e}"));
        serde_json::from_str(&text).map(Some).map_err(unreadable)
    }

    fn put(&self, sources: &Sources, rewrite: &Rewrite) -> Result<()> {
        let path = sources.file(rewrite.file()).and_then(|source| disk::absolute(&source.path));
        let Some(path) = path else { return Err(Error::Unverified("a changed file has no place".into())) };
        self.mirror.put(&path, rewrite.after().text()).map_err(|e| Error::Write { path: path.clone(), reason: e.to_string() })
    }
}

fn expect_none(when: &str, found: Vec<String>) -> Result<()> {
    if found.is_empty() { Ok(()) } else { Err(Error::Disagrees(when.to_owned(), found)) }
}

/// A model without what changes touch, which [`differences`] has compared.
fn without_changes(mut model: Value) -> Value {
    if let Some(top) = model.as_object_mut() {
        top.retain(|key, _| key != "volumes" && !key.starts_with("x-"));
    }
    for service in model.get_mut("services").and_then(Value::as_object_mut).into_iter().flat_map(|s| s.values_mut()) {
        if let Some(service) = service.as_object_mut() {
            service.retain(|key, _| Key::named(key).is_none());
        }
    }
    model
}
