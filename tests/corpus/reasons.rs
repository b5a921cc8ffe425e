//! How many services of public files are planned without a question, held back or refused, and for which reasons.

use super::public_projects;
use crate::pipe::selection;
use rofs_harden::audit::Rule;
use rofs_harden::compose::Known;
use rofs_harden::evidence::Confidence;
use rofs_harden::plan::source::MapFiles;
use rofs_harden::plan::{Files, Input, Options, Plan, Start};
use std::collections::BTreeMap;

/// A text without the files and names of one project in it.
fn plain(text: &str) -> String {
    text.split('`').enumerate().map(|(n, part)| if n % 2 == 0 { part } else { "…" }).collect()
}

/// Why something is held back, without the image or Dockerfile before it and images in it.
fn kind(why: &str) -> String {
    let cut = [" runs read-only with these mounts; ", ": "].iter().find_map(|mark| Some(why.split_once(mark)?.1));
    let text = plain(cut.unwrap_or(why));
    match text.split_once("image ") {
        Some((before @ ("unknown " | "a variable decides the "), rest)) => {
            format!("{before}image …{}", rest.find(';').map_or("", |end| &rest[end..]))
        }
        _ => text,
    }
}

/// What the plan of a service rests on.
fn basis(plan: &Plan<'_>, service: &str) -> &'static str {
    match plan.needs.iter().find(|need| need.service == service).map(|need| need.basis.confidence) {
        Some(Confidence::Documented | Confidence::Reported) => "documented",
        Some(Confidence::Base) => "base",
        Some(Confidence::Assumed) => "assumed",
        None => "nothing",
    }
}

#[test]
fn every_service_of_public_files_has_its_own_reason() {
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    let mut reasons: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut bases: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let options = Options { selection: selection(&["auto"], &[]), ..Options::default() };
    for project in public_projects().iter().filter(|p| p.is_ours) {
        let map: MapFiles = project.files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        let input = Input { start: Start::Files(project.layers.iter().map(Into::into).collect()), ..Input::default() };
        let Ok(files) = Files::read(&map, &input) else { continue };
        let Ok(plan) = Plan::of(&files, &options) else { continue };
        for service in &plan.project.services {
            let held = plan.held_back.iter().find(|held| held.service == service.name);
            let refused = plan.refused.iter().find(|refused| refused.service == service.name);
            let finding = plan.findings.iter().find(|f| f.service == service.name && f.fix.is_none() && f.rule != Rule::WritableRoot);
            let is_changed = plan.accepted.iter().any(|fix| fix.service == service.name) && refused.is_none();
            let (state, why) = if service.read_only == Known::Yes {
                ("read-only already", String::new())
            } else if is_changed {
                ("documented", String::new())
            } else if let Some(held) = held {
                (if held.why.contains("the base image is known") { "base, held back" } else { "assumed, held back" }, kind(&held.why))
            } else if let Some(refused) = refused {
                ("no place", refused.why.clone())
            } else if let Some(finding) = finding {
                ("refused", format!("{}: {}", finding.rule.id(), plain(&finding.message)))
            } else {
                panic!("{}: nothing is said of {}", project.name, service.name);
            };
            *states.entry(state).or_default() += 1;
            let column = match state {
                "documented" => 0,
                "base, held back" | "assumed, held back" => 1,
                "read-only already" => 3,
                _ => 2,
            };
            bases.entry(basis(&plan, service.name)).or_default()[column] += 1;
            if !why.is_empty() {
                *reasons.entry((state, why)).or_default() += 1;
            }
        }
    }
    let mut text =
        "# What becomes of services of public files\n\nWithout a flag and without a question.\n\n| Services | |\n| --- | --- |\n"
            .to_owned();
    states.iter().for_each(|(state, count)| text += &format!("| {count} | {state} |\n"));
    text += "\n## By what is known of them\n\nWhat rests on more is planned without a question; what is refused, for a reason of its own.\n\n\
             | Basis | Planned | Held back | Refused | Read-only already |\n| --- | ---: | ---: | ---: | ---: |\n";
    bases.iter().for_each(|(basis, [planned, held, refused, already])| {
        text += &format!("| {basis} | {planned} | {held} | {refused} | {already} |\n");
    });
    text += "\n## Reasons\n\n| Services | | Reason |\n| --- | --- | --- |\n";
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by(|(a, n), (b, m)| a.0.cmp(b.0).then(m.cmp(n)).then(a.1.cmp(&b.1)));
    for ((state, why), count) in &reasons {
        text += &format!("| {count} | {state} | {} |\n", why.replace('|', "\\|"));
    }
    crate::support::golden("corpus/reasons.md", &text);
}
