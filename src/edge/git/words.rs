//! What failures of Git mean, and what to do next.

use crate::edge::forge::Token;
use crate::error::{Error, Fault, ForgeError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::path::Path;

/// A token as Git sends it.
pub(super) fn basic(token: &Token) -> String {
    BASE64.encode(format!("x-access-token:{}", token.secret()))
}

/// What Git's words mean. They never hold the token.
pub(super) fn explained(token: Option<&Token>, doing: &str, said: &str) -> Error {
    let said = token.map_or_else(|| said.to_owned(), |token| token.redact(said).replace(&basic(token), "[token]"));
    let has = |parts: &[&str]| parts.iter().any(|part| said.contains(part));
    let (fault, remedy) =
        if has(&["terminal prompts disabled", "Authentication failed", "could not read Username", "Permission denied (publickey"]) {
            (Fault::Credentials, "give a token that may push, or set up Git's own credentials")
        } else if has(&["tell me who you are", "empty ident name", "unable to auto-detect email"]) {
            (Fault::Credentials, "set the author with `git config user.name` and `git config user.email`")
        } else if has(&["error: 403", "protected branch", "pre-receive hook declined", "GH006", "GH013"]) {
            (Fault::Permission, "exempt the bot's branches `rofs-harden/*` or its account in the repository's branch rules")
        } else if has(&["bad file", "missing blob", "unable to read", "could not get object info", "Not a valid object name"]) {
            (
                Fault::Missing,
                "the checkout does not have all files of its commit, and none are fetched here: fetch them, or name it with --repo",
            )
        } else if has(&["not found", "does not exist", "does not appear to be a git repository"]) {
            (Fault::Missing, "check the remote's address with `git remote -v`, and that the token may see it")
        } else {
            (Fault::Unavailable, "read Git's words; the checkout is as it was")
        };
    let wanted = said.lines().map(|l| l.trim_start_matches("fatal: ").trim_start_matches("error: ").trim()).find(|l| !l.is_empty());
    fault_of(fault, format!("Git cannot {doing}: {}", wanted.unwrap_or("it does not say why")), remedy)
}

pub(super) fn failed(doing: &str, why: &str) -> Error {
    let remedy = "check that Git is installed and the checkout is whole; it is as it was";
    fault_of(Fault::Unavailable, format!("Git cannot {doing}: {why}"), remedy)
}

pub(super) fn no_checkout() -> Error {
    let what = "there is no checkout of a Git repository here".to_owned();
    fault_of(Fault::Missing, what, "run the command in a checkout of the repository")
}

/// What a folder says is its repository is that of another one.
pub(super) fn not_own(top: &Path, elsewhere: &Path) -> Error {
    let what = format!("`{}` is not gone into: its `.git` leads to {}, which is not of this folder", top.display(), elsewhere.display());
    fault_of(Fault::Permission, what, "run the command in the checkout whose repository that is, or name it with --repo OWNER/NAME")
}

pub(super) fn no_remote(name: &str) -> Error {
    let what = format!("Git cannot find the remote's address: No such remote '{name}'");
    fault_of(Fault::Missing, what, "check the remote's name with `git remote -v`")
}

/// The failure of a remote whose address is not gone to. It does not say the address, which may hold a password.
pub(super) fn no_way(name: &str, why: &str) -> Error {
    let what = format!("the address of the remote {name} is not gone to: {why}");
    let remedy = format!("set it to one like https://HOST/OWNER/NAME.git, with `git remote set-url {name} ADDRESS`");
    fault_of(Fault::Permission, what, &remedy)
}

pub(super) fn missing(remote: &str, branch: &str) -> Error {
    fault_of(Fault::Missing, format!("{remote} has no branch {branch}"), "check the branch's name")
}

pub(super) fn empty(remote: &str) -> Error {
    let remedy = "push a first commit, then run the command again";
    fault_of(Fault::Closed, format!("the repository of {remote} is empty"), remedy)
}

pub(super) fn stale(remote: &str, branch: &str) -> Error {
    let what = format!("the branch {branch} of {remote} is not where it was: somebody else changed it");
    fault_of(Fault::Stale, what, "run the command again, which reads the branches again; nothing was overwritten")
}

fn fault_of(fault: Fault, what: String, remedy: &str) -> Error {
    ForgeError { fault, what, remedy: remedy.to_owned(), status: None, retry_at: None }.into()
}
