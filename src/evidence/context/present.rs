//! What is mounted or copied to a place already.

use super::{ServiceContext, Unseen, any};
use crate::compose::{Coverage, Known, Mount, MountKind, is_at};

impl ServiceContext<'_, '_> {
    /// Whether something is mounted or copied to `path` or below it.
    pub(super) fn present(&self, path: &str) -> Known {
        let is_copied = self.copied().any(|copied| is_at(copied, path));
        if is_copied { Known::Yes } else { self.mounted(path, |target| is_at(target, path)) }
    }

    /// Whether something stands in for `path` itself: a file below a folder does not, as the rest of the folder is the image's still. Of a path
    /// that ends with `/*`, what is in that folder does.
    pub(super) fn provided(&self, path: &str) -> Known {
        if let Some(folder) = path.strip_suffix("/*") {
            return self.present(folder);
        }
        if self.copied().any(|copied| copied == path) {
            return Known::Yes;
        }
        match self.mounted(path, |target| target == path) {
            // A mount would hide what the Dockerfile puts there.
            Known::No if self.copied().any(|copied| is_at(copied, path)) => Known::Unknown,
            known => known,
        }
    }

    /// Whether something that can be written is mounted at exactly this path.
    pub(in crate::evidence) fn is_target(&self, path: &str) -> bool {
        matches!(self.service.coverage(path), Coverage::Writable(mount) | Coverage::Unknown(mount) if mount.target == path)
    }

    fn copied(&self) -> impl Iterator<Item = &str> {
        self.facts().into_iter().flat_map(|facts| facts.copied.iter().map(String::as_str))
    }

    /// Whether a mount has its target where `is_there` says. A variable may put one there whose first part fits `path`.
    fn mounted(&self, path: &str, is_there: impl Fn(&str) -> bool) -> Known {
        let is_seen = |mount: &&Mount<'_>| {
            mount.kind != MountKind::Tmpfs
                || match &self.unseen {
                    Unseen::Nothing => true,
                    Unseen::AllTmpfs => false,
                    Unseen::Tmpfs(places) => !places.iter().any(|place| *place == *mount.target),
                }
        };
        any(self.service.all_mounts().filter(is_seen).map(|mount| match mount.target.find('$').filter(|_| !mount.is_placed) {
            Some(variable) if path.starts_with(&mount.target[..variable]) || is_at(&mount.target[..variable], path) => Known::Unknown,
            None if is_there(&mount.target) => Known::Yes,
            _ => Known::No,
        }))
    }
}
