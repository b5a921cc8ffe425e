//! Where a service was told to put logs, process numbers, sockets, temporary files and caches: tables.

use super::places::uncovered;
use super::*;

/// The paths of a service that nothing covers, and what is not known of it.
fn open(body: &str) -> (Vec<String>, Option<String>) {
    let need = uncovered(body);
    let paths = need.paths.iter().map(|p| p.target.to_string()).collect();
    let doubt = need.basis.text.split_once(" runs read-only with these mounts; ").or_else(|| need.basis.text.split_once(": "));
    (paths, doubt.map(|(_, why)| why.to_owned()).filter(|_| need.basis.confidence == Confidence::Assumed))
}

#[test]
fn what_moves_scratch_takes_the_place_of_the_usual_one() {
    let jupyter = "image: quay.io/jupyter/base-notebook";
    // The service, the new place, and the usual one, which nothing needs then.
    for (body, new, usual) in [
        ("image: caddy, environment: {XDG_CONFIG_HOME: /conf}", "/conf", "/config"),
        ("image: grafana/grafana, environment: {GF_LOG_MODE: console file, GF_PATHS_LOGS: /logs}", "/logs", "/var/log/grafana"),
        ("image: 'apache/kafka:3.9.0', environment: {KAFKA_LOG_DIRS: /topics, LOG_DIR: /logs}", "/logs", "/opt/kafka/logs"),
        ("image: 'tomcat:10', environment: {CATALINA_TMPDIR: /scratch}", "/scratch", "/usr/local/tomcat/temp"),
        ("image: 'golang:1.24', command: go run ., environment: {GOCACHE: /gocache}", "/gocache", "/root/.cache/go-build"),
        ("image: 'node:22', command: npm start, environment: {npm_config_cache: /npm}", "/npm", "/home/node/.npm"),
        ("image: 'node:22', command: npm start, environment: {NPM_CONFIG_CACHE: /npm}", "/npm", "/home/node/.npm"),
        ("image: metabase/metabase, user: '2000', environment: {MB_DB_TYPE: postgres, MB_PLUGINS_DIR: /plug}", "/plug", "/plugins"),
        ("image: kopia/kopia, environment: {KOPIA_LOG_DIR: /logs}", "/logs", "/app/logs"),
        ("image: minio/mc, environment: {MC_CONFIG_DIR: /mc}", "/mc", "/root/.mc"),
        ("image: 'gitea/gitea:1-rootless', environment: {GITEA_TEMP: /scratch}", "/scratch", "/tmp/gitea"),
        ("image: rclone/rclone, command: rcd --cache-dir /rc", "/rc", "/root/.cache/rclone"),
        ("image: rclone/rclone, command: rcd, environment: {RCLONE_CACHE_DIR: /rc}", "/rc", "/root/.cache/rclone"),
        ("image: rclone/rclone, command: rcd, environment: {XDG_CACHE_HOME: /c}", "/c/rclone", "/root/.cache/rclone"),
        ("image: certbot/certbot, command: renew --logs-dir /logs", "/logs", "/var/log/letsencrypt"),
        ("image: hashicorp/consul, environment: {CONSUL_LOCAL_CONFIG: '{}', CONSUL_CONFIG_DIR: /conf}", "/conf", "/consul/config"),
        ("image: sonarqube, environment: {SONAR_PATH_LOGS: /logs}", "/logs", "/opt/sonarqube/logs"),
        ("image: sonarqube, environment: {SONAR_PATH_TEMP: /scratch}", "/scratch", "/opt/sonarqube/temp"),
        ("image: 'cassandra:5', environment: {CASSANDRA_LOG_DIR: /logs}", "/logs", "/var/log/cassandra"),
        ("image: apache/activemq-classic, environment: {ACTIVEMQ_TMP: /scratch}", "/scratch", "/opt/apache-activemq/tmp"),
        ("image: flink, environment: {FLINK_LOG_DIR: /logs}", "/logs", "/opt/flink/log"),
        ("image: varnish, command: -n /var/run/vcl", "/run/vcl", "/var/lib/varnish"),
        ("image: edoburu/pgbouncer, environment: {UNIX_SOCKET_DIR: /sock}", "/sock", "/run/pgbouncer"),
        (&format!("{jupyter}, environment: {{JUPYTER_RUNTIME_DIR: /jr}}"), "/jr", "/home/jovyan/.local/share/jupyter/runtime"),
    ] {
        let has = |paths: &[String], path: &str| paths.iter().any(|p| p == path);
        let alone = open(body).0;
        assert!(has(&alone, new) && !has(&alone, usual), "{body}: {alone:?}");
        let mounted = open(&format!("{body}, volumes: ['vol:{new}']")).0;
        assert!(!has(&mounted, new) && !has(&mounted, usual), "{body}: {mounted:?}");
        // Without that word it is at its usual place, or nowhere.
        assert!(!body.contains("certbot") || has(&open("image: certbot/certbot, command: renew").0, usual), "{usual}");
    }
}

