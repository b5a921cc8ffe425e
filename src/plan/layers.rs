//! Which files a project has and where they may be, before any of them is read: Compose's own rules (compose-go v2.9.1,
//! `cli/options.go`).

use super::files::{not_read, refused};
use super::input::{Input, Start};
use super::source::{FileSource, Kind, Loaded, Outside, Unread, exists, is_folder, real_folder};
use crate::compose::{Env, NoEnv, NotRead};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// Names of the main file, the first one that exists wins (`DefaultFileNames`).
pub const MAIN_NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// Names of the override file, which any main file pairs with (`DefaultOverrideFileNames`).
pub const OVERRIDE_NAMES: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// What is said of a file of variables whose bytes are no text.
const NO_TEXT: &str = "this is no text";

/// The layers of a project, found but not read.
pub(super) struct Layers {
    pub(super) files: Vec<PathBuf>,
    pub(super) way: Way,
    pub(super) roots: Roots,
    pub(super) directory: PathBuf,
    pub(super) env: Env,
    /// Files that Compose would take under their name but leaves out because another name comes first, which it warns of.
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
        Error::Impossible(format!("a file that COMPOSE_FILE lists cannot be read: {reason}"), Some(hint.into()))
    }

    /// What is said of a layer outside of the project. What is not there has no name but in the file of variables.
    pub(super) fn not_read(self, source: &dyn FileSource, outside: &Outside) -> NotRead {
        let file = not_read(outside);
        if self != Self::Listed || exists(source, &outside.path) {
            return file;
        }
        NotRead { why: "a file that COMPOSE_FILE lists is outside the project folder and is not read".to_owned(), ..file }
    }
}

/// Where the files of a project may be: absolute folders without links. The first is the project's root.
#[derive(Clone, Debug)]
pub(super) struct Roots(Vec<PathBuf>);

impl Roots {
    /// Those of a project with this file: the root that a person gives it, else those of the file and of the folder that a person
    /// names for relative paths.
    ///
    /// Errors: the root that a person gives it does not hold them.
    pub(super) fn of(source: &dyn FileSource, file: &Path, input: &Input) -> Result<Self> {
        // Any file in it stands for a folder.
        let named = input.project_directory.as_ref().map(|folder| folder.join("x"));
        let files = || std::iter::once(file).chain(named.as_deref());
        let Some(root) = &input.root else {
            return Ok(Self(files().map(|file| source.root_of(file)).collect::<Result<_>>()?));
        };
        let real = source.real_path(root).ok().filter(|_| is_folder(source, root));
        let hint = "name a folder that holds the project and what its files name".to_owned();
        let Some(real) = real else {
            return Err(Error::Impossible(format!("the root {} is no folder", root.display()), Some(hint.into())));
        };
        for file in files() {
            let folder = real_folder(source, file)?;
            if !folder.starts_with(&real) {
                let what = format!("the root {} does not hold the project in {}", root.display(), folder.display());
                return Err(Error::Impossible(what, Some("name a folder above it".into())));
            }
        }
        Ok(Self(vec![real]))
    }

    /// The project's root.
    pub(super) fn first(&self) -> &Path {
        self.0.first().map_or(Path::new("."), PathBuf::as_path)
    }

    /// Where files that others name are read.
    pub(super) fn all(&self) -> &[PathBuf] {
        &self.0
    }

    /// Reads a layer.
    pub(super) fn layer(&self, source: &dyn FileSource, path: &Path, way: Way) -> Result<Loaded, Unread> {
        if way == Way::Named { self.named(source, path) } else { source.read_inside(&self.0, path) }
    }

    /// Reads a file that a person names: any regular one. Where it is a link, the person named the link, and it must not lead out of the
    /// project, or of the place that the link is in.
    pub(super) fn named(&self, source: &dyn FileSource, path: &Path) -> Result<Loaded, Unread> {
        if !source.is_link(path) {
            return source.read(path).map_err(Unread::Failed);
        }
        let own = source.root_of(path).map_err(Unread::Failed)?;
        let roots: Vec<PathBuf> = self.0.iter().cloned().chain([own]).collect();
        source.read_inside(&roots, path)
    }

