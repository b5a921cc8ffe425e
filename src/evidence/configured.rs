//! Configuration files that the project mounts, in a language that nobody knows here: where one of them names a place for what a program
//! keeps, logs or caches, and nothing can be written there, the plan is a guess. Values are compared and never shown: such files hold secrets.

use super::context::{ServiceContext, short};
use super::outputs::parts;
use super::place::parent;
use crate::compose::settings::Bound;
use crate::compose::{Word, clean_path, is_at};
use std::collections::HashSet;

/// Most words before a path that may say what it is.
const MAX_KEYS: usize = 3;
/// Most places of one file that are looked at.
const MAX_PLACES: usize = 500;

/// Words of a setting that say that something is written at its value.
const WRITTEN: [&str; 48] = [
    "accesslog",
    "aclfile",
    "archive",
    "blob",
    "blobs",
    "bolt",
    "buffer",
    "cache",
    "cachedir",
    "chunks",
    "data",
    "database",
    "datadir",
    "db",
    "dbfile",
    "dbpath",
    "journal",
    "lock",
    "lockfile",
    "log",
    "logdir",
    "logfile",
    "logs",
    "persistence",
    "pid",
    "pidfile",
    "positions",
    "prefix",
    "queue",
    "session",
    "sessions",
    "slowlog",
    "sock",
    "socket",
    "sockets",
    "spool",
    "sqlite",
    "state",
    "storage",
    "store",
    "temp",
    "temporary",
    "tmp",
    "tmpdir",
    "tempdir",
    "unixsocket",
    "upload",
    "wal",
];

/// Words of a setting that say that its value is only read, whatever stands beside them.
const READ: [&str; 14] =
    ["ca", "cert", "certificate", "config", "exec", "format", "include", "input", "key", "link", "scrape", "source", "template", "url"];

/// Settings that may be read or written: they count where the value says more.
const EITHER: [&str; 8] = ["dir", "directory", "errorlog", "file", "filename", "filepath", "listen", "path"];

/// How files end that are written, and that are read.
const ENDS_WRITTEN: [&str; 10] = [".db", ".db3", ".journal", ".lock", ".log", ".pid", ".sock", ".socket", ".sqlite", ".sqlite3"];
const ENDS_READ: [&str; 16] =
    [".conf", ".crt", ".css", ".html", ".ini", ".js", ".json", ".key", ".lua", ".mmdb", ".pem", ".php", ".sh", ".toml", ".yaml", ".yml"];

/// Why it is not sure that a service writes only where it can: what its own files name. `is_known` says of a path whether a plan or the
/// image has an answer to it.
pub(super) fn doubts(context: &ServiceContext<'_, '_>, argv: &[Word], is_known: impl Fn(&str) -> bool) -> Vec<String> {
    if context.bound.is_empty() {
        return Vec::new();
    }
    let variables = context.all_variables();
    let told = argv.iter().chain(variables.iter().map(|(_, word)| word)).flat_map(|word| word.text.split(['=', ',', ':']));
    let told: HashSet<&str> = told.filter(|path| path.starts_with('/')).map(|path| path.trim_end_matches('/')).collect();
    let image = context.image().map(|(image, _)| image.repository.to_owned()).unwrap_or_default();
    let family: Vec<&str> = image.rsplit('/').next().unwrap_or_default().split(['-', '_', '.']).filter(|word| word.len() > 2).collect();
    // The program reads what its command or a variable names, and what lies in a folder of its own.
    let is_read = |target: &str| {
        let above = target.match_indices('/').map(|(end, _)| &target[..end]).chain([target]);
        family.iter().any(|word| target.contains(word)) || above.into_iter().any(|folder| told.contains(folder))
    };
    let is_own = |path: &str| family.iter().any(|word| path.contains(word));
    let read = (0..context.bound.len()).filter(|i| is_read(&context.bound[*i].target)).collect();
    let (files, unread) = context.with_included(read);
    // Of a file one place is enough: nobody would read more.
    let named = |file: &&Bound<'_>| {
        let (key, _) = places(file.text?).take(MAX_PLACES).find(|(_, path)| !is_known(path))?;
        Some(format!("`{}` in what is mounted at {} names a place where nothing is known to be writable", short(key), short(&file.target)))
    };
    // What is included from beside a file, or from a folder of the program's own, is the image's where nothing is mounted there.
    let is_foreign = |file: &Bound<'_>, path: &str| !is_own(path) && !is_at(path, &parent(&file.target));
    let unread = unread.iter().filter(|(file, included)| is_foreign(file, &included.path)).map(|(file, _)| file.target.as_str());
    let folders = files.iter().filter(|file| file.text.is_none() && !is_read(&file.target)).map(|file| file.target.as_str());
    let included =
        folders.map(|target| format!("what is mounted at {} is included by a configuration file, and is not read", short(target)));
    let doubts = files.iter().filter_map(named).chain(included);
    doubts.chain(unread.map(|target| format!("what is mounted at {} includes a file that is not read", short(target)))).collect()
}

