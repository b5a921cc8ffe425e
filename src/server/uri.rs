//! Files as URIs and back.

use crate::text::uri_path;
use std::path::{Path, PathBuf};

/// The path that a `file:` URI names on this machine; `None` for every other URI.
pub(super) fn path_of(uri: &str) -> Option<PathBuf> {
    let (scheme, rest) = uri.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    let rest = rest.strip_prefix("//")?;
    let (host, path) = rest.split_at(rest.find('/')?);
    if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
        return None;
    }
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let bytes = decoded(path).filter(|bytes| !bytes.contains(&0))?;
    Some(native(bytes)).filter(|path| path.is_absolute())
}

/// The URI of an absolute path.
pub(super) fn of_path(path: &Path) -> String {
    format!("file://{}", uri_path(&bytes_of(path)))
}

/// A text without percent signs; `None` where one stands for nothing.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut found = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            found.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        found.push((high * 16 + low) as u8);
    }
    Some(found)
}

#[cfg(unix)]
fn native(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(unix)]
fn bytes_of(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

/// `/c:/x` is `c:/x` here.
#[cfg(not(unix))]
fn native(bytes: Vec<u8>) -> PathBuf {
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let is_drive = text.as_bytes().get(2) == Some(&b':');
    PathBuf::from(if is_drive { &text[1..] } else { &text })
}

#[cfg(not(unix))]
fn bytes_of(path: &Path) -> Vec<u8> {
    // What has no links begins with `\\?\` there.
    let text = path.to_string_lossy().trim_start_matches(r"\\?\").replace('\\', "/");
    if text.starts_with('/') { text.into_bytes() } else { format!("/{text}").into_bytes() }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_this_machine_have_paths() {
        for (uri, path) in [
            ("file:///srv/compose.yaml", Some("/srv/compose.yaml")),
            ("FILE://localhost/srv/a%20b/%C3%A9.yaml", Some("/srv/a b/é.yaml")),
            ("file:///srv/a+b&c.yaml", Some("/srv/a+b&c.yaml")),
            ("file:///c%3A/work/compose.yaml", Some("/c:/work/compose.yaml")),
            ("file:///srv/x.yaml?a#b", Some("/srv/x.yaml")),
            ("file://server/share/x.yaml", None),
            ("file:compose.yaml", None),
            ("file://", None),
            ("file:///a%0", None),
            ("file:///a%zz", None),
            ("file:///a%00b", None),
            ("untitled:Untitled-1", None),
            ("vscode-remote://ssh/srv/x.yaml", None),
            ("", None),
        ] {
            assert_eq!(path_of(uri), path.map(PathBuf::from), "{uri}");
        }
    }

    #[test]
    fn a_path_comes_back_from_its_uri() {
        for path in ["/srv/compose.yaml", "/srv/a b/é#?%.yaml", "/c:/x"] {
            assert_eq!(path_of(&of_path(Path::new(path))), Some(path.into()), "{path}");
        }
    }
}
