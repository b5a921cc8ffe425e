//! The example on a real engine: what the tool adds is enough for it, and less is not. The verbs that need an engine have modules below.
//!
//! `.ci/example-image` and `.ci/test-images` make the images. Without them or without an engine these tests are skipped, unless
//! `ROFS_REQUIRE_ENGINE` is set.

mod broken;
mod capabilities;
mod edges;
mod ends;
mod far;
mod faults;
mod image;
mod judge;
mod kinds;
mod lives;
mod moving;
mod observe;
mod podman;
mod running;
mod second;
pub(crate) mod stand;
mod weak;

use crate::oracle::{Compose, skipped};
use crate::pipe::{harden, selection};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const IMAGE: &str = "rofs-example-node-api:1";

/// Asks the server inside its own container, since a published port could be taken, and prints what it answered.
const ASK: &str = r#"
const [path, memo] = process.argv.slice(1);
const ask = async (left) => {
  try {
    const answer = await fetch("http://127.0.0.1:3000" + path, memo === undefined ? {} : { method: "POST", body: memo });
    console.log(JSON.stringify({ status: answer.status, ...(await answer.json()) }));
  } catch (error) {
    if (left === 0) throw error;
    setTimeout(() => ask(left - 1), 100);
  }
};
ask(100);
"#;

/// A project on the engine, removed with its volumes in the end.
struct Stack {
    /// Other tests look at all that is on the engine.
    _lock: std::sync::RwLockReadGuard<'static, ()>,
    compose: Compose,
    folder: tempfile::TempDir,
    project: String,
}

impl Stack {
    /// Starts the example with `file` in place of its Compose file; `None` where that cannot be tried.
    fn start(name: &str, file: &str) -> Option<Self> {
        let compose = Compose::find()?;
        let inspected = Command::new("docker").args(["image", "inspect", IMAGE]).output();
        if !inspected.is_ok_and(|o| o.status.success()) {
            skipped(&format!("no engine with the image {IMAGE}"), "ROFS_REQUIRE_ENGINE");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("compose.yaml"), file).expect("written");
        let other =
            format!("services:\n  api:\n    build: !reset null\n    image: {IMAGE}\n    ports: !reset []\n    restart: !reset null\n");
        fs::write(folder.path().join("compose.override.yaml"), other).expect("written");
        let stack = Self { _lock: stand::shared(), compose, folder, project: format!("rofs-test-{name}-{}", std::process::id()) };
        stack.run(&["up", "-d"]);
        Some(stack)
    }

    fn output(&self, args: &[&str]) -> Output {
        let mut command = Command::new(self.compose.program());
        command.current_dir(self.folder.path()).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", self.folder.path());
        command.envs(std::env::var_os("DOCKER_HOST").map(|host| ("DOCKER_HOST", host)));
        command.args(["--progress", "quiet", "-p", &self.project]).args(args).output().expect("Compose runs")
    }

    /// Runs Compose and returns what it printed.
    fn run(&self, args: &[&str]) -> String {
        let output = self.output(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    fn node(&self, script: &str, args: &[&str]) -> String {
        self.run(&[&["exec", "-T", "api", "node", "-e", script], args].concat())
    }

    fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.node(ASK, &[path])).expect("JSON")
    }

    fn post(&self, memo: &str) -> Value {
        serde_json::from_str(&self.node(ASK, &["/memo", memo])).expect("JSON")
    }

    fn memos(&self) -> String {
        self.node("process.stdout.write(require('fs').readFileSync('/data/memo.txt', 'utf8'))", &[])
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // A failure here must not hide the test's own.
        let output = self.output(&["down", "-v", "-t", "0", "--remove-orphans"]);
        if !output.status.success() {
            eprintln!("{} stays: {}", self.project, String::from_utf8_lossy(&output.stderr));
        }
    }
}

fn example() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/node-api/compose.yaml")).expect("readable")
}

#[test]
fn the_hardened_example_works_and_keeps_its_data() {
    let hardened = harden(example().as_bytes(), &selection(&["node"], &[])).expect("hardens");
    let Some(stack) = Stack::start("hardened", &hardened.after) else { return };
    assert_eq!(stack.get("/health")["status"], 200);
    assert_eq!(stack.post("first")["status"], 201);
    let denied = stack.node("try { require('fs').writeFileSync('/app/x', '') } catch (error) { console.log(error.code) }", &[]);
    assert_eq!(denied.trim(), "EROFS", "the root is read-only");

    stack.run(&["restart", "-t", "0"]);
    assert_eq!(stack.post("second")["status"], 201, "writable after a restart too");
    stack.run(&["down", "-t", "0"]);
    stack.run(&["up", "-d"]);
    assert_eq!(stack.post("third")["status"], 201);
    assert_eq!(stack.memos(), "first\nsecond\nthird\n", "the volume outlives its container");
}

#[test]
fn each_part_of_the_hardening_is_needed() {
    let whole = harden(example().as_bytes(), &selection(&["node"], &[])).expect("hardens").after;
    let without_mounts = whole.split("    tmpfs:").next().expect("text").to_owned();
    let without_volume = whole.split("    volumes:").next().expect("text").to_owned();
    for (name, file, lacking) in [("bare", without_mounts, "/tmp"), ("tmpfs", without_volume, "/data")] {
        assert!(file.contains("read_only: true") && file.len() < whole.len(), "{name}:\n{file}");
        let Some(stack) = Stack::start(name, &file) else { return };
        assert_eq!(stack.get("/health")["status"], 200, "{name}: it starts all the same");
        let answer = stack.post("memo");
        assert_eq!((&answer["status"], &answer["code"]), (&500.into(), &"EROFS".into()), "{name}: {answer}");
        assert!(answer["error"].as_str().is_some_and(|e| e.contains(lacking)), "{name}: {answer}");
    }
}
