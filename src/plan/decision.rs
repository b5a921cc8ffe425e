//! What a person decided of single services. It is part of what a plan is asked for, so that what
//! is written is planned in the one way in which what was shown is planned.

use crate::audit::Rule;
use crate::evidence::{Extras, Selection, WritablePath};
use std::collections::BTreeMap;

/// What was decided, by service. Of a service without a decision nothing is carried out.
pub type Decisions = BTreeMap<String, Decision>;

/// What a person decided of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Whether its fix is carried out.
    pub take: bool,
    /// Whether the person agrees to what is assumed of it.
    pub agrees: bool,
    /// What else is taken away from it.
    pub with: Extras,
    /// What of that, and of what is asked for of all, is not.
    pub without: Extras,
    /// Where it must be able to write; of one path, this counts.
    pub paths: Vec<WritablePath>,
    /// Paths that it does without.
    pub spared: Vec<String>,
    /// Findings that do not count.
    pub ignored: Vec<Ignored>,
}

impl Decision {
    /// Whether it says where the service writes, beside what is known of it.
    pub fn is_of_paths(&self) -> bool {
        !self.paths.is_empty() || !self.spared.is_empty()
    }
}

/// Findings of a service that do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Their rule; `None` is for the whole service.
    pub rule: Option<Rule>,
    /// Why.
    pub reason: String,
    /// Whether that is said by a comment at the service, and not in the configuration file.
    pub is_comment: bool,
}

/// Adds what was decided to what is asked for.
pub(super) fn decide(selection: &mut Selection, decisions: &Decisions) {
    for (service, decision) in decisions {
        if decision.agrees {
            selection.agreed.insert(service.clone());
        }
        if !decision.with.is_empty() {
            selection.more.insert(service.clone(), decision.with);
        }
        if !decision.without.is_empty() {
            let own = selection.without.entry(service.clone()).or_default();
            *own = own.and(decision.without);
        }
        if !decision.paths.is_empty() {
            selection.paths.entry(service.clone()).or_default().extend(decision.paths.iter().cloned());
        }
        if !decision.spared.is_empty() {
            selection.spared.entry(service.clone()).or_default().extend(decision.spared.iter().cloned());
        }
        if decision.ignored.iter().any(|ignored| ignored.rule.is_none()) {
            selection.skip.push(service.clone());
        }
    }
}
