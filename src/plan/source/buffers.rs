//! An editor's buffers over the files of another source.

use super::{FileSource, Kind, Loaded, Outside, State, Unread, settled, text_file};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Files of which some have another text than their source, or are not in it yet.
pub struct Buffers<'s> {
    below: &'s dyn FileSource,
    /// By absolute path without links.
    texts: HashMap<PathBuf, String>,
}

impl<'s> Buffers<'s> {
    /// The files of a source as they are.
    pub fn over(below: &'s dyn FileSource) -> Self {
        Self { below, texts: HashMap::new() }
    }

    /// Gives a file another text.
    ///
    /// Errors: [`Error::Read`] if its folder is not there.
    pub fn put(&mut self, path: &Path, text: impl Into<String>) -> Result<()> {
        let real = settled(self.below, path).ok_or_else(|| {
            let reason = "its folder is not there".to_owned();
            Error::Read { path: path.to_owned(), reason }
        })?;
        self.texts.insert(real, text.into());
        Ok(())
    }

    /// The buffer of a file, and where that is.
    fn at(&self, path: &Path) -> Option<(PathBuf, &str)> {
        let real = settled(self.below, path)?;
        let text = self.texts.get(&real)?;
        Some((real, text))
    }
}

fn loaded(path: &Path, text: &str) -> Result<Loaded> {
    let file = text_file(&path.to_string_lossy(), text.as_bytes().to_vec())?;
    Ok(Loaded::new(path, file, State::InMemory))
}

impl FileSource for Buffers<'_> {
    fn here(&self) -> Result<PathBuf> {
        self.below.here()
    }

    fn kind(&self, path: &Path) -> Result<Option<Kind>> {
        match self.at(path) {
            Some(_) => Ok(Some(Kind::File)),
            None => self.below.kind(path),
        }
    }

    fn is_link(&self, path: &Path) -> bool {
        self.below.is_link(path)
    }

    fn real_path(&self, path: &Path) -> Result<PathBuf> {
        match self.at(path) {
            Some((real, _)) => Ok(real),
            None => self.below.real_path(path),
        }
    }

    fn root_of(&self, file: &Path) -> Result<PathBuf> {
        self.below.root_of(file)
    }

    fn read(&self, path: &Path) -> Result<Loaded> {
        match self.at(path) {
            Some((_, text)) => loaded(path, text),
            None => self.below.read(path),
        }
    }

    fn read_inside(&self, roots: &[PathBuf], path: &Path) -> Result<Loaded, Unread> {
        let Some((real, text)) = self.at(path) else { return self.below.read_inside(roots, path) };
        if roots.iter().any(|root| real.starts_with(root)) {
            return loaded(path, text).map_err(Unread::Failed);
        }
        // Whoever has a file open does not make it a part of the project.
        match self.below.read_inside(roots, path) {
            Err(Unread::Outside(outside)) => Err(Unread::Outside(outside)),
            _ => Err(Unread::Outside(Outside { path: path.to_owned(), of: "the project".to_owned(), wider: None })),
        }
    }

    fn absent(&self, path: &Path) -> Result<Loaded> {
        self.below.absent(path)
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.below.variable(name)
    }
}