    /// The variables of a project: of the files that are named, else of `.env` in these folders, earlier ones first. With them comes why
    /// some are not read.
    pub(super) fn env(&self, source: &dyn FileSource, folders: &[&Path], input: &Input) -> Result<(Env, Vec<NotRead>)> {
        let listed = source.variable("COMPOSE_ENV_FILES").filter(|list| !list.is_empty());
        let named = match listed {
            Some(list) if input.env_files.is_empty() => list.split(',').map(PathBuf::from).collect(),
            _ => input.env_files.clone(),
        };
        if !named.is_empty() {
            return Ok((self.named_env(source, &named)?, Vec::new()));
        }
        let off = |value: String| matches!(value.as_str(), "1" | "true" | "TRUE" | "True" | "t" | "T");
        if source.variable("COMPOSE_DISABLE_ENV_FILE").is_some_and(off) {
            return Ok((Env::new(), Vec::new()));
        }
        self.env_of_folders(source, folders)
    }

    fn named_env(&self, source: &dyn FileSource, paths: &[PathBuf]) -> Result<Env> {
        let mut env = Env::new();
        for path in paths {
            let loaded = self.named(source, path).map_err(|unread| match unread {
                Unread::Outside(outside) => refused(&outside),
                Unread::Failed(error) | Unread::Stopped(error) => error.without_lines(NO_TEXT),
            })?;
            // A later file wins over an earlier one, and may name its variables.
            add(&mut env, &loaded, &Env::new())?;
        }
        Ok(env)
    }

    fn env_of_folders(&self, source: &dyn FileSource, folders: &[&Path]) -> Result<(Env, Vec<NotRead>)> {
        let (mut env, mut unread) = (Env::new(), Vec::new());
        for folder in folders {
            let path = folder.join(".env");
            // Compose takes a folder of that name for none.
            if !exists(source, &path) || is_folder(source, &path) {
                continue;
            }
            match source.read_inside(&self.0, &path) {
                Ok(loaded) => {
                    let mut own = Env::new();
                    add(&mut own, &loaded, &env)?;
                    env.merge(own);
                }
                Err(Unread::Outside(outside)) => unread.push(not_read(&outside)),
                Err(Unread::Failed(error @ Error::NotAFile { .. })) => {
                    let help = Some("put a regular file there, or remove it".into());
                    unread.push(NotRead { why: error.to_string(), help });
                }
                Err(Unread::Failed(error) | Unread::Stopped(error)) => return Err(error.without_lines(NO_TEXT)),
            }
        }
        unread.dedup();
        Ok((env, unread))
    }
}

/// Adds the variables of a file.
fn add(env: &mut Env, loaded: &Loaded, outer: &Env) -> Result<()> {
    env.add_file(loaded.file().text(), outer).map(drop).map_err(|NoEnv { line, what }| {
        let hint = "Compose reads lines of NAME=value, and stops at this file as well".to_owned();
        let path = loaded.path().display();
        Error::Impossible(format!("{path} is not a file of variables: {what}, in line {line}"), Some(hint.into()))
    })
}

/// The layers of a project, by Compose's rules: those that are named, else `COMPOSE_FILE`, else discovery.
pub(super) fn layers(source: &dyn FileSource, input: &Input) -> Result<Layers> {
    let (folder, explicit) = match &input.start {
        Start::Path(path) if is_folder(source, path) => (path.to_owned(), Vec::new()),
        Start::Path(path) => (PathBuf::new(), vec![path.to_owned()]),
        Start::Files(files) => (PathBuf::new(), files.clone()),
        Start::Here | Start::Text(_) => (PathBuf::new(), Vec::new()),
    };
    if let Some(first) = explicit.first() {
        let directory = input.project_directory.clone().unwrap_or_else(|| parent(first));
        let roots = Roots::of(source, first, input)?;
        let (env, unread) = roots.env(source, &[&directory], input)?;
        return Ok(Layers { files: explicit, way: Way::Named, roots, directory, env, ignored: Vec::new(), unread });
    }
    // What a folder says of itself leads nowhere else.
    let (env, unread) = match Roots::of(source, &folder.join("x"), input) {
        Ok(roots) => roots.env(source, &[&folder], input)?,
        Err(_) => (Env::new(), Vec::new()),
    };
    if let Some(layers) = listed(source, input, &folder, &env)? {
        return Ok(layers);
    }
    let found = discover(source, Some(&folder).filter(|folder| !folder.as_os_str().is_empty()).map(PathBuf::as_path))?;
    let own = || found.files.first().map(|f| parent(f)).unwrap_or_default();
    let directory = input.project_directory.clone().unwrap_or_else(own);
    let roots = Roots::of(source, found.files.first().unwrap_or(&folder), input)?;
    let (env, unread) = if directory == folder { (env, unread) } else { roots.env(source, &[&folder, &directory], input)? };
    Ok(Layers { files: found.files, way: Way::Discovered, roots, directory, env, ignored: found.ignored, unread })
}

