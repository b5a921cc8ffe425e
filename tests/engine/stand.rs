//! What tests of the engine have in common.

use crate::oracle::skipped;
use crate::support::{Folder, PROGRAM, Run};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Tests that look at all that is on the engine have it for themselves.
static ENGINE: RwLock<()> = RwLock::new(());

/// An engine with the images of `.ci/test-images`, and a place of its own to write trials down.
pub(crate) struct Stand {
    pub(crate) folder: Folder,
    _guard: Guard,
}

enum Guard {
    Shared { _lock: RwLockReadGuard<'static, ()> },
    Alone { _lock: RwLockWriteGuard<'static, ()> },
}

/// A share of the engine, for as long as the answer is kept.
pub(crate) fn shared() -> RwLockReadGuard<'static, ()> {
    ENGINE.read().unwrap_or_else(PoisonError::into_inner)
}

impl Stand {
    /// A stand for a project that needs these images; `None` where they are not there.
    pub(crate) fn new(images: &[&str], compose: &str) -> Option<Self> {
        Self::with(images, compose, Guard::Shared { _lock: shared() })
    }

    /// The same, with nothing else going on.
    pub(crate) fn alone(images: &[&str], compose: &str) -> Option<Self> {
        let lock = ENGINE.write().unwrap_or_else(PoisonError::into_inner);
        Self::with(images, compose, Guard::Alone { _lock: lock })
    }

    fn with(images: &[&str], compose: &str, guard: Guard) -> Option<Self> {
        for image in images {
            let found = Command::new("docker").args(["image", "inspect", image]).output();
            if !found.is_ok_and(|o| o.status.success()) {
                skipped(&format!("no engine with the image {image}"), "ROFS_REQUIRE_ENGINE");
                return None;
            }
        }
        Some(Self { folder: Folder::compose(compose), _guard: guard })
    }

    /// Copies a folder of `tests/engine` beside the Compose file.
    pub(crate) fn copy(&self, from: &str) {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine").join(from);
        for entry in fs::read_dir(from).expect("a folder") {
            let path = entry.expect("readable").path();
            // With its mode: some are programs.
            fs::copy(&path, self.folder.path().join(path.file_name().expect("a name"))).expect("a file");
        }
    }

    /// The program as a person with this engine would run it.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.folder.command(PROGRAM);
        command.args(args).envs(self.environment());
        command
    }

    /// What it needs to find the engine.
    pub(crate) fn environment(&self) -> Vec<(&'static str, std::ffi::OsString)> {
        let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
        let mut all = vec![("PATH", std::env::var_os("PATH").unwrap_or_default())];
        all.push(("DOCKER_CONFIG", std::env::var_os("DOCKER_CONFIG").unwrap_or_else(|| home.join(".docker").into())));
        all.extend(std::env::var_os("DOCKER_HOST").map(|host| ("DOCKER_HOST", host)));
        all.push(("XDG_STATE_HOME", self.folder.outside().join("state").into()));
        all
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.folder.finish(self.command(args), args, "")
    }

    /// The verdicts of a run that prints JSON: service, verdict, why, details.
    pub(crate) fn verdicts(&self, args: &[&str]) -> Vec<(String, String, String, String)> {
        let run = self.run(&[&["verify", "--json"], args].concat());
        let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {run:?}"));
        let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let details =
            |row: &Value| row["details"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join("\n");
        let rows = report["services"].as_array().expect("services");
        rows.iter().map(|row| (text(row, "service"), text(row, "verdict"), text(row, "why"), details(row))).collect()
    }

    /// The one verdict of a project of one service.
    pub(crate) fn verdict(&self, args: &[&str]) -> (String, String, String) {
        let mut all = self.verdicts(args);
        assert_eq!(all.len(), 1, "{all:?}");
        let (_, verdict, why, details) = all.remove(0);
        (verdict, why, details)
    }

    /// Docker's answer.
    pub(crate) fn docker(&self, args: &[&str]) -> String {
        let output = self.folder.command("docker").args(args).envs(self.environment()).stdin(Stdio::null()).output().expect("docker runs");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// All containers, networks, volumes and images.
    pub(crate) fn everything(&self) -> BTreeSet<String> {
        let lists: [&[&str]; 4] = [
            &["ps", "-a", "--no-trunc", "--format", "container {{.ID}} {{.Names}} {{.Image}}"],
            &["network", "ls", "--no-trunc", "--format", "network {{.ID}} {{.Name}}"],
            &["volume", "ls", "--format", "volume {{.Name}}"],
            &["image", "ls", "-a", "--no-trunc", "--format", "image {{.ID}} {{.Repository}}:{{.Tag}}"],
        ];
        lists.iter().flat_map(|list| self.docker(list).lines().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// What is left of trials that this stand wrote down.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let label = format!("label=rofs-harden.trial={}", self.trials().display());
        let lists: [&[&str]; 3] = [&["ps", "-aq"], &["network", "ls", "-q"], &["volume", "ls", "-q"]];
        let mut found = Vec::new();
        for list in lists {
            found.extend(self.docker(&[list, &["--filter", label.as_str()]].concat()).lines().map(str::to_owned));
        }
        found.extend(fs::read_dir(self.trials()).into_iter().flatten().map(|e| e.expect("readable").path().display().to_string()));
        found
    }

    /// Where trials are written down.
    pub(crate) fn trials(&self) -> PathBuf {
        self.folder.outside().join("state/rofs-harden/trials")
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        let output = self.command(&["verify", "--clean"]).stdin(Stdio::null()).output();
        if !output.is_ok_and(|o| o.status.success()) {
            eprintln!("something of a test stays on the engine");
        }
    }
}
