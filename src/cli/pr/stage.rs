//! The files of a commit in a folder of their own, as far as a plan needs them. Nobody's work tree is touched, and a repository that is
//! not checked out is read through its forge.

use crate::cli::args::Input;
use crate::cli::config;
use crate::cli::load::Files;
use crate::compose::dockerfile;
use crate::edge::disk;
use crate::edge::forge::{Entry, Forge, Mode};
use crate::edge::git::Git;
use crate::error::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use tempfile::TempDir;

/// What a file starts with that Git LFS put there in place of another one.
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// A project that is not looked at, and why.
type Problem = (String, String);

/// Most projects of one repository: each costs requests, and its services lines of a text.
const MAX_PROJECTS: usize = 300;
/// Most files of presets that one configuration names.
const MAX_PRESETS: usize = 100;

/// Where a commit's files come from.
pub(super) enum Origin<'o> {
    /// A checkout's own store.
    Git(&'o Git),
    /// The forge.
    Forge(&'o dyn Forge),
}

/// The files of a commit. While it lives, its folder is the working directory, so that paths are those of the repository.
pub(super) struct Stage<'o> {
    origin: Origin<'o>,
    folder: TempDir,
    before: PathBuf,
    entries: BTreeMap<String, Entry>,
    fetched: BTreeSet<String>,
}

impl<'o> Stage<'o> {
    /// Lists the files of a commit; none is fetched yet.
    ///
    /// Errors: those of the origin; there are more files than a forge lists.
    pub(super) fn new(origin: Origin<'o>, commit: &str) -> Result<Self> {
        let tree = match &origin {
            Origin::Git(git) => git.tree(commit)?,
            Origin::Forge(forge) => forge.tree(commit)?,
        };
        if tree.truncated {
            let hint = "check the repository out and run `rofs-harden pr` in it".to_owned();
            return Err(Error::Usage("the repository has more files than its forge lists".into(), Some(hint)));
        }
        let failed = |e: std::io::Error| Error::Write { path: std::env::temp_dir(), reason: e.to_string() };
        let folder = tempfile::tempdir().map_err(failed)?;
        // The top of a work tree, above which nothing is read or written.
        fs::create_dir(folder.path().join(".git")).map_err(failed)?;
        let before = std::env::current_dir().map_err(failed)?;
        std::env::set_current_dir(folder.path()).map_err(failed)?;
        let entries = tree.entries.into_iter().filter(|entry| is_safe(&entry.path)).map(|entry| (entry.path.clone(), entry)).collect();
        Ok(Self { origin, folder, before, entries, fetched: BTreeSet::new() })
    }

