//! The text of a page: what is ours is markup, what strangers wrote is text.

use crate::text::clean_line;
use sha2::{Digest, Sha256};
use std::fmt::Display;

const STYLE: &str = concat!(include_str!("shared.css"), include_str!("style.css"));
const SCRIPT: &str = include_str!("script.js");

/// A page in the making. Markup can only be a literal of the program; everything else goes in escaped.
#[derive(Default)]
pub struct Page {
    html: String,
}

impl Page {
    /// Markup.
    pub fn raw(&mut self, html: &'static str) {
        self.html.push_str(html);
    }

    /// Markup with a value as text at each `{}`.
    pub fn put(&mut self, markup: &'static str, values: &[&dyn Display]) {
        let mut parts = markup.split("{}");
        self.raw(parts.next().unwrap_or_default());
        debug_assert_eq!(markup.matches("{}").count(), values.len(), "{markup}");
        for (part, value) in parts.zip(values) {
            self.html.push_str(&escape(&value.to_string()));
            self.raw(part);
        }
    }

    /// A sentence in which backticks mark code.
    pub fn prose(&mut self, text: &str) {
        let parts: Vec<&str> = text.split('`').collect();
        // The last backtick of an odd number ends nothing: it is text.
        let is_odd = parts.len().is_multiple_of(2);
        for (i, part) in parts.iter().enumerate() {
            match (i % 2 == 1, is_odd && i + 1 == parts.len()) {
                (true, true) => self.put("`{}", &[part]),
                (true, false) => self.put("<code>{}</code>", &[part]),
                (false, _) => self.put("{}", &[part]),
            }
        }
    }

    /// Everything before what is seen. Nothing but the style and the script of this very page may be used.
    pub fn head(&mut self, title: &'static str) {
        self.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        self.put(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; \
             base-uri 'none'; form-action 'none'\">\n",
            &[&fingerprint(STYLE), &fingerprint(SCRIPT)],
        );
        self.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        self.put("<title>{}</title>\n", &[&title]);
        self.raw("<style>");
        self.raw(STYLE);
        self.raw("</style>\n</head>\n<body>\n");
    }

    /// What is there, of a part that goes into another page.
    pub fn into_text(self) -> String {
        self.html
    }

    /// What is there so far.
    #[cfg(test)]
    pub fn text(&self) -> &str {
        &self.html
    }

    /// The whole page, of one that has nothing for the script to do.
    pub fn end_plain(mut self) -> String {
        self.raw("</body>\n</html>\n");
        self.html
    }

    /// The whole page.
    pub fn end(mut self) -> String {
        self.raw("<script>");
        self.raw(SCRIPT);
        self.raw("</script>\n</body>\n</html>\n");
        self.html
    }
}

/// A text for an element or a quoted attribute, on one line, with everything that hides or reorders made visible.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in clean_line(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The hash by which a policy names an inline block.
fn fingerprint(text: &str) -> String {
    base64(&Sha256::digest(text))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, i| bits << 8 | usize::from(three.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            text.push(if i <= three.len() { char::from(DIGITS[bits >> (18 - 6 * i) & 63]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_wrote_is_text() {
        let mut page = Page::default();
        page.put("<p title=\"{}\">{}</p>", &[&"\"'><b>", &"</p>&\n\u{202e}{}"]);
        assert_eq!(page.html, "<p title=\"&quot;&#39;&gt;&lt;b&gt;\">&lt;/p&gt;&amp;\\n\\u{202e}{}</p>");
    }

    #[test]
    fn backticks_mark_code() {
        for (text, expected) in
            [("a `b` c", "a <code>b</code> c"), ("a ` b", "a ` b"), ("`<`", "<code>&lt;</code>"), ("`a` `", "<code>a</code> `"), ("", "")]
        {
            let mut page = Page::default();
            page.prose(text);
            assert_eq!(page.html, expected, "{text}");
        }
    }

    #[test]
    fn base64_as_in_the_rfc() {
        for (text, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"), ("\u{3ff}?>", "z78/Pg==")]
        {
            assert_eq!(base64(text.as_bytes()), expected, "{text}");
        }
    }
}
