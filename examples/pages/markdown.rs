//! Texts of presets and logs as Markdown.

/// Code; `|` is escaped for cells of tables.
pub(crate) fn code(text: &str) -> String {
    let text = text.replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// A sentence: backticks mark code, everything else is text.
pub(crate) fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let is_odd = parts.len().is_multiple_of(2);
    let part = |(i, part): (usize, &&str)| match (i % 2 == 1, is_odd && i + 1 == parts.len()) {
        (true, false) => code(part),
        (true, true) => format!("\\`{}", escaped(part)),
        (false, _) => escaped(part),
    };
    parts.iter().enumerate().map(part).collect()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if matches!(c, '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '{' | '}' | '~' | '^' | '&') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The head of a page: what a search engine shows.
pub(crate) fn head(title: &str, description: &str) -> String {
    // A JSON text is a YAML one.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    format!("---\ntitle: {}\ndescription: {}\n---\n\n", quoted(title), quoted(description))
}

/// A block of code with a language.
pub(crate) fn block(language: &str, text: &str) -> String {
    format!("```{language}\n{}\n```\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_wrote_is_text() {
        for (text, expected) in [
            ("a `b|c` *d*", "a `b\\|c` \\*d\\*"),
            ("<script>&amp;", "\\<script\\>\\&amp;"),
            ("an odd ` one", "an odd \\` one"),
            ("[x](y)", "\\[x\\](y)"),
        ] {
            assert_eq!(prose(text), expected);
        }
        assert_eq!(head("a \"b\": c", "d"), "---\ntitle: \"a \\\"b\\\": c\"\ndescription: \"d\"\n---\n\n");
    }
}
