//! A pull request says of its services only what a run has shown, and proposes none that failed in it.

use super::{BRANCH, did};
use crate::engine::stand::Stand;
use crate::forge::fake::objects::git_in;
use crate::forge::fake::{Forge, TOKEN};
use crate::support::Run;

const BUSYBOX: &str = "rofs-test-busybox:1";
const PROJECT: &str = "services:
  good:
    image: rofs-test-busybox:1
    command: [sh, -c, 'echo x > /tmp/x || exit 1; sleep 100']
  bad:
    image: rofs-test-busybox:1
    command: [awk, 'BEGIN { print 1 > \"/srv/bad.pid\"; close(\"/srv/bad.pid\"); system(\"sleep 100\") }']
  broken:
    image: rofs-test-busybox:1
    command: [sh, -c, 'exit 3']
  refused:
    image: rofs-test-busybox:1
    command: [/nowhere/program]
  absent:
    image: registry.invalid/absent:1
";

/// A project without the services of the other one.
const OTHER: &str = "services:\n  alone:\n    image: rofs-test-busybox:1\n    command: [sleep, '100']\n";

fn git(stand: &Stand, args: &[&str]) {
    git_in(stand.folder.path(), args, b"").unwrap();
}

fn run(stand: &Stand, forge: &Forge, args: &[&str]) -> Run {
    let all = [&["pr", "--pace", "0", "--preset", "generic", "--verify"], args].concat();
    let mut command = stand.command(&all);
    command.envs([("GITHUB_API_URL", forge.api().as_str()), ("GITHUB_TOKEN", TOKEN)]);
    stand.folder.finish(command, &all, "")
}

#[test]
fn what_fails_is_left_out_and_what_works_is_said() {
    let Some(stand) = Stand::new(&[BUSYBOX], PROJECT) else { return };
    let forge = Forge::empty();
    git(&stand, &["init", "--quiet", "--initial-branch=main", "."]);
    for (name, value) in [("user.name", "Bot"), ("user.email", "bot@example.org")] {
        git(&stand, &["config", name, value]);
    }
    stand.folder.put("other/compose.yaml", OTHER);
    git(&stand, &["add", "."]);
    git(&stand, &["commit", "--quiet", "-m", "Start"]);
    git(&stand, &["push", "--quiet", forge.state().objects.path().to_str().unwrap(), "main"]);
    git(&stand, &["remote", "add", "origin", &forge.clone_address()]);

    let said = run(&stand, &forge, &["--probe", "nobody: true"]).exits(2);
    assert!(said.err.contains("asks the service `nobody`, which no project has") && said.err.contains("hint: "), "{}", said.err);
    // A probe is for the project that has its service.
    let answer: serde_json::Value = serde_json::from_str(&run(&stand, &forge, &["--json", "--probe", "good: true"]).exits(0).out).unwrap();
    did(&answer, &["opened"]);
    let body = forge.state().pulls[0].body.clone();
    for text in [
        "### What was run",
        "| `good` in `compose.yaml` | works: it stayed up, 1 probe passed |",
        "| `alone` in `other/compose.yaml` | works: it stayed up |",
        // It fails just so without the change, which is no reason against it.
        "| `broken` in `compose.yaml` | could not be shown: it fails on a writable root too |",
        "| `refused` in `compose.yaml` | could not be shown: it fails on a writable root too |",
        "| `absent` in `compose.yaml` | could not be shown: it cannot be run here |",
        "- `bad` in `compose.yaml`: it failed when it was run with the change: it ended with status 1",
    ] {
        assert!(body.contains(text), "{text}: {body}");
    }
    // Nothing of the engine's words, which name this machine and differ from run to run.
    assert!(!body.contains("Nothing was run") && !body.contains("nowhere") && !body.contains("exec"), "{body}");
    let hardened = forge.state().objects.line(&["show", &format!("{BRANCH}:compose.yaml")], b"").unwrap();
    let bad = hardened.split("  bad:").nth(1).unwrap().split("  broken:").next().unwrap();
    assert!(!bad.contains("read_only") && hardened.matches("read_only: true").count() == 4, "{hardened}");
    // The same run says the same.
    assert!(run(&stand, &forge, &["--probe", "good: true"]).exits(0).err.contains("is up to date"));
    assert_eq!(stand.leftovers(), [""; 0]);
    // What is run is what is proposed, and nothing else.
    stand.folder.put("compose.yaml", PROJECT.replace("sleep 100", "sleep 99"));
    let said = run(&stand, &forge, &[]).exits(2);
    assert!(said.err.contains("--verify runs what is checked out") && said.err.contains("hint: "), "{}", said.err);
    stand.folder.put("compose.yaml", PROJECT);
    stand.folder.put(".git/info/exclude", ".env\n");
    stand.folder.put(".env", "COMPOSE_PROFILES=none\nCOMPOSE_FILE=compose.yaml:more.yaml\n");
    run(&stand, &forge, &[]).exits(2);
}
