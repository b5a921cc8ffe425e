//! The writable surface: one number for how much a service can change, so that before and after can be compared.

use super::finding::{Fix, What};
use super::restrict::capability;
use crate::compose::{Coverage, Known, MountKind, Service};
use crate::evidence::{Need, Storage, WritablePath};

/// Where a service can write, counted by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surface {
    /// Whether the root filesystem is writable, or may be.
    pub root: bool,
    /// Writable tmpfs mounts.
    pub tmpfs: usize,
    /// Writable volumes: those of the file, named or not, and those that the image declares.
    pub volumes: usize,
    /// Writable binds of the host.
    pub binds: usize,
    /// Sockets of the container engine, read-only or not.
    pub sockets: usize,
    /// Whether the service is privileged, or may be.
    pub privileged: bool,
    /// Whether it gets every capability by name.
    pub all_capabilities: bool,
}

impl Surface {
    /// What each kind weighs: memory that vanishes least; what gives the whole host away most. All
    /// capabilities are less than `privileged`, which has them and the host's devices.
    pub const WEIGHTS: [(&'static str, usize); 7] = [
        ("writable root filesystem", 20),
        ("tmpfs", 1),
        ("volume", 2),
        ("host bind", 5),
        ("engine socket", 50),
        ("privileged", 50),
        ("all capabilities", 40),
    ];

    /// That of a service of which this is known. What a variable decides counts as writable.
    pub fn of(service: &Service<'_>, need: Option<&Need>) -> Self {
        let privileged = service.may_be("privileged");
        // Who is privileged has them anyway.
        let all_capabilities = !privileged && service.list("cap_add").iter().any(|(_, text)| capability(text) == "ALL");
        let root = service.read_only != Known::Yes;
        let mut surface = Self { root, privileged, all_capabilities, ..Self::default() };
        for mount in &service.mounts {
            let may_write = usize::from(mount.writable != Known::No);
            match mount.kind {
                MountKind::Bind if mount.is_engine_socket() => surface.sockets += 1,
                MountKind::Bind => surface.binds += may_write,
                MountKind::Volume | MountKind::Anonymous | MountKind::Unknown => surface.volumes += may_write,
                MountKind::Tmpfs => surface.tmpfs += may_write,
                MountKind::Fixed => {}
            }
        }
        surface.volumes += need.map_or(0, |need| image_volumes(service, need).count());
        surface
    }

    /// What is left of it after a fix of this service.
    #[must_use]
    pub fn after(mut self, fix: &Fix, need: Option<&Need>) -> Self {
        let is_there = |target: &str| need.is_some_and(|need| need.paths.iter().any(|path| path.is_declared && *path.target == *target));
        for change in &fix.changes {
            match &change.what {
                What::ReadOnly => self.root = false,
                What::Tmpfs(_) => self.tmpfs += 1,
                // The image's own volume gets a name.
                What::Volume { target, .. } if is_there(target) => {}
                What::Volume { .. } => self.volumes += 1,
                What::ReadOnlyBind(_) => self.binds = self.binds.saturating_sub(1),
                What::TmpfsOptions(_) | What::Declare(_) | What::User(_) | What::Healthcheck(_) | What::Item { .. } => {}
            }
        }
        self
    }

    /// How many places can be written.
    pub fn places(&self) -> usize {
        usize::from(self.root) + self.tmpfs + self.volumes + self.binds + self.sockets
    }

    /// The counts in the order of [`Surface::WEIGHTS`].
    pub fn counts(&self) -> [usize; 7] {
        let [root, privileged, all] = [self.root, self.privileged, self.all_capabilities].map(usize::from);
        [root, self.tmpfs, self.volumes, self.binds, self.sockets, privileged, all]
    }

    /// One number: the counts by their weights.
    pub fn score(&self) -> usize {
        self.counts().iter().zip(Self::WEIGHTS).map(|(count, (_, weight))| count * weight).sum()
    }
}

/// Where the image declares volumes and the file mounts nothing: the engine makes one there, which can be written.
pub fn image_volumes<'n>(service: &Service<'_>, need: &'n Need) -> impl Iterator<Item = &'n WritablePath> {
    let is_open = |path: &&WritablePath| {
        path.is_declared && path.storage == Storage::State && matches!(service.coverage(&path.target), Coverage::Root)
    };
    super::unique(&need.paths).filter(is_open)
}
