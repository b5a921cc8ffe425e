//! Anchors and aliases: who else sees a node that a change would touch.

use super::spot::Spot;
use super::{Placer, Site, Value, site};
use crate::audit::Key;
use crate::compose::{Entry, Part, Project, merge};
use crate::text::Span;
use crate::yaml::{Kind, Node, Style};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;

/// A service, and which of its parts.
type User = (usize, usize);

/// Who sees what through aliases.
#[derive(Default)]
pub(super) struct Sharing<'a> {
    /// Users of the mappings that take part in services.
    users: HashMap<Site, Vec<User>>,
    /// Nodes that aliases outside `x-` blocks stand for, in the order of the files.
    targets: Vec<Target<'a>>,
    /// The last alias of each node that has one, `x-` blocks included.
    last_aliases: BTreeMap<Site, Node<'a>>,
    /// Values with an effect of their own, in the order of the files: top-level sections such as `volumes`, and the keys of services.
    sections: Vec<Section>,
    /// Users of the values of each key, wherever those stand.
    seeing: HashMap<(Key, Site), Vec<User>>,
    /// Aliases on the way to a service's definition, by its key; none for most.
    trails: HashMap<Site, Vec<Site>>,
    /// Definitions that are a service's own, and not only there to be extended.
    own: HashSet<Site>,
}

/// A value that a service elsewhere can only borrow.
struct Section {
    span: Span,
    /// The value itself and its key, where that is one that plans change: as such it is no loan.
    own: Option<(Site, &'static str)>,
}

/// A node that aliases stand for.
struct Target<'a> {
    node: Node<'a>,
    /// Those aliases, each with its place among all.
    aliases: Vec<(usize, Node<'a>)>,
    /// The target around it, if there is one.
    around: Option<usize>,
}

impl<'a> Sharing<'a> {
    /// `None` when no file has an alias.
    pub(super) fn of(project: &Project<'a>) -> Option<Self> {
        let has_alias = |n: Node<'_>| n.kind() == Kind::Alias;
        if !project.sources.files().iter().any(|f| f.stream.has_anchors() && f.stream.nodes().any(has_alias)) {
            return None;
        }
        let mut sharing = Self::default();
        let mut aliases = Vec::new();
        let nodes = project.sources.files().iter().flat_map(|f| f.stream.nodes());
        sharing.last_aliases = nodes.filter(|n| has_alias(*n)).map(|alias| (site(alias.resolved()), alias)).collect();
        for root in project.sources.files().iter().flat_map(|f| f.stream.roots()) {
            aliases.extend(reachable_aliases(root));
            sharing.note_sections(root);
            sharing.note_trails(root);
        }
        sharing.sections.sort_by_key(|section| (section.span.file, section.span.start));
        sharing.targets = targets(aliases);
        for (index, service) in project.services.iter().enumerate() {
            for (number, part) in service.parts.iter().enumerate() {
                for (body, _) in merge::sources(part.definition) {
                    let users = sharing.users.entry(site(body)).or_default();
                    // A mapping may be merged in twice.
                    if users.last() != Some(&(index, number)) {
                        users.push((index, number));
                    }
                }
                for entry in part.entries() {
                    let Some(key) = Key::named(entry.name()) else { continue };
                    let place = (key, site(entry.value().resolved()));
                    sharing.seeing.entry(place).or_default().push((index, number));
                }
                if !part.is_base {
                    sharing.own.insert(site(part.definition));
                }
            }
        }
        Some(sharing)
    }

    fn note_sections(&mut self, root: Node<'a>) {
        for (name, value) in root.entries().filter(|(name, _)| !name.text().starts_with("x-") && !name.is_merge_key()) {
            if name.text() == "services" {
                self.note_keys(value);
            } else {
                self.sections.push(Section { span: value.span(), own: None });
            }
        }
    }

