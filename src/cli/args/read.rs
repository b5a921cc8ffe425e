//! From the words of the command line to what is asked for, and what is said where they are none of ours.

use super::Cli;
use crate::cli::explain;
use crate::error::{Error, Result};
use crate::text::{clean_line, nearest};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, Parser};
use std::ffi::OsString;
use std::path::Path;

/// First words that people know from other programs, and what they are here.
const HABITS: [(&str, &str); 25] = [
    ("apply", "--write"),
    ("autofix", "--write"),
    ("check", "--check"),
    ("ci", "--check"),
    ("diff", ""),
    ("doctor", "diagnose"),
    ("docs", "explain guide"),
    ("fix", "--write"),
    ("format", "--write"),
    ("harden", ""),
    ("init", ""),
    ("interactive", "-i"),
    ("lint", "audit"),
    ("list", "presets"),
    ("logs", "diagnose"),
    ("lsp", "server"),
    ("plan", ""),
    ("report", "audit"),
    ("review", "-i"),
    ("rules", "explain"),
    ("run", "verify"),
    ("scan", "audit"),
    ("test", "verify"),
    ("version", "--version"),
    ("write", "--write"),
];
/// What is behind an empty one of these.
const PLAIN: &str = "shows the change; `rofs-harden presets` lists what is known";

impl Cli {
    /// The command line.
    ///
    /// Errors: what clap finds wrong with it; an option stands before a verb, which is read as a PATH there; a first word that is neither
    /// a verb nor a path.
    pub(in crate::cli) fn read() -> Result<Self> {
        let command = Self::command();
        let words = help(&command, std::env::args_os().collect());
        let parsed = Self::try_parse_from(&words);
        let is_verb = |word: &&str| command.find_subcommand(word).is_some();
        let first = words.get(1).and_then(|word| word.to_str());
        let verb = match &parsed {
            Ok(cli) if cli.verb.is_none() => cli.harden.input.paths.first().and_then(|path| path.to_str()).filter(is_verb),
            // A verb that comes first is one, whatever is wrong behind it.
            Err(error)
                if !first.is_some_and(|word| is_verb(&word)) && error.context().any(|(_, value)| value.to_string().contains("[PATH]")) =>
            {
                words.iter().skip(1).filter_map(|word| word.to_str()).find(is_verb)
            }
            _ => None,
        };
        if let (Some("help"), Some(word), Err(error)) = (first, words.get(2).and_then(|word| word.to_str()), &parsed)
            && error.kind() == ErrorKind::InvalidSubcommand
        {
            let hint = match meant(&command, word) {
                Some(Meant::Verb(verb)) => format!("did you mean `rofs-harden help {verb}`?"),
                Some(habit) => habit.hint(),
                None => nearest(word, explain::names()).map_or_else(
                    || "`rofs-harden --help` lists the verbs, `rofs-harden explain` the pages".to_owned(),
                    |page| format!("did you mean `rofs-harden explain {page}`?"),
                ),
            };
            return Err(Error::Usage(clean_line(&format!("there is no verb or page `{word}`")), Some(hint)));
        }
        let is_fixing = match &parsed {
            Ok(cli) => cli.verb.is_none(),
            Err(error) => error.use_stderr(),
        };
        if let Some(word) = first.filter(|word| is_fixing && !Path::new(word).exists())
            && let Some(meant) = meant(&command, word)
        {
            return Err(Error::Usage(format!("there is no file or verb `{word}`"), Some(meant.hint())));
        }
        match verb.filter(|_| !words.iter().any(|word| word == "--")) {
            Some(verb) => {
                let hint = format!("put the options behind it: rofs-harden {verb} ...; a folder of that name is ./{verb}");
                Err(Error::Usage(format!("`{verb}` is a verb, and an option stands before it"), Some(hint)))
            }
            None => parsed.or_else(|error| if error.use_stderr() { Err(said(&command, first, &error)) } else { error.exit() }),
        }
    }
}

/// `help` with what it knows: `help ci` opens a page, and `help -h` is the help.
fn help(command: &Command, mut words: Vec<OsString>) -> Vec<OsString> {
    let [_, first, topic @ ..] = words.as_slice() else { return words };
    let Some(word) = topic.first().and_then(|word| word.to_str()).filter(|_| first == "help") else { return words };
    if matches!(word, "-h" | "--help" | "help") {
        words.truncate(1);
        words.push("--help".into());
    } else if command.find_subcommand(word).is_none() && explain::names().any(|page| page == word) {
        words[1] = "explain".into();
    }
    words
}

/// What a first word that is no verb nearly is.
enum Meant {
    Verb(String),
    /// What does that here.
    Habit(&'static str),
}

impl Meant {
    fn hint(&self) -> String {
        match self {
            Self::Verb(verb) => format!("did you mean `rofs-harden {verb}`?"),
            Self::Habit("") => format!("did you mean `rofs-harden`? It {PLAIN}"),
            Self::Habit(habit) => format!("did you mean `rofs-harden {habit}`?"),
        }
    }
}

fn meant(command: &Command, word: &str) -> Option<Meant> {
    let is_word = word.bytes().all(|b| b.is_ascii_alphabetic()) && command.find_subcommand(word).is_none();
    let verbs = || command.get_subcommands().map(Command::get_name);
    let near = nearest(word, HABITS.into_iter().map(|(name, _)| name).chain(verbs())).filter(|_| is_word)?;
    let habit = HABITS.into_iter().find(|(name, _)| *name == near);
    Some(habit.map_or_else(|| Meant::Verb(near.to_owned()), |(_, here)| Meant::Habit(here)))
}

/// What clap says, in our voice: the sentence, and one hint.
fn said(command: &Command, first: Option<&str>, error: &clap::Error) -> Error {
    let text = error.render().to_string();
    let what = text.trim_start_matches("error: ").split("\n\n").next().unwrap_or_default();
    let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
    let near =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue].into_iter().find_map(|kind| match error
            .get(
            kind,
        )? {
            ContextValue::String(near) => Some(near.clone()),
            ContextValue::Strings(near) => near.first().cloned(),
            _ => None,
        });
    let verb = first.filter(|word| command.find_subcommand(word).is_some()).map_or(String::new(), |verb| format!(" {verb}"));
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("`rofs-harden{verb} --help` lists the options"),
    };
    Error::Usage(clean_line(&what), Some(clean_line(&hint)))
}
