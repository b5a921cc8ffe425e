//! What a service can do without, beside its writable root filesystem: *service S needs no more than this, because R*.

use super::context::{ImageUsers, RunUser, ServiceContext};
use super::health::{self, HealthCheck};
use super::preset::{Capabilities, NoNewPrivileges, Preset};
use super::select::{Choice, Part};
use super::{Confidence, Reason, Source, Target, WritablePath};
use crate::compose::{Known, Mount, MountKind, is_at};
use std::sync::Arc;

/// Something beside the root filesystem that is taken away only when it is asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extra {
    /// `cap_drop: [ALL]`, with the least that must be added again.
    CapDrop,
    /// `security_opt: [no-new-privileges:true]`.
    NoNewPrivileges,
    /// `user`: the one with which the image needs no capability.
    User,
    /// Binds of files that the program only reads become read-only.
    ReadOnlyBinds,
    /// Size limits on new tmpfs mounts.
    Sizes,
    /// A named volume where the image declares one, which has no name without it.
    NamedVolumes,
    /// A `healthcheck` where neither the service nor its image has one.
    Healthcheck,
}

impl Extra {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::CapDrop, Self::NoNewPrivileges, Self::User, Self::ReadOnlyBinds, Self::Sizes, Self::NamedVolumes, Self::Healthcheck];

    /// Whether the word `all` means it too: it takes something away, and moves no data.
    pub fn is_of_all(self) -> bool {
        !matches!(self, Self::NamedVolumes | Self::Healthcheck)
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::CapDrop => "cap-drop",
            Self::NoNewPrivileges => "no-new-privileges",
            Self::User => "user",
            Self::ReadOnlyBinds => "read-only-binds",
            Self::Sizes => "sizes",
            Self::NamedVolumes => "named-volumes",
            Self::Healthcheck => "healthcheck",
        }
    }
}

/// Which extras are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extras(u8);

impl Extras {
    /// Whether `extra` is asked for.
    pub fn has(self, extra: Extra) -> bool {
        self.0 & 1 << extra as u8 != 0
    }

    /// Those that are not among `others`.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// These and `others`.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether none is.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Extra> for Extras {
    fn from_iter<I: IntoIterator<Item = Extra>>(extras: I) -> Self {
        Self(extras.into_iter().fold(0, |all, extra| all | 1 << extra as u8))
    }
}

/// What is known of one extra for one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The service works with this restriction.
    Works(Restriction, Arc<Reason>),
    /// It does not, or nobody knows: why.
    Unknown(Extra, String),
}

/// What is taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restriction {
    /// All capabilities but these; names as in Compose, without `CAP_`.
    Capabilities(Vec<String>),
    /// Programs cannot gain privileges.
    NoNewPrivileges,
    /// It starts as this user and group instead of root.
    User(u32, u32),
    /// What is bound at this path or below is only read.
    ReadOnly(String),
    /// The engine asks it whether it works. Nothing is taken away, but what depends on it waits.
    Healthcheck(HealthCheck),
}

impl Restriction {
    /// What it is asked for by.
    pub fn extra(&self) -> Extra {
        match self {
            Self::Capabilities(_) => Extra::CapDrop,
            Self::NoNewPrivileges => Extra::NoNewPrivileges,
            Self::User(..) => Extra::User,
            Self::ReadOnly(_) => Extra::ReadOnlyBinds,
            Self::Healthcheck(_) => Extra::Healthcheck,
        }
    }
}

