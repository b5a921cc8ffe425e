//! What images of one name need by version, by build, and by the image that they are built on.

use crate::pipe::{harden, selection};
use crate::support::Folder;
use rofs_harden::audit::{Rule, What};
use rofs_harden::evidence::{Extra, Selection};

/// What a service of this image (and these further keys) gets, with a named volume also for what the image declares,
/// and why it gets nothing.
fn planned(image: &str, keys: &str) -> (Vec<String>, Option<String>) {
    let text = format!("services:\n  s:\n    image: {image}\n{keys}");
    let all = Selection { with: [Extra::NamedVolumes].into_iter().collect(), ..selection(&[], &[]) };
    let hardened = harden(text.as_bytes(), &all).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let changes = hardened.fixes.iter().flat_map(|fix| &fix.changes);
    let place = |what: &What| match what {
        What::Tmpfs(item) => Some(item.to_string()),
        What::Volume { target, .. } => Some(target.to_string()),
        _ => None,
    };
    let refused = hardened.findings.iter().find(|f| f.rule == Rule::NeedsWritableRoot);
    (changes.filter_map(|change| place(&change.what)).collect(), refused.and_then(|f| f.remedy.as_ref().map(ToString::to_string)))
}

#[test]
fn what_is_needed_follows_the_version() {
    let conf = "    volumes:\n      - ./rabbitmq.conf:/etc/rabbitmq/rabbitmq.conf:ro\n";
    let secret = "    volumes:\n      - ./secret.php:/etc/phpmyadmin/config.secret.inc.php:ro\n";
    let user = "    volumes:\n      - ./user.php:/etc/phpmyadmin/config.user.inc.php:ro\n";
    let zoo = "    volumes:\n      - ./zoo.cfg:/conf/zoo.cfg:ro\n";
    let dev = "    command: agent -dev\n";
    let agent = "    command: agent -server\n";
    for (image, keys, has, lacks) in [
        ("rabbitmq:3.8", conf, &["/tmp:mode=1777", "/var/log/rabbitmq:mode=1777,uid=999,gid=999"][..], &[][..]),
        ("rabbitmq:3.10-management", "", &["/var/log/rabbitmq:mode=1777,uid=999,gid=999"], &["/tmp:mode=1777"]),
        ("rabbitmq:3.11-alpine", "", &["/var/log/rabbitmq:mode=1777,uid=100,gid=101"], &[]),
        ("rabbitmq:3.12-management", "", &["/var/lib/rabbitmq"], &["/var/log/rabbitmq:mode=1777,uid=999,gid=999"]),
        ("rabbitmq:3", "", &["/var/lib/rabbitmq"], &["/var/log/rabbitmq:mode=1777,uid=999,gid=999"]),
        ("rabbitmq", "", &["/var/lib/rabbitmq"], &["/var/log/rabbitmq:mode=1777,uid=999,gid=999"]),
        ("minio/minio:RELEASE.2022-10-24T18-35-07Z", "    command: server /data\n", &["/root/.minio:mode=700"], &[]),
        ("minio/minio:RELEASE.2023-03-09T23-16-13Z", "    command: server /data\n", &["/tmp:mode=1777"], &["/root/.minio:mode=700"]),
        ("minio/minio", "    command: server /data\n", &["/tmp:mode=1777"], &["/root/.minio:mode=700"]),
        ("phpmyadmin", secret, &["/sessions:mode=1777"], &[]),
        ("zookeeper:3.9", zoo, &["/data", "/datalog"], &["/conf:mode=755,uid=1000,gid=1000"]),
        ("hashicorp/consul:1.20", dev, &[], &["/consul/data"]),
        ("hashicorp/consul:1.20", "", &[], &["/consul/data"]),
        ("hashicorp/consul:1.20", agent, &["/consul/data"], &[]),
        ("11notes/traefik:3.5.0", "", &["/tmp:mode=1777", "/traefik/var"], &[]),
        ("lscr.io/linuxserver/sonarr", "", &["/run:mode=755,exec", "/config"], &[]),
        ("influxdb:3-core", "", &["/home/influxdb3/.influxdb3"], &["/var/lib/influxdb3"]),
        ("mongo:8", "    command: --configsvr --replSet x\n", &["/data/configdb"], &["/data/db"]),
        ("postgres:17", "", &["/var/lib/postgresql/data"], &[]),
        ("pgvector/pgvector:pg17", "", &["/var/lib/postgresql/data"], &["/var/lib/postgresql"]),
        ("pgvector/pgvector:0.8.0-pg18-trixie", "", &["/var/lib/postgresql"], &["/var/lib/postgresql/data"]),
        ("postgis/postgis:17-3.5-alpine", "", &["/run/postgresql:mode=3775,uid=70,gid=70"], &[]),
        ("timescale/timescaledb:2.19.0-pg17", "", &["/run/postgresql:mode=3775,uid=70,gid=70", "/var/lib/postgresql/data"], &[]),
        (
            "ghcr.io/immich-app/postgres:14-vectorchord0.3.0-pgvectors0.2.0",
            "",
            &["/etc/postgresql:mode=1777", "/var/lib/postgresql/data"],
            &[],
        ),
        ("ghcr.io/valkey-io/valkey:8", "", &["/data"], &[]),
        ("bitnamilegacy/kafka:3.9", "", &["/bitnami/kafka"], &[]),
    ] {
        let (found, refused) = planned(image, keys);
        let has_all = has.iter().all(|path| found.iter().any(|f| f == path));
        assert!(has_all && !lacks.iter().any(|path| found.iter().any(|f| f == path)), "{image} {keys}: {found:?} {refused:?}");
    }
    for (image, keys, remedy) in [
        ("rabbitmq:3.8", "", "use 3.9 or later"),
        ("rabbitmq:3.7.28-management", "", "use 3.9 or later"),
        ("phpmyadmin", "", "make the file once and bind it there"),
        ("phpmyadmin", user, "make the file once and bind it there"),
        ("zookeeper", "", "bind a zoo.cfg of your own"),
    ] {
        let (found, refused) = planned(image, keys);
        assert!(found.is_empty() && refused.as_ref().is_some_and(|help| help.starts_with(remedy)), "{image}: {found:?} {refused:?}");
    }
}

