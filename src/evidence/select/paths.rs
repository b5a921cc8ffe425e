//! Where a service must be able to write: what its presets say, at the places where the service has it, and what its own commands write.

use super::Part;
use crate::compose::{Coverage, Known, Word, is_at};
use crate::evidence::configured;
use crate::evidence::context::{ImageUsers, RunUser, ServiceContext, short};
use crate::evidence::moves::moves;
use crate::evidence::outputs::{Asks, outputs};
use crate::evidence::place::{Asked, Kind, Place, hides_files};
use crate::evidence::preset::{Mover, Writable};
use crate::evidence::{Confidence, Reason, Source, Storage, Target, TmpfsOptions, WritablePath, scripts};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The paths of a service, and what is not known of them.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) paths: Vec<WritablePath>,
    /// Why it is not sure that these are all, phrases.
    pub(super) doubts: Vec<String>,
    said: HashSet<String>,
    places: HashMap<Target, usize>,
    /// Where something in the service put scratch.
    moved: HashSet<Target>,
}

impl Gathered {
    pub(super) fn of<'p>(
        context: &ServiceContext<'_, '_>,
        parts: impl Iterator<Item = &'p Part>,
        users: &ImageUsers<'_>,
        sizes: bool,
    ) -> Self {
        let mut found = Self::default();
        let mut unknown: Vec<(&Part, &Writable)> = Vec::new();
        let mut idle = Vec::new();
        let argv = context.argv();
        let mut all = Vec::new();
        let mut is_foreign = context.is_built();
        for part in parts {
            is_foreign |= part.preset.runtime || !part.recognised;
            for path in &part.preset.writable {
                match context.placed(path, users) {
                    Some(placed) => all.push((part, placed)),
                    None if context.needs(&path.when, &path.unless, users) == Known::No => {}
                    None => found.doubt(format!("where {} is in it is not known", path.written())),
                }
            }
        }
        for (part, path) in &all {
            let (part, path) = (*part, &**path);
            let needed = context.needs(&path.when, &path.unless, users);
            if needed == Known::No {
                idle.push((part, path));
                continue;
            }
            let moves = moves(context, part.preset.workdir.as_deref(), path, users, &argv);
            // What somebody named is needed there, whatever decides of its usual place.
            for (target, by) in &moves.to {
                let needed = moved(context, part, path, users, sizes, (target, by));
                found.moved.extend(needed.iter().filter(|path| path.storage != Storage::State).map(|path| path.target.clone()));
                found.put(needed);
            }
            moves.doubts.into_iter().for_each(|doubt| found.doubt(doubt));
            match (moves.rest, needed) {
                (None, Known::Yes) => found.put(writable(context, part, path, users, sizes)),
                (None, _) => unknown.push((part, path)),
                (Some(rest), _) => {
                    for below in rest.iter().filter_map(|below| Target::new(below, &storage(path)).ok()) {
                        found.put(writable(context, part, &Writable { target: below, ..path.clone() }, users, sizes));
                    }
                }
            }
        }
        let mut asked = HashSet::new();
        for (part, path) in unknown {
            // Where the image declares it, it can be written in any case.
            let is_declared = is_declared(context, part, path, users);
            if !is_declared && !is_settled(context, path, &found.paths) && asked.insert(&path.target) {
                found.doubt(format!("whether it must write {} is not known from its files", path.target));
            }
        }
        found.written(context, &idle, users, sizes);
        let counts = |path: &Writable| context.needs(&path.when, &path.unless, users) != Known::No;
        let movers = all.iter().filter(|(_, path)| counts(path)).flat_map(|(_, path)| path.moved.iter().flat_map(|moved| &moved.by));
        found.told(context, &argv, &movers.collect::<Vec<_>>(), &idle, (users, sizes, is_foreign));
        let sayings = || all.iter().flat_map(|(part, _)| part.preset.notes.iter().chain(&part.preset.config));
        let is_known = |path: &str| {
            // `/var/run` is a link to `/run`.
            let path = path.strip_prefix("/var").filter(|rest| is_at(rest, "/run")).unwrap_or(path);
            let is_said =
                || all.iter().any(|(_, known)| is_at(path, &known.target)) || sayings().any(|text| configured::speaks_of(text, path));
            !matches!(context.service.coverage(path), Coverage::Root) || found.paths.iter().any(|p| is_at(path, &p.target)) || is_said()
        };
        let doubts = configured::doubts(context, &argv, is_known);
        doubts.into_iter().chain(context.runs_by_itself()).for_each(|doubt| found.doubt(doubt));
        found.join();
        found
    }

    /// Scratch that was put below other scratch which is open to all needs no mount of its own.
    fn join(&mut self) {
        let is_open = |path: &WritablePath| matches!(&path.storage, Storage::Scratch(options) if options.mode == Some(0o1777));
        let open: Vec<Target> = self.paths.iter().filter(|path| is_open(path)).map(|path| path.target.clone()).collect();
        let needs_exec = |path: &WritablePath| matches!(&path.storage, Storage::Scratch(options) if options.exec);
        let is_below = |path: &WritablePath| open.iter().any(|above| *above != path.target && is_at(&path.target, above));
        let moved = &self.moved;
        self.paths.retain(|path| !moved.contains(&path.target) || needs_exec(path) || !is_below(path));
    }

    fn put(&mut self, needed: Option<WritablePath>) {
        let Some(needed) = needed else { return };
        let place = *self.places.entry(needed.target.clone()).or_insert(self.paths.len());
        match self.paths.get_mut(place) {
            Some(other) if strength(&needed) > strength(other) => *other = needed,
            Some(_) => {}
            None => self.paths.push(needed),
        }
    }

    fn doubt(&mut self, doubt: String) {
        if self.said.insert(doubt.clone()) {
            self.doubts.push(doubt);
        }
    }

    /// What the scripts of its own commands write. What a preset says of such a place counts, also where it is not needed otherwise. Of
    /// other places only scratch is sure: whether anything else must be kept, nobody knows.
    fn written(&mut self, context: &ServiceContext<'_, '_>, idle: &[(&Part, &Writable)], users: &ImageUsers<'_>, sizes: bool) {
        let scripts::Written { paths, doubts, .. } = scripts::writes(context.service);
        doubts.into_iter().for_each(|doubt| self.doubt(doubt));
        for (path, folder) in paths {
            let is_known = self.paths.iter().any(|known| is_at(&path, &known.target));
            if is_known || !matches!(context.service.coverage(&path), Coverage::Root) {
                continue;
            }
            if let Some((part, known)) = idle.iter().find(|(_, known)| is_at(&path, &known.target)) {
                // What the image has there is made anew only where its own start script does that, or where it is what the command writes.
                if known.scratch.is_some() && hides_files(&known.target) && !path.ends_with("/default.conf") {
                    self.doubt(format!("its command writes {path}, and a tmpfs at {} hides what the image has there", known.target));
                }
                self.put(writable(context, part, known, users, sizes));
                continue;
            }
            let kind = if folder == path { Kind::Folder } else { Kind::File };
            let place = Place::of(Asked { path: &path, kind, is_state: false, need: None, has_program: &|_| None });
            let mount = place.mount.and_then(|(target, storage)| Some((Target::new(&target, &storage).ok()?, storage)));
            let Some((target, storage)) = mount else {
                self.doubt(format!("its command writes {path}, and no mount is known that fits there"));
                continue;
            };
            let confidence = match storage {
                Storage::Scratch(_) if !hides_files(&target) => Confidence::Documented,
                _ => Confidence::Assumed,
            };
            match (confidence, &storage) {
                (Confidence::Assumed, Storage::Scratch(_)) => {
                    self.doubt(format!("its command writes {path}, and a tmpfs at {target} hides what the image has there"));
                }
                (Confidence::Assumed, Storage::State) => {
                    self.doubt(format!("its command writes {path}, and whether that must be kept is not known"));
                }
                _ => {}
            }
            let storage = match storage {
                Storage::Scratch(options) => Storage::Scratch(owned(&options, Confidence::Documented, &users.run_user).0),
                Storage::State => Storage::State,
            };
            let reason = Arc::new(Reason { source: Source::Rule, text: format!("its command writes {path}"), link: None, confidence });
            self.put(Some(WritablePath {
                service: context.service.name.to_owned(),
                target,
                storage,
                is_declared: false,
                owner: None,
                reason,
            }));
        }
    }

    /// The places for output that words of the command and variables name, and no preset knows.
    fn told(
        &mut self,
        context: &ServiceContext<'_, '_>,
        argv: &[Word],
        known: &[&Mover],
        idle: &[(&Part, &Writable)],
        of: (&ImageUsers<'_>, bool, bool),
    ) {
        let (users, sizes, is_foreign) = of;
        let (outputs, doubts) = outputs(context, argv, known, is_foreign);
        doubts.into_iter().for_each(|doubt| self.doubt(doubt));
        for output in outputs {
            let above = self.paths.iter().find(|known| is_at(&output.path, &known.target)).map(|known| known.storage.clone());
            if above.as_ref().is_some_and(|storage| *storage != Storage::State) && output.is_database() {
                self.doubt(format!("{} names {}, and a tmpfs there does not keep it", output.by, output.path));
            }
            if above.is_some() || !matches!(context.service.coverage(&output.path), Coverage::Root) {
                continue;
            }
            if let Some((part, known)) = idle.iter().find(|(_, known)| is_at(&output.path, &known.target)) {
                self.put(writable(context, part, known, users, sizes));
                continue;
            }
            let (target, storage) = match output.asks() {
                Asks::Tmpfs(target, options) => (target, Storage::Scratch(owned(&options, Confidence::Documented, &users.run_user).0)),
                Asks::Volume(target) => (target, Storage::State),
                Asks::Doubt(why) => {
                    self.doubt(why);
                    continue;
                }
                Asks::Nothing => continue,
            };
            let text = format!("{} names {}", output.by, output.path);
            let Ok(target) = Target::new(&target, &storage) else {
                self.doubt(format!("{text}, and nothing can be mounted there"));
                continue;
            };
            let reason = Arc::new(Reason { source: Source::Rule, text, link: None, confidence: Confidence::Documented });
            let service = context.service.name.to_owned();
            let is_state = storage == Storage::State;
            let is_declared = is_state && context.declares(&target);
            let owner = new_owner(context, users, &target).filter(|_| is_state);
            self.put(Some(WritablePath { service, target, storage, is_declared, owner, reason }));
        }
    }
}

