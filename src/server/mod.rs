//! The language server: what is known of a project, said in an editor while its files are typed.
//!
//! ```text
//! client → wire → session → documents → world → plan → analysis → diagnostics · lens        told, or asked for
//!                                                    → actions · edits · hover             asked for
//! ```
//!
//! One thread reads, the other works. A `World` is the disk below the open texts, and remembers what it was asked for: an
//! analysis holds until one of these files changes. A newer text ends the work that is done for an older one. What has to do with the
//! syntax and the schema of Compose files is left to the servers that know them.

mod actions;
mod analysis;
mod answers;
mod client;
mod commands;
mod diagnostics;
mod documents;
mod edits;
mod hover;
mod ignore;
mod lens;
mod position;
mod session;
mod uri;
mod wire;
mod world;

use std::io::{self, Read, Write};

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The client said goodbye first.
    Orderly,
    /// It went away, or what it sent is no protocol.
    Abrupt,
}

/// Serves one client, until it goes away. What happens goes to the log, a line each, without texts.
///
/// Errors: the client does not read any more, or the log cannot be written.
pub fn serve<'s>(input: impl Read + Send + 'static, output: &'s mut dyn Write, log: Option<&'s mut dyn Write>) -> io::Result<End> {
    session::Session::new(wire::Reader::start(input), output, log).run()
}
