//! Lines that people reported from containers that failed on a read-only root, and the mount that
//! is right for each: what `diagnose` makes of them today, as a table.

use super::read;
use crate::support::{Folder, golden};
use rofs_harden::evidence::log::Cause;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A line of `tests/data/reported-lines.jsonl`; `tests/data/NOTICE.md` says what its fields mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    /// Which kind of trouble it is, a phrase.
    about: String,
    program: String,
    #[serde(rename = "version")]
    _version: Option<String>,
    image: String,
    user: Option<String>,
    working_dir: Option<String>,
    #[serde(default)]
    tmpfs: Vec<String>,
    #[serde(default)]
    volumes: Vec<String>,
    lines: Vec<String>,
    cause: String,
    path: Option<String>,
    mount: Option<Mount>,
    #[serde(default)]
    also: Vec<Mount>,
    remedy: Option<String>,
    #[serde(default)]
    says: Vec<String>,
    #[serde(default)]
    setting_is_enough: bool,
    wrong: Vec<String>,
    #[serde(rename = "found")]
    _found: Option<String>,
    source: String,
    #[serde(default, rename = "rebuilt")]
    _rebuilt: bool,
}

/// Something to mount.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Mount {
    target: String,
    kind: String,
    options: Option<String>,
}

impl Mount {
    /// What `diagnose` proposes, from its words.
    fn proposed(text: &str) -> Self {
        if let Some(target) = text.strip_prefix("volume at ") {
            return Self { target: target.to_owned(), kind: "state".to_owned(), options: None };
        }
        let item = text.strip_prefix("tmpfs ").unwrap_or_else(|| panic!("not a mount: {text}"));
        let (target, options) = item.split_once(':').unwrap_or((item, ""));
        Self { target: target.to_owned(), kind: "scratch".to_owned(), options: Some(options.to_owned()) }
    }

    fn options(&self) -> impl Iterator<Item = &str> {
        self.options.iter().flat_map(|o| o.split(',')).filter(|o| !o.is_empty())
    }

    fn is_at(&self, other: &Self) -> bool {
        (&self.target, &self.kind) == (&other.target, &other.kind)
    }

    /// Whether it can be run from where that is needed, and written by `user`.
    fn serves(&self, needed: &Self, user: Option<&str>) -> bool {
        let has = |option: &str| self.options().any(|o| o == option);
        let is_open = ["mode=1777", "mode=777", "mode=0777"].iter().any(|mode| has(mode));
        let numeric = user.and_then(|u| u.split(':').next()).filter(|u| u.parse::<u32>().is_ok_and(|u| u > 0));
        let owner = numeric.map(|uid| format!("uid={uid}"));
        let owned = |owner: &str| is_open || has(owner);
        self.kind == "state"
            || needed.options().all(|o| if o.starts_with("uid=") { owned(o) } else { has(o) }) && owner.as_deref().is_none_or(owned)
    }
}

impl std::fmt::Display for Mount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = if self.kind == "state" { "volume" } else { "tmpfs" };
        match self.options.as_deref().unwrap_or_default() {
            "" => write!(f, "{name} {}", self.target),
            options => write!(f, "{name} {}:{options}", self.target),
        }
    }
}

/// What the answer comes to. The order is that of the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Right,
    /// The right place, but the user cannot write there or nothing can be run from it.
    Options,
    /// No mount where one is right.
    Missing,
    /// Another mount, which does no harm, or one where none is right.
    Other,
    /// It hides or freezes what the image has there.
    Harmful,
    Unseen,
}

const VERDICTS: [(Verdict, &str); 6] = [
    (Verdict::Right, "right"),
    (Verdict::Options, "other options"),
    (Verdict::Missing, "no mount"),
    (Verdict::Other, "other mount"),
    (Verdict::Harmful, "harmful"),
    (Verdict::Unseen, "not noticed"),
];

/// What `diagnose` says of one report.
#[derive(Default)]
struct Answer {
    is_noticed: bool,
    /// Which of the usual causes it gives, as phrases.
    causes: Vec<String>,
    mounts: BTreeSet<Mount>,
    /// All that it says beside the mounts.
    told: String,
}

