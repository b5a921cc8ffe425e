//! What a service builds and runs: its program, the packages that it names, and where it is.

use super::context::{ImageUsers, RunUser, ServiceContext, short, tokens};
use super::preset::{Below, Preset, Writable};
use super::scripts::shell_before;
use super::{Storage, Target};
use crate::compose::{MountKind, Word, clean_path, has_variable, is_at, script};
use std::borrow::Cow;

/// Ecosystems, and the presets of images whose programs are of them.
const LANGUAGES: [(&str, &[&str]); 6] =
    [("npm", &["node"]), ("pypi", &["python"]), ("gem", &["ruby"]), ("composer", &["php"]), ("maven", &["java"]), ("nuget", &["dotnet"])];

/// Programs with which official images start, where they are not called like the image.
const STARTS: [&str; 8] =
    ["apache2-foreground", "catalina.sh", "docker-entrypoint.sh", "docker-php-entrypoint", "kc.sh", "mongod", "mysqld", "php-fpm"];

/// Folders of which images run what is in them, when they start or by the clock.
const HOOKS: [&str; 11] = [
    "/docker-entrypoint.d",
    "/docker-entrypoint-init.d",
    "/custom-cont-init.d",
    "/custom-services.d",
    "/etc/cont-init.d",
    "/etc/services.d",
    "/etc/s6-overlay",
    "/etc/my_init.d",
    "/etc/cron.d",
    "/etc/crontabs",
    "/var/spool/cron",
];
/// Folders of databases of which the scripts are run once: most hold SQL, which the database reads.
const ONCE: [&str; 3] = ["/docker-entrypoint-initdb.d", "/docker-entrypoint-startdb.d", "/always-initdb.d"];
/// How files there end that are no programs.
const NO_PROGRAMS: [&str; 8] = [".conf", ".gz", ".json", ".md", ".sql", ".template", ".txt", ".xz"];

/// Programs that write nothing but what a shell redirects.
pub(super) const READERS: [&str; 18] = [
    "cat", "date", "echo", "env", "exit", "false", "grep", "head", "hostname", "id", "ls", "printenv", "printf", "pwd", "sleep", "tail",
    "true", "wait",
];

impl ServiceContext<'_, '_> {
    /// Whether it runs another program than that of its image or base, which `preset` knows. Options alone are
    /// arguments of the base's own start. An image that only runs programs has one by a command, or by what is mounted.
    pub(super) fn runs_its_own_program(&self, preset: &Preset) -> bool {
        if preset.runtime {
            let is_given = || self.service.mounts.iter().any(|mount| mount.kind != MountKind::Tmpfs);
            return self.is_built() || if self.commands().is_empty() { is_given() } else { !self.only_reads() };
        }
        if !self.is_built() {
            return false;
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

    /// Whether its command is nothing but programs that write nothing by themselves.
    fn only_reads(&self) -> bool {
        let words: Vec<Word> = ["entrypoint", "command"].into_iter().filter_map(|key| self.service.words(key)).flatten().collect();
        let is_reader = |words: &[Word]| {
            let first = words.iter().map(|word| word.text.as_str()).find(|word| *word != "exec");
            first.is_none_or(|program| READERS.contains(&program.rsplit('/').next().unwrap_or(program)))
        };
        match words.split_last() {
            Some((last, before)) if shell_before(before).is_some() => {
                let script = script(&last.text);
                script.is_whole && script.commands.iter().all(|command| is_reader(&command.words))
            }
            _ => is_reader(&words),
        }
    }

    /// Why it is not sure what it writes: programs of the project that its image runs by itself.
    pub(super) fn runs_by_itself(&self) -> Option<String> {
        let copied = self.facts().into_iter().flat_map(|facts| &facts.copied).map(String::as_str);
        let given = self.bound.iter().map(|file| file.target.as_str()).chain(copied);
        let is_in = |path: &str, folders: &[&str]| folders.iter().any(|folder| is_at(path, folder));
        let is_script = |path: &str| [".sh", ".envsh", ".bash"].iter().any(|end| path.ends_with(end));
        let is_program = |path: &&str| {
            is_in(path, &HOOKS) && !NO_PROGRAMS.iter().any(|end| path.ends_with(end)) || is_in(path, &ONCE) && is_script(path)
        };
        let path = given.into_iter().find(is_program)?;
        Some(format!("the image runs what the project puts at {}, and what that writes is not known", short(path)))
    }

    /// Packages that its build context names, of which those of another language than that of its base do not count.
    pub(super) fn packages(&self, base: &Preset) -> impl Iterator<Item = &str> {
        let own = LANGUAGES.iter().find(|(_, presets)| presets.contains(&base.name.as_str())).map(|(ecosystem, _)| *ecosystem);
        let is_own = move |package: &&str| own.is_none_or(|own| package.split(':').next() == Some(own));
        self.packages.iter().map(String::as_str).filter(|_| base.runtime).filter(is_own)
    }

    /// A preset's path as it is in this service. `None` when its folder is not known.
    pub(super) fn placed<'w>(&self, path: &'w Writable, users: &ImageUsers<'_>) -> Option<Cow<'w, Writable>> {
        let folder = match path.below {
            None => return Some(Cow::Borrowed(path)),
            Some(Below::Workdir) => self.folder()?,
            Some(Below::Home) => self.home(users)?,
        };
        let storage = path.scratch.clone().map_or(Storage::State, Storage::Scratch);
        let target = Target::new(&clean_path(&format!("{folder}{}", path.target)), &storage).ok()?;
        Some(Cow::Owned(Writable { target, below: None, ..path.clone() }))
    }

    /// The folder that it runs in.
    fn folder(&self) -> Option<Cow<'_, str>> {
        let own = self.service.text("working_dir").filter(|folder| folder.starts_with('/') && !has_variable(folder));
        let of_image = || self.facts()?.workdir.as_deref().map(Cow::Borrowed);
        if self.has("working_dir") { own } else { of_image() }
    }

    /// The home folder of its user.
    fn home(&self, users: &ImageUsers<'_>) -> Option<Cow<'_, str>> {
        let of_image = || Some(self.facts()?.environment.iter().rev().find(|(name, _)| name == "HOME")?.1.as_str());
        let own = self.environment.iter().find(|(name, ..)| *name == "HOME").map(|(_, value, _)| *value);
        if let Some(home) = own.unwrap_or_else(of_image) {
            return Some(Cow::Borrowed(home)).filter(|home| home.starts_with('/') && !has_variable(home));
        }
        match &users.run_user {
            RunUser::Number(0, _) => Some(Cow::Borrowed("/root")),
            RunUser::Number(uid, _) => {
                let name = users.by_name.iter().find(|(_, (number, _))| number == uid)?.0;
                Some(Cow::Owned(format!("/home/{name}")))
            }
            _ => None,
        }
    }
}
