//! Files that are made for a person who named the folder: written whole, and never through a link that somebody else put there.

use super::temporary;
use crate::error::{Error, Result};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A folder for files of ours, which is made where it is not there.
///
/// Errors: it is a link, or behind one, that is kept within `top`: whoever wrote what is there decides where such a link leads.
pub fn output(top: &Path, folder: &Path) -> Result<PathBuf> {
    let folder = super::absolute(folder).unwrap_or_else(|| folder.to_owned());
    let top = super::canonical(top).unwrap_or_else(|_| top.to_owned());
    let is_link = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    let is_kept =
        |path: &Path| path.parent().and_then(|parent| super::canonical(parent).ok()).is_some_and(|parent| parent.starts_with(&top));
    if let Some(link) = folder.ancestors().find(|path| is_link(path) && is_kept(path)) {
        let reason = format!("{} is a link of the checkout", link.display());
        return Err(Error::Refused { path: folder.clone(), reason, hint: "name a folder that is none".into() });
    }
    fs::create_dir_all(&folder).map_err(|e| failed(&folder, &e))?;
    temporary::clear(&folder);
    Ok(folder)
}

/// Puts a file into such a folder. What has its name is replaced, and not written to: it may be a link.
///
/// Errors: the folder cannot be written; a folder has the file's name.
pub fn put(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    let mut file = temporary::create(folder).map_err(|e| failed(&path, &e))?;
    file.write_all(text.as_bytes()).and_then(|()| super::system::make_readable(file.as_file())).map_err(|e| failed(&path, &e))?;
    file.persist(&path).map_err(|e| failed(&path, &e.error))?;
    Ok(path)
}

/// The plain files of a folder, by name; none if there is no such folder. Links are none.
pub fn plain_files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let plain = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut names: Vec<String> = plain.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// Removes a file of such a folder.
///
/// Errors: it cannot be removed.
pub fn remove(folder: &Path, name: &str) -> Result<()> {
    let path = folder.join(name);
    fs::remove_file(&path).map_err(|e| failed(&path, &e))
}

fn failed(path: &Path, e: &std::io::Error) -> Error {
    Error::Write { path: path.to_owned(), reason: e.to_string() }
}
