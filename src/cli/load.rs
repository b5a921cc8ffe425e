//! From the command line to the files of a project in memory.

use super::args::Input;
use crate::compose::{self, Env, Project, Sources, Wanted, dockerfile};
use crate::edge::disk;
use crate::edge::docker::Layers;
use crate::error::{Error, Result, SourceError};
use crate::text::{FileId, Span, TextFile};
use crate::yaml::{Stream, SyntaxError};
use std::path::{Path, PathBuf};

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
    /// The layer that takes all changes, if one is named.
    pub(super) layer: Option<FileId>,
    in_tree: bool,
    /// Whether Compose finds the layers by itself.
    is_discovered: bool,
    /// What to tell the person about the choice of files.
    pub(super) warnings: Vec<String>,
}

/// The layers of a project, found but not read.
struct FoundLayers {
    files: Vec<PathBuf>,
    directory: PathBuf,
    env: Env,
    ignored: Vec<PathBuf>,
    is_discovered: bool,
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
        let first = layers.files.first().map_or(Path::new("."), PathBuf::as_path);
        let root = disk::root_of(first)?;
        let ignored = |p: &PathBuf| format!("{} is ignored, as Compose ignores it beside {}", p.display(), first.display());
        let warnings = layers.ignored.iter().map(ignored).collect();
        let sources = Sources::new(&layers.directory, layers.env);
        let mut files =
            Self { loaded: Vec::new(), sources, root, layer: None, in_tree: args.recursive, is_discovered: layers.is_discovered, warnings };
        for path in &layers.files {
            before(path)?;
            match files.sources.at(path) {
                Some(known) => files.sources.repeat_layer(known),
                None => drop(files.add(disk::read(path)?, true)?),
            }
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
        let mut sources = Sources::new(&folder, project_env(&[&folder], args)?);
        sources.add_layer(Path::new("<stdin>"), stream, None);
        let root = disk::root_of(Path::new("compose.yaml"))?;
        let mut files = Self { loaded: vec![None], sources, root, layer: None, in_tree: false, is_discovered: false, warnings: Vec::new() };
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

    fn add(&mut self, loaded: disk::Loaded, is_layer: bool) -> Result<FileId> {
        let stream = parse(loaded.file(), self.sources.next_id())?;
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
        if path.exists() { self.add(disk::read(path)?, true) } else { self.add(disk::absent(path)?, true) }
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
            other => other.to_string(),
        };
        let read = disk::read(path);
        match (wanted, read) {
            (_, Err(e)) => self.sources.add_missing(path, &shown(&e)),
            (Wanted::Env(_), Ok(loaded)) => self.sources.add_env(path, loaded.file().text()),
            (Wanted::Compose(_), Ok(loaded)) => {
                let by = self.sources.file(span.file).map_or(String::new(), |source| {
                    let (line, column) = source.stream.text().line_column(span.start as usize);
                    format!("{}:{line}:{column} names this file", source.stream.text().name())
                });
                self.add(loaded, false).map_err(|e| e.with_hint(&by))?;
            }
        }
        Ok(())
    }

    /// The effective view.
    pub(super) fn project(&self) -> Result<Project<'_>> {
        Project::read(&self.sources).map_err(|e| self.source_error(e))
    }

    /// The Dockerfiles that the project asks for, as far as they are there.
    pub(super) fn dockerfiles(&self, project: &Project<'_>) -> dockerfile::Dockerfiles {
        let read = |path: PathBuf| {
            // A missing or unreadable Dockerfile is no error here: its service is then not recognised.
            let is_inside = disk::locked(&self.root, &path).is_none();
            let text = disk::read(&path).ok().filter(|_| is_inside)?;
            Some((path, text.file().text().to_owned()))
        };
        dockerfile::references(project).into_iter().filter_map(read).collect()
    }

    fn source_error(&self, error: SyntaxError) -> Error {
        match self.sources.file(error.span.file) {
            Some(source) => SourceError::new(source.stream.text(), error.span, error.message, error.hint).into(),
            None => Error::Unverified(error.message),
        }
    }
}

fn parse(text: &TextFile, number: FileId) -> Result<Stream> {
    Stream::parse(text, number).map_err(|e| SourceError::new(text, e.span, e.message, e.hint).into())
}

