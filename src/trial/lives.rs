//! Whether services come back: after a stop, and after they were killed and recreated from their volumes alone.

use super::symptoms::telling;
use super::{Container, Grade, Outcome, RunResult, ServiceLog, Verdict};
use crate::compose::Project;
use crate::evidence::engine::{Action, Probe};
use std::collections::BTreeSet;

/// What is done to services that work before they are tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// They are stopped and started again.
    Restarted,
    /// They are killed, and new containers are made, which get nothing but the volumes.
    Recreated,
}

impl Life {
    /// All of them, in order.
    pub const ALL: [Self; 2] = [Self::Restarted, Self::Recreated];

    /// What is said while it is done.
    pub fn title(self) -> &'static str {
        match self {
            Self::Restarted => "starting it again",
            Self::Recreated => "killing and recreating it",
        }
    }

    /// When something fails: half a sentence.
    fn after(self) -> &'static str {
        match self {
            Self::Restarted => "after a restart",
            Self::Recreated => "after it was killed and recreated",
        }
    }
}

/// The probes that are asked again: those that read, the last one first. What others stored must be there then, and a command that stores
/// it again may only come after the one that looks for it.
pub fn asked_again(probes: &[Probe]) -> Vec<Probe> {
    probes.iter().rev().filter(|probe| reads(probe)).cloned().collect()
}

fn reads(probe: &Probe) -> bool {
    match &probe.action {
        Action::Http(http) => ["GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT", "SEARCH"].contains(&http.method.as_str()),
        Action::Command(_) => true,
    }
}

/// Whether the probes of a service store something and look for it: the second one by what an answer says, or by a command.
fn looks_for_data(probes: &[Probe], service: &str) -> bool {
    let own = || probes.iter().filter(|probe| probe.service == service);
    let is_command = |probe: &Probe| matches!(probe.action, Action::Command(_));
    let looks = |probe: &Probe| match &probe.action {
        Action::Http(http) => reads(probe) && http.text.is_some(),
        Action::Command(_) => true,
    };
    // A command may be either, so of two of them one is taken for what stores.
    own().any(|p| looks(p) && own().any(|other| !std::ptr::eq(p, other) && (!reads(other) || is_command(other))))
}

/// Takes over what was seen of services that were asked to end: their status, and what they said as they ended. `stopped` are the
/// containers then, `unhealthy` the services that were so before, and `logs` reads what one of them wrote. What could not be written at
/// the end is lost as well.
pub fn ended(
    outcomes: &mut [Outcome],
    (stopped, unhealthy): (&[Container], &BTreeSet<String>),
    project: &Project<'_>,
    before: Option<&RunResult>,
    mut logs: impl FnMut(&Container, &mut ServiceLog),
) {
    for outcome in outcomes.iter_mut().filter(|o| o.verdict == Verdict::Works && !o.ended) {
        let Some(container) = stopped.iter().find(|c| c.service() == outcome.service) else { continue };
        outcome.end = container.ended();
        let before = before.and_then(|run| run.of(&outcome.service));
        let mut log = ServiceLog::default();
        logs(container, &mut log);
        let words = log.last_words();
        let symptoms = log.symptoms(container);
        let known = before.map_or(&[][..], |before| &before.symptoms);
        let is_lost = telling(&symptoms, known, project.service(&outcome.service)).next().is_some();
        // One that is killed, by whatever signal, has another status than one that fails.
        let of_signal = |status: &i64| *status > 128;
        let other_end =
            outcome.end.filter(|end| *end != 0 && !of_signal(end)).zip(before.and_then(|b| b.end)).filter(|(now, then)| now != then);
        let is_unhealthy = unhealthy.contains(&outcome.service);
        let why = match other_end {
            _ if is_unhealthy && before.is_none_or(|b| b.verdict == Verdict::Works) => {
                "its health check passed at first, and no longer at its end".to_owned()
            }
            _ if is_lost => "as it was asked to end, it could not write".to_owned(),
            Some((now, then)) => format!("as it was asked to end, it ended with status {now}; on a writable root with {then}"),
            None => {
                // What it says at its end on a writable root is known of it.
                let new: Vec<_> = symptoms.into_iter().filter(|s| !outcome.symptoms.contains(s)).collect();
                outcome.symptoms.extend(new);
                continue;
            }
        };
        let end = outcome.end;
        *outcome = Outcome { symptoms, last_words: words, end, ..Outcome::plain(&outcome.service, Verdict::Fails, &why) };
    }
}

