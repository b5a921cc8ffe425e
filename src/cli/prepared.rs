//! The plan of one project, prepared for a terminal: everything that is shown, asked, written or summed up, without the project itself.

use super::again::{self, Again};
use super::ask::Ask;
use super::moving;
use super::next::Outlook;
use super::oracle::Oracle;
use super::remedy;
use super::ui::{Ui, View};
use crate::audit::{Finding, Fix};
use crate::compose::Sources;
use crate::edge::disk::{self, Disk};
use crate::edge::docker::Kept;
use crate::edge::stop;
use crate::error::{Error, Result, SourceError};
use crate::evidence::Need;
use crate::plan::source::Loaded;
use crate::plan::{Counts, Decisions, Files, HeldBack, Input, LeftAlone, Options, Plan, comments, exclusions};
use crate::report::diff;
use crate::report::remarks::{self, Remark, Unnamed};
use crate::report::style::{Look, paint};
use crate::rewrite::{Rewrite, rewrite};
use crate::text::clean_line;
use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// What becomes of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// It is shown.
    Show,
    /// What is missing is said.
    Check {
        /// Whether every service that can write to its root filesystem counts.
        is_strict: bool,
    },
    /// A person decides service by service what is written.
    Review,
    /// It is shown and written.
    Write {
        /// Whether a person is asked before.
        asks: bool,
    },
}

impl Aim {
    /// Whether what is missing is said.
    pub(super) fn checks(self) -> bool {
        matches!(self, Self::Check { .. })
    }

    /// Whether it is written without a review.
    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Write { .. })
    }
}

/// The plan of one project.
pub(super) struct Prepared {
    /// Folder that nothing is written outside of.
    pub(super) root: PathBuf,
    /// What to tell the person about the choice of files.
    pub(super) warnings: Vec<String>,
    /// What is hardly meant in its files.
    pub(super) oddities: Vec<SourceError>,
    /// Services that the repository leaves out, and why.
    pub(super) left_out: Vec<(String, String)>,
    /// The files that change, each with what was read; `None` for standard input.
    pub(super) rewrites: Vec<(Option<Loaded>, Rewrite)>,
    /// The files that say what a review ignores, each with its whole new text: Compose files with comments, and the configuration file.
    pub(super) ignoring: Vec<(Loaded, String)>,
    /// The first file's text, as it was read.
    pub(super) text: String,
    pub(super) findings: Vec<Finding>,
    /// Fixes that are carried out.
    pub(super) accepted: Vec<Fix>,
    /// Services whose fix is not known to work and was not asked for.
    pub(super) held_back: Vec<HeldBack>,
    /// Services that the named presets do not match.
    pub(super) left_alone: Vec<LeftAlone>,
    /// What containers hold where new mounts would hide it, as far as nobody was asked about it.
    pub(super) left_behind: Vec<Kept>,
    /// Services that are left out because their data would stay behind.
    pub(super) spared: BTreeSet<String>,
    /// What was left alone and why.
    pub(super) remarks: Vec<Remark>,
    /// The folder of the project as it is named; empty for the one that the program runs in.
    pub(super) folder: String,
    /// Where data lie in volumes without a name.
    pub(super) unnamed: Vec<Unnamed>,
    /// What `--check` says and counts: a line for each service that lacks something, or that was not looked at.
    pub(super) missing: Vec<String>,
    pub(super) counts: Counts,
    /// The `-f` options with which Compose reads all layers, where it would not find them by itself.
    pub(super) up: Option<String>,
    /// The diff of each rewrite, if it is to be shown.
    pub(super) diffs: Vec<Diff>,
    /// What is tried on the engine, if it is to be.
    pub(super) after: Option<After>,
    /// What is left to do then.
    pub(super) outlook: Outlook,
}

/// A project with the change, and what its services need.
pub(super) struct After {
    pub(super) sources: Sources,
    pub(super) needs: Vec<Need>,
}

/// The diff of one file as it is shown.
pub(super) struct Diff {
    /// The file.
    name: String,
    pub(super) text: String,
    /// The folder that a patch is to be applied in, where that is not the working directory.
    pub(super) apply_in: Option<PathBuf>,
}

/// What is asked for, and who is asked.
#[derive(Clone, Copy)]
pub(super) struct Asking<'r> {
    pub(super) options: &'r Options,
    pub(super) aim: Aim,
    /// The Compose CLI, if it has a say.
    pub(super) oracle: Option<&'r Oracle>,
    /// The person who decides about this project alone: service by service, or about data that would stay behind.
    pub(super) person: Option<(&'r Ui, &'r Ask)>,
    /// How diffs are shown, if they are.
    pub(super) view: Option<View>,
    /// Whether the result is tried on the engine.
    pub(super) tries: bool,
    /// Whether the verb has a review.
    pub(super) has_review: bool,
    /// What names the same projects and services in a command that is printed.
    pub(super) again: &'r Again,
}

