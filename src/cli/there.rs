//! Volumes that are on the engine already under the name that a plan gives a new one: what they hold and whose they are counts then, and
//! a run with an empty one does not show it.

use super::moving::new_volumes;
use super::prepared::Prepared;
use super::verify::Case;
use crate::edge::docker::Trial;
use crate::error::Result;
use crate::evidence::RunUser;
use crate::trial::Entry;
use serde_json::Value;

/// What is said of each service whose new volume is there already.
///
/// Errors: those of the engine and of Compose.
pub(super) fn already_there(case: &Case<'_>, plan: &Prepared) -> Result<Vec<(String, String)>> {
    let new = new_volumes(&plan.accepted);
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let docker = &case.context.docker;
    let model = case.model(plan)?;
    let mut said = Vec::new();
    for (service, target) in new {
        let Some(name) = volume_at(&model, &service, &target) else { continue };
        let Some(made) = docker.volume_made(name)? else { continue };
        let image = model["services"][&service]["image"].as_str().unwrap_or_default();
        let trial = Trial::begin(docker)?;
        let entry = trial.still(image, Some(name)).and_then(|still| docker.head(&still, Trial::LOOKED_AT));
        trial.end()?;
        let needs = plan.after.as_ref().map_or(&[][..], |after| &after.needs);
        let run_user = needs.iter().find(|need| need.service == service).map(|need| &need.run_user);
        // Without its image, nobody can look; that the volume is there is said all the same.
        let sentence = sentence(name, &made, &target, entry.ok().flatten(), run_user);
        said.push((service, sentence));
    }
    Ok(said)
}

/// The name that the engine knows the volume by that a service mounts at a path.
fn volume_at<'m>(model: &'m Value, service: &str, target: &str) -> Option<&'m str> {
    let mounts = model["services"][service]["volumes"].as_array()?;
    let source = mounts.iter().find(|m| m["type"] == "volume" && m["target"] == target)?["source"].as_str()?;
    model["volumes"][source]["name"].as_str()
}

fn sentence(name: &str, made: &str, target: &str, entry: Option<Entry>, run_user: Option<&RunUser>) -> String {
    let day = made.split('T').next().unwrap_or(made);
    let whose = entry.map(|e| format!(", is {}:{}'s with mode {:o},", e.uid, e.gid, e.mode)).unwrap_or_default();
    let runs_as = match run_user {
        Some(RunUser::Number(uid, gid)) => Some((*uid, gid.unwrap_or(0))),
        _ => None,
    };
    let is_closed = |(uid, gid): &(u32, u32)| {
        entry.is_some_and(|e| {
            let bit = if e.uid == *uid {
                0o200
            } else if e.gid == *gid {
                0o020
            } else {
                0o002
            };
            *uid != 0 && e.mode & bit == 0
        })
    };
    let closed = runs_as
        .filter(is_closed)
        .map(|(uid, _)| format!("; user {uid}, whom the service runs as, cannot write there: chown it or remove it first"));
    format!(
        "the volume {name} is on the engine already, since {day}{whose} and would be mounted at {target} with what it holds; this run had an empty one{}",
        closed.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_volume_has_the_name_that_compose_gives_it() {
        let model = json!({
            "services": { "app": { "volumes": [{ "type": "bind", "source": "/x", "target": "/a" }, { "type": "volume", "source": "data", "target": "/data" }] } },
            "volumes": { "data": { "name": "shop_data" } },
        });
        assert_eq!(volume_at(&model, "app", "/data"), Some("shop_data"));
        assert_eq!((volume_at(&model, "app", "/a"), volume_at(&model, "db", "/data")), (None, None));
    }

    #[test]
    fn who_cannot_write_there_is_told() {
        let entry = |uid, mode| Some(Entry { is_folder: true, uid, gid: uid, mode, changed: 0, size: 0 });
        let said = |entry, run_user: RunUser| sentence("shop_data", "2026-01-02T03:04:05Z", "/data", entry, Some(&run_user));
        let own = said(entry(7, 0o755), RunUser::Number(7, None));
        assert_eq!(
            own,
            "the volume shop_data is on the engine already, since 2026-01-02, is 7:7's with mode 755, and would be mounted at /data with what it holds; this run had an empty one"
        );
        assert!(
            said(entry(7, 0o755), RunUser::Number(8, None))
                .ends_with("user 8, whom the service runs as, cannot write there: chown it or remove it first")
        );
        for (entry, run_user) in
            [(entry(7, 0o777), RunUser::Number(8, None)), (entry(7, 0o755), RunUser::Number(0, None)), (None, RunUser::Number(8, None))]
        {
            assert!(said(entry, run_user).ends_with("had an empty one"));
        }
    }
}
