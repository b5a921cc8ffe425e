//! Which files a project has and where they may be, before any of them is read.

use super::{not_read, refused};
use crate::cli::args::Input;
use crate::compose::{Env, NoEnv, NotRead};
use crate::edge::disk::{self, Loaded, Unread};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// What is said of a file of variables whose bytes are no text.
const NO_TEXT: &str = "this is no text";

/// The layers of a project, found but not read.
pub(super) struct Found {
    pub(super) files: Vec<PathBuf>,
    pub(super) way: Way,
    pub(super) place: Place,
    pub(super) directory: PathBuf,
    pub(super) env: Env,
    pub(super) ignored: Vec<PathBuf>,
    /// Files of variables that Compose reads and this program does not.
    pub(super) unread: Vec<NotRead>,
}

/// How the layers of a project came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A person names them.
    Named,
    /// Compose looks for their names.
    Discovered,
    /// `COMPOSE_FILE` in a file of the project lists them.
    Listed,
}

impl Way {
    /// The failure to read a layer. What a file of variables says is not repeated.
    pub(super) fn about(self, error: Error) -> Error {
        let reason = match &error {
            Error::Read { reason, .. } if self == Self::Listed => reason.clone(),
            Error::NotAFile { kind, .. } if self == Self::Listed => format!("it is {kind}"),
            _ => return error,
        };
        let hint = "look at COMPOSE_FILE in the project's `.env`".to_owned();
        Error::Usage(format!("a file that COMPOSE_FILE lists cannot be read: {reason}"), Some(hint))
    }

    /// What is said of a layer outside of the project. What is not there has no name but in the file of variables.
    pub(super) fn not_read(self, outside: &disk::Outside) -> NotRead {
        let file = not_read(outside);
        if self != Self::Listed || outside.path.exists() {
            return file;
        }
        NotRead { why: "a file that COMPOSE_FILE lists is outside the project folder and is not read".to_owned(), ..file }
    }
}

/// Where the files of a project may be.
pub(super) struct Place {
    /// Absolute folders without links. The first is the project's root.
    roots: Vec<PathBuf>,
}

impl Place {
    /// The place of a project with this file: the root that a person gives it, else those of the file and of the folder that a person
    /// names for relative paths.
    ///
    /// Errors: the root that a person gives it does not hold them.
    pub(super) fn of(file: &Path, args: &Input) -> Result<Self> {
        // Any file in it stands for a folder.
        let named = args.project_directory.as_ref().map(|folder| folder.join("x"));
        let files = || std::iter::once(file).chain(named.as_deref());
        if let Some(root) = &args.root {
            let real = disk::real_path(root).filter(|root| root.is_dir());
            let hint = "name a folder that holds the project and what its files name".to_owned();
            let Some(real) = real else { return Err(Error::Usage(format!("--root {} is no folder", root.display()), Some(hint))) };
            for file in files() {
                let folder = disk::real_folder(file)?;
                if !folder.starts_with(&real) {
                    let what = format!("--root {} does not hold the project in {}", root.display(), folder.display());
                    return Err(Error::Usage(what, Some("name a folder above it".into())));
                }
            }
            return Ok(Self { roots: vec![real] });
        }
        Ok(Self { roots: files().map(disk::root_of).collect::<Result<_>>()? })
    }

    /// The project's root.
    pub(super) fn root(&self) -> &Path {
        self.roots.first().map_or(Path::new("."), PathBuf::as_path)
    }

    /// Where files that others name are read.
    pub(super) fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// Reads a layer.
    pub(super) fn layer(&self, path: &Path, way: Way) -> Result<Loaded, Unread> {
        if way == Way::Named { read_named(path, &self.roots) } else { disk::read_inside(&self.roots, path) }
    }

    /// The variables of a project: of the files that are named, else of `.env` in these folders, earlier ones first. With them comes why
    /// some are not read.
    pub(super) fn env(&self, folders: &[&Path], args: &Input) -> Result<(Env, Vec<NotRead>)> {
        let listed = variable("COMPOSE_ENV_FILES", args).filter(|list| !list.is_empty());
        let named = match listed {
            Some(list) if args.env_file.is_empty() => list.split(',').map(PathBuf::from).collect(),
            _ => args.env_file.clone(),
        };
        let mut env = Env::new();
        if !named.is_empty() {
            for path in &named {
                let loaded = read_named(path, &self.roots).map_err(|unread| match unread {
                    Unread::Outside(outside) => refused(&outside),
                    Unread::Failed(error) => error.without_lines(NO_TEXT),
                })?;
                // A later file wins over an earlier one, and may name its variables.
                add(&mut env, &loaded, &Env::new())?;
            }
            return Ok((env, Vec::new()));
        }
        let off = |value: String| matches!(value.as_str(), "1" | "true" | "TRUE" | "True" | "t" | "T");
        if variable("COMPOSE_DISABLE_ENV_FILE", args).is_some_and(off) {
            return Ok((env, Vec::new()));
        }
        let mut unread = Vec::new();
        for folder in folders {
            let path = folder.join(".env");
            // Compose takes a folder of that name for none.
            if !path.exists() || path.is_dir() {
                continue;
            }
            match disk::read_inside(&self.roots, &path) {
                Ok(loaded) => {
                    let mut own = Env::new();
                    add(&mut own, &loaded, &env)?;
                    env.merge(own);
                }
                Err(Unread::Outside(outside)) => unread.push(not_read(&outside)),
                Err(Unread::Failed(error @ Error::NotAFile { .. })) => {
                    let help = Some("put a regular file there, or remove it".to_owned());
                    unread.push(NotRead { why: error.to_string(), help });
                }
                Err(Unread::Failed(error)) => return Err(error.without_lines(NO_TEXT)),
            }
        }
        unread.dedup();
        Ok((env, unread))
    }
}

