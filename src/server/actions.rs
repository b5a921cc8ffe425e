//! What can be done about what stands in a range of a file.

use super::analysis::{Place, fix_of};
use super::diagnostics::diagnostic;
use super::documents::Document;
use super::edits::{Asked, Harden, Ignore, Wish, edit, override_file};
use crate::audit::{Applicability, Finding, Fix, Rule, rule_of_extra, summary};
use crate::compose::Service;
use crate::evidence::{Confidence, Extra, Limit};
use crate::plan::Input;
use crate::remedy::Remedy;
use crate::text::{FileId, clean_line, count};
use gen_lsp_types::{CodeAction, CodeActionKind};
use std::ops::Range;

/// The kind of what mends all at once, for editors that do so when a file is saved.
pub(super) const FIX_ALL: &str = "source.fixAll.rofs-harden";
/// The extras that can be taken by themselves.
const EXTRAS: [Extra; 4] = [Extra::CapDrop, Extra::NoNewPrivileges, Extra::User, Extra::ReadOnlyBinds];

/// An action before it has its edit.
struct Offer {
    title: String,
    kind: CodeActionKind,
    is_preferred: bool,
    mends: Option<Finding>,
    wish: Wish,
}

/// The actions for a range of bytes of a document. `only` are the kinds that are asked for, if not all are.
pub(super) fn actions(
    place: &Place<'_>,
    input: &Input,
    document: &Document,
    range: &Range<usize>,
    only: Option<&[String]>,
) -> Vec<CodeAction> {
    let Some(file) = document.real().and_then(|real| place.file_at(real)) else { return Vec::new() };
    let is_wanted =
        |kind: &str| only.is_none_or(|only| only.iter().any(|o| o.is_empty() || kind == o || kind.starts_with(&format!("{o}."))));
    let mut offers = Vec::new();
    if is_wanted("quickfix") {
        let services: Vec<&Service<'_>> = place.plan.project.services.iter().filter(|s| touches(s, file, range)).collect();
        services.iter().for_each(|service| of_service(place, input, service, &mut offers));
        of_all(place, &services, &mut offers);
        ignores(place, document, file, range, &mut offers);
    }
    if only.is_some() && is_wanted(FIX_ALL) && !sure(place).is_empty() {
        let kind = CodeActionKind::Custom(FIX_ALL.into());
        offers.push(Offer { title: "Harden all that is sure".to_owned(), kind, is_preferred: false, mends: None, wish: Wish::All });
    }
    offers.into_iter().filter_map(|offer| action(place, input, document, offer)).collect()
}

/// An offer as an action: with its edit, or with what is needed to make that when it is chosen. What could not be carried out is not offered.
fn action(place: &Place<'_>, input: &Input, document: &Document, offer: Offer) -> Option<CodeAction> {
    let Offer { title, kind, is_preferred, mends, wish } = offer;
    let asked = Asked { uri: document.uri.clone(), version: document.version, wish };
    let is_later = place.context.client.resolves_edits;
    let made = if is_later { None } else { Some(edit(place.context, input, &asked).ok()?) };
    Some(CodeAction {
        title: clean_line(&title),
        kind: Some(kind),
        diagnostics: mends.map(|finding| vec![diagnostic(place, &finding)]),
        is_preferred: is_preferred.then_some(true),
        disabled: None,
        edit: made,
        command: None,
        data: if is_later { serde_json::to_value(&asked).ok() } else { None },
        tags: None,
    })
}

/// Whether a part of a service stands in a range of a file.
fn touches(service: &Service<'_>, file: FileId, range: &Range<usize>) -> bool {
    service.parts.iter().filter(|part| part.key.span().file == file).any(|part| {
        let (key, value) = (part.key.span(), part.definition.span());
        let end = if value.file == file { value.end.max(key.end) } else { key.end };
        key.start as usize <= range.end && range.start <= end as usize
    })
}

/// The services whose fix is known to be safe.
fn sure<'p>(place: &'p Place<'_>) -> Vec<&'p str> {
    let fixes = place.plan.accepted.iter().filter(|fix| fix.applicability == Applicability::Safe);
    fixes.map(|fix| fix.service.as_str()).filter(|service| fix_of(place.plan, service).is_some()).collect()
}

