//! From the options of the command line to what a plan is asked for.

use super::args::{Choice, Input};
use crate::edge::disk::{self, Disk};
use crate::edge::docker::Layers;
use crate::error::{Error, Result};
use crate::evidence::Selection;
use crate::evidence::preset::Preset;
use crate::plan::{self, Files, Options, Start, layer_files, preset_in};
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl Input {
    /// The project at a path: a folder, a file, or (`None`) what Compose itself would use here, options included.
    pub(super) fn project(&self, path: Option<&Path>) -> plan::Input {
        let start = match path {
            Some(path) => Start::Path(path.to_owned()),
            None if self.file.is_empty() => Start::Here,
            None => Start::Files(self.file.clone()),
        };
        plan::Input {
            start,
            project_directory: self.project_directory.clone(),
            env_files: self.env_file.clone(),
            root: self.root.clone(),
            override_file: None,
            is_one_of_many: self.recursive,
            refuses_outside: false,
        }
    }

    /// The project whose only layer is standard input.
    ///
    /// Errors: it is no text.
    pub(super) fn standard_input(&self) -> Result<plan::Input> {
        let text = disk::read_from(Path::new("<stdin>"), std::io::stdin().lock())?;
        Ok(plan::Input { start: Start::Text(text), ..self.project(None) })
    }

    /// The projects that a verb runs, one for each PATH; one that is named twice, or by its folder and its file, is one.
    ///
    /// Errors: a tree, or standard input; a PATH without a project.
    pub(super) fn runnable(&self, verb: &str) -> Result<Vec<Option<&Path>>> {
        let wrong = match (self.recursive, self.paths.iter().any(|p| p == Path::new("-"))) {
            (true, _) => Some("-r finds any number of projects"),
            (_, true) => Some("a project that is run has a place"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            return Err(Error::Usage(format!("{wrong}; {verb} runs those that are named"), Some("name the folders as PATH".into())));
        }
        let mut known: Vec<Vec<Option<PathBuf>>> = Vec::new();
        let mut distinct = Vec::new();
        for path in self.each() {
            let files = layer_files(&Disk, &self.project(path))?.iter().map(|file| disk::real_path(file)).collect();
            if !known.contains(&files) {
                known.push(files);
                distinct.push(path);
            }
        }
        Ok(distinct)
    }

    /// Each PATH, or once none.
    pub(super) fn each(&self) -> Vec<Option<&Path>> {
        if self.paths.is_empty() { vec![None] } else { self.paths.iter().map(|p| Some(p.as_path())).collect() }
    }
}

impl Choice {
    /// What is asked for of every project, with this selection.
    pub(super) fn options(&self, selection: Selection) -> Options {
        Options {
            selection,
            names_presets: !self.preset.is_empty(),
            named_preset: self.preset.iter().find(|name| *name != "auto").cloned(),
            profiles: self.profile.clone(),
            ..Options::default()
        }
    }

    /// What the options say of presets and services.
    ///
    /// Errors: a preset that is not there or is wrong.
    pub(super) fn selection(&self) -> Result<Selection> {
        let mut selection = Selection { auto: self.preset.is_empty(), ..Selection::default() };
        for name in &self.preset {
            match name.as_str() {
                "auto" => selection.auto = true,
                name => selection.presets.push(Arc::new(preset(name)?)),
            }
        }
        for text in &self.service {
            if let Some(name) = text.strip_prefix('!') {
                selection.skip.push(name.to_owned());
            } else if let Some((name, preset_name)) = text.split_once('=') {
                selection.forced.push((name.to_owned(), Arc::new(preset(preset_name)?)));
            } else {
                selection.only.push(text.clone());
            }
        }
        Ok(selection)
    }
}

/// A preset by name, or by file when the name has a slash in it.
pub(super) fn preset(name: &str) -> Result<Preset> {
    if !name.contains(['/', '\\']) {
        return Preset::embedded(name);
    }
    preset_in(&disk::read(Path::new(name))?)
}

/// The project as Compose is to be told of it.
pub(super) fn for_compose(files: &Files<'_>, input: &plan::Input, profiles: &[String]) -> Layers {
    let sources = files.sources();
    let layers = sources.layers().iter().filter_map(|id| Some(sources.file(*id)?.path.clone())).collect();
    let directory = sources.directory().to_owned();
    Layers { files: layers, directory, env_files: input.env_files.clone(), profiles: profiles.to_vec() }
}
