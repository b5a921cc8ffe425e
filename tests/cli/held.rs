//! Nothing is left alone in silence: what is held back, refused or not matched is said, service by service.

use super::SHOP;
use crate::support::Folder;

/// A project with one service of each kind.
const KINDS: &str = "\
services:
  web:
    image: nginx:1.27
  api:
    build: .
  jobs:
    image: example.org/jobs:3
  topics:
    image: apache/kafka:4.0.0
  hard:
    image: node:22
    read_only: true
    tmpfs: /tmp
";

fn kinds() -> Folder {
    Folder::new(&[("compose.yaml", KINDS), ("Dockerfile", "FROM node:24-slim\nCMD [\"node\", \"a.js\"]\n")])
}

#[test]
fn a_preset_takes_what_it_matches_and_lists_the_rest() {
    let vault = "  vault:\n    image: vaultwarden/server:1.32\n";
    let folder = Folder::compose(&SHOP.replace("volumes:\n  queue:\n", &format!("{vault}volumes:\n  queue:\n")));
    let run = folder.run(&["--preset", "node"]).exits(0);
    assert_eq!(run.out.matches("read_only").count(), 1, "{}", run.out);
    for line in [
        "left alone, as other presets know what they are: web, vault\n\
         hint: leave out --preset, or add `--preset auto`, and each service gets the preset that knows it\n",
        "left alone jobs: its image is example.org/jobs:3; --service jobs=node includes it\n",
        "1 of 4 services would be read-only; 3 left alone\n",
    ] {
        assert!(run.err.contains(line), "{line:?} in {}", run.err);
    }
}

#[test]
fn a_preset_that_matches_nothing_is_an_error_with_candidates() {
    let run = Folder::compose(SHOP).run(&["--preset", "python"]).exits(2);
    assert_eq!(run.out, "");
    assert!(run.err.starts_with("error: --preset python matches no service\n"), "{}", run.err);
    // Only what no other preset knows.
    assert!(run.err.contains("say for which service it is: --service jobs=python\n"), "{}", run.err);
    let known = Folder::compose("services:\n  web:\n    image: nginx:1.27\n").run(&["--preset", "python"]).exits(2);
    assert!(known.err.contains("\nhint: leave out --preset, or add `--preset auto`, and each"), "{}", known.err);
    // Where all that it could take is read-only already there is nothing to do.
    Folder::compose("services:\n  a:\n    image: node\n    read_only: true\n    tmpfs: /tmp\n").run(&["--preset", "python"]).exits(0);
}

#[test]
fn each_service_is_held_back_with_its_own_reason_and_step() {
    let run = kinds().run(&[]).exits(0);
    for line in [
        "held back api: Dockerfile base node:24-slim: the base image is known; what your own program writes is not; \
         --service api=node includes it\n",
        "held back jobs: unknown image example.org/jobs:3; most images run with these mounts; \
         --service jobs=generic includes it\n",
        "topics: without KAFKA_LOG_DIRS the topics are in /tmp, which a restart empties [needs-writable-root]\n\
         hint: set KAFKA_LOG_DIRS=/var/lib/kafka/data\n",
        "2 of 5 services would be read-only; 2 held back, 1 refused\n",
    ] {
        assert!(run.err.contains(line), "{line:?} in {}", run.err);
    }
    // A pipe gets only what is sure.
    assert_eq!(run.out.matches("read_only").count(), 1, "{}", run.out);
    let many: String = (0..30).map(|i| format!("  s{i}:\n    image: example.org/x{i}\n")).collect();
    let run = Folder::compose(&format!("services:\n{many}")).run(&[]).exits(0);
    assert_eq!(run.err.lines().filter(|l| l.starts_with("held back s")).count(), 30, "{}", run.err);
}

#[test]
fn what_includes_a_service_includes_it() {
    for (arguments, service) in
        [(&["--service", "api=node"], "api"), (&["--service", "jobs=generic"], "jobs"), (&["--service", "topics=kafka"], "topics")]
    {
        let run = kinds().run(arguments).exits(0);
        assert!(run.err.contains(&format!(" {service}: read_only: true")), "{}", run.err);
    }
    // No flag overrules what is known not to work.
    let run = kinds().run(&["--unsafe-fixes"]).exits(0);
    assert!(run.err.contains("4 of 5 services would be read-only; 1 refused\n"), "{}", run.err);
}

#[test]
fn a_person_sees_the_whole_proposal() {
    let run = kinds().run(&["--color", "always"]).exits(0);
    let plain = console::strip_ansi_codes(&run.out).into_owned();
    assert!(plain.contains(" +     read_only: true") && plain.contains(" ?     read_only: true"), "{plain}");
    assert!(plain.contains("# held back: Dockerfile base node:24-slim: the base image"), "{plain}");
    // The keys of lists go with their items.
    let jobs = plain.split_once("example.org/jobs:3").unwrap().1;
    // What is only proposed is no line of the file, and has no number; reasons stand further right.
    let jobs: Vec<&str> = jobs.lines().skip(1).filter(|line| !line.trim_start().starts_with('#')).take(3).collect();
    assert!(jobs.iter().all(|line| line.trim_start().starts_with('?')), "{plain}");
}

