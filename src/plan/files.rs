//! The files of one project in memory, asked of their source until nothing is missing.

use super::input::{Input, Start};
use super::layers::{Layers, OVERRIDE_NAMES, Roots, Way, layers};
use super::source::{FileSource, Loaded, Outside, Unread, exists, locked, settled};
use crate::compose::{self, NotRead, Project, Sources, Texts, Wanted, dockerfile, env_file, settings};
use crate::error::{Error, Result, SourceError};
use crate::evidence::{self, Need, Selection};
use crate::remedy::Remedy;
use crate::text::{FileId, Span, TextFile, shell_word};
use crate::yaml::{Stream, SyntaxError};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What is said of a file that only another file names.
const NO_COMPOSE_FILE: &str = "this cannot be read as a Compose file";
/// Most files of one project.
const MAX_FILES: usize = 10_000;
/// What stands for a text that is in no file.
const NO_FILE: &str = "<stdin>";

/// The files of one project.
pub struct Files<'s> {
    pub(super) source: &'s dyn FileSource,
    /// The files as they were read, by file number; `None` for a text that is in no file.
    loaded: Vec<Option<Loaded>>,
    sources: Sources,
    pub(super) roots: Roots,
    /// Files of which a line may be shown: a person or Compose's own rules name them, or they are Compose files by what is in them.
    /// Others may be anything that a file of the project names, such as a key.
    plain: HashSet<FileId>,
    /// The layer that takes all changes, if one is named.
    pub(super) layer: Option<FileId>,
    is_one_of_many: bool,
    refuses_outside: bool,
    /// Whether Compose finds the layers by itself.
    is_discovered: bool,
    warnings: Vec<String>,
}

impl<'s> Files<'s> {
    /// Reads a project: its layers, and what they name, as far as the source has it.
    ///
    /// Errors: there is none; a file of it cannot be read, or is wrong.
    pub fn read(source: &'s dyn FileSource, input: &Input) -> Result<Self> {
        let mut files = match &input.start {
            Start::Text(text) => Self::of_text(source, input, text)?,
            _ => Self::of_layers(source, input)?,
        };
        if let Some(path) = &input.override_file {
            files.layer = Some(files.add_override(path)?);
        }
        files.complete()?;
        Ok(files)
    }

    /// A project of which nothing is read yet.
    fn new(source: &'s dyn FileSource, input: &Input, sources: Sources, roots: Roots) -> Self {
        Self {
            source,
            loaded: Vec::new(),
            sources,
            roots,
            plain: HashSet::new(),
            layer: None,
            is_one_of_many: input.is_one_of_many,
            refuses_outside: input.refuses_outside,
            is_discovered: false,
            warnings: Vec::new(),
        }
    }

    /// The layers, read.
    fn of_layers(source: &'s dyn FileSource, input: &Input) -> Result<Self> {
        let Layers { files: paths, way, roots, directory, env, ignored, unread } = layers(source, input)?;
        let first = paths.first().map_or(Path::new("."), PathBuf::as_path);
        let warning = |p: &PathBuf| format!("{} is ignored, as Compose ignores it beside {}", p.display(), first.display());
        let mut files = Self::new(source, input, Sources::new(&directory, env), roots);
        files.is_discovered = way == Way::Discovered;
        files.warnings = ignored.iter().map(warning).collect();
        for why in unread {
            files.sources.add_unread(why);
        }
        let mut missing = None;
        for path in &paths {
            if let Some(known) = files.sources.at(path) {
                files.sources.repeat_layer(known);
                continue;
            }
            match files.roots.layer(source, path, way) {
                Ok(loaded) => drop(files.add(loaded, true, way != Way::Listed)?),
                Err(Unread::Outside(outside)) => {
                    files.expect_followed(&outside)?;
                    files.sources.add_unread(way.not_read(source, &outside));
                    missing = missing.or(Some(outside));
                }
                Err(Unread::Failed(error)) => return Err(way.about(error)),
                Err(Unread::Stopped(error)) => return Err(error),
            }
        }
        if let (Some(outside), true) = (missing, files.loaded.is_empty()) {
            let NotRead { why, help } = way.not_read(source, &outside);
            return Err(Error::Impossible(why, help));
        }
        Ok(files)
    }

    /// A project whose only layer is a text that is in no file.
    fn of_text(source: &'s dyn FileSource, input: &Input, text: &TextFile) -> Result<Self> {
        let stream = parse(text, FileId(0))?;
        let folder = input.project_directory.clone().unwrap_or_default();
        let roots = Roots::of(source, Path::new("compose.yaml"), input)?;
        let (env, unread) = roots.env(source, &[&folder], input)?;
        let mut files = Self::new(source, input, Sources::new(&folder, env), roots);
        files.sources.add_layer(Path::new(NO_FILE), stream, None);
        files.loaded.push(None);
        files.plain.insert(FileId(0));
        for why in unread {
            files.sources.add_unread(why);
        }
        Ok(files)
    }

