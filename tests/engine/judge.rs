//! What `verify` says of services that work, fail, and cannot be proved.

use super::stand::Stand;

const BUSYBOX: &str = "rofs-test-busybox:1";

/// A project of one service, by the keys below it.
fn service(keys: &str) -> String {
    format!("services:\n  app:\n    image: {BUSYBOX}\n{keys}")
}

fn command(script: &str) -> String {
    service(&format!("    command: [sh, -c, {script:?}]\n"))
}

#[test]
fn failures_are_seen_and_named() {
    let writes = command("echo x > /srv/x || exit 3; sleep 100");
    for (name, project, why, detail) in [
        ("a program that is not there", service("    command: [nosuch]\n"), "the engine does not start it: ", ""),
        ("a service that is read-only already", writes + "    read_only: true\n", "it ended with status 3", "/srv/x: data"),
        ("no such mount", service("    command: [sleep, '9']\n    tmpfs: ['/x:size=abc']\n"), "the engine does not start it: ", ""),
    ] {
        let Some(stand) = Stand::new(&[BUSYBOX], &project) else { return };
        let (verdict, reason, details) = stand.verdict(&[]);
        assert_eq!(verdict, "fails", "{name}: {reason}");
        assert!(reason.starts_with(why), "{name}: {reason}");
        assert!(details.contains(detail), "{name}: {details}");
    }
}

#[test]
fn what_works_is_proved() {
    let server = "sleep 1; mkdir -p /tmp/www; echo hi > /tmp/www/index.html; httpd -f -h /tmp/www -p 8080";
    for (name, project, args, why) in [
        ("it stays up", command("sleep 100"), &[][..], "it stayed up"),
        (
            "a health check whose first answer would come late",
            command("sleep 100") + "    healthcheck:\n      test: \"true\"\n      interval: 10m\n",
            &[],
            "it stayed up, healthy",
        ),
        ("a server that comes up slowly", command(server), &["--http", "app:8080 GET /"], "it stayed up, 1 probe passed"),
        (
            "a command in it",
            command("echo 1 > /tmp/ready; sleep 100"),
            &["--probe", "app: test -e /tmp/ready"],
            "it stayed up, 1 probe passed",
        ),
        ("a user of its own", command("echo x > /tmp/x || exit 1; sleep 100") + "    user: \"1000:1000\"\n", &[], "it stayed up"),
    ] {
        let Some(stand) = Stand::new(&[BUSYBOX], &project) else { return };
        let (verdict, reason, details) = stand.verdict(args);
        assert_eq!((verdict.as_str(), reason.as_str()), ("works", why), "{name}: {details}");
        assert_eq!(stand.leftovers(), [""; 0], "{name}");
    }
}

/// What is known of an image is asked where the project has no check of its own; that nobody answers says nothing.
#[test]
fn what_is_known_of_an_image_is_asked() {
    const REDIS: &str = "rofs-test-redis:1";
    let names = [(REDIS, "redis:8-rofs-test"), (BUSYBOX, "jellyfin/jellyfin:rofs-test")];
    let project =
        format!("services:\n  cache:\n    image: {}\n  films:\n    image: {}\n    command: [sleep, '100']\n", names[0].1, names[1].1);
    let Some(stand) = Stand::alone(&[REDIS, BUSYBOX], &project) else { return };
    names.iter().for_each(|(image, name)| _ = stand.docker(&["tag", image, name]));
    let verdicts: Vec<String> =
        stand.verdicts(&[]).into_iter().map(|(service, verdict, why, _)| format!("{service} {verdict}: {why}")).collect();
    names.iter().for_each(|(_, name)| _ = stand.docker(&["rmi", name]));
    assert_eq!(
        verdicts,
        [
            "cache works: it stayed up, 1 probe passed",
            "films works: it stayed up, `http:8096/health`, which is known of its image, was not answered and does not count",
        ]
    );
}

