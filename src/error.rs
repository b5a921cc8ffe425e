//! Every way the tool can fail, each with its hint.

use crate::text::{Span, TextFile};
use std::path::PathBuf;

/// Result of anything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure: the tool could not do the work and wrote nothing. Findings are not failures (see [`crate::audit`]).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line asks for something impossible: (what, hint).
    #[error("{0}")]
    Usage(String, Option<String>),
    /// A file or folder cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The path as given.
        path: PathBuf,
        /// The system's words.
        reason: String,
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
    /// A file could not be written.
    #[error("cannot write {}: {reason}", path.display())]
    Write {
        /// The path as given.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The file is not what was read any more.
    #[error("{} changed on disk since it was read", .0.display())]
    Changed(PathBuf),
    /// One of the three laws does not hold for the result: a defect of this program.
    #[error("internal error: {0}")]
    Unverified(String),
    /// Ctrl-C.
    #[error("interrupted, nothing was written")]
    Interrupted,
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(_, hint) => hint.clone(),
            Self::Read { .. } => Some("check the path and its permissions".into()),
            Self::NoComposeFile(_) => Some(
                "Compose looks for compose.yaml, compose.yml, docker-compose.yml, docker-compose.yaml; name another file as an argument"
                    .into(),
            ),
            Self::Source(source) => source.hint.clone(),
            Self::Refused { hint, .. } => Some(hint.clone()),
            Self::Write { .. } => Some("the file on disk is as it was; check the folder's permissions and free space".into()),
            Self::Changed(_) => Some("run the command again to see a diff against the new content".into()),
            Self::Unverified(_) => Some("nothing was written; please report the file that led here".into()),
            Self::Interrupted => None,
        }
    }

    /// The process's exit status: 2, or 130 for an interrupt.
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::Interrupted) { 130 } else { 2 }
    }
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
