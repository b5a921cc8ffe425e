//! What a service can do at a path: which of its mounts decides.

use super::Service;
use crate::compose::interpolate::{self, has_variable};
use crate::compose::mount::{Known, Mount};

/// What a service can do at a path.
#[derive(Clone, Copy, Debug)]
pub enum Coverage<'m, 'a> {
    /// The engine keeps it writable on every container.
    Engine,
    /// A writable mount at the path or above it.
    Writable(&'m Mount<'a>),
    /// A read-only mount at the path or above it.
    ReadOnly(&'m Mount<'a>),
    /// A variable decides whether this mount covers the path.
    Unknown(&'m Mount<'a>),
    /// Nothing is mounted there: `read_only` decides.
    Root,
}

impl<'a> Service<'a> {
    /// What the service can do at `path` (cleaned): the deepest mount at it or above it decides.
    pub fn coverage(&self, path: &str) -> Coverage<'_, 'a> {
        let covers = |target: &str| path == target || path.strip_prefix(target).is_some_and(|rest| rest.starts_with('/')) || target == "/";
        if ["/proc", "/dev/shm", "/dev/mqueue"].iter().any(|p| covers(p)) {
            return Coverage::Engine;
        }
        let (known, maybe) = if self.mounts.len() > FEW_MOUNTS && path.len() <= MAX_PATH {
            let index = self.index.get_or_init(|| Box::new(MountIndex::of(&self.mounts)));
            (
                index.deepest(&self.mounts, path),
                index.variable.iter().map(|&i| &self.mounts[i as usize]).find(|m| !m.is_placed && interpolate::may_equal(&m.target, path)),
            )
        } else {
            let known = self.mounts.iter().filter(|m| covers(&m.target)).max_by_key(|m| m.target.len());
            (known, self.mounts.iter().find(|m| !m.is_placed && interpolate::may_equal(&m.target, path)))
        };
        // Of two at one target, the service's own counts.
        let others = || self.others.iter().flat_map(|mounts| mounts.iter());
        let lent = others().filter(|m| covers(&m.target)).max_by_key(|m| m.target.len());
        let known = match (known, lent) {
            (Some(own), Some(lent)) if lent.target.len() > own.target.len() => Some(lent),
            (own, lent) => own.or(lent),
        };
        let maybe = maybe.or_else(|| others().find(|m| !m.is_placed && interpolate::may_equal(&m.target, path)));
        match (known, maybe) {
            (_, Some(mount)) => Coverage::Unknown(mount),
            (Some(mount), None) => match mount.writable {
                Known::Yes => Coverage::Writable(mount),
                Known::No => Coverage::ReadOnly(mount),
                Known::Unknown => Coverage::Unknown(mount),
            },
            (None, None) => Coverage::Root,
        }
    }
}

/// Up to so many mounts, looking at each is faster than looking one up.
const FEW_MOUNTS: usize = 16;
/// Longest path that there can be: Linux's `PATH_MAX`.
const MAX_PATH: usize = 4096;

/// The mounts of a service that has many, by their targets.
#[derive(Clone, Debug)]
pub(super) struct MountIndex {
    /// By target; of equal ones the last counts.
    by_target: Vec<u32>,
    /// Those whose target has a variable.
    variable: Vec<u32>,
}

impl MountIndex {
    fn of(mounts: &[Mount<'_>]) -> Self {
        let mut by_target: Vec<u32> = (0..mounts.len() as u32).collect();
        by_target.sort_by_key(|&i| &*mounts[i as usize].target);
        let variable = (0..mounts.len() as u32).filter(|&i| has_variable(&mounts[i as usize].target)).collect();
        Self { by_target, variable }
    }

    /// The deepest mount at `path` or above it.
    fn deepest<'m, 'a>(&self, mounts: &'m [Mount<'a>], path: &str) -> Option<&'m Mount<'a>> {
        let at = |folder: &str| {
            let behind = self.by_target.partition_point(|&i| &*mounts[i as usize].target <= folder);
            let last = &mounts[self.by_target[behind.checked_sub(1)?] as usize];
            (last.target == folder).then_some(last)
        };
        let above = path.rmatch_indices('/').filter(|(i, _)| *i > 0).map(|(i, _)| &path[..i]);
        std::iter::once(path).chain(above).find_map(at).or_else(|| at("/")).or_else(|| at("").filter(|_| path.starts_with('/')))
    }
}

#[cfg(test)]
mod tests {
    use crate::compose::{Coverage, Project, Sources};
    use crate::text::{FileId, MAX_FILE_BYTES, TextFile};
    use crate::yaml::Stream;

    #[test]
    fn among_many_mounts_the_same_one_covers_a_path_as_among_few() {
        let few = "./a:/x\n./a:/x/y:ro\n./a:/x-y\n./a:/run/u\n./b:/var/run/u:ro\n./a:/q/${V}/z\n";
        let many: String = (0..40).map(|i| format!("./a:/many/{i}\n")).collect();
        let answers = |mounts: &str| {
            let items: String = mounts.lines().map(|mount| format!("      - {mount}\n")).collect();
            let text = format!("services:\n  s:\n    volumes:\n{items}");
            let text = TextFile::new("f", text.into_bytes(), MAX_FILE_BYTES).expect("text");
            let sources = Sources::single(Stream::parse(&text, FileId(0)).expect("YAML"));
            let project = Project::read(&sources).expect("a project");
            let paths = ["/x", "/x/z", "/x/y/z", "/x-y/z", "/x-", "/run/u/v", "/q/1/z", "/q/1/zz", "/proc/a", "/", "/y"];
            paths.map(|path| match project.services[0].coverage(path) {
                Coverage::Writable(m) | Coverage::ReadOnly(m) | Coverage::Unknown(m) => m.node.text().to_owned(),
                Coverage::Engine => "engine".to_owned(),
                Coverage::Root => "root".to_owned(),
            })
        };
        for all in ["", "./c:/\n"] {
            assert_eq!(answers(&format!("{many}{few}{all}")), answers(&format!("{few}{all}")));
        }
        assert_eq!(answers(&format!("{many}{few}"))[..3], ["./a:/x", "./a:/x", "./a:/x/y:ro"]);
    }
}