/// Who must own a volume at a place that the image need not have.
fn new_owner(context: &ServiceContext<'_, '_>, users: &ImageUsers<'_>, target: &str) -> Option<u32> {
    match &users.run_user {
        RunUser::Number(uid, _) if *uid != 0 && !context.gives_away(target) => Some(*uid),
        _ => None,
    }
}

/// Most volumes of one Dockerfile that are looked at.
const MAX_DECLARED: usize = 100;

/// What the service's Dockerfile declares as volumes and nothing of these holds: the engine makes a volume there for each container.
pub(super) fn declared(context: &ServiceContext<'_, '_>, users: &ImageUsers<'_>, known: &[WritablePath]) -> Vec<WritablePath> {
    let mut found: Vec<WritablePath> = Vec::new();
    // More are no data of anybody.
    for folder in context.declared().take(MAX_DECLARED) {
        // A preset says it better: what of it is data, or that it is scratch.
        let is_said = |path: &WritablePath| is_at(folder, &path.target) || path.storage == Storage::State && is_at(&path.target, folder);
        let is_temporary = ["/tmp", "/var/tmp", "/run", "/var/run"].iter().any(|top| is_at(folder, top));
        let Ok(target) = Target::new(folder, &Storage::State) else { continue };
        if is_temporary || known.iter().chain(&found).any(is_said) {
            continue;
        }
        let owner = new_owner(context, users, folder);
        let text = format!("Dockerfile VOLUME {}", short(folder));
        let reason = Arc::new(Reason { source: Source::Rule, text, link: None, confidence: Confidence::Documented });
        let service = context.service.name.to_owned();
        found.push(WritablePath { service, target, storage: Storage::State, is_declared: true, owner, reason });
    }
    found
}

