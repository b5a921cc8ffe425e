//! What is known of what stands under the pointer: a service, or a mount.

use super::analysis::{Place, fix_of};
use crate::audit::{Applicability, Change, Surface};
use crate::compose::{Mount, MountKind, Service, is_at};
use crate::evidence::{Need, Reason, Storage};
use crate::report::markdown;
use crate::text::{FileId, Span};
use gen_lsp_types::{Contents, Hover, MarkupContent, MarkupKind};

/// What is said of the byte at `offset` of a file.
pub(super) fn hover(place: &Place<'_>, file: FileId, offset: usize) -> Option<Hover> {
    let holds = |span: Span| span.file == file && (span.start as usize..=span.end as usize).contains(&offset);
    let services = || place.plan.project.services.iter();
    let mut mounts = services().flat_map(|s| s.mounts.iter().map(move |mount| (s, mount)));
    let mount = mounts.find(|(_, mount)| !mount.is_lent && holds(mount.span()));
    let key = || services().find_map(|s| s.parts.iter().find(|part| holds(part.key.span())).map(|part| (s, part.key.span())));
    let (text, span) = match mount {
        Some((service, mount)) => (of_mount(place, service, mount), mount.span()),
        None => key().map(|(service, span)| (of_service(place, service), span))?,
    };
    let kind = if place.context.client.markdown { MarkupKind::Markdown } else { MarkupKind::PlainText };
    Some(Hover { contents: Contents::MarkupContent(MarkupContent { kind, value: text }), range: Some(place.range(span)) })
}

fn need_of<'p>(place: &'p Place<'_>, service: &str) -> Option<&'p Need> {
    place.plan.needs.iter().find(|need| need.service == service)
}

fn of_service(place: &Place<'_>, service: &Service<'_>) -> String {
    let Some(need) = need_of(place, service.name) else {
        return format!("**{}** is left out\n", markdown::span(service.name));
    };
    let fix = fix_of(place.plan, service.name);
    let before = Surface::of(service, Some(need));
    let root = if before.root { "writable root filesystem" } else { "read-only root filesystem" };
    let mut text = format!("**{}**: {root}, writable surface {}", markdown::span(service.name), before.score());
    match fix {
        Some(fix) => text += &format!("; {} with the change\n\n", before.after(fix, Some(need)).score()),
        None => text += "\n\n",
    }
    text += &format!("It is known from {}\n\n", why(&need.basis));
    if !need.paths.is_empty() {
        text += "It writes:\n\n";
        for path in &need.paths {
            let storage = match &path.storage {
                Storage::Scratch(_) => "may vanish",
                Storage::State => "must survive",
            };
            text += &format!("- {} ({storage}): {}\n", markdown::span(&path.target), why(&path.reason));
        }
        text.push('\n');
    }
    if let Some(fix) = fix {
        let sure = if fix.applicability == Applicability::Safe { "" } else { ", which is assumed to work and not known" };
        text += &format!("The change{sure}:\n\n");
        fix.changes.iter().for_each(|change| text += &line(change));
        text.push('\n');
    }
    let findings = place.plan.findings.iter().filter(|f| f.service == service.name && f.ignored.is_none() && f.fix.is_none());
    for finding in findings {
        text += &format!("- {}: {}\n", finding.rule.id(), markdown::prose(&finding.message));
    }
    need.sayings.iter().for_each(|saying| text += &format!("- {}\n", markdown::prose(saying)));
    text
}

fn line(change: &Change) -> String {
    format!("- {}: {}\n", markdown::span(&change.what.to_string()), why(&change.reason))
}

/// A reason with who says it, how sure that is, and where it is written.
fn why(reason: &Reason) -> String {
    let link = reason.link.as_deref().map_or(String::new(), |link| format!("; {}", markdown::prose(link)));
    format!("{} ({}, {}{link})", markdown::prose(&reason.text), markdown::prose(&reason.source.to_string()), reason.confidence)
}

fn of_mount(place: &Place<'_>, service: &Service<'_>, mount: &Mount<'_>) -> String {
    let kind = match mount.kind {
        MountKind::Bind => "bind of the host",
        MountKind::Volume => "volume",
        MountKind::Anonymous => "volume without a name",
        MountKind::Tmpfs => "tmpfs",
        MountKind::Fixed => "files of the image or of Compose",
        MountKind::Unknown => "mount that a variable decides",
    };
    let target = mount.shown_target();
    let mut text = format!("**{}** in {}: {kind}\n\n", markdown::span(target), markdown::span(service.name));
    let paths = need_of(place, service.name).into_iter().flat_map(|need| &need.paths);
    let writers: Vec<String> = paths
        .filter(|path| is_at(&path.target, &mount.target) || is_at(&mount.target, &path.target))
        .map(|path| format!("- {}: {}\n", markdown::span(&path.target), why(&path.reason)))
        .collect();
    if writers.is_empty() {
        text += "Nobody is known to write here.\n";
    } else {
        text += "Who writes here:\n\n";
        text += &writers.concat();
    }
    text
}
