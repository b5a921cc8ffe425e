//! Names and values that say where a program keeps something, for programs of which nobody knows more: `UPLOAD_DIR=/up`, `DB_PATH=/db/x`,
//! `DATABASE_URL=sqlite:////db/x`.

use super::{Role, parts};
use crate::compose::{Word, clean_path};
use crate::evidence::place::is_data;

/// How addresses of databases begin that are files.
const DATABASES: [&str; 13] = [
    "jdbc:h2:file:",
    "jdbc:h2:split:",
    "jdbc:hsqldb:file:",
    "jdbc:sqlite:",
    "jdbc:derby:",
    "jdbc:h2:",
    "sqlite+aiosqlite://",
    "sqlite3://",
    "sqlite://",
    "sqlite3:",
    "sqlite:",
    "file://",
    "file:",
];

/// How names of files end that are databases.
const ENDS: [&str; 5] = [".db", ".db3", ".mv.db", ".sqlite", ".sqlite3"];

/// Words of a name that say what is kept, beside those that folders of data are called.
const KEPT: [&str; 12] = [
    "attachment",
    "avatar",
    "avatars",
    "blob",
    "datastore",
    "downloads",
    "export",
    "heap",
    "persistence",
    "persistent",
    "snapshot",
    "sqlite",
];

/// Words of a name that say that it is a place, and names that say both.
const PLACES: [&str; 9] = ["dir", "directory", "file", "filename", "folder", "location", "path", "paths", "root"];
const BOTH: [&str; 10] =
    ["backupdir", "datadir", "datapath", "dbfile", "dbpath", "mediadir", "mediaroot", "storagedir", "storagepath", "uploaddir"];

/// Words of a name that say that its value is read, or no path of the container.
const OTHER: [&str; 50] = [
    "asset",
    "assets",
    "azure",
    "bin",
    "bucket",
    "ca",
    "cert",
    "certificate",
    "certs",
    "class",
    "conf",
    "config",
    "container",
    "docker",
    "driver",
    "endpoint",
    "fixture",
    "fixtures",
    "format",
    "gcs",
    "geoip",
    "host",
    "import",
    "init",
    "input",
    "java",
    "key",
    "keys",
    "lib",
    "migration",
    "migrations",
    "mode",
    "model",
    "models",
    "password",
    "prefix",
    "public",
    "s3",
    "schema",
    "script",
    "secret",
    "seed",
    "source",
    "ssl",
    "static",
    "template",
    "templates",
    "tls",
    "token",
    "url",
];

/// Words of a name that say that a socket is another's.
const OF_OTHERS: [&str; 12] =
    ["client", "connect", "database", "db", "docker", "mysql", "pg", "podman", "postgres", "redis", "remote", "upstream"];

/// What a name and its value say of a place. Where a value is a database, the name does not matter.
pub(super) fn role(name: &str, value: &str) -> Option<Role> {
    let parts = parts(name);
    let has = |wanted: &[&str]| parts.iter().any(|part| wanted.contains(&part.as_str()));
    if name == "HOME" {
        let is_usual =
            ["/home", "/root", "/tmp", "/var", "/usr", "/opt", "/app", "/srv", "/nonexistent"].iter().any(|top| value.starts_with(top));
        return (value.len() > 1 && value.starts_with('/') && !is_usual).then_some(Role::Home);
    }
    if database(value).is_some() {
        return Some(Role::Kept);
    }
    let path = value.strip_prefix("unix:").map_or(value, |rest| rest.trim_start_matches("//"));
    if [".sock", ".socket"].iter().any(|end| path.ends_with(end)) && path.starts_with('/') {
        let is_own =
            has(&["address", "addr", "bind", "listen", "sock", "socket", "uds"]) && !has(&OF_OTHERS) && !path.ends_with("docker.sock");
        return is_own.then_some(Role::Passing);
    }
    if has(&["multiproc"]) {
        return Some(Role::Passing);
    }
    let is_path = value.len() > 1 && value.starts_with('/') && !value.starts_with("//") || value.starts_with("./") && value.len() > 2;
    // A path of an address: `/api/upload`, `/v1/files`.
    let of_address = value.split('/').nth(1).is_some_and(|top| {
        top == "api" || top.strip_prefix('v').is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    });
    let is_kept = || has(&KEPT) || parts.iter().any(|part| is_data(part));
    let is_named = has(&PLACES) && is_kept() || has(&BOTH);
    (is_path && is_named && !of_address && !has(&OTHER)).then_some(Role::Kept)
}