    /// Notes the keys of services, also where they stand in a mapping that is merged in on the spot.
    fn note_keys(&mut self, services: Node<'a>) {
        let mut waiting = vec![(services, true)];
        while let Some((mapping, is_of_services)) = waiting.pop() {
            // Of `<<` also a list.
            waiting.extend(mapping.items().map(|item| (item, is_of_services)));
            for (name, value) in mapping.entries() {
                if name.is_merge_key() {
                    waiting.push((value, is_of_services));
                } else if is_of_services {
                    waiting.push((value, false));
                } else {
                    let key = Key::named(name.text());
                    self.sections.push(Section { span: value.span(), own: key.map(|key| (site(value), key.name())) });
                }
            }
        }
    }

    fn note_trails(&mut self, root: Node<'a>) {
        let Some(services) = merge::find(root, "services") else { return };
        let file = root.span().file.0;
        let mut outer: Vec<Site> = services.via.iter().map(|&id| (file, id)).collect();
        outer.extend((services.value.kind() == Kind::Alias).then(|| site(services.value)));
        for (owner, via) in merge::sources(services.value) {
            let trail: Vec<Site> = outer.iter().copied().chain(via.into_iter().map(|id| (file, id))).collect();
            if !trail.is_empty() {
                self.trails.extend(owner.entries().map(|(key, _)| (site(key), trail.clone())));
            }
        }
    }

    fn users(&self, node: Node<'_>) -> &[User] {
        self.users.get(&site(node)).map_or(&[], Vec::as_slice)
    }

    /// Whether a user sees a service's own definition by extending it, which [`super::inherit`] has looked at.
    fn is_heir(&self, part: &Part<'_>) -> bool {
        part.is_base && self.own.contains(&site(part.definition))
    }

    /// The aliases on the way to what `users` have for a key.
    pub(super) fn ways(&self, project: &Project<'a>, users: &[User], key: &str) -> HashSet<Site> {
        let mut ways: HashSet<Site> = HashSet::new();
        for part in users.iter().map(|&(service, part)| &project.services[service].parts[part]) {
            let file = part.key.span().file.0;
            ways.extend(self.trails.get(&site(part.key)).into_iter().flatten());
            for (_, via) in merge::sources(part.definition) {
                ways.extend(via.into_iter().map(|id| (file, id)));
            }
            if let Some(found) = merge::find(part.definition, key) {
                ways.extend(found.via.iter().map(|&id| (file, id)));
                ways.insert(site(found.value));
            }
        }
        ways
    }

