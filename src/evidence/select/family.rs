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
    /// A preset that names the image comes first. What is known of this very image, where somebody runs it
    /// read-only, says more than a preset for all names that begin alike.
    pub(super) fn of(repository: &str) -> Option<Self> {
        if let Some(name) = naming(repository) {
            return Some(Self::Preset(name));
        }
        let entry = catalogue::find(repository).filter(Entry::is_evidence);
        match (claiming(repository), entry) {
            (Some(_), Some(entry)) if entry.is_reported() => Some(Self::Catalogue(entry)),
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
