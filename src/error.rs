//! Every way the tool can fail, each with its hint.

use crate::remedy::Remedy;
use crate::text::{NotText, Span, TextFile};
use std::path::PathBuf;

/// Result of anything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure: the tool could not do the work and, but for [`Error::Partly`] and [`Error::InterruptedAfter`], wrote nothing. Findings are not failures (see [`crate::audit`]).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line asks for something impossible: (what, hint). Only the command line says so.
    #[error("{0}")]
    Usage(String, Option<String>),
    /// What is asked for cannot be had of these files, this engine, or this forge: (what, what helps).
    #[error("{0}")]
    Impossible(String, Option<Remedy>),
    /// A file or folder cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The path as given.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// A folder, pipe, socket or device where a file is needed.
    #[error("cannot read {}: it is {kind}", path.display())]
    NotAFile {
        /// The path as given.
        path: PathBuf,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// A file whose bytes are not text, or too many. A single bad byte is a [`Error::Source`].
    #[error("cannot read {}: {problem}", path.display())]
    NotText {
        /// The path as given.
        path: PathBuf,
        /// Why the bytes are not text.
        problem: NotText,
    },
    /// A folder without a Compose file.
    #[error("no Compose file in {}", .0.display())]
    NoComposeFile(PathBuf),
    /// A place in a file (Compose file or preset) that stops the work.
    #[error(transparent)]
    Source(Box<SourceError>),
    /// A file that will not be written.
    #[error("will not write {}: {reason}", path.display())]
    Refused {
        /// The path as given.
        path: PathBuf,
        /// Why.
        reason: String,
        /// What to do about it.
        hint: String,
    },
    /// A file could not be written; no file of the plan was changed.
    #[error("cannot write {}: {reason}", path.display())]
    Write {
        /// The path as given.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// Some files of a plan were written and could not be put back when another one failed.
    #[error("only part of the plan was written ({reason}); new: {}; as before: {}", list(written), list(unwritten))]
    Partly {
        /// Files that have their new text, or that somebody else changed right after.
        written: Vec<PathBuf>,
        /// Files that have their old text.
        unwritten: Vec<PathBuf>,
        /// What failed first, and why putting back failed.
        reason: String,
    },
    /// The file is not what was read any more.
    #[error("{} changed on disk since it was read", .0.display())]
    Changed(PathBuf),
    /// The Compose CLI sees something else than this program: (when, what).
    #[error("Compose sees something else {0}: {why}", why = .1.join("; "))]
    Disagrees(String, Vec<String>),
    /// The container engine or its Compose plugin cannot be asked.
    #[error("the engine cannot be asked: {0}")]
    Engine(String),
    /// A forge, or Git on the way to one, refuses or does not answer.
    #[error(transparent)]
    Forge(Box<ForgeError>),
    /// One of the three laws does not hold for the result: a defect of this program.
    #[error("internal error: {0}")]
    Unverified(String),
    /// Ctrl-C.
    #[error("interrupted, nothing was written")]
    Interrupted,
    /// Ctrl-C after something was written: what, a sentence fragment.
    #[error("interrupted: {0}")]
    InterruptedAfter(String),
    /// Ctrl-C after something may have been sent.
    #[error("interrupted")]
    Stopped,
}

impl Error {
    /// The same with a sentence before its hint, if it is about a place in a file.
    #[must_use]
    pub fn with_hint(mut self, sentence: &str) -> Self {
        if let Self::Source(source) = &mut self {
            source.hint = Some(source.hint.iter().fold(sentence.to_owned(), |all, hint| format!("{all}; {hint}")));
        }
        self
    }

    /// The same without a word of the file that it is about, which may hold secrets: only `what`, and the place.
    #[must_use]
    pub fn without_lines(self, what: &str) -> Self {
        let Self::Source(source) = self else { return self };
        let hint = "look at that line yourself: what other files name is not repeated here, as it may be anything";
        SourceError { message: what.to_owned(), hint: Some(hint.to_owned()), excerpt: (String::new(), 0), ..*source }.into()
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(_, hint) => hint.clone(),
            Self::Impossible(_, remedy) => remedy.as_ref().map(ToString::to_string),
            Self::Read { .. } => Some("check the path and its permissions".into()),
            Self::NotAFile { .. } => Some("name a regular file; text from a pipe is read from standard input with `-`".into()),
            Self::NotText { problem: NotText::TooLarge(..), .. } => Some("check that this is a Compose file".into()),
            Self::NotText { .. } => Some("convert the file to UTF-8 first".into()),
            Self::NoComposeFile(_) => Some(
                "Compose looks for compose.yaml, compose.yml, docker-compose.yml, docker-compose.yaml; name another file as an argument"
                    .into(),
            ),
            Self::Source(source) => source.hint.clone(),
            Self::Refused { hint, .. } => Some(hint.clone()),
            Self::Write { .. } => Some("every file of this plan is as it was; check the folder's permissions and free space".into()),
            Self::Partly { .. } => Some("look at the new files and run the command again; it plans only what is missing".into()),
            Self::Changed(_) => Some("run the command again to see a diff against the new content".into()),
            Self::Disagrees(..) => {
                Some("nothing was written; please report the project, and the version that `docker compose version` says".into())
            }
            Self::Engine(_) => {
                Some("see whether `docker info` and `docker compose version` answer; `diagnose` reads a log from a file as well".into())
            }
            Self::Forge(forge) => Some(forge.remedy.clone()),
            Self::Unverified(_) => Some("nothing was written; please report the file that led here".into()),
            Self::Interrupted => None,
            Self::InterruptedAfter(_) => Some("run the command again; it plans only what is missing".into()),
            Self::Stopped => Some("run the command again; what was sent before is found again and not repeated".into()),
        }
    }

    /// What to do about it, where each front end says that in its own words.
    pub fn remedy(&self) -> Option<&Remedy> {
        if let Self::Impossible(_, remedy) = self { remedy.as_ref() } else { None }
    }

    /// The process's exit status: 2, or 130 for an interrupt.
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::Interrupted | Self::InterruptedAfter(_) | Self::Stopped) { 130 } else { 2 }
    }
}

