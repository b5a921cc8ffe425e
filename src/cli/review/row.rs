//! The services of a project as the review lists them.

use crate::audit::{Applicability, Finding, Fix, Rule, What, inspect, summary};
use crate::compose::Known;
use crate::error::Result;
use crate::evidence::{Extra, Limit, Need, Reason, WritablePath};
use crate::plan::{Decision, Decisions, Plan, takes_comment};
use crate::remedy::Remedy;
use crate::rewrite::{Refused, rewrite};
use std::collections::{HashMap, HashSet};

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// What would change, or why nothing does.
    pub(super) brief: String,
    /// The rules of what was found.
    pub(super) rules: Vec<Rule>,
    /// Where it must be able to write.
    pub(super) paths: Vec<WritablePath>,
    /// Those of them that are in mounts of the file, which stay whatever is chosen.
    pub(super) mounted: Vec<String>,
    /// What else can be changed.
    pub(super) offers: Vec<Offer>,
    /// The file that can take a comment about it, if one can.
    pub(super) comment_in: Option<String>,
}

/// What can become of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A change that is documented, or agreed to on the command line.
    Sure,
    /// A change that a person made another one, so that nothing documents it.
    Choice,
    /// A change that is assumed to work.
    Guess,
    /// It is left alone.
    Refused,
    /// It lacks nothing.
    Done,
    /// A person says that it does not count.
    Ignored,
}

/// Something beside the root filesystem that could be taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) extra: Extra,
    pub(super) is_asked_for: bool,
    /// Whether it works only by assumption.
    pub(super) is_a_guess: bool,
    /// Why it cannot be, if so; else why it can.
    pub(super) text: String,
    pub(super) is_possible: bool,
}

impl Row {
    /// Whether there is a change to accept or to skip.
    pub(super) fn can_change(&self) -> bool {
        matches!(self.kind, Kind::Sure | Kind::Choice | Kind::Guess)
    }
}

/// All services of the plan that were looked at or are ignored, in their order. `guesses` are those whose change was a guess before
/// anything was decided: no decision makes it known to work.
///
/// Errors: a law does not hold for what could be written.
pub(super) fn rows(plan: &Plan<'_>, decisions: &Decisions, guesses: &HashSet<String>) -> Result<Vec<Row>> {
    let fixes: Vec<&Fix> = plan.findings.iter().filter_map(|f| f.fix.as_ref()).collect();
    let refused = rewrite(&plan.project, &fixes, &plan.needs, plan.rewriting())?.refused;
    let refused: HashMap<&str, &Refused> = refused.iter().map(|r| (r.service.as_str(), r)).collect();
    let needs: HashMap<&str, &Need> = plan.needs.iter().map(|n| (n.service.as_str(), n)).collect();
    let left_out: HashMap<&str, &String> = plan.left_out.iter().map(|(name, reason)| (name.as_str(), reason)).collect();
    let mut by_service: HashMap<&str, Vec<&Finding>> = HashMap::new();
    plan.findings.iter().for_each(|f| by_service.entry(&f.service).or_default().push(f));
    let useful = useful(plan);
    let mut found = Vec::new();
    for service in &plan.project.services {
        let (need, ignored) = (needs.get(service.name).copied(), left_out.get(service.name));
        let findings = by_service.remove(service.name).unwrap_or_default();
        if need.is_none() && ignored.is_none() {
            continue;
        }
        let decision = decisions.get(service.name);
        let ignored_here = decision.and_then(|d| d.ignored.last());
        let fix = findings.iter().find_map(|f| f.fix.as_ref());
        let (kind, brief) = match (ignored, fix, refused.get(service.name)) {
            (Some(reason), ..) => (Kind::Ignored, (*reason).clone()),
            (None, Some(_), Some(Refused { why, .. })) => (Kind::Refused, why.clone()),
            (None, Some(fix), None) => (kind_of(fix, need, decision, guesses), summary(&fix.changes)),
            (None, None, _) => match findings.first() {
                Some(finding) if service.read_only != Known::Yes => (Kind::Refused, finding.message.clone()),
                Some(finding) => (Kind::Done, finding.message.clone()),
                None if service.read_only == Known::Yes => (Kind::Done, "read-only already".to_owned()),
                None => (Kind::Ignored, ignored_here.map_or("what was found is ignored", |ignored| &ignored.reason).to_owned()),
            },
        };
        let mut rules: Vec<Rule> = findings.iter().map(|f| f.rule).collect();
        rules.dedup();
        let (paths, offers) = need.map(|need| (need.paths.clone(), offers(need, &useful))).unwrap_or_default();
        let is_mounted = |path: &&WritablePath| service.mounts.iter().any(|mount| mount.is_placed && holds(&mount.target, &path.target));
        let mounted = paths.iter().filter(is_mounted).map(|path| path.target.to_string()).collect();
        let file =
            plan.project.sources.file(service.key().span().file).filter(|_| plan.rewriting().layer.is_none() && takes_comment(service));
        let comment_in = file.map(|source| source.stream.text().name().to_owned());
        found.push(Row { name: service.name.to_owned(), kind, brief, rules, paths, mounted, offers, comment_in });
    }
    Ok(found)
}

