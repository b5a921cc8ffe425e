//! Projects as they are read: layers, `extends`, `include`, variables, each value with its place. No disk is needed.

use crate::pipe::{sources, text_file};
use rofs_harden::compose::{Coverage, Known, Mount, Project, Sources};
use rofs_harden::text::{FileId, Span};
use rofs_harden::yaml::Stream;
use std::collections::BTreeMap;

/// Files of a project: name and text. Names that start with `compose` are layers, in this order; `.env` has the variables.
type Files = &'static [(&'static str, &'static str)];

fn read(files: Files) -> Result<Sources, String> {
    let layers: Vec<&str> = files.iter().map(|(name, _)| *name).filter(|name| name.starts_with("compose")).collect();
    sources(&files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(), &layers)
}

/// Services in a line each: `name image rw|ro|?: mounts`, a mount as `kind source:target` with the file that it stands in.
fn shown(files: Files) -> Result<String, String> {
    let sources = read(files)?;
    let project = Project::read(&sources).map_err(|e| e.message)?;
    let mut lines = Vec::new();
    for service in &project.services {
        let mode = match service.read_only {
            Known::Yes => "ro",
            Known::No => "rw",
            Known::Unknown => "?",
        };
        let mount = |m: &Mount<'_>| {
            let file = &sources.file(m.span().file).expect("a file").path;
            let source = m.source.as_ref().map_or(String::new(), |s| format!("{s}:"));
            format!(" {source}{}@{}", m.target, file.display())
        };
        let mounts: String = service.mounts.iter().map(mount).collect();
        lines.push(format!("{} {} {mode}:{mounts}", service.name, service.text("image").unwrap_or_default()));
    }
    Ok(lines.join("\n"))
}

