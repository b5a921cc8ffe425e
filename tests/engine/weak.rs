//! Probes may be weak: what else is seen of a service counts as well.

use super::stand::Stand;

const BUSYBOX: &str = "rofs-test-busybox:1";
const PYTHON: &str = "rofs-test-python:1";

fn project(script: &str, more: &str) -> String {
    format!("services:\n  app:\n    image: {BUSYBOX}\n    command: [sh, -c, {script:?}]\n{more}")
}

#[test]
fn what_was_really_used_is_not_taken_away_on_the_word_of_a_weak_probe() {
    for (kind, script, kept) in [
        (
            "a lock beside settings, without which a part never starts",
            "at=/etc/web/supervise; mkdir -p $$at 2>/dev/null && echo 1 > $$at/lock && httpd -p 8000; exec sleep 1000",
            "/etc/web",
        ),
        (
            "a log that is missed by nobody",
            "at=/var/log/web; (mkdir -p $$at && echo x > $$at/log) 2>/dev/null; exec sleep 1000",
            "/var/log",
        ),
    ] {
        let Some(stand) = Stand::new(&[BUSYBOX], &project(script, "")) else { return };
        let run = stand.run(&["verify", "--heal", "--write", "--yes", "--settle", "1s", "--probe", "app: true"]);
        let text = stand.folder.read("compose.yaml");
        assert!(run.code == Some(0) && text.contains("read_only: true"), "{kind}: {run:?}");
        let mounts = text.split("read_only: true").nth(1).unwrap_or_default();
        assert!(mounts.contains(kept) && !mounts.contains("/tmp"), "{kind}: {text}");
        assert_eq!(stand.leftovers(), [""; 0], "{kind}");
    }
}

#[test]
fn a_service_must_listen_where_it_does_on_a_writable_root() {
    let script = "at=/srv; touch $$at/queue 2>/dev/null && httpd -p 8000; exec sleep 1000";
    let Some(stand) = Stand::new(&[BUSYBOX], &project(script, "")) else { return };
    let (verdict, why, details) = stand.verdict(&["--against-original", "--settle", "1s", "--probe", "app: true"]);
    assert_eq!((verdict.as_str(), why.as_str()), ("fails", "nothing listens on port 8000, where something did before"), "{details}");
    // It comes back, but for a part of it.
    let script = "[ -e /keep/done ] || httpd -p 8000; touch /keep/done; exec sleep 1000";
    stand.folder.put("compose.yaml", project(script, "    read_only: true\n    volumes: ['keep:/keep']\nvolumes:\n  keep:\n"));
    let (verdict, why, _) = stand.verdict(&["--as-is", "--settle", "1s"]);
    assert_eq!(verdict, "fails", "{why}");
    assert_eq!(why, "after a restart: nothing listens on port 8000, where something did before");
    // Its own socket is in the way.
    let script = "import socket, time\ns = socket.socket(socket.AF_UNIX)\ntry:\n    s.bind('/keep/app.sock')\n    s.listen()\nexcept OSError as e:\n    print('bind:', e)\ntime.sleep(1000)";
    let text = format!(
        "services:\n  app:\n    image: {PYTHON}\n    read_only: true\n    command: [python3, -c, {script:?}]\n    volumes: ['keep:/keep']\nvolumes:\n  keep:\n"
    );
    let Some(stand) = Stand::new(&[PYTHON], &text) else { return };
    let (_, why, details) = stand.verdict(&["--as-is", "--settle", "1s"]);
    assert_eq!(why, "after a restart: nothing listens on /keep/app.sock, where something did before", "{details}");
}

#[test]
fn parts_that_die_again_and_again_are_seen() {
    let respawns =
        "while true; do sh -c 'touch /srv/x 2>/dev/null || exit 3' || echo \"worker exited with status 3; respawning\"; sleep 0.2; done";
    for (script, said) in [
        (respawns, "it stayed up, but its log says that worker ends again and again"),
        ("echo '[Errno 30] /srv/x'; exec sleep 1000", "it stayed up, but its log says that it could not write"),
    ] {
        let Some(stand) = Stand::new(&[BUSYBOX], &project(script, "    read_only: true\n")) else { return };
        let (verdict, why, details) = stand.verdict(&["--as-is"]);
        assert_eq!((verdict.as_str(), why.as_str()), ("fails", said), "{script}: {details}");
    }
    // It does so on a writable root as well.
    let script = "while true; do echo 'worker exited with status 3; respawning'; sleep 0.2; done";
    let Some(stand) = Stand::new(&[BUSYBOX], &project(script, "")) else { return };
    assert_eq!(stand.verdict(&["--against-original"]).0, "works");
}

#[test]
fn what_could_not_be_hardened_says_why() {
    let Some(stand) = Stand::new(&[BUSYBOX], &project("echo x >> /data.db && exec sleep 1000", "")) else { return };
    let run = stand.run(&["verify", "--heal", "--settle", "1s"]);
    assert!(
        run.out.contains("(its root filesystem is writable)") && run.out.contains("/data.db was written: / holds the image's own files"),
        "{run:?}"
    );
}

#[test]
fn a_volume_in_memory_keeps_its_mode() {
    let script = "echo x > /run/app/lock || exit 3; exec sleep 1000";
    let more = "    user: \"1000:1000\"\n    read_only: true\n    volumes: ['sockets:/run/app']\nvolumes:\n  sockets:\n    driver_opts: {type: tmpfs, device: tmpfs, o: 'mode=1777'}\n";
    let Some(stand) = Stand::new(&[BUSYBOX], &project(script, more)) else { return };
    let (verdict, why, details) = stand.verdict(&["--as-is", "--settle", "1s"]);
    assert_eq!(verdict, "works", "{why}: {details}");
    // What a run cannot have is said to be missing.
    stand.folder.put(
        "compose.yaml",
        project(script, &more.replace("type: tmpfs, device: tmpfs, o: 'mode=1777'", "type: none, device: /srv, o: bind")),
    );
    let (verdict, why, details) = stand.verdict(&["--as-is", "--settle", "1s"]);
    assert!(verdict == "fails" && details.contains("stood in for what the project mounts at /run/app"), "{why}: {details}");
    assert_eq!(stand.leftovers(), [""; 0]);
}

#[test]
fn what_fails_anyway_shows_its_own_reason() {
    let script = "at=/run; echo x > $$at/pid || echo no pid; echo no password; exit 3";
    let Some(stand) = Stand::new(&[BUSYBOX], &project(script, "")) else { return };
    let (verdict, why, details) = stand.verdict(&["--preset", "generic", "--against-original", "--settle", "1s"]);
    assert!(verdict == "unprovable" && why.starts_with("it fails on a writable root too"), "{why}");
    assert!(details.contains("no password") && !details.contains("no pid"), "{details}");
}