/// Whether further lives show anything: something runs and works.
pub fn may_come_back(outcomes: &[Outcome]) -> bool {
    outcomes.iter().any(|o| o.verdict == Verdict::Works && !o.ended)
}

/// Takes over what a further life showed. `before` is what was seen on a writable root: what does not come back there either is nobody's
/// fault here. The run on a writable root itself only remembers it. `probes` are all of the first life.
pub fn lived(outcomes: &mut [Outcome], again: &[Outcome], life: Life, probes: &[Probe], before: Option<&RunResult>, is_original: bool) {
    for outcome in outcomes.iter_mut().filter(|o| o.verdict == Verdict::Works && !o.ended) {
        let Some(later) = again.iter().find(|o| o.service == outcome.service) else { continue };
        if later.verdict == Verdict::Works {
            outcome.came_back = Some(outcome.came_back.unwrap_or(true));
            if life == Life::Recreated && outcome.came_back == Some(true) && looks_for_data(probes, &outcome.service) {
                outcome.grade = Grade::Keeps;
            }
            continue;
        }
        outcome.came_back = Some(false);
        if is_original {
            continue;
        }
        let (verdict, too) = match before.and_then(|run| run.of(&outcome.service)) {
            Some(before) if before.came_back == Some(false) => (Verdict::Unprovable, "it does not come back on a writable root either, "),
            _ => (Verdict::Fails, ""),
        };
        let mut failed = later.clone();
        failed.verdict = verdict;
        failed.why = format!("{too}{}: {}", life.after(), later.why);
        failed.short = format!("{too}{}: {}", life.after(), later.short);
        failed.came_back = Some(false);
        failed.ended = false;
        *outcome = failed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(verdict: Verdict) -> Outcome {
        Outcome::new("app", verdict, "why".to_owned())
    }

    fn shown(first: Verdict, later: Verdict, before: Option<bool>) -> (Verdict, String, Option<bool>) {
        let mut outcomes = [outcome(first)];
        let before = before.map(|came_back| {
            let outcome = Outcome { came_back: Some(came_back), ..outcome(Verdict::Works) };
            RunResult { outcomes: vec![outcome], ..RunResult::default() }
        });
        lived(&mut outcomes, &[outcome(later)], Life::Restarted, &[], before.as_ref(), false);
        let [outcome] = outcomes;
        (outcome.verdict, outcome.why, outcome.came_back)
    }

    #[test]
    fn who_does_not_come_back_does_not_work() {
        use Verdict::{Fails, Unprovable, Works};
        assert_eq!(shown(Works, Works, None), (Works, "why".to_owned(), Some(true)));
        assert_eq!(shown(Works, Fails, None), (Fails, "after a restart: why".to_owned(), Some(false)));
        // One that stays up at first and then ends with status 0.
        assert_eq!(shown(Works, Unprovable, None).0, Fails);
        assert_eq!(shown(Works, Fails, Some(true)).0, Fails);
        assert_eq!(shown(Works, Fails, Some(false)).0, Unprovable);
        assert_eq!(shown(Unprovable, Fails, None), (Unprovable, "why".to_owned(), None));
        // What was there first counts for all lives.
        let mut outcomes = [outcome(Works)];
        lived(&mut outcomes, &[outcome(Fails)], Life::Restarted, &[], None, true);
        lived(&mut outcomes, &[outcome(Works)], Life::Recreated, &[], None, true);
        assert_eq!((outcomes[0].verdict, outcomes[0].came_back), (Works, Some(false)));
    }

    #[test]
    fn only_what_reads_is_asked_again() {
        let probes = ["a:80 GET /", "a:80 POST /x y", "a:80 PROPFIND /", "a:80 MKCOL /x"].map(|text| Probe::http(text).expect("reads"));
        let again: Vec<String> = asked_again(&probes).into_iter().map(|p| p.text).collect();
        assert_eq!(again, ["a:80 PROPFIND /", "a:80 GET /"]);
        let probes = ["a: echo x > /tmp/x", "a: test -e /tmp/x"].map(|text| Probe::command(text).expect("reads"));
        assert_eq!(asked_again(&probes)[0], probes[1], "what looks comes before what stores again");
    }

    #[test]
    fn data_are_kept_where_a_probe_finds_what_another_one_stored() {
        for (probes, expected) in [
            (&["app:80 POST /memo hello", "app:80 GET /memo => 200 hello"][..], Grade::Keeps),
            // That it answers says nothing of what it stored.
            (&["app:80 POST /memo hello", "app:80 GET /memo"], Grade::Starts),
            (&["app:80 GET / => 200 hello"], Grade::Starts),
            (&["other:80 POST /memo hello", "app:80 GET /memo => 200 hello"], Grade::Starts),
        ] {
            let probes: Vec<Probe> = probes.iter().map(|text| Probe::http(text).expect("reads")).collect();
            let mut outcomes = [outcome(Verdict::Works)];
            for life in Life::ALL {
                assert_eq!(outcomes[0].grade, Grade::Starts, "after both lives");
                lived(&mut outcomes, &[outcome(Verdict::Works)], life, &probes, None, false);
            }
            assert_eq!(outcomes[0].grade, expected, "{probes:?}");
        }
        let commands = ["app: touch /data/x", "app: test -e /data/x"].map(|text| Probe::command(text).expect("reads"));
        assert!(looks_for_data(&commands, "app") && !looks_for_data(&commands[..1], "app"));
    }

    /// What is said of a service that works and is asked to end.
    fn end(status: i64, log: &str, before: Option<i64>) -> (Verdict, String) {
        end_of(status, log, before, &[])
    }

    fn end_of(status: i64, log: &str, before: Option<i64>, unhealthy: &[&str]) -> (Verdict, String) {
        let unhealthy = unhealthy.iter().map(|name| (*name).to_owned()).collect();
        let text = crate::text::TextFile::new("f", b"services:\n  app: {image: i, read_only: true}\n".to_vec(), 1 << 20).expect("text");
        let stream = crate::yaml::Stream::parse(&text, crate::text::FileId(0)).expect("YAML");
        let sources = crate::compose::Sources::single(stream);
        let project = Project::read(&sources).expect("a project");
        let stopped: Container = serde_json::from_value(serde_json::json!({
            "Id": "c", "Image": "i", "State": { "Status": "exited", "ExitCode": status },
            "Config": { "Labels": { "com.docker.compose.service": "app" } },
        }))
        .expect("a container");
        let before = before.map(|status| {
            let outcome = Outcome { end: Some(status), ..outcome(Verdict::Works) };
            RunResult { outcomes: vec![outcome], ..RunResult::default() }
        });
        let mut outcomes = [outcome(Verdict::Works)];
        ended(&mut outcomes, (&[stopped], &unhealthy), &project, before.as_ref(), |_, own| {
            log.lines().for_each(|line| own.line(line.as_bytes()));
        });
        let [outcome] = outcomes;
        (outcome.verdict, outcome.why)
    }

    #[test]
    fn what_fails_at_the_end_fails() {
        use Verdict::{Fails, Works};
        const LOST: &str = "sh: can't create /var/spool/state: Read-only file system";
        assert_eq!(end(0, "bye", None).0, Works);
        assert_eq!(end_of(0, "", None, &["app"]), (Fails, "its health check passed at first, and no longer at its end".to_owned()));
        assert_eq!(end_of(0, "", None, &["other"]).0, Works);
        assert_eq!(end(0, LOST, None), (Fails, "as it was asked to end, it could not write".to_owned()));
        let why = "as it was asked to end, it ended with status 3; on a writable root with 0";
        assert_eq!(end(3, "", Some(0)), (Fails, why.to_owned()));
        // It ends like that anyway, nobody knows, or it was killed.
        for (status, before) in [(3, Some(3)), (3, None), (137, Some(0)), (143, Some(0)), (0, Some(3))] {
            assert_eq!(end(status, "", before).0, Works, "{status} {before:?}");
        }
    }

    #[test]
    fn lives_are_tried_where_they_show_something() {
        let ended = Outcome { ended: true, ..outcome(Verdict::Works) };
        assert!(may_come_back(&[outcome(Verdict::Works), outcome(Verdict::Unprovable)]));
        assert!(!may_come_back(&[outcome(Verdict::Unprovable), outcome(Verdict::Fails)]));
        assert!(!may_come_back(&[ended]) && !may_come_back(&[]));
    }
}
