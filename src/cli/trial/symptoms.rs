//! What services complain about, and what that means for the verdict.

use super::words::LastWords;
use super::{Outcome, Verdict};
use crate::cli::diagnose;
use crate::compose::{Coverage, Known, Service, is_at};
use crate::edge::docker::{State, Trial};
use crate::error::Result;
use crate::evidence::log::{Cause, Hearing, Reader, Symptom, advise};
use crate::evidence::{Need, WritablePath, is_kernels};

/// Most symptoms of one service that are told.
const MOST_TOLD: usize = 12;

/// What was heard of a service so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Story {
    reader: Reader,
    /// The end of the container's log, and what its health check said last.
    end: LastWords,
    health: LastWords,
}

impl Story {
    /// A line.
    pub(super) fn line(&mut self, text: &str) {
        self.reader.line(text.as_bytes());
    }

    /// Lines of an answer, read as lines and, where it is JSON, by its texts.
    pub(super) fn lines(&mut self, text: &str) {
        text.lines().for_each(|line| self.line(line));
    }

    /// The container's log, its last lines or all, and what its health checks wrote.
    pub(super) fn read(&mut self, trial: &Trial, state: &State, tail: Option<u32>) -> Result<()> {
        if let Some(health) = state.health() {
            for output in health.outputs() {
                self.lines(output);
                if health.status != "healthy" {
                    output.lines().for_each(|line| self.health.line(line.as_bytes()));
                }
            }
        }
        let mut both = |line: &[u8]| {
            self.reader.line(line);
            self.end.line(line);
        };
        trial.logs(&state.id, tail, |stream| diagnose::each_line(stream, &mut both))
    }

    /// What was said last, for a person.
    pub(super) fn last_words(&self) -> Vec<String> {
        let log = self.end.under("its log ends with");
        let log = if log.is_empty() { vec!["its log is empty".to_owned()] } else { log };
        log.into_iter().chain(self.health.under("its health check said")).collect()
    }

    /// What it complained about.
    pub(super) fn finish(self, state: &State) -> Vec<Symptom> {
        let (symptoms, _) = self.reader.finish();
        symptoms.into_iter().map(|s| s.resolved(state.working_dir())).collect()
    }
}

/// What a text complains about.
pub(super) fn of_text(text: &str) -> Vec<Symptom> {
    let mut story = Story::default();
    story.lines(text);
    story.reader.finish().0
}

/// Symptoms that count against the service: those of a read-only root and of our mounts, unless they were there on a writable root too.
pub(super) fn telling<'s>(
    symptoms: &'s [Symptom],
    before: &'s [Symptom],
    service: Option<&'s Service<'_>>,
) -> impl Iterator<Item = &'s Symptom> {
    // Who was refused a path on a writable root is refused it in other words on a read-only one.
    let is_refusal = |cause| matches!(cause, Cause::ReadOnly | Cause::Denied);
    let is_same = move |a: &Symptom, b: &Symptom| match (&a.path, &b.path) {
        (Some(a_path), Some(b_path)) => a_path == b_path && (a.cause == b.cause || is_refusal(a.cause) && is_refusal(b.cause)),
        (a_path, b_path) => (a_path, a.cause, a.program) == (b_path, b.cause, b.program),
    };
    let is_known = move |s: &Symptom| before.iter().any(|b| is_same(b, s));
    let is_hard = service.is_some_and(|s| s.read_only == Known::Yes);
    symptoms.iter().filter(move |s| {
        let is_ours = match s.cause {
            Cause::ReadOnly => is_hard && !is_elsewhere(s, service),
            Cause::NoExec | Cause::Denied => {
                let path = s.path.as_deref().filter(|p| p.starts_with('/'));
                service.zip(path).is_some_and(|(service, path)| matches!(service.coverage(path), Coverage::Writable(_)))
            }
            Cause::Capability => is_hard,
            Cause::Harmless => false,
        };
        is_ours && !is_known(s)
    })
}

/// Whether a path is read-only for another reason than the root filesystem: the kernel's own, or a mount that the project wants so.
fn is_elsewhere(symptom: &Symptom, service: Option<&Service<'_>>) -> bool {
    let Some(path) = symptom.path.as_deref().filter(|path| path.starts_with('/')) else { return false };
    is_kernels(path) || service.is_some_and(|s| matches!(s.coverage(path), Coverage::ReadOnly(_)))
}

