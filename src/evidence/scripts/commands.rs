//! What one command of a script writes, by what its program is known to do with its words.

use super::arguments::Arguments;
use super::installers::installs_alone;
use super::{Reading, SHELLS, absolute, is_inline, is_shell};
use crate::compose::{Simple, Word};

/// Words of a shell before a command that leave it what it is.
const KEYWORDS: [&str; 10] = ["!", "do", "elif", "else", "if", "then", "time", "until", "while", "{"];

/// Programs that run the words behind them, with the letters of their options that have a value, and how many words of their own stand
/// before the other program.
const RUNNERS: [(&str, &str, usize); 23] = [
    ("builtin", "", 0),
    ("busybox", "", 0),
    ("catatonit", "", 0),
    ("chpst", "beuUolmdnrtfp", 0),
    ("chroot", "", 1),
    ("command", "", 0),
    ("doas", "uC", 0),
    ("dumb-init", "r", 0),
    ("env", "uCS", 0),
    ("exec", "a", 0),
    ("gosu", "", 1),
    ("ionice", "cnp", 0),
    ("nice", "n", 0),
    ("nohup", "", 0),
    ("setpriv", "", 0),
    ("setsid", "", 0),
    ("stdbuf", "ioe", 0),
    ("su-exec", "", 1),
    ("sudo", "ugChpRrTtU", 0),
    ("timeout", "ks", 1),
    ("tini", "pe", 0),
    ("unbuffer", "", 0),
    ("xargs", "aEILnPsd", 0),
];

/// Programs with code of their own behind an option.
const CODE: [(&str, char); 8] =
    [("awk", 'f'), ("node", 'e'), ("perl", 'e'), ("php", 'r'), ("python", 'c'), ("python3", 'c'), ("ruby", 'e'), ("bun", 'e')];

/// Programs that make or change users.
const USERS: [&str; 15] = [
    "adduser", "addgroup", "chage", "chpasswd", "chsh", "delgroup", "deluser", "groupadd", "groupdel", "groupmod", "newusers", "passwd",
    "useradd", "userdel", "usermod",
];

/// Programs that write a folder of their own, whatever they are given.
const FIXED: [(&str, &str); 6] = [
    ("crontab", "/var/spool/cron"),
    ("dpkg-reconfigure", "/var/lib/dpkg"),
    ("ldconfig", "/etc"),
    ("locale-gen", "/usr/lib/locale"),
    ("update-ca-certificates", "/etc/ssl/certs"),
    ("update-ca-trust", "/etc/pki/ca-trust"),
];

impl Reading<'_, '_> {
    /// The words of `entrypoint` and `command`, as one program is started with them.
    pub(super) fn words(&mut self, words: &[Word]) {
        // An image's own entry point, whatever it is, runs the shell that stands behind it.
        let shell = words.iter().position(is_shell).unwrap_or(0);
        if shell > 0 {
            self.own_program(&words[0]);
        }
        self.simple(&Simple { words: words[shell..].to_vec(), outputs: Vec::new() });
    }

    /// A command.
    pub(super) fn simple(&mut self, command: &Simple) {
        command.outputs.iter().for_each(|word| self.file(word));
        let words = program_and_arguments(command);
        let Some((program, behind)) = words.split_first() else { return };
        let name = program.text.rsplit('/').next().unwrap_or_default().to_owned();
        let arguments = Arguments(behind.to_vec());
        let texts: Vec<&str> = behind.iter().map(|word| word.text.as_str()).collect();
        if self.written.installer.is_none() && installs_alone(&name, &texts) {
            self.written.installer = Some(name.clone());
        }
        if USERS.contains(&name.as_str()) {
            self.put("/etc/passwd".to_owned(), false);
        } else if let Some((_, folder)) = FIXED.iter().find(|(known, _)| *known == name) {
            self.put((*folder).to_owned(), true);
        } else if CODE.iter().any(|(known, option)| *known == name && arguments.has_code(*option)) {
            self.doubt(format!("its script has code for {name}, and what that writes is not read"));
        } else if is_shell(program) || matches!(name.as_str(), "su" | "runuser") {
            self.shell(&name, &arguments);
        } else if !self.shell_word(&name, &arguments)
            && !self.files(&name, &arguments)
            && !self.fetches(&name, &arguments)
            && !self.client(&name, &arguments)
        {
            self.own_program(program);
        }
    }

    /// A shell within the script: what it is given behind `-c`, or the file that it reads.
    fn shell(&mut self, name: &str, arguments: &Arguments<'_>) {
        let words = &arguments.0;
        // `su USER -c SCRIPT` may have the user first; what stands behind a shell's file is for that.
        let before_file = words.iter().position(|word| !word.text.starts_with('-')).unwrap_or(words.len());
        let end = if SHELLS.contains(&name) { before_file } else { words.len() };
        let option = words[..end].iter().position(|word| is_inline(word) || word.text == "--command");
        if let Some(at) = option {
            let text = words[at + 1..].iter().find(|word| !word.text.starts_with('-'));
            return text.into_iter().for_each(|word| self.script(&word.text));
        }
        match words.get(before_file) {
            Some(file) if SHELLS.contains(&name) => self.own_program(file),
            None if self.depth > 0 => self.doubt("its script runs what another program prints"),
            _ => {}
        }
    }

