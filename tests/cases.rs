//! The paired cases and the traps: whole files in, whole files out, and what Compose makes of both.

use crate::oracle::{Compose, apply, difference, normal, unordered};
use crate::pipe::{harden, plan, selection};
use crate::support::Folder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Presets for single services, where a case means a service that `--preset node` would not take.
pub(crate) const FORCED: [(&str, &[(&str, &str)]); 2] = [("07-flow-service-oneline", &[("db", "node")]), ("45-include", &[("db", "node")])];

pub(crate) fn folders(of: &str) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(of))
        .expect("there")
        .map(|e| e.expect("readable").path())
        .collect();
    all.sort();
    assert!(all.len() > 10, "{of} are there");
    all
}

pub(crate) fn name(folder: &Path) -> String {
    folder.file_name().expect("a name").to_string_lossy().into_owned()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("readable")).expect("JSON")
}

/// The options of a case, for Compose and for this program.
pub(crate) fn options(record: &Value) -> Vec<String> {
    record["args"].as_array().into_iter().flatten().map(|a| a.as_str().expect("text").to_owned()).collect()
}

pub(crate) fn record(folder: &Path) -> Value {
    json(&folder.join("plan.json"))
}

/// All files below a folder with their text, by their path in it.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        for entry in fs::read_dir(&path).expect("readable").map(|e| e.expect("readable").path()) {
            if entry.is_dir() {
                waiting.push(entry);
            } else {
                let name = entry.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
                found.insert(name, fs::read_to_string(&entry).expect("text"));
            }
        }
    }
    found
}

/// A copy of a case's project.
fn copy(folder: &Path) -> Folder {
    let files = files(&folder.join("in"));
    Folder::new(&files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>())
}

