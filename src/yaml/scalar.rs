//! What scalars mean to Compose (go-yaml), and when a string may be written without quotes.

use super::{Kind, Node, Style};
use std::borrow::Cow;

/// A scalar's meaning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// Null.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// Another number.
    Float,
    /// A date or time.
    Timestamp,
    /// A string.
    Str(&'a str),
}

/// What `node`, a scalar, means: by style, tag and text. A `!reset` value is nothing at all.
pub(super) fn meaning(node: Node<'_>) -> Scalar<'_> {
    debug_assert_eq!(node.kind(), Kind::Scalar);
    let text = node.text();
    match (core_tag(node), node.style()) {
        (Some("!reset"), _) => Scalar::Null,
        (Some("int" | "bool" | "null" | "float" | "timestamp"), _) => plain(text),
        (None | Some("!"), Style::Plain | Style::Empty) => plain(text),
        _ => Scalar::Str(text),
    }
}

/// Whether the text of `node`, a scalar, is of the type that its tag says. Other tags than those of YAML's own types always fit.
pub(super) fn fits_tag(node: Node<'_>) -> bool {
    let Some(tag) = core_tag(node) else { return true };
    let meaning = plain(node.text());
    match tag {
        "int" => matches!(meaning, Scalar::Int(_)),
        "float" => matches!(meaning, Scalar::Float) || matches!(meaning, Scalar::Int(i) if i64::try_from(i).is_ok()),
        "bool" => matches!(meaning, Scalar::Bool(_)),
        "null" => meaning == Scalar::Null,
        "timestamp" => meaning == Scalar::Timestamp,
        _ => true,
    }
}

/// The tag, one of YAML's own types without its prefix.
pub(super) fn core_tag(node: Node<'_>) -> Option<&str> {
    node.tag().map(|tag| tag.strip_prefix("tag:yaml.org,2002:").unwrap_or(tag))
}

/// go-yaml's resolution of plain text. No sexagesimal numbers; octal with and without the `o`.
fn plain(text: &str) -> Scalar<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf" | "-.INF" | ".nan" | ".NaN" | ".NAN" => {
            return Scalar::Float;
        }
        _ => {}
    }
    // Underscores may stand anywhere in a number; in one that starts with its point only between digits.
    let between_digits = || text.split('_').is_sorted_by(|a, b| a.ends_with(is_digit) && b.starts_with(is_digit));
    let digits = match text.as_bytes().first() {
        Some(b'0'..=b'9' | b'+' | b'-') => text.replace('_', ""),
        Some(b'.') if between_digits() => text.replace('_', ""),
        _ => return Scalar::Str(text),
    };
    if is_timestamp(text) {
        return Scalar::Timestamp;
    }
    match integer(&digits) {
        Some(number) => Scalar::Int(number),
        None if is_float(&digits) => Scalar::Float,
        None => Scalar::Str(text),
    }
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn integer(text: &str) -> Option<i128> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let prefixed = |prefix: &str| digits.get(..2).filter(|p| p.eq_ignore_ascii_case(prefix)).map(|_| &digits[2..]);
    let (digits, radix) = match (prefixed("0x"), prefixed("0o"), prefixed("0b")) {
        (Some(rest), _, _) => (rest, 16),
        (_, Some(rest), _) => (rest, 8),
        (_, _, Some(rest)) => (rest, 2),
        _ if digits.len() > 1 && digits.starts_with('0') => (&digits[1..], 8),
        _ => (digits, 10),
    };
    // `0b` and `0o` may have their sign behind them.
    let signed = digits.starts_with(['+', '-']) && !text.starts_with("0b") && !text.starts_with("0o");
    let number = if signed { None } else { i128::from_str_radix(digits, radix).ok() }?;
    // Beyond 64 bits go-yaml reads a float.
    (-(1 << 63)..1 << 64).contains(&(sign * number)).then_some(sign * number)
}

