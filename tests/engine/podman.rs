//! Podman by its socket, where `ROFS_PODMAN=1` asks for it and Debian's `podman` is installed: what it answers is understood, and what it mounts by itself is kept in mind.

use super::stand::Stand;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const BUSYBOX: &str = "rofs-test-busybox:1";

/// A service of Podman with a place of its own.
struct Podman {
    service: Child,
    folder: tempfile::TempDir,
}

impl Podman {
    fn host(&self) -> String {
        format!("unix://{}/podman.sock", self.folder.path().display())
    }

    fn start(stand: &Stand) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        // Without limits that only a powerful root may raise.
        std::fs::write(at("containers.conf"), "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n")
            .expect("written");
        let service = Command::new("podman")
            .args([
                "--root",
                &at("root").display().to_string(),
                "--runroot",
                &at("run").display().to_string(),
                "system",
                "service",
                "--time=0",
            ])
            .arg(format!("unix://{}", at("podman.sock").display()))
            .env("CONTAINERS_CONF", at("containers.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let service = service.expect("podman starts");
        let podman = Self { service, folder };
        let since = Instant::now();
        let load = format!(
            "docker save {BUSYBOX} | DOCKER_HOST={} docker load && DOCKER_HOST={0} docker run -d --name first {BUSYBOX} true && DOCKER_HOST={0} docker rm -f first",
            podman.host()
        );
        while since.elapsed() < Duration::from_secs(20) {
            let loaded = Command::new("sh").args(["-c", &load]).envs(stand.environment()).stdin(Stdio::null()).output();
            if loaded.is_ok_and(|o| o.status.success()) {
                return podman;
            }
            std::thread::sleep(Duration::from_millis(300));
        }
        panic!("podman cannot run a container here");
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        let _ = self.service.kill();
        let _ = self.service.wait();
        // It may have mounted its own folder over itself.
        let root = self.folder.path().join("root/overlay");
        let _ = Command::new("umount").arg(root).stderr(Stdio::null()).status();
    }
}

#[test]
fn podman_is_understood_by_its_socket() {
    if std::env::var_os("ROFS_PODMAN").is_none() {
        eprintln!("skipped: ROFS_PODMAN=1 tries Podman, which takes a minute");
        return;
    }
    let file = format!(
        "services:\n  plain:\n    image: {BUSYBOX}\n    command: [sleep, '1000']\n  scratch:\n    image: {BUSYBOX}\n    command: [sh, -c, 'touch /tmp/x || exit 3; exec sleep 1000']\n  \
         broken:\n    image: {BUSYBOX}\n    command: [sh, -c, 'touch /srv/x || exit 3; exec sleep 1000']\n    read_only: true\n"
    );
    let Some(stand) = Stand::new(&[BUSYBOX], &file) else { return };
    let podman = Podman::start(&stand);
    let run = |args: &[&str]| {
        let mut command = stand.command(args);
        command.env("DOCKER_HOST", podman.host());
        stand.folder.finish(command, args, "")
    };
    let seen = run(&["verify", "--as-is"]);
    // None of them has a health check, which this engine says in other words.
    assert!(seen.out.contains("plain: works: it stayed up") && seen.out.contains("broken: fails: it ended with status 3"), "{seen:?}");
    let healed = run(&["verify", "--heal", "--service", "scratch", "--service", "plain", "--write", "--yes"]);
    assert_eq!(healed.code, Some(0), "{healed:?}");
    // It would work without the mount here, and nowhere else.
    assert!(stand.folder.read("compose.yaml").contains("tmpfs:\n      - /tmp"), "{healed:?}");
    assert!(healed.out.contains("this engine makes /run"), "{healed:?}");
}
