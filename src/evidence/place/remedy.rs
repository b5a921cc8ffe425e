//! Settings and build steps that help instead of a mount: from the presets of the service, and from
//! a list by what a path or a line says.

use crate::evidence::Need;
use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    remedy: Vec<RawRemedy>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRemedy {
    /// What the path or the line is.
    regex: String,
    /// What helps.
    say: String,
    /// Whether a mount would not help, or would do harm.
    #[serde(default)]
    instead: bool,
}

struct Remedies {
    set: RegexSet,
    all: Vec<RawRemedy>,
}

static REMEDIES: LazyLock<Remedies> = LazyLock::new(|| {
    // The list is part of the program, and a test compiles it.
    let raw: Raw = crate::text::toml::read(include_str!("remedies.toml")).unwrap_or_else(|e| unreachable!("{e}"));
    let set = RegexSetBuilder::new(raw.remedy.iter().map(|r| &r.regex)).unicode(false).build();
    let set = set.unwrap_or_else(|e| unreachable!("{e}"));
    Remedies { set, all: raw.remedy }
});

/// How the notes of presets say that a folder has links instead of files.
const LINKS: &str = "holds links to ";

/// A word of a sentence that is a path of some depth: `/opt/keycloak/lib`, `.next/server`.
static PATH: LazyLock<Regex> = LazyLock::new(|| {
    let regex = RegexBuilder::new(r"(?:/[\w.-]+){2,}|\.[\w-]+(?:/[\w.-]+)+").unicode(false).build();
    regex.unwrap_or_else(|e| unreachable!("{e}"))
});

/// What helps instead of a mount: what the presets of the service say of this path, else what is
/// known of such paths and lines. `line` is what the program said, if it did.
pub(in crate::evidence) fn remedies(path: &str, line: &str, need: Option<&Need>) -> Option<String> {
    let of_preset = need.iter().flat_map(|n| &n.sayings).find(|saying| speaks_of(saying, path));
    of_preset.cloned().or_else(|| known(path, line).map(|remedy| remedy.say.clone()))
}

/// What helps where a mount would not, or would do harm.
pub(in crate::evidence) fn instead(path: &str, line: &str) -> Option<String> {
    known(path, line).filter(|remedy| remedy.instead).map(|remedy| remedy.say.clone())
}

/// What a preset says where the image has links to its output, which a mount would hide.
pub(in crate::evidence) fn linked(path: &str, need: Option<&Need>) -> Option<String> {
    let saying = need?.sayings.iter().find(|saying| saying.contains(LINKS) && speaks_of(saying, path))?;
    Some(format!("{saying} Log to /dev/stdout or /dev/stderr"))
}

fn known(path: &str, line: &str) -> Option<&'static RawRemedy> {
    let found = REMEDIES.set.matches(format!("{path}\n{line}").as_bytes()).into_iter().next();
    found.map(|index| &REMEDIES.all[index])
}

/// Whether a sentence names a path or a folder above it; `.next/server` may be anywhere.
fn speaks_of(saying: &str, path: &str) -> bool {
    PATH.find_iter(saying.as_bytes()).any(|named| {
        let named = saying[named.range()].trim_end_matches('.');
        let whole = |at: usize| path[at + named.len()..].is_empty() || path[at + named.len()..].starts_with('/');
        path.match_indices(named).any(|(at, _)| whole(at) && (at == 0 || !named.starts_with('/') && path[..at].ends_with('/')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_speaks_of_the_folders_that_it_names() {
        let say = "`start-dev` writes to /opt/keycloak/lib/quarkus: use `--optimized`";
        assert!(speaks_of(say, "/opt/keycloak/lib/quarkus/x") && speaks_of(say, "/opt/keycloak/lib/quarkus"));
        assert!(!speaks_of(say, "/opt/keycloak/lib") && !speaks_of(say, "/opt/keycloak/lib/quarkus2"));
        assert!(speaks_of("written into .next/server.", "/srv/a/.next/server/app/x.html"));
        assert!(!speaks_of("written into .next/server.", "/srv/a/.next/cache/x"));
        // One folder alone says too little.
        assert!(!speaks_of("everything in /app", "/app/x"));
    }

    #[test]
    fn every_remedy_is_a_sentence_that_names_something() {
        for RawRemedy { say, .. } in &REMEDIES.all {
            assert!(say.len() > 20 && !say.ends_with('.'), "{say}");
        }
        assert!(remedies("/x", "", None).is_none());
    }
}
