//! What the script of a command writes by itself, as far as that is plain to see: `date > /stamp && exec server`.

mod start;

pub(super) use start::{Deed, Start, deeds};

use super::place::parent;
use crate::compose::{Coverage, MountKind, Script, Service, Simple, Word, clean_path, is_at, script};

/// What the scripts of a service's own commands write.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The paths that they make or change, cleaned, and the folder that must be writable for it.
    pub(crate) paths: Vec<(String, String)>,
    /// Why there may be more.
    pub(crate) doubts: Vec<String>,
}

impl Written {
    fn doubt(&mut self, why: String) {
        if !self.doubts.contains(&why) {
            self.doubts.push(why);
        }
    }
}

/// Most paths of one service: beyond that its script is no set-up that a plan could follow.
const MAX_PATHS: usize = 100;

/// Shells that are given a script with `-c`.
const SHELLS: [&str; 6] = ["ash", "bash", "busybox", "dash", "sh", "zsh"];

/// Words before a command that leave it what it is.
const BEFORE: [&str; 18] = [
    "!",
    "command",
    "do",
    "dumb-init",
    "else",
    "elif",
    "env",
    "exec",
    "if",
    "nohup",
    "then",
    "time",
    "tini",
    "until",
    "while",
    "{",
    "sudo",
    "builtin",
];

/// Programs with code of their own behind an option.
const CODE: [(&str, &str); 6] = [("node", "-e"), ("perl", "-e"), ("php", "-r"), ("python", "-c"), ("python3", "-c"), ("ruby", "-e")];

/// Programs that write packages into an image's own folders, with the words that make them do so.
const INSTALLERS: [(&str, &[&str]); 14] = [
    ("apk", &["add"]),
    ("apt", &["install"]),
    ("apt-get", &["install"]),
    ("bundle", &["install"]),
    ("composer", &["install"]),
    ("dnf", &["install"]),
    ("gem", &["install"]),
    ("go", &["install"]),
    ("npm", &["ci", "i", "install"]),
    ("pip", &["install"]),
    ("pip3", &["install"]),
    ("pnpm", &["add", "i", "install"]),
    ("yarn", &["add", "install"]),
    ("yum", &["install"]),
];

/// Whether a program with these words behind it installs packages.
pub(crate) fn installs<'w>(program: &str, words: impl IntoIterator<Item = &'w str>) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program);
    // Before it stand options, some with a value: `-o Dpkg::Options::=x`, `--prefix /app`.
    let verb = words.into_iter().find(|word| !word.starts_with('-') && !word.contains(['=', '/']));
    INSTALLERS.iter().any(|(tool, verbs)| *tool == name && verb.is_some_and(|verb| verbs.contains(&verb)))
}

fn is_shell(word: &Word) -> bool {
    word.text.rsplit('/').next().is_some_and(|name| SHELLS.contains(&name))
}

/// Whether an option of a shell says that the next word is a script.
fn is_inline(word: &Word) -> bool {
    word.text.starts_with('-') && !word.text.starts_with("--") && word.text.contains('c')
}

/// Where in these words the shell stands that takes the word behind them for a script, if one does.
pub(super) fn shell_before(words: &[Word]) -> Option<usize> {
    let shell = words.iter().rposition(|word| !word.text.starts_with('-'))?;
    (is_shell(&words[shell]) && words[shell + 1..].iter().any(is_inline)).then_some(shell)
}

/// What the scripts of `command` and `entrypoint` write, and which files of the project they run.
pub(crate) fn writes(service: &Service<'_>) -> Written {
    let mut written = Written::default();
    let mut words: Vec<Word> = Vec::new();
    for key in ["entrypoint", "command"] {
        words.extend(service.words(key).unwrap_or_default());
    }
    if let Some(program) = words.first() {
        own_program(Some(service), &program.text, &mut written);
    }
    let Some(shell) = words.iter().position(is_shell) else { return written };
    let options = words[shell + 1..].iter().take_while(|word| word.text.starts_with('-'));
    let count = options.clone().count();
    let behind = words.get(shell + 1 + count);
    match behind {
        Some(text) if options.clone().any(is_inline) => {
            let Script { commands, is_whole } = script(&text.text);
            let mut folder = service.word_of("working_dir").filter(|w| w.is_known).map(|w| w.text);
            for command in &commands {
                simple(Some(service), command, &mut folder, &mut written);
            }
            if !is_whole {
                written.doubt("its script is not one that can be read".to_owned());
            }
        }
        Some(file) => own_program(Some(service), &file.text, &mut written),
        None => {}
    }
    written
}

/// A script that the project mounts: what it writes is not read.
fn own_program(service: Option<&Service<'_>>, program: &str, written: &mut Written) {
    let Some(service) = service else { return };
    let (Coverage::Writable(mount) | Coverage::ReadOnly(mount) | Coverage::Unknown(mount)) = service.coverage(program) else { return };
    if program.starts_with('/') && matches!(mount.kind, MountKind::Bind | MountKind::Unknown | MountKind::Volume) {
        written.doubt(format!("it runs {program}, a program of your own, and what that writes is not known"));
    }
}

