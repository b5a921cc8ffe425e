//! Which files a project has: Compose's own discovery (compose-go v2.9.1, `cli/options.go`).

use super::cannot_read;
use crate::error::{Error, Result};
use ignore::WalkBuilder;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Names of the main file, the first one that exists wins (`DefaultFileNames`).
pub const MAIN_NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// Names of the override file, which any main file pairs with (`DefaultOverrideFileNames`).
pub const OVERRIDE_NAMES: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// The files of one project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The layers in the order they are merged: the main file, then the override file if there is one.
    pub files: Vec<PathBuf>,
    /// Files that Compose would take under their name but leaves out because another name comes first. Worth a warning, as
    /// Compose itself warns ("Found multiple config files with supported names").
    pub ignored: Vec<PathBuf>,
}

/// Finds the files of the project that `path` means. A folder is looked into as Compose does; anything else is one explicit
/// file, taken as it is and without an override file. No path means the working directory or else the nearest parent with
/// a main file.
///
/// Paths come back relative to how the folder was written (`compose.yaml` for `.`), absolute if found in a parent.
///
/// Errors: [`Error::NoComposeFile`] (an override file alone is no project); [`Error::NotAFile`] if the name that wins is a
/// folder, as it is an error for Compose; [`Error::Read`] if `path` is not there or may not be looked into.
pub fn find(path: Option<&Path>) -> Result<Found> {
    let Some(path) = path else {
        let here = working_directory(env::var_os("PWD").map(PathBuf::from)).map_err(|e| cannot_read(Path::new("."), &e))?;
        return find_upwards(&here);
    };
    if !fs::metadata(path).map_err(|e| cannot_read(path, &e))?.is_dir() {
        return Ok(Found { files: vec![path.to_owned()], ignored: Vec::new() });
    }
    find_in(path)?.ok_or_else(|| Error::NoComposeFile(path.to_owned()))
}