/// Whether the image declares a path as a volume. What is known of an image says nothing of another.
fn is_declared(context: &ServiceContext<'_, '_>, part: &Part, path: &Writable, users: &ImageUsers<'_>) -> bool {
    let declared = path.declared.as_ref().filter(|declared| declared.is_volume && part.recognised);
    declared.is_some_and(|declared| context.needs(&declared.when, &[], users) == Known::Yes)
}

fn storage(path: &Writable) -> Storage {
    path.scratch.clone().map_or(Storage::State, Storage::Scratch)
}

/// The path at the place that something in the service names.
fn moved(
    context: &ServiceContext<'_, '_>,
    part: &Part,
    path: &Writable,
    users: &ImageUsers<'_>,
    sizes: bool,
    (target, by): (&str, &str),
) -> Option<WritablePath> {
    let target = Target::new(target, &storage(path)).ok()?;
    let text = format!("{}; {by} names this place", path.reason.text);
    let reason = Arc::new(Reason { text, confidence: Confidence::Documented, ..Reason::clone(&path.reason) });
    let mut needed = writable(context, part, &Writable { target, reason, ..path.clone() }, users, sizes)?;
    needed.is_declared = path.scratch.is_none() && context.declares(&needed.target);
    // The image need not have the folder.
    needed.owner = new_owner(context, users, &needed.target).filter(|_| path.scratch.is_none());
    Some(needed)
}

