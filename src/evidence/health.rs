//! Whether a service is asked if it does its work: by a check of its own, of its image, or by one that is known of the image.

use super::Confidence;
use super::catalogue;
use super::context::{ImageUsers, ServiceContext, short};
use super::limit::{Extra, Limit, Restriction, reason};
use super::preset::Check;
use super::program::READERS;
use super::scripts::{program_and_arguments, shell_before};
use super::select::Part;
use crate::compose::settings::Bound;
use crate::compose::{Known, Word, merge, script};
use crate::yaml::Kind;
use std::fmt;

/// What names of variables and words of commands have in them that move what a program listens at.
const MOVERS: [&str; 6] = ["PORT", "LISTEN", "BIND", "ADDR", "SSL", "TLS"];

/// Long options that move what a program listens at and do not say so, and those that put another kind of server there.
const OPTIONS: [&str; 6] = ["configsvr", "port", "sentinel", "shardsvr", "web.external-url", "web.route-prefix"];

/// Programs beside servers, by how their names end, and others of these images that answer to no check.
const BESIDE_ENDS: [&str; 13] = [
    "-backup",
    "-benchmark",
    "-check-aof",
    "-check-rdb",
    "-cli",
    "-client",
    "-dump",
    "-import",
    "-sentinel",
    "admin",
    "dump",
    "export",
    "restore",
];
const BESIDE: [&str; 18] = [
    "createdb",
    "initdb",
    "influx",
    "mariadb",
    "mongo",
    "mongofiles",
    "mongosh",
    "mysql",
    "mysqlcheck",
    "pgbench",
    "promtool",
    "psql",
    "rabbitmqctl",
    "reindexdb",
    "vacuumdb",
    "etcdctl",
    "mc",
    "dropdb",
];

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
    if runs_no_server(context) {
        return unknown("its command runs another program than the server that the check asks".to_owned());
    }
    if let Some(what) = other_listener(context, &check) {
        limit.doubt(&format!("{what} may move or change what the check asks"));
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

/// Whether all that its own command runs is beside the server: clients, dumps, and what only reads.
fn runs_no_server(context: &ServiceContext<'_, '_>) -> bool {
    let is_beside = |word: &str| {
        let program = word.rsplit('/').next().unwrap_or(word);
        BESIDE.contains(&program)
            || program.starts_with("pg_")
            || BESIDE_ENDS.iter().any(|end| program.len() > end.len() && program.ends_with(end))
    };
    let words = context.own_command().unwrap_or_default();
    let programs: Vec<String> = match words.split_last() {
        Some((last, before)) if shell_before(before).is_some() => {
            let commands = script(&last.text).commands;
            commands.iter().filter_map(|command| Some(program_and_arguments(command).first()?.text.clone())).collect()
        }
        _ => words.first().map(|word| word.text.clone()).filter(|word| !word.starts_with('-')).into_iter().collect(),
    };
    let is_reader = |word: &str| READERS.contains(&word.rsplit('/').next().unwrap_or(word));
    let mut programs = programs.into_iter().filter(|word| !["done", "fi", "esac", "}"].contains(&word.as_str())).peekable();
    programs.peek().is_some() && programs.all(|program| is_beside(&program) || is_reader(&program))
}

/// What of its command or its files puts the server elsewhere than where the check asks, a phrase.
fn other_listener(context: &ServiceContext<'_, '_>, check: &Check) -> Option<String> {
    let words = context.own_command().unwrap_or_default();
    let is_option = |word: &Word| {
        let name = word.text.split('=').next().unwrap_or_default();
        let is_joined = ["-p", "-P"].iter().any(|short| word.text.strip_prefix(short).is_some_and(|rest| rest.parse::<u16>().is_ok()));
        ["-P", "-p"].contains(&name) || is_joined || name.starts_with('-') && OPTIONS.contains(&name.trim_start_matches('-'))
    };
    // Of the port that is asked, nothing is moved.
    let port = check.port.map(|port| port.to_string());
    let names_it = |at: usize| {
        let next = words.get(at + 1).map(|word| word.text.as_str());
        let own = words[at].text.rsplit_once('=').map(|(_, value)| value);
        port.as_deref().is_some_and(|port| own == Some(port) || own.is_none() && next == Some(port))
    };
    if (0..words.len()).any(|at| is_option(&words[at]) && !names_it(at)) {
        return Some("its command".to_owned());
    }
    let port = port?;
    let moves = |file: &&Bound<'_>| file.values("port").unwrap_or_default().iter().any(|value| *value != port);
    context.bound.iter().find(moves).map(|file| format!("what is mounted at {}", short(&file.target)))
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
