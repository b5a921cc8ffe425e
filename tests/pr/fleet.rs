//! Many repositories: at a pace, from a list, gone on with after whatever ends a run, a few first.

use super::COMPOSE;
use crate::forge::fake::TOKEN;
use crate::forge::fake::many::Many;
use crate::support::{Folder, PROGRAM, Run};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

mod canary;

const NODE: &str = "services:\n  api:\n    image: node:24-slim\n    command: [node, server.js]\n";
const HARD: &str = "services:\n  web:\n    image: nginx:1.27\n    read_only: true\n    tmpfs: [/var/cache/nginx, /run]\n";

/// A forge with so many repositories: of four, two need something, one is hard already, and one has no project.
fn forge(number: usize) -> Many {
    let many = Many::new();
    let kinds = [
        many.commit("a", &[("compose.yaml", COMPOSE), ("README.md", "shop\n")]),
        many.commit("b", &[("api/compose.yaml", NODE), ("web/compose.yaml", COMPOSE)]),
        many.commit("c", &[("compose.yaml", HARD)]),
        many.commit("d", &[("README.md", "nothing\n")]),
    ];
    for i in 0..number {
        many.add(&name(i), &kinds[i % kinds.len()]);
    }
    many
}

fn name(i: usize) -> String {
    format!("octo/r{i:04}")
}

/// The names of the repositories that need something, among so many.
fn needy(number: usize) -> Vec<String> {
    (0..number).filter(|i| i % 4 < 2).map(name).collect()
}

fn command(folder: &Folder, many: &Many, args: &[&str]) -> Command {
    let mut command = folder.command(PROGRAM);
    command.args(["pr", "--preset", "auto", "--unsafe-fixes"]).args(args);
    command.envs([("GITHUB_API_URL", many.api().as_str()), ("GITHUB_TOKEN", TOKEN), ("PATH", &std::env::var("PATH").unwrap())]);
    command
}

fn run(folder: &Folder, many: &Many, args: &[&str]) -> Run {
    let all: Vec<&str> = ["--pace", "0"].iter().chain(args).copied().collect();
    folder.finish(command(folder, many, &all), &all, "")
}

fn posts(many: &Many) -> usize {
    many.state().changes.iter().filter(|(_, method, path)| method == "POST" && path.ends_with("/pulls")).count()
}

/// The most memory that a process had so far, in kB.
fn peak(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().split(' ').next()?.parse().ok()
}

