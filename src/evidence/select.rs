//! Which service gets which preset, and what that says it needs.

use super::about::{About, Runner};
use super::preset::{Preset, Writable, claiming, nearest};
use super::{Confidence, Need, Reason, Source, Storage, TmpfsOptions, WritablePath};
use crate::compose::dockerfile::{Dockerfiles, MAX_TOTAL_BYTES};
use crate::compose::{Known, Project};
use crate::error::{Error, Result};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The preset of services that no other preset knows.
const FALLBACK: &str = "generic";

/// What the command line says of presets and services.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Presets named for the whole project, in order.
    pub presets: Vec<Arc<Preset>>,
    /// Whether services get the preset that their image matches without it being named.
    pub auto: bool,
    /// Only these services; empty means all.
    pub only: Vec<String>,
    /// Not these services.
    pub skip: Vec<String>,
    /// Presets named for one service.
    pub forced: Vec<(String, Arc<Preset>)>,
}

/// What every selected service needs, in the project's order. `dockerfiles` holds what [`crate::compose::dockerfile::references`] asks
/// for, as far as it exists.
///
/// A preset that is named takes the services that it matches and those that no preset knows, never those of another family.
///
/// Errors: a selected service that is not there, or that gets two presets.
pub fn needs(project: &Project<'_>, selection: &Selection, dockerfiles: &Dockerfiles) -> Result<Vec<Need>> {
    check(project, selection)?;
    let only: HashSet<&str> = selection.only.iter().map(String::as_str).collect();
    let skip: HashSet<&str> = selection.skip.iter().map(String::as_str).collect();
    let forced: HashMap<&str, &Arc<Preset>> = selection.forced.iter().map(|(name, preset)| (name.as_str(), preset)).collect();
    let mut embedded = HashMap::new();
    let mut left = MAX_TOTAL_BYTES;
    let mut found = Vec::new();
    for service in &project.services {
        let named = forced.get(service.name).copied();
        if skip.contains(service.name) || !only.is_empty() && !only.contains(service.name) && named.is_none() {
            continue;
        }
        let about = About::new(service, dockerfiles, &mut left);
        if let Some(choice) = choose(&about, selection, named, &mut embedded)? {
            found.push(need(&about, &choice));
        }
    }
    Ok(found)
}

