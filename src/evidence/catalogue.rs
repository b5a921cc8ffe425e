//! The catalogue below the presets: what public catalogues and people mount for images that no preset
//! knows. `presets/catalogue/images.tsv` holds it, one line an image, sorted; a line is read when its image
//! is asked for. `cargo run --example import-facts` makes it from facts.

use super::preset::{Capabilities, Check, ImageUser, NoNewPrivileges, Preset, Request, START_PERIOD, Writable};
use super::{Confidence, Reason, Source, Storage, Target, TmpfsOptions};
use crate::compose::published_as;
use std::borrow::Cow;
use std::sync::Arc;

const TABLE: &str = include_str!("../../presets/catalogue/images.tsv");

/// Fields of a line before the paths.
const FIELDS: usize = 8;

/// What the catalogue says of an image: a line of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    line: &'static str,
}

/// Every entry, by image.
pub fn all() -> impl Iterator<Item = Entry> {
    TABLE.lines().map(|line| Entry { line })
}

/// The entry for a repository, also under another name that it is published as.
pub fn find(repository: &str) -> Option<Entry> {
    line_of(&published_as(repository)).map(|line| Entry { line })
}

/// The line that begins with a name, by halving the table; no other line is read whole.
fn line_of(name: &str) -> Option<&'static str> {
    let mut rest = TABLE;
    while !rest.is_empty() {
        let half = rest.len() / 2;
        let start = rest.as_bytes()[..half].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let (before, behind) = rest.split_at(start);
        let (line, behind) = behind.split_once('\n').unwrap_or((behind, ""));
        match name.cmp(line.split('\t').next().unwrap_or_default()) {
            std::cmp::Ordering::Equal => return Some(line),
            std::cmp::Ordering::Less => rest = before,
            std::cmp::Ordering::Greater => rest = behind,
        }
    }
    None
}

