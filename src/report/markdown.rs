//! An audit as Markdown, for a pull request or a wiki. What strangers wrote stands only in code spans: there it is no markup, no
//! mention and no reference.

use super::data::{Finding, Project, Report, Service, Severity};
use super::remarks::NEW_VOLUMES;
use super::summing::sentence;
use crate::text::clean_line;

/// The report.
pub fn render(report: &Report) -> String {
    let mut text = format!("## Writable places\n\n{}.\n", sentence(report));
    for project in &report.projects {
        text += &format!("\n### {}\n", code(&project.path));
        match &project.error {
            Some(error) => text += &format!("\nIt could not be read: {}.\n", prose(error)),
            None => text += &(services(project) + &new_volumes(project) + &findings(project)),
        }
    }
    text
}

fn services(project: &Project) -> String {
    if project.services.is_empty() {
        return "\nNo service was looked at.\n".to_owned();
    }
    let mut text =
        String::from("\n| service | writable surface | read-only root | stays or becomes writable |\n| --- | --- | --- | --- |\n");
    for service in &project.services {
        let change = |a: String, b: String| if a == b { a } else { format!("{a} → {b}") };
        let word = |writable: bool| if writable { "no" } else { "yes" }.to_owned();
        let (before, after) = (&service.surface.before, &service.surface.after);
        text += &format!(
            "| {} | {} | {} | {} |\n",
            code(&service.name),
            change(before.score.to_string(), after.score.to_string()),
            change(word(before.root), word(after.root)),
            places(service)
        );
    }
    text
}

fn new_volumes(project: &Project) -> String {
    if !project.has_new_volumes() {
        return String::new();
    }
    let [what, how] = NEW_VOLUMES;
    format!("\nOf new volumes: {what}. {how}.\n")
}

