//! From the command line to the files of a project in memory.

mod layers;

use super::args::Input;
use crate::compose::{self, NotRead, Project, Sources, Wanted, dockerfile};
use crate::edge::disk;
use crate::edge::docker::Layers;
use crate::error::{Error, Result, SourceError};
use crate::text::{FileId, Span, TextFile};
use crate::yaml::{Stream, SyntaxError};
use layers::{Place, Way, layers, read_named};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What is said of a file that only another file names.
const NO_COMPOSE_FILE: &str = "this cannot be read as a Compose file";
/// Most files of one project.
const MAX_FILES: usize = 10_000;

/// The projects that a verb runs, one for each PATH; one that is named twice, or by its folder and its file, is one.
///
/// Errors: those of [`Input::runnable`]; a PATH without a project.
pub(super) fn runnable<'i>(input: &'i Input, verb: &str) -> Result<Vec<Option<&'i Path>>> {
    let mut known: Vec<Vec<Option<PathBuf>>> = Vec::new();
    let mut distinct = Vec::new();
    for path in input.runnable(verb)? {
        let files = layers(path, input)?.files.iter().map(|file| disk::real_path(file)).collect();
        if !known.contains(&files) {
            known.push(files);
            distinct.push(path);
        }
    }
    Ok(distinct)
}

/// What is called with a path before the file there is read.
type Before<'b> = &'b mut dyn FnMut(&Path) -> Result<()>;

/// The files of one project.
pub(super) struct Files {
    /// The files as read from disk, by file number; `None` for standard input.
    loaded: Vec<Option<disk::Loaded>>,
    pub(super) sources: Sources,
    /// Folder that nothing is written outside of.
    pub(super) root: PathBuf,
    place: Place,
    /// Files of which a line may be shown: a person or Compose's own rules name them, or they are Compose files by what is in them.
    /// Others may be anything that a file of the project names, such as a key.
    plain: HashSet<FileId>,
    /// The layer that takes all changes, if one is named.
    pub(super) layer: Option<FileId>,
    in_tree: bool,
    /// Whether Compose finds the layers by itself.
    is_discovered: bool,
    /// What to tell the person about the choice of files.
    pub(super) warnings: Vec<String>,
}

impl Files {
    /// Reads the project at `path`: a folder, a file, or (`None`) what Compose itself would use here, options included.
    pub(super) fn read(path: Option<&Path>, args: &Input, layer: Option<&Path>) -> Result<Self> {
        Self::read_after(path, args, layer, &mut |_| Ok(()))
    }

    /// The same, after `before` was called with the path of each layer, and of each file that another one names: what it refuses is not
    /// read.
    pub(super) fn read_after(path: Option<&Path>, args: &Input, layer: Option<&Path>, before: Before<'_>) -> Result<Self> {
        let layers = layers(path, args)?;
        let first = layers.files.first().map_or(Path::new("."), PathBuf::as_path).to_owned();
        let ignored = |p: &PathBuf| format!("{} is ignored, as Compose ignores it beside {}", p.display(), first.display());
        let warnings = layers.ignored.iter().map(ignored).collect();
        let sources = Sources::new(&layers.directory, layers.env);
        let mut files = Self {
            loaded: Vec::new(),
            sources,
            root: layers.place.root().to_owned(),
            place: layers.place,
            plain: HashSet::new(),
            layer: None,
            in_tree: args.recursive,
            is_discovered: layers.way == Way::Discovered,
            warnings,
        };
        for why in layers.unread {
            files.sources.add_unread(why);
        }
        let mut missing = None;
        for path in &layers.files {
            before(path)?;
            if let Some(known) = files.sources.at(path) {
                files.sources.repeat_layer(known);
                continue;
            }
            match files.place.layer(path, layers.way) {
                Ok(loaded) => drop(files.add(loaded, true, layers.way != Way::Listed)?),
                Err(disk::Unread::Outside(outside)) => {
                    files.sources.add_unread(layers.way.not_read(&outside));
                    missing = missing.or(Some(outside));
                }
                Err(disk::Unread::Failed(error)) => return Err(layers.way.about(error)),
            }
        }
        if let (Some(outside), true) = (missing, files.loaded.is_empty()) {
            let NotRead { why, help } = layers.way.not_read(&outside);
            return Err(Error::Usage(why, help));
        }
        if let Some(path) = layer {
            files.layer = Some(files.add_override(path)?);
        }
        files.complete(before)?;
        Ok(files)
    }

