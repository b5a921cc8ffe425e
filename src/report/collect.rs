//! From findings to a report.

use super::data::{
    Answer, Applicability, Change, Checks, Edit, Finding, Fix, Kind, LeftOut, Location, Mount, Planned, Position, Project, Reason, Remedy,
    Service, Severity, Surface,
};
use crate::audit::{self, Rule, What};
use crate::compose::{self, Coverage, Known, MountKind};
use crate::error::Result;
use crate::evidence::{Need, Source, WritablePath};
use crate::plan::Plan;
use crate::remedy;
use crate::rewrite::{Options, Rewrite, rewrite};
use crate::text::{Span, TextFile};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::ops::Range;

/// Most bytes that are rewritten to find the edits of single fixes: each is verified in the whole project, so that without a bound the
/// time would grow with the square of its size. A third of a second's worth.
const MAX_EDIT_WORK: usize = 8 << 20;

/// A plan, and the services whose fix it carries out.
struct Found<'p, 'a> {
    plan: &'p Plan<'a>,
    planned: HashSet<&'p str>,
}

/// How a front end says what to do about something.
pub type Say = fn(&remedy::Remedy) -> String;

/// The report of one project. With `edits`, each fix says by which edits it is carried out.
///
/// Errors: a fix that breaks a law.
pub fn collect(plan: &Plan<'_>, edits: bool, say: Say) -> Result<Project> {
    let found = &Found { plan, planned: plan.changed().collect() };
    let project = &plan.project;
    let files: Vec<String> = project.sources.files().iter().map(|f| f.path.display().to_string()).collect();
    let by_name: HashMap<&str, &Need> = plan.needs.iter().map(|n| (n.service.as_str(), n)).collect();
    let mut own: HashMap<&str, Vec<&audit::Finding>> = HashMap::new();
    for finding in &plan.findings {
        own.entry(finding.service.as_str()).or_default().push(finding);
    }
    let none = Vec::new();
    let own = |name: &str| own.get(name).unwrap_or(&none);
    let services = project.services.iter().filter_map(|s| Some(service(found, s, by_name.get(s.name)?, own(s.name)))).collect();
    let bytes: usize = project.sources.files().iter().map(|f| f.stream.text().text().len()).sum();
    let mut left = if edits { MAX_EDIT_WORK } else { 0 };
    let mut seen: HashMap<(Rule, &str), usize> = HashMap::new();
    let mut findings = Vec::new();
    for finding in plan.findings.iter().chain(&plan.unnamed) {
        let number = seen.entry((finding.rule, finding.service.as_str())).or_default();
        let fix = match &finding.fix {
            Some(fix) => {
                let rest = left.checked_sub(bytes.max(1));
                left = rest.unwrap_or(0);
                Some(fix_of(found, fix, rest.is_some())?)
            }
            None => None,
        };
        let location = location(project, finding.span);
        let fingerprint = fingerprint(finding, &location.file, *number);
        *number += 1;
        findings.push(Finding {
            rule: finding.rule.id(),
            severity: severity(plan.severity(finding.rule)),
            service: finding.service.clone(),
            message: finding.message.clone(),
            help: finding.remedy.as_ref().map(say),
            remedy: finding.remedy.as_ref().map(Remedy::from),
            location,
            fix,
            fingerprint,
            ignored: finding.ignored.clone(),
        });
    }
    let path = files.first().cloned().unwrap_or_default();
    let left_out = plan.left_out.iter().map(|(service, reason)| LeftOut { service: service.clone(), reason: reason.clone() }).collect();
    let paths = project.sources.files().iter().map(|f| f.path.clone()).collect();
    Ok(Project { path, files, paths, error: None, services, left_out, findings })
}

fn severity(severity: audit::Severity) -> Severity {
    match severity {
        audit::Severity::Note => Severity::Note,
        audit::Severity::Warning => Severity::Warning,
        audit::Severity::Error => Severity::Error,
    }
}

