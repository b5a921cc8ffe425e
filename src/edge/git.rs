//! Git in a checkout: what a bot reads there, commits that touch neither the work tree nor the index, and pushes that lose nothing.
//!
//! Git is told to run no program that the checkout names: no hooks, no file system monitor, no remote helper. A checkout whose own
//! settings name a program for the network is refused, as its owner may be a stranger.

use crate::edge::forge::{Entry, FileChange, Mode, Token, Tree, is_name};
use crate::edge::stop;
use crate::error::{Error, Fault, ForgeError, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Settings for every call: nothing runs but Git, nothing happens on the side.
const SETTINGS: [&str; 14] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.untrackedCache=false",
    "core.askPass=",
    "core.quotePath=false",
    "protocol.ext.allow=never",
    "push.followTags=false",
    "push.gpgSign=false",
    "push.recurseSubmodules=no",
    "fetch.recurseSubmodules=no",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "i18n.commitEncoding=UTF-8",
];
/// What of `http.*` a checkout may say: headers, as workflows keep their token in, and what makes it slow or fast.
const HARMLESS: [&str; 7] = ["extraheader", "postbuffer", "lowspeedlimit", "lowspeedtime", "maxrequests", "maxrequestbuffer", "version"];
/// Variables that would lead Git to another repository, as they do within a hook.
const ELSEWHERE: [&str; 8] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
];

/// Where a remote is, as far as its address says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// The host's name, in lower case, with its port if the address is one of the web.
    pub host: String,
    /// Account or group, with its groups above.
    pub owner: String,
    /// Name within that.
    pub name: String,
}

impl Remote {
    /// What an address says: `https://host/owner/name.git`, `ssh://git@host:22/owner/name` or `git@host:owner/name`. `None` for a path
    /// and whatever else is no address of a forge.
    pub fn parse(address: &str) -> Option<Self> {
        let (is_web, rest) = match address.split_once("://") {
            Some(("https" | "http", rest)) => (true, rest),
            Some(("ssh" | "git+ssh" | "git", rest)) => (false, rest),
            Some(_) => return None,
            None => {
                // A colon before any slash makes it an address and not a path.
                let (host, path) = address.split_once(':')?;
                if host.contains('/') || host.len() < 2 || path.starts_with("//") || path.starts_with(':') {
                    return None;
                }
                return Self::from_parts(host, path.trim_start_matches('/'));
            }
        };
        let (host, path) = rest.split_once('/')?;
        let host = if is_web { host } else { host.rsplit_once('@').map_or(host, |(_, h)| h).split(':').next()? };
        Self::from_parts(host, path)
    }

    fn from_parts(host: &str, path: &str) -> Option<Self> {
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host).to_ascii_lowercase();
        let host = if host == "ssh.github.com" { "github.com".to_owned() } else { host };
        let path = path.trim_end_matches('/');
        let (owner, name) = path.strip_suffix(".git").unwrap_or(path).rsplit_once('/')?;
        let is_good = !host.is_empty() && is_name(owner, name);
        is_good.then(|| Self { host, owner: owner.to_owned(), name: name.to_owned() })
    }
}

/// A checkout.
#[derive(Debug)]
pub struct Git {
    top: PathBuf,
    token: Option<Token>,
}

impl Git {
    /// The checkout that a folder is in. The token, if any, is for the web addresses of its remotes.
    ///
    /// Errors: there is no Git, or no checkout.
    pub fn open(folder: &Path, token: Option<Token>) -> Result<Self> {
        let git = Self { top: folder.to_owned(), token };
        let top = git.text(git.command(["rev-parse", "--show-toplevel"]), "find the checkout")?;
        Ok(Self { top: PathBuf::from(top), ..git })
    }

    /// The root of the checkout.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// Where a remote is; `None` if its address is no forge's.
    ///
    /// Errors: the checkout's own settings lead Git somewhere else.
    pub fn remote(&self, name: &str) -> Result<Option<Remote>> {
        Self::refuse_detours(&self.settings()?, name)?;
        Ok(Remote::parse(&self.address(name)?))
    }

