//! The extras that were asked for: what else is taken away from a service.

use super::finding::{Change, Finding, What, summary};
use super::key::Key;
use super::refuse::Facts;
use super::rule::Rule;
use crate::compose::{Known, Mount, MountKind, Service, TmpfsItem, TmpfsOptions, is_at, mount};
use crate::evidence::{Confidence, Extra, Limit, Need, Reason, Restriction, Storage, WritablePath};
use crate::remedy::Remedy;
use crate::text::Span;
use crate::yaml::Kind;
use std::sync::Arc;

/// Adds the changes of the extras that `need` asks for, and says which of them are left out and why.
pub(super) fn restrict(facts: &Facts<'_>, service: &Service<'_>, need: &Need, changes: &mut Vec<Change>, findings: &mut Vec<Finding>) {
    for limit in &need.limits {
        match limit {
            Limit::Works(restriction, reason) if need.with.has(restriction.extra()) => {
                let (new, left) = wanted(facts, service, restriction);
                let finding = |span, message| remark(restriction.extra(), service, span, message);
                findings.extend(left.into_iter().map(|(span, message)| finding(span, message)));
                if !new.is_empty() && reason.confidence == Confidence::Assumed && !need.consent {
                    let extra = restriction.extra().name();
                    let remedy = Some(Remedy::Consent);
                    let message = format!("`{extra}` is left out: {} (assumed)", reason.text);
                    findings.push(Finding { remedy, ..finding(service.key().span(), message) });
                } else {
                    changes.extend(new.into_iter().map(|what| Change { what, reason: reason_of(restriction, reason) }));
                }
            }
            Limit::Unknown(extra, why) if need.with.has(*extra) => {
                let message = format!("`{}` is left out: {why}", extra.name());
                findings.push(remark(*extra, service, service.key().span(), message));
            }
            Limit::Works(..) | Limit::Unknown(..) => {}
        }
    }
}

/// The options of a tmpfs that an earlier plan wrote, where they are to be others by now. A size stays.
pub(super) fn follow(need: &Need, path: &WritablePath, mount: &Mount<'_>) -> Option<Change> {
    let Storage::Scratch(options) = &path.storage else { return None };
    let is_own = mount.target == *path.target && need.own_tmpfs.contains(&path.target);
    let old = TmpfsItem::written(mount.node.as_str().filter(|_| is_own)?);
    let size = old.options.size.clone().or_else(|| options.size.clone());
    let new = TmpfsOptions { size, ..options.clone() }.at(&path.target);
    (new != old).then(|| Change { what: What::TmpfsOptions(new), reason: path.reason.clone() })
}

/// The rule that an extra mends.
pub fn rule_of_extra(extra: Extra) -> Rule {
    match extra {
        Extra::CapDrop => Rule::SpareCapabilities,
        Extra::NoNewPrivileges => Rule::NewPrivileges,
        Extra::User => Rule::RootUser,
        Extra::ReadOnlyBinds => Rule::WritableConfig,
        Extra::Sizes => Rule::UnlimitedTmpfs,
        Extra::NamedVolumes => Rule::UnnamedVolume,
        Extra::Healthcheck => Rule::NoHealthCheck,
    }
}

/// The rule and message for changes that only restrict: those of the first.
pub(super) fn rule_of(changes: &[Change]) -> (Rule, String) {
    match changes.first().map(|c| &c.what) {
        Some(What::User(_)) => (Rule::RootUser, "starts as root".to_owned()),
        Some(What::TmpfsOptions(_)) => (Rule::UnlimitedTmpfs, "has memory without a limit".to_owned()),
        Some(What::Healthcheck(_)) => (Rule::NoHealthCheck, "has no health check, and nor has its image".to_owned()),
        Some(What::ReadOnlyBind(target)) => (Rule::WritableConfig, format!("can write to {target}, which it only reads")),
        Some(What::Item { key: Key::SecurityOpt, .. }) => (Rule::NewPrivileges, "can gain privileges".to_owned()),
        _ => (Rule::SpareCapabilities, "has capabilities that it does not need".to_owned()),
    }
}

