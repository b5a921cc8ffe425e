//! Project and evidence in, findings out.

mod finding;
mod ignore;
mod inspect;
mod key;
mod names;
mod refuse;
mod restrict;
mod rule;
mod surface;

pub use finding::{Applicability, Change, Finding, Fix, What, summary};
pub use ignore::{Ignores, comment_above};
pub use inspect::{inspect, unnamed};
pub use key::Key;
pub use restrict::rule_of_extra;
pub use rule::{Rule, Severity};
pub use surface::{Surface, image_volumes};

use crate::compose::{Coverage, Known, NotRead, Project, Service};
use crate::evidence::{Confidence, Extra, Need, Reason, Source, Storage, Target, WritablePath};
use crate::text::Span;
use names::VolumeNames;
use refuse::Facts;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Audits every service that `needs` names, in the project's order.
pub fn audit(project: &Project<'_>, needs: &[Need]) -> Vec<Finding> {
    let by_service: HashMap<&str, &Need> = needs.iter().rev().map(|n| (n.service.as_str(), n)).collect();
    let facts = Facts::of(project);
    let mut names = VolumeNames::of(project);
    let whole = project.documents.first().map(|d| d.root.span()).into_iter();
    let whole = whole.flat_map(|span| {
        project.sources.unread().iter().map(move |file| not_read(span, file, "nothing in this project is known for sure"))
    });
    let parts = project.unread.iter().map(|(span, file)| not_read(*span, file, "its services are not looked at"));
    let mut findings: Vec<Finding> = whole.chain(parts).collect();
    for service in &project.services {
        if let Some(need) = by_service.get(service.name) {
            findings.extend(audit_service(&facts, service, need, &mut names));
        }
    }
    findings
}

/// A part of the project that is not on this machine, or outside of the project.
fn not_read(span: Span, file: &NotRead, what: &str) -> Finding {
    let remedy = file.help.clone().unwrap_or_else(|| "run in that project, or bring the file into this one".into());
    Finding {
        rule: Rule::NotFollowed,
        service: String::new(),
        message: format!("{}: {what}", file.why),
        span,
        remedy: Some(remedy),
        fix: None,
        ignored: None,
    }
}

