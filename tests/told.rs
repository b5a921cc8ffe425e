//! What a service is told to write where: by variables, by options, by the programs that it runs; and what that means for a plan.

use crate::support::Folder;

/// The plan of one service, with guesses where the arguments ask for them.
fn plan(service: &str, arguments: &[&str]) -> String {
    let folder = Folder::new(&[("compose.yaml", &format!("services:\n  s: {{image: {service}}}\n"))]);
    folder.run(arguments).exits(0).text()
}

/// What a program is told to keep, of which nobody knows what it writes.
#[test]
fn a_program_that_nobody_knows_keeps_what_it_is_told_to() {
    for (image, told, has, lacks) in [
        ("node:22", "UPLOAD_DIR: /uploads", "volume s-uploads:/uploads ", ""),
        ("node:22", "UPLOAD_DIR: /uploads/", "volume s-uploads:/uploads ", ""),
        ("node:22", "DB_PATH: /db/x", "volume s-db:/db ", "target: /db/x"),
        ("node:22", "SQLITE_FILE: /s/x.db", "volume s-s:/s ", "target: /s/x.db"),
        ("node:22", "STORAGE_PATH: /st", "volume s-st:/st ", ""),
        ("node:22", "MEDIA_ROOT: /m", "volume s-m:/m ", ""),
        ("node:22", "BACKUP_DIR: /b", "volume s-b:/b ", ""),
        ("node:22", "LOG_DIR: /l", "volume s-l:/l ", ""),
        ("node:22", "LOG_DIR: /logs", "tmpfs /logs:", "volume s-"),
        ("node:22", "DATABASE_URL: 'sqlite:////abs/app.db'", "volume s-abs:/abs ", ""),
        ("node:22", "DATABASE_URL: 'file:/db/dev.db'", "volume s-db:/db ", ""),
        ("node:22", "DATABASE_URL: 'postgres://u@db/data'", "read_only: true", "volume s-"),
        ("node:22", "SOCKET: /run/y/s.sock", "tmpfs /run/y:", ""),
        ("node:22", "XDG_CACHE_HOME: /x", "tmpfs /x:", ""),
        (
            "node:22",
            "TS_CONFIG: /c/x, SSL_CERT_FILE: /c/y, NODE_PATH: /x, JAVA_HOME: /j, MEDIA_URL: /m/, DATA_CONFIG_PATH: /c",
            "read_only: true",
            "volume s-",
        ),
        ("python:3.12", "PROMETHEUS_MULTIPROC_DIR: /pm", "tmpfs /pm:", "volume s-"),
        ("eclipse-temurin:21", "SPRING_DATASOURCE_URL: 'jdbc:h2:file:/h2/x;MODE=MySQL'", "volume s-h2:/h2 ", "target: /h2/x"),
        ("eclipse-temurin:21", "SPRING_DATASOURCE_URL: 'jdbc:h2:mem:x'", "read_only: true", "volume s-"),
        ("eclipse-temurin:21", "LOGGING_FILE_NAME: /l/s.log", "tmpfs /l:", ""),
        ("eclipse-temurin:21", "JAVA_TOOL_OPTIONS: '-XX:HeapDumpPath=/dumps -Xlog:gc*:file=/gc/g.log:time'", "tmpfs /gc:", ""),
        ("eclipse-temurin:21", "JAVA_TOOL_OPTIONS: '-XX:HeapDumpPath=/dumps'", "volume s-dumps:/dumps ", ""),
        ("acme/app:1", "UPLOAD_DIR: /uploads", "volume s-uploads:/uploads ", ""),
        // Where it is known what a program keeps, its preset says it.
        ("nginx:1.27", "UPLOAD_DIR: /uploads", "read_only: true", "volume s-"),
    ] {
        for arguments in [&["--unsafe-fixes"][..], &["--unsafe-fixes", "--format", "json"]] {
            let text = plan(&format!("'{image}', command: run, environment: {{{told}}}"), arguments);
            let is_json = arguments.len() > 1;
            assert!(is_json || text.contains(has), "{image} {told}: {has}\n{text}");
            assert!(lacks.is_empty() || is_json || !text.contains(lacks), "{image} {told}: {lacks}\n{text}");
        }
        // What is mounted already asks for nothing.
        let mounted = plan(
            &format!(
                "'{image}', command: run, environment: {{{told}}}, volumes: ['/h:/uploads', '/h:/db', '/h:/s', '/h:/st', '/h:/m', '/h:/b', '/h:/l', '/h:/abs', '/h:/h2', '/h:/dumps']"
            ),
            &["--unsafe-fixes"],
        );
        assert!(!mounted.contains("volume s-"), "{image} {told}\n{mounted}");
    }
    // Where nobody knows the place, that is said.
    for (told, why) in [
        ("DATABASE_URL: 'sqlite:///app.db'", "names a file or folder whose place is not known"),
        ("DATABASE_URL: 'file:./dev.db'", "names a file or folder whose place is not known"),
        ("DB_PATH: /tmp/x.db", "a tmpfs there does not keep it"),
        ("DB_PATH: /app/x.db", "nothing can be mounted there"),
        ("HOME: /h", "whether what is in it must be kept is not known"),
    ] {
        let text = plan(&format!("'node:22', command: run, environment: {{{told}}}"), &[]);
        assert!(text.contains("held back s: ") && text.contains(why), "{told}\n{text}");
    }
}

