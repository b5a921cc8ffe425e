//! Help, presets and colour.

use super::SHOP;
use crate::support::{Folder, golden_folder_holds};

/// Name and arguments; the width is that of no terminal.
const HELP: [(&str, &[&str]); 14] = [
    ("rofs-harden", &["--help"]),
    ("rofs-harden-short", &["-h"]),
    ("audit", &["audit", "--help"]),
    ("diagnose", &["diagnose", "--help"]),
    ("explain", &["explain", "--help"]),
    ("observe", &["observe", "--help"]),
    ("pr", &["pr", "--help"]),
    ("verify", &["verify", "--help"]),
    ("server", &["server", "--help"]),
    ("schema", &["schema", "--help"]),
    ("presets", &["presets", "--help"]),
    ("presets-list", &["presets", "list", "--help"]),
    ("presets-show", &["presets", "show", "--help"]),
    ("presets-check", &["presets", "check", "--help"]),
];

#[test]
fn help_is_as_reviewed() {
    let folder = Folder::new(&[]);
    for (name, arguments) in HELP {
        let run = folder.run(arguments).exits(0);
        assert_eq!(run.err, "");
        let longest = run.out.lines().map(|l| l.chars().count()).max();
        assert!(longest <= Some(100), "{name}: {longest:?}");
        assert!(!run.out.lines().any(|l| l.trim_start().starts_with("Arguments:")), "{name}: every argument has its heading");
        run.is_as_in(&format!("help/{name}"));
    }
    golden_folder_holds("help", &HELP.map(|h| h.0));
}

/// What `presets show` says of images: name of the text, and image.
const SHOWN: [(&str, &str); 4] = [
    ("reported", "gangefors/airdcpp-webclient:1"),
    ("guess", "0xf0xx0/pogolo"),
    ("tag", "postgres:17-alpine"),
    ("other-name", "bitnamilegacy/memcached@sha256:abc"),
];

#[test]
fn images_of_the_catalogue_are_found_and_shown() {
    let folder = Folder::new(&[]);
    let found = folder.run(&["presets", "airdcpp"]).exits(0).out;
    assert!(found.lines().any(|l| l.starts_with("gangefors/airdcpp-webclient ") && l.contains(" reported ")), "{found}");
    assert!(found.lines().all(|l| !l.starts_with("nginx")), "{found}");
    // A preset comes before the catalogue, and an exact name before a longer one.
    let found = folder.run(&["presets", "list", "redis"]).exits(0).out;
    assert!(found.lines().nth(1).is_some_and(|l| l.starts_with("redis ") && l.contains(" documented ")), "{found}");
    let json: serde_json::Value = serde_json::from_str(&folder.run(&["presets", "airdcpp", "--format=json"]).exits(0).out).unwrap();
    let found = &json["images"][0];
    assert_eq!(
        (&found["name"], &found["from"], &found["how_sure"]),
        (&"gangefors/airdcpp-webclient".into(), &"catalogue".into(), &"reported".into())
    );
    assert!(found["paths"].as_array().unwrap().iter().any(|p| p["path"] == "/.airdcpp" && p["source"].as_str().unwrap().contains('@')));
    let all: serde_json::Value = serde_json::from_str(&folder.run(&["presets", "--format=json"]).exits(0).out).unwrap();
    assert!(all["images"].as_array().unwrap().len() > 1200);

    for (name, image) in SHOWN {
        folder.run(&["presets", "show", image]).exits(0).is_as_in(&format!("lookup/{name}"));
    }
    golden_folder_holds("lookup", &SHOWN.map(|(name, _)| name));
    for (word, hint) in [("jelyfin", "did you mean `jellyfin`?"), ("0xf0xx0/pogola", "0xf0xx0/pogolo"), ("qqqqqq", "lists the presets")] {
        for arguments in [&["presets", word][..], &["presets", "show", word]] {
            let run = folder.run(arguments).exits(2);
            assert!(run.err.contains(hint) && run.err.contains(&format!("nothing is known of `{word}`")), "{}", run.text());
        }
    }
    let hostile = folder.run(&["presets", "a\u{1b}[31mb"]).exits(2);
    assert!(!hostile.err.contains('\u{1b}'), "{}", hostile.err);
}

