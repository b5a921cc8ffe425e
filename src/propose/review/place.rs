//! What a plan changes, in pieces of lines, and which of them can be suggested on the lines of a pull request's diff.

use super::hunks::Hunks;
use crate::audit::{Change, What};
use crate::compose::{Project, Service};
use crate::plan::source::name_below;
use crate::propose::body::takes_rights;
use crate::propose::data::Changed;
use crate::propose::unit::{Changing, Unit, path_of};
use crate::report::diff;
use crate::rewrite::Rewrite;
use crate::text::FileId;
use crate::text::clean;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;

/// Most suggestions on one pull request: nobody reads more of them.
const MOST: usize = 40;
/// Most bytes of the lines of a suggestion.
const LONGEST: usize = 16_000;

/// What a pull request changes: its files on the head, each with its diff if the forge shows one.
pub type Diffs = BTreeMap<String, Option<Hunks>>;

/// Lines that change together.
pub struct Piece {
    /// Path of its project's first file.
    project: String,
    /// Path of the file.
    pub(super) path: String,
    /// Number of the first line of the head's file that is replaced, from 1.
    pub(super) first: usize,
    /// The lines that are replaced, without their line breaks. Never none: what is only added repeats the line before it.
    pub(super) old: Vec<String>,
    /// The lines that take their place.
    pub(super) new: Vec<String>,
    /// Names of the services that it is for.
    pub(super) services: Vec<String>,
    /// The changes with their reasons.
    pub(super) changes: Vec<Change>,
    /// Why it cannot be suggested.
    pub(super) why: Option<Why>,
}

/// Why a piece cannot be suggested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The pull request does not change the file.
    OtherFile,
    /// The forge shows no diff of the file.
    NoDiff,
    /// The diff does not show these lines.
    NotInDiff,
    /// A comment may not keep the lines' characters.
    Characters,
    /// The lines are too long for a comment.
    TooLong,
    /// There are enough suggestions.
    TooMany,
    /// Another suggestion changes these lines.
    Taken,
    /// It was suggested before and the lines are gone.
    Outdated,
    /// The forge did not take it.
    Refused,
}

impl Why {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::OtherFile => "the pull request does not change this file",
            Self::NoDiff => "no diff of this file is shown",
            Self::NotInDiff => "this place is not part of the diff",
            Self::Characters => "the lines hold characters that a comment may not keep",
            Self::TooLong => "the lines are too long for a comment",
            Self::TooMany => "there are too many suggestions already",
            Self::Taken => "another suggestion changes the same lines in another way",
            Self::Outdated => "it was suggested before, and is not on the lines of the diff any more",
            Self::Refused => "the forge did not take the suggestion",
        }
    }
}

/// The diffs of what a forge says that a pull request changes.
pub fn diffs(changed: Vec<Changed>) -> Diffs {
    let kept = changed.into_iter().filter(|file| !file.is_removed);
    kept.map(|file| (file.path, file.patch.as_deref().map(Hunks::parse))).collect()
}

/// The services of a project that a pull request does not touch; `None` if it touches none at all.
pub fn untouched(project: &Project<'_>, diffs: &Diffs) -> Option<Vec<String>> {
    let mut files: BTreeMap<FileId, Option<(&Hunks, Vec<usize>)>> = BTreeMap::new();
    for source in project.sources.files() {
        if let Some(hunks) = name_below(&source.path).and_then(|name| diffs.get(&name)) {
            let text = source.stream.text().text();
            let breaks = || text.match_indices('\n').map(|(at, _)| at).collect();
            files.insert(source.stream.file(), hunks.as_ref().map(|hunks| (hunks, breaks())));
        }
    }
    let is_touched = |service: &Service<'_>| {
        service.parts.iter().any(|part| {
            let (key, body) = (part.key.span(), part.definition.span());
            let Some(source) = project.sources.file(key.file) else { return false };
            match files.get(&key.file) {
                None => false,
                // What it changes is not known, so any of it may be.
                Some(None) => true,
                Some(Some((hunks, breaks))) => {
                    // Lines as Git counts them: a carriage return alone ends none.
                    let line = |at: usize| breaks.partition_point(|end| *end < at);
                    let start = key.start as usize;
                    let end = if body.file == key.file { body.end.max(key.end) as usize } else { key.end as usize };
                    let text = source.stream.text().text();
                    let end = text.get(..end).map_or(end, |text| text.trim_end().len()).max(start + 1);
                    let first = line(start);
                    let indent = start - first.checked_sub(1).map_or(0, |before| breaks[before] + 1);
                    hunks.change(first + 1, line(end - 1) + 1, indent)
                }
            }
        })
    };
    let (touched, others): (Vec<_>, Vec<_>) = project.services.iter().partition(|service| is_touched(service));
    (!touched.is_empty()).then(|| others.into_iter().map(|service| service.name.to_owned()).collect())
}

