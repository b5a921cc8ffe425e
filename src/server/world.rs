//! The files as a client has them: its open texts over the disk; and which project a file belongs to.

use super::documents::Documents;
use crate::edge::disk::Disk;
use crate::error::{Error, Result};
use crate::plan::source::{Buffers, FileSource, Kind, Loaded, Unread, settled};
use crate::plan::{Files, Input, MAIN_NAMES, Start, layer_files};
use crate::text::FileId;
use crate::yaml::Stream;
use std::cell::RefCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Most folders above a file that are looked into for its project.
const MOST_FOLDERS: usize = 32;

/// The open texts over the disk. It remembers what it was asked for, and ends the work when that is for nothing.
pub(super) struct World<'w> {
    files: Buffers<'static>,
    seen: RefCell<HashSet<PathBuf>>,
    is_stale: &'w dyn Fn() -> bool,
}

impl<'w> World<'w> {
    /// The files as they are now; `is_stale` says whether a newer text is waiting.
    pub(super) fn new(documents: &Documents, is_stale: &'w dyn Fn() -> bool) -> Self {
        let mut files = Buffers::over(&Disk);
        for document in documents.all() {
            if let Some(real) = document.real() {
                // A file whose folder is gone is no part of any project.
                let _ = files.put(real, document.text.text());
            }
        }
        Self { files, seen: RefCell::default(), is_stale }
    }

    /// Gives a file another text.
    ///
    /// Errors: as for [`Buffers::put`].
    pub(super) fn put(&mut self, real: &Path, text: &str) -> Result<()> {
        self.files.put(real, text)
    }

    /// The paths without links that were asked for: whatever is done to one of them can change what was found.
    pub(super) fn into_seen(self) -> HashSet<PathBuf> {
        self.seen.into_inner()
    }

    fn see(&self, path: &Path) {
        if let Some(real) = settled(&self.files, path) {
            self.seen.borrow_mut().insert(real);
        }
    }

    fn expect_fresh(&self) -> Result<()> {
        if (self.is_stale)() { Err(Error::Interrupted) } else { Ok(()) }
    }
}

impl FileSource for World<'_> {
    fn here(&self) -> Result<PathBuf> {
        self.files.here()
    }

    fn kind(&self, path: &Path) -> Result<Option<Kind>> {
        let kind = self.files.kind(path)?;
        if kind != Some(Kind::Folder) {
            self.see(path);
        }
        Ok(kind)
    }

    fn is_link(&self, path: &Path) -> bool {
        self.files.is_link(path)
    }

    fn real_path(&self, path: &Path) -> Result<PathBuf> {
        self.files.real_path(path)
    }

    fn root_of(&self, file: &Path) -> Result<PathBuf> {
        self.files.root_of(file)
    }

    fn read(&self, path: &Path) -> Result<Loaded> {
        self.expect_fresh()?;
        self.see(path);
        self.files.read(path)
    }

    fn read_inside(&self, roots: &[PathBuf], path: &Path) -> Result<Loaded, Unread> {
        self.expect_fresh().map_err(Unread::Stopped)?;
        self.see(path);
        self.files.read_inside(roots, path)
    }

    fn absent(&self, path: &Path) -> Result<Loaded> {
        self.see(path);
        self.files.absent(path)
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.files.variable(name)
    }
}

/// The project that a file belongs to: the nearest one, in its folder or above it in its work tree, that names it; else its own, if it is
/// a Compose file. `None` for every other file.
///
/// Errors: a newer text is waiting.
pub(super) fn project_of(world: &World<'_>, path: &Path, real: &Path, is_called_compose: bool) -> Result<Option<Input>> {
    let root = world.root_of(path).unwrap_or_default();
    for folder in path.ancestors().skip(1).take(MOST_FOLDERS) {
        let input = Input { start: Start::Path(folder.to_owned()), ..Input::default() };
        if has_main(world, folder) && names(world, &input, real)? {
            return Ok(Some(input));
        }
        if world.real_path(folder).is_ok_and(|folder| folder == root) {
            break;
        }
    }
    let is_own = is_called_compose || has_compose_name(path) || is_compose_text(world, path);
    Ok(is_own.then(|| Input { start: Start::Path(path.to_owned()), ..Input::default() }))
}

/// Whether a folder may be that of a project. Most are not, and are not looked at further.
fn has_main(world: &World<'_>, folder: &Path) -> bool {
    [".env"].iter().chain(&MAIN_NAMES).any(|name| matches!(world.kind(&folder.join(name)), Ok(Some(_))))
}

/// Whether a project has this file: as a layer, or because one of its files names it.
fn names(world: &World<'_>, input: &Input, real: &Path) -> Result<bool> {
    let is_it = |path: &PathBuf| settled(world, path).is_some_and(|path| path == real);
    // Layers are known without reading one of them.
    if layer_files(world, input).is_ok_and(|files| files.iter().any(is_it)) {
        return Ok(true);
    }
    match Files::read(world, input) {
        Ok(files) => Ok(files.sources().files().iter().any(|file| is_it(&file.path))),
        Err(Error::Interrupted) => Err(Error::Interrupted),
        // What is wrong with that project is said in its own files.
        Err(_) => Ok(false),
    }
}

/// Whether a file has one of the names that Compose looks for, or one made like them: `compose.prod.yaml`.
fn has_compose_name(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let rest = stem.strip_prefix("docker-").unwrap_or(stem).strip_prefix("compose");
    is_yaml(path) && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "yaml" || end == "yml")
}

/// Whether a YAML file has services, and nothing that Compose does not know.
fn is_compose_text(world: &World<'_>, path: &Path) -> bool {
    if !is_yaml(path) {
        return false;
    }
    let Ok(loaded) = world.read(path) else { return false };
    Stream::parse(loaded.file(), FileId(0)).is_ok_and(|stream| {
        let has_services = stream.roots().any(|root| root.get("services").is_some());
        has_services && crate::compose::is_compose_file(&stream)
    })
}
