//! Answers for programs: each fits its schema, and all say changes, findings, places and reasons in one shape.

use crate::support::Folder;
use rofs_harden::report::base::Base;
use rofs_harden::report::data::{Finding, Location, Position, Project, Report, Severity, Summary, Tool};
use rofs_harden::report::sarif;
use serde_json::{Value, json};
use std::path::Path;

const SHOP: &str =
    "services:\n  web:\n    image: nginx:1.27\n  odd:\n    image: example.org/odd\n  hard:\n    image: nginx\n    privileged: true\n";
const LOG: &str = "web-1  | nginx: [emerg] mkdir() \"/var/cache/nginx/client_temp\" failed (30: Read-only file system)\n";

/// What does not fit the schema of an answer.
fn misfits(of: &str, answer: &Value) -> Vec<String> {
    let schema = Folder::new(&[]).run(&["schema", of]).exits(0).out;
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    validator.iter_errors(answer).map(|error| error.to_string()).collect()
}

/// An answer that fits its schema and has a version.
#[track_caller]
pub(crate) fn fitting(of: &str, answer: &str) -> Value {
    let answer: Value = serde_json::from_str(answer).expect("JSON");
    assert_eq!(misfits(of, &answer), [""; 0], "{answer:#}");
    assert_eq!(answer["version"], 1, "{answer:#}");
    answer
}

/// A change with its reason, as all answers say it.
#[track_caller]
fn is_change(change: &Value) {
    assert!(change["what"].is_string(), "{change:#}");
    let reason = &change["reason"];
    assert!(["text", "source", "confidence"].iter().all(|key| reason[key].is_string()), "{change:#}");
}

#[test]
fn the_plan_and_the_check_answer_in_one_shape() {
    let folder = Folder::compose(SHOP);
    let before = folder.state();
    let plan = fitting("plan", &folder.run(&["--format", "json"]).exits(0).out);
    let project = &plan["projects"][0];
    assert_eq!((&project["changed"], &project["path"]), (&json!(["web"]), &json!("compose.yaml")));
    let held = &project["held_back"][0];
    assert_eq!(held["service"], "odd");
    assert!(held["remedy"]["kind"].is_string() && held["help"].as_str().expect("words").starts_with("--"), "{held:#}");
    let patch = project["patches"][0]["patch"].as_str().expect("a patch");
    assert!(patch.starts_with("--- a/compose.yaml\n") && patch.contains("\n+    read_only: true\n"), "{patch}");
    let findings = project["findings"].as_array().expect("findings");
    let fix = findings.iter().find(|f| f["service"] == "web").map(|f| &f["fix"]).expect("web's");
    fix["changes"].as_array().expect("changes").iter().for_each(is_change);
    assert!(findings.iter().all(|f| f["location"]["start"]["line"].is_u64()), "{findings:#?}");
    // The same, and something is missing.
    assert_eq!(fitting("plan", &folder.run(&["--check", "--format", "json"]).exits(1).out), plan);
    let nothing = Folder::compose("services:\n  a:\n    image: nginx\n    privileged: true\n");
    fitting("plan", &nothing.run(&["--check", "--format", "json"]).exits(0).out);
    assert!(folder.state() == before);
}

#[test]
fn a_tree_answers_for_each_project_and_standard_input_for_one() {
    let files = [("a/compose.yaml", SHOP), ("b/compose.yaml", "services: [\n")];
    let plan = fitting("plan", &Folder::new(&files).run(&["-r", "--format", "json"]).exits(2).out);
    assert_eq!(plan["projects"].as_array().map(Vec::len), Some(2), "{plan:#}");
    assert!(plan["projects"][1]["error"].is_string(), "{plan:#}");
    let read = Folder::new(&[]).run_with(&["-", "--format", "json"], &[], SHOP).exits(0).out;
    assert_eq!(fitting("plan", &read)["projects"][0]["changed"], json!(["web"]));
}

#[test]
fn a_plan_for_programs_writes_nothing() {
    let folder = Folder::compose(SHOP);
    for more in [&["--write", "--yes"][..], &["-i"], &["--verify"]] {
        let run = folder.run(&[&["--format", "json"], more].concat()).exits(2);
        assert!(run.out.is_empty() && run.err.contains("hint: "), "{}", run.text());
    }
    let run = folder.run_with(&["diagnose", "--format", "json", "--write", "--yes"], &[], LOG).exits(2);
    assert!(run.err.contains("--format json writes nothing"), "{}", run.text());
    assert_eq!(folder.read("compose.yaml"), SHOP);
}

#[test]
fn other_verbs_answer_in_the_same_shape() {
    let folder = Folder::compose(SHOP);
    let report = fitting("report", &folder.run(&["audit", "--format", "json"]).exits(1).out);
    let fixes = report["projects"][0]["findings"].as_array().expect("findings").iter().filter_map(|f| f.get("fix"));
    fixes.for_each(|fix| is_change(&fix["changes"][0]));
    let read = |args: &[&str]| folder.run_with(args, &[], LOG).exits(1).out;
    let diagnosis = fitting("diagnose", &read(&["diagnose", "--format", "json"]));
    is_change(&diagnosis["symptoms"][0]["change"]);
    assert_eq!(diagnosis, fitting("diagnose", &read(&["diagnose", "--json"])));
    let presets = fitting("presets", &folder.run(&["presets", "nginx", "--format", "json"]).exits(0).out);
    let images = presets["images"].as_array().expect("images");
    assert!(images.iter().any(|image| image["name"] == "nginx"), "{presets:#}");
}

