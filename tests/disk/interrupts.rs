//! Ctrl-C and kills in the middle of a tree, with the real program.

use super::temporaries;
use crate::support::{Folder, PROGRAM};
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROJECTS: usize = 320;

/// The files of each project; a change belongs in each of them.
const FILES: [(&str, &str); 3] = [
    ("compose.yaml", "include: [more/compose.yaml]\nservices:\n  web:\n    image: nginx\n"),
    ("compose.override.yaml", "services:\n  proxy:\n    image: nginx\n"),
    ("more/compose.yaml", "services:\n  cache:\n    image: redis:8\n"),
];

fn name(project: usize) -> String {
    format!("p{project:04}")
}

fn tree() -> Folder {
    let folder = Folder::new(&[]);
    for project in 0..PROJECTS {
        FILES.iter().for_each(|(file, text)| folder.put(&format!("{}/{file}", name(project)), text));
    }
    folder
}

/// How many projects are new; each must be wholly new or wholly old.
fn written(folder: &Folder) -> usize {
    let is_new = |project: usize| {
        let news: Vec<bool> = FILES.iter().map(|(file, old)| folder.read(&format!("{}/{file}", name(project))) != *old).collect();
        assert!(news.windows(2).all(|w| w[0] == w[1]), "{}: {news:?}", name(project));
        news[0]
    };
    (0..PROJECTS).filter(|project| is_new(*project)).count()
}

/// Temporary files anywhere in the tree.
fn left(folder: &Folder) -> Vec<PathBuf> {
    let folders = (0..PROJECTS).flat_map(|p| ["", "/more"].map(|sub| folder.path().join(name(p) + sub)));
    folders.flat_map(|f| temporaries(&f).into_iter().map(move |t| f.join(t))).collect()
}

fn start(folder: &Folder, stdout: Stdio) -> Child {
    let mut command: Command = folder.command(PROGRAM);
    command.args(["-r", "--write", "--yes", "--quiet"]).stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until the project of this number begins to be written.
fn wait_for(folder: &Folder, project: usize, child: &mut Child) {
    let (started, path) = (Instant::now(), folder.path().join(name(project)).join(FILES[0].0));
    while fs::read_to_string(&path).unwrap() == FILES[0].1 && child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < Duration::from_mins(2), "nothing is written");
        std::thread::sleep(Duration::from_micros(200));
    }
}

#[test]
fn an_interrupt_ends_a_tree_after_the_project_it_is_in() {
    let mut in_the_middle = 0;
    for (signal, at) in [("INT", None), ("INT", Some(0)), ("TERM", Some(7)), ("HUP", Some(40)), ("INT", Some(41))] {
        let folder = tree();
        let mut child = start(&folder, if at.is_some() { Stdio::null() } else { Stdio::piped() });
        match at {
            Some(project) => wait_for(&folder, project, &mut child),
            // The first diff: the others are still planned.
            None => drop(child.stdout.take().unwrap().read_exact(&mut [0])),
        }
        let sent = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let new = written(&folder);
        assert_eq!(output.status.code(), Some(130), "{signal} at {at:?}, {new} written: {said}");
        let sentence = match new {
            0 => "interrupted, nothing was written".to_owned(),
            new => format!("interrupted: {new} of {PROJECTS} projects were written, the others are as they were"),
        };
        assert!(said.contains(&sentence), "{signal} at {at:?}, {new} written: {said}");
        assert_eq!(left(&folder), Vec::<PathBuf>::new(), "{signal} at {at:?}");
        in_the_middle += usize::from(new > 0 && new < PROJECTS);
    }
    assert!(in_the_middle >= 3, "no signal came in the middle of the writing, so this showed nothing");
}

#[test]
fn the_next_run_clears_away_what_a_killed_one_left() {
    let folder = tree();
    let mut child = start(&folder, Stdio::null());
    wait_for(&folder, 20, &mut child);
    child.kill().unwrap();
    child.wait().unwrap();
    // Where the kill came between two files there is a temporary one; one more is put there so that
    // this does not hang on luck.
    let stale = folder.path().join(name(PROJECTS - 1)).join(".rofs-harden-Ab3dEf.tmp");
    fs::write(&stale, "half").unwrap();
    // Files of names that are not exactly ours stay.
    let others = [".rofs-harden-Ab3dE.tmp", ".rofs-harden-Ab3dEf.tmp.bak", "rofs-harden-Ab3dEf.tmp"];
    others.iter().for_each(|other| folder.put(&format!("{}/{other}", name(PROJECTS - 1)), "mine"));
    folder.run(&["-r", "--write", "--yes", "--quiet"]).exits(0);
    assert_eq!(written(&folder), PROJECTS);
    assert!(!stale.exists() && left(&folder).iter().all(|path| others.iter().any(|o| path.ends_with(o))), "{:?}", left(&folder));
    others.iter().for_each(|other| assert_eq!(folder.read(&format!("{}/{other}", name(PROJECTS - 1))), "mine"));
}

#[test]
fn two_runs_at_one_time_leave_each_other_s_files_alone() {
    let folder = tree();
    let children = [(); 3].map(|()| start(&folder, Stdio::null()));
    for child in children {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // Who comes second to a file says that it changed, and nothing else goes wrong.
        let errors = said.lines().filter(|l| l.starts_with("error: ") && !l.contains("changed on disk since it was read")).count();
        assert_eq!(errors, 0, "{said}");
    }
    folder.run(&["-r", "--write", "--yes", "--quiet"]).exits(0);
    assert_eq!((written(&folder), left(&folder)), (PROJECTS, Vec::new()));
}
