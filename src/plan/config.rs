//! `rofs-harden.toml`: what a repository says of its own services, found from the project's folder upwards to the top of the work tree.

mod added;
mod exclude;

use super::Options;
use super::decision::Ignored;
use super::files::Files;
use super::source::{Loaded, Outside, Unread, exists, real_folder, settled};
use crate::audit::{Finding, Ignores, Rule, Severity, rule_of_extra};
use crate::compose::Project;
use crate::error::{Error, Result, SourceError};
use crate::evidence::engine::Probe;
use crate::evidence::preset::{Preset, RawPath};
use crate::evidence::{Confidence, Extra, Extras, Reason, Selection, Source, WritablePath};
use crate::text::toml::{self, Spanned};
use crate::text::{FileId, Span, TextFile, did_you_mean, with_nearest};
pub use added::exclusions;
use exclude::{Excluded, Why};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Its name.
pub const NAME: &str = "rofs-harden.toml";

/// The configuration file of `rofs-harden`: `rofs-harden.toml`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[schemars(title = "Configuration of rofs-harden")]
struct RawConfig {
    /// Presets to use, as with `--preset`: names, `auto`, or files such as `./mine.toml` beside this one.
    #[schemars(with = "Vec<String>")]
    presets: Vec<Spanned<String>>,
    /// Starts of image names behind which other registries are: `registry.example.com/proxy`.
    #[schemars(with = "Vec<String>")]
    mirrors: Vec<Spanned<String>>,
    /// What else to take away, as with `--with`: `cap-drop`, `no-new-privileges`, `user`, `read-only-binds`, `sizes`, or `all` of these; `named-volumes`, `healthcheck`.
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
    #[schemars(with = "BTreeMap<String, RawService>")]
    services: BTreeMap<Spanned<String>, RawService>,
    /// Severities of findings, by rule.
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

/// The severity of a rule's findings. To turn a rule off, exclude it with a reason.
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
    #[schemars(with = "Option<String>")]
    service: Option<Spanned<String>>,
    /// A Compose file or folder, relative to this file.
    #[schemars(with = "Option<String>")]
    path: Option<Spanned<String>>,
    /// Name of a rule: only its findings are left out.
    #[schemars(with = "Option<String>")]
    rule: Option<Spanned<String>>,
    /// Why.
    #[schemars(with = "String")]
    reason: Spanned<String>,
}

/// The files among the presets that a configuration file names. What is wrong with it is said when it is read.
pub fn preset_files(text: &str) -> Vec<String> {
    let raw: RawConfig = toml::read(text).unwrap_or_default();
    let of_services = raw.services.into_values().filter_map(|service| service.preset);
    raw.presets.into_iter().chain(of_services).map(Spanned::into_inner).filter(|name| is_file(name)).collect()
}

/// Whether a preset's name is that of a file.
fn is_file(preset: &str) -> bool {
    preset.contains(['/', '\\'])
}

/// What counts for one project.
#[derive(Debug, Default)]
pub struct Config {
    presets: Option<Vec<Option<Arc<Preset>>>>,
    mirrors: Vec<String>,
    with: Vec<Extra>,
    assume: bool,
    assigned: HashMap<String, Arc<Preset>>,
    paths: BTreeMap<String, Vec<WritablePath>>,
    levels: HashMap<Rule, Severity>,
    excluded: Excluded,
    /// Services that it names for this project alone, each with its place: `rofs-harden.toml:3`.
    named: Vec<(String, String)>,
    /// What it names and is not there, with the place.
    missing: Vec<String>,
    /// How services are tried.
    pub probes: Vec<Probe>,
}

/// What a configuration file says of pull requests: whether they may be opened, if it says so.
///
/// Errors: why it is none.
pub fn pull_requests(text: &str) -> Result<Option<bool>, String> {
    toml::read::<RawConfig>(text).map(|raw| raw.pull_requests).map_err(|e| e.message().to_owned())
}

/// A part of the file and what is wrong with it.
type Wrong = (Range<usize>, String);

/// Where a configuration file stands, and for which project it is read.
struct Place<'p> {
    files: &'p Files<'p>,
    text: &'p TextFile,
    /// Its folder.
    folder: PathBuf,
    /// The project's first file, without links.
    first: PathBuf,
}