/// Whether a path is in what is mounted at `target`.
fn holds(target: &str, path: &str) -> bool {
    path.strip_prefix(target).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn kind_of(fix: &Fix, need: Option<&Need>, decision: Option<&Decision>, guesses: &HashSet<String>) -> Kind {
    let is_unsure = |reason: &Reason| Applicability::of(reason.confidence) == Applicability::Unsafe;
    let agrees = decision.is_some_and(|d| d.agrees);
    // Whoever named a preset or a path has agreed; whoever accepts a guess here still sees that it is one.
    let agreed_before = need.is_some_and(|n| n.consent) && !agrees;
    if guesses.contains(&fix.service) || agrees && fix.changes.iter().any(|c| is_unsure(&c.reason) && !c.reason.is_choice()) {
        Kind::Guess
    } else if decision.is_some_and(Decision::is_of_paths) {
        Kind::Choice
    } else if fix.applicability == Applicability::Safe || agreed_before {
        Kind::Sure
    } else {
        Kind::Guess
    }
}

/// The extras that would change something, by service.
fn useful(plan: &Plan<'_>) -> HashSet<(String, &'static str)> {
    let found = inspect(&plan.project, &plan.needs).into_iter().filter_map(|finding| match finding.remedy? {
        Remedy::Extra { name, .. } => Some((finding.service, name)),
        Remedy::NameVolumes { .. } => Some((finding.service, Extra::NamedVolumes.name())),
        _ => None,
    });
    let makes_tmpfs = |fix: &&Fix| fix.changes.iter().any(|c| matches!(c.what, What::Tmpfs(_)));
    let fixes = plan.findings.iter().filter_map(|f| f.fix.as_ref());
    found.chain(fixes.filter(makes_tmpfs).map(|fix| (fix.service.clone(), Extra::Sizes.name()))).collect()
}

fn offers(need: &Need, useful: &HashSet<(String, &'static str)>) -> Vec<Offer> {
    let of = |extra: Extra| {
        let mut offer = Offer {
            extra,
            is_asked_for: need.with.has(extra),
            is_a_guess: false,
            text: "nothing of that kind is known here".into(),
            is_possible: false,
        };
        match extra {
            Extra::Sizes => (offer.text, offer.is_possible) = ("limit the size of new tmpfs mounts".into(), true),
            Extra::NamedVolumes => (offer.text, offer.is_possible) = ("name the volumes that its image declares".into(), true),
            _ => {
                for limit in &need.limits {
                    match limit {
                        Limit::Works(restriction, reason) if restriction.extra() == extra => {
                            (offer.text, offer.is_possible) = (reason.text.clone(), true);
                            offer.is_a_guess |= Applicability::of(reason.confidence) == Applicability::Unsafe;
                        }
                        Limit::Unknown(unknown, why) if *unknown == extra => offer.text.clone_from(why),
                        _ => {}
                    }
                }
            }
        }
        // Whether a health check is of use to others is the person's to say.
        let follows = extra == Extra::Sizes && !need.own_tmpfs.is_empty();
        let is_useful = extra == Extra::Healthcheck || follows || useful.contains(&(need.service.clone(), extra.name()));
        if offer.is_possible && !offer.is_asked_for && !is_useful {
            (offer.text, offer.is_possible) = (nothing_for(extra).into(), false);
        }
        offer
    };
    Extra::ALL.into_iter().map(of).collect()
}

/// Why an extra would change nothing.
fn nothing_for(extra: Extra) -> &'static str {
    match extra {
        Extra::NamedVolumes => "it has no data in a volume without a name",
        Extra::Sizes => "no tmpfs mount is new",
        Extra::ReadOnlyBinds => "no bind of it can be made read-only here",
        Extra::CapDrop | Extra::NoNewPrivileges | Extra::User | Extra::Healthcheck => "the file says it already",
    }
}
