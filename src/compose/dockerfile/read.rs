//! From a Dockerfile's text to its facts. The work is linear in the text: names are looked up in maps, and what grows by substitution or
//! by joining paths has a longest length.

use super::{Build, Facts, MAX_BYTES, users};
use crate::compose::image::{Image, shown_reference};
use crate::compose::{clean_path, has_variable};
use parse_dockerfile::{Command, Flag, Instruction, JsonOrStringArray, Stage};
use std::collections::HashMap;

/// Longest image name that substitution may yield, in bytes. Names of registries end at 255.
const MAX_NAME: usize = 512;
/// Longest path that is followed, in bytes: Linux's `PATH_MAX`.
const MAX_PATH: usize = 4096;

/// Reads the stage that `build` asks for and the stages below it. Errors: why nothing is known.
pub(super) fn read(text: &str, build: &Build) -> Result<Facts, String> {
    let dockerfile = parse_dockerfile::parse(text).map_err(|e| not_understood(&e.to_string()))?;
    let arguments = Arguments::new(dockerfile.global_args().map(|arg| &*arg.arguments.value), build);
    let stages: Vec<Stage<'_, '_>> = dockerfile.stages().collect();
    let names = stages.iter().enumerate().rev().filter_map(|(i, s)| Some((s.from.as_.as_ref()?.1.value.to_ascii_lowercase(), i)));
    let names: HashMap<String, usize> = names.collect();
    let mut current = match &build.target {
        Some(target) => names
            .get(&target.to_ascii_lowercase())
            .copied()
            .or_else(|| target.parse().ok().filter(|&i: &usize| i < stages.len()))
            .ok_or_else(|| {
                format!("its Dockerfile has no stage {}", if build.is_hidden { "of that name".to_owned() } else { short(target) })
            })?,
        None => stages.len() - 1,
    };
    let mut chain = vec![current];
    let mut shown;
    let base = loop {
        let written = &stages[current].from.image.value;
        let image = arguments.substitute(written);
        shown = shown_reference(if build.is_hidden { written } else { &image });
        if let Some(other) = build.contexts.get(image.as_str()) {
            let replaced = || format!("another build context stands for the Dockerfile's base {shown}");
            break other.as_deref().and_then(|o| o.strip_prefix("docker-image://")).map(str::to_owned).ok_or_else(replaced);
        }
        match names.get(&image.to_ascii_lowercase()) {
            // Only earlier stages can be meant, so this ends.
            Some(&earlier) if earlier < current => {
                current = earlier;
                chain.push(earlier);
            }
            _ if image == "scratch" => break Err("the Dockerfile's base is scratch".into()),
            _ if Image::parse(&image).is_none() => break Err(format!("a variable decides the Dockerfile's base {shown}")),
            _ => break Ok(image),
        }
    };
    let mut reader = Reader::new(base, shown);
    chain.iter().rev().for_each(|&i| reader.stage(&stages[i]));
    Ok(reader.facts)
}

/// Of what the parser says only the place is repeated: the file may be none of the project's Dockerfiles but a key.
fn not_understood(error: &str) -> String {
    let place = error.rsplit_once(" at line ").map_or(String::new(), |(_, place)| format!(" at line {place}"));
    format!("its Dockerfile is not understood{place}")
}

/// Goes through stages from the lowest to the one that is built.
struct Reader {
    facts: Facts,
    /// The folder that relative paths start from; `None` when it is not known.
    folder: Option<String>,
    /// Numbers of groups that were made.
    groups: HashMap<String, u32>,
    /// Bytes of paths that are still taken in: a long folder in front of many short names makes more text than the Dockerfile has.
    left: usize,
}

impl Reader {
    fn new(base: Result<String, String>, shown_base: String) -> Self {
        let facts = Facts {
            base,
            shown_base,
            user: None,
            environment: Vec::new(),
            entrypoint: None,
            cmd: None,
            folders: Vec::new(),
            copied: Vec::new(),
            owned: Vec::new(),
            workdir: None,
            users: Vec::new(),
        };
        Self { facts, folder: None, groups: HashMap::new(), left: MAX_BYTES }
    }

