//! Accepted fixes in, verified bytes out.

mod check;
mod edit;
mod lower;
mod passes;
mod place;
mod style;
mod value;

use crate::audit::{self, Change, Fix, Rule, What};
use crate::compose::{Project, Service, Sources};
use crate::error::{Error, Result};
use crate::evidence::Need;
use crate::text::{FileId, Span, TextFile};
use crate::yaml::{Kind, Node, Stream, Style, is_printable};
use edit::Edit;
use passes::{Passes, without};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// New content of one file. Made only here, and only after the three laws held.
#[derive(Clone, Debug)]
pub struct Rewrite {
    file: FileId,
    before: TextFile,
    after: TextFile,
    edits: Vec<Replacement>,
    lines: Vec<NewLine>,
    touched: Vec<Touched>,
    closes_scalar: bool,
}

/// New text for a place in the content that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The bytes that go; none where text is only added.
    pub span: Span,
    /// What takes their place.
    pub text: String,
}

/// Lines around an edit, counted from 0. The last may be one past the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// In the content that was read.
    pub before: Range<usize>,
    /// In the content to write.
    pub after: Range<usize>,
}

/// A changed line of the new content, and the change that put it there.
#[derive(Clone, Debug)]
pub struct NewLine {
    /// Line number in the new content, from 1.
    pub line: usize,
    /// Name of the service that it is for.
    pub service: String,
    /// The change.
    pub change: Change,
}

impl Rewrite {
    /// The file's number in its project.
    pub fn file(&self) -> FileId {
        self.file
    }

    /// The content that was read.
    pub fn before(&self) -> &TextFile {
        &self.before
    }

    /// The content to write.
    pub fn after(&self) -> &TextFile {
        &self.after
    }

    /// What is replaced, in order and never side by side: all other bytes are as they were.
    pub fn edits(&self) -> &[Replacement] {
        &self.edits
    }

    /// What the changed lines are for, by line.
    pub fn lines(&self) -> &[NewLine] {
        &self.lines
    }

    /// Where the edits are, in order: a diff finds all that it looks for there.
    pub fn touched(&self) -> &[Touched] {
        &self.touched
    }

    /// Whether the header of a block scalar got a `-`, since the file ended in it without a line break and lines had to follow.
    pub fn closes_scalar(&self) -> bool {
        self.closes_scalar
    }
}

/// What became of a set of fixes.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The files that change, in the project's order.
    pub rewrites: Vec<Rewrite>,
    /// Fixes that no edit can carry out without changing another service, or a file that must not change.
    pub refused: Vec<Refused>,
}

/// A fix that has no place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Name of the service.
    pub service: String,
    /// The rule that says so.
    pub rule: Rule,
    /// What the change would reach, or why the file must not be edited.
    pub why: String,
}

/// How a rewrite is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether the reasons go into the file as comments.
    pub explain: bool,
    /// The layer that takes all changes, instead of the place where each takes effect best.
    pub layer: Option<FileId>,
}

/// A file with its edits made.
#[derive(Clone)]
struct Edited {
    stream: Arc<Stream>,
    /// In the content that was read.
    edits: Vec<Edit>,
    closes_scalar: bool,
}

/// Turns `fixes`, planned from `needs`, into new content.
///
/// Errors: [`Error::Unverified`] when a law does not hold for the result.
pub fn rewrite(project: &Project<'_>, fixes: &[&Fix], needs: &[Need], options: Options) -> Result<Outcome> {
    let (mut edited, refused) = Passes { project, fixes, needs, layer: options.layer }.settle()?;
    let accepted = without(fixes, &refused);
    if edited.is_empty() {
        return Ok(Outcome { rewrites: Vec::new(), refused });
    }
    let mut lines = verified_effect(project, &edited, &accepted, needs)?;
    if options.explain {
        for file in &mut edited {
            let (explained, comments) = commented(&file.stream, &lines)?;
            check::tree_is_as_placed(&file.stream, &explained, &place::Placement::default()).map_err(unverified)?;
            let length = project.sources.file(explained.file()).map_or(0, |s| s.stream.text().text().len());
            *file = Edited { stream: Arc::new(explained), edits: edit::composed(length, &file.edits, &comments), ..*file };
        }
        lines = verified_effect(project, &edited, &accepted, needs)?;
    }
    let rewrites = edited.into_iter().map(|edited| finished(project, edited, &lines)).filter_map(Result::transpose);
    Ok(Outcome { rewrites: rewrites.collect::<Result<_>>()?, refused })
}

