//! From a symptom to a writable path, or to what else can be done.

use super::{Cause, Symptom};
use crate::compose::{Coverage, MountKind, Service, clean_path, escaped, is_at};
use crate::evidence::place::{Place, about_filled, is_filled, is_kernels, parent, unmountable};
use crate::evidence::{Confidence, Need, Reason, Source, Storage, Target, TmpfsOptions, WritablePath};
use crate::yaml::quote_if_needed;
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
    /// The same as YAML to paste into a file of its own, where it is more than a mount.
    pub remedy: Option<String>,
}

/// Whose symptom it is.
#[derive(Clone, Copy, Debug)]
pub struct Hearing<'h, 'a> {
    /// The service; `None` where it is not known, and only what can be said of any is said.
    pub service: Option<&'h Service<'a>>,
    /// What is known of its needs.
    pub need: Option<&'h Need>,
    /// Whether the service is already as the needs would make it, without anybody having written that: its mounts may still change.
    pub is_planned: bool,
    /// Name of the log.
    pub log: &'h str,
}

/// What is done about a symptom.
pub fn advise(symptom: &Symptom, hearing: Hearing<'_, '_>) -> Advice {
    let Hearing { service, need, .. } = hearing;
    let help = symptom.help.map(str::to_owned);
    let path = absolute(symptom, service, need);
    let plain = |cause, path, help| Advice { cause, path, mend: None, help, remedy: None };
    let Some(path) = path else {
        let cause = match symptom.cause {
            Cause::Harmless => "harmless",
            Cause::Capability => "a missing capability",
            _ if symptom.path.is_some() => "a relative path, and the working directory is not known",
            _ => "a path that the line does not name",
        };
        return plain(cause, None, help);
    };
    match symptom.cause {
        Cause::Harmless => return plain("harmless", Some(path), help),
        Cause::Capability => return plain("a missing capability", Some(path), help),
        Cause::NoExec => return no_exec(symptom, path, hearing),
        Cause::Denied => return denied(symptom, path, hearing),
        Cause::ReadOnly => {}
    }
    let folder = if symptom.is_folder { path.clone() } else { parent(&path) };
    if let Some(Coverage::Writable(_)) = service.map(|s| s.coverage(&path)) {
        let help = Some("the file already has a writable mount there; the log may be older than that".to_owned());
        return plain("a path that is writable by now", Some(path), help);
    }
    if let Some(Coverage::ReadOnly(mount)) = service.map(|s| s.coverage(&path)) {
        let help = Some(format!("the project mounts {} read-only", mount.shown_target()));
        return plain("a mount that is read-only on purpose", Some(path), help);
    }
    if is_kernels(&path) {
        let help = Some("it is read-only in every container, whatever the root filesystem is".to_owned());
        return plain("the kernel's own files", Some(path), help);
    }
    let known = need.and_then(|n| n.paths.iter().find(|p| is_at(&path, &p.target)));
    let place = Place::of(&path, &folder, symptom.is_state);
    let (target, storage) = match known {
        Some(known) => (known.target.to_string(), known.storage.clone()),
        None => (place.target, place.storage),
    };
    // A folder that was to be made beside the image's own files is mounted by itself.
    let target = if known.is_none() && symptom.is_made && is_filled(&target, need) { path.clone() } else { target };
    if known.is_none() && is_filled(&target, need) {
        let help = symptom.help.map_or_else(|| about_filled(&target), str::to_owned);
        return plain(place.cause, Some(path), Some(help));
    }
    match writable(symptom, hearing, &target, storage) {
        Ok(mend) => {
            let help = help.or(place.help.map(str::to_owned));
            Advice { cause: place.cause, path: Some(path), mend: Some(mend), help, remedy: None }
        }
        Err(why) => plain(place.cause, Some(path), Some(why)),
    }
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

fn no_exec(symptom: &Symptom, path: String, hearing: Hearing<'_, '_>) -> Advice {
    let folder = if symptom.is_folder { path.clone() } else { parent(&path) };
    let target = if is_at(&folder, "/tmp") { "/tmp".to_owned() } else { folder };
    // An item that is there already is the person's.
    let is_there = !hearing.is_planned && hearing.service.is_some_and(|s| matches!(s.coverage(&path), Coverage::Writable(_)));
    let known = hearing.need.and_then(|n| n.paths.iter().find(|p| *p.target == *target));
    if known.is_none() && is_filled(&target, hearing.need) {
        let help = Some(symptom.help.map_or_else(|| about_filled(&target), str::to_owned));
        return Advice { cause: "a program that may not be run", path: Some(path), mend: None, help, remedy: None };
    }
    let options = match known.map(|p| &p.storage) {
        Some(Storage::Scratch(options)) => options.clone(),
        _ => TmpfsOptions { mode: Some(0o1777), ..TmpfsOptions::default() },
    };
    let options = TmpfsOptions { exec: true, ..options };
    let mend = (!is_there).then(|| writable(symptom, hearing, &target, Storage::Scratch(options))).transpose();
    let help = format!("the tmpfs at {target} needs `exec`: the engine's default is noexec");
    let help = Some(symptom.help.map_or(help, str::to_owned));
    let (mend, help) = mend.map_or_else(|why| (None, Some(why)), |mend| (mend, help));
    Advice { cause: "a program that is run from a tmpfs", path: Some(path), mend, help, remedy: None }
}

/// A user who may not write is our business where a mount is: the engine gives it to root.
fn denied(symptom: &Symptom, path: String, hearing: Hearing<'_, '_>) -> Advice {
    let mount = hearing.service.and_then(|s| match s.coverage(&path) {
        Coverage::Writable(mount) => Some((s, mount)),
        _ => None,
    });
    let Some((service, mount)) = mount else {
        let help = "nothing is mounted there: the user may not write in the image's own folder".to_owned();
        let help = Some(symptom.help.map_or(help, str::to_owned));
        return Advice { cause: "a user who may not write there", path: Some(path), mend: None, help, remedy: None };
    };
    let (target, shown) = (mount.target.to_string(), mount.shown_target());
    let user = user_of(service, hearing.need, &target);
    let (mut mend, mut remedy) = (None, None);
    let help = match (mount.kind, mount.shown_source(), user) {
        (MountKind::Tmpfs, _, Some((uid, gid))) => {
            let options = TmpfsOptions { mode: Some(0o700), uid: Some(uid), gid: Some(gid), ..TmpfsOptions::default() };
            let item = options.item(shown);
            mend = if hearing.is_planned { writable(symptom, hearing, &target, Storage::Scratch(options)).ok() } else { None };
            format!("the tmpfs belongs to root; write it as `{item}`")
        }
        (MountKind::Volume, Some(volume), Some((uid, gid))) => {
            remedy = if mount.is_placed && !mount.is_hidden() { owner_service(service, volume, &target, uid, gid) } else { None };
            let more = if remedy.is_some() {
                "a service that gives it away once, before this one starts, also mends a volume that is there already"
            } else {
                "give it that user's folder in the image"
            };
            format!(
                "the volume belongs to root, since the image has no folder {shown} of user {uid}; {more} (`explain volume-owner` shows all ways)"
            )
        }
        (kind, ..) => {
            if kind == MountKind::Tmpfs && hearing.is_planned {
                let options = TmpfsOptions { mode: Some(0o755), ..TmpfsOptions::default() };
                mend = writable(symptom, hearing, &target, Storage::Scratch(options)).ok();
            }
            format!(
                "the mount at {shown} belongs to root: give a tmpfs `uid=` and `gid=` of the service's user, and a volume that user's folder in \
             the image (`explain volume-owner`)"
            )
        }
    };
    let help = Some(symptom.help.map_or(help, str::to_owned));
    Advice { cause: "ownership of a mount", path: Some(path), mend, help, remedy }
}

/// Number of the user and the group that a service runs as, as far as the file or its preset says.
fn user_of(service: &Service<'_>, need: Option<&Need>, target: &str) -> Option<(u32, u32)> {
    let text = service.text("user").unwrap_or_default();
    let mut parts = text.split(':').map(|part| part.parse::<u32>().ok());
    let uid = parts.next().flatten().or_else(|| need?.paths.iter().find(|p| *p.target == *target)?.owner)?;
    (uid != 0).then(|| (uid, parts.next().flatten().unwrap_or(uid)))
}

/// A service that gives a volume to the user, as YAML for a file of its own. `None` where the service has no image to take it from, or
/// its short list cannot name the target.
fn owner_service(service: &Service<'_>, volume: &str, target: &str, uid: u32, gid: u32) -> Option<String> {
    let image = service.shown_text("image").filter(|_| service.get("build").is_none())?;
    let target = &*escaped(&Target::new(target, &Storage::State).ok()?).into_owned();
    let text = |text: &str| quote_if_needed(text, true).into_owned();
    let (name, own) = (text(service.name), text(&format!("{}-owner", service.name)));
    Some(format!(
        "services:\n  {own}:\n    image: {}\n    user: \"0:0\"\n    network_mode: none\n    read_only: true\n    cap_drop: [ALL]\n    \
         cap_add: [CHOWN]\n    entrypoint: [chown, \"{uid}:{gid}\", {target}]\n    command: []\n    volumes: [{}]\n  {name}:\n    \
         depends_on:\n      {own}:\n        condition: service_completed_successfully\n",
        text(&image),
        text(&format!("{volume}:{target}")),
        target = text(target),
    ))
}

/// Errors: why nothing can be mounted there, a sentence.
fn writable(symptom: &Symptom, hearing: Hearing<'_, '_>, target: &str, storage: Storage) -> Result<WritablePath, String> {
    let target = Target::new(target, &storage).map_err(|why| unmountable(target, why))?;
    let log = hearing.log;
    let text = format!("{} said: {}", symptom.program, symptom.text);
    let reason = Reason {
        source: if hearing.is_planned { Source::Run } else { Source::Log(log.to_owned()) },
        text,
        link: (!hearing.is_planned).then(|| format!("{log}:{}", symptom.line)),
        confidence: Confidence::Reported,
    };
    let service = hearing.service.map_or_else(|| symptom.service.clone().unwrap_or_default(), |s| s.name.to_owned());
    Ok(WritablePath { service, target, storage, is_declared: false, owner: None, reason: Arc::new(reason) })
}
