//! `rofs-harden.toml`: what a repository says of its own services, found from the project's folder upwards to the top of the work tree.

mod exclude;

use super::args::Choice;
use super::harden::{preset, preset_in};
use super::load::Files;
use super::plan::with_profiles;
use crate::audit::{Finding, Ignores, Rule, Severity, rule_of_extra};
use crate::compose::Project;
use crate::edge::disk;
use crate::error::{Error, Result, SourceError};
use crate::evidence::engine::Probe;
use crate::evidence::preset::{Preset, RawPath};
use crate::evidence::{Confidence, Extra, Extras, Need, Reason, Selection, Source, WritablePath, needs};
use crate::text::{FileId, Span, TextFile};
use exclude::Excluded;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Spanned;

/// Its name.
pub(super) const NAME: &str = "rofs-harden.toml";

/// The configuration file of `rofs-harden`: `rofs-harden.toml`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[schemars(title = "Configuration of rofs-harden")]
struct RawConfig {
    /// Presets to use, as with `--preset`: names, `auto`, or files such as `./mine.toml` beside this one.
    #[schemars(with = "Vec<String>")]
    presets: Vec<Spanned<String>>,
    /// What else to take away, as with `--with`: `cap-drop`, `no-new-privileges`, `user`, `read-only-binds`, `sizes`, `named-volumes`, or `all` but the last.
    #[schemars(with = "Vec<String>")]
    with: Vec<Spanned<String>>,
    /// Include changes that are assumed, not documented, to work.
    unsafe_fixes: bool,
    /// Requests with which services are tried, as with `--http`: `SERVICE:PORT METHOD PATH [BODY]`.
    #[schemars(with = "Vec<String>")]
    http: Vec<Spanned<String>>,
    /// Commands with which services are tried, as with `--probe`: `SERVICE: COMMAND`.
    #[schemars(with = "Vec<String>")]
    probe: Vec<Spanned<String>>,
    /// Whether `rofs-harden pr` may open pull requests for these projects; it may unless this is `false`.
    pull_requests: Option<bool>,
    /// Services by name.
    services: BTreeMap<String, RawService>,
    /// How bad findings are, by rule.
    #[schemars(with = "BTreeMap<String, Level>")]
    rules: BTreeMap<Spanned<String>, Spanned<String>>,
    /// What is left out, and why.
    exclude: Vec<RawExclude>,
}

/// What is said of one service.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct RawService {
    /// Its preset.
    #[schemars(with = "Option<String>")]
    preset: Option<Spanned<String>>,
    /// Where it must be able to write, beside what the preset says; of one path, this counts.
    paths: Vec<RawPath>,
}

/// How bad findings of a rule are. To turn a rule off, exclude it with a reason.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
#[allow(dead_code, reason = "it only describes the words that are taken")]
enum Level {
    /// Worth knowing.
    Note,
    /// Weakens the container, or may surprise.
    Warning,
    /// Fails, loses data, or gives the host away.
    Error,
}

/// Something that is left out. At least one of service, path and rule is named; all that are named must fit.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawExclude {
    /// Name of a service.
    service: Option<String>,
    /// A Compose file or folder, relative to this file.
    path: Option<String>,
    /// Name of a rule: only its findings are left out.
    #[schemars(with = "Option<String>")]
    rule: Option<Spanned<String>>,
    /// Why.
    #[schemars(with = "String")]
    reason: Spanned<String>,
}

/// The files among the presets that a configuration file names. What is wrong with it is said when it is read.
pub(super) fn preset_files(text: &str) -> Vec<String> {
    let raw: RawConfig = toml::from_str(text).unwrap_or_default();
    let of_services = raw.services.into_values().filter_map(|service| service.preset);
    raw.presets.into_iter().chain(of_services).map(Spanned::into_inner).filter(|name| is_file(name)).collect()
}

/// Whether a preset's name is that of a file.
fn is_file(preset: &str) -> bool {
    preset.contains(['/', '\\'])
}

/// What counts for one project.
#[derive(Debug, Default)]
pub(super) struct Config {
    presets: Option<Vec<Option<Arc<Preset>>>>,
    with: Vec<Extra>,
    assume: bool,
    assigned: HashMap<String, Arc<Preset>>,
    paths: BTreeMap<String, Vec<WritablePath>>,
    levels: HashMap<Rule, Severity>,
    excluded: Excluded,
    /// How services are tried.
    pub(super) probes: Vec<Probe>,
}

/// What a configuration file says of pull requests: whether they may be opened, if it says so.
///
/// Errors: why it is none.
pub(super) fn pull_requests(text: &str) -> Result<Option<bool>, String> {
    toml::from_str::<RawConfig>(text).map(|raw| raw.pull_requests).map_err(|e| e.message().to_owned())
}

/// What is asked of one project, by the command line, the configuration file and comments.
pub(super) struct Asked<'a> {
    pub(super) config: Config,
    pub(super) ignores: Ignores<'a>,
    pub(super) needs: Vec<Need>,
    /// Services that the configuration file leaves out, and why.
    pub(super) left_out: Vec<(String, String)>,
}

