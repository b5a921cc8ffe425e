//! Finding presets and images of the catalogue, those that most people use first.

use crate::error::{Error, Result};
use crate::evidence::Confidence;
use crate::evidence::catalogue::{self, Entry};
use crate::evidence::preset::{Preset, group_of, list, naming};
use crate::text::{clean_line, nearest};
use schemars::JsonSchema;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use unicode_width::UnicodeWidthStr;

/// Most images that a list for people has.
const MOST: usize = 40;

/// A preset, or an image of the catalogue.
#[derive(Clone, Debug)]
pub(super) struct Found {
    preset: Preset,
    confidence: Confidence,
    /// How many catalogues and people carry its images.
    used: usize,
    summary: String,
}

impl Found {
    fn preset(name: &str) -> Result<Self> {
        let preset = Preset::embedded(name)?;
        let used = preset.images.iter().filter_map(|image| catalogue::find(image)).map(Entry::origins).max().unwrap_or_default();
        // As sure as the least sure line.
        let confidence = preset.writable.iter().map(|path| path.reason.confidence).min().unwrap_or(Confidence::Documented);
        Ok(Self { confidence, used, summary: preset.summary.clone(), preset })
    }

    fn entry(entry: Entry) -> Self {
        Self { preset: entry.preset(), confidence: entry.confidence(), used: entry.origins(), summary: entry.basis().into_owned() }
    }

    /// What images of its kind are listed under; those of the catalogue have no group.
    fn group(&self) -> &'static str {
        group_of(self.name()).filter(|_| self.preset.basis.is_none()).unwrap_or("catalogue")
    }

    fn name(&self) -> &str {
        &self.preset.name
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let Preset { name, images, prefixes, .. } = &self.preset;
        images.iter().chain(prefixes).chain([name]).map(String::as_str)
    }

    /// How well a word fits, the best first; `None` where it does not.
    fn fit(&self, word: &str) -> Option<usize> {
        let last = |name: &str| name.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        let fit = |name: &str| match name {
            _ if name == word || last(name) == word => Some(0),
            _ if last(name).starts_with(word) => Some(1),
            _ if name.contains(word) => Some(2),
            _ => None,
        };
        let in_summary = self.preset.basis.is_none() && self.summary.to_lowercase().contains(word);
        self.names().filter_map(fit).min().or(in_summary.then_some(3))
    }
}

/// The presets, or with a word what has it in its name.
///
/// Errors: nothing has; the hint has the nearest name.
pub(super) fn find(word: Option<&str>) -> Result<Vec<Found>> {
    let Some(word) = word.map(str::to_lowercase) else { return presets() };
    let mut found: Vec<(usize, Found)> = all()?.into_iter().filter_map(|f| Some((f.fit(&word)?, f))).collect();
    found.sort_by_cached_key(|(fit, f)| (*fit, Reverse(f.used), f.name().to_owned()));
    if found.is_empty() {
        return Err(unknown(&word));
    }
    Ok(found.into_iter().map(|(_, found)| found).collect())
}

/// Nothing is known of an image. Of the names that are near, the one that most people use is named.
pub(super) fn unknown(word: &str) -> Error {
    let known = match all() {
        Ok(mut known) => {
            known.sort_by_key(|found| Reverse(found.used));
            known
        }
        Err(error) => return error,
    };
    let names = || known.iter().flat_map(|found| std::iter::once(found.name()).chain(found.preset.images.iter().map(String::as_str)));
    let last = |name: &str| name.rsplit('/').next().unwrap_or(name).to_lowercase();
    // Behind another account only what is hardly another word is near.
    let elsewhere = || {
        let wanted = last(word);
        let near = |name: &&str| strsim::damerau_levenshtein(&wanted, &last(name)) <= wanted.len() / 4;
        // The image itself comes before what somebody made of it.
        names().filter(near).min_by_key(|name| (strsim::damerau_levenshtein(&wanted, &last(name)), name.contains('/')))
    };
    let near = nearest(word, names()).or_else(elsewhere);
    let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
    let hint = format!("{near}`rofs-harden presets` lists the presets, `rofs-harden presets WORD` finds images");
    Error::Usage(format!("nothing is known of `{}`", clean_line(word)), Some(hint))
}

