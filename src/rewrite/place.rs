//! Where a change goes, so that it takes effect for its service and for no other.
//!
//! | the effective value comes from | the change goes |
//! |---|---|
//! | the service's own list or scalar | there |
//! | nothing | into a new key at the end of the service's own mapping |
//! | an anchor, and all its users get the same change | into the anchor's node, once |
//! | an anchor, and its users differ | into a new key of each, with the inherited items repeated |
//! | the service is an alias of another | the alias becomes `<<: *name` with own keys |
//! | the service's own mapping, which others merge in | as above, when each of them gets the change or a key of its own; else refused |

use super::value::Value;
use crate::audit::{Fix, What};
use crate::compose::{Entry, Project, Service, merge};
use crate::yaml::{Kind, Node, NodeId, Style};
use std::collections::{HashMap, HashSet};

/// What happens to one node of the file.
#[derive(Debug)]
pub(super) enum Op<'a> {
    /// New keys at the end of a mapping.
    Keys(Vec<(String, Value<'a>)>),
    /// New items at the end of a list.
    Items(Vec<Value<'a>>),
    /// Another value in its place.
    Replace(Value<'a>),
}

/// The node that an [`Op`] happens to: file and index.
pub(super) type Site = (u32, NodeId);

/// Ops by node, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Placement<'a> {
    pub(super) ops: std::collections::BTreeMap<Site, (Node<'a>, Op<'a>)>,
    /// Services whose change cannot be placed: (service, the one it would reach or why).
    pub(super) refused: Vec<(String, String)>,
}

/// The service keys that changes touch, in the order in which new ones are written.
const KEYS: [&str; 3] = ["read_only", "tmpfs", "volumes"];

/// Finds the place of every change of `fixes`.
pub(super) fn place<'a>(project: &Project<'a>, fixes: &[&Fix]) -> Placement<'a> {
    let mut placer = Placer::new(project, fixes);
    for key in KEYS {
        placer.place_key(key);
    }
    for fix in fixes {
        placer.declare(fix);
    }
    placer.placement
}

struct Placer<'p, 'a> {
    project: &'p Project<'a>,
    /// New values by service and key.
    wanted: HashMap<(usize, &'static str), Vec<Value<'a>>>,
    /// Services by the anchored mappings that take part in them.
    users: HashMap<Site, Vec<usize>>,
    /// Aliases outside `x-` blocks: alias and the node it stands for.
    aliases: Vec<(Node<'a>, Node<'a>)>,
    placement: Placement<'a>,
}

fn site(node: Node<'_>) -> Site {
    (node.span().file.0, node.id())
}

fn wanted_value<'a>(what: &What) -> Option<(&'static str, Value<'a>)> {
    match what {
        What::ReadOnly => Some(("read_only", Value::True)),
        What::Tmpfs(item) => Some(("tmpfs", Value::Text(item.clone()))),
        What::Volume { name, target } => Some(("volumes", Value::Mount { name: name.clone(), target: target.clone() })),
        What::Declare(_) => None,
    }
}

impl<'p, 'a> Placer<'p, 'a> {
    fn new(project: &'p Project<'a>, fixes: &[&Fix]) -> Self {
        let mut wanted: HashMap<_, Vec<_>> = HashMap::new();
        for fix in fixes {
            let Some(index) = project.index_of(&fix.service) else { continue };
            for (key, value) in fix.changes.iter().filter_map(|c| wanted_value(&c.what)) {
                wanted.entry((index, key)).or_default().push(value);
            }
        }
        let mut aliases = Vec::new();
        let mut users: HashMap<_, Vec<_>> = HashMap::new();
        // Without aliases no node has two users, and none of this is needed.
        if project.streams.iter().any(|s| s.nodes().any(|n| n.kind() == Kind::Alias)) {
            aliases.extend(project.documents.iter().flat_map(|d| reachable_aliases(d.root)));
            for (index, service) in project.services.iter().enumerate() {
                for (body, _) in merge::sources(service.definition) {
                    users.entry(site(body)).or_default().push(index);
                }
            }
        }
        Self { project, wanted, users, aliases, placement: Placement::default() }
    }

