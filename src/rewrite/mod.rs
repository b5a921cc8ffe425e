//! Accepted fixes in, verified bytes out.

mod check;
mod edit;
mod lower;
mod place;
mod style;
mod value;

use crate::audit::{self, Change, Fix, Rule, What};
use crate::compose::{Project, Service};
use crate::error::{Error, Result};
use crate::evidence::{Extra, Need};
use crate::text::{FileId, TextFile};
use crate::yaml::{Kind, Node, Stream, Style, is_printable};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// New content of one file. Made only here, and only after the three laws held.
#[derive(Clone, Debug)]
pub struct Rewrite {
    file: FileId,
    before: TextFile,
    after: TextFile,
    lines: Vec<NewLine>,
    touched: Vec<Touched>,
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

    /// What the changed lines are for, by line.
    pub fn lines(&self) -> &[NewLine] {
        &self.lines
    }

    /// Where the edits are, in order: a diff finds all that it looks for there.
    pub fn touched(&self) -> &[Touched] {
        &self.touched
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

/// Most rounds of leaving out services whose change would reach another.
const MAX_ROUNDS: usize = 8;

/// How a rewrite is done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether the reasons go into the file as comments.
    pub explain: bool,
    /// The layer that takes all changes, instead of the place where each takes effect best.
    pub layer: Option<FileId>,
}

/// Turns `fixes`, planned from `needs`, into new content.
///
/// Errors: [`Error::Unverified`] when a law does not hold for the result.
pub fn rewrite(project: &Project<'_>, fixes: &[&Fix], needs: &[Need], options: Options) -> Result<Outcome> {
    let mut fixes = fixes.to_vec();
    let mut refused: Vec<Refused> = Vec::new();
    let mut placement = place::place(project, &fixes, options.layer);
    for round in 0.. {
        if placement.refused.is_empty() {
            break;
        }
        refused.append(&mut placement.refused);
        if round == MAX_ROUNDS {
            let late = fixes.iter().filter(|f| !refused.iter().any(|r| r.service == f.service));
            let why = "it is tied to services that must not change";
            let late = late.map(|f| Refused { service: f.service.clone(), rule: Rule::SharedDefinition, why: why.into() });
            refused.extend(late.collect::<Vec<_>>());
        }
        let names: HashSet<&str> = refused.iter().map(|r| r.service.as_str()).collect();
        fixes.retain(|f| !names.contains(f.service.as_str()));
        placement = place::place(project, &fixes, options.layer);
    }
    let mut seen = HashSet::new();
    refused.retain(|r| seen.insert(r.service.clone()));
    if placement.is_empty() {
        return Ok(Outcome { rewrites: Vec::new(), refused });
    }
    let (mut changed, mut touched) = (Vec::new(), Vec::new());
    for source in project.sources.files() {
        if let Some((after, lines)) = edited(&source.stream, &placement)? {
            changed.push(Arc::new(after));
            touched.push(lines);
        }
    }
    let parted = parted(project, &changed, &fixes, needs);
    if !parted.is_empty() {
        fixes.retain(|f| !parted.contains(&f.service));
        let mut outcome = rewrite(project, &fixes, needs, options)?;
        let why =
            "its mounts are shared through an anchor, and more of them could be bound read-only in a list of its own: give it one first";
        let left = parted.into_iter().map(|service| Refused { service, rule: Rule::SharedDefinition, why: why.into() });
        outcome.refused.splice(0..0, refused.into_iter().chain(left));
        return Ok(outcome);
    }
    let verified = |changed: &[Arc<Stream>]| -> Result<Vec<(FileId, NewLine)>> {
        for after in changed {
            let before = project.sources.file(after.file()).map(|s| &s.stream);
            let check = before.map(|before| check::tree_is_as_placed(before, after, &placement));
            check.unwrap_or(Err("a new file".into())).map_err(unverified)?;
        }
        verified_effect(project, changed, &fixes, needs)
    };
    let mut lines = verified(&changed)?;
    if options.explain {
        changed = commented(&changed, &lines)?;
        lines = verified(&changed)?;
    }
    let rewrites = changed.iter().zip(touched).filter_map(|(after, touched)| {
        let file = after.file();
        let before = project.sources.file(file)?.stream.text();
        let lines = lines.iter().filter(|l| l.0 == file).map(|l| l.1.clone()).collect();
        (before.text() != after.text().text()).then(|| Rewrite {
            file,
            before: before.clone(),
            after: after.text().clone(),
            lines,
            touched,
        })
    });
    Ok(Outcome { rewrites: rewrites.collect(), refused })
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

/// A file with what is placed in it, and the lines that this touched; `None` when nothing is.
fn edited(stream: &Stream, placement: &place::Placement<'_>) -> Result<Option<(Stream, Vec<Touched>)>> {
    let file = stream.file();
    let start = (file.0, crate::yaml::NodeId::default());
    let end = (file.0 + 1, crate::yaml::NodeId::default());
    let mut edits = lower::lower(stream, placement.ops.range(start..end).map(|(_, op)| op));
    edits.extend(placement.fresh.iter().filter(|(f, _)| *f == file).map(|(_, value)| lower::fresh(stream, value)));
    if edits.is_empty() {
        return Ok(None);
    }
    let before = stream.text();
    let after = edit::splice(before.text(), &mut edits).ok_or_else(|| unverified("two edits overlap".into()))?;
    if !edit::outside_is_equal(before.text(), &after, &edits) {
        return Err(unverified("a byte outside the edits changed".into()));
    }
    Ok(Some((reread(before.name(), after, file)?, edit::touched(before.text(), &edits))))
}

/// The laws for the whole project. Returns what the new lines are for.
fn verified_effect(project: &Project<'_>, changed: &[Arc<Stream>], fixes: &[&Fix], needs: &[Need]) -> Result<Vec<(FileId, NewLine)>> {
    let sources = project.sources.with(changed.iter().cloned());
    let after = Project::read(&sources).map_err(|e| unverified(format!("the result does not load: {}", e.message)))?;
    check::effect_is_as_planned(project, &after, fixes).map_err(unverified)?;
    let services: HashSet<&str> = fixes.iter().map(|f| f.service.as_str()).collect();
    let needs: Vec<Need> = needs.iter().filter(|n| services.contains(n.service.as_str())).cloned().collect();
    if let Some(finding) = audit::audit(&after, &needs).iter().find(|f| f.fix.is_some()) {
        return Err(unverified(format!("service `{}` would be changed again", finding.service)));
    }
    Ok(new_lines(&after, fixes))
}

/// Services that a second run would change again: with a list of mounts of their own, binds in it can be changed alone.
fn parted(project: &Project<'_>, changed: &[Arc<Stream>], fixes: &[&Fix], needs: &[Need]) -> Vec<String> {
    if !needs.iter().any(|need| need.with.has(Extra::ReadOnlyBinds)) || !changed.iter().any(|stream| stream.has_anchors()) {
        return Vec::new();
    }
    let sources = project.sources.with(changed.iter().cloned());
    // What does not load is reported by the laws.
    let Ok(after) = Project::read(&sources) else { return Vec::new() };
    let is_bind = |change: &Change| matches!(change.what, What::ReadOnlyBind(_));
    let again = audit::audit(&after, needs).into_iter().filter(|f| f.fix.as_ref().is_some_and(|fix| fix.changes.iter().all(is_bind)));
    let mut services: Vec<String> = again.map(|f| f.service).filter(|name| fixes.iter().any(|fix| fix.service == *name)).collect();
    services.dedup();
    services
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
        let mut binds = None;
        for change in &fix.changes {
            let node = match &change.what {
                What::ReadOnly => service.get("read_only").map(|e| e.key()),
                What::Tmpfs(item) => service.mounts.iter().find(|m| m.node.resolved().as_str() == Some(item)).map(|m| m.node),
                What::Volume { target, .. } => service.mounts.iter().find(|m| m.target == *target).map(|m| m.node),
                What::Declare(name) => volumes.get(name.as_str()).copied(),
                What::User(_) => service.get("user").map(|e| e.key()),
                What::Item { key, text } => service.list(key).into_iter().find(|(_, own)| own == text).map(|(item, _)| item),
                What::ReadOnlyBind(target) => binds.get_or_insert_with(|| by_target(service)).get(target.as_str()).copied(),
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

fn by_target<'s, 'a>(service: &'s Service<'a>) -> HashMap<&'s str, Node<'a>> {
    service.mounts.iter().rev().map(|m| (&*m.target, m.node)).collect()
}

/// The streams with the reasons as comments behind the new lines. Lines of flow style, and lines that have a comment, get none.
fn commented(streams: &[Arc<Stream>], lines: &[(FileId, NewLine)]) -> Result<Vec<Arc<Stream>>> {
    let mut result = Vec::new();
    for stream in streams {
        let text = stream.text();
        let closed = lines_inside_scalars(stream);
        let mut reasons = lines.iter().filter(|(file, _)| *file == stream.file()).map(|(_, l)| l).peekable();
        let mut after = String::with_capacity(text.text().len() + lines.len() * 64);
        for (index, line) in text.text().split_inclusive('\n').enumerate() {
            let body = line.trim_end_matches(['\n', '\r']);
            after.push_str(body);
            let mut first = true;
            while let Some(reason) = reasons.next_if(|r| r.line <= index + 1) {
                let block = !body.contains(['#', '[', '{', '"', '\'']) && !closed.contains(&(index + 1));
                if first && block && reason.line == index + 1 {
                    let why: String = reason.change.reason.text.chars().map(|c| if is_printable(c) { c } else { ' ' }).collect();
                    after.push_str(&format!("  # {why}"));
                }
                first = false;
            }
            after.push_str(&line[body.len()..]);
        }
        result.push(Arc::new(reread(text.name(), after, stream.file())?));
    }
    Ok(result)
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
