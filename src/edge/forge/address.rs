//! Addresses: what a token may be sent to.

use std::fmt::Write as _;

/// Scheme and server of an address.
pub(super) fn origin(address: &str) -> &str {
    let host = address.find("://").map_or(0, |at| at + 3);
    &address[..address[host..].find('/').map_or(address.len(), |at| host + at)]
}

/// Whether an address leads to this machine.
pub(super) fn is_loopback(address: &str) -> bool {
    let host = origin(address).trim_start_matches("http://").trim_start_matches("https://");
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| {
        let is_port = |rest: &str| rest.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()));
        host.strip_prefix(name).is_some_and(|rest| rest.is_empty() || is_port(rest))
    })
}

/// A part of a path or query, with everything else than letters, digits and `-._~` escaped.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(byte.into());
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}
