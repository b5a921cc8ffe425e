//! Services that are broken on purpose, each in a way of its own: none of them may be said to work.

use super::stand::Stand;

const BUSYBOX: &str = "rofs-test-busybox:1";

/// Name, script, and further keys of a service.
const BROKEN: [(&str, &str, &str); 20] = [
    ("logs-to-a-tmpfs-only", "echo 'cannot save order 7: Read-only file system' > /run/app.log; exec sleep 1000", ""),
    (
        "json-at-level-error",
        "echo '{\"level\":\"error\",\"msg\":\"save failed\",\"err\":\"open /var/db/x: read-only file system\"}'; exec sleep 1000",
        "",
    ),
    ("late-and-in-passing", "sleep 2; echo 'INFO order not saved: EROFS: read-only file system, open \"/srv/x\"'; exec sleep 1000", ""),
    ("a-worker-that-dies", "(touch /srv/x 2>&1 || exit 3) & wait; exec sleep 1000", ""),
    ("a-health-check-that-only-warns", "exec sleep 1000", "    healthcheck: {test: \"touch /var/x; true\", interval: 1s, retries: 2}\n"),
    ("ends-well-and-serves-nothing", "exit 0", "    restart: always\n"),
    ("killed-by-a-signal", "sh -c 'kill -SEGV $$$$'; exit 139", ""),
    ("asks-for-a-terminal", "[ -t 0 ] || { echo 'this is no terminal'; exit 2; }; exec sleep 1000", ""),
    ("hangs", "exec sleep 1000", "    healthcheck: {test: \"sleep 100\", interval: 1s, timeout: 1s, retries: 1}\n"),
    ("a-link-out-of-its-tmpfs", "ln -s /etc/motd /run/motd; echo x > /run/motd; exec sleep 1000", ""),
    ("says-it-in-french", "echo 'touch: /srv/x: Système de fichiers accessible en lecture seulement'; exec sleep 1000", ""),
    ("gives-up-late", "sleep 2; echo 'giving up'; exit 4", ""),
    ("a-lock-that-stays", "mkdir /keep/lock || exit 17; exec sleep 1000", ""),
    (
        "an-index-without-its-blobs",
        "if [ -e /keep/index ]; then cat /run/blob || exit 5; fi; echo x > /run/blob; echo blob > /keep/index; exec sleep 1000",
        "",
    ),
    (
        "not-shut-down-in-time",
        "[ ! -e /keep/dirty ] || exit 6; touch /keep/dirty; trap 'sleep 9; rm /keep/dirty; exit 0' TERM; while true; do sleep 0.1; done",
        "    stop_grace_period: 1s\n",
    ),
    ("loses-it-at-the-end", "trap 'echo x > /srv/state; exit 0' TERM; while true; do sleep 0.1; done", ""),
    ("not-its-own-folder", "touch /run/own/x || exit 1; exec sleep 1000", "    user: \"1000:1000\"\n"),
    ("no-room", "dd if=/dev/zero of=/small/x bs=1024 count=64 2> /dev/null || exit 8; exec sleep 1000", ""),
    ("not-run-from-there", "cp /bin/busybox /run/tool; /run/tool true || exit 9; exec sleep 1000", ""),
    ("waits-for-what-is-broken", "exec sleep 1000", "    depends_on: {gives-up-late: {condition: service_healthy}}\n"),
];

/// The same in the words of Compose, with one that works.
fn project() -> String {
    let one = |name: &str, script: &str, keys: &str| {
        let check = if name == "gives-up-late" { "    healthcheck: {test: \"false\", interval: 1s, retries: 2}\n" } else { "" };
        format!(
            "  {name}:\n    image: {BUSYBOX}\n    read_only: true\n    command: [sh, -c, {script:?}]\n    tmpfs: [\"/run:mode=755\", \"/run/own:mode=700\", \"/small:size=16k\"]\n    volumes: ['{name}:/keep']\n{check}{keys}"
        )
    };
    let services: String = BROKEN.iter().map(|(name, script, keys)| one(name, script, keys)).collect();
    let works = one("works", "touch /run/x /keep/x; exec sleep 1000", "");
    let volumes: String = BROKEN.iter().map(|(name, ..)| format!("  {name}:\n")).collect();
    format!("services:\n{services}{works}volumes:\n{volumes}  works:\n")
}

#[test]
fn no_broken_service_is_said_to_work() {
    let Some(stand) = Stand::new(&[BUSYBOX], &project()) else { return };
    let all = stand.verdicts(&["--as-is", "--timeout", "20s"]);
    assert_eq!(all.len(), BROKEN.len() + 1, "{all:#?}");
    let wrong: Vec<_> = all.iter().filter(|(name, verdict, ..)| (verdict == "works") != (name == "works")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(stand.leftovers(), [""; 0]);
}

#[test]
fn no_server_that_only_looks_well_is_said_to_work() {
    let cgi = |script: &str| {
        format!(
            "mkdir -p /run/w/cgi-bin; printf '#!/bin/sh\\n{script}' > /run/w/cgi-bin/x; chmod 755 /run/w/cgi-bin/x; exec httpd -f -p 80 -h /run/w"
        )
    };
    for (kind, script, probes, why) in [
        ("an answer of 200 that says no", cgi("echo Status: 200; echo; echo \"{\\\\\"error\\\\\": \\\\\"EROFS: read-only file system, open /data/x\\\\\"}\"\\n"), &["app:80 GET /cgi-bin/x"][..], "the answer says that it could not write"),
        ("a request that ends it", cgi("kill 1; echo; echo ok\\n"), &["app:80 POST /cgi-bin/x y", "app:80 GET /index.html => 200"], "app:80"),
        ("what is stored is gone", "mkdir -p /run/w/cgi-bin; printf '#!/bin/sh\\necho; cat > /run/memo; echo ok\\n' > /run/w/cgi-bin/save; printf '#!/bin/sh\\necho; cat /run/memo\\n' > /run/w/cgi-bin/load; chmod 755 /run/w/cgi-bin/*; exec httpd -f -p 80 -h /run/w".to_owned(), &["app:80 POST /cgi-bin/save hello", "app:80 GET /cgi-bin/load => 200 hello"], "after a restart: "),
        ("nobody listens", "exec sleep 1000".to_owned(), &["app:80 GET /"], "app:80 GET /"),
    ] {
        let file = format!("services:\n  app:\n    image: {BUSYBOX}\n    read_only: true\n    command: [sh, -c, {:?}]\n    tmpfs: ['/run:exec']\n", script.replace('$', "$$"));
        let Some(stand) = Stand::new(&[BUSYBOX], &file) else { return };
        let args: Vec<&str> = ["--as-is", "--timeout", "3s"].into_iter().chain(probes.iter().flat_map(|p| ["--http", p])).collect();
        let (verdict, said, details) = stand.verdict(&args);
        assert!(verdict == "fails" && said.contains(why), "{kind}: {verdict}: {said}\n{details}");
    }
}