/// Whether a sentence names a path or a folder above it. One folder alone says too little.
pub(super) fn speaks_of(saying: &str, path: &str) -> bool {
    let words = saying.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '/' | '.' | '_' | '-'));
    let mut paths = words.map(|word| word.trim_end_matches(['.', '/'])).filter(|word| word.starts_with('/') && word[1..].contains('/'));
    paths.any(|named| is_at(path, named))
}

/// The settings of a text that name a place which is written, with that place.
fn places(text: &str) -> impl Iterator<Item = (&str, String)> {
    let mut headings: Vec<(usize, &str)> = Vec::new();
    text.lines().flat_map(move |line| {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) || line.starts_with("//") || line.starts_with("<!--") {
            return Vec::new();
        }
        headings.retain(|(own, heading)| *own < indent || heading.starts_with('[') && !line.starts_with('['));
        let heading = headings.last().map_or("", |(_, heading)| heading);
        let mut found: Vec<_> = named(line, heading).into_iter().collect();
        // Several statements may be on one line: `location / { proxy_temp_path /x; }`.
        if line.contains(';') {
            found.extend(line.split(['{', '}', ';']).filter_map(|statement| named(statement, heading)));
        }
        if line.starts_with('[') || line.ends_with(':') {
            headings.push((indent, line));
        }
        found
    })
}

/// The setting of a line below a heading, and the path that it names, if that is written.
fn named<'l>(line: &'l str, heading: &str) -> Option<(&'l str, String)> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '=' | '"' | '\'' | '<' | '>' | ',' | ';' | '{' | '}' | '[' | ']' | '(' | ')');
    let mut words = line.split(ends).map(|word| word.trim_end_matches(':')).filter(|word| !word.is_empty());
    let mut keys: Vec<&str> = Vec::new();
    let value = loop {
        let word = words.next()?;
        let path = word.strip_prefix("unix:").unwrap_or(word);
        if path.starts_with('/') && path.len() > 1 && !path.starts_with("//") {
            break path;
        }
        // What an archiving command is given may stand behind more.
        if keys.len() == MAX_KEYS && !keys[0].starts_with("archive_") {
            return None;
        }
        keys.push(word);
    };
    let key = *keys.first()?;
    let is_xml = || value.ends_with('/') && line.contains(&format!("<path>{value}<"));
    (is_written(&keys, heading, value) || is_xml()).then(|| (key, clean_path(value)))
}

