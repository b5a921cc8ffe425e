//! The library's pipe over files in memory, as tests use it.

use rofs_harden::audit::{Finding, Fix, What};
use rofs_harden::compose::Sources;
use rofs_harden::error::Error;
use rofs_harden::evidence::preset::Preset;
use rofs_harden::evidence::{Extra, Selection};
use rofs_harden::plan::source::MapFiles;
use rofs_harden::plan::{self, Files, Input, Plan, Start};
use rofs_harden::rewrite::{Options, Refused, Rewrite};
use rofs_harden::text::{MAX_FILE_BYTES, TextFile};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What came out for one file.
#[derive(Debug)]
pub(crate) struct Hardened {
    pub(crate) after: String,
    /// Fixes that were carried out.
    pub(crate) fixes: Vec<Fix>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) refused: Vec<Refused>,
    pub(crate) services: usize,
    /// What edits put something else in the place of.
    pub(crate) replaced: Vec<String>,
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

/// What is said of an error: of a place in a file only what is wrong there.
fn refusal(error: Error) -> Refusal {
    if let Error::Source(source) = error { source.message } else { error.to_string() }
}

/// Hardens a file with everything that the selection allows, assumptions included.
pub(crate) fn harden(text: &[u8], selection: &Selection) -> Result<Hardened, Refusal> {
    let map: MapFiles = [("compose.yaml", text)].into_iter().collect();
    let before = text_file(text)?;
    let (rewrites, mut hardened) = planned(&map, &["compose.yaml"], selection, Options::default())?;
    rewrites.first().map_or(before.text(), |r| r.after().text()).clone_into(&mut hardened.after);
    Ok(hardened)
}

/// The plan for the layers of a project, with all fixes.
fn planned(map: &MapFiles, layers: &[&str], selection: &Selection, options: Options) -> Result<(Vec<Rewrite>, Hardened), Refusal> {
    let override_file = options.layer.map(|layer| layers[layer.0 as usize].into());
    let files = Files::read(map, &Input { override_file, ..of_layers(layers) }).map_err(refusal)?;
    let asked =
        plan::Options { selection: selection.clone(), names_presets: true, explain_in_file: options.explain, ..plan::Options::default() };
    let mut plan = Plan::found(&files, &asked).map_err(refusal)?;
    plan.accepted = plan.findings.iter().filter_map(|f| f.fix.clone()).collect();
    plan.carry_out().map_err(refusal)?;
    let services = plan.project.services.len();
    let Plan { rewrites, accepted: fixes, findings, refused, .. } = plan;
    rewrites.iter().for_each(edits_make_the_result);
    let replaced = rewrites.iter().flat_map(replaced).collect();
    Ok((rewrites, Hardened { after: String::new(), fixes, findings, refused, services, replaced }))
}

/// What a rewrite gives out as edits is all that an editor needs.
fn edits_make_the_result(rewrite: &Rewrite) {
    let mut text = rewrite.before().text().to_owned();
    for edit in rewrite.edits().iter().rev() {
        assert_eq!(edit.span.file, rewrite.file());
        text.replace_range(edit.span.range(), &edit.text);
    }
    assert_eq!(text, rewrite.after().text());
}

fn replaced(rewrite: &Rewrite) -> impl Iterator<Item = String> {
    let text = rewrite.before().text();
    rewrite.edits().iter().map(|edit| text[edit.span.range()].to_owned()).filter(|gone| !gone.is_empty())
}

fn of_layers(layers: &[&str]) -> Input {
    Input { start: Start::Files(layers.iter().map(Into::into).collect()), ..Input::default() }
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
                What::Tmpfs(item) => ("tmpfs+", json!(item.to_string())),
                What::Volume { name, target } => ("volumes+", json!({"type": "volume", "source": name, "target": &**target})),
                What::User(user) => {
                    service["user"] = json!(user);
                    continue;
                }
                What::Healthcheck(check) => {
                    service["healthcheck"] = json!(check.command);
                    continue;
                }
                What::Item { key, text } => (&*format!("{key}+"), json!(text)),
                What::TmpfsOptions(item) => ("tmpfs_options+", json!(item.to_string())),
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
    let map: MapFiles = files.iter().map(|(path, text)| (path, text.as_str())).collect();
    Ok(Files::read(&map, &of_layers(layers)).map_err(refusal)?.sources().clone())
}

/// Hardens a whole project. Returns its files afterwards and what was done.
pub(crate) fn harden_project(
    files: &BTreeMap<String, String>,
    layers: &[&str],
    selection: &Selection,
    options: Options,
) -> Result<(BTreeMap<String, String>, Hardened), Refusal> {
    let map: MapFiles = files.iter().map(|(path, text)| (path, text.as_str())).collect();
    let (rewrites, hardened) = planned(&map, layers, selection, options)?;
    let mut after = files.clone();
    for rewrite in &rewrites {
        after.insert(rewrite.before().name().to_owned(), rewrite.after().text().to_owned());
    }
    Ok((after, hardened))
}
