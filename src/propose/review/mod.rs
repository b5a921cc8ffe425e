//! A review of somebody's pull request: suggestions on the lines of its diff, and one comment that sums
//! up. What was said before is read from the forge and not said again.

mod hunks;
mod place;
mod text;

pub use place::{Diffs, Piece, Why, diffs, pieces, untouched};
pub use text::ABOVE;

use super::body::About;
use super::data::{Comment, LineComment, NewLineComment, Pull, State};
use super::unit::Unit;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use std::path::Path;

/// What branches of ours start with.
const OWN: [&str; 2] = ["rofs-harden/", "rofs-harden-project/"];

/// What became of a review, for programs.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Row {
    /// Number of the pull request.
    pub number: u64,
    /// Its address.
    pub url: String,
    /// The commit that was looked at.
    pub commit: String,
    /// What was done, or would be.
    pub done: Done,
    /// Where suggestions are.
    pub suggestions: Vec<Suggestion>,
    /// What cannot be suggested.
    pub by_hand: Vec<ByHand>,
    /// What became of the comment that sums up.
    pub summary: Summary,
    /// What could not be done and is no reason to stop.
    pub warnings: Vec<String>,
}

/// What was done with a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Done {
    /// Something was said.
    Reviewed,
    /// All is said already.
    Kept,
    /// Nothing is missing.
    Nothing,
    /// It was closed before.
    Closed,
    /// It was merged before.
    Merged,
}

/// What was done with the comment that sums up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Summary {
    /// It is new.
    Posted,
    /// It says something else now.
    Updated,
    /// It says all already.
    Kept,
    /// There is none.
    None,
}

impl Summary {
    /// A word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Updated => "updated",
            Self::Kept => "kept",
            Self::None => "none",
        }
    }
}

/// A suggestion.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Suggestion {
    /// Path of the file.
    pub path: String,
    /// The first line that it replaces.
    pub first_line: usize,
    /// The last one.
    pub last_line: usize,
    /// The services that it is for.
    pub services: Vec<String>,
    /// Whether it was not there before.
    pub is_new: bool,
}

/// A change that cannot be suggested.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ByHand {
    /// Path of the file.
    pub path: String,
    /// The line that it replaces or follows.
    pub line: usize,
    /// The services that it is for.
    pub services: Vec<String>,
    /// Why it cannot be suggested.
    pub why: &'static str,
    /// The lines that take its place or follow it.
    pub yaml: Vec<String>,
}

/// What is to be said on a pull request.
pub struct Draft {
    pieces: Vec<Piece>,
    /// Suggestions that are not there yet.
    pub new: Vec<NewLineComment>,
    /// The text that sums up; `None` if there is nothing to say.
    pub summary: Option<String>,
    /// The comment with the one from before.
    pub before: Option<Comment>,
}

/// Whether a pull request is one of this program's own.
pub fn is_own(pull: &Pull) -> bool {
    OWN.iter().any(|start| pull.head.starts_with(start))
}

/// What is said of a pull request of which nothing more is expected.
pub fn ended(pull: &Pull) -> Option<Done> {
    match pull.state {
        State::Open => None,
        State::Closed => Some(Done::Closed),
        State::Merged => Some(Done::Merged),
    }
}

/// What of all that was planned is about the files of the pull request.
pub fn meant(mut units: Vec<Unit>, problems: Vec<(String, String)>, diffs: &Diffs) -> (Vec<Unit>, About) {
    let is_near = |folder: &str| {
        diffs.keys().any(|path| path == folder || Path::new(path).parent() == Some(Path::new(if folder == "." { "" } else { folder })))
    };
    let problems = problems.into_iter().filter(|(folder, _)| is_near(folder)).collect();
    for unit in &mut units {
        let looked_at: Vec<&str> = unit.report.services.iter().map(|service| service.name.as_str()).collect();
        unit.left_out.retain(|(service, _)| looked_at.contains(&service.as_str()));
    }
    (units, About { problems, ..About::default() })
}

/// What was said before by this program.
pub struct Known {
    /// Keys of suggestions, each with whether it is on lines of the diff still.
    keys: HashMap<String, bool>,
    summary: Option<Comment>,
}

/// Whether one of these comments looks like one of this program's, so that it matters who wrote it.
pub fn may_be_ours(on_lines: &[LineComment], comments: &[Comment]) -> bool {
    on_lines.iter().any(|c| text::key_of(&c.body).is_some()) || comments.iter().any(|c| text::is_summary(&c.body))
}

