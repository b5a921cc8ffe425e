//! The smallest set of writable places with which a project works, found by running it.

mod capabilities;

use super::prepared::Prepared;
use super::verify::{Case, with_project};
use crate::compose::{Known, is_at};
use crate::error::Result;
use crate::evidence::engine::{fit, second_thoughts, writable_paths};
use crate::evidence::{Confidence, Need, Selection, Source, Storage, WritablePath};
use crate::text::clean_line;
use crate::trial::{Outcome, RunResult, Verdict, explain};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

/// Most runs that look for what is missing.
const MAX_ROUNDS: usize = 8;
/// Time after which no further run is begun.
const MAX_TIME: Duration = Duration::from_mins(15);
/// Runs at once that look for what is superfluous.
const AT_ONCE: usize = 3;
/// How long a service is watched on a writable root, where it is only looked at what it writes.
const GLANCE: Duration = Duration::from_secs(1);

/// What was found.
pub(super) struct Healed {
    pub(super) plan: Prepared,
    /// The run that proves the plan, or the last one.
    pub(super) ran: RunResult,
    /// The run on a writable root.
    pub(super) before: RunResult,
    /// What could not be resolved: service and why.
    pub(super) unresolved: Vec<(String, String)>,
}

/// A mount: service and path.
type Mounted = (String, String);

/// Runs the project as it is, adds what it wrote to the plan, then what failures name, until all works or nothing new is named. What it
/// works without is taken away again.
pub(super) fn heal(case: &Case<'_>) -> Result<Healed> {
    let since = Instant::now();
    let settle = case.context.options.settle;
    let mut before = case.original(true, settle.min(GLANCE))?;
    if before.outcomes.iter().all(|o| o.is_hopeless) {
        // What fails anyway is not healed by any mount. Where a path is named, the file may have made the root read-only already.
        let plan = case.plan(&case.options.selection)?;
        let mut ran = RunResult { outcomes: before.outcomes.clone(), ..RunResult::default() };
        for outcome in &mut ran.outcomes {
            outcome.verdict = Verdict::Unprovable;
            outcome.why = format!("it fails on a writable root too: {}", outcome.why);
            "it fails on a writable root too".clone_into(&mut outcome.short);
        }
        return Ok(Healed { plan, ran, before, unresolved: Vec::new() });
    }
    let mut selection = capabilities::later(&case.options.selection);
    let mut unresolved = seed(case, &mut selection, &before)?;
    let (mut round, mut thought) = (1, 0);
    let (mut plan, mut ran, superfluous) = loop {
        let plan = case.plan(&selection)?;
        let title = format!("round {round}");
        let candidates = candidates(case, &plan, &before);
        // Most rounds are the last one, so what it works without is looked for beside it.
        let (ran, superfluous) = std::thread::scope(|scope| {
            let less = scope.spawn(|| superfluous(case, &selection, &candidates, &before, &title));
            let ran = case.run(&plan, &title, Some(&before));
            (ran, joined(less))
        });
        let ran = ran?;
        report(case, &title, &ran);
        let superfluous = superfluous?;
        let mut is_new = false;
        for mut path in mends(&plan, &ran, &before)? {
            let may_be = before.sights.get(&path.service).is_none_or(|observed| fit(&mut path, observed));
            if !may_be {
                continue;
            }
            is_new |= add(&mut selection, path);
        }
        // What no line names may still be seen from what does not come back.
        while !is_new && thought < 2 {
            thought += 1;
            for path in others(&plan, &ran, &before, thought == 2)? {
                is_new |= add(&mut selection, path);
            }
        }
        if !is_new || round == MAX_ROUNDS || since.elapsed() > MAX_TIME {
            break (plan, ran, superfluous);
        }
        round += 1;
    };
    if is_proved(&ran) {
        // Of what works as it was, since nothing could be done for it, that is why.
        with_project(&plan, |project, _| {
            unresolved.retain(|(name, _)| project.service(name).is_some_and(|service| service.read_only != Known::Yes));
            Ok(())
        })?;
        // Probes may be weak: what is worse without it in any way stays.
        let is_worse = |outcome: &Outcome, whole: &RunResult| whole.of(&outcome.service).is_some_and(|whole| outcome.is_worse_than(whole));
        let mut superfluous: Vec<Mounted> =
            superfluous.into_iter().filter(|(_, less)| !is_worse(less, &ran)).map(|(mounted, _)| mounted).collect();
        // Those that go.
        let mut smallest = selection.clone();
        while !superfluous.is_empty() {
            // What goes one by one need not go together.
            let less = without(&selection, superfluous.iter().map(|(s, t)| (s.as_str(), t.as_str())));
            let (smaller, proof) = case.trial(&less, "with less", Some(&before))?;
            report(case, "with less", &proof);
            let fails = |o: &&Outcome| o.verdict != Verdict::Works || is_worse(o, &ran);
            if is_proved(&proof) && !proof.outcomes.iter().any(|o| is_worse(o, &ran)) {
                (plan, ran, smallest) = (smaller, proof, less);
                break;
            }
            // The others may go all the same, if there are others: of a service that fails, all but the one that it misses.
            let had = superfluous.len();
            proof.outcomes.iter().filter(fails).for_each(|failed| keep_one(&mut superfluous, failed));
            if superfluous.len() == had || since.elapsed() > MAX_TIME {
                break;
            }
        }
        if let Some(least) = capabilities::least(case, &smallest, &ran, &before, since)? {
            (plan, ran) = (least.plan, least.ran);
            unresolved.extend(least.unresolved);
        }
    } else if settle > GLANCE {
        // Whether it is our doing is decided by a run on a writable root that takes as long.
        let sights = before.sights;
        before = case.original(false, settle)?;
        before.sights = sights;
        ran = case.run(&plan, "once more", Some(&before))?;
    }
    Ok(Healed { plan, ran, before, unresolved })
}