impl Config {
    /// The configuration for the project of these files; an empty one where there is no file.
    ///
    /// Errors: the first thing in the file that is wrong, with its place.
    pub fn of(files: &Files<'_>) -> Result<Self> {
        let first = files.sources().files().first().map(|f| f.path.clone()).unwrap_or_default();
        let Some(loaded) = nearest(files, &first)? else { return Ok(Self::default()) };
        let folder = loaded.path().parent().map(Path::to_owned).unwrap_or_default();
        let first = settled(files.source, &first).unwrap_or(first);
        let parsed = Self::parse(&Place { files, text: loaded.file(), folder, first });
        // A link may lead to any file of the project.
        let is_link = files.source.is_link(loaded.path());
        parsed.map_err(|error| if is_link { error.without_lines("this is no configuration") } else { error })
    }

    /// Reads a file.
    fn parse(place: &Place<'_>) -> Result<Self> {
        let wrong = |wrong: Wrong| place.error(wrong);
        let raw: RawConfig = toml::read(place.text.text()).map_err(|e| wrong((e.range(), with_nearest(e.message()))))?;
        let named = |name: &Spanned<String>| place.preset(name);
        let mut config = Self { assume: raw.unsafe_fixes, ..Self::default() };
        if !raw.presets.is_empty() {
            let one = |name: &Spanned<String>| if name.get_ref() == "auto" { Ok(None) } else { named(name).map(Some) };
            config.presets = Some(raw.presets.iter().map(one).collect::<Result<_>>()?);
        }
        config.mirrors = raw.mirrors.iter().map(mirror).collect::<Result<_, _>>().map_err(wrong)?;
        for name in &raw.with {
            config.with.extend(extras(name).map_err(wrong)?);
        }
        // What stands beside the project is for no other one.
        let is_own = place.first.parent() == real_folder(place.files.source, &place.folder.join(NAME)).ok().as_deref();
        let at = |span: Range<usize>| format!("{}:{}", place.text.name(), place.text.line(span.start));
        for (texts, read) in [(&raw.http, Probe::http as fn(&str) -> _), (&raw.probe, Probe::command)] {
            for text in texts {
                let probe = read(text.get_ref()).map_err(|why: String| wrong((text.span(), why)))?;
                config.named.extend(is_own.then(|| (probe.service.clone(), at(text.span()))));
                config.probes.push(probe);
            }
        }
        for (service, own) in raw.services {
            if is_own {
                config.named.push((service.get_ref().clone(), at(service.span())));
            }
            let service = service.into_inner();
            if let Some(name) = &own.preset {
                config.assigned.insert(service.clone(), named(name)?);
            }
            for path in own.paths {
                let path = place.path(&service, path).map_err(wrong)?;
                config.paths.entry(service.clone()).or_default().push(path);
            }
        }
        for (name, level) in &raw.rules {
            config.levels.insert(rule(name).map_err(wrong)?, severity(level).map_err(wrong)?);
        }
        for exclude in raw.exclude {
            let is_here = place.holds(exclude.path.as_ref());
            if let Some(service) = exclude.service.as_ref().filter(|_| is_here && (is_own || exclude.path.is_some())) {
                config.named.push((service.get_ref().clone(), at(service.span())));
            }
            if let Some(path) = exclude.path.as_ref().filter(|path| !exists(place.files.source, &place.named(path))) {
                let known = place.files.sources().files().iter().filter_map(|source| source.path.file_name()?.to_str());
                let near = did_you_mean(path.get_ref(), known);
                config.missing.push(format!("{}: there is no file or folder `{}`{near}", at(path.span()), path.get_ref()));
            }
            let said_at = at(exclude.reason.span());
            if let Some((rule, service, reason)) = read_exclude(exclude, place).map_err(wrong)? {
                config.excluded.add(rule, service, Why { reason, place: said_at });
            }
        }
        Ok(config)
    }

