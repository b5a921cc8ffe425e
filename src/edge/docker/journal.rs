//! What is under way, on disk, so that whatever becomes of the process, the next one can clean up after it.
//!
//! A trial has one file, named after it, which its process keeps locked: a file that can be locked is of a process that is gone. It holds
//! the engine's own number, since the next process may talk to another engine.

use super::{Docker, PATIENCE};
use crate::error::{Error, Result};
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The label of everything that a trial makes; its value is where the trial is written down.
pub(super) const LABEL: &str = "rofs-harden.trial";
/// The label by which Compose knows what belongs to a project, which holds the trial's name.
const PROJECT: &str = "com.docker.compose.project";
/// What every trial's name begins with.
const PREFIX: &str = "rofs-trial-";

/// A trial's entry.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    path: PathBuf,
    /// Locked for as long as this process lives.
    _lock: File,
}

impl Entry {
    /// Writes down a new trial.
    ///
    /// Errors: [`Error::Write`].
    pub(super) fn new(engine: &str) -> Result<Self> {
        let folder = folder();
        let failed = |path: &Path, e: std::io::Error| Error::Write { path: path.to_owned(), reason: e.to_string() };
        fs::create_dir_all(&folder).map_err(|e| failed(&folder, e))?;
        loop {
            // Hashing with fresh keys is the standard library's source of random numbers.
            let name = format!("{PREFIX}{:016x}", RandomState::new().build_hasher().finish());
            let path = folder.join(&name);
            let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(|e| failed(&path, e))?;
            let done = file.lock().and_then(|()| file.write_all(engine.as_bytes())).and_then(|()| file.sync_all());
            if let Err(error) = done {
                // Where the disk is full there is a file, and nothing in it.
                let _ = fs::remove_file(&path);
                return Err(failed(&path, error));
            }
            // Somebody who cleaned up in between has taken it for a dead one's.
            if path.exists() {
                return Ok(Self { name, path, _lock: file });
            }
        }
    }

    /// Forgets it, when nothing of it is left.
    pub(super) fn close(&self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Where trials are written down.
pub(super) fn folder() -> PathBuf {
    let var = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = var("XDG_STATE_HOME").or_else(|| var("HOME").map(|home| home.join(".local/state"))).or_else(|| var("LOCALAPPDATA"));
    state.unwrap_or_else(std::env::temp_dir).join("rofs-harden/trials")
}

/// Removes what dead processes left on this engine, and says what could not be removed.
pub fn sweep(docker: &Docker) -> Vec<String> {
    let mut left = Vec::new();
    let entries = fs::read_dir(folder()).into_iter().flatten().filter_map(|entry| entry.ok().map(|e| e.path()));
    let mut paths: Vec<PathBuf> = entries.collect();
    paths.sort();
    for path in paths {
        let Some(name) = path.file_name().and_then(|n| n.to_str()).filter(|n| n.starts_with(PREFIX)).map(str::to_owned) else { continue };
        let Ok(mut file) = OpenOptions::new().read(true).write(true).open(&path) else { continue };
        if file.try_lock().is_err() {
            continue;
        }
        let mut engine = String::new();
        let _ = Read::take(&mut file, 1000).read_to_string(&mut engine);
        if !engine.is_empty() && engine != docker.engine {
            left.push(format!(
                "{name} was begun on another engine; run `rofs-harden verify --clean` where `docker` talks to that one, or forget it: {}",
                path.display()
            ));
            continue;
        }
        match remove(docker, &name) {
            Ok(()) => drop(fs::remove_file(&path)),
            Err(error) => left.push(format!("{name}: {error}")),
        }
    }
    left
}

/// Removes all that trials of this user left behind, also where their entries are lost. Returns how many, and what is left.
///
/// Errors: [`Error::Engine`].
pub fn clean(docker: &Docker) -> Result<(usize, Vec<String>)> {
    let before = trials(docker)?;
    let mut left = sweep(docker);
    for name in trials(docker)? {
        // What has an entry still has a living process.
        if !folder().join(&name).exists()
            && let Err(error) = remove(docker, &name)
        {
            left.push(format!("{name}: {error}"));
        }
    }
    let after = trials(docker)?;
    Ok((before.iter().filter(|name| !after.contains(name)).count(), left))
}

/// Names of the trials of which the engine has something and that were written down in this user's folder.
fn trials(docker: &Docker) -> Result<Vec<String>> {
    let mine = format!("label={LABEL}={}", folder().display());
    let format = format!("{{{{.Label \"{PROJECT}\"}}}}");
    let mut names = Vec::new();
    for list in [&["ps", "-a"][..], &["volume", "ls"], &["network", "ls"]] {
        let answer = docker.ask(&[list, &["--filter", &mine, "--format", &format]].concat())?;
        names.extend(answer.lines().filter(|name| name.starts_with(PREFIX)).map(str::to_owned));
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// Removes every container, network, volume and image with the label of this trial, and nothing else.
///
/// Errors: [`Error::Engine`] when something stays.
pub(super) fn remove(docker: &Docker, name: &str) -> Result<()> {
    if !name.starts_with(PREFIX) {
        return Err(Error::Engine(format!("{name} is no trial")));
    }
    let docker = docker.unhurried();
    let label = format!("label={PROJECT}={name}");
    let kinds: [(&[&str], &[&str]); 4] = [
        // Nameless volumes carry no label and go with their container.
        (&["ps", "-a", "-q", "--no-trunc"], &["rm", "-f", "-v"]),
        (&["network", "ls", "-q", "--no-trunc"], &["network", "rm"]),
        (&["volume", "ls", "-q"], &["volume", "rm", "-f"]),
        // By name, so that no other name of the same image goes.
        (&["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"], &["image", "rm", "-f"]),
    ];
    let mut complaint = String::new();
    // A request that was under way when its sender died may still make something.
    for round in 0..10 {
        let mut is_empty = true;
        for (list, delete) in kinds {
            let answer = docker.ask(&[list, &["--filter", &label]].concat())?;
            let is_image = list[0] == "image";
            let found: Vec<&str> = answer.split_whitespace().filter(|found| !is_image || found.starts_with(name)).collect();
            if !found.is_empty() {
                is_empty = false;
                let answer = docker.run(&[delete, &found].concat(), PATIENCE)?;
                if !answer.status.success() {
                    complaint = answer.complaint();
                }
            }
        }
        // Nothing at first may be nothing yet.
        if is_empty && round > 0 {
            return Ok(());
        }
        if is_empty || round > 1 {
            std::thread::sleep(Duration::from_millis(100 + 100 * round));
        }
    }
    Err(Error::Engine(format!("something of {name} could not be removed: {}", complaint.trim())))
}
