//! What an image says of itself: its configuration, its folders, and what its start scripts plainly do. Nothing of it is run, so what
//! follows are candidates, each with its reason.

mod jobs;

pub use jobs::Job;

use super::engine::{Folder, Observation, Written, writable_paths};
use super::place::is_filled;
use super::scripts::{Deed, Start, deeds};
use super::{Confidence, Need, Reason, Source, Storage, WritablePath};
use crate::compose::{clean_path, is_at};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most scripts of one image that are read, and most candidates.
const MAX_SCRIPTS: usize = 40;
const MAX_CANDIDATES: usize = 100;
/// Most links on the way to a file.
const MAX_LINKS: usize = 16;
/// Folders of scripts that the usual entry points run one by one.
const SCRIPT_FOLDERS: [&str; 6] = [
    "/docker-entrypoint.d",
    "/docker-entrypoint-init.d",
    "/etc/cont-init.d",
    "/etc/services.d",
    "/etc/s6-overlay/s6-rc.d",
    "/etc/my_init.d",
];
/// Where programs are looked for if the image does not say.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What `docker image inspect` says of how an image is run.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ImageConfig {
    /// The user that it starts as; empty is root.
    pub user: String,
    env: Option<Vec<String>>,
    volumes: Option<BTreeMap<String, serde_json::Value>>,
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    working_dir: String,
    healthcheck: Option<Check>,
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Check {
    test: Option<Vec<String>>,
}

/// An image that is looked at.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// Its name, as it was asked for.
    pub name: String,
    /// How it is run.
    pub config: ImageConfig,
    /// Its folders.
    pub observed: Observation,
    /// Its files with their permission bits, folders left out.
    pub files: BTreeMap<String, u32>,
    /// Its symbolic links with what they name.
    pub links: BTreeMap<String, String>,
    /// The scripts of it that were read.
    pub scripts: BTreeMap<String, String>,
}

/// What follows from an image.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    /// Where it may have to write, each with why.
    pub paths: Vec<WritablePath>,
    /// What it writes where nothing can be mounted, and what to do about it.
    pub elsewhere: Vec<(String, String)>,
    /// What else is to be known.
    pub notes: Vec<String>,
}

impl Image {
    /// Scripts that must be read before it can be judged: those that are not yet in `scripts`.
    pub fn wanted(&self) -> Vec<String> {
        let mut wanted: BTreeSet<String> = BTreeSet::new();
        wanted.extend(self.start_words().first().and_then(|word| self.program(word)));
        let second = self.start_words().into_iter().skip(1).filter(|word| word.contains('/'));
        wanted.extend(second.filter_map(|word| self.program(&word)));
        let is_script = |path: &&String| SCRIPT_FOLDERS.iter().any(|folder| is_at(path, folder));
        wanted.extend(self.files.keys().filter(is_script).cloned());
        wanted.extend(self.job_files().cloned());
        for (path, text) in &self.scripts {
            let commands = self.commands_of(path, text);
            let texts = if jobs::is_of_jobs(path) { commands.into_iter().map(|(_, text)| text).collect() } else { vec![text.as_str()] };
            let runs = texts.into_iter().flat_map(|text| self.start(text).runs);
            wanted.extend(runs.filter_map(|word| self.program(&word)));
        }
        let left = MAX_SCRIPTS.saturating_sub(self.scripts.len());
        wanted.into_iter().filter(|path| !self.scripts.contains_key(path)).take(left).collect()
    }

