//! Whatever happens to a trial, nothing of it stays and nothing of the person's is touched.

use super::stand::Stand;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const BUSYBOX: &str = "rofs-test-busybox:1";

/// A project with everything that a trial makes: containers, a network, volumes with and without a name, a copy of a folder.
const PROJECT: &str = "services:
  app:
    image: rofs-test-busybox:1
    command: [sh, -c, 'echo x > /data/x; sleep 100']
    volumes: ['data:/data', '/nameless', './folder:/folder']
  other:
    image: rofs-test-busybox:1
    command: [sleep, '100']
    depends_on: [app]
volumes:
  data:
";

fn stand() -> Option<Stand> {
    let stand = Stand::alone(&[BUSYBOX], PROJECT)?;
    stand.folder.put("folder/file", "mine");
    Some(stand)
}

fn start(stand: &Stand, args: &[&str]) -> Child {
    stand.command(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("starts")
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status();
    // It may have ended just now.
    assert!(sent.is_ok());
}

/// Waits for its end and returns its status and what it said.
fn end_of(mut child: Child) -> (Option<i32>, String) {
    let mut said = String::new();
    child.stderr.take().expect("a stream").read_to_string(&mut said).expect("text");
    (child.wait().expect("ends").code(), said)
}

#[test]
fn killed_at_any_moment_the_next_start_cleans_up() {
    let Some(stand) = stand() else { return };
    let before = stand.everything();
    let mut left_something = 0;
    // The first ones are spread evenly over a run; whoever asks for more gets them anywhere in it.
    let kills = std::env::var("ROFS_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(9);
    for step in 0_u64..kills {
        let mut child = start(&stand, &["verify", "--against-original"]);
        let moment = if step < 9 { step * 400 } else { step * 2_654_435_761 % 9000 };
        std::thread::sleep(Duration::from_millis(moment));
        signal(&child, "-KILL");
        child.wait().expect("ends");
        // What the engine was told goes on without its sender.
        std::thread::sleep(Duration::from_millis(300));
        left_something += u32::from(stand.everything() != before);
        let clean = stand.run(&["verify", "--clean"]);
        assert_eq!(clean.code, Some(0), "step {step}: {clean:?}");
        assert_eq!(stand.everything(), before, "step {step}");
        assert_eq!(stand.leftovers(), [""; 0], "step {step}");
    }
    assert!(left_something > 2, "only {left_something} of the moments were in the middle");
    // Any start does, not only the one that is asked to.
    let mut child = start(&stand, &["verify"]);
    std::thread::sleep(Duration::from_millis(1500));
    signal(&child, "-KILL");
    child.wait().expect("ends");
    assert_eq!(stand.run(&["observe", "--service", "other"]).code, Some(0));
    assert_eq!(stand.everything(), before);
    assert_eq!(stand.folder.read("folder/file"), "mine");
}

#[test]
fn interrupted_it_cleans_up_itself() {
    let Some(stand) = stand() else { return };
    let before = stand.everything();
    for (name, step) in [("-INT", 200), ("-TERM", 900), ("-INT", 1800), ("-HUP", 2600)] {
        let child = start(&stand, &["verify", "--against-original"]);
        std::thread::sleep(Duration::from_millis(step));
        signal(&child, name);
        let (status, said) = end_of(child);
        assert_eq!(status, Some(130), "{name} after {step} ms: {said}");
        assert!(said.contains("interrupted, nothing was written"), "{said}");
        assert_eq!(stand.everything(), before, "{name} after {step} ms");
        assert_eq!(stand.leftovers(), [""; 0], "{name} after {step} ms");
    }
}

#[test]
fn where_its_entries_are_lost_the_labels_are_enough() {
    let Some(stand) = stand() else { return };
    let before = stand.everything();
    let mut child = start(&stand, &["verify"]);
    std::thread::sleep(Duration::from_millis(1800));
    signal(&child, "-KILL");
    child.wait().expect("ends");
    std::thread::sleep(Duration::from_millis(300));
    fs::remove_dir_all(stand.trials()).expect("the entries");
    assert_ne!(stand.everything(), before);
    let run = stand.run(&["verify", "--clean"]);
    assert!(run.err.contains("removed what 1 run left"), "{run:?}");
    assert_eq!(stand.everything(), before);
}

/// A door to the engine that can be shut.
struct Door {
    is_open: Arc<AtomicBool>,
    path: String,
}

impl Door {
    fn new(path: &str) -> Self {
        let is_open = Arc::new(AtomicBool::new(true));
        let (listener, open) = (UnixListener::bind(path).expect("a socket"), is_open.clone());
        std::thread::spawn(move || {
            for visitor in listener.incoming().map_while(Result::ok) {
                let Some(engine) = open.load(Ordering::Relaxed).then(|| UnixStream::connect("/var/run/docker.sock").ok()).flatten() else {
                    continue;
                };
                for (mut from, mut to) in
                    [(visitor.try_clone(), engine.try_clone()), (Ok(engine), Ok(visitor))].map(|(a, b)| (a.unwrap(), b.unwrap()))
                {
                    let open = open.clone();
                    std::thread::spawn(move || {
                        let mut buffer = [0; 1 << 14];
                        from.set_read_timeout(Some(Duration::from_millis(50))).expect("a time");
                        while open.load(Ordering::Relaxed) {
                            match from.read(&mut buffer) {
                                Ok(0) => break,
                                Ok(n) => {
                                    if to.write_all(&buffer[..n]).is_err() {
                                        break;
                                    }
                                }
                                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
                                Err(_) => break,
                            }
                        }
                        let _ = to.shutdown(std::net::Shutdown::Both);
                    });
                }
            }
        });
        Self { is_open, path: path.to_owned() }
    }
}

#[test]
fn an_engine_that_goes_away_is_cleaned_when_it_is_back() {
    let Some(stand) = stand() else { return };
    let before = stand.everything();
    let door = Door::new(&stand.folder.outside().join("engine.sock").display().to_string());
    let host = format!("unix://{}", door.path);
    let with_host = |args: &[&str]| {
        let mut command = stand.command(args);
        command.env("DOCKER_HOST", &host);
        command
    };
    for step in [300, 900, 1500, 2500] {
        let mut command = with_host(&["verify"]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("starts");
        std::thread::sleep(Duration::from_millis(step));
        door.is_open.store(false, Ordering::Relaxed);
        let (status, said) = end_of(child);
        assert_eq!(status, Some(2), "after {step} ms: {said}");
        assert!(said.contains("the engine cannot be asked"), "after {step} ms: {said}");
        door.is_open.store(true, Ordering::Relaxed);
        let run = stand.folder.finish(with_host(&["verify", "--clean"]), &["verify", "--clean"], "");
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_eq!(stand.everything(), before, "after {step} ms");
    }
}

/// A project of the person in a folder: whatever becomes of the test, it is not left behind.
struct Mine<'s>(&'s Path);

impl Drop for Mine<'_> {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["compose", "down", "-v", "-t", "0"]).current_dir(self.0).output();
    }
}

