//! One service: the parts that make it, and what they come to.

use super::interpolate::{self, Env, has_variable};
use super::invalid;
use super::merge::{self, Entry};
use super::mount::{self, Known, Mount, boolean};
use crate::text::Span;
use crate::yaml::{Kind, Node, SyntaxError};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// Where the relative paths of a part start, and the variables of its values.
#[derive(Debug)]
pub(super) struct Scope {
    pub(super) folder: PathBuf,
    pub(super) env: Arc<Env>,
}

/// What one document says of a service.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// The key that holds its name.
    pub key: Node<'a>,
    /// Its value as written: a mapping or an alias of one.
    pub definition: Node<'a>,
    /// Index of the project's document that it stands in; `None` for what is only there to be extended.
    pub document: Option<u32>,
    /// Whether it comes in through `extends`.
    pub is_base: bool,
    /// The first part that its `!reset` and `!override` act on.
    pub reach: usize,
    /// Whether its `!reset` and `!override` act at all: inside an `!override` they do not.
    pub(super) acts: bool,
    /// Its keys after YAML merging, where those are others than its own ones.
    pub(super) merged: Option<Arc<[Entry<'a>]>>,
    pub(super) scope: Arc<Scope>,
}

impl<'a> Part<'a> {
    /// Its keys after YAML merging. A key that is reset may come twice.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'a>> + '_ {
        let own = self.merged.is_none().then(|| self.definition.entries().map(Entry::new));
        own.into_iter().flatten().chain(self.merged.iter().flat_map(|all| all.iter().copied()))
    }

    /// A key's first entry: one that is reset, or its value.
    pub fn entry(&self, key: &str) -> Option<Entry<'a>> {
        self.entries().find(|e| e.name() == key)
    }

    /// A key's value after YAML merging: not one that is reset.
    pub fn get(&self, key: &str) -> Option<Entry<'a>> {
        self.entries().find(|e| e.name() == key && self.tag(e) != Some("!reset"))
    }

    /// The text of a value that is a string. One with a `!reset` that does not act is one, whatever stands in it.
    pub fn text(&self, value: Node<'a>) -> Option<&'a str> {
        let value = value.resolved();
        let is_idle = !self.acts && is_reset(value) && value.kind() == Kind::Scalar;
        if is_idle { Some(value.text()) } else { value.as_str() }
    }

    /// The `!reset` or `!override` with which an entry acts on earlier layers.
    pub fn tag(&self, entry: &Entry<'a>) -> Option<&'a str> {
        entry.value().resolved().tag().filter(|tag| self.acts && matches!(*tag, "!reset" | "!override"))
    }
}

/// A service after all merging.
#[derive(Clone, Debug)]
pub struct Service<'a> {
    /// Its name.
    pub name: &'a str,
    /// What makes it, in the order of merging: later parts win.
    pub parts: Vec<Part<'a>>,
    /// Whether its root filesystem is read-only.
    pub read_only: Known,
    /// Everything mounted into it: `tmpfs` first, then `volumes`.
    pub mounts: Vec<Mount<'a>>,
    /// Why it is not known whole, and where: a base that is not on this machine, say.
    pub unread: Option<Box<(Span, String)>>,
    /// Made when it is first needed; few services have many mounts.
    index: OnceLock<Box<MountIndex>>,
}

/// What a service can do at a path.
#[derive(Clone, Copy, Debug)]
pub enum Coverage<'m, 'a> {
    /// The engine keeps it writable on every container.
    Engine,
    /// A writable mount at the path or above it.
    Writable(&'m Mount<'a>),
    /// A read-only mount at the path or above it.
    ReadOnly(&'m Mount<'a>),
    /// A variable decides whether this mount covers the path.
    Unknown(&'m Mount<'a>),
    /// Nothing is mounted there: `read_only` decides.
    Root,
}

/// A value of one part.
#[derive(Clone, Copy, Debug)]
pub struct PartValue<'a> {
    /// Index of the part.
    pub part: usize,
    /// The key and its value.
    pub entry: Entry<'a>,
}

