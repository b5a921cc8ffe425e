//! The disk as a source of files.

use super::{absent, cannot_read, find, is_link, read, read_inside, root_of};
use crate::error::Result;
use crate::plan::source::{FileSource, Kind, Loaded, Unread};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The files of this machine, and the variables of the environment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl FileSource for Disk {
    fn here(&self) -> Result<PathBuf> {
        find::working_directory(env::var_os("PWD").map(PathBuf::from)).map_err(|e| cannot_read(Path::new("."), &e))
    }

    fn kind(&self, path: &Path) -> Result<Option<Kind>> {
        match fs::metadata(path) {
            Ok(found) if found.is_file() => Ok(Some(Kind::File)),
            Ok(found) if found.is_dir() => Ok(Some(Kind::Folder)),
            Ok(_) => Ok(Some(Kind::Other)),
            Err(e) if e.kind() == ErrorKind::PermissionDenied => Err(cannot_read(path, &e)),
            Err(_) => Ok(None),
        }
    }

    fn is_link(&self, path: &Path) -> bool {
        is_link(path)
    }

    fn real_path(&self, path: &Path) -> Result<PathBuf> {
        fs::canonicalize(path).map_err(|e| cannot_read(path, &e))
    }

    fn root_of(&self, file: &Path) -> Result<PathBuf> {
        root_of(file)
    }

    fn read(&self, path: &Path) -> Result<Loaded> {
        read(path)
    }

    fn read_inside(&self, roots: &[PathBuf], path: &Path) -> Result<Loaded, Unread> {
        read_inside(roots, path)
    }

    fn absent(&self, path: &Path) -> Result<Loaded> {
        absent(path)
    }

    fn variable(&self, name: &str) -> Option<String> {
        env::var(name).ok()
    }
}
