//! Where a service was told to put logs, process numbers, sockets, temporary files and caches: options
//! and variables of any program whose names say so, `--logfile /logs/x.log`, `TMPDIR=/scratch`. A
//! program of which no preset knows what it keeps is told that by such names too: `UPLOAD_DIR=/up`.

mod kept;

use super::context::{ServiceContext, is_named};
use super::moves::is_option;
use super::place::{Asked, Kind, Place, hides_files, is_filled, parent};
use super::preset::{By, Mover};
use super::{Storage, TmpfsOptions};
use crate::compose::{Word, clean_path, is_at, split};

/// Most places of one service: beyond that its words are no list that a plan could follow.
const MAX_OUTPUTS: usize = 100;

/// What is written at a place that a word names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Logs, which some programs call what they must keep.
    Log,
    /// What is of no use after the program has ended: process numbers, sockets, temporary files.
    Passing,
    /// What can be made again, and is made elsewhere or not at all where it cannot be written.
    Cache,
    /// What must be kept.
    Kept,
    /// A home folder: of settings, caches and data.
    Home,
}

/// A place that a word names for what a program writes.
pub(super) struct Output {
    /// What is written, cleaned.
    pub(super) path: String,
    /// What names it, a phrase.
    pub(super) by: String,
    role: Role,
    is_folder: bool,
    /// Whether it is of a program of which no preset knows what it writes.
    is_foreign: bool,
}

/// What a place for output asks for.
pub(super) enum Asks {
    /// A tmpfs.
    Tmpfs(String, TmpfsOptions),
    /// A named volume.
    Volume(String),
    /// Nobody knows: why.
    Doubt(String),
    /// Nothing.
    Nothing,
}

/// The places that options of its command and its variables name, and why there may be more. What `known` says is left out. Of a foreign
/// program no preset knows what it keeps.
pub(super) fn outputs(context: &ServiceContext<'_, '_>, argv: &[Word], known: &[&Mover], is_foreign: bool) -> (Vec<Output>, Vec<String>) {
    let (mut found, mut doubts) = (Found { outputs: Vec::new(), is_foreign }, Vec::new());
    let short = short_options(context, argv);
    for (name, word) in options(argv) {
        // PostgreSQL gives each file of its log to this command: `cp %p /archive/%f`.
        let archive = word.text.split_whitespace().find_map(|part| part.strip_suffix("%f")).filter(|_| name == "archive_command");
        if let Some(archive) = archive.filter(|path| path.starts_with('/') && !word.is_hidden && !context.is_mounted(&clean_path(path))) {
            doubts.push(format!("`{name}` in the command names {}, and whether that must be kept is not known", clean_path(archive)));
        }
        if !known.iter().any(|mover| is_of_option(mover, &name)) {
            let by = format!("`{}` in the command", shown(&name));
            let long = short.iter().find(|(short, _)| *short == name).map_or(name.as_str(), |(_, long)| long);
            take(context, long, &word, &by, &mut found, &mut doubts);
        }
    }
    for (name, word) in context.all_variables() {
        if known.iter().any(|mover| matches!(&mover.by, By::Env(own) if is_named(own, &name))) {
            continue;
        }
        let by = format!("the variable `{}`", shown(&name));
        if parts(&name).iter().any(|part| matches!(part.as_str(), "opts" | "options" | "flags" | "args")) && word.is_known {
            let is_hidden = word.is_hidden;
            let words: Vec<Word> = split(&word.text).into_iter().map(|own| Word { is_hidden, ..own }).collect();
            for (name, word) in options(&words) {
                take(context, &name, &word, &by, &mut found, &mut doubts);
            }
        }
        take(context, &name, &word, &by, &mut found, &mut doubts);
    }
    (found.outputs, doubts)
}

/// Short options of programs, with the words of long ones that say what they are.
const SHORT: [(&str, &[(&str, &str)]); 13] = [
    ("celery", &[("-f", "logfile")]),
    ("dnsmasq", &[("-x", "pid-file"), ("-8", "log-file")]),
    ("gunicorn", &[("-p", "pid-file")]),
    ("haproxy", &[("-p", "pid-file")]),
    ("httpd", &[("-E", "error-log-file")]),
    ("httpd-foreground", &[("-E", "error-log-file")]),
    ("memcached", &[("-P", "pid-file"), ("-s", "unix-socket")]),
    ("nats", &[("-P", "pid-file"), ("-l", "log-file")]),
    ("nats-server", &[("-P", "pid-file"), ("-l", "log-file")]),
    ("nginx", &[("-e", "error-log-file")]),
    ("php-fpm", &[("-g", "pid-file")]),
    ("postgres", &[("-k", "unix-socket-directories")]),
    ("supervisord", &[("-j", "pid-file"), ("-l", "log-file")]),
];

/// Those of the program that runs: of the image where the command has only options.
fn short_options(context: &ServiceContext<'_, '_>, argv: &[Word]) -> &'static [(&'static str, &'static str)] {
    let image = context.image().ok().map(|(image, _)| image.repository.to_owned());
    let is_alone = argv.first().is_some_and(|word| word.text.starts_with('-'));
    let program = if is_alone { image.as_deref() } else { argv.first().map(|word| word.text.as_str()) };
    let program = program.unwrap_or_default().rsplit('/').next().unwrap_or_default();
    SHORT.iter().find(|(known, _)| *known == program).map_or(&[], |(_, options)| options)
}

