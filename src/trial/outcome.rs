//! What a run shows of a service, in words for the person at the terminal and in words for everybody.

use super::Signs;
use crate::evidence::engine::Observation;
use crate::evidence::image::Image;
use crate::evidence::log::Symptom;
use crate::remedy::Remedy;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Whose failure it is where several containers of one service share a volume, and what to do.
const ONE: &str = "one of its containers, which share their volumes";
const APART: &str = "give each a place of its own: a tmpfs, or a volume without a name (`- /path` below `volumes`)";

/// What is said of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It does its work.
    Works,
    /// It does not.
    Fails,
    /// It cannot be said here.
    Unprovable,
}

/// How much was seen of a service that works, in rising order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// It starts and stays up, or does its work and ends.
    #[default]
    Starts,
    /// Its health check passes, or it answers probes.
    Answers,
    /// What a probe stored was there after a restart, and after it was killed and recreated.
    Keeps,
}

/// What a run showed of one service.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The service.
    pub service: String,
    /// What is said of it.
    pub verdict: Verdict,
    /// Why, for a person.
    pub why: String,
    /// Why, for everybody: the same after every run of the same, without words of the engine and names of this machine.
    pub short: String,
    /// What tells more.
    pub remedy: Option<Remedy>,
    /// What it complained about.
    pub symptoms: Vec<Symptom>,
    /// What it said last, where it had a container.
    pub last_words: Vec<String>,
    /// Whether it ended by itself, and well.
    pub ended: bool,
    /// Whether it came back after it was stopped, and after it was killed and recreated; `None` where that was not tried.
    pub came_back: Option<bool>,
    /// How much was seen of it, where it works.
    pub grade: Grade,
    /// Whether it failed with a writable root, and without a word about what it could not write: no mount mends that.
    pub is_hopeless: bool,
    /// Paths that this engine made writable by itself: on another one it may need a mount there.
    pub given: Vec<String>,
    /// Paths where the run has another kind of volume than the project.
    pub replaced: Vec<String>,
    /// The status that it ended with when it was asked to end, where that was seen.
    pub end: Option<i64>,
    /// What was seen of it from outside, as it worked.
    pub signs: Signs,
    /// Parts of it that died again and again.
    pub dying: BTreeSet<String>,
    /// Lines of its log by which something went wrong, without what differs from run to run.
    pub wrong: BTreeSet<String>,
}

impl Outcome {
    /// One whose reason names this run's own words.
    pub fn new(service: &str, verdict: Verdict, why: String) -> Self {
        let short = match verdict {
            Verdict::Works => why.clone(),
            Verdict::Fails => "it does not work".to_owned(),
            Verdict::Unprovable => "it cannot be run here".to_owned(),
        };
        Self {
            service: service.to_owned(),
            verdict,
            why,
            short,
            remedy: None,
            symptoms: Vec::new(),
            last_words: Vec::new(),
            ended: false,
            came_back: None,
            grade: Grade::Starts,
            is_hopeless: false,
            given: Vec::new(),
            replaced: Vec::new(),
            end: None,
            signs: Signs::default(),
            dying: BTreeSet::new(),
            wrong: BTreeSet::new(),
        }
    }

    /// Why, for a person, with what tells more in the words of a front end.
    pub fn said(&self, say: fn(&Remedy) -> String) -> String {
        self.remedy.iter().fold(self.why.clone(), |why, remedy| format!("{why}; {}", say(remedy)))
    }

    /// The same with a reason for everybody.
    #[must_use]
    pub fn shortly(mut self, short: &str) -> Self {
        short.clone_into(&mut self.short);
        self
    }

    /// Takes over what was seen of it from outside, and what it lacks of what it had before.
    pub fn seen(&mut self, signs: Signs, before: Option<&Self>) {
        let before = before.filter(|before| before.verdict == Verdict::Works);
        if let Some(lacks) = before.and_then(|before| signs.lacks(&before.signs)).filter(|_| self.verdict == Verdict::Works && !self.ended)
        {
            let failed = Self::plain(&self.service, Verdict::Fails, &lacks);
            let (symptoms, last_words) = (std::mem::take(&mut self.symptoms), std::mem::take(&mut self.last_words));
            *self = Self { symptoms, last_words, ..failed };
        }
        self.signs = signs;
    }

    /// Whether something is worse than in another run of it that worked, whatever probes say.
    pub fn is_worse_than(&self, other: &Self) -> bool {
        let is_new = |now: &BTreeSet<String>, then: &BTreeSet<String>| now.difference(then).next().is_some();
        self.signs.lacks(&other.signs).is_some()
            || self.signs.has_died_of(&other.signs)
            || is_new(&self.dying, &other.dying)
            || is_new(&self.wrong, &other.wrong)
    }

    /// Takes over what was seen of a second container of the same service: both must work.
    pub(super) fn joined(&mut self, second: Self) {
        let failed = match (self.verdict, second.verdict) {
            (Verdict::Works, Verdict::Fails) if !self.ended => second,
            // It ends well, and the first one stays up.
            (Verdict::Works, Verdict::Unprovable) if !self.ended && second.ended => second,
            (Verdict::Works, Verdict::Unprovable) if !self.ended => return *self = second,
            (Verdict::Fails, Verdict::Works) => self.clone(),
            _ => return,
        };
        let (why, short) = (format!("{ONE}: {}", failed.why), format!("{ONE}: {}", failed.short));
        *self = Self { verdict: Verdict::Fails, why, short, remedy: Some(APART.into()), ended: false, ..failed };
    }

    /// One whose reason is for everybody.
    pub fn plain(service: &str, verdict: Verdict, why: &str) -> Self {
        Self::new(service, verdict, why.to_owned()).shortly(why)
    }
}

/// What a run showed.
#[derive(Debug, Default)]
pub struct RunResult {
    /// One of each service, in order.
    pub outcomes: Vec<Outcome>,
    /// What each service wrote, if that was looked at.
    pub sights: BTreeMap<String, Observation>,
    /// The image of each service, if that was looked at.
    pub images: BTreeMap<String, Arc<Image>>,
}

impl RunResult {
    /// What it showed of one service.
    pub fn of(&self, service: &str) -> Option<&Outcome> {
        self.outcomes.iter().find(|o| o.service == service)
    }
}
