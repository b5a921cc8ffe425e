//! The writable surface: one number for how much a service can change, so that before and after can be compared.

use super::finding::{Fix, What};
use crate::compose::{Known, MountKind, Service};

/// Where a service can write, counted by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surface {
    /// Whether the root filesystem is writable, or may be.
    pub root: bool,
    /// Writable tmpfs mounts.
    pub tmpfs: usize,
    /// Writable volumes, named or not.
    pub volumes: usize,
    /// Writable binds of the host.
    pub binds: usize,
    /// Sockets of the container engine, read-only or not.
    pub sockets: usize,
}

impl Surface {
    /// What each kind weighs: memory that vanishes least, the engine's socket most, since it is the whole host.
    pub const WEIGHTS: [(&'static str, usize); 5] =
        [("writable root filesystem", 20), ("tmpfs", 1), ("volume", 2), ("host bind", 5), ("engine socket", 50)];

    /// That of a service. What a variable decides counts as writable.
    pub fn of(service: &Service<'_>) -> Self {
        let mut surface = Self { root: service.read_only != Known::Yes, ..Self::default() };
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
        surface
    }

    /// What is left of it after a fix.
    #[must_use]
    pub fn after(mut self, fix: &Fix) -> Self {
        for change in &fix.changes {
            match &change.what {
                What::ReadOnly => self.root = false,
                What::Tmpfs(_) => self.tmpfs += 1,
                What::Volume { .. } => self.volumes += 1,
                What::ReadOnlyBind(_) => self.binds = self.binds.saturating_sub(1),
                What::Declare(_) | What::User(_) | What::Item { .. } => {}
            }
        }
        self
    }

    /// The counts in the order of [`Surface::WEIGHTS`].
    pub fn counts(&self) -> [usize; 5] {
        [usize::from(self.root), self.tmpfs, self.volumes, self.binds, self.sockets]
    }

    /// One number: the counts by their weights.
    pub fn score(&self) -> usize {
        self.counts().iter().zip(Self::WEIGHTS).map(|(count, (_, weight))| count * weight).sum()
    }
}
