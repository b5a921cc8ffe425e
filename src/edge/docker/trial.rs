//! A throw-away run of a project. Whatever becomes of it, nothing of it stays.

use super::journal::{self, Entry};
use super::{Docker, Running, command, spawn, stream_both};
use crate::error::{Error, Result};
use crate::trial::Container;
use std::io::{PipeReader, Write};
use std::path::Path;
use std::process::Stdio;

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

    /// Gives what a container wrote to its standard output and error to `read`, one after the other; its last `tail` lines of each.
    ///
    /// Errors: as for [`Docker::stream`].
    pub fn logs(&self, container: &str, tail: Option<u32>, read: impl FnOnce(PipeReader) -> Result<()>) -> Result<()> {
        let tail = tail.map_or_else(|| "all".to_owned(), |lines| lines.to_string());
        let result = stream_both(command(&["logs", "--tail", &tail, container]), read);
        self.docker.go_on()?;
        result
    }

    /// Asks all containers to end, for at most that many seconds.
    ///
    /// Errors: [`Error::Engine`].
    pub fn stop(&self, seconds: u32) -> Result<()> {
        let filter = format!("label=com.docker.compose.project={}", self.name());
        let answer = self.docker.ask(&["ps", "-q", "--filter", &filter])?;
        let ids: Vec<&str> = answer.split_whitespace().collect();
        if ids.is_empty() {
            return Ok(());
        }
        let seconds = seconds.to_string();
        self.docker.ask(&[&["stop", "-t", &seconds], ids.as_slice()].concat()).map(drop)
    }

    /// A container of an image that never runs, to look at.
    ///
    /// Errors: [`Error::Engine`].
    pub fn still(&self, image: &str) -> Result<String> {
        let project = format!("com.docker.compose.project={}", self.name());
        let (key, value) = Self::label();
        let own = format!("{key}={value}");
        // An image without a command needs one, which never runs.
        let answer = self.docker.ask(&["create", "--network", "none", "--label", &project, "--label", &own, image, "true"])?;
        Ok(answer.trim().to_owned())
    }

    /// Copies a folder of the host into a container's, with owners and modes.
    ///
    /// Errors: [`Error::Engine`]; [`Error::Read`] for the folder.
    pub fn fill(&self, container: &str, target: &str, source: &Path) -> Result<()> {
        let mut command = command(&["cp", "-a", "-", &format!("{container}:{target}")]);
        command.stdin(Stdio::piped());
        let mut child = spawn(command, None)?;
        let failed = |e: std::io::Error| Error::Read { path: source.to_owned(), reason: e.to_string() };
        if let Some(stdin) = child.0.stdin.take() {
            let mut archive = tar::Builder::new(std::io::BufWriter::new(stdin));
            archive.follow_symlinks(false);
            archive.append_dir_all(".", source).map_err(failed)?;
            archive.into_inner().and_then(|mut stream| stream.flush()).map_err(failed)?;
        }
        let answer = Running::of(child).wait(&self.docker, super::PATIENCE)?;
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
