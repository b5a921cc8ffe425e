//! `docs/guide.md`: what it says about the program is run, and its numbers are those of the source.

use super::{blocks, done, is_made, page};
use rofs_harden::audit::Surface;
use rofs_harden::evidence::preset::{Preset, list};

#[test]
fn the_guide_shows_what_its_commands_print() {
    is_made("guide.md", &done(&page("guide.md")));
}

#[test]
fn the_weights_are_those_of_the_source() {
    let text = page("guide.md");
    for (what, weight) in Surface::WEIGHTS {
        assert!(text.contains(&format!("| {what} | {weight} |")), "{what} {weight}");
    }
}

/// The variables of the table of caches are those that presets name.
#[test]
fn variables_come_from_presets() {
    let text = page("guide.md");
    let rows = text.lines().filter_map(|l| l.strip_prefix("| `")?.split('`').next());
    let hints: Vec<&str> = rows.filter(|code| code.contains('=') && !code.contains(' ')).collect();
    assert!(hints.len() >= 8, "{hints:?}");
    let presets: Vec<Preset> = list().map(|(name, _)| Preset::embedded(name).expect("good")).collect();
    for hint in hints {
        let is_known = presets.iter().flat_map(|p| &p.env).any(|e| format!("{}={}", e.name, e.value) == hint);
        assert!(is_known, "{hint}");
    }
}

/// A block of YAML that is not one of the files is still read by the program.
#[test]
fn other_yaml_reads() {
    for block in blocks(&page("guide.md")).into_iter().filter(|b| b.language == "yaml" && b.text.starts_with("services:")) {
        let folder = crate::support::Folder::compose(&block.text);
        folder.run(&["audit", "--fail-on", "never"]).exits(0);
    }
}
