//! Every case of `tests/cases` again, written otherwise: the plan is the same, and the laws hold.

mod spelling;

use crate::cases::{FORCED, files, folders, name, options, record};
use crate::corpus::Files;
use crate::oracle::{Compose, apply, difference, normal, unordered};
use crate::pipe::{Hardened, harden_project, plan, selection};
use rofs_harden::rewrite::Options;
use serde_json::Value;
use spelling::Spelling;
use std::collections::BTreeMap;
use std::path::Path;

/// A project in memory.
#[derive(Clone)]
struct Project {
    case: String,
    name: String,
    files: Files,
    layers: Vec<String>,
}

impl Project {
    fn of(folder: &Path) -> Self {
        let (files, options) = (files(&folder.join("in")), options(&record(folder)));
        let named: Vec<String> = options.windows(2).filter(|pair| pair[0] == "-f").map(|pair| pair[1].clone()).collect();
        let usual = |name: &str| ["yaml", "yml"].map(|end| format!("{name}.{end}")).into_iter().find(|file| files.contains_key(file));
        let main = || usual("compose").or_else(|| usual("docker-compose")).expect("a Compose file");
        let beside = || usual("compose.override").or_else(|| usual("docker-compose.override"));
        let layers = if named.is_empty() { std::iter::once(main()).chain(beside()).collect() } else { named };
        Self { case: name(folder), name: name(folder), files, layers }
    }

    fn layers(&self) -> Vec<&str> {
        self.layers.iter().map(String::as_str).collect()
    }

    fn harden(&self) -> Result<(Files, Hardened), String> {
        let forced = FORCED.iter().find(|(case, _)| *case == self.case).map_or(&[][..], |(_, forced)| forced);
        harden_project(&self.files, &self.layers(), &selection(&["node"], forced), Options::default())
    }

    /// The same project with its files written otherwise. `None` where none of them can be written so.
    fn spelled(&self, spelling: Spelling) -> Option<Self> {
        let (files, is_other) = spelling.apply(&self.files, &self.layers);
        is_other.then(|| Self { name: format!("{} as {spelling:?}", self.name), files, ..self.clone() })
    }
}

/// What does not depend on how a file is written: the plan, and who is left alone by which rule.
fn outcome(hardened: &Hardened) -> (Value, Vec<(&str, &str)>) {
    let left = hardened.findings.iter().filter(|f| f.fix.is_none()).map(|f| (f.service.as_str(), f.rule.id()));
    let refused = hardened.refused.iter().map(|r| (r.service.as_str(), r.rule.id()));
    (plan(&hardened.fixes), left.chain(refused).collect())
}

#[test]
fn every_case_written_otherwise_has_the_same_plan_by_the_same_laws() {
    let (mut wrong, mut counts) = (Vec::new(), BTreeMap::<String, usize>::new());
    for project in folders("cases").iter().map(|folder| Project::of(folder)) {
        let (_, usual) = project.harden().unwrap_or_else(|why| panic!("{}: {why}", project.name));
        for spelled in Spelling::ALL.iter().filter_map(|spelling| Some((spelling, project.spelled(*spelling)?))) {
            let (spelling, other) = spelled;
            *counts.entry(format!("{spelling:?}")).or_default() += 1;
            let (after, hardened) = match other.harden() {
                Ok(hardened) => hardened,
                Err(why) => {
                    wrong.push(format!("{}: {why}", other.name));
                    continue;
                }
            };
            let (expected, found) = (outcome(&usual), outcome(&hardened));
            if expected != found {
                wrong.push(format!("{}: {}{:?}{:?}", other.name, difference(&expected.0, &found.0), expected.1, found.1));
            }
            let again = Project { files: after.clone(), ..other.clone() }.harden();
            match again {
                Ok((same, _)) if same == after => {}
                Ok(_) => wrong.push(format!("{}: a second run changes something", other.name)),
                Err(why) => wrong.push(format!("{}: the result: {why}", other.name)),
            }
            wrong.extend(
                after.iter().filter(|(_, text)| !spelling.is_kept(text)).map(|(file, text)| format!("{}: {file}\n{text}", other.name)),
            );
        }
    }
    eprintln!("{counts:?}");
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), counts.values().sum::<usize>(), wrong.join("\n"));
    for (spelling, least) in Spelling::ALL.iter().zip(Spelling::LEAST) {
        assert!(counts.get(&format!("{spelling:?}")) >= Some(&least), "{spelling:?}: {counts:?}");
    }
}

/// One spelling for each case, so that each spelling has some.
#[test]
fn compose_sees_exactly_the_plan_in_cases_written_otherwise() {
    let Some(compose) = Compose::find() else { return };
    let mut seen = 0;
    for (i, project) in folders("cases").iter().map(|folder| Project::of(folder)).enumerate() {
        let mut turns = (0..Spelling::ALL.len()).map(|turn| Spelling::ALL[(i + turn) % Spelling::ALL.len()]);
        let Some(other) = turns.find_map(|spelling| project.spelled(spelling)) else { continue };
        let scratch = compose.scratch();
        let usual = scratch.effective_project(&project.files, &project.layers());
        let before = scratch.effective_project(&other.files, &other.layers());
        // What Compose refuses shows nothing, but then it refuses both.
        let (before, usual) = match (before, usual) {
            (Ok(before), Ok(usual)) => (before, usual),
            (Err(_), Err(_)) => continue,
            (before, usual) => panic!("{}: {before:?}, {usual:?}", other.name),
        };
        assert_eq!(difference(&services(&usual), &services(&before)), "", "{}: the spelling means something else", other.name);
        let (after, hardened) = other.harden().unwrap_or_else(|why| panic!("{}: {why}", other.name));
        let now = scratch.effective_project(&after, &other.layers()).unwrap_or_else(|why| panic!("{}: {why}", other.name));
        let expected = unordered(apply(&plan(&hardened.fixes), before));
        assert_eq!(difference(&expected, &unordered(normal(now))), "", "{}", other.name);
        seen += 1;
    }
    assert!(seen > 60, "Compose read {seen} cases");
}

/// A tab behind a dash is none of the spellings: Compose cannot read it, and here it is refused with words.
#[test]
fn a_tab_behind_a_dash_is_refused_as_compose_refuses_it() {
    for item in ["-\t/run", "- \t/run", "-\t\"/run\"", "-\t- a", "-\ta: b"] {
        let text = format!("services:\n  web:\n    image: node:22\n    tmpfs:\n      {item}\n");
        let files = Files::from([("compose.yaml".to_owned(), text.clone())]);
        let refused = harden_project(&files, &["compose.yaml"], &selection(&["node"], &[]), Options::default());
        assert!(refused.as_ref().is_err_and(|why| why == "tab used for indentation"), "{item:?}: {refused:?}");
        let Some(compose) = Compose::find() else { continue };
        let answer = compose.scratch().effective(&text);
        assert!(answer.as_ref().is_err_and(|why| why.contains("found character that cannot start any token")), "{item:?}: {answer:?}");
    }
}

/// What services are, apart from long texts, whose indentation is a part of them.
fn services(model: &Value) -> Value {
    let mut services = model["services"].clone();
    for service in services.as_object_mut().into_iter().flat_map(|services| services.values_mut()) {
        service.as_object_mut().expect("a service").retain(|key, _| !["command", "entrypoint"].contains(&key.as_str()));
    }
    services
}
