//! From files to services: layers, documents, `extends`, `include`.

mod include;

use super::env::Env;
use super::interpolate;
use super::merge::{self, Entry};
use super::service::{Part, Scope, Service, check_layer, complete, has_hidden_below, is_reset};
use super::sources::{NotRead, Sources, Wanted, join};
use super::{Document, Project, invalid};
use crate::text::{FileId, Span};
use crate::yaml::{Kind, Node, NodeId, SyntaxError};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// Longest chain of services that extend each other.
const MAX_EXTENDS: usize = 64;
/// Most documents that are read, those of a file that is included twice counted twice.
const MAX_DOCUMENTS: usize = 20_000;

impl<'a> Project<'a> {
    /// Reads a project.
    ///
    /// Errors: what Compose itself rejects in the keys that are read here, with Compose's words; files that are missing.
    pub fn read(sources: &'a Sources) -> Result<Self, SyntaxError> {
        let mut reader = Reader::new(sources);
        let project = reader.project()?;
        match reader.wanted.pop() {
            Some((_, span)) => Err(SyntaxError { span, message: "this file was not read".into(), hint: None }),
            None => Ok(project),
        }
    }
}

/// The files that the project names and that were not added to `sources` yet, and where. Adding them may make it name more.
///
/// Errors: as for [`Project::read`].
pub fn wanted(sources: &Sources) -> Result<Vec<(Wanted, Span)>, SyntaxError> {
    // Most projects name no other file.
    let names_files = |text: &str| text.contains("extends") || text.contains("include");
    if !sources.files().iter().any(|f| names_files(f.stream.text().text())) {
        return Ok(Vec::new());
    }
    let mut reader = Reader::new(sources);
    // What is wrong without those files may be right with them.
    let result = reader.project();
    if reader.wanted.is_empty() {
        result?;
    }
    let mut seen = HashSet::new();
    reader.wanted.retain(|(wanted, _)| seen.insert(wanted.clone()));
    Ok(reader.wanted)
}

/// Services in the making.
#[derive(Default)]
struct Model<'a> {
    services: Vec<Draft<'a>>,
    by_name: HashMap<&'a str, usize>,
    /// Names of declared volumes.
    volumes: Vec<&'a str>,
}

struct Draft<'a> {
    name: &'a str,
    parts: Vec<Part<'a>>,
    unread: Option<Box<(Span, NotRead)>>,
}

/// A file that another one names.
enum Named {
    Here(FileId),
    /// It must be read first.
    Wanted,
    /// It is not read.
    Not(NotRead),
}

/// The service definitions of one document, or of all documents of a file, by name.
type Table<'a> = HashMap<&'a str, Vec<Entry<'a>>>;

/// Files of variables, and the variables that win over them.
type EnvFiles = (Vec<PathBuf>, *const Env);

struct Reader<'a> {
    sources: &'a Sources,
    documents: Vec<Document<'a>>,
    unread: Vec<(Span, NotRead)>,
    wanted: Vec<(Wanted, Span)>,
    tables: HashMap<FileId, Rc<Table<'a>>>,
    entries: HashMap<(FileId, NodeId), Arc<[Entry<'a>]>>,
    /// Variables of files below others, which many includes may share: by those files and by whose variables win.
    envs: HashMap<EnvFiles, (Arc<Env>, Arc<Env>)>,
}

impl<'a> Reader<'a> {
    fn new(sources: &'a Sources) -> Self {
        Self {
            sources,
            documents: Vec::new(),
            unread: Vec::new(),
            wanted: Vec::new(),
            tables: HashMap::new(),
            entries: HashMap::new(),
            envs: HashMap::new(),
        }
    }

