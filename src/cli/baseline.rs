//! A baseline: a file that lists findings of a day, so that only new ones count from then on.
//!
//! It counts the findings of each rule in each service, and holds neither lines nor messages: these
//! change while the finding stays. Where there are more than it lists, nobody can say which are the
//! old ones, so that all of them count.

use crate::edge::disk;
use crate::error::{Error, Result};
use crate::report::data::{Finding, Project};
use crate::report::json::json;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// The version of the form.
const VERSION: u32 = 1;

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Baseline {
    version: u32,
    accepted: Vec<Accepted>,
}

/// Findings of one rule in one service.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    /// Path from the folder of the baseline.
    file: String,
    /// Empty where it is about the file.
    service: String,
    rule: String,
    count: usize,
}

/// File, service and rule.
type Key = (String, String, String);

impl Baseline {
    /// What is found now and not ignored otherwise.
    pub(super) fn of(path: &Path, projects: &[Project]) -> Self {
        let mut counts: BTreeMap<Key, usize> = BTreeMap::new();
        let folder = folder(path);
        for finding in projects.iter().flat_map(|p| &p.findings).filter(|f| f.ignored.is_none()) {
            *counts.entry(key(&folder, finding)).or_default() += 1;
        }
        let accepted = |((file, service, rule), count)| Accepted { file, service, rule, count };
        Self { version: VERSION, accepted: counts.into_iter().map(accepted).collect() }
    }

    /// How many findings it accepts.
    pub(super) fn sum(&self) -> usize {
        self.accepted.iter().map(|a| a.count).sum()
    }

    /// Reads the file. Errors: it is not there, or no baseline.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        let again = || Some("write it with --update-baseline".to_owned());
        let text = disk::read(path).map_err(|e| Error::Usage(format!("{e}: there is no baseline"), again()))?;
        let baseline: Self =
            serde_json::from_str(text.file().text()).map_err(|e| Error::Usage(format!("{name} is not a baseline: {e}"), again()))?;
        if baseline.version != VERSION {
            let what = format!("{name} is a baseline of version {}, not {VERSION}", baseline.version);
            return Err(Error::Usage(what, again()));
        }
        Ok(baseline)
    }

    /// Writes the file. Errors: it cannot be written.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let loaded = disk::read(path).or_else(|_| disk::absent(path))?;
        let text = json(self)?;
        disk::write_all(&[disk::Write { root: &folder(path), loaded: &loaded, after: &text }])
    }

    /// Marks what it accepts, and says how many of its findings are gone.
    pub(super) fn accept(self, path: &Path, projects: &mut [Project]) -> usize {
        let folder = folder(path);
        let found = Self::of(path, projects);
        let found: BTreeMap<Key, usize> = found.accepted.into_iter().map(|a| ((a.file, a.service, a.rule), a.count)).collect();
        let mut gone = 0;
        let mut accepted = BTreeMap::new();
        for entry in self.accepted {
            let key = (entry.file, entry.service, entry.rule);
            gone += entry.count.saturating_sub(found.get(&key).copied().unwrap_or(0));
            accepted.insert(key, entry.count);
        }
        let reason = format!("accepted by {}", path.display());
        for finding in projects.iter_mut().flat_map(|p| &mut p.findings).filter(|f| f.ignored.is_none()) {
            let key = key(&folder, finding);
            if accepted.get(&key) >= found.get(&key) {
                finding.ignored = Some(reason.clone());
            }
        }
        gone
    }
}

fn key(folder: &Path, finding: &Finding) -> Key {
    let file = absolute(Path::new(&finding.location.file));
    let file = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
    (file, finding.service.clone(), finding.rule.to_owned())
}

/// The folder that a baseline is in: where its paths start from, whatever the current folder is.
fn folder(path: &Path) -> PathBuf {
    absolute(path).parent().map_or_else(PathBuf::new, Path::to_owned)
}

/// A path from the root, without `.` and `..`, as it is written: links stay names.
fn absolute(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match part {
            Component::ParentDir => _ = plain.pop(),
            part => plain.push(part),
        }
    }
    plain
}
