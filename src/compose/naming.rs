//! Names of networks, volumes, configs, secrets and services that nothing defines: Compose refuses them.

use super::oddities::Oddity;
use super::{Project, Service, has_variable, merge};
use crate::text::nearest;
use crate::yaml::{Kind, Node};
use std::collections::HashSet;

/// The keys of a service whose values name what a section defines, the section, and what one of them is called.
const SECTIONS: [(&str, &str, &str); 3] =
    [("networks", "networks", "network"), ("configs", "configs", "config"), ("secrets", "secrets", "secret")];

/// Most names for which the nearest one is looked for: each is compared with all that there are.
const MOST_COMPARED: usize = 100;

/// The names that nothing defines, where the whole project is known.
pub(super) fn undefined(project: &Project<'_>) -> Vec<Oddity> {
    if !project.unread.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let services: HashSet<&str> = project.services.iter().map(|service| service.name).collect();
    let volumes: HashSet<&str> = project.volumes.iter().copied().collect();
    let sections = SECTIONS.map(|(key, section, what)| {
        let entries = project.documents.iter().filter_map(|document| document.get(section)).flat_map(|e| merge::entries(e.value()));
        (key, what, entries.map(|entry| entry.name()).collect::<HashSet<&str>>())
    });
    // What a profile holds back is not looked at by Compose before somebody asks for it.
    let is_looked_at = |service: &&Service<'_>| service.unread.is_none() && !has_any(service, "profiles");
    for service in project.services.iter().filter(is_looked_at) {
        let mut check = |node: Node<'_>, text: &str, what: &str, names: &HashSet<&str>| {
            if !names.contains(text) && !has_variable(text) {
                let near = if found.len() < MOST_COMPARED { nearest(text, names.iter().copied()) } else { None };
                let define = || format!("define it below the top-level `{what}s:`, or name another one");
                let hint = near.map_or_else(define, |near| format!("did you mean `{near}`?"));
                let message = format!("{}: no {what} `{}` is defined, so Compose refuses it", service.name, text.escape_debug());
                found.push(Oddity { span: node.span(), message, hint });
            }
        };
        for (key, what, names) in &sections {
            for (node, text) in named(service, key) {
                if !(*key == "networks" && text == "default") {
                    check(node, text, what, names);
                }
            }
        }
        for key in ["depends_on", "links"] {
            for (node, text) in named(service, key) {
                check(node, text.split(':').next().unwrap_or(text), "service", &services);
            }
        }
        for key in ["network_mode", "ipc", "pid"] {
            if let Some(node) = service.get(key).map(|entry| entry.value()) {
                node.resolved()
                    .as_str()
                    .and_then(|text| text.strip_prefix("service:"))
                    .into_iter()
                    .for_each(|text| check(node, text, "service", &services));
            }
        }
        for (node, text) in named(service, "volumes_from").into_iter().filter(|(_, text)| !text.starts_with("container:")) {
            check(node, text.split(':').next().unwrap_or(text), "service", &services);
        }
        for mount in service.mounts.iter().filter(|mount| mount.kind == super::MountKind::Volume) {
            if let Some(source) = mount.source.as_deref().filter(|_| !mount.is_hidden()) {
                check(mount.node, source, "volume", &volumes);
            }
        }
    }
    found.extend(project.services.iter().filter_map(two_networks));
    found
}

/// Whether a service has a list or mapping with something in it below `key`.
fn has_any(service: &Service<'_>, key: &str) -> bool {
    service.values(key).iter().any(|value| value.entry.value().resolved().children().next().is_some())
}

fn two_networks(service: &Service<'_>) -> Option<Oddity> {
    let mode = service.get("network_mode").filter(|mode| !mode.value().resolved().is_null() && has_any(service, "networks"))?;
    let message = format!("{}: it has both `network_mode` and `networks`, so Compose refuses it", service.name);
    Some(Oddity { span: mode.key().span(), message, hint: "remove one of the two".to_owned() })
}

/// The nodes of a service's own definition that name something below `key`, with the names.
fn named<'a>(service: &Service<'a>, key: &str) -> Vec<(Node<'a>, &'a str)> {
    let (mut found, mut gone) = (Vec::new(), HashSet::new());
    for value in service.values(key) {
        let list = value.entry.value().resolved();
        match list.kind() {
            Kind::Sequence => found.extend(list.items().filter_map(|item| {
                let node = if item.resolved().kind() == Kind::Mapping { merge::get(item, "source")? } else { item };
                Some((node, node.resolved().as_str()?))
            })),
            Kind::Mapping => {
                for entry in merge::entries(list) {
                    if entry.value().resolved().tag() == Some("!reset") {
                        gone.insert(entry.name());
                    } else {
                        found.push((entry.key(), entry.name()));
                    }
                }
            }
            _ => {}
        }
    }
    // A layer may reset what an earlier one names.
    found.retain(|(_, name)| !gone.contains(name));
    found
}