/// What a service of this choice can do without, which must write `paths`. `user` is what [`user`] found.
pub(super) fn limits(
    context: &ServiceContext<'_, '_>,
    choice: &Choice,
    users: &ImageUsers<'_>,
    user: Option<Limit>,
    paths: &[WritablePath],
) -> Vec<Limit> {
    let presets = || std::iter::once(&choice.base).chain(&choice.additions);
    let mut found = vec![capabilities(context, choice, users), no_new_privileges(context, &choice.base, presets())];
    for part in presets() {
        let read = |path: &String| {
            let (text, confidence) = match context.mention(path) {
                // A shell that names it may write it; a program that is told of its configuration reads it.
                Some(mention) if context.word_of(&SHELLS).is_some() => (format!("{mention}, which may write there"), Confidence::Assumed),
                _ => (format!("{} only reads what is there", part.preset.name), Confidence::Documented),
            };
            Limit::Works(Restriction::ReadOnly(path.clone()), reason(part, text, confidence))
        };
        // What must be written is not only read.
        let is_rewritten = context.needs(&[], &part.preset.config_unless, users) != Known::Yes;
        let is_read = |path: &&String| !is_rewritten && !paths.iter().any(|p| is_at(&p.target, path) || is_at(path, &p.target));
        let is_bound = |path: &&String| context.service.mounts.iter().any(|m| is_bind_at(m, path));
        found.extend(part.preset.config.iter().filter(is_read).filter(is_bound).map(read));
    }
    found.extend(health::limit(context, &choice.base, users));
    if context.replaces_entrypoint() {
        // The image's own start is what the presets know.
        found.iter_mut().for_each(|limit| limit.doubt(OWN_ENTRYPOINT));
    }
    found.extend(user);
    found
}

/// Puts what runs showed in place of what presets say of capabilities.
pub(super) fn seen_to_need(limits: &mut Vec<Limit>, seen: Option<&[String]>) {
    let of_capabilities = |limit: &Limit| match limit {
        Limit::Works(restriction, _) => restriction.extra() == Extra::CapDrop,
        Limit::Unknown(extra, _) => *extra == Extra::CapDrop,
    };
    limits.retain(|limit| !of_capabilities(limit));
    let limit = seen.map_or_else(
        || {
            Limit::Unknown(
                Extra::CapDrop,
                "it failed without the capabilities that every container has, and no run told which it needs".into(),
            )
        },
        |add| {
            let text = if add.is_empty() { "it works without" } else { "it fails without any one of these, and works with them alone" };
            let reason = Reason { source: Source::Run, text: text.into(), link: None, confidence: Confidence::Reported };
            Limit::Works(Restriction::Capabilities(add.to_vec()), Arc::new(reason))
        },
    );
    limits.insert(0, limit);
}

fn is_bind_at(mount: &Mount<'_>, path: &str) -> bool {
    mount.kind == MountKind::Bind && !mount.is_engine_socket() && is_at(&mount.target, path)
}

/// Why nothing of a start is known for sure.
const OWN_ENTRYPOINT: &str = "it has an entrypoint of its own";
/// Programs that become another user, and so need what `cap_drop: [ALL]` takes away.
const USER_CHANGERS: [&str; 12] =
    ["chpst", "chroot", "cron", "crond", "gosu", "runuser", "s6-setuidgid", "setpriv", "start-stop-daemon", "su", "su-exec", "sudo"];
/// Programs that run scripts.
const SHELLS: [&str; 5] = ["ash", "bash", "dash", "sh", "zsh"];
/// Programs that gain privileges by their setuid bit.
const SETUID: [&str; 4] = ["doas", "ping", "su", "sudo"];
/// Capabilities that start scripts use as root; others are those of the program itself, whoever runs it.
const OF_START_SCRIPTS: [&str; 8] = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETPCAP", "SETUID"];

impl Limit {
    /// Makes what is known an assumption.
    pub(super) fn doubt(&mut self, why: &str) {
        if let Self::Works(_, reason) = self {
            *reason =
                Arc::new(Reason { text: format!("{}; {why}", reason.text), confidence: Confidence::Assumed, ..Reason::clone(reason) });
        }
    }
}

/// A reason that counts for this service: what a preset says of images that it does not match is an assumption.
pub(super) fn reason(part: &Part, text: String, confidence: Confidence) -> Arc<Reason> {
    let confidence = if part.recognised { confidence } else { Confidence::Assumed };
    Arc::new(Reason { source: part.preset.source(), text, link: None, confidence })
}

/// What a preset knows of capabilities, where it is so for this service's image.
fn of_image<'p>(context: &ServiceContext<'_, '_>, preset: &'p Preset, users: &ImageUsers<'_>) -> Option<&'p Capabilities> {
    preset.capabilities.as_ref().filter(|known| context.needs(&known.when, &[], users) != Known::No)
}

