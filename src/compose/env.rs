//! Variables, and the files that hold them, as Compose reads `.env` (compose-go v2.9.1, `dotenv/parser.go`).
//!
//! A value that depends on a variable which no file sets is not known: the shell may have it.

use super::interpolate::{self, Fault};
use std::collections::HashMap;
use std::sync::Arc;

/// How many bytes the values of one file may become together. Each may repeat earlier ones, so a small file could otherwise ask for any
/// amount of memory.
const MAX_TOTAL: usize = 4 * 1024 * 1024;

/// Variables and their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Env {
    /// `None` where a variable is set and its value is not known.
    values: HashMap<String, Option<String>>,
    /// Variables that win over these. They are not copied: there may be as many as places that share them.
    outer: Option<Arc<Env>>,
}

/// Why a file of variables cannot be read. It repeats nothing of the file, which may hold secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoEnv {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: &'static str,
}

impl Env {
    /// No variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a variable: `None` where it is not set, `Some(None)` where it is set and its value is not known.
    pub fn get(&self, name: &str) -> Option<Option<&str>> {
        let outer = self.outer.as_ref().and_then(|outer| outer.get(name));
        outer.or_else(|| self.values.get(name).map(Option::as_deref))
    }

    /// The value of a variable, if it is set and known.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).flatten()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.outer.as_ref().is_none_or(|outer| outer.is_empty())
    }

    /// The variables of its own whose values are known, in no order.
    pub fn known(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
    }

    /// Its own variables, in no order; the value is `None` where it is not known.
    pub fn own(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// Sets one of its own variables.
    pub(super) fn set(&mut self, name: &str, value: Option<String>) {
        self.values.insert(name.to_owned(), value);
    }

    /// What its own variables are set to is not known any more.
    pub(super) fn forget_values(&mut self) {
        self.values.values_mut().for_each(|value| *value = None);
    }

    /// The same variables, where those of `outer` win.
    #[must_use]
    pub fn below(self, outer: Arc<Self>) -> Self {
        Self { outer: Some(outer), ..self }
    }

    /// Takes over those variables of `other` that are not set here.
    pub fn merge(&mut self, other: Self) {
        let own = std::mem::replace(&mut self.values, other.values);
        self.values.extend(own);
    }

    /// Adds the variables of a file; later ones of one name take the place of earlier ones. Its values may name those of `outer`, which
    /// win, and those that are here already. Returns the names that stand alone, for which the shell may have a value.
    ///
    /// Errors: Compose would not read it.
    pub fn add_file(&mut self, text: &str, outer: &Self) -> Result<Vec<String>, NoEnv> {
        let mut left = MAX_TOTAL;
        let mut inherited = Vec::new();
        let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        loop {
            rest = rest.trim_start();
            if rest.is_empty() {
                return Ok(inherited);
            }
            if rest.starts_with('#') {
                rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
                continue;
            }
            let no_env = |what| NoEnv { line: 1 + text[..text.len() - rest.len()].matches('\n').count(), what };
            let (name, behind) = match name_of(rest).map_err(no_env)? {
                Name::Value(name, behind) => (name, behind),
                Name::Inherited(name, behind) => {
                    let value = outer.get(name).or_else(|| self.get(name)).map(|value| value.map(str::to_owned));
                    self.values.extend(value.map(|value| (name.to_owned(), value)));
                    inherited.push(name.to_owned());
                    rest = behind;
                    continue;
                }
                // The last word of a file without a line break behind it sets nothing.
                Name::Cut => return Ok(inherited),
            };
            let (value, behind) = value_of(behind).map_err(no_env)?;
            let value = match value {
                Value::Literal(value) => Some(value),
                Value::Template(template) => interpolate::expand(&template, &[outer, self], &mut left).map_err(|fault| {
                    no_env(match fault {
                        Fault::Invalid => "a variable is not written as Compose reads it",
                        Fault::TooMuch => "the values become too long",
                    })
                })?,
            };
            self.values.insert(name.to_owned(), value);
            rest = behind;
        }
    }
}

