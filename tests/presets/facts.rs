//! Presets beside what is known of the images, in `tests/data/images.json`. Where a preset says something else on purpose,
//! `exceptions.toml` says why.

use rofs_harden::evidence::preset::{NoNewPrivileges, Preset, Writable, claiming, list};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Why a preset differs from the facts: by preset, then by what differs.
type Exceptions = BTreeMap<String, BTreeMap<String, String>>;

#[test]
fn presets_agree_with_the_facts_or_say_why_not() {
    let facts: Vec<Value> = serde_json::from_str(include_str!("../data/images.json")).unwrap();
    assert!(facts.len() > 60, "{}", facts.len());
    let mut exceptions: Exceptions = toml::from_str(include_str!("exceptions.toml")).unwrap();
    let names = exceptions.remove("presets").unwrap();
    let mut found = BTreeSet::new();
    for fact in &facts {
        let title = fact["image"].as_str().unwrap();
        let name = preset_of(title, &names).unwrap_or_else(|| panic!("no preset for {title}"));
        let preset = Preset::embedded(name).unwrap();
        found.extend(differences(fact, &preset).into_iter().map(|what| (name.to_owned(), what)));
    }
    let explained: BTreeSet<(String, String)> =
        exceptions.iter().flat_map(|(name, whats)| whats.keys().map(|what| (name.clone(), what.clone()))).collect();
    let unexplained: Vec<_> = found.difference(&explained).collect();
    let stale: Vec<_> = explained.difference(&found).collect();
    assert!(unexplained.is_empty() && stale.is_empty(), "not explained: {unexplained:#?}\nnot there: {stale:#?}");
}

#[test]
fn exceptions_name_presets_and_reasons() {
    let exceptions: Exceptions = toml::from_str(include_str!("exceptions.toml")).unwrap();
    for (name, whats) in exceptions {
        assert!(name == "presets" || list().any(|(n, _)| n == name), "{name}");
        assert!(whats.values().all(|why| !why.trim().is_empty()), "{name}");
    }
}

/// The preset of a fact, whose title is a repository, some of them, or the name of a framework.
fn preset_of<'n>(title: &str, names: &'n BTreeMap<String, String>) -> Option<&'n str> {
    let repository = title.split([' ', ',', ':']).next()?;
    names.get(title).map(String::as_str).or_else(|| claiming(repository))
}

/// Whether a preset's path is this one of an example, in whatever folder the example has its program.
fn is_written(path: &Writable, target: &str) -> bool {
    match path.below {
        None => path.target == target,
        Some(_) => target.len() > path.target.len() && target.ends_with(&*path.target),
    }
}

/// What a preset says otherwise than the facts.
fn differences(fact: &Value, preset: &Preset) -> Vec<String> {
    let mut found = Vec::new();
    let mut differ = |what: String, same: bool| {
        if !same {
            found.push(what);
        }
    };
    let number = |value: &Value| value.as_u64().map(|n| u32::try_from(n).unwrap());
    let list = |key: &str| fact[key].as_array().unwrap();
    for path in list("tmpfs") {
        let target = path["path"].as_str().unwrap();
        let own: Vec<&Writable> = preset.writable.iter().filter(|w| is_written(w, target) && w.scratch.is_some()).collect();
        if own.is_empty() {
            differ(target.to_owned(), false);
            continue;
        }
        let options = |w: &&Writable| w.scratch.clone().unwrap();
        if let Some(mode) = path["mode"].as_str() {
            let mode = u32::from_str_radix(mode, 8).ok();
            differ(format!("{target} mode"), own.iter().all(|w| options(w).mode == mode));
        }
        if let Some(exec) = path["exec"].as_bool() {
            differ(format!("{target} exec"), own.iter().any(|w| options(w).exec == exec));
        }
        differ(format!("{target} size"), own.iter().all(|w| w.size.as_deref() == path["size"].as_str()));
        let variants = path["by_variant"].as_object().into_iter().flatten().map(|(_, options)| options);
        for wanted in [path].into_iter().chain(variants) {
            let wanted = (number(&wanted["uid"]), number(&wanted["gid"]));
            // A tmpfs without an owner gets the one whom the image starts as.
            let owner = |w: &&Writable| match options(w).uid {
                None if wanted.0.is_some() => (preset.run_user.uid, preset.run_user.gid),
                uid => (uid, options(w).gid),
            };
            differ(format!("{target} owner"), own.iter().any(|w| owner(w) == wanted));
        }
    }
    for path in list("persistent").iter().filter_map(|path| path["path"].as_str()) {
        differ(path.to_owned(), preset.writable.iter().any(|w| is_written(w, path) && w.scratch.is_none()));
    }
    let wanted: BTreeSet<&str> = list("cap_add_after_drop_all").iter().map(|name| name.as_str().unwrap()).collect();
    let own = preset.capabilities.as_ref().map(|c| c.add.iter().map(String::as_str).collect::<BTreeSet<_>>());
    // What is added to an image's preset says nothing of capabilities that it does not need.
    differ("capabilities".into(), own.unwrap_or_default() == wanted && (preset.is_addition() || preset.capabilities.is_some()));
    let run_as = |text: &str| text.split_once(':').and_then(|(uid, gid)| Some((uid.parse().ok()?, gid.parse().ok()?)));
    let words: Vec<&str> = fact["run_as_without_caps"].as_str().unwrap_or_default().split([' ', '(', ')']).collect();
    let on_alpine = words.windows(2).find(|w| w[0] == "Alpine").map(|w| w[1]);
    let variant = preset.tags.iter().find(|v| v.word == "alpine*").and_then(|v| v.run_as);
    let own = preset.capabilities.as_ref().and_then(|c| c.run_as);
    differ("run_as".into(), own == run_as(words[0]) && variant == on_alpine.and_then(run_as));
    differ("run_user".into(), (preset.run_user.uid, preset.run_user.gid) == (number(&fact["uid"]), number(&fact["gid"])));
    let works = preset.no_new_privileges.as_ref().map(|n| *n == NoNewPrivileges::Works);
    differ("no_new_privileges".into(), works == fact["no_new_privileges_ok"].as_bool());
    found
}
