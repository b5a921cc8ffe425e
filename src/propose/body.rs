//! The text of a pull request. It opens with what maintainers ask for first: which service may still write where, who writes there, and
//! how that is known. What strangers wrote stands only in code spans: there it is no markup, no mention and no reference.

use super::TAKE_BACK;
use super::unit::Unit;
use crate::audit::{Change, Fix, What};
use crate::evidence::{Confidence, Reason, Source};
use crate::report::data::{Answer, Kind, Mount};
use crate::report::markdown::{code, prose, span};
use crate::report::remarks::Unnamed;
use crate::text::count;
use crate::trial::Verdict;
use std::collections::BTreeSet;

/// Longest text, in UTF-16 units: GitHub takes 65 536, and the mark comes below.
pub(super) const MAX_UNITS: usize = 46_000;
/// What our texts say of themselves.
pub const WRITTEN_BY: &str = "This was written by a program, rofs-harden ";
/// Room for the line that says how much was left out.
const CUT: usize = 120;

/// What is said of the whole.
#[derive(Default)]
pub struct About {
    /// What could not be looked at, and why.
    pub problems: Vec<(String, String)>,
    /// In which pull requests services that are left out here were declined.
    pub declined: Vec<u64>,
    /// The file that takes all changes, if they are a layer of their own.
    pub layer: Option<String>,
}

/// The text for the changes of these projects.
pub fn text(units: &[Unit], about: &About) -> String {
    let (intro, risks, ending) = (intro(units, about), risks(units), ending(units, about));
    let mut room = MAX_UNITS.saturating_sub([&intro, &risks, &ending].into_iter().map(|text| width(text)).sum());
    // What matters least is given room last, and the table leaves some for what was seen.
    let was_run = units.iter().any(|unit| !unit.proofs.is_empty());
    let mut rest = if was_run { room / 3 } else { 0 };
    room -= rest;
    let table = block(TABLE, &table(units), "services, see the files", &mut room);
    let proofs = if was_run { block(PROOFS, &proofs(units), "services", &mut rest) } else { NOT_RUN.to_owned() };
    room = (room + rest).saturating_sub(if was_run { 0 } else { width(NOT_RUN) });
    let left = block("\n### Left alone\n\n", &left_alone(units, about), "places, see the files", &mut room);
    let lines = block("\n<details>\n<summary>Why, line by line</summary>\n\n", &lines(units), "services, see the files", &mut room);
    let lines = if lines.is_empty() { lines } else { lines + "</details>\n" };
    [intro, table, proofs, risks, lines, left, ending].concat()
}

pub(super) const TABLE: &str = "\n| service | stays writable | who writes there | evidence |\n| --- | --- | --- | --- |\n";

/// What is said where nothing was run. Of what was not run nothing is claimed.
pub(super) const NOT_RUN: &str =
    "\nNothing was run for this: it rests on what is written about the images, not on a test of this project.\n";
const PROOFS: &str = "\n### What was run\n\nThe files as they are proposed here, on an engine, under a throw-away name:\n\n\
     | service | what was seen |\n| --- | --- |\n";

pub(super) fn width(text: &str) -> usize {
    text.encode_utf16().count()
}

/// A title with as many of the parts below it as there is room for.
pub(super) fn block(title: &str, parts: &[String], what: &str, room: &mut usize) -> String {
    let mut text = title.to_owned();
    let mut left = room.saturating_sub(width(title) + CUT);
    let mut shown = 0;
    for part in parts {
        match left.checked_sub(width(part)) {
            Some(rest) => left = rest,
            None => break,
        }
        text += part;
        shown += 1;
    }
    if shown < parts.len() {
        // In a table, the line is a row of it.
        let columns = title.lines().last().map_or(0, |line| line.matches("---").count());
        let start = if columns > 0 { "| " } else { "" };
        text += &format!("{start}… and {} more {what}{}\n", parts.len() - shown, " |".repeat(columns));
    }
    *room = left;
    if parts.is_empty() { String::new() } else { text }
}

/// The services that change, each with its project.
fn changed(units: &[Unit]) -> impl Iterator<Item = (&Unit, &Fix)> {
    units.iter().flat_map(|unit| unit.accepted.iter().map(move |fix| (unit, fix)))
}