    /// The JSON Schema of the file.
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(RawConfig)
    }

    /// The selection with what the file adds: what the command line says counts first.
    pub(super) fn select(&self, project: &Project<'_>, mut selection: Selection, options: &Options) -> Selection {
        if let (Some(presets), false) = (&self.presets, options.names_presets) {
            selection.auto = presets.iter().any(Option::is_none);
            selection.presets = presets.iter().flatten().cloned().collect();
        }
        selection.with = Extra::ALL.into_iter().filter(|e| selection.with.has(*e) || self.with.contains(e)).collect::<Extras>();
        selection.assume |= self.assume;
        selection.assigned.clone_from(&self.assigned);
        selection.mirrors.clone_from(&self.mirrors);
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
    pub(super) fn spare<'a>(&self, project: &Project<'a>, selection: &mut Selection, ignores: &mut Ignores<'a>) {
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

    /// The services of the project that the file leaves out, and why.
    pub(super) fn left_out(&self, project: &Project<'_>) -> Vec<(String, String)> {
        self.excluded.services(project)
    }

    /// Leaves out findings of a service, as the file could say.
    pub(super) fn leave_out(&mut self, service: &str, ignored: &[Ignored]) {
        for Ignored { rule, reason, .. } in ignored {
            self.excluded.add(*rule, Some(service.to_owned()), Why { reason: reason.clone(), place: NAME.to_owned() });
        }
    }

    /// Marks the findings that do not count, where no comment said so already.
    pub(super) fn apply(&self, findings: &mut [Finding]) {
        for finding in findings.iter_mut().filter(|f| f.ignored.is_none()) {
            finding.ignored = self.excluded.reason(finding.rule, &finding.service).map(str::to_owned);
        }
    }

    /// The place at which findings of a rule in a service are left out, if they are.
    pub fn place(&self, rule: Rule, service: &str) -> Option<&str> {
        self.excluded.why(rule, service).map(|why| why.place.as_str())
    }

    /// What the file names and is not there: services of this project, files and folders.
    pub(super) fn warnings(&self, project: &Project<'_>) -> Vec<String> {
        let strangers = self.named.iter().filter(|(name, _)| project.service(name).is_none()).map(|(name, place)| {
            let near = did_you_mean(name, project.services.iter().map(|s| s.name));
            format!("{place}: there is no service `{name}`{near}")
        });
        strangers.chain(self.missing.iter().cloned()).collect()
    }

    /// The severity of a rule's findings.
    pub fn severity(&self, rule: Rule) -> Severity {
        self.levels.get(&rule).copied().unwrap_or(rule.severity())
    }
}

/// The configuration file in the folder of the project's `first` file, else in the nearest folder above it, no higher than the root.
fn nearest(files: &Files<'_>, first: &Path) -> Result<Option<Loaded>> {
    let source = files.source;
    let folder = real_folder(source, first)?;
    let here = source.real_path(Path::new(".")).unwrap_or_default();
    for folder in folder.ancestors().take_while(|f| f.starts_with(files.root())) {
        let path = folder.join(NAME);
        if !exists(source, &path) && !source.is_link(&path) {
            continue;
        }
        // As a person would write it.
        let shown = path.strip_prefix(&here).unwrap_or(&path);
        return match source.read_inside(&[files.root().to_owned()], shown) {
            Ok(loaded) => Ok(Some(loaded)),
            Err(Unread::Failed(error) | Unread::Stopped(error)) => Err(error),
            Err(Unread::Outside(Outside { path, of, .. })) => {
                let hint = "put the file itself into the project, or remove the link".to_owned();
                let what = format!("will not read {}: {} is outside {of}", shown.display(), path.display());
                Err(Error::Impossible(what, Some(hint.into())))
            }
        };
    }
    Ok(None)
}

