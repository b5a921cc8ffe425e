//! What the script of a command writes by itself, as far as that is plain to see: `date > /stamp && exec server`.

mod arguments;
mod clients;
mod commands;
mod installers;
mod start;

pub(super) use commands::program_and_arguments;
pub(crate) use installers::installs;
pub(super) use start::{Deed, Start, deeds};

use super::place::parent;
use crate::compose::{Coverage, MountKind, Script, Service, Word, clean_path, is_at, merge, script};

/// What the scripts of a service's own commands write.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The paths that they make or change, cleaned, and the folder that must be writable for it.
    pub(crate) paths: Vec<(String, String)>,
    /// How many of these are of its own commands, and not of what runs beside them.
    pub(crate) own: usize,
    /// Why there may be more.
    pub(crate) doubts: Vec<String>,
    /// The first program that installs packages.
    pub(crate) installer: Option<String>,
}

/// Most paths of one service: beyond that its script is no set-up that a plan could follow.
const MAX_PATHS: usize = 100;

/// Deepest nesting of scripts in the words of a command: `sh -c "su -c '…'"`.
const MAX_NESTING: usize = 8;

/// Shells that are given a script with `-c`.
const SHELLS: [&str; 6] = ["ash", "bash", "busybox", "dash", "sh", "zsh"];

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

/// What the scripts of `command` and `entrypoint` write, and of what runs beside them, and which files of the project they run.
pub(crate) fn writes(service: &Service<'_>) -> Written {
    let mut words: Vec<Word> = Vec::new();
    for key in ["entrypoint", "command"] {
        words.extend(service.words(key).unwrap_or_default());
    }
    let (hooks, check) = (hooks(service), check(service));
    let is_hidden = words.iter().chain(hooks.iter().flatten()).chain(&check).any(|word| word.is_hidden);
    let keys = ["entrypoint", "command", "healthcheck", "post_start", "pre_stop"];
    let texts = || keys.iter().flat_map(|key| service.texts(key)).map(|node| node.text().to_owned());
    let folder = service.word_of("working_dir").filter(|word| word.is_known && !word.is_hidden).map(|word| word.text);
    let mut reading =
        Reading { service: Some(service), shown: is_hidden.then(|| texts().collect()), depth: 0, folder, written: Written::default() };
    reading.words(&words);
    let (own, installer) = (reading.written.paths.len(), reading.written.installer.take());
    hooks.iter().for_each(|words| reading.words(words));
    // A check that cannot write keeps nothing from working, so that only what it plainly writes counts.
    let doubts = std::mem::take(&mut reading.written.doubts);
    reading.words(&check);
    Written { own, doubts, installer, ..reading.written }
}

/// The commands that run after the start and before the stop.
fn hooks(service: &Service<'_>) -> Vec<Vec<Word>> {
    let values = ["post_start", "pre_stop"].into_iter().flat_map(|key| service.values(key));
    let commands = values.flat_map(|value| {
        let items = value.entry.value().resolved().items();
        items.filter_map(move |item| Some((value.part, merge::get(item, "command")?)))
    });
    commands.map(|(part, command)| service.words_in(part, command)).collect()
}

/// The command of the health check.
fn check(service: &Service<'_>) -> Vec<Word> {
    let tests = service.values("healthcheck").into_iter().filter_map(|value| Some((value.part, merge::get(value.entry.value(), "test")?)));
    let Some((part, test)) = tests.last() else { return Vec::new() };
    let shell = |script: Word| {
        ["sh", "-c"].map(|text| Word { text: text.to_owned(), is_known: true, is_hidden: false }).into_iter().chain([script])
    };
    if let Some(text) = test.resolved().as_str() {
        return shell(service.word(part, text)).collect();
    }
    let mut words = service.words_in(part, test).into_iter();
    match (words.next(), words.next()) {
        (Some(kind), Some(script)) if kind.text == "CMD-SHELL" => shell(script).collect(),
        (_, first) => first.into_iter().chain(words).collect(),
    }
}

/// The words of commands on their way to what they write.
struct Reading<'s, 'a> {
    service: Option<&'s Service<'a>>,
    /// Where the value of a variable may be in the words: the texts that they were made of. What does not stand in these is not repeated.
    shown: Option<Vec<String>>,
    /// How many scripts it is within.
    depth: usize,
    /// Where relative paths start, if that is known.
    folder: Option<String>,
    written: Written,
}