impl Known {
    /// What is this program's of these comments. `account` is its login, if the forge says it.
    pub fn of(on_lines: &[LineComment], comments: Vec<Comment>, account: Option<&str>) -> Self {
        // A stranger may write what looks like ours. Names of apps, and only those, end like this.
        let is_own = |author: &str| account.map_or(author.ends_with("[bot]"), |own| own.eq_ignore_ascii_case(author));
        let mut keys = HashMap::new();
        for LineComment { body, line, .. } in on_lines.iter().filter(|comment| is_own(&comment.author)) {
            if let Some(key) = text::key_of(body) {
                *keys.entry(key.to_owned()).or_insert(false) |= line.is_some();
            }
        }
        let summary = comments.into_iter().find(|comment| is_own(&comment.author) && text::is_summary(&comment.body));
        Self { keys, summary }
    }

    /// What is to be said now.
    pub fn draft(self, units: &[Unit], mut pieces: Vec<Piece>, about: &About) -> Draft {
        for piece in pieces.iter_mut().filter(|piece| piece.why.is_none()) {
            piece.why = (self.keys.get(&piece.key()) == Some(&false)).then_some(Why::Outdated);
        }
        let is_new = |piece: &&Piece| piece.why.is_none() && !self.keys.contains_key(&piece.key());
        let new = pieces.iter().filter(is_new).map(|piece| text::suggestion(piece, &pieces)).collect();
        let is_quiet = pieces.is_empty() && self.summary.is_none();
        let summary = (!is_quiet).then(|| text::summary(units, &pieces, about));
        Draft { new, summary, before: self.summary, pieces }
    }
}

impl Draft {
    /// Gives up the suggestions that are not there yet, as the forge does not take them.
    pub fn refuse(&mut self, units: &[Unit], about: &About) {
        let new = std::mem::take(&mut self.new);
        let is_new = |piece: &Piece| new.iter().any(|c| c.path == piece.path && c.first == piece.first);
        for piece in self.pieces.iter_mut().filter(|piece| piece.why.is_none() && is_new(piece)) {
            piece.why = Some(Why::Refused);
        }
        self.summary = Some(text::summary(units, &self.pieces, about));
    }

    /// What the comment that sums up needs.
    pub fn change(&self) -> Summary {
        let is_same = |one: &str, other: &str| one.trim_end().replace("\r\n", "\n") == other.trim_end().replace("\r\n", "\n");
        match (&self.summary, &self.before) {
            (None, _) => Summary::None,
            (Some(_), None) => Summary::Posted,
            (Some(text), Some(before)) if is_same(text, &before.body) => Summary::Kept,
            (Some(_), Some(_)) => Summary::Updated,
        }
    }

    /// What was done, or would be.
    pub fn row(&self, pull: &Pull) -> Row {
        let summary = self.change();
        let done = match (self.new.is_empty(), summary) {
            (true, Summary::None) => Done::Nothing,
            (true, Summary::Kept) => Done::Kept,
            _ => Done::Reviewed,
        };
        let is_new = |piece: &Piece| self.new.iter().any(|c| c.path == piece.path && c.first == piece.first);
        let suggestion = |piece: &Piece| Suggestion {
            path: piece.path.clone(),
            first_line: piece.first,
            last_line: piece.last(),
            services: piece.services.clone(),
            is_new: is_new(piece),
        };
        let by_hand = |piece: &Piece| {
            let (lines, line) = piece.added().unwrap_or((&piece.new, piece.first));
            let (path, services) = (piece.path.clone(), piece.services.clone());
            Some(ByHand { path, line, services, why: piece.why?.text(), yaml: lines.to_vec() })
        };
        Row {
            suggestions: self.pieces.iter().filter(|piece| piece.why.is_none()).map(suggestion).collect(),
            by_hand: self.pieces.iter().filter_map(by_hand).collect(),
            summary,
            ..row(pull, done)
        }
    }
}

/// What is said of a pull request on which nothing is suggested.
pub fn row(pull: &Pull, done: Done) -> Row {
    Row {
        number: pull.number,
        url: pull.url.clone(),
        commit: pull.head_commit.clone(),
        done,
        suggestions: Vec::new(),
        by_hand: Vec::new(),
        summary: Summary::None,
        warnings: Vec::new(),
    }
}