/// A file as it is given out; `None` where it is as it was.
fn finished(project: &Project<'_>, edited: Edited, lines: &[(FileId, NewLine)]) -> Result<Option<Rewrite>> {
    let Edited { stream, mut edits, closes_scalar } = edited;
    let file = stream.file();
    let Some(before) = project.sources.file(file).map(|source| source.stream.text().clone()) else { return Ok(None) };
    let after = stream.text().clone();
    if before.text() == after.text() {
        return Ok(None);
    }
    // The third law once more, for all rounds together.
    if edit::splice(before.text(), &mut edits).as_deref() != Some(after.text()) {
        return Err(unverified("the edits do not make the new text".into()));
    }
    let touched = edit::touched(before.text(), &edits);
    let lines = of_file(lines, file).iter().map(|l| l.1.clone()).collect();
    let replacement = |Edit { start, end, text, .. }: Edit| {
        let span = Span { file, start: start as u32, end: end as u32 };
        Replacement { span, text }
    };
    let edits = edits.into_iter().map(replacement).collect();
    Ok(Some(Rewrite { file, before, after, edits, lines, touched, closes_scalar }))
}

/// The text of a layer that makes the changes of `fix` and nothing else: to paste where no file can take them.
///
/// Errors: none that input can cause.
pub fn as_layer(fix: &Fix) -> Result<String> {
    let empty = reread("", String::new(), FileId(0))?;
    Ok(lower::fresh(&empty, &place::as_layer(fix)).text)
}

fn unverified(why: String) -> Error {
    Error::Unverified(why)
}

/// The files in which something is placed, with that. Compared with the files before, node by node.
fn edit_files(project: &Project<'_>, placement: &place::Placement<'_>) -> Result<Vec<Edited>> {
    let streams = project.sources.files().iter().map(|source| &*source.stream);
    streams.filter_map(|stream| edit_file(stream, placement).transpose()).collect()
}

/// A file with what is placed in it; `None` when nothing is.
fn edit_file(stream: &Stream, placement: &place::Placement<'_>) -> Result<Option<Edited>> {
    let file = stream.file();
    let start = (file.0, crate::yaml::NodeId::default());
    let end = (file.0 + 1, crate::yaml::NodeId::default());
    let lower::Lowered { mut edits, closes_scalar } = lower::lower(stream, placement.ops.range(start..end).map(|(_, op)| op));
    edits.extend(placement.fresh.iter().filter(|(f, _)| *f == file).map(|(_, value)| lower::fresh(stream, value)));
    if edits.is_empty() {
        return Ok(None);
    }
    let before = stream.text();
    let after = edit::splice(before.text(), &mut edits).ok_or_else(|| unverified("two edits overlap".into()))?;
    if !edit::outside_is_equal(before.text(), &after, &edits) {
        return Err(unverified("a byte outside the edits changed".into()));
    }
    let after = reread(before.name(), after, file)?;
    check::tree_is_as_placed(stream, &after, placement).map_err(unverified)?;
    check::comments_are_kept(stream, &after).map_err(unverified)?;
    // Those at one place are one.
    let edits = edit::composed(before.text().len(), &edits, &[]);
    Ok(Some(Edited { stream: Arc::new(after), edits, closes_scalar }))
}

fn read_again(sources: &Sources) -> Result<Project<'_>> {
    Project::read(sources).map_err(|e| unverified(format!("the result does not load: {}", e.message)))
}

/// The laws for the whole project. Returns what the new lines are for.
fn verified_effect(project: &Project<'_>, edited: &[Edited], fixes: &[&Fix], needs: &[Need]) -> Result<Vec<(FileId, NewLine)>> {
    let sources = project.sources.with(edited.iter().map(|e| e.stream.clone()));
    let after = read_again(&sources)?;
    check::effect_is_as_planned(project, &after, fixes).map_err(unverified)?;
    let services: HashSet<&str> = fixes.iter().map(|f| f.service.as_str()).collect();
    let needs: Vec<Need> = needs.iter().filter(|n| services.contains(n.service.as_str())).cloned().collect();
    if let Some(finding) = audit::audit(&after, &needs).iter().find(|f| f.fix.is_some()) {
        return Err(unverified(format!("service `{}` would be changed again", finding.service)));
    }
    Ok(new_lines(&after, fixes))
}

fn reread(name: &str, after: String, file: FileId) -> Result<Stream> {
    let text = TextFile::new(name, after.into_bytes(), usize::MAX).map_err(|e| unverified(e.to_string()))?;
    Stream::parse(&text, file).map_err(|e| unverified(format!("the result does not parse: {}", e.message)))
}

