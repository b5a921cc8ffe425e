//! The container engine, through its command line: contexts, rootless engines and Docker Desktop then work by themselves.

mod host;
mod journal;
mod kept;
mod model;
mod running;
mod scan;
mod trial;

pub use host::{Place, place};
pub use journal::{clean, sweep};
pub use kept::{Kept, kept};
pub use model::{Layers, config};
pub use scan::Links;
pub use trial::Trial;

use crate::edge::{forge::TOKENS, stop};
use crate::error::{Error, Result};
use std::ffi::OsString;
use std::io::{ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long the engine may take for a question.
const PATIENCE: Duration = Duration::from_mins(3);
/// Most bytes of an answer.
const MAX_ANSWER: u64 = 64 << 20;
/// Most bytes of complaints.
const MAX_COMPLAINT: u64 = 64 << 10;
/// Variables with which Compose would read other files than it is told of.
const MISLEADING: [&str; 6] =
    ["COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES", "COMPOSE_ENV_FILES", "COMPOSE_REMOVE_ORPHANS", "COMPOSE_PATH_SEPARATOR"];

/// The engine that `docker` talks to.
#[derive(Clone, Debug)]
pub struct Docker {
    /// Its own number.
    engine: String,
    /// Set by Ctrl-C and the like. The second one ends the program at once; the next start then cleans up.
    interrupted: Arc<AtomicBool>,
}

/// What a program said.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Whether it succeeded.
    pub status: ExitStatus,
    /// Its answer.
    pub stdout: Vec<u8>,
    /// Its complaints.
    pub stderr: String,
}

impl Docker {
    /// Finds the engine and Compose, and watches for Ctrl-C from now on.
    ///
    /// Errors: [`Error::Engine`] when one of them does not answer.
    pub fn connect() -> Result<Self> {
        let mut docker = Self { engine: String::new(), interrupted: stop::watch().map_err(Error::Engine)? };
        let engine = docker.ask(&["info", "--format", "{{.ID}}"])?;
        docker.engine.push_str(engine.trim());
        docker.ask(&["compose", "version", "--short"])?;
        Ok(docker)
    }

