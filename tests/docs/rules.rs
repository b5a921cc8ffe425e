//! The page of each rule: its form, and that its examples are true.

use super::{blocks, file_of, names, page};
use crate::audit::report;
use crate::support::Folder;
use rofs_harden::audit::Rule;
use serde_json::Value;

/// The place of this finding is in a file outside of the project, so no comment of the project reaches it; a person has to name it.
const ELSEWHERE: Rule = Rule::LockedFile;
/// What is after keeps the finding of this rule: it shows what is left alone, and what is done for the others.
const STAYS: Rule = Rule::SharedDefinition;

/// Rules about the comments themselves, which no comment ignores.
const ABOUT_COMMENTS: [Rule; 2] = [Rule::BadIgnore, Rule::UnusedIgnore];

/// Longest line of text; a row of a table has to be longer.
const WIDTH: usize = 165;

/// The example of a page.
#[derive(Default)]
struct Example {
    /// Name and text of the files beside `compose.yaml`.
    with: Vec<(String, String)>,
    before: String,
    /// A command, and what it makes of `before`.
    made: Option<(String, String)>,
    /// Name and text of a file with which, or with whose change, there is no finding any more.
    by_hand: Option<(String, String)>,
}

impl Example {
    fn of(rule: Rule) -> Self {
        let mut example = Self::default();
        for block in blocks(rule.page()) {
            if block.label == "Before:" {
                example.before = block.text;
            } else if let Some(command) = file_of(&block.label, "After ") {
                example.made = Some((command.to_owned(), block.text));
            } else if block.label == "After:" {
                example.by_hand = Some(("compose.yaml".to_owned(), block.text));
            } else if let Some(name) = file_of(&block.label, "After, in ") {
                example.by_hand = Some((name.to_owned(), block.text));
            } else if let Some(name) = file_of(&block.label, "With ") {
                example.with.push((name.to_owned(), block.text));
            }
        }
        assert!(!example.before.is_empty(), "{}: no `Before:`", rule.id());
        example
    }

    fn folder(&self) -> Folder {
        let folder = Folder::new(&[(".git/HEAD", ""), ("compose.yaml", &self.before)]);
        self.with.iter().for_each(|(name, text)| folder.put(name, text));
        folder
    }
}

/// The lines at which an audit finds something of a rule that counts.
fn lines(folder: &Folder, rule: Rule) -> Vec<usize> {
    let named = ["-f", "compose.yaml", "-f", "../shared/compose.yaml"];
    let report = report(folder, if rule == ELSEWHERE { &named } else { &[] });
    let findings = report["projects"][0]["findings"].as_array().expect("findings").clone();
    let counts = |f: &&Value| f["rule"] == rule.id() && f["ignored"].is_null();
    findings
        .iter()
        .filter(counts)
        .map(|f| usize::try_from(f["location"]["start"]["line"].as_u64().expect("a line")).expect("small"))
        .collect()
}

#[test]
fn there_is_a_page_for_each_rule_and_no_other() {
    let mut expected: Vec<String> = Rule::ALL.iter().map(|r| format!("{}.md", r.id())).collect();
    expected.sort();
    assert_eq!(names("rules"), expected);
}

#[test]
fn pages_have_one_form() {
    for rule in Rule::ALL {
        let (id, text) = (rule.id(), page(&format!("rules/{}.md", rule.id())));
        assert_eq!(text, rule.page());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines[0], lines[1], lines[3]), (format!("# {id}").as_str(), "", ""), "{id}");
        let summary = lines[2];
        assert!(summary.ends_with('.') && !summary.contains(". ") && summary.len() < 200, "{id}: {summary}");
        assert!(summary.starts_with(char::is_uppercase) && !summary.contains(['`', '*', '[', '<', '#']), "{id}: {summary}");
        let headings: Vec<&str> = lines.iter().filter_map(|l| l.strip_prefix("## ")).collect();
        let [why, what, safe, off] = headings[..] else { panic!("{id}: {headings:?}") };
        assert_eq!([why, safe, off], ["Why it matters", "When the change is not safe", "How to turn it off"], "{id}");
        assert!(["What the tool does", "What to do"].contains(&what), "{id}: {what}");
        assert!((15..=65).contains(&lines.len()), "{id}: {} lines", lines.len());
        for line in lines {
            assert!(line.chars().count() <= WIDTH || line.starts_with('|'), "{id}: {line}");
            assert!(!line.ends_with(' '), "{id}: {line}");
        }
    }
}

