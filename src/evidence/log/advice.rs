//! From a symptom to a writable path, or to what else can be done.

mod mounted;
mod powers;

use super::{Cause, Deed, Symptom};
use crate::compose::{Coverage, Service, clean_path, is_at};
use crate::evidence::place::{Asked, Kind, Place, instead, is_kernels, linked, remedies, unmountable};
use crate::evidence::select::owned;
use crate::evidence::{Confidence, Need, Reason, RunUser, Source, Storage, Target, TmpfsOptions, WritablePath};
use std::sync::Arc;

/// Where there is no room left.
const FULL: &str = "no room left";

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
pub struct AdviceContext<'h, 'a> {
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
pub fn advise(symptom: &Symptom, context: AdviceContext<'_, '_>) -> Advice {
    let AdviceContext { service, need, .. } = context;
    let help = symptom.help.map(str::to_owned);
    let path = absolute(symptom, service, need);
    let plain = |cause, path, help| Advice { cause, path, mend: None, help, remedy: None };
    let Some(path) = path else {
        let cause = match symptom.cause {
            Cause::Harmless => "harmless",
            Cause::Capability => "a missing capability",
            Cause::Full => FULL,
            _ if symptom.path.is_some() => "a relative path, and the working directory is not known",
            _ => "a path that the line does not name",
        };
        let known = remedies(symptom.path.as_deref().unwrap_or_default(), &symptom.text, need);
        let usual = match symptom.cause {
            Cause::Capability if help.is_none() => powers::refused(symptom, context),
            Cause::Full => Some(powers::full(None, context)),
            _ => None,
        };
        return plain(cause, None, joined([help, known, usual]));
    };
    match symptom.cause {
        Cause::Harmless => return plain("harmless", Some(path), help),
        Cause::Capability => {
            let help = help.or_else(|| powers::refused(symptom, context));
            return plain("a missing capability", Some(path), help);
        }
        Cause::Full => {
            let help = joined([help, Some(powers::full(Some(&path), context))]);
            return plain(FULL, Some(path), help);
        }
        Cause::NoExec | Cause::Denied | Cause::ReadOnly => {}
    }
    if let Some(Coverage::ReadOnly(mount)) = service.map(|s| s.coverage(&path)) {
        let help = format!(
            "the project mounts {} read-only: leave it so, or give it the right owner where it is defined (`user:`, or `uid`, `gid` and \
             `mode` of a config or secret)",
            mount.shown_target()
        );
        return plain("a mount that is read-only on purpose", Some(path), Some(help));
    }
    if let Some(Coverage::Writable(mount)) = service.map(|s| s.coverage(&path)) {
        return match symptom.cause {
            Cause::NoExec => mounted::no_exec(symptom, path, mount, context),
            Cause::Denied => mounted::denied(symptom, path, mount, context),
            _ if symptom.is_asked => mounted::denied(symptom, path, mount, context),
            _ => {
                let help = Some("the file already has a writable mount there; the log may be older than that".to_owned());
                plain("a path that is writable now", Some(path), help)
            }
        };
    }
    if is_kernels(&path) {
        let help = Some("it is read-only in every container, whatever the root filesystem is".to_owned());
        return plain("the kernel's own files", Some(path), help);
    }
    unmounted(symptom, path, context)
}

/// What is done about a path at which nothing is mounted.
fn unmounted(symptom: &Symptom, path: String, context: AdviceContext<'_, '_>) -> Advice {
    let need = context.need;
    // A catalogue may fill a folder before the program starts, which a mount here would not.
    let is_known = |p: &&WritablePath| is_at(&path, &p.target) && !matches!(p.reason.source, Source::Catalogue(_));
    let known = need.and_then(|n| n.paths.iter().find(is_known));
    let kind = kind_of(symptom, &path);
    // Of what is edited in place the line names a copy by chance, of which only the folder is kept.
    let asked = if kind == Kind::Edited { format!("{path}/copy") } else { path.clone() };
    let place = Place::of(Asked { path: &asked, kind, is_state: symptom.is_state, need, has_program: &|_| None });
    let own = symptom.help.map(str::to_owned);
    let remedy = remedies(&path, &symptom.text, need);
    let mount = known.map(|k| (k.target.to_string(), k.storage.clone())).or(place.mount.clone());
    let cause = match symptom.cause {
        _ if place.is_start_script() => place.cause,
        Cause::NoExec => "a program that is run from a tmpfs",
        Cause::Denied => "a user who may not write there",
        _ => place.cause,
    };
    let plain = |help| Advice { cause, path: Some(path.clone()), mend: None, help, remedy: None };
    if let Some(instead) = instead(&path, &symptom.text).or_else(|| linked(&path, need)).filter(|_| known.is_none()) {
        return plain(Some(instead));
    }
    let Some((target, storage)) = mount else { return plain(joined([own.clone(), remedy.clone(), place.help.clone()])) };
    let run_user = need.map_or(&RunUser::Unknown, |n| &n.run_user);
    // The engine's volume there is as the image has the folder, and one with a name would be the same.
    if symptom.cause == Cause::Denied && known.is_some_and(|known| known.is_declared && known.reason.source == Source::Rule) {
        let user = match run_user {
            RunUser::Number(uid, _) => uid.to_string(),
            RunUser::Name(name) => name.clone(),
            RunUser::Unknown => "USER".to_owned(),
        };
        let how = format!(
            "the volume that the Dockerfile declares there is root's: make the folder above `USER` and `VOLUME`, \
             `RUN mkdir -p {target} && chown {user} {target}`; `explain volume-owner` has other ways"
        );
        let cause = "ownership of a volume of the image";
        return Advice { cause, path: Some(path), mend: None, help: joined([own, remedy, Some(how)]), remedy: None };
    }
    let uid = if let RunUser::Number(uid, _) = run_user { Some(*uid).filter(|uid| *uid != 0) } else { None };
    let is_new = kind == Kind::Made || kind == Kind::Unknown && target == path;
    if symptom.cause != Cause::ReadOnly {
        let help = if uid.is_some() && is_at(&target, "/root") {
            Some("/root belongs to root, and no other user can enter it: set HOME to a folder of the service's user, such as /tmp")
        } else if storage == Storage::State && !is_new && known.is_none() {
            Some("nothing is mounted there: the user may not write in the image's own folder")
        } else {
            None
        };
        if let Some(help) = help {
            return plain(joined([own, remedy, Some(help.to_owned())]));
        }
    }
    let storage = match storage {
        Storage::Scratch(options) => {
            let exec = options.exec || symptom.cause == Cause::NoExec || symptom.runs;
            let options = if known.is_some() { options } else { owned(&options, Confidence::Documented, run_user).0 };
            // Root is refused where it is no longer root, or has no capabilities; and a line does not say who wrote it.
            let is_somebody = known.is_none() && need.is_some_and(|need| need.gives_root_up);
            let is_open = options.uid.is_none() && (symptom.cause == Cause::Denied || is_somebody);
            let mode = if is_open { Some(0o1777) } else { options.mode };
            Storage::Scratch(TmpfsOptions { mode, exec, ..options })
        }
        Storage::State => Storage::State,
    };
    // A volume at a folder that the image does not have is root's.
    let owner = uid.filter(|_| storage == Storage::State && is_new && context.is_planned);
    let more = uid.filter(|_| storage == Storage::State && is_new).map(|uid| {
        format!("a new volume there belongs to root, unless the image has the folder: user {uid} must own it (`explain volume-owner`)")
    });
    match writable(symptom, context, &target, storage, owner) {
        Ok(mend) => {
            let help = joined([own, remedy, place.help, more]);
            Advice { cause, path: Some(path), mend: Some(mend), help, remedy: None }
        }
        Err(why) => plain(Some(why)),
    }
}

/// Sentences as one, each once.
fn joined(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let mut all: Vec<String> = Vec::new();
    for part in parts.into_iter().flatten() {
        if !all.contains(&part) {
            all.push(part);
        }
    }
    // What begins with a capital is a sentence of its own.
    let next = |text: String, part: String| {
        let separator = if part.starts_with(|c: char| c.is_ascii_uppercase()) { ". " } else { "; " };
        text + separator + &part
    };
    all.into_iter().reduce(next)
}

/// Who said something, in a sentence: of a language it is not the language that speaks.
fn speaker(program: &str) -> &str {
    match program {
        ".net" => "a .NET program",
        "erlang" => "an Erlang program",
        "go" => "a Go program",
        "java" => "a Java program",
        "node" => "a Node.js program",
        "perl" => "a Perl program",
        "php" => "a PHP program",
        "python" => "a Python program",
        "ruby" => "a Ruby program",
        "rust" => "a Rust program",
        other => other,
    }
}

/// What the path of a symptom was to be.
fn kind_of(symptom: &Symptom, path: &str) -> Kind {
    let is_file = || path.rsplit('/').next().is_some_and(|name| name.trim_start_matches('.').contains('.'));
    match symptom.deed {
        Deed::Edit => Kind::Edited,
        Deed::Make => Kind::Made,
        _ if symptom.is_folder => Kind::Folder,
        Deed::Own if !is_file() => Kind::Folder,
        Deed::Own | Deed::Open | Deed::Run => Kind::File,
        Deed::Unknown => Kind::Unknown,
    }
}

/// Makes one of mounts that are inside each other or the same: `/var/log` and `/var/log/app`. What
/// must be kept stays by itself in what may vanish.
pub fn join(advices: &mut [&mut Advice]) {
    let mends: Vec<WritablePath> = advices.iter().filter_map(|a| a.mend.clone()).collect();
    for advice in advices {
        let Some(own) = &mut advice.mend else { continue };
        let covers = |outer: &&WritablePath| {
            let is_same = outer.target == own.target && outer.storage == Storage::State && own.storage != Storage::State;
            let is_above = outer.target != own.target && is_at(&own.target, &outer.target);
            let is_kept = own.storage == Storage::State && outer.storage != Storage::State;
            outer.service == own.service && (is_same || is_above && !is_kept)
        };
        if let Some(outer) = mends.iter().filter(covers).min_by_key(|outer| outer.target.len()) {
            *own = outer.clone();
        }
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
    let image = need.and_then(|n| n.image_paths.iter().find(|b| b.is_workdir));
    let known = need.and_then(|n| n.workdir.as_deref());
    own.as_deref().or(image.map(|b| b.path.as_str())).or(known).map(join)
}

/// Errors: why nothing can be mounted there, a sentence.
fn writable(
    symptom: &Symptom,
    context: AdviceContext<'_, '_>,
    target: &str,
    storage: Storage,
    owner: Option<u32>,
) -> Result<WritablePath, String> {
    let target = Target::new(target, &storage).map_err(|why| unmountable(target, why))?;
    let log = context.log;
    let text = format!("{} said: {}", speaker(symptom.program), symptom.text);
    let reason = Reason {
        source: if context.is_planned { Source::Run } else { Source::Log(log.to_owned()) },
        text,
        link: (!context.is_planned).then(|| format!("{log}:{}", symptom.line)),
        confidence: Confidence::Reported,
    };
    let service = context.service.map_or_else(|| symptom.service.clone().unwrap_or_default(), |s| s.name.to_owned());
    Ok(WritablePath { service, target, storage, is_declared: false, owner, reason: Arc::new(reason) })
}