    /// What the shell does itself. Returns whether it is that.
    fn shell_word(&mut self, name: &str, arguments: &Arguments<'_>) -> bool {
        match name {
            "cd" | "pushd" => {
                let to = arguments.operands("").into_iter().next().filter(|word| word.is_known && !self.hides(word));
                self.folder = to.and_then(|word| absolute(self.folder.as_deref(), &word.text));
            }
            "eval" => self.doubt("its script runs what a variable holds"),
            "trap" => arguments.operands("").iter().take(1).for_each(|word| self.script(&word.text)),
            "." | "source" => arguments.operands("").iter().take(1).for_each(|word| self.own_program(word)),
            _ => return false,
        }
        true
    }

    /// Programs that make, change or remove files. Returns whether it is one.
    fn files(&mut self, name: &str, arguments: &Arguments<'_>) -> bool {
        let all = |valued: &str| arguments.operands(valued);
        match name {
            // With `-f`, what is not there is no error.
            "rm" if arguments.has('f') => {}
            "mkfifo" | "rm" | "rmdir" | "tee" | "touch" | "truncate" | "unlink" => self.files_of(&all("dmrst")),
            "mkdir" => self.folders_of(&all("mZ")),
            "mknod" => all("mZ").iter().take(1).for_each(|word| self.file(word)),
            "mktemp" => match arguments.values('p', "--tmpdir").first().or(all("p").first()) {
                Some(word) => self.file(word),
                None => self.put("/tmp".to_owned(), true),
            },
            "chgrp" | "chmod" | "chown" | "setfacl" => all("mx").iter().skip(1).for_each(|word| self.file(word)),
            "install" if arguments.has('d') => self.folders_of(&all("mogtS")),
            "cp" | "install" | "ln" | "mv" | "rsync" => self.copies(name, arguments),
            "sed" if arguments.has('i') || arguments.0.iter().any(|word| word.text.starts_with("--in-place")) => {
                let is_given = !arguments.values('e', "--expression").is_empty() || !arguments.values('f', "--file").is_empty();
                // Behind the letter of `-i` stands the end of a copy's name.
                let names: Vec<Word> = all("efl").into_iter().skip(usize::from(!is_given)).collect();
                self.files_of(&names);
            }
            "gzip" | "gunzip" | "bzip2" | "bunzip2" | "xz" | "unxz" | "zstd" | "unzstd" if !arguments.has('c') => {
                self.files_of(&all("S"));
            }
            "dd" => {
                let outputs =
                    arguments.0.iter().filter_map(|w| Some(Word { text: w.text.strip_prefix("of=")?.to_owned(), ..(*w).clone() }));
                outputs.for_each(|word| self.file(&word));
            }
            "openssl" => self.files_of(&arguments.behind(&["-out", "-keyout"])),
            "ssh-keygen" if arguments.has('A') => self.put("/etc/ssh".to_owned(), true),
            "ssh-keygen" => self.files_of(&arguments.values('f', "-f")),
            "htpasswd" if !arguments.has('n') => all("C").iter().take(1).for_each(|word| self.file(word)),
            "sqlite3" => all("").iter().filter(|word| word.text != ":memory:").take(1).for_each(|word| self.file(word)),
            "find" => self.finds(arguments),
            "nginx" => arguments.behind(&["-g"]).iter().for_each(|word| self.directives(word)),
            _ => return false,
        }
        true
    }

    /// Where the last word, or that of an option, says where others go.
    fn copies(&mut self, name: &str, arguments: &Arguments<'_>) {
        let operands = arguments.operands(if name == "rsync" { "efT" } else { "mogtS" });
        let targets = if name == "rsync" { Vec::new() } else { arguments.values('t', "--target-directory") };
        if name == "mv" {
            self.files_of(&operands);
        }
        self.folders_of(&targets);
        match operands.split_last() {
            // Of another machine.
            Some((last, _)) if name == "rsync" && last.text.split('/').next().is_some_and(|first| first.contains(':')) => {}
            Some((last, [_, ..])) if targets.is_empty() => self.file(last),
            Some((_, [])) if name == "ln" && targets.is_empty() => self.here(),
            _ => {}
        }
    }

    fn finds(&mut self, arguments: &Arguments<'_>) {
        let changes = ["-delete", "chgrp", "chmod", "chown", "cp", "mv", "rm", "sed", "sh", "touch"];
        if arguments.is_given(&changes) {
            let folders = arguments.0.iter().take_while(|word| !word.text.starts_with(['-', '!', '(']));
            folders.for_each(|word| self.folder(word));
        }
    }

