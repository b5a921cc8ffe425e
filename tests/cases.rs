//! The paired cases and the traps: whole files in, whole files out, and what Compose makes of both.

use crate::oracle::{Compose, apply, difference, normal};
use crate::pipe::{harden, plan, selection};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Presets for single services, where a case means a service that `--preset node` would not take.
const FORCED: [(&str, &[(&str, &str)]); 1] = [("07-flow-service-oneline", &[("db", "node")])];

fn folders(of: &str) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(of))
        .expect("there")
        .map(|e| e.expect("readable").path())
        .collect();
    all.sort();
    assert!(all.len() > 10, "{of} are there");
    all
}

fn name(folder: &Path) -> String {
    folder.file_name().expect("a name").to_string_lossy().into_owned()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("readable")).expect("JSON")
}

fn harden_case(folder: &Path) -> crate::pipe::Hardened {
    let forced = FORCED.iter().find(|(case, _)| *case == name(folder)).map_or(&[][..], |(_, f)| f);
    let input = fs::read(folder.join("in/compose.yaml")).expect("readable");
    harden(&input, &selection(&["node"], forced)).unwrap_or_else(|e| panic!("{}: {e}", name(folder)))
}

#[test]
fn every_case_comes_out_as_written() {
    for folder in folders("cases") {
        let expected = fs::read_to_string(folder.join("out/compose.yaml")).expect("readable");
        let hardened = harden_case(&folder);
        assert_eq!(hardened.after, expected, "{}", name(&folder));
    }
}

#[test]
fn every_case_plans_exactly_its_plan() {
    for folder in folders("cases") {
        let record = json(&folder.join("plan.json"));
        let (before, after) = (json(&folder.join("in.effective.json")), json(&folder.join("out.effective.json")));
        let planned = plan(&harden_case(&folder).fixes);
        assert_eq!(
            difference(&apply(&planned, before.clone()), &normal(after.clone())),
            "",
            "{}: our plan leads from in to out",
            name(&folder)
        );
        assert_eq!(
            difference(&apply(&record["plan"], before), &normal(after)),
            "",
            "{}: the recorded plan leads from in to out",
            name(&folder)
        );
    }
}

#[test]
fn every_finding_of_a_case_is_reported() {
    for folder in folders("cases") {
        let record = json(&folder.join("plan.json"));
        let Some(expected) = record["finding"].as_str() else { continue };
        let findings = harden_case(&folder).findings;
        for part in expected.split("; ").filter(|part| part.contains(": ")) {
            let service = part.split(':').next().expect("a service");
            assert!(findings.iter().any(|f| f.service == service && f.fix.is_none()), "{}: {part}: {findings:?}", name(&folder));
        }
    }
}

#[test]
fn a_second_run_over_a_case_changes_nothing() {
    for folder in folders("cases") {
        let first = harden_case(&folder);
        let forced = FORCED.iter().find(|(case, _)| *case == name(&folder)).map_or(&[][..], |(_, f)| f);
        let second = harden(first.after.as_bytes(), &selection(&["node"], forced)).expect("hardens");
        assert_eq!((second.after, second.fixes), (first.after, Vec::new()), "{}", name(&folder));
    }
}

#[test]
fn compose_gives_the_recorded_models() {
    let Some(compose) = Compose::find() else { return };
    for folder in folders("cases") {
        for side in ["in", "out"] {
            let now = compose.effective(&folder.join(side), &[]).unwrap_or_else(|e| panic!("{} {side}: {e}", name(&folder)));
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
        let record = json(&folder.join("plan.json"));
        for env in record["envs"].as_array().into_iter().flatten() {
            environments += 1;
            let Some(compose) = &compose else { continue };
            let pairs: Vec<(&str, &str)> =
                env.as_object().expect("names").iter().map(|(k, v)| (k.as_str(), v.as_str().expect("text"))).collect();
            let model =
                |side: &str| compose.effective(&folder.join(side), &pairs).unwrap_or_else(|e| panic!("{} {side}: {e}", name(&folder)));
            assert_eq!(difference(&apply(&record["plan"], model("in")), &normal(model("out"))), "", "{} {env}", name(&folder));
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
        let input = fs::read(folder.join("in/compose.yaml")).expect("readable");
        let naive = fs::read_to_string(folder.join("naive/compose.yaml")).expect("readable");
        let hardened = harden(&input, &selection(&["node"], &[])).unwrap_or_else(|e| panic!("{}: {e}", name(&folder)));
        assert_ne!(hardened.after, naive, "{}", name(&folder));
        let Some(compose) = &compose else { continue };
        let before = compose.effective(&folder.join("in"), &[]).unwrap_or_else(|e| panic!("{}: {e}", name(&folder)));
        let after = compose.scratch().effective(&hardened.after).unwrap_or_else(|e| panic!("{}: {e}", name(&folder)));
        assert_eq!(difference(&apply(&plan(&hardened.fixes), before), &normal(after)), "", "{}", name(&folder));
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