    /// The branch that is checked out; `None` if it is a single commit.
    pub fn current_branch(&self) -> Result<Option<String>> {
        let output = self.run(self.command(["symbolic-ref", "--quiet", "--short", "HEAD"]), None, "find the current branch")?;
        Ok(output.status.success().then(|| line(&output)))
    }

    /// The commit that a name stands for; `None` if there is no such commit here.
    pub fn resolve(&self, name: &str) -> Result<Option<String>> {
        let mut command = self.command(["rev-parse", "--verify", "--quiet", "--end-of-options"]);
        command.arg(format!("{name}^{{commit}}"));
        let output = self.run(command, None, "find a commit")?;
        Ok(output.status.success().then(|| line(&output)))
    }

    /// Whether nothing of the checkout differs from its commit, not counting files that Git ignores.
    pub fn is_clean(&self) -> Result<bool> {
        Self::refuse_own_programs(&self.settings()?, &["filter."])?;
        let command = self.command(["status", "--porcelain", "-z", "--untracked-files=normal", "--ignore-submodules=none"]);
        Ok(self.good(command, None, "compare the checkout with its commit")?.stdout.is_empty())
    }

    /// All files of a commit. Names that are no UTF-8 are left out, as no forge's interface has them.
    pub fn tree(&self, commit: &str) -> Result<Tree> {
        let mut command = self.command(["ls-tree", "-r", "-z", "--full-tree", "--end-of-options"]);
        command.arg(commit);
        let output = self.good(command, None, "list the files of a commit")?;
        let entry = |line: &[u8]| {
            let (about, path) = std::str::from_utf8(line).ok()?.split_once('\t')?;
            let mut parts = about.split(' ');
            let (mode, _, id) = (parts.next()?, parts.next()?, parts.next()?);
            Some(Entry { path: path.to_owned(), mode: Mode::from_git(mode)?, id: id.to_owned() })
        };
        Ok(Tree { entries: output.stdout.split(|b| *b == 0).filter_map(entry).collect(), truncated: false })
    }

    /// The bytes of a file, by the id that its tree has for it.
    pub fn file(&self, id: &str) -> Result<Vec<u8>> {
        let mut command = self.command(["cat-file", "blob"]);
        command.arg(id);
        Ok(self.good(command, None, "read a file of a commit")?.stdout)
    }

    /// Makes a commit that has the files of another one but for some. No branch, no work tree and no index is touched.
    ///
    /// Errors: a changed file is a link or a submodule there, or nobody says who the author is.
    pub fn commit(&self, tree_of: &str, parents: &[&str], files: &[FileChange], message: &str) -> Result<String> {
        let folder = tempfile::tempdir().map_err(|e| failed("make a commit", &e.to_string()))?;
        let index = folder.path().join("index");
        let with_index = |mut command: Command| {
            command.env("GIT_INDEX_FILE", &index);
            command
        };
        let mut command = with_index(self.command(["read-tree", "--end-of-options"]));
        command.arg(tree_of);
        self.good(command, None, "read the files of a commit")?;
        let mut entries = Vec::new();
        for file in files {
            self.refuse_links(tree_of, file)?;
            let store = self.command(["hash-object", "-w", "--no-filters", "--stdin"]);
            let id = line(&self.good(store, Some(&file.bytes), "store a file")?);
            entries.extend(format!("{} {id}\t{}\0", file.mode().as_git(), file.path).into_bytes());
        }
        self.good(with_index(self.command(["update-index", "-z", "--index-info"])), Some(&entries), "put files into a commit")?;
        let tree = self.text(with_index(self.command(["write-tree"])), "store a folder")?;
        let mut command = self.command(["commit-tree", "--no-gpg-sign"]);
        for parent in parents {
            command.args(["-p", parent]);
        }
        command.args(["-F", "-", &tree]);
        Ok(line(&self.good(command, Some(message.as_bytes()), "make a commit")?))
    }

    /// The commit that a branch of a remote is at; `None` if there is no such branch.
    pub fn remote_branch(&self, remote: &str, branch: &str) -> Result<Option<String>> {
        let full = format!("refs/heads/{branch}");
        let mut command = self.network(remote, &["ls-remote", "--refs"])?;
        command.args(["--", remote, &full]);
        let output = self.good(command, None, "ask the remote for its branches")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines = text.lines().filter_map(|line| line.split_once('\t'));
        Ok(lines.find(|(_, name)| *name == full).map(|(id, _)| id.to_owned()))
    }

