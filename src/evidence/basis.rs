//! Why we think that a service can run on a read-only root filesystem at all, how sure that is, and what stands against it.

use super::Confidence;
use super::context::{ImageUsers, ServiceContext};
use super::preset::Obstacle;
use super::select::Choice;
use crate::compose::Known;

/// What is said of a service that is known.
const RUNS: &str = " runs read-only with these mounts";

/// What is known of a service before its paths.
pub(super) struct Basis {
    /// Why it can run read-only.
    pub(super) text: String,
    /// How sure that is.
    pub(super) confidence: Confidence,
    /// What is known to keep it from that.
    pub(super) obstacles: Vec<Obstacle>,
}

impl Basis {
    /// What the presets of a service say. Naming the service (`is_named`) overrules obstacles: then they are doubts.
    pub(super) fn of(context: &ServiceContext<'_, '_>, choice: &Choice, users: &ImageUsers<'_>, is_named: bool) -> Self {
        let mut basis = Self::of_what_it_is(context, choice);
        let presets = || std::iter::once(&choice.base).chain(&choice.additions).map(|part| &part.preset);
        for doubt in presets().flat_map(|preset| &preset.doubts) {
            if context.needs(&doubt.when, &doubt.unless, users) != Known::No {
                basis.doubt(&doubt.why);
            }
        }
        for obstacle in presets().flat_map(|preset| &preset.obstacles) {
            match context.needs(&obstacle.when, &obstacle.unless, users) {
                Known::No => {}
                Known::Yes if !is_named => basis.obstacles.push(obstacle.clone()),
                Known::Yes | Known::Unknown => basis.doubt(&format!("{}: {}", obstacle.why, obstacle.remedy)),
            }
        }
        basis
    }

    fn of_what_it_is(context: &ServiceContext<'_, '_>, choice: &Choice) -> Self {
        let base = &choice.base;
        let is_agreed = base.named || choice.additions.iter().any(|a| a.named);
        let is_known_framework = choice.additions.iter().any(|a| a.recognised && a.preset.framework);
        let (text, confidence) = match &choice.recognised {
            Ok(what) if context.runs_its_own_program(&base.preset) && !is_agreed && !is_known_framework => {
                let known = if context.is_built() { "base image" } else { "image" };
                (format!("{what}: the {known} is known; what your own program writes is not"), Confidence::Base)
            }
            Ok(what) => match &base.preset.basis {
                Some(basis) => (format!("{what}: {}", basis.text), basis.confidence),
                None => (format!("{what}{RUNS}"), Confidence::Documented),
            },
            Err(_) if base.named => ("you named the preset for this service".to_owned(), Confidence::Assumed),
            Err(why) => (format!("{why}; most images run with these mounts"), Confidence::Assumed),
        };
        Self { text, confidence, obstacles: Vec::new() }
    }

    /// Makes it an assumption. An empty reason was said already.
    pub(super) fn doubt(&mut self, why: &str) {
        self.confidence = Confidence::Assumed;
        if !why.is_empty() {
            match self.text.strip_suffix(RUNS) {
                Some(what) => self.text = format!("{what}: {why}"),
                None => self.text += &format!("; {why}"),
            }
        }
    }
}
