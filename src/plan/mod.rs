//! The application: from the files of a project to its plan. Every front end comes through here: the verbs of the command line, pull
//! requests, tests, benchmarks.
//!
//! ```text
//! FileSource + Input → Files → + Options + rofs-harden.toml → Plan
//! ```
//!
//! [`Files::read`] asks a [`FileSource`] for everything that a project names. [`Plan::of`] says what is found in it, which of the fixes
//! are carried out and which are held back and why, and gives the files their new text. Nothing here has effects of its own.

mod config;
mod counts;
mod decision;
mod files;
mod held;
mod ignoring;
mod input;
mod layers;
pub mod source;

pub use config::{Config, NAME as CONFIG_NAME, exclusions, preset_files, preset_in, pull_requests};
pub use counts::Counts;
pub use decision::{Decision, Decisions, Ignored};
pub use files::Files;
pub use held::{HeldBack, LeftAlone};
pub use ignoring::{Commented, comments, means_the_same, takes_comment};
pub use input::{Input, Options, Purpose, Start};
pub use layers::{Discovered, MAIN_NAMES, OVERRIDE_NAMES, discover};
pub use source::FileSource;

use crate::audit::{Finding, Fix, Ignores, Rule, Severity, audit, inspect, unnamed};
use crate::compose::{Project, Service, Sources, oddities};
use crate::error::{Error, Result, SourceError};
use crate::evidence::{Extra, Need, Selection};
use crate::remedy::Remedy;
use crate::rewrite::{self, Outcome, Refused, Rewrite, rewrite};
use crate::text::did_you_mean;
use crate::yaml::Stream;
use held::{consented, left_alone};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

/// What is to be done with a project, and why not more.
pub struct Plan<'f> {
    /// The project as it is.
    pub project: Project<'f>,
    /// What its selected services need, in their order.
    pub needs: Vec<Need>,
    /// What was found: with [`Purpose::Report`] by place.
    pub findings: Vec<Finding>,
    /// With [`Purpose::Change`], data that lie in volumes without a name and stay there: no change is missing, but who makes one should
    /// know. A report has them among its findings.
    pub unnamed: Vec<Finding>,
    /// What is hardly meant in its files, where their lines may be shown.
    pub oddities: Vec<SourceError>,
    /// Services that the repository leaves out, and why.
    pub left_out: Vec<(String, String)>,
    /// Services that the named presets do not match.
    pub left_alone: Vec<LeftAlone>,
    /// Services that nobody asked for, or of which a person says why they can write to their root filesystem.
    pub settled: BTreeSet<String>,
    /// Fixes that are carried out.
    pub accepted: Vec<Fix>,
    /// Services whose fix rests on something that is not known, and to which nobody agreed.
    pub held_back: Vec<HeldBack>,
    /// Fixes that have no place in the files.
    pub refused: Vec<Refused>,
    /// The files that change, in the project's order.
    pub rewrites: Vec<Rewrite>,
    config: Config,
    /// Active profiles that no service has, as sentences.
    strange_profiles: Vec<String>,
    rewriting: rewrite::Options,
    /// What came of these fixes, where they were carried out to see which have a place.
    tried: Option<(Vec<Fix>, Outcome)>,
}

impl<'f> Plan<'f> {
    /// The plan for a project.
    ///
    /// Errors: a file of the project or its configuration is wrong; the selection does not fit the project; a law does not hold.
    pub fn of(files: &'f Files<'_>, options: &Options) -> Result<Self> {
        let mut plan = Self::found(files, options)?;
        if options.purpose == Purpose::Change {
            plan.carry_out()?;
        }
        Ok(plan)
    }

