//! Configuration files that the project mounts: settings in them move data, and their values are not shown.

use crate::support::Folder;

/// An image with the rest of its service, a file, and why it is held back, if it is.
const FILES: [(&str, &str, &str, Option<&str>); 27] = [
    ("redis:7", "command: redis-server /etc/r.conf, volumes: ['./r.conf:/etc/r.conf']", "dir /canary\n", Some("`dir`")),
    ("redis:7", "command: redis-server /etc/r.conf, volumes: ['./r.conf:/etc/r.conf', 'kept:/canary']", "dir /canary\n", None),
    ("redis:7", "command: redis-server /etc/r.conf, volumes: ['./r.conf:/etc/r.conf']", "# dir /canary\ndir ./\n", None),
    (
        "redis:7",
        "command: redis-server /conf/r.conf, volumes: ['./conf:/conf']",
        "dir /canary\n",
        Some("what is mounted at /conf is not read"),
    ),
    ("redis:7", "command: redis-server /conf/r.conf, volumes: ['./conf:/conf', 'kept:/data']", "", None),
    ("redis:7", "command: redis-server /etc/r.conf, volumes: ['/elsewhere/r.conf:/etc/r.conf']", "", Some("at /etc/r.conf is not read")),
    // It reads no such file.
    ("redis:7", "volumes: ['./r.conf:/etc/r.conf']", "dir /canary\n", None),
    ("mysql:8.4", "volumes: ['./r.conf:/etc/mysql/conf.d/r.cnf']", "[mysqld]\ndatadir = /canary\n", Some("`datadir`")),
    ("mysql:8.4", "volumes: ['./r.conf:/etc/mysql/conf.d/r.cnf']", "[mysqld]\ndatadir = /var/lib/mysql\n", None),
    ("mysql:8.4", "volumes: ['./conf:/etc/mysql/conf.d']", "", Some("/etc/mysql/conf.d is not read")),
    ("mysql:8.4", "command: --defaults-file=/x.cnf", "", Some("an option file that is read instead")),
    ("mysql:8.4", "command: --log-bin=/canary/bin", "", None),
    ("mariadb:11", "volumes: ['./r.conf:/etc/mysql/my.cnf']", "datadir=/canary\n", Some("`datadir`")),
    (
        "postgres:17",
        "command: postgres -c config_file=/etc/p.conf, volumes: ['./r.conf:/etc/p.conf']",
        "data_directory = '/canary'\n",
        Some("`data_directory`"),
    ),
    ("postgres:17", "command: postgres -c config_file=/etc/p.conf, volumes: ['./r.conf:/etc/p.conf']", "max_connections = 5\n", None),
    ("postgres:17", "command: postgres -cdata_directory=/canary", "", None),
    ("postgres:17", "environment: {POSTGRES_INITDB_WALDIR: /canary}", "", None),
    ("postgres:17", "environment: {POSTGRES_INITDB_ARGS: --waldir=/canary}", "", Some("--waldir among them")),
    ("postgres:17", "environment: {POSTGRES_INITDB_ARGS: --data-checksums}", "", None),
    (
        "registry:2",
        "volumes: ['./r.conf:/etc/docker/registry/config.yml']",
        "storage:\n  filesystem:\n    rootdirectory: /canary\n",
        Some("`rootdirectory`"),
    ),
    (
        "eclipse-mosquitto:2",
        "volumes: ['./r.conf:/mosquitto/config/mosquitto.conf']",
        "persistence_location /canary/\n",
        Some("`persistence_location`"),
    ),
    ("eclipse-mosquitto:2", "volumes: ['./r.conf:/mosquitto/config/mosquitto.conf']", "persistence_location /mosquitto/data/\n", None),
    ("mongo:8", "command: --config /m.conf, volumes: ['./r.conf:/m.conf']", "storage:\n  dbPath: /canary\n", Some("`dbPath`")),
    ("mongo:8", "command: --config /m.conf, volumes: ['./r.conf:/m.conf']", "storage:\n  dbPath: /data/db\n", None),
    ("grafana/grafana:11.5.0", "environment: {GF_DATABASE_PATH: /canary/x.db}", "", None),
    ("traefik:3", "volumes: ['./r.conf:/etc/traefik/traefik.yml']", "acme:\n  storage: /canary/acme.json\n", Some("`storage`")),
    ("traefik:3", "volumes: ['./conf:/etc/traefik']", "", None),
];