/// Runs the program in the copy: node preset, written without a question.
fn harden_in(copy: &Folder, case: &Path) -> crate::support::Run {
    let mut arguments = vec!["--preset".to_owned(), "node".to_owned(), "--write".to_owned(), "--yes".to_owned()];
    arguments.extend(options(&record(case)));
    let forced = FORCED.iter().find(|(of, _)| *of == name(case)).map_or(&[][..], |(_, f)| f);
    arguments.extend(forced.iter().map(|(service, preset)| format!("--service={service}={preset}")));
    let others = forced.iter().map(|(service, _)| *service).collect::<Vec<_>>();
    if !others.is_empty() {
        // Naming a service limits the run to it, so the rest is named as well.
        let services = record(case)["plan"]["services"].as_object().expect("services").clone();
        arguments.extend(services.keys().filter(|s| !others.contains(&s.as_str())).map(|s| format!("--service={s}")));
    }
    copy.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn every_case_comes_out_as_written() {
    let mut wrong = Vec::new();
    for folder in folders("cases") {
        let copy = copy(&folder);
        let run = harden_in(&copy, &folder);
        let (expected, found) = (files(&folder.join("out")), files(copy.path()));
        if run.code != Some(0) || found != expected {
            let diffs: String = expected
                .iter()
                .filter(|(file, text)| found.get(*file) != Some(*text))
                .map(|(file, text)| {
                    let now = found.get(file).cloned().unwrap_or_default();
                    similar::TextDiff::from_lines(text.as_str(), now.as_str()).unified_diff().header(file, "now").to_string()
                })
                .collect();
            wrong.push(format!("{}\n{diffs}{}", name(&folder), run.err));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_case_leads_from_in_to_out() {
    for folder in folders("cases") {
        let (before, after) = (json(&folder.join("in.effective.json")), json(&folder.join("out.effective.json")));
        let expected = unordered(apply(&record(&folder)["plan"], before));
        assert_eq!(difference(&expected, &unordered(normal(after))), "", "{}", name(&folder));
    }
}

#[test]
fn every_case_of_one_file_plans_exactly_its_plan() {
    for folder in folders("cases").into_iter().filter(|f| files(&f.join("in")).keys().eq(["compose.yaml"])) {
        let forced = FORCED.iter().find(|(case, _)| *case == name(&folder)).map_or(&[][..], |(_, f)| f);
        let input = fs::read(folder.join("in/compose.yaml")).expect("readable");
        let hardened = harden(&input, &selection(&["node"], forced)).unwrap_or_else(|e| panic!("{}: {e}", name(&folder)));
        let (before, after) = (json(&folder.join("in.effective.json")), json(&folder.join("out.effective.json")));
        let expected = unordered(apply(&plan(&hardened.fixes), before));
        assert_eq!(difference(&expected, &unordered(normal(after))), "", "{}", name(&folder));
    }
}

/// What a run says of services that it leaves alone: service, words and rule, without the place.
fn findings(said: &str) -> Vec<&str> {
    let of = |line: &'_ str| ["error: ", "warning: ", "note: "].iter().any(|kind| line.starts_with(kind));
    said.lines().filter(|line| of(line)).filter_map(|line| line.splitn(3, ": ").nth(2)).collect()
}

#[test]
fn every_case_says_exactly_what_it_leaves_alone() {
    let mut all = 0;
    for folder in folders("cases") {
        let record = record(&folder);
        let expected: Vec<&str> = record["findings"].as_array().expect("a list").iter().map(|f| f.as_str().expect("text")).collect();
        all += expected.len();
        let said = harden_in(&copy(&folder), &folder).err;
        assert_eq!(findings(&said), expected, "{}: {said}", name(&folder));
    }
    assert!(all > 5, "only {all} findings");
}

#[test]
fn a_second_run_over_a_case_changes_nothing() {
    for folder in folders("cases") {
        let copy = copy(&folder);
        harden_in(&copy, &folder).exits(0);
        let before = copy.state();
        let again = harden_in(&copy, &folder).exits(0);
        assert_eq!(before, copy.state(), "{}: {}", name(&folder), again.err);
    }
}

#[test]
fn compose_gives_the_recorded_models() {
    let Some(compose) = Compose::find() else { return };
    for folder in folders("cases") {
        for side in ["in", "out"] {
            let now = compose
                .effective_with(&folder.join(side), &options(&record(&folder)), &[])
                .unwrap_or_else(|e| panic!("{} {side}: {e}", name(&folder)));
            let recorded = json(&folder.join(format!("{side}.effective.json")));
            assert_eq!(difference(&normal(recorded), &normal(now)), "", "{} {side}", name(&folder));
        }
    }
}

#[test]
fn a_plan_holds_in_every_environment_of_its_case() {
    let compose = Compose::find();
    let mut environments = 0;
    for folder in folders("cases") {
        let record = record(&folder);
        for env in record["envs"].as_array().into_iter().flatten() {
            environments += 1;
            let Some(compose) = &compose else { continue };
            let pairs: Vec<(&str, &str)> =
                env.as_object().expect("names").iter().map(|(k, v)| (k.as_str(), v.as_str().expect("text"))).collect();
            let model = |side: &str| {
                compose
                    .effective_with(&folder.join(side), &options(&record), &pairs)
                    .unwrap_or_else(|e| panic!("{} {side}: {e}", name(&folder)))
            };
            let expected = unordered(apply(&record["plan"], model("in")));
            assert_eq!(difference(&expected, &unordered(normal(model("out")))), "", "{} {env}", name(&folder));
        }
    }
    assert!(environments > 1, "some case names its environments");
}

/// The services of a model as a trap's README shows them: what the tool would change, and nothing else.
fn shown(model: &Value) -> Value {
    let mut services = model["services"].clone();
    for service in services.as_object_mut().expect("services").values_mut() {
        service.as_object_mut().expect("a service").retain(|key, _| ["read_only", "tmpfs", "volumes"].contains(&key.as_str()));
    }
    services
}

#[test]
fn every_trap_is_one_as_its_readme_says() {
    let compose = Compose::find();
    for folder in folders("traps") {
        let readme = fs::read_to_string(folder.join("README")).expect("readable");
        for side in ["in", "naive"] {
            let label = format!("{side}:");
            let claim =
                readme.lines().find_map(|l| l.strip_prefix(&label)).unwrap_or_else(|| panic!("{}: no {label}", name(&folder))).trim();
            let found = compose.as_ref().map(|c| c.effective(&folder.join(side), &[]));
            if let Some(error) = claim.strip_prefix("ERROR ") {
                // The file's own folder is left out of the claim.
                let says = |complaint: &str| error.split("/naive/compose.yaml").all(|part| complaint.contains(part));
                assert!(found.is_none_or(|f| f.as_ref().is_err_and(|e| says(e))), "{} {side}: {claim}", name(&folder));
            } else {
                let expected: Value = serde_json::from_str(claim).unwrap_or_else(|e| panic!("{} {side}: {e}", name(&folder)));
                let found = found.map(|f| shown(&f.unwrap_or_else(|e| panic!("{} {side}: {e}", name(&folder)))));
                assert!(found.as_ref().is_none_or(|f| *f == expected), "{} {side}: {found:?}", name(&folder));
            }
        }
    }
}

#[test]
fn the_tool_falls_into_no_trap() {
    let compose = Compose::find();
    for folder in folders("traps") {
        let copy = copy(&folder);
        let run = copy.run(&["--preset", "node", "--preset", "generic", "--write", "--yes"]);
        assert!(run.code == Some(0) || run.err.contains("matches no service"), "{}: {}", name(&folder), run.err);
        assert_ne!(files(copy.path()), files(&folder.join("naive")), "{}", name(&folder));
        let Some(compose) = &compose else { continue };
        let after = compose.effective(copy.path(), &[]).unwrap_or_else(|e| panic!("{}: {e}", name(&folder)));
        for (service, model) in after["services"].as_object().expect("services") {
            let reported = run.err.contains(&format!(": {service}: "));
            let is_selected = model["image"].as_str().is_none_or(|image| image.starts_with("node") || image == "x");
            assert!(model["read_only"] == true || reported || !is_selected, "{}: {service}: {}", name(&folder), run.err);
        }
        let before = compose.effective(&folder.join("in"), &[]).unwrap_or_else(|e| panic!("{}: {e}", name(&folder)));
        if files(&folder.join("in")).len() == 1 {
            let input = fs::read(folder.join("in/compose.yaml")).expect("readable");
            let hardened = harden(&input, &selection(&["node", "generic"], &[])).unwrap_or_else(|e| panic!("{}: {e}", name(&folder)));
            let expected = unordered(apply(&plan(&hardened.fixes), before));
            assert_eq!(difference(&expected, &unordered(normal(after))), "", "{}", name(&folder));
        }
    }
}

/// Without a last line break Compose reads none in the scalar either; lines that follow must not give it one.
#[test]
fn a_block_scalar_at_the_end_of_a_file_keeps_its_value() {
    for (header, body) in
        [("|", "      x"), (">", "      x\n      y"), ("|+", "      x"), ("|-", "      x"), ("|2", "        x"), (">+2", "        x # c")]
    {
        let text = format!("services:\n  a:\n    image: node\n    command: {header}\n{body}");
        let hardened = harden(text.as_bytes(), &selection(&["node"], &[])).unwrap_or_else(|e| panic!("{header}: {e}"));
        let Some(compose) = Compose::find() else { continue };
        let scratch = compose.scratch();
        let (before, after) = (scratch.effective(&text).expect("loads"), scratch.effective(&hardened.after).expect("loads"));
        assert_eq!(difference(&apply(&plan(&hardened.fixes), before), &normal(after)), "", "{header}");
    }
}