fn parent(path: &Path) -> PathBuf {
    path.parent().map(Path::to_owned).unwrap_or_default()
}

/// The layers that `COMPOSE_FILE` lists, in the environment or in the variables of the folder.
fn listed(source: &dyn FileSource, input: &Input, folder: &Path, env: &Env) -> Result<Option<Layers>> {
    let shell = |name: &str| source.variable(name).filter(|_| matches!(input.start, Start::Here));
    let filled = |text: &String| !text.is_empty();
    let of_env = |name: &str| env.text(name).map(str::to_owned);
    let in_shell = shell("COMPOSE_FILE");
    let way = if in_shell.is_some() { Way::Named } else { Way::Listed };
    let own_separator = shell("COMPOSE_PATH_SEPARATOR");
    let is_unknown = |name: &str, is_in_shell: bool| !is_in_shell && env.get(name) == Some(None);
    let Some(list) = in_shell.clone().or_else(|| of_env("COMPOSE_FILE")) else {
        // Compose would take the files that it lists, and not those that are found.
        return if is_unknown("COMPOSE_FILE", in_shell.is_some()) { Err(unknown("COMPOSE_FILE")) } else { Ok(None) };
    };
    if list.is_empty() {
        let hint = "Compose stops here too; take the variable away, or list the files in it".to_owned();
        return Err(Error::Impossible("COMPOSE_FILE is empty".into(), Some(hint.into())));
    }
    if is_unknown("COMPOSE_PATH_SEPARATOR", own_separator.is_some()) {
        return Err(unknown("COMPOSE_PATH_SEPARATOR"));
    }
    let standard = if cfg!(windows) { ";" } else { ":" };
    let separator = own_separator.or_else(|| of_env("COMPOSE_PATH_SEPARATOR"));
    let separator = separator.filter(filled).unwrap_or_else(|| standard.to_owned());
    if list.split(&separator).any(str::is_empty) {
        let hint = "Compose stops here too; remove the separator too many".to_owned();
        return Err(Error::Impossible("COMPOSE_FILE has an empty part".into(), Some(hint.into())));
    }
    let files: Vec<PathBuf> = list.split(&separator).map(|file| folder.join(file)).collect();
    let directory = input.project_directory.clone().or_else(|| files.first().map(|f| parent(f))).unwrap_or_default();
    let roots = match files.first() {
        Some(first) if way == Way::Named => Roots::of(source, first, input)?,
        _ => Roots::of(source, &folder.join("x"), input)?,
    };
    let (env, unread) = roots.env(source, &[folder, &directory], input)?;
    Ok(Some(Layers { files, way, roots, directory, env, ignored: Vec::new(), unread }))
}

/// Another variable decides what the files of the project are, and that is not set.
fn unknown(name: &str) -> Error {
    let hint = "set the variable that is in it in the same file, or name the files of the project";
    Error::Impossible(
        format!("which files the project has is not known: {name} has a variable in it that is not set"),
        Some(hint.to_owned().into()),
    )
}

/// The files of one project, as Compose finds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    /// The layers in the order they are merged: the main file, then the override file if there is one.
    pub files: Vec<PathBuf>,
    /// Files that Compose would take under their name but leaves out because another name comes first. Worth a warning, as
    /// Compose itself warns ("Found multiple config files with supported names").
    pub ignored: Vec<PathBuf>,
}

/// Finds the files of the project in a folder, or without one in the folder where we are or else the nearest above it with a main file.
///
/// Paths come back relative to how the folder was written (`compose.yaml` for `.`), absolute if found in a parent.
///
/// Errors: [`Error::NoComposeFile`] (an override file alone is no project); [`Error::NotAFile`] if the name that wins is a
/// folder, as it is an error for Compose; [`Error::Read`] if the folder may not be looked into.
pub fn discover(source: &dyn FileSource, folder: Option<&Path>) -> Result<Discovered> {
    match folder {
        Some(folder) => discover_in(source, folder)?.ok_or_else(|| Error::NoComposeFile(folder.to_owned())),
        None => discover_upwards(source, &source.here()?),
    }
}

