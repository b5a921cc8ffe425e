//! The Compose CLI as a judge: `config` in an empty environment, without network or engine.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How often a run is repeated with one more of the files that Compose misses.
const MAX_STUBS: usize = 64;

/// A Compose CLI that answered.
#[derive(Clone, Debug)]
pub struct Cli {
    program: &'static str,
    subcommand: Option<&'static str>,
}

impl Cli {
    /// `docker compose` or `docker-compose`, if one of them runs.
    pub fn find() -> Option<Self> {
        let known = [Self { program: "docker", subcommand: Some("compose") }, Self { program: "docker-compose", subcommand: None }];
        known.into_iter().find(|cli| {
            let version = cli.command(Path::new("/nowhere")).args(["version", "--short"]).output();
            version.is_ok_and(|output| output.status.success())
        })
    }

    /// A command that sees nothing of this process's environment but where programs are.
    fn command(&self, home: &Path) -> Command {
        let mut command = Command::new(self.program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", home).env("DOCKER_CONFIG", home).env("DOCKER_HOST", "unix:///nonexistent.sock");
        command.env("COMPOSE_EXPERIMENTAL_GIT_REMOTE", "false").env("COMPOSE_EXPERIMENTAL_OCI_REMOTE", "false");
        command.env("COMPOSE_DISABLE_ENV_FILE", "1");
        command.args(self.subcommand);
        command
    }
}

/// A copy of a project's files in a temporary place, for Compose to read.
pub struct Mirror {
    top: tempfile::TempDir,
    /// The folder that all files are in, where they really are.
    origin: PathBuf,
}

impl Mirror {
    /// An empty mirror of the files below `origin`.
    pub fn new(origin: &Path) -> std::io::Result<Self> {
        Ok(Self { top: tempfile::tempdir()?, origin: origin.to_owned() })
    }

    /// Where a path of the project is in the mirror; `None` outside of it.
    fn place(&self, path: &Path) -> Option<PathBuf> {
        // Deep enough for the `..` of paths that lead out of the project.
        Some(self.top.path().join("a/b/c/d").join(path.strip_prefix(&self.origin).ok()?))
    }

    /// Puts a file's text in.
    pub fn put(&self, path: &Path, text: &str) -> std::io::Result<()> {
        let Some(place) = self.place(path) else { return Ok(()) };
        if let Some(folder) = place.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(place, text)
    }

    /// The project as Compose sees it, as JSON: every profile, every resource, these variables and no others. `None` when Compose does not
    /// load it. What Compose says is kept back, as it may hold values of the environment.
    pub fn config(&self, cli: &Cli, layers: &[PathBuf], folder: &Path, env: &HashMap<String, String>) -> Option<String> {
        let home = self.top.path().join("home");
        for _ in 0..MAX_STUBS {
            let mut command = cli.command(&home);
            command.envs(env.iter().filter(|(name, value)| !is_ours(name) && !name.contains('=') && !value.contains('\0')));
            let here = self.place(folder)?;
            command.args(["-p", "case", "--profile", "*", "--all-resources", "--project-directory"]).arg(&here).current_dir(&here);
            for layer in layers {
                command.arg("-f").arg(self.place(layer)?);
            }
            let output = command.args(["config", "--format", "json", "--no-path-resolution"]).output().ok()?;
            if output.status.success() {
                return String::from_utf8(output.stdout).ok();
            }
            if !self.stub(&here, &String::from_utf8_lossy(&output.stderr)) {
                return None;
            }
        }
        None
    }

    /// Makes an empty file where Compose misses an env or label file: it must be there, and what is in it does not matter.
    fn stub(&self, here: &Path, complaint: &str) -> bool {
        let named = ["env file ", "label file "].iter().find_map(|kind| complaint.split(kind).nth(1));
        let Some(path) = named.and_then(|rest| rest.split(" not found").next()).map(|path| here.join(path)) else { return false };
        let is_inside = path.starts_with(self.top.path()) && !path.exists() && !path.components().any(|c| c.as_os_str() == "..");
        is_inside && path.parent().is_some_and(|folder| std::fs::create_dir_all(folder).is_ok()) && std::fs::write(&path, "").is_ok()
    }
}

/// Whether a variable says how Compose runs here, which a project's variables must not.
fn is_ours(name: &str) -> bool {
    ["PATH", "HOME"].contains(&name) || ["COMPOSE_", "DOCKER_"].iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn variables_of_a_project_may_begin_as_ours_do() {
        for name in ["PATH", "HOME", "COMPOSE_FILE", "DOCKER_HOST"] {
            assert!(is_ours(name), "{name}");
        }
        for name in ["PATHOLOGY", "HOMEPAGE", "HOME_DIR", "COMPOSER", "DOCKERFILE"] {
            assert!(!is_ours(name), "{name}");
        }
    }
}
