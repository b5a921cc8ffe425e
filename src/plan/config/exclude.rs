//! What a configuration file leaves out, found by rule and service however much that is.

use crate::audit::Rule;
use crate::compose::Project;
use std::collections::HashMap;

/// What is left out of one project: findings of rules, or whole services.
#[derive(Debug, Default)]
pub(super) struct Excluded {
    /// By rule; `None` is for services that are not looked at at all.
    by_rule: HashMap<Option<Rule>, Reasons>,
    number: usize,
}

/// Why something is left out.
#[derive(Clone, Debug)]
pub(super) struct Why {
    pub(super) reason: String,
    /// File and line.
    pub(super) place: String,
}

/// Why, each with its number in the file: the first that fits counts.
#[derive(Debug, Default)]
struct Reasons {
    for_all: Option<(usize, Why)>,
    by_service: HashMap<String, (usize, Why)>,
}

impl Excluded {
    /// Adds what the file says next. Without a `service` it counts for all.
    pub(super) fn add(&mut self, rule: Option<Rule>, service: Option<String>, why: Why) {
        self.number += 1;
        let reasons = self.by_rule.entry(rule).or_default();
        let why = (self.number, why);
        match service {
            Some(service) => drop(reasons.by_service.entry(service).or_insert(why)),
            None => drop(reasons.for_all.get_or_insert(why)),
        }
    }

    /// Whether findings of any rule are left out.
    pub(super) fn has_rules(&self) -> bool {
        self.by_rule.keys().any(Option::is_some)
    }

    /// Why findings of a rule in a service do not count, if so.
    pub(super) fn reason(&self, rule: Rule, service: &str) -> Option<&str> {
        self.why(rule, service).map(|why| why.reason.as_str())
    }

    /// The same with its place.
    pub(super) fn why(&self, rule: Rule, service: &str) -> Option<&Why> {
        self.by_rule.get(&Some(rule))?.of(service).map(|(_, why)| why)
    }

    /// The services of the project that are left out, and why, in the order of the file.
    pub(super) fn services(&self, project: &Project<'_>) -> Vec<(String, String)> {
        let Some(reasons) = self.by_rule.get(&None) else { return Vec::new() };
        let mut found: Vec<_> = project.services.iter().filter_map(|s| Some((reasons.of(s.name)?, s.name))).collect();
        found.sort_by_key(|((number, _), _)| *number);
        found.into_iter().map(|((_, why), name)| (name.to_owned(), why.reason.clone())).collect()
    }
}

impl Reasons {
    fn of(&self, service: &str) -> Option<&(usize, Why)> {
        let own = self.by_service.get(service);
        own.into_iter().chain(&self.for_all).min_by_key(|(number, _)| *number)
    }
}