impl<'a> Service<'a> {
    pub(super) fn read(name: &'a str, parts: Vec<Part<'a>>, unread: Option<Box<(Span, String)>>) -> Result<Self, SyntaxError> {
        let mut service = Self { name, parts, read_only: Known::No, mounts: Vec::new(), unread, index: OnceLock::new() };
        service.read_only = service.read_read_only()?;
        service.mounts = service.read_tmpfs()?;
        service.mounts.extend(service.read_volumes()?);
        // There are many services, and few mounts in each.
        service.mounts.shrink_to_fit();
        service.check_targets()?;
        Ok(service)
    }

    /// Compose takes no two mounts at one target, unless it is spelled in two ways.
    fn check_targets(&self) -> Result<(), SyntaxError> {
        let mut seen: HashMap<&str, &Mount<'a>> = HashMap::new();
        let twice = |m: &Mount<'_>, rest: &[Mount<'_>]| rest.iter().any(|o| o.target == m.target);
        let is_small = self.mounts.len() <= 8;
        if is_small && !(1..self.mounts.len()).any(|i| twice(&self.mounts[i], &self.mounts[..i])) {
            return Ok(());
        }
        for mount in &self.mounts {
            let Some(earlier) = seen.insert(&mount.target, mount) else { continue };
            let written = |m: &Mount<'_>| self.written_target(m);
            if written(mount).is_some() && written(mount) == written(earlier) {
                let message = format!("services.{}: target {} already mounted", self.name, mount.target);
                let hint = "Compose refuses two mounts at one target; layers unify tmpfs items only when they agree before the first `=`";
                return Err(invalid(mount.node, message, Some(hint)));
            }
        }
        Ok(())
    }

    /// A mount's target as Compose compares it.
    fn written_target(&self, mount: &Mount<'_>) -> Option<String> {
        let node = mount.node.resolved();
        let env = &self.parts.get(mount.part as usize)?.scope.env;
        let is_tmpfs_item = mount.kind == mount::MountKind::Tmpfs && node.kind() == Kind::Scalar;
        if is_tmpfs_item {
            let text = interpolate::resolve(node.as_str()?, env)?;
            return Some(text.split(':').next().unwrap_or_default().to_owned());
        }
        // Of tmpfs items the text counts; volumes are cleaned before they are compared.
        mount::volume_item(node, mount.part, env).ok().map(|(identity, _)| super::path::path_clean(&identity))
    }

    fn read_read_only(&self) -> Result<Known, SyntaxError> {
        let Some(PartValue { part, entry }) = self.values("read_only").pop() else { return Ok(Known::No) };
        let text = self.parts[part].text(entry.value());
        match (text.map_or_else(|| boolean(entry.value()), mount::word), text) {
            (Some(true), _) => Ok(Known::Yes),
            (Some(false), _) => Ok(Known::No),
            (None, Some(text)) if has_variable(text) => Ok(Known::Unknown),
            _ => Err(invalid(
                entry.value(),
                format!("services.{}.read_only must be a boolean or string", self.name),
                Some("write true or false"),
            )),
        }
    }

    fn read_tmpfs(&self) -> Result<Vec<Mount<'a>>, SyntaxError> {
        let mut found = Unique::default();
        for PartValue { part, entry } in self.values("tmpfs") {
            let value = entry.value().resolved();
            let env = &self.parts[part].scope.env;
            if let Some(text) = self.parts[part].text(value) {
                found.put(mount::tmpfs_item(entry.value(), text, part as u32, env));
                continue;
            }
            if value.kind() != Kind::Sequence {
                let hint = "write a path, or a list of paths, or remove the key";
                let message = format!("services.{}.tmpfs must be a string or a list of strings", self.name);
                return Err(invalid(entry.value(), message, Some(hint)));
            }
            for (i, item) in value.items().enumerate() {
                match item.resolved().as_str() {
                    Some(text) => found.put(mount::tmpfs_item(item, text, part as u32, env)),
                    None => return Err(invalid(item, format!("services.{}.tmpfs[{i}] must be a string", self.name), None)),
                }
            }
        }
        Ok(found.mounts)
    }

    fn read_volumes(&self) -> Result<Vec<Mount<'a>>, SyntaxError> {
        let mut found = Unique::default();
        for PartValue { part, entry } in self.values("volumes") {
            let value = entry.value().resolved();
            if value.kind() != Kind::Sequence {
                let message = format!("services.{}.volumes must be a list", self.name);
                return Err(invalid(entry.value(), message, Some("write a list, or remove the key")));
            }
            for (i, item) in value.items().enumerate() {
                let mount = mount::volume_item(item, part as u32, &self.parts[part].scope.env)
                    .map_err(|(node, why)| invalid(node, format!("services.{}.volumes[{i}]: {why}", self.name), None))?;
                found.put(mount);
            }
        }
        Ok(found.mounts)
    }

    /// The targets of `volumes` in parts after this one, as Compose compares them when it merges.
    pub fn volumes_after(&self, part: usize) -> Vec<Cow<'a, str>> {
        let later = self.values("volumes").into_iter().filter(|v| v.part > part);
        let items = later.flat_map(|v| v.entry.value().resolved().items().map(move |item| (v.part, item)));
        items
            .filter_map(|(part, item)| mount::volume_item(item, part as u32, &self.parts[part].scope.env).ok())
            .map(|(identity, _)| identity)
            .collect()
    }

    /// The values that count for `key`, in the order of merging. Of a scalar the last one wins; lists and mappings are joined.
    pub fn values(&self, key: &str) -> Vec<PartValue<'a>> {
        let mut found: Vec<PartValue<'a>> = Vec::new();
        for (index, part) in self.parts.iter().enumerate() {
            // A key that is reset may be merged in as well.
            let most = if part.acts { usize::MAX } else { 1 };
            for entry in part.entries().filter(|e| e.name() == key).take(most) {
                let value = entry.value().resolved();
                let tag = part.tag(&entry);
                if tag.is_some() {
                    // It acts on what came before; a value that the part has beside it stays.
                    found.retain(|v| v.part < part.reach || v.part == index);
                } else if value.is_null() && part.text(value).is_none() && !found.is_empty() {
                    // Null keeps what is there.
                    continue;
                } else if matches!(key, "command" | "entrypoint") {
                    found.clear();
                }
                if tag != Some("!reset") {
                    found.push(PartValue { part: index, entry });
                }
            }
        }
        found
    }

    /// A key's value: the last one.
    pub fn get(&self, key: &str) -> Option<Entry<'a>> {
        if let [part] = self.parts.as_slice() {
            return part.get(key);
        }
        self.values(key).pop().map(|v| v.entry)
    }

    /// Whether a boolean key is set, its variables replaced.
    pub fn flag(&self, key: &str) -> bool {
        let Some(PartValue { part, entry }) = self.values(key).pop() else { return false };
        let part = &self.parts[part];
        match part.text(entry.value()) {
            Some(text) => interpolate::resolve(text, &part.scope.env).is_some_and(|text| mount::word(&text) == Some(true)),
            None => boolean(entry.value()) == Some(true),
        }
    }

    /// The text of a key whose value is a string, with its variables replaced; as written where one is not set.
    pub fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        let PartValue { part, entry } = self.values(key).pop()?;
        let text = self.parts[part].text(entry.value())?;
        Some(self.resolve(part, text))
    }

    /// `text` of a part with its variables replaced; as written where one is not set.
    pub fn resolve<'t>(&self, part: usize, text: &'t str) -> Cow<'t, str> {
        self.parts.get(part).and_then(|p| interpolate::resolve(text, &p.scope.env)).unwrap_or(Cow::Borrowed(text))
    }

    /// The items of a list of strings with their texts, variables replaced.
    pub fn list(&self, key: &str) -> Vec<(Node<'a>, Cow<'a, str>)> {
        let values = self.values(key).into_iter();
        let items = values.flat_map(|v| v.entry.value().resolved().items().map(move |item| (v.part, item)));
        items.filter_map(|(part, item)| Some((item, self.resolve(part, item.resolved().as_str()?)))).collect()
    }

    /// All scalar texts at or below a key: the words of a command, the values of an environment.
    pub fn texts(&self, key: &str) -> Vec<Node<'a>> {
        let mut found = Vec::new();
        for value in self.values(key) {
            let first = found.len();
            let mut waiting = vec![value.entry.value()];
            while let Some(node) = waiting.pop() {
                let node = node.resolved();
                match node.kind() {
                    Kind::Scalar => found.push(node),
                    Kind::Sequence => waiting.extend(node.items()),
                    _ => waiting.extend(merge::entries(node).into_iter().map(|e| e.value())),
                }
            }
            found[first..].sort_by_key(|n| n.id());
        }
        found
    }

    /// The part that gives the service its image, else the first that is its own: where new keys go.
    pub fn home(&self) -> &Part<'a> {
        &self.parts[self.home_index()]
    }

    /// Index of [`Service::home`].
    pub fn home_index(&self) -> usize {
        let own = |i: &usize| !self.parts[*i].is_base;
        let has_image = |i: &usize| ["image", "build"].iter().any(|key| self.parts[*i].get(key).is_some());
        let all = 0..self.parts.len();
        all.clone().find(|i| own(i) && has_image(i)).or_else(|| all.clone().find(own)).unwrap_or(0)
    }

    /// The key that holds its name, where it is at home.
    pub fn key(&self) -> Node<'a> {
        self.home().key
    }

    /// What the service can do at `path` (cleaned): the deepest mount at it or above it decides.
    pub fn coverage(&self, path: &str) -> Coverage<'_, 'a> {
        let covers = |target: &str| path == target || path.strip_prefix(target).is_some_and(|rest| rest.starts_with('/')) || target == "/";
        if ["/proc", "/dev/shm", "/dev/mqueue"].iter().any(|p| covers(p)) {
            return Coverage::Engine;
        }
        let (known, maybe) = if self.mounts.len() > FEW_MOUNTS && path.len() <= MAX_PATH {
            let index = self.index.get_or_init(|| Box::new(MountIndex::of(&self.mounts)));
            (
                index.deepest(&self.mounts, path),
                index.variable.iter().map(|&i| &self.mounts[i as usize]).find(|m| !m.is_placed && interpolate::may_equal(&m.target, path)),
            )
        } else {
            let known = self.mounts.iter().filter(|m| covers(&m.target)).max_by_key(|m| m.target.len());
            (known, self.mounts.iter().find(|m| !m.is_placed && interpolate::may_equal(&m.target, path)))
        };
        match (known, maybe) {
            (_, Some(mount)) => Coverage::Unknown(mount),
            (Some(mount), None) => match mount.writable {
                Known::Yes => Coverage::Writable(mount),
                Known::No => Coverage::ReadOnly(mount),
                Known::Unknown => Coverage::Unknown(mount),
            },
            (None, None) => Coverage::Root,
        }
    }
}