const CASES: [(Files, Result<&str, &str>); 17] = [
    // Layers: scalars by the last, lists joined, null keeps, tmpfs one by its text before `=`, volumes by their target.
    (
        &[
            ("compose.yaml", "services:\n  a: {image: x, read_only: true, tmpfs: /run, volumes: [va:/d, vb:/e]}\n"),
            ("compose.2.yaml", "services:\n  a: {read_only: , tmpfs: [/t, '/run'], volumes: [{type: volume, source: vc, target: /d}]}\n"),
        ],
        Ok("a x ro: /run@compose.2.yaml /t@compose.2.yaml vc:/d@compose.2.yaml vb:/e@compose.yaml"),
    ),
    (&[("compose.yaml", "services:\n  a: {image: x}\n---\nservices:\n  a: {image: y}\n  b: {image: z}\n")], Ok("a y rw:\nb z rw:")),
    // Tags act on what came before, inside an `!override` not at all.
    (
        &[
            ("compose.yaml", "services:\n  a: {image: x, tmpfs: [/a], volumes: [vv:/v]}\n  b: {image: x, tmpfs: [/b]}\n  c: {image: x}\n"),
            (
                "compose.2.yaml",
                "services:\n  a: {tmpfs: !override [/n], volumes: !reset []}\n  b: !override {image: y, tmpfs: !reset [/k]}\n  c: !reset\n",
            ),
        ],
        Ok("a x rw: /n@compose.2.yaml\nb y rw: /k@compose.2.yaml"),
    ),
    // `extends`: the base first, of the same document or of a file, relative to that file; deeper bases first.
    (
        &[("compose.yaml", "services:\n  a: {extends: b, tmpfs: [/a]}\n  b: {image: x, read_only: true, tmpfs: [/b]}\n")],
        Ok("a x ro: /b@compose.yaml /a@compose.yaml\nb x ro: /b@compose.yaml"),
    ),
    (
        &[
            ("compose.yaml", "services:\n  a: {extends: {file: d/b.yaml, service: b}, read_only: false}\n"),
            ("d/b.yaml", "services:\n  b: {extends: {file: ../e.yaml, service: e}, tmpfs: [/b]}\n"),
            ("e.yaml", "services:\n  e: {image: x, read_only: true, tmpfs: [/e]}\n"),
        ],
        Ok("a x rw: /e@e.yaml /b@d/b.yaml"),
    ),
    // An override of the base does not reach who extends it.
    (
        &[("compose.yaml", "services:\n  a: {extends: b}\n  b: {image: x}\n"), ("compose.2.yaml", "services:\n  b: {read_only: true}\n")],
        Ok("a x rw:\nb x ro:"),
    ),
    // What a layer extends comes after earlier layers and before its own keys.
    (
        &[
            ("compose.yaml", "services:\n  a: {image: x, read_only: true}\n"),
            ("compose.2.yaml", "services:\n  a: {extends: {file: b.yaml, service: b}}\n"),
            ("b.yaml", "services:\n  b: {image: y, read_only: false}\n"),
        ],
        Ok("a y rw:"),
    ),
    (
        &[
            ("compose.yaml", "services:\n  a: {extends: {file: b.yaml, service: b}, tmpfs: !override [/a]}\n"),
            ("b.yaml", "services:\n  b: {image: y, tmpfs: [/b]}\n"),
        ],
        Ok("a y rw: /a@compose.yaml"),
    ),
    // `include`: own variables below those outside, paths from its own folder, changed by later layers.
    (
        &[
            ("compose.yaml", "include: [d/c.yaml]\nservices:\n  a: {image: '$V'}\n"),
            ("compose.2.yaml", "services:\n  c: {read_only: true}\n"),
            ("d/c.yaml", "include: [e.yaml]\nservices:\n  c: {image: '$V', tmpfs: ['$W']}\n"),
            ("d/e.yaml", "services:\n  e: {image: x}\n"),
            ("d/.env", "V=inner\nW=/w\n"),
            (".env", "V=outer\n"),
        ],
        Ok("a outer rw:\nc outer ro: /w@d/c.yaml\ne x rw:"),
    ),
    (
        &[
            ("compose.yaml", "include:\n  - {path: [d/c.yaml, d/f.yaml], project_directory: p, env_file: d/v.env}\n"),
            ("d/c.yaml", "services:\n  c: {image: '$V', extends: {file: b.yaml, service: b}}\n"),
            ("d/f.yaml", "services:\n  c: {read_only: true}\n"),
            ("p/b.yaml", "services:\n  b: {tmpfs: [/b]}\n"),
            ("d/v.env", "V=v\n"),
        ],
        Ok("c v ro: /b@p/b.yaml"),
    ),
    (
        &[
            ("compose.yaml", "include: [a.yaml, b.yaml]\n"),
            ("a.yaml", "include: [d.yaml]\n"),
            ("b.yaml", "include: [d.yaml]\n"),
            ("d.yaml", "services:\n  d: {image: x}\n"),
        ],
        Ok("d x rw:"),
    ),
    // Variables: set, with a default, and not set.
    (
        &[
            ("compose.yaml", "services:\n  a: {image: 'x:${T:-1}', read_only: '${R}', volumes: ['${S:-vv}:${D}', '${U}:/u', '$$xx:/y']}\n"),
            (".env", "D=/d\n"),
        ],
        Ok("a x:1 ?: vv:/d@compose.yaml ${U}:/u@compose.yaml $xx:/y@compose.yaml"),
    ),
    // Errors.
    (&[("compose.yaml", "# nothing\n")], Err("empty compose file")),
    (
        &[("compose.yaml", "services:\n  a: {image: x, tmpfs: [/t]}\n"), ("compose.2.yaml", "services:\n  a: {tmpfs: ['/t:mode=1']}\n")],
        Err("services.a: target /t already mounted"),
    ),
    (&[("compose.yaml", "include: x.yaml\n")], Err("include must be a list")),
    (&[("compose.yaml", "include: [{env_file: x}]\n")], Err("an include without a path")),
    (&[("compose.yaml", "services:\n  a: {extends: {file: x.yaml}}\n")], Err("services.a.extends needs a service")),
];

