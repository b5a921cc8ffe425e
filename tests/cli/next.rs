//! What is said to do next: after a write, and where nothing is left to do.

use super::SHOP;
use crate::forge::fake::objects::git_in;
use crate::support::{Folder, Run};

const QUEUE: &str = "services:\n  mq:\n    image: rabbitmq:4\n";

/// The hints of a run.
fn hints(run: &Run) -> Vec<&str> {
    run.err.lines().filter_map(|line| line.strip_prefix("hint: ")).collect()
}

fn git(folder: &Folder, arguments: &[&str]) {
    git_in(folder.path(), arguments, b"").unwrap();
}

/// A folder whose files are committed.
fn committed(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new(files);
    git(&folder, &["init", "-q"]);
    git(&folder, &["add", "-A"]);
    git(&folder, &["commit", "-q", "-m", "x"]);
    folder
}

#[test]
fn a_write_says_what_to_run_what_else_could_go_and_the_way_back() {
    let folder = committed(&[("compose.yaml", SHOP)]);
    let run = folder.run(&["--write", "--yes"]).exits(0);
    let next = "hint: run these; `rofs-harden verify` tries the change beside what runs now\n    \
                docker compose up -d\n    docker compose logs | rofs-harden diagnose\n\
                hint: `rofs-harden --with cap-drop,no-new-privileges,user` drops further privileges of 2 services (web, api)\n\
                hint: to go back: `git restore --source=HEAD compose.yaml`\n";
    assert!(run.err.ends_with(next), "{}", run.err);
    assert_ne!(folder.read("compose.yaml"), SHOP);
    git(&folder, &["restore", "--source=HEAD", "compose.yaml"]);
    assert_eq!(folder.read("compose.yaml"), SHOP);
    // What is named is taken away, and is named no more.
    let run = folder.run(&["--write", "--yes", "--with", "cap-drop,no-new-privileges,user"]).exits(0);
    assert!(!run.err.contains("drops further privileges"), "{}", run.err);
}

#[test]
fn the_way_back_is_one_that_leads_there() {
    let by_hand = "to go back: undo the changed lines of compose.yaml by hand (no copy was kept, and Git does not have it as it was)";
    // No checkout, not committed, and committed as something else.
    let none = Folder::compose(SHOP);
    let new = committed(&[("other", "")]);
    new.put("compose.yaml", SHOP);
    let changed = committed(&[("compose.yaml", QUEUE)]);
    changed.put("compose.yaml", SHOP);
    for folder in [&none, &new, &changed] {
        assert_eq!(hints(&folder.run(&["--write", "--yes"]).exits(0)).last(), Some(&by_hand));
    }
    // A file that was made is removed; of two only one may be in the commit.
    let folder = committed(&[("compose.yaml", SHOP)]);
    let run = folder.run(&["--write", "--yes", "--override", "compose.override.yaml"]).exits(0);
    assert_eq!(hints(&run).last(), Some(&"to go back: `rm compose.override.yaml`"));
    // A checkout's settings run no program.
    let folder = committed(&[("compose.yaml", SHOP)]);
    git(&folder, &["config", "core.fsmonitor", "touch owned; false"]);
    folder.run(&["--write", "--yes"]).exits(0);
    assert!(!folder.path().join("owned").exists());
}

#[test]
fn what_is_run_is_run_where_the_project_is() {
    let folder = Folder::new(&[("sub/compose.yaml", SHOP), ("odd.yaml", SHOP), ("a/compose.yaml", SHOP), ("b/compose.yaml", SHOP)]);
    for (arguments, place, command) in [
        (&["sub"][..], " in sub; ", "docker compose up -d"),
        (&["odd.yaml"], "; ", "docker compose -f odd.yaml up -d"),
        (&["a", "b"], " in the folder of each project; ", "docker compose up -d"),
    ] {
        let run = folder.run(&[arguments, &["--write", "--yes"]].concat()).exits(0);
        assert!(run.err.contains(&format!("hint: run these{place}")), "{}", run.err);
        assert!(run.err.contains(&format!("\n    {command}\n")), "{}", run.err);
    }
}

