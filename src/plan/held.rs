//! Which fixes nobody agreed to and which services were left alone, each with why and with what would include it.

use super::Options;
use crate::audit::{Applicability, Change, Finding, Fix, Rule, What};
use crate::compose::{Image, Known, Project, Service, shown_reference};
use crate::evidence::preset::list;
use crate::evidence::{Need, Selection, Source, known};
use crate::remedy::Remedy;
use std::collections::{HashMap, HashSet};

/// A service whose fix rests on something that is not known, and to which nobody agreed.
#[derive(Clone, Debug)]
pub struct HeldBack {
    /// Its name.
    pub service: String,
    /// What is not known.
    pub why: String,
    /// What includes it.
    pub next: Remedy,
}

/// A service that the named presets do not match.
#[derive(Clone, Debug)]
pub struct LeftAlone {
    /// Its name.
    pub service: String,
    /// What it is.
    pub what: String,
    /// What would include it; nothing where another preset knows it, which then is the right one.
    pub next: Option<Remedy>,
}

/// Fixes that are documented or agreed to, and the services of those that are not.
///
/// Consent is what [`Need::consent`] says: a preset that was named, a path that a person gave, or that all of
/// them are wanted.
pub(super) fn consented(findings: &[Finding], needs: &[Need]) -> (Vec<Fix>, Vec<HeldBack>) {
    let by_service: HashMap<&str, &Need> = needs.iter().map(|n| (n.service.as_str(), n)).collect();
    let (mut accepted, mut held_back) = (Vec::new(), Vec::new());
    for fix in findings.iter().filter(|f| f.ignored.is_none()).filter_map(|f| f.fix.as_ref()) {
        let need = by_service.get(fix.service.as_str()).copied();
        if fix.applicability == Applicability::Safe || need.is_some_and(|n| n.consent) {
            accepted.push(fix.clone());
        } else {
            held_back.push(HeldBack::new(fix, need, findings));
        }
    }
    (accepted, held_back)
}

impl HeldBack {
    /// The first thing of a fix that is not known, and what includes it.
    fn new(fix: &Fix, need: Option<&Need>, findings: &[Finding]) -> Self {
        let service = fix.service.clone();
        let unsure = fix.changes.iter().find(|c| Applicability::of(c.reason.confidence) == Applicability::Unsafe);
        let variable = || findings.iter().find(|f| f.service == service && f.rule == Rule::UnresolvedVariable);
        let why = match (unsure, variable()) {
            (Some(Change { what: What::ReadOnly, reason }), _) => reason.text.clone(),
            (Some(change), _) => format!("{} is assumed: {}", change.what, change.reason.text),
            (None, Some(finding)) => finding.message.clone(),
            (None, None) => "which paths it writes is a guess".to_owned(),
        };
        let preset = need.and_then(|need| match &need.basis.source {
            Source::Preset(name) => Some(name.as_str()).filter(|name| list().any(|(known, _)| known == *name)),
            _ => None,
        });
        let next = preset.map_or(Remedy::Consent, |preset| given(&service, preset));
        Self { service, why, next }
    }
}

/// That a service is given a preset.
fn given(service: &str, preset: &str) -> Remedy {
    Remedy::NamePreset { service: service.to_owned(), preset: Some(preset.to_owned()) }
}

/// Services that the named presets do not match, where presets are named.
pub(super) fn left_alone(project: &Project<'_>, needs: &[Need], selection: &Selection, options: &Options) -> Vec<LeftAlone> {
    let Some(preset) = selection.presets.first().filter(|_| !selection.auto) else { return Vec::new() };
    let preset = options.named_preset.as_deref().unwrap_or(&preset.name);
    let taken: HashSet<&str> = needs.iter().map(|n| n.service.as_str()).collect();
    let is_left = |s: &&Service<'_>| !taken.contains(s.name) && selection.wants(s.name) && s.read_only != Known::Yes;
    let what = |s: &Service<'_>| match (s.get("build"), s.shown_text("image")) {
        (Some(_), _) => "what it is built on is of another kind".to_owned(),
        (None, Some(image)) => format!("its image is {}", shown_reference(&image)),
        (None, None) => "it names no image".to_owned(),
    };
    // What is built on an image that no preset knows would have been taken.
    let is_known = |s: &Service<'_>| {
        let image = s.text("image");
        let image = image.as_deref().and_then(Image::parse);
        s.get("build").is_some() || image.is_some_and(|image| known(image.repository).is_ok_and(|preset| preset.is_some()))
    };
    let next = |s: &Service<'_>| (!is_known(s)).then(|| given(s.name, preset));
    let left = |s: &Service<'_>| LeftAlone { service: s.name.to_owned(), what: what(s), next: next(s) };
    project.services.iter().filter(is_left).map(left).collect()
}
