//! Which service gets which preset, and what that says it needs.

mod family;
mod paths;
mod tmpfs;

use super::basis::Basis;
use super::context::{ImageUsers, RunUser, ServiceContext, Unseen};
use super::health;
use super::limit::{self, Restriction};
use super::preset::{Preset, added_for, added_for_package};
use super::{Confidence, Extra, Extras, Limit, Need, Reason, Source, Storage, Target, WritablePath};
use crate::compose::dockerfile::MAX_TOTAL_BYTES;
use crate::compose::{Known, Project, Texts, is_at};
use crate::error::{Error, Result};
use crate::remedy::Remedy;
use crate::text::{FileId, nearest};
use crate::yaml::NodeId;
use family::{Family, Parsed, embedded};
use paths::Gathered;
pub(super) use paths::owned;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

pub use family::known;

/// The preset of services that no other preset knows.
const FALLBACK: &str = "generic";

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
    /// Presets that a configuration file names for services; one that the command line names for the service wins.
    pub assigned: HashMap<String, Arc<Preset>>,
    /// Paths that a configuration file names for services.
    pub paths: HashMap<String, Vec<WritablePath>>,
    /// Paths that services were seen to do without.
    pub spared: HashMap<String, Vec<String>>,
    /// All capabilities that services were seen to need, or `None` where runs did not tell; this counts before what presets say.
    pub capabilities: HashMap<String, Option<Vec<String>>>,
    /// Starts of image names behind which other registries are: `registry.example.com/proxy`.
    pub mirrors: Vec<String>,
    /// Whether the person agrees to what is assumed.
    pub assume: bool,
    /// Services of which the person agrees to what is assumed.
    pub agreed: HashSet<String>,
    /// What else is asked for.
    pub with: Extras,
    /// What else is asked for of single services.
    pub more: HashMap<String, Extras>,
    /// What of all that is not asked for of single services.
    pub without: HashMap<String, Extras>,
    /// The file whose lines alone may change, where all changes go into a layer of their own.
    pub layer: Option<FileId>,
    /// Whether to say of every extra what is known, for an audit.
    pub limits: bool,
}

impl Selection {
    /// Whether a service is among those that are asked for.
    pub fn wants(&self, service: &str) -> bool {
        let has = |names: &[String]| names.iter().any(|name| name == service);
        !has(&self.skip) && (self.only.is_empty() || has(&self.only) || self.forced.iter().any(|(name, _)| name == service))
    }

    /// The services that the command line names.
    pub fn named(&self) -> HashSet<&str> {
        self.only.iter().chain(self.forced.iter().map(|(name, _)| name)).map(String::as_str).collect()
    }
}

/// What every selected service needs, in the project's order. `texts` holds what [`crate::compose::dockerfile::references`] and
/// [`crate::compose::env_file::references`] ask for, as far as it exists.
///
/// A preset that is named takes the services that it matches and those that are built on what no preset knows, never an image of
/// another name, unless they are for anything. A preset for commands is added to that of the image, whose paths then count as well.
///
/// Errors: a selected service that is not there, or that gets two presets.
pub fn needs(project: &Project<'_>, selection: &Selection, texts: &Texts) -> Result<Vec<Need>> {
    check(project, selection)?;
    let only: HashSet<&str> = selection.only.iter().map(String::as_str).collect();
    let skip: HashSet<&str> = selection.skip.iter().map(String::as_str).collect();
    let forced: HashMap<&str, &Arc<Preset>> = selection.forced.iter().map(|(name, preset)| (name.as_str(), preset)).collect();
    let claims = Claims::of(&selection.presets);
    let bases = project.services.iter().flat_map(|s| &s.parts).filter(|part| part.is_base);
    let extended: Extended = bases.map(|part| (part.definition.span().file, part.definition.id())).collect();
    let mut parsed = Parsed::new();
    let mut left = MAX_TOTAL_BYTES;
    let mut found = Vec::new();
    for service in &project.services {
        let named = forced.get(service.name).copied().or_else(|| selection.assigned.get(service.name));
        let is_forced = forced.contains_key(service.name);
        if skip.contains(service.name) || !only.is_empty() && !only.contains(service.name) && !is_forced {
            continue;
        }
        let mut context = ServiceContext::new(project, service, texts, &mut left, &selection.mirrors);
        if let Some(choice) = choose(&context, selection, &claims, named, &mut parsed)? {
            found.push(need(&mut context, &choice, selection, named.is_some() || only.contains(service.name), &extended));
        }
    }
    leave_to_lenders(project, &mut found);
    Ok(found)
}