/// Up to so many mounts, looking at each is faster than looking one up.
const FEW_MOUNTS: usize = 16;
/// Longest path that there can be: Linux's `PATH_MAX`.
const MAX_PATH: usize = 4096;

/// The mounts of a service that has many, by their targets.
#[derive(Clone, Debug)]
struct MountIndex {
    /// By target; of equal ones the last counts.
    by_target: Vec<u32>,
    /// Those whose target has a variable.
    variable: Vec<u32>,
}

impl MountIndex {
    fn of(mounts: &[Mount<'_>]) -> Self {
        let mut by_target: Vec<u32> = (0..mounts.len() as u32).collect();
        by_target.sort_by_key(|&i| &*mounts[i as usize].target);
        let variable = (0..mounts.len() as u32).filter(|&i| has_variable(&mounts[i as usize].target)).collect();
        Self { by_target, variable }
    }

    /// The deepest mount at `path` or above it.
    fn deepest<'m, 'a>(&self, mounts: &'m [Mount<'a>], path: &str) -> Option<&'m Mount<'a>> {
        let at = |folder: &str| {
            let behind = self.by_target.partition_point(|&i| &*mounts[i as usize].target <= folder);
            let last = &mounts[self.by_target[behind.checked_sub(1)?] as usize];
            (last.target == folder).then_some(last)
        };
        let above = path.rmatch_indices('/').filter(|(i, _)| *i > 0).map(|(i, _)| &path[..i]);
        std::iter::once(path).chain(above).find_map(at).or_else(|| at("/")).or_else(|| at("").filter(|_| path.starts_with('/')))
    }
}