    /// Reads a project whose only layer is standard input.
    pub(super) fn read_stdin(args: &Input) -> Result<Self> {
        let text = disk::read_from(Path::new("<stdin>"), std::io::stdin().lock())?;
        let stream = parse(&text, FileId(0))?;
        let folder = args.project_directory.clone().unwrap_or_default();
        let place = Place::of(Path::new("compose.yaml"), args)?;
        let (env, unread) = place.env(&[&folder], args)?;
        let mut sources = Sources::new(&folder, env);
        sources.add_layer(Path::new("<stdin>"), stream, None);
        for why in unread {
            sources.add_unread(why);
        }
        let (root, plain) = (place.root().to_owned(), HashSet::from([FileId(0)]));
        let mut files = Self {
            loaded: vec![None],
            sources,
            root,
            place,
            plain,
            layer: None,
            in_tree: false,
            is_discovered: false,
            warnings: Vec::new(),
        };
        files.complete(&mut |_| Ok(()))?;
        Ok(files)
    }

    /// The project as Compose is to be told of it.
    pub(super) fn for_compose(&self, args: &Input, profiles: &[String]) -> Layers {
        let files = self.sources.layers().iter().filter_map(|id| Some(self.sources.file(*id)?.path.clone())).collect();
        let directory = self.sources.directory().to_owned();
        Layers { files, directory, env_files: args.env_file.clone(), profiles: profiles.to_vec() }
    }

    /// Takes a file out, to outlive the project.
    pub(super) fn take(&mut self, file: FileId) -> Option<disk::Loaded> {
        self.loaded.get_mut(file.0 as usize)?.take()
    }

    /// The `-f` options that name all layers, when one of them is an override file that Compose does not take by itself.
    pub(super) fn layers_to_name(&self) -> Option<String> {
        let name = self.sources.file(self.layer?)?.path.file_name()?.to_str()?;
        if self.is_discovered && disk::OVERRIDE_NAMES.contains(&name) {
            return None;
        }
        let paths = self.sources.layers().iter().filter_map(|id| self.sources.file(*id));
        Some(paths.map(|source| format!("-f {}", source.path.display())).collect::<Vec<_>>().join(" "))
    }

    /// Adds a file; `is_named` by a person, or by Compose's own rules.
    fn add(&mut self, loaded: disk::Loaded, is_layer: bool, is_named: bool) -> Result<FileId> {
        let id = self.sources.next_id();
        // A link has no name of its own.
        let is_named = is_named && !disk::is_link(loaded.path());
        let stream = match parse(loaded.file(), id) {
            Err(error) if !is_named => return Err(error.without_lines(NO_COMPOSE_FILE)),
            other => other?,
        };
        if is_named || compose::is_compose_file(&stream) {
            self.plain.insert(id);
        }
        // A first layer that leads out of its own folder is an error when it is written; in a tree it must not stop the others.
        let is_asked_for = is_layer && self.loaded.is_empty() && !self.in_tree;
        let locked = disk::locked(&self.root, loaded.path()).filter(|_| !is_asked_for);
        let path = loaded.path().to_owned();
        self.loaded.push(Some(loaded));
        Ok(if is_layer { self.sources.add_layer(&path, stream, locked) } else { self.sources.add(&path, stream, locked) })
    }

    /// The layer that takes all changes: one of the project's, or a new last one.
    fn add_override(&mut self, path: &Path) -> Result<FileId> {
        let usage = |what: String, hint: &str| Err(Error::Usage(what, Some(hint.into())));
        let shown = path.display();
        let real = disk::real_path(path);
        let layers = self.sources.layers().to_vec();
        let known = layers.iter().copied().find(|id| self.loaded(*id).is_some_and(|l| disk::real_path(l.path()) == real));
        match known {
            Some(first) if layers.first() == Some(&first) => {
                return usage(
                    format!("--override {shown} names the project's main file"),
                    "name another file, which is made if it is not there",
                );
            }
            Some(known) if layers.last() == Some(&known) => return Ok(known),
            Some(_) => {
                return usage(format!("--override {shown} names a layer that is not the last one"), "name the last layer, or a new file");
            }
            None => {}
        }
        // Compose takes one override file by itself: a second name would push the first one aside, or not be read.
        let is_automatic = path.file_name().and_then(|n| n.to_str()).is_some_and(|name| disk::OVERRIDE_NAMES.contains(&name));
        if let (true, true, Some(last)) = (self.is_discovered, is_automatic, layers.get(1).and_then(|id| self.sources.file(*id))) {
            let what = format!("--override {shown}: the project has an override file, {}, and Compose reads only one", last.path.display());
            return usage(what, "name that file, or one of another name and start the project with -f for each file");
        }
        if path.exists() {
            let loaded = read_named(path, self.place.roots()).map_err(|unread| match unread {
                disk::Unread::Outside(outside) => refused(&outside),
                disk::Unread::Failed(error) => error,
            })?;
            self.add(loaded, true, true)
        } else {
            self.add(disk::absent(path)?, true, true)
        }
    }

