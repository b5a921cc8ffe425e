//! Our view of a project beside that of the Compose CLI (`docker compose config --format json`).

use super::{Known, Mount, MountKind, Project, Service, TmpfsItem, clean_path, has_variable};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Lists of strings that say what a service may do.
pub const LISTS: [&str; 3] = ["cap_drop", "cap_add", "security_opt"];

/// Where our view and Compose's differ: services, their images, users, `read_only` and mounts, declared volumes. What depends on a
/// variable that is not set here is not compared, nor are host paths, which Compose rebases. Values of the environment are not named.
pub fn differences(project: &Project<'_>, model: &Value) -> Vec<String> {
    let empty = Map::new();
    let section = |key: &str| model.get(key).and_then(Value::as_object).unwrap_or(&empty);
    let mut found = Vec::new();
    let services = section("services");
    if project.unread.is_empty() {
        let ours: BTreeSet<&str> = project.services.iter().map(|s| s.name).collect();
        compare(&mut found, "services", &ours, &services.keys().map(String::as_str).collect());
        let ours: BTreeSet<&str> = project.volumes.iter().copied().collect();
        compare(&mut found, "volumes", &ours, &section("volumes").keys().map(String::as_str).collect());
    }
    for service in project.services.iter().filter(|s| s.unread.is_none()) {
        if let Some(theirs) = services.get(service.name) {
            compare_service(&mut found, service, theirs);
        }
    }
    found
}

fn compare<T: Ord + std::fmt::Debug>(found: &mut Vec<String>, what: &str, ours: &BTreeSet<T>, theirs: &BTreeSet<T>) {
    if ours != theirs {
        let (more, less): (Vec<_>, Vec<_>) = (ours.difference(theirs).collect(), theirs.difference(ours).collect());
        found.push(format!("{what}: only here {more:?}, only for Compose {less:?}"));
    }
}

fn compare_service(found: &mut Vec<String>, service: &Service<'_>, theirs: &Value) {
    let name = service.name;
    let is_hard = theirs.get("read_only").and_then(Value::as_bool).unwrap_or(false);
    match service.read_only {
        Known::Unknown => {}
        known if (known == Known::Yes) == is_hard => {}
        known => found.push(format!("services.{name}.read_only: here {known:?}, for Compose {is_hard}")),
    }
    for key in ["image", "user"] {
        let ours = service.text(key).filter(|text| !has_variable(text) && !text.is_empty());
        let theirs = theirs.get(key).and_then(Value::as_str);
        if ours.is_some() && ours.as_deref() != theirs {
            found.push(format!("services.{name}.{key} differs"));
        }
    }
    for key in LISTS {
        let items = service.list(key);
        let is_hidden = items.iter().any(|(item, text)| item.resolved().as_str() != Some(text));
        let ours: BTreeSet<String> = items.into_iter().map(|(_, text)| text.into_owned()).collect();
        let listed = theirs.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let listed: BTreeSet<String> = listed.map(str::to_owned).collect();
        if is_hidden {
            // Both sides hold values of variables.
            let differs = ours != listed && !ours.iter().any(|text| has_variable(text));
            found.extend(differs.then(|| format!("services.{name}.{key} differ")));
        } else {
            compare(found, &format!("services.{name}.{key}"), &ours, &listed);
        }
    }
    let list = |key: &str| theirs.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    // Mounts that a variable decides may be anything.
    if service.mounts.iter().any(|m| m.writable == Known::Unknown || m.kind == MountKind::Unknown || !m.is_placed) {
        return;
    }
    let ours: BTreeSet<_> = service.mounts.iter().map(ours).collect();
    let tmpfs = list("tmpfs").iter().filter_map(Value::as_str).map(|text| {
        let item = TmpfsItem::parse(text);
        (clean(&item.target), "tmpfs".to_owned(), None, !item.options.read_only)
    });
    let volumes = list("volumes").iter().map(|mount| {
        let text = |key: &str| mount.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let kind = text("type");
        let read_only = kind == "image" || mount.get("read_only").and_then(Value::as_bool).unwrap_or(false);
        let source = (kind == "volume").then(|| text("source")).filter(|s| !s.is_empty());
        (clean(&text("target")), kind, source, !read_only)
    });
    let (what, theirs) = (format!("services.{name} mounts"), tmpfs.chain(volumes).collect::<BTreeSet<_>>());
    if service.mounts.iter().any(Mount::is_hidden) {
        // Both sides hold values of variables.
        found.extend((ours != theirs).then(|| format!("{what} differ")));
    } else {
        compare(found, &what, &ours, &theirs);
    }
}

