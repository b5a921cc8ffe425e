//! `env_file`: variables that a service takes from files beside the Compose file, as Compose reads them (compose-go v2.9.1,
//! `types/project.go`). Their values are compared and followed, and never shown: such files hold secrets.

use super::env::Env;
use super::interpolate::{has_hidden, resolve, shown};
use super::mount::boolean_in;
use super::sources::join;
use super::{Project, Service, Texts, merge};
use crate::yaml::{Kind, Node};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

/// Longest file that is read, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

/// What the files of one service set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The value is `None` where it is not known.
    variables: BTreeMap<String, Option<String>>,
    /// Why not all of them are known.
    unread: Option<String>,
}

/// A file that a service names.
struct Named {
    /// From where the program runs; `None` where a variable decides it that is not set, or where it is in somebody's home.
    path: Option<PathBuf>,
    /// Its name as it may be shown; `None` where the value of a variable is in it.
    shown: Option<String>,
    is_required: bool,
    format: String,
}

/// The files that the project's services take variables from, sorted.
pub fn references(project: &Project<'_>) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = project.services.iter().flat_map(named).filter_map(|named| named.path).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Whether a service names such a file.
pub fn has_any(service: &Service<'_>) -> bool {
    service.get("env_file").is_some()
}

impl Given {
    /// What the files of `service` set. `own` are the variables that win over those of its values: the project's, then its `environment`.
    /// What is read is taken off `left`.
    pub fn of(service: &Service<'_>, texts: &Texts, own: &Env, left: &mut usize) -> Self {
        let (mut found, mut unread) = (Env::new(), None);
        for named in named(service) {
            if let Err(why) = named.read(texts, own, &mut found, left) {
                // Whatever earlier files say, this one may say something else.
                found.forget_values();
                unread = Some(why);
            }
        }
        let variables = found.own().map(|(name, value)| (name.to_owned(), value.map(str::to_owned))).collect();
        Self { variables, unread }
    }

    /// The variables with their values, by name.
    pub fn variables(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// Why nobody knows whether they set `name`, if so.
    pub fn doubt(&self, name: &str) -> Option<&str> {
        self.unread.as_deref().filter(|_| !matches!(self.variables.get(name), Some(Some(_))))
    }
}

/// The files in the order in which they count; of one that is named twice in the same words, the later entry takes the place of the
/// earlier one.
fn named(service: &Service<'_>) -> Vec<Named> {
    let (mut found, mut places) = (Vec::new(), HashMap::new());
    for value in service.values("env_file") {
        let list = value.entry.value().resolved();
        let items = if list.kind() == Kind::Sequence { list.items().collect() } else { vec![list] };
        for (words, named) in items.into_iter().filter_map(|item| Named::of(service, value.part, item.resolved())) {
            let place = *places.entry(words).or_insert(found.len());
            match found.get_mut(place) {
                Some(other) => *other = named,
                None => found.push(named),
            }
        }
    }
    found
}

impl Named {
    /// An entry, and its words.
    fn of(service: &Service<'_>, part: usize, item: Node<'_>) -> Option<(String, Self)> {
        let is_long = item.kind() == Kind::Mapping;
        let field = |key: &str| merge::get(item, key).map(Node::resolved).filter(|node| is_long && !node.is_null());
        let text = if is_long { field("path")?.as_str()? } else { item.as_str()? };
        let scope = &service.parts.get(part)?.scope;
        let path = resolve(text, &scope.env).filter(|path| !path.starts_with('~'));
        let named = Self {
            path: path.as_deref().map(|path| join(&scope.folder, path)),
            shown: (!has_hidden(text, &scope.env)).then(|| shown(text, &scope.env).into_owned()),
            is_required: field("required").and_then(|node| boolean_in(node, &scope.env)).unwrap_or(true),
            format: field("format").map_or(String::new(), |node| service.resolve(part, node.text()).into_owned()),
        };
        Some((path.map_or_else(|| text.to_owned(), Cow::into_owned), named))
    }

    /// Adds what it sets. Errors: why that is not known, a phrase.
    fn read(&self, texts: &Texts, own: &Env, found: &mut Env, left: &mut usize) -> Result<(), String> {
        let name = self.shown.as_deref().map_or("one of its files".to_owned(), |shown| format!("`{shown}`"));
        let Some(path) = &self.path else { return Err(format!("{name} is not in the project folder")) };
        let text = match texts.get(path) {
            Some(Ok(text)) => text,
            Some(Err(why)) => return Err(self.shown.as_ref().map_or_else(|| format!("{name} is not read"), |_| why.clone())),
            None if self.is_required => return Err(format!("{name} cannot be read")),
            None => return Ok(()),
        };
        *left = left.checked_sub(text.len()).filter(|_| text.len() <= MAX_BYTES).ok_or(format!("{name} is too long"))?;
        let inherited = match self.format.as_str() {
            "" => found.add_file(text, own).map_err(|no_env| format!("{}, in line {}", no_env.what, no_env.line)),
            "raw" => raw(text, own, found),
            _ => Err("its format is not known".to_owned()),
        };
        // A name alone takes its value from the shell, which is not known.
        for variable in inherited.map_err(|why| format!("{name} is no file of variables: {why}"))? {
            if own.get(&variable).is_none() {
                found.set(&variable, None);
            }
        }
        let bytes = found.own().filter_map(|(_, value)| value).map(str::len).sum();
        *left = left.checked_sub(bytes).ok_or(format!("the values in {name} are too long"))?;
        Ok(())
    }
}

/// Reads a file as `docker run --env-file` does: a value is the rest of its line, as it is. Returns the names that stand alone and
/// that nobody here gives a value.
fn raw(text: &str, own: &Env, found: &mut Env) -> Result<Vec<String>, String> {
    let mut inherited = Vec::new();
    for (i, line) in text.strip_prefix('\u{feff}').unwrap_or(text).split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line).trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').map_or((line, None), |(name, value)| (name, Some(value)));
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(format!("this is no name of a variable, in line {}", i + 1));
        }
        // A name alone takes its value from outside, if there is one.
        let outside = || own.get(name).map(|value| value.map(str::to_owned));
        match (value, outside()) {
            (Some(value), _) => found.set(name, Some(value.to_owned())),
            (None, Some(value)) => found.set(name, value),
            (None, None) => inherited.push(name.to_owned()),
        }
    }
    Ok(inherited)
}