impl Answer {
    fn verdict(&self, report: &Report) -> Verdict {
        let accepted = || report.mount.iter().chain(&report.also);
        let fitting = |m: &Mount| accepted().filter(|a| m.is_at(a)).any(|a| m.serves(a, report.user.as_deref()));
        let is_wrong = |m: &Mount| {
            let exact = format!("{} {}", m.kind, m.target);
            report.wrong.iter().any(|wrong| *wrong == m.target || *wrong == exact)
        };
        let is_nested = self
            .mounts
            .iter()
            .any(|m| self.mounts.iter().any(|n| n.target.strip_prefix(&m.target).is_some_and(|rest| rest.starts_with('/'))));
        if self.mounts.iter().any(is_wrong) {
            Verdict::Harmful
        } else if !self.is_noticed && report.cause != "harmless" {
            Verdict::Unseen
        } else if self.mounts.is_empty() {
            let is_told = report.says.iter().any(|word| self.told.contains(word));
            match &report.mount {
                None => Verdict::Right,
                // The item is in the file already, and the text says how to write it.
                Some(mount) if report.has(&mount.target) && self.told.contains(&mount.target) && is_told => Verdict::Right,
                Some(_) if report.setting_is_enough && is_told => Verdict::Right,
                Some(_) => Verdict::Missing,
            }
        } else if is_nested || !self.mounts.iter().all(|m| accepted().any(|a| m.is_at(a))) {
            Verdict::Other
        } else if self.mounts.iter().all(fitting) {
            Verdict::Right
        } else {
            Verdict::Options
        }
    }

    /// Whether the cause is the one of the report.
    fn has_cause(&self, report: &Report) -> bool {
        let found = read(&report.lines.join("\n"));
        let found = found.iter().find(|s| s.cause != Cause::Harmless).or(found.first()).map(|s| s.cause);
        match (report.cause.as_str(), found) {
            ("harmless", cause) => cause.is_none_or(|c| c == Cause::Harmless),
            ("start-script", Some(_)) => self.causes.iter().any(|c| c.contains("start script")),
            (name, Some(cause)) => serde_json::from_value::<Cause>(name.into()).is_ok_and(|expected| cause == expected),
            (_, None) => false,
        }
    }
}

impl Report {
    /// Whether the file of the report mounts something there.
    fn has(&self, target: &str) -> bool {
        let place = |item: &str| item.split(':').next().map(|p| p.replacen("/var/run", "/run", 1));
        let mut own = self.tmpfs.iter().map(|item| place(item));
        own.any(|p| p.as_deref() == Some(target)) || self.volumes.iter().any(|v| v.split(':').nth(1) == Some(target))
    }

    /// Its service in a Compose file.
    fn service(&self, name: &str) -> String {
        let text = |text: &str| serde_json::to_string(text).expect("JSON");
        let mut yaml = format!("  {name}:\n    image: {}\n    read_only: true\n", text(&self.image));
        for (key, value) in [("user", &self.user), ("working_dir", &self.working_dir)] {
            if let Some(value) = value {
                let _ = writeln!(yaml, "    {key}: {}", text(value));
            }
        }
        for (key, items) in [("tmpfs", &self.tmpfs), ("volumes", &self.volumes)] {
            if !items.is_empty() {
                let items: Vec<_> = items.iter().map(|item| text(item)).collect();
                let _ = writeln!(yaml, "    {key}: [{}]", items.join(", "));
            }
        }
        yaml
    }
}

fn reports() -> Vec<Report> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/reported-lines.jsonl");
    let text = std::fs::read_to_string(path).expect("there");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

/// What `diagnose` says, asked once: every report is a service, and its lines are that service's.
fn answers(reports: &[Report]) -> Vec<Answer> {
    let name = |i: usize| format!("report{i:03}");
    let (mut yaml, mut log, mut volumes) = ("services:\n".to_owned(), String::new(), BTreeSet::new());
    for (i, report) in reports.iter().enumerate() {
        yaml += &report.service(&name(i));
        let sources = report.volumes.iter().filter_map(|v| v.split(':').next());
        volumes.extend(sources.filter(|source| !source.starts_with(['.', '/'])).map(str::to_owned));
        report.lines.iter().for_each(|line| log += &format!("{}-1  | {line}\n", name(i)));
        // No line belongs to the next report.
        log += &"\n".repeat(20);
    }
    yaml += "volumes:\n";
    volumes.iter().for_each(|volume| yaml += &format!("  {volume}:\n"));
    let run = Folder::compose(&yaml).run_with(&["diagnose", "--json"], &[], &log);
    let found: Value = serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {}", run.text()));
    let mut answers: BTreeMap<String, Answer> = BTreeMap::new();
    for row in found["symptoms"].as_array().expect("a list") {
        let answer = answers.entry(row["service"].as_str().expect("a name").to_owned()).or_default();
        answer.is_noticed = true;
        answer.causes.push(row["cause"].as_str().expect("a phrase").to_owned());
        answer.mounts.extend(row["mount"].as_str().map(Mount::proposed));
        for key in ["help", "remedy"] {
            answer.told += &format!("{}\n", row[key].as_str().unwrap_or_default());
        }
    }
    (0..reports.len()).map(|i| answers.remove(&name(i)).unwrap_or_default()).collect()
}