/// The layers of a project, by Compose's rules: `-f`, else `COMPOSE_FILE`, else discovery.
fn layers(path: Option<&Path>, args: &Input) -> Result<FoundLayers> {
    let named_dir = args.project_directory.clone();
    let parent = |path: &Path| path.parent().map(Path::to_owned).unwrap_or_default();
    let (folder, explicit) = match path {
        None => (PathBuf::new(), args.file.clone()),
        Some(path) if path.is_dir() => (path.to_owned(), Vec::new()),
        Some(path) => (PathBuf::new(), vec![path.to_owned()]),
    };
    if let Some(first) = explicit.first() {
        let directory = named_dir.unwrap_or_else(|| parent(first));
        let env = project_env(&[&directory], args)?;
        return Ok(FoundLayers { files: explicit, directory, env, ignored: Vec::new(), is_discovered: false });
    }
    let env = project_env(&[&folder], args)?;
    let shell = |name: &str| variable(name, args).filter(|_| path.is_none());
    if let Some(list) = shell("COMPOSE_FILE").or_else(|| env.get("COMPOSE_FILE").cloned()).filter(|list| !list.is_empty()) {
        let standard = if cfg!(windows) { ";" } else { ":" };
        let separator = shell("COMPOSE_PATH_SEPARATOR").or_else(|| env.get("COMPOSE_PATH_SEPARATOR").cloned());
        let separator = separator.filter(|s| !s.is_empty()).unwrap_or_else(|| standard.to_owned());
        if list.split(&separator).any(str::is_empty) {
            let what = format!("COMPOSE_FILE has an empty part: {list}");
            return Err(Error::Usage(what, Some("Compose stops here too; remove the separator too many".into())));
        }
        let files: Vec<PathBuf> = list.split(&separator).map(|file| folder.join(file)).collect();
        let directory = named_dir.or_else(|| files.first().map(|f| parent(f))).unwrap_or_default();
        let env = project_env(&[&folder, &directory], args)?;
        return Ok(FoundLayers { files, directory, env, ignored: Vec::new(), is_discovered: false });
    }
    let found = disk::find(if folder.as_os_str().is_empty() { None } else { Some(&folder) })?;
    let directory = named_dir.unwrap_or_else(|| found.files.first().map(|f| parent(f)).unwrap_or_default());
    let env = if directory == folder { env } else { project_env(&[&folder, &directory], args)? };
    Ok(FoundLayers { files: found.files, directory, env, ignored: found.ignored, is_discovered: true })
}

/// One of Compose's variables of the environment, if they count.
fn variable(name: &str, args: &Input) -> Option<String> {
    std::env::var(name).ok().filter(|_| !args.is_apart)
}

/// The variables of a project: of the files that are named, else of `.env` in these folders, earlier ones first.
fn project_env(folders: &[&Path], args: &Input) -> Result<Env> {
    let listed = variable("COMPOSE_ENV_FILES", args).filter(|list| !list.is_empty());
    let named = match listed {
        Some(list) if args.env_file.is_empty() => list.split(',').map(PathBuf::from).collect(),
        _ => args.env_file.clone(),
    };
    let mut env = Env::new();
    if !named.is_empty() {
        for path in &named {
            // A later file wins over an earlier one.
            env.extend(env_of(path, &Env::new())?.ok_or_else(|| Error::Read { path: path.clone(), reason: "no such file".into() })?);
        }
        return Ok(env);
    }
    if variable("COMPOSE_DISABLE_ENV_FILE", args).is_some_and(|v| matches!(v.as_str(), "1" | "true" | "TRUE" | "True" | "t" | "T")) {
        return Ok(env);
    }
    for folder in folders {
        if let Some(found) = env_of(&folder.join(".env"), &env)? {
            env.extend(found);
        }
    }
    Ok(env)
}

/// The variables of a file; `None` when it is not there.
fn env_of(path: &Path, outer: &Env) -> Result<Option<Env>> {
    if !path.is_file() {
        return Ok(None);
    }
    let loaded = disk::read(path)?;
    let unreadable = || {
        let hint = "Compose reads lines of NAME=value, and stops at this file as well".to_owned();
        Error::Usage(format!("{} is not a file of variables", path.display()), Some(hint))
    };
    compose::env_file(loaded.file().text(), outer).map(Some).ok_or_else(unreadable)
}
