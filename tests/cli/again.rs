//! Commands that are printed are about the same projects and services as the one that was run.

use super::SHOP;
use crate::support::{Folder, Run};

const WEB: &str = "services:\n  web:\n    image: nginx:1.27\n    cap_drop: [ALL]\n";
const LOG: &str = "web-1  | nginx: [emerg] mkdir() \"/var/cache/nginx/client_temp\" failed (30: Read-only file system)\n";

/// What is printed to be copied after a write.
fn copied(run: &Run) -> Vec<&str> {
    run.err.lines().filter_map(|line| line.strip_prefix("    ")).collect()
}

#[test]
fn what_is_run_after_a_write_names_the_project_as_it_was_named() {
    let base = "services:\n  web:\n    image: nginx:1.27\n";
    let more = "services:\n  web:\n    hostname: w\n";
    let files = [
        ("my proj/stack one.yaml", WEB),
        ("compose.yaml", base),
        ("hard.yaml", more),
        ("sub/compose.yaml", WEB),
        ("odd.yaml", WEB),
        ("x.env", "A=1\n"),
    ];
    for (arguments, options, logs) in [
        (&["-f", "my proj/stack one.yaml"][..], " -f 'my proj/stack one.yaml'", ""),
        (&["my proj/stack one.yaml"], " -f 'my proj/stack one.yaml'", ""),
        (&["-f", "compose.yaml", "-f", "hard.yaml"], " -f compose.yaml -f hard.yaml", ""),
        // Compose would add an override file that is beside it.
        (&["-f", "compose.yaml"], " -f compose.yaml", ""),
        (&["--env-file", "x.env"], " --env-file x.env", ""),
        (&["--env-file", "x.env", "sub"], " -f sub/compose.yaml --env-file x.env", ""),
        (&["--root", ".", "-f", "odd.yaml"], " -f odd.yaml", " --root ."),
        (&["-f", "odd.yaml", "--project-directory", "sub"], " -f odd.yaml --project-directory sub", ""),
    ] {
        let folder = Folder::new(&files);
        let run = folder.run(&[arguments, &["--write", "--yes"]].concat()).exits(0);
        let diagnose = format!("diagnose{options}{logs}");
        let expected = [format!("docker compose{options} up -d"), format!("docker compose{options} logs | rofs-harden {diagnose}")];
        assert_eq!(copied(&run), expected, "{arguments:?}: {}", run.err);
        // The second half means the same project, and goes on in its files.
        let script = format!("{} {diagnose}", crate::support::PROGRAM);
        let mut shell = folder.command("sh");
        shell.args(["-c", &script]);
        let said = folder.finish(shell, &["sh", "-c", &script], LOG);
        assert!(said.out.starts_with("<stdin>:1: web: ") && said.out.contains("already has a writable mount"), "{}", said.text());
    }
}

#[test]
fn several_projects_with_files_of_other_names_are_started_one_by_one() {
    let folder = Folder::new(&[("a.yaml", WEB), ("sub/compose.yaml", WEB)]);
    let run = folder.run(&["a.yaml", "sub", "--write", "--yes"]).exits(0);
    let expected = ["-f a.yaml", "-f sub/compose.yaml"]
        .map(|f| [format!("docker compose {f} up -d"), format!("docker compose {f} logs | rofs-harden diagnose {f}")]);
    assert_eq!(copied(&run), expected.concat(), "{}", run.err);
    assert!(run.err.contains("hint: run these; `rofs-harden verify a.yaml sub` tries"), "{}", run.err);
}

#[test]
fn next_steps_are_whole_commands() {
    let folder = Folder::new(&[
        ("odd.yaml", SHOP),
        (
            "hard.yaml",
            "services:\n  web:\n    image: nginx:1.27\n    read_only: true\n    volumes: [/var/run/docker.sock:/s.sock]\n    tmpfs: [/var/cache/nginx:mode=755, /run:mode=755]\n",
        ),
    ]);
    for (arguments, expected) in [
        (&["audit", "--service", "web", "-f", "odd.yaml"][..], "[*] fix 1 now: `rofs-harden -f odd.yaml --service web --write`\n"),
        (&["audit", "--service", "!web", "odd.yaml"], "`rofs-harden odd.yaml --service '!web' --unsafe-fixes`\n"),
        (
            &["audit", "--service", "web", "--service", "api", "odd.yaml"],
            "[+] drop more: `rofs-harden odd.yaml --service web --service api --with ",
        ),
        (&["audit", "--profile", "*", "odd.yaml"], "`rofs-harden odd.yaml --profile '*' --write`\n"),
        (&["-f", "odd.yaml"], "`rofs-harden observe -f odd.yaml` runs the project"),
        (&["-f", "odd.yaml", "--service", "web", "--write", "--yes"], "hint: `rofs-harden -f odd.yaml --service web --with "),
        (&["hard.yaml"], "next: 1 error is left: `rofs-harden audit hard.yaml` shows it (`rofs-harden explain engine-socket`)"),
    ] {
        let run = folder.run(arguments);
        assert!(run.err.contains(expected), "{arguments:?}: {}", run.err);
    }
    // What goes into a layer of its own goes there again, and the verbs that only read name it as Compose does.
    let fresh = Folder::new(&[("odd.yaml", SHOP)]);
    let run = fresh.run(&["-f", "odd.yaml", "--override", "more.yaml", "--service", "web", "--write", "--yes"]).exits(0);
    assert!(run.err.contains("`rofs-harden verify -f odd.yaml -f more.yaml --service web` tries"), "{}", run.err);
    assert!(run.err.contains("hint: `rofs-harden -f odd.yaml --service web --override more.yaml --with "), "{}", run.err);
    // What comes from standard input is not written back.
    let run = folder.run_with(&["audit", "-"], &[], WEB).exits(1);
    assert!(run.err.contains("[*] fix 1 now: `rofs-harden -`\n"), "{}", run.err);
}
