//! The plan of one project: everything that is shown, asked, written or summed up, without the project itself.

use super::args::Harden;
use super::ask::Ask;
use super::config::Asked;
use super::load::Files;
use super::moving;
use super::oracle::Oracle;
use super::review;
use super::ui::{Ui, View};
use crate::audit::{Applicability, Change, Finding, Fix, Rule, What, audit};
use crate::compose::{Known, Project, Service, Sources, oddities};
use crate::edge::docker::Kept;
use crate::edge::{disk, stop};
use crate::error::{Error, Result, SourceError};
use crate::evidence::preset::list;
use crate::evidence::{Need, Selection, Source};
use crate::report::collect::{Found, collect};
use crate::report::remarks::{self, Remark};
use crate::report::style::{Look, paint};
use crate::report::{data, diff};
use crate::rewrite::{self, Rewrite};
use crate::text::{clean_line, count};
use crate::yaml::Stream;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The plan of one project.
pub(super) struct Plan {
    /// Folder that nothing is written outside of.
    pub(super) root: PathBuf,
    /// What to tell the person about the choice of files.
    pub(super) warnings: Vec<String>,
    /// What is hardly meant in its files.
    pub(super) oddities: Vec<SourceError>,
    /// Services that the repository leaves out, and why.
    pub(super) left_out: Vec<(String, String)>,
    /// The files that change, each with what was read; `None` for standard input.
    pub(super) rewrites: Vec<(Option<disk::Loaded>, Rewrite)>,
    /// The first file's text, as it was read.
    pub(super) text: String,
    pub(super) findings: Vec<Finding>,
    /// Fixes that are carried out.
    pub(super) accepted: Vec<Fix>,
    /// Services whose fix is assumed and was not asked for.
    pub(super) held_back: Vec<HeldBack>,
    /// Services that the named presets do not match, and what they are.
    pub(super) left_alone: Vec<(String, String)>,
    /// What containers hold where new mounts would hide it.
    pub(super) left_behind: Vec<Kept>,
    /// What was left alone and why.
    pub(super) remarks: Vec<Remark>,
    /// What `--check` says and counts: a line for each service that lacks something, or that was not looked at.
    pub(super) missing: Vec<String>,
    pub(super) counts: Counts,
    /// The `-f` options with which Compose reads all layers, where it would not find them by itself.
    pub(super) up: Option<String>,
    /// The diff of each rewrite, if it is to be shown.
    pub(super) diffs: Vec<Diff>,
    /// What is tried on the engine, if it is to be.
    pub(super) after: Option<After>,
    /// What its services can write to before and after, if that is asked for.
    pub(super) report: Option<data::Project>,
}

/// A project with the change, and what its services need.
pub(super) struct After {
    pub(super) sources: Sources,
    pub(super) needs: Vec<Need>,
}

/// The diff of one file as it is shown.
pub(super) struct Diff {
    pub(super) text: String,
    /// The folder that a patch is to be applied in, where that is not the working directory.
    pub(super) apply_in: Option<PathBuf>,
}

/// A service whose fix is assumed and was not asked for.
#[derive(Clone, Debug)]
pub(super) struct HeldBack {
    pub(super) service: String,
    /// What is not known.
    pub(super) why: String,
    /// What includes it.
    pub(super) next: String,
}

/// Services of a project.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) services: usize,
    /// Services that were looked at.
    pub(super) selected: usize,
    /// Services whose root filesystem is read-only already.
    pub(super) hard: usize,
    /// Services that become read-only.
    pub(super) hardened: usize,
    /// Services that would, if what is not known were known.
    pub(super) held_back: usize,
    /// Services that cannot, or whose change has no place.
    pub(super) refused: usize,
}

impl Counts {
    /// The sum of both.
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            services: self.services + other.services,
            selected: self.selected + other.selected,
            hard: self.hard + other.hard,
            hardened: self.hardened + other.hardened,
            held_back: self.held_back + other.held_back,
            refused: self.refused + other.refused,
        }
    }

    /// "4 of 15 services are read-only; 10 held back, 1 refused", where not all are. `are` is what becomes of those that change.
    pub(super) fn text(self, hardened: usize, are: &str) -> Option<String> {
        let read_only = self.hard + hardened;
        let open = self.hardened - hardened;
        let rest = self.services.saturating_sub(read_only + open + self.held_back + self.refused);
        let parts = [(open, "missing it"), (self.held_back, "held back"), (self.refused, "refused"), (rest, "left alone")];
        let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        let services = count(self.services, "service", "services");
        let are = if self.services == 1 && are == "are" { "is" } else { are };
        (!parts.is_empty()).then(|| format!("{read_only} of {services} {are} read-only; {}", parts.join(", ")))
    }
}

