//! Generated Compose projects: what hardening touches, in every spelling of YAML.
//!
//! A project is made in two steps. [`content`] decides what the files say and keeps to what Compose
//! loads; [`write`] decides how each node is written. Both ask [`Choices`], so a failing project
//! shrinks to a plain one.

mod content;
mod service;
mod tree;
mod write;

use crate::yaml_fuzz::Random;
use std::collections::BTreeMap;

/// Files by name.
pub(crate) type Files = BTreeMap<String, String>;

/// Decisions; when they run out every answer is 0, the plainest.
pub(crate) struct Choices<'c>(std::slice::Iter<'c, u8>);

impl<'c> Choices<'c> {
    pub(crate) fn new(choices: &'c [u8]) -> Self {
        Self(choices.iter())
    }

    pub(crate) fn of(&mut self, number: usize) -> usize {
        self.0.next().map_or(0, |c| usize::from(*c) % number)
    }

    /// True once in `number` times.
    pub(crate) fn one_in(&mut self, number: usize) -> bool {
        self.of(number) == 1
    }

    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.of(items.len())]
    }

    /// The numbers below `number` in some order.
    pub(crate) fn order(&mut self, number: usize) -> Vec<usize> {
        let mut rest: Vec<usize> = (0..number).collect();
        let mut order = Vec::new();
        while !rest.is_empty() {
            order.push(rest.remove(self.of(rest.len())));
        }
        order
    }
}

/// A project and how it is hardened.
#[derive(Clone, Debug)]
pub(crate) struct Generated {
    pub(crate) files: Files,
    pub(crate) layers: Vec<String>,
    /// The presets that are named; `auto` when there are none.
    pub(crate) presets: &'static [&'static str],
    /// Services that get a preset whatever their image is.
    pub(crate) forced: Vec<(&'static str, &'static str)>,
    /// All that `--with` and `--unsafe-fixes` allow.
    pub(crate) with_all: bool,
    /// The reasons go into the files.
    pub(crate) explain: bool,
    /// Another layer, so far empty or the last one, takes all changes.
    pub(crate) layer: bool,
}

impl Generated {
    pub(crate) fn layers(&self) -> Vec<&str> {
        self.layers.iter().map(String::as_str).collect()
    }

    /// How it is hardened, to be read by a person.
    pub(crate) fn wishes(&self) -> impl std::fmt::Debug {
        let Self { presets, forced, with_all, explain, layer, .. } = self;
        (presets, forced, ("with all", *with_all), ("explain", *explain), ("layer", *layer))
    }

    /// All files, to be read by a person.
    pub(crate) fn shown(files: &Files) -> String {
        files.iter().map(|(name, text)| format!("--- {name}\n{text}\n")).collect()
    }
}

/// The project that these choices make.
pub(crate) fn project(choices: &[u8]) -> Generated {
    let c = &mut Choices::new(choices);
    // First, so that they are as they were while the rest of a project shrinks.
    let presets = c.pick(&[&["node"][..], &["node", "auto"], &["auto"], &["generic"], &["auto", "generic"]]);
    let forced = c.pick(&[&[][..], &[], &[("web", "node")], &[("api", "nginx"), ("web", "node")]]).to_vec();
    let (with_all, explain, layer) = (c.one_in(2), c.one_in(4), c.one_in(4));
    let mut generated = Generated { files: Files::new(), layers: Vec::new(), presets, forced, with_all, explain, layer };
    let names = content::fill(c, &mut generated);
    generated.forced.retain(|(service, _)| names.contains(service));
    if layer && c.of(3) > 0 {
        let text = c.pick(&["", "# hardened\n", "services: {}\n", "services:\n  web: {}\nvolumes: {}\n"]);
        generated.files.insert("override.yaml".into(), text.into());
        generated.layers.push("override.yaml".into());
    }
    generated
}

/// The choices of case `number` of the run that `seed` names.
pub(crate) fn choices(seed: u64, number: u64) -> Vec<u8> {
    let mut random = Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ number);
    let length = random.below(1200);
    (0..length).map(|_| random.below(256) as u8).collect()
}

/// The plainest choices found for which `fails` still holds: fewer, and then smaller.
pub(crate) fn minimised(mut choices: Vec<u8>, fails: impl Fn(&Generated) -> bool) -> Generated {
    let fails = |choices: &[u8]| fails(&project(choices));
    for size in [256, 64, 16, 4, 1, 1] {
        let mut end = choices.len();
        while end > 0 {
            let start = end.saturating_sub(size);
            let mut fewer = choices.clone();
            fewer.drain(start..end);
            if fails(&fewer) {
                choices = fewer;
            }
            end = start;
        }
    }
    for at in 0..choices.len() {
        for smaller in (0..choices[at]).take(4) {
            let mut plainer = choices.clone();
            plainer[at] = smaller;
            if fails(&plainer) {
                choices = plainer;
                break;
            }
        }
    }
    project(&choices)
}
