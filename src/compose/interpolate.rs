//! Variables in values: `${…}` and `$NAME` by Compose's rules (compose-go v2.9.1, `template/template.go`). What depends on a variable
//! that is not set is unknown, never assumed.

use super::env::Env;
use std::borrow::Cow;

/// Deepest nesting of defaults (`${A:-${B:-c}}`) that is followed.
const MAX_NESTING: usize = 16;
/// Longest text that a value may become, in bytes.
const MAX_LENGTH: usize = 64 * 1024;
/// Longest text of which the ending is looked for, in bytes.
const MAX_ENDING: usize = 4096;

/// Why a text has no value at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is no template, and Compose stops at it.
    Invalid,
    /// It becomes longer, or is nested deeper, than is followed.
    TooMuch,
}

/// Whether Compose would substitute something in `text`. `$$` is a literal dollar sign, and so is one that no name follows.
pub fn has_variable(text: &str) -> bool {
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        rest = &rest[dollar + 1..];
        match rest.strip_prefix('$') {
            Some(behind) => rest = behind,
            None if rest.starts_with('{') || !name_at(rest).is_empty() => return true,
            None => {}
        }
    }
    false
}

/// `text` as it is written for Compose to read it as it is.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if text.contains('$') { Cow::Owned(text.replace('$', "$$")) } else { Cow::Borrowed(text) }
}

/// `text` with its variables replaced. `None` when a variable without a default is not set, a required one is missing, or the text is
/// not a template that Compose reads.
pub(super) fn resolve<'t>(text: &'t str, env: &Env) -> Option<Cow<'t, str>> {
    if !text.contains('$') {
        return Some(Cow::Borrowed(text));
    }
    expand(text, &[env], &mut MAX_LENGTH.clone()).ok().flatten().map(Cow::Owned)
}

/// What may be shown of `text`: its value where the file alone says it, else the text as it stands in the file. The value of a variable
/// may be a secret.
pub(super) fn shown<'t>(text: &'t str, env: &Env) -> Cow<'t, str> {
    let alone = resolve(text, &Env::new());
    match (alone, resolve(text, env)) {
        (Some(alone), Some(value)) if alone == value => alone,
        _ => Cow::Borrowed(text),
    }
}

/// Whether the value of a variable, which may be a secret, stands in what `text` comes to.
pub(super) fn has_hidden(text: &str, env: &Env) -> bool {
    text.contains('$') && resolve(text, env).is_some_and(|value| value != shown(text, env))
}

/// `text` with its variables replaced by what the first of `envs` that has them says. `None` when a variable decides that is not set, or
/// whose value is not known. The bytes of the result are taken off `left`.
pub(super) fn expand(text: &str, envs: &[&Env], left: &mut usize) -> Result<Option<String>, Fault> {
    let value = substitute(text, envs, 0, *left)?;
    *left -= value.as_ref().map_or(0, String::len);
    Ok(value)
}

fn substitute(text: &str, envs: &[&Env], depth: usize, most: usize) -> Result<Option<String>, Fault> {
    if depth > MAX_NESTING {
        return Err(Fault::TooMuch);
    }
    let mut result = String::new();
    let mut is_known = true;
    let mut put = |value: Option<&str>| {
        match value {
            Some(value) if result.len() + value.len() > most => return Err(Fault::TooMuch),
            Some(value) => result.push_str(value),
            None => is_known = false,
        }
        Ok(())
    };
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        put(Some(&rest[..dollar]))?;
        rest = &rest[dollar + 1..];
        if let Some(behind) = rest.strip_prefix('$') {
            put(Some("$"))?;
            rest = behind;
        } else if let Some(inside) = rest.strip_prefix('{') {
            let (value, behind) = braced(inside, envs, depth, most)?;
            put(value.as_deref())?;
            rest = behind;
        } else {
            let name = name_at(rest);
            put(if name.is_empty() { Some("$") } else { envs.iter().find_map(|env| env.get(name)).flatten() })?;
            rest = &rest[name.len()..];
        }
    }
    put(Some(rest))?;
    Ok(is_known.then_some(result))
}

