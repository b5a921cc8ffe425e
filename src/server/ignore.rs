//! Comments by which a finding does not count: written, and then read again before they are offered.

use super::analysis::{Context, Place, report};
use super::edits::{Ignore, together};
use super::world::World;
use crate::audit::{Finding, Rule, comment_above};
use crate::error::Error;
use crate::plan::{Files, Input, Plan, means_the_same};
use crate::text::{TextFile, clean_line};
use gen_lsp_types::{DocumentChange, Edit, Position, Range, SnippetTextEdit, StringValue, TextEdit, WorkspaceEdit};

/// What stands where the person's reason belongs.
const REASON: &str = "say why";

/// The edit that writes the comment above the line of a finding.
///
/// Errors: why it would not do what it should, for the person.
pub(super) fn edit(context: Context<'_>, input: &Input, uri: &str, ignore: &Ignore) -> Result<WorkspaceEdit, String> {
    let document = context.documents.get(uri).ok_or("the file is not open")?;
    let real = document.real().ok_or("this is no file")?;
    let rule = Rule::named(&ignore.rule)?;
    let text = &document.text;
    let start = (ignore.start as usize).min(text.text().len());
    if !text.text().is_char_boundary(start) {
        return Err("the text is another one now".to_owned());
    }
    let (at, new) = comment_above(text, start, rule, REASON);
    let after = [&text.text()[..at], &new, &text.text()[at..]].concat();
    expect_ignored(context, input, real, text, &after, ignore.start as usize, new.len(), (rule, &ignore.service))?;
    let place = context.client.encoding.position(text, at);
    let range = Range { start: place, end: place };
    let documents = vec![(context.documents.uri(real), Some(document.version), vec![TextEdit { range, new_text: new }])];
    let mut edit = together(context, Vec::new(), documents);
    if context.client.snippets {
        as_snippet(&mut edit, place, comment_above(text, start, rule, &format!("${{1:{REASON}}}")).1);
    }
    Ok(edit)
}

/// Gives the edit the form in which the person writes the reason right away.
fn as_snippet(edit: &mut WorkspaceEdit, place: Position, value: String) {
    if let Some(DocumentChange::TextDocumentEdit(change)) = edit.document_changes.as_mut().and_then(|all| all.first_mut()) {
        let range = Range { start: place, end: place };
        change.edits = vec![Edit::SnippetTextEdit(SnippetTextEdit { range, snippet: StringValue { value }, annotation_id: None })];
    }
}

/// Expects that with the comment the finding does not count, that all others are as they were, and that the file means the same.
#[allow(clippy::too_many_arguments, reason = "a text before and after, and what is to be so in it")]
fn expect_ignored(
    context: Context<'_>,
    input: &Input,
    real: &std::path::Path,
    before: &TextFile,
    after: &str,
    start: usize,
    length: usize,
    (rule, service): (Rule, &str),
) -> Result<(), String> {
    let said = |error: Error| clean_line(&error.to_string());
    let unfit = || "a comment above this line would not be read".to_owned();
    let new = TextFile::new(before.name(), after.as_bytes().to_vec(), usize::MAX).map_err(|error| error.to_string())?;
    if !means_the_same(before, &new) {
        return Err(unfit());
    }
    let look = |text: &str| -> Result<Vec<(bool, Finding)>, String> {
        let mut world = World::new(context.documents, &|| false);
        world.put(real, text).map_err(said)?;
        let files = Files::read(&world, input).map_err(said)?;
        let plan = Plan::of(&files, &report()).map_err(said)?;
        let place = Place { context, world: &world, files: &files, plan: &plan };
        let file = place.file_at(real).ok_or_else(unfit)?;
        Ok(plan.findings.iter().map(|finding| (finding.span.file == file, finding.clone())).collect())
    };
    let (old, new) = (look(before.text())?, look(after)?);
    let is_it =
        |(is_here, f): &(bool, Finding), at: usize| *is_here && f.rule == rule && f.service == service && f.span.start as usize == at;
    let was = old.iter().any(|f| is_it(f, start) && f.1.ignored.is_none());
    let is = new.iter().any(|f| is_it(f, start + length) && f.1.ignored.is_some());
    let bad = |all: &[(bool, Finding)]| all.iter().filter(|(_, f)| matches!(f.rule, Rule::BadIgnore | Rule::UnusedIgnore)).count();
    // Comments that were one too many before may be so still.
    if was && is && bad(&new) <= bad(&old) { Ok(()) } else { Err(unfit()) }
}
