//! `--oracle`: the Compose CLI has a say.
#![cfg(unix)]

use crate::oracle::Compose;
use crate::support::{Folder, Run};
use std::os::unix::fs::{PermissionsExt, symlink};

const SERVICE: &str = "services:\n  a:\n    image: node:22\n    environment:\n      TOKEN: secret-word\n    env_file: a.env\n";

/// Runs with a folder of programs in front of the path.
fn run(folder: &Folder, arguments: &[&str], more: &[(&str, &str)]) -> Run {
    let path = format!("{}:/usr/bin:/bin", folder.outside().join("bin").display());
    folder.run_with(&[&["--preset", "node"], arguments].concat(), &[&[("PATH", path.as_str())], more].concat(), "")
}

/// A folder of programs with a `docker` that is not there, and this `docker-compose`.
fn with_script(folder: &Folder, script: &str) {
    folder.put("../bin/docker", "#!/bin/sh\nexit 1\n");
    folder.put("../bin/docker-compose", format!("#!/bin/sh\n{script}"));
    for name in ["docker", "docker-compose"] {
        let path = folder.outside().join("bin").join(name);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn the_real_compose_agrees_and_the_result_is_written() {
    let Some(compose) = Compose::find() else { return };
    // Compose sees nothing of the caller's environment: with this word for a file of variables it would not load the project.
    let foreign = [("COMPOSE_ENV_FILES", ""), ("WHERE", "::"), ("COMPOSE_PROFILES", "none")];
    let files = [
        ("compose.yaml", "include: [db/compose.yaml]\nservices:\n  web: {image: node, env_file: web.env, volumes: ['${WHERE}:/data']}\n"),
        ("db/compose.yaml", SERVICE),
        (".env", "WHERE=./here\n"),
    ];
    let folder = Folder::new(&files);
    let program = std::process::Command::new("which").arg(compose.program()).output().unwrap().stdout;
    let program = String::from_utf8(program).unwrap();
    std::fs::create_dir(folder.outside().join("bin")).unwrap();
    symlink(program.trim(), folder.outside().join("bin/docker-compose")).unwrap();
    let done = run(&folder, &["--oracle", "--write", "--yes"], &foreign).exits(0);
    assert!(done.err.contains("hardened 2 services"), "{}", done.text());
    assert!(folder.read("db/compose.yaml").contains("read_only: true"));
}

#[test]
fn a_compose_that_sees_something_else_stops_the_write() {
    for (model, expected) in [
        (r#"{"services": {}}"#, "services: only here [\\\"a\\\"], only for Compose []"),
        (r#"{"services": {"a": {"image": "node:22", "read_only": true}}}"#, "services.a.read_only: here No, for Compose true"),
        (r#"{"services": {"a": {"image": "secret-word"}}}"#, "services.a.image differs"),
        (r#"{"services": {"a": {"image": "node:22", "tmpfs": ["/x"]}}}"#, "services.a mounts: only here []"),
        // Right before, wrong after.
        (r#"{"services": {"a": {"image": "node:22"}}}"#, "services.a.read_only: here Yes, for Compose false"),
    ] {
        let folder = Folder::compose(SERVICE);
        with_script(&folder, &format!("[ \"$1\" = version ] && exit 0\necho '{model}'\n"));
        let done = run(&folder, &["--oracle", "--write", "--yes"], &[]).exits(2);
        assert!(done.err.replace('"', "\\\"").contains(expected), "{expected}\n{}", done.text());
        assert!(!done.err.contains("secret-word"), "no values are printed: {}", done.text());
        assert_eq!(folder.read("compose.yaml"), SERVICE, "nothing is written");
    }
}

#[test]
fn a_compose_that_does_not_load_the_project_is_an_error_only_where_it_was_asked_for() {
    let folder = Folder::compose(SERVICE);
    with_script(&folder, "[ \"$1\" = version ] && exit 0\necho 'TOKEN=secret-word is wrong' >&2\nexit 1\n");
    let done = run(&folder, &["--oracle"], &[]).exits(2);
    assert!(done.err.contains("Compose does not load this project") && !done.err.contains("secret-word"), "{}", done.text());
    run(&folder, &[], &[("CI", "true")]).exits(0);
    // In CI it is asked without a flag.
    with_script(&folder, "[ \"$1\" = version ] && exit 0\necho '{}'\n");
    let done = run(&folder, &[], &[("CI", "true")]).exits(2);
    assert!(done.err.contains("Compose sees something else before the change"), "{}", done.text());
    run(&folder, &[], &[("CI", "false")]).exits(0);
}

#[test]
fn a_compose_that_is_not_there_is_named() {
    let folder = Folder::compose(SERVICE);
    let done = folder.run_with(&["--oracle"], &[("PATH", "/nowhere")], "").exits(2);
    assert!(done.err.contains("neither `docker compose` nor `docker-compose` runs"), "{}", done.text());
}
