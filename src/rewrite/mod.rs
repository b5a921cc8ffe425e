//! Accepted fixes in, verified bytes out.

mod check;
mod edit;
mod lower;
mod place;
mod style;
mod value;

use crate::audit::{self, Change, Fix, What};
use crate::compose::Project;
use crate::error::{Error, Result};
use crate::evidence::Need;
use crate::text::{FileId, TextFile};
use crate::yaml::{Node, Stream};
use std::collections::{HashMap, HashSet};

/// New content of one file. Made only here, and only after the three laws held.
#[derive(Clone, Debug)]
pub struct Rewrite {
    file: FileId,
    before: TextFile,
    after: TextFile,
    lines: Vec<NewLine>,
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
}

/// What became of a set of fixes.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The files that change, in the project's order.
    pub rewrites: Vec<Rewrite>,
    /// Fixes that no edit can carry out without changing another service: (service, why).
    pub refused: Vec<(String, String)>,
}

/// Most rounds of leaving out services whose change would reach another.
const MAX_ROUNDS: usize = 8;

/// Turns `fixes`, planned from `needs`, into new content.
///
/// Errors: [`Error::Unverified`] when a law does not hold for the result.
pub fn rewrite(project: &Project<'_>, fixes: &[&Fix], needs: &[Need], explain: bool) -> Result<Outcome> {
    let mut fixes = fixes.to_vec();
    let mut refused: Vec<(String, String)> = Vec::new();
    let mut placement = place::place(project, &fixes);
    for round in 0.. {
        if placement.refused.is_empty() {
            break;
        }
        refused.append(&mut placement.refused);
        let names: HashSet<&str> = refused.iter().map(|(service, _)| service.as_str()).collect();
        fixes.retain(|f| round < MAX_ROUNDS && !names.contains(f.service.as_str()));
        placement = place::place(project, &fixes);
    }
    refused.dedup_by(|a, b| a.0 == b.0);
    if placement.ops.is_empty() {
        return Ok(Outcome { rewrites: Vec::new(), refused });
    }
    let unverified = |why: String| Error::Unverified(why);
    let mut streams = Vec::new();
    for stream in project.streams {
        let file = stream.file();
        let ops = placement.ops.iter().filter(|((f, _), _)| *f == file.0).map(|(_, op)| op);
        let mut edits = lower::lower(stream, ops);
        let before = stream.text();
        let after = edit::splice(before.text(), &mut edits).ok_or_else(|| unverified("two edits overlap".into()))?;
        if !edit::outside_is_equal(before.text(), &after, &edits) {
            return Err(unverified("a byte outside the edits changed".into()));
        }
        streams.push(reread(before, after, file)?);
    }
    let verified = |streams: &[Stream]| -> Result<Vec<(FileId, NewLine)>> {
        for (before, after) in project.streams.iter().zip(streams) {
            check::tree_is_as_placed(before, after, &placement).map_err(unverified)?;
        }
        let after = Project::read(streams).map_err(|e| unverified(format!("the result does not load: {}", e.message)))?;
        check::effect_is_as_planned(project, &after, &fixes).map_err(unverified)?;
        let services: HashSet<&str> = fixes.iter().map(|f| f.service.as_str()).collect();
        let planned = |f: &audit::Finding| f.fix.is_some() && services.contains(f.service.as_str());
        if let Some(finding) = audit::audit(&after, needs).iter().find(|f| planned(f)) {
            return Err(unverified(format!("service `{}` would be changed again", finding.service)));
        }
        Ok(new_lines(&after, &fixes))
    };
    let mut lines = verified(&streams)?;
    if explain {
        streams = commented(&streams, &lines)?;
        lines = verified(&streams)?;
    }
    let rewrites = project.streams.iter().zip(&streams).filter(|(b, a)| b.text().text() != a.text().text());
    let rewrites = rewrites.map(|(before, after)| {
        let file = before.file();
        let in_file = |l: &&(FileId, NewLine)| l.0 == file;
        Rewrite {
            file,
            before: before.text().clone(),
            after: after.text().clone(),
            lines: lines.iter().filter(in_file).map(|l| l.1.clone()).collect(),
        }
    });
    Ok(Outcome { rewrites: rewrites.collect(), refused })
}

fn reread(before: &TextFile, after: String, file: FileId) -> Result<Stream> {
    let unverified = |why: String| Error::Unverified(why);
    let text = TextFile::new(before.name(), after.into_bytes(), usize::MAX).map_err(|e| unverified(e.to_string()))?;
    Stream::parse(&text, file).map_err(|e| unverified(format!("the result does not parse: {}", e.message)))
}

/// Where the changes stand in the result.
fn new_lines(after: &Project<'_>, fixes: &[&Fix]) -> Vec<(FileId, NewLine)> {
    let volumes: HashMap<&str, Node<'_>> = after.documents.iter().flat_map(|d| &d.volumes).map(|e| (e.key.text(), e.key)).collect();
    let mut lines = Vec::new();
    for fix in fixes {
        let Some(service) = after.service(&fix.service) else { continue };
        for change in &fix.changes {
            let node = match &change.what {
                What::ReadOnly => service.get("read_only").map(|e| e.key),
                What::Tmpfs(item) => service.mounts.iter().find(|m| m.node.resolved().as_str() == Some(item)).map(|m| m.node),
                What::Volume { target, .. } => service.mounts.iter().find(|m| m.target == *target).map(|m| m.node),
                What::Declare(name) => volumes.get(name.as_str()).copied(),
            };
            let Some(span) = node.map(Node::span) else { continue };
            let Some(text) = after.streams.iter().find(|s| s.file() == span.file).map(Stream::text) else { continue };
            lines.push((span.file, span.start as usize, text, service.name, change));
        }
    }
    lines.sort_by_key(|(file, start, ..)| (*file, *start));
    let numbered = lines.into_iter().map(|(file, start, text, service, change)| {
        (file, NewLine { line: text.line(start), service: service.to_owned(), change: change.clone() })
    });
    numbered.collect()
}

/// The streams with the reasons as comments behind the new lines. Lines of flow style, and lines that have a comment, get none.
fn commented(streams: &[Stream], lines: &[(FileId, NewLine)]) -> Result<Vec<Stream>> {
    let mut result = Vec::new();
    for stream in streams {
        let text = stream.text();
        let mut reasons = lines.iter().filter(|(file, _)| *file == stream.file()).map(|(_, l)| l).peekable();
        let mut after = String::with_capacity(text.text().len() + lines.len() * 64);
        for (index, line) in text.text().split_inclusive('\n').enumerate() {
            let body = line.trim_end_matches(['\n', '\r']);
            after.push_str(body);
            let mut first = true;
            while let Some(reason) = reasons.next_if(|r| r.line <= index + 1) {
                let block = !body.contains(['#', '[', '{', '"', '\'']);
                if first && block && reason.line == index + 1 {
                    let why: String = reason.change.reason.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
                    after.push_str(&format!("  # {why}"));
                }
                first = false;
            }
            after.push_str(&line[body.len()..]);
        }
        result.push(reread(text, after, stream.file())?);
    }
    Ok(result)
}
