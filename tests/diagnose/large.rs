//! Logs of any size.

use crate::support::{Folder, PROGRAM};
use std::io::Write;
use std::process::Stdio;

/// Megabytes of the log: enough to tell constant memory from growing, and quick in an unoptimised build.
const MEGABYTES: usize = 128;

#[test]
fn a_log_of_any_size_takes_the_same_memory() {
    let folder = Folder::new(&[]);
    let mut command = folder.command("/bin/bash");
    // Kilobytes of heap: far less than the log, and than one of its lines.
    command.args(["-c", "ulimit -d 65536; exec \"$0\" diagnose -", PROGRAM]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || {
        let healthy = "api-1  | 2026-11-24T03:25:50.123Z INFO request done path=/health status=200 read-only file cache hit\n".repeat(1000);
        let mut written = 0;
        for i in 0.. {
            // More different symptoms than are kept, and one line without end.
            let symptom = format!("api-1  | Error: EROFS: read-only file system, open '/data/{i}/memo.txt'\n");
            let text = if i == 5 { "x".repeat(80 << 20) } else { format!("{healthy}{symptom}") };
            written += text.len();
            if stdin.write_all(text.as_bytes()).is_err() || written > MEGABYTES << 20 {
                return written;
            }
        }
        written
    });
    let output = child.wait_with_output().expect("ends");
    assert!(writer.join().expect("writes") > MEGABYTES << 20, "it reads to the end");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(out.contains("/data/0/memo.txt: data"), "{out}");
}
