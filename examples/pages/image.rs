//! A page for each image that a preset names, or of which the catalogue knows where it writes.

use super::markdown::{block, code, head, prose};
use super::{Page, file_name};
use rofs_harden::audit::{Finding, Fix};
use rofs_harden::error::Result;
use rofs_harden::evidence::catalogue::{self, Entry};
use rofs_harden::evidence::preset::{Check, NoNewPrivileges, Preset, Writable, list};
use rofs_harden::evidence::{Confidence, Extra, Selection, known};
use rofs_harden::plan::source::MapFiles;
use rofs_harden::plan::{Files, Input, Options, Plan};
use rofs_harden::report::docker_run::docker_run;
use std::collections::BTreeSet;

/// All pages, by the names of images.
///
/// Errors: a plan for an image fails.
pub(crate) fn pages() -> Result<Vec<Page>> {
    let mut images = BTreeSet::new();
    for (name, _) in list() {
        images.extend(Preset::embedded(name)?.images);
    }
    images.extend(catalogue::all().filter(Entry::is_evidence).map(|entry| entry.image().to_owned()));
    images.iter().filter_map(|image| page(image).transpose()).collect()
}

/// What the program does with a project of this one image.
struct Hardened {
    compose: String,
    fix: Option<Fix>,
    confidence: Confidence,
    basis: String,
}

fn hardened(image: &str, extras: &[Extra]) -> Result<Hardened> {
    let map: MapFiles = [("compose.yaml", format!("services:\n  app:\n    image: {image}\n"))].into_iter().collect();
    let files = Files::read(&map, &Input::default())?;
    let with = extras.iter().copied().collect();
    let options = Options { selection: Selection { auto: true, assume: true, with, ..Selection::default() }, ..Options::default() };
    let plan = Plan::of(&files, &options)?;
    let compose = plan.rewrites.first().map(|rewrite| rewrite.after().text().to_owned());
    let basis = plan.needs.first().map(|need| (need.basis.confidence, need.basis.text.clone()));
    let (confidence, basis) = basis.unwrap_or((Confidence::Assumed, String::new()));
    let fix = plan.findings.iter().find_map(|finding: &Finding| finding.fix.clone());
    Ok(Hardened { compose: compose.unwrap_or_default(), fix, confidence, basis })
}

/// The page; none where the name is no image that is known.
fn page(image: &str) -> Result<Option<Page>> {
    let Some(preset) = known(image)? else { return Ok(None) };
    let title = format!("{image}: read-only root filesystem in Docker Compose");
    let lines = hardened(image, &[])?;
    let mut text = head(&title, &format!("Where {image} writes, and the lines of Compose with which it runs with read_only: true."));
    text += &format!("# {} on a read-only root filesystem\n\n", code(image));
    let summary = capital(&prose(&preset.summary));
    if lines.compose.is_empty() {
        text += &format!("{summary}. No change is known with which it runs: below is why.\n");
    } else {
        text += &format!("{summary}. {}\n", sure(&lines));
        text += &format!("\n## Docker Compose\n\n{}", block("yaml", &lines.compose));
        text += &format!("\n[Open it in the playground](../play/index.html#image={image})\n");
    }
    if let Some(fix) = &lines.fix {
        text += &format!("\n## docker run\n\n{}", block("sh", &docker_run(fix, image)));
    }
    text += &format!("\n## What it writes\n\n{}", writes(&preset));
    text += &format!("\n## As whom\n\nIt starts as {}.\n", prose(&preset.run_user.text));
    text += &rights(image, &preset)?;
    text += &preset.check.clone().or_else(|| catalogue::find(image)?.check()).map(|check| health(&check)).unwrap_or_default();
    text += &list_of(
        "What stands in the way",
        preset.obstacles.iter().map(|o| format!("{} {} Source: {}.", sentence(&o.why), sentence(&o.remedy), prose(&o.source))),
    );
    text += &list_of("What nobody knows", preset.doubts.iter().map(|d| format!("{} Source: {}.", sentence(&d.why), prose(&d.source))));
    text += &list_of(
        "Variables that help",
        preset.env.iter().map(|hint| {
            format!("{}: {}. Source: {}.", code(&format!("{}={}", hint.name, hint.value)), prose(&hint.why), prose(&hint.source))
        }),
    );
    text += &list_of("Known failures and notes", preset.notes.iter().map(|note| prose(note)));
    let others: Vec<String> = preset.images.iter().filter(|other| *other != image).map(|other| code(other)).collect();
    if !others.is_empty() {
        text += &format!("\nThe same holds for {}.\n", others.join(", "));
    }
    Ok(Some(Page { path: file_name(image), title: image.to_owned(), text }))
}

/// How sure that is.
fn sure(lines: &Hardened) -> String {
    let why = if lines.basis.is_empty() { String::new() } else { format!(": {}", prose(&lines.basis)) };
    match lines.confidence {
        Confidence::Documented => format!("What it writes is **documented**{why}."),
        Confidence::Reported => format!("That it works was **seen**{why}."),
        Confidence::Base | Confidence::Assumed => {
            format!("That it works is **assumed**{why}. Try it before you trust it: `rofs-harden verify` runs it.")
        }
    }
}

