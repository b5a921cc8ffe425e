//! Data that lie in a container come along: what the program prints is followed to the letter.

use super::stand::Stand;
use std::process::Command;

const BUSY: &str = "rofs-test-busybox:1";
/// The place that the preset of Grafana names for data.
const DATA: &str = "/var/lib/grafana";

/// A service that the preset of Grafana is forced on, in which a row is written.
fn compose(project: &str, volume: &str, more: &str) -> String {
    format!(
        "name: {project}\nservices:\n  db:\n    build:\n      context: .\n      dockerfile_inline: |\n        FROM {BUSY}\n        RUN mkdir -p {DATA}\n\
         {volume}    command: [sleep, \"600\"]\n{more}"
    )
}

struct Up<'s>(&'s Stand);

impl Up<'_> {
    fn shell(&self, script: &str) -> String {
        let output = Command::new("sh").args(["-ec", script]).current_dir(self.0.folder.path()).output().expect("sh");
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{script}: {text}");
        text
    }

    fn rows(&self) -> String {
        self.shell(&format!("docker compose exec -T db cat {DATA}/rows"))
    }
}

impl Drop for Up<'_> {
    fn drop(&mut self) {
        let _ =
            Command::new("docker").args(["compose", "down", "-v", "-t", "0", "--rmi", "local"]).current_dir(self.0.folder.path()).output();
    }
}

/// What is done with a project in whose container there is a row; the row must be there in the end.
fn try_it(name: &str, volume: &str, more: &str, with: &[&str], is_behind: bool) {
    let project = format!("rofs-test-{name}-{}", std::process::id());
    let Some(stand) = Stand::new(&[BUSY], &compose(&project, volume, more)) else { return };
    let up = Up(&stand);
    up.shell("docker compose build -q && docker compose up -d");
    up.shell(&format!("docker compose exec -T db sh -c 'echo one-row > {DATA}/rows'"));
    let mut args = vec!["--service", "db=grafana", "--write", "--yes"];
    args.extend(with);
    let said = stand.run(&args).exits(0).text();
    let before = stand.folder.read("compose.yaml");
    assert_eq!(said.contains("would stay behind"), is_behind, "{said}");
    if is_behind {
        assert!(!before.contains("read_only"), "it is held back: {before}");
        assert!(said.contains(&format!("holds 8 bytes at {DATA}")), "{said}");
        let printed = said.split_once("    docker compose -p").expect("commands").1;
        let commands = format!("docker compose -p{printed}");
        let lines: Vec<&str> = commands.lines().map(str::trim).map(|l| l.trim_start_matches("note: ").trim()).take(6).collect();
        let again = format!("{} {}", crate::support::PROGRAM, args.join(" "));
        for line in lines {
            up.shell(if line.starts_with('#') { &again } else { line });
        }
    } else {
        up.shell("docker compose up -d");
    }
    let after = stand.folder.read("compose.yaml");
    assert!(after.contains("read_only: true"), "{after}");
    assert_eq!(after.contains("source: db-grafana"), is_behind, "{after}");
    assert_eq!(up.rows(), "one-row\n");
    // It is in what is kept, not in the container.
    if is_behind {
        up.shell("docker compose rm -sf db && docker compose up -d");
        assert_eq!(up.rows(), "one-row\n");
    }
}

#[test]
fn what_lies_in_the_containers_own_layer_comes_along() {
    try_it("layer", "", "", &[], true);
}

#[test]
fn what_lies_in_a_volume_of_the_image_stays_there_or_comes_along() {
    let volume = format!("        VOLUME {DATA}\n");
    try_it("kept", &volume, "", &[], false);
    try_it("named", &volume, "", &["--with", "named-volumes"], true);
}

#[test]
fn what_is_bound_stays_where_it_is() {
    try_it("bound", "", "    volumes: [\"./rows:/var/lib/grafana\"]\n", &[], false);
}
