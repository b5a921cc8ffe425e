//! What is known of a place for state: whether the image declares it as a volume, and what moves it.
//!
//! `moved_by = [{ env = "PGDATA" }, { option = "-D", form = "space" }, { word = "-D" }]`

use super::Condition;
use super::parse::{Wrong, conditions, line};
use super::when::RawConditions;
use crate::compose::clean_path;
use crate::text::toml::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt;
use std::ops::Range;

/// Whether an image declares a path as a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// It does.
    pub is_volume: bool,
    /// When it does: all of these must hold.
    pub when: Vec<Condition>,
    /// Where that was seen.
    pub source: String,
}

/// What moves a path, and that nothing else in a Compose file does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// What moves it, or a part of it.
    pub by: Vec<Mover>,
    /// Why nothing in a Compose file moves it; beside movers: why nothing else does.
    pub fixed: Option<String>,
    /// Where that is written or was seen.
    pub source: String,
}

/// Something in a Compose file that moves a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mover {
    /// What names the new path.
    pub by: By,
    /// What the program adds to the path that is named: `/.ollama`.
    pub adds: Option<String>,
    /// The part of the data that moves, where not all of it does.
    pub part: Option<String>,
    /// What its value is, for people, where that is more or less than the path of one folder.
    pub means: Option<String>,
    /// What its value is.
    pub names: Names,
    /// Where the path is in a value that is JSON: the keys on the way to it.
    pub json: Option<Vec<String>>,
    /// Values that move nothing.
    pub except: Vec<String>,
    /// What of the path is still written where it is, as paths below it; `None` where a mover of a
    /// part leaves all of it in place.
    pub rest: Option<Vec<String>>,
    /// When it does so: all of these must hold.
    pub when: Vec<Condition>,
    /// Where that is written or was seen, if not where the others are.
    pub source: Option<String>,
}

/// What names a new path. In names, `*` stands for any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// An environment variable.
    Env(String),
    /// A word of the command, and a value.
    Option(String, Form),
    /// A word of the command that starts so; its rest is the value.
    Word {
        /// What it starts with: `data_directory=`.
        start: String,
        /// The word that must stand before it: `-c`.
        behind: Option<String>,
    },
    /// A key of the service.
    Key(Key),
    /// A setting in a configuration file that the project gives the program.
    Setting {
        /// Its name.
        name: String,
        /// Where the program looks for its files, beside those that its command names.
        at: Vec<String>,
    },
}

/// What the value of a mover is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Names {
    /// A folder.
    #[default]
    Folder,
    /// A file, whose folder must be writable; the address of a server is none.
    File,
    /// Several folders: with blanks or commas between them, or all words behind an option.
    Folders,
    /// Anything; only an absolute path counts.
    Path,
    /// The start of the names of files; only an absolute path counts.
    Start,
    /// A place outside of the container, or one where nothing is written.
    Elsewhere,
    /// Something that names the place in turn, and is not read.
    Other,
}

/// How an option has its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// As the next word: `--dir V`.
    Space,
    /// In the same word: `--dir=V`.
    Equals,
    /// Either.
    #[default]
    Both,
}

/// A key of a service that moves paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// What runs.
    Command,
    /// Where it runs: relative paths begin there.
    WorkingDir,
}

/// One item of `moved_by` as written.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMover {
    /// An environment variable; `*` stands for any text.
    #[schemars(with = "Option<String>")]
    env: Option<Spanned<String>>,
    /// A word of the command with a value; `*` stands for any text.
    #[schemars(with = "Option<String>")]
    option: Option<Spanned<String>>,
    /// How the option has its value; `both` where nothing is said.
    #[schemars(with = "Option<Form>")]
    form: Option<Spanned<Form>>,
    /// The start of a word of the command whose rest is the value; with `option`, the word behind that.
    #[schemars(with = "Option<String>")]
    word: Option<Spanned<String>>,
    /// A key of the service.
    key: Option<Key>,
    /// A setting in a configuration file that the project mounts: `dir`. Its value is compared and never shown.
    #[schemars(with = "Option<String>")]
    setting: Option<Spanned<String>>,
    /// Where the program looks for its configuration, beside the files that its command names.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    at: Vec<Spanned<String>>,
    /// What the program adds to the path that is named.
    #[schemars(with = "Option<String>")]
    adds: Option<Spanned<String>>,
    /// The part of the data that moves.
    #[schemars(with = "Option<String>")]
    part: Option<Spanned<String>>,
    /// What the value is, where that is not the path of one folder.
    #[schemars(with = "Option<String>")]
    means: Option<Spanned<String>>,
    /// What the value is; `other` where `means` says something and this does not.
    #[schemars(with = "Option<Names>")]
    names: Option<Spanned<Names>>,
    /// Where the path is in a value that is JSON: `storage.file.path`.
    #[schemars(with = "Option<String>")]
    json: Option<Spanned<String>>,
    /// Values that move nothing.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    except: Vec<Spanned<String>>,
    /// What of the path is still written where it is, as paths below it.
    #[schemars(with = "Option<Vec<String>>")]
    rest: Option<Vec<Spanned<String>>>,
    /// When it moves the path.
    #[schemars(with = "Option<RawConditions>")]
    when: Option<Spanned<RawConditions>>,
    /// Where that is written, if not in `moved_source`.
    #[schemars(with = "Option<String>")]
    source: Option<Spanned<String>>,
}