fn intro(units: &[Unit], about: &About) -> String {
    let mut text = format!("{} The table says what stays writable. Nothing else in the files changes.\n", Kinds::of(units).said());
    if let Some(layer) = &about.layer {
        let mains: BTreeSet<&str> = changed(units).map(|(unit, _)| unit.path.rsplit('/').next().unwrap_or_default()).collect();
        // Projects may have main files of several names.
        let main = mains.first().copied().filter(|_| mains.len() == 1).unwrap_or("FILE");
        text += &format!(
            "\nThe changes are in a layer of their own, {}: it takes effect for those who start the project with it, as with {}. For everybody \
             else nothing changes.\n",
            span(layer),
            span(&format!("docker compose -f {main} -f {layer} up"))
        );
    }
    text
}

/// How many services get a change of each kind.
struct Kinds {
    /// Their root filesystem becomes read-only.
    roots: usize,
    /// It was so before, and they get places to write.
    places: usize,
    /// Rights are taken away.
    rights: usize,
}

impl Kinds {
    fn of(units: &[Unit]) -> Self {
        let number = |is_meant: &dyn Fn(&Fix) -> bool| changed(units).filter(|(_, fix)| is_meant(fix)).count();
        let is_root = |fix: &Fix| fix.changes.iter().any(|c| c.what == What::ReadOnly);
        let is_place = |fix: &Fix| fix.changes.iter().any(|c| matches!(c.what, What::Tmpfs(_) | What::Volume { .. }));
        let is_right = |fix: &Fix| fix.changes.iter().any(|c| takes_rights(&c.what));
        Self { roots: number(&is_root), places: number(&|fix| is_place(fix) && !is_root(fix)), rights: number(&is_right) }
    }

    /// What is done, as sentences.
    fn said(&self) -> String {
        let services = |number: usize| count(number, "service", "services");
        let one = |number: usize, one: &'static str, many: &'static str| if number == 1 { one } else { many };
        let mut said = Vec::new();
        if self.roots > 0 {
            let its = one(self.roots, "its", "their");
            said.push(format!(
                "This makes the root filesystem of {} read-only: whoever gets in, or a program that goes wrong, cannot change {its} files.",
                services(self.roots)
            ));
        }
        if self.places > 0 {
            let (its, needs) = (one(self.places, "its", "their"), one(self.places, "it needs", "they need"));
            said.push(format!("This lets {} write where {needs} to: {its} root filesystem is read-only already.", services(self.places)));
        }
        if self.rights > 0 {
            let needs = one(self.rights, "it does", "they do");
            said.push(format!("This takes rights away from {} that {needs} not need.", services(self.rights)));
        }
        said.join(" ")
    }
}

/// Whether all of it is about root filesystems that become read-only.
pub(super) fn all_roots(units: &[Unit]) -> bool {
    let kinds = Kinds::of(units);
    kinds.roots == changed(units).count()
}

/// Whether a change takes more away than the right to write to the root filesystem.
pub(super) fn takes_rights(what: &What) -> bool {
    matches!(what, What::User(_) | What::Item { .. } | What::ReadOnlyBind(_))
}

pub(super) fn table(units: &[Unit]) -> Vec<String> {
    changed(units).map(|(unit, fix)| rows(unit, fix, units.len() > 1)).collect()
}

/// The rows of one service: a row for each place that stays or becomes writable.
fn rows(unit: &Unit, fix: &Fix, names_project: bool) -> String {
    let mut service = code(&fix.service);
    if names_project {
        service += &format!(" in {}", code(&unit.path));
    }
    let mut rows: Vec<[String; 3]> = fix.changes.iter().filter_map(planned).collect();
    let report = unit.report.services.iter().find(|s| s.name == fix.service);
    // Those that the image declares follow with their evidence.
    let is_of_image = |m: &Mount| m.kind == Kind::AnonymousVolume && m.reason.is_some();
    let stays = |m: &&Mount| !m.planned && m.writable.after != Answer::No && !is_of_image(m);
    rows.extend(report.iter().flat_map(|s| &s.mounts).filter(stays).map(as_before));
    let unnamed = unit.unnamed.iter().filter(|unnamed| unnamed.service == fix.service).flat_map(|unnamed| &unnamed.targets);
    rows.extend(unnamed.map(|target| without_a_name(target)));
    if rows.is_empty() {
        let reason = fix.changes.iter().find(|c| c.what == What::ReadOnly).map(|c| &*c.reason);
        rows.push(["nothing".into(), String::new(), reason.map(evidence).unwrap_or_default()]);
    }
    let mut text = String::new();
    for [place, who, evidence] in rows {
        text += &format!("| {service} | {place} | {who} | {evidence} |\n");
        service = String::new();
    }
    text
}

