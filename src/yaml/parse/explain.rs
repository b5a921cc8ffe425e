//! yaml-rust2's errors in a person's words.

use super::Failure;
use super::cursor::Cursor;
use crate::yaml::MAX_DEPTH;
use yaml_rust2::scanner::ScanError;

/// The complaints about the indentation of flow collections and quoted scalars that Compose's reader does not share.
const INDENTATION: [&str; 4] = [
    "invalid indentation",
    "invalid indentation in flow construct",
    "invalid indentation in quoted scalar",
    "tabs disallowed within this context (block indentation)",
];

const TAB: &str = "tab used for indentation";
const NOT_CLOSED: &str = "scanning a quoted scalar, found unexpected end of stream";

/// What is wrong, where, and what to do about it.
pub(super) fn scan_failure(error: &ScanError, cursor: &Cursor<'_>) -> Failure {
    let at = cursor.byte_of(error.marker());
    // A quote that is never closed runs into lines that are not its own.
    let info = match error.info() {
        "invalid indentation in quoted scalar" if cursor.quote_end(at).is_none() => NOT_CLOSED,
        info => info,
    };
    let (message, hint) = match (info.strip_prefix("unexpected character: `"), words(info.trim_start_matches("while "))) {
        (Some(rest), _) => (format!("a value cannot start with `{}`", rest.trim_end_matches('\'')), Some("put the value in quotes")),
        // Its own limit is higher, but it looks ahead.
        _ if info == "recursion limit exceeded" => (too_deep(), Some(TOO_DEEP_HINT)),
        (None, Some((message, hint))) => (message.to_owned(), Some(hint)),
        (None, None) => (info.trim_start_matches("while ").to_owned(), None),
    };
    let before = cursor.source[..at].trim_end_matches([' ', '\t', '\n', '\r']).len();
    let at = match info.trim_start_matches("while ") {
        // A mapping that starts where none can is reported at its first colon.
        "parsing a block mapping, did not find expected key" | "parsing a block collection, did not find expected '-' indicator"
            if cursor.source[at..].starts_with(':') =>
        {
            cursor.line_text(at)
        }
        // A key without a colon is reported behind the end of its line.
        "simple key expected" | "simple key expect ':'" if cursor.column(at) == 0 => cursor.line_text(before),
        _ => at,
    };
    let at = if message == TAB { tab_near(cursor, at) } else { at };
    Failure { at, message, hint: hint.map(str::to_owned), is_indentation: INDENTATION.contains(&info) }
}

pub(super) const TOO_DEEP_HINT: &str = "no Compose file needs this";

pub(super) fn too_deep() -> String {
    format!("nested deeper than {MAX_DEPTH} levels")
}

/// The tab that is meant: the mark stands behind it in its line, or at the start of the value in which it is.
fn tab_near(cursor: &Cursor<'_>, at: usize) -> usize {
    let line = at - cursor.column(at);
    let before = cursor.source[line..at].rfind('\t').map(|i| line + i);
    before.or_else(|| cursor.source[at..].find('\t').map(|i| at + i)).unwrap_or(at)
}

fn words(info: &str) -> Option<(&'static str, &'static str)> {
    Some(match info {
        "tabs disallowed within this context (block indentation)"
        | "tab cannot be used as indentation"
        | "scanning a plain scalar, found a tab"
        | "a block scalar content cannot start with a tab"
        | "tabs disallowed in this context"
        | "expected whitespace"
        | "'-' must be followed by a valid YAML whitespace"
        | "':' must be followed by a valid YAML whitespace" => (TAB, "indent with spaces"),
        NOT_CLOSED => ("a quote is not closed", "close the quote"),
        "scanning a quoted scalar, found unexpected document indicator" => {
            ("a quote is not closed before the document ends", "close the quote")
        }
        "invalid trailing content after double-quoted scalar" => {
            ("text behind a closing quote", "put all of the value in the quotes, or double the quotes inside it")
        }
        "mapping values are not allowed in this context" | "illegal placement of ':' indicator" => {
            ("a `:` where no value can start", "quote the value, or move it to a line of its own")
        }
        "block sequence entries are not allowed in this context" => {
            ("a list item where none can start", "put the `-` on a line of its own")
        }
        "parsing a block mapping, did not find expected key" => {
            ("expected a key here", "check the indentation of this line and the one before")
        }
        "parsing a block collection, did not find expected '-' indicator" => {
            ("expected a list item here", "check the indentation of this line and the one before")
        }
        "invalid indentation" | "simple key expected" | "simple key expect ':'" => {
            ("expected `key: value` here", "check the indentation and the colon")
        }
        "invalid indentation in quoted scalar" => {
            ("a quoted value goes on in a line that is not indented enough", "close the quote, or indent the line")
        }
        "invalid indentation in flow construct" | "invalid indentation for anchor" => {
            ("a line that is not indented enough", "indent it deeper than the key that it belongs to")
        }
        "wrongly indented line in block scalar" => {
            ("a line of a block scalar that is not indented enough", "give all of its lines the indentation of the first")
        }
        "parsing a flow mapping, did not find expected ',' or '}'" => {
            ("expected `,` or `}`", "close the brace, or put a comma between the entries")
        }
        "parsing a flow sequence, expected ',' or ']'" => ("expected `,` or `]`", "close the bracket, or put a comma between the items"),
        "parsing a node, did not find expected node content" => ("expected a value here", "write the value, or remove the comma before it"),
        "plain scalar cannot start with '-' followed by ,[]{}" => ("a lone `-` as a value", "put it in quotes"),
        "parsing node, found unknown anchor" => (
            "an alias of an anchor that does not exist",
            "define the anchor above its use; as a key write `*name :` with a blank before the colon",
        ),
        "parsing a quoted scalar, found unknown escape character" => {
            ("an unknown escape in double quotes", "double the backslash, or use single quotes")
        }
        "parsing a quoted scalar, did not find expected hexadecimal number"
        | "parsing a quoted scalar, found invalid Unicode character escape code" => {
            ("a hexadecimal escape without its digits", "write all of them: two behind `\\x`, four behind `\\u`, eight behind `\\U`")
        }
        "comments must be separated from other tokens by whitespace" => {
            ("a comment needs a blank before its `#`", "put a blank before the `#`")
        }
        "scanning a block scalar, did not find expected comment or line break" => {
            ("text behind the `|` or `>` of a block scalar", "start the text on the next line")
        }
        "did not find expected <document start>" | "invalid content after document end marker" => {
            ("text behind the end of the document", "indent it as part of the document, or start a new one with `---`")
        }
        "missing explicit document end marker before directive" => ("a directive inside a document", "put `...` on a line before it"),
        "the handle wasn't declared" => ("a tag with an unknown handle", "declare the handle with %TAG, or write the tag out"),
        "found incompatible YAML document" => ("incompatible YAML version", "remove the %YAML line"),
        _ => return None,
    })
}
