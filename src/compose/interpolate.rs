//! Variables in values: where `${…}` and `$NAME` stand. What depends on a variable is unknown, never assumed.

/// Whether Compose would substitute something in `text`. `$$` is a literal dollar sign.
pub fn has_variable(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if bytes[i] == b'$' {
            if bytes.get(i + 1) != Some(&b'$') {
                return true;
            }
            i += 1;
        }
        i += 1;
    }
    false
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
}