    fn loaded(&self, file: FileId) -> Option<&disk::Loaded> {
        self.loaded.get(file.0 as usize)?.as_ref()
    }

    /// Reads what the files name until nothing is missing.
    fn complete(&mut self, before: Before<'_>) -> Result<()> {
        loop {
            let wanted = compose::wanted(&self.sources).map_err(|e| self.source_error(e))?;
            if wanted.is_empty() {
                return Ok(());
            }
            for (wanted, span) in wanted {
                let (Wanted::Compose(path) | Wanted::Env(path)) = &wanted;
                before(path)?;
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
        match (wanted, disk::read_inside(self.place.roots(), path)) {
            (_, Err(disk::Unread::Outside(outside))) => self.sources.add_outside(path, not_read(&outside)),
            (_, Err(disk::Unread::Failed(e))) => self.sources.add_missing(path, &shown(&e)),
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
    pub(super) fn project(&self) -> Result<Project<'_>> {
        Project::read(&self.sources).map_err(|e| self.source_error(e))
    }

    /// Expects that nothing outside of the project counts for it: Compose would read that when it runs the project.
    pub(super) fn expect_inside(&self, project: &Project<'_>) -> Result<()> {
        let parts = project.unread.iter().map(|(_, file)| file);
        let bases = project.services.iter().filter_map(|s| s.unread.as_ref()).map(|unread| &unread.1);
        // What is only remote says nothing of what to do.
        let outside = self.sources.unread().iter().chain(parts.chain(bases).filter(|file| file.help.is_some())).next();
        match outside {
            Some(NotRead { why, help }) => Err(Error::Usage(format!("{why}, so the project is not run"), help.clone())),
            None => Ok(()),
        }
    }

    /// The Dockerfiles that the project asks for, as far as they are there.
    pub(super) fn dockerfiles(&self, project: &Project<'_>) -> dockerfile::Dockerfiles {
        let read = |path: PathBuf| {
            let text = match disk::read_inside(self.place.roots(), &path) {
                Ok(text) => Ok(text.file().text().to_owned()),
                Err(disk::Unread::Outside(outside)) => {
                    let NotRead { why, help } = not_read(&outside);
                    Err(help.map_or(why.clone(), |help| format!("{why}; {help}")))
                }
                // A missing or unreadable Dockerfile is no error here: its service is then not recognised.
                Err(disk::Unread::Failed(_)) => return None,
            };
            Some((path, text))
        };
        dockerfile::references(project).into_iter().filter_map(read).collect()
    }

    /// What is said of a place, where lines of its file may be shown.
    pub(super) fn at(&self, span: Span, message: String, hint: String) -> Option<SourceError> {
        let source = self.sources.file(span.file).filter(|_| self.plain.contains(&span.file))?;
        Some(SourceError::new(source.stream.text(), span, message, Some(hint)))
    }

    fn source_error(&self, error: SyntaxError) -> Error {
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
fn not_read(outside: &disk::Outside) -> NotRead {
    let why = format!("{} is outside the project folder {} and is not read", outside.path.display(), outside.root.display());
    let wider = outside.wider.as_ref().map(|folder| format!(", or widen the project's root with --root {}", folder.display()));
    NotRead { why, help: Some(format!("bring the file into the project{}", wider.unwrap_or_default())) }
}

/// The failure of a project of which nothing can be read.
fn refused(outside: &disk::Outside) -> Error {
    let NotRead { why, help } = not_read(outside);
    Error::Usage(why, help)
}