#[test]
fn what_a_preset_asks_to_be_seen_to_is_said_before_it_is_too_late() {
    let warning = "warning: mq: The folder of a node is named after the host name: set `hostname`, or a new container starts empty.";
    for (more, is_said) in [
        ("", true),
        ("    hostname: mq\n", false),
        ("    environment: {RABBITMQ_NODENAME: rabbit@localhost}\n", false),
        ("    hostname:\n", true),
    ] {
        let folder = Folder::compose(&format!("{QUEUE}{more}"));
        let run = folder.run(&["--write", "--yes"]).exits(0);
        assert_eq!(run.err.lines().filter(|line| *line == warning).count(), usize::from(is_said), "{more}: {}", run.err);
        // Nothing changes any more, so no container is made anew.
        assert!(!folder.run(&[]).exits(0).err.contains("host name"));
    }
}

#[test]
fn a_clean_run_says_how_far_it_is_and_one_thing_to_do() {
    let hard = "services:\n  web:\n    image: nginx:1.27\n    read_only: true\n    tmpfs: [/var/cache/nginx:mode=755, /run:mode=755]\n";
    let dropped = "    cap_drop: [ALL]\n    cap_add: [CHOWN, SETUID, SETGID]\n    security_opt: [no-new-privileges:true]\n";
    let socket = "    volumes: [/var/run/docker.sock:/s.sock]\n";
    let ignored = "    # rofs-harden: ignore[engine-socket] it is the dashboard\n";
    for (text, score, next) in [
        (hard.to_owned(), 2, "`rofs-harden --with cap-drop,no-new-privileges"),
        (format!("{hard}{socket}"), 52, "next: 1 error is left: `rofs-harden audit` shows it (`rofs-harden explain engine-socket`)"),
        (format!("{hard}{dropped}{ignored}{socket}"), 52, "`rofs-harden --with user` drops further privileges of 1 service (web)"),
        (all_dropped(hard), 2, "next: run `rofs-harden --check` in CI, which fails when a service is not read-only any more"),
    ] {
        let folder = Folder::compose(&text);
        for arguments in [&[][..], &["--write", "--yes"]] {
            let run = folder.run(arguments).exits(0);
            let expected = format!(
                "nothing to do: every selected service is read-only already\n\
                 1 of 1 service is read-only; writable surface {score}\nhint: {next}"
            );
            assert!(run.err.starts_with(&expected) && run.err.lines().count() == 3, "{arguments:?}: {}", run.err);
        }
        let audit = folder.run(&["audit", "--fail-on", "never"]).exits(0);
        assert!(audit.err.contains(&format!("writable surface {score}\n")), "{}", audit.err);
    }
}

/// The file with all that can be taken away by options.
fn all_dropped(text: &str) -> String {
    let folder = Folder::compose(text);
    folder.run(&["--with", "cap-drop,no-new-privileges,user", "--write", "--yes"]).exits(0);
    folder.read("compose.yaml")
}

#[test]
fn no_hint_is_given_twice() {
    let folder = Folder::new(&[("a/compose.yaml", SHOP), ("b/compose.yaml", SHOP), ("c/compose.yaml", QUEUE)]);
    for arguments in [&["a", "b", "c"][..], &["-r", "."], &["a", "--write", "--yes"], &["-r", ".", "--write", "--yes"], &["-r", "."]] {
        let run = folder.run(arguments).exits(0);
        let mut all = hints(&run);
        let number = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), number, "{arguments:?}: {}", run.err);
    }
}

#[test]
fn a_strict_check_says_how_what_stays_writable_gets_its_reason() {
    let hint = "what has to stay writable needs a reason: `i` in the review (-i) writes it into the file or into rofs-harden.toml";
    let folder = Folder::compose("services:\n  agent:\n    image: node:22\n    privileged: true\n");
    assert_eq!(hints(&folder.run(&["--check", "--strict"]).exits(1)).last(), Some(&hint));
    assert!(!hints(&folder.run(&["--check"]).exits(0)).contains(&hint));
    // What can be fixed is fixed first.
    assert!(!hints(&Folder::compose(SHOP).run(&["--check", "--strict"]).exits(1)).contains(&hint));
}