/// A place that becomes writable.
fn planned(change: &Change) -> Option<[String; 3]> {
    let place = match &change.what {
        What::Tmpfs(item) => format!("{} in memory", code(&item.target)),
        What::Volume { name, target } => format!("{} in the volume {}", code(target), code(name)),
        _ => return None,
    };
    Some([place, prose(&change.reason.text), evidence(&change.reason)])
}

/// A place that is writable already.
fn as_before(mount: &Mount) -> [String; 3] {
    let place = code(&mount.target);
    let place = match (mount.kind, &mount.source) {
        (Kind::Bind, Some(source)) => format!("{place} from the host, {}", code(source)),
        (Kind::EngineSocket, _) => format!("{place}, the engine's socket"),
        (Kind::Volume, Some(source)) => format!("{place} in the volume {}", code(source)),
        (Kind::AnonymousVolume, _) => format!("{place} in a volume without a name"),
        (Kind::Tmpfs, _) => format!("{place} in memory"),
        _ => place,
    };
    [place, "mounted so before".into(), "this project".into()]
}

/// A place where the engine makes a volume by itself.
fn without_a_name(target: &str) -> [String; 3] {
    [format!("{} in a volume without a name", code(target)), "as before".into(), "declared by the image".into()]
}

/// How sure a reason is, and where that is written.
fn evidence(reason: &Reason) -> String {
    let said = match (&reason.link, &reason.source) {
        (Some(link), _) => prose(link),
        (None, Source::Preset(name)) => format!("preset {}", code(name)),
        (None, source) => prose(&source.to_string()),
    };
    match reason.confidence {
        Confidence::Assumed => format!("**assumed**: {said}"),
        confidence => format!("{confidence}: {said}"),
    }
}

/// What may break.
pub(super) fn risks(units: &[Unit]) -> String {
    let has = |is_meant: &dyn Fn(&What) -> bool| changed(units).any(|(_, fix)| fix.changes.iter().any(|c| is_meant(&c.what)));
    let mut text = "\n### What may break\n\n".to_owned();
    if has(&|what| matches!(what, What::ReadOnly | What::ReadOnlyBind(_))) {
        text += "- A service that writes somewhere else now gets `Read-only file system`. `docker compose logs | rofs-harden diagnose` names the place \
                 and what to add; without that program, the path in the message is what a `tmpfs` or a volume has to cover.\n";
    }
    if has(&|what| matches!(what, What::User(_) | What::Item { .. })) {
        text += "- A service that needs a right that it has no more gets `Operation not permitted` or `Permission denied`: take the line away that \
                 took the right.\n";
    }
    if has(&|what| matches!(what, What::Tmpfs(_))) {
        text += "- What is in memory is gone when the container stops, and counts as its memory.\n";
    }
    if has(&|what| matches!(what, What::Volume { .. })) {
        text += "- A new volume starts with what the image has at its place. Data that a running container keeps there without a volume is in \
                 that container alone, and has to be copied before it is recreated; `rofs-harden explain moving-data` shows how.\n";
    }
    if changed(units).any(|(_, fix)| fix.changes.iter().any(|c| c.reason.confidence == Confidence::Assumed)) {
        text += "- What is marked **assumed** is not documented for the image.\n";
    }
    text
}

/// What a run showed of each service.
fn proofs(units: &[Unit]) -> Vec<String> {
    let said = |(unit, fix): (&Unit, &Fix)| {
        let proof = unit.proofs.iter().find(|proof| proof.service == fix.service);
        let shown = match proof.map(|proof| (proof.verdict, prose(&proof.why))) {
            Some((Verdict::Works, why)) => format!("works: {why}"),
            Some((Verdict::Unprovable, why)) => format!("could not be shown: {why}"),
            Some((Verdict::Fails, why)) => format!("fails: {why}"),
            None => "was not run".to_owned(),
        };
        let project = if units.len() > 1 { format!(" in {}", code(&unit.path)) } else { String::new() };
        format!("| {}{project} | {shown} |\n", code(&fix.service))
    };
    changed(units).map(said).collect()
}

