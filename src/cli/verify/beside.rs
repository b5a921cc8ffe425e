//! What is said of a service that works beside the verdict: what no run of it shows, or what is another thing from now on.

use crate::compose::{Coverage, Known, Service, is_at};
use crate::evidence::engine::Observation;
use crate::evidence::image::Image;
use crate::evidence::{Need, Storage, WritablePath};

/// Folders that all programs share: only what a program made in one is its own.
const SHARED: [&str; 2] = ["/tmp", "/var/tmp"];
/// Folders and ends of files of which nobody expects that a restart keeps them.
const FLEETING: [&str; 7] = ["cache", "caches", ".cache", "tmp", "temp", "shm", "lock"];
const ENDS: [&str; 4] = [".pid", ".sock", ".socket", ".lock"];

/// What jobs of an image write later and could not: no run sees it.
pub(super) fn missed_later(image: &Image, service: Option<&Service<'_>>) -> Vec<String> {
    let is_missed = |path: &str| service.is_some_and(|s| s.read_only == Known::Yes && !matches!(s.coverage(path), Coverage::Writable(_)));
    image.jobs().iter().filter(|job| is_missed(&job.path)).map(|job| format!("{}, which is read-only", job.said())).collect()
}

/// What is another thing for several containers of a service: each had files of its own until now.
pub(super) fn shared(service: &Service<'_>, need: &Need) -> Option<String> {
    let number = service.replicas().filter(|number| *number > 1)?;
    let is_new = |path: &&WritablePath| path.storage == Storage::State && !path.is_declared;
    let places: Vec<&str> = need.paths.iter().filter(is_new).map(|path| &*path.target).collect();
    let these = if places.len() == 1 { "the volume" } else { "the volumes" };
    (!places.is_empty()).then(|| {
        format!(
            "its {number} containers share {these} at {} from now on, where each had files of its own; two ran together",
            places.join(", ")
        )
    })
}

/// What a restart loses from now on, since it lies on a tmpfs: as it is, a restart keeps what a container wrote.
pub(super) fn lost(paths: &[WritablePath], observed: &Observation) -> Option<String> {
    let is_kept = |path: &&str| !ENDS.iter().any(|end| path.ends_with(end));
    let written = || observed.written.iter().filter(|w| !w.is_inside).map(|w| w.path.as_str()).filter(is_kept);
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let mut lost: Vec<&str> = Vec::new();
    for path in paths.iter().filter(|path| path.storage != Storage::State && !is_at(&path.target, "/run")) {
        let target = &*path.target;
        let below = written().filter(|file| is_at(file, target) && *file != target);
        if SHARED.contains(&target) {
            // A folder that the program made there, with something in it.
            let folder = |file: &str| file[target.len() + 1..].find('/').map(|end| target.len() + 1 + end);
            lost.extend(below.filter_map(|file| Some(&file[..folder(file)?])));
        } else if !FLEETING.contains(&name(target).as_str()) && below.count() > 0 {
            lost.push(target);
        }
    }
    lost.sort_unstable();
    lost.dedup();
    (!lost.is_empty()).then(|| format!("a restart empties {}, which it kept until now: a volume there keeps it", lost.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::engine::Written;

    #[test]
    fn what_a_restart_loses_is_said() {
        let paths = |targets: &[&str]| {
            let path = |target: &&str| {
                let options = crate::evidence::TmpfsOptions::default();
                let reason = crate::evidence::Reason {
                    source: crate::evidence::Source::Run,
                    text: String::new(),
                    link: None,
                    confidence: crate::evidence::Confidence::Reported,
                };
                let storage = Storage::Scratch(options);
                let target = crate::evidence::Target::new(target, &storage).expect("a target");
                WritablePath { service: "s".into(), target, storage, is_declared: false, owner: None, reason: std::sync::Arc::new(reason) }
            };
            targets.iter().map(path).collect::<Vec<_>>()
        };
        let said = |targets: &[&str], written: &[&str]| {
            let written = written.iter().map(|path| Written { path: (*path).to_owned(), is_inside: false, is_program: false }).collect();
            let observed = Observation { written, ..Observation::default() };
            lost(&paths(targets), &observed)
        };
        let of = |what: &str| Some(format!("a restart empties {what}, which it kept until now: a volume there keeps it"));
        assert_eq!(said(&["/var/log"], &["/var/log/shop.log"]), of("/var/log"));
        assert_eq!(said(&["/tmp", "/var/log"], &["/tmp/nats/a/b", "/tmp/nats/c", "/var/log/x"]), of("/tmp/nats and /var/log"));
        for (target, written) in
            [("/run", "/run/x"), ("/tmp", "/tmp/x"), ("/var/cache", "/srv/x"), ("/srv/cache", "/srv/cache/x"), ("/srv/a", "/srv/a/x.pid")]
        {
            assert_eq!(said(&[target], &[written]), None, "{target}");
        }
    }
}