#[test]
fn what_is_before_has_the_finding() {
    for rule in Rule::ALL {
        let folder = Example::of(*rule).folder();
        assert!(!lines(&folder, *rule).is_empty(), "{}: {}", rule.id(), folder.run(&["audit"]).text());
    }
}

#[test]
fn what_is_after_is_what_the_command_makes() {
    let mut made = 0;
    for rule in Rule::ALL {
        let example = Example::of(*rule);
        let Some((command, after)) = &example.made else { continue };
        let folder = example.folder();
        super::run(&folder, &format!("{command} --write --yes")).exits(0);
        assert_eq!(&folder.read("compose.yaml"), after, "{}", rule.id());
        made += 1;
    }
    assert!(made >= 6, "{made}");
}

#[test]
fn what_is_after_has_no_finding() {
    let mut by_hand = 0;
    for rule in Rule::ALL {
        let example = Example::of(*rule);
        assert!(example.made.is_some() || example.by_hand.is_some() || *rule == Rule::LockedFile, "{}: no `After`", rule.id());
        let folder = example.folder();
        match (&example.by_hand, &example.made) {
            (Some((name, text)), _) => {
                folder.put(name, text);
                by_hand += 1;
            }
            (None, Some((_, text))) => folder.put("compose.yaml", text),
            (None, None) => continue,
        }
        assert_eq!(lines(&folder, *rule).is_empty(), *rule != STAYS, "{}: {}", rule.id(), folder.run(&["audit"]).text());
    }
    assert!(by_hand >= 20, "{by_hand}");
}

/// What the section on turning it off promises.
#[test]
fn a_comment_above_the_line_turns_it_off() {
    for rule in Rule::ALL.iter().filter(|rule| !ABOUT_COMMENTS.contains(rule)) {
        if *rule == ELSEWHERE {
            continue;
        }
        let example = Example::of(*rule);
        let folder = example.folder();
        let mut text: Vec<String> = example.before.lines().map(str::to_owned).collect();
        let mut found = lines(&folder, *rule);
        found.dedup();
        for line in found.into_iter().rev() {
            let indent = text[line - 1].len() - text[line - 1].trim_start().len();
            text.insert(line - 1, format!("{}# rofs-harden: ignore[{}] why", " ".repeat(indent), rule.id()));
        }
        folder.put("compose.yaml", text.join("\n") + "\n");
        assert_eq!(lines(&folder, *rule), [0; 0], "{}: {}", rule.id(), text.join("\n"));
        assert_eq!(lines(&folder, Rule::BadIgnore), [0; 0], "{}", rule.id());
    }
}

#[test]
fn a_line_of_the_configuration_file_turns_it_off() {
    for rule in Rule::ALL.iter().filter(|rule| !ABOUT_COMMENTS.contains(rule)) {
        let folder = Example::of(*rule).folder();
        folder.put("rofs-harden.toml", format!("[[exclude]]\nrule = \"{}\"\nreason = \"why\"\n", rule.id()));
        assert_eq!(lines(&folder, *rule), [0; 0], "{}", rule.id());
    }
}

/// Names of rules that pages, comments and configuration in pages mention.
#[test]
fn pages_name_rules_that_exist() {
    for rule in Rule::ALL {
        let comments = rule.page().split("ignore[").skip(1).filter_map(|rest| rest.split_once(']')).flat_map(|(names, _)| names.split(','));
        let keys = rule.page().split("rule = \"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(name, _)| name);
        for name in comments.map(str::trim).filter(|name| *name != "RULE").chain(keys) {
            assert!(Rule::named(name).is_ok(), "{}: {name}", rule.id());
        }
    }
}
