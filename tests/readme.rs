//! The README shows what the program really prints, and its commands work.

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::Read;
use std::path::Path;

const COLUMNS: u16 = 96;

/// What a person sees at a terminal of [`COLUMNS`] columns.
fn screen(args: &[&str]) -> String {
    let size = PtySize { rows: 60, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).expect("a terminal");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_rofs-harden"));
    command.args(args);
    command.cwd(env!("CARGO_MANIFEST_DIR"));
    command.env_clear();
    command.env("TERM", "xterm-256color");
    let mut child = pair.slave.spawn_command(command).expect("started");
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().expect("a reader");
    let mut bytes = Vec::new();
    // The end of a terminal's output reads as an error on some systems.
    let mut chunk = [0; 4096];
    while let Ok(read @ 1..) = reader.read(&mut chunk) {
        bytes.extend_from_slice(&chunk[..read]);
    }
    assert!(child.wait().expect("an end").success());
    let mut parser = vt100::Parser::new(60.try_into().expect("rows"), COLUMNS.try_into().expect("columns"), 0);
    parser.process(&bytes);
    parser.screen().contents().lines().map(|l| l.trim_end().to_owned() + "\n").collect()
}

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("there")
}

#[test]
fn the_first_diff_is_what_the_command_prints() {
    let shown = screen(&["--preset", "node", "examples/node-api"]);
    assert!(readme().contains(&shown), "README.md lacks this output:\n{shown}");
}

#[test]
fn every_shown_option_exists() {
    let of = |verb: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_rofs-harden")).args(verb).arg("--help").output().expect("runs");
        String::from_utf8(output.stdout).expect("text")
    };
    let help: String = [&[][..], &["audit"], &["diagnose"], &["observe"], &["verify"], &["pr"]].into_iter().map(of).collect();
    let usage = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/usage.md")).expect("there");
    let texts = readme() + &usage;
    let words = texts.lines().filter(|l| l.contains("rofs-harden")).flat_map(str::split_whitespace);
    let options: Vec<&str> = words.map(|w| w.trim_matches(['`', ';', ','])).filter(|w| w.starts_with("--") && w.len() > 2).collect();
    assert!(options.len() > 15);
    for option in options {
        let name = option.split('=').next().expect("a name");
        assert!(help.contains(name) || ["--release", "--locked", "--path"].contains(&name), "{option}");
    }
}

#[test]
fn the_picture_of_the_review_is_what_it_looks_like() {
    let screen = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/terminal/review-80x24.txt")).expect("there");
    let block = format!("```text\n{screen}```\n");
    assert!(readme().contains(&block), "README.md lacks this screen, which a test takes in a terminal:\n{block}");
}
