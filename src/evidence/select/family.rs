//! Who knows an image: a preset, or the catalogue below the presets.

use crate::error::Result;
use crate::evidence::catalogue::{self, Entry};
use crate::evidence::preset::{Preset, claiming, naming};
use std::collections::HashMap;
use std::sync::Arc;

/// Presets and entries of the catalogue that were read already, by name and by line.
pub(super) type Parsed = HashMap<&'static str, Arc<Preset>>;

/// The embedded preset of a name.
pub(super) fn embedded(name: &'static str, parsed: &mut Parsed) -> Result<Arc<Preset>> {
    if let Some(preset) = parsed.get(name) {
        return Ok(preset.clone());
    }
    let preset = Arc::new(Preset::embedded(name)?);
    parsed.insert(name, preset.clone());
    Ok(preset)
}

/// What is known of a repository: the preset for it, or what the catalogue says.
///
/// Errors: an embedded preset that is wrong, which a test rules out.
pub fn known(repository: &str) -> Result<Option<Arc<Preset>>> {
    Family::of(repository).map(|family| family.preset(&mut Parsed::new())).transpose()
}

/// Who knows an image.
#[derive(Clone, Copy)]
pub(super) enum Family {
    Preset(&'static str),
    Catalogue(Entry),
}

impl Family {
    /// A preset that names the image comes first. What its own vendor says of this very image says more than a
    /// preset for all names that begin alike; what others run it with does not: a chart has `/run` in memory from
    /// which programs run, as that of an engine is not, and knows nothing of what such images do with PUID.
    pub(super) fn of(repository: &str) -> Option<Self> {
        if let Some(name) = naming(repository) {
            return Some(Self::Preset(name));
        }
        let entry = catalogue::find(repository).filter(Entry::is_evidence);
        match (claiming(repository), entry) {
            (Some(_), Some(entry)) if entry.is_reported() && entry.is_its_vendors() => Some(Self::Catalogue(entry)),
            (Some(name), _) => Some(Self::Preset(name)),
            (None, entry) => entry.map(Self::Catalogue),
        }
    }

    /// What it says.
    pub(super) fn preset(self, parsed: &mut Parsed) -> Result<Arc<Preset>> {
        match self {
            Self::Preset(name) => embedded(name, parsed),
            Self::Catalogue(entry) => Ok(parsed.entry(entry.line()).or_insert_with(|| Arc::new(entry.preset())).clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Real names of images that a preset claims by the start of their names, and what counts for each.
    #[test]
    fn a_preset_for_all_names_that_begin_alike_gives_way_to_the_vendor_alone() {
        for (image, by_the_catalogue) in [
            // The vendor's page says so.
            ("lscr.io/linuxserver/socket-proxy", true),
            // A chart runs these with memory at /run from which programs run; s6-overlay needs that.
            ("linuxserver/ngircd", false),
            ("linuxserver/pyload", false),
            ("lscr.io/linuxserver/couchpotato", false),
            // Nobody runs them read-only, or somebody says that it fails.
            ("linuxserver/heimdall", false),
            ("linuxserver/znc", false),
            ("ghcr.io/hotio/whisparr", false),
            ("quay.io/jupyter/base-notebook", false),
        ] {
            let family = Family::of(image).unwrap_or_else(|| panic!("{image}"));
            assert_eq!(matches!(family, Family::Catalogue(_)), by_the_catalogue, "{image}");
        }
        assert!(matches!(Family::of("ghcr.io/home-operations/bazarr"), Some(Family::Preset("home-operations"))));
        assert!(Family::of("linuxserverx/app").is_none() && Family::of("hotiox").is_none());
    }
}