/// Mounts of which a later one takes the place of an earlier one with the same identity.
#[derive(Default)]
struct Unique<'a> {
    mounts: Vec<Mount<'a>>,
    identities: Vec<Cow<'a, str>>,
    places: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Unique<'a> {
    fn put(&mut self, (identity, mount): (Cow<'a, str>, Mount<'a>)) {
        // Looking at a few is faster than hashing them.
        let is_small = self.identities.len() < 8;
        if !is_small && self.places.is_empty() {
            self.places = self.identities.iter().cloned().enumerate().map(|(i, id)| (id, i)).collect();
        }
        let place = if is_small { self.identities.iter().position(|i| *i == identity) } else { self.places.get(&identity).copied() };
        match place {
            Some(place) => self.mounts[place] = mount,
            None => {
                if !is_small {
                    self.places.insert(identity.clone(), self.mounts.len());
                }
                self.identities.push(identity);
                self.mounts.push(mount);
            }
        }
    }
}

/// Whether a value is one that only removes what earlier layers have.
pub(super) fn is_reset(node: Node<'_>) -> bool {
    node.tag() == Some("!reset")
}

#[cfg(test)]
mod tests {
    use crate::compose::{Coverage, Project, Sources};
    use crate::text::{FileId, MAX_FILE_BYTES, TextFile};
    use crate::yaml::Stream;

