//! What is asked for is not there, is there twice, or has no room.

use super::stand::Stand;
use crate::oracle::skipped;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

const BUSYBOX: &str = "rofs-test-busybox:1";

/// A disk of its own that has no room left.
struct FullDisk(PathBuf);

impl FullDisk {
    /// `None` where nothing may be mounted.
    fn new(path: PathBuf) -> Option<Self> {
        fs::create_dir_all(&path).expect("a folder");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&path).output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            skipped("a tmpfs cannot be mounted, which", "ROFS_REQUIRE_ENGINE");
            return None;
        }
        let disk = Self(path);
        let mut filler = fs::File::create(disk.filler()).expect("a file");
        while filler.write_all(&[0; 512]).is_ok() {}
        Some(disk)
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    /// Every file on it but that which fills it.
    fn files(&self) -> Vec<PathBuf> {
        let (mut found, mut folders) = (Vec::new(), vec![self.0.clone()]);
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path()) {
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found.retain(|path| *path != self.filler());
        found
    }
}

impl Drop for FullDisk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg(&self.0).status();
        if !done.is_ok_and(|status| status.success()) {
            eprintln!("{} stays mounted", self.0.display());
        }
    }
}

#[test]
fn a_full_disk_stops_a_trial_and_leaves_nothing() {
    let project =
        "services:\n  app:\n    image: rofs-test-busybox:1\n    command: [sleep, '100']\n    volumes: ['data:/data']\nvolumes:\n  data:\n";
    let Some(stand) = Stand::alone(&[BUSYBOX], project) else { return };
    let before = stand.everything();
    for (variable, args) in [("XDG_STATE_HOME", &["verify"][..]), ("TMPDIR", &["verify", "--against-original"])] {
        let Some(disk) = FullDisk::new(stand.folder.outside().join(variable)) else { return };
        let run = |args: &[&str]| {
            let mut command = stand.command(args);
            command.env(variable, &disk.0);
            stand.folder.finish(command, args, "")
        };
        let full = run(args);
        assert_eq!(full.code, Some(2), "{full:?}");
        assert!(full.err.contains("error: cannot write ") && full.err.contains("No space left"), "{full:?}");
        assert!(full.err.contains("hint: ") && full.err.contains("free space"), "{full:?}");
        assert_eq!(disk.files(), [""; 0].map(PathBuf::from), "{variable}");
        assert_eq!(stand.everything(), before, "{variable}");
        fs::remove_file(disk.filler()).expect("removed");
        let fine = run(&["verify"]);
        assert_eq!(fine.code, Some(0), "{fine:?}");
        assert_eq!(disk.files(), [""; 0].map(PathBuf::from), "{variable}");
    }
    assert_eq!(stand.folder.read("compose.yaml"), project);
}

#[test]
fn the_log_of_a_service_without_a_container_is_no_empty_log() {
    let name = format!("rofs-test-log-{}", std::process::id());
    let project = format!(
        "name: {name}\nservices:\n  app:\n    image: {BUSYBOX}\n    command: [sh, -c, 'echo \"open /srv/x: read-only file system\"; sleep 100']\n"
    );
    let Some(stand) = Stand::new(&[BUSYBOX], &project) else { return };
    let args = ["diagnose", "--service", "app"];
    let none = stand.run(&args).exits(2);
    assert!(none.err.contains("the engine has no container of the service `app`"), "{none:?}");
    assert!(none.err.contains("hint: start it (docker compose up -d)"), "{none:?}");
    let unknown = stand.run(&["diagnose", "--service", "apu"]).exits(2);
    assert!(unknown.err.contains("there is no service `apu`"), "{unknown:?}");
    stand.docker(&["compose", "up", "-d"]);
    // It has said so a moment after it was started.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let there = stand.run(&args);
    stand.docker(&["compose", "stop", "-t", "0"]);
    let ended = stand.run(&args);
    stand.docker(&["compose", "down", "-t", "0"]);
    for run in [there, ended] {
        assert!(run.code == Some(1) && run.out.contains("/srv/x: data"), "{run:?}");
    }
}

#[test]
fn a_path_that_is_named_twice_is_one_project() {
    let project = "services:\n  app:\n    image: rofs-test-busybox:1\n    command: [sleep, '100']\n";
    let Some(stand) = Stand::new(&[BUSYBOX], project) else { return };
    let folder = stand.folder.path().display().to_string();
    let rows = stand.verdicts(&[".", "compose.yaml", &folder, "./"]);
    assert_eq!(rows.iter().map(|row| (row.0.as_str(), row.1.as_str())).collect::<Vec<_>>(), [("app", "works")]);
    let seen = stand.run(&["observe", ".", "compose.yaml"]).exits(0);
    assert_eq!(seen.out.matches("app: ").count(), 1, "{seen:?}");
}

#[test]
fn no_project_gets_the_token_of_a_forge() {
    let project = "\
services:
  app:
    image: rofs-test-busybox:1
    environment: [GITLAB_TOKEN]
    entrypoint: [sh, -c]
    command: ['echo got ${GITHUB_TOKEN-nothing}, $$GITLAB_TOKEN and ${GREETING}; exit 3']
";
    let Some(stand) = Stand::new(&[BUSYBOX], project) else { return };
    for args in [&["verify"][..], &["observe", "--for", "1s"]] {
        let mut command = stand.command(args);
        command.env("GITHUB_TOKEN", "canary-1").env("GITLAB_TOKEN", "canary-2").env("GREETING", "hello");
        let said = stand.folder.finish(command, args, "");
        assert!(!said.text().contains("canary"), "{said:?}");
        // Its other variables are those that `up` would see.
        assert!(said.text().contains("got nothing, and hello"), "{said:?}");
    }
}

#[test]
fn the_engine_mounts_odd_paths_exactly_there() {
    let project = "services:\n  app:\n    image: rofs-test-busybox:1\n    command: [sleep, '100']\n    stop_grace_period: 0s\n";
    let Some(stand) = Stand::new(&[BUSYBOX], project) else { return };
    let paths = [
        "/odd/$X/z",
        "/odd/$$",
        "/odd/a b",
        "/odd/#c",
        "/odd/c # d",
        "/odd/- e",
        "/odd/[f]",
        "/odd/ü",
        "/odd/a,b",
        "/odd/a=b",
        "/odd/%41",
        "/odd/*",
    ];
    let log: String = paths.iter().map(|path| format!("app-1  | touch: cannot touch '{path}/z': Read-only file system\n")).collect();
    stand.folder.put("log", log);
    let said = stand.run(&["diagnose", "log", "--write", "--yes"]);
    let written = stand.folder.read("compose.yaml");
    stand.docker(&["compose", "up", "-d"]);
    let container = stand.docker(&["compose", "ps", "-q", "app"]);
    let mounts = stand.docker(&["inspect", "--format", "{{range .Mounts}}{{.Destination}}\n{{end}}", container.trim()]);
    stand.docker(&["compose", "down", "-t", "0", "-v"]);
    let mounts: Vec<&str> = mounts.lines().filter(|line| !line.is_empty()).collect();
    let missing: Vec<&str> = paths.into_iter().filter(|path| !mounts.contains(path)).collect();
    assert!(missing.is_empty(), "{missing:?}\n{mounts:?}\n{written}\n{}", said.text());
}
