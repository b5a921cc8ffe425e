//! What facts may become: which paths an image needs, how sure that is, and why it may be a guess.

use crate::facts::{Capability, Fact, Facts, Proof};
use crate::place::{Use, path_of, use_of};
use rofs_harden::compose::is_at;
use std::collections::{BTreeMap, BTreeSet};

/// How sure it is that an image runs read-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grade {
    /// A vendor or a catalogue runs it so.
    A,
    /// Two people who have nothing to do with each other do.
    B2,
    /// One person does.
    B,
    /// Where it keeps its data is known, that it runs read-only is not.
    C,
    /// Only statements are known, no path.
    Statement,
}

impl Grade {
    /// As the catalogue spells it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B2 => "BB",
            Self::B => "B",
            Self::C => "C",
            Self::Statement => "-",
        }
    }

    /// Whether that is enough to make a plan without a flag.
    pub(crate) fn is_reported(self) -> bool {
        self <= Self::B2
    }
}

/// A path of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) path: String,
    /// `tmpfs`, `exec`, `volume`, or `seeded` for a volume that starts with the image's content.
    pub(crate) kind: &'static str,
    /// Whether it was seen often enough to be planned without a flag.
    pub(crate) is_reported: bool,
    /// What is to be said of it; a key of the words in the program.
    pub(crate) why: &'static str,
    /// The sources, one of each origin, the surest first.
    pub(crate) sources: Vec<String>,
}

/// What the catalogue says of an image.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) image: String,
    pub(crate) grade: Grade,
    /// How many catalogues and people carry it.
    pub(crate) origins: usize,
    /// Number of the image's own user, where that is known.
    pub(crate) user: Option<u32>,
    /// Where it was seen to run read-only.
    pub(crate) runs: Vec<String>,
    /// Why the plan is a guess, whatever the grade.
    pub(crate) doubts: Vec<String>,
    pub(crate) capabilities: Option<Capability>,
    /// A check that a catalogue makes.
    pub(crate) check: Option<(String, String)>,
    /// What the image must write.
    pub(crate) needs: Vec<Place>,
    /// What was seen and is no need, with the reason.
    pub(crate) others: Vec<(String, &'static str)>,
}

/// Every image, by name.
pub(crate) fn entries(facts: &Facts) -> Vec<Entry> {
    let mut by_image: BTreeMap<&str, Vec<&Fact>> = BTreeMap::new();
    for fact in &facts.mounts {
        by_image.entry(&fact.image).or_default().push(fact);
    }
    let others = facts.negatives.keys().chain(facts.capabilities.iter().map(|c| &c.image));
    for image in others {
        by_image.entry(image).or_default();
    }
    by_image.into_iter().map(|(image, rows)| entry(image, &rows, facts)).collect()
}

/// Who stands behind a source: two catalogues of one project are one.
pub(crate) fn origin(source: &str) -> &str {
    source.split('/').next().unwrap_or(source)
}

fn entry(image: &str, rows: &[&Fact], facts: &Facts) -> Entry {
    let of = |grade| rows.iter().filter(move |f| f.proof.runs() == Some(grade)).map(|f| origin(&f.source)).collect::<BTreeSet<_>>();
    let (vendors, people) = (of('A'), of('B'));
    let grade = match (vendors.len(), people.len()) {
        (1.., _) => Grade::A,
        (0, 2..) => Grade::B2,
        (0, 1) => Grade::B,
        (0, 0) if rows.is_empty() => Grade::Statement,
        (0, 0) => Grade::C,
    };
    let runners: BTreeSet<&str> = vendors.union(&people).copied().collect();
    let capabilities: Vec<&Capability> = facts.capabilities.iter().filter(|c| c.image == image).collect();
    let negatives = facts.negatives.get(image);
    let said = capabilities.iter().map(|c| origin(&c.source)).chain(negatives.into_iter().flatten().map(|name| owner(name)));
    let origins = rows.iter().map(|f| origin(&f.source)).chain(said).collect::<BTreeSet<_>>().len();
    let mut entry = Entry {
        image: image.to_owned(),
        grade,
        origins,
        user: own_user(image, rows),
        runs: sources(rows.iter().copied().filter(|f| f.proof.runs().is_some())),
        doubts: Vec::new(),
        // Where the catalogue names a user, it says nothing of how the image starts by itself.
        capabilities: capabilities.iter().find(|c| c.user.is_none() && !c.add.contains('/')).map(|c| (*c).clone()),
        check: capabilities.iter().find(|c| !c.check.is_empty()).map(|c| (c.check.clone(), c.source.clone())),
        needs: Vec::new(),
        others: Vec::new(),
    };
    places(&mut entry, rows, &runners);
    doubts(&mut entry, rows, negatives);
    entry
}

