//! Data that a new mount would leave behind in a container: what is there, and the commands that take it along.

use super::ask::Ask;
use super::ui::Ui;
use crate::audit::{Fix, What};
use crate::edge::disk;
use crate::edge::docker::{Kept, kept};
use crate::error::Result;
use crate::plan::Plan;
use crate::report::remarks;
use crate::text::{clean_line, shell_word};
use std::path::{Path, PathBuf};

/// Most paths in one sentence.
const MOST_TARGETS: usize = 4;

/// What containers of a project hold where its plan mounts something new.
///
/// Errors: an interrupt.
pub(super) fn left_behind(plan: &Plan<'_>) -> Result<Vec<Kept>> {
    let wanted = new_volumes(&plan.accepted);
    let paths: Vec<PathBuf> =
        plan.project.sources.files().iter().filter_map(|f| disk::real_path(Path::new(f.stream.text().name()))).collect();
    if wanted.is_empty() || paths.is_empty() { Ok(Vec::new()) } else { kept(&paths, &wanted) }
}

/// The services and paths at which fixes mount a new volume.
pub(super) fn new_volumes(fixes: &[Fix]) -> Vec<(String, String)> {
    let target = |fix: &Fix, what: &What| match what {
        What::Volume { target, .. } => Some((fix.service.clone(), target.to_string())),
        _ => None,
    };
    fixes.iter().flat_map(|fix| fix.changes.iter().filter_map(|c| target(fix, &c.what))).collect()
}

/// What a change loses that nobody moves, where it mounts a new volume; the service is not named.
pub(super) fn loss(fix: &Fix) -> Option<String> {
    let mut targets: Vec<String> = new_volumes(std::slice::from_ref(fix)).into_iter().map(|(_, target)| target).collect();
    if targets.is_empty() {
        return None;
    }
    if targets.len() > MOST_TARGETS {
        targets.truncate(MOST_TARGETS);
        targets.push("...".to_owned());
    }
    let places = targets.join(", ");
    Some(format!(
        "what its container holds at {places} now is lost when it is recreated, unless you move it into the new volume first \
         (`rofs-harden explain moving-data`)"
    ))
}

/// The commands that take along, after the write and before the start, what containers hold where volumes are new. All is copied
/// before the first container is made again, since that may recreate others; and each goes on only where the one before it succeeded,
/// since a container that is made again is lost with what was not copied.
pub(super) fn before_the_start(compose: &str, volumes: &[(String, String)]) -> Vec<String> {
    let place = |(service, path): &(String, String)| format!("{}:{}", shell_word(service), shell_word(path));
    let mut services: Vec<String> = volumes.iter().map(|(service, _)| shell_word(service).into_owned()).collect();
    services.dedup();
    let services = services.join(" ");
    let out = volumes.iter().map(|volume| format!("{compose} cp {}/. - > {} &&", place(volume), archive(&volume.0, &volume.1)));
    let back = volumes.iter().map(|volume| format!("{compose} cp - {} < {} &&", place(volume), archive(&volume.0, &volume.1)));
    let stop = std::iter::once(format!("{compose} stop {services} &&"));
    stop.chain(out).chain([format!("{compose} create {services} &&")]).chain(back).collect()
}

/// The file for what a service holds at a path, as a word of a shell.
fn archive(service: &str, path: &str) -> String {
    shell_word(&format!("{service}{}.tar", path.replace('/', "-"))).into_owned()
}

/// Says what would stay behind, and how it comes along.
pub(super) fn say(ui: &Ui, all: &[Kept], layers: Option<&str>) {
    for kept in all {
        ui.warn(&clean_line(&sentence(kept)));
        ui.hint("these commands take them along; run this one again where it says so");
        for line in commands(kept, layers) {
            ui.note(&format!("    {}", clean_line(&line)));
        }
    }
    if !all.is_empty() {
        ui.hint("`rofs-harden explain moving-data` says how to check and undo it");
    }
}

/// What a new volume starts without.
pub(super) fn sentence(kept: &Kept) -> String {
    let Kept { service, container, path, .. } = kept;
    format!("{service}: the container {container} holds {} at {path}, and the new volume there starts without them", size(kept))
}

/// Whether the person wants volumes that start without what containers of these services hold.
///
/// Errors: an interrupt.
pub(super) fn may_stay<'s>(ask: &Ask, services: impl Iterator<Item = &'s str>) -> Result<bool> {
    let services: Vec<&str> = services.collect();
    ask.confirm(&format!("Write it all the same, and leave behind what {} holds?", remarks::services(&services)))
}

/// The commands that take the files along.
pub(super) fn commands(kept: &Kept, layers: Option<&str>) -> [String; 6] {
    let (service, path) = (shell_word(&kept.service), shell_word(&kept.path));
    let compose = format!("docker compose -p {}{}", shell_word(&kept.project), layers.map(|l| format!(" {l}")).unwrap_or_default());
    let archive = archive(&kept.service, &kept.path);
    [
        format!("{compose} stop {service}"),
        format!("{compose} cp {service}:{path}/. - > {archive} && {compose} rm -f {service}"),
        "# now write the change: run rofs-harden again".to_owned(),
        format!("{compose} create {service}"),
        format!("{compose} cp - {service}:{path} < {archive}"),
        format!("{compose} up -d"),
    ]
}

/// How much it is, for people.
fn size(kept: &Kept) -> String {
    let least = if kept.is_more { "at least " } else { "" };
    let (mut amount, mut unit) = (kept.bytes, "bytes");
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if amount < 10 * 1024 {
            break;
        }
        (amount, unit) = (amount / 1024, next);
    }
    format!("{least}{amount} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_what_a_shell_takes_and_sizes_are_short() {
        let mut kept = Kept {
            service: "db".into(),
            project: "shop".into(),
            container: "shop-db-1".into(),
            path: "/var/it's".into(),
            bytes: 10 * 1024 * 1024,
            is_more: true,
        };
        let commands = commands(&kept, Some("-f a.yaml"));
        assert_eq!(commands[0], "docker compose -p shop -f a.yaml stop db");
        assert_eq!(commands[4], r"docker compose -p shop -f a.yaml cp - db:'/var/it'\''s' < 'db-var-it'\''s.tar'");
        assert_eq!(size(&kept), "at least 10 MiB");
        (kept.bytes, kept.is_more) = (4, false);
        assert_eq!(size(&kept), "4 bytes");
    }

    #[test]
    fn all_is_copied_before_the_first_container_is_made_again() {
        let volumes = [("db", "/data"), ("db", "/my logs"), ("web", "/up")].map(|(s, p)| (s.to_owned(), p.to_owned()));
        let lines = before_the_start("docker compose -f a.yaml", &volumes);
        let verbs: Vec<&str> = lines.iter().filter_map(|line| line.split(' ').nth(4)).collect();
        assert_eq!(verbs, ["stop", "cp", "cp", "cp", "create", "cp", "cp", "cp"]);
        assert_eq!(lines[0], "docker compose -f a.yaml stop db web &&");
        assert_eq!(lines[2], "docker compose -f a.yaml cp db:'/my logs'/. - > 'db-my logs.tar' &&");
        assert_eq!(lines[6], "docker compose -f a.yaml cp - db:'/my logs' < 'db-my logs.tar' &&");
    }
}
