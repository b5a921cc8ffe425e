//! Names for new volumes.

use crate::compose::{Document, Entry, MountKind, Project, boolean, merge};
use crate::yaml::Node;
use std::collections::{HashMap, HashSet};

/// Most characters of a folder's name that go into that of its volume, which has the project's name too.
const MAX_LAST: usize = 40;
/// Longest name that the engine can keep a folder of.
const MAX_NAME: usize = 255;

/// Names that new volumes must not have. The engine's name of a new volume is `<project>_<key>`,
/// and the project may be started under any name (`-p`, `COMPOSE_PROJECT_NAME`, its folder's), so
/// every prefix of a name that is in use may be the project's.
pub(super) struct VolumeNames<'a> {
    /// Keys of the top-level `volumes`, what services mount by name, and names given in this run.
    taken: HashSet<String>,
    /// What stands behind a `_` in names that the engine may have by `name` and `external`.
    in_engine: HashSet<String>,
    /// How such names end that begin with a variable.
    endings: HashSet<String>,
    /// The number to try next, for each name that was taken without one.
    next: HashMap<String, usize>,
    /// The first name of which a variable decides the end, and its key.
    pub(super) undecided: Option<(Node<'a>, &'a str)>,
}

impl<'a> VolumeNames<'a> {
    pub(super) fn of(project: &Project<'a>) -> Self {
        let mut names =
            Self { taken: HashSet::new(), in_engine: HashSet::new(), endings: HashSet::new(), next: HashMap::new(), undecided: None };
        for document in &project.documents {
            for entry in &document.volumes {
                names.taken.insert(entry.name().to_owned());
                names.note_claims(document, entry);
            }
        }
        // A service that is not started may name a volume that nothing declares.
        let mounts = project.services.iter().flat_map(|s| &s.mounts).filter(|m| m.kind == MountKind::Volume);
        names.taken.extend(mounts.filter_map(|m| m.source.as_deref().map(str::to_owned)));
        names
    }

    /// Notes the names in the engine that an entry of `volumes` claims beside `<project>_<key>`.
    fn note_claims(&mut self, document: &Document<'a>, entry: &Entry<'a>) {
        let name = merge::get(entry.value(), "name");
        let external = merge::get(entry.value(), "external").filter(|value| boolean(*value) != Some(false));
        let claims = name.into_iter().chain(external.and_then(|value| merge::get(value, "name")));
        let mut claims: Vec<Node<'a>> = claims.filter(|claim| claim.resolved().as_str().is_some_and(|text| !text.is_empty())).collect();
        if claims.is_empty() && external.is_some() {
            claims.push(entry.key());
        }
        for claim in claims {
            let text = claim.resolved().text();
            match document.resolve(text) {
                Some(name) => self.note(&name),
                None if claim == entry.key() => self.note(text),
                None => self.note_ending(&document.ending(text), claim, entry.name()),
            }
        }
    }

    fn note(&mut self, name: &str) {
        if name.len() <= MAX_NAME {
            self.in_engine.extend(name.match_indices('_').map(|(i, _)| name[i + 1..].to_owned()));
        }
    }

    /// Notes the end of a name that begins with what a variable decides.
    fn note_ending(&mut self, ending: &str, claim: Node<'a>, key: &'a str) {
        if ending.is_empty() {
            self.undecided = self.undecided.or(Some((claim, key)));
        } else if ending.len() <= MAX_NAME {
            self.note(ending);
            self.endings.insert(ending.to_owned());
        }
    }

    fn is_free(&self, name: &str) -> bool {
        let full = format!("_{name}");
        let ends = |(i, _): (usize, char)| self.endings.contains(&full[i..]);
        !(self.taken.contains(name) || self.in_engine.contains(name) || !self.endings.is_empty() && full.char_indices().any(ends))
    }

    /// `<service>-<last part of the target>`, or the same with `-2`, `-3` … where that is taken.
    /// Never one letter, which short syntax would read as a Windows drive.
    pub(super) fn take(&mut self, service: &str, target: &str) -> String {
        let allowed = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
        let last = target.rsplit('/').next().unwrap_or("data");
        let last: String = last.chars().take(MAX_LAST).map(allowed).collect();
        let base = format!("{service}-{last}");
        let mut name = base.clone();
        // No name becomes free again, so that none is tried twice.
        while !self.is_free(&name) {
            let number = self.next.entry(base.clone()).or_insert(2);
            name = format!("{base}-{number}");
            *number += 1;
        }
        self.taken.insert(name.clone());
        name
    }
}