fn check(project: &Project<'_>, selection: &Selection) -> Result<()> {
    let forced = || selection.forced.iter().map(|(name, _)| name);
    if let Some(name) = selection.only.iter().chain(&selection.skip).chain(forced()).find(|name| project.service(name).is_none()) {
        let hint = match nearest(name, project.services.iter().map(|s| s.name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("services: {}", project.services.iter().take(20).map(|s| s.name).collect::<Vec<_>>().join(", ")),
        };
        return Err(Error::Usage(format!("there is no service `{name}`"), Some(hint)));
    }
    let mut seen = HashMap::new();
    for (name, preset) in &selection.forced {
        if let Some(other) = seen.insert(name, preset)
            && other != preset
        {
            let message = format!("the service `{name}` is given two presets, {} and {}", other.name, preset.name);
            return Err(Error::Usage(message, Some(format!("name one: --service {name}={}", preset.name))));
        }
    }
    Ok(())
}

/// A preset for a service, and how it came to it.
struct Choice {
    preset: Arc<Preset>,
    /// What it was recognised by (`image node:22`), or why it was not.
    recognised: Result<String, String>,
    /// Whether the person named it, which is consent to its assumptions.
    named: bool,
}

fn choose(
    about: &About<'_, '_>,
    selection: &Selection,
    forced: Option<&Arc<Preset>>,
    embedded: &mut HashMap<&'static str, Arc<Preset>>,
) -> Result<Option<Choice>> {
    let seen = about.image();
    let claims = |preset: &Preset| seen.as_ref().is_ok_and(|(image, _)| preset.images.iter().any(|i| i == image.repository));
    let choice = |preset: &Arc<Preset>, named| {
        let recognised = match &seen {
            Ok((_, what)) if claims(preset) => Ok(what.clone()),
            Ok((_, what)) => Err(format!("no preset knows the {what}")),
            Err(why) => Err(why.clone()),
        };
        Some(Choice { preset: preset.clone(), recognised, named })
    };
    if let Some(preset) = forced.or_else(|| selection.presets.iter().find(|p| claims(p))) {
        return Ok(choice(preset, true));
    }
    let family = seen.as_ref().ok().and_then(|(image, _)| claiming(image.repository));
    match (family, selection.presets.first()) {
        (None, Some(preset)) => Ok(choice(preset, true)),
        _ if !selection.auto => Ok(None),
        (family, _) => {
            let name = family.unwrap_or(FALLBACK);
            if !embedded.contains_key(name) {
                embedded.insert(name, Arc::new(Preset::embedded(name)?));
            }
            Ok(embedded.get(name).and_then(|preset| choice(preset, false)))
        }
    }
}

fn need(about: &About<'_, '_>, choice: &Choice) -> Need {
    let preset = &choice.preset;
    let service = about.service.name;
    let (mut text, mut confidence) = match &choice.recognised {
        Ok(what) => (format!("{what} runs read-only with these mounts"), Confidence::Documented),
        Err(_) if choice.named => ("you named the preset for this service".to_owned(), Confidence::Assumed),
        Err(why) => (format!("{why}; most images run with these mounts"), Confidence::Assumed),
    };
    let mut paths = Vec::new();
    for path in &preset.writable {
        match about.needs(path, preset) {
            Known::No => {}
            Known::Yes => paths.extend(writable(about, choice, path)),
            Known::Unknown => {
                confidence = Confidence::Assumed;
                text += &format!("; whether it must write {} is not known from its files", path.target);
            }
        }
    }
    // There are many services, and few paths for each.
    paths.shrink_to_fit();
    let basis = Arc::new(Reason { source: Source::Preset(preset.name.clone()), text, link: None, confidence });
    Need { service: service.to_owned(), consent: choice.named, basis, paths }
}

/// The path as this service needs it. `None` for an assumption that nothing speaks for.
fn writable(about: &About<'_, '_>, choice: &Choice, path: &Writable) -> Option<WritablePath> {
    let mut reason = path.reason.clone();
    // Where nothing is recognised, assumed scratch belongs to the assumption that the service can run read-only at all.
    if reason.confidence == Confidence::Assumed && (path.scratch.is_none() || choice.recognised.is_ok()) {
        match about.mention(&path.target) {
            Some(text) => reason = Arc::new(Reason { text, confidence: Confidence::Documented, link: None, ..Reason::clone(&reason) }),
            None if !choice.named => return None,
            None => {}
        }
    }
    let storage = match &path.scratch {
        None => Storage::State,
        Some(options) => {
            let (options, guess) = owned(options, path.reason.confidence, about.runner(&choice.preset));
            if let Some(guess) = guess {
                let text = format!("{}; {guess}", reason.text);
                reason = Arc::new(Reason { text, confidence: Confidence::Assumed, ..Reason::clone(&reason) });
            }
            Storage::Scratch(options)
        }
    };
    Some(WritablePath { service: about.service.name.to_owned(), target: path.target.clone(), storage, reason })
}

/// The options with the owner who must write there, and what is guessed about them.
///
/// A tmpfs belongs to root unless `uid=` says otherwise, and runc before 1.1.15 loses `mode=` where the path exists or the container is
/// restarted. So a service that does not run as root gets its number written down. A folder that is known to be in the image with mode
/// 1777 keeps that mode everywhere and is open to all. Root gets no owner: without capabilities it could not write to another's folder.
fn owned(options: &TmpfsOptions, confidence: Confidence, runner: Runner) -> (TmpfsOptions, Option<String>) {
    let mut options = options.clone();
    let open = options.mode == Some(0o1777);
    match runner {
        Runner::Number(0, _) | Runner::Unknown => {}
        Runner::Number(..) if open && confidence > Confidence::Assumed => {}
        Runner::Number(uid, gid) => {
            options.gid = gid.or(options.gid.filter(|_| options.uid == Some(uid)));
            options.uid = Some(uid);
        }
        Runner::Name(_) if open => {}
        Runner::Name(name) => {
            options = TmpfsOptions { mode: Some(0o1777), uid: None, gid: None, ..options };
            let name: String = name.chars().take(40).collect();
            return (options, Some(format!("open to all, since the number of user {name} is not known")));
        }
    }
    (options, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::Sources;
    use crate::text::{FileId, MAX_FILE_BYTES, TextFile};
    use crate::yaml::Stream;

    fn preset(name: &str) -> Arc<Preset> {
        Arc::new(Preset::embedded(name).expect("embedded"))
    }

    fn auto() -> Selection {
        Selection { auto: true, ..Selection::default() }
    }

    fn named(names: &[&str]) -> Selection {
        Selection { presets: names.iter().map(|n| preset(n)).collect(), ..Selection::default() }
    }

    fn try_needs(services: &str, selection: &Selection, dockerfile: Option<&str>) -> Result<Vec<Need>> {
        let text = TextFile::new("f", format!("services:\n{services}").into_bytes(), MAX_FILE_BYTES).expect("text");
        let sources = Sources::single(Stream::parse(&text, FileId(0)).expect("YAML"));
        let files = dockerfile.map(|text| ("Dockerfile".into(), text.to_owned())).into_iter().collect();
        needs(&Project::read(&sources).expect("a project"), selection, &files)
    }

    /// `service preset[!]: what it needs`, with `!` for a preset that was named and `?` behind what is assumed.
    fn shown(services: &str, selection: &Selection, dockerfile: Option<&str>) -> Vec<String> {
        let path = |p: WritablePath| {
            let text = match &p.storage {
                Storage::Scratch(options) => options.item(&p.target),
                Storage::State => format!("state {}", p.target),
            };
            format!(" {text}{}", if p.reason.confidence == Confidence::Assumed { "?" } else { "" })
        };
        let line = |n: Need| {
            let Source::Preset(name) = &n.basis.source else { panic!("{n:?}") };
            let paths: String = n.paths.into_iter().map(path).collect();
            let doubt = if n.basis.confidence == Confidence::Assumed { "?" } else { "" };
            format!("{} {name}{}{doubt}:{paths}", n.service, if n.consent { "!" } else { "" })
        };
        try_needs(services, selection, dockerfile).expect("needs").into_iter().map(line).collect()
    }

    const THREE: &str = "  a: {image: 'node:22'}\n  b: {image: nginx}\n  c: {image: mycorp/x}\n";
    const NGINX: &str = " /var/cache/nginx:mode=755 /run:mode=755";

    #[test]
    fn services_get_the_preset_that_is_theirs() {
        let node = "a node!: /tmp:mode=1777 state /data?";
        let forced = |name: &str, of: &str| Selection { forced: vec![(name.into(), preset(of))], ..auto() };
        let nginx = format!("b nginx:{NGINX}");
        for (selection, expected) in [
            (auto(), &["a node: /tmp:mode=1777", &nginx, "c generic?: /tmp:mode=1777?"][..]),
            (named(&["node"]), &[node, "c node!?: /tmp:mode=1777 state /data?"]),
            (named(&["python"]), &["c python!?: /tmp:mode=1777 state /data?"]),
            (named(&["python", "node"]), &[node, "c python!?: /tmp:mode=1777 state /data?"]),
            (Selection { auto: true, ..named(&["node"]) }, &[node, &nginx, "c node!?: /tmp:mode=1777 state /data?"]),
            (Selection { only: vec!["b".into()], ..auto() }, &[&nginx]),
            (Selection { skip: vec!["a".into(), "c".into()], ..auto() }, &[&nginx]),
            (Selection { skip: vec!["a".into(), "c".into()], ..forced("b", "node") }, &["b node!?: /tmp:mode=1777 state /data?"]),
            (Selection { only: vec!["a".into()], ..forced("b", "nginx") }, &["a node: /tmp:mode=1777", &format!("b nginx!:{NGINX}")]),
            (Selection::default(), &[]),
        ] {
            assert_eq!(shown(THREE, &selection, None), expected, "{selection:?}");
        }
    }

    #[test]
    fn an_assumed_path_is_added_where_something_speaks_for_it() {
        for (body, dockerfile, expected) in [
            ("image: node, environment: {DATA_DIR: /data}", None, Some("environment DATA_DIR=/data")),
            ("image: node, environment: ['DATA_DIR=/data/x']", None, Some("environment DATA_DIR=/data/x")),
            ("image: node, environment: {DIR: '${DIR:-/data}'}", None, Some("environment DIR names /data")),
            ("image: node, environment: {DB: 'sqlite:////data/app.db'}", None, Some("environment DB names /data/app.db")),
            ("image: node, environment: {DB: 'http://data/app'}", None, None),
            ("image: node, environment: {DB: 'http://h:80/data/app'}", None, None),
            ("image: node, environment: {DIR: /database, X: /srv/data, Y: }", None, None),
            ("image: node, environment: [DATA_DIR]", None, None),
            ("image: node, command: node app.js --dir=/data", None, Some("command names /data")),
            ("image: node, command: [node, app.js, --dir, /data/x]", None, Some("command names /data/x")),
            ("image: node, entrypoint: sh -c \"cd /data && node\"", None, Some("entrypoint names /data")),
            ("image: node, volumes: ['d:/data']", None, None),
            ("build: .", Some("FROM node\nVOLUME /data\n"), Some("Dockerfile VOLUME /data")),
            ("build: .", Some("FROM node\nENV DATA_DIR=/data\n"), Some("Dockerfile ENV DATA_DIR=/data")),
            ("build: .", Some("FROM node\nRUN mkdir -p /data/a && chown node /data\n"), Some("Dockerfile RUN mkdir /data/a")),
            ("build: .", Some("FROM node\nCMD [\"node\", \"/data/x\"]\n"), Some("Dockerfile CMD names /data/x")),
            ("build: ., command: node", Some("FROM node\nCMD [\"node\", \"/data/x\"]\n"), None),
            ("build: ., entrypoint: node", Some("FROM node\nCMD [\"node\", \"/data/x\"]\n"), None),
            ("build: .", Some("FROM node\nCOPY x /data\nRUN echo /data\n"), None),
        ] {
            let found = try_needs(&format!("  s: {{{body}}}\n"), &auto(), dockerfile).expect("needs").remove(0).paths;
            let data = found.iter().find(|p| p.target == "/data");
            assert_eq!(data.map(|p| p.reason.text.as_str()), expected, "{body} {dockerfile:?}");
            assert!(data.is_none_or(|p| p.reason.confidence == Confidence::Documented && p.storage == Storage::State));
        }
    }

    #[test]
    fn scratch_belongs_to_whom_must_write_it() {
        let npm = "command: npm start";
        for (body, dockerfile, expected) in [
            ("image: nginx", None, "nginx: /var/cache/nginx:mode=755 /run:mode=755"),
            ("image: nginx, user: '0:0'", None, "nginx: /var/cache/nginx:mode=755 /run:mode=755"),
            ("image: nginx, user: root", None, "nginx: /var/cache/nginx:mode=755 /run:mode=755"),
            ("image: nginx, user: ''", None, "nginx: /var/cache/nginx:mode=755 /run:mode=755"),
            ("image: nginx, user: '1000'", None, "nginx: /var/cache/nginx:mode=755,uid=1000 /run:mode=755,uid=1000"),
            ("image: nginx, user: '9:8'", None, "nginx: /var/cache/nginx:mode=755,uid=9,gid=8 /run:mode=755,uid=9,gid=8"),
            ("image: nginx, user: nginx", None, "nginx: /var/cache/nginx:mode=755,uid=101,gid=101 /run:mode=755,uid=101,gid=101"),
            ("image: nginx, user: '101'", None, "nginx: /var/cache/nginx:mode=755,uid=101,gid=101 /run:mode=755,uid=101,gid=101"),
            ("image: nginx, user: app", None, "nginx: /var/cache/nginx:mode=1777? /run:mode=1777?"),
            ("image: nginx, user: '${U}:${G}'", None, "nginx: /var/cache/nginx:mode=1777? /run:mode=1777?"),
            ("build: .", Some("FROM nginx\nUSER 7\n"), "nginx: /var/cache/nginx:mode=755,uid=7 /run:mode=755,uid=7"),
            ("build: ., user: '0'", Some("FROM nginx\nUSER 7\n"), "nginx: /var/cache/nginx:mode=755 /run:mode=755"),
            ("image: node, user: '1000:1000'", None, "node: /tmp:mode=1777"),
            ("image: x, user: '1000:1000'", None, "generic?: /tmp:mode=1777,uid=1000,gid=1000?"),
            ("image: x, user: app", None, "generic?: /tmp:mode=1777?"),
            (&format!("image: node, {npm}"), None, "node: /tmp:mode=1777"),
            (&format!("image: node, user: node, {npm}"), None, "node: /tmp:mode=1777 /home/node/.npm:mode=700,uid=1000,gid=1000"),
            (&format!("image: node, user: '1000:5', {npm}"), None, "node: /tmp:mode=1777 /home/node/.npm:mode=700,uid=1000,gid=5"),
            ("build: .", Some("FROM node\nUSER node\nCMD npm start\n"), "node: /tmp:mode=1777 /home/node/.npm:mode=700,uid=1000,gid=1000"),
            (&format!("image: node, user: node, {npm}, environment: {{npm_config_cache: /tmp/n}}"), None, "node: /tmp:mode=1777"),
            (&format!("image: node, user: '${{U}}', {npm}"), None, "node?: /tmp:mode=1777"),
        ] {
            assert_eq!(shown(&format!("  s: {{{body}}}\n"), &auto(), dockerfile), [format!("s {expected}")], "{body} {dockerfile:?}");
        }
    }

    #[test]
    fn conditions_hold_or_not_or_are_not_known() {
        let rendered = format!("nginx:{NGINX} /etc/nginx/conf.d:mode=755");
        let plain = format!("nginx:{NGINX}");
        let unknown = format!("nginx?:{NGINX}");
        for (body, dockerfile, expected) in [
            ("image: nginx, volumes: ['./t:/etc/nginx/templates:ro']", None, &rendered),
            ("image: nginx, volumes: ['./t:/etc/nginx/templates/a.template']", None, &rendered),
            ("image: nginx, configs: [{source: c, target: /etc/nginx/templates/a.template}]", None, &rendered),
            ("build: .", Some("FROM nginx\nCOPY t /etc/nginx/templates/\n"), &rendered),
            ("image: nginx, volumes: ['./t:/etc/nginx/templates2']", None, &plain),
            ("image: nginx, volumes: ['./t:/etc/nginx/templates'], environment: {NGINX_ENVSUBST_OUTPUT_DIR: /x}", None, &plain),
            ("image: nginx, volumes: ['./t:/etc/nginx/${T}']", None, &unknown),
            ("image: nginx, volumes: ['./t:/srv/${T}']", None, &plain),
        ] {
            assert_eq!(shown(&format!("  s: {{{body}}}\n"), &auto(), dockerfile), [format!("s {expected}")], "{body} {dockerfile:?}");
        }
    }

    #[test]
    fn tags_and_versions_choose_paths() {
        let path = |target: &str, when: &str| {
            format!(
                "[[writable]]\ntarget = '{target}'\nstorage = 'scratch'\nwhen = {when}\nwhy = 'w'\nsource = 's'\nconfidence = 'documented'\n"
            )
        };
        let text = format!(
            "summary = 's'\nrun_user = {{ text = 'app', uid = 7 }}\n[match]\nimages = ['p']\n{}{}{}{}",
            path("/old", "{ version = '<18' }"),
            path("/new", "{ version = '>=18' }"),
            path("/alpine", "{ tag = ['alpine', 'slim'] }"),
            path("/set", "{ env = ['A=file'] }"),
        );
        let mine = Arc::new(Preset::parse("p", &TextFile::new("p.toml", text.into_bytes(), MAX_FILE_BYTES).expect("text")).expect("good"));
        let selection = Selection { presets: vec![mine], ..Selection::default() };
        for (body, expected) in [
            ("image: 'p:17-alpine'", "p!: /old:uid=7 /alpine:uid=7"),
            ("image: 'p:18.1'", "p!: /new:uid=7"),
            ("image: p", "p!: /new:uid=7"),
            ("image: 'p:slim', environment: {A: 'console,file'}", "p!: /new:uid=7 /alpine:uid=7 /set:uid=7"),
            ("image: 'p:17', environment: {A: files}", "p!: /old:uid=7"),
            ("image: 'p:17', environment: {A: $A}", "p!?: /old:uid=7"),
            ("image: 'p:$TAG'", "p!?:"),
        ] {
            assert_eq!(shown(&format!("  s: {{{body}}}\n"), &selection, None), [format!("s {expected}")], "{body}");
        }
    }

    #[test]
    fn what_is_not_recognised_says_why() {
        for (body, dockerfile, expected) in [
            ("image: mycorp/x", None, "no preset knows the image mycorp/x; most images run with these mounts"),
            ("image: '${I}'", None, "a variable decides the image ${I}; most images run with these mounts"),
            ("command: x", None, "it names no image; most images run with these mounts"),
            ("build: ., image: node", None, "`Dockerfile` cannot be read; most images run with these mounts"),
            ("build: .", Some("FROM scratch\n"), "the Dockerfile's base is scratch; most images run with these mounts"),
            ("build: .", Some("FROM golang\n"), "no preset knows the Dockerfile base golang; most images run with these mounts"),
            ("build: .", Some("FROM node:22\n"), "Dockerfile base node:22 runs read-only with these mounts"),
        ] {
            let found = try_needs(&format!("  s: {{{body}}}\n"), &auto(), dockerfile).expect("needs");
            assert_eq!(found[0].basis.text, expected, "{body}");
        }
    }

    #[test]
    fn a_wrong_service_is_a_usage_error() {
        for (selection, message, hint) in [
            (Selection { only: vec!["wbe".into()], ..auto() }, "there is no service `wbe`", "did you mean `web`?"),
            (Selection { skip: vec!["nothing".into()], ..auto() }, "there is no service `nothing`", "services: web, db"),
            (Selection { forced: vec![("dbb".into(), preset("node"))], ..auto() }, "there is no service `dbb`", "did you mean `db`?"),
            (
                Selection { forced: vec![("db".into(), preset("node")), ("db".into(), preset("python"))], ..auto() },
                "the service `db` is given two presets, node and python",
                "name one: --service db=python",
            ),
        ] {
            let error = try_needs("  web: {image: node}\n  db: {image: x}\n", &selection, None).expect_err("wrong");
            assert_eq!((error.to_string().as_str(), error.hint().as_deref()), (message, Some(hint)));
        }
    }
}