    /// Errors: [`Error::Interrupted`] after Ctrl-C.
    pub fn go_on(&self) -> Result<()> {
        if self.interrupted.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// The same engine, for cleaning up: Ctrl-C does not stop it.
    fn unhurried(&self) -> Self {
        Self { engine: self.engine.clone(), interrupted: Arc::new(AtomicBool::new(false)) }
    }

    /// The answer to a question that must succeed, as text.
    ///
    /// Errors: [`Error::Engine`] with the engine's words.
    pub fn ask(&self, args: &[&str]) -> Result<String> {
        let answer = self.run(args, PATIENCE)?;
        if answer.status.success() {
            return Ok(String::from_utf8_lossy(&answer.stdout).into_owned());
        }
        Err(Error::Engine(answer.complaint()))
    }

    /// Whether a question has an answer.
    ///
    /// Errors: [`Error::Engine`] when the engine cannot be asked at all.
    pub fn succeeds(&self, args: &[&str]) -> Result<bool> {
        Ok(self.run(args, PATIENCE)?.status.success())
    }

    /// When a volume was made; `None` where there is none of that name.
    ///
    /// Errors: [`Error::Engine`] when the engine cannot be asked at all.
    pub fn volume_made(&self, name: &str) -> Result<Option<String>> {
        let answer = self.run(&["volume", "inspect", "--format", "{{.CreatedAt}}", name], PATIENCE)?;
        Ok(answer.status.success().then(|| String::from_utf8_lossy(&answer.stdout).trim().to_owned()))
    }

    /// Whether containers have addresses that lead nowhere from here: the engine is on another machine, in a virtual one, or without
    /// rights on this one.
    ///
    /// Errors: [`Error::Engine`].
    pub fn is_far(&self) -> Result<bool> {
        let host = self.run(&["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"], PATIENCE)?;
        let host = String::from_utf8_lossy(&host.stdout).trim().to_owned();
        let about = self.ask(&["info", "--format", "{{json .SecurityOptions}} {{.OperatingSystem}}"])?;
        let is_elsewhere = host.contains("://") && !host.starts_with("unix://");
        Ok(is_elsewhere || about.contains("name=rootless") || about.contains("Docker Desktop"))
    }

    /// Runs `docker` with these arguments, for at most `patience`.
    ///
    /// Errors: [`Error::Engine`] when it cannot be run or takes too long; [`Error::Interrupted`] after Ctrl-C.
    pub fn run(&self, args: &[&str], patience: Duration) -> Result<Answer> {
        Running::start(command(args), None)?.wait(self, patience)
    }

    /// Runs `docker` with all variables of this process, so that Compose sees what the person's own would.
    ///
    /// Errors: as for [`Docker::run`].
    fn run_as_it_is(&self, args: &[&str]) -> Result<Answer> {
        let mut command = program();
        command.args(args);
        Running::start(command, None)?.wait(self, PATIENCE)
    }

    /// Gives the output of `docker` to `read` as it comes.
    ///
    /// Errors: those of `read`; [`Error::Engine`] when it fails, with its words.
    pub fn stream<T>(&self, args: &[&str], read: impl FnOnce(ChildStdout) -> Result<T>) -> Result<T> {
        let result = stream(command(args), read);
        self.go_on()?;
        result
    }
}

/// Gives what a command answers to `read` as it comes.
fn stream<T>(mut command: Command, read: impl FnOnce(ChildStdout) -> Result<T>) -> Result<T> {
    command.stdin(Stdio::null());
    let mut child = spawn(command, None)?;
    let (stdout, stderr) = (child.0.stdout.take(), child.0.stderr.take());
    // Its complaints are few; they are read beside the answer, so that neither pipe fills up.
    let complaints = std::thread::spawn(move || stderr.map(|s| text_of(s, MAX_COMPLAINT)).unwrap_or_default());
    let result = stdout.ok_or_else(|| Error::Engine("its answer has no stream".into())).and_then(read)?;
    let status = child.0.wait().map_err(|e| Error::Engine(e.to_string()))?;
    let complaints = complaints.join().unwrap_or_default();
    if status.success() { Ok(result) } else { Err(Error::Engine(complaint(&complaints, status))) }
}

/// Gives both streams of a command to `read` as one, as they come.
fn stream_both<T>(mut command: Command, read: impl FnOnce(PipeReader) -> Result<T>) -> Result<T> {
    command.stdin(Stdio::null());
    let failed = |e: std::io::Error| Error::Engine(e.to_string());
    let (reader, writer) = std::io::pipe().map_err(failed)?;
    let mut child = spawn(command, Some(writer))?;
    let result = read(reader)?;
    let status = child.0.wait().map_err(failed)?;
    if status.success() { Ok(result) } else { Err(Error::Engine(format!("`docker logs` ended with {status}"))) }
}

impl Answer {
    /// Its complaints, or that it made none.
    pub fn complaint(&self) -> String {
        complaint(&self.stderr, self.status)
    }
}

/// What `docker` complained of, on one line, or that it made no complaint.
fn complaint(text: &str, status: ExitStatus) -> String {
    // Without its plugin `compose` is no word that `docker` knows, and the first option behind it is one too many.
    let is_no_verb = |line: &str| line.contains("'compose' is not a docker command") || line.contains("unknown command: docker compose");
    let is_no_option = |line: &str| line.starts_with("unknown flag: --file") || line.starts_with("unknown shorthand flag: 'f'");
    if text.lines().map(str::trim).any(|line| is_no_verb(line) || is_no_option(line)) {
        return "`docker` has no Compose plugin, so `docker compose` is not there".to_owned();
    }
    // Warnings of Compose about other things begin with the time.
    let text = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("time=")).collect::<Vec<_>>().join("; ");
    if text.is_empty() { format!("`docker` ended with {status}") } else { text }
}

/// `docker` in a group of its own, so that Ctrl-C at the terminal reaches this program and not it, and without the tokens of forges: a
/// stranger's project could print or send any variable that Compose sees.
fn program() -> Command {
    let mut command = Command::new("docker");
    for name in TOKENS {
        command.env_remove(name);
    }
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}

/// The same, for what has nothing to do with the person's own project.
fn command(args: &[&str]) -> Command {
    let mut command = program();
    command.args(args);
    for name in MISLEADING {
        command.env_remove(name);
    }
    command
}