impl Reading<'_, '_> {
    fn doubt(&mut self, why: impl Into<String>) {
        let why = why.into();
        if !self.written.doubts.contains(&why) {
            self.written.doubts.push(why);
        }
    }

    /// Whether a word may hold the value of a variable.
    fn hides(&self, word: &Word) -> bool {
        word.is_hidden || self.shown.as_ref().is_some_and(|texts| !texts.iter().any(|text| text.contains(&word.text)))
    }

    /// A script in a word.
    fn script(&mut self, text: &str) {
        if self.depth == MAX_NESTING {
            return self.doubt("its script is not one that can be read");
        }
        let Script { commands, is_whole } = script(text);
        self.depth += 1;
        // A shell of its own leaves the folder of the one that starts it.
        let folder = self.folder.clone();
        for command in &commands {
            self.simple(command);
        }
        self.folder = folder;
        self.depth -= 1;
        if !is_whole {
            self.doubt("its script is not one that can be read");
        }
    }

    /// A script that the project mounts: what it writes is not read.
    fn own_program(&mut self, program: &Word) {
        let Some(service) = self.service else { return };
        let (Coverage::Writable(mount) | Coverage::ReadOnly(mount) | Coverage::Unknown(mount)) = service.coverage(&program.text) else {
            return;
        };
        if program.text.starts_with('/') && matches!(mount.kind, MountKind::Bind | MountKind::Unknown | MountKind::Volume) {
            let shown = if self.hides(program) { String::new() } else { format!("{}, ", program.text) };
            self.doubt(format!("it runs {shown}a program of your own, and what that writes is not known"));
        }
    }

    /// A file that a command makes or changes.
    fn file(&mut self, word: &Word) {
        self.path(word, false);
    }

    /// A folder that it makes, gives away or fills.
    fn folder(&mut self, word: &Word) {
        self.path(word, true);
    }

    fn files_of(&mut self, words: &[Word]) {
        words.iter().for_each(|word| self.file(word));
    }

    fn folders_of(&mut self, words: &[Word]) {
        words.iter().for_each(|word| self.folder(word));
    }

    /// The folder that it is in.
    fn here(&mut self) {
        match self.folder.clone() {
            Some(folder) => self.put(folder, true),
            None => self.doubt("its script writes to the folder that it is started in, and which that is is not known"),
        }
    }

    fn path(&mut self, word: &Word, is_folder: bool) {
        // Of a pattern such as `/var/run/*.pid`, the folder is known.
        let pattern = word.text.find(['*', '?']).filter(|_| !word.is_known && !word.text.contains(['$', '`']));
        let text = match (word.is_known, pattern) {
            (true, _) => Some(word.text.as_str()),
            (false, Some(at)) => word.text[..at].rsplit_once('/').map(|(folder, _)| folder).filter(|folder| !folder.is_empty()),
            (false, None) => None,
        };
        let is_folder = is_folder || pattern.is_some() || word.text.ends_with('/');
        match text.filter(|_| !self.hides(word)).and_then(|text| absolute(self.folder.as_deref(), text)) {
            Some(path) => self.put(path, is_folder),
            None => self.doubt("its script writes to a file whose place is not known"),
        }
    }

    fn put(&mut self, path: String, is_folder: bool) {
        if ["/dev", "/proc", "/sys"].iter().any(|top| is_at(&path, top)) || self.written.paths.iter().any(|(known, _)| *known == path) {
            return;
        }
        if self.written.paths.len() == MAX_PATHS {
            return self.doubt(format!("its script writes to more than {MAX_PATHS} places"));
        }
        let folder = if is_folder { path.clone() } else { parent(&path) };
        self.written.paths.push((path, folder));
    }
}

/// An absolute path, if the folder is known that a relative one starts from.
fn absolute(folder: Option<&str>, text: &str) -> Option<String> {
    match (text.starts_with('/'), folder) {
        (true, _) => Some(clean_path(text)),
        (false, Some(folder)) => Some(clean_path(&format!("{folder}/{text}"))),
        (false, None) => None,
    }
}

#[cfg(test)]
mod tests;
