//! Where the first plan of `verify --heal` does not come back, and no line says why: other places are tried.

use super::stand::Stand;

const BUSYBOX: &str = "rofs-test-busybox:1";
const NODE: &str = "rofs-test-node:1";

/// What `verify --heal --write` makes of a service, which must work then.
fn healed(image: &str, script: &str, more: &str, probes: &[&str]) -> Option<String> {
    let stand = Stand::new(&[image], &format!("services:\n  app:\n    image: {image}\n    command: [sh, -c, {script:?}]\n{more}"))?;
    let probes = probes.iter().flat_map(|probe| ["--probe", probe]);
    let args: Vec<&str> = ["verify", "--heal", "--write", "--yes", "--settle", "1s"].into_iter().chain(probes).collect();
    let run = stand.run(&args);
    assert!(run.code == Some(0) && run.out.contains("works"), "{script}\n{run:?}");
    assert_eq!(stand.leftovers(), [""; 0]);
    Some(stand.folder.read("compose.yaml"))
}

#[test]
fn a_process_number_in_the_data_gets_a_place_that_a_kill_empties() {
    let script = "[ ! -e /app/tmp/pids/server.pid ] || exit 8; mkdir -p /app/tmp/pids /app/storage; echo 1 > /app/tmp/pids/server.pid; echo x >> /app/storage/db; \
                  trap 'rm /app/tmp/pids/server.pid; exit 0' TERM; while true; do sleep 0.1; done";
    let Some(text) = healed(BUSYBOX, script, "", &["app: test -s /app/storage/db"]) else { return };
    assert!(text.contains("- /app/tmp:mode=755") && text.contains("target: /app"), "{text}");
}

#[test]
fn what_is_missed_after_a_restart_is_data_whatever_its_folder_is_called() {
    for folder in ["/app/tmp/sessions", "/tmp/store"] {
        let script = format!("mkdir -p {folder}; exec sleep 1000");
        let probes = [format!("app: touch {folder}/one"), format!("app: test -e {folder}/one")];
        let Some(text) = healed(BUSYBOX, &script, "", &[&probes[0], &probes[1]]) else { return };
        let target = text.lines().find_map(|line| line.trim().strip_prefix("target: ")).unwrap_or_default();
        assert!(!target.is_empty() && folder.starts_with(target), "{text}");
    }
}

#[test]
fn what_was_written_to_be_run_may_be_run() {
    let script = "mkdir -p /run/store; printf '#!/bin/sh\\necho hi\\n' > /run/store/tool; chmod 755 /run/store/tool; /run/store/tool >/dev/null 2>&1 || exit 9; exec sleep 1000";
    let Some(text) = healed(BUSYBOX, script, "", &[]) else { return };
    assert!(text.contains("/run/store:mode=755,exec"), "{text}");
}

#[test]
fn what_a_command_names_in_a_folder_of_data_has_no_place_of_its_own() {
    let script = "mkdir -p logs/old .config/app; [ -e .config/app/id ] || echo 1 > .config/app/id; echo x >> logs/app.log; exec sleep 1000";
    let more = "    user: node\n    working_dir: /home/node\n    environment: {HOME: /home/node}\n";
    let Some(text) = healed(NODE, script, more, &["app: test -s /home/node/.config/app/id"]) else { return };
    assert!(text.contains("target: /home/node\n") && !text.contains("/home/node/.config"), "{text}");
}

/// A copy of a folder of the host belongs to whom the folder belongs.
#[test]
fn binds_keep_their_owners() {
    for (user, script) in [
        ("4321:4321", "touch /open/x || exit 3"),
        ("4321:4321", "(echo y > /open/mine) 2>/dev/null && exit 5"),
        ("0:0", "touch /open/x || exit 3"),
    ] {
        let script = format!("{script}; exec sleep 1000");
        let text = format!(
            "services:\n  app:\n    image: {BUSYBOX}\n    user: \"{user}\"\n    read_only: true\n    command: [sh, -c, {script:?}]\n    volumes: ['./open:/open']\n"
        );
        let Some(stand) = Stand::new(&[BUSYBOX], &text) else { return };
        stand.folder.put("open/mine", "x\n");
        let folder = stand.folder.path().join("open");
        std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).expect("a mode");
        let (verdict, why, details) = stand.verdict(&["--as-is"]);
        assert_eq!(verdict, "works", "{user} {script}: {why}: {details}");
    }
}

/// What several containers of a service would share is tried by two of them.
#[test]
fn replicas_that_cannot_share_a_volume_do_not_work_with_it() {
    let script = "mkdir -p /var/lib/jobs; cd /var/lib/jobs; hostname > owner; while [ \"$$(cat owner)\" = \"$$(hostname)\" ]; do sleep 0.1; done; exit 10";
    let text = format!("services:\n  app:\n    image: {BUSYBOX}\n    command: [sh, -c, {script:?}]\n    deploy: {{replicas: 2}}\n");
    let Some(stand) = Stand::new(&[BUSYBOX], &text) else { return };
    let args = ["verify", "--heal", "--write", "--yes", "--settle", "1s"];
    let run = stand.run(&args);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.out.contains("app: fails: one of its containers, which share their volumes: it ended with status 10; give each"),
        "{run:?}"
    );
    assert_eq!(stand.folder.read("compose.yaml"), text, "nothing is written");
    // What it says helps.
    stand.folder.put("compose.yaml", text + "    volumes: [/var/lib/jobs]\n");
    let run = stand.run(&args);
    assert!(run.code == Some(0) && stand.folder.read("compose.yaml").contains("read_only: true"), "{run:?}");
    // Two that can are told what changes for them.
    let both = format!(
        "services:\n  app:\n    image: {BUSYBOX}\n    scale: 2\n    command: [sh, -c, 'mkdir -p /var/lib/jobs; echo x >> /var/lib/jobs/log; exec sleep 1000']\n"
    );
    stand.folder.put("compose.yaml", both);
    let run = stand.run(&args);
    assert!(run.code == Some(0) && run.out.contains("its 2 containers share the volume at /var/lib/jobs from now on"), "{run:?}");
    assert_eq!(stand.leftovers(), [""; 0]);
}