/// The definitions that services extend.
type Extended = HashSet<(FileId, NodeId)>;

/// What one service keeps, others have from it by `volumes_from`: a volume of their own would hide it from them.
fn leave_to_lenders(project: &Project<'_>, needs: &mut [Need]) {
    let kept =
        |need: &Need| -> Vec<Target> { need.paths.iter().filter(|p| p.storage == Storage::State).map(|p| p.target.clone()).collect() };
    let lenders: HashMap<String, Vec<&str>> = needs
        .iter()
        .filter_map(|need| Some((need.service.clone(), project.service(&need.service)?.lenders.clone())))
        .filter(|(_, lenders)| !lenders.is_empty())
        .collect();
    if lenders.is_empty() {
        return;
    }
    let kept: HashMap<String, Vec<Target>> = needs.iter().map(|need| (need.service.clone(), kept(need))).collect();
    for need in needs {
        let theirs = lenders.get(&need.service).into_iter().flatten().filter_map(|lender| kept.get(*lender)).flatten();
        let theirs: HashSet<&Target> = theirs.collect();
        need.paths.retain(|path| path.storage != Storage::State || !theirs.contains(&path.target));
    }
}

/// What to say where a person names a service that is not there: the nearest name, else those that are.
pub fn instead_of(project: &Project<'_>, name: &str) -> String {
    match nearest(name, project.services.iter().map(|s| s.name)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("services: {}", project.services.iter().take(20).map(|s| s.name).collect::<Vec<_>>().join(", ")),
    }
}

fn check(project: &Project<'_>, selection: &Selection) -> Result<()> {
    let forced = || selection.forced.iter().map(|(name, _)| name);
    if let Some(name) = selection.only.iter().chain(&selection.skip).chain(forced()).find(|name| project.service(name).is_none()) {
        return Err(Error::Impossible(format!("there is no service `{name}`"), Some(instead_of(project, name).into())));
    }
    let mut claims: HashMap<&str, &str> = HashMap::new();
    for preset in &selection.presets {
        for image in &preset.images {
            if let Some(other) = claims.insert(image, &preset.name).filter(|other| *other != preset.name) {
                let message = format!("the presets {other} and {} both claim the image {image}", preset.name);
                return Err(Error::Impossible(message, Some("name one of them, or take the image out of your own".into())));
            }
        }
    }
    let mut seen = HashMap::new();
    for (name, preset) in &selection.forced {
        if let Some(other) = seen.insert(name, preset)
            && other != preset
        {
            let message = format!("the service `{name}` is given two presets, {} and {}", other.name, preset.name);
            return Err(Error::Impossible(message, Some(Remedy::NamePreset { service: name.clone(), preset: Some(preset.name.clone()) })));
        }
    }
    Ok(())
}

/// A preset of a service.
pub(super) struct Part {
    pub(super) preset: Arc<Preset>,
    /// Whether the person named it, which is consent to its assumptions.
    pub(super) named: bool,
    /// Whether something of the service's own speaks for it.
    pub(super) recognised: bool,
}

/// The presets of a service.
pub(super) struct Choice {
    /// That of its image.
    pub(super) base: Part,
    /// What that was recognised by (`image node:22`), or why it was not.
    pub(super) recognised: Result<String, String>,
    /// Those of its commands.
    pub(super) additions: Vec<Part>,
}

/// The presets that are named for the whole project, and which of them claims an image.
struct Claims<'p> {
    presets: &'p [Arc<Preset>],
    additions: Vec<&'p Arc<Preset>>,
    /// The first that is for images.
    for_images: Option<&'p Arc<Preset>>,
    /// The first that is for anything.
    for_anything: Option<&'p Arc<Preset>>,
    by_image: HashMap<&'p str, usize>,
    by_prefix: HashMap<&'p str, usize>,
    /// The lengths of the prefixes.
    lengths: BTreeSet<usize>,
}

