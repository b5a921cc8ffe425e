//! The repository that Git works in: a bare one of our own in a temporary folder, with settings that we wrote. It sees the objects of
//! the checkout, which hold no programs, and nothing else of it. The person's own settings hold, with their credentials and programs.

use super::checkout::Checkout;
use super::words::{explained, failed};
use crate::edge::forge::Token;
use crate::edge::stop;
use crate::error::Result;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Nothing runs but Git, nothing happens on the side, and no file of this machine is a remote. Other repositories that are named as
/// stores of objects are not asked for their references: Git would run in them, with their settings.
const SETTINGS: &str = "\
[core]
	repositoryFormatVersion = 1
	bare = true
	fsmonitor = false
	hooksPath = /dev/null
	untrackedCache = false
	askPass =
	quotePath = false
	alternateRefsCommand = true
	logAllRefUpdates = false
[protocol \"ext\"]
	allow = never
[protocol \"file\"]
	allow = never
[push]
	followTags = false
	gpgSign = false
	recurseSubmodules = no
[fetch]
	recurseSubmodules = no
[submodule]
	recurse = false
[gc]
	auto = 0
[maintenance]
	auto = false
[transfer]
	bundleURI = false
[i18n]
	commitEncoding = UTF-8
[extensions]
	objectFormat = ";

/// Variables that would lead Git to another repository or to other files, as they do within a hook.
const ELSEWHERE: [&str; 11] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_ATTR_SOURCE",
];

/// A repository of our own, which goes with this value.
#[derive(Debug)]
pub(super) struct Store {
    folder: TempDir,
    /// The same folder as Git is told it, see [`Store::known_as`].
    path: PathBuf,
    pub(super) token: Option<Token>,
}

impl Store {
    /// A repository that sees the objects of a checkout.
    pub(super) fn over(checkout: &Checkout, token: Option<Token>) -> Result<Self> {
        checkout.expect_files()?;
        let folder = tempfile::Builder::new().prefix("rofs-harden-").tempdir().map_err(|e| failed("make a repository", &e.to_string()))?;
        let real = fs::canonicalize(folder.path()).map_err(|e| failed("make a repository", &e.to_string()))?;
        let store = Self { path: Self::known_as(checkout, &real), folder, token };
        let format = match store.setting(checkout, "extensions.objectFormat")?.as_deref() {
            Some("sha256") => "sha256",
            _ => "sha1",
        };
        store.fill(checkout, format).map_err(|e| failed("make a repository", &e.to_string()))?;
        Ok(store)
    }

    fn fill(&self, checkout: &Checkout, format: &str) -> std::io::Result<()> {
        let folder = self.folder.path();
        fs::create_dir_all(folder.join("objects/info"))?;
        fs::create_dir_all(folder.join("refs"))?;
        fs::write(folder.join("objects/info/alternates"), quoted(&self.seen(checkout)?))?;
        fs::write(folder.join("config"), format!("{SETTINGS}{format}\n"))?;
        fs::write(folder.join("HEAD"), "ref: refs/heads/none\n")
    }

    /// A folder that leads to the objects of a checkout, without its `info`, where it may name other repositories whose objects would be
    /// seen as well.
    #[cfg(unix)]
    fn seen(&self, checkout: &Checkout) -> std::io::Result<PathBuf> {
        let seen = self.folder.path().join("seen");
        fs::create_dir(&seen)?;
        for entry in fs::read_dir(checkout.objects())? {
            let entry = entry?;
            let name = entry.file_name();
            let is_of_objects = name == "pack" || name.len() == 2;
            if is_of_objects {
                std::os::unix::fs::symlink(entry.path(), seen.join(name))?;
            }
        }
        Ok(seen)
    }

    #[cfg(not(unix))]
    #[allow(clippy::unused_self, reason = "links need rights there, so the folder itself is seen")]
    fn seen(&self, checkout: &Checkout) -> std::io::Result<PathBuf> {
        Ok(checkout.objects())
    }

    /// The folder by a way that begins at the checkout: `/home/me/work/shop/.git/../../../../../tmp/x`. A person's settings may hold for
    /// repositories below a folder only (`includeIf "gitdir:~/work/"`), and Git looks at the way that it was told.
    fn known_as(checkout: &Checkout, real: &Path) -> PathBuf {
        if cfg!(not(unix)) {
            // Two drives have no way to each other.
            return real.to_owned();
        }
        let mut path = checkout.folder.clone();
        path.extend(checkout.folder.components().skip(1).map(|_| ".."));
        path.extend(real.components().skip(1));
        path
    }

    /// A place for a file of Git's.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The value that a checkout's settings have for a name, of which Git reads no other. Where there are several, it is the first one.
    pub(super) fn setting(&self, checkout: &Checkout, name: &str) -> Result<Option<String>> {
        let Some(settings) = checkout.settings() else { return Ok(None) };
        let mut command = self.command(["config", "--file"]);
        command.arg(settings).args(["--no-includes", "--null", "--get-all", name]);
        // Outside of any repository, as it is not about this one.
        command.env("GIT_DIR", self.folder.path().join("none")).current_dir(self.folder.path());
        let output = self.run(command, None, "read a setting")?;
        match output.status.code() {
            Some(0) => Ok(text(&output).split('\0').next().map(str::to_owned)),
            // There is none.
            Some(1) => Ok(None),
            _ => Err(self.failure("read a setting", &String::from_utf8_lossy(&output.stderr))),
        }
    }

    /// A call of Git in this repository.
    pub(super) fn command(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new("git");
        command.args(["--no-pager", "--literal-pathspecs"]).args(args).current_dir(self.folder.path()).stdin(Stdio::null());
        for variable in ELSEWHERE {
            command.env_remove(variable);
        }
        command.env("GIT_DIR", &self.path);
        // Messages are read, questions never asked, and what is missing is not fetched behind our back.
        command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "").env("SSH_ASKPASS_REQUIRE", "never");
        command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_NO_REPLACE_OBJECTS", "1").env("GIT_NO_LAZY_FETCH", "1");
        command
    }

    /// Runs it, whatever it answers.
    ///
    /// Errors: it cannot be run; [`crate::error::Error::Interrupted`] after Ctrl-C, which ends Git as well.
    pub(super) fn run(&self, command: Command, input: Option<&[u8]>, doing: &str) -> Result<Output> {
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
                return Err(self.failure(doing, &format!("{e}: {}", String::from_utf8_lossy(&output.stderr))));
            }
        }
        child.wait_with_output().map_err(|e| failed(doing, &e.to_string()))
    }

    /// Runs it, and it succeeds.
    pub(super) fn good(&self, command: Command, input: Option<&[u8]>, doing: &str) -> Result<Output> {
        let output = self.run(command, input, doing)?;
        if output.status.success() { Ok(output) } else { Err(self.failure(doing, &String::from_utf8_lossy(&output.stderr))) }
    }

    /// The one line that it prints.
    pub(super) fn text(&self, command: Command, input: Option<&[u8]>, doing: &str) -> Result<String> {
        Ok(line(&self.good(command, input, doing)?))
    }

    /// What Git's words mean.
    pub(super) fn failure(&self, doing: &str, said: &str) -> crate::error::Error {
        explained(self.token.as_ref(), doing, said)
    }
}

/// A path as Git's list of stores has it, whatever is in its name.
fn quoted(path: &Path) -> Vec<u8> {
    let mut line = vec![b'"'];
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'"' | b'\\' => line.extend([b'\\', *byte]),
            b'\n' => line.extend(b"\\n"),
            _ => line.push(*byte),
        }
    }
    line.extend(b"\"\n");
    line
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What was printed, without the line break at its end.
pub(super) fn line(output: &Output) -> String {
    text(output).trim_end_matches(['\n', '\r']).to_owned()
}
