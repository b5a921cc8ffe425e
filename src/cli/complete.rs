//! What the project of this folder has, for completions: its services and profiles; and the presets,
//! rules and pages that there are. Nothing is written and nothing is run for it, and where the
//! project cannot be read there is nothing to offer.

use super::args::Cli;
use super::explain;
use crate::edge::disk::Disk;
use crate::evidence::preset;
use crate::plan::{Files, Input};
use clap::CommandFactory;
use clap_complete::env::CompleteEnv;
use clap_complete::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};
use std::collections::BTreeSet;
use std::ffi::OsStr;

/// The variable by which a shell asks for completions instead of work.
pub(super) const VARIABLE: &str = "ROFS_HARDEN_COMPLETE";

/// Answers a shell that asks for completions, and ends the process then.
pub(super) fn answer() {
    CompleteEnv::with_factory(Cli::command).var(VARIABLE).complete();
}

/// Names of presets, for `--preset`.
pub(super) fn presets() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(names().chain(["auto"])))
}

/// Names of presets, for `presets show`.
pub(super) fn known() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(names()))
}

/// Rules and other pages.
pub(super) fn pages() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(explain::names()))
}

/// Profiles of the project.
pub(super) fn profiles() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(of_project().1.iter().map(String::as_str)))
}

/// Services of the project.
pub(super) fn services() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(of_project().0.iter().map(String::as_str)))
}

/// Services of the project as `--service` takes them: `web`, `!web` and `web=PRESET`.
pub(super) fn choices() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let typed = typed.to_string_lossy();
        let services = of_project().0;
        let offered: Vec<String> = match typed.split_once('=') {
            Some((service, _)) => names().map(|preset| format!("{service}={preset}")).collect(),
            None if typed.starts_with('!') => services.iter().map(|service| format!("!{service}")).collect(),
            None => services,
        };
        candidates(offered.iter().map(String::as_str).filter(|offer| offer.starts_with(&*typed)))
    })
}

fn names() -> impl Iterator<Item = &'static str> {
    preset::list().map(|(name, _)| name)
}

fn candidates<'n>(names: impl Iterator<Item = &'n str>) -> Vec<CompletionCandidate> {
    names.map(CompletionCandidate::new).collect()
}

/// Services and profiles of what Compose would use here. A shell gets no name that Compose would
/// refuse.
fn of_project() -> (Vec<String>, BTreeSet<String>) {
    let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    let read = || {
        let files = Files::read(&Disk, &Input::default()).ok()?;
        let project = files.project().ok()?;
        let services = project.services.iter().map(|service| service.name.to_owned()).filter(|name| is_name(name)).collect();
        let profiles = project.services.iter().flat_map(|service| service.texts("profiles"));
        let profiles = profiles.map(|profile| profile.text().to_owned()).filter(|name| is_name(name)).collect();
        Some((services, profiles))
    };
    read().unwrap_or_default()
}
