//! The language server, on standard input and output.

use super::harden::Status;
use crate::error::{Error, Result};
use crate::server::{End, serve};
use clap::{ArgAction, Args};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Options of the language server.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// Log what happens to this file, one line each, without the texts
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    log: Option<PathBuf>,
    /// Speak over standard input and output, as without it: some editors add this
    #[arg(long, hide = true)]
    stdio: bool,
    /// Print version
    #[arg(long, short = 'V', action = ArgAction::Version, help_heading = "Options")]
    version: Option<bool>,
}

/// What stands below the options.
pub(super) const AFTER: &str = "\
An editor starts it and talks to it over standard input and output: docs/editors.md has the settings for each.

Example:
  # In Neovim
  vim.lsp.start({ name = 'rofs-harden', cmd = { 'rofs-harden', 'server' } })";

/// Serves one client.
pub(super) fn run(args: &Server) -> Result<Status> {
    let mut log = args.log.as_deref().map(open).transpose()?;
    let log = log.as_mut().map(|log| log as &mut dyn Write);
    match serve(io::stdin(), &mut io::stdout().lock(), log) {
        Ok(End::Orderly) => Ok(Status::Done),
        Ok(End::Abrupt) => Ok(Status::FindingsRemain),
        // The client went away in the middle of an answer.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Status::FindingsRemain),
        Err(error) => Err(Error::Usage(format!("the server cannot go on: {error}"), Some("is there room for the log?".to_owned()))),
    }
}

/// Opens the log, to write behind what is in it.
fn open(path: &Path) -> Result<std::fs::File> {
    let failed = |error: io::Error| Error::Write { path: path.to_owned(), reason: error.to_string() };
    OpenOptions::new().create(true).append(true).open(path).map_err(failed)
}