fn presets() -> Result<Vec<Found>> {
    let mut found: Vec<Found> = list().map(|(name, _)| Found::preset(name)).collect::<Result<_>>()?;
    found.sort_by_cached_key(|f| (Reverse(f.used), f.name().to_owned()));
    Ok(found)
}

/// Every preset, and every image of the catalogue that no preset names.
pub(super) fn all() -> Result<Vec<Found>> {
    let entries = catalogue::all().filter(|entry| entry.is_evidence() && naming(entry.image()).is_none()).map(Found::entry);
    Ok(presets()?.into_iter().chain(entries).collect())
}

/// All presets by group, the group and the preset that is used most first.
pub(super) fn groups(found: &[Found], width: Option<usize>) -> String {
    let mut groups: BTreeMap<&str, Vec<&Found>> = BTreeMap::new();
    for found in found {
        groups.entry(found.group()).or_default().push(found);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(name, of)| (Reverse(of.iter().map(|f| f.used).sum::<usize>()), *name));
    let names = found.iter().map(|f| f.name().width()).max().unwrap_or_default();
    let mut text = heading(names);
    for (name, of) in groups {
        text += &format!("\n{name} ({})\n", of.len());
        of.iter().for_each(|found| text += &row(found, names, width));
    }
    text
}

fn heading(names: usize) -> String {
    format!("{:names$}  {:10}  {:>4}  WHAT IS KNOWN\n", "NAME", "HOW SURE", "USED")
}

fn row(found: &Found, names: usize, width: Option<usize>) -> String {
    let from = if found.preset.basis.is_some() { "catalogue: " } else { "" };
    let line = format!("{:names$}  {:10}  {:>4}  {from}{}", found.name(), found.confidence.to_string(), found.used, found.summary);
    width.map_or(line.clone(), |width| console::truncate_str(&line, width, "…").into_owned()) + "\n"
}

/// A table for people, as wide as their terminal if they have one.
pub(super) fn table(found: &[Found], width: Option<usize>) -> String {
    let catalogue = found.iter().filter(|f| f.preset.basis.is_some()).count();
    let shown = if catalogue > MOST { &found[..MOST.max(found.len() - catalogue)] } else { found };
    let names = shown.iter().map(|f| f.name().width()).max().unwrap_or_default();
    let mut text = heading(names);
    shown.iter().for_each(|found| text += &row(found, names, width));
    if shown.len() < found.len() {
        text += &format!("and {} more: a longer word finds fewer\n", found.len() - shown.len());
    }
    text
}

/// A list for programs.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Answer of rofs-harden presets")]
pub(super) struct Listed<'f> {
    version: u32,
    images: Vec<Item<'f>>,
}

#[derive(Serialize, JsonSchema)]
struct Item<'f> {
    name: &'f str,
    /// `preset` or `catalogue`.
    from: &'static str,
    /// What images of its kind are listed under.
    group: &'static str,
    images: Vec<&'f str>,
    summary: &'f str,
    how_sure: String,
    used_by: usize,
    paths: Vec<Place<'f>>,
}

#[derive(Serialize, JsonSchema)]
struct Place<'f> {
    path: &'f str,
    storage: &'static str,
    why: &'f str,
    how_sure: String,
    source: Option<&'f str>,
}

impl<'f> Listed<'f> {
    pub(super) fn of(found: &'f [Found]) -> Self {
        let images = found.iter().map(|f| Item {
            name: f.name(),
            from: if f.preset.basis.is_some() { "catalogue" } else { "preset" },
            group: f.group(),
            images: f.preset.images.iter().chain(&f.preset.prefixes).map(String::as_str).collect(),
            summary: &f.summary,
            how_sure: f.confidence.to_string(),
            used_by: f.used,
            paths: f.preset.writable.iter().map(Place::of).collect(),
        });
        Self { version: 1, images: images.collect() }
    }
}

impl<'f> Place<'f> {
    fn of(path: &'f crate::evidence::preset::Writable) -> Self {
        let reason = &path.reason;
        Self {
            path: &path.target,
            storage: if path.scratch.is_some() { "scratch" } else { "state" },
            why: &reason.text,
            how_sure: reason.confidence.to_string(),
            source: reason.link.as_deref(),
        }
    }
}