/// Adds what was written on a writable root, and leaves out what was assumed and not written though it was tried. Returns what was written
/// where nothing can be mounted.
fn seed(case: &Case<'_>, selection: &mut Selection, before: &RunResult) -> Result<Vec<(String, String)>> {
    let plan = case.plan(selection)?;
    let mut elsewhere = Vec::new();
    let seeds = with_project(&plan, |_, needs| {
        let mut seeds = Vec::new();
        for (service, observed) in &before.sights {
            let Some(need) = needs.iter().find(|n| n.service == *service) else { continue };
            let (paths, other) = writable_paths(service, observed, Some(need));
            // What its start scripts plainly write belongs to it, also where the run did not come so far. Declared volumes it has anyway.
            let by_image = before.images.get(service).map(|image| image.candidates(service, Some(need)).paths).unwrap_or_default();
            let is_new = |path: &WritablePath| {
                let is_sure = path.reason.confidence > Confidence::Assumed && !path.is_declared;
                is_sure && !paths.iter().any(|seen| is_at(&path.target, &seen.target) || is_at(&seen.target, &path.target))
            };
            let by_image: Vec<WritablePath> = by_image.into_iter().filter(is_new).collect();
            seeds.extend(paths);
            seeds.extend(by_image);
            elsewhere.extend(other.into_iter().map(|(path, why)| (service.clone(), format!("{path} was written: {why}"))));
            let is_written = |target: &str| observed.written.iter().any(|w| is_at(&w.path, target));
            let works = before.of(service).is_some_and(|o| o.verdict == Verdict::Works);
            let needless =
                need.paths.iter().filter(|p| works && is_assumed(case, p) && !is_written(&p.target)).map(|p| p.target.to_string());
            selection.spared.entry(service.clone()).or_default().extend(needless);
        }
        Ok(seeds)
    })?;
    for path in seeds {
        add(selection, path);
    }
    Ok(elsewhere)
}

/// Adds a path, unless it is known. Returns whether it is new.
fn add(selection: &mut Selection, path: WritablePath) -> bool {
    let spared = selection.spared.entry(path.service.clone()).or_default();
    let was_spared = spared.len();
    spared.retain(|target| **target != *path.target);
    let was_spared = spared.len() < was_spared;
    let own = selection.paths.entry(path.service.clone()).or_default();
    let is_new = !own.iter().any(|p| (&p.target, &p.storage) == (&path.target, &path.storage));
    if is_new {
        // What is known of a path by now counts: the same with another owner, or with `exec`.
        own.retain(|p| p.target != path.target);
        own.push(path);
    }
    is_new || was_spared
}

/// The mounts that failures ask for.
fn mends(plan: &Prepared, ran: &RunResult, before: &RunResult) -> Result<Vec<WritablePath>> {
    with_project(plan, |project, needs| {
        let fails_anyway = |o: &&Outcome| before.of(&o.service).is_some_and(|b| b.verdict == Verdict::Fails);
        let failed = ran.outcomes.iter().filter(|o| o.verdict != Verdict::Works).filter(|o| !fails_anyway(o));
        let of = |o: &Outcome| {
            let need = needs.iter().find(|n| n.service == o.service);
            explain(o, before.of(&o.service), project.service(&o.service), need).1
        };
        Ok(failed.flat_map(of).collect())
    })
}

/// Other places for what was seen of services that do not come back.
fn others(plan: &Prepared, ran: &RunResult, before: &RunResult, as_data: bool) -> Result<Vec<WritablePath>> {
    with_project(plan, |_, needs| {
        let is_ours = |o: &&Outcome| before.of(&o.service).is_some_and(|b| b.came_back != Some(false));
        let gone = ran.outcomes.iter().filter(|o| o.verdict == Verdict::Fails && o.came_back == Some(false)).filter(is_ours);
        let of = |o: &Outcome| {
            let need = needs.iter().find(|n| n.service == o.service)?;
            Some(second_thoughts(&need.paths, before.sights.get(&o.service)?, as_data))
        };
        Ok(gone.filter_map(of).flatten().collect())
    })
}

/// Whether nothing fails.
fn is_proved(ran: &RunResult) -> bool {
    ran.outcomes.iter().all(|o| o.verdict != Verdict::Fails) && ran.outcomes.iter().any(|o| o.verdict == Verdict::Works)
}