/// A check asks the server, where it listens; nothing else has one.
#[test]
fn no_check_is_written_that_asks_another_program_or_place() {
    for (service, is_there) in [
        ("'redis:7'", true),
        ("'redis:7', command: redis-server --appendonly yes", true),
        ("'redis:7', command: redis-server --port 6380", false),
        ("'redis:7', command: redis-cli -h x ping", false),
        ("'redis:7', command: sh -c 'while true; do redis-cli -h x ping; sleep 5; done'", false),
        ("'redis:7', command: sh -c 'echo hi; exec redis-server'", true),
        ("'redis:7', command: redis-server /x.conf, volumes: ['./port.conf:/x.conf']", false),
        ("'redis:7', command: redis-server /x.conf, volumes: ['./same.conf:/x.conf']", true),
        ("'postgres:17', command: postgres -c max_connections=200", true),
        ("'postgres:17', command: postgres -p 5433", false),
        ("'postgres:17', command: postgres -p5433", false),
        ("'postgres:17', command: postgres -p 5432", true),
        ("'postgres:17', command: pg_dump x", false),
        ("'mysql:8', command: mysqldump x", false),
        ("'mysql:8', command: mysqld --character-set-server=utf8mb4", true),
        ("'mysql:8', command: -P 3307", false),
        ("'mariadb:11', command: --port=3307", false),
        ("'mariadb:11', command: mariadb-dump x", false),
        ("'mongo:7', command: mongod --replSet x", true),
        ("'mongo:7', command: mongod --configsvr --replSet x", false),
        ("'mongo:7', command: mongod --shardsvr --replSet x", false),
        ("'mongo:7', command: mongosh --host m --eval x", false),
        ("'prom/prometheus:v3.1.0', command: --config.file=/etc/prometheus/prometheus.yml", true),
        ("'prom/prometheus:v3.1.0', command: --web.route-prefix=/p", false),
    ] {
        let text = format!("services:\n  s: {{image: {service}}}\n");
        let folder = Folder::new(&[("compose.yaml", &text), ("port.conf", "port 6380\n"), ("same.conf", "port 6379\n")]);
        let run = folder.run(&["--with", "healthcheck"]).exits(0);
        assert_eq!(run.out.contains("healthcheck:"), is_there, "{service}\n{}", run.text());
        assert!(
            is_there || run.err.contains("`healthcheck` is left out") || run.err.contains("no-health-check"),
            "{service}\n{}",
            run.text()
        );
    }
}