fn remark(extra: Extra, service: &Service<'_>, span: Span, message: String) -> Finding {
    Finding { rule: rule_of_extra(extra), service: service.name.into(), message, span, remedy: None, fix: None, ignored: None }
}

/// What is dropped needs other words than what is added again.
fn reason_of(restriction: &Restriction, reason: &Arc<Reason>) -> Arc<Reason> {
    match restriction {
        Restriction::Capabilities(add) if add.is_empty() => {
            Arc::new(Reason { text: format!("no capability is needed: {}", reason.text), ..Reason::clone(reason) })
        }
        _ => reason.clone(),
    }
}

/// Whether a service names a user; one that a variable empties is none.
fn has_user(service: &Service<'_>) -> bool {
    let user = service.values("user").pop();
    user.is_some_and(|v| !service.resolve(v.part, v.entry.value().resolved().text()).is_empty())
}

/// Whether a part of the service has a key, whatever it says there.
fn has_key(service: &Service<'_>, key: &str) -> bool {
    service.parts.iter().any(|part| part.entry(key).is_some())
}

/// The place of a list that is none, which Compose refuses.
fn no_list_at(service: &Service<'_>, keys: &[&str]) -> Option<(Span, String)> {
    keys.iter().find_map(|key| {
        let entry = service.get(key).filter(|e| e.value().resolved().kind() != Kind::Sequence)?;
        let why = if entry.value().resolved().is_null() {
            "has no value, which Compose refuses; remove the key"
        } else {
            "is no list, which Compose refuses; write one"
        };
        Some((entry.key().span(), format!("`{key}` {why}")))
    })
}

/// The changes by which `restriction` takes effect, and what has to be done by hand.
fn wanted(facts: &Facts<'_>, service: &Service<'_>, restriction: &Restriction) -> (Vec<What>, Vec<(Span, String)>) {
    let item = |key, text: &str| What::Item { key, text: text.to_owned() };
    match restriction {
        Restriction::Capabilities(_) if no_list_at(service, &["cap_drop", "cap_add"]).is_some() => {
            (Vec::new(), no_list_at(service, &["cap_drop", "cap_add"]).into_iter().collect())
        }
        Restriction::NoNewPrivileges if no_list_at(service, &["security_opt"]).is_some() => {
            (Vec::new(), no_list_at(service, &["security_opt"]).into_iter().collect())
        }
        Restriction::Capabilities(add) => {
            // Who drops all by hand has chosen what to add.
            if drops_all(service) {
                return (Vec::new(), Vec::new());
            }
            let own: Vec<(Span, String)> = service.list("cap_add").iter().map(|(item, text)| (item.span(), capability(text))).collect();
            if let Some((span, _)) = own.iter().find(|(_, name)| name == "ALL") {
                return (Vec::new(), vec![(*span, "`cap_add: ALL` gives it every capability, whatever is dropped".to_owned())]);
            }
            // What was dropped by name is not given back.
            let dropped: Vec<String> = service.list("cap_drop").iter().map(|(_, text)| capability(text)).collect();
            let new = add
                .iter()
                .filter(|name| !own.iter().any(|(_, o)| o == *name) && !dropped.contains(name))
                .map(|name| item(Key::CapAdd, name));
            (std::iter::once(item(Key::CapDrop, "ALL")).chain(new).collect(), Vec::new())
        }
        Restriction::NoNewPrivileges => {
            let set = service.list("security_opt").into_iter().find_map(|(item, text)| Some((item.span(), no_new_privileges(&text)?)));
            match set {
                None => (vec![item(Key::SecurityOpt, "no-new-privileges:true")], Vec::new()),
                Some((_, true)) => (Vec::new(), Vec::new()),
                Some((span, false)) => (Vec::new(), vec![(span, "`no-new-privileges` is turned off here".to_owned())]),
            }
        }
        // An empty one counts as none, as for the engine.
        Restriction::User(..) if has_user(service) => (Vec::new(), Vec::new()),
        // It may have one by now.
        Restriction::Healthcheck(_) if has_key(service, "healthcheck") => (Vec::new(), Vec::new()),
        Restriction::Healthcheck(check) => (vec![What::Healthcheck(check.clone())], Vec::new()),
        Restriction::User(uid, gid) => (vec![What::User(format!("{uid}:{gid}"))], Vec::new()),
        Restriction::ReadOnly(path) => {
            let at_path =
                |m: &&Mount<'_>| m.kind == MountKind::Bind && !m.is_engine_socket() && m.writable == Known::Yes && is_at(&m.target, path);
            let (mut new, mut left) = (Vec::new(), Vec::new());
            for mount in service.mounts.iter().filter(at_path) {
                if can_change(facts, service, mount) {
                    new.push(What::ReadOnlyBind(mount.target.to_string()));
                } else {
                    let message = format!(
                        "{} could be bound read-only; the line may have other users or is written unusually, so add `:ro` by hand",
                        mount.shown_target()
                    );
                    left.push((mount.span(), message));
                }
            }
            (new, left)
        }
    }
}

