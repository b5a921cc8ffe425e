//! Which images are there.

use crate::edge::docker::Docker;
use crate::error::Result;
use crate::trial::{Isolated, IsolatedService};
use std::collections::BTreeMap;

/// Why an image cannot be run here though it is there: it is one for other machines than the service asks for.
fn other_machine(docker: &Docker, isolated: &Isolated, stand: &IsolatedService) -> Result<Option<String>> {
    let Some(platform) = isolated.model["services"][&stand.service]["platform"].as_str() else { return Ok(None) };
    let wanted = platform.split('/').nth(1).unwrap_or(platform);
    let own = docker.ask(&["image", "inspect", "--format", "{{.Architecture}}", &stand.image])?;
    let own = own.trim();
    Ok((own != wanted)
        .then(|| format!("it asks for {platform}, and its image here is for {own}: pull the other one, or leave out `platform`")))
}

/// Services whose image is not on the engine, and what to do about it.
pub(super) fn missing(docker: &Docker, isolated: &Isolated) -> Result<BTreeMap<String, String>> {
    let mut missing = BTreeMap::new();
    let used = isolated.services.iter().filter(|s| !s.is_built && s.twin_of.is_none());
    let mut known: BTreeMap<&str, bool> = BTreeMap::new();
    for stand in used {
        let is_there = match known.get(stand.image.as_str()) {
            Some(is_there) => *is_there,
            None => docker.succeeds(&["image", "inspect", "--format", "{{.Id}}", &stand.image])?,
        };
        known.insert(&stand.image, is_there);
        if is_there && let Some(why) = other_machine(docker, isolated, stand)? {
            missing.insert(stand.service.clone(), why);
        }
        if !is_there {
            let has_build = isolated.buildable.contains(&stand.service);
            let how = if has_build { "build it, or add --build" } else { "pull it, or add --pull" };
            missing.insert(stand.service.clone(), format!("its image {} is not pulled: {how}", stand.image));
        }
    }
    Ok(missing)
}