impl<'p> Claims<'p> {
    fn of(presets: &'p [Arc<Preset>]) -> Self {
        let (additions, for_images): (Vec<_>, Vec<_>) = presets.iter().partition(|p| p.is_addition());
        let mut claims = Self {
            presets,
            additions,
            for_images: for_images.first().copied(),
            for_anything: presets.iter().find(|p| p.is_for_anything()),
            by_image: HashMap::new(),
            by_prefix: HashMap::new(),
            lengths: BTreeSet::new(),
        };
        for (i, preset) in presets.iter().enumerate() {
            for image in &preset.images {
                claims.by_image.entry(image).or_insert(i);
            }
            for prefix in &preset.prefixes {
                claims.by_prefix.entry(prefix).or_insert(i);
                claims.lengths.insert(prefix.len());
            }
        }
        claims
    }

    /// The first that does.
    fn first(&self, repository: &str) -> Option<&'p Arc<Preset>> {
        let starts = self.lengths.iter().map_while(|&length| (length <= repository.len()).then(|| repository.get(..length)));
        let by_prefix = starts.flatten().filter_map(|start| self.by_prefix.get(start));
        by_prefix.chain(self.by_image.get(repository)).min().map(|&i| &self.presets[i])
    }
}

fn choose(
    context: &ServiceContext<'_, '_>,
    selection: &Selection,
    claims: &Claims<'_>,
    forced: Option<&Arc<Preset>>,
    parsed: &mut Parsed,
) -> Result<Option<Choice>> {
    let seen = context.image();
    let repository = seen.as_ref().ok().map(|(image, _)| image.repository);
    let claiming_it = repository.and_then(|repository| claims.first(repository));
    let named = |preset: &Arc<Preset>| {
        let is_first = claiming_it.is_some_and(|first| Arc::ptr_eq(first, preset));
        Part { preset: preset.clone(), named: true, recognised: is_first || repository.is_some_and(|r| preset.claims(r)) }
    };
    let for_images = forced.filter(|p| !p.is_addition()).or(claiming_it);
    let family = repository.and_then(Family::of);
    let is_known = for_images.is_some() || family.is_some();
    let additions = additions(context, selection, claims, forced, is_known, parsed)?;
    let is_wanted = selection.auto || additions.iter().any(|a| a.named);
    // Of what a provider runs the audit says that it is no container.
    let is_taken = || context.is_built() || context.service.get("provider").is_some();
    let for_unknown = claims.for_images.filter(|_| is_taken()).or(claims.for_anything);
    let base = match (for_images, family, for_unknown) {
        (Some(preset), ..) | (None, None, Some(preset)) => named(preset),
        (None, Some(family), _) if is_wanted => Part { preset: family.preset(parsed)?, named: false, recognised: true },
        (None, None, _) if is_wanted => Part { preset: embedded(FALLBACK, parsed)?, named: false, recognised: false },
        _ => return Ok(None),
    };
    let mut additions = additions;
    if selection.auto && base.recognised {
        let names: HashSet<String> = additions.iter().map(|part| part.preset.name.clone()).collect();
        let mut found: Vec<&str> =
            context.packages(&base.preset).filter_map(added_for_package).filter(|name| !names.contains(*name)).collect();
        found.sort_unstable();
        found.dedup();
        for name in found {
            additions.push(Part { preset: embedded(name, parsed)?, named: false, recognised: true });
        }
    }
    let recognised = match seen {
        Ok((_, what)) if base.recognised => Ok(what),
        Ok((_, what)) => Err(format!("unknown {what}")),
        Err(why) => Err(why),
    };
    Ok(Some(Choice { base, recognised, additions }))
}

