//! The container engine, through its command line: contexts, rootless engines and Docker Desktop then work by themselves.

use crate::error::{Error, Result};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};

/// The log of a service of the project that these files make, given to `read` as it comes.
///
/// Errors: [`Error::Engine`] when the engine or Compose cannot be asked, with its words.
pub fn logs<T>(layers: &[PathBuf], directory: Option<&Path>, service: &str, read: impl FnOnce(ChildStdout) -> Result<T>) -> Result<T> {
    let mut command = Command::new("docker");
    command.arg("compose");
    for layer in layers {
        command.arg("--file").arg(layer);
    }
    if let Some(directory) = directory {
        command.arg("--project-directory").arg(directory);
    }
    command.args(["logs", "--no-color", "--no-log-prefix", "--", service]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| match e.kind() {
        ErrorKind::NotFound => Error::Engine("the program `docker` is not there".into()),
        _ => Error::Engine(format!("`docker` cannot be run: {e}")),
    })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    // Its complaints are few; they are read beside the log, so that neither pipe fills up.
    let complaints = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.map(|s| s.take(1 << 16).read_to_string(&mut text));
        text
    });
    let result = stdout.ok_or_else(|| Error::Engine("the log has no stream".into())).and_then(read);
    let status = child.wait().map_err(|e| Error::Engine(e.to_string()))?;
    let complaints = complaints.join().unwrap_or_default();
    if status.success() { result } else { Err(Error::Engine(complaints.trim().to_owned())) }
}
