//! Conditions of a writable path, as data: `when = { present = "/etc/nginx/templates", command = ["npm", "npx"] }`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use std::fmt;

/// One condition. Where it has several words, one that fits is enough. Words of commands, names of variables and parts of tags may end
/// with `*`, which stands for anything: `alpine*` is also `alpine3.22`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Something is mounted at one of these paths or below it, or the Dockerfile copies something there. Of what counts `unless` this is so, it
    /// must be that path itself, or one in a folder that is written `/folder/*`.
    Present(Vec<String>),
    /// The command or entrypoint has one of these words; the folder of a program does not count.
    Command(Vec<String>),
    /// The service runs as one of these users (names or numbers).
    User(Vec<String>),
    /// One of these environment variables is set (`NAME`), or set to a value with this word (`NAME=word`).
    Env(Vec<String>),
    /// The tag has one of these parts between `-`.
    Tag(Vec<String>),
    /// The tag's version is in one of these ranges; tags without one are the newest image.
    Version(Vec<Versions>),
    /// The service has one of these keys, with a value: `hostname`.
    Key(Vec<String>),
    /// What is built names one of these packages.
    Manifest(Vec<String>),
    /// Neither the service nor its Dockerfile says what to start, so that it is what the image starts by itself.
    Unstarted,
}

/// A range of versions, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The lowest.
    pub from: [u32; 3],
    /// The highest; all `u32::MAX` is the newest image.
    pub to: [u32; 3],
}

impl Versions {
    /// Reads `17`, `<18`, `<=17`, `>17`, `>=18` or `<3.9`, or two of them of which both must hold: `>=8.0 <8.0.6`.
    fn parse(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            None => Self::bound(text),
            Some((one, other)) => {
                let (one, other) = (Self::bound(one)?, Self::bound(other)?);
                let both = Self { from: one.from.max(other.from), to: one.to.min(other.to) };
                (both.from <= both.to).then_some(both)
            }
        }
    }

    /// What is left out of the number is any.
    fn bound(text: &str) -> Option<Self> {
        let digits = text.trim_start_matches(['<', '>', '=']);
        let number = |part: &str| part.parse().ok().filter(|_| part.bytes().all(|b| b.is_ascii_digit()));
        let numbers: Vec<u32> = digits.split('.').map(number).collect::<Option<_>>()?;
        let filled = |rest: u32| <[u32; 3]>::try_from([&numbers[..], &[rest; 3][numbers.len().min(3)..]].concat()).ok();
        let (first, last) = (filled(0)?, filled(u32::MAX)?);
        let (lowest, highest) = ([0; 3], [u32::MAX; 3]);
        let (from, to) = match &text[..text.len() - digits.len()] {
            "" => (first, last),
            "<" => (lowest, before(first)?),
            "<=" => (lowest, last),
            ">" => (after(last)?, highest),
            ">=" => (first, highest),
            _ => return None,
        };
        Some(Self { from, to })
    }
}

/// The version right before one.
fn before([major, minor, patch]: [u32; 3]) -> Option<[u32; 3]> {
    match (minor, patch) {
        (0, 0) => Some([major.checked_sub(1)?, u32::MAX, u32::MAX]),
        (_, 0) => Some([major, minor - 1, u32::MAX]),
        _ => Some([major, minor, patch - 1]),
    }
}

/// The version right after one.
fn after([major, minor, patch]: [u32; 3]) -> Option<[u32; 3]> {
    match (minor, patch) {
        (u32::MAX, _) => Some([major.checked_add(1)?, 0, 0]),
        (_, u32::MAX) => Some([major, minor + 1, 0]),
        _ => Some([major, minor, patch + 1]),
    }
}

/// The numbers of a version that say something.
fn numbers(version: [u32; 3], any: u32) -> String {
    let said = version.iter().rposition(|n| *n != any).map_or(1, |last| last + 1);
    version[..said].iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lowest, highest) = (numbers(self.from, 0), numbers(self.to, u32::MAX));
        match (self.from, self.to) {
            (_, to) if to == [u32::MAX; 3] => write!(f, "{lowest} or newer"),
            (from, _) if from == [0; 3] => write!(f, "{highest} or older"),
            (from, to) if from.iter().zip(to).all(|(from, to)| *from == to || (*from, to) == (0, u32::MAX)) => f.write_str(&highest),
            _ => write!(f, "{lowest} to {highest}"),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present(paths) => write!(f, "something is mounted or copied to {}", paths.join(" or ").replace("/*", "")),
            Self::Command(words) => write!(f, "the command uses {}", words.join(" or ")),
            Self::User(names) => write!(f, "it runs as {}", names.join(" or ")),
            Self::Env(names) => write!(f, "the environment sets {}", names.join(" or ")),
            Self::Tag(words) => write!(f, "the tag has {}", words.join(" or ")),
            Self::Version(versions) => {
                let all: Vec<String> = versions.iter().map(ToString::to_string).collect();
                write!(f, "the tag's version is {}", all.join(" or "))
            }
            Self::Key(keys) => write!(f, "the service sets {}", keys.join(" or ")),
            Self::Manifest(packages) => write!(f, "what is built names {}", packages.join(" or ")),
            Self::Unstarted => f.write_str("neither it nor its Dockerfile has a command"),
        }
    }
}

/// Whether `word` is what `wanted` says, where `*` at the end stands for anything.
pub(in crate::evidence) fn fits(wanted: &str, word: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(start) => word.starts_with(start),
        None => word == wanted,
    }
}

