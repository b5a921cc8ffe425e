//! What a run shows of a service, in words for the person at the terminal and in words for everybody.

use crate::evidence::log::Symptom;
use serde::Serialize;

/// What is said of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli) enum Verdict {
    Works,
    Fails,
    /// It cannot be said here.
    Unprovable,
}

/// What a run showed of one service.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Outcome {
    pub(in crate::cli) service: String,
    pub(in crate::cli) verdict: Verdict,
    /// Why, for a person.
    pub(in crate::cli) why: String,
    /// Why, for everybody: the same after every run of the same, without words of the engine and names of this machine.
    pub(in crate::cli) short: String,
    /// What it complained about.
    pub(in crate::cli) symptoms: Vec<Symptom>,
    /// What it said last, where it had a container.
    pub(in crate::cli) last_words: Vec<String>,
    /// Whether it ended by itself, and well.
    pub(in crate::cli) ended: bool,
}

impl Outcome {
    pub(in crate::cli) fn new(service: &str, verdict: Verdict, why: String) -> Self {
        let short = match verdict {
            Verdict::Works => why.clone(),
            Verdict::Fails => "it does not work".to_owned(),
            Verdict::Unprovable => "it cannot be run here".to_owned(),
        };
        Self { service: service.to_owned(), verdict, why, short, symptoms: Vec::new(), last_words: Vec::new(), ended: false }
    }

    /// The same with a reason for everybody.
    pub(in crate::cli) fn shortly(mut self, short: &str) -> Self {
        short.clone_into(&mut self.short);
        self
    }

    /// One whose reason is for everybody.
    pub(super) fn plain(service: &str, verdict: Verdict, why: &str) -> Self {
        Self::new(service, verdict, why.to_owned()).shortly(why)
    }
}