/// What could be taken away besides, for an audit: the rules, the places, and the flag that does it.
pub(super) fn offers(facts: &Facts<'_>, service: &Service<'_>, need: &Need) -> Vec<Finding> {
    let mut found = Vec::new();
    for limit in &need.limits {
        let Limit::Works(restriction, reason) = limit else { continue };
        let extra = restriction.extra();
        let is_of_use = extra != Extra::Healthcheck || facts.is_waited_for(service.name);
        if need.with.has(extra) || !is_of_use {
            continue;
        }
        let (new, left) = wanted(facts, service, restriction);
        let mut new: Vec<Change> = new.into_iter().map(|what| Change { what, reason: reason.clone() }).collect();
        new.sort_by_key(|c| c.what.rank());
        if !new.is_empty() {
            let (_, message) = rule_of(&new);
            let span = new.iter().find_map(|c| bind_at(service, &c.what)).unwrap_or(service.key().span());
            let assumed = if reason.confidence == Confidence::Assumed { format!(" (assumed: {})", reason.text) } else { String::new() };
            let remedy = Remedy::Extra { name: extra.name(), what: format!("{}{assumed}", summary(&new)) };
            found.push(Finding { remedy: Some(remedy), ..remark(extra, service, span, message) });
        }
        found.extend(left.into_iter().map(|(span, message)| remark(extra, service, span, message)));
    }
    found
}

fn bind_at(service: &Service<'_>, what: &What) -> Option<Span> {
    let What::ReadOnlyBind(target) = what else { return None };
    service.mounts.iter().find(|m| m.target == *target).map(Mount::span)
}

/// Whether a service drops all capabilities.
fn drops_all(service: &Service<'_>) -> bool {
    service.list("cap_drop").iter().any(|(_, text)| capability(text) == "ALL")
}

/// What an item of `security_opt` says of new privileges.
fn no_new_privileges(item: &str) -> Option<bool> {
    let rest = item.trim().strip_prefix("no-new-privileges")?;
    match rest.trim_start_matches([':', '=']).trim() {
        "" | "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A capability's name as Compose files have it.
pub(super) fn capability(text: &str) -> String {
    let name = text.trim().to_ascii_uppercase();
    name.strip_prefix("CAP_").unwrap_or(&name).to_owned()
}

/// Whether a bind can be made read-only where it stands, without changing anything else.
fn can_change(facts: &Facts<'_>, service: &Service<'_>, mount: &Mount<'_>) -> bool {
    if service.alone(mount, "volumes").is_none_or(|definition| facts.is_extended(definition)) {
        return false;
    }
    match mount.node.kind() {
        Kind::Scalar => mount.node.as_str().is_some_and(|text| mount::read_only(text).is_some() && !mount.node.source().contains('\n')),
        _ => mount.node.entries().all(|(key, value)| !key.is_merge_key() && (key.text() != "read_only" || value.kind() == Kind::Scalar)),
    }
}
