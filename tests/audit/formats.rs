//! Each format of a report, with names from hostile strangers. The files in `snapshots/audit` are what a person would see.

use crate::support::{Folder, golden};
use serde_json::Value;

/// A project that tries to leave its cell, its line, its attribute and its quotes, and to call people.
const HOSTILE: &str = "services:
  first:
    image: \"a|b`c``nginx\\u202e@octocat\"
  second.-_:
    image: nginx
    volumes:
      - \"./#1 closes #2:/etc/nginx/@team/<img src=x>|`\"
      - \"./line\\nbreak:/app/[link](http://example.com)\"
      - aa:/data/one
      - /var/run/docker.sock:/var/run/docker.sock
  third:
    image: redis:8
    tmpfs: \"/data:uid=<script>alert(1)</script>\"
  # rofs-harden: ignore[writable-root] @octocat wants |it| `so`
  quiet:
    image: nginx
volumes:
  aa:
";

fn hostile() -> Folder {
    Folder::new(&[("a, b:%/compose.yaml", HOSTILE)])
}

#[test]
fn every_format_looks_as_before() {
    for (format, ending) in [("text", "txt"), ("json", "json"), ("sarif", "sarif"), ("github", "github.txt"), ("markdown", "md")] {
        let run = hostile().run(&["audit", "--format", format, "a, b:%"]).exits(1);
        golden(&format!("audit/hostile.{ending}"), &run.out.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
        assert!(!run.out.contains('\u{202e}') || matches!(format, "json" | "sarif"), "{format}: {}", run.out);
        let control = |c: char| c.is_control() && c != '\n';
        assert!(!run.out.contains(control), "{format}");
    }
}

#[test]
fn the_example_looks_as_before() {
    let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/node-api");
    let files = ["compose.yaml", "Dockerfile"].map(|name| (name, std::fs::read_to_string(example.join(name)).expect("there")));
    let folder = Folder::new(&files.each_ref().map(|(name, text)| (*name, text.as_str())));
    for (format, ending) in [("text", "txt"), ("markdown", "md"), ("json", "json")] {
        let run = folder.run(&["audit", "--format", format]).exits(1);
        golden(&format!("audit/example.{ending}"), &run.out.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    }
}

/// What GitHub's renderer makes a mention, a reference or markup of stands only in code.
#[test]
fn markdown_has_foreign_words_only_in_code() {
    let text = hostile().run(&["audit", "--format", "markdown", "a, b:%"]).exits(1).out;
    for line in text.lines() {
        let mut outside = String::new();
        let mut rest = line;
        // A code span ends with as many backticks as it began with.
        while let Some(start) = rest.find('`') {
            outside += &rest[..start];
            let fence = rest[start..].len() - rest[start..].trim_start_matches('`').len();
            let body = &rest[start + fence..];
            let mut at = 0;
            let end = loop {
                let Some(next) = body[at..].find('`').map(|i| at + i) else { panic!("an open code span: {line}") };
                let run = body[next..].len() - body[next..].trim_start_matches('`').len();
                if run == fence {
                    break next + run;
                }
                at = next + run;
            };
            rest = &body[end..];
        }
        outside += rest;
        let outside = outside.replace("<br>", " ");
        for bad in ["@", "#1", "#2", "<", "http", "](", "octocat"] {
            assert!(!outside.contains(bad), "{bad} outside code: {line}");
        }
    }
}

#[test]
fn annotations_are_one_command_a_line() {
    let text = hostile().run(&["audit", "--format", "github", "a, b:%"]).exits(1).out;
    let mut last = 0;
    for line in text.lines() {
        let rank =
            ["::error ", "::warning ", "::notice "].iter().position(|kind| line.starts_with(kind)).unwrap_or_else(|| panic!("{line}"));
        assert!(rank >= last, "the worst come first: {text}");
        last = rank;
        let (properties, _) = line[2..].split_once("::").expect("a message");
        assert!(properties.contains("file=a%2C b%3A%25/compose.yaml,line="), "{line}");
    }
}

#[test]
fn sarif_names_rules_places_fixes_and_what_is_ignored() {
    let text = hostile().run(&["audit", "--format", "sarif", "a, b:%"]).exits(1).out;
    let sarif: Value = serde_json::from_str(&text).expect("JSON");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    for result in run["results"].as_array().expect("results") {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("small");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%2C%20b%3A%25/compose.yaml");
        assert!(result["partialFingerprints"]["rofsHarden/v1"].as_str().is_some_and(|f| f.len() == 32));
    }
    let all = || run["results"].as_array().expect("results").iter();
    assert!(all().any(|r| r["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"].is_string()));
    let suppressed: Vec<&Value> = all().filter(|r| !r["suppressions"].is_null()).collect();
    assert_eq!(suppressed.len(), 1);
    assert_eq!(suppressed[0]["suppressions"][0]["justification"], "@octocat wants |it| `so`");
}

#[test]
fn a_project_that_cannot_be_read_is_in_every_report() {
    let folder = Folder::new(&[("good/compose.yaml", "services:\n  s:\n    image: nginx\n"), ("bad/compose.yaml", "services: [\n")]);
    for format in ["text", "json", "sarif", "github", "markdown", "html"] {
        let run = folder.run(&["audit", "-r", "--format", format]).exits(2);
        assert!(run.out.contains("bad/compose.yaml"), "{format}: {}", run.out);
        assert!(run.out.contains("writable-root"), "{format}: {}", run.out);
    }
}

#[test]
fn volumes_of_the_image_are_counted_and_named() {
    let text = "services:\n  cache:\n    image: redis:7-alpine\n    read_only: true\n";
    let folder = Folder::compose(text);
    let run = folder.run(&["audit", "--fail-on", "never"]).exits(0);
    let row: Vec<&str> = run.out.lines().find(|line| line.starts_with("cache ")).unwrap().split_whitespace().collect();
    assert_eq!((row[2], row[row.len() - 1]), ("2", "1"), "{}", run.out);
    let markdown = folder.run(&["audit", "--fail-on", "never", "--format", "markdown"]).exits(0).out;
    assert!(markdown.contains("| `/data` (anonymous volume) |"), "{markdown}");
    assert!(!markdown.contains("| nothing |"), "{markdown}");
    let html = folder.run(&["audit", "--fail-on", "never", "--format", "html"]).exits(0).out;
    assert!(html.contains("/data"), "{html}");
    // A name changes nothing of what can be written.
    let named = folder.run(&["--with", "named-volumes", "--write", "--yes"]).exits(0);
    assert!(named.err.contains("hardened") || named.err.contains("wrote"), "{}", named.err);
    let after = folder.run(&["audit", "--fail-on", "never"]).exits(0);
    assert!(after.err.contains("writable surface 2\n"), "{}", after.err);
}
