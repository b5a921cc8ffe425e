//! What is said beside the answer: what was left alone, what was held back, and why each line is there.

use super::again::Again;
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
        if !remark.is_said {
            ui.warn(&clean_line(&remark.text));
        }
        if let Some(remedy) = &remark.remedy {
            let whose = if remark.is_said { format!("{}: ", remark.service) } else { String::new() };
            ui.hint(&clean_line(&format!("{whose}{}", remedy::with_paste(remedy, &remark.paste))));
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

/// Says where data stay in volumes without a name: a line for each service, with the folder of its project where there are others.
pub(super) fn unnamed(ui: &Ui, unnamed: &[Unnamed], folder: Option<&str>) {
    let project = folder.filter(|folder| !folder.is_empty()).map(|folder| format!("{folder}: ")).unwrap_or_default();
    for volumes in unnamed {
        let them = if volumes.targets.len() == 1 { "it" } else { "them" };
        ui.note(&clean_line(&format!("{project}{volumes}: `{}` names {them}", remedy::with(&[Extra::NamedVolumes.name()]))));
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
pub(super) fn held_back(ui: &Ui, held_back: &[HeldBack], again: &Again) {
    for HeldBack { service, why, next } in held_back {
        let next = remedy::option(next);
        ui.note(&clean_line(&format!("held back {service}: {why}; {next} includes it")));
    }
    how_to_include(ui, held_back, again);
}

/// What includes all that is held back.
pub(super) fn how_to_include(ui: &Ui, held_back: &[HeldBack], again: &Again) {
    if !held_back.is_empty() {
        ui.hint("--unsafe-fixes includes all that is held back, -i asks service by service");
    }
    if held_back.iter().any(|held| matches!(&held.next, Remedy::NamePreset { .. })) {
        let (observe, heal) = (again.command("observe", ""), again.command("verify", "--heal"));
        ui.hint(&format!("to find out: `{observe}` runs the project and shows what it writes, `{heal}` finds the least that works"));
    }
}

/// Services that the named presets do not match: those that other presets know in one line, each other one with what would include it.
pub(super) fn left_alone(ui: &Ui, left_alone: &[LeftAlone]) {
    for LeftAlone { service, what, next } in left_alone {
        if let Some(next) = next {
            ui.note(&clean_line(&format!("left alone {service}: {what}; {} includes it", remedy::option(next))));
        }
    }
    let known: Vec<&str> = left_alone.iter().filter(|left| left.next.is_none()).map(|left| left.service.as_str()).collect();
    if !known.is_empty() {
        ui.note(&clean_line(&format!("left alone, as other presets know what they are: {}", known.join(", "))));
        ui.hint(OWN_PRESETS);
    }
}

/// How services get the presets that know them.
pub(super) const OWN_PRESETS: &str = "leave out --preset, or add `--preset auto`, and each service gets the preset that knows it";
