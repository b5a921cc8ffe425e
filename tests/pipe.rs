//! The library's pipe for one file, as tests use it.

use rofs_harden::audit::{Finding, Fix, What, audit};
use rofs_harden::compose::dockerfile::Dockerfiles;
use rofs_harden::compose::{Env, Project, Sources, Wanted, wanted};
use rofs_harden::evidence::preset::Preset;
use rofs_harden::evidence::{Extra, Selection, needs};
use rofs_harden::rewrite::{Options, Refused, rewrite};
use rofs_harden::text::{FileId, MAX_FILE_BYTES, TextFile};
use rofs_harden::yaml::Stream;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// What came out for one file.
#[derive(Debug)]
pub(crate) struct Hardened {
    pub(crate) after: String,
    /// Fixes that were carried out.
    pub(crate) fixes: Vec<Fix>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) refused: Vec<Refused>,
    pub(crate) services: usize,
}

/// Why a file was refused as a whole.
pub(crate) type Refusal = String;

pub(crate) fn text_file(text: &[u8]) -> Result<TextFile, Refusal> {
    TextFile::new("compose.yaml", text.to_vec(), MAX_FILE_BYTES).map_err(|e| e.to_string())
}

/// The selection that `--preset NAME…` and `--service NAME=PRESET` make.
pub(crate) fn selection(presets: &[&str], forced: &[(&str, &str)]) -> Selection {
    let preset = |name: &&str| std::sync::Arc::new(Preset::embedded(name).expect("an embedded preset"));
    Selection {
        auto: presets.is_empty() || presets.contains(&"auto"),
        presets: presets.iter().filter(|p| **p != "auto").map(preset).collect(),
        forced: forced.iter().map(|(service, name)| ((*service).to_owned(), preset(name))).collect(),
        ..Selection::default()
    }
}

/// The same with everything that `--with` and `--unsafe-fixes` allow.
pub(crate) fn with_all(selection: Selection) -> Selection {
    Selection { assume: true, with: Extra::ALL.into_iter().collect(), ..selection }
}

/// Hardens a file with everything that the selection allows, assumptions included.
pub(crate) fn harden(text: &[u8], selection: &Selection) -> Result<Hardened, Refusal> {
    let file = text_file(text)?;
    let sources = Sources::single(Stream::parse(&file, FileId(0)).map_err(|e| e.message)?);
    let project = Project::read(&sources).map_err(|e| e.message)?;
    let needs = needs(&project, selection, &Dockerfiles::new()).map_err(|e| e.to_string())?;
    let findings = audit(&project, &needs);
    let fixes: Vec<&Fix> = findings.iter().filter_map(|f| f.fix.as_ref()).collect();
    let outcome = rewrite(&project, &fixes, &needs, Options::default()).map_err(|e| e.to_string())?;
    let after = outcome.rewrites.first().map_or(file.text(), |r| r.after().text()).to_owned();
    let carried_out = |f: &&Fix| !outcome.refused.iter().any(|r| r.service == f.service);
    let fixes = fixes.into_iter().filter(carried_out).cloned().collect();
    Ok(Hardened { after, fixes, services: project.services.len(), refused: outcome.refused, findings })
}

/// The fixes as a plan in the form of `plan.json`.
pub(crate) fn plan(fixes: &[Fix]) -> Value {
    let mut services = json!({});
    let mut volumes = Vec::new();
    for fix in fixes {
        let mut service = json!({});
        for change in &fix.changes {
            let item = match &change.what {
                What::ReadOnly => {
                    service["read_only"] = json!(true);
                    continue;
                }
                What::Declare(name) => {
                    volumes.push(name.clone());
                    continue;
                }
                What::Tmpfs(item) => ("tmpfs+", json!(item)),
                What::Volume { name, target } => ("volumes+", json!({"type": "volume", "source": name, "target": &**target})),
                What::User(user) => {
                    service["user"] = json!(user);
                    continue;
                }
                What::Item { key, text } => (&*format!("{key}+"), json!(text)),
                What::ReadOnlyBind(target) => ("read_only_binds+", json!(target)),
            };
            let list = service.as_object_mut().expect("object").entry(item.0).or_insert_with(|| json!([]));
            list.as_array_mut().expect("list").push(item.1);
        }
        services[&fix.service] = service;
    }
    json!({"services": services, "volumes": volumes})
}

/// The files of a project by path, read by the library without a disk.
pub(crate) fn sources(files: &BTreeMap<String, String>, layers: &[&str]) -> Result<Sources, Refusal> {
    let mut env = Env::new();
    if let Some(text) = files.get(".env") {
        env.add_file(text, &Env::new()).map_err(|why| format!(".env: {} in line {}", why.what, why.line))?;
    }
    let folder = layers.first().and_then(|l| Path::new(l).parent()).unwrap_or(Path::new(""));
    let mut sources = Sources::new(folder, env);
    let parse = |name: &str, text: &str, sources: &Sources| {
        let file = TextFile::new(name, text.as_bytes().to_vec(), MAX_FILE_BYTES).map_err(|e| e.to_string())?;
        Stream::parse(&file, sources.next_id()).map_err(|e| format!("{name}: {}", e.message))
    };
    for layer in layers {
        let stream = parse(layer, &files[*layer], &sources)?;
        sources.add_layer(Path::new(layer), stream, None);
    }
    loop {
        let wanted = wanted(&sources).map_err(|e| e.message)?;
        if wanted.is_empty() {
            return Ok(sources);
        }
        for (wanted, _) in wanted {
            let (Wanted::Compose(path) | Wanted::Env(path)) = &wanted;
            let name = path.to_string_lossy();
            match (files.get(&*name), &wanted) {
                (None, _) => sources.add_missing(path, "no such file"),
                (Some(text), Wanted::Env(_)) => sources.add_env(path, text),
                (Some(text), Wanted::Compose(_)) => {
                    let stream = parse(&name, text, &sources)?;
                    sources.add(path, stream, None);
                }
            }
        }
    }
}

/// Hardens a whole project. Returns its files afterwards and what was done.
pub(crate) fn harden_project(
    files: &BTreeMap<String, String>,
    layers: &[&str],
    selection: &Selection,
    options: Options,
) -> Result<(BTreeMap<String, String>, Hardened), Refusal> {
    let sources = sources(files, layers)?;
    let project = Project::read(&sources).map_err(|e| e.message)?;
    let needs = needs(&project, selection, &Dockerfiles::new()).map_err(|e| e.to_string())?;
    let findings = audit(&project, &needs);
    let fixes: Vec<&Fix> = findings.iter().filter_map(|f| f.fix.as_ref()).collect();
    let outcome = rewrite(&project, &fixes, &needs, options).map_err(|e| e.to_string())?;
    let mut after = files.clone();
    for rewrite in &outcome.rewrites {
        after.insert(rewrite.before().name().to_owned(), rewrite.after().text().to_owned());
    }
    let carried_out = |f: &&Fix| !outcome.refused.iter().any(|r| r.service == f.service);
    let fixes = fixes.into_iter().filter(carried_out).cloned().collect();
    let hardened = Hardened { after: String::new(), fixes, services: project.services.len(), refused: outcome.refused, findings };
    Ok((after, hardened))
}
