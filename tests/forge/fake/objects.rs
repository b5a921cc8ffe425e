//! A real bare repository, so that Git itself judges what was written.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Files of a commit: mode, path, bytes.
pub(crate) type Files<'a> = [(&'a str, &'a str, &'a [u8])];

/// A bare repository in a temporary place.
pub(crate) struct Objects {
    top: TempDir,
}

impl Objects {
    /// An empty repository.
    pub(crate) fn new() -> Self {
        let objects = Self { top: tempfile::tempdir().unwrap() };
        objects.git(&["init", "--quiet", "--bare", "--initial-branch=main", "."], b"").unwrap();
        for setting in ["http.receivepack=true", "receive.advertisePushOptions=true", "core.logAllRefUpdates=false"] {
            let (name, value) = setting.split_once('=').unwrap();
            objects.git(&["config", name, value], b"").unwrap();
        }
        objects
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.top.path().to_owned()
    }

    /// What Git prints, or what it complains about.
    pub(crate) fn git(&self, args: &[&str], input: &[u8]) -> Result<Vec<u8>, String> {
        git_in(self.top.path(), args, input)
    }

    /// The one line that Git prints.
    pub(crate) fn line(&self, args: &[&str], input: &[u8]) -> Result<String, String> {
        self.git(args, input).map(|bytes| String::from_utf8(bytes).unwrap().trim_end().to_owned())
    }

    /// The commit that a branch is at.
    pub(crate) fn tip(&self, branch: &str) -> Option<String> {
        self.line(&["rev-parse", "--verify", "--quiet", &format!("refs/heads/{branch}")], b"").ok()
    }

    /// Puts a commit with some files on a branch, as a person would; the other files stay.
    pub(crate) fn commit(&self, branch: &str, files: &Files, message: &str) -> String {
        let parent = self.tip(branch);
        let below = parent.as_ref().map(|p| self.line(&["rev-parse", &format!("{p}^{{tree}}")], b"").unwrap());
        let entries: Vec<(String, String, String)> = files
            .iter()
            .map(|(mode, path, bytes)| {
                ((*mode).to_owned(), (*path).to_owned(), self.line(&["hash-object", "-w", "--stdin"], bytes).unwrap())
            })
            .collect();
        let tree = self.tree(below.as_deref(), &entries).unwrap();
        let parents: Vec<String> = parent.clone().into_iter().collect();
        let id = self.commit_tree(&tree, &parents, message).unwrap();
        self.git(&["update-ref", &format!("refs/heads/{branch}"), &id, &parent.unwrap_or("0".repeat(40))], b"").unwrap();
        id
    }

    /// Stores a tree: another one with entries (mode, path, id) on top.
    pub(crate) fn tree(&self, below: Option<&str>, entries: &[(String, String, String)]) -> Result<String, String> {
        let index = self.top.path().join("fake-index");
        let _ = std::fs::remove_file(&index);
        let flag = format!("--work-tree={}", self.top.path().display());
        let run = |args: &[&str], input: &[u8]| {
            let mut all = vec![flag.as_str()];
            all.extend(args);
            run(Command::new("git").args(&all).current_dir(self.top.path()).env("GIT_INDEX_FILE", &index), input)
        };
        match below {
            Some(tree) => run(&["read-tree", tree], b"")?,
            None => run(&["read-tree", "--empty"], b"")?,
        };
        let lines: String = entries.iter().map(|(mode, path, id)| format!("{mode} {id}\t{path}\0")).collect();
        run(&["update-index", "-z", "--index-info"], lines.as_bytes())?;
        Ok(String::from_utf8(run(&["write-tree"], b"")?).unwrap().trim_end().to_owned())
    }

    /// Stores a commit.
    pub(crate) fn commit_tree(&self, tree: &str, parents: &[String], message: &str) -> Result<String, String> {
        let mut args = vec!["commit-tree"];
        parents.iter().for_each(|parent| args.extend(["-p", parent.as_str()]));
        args.extend(["-F", "-", tree]);
        self.line(&args, message.as_bytes())
    }

    /// Git's own opinion of all objects and references.
    pub(crate) fn assert_sound(&self) {
        let said = self.git(&["fsck", "--full", "--strict"], b"").unwrap();
        assert!(!String::from_utf8_lossy(&said).contains("error"), "{}", String::from_utf8_lossy(&said));
    }
}

/// What Git prints in a folder, or what it complains about.
pub(crate) fn git_in(folder: &Path, args: &[&str], input: &[u8]) -> Result<Vec<u8>, String> {
    run(Command::new("git").args(args).current_dir(folder), input)
}

fn run(command: &mut Command, input: &[u8]) -> Result<Vec<u8>, String> {
    let identity = [("NAME", "Person"), ("EMAIL", "person@example.org"), ("DATE", "2024-05-06T07:08:09Z")];
    for (name, value) in identity {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.success() { Ok(output.stdout) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
