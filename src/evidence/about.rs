//! What is known of one service from its own keys and its Dockerfile: image, user, command, environment, and what names a path.

use super::Brought;
use super::preset::{Below, Condition, Preset, User, Writable, fits};
use super::{Storage, Target};
use crate::compose::dockerfile::{Dockerfiles, Facts, facts, packages};
use crate::compose::{Image, Known, Service, Tag, clean_path, has_variable, is_at, merge};
use crate::yaml::{Kind, Node};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Longest text that a reason repeats from a file, in characters.
const MAX_QUOTED: usize = 60;

/// Ecosystems, and the presets of images whose programs are of them.
const LANGUAGES: [(&str, &[&str]); 6] =
    [("npm", &["node"]), ("pypi", &["python"]), ("gem", &["ruby"]), ("composer", &["php"]), ("maven", &["java"]), ("nuget", &["dotnet"])];

/// Programs with which official images start, where they are not called like the image.
const STARTS: [&str; 8] =
    ["apache2-foreground", "catalina.sh", "docker-entrypoint.sh", "docker-php-entrypoint", "kc.sh", "mongod", "mysqld", "php-fpm"];

/// A service and what its Dockerfile says.
pub(super) struct About<'s, 'a> {
    pub(super) service: &'s Service<'a>,
    /// `None` when it builds nothing.
    built: Option<Result<Facts, String>>,
    /// Packages that its build context names.
    packages: BTreeSet<String>,
    /// Its `image`, variables replaced.
    image: Option<Cow<'a, str>>,
    /// Its `environment`: (name, value); the value is `None` where it comes from outside the file.
    environment: Vec<(&'a str, Option<&'a str>)>,
}

/// The users that a service's image has, and as whom it runs.
pub(super) struct Who<'p> {
    /// Numbers of user and group, by name.
    users: BTreeMap<&'p str, (u32, u32)>,
    pub(super) runner: Runner,
    /// The word of a tag behind which the version is.
    version_after: Option<&'p str>,
}

/// As whom a service runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Runner {
    /// By number; the group is `None` when the image decides it.
    Number(u32, Option<u32>),
    /// Somebody whose number is not known: as written.
    Name(String),
    /// Nothing is known.
    Unknown,
}

impl<'s, 'a> About<'s, 'a> {
    /// `left` bounds how much is read of all Dockerfiles together.
    pub(super) fn new(service: &'s Service<'a>, dockerfiles: &Dockerfiles, left: &mut usize) -> Self {
        let image = service.text("image");
        let (built, packages) = (facts(service, dockerfiles, left), packages(service, dockerfiles, left));
        Self { service, built, packages, image, environment: environment(service) }
    }

    /// Whether it is built, and not only pulled.
    pub(super) fn is_built(&self) -> bool {
        self.built.is_some()
    }

    /// Whether what it builds runs another program than that of its base, which `preset` knows. Options alone are
    /// arguments of the base's own start.
    pub(super) fn runs_its_own_program(&self, preset: &Preset) -> bool {
        if !self.is_built() || preset.runtime {
            return self.is_built();
        }
        let image = self.image().map(|(image, _)| image.repository.to_owned()).unwrap_or_default();
        let family = image.rsplit('/').next().unwrap_or_default();
        let known = |program: &str| {
            let starts = [family, preset.name.as_str()].into_iter().any(|name| program.starts_with(name));
            starts || STARTS.contains(&program)
        };
        self.commands().iter().any(|(_, text)| {
            let first = tokens(text).next().filter(|word| !word.starts_with('-'));
            first.is_some_and(|word| !known(word.rsplit('/').next().unwrap_or(word)))
        })
    }

    /// Packages that its build context names, of which those of another language than that of its base do not count.
    pub(super) fn packages(&self, base: &Preset) -> impl Iterator<Item = &str> {
        let own = LANGUAGES.iter().find(|(_, presets)| presets.contains(&base.name.as_str())).map(|(ecosystem, _)| *ecosystem);
        let is_own = move |package: &&str| own.is_none_or(|own| package.split(':').next() == Some(own));
        self.packages.iter().map(String::as_str).filter(|_| base.runtime).filter(is_own)
    }

