//! A project as Compose resolves it, with the variables of this process and changed files in place of those on disk.

use super::{Docker, text};
use crate::error::{Error, Result};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The files of a project as Compose is told of them.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// The layers, in order.
    pub files: Vec<PathBuf>,
    /// Folder that relative paths start from.
    pub directory: PathBuf,
    /// Files of variables instead of `.env`.
    pub env_files: Vec<PathBuf>,
    /// Profiles that are active.
    pub profiles: Vec<String>,
}

impl Layers {
    /// The options that name them to Compose, each path as `place` has it.
    pub(super) fn args(&self, place: impl Fn(&Path) -> Result<PathBuf>) -> Result<Vec<String>> {
        let directory = if self.directory.as_os_str().is_empty() { Path::new(".") } else { &self.directory };
        let files = self.files.iter().map(|file| ("--file", file.as_path()));
        let env_files = self.env_files.iter().map(|file| ("--env-file", file.as_path()));
        let mut args = Vec::new();
        for (option, path) in files.chain([("--project-directory", directory)]).chain(env_files) {
            args.extend([option.to_owned(), text(place(path)?)?]);
        }
        args.extend(self.profiles.iter().flat_map(|profile| ["--profile".to_owned(), profile.clone()]));
        Ok(args)
    }
}

/// The project as Compose resolves it, all paths absolute. `changed` holds files by their real path and the text that counts.
///
/// Errors: [`Error::Impossible`] with the words of Compose when it does not load the project; as for [`Docker::run`].
pub fn config(docker: &Docker, layers: &Layers, changed: &[(PathBuf, &str)]) -> Result<Value> {
    let copy = if changed.is_empty() { None } else { Some(Copy::new(changed)?) };
    let place = |path: &Path| {
        let real = std::path::absolute(path).map_err(|e| Error::Read { path: path.to_owned(), reason: e.to_string() })?;
        Ok(copy.as_ref().map_or_else(|| real.clone(), |copy| copy.place(&real)))
    };
    let mut args = vec!["compose".to_owned()];
    args.extend(layers.args(place)?);
    args.extend(["config", "--format", "json"].map(str::to_owned));
    let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
    let answer = docker.run_as_it_is(&args)?;
    let real = |text: &str| copy.as_ref().map_or_else(|| text.to_owned(), |copy| copy.real(text));
    if !answer.status.success() {
        let hint = "run `docker compose config` to see the same; a variable or a file that is not there is the usual reason".to_owned();
        // The complaint may quote a variable's value, so what is repeated is what Compose says without values.
        args.push("--no-interpolate");
        let bare = docker.run_as_it_is(&args)?;
        let why = if bare.status.success() {
            "Compose does not load the project with the values of its variables".to_owned()
        } else {
            format!("Compose does not load the project: {}", real(&bare.complaint()))
        };
        return Err(Error::Impossible(why, Some(hint.into())));
    }
    let answer = real(&String::from_utf8_lossy(&answer.stdout));
    serde_json::from_str(&answer).map_err(|e| Error::Engine(format!("Compose's answer is not understood: {e}")))
}

/// The file tree, as links, with some files changed: everything that files name beside them is there.
struct Copy {
    top: tempfile::TempDir,
}

impl Copy {
    fn new(changed: &[(PathBuf, &str)]) -> Result<Self> {
        let top = tempfile::Builder::new().prefix("rofs-harden-").tempdir();
        let failed = |e: std::io::Error| Error::Write { path: std::env::temp_dir(), reason: e.to_string() };
        let copy = Self { top: top.map_err(failed)? };
        let folders: BTreeSet<&Path> = changed.iter().flat_map(|(path, _)| path.ancestors().skip(1)).collect();
        for folder in &folders {
            let place = copy.place(folder);
            std::fs::create_dir_all(&place).map_err(failed)?;
            // A folder that may be entered but not listed shows nothing; Compose then says what it misses.
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let is_ours = folders.contains(path.as_path()) || changed.iter().any(|(other, _)| *other == path);
                if !is_ours {
                    link(&path, &copy.place(&path)).map_err(failed)?;
                }
            }
        }
        for (path, text) in changed {
            std::fs::write(copy.place(path), text).map_err(failed)?;
        }
        Ok(copy)
    }

    /// Where an absolute path is in the copy.
    fn place(&self, path: &Path) -> PathBuf {
        let below: PathBuf = path.components().filter(|c| matches!(c, std::path::Component::Normal(_))).collect();
        self.top.path().join(below)
    }

    /// A text with the paths of the copy made real.
    fn real(&self, text: &str) -> String {
        let top = self.top.path().to_string_lossy();
        text.replace(&format!("{top}/"), "/").replace(&*top, "/")
    }
}

#[cfg(unix)]
fn link(real: &Path, place: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(real, place)
}

#[cfg(not(unix))]
fn link(real: &Path, place: &Path) -> std::io::Result<()> {
    // Links need rights there; files are copied, folders are made again where they hold changed files.
    if real.is_file() { std::fs::copy(real, place).map(drop) } else { Ok(()) }
}