/// The data is of use: there is enough of it, it is spread, and nothing in it contradicts itself.
#[test]
fn the_reports_are_many_and_consistent() {
    let reports = reports();
    let count = |of: fn(&Report) -> &str| reports.iter().map(of).collect::<BTreeSet<_>>().len();
    assert!(reports.len() >= 160 && count(|r| &r.program) >= 80 && count(|r| &r.image) >= 80);
    for report in &reports {
        let about = format!("{} ({})", report.program, report.source);
        assert!(!report.lines.is_empty() && report.lines.iter().all(|l| !l.contains('\n')), "{about}");
        let causes = ["read-only", "denied", "no-exec", "capability", "start-script", "harmless"];
        assert!(causes.contains(&report.cause.as_str()), "{about}: {}", report.cause);
        assert!(report.mount.is_some() || report.remedy.is_some(), "{about}: no mount and nothing else");
        assert!(!report.setting_is_enough || !report.says.is_empty(), "{about}: no word for the setting");
        let mut accepted = report.mount.iter().chain(&report.also);
        assert!(accepted.clone().all(|m| ["scratch", "state"].contains(&m.kind.as_str())), "{about}");
        let is_wrong = |m: &Mount| report.wrong.iter().any(|w| *w == m.target || *w == format!("{} {}", m.kind, m.target));
        assert!(!accepted.any(is_wrong), "{about}: right and wrong at once");
    }
    let lines: BTreeSet<_> = reports.iter().map(|r| (&r.lines, &r.image)).collect();
    assert_eq!(lines.len(), reports.len(), "a report is there twice");
}

/// Every verdict can be had.
#[test]
fn answers_to_reports_are_judged() {
    let report: Report = serde_json::from_str(
        r#"{"about": "x", "program": "x", "version": null, "image": "x", "user": "1000", "lines": ["x"],
            "cause": "read-only", "path": "/srv/x/tmp/a", "wrong": ["/srv/x", "scratch /srv/y"],
            "mount": {"target": "/srv/x/tmp", "kind": "scratch", "options": "exec"}, "remedy": null,
            "found": null, "source": "x"}"#,
    )
    .expect("JSON");
    for (mounts, expected) in [
        (vec!["tmpfs /srv/x/tmp:uid=1000,mode=700,exec"], Verdict::Right),
        (vec!["tmpfs /srv/x/tmp:mode=1777,exec"], Verdict::Right),
        (vec!["tmpfs /srv/x/tmp:mode=755,exec"], Verdict::Options),
        (vec!["tmpfs /srv/x/tmp:mode=1777"], Verdict::Options),
        (vec![], Verdict::Missing),
        (vec!["volume at /srv/x/tmp"], Verdict::Other),
        (vec!["tmpfs /srv/x/tmp:mode=1777,exec", "tmpfs /srv/x/tmp/a:mode=1777"], Verdict::Other),
        (vec!["volume at /srv/y"], Verdict::Other),
        (vec!["tmpfs /srv/y:mode=1777"], Verdict::Harmful),
        (vec!["tmpfs /srv/x/tmp:mode=1777,exec", "volume at /srv/x"], Verdict::Harmful),
    ] {
        let proposed = mounts.iter().map(|m| Mount::proposed(m)).collect();
        let answer = Answer { is_noticed: true, mounts: proposed, ..Answer::default() };
        assert_eq!(answer.verdict(&report), expected, "{mounts:?}");
    }
    assert_eq!(Answer::default().verdict(&report), Verdict::Unseen);
}

