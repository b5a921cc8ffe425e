//! Paths that a stranger chose: from a log to the file they are written so that Compose reads them
//! as they are, or they are refused.

use crate::oracle::Compose;
use crate::support::{Folder, Run};

const STACK: &str = "services:\n  web:\n    image: example.org/web\n    read_only: true\n";

/// What `diagnose --write` does with a log that says that `path` could not be written.
fn diagnosed(path: &str) -> (Folder, Run) {
    let folder = Folder::compose(STACK);
    folder.put("log", format!("touch: cannot touch '{path}': Read-only file system\n"));
    let run = folder.run(&["diagnose", "log", "--write", "--yes"]);
    (folder, run)
}

#[test]
fn what_compose_would_read_as_a_variable_is_escaped() {
    let compose = Compose::find();
    for (path, target) in [
        ("/$X/z", "/$X"),
        ("/$$/z", "/$$"),
        ("/a${X}b/z", "/a${X}b"),
        ("/${X/z", "/${X"),
        ("/$/z", "/$"),
        ("/run/$HOME/z", "/run/$HOME"),
        ("/a, b/z", "/a, b"),
        ("/a #b/z", "/a #b"),
        ("/a\\b/z", "/a\\b"),
        ("/x=1/z", "/x=1"),
        ("/ä\u{2028}\u{feff}\u{202e}/z", "/ä\u{2028}\u{feff}\u{202e}"),
    ] {
        let (folder, run) = diagnosed(path);
        let run = run.exits(0);
        let text = folder.read("compose.yaml");
        assert!(text != STACK && !run.err.contains("internal error"), "{path}: {}", run.text());
        assert!(!text.contains(['\u{2028}', '\u{feff}', '\u{202e}']), "{path}: nothing invisible goes into the file:\n{text}");
        folder.run(&["--check"]).exits(0);
        folder.run(&["diagnose", "log"]).exits(1).says("a path that is writable now");
        if let Some(compose) = &compose {
            let model = compose.effective(folder.path(), &[("X", "x"), ("HOME", "/home")]).expect(&text);
            let service = &model["services"]["web"];
            let tmpfs = service["tmpfs"][0].as_str().map(|item| item.split(':').next().unwrap_or(item));
            let found = tmpfs.or(service["volumes"][0]["target"].as_str()).expect(&text);
            assert_eq!(found.replace("$$", "$"), target, "{text}");
        }
    }
}

#[test]
fn what_no_mount_can_say_is_refused_with_a_reason() {
    for (path, why) in [
        ("/${X:?boom}/z", "has a `:`"),
        ("/run/a:b/x", "has a `:`"),
        ("/run/x=1/z", "has a `=`"),
        ("/a\u{85}b/z", "has a control character"),
        ("/a\u{fffd}b/z", "is no UTF-8"),
        (&format!("/{}/z", "n".repeat(256)), "longer than Linux takes"),
        ("/dev/x/z", "the image's own files"),
        ("/z", "the image's own files"),
    ] {
        let (folder, run) = diagnosed(path);
        let run = run.exits(1);
        assert!(run.out.contains(why), "{path}: {}", run.text());
        assert!(!run.text().contains("internal error"), "{path}: {}", run.text());
        assert_eq!(folder.read("compose.yaml"), STACK, "{path}");
    }
}

#[test]
fn paths_of_a_configuration_pass_the_same_gate() {
    let config = |target: &str| {
        let folder = Folder::compose("services:\n  web:\n    image: example.org/web\n");
        let path = format!("[[services.web.paths]]\ntarget = '{target}'\nstorage = \"state\"\nwhy = \"data\"\n");
        folder.put("rofs-harden.toml", format!("unsafe-fixes = true\n{path}"));
        let run = folder.run(&["--write", "--yes"]);
        (folder, run)
    };
    for target in ["/a$X", "/a b", "/a,b", "/a\"b", "/x=1"] {
        let (folder, run) = config(target);
        run.exits(0);
        let text = folder.read("compose.yaml");
        assert!(text.contains(&format!("target: {}\n", target.replace('$', "$$"))), "{text}");
        folder.run(&["--check"]).exits(0);
    }
    for (target, why) in [("/a:b", "has a `:`"), ("/proc/x", "belongs to the engine"), ("/dev", "belongs to the engine"), ("/", "root")] {
        let (_, run) = config(target);
        let run = run.exits(2);
        assert!(run.err.contains(why) && run.err.contains("rofs-harden.toml:3:"), "{}", run.text());
    }
}

