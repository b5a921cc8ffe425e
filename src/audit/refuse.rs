//! What makes a service fail on a read-only root filesystem by itself, or puts it out of reach: such a service is left alone,
//! with the reason and what to change.

use super::rule::Rule;
use crate::compose::{Coverage, Entry, NotRead, Project, Service, merge};
use crate::evidence::{Need, Obstacle, Written, installs, is_filled, writes};
use crate::remedy::Remedy;
use crate::text::Span;
use crate::yaml::{Node, NodeId};
use std::collections::{HashMap, HashSet};

/// Why a service is left alone.
pub(super) struct Refusal {
    pub(super) rule: Rule,
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) remedy: Remedy,
}

/// What refusals need to know of the whole project, gathered once.
pub(super) struct Facts<'a> {
    /// Configs and secrets that Compose copies into the container, with the key that makes it do so.
    copied: HashMap<(&'static str, &'a str), Node<'a>>,
    /// Definitions that services extend.
    extended: HashSet<(u32, NodeId)>,
    /// Services that others wait for until they are healthy.
    waited_for: HashSet<&'a str>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(project: &Project<'a>) -> Self {
        let mut copied = HashMap::new();
        for (section, keys) in [("configs", &["content", "environment"][..]), ("secrets", &["environment"][..])] {
            for entry in project.documents.iter().filter_map(|d| d.get(section)).flat_map(|e| merge::entries(e.value())) {
                if let Some(inline) = merge::entries(entry.value()).into_iter().find(|e| keys.contains(&e.name())) {
                    copied.insert((section, entry.name()), inline.key());
                }
            }
        }
        let bases = project.services.iter().flat_map(|s| &s.parts).filter(|p| p.is_base);
        let waits = |entry: &Entry<'_>| {
            let condition = merge::entries(entry.value()).into_iter().find(|e| e.name() == "condition");
            condition.is_some_and(|e| e.value().resolved().as_str() == Some("service_healthy"))
        };
        let needed = project.services.iter().flat_map(|s| s.values("depends_on")).flat_map(|v| merge::entries(v.entry.value()));
        let waited_for = needed.filter(waits).map(|e| e.name()).collect();
        Self { copied, extended: bases.map(|p| place(p.definition)).collect(), waited_for }
    }

    /// Whether another service waits until this one is healthy.
    pub(super) fn is_waited_for(&self, service: &str) -> bool {
        self.waited_for.contains(service)
    }

    /// Whether a service extends this definition.
    pub(super) fn is_extended(&self, definition: Node<'_>) -> bool {
        self.extended.contains(&place(definition))
    }
}

fn place(node: Node<'_>) -> (u32, NodeId) {
    (node.span().file.0, node.id())
}

/// All reasons to leave `service` alone.
pub(super) fn refusals(facts: &Facts<'_>, service: &Service<'_>) -> Vec<Refusal> {
    let mut found: Vec<Refusal> = not_read(service).into_iter().collect();
    found.extend(not_a_container(service));
    found.extend(of_windows(service));
    found.extend(copied_files(facts, service, "configs"));
    found.extend(copied_files(facts, service, "secrets"));
    let written = writes(service);
    found.extend(installs_at_start(service, &written));
    found.extend(writes_the_root(service, &written));
    found.extend(watch_sync(service));
    found
}

/// What presets know to keep `service` from running read-only.
pub(super) fn obstacles(service: &Service<'_>, need: &Need) -> Vec<Refusal> {
    let span = service.get("image").or_else(|| service.get("build")).map_or(service.key().span(), |e| e.key().span());
    let refusal = |obstacle: &Obstacle| Refusal {
        rule: Rule::NeedsWritableRoot,
        span,
        message: obstacle.why.clone(),
        remedy: obstacle.remedy.clone().into(),
    };
    need.obstacles.iter().map(refusal).collect()
}

fn refusal(rule: Rule, node: Node<'_>, message: impl Into<String>, help: &str) -> Refusal {
    Refusal { rule, span: node.span(), message: message.into(), remedy: help.into() }
}

fn not_read(service: &Service<'_>) -> Option<Refusal> {
    let (span, NotRead { why, help }) = *service.unread.clone()?;
    let remedy = help.unwrap_or_else(|| "bring the file into the project, or harden the service by hand".into());
    Some(Refusal { rule: Rule::NotFollowed, span, message: why, remedy })
}

fn not_a_container(service: &Service<'_>) -> Option<Refusal> {
    if let Some(provider) = service.get("provider") {
        let help = "nothing to do: the provider runs no container";
        return Some(refusal(Rule::NeedsWritableRoot, provider.key(), "it is run by a provider, not by a container", help));
    }
    if let Some(entry) = service.get("privileged").filter(|_| service.flag("privileged")) {
        let help = "drop `privileged` first: a privileged container can remount its root";
        return Some(refusal(Rule::NeedsWritableRoot, entry.key(), "it is privileged, so a read-only root filesystem adds little", help));
    }
    let entry = service.get("use_api_socket").filter(|_| service.flag("use_api_socket"))?;
    let message = "`use_api_socket` makes Compose copy a file into the container at start, which it refuses with `read_only`";
    Some(refusal(Rule::NeedsWritableRoot, entry.key(), message, "mount the socket yourself instead"))
}