/// The pieces of these plans, by path and line.
pub fn pieces(units: &[Unit], diffs: &Diffs) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (unit, Changing { rewrite, .. }) in units.iter().flat_map(|unit| unit.rewrites.iter().map(move |file| (unit, file))) {
        let path = path_of(rewrite);
        let mut own = of(rewrite, &unit.path, &path);
        // Two projects may share a file.
        own.retain(|piece| !pieces.iter().any(|other| other.is_same(piece)));
        pieces.extend(own);
    }
    pieces.sort_by(|a, b| (&a.path, a.first).cmp(&(&b.path, b.first)));
    let mut placed: Vec<(String, Range<usize>)> = Vec::new();
    for piece in &mut pieces {
        let lines = piece.first..piece.first + piece.old.len();
        let is_taken = placed.iter().any(|(path, other)| *path == piece.path && other.start < lines.end && lines.start < other.end);
        piece.why = piece.obstacle(diffs).or(is_taken.then_some(Why::Taken)).or((placed.len() >= MOST).then_some(Why::TooMany));
        if piece.why.is_none() {
            placed.push((piece.path.clone(), lines));
        }
    }
    pieces
}

/// The pieces of one rewrite.
fn of(rewrite: &Rewrite, project: &str, path: &str) -> Vec<Piece> {
    let (old, new) = diff::lines_of(rewrite);
    let mut ranges: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for (mut before, mut after) in diff::replaced(rewrite) {
        if before.is_empty() && before.start > 0 {
            (before.start, after.start) = (before.start - 1, after.start.saturating_sub(1));
        } else if before.is_empty() {
            (before.end, after.end) = (before.end + 1, after.end + 1);
        }
        match ranges.last_mut().filter(|(last, _)| before.start < last.end) {
            Some(last) => (last.0.end, last.1.end) = (before.end.max(last.0.end), after.end.max(last.1.end)),
            None => ranges.push((before, after)),
        }
    }
    let text = |lines: &[&str], range: &Range<usize>| -> Vec<String> {
        let lines = lines.get(range.start..range.end.min(lines.len())).unwrap_or_default();
        lines.iter().map(|line| line.trim_end_matches('\n')).map(|line| line.strip_suffix('\r').unwrap_or(line).to_owned()).collect()
    };
    let piece = |(before, after): &(Range<usize>, Range<usize>)| {
        let mut services = BTreeSet::new();
        let mut changes: Vec<Change> = Vec::new();
        for line in rewrite.lines().iter().filter(|line| after.contains(&(line.line - 1))) {
            services.insert(line.service.clone());
            if !changes.iter().any(|change| change.what == line.change.what) {
                changes.push(line.change.clone());
            }
        }
        if services.is_empty() {
            services.extend(rewrite.lines().iter().map(|line| line.service.clone()));
        }
        let (old, new) = (text(&old, before), text(&new, after));
        let (project, services) = (project.to_owned(), services.into_iter().collect());
        Piece { project, path: path.to_owned(), first: before.start + 1, old, new, services, changes, why: None }
    };
    ranges.iter().map(piece).collect()
}

impl Piece {
    fn is_same(&self, other: &Self) -> bool {
        (&self.path, self.first, &self.old, &self.new) == (&other.path, other.first, &other.old, &other.new)
    }

    /// Whether this and another one are parts of the change of one service.
    pub(super) fn belongs_to(&self, other: &Self) -> bool {
        let is_other = (&self.path, self.first) != (&other.path, other.first);
        is_other && self.project == other.project && self.services.iter().any(|name| other.services.contains(name))
    }

    /// Whether it declares a volume.
    pub(super) fn declares(&self) -> bool {
        self.changes.iter().any(|change| matches!(change.what, What::Declare(_)))
    }

    /// Number of the last line that is replaced.
    pub(super) fn last(&self) -> usize {
        self.first + self.old.len().max(1) - 1
    }

    /// What is wrong with suggesting it, whatever else is suggested.
    fn obstacle(&self, diffs: &Diffs) -> Option<Why> {
        let old: Vec<&str> = self.old.iter().map(String::as_str).collect();
        let is_kept = |line: &String| clean(line) == line.as_str();
        match diffs.get(&self.path) {
            None => Some(Why::OtherFile),
            Some(None) => Some(Why::NoDiff),
            Some(Some(hunks)) if !hunks.show(self.first, &old) => Some(Why::NotInDiff),
            _ if !self.new.iter().all(is_kept) => Some(Why::Characters),
            _ if self.new.iter().map(String::len).sum::<usize>() > LONGEST => Some(Why::TooLong),
            _ => None,
        }
    }

    /// The lines to add, if it only adds some, and the number of the line that they follow.
    pub(super) fn added(&self) -> Option<(&[String], usize)> {
        let [anchor] = self.old.as_slice() else { return None };
        match self.new.as_slice() {
            [first, rest @ ..] if first == anchor => Some((rest, self.first)),
            [rest @ .., last] if last == anchor => Some((rest, self.first - 1)),
            _ => None,
        }
    }

    /// Whether all that it does is to take away more than the right to write to the root filesystem.
    pub(super) fn takes_rights(&self) -> bool {
        !self.changes.is_empty() && self.changes.iter().all(|change| takes_rights(&change.what))
    }

    /// What tells it from all others: what is changed for whom, whatever the lines around it say by now. Who has answered is not asked
    /// again when a version is raised.
    pub(super) fn key(&self) -> String {
        let mut changes: Vec<String> = self.changes.iter().map(|change| change.what.to_string()).collect();
        changes.sort();
        if changes.is_empty() {
            changes.clone_from(&self.new);
        }
        let parts = [self.path.clone(), self.services.join("\0"), changes.join("\n")];
        Sha256::digest(parts.join("\0\0")).iter().take(12).fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}