/// What a `[[writable]]` entry says of its place, as written.
#[derive(Default)]
pub(super) struct RawPlace {
    pub declared: Option<Spanned<bool>>,
    pub declared_when: Option<Spanned<RawConditions>>,
    pub declared_source: Option<Spanned<String>>,
    pub moved_by: Option<Spanned<Vec<Spanned<RawMover>>>>,
    pub fixed: Option<Spanned<String>>,
    pub moved_source: Option<Spanned<String>>,
}

impl RawPlace {
    /// The first of its keys that is only for state: scratch may be moved, and that is all.
    pub(super) fn of_state(&self) -> Option<Range<usize>> {
        let declared = self.declared.as_ref().map(Spanned::span).or(self.declared_when.as_ref().map(Spanned::span));
        let fixed = self.moved_by.is_none().then(|| self.fixed.as_ref().or(self.moved_source.as_ref())).flatten();
        [declared, self.declared_source.as_ref().map(Spanned::span), fixed.map(Spanned::span)]
            .into_iter()
            .flatten()
            .min_by_key(|range| range.start)
    }

    pub(super) fn read(self) -> Result<(Option<Declared>, Option<Moved>), Wrong> {
        if let (Some(when), None) = (&self.declared_when, &self.declared) {
            return Err((when.span(), "this is for `declared`".into()));
        }
        let declared = match (self.declared, self.declared_source) {
            (None, None) => None,
            (Some(is_volume), Some(source)) => {
                let when = conditions(self.declared_when)?;
                Some(Declared { is_volume: is_volume.into_inner(), when, source: line(source)? })
            }
            (Some(declared), None) => return Err((declared.span(), "say where that was seen in `declared_source`".into())),
            (None, Some(source)) => return Err((source.span(), "this is for `declared`".into())),
        };
        let said = self.moved_by.as_ref().map(Spanned::span).or(self.fixed.as_ref().map(Spanned::span));
        let moved = match (said, self.moved_source) {
            (None, None) => None,
            (None, Some(source)) => return Err((source.span(), "this is for `moved_by` or `fixed`".into())),
            (Some(range), None) => return Err((range, "say where that is written in `moved_source`".into())),
            (Some(_), Some(source)) => {
                let by = self.moved_by.map(movers).transpose()?.unwrap_or_default();
                Some(Moved { by, fixed: self.fixed.map(line).transpose()?, source: line(source)? })
            }
        };
        Ok((declared, moved))
    }
}

fn movers(raw: Spanned<Vec<Spanned<RawMover>>>) -> Result<Vec<Mover>, Wrong> {
    let range = raw.span();
    let mut movers: Vec<Mover> = Vec::new();
    for raw in raw.into_inner() {
        let range = raw.span();
        let mover = mover(raw)?;
        if movers.iter().any(|other| other.by == mover.by) {
            return Err((range, format!("{} is listed twice", mover.by)));
        }
        movers.push(mover);
    }
    if movers.is_empty() { Err((range, "where nothing moves it, say so in `fixed`".into())) } else { Ok(movers) }
}