impl Place<'_> {
    /// A path that the file names.
    fn named(&self, path: &Spanned<String>) -> PathBuf {
        self.folder.join(path.get_ref().trim_end_matches('/'))
    }

    /// Whether the project is at a path, if one is named.
    fn holds(&self, path: Option<&Spanned<String>>) -> bool {
        path.map(|path| self.named(path)).is_none_or(|named| self.first.starts_with(settled(self.files.source, &named).unwrap_or(named)))
    }

    fn error(&self, (range, message): Wrong) -> Error {
        let span = Span { file: FileId(0), start: range.start as u32, end: range.end as u32 };
        let hint = "`rofs-harden explain configuration` says what the file may hold".to_owned();
        SourceError::new(self.text, span, message, Some(hint)).into()
    }

    /// A preset by its name, or in a file of the project. What a configuration names may be any file, so none of its lines is shown.
    fn preset(&self, name: &Spanned<String>) -> Result<Arc<Preset>> {
        let text = name.get_ref();
        if !is_file(text) {
            let wrong = |e: Error| self.error((name.span(), format!("{e}; {}", e.hint().unwrap_or_default())));
            return Preset::embedded(text).map(Arc::new).map_err(wrong);
        }
        let roots = [self.files.root().to_owned()];
        let loaded = self.files.source.read_inside(&roots, &self.folder.join(text)).map_err(|unread| match unread {
            Unread::Outside(_) => self.error((name.span(), format!("`{text}` leads out of the project"))),
            Unread::Failed(error) | Unread::Stopped(error) => error.without_lines("this is no preset"),
        })?;
        preset_in(&loaded).map(Arc::new).map_err(|error| match error {
            Error::Source(_) => {
                let path = loaded.path().display();
                self.error((name.span(), format!("`{text}` is no preset; `rofs-harden presets check {path}` says why")))
            }
            other => other,
        })
    }

    /// Where a service must be able to write.
    fn path(&self, service: &str, raw: RawPath) -> Result<WritablePath, Wrong> {
        let line = self.text.line(raw.span().start);
        let (target, storage, text) = raw.read()?;
        let link = Some(format!("{}:{line}", self.text.name()));
        let reason = Arc::new(Reason { source: Source::User, text, link, confidence: Confidence::Documented });
        Ok(WritablePath { service: service.to_owned(), target, storage, is_declared: false, owner: None, reason })
    }
}

/// The preset in a file.
///
/// Errors: the first thing in it that is wrong, with its place.
pub fn preset_in(loaded: &Loaded) -> Result<Preset> {
    let stem = loaded.path().file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    Preset::parse(&stem, loaded.file())
}

fn extras(name: &Spanned<String>) -> Result<Vec<Extra>, Wrong> {
    let text = name.get_ref();
    if text == "all" {
        return Ok(Extra::ALL.into_iter().filter(|extra| extra.is_of_all()).collect());
    }
    let found = Extra::ALL.into_iter().find(|e| e.name() == text);
    let all = Extra::ALL.map(Extra::name).join(", ");
    let near = did_you_mean(text, Extra::ALL.into_iter().map(Extra::name));
    found.map(|e| vec![e]).ok_or_else(|| (name.span(), format!("`{text}` is none of {all}, all{near}")))
}

/// The start of image names that a mirror has, without a final `/`.
fn mirror(name: &Spanned<String>) -> Result<String, Wrong> {
    let text = name.get_ref().trim_end_matches('/');
    let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-/:".contains(&b);
    let is_good = !text.is_empty() && text.bytes().all(is_name) && !text.contains("//");
    let wrong = || (name.span(), format!("`{}` is not the start of image names, such as registry.example.com/proxy", name.get_ref()));
    is_good.then(|| text.to_owned()).ok_or_else(wrong)
}

fn severity(level: &Spanned<String>) -> Result<Severity, Wrong> {
    match level.get_ref().as_str() {
        "note" => Ok(Severity::Note),
        "warning" => Ok(Severity::Warning),
        "error" => Ok(Severity::Error),
        "off" => Err((level.span(), "to turn a rule off, exclude it with a reason: [[exclude]] rule = \"…\", reason = \"…\"".into())),
        other => {
            let near = did_you_mean(other, ["note", "warning", "error"].into_iter());
            Err((level.span(), format!("`{other}` is none of note, warning, error{near}")))
        }
    }
}

fn rule(name: &Spanned<String>) -> Result<Rule, Wrong> {
    Rule::named(name.get_ref()).map_err(|why| (name.span(), why))
}

/// Rule, service and reason; `None` where it is about another project.
#[allow(clippy::type_complexity, reason = "three fields of a table, at once taken apart")]
fn read_exclude(raw: RawExclude, place: &Place<'_>) -> Result<Option<(Option<Rule>, Option<String>, String)>, Wrong> {
    let span = raw.reason.span();
    if raw.reason.get_ref().trim().is_empty() {
        return Err((span, "say why it is left out".into()));
    }
    if raw.service.is_none() && raw.path.is_none() && raw.rule.is_none() {
        return Err((span, "name a service, a path or a rule that is left out".into()));
    }
    let rule = raw.rule.as_ref().map(rule).transpose()?;
    let is_here = place.holds(raw.path.as_ref());
    Ok(is_here.then(|| (rule, raw.service.map(Spanned::into_inner), raw.reason.into_inner())))
}
