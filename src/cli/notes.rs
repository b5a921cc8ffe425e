//! What is said beside the answer: what was left alone, what was held back, and why each line is there.

use super::prepared::Prepared;
use super::remedy;
use super::ui::Ui;
use crate::audit::What;
use crate::evidence::Extra;
use crate::plan::{HeldBack, LeftAlone};
use crate::remedy::Remedy;
use crate::report::diff;
use crate::report::remarks::{NEW_VOLUMES, Remark, Unnamed};
use crate::rewrite::Rewrite;
use crate::text::clean_line;

/// Most paths in one sentence.
const MOST_TARGETS: usize = 4;

/// Says what was left alone.
pub(super) fn remarks(ui: &Ui, remarks: &[Remark]) {
    for remark in remarks {
        ui.warn(&clean_line(&remark.text));
        if let Some(remedy) = &remark.remedy {
            ui.hint(&clean_line(&remedy::with_paste(remedy, &remark.paste)));
        }
        for line in remark.paste.lines() {
            ui.note(&format!("    {}", clean_line(line)));
        }
    }
}

/// Says what new volumes do not bring along, once for all of them.
pub(super) fn new_volumes(ui: &Ui, plans: &[&Prepared]) {
    let changes = plans.iter().flat_map(|plan| &plan.accepted).flat_map(|fix| &fix.changes);
    let mut targets: Vec<&str> = changes
        .filter_map(|change| match &change.what {
            What::Volume { target, .. } => Some(&**target),
            _ => None,
        })
        .collect();
    targets.dedup();
    if !targets.is_empty() {
        let more = if targets.len() > MOST_TARGETS { ", ..." } else { "" };
        let targets = targets.into_iter().take(MOST_TARGETS).collect::<Vec<_>>().join(", ");
        let [what, how] = NEW_VOLUMES;
        ui.warn(&clean_line(&format!("{what} ({targets}{more})")));
        ui.hint(how);
    }
}

/// Says where data stay in volumes without a name: a line for each service.
pub(super) fn unnamed(ui: &Ui, unnamed: &[Unnamed]) {
    for volumes in unnamed {
        let them = if volumes.targets.len() == 1 { "it" } else { "them" };
        ui.note(&clean_line(&format!("{volumes}: `{}` names {them}", remedy::with(&[Extra::NamedVolumes.name()]))));
    }
    if !unnamed.is_empty() {
        ui.hint(NEW_VOLUMES[1]);
    }
}

/// Why every changed line is there, for a patch that goes to a program.
pub(super) fn reasons(ui: &Ui, rewrite: &Rewrite) {
    for line in rewrite.lines() {
        let (name, reason) = (rewrite.before().name(), diff::full_reason(line));
        ui.note(&clean_line(&format!("{name}:{}: {}: {}  # {reason}", line.line, line.service, line.change.what)));
    }
}

/// Services whose fix is held back, each with why and with what includes it.
pub(super) fn held_back(ui: &Ui, held_back: &[HeldBack]) {
    for HeldBack { service, why, next } in held_back {
        let next = remedy::option(next);
        ui.note(&clean_line(&format!("held back {service}: {why}; {next} includes it")));
    }
    if !held_back.is_empty() {
        ui.hint("--unsafe-fixes includes all that is held back, -i asks service by service");
    }
    if held_back.iter().any(|held| matches!(&held.next, Remedy::NamePreset { preset: Some(preset), .. } if preset == "generic")) {
        ui.hint("to know it, `rofs-harden observe` runs the project and shows what is written, `rofs-harden verify --heal` finds the least that works");
    }
}

/// Services that the named presets do not match, each with what would include it.
pub(super) fn left_alone(ui: &Ui, left_alone: &[LeftAlone]) {
    for LeftAlone { service, what, next } in left_alone {
        let next = remedy::option(next);
        ui.note(&clean_line(&format!("left alone {service}: {what}; {next} includes it")));
    }
}
