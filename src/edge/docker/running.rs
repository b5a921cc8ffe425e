//! Looking at containers that run: nothing is started, stopped or made for it.

use super::{Answer, Docker, Kept, PATIENCE, command, spawn, text_of};
use crate::error::{Error, Result};
use crate::trial::{Container, Entry, Listing, seconds};
use std::io::{BufReader, Read};
use std::process::{ChildStdout, Stdio};
use std::time::{Duration, Instant};

/// Most files of a folder that is looked through, most bytes that are read for it, and how long that may take.
const MAX_FILES: usize = 50_000;
const MAX_BYTES: u64 = 512 << 20;
const WALKING: Duration = Duration::from_secs(5);

/// What the engine says of a path that is not there.
const NOT_THERE: [&str; 3] = ["Could not find the file", "no such file or directory", "No such container:path"];

impl Docker {
    /// The containers with these numbers, as far as they are still there.
    ///
    /// Errors: [`Error::Engine`].
    pub(super) fn inspect(&self, ids: &[&str]) -> Result<Vec<Container>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let Answer { stdout, .. } = self.run(&[&["container", "inspect"], ids].concat(), PATIENCE)?;
        serde_json::from_slice(&stdout).map_err(|e| Error::Engine(format!("its answer is not understood: {e}")))
    }

    /// The running containers of all Compose projects, without those of `docker compose run`.
    ///
    /// Errors: [`Error::Engine`].
    pub fn running(&self) -> Result<Vec<Container>> {
        let answer = self.ask(&["ps", "-q", "--no-trunc", "--filter", "label=com.docker.compose.project"])?;
        let mut containers = self.inspect(&answer.split_whitespace().collect::<Vec<_>>())?;
        containers.retain(|c| c.is_running() && !c.is_one_off() && !c.service().is_empty());
        containers.sort_by(|a, b| (a.project(), a.service(), a.name()).cmp(&(b.project(), b.service(), b.name())));
        Ok(containers)
    }

    /// Whether a container runs now.
    ///
    /// Errors: [`Error::Engine`] when the engine cannot be asked at all.
    pub fn still_runs(&self, container: &Container) -> Result<bool> {
        let answer = self.run(&["container", "inspect", "--format", "{{.State.Running}}", &container.id], PATIENCE)?;
        Ok(String::from_utf8_lossy(&answer.stdout).trim() == "true")
    }

    /// The time by the engine's clock, in seconds since 1970.
    ///
    /// Errors: [`Error::Engine`].
    pub fn clock(&self) -> Result<Option<u64>> {
        Ok(seconds(self.ask(&["info", "--format", "{{.SystemTime}}"])?.trim()))
    }

    /// What is at a path of a container; `None` where there is nothing, or nothing that an archive can hold. Of a file only the head is
    /// read, however large it is.
    ///
    /// Errors: [`Error::Engine`].
    pub fn head(&self, container: &str, path: &str) -> Result<Option<Entry>> {
        let first = |stream: ChildStdout| {
            let mut archive = tar::Archive::new(stream);
            let first = archive.entries().ok().and_then(|mut entries| entries.next());
            Ok(first.and_then(std::result::Result::ok).map(|entry| entry_of(&entry)))
        };
        self.beginning(&["cp", &format!("{container}:{path}"), "-"], first)
    }

    /// The files at and below a folder of a container, as far as it is not too much.
    ///
    /// Errors: [`Error::Engine`].
    pub fn walk(&self, container: &str, folder: &str) -> Result<Listing> {
        let until = Instant::now() + WALKING;
        let all = |stream: ChildStdout| {
            let mut listing = Listing::new();
            let mut archive = tar::Archive::new(BufReader::with_capacity(1 << 18, stream.take(MAX_BYTES)));
            // Where the archive breaks off, what was read of it counts.
            for entry in archive.entries().into_iter().flatten().map_while(std::result::Result::ok) {
                self.go_on()?;
                listing.insert(place(folder, &String::from_utf8_lossy(&entry.path_bytes())), entry_of(&entry));
                if listing.len() == MAX_FILES || Instant::now() > until {
                    break;
                }
            }
            Ok(Some(listing).filter(|l| !l.is_empty()))
        };
        Ok(self.beginning(&["cp", &format!("{container}:{folder}"), "-"], all)?.unwrap_or_default())
    }

    /// What a container holds at a path, where that is something.
    ///
    /// Errors: [`Error::Interrupted`].
    pub fn held(&self, container: &Container, path: &str) -> Result<Option<Kept>> {
        let (bytes, files, is_more) = self.count(&container.id, path)?;
        let [service, project, container, path] = [container.service(), container.project(), container.name(), path].map(str::to_owned);
        Ok((files > 0).then_some(Kept { service, project, container, path, bytes, is_more }))
    }

    /// Gives the beginning of an answer to `read`; the rest is left to nobody. Where it finds nothing, what the engine says counts.
    pub(super) fn beginning<T>(&self, args: &[&str], read: impl FnOnce(ChildStdout) -> Result<Option<T>>) -> Result<Option<T>> {
        let mut command = command(args);
        command.stdin(Stdio::null());
        let mut child = spawn(command, None)?;
        let stdout = child.0.stdout.take().ok_or_else(|| Error::Engine("its answer has no stream".into()))?;
        let found = read(stdout)?;
        self.go_on()?;
        if found.is_some() {
            return Ok(found);
        }
        let complaint = child.0.stderr.take().map(|stream| text_of(stream, super::MAX_COMPLAINT)).unwrap_or_default();
        let status = child.0.wait().map_err(|e| Error::Engine(e.to_string()))?;
        self.go_on()?;
        if status.success() || NOT_THERE.iter().any(|said| complaint.contains(said)) {
            return Ok(None);
        }
        Err(Error::Engine(super::complaint(&complaint, status)))
    }
}

/// An archive of a folder names everything from the folder's own name on.
fn place(folder: &str, name: &str) -> String {
    let below = name.trim_matches('/').split_once('/').map_or("", |(_, below)| below);
    let folder = folder.trim_end_matches('/');
    if below.is_empty() { folder.to_owned() } else { format!("{folder}/{below}") }
}

/// What an archive says of a file.
pub(super) fn entry_of(entry: &tar::Entry<'_, impl Read>) -> Entry {
    let header = entry.header();
    let number = |n: std::io::Result<u64>| n.ok().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    Entry {
        is_folder: header.entry_type().is_dir(),
        uid: number(header.uid()),
        gid: number(header.gid()),
        mode: header.mode().unwrap_or(0) & 0o7777,
        changed: header.mtime().unwrap_or(0),
        size: entry.size(),
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn an_archive_is_put_where_it_came_from() {
        for (name, expected) in [("app/", "/var/lib/app"), ("app/a/b", "/var/lib/app/a/b"), ("/app/x/", "/var/lib/app/x")] {
            assert_eq!(place("/var/lib/app/", name), expected);
        }
    }
}