/// What is asked for, and who is asked.
#[derive(Clone, Copy)]
pub(super) struct Asking<'r> {
    pub(super) selection: &'r Selection,
    /// The Compose CLI, if it has a say.
    pub(super) oracle: Option<&'r Oracle>,
    /// The person, in an interactive review.
    pub(super) reviewer: Option<(&'r Ui, &'r Ask)>,
    /// How diffs are shown, if they are.
    pub(super) view: Option<View>,
    /// Whether the result is tried on the engine.
    pub(super) tries: bool,
    /// Whether a report is made.
    pub(super) reports: bool,
}

impl Plan {
    /// Plans the project at a path; see [`Files::read`].
    pub(super) fn read(path: Option<&Path>, args: &Harden, asking: Asking<'_>) -> Result<Self> {
        // In a tree there may be thousands of them.
        stop::go_on()?;
        Self::new(Files::read(path, &args.input, args.override_file.as_deref())?, args, asking)
    }

    /// Plans the project of these files.
    pub(super) fn new(mut files: Files, args: &Harden, asking: Asking<'_>) -> Result<Self> {
        let Asking { selection, oracle, reviewer, view, tries, reports } = asking;
        let project = files.project()?;
        let Asked { config, ignores, mut needs, mut left_out } = Asked::of(&files, &project, selection, &args.choice)?;
        let mut findings = audit(&project, &needs);
        ignores.apply(&mut findings, false);
        config.apply(&mut findings);
        let oddities = oddities(&project).into_iter().filter_map(|o| files.at(o.span, o.message, o.hint)).collect();
        let left_alone = left_alone(&project, &needs, selection);
        let mut settled: BTreeSet<String> = left_out.iter().map(|(service, _)| service.clone()).collect();
        let is_root = |f: &&Finding| matches!(f.rule, Rule::WritableRoot | Rule::NeedsWritableRoot) && f.ignored.is_some();
        settled.extend(findings.iter().filter(is_root).map(|f| f.service.clone()));
        // What a person ignores is no plan and no news; only that it was left out is said.
        for finding in findings.extract_if(.., |f| f.ignored.is_some()).filter(|f| f.fix.is_some()) {
            left_out.extend(finding.ignored.map(|reason| (finding.service, reason)));
        }
        let (mut accepted, held_back) = accept(&findings, &needs);
        let options = rewrite::Options { explain: args.explain_in_file, layer: files.layer };
        if let Some((ui, ask)) = reviewer {
            (accepted, needs) = review::review(review::Desk { ui, ask, project: &project, options }, &findings, needs)?;
        }
        let left_behind = if args.write || args.interactive { moving::left_behind(&files, &accepted)? } else { Vec::new() };
        if args.yes {
            // Nobody is asked, so nobody's data are left behind.
            accepted.retain(|fix| !left_behind.iter().any(|kept| kept.service == fix.service));
        }
        let outcome = rewrite::rewrite(&project, &accepted.iter().collect::<Vec<_>>(), &needs, options)?;
        if let Some(oracle) = oracle {
            oracle.check(&files, &project, &outcome.rewrites)?;
        }
        let refused: HashSet<&str> = outcome.refused.iter().map(|r| r.service.as_str()).collect();
        accepted.retain(|f| !refused.contains(f.service.as_str()));
        let open: Vec<&str> = accepted.iter().map(|f| f.service.as_str()).collect();
        let mut missing = if args.check { remarks::missing(&project, &findings, &open, &outcome.refused) } else { Vec::new() };
        if args.strict {
            let held: Vec<_> = held_back.iter().map(|held| (held.service.as_str(), held.why.as_str())).collect();
            settled.extend(selection.skip.iter().cloned());
            settled.extend(open.iter().map(|service| (*service).to_owned()));
            settled.extend(outcome.refused.iter().map(|refused| refused.service.clone()));
            missing.extend(remarks::writable(&project, &findings, &settled, &held));
        }
        let remarks = remarks::remarks(&project, &findings, &outcome.refused)?;
        let planned = accepted.iter().map(|f| f.service.as_str()).collect();
        let found = Found { project: &project, needs: &needs, findings: &findings, severity: &|rule| config.severity(rule), planned };
        let report = reports.then(|| collect(&found, false)).transpose()?;
        let hard = project.services.iter().filter(|s| s.read_only == Known::Yes).count();
        let is_hardened = |f: &&Fix| f.changes.iter().any(|c| c.what == What::ReadOnly);
        let is_open = |name: &str| project.service(name).is_some_and(|s| s.read_only != Known::Yes);
        let fixed: HashSet<&str> = findings.iter().filter(|f| f.fix.is_some()).map(|f| f.service.as_str()).collect();
        let is_refused = |f: &&Finding| f.fix.is_none() && !fixed.contains(f.service.as_str());
        let mut unchanged: HashSet<&str> = findings.iter().filter(is_refused).map(|f| f.service.as_str()).collect();
        unchanged.extend(outcome.refused.iter().map(|refused| refused.service.as_str()));
        let counts = Counts {
            services: project.services.len(),
            selected: needs.len(),
            hard,
            hardened: accepted.iter().filter(is_hardened).count(),
            held_back: held_back.iter().filter(|held| is_open(&held.service)).count(),
            refused: unchanged.into_iter().filter(|service| is_open(service)).count(),
        };
        // A person sees the whole proposal; a program gets what is sure.
        let whole = match view.filter(|view| view.for_a_person && !held_back.is_empty()) {
            None => None,
            Some(_) => {
                let held: BTreeSet<&str> = held_back.iter().map(|held| held.service.as_str()).collect();
                let fixes = findings.iter().filter_map(|f| f.fix.as_ref());
                let is_shown = |f: &&Fix| open.contains(&f.service.as_str()) || held.contains(f.service.as_str());
                let fixes: Vec<&Fix> = fixes.filter(is_shown).collect();
                Some(rewrite::rewrite(&project, &fixes, &needs, options)?.rewrites)
            }
        };
        let text = project.sources.files().first().map_or(String::new(), |s| s.stream.text().text().to_owned());
        drop(project);
        let parsed = |r: &Rewrite| Stream::parse(r.after(), r.file()).map(Arc::new).map_err(|e| Error::Unverified(e.message));
        let after: Option<Result<After>> = tries.then(|| {
            let changed = outcome.rewrites.iter().map(parsed).collect::<Result<Vec<_>>>()?;
            Ok(After { sources: files.sources.with(changed), needs })
        });
        let after = after.transpose()?;
        let rewrites: Vec<_> = outcome.rewrites.into_iter().map(|r| (files.take(r.file()), r)).collect();
        let up = files.layers_to_name();
        let (root, warnings) = (files.root, files.warnings);
        let diff = |view| rewrites.iter().map(|(loaded, r)| Diff::new(view, &root, loaded.as_ref(), r)).collect::<Result<_>>();
        let held: BTreeSet<&str> = held_back.iter().map(|held| held.service.as_str()).collect();
        let diffs = match (view, whole) {
            (Some(view), Some(whole)) => whole.iter().map(|r| Diff::for_a_person(view, false, r, &held)).collect(),
            (view, _) => view.map(diff).transpose()?.unwrap_or_default(),
        };
        Ok(Self {
            root,
            warnings,
            oddities,
            left_out,
            rewrites,
            text,
            findings,
            accepted,
            held_back,
            left_alone,
            left_behind,
            remarks,
            missing,
            counts,
            up,
            diffs,
            after,
            report,
        })
    }