    /// What a path of the commit is, if it is there.
    pub(super) fn entry(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// The projects: the folders below one of `tops` (all, if there is none) that have a main file, and files that are named themselves.
    ///
    /// With them comes what is said if there are too many.
    ///
    /// Errors: a path that is not there, or has no project.
    pub(super) fn projects(&self, tops: &[PathBuf]) -> Result<(Vec<PathBuf>, Option<Problem>)> {
        let mains = || self.entries.values().filter(|e| is_file(e)).map(|e| Path::new(&e.path)).filter(|p| is_main(p));
        let folder = |main: &Path| main.parent().map(|f| if f.as_os_str().is_empty() { PathBuf::from(".") } else { f.to_owned() });
        let mut found = BTreeSet::new();
        if tops.is_empty() {
            found.extend(mains().filter_map(folder));
        }
        for top in tops {
            let name = top.to_str().unwrap_or_default();
            let before = found.len();
            if self.entry(name).is_some_and(is_file) {
                found.insert(top.clone());
            } else {
                let top = if top == Path::new(".") { Path::new("") } else { top };
                found.extend(mains().filter(|main| main.starts_with(top)).filter_map(folder));
            }
            if found.len() == before {
                let what = format!("there is no project in {} of that commit", top.display());
                let hint = "paths are those of the commit, which may differ from the files here".to_owned();
                return Err(Error::Usage(what, Some(hint)));
            }
        }
        let rest = found.iter().nth(MAX_PROJECTS).map(|first| {
            let what = format!("more than {MAX_PROJECTS} projects; this one and those behind it are left out: name some as PATH");
            (first.display().to_string(), what)
        });
        Ok((found.into_iter().take(MAX_PROJECTS).collect(), rest))
    }

    /// The files of the project at a path, with everything that they name and the commit has.
    ///
    /// Errors: those of reading them, and of the origin.
    pub(super) fn read(&mut self, project: &Path, input: &Input, layer: Option<&Path>) -> Result<Files> {
        let input = &Input { is_apart: true, ..input.clone() };
        for path in self.seeds(project, layer) {
            self.fetch(&path)?;
        }
        let files = Files::read_after(Some(project), input, layer, &mut |path| match self.name(path) {
            Some(name) => self.fetch(&name),
            None => Err(outside(path)),
        })?;
        let dockerfiles = dockerfile::references(&files.project()?);
        for path in dockerfiles {
            if let Some(name) = self.name(&path) {
                self.fetch(&name)?;
            }
        }
        Ok(files)
    }

    /// What is read before the project itself: its main and override files, its variables, and what the repository says.
    fn seeds(&self, project: &Path, layer: Option<&Path>) -> Vec<String> {
        let name = project.to_str().unwrap_or_default();
        let is_named = self.entry(name).is_some_and(is_file);
        let folder = if is_named { project.parent().unwrap_or(Path::new("")) } else { project };
        let in_folder = |name: &str| self.name(&folder.join(name));
        let mut seeds: Vec<String> = if is_named { vec![name.to_owned()] } else { Vec::new() };
        if !is_named {
            seeds.extend(disk::MAIN_NAMES.iter().chain(&disk::OVERRIDE_NAMES).filter_map(|name| in_folder(name)));
        }
        seeds.extend(in_folder(".env"));
        seeds.extend(layer.and_then(|layer| self.name(layer)));
        let folder = self.name(folder).unwrap_or_default();
        for above in Path::new(&folder).ancestors() {
            seeds.extend(self.name(&above.join(config::NAME)));
        }
        seeds
    }

    /// A path as the commit has it: relative to its root and without detours. `None` outside.
    fn name(&self, path: &Path) -> Option<String> {
        let path = if path.is_absolute() { path.strip_prefix(self.folder.path()).ok()? } else { path };
        let mut parts: Vec<&str> = Vec::new();
        for part in path.components() {
            match part {
                Component::Normal(part) => parts.push(part.to_str()?),
                Component::CurDir => {}
                Component::ParentDir => drop(parts.pop()?),
                Component::RootDir | Component::Prefix(_) => return None,
            }
        }
        Some(parts.join("/"))
    }

    fn is_to_fetch(&self, name: &str) -> bool {
        !self.fetched.contains(name) && self.entry(name).is_some_and(is_file)
    }

    /// Puts a file into the folder, if the commit has it; with a configuration file come the presets that it names.
    ///
    /// Errors: those of the origin; there are too many presets; Git LFS keeps it.
    fn fetch(&mut self, name: &str) -> Result<()> {
        let Some(bytes) = self.put(name)? else { return Ok(()) };
        if Path::new(name).file_name().is_some_and(|n| n == config::NAME) {
            let folder = Path::new(name).parent().unwrap_or(Path::new(""));
            let presets: BTreeSet<String> = config::preset_files(&String::from_utf8_lossy(&bytes))
                .iter()
                .filter_map(|preset| self.name(&folder.join(preset)))
                .collect();
            if presets.len() > MAX_PRESETS {
                let what = format!("{name} names more than {MAX_PRESETS} files of presets");
                return Err(Error::Usage(what, Some("put presets into fewer files".into())));
            }
            for preset in presets {
                // A preset names no further file, whatever it is called.
                self.put(&preset)?;
            }
        }
        Ok(())
    }

    /// Puts one file into the folder, if the commit has it, and answers its bytes the first time. Links and submodules stay away: nothing is read through them.
    fn put(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        if !self.is_to_fetch(name) {
            return Ok(None);
        }
        let Some(entry) = self.entries.get(name) else { return Ok(None) };
        let bytes = match &self.origin {
            Origin::Git(git) => git.file(&entry.id)?,
            Origin::Forge(forge) => forge.file(&entry.id)?,
        };
        self.fetched.insert(name.to_owned());
        let path = self.folder.path().join(name);
        if bytes.starts_with(LFS) {
            let hint = "only files that Git itself keeps can be changed".to_owned();
            return Err(Error::Refused { path: name.into(), reason: "Git LFS keeps it, and here is only its address".into(), hint });
        }
        let write = || -> std::io::Result<()> {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&path, &bytes)
        };
        write().map_err(|e| Error::Write { path: path.clone(), reason: e.to_string() })?;
        Ok(Some(bytes))
    }
}

impl Stage<'_> {
    /// Whether the repository wants no pull request that changes a file: the nearest `rofs-harden.toml` above it that says so decides.
    ///
    /// Errors: one of them cannot be read, and so not the wish in it; those of the origin.
    pub(super) fn wants_none(&mut self, path: &str) -> Result<bool> {
        for folder in Path::new(path).ancestors().skip(1) {
            let Some(name) = self.name(&folder.join(config::NAME)).filter(|name| self.entry(name).is_some_and(is_file)) else { continue };
            self.fetch(&name)?;
            let text = fs::read_to_string(self.folder.path().join(&name)).map_err(|e| e.to_string());
            match text.and_then(|text| config::pull_requests(&text)) {
                Ok(Some(may)) => return Ok(!may),
                Ok(None) => {}
                Err(why) => {
                    let hint = "it may hold the wish that there be no pull requests, so none is made".to_owned();
                    return Err(Error::Usage(format!("cannot read {name}: {why}"), Some(hint)));
                }
            }
        }
        Ok(false)
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        // If the folder from before is gone, there is no better one.
        let _ = std::env::set_current_dir(&self.before);
    }
}

/// The failure of a file that a repository names on this machine: its text could come out in what is said for all to read.
fn outside(path: &Path) -> Error {
    Error::Read { path: path.to_owned(), reason: "it is outside of the repository".into() }
}

fn is_file(entry: &Entry) -> bool {
    matches!(entry.mode, Mode::File | Mode::Program)
}

fn is_main(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| disk::MAIN_NAMES.contains(&name))
}

/// Whether a path of a tree stays within its folder, on every file system. Git itself refuses the others, a forge's answer may hold any.
fn is_safe(path: &str) -> bool {
    let is_safe = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.eq_ignore_ascii_case(".git");
    !path.contains(['\0', '\\']) && path.split('/').all(is_safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_away_are_not_taken() {
        for path in ["compose.yaml", "a/b c/compose.yml", "a/..b/x", ".github/x", "a:b"] {
            assert!(is_safe(path), "{path}");
        }
        for path in ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", ".git/config", "a/.GIT/hooks/x", "a\\..\\b", "a\0b", "a/"] {
            assert!(!is_safe(path), "{path}");
        }
    }
}