    fn project(&mut self) -> Result<Project<'a>, SyntaxError> {
        let sources = self.sources;
        let scope = Arc::new(Scope { folder: sources.directory().to_owned(), env: sources.env().clone() });
        let model = self.model(sources.layers(), &scope, &mut Vec::new())?;
        if self.documents.is_empty() {
            let span = Span { file: FileId(0), start: 0, end: 0 };
            let hint = Some("a Compose file needs at least `services:`".into());
            return Err(SyntaxError { span, message: "empty compose file".into(), hint });
        }
        let drafts = model.services.into_iter().filter(|d| d.parts.iter().any(|p| !p.is_base));
        let whole = sources.unread().first().zip(self.documents.first());
        let whole = whole.map(|(file, document)| (document.root.span(), file.clone()));
        let unread = |d: &mut Draft<'a>| d.unread.take().or_else(|| whole.clone().map(Box::new));
        let read = |mut d: Draft<'a>| {
            let unread = unread(&mut d);
            Service::read(d.name, d.parts, unread)
        };
        let mut services: Vec<Service<'a>> = drafts.map(read).collect::<Result<_, _>>()?;
        services.shrink_to_fit();
        let by_name = services.iter().enumerate().map(|(i, s)| (s.name, i)).collect();
        complete(&mut services, &by_name);
        let (documents, unread) = (std::mem::take(&mut self.documents), std::mem::take(&mut self.unread));
        // Of one name a config is more likely to be meant than a secret.
        let sections = ["secrets", "configs"].into_iter().flat_map(|key| documents.iter().filter_map(move |document| document.get(key)));
        let files = sections.flat_map(|section| merge::entries(section.value())).map(|entry| (entry.name(), entry.value())).collect();
        Ok(Project { sources, documents, services, volumes: model.volumes, files, unread, by_name })
    }

    /// Files merged in order. `including` holds the first files of the includes that led here.
    fn model(&mut self, files: &[FileId], scope: &Arc<Scope>, including: &mut Vec<FileId>) -> Result<Model<'a>, SyntaxError> {
        let mut model = Model::default();
        for &file in files {
            let Some(source) = self.sources.file(file) else { continue };
            for root in source.stream.roots() {
                self.document(&mut model, root, scope, including)?;
            }
        }
        Ok(model)
    }

    fn document(
        &mut self,
        model: &mut Model<'a>,
        root: Node<'a>,
        scope: &Arc<Scope>,
        including: &mut Vec<FileId>,
    ) -> Result<(), SyntaxError> {
        let document = Document::read(root, including.is_empty(), &scope.env)?;
        if self.documents.len() == MAX_DOCUMENTS {
            return Err(invalid(root, format!("more than {MAX_DOCUMENTS} documents are included"), Some("include fewer files")));
        }
        let index = self.documents.len();
        let (services, volumes, include) = (document.get("services"), document.get("volumes"), document.get("include"));
        model.reset_volumes(volumes.as_ref().map(Entry::value), &document.volumes);
        self.documents.push(document);
        if let Some(section) = services.map(|e| e.value()) {
            if replaces(section) {
                model.services.iter().try_for_each(|service| check_layer(service.name, &service.parts))?;
                *model = Model { volumes: std::mem::take(&mut model.volumes), ..Model::default() };
            }
            let entries = if is_reset(section.resolved()) { Vec::new() } else { merge::entries(section) };
            self.services(model, &entries, replaces(section), index, scope)?;
        }
        match include {
            Some(include) => self.include(model, include.value(), index, scope, including),
            None => Ok(()),
        }
    }

    fn services(
        &mut self,
        model: &mut Model<'a>,
        entries: &[Entry<'a>],
        is_replaced: bool,
        index: usize,
        scope: &Arc<Scope>,
    ) -> Result<(), SyntaxError> {
        let mut table: Option<Rc<Table<'a>>> = None;
        for entry in entries {
            let (name, definition) = (entry.name(), entry.value());
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
                let hint = "service names are letters, digits, `.`, `_` and `-`";
                return Err(invalid(entry.key(), format!("services additional properties '{name}' not allowed"), Some(hint)));
            }
            let value = definition.resolved();
            if let Some(&known) = model.by_name.get(name) {
                check_layer(name, &model.services[known].parts)?;
            }
            if replaces(value) {
                model.remove(name);
            }
            let is_known = model.by_name.contains_key(name);
            if is_reset(value) || value.is_null() && is_known {
                continue;
            }
            if value.kind() != Kind::Mapping {
                let hint = "a service needs at least `image:` or `build:`";
                return Err(invalid(definition, format!("services.{name} must be a mapping"), Some(hint)));
            }
            let mut own = self.part(entry, Some(index as u32), scope);
            own.acts = !is_replaced && value.tag() != Some("!override");
            if !own.acts {
                own.forget_merged_resets();
            }
            let mut draft = Draft { name, parts: Vec::new(), unread: None };
            let before = model.parts(name);
            if own.get("extends").is_some() {
                let table = table.get_or_insert_with(|| Rc::new(entries.iter().map(|e| (e.name(), vec![*e])).collect())).clone();
                self.bases(&mut draft, &own, table, scope)?;
            }
            // A base's tags act on what it inherits itself; the service's own on everything before it.
            draft.parts.iter_mut().for_each(|part| part.reach += before);
            // Most services have this one part.
            draft.parts.reserve_exact(1);
            draft.parts.push(own);
            model.add(draft);
        }
        Ok(())
    }

    fn part(&mut self, entry: &Entry<'a>, document: Option<u32>, scope: &Arc<Scope>) -> Part<'a> {
        let definition = entry.value();
        let read = || merge::entries(definition).into();
        let merged = match document {
            _ if merge::is_plain(definition) => None,
            Some(_) => Some(read()),
            // What others extend is read once.
            None => Some(self.entries.entry((definition.span().file, definition.id())).or_insert_with(read).clone()),
        };
        Part { key: entry.key(), definition, document, is_base: document.is_none(), reach: 0, acts: true, merged, scope: scope.clone() }
    }

    /// The parts that a service takes from what it extends, the deepest first.
    fn bases(&mut self, draft: &mut Draft<'a>, own: &Part<'a>, table: Rc<Table<'a>>, scope: &Arc<Scope>) -> Result<(), SyntaxError> {
        let (mut table, mut scope) = (table, scope.clone());
        let mut levels: Vec<Vec<Part<'a>>> = Vec::new();
        let mut seen: HashSet<(FileId, NodeId)> = HashSet::from([(own.definition.span().file, own.definition.id())]);
        let mut way = vec![draft.name.to_owned()];
        let mut extends = own.get("extends");
        while let Some(entry) = extends {
            let value = entry.value().resolved();
            let field = |key: &str| merge::get(value, key);
            let name = value.as_str().or_else(|| field("service").and_then(|n| n.resolved().as_str()));
            let Some(base) = name.map(|text| interpolate::resolve(text, &scope.env).unwrap_or(text.into())) else {
                let message = format!("services.{}.extends needs a service", draft.name);
                return Err(invalid(entry.value(), message, Some("name the service: `extends: {service: NAME}`")));
            };
            if let Some(file) = field("file").filter(|n| !n.resolved().is_null()) {
                match self.base_file(file, &scope)? {
                    Ok((path, found)) => {
                        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
                        scope = Arc::new(Scope { folder, env: scope.env.clone() });
                        table = found;
                    }
                    Err(why) => {
                        draft.unread = Some(Box::new((file.span(), why)));
                        break;
                    }
                }
            }
            way.push(name.map_or(Cow::Borrowed(""), |text| interpolate::shown(text, &scope.env)).into_owned());
            let Some(entries) = table.get(&*base) else {
                let shown = name.map_or(Cow::Borrowed(""), |text| interpolate::shown(text, &scope.env));
                let message = format!("cannot extend service \"{}\": service \"{shown}\" not found", draft.name);
                let hint = "name a service of the same document, or its file with `file:`; override files see no services of other files";
                return Err(invalid(entry.value(), message, Some(hint)));
            };
            let parts: Vec<Part<'a>> = entries.clone().iter().map(|e| self.part(e, None, &scope)).collect();
            let cycle = parts.iter().any(|p| !seen.insert((p.definition.span().file, p.definition.id())));
            if cycle || levels.len() == MAX_EXTENDS {
                let what = if cycle { "Circular reference".to_owned() } else { format!("more than {MAX_EXTENDS} levels of extends") };
                let message = format!("{what}: {}", way.join(" extends "));
                return Err(invalid(entry.value(), message, Some("let one of these services stand for itself")));
            }
            extends = parts.iter().rev().find_map(|p| p.get("extends"));
            levels.push(parts);
        }
        for level in levels.into_iter().rev() {
            let start = draft.parts.len();
            draft.parts.extend(level.into_iter().map(|part| {
                // Of a file with several documents, only the tags of the last one act on what its services inherit.
                let root = part.key.stream().roots().last();
                let is_last = root.is_none_or(|root| root.id() <= part.key.id());
                Part { reach: if is_last { 0 } else { start }, ..part }
            }));
        }
        Ok(())
    }

    /// The services of a file that is extended, or why they are not known.
    #[allow(clippy::type_complexity, reason = "two outcomes beside the error")]
    fn base_file(&mut self, node: Node<'a>, scope: &Scope) -> Result<Result<(PathBuf, Rc<Table<'a>>), NotRead>, SyntaxError> {
        let path = match path_of(node, scope)? {
            Ok(path) => path,
            Err(why) => return Ok(Err(why)),
        };
        let file = match self.file(&path, node, scope)? {
            Named::Here(file) => file,
            Named::Wanted => return Ok(Err("its base is not read yet".to_owned().into())),
            Named::Not(why) => return Ok(Err(why)),
        };
        if let Some(table) = self.tables.get(&file) {
            return Ok(Ok((path, table.clone())));
        }
        let mut table: Table<'a> = HashMap::new();
        for root in self.sources.file(file).into_iter().flat_map(|s| s.stream.roots()) {
            for entry in merge::get(root, "services").map(merge::entries).unwrap_or_default() {
                let value = entry.value().resolved();
                if replaces(value) {
                    table.remove(entry.name());
                }
                // One that is null is there, and gives nothing.
                if (value.kind() == Kind::Mapping || value.is_null()) && !is_reset(value) {
                    table.entry(entry.name()).or_default().push(entry);
                }
            }
        }
        let table = Rc::new(table);
        self.tables.insert(file, table.clone());
        Ok(Ok((path, table)))
    }

    /// The file at `path`, which `node` names.
    fn file(&mut self, path: &Path, node: Node<'a>, scope: &Scope) -> Result<Named, SyntaxError> {
        if let Some(why) = self.sources.why_missing(path) {
            return Err(missing(path, node, scope, why));
        }
        if let Some(why) = self.sources.why_outside(path) {
            return Ok(Named::Not(outside(why, node, scope)));
        }
        let file = self.sources.at(path);
        if file.is_none() {
            self.wanted.push((Wanted::Compose(path.to_owned()), node.span()));
        }
        Ok(file.map_or(Named::Wanted, Named::Here))
    }
}

