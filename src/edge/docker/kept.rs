//! What the containers of a project hold at a path: asked of the engine, with nothing started or changed.

use super::{Docker, Running, command};
use crate::edge::{disk, stop};
use crate::error::{Error, Result};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long the engine may take until it counts as not there.
const MOMENT: Duration = Duration::from_secs(1);

/// How long the files of one path are counted.
const COUNTING: Duration = Duration::from_secs(3);

/// Files of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Name of the service.
    pub service: String,
    /// Name of the project, as it was started.
    pub project: String,
    /// Name of the container.
    pub container: String,
    /// Where they lie in it.
    pub path: String,
    /// How many bytes they have together.
    pub bytes: u64,
    /// Whether there are more, which were not counted.
    pub is_more: bool,
}

/// What the containers of the project that these files make hold at these paths of services. Nothing where no engine answers in a moment.
///
/// Errors: [`Error::Interrupted`] after Ctrl-C.
pub fn kept(files: &[PathBuf], wanted: &[(String, String)]) -> Result<Vec<Kept>> {
    let docker = Docker { engine: String::new(), interrupted: stop::watch().map_err(Error::Engine)? };
    let answer = |args: &[&str]| -> Result<Option<String>> {
        match Running::start(command(args), None).and_then(|running| running.wait(&docker, MOMENT)) {
            Ok(answer) if answer.status.success() => Ok(Some(String::from_utf8_lossy(&answer.stdout).into_owned())),
            Err(Error::Interrupted) => Err(Error::Interrupted),
            Ok(_) | Err(_) => Ok(None),
        }
    };
    let label = |name: &str| format!("{{{{.Label \"com.docker.compose.{name}\"}}}}");
    let names = ["project.config_files", "oneoff", "service", "project"].map(label).join("\t");
    let format = format!("{{{{.ID}}}}\t{{{{.Names}}}}\t{names}");
    let listed = answer(&["ps", "--all", "--no-trunc", "--filter", "label=com.docker.compose.project", "--format", &format])?;
    let mut found = Vec::new();
    for line in listed.unwrap_or_default().lines() {
        let [id, container, layers, oneoff, service, project] = line.split('\t').collect::<Vec<_>>()[..] else { continue };
        let is_ours = layers.split(',').any(|layer| disk::real_path(Path::new(layer)).is_some_and(|layer| files.contains(&layer)));
        if !is_ours || oneoff == "True" {
            continue;
        }
        for (_, path) in wanted.iter().filter(|(name, _)| name == service) {
            let mounts = answer(&["inspect", "--format", "{{range .Mounts}}{{println .Destination}}{{end}}", id])?.unwrap_or_default();
            let is_below = |path: &str, folder: &str| path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
            // What the image brings, the new volume has as well.
            let is_own = mounts.lines().any(|mount| is_below(path, mount))
                || docker.diff(id)?.iter().any(|(kind, changed)| *kind != 'D' && changed != path && is_below(changed, path));
            if !is_own {
                continue;
            }
            let (bytes, files, is_more) = docker.count(id, path)?;
            if files > 0 {
                let [service, project, container, path] = [service, project, container, path].map(str::to_owned);
                found.push(Kept { service, project, container, path, bytes, is_more });
            }
        }
    }
    Ok(found)
}

impl Docker {
    /// Bytes and number of the files below a path, and whether there are more.
    pub(super) fn count(&self, container: &str, path: &str) -> Result<(u64, u64, bool)> {
        let (mut bytes, mut files, mut is_more) = (0, 0, false);
        let since = Instant::now();
        let counted = self.stream(&["cp", &format!("{container}:{path}/."), "-"], |stream| {
            let broken = |e: std::io::Error| Error::Engine(e.to_string());
            for entry in tar::Archive::new(BufReader::with_capacity(1 << 18, stream)).entries().map_err(broken)? {
                self.go_on()?;
                let entry = entry.map_err(broken)?;
                if !entry.header().entry_type().is_dir() {
                    bytes += entry.size();
                    files += 1;
                }
                if since.elapsed() > COUNTING {
                    is_more = true;
                    break;
                }
            }
            Ok(())
        });
        match counted {
            Err(Error::Interrupted) => Err(Error::Interrupted),
            // A stream that is not read to its end is a failure for `docker`; where there is no such path, nothing was counted.
            Ok(()) | Err(_) => Ok((bytes, files, is_more)),
        }
    }
}