    /// What follows from it for a service of which this is known.
    pub fn candidates(&self, service: &str, need: Option<&Need>) -> Candidates {
        let mut found = Finding { image: self, service, need, observed: self.observed.clone(), candidates: Candidates::default() };
        found.declared();
        let of_jobs: BTreeSet<String> = self.scripts_of_jobs();
        for (path, text) in self.scripts.iter().filter(|(path, text)| is_script(text) && !of_jobs.contains(*path)) {
            let start = self.start(text);
            for (line, text) in start.installs {
                let what = format!("{path}:{line} installs something as it starts (`{text}`), which needs a root that can be written");
                found.candidates.notes.push(what);
            }
            start.deeds.iter().for_each(|deed| found.deed(path, deed));
        }
        found.bases();
        found.variables();
        found.jobs();
        found.folders();
        let mut candidates = found.candidates;
        candidates.paths.truncate(MAX_CANDIDATES);
        candidates.elsewhere.truncate(MAX_CANDIDATES);
        candidates.notes.truncate(MAX_CANDIDATES);
        candidates
    }

    /// How it is run, for people.
    pub fn about(&self) -> Vec<String> {
        let words = |list: &Option<Vec<String>>| list.as_ref().map(|words| words.join(" ")).filter(|text| !text.is_empty());
        let user = if self.config.user.is_empty() { "root" } else { &self.config.user };
        let mut about = vec![format!("starts as {user}")];
        about.extend(words(&self.config.entrypoint).map(|text| format!("entry point: {text}")));
        about.extend(words(&self.config.cmd).map(|text| format!("command: {text}")));
        let check = self.config.healthcheck.as_ref().and_then(|check| words(&check.test));
        about.extend(check.map(|text| format!("health check: {text}")));
        let title = |name: &str| self.config.labels.as_ref()?.get(&format!("org.opencontainers.image.{name}")).cloned();
        let title: Vec<String> = ["title", "version", "source"].iter().filter_map(|name| title(name)).collect();
        if !title.is_empty() {
            about.push(format!("its labels call it {}", title.join(" ")));
        }
        let managers = [("apk", "/etc/apk"), ("apt", "/var/lib/dpkg"), ("dnf", "/etc/dnf"), ("zypper", "/etc/zypp")];
        let found: Vec<&str> = managers.iter().filter(|(_, folder)| self.has(folder)).map(|(name, _)| *name).collect();
        if !found.is_empty() {
            about.push(format!("package manager: {}", found.join(", ")));
        }
        about
    }

    fn has(&self, path: &str) -> bool {
        self.observed.folders.contains_key(path) || self.files.contains_key(path)
    }

    /// The words that it is started with.
    fn start_words(&self) -> Vec<String> {
        self.config.entrypoint.iter().chain(&self.config.cmd).flatten().cloned().collect()
    }

    fn env(&self) -> BTreeMap<String, String> {
        let pair = |text: &String| text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.config.env.iter().flatten().filter_map(pair).collect()
    }

    fn start(&self, text: &str) -> Start {
        deeds(text, &self.env(), if self.config.working_dir.is_empty() { "/" } else { &self.config.working_dir })
    }

    /// The file of a program, links followed.
    fn program(&self, word: &str) -> Option<String> {
        let env = self.env();
        let folders = env.get("PATH").map_or(PATH, String::as_str);
        let places: Vec<String> = if word.starts_with('/') {
            vec![word.to_owned()]
        } else {
            folders.split(':').map(|folder| format!("{folder}/{word}")).collect()
        };
        places.iter().map(|place| self.resolved(place)).find(|place| self.files.contains_key(place))
    }

    /// A path with the links of the image followed, as far as they are no circle.
    fn resolved(&self, path: &str) -> String {
        let mut path = clean_path(path);
        for _ in 0..MAX_LINKS {
            let ends: Vec<usize> = path.char_indices().skip(1).filter(|(_, c)| *c == '/').map(|(at, _)| at).chain([path.len()]).collect();
            let link = ends.into_iter().find_map(|end| self.links.get(&path[..end]).map(|target| (end, target)));
            let Some((end, target)) = link else { break };
            let above = path[..end].rsplit_once('/').map_or("", |(above, _)| above).to_owned();
            let target = if target.starts_with('/') { target.clone() } else { format!("{above}/{target}") };
            path = clean_path(&format!("{target}{}", &path[end..]));
        }
        path
    }
}

