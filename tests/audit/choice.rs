//! Which findings are reported: by severity, by rule, and by a baseline.

use super::findings;
use crate::support::Folder;

const TEXT: &str = "services:
  web:
    image: nginx
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock
  own:
    image: example.com/own
    read_only: true
";

fn rules(folder: &Folder, arguments: &[&str]) -> Vec<String> {
    findings(folder, arguments).into_iter().map(|(rule, ..)| rule).collect()
}

#[test]
fn findings_are_chosen_by_severity_and_rule() {
    let folder = Folder::compose(TEXT);
    assert_eq!(rules(&folder, &["--severity", "error"]), ["engine-socket"]);
    assert_eq!(rules(&folder, &["--severity", "warning"]), ["writable-root", "engine-socket"]);
    assert_eq!(rules(&folder, &["--severity", "note"]), rules(&folder, &[]));
    assert_eq!(rules(&folder, &["--select", "unknown-image,engine-socket"]), ["engine-socket", "unknown-image"]);
    let ignored = rules(&folder, &["--ignore", "engine-socket", "--ignore", "unknown-image"]);
    assert_eq!(ignored, ["writable-root"]);
    // What is left out does not count either.
    folder.run(&["audit", "--select", "unknown-image"]).exits(0);
    folder.run(&["audit", "--severity", "error", "--ignore", "engine-socket", "--fail-on", "note"]).exits(0);
    let wrong = folder.run(&["audit", "--select", "writable-rot"]).exits(2);
    assert!(wrong.err.contains("writable-root"), "{}", wrong.err);
}

#[test]
fn a_baseline_accepts_the_findings_of_its_day() {
    let folder = Folder::compose(TEXT);
    let missing = folder.run(&["audit", "--baseline", "b.json"]).exits(2);
    assert!(missing.err.contains("b.json") && missing.err.contains("--update-baseline"), "{}", missing.err);
    let run = folder.run(&["audit", "--baseline", "b.json", "--update-baseline"]).exits(0);
    assert!(run.err.contains("b.json accepts 6 findings"), "{}", run.err);
    let baseline = folder.read("b.json");
    assert!(baseline.contains("\"file\": \"compose.yaml\"") && baseline.contains("\"rule\": \"engine-socket\""), "{baseline}");
    let run = folder.run(&["audit", "--baseline", "b.json", "--fail-on", "note"]).exits(0);
    assert!(run.err.contains("6 ignored"), "{}", run.err);
    // Lines may move, and the folder in which it runs may be another.
    folder.put("compose.yaml", format!("# moved\n{TEXT}"));
    folder.put("sub/x", "");
    folder.run(&["audit", "--baseline", "b.json", "--fail-on", "note"]).exits(0);
    let mut command = folder.command(crate::support::PROGRAM);
    let arguments = ["audit", "../compose.yaml", "--baseline", "../b.json", "--fail-on", "note"];
    command.args(arguments).current_dir(folder.path().join("sub"));
    folder.finish(command, &arguments, "").exits(0);
    // One more of a rule: which one is new is not known, so all of them count.
    folder.put("compose.yaml", format!("{TEXT}  new:\n    image: nginx\n"));
    let new = folder.run(&["audit", "--baseline", "b.json"]).exits(1);
    assert!(new.out.contains("new") && !new.out.contains("engine-socket"), "{}", new.text());
    folder.put("compose.yaml", TEXT.replace("/docker.sock\n", "/docker.sock\n      - /run/docker.sock:/x.sock\n"));
    let more = folder.run(&["audit", "--baseline", "b.json"]).exits(1);
    assert_eq!(more.out.matches("[engine-socket]").count(), 2, "{}", more.text());
    // What is gone is said.
    folder.put("compose.yaml", "services:\n  own:\n    image: example.com/own\n    read_only: true\n");
    let gone = folder.run(&["audit", "--baseline", "b.json"]).exits(0);
    assert!(gone.err.contains("5 findings that are accepted are not there any more"), "{}", gone.err);
    for broken in ["{", "[]", "{\"version\": 2, \"accepted\": []}", "{\"version\": 1, \"accepted\": [], \"x\": 1}"] {
        folder.put("b.json", broken);
        let run = folder.run(&["audit", "--baseline", "b.json"]).exits(2);
        assert!(run.err.contains("b.json is") && run.err.contains("--update-baseline"), "{broken}: {}", run.err);
    }
    folder.run(&["audit", "--update-baseline"]).exits(2);
}

#[test]
fn the_last_lines_say_what_to_do_first() {
    let folder = Folder::new(&[("a b/compose.yaml", TEXT)]);
    let run = folder.run(&["audit", "a b"]).exits(1);
    let last: Vec<&str> = run.err.lines().rev().take(3).collect();
    assert_eq!(last[2], "[*] fix 1 now: `rofs-harden 'a b' --write`", "{}", run.err);
    assert!(last[1].starts_with("[+] drop more: `rofs-harden 'a b' --with cap-drop,no-new-privileges"), "{}", run.err);
    assert_eq!(last[0], "1 error needs you: `rofs-harden explain engine-socket`", "{}", run.err);
    let run = folder.run(&["audit", "-r", "--severity", "note"]).exits(1);
    assert!(run.err.contains("`rofs-harden -r --write`"), "{}", run.err);
    assert_eq!(folder.run(&["audit", "-q", "a b"]).err, "");
    // A guess that a person agreed to is no guess.
    let folder = Folder::compose("services:\n  own:\n    image: example.com/own\n");
    assert!(folder.run(&["audit"]).exits(1).err.contains("[?] 1 fix is a guess"), "{}", folder.run(&["audit"]).err);
    let agreed = folder.run(&["audit", "--service", "own=node"]).exits(1);
    assert!(agreed.err.contains("[*] fix 1 now") && agreed.out.contains("[*] can write"), "{}", agreed.text());
}

#[test]
fn what_gives_the_host_away_weighs() {
    let score = |lines: &str| {
        let text = format!("services:\n  s:\n    image: nginx\n    read_only: true\n{lines}");
        let report = super::report(&Folder::compose(&text), &[]);
        let service = &report["projects"][0]["services"][0];
        assert_eq!(service["checks"]["before"]["writable_places"], 0);
        service["surface"]["before"]["score"].as_u64().unwrap()
    };
    for (lines, expected) in [
        ("", 0),
        ("    privileged: true\n", 50),
        ("    privileged: \"yes\"\n", 50),
        ("    privileged: false\n", 0),
        ("    privileged: ${P}\n", 50),
        ("    privileged: ${P:-false}\n", 0),
        ("    cap_add: [ALL]\n", 40),
        ("    cap_add: [NET_ADMIN, CAP_all]\n", 40),
        ("    cap_add: [NET_ADMIN]\n", 0),
        ("    privileged: true\n    cap_add: [ALL]\n", 50),
    ] {
        assert_eq!(score(lines), expected, "{lines}");
    }
}