fn audit_service(facts: &Facts<'_>, service: &Service<'_>, need: &Need, names: &mut VolumeNames<'_>) -> Vec<Finding> {
    let finding =
        |rule, span, message: String| Finding { rule, service: service.name.into(), message, span, remedy: None, fix: None, ignored: None };
    let mut findings = Vec::new();
    let mut changes = Vec::new();
    let mut confidence = need.basis.confidence;
    if service.read_only != Known::Yes {
        changes.push(Change { what: What::ReadOnly, reason: need.basis.clone() });
    }
    for path in unique(&need.paths) {
        match service.coverage(&path.target) {
            Coverage::Engine => {}
            Coverage::Writable(mount) => changes.extend(restrict::follow(need, path, mount)),
            // The engine makes a volume there, which stays writable, and goes along when the container is recreated.
            Coverage::Root if path.is_declared && !need.with.has(Extra::NamedVolumes) => {}
            Coverage::Root => {
                let sharing = sharing(service, path);
                if let (Some(why), true) = (&sharing, path.is_declared) {
                    findings.push(finding(Rule::UnnamedVolume, service.key().span(), format!("`named-volumes` is left out: {why}")));
                    continue;
                }
                confidence = confidence.min(path.reason.confidence);
                let reason = match sharing {
                    None => path.reason.clone(),
                    // Each has its own data now; whether they may have the same is not known.
                    Some(sharing) => {
                        confidence = Confidence::Assumed;
                        let text = format!("{}; {sharing}: `- {}` below `volumes` gives each its own", path.reason.text, path.target);
                        Arc::new(Reason { text, confidence, ..(*path.reason).clone() })
                    }
                };
                changes.push(Change { what: mount(service, path, names), reason });
                findings.extend(path.owner.filter(|_| path.storage == Storage::State).map(|uid| {
                    let message =
                        format!("a new volume at `{}` is root's unless the image has that folder, and it runs as {uid}", path.target);
                    Finding {
                        remedy: Some(give_away(&path.target, uid).into()),
                        ..finding(Rule::VolumeOwner, service.key().span(), message)
                    }
                }));
            }
            // Who only reads what another service keeps, does so on purpose.
            Coverage::ReadOnly(mount) if mount.is_lent => {}
            Coverage::ReadOnly(mount) => {
                let message = format!("`{}` must be writable ({}) but is mounted read-only", path.target, path.reason.text);
                let help = "drop the `ro` if the service really writes there; a second mount at this path would replace this one";
                findings.push(Finding { remedy: Some(help.into()), ..finding(Rule::ReadOnlyMount, mount.span(), message) });
            }
            Coverage::Unknown(mount) => {
                confidence = Confidence::Assumed;
                let message = format!("a variable decides whether `{}` is writable ({})", path.target, path.reason.text);
                findings.push(finding(Rule::UnresolvedVariable, mount.span(), message));
            }
        }
    }
    restrict::restrict(facts, service, need, &mut changes, &mut findings);
    if changes.is_empty() {
        return findings;
    }
    let mut refusals = refuse::refusals(facts, service);
    if service.read_only != Known::Yes {
        refusals.extend(refuse::obstacles(service, need));
    }
    if !refusals.is_empty() {
        let refused = |r: refuse::Refusal| Finding { remedy: Some(r.remedy), ..finding(r.rule, r.span, r.message) };
        return refusals.into_iter().map(refused).collect();
    }
    changes.sort_by_key(|c| c.what.rank());
    let because = Arc::new(Reason {
        source: Source::Rule,
        text: "a named volume must be declared".into(),
        link: None,
        confidence: Confidence::Documented,
    });
    let declare = |c: &Change| match &c.what {
        What::Volume { name, .. } => Some(Change { what: What::Declare(name.clone()), reason: because.clone() }),
        _ => None,
    };
    let declared: Vec<Change> = changes.iter().filter_map(declare).collect();
    if let Some((name, key)) = names.undecided.take_if(|_| !declared.is_empty()) {
        let message = format!("a variable decides the name of volume `{key}`, and a new volume must not get the same one");
        let help = "look at the value: a new volume is called `<project>_<key>` in the engine, and a name that is there already is the same volume";
        findings.push(Finding { remedy: Some(help.into()), ..finding(Rule::UnresolvedVariable, name.span(), message) });
    }
    changes.extend(declared);
    let mounts = |c: &Change| matches!(c.what, What::Tmpfs(_) | What::Volume { .. });
    let (rule, message) = match service.read_only {
        Known::Yes if !changes.iter().any(mounts) => restrict::rule_of(&changes),
        Known::Yes if changes.iter().filter(|c| mounts(c)).all(|c| is_declared(need, c)) => {
            (Rule::UnnamedVolume, "keeps data in a volume without a name".to_owned())
        }
        Known::Yes => (Rule::UncoveredWrite, "is read-only but cannot write where it must".to_owned()),
        _ => (Rule::WritableRoot, "can write to its root filesystem".to_owned()),
    };
    let fix = Fix { service: service.name.into(), applicability: Applicability::of(confidence), changes };
    findings.insert(0, Finding { fix: Some(fix), ..finding(rule, service.key().span(), message) });
    findings
}

/// Why a new volume would not be that of one container.
fn sharing(service: &Service<'_>, path: &WritablePath) -> Option<String> {
    match service.replicas() {
        _ if path.storage != Storage::State => None,
        Some(0 | 1) => None,
        Some(number) => Some(format!("its {number} containers would share the volume")),
        None => Some("a variable decides how many containers would share the volume".to_owned()),
    }
}

/// Whether a change mounts something where the image declares a volume.
fn is_declared(need: &Need, change: &Change) -> bool {
    let is_it = |target: &Target| need.paths.iter().any(|path| path.is_declared && path.target == *target);
    matches!(&change.what, What::Volume { target, .. } if is_it(target))
}

/// What makes a volume writable for a user who is not root.
fn give_away(target: &str, uid: u32) -> String {
    format!("make the folder in the Dockerfile: `RUN mkdir -p {target} && chown {uid} {target}`; `explain volume-owner` has other ways")
}

/// The first path of each target.
fn unique(paths: &[WritablePath]) -> impl Iterator<Item = &WritablePath> {
    let mut seen = HashSet::new();
    paths.iter().filter(move |p| seen.insert(&p.target))
}

fn mount(service: &Service<'_>, path: &WritablePath, names: &mut VolumeNames<'_>) -> What {
    match &path.storage {
        Storage::Scratch(options) => What::Tmpfs(options.at(&path.target)),
        Storage::State => What::Volume { name: names.take(service.name, &path.target), target: path.target.clone() },
    }
}
