//! Where projects are on the disk.

use super::cannot_read;
use crate::error::Result;
use ignore::WalkBuilder;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The folders below `tops` that hold a file with one of these `names`, sorted, each once. The tree is looked at as git sees it: what
/// `.gitignore` and the like leave out is left out, hidden folders are looked into, links are not followed.
///
/// What could not be looked into is returned beside them, in the system's words.
///
/// Errors: [`crate::error::Error::Read`] if one of `tops` is not there.
pub fn projects_below(tops: &[PathBuf], names: &[&str]) -> Result<(Vec<PathBuf>, Vec<String>)> {
    let (mut found, mut unreadable) = (BTreeSet::new(), Vec::new());
    for top in tops {
        fs::metadata(top).map_err(|e| cannot_read(top, &e))?;
        // The tree's own `.gitignore` files count, what one person ignores everywhere does not.
        let walk =
            WalkBuilder::new(top).hidden(false).ignore(false).git_global(false).filter_entry(|entry| entry.file_name() != ".git").build();
        for entry in walk {
            match entry {
                Ok(entry) if entry.file_name().to_str().is_some_and(|name| names.contains(&name)) => {
                    let folder = entry.path().parent().unwrap_or(top);
                    found.insert(folder.strip_prefix(".").ok().filter(|f| !f.as_os_str().is_empty()).unwrap_or(folder).to_owned());
                }
                Ok(_) => {}
                Err(error) => unreadable.push(error.to_string()),
            }
        }
    }
    unreadable.sort();
    Ok((found.into_iter().collect(), unreadable))
}

/// Where `path` really is, if it is there.
pub fn real_path(path: &Path) -> Option<PathBuf> {
    super::canonical(path).ok()
}

/// The working directory. A shell that entered it through a link says so in `PWD`; Compose then searches the link's parents
/// (Go's `os.Getwd`), which need not be the parents of the real folder.
pub(super) fn working_directory(pwd: Option<PathBuf>) -> io::Result<PathBuf> {
    let real = env::current_dir()?;
    let same = |p: &PathBuf| p.is_absolute() && fs::canonicalize(p).is_ok_and(|p| fs::canonicalize(&real).is_ok_and(|r| p == r));
    Ok(pwd.filter(same).unwrap_or(real))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_true_pwd_is_believed() {
        let real = env::current_dir().expect("here");
        assert_eq!(working_directory(Some("/".into())).expect("real"), real);
        assert_eq!(working_directory(Some(".".into())).expect("real"), real);
        assert_eq!(working_directory(None).expect("real"), real);
    }

    #[cfg(unix)]
    #[test]
    fn a_pwd_that_is_a_link_to_here_is_believed() {
        let top = tempfile::tempdir().expect("folder");
        let link = top.path().join("link");
        std::os::unix::fs::symlink(env::current_dir().expect("here"), &link).expect("link");
        assert_eq!(working_directory(Some(link.clone())).expect("link"), link);
    }
}