    /// The changes to write.
    pub(super) fn writes(&self) -> impl Iterator<Item = disk::Write<'_>> {
        self.rewrites
            .iter()
            .filter_map(|(loaded, rewrite)| Some(disk::Write { root: &self.root, loaded: loaded.as_ref()?, after: rewrite.after().text() }))
    }

    /// The plan without what another plan of this run (`written`: paths and fingerprints) writes already.
    ///
    /// Errors: it would write something else into the same file.
    pub(super) fn unshared(mut self, written: &mut HashMap<PathBuf, u64>) -> Result<Self> {
        let mut clash = None;
        self.rewrites.retain(|(loaded, rewrite)| {
            let Some(path) = loaded.as_ref().and_then(|l| disk::real_path(l.path())) else { return true };
            let mut hasher = DefaultHasher::new();
            rewrite.after().text().hash(&mut hasher);
            let own = hasher.finish();
            match written.get(&path) {
                Some(&earlier) => {
                    clash = clash.take().or((earlier != own).then_some(path));
                    false
                }
                None => {
                    written.insert(path, own);
                    true
                }
            }
        });
        let Some(path) = clash else { return Ok(self) };
        let what = format!("{} belongs to another project of this run too, which changes it in another way", path.display());
        Err(Error::Usage(what, Some("harden the two projects one after the other".into())))
    }

    /// Names of the services that change.
    pub(super) fn changed(&self) -> impl Iterator<Item = &str> {
        self.accepted.iter().map(|f| f.service.as_str())
    }
}

impl Diff {
    /// For a person or for a program.
    fn new(view: View, root: &Path, loaded: Option<&disk::Loaded>, rewrite: &Rewrite) -> Result<Self> {
        let is_new = loaded.is_some_and(disk::Loaded::is_new);
        if view.for_a_person {
            return Ok(Self::for_a_person(view, is_new, rewrite, &BTreeSet::new()));
        }
        let (apply_in, path) = disk::name_in_patch(root, Path::new(rewrite.before().name()))?;
        Ok(Self { text: diff::patch(rewrite, &path, is_new), apply_in })
    }