/// What is found of a program.
struct Found {
    outputs: Vec<Output>,
    is_foreign: bool,
}

/// The options with their values: `--name=value`, `--name value`, and `name=value` behind an option.
fn options(argv: &[Word]) -> Vec<(String, Word)> {
    let with = |word: &Word, text: &str| Word { text: text.to_owned(), ..word.clone() };
    let mut found = Vec::new();
    for (i, word) in argv.iter().enumerate() {
        let is_option = word.text.starts_with('-');
        let is_behind = i > 0 && argv[i - 1].text.starts_with('-');
        if let Some(rest) = word.text.strip_prefix("-Xlog:").or_else(|| word.text.strip_prefix("-Xloggc:")) {
            // Java does not start where it cannot write this: `-Xlog:gc*:file=/gc/x.log:time`.
            let file = rest.split(':').map(|part| part.strip_prefix("file=").unwrap_or(part)).find(|part| part.starts_with('/'));
            found.extend(file.map(|file| ("-Xlog:file".to_owned(), with(word, file))));
            continue;
        }
        match word.text.split_once('=') {
            Some((name, value)) if is_option || is_behind => found.push((name.to_owned(), with(word, value))),
            None if is_option => {
                let value = argv.get(i + 1).filter(|next| !next.text.starts_with('-'));
                found.extend(value.map(|value| (word.text.clone(), value.clone())));
            }
            _ => {}
        }
    }
    found
}

fn is_of_option(mover: &Mover, name: &str) -> bool {
    match &mover.by {
        By::Option(own, _) => is_option(own, name),
        By::Word { start, .. } => start.trim_end_matches('=') == name,
        By::Env(_) | By::Key(_) | By::Setting { .. } => false,
    }
}

fn take(context: &ServiceContext<'_, '_>, name: &str, word: &Word, by: &str, found: &mut Found, doubts: &mut Vec<String>) {
    let kept = found.is_foreign.then(|| kept::role(name, &word.text)).flatten();
    let Some(role) = role(name, &word.text).or(kept) else { return };
    let mut doubt = |why: String| {
        if role != Role::Cache && !doubts.contains(&why) {
            doubts.push(why);
        }
    };
    if !word.is_known {
        if !context.is_mounted(&word.text) {
            doubt(format!("a variable decides what {by} names"));
        }
        return;
    }
    let paths: Vec<String> = match kept.filter(|kept| *kept == role) {
        Some(_) => match kept::place(&word.text, context.workdir().filter(|folder| folder.is_known && !folder.is_hidden)) {
            Ok(path) => vec![path],
            Err(why) => return doubt(format!("{by} names {why}")),
        },
        None => word.text.split(',').filter(|text| text.starts_with('/')).map(str::to_owned).collect(),
    };
    for text in paths {
        let path = clean_path(&text);
        if ["/dev", "/proc", "/sys"].iter().any(|top| is_at(&path, top)) || found.outputs.len() == MAX_OUTPUTS {
            continue;
        }
        if word.is_hidden {
            if !context.is_mounted(&path) {
                doubt(format!(
                    "what {by} names is in an `env_file` or a variable, whose values are not repeated, and nothing is mounted there"
                ));
            }
            continue;
        }
        let is_folder = match role {
            Role::Kept => text.ends_with('/') || !kept::is_file(name, &word.text),
            _ => text.ends_with('/') || is_folder(name, &path, role),
        };
        let is_foreign = found.is_foreign;
        found.outputs.push(Output { path, by: by.to_owned(), role, is_folder, is_foreign });
    }
}

impl Output {
    /// What must be mounted for it.
    pub(super) fn asks(&self) -> Asks {
        let kind = if self.is_folder { Kind::Folder } else { Kind::File };
        let is_state = self.role == Role::Kept;
        let place = Place::of(Asked { path: &self.path, kind, is_state, need: None, has_program: &|_| None });
        // Who writes there is not known: many programs give up root before they do.
        let open = |options: TmpfsOptions| TmpfsOptions { mode: Some(0o1777), ..options };
        let folder = if self.is_folder { self.path.clone() } else { parent(&self.path) };
        if self.role == Role::Home {
            return Asks::Doubt(format!("{} names {}, and whether what is in it must be kept is not known", self.by, self.path));
        }
        match place.mount {
            // Below /etc the image has its settings.
            Some((target, Storage::State)) if is_state && !is_filled(&target) && !is_at(&target, "/etc") => Asks::Volume(target),
            _ if is_state => Asks::Doubt(format!("{} names {}, and nothing can be mounted there", self.by, self.path)),
            Some((target, Storage::Scratch(options))) if !hides_files(&target) => Asks::Tmpfs(target, open(options)),
            // Nobody says whether it must be kept, so it is.
            Some((target, Storage::State))
                if self.is_foreign
                    && self.role == Role::Log
                    && !self.is_log_folder(&folder)
                    && !is_filled(&target)
                    && !is_for_data(&target) =>
            {
                Asks::Volume(target)
            }
            _ if self.role == Role::Cache && (!self.is_foreign || is_filled(&folder) || hides_files(&folder)) => Asks::Nothing,
            _ if is_filled(&folder) || hides_files(&folder) => {
                Asks::Doubt(format!("{} names {}, and nothing can be mounted there", self.by, self.path))
            }
            Some((_, Storage::State)) if self.role == Role::Log && !self.is_log_folder(&folder) => {
                Asks::Doubt(format!("{} names {}, and whether that must be kept is not known", self.by, self.path))
            }
            _ => Asks::Tmpfs(folder, open(TmpfsOptions::default())),
        }
    }