    /// An alias of `node`, or of a node around it, that is none of these `ways`: the first.
    pub(super) fn stray_alias(&self, node: Node<'a>, ways: &HashSet<Site>) -> Option<Node<'a>> {
        let mut at = self.targets.partition_point(|t| site(t.node) <= site(node)).checked_sub(1);
        let mut found: Option<(usize, Node<'a>)> = None;
        while let Some(target) = at.map(|at| &self.targets[at]) {
            if holds(target.node.span(), node.span()) {
                let stray = target.aliases.iter().copied().find(|(_, alias)| !ways.contains(&site(*alias)));
                found = found.into_iter().chain(stray).min_by_key(|(place, _)| *place);
            }
            at = target.around;
        }
        found.map(|(_, alias)| alias)
    }

    /// An alias behind `node` of something within it, which would be lost with the node.
    pub(super) fn alias_into(&self, node: Node<'a>) -> Option<Node<'a>> {
        let last = std::iter::successors(Some(node), |n| n.children().last()).last()?;
        let within = (Bound::Excluded(site(node)), Bound::Included(site(last)));
        self.last_aliases.range(within).map(|(_, alias)| *alias).find(|alias| site(*alias) > site(last))
    }

    /// Whether `node` stands where it has an effect of its own, and a service only borrows it, as the value of `key` or as a definition.
    fn is_borrowed(&self, node: Node<'a>, key: Option<&str>) -> bool {
        let span = node.span();
        let before = self.sections.partition_point(|s| (s.span.file, s.span.start) <= (span.file, span.start));
        let around = before.checked_sub(1).map(|last| &self.sections[last]).filter(|section| holds(section.span, span));
        around.is_some_and(|section| !section.own.is_some_and(|(own, name)| own == site(node) && key == Some(name)))
    }
}

fn holds(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.start <= inner.start && outer.end >= inner.end
}

/// The nodes that these aliases stand for, each alias beside its node.
fn targets<'a>(aliases: Vec<(Node<'a>, Node<'a>)>) -> Vec<Target<'a>> {
    let mut all: Vec<(usize, Node<'a>, Node<'a>)> = aliases.into_iter().enumerate().map(|(i, (alias, node))| (i, alias, node)).collect();
    all.sort_by_key(|(_, _, node)| site(*node));
    let mut targets: Vec<Target<'a>> = Vec::new();
    for (place, alias, node) in all {
        match targets.last_mut() {
            Some(last) if last.node == node => last.aliases.push((place, alias)),
            _ => {
                let mut around = targets.len().checked_sub(1);
                while let Some(at) = around.filter(|at| !holds(targets[*at].node.span(), node.span())) {
                    around = targets[at].around;
                }
                targets.push(Target { node, aliases: vec![(place, alias)], around });
            }
        }
    }
    targets
}

impl<'a> Placer<'_, 'a> {
    fn users_of(&self, node: Node<'_>, entry: Option<Entry<'a>>, key: Key) -> Vec<User> {
        let Some(sharing) = &self.sharing else { return Vec::new() };
        let project = self.project;
        let part = |&(service, part): &User| &project.services[service].parts[part];
        if entry.is_none() {
            // The mapping's other users, as far as they would see such a key in it.
            return sharing.users(node).iter().copied().filter(|u| would_see(part(u), node, key.name())).collect();
        }
        sharing.seeing.get(&(key, site(node))).cloned().unwrap_or_default()
    }

    /// Places the wish of a service in a file with aliases. Returns the services that are done.
    pub(super) fn place_shared(&mut self, service: usize, part: usize, entry: Option<Entry<'a>>, key: Key, placed: &[bool]) -> Vec<usize> {
        let node = entry.map_or(self.part(service, part).definition.resolved(), |e| e.value().resolved());
        let mut users = self.users_of(node, entry, key);
        // Who merges it in twice sees it once.
        let mut seen = HashSet::new();
        users.retain(|user| seen.insert(*user));
        if entry.is_some() {
            // Who merges in a `!reset` beside a value of its own sees nothing else of it.
            let sees = |u: &User| self.part(u.0, u.1).entry(key.name()).is_some_and(|e| e.value().resolved() == node);
            if let Some((other, _)) = users.iter().find(|u| !sees(u)) {
                let name = self.project.services[*other].name;
                self.refuse(service, &format!("service `{name}` merges its `!reset` of `{}` in and would change with it", key.name()));
                return vec![service];
            }
        }
        let (mut same, mut own_users) = (true, Vec::new());
        for &user in &users {
            let (other, number) = user;
            let is_heir = self.sharing.as_ref().is_some_and(|s| s.is_heir(self.part(other, number)));
            let here = self.is_here(user, key);
            // Who got a key of its own in this part by now does not see this one.
            if is_heir || placed[other] && here {
                continue;
            }
            let part = self.part(other, number);
            // A new list would hide the one that it merges in from further down.
            let keeps = entry.is_none() && key.is_list() && part.get(key.name()).is_some();
            same &= here && !keeps && !part.is_base && same_wish(self.wish(other, key), self.wish(service, key));
            own_users.push(user);
        }
        let ways = self.sharing.as_ref().map(|s| s.ways(self.project, &users, key.name())).unwrap_or_default();
        let is_stray = self.sharing.as_ref().is_some_and(|s| s.stray_alias(node, &ways).is_some());
        let name = entry.map(|_| key.name());
        let is_borrowed = self.sharing.as_ref().is_some_and(|s| s.is_borrowed(node, name));
        if same && !is_borrowed && !is_stray {
            self.put(node, entry, key, (service, part));
        } else {
            self.place_separately(node, entry, &own_users, key, &ways);
        }
        // The others' wishes for this key go with another part; and who wishes nothing goes on seeing what it sees.
        own_users.iter().filter(|u| !self.stays(**u, key)).map(|(s, _)| *s).collect()
    }

    /// Whether the change of a service goes to this part.
    fn is_here(&self, (service, part): User, key: Key) -> bool {
        matches!(self.spot(service, key), Spot::Part(p, _) if p == part)
    }

    /// Whether a user sees what it sees now for good: it gets nothing for this key, or gets it in another part.
    fn stays(&self, user: User, key: Key) -> bool {
        self.wish(user.0, key).is_none() || !self.is_here(user, key)
    }

    fn place_separately(&mut self, node: Node<'a>, entry: Option<Entry<'a>>, users: &[User], key: Key, ways: &HashSet<Site>) {
        let name = entry.map(|_| key.name());
        let owner = users.iter().copied().find(|&(s, p)| owns(self.part(s, p), name, node));
        let seeing: HashSet<User> = users.iter().copied().collect();
        for &(service, part) in users {
            if self.wish(service, key).is_none() || !self.is_here((service, part), key) {
                continue;
            }
            let is_owner = Some((service, part)) == owner;
            let stays = |u: &&User| u.0 != service && self.stays(**u, key);
            // Only for the owner, or all users would be gone through for each.
            if let Some((other, _)) = (is_owner && entry.is_some()).then(|| users.iter().find(stays)).flatten() {
                let name = self.project.services[*other].name;
                self.refuse(service, &format!("service `{name}` shares its `{}` through an anchor and would change with it", key.name()));
                continue;
            }
            let touched = if is_owner { node } else { self.part(service, part).definition };
            if let Some(why) = self.obstacle((service, part), touched, &seeing, key, ways) {
                self.refuse(service, &why);
            } else if is_owner {
                // Its own entry: that of another user may be an alias.
                let entry = entry.and_then(|_| self.part(service, part).entry(key.name()));
                self.put(node, entry, key, (service, part));
            } else {
                self.put_own_key(service, part, key);
            }
        }
    }

    /// Why a change of `touched`, which is in a user's own definition, would reach something else.
    fn obstacle(&self, user: User, touched: Node<'a>, users: &HashSet<User>, key: Key, ways: &HashSet<Site>) -> Option<String> {
        let definition = self.part(user.0, user.1).definition;
        if definition.kind() == Kind::Alias {
            // It becomes a mapping of its own, which nobody else sees.
            return None;
        }
        let sharing = self.sharing.as_ref()?;
        // Services that would see the change and get no key of their own.
        let mut seeing = sharing.users(definition).iter().copied();
        if let Some((other, _)) = seeing.find(|u| u.0 != user.0 && users.contains(u) && self.stays(*u, key)) {
            let name = self.project.services[other].name;
            return Some(format!("service `{name}` shares its definition through an anchor and would change with it"));
        }
        let alias = sharing.stray_alias(touched, ways)?;
        Some(format!("its definition is used again by `{}`, which would change with it", alias.text()))
    }
}

/// Whether a part would see a key that `node` gets, one of the mappings that make it: it has none,
/// or one of a mapping that `node` wins over. A key that is reset leaves room for one that is merged in.
fn would_see(part: &Part<'_>, node: Node<'_>, key: &str) -> bool {
    let Some(seen) = part.get(key) else { return true };
    let sources = merge::sources(part.definition);
    let owner = sources.iter().position(|(body, _)| has(*body, key, seen.value()));
    let ours = sources.iter().position(|(body, _)| *body == node);
    ours.zip(owner).is_some_and(|(ours, owner)| ours < owner)
}

/// Whether `node` is the part's own mapping, or the value of this key as it is written in it.
fn owns(part: &Part<'_>, key: Option<&str>, node: Node<'_>) -> bool {
    let body = part.definition;
    body.kind() != Kind::Alias && key.map_or(body == node, |key| has(body, key, node))
}

/// Whether `node` is written in a mapping as the value of this key.
fn has(body: Node<'_>, key: &str, node: Node<'_>) -> bool {
    body.entries().any(|(name, value)| value == node && name.text() == key)
}

fn same_wish(a: Option<&Vec<Value<'_>>>, b: Option<&Vec<Value<'_>>>) -> bool {
    a.zip(b).is_some_and(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)))
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
