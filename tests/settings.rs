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

/// What a file of any program names: whether it is held back, and the file's value is never shown.
#[test]
fn a_file_in_a_language_that_nobody_knows_makes_a_guess_where_it_names_another_place() {
    for (image, at, file, is_held) in [
        ("grafana/loki:3.4.0", "/etc/loki/local-config.yaml", "common:\n  path_prefix: /canary\n", true),
        ("grafana/loki:3.4.0", "/etc/loki/local-config.yaml", "common:\n  path_prefix: /loki\n", false),
        ("grafana/grafana:11.5.0", "/etc/grafana/grafana.ini", "[paths]\ndata = /canary\n", true),
        (
            "grafana/grafana:11.5.0",
            "/etc/grafana/grafana.ini",
            "[paths]\n;data = /canary\ndata = /var/lib/grafana\nlogs = /var/log/grafana\n",
            false,
        ),
        ("timberio/vector:0.45.0-alpine", "/etc/vector/vector.yaml", "data_dir: /canary\n", true),
        ("influxdb:2.7", "/etc/influxdb2/config.yml", "bolt-path: /canary/x\n", true),
        ("influxdb:1.8", "/etc/influxdb/influxdb.conf", "[data]\n  dir = \"/canary\"\n", true),
        ("nginx:1.27", "/etc/nginx/nginx.conf", "pid /canary/x.pid;\n", true),
        ("nginx:1.27", "/etc/nginx/nginx.conf", "error_log /canary/x.log warn;\n", true),
        ("nginx:1.27", "/etc/nginx/conf.d/a.conf", "proxy_cache_path /canary levels=1:2 keys_zone=x:1m;\n", true),
        (
            "nginx:1.27",
            "/etc/nginx/nginx.conf",
            "error_log /var/log/nginx/error.log;\npid /var/run/nginx.pid;\naccess_log /dev/stdout;\nroot /srv/www;\nproxy_cache_path /var/cache/nginx/x keys_zone=x:1m;\nlocation /canary {\n",
            false,
        ),
        ("httpd:2.4", "/usr/local/apache2/conf/httpd.conf", "ErrorLog /canary/error.log\n", true),
        (
            "httpd:2.4",
            "/usr/local/apache2/conf/httpd.conf",
            "ErrorLog /proc/self/fd/2\nDocumentRoot \"/usr/local/apache2/htdocs\"\n",
            false,
        ),
        ("caddy:2", "/etc/caddy/Caddyfile", "{\n  storage file_system /canary\n}\n", true),
        ("caddy:2", "/etc/caddy/Caddyfile", "a.example {\n  log {\n    output file /canary/a.log\n  }\n}\n", true),
        ("caddy:2", "/etc/caddy/Caddyfile", "a.example {\n  root * /srv\n  handle_path /canary/* {\n  }\n}\n", false),
        (
            "clickhouse/clickhouse-server:25.1",
            "/etc/clickhouse-server/config.d/x.xml",
            "<clickhouse><path>/canary/</path></clickhouse>\n",
            true,
        ),
        ("rabbitmq:4", "/etc/rabbitmq/rabbitmq.conf", "log.dir = /canary\n", true),
        ("redis:7", "/usr/local/etc/redis/redis.conf", "unixsocket /canary/x.sock\n", true),
        ("redis:7", "/usr/local/etc/redis/redis.conf", "aclfile /canary/users.acl\n", true),
        ("redis:7", "/usr/local/etc/redis/redis.conf", "pidfile /var/run/redis_6379.pid\n", false),
        ("valkey/valkey:8.0", "/usr/local/etc/valkey/valkey.conf", "pidfile /var/run/valkey_6379.pid\n", false),
        ("postgres:17", "/etc/postgresql/postgresql.conf", "archive_command = 'test ! -f /canary/%f && cp %p /canary/%f'\n", true),
        ("mysql:8.4", "/etc/mysql/conf.d/a.cnf", "[mysqld]\nlog-error = /canary/x.err\n", true),
        ("mysql:8.4", "/etc/mysql/conf.d/a.cnf", "[mysqld]\nsocket = /var/run/mysqld/mysqld.sock\ndatadir = /var/lib/mysql\n", false),
        // Nothing says that it is read.
        ("nginx:1.27", "/srv/x.conf", "pid /canary/x.pid;\n", false),
        (
            "haproxy:3.1",
            "/usr/local/etc/haproxy/haproxy.cfg",
            "global\n  stats socket /canary/x.sock mode 660\n  log /dev/log local0\n",
            true,
        ),
    ] {
        for mounted in ["", ", 'kept:/canary'"] {
            let text = format!("services:\n  s: {{image: '{image}', volumes: ['./r.conf:{at}'{mounted}]}}\nvolumes: {{kept: }}\n");
            let folder = Folder::new(&[("compose.yaml", &text), ("r.conf", file)]);
            let run = folder.run(&[]).exits(0);
            let said = format!("{image} {file:?} {mounted}: {}", run.text());
            assert_eq!(run.err.contains("names a place where nothing is known to be writable"), is_held && mounted.is_empty(), "{said}");
            assert!(run.out.contains("read_only: true") || run.err.contains("held back s: ") || run.err.contains("refused"), "{said}");
            assert!(text.contains("canary") || !run.text().contains("canary"), "{said}");
        }
    }
}