#[test]
fn projects_are_read_as_compose_merges_them() {
    for (files, expected) in CASES {
        assert_eq!(shown(files), expected.map(str::to_owned).map_err(str::to_owned), "{files:#?}");
    }
}

#[test]
fn what_is_not_here_leaves_the_rest_known() {
    let files: Files = &[(
        "compose.yaml",
        "include: ['https://example.com/x.git']\nservices:\n  a: {image: x, extends: {file: 'oci://y', service: b}}\n  c: {image: z}\n",
    )];
    let sources = read(files).expect("read");
    let project = Project::read(&sources).expect("a project");
    let why: Vec<&str> = project.unread.iter().map(|(_, file)| file.why.as_str()).collect();
    assert_eq!(why, ["https://example.com/x.git is not on this machine, and is not fetched"]);
    let unread: Vec<bool> = project.services.iter().map(|s| s.unread.is_some()).collect();
    assert_eq!(unread, [true, false]);
}

#[test]
fn chains_and_cycles_end() {
    let long: String = (0..100).map(|i| format!("  s{i}: {{extends: s{}}}\n", i + 1)).collect();
    let text = format!("services:\n{long}  s100: {{image: x}}\n");
    let file = text_file(text.as_bytes()).expect("text");
    let sources = Sources::single(Stream::parse(&file, FileId(0)).expect("YAML"));
    let error = Project::read(&sources).expect_err("too long");
    assert!(error.message.starts_with("more than 64 levels of extends: s0 extends s1 extends s2"), "{}", error.message);
    let cycle: Files = &[("compose.yaml", "include: [a.yaml]\n"), ("a.yaml", "include: [compose.yaml]\n")];
    assert_eq!(shown(cycle), Err("include cycle detected: compose.yaml includes a.yaml includes compose.yaml".to_owned()));
}

#[test]
fn includes_that_are_nested_too_deep_are_no_cycle() {
    let nested = |depth: usize| {
        let name = |i: usize| if i == 0 { "compose.yaml".to_owned() } else { format!("{i}.yaml") };
        let mut files: BTreeMap<String, String> =
            (0..depth).map(|i| (name(i), format!("include: [{}]\nservices: {{s{i}: {{image: x}}}}\n", name(i + 1)))).collect();
        files.insert(name(depth), "services: {last: {image: x}}\n".to_owned());
        sources(&files, &["compose.yaml"]).and_then(|sources| Project::read(&sources).map(|p| p.services.len()).map_err(|e| e.message))
    };
    assert_eq!(nested(64), Ok(65));
    assert_eq!(nested(65), Err("more than 64 includes are nested".to_owned()));
    assert_eq!(nested(70), Err("more than 64 includes are nested".to_owned()));
}

#[test]
fn every_value_keeps_the_place_that_made_it() {
    let files: Files = &[
        ("compose.yaml", "services:\n  a:\n    image: x\n    tmpfs: [/run]\n"),
        ("compose.2.yaml", "services:\n  a:\n    read_only: true\n    volumes: [vd:/data]\n"),
    ];
    let sources = read(files).expect("read");
    let project = Project::read(&sources).expect("a project");
    let service = project.service("a").expect("there");
    let at = |span: Span| (span.file.0, sources.file(span.file).expect("a file").stream.text().line(span.start as usize));
    assert_eq!(at(service.key().span()), (0, 2), "at home where its image is");
    assert_eq!(at(service.get("read_only").expect("set").key().span()), (1, 3));
    assert_eq!(service.mounts.iter().map(|m| at(m.span())).collect::<Vec<_>>(), [(0, 4), (1, 4)]);
    assert!(matches!(service.coverage("/data/x"), Coverage::Writable(m) if m.target == "/data"));
}
