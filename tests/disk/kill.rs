//! Killing a writer over and over.

use super::{child, child_folder, content, project, put, temporaries};
use rofs_harden::edge::disk::{Write, read, write_all};
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs};

/// Two texts that differ in length and in every line.
fn both_texts() -> [String; 2] {
    ["a: 1\n".repeat(40_000), "b: 22\n".repeat(30_000)]
}

/// Writes the two texts in turn until killed.
fn rewrite_for_ever(path: &Path) -> ! {
    let texts = both_texts();
    loop {
        let loaded = read(path).unwrap();
        let next = usize::from(loaded.file().text() == texts[0]);
        write_all(&[Write { root: path.parent().unwrap(), loaded: &loaded, after: &texts[next] }]).unwrap();
        // Not `println!`: the test harness may keep that to itself.
        std::io::stdout().write_all(b"\nwritten\n").unwrap();
    }
}

#[test]
fn a_kill_at_any_moment_leaves_old_or_new_bytes() {
    const KILLS: usize = 120;
    if let Some(folder) = child_folder() {
        rewrite_for_ever(&folder.join("compose.yaml"));
    }
    let (_folder, root) = project();
    let texts = both_texts();
    let path = put(root.join("compose.yaml"), &texts[0]);
    let mut seen = [0; 2];
    let mut left_behind = 0;
    for kill in 0..KILLS {
        let mut command =
            child(Command::new(env::current_exe().unwrap()), "disk::kill::a_kill_at_any_moment_leaves_old_or_new_bytes", &root);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "written"), "the child ended before its first write");
        // Spread over several rewrites, which take about two milliseconds each, by a stride that repeats no moment.
        std::thread::sleep(Duration::from_micros((kill as u64 * 1_237) % 12_000));
        process.kill().unwrap();
        process.wait().unwrap();
        let now = content(&path);
        let which = texts.iter().position(|text| *text == now);
        seen[which.unwrap_or_else(|| panic!("kill {kill}: {} bytes of neither text", now.len()))] += 1;
        let temporaries = temporaries(&root);
        assert!(temporaries.len() <= 1, "kill {kill}: {temporaries:?}");
        left_behind += temporaries.len();
        let names = fs::read_dir(&root).unwrap().count();
        assert_eq!(names, 1 + temporaries.len(), "kill {kill}: a file of another name was left behind");
        for name in temporaries {
            fs::remove_file(root.join(name)).unwrap();
        }
    }
    eprintln!("{KILLS} kills, texts seen {seen:?}, in the middle of a write {left_behind}");
    assert!(seen[0] > 0 && seen[1] > 0, "the kills hit only one state: {seen:?}");
    assert!(left_behind > 0, "no kill hit a write in progress, so this test showed nothing");
}