fn report(case: &Case<'_>, title: &str, ran: &RunResult) {
    let part = |verdict, word: &str| {
        let names: Vec<&str> = ran.outcomes.iter().filter(|o| o.verdict == verdict).map(|o| o.service.as_str()).collect();
        if names.is_empty() { None } else { Some(format!("{} {word}", names.join(", "))) }
    };
    let parts: Vec<String> = [part(Verdict::Fails, "fails"), part(Verdict::Works, "works")].into_iter().flatten().collect();
    let what = if parts.is_empty() { "nothing can be proved here".to_owned() } else { parts.join("; ") };
    case.context.ui.note(&clean_line(&format!("{title}: {what}")));
}

/// Whether a path is scratch that is only assumed, in a service that more than its start is tried of.
fn is_assumed(case: &Case<'_>, path: &WritablePath) -> bool {
    let is_tried = case.context.probes.iter().any(|p| p.service == path.service);
    is_tried && path.reason.confidence == Confidence::Assumed && path.storage != Storage::State
}

/// The mounts that may turn out superfluous, one of each service at a time: services are tried together, and each is judged by itself.
///
/// What the service really wrote on a writable root stays, for nobody sees all that it does with it; only what would be mounted over
/// configuration is tried all the same. The others are scratch that is assumed, and what a log or the image speaks of.
fn candidates(case: &Case<'_>, plan: &Prepared, before: &RunResult) -> Vec<Vec<Mounted>> {
    let is_used = |path: &WritablePath| {
        let written = before.sights.get(&path.service).into_iter().flat_map(|observed| &observed.written);
        written.into_iter().any(|written| !written.is_inside && is_at(&written.path, &path.target))
    };
    let may_go = |path: &&WritablePath| {
        let is_found = matches!(path.reason.source, Source::Run | Source::Log(_) | Source::Image(_));
        let is_over_settings = path.storage == Storage::State && is_at(&path.target, "/etc");
        let is_scratch = path.storage != Storage::State && !is_used(path);
        is_assumed(case, path) && !is_used(path) || is_found && (is_scratch || is_over_settings)
    };
    let needs = plan.after.as_ref().map_or(&[][..], |after| &after.needs);
    let changed: Vec<&str> = plan.changed().collect();
    let of = |need: &Need| need.paths.iter().filter(may_go).map(|p| (p.service.clone(), p.target.to_string())).collect();
    let all: Vec<Vec<Mounted>> = needs.iter().filter(|need| changed.contains(&need.service.as_str())).map(of).collect();
    let deepest = all.iter().map(Vec::len).max().unwrap_or(0);
    (0..deepest).map(|i| all.iter().filter_map(|own| own.get(i).cloned()).collect()).collect()
}

/// Those of the candidates without which their service works, and what was seen of it then.
fn superfluous(
    case: &Case<'_>,
    selection: &Selection,
    waves: &[Vec<Mounted>],
    before: &RunResult,
    title: &str,
) -> Result<Vec<(Mounted, Outcome)>> {
    let try_wave = |wave: &[Mounted]| -> Result<Vec<(Mounted, Outcome)>> {
        let less = without(selection, wave.iter().map(|(service, target)| (service.as_str(), target.as_str())));
        let ran = case.glance(&less, &format!("{title}, with less"), Some(before))?;
        // What this engine mounts by itself, another one does not.
        let is_given = |o: &Outcome, target: &str| o.given.iter().any(|path| is_at(target, path));
        let works = |(service, target): &Mounted| ran.of(service).filter(|o| o.verdict == Verdict::Works && !is_given(o, target));
        Ok(wave.iter().filter_map(|mounted| Some((mounted.clone(), works(mounted)?.clone()))).collect())
    };
    let mut found = Vec::new();
    for some in waves.chunks(AT_ONCE) {
        let all: Vec<Result<Vec<(Mounted, Outcome)>>> = std::thread::scope(|scope| {
            let threads: Vec<_> = some.iter().map(|wave| scope.spawn(|| try_wave(wave))).collect();
            threads.into_iter().map(joined).collect()
        });
        for one in all {
            found.extend(one?);
        }
    }
    Ok(found)
}

/// Keeps one place of a service that fails without several: the one that it names, else the last one.
fn keep_one(superfluous: &mut Vec<Mounted>, failed: &Outcome) {
    let is_missed = |(service, target): &Mounted| {
        *service == failed.service && failed.symptoms.iter().any(|s| s.path.as_deref().is_some_and(|path| is_at(path, target)))
    };
    let last = || superfluous.iter().rposition(|(service, _)| *service == failed.service);
    if let Some(place) = superfluous.iter().position(is_missed).or_else(last) {
        superfluous.remove(place);
    }
}

/// What a thread found; its panic is ours.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn without<'w>(selection: &Selection, paths: impl Iterator<Item = (&'w str, &'w str)>) -> Selection {
    let mut less = selection.clone();
    for (service, target) in paths {
        less.spared.entry(service.to_owned()).or_default().push(target.to_owned());
    }
    less
}
