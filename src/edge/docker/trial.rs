//! A throw-away run of a project. Whatever becomes of it, nothing of it stays.

use super::journal::{self, Entry};
use super::{Docker, PATIENCE, Running, command, spawn, stream_both};
use crate::error::{Error, Result};
use crate::trial::{Container, Signs};
use std::collections::BTreeMap;
use std::io::{PipeReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// Seconds that engines give a container to end, those that are given where it is not to be seen whether it makes use of them, and
/// most that are given.
const DEFAULT_GRACE: u32 = 10;
const SHORT_GRACE: u32 = 2;
const MAX_GRACE: u32 = 120;

/// A run of a project under a name of its own.
#[derive(Debug)]
pub struct Trial {
    docker: Docker,
    entry: Entry,
    is_over: bool,
}

impl Trial {
    /// Writes the trial down; nothing is made on the engine yet.
    ///
    /// Errors: [`Error::Write`] where it cannot be written down.
    pub fn begin(docker: &Docker) -> Result<Self> {
        Ok(Self { docker: docker.clone(), entry: Entry::new(&docker.engine)?, is_over: false })
    }

    /// Its name, which is that of its Compose project.
    pub fn name(&self) -> &str {
        &self.entry.name
    }

    /// The label that everything carries by which [`journal::clean`] finds it.
    pub fn label() -> (String, String) {
        (journal::LABEL.to_owned(), journal::folder().display().to_string())
    }

    /// Runs Compose with this model.
    ///
    /// Errors: [`Error::Engine`] when it cannot be run.
    pub fn compose(&self, model: &str, args: &[&str]) -> Result<Running> {
        let mut command = command(&["compose", "--progress", "quiet", "--file", "-", "--project-directory", "/"]);
        command.args(["--project-name", self.name()]).args(args).env("COMPOSE_DISABLE_ENV_FILE", "1");
        Running::start(command, Some(model))
    }

    /// Its containers.
    ///
    /// Errors: [`Error::Engine`].
    pub fn containers(&self) -> Result<Vec<Container>> {
        let filter = format!("label=com.docker.compose.project={}", self.name());
        let answer = self.docker.ask(&["ps", "-a", "-q", "--no-trunc", "--filter", &filter])?;
        let ids: Vec<&str> = answer.split_whitespace().collect();
        let mut containers = self.docker.inspect(&ids)?;
        // Containers for looking at images are of no service.
        containers.retain(|c| !c.service().is_empty());
        containers.sort_by(|a, b| a.service().cmp(b.service()));
        Ok(containers)
    }

    /// Starts a container that has ended.
    ///
    /// Errors: [`Error::Engine`].
    pub fn start(&self, container: &str) -> Result<Running> {
        Running::start(command(&["start", container]), None)
    }

    /// Asks how busy containers are, which takes the engine a second or two; [`Container::loads`] reads the answer.
    ///
    /// Errors: [`Error::Engine`] when it cannot be asked.
    pub fn loads(&self, containers: &[Container]) -> Result<Running> {
        let ids: Vec<&str> = containers.iter().filter(|c| c.is_running()).map(|c| c.id.as_str()).collect();
        let args = ["stats", "--no-stream", "--no-trunc", "--format", "{{.ID}} {{.CPUPerc}}"];
        Running::start(command(&[&args, ids.as_slice()].concat()), None)
    }

    /// Runs a command in a container.
    ///
    /// Errors: [`Error::Engine`] when it cannot be run.
    pub fn exec(&self, container: &str, words: &[String]) -> Result<Running> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Running::start(command(&[&["exec", container], words.as_slice()].concat()), None)
    }

    /// The same with something to read for the command.
    ///
    /// Errors: [`Error::Engine`] when it cannot be run.
    pub fn exec_with(&self, container: &str, words: &[String], input: &str) -> Result<Running> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Running::start(command(&[&["exec", "-i", container], words.as_slice()].concat()), Some(input))
    }

    /// Gives what a container wrote to its standard output and error to `read`, one after the other; its last `tail` lines of each.
    ///
    /// Errors: as for [`Docker::stream`].
    pub fn logs(&self, container: &str, tail: Option<u32>, read: impl FnOnce(PipeReader) -> Result<()>) -> Result<()> {
        let tail = tail.map_or_else(|| "all".to_owned(), |lines| lines.to_string());
        let result = stream_both(command(&["logs", "--tail", &tail, container]), read);
        self.docker.go_on()?;
        result
    }

    /// Gives the last lines of the log files that a running container keeps in these folders to `read`, where it has the programs for
    /// that: no archive shows what is in a tmpfs.
    ///
    /// Errors: [`Error::Engine`] when the engine cannot be asked at all.
    pub fn log_files(&self, container: &str, folders: &[&str], mut read: impl FnMut(&[u8])) -> Result<()> {
        const LAST_LINES: &str = r#"for at in "$@"; do find "$at" -xdev -type f \( -name '*.log' -o -name '*.err' -o -name '*_log' \); done \
            | head -n 20 | while read -r file; do tail -n 200 "$file"; done"#;
        let answer = self.docker.run(&[&["exec", container, "sh", "-c", LAST_LINES, "sh"], folders].concat(), PATIENCE)?;
        answer.stdout.split(|byte| *byte == b'\n').for_each(&mut read);
        Ok(())
    }

    /// What is seen from outside of these services, as far as it can be asked: not every image has a `cat`, nor every engine a `ps`.
    ///
    /// Errors: [`Error::Engine`].
    pub fn signs(&self, services: &[&str]) -> Result<BTreeMap<String, Signs>> {
        const SOCKETS: [&str; 5] = ["/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6", "/proc/net/unix"];
        let mut asked = Vec::new();
        for container in self.containers()?.into_iter().filter(|c| c.is_running() && services.contains(&c.service())) {
            let sockets = Running::start(command(&[&["exec", &container.id, "cat"], &SOCKETS[..]].concat()), None)?;
            let processes = Running::start(command(&["top", &container.id, "-eo", "pid,stat,comm"]), None)?;
            asked.push((container.service().to_owned(), sockets, processes));
        }
        let mut signs = BTreeMap::new();
        for (service, sockets, processes) in asked {
            let (sockets, processes) = (sockets.wait(&self.docker, PATIENCE)?, processes.wait(&self.docker, PATIENCE)?);
            let sockets = String::from_utf8_lossy(&sockets.stdout).into_owned();
            let processes = Some(String::from_utf8_lossy(&processes.stdout).into_owned()).filter(|_| processes.status.success());
            // Where IPv6 is off, half of them are not there.
            let sockets = Some(sockets).filter(|text| text.contains("local_address"));
            signs.insert(service, Signs::read(sockets.as_deref(), processes.as_deref()));
        }
        Ok(signs)
    }

    /// Asks all containers to end, each for as long as its project says, else as engines do. Returns what they are then.
    ///
    /// Errors: [`Error::Engine`].
    pub fn stop(&self) -> Result<Vec<Container>> {
        let mut by_patience: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for container in self.containers()?.into_iter().filter(Container::is_running) {
            let seconds = self.patience(&container)?;
            by_patience.entry(seconds).or_default().push(container.id);
        }
        let stop = |(seconds, ids): (&u32, &Vec<String>)| {
            let seconds = seconds.to_string();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            Running::start(command(&[&["stop", "-t", &seconds], ids.as_slice()].concat()), None)
        };
        for running in by_patience.iter().map(stop).collect::<Result<Vec<_>>>()? {
            let answer = running.wait(&self.docker, PATIENCE)?;
            if !answer.status.success() {
                return Err(Error::Engine(answer.complaint()));
            }
        }
        self.containers()
    }

    /// How many seconds a container gets to end. One that does not listen would only be waited for.
    fn patience(&self, container: &Container) -> Result<u32> {
        if let Some(seconds) = container.stop_timeout() {
            return Ok(seconds.min(MAX_GRACE));
        }
        // Not every engine has a `ps` that can tell.
        let answer = self.docker.run(&["top", &container.id, "-eo", "pid,caught,blocked,comm"], PATIENCE)?;
        let said = String::from_utf8_lossy(&answer.stdout);
        let listens = Some(said).filter(|_| answer.status.success()).and_then(|said| container.listens(&said));
        Ok(match listens {
            Some(true) => DEFAULT_GRACE,
            Some(false) => 0,
            None => SHORT_GRACE,
        })
    }

    /// Kills all containers, and makes new ones of the model, which get the volumes of the old ones.
    ///
    /// Errors: [`Error::Engine`].
    pub fn make_anew(&self, model: &str, patience: Duration) -> Result<()> {
        let filter = format!("label=com.docker.compose.project={}", self.name());
        let answer = self.docker.ask(&["ps", "-q", "--filter", &filter])?;
        let ids: Vec<&str> = answer.split_whitespace().collect();
        if !ids.is_empty() {
            // One that ends at this moment cannot be killed any more.
            self.docker.run(&[&["kill"], ids.as_slice()].concat(), patience)?;
        }
        let answer = self.compose(model, &["create", "--force-recreate", "--no-build", "--pull", "never"])?.wait(&self.docker, patience)?;
        if answer.status.success() { Ok(()) } else { Err(Error::Engine(answer.complaint())) }
    }

    /// Where [`Trial::still`] mounts a volume.
    pub const LOOKED_AT: &str = "/rofs-harden-looks";

    /// A container that never runs, to look at: of an image that is on the engine, with a volume of the person's that is only read, if
    /// one is given.
    ///
    /// Errors: [`Error::Engine`].
    pub fn still(&self, image: &str, volume: Option<&str>) -> Result<String> {
        let mount = volume.map(|volume| format!("{volume}:{}:ro,nocopy", Self::LOOKED_AT));
        self.created(image, &mount.as_deref().map_or_else(Vec::new, |mount| vec!["-v", mount]))
    }

    /// A container that never runs.
    fn created(&self, image: &str, options: &[&str]) -> Result<String> {
        let project = format!("com.docker.compose.project={}", self.name());
        let (key, value) = Self::label();
        let own = format!("{key}={value}");
        let create = ["create", "--pull", "never", "--network", "none", "--label", &project, "--label", &own];
        // An image without a command needs one, which never runs.
        Ok(self.docker.ask(&[&create[..], options, &[image, "true"]].concat())?.trim().to_owned())
    }

    /// Copies a folder of the host into a container's volume at `target`, with owners and modes, its own among them.
    ///
    /// Errors: [`Error::Engine`]; [`Error::Read`] for the folder.
    pub fn fill(&self, container: &Container, target: &str, source: &Path) -> Result<()> {
        // Into a container whose root is read-only, nothing can be copied beside the volume, and what is copied into that leaves the owner
        // of the volume itself.
        let helper = self.created(&container.image, &["--volumes-from", &container.id])?;
        let filled = self.copy_in(&helper, target, source);
        // With the nameless volumes that it alone has: of folders that the image declares and the container has in memory.
        self.docker.ask(&["rm", "-v", &helper])?;
        filled
    }

    fn copy_in(&self, container: &str, target: &str, source: &Path) -> Result<()> {
        let (parent, name) = target.trim_end_matches('/').rsplit_once('/').unwrap_or(("", target));
        // Not `-a`, which gives all to the user of the container.
        let mut command = command(&["cp", "-", &format!("{container}:{parent}/")]);
        command.stdin(Stdio::piped());
        let mut child = spawn(command, None)?;
        let failed = |e: std::io::Error| Error::Read { path: source.to_owned(), reason: e.to_string() };
        if let Some(stdin) = child.0.stdin.take() {
            let mut archive = tar::Builder::new(std::io::BufWriter::new(stdin));
            archive.follow_symlinks(false);
            archive.append_dir_all(name, source).map_err(failed)?;
            archive.into_inner().and_then(|mut stream| stream.flush()).map_err(failed)?;
        }
        let answer = Running::of(child).wait(&self.docker, PATIENCE)?;
        if answer.status.success() { Ok(()) } else { Err(Error::Engine(answer.complaint())) }
    }

    /// Removes everything.
    ///
    /// Errors: [`Error::Engine`] when something stays; it is written down, and the next start tries again.
    pub fn end(mut self) -> Result<()> {
        self.remove()
    }

    fn remove(&mut self) -> Result<()> {
        if self.is_over {
            return Ok(());
        }
        self.is_over = true;
        journal::remove(&self.docker, self.name())?;
        self.entry.close();
        Ok(())
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        // Whoever wants to know of a failure calls `end`; the entry stays, so the next start cleans up.
        let _ = self.remove();
    }
}