impl<'a> Asked<'a> {
    /// Brings them together for the project of these files.
    ///
    /// Errors: a configuration file that is wrong; as for [`needs`].
    pub(super) fn of(files: &Files, project: &Project<'a>, selection: &Selection, choice: &Choice) -> Result<Self> {
        let config = Config::of(files)?;
        let mut selection = config.select(project, &with_profiles(project, selection, &choice.profile), choice);
        if files.layer.is_some() {
            // All changes go into that file, and this one would change lines of others.
            selection.with = selection.with.without([Extra::ReadOnlyBinds].into_iter().collect());
        }
        let mut ignores = Ignores::of(project);
        config.spare(project, &mut selection, &mut ignores);
        let mut needs = needs(project, &selection, &files.dockerfiles(project))?;
        ignores.spare_binds(project, &mut needs);
        let mut left_out = config.excluded.services(project);
        let skip: HashSet<&str> = selection.skip.iter().map(String::as_str).collect();
        left_out.retain(|(service, _)| skip.contains(service.as_str()));
        Ok(Self { config, ignores, needs, left_out })
    }
}

/// A part of the file and what is wrong with it.
type Wrong = (Range<usize>, String);

impl Config {
    /// The configuration for the project of these files; an empty one where there is no file.
    ///
    /// Errors: the first thing in the file that is wrong, with its place.
    pub(super) fn of(files: &Files) -> Result<Self> {
        let first = files.sources.files().first().map(|f| f.path.clone()).unwrap_or_default();
        let Some(loaded) = disk::upwards(&first, &files.root, NAME)? else { return Ok(Self::default()) };
        let folder = loaded.path().parent().map(Path::to_owned).unwrap_or_default();
        let parsed = Self::parse(loaded.file(), &folder, &files.root, &disk::real_path(&first).unwrap_or(first));
        // A link may lead to any file of the project.
        parsed.map_err(|error| if disk::is_link(loaded.path()) { error.without_lines("this is no configuration") } else { error })
    }

    /// Reads a file that stands in `folder`, for the project whose first file is `first`.
    fn parse(file: &TextFile, folder: &Path, root: &Path, first: &Path) -> Result<Self> {
        let wrong = |(range, message): Wrong| -> Error {
            let span = Span { file: FileId(0), start: range.start as u32, end: range.end as u32 };
            SourceError::new(file, span, message, Some("`rofs-harden explain configuration` says what the file may hold".into())).into()
        };
        let raw: RawConfig = toml::from_str(file.text()).map_err(|e| wrong((e.span().unwrap_or(0..0), e.message().to_owned())))?;
        let named = |name: &Spanned<String>| -> Result<Arc<Preset>> {
            let text = name.get_ref();
            let path = folder.join(text);
            if !is_file(text) {
                let wrong = |e: Error| wrong((name.span(), format!("{e}; {}", e.hint().unwrap_or_default())));
                return preset(text).map(Arc::new).map_err(wrong);
            }
            let loaded = disk::read_inside(&[root.to_owned()], &path).map_err(|unread| match unread {
                disk::Unread::Outside(_) => wrong((name.span(), format!("`{text}` leads out of the project"))),
                disk::Unread::Failed(error) => error.without_lines("this is no preset"),
            })?;
            // What a configuration names may be any file of the project, so none of its lines is shown.
            preset_in(&loaded).map(Arc::new).map_err(|error| match error {
                Error::Source(_) => {
                    let path = loaded.path().display();
                    wrong((name.span(), format!("`{text}` is no preset; `rofs-harden presets check {path}` says why")))
                }
                other => other,
            })
        };
        let mut config = Self { assume: raw.unsafe_fixes, ..Self::default() };
        if !raw.presets.is_empty() {
            let one = |name: &Spanned<String>| if name.get_ref() == "auto" { Ok(None) } else { named(name).map(Some) };
            config.presets = Some(raw.presets.iter().map(one).collect::<Result<_>>()?);
        }
        for name in &raw.with {
            config.with.extend(extras(name).map_err(wrong)?);
        }
        for (texts, read) in [(&raw.http, Probe::http as fn(&str) -> _), (&raw.probe, Probe::command)] {
            for text in texts {
                config.probes.push(read(text.get_ref()).map_err(|why: String| wrong((text.span(), why)))?);
            }
        }
        for (service, own) in raw.services {
            if let Some(name) = &own.preset {
                config.assigned.insert(service.clone(), named(name)?);
            }
            for path in own.paths {
                let line = file.line(path.span().start);
                let (target, storage, text) = path.read().map_err(wrong)?;
                let link = Some(format!("{}:{line}", file.name()));
                let reason = Arc::new(Reason { source: Source::User, text, link, confidence: Confidence::Documented });
                config.paths.entry(service.clone()).or_default().push(WritablePath {
                    service: service.clone(),
                    target,
                    storage,
                    is_declared: false,
                    owner: None,
                    reason,
                });
            }
        }
        for (name, level) in &raw.rules {
            config.levels.insert(rule(name).map_err(wrong)?, severity(level).map_err(wrong)?);
        }
        for exclude in raw.exclude {
            if let Some((rule, service, reason)) = read_exclude(exclude, folder, first).map_err(wrong)? {
                config.excluded.add(rule, service, reason);
            }
        }
        Ok(config)
    }

