//! What services complain about, and what that means for the verdict.

use super::{Outcome, Verdict};
use crate::compose::{Coverage, Known, Service, is_at};
use crate::evidence::log::{AdviceContext, Cause, Symptom, advise, join};
use crate::evidence::{Need, WritablePath, is_kernels};
use crate::remedy::Remedy;
use crate::report::advice;

/// Most symptoms of one service that are told.
const MOST_TOLD: usize = 12;

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
            Cause::NoExec | Cause::Denied | Cause::Full => {
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
pub(super) fn refine_verdict(
    mut outcome: Outcome,
    before: Option<&Outcome>,
    service: Option<&Service<'_>>,
    held: &[(String, String)],
) -> Outcome {
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
            // What the read-only one says besides is not why.
            outcome.symptoms.clone_from(&before.symptoms);
            outcome.last_words.clone_from(&before.last_words);
            (Verdict::Unprovable, (format!("{what}: {}", before.why), what.to_owned()))
        }
        _ if found.iter().any(in_held) => {
            let what = "it writes to what the project binds, which is read-only here";
            outcome.remedy = Some(Remedy::AllowBinds);
            (Verdict::Unprovable, plain(what))
        }
        (Verdict::Works, _) if !found.is_empty() => (Verdict::Fails, told(", but its log says that it could not write")),
        (Verdict::Works, before) if service.is_some_and(|s| s.read_only == Known::Yes) && died(&outcome, before).is_some() => {
            let part = died(&outcome, before).unwrap_or_default();
            (Verdict::Fails, told(&format!(", but its log says that {part} ends again and again")))
        }
        (Verdict::Unprovable, _) if outcome.ended && !found.is_empty() => (Verdict::Fails, told(", although it could not write")),
        (Verdict::Unprovable, Some(before)) if outcome.ended && before.ended => {
            (Verdict::Works, plain("it ended with status 0, as before"))
        }
        (Verdict::Unprovable, Some(before)) if outcome.ended && before.verdict == Verdict::Works => {
            (Verdict::Fails, told("; on a writable root it stays up"))
        }
        (Verdict::Unprovable, None) if outcome.ended => {
            outcome.remedy = Some(Remedy::AgainstOriginal);
            (Verdict::Unprovable, told(""))
        }
        (verdict, _) => (verdict, told("")),
    };
    (outcome.verdict, outcome.why, outcome.short) = (verdict, why, short);
    outcome
}

/// A part of the service that dies again and again, and does not on a writable root.
fn died<'o>(outcome: &'o Outcome, before: Option<&Outcome>) -> Option<&'o str> {
    outcome.dying.iter().find(|part| before.is_none_or(|before| !before.dying.contains(*part))).map(String::as_str)
}

/// What is said of a failed service, for people, and the mounts that would mend it.
pub fn explain(
    outcome: &Outcome,
    before: Option<&Outcome>,
    service: Option<&Service<'_>>,
    need: Option<&Need>,
) -> (Vec<String>, Vec<WritablePath>) {
    // What failed before as well is said with its reasons, whoever's they are.
    let known = before.filter(|o| o.verdict != Verdict::Fails).map_or(&[][..], |o| &o.symptoms);
    let (mut lines, mut mends) = (Vec::new(), Vec::new());
    let hearing = AdviceContext { service, need, is_planned: true, log: "a run" };
    let found = telling(&outcome.symptoms, known, service).map(|symptom| (symptom, advise(symptom, hearing)));
    let mut found: Vec<_> = found.collect();
    join(&mut found.iter_mut().map(|(_, advice)| advice).collect::<Vec<_>>());
    for (index, (symptom, advice)) in found.into_iter().enumerate() {
        if index == MOST_TOLD {
            lines.push("and more of the kind".to_owned());
        }
        if index < MOST_TOLD {
            lines.extend(advice::lines(symptom, &advice));
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
    use super::super::log::symptoms_of;
    use super::*;

    fn outcome(verdict: Verdict, ended: bool, text: &str) -> Outcome {
        Outcome { symptoms: symptoms_of(text), ended, ..Outcome::new("app", verdict, "why".to_owned()) }
    }

    /// What mends a log of a service that has these keys, and is refused the rest.
    fn mended(keys: &str, log: &str) -> Vec<String> {
        let text = format!("services:\n  app:\n    image: i\n    read_only: true\n{keys}");
        let text = crate::text::TextFile::new("compose.yaml", text.into_bytes(), 1 << 20).expect("text");
        let stream = crate::yaml::Stream::parse(&text, crate::text::FileId(0)).expect("YAML");
        let mut sources = crate::compose::Sources::new(std::path::Path::new(""), crate::compose::Env::new());
        sources.add_layer(std::path::Path::new("compose.yaml"), stream, None);
        let project = crate::compose::Project::read(&sources).expect("a project");
        let (_, mends) = explain(&outcome(Verdict::Fails, false, log), None, project.service("app"), None);
        mends.iter().map(advice::mount).collect()
    }

    #[test]
    fn what_may_not_be_run_from_our_tmpfs_is_mended_by_exec() {
        let keys = "    user: \"99\"\n    tmpfs: [\"/work:uid=99\", /run]\n";
        assert_eq!(mended(keys, "sh: 1: /work/tool: Permission denied"), ["tmpfs /work:uid=99,exec"]);
        assert_eq!(mended(keys, "/init: 9: exec: /run/x/init: Permission denied"), ["tmpfs /run:mode=700,uid=99,gid=99,exec"]);
        assert_eq!(mended(keys, "touch: cannot touch '/run/x': Permission denied"), ["tmpfs /run:mode=700,uid=99,gid=99"]);
    }

    #[test]
    fn the_folder_whose_owner_was_to_change_is_mounted_itself() {
        assert_eq!(mended("", "chown: changing ownership of '/var/log/app': Read-only file system"), ["tmpfs /var/log/app:mode=1777"]);
        assert_eq!(mended("", "chown: /var/lib/app: Read-only file system"), ["volume at /var/lib/app"]);
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
            (unknown, true, "", None, unknown, "why"),
            (unknown, true, EROFS, None, fails, "why, although it could not write"),
            (unknown, true, "", Some((unknown, true, "")), works, "it ended with status 0, as before"),
            (unknown, true, "", Some((works, false, "")), fails, "why; on a writable root it stays up"),
        ] {
            let before = before.map(|(verdict, ended, log)| outcome(verdict, ended, log));
            let refined = refine_verdict(outcome(verdict, ended, log), before.as_ref(), project.service("app"), &[]);
            assert_eq!((refined.verdict, refined.why.as_str()), (expected, why), "{verdict:?} {ended} {log:?} {before:?}");
            // What is for everybody has no words of one run, and no options.
            assert!(!refined.short.contains("--") && (verdict == works || !refined.short.contains("why")), "{}", refined.short);
        }
        let held = [("app".to_owned(), "/srv".to_owned())];
        let refined = refine_verdict(outcome(works, false, EROFS), None, project.service("app"), &held);
        assert_eq!((refined.verdict, refined.short.contains("--")), (unknown, false), "{}", refined.short);
    }
}
