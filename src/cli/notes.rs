//! What is said beside the answer: what was left alone, what was held back, and why each line is there.

use super::plan::HeldBack;
use super::ui::Ui;
use crate::report::diff;
use crate::report::remarks::Remark;
use crate::rewrite::Rewrite;
use crate::text::clean_line;

/// Says what was left alone.
pub(super) fn remarks(ui: &Ui, remarks: &[Remark]) {
    for remark in remarks {
        ui.warn(&clean_line(&remark.text));
        if let Some(help) = &remark.help {
            ui.hint(&clean_line(help));
        }
        for line in remark.paste.lines() {
            ui.note(&format!("    {}", clean_line(line)));
        }
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
        ui.note(&clean_line(&format!("held back {service}: {why}; {next} includes it")));
    }
    if !held_back.is_empty() {
        ui.hint("--unsafe-fixes includes all that is held back, -i asks service by service");
    }
}

/// Services that the named presets do not match, each with what would include it.
pub(super) fn left_alone(ui: &Ui, left_alone: &[(String, String)], preset: &str) {
    for (service, what) in left_alone {
        let text = format!("left alone {service}: {what}; --service {service}={preset} includes it");
        ui.note(&clean_line(&text));
    }
}
