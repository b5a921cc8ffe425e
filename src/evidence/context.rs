//! What is known of one service from its own keys and its Dockerfile: image, user, command, environment, and what names a path.

mod configuration;
mod present;
mod variables;

pub(super) use variables::is_named;

use super::preset::{Condition, Preset, User, fits};
use super::scripts::shell_before;
use super::{ImagePath, Target};
use crate::compose::dockerfile::{Facts, facts, packages};
use crate::compose::env_file::{Given, has_any};
use crate::compose::settings::{Bound, bound};
use crate::compose::{
    Coverage, Env, Image, Known, Project, Service, Tag, Texts, Word, has_variable, is_at, script, shown_reference, split,
};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Longest text that a reason repeats from a file, in characters.
const MAX_QUOTED: usize = 60;

/// A service and what its Dockerfile says.
pub(super) struct ServiceContext<'s, 'a> {
    pub(super) service: &'s Service<'a>,
    /// `None` when it builds nothing.
    pub(super) built: Option<Result<Facts, String>>,
    /// Packages that its build context names.
    pub(super) packages: BTreeSet<String>,
    /// Its `image`, variables replaced.
    image: Option<Cow<'a, str>>,
    /// Where images come through under other names.
    mirrors: &'s [String],
    /// Its `environment`: (name, value, part); the value is `None` where it comes from outside the file.
    pub(super) environment: Vec<(&'a str, Option<&'a str>, usize)>,
    /// What its `env_file` sets.
    given: Given,
    /// What it has bound into it, such as configuration.
    pub(super) bound: Vec<Bound<'s>>,
    /// Mounts that count for no condition: those that an earlier plan made.
    pub(super) unseen: Unseen,
}

/// What stands between the words of two commands of a script.
pub(super) const BETWEEN: &str = ";";

/// Mounts that count for no condition.
#[derive(Debug, Default)]
pub(super) enum Unseen {
    /// None: all are of the person.
    #[default]
    Nothing,
    /// Every tmpfs.
    AllTmpfs,
    /// Each tmpfs at one of these places.
    Tmpfs(Vec<Target>),
}

/// The users that a service's image has, and as whom it runs.
pub(super) struct ImageUsers<'p> {
    /// Numbers of user and group, by name.
    pub(super) by_name: BTreeMap<&'p str, (u32, u32)>,
    pub(super) run_user: RunUser,
    /// The word of a tag behind which the version is.
    version_after: Option<&'p str>,
}

/// As whom a service runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunUser {
    /// By number; the group is `None` when the image decides it.
    Number(u32, Option<u32>),
    /// Somebody whose number is not known: as written.
    Name(String),
    /// Nothing is known.
    Unknown,
}

impl<'s, 'a> ServiceContext<'s, 'a> {
    /// `left` bounds how much is read of all files together.
    pub(super) fn new(project: &Project<'s>, service: &'s Service<'a>, texts: &'s Texts, left: &mut usize, mirrors: &'s [String]) -> Self {
        let image = service.text("image");
        let (built, packages) = (facts(service, texts, left), packages(service, texts, left));
        let environment = variables::environment(service);
        let given = if has_any(service) {
            let own = environment.iter().map(|(name, value, part)| {
                let word = value.map(|value| service.word(*part, value)).filter(|word| word.is_known);
                ((*name).to_owned(), word.map(|word| word.text))
            });
            Given::of(service, texts, &own.collect::<Env>().below(project.sources.env().clone()), left)
        } else {
            Given::default()
        };
        let bound = bound(project, service, texts, left);
        Self { service, built, packages, image, mirrors, environment, given, bound, unseen: Unseen::default() }
    }

    /// Whether it is built here, so that its image may have more than its base.
    pub(super) fn is_built(&self) -> bool {
        self.built.is_some()
    }

    pub(super) fn facts(&self) -> Option<&Facts> {
        self.built.as_ref()?.as_ref().ok()
    }

    /// The image that it runs or builds on, and the words for it (`image node:22`). Errors: why it is not known.
    pub(super) fn image(&self) -> Result<(Image<'_>, String), String> {
        let (text, shown, what) = match (&self.built, self.image.as_deref()) {
            // With a build, `image` is only the name of what comes out.
            (Some(Err(why)), _) => return Err(why.clone()),
            (Some(Ok(facts)), _) => (facts.base.as_deref().map_err(Clone::clone)?, facts.shown_base.clone(), "Dockerfile base"),
            (None, Some(image)) => (image, shown_reference(&self.service.shown_text("image").unwrap_or_default()), "image"),
            (None, None) => return Err("it names no image".into()),
        };
        let image = Image::behind(self.mirrors, text).ok_or_else(|| format!("a variable decides the image {shown}"))?;
        Ok((image, format!("{what} {shown}")))
    }

