//! Where a program was told to write, and what its command writes by itself: tables.

use super::*;
use crate::compose::Coverage;

/// What is known of one service, with the paths that nothing covers.
pub(super) fn uncovered(body: &str) -> Need {
    let services = format!("  s: {{{body}}}\n");
    let mut need = try_needs(&services, &auto(), None).expect("needs").remove(0);
    let text = TextFile::new("f", format!("services:\n{services}").into_bytes(), MAX_FILE_BYTES).expect("text");
    let sources = Sources::single(Stream::parse(&text, FileId(0)).expect("YAML"));
    let project = Project::read(&sources).expect("a project");
    need.paths.retain(|path| matches!(project.services[0].coverage(&path.target), Coverage::Root));
    need
}

/// The paths of a service that nothing covers, and are kept or other than the usual scratch, with `?` behind what is assumed; then what is not known.
fn kept(body: &str) -> Vec<String> {
    let need = uncovered(body);
    let usual = ["/tmp", "/run", "/run/postgresql", "/run/mysqld", "/var/cache/nginx"];
    let doubt = |p: &WritablePath| if p.reason.confidence == Confidence::Assumed { "?" } else { "" };
    let paths = need.paths.iter().filter(|p| p.storage == Storage::State || !usual.contains(&&*p.target));
    let mut found: Vec<String> = paths.map(|p| format!("{}{}", &*p.target, doubt(p))).collect();
    if need.basis.confidence == Confidence::Assumed {
        found.extend(need.basis.text.split_once(": ").map(|(_, why)| why.to_owned()));
    }
    found
}