/// The file of a database that a value names, as it is written.
fn database(value: &str) -> Option<&str> {
    let is_file = |path: &str| ENDS.iter().any(|end| path.ends_with(end)) && !path.contains("://");
    let Some(rest) = DATABASES.iter().find_map(|start| value.strip_prefix(start)) else {
        return Some(value).filter(|value| is_file(value) && value.starts_with(['/', '.']));
    };
    let path = rest.split(['?', ';']).next().unwrap_or_default();
    let is_plain_file = value.starts_with("file:");
    let is_there = !path.is_empty()
        && !path.trim_start_matches('/').starts_with(['~', ':'])
        && !["mem:", "tcp:", "ssl:", "zip:", "memory:"].iter().any(|start| path.starts_with(start));
    (is_there && (!is_plain_file || is_file(path))).then_some(path)
}

/// Whether a value is a file.
pub(super) fn is_file(name: &str, value: &str) -> bool {
    let parts = parts(name);
    let is_named = || parts.iter().any(|part| ["dbfile", "file", "filename"].contains(&part.as_str()));
    // A database is one, whatever its name is.
    let of_database = || {
        parts.iter().any(|part| ["db", "dbpath", "sqlite"].contains(&part.as_str())) && !parts.iter().any(|part| part.starts_with("dir"))
    };
    let is_folder = || parts.iter().any(|part| ["dir", "directory", "folder", "root"].iter().any(|word| part.starts_with(word)));
    database(value).is_some() || is_named() || of_database() || has_ending(value) && !is_folder()
}

/// Whether a path ends as files do: `/dumps/x.hprof`, not `/srv/.data`, `/srv/v1.2` or a folder.
fn has_ending(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map(|(start, end)| (!start.is_empty(), end));
    ending.is_some_and(|(has_start, end)| {
        has_start && (1..=6).contains(&end.len()) && end.bytes().all(|b| b.is_ascii_alphanumeric()) && !end.as_bytes()[0].is_ascii_digit()
    })
}