    /// A preset's path as it is in this service. `None` when its folder is not known.
    pub(super) fn placed<'w>(&self, path: &'w Writable, who: &Who<'_>) -> Option<Cow<'w, Writable>> {
        let folder = match path.below {
            None => return Some(Cow::Borrowed(path)),
            Some(Below::Workdir) => self.workdir()?,
            Some(Below::Home) => self.home(who)?,
        };
        let storage = path.scratch.clone().map_or(Storage::State, Storage::Scratch);
        let target = Target::new(&clean_path(&format!("{folder}{}", path.target)), &storage).ok()?;
        Some(Cow::Owned(Writable { target, below: None, ..path.clone() }))
    }

    /// The folder that it runs in.
    fn workdir(&self) -> Option<Cow<'_, str>> {
        let own = self.service.text("working_dir").filter(|folder| folder.starts_with('/') && !has_variable(folder));
        let of_image = || self.facts()?.workdir.as_deref().map(Cow::Borrowed);
        if self.has("working_dir") { own } else { of_image() }
    }

    /// The home folder of its user.
    fn home(&self, who: &Who<'_>) -> Option<Cow<'_, str>> {
        let of_image = || Some(self.facts()?.environment.iter().rev().find(|(name, _)| name == "HOME")?.1.as_str());
        let own = self.environment.iter().find(|(name, _)| *name == "HOME").map(|(_, value)| *value);
        if let Some(home) = own.unwrap_or_else(of_image) {
            return Some(Cow::Borrowed(home)).filter(|home| home.starts_with('/') && !has_variable(home));
        }
        match &who.runner {
            Runner::Number(0, _) => Some(Cow::Borrowed("/root")),
            Runner::Number(uid, _) => {
                let name = who.users.iter().find(|(_, (number, _))| number == uid)?.0;
                Some(Cow::Owned(format!("/home/{name}")))
            }
            _ => None,
        }
    }

    fn facts(&self) -> Option<&Facts> {
        self.built.as_ref()?.as_ref().ok()
    }

    /// The image that it runs or builds on, and the words for it (`image node:22`). Errors: why it is not known.
    pub(super) fn image(&self) -> Result<(Image<'_>, String), String> {
        let (text, shown, what) = match (&self.built, self.image.as_deref()) {
            // With a build, `image` is only the name of what comes out.
            (Some(Err(why)), _) => return Err(why.clone()),
            (Some(Ok(facts)), _) => {
                (facts.base.as_deref().map_err(Clone::clone)?, Cow::Borrowed(facts.shown_base.as_str()), "Dockerfile base")
            }
            (None, Some(image)) => (image, self.service.shown_text("image").unwrap_or_default(), "image"),
            (None, None) => return Err("it names no image".into()),
        };
        let image = Image::parse(text).ok_or_else(|| format!("a variable decides the image {}", short(&shown)))?;
        Ok((image, format!("{what} {}", short(&shown))))
    }

    /// Its users and as whom it runs: `user`, else the Dockerfile's `USER`, else what `base` says of the image. Users of `additions`
    /// count where `base` has none of that name.
    pub(super) fn who<'p>(&'p self, base: &'p Preset, additions: impl Iterator<Item = &'p Preset>) -> Who<'p> {
        let mut users = BTreeMap::new();
        let pair = |user: &'p User| (user.name.as_str(), (user.uid, user.gid));
        additions.for_each(|preset| users.extend(preset.users.iter().map(pair)));
        users.extend(base.users.iter().map(pair));
        for variant in &base.tags {
            match self.has_tag(&variant.word) {
                Known::No => {}
                Known::Yes => users.extend(variant.users.iter().map(pair)),
                Known::Unknown => {
                    for user in &variant.users {
                        users.remove(user.name.as_str());
                    }
                }
            }
        }
        let made = self.facts().map_or(&[][..], |facts| &facts.users);
        users.extend(made.iter().map(|user| (user.name.as_str(), (user.uid, user.gid))));
        let text = self.user();
        let runner = match (text.as_deref(), base.run_user.uid) {
            (Some(text), _) => match runner(text, &users) {
                // A name that a variable gives is not repeated.
                Runner::Name(name) => Runner::Name(self.service.shown_text("user").map_or(name, Cow::into_owned)),
                known => known,
            },
            (None, Some(uid)) => Runner::Number(uid, base.run_user.gid),
            (None, None) => Runner::Unknown,
        };
        Who { users, runner, version_after: base.version_after.as_deref() }
    }

    /// Whom the service or its Dockerfile names as its user.
    fn user(&self) -> Option<Cow<'_, str>> {
        let own = self.service.values("user").pop().filter(|v| !v.entry.value().resolved().is_null());
        let own = own.map(|v| self.service.resolve(v.part, v.entry.value().resolved().text())).filter(|text| !text.is_empty());
        own.or_else(|| self.facts()?.user.as_deref().map(Cow::Borrowed))
    }

    /// Whether the service has a `user` of its own, or its Dockerfile names one.
    pub(super) fn has_user(&self) -> bool {
        self.user().is_some()
    }

    /// Whether what has these conditions counts for the service.
    pub(super) fn needs(&self, when: &[Condition], unless: &[Condition], who: &Who<'_>) -> Known {
        let when = all(when.iter().map(|c| self.holds(c, who)));
        let unless = any(unless.iter().map(|c| self.holds(c, who)));
        all([when, not(unless)].into_iter())
    }

    fn holds(&self, condition: &Condition, who: &Who<'_>) -> Known {
        let known = |found: bool| if found { Known::Yes } else { Known::No };
        match condition {
            Condition::Present(paths) => any(paths.iter().map(|p| self.present(p))),
            Condition::Command(wanted) => known(self.has_word(|word| wanted.iter().any(|w| fits(w, word)))),
            Condition::User(names) => match &who.runner {
                Runner::Number(uid, _) => known(names.iter().any(|n| matches!(runner(n, &who.users), Runner::Number(u, _) if u == *uid))),
                Runner::Name(name) if has_variable(name) => Known::Unknown,
                Runner::Name(name) => known(names.iter().any(|n| name.split(':').next() == Some(n))),
                Runner::Unknown => Known::Unknown,
            },
            Condition::Env(names) => any(names.iter().map(|n| self.sets(n))),
            Condition::Tag(parts) => any(parts.iter().map(|part| self.has_tag(part))),
            Condition::Version(versions) => match self.image().ok().and_then(|(image, _)| image.version(who.version_after)) {
                Some(version) => known((versions.from..=versions.to).contains(&version)),
                None => Known::Unknown,
            },
            Condition::Manifest(wanted) => known(wanted.iter().any(|package| self.packages.contains(package))),
            Condition::Unstarted => known(self.commands().is_empty()),
        }
    }

    /// Whether the tag of its image has the part `wanted` between `-`.
    pub(super) fn has_tag(&self, wanted: &str) -> Known {
        match self.image().map(|(image, _)| image.tag) {
            Ok(Tag::Named(tag)) if tag.split('-').any(|part| fits(wanted, part)) => Known::Yes,
            Ok(Tag::Named(_) | Tag::Newest) => Known::No,
            Ok(Tag::Unknown) | Err(_) => Known::Unknown,
        }
    }

    /// Whether `wanted` is true of a word of its commands; of a program's path that is the last part.
    pub(super) fn has_word(&self, mut wanted: impl FnMut(&str) -> bool) -> bool {
        self.commands().iter().any(|(_, text)| tokens(text).any(|token| token.rsplit('/').next().is_some_and(&mut wanted)))
    }

    /// What its Dockerfile puts into the image, and where it runs.
    pub(super) fn brings(&self) -> Vec<Brought> {
        let Some(facts) = self.facts() else { return Vec::new() };
        let copied = facts.copied.iter().map(|path| Brought { path: path.clone(), by: "Dockerfile COPY", is_workdir: false });
        let workdir = facts.workdir.iter().map(|path| Brought { path: path.clone(), by: "Dockerfile WORKDIR", is_workdir: true });
        copied.chain(workdir).collect()
    }

    /// The first of these words that its own command or entrypoint has.
    pub(super) fn word_of(&self, words: &[&'static str]) -> Option<&'static str> {
        words.iter().copied().find(|wanted| self.has_word(|word| word == *wanted))
    }

    /// Whether it starts something else than its image would.
    pub(super) fn replaces_entrypoint(&self) -> bool {
        self.has("entrypoint")
    }

    /// Whether its own `user` is written with a variable, whatever that comes to here.
    pub(super) fn user_has_variable(&self) -> bool {
        self.service.get("user").is_some_and(|e| has_variable(e.value().resolved().text()))
    }

    /// Whether a key is set.
    pub(super) fn has(&self, key: &str) -> bool {
        self.service.get(key).is_some_and(|e| !e.value().resolved().is_null())
    }

    /// Whether it has no network namespace of its own, or one in which low ports are closed again.
    pub(super) fn shares_network(&self) -> bool {
        let mode = self.service.text("network_mode");
        let is_shared = mode.is_some_and(|mode| !matches!(&*mode, "bridge" | "none" | "default"));
        let settings = self.service.values("sysctls");
        is_shared || settings.iter().any(|v| v.entry.value().resolved().source().contains("ip_unprivileged_port_start"))
    }

    /// Whether its Dockerfile gives `path`, or a folder above it, to a user.
    pub(super) fn gives_away(&self, path: &str) -> bool {
        self.facts().is_some_and(|f| f.owned.iter().any(|owned| is_at(path, owned)))
    }

    /// Whether something is mounted or copied at `path` or below it.
    fn present(&self, path: &str) -> Known {
        let copied = self.facts().is_some_and(|f| f.copied.iter().any(|c| is_at(c, path)));
        // Configs are files in the container as well.
        let configs = ["configs", "secrets"].iter().any(|key| self.service.texts(key).iter().any(|n| is_at(n.text(), path)));
        let mounted = self.service.mounts.iter().map(|mount| match mount.target.find('$').filter(|_| !mount.is_placed) {
            Some(variable) if path.starts_with(&mount.target[..variable]) || is_at(&mount.target[..variable], path) => Known::Unknown,
            Some(_) => Known::No,
            None if is_at(&mount.target, path) => Known::Yes,
            None => Known::No,
        });
        if copied || configs { Known::Yes } else { any(mounted) }
    }

    /// Whether the environment sets `NAME`, or `NAME=word`.
    fn sets(&self, wanted: &str) -> Known {
        let (name, word) = wanted.split_once('=').map_or((wanted, None), |(n, w)| (n, Some(w)));
        let own = self.environment.iter().find(|(n, _)| fits(name, n)).map(|(_, value)| *value);
        let value = own.or_else(|| Some(Some(self.facts()?.environment.iter().rev().find(|(n, _)| fits(name, n))?.1.as_str())));
        match (value, word) {
            (None, _) => Known::No,
            (Some(_), None) => Known::Yes,
            (Some(Some(value)), Some(word)) if tokens(value).any(|t| fits(word, t)) => Known::Yes,
            (Some(Some(value)), Some(_)) if !has_variable(value) => Known::No,
            (Some(_), Some(_)) => Known::Unknown,
        }
    }

    /// The commands that count, with what to call them: Compose's own replace those of the image, and a new entrypoint drops the image's
    /// `CMD`.
    fn commands(&self) -> Vec<(&'static str, String)> {
        let own = |key| {
            let words = || self.service.texts(key).iter().map(|n| n.text()).collect::<Vec<_>>().join(" ");
            self.service.get(key).filter(|e| !e.value().resolved().is_null()).map(|_| (key, words()))
        };
        let (entrypoint, command) = (own("entrypoint"), own("command"));
        let image = |kind, text: fn(&Facts) -> &Option<String>| Some((kind, text(self.facts()?).clone()?));
        let command = match (command, &entrypoint) {
            (None, None) => image("Dockerfile CMD", |f| &f.cmd),
            (command, _) => command,
        };
        let entrypoint = entrypoint.or_else(|| image("Dockerfile ENTRYPOINT", |f| &f.entrypoint));
        [command, entrypoint].into_iter().flatten().collect()
    }

    /// What names `path` or something below it: `environment DATA_DIR=/data`, `Dockerfile VOLUME /data`.
    pub(super) fn mention(&self, path: &str) -> Option<String> {
        let named = |text: &str| tokens(text).map(absolute).find(|token| is_at(token, path)).map(short);
        let assigned = |what: &str, name: &str, value: &str| {
            let token = named(value)?;
            // Of a longer value only the path is repeated: the rest may be secret.
            let alone = token == value;
            Some(if alone { format!("{what} {}={token}", short(name)) } else { format!("{what} {} names {token}", short(name)) })
        };
        let own = || self.environment.iter().find_map(|(name, value)| assigned("environment", name, (*value)?));
        let commands = || self.commands().iter().find_map(|(what, text)| Some(format!("{what} names {}", named(text)?)));
        let facts = self.facts();
        let folders = || facts?.folders.iter().find(|(_, folder)| is_at(folder, path)).map(|(k, f)| format!("Dockerfile {k} {}", short(f)));
        let env = || facts?.environment.iter().find_map(|(name, value)| assigned("Dockerfile ENV", name, value));
        own().or_else(commands).or_else(folders).or_else(env)
    }
}

/// The pairs of `environment` in either form, of all parts; of one name the last counts.
fn environment<'a>(service: &Service<'a>) -> Vec<(&'a str, Option<&'a str>)> {
    let mut found: Vec<(&str, Option<&str>)> = Vec::new();
    for value in service.values("environment") {
        let value = value.entry.value().resolved();
        let pairs: Vec<_> = match value.kind() {
            Kind::Sequence => {
                let pair = |text: &'a str| text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
                value.items().map(|item| pair(item.resolved().text())).collect()
            }
            _ => merge::entries(value)
                .iter()
                .map(|e| (e.name(), Some(e.value().resolved()).filter(|v| !v.is_null()).map(Node::text)))
                .collect(),
        };
        if !found.is_empty() {
            let names: HashSet<&str> = pairs.iter().map(|(name, _)| *name).collect();
            found.retain(|(name, _)| !names.contains(name));
        }
        found.extend(pairs);
    }
    found
}

