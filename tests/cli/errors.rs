//! Bad input: exit status 2, a message that says what to do, and nothing written.

use super::SHOP;
use crate::support::{Folder, golden_folder_holds};

const MINE: &str = "./mine.toml";
const PRESET: &str = "\
summary = \"mine\"
run_user = { text = \"root\" }

[match]
images = [\"node\"]

[[writable]]
target = \"/tmp\"
storage = \"scratch\"
mode = \"1778\"
why = \"it writes\"
source = \"seen\"
confidence = \"documented\"
";

/// Name of the case, `compose.yaml` in bytes, and arguments.
const CASES: [(&str, &[u8], &[&str]); 31] = [
    ("no-such-file", SHOP.as_bytes(), &["absent.yaml"]),
    ("empty-file", b"", &[]),
    ("only-comments", b"# nothing yet\n\n", &[]),
    ("list-at-top", b"- web\n- api\n", &[]),
    ("scalar-at-top", b"web\n", &[]),
    ("tab", b"services:\n  web:\n\timage: nginx\n", &[]),
    ("duplicate-key", b"services:\n  web:\n    image: nginx\n  web:\n    image: node\n", &[]),
    ("not-utf-8", b"services:\n  web:\n    image: ngin\xe9\n", &[]),
    ("utf-16", b"\xff\xfes\0e\0", &[]),
    ("unterminated-quote", b"services:\n  web:\n    image: \"nginx\n    command: x\n", &[]),
    ("control-character", b"services:\n  web:\n    image: ng\x07inx\n", &[]),
    ("services-null", b"services:\n", &[]),
    ("services-list", b"services: [web]\n", &[]),
    ("unterminated-quote-at-the-end", b"services:\n  web:\n    image: 'nginx\n", &[]),
    ("tab-in-a-value", b"services:\n  web:\n    image: nginx\n    \tcommand: x\n", &[]),
    ("unknown-alias", b"services:\n  web: *base\n", &[]),
    ("unknown-preset", SHOP.as_bytes(), &["--preset", "nod"]),
    ("unknown-preset-far", SHOP.as_bytes(), &["--preset", "cobol"]),
    ("unknown-service", SHOP.as_bytes(), &["--service", "wbe"]),
    ("unknown-service-to-skip", SHOP.as_bytes(), &["--service", "!cache"]),
    ("unknown-service-with-preset", SHOP.as_bytes(), &["--service", "apy=node"]),
    ("broken-preset", SHOP.as_bytes(), &["--preset", MINE]),
    ("no-such-preset-file", SHOP.as_bytes(), &["--preset", "./absent.toml"]),
    ("write-without-a-terminal", SHOP.as_bytes(), &["--write"]),
    ("review-without-a-terminal", SHOP.as_bytes(), &["-i"]),
    ("standard-input-with-write", SHOP.as_bytes(), &["-", "--write", "--yes"]),
    ("standard-input-and-a-file", SHOP.as_bytes(), &["-", "compose.yaml"]),
    ("yes-without-write", SHOP.as_bytes(), &["--yes"]),
    ("option-before-a-verb", SHOP.as_bytes(), &["--quiet", "audit"]),
    ("file-before-a-verb", SHOP.as_bytes(), &["-f", "compose.yaml", "audit"]),
    ("one-good-path-and-a-bad-one", SHOP.as_bytes(), &["--write", "--yes", "compose.yaml", "absent.yaml"]),
];

/// Cases that need more than a file.
const OTHER_CASES: [&str; 5] =
    ["no-compose-file", "folder-named-as-a-file", "read-only-folder", "read-only-file", "link-out-of-the-project"];

#[track_caller]
fn refused(folder: &Folder, name: &str, arguments: &[&str]) {
    let before = folder.state();
    let run = folder.run(arguments).exits(2);
    assert!(folder.state() == before, "{name}: something was written");
    assert_eq!(run.err.matches("error: ").count(), 1, "{name}: {}", run.err);
    run.is_as_in(&format!("errors/{name}"));
    let quiet = folder.run(&[arguments, &["--quiet"]].concat()).exits(2);
    let error = run.err.lines().find(|l| l.starts_with("error: "));
    assert!(quiet.err.lines().any(|l| Some(l) == error), "{name}: --quiet hides no error: {}", quiet.text());
}

#[test]
fn bad_input_is_refused_with_a_message() {
    for (name, text, arguments) in CASES {
        let folder = Folder::new(&[(MINE, PRESET)]);
        folder.put("compose.yaml", text);
        refused(&folder, name, arguments);
    }
    golden_folder_holds("errors", &CASES.iter().map(|c| c.0).chain(OTHER_CASES).collect::<Vec<_>>());
}

#[test]
fn a_folder_without_a_compose_file_is_no_project() {
    refused(&Folder::new(&[("README.md", "no project\n")]), "no-compose-file", &["."]);
    refused(&Folder::new(&[("compose.yaml/x", "")]), "folder-named-as-a-file", &[]);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn what_is_read_only_stays_as_it_is() {
        // The mode says no, and that counts for root too, whom the system would let.
        let folder = Folder::compose(SHOP);
        set_permissions(folder.path(), Permissions::from_mode(0o555)).unwrap();
        refused(&folder, "read-only-folder", &["--write", "--yes", "--service", "api"]);
        set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        set_permissions(folder.path().join("compose.yaml"), Permissions::from_mode(0o444)).unwrap();
        refused(&folder, "read-only-file", &["--write", "--yes", "--service", "api"]);
    }

    #[test]
    fn a_link_out_of_the_project_is_not_followed_for_writing() {
        let folder = Folder::new(&[]);
        std::fs::write(folder.outside().join("theirs.yaml"), SHOP).unwrap();
        symlink("../theirs.yaml", folder.path().join("compose.yaml")).unwrap();
        refused(&folder, "link-out-of-the-project", &["--write", "--yes", "--service", "api"]);
    }
}
