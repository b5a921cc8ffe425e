//! Reading what a stranger's file names: nothing outside of the project, and nothing that is no file.

use super::{cannot_read, loaded, system};
use crate::error::Result;
use crate::plan::source::{Loaded, Outside, Unread};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Reads a file that is in one of `roots`, absolute folders without links. A link on the way may lead anywhere inside them.
///
/// Whoever can change the folders meanwhile cannot lead outside: after the path is known without links, it is opened part by part, and no
/// part may be a link any more.
pub fn read_inside(roots: &[PathBuf], path: &Path) -> Result<Loaded, Unread> {
    let failed = |e: &std::io::Error| Unread::Failed(cannot_read(path, e));
    let real = settled(path).map_err(|e| failed(&e))?;
    let Some(root) = roots.iter().find(|root| real.starts_with(root)) else {
        let root = roots.first().cloned().unwrap_or_default();
        let wider = root.ancestors().find(|folder| real.starts_with(folder)).filter(|folder| folder.parent().is_some());
        let of = format!("the project folder {}", root.display());
        return Err(Unread::Outside(Outside { path: path.to_owned(), wider: wider.map(Path::to_owned), of }));
    };
    // The system's words are about the path as given.
    let named = fs::metadata(path).map_err(|e| failed(&e))?;
    super::expect_file(path, named.file_type()).map_err(Unread::Failed)?;
    let below = real.strip_prefix(root).unwrap_or(&real);
    let handle = system::open_below(root, below).map_err(|e| failed(&e))?;
    loaded(path, handle).map_err(Unread::Failed)
}

/// Whether `path` is a link.
pub fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|m| m.is_symlink())
}

/// Where `path` leads, links followed as far as there is something.
fn settled(path: &Path) -> std::io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    for folder in path.ancestors() {
        if let Ok(real) = fs::canonicalize(folder) {
            let rest = path.strip_prefix(folder).unwrap_or(Path::new(""));
            // What is not there has no way back up.
            let is_plain = rest.components().all(|part| matches!(part, Component::Normal(_)));
            return Ok(if is_plain && !rest.as_os_str().is_empty() { real.join(rest) } else { real });
        }
    }
    Ok(path)
}
