//! Runs the program as a person would, in a project folder of its own and with nothing of the tester's environment, and compares
//! what it said with a text in `snapshots/`. `ROFS_UPDATE=1` writes those texts anew; `git diff` then is the review.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// What stands in texts for the path of the project folder, and for that of the folder around it.
const PLACES: [&str; 2] = ["[PROJECT]", "[OUTSIDE]"];

/// The whole environment that the program gets, but for what a test adds. Anything else that it reads would be an accident: a colour
/// setting, `CI`, or variables of Docker, Compose and GitHub.
pub(crate) const ENVIRONMENT: [(&str, &str); 2] = [("TERM", "xterm-256color"), ("LANG", "C.UTF-8")];

/// The built program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_rofs-harden");

/// A project folder in a temporary place.
pub(crate) struct Folder {
    /// Holds the project, so that a sibling of it can be outside.
    top: TempDir,
    path: PathBuf,
}

impl Folder {
    /// A folder with these files.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let top = tempfile::tempdir().unwrap();
        let path = fs::canonicalize(top.path()).unwrap().join("project");
        fs::create_dir(&path).unwrap();
        let folder = Self { top, path };
        files.iter().for_each(|(name, text)| folder.put(name, text));
        folder
    }

    /// A project of one `compose.yaml`.
    pub(crate) fn compose(text: &str) -> Self {
        Self::new(&[("compose.yaml", text)])
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that the project folder is in.
    pub(crate) fn outside(&self) -> &Path {
        self.top.path()
    }

    /// Writes a file.
    pub(crate) fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A file's text.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path.join(name)).unwrap()
    }

    /// Every file below the top folder with its bytes and time of change: equal before and after if nothing was written.
    pub(crate) fn state(&self) -> Vec<(PathBuf, Vec<u8>, std::time::SystemTime)> {
        let mut found = Vec::new();
        let mut folders = vec![self.top.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let (path, about) = entry.map(|e| (e.path(), e.metadata().unwrap())).unwrap();
                if about.is_dir() {
                    folders.push(path.clone());
                }
                let bytes = if about.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
                found.push((path, bytes, about.modified().unwrap()));
            }
        }
        found.sort();
        found
    }

    /// Runs the program here with nobody at the keyboard.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, &[], "")
    }

    /// Runs the program here with more environment and a text at standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Run {
        let mut command = self.command(PROGRAM);
        command.args(arguments).envs(environment.iter().copied());
        self.finish(command, arguments, input)
    }

    /// A command in this folder that sees nothing of the tester's environment.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.path).env_clear().envs(ENVIRONMENT);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Gives a command its input and waits for its end.
    pub(crate) fn finish(&self, mut command: Command, arguments: &[&str], input: &str) -> Run {
        let mut child = command.spawn().unwrap();
        // A program that fails before it reads has closed its end already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { command: arguments.join(" "), code: status.code(), out: text(stdout), err: text(stderr), place: self.path.clone() }
    }
}

/// What a run of the program gave.
#[derive(Debug)]
pub(crate) struct Run {
    command: String,
    /// The exit status; none after a signal.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    place: PathBuf,
}

impl Run {
    /// All of it as one text for people and for comparison.
    pub(crate) fn text(&self) -> String {
        let code = self.code.map_or("signal".to_owned(), |c| c.to_string());
        let mut text = format!("$ rofs-harden {}\n", self.command);
        for (name, part) in [("stdout", &self.out), ("stderr", &self.err)] {
            if !part.is_empty() {
                text += &format!("--- {name}\n{part}");
                text += if part.ends_with('\n') { "" } else { "\n(no newline at the end)\n" };
            }
        }
        text += &format!("--- exit {code}\n");
        let paths = [self.place.as_path(), self.place.parent().unwrap()];
        paths.iter().zip(PLACES).fold(text, |text, (path, place)| text.replace(path.to_str().unwrap(), place))
    }

    /// Expects an exit status and gives the run on.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.text());
        self
    }

    /// Compares the run with `snapshots/NAME.txt`.
    #[track_caller]
    pub(crate) fn is_as_in(&self, name: &str) {
        golden(&format!("{name}.txt"), &self.text());
    }
}

/// Compares a text with the file `snapshots/NAME`, or writes that file if `ROFS_UPDATE=1`.
#[track_caller]
pub(crate) fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(name);
    if std::env::var_os("ROFS_UPDATE").is_some_and(|v| v == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if expected != text {
        let diff = similar::TextDiff::from_lines(expected.as_str(), text);
        let diff = diff.unified_diff().header(&format!("snapshots/{name}"), "now").to_string();
        panic!("not as before (ROFS_UPDATE=1 writes it anew):\n{diff}");
    }
}

/// Expects that the folder `snapshots/NAME` holds exactly these texts, so that none is left over from a test that is gone.
#[track_caller]
pub(crate) fn golden_folder_holds(name: &str, names: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(name);
    let mut found: Vec<String> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    let mut expected: Vec<String> = names.iter().map(|n| format!("{n}.txt")).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "snapshots/{name}");
}
