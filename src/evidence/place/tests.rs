use super::*;

fn asked(path: &str, kind: Kind) -> Place {
    Place::of(Asked { path, kind, is_state: false, need: None, has_program: &|_| None })
}

/// What is mounted, as text: `tmpfs /x`, `volume /x`, or `-`.
fn mounted(path: &str, kind: Kind) -> String {
    match asked(path, kind).mount {
        None => "-".to_owned(),
        Some((target, Storage::State)) => format!("volume {target}"),
        Some((target, Storage::Scratch(options))) => format!("tmpfs {target}{}", if options.exec { " exec" } else { "" }),
    }
}

/// Every row is a path, what it was to be, and the mount.
fn all(rows: &[(&str, Kind, &str)]) {
    for (path, kind, expected) in rows {
        assert_eq!(mounted(path, *kind), *expected, "{path} {kind:?}: {:?}", asked(path, *kind));
    }
}

#[test]
fn a_folder_to_be_made_is_mounted_itself() {
    all(&[
        ("/opt/bitnami/redis/tmp", Kind::Made, "tmpfs /opt/bitnami/redis/tmp"),
        ("/srv/api/uploads", Kind::Made, "volume /srv/api/uploads"),
        ("/srv/api/exchange", Kind::Made, "volume /srv/api/exchange"),
        ("/usr/src/app/logs", Kind::Made, "tmpfs /usr/src/app/logs"),
        ("/app/cache/a/b", Kind::Made, "tmpfs /app/cache"),
        ("/var/task/static/media", Kind::Unknown, "volume /var/task/static/media"),
        ("/var/lib/app", Kind::Made, "volume /var/lib/app"),
        ("/var/lib/app/sub/x", Kind::Made, "volume /var/lib/app"),
        ("/var/loki", Kind::Made, "volume /var/loki"),
        ("/data", Kind::Made, "volume /data"),
        ("/data/a/b", Kind::Made, "volume /data"),
        ("/var/log/app", Kind::Made, "tmpfs /var/log/app"),
        ("/var/log/samba/cores", Kind::Made, "tmpfs /var/log/samba"),
        ("/run/app", Kind::Made, "tmpfs /run/app"),
    ]);
}

#[test]
fn program_folders_are_not_data() {
    for path in [
        "/app/.next/server/app/x.html",
        "/tmp/app/.next/server/app/x.html",
        "/opt/keycloak/lib/quarkus/build-system.properties",
        "/usr/share/java/keycloak/lib/quarkus/x.jar",
        "/usr/local/etc/php/conf.d/x.ini",
        "/usr/share/grafana/data/plugins-bundled/x",
        "/usr/local/lib/python3.12/site-packages/x/y.py",
        "/app/node_modules/x/cache/y",
        "/srv/site/vendor/x/y",
        "/app/settings.txt",
        "/opt/app/bin/tool",
        "/usr/share/nginx/html/env-config.js",
        "/app/x.txt",
        "/scripts/common.sh",
        "/etc/cont-init.d/10-x",
        "/home/someone/x.txt",
        "/srv/site/db.sqlite3",
    ] {
        let place = asked(path, Kind::File);
        assert_eq!(place.mount, None, "{path}: {place:?}");
        assert!(place.help.is_some(), "{path}");
    }
    // What is cached in them is another matter.
    all(&[
        ("/app/.next/cache/images", Kind::Made, "tmpfs /app/.next/cache"),
        ("/app/node_modules/.cache/x", Kind::Made, "tmpfs /app/node_modules/.cache"),
    ]);
}

#[test]
fn nginx_makes_one_level() {
    all(&[
        ("/var/lib/nginx/tmp/client_body", Kind::Made, "tmpfs /var/lib/nginx/tmp"),
        ("/var/lib/nginx/tmp/proxy", Kind::Made, "tmpfs /var/lib/nginx/tmp"),
        ("/var/lib/nginx/body", Kind::Made, "tmpfs /var/lib/nginx"),
        ("/var/lib/nginx/logs/error.log", Kind::File, "tmpfs /var/lib/nginx/logs"),
        ("/var/cache/nginx/client_temp", Kind::Made, "tmpfs /var/cache/nginx"),
        ("/usr/local/openresty/nginx/client_body_temp", Kind::Made, "tmpfs /usr/local/openresty/nginx/client_body_temp"),
    ]);
}

#[test]
fn dot_folders_are_caches_wherever_they_are() {
    all(&[
        ("/.cache/matplotlib", Kind::Made, "tmpfs /.cache"),
        ("/cryptpad/.npm", Kind::Unknown, "tmpfs /cryptpad/.npm"),
        ("/var/www/.cache", Kind::Made, "tmpfs /var/www/.cache"),
        ("/.config", Kind::Made, "tmpfs /.config"),
        ("/home/node/.npm/_locks", Kind::Made, "tmpfs /home/node/.npm"),
        ("/workspace/.cache/huggingface/x", Kind::Folder, "tmpfs /workspace/.cache"),
        // What is for keeping is kept, and a file is no folder.
        ("/home/node/.n8n/config", Kind::File, "volume /home/node/.n8n"),
        ("/root/.config/app/secret.key", Kind::File, "volume /root/.config"),
        ("/root/.local/share/app/app.sqlite3", Kind::File, "volume /root/.local"),
        ("/root/.cache/app/index.db", Kind::File, "tmpfs /root/.cache"),
        ("/app/.run_once", Kind::File, "-"),
        ("/nonexistent/.cache", Kind::Made, "-"),
    ]);
}

