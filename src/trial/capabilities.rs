//! The smallest set of capabilities with which a service works, found by runs: what fails gives candidates by the call that was refused,
//! and each of them is taken away again once, so that what stays is known and not guessed.

use super::{Outcome, Verdict};

/// What the engine gives to a container that asks for nothing. What works with them needs no others.
const DEFAULTS: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Words of a line that says no, each with what would have let it through. A word counts where a word of the line begins with it.
const CALLS: [(&[&str], &[&str]); 15] = [
    (&["chown", "fchown", "lchown", "ownership", "chgrp"], &["CHOWN"]),
    (&["chmod", "fchmod", "permissions", "utime", "futime", "touch"], &["FOWNER"]),
    (&["setuid", "seteuid", "setresuid", "setreuid", "uid", "setpriv", "gosu", "su"], &["SETUID", "SETGID"]),
    (&["setgid", "setegid", "setresgid", "setregid", "setgroups", "initgroups", "groups", "gid"], &["SETGID", "SETUID"]),
    (&["switch", "privileges", "user"], &["SETUID", "SETGID"]),
    (&["bind", "listen", "port"], &["NET_BIND_SERVICE"]),
    (&["mknod", "mkfifo"], &["MKNOD"]),
    (&["kill", "signal"], &["KILL"]),
    (&["chroot"], &["SYS_CHROOT"]),
    (&["capset", "cap_set", "setpcap", "prctl", "bounding"], &["SETPCAP"]),
    (&["setcap", "setfcap"], &["SETFCAP"]),
    (&["raw", "icmp", "ping", "packet"], &["NET_RAW"]),
    (&["audit", "pam"], &["AUDIT_WRITE"]),
    // A program with capabilities of its own cannot be started without them.
    (&["exec", "execve"], &["NET_BIND_SERVICE", "NET_RAW"]),
    (&["open", "read", "mkdir", "directory", "file", "create", "access", "unlink", "rename"], &["DAC_OVERRIDE"]),
];
/// Those words that are nothing but calls of the system, wherever they stand.
const SYSTEM_CALLS: [&str; 21] = [
    "bind",
    "capset",
    "chmod",
    "chown",
    "chroot",
    "fchmod",
    "fchown",
    "initgroups",
    "kill",
    "lchown",
    "mknod",
    "prctl",
    "setegid",
    "seteuid",
    "setgid",
    "setgroups",
    "setregid",
    "setresgid",
    "setresuid",
    "setreuid",
    "setuid",
];
/// What a refusal sounds like.
const REFUSALS: [&str; 8] = ["not permitted", "permission denied", "eperm", "eacces", "errno: 1", "errno 1", "(1:", "cannot change"];

/// A search for one service.
#[derive(Clone, Debug)]
pub struct Search {
    /// What it has in the next run, or what it needs.
    has: Vec<String>,
    /// What was taken away and not missed.
    without: Vec<String>,
    phase: Phase,
    /// Whether the next runs stop it and make it anew: some need more as they end or come back.
    lives: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    /// It does not work yet.
    Adding,
    /// It works with what it has, and these are still to be tried without, together where nothing speaks against it; the first ones are
    /// left out now.
    TakingAway(Vec<Vec<String>>),
    /// It is seen whether it also comes back.
    Proving,
    Found,
    GivenUp,
}

impl Search {
    /// A search that begins with what is known of the image.
    pub fn new(known: &[String]) -> Self {
        Self { has: known.to_vec(), without: Vec::new(), phase: Phase::Adding, lives: false }
    }

    /// What the service gets in the next run, with all others dropped; what it needs where that is found.
    pub fn tries(&self) -> Vec<String> {
        match &self.phase {
            Phase::TakingAway(left) => {
                let out = left.first().map_or(&[][..], Vec::as_slice);
                self.has.iter().filter(|name| !out.contains(name)).cloned().collect()
            }
            _ => self.has.clone(),
        }
    }

    /// Whether a run must see whether it comes back.
    pub fn lives(&self) -> bool {
        self.lives
    }

