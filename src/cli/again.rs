//! Commands that are printed for a person to run: each has the options that it needs to be about the same projects and services.

use super::args::{Choice, Diagnose, Input};
use crate::text::shell_word;
use std::path::{Path, PathBuf};

/// What names the same projects and services once more, as words with a blank in front of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Again {
    /// Options that Compose has as well.
    around: String,
    /// The folder that the project stays in.
    root: String,
    /// Files and folders.
    paths: String,
    /// Services, presets and profiles.
    choice: String,
    /// The profiles among them, which Compose knows as well.
    profiles: String,
    /// The file that takes all changes, as an option.
    layer: String,
    /// The layers with that file, for verbs that only read it.
    layers: String,
    /// Whether all projects of a tree are meant.
    pub(super) is_tree: bool,
    /// Whether the layers are named one by one: those that Compose would find need not be the same.
    pub(super) names_layers: bool,
}

/// Nothing was named.
pub(super) static NOTHING: Again = Again {
    around: String::new(),
    root: String::new(),
    paths: String::new(),
    choice: String::new(),
    profiles: String::new(),
    layer: String::new(),
    layers: String::new(),
    is_tree: false,
    names_layers: false,
};

impl Again {
    /// What the command line names.
    pub(super) fn of(input: &Input, choice: &Choice) -> Self {
        let mut again = Self::around(&input.file, input.project_directory.as_deref(), &input.env_file, input.root.as_deref());
        if input.recursive {
            again.paths.insert_str(0, " -r");
            again.is_tree = true;
        }
        input.paths.iter().for_each(|path| again.paths += &word(path));
        let option = |option: &str, values: &[String]| values.iter().map(|value| format!(" {option} {}", shell_word(value))).collect();
        again.profiles = option("--profile", &choice.profile);
        let others: [String; 2] = [option("--preset", &choice.preset), option("--service", &choice.service)];
        again.choice = format!("{}{}", again.profiles, others.concat());
        again
    }

    /// The same for a log.
    pub(super) fn of_log(args: &Diagnose) -> Self {
        Self::around(&args.file, args.project_directory.as_deref(), &args.env_file, args.root.as_deref())
    }

    fn around(files: &[PathBuf], directory: Option<&Path>, env_files: &[PathBuf], root: Option<&Path>) -> Self {
        let option = |option: &str, path: &Path| format!(" {option}{}", word(path));
        let mut around: String = directory.map_or(String::new(), |path| option("--project-directory", path));
        around.extend(env_files.iter().map(|path| option("--env-file", path)));
        Self {
            around,
            root: root.map_or(String::new(), |path| option("--root", path)),
            paths: files.iter().map(|path| option("-f", path)).collect(),
            names_layers: !files.is_empty(),
            ..Self::default()
        }
    }

    /// The same where all changes go into a file of their own.
    pub(super) fn into_layer(mut self, file: Option<&Path>) -> Self {
        self.layer = file.map_or(String::new(), |file| format!(" --override{}", word(file)));
        self
    }

    /// The same once that file is there: these `-f` options name all layers.
    pub(super) fn with_layers(&self, layers: String) -> Self {
        Self { layers, ..self.clone() }
    }

    /// The same in the folder of the project.
    pub(super) fn in_its_folder(&self) -> Self {
        Self { paths: String::new(), is_tree: false, ..self.clone() }
    }

    /// Whether paths are named that are to be looked for from here.
    pub(super) fn starts_here(&self) -> bool {
        !self.around.is_empty() || !self.root.is_empty()
    }

    /// `rofs-harden audit -f odd.yaml --service web`; the fixing verb has no name. What is `more` comes last.
    pub(super) fn command(&self, verb: &str, more: &str) -> String {
        let is_fixing = verb.is_empty();
        let verb = if is_fixing { String::new() } else { format!(" {verb}") };
        let paths = if is_fixing || self.layers.is_empty() { &self.paths } else { &self.layers };
        let layer = if is_fixing { &*self.layer } else { "" };
        let more = if more.is_empty() { String::new() } else { format!(" {more}") };
        format!("rofs-harden{verb}{}{}{paths}{}{layer}{more}", self.around, self.root, self.choice)
    }

    /// `docker compose -f odd.yaml up -d`.
    pub(super) fn compose(&self, layers: &str, verb: &str) -> String {
        format!("docker compose{layers}{}{} {verb}", self.around, self.profiles)
    }

    /// What looks into the logs of all services of the project with these layers.
    pub(super) fn diagnose(&self, layers: &str) -> String {
        format!("{} | rofs-harden diagnose{layers}{}{}", self.compose(layers, "logs"), self.around, self.root)
    }

    /// The `-f` options that were given.
    pub(super) fn files(&self) -> &str {
        if self.names_layers { &self.paths } else { "" }
    }
}

/// A path as a word of a command, with a blank in front.
fn word(path: &Path) -> String {
    format!(" {}", shell_word(&path.display().to_string()))
}
