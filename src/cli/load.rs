//! From a PATH argument to the files of a project in memory.

use crate::compose::{Project, dockerfile};
use crate::edge::disk;
use crate::error::{Error, Result, SourceError};
use crate::text::{FileId, TextFile};
use crate::yaml::Stream;
use std::path::{Path, PathBuf};

/// The files of one project.
pub(super) struct Files {
    /// The files as read from disk, by file number; empty for standard input.
    pub(super) loaded: Vec<disk::Loaded>,
    pub(super) streams: Vec<Stream>,
    /// Folder that nothing is written outside of.
    pub(super) root: PathBuf,
    /// Folder of the first file.
    folder: PathBuf,
    /// What to tell the person about the choice of files.
    pub(super) warnings: Vec<String>,
}

impl Files {
    /// Reads the project at `path`: a folder, a file, or (`None`) what Compose itself would use here.
    pub(super) fn read(path: Option<&Path>) -> Result<Self> {
        let found = disk::find(path)?;
        let loaded: Vec<disk::Loaded> = found.files.iter().map(|f| disk::read(f)).collect::<Result<_>>()?;
        let first = loaded.first().map_or(Path::new("."), |l| l.path());
        let root = disk::root_of(first)?;
        let folder = first.parent().map(Path::to_owned).unwrap_or_default();
        let streams = loaded.iter().enumerate().map(|(i, l)| parse(l.file(), i)).collect::<Result<_>>()?;
        let ignored = |p: &PathBuf| format!("{} is ignored, as Compose ignores it beside {}", p.display(), first.display());
        Ok(Self { warnings: found.ignored.iter().map(ignored).collect(), streams, root, folder, loaded })
    }

    /// Reads a project of one file from standard input.
    pub(super) fn read_stdin() -> Result<Self> {
        let text = disk::read_from(Path::new("<stdin>"), std::io::stdin().lock())?;
        Ok(Self {
            loaded: Vec::new(),
            streams: vec![parse(&text, 0)?],
            root: PathBuf::new(),
            folder: PathBuf::from("."),
            warnings: Vec::new(),
        })
    }

    /// The effective view.
    pub(super) fn project(&self) -> Result<Project<'_>> {
        Project::read(&self.streams).map_err(|e| self.source_error(e))
    }

    /// The Dockerfiles that the project asks for, as far as they are there.
    pub(super) fn dockerfiles(&self, project: &Project<'_>) -> dockerfile::Dockerfiles {
        let read = |path: String| {
            // A missing or unreadable Dockerfile is no error here: its service is then not recognised.
            let inside = disk::root_of(&self.folder.join(&path)).is_ok_and(|root| root.starts_with(&self.root));
            let text = disk::read(&self.folder.join(&path)).ok().filter(|_| inside)?;
            Some((path, text.file().text().to_owned()))
        };
        dockerfile::references(project).into_iter().filter_map(read).collect()
    }

    fn source_error(&self, error: crate::yaml::SyntaxError) -> Error {
        let text = self.streams.iter().find(|s| s.file() == error.span.file).map(Stream::text);
        match text {
            Some(text) => SourceError::new(text, error.span, error.message, error.hint).into(),
            None => Error::Unverified(error.message),
        }
    }
}

fn parse(text: &TextFile, number: usize) -> Result<Stream> {
    Stream::parse(text, FileId(number as u32)).map_err(|e| SourceError::new(text, e.span, e.message, e.hint).into())
}