/// Target, kind, name of a volume, whether it can be written.
type Seen = (String, String, Option<String>, bool);

fn ours(mount: &Mount<'_>) -> Seen {
    let kind = match mount.kind {
        MountKind::Bind => "bind",
        MountKind::Volume | MountKind::Anonymous => "volume",
        MountKind::Tmpfs => "tmpfs",
        MountKind::Fixed => "image",
        MountKind::Unknown => "",
    };
    let source = mount.source.as_ref().filter(|_| kind == "volume").map(ToString::to_string);
    (mount.target.to_string(), kind.to_owned(), source, mount.writable == Known::Yes)
}

/// A path as Compose prints it: a `$` in it is doubled.
fn clean(path: &str) -> String {
    let path = &path.replace("$$", "$");
    if path.starts_with('/') { clean_path(path) } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::Sources;
    use crate::text::{FileId, MAX_FILE_BYTES, TextFile};
    use crate::yaml::Stream;
    use serde_json::json;

    #[test]
    fn every_difference_is_named_and_nothing_else() {
        let text = "services:\n  a:\n    image: x\n    user: '5'\n    read_only: true\n    tmpfs: ['/t/:ro', '/d$$x']\n    volumes: [vv:/d, ./b:/b:ro]\n  u:\n    \
                    image: '$I'\n    read_only: $R\n    volumes: ['$V:/x']\nvolumes: {vv: }\n";
        let file = TextFile::new("f", text.as_bytes().to_vec(), MAX_FILE_BYTES).expect("text");
        let sources = Sources::single(Stream::parse(&file, FileId(0)).expect("YAML"));
        let project = Project::read(&sources).expect("a project");
        let volume = json!({"type": "volume", "source": "vv", "target": "/d", "volume": {}});
        let bind = json!({"type": "bind", "source": "/elsewhere/b", "target": "/b", "read_only": true});
        let equal = json!({
            "services": {
                "a": {"image": "x", "user": "5", "read_only": true, "tmpfs": ["/t/:ro", "/d$$x"], "volumes": [volume, bind]},
                "u": {"image": "y", "read_only": true, "volumes": [bind]},
            },
            "volumes": {"vv": {"name": "case_vv"}},
        });
        assert_eq!(differences(&project, &equal), Vec::<String>::new(), "what a variable decides is not compared");
        for (pointer, value, expected) in [
            ("/services/a/image", json!("z"), "services.a.image differs"),
            ("/services/a/user", json!("6"), "services.a.user differs"),
            ("/services/a/read_only", json!(false), "services.a.read_only: here Yes, for Compose false"),
            (
                "/services/a/tmpfs/0",
                json!("/t/"),
                "services.a mounts: only here [(\"/t\", \"tmpfs\", None, false)], only for Compose [(\"/t\", \"tmpfs\", None, true)]",
            ),
            (
                "/services/a/volumes/0/source",
                json!("ww"),
                "services.a mounts: only here [(\"/d\", \"volume\", Some(\"vv\"), true)], only for Compose [(\"/d\", \"volume\", Some(\"ww\"), true)]",
            ),
            (
                "/services/a/volumes/1/read_only",
                json!(false),
                "services.a mounts: only here [(\"/b\", \"bind\", None, false)], only for Compose [(\"/b\", \"bind\", None, true)]",
            ),
            ("/services/u", json!(null), ""),
            ("/volumes", json!({}), "volumes: only here [\"vv\"], only for Compose []"),
            ("/services", json!({}), "services: only here [\"a\", \"u\"], only for Compose []"),
        ] {
            let mut model = equal.clone();
            *model.pointer_mut(pointer).expect("there") = value;
            let found = differences(&project, &model);
            assert_eq!(found.join("; "), expected, "{pointer}");
        }
    }
}