    fn stage(&mut self, stage: &Stage<'_, '_>) {
        let mut has_cmd = false;
        for instruction in stage.instructions {
            match instruction {
                Instruction::User(user) => self.facts.user = Some(user.arguments.value.to_string()),
                Instruction::Workdir(folder) => {
                    self.folder = self.absolute(&unquoted(&folder.arguments.value));
                    self.facts.workdir.clone_from(&self.folder);
                }
                Instruction::Env(env) => self.facts.environment.extend(environment(&env.arguments.value)),
                Instruction::Cmd(cmd) => {
                    has_cmd = true;
                    self.facts.cmd = Some(text(&cmd.arguments));
                }
                Instruction::Entrypoint(entrypoint) => {
                    self.facts.entrypoint = Some(text(&entrypoint.arguments));
                    // A new entrypoint drops the arguments that were meant for the old one.
                    if !has_cmd {
                        self.facts.cmd = None;
                    }
                }
                Instruction::Volume(volume) => match &volume.arguments {
                    JsonOrStringArray::Json(items) => items.value.iter().for_each(|i| self.folder("VOLUME", &i.value)),
                    JsonOrStringArray::String(items) => items.iter().for_each(|i| self.folder("VOLUME", &i.value)),
                },
                Instruction::Run(run) => {
                    self.made(&text(&run.arguments));
                    run.here_docs.iter().for_each(|script| self.made(&script.value));
                }
                Instruction::Copy(copy) => self.copied(&copy.dest.value, &copy.options),
                Instruction::Add(add) => self.copied(&add.dest.value, &add.options),
                _ => {}
            }
        }
    }

    /// `path` in the folder of this place, cleaned. `None` when a variable decides, it is too long to be real, or there are too many.
    fn absolute(&mut self, path: &str) -> Option<String> {
        let folder = if path.starts_with('/') { "" } else { self.folder.as_deref()? };
        let length = path.len() + folder.len();
        if has_variable(path) || length > MAX_PATH {
            return None;
        }
        self.left = self.left.checked_sub(length)?;
        Some(clean_path(&format!("{folder}/{path}")))
    }

    fn folder(&mut self, instruction: &'static str, path: &str) {
        if let Some(path) = self.absolute(path) {
            self.facts.folders.push((instruction, path));
        }
    }

    fn copied(&mut self, path: &str, options: &[Flag<'_>]) {
        let Some(path) = self.absolute(path) else { return };
        if options.iter().any(|flag| flag.name.value == "chown") {
            self.facts.owned.push(path.clone());
        }
        self.facts.copied.push(path);
    }

    fn owned(&mut self, path: &str) {
        let path = self.absolute(path);
        self.facts.owned.extend(path);
    }

    /// Folders that a shell script makes with `mkdir` or `install -d`, and what it gives to somebody.
    fn made(&mut self, script: &str) {
        self.facts.users.extend(users::made(script, &mut self.groups));
        // What another user than root makes is that user's.
        let is_own = self.facts.user.as_deref().is_some_and(|user| !matches!(user.split(':').next(), Some("root" | "0")));
        let joined = script.replace("\\\r\n", " ").replace("\\\n", " ");
        for command in joined.split([';', '&', '|', '(', ')', '\n', '\r']) {
            let mut words = command.split_whitespace().skip_while(|w| !matches!(w.rsplit('/').next(), Some("mkdir" | "install")));
            let makes = words.next().is_some_and(|program| program.ends_with("mkdir") || command.split_whitespace().any(|w| w == "-d"));
            let gives = is_own || command.split_whitespace().any(|w| w == "-o" || w.starts_with("--owner"));
            for word in words.filter(|w| makes && !w.starts_with('-')) {
                self.folder("RUN mkdir", &unquoted(word));
                if gives {
                    self.owned(&unquoted(word));
                }
            }
            let words = command.split_whitespace().skip_while(|w| w.rsplit('/').next() != Some("chown")).skip(1);
            // The first word that is no option is the owner.
            for word in words.filter(|w| !w.starts_with('-')).skip(1) {
                self.owned(&unquoted(word));
            }
        }
    }
}

/// What `ARG` before the first `FROM` and Compose's `args` say.
struct Arguments(HashMap<String, Argument>);

enum Argument {
    Set(String),
    Unset,
    Unknown,
}

impl Arguments {
    fn new<'t>(instructions: impl Iterator<Item = &'t str>, build: &Build) -> Self {
        let mut arguments = Self(HashMap::new());
        for word in instructions.flat_map(words) {
            let (name, default) = word.split_once('=').map_or((word.as_str(), None), |(n, d)| (n, Some(d)));
            let value = match (build.args.get(name), default) {
                (Some(Some(value)), _) => Argument::Set(value.clone()),
                (Some(None), _) => Argument::Unknown,
                (None, None) => Argument::Unset,
                (None, Some(default)) => match arguments.substitute(default) {
                    value if has_variable(&value) => Argument::Unknown,
                    value => Argument::Set(value),
                },
            };
            arguments.0.insert(name.to_owned(), value);
        }
        arguments
    }

