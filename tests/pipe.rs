//! The library's pipe for one file, as tests use it.

use rofs_harden::audit::{Finding, Fix, What, audit};
use rofs_harden::compose::Project;
use rofs_harden::compose::dockerfile::Dockerfiles;
use rofs_harden::evidence::preset::Preset;
use rofs_harden::evidence::{Selection, needs};
use rofs_harden::rewrite::rewrite;
use rofs_harden::text::{FileId, MAX_FILE_BYTES, TextFile};
use rofs_harden::yaml::Stream;
use serde_json::{Value, json};

/// What came out for one file.
#[derive(Debug)]
pub(crate) struct Hardened {
    pub(crate) after: String,
    /// Fixes that were carried out.
    pub(crate) fixes: Vec<Fix>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) refused: Vec<(String, String)>,
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

/// Hardens a file with everything that the selection allows, assumptions included.
pub(crate) fn harden(text: &[u8], selection: &Selection) -> Result<Hardened, Refusal> {
    let file = text_file(text)?;
    let streams = [Stream::parse(&file, FileId(0)).map_err(|e| e.message)?];
    let project = Project::read(&streams).map_err(|e| e.message)?;
    let needs = needs(&project, selection, &Dockerfiles::new()).map_err(|e| e.to_string())?;
    let findings = audit(&project, &needs);
    let fixes: Vec<&Fix> = findings.iter().filter_map(|f| f.fix.as_ref()).collect();
    let outcome = rewrite(&project, &fixes, &needs, false).map_err(|e| e.to_string())?;
    let after = outcome.rewrites.first().map_or(file.text(), |r| r.after().text()).to_owned();
    let carried_out = |f: &&Fix| !outcome.refused.iter().any(|(service, _)| *service == f.service);
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
                What::Volume { name, target } => ("volumes+", json!({"type": "volume", "source": name, "target": target})),
            };
            let list = service.as_object_mut().expect("object").entry(item.0).or_insert_with(|| json!([]));
            list.as_array_mut().expect("list").push(item.1);
        }
        services[&fix.service] = service;
    }
    json!({"services": services, "volumes": volumes})
}
