//! The laws over many files that people published.

use crate::corpus::{Files, PublicProject, names, public_projects, root};
use crate::oracle::{Compose, apply, difference, normal, unordered};
use crate::pipe::{Hardened, harden, harden_project, plan, selection, sources, text_file};
use rofs_harden::compose::{Project, differences};
use rofs_harden::rewrite::Options;
use rofs_harden::text::FileId;
use rofs_harden::yaml::Stream;
use std::collections::BTreeMap;
use std::fs;

#[test]
fn parsing_and_doing_nothing_is_the_identity() {
    for name in names() {
        let bytes = fs::read(root().join(&name)).expect("readable");
        let file = text_file(&bytes).expect("text");
        if let Ok(stream) = Stream::parse(&file, FileId(0)) {
            assert_eq!(stream.text().text().as_bytes(), bytes, "{name}");
            let skip_all = rofs_harden::evidence::Selection::default();
            if let Ok(hardened) = harden(&bytes, &skip_all) {
                assert_eq!(hardened.after.as_bytes(), bytes, "{name}");
            }
        }
    }
}

/// Runs a check over all projects on two threads, in their order.
fn each<T: Send>(projects: &[PublicProject], check: impl Fn(&PublicProject) -> T + Sync) -> Vec<T> {
    let half = projects.len().div_ceil(2).max(1);
    std::thread::scope(|scope| {
        let running: Vec<_> = projects.chunks(half).map(|part| scope.spawn(|| part.iter().map(&check).collect::<Vec<T>>())).collect();
        running.into_iter().flat_map(|thread| thread.join().expect("checked")).collect()
    })
}

fn harden_public(files: &Files, layers: &[&str]) -> Result<(Files, Hardened), String> {
    harden_project(files, layers, &selection(&["auto", "generic"], &[]), Options::default())
}

#[test]
fn every_public_project_is_hardened_by_the_laws_or_refused_with_a_reason() {
    let projects = public_projects();
    let (mut services, mut hardened, mut refused_services) = (0, 0, 0);
    let mut by_reason: BTreeMap<String, usize> = BTreeMap::new();
    let mut refused_files: Vec<String> = Vec::new();
    for project in &projects {
        let layers = project.layers();
        let (after, first) = match harden_public(&project.files, &layers) {
            Ok(first) => first,
            Err(why) => {
                assert!(!why.contains("internal error"), "{}: {why}", project.name);
                if project.is_ours {
                    refused_files.push(format!("{}: {why}", project.name));
                }
                continue;
            }
        };
        let (again, second) = harden_public(&after, &layers).expect("the result hardens");
        let planned = second.fixes.iter().filter(|f| !second.refused.iter().any(|r| r.service == f.service)).count();
        assert_eq!((again == after, planned), (true, 0), "{}: a second run plans nothing", project.name);
        if !project.is_ours {
            continue;
        }
        services += first.services;
        hardened += first.fixes.len();
        let mut refused: BTreeMap<&str, &str> = first.refused.iter().map(|r| (r.service.as_str(), r.rule.id())).collect();
        for finding in first.findings.iter().filter(|f| f.fix.is_none() && !first.fixes.iter().any(|x| x.service == f.service)) {
            refused.insert(&finding.service, finding.rule.id());
        }
        refused_services += refused.len();
        for rule in refused.values() {
            *by_reason.entry((*rule).to_owned()).or_default() += 1;
        }
    }
    let count = projects.iter().filter(|p| p.is_ours).count();
    let mut report = format!("{count} projects, {services} services: {hardened} changed, {refused_services} refused\n\n");
    for (rule, count) in &by_reason {
        report += &format!("{count:>4}  {rule}\n");
    }
    report += "\nprojects refused as a whole\n";
    for line in &refused_files {
        report += &format!("  {line}\n");
    }
    crate::support::golden("corpus/refusals.txt", &report);
}

/// What our view, the plan and the result are worth, by Compose's answers.
#[test]
fn compose_sees_what_we_see_and_exactly_the_plan_in_every_public_project() {
    let (projects, Some(compose)) = (public_projects(), Compose::find()) else { return };
    let wrong = each(&projects, |project| -> Result<bool, String> {
        let layers = project.layers();
        let scratch = compose.scratch();
        let before = scratch.effective_project(&project.files, &layers);
        let hardened = harden_public(&project.files, &layers);
        let (Ok(before), Ok((after, hardened))) = (&before, hardened.as_ref()) else {
            // What Compose cannot load (bases and includes that are not here) shows nothing; what it loads we must load.
            return match (before, hardened) {
                (Ok(_), Err(why)) => Err(format!("Compose loads it, we do not: {why}")),
                _ => Ok(false),
            };
        };
        let sources = sources(&project.files, &layers)?;
        let view = Project::read(&sources).map_err(|e| e.message)?;
        let differences = differences(&view, before);
        if !differences.is_empty() {
            return Err(format!("the views differ: {differences:?}"));
        }
        let model = scratch.effective_project(after, &layers)?;
        let expected = unordered(apply(&plan(&hardened.fixes), before.clone()));
        match difference(&expected, &unordered(normal(model.clone()))).as_str() {
            "" => {}
            wrong => return Err(wrong.to_owned()),
        }
        // Every service is read-only now, or there is a reason.
        for (service, now) in model["services"].as_object().into_iter().flatten() {
            let reason = hardened.refused.iter().any(|r| r.service == *service)
                || hardened.findings.iter().any(|f| f.service == *service && f.fix.is_none());
            if now["read_only"] != true && !reason {
                return Err(format!("{service} is not read-only and nobody says why"));
            }
        }
        Ok(true)
    });
    let errors: Vec<String> =
        wrong.iter().zip(&projects).filter_map(|(r, p)| r.as_ref().err().map(|why| format!("{}: {why}", p.name))).collect();
    let loaded = wrong.iter().filter(|r| **r == Ok(true)).count();
    eprintln!("Compose loads {loaded} of {} projects and agrees on all but {}", projects.len(), errors.len());
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    assert!(loaded > 100, "only {loaded} projects were checked");
}