/// Finds the project in the folder where we are, known to be `here`, or in the nearest folder above it.
fn discover_upwards(source: &dyn FileSource, here: &Path) -> Result<Discovered> {
    if let Some(found) = discover_in(source, Path::new("."))? {
        return Ok(found);
    }
    for parent in here.ancestors().skip(1) {
        if let Some(found) = discover_in(source, parent)? {
            return Ok(found);
        }
    }
    Err(Error::NoComposeFile(here.to_owned()))
}

/// The project in exactly this folder, if it has a main file.
fn discover_in(source: &dyn FileSource, folder: &Path) -> Result<Option<Discovered>> {
    let mut mains = existing(source, folder, &MAIN_NAMES)?.into_iter();
    let Some(main) = mains.next() else { return Ok(None) };
    let mut overrides = existing(source, folder, &OVERRIDE_NAMES)?.into_iter();
    let files: Vec<_> = [Some(main), overrides.next()].into_iter().flatten().collect();
    if let Some((folder, _)) = files.iter().find(|(_, kind)| *kind == Kind::Folder) {
        return Err(Error::NotAFile { path: folder.clone(), kind: "a directory" });
    }
    let paths = |found: Vec<(PathBuf, Kind)>| found.into_iter().map(|(path, _)| path).collect();
    Ok(Some(Discovered { files: paths(files), ignored: paths(mains.chain(overrides).collect()) }))
}

/// Those of `names` that lead to something in `folder`. A dangling or circular link leads nowhere, so Compose skips it; where one may not
/// look, Compose goes on to the next name or folder: that would be another project than the one meant.
fn existing(source: &dyn FileSource, folder: &Path, names: &[&str]) -> Result<Vec<(PathBuf, Kind)>> {
    let path = |name: &&str| if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) };
    let found = names.iter().map(path).map(|path| Ok(source.kind(&path)?.map(|kind| (path, kind))));
    found.filter_map(Result::transpose).collect()
}

#[cfg(test)]
mod tests {
    use super::super::source::MapFiles;
    use super::*;

    #[test]
    fn names_win_in_the_order_of_compose() {
        let table: [(&[&str], &[&str], &[&str]); 7] = [
            (&["compose.yml", "compose.yaml"], &["compose.yaml"], &["compose.yml"]),
            (&["docker-compose.yaml", "docker-compose.yml"], &["docker-compose.yml"], &["docker-compose.yaml"]),
            (&["docker-compose.yml", "compose.override.yaml"], &["docker-compose.yml", "compose.override.yaml"], &[]),
            (
                &["compose.yaml", "compose.override.yaml", "compose.override.yml"],
                &["compose.yaml", "compose.override.yml"],
                &["compose.override.yaml"],
            ),
            (
                &["docker-compose.override.yml", "docker-compose.yml", "compose.yml"],
                &["compose.yml", "docker-compose.override.yml"],
                &["docker-compose.yml"],
            ),
            (&["compose.override.yml"], &[], &[]),
            (&["Compose.yaml.bak", "other.yaml"], &[], &[]),
        ];
        let folder = Path::new("folder");
        for (present, files, ignored) in table {
            let full = |names: &[&str]| names.iter().map(|n| folder.join(n)).collect::<Vec<_>>();
            let map: MapFiles = full(present).into_iter().map(|path| (path, "services: {}")).collect();
            match discover(&map, Some(folder)) {
                Ok(found) => assert_eq!(found, Discovered { files: full(files), ignored: full(ignored) }, "{present:?}"),
                Err(e) => assert!(matches!(e, Error::NoComposeFile(_)) && files.is_empty(), "{present:?}: {e}"),
            }
        }
    }

    #[test]
    fn the_nearest_parent_with_a_main_file_is_the_project() {
        let names = ["compose.yaml", "project/compose.yml", "project/compose.override.yml", "project/a/compose.override.yaml"];
        let map: MapFiles = names.into_iter().map(|name| (Path::new("up").join(name), "")).collect();
        let files = discover_upwards(&map, Path::new("/up/project/a/b")).expect("found").files;
        assert_eq!(files, ["compose.yml", "compose.override.yml"].map(|n| Path::new("/up/project").join(n)));
    }
}