/// The presets for commands that the service has, each name once. Those that the person named come first, and count without a command
/// where they are for this service or where nothing is known of it.
fn additions(
    context: &ServiceContext<'_, '_>,
    selection: &Selection,
    claims: &Claims<'_>,
    forced: Option<&Arc<Preset>>,
    is_known: bool,
    parsed: &mut Parsed,
) -> Result<Vec<Part>> {
    let uses = |preset: &Preset| context.has_word(|word| preset.commands.iter().any(|c| c == word));
    let named = claims.additions.iter().copied().filter(|p| !is_known && context.is_built() || uses(p)).chain(forced);
    let mut found: Vec<Part> = Vec::new();
    let mut names = HashSet::new();
    for preset in named.filter(|p| p.is_addition()) {
        if names.insert(preset.name.as_str()) {
            found.push(Part { preset: preset.clone(), named: true, recognised: uses(preset) });
        }
    }
    let mut others = Vec::new();
    if selection.auto {
        context.has_word(|word| {
            others.extend(added_for(word));
            false
        });
    }
    for name in others {
        if names.insert(name) {
            found.push(Part { preset: embedded(name, parsed)?, named: false, recognised: true });
        }
    }
    Ok(found)
}

fn need(context: &mut ServiceContext<'_, '_>, choice: &Choice, selection: &Selection, is_named: bool, extended: &Extended) -> Need {
    let base = &choice.base;
    let without = selection.without.get(context.service.name).copied().unwrap_or_default();
    let more = selection.more.get(context.service.name).copied().unwrap_or_default();
    let with = selection.with.without(without).and(more);
    let wants_limits = selection.limits || !with.is_empty();
    let agreed = selection.agreed.contains(context.service.name);
    let consent = base.named || agreed || choice.additions.iter().any(|a| a.named);
    let parts = || [base].into_iter().chain(&choice.additions);
    let named_paths = selection.paths.get(context.service.name).map_or(&[][..], Vec::as_slice);
    let own_tmpfs = if wants_limits { tmpfs::own(context, parts(), named_paths, (extended, selection.layer)) } else { Vec::new() };
    context.unseen = Unseen::Tmpfs(own_tmpfs.clone());
    let context = &*context;
    let mut users = context.users(&base.preset, choice.additions.iter().map(|a| &*a.preset));
    let user = limit::user(context, base, &users, &own_tmpfs).filter(|_| wants_limits);
    if let Some(Limit::Works(Restriction::User(uid, gid), reason)) = &user
        && with.has(Extra::User)
        && (selection.assume || consent || reason.confidence > Confidence::Assumed)
    {
        users.run_user = RunUser::Number(*uid, Some(*gid));
    }
    let mut basis = Basis::of(context, choice, &users, is_named);
    let mut gathered = Gathered::of(context, parts(), &users, with.has(Extra::Sizes));
    if let Some(item) = context.service.unknown_mounts {
        gathered.doubts.push(format!("it has the mounts of `{}`, which are not known here", item.resolved().text()));
        // A volume of its own would win over one that it has from there.
        gathered.paths.retain(|path| path.storage != Storage::State);
    }
    for doubt in gathered.doubts {
        basis.doubt(&doubt);
    }
    let mut paths = gathered.paths;
    // Somebody made it read-only already, and we know nothing of it: no guess beats that.
    let is_a_guess = choice.recognised.is_err() || base.preset.basis.as_ref().is_some_and(|b| b.confidence == Confidence::Assumed);
    if context.service.read_only == Known::Yes && is_a_guess && !base.named && !selection.assume {
        paths.clear();
    }
    if context.service.unknown_mounts.is_none() {
        paths.extend(paths::declared(context, &users, &paths));
    }
    // What the person says of a path counts before what a preset says.
    let own = named_paths;
    let is_vague = choice.recognised.is_err() || basis.confidence == Confidence::Base;
    // A path that was chosen beside what is known says nothing of the others.
    let told: Vec<&WritablePath> = own.iter().filter(|p| !p.reason.is_choice()).collect();
    if is_vague && !told.is_empty() {
        let is_seen = told.iter().all(|p| matches!(p.reason.source, Source::Run | Source::Log(_)));
        let is_by_image = told.iter().any(|p| matches!(p.reason.source, Source::Image(_)));
        (basis.text, basis.confidence) = if is_by_image {
            ("what its image says of itself; nobody ran it".to_owned(), Confidence::Assumed)
        } else if is_seen {
            ("what it writes was seen".to_owned(), Confidence::Reported)
        } else if told.iter().all(|p| p.reason.link.is_none()) {
            ("you name where it writes".to_owned(), Confidence::Documented)
        } else {
            ("the configuration file names where it writes".to_owned(), Confidence::Documented)
        };
    }
    // Of two presets' paths that were thrown out above, none is in its place any more.
    let mut places: HashMap<Target, usize> = paths.iter().enumerate().map(|(i, p)| (p.target.clone(), i)).collect();
    for path in own {
        let mut path = path.clone();
        // What was seen to work needs no other owner.
        if let (Storage::Scratch(options), true) = (&path.storage, !matches!(path.reason.source, Source::Run | Source::Image(_))) {
            path.storage = Storage::Scratch(owned(options, Confidence::Documented, &users.run_user).0);
        }
        let place = *places.entry(path.target.clone()).or_insert(paths.len());
        match paths.get_mut(place) {
            Some(known) => *known = path,
            None => paths.push(path),
        }
    }
    // A run showed the whole folder to be data; what a command or a variable names in it has no place of its own then.
    let in_data = |path: &WritablePath| {
        told.iter().any(|own| own.storage == Storage::State && own.target != path.target && is_at(&path.target, &own.target))
    };
    paths.retain(|path| path.reason.source != Source::Rule || path.is_declared || !in_data(path));
    if let Some(spared) = selection.spared.get(context.service.name) {
        let spared: HashSet<&str> = spared.iter().map(String::as_str).collect();
        paths.retain(|p| !spared.contains(&*p.target));
    }
    // There are many services, and few paths for each.
    paths.shrink_to_fit();
    let mut limits = if wants_limits { limit::limits(context, choice, &users, user, &paths) } else { Vec::new() };
    if let Some(seen) = selection.capabilities.get(context.service.name).filter(|_| wants_limits) {
        limit::seen_to_need(&mut limits, seen.as_deref());
    }
    let Basis { text, confidence, obstacles } = basis;
    let link = base.preset.basis.as_ref().and_then(|basis| basis.link.clone());
    let basis = Arc::new(Reason { source: base.preset.source(), text, link, confidence });
    let check = health::check(context, base, &users);
    let reminders = reminders(context, choice, &users);
    Need {
        service: context.service.name.to_owned(),
        consent: consent || selection.assume || told.iter().any(|p| !matches!(p.reason.source, Source::Image(_))),
        basis,
        recognised: choice.recognised.is_ok() || base.named || !told.is_empty() || choice.additions.iter().any(|a| a.recognised),
        paths,
        obstacles,
        own_tmpfs,
        image_paths: if selection.limits { context.image_paths() } else { Vec::new() },
        workdir: base.preset.workdir.clone(),
        limits,
        check,
        with,
        gives_root_up: users.by_name.values().any(|(uid, _)| *uid != 0) || base.preset.gives_root_up(),
        run_user: users.run_user,
        sayings: if selection.limits { sayings(choice) } else { Vec::new() },
        reminders,
    }
}