    fn place_key(&mut self, key: &'static str) {
        if self.aliases.is_empty() {
            for (index, service) in self.project.services.iter().enumerate() {
                let entry = service.get(key);
                self.put(entry.map_or(service.definition, |e| e.value), entry, key, index);
            }
            return;
        }
        // Services by the value that they see, wherever it stands.
        let mut seeing: HashMap<Site, Vec<usize>> = HashMap::new();
        for (index, service) in self.project.services.iter().enumerate() {
            if let Some(entry) = service.get(key) {
                seeing.entry(site(entry.value.resolved())).or_default().push(index);
            }
        }
        let mut placed: HashSet<usize> = HashSet::new();
        for (index, service) in self.project.services.iter().enumerate() {
            if !self.wanted.contains_key(&(index, key)) || placed.contains(&index) {
                continue;
            }
            // The node that the change would touch, and every service that sees it: the value's node, or the service's own mapping
            // when it has no such key.
            let (node, users) = match service.get(key) {
                Some(entry) => (entry.value.resolved(), seeing.get(&site(entry.value.resolved())).cloned().unwrap_or_default()),
                None => {
                    let body = service.definition.resolved();
                    let lacks = |u: &usize| self.project.services[*u].get(key).is_none();
                    (body, self.users.get(&site(body)).into_iter().flatten().copied().filter(lacks).collect())
                }
            };
            let same = users.iter().all(|u| same_wish(self.wanted.get(&(*u, key)), self.wanted.get(&(index, key))));
            if same && !self.is_borrowed(node) && self.stray_alias(node, &users, key).is_none() {
                self.put(node, service.get(key), key, index);
            } else {
                self.place_separately(node, &users, key);
            }
            placed.extend(users);
        }
    }

    /// Whether `node` stands in a section of its own effect, such as `volumes`, and a service only borrows it.
    fn is_borrowed(&self, node: Node<'a>) -> bool {
        let span = node.span();
        let holds = |value: Node<'_>| value.span().file == span.file && value.span().start <= span.start && value.span().end >= span.end;
        let sections = self.project.documents.iter().flat_map(|d| d.root.entries());
        let of_their_own = |key: &str| key != "services" && !key.starts_with("x-");
        !self.aliases.is_empty() && sections.into_iter().any(|(key, value)| of_their_own(key.text()) && !key.is_merge_key() && holds(value))
    }

    /// An alias of `node`, or of a node around it, that is not on the way to one of `users`.
    fn stray_alias(&self, node: Node<'a>, users: &[usize], key: &str) -> Option<Node<'a>> {
        if self.aliases.is_empty() {
            return None;
        }
        let span = node.span();
        let mut accounted: HashSet<Site> = HashSet::new();
        for service in users.iter().map(|&u| &self.project.services[u]) {
            let file = service_file(service);
            accounted.extend(service.via.iter().map(|&id| (file, id)));
            for (_, via) in merge::sources(service.definition) {
                accounted.extend(via.into_iter().map(|id| (file, id)));
            }
            if let Some(entry) = service.get(key) {
                accounted.extend(entry.via.iter().map(|&id| (file, id)));
                accounted.insert(site(entry.value));
            }
        }
        let holds = |target: Node<'_>| {
            target.span().file == span.file
                && target.span().start <= span.start
                && target.span().end >= span.end
                && target.id() <= node.id()
        };
        self.aliases.iter().find(|(alias, target)| holds(*target) && !accounted.contains(&site(*alias))).map(|(alias, _)| *alias)
    }

    fn place_separately(&mut self, node: Node<'a>, users: &[usize], key: &'static str) {
        let owner = users.iter().copied().find(|&u| owns(&self.project.services[u], key, node));
        for &user in users {
            if !self.wanted.contains_key(&(user, key)) {
                continue;
            }
            let service = &self.project.services[user];
            let is_owner = Some(user) == owner;
            if let Some(why) = self.obstacle(service, user, if is_owner { node } else { service.definition }, users, key) {
                self.placement.refused.push((service.name.to_owned(), why));
            } else if is_owner {
                self.put(node, service.get(key), key, user);
            } else {
                self.put_own_key(service, key, user);
            }
        }
    }

    /// Why a change of `touched`, which is in service `user`'s own definition, would reach something else.
    fn obstacle(&self, service: &Service<'a>, user: usize, touched: Node<'a>, users: &[usize], key: &str) -> Option<String> {
        if service.definition.kind() == Kind::Alias {
            // It becomes a mapping of its own, which nobody else sees.
            return None;
        }
        // Services that would see the change and get no key of their own.
        let mut seeing = self.users.get(&site(service.definition)).into_iter().flatten().copied();
        if let Some(other) = seeing.find(|&u| u != user && users.contains(&u) && !self.wanted.contains_key(&(u, key))) {
            let name = self.project.services[other].name;
            return Some(format!("service `{name}` shares its definition through an anchor and would change with it"));
        }
        let alias = self.stray_alias(touched, users, key)?;
        Some(format!("its definition is used again by `{}`, which would change with it", alias.text()))
    }

    fn refuse(&mut self, service: usize, why: &str) {
        self.placement.refused.push((self.project.services[service].name.to_owned(), why.to_owned()));
    }

    /// Puts the wish of service `index` where its value stands, or into a new key of its own mapping.
    fn put(&mut self, node: Node<'a>, entry: Option<&Entry<'a>>, key: &'static str, index: usize) {
        // With aliases the wish may be compared with others later on.
        let wish = if self.aliases.is_empty() { self.wanted.remove(&(index, key)) } else { self.wanted.get(&(index, key)).cloned() };
        let Some(values) = wish else { return };
        if entry.is_none() {
            return self.add_keys(node, vec![(key.to_owned(), new_value(key, values))]);
        }
        let op = match node.kind() {
            Kind::Sequence => Op::Items(values),
            _ if key == "read_only" => Op::Replace(Value::True),
            _ => Op::Replace(Value::Seq(std::iter::once(Value::Copy(node)).chain(values).collect())),
        };
        self.placement.ops.insert(site(node), (node, op));
    }