fn capabilities(context: &ServiceContext<'_, '_>, choice: &Choice, users: &ImageUsers<'_>) -> Limit {
    let base = &choice.base;
    let unknown = |why: String| Limit::Unknown(Extra::CapDrop, why);
    let Some(known) = of_image(context, &base.preset, users) else {
        return unknown(format!("the preset {} does not know which capabilities it needs", base.preset.name));
    };
    if let Some(word) = context.word_of(&USER_CHANGERS).or_else(|| context.word_of(&["--user", "--setuid", "--uid"])) {
        return unknown(format!("its command has `{word}`, which may change the user"));
    }
    let own = base.preset.run_user.uid;
    let (mut add, mut text) = match &users.run_user {
        RunUser::Number(uid, _) if Some(*uid) == own => (known.add.clone(), known.reason.text.clone()),
        RunUser::Number(0, _) => return unknown("it runs as root here, which the image does not do by itself".into()),
        // What a start script does as root is left out. Where the image's own user is not root, its programs carry what they need.
        RunUser::Number(..) if own == Some(0) => {
            let of_program = known.add.iter().filter(|name| !OF_START_SCRIPTS.contains(&name.as_str()));
            (of_program.cloned().collect(), "it does not start as root".into())
        }
        RunUser::Number(..) => (known.add.clone(), known.reason.text.clone()),
        RunUser::Name(name) => {
            return unknown(format!("the number of its user {} is not known", name.chars().take(40).collect::<String>()));
        }
        RunUser::Unknown if known.add.is_empty() => (Vec::new(), known.reason.text.clone()),
        RunUser::Unknown => return unknown("nothing is known of its user".into()),
    };
    let is_root = matches!(users.run_user, RunUser::Number(0, _) | RunUser::Unknown);
    let mut need = |name: &str, why: String| {
        if is_root && !add.iter().any(|n| n == name) {
            add.push(name.to_owned());
            text = format!("{text}; {why}");
        }
    };
    for addition in choice.additions.iter().filter_map(|a| of_image(context, &a.preset, users).map(|c| (&a.preset.name, c))) {
        addition.1.add.iter().for_each(|name| need(name, format!("{} needs {name}", addition.0)));
    }
    // Root without DAC_OVERRIDE is an ordinary user before files of others.
    if let Some(what) =
        context.service.mounts.iter().find_map(|m| foreign(base, m)).or_else(|| context.has("secrets").then(|| "a secret".into()))
    {
        need("DAC_OVERRIDE", format!("{what} may belong to another user (DAC_OVERRIDE)"));
    }
    if context.shares_network() {
        need("NET_BIND_SERVICE", "its network is not its own, where low ports need NET_BIND_SERVICE".into());
    }
    Limit::Works(Restriction::Capabilities(add), reason(base, text, known.reason.confidence))
}

/// A bind that may be another user's and be closed to root without capabilities: one that is written, or keys.
fn foreign(base: &Part, mount: &Mount<'_>) -> Option<String> {
    let is_read = base.preset.config.iter().any(|path| is_bind_at(mount, path)) || mount.writable == Known::No;
    let is_bind = mount.kind == MountKind::Bind && !mount.is_engine_socket();
    (is_bind && (!is_read || is_key(&mount.target))).then(|| format!("what is bound at {}", mount.shown_target()))
}

/// Whether a path is one where private keys usually are.
fn is_key(path: &str) -> bool {
    let words = ["cert", "ssl", "tls", "secret", "private", "key", "pem", "acme"];
    path.split('/').any(|part| words.iter().any(|word| part.to_ascii_lowercase().contains(word)))
}

fn no_new_privileges<'c>(context: &ServiceContext<'_, '_>, base: &Part, mut presets: impl Iterator<Item = &'c Part>) -> Limit {
    let breaks = |part: &'c Part| match &part.preset.no_new_privileges {
        Some(NoNewPrivileges::Breaks(why)) => Some(why.clone()),
        _ => None,
    };
    if let Some(word) = context.word_of(&SETUID) {
        return Limit::Unknown(Extra::NoNewPrivileges, format!("its command has `{word}`, which gains privileges"));
    }
    match (presets.find_map(breaks), &base.preset.no_new_privileges) {
        (Some(why), _) => Limit::Unknown(Extra::NoNewPrivileges, why),
        (None, Some(NoNewPrivileges::Works)) => {
            let text = format!("{} starts no program that must gain privileges", base.preset.name);
            Limit::Works(Restriction::NoNewPrivileges, reason(base, text, Confidence::Reported))
        }
        (None, _) => Limit::Unknown(Extra::NoNewPrivileges, format!("the preset {} does not know whether it works", base.preset.name)),
    }
}