/// What an image declares as a volume holds its data already: a mount there would leave them behind. What it does not declare needs one.
#[test]
fn what_an_image_declares_by_version_gets_no_mount() {
    let server = "    command: server /data\n";
    for (image, keys, target, is_declared) in [
        ("redis:7.4", "", "/data", true),
        ("redis:8.0-alpine", "", "/data", true),
        ("redis:8.4.6", "", "/data", true),
        ("redis:8.6", "", "/data", false),
        ("redis:8", "", "/data", false),
        ("redis", "", "/data", false),
        ("valkey/valkey:7.2.11", "", "/data", true),
        ("valkey/valkey:8", "", "/data", false),
        ("valkey/valkey:8.1.8", "", "/data", false),
        ("valkey/valkey:7.2.10-alpine", "", "/data", true),
        ("valkey/valkey:7.2.12", "", "/data", false),
        ("valkey/valkey:7.2", "", "/data", false),
        ("valkey/valkey:8.0.5", "", "/data", true),
        ("valkey/valkey:8.0.7", "", "/data", false),
        ("valkey/valkey:8.1.3", "", "/data", true),
        ("valkey/valkey:8.1.6-alpine", "", "/data", false),
        ("ghcr.io/valkey-io/valkey:9.0.1", "", "/data", false),
        ("valkey/valkey:9.1.0", "", "/data", false),
        ("prom/prometheus:v2.53.0", "", "/prometheus", true),
        ("quay.io/prometheus/prometheus", "", "/prometheus", true),
        ("prom/prometheus:v3.9.0-distroless", "", "/prometheus", false),
        ("minio/minio", server, "/data", true),
        ("minio/minio:RELEASE.2023-03-09T23-16-13Z", server, "/data", true),
        ("minio/minio", "    command: server /export\n", "/export", false),
        ("caddy:2.4", "", "/data", true),
        ("caddy:2", "", "/data", false),
        ("caddy:2.10-alpine", "", "/data", false),
        ("11notes/prometheus:3.5.0", "", "/prometheus/var", true),
        ("grafana/grafana:11.0.0", "", "/var/lib/grafana", false),
        ("postgres:18", "", "/var/lib/postgresql", true),
        ("pgvector/pgvector:pg17", "", "/var/lib/postgresql/data", true),
        ("timescale/timescaledb:2.19.0-pg17", "", "/var/lib/postgresql/data", true),
        ("bitnamilegacy/kafka:3.9", "", "/bitnami/kafka", false),
    ] {
        let text = format!("services:\n  s:\n    image: {image}\n{keys}");
        let hardened = harden(text.as_bytes(), &selection(&[], &[])).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let mounts = |what: &What| matches!(what, What::Volume { target: own, .. } if *own == *target);
        let is_mounted = hardened.fixes.iter().flat_map(|fix| &fix.changes).any(|change| mounts(&change.what));
        let (with_names, _) = planned(image, keys);
        assert!(hardened.refused.is_empty(), "{image}");
        assert_eq!(is_mounted, !is_declared, "{image} {target}");
        assert!(with_names.iter().any(|own| own == target), "{image}: {with_names:?}");
    }
}

