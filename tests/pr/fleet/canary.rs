//! A few at a time, whatever became of earlier runs and of their journals.

use super::{COMPOSE, command, forge, name, needy, posts, run};
use crate::forge::fake::TOKEN;
use crate::forge::fake::many::Many;
use crate::support::{Folder, PROGRAM, Run};
use serde_json::Value;

const JOURNAL: &str = "rofs-harden-fleet.jsonl";

fn go(folder: &Folder, many: &Many) -> Run {
    run(folder, many, &["--repos", "org:octo", "--canary", "2"])
}

fn lose(folder: &Folder) {
    std::fs::remove_file(folder.path().join(JOURNAL)).unwrap();
}

#[test]
fn no_more_than_a_few_are_open_at_a_time() {
    let (many, folder) = (forge(12), Folder::new(&[]));
    let said = go(&folder, &many).exits(0);
    assert_eq!(many.open(), needy(12)[..2]);
    assert!(
        said.err.contains("ended at --canary: as many pull requests are open as may be at a time; 10 repositories left"),
        "{}",
        said.err
    );
    go(&folder, &many).exits(0);
    assert_eq!(posts(&many), 2);
    many.answer(&name(0), "merged");
    go(&folder, &many).exits(0);
    assert_eq!((many.open().len(), posts(&many)), (2, 3));
    many.answer(&name(1), "closed");
    let said = go(&folder, &many).exits(0);
    assert!(said.err.contains("a pull request was declined: http") && said.err.contains("hint: see why"), "{}", said.err);
    assert_eq!(posts(&many), 3);
    run(&folder, &many, &["--repos", "org:octo"]).exits(0);
    assert_eq!(posts(&many), needy(12).len());
}

#[test]
fn one_that_a_person_has_sent_elsewhere_is_open_all_the_same() {
    let (many, folder) = (forge(12), Folder::new(&[]));
    go(&folder, &many).exits(0);
    many.state().repositories.get_mut(&name(0)).unwrap().pulls[0].base = "release".into();
    lose(&folder);
    go(&folder, &many).exits(0);
    assert_eq!(posts(&many), 2);
}

#[test]
fn a_lost_journal_opens_no_more() {
    let (many, folder) = (forge(12), Folder::new(&[]));
    for answer in [None, Some("open"), Some("closed")] {
        if let Some(answer) = answer {
            many.answer(&name(1), answer);
            lose(&folder);
        }
        go(&folder, &many).exits(0);
        assert_eq!(posts(&many), 2, "{answer:?}");
    }
}

#[test]
fn what_was_opened_before_the_run_was_killed_counts() {
    let (many, folder) = (forge(12), Folder::new(&[]));
    go(&folder, &many).exits(0);
    // As if it had been killed between the request and the line.
    let journal = folder.read(JOURNAL);
    let whole: Vec<&str> = journal.lines().collect();
    assert_eq!(whole.len(), 3, "{journal}");
    folder.put(JOURNAL, whole[..2].join("\n") + "\n");
    go(&folder, &many).exits(0);
    assert_eq!(posts(&many), 2);
}

#[test]
fn the_last_one_may_be_the_end_of_the_list() {
    // Two need something, and the second is the last one.
    let (many, folder) = (forge(2), Folder::new(&[]));
    go(&folder, &many).exits(0);
    assert!(folder.read(JOURNAL).ends_with("{\"end\":true}\n"));
    // Others come later, before those that are known and behind them.
    let commit = many.commit("e", &[("compose.yaml", COMPOSE)]);
    many.add("octo/a0000", &commit);
    many.add("octo/r9999", &commit);
    let said = go(&folder, &many).exits(0);
    assert_eq!(posts(&many), 2, "{}", said.err);
    many.answer(&name(0), "merged");
    go(&folder, &many).exits(0);
    assert_eq!(many.open(), ["octo/a0000".to_owned(), name(1)]);
}

#[test]
fn the_projects_of_one_repository_count_each() {
    let (many, folder) = (Many::new(), Folder::new(&[]));
    let files: Vec<String> = (0..3).map(|i| format!("p{i}/compose.yaml")).collect();
    let commit = many.commit("a", &files.iter().map(|path| (path.as_str(), COMPOSE)).collect::<Vec<_>>());
    many.add("octo/r0000", &commit);
    for _ in 0..2 {
        run(&folder, &many, &["--repos", "org:octo", "--split-by", "project", "--canary", "2"]).exits(0);
        assert_eq!(posts(&many), 2);
    }
    // What was done before something else fails is not forgotten.
    let (many, folder) = (Many::new(), Folder::new(&[]));
    many.add("octo/r0000", &commit_of_three(&many));
    many.state().ends_after = Some(7);
    let said = run(&folder, &many, &["--repos", "org:octo", "--split-by", "project", "--json"]).exits(2);
    let overview: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(overview["repositories"][0]["pull_requests"][0]["done"], "opened", "{overview:#}");
}

fn commit_of_three(many: &Many) -> String {
    many.commit("a", &[("a/compose.yaml", COMPOSE), ("b/compose.yaml", COMPOSE), ("c/compose.yaml", COMPOSE)])
}

