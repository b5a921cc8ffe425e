//! A checkout names programs in every way that Git knows, and none of them runs.

use super::{BRANCH, COMPOSE, forge};
use crate::forge::fake::objects::git_in;
use crate::forge::fake::{Forge, NAME, OWNER, Pull, TOKEN};
use crate::support::{Folder, Run};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

mod settings;

/// What is said where the checkout was looked at and found to be as it should.
const NO_ENGINE: &str = "unix:///nowhere/docker.sock";

/// A checkout of a stranger's, the forge that it is from, and programs that leave a trace.
pub(super) struct Trap {
    pub(super) folder: Folder,
    pub(super) forge: Forge,
}

impl Trap {
    /// A checkout of a project and a submodule, at the forge's newest commit.
    pub(super) fn new() -> Self {
        let trap = Self { folder: Folder::new(&[]), forge: forge(&[("compose.yaml", COMPOSE)]) };
        for name in ["bin", "ran"] {
            std::fs::create_dir(trap.folder.outside().join(name)).unwrap();
        }
        let ran = trap.folder.outside().join("ran");
        let script = format!("#!/bin/sh\n: > '{}'/\"${{0##*/}}\"\n", ran.display());
        let program = trap.folder.outside().join("program");
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();

        let library = trap.folder.outside().join("library");
        std::fs::create_dir(&library).unwrap();
        std::fs::write(library.join("notes.txt"), "notes\n").unwrap();
        for args in [&["init", "--quiet", "--initial-branch=main", "."][..], &["add", "."], &["commit", "--quiet", "-m", "Start"]] {
            git_in(&library, args, b"").unwrap();
        }
        let source = trap.forge.state().objects.path();
        trap.git(&["clone", "--quiet", source.to_str().unwrap(), "."]);
        trap.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library.to_str().unwrap(), "sub"]);
        trap.folder.put(".gitattributes", "* filter=x diff=x merge=x\n");
        trap.folder.put("sub/.gitattributes", "* filter=x diff=x merge=x\n");
        for args in [&["-C", "sub", "add", "."][..], &["-C", "sub", "commit", "--quiet", "-m", "More"]] {
            trap.git(args);
        }
        trap.git(&["add", "."]);
        trap.git(&["commit", "--quiet", "-m", "Sub"]);
        trap.git(&["push", "--quiet", "origin", "main"]);
        trap.git(&["remote", "set-url", "origin", &trap.forge.clone_address()]);
        trap.git(&["config", "user.name", "Bot"]);
        trap.git(&["config", "user.email", "bot@example.org"]);
        trap
    }

    #[track_caller]
    pub(super) fn git(&self, args: &[&str]) -> String {
        String::from_utf8(git_in(self.folder.path(), args, b"").unwrap()).unwrap().trim_end().to_owned()
    }

    /// A program that leaves a trace under a name.
    pub(super) fn program(&self, name: &str) -> String {
        let path = self.folder.outside().join("bin").join(name.replace('/', "_"));
        if !path.exists() {
            symlink(self.folder.outside().join("program"), &path).unwrap();
        }
        path.to_str().unwrap().to_owned()
    }

    /// The traces that were left since the last time.
    pub(super) fn ran(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.outside().join("ran")).unwrap();
        let paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        let mut names: Vec<String> = paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
        paths.iter().for_each(|path| std::fs::remove_file(path).unwrap());
        names.sort();
        names
    }

    /// Runs the verb in the checkout, with a home of the person's.
    pub(super) fn pr(&self, args: &[&str]) -> Run {
        let home = self.folder.outside().join("home");
        std::fs::create_dir_all(&home).unwrap();
        let (api, path) = (self.forge.api(), std::env::var("PATH").unwrap());
        let environment = [
            ("GITHUB_API_URL", api.as_str()),
            ("GITHUB_TOKEN", TOKEN),
            ("PATH", &path),
            ("HOME", home.to_str().unwrap()),
            ("DOCKER_HOST", "unix:///nowhere/docker.sock"),
        ];
        let all = [&["pr", "--pace", "0"], args].concat();
        self.folder.run_with(&all, &environment, "")
    }

    /// Nothing runs, whatever is asked for, and each ends as it should.
    #[track_caller]
    pub(super) fn holds(&self, what: &str) {
        let repository = format!("{OWNER}/{NAME}");
        std::fs::write(self.folder.outside().join("list"), &repository).unwrap();
        self.pull();
        for (args, code) in [
            (&["--dry-run"][..], 0),
            (&["--patch", "../out"], 0),
            // There is no engine, which is found out when the checkout was looked at.
            (&["--verify"], 2),
            (&["--review", "1", "--dry-run"], 0),
            (&["--review", "1"], 0),
            (&["--repo", &repository, "--dry-run"], 0),
            (&["--repos", "../list", "--journal", "../journal", "--dry-run"], 0),
            (&[], 0),
            // What is on the branch is fetched, and built upon.
            (&[], 0),
            (&["--repos", "../list", "--journal", "../journal"], 0),
        ] {
            if args.is_empty() {
                let name = format!("{what}{}", self.forge.state().log.len());
                self.forge.state().objects.commit("main", &[("100644", "new.txt", name.as_bytes())], "New");
            }
            let said = self.pr(args);
            assert_eq!(self.ran(), [""; 0], "{what}: {args:?} ran these");
            let said = said.exits(code);
            if args == ["--verify"] {
                assert!(said.err.contains(NO_ENGINE), "{what}: {}", said.err);
            }
        }
        assert!(self.forge.state().objects.tip(BRANCH).is_some(), "{what}");
    }

    /// A pull request of somebody else, which changes the project.
    fn pull(&self) {
        let mut state = self.forge.state();
        if !state.pulls.is_empty() {
            return;
        }
        let main = state.objects.tip("main").unwrap();
        state.objects.git(&["update-ref", "refs/heads/feature", &main], b"").unwrap();
        state.objects.commit("feature", &[("100644", "compose.yaml", b"services:\n  web:\n    image: nginx:1.28\n")], "Change");
        state.pulls.push(Pull {
            number: 1,
            title: "Change".into(),
            body: String::new(),
            head: "feature".into(),
            head_repository: format!("{OWNER}/{NAME}"),
            base: "main".into(),
            draft: false,
            is_open: true,
            is_merged: false,
            labels: Vec::new(),
            reviewers: Vec::new(),
            last: None,
        });
    }
}

