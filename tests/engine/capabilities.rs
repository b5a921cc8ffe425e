//! The fewest capabilities: what is refused gives candidates, and what is not missed goes.

use super::stand::Stand;

const BUSYBOX: &str = "rofs-test-busybox:1";

/// The lists of capabilities of each service, by what Compose makes of the file.
fn lists(stand: &Stand, service: &str) -> (String, String) {
    let config: serde_json::Value = serde_json::from_str(&stand.docker(&[
        "compose",
        "-f",
        &stand.folder.path().join("compose.yaml").display().to_string(),
        "config",
        "--format",
        "json",
    ]))
    .expect("JSON");
    let list = |key: &str| {
        let all = config["services"][service][key].as_array().into_iter().flatten().filter_map(|v| v.as_str());
        all.collect::<Vec<_>>().join(" ")
    };
    (list("cap_drop"), list("cap_add"))
}

#[test]
fn the_fewest_capabilities_are_found() {
    let file = format!(
        "services:
  none:
    image: {BUSYBOX}
    command: [sleep, '1000']
  owner:
    image: {BUSYBOX}
    command: [sh, -c, 'touch /tmp/x && chown 7:7 /tmp/x || exit 3; exec sleep 1000']
    tmpfs: [/tmp]
  user:
    image: {BUSYBOX}
    command: [su, -s, /bin/sh, nobody, -c, 'exec sleep 1000']
"
    );
    let Some(stand) = Stand::new(&[BUSYBOX], &file) else { return };
    let run = stand.run(&["verify", "--heal", "--with", "cap-drop", "--write", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for (service, added) in [("none", ""), ("owner", "CHOWN"), ("user", "SETGID SETUID")] {
        assert_eq!(
            lists(&stand, service),
            ("ALL".to_owned(), added.to_owned()),
            "{service}: {run:?}\n{}",
            stand.folder.read("compose.yaml")
        );
    }
    assert_eq!(stand.leftovers(), [""; 0]);
    // What is written works as it stands.
    assert_eq!(stand.run(&["verify", "--as-is"]).code, Some(0));
}
