//! Variables in values: `${…}` and `$NAME` by Compose's rules (compose-go, `template/template.go`). What depends on a variable that is
//! not set is unknown, never assumed.

use std::borrow::Cow;
use std::collections::HashMap;

/// Deepest nesting of defaults (`${A:-${B:-c}}`) that is followed.
const MAX_NESTING: usize = 16;
/// Longest text that a value may become, in bytes.
const MAX_LENGTH: usize = 64 * 1024;
/// Longest text of which the ending is looked for, in bytes.
const MAX_ENDING: usize = 4096;

/// Variables and their values.
pub type Env = HashMap<String, String>;

/// Whether Compose would substitute something in `text`. `$$` is a literal dollar sign.
pub fn has_variable(text: &str) -> bool {
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        rest = &rest[dollar + 1..];
        match rest.strip_prefix('$') {
            Some(behind) => rest = behind,
            None => return true,
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
    substitute(text, env, 0).map(Cow::Owned)
}

fn substitute(text: &str, env: &Env, depth: usize) -> Option<String> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        result.push_str(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let Some(behind) = rest.strip_prefix('$') {
            result.push('$');
            rest = behind;
        } else if rest.starts_with('{') {
            let end = closing_brace(rest)?;
            result.push_str(&braced(&rest[1..end], env, depth)?);
            rest = &rest[end + 1..];
        } else {
            let name = name_at(rest);
            result.push_str(env.get(name).filter(|_| !name.is_empty())?);
            rest = &rest[name.len()..];
        }
        if result.len() > MAX_LENGTH {
            return None;
        }
    }
    result.push_str(rest);
    Some(result)
}

/// The part of `text` behind its last variable that is not known, with the known ones in it replaced. Empty for what is too long to
/// look for it.
pub(super) fn ending(text: &str, env: &Env) -> String {
    let behind = |(dollar, _): (usize, &str)| {
        let rest = &text[dollar + 1..];
        let is_braced = rest.starts_with('{');
        &rest[if is_braced { closing_brace(rest).map_or(rest.len(), |brace| brace + 1) } else { name_at(rest).len() }..]
    };
    let mut parts = text.match_indices('$').filter(|_| text.len() <= MAX_ENDING).map(behind);
    parts.find_map(|part| resolve(part, env)).map(Cow::into_owned).unwrap_or_default()
}

/// What stands for `NAME`, `NAME:-default`, `NAME-default`, `NAME:?error`, `NAME?error`, `NAME:+other` or `NAME+other`.
fn braced(inside: &str, env: &Env, depth: usize) -> Option<String> {
    let name = name_at(inside);
    let (value, operator) = (env.get(name), &inside[name.len()..]);
    if name.is_empty() || depth == MAX_NESTING {
        return None;
    }
    let filled = value.filter(|v| !v.is_empty());
    let other = |text: &str| substitute(text, env, depth + 1);
    match operator.as_bytes() {
        [] => value.cloned(),
        [b':', b'-', ..] => filled.cloned().or_else(|| other(&operator[2..])),
        [b'-', ..] => value.cloned().or_else(|| other(&operator[1..])),
        [b':', b'?', ..] => filled.cloned(),
        [b'?', ..] => value.cloned(),
        [b':', b'+', ..] => filled.map_or(Some(String::new()), |_| other(&operator[2..])),
        [b'+', ..] => value.map_or(Some(String::new()), |_| other(&operator[1..])),
        _ => None,
    }
}

/// The name that `text` starts with.
fn name_at(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    if text.starts_with(|c: char| c.is_ascii_digit()) { "" } else { &text[..end] }
}

/// The `}` that closes the `{` at the start of `text`; braces of inner variables count.
fn closing_brace(text: &str) -> Option<usize> {
    let (mut depth, mut previous) = (0_usize, '$');
    for (i, c) in text.char_indices() {
        match c {
            '{' if previous == '$' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(i);
                }
            }
            _ => {}
        }
        previous = c;
    }
    None
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