impl<'r> Asking<'r> {
    /// Nobody has a say, and nothing is made but the plan.
    pub(super) fn plainly(options: &'r Options, aim: Aim) -> Self {
        Self { options, aim, oracle: None, person: None, view: None, tries: false, has_review: false, again: &again::NOTHING }
    }
}

impl Prepared {
    /// Plans a project of the disk.
    pub(super) fn read(input: &Input, asking: Asking<'_>) -> Result<Self> {
        // In a tree there may be thousands of them.
        stop::go_on()?;
        Self::of(&Files::read(&Disk, input)?, asking)
    }

    /// Plans the project of these files.
    pub(super) fn of(files: &Files<'_>, asking: Asking<'_>) -> Result<Self> {
        let mut plan = Plan::found(files, asking.options)?;
        let is_written = matches!(asking.aim, Aim::Review | Aim::Write { .. });
        let mut left_behind = if is_written { moving::left_behind(&plan)? } else { Vec::new() };
        let mut spared: BTreeSet<String> = left_behind.iter().map(|kept| kept.service.clone()).collect();
        match (asking.aim, asking.person) {
            // Nobody is asked, so nobody's data are left behind.
            (Aim::Write { asks: false }, _) => {}
            (_, Some((ui, ask))) if !spared.is_empty() => {
                moving::say(ui, &left_behind, files.layers_to_name().as_deref());
                left_behind.clear();
                if moving::may_stay(ask, spared.iter().map(String::as_str))? {
                    spared.clear();
                }
            }
            _ => spared.clear(),
        }
        plan.accepted.retain(|fix| !spared.contains(&fix.service));
        plan.carry_out()?;
        if let Some(oracle) = asking.oracle {
            oracle.check(&plan)?;
        }
        let mut prepared = Self::prepare(files, plan, asking)?;
        prepared.counts.held_back += spared.len();
        Ok(Self { left_behind, spared, ..prepared })
    }

    /// Keeps what outlives the project.
    fn prepare(files: &Files<'_>, plan: Plan<'_>, asking: Asking<'_>) -> Result<Self> {
        let missing = match asking.aim {
            Aim::Check { is_strict } => missing(&plan, is_strict),
            _ => Vec::new(),
        };
        let unnamed = Unnamed::of(&plan.unnamed);
        let folder = plan.project.sources.directory().display().to_string();
        let folder = if folder == "." { String::new() } else { folder.strip_prefix("./").unwrap_or(&folder).to_owned() };
        let mut remarks = remarks::remarks(&plan.project, &plan.findings, &plan.refused)?;
        Remark::mark_said(&mut remarks, &missing);
        let after = asking.tries.then(|| Ok::<_, Error>(After { sources: plan.after()?, needs: plan.needs.clone() })).transpose()?;
        let counts = plan.counts();
        let ignoring = asking.options.decisions.as_ref().map_or(Ok(Vec::new()), |decisions| ignoring(files, &plan, decisions))?;
        let outlook = Outlook::of(files, &plan, asking)?;
        let warnings = files.warnings().iter().cloned().chain(plan.warnings()).collect();
        let whole = asking.view.filter(|view| view.for_a_person).map(|_| whole(&plan)).transpose()?.flatten();
        let Plan { findings, oddities, left_out, left_alone, accepted, held_back, rewrites, .. } = plan;
        let rewrites: Vec<_> = rewrites.into_iter().map(|r| (files.loaded(r.file()).cloned(), r)).collect();
        let diff = |view| rewrites.iter().map(|(loaded, r)| Diff::new(view, files.root(), loaded.as_ref(), r)).collect::<Result<_>>();
        let diffs = match (asking.view, whole) {
            (Some(view), Some(whole)) => {
                let held: BTreeSet<&str> = held_back.iter().map(|held| held.service.as_str()).collect();
                whole.iter().map(|r| Diff::for_a_person(view, files.loaded(r.file()), r, &held)).collect()
            }
            (view, _) => view.map(diff).transpose()?.unwrap_or_default(),
        };
        Ok(Self {
            root: files.root().to_owned(),
            warnings,
            oddities,
            left_out,
            rewrites,
            ignoring,
            text: files.sources().files().first().map_or(String::new(), |s| s.stream.text().text().to_owned()),
            findings,
            accepted,
            held_back,
            left_alone,
            left_behind: Vec::new(),
            spared: BTreeSet::new(),
            remarks,
            folder,
            unnamed,
            missing,
            counts,
            up: files.layers_to_name(),
            diffs,
            after,
            outlook,
        })
    }