    /// Fetches a branch of a remote and answers the commit that it is at. No branch here is changed.
    pub fn fetch(&self, remote: &str, branch: &str) -> Result<String> {
        if branch.is_empty() {
            // The default branch of a repository without commits.
            let remedy = "push a first commit, then run the command again".into();
            let what = format!("the repository of {remote} is empty");
            return Err(ForgeError { fault: Fault::Closed, what, remedy, status: None, retry_at: None }.into());
        }
        let mut command = self.network(remote, &["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"])?;
        command.args(["--refmap=", "--", remote, &format!("refs/heads/{branch}")]);
        let tip = self.remote_branch(remote, branch)?.ok_or_else(|| missing(remote, branch))?;
        self.good(command, None, "fetch a branch")?;
        // Between the question and the answer the branch may have moved on; then that commit came along with the newer one.
        self.resolve(&tip)?.ok_or_else(|| missing(remote, branch))
    }

    /// Puts a commit on a branch of a remote that is where the caller saw it; `None` makes the branch.
    ///
    /// Errors: [`Fault::Stale`] if it is somewhere else, and then nothing has changed.
    pub fn push(&self, remote: &str, commit: &str, branch: &str, expected: Option<&str>) -> Result<()> {
        let full = format!("refs/heads/{branch}");
        let mut command = self.network(remote, &["push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed"])?;
        command.arg(format!("--force-with-lease={full}:{}", expected.unwrap_or_default()));
        command.args(["--", remote, &format!("{commit}:{full}")]);
        let output = self.run(command, None, "push")?;
        if output.status.success() {
            return Ok(());
        }
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if said.contains("stale info") || said.contains("cannot lock ref") || said.contains("(fetch first)") {
            return Err(ForgeError {
                fault: Fault::Stale,
                what: format!("the branch {branch} of {remote} is not where it was: somebody else changed it"),
                remedy: "run the command again, which looks at the branches anew; nothing was overwritten".into(),
                status: None,
                retry_at: None,
            }
            .into());
        }
        Err(self.explained("push", &said))
    }

    /// The address that a remote is fetched from.
    fn address(&self, remote: &str) -> Result<String> {
        if remote.is_empty() || remote.starts_with('-') || remote.contains(|c: char| c.is_control()) {
            return Err(failed("use the remote", "its name is none"));
        }
        self.text(self.command(["remote", "get-url", "--", remote]), "find the remote's address")
    }

    /// A command that talks to a remote.
    fn network(&self, remote: &str, args: &[&str]) -> Result<Command> {
        let settings = self.settings()?;
        Self::refuse_own_programs(&settings, &["core.sshcommand", "core.gitproxy", "core.askpass", "credential.", "remote."])?;
        Self::refuse_detours(&settings, remote)?;
        let address = self.address(remote)?;
        let mut command = self.command(args.iter().copied());
        let has_own_ssh = ["GIT_SSH_COMMAND", "GIT_SSH"].iter().any(|name| std::env::var_os(name).is_some());
        if !has_own_ssh && !settings.iter().any(|(_, name)| name == "core.sshcommand") {
            command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
        }
        let is_web = address.starts_with("https://") || address.starts_with("http://127.0.0.1:");
        if let (Some(token), true) = (&self.token, is_web) {
            let (scheme, rest) = address.split_once("://").unwrap_or(("https", &address));
            let host = rest.split('/').next().unwrap_or_default();
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            // In the environment, which other users of the machine do not see. The empty value drops a header from elsewhere.
            let key = format!("http.{scheme}://{host}/.extraHeader");
            let count = std::env::var("GIT_CONFIG_COUNT").ok().and_then(|n| n.parse::<usize>().ok()).unwrap_or_default();
            command.env("GIT_CONFIG_COUNT", (count + 2).to_string());
            for (place, value) in [(count, String::new()), (count + 1, format!("Authorization: Basic {}", basic(token)))] {
                command.env(format!("GIT_CONFIG_KEY_{place}"), &key).env(format!("GIT_CONFIG_VALUE_{place}"), value);
            }
        }
        Ok(command)
    }