fn writes(preset: &Preset) -> String {
    if preset.writable.is_empty() {
        return "Nothing that has to be mounted.\n".to_owned();
    }
    let row = |path: &Writable| {
        let storage = path.scratch.as_ref().map_or("volume: it must be kept".to_owned(), |_| "tmpfs: it may vanish".to_owned());
        let source = path.reason.link.as_deref().map_or("none".to_owned(), prose);
        format!("| {} | {storage} | {} | {} | {source} |\n", code(&path.target), prose(&path.reason.text), path.reason.confidence)
    };
    let rows: String = preset.writable.iter().map(row).collect();
    format!(
        "| path | storage | why | how sure | source |\n| --- | --- | --- | --- | --- |\n{rows}\nA row may count only under a condition, such as a version: the lines above are those of the image alone.\n"
    )
}

/// How it is asked whether it does its work.
fn health(check: &Check) -> String {
    let request = check.request.iter().map(|request| format!("Ask its server for {}.", code(&request.to_string())));
    let command = Some(check.command.join(" ")).filter(|c| !c.is_empty()).map(|c| format!("Or run {} in it.", code(&c)));
    let source = check.reason.link.as_deref().map(|link| format!("Source: {}.", prose(link)));
    let parts: Vec<String> = request.chain(command).chain(source).collect();
    format!("\n## Health\n\n{}\n", parts.join(" "))
}

/// Capabilities, user and privileges, with the lines that take them away where that is known to work.
fn rights(image: &str, preset: &Preset) -> Result<String> {
    let mut text = String::from("\n## Capabilities and privileges\n\n");
    match &preset.capabilities {
        Some(known) if known.add.is_empty() => text += &format!("It needs none: {}.\n", prose(&known.reason.text)),
        Some(known) => {
            let names: Vec<String> = known.add.iter().map(|name| code(name)).collect();
            text += &format!("After `cap_drop: [ALL]` it needs {}: {}.\n", names.join(", "), prose(&known.reason.text));
        }
        None => text += "Which capabilities it needs is not known.\n",
    }
    match &preset.no_new_privileges {
        Some(NoNewPrivileges::Works) => text += "It works with `no-new-privileges`.\n",
        Some(NoNewPrivileges::Breaks(why)) => text += &format!("It does not work with `no-new-privileges`: {}.\n", prose(why)),
        None => {}
    }
    let more = hardened(image, &[Extra::CapDrop, Extra::NoNewPrivileges])?.compose;
    if more.contains("cap_drop") || more.contains("security_opt") {
        text += &format!("\nWith `rofs-harden --with cap-drop,no-new-privileges`:\n\n{}", block("yaml", &more));
    }
    Ok(text)
}

fn list_of(title: &str, items: impl Iterator<Item = String>) -> String {
    let items: String = items.map(|item| format!("- {item}\n")).collect();
    if items.is_empty() { items } else { format!("\n## {title}\n\n{items}") }
}

fn sentence(text: &str) -> String {
    let text = capital(&prose(text));
    if text.ends_with('.') { text } else { text + "." }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(image: &str) -> Page {
        page(image).expect("a plan").unwrap_or_else(|| panic!("{image} is not known"))
    }

    #[test]
    fn a_page_has_what_the_program_writes() {
        let nginx = of("nginx");
        assert_eq!((nginx.path.as_str(), nginx.title.as_str()), ("nginx.md", "nginx"));
        for part in [
            "title: \"nginx: read-only root filesystem in Docker Compose\"",
            "    read_only: true\n    tmpfs:\n      - /var/cache/nginx:mode=755",
            "docker run --read-only --tmpfs /var/cache/nginx:mode=755",
            "is **documented**",
            "index.html#image=nginx)",
            "`CHOWN`, `SETUID`, `SETGID`",
            "cap_drop",
        ] {
            assert!(nginx.text.contains(part), "{part}: {}", nginx.text);
        }
    }

    #[test]
    fn a_page_of_the_catalogue_says_how_sure_it_is() {
        let pogolo = of("0xf0xx0/pogolo");
        assert_eq!(pogolo.path, "0xf0xx0-pogolo.md");
        assert!(pogolo.text.contains("is **assumed**") && pogolo.text.contains("`/data`"), "{}", pogolo.text);
    }

    #[test]
    fn a_page_of_what_cannot_run_does_not_say_that_it_runs() {
        let gitlab = of("gitlab/gitlab-ce");
        assert!(gitlab.text.contains("No change is known with which it runs: below is why."), "{}", gitlab.text);
        assert!(gitlab.text.contains("## What stands in the way") && !gitlab.text.contains("runs read-only with these"), "{}", gitlab.text);
    }

    #[test]
    fn there_is_a_page_for_every_image_and_no_two_share_one() {
        let pages = pages().expect("plans");
        let paths: BTreeSet<&str> = pages.iter().map(|page| page.path.as_str()).collect();
        assert_eq!(paths.len(), pages.len());
        assert!(pages.len() > 1500, "{}", pages.len());
        let without: Vec<&str> = pages.iter().filter(|p| !p.text.contains("read_only: true")).map(|p| p.title.as_str()).collect();
        assert!(without.len() * 10 < pages.len(), "{without:?}");
    }
}