#[test]
fn a_remedy_is_said_for_people_and_for_programs() {
    let folder = Folder::compose(SHOP);
    let report = fitting("report", &folder.run(&["audit", "--format", "json"]).exits(1).out);
    let findings = report["projects"][0]["findings"].as_array().expect("findings");
    let remedy = |kind: &str| findings.iter().find(|f| f["remedy"]["kind"] == kind).expect(kind);
    assert!(remedy("name-preset")["help"].as_str().expect("words").starts_with("--service odd=PRESET"));
    let extra = remedy("extra");
    let words = format!("--with {}: ", extra["remedy"]["name"].as_str().expect("a name"));
    assert!(extra["help"].as_str().expect("words").starts_with(&words), "{extra:#}");
}

#[test]
fn a_schema_refuses_what_does_not_fit() {
    for of in ["plan", "diagnose", "observe", "verify", "presets", "pr", "report"] {
        assert!(!misfits(of, &json!({})).is_empty(), "{of}");
        assert!(!misfits(of, &json!({"version": "1"})).is_empty(), "{of}");
    }
}

#[test]
fn paths_start_from_the_root_of_the_repository() {
    let folder = Folder::new(&[(".git/HEAD", ""), ("apps/shop/compose.yaml", SHOP)]);
    for (here, args) in [("", &["apps/shop"][..]), ("apps", &["shop"]), ("apps/shop", &[]), ("apps/shop", &["../shop"])] {
        let run = |format: &str| {
            let mut command = folder.command(crate::support::PROGRAM);
            command.current_dir(folder.path().join(here));
            let all = [&["audit", "--format", format], args].concat();
            command.args(&all);
            folder.finish(command, &all, "").exits(1).out
        };
        let log: Value = serde_json::from_str(&run("sarif")).expect("JSON");
        assert!(log["runs"][0]["originalUriBaseIds"]["%SRCROOT%"].is_object());
        for result in log["runs"][0]["results"].as_array().expect("results") {
            let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
            let expected = json!({"uri": "apps/shop/compose.yaml", "uriBaseId": "%SRCROOT%"});
            assert_eq!(*place, expected, "{here} {args:?}");
        }
        for line in run("github").lines() {
            assert!(line.contains(" file=apps/shop/compose.yaml,"), "{here} {args:?}: {line}");
        }
    }
}

fn finding(number: usize, severity: Severity) -> Finding {
    let start = Position { line: number + 1, column: 1, byte: number };
    Finding {
        rule: "writable-root",
        severity,
        service: "web".into(),
        message: "m".into(),
        help: None,
        remedy: None,
        location: Location { file: "compose.yaml".into(), start, end: start },
        fix: None,
        fingerprint: number.to_string(),
        ignored: None,
    }
}

#[test]
fn a_log_takes_no_more_than_code_scanning_does_and_says_so() {
    for (number, left_out) in [(sarif::MOST_RESULTS, 0), (sarif::MOST_RESULTS + 3, 3)] {
        let severity = |i: usize| if i.is_multiple_of(2) { Severity::Note } else { Severity::Error };
        let project = Project {
            path: "compose.yaml".into(),
            files: vec!["compose.yaml".into()],
            paths: Vec::new(),
            error: None,
            services: Vec::new(),
            left_out: Vec::new(),
            findings: (0..number).map(|i| finding(i, severity(i))).collect(),
        };
        let tool = Tool { name: "rofs-harden", version: "0" };
        let report = Report { version: 1, tool, projects: vec![project], summary: Summary::default() };
        let base = Base::new(Path::new("/r"), Path::new("/r"));
        let log = serde_json::to_value(sarif::log(&report, &base)).expect("JSON");
        let run = &log["runs"][0];
        let results = run["results"].as_array().expect("results");
        assert_eq!(results.len(), number - left_out);
        // The worst are kept.
        assert_eq!(results.iter().filter(|result| result["level"] == "error").count(), number / 2);
        let notices = run["invocations"][0]["toolExecutionNotifications"].as_array().expect("notices");
        assert_eq!(notices.len(), usize::from(left_out > 0));
        assert!(notices.iter().all(|notice| notice["message"]["text"].as_str().expect("a text").starts_with("3 of 25003 ")));
        assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    }
}

/// A program that reads JSON is told by the exit status what a person is told.
#[test]
fn the_exit_status_is_that_of_text() {
    let nested = "services:\n  s: {image: nginx, read_only: true, tmpfs: [/run, /var/cache/nginx]}\n";
    for text in [
        "services:\n  s: {image: unknown/x}\n",
        "services:\n  s: {image: nginx}\n",
        "services:\n  s: {image: nginx, privileged: true}\n",
        "services:\n  s: {extends: {file: ../common.yml, service: x}}\n",
        "include: ['compose/$HOSTNAME/a.yml']\nservices:\n  s: {image: nginx, read_only: true, tmpfs: [/run, /var/cache/nginx]}\n",
        "services:\n  # rofs-harden: ignore[writable-root] it is so\n  s: {image: nginx}\n",
        nested,
        "services: []\n",
    ] {
        let folder = Folder::compose(text);
        for args in [
            &["--check"][..],
            &["--check", "--strict"],
            &["--check", "--with", "all"],
            &["--preset", "node"],
            &["--check", "--preset", "node"],
            &[],
        ] {
            let said = folder.run(args);
            let told = folder.run(&[args, &["--format", "json"]].concat());
            assert_eq!(told.code, said.code, "{text} {}\n{}", said.text(), told.text());
        }
    }
}