    /// Gives a service its own key with the inherited items and its new ones.
    fn put_own_key(&mut self, service: &Service<'a>, key: &'static str, index: usize) {
        let Some(wish) = self.wanted.get(&(index, key)).cloned() else { return };
        let entry = service.get(key);
        let inherited = entry.map(|e| e.value.resolved());
        let values: Vec<Value<'a>> = match inherited {
            Some(node) if node.kind() == Kind::Sequence => node.items().map(Value::Copy).chain(wish).collect(),
            Some(node) if key != "read_only" => std::iter::once(Value::Copy(node)).chain(wish).collect(),
            _ => wish,
        };
        let value = new_value(key, values);
        let body = service.definition;
        match entry {
            Some(entry) if entry.owner == body.resolved().id() && body.kind() != Kind::Alias => {
                self.placement.ops.insert(site(entry.value), (entry.value, Op::Replace(value)));
            }
            _ => self.add_keys(body, vec![(key.to_owned(), value)]),
        }
    }

    /// New keys for a mapping, or for the alias of one, which then becomes a mapping of its own.
    fn add_keys(&mut self, node: Node<'a>, keys: Vec<(String, Value<'a>)>) {
        let start = || match node.kind() {
            Kind::Alias => Op::Replace(Value::Map(vec![("<<".to_owned(), Value::Alias(node.text().trim_start_matches('*').to_owned()))])),
            _ => Op::Keys(Vec::new()),
        };
        let (_, op) = self.placement.ops.entry(site(node)).or_insert_with(|| (node, start()));
        if let Op::Keys(all) | Op::Replace(Value::Map(all)) = op {
            all.extend(keys);
        }
    }

    fn declare(&mut self, fix: &Fix) {
        let Some(index) = self.project.index_of(&fix.service) else { return };
        for change in &fix.changes {
            let What::Declare(name) = &change.what else { continue };
            let document = &self.project.documents[self.project.services[index].document];
            let entry = (name.clone(), Value::Plain);
            match document.get("volumes") {
                Some(section) => {
                    let node = section.value.resolved();
                    match self.stray_alias(node, &[], "volumes").filter(|alias| *alias != section.value) {
                        Some(alias) => self.refuse(index, &format!("the top-level `volumes` is used again by `{}`", alias.text())),
                        None => self.add_keys(node, vec![entry]),
                    }
                }
                None => {
                    let root = document.root;
                    let (_, op) = self
                        .placement
                        .ops
                        .entry(site(root))
                        .or_insert_with(|| (root, Op::Keys(vec![("volumes".to_owned(), Value::Map(Vec::new()))])));
                    if let Op::Keys(keys) = op
                        && let Some((_, Value::Map(entries))) = keys.last_mut()
                    {
                        entries.push(entry);
                    }
                }
            }
        }
    }
}

fn new_value<'a>(key: &str, mut values: Vec<Value<'a>>) -> Value<'a> {
    match values.pop() {
        Some(value) if key == "read_only" => value,
        last => Value::Seq(values.into_iter().chain(last).collect()),
    }
}

fn service_file(service: &Service<'_>) -> u32 {
    service.key.span().file.0
}

/// Whether `node` is the service's own mapping, or a value written in it.
fn owns(service: &Service<'_>, key: &str, node: Node<'_>) -> bool {
    let body = service.definition;
    body.kind() != Kind::Alias
        && match service.get(key) {
            Some(entry) => entry.owner == body.id() && entry.value == node,
            None => body == node,
        }
}

fn same_wish(a: Option<&Vec<Value<'_>>>, b: Option<&Vec<Value<'_>>>) -> bool {
    let text = |v: &Value<'_>| match v {
        Value::Text(text) => text.clone(),
        Value::Mount { name, target } => format!("{name}:{target}"),
        _ => String::new(),
    };
    match (a, b) {
        (Some(a), Some(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| text(a) == text(b)),
        _ => false,
    }
}

/// Aliases of a document outside its `x-` blocks, which have no effect of their own.
fn reachable_aliases(root: Node<'_>) -> Vec<(Node<'_>, Node<'_>)> {
    let mut found = Vec::new();
    let mut waiting: Vec<Node<'_>> = root.entries().filter(|(k, _)| !k.text().starts_with("x-")).map(|(_, v)| v).collect();
    while let Some(node) = waiting.pop() {
        match node.kind() {
            Kind::Alias => found.push((node, node.resolved())),
            _ if node.style() == Style::Empty => {}
            _ => waiting.extend(node.children()),
        }
    }
    found
}
