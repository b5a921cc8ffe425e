//! The question about data that a new volume would leave behind. A program in the place of `docker` says what a
//! container holds.

use super::screen::Terminal;
use crate::support::Folder;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const PROJECT: &str = "services:\n  db:\n    image: example.org/own/db\n  web:\n    image: nginx:1.27\n";
const CONFIGURATION: &str = "[[services.db.paths]]\ntarget = \"/data\"\nstorage = \"state\"\nwhy = \"rows\"\n";
const QUESTION: &str = "Write it all the same, and leave behind what 1 service (db) holds? [y/N]";
const WRITES_WEB: &str = "Write compose.yaml: harden 1 service (web), leave 1 service (db)? [y/N]";
const WRITES_BOTH: &str = "Write compose.yaml: harden 2 services (db, web)? [y/N]";

/// A project whose service `db` has a container with a file at `/data`, and `--write` in it.
fn ask(folder: &Folder) -> Terminal {
    ask_in(folder, "", &["--write"])
}

/// The same for the project in a folder, which ends with `/`.
fn ask_in(folder: &Folder, project: &str, arguments: &[&str]) -> Terminal {
    folder.put(&format!("{project}rofs-harden.toml"), CONFIGURATION);
    folder.put("kept/rows", "one-row\n");
    let here = folder.path().display();
    let script = format!(
        "#!/bin/sh\ncase $1 in\n\
         ps) printf 'abc\\tshop-db-1\\t{here}/{project}compose.yaml\\tFalse\\tdb\\tshop\\n' ;;\n\
         diff) echo 'A /data/rows' ;;\n\
         cp) exec tar -C '{here}/kept' -cf - . ;;\n\
         esac\n"
    );
    folder.put("programs/docker", script);
    let program = folder.path().join("programs/docker");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("executable");
    let path = format!("{here}/programs:/usr/bin:/bin");
    Terminal::start(folder, 120, arguments, &[("PATH", &path)])
}

#[test]
fn a_no_leaves_out_the_services_whose_data_would_stay_behind() {
    let folder = Folder::compose(PROJECT);
    let mut terminal = ask(&folder);
    terminal.shows(QUESTION);
    terminal.press("n");
    terminal.shows(WRITES_WEB);
    terminal.press("y");
    let ended = terminal.ends(0);
    ended.says("warning: db: the container shop-db-1 holds 8 bytes at /data, and the new volume there starts without them");
    ended.says("1 service (db) held back: data would stay behind");
    let after = folder.read("compose.yaml");
    assert!(after.contains("nginx:1.27\n    read_only: true"), "{after}");
    assert!(after.starts_with("services:\n  db:\n    image: example.org/own/db\n  web:"), "{after}");
}

#[test]
fn a_yes_asks_of_all_of_them() {
    let folder = Folder::compose(PROJECT);
    let mut terminal = ask(&folder);
    terminal.shows(QUESTION);
    terminal.press("y");
    terminal.shows(WRITES_BOTH);
    terminal.press("n");
    terminal.ends(1).says("nothing was written");
    assert_eq!(folder.read("compose.yaml"), PROJECT);
    let mut terminal = ask(&folder);
    terminal.shows(QUESTION);
    terminal.press("y");
    terminal.shows(WRITES_BOTH);
    terminal.press("y");
    terminal.ends(0).says("wrote compose.yaml: hardened 2 services (db, web)");
}

#[test]
fn a_no_leaves_out_the_same_in_a_tree_and_of_several_projects() {
    for arguments in [&["-r", "--write"][..], &["--write", "a", "b"]] {
        let other = "services:\n  page:\n    image: nginx:1.27\n";
        let folder = Folder::new(&[("a/compose.yaml", PROJECT), ("b/compose.yaml", other)]);
        let mut terminal = ask_in(&folder, "a/", arguments);
        terminal.shows(QUESTION);
        terminal.press("n");
        terminal.shows("harden 2 services (web, page), leave 1 service (db)? [y/N]");
        terminal.press("y");
        let ended = terminal.ends(0);
        ended.says("1 service (db) held back: data would stay behind");
        let after = folder.read("a/compose.yaml");
        assert!(after.starts_with("services:\n  db:\n    image: example.org/own/db\n  web:") && after.contains("read_only"), "{after}");
        assert!(folder.read("b/compose.yaml").contains("read_only"), "{arguments:?}");
    }
}

#[test]
fn a_review_asks_it_too() {
    for (answer, becomes) in [("n", false), ("y", true)] {
        let folder = Folder::compose(PROJECT);
        let mut terminal = ask_in(&folder, "", &["-i"]);
        terminal.shows("0 of 2 decided").press("y");
        terminal.shows("1 of 2 decided").press("y");
        terminal.shows("2 of 2 decided").press("w");
        terminal.shows("y write this").press("y");
        terminal.shows(QUESTION).press(answer);
        terminal.ends(0);
        let db = format!("services:\n  db:\n    image: example.org/own/db\n{}", if becomes { "    read_only: true" } else { "  web:" });
        let after = folder.read("compose.yaml");
        assert!(after.starts_with(&db) && after.contains("nginx:1.27\n    read_only: true"), "{after}");
    }
}