/// Whether a file is a script of a shell.
fn is_script(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.starts_with("#!")
        && ["sh", "bash", "ash", "dash", "with-contenv"]
            .iter()
            .any(|shell| first.trim_end().ends_with(shell) || first.contains(&format!("{shell} ")))
}

/// What was found so far.
struct Finding<'i> {
    image: &'i Image,
    service: &'i str,
    need: Option<&'i Need>,
    observed: Observation,
    candidates: Candidates,
}

impl Finding<'_> {
    /// Paths that the image declares as volumes.
    fn declared(&mut self) {
        let declared = self.image.config.volumes.iter().flatten().map(|(path, _)| clean_path(path));
        for path in declared.collect::<Vec<_>>() {
            self.observed.nameless = vec![path];
            self.judge(Confidence::Reported, |_| "the image declares a volume there".to_owned());
        }
        self.observed.nameless.clear();
    }

    /// What a line of a start script does.
    fn deed(&mut self, script: &str, deed: &Deed) {
        let path = self.image.resolved(&deed.path);
        let confidence = if deed.is_certain { Confidence::Reported } else { Confidence::Assumed };
        let text: String = deed.text.chars().take(120).collect();
        let why = format!("{script}:{}: `{text}`", deed.line);
        self.wrote(&path, deed.is_folder || self.image.observed.folders.contains_key(&path), confidence, &why);
    }

    /// Supervisors that keep something of their own.
    fn bases(&mut self) {
        let words = self.image.start_words();
        let starts = |name: &str| words.iter().any(|word| word.rsplit('/').next() == Some(name));
        if ["/etc/s6-overlay", "/package/admin/s6-overlay", "/etc/s6"].iter().any(|folder| self.image.has(folder)) {
            self.wrote("/run/s6/x", false, Confidence::Reported, "s6-overlay copies its services to /run and runs them there");
            self.candidates.notes.push("s6-overlay: S6_READ_ONLY_ROOT=1 lets it start on a read-only root".to_owned());
        }
        if starts("supervisord") {
            self.wrote("/run/supervisord.pid", false, Confidence::Assumed, "supervisord keeps its process number and socket there");
            self.wrote("/var/log/supervisor/x.log", false, Confidence::Assumed, "supervisord keeps logs of its programs there");
        }
        if starts("tini") || starts("dumb-init") {
            self.candidates.notes.push("it starts by a small init, which writes nothing".to_owned());
        }
    }

    /// What is written late.
    fn jobs(&mut self) {
        for job in self.image.jobs() {
            let is_folder = job.is_folder || self.image.observed.folders.contains_key(&job.path);
            self.wrote(&job.path, is_folder, Confidence::Assumed, &format!("{}: `{}`", job.by, job.text));
            self.candidates.notes.push(job.said());
        }
    }

    /// Variables that name a folder.
    fn variables(&mut self) {
        let is_name = |name: &str| {
            let parts = ["DATADIR", "DATA_DIR", "DATA", "CACHE", "TMP", "TEMP", "LOG", "LOGS", "UPLOAD", "UPLOADS", "STATE", "STORAGE"];
            let name = name.to_ascii_uppercase();
            name == "PGDATA"
                || parts.iter().any(|part| {
                    [part.to_string(), format!("{part}_DIR"), format!("{part}_PATH"), format!("{part}_HOME"), format!("{part}DIR")]
                        .iter()
                        .any(|end| name == *end || name.ends_with(&format!("_{end}")))
                })
        };
        for (name, value) in self.image.env() {
            let is_path = value.starts_with('/') && value.len() > 1 && !value.contains([':', '$', ' ']);
            let path = self.image.resolved(&value);
            if is_path && is_name(&name) && !is_filled(&path) && !self.image.files.contains_key(&path) {
                self.wrote(&path, true, Confidence::Assumed, &format!("the image sets {name}={value}"));
            }
        }
    }

    /// Folders that the program's user owns, and those that anybody may write.
    fn folders(&mut self) {
        let run = self.image.observed.user.map(|(uid, _)| uid).filter(|uid| *uid != 0);
        let mut outer: Vec<String> = Vec::new();
        for (path, folder) in &self.image.observed.folders {
            let is_home = ["/home", "/root"].iter().any(|top| is_at(path, top));
            // Every distribution has these two; they say nothing of the program.
            let is_open = folder.mode & 0o1777 == 0o1777 && !["/run/lock", "/var/tmp"].contains(&path.as_str());
            let is_owned = folder.uid != 0 && run.is_none_or(|run| run == folder.uid) && !is_home;
            if outer.len() == MAX_CANDIDATES {
                break;
            }
            if !(is_open || is_owned)
                || outer.iter().any(|o| is_at(path, o))
                || ["/dev", "/proc", "/sys"].iter().any(|top| is_at(path, top))
            {
                continue;
            }
            outer.push(path.clone());
            // A place in it is known better.
            if self.candidates.paths.iter().any(|known| is_at(&known.target, path)) {
                continue;
            }
            let why = if is_open {
                "anybody may write there".to_owned()
            } else if run.is_some() {
                format!("the user that it runs as ({}) owns the folder", folder.uid)
            } else {
                format!("the user {} owns the folder, and the program may become that user", folder.uid)
            };
            self.wrote(path, true, Confidence::Assumed, &why);
        }
    }

    /// Something that is written, for a reason.
    fn wrote(&mut self, path: &str, is_folder: bool, confidence: Confidence, why: &str) {
        let is_known = |p: &WritablePath| is_at(path, &p.target) && p.reason.confidence >= confidence;
        if self.candidates.paths.iter().any(is_known) || path == "/" {
            return;
        }
        let is_there = self.image.observed.folders.contains_key(path);
        if is_folder && !is_there {
            // It is made, as whoever starts.
            let (uid, gid) = self.image.observed.user.unwrap_or((0, 0));
            let made = Folder { uid, gid, mode: 0o755, ..Folder::default() };
            self.observed.folders.insert(path.to_owned(), made);
        }
        self.observed.written = vec![Written { path: path.to_owned(), is_inside: is_folder && is_there, is_program: false }];
        self.judge(confidence, |told| {
            // What kind of place it is stands first, and what was written there behind it.
            let cause = told.split(": ").next().unwrap_or_default();
            let help = told.split_once("; ").map(|(_, help)| format!("; {help}")).unwrap_or_default();
            format!("{cause}: {why}{help}")
        });
        self.observed.written.clear();
        if is_folder && !is_there {
            self.observed.folders.remove(path);
        }
    }

    /// Takes over what the sight shows now.
    fn judge(&mut self, confidence: Confidence, told: impl Fn(&str) -> String) {
        let (paths, elsewhere) = writable_paths(self.service, &self.observed, self.need);
        for mut path in paths {
            path.is_declared = !self.observed.nameless.is_empty();
            let text = told(&path.reason.text);
            path.reason = Arc::new(Reason { source: Source::Image(self.image.name.clone()), text, link: None, confidence });
            let place = self.candidates.paths.iter().position(|known| known.target == path.target);
            match place {
                Some(place) => {
                    let known = &mut self.candidates.paths[place];
                    // What must be kept decides, and what is surer says why.
                    if path.storage == Storage::State && known.storage != Storage::State || path.reason.confidence > known.reason.confidence
                    {
                        *known = path;
                    }
                }
                None => self.candidates.paths.push(path),
            }
        }
        if confidence > Confidence::Assumed {
            for (path, help) in elsewhere {
                let told = told(&format!("written: ; {help}"));
                let why = told.strip_prefix("written: ").unwrap_or(&told).to_owned();
                if !self.candidates.elsewhere.iter().any(|(known, _)| *known == path) {
                    self.candidates.elsewhere.push((path, why));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
