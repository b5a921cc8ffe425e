//! Compose files that people published, in `tests/data/corpus`: an index says where each is from, and a command brings those that
//! cannot be part of the repository.

mod plans;
mod reasons;

use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Texts by their path in a project.
pub(crate) type Files = BTreeMap<String, String>;

/// Where the files are.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/corpus")
}

/// A row of the index.
struct Entry {
    /// Its path below [`root`], with `/`.
    file: String,
    sum: String,
    /// Whether it is part of the repository.
    is_ours: bool,
}

static INDEX: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let text = fs::read_to_string(root().join("index.tsv")).expect("an index");
    let rows = text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.map(|row| Entry { file: row[0].to_owned(), sum: row[5].to_owned(), is_ours: row[6] == "yes" }).collect()
});

/// The names of all files that are there, in order.
pub(crate) fn names() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "yml" || e == "yaml") {
                let below = path.strip_prefix(root()).expect("in the corpus");
                found.push(below.iter().map(|part| part.to_str().expect("text")).collect::<Vec<_>>().join("/"));
            }
        }
    }
    found.sort();
    found
}

/// The paths of all files that are there, in order.
pub(crate) fn corpus() -> Vec<PathBuf> {
    names().iter().map(|name| root().join(name)).collect()
}

/// A public file with what it can name: all files of its repository that are here.
pub(crate) struct PublicProject {
    pub(crate) name: String,
    pub(crate) files: Files,
    pub(crate) layers: Vec<String>,
    /// Whether it is part of the repository, so that everybody has it.
    pub(crate) is_ours: bool,
}

/// Every public file as the first layer of a project, with the override file beside it that Compose would take as well.
pub(crate) fn public_projects() -> Vec<PublicProject> {
    let mut projects = Vec::new();
    let mut repositories: BTreeMap<String, Files> = BTreeMap::new();
    for name in names() {
        let (repository, inner) = name.split_once('/').expect("a repository");
        let text = fs::read_to_string(root().join(&name)).expect("text");
        repositories.entry(repository.to_owned()).or_default().insert(inner.to_owned(), text);
    }
    let ours: BTreeSet<&str> = INDEX.iter().filter(|e| e.is_ours).map(|e| e.file.as_str()).collect();
    for (repository, files) in repositories {
        for layer in files.keys() {
            let (folder, file) = layer.rsplit_once('/').map_or(("", layer.as_str()), |(folder, file)| (folder, file));
            let beside = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            let mains = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
            let overrides =
                ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];
            let pair = overrides.iter().map(|name| beside(name)).find(|name| mains.contains(&file) && files.contains_key(name));
            let layers: Vec<String> = std::iter::once(layer.clone()).chain(pair).collect();
            let name = format!("{repository}/{layer}");
            let is_ours = ours.contains(name.as_str());
            projects.push(PublicProject { name, files: files.clone(), layers, is_ours });
        }
    }
    projects
}

impl PublicProject {
    pub(crate) fn layers(&self) -> Vec<&str> {
        self.layers.iter().map(String::as_str).collect()
    }
}

#[test]
fn the_corpus_is_what_its_index_says() {
    let there: BTreeSet<String> = names().into_iter().collect();
    let listed: BTreeSet<String> = INDEX.iter().map(|e| e.file.clone()).collect();
    assert_eq!(there.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "of files that nobody says where they are from");
    assert_eq!((INDEX.len(), INDEX.iter().filter(|e| e.is_ours).count()), (250, 247));
    let required = std::env::var_os("ROFS_REQUIRE_CORPUS").is_some();
    for entry in INDEX.iter().filter(|e| e.is_ours || required || there.contains(&e.file)) {
        let bytes = fs::read(root().join(&entry.file)).unwrap_or_else(|e| panic!("{}: {e}; .ci/fetch-corpus", entry.file));
        let sum: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(sum, entry.sum, "{}", entry.file);
    }
}

/// What may be copied with its notice, and whose notice is there.
#[test]
fn every_file_of_others_has_a_licence_that_lets_us_have_it() {
    let notice = fs::read_to_string(root().join("NOTICE.md")).expect("a notice");
    let index = fs::read_to_string(root().join("index.tsv")).expect("an index");
    for row in index.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect::<Vec<_>>()) {
        let [file, repository, commit, _, licence, _, here] = row[..] else { panic!("{row:?}") };
        assert!(commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{file}: {commit}");
        assert!(file.starts_with(&format!("{}/", repository.replace('/', "__"))), "{file} is not of {repository}");
        let section = notice.split("\n## ").find(|part| part.starts_with(&format!("{licence}\n"))).unwrap_or_default();
        let named = section.lines().any(|line| line == format!("- {repository}") || line.starts_with(&format!("- {repository}: ")));
        assert_eq!(named, here == "yes", "{repository}, {licence}");
    }
}