    /// The names of all settings, each with the scope that it is from.
    fn settings(&self) -> Result<Vec<(String, String)>> {
        let command = self.command(["config", "--list", "--show-scope", "--name-only", "-z"]);
        let output = self.good(command, None, "read Git's settings")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let parts: Vec<&str> = text.split('\0').collect();
        Ok(parts.chunks_exact(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect())
    }

    /// Stops at settings of the checkout itself that name a program.
    fn refuse_own_programs(settings: &[(String, String)], groups: &[&str]) -> Result<()> {
        let is_program = |name: &str| {
            let last = name.rsplit('.').next().unwrap_or_default();
            match name.split('.').next() {
                Some("remote") => ["uploadpack", "receivepack", "vcs"].contains(&last),
                Some("credential") => last == "helper",
                Some("filter") => ["clean", "smudge", "process"].contains(&last),
                _ => true,
            }
        };
        let found = own(settings).find(|name| groups.iter().any(|group| name.starts_with(group)) && is_program(name));
        found.map_or(Ok(()), |name| Err(refused("name a program for Git to run", name)))
    }

    /// Stops at settings of the checkout itself that lead Git elsewhere than the remote's address says, or weaken the way there.
    fn refuse_detours(settings: &[(String, String)], remote: &str) -> Result<()> {
        let own_remote = format!("remote.{remote}.");
        let found = own(settings).find(|name| {
            let last = name.rsplit('.').next().unwrap_or_default();
            match name.split('.').next() {
                Some("http") => !HARMLESS.contains(&last),
                Some("url") => ["insteadof", "pushinsteadof"].contains(&last),
                Some("remote") => name.starts_with(&own_remote) && ["pushurl", "proxy", "proxyauthmethod"].contains(&last),
                _ => false,
            }
        });
        // Of several addresses only the first one is known here, and Git pushes to all.
        let address = format!("{own_remote}url");
        let found = found.or_else(|| own(settings).filter(|name| **name == *address).nth(1));
        found.map_or(Ok(()), |name| Err(refused("change where Git goes, or how", name)))
    }

    /// Stops at a file that is a link, a folder or a submodule in a commit.
    fn refuse_links(&self, tree_of: &str, file: &FileChange) -> Result<()> {
        let mut command = self.command(["ls-tree", "-z", "--full-tree", "--end-of-options"]);
        command.arg(tree_of).arg("--").arg(&file.path);
        let output = self.good(command, None, "look at a file")?;
        let entry = String::from_utf8_lossy(&output.stdout).into_owned();
        let mode = entry.split(' ').next().unwrap_or_default();
        if entry.is_empty() || mode == "100644" || mode == "100755" {
            return Ok(());
        }
        Err(failed("change a file", &format!("{} is no regular file in the commit", file.path)))
    }

    /// A call of Git in the checkout.
    fn command(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new("git");
        command.arg("--no-pager").arg("--literal-pathspecs").arg("-C").arg(&self.top);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.args(args).stdin(Stdio::null());
        for variable in ELSEWHERE {
            command.env_remove(variable);
        }
        // Messages are read, questions never asked, and a bare repository within the files is none.
        command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "").env("SSH_ASKPASS_REQUIRE", "never");
        command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_NO_REPLACE_OBJECTS", "1");
        if std::env::var_os("GIT_ALLOW_PROTOCOL").is_none() {
            command.env("GIT_ALLOW_PROTOCOL", "file:git:http:https:ssh");
        }
        command
    }

    /// Runs it, whatever it answers.
    ///
    /// Errors: it cannot be run; [`Error::Interrupted`] after Ctrl-C, which ends Git as well.
    fn run(&self, command: Command, input: Option<&[u8]>, doing: &str) -> Result<Output> {
        stop::go_on()?;
        let output = self.ended(command, input, doing);
        if !matches!(&output, Ok(output) if output.status.success()) {
            stop::go_on()?;
        }
        output
    }