fn fingerprint(finding: &audit::Finding, file: &str, number: usize) -> String {
    // `./a.yaml` and `a.yaml` are one file.
    let file = file.trim_start_matches("./");
    let text = [finding.rule.id(), file, finding.service.as_str(), &number.to_string()].join("\0");
    Sha256::digest(text).iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A place by line and column.
pub fn location(project: &compose::Project<'_>, span: Span) -> Location {
    let Some(source) = project.sources.file(span.file) else {
        let start = Position { line: 1, column: 1, byte: 0 };
        return Location { file: String::new(), start, end: start };
    };
    let text = source.stream.text();
    let end = span.end.max(span.start) as usize;
    Location { file: source.path.display().to_string(), start: position(text, span.start as usize), end: position(text, end) }
}

fn position(text: &TextFile, byte: usize) -> Position {
    let (line, column) = text.line_column(byte);
    Position { line, column, byte }
}

fn service(found: &Found<'_, '_>, service: &compose::Service<'_>, need: &Need, own: &[&audit::Finding]) -> Service {
    let fix = own.iter().find_map(|f| f.fix.as_ref()).filter(|f| found.planned.contains(f.service.as_str()));
    let before = audit::Surface::of(service, Some(need));
    let after = fix.map_or(before, |fix| before.after(fix, Some(need)));
    let has = |rules: &[Rule]| own.iter().any(|f| rules.contains(&f.rule));
    let checks = |surface: &audit::Surface, tmp: bool| Checks {
        root_is_read_only: !surface.root,
        data_is_gathered: !has(&[Rule::ScatteredState]),
        tmp_is_in_memory: tmp,
        program_is_read_only: !surface.root && !has(&[Rule::WritableProgram, Rule::WritableSource]),
        writable_places: surface.places(),
    };
    let tmp = match service.coverage("/tmp") {
        Coverage::Writable(mount) => Some(mount.kind == MountKind::Tmpfs),
        Coverage::ReadOnly(_) => Some(true),
        _ => None,
    };
    let preset = match &need.basis.source {
        Source::Preset(name) => name.clone(),
        other => other.to_string(),
    };
    Service {
        name: service.name.to_owned(),
        location: location(&found.plan.project, service.key().span()),
        image: service.shown_text("image").map(Cow::into_owned),
        preset,
        recognised: need.recognised,
        // With a read-only root, what is not mounted cannot be written.
        checks: Change { before: checks(&before, tmp.unwrap_or(!before.root)), after: checks(&after, tmp.unwrap_or(!after.root)) },
        surface: Change { before: surface(&before), after: surface(&after) },
        mounts: mounts(service, need, fix),
    }
}

fn surface(surface: &audit::Surface) -> Surface {
    let audit::Surface { root, tmpfs, volumes, binds, sockets, privileged, all_capabilities } = *surface;
    Surface { score: surface.score(), root, tmpfs, volumes, binds, sockets, privileged, all_capabilities }
}

fn mounts(service: &compose::Service<'_>, need: &Need, fix: Option<&audit::Fix>) -> Vec<Mount> {
    let changes = || fix.into_iter().flat_map(|f| &f.changes);
    let mut restrictions: HashMap<&str, &audit::Change> = HashMap::new();
    for change in changes() {
        if let What::ReadOnlyBind(target) = &change.what {
            restrictions.entry(target).or_insert(change);
        }
    }
    let mut mounts = Vec::new();
    for mount in &service.mounts {
        let kind = match mount.kind {
            MountKind::Bind if mount.is_engine_socket() => Kind::EngineSocket,
            MountKind::Bind => Kind::Bind,
            MountKind::Volume => Kind::Volume,
            MountKind::Anonymous => Kind::AnonymousVolume,
            MountKind::Tmpfs => Kind::Tmpfs,
            MountKind::Fixed => Kind::Image,
            MountKind::Unknown => Kind::Unknown,
        };
        let before = match mount.writable {
            Known::Yes => Answer::Yes,
            Known::No => Answer::No,
            Known::Unknown => Answer::Unknown,
        };
        let restriction = restrictions.get(&*mount.target);
        let writable = Change { before, after: if restriction.is_some() { Answer::No } else { before } };
        let source = mount.shown_source().map(str::to_owned);
        let reason = restriction.map(|c| c.reason.text.clone());
        mounts.push(Mount { target: mount.shown_target().to_owned(), kind, source, writable, planned: false, reason });
    }
    let image_volumes: Vec<&WritablePath> = audit::image_volumes(service, need).collect();
    let is_named = |path: &WritablePath| changes().any(|c| matches!(&c.what, What::Volume { target, .. } if *target == path.target));
    for path in image_volumes.iter().filter(|path| !is_named(path)) {
        let writable = Change { before: Answer::Yes, after: Answer::Yes };
        let (target, reason) = (path.target.to_string(), Some(path.reason.text.clone()));
        mounts.push(Mount { target, kind: Kind::AnonymousVolume, source: None, writable, planned: false, reason });
    }
    for change in changes() {
        let (target, kind, source) = match &change.what {
            What::Tmpfs(item) => (item.target.clone(), Kind::Tmpfs, None),
            What::Volume { name, target } => (target.to_string(), Kind::Volume, Some(name.clone())),
            _ => continue,
        };
        let is_writable = image_volumes.iter().any(|path| *path.target == target);
        let writable = Change { before: if is_writable { Answer::Yes } else { Answer::No }, after: Answer::Yes };
        mounts.push(Mount { target, kind, source, writable, planned: true, reason: Some(change.reason.text.clone()) });
    }
    mounts
}

fn fix_of(found: &Found<'_, '_>, fix: &audit::Fix, edits: bool) -> Result<Fix> {
    let changes = fix.changes.iter().map(|change| Planned { what: change.what.to_string(), reason: Reason::from(&*change.reason) });
    let applicability = match fix.applicability {
        audit::Applicability::Safe => Applicability::Safe,
        audit::Applicability::Unsafe => Applicability::Unsafe,
    };
    let mut all = Vec::new();
    if edits {
        for rewrite in rewrite(&found.plan.project, &[fix], &found.plan.needs, Options::default())?.rewrites {
            all.extend(edits_of(&rewrite));
        }
    }
    Ok(Fix { applicability, summary: audit::summary(&fix.changes), changes: changes.collect(), edits: all })
}

/// The edits of a rewrite as whole lines: those that it touches, without what stays the same at their beginning and end.
fn edits_of(rewrite: &Rewrite) -> Vec<Edit> {
    let text = rewrite.before();
    let mut edits = rewrite.edits().iter().peekable();
    let mut found = Vec::new();
    while let Some(edit) = edits.next() {
        let start = text.text()[..edit.span.range().start].rfind('\n').map_or(0, |at| at + 1);
        let (mut copied, mut new, mut edit) = (start, String::new(), edit);
        let end = loop {
            new += &text.text()[copied..edit.span.range().start];
            new += &edit.text;
            copied = edit.span.range().end;
            // A line that ends where the edit does is whole already.
            let is_whole = copied > start && text.text()[..copied].ends_with('\n') && (new.is_empty() || new.ends_with('\n'));
            let line_end = text.text()[copied..].find('\n').map_or(text.text().len(), |at| copied + at + 1);
            let end = if is_whole { copied } else { line_end };
            match edits.next_if(|next| next.span.range().start < end) {
                Some(next) => edit = next,
                None => break end,
            }
        };
        new += &text.text()[copied..end];
        found.push(whole_lines(text, start..end, &new));
    }
    found
}

/// The replacement of some lines, without those that are the same at the beginning and at the end.
fn whole_lines(text: &TextFile, Range { mut start, mut end }: Range<usize>, new: &str) -> Edit {
    let old: Vec<&str> = text.text()[start..end].split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    let first = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let most = old.len().min(new.len()) - first;
    let last = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(old, new)| old == new).count();
    start += old[..first].iter().map(|line| line.len()).sum::<usize>();
    end -= old[old.len() - last..].iter().map(|line| line.len()).sum::<usize>();
    let location = Location { file: text.name().to_owned(), start: position(text, start), end: position(text, end) };
    Edit { location, text: new[first..new.len() - last].concat() }
}