/// A child that does not outlive its owner.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            // Compose is a child of `docker`, so the whole group goes.
            #[cfg(unix)]
            if let Some(group) = rustix::process::Pid::from_raw(self.0.id().cast_signed()) {
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

/// Starts a command, with a pipe for each stream, or one for both.
fn spawn(mut command: Command, both: Option<PipeWriter>) -> Result<Owned> {
    match both {
        None => command.stdout(Stdio::piped()).stderr(Stdio::piped()),
        Some(writer) => {
            let other = writer.try_clone().map_err(|e| Error::Engine(e.to_string()))?;
            command.stdout(writer).stderr(other)
        }
    };
    let child = command.spawn().map_err(|e| match e.kind() {
        ErrorKind::NotFound => Error::Engine("the program `docker` is not there".into()),
        _ => Error::Engine(format!("`docker` cannot be run: {e}")),
    })?;
    Ok(Owned(child))
}

/// A program under way.
pub struct Running {
    child: Owned,
    streams: [Option<std::thread::JoinHandle<Vec<u8>>>; 2],
    since: Instant,
}

impl Running {
    fn start(mut command: Command, input: Option<&str>) -> Result<Self> {
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = spawn(command, None)?;
        if let (Some(mut stdin), Some(input)) = (child.0.stdin.take(), input) {
            let input = input.to_owned();
            // A program that does not read all of it says why.
            std::thread::spawn(move || stdin.write_all(input.as_bytes()));
        }
        Ok(Self::of(child))
    }

    fn of(mut child: Owned) -> Self {
        let (stdout, stderr) = (child.0.stdout.take(), child.0.stderr.take());
        let out = stdout.map(|s| std::thread::spawn(move || bytes_of(s, MAX_ANSWER)));
        let err = stderr.map(|s| std::thread::spawn(move || bytes_of(s, MAX_COMPLAINT)));
        Self { child, streams: [out, err], since: Instant::now() }
    }

    /// Its answer, if it has ended.
    ///
    /// Errors: [`Error::Engine`] when the system cannot say.
    pub fn poll(&mut self) -> Result<Option<Answer>> {
        let Some(status) = self.child.0.try_wait().map_err(|e| Error::Engine(e.to_string()))? else { return Ok(None) };
        let [stdout, stderr] = self.streams.each_mut().map(|s| s.take().and_then(|s| s.join().ok()).unwrap_or_default());
        Ok(Some(Answer { status, stdout, stderr: String::from_utf8_lossy(&stderr).into_owned() }))
    }

    /// Waits for its end, for at most `patience` since its start.
    ///
    /// Errors: as for [`Docker::run`].
    pub fn wait(mut self, docker: &Docker, patience: Duration) -> Result<Answer> {
        loop {
            let answer = self.poll()?;
            // In the moment before it has a group of its own, Ctrl-C reaches it as well.
            if answer.as_ref().is_none_or(|answer| !answer.status.success()) {
                docker.go_on()?;
            }
            if let Some(answer) = answer {
                return Ok(answer);
            }
            if self.since.elapsed() > patience {
                return Err(Error::Engine(format!("no answer within {} s", patience.as_secs())));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What a stream holds, up to a limit; the rest is read and dropped, so that the writer does not wait.
fn bytes_of(mut stream: impl Read, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = stream.by_ref().take(limit).read_to_end(&mut bytes);
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
    bytes
}

fn text_of(stream: impl Read, limit: u64) -> String {
    String::from_utf8_lossy(&bytes_of(stream, limit)).into_owned()
}

/// The log of a service of the project that these files make, given to `read` as it comes.
///
/// Errors: [`Error::Engine`] when the engine or Compose cannot be asked, with its words; [`Error::Impossible`] where there is no container.
pub fn logs<T>(layers: &Layers, service: &str, read: impl FnOnce(ChildStdout) -> Result<T>) -> Result<T> {
    let project = layers.args(|path| Ok(path.to_owned()))?;
    let compose = |args: &[&str]| {
        let mut command = program();
        command.arg("compose").args(&project).args(args).args(["--", service]);
        command
    };
    // Of a service without a container Compose shows an empty log, which looks like one without complaints.
    let containers = stream(compose(&["ps", "--all", "--quiet"]), |answer| Ok(text_of(answer, MAX_ANSWER)))?;
    if containers.trim().is_empty() {
        let what = format!("the engine has no container of the service `{service}`, so there is no log of it");
        let hint = "start it (docker compose up -d), name the project as it was started (-f, COMPOSE_PROJECT_NAME), or name a log file";
        return Err(Error::Impossible(what, Some(hint.into())));
    }
    stream(compose(&["logs", "--no-color", "--no-log-prefix"]), read)
}

/// An option with its value, as the text that a command line takes.
fn text(path: impl Into<OsString>) -> Result<String> {
    path.into().into_string().map_err(|path| Error::Engine(format!("the path {} is no text", path.display())))
}