#[test]
fn a_setting_moves_data_and_its_value_is_not_shown() {
    for (image, rest, file, held) in FILES {
        let text = format!("services:\n  s: {{image: '{image}', {rest}}}\nvolumes: {{kept: }}\n");
        let folder = Folder::new(&[("compose.yaml", &text), ("r.conf", file), ("conf/r.conf", file)]);
        let run = folder.run(&[]).exits(0);
        let said = format!("{image} {rest} {file:?}: {}", run.text());
        match held {
            Some(why) => assert!(run.err.contains("held back s: ") && run.err.contains(why), "{said}"),
            None => assert!(run.out.contains("read_only: true"), "{said}"),
        }
        // What the Compose file says itself may be said.
        assert!(text.contains("canary") || !run.text().contains("canary"), "{said}");
    }
}

#[test]
fn the_folder_that_a_dockerfile_starts_in_moves_data_too() {
    for (dockerfile, expected) in [
        ("FROM redis:7\nWORKDIR /d\n", "volume s-d:/d"),
        (
            "FROM redis:7\nCOPY r.conf /x/r.conf\nCMD [\"redis-server\", \"/x/r.conf\"]\n",
            "what its Dockerfile copies to /x/r.conf is not read",
        ),
    ] {
        let folder = Folder::new(&[("compose.yaml", "services:\n  s:\n    build: .\n"), ("Dockerfile", dockerfile)]);
        let run = folder.run(&["--unsafe-fixes"]).exits(0);
        assert!(run.text().contains(expected) || folder.run(&[]).text().contains(expected), "{dockerfile}: {}", run.text());
    }
}

#[test]
fn a_value_in_a_script_is_neither_shown_nor_written() {
    let script = |text: &str| format!("command: [sh, -c, '{text}; nginx']");
    for body in [
        script("mkdir -p /var/log/app/${X}"),
        script("echo > /opt/${X}"),
        script("echo > /opt/${X}/y"),
        script("sed -i s/a/b/ /etc/nginx/${X}"),
        script("cd /opt/${X} && touch y"),
        script("sh -c \"touch /opt/${X}/y\""),
        script("curl -o/opt/${X} u"),
        script("nginx -g \"pid /opt/${X};\""),
        script("cd /$$(echo a); chown a ${X}"),
        "command: sh -c 'touch /opt/${X}/y'".to_owned(),
        "command: /opt/${X}/run.sh\n    volumes: ['./x:/opt']".to_owned(),
        "command: sh -c 'touch y'\n    working_dir: /opt/${X}".to_owned(),
        "command: nginx\n    post_start: [{command: 'touch /opt/${X}/y'}, {command: [touch, '/opt/${X}/z']}]".to_owned(),
        "command: nginx\n    healthcheck: {test: 'touch /opt/${X}/y'}".to_owned(),
        "command: ['--logfile', '/opt/${X}/y']".to_owned(),
        "environment: {LOG_FILE: '/opt/${X}/y', TMPDIR: '/opt/${X}'}".to_owned(),
    ] {
        let folder = Folder::new(&[("compose.yaml", &format!("services:\n  s:\n    image: nginx\n    {body}\n")), (".env", "X=canary\n")]);
        let formats = ["text", "json", "sarif", "github", "markdown", "html"];
        let audits = formats.map(|format| vec!["audit", "--format", format]);
        let runs =
            audits.into_iter().chain([vec![], vec!["--check"], vec!["--format", "json"], vec!["--unsafe-fixes", "--write", "--yes"]]);
        for args in runs {
            let run = folder.run(&args);
            assert!(!run.text().contains("canary"), "{body} {}", run.text());
        }
        assert!(!folder.read("compose.yaml").contains("canary"), "{body}");
    }
}
