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

    /// Runs the program, and follows what it prints where data would stay behind.
    fn follow(&self, args: &[&str], is_behind: bool) -> String {
        let said = self.0.run(args).exits(0).text();
        assert_eq!(said.contains("would stay behind"), is_behind, "{said}");
        if !is_behind {
            self.shell("docker compose up -d");
            return said;
        }
        let before = self.0.folder.read("compose.yaml");
        assert!(!before.contains("read_only"), "it is held back: {before}");
        let printed = said.split_once("    docker compose -p").expect("commands").1;
        let commands = format!("docker compose -p{printed}");
        let again = format!("{} {}", crate::support::PROGRAM, args.join(" "));
        for line in commands.lines().map(str::trim).map(|l| l.trim_start_matches("note: ").trim()).take(6) {
            self.shell(if line.starts_with('#') { &again } else { line });
        }
        said
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
    let said = up.follow(&args, is_behind);
    assert_eq!(said.contains(&format!("holds 8 bytes at {DATA}")), is_behind, "{said}");
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

/// A second name of an image, for as long as a test needs it.
struct Tag(String);

impl Drop for Tag {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rmi", &self.0]).output();
    }
}

/// A running `PostgreSQL` with a row in it, whose data is where `keys` say, is made read-only; the row must be there.
fn postgres_keeps_its_row(name: &str, keys: &str, with: &[&str], is_behind: bool) {
    const IMAGE: &str = "rofs-test-postgres:1";
    // Of an image of this name the preset knows what it declares.
    let image = format!("postgres:15-{name}-{}", std::process::id());
    let text = format!(
        "name: rofs-test-{name}-{}\nservices:\n  db:\n    image: {image}\n    environment:\n      POSTGRES_PASSWORD: example\n{keys}    \
         healthcheck:\n      test: [\"CMD\", \"pg_isready\", \"-q\", \"-h\", \"127.0.0.1\", \"-U\", \"postgres\"]\n      interval: 1s\n      retries: 60\n",
        std::process::id()
    );
    let Some(stand) = Stand::new(&[IMAGE], &text) else { return };
    Command::new("docker").args(["tag", IMAGE, &image]).status().expect("docker");
    let _tag = Tag(image);
    let up = Up(&stand);
    let ask =
        |query: &str| up.shell(&format!("docker compose up -d --wait && docker compose exec -T db psql -U postgres -Atc \"{query}\""));
    ask("create table kept as select 'one-row' as row");
    let args = [&["--write", "--yes"], with].concat();
    up.follow(&args, is_behind);
    let after = stand.folder.read("compose.yaml");
    assert!(after.contains("read_only: true"), "{after}");
    assert_eq!(after.contains("source: db-"), is_behind, "{after}");
    assert!(ask("select row from kept").contains("one-row"));
    if is_behind {
        up.shell("docker compose rm -sf db");
        assert!(ask("select row from kept").contains("one-row"));
    }
}

#[test]
fn postgres_keeps_its_rows_where_its_image_declares_them() {
    postgres_keeps_its_row("pg-declared", "", &[], false);
    postgres_keeps_its_row("pg-named", "", &["--with", "named-volumes"], true);
}

#[test]
fn postgres_keeps_its_rows_where_nothing_declares_them() {
    postgres_keeps_its_row("pg-own", "      PGDATA: /pgdata/db\n", &[], true);
}

#[test]
fn postgres_keeps_its_rows_in_a_bound_folder() {
    postgres_keeps_its_row("pg-bound", "    volumes: [\"./rows:/var/lib/postgresql/data\"]\n", &[], false);
}