/// What a file includes counts as the file does, where it is read; where nobody reads it, that is said.
#[test]
fn included_files_are_read_or_named() {
    let redis = "'redis:7', command: redis-server /etc/r.conf, volumes: ['./r.conf:/etc/r.conf'";
    let mysql = "'mysql:8.4', volumes: ['./r.conf:/etc/my.cnf'";
    let postgres = "'postgres:17', command: postgres -c config_file=/etc/p/p.conf, volumes: ['./r.conf:/etc/p/p.conf'";
    let mosquitto = "'eclipse-mosquitto:2', volumes: ['./r.conf:/mosquitto/config/mosquitto.conf'";
    let nginx = "'nginx:1.27', volumes: ['./r.conf:/etc/nginx/nginx.conf'";
    let moved = "where the databases is kept is not known";
    for (service, file, other, held) in [
        (format!("{redis}]"), "include /etc/other.conf\n", "", Some("what /etc/r.conf includes is not read")),
        (format!("{redis}, './o.conf:/etc/other.conf']"), "include /etc/other.conf\n", "dir /canary\n", Some("the setting `dir`")),
        (format!("{redis}, './o.conf:/etc/other.conf']"), "include /etc/other.conf\n", "logfile /canary/x\n", Some("`logfile`")),
        (format!("{redis}, './o.conf:/etc/other.conf']"), "include /etc/other.conf\n", "maxmemory 1mb\n", None),
        (format!("{redis}, './o.conf:/etc/other.conf']"), "include other.conf\n", "include r.conf\n", None),
        (format!("{redis}, './conf:/etc/more']"), "include /etc/more/*.conf\n", "", Some("at /etc/more is not read")),
        (format!("{redis}, 'kept:/etc/more']"), "include /etc/more/a.conf\n", "", Some("what /etc/r.conf includes is not read")),
        (format!("{redis}, 'kept:/data']"), "include /etc/other.conf\n", "", None),
        (format!("{mysql}]"), "[mysqld]\n!includedir /etc/mysql/x.d\n", "", Some("what /etc/my.cnf includes is not read")),
        (format!("{mysql}, './o.conf:/x.d/a.cnf']"), "!includedir /x.d\n", "[mysqld]\ndatadir=/canary\n", Some(moved)),
        (format!("{mysql}]"), "[mysqld]\n!includedir /etc/mysql/conf.d/\n!includedir /etc/my.cnf.d\n", "", None),
        (format!("{postgres}]"), "include_dir 'conf.d'\n", "", Some("what /etc/p/p.conf includes is not read")),
        (format!("{postgres}]"), "include_if_exists = 'o.conf'\n", "", Some("what /etc/p/p.conf includes is not read")),
        (
            format!("{postgres}, './o.conf:/etc/p/conf.d/o.conf']"),
            "include_dir = 'conf.d'\n",
            "data_directory = '/canary'\n",
            Some("`data_directory`"),
        ),
        (format!("{postgres}, './o.conf:/etc/p/o.conf']"), "include 'o.conf'\n", "max_connections = 5\n", None),
        (format!("{mosquitto}]"), "include_dir /mosquitto/config/conf.d\n", "", Some("mosquitto.conf includes is not read")),
        (format!("{nginx}]"), "http {\n include mime.types; include /etc/nginx/conf.d/*.conf;\n}\n", "", None),
        (format!("{nginx}, './conf:/etc/nginx/conf.d']"), "http { include /etc/nginx/conf.d/*.conf; }\n", "", None),
        (format!("{nginx}, './conf:/srv/sites']"), "http { include /srv/sites/*.conf; }\n", "", Some("/srv/sites is included")),
        (format!("{nginx}, 'kept:/srv/sites']"), "http { include /srv/sites/*.conf; }\n", "", Some("includes a file that is not read")),
        (
            format!("{nginx}, './o.conf:/srv/o.conf']"),
            "http { include /srv/o.conf; }\n",
            "access_log /canary/a.log;\n",
            Some("`access_log`"),
        ),
        (format!("{nginx}, './o.conf:/srv/o.conf']"), "http { include /srv/o.conf; }\n", "gzip on;\n", None),
    ] {
        let text = format!("services:\n  s: {{image: {service}}}\nvolumes: {{kept: }}\n");
        let folder = Folder::new(&[("compose.yaml", &text), ("r.conf", file), ("o.conf", other), ("conf/a.conf", other)]);
        let run = folder.run(&[]).exits(0);
        let said = format!("{service} {file:?} {other:?}: {}", run.text());
        match held {
            Some(why) => assert!(run.err.contains("held back s: ") && run.err.contains(why), "{said}"),
            None => assert!(run.out.contains("read_only: true") && !run.err.contains("held back"), "{said}"),
        }
        assert!(!run.text().contains("canary") && !run.text().contains("other.conf includes"), "{said}");
    }
}