const MANY: &str = "services:
  agent:
    image: rofs-test-busybox:1
    command: [sleep, '100']
    volumes: ['/var/run/docker.sock:/var/run/docker.sock']
  needs-agent:
    image: rofs-test-busybox:1
    depends_on: [agent]
  absent:
    image: registry.invalid/image:1
  migrate:
    image: rofs-test-busybox:1
    command: ['true']
  app:
    image: rofs-test-busybox:1
    command: [sleep, '100']
    depends_on:
      migrate:
        condition: service_completed_successfully
  once:
    image: rofs-test-busybox:1
    command: ['true']
  waits:
    image: rofs-test-busybox:1
    depends_on:
      broken:
        condition: service_healthy
  broken:
    image: rofs-test-busybox:1
    command: [sh, -c, 'exit 7']
    healthcheck:
      test: 'true'
";

#[test]
fn what_cannot_be_proved_says_why() {
    let Some(stand) = Stand::new(&[BUSYBOX], MANY) else { return };
    let said = |args: &[&str]| {
        let all = stand.verdicts(args).into_iter();
        all.map(|(service, verdict, why, _)| format!("{service}: {verdict}: {why}")).collect::<Vec<_>>()
    };
    assert_eq!(
        said(&[]),
        [
            "agent: unprovable: it has the engine's socket; --allow-binds runs it all the same",
            "needs-agent: unprovable: it needs agent, which is not run",
            "absent: unprovable: its image registry.invalid/image:1 is not pulled: pull it, or add --pull",
            "migrate: works: it did its work and ended",
            "app: works: it stayed up",
            "once: unprovable: it ended with status 0; --against-original tells whether it always does",
            "waits: unprovable: it waits for broken, which fails",
            "broken: fails: it ended with status 7",
        ]
    );
    let compared = said(&["--against-original"]);
    assert!(compared.contains(&"once: works: it ended with status 0, as before".to_owned()), "{compared:#?}");
    let before = "broken: unprovable: it fails on a writable root too: it ended with status 7".to_owned();
    assert!(compared.contains(&before), "{compared:#?}");
    assert_eq!(stand.run(&["verify"]).code, Some(1));
    assert_eq!(stand.leftovers(), [""; 0]);
}

#[test]
fn only_what_works_is_written() {
    // What the command writes cannot be read from it.
    let broken = command("at=/srv; echo x > $$at/x || exit 3; sleep 100");
    for args in [&["--preset", "generic", "--write", "--yes", "--verify"][..], &["verify", "--write", "--yes"]] {
        let Some(stand) = Stand::new(&[BUSYBOX], &broken) else { return };
        let run = stand.run(args);
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.out.contains("app: fails: it ended with status 3"), "{run:?}");
        assert!(run.out.contains("can't create /srv/x: Read-only file system"), "{run:?}");
        assert_eq!(stand.folder.read("compose.yaml"), broken, "nothing is written");
        stand.folder.put("compose.yaml", command("echo x > /tmp/x || exit 3; sleep 100"));
        let run = stand.run(args);
        assert_eq!(run.code, Some(0), "{run:?}");
        let written = stand.folder.read("compose.yaml");
        assert!(written.contains("    read_only: true\n    tmpfs:\n      - /tmp:mode=1777\n"), "{run:?}\n{written}");
    }
}

#[test]
fn probes_may_stand_in_the_configuration_file() {
    let Some(stand) = Stand::new(&[BUSYBOX], &command("sleep 100")) else { return };
    stand.folder.put("rofs-harden.toml", "probe = ['app: test -e /no/such', 'elsewhere: true']\n");
    let (verdict, why, _) = stand.verdict(&["--timeout", "1s"]);
    assert_eq!((verdict.as_str(), why.as_str()), ("fails", "`app: test -e /no/such`: exit status: 1"));
    let run = stand.run(&["verify", "--probe", "nobody: true"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.contains("`nobody: true` asks the service `nobody`, which is not there"), "{run:?}");
}

#[test]
fn a_missing_engine_is_said() {
    let Some(stand) = Stand::new(&[BUSYBOX], &command("sleep 100")) else { return };
    for verb in ["verify", "observe"] {
        let run = |name: &str, value: &str| {
            let mut command = stand.command(&[verb]);
            command.env(name, value);
            stand.folder.finish(command, &[verb], "")
        };
        let gone = run("DOCKER_HOST", "unix:///no/engine.sock");
        assert_eq!(gone.code, Some(2), "{gone:?}");
        assert!(gone.err.contains("the engine cannot be asked: "), "{gone:?}");
        let nowhere = run("PATH", "/nowhere");
        assert!(nowhere.err.contains("the program `docker` is not there"), "{nowhere:?}");
    }
}
