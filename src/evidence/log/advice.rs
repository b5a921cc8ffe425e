//! From a symptom to a writable path, or to what else can be done.

use super::{Cause, Symptom};
use crate::compose::{Coverage, Service, clean_path, is_at};
use crate::evidence::place::{Place, about_filled, is_filled, parent};
use crate::evidence::{Confidence, Need, Reason, Source, Storage, TmpfsOptions, WritablePath};
use std::sync::Arc;

/// What a symptom comes to for one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// Which of the usual causes it is, a phrase.
    pub cause: &'static str,
    /// The path that is meant, absolute and cleaned; `None` where it is not known.
    pub path: Option<String>,
    /// The mount that mends it, if one does.
    pub mend: Option<WritablePath>,
    /// What to do beside or instead of that.
    pub help: Option<String>,
}

/// What is done about `symptom` in a service. Without a service, what can be said of any.
pub fn advise(symptom: &Symptom, service: Option<&Service<'_>>, need: Option<&Need>, log: &str) -> Advice {
    let help = symptom.help.map(str::to_owned);
    let path = absolute(symptom, service, need);
    let Some(path) = path else {
        let cause = match symptom.cause {
            Cause::Harmless => "harmless",
            Cause::Capability => "a missing capability",
            _ if symptom.path.is_some() => "a relative path, and the working directory is not known",
            _ => "a path that the line does not name",
        };
        return Advice { cause, path: None, mend: None, help };
    };
    match symptom.cause {
        Cause::Harmless => return Advice { cause: "harmless", path: Some(path), mend: None, help },
        Cause::Capability => return Advice { cause: "a missing capability", path: Some(path), mend: None, help },
        Cause::NoExec => return no_exec(symptom, path, service, log),
        Cause::Denied => return denied(symptom, path, service),
        Cause::ReadOnly => {}
    }
    let folder = if symptom.is_folder { path.clone() } else { parent(&path) };
    if let Some(Coverage::Writable(_)) = service.map(|s| s.coverage(&path)) {
        let help = Some("the file already has a writable mount there; the log may be older than that".to_owned());
        return Advice { cause: "a path that is writable by now", path: Some(path), mend: None, help };
    }
    let known = need.and_then(|n| n.paths.iter().find(|p| is_at(&path, &p.target)));
    let place = Place::of(&path, &folder, symptom.is_state);
    let (target, storage) = match known {
        Some(known) => (known.target.clone(), known.storage.clone()),
        None => (place.target, place.storage),
    };
    if known.is_none() && is_filled(&target, need) {
        let help = symptom.help.map_or_else(|| about_filled(&target), str::to_owned);
        return Advice { cause: place.cause, path: Some(path), mend: None, help: Some(help) };
    }
    let mend = Some(writable(symptom, service, target, storage, log));
    let help = help.or(place.help.map(str::to_owned));
    Advice { cause: place.cause, path: Some(path), mend, help }
}

/// The path of a symptom, made absolute by what is known of the service.
fn absolute(symptom: &Symptom, service: Option<&Service<'_>>, need: Option<&Need>) -> Option<String> {
    let path = symptom.path.as_deref();
    if let Some(path) = path.filter(|p| p.starts_with('/')) {
        return Some(path.to_owned());
    }
    let join = |folder: &str| path.map_or_else(|| folder.to_owned(), |path| clean_path(&format!("{folder}/{path}")));
    if symptom.in_data {
        let data = need?.paths.iter().find(|p| p.storage == Storage::State)?;
        return Some(join(&data.target));
    }
    path?;
    let own = service.and_then(|s| s.text("working_dir")).filter(|folder| folder.starts_with('/'));
    let image = need.and_then(|n| n.brings.iter().find(|b| b.is_workdir));
    own.as_deref().or(image.map(|b| b.path.as_str())).map(join)
}

fn no_exec(symptom: &Symptom, path: String, service: Option<&Service<'_>>, log: &str) -> Advice {
    let folder = if symptom.is_folder { path.clone() } else { parent(&path) };
    let target = if is_at(&folder, "/tmp") { "/tmp".to_owned() } else { folder };
    // An item that is there already is the person's.
    let is_there = service.is_some_and(|s| matches!(s.coverage(&path), Coverage::Writable(_)));
    let options = TmpfsOptions { mode: Some(0o1777), exec: true, ..TmpfsOptions::default() };
    let mend = (!is_there).then(|| writable(symptom, service, target.clone(), Storage::Scratch(options), log));
    let help = format!("the tmpfs at {target} needs `exec`: the engine's default is noexec");
    Advice { cause: "a program that is run from a tmpfs", path: Some(path), mend, help: Some(symptom.help.map_or(help, str::to_owned)) }
}

/// A user who may not write is our business where a mount is: the engine gives it to root.
fn denied(symptom: &Symptom, path: String, service: Option<&Service<'_>>) -> Advice {
    let mount = service.and_then(|s| match s.coverage(&path) {
        Coverage::Writable(mount) => Some(mount.target.to_string()),
        _ => None,
    });
    let help = match &mount {
        Some(target) => format!(
            "the mount at {target} belongs to root: give a tmpfs `uid=` and `gid=` of the service's user, and a volume that user's folder in \
             the image (`explain volume-owner`)"
        ),
        None => "nothing is mounted there: the user may not write in the image's own folder".to_owned(),
    };
    let cause = if mount.is_some() { "ownership of a mount" } else { "a user who may not write there" };
    Advice { cause, path: Some(path), mend: None, help: Some(symptom.help.map_or(help, str::to_owned)) }
}

fn writable(symptom: &Symptom, service: Option<&Service<'_>>, target: String, storage: Storage, log: &str) -> WritablePath {
    let text = format!("{} said: {}", symptom.program, symptom.text);
    let reason = Reason {
        source: Source::Log(log.to_owned()),
        text,
        link: Some(format!("{log}:{}", symptom.line)),
        confidence: Confidence::Reported,
    };
    let service = service.map_or_else(|| symptom.service.clone().unwrap_or_default(), |s| s.name.to_owned());
    WritablePath { service, target, storage, owner: None, reason: Arc::new(reason) }
}
