//! `env_file` of a service, as Compose and as we read it: its variables move paths, and their values are not shown.

use crate::oracle::Compose;
use crate::support::Folder;
use rofs_harden::compose::env_file::{Given, references};
use rofs_harden::compose::{Env, Texts};
use rofs_harden::edge::disk::Disk;
use rofs_harden::plan::{Files, Input, Start};

/// The value of `X` for a service `s`, or that it has none.
type Expected = Option<&'static str>;
/// Names and texts.
type Named = [(&'static str, &'static str)];

/// What stands at `env_file`, the files, and what `X` is.
const READ: [(&str, &Named, Expected); 21] = [
    ("a.env", &[("a.env", "X=1\n")], Some("1")),
    ("[a.env]", &[("a.env", "export X='1' # c\n")], Some("1")),
    ("[a.env, b.env]", &[("a.env", "X=1\n"), ("b.env", "X=2\n")], Some("2")),
    ("[a.env, b.env, a.env]", &[("a.env", "X=1\n"), ("b.env", "X=2\n")], Some("2")),
    ("[a.env, b.env, ./a.env]", &[("a.env", "X=1\n"), ("b.env", "X=2\n")], Some("1")),
    ("[{path: a.env}, {path: none.env, required: false}]", &[("a.env", "X=1\n")], Some("1")),
    ("[{path: '${F}', required: 'yes'}]", &[("a.env", "X=1\n"), (".env", "F=a.env\n")], Some("1")),
    ("[{path: none.env, required: false}]", &[], None),
    ("[{path: a.env, format: raw}]", &[("a.env", "\u{feff}# c\n  X=\"$A\" # c \r\n")], Some("\"$A\" # c ")),
    ("[{path: a.env, format: raw}]", &[("a.env", "X"), (".env", "X=5\n")], Some("5")),
    ("[{path: a.env, required: false}]", &[("a.env", "# X\n")], None),
    ("[{path: a.env, format: raw}, b.env]", &[("a.env", "X='1'\n"), ("b.env", "X='1'\n")], Some("1")),
    ("a.env", &[("a.env", "A=1\nX=${A}2\n")], Some("12")),
    ("a.env", &[("a.env", "A=1\nX=${A}\n"), (".env", "A=7\n")], Some("7")),
    ("a.env\n    environment: {A: 9}", &[("a.env", "A=1\nX=${A}\n")], Some("9")),
    ("a.env\n    environment: {A: 9}", &[("a.env", "A=1\nX=${A}\n"), (".env", "A=7\n")], Some("7")),
    ("[a.env, b.env]", &[("a.env", "A=1\n"), ("b.env", "X=${A}\n")], Some("1")),
    ("[a.env, b.env]", &[("a.env", "A=1\n"), ("b.env", "A=5\nX=${A}\n")], Some("5")),
    ("a.env", &[("a.env", "X=1\n"), ("b.env", "X=2\n"), ("compose.override.yaml", "services: {s: {env_file: b.env}}\n")], Some("2")),
    ("a.env", &[("a.env", "X=1\n"), ("compose.override.yaml", "services: {s: {env_file: !reset null}}\n")], None),
    (
        "b.env\n    extends: {file: sub/base.yaml, service: b}",
        &[("b.env", "Y=2\n"), ("sub/a.env", "X=1\n"), ("sub/base.yaml", "services: {b: {image: x, env_file: a.env}}\n")],
        Some("1"),
    ),
];

fn folder(env_file: &str, files: &[(&str, &str)]) -> Folder {
    let folder = Folder::compose(&format!("services:\n  s:\n    image: x\n    env_file: {env_file}\n"));
    files.iter().for_each(|(name, text)| folder.put(name, text));
    folder
}

/// What `X` is here: `= VALUE`, `unknown` or `unset`.
fn ours(folder: &Folder) -> String {
    let input = Input { start: Start::Path(folder.path().to_owned()), ..Input::default() };
    let files = Files::read(&Disk, &input).expect("files");
    let project = files.project().expect("a project");
    let text = |path: &std::path::PathBuf| Some((path.clone(), Ok(std::fs::read_to_string(path).ok()?)));
    let texts: Texts = references(&project).iter().filter_map(text).collect();
    let service = project.service("s").expect("the service");
    let number = service.get("environment").map(|_| ("A".to_owned(), Some("9".to_owned())));
    let own: Env = number.into_iter().collect();
    let given = Given::of(service, &texts, &own.below(project.sources.env().clone()), &mut (1 << 20));
    match given.variables().find(|(name, _)| *name == "X") {
        Some((_, Some(value))) => format!("= {value}"),
        None if given.doubt("X").is_none() => "unset".to_owned(),
        _ => "unknown".to_owned(),
    }
}