    /// `text` with the known arguments put in. What is not known, or would be too long, stays as written.
    fn substitute(&self, text: &str) -> String {
        let mut result = String::new();
        let mut rest = text;
        while let Some(start) = rest.find('$') {
            result.push_str(&rest[..start]);
            let variable = &rest[start..];
            let (name, default, length) = split_variable(variable);
            let value = match (self.0.get(name), default) {
                (Some(Argument::Set(value)), None) => Some(value.as_str()),
                (Some(Argument::Set(value)), Some(default)) => Some(if value.is_empty() { default } else { value }),
                (Some(Argument::Unset) | None, Some(default)) => Some(default),
                (Some(Argument::Unset | Argument::Unknown) | None, _) => None,
            };
            let value = value.filter(|v| result.len() + v.len() <= MAX_NAME);
            result.push_str(value.unwrap_or(&variable[..length]));
            rest = &variable[length..];
        }
        result.push_str(rest);
        unquoted(&result)
    }
}

/// Name, default, and length in bytes of the variable that `text` starts with. The name is empty for forms that are not followed.
fn split_variable(text: &str) -> (&str, Option<&str>, usize) {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match text[1..].strip_prefix('{') {
        Some(inner) => match inner.find('}') {
            Some(end) => {
                let (name, default) = inner[..end].split_once(":-").map_or((&inner[..end], None), |(n, d)| (n, Some(d)));
                (if name.chars().all(is_name) { name } else { "" }, default, end + 3)
            }
            None => ("", None, text.len()),
        },
        None => {
            let name = &text[1..];
            let end = name.find(|c| !is_name(c)).unwrap_or(name.len());
            (&name[..end], None, end + 1)
        }
    }
}

/// The pairs of an `ENV`: `A=1 B="x y"`, or the old form `A rest of the line`.
fn environment(text: &str) -> Vec<(String, String)> {
    match text.split_once(char::is_whitespace) {
        Some((name, value)) if !name.contains('=') => vec![(name.to_owned(), value.trim().to_owned())],
        _ => words(text).filter_map(|w| w.split_once('=').map(|(n, v)| (n.to_owned(), v.to_owned()))).collect(),
    }
}

/// Words of a line, without the quotes that hold them together.
fn words(line: &str) -> impl Iterator<Item = String> {
    let mut characters = line.chars();
    std::iter::from_fn(move || {
        let (mut word, mut quote, mut any) = (String::new(), None, false);
        for c in characters.by_ref() {
            match (c, quote) {
                ('"' | '\'', None) => (quote, any) = (Some(c), true),
                (_, Some(open)) if c == open => quote = None,
                (_, None) if c.is_whitespace() => {
                    if any {
                        return Some(word);
                    }
                }
                _ => {
                    any = true;
                    word.push(c);
                }
            }
        }
        any.then_some(word)
    })
}

fn unquoted(text: &str) -> String {
    text.trim_matches(['"', '\'']).to_owned()
}

/// The text of a command, its words separated by blanks.
fn text(command: &Command<'_>) -> String {
    match command {
        Command::Exec(items) => items.value.iter().map(|i| &*i.value).collect::<Vec<_>>().join(" "),
        Command::Shell(text) => text.value.to_owned(),
        _ => String::new(),
    }
}

