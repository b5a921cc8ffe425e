//! What is planned for each public project, to be looked at in a review: a file for each repository in `snapshots/corpus/plans`.

use super::{PublicProject, public_projects};
use crate::pipe::{harden_project, selection};
use crate::support::{golden, golden_folder_holds};
use rofs_harden::rewrite::Options;
use std::collections::BTreeMap;

/// The changed lines of a project's files, and what is said of services that get no change.
fn plan_of(project: &PublicProject) -> String {
    let (after, hardened) =
        match harden_project(&project.files, &project.layers(), &selection(&["auto", "generic"], &[]), Options::default()) {
            Ok(hardened) => hardened,
            Err(why) => return format!("refused: {why}\n"),
        };
    let mut text = String::new();
    let left_alone = hardened.findings.iter().filter(|f| f.fix.is_none()).map(|f| (&f.service, f.rule));
    for (service, rule) in left_alone.chain(hardened.refused.iter().map(|r| (&r.service, r.rule))) {
        text += &format!("{service}: {}\n", rule.id());
    }
    for (file, now) in &after {
        let before = &project.files[file];
        if before != now {
            let diff = similar::TextDiff::from_lines(before.as_str(), now.as_str());
            text += &diff.unified_diff().context_radius(0).missing_newline_hint(false).header(file, "now").to_string();
        }
    }
    text
}

#[test]
fn what_is_planned_for_public_projects_is_as_reviewed() {
    let mut by_repository: BTreeMap<String, String> = BTreeMap::new();
    for project in public_projects().iter().filter(|p| p.is_ours) {
        let (repository, _) = project.name.split_once('/').expect("a repository");
        *by_repository.entry(repository.to_owned()).or_default() += &format!("== {}\n{}\n", project.layers.join(" "), plan_of(project));
    }
    for (repository, text) in &by_repository {
        golden(&format!("corpus/plans/{repository}.txt"), text);
    }
    golden_folder_holds("corpus/plans", &by_repository.keys().map(String::as_str).collect::<Vec<_>>());
}
