//! Signals: the work ends soon, says what to do, and leaves nothing behind.

use super::COMPOSE;
use crate::forge::errors::limit;
use crate::forge::fake::{Fault, Forge, NAME, OWNER, TOKEN};
use crate::support::{Folder, PROGRAM};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// How long anything here may take before the test fails.
const LONG: Duration = Duration::from_mins(1);

/// A run that waits for a limit behind the request for a file.
fn waiting(forge: &Forge, folder: &Folder) -> Child {
    forge.fail("GET", "/git/blobs/{file_sha}", Fault::Instead(limit(429).with("Retry-After", 300)));
    let mut command = folder.command(PROGRAM);
    command.args(["pr", "--pace", "0", "--repo", &format!("{OWNER}/{NAME}")]);
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("GITHUB_API_URL", forge.api()).env("GITHUB_TOKEN", TOKEN);
    command.env("TMPDIR", folder.path().join("tmp"));
    let child = command.spawn().unwrap();
    let since = Instant::now();
    while forge.count("GET", "/git/blobs/") == 0 {
        assert!(since.elapsed() < LONG, "it does not ask for the file");
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

fn left(folder: &Folder) -> usize {
    std::fs::read_dir(folder.path().join("tmp")).unwrap().count()
}

#[test]
fn a_signal_ends_a_wait_at_once_and_leaves_nothing() {
    for signal in ["INT", "TERM", "HUP"] {
        let forge = super::forge(&[("compose.yaml", COMPOSE)]);
        let folder = Folder::new(&[("tmp/.keep", "")]);
        std::fs::remove_file(folder.path().join("tmp/.keep")).unwrap();
        let child = waiting(&forge, &folder);
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(left(&folder), 0, "no file of the repository is put on the disk");
        let since = Instant::now();
        assert!(Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.status.signal()), (Some(130), None), "{signal}: {said}");
        assert!(since.elapsed() < Duration::from_secs(2), "{signal}: {:?}", since.elapsed());
        assert!(said.contains("error: interrupted\nhint: run the command again"), "{said}");
        assert_eq!(left(&folder), 0, "{signal}");
    }
}
