//! The text of a pull request says what is so, whatever the changes are.

use super::{ask, did, forge, run};
use crate::forge::fake::{Forge, NAME, OWNER};
use crate::support::Folder;

fn body(forge: &Forge) -> String {
    forge.state().pulls[0].body.clone()
}

#[test]
fn a_service_that_was_read_only_is_not_said_to_become_so() {
    let hard = "services:\n  web:\n    image: nginx:1.27\n    read_only: true\n    tmpfs: [/var/cache/nginx, /run]\n";
    let forge = forge(&[("compose.yaml", hard)]);
    did(&ask(&forge, &["--with", "all", "--unsafe-fixes"]), &["opened"]);
    let text = body(&forge);
    assert!(text.starts_with("This takes rights away from 1 service that it does not need."), "{text}");
    for wrong in ["This makes the root filesystem", "Take `read_only: true` away", "now gets `Read-only file system`", "What is in memory"]
    {
        assert!(!text.contains(wrong), "{wrong}: {text}");
    }
    assert!(text.contains("`Operation not permitted`") && text.contains("Take the new lines away"), "{text}");
}

#[test]
fn a_layer_names_the_main_file_that_is_there() {
    let forge = forge(&[("docker-compose.yml", "services:\n  web:\n    image: nginx:1.27\n")]);
    did(&ask(&forge, &["--override", "compose.readonly.yaml"]), &["opened"]);
    let text = body(&forge);
    assert!(text.contains("`docker compose -f docker-compose.yml -f compose.readonly.yaml up`"), "{text}");
}

#[test]
fn what_reorders_a_line_is_seen_at_a_terminal_and_kept_in_a_patch() {
    let forge = forge(&[("compose.yaml", "services:\n  web:\n    # \u{202e}x\n    image: nginx:1.27\n")]);
    let repository = format!("{OWNER}/{NAME}");
    let shown = |color: &str| run(&Folder::new(&[]), &forge, &["--repo", &repository, "--dry-run", "--color", color]).exits(0).out;
    let (patch, page) = (shown("never"), shown("always"));
    assert!(patch.contains('\u{202e}'), "{patch}");
    assert!(!page.contains('\u{202e}') && page.contains("\\u{202e}"), "{page}");
}

#[test]
fn options_that_nothing_would_look_at_are_refused() {
    let folder = Folder::new(&[]);
    for more in [&["--json"][..], &["--again"], &["--take-back"], &["--labels", "a"], &["--reviewers", "a"], &["--draft"]] {
        let said = folder.run(&[&["pr", "--patch", "out"], more].concat()).exits(2);
        assert!(said.err.contains("cannot be used with"), "{more:?}: {}", said.err);
    }
    for more in [&["--probe", "web: true"][..], &["--http", "web:80 GET /"], &["--settle", "1s"], &["--pull"], &["--allow-network"]] {
        let said = folder.run(&[&["pr", "--dry-run"], more].concat()).exits(2);
        assert!(said.err.contains("required arguments were not provided") && said.err.contains("--verify"), "{more:?}: {}", said.err);
    }
    assert!(folder.run(&["pr", "--verify", "--override", "x.yaml"]).exits(2).err.contains("cannot be used with"));
}
