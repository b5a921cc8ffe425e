//! Items of `volumes` and `tmpfs` in every form.

use super::*;
use crate::compose::Sources;
use crate::text::{FileId, MAX_FILE_BYTES, TextFile};
use crate::yaml::Stream;

/// `kind source:target mode`, or the complaint, for an item as YAML.
fn shown(item: &str, of: &str) -> String {
    let text = format!("services:\n  s:\n    image: x\n    {of}:\n      - {item}\n");
    let file = TextFile::new("f", text.into_bytes(), MAX_FILE_BYTES).expect("text");
    let sources = Sources::single(Stream::parse(&file, FileId(0)).expect("YAML"));
    match crate::compose::Project::read(&sources) {
        Err(e) => e.message.rsplit(": ").next().unwrap_or_default().to_owned(),
        Ok(project) => {
            let mount = &project.services[0].mounts[0];
            let source = mount.source.as_ref().map_or(String::new(), |s| format!("{s}:"));
            format!("{:?} {source}{} {:?}", mount.kind, mount.target, mount.writable)
        }
    }
}

#[test]
fn binds_in_short_syntax_become_read_only() {
    for (text, expected) in [
        ("./a:/b", Some("./a:/b:ro")),
        ("./a:/b:rw", Some("./a:/b:ro")),
        ("./a:/b:rw,z", Some("./a:/b:ro,z")),
        ("./a:/b:z", Some("./a:/b:z,ro")),
        ("${DIR:-./a}:/b", Some("${DIR:-./a}:/b:ro")),
        ("C:\\a:/b", Some("C:\\a:/b:ro")),
        ("./a:${B}", None),
        ("./a:/b:${MODE}", None),
        ("/b", None),
    ] {
        assert_eq!(read_only(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn short_volumes_are_read_as_compose_reads_them() {
    for (item, expected) in [
        ("/data", "Anonymous /data Yes"),
        ("/data/", "Anonymous /data Yes"),
        ("data:/d", "Volume data:/d Yes"),
        ("data:/d:ro", "Volume data:/d No"),
        ("data:/d:ro,rw", "Volume data:/d Yes"),
        ("data:/d:RO", "Volume data:/d Yes"),
        ("data:/d:z,ro", "Volume data:/d No"),
        ("./a:/d", "Bind ./a:/d Yes"),
        (".a:/d", "Bind .a:/d Yes"),
        ("~a:/d", "Bind ~a:/d Yes"),
        ("/h:/var/run/x", "Bind /h:/run/x Yes"),
        ("C:\\w:/d", "Bind C:\\w:/d Yes"),
        ("d:/data", "Anonymous d:/data Yes"),
        ("/data:ro", "Bind /data:ro Yes"),
        ("\"\"", "invalid empty volume spec"),
        ("/h:/d:ro:z", "too many colons"),
        ("/h::ro", "empty section between colons"),
        ("\"/h:/d:\"", "empty section between colons"),
        ("${V}:/d", "Unknown ${V}:/d Yes"),
        ("${V:-./x}:/d", "Bind ./x:/d Yes"),
        ("data:${T}", "Volume data:${T} Yes"),
        ("data:/d:${M}", "Volume data:/d Unknown"),
        ("${ALL}", "Unknown ${ALL} Unknown"),
        ("5", "must be a string or a mapping"),
    ] {
        assert_eq!(shown(item, "volumes"), expected, "{item}");
    }
}

#[test]
fn long_volumes_and_tmpfs_items_are_read_as_compose_reads_them() {
    for (item, expected) in [
        ("{type: bind, source: ./a, target: /d}", "Bind ./a:/d Yes"),
        ("{type: volume, source: v, target: /d/}", "Volume v:/d Yes"),
        ("{type: volume, target: /d}", "Anonymous /d Yes"),
        ("{type: tmpfs, target: /d}", "Tmpfs /d Yes"),
        ("{type: image, source: i, target: /d}", "Fixed i:/d No"),
        ("{type: '${T:-bind}', source: ./a, target: '${D:-/d}', read_only: '${R:-true}'}", "Bind ./a:/d No"),
        ("{type: bind, source: ./a, target: /d, read_only: \"no\"}", "Bind ./a:/d Yes"),
        ("{type: bind, source: ./a, target: /d, read_only: $R}", "Bind ./a:/d Unknown"),
        ("{target: /d}", "must have a type"),
        ("{type: x, target: /d}", "must be one of bind, volume, tmpfs, image, npipe, cluster"),
        ("{type: bind}", "is missing a mount target"),
    ] {
        assert_eq!(shown(item, "volumes"), expected, "{item}");
    }
    for (item, expected) in [
        ("/run", "Tmpfs /run Yes"),
        ("/run:ro", "Tmpfs /run No"),
        ("/var/run:size=1m,ro,rw", "Tmpfs /run Yes"),
        ("${T}", "Tmpfs ${T} Unknown"),
        ("${T:-/t/}:ro", "Tmpfs /t No"),
        ("tmp", "Tmpfs tmp Yes"),
    ] {
        assert_eq!(shown(item, "tmpfs"), expected, "{item}");
    }
}