    /// Its users and as whom it runs: `user`, else the Dockerfile's `USER`, else what `base` says of the image. Users of `additions`
    /// count where `base` has none of that name.
    pub(super) fn users<'p>(&'p self, base: &'p Preset, additions: impl Iterator<Item = &'p Preset>) -> ImageUsers<'p> {
        let mut by_name = BTreeMap::new();
        let pair = |user: &'p User| (user.name.as_str(), (user.uid, user.gid));
        additions.for_each(|preset| by_name.extend(preset.users.iter().map(pair)));
        by_name.extend(base.users.iter().map(pair));
        for variant in &base.tags {
            match self.has_tag(&variant.word) {
                Known::No => {}
                Known::Yes => by_name.extend(variant.users.iter().map(pair)),
                Known::Unknown => {
                    for user in &variant.users {
                        by_name.remove(user.name.as_str());
                    }
                }
            }
        }
        let made = self.facts().map_or(&[][..], |facts| &facts.users);
        by_name.extend(made.iter().map(|user| (user.name.as_str(), (user.uid, user.gid))));
        let text = self.user();
        let run_user = match (text.as_deref(), base.run_user.uid) {
            (Some(text), _) => match run_user(text, &by_name) {
                // A name that a variable gives is not repeated.
                RunUser::Name(name) => RunUser::Name(self.service.shown_text("user").map_or(name, Cow::into_owned)),
                known => known,
            },
            (None, Some(uid)) => RunUser::Number(uid, base.run_user.gid),
            (None, None) => RunUser::Unknown,
        };
        ImageUsers { by_name, run_user, version_after: base.version_after.as_deref() }
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
    pub(super) fn needs(&self, when: &[Condition], unless: &[Condition], users: &ImageUsers<'_>) -> Known {
        let when = all(when.iter().map(|c| self.holds(c, users)));
        let unless = any(unless.iter().map(|c| match c {
            Condition::Present(paths) => any(paths.iter().map(|p| self.provided(p))),
            other => self.holds(other, users),
        }));
        all([when, not(unless)].into_iter())
    }

    fn holds(&self, condition: &Condition, users: &ImageUsers<'_>) -> Known {
        let known = |found: bool| if found { Known::Yes } else { Known::No };
        match condition {
            Condition::Present(paths) => any(paths.iter().map(|p| self.present(p))),
            Condition::Command(wanted) => known(self.has_word(|word| wanted.iter().any(|w| fits(w, word)))),
            Condition::User(names) => match &users.run_user {
                RunUser::Number(uid, _) => {
                    known(names.iter().any(|n| matches!(run_user(n, &users.by_name), RunUser::Number(u, _) if u == *uid)))
                }
                RunUser::Name(name) if has_variable(name) => Known::Unknown,
                RunUser::Name(name) => known(names.iter().any(|n| name.split(':').next() == Some(n))),
                RunUser::Unknown => Known::Unknown,
            },
            Condition::Env(names) => any(names.iter().map(|n| self.sets(n))),
            Condition::Tag(parts) => any(parts.iter().map(|part| self.has_tag(part))),
            Condition::Version(versions) => match self.image().ok().and_then(|(image, _)| image.version(users.version_after)) {
                Some(version) => known(versions.iter().any(|range| (range.from..=range.to).contains(&version))),
                None => Known::Unknown,
            },
            Condition::Key(keys) => known(keys.iter().any(|key| self.has(key))),
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
    pub(super) fn image_paths(&self) -> Vec<ImagePath> {
        let Some(facts) = self.facts() else { return Vec::new() };
        let copied = facts.copied.iter().map(|path| ImagePath { path: path.clone(), by: "Dockerfile COPY", is_workdir: false });
        let workdir = facts.workdir.iter().map(|path| ImagePath { path: path.clone(), by: "Dockerfile WORKDIR", is_workdir: true });
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

    /// The first of its own variables whose name has one of these in it, or its command, if a word of that has.
    pub(super) fn names_one_of(&self, parts: &[&str]) -> Option<String> {
        let has = |text: &str| parts.iter().any(|part| text.to_ascii_uppercase().contains(part));
        let variable = self.environment.iter().find(|(name, ..)| has(name)).map(|(name, ..)| format!("its variable {}", short(name)));
        // Words of a command may be secret.
        let command = || self.service.texts("command").iter().any(|node| has(node.text())).then(|| "its command".to_owned());
        variable.or_else(command)
    }

    /// Whether its Dockerfile declares `path`, or a folder above it, as a volume.
    pub(super) fn declares(&self, path: &str) -> bool {
        self.declared().any(|folder| is_at(path, folder))
    }

    /// What its Dockerfile declares as volumes.
    pub(super) fn declared(&self) -> impl Iterator<Item = &str> {
        let folders = self.facts().map_or(&[][..], |facts| &facts.folders);
        folders.iter().filter(|(kind, _)| *kind == "VOLUME").map(|(_, folder)| folder.as_str())
    }

    /// Whether its Dockerfile gives `path`, or a folder above it, to a user.
    pub(super) fn gives_away(&self, path: &str) -> bool {
        self.facts().is_some_and(|f| f.owned.iter().any(|owned| is_at(path, owned)))
    }

    /// Its own `working_dir`.
    pub(super) fn own_workdir(&self) -> Option<Word> {
        self.service.word_of("working_dir")
    }

    /// Where its programs run, as far as it or its Dockerfile says so.
    pub(super) fn workdir(&self) -> Option<Word> {
        let of_image = || Some(Word { text: self.facts()?.workdir.clone()?, is_known: true, is_hidden: false });
        self.own_workdir().or_else(of_image)
    }

    /// The words of its own `command`.
    pub(super) fn own_command(&self) -> Option<Vec<Word>> {
        self.service.words("command").filter(|words| !words.is_empty())
    }

    /// The words that it is started with, as far as they are known: its own ones, else those of its Dockerfile. Those of a shell's script
    /// are words as well.
    pub(super) fn argv(&self) -> Vec<Word> {
        let of_image = |text: fn(&Facts) -> &Option<String>| Some(split(text(self.facts()?).as_deref()?));
        let own = self.service.words("entrypoint").filter(|words| !words.is_empty());
        let command = match (self.own_command(), &own) {
            (None, None) => of_image(|f| &f.cmd),
            (command, _) => command,
        };
        let entrypoint = own.or_else(|| of_image(|f| &f.entrypoint));
        let mut argv: Vec<Word> = Vec::new();
        for word in [entrypoint, command].into_iter().flatten().flatten() {
            match shell_before(&argv) {
                // The options of the shell are none of the programs that it runs.
                Some(shell) => {
                    argv.truncate(shell);
                    for command in script(&word.text).commands {
                        // What one command is given is not for the next.
                        argv.extend((argv.len() > shell).then(|| Word { text: BETWEEN.to_owned(), is_known: true, is_hidden: false }));
                        argv.extend(command.words.into_iter().map(|own| Word { is_hidden: word.is_hidden, ..own }));
                    }
                }
                None => argv.push(word),
            }
        }
        argv
    }

    /// Whether something that can be written is mounted at `path` or above it. `path` may be a text with a variable, which a mount has in
    /// the same words.
    pub(super) fn is_mounted(&self, path: &str) -> bool {
        let is_there = matches!(self.service.coverage(path), Coverage::Engine | Coverage::Writable(_));
        let as_written = |target: &str| path == target || path.strip_prefix(target).is_some_and(|rest| rest.starts_with('/'));
        is_there || self.service.all_mounts().any(|m| m.writable != Known::No && !m.is_placed && as_written(&m.target))
    }

    /// The commands that count, with what to call them: Compose's own replace those of the image, and a new entrypoint drops the image's
    /// `CMD`.
    pub(super) fn commands(&self) -> Vec<(&'static str, String)> {
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
        // What is mounted itself asks for nothing else.
        let named = |text: &str| tokens(text).map(absolute).find(|token| is_at(token, path) && !self.is_target(token)).map(short);
        let assigned = |what: &str, name: &str, value: &str| {
            let token = named(value)?;
            // Of a longer value only the path is repeated: the rest may be secret.
            let alone = token == value;
            Some(if alone { format!("{what} {}={token}", short(name)) } else { format!("{what} {} names {token}", short(name)) })
        };
        let own = || self.environment.iter().find_map(|(name, value, _)| assigned("environment", name, (*value)?));
        let commands = || self.commands().iter().find_map(|(what, text)| Some(format!("{what} names {}", named(text)?)));
        let facts = self.facts();
        let folders = || facts?.folders.iter().find(|(_, folder)| is_at(folder, path)).map(|(k, f)| format!("Dockerfile {k} {}", short(f)));
        let env = || facts?.environment.iter().find_map(|(name, value)| assigned("Dockerfile ENV", name, value));
        own().or_else(commands).or_else(folders).or_else(env)
    }
}

/// A `user` as written, with the numbers of the names that are known.
fn run_user(text: &str, by_name: &BTreeMap<&str, (u32, u32)>) -> RunUser {
    let (user, group) = text.split_once(':').map_or((text, None), |(u, g)| (u, Some(g)));
    let known = if user == "root" { Some((0, 0)) } else { by_name.get(user).copied() };
    let Some(uid) = known.map(|(uid, _)| uid).or_else(|| user.parse().ok()) else { return RunUser::Name(text.to_owned()) };
    // The engine takes the group from the image's user of that number.
    let own = || by_name.values().find(|(u, _)| *u == uid).map(|(_, gid)| *gid);
    match group {
        None => RunUser::Number(uid, known.map(|(_, gid)| gid).or_else(own)),
        Some(group) => RunUser::Number(uid, group.parse().ok().or_else(|| by_name.get(group).map(|(_, gid)| *gid))),
    }
}

/// Words of a command or value, cut at blanks, quotes, `=`, `:`, `,`, brackets and shell operators.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
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
pub(super) fn short(text: &str) -> String {
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