#[test]
fn what_moves_a_path_takes_the_place_of_the_usual_one() {
    // The service, the new place, and what stays where it was.
    for (body, new, rest) in [
        ("image: 'postgres:16', environment: {PGDATA: /pg/data}", "/pg/data", &[][..]),
        ("image: 'postgres:16', environment: [PGDATA=/pg/data]", "/pg/data", &[]),
        ("image: postgres, environment: {PGDATA: '${NONE:-/pg/data}'}", "/pg/data", &[]),
        ("image: 'postgres:${TAG}', environment: {PGDATA: /pg/data}", "/pg/data", &[]),
        ("image: mysql, command: --datadir=/db", "/db", &[]),
        ("image: mysql, command: [mysqld, --datadir, /db]", "/db", &[]),
        ("image: mariadb, command: 'mariadbd --datadir /db --port 3307'", "/db", &[]),
        ("image: mariadb, command: 'sh -c \"exec mariadbd --datadir=/db\"'", "/db", &[]),
        ("image: mysql, command: --tmpdir=/scratch", "/scratch", &["/var/lib/mysql"]),
        ("image: 'redis:7', command: redis-server --dir /state", "/state", &[]),
        ("image: 'redis:7', command: [redis-server, --dir, state/../x]", "/data/x", &["/data"]),
        ("image: 'redis:7', working_dir: /x", "/x", &[]),
        ("image: 'redis:7', working_dir: /x, command: redis-server --dir y", "/x/y", &[]),
        ("image: mongo, command: mongod --dbpath /mongo", "/mongo", &["/data/db"]),
        ("image: prom/prometheus, command: ['--storage.tsdb.path=/tsdb']", "/tsdb", &[]),
        ("image: prom/prometheus, command: ['--storage.tsdb.path', /tsdb]", "/tsdb", &[]),
        ("image: prom/alertmanager, command: ['--storage.path=/am']", "/am", &[]),
        ("image: minio/minio, command: server /export", "/export", &[]),
        ("image: minio/minio, command: 'minio server --console-address \":9001\" /export'", "/export", &[]),
        ("image: minio/minio, command: [server, /export, --console-address, ':9001']", "/export", &[]),
        ("image: minio/minio, environment: {MINIO_VOLUMES: /export}, command: server", "/export", &[]),
        ("image: grafana/grafana, environment: {GF_PATHS_DATA: /graf}", "/graf", &["/var/lib/grafana/plugins"]),
        ("image: nats, command: -js -sd /streams", "/streams", &[]),
        ("image: nats, command: [-js, --store_dir=/streams]", "/streams", &[]),
        (
            "image: 'influxdb:2', environment: {INFLUXD_ENGINE_PATH: /influx/engine}",
            "/influx/engine",
            &["/var/lib/influxdb2", "/etc/influxdb2"],
        ),
        ("image: 'influxdb:2', environment: {INFLUXD_BOLT_PATH: /influx/i.bolt}", "/influx", &["/var/lib/influxdb2", "/etc/influxdb2"]),
        ("image: caddy, environment: {XDG_DATA_HOME: /keys}", "/keys", &["/config"]),
        ("image: 'registry:2', environment: {REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: /images}", "/images", &[]),
        ("image: jenkins/jenkins, environment: {JENKINS_HOME: /jenkins}", "/jenkins", &["/var/jenkins_home"]),
        ("image: n8nio/n8n, environment: {N8N_USER_FOLDER: /n8n}", "/n8n/.n8n", &["/home/node/.npm", "/n8n/.cache"]),
        ("image: qdrant/qdrant, environment: {QDRANT__STORAGE__STORAGE_PATH: /q}", "/q", &["/qdrant/snapshots"]),
        ("image: qdrant/qdrant, environment: {QDRANT__STORAGE__SNAPSHOTS_PATH: /q}", "/q", &["/qdrant/storage"]),
        ("image: getmeili/meilisearch, environment: {MEILI_DB_PATH: /meili/db}", "/meili/db", &[]),
        ("image: ollama/ollama, environment: {OLLAMA_MODELS: /models}", "/models", &["/root/.ollama"]),
        ("image: ghost, environment: {paths__contentPath: /content}", "/content", &["/var/lib/ghost/content"]),
        ("image: traefik, command: ['--certificatesresolvers.le.acme.storage=/certs/acme.json']", "/certs", &[]),
        ("image: traefik, command: '--certificatesResolvers.le.ACME.storage=certs/acme.json'", "/certs", &[]),
        ("image: traefik, environment: {TRAEFIK_CERTIFICATESRESOLVERS_LE_ACME_STORAGE: /certs/acme.json}", "/certs", &[]),
        ("image: nginx, environment: {NGINX_ENVSUBST_OUTPUT_DIR: /out}, volumes: ['./t:/etc/nginx/templates:ro']", "/out", &[]),
        ("image: vaultwarden/server, environment: {DATA_FOLDER: /vw}", "/vw", &[]),
        (
            "image: hashicorp/vault, environment: {VAULT_LOCAL_CONFIG: '{\"storage\": {\"file\": {\"path\": \"/v\"}}}'}",
            "/v",
            &["/vault/config", "/vault/logs"],
        ),
    ] {
        let plain = |all: Vec<String>| -> Vec<String> {
            all.into_iter().filter(|p| p.starts_with('/')).map(|p| p.trim_end_matches('?').to_owned()).collect()
        };
        let mut both: Vec<String> = rest.iter().map(|r| (*r).to_owned()).collect();
        let alone = plain(kept(body));
        // With a mount at the new place, only the rest is needed.
        let mounted = match body.split_once("volumes: [") {
            Some((start, end)) => format!("{start}volumes: ['vol:{new}', {end}"),
            None => format!("{body}, volumes: ['vol:{new}']"),
        };
        let mut with_mount = plain(kept(&mounted));
        with_mount.sort();
        both.sort();
        assert_eq!(with_mount, both, "{mounted}");
        if !rest.iter().any(|r| new.starts_with(&format!("{r}/"))) {
            both.push(new.to_owned());
        }
        both.sort();
        let mut alone = alone;
        alone.sort();
        assert_eq!(alone, both, "{body}");
    }
}

