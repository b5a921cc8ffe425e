//! A page for each error message that is known: what it means and which lines mend it, as `diagnose` says it.

use super::markdown::{block, code, head, prose};
use super::{Page, file_name};
use rofs_harden::error::{Error, Result};
use rofs_harden::evidence::log::{Advice, AdviceContext, Reader, Symptom, advise};
use rofs_harden::evidence::{Storage, WritablePath};
use serde::Deserialize;
use std::collections::HashSet;

/// Longest title: search engines cut longer ones.
const TITLE: usize = 110;

/// A line that a program wrote, and where it was seen.
#[derive(Deserialize)]
struct Seen {
    program: String,
    line: String,
    source: String,
}

/// The pages of these lines.
///
/// Errors: they are not JSON.
pub(crate) fn pages(seen: &str) -> Result<Vec<Page>> {
    let seen: Vec<Seen> = serde_json::from_str(seen).map_err(|e| Error::Unverified(e.to_string()))?;
    let mut names = HashSet::new();
    Ok(seen.iter().filter_map(page).filter(|page| names.insert(page.path.clone())).collect())
}

/// The page; none for a line that says nothing by itself.
fn page(seen: &Seen) -> Option<Page> {
    let line = seen.line.trim();
    let mut reader = Reader::default();
    reader.line(line.as_bytes());
    let (symptoms, _) = reader.finish();
    let symptom = symptoms.first()?;
    let advice = advise(symptom, AdviceContext { service: None, need: None, is_planned: false, log: "a log" });
    let title: String = line.chars().take(TITLE).collect();
    let mut text = head(&title, &format!("What {} means in a container, and the lines of Compose that mend it.", &title));
    text += &format!("# {}\n\n", code(&title));
    if title.len() < line.len() {
        text += &block("", line);
        text += "\n";
    }
    text += &format!("{} says this: {}.\n", prose(&speaker(seen)), prose(advice.cause));
    text += &format!("\n## What to do\n\n{}", remedy(symptom, &advice));
    text += "\n## Find the rest of them\n\n";
    text += "One such line is seldom alone. `rofs-harden diagnose` reads a whole log and writes the lines for all of them; `rofs-harden` knows for many ";
    text += "images where they write, before anything fails.\n\n";
    text += &block("sh", "docker compose logs | rofs-harden diagnose");
    text += "\n[Try it in the playground](../play/index.html) · [What breaks, and why](../guide.md#what-breaks-and-why)\n";
    text += &format!("\nWhere this line was seen: {}.\n", prose(&seen.source));
    Some(Page { path: file_name(&format!("{} {title}", seen.program)), title, text })
}

fn speaker(seen: &Seen) -> String {
    let mut chars = seen.program.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

fn remedy(symptom: &Symptom, advice: &Advice) -> String {
    let mut text = String::new();
    if let Some(mend) = &advice.mend {
        text += &mounted(mend);
    } else if let (Some(path), true) = (&symptom.path, advice.help.is_none() && advice.remedy.is_none()) {
        text += &format!("The service has to be able to write at {}.\n", code(path));
    }
    if let Some(help) = &advice.help {
        text += &format!("\n{}.\n", prose(help.trim_end_matches('.')));
    }
    if let Some(remedy) = &advice.remedy {
        text += &format!("\n{}", block("yaml", remedy));
    }
    if text.is_empty() {
        text += "Nothing: it only looks like a failure.\n";
    }
    text
}

/// The lines of Compose for a path.
fn mounted(path: &WritablePath) -> String {
    match &path.storage {
        Storage::Scratch(options) => {
            let lines = format!("services:\n  app:\n    read_only: true\n    tmpfs:\n      - {}", options.at(&path.target));
            format!("Give it memory there, where files may vanish with the container:\n\n{}", block("yaml", &lines))
        }
        Storage::State => {
            let lines =
                format!("services:\n  app:\n    read_only: true\n    volumes:\n      - app-data:{}\nvolumes:\n  app-data:", path.target);
            format!("Give it a volume there, so that the files are kept:\n\n{}", block("yaml", &lines))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_titled_as_people_search_for_it() {
        let seen = r#"[{"program": "npm", "line": "npm error path /root/.npm", "source": "s", "path": null},
            {"program": "node", "line": "Error: EROFS: read-only file system, mkdir '/root/.npm'", "source": "here"}]"#;
        let pages = pages(seen).expect("pages");
        let page = pages.last().expect("a page");
        assert_eq!(page.title, "Error: EROFS: read-only file system, mkdir '/root/.npm'");
        assert_eq!(page.path, "node-error-erofs-read-only-file-system-mkdir-root-npm.md");
        assert!(page.text.contains("tmpfs:\n      - /root/.npm"), "{}", page.text);
    }

    #[test]
    fn there_are_pages_for_what_is_known() {
        let pages = pages(include_str!("../../tests/data/errors.json")).expect("pages");
        assert!(pages.len() > 70, "{}", pages.len());
        assert!(pages.iter().all(|page| page.text.contains("## What to do\n\n") && page.text.len() > 500));
    }
}