#[test]
fn a_strict_check_counts_every_writable_root() {
    let kind = |name: &str, image: &str, rest: &str| format!("services:\n  {name}:\n    image: {image}\n{rest}");
    for (text, expected) in [
        (kind("jobs", "example.org/jobs:3", ""), Some("jobs: can write to its root filesystem [writable-root]; held back: unknown image")),
        (kind("k", "apache/kafka:4.0.0", ""), Some("k: can write to its root filesystem [writable-root]; refused: without KAFKA_LOG_DIRS")),
        (kind("p", "nginx", "    privileged: true\n"), Some("refused: it is privileged")),
        (kind("p # rofs-harden: ignore[needs-writable-root] ours\n  q", "nginx", ""), None),
        (kind("a", "node:22", "    read_only: true\n    tmpfs: /tmp\n"), None),
    ] {
        let text = text.replace(
            "p # rofs-harden: ignore[needs-writable-root] ours\n  q:",
            "p: # rofs-harden: ignore[needs-writable-root] ours\n    privileged: true",
        );
        let folder = Folder::compose(&text);
        folder.run(&["--check"]).exits(0);
        let run = folder.run(&["--check", "--strict"]).exits(i32::from(expected.is_some()));
        assert!(run.out.contains(expected.unwrap_or_default()), "{text}\n{}", run.out);
    }
    let folder = Folder::new(&[
        ("compose.yaml", &kind("jobs", "example.org/jobs:3", "")),
        ("rofs-harden.toml", "[[exclude]]\nservice = \"jobs\"\nreason = \"theirs\"\n"),
    ]);
    folder.run(&["--check", "--strict"]).exits(0);
    let usage = folder.run(&["--strict"]).exits(2);
    assert!(usage.err.contains("--check"), "{}", usage.err);
}

#[test]
fn a_check_says_how_many_are_read_only() {
    let run = kinds().run(&["--check"]).exits(1);
    assert!(run.err.contains("1 of 5 services are read-only; 1 missing it, 2 held back, 1 refused\n"), "{}", run.err);
}

#[test]
fn what_compose_would_refuse_is_said_with_line_and_caret() {
    for (body, said) in [
        (
            "    imgae: nginx\n",
            "warning: compose.yaml:3:5: web: Compose knows no key `imgae` of a service\n   |\n 3 |     imgae: nginx\n   |     ^^^^^\nhint: did you mean `image`?\n",
        ),
        (
            "    command: run\n",
            "warning: compose.yaml:2:3: web: it has neither an image nor a build, so Compose refuses it\n   |\n 2 |   web:\n   |   ^^^\n",
        ),
        (
            "    image: nginx\n    labels:\n      since: 2024-01-31\n",
            "warning: compose.yaml:5:14: a date without quotes is a point in time to Compose, which wants text here\n   |\n 5 |       since: 2024-01-31\n   |              ^^^^^^^^^^\nhint: write \"2024-01-31\"\n",
        ),
        ("    image: nginx\n    x-mine: 1\n    labels: {since: '2024-01-31', version: 2024-01}\n", ""),
        ("    image: nginx\n    volumns: []\n", "hint: did you mean `volumes`?\n"),
    ] {
        let err = Folder::compose(&format!("services:\n  web:\n{body}")).run(&[]).exits(0).err;
        assert!(err.contains(said) && (said.is_empty() != err.contains("Compose")), "{said}\n{err}");
    }
}

/// A digest is for programs: people see its beginning, the file and JSON have all of it.
#[test]
fn people_see_the_beginning_of_a_digest() {
    let digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let text = format!(
        "services:\n  db:\n    image: postgres:17@sha256:{digest}\n  own:\n    image: example.org/own@sha256:{digest}\n  api:\n    build: .\n  \
         hard:\n    image: neo4j:5@sha256:{digest}\n"
    );
    let folder =
        Folder::new(&[("compose.yaml", &*text), ("Dockerfile", &*format!("FROM node:24@sha256:{digest}\nCMD [\"node\", \"a.js\"]\n"))]);
    for options in [&[][..], &["--check"], &["--preset", "node"], &["audit"], &["audit", "--format", "markdown"], &["--write", "--yes"]] {
        let run = folder.run(options);
        let own_lines = |text: &str| text.lines().filter(|line| !line.contains("    image: ")).collect::<Vec<_>>().join("\n");
        assert!(
            !own_lines(&run.out).contains("0123456789abc") && !own_lines(&run.err).contains("0123456789abc"),
            "{options:?}: {}",
            run.err
        );
    }
    let said = folder.run(&[]);
    assert!(said.err.contains("unknown image example.org/own@sha256:0123456789ab…;"), "{}", said.err);
    assert!(said.err.contains("Dockerfile base node:24@sha256:0123456789ab…:"), "{}", said.err);
    let json = folder.run(&["audit", "--format", "json"]);
    assert!(json.out.contains(&format!("\"image\": \"postgres:17@sha256:{digest}\"")), "{}", json.out);
    let after = std::fs::read_to_string(folder.path().join("compose.yaml")).expect("text");
    assert_eq!(after.matches(digest).count(), 3, "{after}");
}