#[test]
fn files_of_variables_are_read_as_compose_reads_them() {
    let compose = Compose::find();
    for (env_file, files, expected) in READ {
        let folder = folder(env_file, files);
        let known = expected.map_or("unset".to_owned(), |value| format!("= {value}"));
        assert_eq!(ours(&folder), known, "{env_file} {files:?}");
        let Some(compose) = &compose else { continue };
        let model = compose.effective(folder.path(), &[]).expect("Compose reads it");
        let theirs = model["services"]["s"]["environment"]["X"].as_str().map(|value| value.replace("$$", "$"));
        assert_eq!(theirs.as_deref(), expected, "{env_file} {files:?}");
    }
}

#[test]
fn what_is_not_read_makes_its_variables_unknown() {
    for (env_file, files, expected) in [
        ("none.env", &[][..], "unknown"),
        ("[none.env, a.env]", &[("a.env", "X=1\n")], "= 1"),
        ("[a.env, none.env]", &[("a.env", "X=1\n")], "unknown"),
        ("'${NOWHERE}'", &[], "unknown"),
        ("~/a.env", &[], "unknown"),
        ("[{path: a.env, format: json}]", &[("a.env", "X=1\n")], "unknown"),
        ("a.env", &[("a.env", "X='1\n")], "unknown"),
        ("[{path: a.env, format: raw}]", &[("a.env", "A B=1\nX=1\n")], "unknown"),
        ("a.env", &[("a.env", "X=${NOWHERE}\n")], "unknown"),
        // The shell may have a value.
        ("a.env", &[("a.env", "X\n")], "unknown"),
        ("[{path: a.env, format: raw}]", &[("a.env", "X\n")], "unknown"),
        ("[a.env, b.env]", &[("a.env", "X=1\n"), ("b.env", "X\n")], "unknown"),
        ("[]", &[], "unset"),
    ] {
        assert_eq!(ours(&folder(env_file, files)), expected, "{env_file} {files:?}");
    }
}

#[test]
fn a_path_moves_where_such_a_file_says_and_its_values_are_not_shown() {
    let given = "where it writes instead of /var/lib/postgresql/data is not known: the variable `PGDATA` is in an `env_file`, whose values \
                 are not repeated, and nothing is mounted there";
    let unread = |why: &str| {
        format!("whether it still writes to /var/lib/postgresql/data is not known: an `env_file` may set the variable `PGDATA`, and {why}")
    };
    let gone = unread("`db.env` cannot be read");
    let outside = unread("../db.env is outside the project folder");
    for (body, file, held) in [
        ("env_file: db.env", Some("PGDATA=/srv/canary\n"), Some(given)),
        ("env_file: db.env\n    volumes: ['data:/srv/canary']", Some("PGDATA=/srv/canary\n"), None),
        ("env_file: db.env\n    volumes: ['data:/srv']", Some("PGDATA=/srv/canary/x\n"), None),
        // `environment` wins, and the usual place is none that moved.
        ("env_file: db.env\n    environment: {PGDATA: /var/lib/postgresql/data}", Some("PGDATA=/srv/canary\n"), None),
        ("env_file: db.env", Some("PGDATA=/var/lib/postgresql/data/canary\n"), None),
        ("env_file: db.env", Some("POSTGRES_PASSWORD=canary\n"), None),
        ("env_file: db.env", None, Some(&*gone)),
        ("env_file: db.env\n    volumes: ['data:/var/lib/postgresql/data']", None, None),
        ("env_file: db.env\n    environment: [PGDATA=/var/lib/postgresql/data]", None, None),
        ("env_file: [{path: db.env, required: false}]", None, None),
        ("env_file: ../db.env", None, Some(&*outside)),
    ] {
        let folder = Folder::compose(&format!("services:\n  db:\n    image: postgres:16\n    {body}\nvolumes: {{data: }}\n"));
        file.into_iter().for_each(|text| folder.put("db.env", text));
        let run = folder.run(&[]).exits(0);
        match held {
            Some(why) => assert!(run.err.contains(&format!("held back db: image postgres:16: {why}")), "{body} {}", run.text()),
            None => assert!(run.out.contains("+    read_only: true") && !run.err.contains("held back"), "{body} {}", run.text()),
        }
        let added: Vec<&str> = run.out.lines().filter(|line| line.starts_with('+') && line.contains("canary")).collect();
        assert!(added.is_empty() && !run.err.contains("canary"), "{body} {}", run.text());
        assert!(!run.out.contains("+      - type: volume"), "{body} {}", run.text());
    }
}
