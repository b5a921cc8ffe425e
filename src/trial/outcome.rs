//! What a run shows of a service, in words for the person at the terminal and in words for everybody.

use crate::evidence::engine::Observation;
use crate::evidence::image::Image;
use crate::evidence::log::Symptom;
use crate::remedy::Remedy;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

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
    /// The status that it ended with when it was asked to end, where that was seen.
    pub end: Option<i64>,
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
            end: None,
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