fn is_written(keys: &[&str], heading: &str, value: &str) -> bool {
    let small = value.to_ascii_lowercase();
    let is_top = |tops: &[&str]| tops.iter().any(|top| is_at(value, top));
    let words: Vec<String> = keys.iter().flat_map(|key| parts(key)).collect();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    // What the image has for reading, and what no plan changes. Some keep their state as JSON: `storage: /acme.json`.
    let is_state = || matches!(small.rsplit_once('.'), Some((_, "json"))) && has(&WRITTEN);
    let is_for_reading = || ENDS_READ.iter().any(|end| small.ends_with(end)) && !is_state();
    if is_top(&["/dev", "/proc", "/sys", "/usr", "/bin", "/lib"]) || is_for_reading() {
        return false;
    }
    if has(&READ) {
        return false;
    }
    if has(&WRITTEN) {
        return !is_top(&["/etc"]);
    }
    // `dir` says more below `[data]`.
    let is_below = || matches!(words.as_slice(), [word] if EITHER.contains(&word.as_str()));
    let of_heading = || parts(heading).iter().any(|word| WRITTEN.contains(&word.as_str()));
    has(&EITHER) && (ENDS_WRITTEN.iter().any(|end| small.ends_with(end)) || is_below() && of_heading())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_written_is_told_from_one_that_is_read() {
        for (line, expected) in [
            ("  path_prefix: /d", Some("/d")),
            ("data_dir: \"/d/\"", Some("/d")),
            ("dir = \"/d\"", None),
            ("bolt-path: /b/x", Some("/b/x")),
            ("file: /d/dex.db", Some("/d/dex.db")),
            ("file: /etc/dex/web.html", None),
            ("APP_DATA_PATH = /d", Some("/d")),
            ("\"contentPath\": \"/d\"", None),
            ("auth-file: /u/user.db", Some("/u/user.db")),
            ("<path>/d/</path>", Some("/d")),
            ("<path>/api</path>", None),
            ("<log>/l/x.log</log>", Some("/l/x.log")),
            ("storage file_system /d", Some("/d")),
            ("output file /l/a.log", Some("/l/a.log")),
            ("pid /p/x.pid;", Some("/p/x.pid")),
            ("error_log /e/x.log warn;", Some("/e/x.log")),
            ("error_log /dev/stderr;", None),
            ("proxy_cache_path /c levels=1:2 keys_zone=x:1m;", Some("/c")),
            ("access_log off;", None),
            ("root /srv/www;", None),
            ("location /api {", None),
            ("proxy_pass http://a/b;", None),
            ("ssl_certificate_key /run/k.pem;", None),
            ("PidFile \"/p/httpd.pid\"", Some("/p/httpd.pid")),
            ("listen = /run/php/x.sock", Some("/run/php/x.sock")),
            ("session.save_path = \"/s\"", Some("/s")),
            ("stats socket /s/x.sock mode 660", Some("/s/x.sock")),
            ("log /dev/log local0", None),
            ("metrics_path: /metrics", None),
            ("log_dest file /l/m.log", Some("/l/m.log")),
            ("storage: /d/acme.json", Some("/d/acme.json")),
            ("dashboards: /d/x.json", None),
            ("unixsocket /s/x.sock", Some("/s/x.sock")),
            ("aclfile /a/users.acl", Some("/a/users.acl")),
            ("archive_command = 'test ! -f /a/%f && cp %p /a/%f'", Some("/a/%f")),
            ("server { location / { proxy_pass http://a; proxy_temp_path /tmp/proxy; } }", Some("/tmp/proxy")),
            ("server { root /srv; location / { alias /srv/static; } }", None),
            ("# data_dir: /d", None),
            ("; data = /d", None),
            ("database: /usr/share/GeoIP/x.mmdb", None),
            ("datadir", None),
        ] {
            assert_eq!(places(line).next().map(|(_, path)| path).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn a_heading_says_what_the_lines_below_it_are_about() {
        for (text, expected) in [
            ("[meta]\n  x = 1\n[data]\n  # c\n\n  dir = \"/d\"\n", Some("/d")),
            ("[http]\n  dir = \"/d\"\n", None),
            ("storage:\n  type: file\n  options:\n    a: b\n  directory: /d\n", Some("/d")),
            ("storage:\n  type: file\nweb:\n  directory: /d\n", None),
            ("data:\ndirectory: /d\n", None),
        ] {
            assert_eq!(places(text).next().map(|(_, path)| path).as_deref(), expected, "{text}");
        }
    }
}
