//! Looking at an image: its configuration, and its files by a container that is made of it and never started.

use super::user_of;
use crate::edge::docker::{Docker, Trial};
use crate::error::{Error, Result};
use crate::evidence::image::{Image, ImageConfig};
use crate::trial::{Listing, image_observation};
use std::collections::BTreeMap;

/// What the image `id` says of itself, which is called `name`, and its files; `None` where it is not there.
pub(in crate::cli) fn look_at_image(docker: &Docker, trial: &Trial, id: &str, name: &str) -> Result<Option<(Listing, Image)>> {
    let Some((id, config)) = docker.image(id)? else { return Ok(None) };
    let config: ImageConfig =
        serde_json::from_value(config).map_err(|e| Error::Engine(format!("the image's configuration is not understood: {e}")))?;
    let still = trial.still(&id, None)?;
    let (listing, links) = docker.listing_with_links(&still)?;
    let user = user_of(docker, &still, &config.user)?;
    let observed = image_observation(&listing, user);
    let files = listing.iter().filter(|(path, e)| !e.is_folder && !links.contains_key(*path));
    let files = files.map(|(path, e)| (path.clone(), e.mode)).collect();
    let mut image = Image { name: name.to_owned(), config, observed, files, links, scripts: BTreeMap::new() };
    loop {
        let wanted = image.wanted();
        if wanted.is_empty() {
            return Ok(Some((listing, image)));
        }
        for path in wanted {
            let text = docker.file_text(&still, &path)?;
            image.scripts.insert(path, text);
        }
    }
}
