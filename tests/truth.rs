//! What presets say beside what people do: services that somebody made read-only by hand, and which images of public files a preset
//! knows. Both are tables to browse in `snapshots/corpus/`.

use crate::corpus::{PublicProject, public_projects};
use crate::pipe::{selection, sources};
use crate::support::golden;
use rofs_harden::audit::{Applicability, Finding, What, audit};
use rofs_harden::compose::dockerfile::build_of;
use rofs_harden::compose::{Image, Known, Mount, MountKind, Project, Service, Texts};
use rofs_harden::evidence::preset::claiming;
use rofs_harden::evidence::{Confidence, Need, Source, needs};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The preset of services that nothing recognises.
const FALLBACK: &str = "generic";
/// How many services a sample has at least, if there are so many.
const SAMPLE: usize = 200;

/// A service of the public files.
struct Seen {
    /// Its file and its name.
    name: String,
    runs: Runs,
    /// The preset of its image, or of the image that it builds on.
    family: Option<String>,
    /// Presets of its commands.
    additions: BTreeSet<String>,
    /// What a person made of it, if it is read-only.
    by_hand: Option<ByHand>,
    /// Whether a variable decides if it is read-only.
    perhaps: bool,
}

/// What a service runs.
enum Runs {
    /// An image, without its digest.
    Image(String),
    Build,
    /// Neither is written as a text: part of a service, or no container.
    Nothing,
}

/// What a person mounted, and what the tool would have, had it been there first.
#[derive(Default)]
struct ByHand {
    /// Writable, apart from binds.
    theirs: Vec<Path>,
    ours: Vec<Path>,
    /// What the image declares as a volume, which stays writable without a mount.
    declared: Vec<String>,
    /// Writable binds, which both have.
    binds: Vec<String>,
    /// Whether the tool wants to be asked.
    is_assumed: bool,
    /// Why it does nothing.
    refusal: Option<String>,
}

struct Path {
    target: String,
    is_tmpfs: bool,
    is_assumed: bool,
}

impl ByHand {
    /// Takes the person's work out of a service.
    fn taken_out_of(service: &mut Service<'_>) -> Option<Self> {
        if service.read_only != Known::Yes {
            return None;
        }
        service.read_only = Known::No;
        let is_bind = |m: &Mount<'_>| !matches!(m.kind, MountKind::Tmpfs | MountKind::Volume | MountKind::Anonymous);
        let (kept, taken): (Vec<_>, Vec<_>) = std::mem::take(&mut service.mounts).into_iter().partition(is_bind);
        let binds = kept.iter().filter(|m| m.writable == Known::Yes).map(|m| m.target.to_string()).collect();
        service.mounts = kept;
        let path = |m: Mount<'_>| Path { target: m.target.into(), is_tmpfs: m.kind == MountKind::Tmpfs, is_assumed: false };
        let theirs = taken.into_iter().filter(|m| m.writable == Known::Yes).map(path).collect();
        Some(Self { theirs, binds, ..Self::default() })
    }

    /// Adds what the tool plans.
    fn with_plan(mut self, service: &Service<'_>, need: &Need, findings: &[Finding]) -> Self {
        self.declared = need.paths.iter().filter(|p| p.is_declared).map(|p| p.target.to_string()).collect();
        let own = || findings.iter().filter(|f| f.service == service.name);
        let fix = own().find_map(|f| f.fix.as_ref());
        self.refusal = own().find(|_| fix.is_none()).map(|f| f.message.clone());
        self.is_assumed = fix.is_some_and(|f| f.applicability == Applicability::Unsafe);
        for change in fix.iter().flat_map(|f| &f.changes) {
            let (target, is_tmpfs) = match &change.what {
                What::Tmpfs(item) => (item.target.clone(), true),
                What::Volume { target, .. } => (target.to_string(), false),
                _ => continue,
            };
            self.ours.push(Path { target, is_tmpfs, is_assumed: change.reason.confidence == Confidence::Assumed });
        }
        self
    }

    fn is_ours(&self, target: &str) -> bool {
        let without = || self.binds.iter().chain(&self.declared);
        self.ours.iter().any(|p| is_at(target, &p.target)) || without().any(|folder| is_at(target, folder))
    }

    fn is_theirs(&self, target: &str) -> bool {
        self.theirs.iter().any(|p| is_at(target, &p.target))
    }

    /// Theirs that we have, then ours below theirs.
    fn both(&self) -> Vec<String> {
        let theirs = self.theirs.iter().filter(|p| self.is_ours(&p.target)).map(|path| {
            let same = self.ours.iter().find(|own| own.target == path.target);
            let otherwise = same.is_some_and(|own| own.is_tmpfs != path.is_tmpfs);
            format!("{}{}", shown(same.unwrap_or(path)), if otherwise { " (they have the other kind)" } else { "" })
        });
        let below = |p: &&Path| self.is_theirs(&p.target) && self.theirs.iter().all(|t| t.target != p.target);
        theirs.chain(self.ours.iter().filter(below).map(shown)).collect()
    }