#[test]
fn the_version_is_that_of_the_package() {
    let run = Folder::new(&[]).run(&["--version"]).exits(0);
    assert_eq!(run.out, format!("rofs-harden {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn presets_are_listed_and_shown() {
    let folder = Folder::new(&[]);
    let list = folder.run(&["presets"]).exits(0);
    assert_eq!(list.out, folder.run(&["presets", "list"]).out);
    for name in ["generic", "nginx", "node", "python"] {
        assert!(list.out.lines().any(|l| l.split_whitespace().next() == Some(name)), "{}", list.out);
        // What it prints for one preset is a text that changes with what is known of the image.
        let shown = folder.run(&["presets", "show", name]).exits(0).out;
        for part in [format!("{name}: ").as_str(), "\nmatches  ", "\nruns as  ", "\nadds\n  read_only: true\n", "\n      source: "] {
            assert!(shown.contains(part), "{name}: no {part:?} in\n{shown}");
        }
    }
    assert!(list.err.contains("presets show NAME"), "{}", list.err);
    // In groups; what most catalogues carry comes first in each, and of the groups.
    let used = |line: &str| line.split_whitespace().nth(2).and_then(|n| n.parse::<u32>().ok());
    let groups: Vec<Vec<u32>> = list.out.split("\n\n").skip(1).map(|group| group.lines().skip(1).filter_map(used).collect()).collect();
    assert!(groups.len() > 12 && groups.iter().map(Vec::len).sum::<usize>() > 380, "{}", list.out);
    assert!(groups.iter().all(|group| group.is_sorted_by(|a, b| a >= b)), "{groups:?}");
    assert!(groups.iter().map(|group| group.iter().sum::<u32>()).is_sorted_by(|a, b| a >= b), "{groups:?}");
    assert!(list.out.contains("\n\ndatabases ("), "{}", list.out);
    assert_eq!(folder.run(&["presets", "--quiet"]).err, "");
    folder.run(&["presets", "show", "nods"]).exits(2);
    folder.put("mine.toml", "summary = 'x'\nrun_user = { text = 'x' }\n[match]\nimages = []\nuzer = 'y'\n");
    let broken = folder.run(&["presets", "check", "mine.toml"]).exits(2);
    assert!(broken.err.starts_with("error: mine.toml:5:1: unknown field `uzer`"), "{}", broken.err);
}

/// Environment, arguments, and whether there is colour on standard output and on standard error.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], bool, bool);

#[test]
fn colour_goes_where_it_is_wanted() {
    let cases: [Case<'_>; 10] = [
        (&[], &[], false, false),
        (&[], &["--color", "never"], false, false),
        (&[], &["--color", "always"], true, true),
        (&[("NO_COLOR", "1")], &["--color", "always"], true, true),
        (&[("TERM", "dumb")], &["--color", "always"], true, true),
        // A patch has no colour unless a person asks on the command line: the environment must not break `| git apply`.
        (&[("CLICOLOR_FORCE", "1")], &[], false, true),
        (&[("CLICOLOR_FORCE", "0")], &[], false, false),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[], false, false),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "")], &[], false, true),
        (&[("CLICOLOR_FORCE", "1")], &["--color", "never"], false, false),
    ];
    for (environment, arguments, out, err) in cases {
        let folder = Folder::compose(SHOP);
        let run = folder.run_with(arguments, environment, "").exits(0);
        assert_eq!((run.out.contains('\x1b'), run.err.contains('\x1b')), (out, err), "{environment:?} {arguments:?}\n{}", run.text());
    }
}

#[test]
fn every_rule_has_a_page() {
    let folder = Folder::new(&[]);
    let list = folder.run(&["explain"]).exits(0).out;
    let severities: Vec<&str> = list.lines().filter_map(|l| l.split_whitespace().next()).collect();
    let rank = |severity: &str| ["error", "warning", "note"].iter().position(|s| *s == severity).unwrap();
    assert!(severities.is_sorted_by_key(|s| rank(s)), "the worst come first: {list}");
    let rules: Vec<&str> = list.lines().filter_map(|l| l.split_whitespace().nth(1)).collect();
    let pages = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules")).unwrap().count();
    assert_eq!(pages, rules.len(), "no page is left over");
    for rule in rules {
        let page = folder.run(&["explain", rule]).exits(0).out;
        assert!(page.starts_with(&format!("# {rule}\n")) && page.contains("## Why it matters"), "{page}");
    }
    // The pages for users; the other ones are for those who work on the program, or too long for a terminal.
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let names = std::fs::read_dir(&docs)
        .unwrap()
        .filter_map(|e| e.unwrap().file_name().into_string().unwrap().strip_suffix(".md").map(str::to_owned));
    let mut topics: Vec<String> =
        names.filter(|name| !["architecture", "catalogue", "ci", "playground", "style", "trust"].contains(&name.as_str())).collect();
    topics.sort();
    assert_eq!(topics, ["configuration", "editors", "engine", "guide", "moving-data", "pull-requests", "usage"]);
    for topic in topics {
        let page = std::fs::read_to_string(docs.join(format!("{topic}.md"))).unwrap();
        assert_eq!(folder.run(&["explain", &topic]).exits(0).out, page, "{topic}");
    }
    let wrong = folder.run(&["explain", "writable-rot"]).exits(2);
    assert!(
        wrong.err.contains("there is no rule `writable-rot`") && wrong.err.contains("did you mean `writable-root`?"),
        "{}",
        wrong.text()
    );
}

