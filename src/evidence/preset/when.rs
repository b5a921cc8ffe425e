//! Conditions of a writable path, as data: `when = { present = "/etc/nginx/templates", command = ["npm", "npx"] }`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use std::fmt;

/// One condition. Where it has several words, one that fits is enough. Words of commands, names of variables and parts of tags may end
/// with `*`, which stands for anything: `alpine*` is also `alpine3.22`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Something is mounted at one of these paths or below it, or the Dockerfile copies something there.
    Present(Vec<String>),
    /// The command or entrypoint has one of these words; the folder of a program does not count.
    Command(Vec<String>),
    /// The service runs as one of these users (names or numbers).
    User(Vec<String>),
    /// One of these environment variables is set (`NAME`), or set to a value with this word (`NAME=word`).
    Env(Vec<String>),
    /// The tag has one of these parts between `-`.
    Tag(Vec<String>),
    /// The tag's leading number is one of these; tags without one are the newest image.
    Version(Versions),
}

/// A range of leading numbers of tags, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The lowest.
    pub from: u32,
    /// The highest; `u32::MAX` is the newest image.
    pub to: u32,
}

impl Versions {
    /// Reads `17`, `<18`, `<=17`, `>17` or `>=18`.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.trim_start_matches(['<', '>', '=']);
        let number: u32 = digits.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()))?;
        let (from, to) = match &text[..text.len() - digits.len()] {
            "" => (number, number),
            "<" => (0, number.checked_sub(1)?),
            "<=" => (0, number),
            ">" => (number.checked_add(1)?, u32::MAX),
            ">=" => (number, u32::MAX),
            _ => return None,
        };
        Some(Self { from, to })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present(paths) => write!(f, "something is mounted or copied to {}", paths.join(" or ")),
            Self::Command(words) => write!(f, "the command uses {}", words.join(" or ")),
            Self::User(names) => write!(f, "it runs as {}", names.join(" or ")),
            Self::Env(names) => write!(f, "the environment sets {}", names.join(" or ")),
            Self::Tag(words) => write!(f, "the tag has {}", words.join(" or ")),
            Self::Version(Versions { from, to: u32::MAX }) => write!(f, "the tag's version is {from} or newer"),
            Self::Version(Versions { from: 0, to }) => write!(f, "the tag's version is {to} or older"),
            Self::Version(Versions { from, .. }) => write!(f, "the tag's version is {from}"),
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
    /// A path with something mounted or copied to it or below it.
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
    /// The tag's leading number: `17`, `<18`, `>=18`.
    #[schemars(with = "Option<String>")]
    version: Option<RawVersions>,
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

struct RawVersions(Versions);

impl<'de> Deserialize<'de> for RawVersions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || de::Error::custom(format!("`{text}` is not a version such as \"17\", \"<18\" or \">=18\""));
        Versions::parse(&text).map(Self).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ranges_of_numbers() {
        for (text, expected) in [
            ("17", Some((17, 17))),
            ("<18", Some((0, 17))),
            ("<=17", Some((0, 17))),
            (">=18", Some((18, u32::MAX))),
            (">17", Some((18, u32::MAX))),
            ("<0", None),
            ("=17", None),
            ("=>17", None),
            ("17.2", None),
            ("+17", None),
            ("", None),
        ] {
            assert_eq!(Versions::parse(text).map(|v| (v.from, v.to)), expected, "{text}");
        }
    }

    #[test]
    fn conditions_read_as_sentences() {
        let text = "present = '/a'\ncommand = ['npm', 'npx']\nuser = 'node'\nenv = 'A=b'\ntag = 'alpine'\nversion = '<18'\n";
        let conditions = toml::from_str::<RawConditions>(text).expect("conditions").conditions();
        assert_eq!(
            conditions.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "something is mounted or copied to /a",
                "the command uses npm or npx",
                "it runs as node",
                "the environment sets A=b",
                "the tag has alpine",
                "the tag's version is 17 or older",
            ]
        );
    }
}