/// Enough of a name for a message.
fn short(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(text: &str, target: Option<&str>) -> Result<Facts, String> {
        let target = target.map(str::to_owned);
        read(
            text,
            &Build { path: None, context: None, target, inline: None, args: HashMap::new(), contexts: HashMap::new(), is_hidden: false },
        )
    }

    #[test]
    fn the_built_stage_and_those_below_it_are_read() {
        let text = "ARG V=22\nFROM node:${V}-slim AS base\nENV DATA_DIR=/data\nFROM golang AS tools\nUSER go\nFROM Base\nWORKDIR /app\n\
                    RUN mkdir -p /data/x logs && chown node /other\nUSER node\nVOLUME [\"/srv/\"]\nCOPY t /etc/t/\nCMD [\"node\", \"app.js\"]\n";
        let found = facts(text, None).expect("facts");
        let pairs = |list: &[(&str, &str)]| list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
        assert_eq!((found.base.as_deref(), found.user.as_deref()), (Ok("node:22-slim"), Some("node")));
        assert_eq!(found.environment, pairs(&[("DATA_DIR", "/data")]));
        let folders: Vec<_> = found.folders.iter().map(|(kind, path)| (*kind, path.as_str())).collect();
        assert_eq!(folders, [("RUN mkdir", "/data/x"), ("RUN mkdir", "/app/logs"), ("VOLUME", "/srv")]);
        assert_eq!((found.copied, found.cmd.as_deref()), (vec!["/etc/t".to_owned()], Some("node app.js")));
        assert_eq!(facts(text, Some("tools")).expect("facts").user.as_deref(), Some("go"));
        assert_eq!(facts(text, Some("0")).expect("facts").user, None);
    }

    #[test]
    fn the_base_is_known_or_there_is_a_reason() {
        for (text, expected) in [
            ("FROM node\n", Ok("node")),
            ("from --platform=$BUILDPLATFORM node:22 as node\n", Ok("node:22")),
            ("ARG V\nFROM node:${V}\n", Ok("node:${V}")),
            ("ARG A=no\nARG B=${A}de\nFROM $B\n", Ok("node")),
            ("ARG A=node B=22\nFROM $A:$B\n", Ok("node:22")),
            ("ARG A=\"node\"\nFROM $A\n", Ok("node")),
            ("ARG A=\nFROM ${A:-node}\n", Ok("node")),
            ("FROM node AS node\nFROM node\n", Ok("node")),
            ("FROM $IMAGE\n", Err("a variable decides the Dockerfile's base $IMAGE")),
            ("FROM ${IMAGE:+x}\n", Err("a variable decides the Dockerfile's base ${IMAGE:+x}")),
            ("FROM ${IMAGE\n", Err("a variable decides the Dockerfile's base ${IMAGE")),
            ("FROM scratch\n", Err("the Dockerfile's base is scratch")),
        ] {
            assert_eq!(facts(text, None).expect("facts").base, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn what_is_no_dockerfile_is_not_understood() {
        for text in ["not a dockerfile", "", "RUN x\n", "FROM a AS b\nFROM c AS b\n", "FROM\n"] {
            let error = facts(text, None).expect_err("no facts");
            assert!(error.starts_with("its Dockerfile is not understood"), "{text}: {error}");
        }
    }

    #[test]
    fn the_command_that_counts_is_found() {
        for (text, entrypoint, cmd) in [
            ("CMD a\nCMD b\n", None, Some("b")),
            ("CMD a\nENTRYPOINT [\"e\", \"f\"]\n", Some("e f"), Some("a")),
            ("CMD a\nFROM x\nENTRYPOINT e\n", Some("e"), None),
            ("ENTRYPOINT e\nFROM x\nCMD c\n", Some("e"), Some("c")),
        ] {
            let found = facts(&format!("FROM node AS x\n{text}"), None).expect("facts");
            assert_eq!((found.entrypoint.as_deref(), found.cmd.as_deref()), (entrypoint, cmd), "{text}");
        }
    }

    #[test]
    fn folders_that_scripts_make_are_found() {
        for (run, expected) in [
            ("RUN mkdir /a", &["/a"][..]),
            ("RUN set -e; mkdir -p -m 0755 \"/a/b\" \\\n    /c && rm -r /d", &["/a/b", "/c"]),
            ("RUN [\"mkdir\", \"-p\", \"/a\"]", &["/a"]),
            ("RUN install -d -o app /a", &["/a"]),
            ("RUN install /a /b", &[]),
            ("RUN <<EOF\nmkdir /a\ntouch /b\nEOF", &["/a"]),
            ("RUN mkdir relative $HOME/x ${D}", &[]),
            ("RUN echo /a", &[]),
        ] {
            let found = facts(&format!("FROM node\n{run}\n"), None).expect("facts");
            assert_eq!(found.folders.iter().map(|(_, p)| p.as_str()).collect::<Vec<_>>(), expected, "{run}");
        }
    }

    #[test]
    fn environment_is_read_in_both_forms() {
        for (text, expected) in [
            ("A=1 B=\"x y\" C='z'", &[("A", "1"), ("B", "x y"), ("C", "z")][..]),
            ("A some words", &[("A", "some words")]),
            ("A=", &[("A", "")]),
            ("A", &[]),
        ] {
            let expected: Vec<_> = expected.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            assert_eq!(environment(text), expected, "{text}");
        }
    }

    #[test]
    fn growth_is_bounded() {
        let mut doubling = String::from("ARG A0=xxxxxxxx\n");
        (1..60).for_each(|i| doubling += &format!("ARG A{i}=$A{0}$A{0}\n", i - 1));
        assert!(facts(&format!("{doubling}FROM $A59\n"), None).expect("facts").base.is_err());
        let mut deeper = String::from("FROM node\nWORKDIR /\n");
        (0..10_000).for_each(|_| deeper += "WORKDIR xxxxxxxxxxxxxxxx\nRUN mkdir y\n");
        deeper += &format!("WORKDIR /{}\nRUN mkdir{}\n", "x".repeat(4000), " y".repeat(10_000));
        let folders = facts(&deeper, None).expect("facts").folders;
        let lengths = || folders.iter().map(|(_, p)| p.len());
        assert!(lengths().max() < Some(MAX_PATH + 10) && lengths().sum::<usize>() < 2 * MAX_BYTES, "{}", lengths().sum::<usize>());
        assert!(folders.len() > 200);
    }
}
