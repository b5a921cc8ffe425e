//! Every preset: what it plans, as golden texts in `snapshots/presets/`, and whether it agrees with what is known of the images.
//! The services are made of what a preset says, so a new one needs no line here.

mod facts;
mod questions;
mod sources;

use crate::pipe::{harden, selection};
use crate::support::{golden, golden_folder_holds};
use rofs_harden::audit::{Finding, Fix, Rule, What};
use rofs_harden::evidence::preset::{Condition, Preset, Versions, Writable, claiming, list};
use std::collections::HashSet;
use std::fmt::Write;

/// An image that no preset knows.
const UNKNOWN: &str = "example.com/shop/app";

#[test]
fn every_preset_plans_what_its_golden_text_says() {
    let names: Vec<&str> = list().map(|(name, _)| name).collect();
    for name in &names {
        let compose = compose(&Preset::embedded(name).unwrap());
        let hardened = harden(compose.as_bytes(), &selection(&[], &[("named", name)])).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(hardened.refused.is_empty(), "{name}: {:?}", hardened.refused);
        let is_obstacle = |f: &&Finding| f.rule == Rule::NeedsWritableRoot && f.fix.is_none();
        let obstacles: Vec<&Finding> = hardened.findings.iter().filter(is_obstacle).collect();
        let unfixed: HashSet<&str> = obstacles.iter().map(|f| f.service.as_str()).collect();
        assert_eq!(hardened.fixes.len() + unfixed.len(), hardened.services, "{name}: {:?}", hardened.findings);
        let mut plans: Vec<String> = hardened.fixes.iter().map(shown).collect();
        plans.extend(obstacles.into_iter().map(|f| {
            format!("{}: refused\n  {}\n      {}\n", f.service, f.message, f.remedy.as_ref().map(ToString::to_string).unwrap_or_default())
        }));
        golden(&format!("presets/{name}.txt"), &format!("{compose}\n{}", plans.join("\n")));
    }
    golden_folder_holds("presets", &names);
}

/// What is refused is known; what nobody knows is a doubt, and can be tried.
#[test]
fn an_obstacle_is_more_than_that_nobody_has_shown_a_run() {
    for (name, _) in list() {
        for obstacle in &Preset::embedded(name).unwrap().obstacles {
            let is_unknown = ["nobody ", "nothing says ", "that it runs read-only "].iter().any(|start| obstacle.why.starts_with(start));
            assert!(!is_unknown, "{name}: `{}` is a doubt", obstacle.why);
        }
    }
}

#[test]
fn what_must_be_kept_is_never_on_a_tmpfs() {
    for (name, _) in list() {
        let preset = Preset::embedded(name).unwrap();
        for kept in preset.writable.iter().filter(|path| path.scratch.is_none()) {
            let is_over = |target: &str| kept.target == target || kept.target.starts_with(&format!("{target}/"));
            // Of two conditions that exclude each other only one is met.
            let is_other = |path: &Writable| kept.when.iter().any(|condition| path.unless.contains(condition));
            let over = preset.writable.iter().find(|path| path.scratch.is_some() && is_over(&path.target) && !is_other(path));
            assert_eq!(over.map(|path| &path.target), None, "{name}: {}", kept.target);
        }
    }
}

#[test]
fn mirrors_and_owners_have_the_preset_that_is_theirs() {
    for (repository, preset) in [
        ("postgres", Some("postgres")),
        ("bitnami/postgresql", None),
        ("bitnami/kafka", Some("kafka-bitnami")),
        ("bitnamilegacy/kafka", Some("kafka-bitnami")),
        ("apache/kafka", Some("kafka")),
        ("google/cadvisor", Some("cadvisor")),
        ("linuxserver/sonarr", Some("linuxserver-apps")),
        ("lscr.io/linuxserver/heimdall", Some("s6-overlay")),
        ("linuxserver", None),
        ("gcr.io/distroless/static-debian12", Some("distroless")),
        ("gcr.io/distrolessish/static", None),
        ("docker.elastic.co/elasticsearch/elasticsearch", Some("elasticsearch")),
    ] {
        assert_eq!(claiming(repository), preset, "{repository}");
    }
    let text = b"services:\n  a: {image: docker.io/library/redis:7}\n  b: {image: public.ecr.aws/docker/library/redis:7}\n";
    let fixes = harden(text, &selection(&[], &[])).unwrap().fixes;
    assert!(fixes.iter().all(|fix| shown(fix).contains("(preset redis, documented)")), "{fixes:?}");
}