/// go-yaml: `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`, and no more than a double can hold.
fn is_float(text: &str) -> bool {
    let is_number = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-');
    text.bytes().all(is_number) && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// `2001-1-1`, alone, with a time and a zone behind `T` or `t`, or with a time without a zone behind blanks.
fn is_timestamp(text: &str) -> bool {
    parse_timestamp(text).is_some()
}

fn parse_timestamp(text: &str) -> Option<()> {
    let (year, rest) = (text.get(..4)?, text.get(4..)?);
    let year: u32 = year.bytes().all(|b| b.is_ascii_digit()).then(|| year.parse().ok())??;
    let (month, rest) = number(rest.strip_prefix('-')?)?;
    let (day, rest) = number(rest.strip_prefix('-')?)?;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) {
        return None;
    }
    match rest.as_bytes().first() {
        None => Some(()),
        Some(b'T' | b't') => zone(time(&rest[1..])?),
        Some(b' ') => time(rest.trim_start_matches(' '))?.is_empty().then_some(()),
        Some(_) => None,
    }
}

/// A number of one or two digits, and what follows it.
fn number(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

/// What follows `hour:minute:second`, the second with or without a fraction.
fn time(text: &str) -> Option<&str> {
    let (hour, rest) = number(text)?;
    let (minute, rest) = number(rest.strip_prefix(':')?)?;
    let (second, rest) = number(rest.strip_prefix(':')?)?;
    let fraction = rest.strip_prefix(['.', ',']).map(|f| f.trim_start_matches(is_digit));
    let rest = fraction.filter(|after| rest.len() - after.len() > 1).unwrap_or(rest);
    (hour < 24 && minute < 60 && second < 60).then_some(rest)
}

/// `Z`, or hours and minutes with a sign.
fn zone(text: &str) -> Option<()> {
    if text == "Z" {
        return Some(());
    }
    let (hours, minutes) = text.strip_prefix(['+', '-'])?.split_once(':')?;
    let in_range = |text: &str, most: u32| text.len() == 2 && number(text).is_some_and(|(n, rest)| rest.is_empty() && n <= most);
    (in_range(hours, 24) && in_range(minutes, 60)).then_some(())
}

/// Strings that some reader takes for something else, in any case.
const WORDS: [&str; 16] = ["~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", "-.inf", "+.inf", ".nan", "<<", "="];

/// Whether a person sees `c` as what it is: printable, and nothing that reorders the line. What we write has no other characters; what
/// others wrote may have them.
pub(crate) fn is_visible(c: char) -> bool {
    let reorders = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    is_printable(c) && !reorders
}

/// Whether `c` may stand in a file as it is: printable, and no line break or byte order mark to any reader.
pub(crate) fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        c => c >= '\u{a0}',
    }
}

/// Whether `text` written without quotes reads as the string `text` for every YAML reader. Errs on the side of quotes.
pub fn writes_plain(text: &str, in_flow: bool) -> bool {
    let bytes = text.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else { return false };
    let is_blank = |b: u8| matches!(b, b' ' | b'\t');
    if is_blank(first)
        || is_blank(last)
        || last == b':'
        || !text.chars().all(is_visible)
        || text.starts_with("---")
        || text.starts_with("...")
    {
        return false;
    }
    if b",[]{}#&*!|>'\"%@`".contains(&first) || b"-?:".contains(&first) && bytes.get(1).is_none_or(|&b| is_blank(b)) {
        return false;
    }
    if bytes.windows(2).any(|w| w[0] == b':' && is_blank(w[1]) || is_blank(w[0]) && w[1] == b'#') {
        return false;
    }
    // A lone `-` at the end is an error to some readers when a comma or bracket follows.
    if in_flow && (first == b':' || text.ends_with(" -") || bytes.iter().any(|b| b",[]{}?".contains(b))) {
        return false;
    }
    !WORDS.iter().any(|w| w.eq_ignore_ascii_case(text)) && !looks_like_number(text)
}

fn looks_like_number(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let text = text.strip_prefix('.').unwrap_or(text);
    let part = |b: u8| b.is_ascii_hexdigit() || b"_.,:xXoO+-tTzZ ".contains(&b);
    text.starts_with(is_digit) && text.bytes().all(part)
}

/// `text` as a YAML string: plain where that is safe, else in double quotes.
pub fn quote_if_needed(text: &str, in_flow: bool) -> Cow<'_, str> {
    if writes_plain(text, in_flow) { Cow::Borrowed(text) } else { Cow::Owned(double_quoted(text)) }
}

/// `text` in double quotes, with the escapes that every YAML reader knows.
pub fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if is_visible(c) => quoted.push(c),
            c => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests;