/// The part of `text` behind its last variable that is not known, with the known ones in it replaced. Empty for what is too long to
/// look for it.
pub(super) fn ending(text: &str, env: &Env) -> String {
    let behind = |(dollar, _): (usize, &str)| {
        let rest = &text[dollar + 1..];
        let is_braced = rest.starts_with('{');
        &rest[if is_braced { end_of_braces(&rest[1..]).map_or(rest.len(), |end| end + 2) } else { name_at(rest).len() }..]
    };
    let mut parts = text.match_indices('$').filter(|_| text.len() <= MAX_ENDING).map(behind);
    parts.find_map(|part| resolve(part, env)).map(Cow::into_owned).unwrap_or_default()
}

/// A value, and the text behind it.
type Replaced<'t> = (Option<Cow<'t, str>>, &'t str);

/// What stands for `NAME}`, `NAME:-default}`, `NAME-default}`, `NAME:?error}`, `NAME?error}`, `NAME:+other}` or `NAME+other}` at the start
/// of `inside`, and what follows it.
fn braced<'t>(inside: &'t str, envs: &[&'t Env], depth: usize, most: usize) -> Result<Replaced<'t>, Fault> {
    let name = name_at(inside);
    if name.is_empty() {
        return Err(Fault::Invalid);
    }
    let value = envs.iter().find_map(|env| env.get(name));
    if let Some(behind) = inside[name.len()..].strip_prefix('}') {
        return Ok((value.flatten().map(Cow::Borrowed), behind));
    }
    let operator = &inside[name.len()..];
    let (must_be_filled, operator) = operator.strip_prefix(':').map_or((false, operator), |behind| (true, behind));
    let Some(kind @ ('-' | '+' | '?')) = operator.chars().next() else { return Err(Fault::Invalid) };
    let end = end_of_braces(inside).ok_or(Fault::Invalid)?;
    let (text, behind) = (&inside[inside.len() - operator.len() + 1..end], &inside[end + 1..]);
    let counts = match value {
        Some(Some(value)) => Some(!must_be_filled || !value.is_empty()),
        Some(None) if must_be_filled => None,
        Some(None) => Some(true),
        None => Some(false),
    };
    let other = || Ok(substitute(text, envs, depth + 1, most)?.map(Cow::Owned));
    let own = || value.flatten().map(Cow::Borrowed);
    let value = match (kind, counts) {
        (_, None) => None,
        ('-', Some(false)) | ('+', Some(true)) => other()?,
        ('+', Some(false)) => Some(Cow::Borrowed("")),
        // Where a required variable is missing here, the shell may have it.
        ('?', Some(false)) => None,
        (_, Some(_)) => own(),
    };
    Ok((value, behind))
}

/// The name that `text` starts with.
fn name_at(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    if text.starts_with(|c: char| c.is_ascii_digit()) { "" } else { &text[..end] }
}

/// The `}` that ends the variable whose name `inside` starts with. Inner braces count, and the byte behind an opening one does not; where
/// they do not match, it is the last one of the line. A variable does not go on in the next line.
fn end_of_braces(inside: &str) -> Option<usize> {
    let (mut open, mut last) = (1_usize, None);
    let mut bytes = inside.bytes().enumerate();
    while let Some((i, byte)) = bytes.next() {
        match byte {
            b'\n' => break,
            b'}' => {
                open -= 1;
                if open == 0 {
                    return Some(i);
                }
                last = Some(i);
            }
            b'{' => {
                open += 1;
                // What is skipped may be a brace, which is the last of the line all the same.
                match inside.as_bytes().get(i + 1) {
                    Some(b'\n') | None => {}
                    Some(next) => {
                        last = if *next == b'}' { Some(i + 1) } else { last };
                        bytes.next();
                    }
                }
            }
            _ => {}
        }
    }
    last
}

/// Ends of the parts of `text` between `separator`s outside `${…}`; the last end is the text's length.
pub(super) fn split_outside_variables(text: &str, separator: char) -> Vec<usize> {
    let (mut ends, mut depth, mut previous) = (Vec::new(), 0_usize, '\0');
    for (i, c) in text.char_indices() {
        match c {
            '{' if previous == '$' || depth > 0 => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if c == separator && depth == 0 => ends.push(i),
            _ => {}
        }
        previous = c;
    }
    ends.push(text.len());
    ends
}

/// Whether `pattern`, which holds variables, may come out as `path`: the text around the variables must fit.
/// Always false without a variable.
pub(super) fn may_equal(pattern: &str, path: &str) -> bool {
    if !has_variable(pattern) {
        return false;
    }
    let first = pattern.find('$').unwrap_or(0);
    let last = pattern.rfind('}').map_or(pattern.len(), |i| i + 1).max(first);
    path.len() >= first + (pattern.len() - last) && path.starts_with(&pattern[..first]) && path.ends_with(&pattern[last..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect()
    }

    #[test]
    fn variables_are_replaced_by_the_rules_of_compose() {
        let env = env(&[("A", "a"), ("EMPTY", ""), ("_b1", "b")]);
        for (text, expected) in [
            ("plain", Some("plain")),
            ("$A-x", Some("a-x")),
            ("${A}x", Some("ax")),
            ("$_b1.$A", Some("b.a")),
            ("$$A", Some("$A")),
            ("$$$A", Some("$a")),
            ("${N}", None),
            ("$N", None),
            ("$", Some("$")),
            ("$(id) $1", Some("$(id) $1")),
            ("${A", None),
            ("${N:-{x}}", Some("{x}")),
            ("${N:-x\ny}", None),
            ("${1}", None),
            ("${A!x}", None),
            ("${N:-d}", Some("d")),
            ("${N-d}", Some("d")),
            ("${EMPTY:-d}", Some("d")),
            ("${EMPTY-d}", Some("")),
            ("${A:-d}", Some("a")),
            ("${N:-${A}/x}", Some("a/x")),
            ("${N:-${M:-{x\\}}", Some("{x\\")),
            ("${N:-${M}}", None),
            ("${A:?no}", Some("a")),
            ("${N:?no}", None),
            ("${EMPTY:?no}", None),
            ("${EMPTY?no}", Some("")),
            ("${A:+o}", Some("o")),
            ("${EMPTY:+o}", Some("")),
            ("${EMPTY+o}", Some("o")),
            ("${N+o}", Some("")),
            ("${A}:${N:-/data}:ro", Some("a:/data:ro")),
        ] {
            assert_eq!(resolve(text, &env).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn nested_defaults_and_long_values_are_bounded() {
        let deep = "${A:-".repeat(100_000) + &"}".repeat(100_000);
        assert_eq!(resolve(&deep, &Env::new()), None);
        let long = env(&[("L", &"x".repeat(1000))]);
        assert_eq!(resolve(&"$L".repeat(1_000_000), &long), None);
    }

    #[test]
    fn the_text_around_a_variable_must_fit() {
        for (pattern, path, expected) in [
            ("/tmp", "/tmp", false),
            ("${A}", "/tmp", true),
            ("/x/${A}", "/tmp", false),
            ("/${A}/b", "/a/b", true),
            ("/${A}/b", "/a/c", false),
            ("/t$A", "/tmp", true),
        ] {
            assert_eq!(may_equal(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_doubled_dollar_is_no_variable() {
        for (text, expected) in
            [("a", false), ("$A", true), ("${A:-b}", true), ("$$A", false), ("$$$A", true), ("a$", false), ("$(id)", false), ("${", true)]
        {
            assert_eq!(has_variable(text), expected, "{text}");
        }
    }

    #[test]
    fn separators_inside_variables_do_not_split() {
        assert_eq!(split_outside_variables("${A:-./x}:/d:ro", ':'), [9, 12, 15]);
    }
}