#[test]
fn the_references_of_another_store_are_not_asked_of_a_program() {
    let trap = Trap::new();
    let other = trap.folder.outside().join("library/.git/objects");
    trap.folder.put(".git/objects/info/alternates", format!("{}\n", other.display()));
    trap.git(&["config", "core.alternateRefsCommand", &trap.program("alternates")]);
    for args in [&["--dry-run"][..], &[]] {
        let said = trap.pr(args);
        assert_eq!(trap.ran(), [""; 0]);
        said.exits(0);
    }
}

#[test]
fn a_file_that_is_missing_is_not_fetched_by_a_program() {
    let trap = Trap::new();
    let evil = trap.folder.outside().join("library");
    for (name, value) in [
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "evil"),
        ("remote.evil.promisor", "true"),
        ("remote.evil.url", evil.to_str().unwrap()),
        ("remote.evil.uploadpack", &trap.program("uploadpack")),
    ] {
        trap.git(&["config", name, value]);
    }
    let id = trap.git(&["rev-parse", "HEAD:compose.yaml"]);
    std::fs::remove_file(trap.folder.path().join(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).unwrap();
    let said = trap.pr(&["--patch", "../out"]);
    assert_eq!(trap.ran(), [""; 0]);
    let said = said.exits(2);
    assert!(said.err.contains(&id) && said.err.contains("hint: "), "{}", said.err);
    // From the forge it comes with its commit.
    let said = trap.pr(&["--dry-run"]);
    assert_eq!(trap.ran(), [""; 0]);
    assert!(said.exits(0).out.contains("read_only: true"));
}

#[test]
fn a_submodule_runs_no_program_when_the_checkout_is_compared() {
    let trap = Trap::new();
    trap.git(&["-C", "sub", "config", "filter.x.clean", &trap.program("clean")]);
    let unlike = |said: Run| {
        assert_eq!(trap.ran(), [""; 0]);
        let said = said.exits(2);
        assert!(said.err.contains("--verify runs what is checked out"), "{}", said.err);
    };
    // As it is, nothing differs, and so an engine is looked for.
    let said = trap.pr(&["--verify"]);
    assert_eq!(trap.ran(), [""; 0]);
    assert!(said.err.contains(NO_ENGINE), "{said:?}");
    // What differs within it counts: a file, a new file, another commit.
    trap.folder.put("sub/notes.txt", "other\n");
    unlike(trap.pr(&["--verify"]));
    trap.folder.put("sub/notes.txt", "notes\n");
    trap.folder.put("sub/new.txt", "new\n");
    unlike(trap.pr(&["--verify"]));
    std::fs::remove_file(trap.folder.path().join("sub/new.txt")).unwrap();
    assert!(trap.pr(&["--verify"]).err.contains(NO_ENGINE));
    trap.git(&["-C", "sub", "checkout", "--quiet", "--force", "HEAD~"]);
    trap.ran();
    unlike(trap.pr(&["--verify"]));
}