/// The folders below `tops` that hold a project, sorted, each once. The tree is looked at as git sees it: what `.gitignore` and the like
/// leave out is left out, hidden folders are looked into, links are not followed.
///
/// What could not be looked into is returned beside them, in the system's words.
///
/// Errors: [`Error::Read`] if one of `tops` is not there.
pub fn projects_below(tops: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<String>)> {
    let (mut found, mut unreadable) = (BTreeSet::new(), Vec::new());
    for top in tops {
        fs::metadata(top).map_err(|e| cannot_read(top, &e))?;
        // The tree's own `.gitignore` files count, what one person ignores everywhere does not.
        let walk =
            WalkBuilder::new(top).hidden(false).ignore(false).git_global(false).filter_entry(|entry| entry.file_name() != ".git").build();
        for entry in walk {
            match entry {
                Ok(entry) if entry.file_name().to_str().is_some_and(|name| MAIN_NAMES.contains(&name)) => {
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

/// The folder that `file` is in, without links.
///
/// Errors: [`Error::Read`] if it is not there.
pub fn real_folder(file: &Path) -> Result<PathBuf> {
    let folder = super::folder_of(file);
    fs::canonicalize(folder).map_err(|e| cannot_read(folder, &e))
}

/// The file called `name` in the folder of `file`, else in the nearest folder above it, no higher than `root` (see [`super::root_of`]).
///
/// Errors: as for [`super::read`].
pub fn upwards(file: &Path, root: &Path, name: &str) -> Result<Option<super::Loaded>> {
    let folder = real_folder(file)?;
    let here = env::current_dir().and_then(fs::canonicalize).unwrap_or_default();
    for folder in folder.ancestors().take_while(|f| f.starts_with(root)) {
        let path = folder.join(name);
        if fs::symlink_metadata(&path).is_ok() {
            // As a person would write it.
            let shown = path.strip_prefix(&here).unwrap_or(&path);
            return match super::read_inside(&[root.to_owned()], shown) {
                Ok(loaded) => Ok(Some(loaded)),
                Err(super::Unread::Failed(error)) => Err(error),
                Err(super::Unread::Outside(super::Outside { path, root, .. })) => {
                    let hint = "put the file itself into the project, or remove the link".to_owned();
                    let reason = format!("{} is outside the project folder {}", path.display(), root.display());
                    Err(Error::Usage(format!("will not read {}: {reason}", shown.display()), Some(hint)))
                }
            };
        }
    }
    Ok(None)
}

/// Finds the project in the working directory, known to be `here`, or in the nearest folder above it.
fn find_upwards(here: &Path) -> Result<Found> {
    if let Some(found) = find_in(Path::new("."))? {
        return Ok(found);
    }
    for parent in here.ancestors().skip(1) {
        if let Some(found) = find_in(parent)? {
            return Ok(found);
        }
    }
    Err(Error::NoComposeFile(here.to_owned()))
}

/// The project in exactly this folder, if it has a main file.
fn find_in(folder: &Path) -> Result<Option<Found>> {
    let mut mains = existing(folder, &MAIN_NAMES)?.into_iter();
    let Some(main) = mains.next() else { return Ok(None) };
    let mut overrides = existing(folder, &OVERRIDE_NAMES)?.into_iter();
    let files: Vec<_> = [Some(main), overrides.next()].into_iter().flatten().collect();
    if let Some(folder) = files.iter().find(|f| f.is_dir()) {
        return Err(Error::NotAFile { path: folder.clone(), kind: "a directory" });
    }
    Ok(Some(Found { files, ignored: mains.chain(overrides).collect() }))
}

/// Those of `names` that lead to something in `folder`. A dangling or circular link leads nowhere, so Compose skips it.
fn existing(folder: &Path, names: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for name in names {
        let path = if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) };
        match fs::metadata(&path) {
            Ok(_) => found.push(path),
            // Compose goes on here as well, to the next name or folder: that would be another project than the one meant.
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => return Err(cannot_read(&path, &e)),
            Err(_) => {}
        }
    }
    Ok(found)
}

/// The working directory. A shell that entered it through a link says so in `PWD`; Compose then searches the link's parents
/// (Go's `os.Getwd`), which need not be the parents of the real folder.
fn working_directory(pwd: Option<PathBuf>) -> io::Result<PathBuf> {
    let real = env::current_dir()?;
    let same = |p: &PathBuf| p.is_absolute() && fs::canonicalize(p).is_ok_and(|p| fs::canonicalize(&real).is_ok_and(|r| p == r));
    Ok(pwd.filter(same).unwrap_or(real))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_win_in_the_order_of_compose() {
        let table: [(&[&str], &[&str], &[&str]); 7] = [
            (&["compose.yml", "compose.yaml"], &["compose.yaml"], &["compose.yml"]),
            (&["docker-compose.yaml", "docker-compose.yml"], &["docker-compose.yml"], &["docker-compose.yaml"]),
            (&["docker-compose.yml", "compose.override.yaml"], &["docker-compose.yml", "compose.override.yaml"], &[]),
            (
                &["compose.yaml", "compose.override.yaml", "compose.override.yml"],
                &["compose.yaml", "compose.override.yml"],
                &["compose.override.yaml"],
            ),
            (
                &["docker-compose.override.yml", "docker-compose.yml", "compose.yml"],
                &["compose.yml", "docker-compose.override.yml"],
                &["docker-compose.yml"],
            ),
            (&["compose.override.yml"], &[], &[]),
            (&["Compose.yaml.bak", "other.yaml"], &[], &[]),
        ];
        for (present, files, ignored) in table {
            let folder = tempfile::tempdir().expect("folder");
            let full = |names: &[&str]| names.iter().map(|n| folder.path().join(n)).collect::<Vec<_>>();
            for path in full(present) {
                fs::write(path, "services: {}").expect("file");
            }
            match find(Some(folder.path())) {
                Ok(found) => assert_eq!(found, Found { files: full(files), ignored: full(ignored) }, "{present:?}"),
                Err(e) => assert!(matches!(e, Error::NoComposeFile(_)) && files.is_empty(), "{present:?}: {e}"),
            }
        }
    }

    #[test]
    fn the_nearest_parent_with_a_main_file_is_the_project() {
        // The tests' working directory holds no Compose file, so the search starts above `here`.
        let top = tempfile::tempdir().expect("folder");
        let here = top.path().join("project/a/b");
        fs::create_dir_all(&here).expect("folders");
        fs::write(top.path().join("project/a/compose.override.yaml"), "").expect("file");
        for name in ["compose.yaml", "project/compose.yml", "project/compose.override.yml"] {
            fs::write(top.path().join(name), "").expect("file");
        }
        let files = find_upwards(&here).expect("found").files;
        assert_eq!(files, ["compose.yml", "compose.override.yml"].map(|n| top.path().join("project").join(n)));
    }

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