/// A project of services that meet the preset: plain, with another user, named for a service that nothing recognises, and one for each
/// condition that the preset has.
fn compose(preset: &Preset) -> String {
    let start = preset.prefixes.first().map(|start| format!("{start}app"));
    let image = preset.images.first().cloned().or(start).unwrap_or_else(|| UNKNOWN.to_owned());
    let command = preset.commands.first().map_or(String::new(), |word| format!("    command: {word} run\n"));
    let service = |name: &str, tag: &str, keys: &str| format!("  {name}:\n    image: {image}{tag}\n{command}{keys}");
    let mut text = "services:\n".to_owned();
    text += &service("plain", "", "");
    text += &service("other-user", "", "    user: \"4711:4712\"\n");
    let _ = write!(text, "  named:\n    image: {UNKNOWN}\n");
    for (number, condition) in conditions(preset).into_iter().enumerate() {
        let name = format!("case-{}", number + 1);
        let _ = writeln!(text, "  # {condition}");
        text += &match condition {
            Condition::Present(paths) => service(&name, "", &format!("    volumes:\n      - ./files:{}/files:ro\n", paths[0])),
            // Of further services, the words of the preset's own command must stay.
            Condition::Command(words) => {
                let own = preset.commands.first().map_or("app", String::as_str);
                format!("  {name}:\n    image: {image}\n    command: [{own}, \"{}\"]\n", some(&words[0]))
            }
            Condition::User(names) => service(&name, "", &format!("    user: \"{}\"\n", names[0])),
            Condition::Env(names) => {
                let (variable, value) = names[0].split_once('=').unwrap_or((&names[0], "1"));
                service(&name, "", &format!("    environment:\n      {}: \"{}\"\n", some(variable), some(value)))
            }
            Condition::Tag(parts) => service(&name, &format!(":1-{}", some(&parts[0])), ""),
            Condition::Version(versions) => {
                let Versions { from, to } = versions[0];
                let version = if to == [u32::MAX; 3] { from } else { to };
                let numbers: Vec<String> = version.iter().filter(|n| **n != u32::MAX).map(ToString::to_string).collect();
                service(&name, &format!(":{}{}", preset.version_after.as_deref().unwrap_or_default(), numbers.join(".")), "")
            }
            Condition::Key(keys) => service(&name, "", &format!("    {}: x\n", keys[0])),
            Condition::Manifest(_) | Condition::Unstarted => service(&name, "", ""),
        };
    }
    text
}

/// The conditions of a preset, each once.
fn conditions(preset: &Preset) -> Vec<Condition> {
    let paths = preset.writable.iter().flat_map(|path| path.when.iter().chain(&path.unless));
    let obstacles = preset.obstacles.iter().flat_map(|obstacle| obstacle.when.iter().chain(&obstacle.unless));
    let doubts = preset.doubts.iter().flat_map(|doubt| doubt.when.iter().chain(&doubt.unless));
    let obstacles = obstacles.chain(doubts);
    let tags = preset.tags.iter().map(|variant| Condition::Tag(vec![variant.word.clone()]));
    let mut found = Vec::new();
    for condition in paths.chain(obstacles).cloned().chain(tags) {
        if !found.contains(&condition) {
            found.push(condition);
        }
    }
    found
}

/// A word that fits what a condition wants.
fn some(wanted: &str) -> String {
    wanted.replace('*', "3")
}

/// What a fix does to a service, and why.
fn shown(fix: &Fix) -> String {
    let mut text = format!("{}: {:?}\n", fix.service, fix.applicability);
    for change in &fix.changes {
        let what = match &change.what {
            What::ReadOnly => "read_only: true".to_owned(),
            What::Tmpfs(item) => format!("tmpfs {item}"),
            What::Volume { name, target } => format!("volume {name} at {target}"),
            What::Declare(_) => continue,
            what => what.to_string(),
        };
        let reason = &change.reason;
        let _ = write!(text, "  {what}\n      {} ({}, {})\n", reason.text, reason.source, reason.confidence);
    }
    text
}
