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

/// What `node`, a scalar, means: by style, tag and text.
pub(super) fn meaning(node: Node<'_>) -> Scalar<'_> {
    debug_assert_eq!(node.kind(), Kind::Scalar);
    let text = node.text();
    let tag = node.tag().map(|t| t.strip_prefix("tag:yaml.org,2002:").unwrap_or(t));
    match (tag, node.style()) {
        (Some("str" | "binary"), _) => Scalar::Str(text),
        (Some("int" | "bool" | "null" | "float" | "timestamp"), _)
        | (None | Some("!" | "!reset" | "!override"), Style::Plain | Style::Empty) => plain(text),
        _ => Scalar::Str(text),
    }
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
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return Scalar::Str(text);
    }
    if is_timestamp(text) {
        return Scalar::Timestamp;
    }
    let digits = text.replace('_', "");
    match integer(&digits) {
        Some(number) => Scalar::Int(number),
        None if is_float(&digits) => Scalar::Float,
        None => Scalar::Str(text),
    }
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
    let number = if digits.starts_with(['+', '-']) { None } else { i128::from_str_radix(digits, radix).ok() }?;
    // Beyond 64 bits go-yaml reads a float.
    (-(1 << 63)..1 << 64).contains(&(sign * number)).then_some(sign * number)
}

/// go-yaml: `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(i) => (&text[..i], Some(&text[i + 1..])),
        None => (text, None),
    };
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let mantissa_ok = match mantissa.split_once('.') {
        None => digits(mantissa),
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
    };
    mantissa_ok && exponent.is_none_or(|e| digits(e.strip_prefix(['-', '+']).unwrap_or(e)))
}

/// `2001-01-01`, alone or with a time behind `T`, `t` or a blank.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let date =
        |b: &[u8]| b.len() == 10 && b.iter().enumerate().all(|(i, c)| if i == 4 || i == 7 { *c == b'-' } else { c.is_ascii_digit() });
    match bytes.len() {
        10 => date(bytes),
        11.. => date(&bytes[..10]) && matches!(bytes[10], b'T' | b't' | b' ') && bytes[11].is_ascii_digit() && text[11..].contains(':'),
        _ => false,
    }
}

/// Whether `text` written without quotes reads as the string `text` for every YAML reader. Errs on the side of quotes.
pub fn writes_plain(text: &str, in_flow: bool) -> bool {
    let bytes = text.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else { return false };
    let is_blank = |b: u8| matches!(b, b' ' | b'\t');
    let bad_char = |c: char| c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
    if is_blank(first) || is_blank(last) || last == b':' || text.contains(bad_char) || text.starts_with("---") || text.starts_with("...") {
        return false;
    }
    if b",[]{}#&*!|>'\"%@`".contains(&first) || b"-?:".contains(&first) && bytes.get(1).is_none_or(|&b| is_blank(b)) {
        return false;
    }
    if bytes.windows(2).any(|w| w[0] == b':' && is_blank(w[1]) || is_blank(w[0]) && w[1] == b'#') {
        return false;
    }
    if in_flow && (first == b':' || bytes.iter().any(|b| b",[]{}?".contains(b))) {
        return false;
    }
    const WORDS: [&str; 16] =
        ["~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", "-.inf", "+.inf", ".nan", "<<", "="];
    !WORDS.iter().any(|w| w.eq_ignore_ascii_case(text)) && !looks_like_number(text)
}

fn looks_like_number(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let text = text.strip_prefix('.').unwrap_or(text);
    let part = |b: u8| b.is_ascii_hexdigit() || b"_.,:xXoO+-tTzZ ".contains(&b);
    text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(part)
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
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