/// What its preset says, where nothing moves it: the `-c` of a shell is none of its own.
const MATTERMOST: [&str; 6] = [
    "/mattermost/config",
    "/mattermost/data",
    "/mattermost/logs",
    "/mattermost/plugins",
    "/mattermost/client/plugins",
    "/mattermost/bleve-indexes",
];

#[test]
fn a_value_that_keeps_nothing_here_or_names_the_usual_place_moves_nothing() {
    for (body, expected) in [
        ("image: 'postgres:16', environment: {PGDATA: /var/lib/postgresql/data/pgdata}", &["/var/lib/postgresql/data"][..]),
        ("image: 'postgres:16', environment: {PGDATA: ''}", &["/var/lib/postgresql/data"]),
        ("image: 'registry:2', environment: {REGISTRY_STORAGE: s3}", &[]),
        ("image: 'registry:2', environment: {REGISTRY_STORAGE: filesystem}", &["/var/lib/registry"]),
        ("image: minio/minio, command: 'server http://minio{1...2}/export'", &["/export"]),
        ("image: minio/minio, command: 'server /export{1...2}'", &["/export1", "/export2"]),
        ("image: minio/minio, entrypoint: [sh, -c, 'minio server /export & until mc ready local; do sleep 1; done; wait']", &["/export"]),
        ("image: minio/minio, entrypoint: [sh, -c, 'minio server /export --console-address :9001; echo /done']", &["/export"]),
        ("image: getmeili/meilisearch, environment: {MEILI_DB_PATH: ./data.ms}", &["/meili_data"]),
        ("image: 'gitea/gitea:1', environment: {GITEA__database__DB_TYPE: postgres}", &["/data"]),
        ("image: vaultwarden/server, environment: {DATABASE_URL: 'postgres://u@h/db'}", &["/data"]),
        ("image: vaultwarden/server, environment: {DATABASE_URL: 'sqlite:///db/v.sqlite3?mode=rwc'}", &["/db", "/data"]),
        ("image: mariadb, command: mariadb-dump -h db -t shop", &["/var/lib/mysql"]),
        ("image: mattermost/mattermost-team-edition, entrypoint: [sh, -c, 'exec x']", &MATTERMOST),
        ("image: mysql, command: --innodb-buffer-pool-size=1G", &["/var/lib/mysql"]),
    ] {
        let found: Vec<String> = kept(body).into_iter().filter(|p| p.starts_with('/')).collect();
        assert_eq!(found, expected, "{body}");
    }
}

#[test]
fn a_place_that_a_variable_decides_is_not_known() {
    let unknown = |usual: &str, by: &str| format!("where it writes instead of {usual} is not known: a variable decides the value of {by}");
    let pg = unknown("/var/lib/postgresql/data", "the variable `PGDATA`");
    let db = unknown("/var/lib/mysql", "`--datadir` in the command");
    let objects = unknown("/data", "`server PATH` in the command");
    for (body, expected) in [
        ("image: 'postgres:16', environment: {PGDATA: '${DIR}'}", Some(&pg)),
        ("image: 'postgres:16', environment: [PGDATA]", Some(&pg)),
        ("image: 'postgres:16', environment: {PGDATA: '${DIR}'}, volumes: ['vol:${DIR}']", None),
        ("image: 'postgres:16', environment: {PGDATA: '${DIR}/x'}, volumes: ['vol:${DIR}']", None),
        ("image: mysql, command: '--datadir=${DIR}'", Some(&db)),
        ("image: mysql, command: ['--datadir', '${DIR}']", Some(&db)),
        ("image: mysql, command: ['sh', '-c', 'mysqld --datadir=$$DIR']", Some(&db)),
        ("image: minio/minio, command: 'server ${DIR}'", Some(&objects)),
    ] {
        let found = kept(body);
        assert_eq!(found.last().filter(|last| !last.starts_with('/')), expected, "{body}");
        assert!(!found.iter().any(|p| p.starts_with("/var/lib/") || p == "/data"), "{body}: {found:?}");
    }
    let root = kept("image: traefik, command: '--certificatesresolvers.le.acme.storage=acme.json'");
    assert!(root[0].ends_with("names /, where the image's own files are, so nothing can be mounted there"), "{root:?}");
    let elsewhere = kept("image: qdrant/qdrant, command: ./qdrant --config-path /etc/q.yaml");
    assert!(elsewhere.last().unwrap().contains("decides it (another configuration file"), "{elsewhere:?}");
}

