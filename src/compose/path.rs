//! Paths in a container.

/// Whether `path` is `folder` or below it; both cleaned.
pub fn is_at(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) || folder == "/"
}

/// Cleans an absolute path (`//a/./b/../c/` → `/a/c`) and follows the links that nearly every Linux image has:
/// `/var/run` → `/run`, `/var/lock` → `/run/lock`.
pub fn clean_path(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    match parts.as_slice() {
        ["var", "run", ..] => parts.drain(..1).for_each(drop),
        ["var", "lock", ..] => parts[0] = "run",
        _ => {}
    }
    format!("/{}", parts.join("/"))
}

/// A target as Compose compares it when it merges: cleaned, links not followed.
pub(super) fn path_clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|p| !matches!(*p, "" | ".")) {
        match (part, parts.last()) {
            ("..", Some(&last)) if last != ".." => drop(parts.pop()),
            ("..", None) if path.starts_with('/') => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (path.starts_with('/'), joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_and_the_links_of_every_image_followed() {
        for (path, expected) in [
            ("/a", "/a"),
            ("/a/", "/a"),
            ("//a/./b/../c/", "/a/c"),
            ("/..", "/"),
            ("/../a", "/a"),
            ("/var/run", "/run"),
            ("/var/run/x", "/run/x"),
            ("/var/lock/x", "/run/lock/x"),
            ("/var/runs", "/var/runs"),
            ("/x/var/run", "/x/var/run"),
        ] {
            assert_eq!(clean_path(path), expected, "{path}");
        }
    }
}
