//! Generated projects through the whole pipe: no internal error, no panic, nothing on a second run, and for Compose exactly the plan.
//!
//! `ROFS_CASES=50` tries 50 times the usual number, `ROFS_SEED=7` others than the usual ones.

use crate::generate::{Files, Generated, choices, minimised, project};
use crate::oracle::{Compose, apply, difference, normal, unordered};
use crate::pipe::{Hardened, harden_project, plan, selection, sources, with_all};
use rofs_harden::audit::Rule;
use rofs_harden::compose::{Project, differences};
use rofs_harden::evidence::Selection;
use rofs_harden::rewrite::Options;
use rofs_harden::text::FileId;
use serde_json::Value;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

/// A number that the environment gives.
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |n| n.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn cases(usual: u64) -> u64 {
    number("ROFS_CASES", 1) * usual
}

/// What came of one project.
#[derive(Debug)]
enum Answer {
    /// It is hardened as far as it can be: fixes, and what was refused by which rule.
    Hardened { fixes: usize, refused: Vec<&'static str> },
    /// It cannot be read, and why.
    Refused(String),
    /// Compose does not load it.
    NotLoaded(String),
}

fn wishes(generated: &Generated) -> (Selection, Options) {
    let mut wishes = selection(generated.presets, &generated.forced);
    if generated.with_all {
        for preset in &mut wishes.presets {
            // Also what is only read.
            Arc::make_mut(preset).config = ["/app", "/srv", "/conf.d"].map(str::to_owned).to_vec();
        }
        wishes = with_all(wishes);
    }
    let last = FileId(generated.layers.len() as u32 - 1);
    // The first file cannot be the layer on top.
    let has_layer = generated.layer && generated.layers.len() > 1;
    (wishes, Options { explain: generated.explain, layer: has_layer.then_some(last) })
}

/// Hardens a project twice; the laws are checked inside. `Err` says what is wrong.
fn harden_twice(generated: &Generated) -> Result<Result<(Files, Hardened), String>, String> {
    let (wishes, options) = wishes(generated);
    let layers = generated.layers();
    let run = |files: &Files| {
        catch_unwind(AssertUnwindSafe(|| harden_project(files, &layers, &wishes, options))).map_err(|_| "a panic".to_owned())
    };
    let (after, hardened) = match run(&generated.files)? {
        Err(why) if why.contains("internal error") => return Err(why),
        Err(why) => return Ok(Err(why)),
        Ok(first) => first,
    };
    let again = run(&after)?.map_err(|why| format!("the result is refused: {why}"))?;
    match (again.0 == after, again.1.fixes.as_slice()) {
        (true, []) => Ok(Ok((after, hardened))),
        (true, fixes) => Err(format!("a second run plans again: {:?}\n{}", fixes, Generated::shown(&again.0))),
        (false, _) => Err(format!("a second run changes it again\n{}", Generated::shown(&again.0))),
    }
}

fn check(generated: &Generated) -> Result<Answer, String> {
    Ok(match harden_twice(generated)? {
        Ok((_, hardened)) => answer(&hardened),
        Err(why) => Answer::Refused(why),
    })
}

fn answer(hardened: &Hardened) -> Answer {
    let by_placing = hardened.refused.iter().map(|refused| refused.rule);
    let by_audit = hardened.findings.iter().filter(|f| f.fix.is_none()).map(|f| f.rule);
    let refused = by_placing.chain(by_audit).map(Rule::id).collect();
    Answer::Hardened { fixes: hardened.fixes.len(), refused }
}

/// The same, and what Compose makes of it before and after.
fn check_with_compose(compose: &Compose, generated: &Generated) -> Result<Answer, String> {
    let layers = generated.layers();
    let before = effective(compose, &generated.files, &layers);
    let hardened = harden_twice(generated)?;
    let before = match before {
        Ok(before) => before,
        // What Compose refuses we may read: it checks more. It must only not go wrong.
        Err(why) => return Ok(Answer::NotLoaded(why)),
    };
    let (after, hardened) = match hardened {
        Ok(hardened) => hardened,
        Err(why) => return Ok(Answer::Refused(why)),
    };
    let ours = sources(&generated.files, &layers)?;
    let view = Project::read(&ours).map_err(|e| e.message)?;
    let found = differences(&view, &before);
    if !found.is_empty() {
        return Err(format!("the views differ: {found:#?}"));
    }
    let shown = Generated::shown(&after);
    let model = effective(compose, &after, &layers).map_err(|e| format!("not loaded: {e}\nafterwards\n{shown}"))?;
    let expected = unordered(apply(&plan(&hardened.fixes), before));
    match difference(&expected, &unordered(normal(model))).as_str() {
        "" => Ok(answer(&hardened)),
        wrong => Err(format!("not as planned: {wrong}\nafterwards\n{shown}")),
    }
}

/// What Compose makes of a project, without the path of its folder.
fn effective(compose: &Compose, files: &Files, layers: &[&str]) -> Result<Value, String> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    let options: Vec<String> = layers.iter().flat_map(|l| ["-f".to_owned(), (*l).to_owned()]).collect();
    let place = folder.path().to_string_lossy().into_owned();
    let model = compose.effective_with(folder.path(), &options, &[]).map_err(|e| e.replace(&place, "[PROJECT]"))?;
    serde_json::from_str(&model.to_string().replace(&place, "[PROJECT]")).map_err(|e| e.to_string())
}

