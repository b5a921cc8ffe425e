//! The smallest set of capabilities with which services work that `--with cap-drop` is asked for, found by running them.

use super::{MAX_TIME, report};
use crate::cli::prepared::Prepared;
use crate::cli::verify::{Case, with_project};
use crate::error::Result;
use crate::evidence::{Extra, Extras, Limit, Need, Restriction, Selection};
use crate::trial::capabilities::Search;
use crate::trial::{RunResult, Verdict};
use std::collections::BTreeMap;
use std::time::Instant;

/// Most runs.
const MAX_RUNS: usize = 30;

/// The selection without cap-drop: which mounts are needed is seen first, with what every container has.
pub(super) fn later(selection: &Selection) -> Selection {
    let mut selection = selection.clone();
    let cap_drop: Extras = [Extra::CapDrop].into_iter().collect();
    selection.with = selection.with.without(cap_drop);
    selection.more.values_mut().for_each(|more| *more = more.without(cap_drop));
    selection
}

/// What was found, and the run that proves it or is the last one.
pub(super) struct Least {
    pub(super) plan: Prepared,
    pub(super) ran: RunResult,
    /// What could not be found: service and why.
    pub(super) unresolved: Vec<(String, String)>,
}

/// Finds the capabilities of the services that work in `ran`, without them being dropped. `None` where nobody asks for it.
pub(super) fn least(case: &Case<'_>, selection: &Selection, ran: &RunResult, before: &RunResult, since: Instant) -> Result<Option<Least>> {
    let asked = &case.options.selection;
    let mut selection = Selection { with: asked.with, more: asked.more.clone(), ..selection.clone() };
    let works = |name: &str| ran.of(name).is_some_and(|o| o.verdict == Verdict::Works);
    let known = |need: &Need| {
        let known = need.limits.iter().find_map(|limit| match limit {
            Limit::Works(Restriction::Capabilities(add), _) => Some(add.clone()),
            Limit::Works(..) | Limit::Unknown(..) => None,
        });
        known.unwrap_or_default()
    };
    let asks = |need: &&Need| need.with.has(Extra::CapDrop) && works(&need.service);
    let mut searches: BTreeMap<String, Search> = with_project(&case.plan(&selection)?, |_, needs| {
        Ok(needs.iter().filter(asks).map(|need| (need.service.clone(), Search::new(&known(need)))).collect())
    })?;
    if searches.is_empty() {
        return Ok(None);
    }
    let mut runs = 0;
    loop {
        runs += 1;
        for (service, search) in &searches {
            let has = (!search.is_over() || search.is_found()).then(|| search.tries());
            selection.capabilities.insert(service.clone(), has);
        }
        let is_last = searches.values().all(Search::is_over) || runs > MAX_RUNS || since.elapsed() > MAX_TIME;
        if is_last {
            searches.iter().filter(|(_, search)| !search.is_found()).for_each(|(service, _)| {
                selection.capabilities.insert(service.clone(), None);
            });
        }
        let lives = is_last || searches.values().any(Search::lives);
        let title = if is_last { "with the capabilities found".to_owned() } else { format!("capabilities {runs}") };
        let plan = case.plan(&selection)?;
        let ran = case.run_with(&plan, &title, Some(before), lives)?;
        report(case, &title, &ran);
        if is_last {
            let why = "its capabilities stay as they are: it failed without them, and no run told which it needs";
            let unresolved = searches.into_iter().filter(|(_, search)| !search.is_found()).map(|(service, _)| (service, why.to_owned()));
            return Ok(Some(Least { plan, ran, unresolved: unresolved.collect() }));
        }
        for (service, search) in searches.iter_mut().filter(|(_, search)| !search.is_over()) {
            if let Some(outcome) = ran.of(service) {
                search.tried(outcome);
            }
        }
    }
}