#[test]
fn what_a_word_names_for_its_output_must_be_writable() {
    for (body, new) in [
        ("image: 'redis:7', command: redis-server --logfile /var/log/redis/redis.log", "/var/log/redis"),
        ("image: 'redis:7', command: redis-server --logfile /logs/redis.log", "/logs"),
        ("image: 'redis:7', command: [redis-server, --unixsocket, /sockets/redis.sock]", "/sockets"),
        ("image: 'redis:7', command: [sh, -c, 'exec redis-server --pidfile /pids/redis.pid']", "/pids"),
        ("image: 'postgres:17', command: [postgres, -c, log_directory=/var/log/pg, -c, logging_collector=on]", "/var/log/pg"),
        ("image: 'postgres:17', command: postgres -c unix_socket_directories=/sockets", "/sockets"),
        ("image: 'postgres:17', command: 'postgres -c unix_socket_directories=/run/postgresql,/sockets'", "/sockets"),
        ("image: 'postgres:17', command: postgres --external_pid_file=/pids/pg.pid", "/pids"),
        ("image: mysql, command: --slow-query-log-file=/var/log/mysql/slow.log", "/var/log/mysql"),
        ("image: mysql, command: '--log-error=/logs/error.log --general-log=1'", "/logs"),
        ("image: mariadb, command: [--general-log-file, /logs/all.log]", "/logs"),
        ("image: mongo, command: mongod --logpath /var/log/mongodb/mongod.log", "/var/log/mongodb"),
        ("image: mongo, command: 'mongod --pidfilepath /pids/mongod.pid'", "/pids"),
        ("image: 'apachepulsar/pulsar:4.0.0', environment: {PULSAR_LOG_DIR: /logs}", "/logs"),
        ("image: 'tomcat:10', environment: {CATALINA_BASE: /base}", "/base/work"),
        ("image: 'elasticsearch:8.17.0', environment: {path.logs: /logs}", "/logs"),
        ("image: 'rabbitmq:4', environment: {RABBITMQ_LOG_BASE: /logs}", "/logs"),
        ("image: kong, environment: {KONG_PREFIX: /prefix}", "/prefix"),
        ("image: zookeeper, environment: {ZOO_CONF_DIR: /zoo}", "/zoo"),
        ("image: nats, command: --log_file /logs/nats.log", "/logs"),
        ("image: 'python:3', command: gunicorn --worker-tmp-dir /scratch app:app", "/scratch"),
        ("image: 'python:3', command: python app.py, environment: {TMPDIR: /scratch}", "/scratch"),
        ("image: 'node:22', environment: [TMPDIR=/srv/scratch]", "/srv/scratch"),
        ("image: 'node:22', environment: {LOG_FILE: /var/log/app/app.log}", "/var/log/app"),
        ("image: 'node:22', environment: {logDir: /logs}", "/logs"),
        ("image: traefik, command: ['--accesslog.filepath=/var/log/traefik/access.log']", "/var/log/traefik"),
        ("image: traefik, command: ['--log.filePath=/logs/traefik.log']", "/logs"),
        ("image: 'tomcat:10', environment: {JAVA_OPTS: '-Xmx1g -Djava.io.tmpdir=/scratch'}", "/scratch"),
        ("image: 'eclipse-temurin:21', command: java -Djava.io.tmpdir=/scratch -jar /app.jar", "/scratch"),
        ("image: 'node:22', environment: {XDG_CACHE_HOME: /var/cache/app}", "/var/cache/app"),
    ] {
        let (alone, _) = open(body);
        assert!(alone.iter().any(|p| p == new), "{body}: {alone:?}");
        let (mounted, doubt) = open(&format!("{body}, volumes: ['vol:{new}']"));
        assert!(!mounted.iter().any(|p| p == new), "{body}: {mounted:?}");
        assert!(doubt.is_none_or(|why| !why.contains(new)), "{body}");
    }
}

#[test]
fn a_place_of_output_that_fits_nowhere_is_said() {
    let doubt = |body: &str| open(body).1.unwrap_or_default();
    for (body, said) in [
        (
            "image: 'redis:7', command: redis-server --logfile /redis.log",
            "`--logfile` in the command names /redis.log, and nothing can be mounted there",
        ),
        (
            "image: 'redis:7', command: redis-server --logfile /usr/bin/redis.log",
            "`--logfile` in the command names /usr/bin/redis.log, and nothing can be mounted there",
        ),
        ("image: 'redis:7', command: 'redis-server --logfile ${LOG}'", "a variable decides what `--logfile` in the command names"),
        (
            "image: 'node:22', environment: {PIDFILE: /etc/app/x.pid}",
            "the variable `PIDFILE` names /etc/app/x.pid, and nothing can be mounted there",
        ),
        ("image: 'node:22', environment: {TMPDIR: '${SCRATCH}'}", "a variable decides what the variable `TMPDIR` names"),
        (
            "image: 'node:22', environment: {LOG_FILE: /var/lib/app/app.txt}",
            "the variable `LOG_FILE` names /var/lib/app/app.txt, and whether that must be kept is not known",
        ),
    ] {
        assert_eq!(doubt(body), said, "{body}");
    }
    // Nothing of this is a place for output.
    for body in [
        "image: 'redis:7', command: redis-server --loglevel debug",
        "image: 'redis:7', command: 'redis-server --logfile \"\"'",
        "image: mysql, command: --log-bin=/var/lib/mysql/bin",
        "image: mysql, command: --socket=/run/mysqld/x.sock",
        "image: 'node:22', environment: {LOG_CONFIG_FILE: /etc/log.yaml, LOG_LEVEL: /x, CATALOG_DIR: /books}",
        "image: 'node:22', environment: {TMPDIR: /tmp/x, LOG_FILE: /dev/stdout, PIDFILE: /dev/null}",
        "image: 'node:22', environment: {LOG_FILE: /logs/x.log}, volumes: ['./logs:/logs']",
        "image: 'node:22', environment: {LOG_FILE: '${LOG}'}, volumes: ['./logs:${LOG}']",
        "image: 'apache/kafka:3.9.0', environment: {KAFKA_LOG_DIRS: /topics}, volumes: ['t:/topics']",
    ] {
        let plain = body.split_once(", command").or_else(|| body.split_once(", environment")).expect("a body").0;
        let (found, why) = open(body);
        let usual = if body.contains("kafka") || body.contains(":${LOG}") { found.clone() } else { open(plain).0 };
        assert_eq!((found, why), (usual, None), "{body}");
    }
}