impl FromIterator<(String, Option<String>)> for Env {
    fn from_iter<T: IntoIterator<Item = (String, Option<String>)>>(pairs: T) -> Self {
        Self { values: pairs.into_iter().collect(), outer: None }
    }
}

/// The start of a statement, and what follows it.
enum Name<'t> {
    /// A name that gets a value.
    Value(&'t str, &'t str),
    /// A name alone, which takes its value from outside.
    Inherited(&'t str, &'t str),
    /// The text ends within the name.
    Cut,
}

/// Blanks that are no line breaks.
fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

fn name_of(text: &str) -> Result<Name<'_>, &'static str> {
    let exported = text.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t', '\n', '\u{c}', '\r']));
    let text = exported.map_or(text, |rest| rest.trim_start_matches(is_blank));
    if text.is_empty() {
        return Err("a name is missing behind `export`");
    }
    for (i, c) in text.char_indices() {
        match c {
            '=' | ':' | '\n' => {
                let name = text[..i].trim_end();
                if name.contains(' ') {
                    return Err("there is a blank in a name");
                }
                let behind = text[i + 1..].trim_start_matches(is_blank);
                return Ok(if c == '\n' { Name::Inherited(name, behind) } else { Name::Value(name, behind) });
            }
            '_' | '.' | '-' | '[' | ']' => {}
            c if is_blank(c) || c.is_alphanumeric() => {}
            _ => return Err("this is neither a name nor a comment"),
        }
    }
    Ok(Name::Cut)
}

/// A value as written.
enum Value {
    /// Nothing in it is replaced.
    Literal(String),
    /// Variables in it are.
    Template(String),
}

/// The value at the start of `text`, and what follows it: behind a closing quote, the next statement may stand on the same line.
fn value_of(text: &str) -> Result<(Value, &str), &'static str> {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        let (line, behind) = text.split_once('\n').unwrap_or((text, ""));
        let value = line.split_once(" #").map_or(line, |(value, _)| value).trim_end();
        return Ok((Value::Template(value.to_owned()), behind));
    };
    let mut value = String::new();
    let mut is_escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        if c == '\\' && !is_escaped {
            is_escaped = true;
            continue;
        }
        if c == quote && !is_escaped {
            let value = if quote == '"' { Value::Template(unescaped(&value)) } else { Value::Literal(value) };
            return Ok((value, &text[i + 1..]));
        }
        // A backslash goes only before the quote.
        if is_escaped && c != quote {
            value.push('\\');
        }
        is_escaped = false;
        value.push(c);
    }
    Err("a quoted value does not end")
}

/// What double quotes hold, with its escapes replaced; `\$` becomes the `$$` that stands for a dollar sign in a template.
fn unescaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        result.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let (replaced, length) = match behind.as_bytes().first() {
            Some(b'a') => (Some('\u{7}'), 1),
            Some(b'b') => (Some('\u{8}'), 1),
            Some(b'f') => (Some('\u{c}'), 1),
            Some(b'n') => (Some('\n'), 1),
            Some(b'r') => (Some('\r'), 1),
            Some(b't') => (Some('\t'), 1),
            Some(b'v') => (Some('\u{b}'), 1),
            Some(b'"') => (Some('"'), 1),
            Some(b'\\') => (Some('\\'), 1),
            Some(b'$') => {
                result.push_str("$$");
                rest = &behind[1..];
                continue;
            }
            Some(b'0') => {
                let digits = behind[1..].bytes().take(3).take_while(u8::is_ascii_digit).count();
                // Three octal digits name a character; of anything else only the zero is dropped.
                match u8::from_str_radix(&behind[1..=digits], 8).ok().filter(|_| digits == 3) {
                    Some(number) => result.push(char::from(number)),
                    None => result.push_str(&format!("\\{}", &behind[1..=digits])),
                }
                rest = &behind[1 + digits..];
                continue;
            }
            // It escapes nothing, and is taken together with what follows it.
            Some(b'c') => (None, 1),
            _ => (None, 0),
        };
        match replaced {
            Some(c) => result.push(c),
            None => result.push_str(&rest[at..=at + length]),
        }
        rest = &behind[length..];
    }
    result + rest
}
