//! What `extends` does with a change of the base: who extends it gets the change too.

use super::spot::Spot;
use super::{Placer, Site, Value, site};
use crate::audit::Key;
use crate::compose::{Service, TmpfsItem};
use crate::yaml::Kind;
use std::collections::HashMap;

impl Placer<'_, '_> {
    /// Takes what a service inherits from a base off its wish, and refuses bases whose change would reach a service that must not get
    /// it.
    pub(super) fn inherit(&mut self) {
        let project = self.project;
        let mut extenders: HashMap<Site, Vec<(usize, usize)>> = HashMap::new();
        for (index, service) in project.services.iter().enumerate() {
            for (part, base) in service.parts.iter().enumerate().filter(|(_, p)| p.is_base) {
                extenders.entry(site(base.definition)).or_default().push((index, part));
            }
        }
        if extenders.is_empty() {
            return;
        }
        let mut inherited = Vec::new();
        for base in 0..project.services.len() {
            for key in Key::ALL {
                let Some(values) = self.wish(base, key) else { continue };
                let Spot::Part(part, _) = self.spot(base, key) else { continue };
                let who = extenders.get(&site(project.services[base].parts[part].definition));
                let mut conflict = None;
                for &(extender, at) in who.into_iter().flatten().filter(|(e, _)| *e != base) {
                    for value in values {
                        match self.reaches(extender, at, key, value) {
                            Reaches::Wished => inherited.push((extender, key, value.clone())),
                            Reaches::Not => {}
                            Reaches::Unwished => conflict = conflict.or(Some((extender, value.clone()))),
                        }
                    }
                }
                if let Some((extender, value)) = conflict {
                    let service = &project.services[extender];
                    let target = match &value {
                        Value::Text(text) => Some(TmpfsItem::written(text).target),
                        Value::Mount { target, .. } => Some(target.clone()),
                        _ => None,
                    };
                    let name = service.name;
                    self.refuse(
                        base,
                        &match target.filter(|t| service.mounts.iter().any(|m| m.target == **t)) {
                            Some(target) => format!("service `{name}` extends it and mounts {target} itself, which Compose would refuse"),
                            None if key == Key::SecurityOpt => {
                                format!("service `{name}` extends it, and Compose takes no item of `security_opt` twice")
                            }
                            None => format!("service `{name}` extends it and would change with it"),
                        },
                    );
                }
            }
        }
        for (service, key, value) in inherited {
            if let Some(wish) = &mut self.wishes[service] {
                wish.iter_mut().filter(|(k, _)| *k == key).for_each(|(_, values)| values.retain(|v| !v.same(&value)));
            }
        }
    }

    /// What happens to a service when `value` is added to the part `at`, which it extends.
    fn reaches(&self, extender: usize, at: usize, key: Key, value: &Value<'_>) -> Reaches {
        let service = &self.project.services[extender];
        let mut acting = service.parts.iter().skip(at + 1).filter(|p| p.reach <= at);
        if acting.any(|p| p.entry(key.name()).is_some_and(|e| p.tag(&e).is_some())) {
            return Reaches::Not;
        }
        let wishes = |holds: &dyn Fn(&Value<'_>) -> bool| self.wish(extender, key).is_some_and(|w| w.iter().any(holds));
        match value {
            Value::Text(text) => {
                let identity = text.split('=').next();
                match () {
                    () if wishes(&|v| v.same(value)) => Reaches::Wished,
                    // Compose takes no item of this list twice.
                    () if key == Key::SecurityOpt && items(service, at, key.name()).any(|item| item == text) => Reaches::Unwished,
                    () if items(service, at, key.name()).any(|item| item.split('=').next() == identity) => Reaches::Not,
                    () => Reaches::Unwished,
                }
            }
            Value::Mount { target, .. } => {
                let own = wishes(&|v| matches!(v, Value::Mount { target: own, .. } if own == target));
                // A mount of a later part at the same target takes the place of this one, if it is spelled the same.
                let replaced = service.volumes_after(at).iter().any(|identity| identity == target);
                if own || replaced { Reaches::Not } else { Reaches::Unwished }
            }
            _ if service.parts.iter().skip(at + 1).any(|p| p.get(key.name()).is_some_and(|e| !e.value().resolved().is_null())) => {
                Reaches::Not
            }
            _ if wishes(&|_| true) => Reaches::Wished,
            _ => Reaches::Unwished,
        }
    }
}

enum Reaches {
    /// The service inherits it, and is to get it.
    Wished,
    /// Something of its own comes after it.
    Not,
    /// The service would change and must not.
    Unwished,
}

/// The strings of a list in parts after `at`.
fn items<'a>(service: &Service<'a>, at: usize, key: &str) -> impl Iterator<Item = &'a str> {
    let values = service.values(key).into_iter().filter(move |v| v.part > at).map(|v| v.entry.value().resolved());
    values.flat_map(|value| {
        let own = (value.kind() == Kind::Scalar).then_some(value);
        own.into_iter().chain(value.items()).filter_map(|n| n.resolved().as_str())
    })
}
