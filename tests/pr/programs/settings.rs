//! Every setting that the installed Git knows, and every hook.

use super::Trap;
use crate::forge::fake::objects::git_in;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// What Git's own list leaves out.
const UNLISTED: [&str; 4] = ["core.fsmonitor", "filter.x.process", "extensions.partialclone", "extensions.worktreeconfig"];
/// Programs of Git that may have an alias or a pager.
const VERBS: [&str; 14] = [
    "cat-file",
    "commit-tree",
    "config",
    "fetch",
    "gc",
    "init",
    "ls-remote",
    "ls-tree",
    "push",
    "read-tree",
    "rev-list",
    "rev-parse",
    "status",
    "update-index",
];
const HOOKS: [&str; 28] = [
    "applypatch-msg",
    "commit-msg",
    "fsmonitor-watchman",
    "p4-changelist",
    "p4-post-changelist",
    "p4-pre-submit",
    "p4-prepare-changelist",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "proc-receive",
    "push-to-checkout",
    "reference-transaction",
    "sendemail-validate",
    "update",
];

/// All settings, with names where a name may stand.
fn settings(address: &str) -> Vec<String> {
    let listed = Command::new("git").args(["help", "--config"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let keys: Vec<&str> = listed.lines().filter(|line| line.contains('.') && !line.contains(' ')).collect();
    assert!(keys.len() > 500, "{}", keys.len());
    let mut all: BTreeSet<String> = UNLISTED.iter().map(ToString::to_string).collect();
    for key in &keys {
        let (section, rest) = key.split_once('.').unwrap();
        let (names, last) = match rest.rsplit_once('.') {
            Some((name, last)) if name.contains('<') => (names(section, name, address), last),
            Some((name, last)) => (vec![name.to_owned()], last),
            None => (vec![String::new()], rest),
        };
        let lasts: Vec<&str> = match last {
            // All that the section has without a name.
            "*" if !names[0].is_empty() => {
                let own =
                    keys.iter().filter_map(|key| key.split_once('.').filter(|(s, last)| *s == section && !last.contains(['<', '.', '*'])));
                own.map(|(_, last)| last).collect()
            }
            last if last.contains(['<', '*']) => VERBS.to_vec(),
            last => vec![last],
        };
        for name in &names {
            let middle = if name.is_empty() { ".".to_owned() } else { format!(".{name}.") };
            all.extend(lasts.iter().map(|last| format!("{section}{middle}{}", last.to_lowercase())));
        }
    }
    // Where the checkout is from is what is read.
    all.remove("remote.origin.url");
    // Other programs than Git have keys that it cannot read at all.
    all.retain(|key| key.rsplit('.').next().unwrap().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
    all.into_iter().collect()
}

/// What may stand for a name.
fn names(section: &str, placeholder: &str, address: &str) -> Vec<String> {
    let names: &[&str] = match (section, placeholder) {
        (_, "<url>" | "<base>") => &[address],
        (_, "<condition>") => &["gitdir:**"],
        ("remote", _) => &["evil", "origin"],
        ("branch", _) => &["main"],
        ("submodule", _) => &["sub"],
        ("gpg", _) => &["openpgp", "ssh", "x509"],
        ("protocol", _) => &["ext", "file", "http", "x"],
        _ => &["x"],
    };
    names.iter().map(ToString::to_string).collect()
}

impl Trap {
    /// Configuration in which every one of these settings names a program of its own.
    fn configuration(&self, settings: &[String], whose: &str) -> String {
        let mut text = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n".to_owned();
        for key in settings {
            let (section, rest) = key.split_once('.').unwrap();
            let program = self.program(&format!("{whose}:{key}"));
            let value = match section {
                "alias" => format!("!{program}"),
                "core" if rest == "hookspath" => self.hooks(whose),
                _ => program,
            };
            let written = match rest.rsplit_once('.') {
                Some((name, last)) => writeln!(text, "[{section} \"{name}\"]\n\t{last} = {value}"),
                None => writeln!(text, "[{section}]\n\t{rest} = {value}"),
            };
            written.unwrap();
        }
        text
    }

    /// A folder with all hooks.
    fn hooks(&self, whose: &str) -> String {
        let folder = self.folder.outside().join(format!("hooks-{whose}"));
        std::fs::create_dir_all(&folder).unwrap();
        self.put_hooks(&folder, whose);
        folder.to_str().unwrap().to_owned()
    }

    fn put_hooks(&self, folder: &Path, whose: &str) {
        std::fs::create_dir_all(folder).unwrap();
        for hook in HOOKS {
            let path = folder.join(hook);
            let _ = std::fs::remove_file(&path);
            symlink(self.program(&format!("{whose}:hook-{hook}")), path).unwrap();
        }
    }

    /// The settings with which Git does not end before it has done anything.
    fn bearable(&self, mut settings: Vec<String>) -> Vec<String> {
        let config = self.folder.path().join(".git/config");
        let before = std::fs::read_to_string(&config).unwrap();
        let is_good = |settings: &[String]| {
            std::fs::write(&config, format!("{before}{}", self.configuration(settings, "main"))).unwrap();
            let tries = [&["rev-parse", "HEAD"][..], &["status"], &["ls-files"], &["cat-file", "-e", "HEAD"], &["ls-remote", "."]];
            tries.iter().find_map(|args| git_in(self.folder.path(), args, b"").err())
        };
        while let Some(said) = is_good(&settings) {
            let said = said.to_lowercase();
            let quoted = |key: &&String| said.contains(&format!("'{key}'")) || said.contains(&format!("{key}="));
            let named = settings.iter().position(|key| quoted(&key));
            // Where it does not say which one it is: the last one of the shortest start that it does not bear.
            let place = named.unwrap_or_else(|| {
                let (mut good, mut bad) = (0, settings.len());
                while bad - good > 1 {
                    let middle = usize::midpoint(good, bad);
                    match is_good(&settings[..middle]) {
                        Some(_) => bad = middle,
                        None => good = middle,
                    }
                }
                bad - 1
            });
            settings.remove(place);
        }
        std::fs::write(&config, before).unwrap();
        settings
    }

    /// Puts settings into the checkout's and the submodule's own files, and hooks into their folders.
    fn arm(&self, settings: &[String]) {
        for (place, whose) in [(".git", "main"), (".git/modules/sub", "sub")] {
            let config = format!("{place}/config");
            let before = self.folder.read(&config);
            self.folder.put(&config, format!("{before}{}", self.configuration(settings, whose)));
            self.put_hooks(&self.folder.path().join(place).join("hooks"), whose);
        }
    }
}

#[test]
fn no_setting_and_no_hook_of_a_checkout_runs() {
    let trap = Trap::new();
    let bearable = trap.bearable(settings(&trap.forge.state().address));
    assert!(bearable.len() > 300, "{}", bearable.len());
    trap.arm(&bearable);
    trap.ran();
    // They would: Git itself runs some of them where it only looks, or fetches.
    trap.folder.put("compose.yaml", super::COMPOSE);
    for args in [&["status", "--ignore-submodules=none"][..], &["-c", "http.proxy=", "ls-remote", "origin"], &["diff"]] {
        let _ = git_in(trap.folder.path(), args, b"");
    }
    let ran = trap.ran();
    for expected in ["main:core.fsmonitor", "main:filter.x.process", "sub:core.fsmonitor", "post-index-change"] {
        assert!(ran.iter().any(|name| name == expected), "{expected}: {ran:?}");
    }
    trap.holds("settings");
}

#[test]
fn settings_that_git_does_not_bear_are_not_read_either() {
    let trap = Trap::new();
    trap.arm(&settings(&trap.forge.state().address));
    trap.holds("all settings");
}