impl Entry {
    fn field(self, number: usize) -> &'static str {
        self.line.split('\t').nth(number).unwrap_or_default()
    }

    /// The whole line.
    pub(in crate::evidence) fn line(self) -> &'static str {
        self.line
    }

    /// The repository.
    pub fn image(self) -> &'static str {
        self.field(0)
    }

    /// How many catalogues and people carry it.
    pub fn origins(self) -> usize {
        self.field(2).parse().unwrap_or_default()
    }

    /// Where it was seen to run read-only.
    pub fn runs(self) -> impl Iterator<Item = &'static str> {
        self.field(4).split(' ').filter(|source| !source.is_empty())
    }

    /// Whether who publishes the image says that it runs read-only.
    pub fn is_its_vendors(self) -> bool {
        let owner = self.image().split('/').next().unwrap_or_default();
        self.runs().any(|source| source.split('/').next() == Some(owner))
    }

    /// Where sources say something else.
    fn doubts(self) -> &'static str {
        self.field(5)
    }

    /// The check that a catalogue makes.
    pub fn check(self) -> Option<Check> {
        let (what, source) = self.field(7).rsplit_once(' ')?;
        let (asked, program) = what.split_once(" with ").unwrap_or((what, ""));
        let address = asked.split_once(':').map(|(kind, rest)| (kind, rest, format!("{kind}://127.0.0.1:{rest}")));
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let port = |rest: &str| rest.split('/').next().and_then(|port| port.parse().ok());
        let (command, port) = match (&address, program) {
            (Some(("command", words_of_it, _)), _) => (words_of_it.split_whitespace().map(ToOwned::to_owned).collect(), None),
            (Some(("tcp", number, _)), "nc") => (words(&["nc", "-z", "127.0.0.1", number]), port(number)),
            (Some((_, rest, _)), "bash") => {
                let number = rest.split('/').next().unwrap_or_default();
                (words(&["bash", "-c", &format!(": > /dev/tcp/127.0.0.1/{number}")]), port(rest))
            }
            (Some((_, rest, url)), program) => {
                let words = match program.split_whitespace().collect::<Vec<_>>()[..] {
                    ["curl"] => words(&["curl", "-fsS", "-o", "/dev/null", url]),
                    ["curl", "-k"] => words(&["curl", "-kfsS", "-o", "/dev/null", url]),
                    ["wget"] => words(&["wget", "-q", "--spider", url]),
                    ["wget", "-O"] => words(&["wget", "-q", "-O", "/dev/null", url]),
                    ["wget", "-k"] => words(&["wget", "-q", "--no-check-certificate", "--spider", url]),
                    _ => Vec::new(),
                };
                (words, port(rest))
            }
            (None, _) => return None,
        };
        let text = "a catalogue asks so, where its own settings may have chosen the port".to_owned();
        let reason = Reason {
            source: Source::Catalogue(self.image().to_owned()),
            text,
            link: Some(source.to_owned()),
            confidence: Confidence::Assumed,
        };
        let start_period = START_PERIOD.to_owned();
        Some(Check {
            request: Request::parse(asked),
            command,
            port,
            of_image: None,
            start_period,
            when: Vec::new(),
            unless: Vec::new(),
            reason: Arc::new(reason),
        })
    }

    /// Whether it says anything of where the image writes, or whether it runs read-only.
    pub fn is_evidence(&self) -> bool {
        self.field(1) != "-" || !self.doubts().is_empty()
    }

    /// Whether a plan for it needs no flag, as far as the image as a whole goes.
    pub fn is_reported(&self) -> bool {
        matches!(self.field(1), "A" | "BB") && self.doubts().is_empty()
    }

    /// How sure it is that the image runs read-only.
    pub fn confidence(self) -> Confidence {
        if self.is_reported() { Confidence::Reported } else { Confidence::Assumed }
    }

    /// Why it runs read-only, or why that is a guess.
    pub fn basis(self) -> Cow<'static, str> {
        let known = match self.field(1) {
            "A" => "its vendor or a catalogue runs it read-only with these mounts",
            "BB" => "two people run it read-only with these mounts",
            "B" => "one person runs it read-only with these mounts",
            "C" => "where it keeps its data is known, that it runs read-only is not",
            _ => "nobody is known who runs it read-only",
        };
        if self.doubts().is_empty() { known.into() } else { format!("{known}; {}", self.doubts()).into() }
    }

    /// What it says, as a preset says it.
    pub fn preset(self) -> Preset {
        let image = self.image();
        let reason = |text: Cow<'static, str>, link: Option<&str>, confidence| {
            let source = Source::Catalogue(image.to_owned());
            Arc::new(Reason { source, text: text.into_owned(), link: link.map(ToOwned::to_owned), confidence })
        };
        let place = |text: &'static str| {
            let mut parts = text.splitn(5, '|');
            let mut part = || parts.next().unwrap_or_default();
            let (path, kind, sure, why, sources) = (part(), part(), part(), part(), part());
            let scratch = match kind {
                "tmpfs" | "exec" => Some(options(path, kind == "exec")),
                _ => None,
            };
            let confidence = if sure == "reported" { Confidence::Reported } else { Confidence::Assumed };
            writable(path, scratch, reason(words(why).into(), Some(&sources.replace(' ', ", ")), confidence))
        };
        let mut paths: Vec<Writable> = self.line.split('\t').skip(FIELDS).filter_map(place).collect();
        // Nobody ran it read-only, so nobody found out whether it needs this.
        if self.runs().next().is_none() && !paths.iter().any(|path| path.target == "/tmp") {
            let assumed = reason("temporary files".into(), Some("a convention, not seen"), Confidence::Assumed);
            paths.extend(writable("/tmp", Some(options("/tmp", false)), assumed));
        }
        let uid = self.field(3).parse().ok();
        let mut start = self.field(6).splitn(3, ' ');
        let (add, works, source) = (start.next(), start.next(), start.next());
        let capabilities = source.map(|_| Capabilities {
            when: Vec::new(),
            add: add.into_iter().flat_map(|add| add.split(',')).filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect(),
            run_as: None,
            reason: reason("a catalogue starts it with these and no others".into(), source, Confidence::Reported),
        });
        Preset {
            name: image.to_owned(),
            basis: Some(reason(self.basis(), self.runs().next(), self.confidence())),
            summary: "what public catalogues and people mount for it".to_owned(),
            images: vec![image.to_owned()],
            prefixes: Vec::new(),
            commands: Vec::new(),
            manifests: Vec::new(),
            runtime: false,
            framework: false,
            version_after: None,
            workdir: None,
            run_user: ImageUser { text: uid.map_or("not known".to_owned(), |uid: u32| uid.to_string()), uid, gid: None },
            users: Vec::new(),
            tags: Vec::new(),
            writable: paths,
            obstacles: Vec::new(),
            doubts: Vec::new(),
            capabilities,
            no_new_privileges: (works == Some("works")).then_some(NoNewPrivileges::Works),
            check: self.check(),
            config: Vec::new(),
            config_unless: Vec::new(),
            env: Vec::new(),
            reminders: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// Options of a tmpfs: the engine's own, but for the folders that are open to all on every system.
fn options(path: &str, exec: bool) -> TmpfsOptions {
    TmpfsOptions { mode: ["/tmp", "/var/tmp"].contains(&path).then_some(0o1777), exec, ..TmpfsOptions::default() }
}

/// A path; `None` where nothing can be mounted there, which a test rules out.
fn writable(path: &str, scratch: Option<TmpfsOptions>, reason: Arc<Reason>) -> Option<Writable> {
    let storage = scratch.clone().map_or(Storage::State, Storage::Scratch);
    let target = Target::new(path, &storage).ok()?;
    Some(Writable { target, below: None, scratch, size: None, when: Vec::new(), unless: Vec::new(), declared: None, moved: None, reason })
}

/// What a path is needed for, by the word that the table has for it.
fn words(why: &str) -> &'static str {
    match why {
        "habit" => "every app of that catalogue has it in memory: it ran with it, that it needs it is not shown",
        "in-memory" => "in memory there, but programs keep data at such a place",
        "kept" => "data is kept there",
        "kept-elsewhere" => "data is kept there, but not by those who run it read-only",
        "moved" => "one alone keeps data there, where a variable may have put it",
        "scratch" => "in memory where it runs",
        "seeded" => "filled from the image first: a volume starts with what the image has, and keeps it over updates",
        "seeded-logs" => "log files, and links that the image has there",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_and_read_and_nothing_else_is() {
        let names: Vec<&str> = all().map(Entry::image).collect();
        assert!(names.len() > 1300 && names.is_sorted(), "{}", names.len());
        for entry in all() {
            assert_eq!(find(entry.image()), Some(entry));
            let places: Vec<&str> = entry.line.split('\t').skip(FIELDS).collect();
            let preset = entry.preset();
            let added = usize::from(entry.runs().next().is_none() && !places.iter().any(|p| p.starts_with("/tmp|")));
            assert_eq!(preset.writable.len(), places.len() + added, "{}", entry.image());
            assert!(preset.writable.iter().all(|path| !path.reason.text.is_empty()), "{}", entry.image());
            assert!(entry.is_evidence() || places.is_empty(), "{}", entry.image());
        }
        for name in ["", "a", "zzz", "jellyfin", "jellyfin/", "jellyfin/jellyfinx", "jellyfin/jellyfin\t", "\n"] {
            assert_eq!(find(name), None, "{name:?}");
        }
    }

    #[test]
    fn an_entry_says_how_sure_it_is_and_why() {
        let entry = |image| find(image).unwrap_or_else(|| panic!("{image}"));
        let kuma = entry("ghcr.io/louislam/uptime-kuma");
        assert_eq!((kuma.image(), kuma.confidence()), ("louislam/uptime-kuma", Confidence::Reported));
        assert_eq!(kuma.basis(), "its vendor or a catalogue runs it read-only with these mounts");
        assert!(kuma.preset().writable.iter().any(|path| path.target == "/app/data" && path.scratch.is_none()));
        let gitlab = entry("gitlab/gitlab-ce");
        assert_eq!(gitlab.confidence(), Confidence::Assumed);
        assert_eq!(gitlab.basis(), "where it keeps its data is known, that it runs read-only is not");
        let jellyfin = entry("jellyfin/jellyfin");
        assert_eq!(jellyfin.confidence(), Confidence::Assumed);
        assert!(jellyfin.basis().contains("TrueCharts, which runs its apps read-only, switched that off for this one"));
        let bitnami = entry("bitnamilegacy/nginx").preset();
        assert_eq!((bitnami.run_user.uid, &*bitnami.name), (Some(1001), "bitnami/nginx"));
    }
}