#[test]
fn one_that_is_gone_counts_as_open_and_is_named() {
    let (many, folder) = (forge(12), Folder::new(&[("list", &needy(12).join("\n"))]));
    let go = || run(&folder, &many, &["--repos", "list", "--canary", "1"]);
    go().exits(0);
    let gone = many.state().repositories.remove(&name(0)).unwrap();
    let said = go().exits(0);
    for text in ["octo/r0000: pull request 1 cannot be read and counts as open", "hint: if the repository was renamed or deleted"] {
        assert!(said.err.contains(text), "{text}: {}", said.err);
    }
    assert_eq!(posts(&many), 1);
    drop(gone);
    folder.put("list", needy(12)[1..].join("\n"));
    go().exits(0);
    assert_eq!(posts(&many), 2);
}

#[test]
fn a_run_that_is_cut_off_says_what_was_done() {
    let (many, folder) = (forge(12), Folder::new(&[]));
    many.state().ends_after = Some(7);
    let said = run(&folder, &many, &["--repos", "org:octo", "--json"]).exits(2);
    let overview: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(overview["repositories"][0]["pull_requests"][0]["done"], "opened", "{overview:#}");
    assert!(overview["error"].is_string() && overview["not_reached"].as_u64() > Some(0), "{overview:#}");
    assert!(said.err.contains("run the same command again: it goes on") && said.err.contains(" opened"), "{}", said.err);
    many.state().ends_after = Some(2);
    let said = run(&folder, &many, &["--repos", "org:octo", "--html"]).exits(2);
    assert!(said.out.contains("The run was cut off") && said.out.contains("octo/r0000"), "{}", said.out);
}

#[test]
fn a_dry_run_is_no_journal_to_the_real_one() {
    let (many, folder) = (forge(12), Folder::new(&[]));
    run(&folder, &many, &["--repos", "org:octo", "--dry-run", "--limit", "1"]).exits(0);
    assert!(!folder.path().join(JOURNAL).exists());
    run(&folder, &many, &["--repos", "org:octo", "--limit", "1"]).exits(0);
    assert_eq!(posts(&many), 1);
    // And a journal is of one forge.
    let (other, all) = (forge(12), ["--repos", "org:octo", "--pace", "0"]);
    let said = folder.finish(command(&folder, &other, &all), &all, "").exits(2);
    assert!(said.err.contains("was asked for something else"), "{}", said.err);
}

#[test]
fn warnings_are_said_beside_what_is_for_programs() {
    let (many, folder) = (Many::new(), Folder::new(&[]));
    let commit = many.commit("a", &[("a/compose.yaml", "services: ["), ("b/compose.yaml", COMPOSE)]);
    many.add("octo/x", &commit);
    let none = many.commit("d", &[("README.md", "nothing\n")]);
    many.add("octo/y", &none);
    for how in ["--json", "--html"] {
        let said = run(&folder, &many, &["--repos", "org:octo", "--dry-run", "--split-by", "project", how]);
        assert!(said.err.contains("octo/x: a: a/compose.yaml:1"), "{}", said.err);
        assert!(said.err.contains("2 repositories, 1 would be opened, 1 with nothing to propose"), "{}", said.err);
    }
}

/// The action keeps the journal where it was told to.
#[test]
fn the_action_keeps_the_journal() {
    let (many, folder) = (forge(4), Folder::new(&[("output", "")]));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/.github/action/run.sh");
    let temporary = folder.path().to_str().unwrap();
    for (journal, args, path) in
        [("kept.jsonl", "", "kept.jsonl"), ("", "--journal\nown.jsonl", "own.jsonl"), ("", "--journal=its.jsonl", "its.jsonl")]
    {
        let mut command = folder.command("bash");
        command.arg(script).envs([
            ("PATH", std::env::var("PATH").unwrap().as_str()),
            ("ROFS_PROGRAM", PROGRAM),
            ("ROFS_MODE", "pr"),
            ("ROFS_REPOS", "org:octo"),
            ("ROFS_JOURNAL", journal),
            ("ROFS_ARGS", &format!("--pace\n0\n{args}")),
            ("ROFS_TOKEN", TOKEN),
            ("GITHUB_API_URL", &many.api()),
            ("GITHUB_REPOSITORY", "octo/r0000"),
            ("GITHUB_OUTPUT", &format!("{temporary}/output")),
            ("RUNNER_TEMP", temporary),
        ]);
        folder.finish(command, &[], "").exits(0);
        assert!(folder.path().join(path).exists(), "{path}");
    }
}

#[test]
fn what_is_open_already_is_no_change_of_the_overview() {
    let (many, folder) = (forge(4), Folder::new(&[]));
    let services = |number: usize| format!("<dt>services with a change</dt><dd>{number}</dd>");
    for number in [5, 0] {
        let page = run(&folder, &many, &["--repos", "org:octo", "--dry-run", "--html"]).exits(0).out;
        assert!(page.contains(&services(number)), "{number}: {page}");
        run(&folder, &many, &["--repos", "org:octo"]).exits(0);
    }
}