/// Options that name a place in a way of the program's own, twice, or in capital letters.
#[test]
fn options_of_known_programs_are_followed() {
    for (service, has, lacks) in [
        ("'nats:2.10', command: -l /l/x.log -P /p/x", "tmpfs /l:", "volume s-"),
        ("'nats:2.10', command: -l /l/x.log -P /p/x", "tmpfs /p:", "volume s-"),
        ("'memcached:1.6', command: memcached -s /s/x", "tmpfs /s:", ""),
        ("'memcached:1.6', command: -m 64", "read_only: true", "tmpfs"),
        ("'elasticsearch:8.17.0', environment: [path.repo=/r]", "s-r:/r ", ""),
        ("'opensearchproject/opensearch:2.18.0', environment: [path.repo=/r]", "s-r:/r ", ""),
        ("'influxdb:2.7', environment: {INFLUXD_CONFIG_PATH: /x}", "`INFLUXD_CONFIG_PATH` decides it", "+    read_only"),
        (
            "'victoriametrics/victoria-metrics:v1.110.0', command: -envflag.enable -envflag.prefix=VM_, environment: {VM_storageDataPath: /d}",
            "s-d:/d ",
            "/victoria-metrics-data",
        ),
        ("'httpd:2.4', command: httpd-foreground -E /l/x.log", "tmpfs /l:", ""),
        ("'postgres:17', command: postgres -k /s", "tmpfs /s:", ""),
        (
            "'postgres:17', command: [postgres, -c, 'archive_command=test ! -f /a/%f && cp %p /a/%f']",
            "names /a, and whether",
            "+    read_only",
        ),
        ("'postgres:17', command: [postgres, -c, 'archive_command=cp %p /a/%f'], volumes: ['/h:/a']", "read_only: true", "held back"),
        ("'postgres:17', command: [postgres, -c, archive_command=/bin/true]", "read_only: true", "held back"),
        ("'prom/prometheus:v3.1.0', command: --agent --storage.agent.path=/d", "s-d:/d ", ""),
        ("'mysql:8.4', command: --datadir=/a --datadir=/b", "s-b:/b ", "s-a"),
        ("'postgres:17', environment: [PGDATA=/d, PGDATA=/e]", "s-e:/e ", "s-d"),
        ("'redis:7', command: redis-server --DIR /d", "s-d:/d ", ""),
        ("'nginx:1.27', command: sh -c 'cp /a /etc/nginx/conf.d/a.conf; nginx'", "hides what the image has there", "renders"),
        ("'nginx:1.27', volumes: ['./t:/etc/nginx/templates']", "tmpfs /etc/nginx/conf.d", "held back"),
        ("'nginx:1.27', command: sh -c 'sleep 1; nginx', volumes: ['./t:/etc/nginx/templates']", "read_only: true", "conf.d"),
        (
            "'nginx:1.27', command: sh -c 'envsubst < /etc/nginx/templates/a > /etc/nginx/conf.d/default.conf && nginx', volumes: ['./t:/etc/nginx/templates']",
            "tmpfs /etc/nginx/conf.d",
            "held back",
        ),
    ] {
        let text = plan(service, &[]);
        assert!(text.contains(has), "{service}: {has}\n{text}");
        assert!(lacks.is_empty() || !text.contains(lacks), "{service}: {lacks}\n{text}");
    }
    let woodpecker = "'woodpeckerci/woodpecker-server:v3.0.0', environment: {WOODPECKER_DATABASE_DATASOURCE: /x/db.sqlite}";
    let text = plan(woodpecker, &["--unsafe-fixes"]);
    assert!(text.contains("s-x:/x ") && !text.contains("db.sqlite "), "{text}");
}

/// A file of the project that lies in a mounted folder and that the command names is read, and its value is not shown.
#[test]
fn a_file_in_a_mounted_folder_is_read_where_the_command_names_it() {
    for (service, file, is_held) in [
        ("'grafana/loki:3.4.0', command: -config.file=/cfg/f.yaml, volumes: ['./cfg:/cfg']", "common:\n  path_prefix: /canary\n", true),
        ("'nginx:1.27', command: nginx -c /cfg/f.yaml, volumes: ['./cfg:/cfg']", "pid /canary/x.pid;\n", true),
        ("'nginx:1.27', command: nginx -c /cfg/f.yaml, volumes: ['./cfg:/cfg']", "events {}\n", false),
        ("'traefik:v3', command: --configfile=/cfg/f.yaml, volumes: ['./cfg:/cfg']", "acme:\n  storage: /canary/acme.json\n", true),
        (
            "'prom/prometheus:v3.1.0', command: --config.file=/cfg/f.yaml, volumes: ['./cfg:/cfg']",
            "global:\n  scrape_interval: 5s\n",
            false,
        ),
    ] {
        let text = format!("services:\n  s: {{image: {service}}}\n");
        let folder = Folder::new(&[("compose.yaml", &text), ("cfg/f.yaml", file)]);
        let run = folder.run(&[]).exits(0);
        assert_eq!(run.err.contains("held back s: "), is_held, "{service} {file:?}\n{}", run.text());
        assert!(!run.text().contains("canary"), "{}", run.text());
    }
}

/// Of several projects, each line says of which it is.
#[test]
fn lines_about_services_of_several_projects_name_the_project() {
    let text = "services:\n  s:\n    image: postgres:17\n";
    let folder = Folder::new(&[("a/compose.yaml", text), ("b/compose.yaml", text), ("compose.yaml", text)]);
    let run = folder.run(&["-r"]).exits(0);
    for line in ["a: data of `s` lies in", "b: data of `s` lies in", "\ndata of `s` lies in"] {
        assert_eq!(run.err.matches(line).count(), 1, "{line}\n{}", run.err);
    }
    // A folder is called what it is called.
    let odd = Folder::new(&[(".a./compose.yaml", text), ("b/compose.yaml", text), ("here/.git/HEAD", "ref: refs/heads/main\n")]);
    let run = odd.run(&["-r"]).exits(0);
    assert!(run.err.contains("\n.a.: data of `s` lies in") || run.err.starts_with(".a.: data of `s` lies in"), "{}", run.err);
    let run = folder.run(&["-r", "--write", "--yes"]).exits(0);
    assert!(
        run.err.contains("hardened 3 services (s, s in a, s in b)") || run.err.contains("hardened 3 services (s in a, s in b, s)"),
        "{}",
        run.err
    );
}
