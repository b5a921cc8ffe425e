//! The pages that are made of the catalogue: counts, contradictions, and the index.

use crate::facts::Facts;
use crate::rule::{Entry, Grade};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const MADE: &str = "<!-- Made by `cargo run --example import-facts` from presets/catalogue/. -->\n\n";

/// How many images and facts there are of each grade, and where they are from.
pub(crate) fn grades(facts: &Facts, entries: &[Entry]) -> String {
    let mut text = format!(
        "# The catalogue in numbers\n\n{MADE}| grade | what it means | images | planned without a flag | paths |\n| --- | --- | ---: | ---: | ---: |\n"
    );
    for (grade, what) in [
        (Grade::A, "a vendor or a catalogue runs it read-only"),
        (Grade::B2, "two people who have nothing to do with each other do"),
        (Grade::B, "one person does"),
        (Grade::C, "where it keeps its data is known, that it runs read-only is not"),
        (Grade::Statement, "only statements, no path"),
    ] {
        let of: Vec<&Entry> = entries.iter().filter(|e| e.grade == grade).collect();
        let sure = of.iter().filter(|e| e.is_reported() && e.needs.iter().all(|p| p.is_reported)).count();
        let paths: usize = of.iter().map(|e| e.needs.len()).sum();
        text += &format!("| {} | {what} | {} | {sure} | {paths} |\n", grade.word(), of.len());
    }
    let reported = entries.iter().filter(|e| e.grade <= Grade::B).count();
    let sure = entries.iter().filter(|e| e.is_reported() && e.needs.iter().all(|p| p.is_reported)).count();
    let paths: usize = entries.iter().map(|e| e.needs.len()).sum();
    text += &format!("| all | | {} | {sure} | {paths} |\n\n", entries.len());
    text += &format!("Images that somebody runs read-only (A, BB and B): {reported}.\n\n");
    text += "## Paths that are no need\n\n| why | paths |\n| --- | ---: |\n";
    let mut others: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, why) in entries.iter().flat_map(|e| &e.others) {
        *others.entry(why).or_default() += 1;
    }
    others.iter().for_each(|(why, count)| text += &format!("| {why} | {count} |\n"));
    text += "\n## Health checks\n\n| what is asked | images |\n| --- | ---: |\n";
    let mut checks: BTreeMap<&str, usize> = BTreeMap::new();
    for (check, _) in entries.iter().filter_map(|e| e.check.as_ref()) {
        let program = check.split_once(" with ").map_or("", |(_, program)| program.split(' ').next().unwrap_or_default());
        let what = match (check.split(':').next(), program) {
            (Some("command"), _) => "a command of the image",
            (Some("tcp"), _) => "whether a port is open",
            (_, "") => "a page, with no program of the image",
            (_, program) => program,
        };
        *checks.entry(what).or_default() += 1;
    }
    checks.iter().for_each(|(what, count)| {
        text += &format!("| {} | {count} |\n", if what.contains(' ') { (*what).to_owned() } else { format!("a page, with {what}") });
    });
    text += &format!("| all | {} |\n\n", checks.values().sum::<usize>());
    text += "Checks at ports that the catalogue gives out itself, and those that only look for a process, are not taken over.\n";
    text += "\n## Sources\n\n";
    text += "Collected in November 2026. A source is newer where its commit is.\n\n| source | commit | facts | images |\n| --- | --- | ---: | ---: |\n";
    let mut sources: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for fact in &facts.mounts {
        let (count, images) = sources.entry(fact.source.split(':').next().unwrap_or_default()).or_default();
        *count += 1;
        images.insert(&fact.image);
    }
    for (source, (count, images)) in sources {
        let (repository, commit) = source.split_once('@').unwrap_or((source, ""));
        text += &format!("| [{repository}](https://github.com/{repository}) | `{commit}` | {count} | {} |\n", images.len());
    }
    text
}

/// Where sources say different things of an image, so that its plan is a guess.
pub(crate) fn conflicts(entries: &[Entry]) -> String {
    let mut text = format!(
        "# Contradictions in the catalogue\n\n{MADE}Somebody runs these images read-only, and somebody else says otherwise. The plan for each is a guess, with the sentence as its reason.\n\n| image | grade | what contradicts |\n| --- | --- | --- |\n"
    );
    let (runs, rest): (Vec<_>, Vec<_>) = entries.iter().filter(|e| !e.doubts.is_empty()).partition(|e| e.grade <= Grade::B);
    let row = |e: &&Entry| format!("| `{}` | {} | {} |\n", e.image, e.grade.word(), e.doubts.join("; "));
    text += &runs.iter().map(row).collect::<String>();
    text += "\n## Said not to run read-only, and nobody runs it so\n\n| image | grade | who says so |\n| --- | --- | --- |\n";
    text += &rest.iter().map(row).collect::<String>();
    text
}

/// The index of the catalogue, by how sure it is.
pub(crate) fn index(entries: &[Entry]) -> String {
    let mut text = format!(
        "# The catalogue below the presets\n\n{MADE}What public catalogues and people mount for images that no preset knows. `rofs-harden presets show IMAGE` says where each image writes, how sure that is and where it is from; `rofs-harden presets WORD` finds images. Used: by how many catalogues and people. A preset that knows the image comes first.\n"
    );
    for (title, is_in) in [
        ("Planned without a flag", (|e| e.is_reported()) as fn(&Entry) -> bool),
        ("Somebody runs it read-only, and it is still a guess", |e| e.grade <= Grade::B && !e.is_reported()),
        ("Where it keeps its data is known, that it runs read-only is not", |e| e.grade == Grade::C),
        ("Only statements", |e| e.grade == Grade::Statement),
    ] {
        let mut of: Vec<&Entry> = entries.iter().filter(|e| is_in(e)).collect();
        of.sort_by(|a, b| b.origins.cmp(&a.origins).then(a.image.cmp(&b.image)));
        text += &format!("\n## {title}\n\n{} images, those of most catalogues first.\n\n", of.len());
        text += "| image | used | writes |\n| --- | ---: | --- |\n";
        for entry in of {
            let paths: Vec<String> = entry.needs.iter().map(|place| format!("`{}`", place.path)).collect();
            let paths = if paths.is_empty() { "not known".to_owned() } else { paths.join(", ") };
            text += &format!("| `{}` | {} | {paths} |\n", entry.image, entry.origins);
        }
    }
    text
}