/// Runs to the end with nobody who reads along, and says how much memory it took.
fn measured(folder: &Folder, many: &Many, args: &[&str]) -> u64 {
    let mut child = command(folder, many, args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = peak(&child).unwrap_or(most).max(most);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    most
}

#[test]
fn two_thousand_repositories_are_gone_through_whatever_ends_a_run() {
    const ALL: usize = 2000;
    let started = Instant::now();
    let (few, folder) = (forge(100), Folder::new(&[]));
    let small = measured(&folder, &few, &["--repos", "org:octo", "--pace", "0", "--json"]);
    let many = forge(ALL);
    let args = ["--repos", "org:octo", "--pace", "0", "--json", "--journal", "all.jsonl"];
    // Killed in the middle of something.
    let mut child = command(&folder, &many, &args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while posts(&many) < 200 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before it was killed");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // The forge goes away between two changes of one repository.
    many.state().ends_after = Some(5 * 100 + 3);
    let said = folder.finish(command(&folder, &many, &args), &args, "").exits(2);
    assert!(said.err.contains("run the same command again: it goes on") && said.err.contains("of 2000 are done"), "{}", said.err);
    many.state().ends_after = None;
    let before = posts(&many);
    assert!((250..900).contains(&before), "{before}");
    let large = measured(&folder, &many, &args);
    assert_eq!(many.open(), needy(ALL));
    assert_eq!(posts(&many), needy(ALL).len(), "a pull request was asked for twice");
    let (requests, changes) = {
        let state = many.state();
        (state.requests, state.changes.len())
    };
    // Once more from the start: everything is seen to be there.
    let again = folder.finish(command(&folder, &many, &args), &args, "").exits(0);
    let overview: Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!(overview["repositories"].as_array().unwrap().len(), ALL);
    assert_eq!(many.state().changes.len(), changes, "the second run changed something");
    eprintln!(
        "2000 repositories, 1000 pull requests: {} s with two interruptions, {requests} requests; the most memory is {} % of that of 100 repositories",
        started.elapsed().as_secs(),
        large * 100 / small
    );
    assert!(large < small * 2, "{small} kB for 100, {large} kB for 2000");
}

#[test]
fn changes_of_all_repositories_keep_the_pace() {
    let (many, folder) = (forge(5), Folder::new(&[]));
    let args = ["--repos", "org:octo", "--pace", "150ms"];
    folder.finish(command(&folder, &many, &args), &args, "").exits(0);
    let state = many.state();
    assert!(state.changes.len() > 12, "{}", state.changes.len());
    // A request may be late on its way, so that the next one seems to be early; never all of them.
    let (first, last) = (state.changes[0].0, state.changes[state.changes.len() - 1].0);
    let least = Duration::from_millis(150) * (state.changes.len() as u32 - 2);
    assert!(last - first > least, "{:?} for {} changes", last - first, state.changes.len());
}

#[test]
fn a_run_ends_at_its_limit_and_the_next_one_goes_on() {
    let (many, folder) = (forge(12), Folder::new(&[]));
    let mut left = Vec::new();
    for _ in 0..3 {
        left.push(run(&folder, &many, &["--repos", "org:octo", "--limit", "3"]).exits(0).err);
    }
    assert_eq!(posts(&many), 6);
    assert!(left[0].contains("ended at --limit: 7 repositories left") && left[1].contains("5 of 12 are done"), "{left:?}");
    assert!(left[1].contains("ended at --limit: 2 repositories left") && left[2].contains("10 of 12 are done"), "{left:?}");
    assert!(!left[2].contains("ended at --limit"), "{left:?}");
}

#[test]
fn parts_of_a_fleet_are_every_repository_once() {
    let many = forge(24);
    let mut seen = BTreeSet::new();
    for part in 0..3 {
        let said = run(&Folder::new(&[]), &many, &["--repos", "org:octo", "--shard", &format!("{part}/3"), "--json"]).exits(0);
        let overview: Value = serde_json::from_str(&said.out).unwrap();
        for report in overview["repositories"].as_array().unwrap() {
            assert!(seen.insert(report["repository"].as_str().unwrap().to_owned()), "{report}");
        }
    }
    assert_eq!(seen.len(), 24);
    assert_eq!(posts(&many), 12);
    for wrong in ["3/3", "x", "1", "0/0", "-1/2"] {
        let wrong = format!("--shard={wrong}");
        run(&Folder::new(&[]), &many, &["--repos", "org:octo", &wrong]).exits(2);
    }
}

#[test]
fn a_list_may_hold_what_cannot_be_looked_at() {
    let many = forge(4);
    many.state().repositories.get_mut(&name(1)).unwrap().is_archived = true;
    let list = "# ours\nocto/r0000\nocto/none # gone\n\nocto/r0001\nOCTO/R0000\nocto/r0002\n";
    let folder = Folder::new(&[("list", list)]);
    let said = run(&folder, &many, &["--repos", "list"]).exits(2);
    assert_eq!(many.open(), [name(0)]);
    assert!(said.out.starts_with("octo/r0000: opened: http"), "{}", said.out);
    assert!(!said.err.contains("octo/none: octo/none: "), "{}", said.err);
    for text in ["octo/none: ", "archived", "4 repositories, 1 opened, 1 with nothing to propose, 2 failed"] {
        assert!(said.err.contains(text), "{text}: {}", said.err);
    }
    let said = run(&folder, &many, &["--repos", "org:octo", "--json"]).exits(0);
    assert!(said.out.contains("\"why\": \"archived\""), "{}", said.out);
    // From standard input, and lists that are none.
    let args = ["--pace", "0", "--repos", "-", "--dry-run"];
    let said = folder.finish(command(&folder, &many, &args), &args, "octo/r0000\n").exits(0);
    assert!(said.err.contains("1 repository, 1 open and up to date"), "{}", said.err);
    for (text, expected) in [
        ("octo\n", "list:1: `octo` names no repository"),
        ("# none\n", "list names no repository"),
        ("a/b c/d\n", "names no"),
        ("../user\n", "names no"),
    ] {
        folder.put("list", text);
        let said = run(&folder, &many, &["--repos", "list"]).exits(2);
        assert!(said.err.contains(expected) && said.err.contains("hint: "), "{}", said.err);
    }
    let said = run(&folder, &many, &["--repos", "org:"]).exits(2);
    assert!(said.err.contains("`org:` names no organisation") && said.err.contains("hint: write org:NAME"), "{}", said.err);
    let said = run(&folder, &many, &["--repos", "org:nobody"]).exits(2);
    assert!(said.err.contains("will not list the organization's repositories"), "{}", said.err);
}

#[test]
fn an_overview_is_shown_before_anything_is_sent() {
    let many = forge(4);
    let folder = Folder::new(&[]);
    let said = run(&folder, &many, &["--repos", "org:octo", "--dry-run"]).exits(0);
    assert_eq!(
        said.out,
        "octo/r0000: would open a pull request: 2 services in 1 file\nocto/r0001: would open a pull request: 3 services in 2 files\n"
    );
    let page = run(&folder, &many, &["--repos", "org:octo", "--dry-run", "--html"]).exits(0).out;
    for text in ["What would be proposed", "octo/r0001", "tmpfs /var/cache/nginx:mode=755", "Nothing to propose"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("<script"), "{page}");
    assert_eq!(many.state().changes.len(), 0);
    // What a dry run found is no reason against the real one.
    run(&folder, &many, &["--repos", "org:octo"]).exits(0);
    assert_eq!(posts(&many), 2);
}

#[test]
fn options_that_do_not_go_with_a_fleet_are_refused() {
    let (many, folder) = (forge(1), Folder::new(&[]));
    for args in [
        &["--repos", "org:octo", "--repo", "octo/r0000"][..],
        &["--repos", "org:octo", "compose.yaml"],
        &["--limit", "2"],
        &["--canary", "2"],
        &["--repos", "org:octo", "--canary", "2", "--dry-run"],
        &["--repos", "org:octo", "--limit", "0"],
        &["--repos", "org:octo", "--html", "--json"],
    ] {
        run(&folder, &many, args).exits(2);
    }
    assert_eq!(many.state().requests, 0);
}

/// The recipes for more than one machine, as the machines would run them.
#[test]
fn the_recipes_for_many_machines_go_through_every_repository_once() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pull-requests.md")).unwrap();
    let parts: Vec<&str> = page.split_once("part: [").unwrap().1.split_once(']').unwrap().0.split(", ").collect();
    let matrix: Vec<Vec<String>> = parts.iter().map(|part| vec!["--shard".to_owned(), (*part).to_owned()]).collect();
    let args = page.split_once("args: [pr, ").unwrap().1.split_once("]\n").unwrap().0;
    let completions: usize = page.split_once("completions: ").unwrap().1.split_once('\n').unwrap().0.parse().unwrap();
    let job = |index: usize| {
        let args = args.replace("$(JOB_COMPLETION_INDEX)", &index.to_string()).replace("org:NAME", "org:octo");
        args.split(", ").map(|arg| arg.trim_matches('"').to_owned()).skip(2).collect::<Vec<_>>()
    };
    let jobs: Vec<Vec<String>> = (0..completions).map(job).collect();
    for all in [matrix, jobs] {
        let many = forge(16);
        for args in all {
            let args: Vec<&str> = ["--repos", "org:octo"].into_iter().chain(args.iter().map(String::as_str)).collect();
            run(&Folder::new(&[]), &many, &args).exits(0);
        }
        assert_eq!((many.open(), posts(&many)), (needy(16), 8));
    }
}

/// multi-gitter runs the script in a clone, commits what has changed if it ends well, and pushes.
#[test]
fn the_script_for_multi_gitter_changes_what_is_to_be_proposed() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pull-requests.md")).unwrap();
    let script = page.split_once("In `harden.sh`:\n\n```bash\n").unwrap().1.split_once("```").unwrap().0;
    for (files, changed) in [(&[("a/docker-compose.yml", COMPOSE)][..], "a/docker-compose.yml"), (&[("README.md", "compose.yaml\n")], "")] {
        let folder = Folder::new(files);
        let git = |args: &[&str]| crate::forge::fake::objects::git_in(folder.path(), args, b"").unwrap();
        git(&["init", "--quiet", "."]);
        git(&["add", "."]);
        git(&["commit", "--quiet", "-m", "Start"]);
        std::fs::write(folder.outside().join("harden.sh"), script).unwrap();
        let mut command = folder.command("sh");
        let program = std::path::Path::new(PROGRAM).parent().unwrap().display().to_string();
        command.arg("../harden.sh").env("PATH", format!("{program}:{}", std::env::var("PATH").unwrap()));
        folder.finish(command, &["harden.sh"], "").exits(0);
        assert_eq!(String::from_utf8(git(&["diff", "--name-only"])).unwrap().trim(), changed);
    }
}

#[test]
fn names_of_strangers_are_only_text_on_the_overview() {
    let many = Many::new();
    let hostile = "services:\n  \"a'><script>alert(1)</script>\":\n    image: \"</style><img src=x>\"\n  b:\n    image: nginx\n    volumes: ['./<b>:/x']\n";
    let commit = many
        .commit("a", &[("<img src=x onerror=alert(2)>/compose.yaml", hostile), ("c/compose.yaml", COMPOSE), ("d/compose.yaml", "<b>: [")]);
    many.add("octo/x", &commit);
    let page = run(&Folder::new(&[]), &many, &["--repos", "org:octo", "--dry-run", "--html"]).exits(0).out;
    let body = page.split_once("</style>").unwrap().1;
    for markup in ["<script", "<img", "<b>", "</style>"] {
        assert!(!body.contains(markup), "{markup}: {body}");
    }
    assert!(body.contains("&lt;img src=x onerror=alert(2)&gt;"), "{body}");
}