/// A `user` as written, with the numbers of the names that are known.
fn runner(text: &str, users: &BTreeMap<&str, (u32, u32)>) -> Runner {
    let (user, group) = text.split_once(':').map_or((text, None), |(u, g)| (u, Some(g)));
    let known = if user == "root" { Some((0, 0)) } else { users.get(user).copied() };
    let Some(uid) = known.map(|(uid, _)| uid).or_else(|| user.parse().ok()) else { return Runner::Name(text.to_owned()) };
    // The engine takes the group from the image's user of that number.
    let own = || users.values().find(|(u, _)| *u == uid).map(|(_, gid)| *gid);
    match group {
        None => Runner::Number(uid, known.map(|(_, gid)| gid).or_else(own)),
        Some(group) => Runner::Number(uid, group.parse().ok().or_else(|| users.get(group).map(|(_, gid)| *gid))),
    }
}

/// Words of a command or value, cut at blanks, quotes, `=`, `:`, `,`, brackets and shell operators.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let separates = |c: char| c.is_whitespace() || "\"'=:,;&|()[]{}<>".contains(c);
    text.split(separates).filter(|t| !t.is_empty())
}

/// A token as a path: without the `-` of a default (`${DIR:-/data}`), and without the empty host of `sqlite:////data/app.db`. With two
/// slashes a host follows, so that is no path.
fn absolute(token: &str) -> &str {
    let token = token.strip_prefix('-').filter(|t| t.starts_with('/')).unwrap_or(token);
    match token.len() - token.trim_start_matches('/').len() {
        0 | 1 => token,
        2 => "",
        slashes => &token[slashes - 1..],
    }
}

/// Enough of a text for a reason.
fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn all(conditions: impl Iterator<Item = Known>) -> Known {
    not(any(conditions.map(not)))
}

fn any(conditions: impl Iterator<Item = Known>) -> Known {
    conditions.fold(Known::No, |so_far, next| match (so_far, next) {
        (Known::Yes, _) | (_, Known::Yes) => Known::Yes,
        (Known::Unknown, _) | (_, Known::Unknown) => Known::Unknown,
        _ => Known::No,
    })
}

fn not(known: Known) -> Known {
    match known {
        Known::Yes => Known::No,
        Known::No => Known::Yes,
        Known::Unknown => Known::Unknown,
    }
}