/// What is mounted itself is there; what names no configuration is none; what Windows and Sentinel cannot do is not planned.
#[test]
fn files_that_are_mounted_themselves_are_what_they_are() {
    let acme = "command: [--certificatesresolvers.x.acme.storage=";
    for (rest, has, lacks) in [
        (format!("'traefik:v3', {acme}/acme.json], volumes: ['./acme.json:/acme.json']"), "read_only: true", "volume s-"),
        (
            format!("'traefik:v3', {acme}/letsencrypt/acme.json], volumes: ['./a.json:/letsencrypt/acme.json']"),
            "read_only: true",
            "s-letsencrypt",
        ),
        (
            format!("'traefik:v3', {acme}/letsencrypt/acme.json], volumes: ['./a.json:/letsencrypt/other.json']"),
            "s-letsencrypt:/letsencrypt",
            "held back",
        ),
        (
            "'vaultwarden/server:1.33.0', environment: {DATABASE_URL: /db/x.sqlite3}, volumes: ['./x.sqlite3:/db/x.sqlite3']".into(),
            "s-db:/db",
            "held back",
        ),
        ("'mysql:8.4', command: --log-bin=/binlog/x --relay-log=/r/x --innodb-undo-directory=/undo".into(), "s-binlog:/binlog ", ":/r/x"),
        ("'mysql:8.4', command: --log-bin=mysql-bin".into(), "read_only: true", "volume s-"),
        ("'mariadb:11', command: --log-bin=/binlog/x".into(), "s-binlog:/binlog ", "/binlog/x "),
        (
            "'mongo:8', command: mongod --replSet rs0 --keyFile /etc/mongo-keyfile, volumes: ['./k.key:/etc/mongo-keyfile']".into(),
            "read_only: true",
            "held back",
        ),
        (
            "'mongo:8', command: mongod --tlsCertificateKeyFile /c/x.pem, volumes: ['./k.key:/c/x.pem']".into(),
            "read_only: true",
            "held back",
        ),
        (
            "'redis:7', command: redis-server --tls-cert-file /tls/r.crt, volumes: ['./k.key:/tls/r.crt']".into(),
            "read_only: true",
            "held back",
        ),
        (
            "'postgres:17', command: postgres -c ssl_cert_file=/c/s.crt, volumes: ['./k.key:/c/s.crt']".into(),
            "read_only: true",
            "held back",
        ),
        ("'redis:7', command: redis-sentinel /r/s.conf, volumes: ['./s.conf:/r/s.conf']".into(), "Sentinel rewrites", "+  s:"),
        ("'mongo:7-windowsservercore-ltsc2022'".into(), "it is a Windows container", "+  s:"),
        ("'nginx', platform: windows/amd64".into(), "it is a Windows container", "+  s:"),
        ("'nginx', isolation: hyperv".into(), "it is a Windows container", "+  s:"),
        ("'nginx', isolation: default, platform: linux/amd64".into(), "read_only: true", "Windows"),
    ] {
        let folder = Folder::new(&[("compose.yaml", &format!("services:\n  s: {{image: {rest}}}\n"))]);
        let run = folder.run(&[]).exits(0);
        assert!(run.text().contains(has) && !run.text().contains(lacks), "{rest} {has} {lacks}\n{}", run.text());
    }
    let text = "services:\n  s: {image: 'redis:7', command: redis-sentinel /usr/local/etc/redis/redis.conf, volumes: ['./r.conf:/usr/local/etc/redis/redis.conf']}\n";
    let folder = Folder::new(&[("compose.yaml", text)]);
    let run = folder.run(&["--with", "all", "--unsafe-fixes"]).exits(0);
    assert!(run.out.contains("read_only: true") && !run.out.contains("redis.conf:ro"), "{}", run.text());
}

