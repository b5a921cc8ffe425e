//! What Compose itself refuses, or reads otherwise than it looks: said beside the plan, at its place.

use super::{Project, Service, merge};
use crate::text::{Span, nearest};
use crate::yaml::{Kind, Node, Style};

/// Something that is hardly meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// Where.
    pub span: Span,
    /// What is so.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// Keys of a service, as Compose 2.40 takes them; `x-…` are free.
const KEYS: [&str; 93] = [
    "annotations",
    "attach",
    "blkio_config",
    "build",
    "cap_add",
    "cap_drop",
    "cgroup",
    "cgroup_parent",
    "command",
    "configs",
    "container_name",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpu_shares",
    "cpus",
    "cpuset",
    "credential_spec",
    "depends_on",
    "deploy",
    "develop",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "extends",
    "external_links",
    "extra_hosts",
    "gpus",
    "group_add",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "ipc",
    "isolation",
    "label_file",
    "labels",
    "links",
    "logging",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "models",
    "network_mode",
    "networks",
    "oom_kill_disable",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "platform",
    "ports",
    "post_start",
    "pre_stop",
    "privileged",
    "profiles",
    "provider",
    "pull_policy",
    "pull_refresh_after",
    "read_only",
    "restart",
    "runtime",
    "scale",
    "secrets",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "storage_opt",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
    "use_api_socket",
    "user",
    "userns_mode",
    "uts",
    "volumes",
    "volumes_from",
    "working_dir",
    "<<",
];

/// The oddities of all services, in their order.
pub fn oddities(project: &Project<'_>) -> Vec<Oddity> {
    let mut found = Vec::new();
    for service in &project.services {
        keys(service, &mut found);
        for part in service.parts.iter().filter(|part| !part.is_base) {
            dates(part.definition, &mut found, 0);
        }
    }
    found.extend(without_source(project));
    found.sort_by_key(|oddity| (oddity.span.file.0, oddity.span.start));
    found.dedup_by_key(|oddity| oddity.span);
    found
}

/// Keys that Compose does not know, where one that it knows is near.
fn keys(service: &Service<'_>, found: &mut Vec<Oddity>) {
    for entry in service.parts.iter().filter(|part| !part.is_base).flat_map(|part| merge::entries(part.definition)) {
        let name = entry.name();
        if KEYS.contains(&name) || name.starts_with("x-") {
            continue;
        }
        let near = nearest(name, KEYS.into_iter());
        let hint = near.map_or("keys of your own begin with x-".to_owned(), |key| format!("did you mean `{key}`?"));
        let message = format!("{}: Compose knows no key `{name}` of a service", service.name);
        found.push(Oddity { span: entry.key().span(), message, hint });
    }
}

/// Services that are made of nothing, at the first of them: in an override file alone that are all that it changes.
fn without_source(project: &Project<'_>) -> Option<Oddity> {
    let is_without = |service: &&Service<'_>| {
        let has = |key: &str| service.get(key).is_some_and(|e| !e.value().resolved().is_null());
        service.unread.is_none() && !["image", "build", "provider"].into_iter().any(has)
    };
    let mut services = project.services.iter().filter(is_without);
    let first = services.next()?;
    let others: Vec<&str> = services.map(|service| service.name).collect();
    let mut hint = "name its `image`, or how to `build` it".to_owned();
    let mut message = format!("{}: it has neither an image nor a build, so Compose refuses it", first.name);
    if !others.is_empty() {
        message += &format!("; so it is with {}", others.join(", "));
        hint += "; a file that only changes another one is read together with that one";
    }
    Some(Oddity { span: first.key().span(), message, hint })
}

/// Most levels below a service that are looked through.
const DEEPEST: usize = 16;

/// Dates without quotes, which Compose reads as points in time and not as text.
fn dates(node: Node<'_>, found: &mut Vec<Oddity>, depth: usize) {
    match node.kind() {
        Kind::Mapping if depth < DEEPEST => merge::entries(node).into_iter().for_each(|e| dates(e.value(), found, depth + 1)),
        Kind::Sequence if depth < DEEPEST => node.items().for_each(|item| dates(item, found, depth + 1)),
        Kind::Scalar if node.style() == Style::Plain && is_date(node.source()) => found.push(Oddity {
            span: node.body(),
            message: "a date without quotes is a point in time to Compose, which wants text here".to_owned(),
            hint: format!("write \"{}\"", node.source()),
        }),
        _ => {}
    }
}

fn is_date(text: &str) -> bool {
    let day = text.split(['T', 't', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split('-').collect();
    let is_number = |part: &&str| part.bytes().all(|b| b.is_ascii_digit());
    let [year, month, day] = parts[..] else { return false };
    parts.iter().all(is_number) && year.len() == 4 && (1..=2).contains(&month.len()) && (1..=2).contains(&day.len())
}
