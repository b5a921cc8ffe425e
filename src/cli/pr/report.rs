//! Says what was done with repositories.

use crate::cli::ui::Ui;
use crate::propose::report::{Report, Row};
use crate::propose::{Done, Offer, TITLE, Unit};
use crate::text::{clean, clean_line, count};

/// Says what was done, a line each unless another answer is given, where many repositories are gone through. That nothing was to be
/// done is no news there.
pub(super) fn tell(report: &Report, ui: &Ui, is_dry: bool, lines: bool) {
    let name = clean_line(&report.repository);
    for row in &report.pull_requests {
        let services = count(row.services.len(), "service", "services");
        let what = match (row.done, is_dry) {
            (Done::Opened, true) => format!("would open a pull request: {services} in {}", count(row.files.len(), "file", "files")),
            (Done::Updated, true) => format!("would bring {} up to date", address(row)),
            (Done::Closed, true) => format!("would close {}", address(row)),
            (Done::Opened, false) => format!("opened: {}", address(row)),
            (Done::Updated, false) => format!("updated: {}", address(row)),
            (Done::Closed, false) => format!("closed: {}", address(row)),
            (Done::Edited | Done::Occupied, _) => {
                ui.warn(&format!("{name}: the branch {} has commits of others and is left alone", clean_line(&row.branch)));
                continue;
            }
            (Done::Waits | Done::Retargeted, _) => {
                let why = if row.done == Done::Waits { "not all that it proposes was looked at" } else { "it goes to another branch now" };
                ui.warn(&format!("{name}: {} is left alone: {why}", address(row)));
                continue;
            }
            (Done::Declined | Done::Kept | Done::Nothing, _) => continue,
        };
        if lines {
            ui.out(&format!("{name}: {what}\n"));
        }
        row.warnings.iter().for_each(|warning| ui.warn(&clean_line(&format!("{name}: {warning}"))));
    }
    for problem in report.problems.iter().chain(&report.error) {
        ui.warn(&clean_line(&format!("{name}: {problem}")));
    }
}

fn address(row: &Row) -> String {
    row.url.as_deref().map(clean_line).unwrap_or_default()
}

/// Says what was done.
pub(super) fn say(row: &Row, ui: &Ui) {
    let (pull, branch) = (address(row), clean_line(&row.branch));
    let files = count(row.files.len(), "file", "files");
    match row.done {
        Done::Opened => ui.out(&format!("opened: {pull}\n")),
        Done::Updated => ui.out(&format!("updated: {pull}\n")),
        Done::Closed => ui.out(&format!("closed: {pull}\n")),
        Done::Kept => ui.note(&format!("nothing to do: the open pull request is up to date: {pull}")),
        Done::Declined => {
            ui.note(&format!("nothing to do: this was declined: {pull}"));
            ui.hint("--again proposes it once more");
        }
        Done::Edited => {
            ui.warn(&format!("left alone: others have put commits on the branch of {pull}"));
            ui.hint("merge it as it is, tick the box at the end of its description, or run with --take-back");
        }
        Done::Occupied => {
            ui.warn(&format!("nothing was done: the branch {branch} is there, and it has commits of others"));
            ui.hint("rename or delete that branch, or run with --take-back");
        }
        Done::Waits => ui.warn(&format!("left alone: not all that {pull} proposes was looked at")),
        Done::Retargeted => {
            ui.warn(&format!("left alone: {pull} goes to another branch than {} now", clean_line(&row.base)));
            ui.hint("close it, or let it go to that branch again");
        }
        Done::Nothing => ui.note("nothing to do: nothing is missing that would be proposed"),
    }
    if [Done::Opened, Done::Updated].contains(&row.done) {
        ui.note(&format!("{files} from {branch} to {}", clean_line(&row.base)));
    }
    if row.verified == Some(false) {
        ui.note("the commit has no signature that the forge trusts; with the token of an app it would have one");
    }
    row.warnings.iter().for_each(|warning| ui.warn(&clean_line(warning)));
}

/// Prints what would be sent.
pub(super) fn show(row: &Row, ui: &Ui, offer: &Offer, units: &[Unit]) {
    match row.done {
        Done::Opened => ui.note(&clean_line(&format!("would open a pull request from {} to {}", offer.branch, offer.base))),
        Done::Updated => ui.note(&format!("would bring {} up to date", address(row))),
        Done::Closed => ui.note(&format!("would close {}: nothing is left to propose", address(row))),
        _ => say(row, ui),
    }
    if [Done::Opened, Done::Updated].contains(&row.done) {
        // Whoever reads it must see what is there; a program must get it as it is.
        let shown = |text: String| if ui.view().for_a_person { clean(&text).into_owned() } else { text };
        ui.out(&shown(format!("# {TITLE}\n\n{}\n", offer.text)));
        for unit in units {
            ui.out(&shown(unit.patch()));
        }
    }
}