    /// Whether there is nothing more to try.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Found | Phase::GivenUp)
    }

    /// Whether it is known what the service needs.
    pub fn is_found(&self) -> bool {
        self.phase == Phase::Found
    }

    /// What a run with [`Search::tries`] showed. One that shows nothing of the service changes nothing.
    pub fn tried(&mut self, outcome: &Outcome) {
        let works = match outcome.verdict {
            Verdict::Works => true,
            Verdict::Fails => false,
            Verdict::Unprovable => return,
        };
        match std::mem::replace(&mut self.phase, Phase::GivenUp) {
            Phase::Adding if works => self.take_away(vec![self.has.clone()]),
            Phase::Adding => self.add(outcome),
            Phase::TakingAway(mut left) => {
                let mut out = left.remove(0);
                if works {
                    self.has.retain(|own| !out.contains(own));
                    self.without.extend(out);
                } else if out.len() > 1 {
                    // One of them is missed, or several. One that stays was tried without by itself.
                    let half = out.split_off(out.len() / 2);
                    left.splice(0..0, [out, half]);
                }
                self.take_away(left);
            }
            Phase::Proving if works => self.phase = Phase::Found,
            Phase::Proving => self.add(outcome),
            over @ (Phase::Found | Phase::GivenUp) => self.phase = over,
        }
    }

    fn take_away(&mut self, mut left: Vec<Vec<String>>) {
        left.retain(|names| !names.is_empty());
        self.phase = match (left.is_empty(), self.lives) {
            (false, _) => Phase::TakingAway(left),
            (true, true) => Phase::Found,
            (true, false) => {
                self.lives = true;
                Phase::Proving
            }
        };
    }

    /// Adds what the failure names, else all that it had before, else all that there is.
    fn add(&mut self, outcome: &Outcome) {
        let is_new = |name: &&str| !self.has.iter().any(|own| own == name);
        let before = self.without.iter().map(String::as_str).collect();
        let all = [candidates(outcome), before, DEFAULTS.to_vec()];
        let new = all.into_iter().map(|names: Vec<&str>| names.into_iter().filter(is_new).collect::<Vec<_>>());
        let added: Vec<String> = new.into_iter().find(|names| !names.is_empty()).into_iter().flatten().map(str::to_owned).collect();
        if added.is_empty() {
            // It has all that it works with otherwise, so it is not the capabilities that it lacks.
            self.phase = Phase::GivenUp;
            return;
        }
        self.has.extend(added);
        self.has.sort();
        self.without.clear();
        self.phase = Phase::Adding;
    }
}