    /// The same before anything is rewritten, for somebody who decides what is.
    ///
    /// Errors: as for [`Self::of`].
    pub fn found(files: &'f Files<'_>, options: &Options) -> Result<Self> {
        let project = files.project()?;
        let mut config = Config::of(files)?;
        options.decisions.iter().flatten().for_each(|(service, decision)| config.leave_out(service, &decision.ignored));
        let mut ignores = Ignores::of(&project);
        let selection = asked_for(files, &project, &config, &mut ignores, options);
        let mut needs = files.needs(&project, &selection)?;
        ignores.spare_binds(&project, &mut needs);
        let mut left_out = config.left_out(&project);
        let skip: HashSet<&str> = selection.skip.iter().map(String::as_str).collect();
        left_out.retain(|(service, _)| skip.contains(service.as_str()));
        let rewriting = rewrite::Options { explain: options.explain_in_file, layer: files.layer };
        let findings = audit(&project, &needs);
        let oddities = oddities(&project).into_iter().filter_map(|o| files.at(o.span, o.message, o.hint)).collect();
        let left_alone = left_alone(&project, &needs, &selection, options);
        let unwanted = project.services.iter().map(|s| s.name).filter(|name| !selection.wants(name));
        let settled = left_out.iter().map(|(service, _)| service.as_str()).chain(unwanted).map(str::to_owned).collect();
        let strange_profiles = if files.is_one_of_many() { Vec::new() } else { strange_profiles(&project, &options.profiles) };
        let (accepted, held_back, refused, rewrites) = Default::default();
        let mut plan = Self {
            project,
            needs,
            findings,
            unnamed: Vec::new(),
            oddities,
            left_out,
            left_alone,
            settled,
            accepted,
            held_back,
            refused,
            rewrites,
            config,
            strange_profiles,
            rewriting,
            tried: None,
        };
        match options.purpose {
            Purpose::Change => plan.leave_what_is_ignored(ignores),
            Purpose::Report => plan.report_all(ignores, is_whole(options))?,
        }
        (plan.accepted, plan.held_back) = match &options.decisions {
            Some(decisions) => (taken(&plan.findings, decisions), Vec::new()),
            None => consented(&plan.findings, &plan.needs),
        };
        Ok(plan)
    }

    /// Gives the files of the accepted fixes their new text.
    ///
    /// Errors: a law does not hold for the result.
    pub fn carry_out(&mut self) -> Result<()> {
        let outcome = match self.tried.take() {
            Some((fixes, outcome)) if fixes == self.accepted => outcome,
            _ => rewrite(&self.project, &self.accepted.iter().collect::<Vec<_>>(), &self.needs, self.rewriting)?,
        };
        (self.rewrites, self.refused) = (outcome.rewrites, outcome.refused);
        let refused: HashSet<&str> = self.refused.iter().map(|r| r.service.as_str()).collect();
        self.accepted.retain(|f| !refused.contains(f.service.as_str()));
        Ok(())
    }

    /// How rewrites of this project are done.
    pub fn rewriting(&self) -> rewrite::Options {
        self.rewriting
    }

    /// What the project's configuration or the person names and is not there.
    pub fn warnings(&self) -> Vec<String> {
        self.config.warnings(&self.project).into_iter().chain(self.strange_profiles.clone()).collect()
    }

    /// What the project's configuration says.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How bad findings of a rule are here.
    pub fn severity(&self, rule: Rule) -> Severity {
        self.config.severity(rule)
    }

    /// Names of the services that change.
    pub fn changed(&self) -> impl Iterator<Item = &str> {
        self.accepted.iter().map(|f| f.service.as_str())
    }

    /// How many services there are.
    pub fn counts(&self) -> Counts {
        Counts::of(self)
    }

    /// The project's files with the change.
    ///
    /// Errors: none that input can cause.
    pub fn after(&self) -> Result<Sources> {
        let parsed = |r: &Rewrite| Stream::parse(r.after(), r.file()).map(Arc::new).map_err(|e| Error::Unverified(e.message));
        Ok(self.project.sources.with(self.rewrites.iter().map(parsed).collect::<Result<Vec<_>>>()?))
    }

    /// What a person ignores is no plan and no news; only that a service was left out is said.
    fn leave_what_is_ignored(&mut self, ignores: Ignores<'f>) {
        self.findings.extend(unnamed(&self.project, &self.needs));
        ignores.apply(&mut self.findings, false);
        self.config.apply(&mut self.findings);
        let is_root = |f: &&Finding| matches!(f.rule, Rule::WritableRoot | Rule::NeedsWritableRoot) && f.ignored.is_some();
        self.settled.extend(self.findings.iter().filter(is_root).map(|f| f.service.clone()));
        for finding in self.findings.extract_if(.., |f| f.ignored.is_some()).filter(|f| f.fix.is_some()) {
            self.left_out.extend(finding.ignored.map(|reason| (finding.service, reason)));
        }
        self.unnamed = self.findings.extract_if(.., |f| matches!(f.remedy, Some(Remedy::NameVolumes { .. }))).collect();
    }