    /// Whether it is a file of data that memory would not keep.
    pub(super) fn is_database(&self) -> bool {
        self.role == Role::Kept && !self.is_folder
    }

    /// Whether nothing else than logs is in the folder of a log: it or the file is called so, and it is no place for data.
    fn is_log_folder(&self, folder: &str) -> bool {
        !is_for_data(folder) && (is_log_name(&self.path) || folder.to_lowercase().contains("log"))
    }
}

/// Whether a folder is where programs keep their data.
fn is_for_data(folder: &str) -> bool {
    ["/var/lib", "/var/opt", "/data"].iter().any(|top| is_at(folder, top))
}

fn is_log_name(path: &str) -> bool {
    path.to_ascii_lowercase().rsplit_once('.').is_some_and(|(_, end)| end == "log")
}

/// The words of a name, in small letters: `--worker-tmp-dir`, `LOG_FILE`, `logDir`.
pub(super) fn parts(name: &str) -> Vec<String> {
    let mut found: Vec<String> = vec![String::new()];
    let mut was_small = false;
    for c in name.chars() {
        let starts = !c.is_ascii_alphanumeric() || was_small && c.is_ascii_uppercase();
        if starts && found.last().is_some_and(|part| !part.is_empty()) {
            found.push(String::new());
        }
        if c.is_ascii_alphanumeric() {
            found.last_mut().expect("one part").push(c.to_ascii_lowercase());
        }
        was_small = c.is_ascii_lowercase();
    }
    found.retain(|part| !part.is_empty());
    found
}

const FOLDERS: [&str; 7] = ["dir", "directory", "directories", "dirs", "folder", "home", "path"];

/// What a name says of its value. What reads, describes or must be kept is called like output as well.
fn role(name: &str, value: &str) -> Option<Role> {
    let small = name.to_ascii_lowercase();
    if !["log", "pid", "tmp", "temp", "cache", "unix"].iter().any(|word| small.contains(word)) {
        return None;
    }
    let parts = parts(name);
    let has = |wanted: &[&str]| parts.iter().any(|part| wanted.contains(&part.as_str()));
    // Some call what they must keep a log.
    let other = ["bin", "binlog", "config", "conf", "configuration", "data", "dirs", "format", "input", "level", "read", "redo", "relay"];
    let other = [&other[..], &["group", "transaction", "tx", "undo", "wal", "watch", "scrape", "host", "template", "url"]].concat();
    if has(&["pidfile", "pidfilepath", "pid", "unixsocket", "tmpdir", "tempdir", "tmp", "temp"])
        || has(&["unix"]) && has(&["socket", "sockets"])
    {
        return (!has(&["config", "conf", "data", "template", "host"])).then_some(Role::Passing);
    }
    if has(&["cachedir"]) || has(&["cache"]) && has(&FOLDERS) {
        // Models are too large for memory.
        return (!has(&["hf", "hub", "huggingface", "model", "models", "torch"])).then_some(Role::Cache);
    }
    let is_place = || has(&FOLDERS) || has(&["destination", "error", "file", "filename", "filepath", "output"]) || is_log_name(value);
    let is_log = has(&["logdir", "logfile", "logpath"]) || has(&["accesslog", "log", "logger", "logging", "logs", "xlog"]) && is_place();
    (is_log && !has(&other)).then_some(Role::Log)
}

/// Whether a variable or option of any program with this name says where its output goes.
#[cfg(test)]
pub(super) fn is_place(name: &str, value: &str) -> bool {
    role(name, value).is_some()
}

/// Whether a value is the path of a folder and not that of a file.
fn is_folder(name: &str, path: &str, role: Role) -> bool {
    let parts = parts(name);
    let has = |wanted: &[&str]| parts.iter().any(|part| wanted.contains(&part.as_str()));
    let last = path.rsplit('/').next().unwrap_or_default();
    let is_file = [".err", ".json", ".log", ".out", ".pid", ".sock", ".socket", ".txt"].iter().any(|end| last.ends_with(end));
    if is_file || has(&["file", "filename", "filepath", "logfile", "pidfile", "pidfilepath"]) {
        return false;
    }
    has(&FOLDERS) || has(&["logdir", "logpath", "tmpdir", "tempdir", "tmp", "temp", "cachedir"]) || role == Role::Cache
}

/// Enough of a name for a reason.
fn shown(name: &str) -> String {
    name.chars().take(60).collect()
}
