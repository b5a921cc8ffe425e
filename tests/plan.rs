//! One pipe over every source of files: a map in memory, a commit, buffers of an editor over a disk.

use crate::forge::fake::objects::git_in;
use crate::support::Folder;
use rofs_harden::edge::commit::{CommitFiles, Origin};
use rofs_harden::edge::disk::{Disk, Write, write_all};
use rofs_harden::edge::git::Git;
use rofs_harden::error::Error;
use rofs_harden::evidence::Selection;
use rofs_harden::plan::source::{Buffers, MapFiles};
use rofs_harden::plan::{FileSource, Files, Input, Options, Plan, Purpose, Start};
use std::fs;
use std::path::Path;

/// A project with a file of each kind: layers, `extends`, `include`, variables of it and of a service, a Dockerfile, a configuration and a
/// preset of its own.
const PROJECT: [(&str, &str); 9] = [
    (
        "compose.yaml",
        "include: [more.yaml]\nservices:\n  web:\n    extends: {file: common/base.yaml, service: base}\n  api:\n    build: api\n  own:\n    image: example/own:${TAG}\n  odd:\n    image: example/odd\n  db:\n    image: postgres:16\n    env_file: db.env\n",
    ),
    ("compose.override.yaml", "services:\n  odd:\n    restart: always\n"),
    ("common/base.yaml", "services:\n  base:\n    image: nginx:1.27\n"),
    ("more.yaml", "services:\n  cache:\n    image: redis:7\n"),
    (".env", "TAG=1\n"),
    // Where this is not read, nobody knows where the data are.
    ("db.env", "PGDATA=/var/lib/postgresql/data/main\n"),
    ("api/Dockerfile", "FROM node:22\n"),
    (
        "rofs-harden.toml",
        "[services.own]\npreset = \"./own.toml\"\n[services.api]\npreset = \"node\"\n\
         [[exclude]]\nservice = \"cache\"\nreason = \"it is somebody else's\"\n",
    ),
    ("own.toml", "summary = \"Own\"\nrun_user = { text = \"root\", uid = 0, gid = 0 }\n[match]\nimages = [\"example/own\"]\n"),
];

/// Every service gets what its image asks for.
fn auto() -> Options {
    Options { selection: Selection { auto: true, ..Selection::default() }, ..Options::default() }
}

/// What a plan for a project says: its parts one below the other.
fn said(source: &dyn FileSource, input: &Input) -> Result<String, Error> {
    let files = Files::read(source, input)?;
    let plan = Plan::of(&files, &auto())?;
    let paths: Vec<String> = files.sources().files().iter().map(|file| file.path.display().to_string()).collect();
    let mut text = format!("read: {}\n", paths.join(" "));
    text += &format!("changed: {}\n", plan.changed().collect::<Vec<_>>().join(" "));
    text += &format!("held back: {}\n", plan.held_back.iter().map(|held| held.service.as_str()).collect::<Vec<_>>().join(" "));
    plan.left_out.iter().for_each(|(service, why)| text += &format!("left out: {service}: {why}\n"));
    for rewrite in &plan.rewrites {
        text += &format!("{}:\n", rewrite.before().name());
        rewrite.edits().iter().for_each(|edit| text += &format!("{}..{}:{}\n", edit.span.start, edit.span.end, edit.text));
    }
    Ok(text)
}

fn map() -> MapFiles {
    PROJECT.into_iter().collect()
}

#[test]
fn a_map_in_memory_is_a_project() {
    let text = said(&map(), &Input::default()).unwrap();
    let lines: Vec<&str> = text.lines().take(4).collect();
    assert_eq!(
        lines,
        [
            "read: compose.yaml compose.override.yaml common/base.yaml more.yaml",
            "changed: web api own db",
            "held back: odd",
            "left out: cache: it is somebody else's",
        ]
    );
    // In a folder of the map nothing else is said, but for the paths.
    let below: MapFiles = PROJECT.into_iter().map(|(path, text)| (Path::new("a/b").join(path), text)).collect();
    let input = Input { start: Start::Path("a/b".into()), ..Input::default() };
    assert_eq!(said(&below, &input).unwrap().replace("a/b/", ""), text);
}