/// What the words of a failure call for.
fn candidates(outcome: &Outcome) -> Vec<&'static str> {
    let symptoms = outcome.symptoms.iter().map(|symptom| symptom.text.as_str());
    let said = symptoms.chain(outcome.last_words.iter().map(String::as_str)).chain([outcome.why.as_str()]);
    let mut found: Vec<&'static str> = Vec::new();
    let said: Vec<String> = said.map(str::to_lowercase).collect();
    let is_refusal = |line: &String| REFUSALS.iter().any(|words| line.contains(words));
    if !said.iter().any(is_refusal) {
        return Vec::new();
    }
    // The call may stand in another line than its refusal.
    for line in &said {
        let is_own = is_refusal(line);
        let words = || line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        let is_said = |word: &&str| words().any(|said| if !is_own || word.len() < 4 { said == *word } else { said.starts_with(*word) });
        let is_call = |word: &&str| is_own || SYSTEM_CALLS.contains(word);
        let calls = CALLS.iter().filter(|(names, _)| names.iter().any(|name| is_call(name) && is_said(name)));
        let of_line: Vec<&str> = calls.flat_map(|(_, needed)| needed.iter().copied()).collect();
        // A path that is refused and nothing else.
        let is_path = is_own && of_line.is_empty() && line.contains('/') && line.contains("permission denied");
        found.extend(of_line.into_iter().chain(is_path.then_some("DAC_OVERRIDE")));
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::super::log::symptoms_of;
    use super::*;

    /// A service that needs something, and says so in these words where it lacks it.
    type Needs<'n> = &'n [(&'n str, &'n str)];

    fn outcome(needs: Needs<'_>, has: &[String]) -> Outcome {
        match needs.iter().find(|(name, _)| !has.iter().any(|own| own == name)) {
            None => Outcome::plain("app", Verdict::Works, "it stayed up"),
            Some((_, said)) => Outcome {
                symptoms: symptoms_of(said),
                last_words: said.lines().map(str::to_owned).collect(),
                ..Outcome::plain("app", Verdict::Fails, "it ended with status 1")
            },
        }
    }

    /// Plays a whole search. `late` is what is missed only by one that is stopped and comes back. Returns what is found and how many runs it took.
    fn play(known: &[&str], needs: Needs<'_>, late: Needs<'_>) -> (Option<Vec<String>>, usize) {
        let known: Vec<String> = known.iter().map(|name| (*name).to_owned()).collect();
        let (mut search, mut runs) = (Search::new(&known), 0);
        while !search.is_over() {
            let has = search.tries();
            let all: Vec<_> = needs.iter().chain(late.iter().filter(|_| search.lives())).copied().collect();
            search.tried(&outcome(&all, &has));
            runs += 1;
            assert!(runs < 60, "{search:?}");
        }
        (search.is_found().then(|| search.tries()), runs)
    }

    #[test]
    fn what_is_needed_is_found_by_what_is_refused() {
        for (said, needed) in [
            ("chown: /data: Operation not permitted", &["CHOWN"][..]),
            ("chown: changing ownership of '/var/run/apache2/socks.X': Operation not permitted", &["CHOWN"]),
            ("[emerg] 1#1: chown(\"/var/lib/nginx/body\", 33) failed (1: Operation not permitted)", &["CHOWN"]),
            ("chmod: /run/x: Operation not permitted", &["FOWNER"]),
            ("failed to drop supplementary groups: Operation not permitted", &["SETGID"]),
            ("su: can't set groups: Operation not permitted", &["SETGID"]),
            ("error: failed switching to \"redis\": operation not permitted", &["SETGID", "SETUID"]),
            ("mariadbd: Cannot change uid/gid (errno: 1)", &["SETGID", "SETUID"]),
            ("AH02156: setgid: unable to set group id to Group 33: Operation not permitted", &["SETGID"]),
            ("bind() to 0.0.0.0:80 failed (13: Permission denied)", &["NET_BIND_SERVICE"]),
            ("mknod: /data/null: Operation not permitted", &["MKNOD"]),
            ("sh: can't kill pid 12: Operation not permitted", &["KILL"]),
            ("chroot: can't change root directory to '/var/empty': Operation not permitted", &["SYS_CHROOT"]),
            ("can't open config file '/etc/redis/redis.conf': Permission denied", &["DAC_OVERRIDE"]),
            ("/etc/x.key: Permission denied", &["DAC_OVERRIDE"]),
            ("ping: socket: Operation not permitted", &["NET_RAW"]),
            ("  File \"<string>\", line 1, in <module>: os.setgroups([])\nPermissionError: [Errno 1] Operation not permitted", &["SETGID"]),
            // Nothing that is known is named: all are tried.
            ("it is no good", &["FSETID"]),
        ] {
            let needs: Vec<(&str, &str)> = needed.iter().map(|name| (*name, said)).collect();
            let (found, runs) = play(&[], &needs, &[]);
            assert_eq!(found.as_deref().unwrap_or_default(), needed, "{said}");
            assert!(runs <= if said.contains("no good") { 12 } else { 7 }, "{said}: {runs} runs");
        }
    }

    #[test]
    fn nothing_stays_that_is_not_needed() {
        assert_eq!(play(&[], &[], &[]), (Some(Vec::new()), 2));
        // What a preset knows is tried without as well.
        let (found, runs) = play(&["CHOWN", "SETUID"], &[], &[]);
        assert_eq!((found, runs), (Some(Vec::new()), 3));
        // One after the other is refused.
        let needs: Needs<'_> = &[("CHOWN", "chown: /data: Operation not permitted"), ("SETGID", "setgroups: Operation not permitted")];
        assert_eq!(play(&[], needs, &[]).0, Some(vec!["CHOWN".to_owned(), "SETGID".to_owned()]));
    }

    #[test]
    fn what_is_missed_only_later_is_given_back() {
        let late: Needs<'_> = &[("KILL", "kill: (7): Operation not permitted")];
        let needs: Needs<'_> = &[("CHOWN", "chown: /data: Operation not permitted")];
        assert_eq!(play(&[], needs, late).0, Some(vec!["CHOWN".to_owned(), "KILL".to_owned()]));
        // It was known and taken away, and nobody says that it is missed.
        let late: Needs<'_> = &[("SETUID", "it is no good")];
        assert_eq!(play(&["CHOWN", "SETUID"], &[], late).0, Some(vec!["SETUID".to_owned()]));
    }

    #[test]
    fn what_no_capability_helps_is_given_up() {
        assert_eq!(play(&[], &[("SYS_ADMIN", "mount: permission denied (are you root?)")], &[]).0, None);
        let mut search = Search::new(&[]);
        search.tried(&Outcome::plain("app", Verdict::Unprovable, "it waits for db, which fails"));
        assert!(!search.is_over() && search.tries().is_empty());
    }
}