    /// The files.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Folder that nothing is written outside of.
    pub fn root(&self) -> &Path {
        self.roots.first()
    }

    /// What to tell a person about the choice of files.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// A file as it was read; `None` for a text that is in no file.
    pub fn loaded(&self, file: FileId) -> Option<&Loaded> {
        self.loaded.get(file.0 as usize)?.as_ref()
    }

    /// The `-f` options that name all layers, when one of them is an override file that Compose does not take by itself.
    pub fn layers_to_name(&self) -> Option<String> {
        let name = self.sources.file(self.layer?)?.path.file_name()?.to_str()?;
        if self.is_discovered && OVERRIDE_NAMES.contains(&name) {
            return None;
        }
        let paths = self.sources.layers().iter().filter_map(|id| self.sources.file(*id));
        Some(paths.map(|source| format!("-f {}", shell_word(&source.path.display().to_string()))).collect::<Vec<_>>().join(" "))
    }

    /// Adds a file; `is_named` by a person, or by Compose's own rules.
    fn add(&mut self, loaded: Loaded, is_layer: bool, is_named: bool) -> Result<FileId> {
        let id = self.sources.next_id();
        // A link has no name of its own.
        let is_named = is_named && !self.source.is_link(loaded.path());
        let stream = match parse(loaded.file(), id) {
            Err(error) if !is_named => return Err(error.without_lines(NO_COMPOSE_FILE)),
            other => other?,
        };
        if is_named || compose::is_compose_file(&stream) {
            self.plain.insert(id);
        }
        // A first layer that leads out of its own folder is an error when it is written; in a tree it must not stop the others.
        let is_asked_for = is_layer && self.loaded.is_empty() && !self.is_one_of_many;
        let locked = locked(self.source, self.root(), loaded.path()).filter(|_| !is_asked_for);
        let path = loaded.path().to_owned();
        self.loaded.push(Some(loaded));
        Ok(if is_layer { self.sources.add_layer(&path, stream, locked) } else { self.sources.add(&path, stream, locked) })
    }

    /// The layer that takes all changes: one of the project's, or a new last one.
    fn add_override(&mut self, path: &Path) -> Result<FileId> {
        let usage = |what: String, hint: &str| Err(Error::Impossible(what, Some(hint.into())));
        let shown = path.display();
        let real = settled(self.source, path);
        let layers = self.sources.layers().to_vec();
        let known = layers.iter().copied().find(|id| self.loaded(*id).is_some_and(|l| settled(self.source, l.path()) == real));
        match known {
            Some(first) if layers.first() == Some(&first) => {
                return usage(
                    format!("{shown} is the project's main file, and cannot take the changes as a layer of its own"),
                    "name another file, which is made if it is not there",
                );
            }
            Some(known) if layers.last() == Some(&known) => return Ok(known),
            Some(_) => {
                return usage(
                    format!("{shown} is a layer that is not the last one, and cannot take the changes"),
                    "name the last layer, or a new file",
                );
            }
            None => {}
        }
        // Compose takes one override file by itself: a second name would push the first one aside, or not be read.
        let is_automatic = path.file_name().and_then(|n| n.to_str()).is_some_and(|name| OVERRIDE_NAMES.contains(&name));
        if let (true, true, Some(last)) = (self.is_discovered, is_automatic, layers.get(1).and_then(|id| self.sources.file(*id))) {
            let what = format!(
                "{shown} cannot take the changes: the project has an override file, {}, and Compose reads only one",
                last.path.display()
            );
            return usage(what, "name that file, or one of another name and start the project with -f for each file");
        }
        let loaded = if exists(self.source, path) {
            self.roots.named(self.source, path).map_err(|unread| match unread {
                Unread::Outside(outside) => refused(&outside),
                Unread::Failed(error) | Unread::Stopped(error) => error,
            })?
        } else {
            self.source.absent(path)?
        };
        self.add(loaded, true, true)
    }

    /// Reads what the files name until nothing is missing.
    fn complete(&mut self) -> Result<()> {
        loop {
            let wanted = compose::wanted(&self.sources).map_err(|e| self.source_error(e))?;
            if wanted.is_empty() {
                return Ok(());
            }
            for (wanted, span) in wanted {
                self.fetch(&wanted, span)?;
            }
        }
    }

