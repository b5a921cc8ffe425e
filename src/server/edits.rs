//! Wishes carried out: what a person chose, as one edit of all files that it takes.

use super::analysis::{Context, change};
use super::ignore;
use super::world::World;
use crate::audit::Applicability;
use crate::evidence::{Extra, Extras};
use crate::plan::source::settled;
use crate::plan::{Files, Input, OVERRIDE_NAMES, Plan, Start};
use crate::rewrite::Rewrite;
use crate::text::clean_line;
use gen_lsp_types::{
    CreateFile, CreateFileOptions, DocumentChange, Edit, OptionalVersionedTextDocumentIdentifier, TextDocumentEdit, TextDocumentIdentifier,
    TextEdit, Uri, WorkspaceEdit,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::PathBuf;

/// What a person may choose.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Wish {
    /// Hardens a service.
    Harden(Harden),
    /// Hardens all services of which it is known that they work so.
    All,
    /// Writes a comment by which a finding does not count.
    Ignore(Ignore),
}

/// How a service is hardened.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Harden {
    pub(super) service: String,
    /// The extra that is taken too, by its name on the command line.
    pub(super) with: Option<String>,
    /// Whether the person agrees to what is assumed.
    pub(super) assume: bool,
    /// Whether it goes into the override file.
    pub(super) layer: bool,
}

/// Which finding does not count.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ignore {
    pub(super) rule: String,
    pub(super) service: String,
    /// Where it begins in the document.
    pub(super) start: u32,
}

/// A wish for the project of a document, as that was when it was offered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) uri: String,
    pub(super) version: i32,
    pub(super) wish: Wish,
}

/// The edit of a wish.
///
/// Errors: why there is none, for the person.
pub(super) fn edit(context: Context<'_>, input: &Input, asked: &Asked) -> Result<WorkspaceEdit, String> {
    let said = |error: crate::error::Error| clean_line(&error.to_string());
    let world = World::new(context.documents, &|| false);
    let (harden, is_all) = match &asked.wish {
        Wish::Ignore(ignore) => return ignore::edit(context, input, &asked.uri, ignore),
        Wish::Harden(harden) => (harden.clone(), false),
        Wish::All => (Harden::default(), true),
    };
    let layer = if harden.layer {
        Some(override_file(&world, input).ok_or("Compose would not take an override file of this project")?)
    } else {
        None
    };
    let input = Input { override_file: layer, ..input.clone() };
    let files = Files::read(&world, &input).map_err(said)?;
    if harden.layer && files.layers_to_name().is_some() {
        return Err("Compose would not take the override file by itself".to_owned());
    }
    let mut plan = Plan::found(&files, &change(extras(harden.with.as_deref()), harden.assume)).map_err(said)?;
    plan.accepted.retain(|fix| if is_all { fix.applicability == Applicability::Safe } else { fix.service == harden.service });
    plan.carry_out().map_err(said)?;
    if plan.rewrites.is_empty() {
        let refused = plan.refused.first().map(|refused| clean_line(&format!("{}: {}", refused.service, refused.why)));
        return Err(refused.unwrap_or_else(|| "there is nothing to change".to_owned()));
    }
    Ok(of_rewrites(context, &world, &files, &plan.rewrites))
}

/// The extras of this name.
fn extras(name: Option<&str>) -> Extras {
    Extra::ALL.into_iter().filter(|extra| Some(extra.name()) == name).collect()
}

/// The override file that Compose takes by itself for a project that it finds by itself: the one that is there, or a new one.
pub(super) fn override_file(world: &World<'_>, input: &Input) -> Option<PathBuf> {
    use crate::plan::{FileSource, source::Kind};
    let Start::Path(folder) = &input.start else { return None };
    if !matches!(world.kind(folder), Ok(Some(Kind::Folder))) {
        return None;
    }
    let paths = || OVERRIDE_NAMES.iter().map(|name| folder.join(name));
    let there = paths().find(|path| matches!(world.kind(path), Ok(Some(_))));
    there.or_else(|| paths().nth(1))
}

/// New texts of files as one edit. Open documents are named with the version that was read.
fn of_rewrites(context: Context<'_>, world: &World<'_>, files: &Files<'_>, rewrites: &[Rewrite]) -> WorkspaceEdit {
    let (mut documents, mut created) = (Vec::new(), Vec::new());
    for rewrite in rewrites {
        let Some(loaded) = files.loaded(rewrite.file()) else { continue };
        let real = settled(world, loaded.path()).unwrap_or_else(|| loaded.path().to_owned());
        let uri = context.documents.uri(&real);
        if loaded.is_new() {
            created.push(uri.clone());
        }
        let version = context.documents.at(&real).map(|document| document.version);
        let range = |span| context.client.encoding.range(rewrite.before(), span);
        let edits = rewrite.edits().iter().map(|edit| TextEdit { range: range(edit.span), new_text: edit.text.clone() }).collect();
        documents.push((uri, version, edits));
    }
    together(context, created, documents)
}

/// Edits of several documents as one, in the form that the client takes.
pub(super) fn together(context: Context<'_>, created: Vec<Uri>, documents: Vec<(Uri, Option<i32>, Vec<TextEdit>)>) -> WorkspaceEdit {
    if !context.client.document_changes {
        let changes: HashMap<Uri, Vec<TextEdit>> = documents.into_iter().map(|(uri, _, edits)| (uri, edits)).collect();
        return WorkspaceEdit { changes: Some(changes), document_changes: None, change_annotations: None };
    }
    let create = |uri| {
        // What somebody else puts there meanwhile must not get our lines.
        let options = Some(CreateFileOptions { overwrite: Some(false), ignore_if_exists: Some(false) });
        DocumentChange::CreateFile(CreateFile { uri, options, annotation_id: None })
    };
    let change = |(uri, version, edits): (Uri, Option<i32>, Vec<TextEdit>)| {
        let text_document = OptionalVersionedTextDocumentIdentifier { version, text_document_identifier: TextDocumentIdentifier { uri } };
        DocumentChange::TextDocumentEdit(TextDocumentEdit { text_document, edits: edits.into_iter().map(Edit::TextEdit).collect() })
    };
    let all = created.into_iter().map(create).chain(documents.into_iter().map(change)).collect();
    WorkspaceEdit { changes: None, document_changes: Some(all), change_annotations: None }
}