/// Whether it does not matter if a path is needed: it is writable already, or is to be, and holds what it must.
fn is_settled(context: &ServiceContext<'_, '_>, path: &Writable, needed: &[WritablePath]) -> bool {
    let holds = |storage: &Storage| match (storage, &path.scratch) {
        (Storage::State, _) => true,
        (Storage::Scratch(_), None) => false,
        (Storage::Scratch(own), Some(other)) => own.exec || !other.exec,
    };
    let is_there = matches!(context.service.coverage(&path.target), Coverage::Engine | Coverage::Writable(_));
    is_there || needed.iter().any(|other| other.target == path.target && holds(&other.storage))
}

/// Which of two presets counts for one path: data must be kept, what must run must be allowed to, and the surer one knows better.
fn strength(path: &WritablePath) -> (bool, bool, Confidence) {
    let exec = matches!(&path.storage, Storage::Scratch(options) if options.exec);
    (path.storage == Storage::State, exec, path.reason.confidence)
}

/// The path as this service needs it. `None` for an assumption that nothing speaks for.
fn writable(context: &ServiceContext<'_, '_>, part: &Part, path: &Writable, users: &ImageUsers<'_>, sizes: bool) -> Option<WritablePath> {
    let mut reason = path.reason.clone();
    // Where nothing is recognised, assumed scratch belongs to the assumption that the service can run read-only at all.
    if reason.confidence == Confidence::Assumed && (path.scratch.is_none() || part.recognised) {
        match context.mention(&path.target) {
            Some(text) => reason = Arc::new(Reason { text, confidence: Confidence::Documented, link: None, ..Reason::clone(&reason) }),
            None if !part.named && part.preset.basis.is_none() => return None,
            None => {}
        }
    }
    let storage = match &path.scratch {
        None => Storage::State,
        Some(options) => {
            let (mut options, guess) = owned(options, path.reason.confidence, &users.run_user);
            if let Some(guess) = guess {
                let text = format!("{}; {guess}", reason.text);
                reason = Arc::new(Reason { text, confidence: Confidence::Assumed, ..Reason::clone(&reason) });
            }
            options.size = path.size.clone().filter(|_| sizes);
            Storage::Scratch(options)
        }
    };
    // What is only assumed to be there may not be in the image, or not with this owner.
    let owner = match &users.run_user {
        RunUser::Number(uid, _) if *uid != 0 && path.scratch.is_none() && path.reason.confidence == Confidence::Assumed => {
            Some(*uid).filter(|_| !context.gives_away(&path.target))
        }
        _ => None,
    };
    let is_declared = path.scratch.is_none() && (is_declared(context, part, path, users) || context.declares(&path.target));
    Some(WritablePath { service: context.service.name.to_owned(), target: path.target.clone(), storage, is_declared, owner, reason })
}

/// The options with the owner who must write there, and what is guessed about them.
///
/// A tmpfs belongs to root unless `uid=` says otherwise, and runc before 1.1.15 loses `mode=` where the path exists or the container is
/// restarted. So a service that does not run as root gets its number written down. A folder that is known to be in the image with mode
/// 1777 keeps that mode everywhere and is open to all. Root gets no owner: without capabilities it could not write to another's folder.
pub(in crate::evidence) fn owned(options: &TmpfsOptions, confidence: Confidence, run_user: &RunUser) -> (TmpfsOptions, Option<String>) {
    let mut options = options.clone();
    let open = options.mode == Some(0o1777);
    let unknown = match run_user {
        RunUser::Number(0, _) => return (options, None),
        RunUser::Number(..) if open && confidence > Confidence::Assumed => return (options, None),
        RunUser::Number(uid, gid) => {
            options.gid = gid.or(options.gid.filter(|_| options.uid == Some(*uid)));
            options.uid = Some(*uid);
            return (options, None);
        }
        RunUser::Name(_) if open => return (options, None),
        RunUser::Name(name) => format!("the number of user {} is not known", name.chars().take(40).collect::<String>()),
        // It may be the writer whom the preset names, or all may write.
        RunUser::Unknown if options.uid.is_some() || options.mode.is_none_or(|mode| mode & 0o002 != 0) => return (options, None),
        RunUser::Unknown => "nothing is known of its user".to_owned(),
    };
    options = TmpfsOptions { mode: Some(0o1777), uid: None, gid: None, ..options };
    (options, Some(format!("open to all, since {unknown}")))
}
