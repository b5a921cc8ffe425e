//! The way to a remote. Its address is read from the checkout; where else Git would go, and how, is the person's to say.

use super::Git;
use super::store::line;
use super::words::{basic, empty, failed, missing, no_remote, no_way, stale};
use crate::edge::address::{Address, Remote, Server};
use crate::error::Result;
use std::process::Command;

/// Where a fetched branch is kept until the end.
const FETCHED: &str = "refs/fetched";
/// The commit of the checkout, which a remote need not send again.
const HAVE: &str = "refs/have";

impl Git {
    /// Where a remote is; `None` if its address names no repository of a forge.
    ///
    /// Errors: there is no such remote, or its address is not one that Git may go to.
    pub fn remote(&self, name: &str) -> Result<Option<Remote>> {
        Ok(self.address(name)?.remote())
    }

    /// The commit that a branch of a remote is at; `None` if there is no such branch.
    pub fn remote_branch(&self, remote: &str, branch: &str) -> Result<Option<String>> {
        let full = format!("refs/heads/{branch}");
        let address = self.address(remote)?;
        let mut command = self.network(&address, &["ls-remote", "--refs"])?;
        command.args(["--", &address.to_string(), &full]);
        let output = self.store.good(command, None, "ask the remote for its branches")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines = text.lines().filter_map(|line| line.split_once('\t'));
        Ok(lines.find(|(_, name)| *name == full).map(|(id, _)| id.to_owned()))
    }

    /// Fetches the commit that a branch of a remote is at, with its files and without what was before it, and answers its id.
    pub fn fetch(&self, remote: &str, branch: &str) -> Result<String> {
        if branch.is_empty() {
            // The default branch of a repository without commits.
            return Err(empty(remote));
        }
        let tip = self.remote_branch(remote, branch)?.ok_or_else(|| missing(remote, branch))?;
        if self.has(&tip)? {
            return Ok(tip);
        }
        self.offer_head()?;
        let address = self.address(remote)?;
        let args = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--refmap="];
        let mut command = self.network(&address, &args)?;
        let kept = format!("{FETCHED}/{branch}");
        command.args(["--", &address.to_string(), &format!("+refs/heads/{branch}:{kept}")]);
        self.store.good(command, None, "fetch a branch")?;
        self.store.text(self.store.command(["rev-parse", "--verify", &kept]), None, "find a commit")
    }

    /// Lets a remote know that the files of the checkout's commit are here. What was before it may not be, in a checkout that is not deep,
    /// and is not told of.
    fn offer_head(&self) -> Result<()> {
        let shallow = self.store.file("shallow");
        if let Some(commit) = self.head()?.filter(|_| !shallow.exists())
            && self.has(&commit)?
        {
            std::fs::write(shallow, format!("{commit}\n")).map_err(|e| failed("fetch a branch", &e.to_string()))?;
            self.store.good(self.store.command(["update-ref", HAVE, &commit]), None, "fetch a branch")?;
        }
        Ok(())
    }

    /// Puts a commit on a branch of a remote that is where the caller saw it; `None` makes the branch.
    ///
    /// Errors: [`crate::error::Fault::Stale`] if it is somewhere else, and then nothing has changed.
    pub fn push(&self, remote: &str, commit: &str, branch: &str, expected: Option<&str>) -> Result<()> {
        let full = format!("refs/heads/{branch}");
        let address = self.address(remote)?;
        let mut command = self.network(&address, &["push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed"])?;
        command.arg(format!("--force-with-lease={full}:{}", expected.unwrap_or_default()));
        command.args(["--", &address.to_string(), &format!("{commit}:{full}")]);
        let output = self.store.run(command, None, "push")?;
        if output.status.success() {
            return Ok(());
        }
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if said.contains("stale info") || said.contains("cannot lock ref") || said.contains("(fetch first)") {
            return Err(stale(remote, branch));
        }
        Err(self.store.failure("push", &said))
    }

    /// The address of a remote. A person may have short names for addresses (`url.*.insteadOf`), a checkout may not.
    fn address(&self, remote: &str) -> Result<Address> {
        if remote.is_empty() || remote.starts_with('-') || remote.contains(|c: char| c.is_control()) {
            return Err(no_remote(&remote.escape_debug().to_string()));
        }
        let written = self.store.setting(&self.checkout, &format!("remote.{remote}.url"))?.ok_or_else(|| no_remote(remote))?;
        if written.is_empty() {
            return Err(no_way(remote, "it is empty"));
        }
        let address = self.store.text(self.store.command(["ls-remote", "--get-url", "--", &written]), None, "find the remote's address")?;
        let address = Address::parse(&address).map_err(|why| no_way(remote, why))?;
        // A person's settings may hold for certain remotes only (`includeIf "hasconfig:remote.*.url:…"`).
        let mut known = self.store.command(["config", "--file"]);
        known.arg(self.store.file("config")).args(["--replace-all", "remote.checkout.url", &address.to_string()]);
        self.store.good(known, None, "note the remote's address")?;
        Ok(address)
    }

    /// A command that talks to a remote.
    fn network(&self, address: &Address, args: &[&str]) -> Result<Command> {
        let mut command = self.store.command(args);
        let has_own_ssh = ["GIT_SSH_COMMAND", "GIT_SSH"].iter().any(|name| std::env::var_os(name).is_some());
        if !has_own_ssh && !self.is_set("core.sshCommand")? {
            command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
        }
        if let (Some(token), Some(server)) = (&self.store.token, address.server().filter(Server::is_private)) {
            // In the environment, which other users of the machine do not see. The empty value drops a header from elsewhere.
            let key = format!("http.{server}/.extraHeader");
            let values = [String::new(), format!("Authorization: Basic {}", basic(token))];
            let count = std::env::var("GIT_CONFIG_COUNT").ok().and_then(|n| n.parse::<usize>().ok()).unwrap_or_default();
            command.env("GIT_CONFIG_COUNT", (count + values.len()).to_string());
            for (place, value) in (count..).zip(values) {
                command.env(format!("GIT_CONFIG_KEY_{place}"), &key).env(format!("GIT_CONFIG_VALUE_{place}"), value);
            }
        }
        Ok(command)
    }

    /// Whether the person has a setting of this name.
    fn is_set(&self, name: &str) -> Result<bool> {
        let output = self.store.run(self.store.command(["config", "--get", name]), None, "read Git's settings")?;
        Ok(output.status.success() && !line(&output).is_empty())
    }
}