/// What an image runs by itself is a program of the project, wherever it lies.
#[test]
fn programs_that_an_image_runs_by_itself_are_not_known() {
    for (image, at, is_held) in [
        ("nginx", "/docker-entrypoint.d", true),
        ("nginx", "/docker-entrypoint.d/40-x.sh", true),
        ("nginx", "/docker-entrypoint.d/40-x.envsh", true),
        ("nginx", "/docker-entrypoint.d/x.conf", false),
        ("postgres:17", "/docker-entrypoint-initdb.d", false),
        ("postgres:17", "/docker-entrypoint-initdb.d/a.sql", false),
        ("mysql:8.4", "/docker-entrypoint-initdb.d/a.sh", true),
        ("traefik:v3", "/etc/cron.d/jobs", true),
    ] {
        let folder = Folder::new(&[("compose.yaml", &format!("services:\n  s: {{image: '{image}', volumes: ['./x:{at}:ro']}}\n"))]);
        let run = folder.run(&[]).exits(0);
        assert_eq!(run.err.contains("the image runs what the project puts at "), is_held, "{image} {at}\n{}", run.text());
    }
    let built = [("compose.yaml", "services:\n  s: {build: .}\n"), ("Dockerfile", "FROM nginx\nCOPY x.sh /docker-entrypoint.d/\n")];
    let run = Folder::new(&built).run(&[]).exits(0);
    assert!(run.err.contains("the image runs what the project puts at /docker-entrypoint.d"), "{}", run.text());
}

/// A config or a secret is the same file in another way.
#[test]
fn configs_and_secrets_are_read_as_binds_are() {
    let redis = |given: &str, top: &str| format!("services:\n  s: {{image: 'redis:7', command: redis-server /r.conf, {given}}}\n{top}");
    for (text, is_held) in [
        (redis("configs: [{source: c, target: /r.conf}]", "configs: {c: {file: ./r.conf}}\n"), true),
        (redis("secrets: [{source: c, target: /r.conf}]", "secrets: {c: {file: ./r.conf}}\n"), true),
        (redis("configs: [{source: c, target: /r.conf}]", "configs: {c: {external: true}}\n"), true),
        (redis("configs: [{source: c, target: /x.conf}]", "configs: {c: {file: ./r.conf}}\n"), false),
        ("services:\n  s: {image: 'grafana/loki:3.4.0', configs: [{source: c, target: /etc/loki/local-config.yaml}]}\nconfigs: {c: {file: ./l.yaml}}\n".into(), true),
    ] {
        let folder = Folder::new(&[("compose.yaml", &text), ("r.conf", "dir /canary\n"), ("l.yaml", "common:\n  path_prefix: /canary\n")]);
        let run = folder.run(&[]).exits(0);
        assert_eq!(run.err.contains("held back s: "), is_held, "{text}{}", run.text());
        assert!(!run.text().contains("canary"), "{}", run.text());
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
