//! The program that a person reads long texts with.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What is used where the environment names none.
const USUAL: &str = "less";

/// Shows a text in the program that `PAGER` names, and says whether it did. An empty `PAGER` and
/// `cat` mean none. A program of the folder one happens to be in is never run: it is named from the
/// root, or found in a folder of `PATH` that is.
pub fn show(text: &str) -> bool {
    let pager = std::env::var("PAGER").unwrap_or_else(|_| USUAL.to_owned());
    let mut words = pager.split_whitespace();
    let Some(program) = words.next().filter(|word| *word != "cat").and_then(found) else { return false };
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        // Leave at the end of a short text, take colours, leave the text on the screen.
        command.env("LESS", "FRX");
    }
    // Ctrl-C is for the pager, which must not be left alone with the terminal.
    if signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::new(AtomicBool::new(false))).is_err() {
        return false;
    }
    let Ok(mut child) = command.spawn() else { return false };
    if let Some(mut input) = child.stdin.take() {
        // Who has read enough closes it.
        let _ = input.write_all(text.as_bytes());
    }
    child.wait().is_ok()
}

/// The file of a program.
fn found(name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    if name.contains('/') {
        return path.is_absolute().then(|| path.to_owned());
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).filter(|folder| folder.is_absolute()).map(|folder| folder.join(name)).find(|file| file.is_file())
}
