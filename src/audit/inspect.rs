//! What is so already, whatever is planned: mounts that give too much, tmpfs mounts that fail or surprise, data in the wrong place.

mod mounts;
mod tmpfs;

use super::finding::Finding;
use super::refuse::{self, Facts};
use super::restrict;
use super::rule::Rule;
use crate::compose::{Coverage, Mount, MountKind, Project, Service, is_at};
use crate::evidence::{Extra, Limit, Need, Restriction, Storage, WritablePath};
use crate::remedy::Remedy;
use crate::text::{Span, shell_word};
use std::collections::HashMap;

/// Looks at every service that `needs` names, in the project's order. Nothing that it finds has a fix of its own.
pub fn inspect(project: &Project<'_>, needs: &[Need]) -> Vec<Finding> {
    let facts = Facts::of(project);
    let mut findings = Vec::new();
    for mut case in cases(project, needs) {
        let (service, need) = (case.service, case.need);
        case.image();
        case.unnamed();
        case.state();
        mounts::inspect(&mut case);
        tmpfs::inspect(&mut case);
        findings.append(&mut case.findings);
        // What is left alone as a whole gets no offers.
        if refuse::refusals(&facts, service).is_empty() {
            findings.extend(restrict::offers(&facts, service, need));
        }
    }
    findings
}

/// Of that, only the data that lie in volumes without a name: a change of the file leaves them there, and who changes it should know.
pub fn unnamed(project: &Project<'_>, needs: &[Need]) -> Vec<Finding> {
    let found = |mut case: Case<'_, '_>| {
        case.unnamed();
        case.findings
    };
    cases(project, needs).flat_map(found).collect()
}

/// The services that can be looked at.
fn cases<'s, 'a>(project: &'s Project<'a>, needs: &'s [Need]) -> impl Iterator<Item = Case<'s, 'a>> {
    let by_service: HashMap<&str, &Need> = needs.iter().map(|n| (n.service.as_str(), n)).collect();
    let is_here = |s: &&Service<'_>| s.unread.is_none() && s.get("provider").is_none();
    project.services.iter().filter(is_here).filter_map(move |service| {
        let need = *by_service.get(service.name)?;
        let needed = need.paths.iter().rev().map(|p| (&*p.target, p)).collect();
        Some(Case { service, need, needed, findings: Vec::new() })
    })
}

/// One service, what is known of it, and what was found.
struct Case<'s, 'a> {
    service: &'s Service<'a>,
    need: &'s Need,
    /// What it must write, by target.
    needed: HashMap<&'s str, &'s WritablePath>,
    findings: Vec<Finding>,
}

impl<'s, 'a> Case<'s, 'a> {
    fn say(&mut self, rule: Rule, span: Span, message: impl Into<String>, remedy: impl Into<Remedy>) {
        let service = self.service.name.to_owned();
        self.findings.push(Finding { rule, service, message: message.into(), span, remedy: Some(remedy.into()), fix: None, ignored: None });
    }

    /// Whether the preset names `path` itself as one that must be writable.
    fn is_needed(&self, path: &str) -> bool {
        self.needed.contains_key(path)
    }

    /// Whether the preset says that what is at `path` is only read.
    fn is_only_read(&self, path: &str) -> bool {
        let reads = |limit: &Limit| matches!(limit, Limit::Works(Restriction::ReadOnly(folder), _) if is_at(path, folder));
        self.need.limits.iter().any(reads)
    }

    /// Mounts that keep what is written.
    fn kept(&self) -> impl Iterator<Item = &'s Mount<'a>> + use<'s, 'a> {
        let keeps = |m: &&Mount<'a>| matches!(m.kind, MountKind::Bind | MountKind::Volume | MountKind::Anonymous);
        self.service.mounts.iter().filter(keeps).filter(|m| m.writable == crate::compose::Known::Yes)
    }

    fn image(&mut self) {
        if !self.need.recognised {
            let why = self.need.basis.text.split("; ").next().unwrap_or_default().to_owned();
            let help = Remedy::NamePreset { service: self.service.name.to_owned(), preset: None };
            self.say(Rule::UnknownImage, self.service.key().span(), format!("nothing is known of what it writes: {why}"), help);
        }
    }

    fn unnamed(&mut self) {
        let service = self.service;
        let is_unnamed = |path: &&WritablePath| {
            let is_open = matches!(service.coverage(&path.target), Coverage::Root);
            path.is_declared && is_open && !self.need.with.has(Extra::NamedVolumes)
        };
        for path in self.need.paths.iter().filter(is_unnamed) {
            let target = &path.target;
            let message =
                format!("keeps `{target}` in a volume without a name, which `docker compose down` leaves behind ({})", path.reason.text);
            let (name, folder) = (shell_word(service.name), shell_word(target));
            let how = format!(
                "the data must go along: `docker compose stop {name}`, `docker compose cp {name}:{folder}/. - > data.tar`, \
                 the change, `docker compose create {name}`, `docker compose cp - {name}:{folder} < data.tar`"
            );
            let help = Remedy::NameVolumes { target: target.to_string(), how };
            self.say(Rule::UnnamedVolume, service.key().span(), message, help);
        }
    }

    fn state(&mut self) {
        let service = self.service;
        for path in self.need.paths.iter().filter(|p| p.storage == Storage::State) {
            if let Coverage::Writable(mount) = service.coverage(&path.target)
                && mount.kind == MountKind::Tmpfs
            {
                let message = format!("`{}` is in memory and gone with the container ({})", path.target, path.reason.text);
                self.say(Rule::StateInTmpfs, mount.span(), message, "mount a named volume there");
            }
        }
        if let Coverage::Writable(mount) = service.coverage("/tmp")
            && mount.kind != MountKind::Tmpfs
            && mount.target == "/tmp"
        {
            self.say(Rule::TmpOnDisk, mount.span(), "temporary files in `/tmp` are kept on disk", "make it a tmpfs: `/tmp:mode=1777`");
        }
        // Single files and configuration are no data that could be gathered.
        let is_file = |m: &Mount<'a>| {
            m.kind == MountKind::Bind && (m.target.rsplit('/').next().is_some_and(|n| n.contains('.')) || is_at(&m.target, "/etc"))
        };
        let is_data = |m: &Mount<'a>| m.target.starts_with('/') && !m.is_engine_socket() && !is_file(m);
        let counts = |m: &&Mount<'a>| is_data(m) && !self.is_needed(&m.target) && !self.is_only_read(&m.target);
        let places: Vec<&Mount<'a>> = self.kept().filter(counts).collect();
        let folder = |m: &Mount<'_>| m.target.split('/').nth(1).unwrap_or_default().to_owned();
        if let [first, rest @ ..] = places.as_slice()
            && rest.iter().any(|m| folder(m) != folder(first))
        {
            let names: Vec<&str> = places.iter().take(6).map(|m| m.shown_target()).collect();
            let message = format!("keeps data in {} places that have no folder in common: {}", places.len(), names.join(", "));
            self.say(Rule::ScatteredState, first.span(), message, "gather what must survive below one folder, such as /data");
        }
    }
}