fn of_all(place: &Place<'_>, here: &[&Service<'_>], offers: &mut Vec<Offer>) {
    let sure = sure(place);
    if sure.iter().any(|service| here.iter().all(|s| s.name != *service)) {
        let title = format!("Harden all that is sure ({})", count(sure.len(), "service", "services"));
        offers.push(Offer { title, kind: CodeActionKind::QuickFix, is_preferred: false, mends: None, wish: Wish::All });
    }
}

fn of_service(place: &Place<'_>, input: &Input, service: &Service<'_>, offers: &mut Vec<Offer>) {
    let name = service.name;
    let fix = fix_of(place.plan, name);
    let is_safe = |fix: &Fix| fix.applicability == Applicability::Safe;
    let finding = place.plan.findings.iter().find(|f| f.service == name && f.ignored.is_none() && f.fix.is_some());
    let kind = || CodeActionKind::QuickFix;
    let harden = Harden { service: name.to_owned(), assume: fix.is_some_and(|fix| !is_safe(fix)), ..Harden::default() };
    let guess = |is_guess: bool| if is_guess { "; assumed, not known" } else { "" };
    if let Some(fix) = fix {
        let title = format!("Harden `{name}`: {}{}", summary(&fix.changes), guess(harden.assume));
        let wish = Wish::Harden(harden.clone());
        offers.push(Offer { title, kind: kind(), is_preferred: is_safe(fix), mends: finding.cloned(), wish });
    }
    for extra in EXTRAS {
        let rule = rule_of_extra(extra);
        let mut own = place.plan.findings.iter().filter(|f| f.service == name && f.rule == rule && f.ignored.is_none());
        let offered = own.find_map(|f| match &f.remedy {
            Some(Remedy::Extra { what, .. }) => Some((f, what.as_str())),
            _ => None,
        });
        let Some((finding, what)) = offered else { continue };
        let assume = harden.assume || is_assumed(place, name, extra);
        let first = if fix.is_some() {
            format!("Harden `{name}`, and {}", extra.name())
        } else {
            format!("{} for `{name}`", capital(extra.name()))
        };
        let what = what.split(" (assumed").next().unwrap_or(what);
        let wish = Wish::Harden(Harden { with: Some(extra.name().to_owned()), assume, ..harden.clone() });
        let title = format!("{first}: {what}{}", guess(assume));
        offers.push(Offer { title, kind: kind(), is_preferred: false, mends: Some(finding.clone()), wish });
    }
    let has_no_place = place.plan.refused.iter().any(|refused| refused.service == name);
    let client = place.context.client;
    if let (true, Some(path)) = (fix.is_some() || has_no_place, override_file(place.world, input)) {
        let is_there = place.files.sources().at(&path).is_some();
        if is_there || client.creates_files {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let title = format!("Harden `{name}` in {file}{}", guess(harden.assume));
            let wish = Wish::Harden(Harden { layer: true, ..harden });
            offers.push(Offer { title, kind: kind(), is_preferred: false, mends: None, wish });
        }
    }
}

/// Whether it is only assumed that a service does without something.
fn is_assumed(place: &Place<'_>, service: &str, extra: Extra) -> bool {
    let limits = place.plan.needs.iter().filter(|need| need.service == service).flat_map(|need| &need.limits);
    limits.into_iter().any(|limit| matches!(limit, Limit::Works(r, why) if r.extra() == extra && why.confidence <= Confidence::Base))
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or(String::new(), |first| first.to_uppercase().chain(rest).collect())
}

/// A comment for each finding whose line is in the range. JSON has none.
fn ignores(place: &Place<'_>, document: &Document, file: FileId, range: &Range<usize>, offers: &mut Vec<Offer>) {
    let text = &document.text;
    let is_json = document.real().is_some_and(|real| real.extension().is_some_and(|e| e == "json"));
    let is_here = |f: &&Finding| {
        let start = f.span.start as usize;
        f.span.file == file
            && !matches!(f.rule, Rule::BadIgnore | Rule::UnusedIgnore)
            && text.line_start(start) <= range.end
            && range.start <= text.line_end(start)
    };
    for finding in place.plan.findings.iter().filter(|f| f.ignored.is_none() && !is_json).filter(is_here) {
        let title = format!("Ignore {} here, with a reason", finding.rule.id());
        let wish = Wish::Ignore(Ignore { rule: finding.rule.id().to_owned(), service: finding.service.clone(), start: finding.span.start });
        offers.push(Offer { title, kind: CodeActionKind::QuickFix, is_preferred: false, mends: Some(finding.clone()), wish });
    }
}
