//! Where the paths of a report start, for those who look at it from the root of the repository.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// The root of the repository, and the folder below it that paths are given from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    root: PathBuf,
    here: PathBuf,
}

impl Base {
    /// Paths are given from `here`; both are absolute and without links.
    pub fn new(root: &Path, here: &Path) -> Self {
        Self { root: root.to_owned(), here: here.to_owned() }
    }

    /// A path from the root on; `None` where it leads out of the repository.
    pub fn path(&self, path: &Path) -> Option<PathBuf> {
        let mut parts: Vec<&OsStr> = Vec::new();
        let start = if path.is_absolute() { Path::new("") } else { &self.here };
        for part in start.components().chain(path.components()) {
            match part {
                Component::Normal(name) => parts.push(name),
                Component::ParentDir => _ = parts.pop(),
                Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            }
        }
        let root: Vec<&OsStr> = self.root.components().filter_map(normal).collect();
        parts.strip_prefix(root.as_slice()).map(|below| below.iter().collect())
    }
}

fn normal(part: Component<'_>) -> Option<&OsStr> {
    if let Component::Normal(name) = part { Some(name) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_start_from_the_root_whatever_the_current_folder_is() {
        for (here, path, expected) in [
            ("/repo", "compose.yaml", Some("compose.yaml")),
            ("/repo/a/b", "compose.yaml", Some("a/b/compose.yaml")),
            ("/repo/a/b", "./c/../compose.yaml", Some("a/b/compose.yaml")),
            ("/repo/a/b", "../../x.yaml", Some("x.yaml")),
            ("/repo/a", "/repo/x.yaml", Some("x.yaml")),
            ("/repo/a", "../../other/x.yaml", None),
            ("/repo/a", "/repository/x.yaml", None),
        ] {
            let base = Base::new(Path::new("/repo"), Path::new(here));
            assert_eq!(base.path(Path::new(path)).as_deref(), expected.map(Path::new), "{path} from {here}");
        }
        assert_eq!(Base::default().path(Path::new("a/./b")).as_deref(), Some(Path::new("a/b")));
    }
}