/// The verdict with what the log says, and with what was so on a writable root.
pub(super) fn weigh(mut outcome: Outcome, before: Option<&Outcome>, service: Option<&Service<'_>>, held: &[(String, String)]) -> Outcome {
    let known = before.map_or(&[][..], |o| &o.symptoms);
    let found: Vec<&Symptom> = telling(&outcome.symptoms, known, service).collect();
    let in_held = |s: &&Symptom| {
        let path = s.path.as_deref().unwrap_or_default();
        held.iter().any(|(whose, target)| *whose == outcome.service && is_at(path, target))
    };
    let told = |what: &str| (format!("{}{what}", outcome.why), format!("{}{what}", outcome.short));
    let plain = |what: &str| (what.to_owned(), what.to_owned());
    let (verdict, (why, short)) = match (outcome.verdict, before) {
        (Verdict::Fails, Some(before)) if before.verdict == Verdict::Fails => {
            let what = "it fails on a writable root too";
            (Verdict::Unprovable, (format!("{what}: {}", before.why), what.to_owned()))
        }
        _ if found.iter().any(in_held) => {
            let what = "it writes to what the project binds, which is read-only here";
            (Verdict::Unprovable, (format!("{what}; --allow-binds lets it"), what.to_owned()))
        }
        (Verdict::Works, _) if !found.is_empty() => (Verdict::Fails, told(", but its log says that it could not write")),
        (Verdict::Unprovable, _) if outcome.ended && !found.is_empty() => (Verdict::Fails, told(", although it could not write")),
        (Verdict::Unprovable, Some(before)) if outcome.ended && before.ended => {
            (Verdict::Works, plain("it ended with status 0, as before"))
        }
        (Verdict::Unprovable, Some(before)) if outcome.ended && before.verdict == Verdict::Works => {
            (Verdict::Fails, told("; on a writable root it stays up"))
        }
        (Verdict::Unprovable, None) if outcome.ended => {
            let why = format!("{}; --against-original tells whether it always does", outcome.why);
            (Verdict::Unprovable, (why, outcome.short.clone()))
        }
        (verdict, _) => (verdict, told("")),
    };
    (outcome.verdict, outcome.why, outcome.short) = (verdict, why, short);
    outcome
}

/// What is said of a failed service, for people, and the mounts that would mend it.
pub(in crate::cli) fn tell(
    outcome: &Outcome,
    before: Option<&Outcome>,
    service: Option<&Service<'_>>,
    need: Option<&Need>,
) -> (Vec<String>, Vec<WritablePath>) {
    // What failed before as well is said with its reasons, whoever's they are.
    let known = before.filter(|o| o.verdict != Verdict::Fails).map_or(&[][..], |o| &o.symptoms);
    let (mut lines, mut mends) = (Vec::new(), Vec::new());
    for (index, symptom) in telling(&outcome.symptoms, known, service).enumerate() {
        if index == MOST_TOLD {
            lines.push("and more of the kind".to_owned());
        }
        let advice = advise(symptom, Hearing { service, need, is_planned: true, log: "a run" });
        if index < MOST_TOLD {
            lines.extend(diagnose::about(symptom, &advice));
        }
        mends.extend(advice.mend);
    }
    if lines.is_empty() {
        lines.clone_from(&outcome.last_words);
    }
    (lines, mends)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(verdict: Verdict, ended: bool, text: &str) -> Outcome {
        Outcome { symptoms: of_text(text), ended, ..Outcome::new("app", verdict, "why".to_owned()) }
    }

    #[test]
    fn the_log_and_the_run_before_have_a_say() {
        const EROFS: &str = "sh: can't create /srv/x: Read-only file system";
        let file = crate::compose::Sources::new(std::path::Path::new(""), crate::compose::Env::new());
        let mut sources = file;
        let text = crate::text::TextFile::new("compose.yaml", b"services:\n  app:\n    image: i\n    read_only: true\n".to_vec(), 1 << 20);
        let stream = crate::yaml::Stream::parse(&text.expect("text"), crate::text::FileId(0)).expect("YAML");
        sources.add_layer(std::path::Path::new("compose.yaml"), stream, None);
        let project = crate::compose::Project::read(&sources).expect("a project");
        let (works, fails, unknown) = (Verdict::Works, Verdict::Fails, Verdict::Unprovable);
        for (verdict, ended, log, before, expected, why) in [
            (works, false, "", None, works, "why"),
            (works, false, EROFS, None, fails, "why, but its log says that it could not write"),
            // It said so on a writable root as well: of another filesystem.
            (works, false, EROFS, Some((works, false, EROFS)), works, "why"),
            (fails, false, "", Some((works, false, "")), fails, "why"),
            (fails, false, EROFS, Some((fails, false, "")), unknown, "it fails on a writable root too: why"),
            (unknown, true, "", None, unknown, "why; --against-original tells whether it always does"),
            (unknown, true, EROFS, None, fails, "why, although it could not write"),
            (unknown, true, "", Some((unknown, true, "")), works, "it ended with status 0, as before"),
            (unknown, true, "", Some((works, false, "")), fails, "why; on a writable root it stays up"),
        ] {
            let before = before.map(|(verdict, ended, log)| outcome(verdict, ended, log));
            let weighed = weigh(outcome(verdict, ended, log), before.as_ref(), project.service("app"), &[]);
            assert_eq!((weighed.verdict, weighed.why.as_str()), (expected, why), "{verdict:?} {ended} {log:?} {before:?}");
            // What is for everybody has no words of one run, and no options.
            assert!(!weighed.short.contains("--") && (verdict == works || !weighed.short.contains("why")), "{}", weighed.short);
        }
        let held = [("app".to_owned(), "/srv".to_owned())];
        let weighed = weigh(outcome(works, false, EROFS), None, project.service("app"), &held);
        assert_eq!((weighed.verdict, weighed.short.contains("--")), (unknown, false), "{}", weighed.short);
    }
}