/// Where the changes stand in the result.
fn new_lines(after: &Project<'_>, fixes: &[&Fix]) -> Vec<(FileId, NewLine)> {
    let volumes: HashMap<&str, Node<'_>> = after.documents.iter().flat_map(|d| &d.volumes).map(|e| (e.name(), e.key())).collect();
    let mut lines = Vec::new();
    for fix in fixes {
        let Some(service) = after.service(&fix.service) else { continue };
        let (mut by_target, mut by_text) = (None, None);
        let mut at = |target: &str| by_target.get_or_insert_with(|| mounts_by_target(service)).get(target).copied();
        for change in &fix.changes {
            let node = match &change.what {
                What::ReadOnly => service.get("read_only").map(|e| e.key()),
                What::Tmpfs(item) | What::TmpfsOptions(item) => {
                    by_text.get_or_insert_with(|| mounts_by_text(service)).get(item.to_string().as_str()).copied()
                }
                What::Declare(name) => volumes.get(name.as_str()).copied(),
                What::User(_) => service.get("user").map(|e| e.key()),
                What::Healthcheck(_) => service.get("healthcheck").map(|e| e.key()),
                What::Item { key, text } => service.list(key.name()).into_iter().find(|(_, own)| own == text).map(|(item, _)| item),
                What::Volume { target, .. } => at(target),
                What::ReadOnlyBind(target) => at(target),
            };
            let Some(span) = node.map(Node::span) else { continue };
            let Some(text) = after.sources.file(span.file).map(|s| s.stream.text()) else { continue };
            lines.push((span.file, span.start as usize, text, service.name, change));
        }
    }
    lines.sort_by_key(|(file, start, ..)| (*file, *start));
    let numbered = lines.into_iter().map(|(file, start, text, service, change)| {
        (file, NewLine { line: text.line(start), service: service.to_owned(), change: change.clone() })
    });
    numbered.collect()
}

/// The first mount at each target.
fn mounts_by_target<'s, 'a>(service: &'s Service<'a>) -> HashMap<&'s str, Node<'a>> {
    service.mounts.iter().rev().map(|m| (&*m.target, m.node)).collect()
}

/// The first mount of each text.
fn mounts_by_text<'a>(service: &Service<'a>) -> HashMap<&'a str, Node<'a>> {
    service.mounts.iter().rev().filter_map(|m| Some((m.node.resolved().as_str()?, m.node))).collect()
}

/// What [`new_lines`] gave for one file.
fn of_file(lines: &[(FileId, NewLine)], file: FileId) -> &[(FileId, NewLine)] {
    let start = lines.partition_point(|(f, _)| *f < file);
    &lines[start..start + lines[start..].partition_point(|(f, _)| *f == file)]
}

/// A file with the reasons as comments behind the new lines, and the edits that put them there. Lines of flow style, and lines that have
/// a comment, get none.
fn commented(stream: &Stream, lines: &[(FileId, NewLine)]) -> Result<(Stream, Vec<Edit>)> {
    let text = stream.text();
    let lines = of_file(lines, stream.file());
    let closed = lines_inside_scalars(stream);
    let mut reasons = lines.iter().map(|(_, l)| l).peekable();
    let (mut comments, mut start) = (Vec::new(), 0);
    for (index, line) in text.text().split_inclusive('\n').enumerate() {
        let body = line.trim_end_matches(['\n', '\r']);
        let mut first = true;
        while let Some(reason) = reasons.next_if(|r| r.line <= index + 1) {
            let block = !body.contains(['#', '[', '{', '"', '\'']) && !closed.contains(&(index + 1));
            if first && block && reason.line == index + 1 {
                let why: String = reason.change.reason.text.chars().map(|c| if is_printable(c) { c } else { ' ' }).collect();
                let end = start + body.len();
                comments.push(Edit { start: end, end, text: format!("  # {why}"), rank: 0 });
            }
            first = false;
        }
        start += line.len();
    }
    let after = edit::splice(text.text(), &mut comments).ok_or_else(|| unverified("two comments overlap".into()))?;
    Ok((reread(text.name(), after, stream.file())?, comments))
}

/// The lines, from 1, at whose end a scalar goes on: a comment there would end it or be part of it.
fn lines_inside_scalars(stream: &Stream) -> HashSet<usize> {
    let text = stream.text();
    let mut lines = HashSet::new();
    for node in stream.nodes().filter(|n| n.kind() == Kind::Scalar && n.source().contains(['\n', '\r'])) {
        let (first, last) = (text.line(node.body().start as usize), text.line(node.body().end as usize));
        match node.style() {
            Style::Literal | Style::Folded => lines.extend(first + 1..=last),
            _ => lines.extend(first..last),
        }
    }
    lines
}
