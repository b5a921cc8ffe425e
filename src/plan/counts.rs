//! How many services of a project are, become and stay what.

use super::Plan;
use crate::audit::{Finding, Fix, What};
use crate::compose::Known;
use crate::text::count;
use std::collections::HashSet;

/// Services of a project.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// All of them.
    pub services: usize,
    /// Services that were looked at.
    pub selected: usize,
    /// Services whose root filesystem is read-only already.
    pub hard: usize,
    /// Services that become read-only.
    pub hardened: usize,
    /// Services that would, if what is not known were known.
    pub held_back: usize,
    /// Services that cannot, or whose change has no place.
    pub refused: usize,
}

impl Counts {
    /// The services of a plan.
    pub(super) fn of(plan: &Plan<'_>) -> Self {
        let services = &plan.project.services;
        let is_hardened = |f: &&Fix| f.changes.iter().any(|c| c.what == What::ReadOnly);
        let is_open = |name: &str| plan.project.service(name).is_some_and(|s| s.read_only != Known::Yes);
        let fixed: HashSet<&str> = plan.findings.iter().filter(|f| f.fix.is_some()).map(|f| f.service.as_str()).collect();
        let is_refused = |f: &&Finding| f.fix.is_none() && !fixed.contains(f.service.as_str());
        let mut unchanged: HashSet<&str> = plan.findings.iter().filter(is_refused).map(|f| f.service.as_str()).collect();
        unchanged.extend(plan.refused.iter().map(|refused| refused.service.as_str()));
        Self {
            services: services.len(),
            selected: plan.needs.len(),
            hard: services.iter().filter(|s| s.read_only == Known::Yes).count(),
            hardened: plan.accepted.iter().filter(is_hardened).count(),
            held_back: plan.held_back.iter().filter(|held| is_open(&held.service)).count(),
            refused: unchanged.into_iter().filter(|service| is_open(service)).count(),
        }
    }

    /// The sum of both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            services: self.services + other.services,
            selected: self.selected + other.selected,
            hard: self.hard + other.hard,
            hardened: self.hardened + other.hardened,
            held_back: self.held_back + other.held_back,
            refused: self.refused + other.refused,
        }
    }

    /// "4 of 15 services are read-only; 10 held back, 1 refused", where not all are. `are` is what becomes of those
    /// that change.
    pub fn text(self, hardened: usize, are: &str) -> Option<String> {
        let read_only = self.hard + hardened;
        let open = self.hardened - hardened;
        let rest = self.services.saturating_sub(read_only + open + self.held_back + self.refused);
        let parts = [(open, "missing it"), (self.held_back, "held back"), (self.refused, "refused"), (rest, "left alone")];
        let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        let services = count(self.services, "service", "services");
        let are = if self.services == 1 && are == "are" { "is" } else { are };
        (!parts.is_empty()).then(|| format!("{read_only} of {services} {are} read-only; {}", parts.join(", ")))
    }
}