fn simple(service: Option<&Service<'_>>, command: &Simple, folder: &mut Option<String>, written: &mut Written) {
    let words = program_and_arguments(command);
    let program = words.first().map_or("", |word| word.text.as_str());
    let name = program.rsplit('/').next().unwrap_or_default().to_owned();
    let arguments = &words[words.len().min(1)..];
    let operands: Vec<&Word> = arguments.iter().copied().filter(|word| !word.text.starts_with('-')).collect();
    let has = |letter: char| arguments.iter().any(|w| w.text.starts_with('-') && !w.text.starts_with("--") && w.text.contains(letter));
    let behind = |options: &[&str]| {
        let at = arguments.iter().position(|word| options.contains(&word.text.as_str()));
        at.and_then(|at| arguments.get(at + 1)).copied()
    };
    let mut say = |word: &Word, is_folder: bool| path(folder.as_deref(), word, is_folder, written);
    command.outputs.iter().for_each(|word| say(word, false));
    match name.as_str() {
        // With `-f`, what is not there is no error.
        "rm" if has('f') => {}
        "tee" | "touch" | "rm" | "unlink" | "truncate" => operands.iter().for_each(|word| say(word, false)),
        "mkdir" => {
            let mode = behind(&["-m", "--mode"]);
            operands.iter().filter(|word| Some(**word) != mode).for_each(|word| say(word, true));
        }
        "rmdir" => operands.iter().for_each(|word| say(word, false)),
        "chmod" | "chown" | "chgrp" => operands.iter().skip(1).for_each(|word| say(word, false)),
        "cp" | "ln" | "install" | "rsync" => operands.iter().skip(1).last().into_iter().for_each(|word| say(word, false)),
        "mv" => operands.iter().for_each(|word| say(word, false)),
        "sed" if arguments.iter().any(|w| w.text.starts_with("-i") || w.text.starts_with("--in-place")) || has('i') => {
            let is_given = arguments.iter().any(|w| matches!(w.text.as_str(), "-e" | "-f" | "--expression" | "--file"));
            operands.iter().skip(usize::from(!is_given)).filter(|w| w.text.contains('/')).for_each(|word| say(word, false));
        }
        "wget" => behind(&["-O", "--output-document"]).into_iter().for_each(|word| say(word, false)),
        "curl" => behind(&["-o", "--output"]).into_iter().for_each(|word| say(word, false)),
        "tar" => behind(&["-C", "--directory"])
            .filter(|_| has('x') || operands.first().is_some_and(|w| w.text.contains('x')))
            .into_iter()
            .for_each(|word| say(word, true)),
        "unzip" => behind(&["-d"]).into_iter().for_each(|word| say(word, true)),
        "openssl" => ["-out", "-keyout"].iter().filter_map(|option| behind(&[option])).for_each(|word| say(word, false)),
        "ssh-keygen" => behind(&["-f"]).into_iter().for_each(|word| say(word, false)),
        "dd" => {
            let outputs = arguments.iter().filter_map(|w| Some(Word { text: w.text.strip_prefix("of=")?.to_owned(), ..(*w).clone() }));
            outputs.for_each(|word| say(&word, false));
        }
        "git" if operands.first().is_some_and(|w| w.text == "clone") && operands.len() > 2 => say(operands[2], true),
        "cd" => *folder = operands.first().filter(|w| w.is_known).and_then(|w| absolute(folder.as_deref(), &w.text)),
        "eval" => written.doubt("its script runs what a variable holds".to_owned()),
        "." | "source" => operands.iter().take(1).for_each(|word| own_program(service, &word.text, written)),
        _ if CODE.iter().any(|(program, option)| *program == name && arguments.iter().any(|w| w.text == *option)) => {
            written.doubt(format!("its script has code for {name}, and what that writes is not read"));
        }
        _ => {
            own_program(service, program, written);
            if SHELLS.contains(&name.as_str()) {
                operands.iter().take(1).for_each(|word| own_program(service, &word.text, written));
            }
        }
    }
}

/// The words of a command from its program on.
fn program_and_arguments(command: &Simple) -> Vec<&Word> {
    let is_setting =
        |word: &&Word| word.text.split_once('=').is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    let is_before =
        |word: &&Word| BEFORE.contains(&word.text.rsplit('/').next().unwrap_or_default()) || is_setting(word) || word.text == "--";
    let mut words: Vec<&Word> = command.words.iter().skip_while(is_before).collect();
    // They are given a user before the command.
    if words.first().is_some_and(|w| matches!(w.text.rsplit('/').next(), Some("gosu" | "su-exec" | "setpriv"))) && words.len() > 2 {
        words.drain(..2);
    }
    words
}

/// An absolute path, if the folder is known that a relative one starts from.
fn absolute(folder: Option<&str>, text: &str) -> Option<String> {
    match (text.starts_with('/'), folder) {
        (true, _) => Some(clean_path(text)),
        (false, Some(folder)) => Some(clean_path(&format!("{folder}/{text}"))),
        (false, None) => None,
    }
}

/// A path that a command makes or changes.
fn path(folder: Option<&str>, word: &Word, is_folder: bool, written: &mut Written) {
    // Of a pattern such as `/var/run/*.pid`, the folder is known.
    let pattern = word.text.find(['*', '?']).filter(|_| !word.is_known && !word.text.contains(['$', '`']));
    let text = match (word.is_known, pattern) {
        (true, _) => Some(word.text.as_str()),
        (false, Some(at)) => word.text[..at].rsplit_once('/').map(|(folder, _)| folder).filter(|folder| !folder.is_empty()),
        (false, None) => None,
    };
    let is_folder = is_folder || pattern.is_some() || word.text.ends_with('/');
    match text.filter(|_| !word.is_hidden).and_then(|text| absolute(folder, text)) {
        Some(path) if ["/dev", "/proc", "/sys"].iter().any(|top| is_at(&path, top)) => {}
        Some(path) if written.paths.iter().any(|(known, _)| *known == path) => {}
        Some(_) if written.paths.len() == MAX_PATHS => written.doubt(format!("its script writes to more than {MAX_PATHS} places")),
        Some(path) => {
            let folder = if is_folder { path.clone() } else { parent(&path) };
            written.paths.push((path, folder));
        }
        None => written.doubt("its script writes to a file whose place is not known".to_owned()),
    }
}