fn list(paths: &[PathBuf]) -> String {
    if paths.is_empty() {
        return "none".into();
    }
    paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// A message about a place in a text file. Displays as `file:line:column: message`, with [`SourceError::excerpt`] below it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct SourceError {
    /// Name of the file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The line, and how many characters of it are meant.
    pub excerpt: (String, usize),
}

impl SourceError {
    /// A message about `span` of `file`.
    pub fn new(file: &TextFile, span: Span, message: impl Into<String>, hint: Option<String>) -> Self {
        let start = (span.start as usize).min(file.text().len());
        let (line, column) = file.line_column(start);
        let (first, last) = (file.line_start(start).max(file.bom_len().min(start)), file.line_end(start));
        let end = (span.end as usize).clamp(start, last.max(start));
        Self {
            file: file.name().to_owned(),
            line,
            column,
            message: message.into(),
            hint,
            excerpt: (file.text()[first..last].to_owned(), file.text()[start..end].chars().count().max(1)),
        }
    }
}

impl From<SourceError> for Error {
    fn from(source: SourceError) -> Self {
        Self::Source(Box::new(source))
    }
}

/// What a forge or Git answers instead of doing what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ForgeError {
    /// The kind, for a program that goes on.
    pub fault: Fault,
    /// What was asked for and what was answered, as a sentence. Never holds the token.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// When the same request may be sent again, in seconds since 1970.
    pub retry_at: Option<u64>,
}

/// Kinds of [`ForgeError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No token, or one that is not accepted.
    Credentials,
    /// The token, a setting or a rule of the repository does not allow it.
    Permission,
    /// It does not exist, or is hidden.
    Missing,
    /// It exists already: read again and go on from there.
    Exists,
    /// Somebody changed it in between: read again and decide again.
    Stale,
    /// There is nothing between the two branches.
    Nothing,
    /// The request does not fit: too long, or not known to this forge.
    Invalid,
    /// The repository takes no changes: archived, disabled, empty.
    Closed,
    /// Too many requests; `retry_at` says until when.
    Busy,
    /// Nobody answers, or the server says that it has a problem.
    Unavailable,
    /// It answers, but not as this forge does, or more than is read.
    Unexpected,
}

impl Fault {
    /// Whether it does not say if what was asked for was done.
    pub fn is_unsaid(self) -> bool {
        matches!(self, Self::Unavailable | Self::Unexpected)
    }
}

impl From<ForgeError> for Error {
    fn from(forge: ForgeError) -> Self {
        Self::Forge(Box::new(forge))
    }
}