    /// With what is held back marked.
    fn for_a_person(view: View, is_new: bool, rewrite: &Rewrite, held: &BTreeSet<&str>) -> Self {
        let name = format!("{}{}", rewrite.before().name(), if is_new { " (new)" } else { "" });
        let title = paint(view.color, Look::Bold, &clean_line(&name));
        let text = diff::view_with(rewrite, held, diff::CONTEXT, view.width, view.color);
        Self { text: format!("{title}\n{text}\n"), apply_in: None }
    }
}

/// Fixes that are documented or asked for, and the services of those that are not.
pub(super) fn accept(findings: &[Finding], needs: &[Need]) -> (Vec<Fix>, Vec<HeldBack>) {
    let by_service: HashMap<&str, &Need> = needs.iter().map(|n| (n.service.as_str(), n)).collect();
    let (mut accepted, mut held_back) = (Vec::new(), Vec::new());
    for fix in findings.iter().filter(|f| f.ignored.is_none()).filter_map(|f| f.fix.as_ref()) {
        if fix.applicability == Applicability::Safe || by_service.get(fix.service.as_str()).is_some_and(|n| n.consent) {
            accepted.push(fix.clone());
        } else {
            held_back.push(HeldBack::new(fix, by_service.get(fix.service.as_str()).copied(), findings));
        }
    }
    (accepted, held_back)
}

/// Services that the named presets do not match, and what they are, where presets are named.
fn left_alone(project: &Project<'_>, needs: &[Need], selection: &Selection) -> Vec<(String, String)> {
    let taken: HashSet<&str> = needs.iter().map(|n| n.service.as_str()).collect();
    let skipped: HashSet<&str> = selection.skip.iter().map(String::as_str).collect();
    let only: HashSet<&str> = selection.only.iter().map(String::as_str).collect();
    if selection.auto || selection.presets.is_empty() {
        return Vec::new();
    }
    let is_left = |s: &&Service<'_>| {
        let name = s.name;
        !taken.contains(name) && !skipped.contains(name) && (only.is_empty() || only.contains(name)) && s.read_only != Known::Yes
    };
    let what = |s: &Service<'_>| match (s.get("build"), s.shown_text("image")) {
        (Some(_), _) => "what it is built on is of another kind".to_owned(),
        (None, Some(image)) => format!("its image is {image}"),
        (None, None) => "it names no image".to_owned(),
    };
    project.services.iter().filter(is_left).map(|s| (s.name.to_owned(), what(s))).collect()
}

impl HeldBack {
    /// Why a fix is held back: the first thing of it that is not known; and what includes it.
    fn new(fix: &Fix, need: Option<&Need>, findings: &[Finding]) -> Self {
        let service = fix.service.clone();
        let unsure = fix.changes.iter().find(|c| Applicability::of(c.reason.confidence) == Applicability::Unsafe);
        let variable = || findings.iter().find(|f| f.service == service && f.rule == Rule::UnresolvedVariable);
        let why = match (unsure, variable()) {
            (Some(Change { what: What::ReadOnly, reason }), _) => reason.text.clone(),
            (Some(change), _) => format!("{} is assumed: {}", change.what, change.reason.text),
            (None, Some(finding)) => finding.message.clone(),
            (None, None) => "what is needed there is assumed, not documented".to_owned(),
        };
        let preset = need.and_then(|need| match &need.basis.source {
            Source::Preset(name) => Some(name.as_str()).filter(|name| list().any(|(known, _)| known == *name)),
            _ => None,
        });
        let next = preset.map_or("--unsafe-fixes".to_owned(), |preset| format!("--service {service}={preset}"));
        Self { service, why, next }
    }
}

/// The selection without the services whose profiles are not active.
pub(super) fn with_profiles(project: &Project<'_>, selection: &Selection, active: &[String]) -> Selection {
    let mut selection = selection.clone();
    if active.is_empty() || active.iter().any(|p| p == "*") {
        return selection;
    }
    let active: HashSet<&str> = active.iter().map(String::as_str).collect();
    let named = selection.named();
    let is_out = |service: &&Service<'_>| {
        let profiles = service.texts("profiles");
        let is_active = profiles.is_empty() || profiles.iter().any(|p| active.contains(p.text()));
        !is_active && !named.contains(service.name)
    };
    let skip: Vec<String> = project.services.iter().filter(is_out).map(|s| s.name.to_owned()).collect();
    selection.skip.extend(skip);
    selection
}
