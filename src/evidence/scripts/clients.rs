//! Client programs that images bring along: dumps, snapshots and copies go where an option or their last word says.

use super::Reading;
use super::arguments::Arguments;
use crate::compose::Word;

/// What an option of a client names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    File,
    Folder,
    /// A file, with `=` before it: alone the option means the output.
    Joined,
}
use Names::{File, Folder, Joined};

/// Clients, and their options that say where they write: the short one, if there is one, the long one, what it names.
type Client = (&'static [&'static str], &'static [(&'static str, &'static str, Names)]);

const OPTIONS: [Client; 16] = [
    (&["pg_dump", "pg_dumpall", "pg_restore"], &[("-f", "file", File)]),
    (&["pg_basebackup", "pg_receivewal"], &[("-D", "pgdata", Folder), ("-D", "directory", Folder), ("", "waldir", Folder)]),
    (&["psql"], &[("-o", "output", File), ("-L", "log-file", File)]),
    (&["mysqldump", "mariadb-dump", "mysqlpump"], &[("-r", "result-file", File), ("-T", "tab", Folder)]),
    (&["mysql", "mariadb"], &[("", "tee", File)]),
    (&["mariabackup", "mariadb-backup", "xtrabackup"], &[("", "target-dir", Folder)]),
    (&["mongodump"], &[("-o", "out", Folder), ("", "archive", Joined)]),
    (&["mongoexport"], &[("-o", "out", File)]),
    (&["redis-cli", "valkey-cli", "keydb-cli"], &[("", "rdb", File), ("", "functions-rdb", File)]),
    (&["etcdctl", "etcdutl"], &[("", "data-dir", Folder)]),
    (&["restic"], &[("-r", "repo", Folder), ("-t", "target", Folder), ("", "cache-dir", Folder)]),
    (&["kc.sh"], &[("", "dir", Folder), ("", "file", File)]),
    (&["neo4j-admin"], &[("", "to-path", Folder)]),
    (&["arangodump"], &[("", "output-directory", Folder)]),
    (&["elasticdump", "multielasticdump"], &[("", "output", File)]),
    (&["yt-dlp", "youtube-dl"], &[("-o", "output", File), ("-P", "paths", Folder)]),
];

/// Clients whose last word is where they write, behind words of these.
const LAST: [(&[&str], &[&str], Names); 7] = [
    (&["etcdctl", "etcdutl", "consul", "nomad", "vault"], &["save"], File),
    (&["influx", "influxd"], &["backup"], Folder),
    (&["mc", "mcli"], &["cp", "get", "mirror", "mv"], Folder),
    (&["rclone"], &["bisync", "copy", "copyto", "copyurl", "move", "moveto", "sync"], Folder),
    (&["aws", "gsutil", "s3cmd", "s5cmd", "gcloud"], &["cp", "get", "mv", "rsync", "sync"], Folder),
    (&["surreal"], &["export"], File),
    (&["pscp", "scp", "sftp"], &[], File),
];

impl Reading<'_, '_> {
    /// A client program. Returns whether it is one.
    pub(super) fn client(&mut self, name: &str, arguments: &Arguments<'_>) -> bool {
        let options = OPTIONS.iter().find(|(names, _)| names.contains(&name)).map(|(_, options)| *options);
        let mut is_told = false;
        for (short, long, names) in options.into_iter().flatten() {
            is_told |= arguments.is_given(&[short, &format!("--{long}")]);
            for word in told(arguments, short, long, *names) {
                is_told = true;
                self.client_writes(&word, *names);
            }
        }
        if name == "mongodump" && !is_told {
            self.here();
        }
        let last = LAST.iter().find(|(names, ..)| names.contains(&name));
        if let Some((_, verbs, names)) = last {
            let words = &arguments.0;
            let at = words.iter().position(|word| verbs.contains(&word.text.as_str()));
            let behind = if verbs.is_empty() { Some(0) } else { at.map(|at| at + 1) };
            let target = behind.and_then(|behind| words[behind..].iter().rfind(|word| !word.text.starts_with('-')));
            // Of another machine, or of a store.
            target.filter(|word| word.text.starts_with(['/', '.', '$'])).into_iter().for_each(|word| self.client_writes(word, *names));
        }
        options.is_some() || last.is_some()
    }

    fn client_writes(&mut self, word: &Word, names: Names) {
        // A store that is elsewhere: `s3:https://…`, `remote:x`.
        if word.is_known && !word.text.starts_with('/') && word.text.contains(':') {
            return;
        }
        if names == Folder { self.folder(word) } else { self.file(word) }
    }
}

/// The values of an option: `-f V`, `-fV`, `--file V`, `--file=V`. A `-` is the output.
fn told(arguments: &Arguments<'_>, short: &str, long: &str, names: Names) -> Vec<Word> {
    let next = |at: usize| arguments.0.get(at + 1).map(|next| (*next).clone());
    let value = |(at, word): (usize, &&Word)| {
        let cut = |text: &str| Word { text: text.to_owned(), ..(*word).clone() };
        let is_short = short.len() == 2;
        match word.text.strip_prefix("--").and_then(|word| word.strip_prefix(long)) {
            Some("") if names != Joined => next(at),
            Some(rest) if rest.starts_with('=') => Some(cut(&rest[1..])),
            _ if is_short && word.text == short => next(at),
            _ if is_short && !word.text.starts_with("--") => word.text.strip_prefix(short).map(cut),
            _ => None,
        }
    };
    arguments.0.iter().enumerate().filter_map(value).filter(|word| word.text != "-").collect()
}