/// The place that a value names, from the folder that the program starts in. Errors: why it is not known, a phrase.
pub(super) fn place(value: &str, folder: Option<Word>) -> Result<String, String> {
    let socket = value.strip_prefix("unix:").map(|rest| rest.trim_start_matches("//"));
    let path = socket.or_else(|| database(value)).unwrap_or(value);
    // With three slashes, some take the rest for a path of the machine and some for one of the folder.
    let is_either = socket.is_none() && value.contains(":///") && path.starts_with('/') && !path.starts_with("//");
    if path.starts_with('/') && !is_either {
        return Ok(clean_path(path) + if path.ends_with('/') { "/" } else { "" });
    }
    let folder = folder.filter(|folder| folder.text.starts_with('/') && !is_either);
    let folder = folder.ok_or("a file or folder whose place is not known")?;
    Ok(clean_path(&format!("{}/{path}", folder.text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_told_from_what_is_read() {
        let kept = Some(Role::Kept);
        for (name, value, expected) in [
            ("UPLOAD_DIR", "/uploads", kept),
            ("UPLOAD_FOLDER", "./uploads", kept),
            ("uploadDir", "/uploads", kept),
            ("DB_PATH", "/db/x", kept),
            ("SQLITE_FILE", "/s/x.db", kept),
            ("STORAGE_PATH", "/st", kept),
            ("MEDIA_ROOT", "/m", kept),
            ("BACKUP_DIR", "/b", kept),
            ("DATA_DIR", "/d", kept),
            ("--data-dir", "/d", kept),
            ("DATABASE_URL", "sqlite:////db/x.db", kept),
            ("DATABASE_URL", "sqlite:///x.db", kept),
            ("DATABASE_URL", "file:./dev.db", kept),
            ("SPRING_DATASOURCE_URL", "jdbc:h2:file:/h2/x", kept),
            ("SPRING_DATASOURCE_URL", "jdbc:h2:mem:x", None),
            ("DATABASE_URL", "sqlite://:memory:", None),
            ("DATABASE_URI", "sqlite:///:memory:", None),
            ("S3_UPLOAD_DIR", "/prefix", None),
            ("UPLOAD_PATH", "/api/upload", None),
            ("FILES_PATH", "/v1/files", None),
            ("UPLOAD_PATH", "/volumes/x", kept),
            ("DATABASE_URL", "postgres://u@db/data", None),
            ("-XX:HeapDumpPath", "/dumps", kept),
            ("PROMETHEUS_MULTIPROC_DIR", "/pm", Some(Role::Passing)),
            ("SOCKET", "/run/y/s.sock", Some(Role::Passing)),
            ("BIND", "unix:/run/y/s.sock", Some(Role::Passing)),
            ("DB_SOCKET", "/run/mysqld/mysqld.sock", None),
            ("DOCKER_HOST", "unix:///var/run/docker.sock", None),
            ("HOME", "/h", Some(Role::Home)),
            ("HOME", "/home/node", None),
            ("DATA_CONFIG_PATH", "/c/x", None),
            ("STORAGE_CERT_FILE", "/c/x", None),
            ("STORAGE_TYPE", "/c/x", None),
            ("PATH", "/usr/bin", None),
            ("JAVA_HOME", "/opt/java", None),
            ("PYTHONPATH", "/app", None),
            ("NODE_PATH", "/x", None),
            ("BASE_PATH", "/x", None),
            ("MEDIA_URL", "/media/", None),
            ("UPLOAD_PATH_PREFIX", "/up", None),
            ("MODEL_DATA_DIR", "/m", None),
            ("DATA_DIR", "s3://b/x", None),
            ("DATA_DIR", "/", None),
        ] {
            assert_eq!(role(name, value), expected, "{name}={value}");
        }
    }

    #[test]
    fn a_file_is_told_from_a_folder() {
        for (name, value, expected) in [
            ("-XX:HeapDumpPath", "/dumps/x.hprof", true),
            ("-XX:HeapDumpPath", "/dumps", false),
            ("DATABASE_PATH", "/geo/x.mmdb", true),
            ("STORAGE_PATH", "/srv/v1.2", false),
            ("STORAGE_PATH", "/srv/.data", false),
            ("UPLOAD_DIR", "/srv/x.org", false),
            ("MEDIA_ROOT", "/srv/example.org", false),
        ] {
            assert_eq!(is_file(name, value), expected, "{name}={value}");
        }
    }

    #[test]
    fn a_place_is_found_from_the_folder_of_the_start() {
        let folder = Word { text: "/app".to_owned(), is_known: true, is_hidden: false };
        for (value, expected, alone) in [
            ("/d", Some("/d"), Some("/d")),
            ("./up", Some("/app/up"), None),
            ("sqlite:////db/x.db?mode=rwc", Some("/db/x.db"), Some("/db/x.db")),
            ("sqlite:///x.db", None, None),
            ("sqlite:x.db", Some("/app/x.db"), None),
            ("jdbc:h2:file:/h2/x;MODE=MySQL", Some("/h2/x"), Some("/h2/x")),
            ("unix:///run/y/s.sock", Some("/run/y/s.sock"), Some("/run/y/s.sock")),
        ] {
            assert_eq!(place(value, Some(folder.clone())).ok().as_deref(), expected, "{value}");
            assert_eq!(place(value, None).ok().as_deref(), alone, "{value}");
        }
    }
}
