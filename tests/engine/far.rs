//! Engines whose containers have no address that leads there: requests go through the engine.

use super::stand::Stand;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

const BUSYBOX: &str = "rofs-test-busybox:1";
const SERVER: &str = "rofs-test-far-server:1";

/// A port that leads to the engine's socket, so that the engine looks as if it were elsewhere.
fn elsewhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for visitor in listener.incoming().map_while(Result::ok) {
            let Ok(engine) = UnixStream::connect("/var/run/docker.sock") else { continue };
            let (mut to_engine, mut from_engine) = (engine.try_clone().expect("a stream"), engine);
            let (mut from_visitor, mut to_visitor): (TcpStream, TcpStream) = (visitor.try_clone().expect("a stream"), visitor);
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from_visitor, &mut to_engine);
                let _ = to_engine.shutdown(std::net::Shutdown::Write);
            });
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from_engine, &mut to_visitor);
                let _ = to_visitor.shutdown(std::net::Shutdown::Write);
            });
        }
    });
    format!("tcp://127.0.0.1:{port}")
}

/// What `verify` says of each service over there.
fn said(stand: &Stand, host: &str, args: &[&str]) -> Vec<String> {
    let args = [&["verify", "--as-is"], args].concat();
    let mut command = stand.command(&args);
    command.env("DOCKER_HOST", host);
    let run = stand.folder.finish(command, &args, "");
    run.out.lines().filter(|line| !line.starts_with(' ')).map(str::to_owned).collect()
}

#[test]
fn requests_go_through_the_engine() {
    let serve = "mkdir -p /tmp/w; echo hello > /tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w";
    let file =
        format!("services:\n  web:\n    image: {BUSYBOX}\n    read_only: true\n    tmpfs: [/tmp]\n    command: [sh, -c, {serve:?}]\n");
    let Some(stand) = Stand::new(&[BUSYBOX], &file) else { return };
    let host = elsewhere();
    assert_eq!(said(&stand, &host, &["--http", "web:8080 GET / => 200 hello"]), ["web: works: it stayed up, 1 probe passed"]);
    let failed = said(&stand, &host, &["--http", "web:8080 GET / => 200 goodbye", "--timeout", "2s"]);
    assert!(failed[0].starts_with("web: fails: `web:8080 GET / => 200 goodbye`: status 200, but"), "{failed:?}");
    let silent = said(&stand, &host, &["--http", "web:8081 GET /", "--timeout", "2s"]);
    assert!(silent[0].starts_with("web: fails: `web:8081 GET /`"), "{silent:?}");
    assert_eq!(stand.leftovers(), [""; 0]);
}

/// An image with one program and nothing that could ask.
fn bare_server(stand: &Stand) {
    let made = "set -e; dir=$(mktemp -d); id=$(docker create rofs-test-busybox:1); mkdir -p $dir/bin $dir/w; docker cp -L $id:/bin/busybox $dir/bin/httpd; \
                docker rm $id > /dev/null; echo hello > $dir/w/index.html; tar -C $dir -c . | docker import - $0 > /dev/null; rm -r $dir";
    let status = Command::new("bash").args(["-c", made, SERVER]).envs(stand.environment()).stdin(Stdio::null()).status();
    assert!(status.is_ok_and(|s| s.success()), "the image is made");
}

#[test]
fn where_nothing_can_ask_it_is_said_at_once() {
    let file = format!("services:\n  web:\n    image: {SERVER}\n    command: [httpd, -f, -p, '8080', -h, /w]\n");
    let Some(stand) = Stand::alone(&[BUSYBOX], &file) else { return };
    bare_server(&stand);
    let (host, probe) = (elsewhere(), ["--http", "web:8080 GET / => 200 hello"]);
    let since = std::time::Instant::now();
    let alone = said(&stand, &host, &probe);
    let took = since.elapsed();
    // Another container of the project has a program that can ask.
    let other = format!("{file}  other:\n    image: {BUSYBOX}\n    command: [sleep, '1000']\n");
    stand.folder.put("compose.yaml", other);
    let helped = said(&stand, &host, &probe);
    stand.docker(&["rmi", SERVER]);
    let why = "containers cannot be reached from here, and none of this run has a program that could ask in its place";
    assert_eq!(alone, [format!("web: not tested: `web:8080 GET / => 200 hello`: {why} (its root filesystem is writable)")]);
    assert!(took < std::time::Duration::from_secs(30), "{took:?}");
    assert!(helped[0].starts_with("web: works: it stayed up, 1 probe passed"), "{helped:?}");
}
