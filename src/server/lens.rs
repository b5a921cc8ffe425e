//! What stands above a service, and behind its name.

use super::analysis::{Found, Place, fix_of};
use super::commands::HARDEN_SERVICE;
use crate::audit::{Applicability, Finding, Fix, Rule, Surface, What};
use crate::compose::Service;
use crate::text::{Span, count};
use gen_lsp_types::{CodeLens, Command, InlayHint, Label};
use serde_json::json;

/// Adds the lenses and hints to the files in which services are at home.
pub(super) fn all(place: &Place<'_>, by_file: &mut [Found]) {
    let settings = place.context.settings;
    let is_selected = |service: &&Service<'_>| place.plan.needs.iter().any(|need| need.service == service.name);
    for service in place.plan.project.services.iter().filter(is_selected) {
        let span = service.key().span();
        let Some(found) = by_file.get_mut(span.file.0 as usize) else { continue };
        if settings.code_lens {
            found.lenses.extend(lens(place, service, span));
        }
        if settings.inlay_hints {
            found.hints.extend(hint(place, service, span));
        }
    }
}

fn lens(place: &Place<'_>, service: &Service<'_>, span: Span) -> Option<CodeLens> {
    let is_ignored = |f: &Finding| f.service == service.name && f.rule == Rule::WritableRoot && f.ignored.is_some();
    if !Surface::of(service, None).root || place.plan.findings.iter().any(is_ignored) {
        return None;
    }
    let fix = fix_of(place.plan, service.name);
    let title = format!("writable root · {}", fix.map_or_else(|| "no change is known to be safe".to_owned(), would));
    let uri = place.location(span).uri;
    let is_offered = fix.is_some() && place.context.client.applies_edits;
    let command = if is_offered { HARDEN_SERVICE.to_owned() } else { String::new() };
    let arguments = is_offered.then(|| vec![json!(uri.0), json!(service.name)]);
    let command = Command { title, tooltip: None, command, arguments };
    Some(CodeLens { range: place.range(span), command: Some(command), data: None })
}

/// What a fix would do: `2 mounts would harden it`.
fn would(fix: &Fix) -> String {
    let mounts = fix.changes.iter().filter(|c| matches!(c.what, What::Tmpfs(_) | What::Volume { .. })).count();
    let sure = if fix.applicability == Applicability::Safe { "" } else { " (assumed)" };
    match mounts {
        0 => format!("`read_only: true` alone would harden it{sure}"),
        mounts => format!("{} would harden it{sure}", count(mounts, "mount", "mounts")),
    }
}

/// How much the service can change, now and after its fix.
fn hint(place: &Place<'_>, service: &Service<'_>, span: Span) -> Option<InlayHint> {
    let need = place.plan.needs.iter().find(|need| need.service == service.name);
    let before = Surface::of(service, need);
    let after = before.after(fix_of(place.plan, service.name)?, need);
    let label = Label::String(format!("surface {} → {}", before.score(), after.score()));
    Some(InlayHint {
        position: place.range(span).end,
        label,
        kind: None,
        text_edits: None,
        tooltip: Some("writable surface now, and with what rofs-harden would write".to_owned().into()),
        padding_left: Some(true),
        padding_right: None,
        data: None,
    })
}
