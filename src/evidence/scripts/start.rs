//! What a start script of an image plainly does, line by line, with the variables that the image sets and the script itself assigns.

use super::commands::program_and_arguments;
use super::installers::installs_alone;
use super::{Reading, Written};
use crate::compose::{Simple, script};
use std::collections::BTreeMap;

/// Most lines of a script, and longest line, that are read.
const MAX_LINES: usize = 5000;
const MAX_LINE: usize = 4096;

/// Something that a line does to a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deed {
    /// The path, cleaned.
    pub(crate) path: String,
    /// Whether it is a folder that is made or given away.
    pub(crate) is_folder: bool,
    /// Whether a file is changed in place, by a new one beside it.
    pub(crate) is_edit: bool,
    /// Whether nothing decides whether the line is reached.
    pub(crate) is_certain: bool,
    /// Its number, from 1.
    pub(crate) line: usize,
    /// The line as it is written.
    pub(crate) text: String,
}

/// What a start script does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) deeds: Vec<Deed>,
    /// Programs that it runs, and scripts that it reads, as they are written.
    pub(crate) runs: Vec<String>,
    /// Lines that install something.
    pub(crate) installs: Vec<(usize, String)>,
}

/// Reads a script. `env` holds the variables that it is started with, and `folder` is where it is started.
pub(crate) fn deeds(text: &str, env: &BTreeMap<String, String>, folder: &str) -> Start {
    let (mut start, mut env, mut folder) = (Start::default(), env.clone(), Some(folder.to_owned()));
    let (mut depth, mut document): (usize, Option<String>) = (0, None);
    let mut pending: Option<(usize, String)> = None;
    for (at, line) in text.lines().take(MAX_LINES).enumerate() {
        if let Some(end) = &document {
            if line.trim() == end {
                document = None;
            }
            continue;
        }
        let (number, mut whole) = pending.take().unwrap_or((at + 1, String::new()));
        whole += line.trim();
        if whole.len() > MAX_LINE {
            continue;
        }
        if let Some(more) = whole.strip_suffix('\\') {
            pending = Some((number, format!("{} ", more.trim_end())));
            continue;
        }
        document = here_document(&whole);
        let outer = depth;
        depth = depth.saturating_add_signed(blocks(&whole));
        if whole.is_empty() || whole.starts_with('#') {
            continue;
        }
        let expanded = expand(&whole, &env);
        if expanded.len() > MAX_LINE {
            continue;
        }
        assign(&expanded, &mut env);
        let plain = ["|| true", "|| :", "|| exit 1"].iter().fold(expanded.as_str(), |text, end| text.trim_end().trim_end_matches(end));
        let is_certain = outer == 0 && depth == 0 && !plain.contains("&&") && !plain.contains("||") && !plain.starts_with("if ");
        for command in &script(&expanded).commands {
            one(command, &mut folder, &mut start, &Told { number, text: &whole, is_certain });
        }
    }
    start
}

/// The line that says so.
struct Told<'l> {
    number: usize,
    text: &'l str,
    is_certain: bool,
}

fn one(command: &Simple, folder: &mut Option<String>, start: &mut Start, told: &Told<'_>) {
    let words = program_and_arguments(command);
    let name = words.first().map_or("", |word| word.text.rsplit('/').next().unwrap_or_default());
    let mut reading = Reading { service: None, shown: None, depth: 0, folder: folder.take(), written: Written::default() };
    reading.simple(command);
    *folder = reading.folder;
    let mut say = |path: String, is_folder: bool| {
        let is_known = start.deeds.iter().any(|deed| deed.path == path && (deed.is_certain || !told.is_certain));
        if !is_known {
            let (is_edit, is_certain, line) = (name == "sed", told.is_certain, told.number);
            start.deeds.push(Deed { path, is_folder, is_edit, is_certain, line, text: told.text.to_owned() });
        }
    };
    let is_given = ["chgrp", "chmod", "chown"].contains(&name);
    for (path, folder) in reading.written.paths {
        let is_folder = folder == path || is_given;
        say(path, is_folder);
    }
    if installs_alone(name, &words.iter().skip(1).map(|w| w.text.as_str()).collect::<Vec<_>>()) {
        start.installs.push((told.number, told.text.to_owned()));
    }
    let run = if [".", "source", "sh", "bash", "ash", "dash"].contains(&name) { words.get(1) } else { words.first() };
    start.runs.extend(run.filter(|w| w.is_known && !w.text.starts_with('-')).map(|w| w.text.clone()));
}

/// The line that ends the text for a command's input that begins behind this line.
fn here_document(line: &str) -> Option<String> {
    let (before, behind) = line.split_once("<<")?;
    if before.ends_with('<') || behind.starts_with('<') {
        return None;
    }
    let word = behind.trim_start_matches('-').trim_start().trim_start_matches(['\'', '"', '\\']);
    let end = word.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(word.len());
    Some(word[..end].to_owned()).filter(|word| !word.is_empty())
}

/// How many blocks a line opens more than it closes.
fn blocks(line: &str) -> isize {
    let line = line.split(" #").next().unwrap_or(line);
    let mut depth = 0;
    for part in line.split(';') {
        let mut words = part.split_whitespace().skip_while(|word| ["then", "do", "else", "!", "{"].contains(word)).peekable();
        match words.peek() {
            Some(&("if" | "case" | "for" | "while" | "until" | "select")) => depth += 1,
            Some(&("fi" | "done" | "esac" | "}" | "})")) => depth -= 1,
            _ => {}
        }
        if part.trim_end().ends_with('{') && !part.trim_end().ends_with("${") {
            depth += 1;
        }
    }
    depth
}