/// What one path is used for, by origin.
type Uses<'f> = BTreeMap<&'f str, BTreeSet<(Use, Proof)>>;

fn places(entry: &mut Entry, rows: &[&Fact], runners: &BTreeSet<&str>) {
    let mut paths: BTreeMap<String, (Uses<'_>, Vec<&Fact>)> = BTreeMap::new();
    for fact in rows.iter().copied() {
        match path_of(fact) {
            Ok(path) => {
                let used = use_of(fact, &path);
                let (uses, rows) = paths.entry(path).or_default();
                uses.entry(origin(&fact.source)).or_default().insert((used, fact.proof));
                rows.push(fact);
            }
            Err("there is no mount") => {}
            Err(why) => entry.others.push((fact.path.clone(), why)),
        }
    }
    let kept_by = |(uses, _): &(Uses<'_>, _)| uses.values().filter(|uses| uses.iter().any(|(u, _)| *u == Use::Kept)).count();
    let most_keep = paths.values().map(kept_by).max().unwrap_or_default();
    for (path, found) in &paths {
        let (uses, rows) = found;
        let has = |wanted: fn(Use) -> bool| uses.values().filter(|u| u.iter().any(|(u, _)| wanted(*u))).count();
        let is_used = |u: Use| !matches!(u, Use::Not(_) | Use::Habit);
        let counts = |(u, proof): &(Use, Proof), grade| is_used(*u) && proof.runs() == Some(grade);
        let by = |grade| uses.values().filter(|u| u.iter().any(|u| counts(u, grade))).count();
        let is_habit = has(|u| u == Use::Habit) > 0 && ["/tmp", "/run"].contains(&path.as_str());
        let ran_without = runners.iter().any(|runner| !uses.get(runner).is_some_and(|u| u.iter().any(|(u, _)| !matches!(u, Use::Not(_)))));
        let other = |entry: &mut Entry, why| entry.others.push((path.clone(), why));
        if has(is_used) == 0 {
            let why = uses.values().flatten().find_map(|(u, _)| if let Use::Not(why) = u { Some(*why) } else { None });
            match why {
                Some(why) => other(entry, why),
                // Every run that is known had it, so the plan has it too.
                None if is_habit && !ran_without => {
                    let sources = sources(rows.iter().copied());
                    entry.needs.push(Place { path: path.clone(), kind: "tmpfs", is_reported: true, why: "habit", sources });
                }
                None => other(entry, "its catalogue mounts it in every app"),
            }
            continue;
        }
        let (kept, scratch) = (has(|u| u == Use::Kept), has(|u| matches!(u, Use::Scratch { .. })));
        let seeded = has(|u| u == Use::Seeded);
        let in_memory = has(|u| u == Use::InMemory);
        let only_one_person = by('A') == 0 && by('B') == 1;
        let is_named = uses.values().flatten().any(|(_, proof)| *proof == Proof::Parameter);
        let ran_with_it = by('A') + by('B') > 0 || is_named;
        let kind = if kept + in_memory > 0 {
            "volume"
        } else if seeded > 0 {
            "seeded"
        } else if has(|u| u == Use::Scratch { exec: true }) > 0 {
            "exec"
        } else {
            "tmpfs"
        };
        if !runners.is_empty() && !ran_with_it && kept + seeded + in_memory == 0 {
            other(entry, "it ran read-only without it");
            continue;
        }
        if ran_without && only_one_person && kept == 0 {
            other(entry, "one ran read-only without it");
            continue;
        }
        // A chart may have moved it there by a variable.
        let may_be_moved = kept == 1 && uses.len() == 1 && most_keep > 1;
        if may_be_moved && !ran_with_it {
            other(entry, "only one catalogue keeps something there, and others something else");
            continue;
        }
        if may_be_moved && ran_without {
            other(entry, "one ran read-only without it");
            continue;
        }
        let is_log = path.rsplit('/').next().is_some_and(|last| ["log", "logs"].contains(&last));
        let agreed = by('A') > 0 || by('B') > 1 || by('B') > 0 && uses.len() > 1 || runners.is_empty() && uses.len() > 1;
        let (is_reported, why) = match () {
            () if kind == "seeded" && !is_log => (false, "seeded"),
            () if kind == "seeded" => (agreed, "seeded-logs"),
            () if !ran_with_it && !runners.is_empty() => (false, "kept-elsewhere"),
            () if may_be_moved => (false, "moved"),
            () if is_habit && !ran_without => (true, "habit"),
            () if kept == 0 && in_memory > 0 => (agreed, "in-memory"),
            () if kept > 0 => (agreed || is_named && entry.grade == Grade::A, "kept"),
            () => (agreed, "scratch"),
        };
        if kept > 0 && scratch > 0 {
            let names = |wanted: fn(Use) -> bool| {
                let is = |(_, u): &(&&str, &BTreeSet<(Use, Proof)>)| u.iter().any(|(u, _)| wanted(*u));
                uses.iter().filter(is).map(|(origin, _)| *origin).collect::<BTreeSet<_>>()
            };
            let (keepers, forgetters) = (names(|u| u == Use::Kept), names(|u| matches!(u, Use::Scratch { .. })));
            if let (Some(keeper), Some(forgetter)) = (keepers.difference(&forgetters).next(), forgetters.difference(&keepers).next()) {
                entry.doubts.push(format!("{keeper} keeps {path}, and {forgetter} has it in memory"));
            }
        }
        entry.needs.push(Place { path: path.clone(), kind, is_reported, why, sources: sources(rows.iter().copied()) });
    }
    // What lies below a place that is mounted already needs none of its own; memory never holds what is kept.
    let all = entry.needs.clone();
    let is_volume = |place: &Place| matches!(place.kind, "volume" | "seeded");
    entry.needs.retain(|place| {
        let holds = |other: &&Place| other.path != place.path && is_at(&place.path, &other.path) && (is_volume(other) || !is_volume(place));
        !all.iter()
            .any(|other| holds(&other) && (other.is_reported || !place.is_reported) && (place.kind != "exec" || other.kind == "exec"))
    });
}

/// Contradictions, each as a sentence.
fn doubts(entry: &mut Entry, rows: &[&Fact], negatives: Option<&BTreeSet<String>>) {
    if rows.iter().any(|f| f.proof == Proof::VendorButFor) {
        entry.doubts.push("its vendor names a case in which it does not run read-only".to_owned());
    }
    for catalogue in negatives.into_iter().flatten() {
        let name = if catalogue == "truecharts" { "TrueCharts" } else { "TrueNAS" };
        entry.doubts.push(format!("{name}, which runs its apps read-only, switched that off for this one"));
    }
}

/// Who stands behind a catalogue of `negatives.tsv`.
fn owner(catalogue: &str) -> &str {
    match catalogue {
        "truecharts" => "stavros-k",
        "truenas-charts" => "truenas",
        other => other,
    }
}

/// The number of the image's own user. What charts set is their own choice: 568 is that of `TrueNAS`, 1001 is
/// an image's own only for Bitnami's, and 65532 only where the image's definition says so.
fn own_user(image: &str, rows: &[&Fact]) -> Option<u32> {
    let is_own = |fact: &&&Fact| match image.split('/').next() {
        Some("bitnami") => fact.source.starts_with("bitnami/charts@") && fact.user.starts_with("1001:"),
        Some("dhi.io") => fact.source.starts_with("docker-hardened-images/"),
        _ => false,
    };
    let mut numbers = rows.iter().filter(is_own).map(|f| f.user.split(':').next().and_then(|n| n.parse().ok()));
    let first = numbers.next().flatten()?;
    numbers.all(|number| number == Some(first)).then_some(first)
}

/// One source of each origin, the surest first.
fn sources<'f>(rows: impl Iterator<Item = &'f Fact>) -> Vec<String> {
    let mut rows: Vec<&Fact> = rows.collect();
    rows.sort_by_key(|f| (f.proof, &f.source));
    let mut seen = BTreeSet::new();
    rows.into_iter().filter(|f| seen.insert(origin(&f.source))).map(|f| f.source.clone()).collect()
}

impl Entry {
    /// Whether a plan for it may be carried out without a flag, if nothing else is wrong.
    pub(crate) fn is_reported(&self) -> bool {
        self.grade.is_reported() && self.doubts.is_empty()
    }

    /// Its line in `images.tsv`.
    pub(crate) fn line(&self) -> String {
        let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
        let capabilities = self.capabilities.as_ref().map(|c| {
            let add = if c.add == "none" { "" } else { &c.add };
            format!("{add} {} {}", if c.no_new_privileges { "works" } else { "unknown" }, c.source)
        });
        let check = self.check.as_ref().map(|(check, source)| format!("{check} {source}"));
        let mut fields = vec![
            self.image.clone(),
            self.grade.word().to_owned(),
            self.origins.to_string(),
            number(self.user),
            self.runs.join(" "),
            self.doubts.join("; "),
            capabilities.unwrap_or_default(),
            check.unwrap_or_default(),
        ];
        let place = |p: &Place| {
            let sure = if p.is_reported { "reported" } else { "assumed" };
            format!("{}|{}|{sure}|{}|{}", p.path, p.kind, p.why, p.sources.join(" "))
        };
        fields.extend(self.needs.iter().map(place));
        fields.join("\t") + "\n"
    }
}