/// What the presets of a service say of its image.
fn sayings(choice: &Choice) -> Vec<String> {
    let presets = || [&choice.base].into_iter().chain(&choice.additions).map(|part| &part.preset);
    let obstacles = presets().flat_map(|p| &p.obstacles).map(|o| format!("{}: {}", o.why, o.remedy));
    let doubts = presets().flat_map(|p| &p.doubts).map(|d| d.why.clone());
    let hints = presets().flat_map(|p| &p.env).map(|e| format!("{}={}: {}", e.name, e.value, e.why));
    let notes = presets().flat_map(|p| &p.notes).cloned();
    let reminders = presets().flat_map(|p| &p.reminders).map(|r| r.text.clone());
    obstacles.chain(doubts).chain(reminders).chain(hints).chain(notes).collect()
}

/// What a person must see to before the service's container is recreated, unless that is done for sure.
fn reminders(context: &ServiceContext<'_, '_>, choice: &Choice, users: &ImageUsers<'_>) -> Vec<String> {
    let presets = [&choice.base].into_iter().chain(&choice.additions).map(|part| &part.preset);
    let all = presets.flat_map(|preset| &preset.reminders);
    all.filter(|r| context.needs(&r.when, &r.unless, users) != Known::No).map(|r| r.text.clone()).collect()
}

#[cfg(test)]
mod tests;