    /// Adds what is so already, and says what no file can take.
    fn report_all(&mut self, ignores: Ignores<'f>, is_whole: bool) -> Result<()> {
        self.findings.extend(inspect(&self.project, &self.needs));
        self.leave_what_has_no_place()?;
        ignores.apply(&mut self.findings, is_whole);
        self.config.apply(&mut self.findings);
        self.findings.sort_by_key(|f| (f.span.file, f.span.start, f.rule));
        Ok(())
    }

    /// Takes the fixes off that no file can take, as carrying them out would, and says why.
    fn leave_what_has_no_place(&mut self) -> Result<()> {
        let (accepted, _) = consented(&self.findings, &self.needs);
        let outcome = rewrite(&self.project, &accepted.iter().collect::<Vec<_>>(), &self.needs, rewrite::Options::default())?;
        self.refused.clone_from(&outcome.refused);
        if self.rewriting == rewrite::Options::default() {
            self.tried = Some((accepted, outcome));
        }
        let refused: HashMap<&str, &Refused> = self.refused.iter().map(|r| (r.service.as_str(), r)).collect();
        let mut reasons = Vec::new();
        for finding in self.findings.iter_mut().filter(|f| f.fix.is_some()) {
            let Some(refused) = refused.get(finding.service.as_str()) else { continue };
            finding.fix = None;
            finding.remedy = Some(Remedy::OwnLayer("compose.override.yaml".into()));
            reasons.push(Finding { rule: refused.rule, message: format!("not changed: {}", refused.why), remedy: None, ..finding.clone() });
        }
        self.findings.extend(reasons);
        Ok(())
    }
}

/// The files of the layers of a project, in order, as Compose would find them: nothing of them is read.
///
/// Errors: there is none.
pub fn layer_files(source: &dyn FileSource, input: &Input) -> Result<Vec<PathBuf>> {
    Ok(layers::layers(source, input)?.files)
}

/// Whether all services are looked at, so that a comment which counts for nothing is one too many.
fn is_whole(options: &Options) -> bool {
    let selection = &options.selection;
    selection.only.is_empty() && selection.skip.is_empty() && selection.forced.is_empty() && options.profiles.is_empty()
}

/// What is asked for, with what the configuration file adds and without what is left out.
fn asked_for<'f>(files: &Files<'_>, project: &Project<'f>, config: &Config, ignores: &mut Ignores<'f>, options: &Options) -> Selection {
    let mut selection = config.select(project, with_profiles(project, &options.selection, &options.profiles), options);
    if files.layer.is_some() {
        // All changes go into that file, and this one would change lines of others.
        selection.with = selection.with.without([Extra::ReadOnlyBinds].into_iter().collect());
        selection.layer = files.layer;
    }
    config.spare(project, &mut selection, ignores);
    if let Some(decisions) = &options.decisions {
        decision::decide(&mut selection, decisions);
    }
    selection
}

/// The selection without the services whose profiles are not active.
fn with_profiles(project: &Project<'_>, selection: &Selection, active: &[String]) -> Selection {
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

/// The active profiles that no service has, as sentences with the nearest that one has.
fn strange_profiles(project: &Project<'_>, active: &[String]) -> Vec<String> {
    let known: BTreeSet<String> =
        project.services.iter().flat_map(|s| s.texts("profiles")).map(|profile| profile.text().to_owned()).collect();
    let say =
        |profile: &String| format!("no service has the profile `{profile}`{}", did_you_mean(profile, known.iter().map(String::as_str)));
    active.iter().filter(|profile| *profile != "*" && !known.contains(*profile)).map(say).collect()
}

/// The fixes that a person takes.
fn taken(findings: &[Finding], decisions: &Decisions) -> Vec<Fix> {
    let is_taken = |fix: &&Fix| decisions.get(&fix.service).is_some_and(|decision| decision.take);
    findings.iter().filter(|f| f.ignored.is_none()).filter_map(|f| f.fix.as_ref()).filter(is_taken).cloned().collect()
}
