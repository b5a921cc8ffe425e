//! Which service gets which preset, and what that says it needs.

use super::preset::{Preset, Writable, claiming, nearest};
use super::{Confidence, Need, Reason, Source, Storage, WritablePath};
use crate::compose::dockerfile::{Dockerfiles, Facts, facts};
use crate::compose::{Project, Service, merge, repository};
use crate::error::{Error, Result};
use crate::yaml::Kind;
use std::collections::HashMap;
use std::sync::Arc;

/// What the command line says of presets and services.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Presets named for the whole project, in order.
    pub presets: Vec<Arc<Preset>>,
    /// Whether services get the preset that their image matches without it being named.
    pub auto: bool,
    /// Only these services; empty means all.
    pub only: Vec<String>,
    /// Not these services.
    pub skip: Vec<String>,
    /// Presets named for one service.
    pub forced: Vec<(String, Arc<Preset>)>,
}

/// What every selected service needs, in the project's order. `dockerfiles` holds what [`crate::compose::dockerfile::references`] asks
/// for, as far as it exists.
///
/// Errors: a selected service that is not there.
pub fn needs(project: &Project<'_>, selection: &Selection, dockerfiles: &Dockerfiles) -> Result<Vec<Need>> {
    let named = selection.only.iter().chain(&selection.skip).chain(selection.forced.iter().map(|(name, _)| name));
    for name in named {
        if project.service(name).is_none() {
            let hint = match nearest(name, project.services.iter().map(|s| s.name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("services: {}", project.services.iter().take(20).map(|s| s.name).collect::<Vec<_>>().join(", ")),
            };
            return Err(Error::Usage(format!("there is no service `{name}`"), Some(hint)));
        }
    }
    let mut embedded: HashMap<&'static str, Arc<Preset>> = HashMap::new();
    let mut found = Vec::new();
    for service in &project.services {
        let is = |name: &String| name == service.name;
        let forced = selection.forced.iter().find(|(name, _)| is(name)).map(|(_, preset)| preset);
        if selection.skip.iter().any(is) || !selection.only.is_empty() && !selection.only.iter().any(is) && forced.is_none() {
            continue;
        }
        let facts = facts(service, dockerfiles);
        if let Some(choice) = choose(service, selection, forced, facts.as_ref(), &mut embedded)? {
            found.push(need(service, &choice, facts.as_ref()));
        }
    }
    Ok(found)
}

/// A preset for a service, and how it came to it.
struct Choice {
    preset: Arc<Preset>,
    /// What it was recognised by: `image node:22`.
    recognised: Option<String>,
    /// Whether the person named it, which is consent to its assumptions.
    named: bool,
}

fn choose(
    service: &Service<'_>,
    selection: &Selection,
    forced: Option<&Arc<Preset>>,
    facts: Option<&Facts>,
    embedded: &mut HashMap<&'static str, Arc<Preset>>,
) -> Result<Option<Choice>> {
    let image = service.text("image").filter(|_| service.get("build").is_none()).map(|i| (i, "image"));
    let base = facts.and_then(|f| f.base.as_deref()).map(|i| (i, "Dockerfile base"));
    let seen = image.or(base).and_then(|(image, what)| Some((repository(image)?, format!("{what} {image}"))));
    let claims = |preset: &Preset| seen.as_ref().is_some_and(|(repository, _)| preset.images.iter().any(|i| i == repository));
    let recognised = seen.as_ref().map(|(_, what)| what.clone());
    if let Some(preset) = forced {
        let recognised = recognised.filter(|_| claims(preset));
        return Ok(Some(Choice { preset: preset.clone(), recognised, named: true }));
    }
    if let Some(preset) = selection.presets.iter().find(|p| claims(p)) {
        return Ok(Some(Choice { preset: preset.clone(), recognised, named: true }));
    }
    let family = seen.as_ref().and_then(|(repository, _)| claiming(repository));
    match (family, selection.presets.first()) {
        (None, Some(preset)) => Ok(Some(Choice { preset: preset.clone(), recognised: None, named: true })),
        _ if !selection.auto => Ok(None),
        (family, _) => {
            let name = family.unwrap_or("generic");
            if !embedded.contains_key(name) {
                embedded.insert(name, Arc::new(Preset::embedded(name)?));
            }
            let preset = embedded.get(name).cloned();
            Ok(preset.map(|preset| Choice { preset, recognised: recognised.filter(|_| family.is_some()), named: false }))
        }
    }
}

fn need(service: &Service<'_>, choice: &Choice, facts: Option<&Facts>) -> Need {
    let preset = &choice.preset;
    let (text, confidence) = match &choice.recognised {
        Some(what) => (format!("{what} runs read-only with these mounts"), Confidence::Documented),
        None if choice.named => ("you named the preset for this service".to_owned(), Confidence::Assumed),
        None => ("nothing is known of this image; most run with these mounts".to_owned(), Confidence::Assumed),
    };
    let basis = Arc::new(Reason { source: Source::Preset(preset.name.clone()), text, link: None, confidence });
    let mut paths = Vec::new();
    for path in preset.writable.iter().filter(|p| applies(service, p, facts)) {
        let mut reason = path.reason.clone();
        // Scratch that is assumed for any image is the assumption itself; all else that is assumed needs something to speak for it.
        if reason.confidence == Confidence::Assumed && (path.scratch.is_none() || preset.name != "generic") {
            match mention(service, &path.target, facts) {
                Some(words) => {
                    let text = format!("{words} names it");
                    reason = Arc::new(Reason { text, confidence: Confidence::Documented, ..Reason::clone(&reason) });
                }
                None if !choice.named => continue,
                None => {}
            }
        }
        paths.push(WritablePath { service: service.name.to_owned(), target: path.target.clone(), storage: storage(service, path), reason });
    }
    Need { service: service.name.to_owned(), consent: choice.named, basis, paths }
}

/// Whether a path's conditions hold.
fn applies(service: &Service<'_>, path: &Writable, facts: Option<&Facts>) -> bool {
    let when = &path.when;
    let below = |target: &str, folder: &str| target == folder || target.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let mounted = when.mounted.as_ref().is_none_or(|folder| service.mounts.iter().any(|m| below(&m.target, folder)));
    let command = when.command.as_ref().is_none_or(|word| {
        let own = ["command", "entrypoint"].iter().flat_map(|key| service.texts(key)).map(|n| n.text().to_owned());
        let built =
            facts.iter().flat_map(|f| &f.mentions).filter(|(kind, _)| matches!(*kind, "CMD" | "ENTRYPOINT")).map(|(_, text)| text.clone());
        own.chain(built).any(|text| tokens(&text).any(|token| token == word))
    });
    let user = when.user.as_ref().is_none_or(|names| {
        let user = service.text("user").or_else(|| facts.and_then(|f| f.user.as_deref())).unwrap_or("root");
        names.iter().any(|name| user.split(':').next() == Some(name))
    });
    mounted && command && user
}

/// A scratch path that a numeric user must write belongs to that user: the engine keeps `uid=` and `gid=` over restarts, and loses
/// `mode=` with some runtimes. A folder of mode 1777 is open to all and exists in the image with that mode.
fn storage(service: &Service<'_>, path: &Writable) -> Storage {
    let Some(mut options) = path.scratch.clone() else { return Storage::State };
    let numbers: Vec<Option<u32>> = service.text("user").unwrap_or("").split(':').map(|n| n.parse().ok()).collect();
    if let (Some(Some(uid)), true) = (numbers.first(), options.mode != Some(0o1777) && options.uid.is_none())
        && *uid != 0
    {
        options.uid = Some(*uid);
        options.gid = numbers.get(1).copied().flatten();
    }
    Storage::Scratch(options)
}

/// What in the service's configuration or Dockerfile names `path` or something below it.
fn mention(service: &Service<'_>, path: &str, facts: Option<&Facts>) -> Option<String> {
    let names = |text: &str| tokens(text).any(|token| token == path || token.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')));
    if let Some(environment) = service.get("environment").map(|e| e.value.resolved()) {
        let texts: Vec<String> = match environment.kind() {
            Kind::Sequence => environment.items().map(|n| n.resolved().text().to_owned()).collect(),
            _ => merge::entries(environment).iter().map(|e| format!("{}={}", e.key.text(), e.value.resolved().text())).collect(),
        };
        if let Some(text) = texts.into_iter().find(|t| names(t)) {
            // The value may be long, or secret beyond the path: the name is enough.
            return Some(format!("environment {}", text.split('=').next().unwrap_or_default()));
        }
    }
    for key in ["command", "entrypoint"] {
        if service.texts(key).iter().any(|n| names(n.text())) {
            return Some(key.to_owned());
        }
    }
    let (kind, _) = facts?.mentions.iter().find(|(_, text)| names(text))?;
    Some(format!("the Dockerfile's {kind}"))
}

/// Words of a command or value, cut at blanks, quotes, `=`, `:`, `,` and shell operators.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '=' | ':' | ',' | ';' | '&' | '|' | '(' | ')' | '[' | ']' | '{' | '}')
    })
    .filter(|t| !t.is_empty())
}