    /// Settings of nginx that stand in the command, as far as they name a file.
    fn directives(&mut self, word: &Word) {
        for directive in word.text.split(';') {
            let mut words = directive.split_whitespace();
            let names_file = words.next().is_some_and(|name| matches!(name, "error_log" | "lock_file" | "pid"));
            let file = words.next().filter(|file| names_file && file.starts_with('/'));
            let known = |text: &str| Word { text: text.to_owned(), is_known: !text.contains('$'), ..word.clone() };
            file.iter().for_each(|text| self.file(&known(text)));
        }
    }

    /// Programs that fetch or unpack. Returns whether it is one.
    fn fetches(&mut self, name: &str, arguments: &Arguments<'_>) -> bool {
        match name {
            "wget" => {
                let files = arguments.values('O', "--output-document");
                let folders = arguments.values('P', "--directory-prefix");
                let is_printed = arguments.has('O') || arguments.0.iter().any(|word| word.text.starts_with("--output-document"));
                self.files_of(&files);
                self.folders_of(&folders);
                if !is_printed && folders.is_empty() && !arguments.is_given(&["--spider"]) {
                    self.here();
                }
            }
            "curl" => {
                let folders = arguments.values(None, "--output-dir");
                for (short, long) in [('o', "--output"), ('c', "--cookie-jar"), ('D', "--dump-header")] {
                    let files = arguments.values(short, long);
                    self.files_of(&files);
                }
                self.folders_of(&folders);
                if folders.is_empty() && (arguments.has('O') || arguments.is_given(&["--remote-name"])) {
                    self.here();
                }
            }
            "tar" | "bsdtar" => self.archives(arguments),
            // The value of `-d` may be joined to it.
            "unzip"
                if !arguments.0.iter().any(|word| word.text.starts_with('-') && word.text[1..].starts_with(['l', 'p', 't', 'v', 'Z'])) =>
            {
                let folders = arguments.values('d', "-d");
                self.folders_of(&folders);
                if folders.is_empty() {
                    self.here();
                }
            }
            "zip" => arguments.operands("").iter().take(1).for_each(|word| self.file(word)),
            "git" => {
                let operands = arguments.operands("Cc");
                let words: Vec<&str> = operands.iter().map(|word| word.text.as_str()).collect();
                match words.as_slice() {
                    ["clone", _, _, ..] => self.folder(&operands[2]),
                    ["clone" | "checkout" | "fetch" | "init" | "merge" | "pull" | "reset" | "submodule", ..] => self.here(),
                    _ => {}
                }
            }
            _ => return false,
        }
        true
    }

    /// Archives of tar: the letters of what is done may have no dash.
    fn archives(&mut self, arguments: &Arguments<'_>) {
        let first = arguments.0.first().map(|word| word.text.trim_start_matches('-').to_owned()).unwrap_or_default();
        let does = |letter: char, long: &str| {
            let is_old = first.len() < 8 && !first.contains('/') && first.contains(letter);
            is_old || arguments.has(letter) || arguments.is_given(&[long])
        };
        if does('x', "--extract") || arguments.is_given(&["--get"]) {
            let folders = arguments.values('C', "--directory");
            self.folders_of(&folders);
            if folders.is_empty() && !does('O', "--to-stdout") {
                self.here();
            }
        } else if does('c', "--create") || does('r', "--append") || does('u', "--update") {
            let is_old = arguments.0.first().is_some_and(|word| !word.text.starts_with('-'));
            let files = if is_old && does('f', "--file") {
                arguments.0.get(1).map(|word| (*word).clone()).into_iter().filter(|word| word.text != "-").collect()
            } else {
                arguments.values('f', "--file")
            };
            self.files_of(&files);
        }
    }
}

/// The words of a command from its program on, behind those that only say how it is run.
pub(in crate::evidence) fn program_and_arguments(command: &Simple) -> Vec<&Word> {
    let mut words = command.words.as_slice();
    while let Some((first, rest)) = words.split_first() {
        let name = first.text.rsplit('/').next().unwrap_or_default();
        let setting = first.text.split_once('=').is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
        if setting || KEYWORDS.contains(&name) || first.text == "--" {
            words = rest;
            continue;
        }
        let Some((_, valued, own)) = RUNNERS.iter().find(|(known, ..)| *known == name) else { break };
        let mut behind = rest;
        while let Some((option, after)) = behind.split_first().filter(|(word, _)| word.text.starts_with('-')) {
            let takes_next =
                option.text.len() > 1 && option.text[1..].find(|c| valued.contains(c)).is_some_and(|at| at + 2 == option.text.len());
            behind = if takes_next { after.get(1..).unwrap_or_default() } else { after };
            if option.text == "--" {
                break;
            }
        }
        // Without another program it is the program itself, as `env` and `exec` may be.
        behind = behind.get(*own..).unwrap_or_default();
        if behind.is_empty() {
            break;
        }
        words = behind;
    }
    words.iter().collect()
}