#[test]
fn what_a_command_writes_by_itself_is_read_from_it() {
    let own = |path: &str| format!("its command writes {path}, and ");
    let unknown = "its script writes to a file whose place is not known".to_owned();
    for (body, paths, doubt) in [
        ("command: sh -c \"date > /run/x/stamp && nginx\"", &[][..], None),
        ("command: sh -c \"date >> /var/log/app/stamp; nginx\"", &["/var/log/app"], None),
        ("command: [sh, -c, 'echo x | tee /var/cache/app/a /dev/null > /dev/stderr']", &["/var/cache/app"], None),
        ("command: [sh, -c, 'mkdir -p /srv/a && cd /srv/a && touch b']", &[], Some(own("/srv/a"))),
        ("entrypoint: [/bin/sh, -c], command: ['cp /x/y /srv/files/']", &[], Some(own("/srv/files"))),
        ("command: sh -c \"sed -i s/a/b/ /etc/app/x.conf\"", &[], Some(own("/etc/app/x.conf"))),
        ("command: sh -c \"envsubst < /t > /etc/nginx/conf.d/default.conf && nginx\"", &["/etc/nginx/conf.d"], None),
        ("command: [sh, -c, 'touch $$FILE']", &[], Some(unknown.clone())),
        ("command: [sh, -c, 'touch a']", &[], Some(unknown.clone())),
        ("command: [sh, -c, 'touch a'], working_dir: /srv/w", &[], Some(own("/srv/w/a"))),
        ("command: [sh, -c, 'touch /srv/w/a'], volumes: ['work:/srv/w']", &[], None),
        ("command: [sh, -c, 'touch ${FILE}']", &[], Some(unknown)),
        (
            "command: /go.sh, volumes: ['./go.sh:/go.sh:ro']",
            &[],
            Some("it runs /go.sh, a program of your own, and what that writes is not known".to_owned()),
        ),
        (
            "entrypoint: [sh, /x/go.sh], volumes: ['./x:/x']",
            &[],
            Some("it runs /x/go.sh, a program of your own, and what that writes is not known".to_owned()),
        ),
        ("command: nginx -g 'daemon off;'", &[], None),
    ] {
        let found = kept(&format!("image: nginx, {body}"));
        match doubt {
            // Where that is kept, if at all, nobody knows: it is a guess, and says of which path.
            Some(doubt) => assert!(found.last().is_some_and(|last| last.starts_with(&doubt)), "{body}: {found:?}"),
            None => assert_eq!(found, paths, "{body}"),
        }
    }
}

#[test]
fn what_another_service_keeps_is_not_kept_twice() {
    let db = "  db: {image: 'grafana/grafana:11'}\n";
    for (body, expected) in [
        ("volumes_from: [db]", &["backup grafana: /tmp:mode=1777"][..]),
        ("volumes_from: ['db:ro']", &["backup grafana: /tmp:mode=1777"]),
        ("extends: {service: saver}", &["backup grafana: /tmp:mode=1777"]),
        ("volumes_from: [saver]", &["backup grafana: /tmp:mode=1777"]),
        ("volumes_from: ['container:db']", &["backup grafana?: /tmp:mode=1777"]),
        ("user: '472'", &["backup grafana: /tmp:mode=1777 state /var/lib/grafana"]),
    ] {
        let services = format!(
            "{db}  saver: {{image: 'grafana/grafana:11', volumes_from: [db]}}\n  backup: {{image: 'grafana/grafana:11', {body}}}\n"
        );
        let found = shown(&services, &auto(), None);
        assert_eq!(&found[2..], expected, "{body}");
    }
}