/// How many reports of each name came to each verdict, most first.
fn counted(title: &str, judged: &[(&Report, &Answer, Verdict)], name: fn(&Report) -> &str) -> String {
    let mut counts: BTreeMap<&str, [usize; VERDICTS.len()]> = BTreeMap::new();
    for (report, _, verdict) in judged {
        for key in [name(report), "all"] {
            counts.entry(key).or_default()[*verdict as usize] += 1;
        }
    }
    let mut rows: Vec<_> = counts.into_iter().map(|(name, counts)| (counts.iter().sum::<usize>(), name, counts)).collect();
    rows.sort_by_key(|(sum, name, _)| (std::cmp::Reverse(*sum), *name));
    let names: Vec<_> = VERDICTS.iter().map(|(_, name)| *name).collect();
    let mut table = format!("| {title} | reports | {} |\n| --- |{}\n", names.join(" | "), " --- |".repeat(names.len() + 1));
    for (sum, name, counts) in rows {
        let cells: Vec<_> = counts.iter().map(usize::to_string).collect();
        let _ = writeln!(table, "| {name} | {sum} | {} |", cells.join(" | "));
    }
    table
}

/// The table holds what is so, so that a change shows what it improves; less than the aim fails.
#[test]
fn lines_of_public_reports_lead_to_the_right_mount() {
    let reports = reports();
    let answers = answers(&reports);
    let judged: Vec<_> = reports.iter().zip(&answers).map(|(r, a)| (r, a, a.verdict(r))).collect();
    let all = reports.len();
    let of = |verdict: Verdict| judged.iter().filter(|(_, _, v)| *v == verdict).count();
    let causes = judged.iter().filter(|(r, a, _)| a.has_cause(r)).count();
    let with_word: Vec<_> = judged.iter().filter(|(r, ..)| !r.says.is_empty()).collect();
    let told = with_word.iter().filter(|(r, a, _)| r.says.iter().any(|w| a.told.contains(w))).count();
    let part = |part: usize, whole: usize| format!("{part} of {whole} ({} %)", part * 100 / whole);
    let right = |has_mount: bool| {
        let those: Vec<_> = judged.iter().filter(|(r, ..)| r.mount.is_some() == has_mount).collect();
        part(those.iter().filter(|(.., v)| *v == Verdict::Right).count(), those.len())
    };
    let programs: BTreeSet<_> = reports.iter().map(|r| &r.program).collect();
    let mut table = format!(
        "# Lines of public reports\n\n\
         {all} reports of {} programs: lines that containers printed, and the mount that is right for each, \
         or that none is.\n\n\
         | | now | aim |\n| --- | --- | --- |\n\
         | noticed | {} | |\n| right cause | {} | |\n| right mount | {} | 90 % |\n\
         | of those with a mount | {} | |\n| of those without one | {} | |\n| harmful mount | {} | 0 |\n\
         | the setting or build step is named, where there is one | {} | |\n\n",
        programs.len(),
        part(all - of(Verdict::Unseen), all),
        part(causes, all),
        part(of(Verdict::Right), all),
        right(true),
        right(false),
        of(Verdict::Harmful),
        part(told, with_word.len()),
    );
    table += "- right: this mount, or none where none is right\n\
              - other options: the right place, but its user cannot write there, or nothing can be run from it\n\
              - no mount: nothing is proposed, and a mount is right\n\
              - other mount: another place or kind, or a mount where none is right\n\
              - harmful: it hides or freezes files of the image, or what was mounted on purpose\n\n";
    let _ = write!(table, "{}\n{}", counted("about", &judged, |r| &r.about), counted("program", &judged, |r| &r.program));
    table += "\n## What is not right\n\n";
    table += "| what | program | path | proposed | right |\n| --- | --- | --- | --- | --- |\n";
    for (verdict, name) in VERDICTS.iter().skip(1).rev() {
        for (report, answer, _) in judged.iter().filter(|(_, _, v)| v == verdict) {
            let proposed: Vec<_> = answer.mounts.iter().map(Mount::to_string).collect();
            let right = report.mount.as_ref().map_or_else(|| "none".to_owned(), Mount::to_string);
            let path = report.path.as_deref().unwrap_or("-");
            let proposed = if proposed.is_empty() { "-".to_owned() } else { proposed.join(", ") };
            let _ = writeln!(table, "| {name} | {} | {path} | {proposed} | {right} |", report.program);
        }
    }
    golden("diagnose/reported-lines.md", &table);
    assert_eq!(of(Verdict::Harmful), 0, "{table}");
    assert!(of(Verdict::Right) * 10 >= all * 9, "{table}");
}
