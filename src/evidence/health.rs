//! Whether a service is asked if it does its work: by a check of its own, of its image, or by one that is known of the image.

use super::Confidence;
use super::catalogue;
use super::context::{ImageUsers, ServiceContext};
use super::limit::{Extra, Limit, Restriction, reason};
use super::preset::Check;
use super::select::Part;
use crate::compose::{Known, merge};
use crate::yaml::Kind;
use std::fmt;

/// What names of variables and words of commands have in them that move what a program listens at.
const MOVERS: [&str; 6] = ["PORT", "LISTEN", "BIND", "ADDR", "SSL", "TLS"];

/// A `healthcheck` as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// The command, word by word.
    pub command: Vec<String>,
    /// How long the start may take.
    pub start_period: String,
}

impl HealthCheck {
    fn of(check: &Check) -> Self {
        Self { command: check.command.clone(), start_period: check.start_period.clone() }
    }
}

impl fmt::Display for HealthCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.command.join(" "))
    }
}

/// The check that is known of a service's image, where the project has none of its own.
pub(super) fn check(context: &ServiceContext<'_, '_>, base: &Part, users: &ImageUsers<'_>) -> Option<Check> {
    let is_of_use = base.recognised && !has_check(context) && !context.replaces_entrypoint();
    let known = is_of_use.then(|| known(context, base)).flatten()?;
    (context.needs(&known.when, &known.unless, users) != Known::No).then_some(known)
}

/// What its preset knows, else what the catalogue does.
fn known(context: &ServiceContext<'_, '_>, base: &Part) -> Option<Check> {
    let of_catalogue = || catalogue::find(context.image().ok()?.0.repository)?.check();
    base.preset.check.clone().or_else(|| of_catalogue().filter(|_| base.recognised))
}

/// Whether the service says anything of its health check, also that it wants none.
fn has_check(context: &ServiceContext<'_, '_>) -> bool {
    context.service.parts.iter().any(|part| part.entries().any(|entry| entry.name() == "healthcheck"))
}

/// The check that a service can have, or why none is known; `None` where it has one.
pub(super) fn limit(context: &ServiceContext<'_, '_>, base: &Part, users: &ImageUsers<'_>) -> Option<Limit> {
    if has_check(context) {
        return None;
    }
    let name = &base.preset.name;
    let unknown = |why: String| Some(Limit::Unknown(Extra::Healthcheck, why));
    let Some(check) = known(context, base) else { return unknown(format!("neither {name} nor the catalogue knows a check")) };
    if check.of_image == Some(true) {
        return unknown("its image has a health check of its own".to_owned());
    }
    if check.command.is_empty() {
        let asked = check.request.as_ref().map(ToString::to_string).unwrap_or_default();
        return unknown(format!("no program that could ask `{asked}` is known to be in its image"));
    }
    let known = reason(base, check.reason.text.clone(), check.reason.confidence);
    let is_there = context.needs(&check.when, &check.unless, users);
    let is_sure = known.confidence > Confidence::Assumed;
    let mut limit = Limit::Works(Restriction::Healthcheck(HealthCheck::of(&check)), known);
    match is_there {
        Known::Yes => {}
        Known::No => return unknown("its image of this tag has no program for it".to_owned()),
        Known::Unknown => limit.doubt("a variable decides its tag"),
    }
    if check.of_image.is_none() {
        limit.doubt("the image may have a check of its own, whose place this takes");
    }
    if context.is_built() {
        limit.doubt("it is built here, and may have a check of its own");
    }
    if let Some(port) = check.port
        && !has_port(context, port)
    {
        if !is_sure {
            // With a wrong port it never gets healthy, so this is no matter of consent.
            return unknown(format!("nothing here says that it listens at port {port}, which a catalogue may have chosen"));
        }
        if let Some(what) = context.names_one_of(&MOVERS) {
            limit.doubt(&format!("{what} may move or change what is at port {port}"));
        }
    }
    Some(limit)
}

/// Whether the service publishes or exposes a port of the container.
fn has_port(context: &ServiceContext<'_, '_>, port: u16) -> bool {
    let number = |text: &str| {
        let own = text.rsplit(':').next().unwrap_or_default();
        own.split('/').next().and_then(|own| own.trim().parse::<u16>().ok()) == Some(port)
    };
    ["ports", "expose"].iter().flat_map(|key| context.service.values(key)).any(|value| {
        value.entry.value().resolved().items().any(|item| {
            let item = item.resolved();
            match item.kind() {
                Kind::Mapping => merge::entries(item).iter().any(|e| e.name() == "target" && number(e.value().resolved().text())),
                _ => number(&context.service.resolve(value.part, item.text())),
            }
        })
    })
}