    /// Theirs that we lack.
    fn lacking(&self) -> Vec<&Path> {
        self.theirs.iter().filter(|p| !self.is_ours(&p.target)).collect()
    }

    /// Ours that they lack.
    fn added(&self) -> Vec<&Path> {
        self.ours.iter().filter(|p| !self.is_theirs(&p.target)).collect()
    }
}

/// Whether `path` is `folder` or below it.
fn is_at(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn shown(path: &Path) -> String {
    format!("`{}` {}{}", path.target, if path.is_tmpfs { "tmpfs" } else { "volume" }, if path.is_assumed { " (assumed)" } else { "" })
}

/// The services that the first file of a project has itself, so that no service comes twice. `None` when the project is refused.
fn services_of(public: &PublicProject) -> Option<Vec<Seen>> {
    let sources = sources(&public.files, &public.layers()).ok()?;
    let mut project = Project::read(&sources).ok()?;
    let perhaps: Vec<bool> = project.services.iter().map(|s| s.read_only == Known::Unknown).collect();
    let by_hand: Vec<Option<ByHand>> = project.services.iter_mut().map(ByHand::taken_out_of).collect();
    let needs = needs(&project, &selection(&["auto"], &[]), &Texts::new()).expect("every service has a preset");
    let findings = audit(&project, &needs);
    let all = project.services.iter().zip(&needs).zip(by_hand.into_iter().zip(perhaps));
    let own = all.filter(|((service, _), _)| Some(&service.key().span().file) == sources.layers().first());
    let seen = own.map(|((service, need), (by_hand, perhaps))| Seen {
        name: format!("{} {}", public.name, service.name),
        runs: runs(service),
        family: Some(preset_of(&need.basis.source)).filter(|name| name != FALLBACK),
        additions: additions(need),
        by_hand: by_hand.map(|hand| hand.with_plan(service, need, &findings)),
        perhaps,
    });
    Some(seen.collect())
}

fn runs(service: &Service<'_>) -> Runs {
    match service.text("image") {
        _ if build_of(service).is_some() => Runs::Build,
        Some(image) => Runs::Image(image.split('@').next().unwrap().to_owned()),
        None => Runs::Nothing,
    }
}

fn preset_of(source: &Source) -> String {
    match source {
        Source::Preset(name) => name.clone(),
        Source::Catalogue(_) => "(catalogue)".to_owned(),
        other => panic!("{other}"),
    }
}

fn additions(need: &Need) -> BTreeSet<String> {
    let base = preset_of(&need.basis.source);
    // What a command writes by itself is read from the command.
    let by_presets = need.paths.iter().filter(|p| p.reason.source != Source::Rule);
    by_presets.map(|p| preset_of(&p.reason.source)).filter(|name| *name != base).collect()
}

/// All services, and how many projects are refused.
fn corpus() -> (Vec<Seen>, usize) {
    let projects: Vec<_> = public_projects().iter().filter(|p| p.is_ours).map(services_of).collect();
    let refused = projects.iter().filter(|p| p.is_none()).count();
    (projects.into_iter().flatten().flatten().collect(), refused)
}

impl Seen {
    /// Its presets, by name.
    fn presets(&self) -> String {
        let base = self.family.as_deref().unwrap_or(FALLBACK);
        [base].into_iter().chain(self.additions.iter().map(String::as_str)).collect::<Vec<_>>().join(" + ")
    }

    fn image(&self) -> String {
        match &self.runs {
            Runs::Image(image) => format!("`{image}`"),
            Runs::Build => "(built)".to_owned(),
            Runs::Nothing => "(none)".to_owned(),
        }
    }
}

/// A row of a Markdown table.
fn row(cells: &[&str]) -> String {
    format!("| {} |\n", cells.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>().join(" | "))
}

fn table(heads: &[&str], rows: impl Iterator<Item = String>) -> String {
    row(heads) + &row(&vec!["---"; heads.len()]) + &rows.collect::<String>() + "\n"
}

fn percent(part: usize, whole: usize) -> String {
    format!("{part} of {whole} ({} %)", (part * 200 + whole) / (whole * 2).max(1))
}

/// Why what a person wrote is not what presets plan: by service, then by path; and which of that is used.
struct Reasons {
    written: BTreeMap<String, BTreeMap<String, String>>,
    used: BTreeSet<(String, String)>,
    missing: Vec<String>,
}

impl Reasons {
    /// Paths with why they differ.
    fn explain(&mut self, service: &str, paths: &[&Path]) -> String {
        let mut lines = Vec::new();
        for path in paths {
            let why = self.written.get(service).and_then(|paths| paths.get(&path.target));
            match why {
                Some(_) => drop(self.used.insert((service.to_owned(), path.target.clone()))),
                None => self.missing.push(format!("{service}: {}", path.target)),
            }
            lines.push(format!("{}: {}", shown(path), why.map_or("not explained", String::as_str)));
        }
        lines.join("<br>")
    }

    fn unused(&self) -> Vec<String> {
        let all = self.written.iter().flat_map(|(service, paths)| paths.keys().map(move |path| (service.clone(), path.clone())));
        all.filter(|one| !self.used.contains(one)).map(|(service, path)| format!("{service}: {path}")).collect()
    }
}

#[test]
fn what_people_hardened_by_hand_is_what_presets_plan_or_somebody_says_why_not() {
    let (seen, _) = corpus();
    let written = toml::from_str(include_str!("truth/differences.toml")).unwrap();
    let mut reasons = Reasons { written, used: BTreeSet::new(), missing: Vec::new() };
    let hands = seen.iter().filter_map(|s| Some((s, s.by_hand.as_ref()?)));
    let (known, unknown): (Vec<_>, Vec<_>) = hands.partition(|(s, _)| s.family.is_some() || !s.additions.is_empty());
    let perhaps: Vec<String> = seen.iter().filter(|s| s.perhaps).map(|s| s.name.clone()).collect();

    let mut text = "# Services that people made read-only by hand, and what the tool would have done\n\n".to_owned();
    text += "From each service its `read_only`, its tmpfs mounts and its volumes are taken away, host binds stay (also where a variable \
             names the host's path); then the tool plans with preset `auto`. \
             A path counts as had where a folder above it is writable. \
             The presets named 11notes-* are made from files of this table, so that they agree says little.\n\n## A preset knows the image\n\n";
    text += &totals(&known);
    text += &table(
        &["Service", "Image", "Preset", "Both", "They have, the plan lacks", "The plan has, they lack"],
        known.iter().map(|(service, hand)| {
            let lacking = reasons.explain(&service.name, &hand.lacking());
            let added = reasons.explain(&service.name, &hand.added());
            row(&[&service.name, &service.image(), &plan_of(service, hand), &hand.both().join("<br>"), &lacking, &added])
        }),
    );
    text += "## No preset knows the image\n\nHere the plan is what preset `generic` assumes.\n\n";
    text += &totals(&unknown);
    text += &table(
        &["Service", "Image", "Plan", "Both", "They have, the plan lacks", "The plan has, they lack"],
        unknown.iter().map(|(service, hand)| {
            let paths = |paths: Vec<&Path>| paths.into_iter().map(shown).collect::<Vec<_>>().join("<br>");
            let (both, lacking, added) = (hand.both().join("<br>"), paths(hand.lacking()), paths(hand.added()));
            row(&[&service.name, &service.image(), &plan_of(service, hand), &both, &lacking, &added])
        }),
    );
    text += &format!("## A variable decides whether they are read-only\n\n- {}\n", perhaps.join("\n- "));
    golden("corpus/ground-truth.md", &text);
    assert!(
        reasons.missing.is_empty() && reasons.unused().is_empty(),
        "not explained: {:#?}\nnot there: {:#?}",
        reasons.missing,
        reasons.unused()
    );
}

fn plan_of(service: &Seen, hand: &ByHand) -> String {
    match &hand.refusal {
        Some(why) => format!("left alone: {why}"),
        None => service.presets() + if hand.is_assumed { ", assumed" } else { "" },
    }
}

fn totals(services: &[(&Seen, &ByHand)]) -> String {
    let hands = || services.iter().map(|(_, hand)| hand);
    let (theirs, ours) = (hands().map(|h| h.theirs.len()).sum(), hands().map(|h| h.ours.len()).sum());
    let lacking: usize = hands().map(|h| h.lacking().len()).sum();
    let added: usize = hands().map(|h| h.added().len()).sum();
    let same = hands().filter(|h| h.refusal.is_none() && h.lacking().is_empty() && h.added().is_empty()).count();
    let assumed = hands().filter(|h| h.is_assumed).count();
    format!(
        "- services planned as people wrote them: {}; assumed: {assumed}\n- paths of theirs that the plan has: {}\n- paths of the plan that they have: {}\n\n",
        percent(same, services.len()),
        percent(theirs - lacking, theirs),
        percent(ours - added, ours)
    )
}

#[test]
fn presets_know_the_images_of_public_files_as_the_tables_say() {
    let (seen, refused) = corpus();
    let mut by_image: BTreeMap<(Option<&str>, String), usize> = BTreeMap::new();
    let mut text = "# Images of public files, and the preset that knows them\n\n".to_owned();
    let is_known = |s: &&Seen| s.family.is_some();
    for service in &seen {
        if let Runs::Image(image) = &service.runs {
            let repository = Image::parse(image).map_or("(a variable decides)", |image| image.repository);
            *by_image.entry((service.family.as_deref(), repository.to_owned())).or_default() += 1;
        }
    }
    let mut by_image: Vec<_> = by_image.into_iter().collect();
    by_image.sort_by_key(|((_, repository), count)| (Reverse(*count), repository.clone()));
    let (known, unknown): (Vec<_>, Vec<_>) = by_image.into_iter().partition(|((family, _), _)| family.is_some());

    let run: Vec<&Seen> = seen.iter().filter(|s| matches!(s.runs, Runs::Image(_))).collect();
    let built: Vec<&Seen> = seen.iter().filter(|s| matches!(s.runs, Runs::Build)).collect();
    let count = |all: &[&Seen]| percent(all.iter().copied().filter(is_known).count(), all.len());
    let added = built.iter().filter(|s| s.family.is_none() && !s.additions.is_empty()).count();
    let once = unknown.iter().filter(|(_, count)| *count == 1).count();
    text += &format!("- services that run an image, recognised: {}\n", count(&run));
    let by_catalogue = run.iter().filter(|s| s.family.as_deref() == Some("(catalogue)")).count();
    text += &format!("- of these by the catalogue, where no preset knows the image: {by_catalogue}\n");
    text +=
        &format!("- services that build, base recognised: {} (only inline Dockerfiles are here); by a command: {added}\n", count(&built));
    text += &format!("- services with neither: {}\n", seen.len() - run.len() - built.len());
    text +=
        &format!("- unknown repositories: {}, of which {once} come once\n- files that are refused as a whole: {refused}\n", unknown.len());
    text += "\n## Recognised\n\n";
    let line = |((family, repository), count): &((Option<&str>, String), usize)| {
        let cells = [count.to_string(), format!("`{repository}`"), family.unwrap_or_default().to_owned()];
        row(&cells.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect::<Vec<_>>())
    };
    text += &table(&["Services", "Image", "Preset"], known.iter().map(line));
    text += "## Not recognised\n\n";
    text += &table(&["Services", "Image"], unknown.iter().map(line));

    let recognised: Vec<&Seen> = seen.iter().filter(|s| s.family.is_some() || !s.additions.is_empty()).collect();
    let step = (recognised.len() / SAMPLE).max(1);
    let which = if step == 1 { "All".to_owned() } else { format!("One in {step} of the") };
    text += &format!("## Sample\n\n{which} {} recognised services, looked at one by one for a wrong preset.\n\n", recognised.len());
    text += &table(&["Service", "Image", "Preset"], recognised.iter().step_by(step).map(|s| row(&[&s.name, &s.image(), &s.presets()])));
    golden("corpus/recognition.md", &text);
}

#[test]
fn what_is_only_named_like_a_program_is_not_that_program() {
    for (repository, own) in [
        ("11notes/postgres", Some("11notes-postgres")),
        ("11notes/redis", Some("11notes-redis")),
        ("alpine/curl", None),
        ("appwrite/mariadb", None),
        ("bitnami/redis", None),
        ("dpage/pgadmin4", Some("pgadmin")),
        ("docker.elastic.co/elasticsearch/elasticsearch-oss", None),
        ("ghcr.io/coollabsio/minio", None),
        ("grafana/tempo", Some("tempo")),
        ("jc21/nginx-proxy-manager", Some("nginx-proxy-manager")),
        ("minio/mc", Some("minio-client")),
        ("mongo-express", Some("mongo-express")),
        ("nginx/nginx-prometheus-exporter", Some("prometheus-exporters")),
        ("nginxproxy/nginx-proxy", Some("nginx-proxy")),
        ("oliver006/redis_exporter", Some("prometheus-exporters")),
        ("prom/mysqld-exporter", Some("prometheus-exporters")),
        ("prom/pushgateway", Some("pushgateway")),
        ("provectuslabs/kafka-ui", Some("kafka-ui")),
        ("quay.io/prometheuscommunity/postgres-exporter", Some("prometheus-exporters")),
        ("redis/redisinsight", Some("redisinsight")),
        ("registry:5000/alpine", None),
        ("signoz/zookeeper", None),
        ("traefik/whoami", Some("whoami")),
        ("wodby/nginx", Some("wodby-nginx")),
    ] {
        assert_eq!(claiming(repository), own, "{repository}");
    }
}