/// What came of many projects.
#[derive(Default)]
struct Tally {
    fixes: usize,
    answered: u64,
    by_rule: BTreeMap<&'static str, usize>,
    unread: BTreeMap<String, (usize, String)>,
    unloaded: BTreeMap<String, (usize, String)>,
    /// The first projects of each kind of failure, by what was said.
    failures: BTreeMap<String, (usize, u64, String)>,
}

impl Tally {
    fn add(&mut self, case: u64, answer: Result<Answer, String>) {
        match answer {
            Ok(Answer::Hardened { fixes, refused }) => {
                self.answered += 1;
                self.fixes += fixes;
                for rule in refused {
                    *self.by_rule.entry(rule).or_default() += 1;
                }
            }
            Ok(Answer::Refused(why)) => self.unread.entry(kind(&why)).or_insert((0, format!("{case}: {why}"))).0 += 1,
            Ok(Answer::NotLoaded(why)) => self.unloaded.entry(kind(&why)).or_insert((0, format!("{case}: {why}"))).0 += 1,
            Err(why) => self.failures.entry(kind(&why)).or_insert((0, case, why)).0 += 1,
        }
    }

    fn unread(&self) -> u64 {
        self.unread.values().map(|(number, _)| *number as u64).sum()
    }

    fn unloaded(&self) -> u64 {
        self.unloaded.values().map(|(number, _)| *number as u64).sum()
    }

    fn report(&self, total: u64) -> String {
        let failed: usize = self.failures.values().map(|f| f.0).sum();
        let mut text = format!(
            "{total} projects: {} answered with {} fixes, {} cannot be read, {} not loaded by Compose, {failed} failures\n",
            self.answered,
            self.fixes,
            self.unread(),
            self.unloaded()
        );
        for (rule, number) in &self.by_rule {
            text += &format!("{number:>8}  {rule}\n");
        }
        for (title, table) in [("cannot be read", &self.unread), ("not loaded", &self.unloaded)] {
            for (number, example) in table.values() {
                text += &format!("{number:>8}  {title}: case {}\n", example.replace('\n', " "));
            }
        }
        for (what, (number, case, _)) in &self.failures {
            text += &format!("{number:>8}  failures: case {case}: {what}\n");
        }
        text
    }
}

/// What was said without what differs from project to project.
fn kind(why: &str) -> String {
    let line = why.lines().next().unwrap_or_default();
    let outside = line.split('`').step_by(2).collect::<Vec<_>>().join("…");
    let words = outside.split_whitespace().filter(|w| !w.contains(|c: char| c.is_ascii_digit() || matches!(c, '/' | '"' | '{' | '[')));
    words.take(14).collect::<Vec<_>>().join(" ")
}

/// Checks `total` projects on all processors, and fails with the smallest of each kind that is wrong.
fn check_all(total: u64, check: impl Fn(&Generated) -> Result<Answer, String> + Sync) -> Tally {
    let seed = number("ROFS_SEED", 1);
    let next = AtomicU64::new(number("ROFS_FIRST", 0));
    let end = next.load(Ordering::Relaxed) + total;
    let mut tally = Tally::default();
    let threads = std::thread::available_parallelism().map_or(2, Into::into);
    std::thread::scope(|scope| {
        let (sender, answers) = mpsc::channel();
        for _ in 0..threads {
            let (sender, next, check) = (sender.clone(), &next, &check);
            scope.spawn(move || {
                loop {
                    let case = next.fetch_add(1, Ordering::Relaxed);
                    if case >= end || sender.send((case, check(&project(&choices(seed, case))))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut all: Vec<_> = answers.iter().collect();
        all.sort_by_key(|(case, _)| *case);
        for (case, answer) in all {
            tally.add(case, answer);
        }
    });
    eprintln!("{}", tally.report(total));
    let mut shown = String::new();
    for (what, (number, case, _)) in &tally.failures {
        let fails = |generated: &Generated| check(generated).is_err_and(|why| kind(&why) == *what);
        let smallest = minimised(choices(seed, *case), fails);
        let why = check(&smallest).expect_err("it failed");
        shown += &format!("\n===== {number} times, first in case {case} of seed {seed}: {why}\n");
        shown += &format!("{}layers {:?} {:?}\n", Generated::shown(&smallest.files), smallest.layers, smallest.wishes());
    }
    assert!(shown.is_empty(), "{shown}");
    tally
}

#[test]
fn generated_projects_are_hardened_by_the_laws_or_refused_with_a_reason() {
    let total = cases(3000);
    let tally = check_all(total, check);
    assert!(tally.answered * 10 > total * 9, "only {} of {total} were answered", tally.answered);
}

#[test]
fn compose_sees_exactly_the_plan_in_generated_projects() {
    let Some(compose) = Compose::find() else { return };
    let total = cases(100);
    let tally = check_all(total, |generated| check_with_compose(&compose, generated));
    let loaded = total - tally.unloaded();
    assert!(loaded * 10 > total * 9, "Compose loaded only {loaded} of {total} projects");
    assert!(tally.unread() * 50 <= loaded, "{} of {loaded} that Compose loads cannot be read", tally.unread());
}
