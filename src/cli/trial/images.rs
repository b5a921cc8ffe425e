//! Which images are there.

use crate::edge::docker::Docker;
use crate::error::Result;
use crate::trial::Isolated;
use std::collections::BTreeMap;

/// Services whose image is not on the engine, and what to do about it.
pub(super) fn missing(docker: &Docker, isolated: &Isolated) -> Result<BTreeMap<String, String>> {
    let mut missing = BTreeMap::new();
    let used = isolated.services.iter().filter(|s| !s.is_built);
    let mut known: BTreeMap<&str, bool> = BTreeMap::new();
    for stand in used {
        let is_there = match known.get(stand.image.as_str()) {
            Some(is_there) => *is_there,
            None => docker.succeeds(&["image", "inspect", "--format", "{{.Id}}", &stand.image])?,
        };
        known.insert(&stand.image, is_there);
        if !is_there {
            let has_build = isolated.buildable.contains(&stand.service);
            let how = if has_build { "build it, or add --build" } else { "pull it, or add --pull" };
            missing.insert(stand.service.clone(), format!("its image {} is not here: {how}", stand.image));
        }
    }
    Ok(missing)
}