#[test]
fn a_project_that_runs_is_not_touched() {
    let Some(stand) = Stand::alone(&[BUSYBOX], "") else { return };
    let project = format!("rofs-test-mine-{}", std::process::id());
    let _mine = Mine(stand.folder.path());
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let file = format!(
        "name: {project}
services:
  app:
    image: {BUSYBOX}
    container_name: {project}-fixed
    command: [sh, -c, 'echo run >> /data/runs; touch /folder/was-here; sleep 1000']
    ports: ['127.0.0.1:{port}:80']
    restart: always
    labels: {{proxy.enable: 'true'}}
    networks: [back]
    volumes: ['data:/data', './folder:/folder']
networks:
  back:
    name: {project}-back
volumes:
  data:
    name: {project}-data
"
    );
    stand.folder.put("compose.yaml", &file);
    stand.folder.put("folder/file", "mine");
    stand.docker(&["compose", "up", "-d"]);
    fs::remove_file(stand.folder.path().join("folder/was-here")).expect("it was there");
    let before = (stand.everything(), stand.docker(&["inspect", "-f", "{{.State.StartedAt}}", &format!("{project}-fixed")]));
    for args in [&["verify", "--against-original"][..], &["observe"], &["verify", "--heal"]] {
        let run = stand.run(args);
        assert!(run.out.contains("app: works: it stayed up") || run.out.contains("app: it stayed up"), "{run:?}");
        let after = (stand.everything(), stand.docker(&["inspect", "-f", "{{.State.StartedAt}}", &format!("{project}-fixed")]));
        assert_eq!(before, after, "{args:?}");
    }
    assert!(!stand.folder.path().join("folder/was-here").exists(), "the trial wrote to a copy");
    assert_eq!(stand.docker(&["exec", &format!("{project}-fixed"), "cat", "/data/runs"]), "run\n");
}

#[test]
fn noise_of_any_size_is_survived() {
    // Its log is larger than what the engine keeps, without lines, and no text.
    let project = "services:
  loud:
    image: rofs-test-busybox:1
    command: [sh, -c, 'yes all is well, all is well, all is well | head -c 1000000000; sleep 1000']
  binary:
    image: rofs-test-busybox:1
    command: [sh, -c, 'head -c 20000000 /dev/urandom; sleep 1000']
  endless:
    image: rofs-test-busybox:1
    command: [sh, -c, 'head -c 50000000 /dev/zero; sleep 1000']
";
    let Some(stand) = Stand::alone(&[BUSYBOX], project) else { return };
    let before = stand.everything();
    let mut command = stand.folder.command("/usr/bin/env");
    // The shell's limit holds for the program and what it starts; Go reserves more address space than it uses, so only the heap counts.
    command.args(["bash", "-c", "ulimit -d 1000000; exec \"$@\"", "limited", crate::support::PROGRAM, "verify"]).envs(stand.environment());
    let since = Instant::now();
    let run = stand.folder.finish(command, &["verify"], "");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(since.elapsed() < Duration::from_mins(2), "{:?}", since.elapsed());
    assert_eq!(stand.everything(), before);
}