    /// The changes to write.
    pub(super) fn writes(&self) -> impl Iterator<Item = disk::Write<'_>> {
        let is_said = |loaded: &Loaded| self.ignoring.iter().any(|(other, _)| other.path() == loaded.path());
        let rewrites = self.rewrites.iter().filter_map(|(loaded, rewrite)| Some((loaded.as_ref()?, rewrite.after().text())));
        let texts =
            rewrites.filter(move |(loaded, _)| !is_said(loaded)).chain(self.ignoring.iter().map(|(loaded, text)| (loaded, text.as_str())));
        texts.map(|(loaded, after)| disk::Write { root: &self.root, loaded, after })
    }

    /// The plan without what another plan of this run (`written`: paths and fingerprints) writes already.
    ///
    /// Errors: it would write something else into the same file.
    pub(super) fn unshared(mut self, written: &mut HashMap<PathBuf, u64>) -> Result<Self> {
        let mut clash = None;
        let mut gone: BTreeSet<String> = BTreeSet::new();
        self.rewrites.retain(|(loaded, rewrite)| {
            let Some(path) = loaded.as_ref().and_then(|l| disk::real_path(l.path())) else { return true };
            let mut hasher = DefaultHasher::new();
            rewrite.after().text().hash(&mut hasher);
            let own = hasher.finish();
            match written.get(&path) {
                Some(&earlier) => {
                    clash = clash.take().or((earlier != own).then_some(path));
                    gone.insert(rewrite.before().name().to_owned());
                    false
                }
                None => {
                    written.insert(path, own);
                    true
                }
            }
        });
        self.diffs.retain(|diff| !gone.contains(&diff.name));
        let Some(path) = clash else { return Ok(self) };
        let what = format!("{} belongs to another project of this run too, which changes it in another way", path.display());
        Err(Error::Usage(what, Some("harden the two projects one after the other".into())))
    }

    /// Names of the services that change.
    pub(super) fn changed(&self) -> impl Iterator<Item = &str> {
        self.accepted.iter().map(|f| f.service.as_str())
    }
}

/// The files that say what a person ignores, each with its whole new text.
fn ignoring(files: &Files<'_>, plan: &Plan<'_>, decisions: &Decisions) -> Result<Vec<(Loaded, String)>> {
    let commented = comments(plan, decisions)?.into_iter();
    let mut all: Vec<_> = commented.filter_map(|c| Some((files.loaded(c.file)?.clone(), c.after))).collect();
    all.extend(exclusions(files, decisions)?);
    Ok(all)
}

/// The files with what is held back as well, where something is: a person sees the whole proposal, a program gets what
/// is sure.
fn whole(plan: &Plan<'_>) -> Result<Option<Vec<Rewrite>>> {
    if plan.held_back.is_empty() {
        return Ok(None);
    }
    let shown: BTreeSet<&str> = plan.held_back.iter().map(|held| held.service.as_str()).chain(plan.changed()).collect();
    let fixes = plan.findings.iter().filter_map(|f| f.fix.as_ref());
    let fixes: Vec<&Fix> = fixes.filter(|fix| shown.contains(fix.service.as_str())).collect();
    Ok(Some(rewrite(&plan.project, &fixes, &plan.needs, plan.rewriting())?.rewrites))
}

/// What `--check` finds missing, a line each; if it is strict, every root filesystem that stays writable without a reason.
pub(super) fn missing(plan: &Plan<'_>, is_strict: bool) -> Vec<String> {
    let open: Vec<&str> = plan.changed().collect();
    let mut missing = remarks::missing(&plan.project, &plan.findings, &open, &plan.refused);
    missing.extend(is_strict.then(|| writable(plan)).into_iter().flatten());
    missing
}

/// What a strict check says beside what is missing.
fn writable(plan: &Plan<'_>) -> Vec<String> {
    let why = |held: &HeldBack| format!("{}; {} includes it", held.why, remedy::option(&held.next));
    let held: Vec<(&str, String)> = plan.held_back.iter().map(|held| (held.service.as_str(), why(held))).collect();
    let held: Vec<_> = held.iter().map(|(service, why)| (*service, why.as_str())).collect();
    let refused = plan.refused.iter().map(|refused| refused.service.as_str());
    let settled = plan.settled.iter().map(String::as_str).chain(plan.changed()).chain(refused).collect();
    remarks::writable(&plan.project, &plan.findings, &settled, &held)
}

impl Diff {
    /// For a person or for a program.
    fn new(view: View, root: &Path, loaded: Option<&Loaded>, rewrite: &Rewrite) -> Result<Self> {
        if view.for_a_person {
            return Ok(Self::for_a_person(view, loaded, rewrite, &BTreeSet::new()));
        }
        let (apply_in, path) = disk::name_in_patch(root, Path::new(rewrite.before().name()))?;
        let text = diff::patch(rewrite, &path, loaded.is_some_and(Loaded::is_new));
        Ok(Self { name: rewrite.before().name().to_owned(), text, apply_in })
    }

    /// With what is held back marked.
    fn for_a_person(view: View, loaded: Option<&Loaded>, rewrite: &Rewrite, held: &BTreeSet<&str>) -> Self {
        let new = if loaded.is_some_and(Loaded::is_new) { " (new)" } else { "" };
        let title = paint(view.color, Look::Bold, &clean_line(&format!("{}{new}", rewrite.before().name())));
        let text = diff::view_with(rewrite, held, diff::CONTEXT, view.width, view.color);
        Self { name: rewrite.before().name().to_owned(), text: format!("{title}\n{text}\n"), apply_in: None }
    }
}