impl<'a> Model<'a> {
    /// How many parts a service has so far.
    fn parts(&self, name: &str) -> usize {
        self.by_name.get(name).map_or(0, |&i| self.services[i].parts.len())
    }

    fn add(&mut self, mut draft: Draft<'a>) {
        match self.by_name.get(draft.name).map(|&i| &mut self.services[i]) {
            Some(service) => {
                service.parts.append(&mut draft.parts);
                service.unread = service.unread.take().or(draft.unread);
            }
            None => {
                self.by_name.insert(draft.name, self.services.len());
                self.services.push(draft);
            }
        }
    }

    /// Forgets what was said of a service so far. Its place in the order stays.
    fn remove(&mut self, name: &str) {
        if let Some(&index) = self.by_name.get(name) {
            self.services[index].parts.clear();
            self.services[index].unread = None;
        }
    }

    fn reset_volumes(&mut self, section: Option<Node<'a>>, entries: &[Entry<'a>]) {
        if section.is_some_and(replaces) {
            self.volumes.clear();
        }
        for entry in entries {
            if replaces(entry.value()) {
                self.volumes.retain(|name| *name != entry.name());
            }
            if !is_reset(entry.value().resolved()) {
                self.volumes.push(entry.name());
            }
        }
    }
}

/// Whether a value takes the place of what earlier layers have.
fn replaces(node: Node<'_>) -> bool {
    matches!(node.resolved().tag(), Some("!reset" | "!override"))
}

