//! Findings as diagnostics.

use super::analysis::{Found, Place};
use super::documents::Document;
use crate::audit::{Applicability, Finding, Rule, Severity, summary};
use crate::compose::{Part, Service, merge};
use crate::error::{Error, SourceError};
use crate::remedy::Remedy;
use crate::text::{Span, clean_line};
use gen_lsp_types::{CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Range};
use serde_json::json;

/// What diagnostics say they come from.
pub(super) const SOURCE: &str = "rofs-harden";
/// Most other places that one diagnostic names.
const MOST_RELATED: usize = 8;

/// Adds the findings that count to the files that they are in.
pub(super) fn all(place: &Place<'_>, by_file: &mut [Found]) {
    for finding in place.plan.findings.iter().filter(|f| f.ignored.is_none()) {
        if let Some(found) = by_file.get_mut(finding.span.file.0 as usize) {
            found.diagnostics.push(diagnostic(place, finding));
        }
    }
}

/// A finding as a diagnostic.
pub(super) fn diagnostic(place: &Place<'_>, finding: &Finding) -> Diagnostic {
    let client = place.context.client;
    let page = CodeDescription { href: place.context.settings.page(finding.rule) };
    let related = client.related.then(|| related(place, finding)).filter(|related| !related.is_empty());
    Diagnostic {
        range: place.range(finding.span),
        severity: Some(severity(place.plan.severity(finding.rule))),
        code: Some(finding.rule.id().to_owned().into()),
        code_description: client.code_links.then_some(page),
        source: Some(SOURCE.to_owned()),
        message: message(finding).into(),
        tags: (finding.rule == Rule::UnusedIgnore).then(|| vec![DiagnosticTag::Unnecessary]),
        related_information: related,
        data: Some(json!({"rule": finding.rule.id(), "service": finding.service})),
    }
}

fn severity(severity: Severity) -> DiagnosticSeverity {
    match severity {
        Severity::Note => DiagnosticSeverity::Information,
        Severity::Warning => DiagnosticSeverity::Warning,
        Severity::Error => DiagnosticSeverity::Error,
    }
}

/// What is so, and what mends it.
fn message(finding: &Finding) -> String {
    let service = if finding.service.is_empty() { String::new() } else { format!("{}: ", finding.service) };
    let mut text = clean_line(&format!("{service}{}", finding.message));
    match (&finding.fix, &finding.remedy) {
        (Some(fix), _) => {
            let sure = if fix.applicability == Applicability::Safe { "" } else { " (assumed)" };
            text += &format!("\nfix: {}{sure}", clean_line(&summary(&fix.changes)));
        }
        (None, Some(remedy)) => text += &format!("\n{}", clean_line(&in_an_editor(remedy))),
        (None, None) => {}
    }
    text
}

/// What to do about a finding where there is no command line.
fn in_an_editor(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Extra { what, .. } => format!("a quick fix takes it away: {what}"),
        Remedy::NamePreset { .. } => "`[services.NAME] preset = \"PRESET\"` in rofs-harden.toml names what it is".to_owned(),
        other => other.to_string(),
    }
}

/// Where else the service of a finding is defined: other layers, the bases that it extends, the anchors that are merged into it.
fn related(place: &Place<'_>, finding: &Finding) -> Vec<DiagnosticRelatedInformation> {
    let Some(service) = place.plan.project.service(&finding.service) else { return Vec::new() };
    let mut seen = vec![finding.span];
    let mut found = Vec::new();
    for part in &service.parts {
        let (what, anchors) = (what(service, part), anchors(part));
        let all = std::iter::once((part.key.span(), what)).chain(anchors);
        for (span, message) in all {
            if !seen.contains(&span) && found.len() < MOST_RELATED {
                seen.push(span);
                found.push(DiagnosticRelatedInformation { location: place.location(span), message: clean_line(&message) });
            }
        }
    }
    found
}

fn what(service: &Service<'_>, part: &Part<'_>) -> String {
    if part.is_base {
        return format!("`{}` extends this", service.name);
    }
    let home = service.key().span();
    if part.key.span().file == home.file { format!("`{}` is defined here", service.name) } else { format!("a layer of `{}`", service.name) }
}

/// The mappings outside of a part that are merged into it.
fn anchors(part: &Part<'_>) -> impl Iterator<Item = (Span, String)> {
    let own = part.definition.body();
    let outside = move |span: Span| span.file != own.file || span.start < own.start || own.end < span.end;
    let merged = merge::sources(part.definition).into_iter().filter(|(_, via)| !via.is_empty());
    merged.map(|(node, _)| node).filter(move |node| outside(node.span())).map(|node| {
        let span = node.span();
        let anchor = node.properties().find(|(_, text)| text.starts_with('&'));
        // The whole mapping may be long.
        let place =
            anchor.map_or(Span { end: span.start, ..span }, |(at, text)| Span { start: at as u32, end: (at + text.len()) as u32, ..span });
        (place, format!("{} is merged into it", anchor.map_or("this", |(_, text)| text)))
    })
}

/// What is said in a document whose project cannot be read. What is wrong with the document itself is left to the servers that check its
/// syntax and schema.
pub(super) fn trouble(error: &Error, document: &Document) -> Option<Diagnostic> {
    let is_own = |source: &SourceError| document.path.as_ref().is_some_and(|(path, _)| path.to_string_lossy() == source.file);
    let text = match error {
        Error::Source(source) if is_own(source) => return None,
        Error::Source(source) => {
            format!("nothing is known of this project: {}:{}:{}: {}", source.file, source.line, source.column, source.message)
        }
        // A document that was opened before it was saved.
        Error::NoComposeFile(_) => return None,
        other => format!("nothing is known of this project: {other}"),
    };
    let hint = error.hint().map_or(String::new(), |hint| format!("\n{}", clean_line(&hint)));
    Some(Diagnostic {
        range: Range::default(),
        severity: Some(DiagnosticSeverity::Information),
        code: Some("not-read".to_owned().into()),
        source: Some(SOURCE.to_owned()),
        message: (clean_line(&text) + &hint).into(),
        ..Diagnostic::default()
    })
}