    fn ended(&self, mut command: Command, input: Option<&[u8]>, doing: &str) -> Result<Output> {
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() }).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| failed(doing, &format!("git does not start: {e}")))?;
        if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), input) {
            // It answers nothing before it has read all.
            let written = pipe.write_all(bytes);
            drop(pipe);
            if let Err(e) = written {
                let output = child.wait_with_output().map_err(|e| failed(doing, &e.to_string()))?;
                return Err(self.explained(doing, &format!("{e}: {}", String::from_utf8_lossy(&output.stderr))));
            }
        }
        child.wait_with_output().map_err(|e| failed(doing, &e.to_string()))
    }

    /// Runs it, and it succeeds.
    fn good(&self, command: Command, input: Option<&[u8]>, doing: &str) -> Result<Output> {
        let output = self.run(command, input, doing)?;
        if output.status.success() { Ok(output) } else { Err(self.explained(doing, &String::from_utf8_lossy(&output.stderr))) }
    }

    /// The one line that it prints.
    fn text(&self, command: Command, doing: &str) -> Result<String> {
        Ok(line(&self.good(command, None, doing)?))
    }

    /// What Git's words mean. They never hold the token.
    fn explained(&self, doing: &str, said: &str) -> Error {
        let said = self.token.as_ref().map_or_else(|| said.to_owned(), |token| token.redact(said).replace(&basic(token), "[token]"));
        let has = |parts: &[&str]| parts.iter().any(|part| said.contains(part));
        let (fault, remedy) = if has(&["not a git repository"]) {
            (Fault::Missing, "run the command in a checkout of the repository")
        } else if has(&["dubious ownership"]) {
            (Fault::Permission, "tell Git that you trust the folder: `git config --global --add safe.directory FOLDER`")
        } else if has(&["terminal prompts disabled", "Authentication failed", "could not read Username", "Permission denied (publickey"]) {
            (Fault::Credentials, "give a token that may push, or set up Git's own credentials")
        } else if has(&["tell me who you are", "empty ident name", "unable to auto-detect email"]) {
            (Fault::Credentials, "set the author with `git config user.name` and `git config user.email`")
        } else if has(&["error: 403", "protected branch", "pre-receive hook declined", "GH006", "GH013"]) {
            (Fault::Permission, "exempt the bot's branches `rofs-harden/*` or its account in the repository's branch rules")
        } else if has(&["No such remote", "not found", "does not exist", "does not appear to be a git repository"]) {
            (Fault::Missing, "check the remote's address with `git remote -v`, and that the token may see it")
        } else {
            (Fault::Unavailable, "read Git's words; the checkout is as it was")
        };
        let wanted = said.lines().map(|l| l.trim_start_matches("fatal: ").trim_start_matches("error: ").trim()).find(|l| !l.is_empty());
        let what = format!("Git cannot {doing}: {}", wanted.unwrap_or("it does not say why"));
        ForgeError { fault, what, remedy: remedy.into(), status: None, retry_at: None }.into()
    }
}

/// Names of settings of the checkout itself.
fn own(settings: &[(String, String)]) -> impl Iterator<Item = &str> {
    settings.iter().filter(|(scope, _)| scope == "local" || scope == "worktree").map(|(_, name)| name.as_str())
}

fn refused(what: &str, name: &str) -> Error {
    let what = format!("the checkout's own settings {what}: {name}");
    let remedy = format!("look at it with `git config --local {name}`; if it is yours, move it to your settings with `--global`");
    ForgeError { fault: Fault::Permission, what, remedy, status: None, retry_at: None }.into()
}

/// A token as Git sends it.
fn basic(token: &Token) -> String {
    BASE64.encode(format!("x-access-token:{}", token.secret()))
}

/// What was printed, without the line break at its end.
fn line(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim_end_matches(['\n', '\r']).to_owned()
}

fn failed(doing: &str, why: &str) -> Error {
    let remedy = "check that Git is installed and the checkout is whole; it is as it was".into();
    ForgeError { fault: Fault::Unavailable, what: format!("Git cannot {doing}: {why}"), remedy, status: None, retry_at: None }.into()
}

fn missing(remote: &str, branch: &str) -> Error {
    let what = format!("{remote} has no branch {branch}");
    ForgeError { fault: Fault::Missing, what, remedy: "check the branch's name".into(), status: None, retry_at: None }.into()
}