/// The engine on Windows knows neither a read-only root filesystem nor tmpfs.
fn of_windows(service: &Service<'_>) -> Option<Refusal> {
    let has = |key: &str, is_it: fn(&str) -> bool| service.get(key).filter(|_| service.text(key).is_some_and(|text| is_it(&text)));
    let is_image = |text: &str| {
        let tag = text.rsplit_once(':').map_or("", |(_, tag)| tag);
        text.starts_with("mcr.microsoft.com/windows") || tag.split('-').any(|part| matches!(part, "windowsservercore" | "nanoserver"))
    };
    let entry = has("platform", |text| text.starts_with("windows"))
        .or_else(|| has("isolation", |text| matches!(text, "process" | "hyperv")))
        .or_else(|| has("image", is_image))?;
    let message = "it is a Windows container, and the engine refuses `read_only` and `tmpfs` for those";
    Some(refusal(Rule::NeedsWritableRoot, entry.key(), message, "nothing to do: harden it by its user and its mounts"))
}

/// Compose copies inline configs and environment secrets into the container at start, and refuses to with `read_only`.
fn copied_files(facts: &Facts<'_>, service: &Service<'_>, section: &'static str) -> Vec<Refusal> {
    let mut found = Vec::new();
    for item in service.values(section).into_iter().flat_map(|v| v.entry.value().resolved().items()) {
        let value = item.resolved();
        let Some(name) = value.as_str().or_else(|| merge::get(value, "source")?.resolved().as_str()) else { continue };
        if let Some(key) = facts.copied.get(&(section, name)) {
            let kind = section.trim_end_matches('s');
            let message = format!(
                "{kind} `{name}` is given by `{}:`, which Compose copies into the container and refuses with `read_only`",
                key.text()
            );
            found.push(refusal(Rule::NeedsWritableRoot, *key, message, "give it by `file:`, which is mounted instead of copied"));
        }
    }
    found
}

fn installs_at_start(service: &Service<'_>, written: &Written) -> Option<Refusal> {
    let own = ["entrypoint", "command", "post_start"].into_iter().find_map(|key| {
        let texts = service.texts(key);
        let words: Vec<&str> = texts.iter().flat_map(|n| shell_words(n.text())).collect();
        let at = (0..words.len()).find(|&i| installs(words[i], words[i + 1..].iter().copied()))?;
        Some((service.get(key)?.key(), words[at].to_owned()))
    });
    let (key, program) = own.or_else(|| Some((command(service)?, written.installer.clone()?)))?;
    let message = format!("`{}` installs packages at start (`{program}`), which writes to the image", key.text());
    Some(refusal(Rule::NeedsWritableRoot, key, message, "install them when the image is built"))
}

/// The key with the command of a service.
fn command<'a>(service: &Service<'a>) -> Option<Node<'a>> {
    ["command", "entrypoint"].into_iter().find_map(|key| service.get(key)).map(|entry| entry.key())
}

/// A file right below `/`, or among the image's programs, that a command writes: nothing can be mounted there.
fn writes_the_root(service: &Service<'_>, written: &Written) -> Option<Refusal> {
    let is_root = |path: &str| matches!(service.coverage(path), Coverage::Root);
    let (path, folder) = written.paths[..written.own].iter().find(|(path, folder)| is_filled(folder) && is_root(path))?;
    let key = command(service)?;
    let message = format!("`{}` writes `{path}`, and nothing can be mounted at {folder}, where the image's files are", key.text());
    Some(refusal(Rule::NeedsWritableRoot, key, message, "write to a folder of its own, such as /tmp or one with a volume"))
}

/// The words of a shell script, without its comments. Quotes only part words: what they hold may be a script as well, in which a comment
/// ends with the quote.
fn shell_words(text: &str) -> Vec<&str> {
    let parts_words = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '(' | ')' | ';' | '&' | '|' | '`');
    let mut words = Vec::new();
    let mut quotes: Vec<char> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '#' => rest.find(|c| c == '\n' || quotes.contains(&c)).unwrap_or(rest.len()),
            _ if parts_words(first) => {
                match quotes.iter().position(|quote| *quote == first) {
                    Some(open) => quotes.truncate(open),
                    None if matches!(first, '"' | '\'') => quotes.push(first),
                    None => {}
                }
                first.len_utf8()
            }
            _ => {
                let end = rest.find(parts_words).unwrap_or(rest.len());
                words.push(&rest[..end]);
                end
            }
        };
        rest = &rest[end..];
    }
    words
}

fn watch_sync(service: &Service<'_>) -> Option<Refusal> {
    let lists = service.values("develop").into_iter().filter_map(|v| merge::get(v.entry.value(), "watch"));
    lists.flat_map(|list| list.resolved().items()).find_map(|item| {
        let action = merge::get(item, "action")?;
        action.resolved().as_str().filter(|a| a.starts_with("sync"))?;
        let message = "`develop.watch` syncs files into the container, which the engine refuses with `read_only`";
        Some(refusal(Rule::NeedsWritableRoot, action, message, "use action `rebuild`, or keep `develop` in a file of its own"))
    })
}
