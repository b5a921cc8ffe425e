//! What a log says besides what could not be written: parts of a service that die again and again, and that something went wrong.

use regex::bytes::{Regex, RegexBuilder};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Most lines that are kept.
const MOST: usize = 500;
/// Most bytes of a line that count.
const WIDTH: usize = 200;
/// How often a part has to die until it is not by chance: one that is asked to end does so once, and one that waits for another one may.
const AGAIN: usize = 3;

/// Where a supervisor gives up, as supervisord, runit, s6 and others say it.
const GIVES_UP: &str = r"(?x)
    gave\ up:\ (?P<a>[\w.:-]+)\ entered\ FATAL\ state
  | ^(?:.*\b)?runsv\ (?P<b>[\w./-]+):\ fatal:
  | s6-supervise\ (?P<c>[\w./-]+)(?:\ \(child\))?:\ fatal:
  | (?i:(?P<d>[\w.-]+)\W+(?:is\ )?respawning\ too\ (?:fast|rapidly|quickly))
  | (?i:(?P<e>[\w.-]+)\W+(?:had\ )?too\ many\ (?:unstable\ re|re|re-)starts)";
/// Where a part has ended that is to go on, or is started again.
const DIES: &str = r"(?x)
    exited:\ (?P<a>[\w.:-]+)\ \(exit\ status\ \d+;\ not\ expected\)
  | exited:\ (?P<b>[\w.:-]+)\ \(terminated\ by\ SIG\w+\ \(core\ dumped\);\ not\ expected\)
  | (?i:(?P<c>[a-z][\w./-]*)[\]:]?(?:\s[^\n]{0,40})?\b(?:exited|died|crashed|terminated|ended|stopped|failed)\b[^\n]{0,80}\b(?:respawn|re-?start)(?:ing|ed)?\b)
  | (?i:App\ \[(?P<d>[^\]\s]+)\]\ exited\ with\ code\ \[[1-9]\d*\])
  | (?i:\bWorker\ \(pid:\s?\d+\)\ exited\ with\ code\ [1-9])";
/// Where it runs after all.
const RUNS: &str = r"success: (?P<a>[\w.:-]+) entered RUNNING state";
/// Words that something went wrong with.
const WRONG: &str =
    r"(?i)\b(?:fatal|fail(?:ed|ure|s|ing)?|cannot|can't|could not|couldn't|unable|denied|panic|critical|abort(?:ed|ing)?)\b";

struct Words {
    gives_up: Regex,
    dies: Regex,
    runs: Regex,
    wrong: Regex,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    // They are part of the program, and a test compiles them.
    let fixed = |text: &str| RegexBuilder::new(text).unicode(false).build().unwrap_or_else(|e| unreachable!("{text}: {e}"));
    Words { gives_up: fixed(GIVES_UP), dies: fixed(DIES), runs: fixed(RUNS), wrong: fixed(WRONG) }
});

/// What was read so far. Memory does not grow with the log.
#[derive(Clone, Debug, Default)]
pub(super) struct Complaints {
    deaths: BTreeMap<String, usize>,
    wrong: BTreeSet<String>,
}

impl Complaints {
    /// A line.
    pub(super) fn line(&mut self, line: &[u8]) {
        let words = &*WORDS;
        let line = &line[..line.len().min(WIDTH)];
        if !words.wrong.is_match(line) && !words.dies.is_match(line) && !words.runs.is_match(line) && !words.gives_up.is_match(line) {
            return;
        }
        if let Some(name) = named(&words.runs, line) {
            self.deaths.remove(&name);
            return;
        }
        if let Some(name) = named(&words.gives_up, line) {
            self.died(name, AGAIN);
        } else if let Some(name) = named(&words.dies, line) {
            self.died(name, 1);
        }
        if self.wrong.len() < MOST {
            self.wrong.insert(without_numbers(line));
        }
    }

    fn died(&mut self, name: String, times: usize) {
        if self.deaths.len() < MOST || self.deaths.contains_key(&name) {
            *self.deaths.entry(name).or_default() += times;
        }
    }

    /// Parts that die again and again, or that were given up.
    pub(super) fn dying(&self) -> BTreeSet<String> {
        self.deaths.iter().filter(|(_, times)| **times >= AGAIN).map(|(name, _)| name.clone()).collect()
    }

    /// Lines by which something went wrong, without what differs from run to run.
    pub(super) fn wrong(&self) -> BTreeSet<String> {
        self.wrong.clone()
    }
}

/// The part that a line names; `a part of it` where it names none.
fn named(words: &Regex, line: &[u8]) -> Option<String> {
    let found = words.captures(line)?;
    let name = words.capture_names().flatten().find_map(|name| found.name(name));
    Some(name.map_or_else(|| "a part of it".to_owned(), |name| String::from_utf8_lossy(name.as_bytes()).into_owned()))
}

/// A line without times, numbers of processes and the like.
fn without_numbers(line: &[u8]) -> String {
    String::from_utf8_lossy(line)
        .split_whitespace()
        .filter(|word| !word.contains(|c: char| c.is_ascii_digit()))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dying(text: &str) -> Vec<String> {
        let mut complaints = Complaints::default();
        text.lines().for_each(|line| complaints.line(line.as_bytes()));
        complaints.dying().into_iter().collect()
    }

    #[test]
    fn who_dies_again_and_again_is_seen() {
        for (text, expected) in [
            (
                "2026-01-01 WARN exited: worker (exit status 3; not expected)\n2026-01-01 INFO gave up: worker entered FATAL state, too many start retries too quickly",
                "worker",
            ),
            ("runsv web: fatal: unable to open supervise/lock: file does not exist", "web"),
            ("s6-supervise queue (child): fatal: unable to exec run: Permission denied", "queue"),
            (&"worker exited with status 3; respawning\n".repeat(3), "worker"),
            (&"[ERROR] Worker (pid:7) exited with code 3.\n".repeat(4), "a part of it"),
            (&"PM2 | App [api:0] exited with code [1] via signal [SIGINT]\n".repeat(3), "api:0"),
            ("09:00:01 worker died, respawning\n09:00:02 worker died, respawning\n09:00:03 worker died, respawning", "worker"),
            (&"queue: child process 12 crashed, restarting in 1 s\n".repeat(3), "queue"),
        ] {
            assert_eq!(dying(text), [expected], "{text}");
        }
        for text in [
            "worker exited with status 143; respawning\n",
            "exited: worker (exit status 3; not expected)\nexited: worker (exit status 3; not expected)",
            &format!("{}success: worker entered RUNNING state, it stayed up", "exited: worker (exit status 3; not expected)\n".repeat(3)),
            &"INFO exited: job (exit status 0; expected)\n".repeat(9),
            &"connection ended, client restarts\n".repeat(2),
            "GET /restart failed\n",
        ] {
            assert_eq!(dying(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_went_wrong_is_the_same_in_each_run() {
        let wrong = |text: &str| {
            let mut complaints = Complaints::default();
            text.lines().for_each(|line| complaints.line(line.as_bytes()));
            complaints.wrong()
        };
        assert_eq!(wrong("12:30 [17] Failed to open log"), wrong("12:31 [18] Failed to open log"));
        assert!(wrong("all is well").is_empty() && wrong("fatal: no lock") != wrong("fatal: no queue"));
    }
}
