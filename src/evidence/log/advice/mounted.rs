//! Symptoms at a path that has a writable mount: whose it is, and what may be run from it.

use super::{Advice, AdviceContext, joined, writable};
use crate::compose::{Mount, MountKind, Service, TmpfsItem, escaped, is_at};
use crate::evidence::log::{Deed, Symptom};
use crate::evidence::place::{Asked, Kind, Place, is_scratch, remedies};
use crate::evidence::{Need, RunUser, Storage, Target, TmpfsOptions};
use crate::yaml::quote_if_needed;

/// A program that may not be run: the engine mounts every tmpfs `noexec`.
pub(super) fn no_exec(symptom: &Symptom, path: String, mount: &Mount<'_>, context: AdviceContext<'_, '_>) -> Advice {
    let (target, shown) = (mount.target.to_string(), mount.shown_target());
    let cause = "a program that is run from a tmpfs";
    let own = symptom.help.map(str::to_owned);
    let remedy = remedies(&path, &symptom.text, context.need);
    if mount.kind == MountKind::Tmpfs {
        let options = options(context.service, mount);
        let user = user(context);
        let options = TmpfsOptions { exec: true, ..options };
        let is_open = options.mode.is_some_and(|mode| mode & 0o002 != 0);
        let options = if options.uid.is_none() && !is_open { given(options, user) } else { options };
        let help = format!("the tmpfs needs `exec`, the engine's default is noexec: write it as `{}`", options.at(shown));
        // As the engine has it where nobody says.
        let mode = options.mode.or(options.uid.is_none().then_some(0o1777));
        let options = TmpfsOptions { mode, ..options };
        let mend = context.is_planned.then(|| writable(symptom, context, &target, Storage::Scratch(options), None).ok()).flatten();
        return Advice { cause, path: Some(path), mend, help: joined([own, Some(help), remedy]), remedy: None };
    }
    // The disk behind a bind or a volume allows it, or it does not; a folder for scratch can be laid over it.
    let place = Place::of(Asked { path: &path, kind: Kind::File, is_state: false, need: context.need, has_program: &|_| None });
    let is_scratch = |folder: &str| folder.rsplit('/').next().is_some_and(is_scratch);
    let scratch = place.mount.filter(|(folder, _)| *folder != target && is_at(folder, &target) && is_scratch(folder));
    let mend = scratch.and_then(|(folder, storage)| {
        let Storage::Scratch(options) = storage else { return None };
        let options = given(TmpfsOptions { exec: true, ..options }, user(context));
        writable(symptom, context, &folder, Storage::Scratch(options), None).ok()
    });
    let help = format!(
        "the disk behind the mount at {shown} allows no programs to be run: mount it on the host with `exec`, or run them from elsewhere"
    );
    Advice { cause, path: Some(path), mend, help: joined([own, remedy, Some(help)]), remedy: None }
}

/// A user who may not write is our business where a mount is: the engine gives it to root.
pub(super) fn denied(symptom: &Symptom, path: String, mount: &Mount<'_>, context: AdviceContext<'_, '_>) -> Advice {
    let Some(service) = context.service else {
        return Advice { cause: "ownership of a mount", path: Some(path), mend: None, help: None, remedy: None };
    };
    let (target, shown) = (mount.target.to_string(), mount.shown_target());
    let now = options(context.service, mount);
    let user = user(context).or_else(|| owner_of(context.need, &target));
    let is_root = context.need.is_some_and(|n| matches!(n.run_user, RunUser::Number(0, _)));
    let is_open = now.mode.is_some_and(|mode| mode & 0o002 != 0);
    let is_owner = is_root || is_open || user.is_some_and(|(uid, _)| now.uid == Some(uid));
    if mount.kind == MountKind::Tmpfs && is_owner && !now.exec && symptom.deed == Deed::Run {
        return no_exec(symptom, path, mount, context);
    }
    let (mut mend, mut remedy) = (None, None);
    let help = match (mount.kind, mount.shown_source(), user) {
        (MountKind::Tmpfs, _, Some(_)) => {
            let options = given(now, user);
            let item = options.at(shown);
            let storage = Storage::Scratch(options);
            mend = if context.is_planned { writable(symptom, context, &target, storage, None).ok() } else { None };
            format!("the tmpfs belongs to root; write it as `{item}`")
        }
        (MountKind::Volume, Some(volume), Some((uid, gid))) => {
            remedy = if mount.is_placed && !mount.is_hidden() { owner_service(service, volume, &target, uid, gid) } else { None };
            let more = if remedy.is_some() {
                "a service that gives it away once, before this one starts, also fixes a volume that is there already"
            } else {
                "give it that user's folder in the image"
            };
            format!(
                "the volume belongs to root, since the image has no folder {shown} of user {uid}; {more} (`explain volume-owner` shows all ways)"
            )
        }
        (MountKind::Bind, source, user) => {
            let users = user.map_or("the user of the service".to_owned(), |(uid, _)| format!("user {uid}"));
            let folder = source.map_or_else(|| "the folder on the host".to_owned(), |source| format!("the folder {source} on the host"));
            let number = user.map_or("UID".to_owned(), |(uid, gid)| format!("{uid}:{gid}"));
            format!("{folder} must belong to {users}: `chown -R {number}` it there")
        }
        (kind, ..) => {
            if kind == MountKind::Tmpfs && context.is_planned {
                let options = TmpfsOptions { mode: Some(0o1777), ..now };
                mend = writable(symptom, context, &target, Storage::Scratch(options), None).ok();
            }
            format!(
                "the mount at {shown} belongs to root: give a tmpfs `uid=` and `gid=` of the service's user, and a volume that user's folder in \
             the image (`explain volume-owner`)"
            )
        }
    };
    let known = remedies(&path, &symptom.text, context.need);
    let help = joined([Some(symptom.help.map_or(help, str::to_owned)), known]);
    Advice { cause: "ownership of a mount", path: Some(path), mend, help, remedy }
}

/// The options of a tmpfs as the file has them.
fn options(service: Option<&Service<'_>>, mount: &Mount<'_>) -> TmpfsOptions {
    let text = mount.node.resolved().as_str().unwrap_or_default();
    let text = service.map_or_else(|| text.into(), |s| s.resolve(mount.part as usize, text));
    TmpfsItem::parse(&text).options
}

/// The same options, given to a user.
fn given(options: TmpfsOptions, user: Option<(u32, u32)>) -> TmpfsOptions {
    match user {
        Some((uid, gid)) => {
            let mode = options.mode.or(Some(0o700));
            TmpfsOptions { mode, uid: Some(uid), gid: Some(gid), ..options }
        }
        None => options,
    }
}

/// Number of the user and the group that a service runs as, as far as its files or its preset say.
fn user(context: AdviceContext<'_, '_>) -> Option<(u32, u32)> {
    let own = || {
        let text = context.service?.text("user")?;
        let mut parts = text.split(':').map(|part| part.parse::<u32>().ok());
        let uid = parts.next().flatten()?;
        Some((uid, parts.next().flatten().unwrap_or(uid)))
    };
    let known = context.need.and_then(|n| match n.run_user {
        RunUser::Number(uid, gid) => Some((uid, gid.unwrap_or(uid))),
        _ => None,
    });
    known.or_else(own).filter(|(uid, _)| *uid != 0)
}

/// Who must own what is mounted at a path, as far as somebody says.
fn owner_of(need: Option<&Need>, target: &str) -> Option<(u32, u32)> {
    let path = need?.paths.iter().find(|p| *p.target == *target)?;
    path.owner.filter(|uid| *uid != 0).map(|uid| (uid, uid))
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