    fn fetch(&mut self, wanted: &Wanted, span: Span) -> Result<()> {
        let (Wanted::Compose(path) | Wanted::Env(path)) = wanted;
        if self.loaded.len() == MAX_FILES {
            let error = SyntaxError { span, message: format!("more than {MAX_FILES} files in one project"), hint: None };
            return Err(self.source_error(error));
        }
        let shown = |e: &Error| match e {
            Error::Read { reason, .. } => reason.clone(),
            Error::NotAFile { kind, .. } => format!("it is {kind}"),
            Error::NotText { problem, .. } => problem.to_string(),
            // What is not text may be a key.
            Error::Source(_) => "it is not UTF-8".to_owned(),
            other => other.to_string(),
        };
        match (wanted, self.source.read_inside(self.roots.all(), path)) {
            (_, Err(Unread::Outside(outside))) => {
                self.expect_followed(&outside)?;
                self.sources.add_outside(path, not_read(&outside));
            }
            (_, Err(Unread::Failed(e))) => self.sources.add_missing(path, &shown(&e)),
            (_, Err(Unread::Stopped(e))) => return Err(e),
            (Wanted::Env(_), Ok(loaded)) => self.sources.add_env(path, loaded.file().text()),
            (Wanted::Compose(_), Ok(loaded)) => {
                let by = self.sources.file(span.file).map_or(String::new(), |source| {
                    let (line, column) = source.stream.text().line_column(span.start as usize);
                    format!("{}:{line}:{column} names this file", source.stream.text().name())
                });
                self.add(loaded, false, false).map_err(|e| e.with_hint(&by))?;
            }
        }
        Ok(())
    }

    /// The effective view.
    pub fn project(&self) -> Result<Project<'_>> {
        Project::read(&self.sources).map_err(|e| self.source_error(e))
    }

    /// Whether the project is one of many that were found.
    pub fn is_one_of_many(&self) -> bool {
        self.is_one_of_many
    }

    /// Expects that nothing outside of the project counts for it: Compose would read that when it runs the project.
    pub fn expect_inside(&self, project: &Project<'_>) -> Result<()> {
        let parts = project.unread.iter().map(|(_, file)| file);
        let bases = project.services.iter().filter_map(|s| s.unread.as_ref()).map(|unread| &unread.1);
        // What is only remote says nothing of what to do.
        let outside = self.sources.unread().iter().chain(parts.chain(bases).filter(|file| file.help.is_some())).next();
        match outside {
            Some(NotRead { why, help }) => Err(Error::Impossible(format!("{why}, so the project is not run"), help.clone())),
            None => Ok(()),
        }
    }

    /// Errors: a file is outside of the project, and that is no answer here.
    fn expect_followed(&self, outside: &Outside) -> Result<()> {
        let Outside { path, of, .. } = outside;
        let refused = || Error::Read { path: path.clone(), reason: format!("it is outside of {of}") };
        if self.refuses_outside { Err(refused()) } else { Ok(()) }
    }

    /// What the services of the project need, with the files beside it that they name, as far as those are there.
    ///
    /// Errors: those of [`evidence::needs`].
    pub fn needs(&self, project: &Project<'_>, selection: &Selection) -> Result<Vec<Need>> {
        evidence::needs(project, selection, &self.beside(project)?)
    }

    /// Dockerfiles, manifests, files of variables and of configuration.
    fn beside(&self, project: &Project<'_>) -> Result<Texts> {
        let mut found = Texts::new();
        let files = env_file::references(project).into_iter().chain(settings::references(project));
        for path in dockerfile::references(project).into_iter().chain(files) {
            let text = match self.source.read_inside(self.roots.all(), &path) {
                Ok(text) => Ok(text.file().text().to_owned()),
                Err(Unread::Outside(outside)) => {
                    let NotRead { why, help } = not_read(&outside);
                    Err(help.map_or(why.clone(), |help| format!("{why}; {help}")))
                }
                // A missing or unreadable file is no error here: what it would say is then not known.
                Err(Unread::Failed(_)) => continue,
                Err(Unread::Stopped(error)) => return Err(error),
            };
            found.insert(path, text);
        }
        Ok(found)
    }

    /// What is said of a place, where lines of its file may be shown.
    pub(super) fn at(&self, span: Span, message: String, hint: String) -> Option<SourceError> {
        let source = self.sources.file(span.file).filter(|_| self.plain.contains(&span.file))?;
        Some(SourceError::new(source.stream.text(), span, message, Some(hint)))
    }

    /// What is wrong with a file, with its line where that may be shown.
    pub(super) fn source_error(&self, error: SyntaxError) -> Error {
        match self.sources.file(error.span.file) {
            Some(source) => {
                let shown = SourceError::new(source.stream.text(), error.span, error.message, error.hint).into();
                if self.plain.contains(&error.span.file) { shown } else { shown.without_lines(NO_COMPOSE_FILE) }
            }
            None => Error::Unverified(error.message),
        }
    }
}

fn parse(text: &TextFile, number: FileId) -> Result<Stream> {
    Stream::parse(text, number).map_err(|e| SourceError::new(text, e.span, e.message, e.hint).into())
}

/// What is said of a file outside of the project.
pub(super) fn not_read(outside: &Outside) -> NotRead {
    let why = format!("{} is outside {} and is not read", outside.path.display(), outside.of);
    let help = match &outside.wider {
        Some(folder) => Remedy::WiderRoot(folder.clone()),
        None => "bring the file into the project".into(),
    };
    NotRead { why, help: Some(help) }
}

/// The failure of a project of which nothing can be read.
pub(super) fn refused(outside: &Outside) -> Error {
    let NotRead { why, help } = not_read(outside);
    Error::Impossible(why, help)
}