/// A `when` or `unless` table as written.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawConditions {
    /// A path with something mounted or copied to it or below it; in `unless` to it, or below a folder that is written `/folder/*`.
    #[schemars(with = "Option<OneOrMore>")]
    present: Option<Words>,
    /// A word of the command or entrypoint.
    #[schemars(with = "Option<OneOrMore>")]
    command: Option<Words>,
    /// A user by name or number.
    #[schemars(with = "Option<OneOrMore>")]
    user: Option<Words>,
    /// `NAME` or `NAME=word`.
    #[schemars(with = "Option<OneOrMore>")]
    env: Option<Words>,
    /// A part of the tag between `-`; `alpine*` for all that begin so.
    #[schemars(with = "Option<OneOrMore>")]
    tag: Option<Words>,
    /// The tag's version: `17`, `<18`, `>=18`, `<3.9`, `>=8.0 <8.0.6`.
    #[schemars(with = "Option<OneOrMore>")]
    version: Option<RawVersions>,
    /// A key that the service has: `hostname`.
    #[schemars(with = "Option<OneOrMore>")]
    key: Option<Words>,
    /// A package that what is built names: `npm:multer`.
    #[schemars(with = "Option<OneOrMore>")]
    manifest: Option<Words>,
    /// `true`: neither the service nor its Dockerfile says what to start.
    unstarted: bool,
}

/// One word, or a list of words of which one must fit.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "it only describes what the reader below takes")]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl RawConditions {
    pub(super) fn conditions(self) -> Vec<Condition> {
        let words = |words: Option<Words>, condition: fn(Vec<String>) -> Condition| words.map(|w| condition(w.0));
        let found = [
            words(self.present, Condition::Present),
            words(self.command, Condition::Command),
            words(self.user, Condition::User),
            words(self.env, Condition::Env),
            words(self.tag, Condition::Tag),
            self.version.map(|v| Condition::Version(v.0)),
            words(self.key, Condition::Key),
            words(self.manifest, Condition::Manifest),
            self.unstarted.then_some(Condition::Unstarted),
        ];
        found.into_iter().flatten().collect()
    }
}

/// One word, or a list of some.
struct Words(Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordsVisitor)
    }
}

struct WordsVisitor;

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = Words;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word or a list of words")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Words, E> {
        checked(word.to_owned()).map(|w| Words(vec![w]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Words, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = items.next_element::<String>()? {
            words.push(checked(word)?);
        }
        if words.is_empty() { Err(de::Error::custom("a condition needs a word")) } else { Ok(Words(words)) }
    }
}

fn checked<E: de::Error>(word: String) -> Result<String, E> {
    let bad = word.trim().is_empty() || word.chars().any(char::is_control);
    if bad { Err(E::custom("a condition needs a word")) } else { Ok(word) }
}

struct RawVersions(Vec<Versions>);

impl<'de> Deserialize<'de> for RawVersions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Words(texts) = Words::deserialize(deserializer)?;
        let wrong = |text: &str| de::Error::custom(format!("`{text}` is not a version such as \"17\", \"<18\" or \">=3.9\""));
        texts.iter().map(|text| Versions::parse(text).ok_or_else(|| wrong(text))).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ranges_of_numbers() {
        const NEW: u32 = u32::MAX;
        for (text, expected) in [
            ("17", Some(([17, 0, 0], [17, NEW, NEW]))),
            ("<18", Some(([0; 3], [17, NEW, NEW]))),
            ("<=17", Some(([0; 3], [17, NEW, NEW]))),
            (">=18", Some(([18, 0, 0], [NEW; 3]))),
            (">17", Some(([18, 0, 0], [NEW; 3]))),
            ("<3.9", Some(([0; 3], [3, 8, NEW]))),
            ("<4.0", Some(([0; 3], [3, NEW, NEW]))),
            (">3.9", Some(([3, 10, 0], [NEW; 3]))),
            ("<2023.3.9", Some(([0; 3], [2023, 3, 8]))),
            ("17.2", Some(([17, 2, 0], [17, 2, NEW]))),
            (">=8.0 <8.0.6", Some(([8, 0, 0], [8, 0, 5]))),
            ("<9 >=8.1.2", Some(([8, 1, 2], [8, NEW, NEW]))),
            ("<8 >=9", None),
            (">=8 <9 <10", None),
            ("<0", None),
            ("=17", None),
            ("=>17", None),
            ("1.2.3.4", None),
            ("17.", None),
            ("+17", None),
            ("", None),
        ] {
            assert_eq!(Versions::parse(text).map(|v| (v.from, v.to)), expected, "{text}");
        }
    }

    #[test]
    fn conditions_read_as_sentences() {
        let text =
            "present = '/a'\ncommand = ['npm', 'npx']\nuser = 'node'\nenv = 'A=b'\ntag = 'alpine'\nversion = '<3.9'\nunstarted = true\n";
        let conditions = crate::text::toml::read::<RawConditions>(text).expect("conditions").conditions();
        assert_eq!(
            conditions.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "something is mounted or copied to /a",
                "the command uses npm or npx",
                "it runs as node",
                "the environment sets A=b",
                "the tag has alpine",
                "the tag's version is 3.8 or older",
                "neither it nor its Dockerfile has a command",
            ]
        );
        for (version, expected) in [
            ("'17'", "17"),
            ("'8.0'", "8.0"),
            ("'>=8.0 <8.0.6'", "8 to 8.0.5"),
            ("['<7.2.11', '8.1.5', '>=9']", "7.2.10 or older or 8.1.5 or 9 or newer"),
        ] {
            let conditions = crate::text::toml::read::<RawConditions>(&format!("version = {version}")).expect("conditions").conditions();
            assert_eq!(conditions[0].to_string(), format!("the tag's version is {expected}"));
        }
    }
}
