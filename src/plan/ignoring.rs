//! What a person ignores, as new comments in the Compose files.

use super::{Decisions, Ignored, Plan};
use crate::audit::{Ignores, comment_above};
use crate::compose::{Project, Service};
use crate::error::{Error, Result};
use crate::text::{FileId, MAX_FILE_BYTES, TextFile, clean_line};
use crate::yaml::{Kind, Node, Stream, Style};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A file with new comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commented {
    /// Which.
    pub file: FileId,
    /// Its text with the plan's change and the comments.
    pub after: String,
    /// The numbers of the lines on which comments begin.
    pub lines: Vec<usize>,
}

/// The files of a plan that was carried out, with the comments that were decided, each above the name of its service. All that is
/// there stays as it is.
///
/// Errors: a comment has no place, or would not do what it is for.
pub fn comments(plan: &Plan<'_>, decisions: &Decisions) -> Result<Vec<Commented>> {
    let all = decisions.iter().flat_map(|(service, decision)| decision.ignored.iter().map(move |ignored| (service.as_str(), ignored)));
    let wanted: Vec<(&str, &Ignored)> = all.filter(|(_, ignored)| ignored.is_comment).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let sources = plan.after()?;
    let project = Project::read(&sources).map_err(|e| Error::Unverified(e.message))?;
    let mut new: BTreeMap<FileId, Vec<(usize, String)>> = BTreeMap::new();
    for (name, Ignored { rule, reason, .. }) in &wanted {
        let place = project.service(name).filter(|service| takes_comment(service)).map(Service::key);
        let (Some(key), Some(rule)) = (place, rule) else { return Err(no_place(name)) };
        let Some(source) = sources.file(key.span().file) else { return Err(no_place(name)) };
        let comment = comment_above(source.stream.text(), key.span().start as usize, *rule, reason);
        new.entry(key.span().file).or_default().push(comment);
    }
    let mut found = Vec::new();
    let mut streams = Vec::new();
    for (file, mut comments) in new {
        let Some(before) = sources.file(file).map(|source| source.stream.text()) else { continue };
        comments.sort_by_key(|(at, _)| *at);
        let (mut after, mut copied, mut starts) = (String::new(), 0, Vec::new());
        for (at, comment) in comments {
            after += &before.text()[copied..at];
            starts.push(after.len());
            after += &comment;
            copied = at;
        }
        after += &before.text()[copied..];
        let broken = |why: String| Error::Unverified(format!("{} with a comment: {why}", before.name()));
        let text = TextFile::new(before.name(), after.clone().into_bytes(), MAX_FILE_BYTES).map_err(|e| broken(e.to_string()))?;
        if !means_the_same(before, &text) {
            return Err(broken("it means something else".to_owned()));
        }
        streams.push(Arc::new(Stream::parse(&text, file).map_err(|e| broken(e.message))?));
        found.push(Commented { file, after, lines: starts.into_iter().map(|start| text.line(start)).collect() });
    }
    let sources = sources.with(streams);
    let project = Project::read(&sources).map_err(|e| Error::Unverified(e.message))?;
    let mut ignores = Ignores::of(&project);
    for (name, Ignored { rule, .. }) in &wanted {
        let counts = project.service(name).zip(*rule).and_then(|(s, rule)| ignores.reason(rule, s.name, s.key().span()));
        if counts.is_none() {
            return Err(no_place(name));
        }
    }
    Ok(found)
}

/// Whether a comment above the name of a service is for that service alone: it begins its line, in YAML.
pub fn takes_comment(service: &Service<'_>) -> bool {
    let key = service.key();
    let Some(before) = key.stream().text().text().get(..key.span().start as usize) else { return false };
    let line = before.rsplit(['\n', '\r']).next().unwrap_or_default().trim_start_matches('\u{feff}');
    let is_json = Path::new(key.stream().text().name()).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    line.chars().all(|c| c == ' ') && !is_json
}

fn no_place(service: &str) -> Error {
    let what = clean_line(&format!("a comment above `{service}` would not be read"));
    Error::Impossible(what, Some("choose rofs-harden.toml for the reason".into()))
}

/// Whether two files have the same nodes, but for their places: only comments and empty lines differ.
pub fn means_the_same(before: &TextFile, after: &TextFile) -> bool {
    // What stands in a collection is in its nodes, and comments are between them.
    let said = |node: Node<'_>| if matches!(node.kind(), Kind::Scalar | Kind::Alias) { node.text().to_owned() } else { String::new() };
    let values = |text: &TextFile| -> Option<Vec<(Kind, Style, String)>> {
        let stream = Stream::parse(text, FileId(0)).ok()?;
        Some(stream.nodes().map(|node| (node.kind(), node.style(), said(node))).collect())
    };
    let before = values(before);
    before.is_some() && before == values(after)
}