/// Where a service can write after the plan.
fn places(service: &Service) -> String {
    let writable = service.mounts.iter().filter(|m| m.writable.after != super::data::Answer::No);
    let names: Vec<String> = writable
        .map(|m| {
            let kind = serde_json::to_value(m.kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
            format!("{} ({}{})", code(&m.target), kind.replace('-', " "), if m.planned { ", new" } else { "" })
        })
        .collect();
    match (names.is_empty(), service.surface.after.root) {
        (_, true) => "everything".to_owned(),
        (true, false) => "nothing".to_owned(),
        (false, false) => names.join("<br>"),
    }
}

fn findings(project: &Project) -> String {
    let counted: Vec<&Finding> = project.findings.iter().filter(|f| f.ignored.is_none()).collect();
    if counted.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n| place | severity | service | finding | rule |\n| --- | --- | --- | --- | --- |\n");
    for finding in counted {
        let severity = match finding.severity {
            Severity::Error => "**error**",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let place = format!("{}:{}", finding.location.file, finding.location.start.line);
        let help = finding.help.as_ref().map(|help| format!("<br>{}", prose(help))).unwrap_or_default();
        let service = if finding.service.is_empty() { String::new() } else { code(&finding.service) };
        let message = prose(&finding.message);
        text += &format!("| {} | {severity} | {service} | {message}{help} | {} |\n", code(&place), code(finding.rule));
    }
    text
}

/// A code span that nothing in `text` can end, for a cell of a table.
pub fn code(text: &str) -> String {
    span(text).replace('|', "\\|")
}

/// A code span that nothing in `text` can end.
pub fn span(text: &str) -> String {
    let text = clean_line(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A sentence in which words of ours and of strangers stand side by side: what stands between backticks, and every other word that
/// is more than letters and plain punctuation, becomes a code span.
pub fn prose(text: &str) -> String {
    let text = clean_line(text);
    let mut parts: Vec<&str> = text.split('`').collect();
    // The last of an odd number of backticks begins nothing.
    let rest = if parts.len().is_multiple_of(2) { parts.pop() } else { None };
    let mut said = String::new();
    for (i, part) in parts.into_iter().enumerate() {
        if i.is_multiple_of(2) || part.trim().is_empty() { said += &words(part) } else { said += &code(part) }
    }
    said + &rest.map(words).unwrap_or_default()
}

/// Words without backticks.
fn words(text: &str) -> String {
    let is_plain = |word: &str| {
        let inner = word.trim_matches(|c| matches!(c, ',' | '.' | ';' | ':' | '(' | ')'));
        let is_option = inner.starts_with("--");
        inner.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '\''))
            && !is_option
            && !is_capability(inner)
            && !is_reference(inner)
    };
    let word = |word: &str| {
        if is_plain(word) {
            return word.to_owned();
        }
        let start = word.len() - word.trim_start_matches('(').len();
        let mut end = word.trim_end_matches([',', ';', ':']).len().max(start);
        // A bracket that closes one of the sentence is none of the word.
        if word[start..end].ends_with(')') && word[start..end].matches(')').count() > word[start..end].matches('(').count() {
            end -= 1;
        }
        format!("{}{}{}", &word[..start], code(&word[start..end]), &word[end..])
    };
    let mut said: Vec<String> = Vec::new();
    let mut parts = text.split(' ').peekable();
    while let Some(part) = parts.next() {
        // An option and its value are one.
        let is_value = |value: &&str| part.starts_with("--") && (value.ends_with(':') || value.contains('='));
        match parts.peek().copied().filter(is_value) {
            Some(value) => {
                said.push(word(&format!("{part} {value}")));
                parts.next();
            }
            None => said.push(word(part)),
        }
    }
    said.join(" ")
}

/// Whether a word is the name of a capability, which are ticked together or not at all.
fn is_capability(word: &str) -> bool {
    ["CHOWN", "FOWNER", "FSETID", "KILL", "LEASE", "MKNOD", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG", "BPF", "PERFMON"]
        .contains(&word)
}

/// Whether a forge may take a word for a reference: to an issue, as `GH-14`, or to a commit, by the digits of its id.
fn is_reference(word: &str) -> bool {
    let parts: Vec<&str> = word.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let is_issue = |pair: &[&str]| pair[0].starts_with(|c: char| c.is_ascii_alphabetic()) && is_number(pair[1]);
    let is_commit = |part: &&str| (7..=40).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit());
    parts.windows(2).any(is_issue) || parts.iter().any(is_commit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_wrote_is_no_markup() {
        for (text, expected) in
            [("a|b", "`a\\|b`"), ("x`y``z", "```x`y``z```"), ("`", "`` ` ``"), ("", "`  `"), ("a\nb\u{202e}c", "`a\\nb\\u{202e}c`")]
        {
            assert_eq!(code(text), expected);
        }
        for (text, expected) in [
            ("the tmpfs at `/run` is root's", "the tmpfs at `/run` is root's"),
            ("image @octocat/x (reported)", "image `@octocat/x` (reported)"),
            ("closes #1, see <b>", "closes `#1`, see `<b>`"),
            ("www.example.com and 1.", "`www.example.com` and 1."),
            ("add `:ro`, or not", "add `:ro`, or not"),
            ("`could not create lock file`, (os.tmpdir(), x/y)", "`could not create lock file`, (`os.tmpdir()`, `x/y`)"),
            ("an odd ` @octocat", "an odd  `@octocat`"),
            ("` ` <b>", "  `<b>`"),
            ("see GH-14, (JIRA-7) and 0a1b2c3.", "see `GH-14`, (`JIRA-7`) and `0a1b2c3.`"),
            ("--with cap-drop: adds CHOWN, SETUID and DAC_OVERRIDE", "`--with cap-drop`: adds `CHOWN`, `SETUID` and `DAC_OVERRIDE`"),
            ("read-only for 3-4 days, status 137", "read-only for 3-4 days, status 137"),
        ] {
            assert_eq!(prose(text), expected);
        }
    }
}