#[test]
fn a_page_is_found_by_the_words_of_an_error() {
    let folder = Folder::new(&[]);
    for (words, page) in [
        (&["EROFS"][..], "uncovered-write"),
        (&["read-only file system"], "uncovered-write"),
        (&["Read-only", "file", "system"], "uncovered-write"),
        (&["EACCES"], "owner"),
        (&["permission  denied"], "owner"),
        (&["No space left on device"], "tmpfs"),
        (&["ENOSPC"], "tmpfs"),
        (&["EPERM"], "spare-capabilities"),
        (&["Operation not permitted"], "spare-capabilities"),
        (&["writable root"], "writable-root"),
        (&["Writable-Root"], "writable-root"),
        (&["GUIDE"], "From nothing"),
    ] {
        let run = folder.run(&[&["explain"], words].concat()).exits(0);
        let title = run.out.lines().next().unwrap();
        assert!(title.starts_with("# ") && title.contains(page), "{words:?}: {title}");
    }
    let near = folder.run(&["explain", "giude"]).exits(2);
    assert!(near.err.contains("did you mean `guide`?"), "{}", near.err);
    let none = folder.run(&["explain", "xyzzy\u{1b}[2J"]).exits(2);
    assert!(none.err.contains("no page has these words") && none.err.contains("rofs-harden explain") && !none.err.contains('\u{1b}'));
}

#[test]
fn the_name_that_most_people_use_is_the_near_one() {
    let folder = Folder::new(&[]);
    for (arguments, near) in [
        (&["presets", "postgrs"][..], Some("postgres")),
        (&["presets", "show", "postgrs"], Some("postgres")),
        (&["presets", "show", "foo/ngin"], Some("nginx")),
        (&["presets", "show", "foo/bar"], None),
        (&["presets", "show", "ghcr.io/me/xyz"], None),
    ] {
        let run = folder.run(arguments).exits(2);
        let said = near.map(|near| format!("hint: did you mean `{near}`? "));
        assert_eq!(run.err.contains("did you mean"), near.is_some(), "{arguments:?}: {}", run.err);
        assert!(run.err.contains(&said.unwrap_or_default()), "{arguments:?}: {}", run.err);
    }
}

#[test]
fn examples_of_the_help_can_be_copied_at_80_columns() {
    let folder = Folder::new(&[]);
    for verb in ["", "audit", "diagnose", "observe", "verify", "pr"] {
        let arguments: Vec<&str> = [verb, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let help = folder.run(&arguments).exits(0).out;
        let examples = help.split_once("\nExamples:\n").unwrap_or_else(|| panic!("{verb}: {help}")).1;
        assert!(examples.contains("\nExit status:\n  0    "), "{verb}: {examples}");
        for line in examples.lines() {
            assert!(line.chars().count() <= 80, "{verb}: {line}");
        }
        // A line is a comment, a command, or goes on with one.
        let mut goes_on = false;
        for line in examples.lines().take_while(|line| line.is_empty() || line.starts_with(' ')).filter(|line| !line.is_empty()) {
            let is_command = line.contains("rofs-harden");
            assert!(line.trim_start().starts_with('#') || is_command || goes_on, "{verb}: {line}");
            goes_on = line.ends_with('\\');
        }
    }
    assert!(!folder.run(&["pr", "--help"]).exits(0).out.contains("fixing verb"));
    assert!(folder.run(&["explain", "writable-root"]).exits(0).out.contains("`g` in the"));
}
