//! The form of every source that a preset names: a person must be able to look there, or be told that there is nothing to look at.

use rofs_harden::evidence::Confidence;
use rofs_harden::evidence::preset::{Preset, list};

/// What a source is.
#[derive(Debug, PartialEq, Eq)]
enum Form {
    /// A page, or a file, issue or release of a repository.
    Written,
    /// A program of some version that was run, or what it prints.
    Run,
    /// Another preset, which says it with its own source.
    Preset(String),
    /// Nobody wrote it down.
    Convention,
}

/// Starts of sources that name no place.
const CONVENTIONS: [&str; 7] =
    ["a convention", "a default of", "the usual", "a property of", "the layout that", "the home folder of", "os.CreateTemp"];
/// Works that are found by their name.
const WORKS: [&str; 6] =
    ["Elastic documentation", "Grafana configuration", "Microsoft Learn", "OWASP Docker Security Cheat Sheet", "matplotlib:", "docs."];

fn form(source: &str) -> Option<Form> {
    if let Some((_, name)) = source.split_once("as in the preset ") {
        return Some(Form::Preset(name.split([' ', ',', ';', ':']).next().unwrap_or_default().to_owned()));
    }
    if CONVENTIONS.iter().any(|start| source.starts_with(start)) {
        return Some(Form::Convention);
    }
    let is_name = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    let is_repository = |word: &str| {
        let word =
            word.trim_start_matches(['(', '`']).split(['@', '#']).next().unwrap_or_default().trim_end_matches([',', ';', ':', ')', '`']);
        word.split_once('/').is_some_and(|(owner, rest)| is_name(owner) && rest.split('/').all(is_name))
    };
    let is_page = source.contains("://") || WORKS.iter().any(|work| source.contains(work));
    if is_page
        || source.split_whitespace().any(is_repository)
        || source.contains("catalogues that run")
        || source.contains("a catalogue that runs")
    {
        return Some(Form::Written);
    }
    let has_version = source.split_whitespace().any(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let is_help = source.starts_with("`go help") || source.starts_with("python3 --help");
    (has_version || is_help || source.starts_with("a Compose project")).then_some(Form::Run)
}

#[test]
fn every_source_has_a_form_and_a_convention_is_only_assumed() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, _) in list() {
        let preset = Preset::embedded(name).unwrap();
        let reasons = preset.writable.iter().map(|path| &path.reason);
        let reasons = reasons.chain(preset.capabilities.iter().map(|c| &c.reason)).chain(preset.check.iter().map(|c| &c.reason));
        let declared = preset.writable.iter().filter_map(|path| Some(path.declared.as_ref()?.source.as_str()));
        let moved = preset.writable.iter().filter_map(|path| Some(path.moved.as_ref()?.source.as_str()));
        let others = preset.obstacles.iter().map(|o| o.source.as_str()).chain(preset.env.iter().map(|e| e.source.as_str()));
        let plain = declared.chain(moved).chain(others).map(|source| (source, Confidence::Assumed));
        let sure = reasons.filter_map(|reason| Some((reason.link.as_deref()?, reason.confidence)));
        for (source, confidence) in sure.chain(plain) {
            count += 1;
            match form(source) {
                None => wrong.push(format!("{name}: `{source}` names no page, repository, run or preset")),
                Some(Form::Convention) if confidence > Confidence::Assumed => wrong.push(format!("{name}: {confidence} by `{source}`")),
                Some(Form::Preset(other)) if Preset::embedded(&other).is_err() => {
                    wrong.push(format!("{name}: there is no preset `{other}`"));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 2000, "{count}");
}

#[test]
fn what_is_no_source_is_seen() {
    for source in ["not found", "somewhere", "the internet", "its documentation", "Dockerfile", "read in the image"] {
        assert_eq!(form(source), None, "{source}");
    }
    for (source, expected) in [
        ("docker-library/redis 7.4/Dockerfile: VOLUME", Form::Written),
        ("mattermost/docker#39", Form::Written),
        ("https://example.com/page", Form::Written),
        ("Redis 8.0 on a read-only root", Form::Run),
        ("a convention, not seen", Form::Convention),
        ("uploads, as in the preset golang", Form::Preset("golang".to_owned())),
    ] {
        assert_eq!(form(source), Some(expected), "{source}");
    }
}

/// What a framework writes is written in its own repository: a source of what is called known names a file there.
#[test]
fn what_a_framework_writes_names_the_file_that_says_so() {
    let is_file = |word: &str| {
        let word = word.trim_end_matches([':', ';', ',']);
        let ends = [".c", ".cs", ".ex", ".java", ".js", ".md", ".php", ".py", ".rb", ".rst", ".sh", ".toml", ".ts", ".tt"];
        ends.iter().any(|end| word.ends_with(end))
    };
    let mut count = 0;
    for (name, _) in list() {
        let preset = Preset::embedded(name).unwrap();
        let known = preset.writable.iter().filter(|path| path.reason.confidence > Confidence::Assumed);
        for path in known.filter(|_| !preset.manifests.is_empty()) {
            let source = path.reason.link.as_deref().unwrap_or_default();
            assert!(source.split_whitespace().any(is_file), "{name}: {}: {source}", path.target);
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}