/// Where a release was built twice, with a volume and without, nobody knows what lies on a machine.
#[test]
fn releases_that_were_built_both_ways_are_held_back() {
    let said = |image: &str, keys: &str, options: &[&str]| {
        Folder::compose(&format!("services:\n  s:\n    image: {image}\n{keys}")).run(options).exits(0)
    };
    let data = "    volumes:\n      - ./data:/data\n";
    for tag in ["7.2.11", "8.0.6-alpine", "8.1.4", "8.1.5", "9.0.0"] {
        let run = said(&format!("valkey/valkey:{tag}"), "", &[]);
        assert!(run.err.contains("held back s: image valkey/valkey:") && run.err.contains("the day its image was built"), "{}", run.err);
        let run = said(&format!("valkey/valkey:{tag}"), data, &[]);
        assert!(!run.err.contains("held back") && run.out.contains("+    read_only: true"), "{}", run.err);
    }
    for tag in ["7.2.10", "8.0.7", "8.1.6", "9.0.1", "9", "latest"] {
        assert!(!said(&format!("valkey/valkey:{tag}"), "", &[]).err.contains("held back"), "{tag}");
    }
}

/// Before 1.0 the images of n8n start as root and become another user, which they cannot without capabilities.
#[test]
fn images_that_became_another_user_keep_what_they_need_for_it() {
    let said = |tag: &str, keys: &str, options: &[&str]| {
        Folder::compose(&format!("services:\n  s:\n    image: n8nio/n8n:{tag}\n{keys}")).run(options).exits(0)
    };
    let all = ["--unsafe-fixes", "--with", "cap-drop,user"];
    assert!(said("1.90.0", "", &all).out.contains("cap_drop"));
    for (image, tag) in
        [("n8nio/n8n", "0.236.3"), ("grafana/grafana", "5.0.4"), ("docker.elastic.co/elasticsearch/elasticsearch", "7.17.0")]
    {
        let text = format!("services:\n  s:\n    image: {image}:{tag}\n");
        let run = Folder::compose(&text).run(&all).exits(0);
        assert!(run.out.contains("read_only: true") && !run.out.contains("cap_drop") && !run.out.contains("user:"), "{image}: {}", run.out);
    }
    let root = "    volumes:\n      - ./n8n:/root/.n8n\n";
    assert!(said("0.236.3", root, &all).err.contains("make a link to /root/.n8n in /home/node"));
    assert!(!said("1.90.0", root, &all).err.contains("make a link to"));
    assert!(said("0.236.3", "", &[]).err.contains("images before 1.0 start as root"));
    assert!(said("0.51.0", "", &[]).err.contains("those before 0.52 stay root, with their data in /root/.n8n"));
    // The pages are kept in the same home as the data.
    let moved = said("1.90.0", "    environment:\n      N8N_USER_FOLDER: /n8n\n", &all);
    assert!(moved.out.contains("/n8n/.cache:") && moved.out.contains("target: /n8n/.n8n"), "{}", moved.out);
}