/// The user that a service which starts as root by default can have instead, or why that is not known; `None` when it does not.
/// `own_tmpfs` is where lines of `tmpfs` will follow.
pub(super) fn user(context: &ServiceContext<'_, '_>, base: &Part, users: &ImageUsers<'_>, own_tmpfs: &[Target]) -> Option<Limit> {
    if context.has_user() || !matches!(users.run_user, RunUser::Number(0, _)) {
        return None;
    }
    if context.user_has_variable() {
        return Some(Limit::Unknown(Extra::User, "a variable decides its user".into()));
    }
    if let Some(word) = context.word_of(&USER_CHANGERS) {
        return Some(Limit::Unknown(Extra::User, format!("its command has `{word}`, which may change the user")));
    }
    let Some((uid, gid)) = run_as(context, &base.preset, users) else {
        return Some(Limit::Unknown(Extra::User, format!("the preset {} knows no user with which it works", base.preset.name)));
    };
    let known = of_image(context, &base.preset, users).map_or(Confidence::Assumed, |c| c.reason.confidence);
    // A tmpfs is root's unless it says otherwise; only /tmp is open to all in every image.
    let is_open =
        |m: &Mount<'_>| m.target == "/tmp" && !m.node.resolved().as_str().is_some_and(|t| t.contains("mode=") && !t.contains("mode=1777"));
    let follows = |m: &Mount<'_>| own_tmpfs.iter().any(|target| *target == *m.target);
    let is_roots = |m: &&Mount<'_>| m.kind == MountKind::Tmpfs && !is_open(m) && !has_owner(context, m, uid) && !follows(m);
    if let Some(mount) = context.service.mounts.iter().find(is_roots) {
        let why = format!("the tmpfs at {} would stay root's; give it uid={uid},gid={gid} first", mount.shown_target());
        return Some(Limit::Unknown(Extra::User, why));
    }
    // Files that are there already may belong to root. What is only read need not belong to the reader.
    let is_read = |m: &Mount<'_>| base.preset.config.iter().any(|path| is_bind_at(m, path));
    let is_kept = |m: &&Mount<'_>| {
        let is_data = m.writable != Known::No && !is_read(m) || m.kind == MountKind::Bind && is_key(&m.target);
        matches!(m.kind, MountKind::Bind | MountKind::Volume) && is_data && !m.is_engine_socket()
    };
    let kept = context.service.mounts.iter().find(is_kept).map(|m| m.shown_target().to_owned());
    let kept = kept.or_else(|| context.has("secrets").then(|| "its secrets".to_owned()));
    let (text, confidence) = match kept {
        Some(kept) => (format!("the image works as {uid}:{gid}; what is in {kept} must be open to it"), Confidence::Assumed),
        None => (format!("the image works as {uid}:{gid}, and needs no capability then"), known),
    };
    let mut limit = Limit::Works(Restriction::User(uid, gid), reason(base, text, confidence));
    if context.replaces_entrypoint() {
        limit.doubt(OWN_ENTRYPOINT);
    }
    Some(limit)
}

/// Whether a tmpfs in short syntax is given to a user.
fn has_owner(context: &ServiceContext<'_, '_>, mount: &Mount<'_>, uid: u32) -> bool {
    let text = mount.node.resolved().as_str().map(|text| context.service.resolve(mount.part as usize, text));
    text.is_some_and(|text| text.split([':', ',']).any(|option| option.strip_prefix("uid=").and_then(|n| n.parse().ok()) == Some(uid)))
}

/// The user that a preset names for this service's image: that of its tag, if one is named there.
fn run_as(context: &ServiceContext<'_, '_>, preset: &Preset, users: &ImageUsers<'_>) -> Option<(u32, u32)> {
    let known = of_image(context, preset, users)?;
    for variant in &preset.tags {
        match context.has_tag(&variant.word) {
            Known::No => {}
            Known::Yes if variant.run_as.is_some() => return variant.run_as,
            Known::Yes => {}
            // The numbers depend on a tag that is not known.
            Known::Unknown if variant.run_as.is_some() => return None,
            Known::Unknown => {}
        }
    }
    known.run_as
}