fn mover(raw: Spanned<RawMover>) -> Result<Mover, Wrong> {
    let range = raw.span();
    let RawMover { env, option, form, word, key, setting, at, adds, part, means, names, json, except, rest, when, source } =
        raw.into_inner();
    if let (Some(form), true) = (&form, option.is_none() || word.is_some()) {
        return Err((form.span(), "this is for an `option` with a value of its own".into()));
    }
    if let (Some(at), None) = (at.first(), &setting) {
        return Err((at.span(), "this is for a `setting`".into()));
    }
    let by = match (env, option, word, key, setting) {
        (Some(env), None, None, None, None) => By::Env(one_word(env)?),
        (None, Some(option), None, None, None) => By::Option(one_word(option)?, form.map(Spanned::into_inner).unwrap_or_default()),
        (None, behind, Some(start), None, None) => By::Word { start: start_of_word(start)?, behind: behind.map(one_word).transpose()? },
        (None, None, None, Some(key), None) => By::Key(key),
        (None, None, None, None, Some(name)) => {
            let at = at.into_iter().map(start_of_word).collect::<Result<_, _>>()?;
            By::Setting { name: start_of_word(name)?, at }
        }
        _ => {
            let wrong = "one of `env`, `option`, `word` (also behind an `option`), `key` or `setting` says what moves it";
            return Err((range, wrong.into()));
        }
    };
    if let Some(adds) = adds.as_ref().filter(|a| !a.get_ref().starts_with('/') || clean_path(a.get_ref()) != a.get_ref().as_str()) {
        return Err((adds.span(), format!("`{}` is not a path below a folder, such as /.ollama", adds.get_ref())));
    }
    if let (Some(rest), true) = (&rest, part.is_none()) {
        return Err((rest.first().map_or(range, Spanned::span), "this is for a mover of a `part`".into()));
    }
    let below = |path: Spanned<String>| {
        let is_one = path.get_ref().starts_with('/') && clean_path(path.get_ref()) == *path.get_ref();
        let wrong = || (path.span(), format!("`{}` is not a path below a folder, such as /plugins", path.get_ref()));
        if is_one { Ok(path.get_ref().clone()) } else { Err(wrong()) }
    };
    let of_means = if means.is_some() && json.is_none() { Names::Other } else { Names::Folder };
    Ok(Mover {
        by,
        names: names.map_or(of_means, Spanned::into_inner),
        json: json.map(line).transpose()?.map(|keys| keys.split('.').map(str::to_owned).collect()),
        except: except.into_iter().map(line).collect::<Result<_, _>>()?,
        rest: rest.map(|rest| rest.into_iter().map(below).collect::<Result<_, _>>()).transpose()?,
        adds: adds.map(line).transpose()?,
        part: part.map(line).transpose()?,
        means: means.map(line).transpose()?,
        when: conditions(when)?,
        source: source.map(line).transpose()?,
    })
}

/// A name without blanks and without a value.
fn one_word(raw: Spanned<String>) -> Result<String, Wrong> {
    if raw.get_ref().contains('=') {
        return Err((raw.span(), format!("`{}` is not a name without its value", raw.get_ref())));
    }
    start_of_word(raw)
}

fn start_of_word(raw: Spanned<String>) -> Result<String, Wrong> {
    let text = raw.get_ref();
    let is_one = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '`');
    if is_one { Ok(raw.into_inner()) } else { Err((raw.span(), format!("`{text}` is not one word"))) }
}

impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_volume { "a volume of the image" } else { "no volume of the image" })?;
        self.when.iter().try_for_each(|condition| write!(f, ", when {condition}"))
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "the variable `{name}`"),
            Self::Option(name, Form::Space) => write!(f, "`{name} PATH` in the command"),
            Self::Option(name, Form::Equals) => write!(f, "`{name}=PATH` in the command"),
            Self::Option(name, Form::Both) => write!(f, "`{name}` in the command"),
            Self::Word { start, behind: Some(behind) } => write!(f, "`{behind} {start}PATH` in the command"),
            Self::Word { start, behind: None } => write!(f, "`{start}PATH` in the command"),
            Self::Key(Key::Command) => f.write_str("the key `command`"),
            Self::Key(Key::WorkingDir) => f.write_str("the folder that it starts in (`working_dir`)"),
            Self::Setting { name, .. } => write!(f, "the setting `{name}` of a configuration file"),
        }
    }
}

impl fmt::Display for Mover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.by)?;
        let part = self.part.iter().map(|part| format!("only {part}"));
        let adds = self.adds.iter().map(|adds| format!("with `{adds}` behind its value"));
        let except = self.except.iter().map(|value| format!("not with `{value}`"));
        let rest = self.rest.iter().flatten().map(|rest| format!("`{rest}` stays"));
        let when = self.when.iter().map(|condition| format!("when {condition}"));
        let source = self.source.iter().map(|source| format!("source: {source}"));
        let more: Vec<String> = part.chain(adds).chain(self.means.clone()).chain(except).chain(rest).chain(when).chain(source).collect();
        if more.is_empty() { Ok(()) } else { write!(f, " ({})", more.join(", ")) }
    }
}