/// The failure of a file that `node` names. A path that a variable makes is not repeated.
fn missing(path: &Path, node: Node<'_>, scope: &Scope, why: &str) -> SyntaxError {
    let text = node.resolved().text();
    let shown = if interpolate::has_hidden(text, &scope.env) { text.to_owned() } else { path.display().to_string() };
    invalid(node, format!("cannot read {shown}: {why}"), Some("correct the path, or add the file"))
}

/// Why a file that `node` names is not read. A path that a variable makes is not repeated.
fn outside(file: &NotRead, node: Node<'_>, scope: &Scope) -> NotRead {
    if !has_hidden_below(node, &scope.env) {
        return file.clone();
    }
    let name = node.resolved().as_str().unwrap_or("a file of this include");
    NotRead { why: format!("{name} is outside the project folder and is not read"), help: file.help.clone() }
}

/// The path that a node names, or why it is not known here.
fn path_of(node: Node<'_>, scope: &Scope) -> Result<Result<PathBuf, NotRead>, SyntaxError> {
    let text = node.resolved().text();
    let Some(path) = interpolate::resolve(text, &scope.env) else {
        let why = format!("a variable that is not set decides which file this is: {text}");
        let hint = "set the variable in `.env`, or name a file of variables";
        // Compose stops at `${NAME:?}`; of other variables the shell may know more.
        if text.contains('?') {
            return Err(invalid(node, why, Some(hint)));
        }
        return Ok(Err(NotRead { why, help: Some(hint.into()) }));
    };
    let is_remote = path.contains("://") || path.starts_with("git@") || path.starts_with("oci:") || path.starts_with("github.com/");
    if is_remote {
        return Ok(Err(format!("{} is not on this machine, and is not fetched", interpolate::shown(text, &scope.env)).into()));
    }
    Ok(Ok(join(&scope.folder, &path)))
}