#[test]
fn a_long_name_of_a_folder_makes_no_volume_that_the_engine_cannot_make() {
    let (folder, run) = diagnosed(&format!("/{}/z", "n".repeat(250)));
    run.exits(0);
    let text = folder.read("compose.yaml");
    let name = text.lines().find_map(|l| l.trim().strip_prefix("source: ").or(l.trim().strip_prefix("- source: "))).expect(&text);
    assert!(name.len() < 100, "{text}");
}

impl Run {
    #[track_caller]
    fn says(&self, part: &str) {
        assert!(self.out.contains(part), "{}", self.text());
    }
}

/// What is a file or a link is not mounted, nor is what a mount would not mend; sentences without the usual words are seen too.
#[test]
fn what_a_line_names_is_what_it_was_to_be() {
    let read_only = ": Read-only file system";
    for (image, more, line, fix, says) in [
        ("x", "", format!("ln: failed to create symbolic link '/etc/localtime'{read_only}"), None, "set TZ"),
        ("x", "", format!("cp: can't create '/etc/timezone'{read_only}"), None, "set TZ"),
        ("x", "", format!("mv: cannot move '/tmp/x' to '/etc/timezone'{read_only}"), None, "set TZ"),
        ("x", "", format!("ln: failed to create symbolic link '/srv/data/current'{read_only}"), Some("volume at /srv/data"), ""),
        ("x", "", format!("ln: failed to create hard link '/srv/data/b' => '/srv/data/a'{read_only}"), Some("volume at /srv/data"), ""),
        ("x", "", format!("ln: failed to create symbolic link '/etc/nginx/sites-enabled/x'{read_only}"), Some("volume at /etc/nginx/sites-enabled"), ""),
        ("x", "", format!("cp: can't create directory '/srv/app/data'{read_only}"), Some("volume at /srv/app/data"), ""),
        ("x", "", format!("error: could not lock config file /root/.gitconfig{read_only}"), None, "GIT_CONFIG_GLOBAL"),
        ("x", "", format!("touch: cannot touch '/home/app/.gitconfig'{read_only}"), None, "GIT_CONFIG_GLOBAL"),
        ("x", "", "E: List directory /var/lib/apt/lists/partial is missing. - Acquire (30: Read-only file system)".into(), None, "install them in a build step"),
        ("x", "", format!("cp: cannot create regular file '/usr/local/share/ca-certificates/x.crt'{read_only}"), None, "SSL_CERT_FILE"),
        ("nginx", "user: '101'", "nginx: [alert] could not open error log file: open() \"/var/log/nginx/error.log\" failed (13: Permission denied)".into(), None, "error_log stderr"),
        ("traefik:v2.10", "", "level=error msg=\"The ACME resolver \\\"le\\\" is skipped from the resolvers list because: unable to get ACME account: open /letsencrypt/acme.json: read-only file system\"".into(), Some("volume at /letsencrypt"), ""),
        ("traefik:v3", "", "ERR The ACME resolve is skipped from the resolvers list error=\"unable to get ACME account: open /letsencrypt/acme.json: read-only file system\"".into(), Some("volume at /letsencrypt"), ""),
        ("x", "", "2024 ERR module geo is skipped: open /srv/geo/data/db: read-only file system".into(), Some("volume at /srv/geo/data"), ""),
        ("mysql:8", "", "[ERROR] [MY-010268] [Server] Could not create unix socket lock file /var/run/mysqld/mysqld.sock.lock.".into(), Some("tmpfs /run/mysqld:mode=1777,uid=999,gid=999"), ""),
        ("elasticsearch:8.1", "", "failed to obtain node locks, tried [/usr/share/elasticsearch/data]; maybe these locations are not writable or multiple nodes were started".into(), Some("volume at /usr/share/elasticsearch/data"), ""),
        ("logstash:8.1", "", "Path \"/usr/share/logstash/data/queue\" must be a writable directory. It is not writable.".into(), Some("volume at /usr/share/logstash/data"), ""),
        ("tomcat:10", "", "Failed to create work directory [/usr/local/tomcat/work/Catalina/localhost/ROOT] for context []".into(), Some("tmpfs /usr/local/tomcat/work:mode=1777"), ""),
        ("tomcat:10", "", "java.io.FileNotFoundException: Unable to create [/usr/local/tomcat/logs/catalina.2024-01-01.log]".into(), Some("tmpfs /usr/local/tomcat/logs:mode=1777"), ""),
        ("node:20", "", "Can't write to /app/node_modules/@prisma/engines please make sure you install \"prisma\" with the right permissions.".into(), None, "build step"),
        ("prom/prometheus:v2.50", "", "err=\"mkdir data/: read-only file system\"".into(), Some("volume at /prometheus"), ""),
        ("louislam/uptime-kuma:1", "", "EROFS: read-only file system, mkdir './data/'".into(), Some("volume at /app/data"), ""),
        ("traefik:v3", "", "mkdir plugins-storage: read-only file system".into(), Some("tmpfs /plugins-storage:mode=755"), ""),
        ("x", "working_dir: /srv/own", "mkdir data: read-only file system".into(), Some("volume at /srv/own/data"), ""),
        ("neo4j:5", "", "Folder /logs is not accessible for user: 7474 or group: 7474 or group: 7474, i.e. the folder is not writable".into(), Some("volume at /logs"), ""),
        ("solr:9", "", "Cannot write to /var/solr as 8983:8983".into(), Some("volume at /var/solr"), ""),
        ("x", "", "Unable to create the \"cache\" directory (/var/www/html/var/cache/prod).".into(), Some("tmpfs /var/www/html/var/cache:mode=1777"), ""),
        ("postgres:16", "volumes: ['./d:/var/lib/postgresql/data']", "FATAL:  data directory \"/var/lib/postgresql/data\" has wrong ownership".into(), None, "owner of its data"),
        ("x", "tmpfs: [/tmp]", "exec /tmp/entry.sh: permission denied".into(), None, "`/tmp:exec`"),
        // Who starts as root and goes on as somebody else writes as nobody knows whom.
        ("wordpress:6-apache", "", format!("mkdir: cannot create directory '/var/www/cache'{read_only}"), Some("tmpfs /var/www/cache:mode=1777"), ""),
        ("mariadb:11", "", "mariadbd: File '/var/log/mysql/slow.log' not found (Errcode: 30 \"Read-only file system\")".into(), Some("tmpfs /var/log/mysql:mode=1777"), ""),
        ("wordpress:6-apache", "user: '33'", format!("mkdir: cannot create directory '/var/www/cache'{read_only}"), Some("tmpfs /var/www/cache:mode=755,uid=33,gid=33"), ""),
        ("nginx", "", "[alert] could not open error log file: open() \"/var/log/nginx/error.log\" failed (30: Read-only file system)".into(), None, "a tmpfs there would hide them. Log to /dev/stdout"),
        ("php:8-apache", "", format!("touch: cannot touch '/var/log/apache2/error.log'{read_only}"), None, "a tmpfs there would hide them. Log to /dev/stdout"),
        ("x", "", "{\"level\":50,\"err\":{\"code\":\"EROFS\",\"syscall\":\"mkdir\",\"path\":\"/srv/x/uploads\"}}".into(), Some("volume at /srv/x/uploads"), ""),
        ("x", "", "{ errno: -30, code: 'EROFS', syscall: 'open', path: '/srv/x/uploads/a.bin' }".into(), Some("volume at /srv/x/uploads"), ""),
        ("x", "", "{\"path\":\"/home\",\"error\":{\"path\":\"/srv/x/uploads/a.bin\",\"code\":\"EROFS\"}}".into(), Some("volume at /srv/x/uploads"), ""),
        ("mongo:7", "", "{\"s\":\"E\",\"msg\":\"WiredTiger error\",\"attr\":{\"error\":30,\"message\":\"/data/db/WiredTiger.turtle: handle-open: open: Read-only file system\"}}".into(), Some("volume at /data/db"), ""),
    ] {
        let folder = Folder::compose(&format!("services:\n  s:\n    image: {image}\n    read_only: true\n    {more}\n"));
        let run = folder.run_with(&["diagnose", "-"], &[], &format!("s  | {line}\n")).exits(1);
        let found = run.out.lines().find_map(|l| l.trim().strip_prefix("fix: "));
        assert!(found == fix && run.out.contains(says), "{line}\n{fix:?}\n{}", run.text());
    }
}