#[test]
fn random_names_stand_for_their_folder_or_for_tmp() {
    all(&[
        ("/app/bundler20240702-12-abc", Kind::Made, "tmpfs /tmp"),
        ("/app/tmpab12_x9k", Kind::Unknown, "tmpfs /tmp"),
        ("/srv/site/tmpq9w8e7r6", Kind::Unknown, "tmpfs /tmp"),
        ("/app/cache/data/aa", Kind::Made, "tmpfs /app/cache"),
        (
            "/var/www/app/storage/framework/views/9511003352282299396ecf9c03b69bdce982c170.php",
            Kind::File,
            "tmpfs /var/www/app/storage/framework/views",
        ),
        // By hash or not: uploads are kept.
        ("/app/uploads/d41d8cd98f00b204e9800998ecf8427e.jpg", Kind::File, "volume /app/uploads"),
    ]);
}

#[test]
fn scratch_below_etc_is_scratch_and_the_rest_are_settings() {
    all(&[
        ("/etc/app/tmp/x", Kind::File, "tmpfs /etc/app/tmp"),
        ("/etc/app/run/app.pid", Kind::File, "tmpfs /etc/app/run"),
        ("/etc/nginx/client_body_temp", Kind::Made, "tmpfs /etc/nginx/client_body_temp"),
        // A tmpfs would hide the settings beside it.
        ("/etc/unbound/unbound.pid", Kind::File, "-"),
        ("/etc/nginx/conf.d/default.conf", Kind::File, "volume /etc/nginx/conf.d"),
        ("/etc/letsencrypt/live/x/privkey.pem", Kind::File, "volume /etc/letsencrypt"),
        ("/etc/app.conf", Kind::File, "-"),
        ("/etc/rabbitmq/copy", Kind::Edited, "-"),
        ("/opt/openjdk/conf/security/copy", Kind::Edited, "-"),
    ]);
    // Where the listing says that nothing else is there.
    let known = Asked { path: "/etc/unbound/x.pid", kind: Kind::File, is_state: false, need: None, has_program: &|_| Some(false) };
    assert_eq!(Place::of(known).mount, Some(("/etc/unbound".to_owned(), scratch(0o755))));
}

#[test]
fn users_secrets_and_the_files_of_the_engine_are_no_matter_of_mounts() {
    for (path, word) in [
        ("/etc/passwd", "PUID"),
        ("/etc/passwd.9", "PUID"),
        ("/etc/group", "user:"),
        ("/etc/gshadow-", "build step"),
        ("/opt/app-root/etc/passwd", "build step"),
        ("/etc/.pwd.lock", "build step"),
        ("/etc/hosts", "extra_hosts"),
        ("/etc/resolv.conf", "dns:"),
        ("/run/secrets/token", "user:"),
        ("/run/secrets/kubernetes.io/serviceaccount/token", "on purpose"),
        ("/nonexistent", "HOME"),
    ] {
        let place = asked(path, Kind::File);
        assert_eq!(place.mount, None, "{path}");
        assert!(place.help.as_ref().is_some_and(|help| help.contains(word)), "{path}: {place:?}");
    }
}

#[test]
fn what_is_named_as_scratch_lies_beside_data_and_programs() {
    all(&[
        ("/app/log/x.log", Kind::File, "tmpfs /app/log"),
        ("/usr/local/tomcat/work/x", Kind::Made, "tmpfs /usr/local/tomcat/work"),
        ("/var/task/var/cache/dev/x.php", Kind::File, "tmpfs /var/task/var/cache"),
        ("/nexus-data/tmp/x", Kind::File, "tmpfs /nexus-data/tmp"),
        ("/run/s6/basedir/bin/init", Kind::File, "tmpfs /run exec"),
        ("/run/x.pid", Kind::File, "tmpfs /run"),
        ("/var/tmp/x", Kind::File, "tmpfs /var/tmp"),
        ("/var/lib/app/cache/x", Kind::File, "tmpfs /var/lib/app/cache"),
        ("/opt/emqx/data/configs/x", Kind::File, "volume /opt/emqx/data"),
        ("/opt/bitnami/zookeeper/conf/zoo.cfg", Kind::File, "volume /opt/bitnami/zookeeper/conf"),
        ("/$X/z", Kind::File, "volume /$X"),
    ]);
}

#[test]
fn a_mount_that_freezes_says_so() {
    let frozen = asked("/opt/bitnami/zookeeper/conf/zoo.cfg", Kind::File).help;
    assert!(frozen.is_some_and(|help| help.contains("do not arrive")));
    assert_eq!(asked("/srv/api/uploads", Kind::Made).help, None);
}