/// The variables of an env file: `NAME=value`, `export NAME=value`, quotes, comments, `${…}` of what stands above or in `outer`. `None`
/// for what Compose cannot read either.
pub fn env_file(text: &str, outer: &Env) -> Option<Env> {
    let mut env = Env::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Some(env);
        }
        if rest.starts_with('#') {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
            continue;
        }
        rest = rest.strip_prefix("export ").unwrap_or(rest).trim_start();
        let end = rest.find(['=', ':', '\n']).unwrap_or(rest.len());
        let name = rest[..end].trim_end();
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || "_.-[]".contains(c)) {
            return None;
        }
        let is_assignment = !rest[end..].starts_with('\n') && end < rest.len();
        rest = &rest[(end + usize::from(is_assignment)).min(rest.len())..];
        let value = if is_assignment {
            let (value, behind) = env_value(rest.trim_start_matches([' ', '\t', '\r']), &env, outer)?;
            rest = behind;
            value
        } else {
            // A name alone takes its value from outside.
            None
        };
        // Outer values win over the file's.
        if let Some(value) = outer.get(name).cloned().or(value) {
            env.insert(name.to_owned(), value);
        }
    }
}

/// A value of an env file (`None` where it depends on a variable that is not set), and what follows it.
fn env_value<'t>(text: &'t str, env: &Env, outer: &Env) -> Option<(Option<String>, &'t str)> {
    let expand = |value: &str| {
        if !value.contains('$') {
            return Some(value.to_owned());
        }
        let mut known = env.clone();
        known.extend(outer.iter().map(|(k, v)| (k.clone(), v.clone())));
        substitute(value, &known, 0)
    };
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let Some(quote) = quote else {
        let end = text.find('\n').unwrap_or(text.len());
        let line = &text[..end];
        let comment = line.match_indices('#').find(|(i, _)| *i == 0 || line[..*i].ends_with([' ', '\t'])).map_or(end, |(i, _)| i);
        return Some((expand(line[..comment].trim_end()), &text[end..]));
    };
    let mut escaped = false;
    let close = text[1..].char_indices().find(|&(_, c)| {
        let closes = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    let end = 1 + close?.0;
    let inside = &text[1..end];
    let value = if quote == '"' {
        expand(&inside.replace("\\n", "\n").replace("\\r", "\r").replace("\\\"", "\"").replace("\\\\", "\\"))
    } else {
        Some(inside.to_owned())
    };
    let behind = &text[end + 1..];
    // Only a comment may follow on the line.
    let line_end = behind.find('\n').unwrap_or(behind.len());
    Some((value, &behind[line_end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
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
            ("$", None),
            ("${A", None),
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
        for (text, expected) in [("a", false), ("$A", true), ("${A:-b}", true), ("$$A", false), ("$$$A", true), ("a$", true)] {
            assert_eq!(has_variable(text), expected, "{text}");
        }
    }

    #[test]
    fn separators_inside_variables_do_not_split() {
        assert_eq!(split_outside_variables("${A:-./x}:/d:ro", ':'), [9, 12, 15]);
    }

    #[test]
    fn env_files_give_their_variables() {
        let outer = env(&[("OUT", "o"), ("WIN", "outer")]);
        let text = "# c\n\nA=1\nexport B = two # c\nC='a $A \\n'\nD=\"x${A}\\ny\" # c\nE=${OUT}/${A}\nWIN=file\nOUT\nNONE\nF: y\r\nG=a#b\nH=\nU=$UNSET\n";
        let found = env_file(text, &outer).expect("an env file");
        let expected = env(&[
            ("A", "1"),
            ("B", "two"),
            ("C", "a $A \\n"),
            ("D", "x1\ny"),
            ("E", "o/1"),
            ("WIN", "outer"),
            ("OUT", "o"),
            ("F", "y"),
            ("G", "a#b"),
            ("H", ""),
        ]);
        assert_eq!(found, expected);
        assert_eq!(env_file("A B=1\n", &outer), None);
        assert_eq!(env_file("A=\"x\n", &outer), None);
    }
}