/// Every change with its reason, one part for each service.
fn lines(units: &[Unit]) -> Vec<String> {
    let one = |(unit, fix): (&Unit, &Fix)| {
        let mut text = format!("{} in {}:\n\n", span(&fix.service), span(&unit.path));
        for change in fix.changes.iter().filter(|c| !matches!(c.what, What::Declare(_))) {
            text += &line(change);
        }
        text + "\n"
    };
    changed(units).map(one).collect()
}

/// A change with its reason.
pub(super) fn line(change: &Change) -> String {
    let reason = &change.reason;
    format!(
        "- {}: {} ({}, {})\n",
        span(&change.what.to_string()),
        prose(&reason.text),
        prose(&reason.source.to_string()),
        reason.confidence
    )
}

pub(super) fn left_alone(units: &[Unit], about: &About) -> Vec<String> {
    let mut all = Vec::new();
    for unit in units {
        let line = |service: &str, why: &str| format!("- {} in {}: {why}\n", span(service), span(&unit.path));
        for held in &unit.held_back {
            all.push(line(&held.service, &prose(&held.why)));
        }
        let failed = unit.proofs.iter().filter(|proof| proof.verdict == Verdict::Fails);
        all.extend(failed.map(|proof| line(&proof.service, &format!("it failed when it was run with the change: {}", prose(&proof.why)))));
        all.extend(unit.left_out.iter().map(|(service, reason)| line(service, &prose(reason))));
        all.extend(unit.remarks.iter().map(|remark| format!("- {}\n", prose(&remark.text))));
        let is_changed = |unnamed: &&Unnamed| unit.accepted.iter().any(|fix| fix.service == unnamed.service);
        let name = |unnamed: &Unnamed| {
            let why = format!("{unnamed}, and stays there; `rofs-harden explain moving-data` shows how it gets a name");
            format!("- {}\n", prose(&why))
        };
        all.extend(unit.unnamed.iter().filter(is_changed).map(name));
    }
    all.extend(about.problems.iter().map(|(path, why)| format!("- {}: {}\n", span(path), prose(why))));
    if !about.declined.is_empty() {
        let numbers: Vec<String> = about.declined.iter().map(|number| span(&format!("#{number}"))).collect();
        all.push(format!("- Services that were declined in {} are not proposed again.\n", numbers.join(", ")));
    }
    all
}

/// How to undo it, decline it, or stop it.
fn ending(units: &[Unit], about: &About) -> String {
    let kinds = Kinds::of(units);
    let what = match (kinds.roots > 0, kinds.rights > 0) {
        (true, false) => "`read_only: true`",
        (true, true) => "`read_only: true`, or the line that took a right,",
        (false, _) => "the new lines",
    };
    let undo = match &about.layer {
        Some(_) => "Start the project without the layer.".to_owned(),
        None => format!("Take {what} away from the service that makes trouble, or revert the commit: no data is moved by either."),
    };
    format!(
        "\n### How to undo it\n\n{undo}\n\n### If you do not want this\n\n\
         - Close this pull request: the same changes are not proposed again.\n\
         - One service: put the comment `# rofs-harden: ignore[writable-root] REASON` above its name, or an `[[exclude]]` into `rofs-harden.toml`.\n\
         - None at all: put `pull-requests = false` into `rofs-harden.toml`.\n\n\
         {WRITTEN_BY}{}. It does not read answers, and it does not touch this branch any more once others \
         have put commits on it, unless this box is ticked:\n\n- [ ] {TAKE_BACK}\n",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_that_are_too_long_end_with_a_row() {
        let parts: Vec<String> = (0..1000).map(|i| format!("| `service-{i}` | works: it stayed up |\n")).collect();
        let mut room = 2000;
        let text = block(PROOFS, &parts, "services", &mut room);
        assert!(width(&text) <= 2000 && room < 200, "{room}: {text}");
        let last = text.lines().last().unwrap_or_default();
        assert!(last.starts_with("| … and 9") && last.ends_with(" more services | |"), "{last}");
        assert!(block(TABLE, &parts, "services", &mut 2000).ends_with(" more services | | | |\n"));
        assert!(!block("\n### Left alone\n\n", &parts, "places", &mut 2000).ends_with("|\n"));
    }
}
