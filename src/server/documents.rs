//! The texts that a client has open.

use super::position::Encoding;
use super::uri;
use crate::edge::disk::Disk;
use crate::plan::source::settled;
use crate::text::TextFile;
use gen_lsp_types::{Range, TextDocumentContentChangeEvent, Uri};
use std::path::{Path, PathBuf};

/// One of them.
pub(super) struct Document {
    /// As the client spells it.
    pub(super) uri: String,
    /// Where it is: absolute, as the client spells it, and without links. `None` for what is no file.
    pub(super) path: Option<(PathBuf, PathBuf)>,
    /// The version of the text, as the client counts.
    pub(super) version: i32,
    /// Whether the client calls it a Compose file.
    pub(super) is_called_compose: bool,
    pub(super) text: TextFile,
}

/// All of them, in the order in which they were opened.
#[derive(Default)]
pub(super) struct Documents(Vec<Document>);

impl Document {
    /// A text that was opened.
    pub(super) fn new(uri: String, language: &str, version: i32, text: String) -> Option<Self> {
        let text = as_file(&uri, text)?;
        let path = uri::path_of(&uri).and_then(|path| {
            let real = settled(&Disk, &path)?;
            Some((path, real))
        });
        let is_called_compose = matches!(language, "dockercompose" | "docker-compose" | "yaml.docker-compose");
        Some(Self { uri, path, version, is_called_compose, text })
    }

    /// Changes the text, one change after the other.
    pub(super) fn change(&mut self, encoding: Encoding, version: i32, changes: Vec<TextDocumentContentChangeEvent>) {
        for change in changes {
            let new = match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => whole.text,
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    changed(&self.text, encoding, part.range, &part.text)
                }
            };
            if let Some(text) = as_file(&self.uri, new) {
                self.text = text;
            }
        }
        self.version = version;
    }

    /// Where it really is.
    pub(super) fn real(&self) -> Option<&Path> {
        self.path.as_ref().map(|(_, real)| real.as_path())
    }
}

/// A text as a file of any size.
fn as_file(name: &str, text: String) -> Option<TextFile> {
    TextFile::new(name, text.into_bytes(), usize::MAX).ok()
}

/// A text with new words in a range.
fn changed(text: &TextFile, encoding: Encoding, range: Range, new: &str) -> String {
    let (start, end) = (encoding.offset(text, range.start), encoding.offset(text, range.end));
    let (start, end) = (start.min(end), start.max(end));
    [&text.text()[..start], new, &text.text()[end..]].concat()
}

impl Documents {
    /// Adds one, in the place of another of its name.
    pub(super) fn open(&mut self, document: Document) {
        self.close(&document.uri);
        self.0.push(document);
    }

    /// Takes one away.
    pub(super) fn close(&mut self, uri: &str) -> Option<Document> {
        let at = self.0.iter().position(|d| d.uri == uri)?;
        Some(self.0.remove(at))
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Document> {
        self.0.iter()
    }

    /// The one of this name.
    pub(super) fn get(&self, uri: &str) -> Option<&Document> {
        self.0.iter().find(|d| d.uri == uri)
    }

    /// The same, to change it.
    pub(super) fn get_mut(&mut self, uri: &str) -> Option<&mut Document> {
        self.0.iter_mut().find(|d| d.uri == uri)
    }

    /// The one that is this file, links followed.
    pub(super) fn at(&self, real: &Path) -> Option<&Document> {
        self.0.iter().find(|d| d.real() == Some(real))
    }

    /// How a client knows a file, whose path without links is `real`.
    pub(super) fn uri(&self, real: &Path) -> Uri {
        let uri = self.at(real).map(|document| document.uri.clone());
        uri.unwrap_or_else(|| uri::of_path(real)).into()
    }
}
