//! The pages that `explain` shows, and the pager.

use super::screen::Terminal;
use crate::support::{Folder, golden};
use std::os::unix::fs::PermissionsExt;

/// A pager that says what it is, and how many lines it got.
const PAGER: &str = "#!/bin/sh\necho \"pager $# $1: $(wc -l) lines\"\n";

fn with_program(name: &str) -> (Folder, String) {
    let folder = Folder::new(&[(name, PAGER)]);
    let path = folder.path().join(name);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn a_page_fits_every_width() {
    for columns in [40, 60, 80, 120] {
        for page in ["writable-root", "tmpfs-owner"] {
            let ended = Terminal::start(&Folder::new(&[]), columns, &["explain", page], &[]).ends(0);
            golden(&format!("terminal/{page}-{columns}.txt"), &ended.screen.contents());
            let plain = Terminal::start(&Folder::new(&[]), columns, &["explain", page], &[("NO_COLOR", "1")]).ends(0);
            assert!(!plain.bytes.contains(&0x1b) && plain.screen.contents().contains('`'));
        }
    }
}

#[test]
fn guides_have_lists_links_and_tables() {
    let ended = Terminal::start(&Folder::new(&[]), 80, &["explain", "guide"], &[("PAGER", "")]).ends(0);
    let bytes = String::from_utf8(ended.bytes).unwrap();
    assert!(!bytes.contains("](") && !bytes.contains("```") && !bytes.contains("|---"), "{bytes}");
    let heading = "\x1b[1mWhat\x1b[0m \x1b[1mbreaks,\x1b[0m";
    assert!(bytes.contains(heading), "{bytes}");
    golden("terminal/rules-80.txt", &Terminal::start(&Folder::new(&[]), 80, &["explain"], &[]).ends(0).screen.contents());
    golden("terminal/rules-40.txt", &Terminal::start(&Folder::new(&[]), 40, &["explain"], &[]).ends(0).screen.contents());
}

#[test]
fn a_page_longer_than_the_screen_is_paged() {
    let (folder, pager) = with_program("bin/own");
    let say = |rows: u16, pager: &str| {
        Terminal::start_sized(&folder, (rows, 80), &["explain", "writable-root"], &[("PAGER", pager)]).ends(0).screen.contents()
    };
    let shown = say(24, &format!("{pager} -R"));
    assert!(shown.contains("pager 1 -R: 4"), "{shown}");
    assert!(say(100, &pager).starts_with("writable-root"), "all of it fits the screen");
    for none in ["", "cat", "/not/there"] {
        let shown = say(24, none);
        assert!(shown.contains("How to turn it off") && !shown.contains("pager"), "{none}: {shown}");
    }
}

#[test]
fn no_program_of_the_current_folder_is_the_pager() {
    let (folder, _) = with_program("own");
    for (pager, path) in [("./own", "/usr/bin:/bin"), ("own", ".:/usr/bin:/bin"), ("own", ":/usr/bin:/bin"), ("x/../own", "/usr/bin")] {
        let environment = [("PAGER", pager), ("PATH", path)];
        let ended = Terminal::start_sized(&folder, (24, 80), &["explain", "writable-root"], &environment).ends(0);
        let shown = ended.screen.contents();
        assert!(!shown.contains("pager") && shown.contains("How to turn it off"), "{pager} {path}: {shown}");
    }
    let (folder, path) = with_program("bin/own");
    let environment = [("PAGER", "own"), ("PATH", path.strip_suffix("/own").unwrap())];
    let ended = Terminal::start_sized(&folder, (24, 80), &["explain", "writable-root"], &environment).ends(0);
    // The shell of the script needs no PATH; `wc` does.
    assert!(ended.screen.contents().contains("pager 0"), "{}", ended.screen.contents());
}

#[test]
fn help_begins_with_what_most_people_need() {
    let ended = Terminal::start(&Folder::new(&[]), 80, &["--help"], &[("NO_COLOR", "1")]).ends(0);
    // It is longer than any screen, so what is at its top has gone by.
    let text = String::from_utf8(ended.bytes).unwrap();
    let first: Vec<&str> = text.lines().take(24).map(str::trim_end).collect();
    assert!(first.iter().all(|line| line.chars().count() <= 80), "{first:#?}");
    golden("terminal/help-80.txt", &(first.join("\n") + "\n"));
    for command in ["rofs-harden  ", "rofs-harden -i ", "rofs-harden --write ", "rofs-harden audit ", "rofs-harden diagnose LOG "] {
        assert!(first.iter().any(|line| line.trim_start().starts_with(command)), "{command}: {first:#?}");
    }
    let verbs = ["audit", "diagnose", "observe", "verify", "pr", "explain", "presets", "schema"];
    for verb in verbs {
        assert!(first.iter().any(|line| line.starts_with(&format!("  {verb} "))), "{verb}: {first:#?}");
    }
}