/// A text with the variables that are known in place.
fn expand(text: &str, env: &BTreeMap<String, String>) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    let mut is_quoted = false;
    while let Some(c) = rest.chars().next() {
        let behind = &rest[c.len_utf8()..];
        if c == '\'' {
            is_quoted = !is_quoted;
        }
        let found = if c == '$' && !is_quoted { variable(behind, env) } else { None };
        if let Some((value, length)) = found {
            expanded += &value;
            rest = &behind[length..];
        } else {
            expanded.push(c);
            rest = behind;
        }
        if expanded.len() > MAX_LINE {
            break;
        }
    }
    expanded
}

/// The value of the variable that a text begins with, and how long its name is.
fn variable(text: &str, env: &BTreeMap<String, String>) -> Option<(String, usize)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if let Some(braced) = text.strip_prefix('{') {
        let inner = &braced[..braced.find('}')?];
        let name = &inner[..inner.find(|c: char| !is_name(c)).unwrap_or(inner.len())];
        let default = [":-", "-", ":=", "="].iter().find_map(|op| inner[name.len()..].strip_prefix(op));
        let is_plain = inner.len() == name.len() || default.is_some();
        let value = env.get(name).cloned().or_else(|| default.filter(|d| !d.contains('$')).map(str::to_owned));
        return value.filter(|_| is_plain).map(|value| (value, inner.len() + 2));
    }
    let name = &text[..text.find(|c: char| !is_name(c)).unwrap_or(text.len())];
    env.get(name).map(|value| (value.clone(), name.len()))
}

/// Remembers what a line assigns, and forgets what it gives a value that is not known.
fn assign(line: &str, env: &mut BTreeMap<String, String>) {
    let line = ["export ", "local ", "readonly ", "declare "].iter().fold(line, |line, word| line.trim_start_matches(word));
    let Some((name, value)) = line.split_once('=') else { return };
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return;
    }
    let value = value.split([' ', ';']).next().unwrap_or_default().trim_matches(['"', '\'']);
    if value.contains(['$', '`', '(']) {
        env.remove(name);
    } else {
        env.insert(name.to_owned(), value.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let env = BTreeMap::from([("PGDATA".to_owned(), "/var/lib/db".to_owned())]);
        let show = |deed: &Deed| {
            let marks = [(deed.is_folder, "/"), (deed.is_edit, "~"), (!deed.is_certain, "?")];
            let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
            format!("{}{marks} {}", deed.path, deed.line)
        };
        deeds(text, &env, "/srv").deeds.iter().map(show).collect()
    }

    #[test]
    fn what_a_start_script_plainly_does_is_read() {
        for (text, expected) in [
            ("#!/bin/sh\nset -e\nmkdir -p \"$PGDATA\"\nexec \"$@\"", &["/var/lib/db/ 3"][..]),
            ("if [ -n \"$X\" ]; then\n  mkdir /data\nfi\nmkdir /keep", &["/data/? 2", "/keep/ 4"]),
            ("[ -d /a ] || mkdir /a", &["/a/? 1"]),
            ("mkdir -p /run/app || true", &["/run/app/ 1"]),
            ("DIR=${APP_DIR:-/var/lib/app}\nchown -R app \"$DIR\"\necho x > $DIR/conf", &["/var/lib/app/ 2", "/var/lib/app/conf 3"]),
            ("sed -i s/a/b/ /etc/app.conf", &["/etc/app.conf~ 1"]),
            ("envsubst < /a.tpl > /etc/nginx/conf.d/a.conf", &["/etc/nginx/conf.d/a.conf 1"]),
            ("usermod -u 5 app", &["/etc/passwd 1"]),
            ("find \"$PGDATA\" /run/db ! -user db -exec chown db {} +", &["/var/lib/db/ 1", "/run/db/ 1"]),
            ("cat > /etc/a <<EOF\nmkdir /not/this\nEOF\nmkdir /this", &["/etc/a 1", "/this/ 4"]),
            ("mkdir -p \\\n  /one \\\n  /two", &["/one/ 1", "/two/ 1"]),
            ("start() {\n  touch /run/x\n}\nstart", &["/run/x? 2"]),
            ("cd /opt/app\ntouch log", &["/opt/app/log 2"]),
            ("touch rel", &["/srv/rel 1"]),
            // What is not known is not guessed.
            ("mkdir \"$UNKNOWN/x\"; X=$(date); mkdir /x$X", &[]),
            ("# mkdir /no\necho 'mkdir /no'", &[]),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_it_runs_and_installs_is_named() {
        let start = deeds(". /opt/lib.sh\n/usr/bin/other --x\napt-get -y install curl\n", &BTreeMap::new(), "/");
        assert_eq!(start.runs, ["/opt/lib.sh", "/usr/bin/other", "apt-get"]);
        assert_eq!(start.installs, [(3, "apt-get -y install curl".to_owned())]);
    }

    #[test]
    fn hostile_scripts_end_soon() {
        let growing: String = std::iter::once("A=xxxxxxxx\n".to_owned()).chain((0..200).map(|_| "A=$A$A$A$A\n".to_owned())).collect();
        assert!(read(&(growing + "mkdir /$A")).iter().all(|deed| deed.len() < MAX_LINE));
        assert_eq!(read(&"if ".repeat(100_000)), [""; 0]);
        assert_eq!(read(&"mkdir \\\n".repeat(100_000)), [""; 0]);
        assert!(read(&"touch /a\n".repeat(100_000)).len() == 1);
    }
}
