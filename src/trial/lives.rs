//! Whether services come back: after a stop, and after they were killed and recreated from their volumes alone.

use super::{Outcome, RunResult, Verdict};
use crate::evidence::engine::{Action, Probe};

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

/// The probes that are asked again: those that read. What the others stored must be there then.
pub fn asked_again(probes: &[Probe]) -> Vec<Probe> {
    let reads = |probe: &&Probe| match &probe.action {
        Action::Http(http) => ["GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT", "SEARCH"].contains(&http.method.as_str()),
        Action::Command(_) => true,
    };
    probes.iter().filter(reads).cloned().collect()
}

/// Whether further lives show anything: something runs and works.
pub fn may_come_back(outcomes: &[Outcome]) -> bool {
    outcomes.iter().any(|o| o.verdict == Verdict::Works && !o.ended)
}

/// Takes over what a further life showed. `before` is what was seen on a writable root: what does not come back there either is nobody's
/// fault here. The run on a writable root itself only remembers it.
pub fn lived(outcomes: &mut [Outcome], again: &[Outcome], life: Life, before: Option<&RunResult>, is_original: bool) {
    for outcome in outcomes.iter_mut().filter(|o| o.verdict == Verdict::Works && !o.ended) {
        let Some(later) = again.iter().find(|o| o.service == outcome.service) else { continue };
        if later.verdict == Verdict::Works {
            outcome.came_back = Some(outcome.came_back.unwrap_or(true));
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
        lived(&mut outcomes, &[outcome(later)], Life::Restarted, before.as_ref(), false);
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
        lived(&mut outcomes, &[outcome(Fails)], Life::Restarted, None, true);
        lived(&mut outcomes, &[outcome(Works)], Life::Recreated, None, true);
        assert_eq!((outcomes[0].verdict, outcomes[0].came_back), (Works, Some(false)));
    }

    #[test]
    fn only_what_reads_is_asked_again() {
        let probes = ["a:80 GET /", "a:80 POST /x y", "a:80 PROPFIND /", "a:80 MKCOL /x"].map(|text| Probe::http(text).expect("reads"));
        let again: Vec<String> = asked_again(&probes).into_iter().map(|p| p.text).collect();
        assert_eq!(again, ["a:80 GET /", "a:80 PROPFIND /"]);
    }

    #[test]
    fn lives_are_tried_where_they_show_something() {
        let ended = Outcome { ended: true, ..outcome(Verdict::Works) };
        assert!(may_come_back(&[outcome(Verdict::Works), outcome(Verdict::Unprovable)]));
        assert!(!may_come_back(&[outcome(Verdict::Unprovable), outcome(Verdict::Fails)]));
        assert!(!may_come_back(&[ended]) && !may_come_back(&[]));
    }
}