/// The work tree is gone, and nothing appears in its place.
#[test]
fn a_commit_is_read_through_its_objects() {
    let folder = Folder::new(&PROJECT);
    let run = |args: &[&str]| git_in(folder.path(), args, b"").unwrap();
    run(&["init", "--quiet", "--initial-branch=main", "."]);
    run(&["add", "."]);
    run(&["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "Start"]);
    for (path, _) in PROJECT {
        fs::remove_file(folder.path().join(path)).unwrap();
    }
    let git = Git::open(folder.path(), None).unwrap();
    let before = folder.state();
    let here = std::env::current_dir().unwrap();
    let commit = CommitFiles::new(Origin::Git(&git), &git.head().unwrap().unwrap()).unwrap();
    assert_eq!(said(&commit, &Input::default()).unwrap(), said(&map(), &Input::default()).unwrap());
    assert_eq!((folder.state(), std::env::current_dir().unwrap()), (before, here));
}

#[test]
fn buffers_count_before_the_disk_and_are_never_written() {
    let folder = Folder::new(&[("compose.yaml", "services:\n  web:\n    image: example/web\n    read_only: true\n")]);
    let main = folder.path().join("compose.yaml");
    let input = Input { start: Start::Path(folder.path().to_owned()), ..Input::default() };
    assert!(!said(&Disk, &input).unwrap().contains("changed: web"));
    let mut buffers = Buffers::over(&Disk);
    buffers.put(&main, "include: [new.yaml]\nservices:\n  web:\n    image: nginx:1.27\n").unwrap();
    buffers.put(&folder.path().join("new.yaml"), "services:\n  cache:\n    image: redis:7\n").unwrap();
    assert!(buffers.put(&folder.path().join("no/folder.yaml"), "").is_err());
    let before = folder.state();
    assert!(said(&buffers, &input).unwrap().contains("\nchanged: web cache\n"));
    let files = Files::read(&buffers, &input).unwrap();
    let plan = Plan::of(&files, &auto()).unwrap();
    for rewrite in &plan.rewrites {
        let loaded = files.loaded(rewrite.file()).unwrap();
        let refused = write_all(&[Write { root: files.root(), loaded, after: rewrite.after().text() }]);
        assert!(matches!(refused, Err(Error::Refused { .. })), "{refused:?}");
    }
    assert_eq!(folder.state(), before);
}

/// An editor may have any file open: what is outside of the project stays outside.
#[test]
fn a_buffer_outside_of_the_project_is_not_followed() {
    let text = "services:\n  web:\n    extends: {file: ../other.yaml, service: web}\n";
    let folder = Folder::new(&[("compose.yaml", text), ("../other.yaml", "services: {}\n")]);
    let mut buffers = Buffers::over(&Disk);
    buffers.put(&folder.outside().join("other.yaml"), "services:\n  web:\n    image: nginx:1.27\n").unwrap();
    let input = Input { start: Start::Path(folder.path().to_owned()), ..Input::default() };
    let text = said(&buffers, &input).unwrap();
    assert!(text.contains("changed: \n") && !text.contains("other.yaml"), "{text}");
}

#[test]
fn a_map_has_no_outside() {
    for (name, what) in [("../x.yaml", "outside the project"), ("/etc/passwd", "outside the project"), ("x.yaml", "no such file")] {
        let text = format!("services:\n  web:\n    extends: {{file: {name}, service: web}}\n");
        let map: MapFiles = [("compose.yaml", text)].into_iter().collect();
        let said = match Files::read(&map, &Input::default()) {
            Err(error) => error.to_string(),
            Ok(files) => {
                let plan = Plan::of(&files, &Options { purpose: Purpose::Report, ..auto() });
                plan.map_or_else(|error| error.to_string(), |plan| plan.findings.iter().map(|f| f.message.as_str()).collect())
            }
        };
        assert!(said.contains(what), "{name}: {said}");
    }
}