/// Reads a file that a person names: any regular one. Where it is a link, the person named the link, and it must not lead out of the
/// project, or of the place that the link is in.
pub(super) fn read_named(path: &Path, roots: &[PathBuf]) -> Result<Loaded, Unread> {
    if !disk::is_link(path) {
        return disk::read(path).map_err(Unread::Failed);
    }
    let own = disk::root_of(path).map_err(Unread::Failed)?;
    let roots: Vec<PathBuf> = roots.iter().cloned().chain([own]).collect();
    disk::read_inside(&roots, path)
}

/// Adds the variables of a file.
fn add(env: &mut Env, loaded: &Loaded, outer: &Env) -> Result<()> {
    env.add_file(loaded.file().text(), outer).map_err(|NoEnv { line, what }| {
        let hint = "Compose reads lines of NAME=value, and stops at this file as well".to_owned();
        let path = loaded.path().display();
        Error::Usage(format!("{path} is not a file of variables: {what}, in line {line}"), Some(hint))
    })
}

/// One of Compose's variables of the environment, if they count.
fn variable(name: &str, args: &Input) -> Option<String> {
    std::env::var(name).ok().filter(|_| !args.is_apart)
}

/// The layers of a project, by Compose's rules: `-f`, else `COMPOSE_FILE`, else discovery.
pub(super) fn layers(path: Option<&Path>, args: &Input) -> Result<Found> {
    let named_dir = args.project_directory.clone();
    let parent = |path: &Path| path.parent().map(Path::to_owned).unwrap_or_default();
    let (folder, explicit) = match path {
        None => (PathBuf::new(), args.file.clone()),
        Some(path) if path.is_dir() => (path.to_owned(), Vec::new()),
        Some(path) => (PathBuf::new(), vec![path.to_owned()]),
    };
    if let Some(first) = explicit.first() {
        let directory = named_dir.unwrap_or_else(|| parent(first));
        let place = Place::of(first, args)?;
        let (env, unread) = place.env(&[&directory], args)?;
        return Ok(Found { files: explicit, way: Way::Named, place, directory, env, ignored: Vec::new(), unread });
    }
    // What a folder says of itself leads nowhere else.
    let own = || Place::of(&folder.join("x"), args);
    let shell = |name: &str| variable(name, args).filter(|_| path.is_none());
    let (env, unread) = match own() {
        Ok(place) => place.env(&[&folder], args)?,
        Err(_) => (Env::new(), Vec::new()),
    };
    let filled = |text: &String| !text.is_empty();
    let of_env = |name: &str| env.text(name).map(str::to_owned);
    let in_shell = shell("COMPOSE_FILE");
    let way = if in_shell.is_some() { Way::Named } else { Way::Listed };
    if let Some(list) = in_shell.or_else(|| of_env("COMPOSE_FILE")).filter(filled) {
        let standard = if cfg!(windows) { ";" } else { ":" };
        let separator = shell("COMPOSE_PATH_SEPARATOR").or_else(|| of_env("COMPOSE_PATH_SEPARATOR"));
        let separator = separator.filter(filled).unwrap_or_else(|| standard.to_owned());
        if list.split(&separator).any(str::is_empty) {
            let hint = "Compose stops here too; remove the separator too many".to_owned();
            return Err(Error::Usage("COMPOSE_FILE has an empty part".into(), Some(hint)));
        }
        let files: Vec<PathBuf> = list.split(&separator).map(|file| folder.join(file)).collect();
        let directory = named_dir.or_else(|| files.first().map(|f| parent(f))).unwrap_or_default();
        let place = match files.first() {
            Some(first) if way == Way::Named => Place::of(first, args)?,
            _ => own()?,
        };
        let (env, unread) = place.env(&[&folder, &directory], args)?;
        return Ok(Found { files, way, place, directory, env, ignored: Vec::new(), unread });
    }
    let found = disk::find(if folder.as_os_str().is_empty() { None } else { Some(&folder) })?;
    let directory = named_dir.unwrap_or_else(|| found.files.first().map(|f| parent(f)).unwrap_or_default());
    let place = Place::of(found.files.first().unwrap_or(&folder), args)?;
    let (env, unread) = if directory == folder { (env, unread) } else { place.env(&[&folder, &directory], args)? };
    Ok(Found { files: found.files, way: Way::Discovered, place, directory, env, ignored: found.ignored, unread })
}