    /// The JSON Schema of the file.
    pub(super) fn schema() -> schemars::Schema {
        schemars::schema_for!(RawConfig)
    }

    /// The selection with what the file adds: what the command line says counts first.
    fn select(&self, project: &Project<'_>, selection: &Selection, choice: &Choice) -> Selection {
        let mut selection = selection.clone();
        if let (Some(presets), true) = (&self.presets, choice.preset.is_empty()) {
            selection.auto = presets.iter().any(Option::is_none);
            selection.presets = presets.iter().flatten().cloned().collect();
        }
        selection.with = Extra::ALL.into_iter().filter(|e| selection.with.has(*e) || self.with.contains(e)).collect::<Extras>();
        selection.assume |= self.assume;
        selection.assigned.clone_from(&self.assigned);
        for (service, own) in &self.paths {
            // What was said of this run counts after what the file says.
            selection.paths.entry(service.clone()).or_default().splice(0..0, own.iter().cloned());
        }
        // Who names a service on the command line wants it.
        let named = selection.named();
        let left_out = self.excluded.services(project).into_iter().map(|(service, _)| service);
        let skip: Vec<String> = left_out.filter(|service| !named.contains(service.as_str())).collect();
        selection.skip.extend(skip);
        selection
    }

    /// Takes the extras off `selection` whose rule a comment or this file ignores for a service.
    fn spare<'a>(&self, project: &Project<'a>, selection: &mut Selection, ignores: &mut Ignores<'a>) {
        let with = selection.with;
        if with.is_empty() {
            return;
        }
        selection.without = ignores.without(project, with);
        for service in project.services.iter().filter(|_| self.excluded.has_rules()) {
            let own = selection.without.entry(service.name.to_owned()).or_default();
            let is_out = |e: &Extra| own.has(*e) || with.has(*e) && self.excluded.reason(rule_of_extra(*e), service.name).is_some();
            *own = Extra::ALL.into_iter().filter(is_out).collect();
        }
    }

    /// Marks the findings that do not count, where no comment said so already.
    pub(super) fn apply(&self, findings: &mut [Finding]) {
        for finding in findings.iter_mut().filter(|f| f.ignored.is_none()) {
            finding.ignored = self.excluded.reason(finding.rule, &finding.service).map(str::to_owned);
        }
    }

    /// How bad findings of a rule are.
    pub(super) fn severity(&self, rule: Rule) -> Severity {
        self.levels.get(&rule).copied().unwrap_or(rule.severity())
    }
}

fn extras(name: &Spanned<String>) -> Result<Vec<Extra>, Wrong> {
    let text = name.get_ref();
    if text == "all" {
        return Ok(Extra::ALL.into_iter().filter(|extra| extra.is_of_all()).collect());
    }
    let found = Extra::ALL.into_iter().find(|e| e.name() == text);
    let all = Extra::ALL.map(Extra::name).join(", ");
    found.map(|e| vec![e]).ok_or_else(|| (name.span(), format!("`{text}` is none of {all}, all")))
}

fn severity(level: &Spanned<String>) -> Result<Severity, Wrong> {
    match level.get_ref().as_str() {
        "note" => Ok(Severity::Note),
        "warning" => Ok(Severity::Warning),
        "error" => Ok(Severity::Error),
        "off" => Err((level.span(), "to turn a rule off, exclude it with a reason: [[exclude]] rule = \"…\", reason = \"…\"".into())),
        other => Err((level.span(), format!("`{other}` is none of note, warning, error"))),
    }
}

fn rule(name: &Spanned<String>) -> Result<Rule, Wrong> {
    Rule::named(name.get_ref()).map_err(|why| (name.span(), why))
}

/// Rule, service and reason; `None` where it is about another project.
#[allow(clippy::type_complexity, reason = "three fields of a table, at once taken apart")]
fn read_exclude(raw: RawExclude, folder: &Path, first: &Path) -> Result<Option<(Option<Rule>, Option<String>, String)>, Wrong> {
    let span = raw.reason.span();
    if raw.reason.get_ref().trim().is_empty() {
        return Err((span, "say why it is left out".into()));
    }
    if raw.service.is_none() && raw.path.is_none() && raw.rule.is_none() {
        return Err((span, "name a service, a path or a rule that is left out".into()));
    }
    let rule = raw.rule.as_ref().map(rule).transpose()?;
    let is_here = raw.path.as_ref().is_none_or(|path| {
        let named: PathBuf = folder.join(path.trim_end_matches('/'));
        first.starts_with(disk::real_path(&named).unwrap_or(named))
    });
    Ok(is_here.then(|| (rule, raw.service, raw.reason.into_inner())))
}
