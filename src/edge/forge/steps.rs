//! What all forges do in the same order.

use super::client::{Call, Client, Tries};
use super::{Comment, Forge, NewPull, Pull, State};
use crate::error::{Error, Fault, Result};
use serde::de::DeserializeOwned;

/// What to do about a repository without commits.
const EMPTY: &str = "push a first commit, then run the command again";

/// Opens a pull request once. An open one between the same branches is named in the failure.
pub(super) fn create<Raw>(client: &Client, forge: &dyn Forge, call: &Call, new: &NewPull, title: &str) -> Result<Pull>
where
    Raw: DeserializeOwned,
    Pull: From<Raw>,
{
    let open = || forge.find(&new.head, Some(&new.base)).map(|all| all.into_iter().find(|pull| pull.state == State::Open));
    let left = || Ok(open()?.filter(|pull| pull.title == title && is_same_text(&pull.body, &new.body)));
    match client.change_once::<Raw, Pull>(call, left) {
        Err(Error::Forge(mut error)) if error.fault == Fault::Exists => {
            if let Some(pull) = open()? {
                error.what = client.about(&format!("an open pull request from {} to {} exists already: {}", new.head, new.base, pull.url));
            }
            Err(Error::Forge(error))
        }
        done => done,
    }
}

/// Adds a comment once.
pub(super) fn comment<Raw>(client: &Client, forge: &dyn Forge, call: &Call, number: u64, body: &str) -> Result<Comment>
where
    Raw: DeserializeOwned,
    Comment: From<Raw>,
{
    let left = || Ok(forge.comments(number)?.into_iter().find(|c| is_same_text(&c.body, body)));
    client.change_once::<Raw, Comment>(call, left)
}

/// The tip of a branch that may not be there. The name is empty where it is that of the default branch of a repository without commits.
pub(super) fn branch(client: &Client, name: &str, tip: impl Fn() -> Result<String>) -> Result<Option<String>> {
    if name.is_empty() {
        return Err(client.fault(Fault::Closed, "the repository is empty", EMPTY));
    }
    match tip() {
        Ok(tip) => Ok(Some(tip)),
        Err(Error::Forge(e)) if e.fault == Fault::Missing => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes a branch that is where it is expected, or gone.
///
/// No forge takes the expected commit with the request. So nothing but the request itself is between the look and the deletion: what has to
/// be waited for is waited for before the look, and there is a look before each further try.
pub(super) fn delete_branch(client: &Client, forge: &dyn Forge, path: &str, name: &str, expected: &str) -> Result<()> {
    let call = Call { method: "DELETE", path, body: None, doing: "delete the branch", repeatable: true };
    let mut tries = Tries::default();
    loop {
        client.pace(false)?;
        match forge.branch(name)? {
            None => return Ok(()),
            Some(tip) if tip != expected => return Err(moved(client, name, Some(&tip))),
            Some(_) => {}
        }
        match client.attempt(&call, &mut tries) {
            Ok(None) => {}
            Err(Error::Forge(e)) if e.fault == Fault::Missing => return Ok(()),
            done => return done.map(drop),
        }
    }
}

/// The failure that a branch is not where it was.
pub(super) fn moved(client: &Client, branch: &str, tip: Option<&str>) -> Error {
    let tip = tip.map_or_else(|| "is gone".into(), |tip| format!("is at {tip}, not where it was"));
    client.fault(
        Fault::Stale,
        &format!("the branch {branch} {tip}: somebody else changed it"),
        "run the command again, which reads the branches again; nothing was overwritten",
    )
}

/// Whether two texts are the same but for what forges change: line breaks and blanks at the end.
pub(super) fn is_same_text(one: &str, other: &str) -> bool {
    one.trim_end().replace("\r\n", "\n") == other.trim_end().replace("\r\n", "\n")
}