    #[test]
    fn among_many_mounts_the_same_one_covers_a_path_as_among_few() {
        let few = "./a:/x\n./a:/x/y:ro\n./a:/x-y\n./a:/run/u\n./b:/var/run/u:ro\n./a:/q/${V}/z\n";
        let many: String = (0..40).map(|i| format!("./a:/many/{i}\n")).collect();
        let answers = |mounts: &str| {
            let items: String = mounts.lines().map(|mount| format!("      - {mount}\n")).collect();
            let text = format!("services:\n  s:\n    volumes:\n{items}");
            let text = TextFile::new("f", text.into_bytes(), MAX_FILE_BYTES).expect("text");
            let sources = Sources::single(Stream::parse(&text, FileId(0)).expect("YAML"));
            let project = Project::read(&sources).expect("a project");
            let paths = ["/x", "/x/z", "/x/y/z", "/x-y/z", "/x-", "/run/u/v", "/q/1/z", "/q/1/zz", "/proc/a", "/", "/y"];
            paths.map(|path| match project.services[0].coverage(path) {
                Coverage::Writable(m) | Coverage::ReadOnly(m) | Coverage::Unknown(m) => m.node.text().to_owned(),
                Coverage::Engine => "engine".to_owned(),
                Coverage::Root => "root".to_owned(),
            })
        };
        for all in ["", "./c:/\n"] {
            assert_eq!(answers(&format!("{many}{few}{all}")), answers(&format!("{few}{all}")));
        }
        assert_eq!(answers(&format!("{many}{few}"))[..3], ["./a:/x", "./a:/x", "./a:/x/y:ro"]);
    }
}
