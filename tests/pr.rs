//! The verb that opens pull requests, against a forge of our own and a real repository behind it.

use crate::answers::fitting;
use crate::forge::fake::{Forge, NAME, OWNER, TOKEN};
use crate::support::{Folder, PROGRAM, Run, golden};
use serde_json::Value;
use std::process::{Command, Stdio};

mod checkouts;
mod ends;
mod fleet;
mod hostile;
mod patch;
mod programs;
mod proof;
mod review;
mod text;
mod wishes;

/// The branch that the bot works on.
const BRANCH: &str = "rofs-harden/main";
const COMPOSE: &str = "# shop\r\nservices:\r\n  web:\r\n    image: nginx:1.27 # pinned\r\n  cache:\r\n    image: redis:7\r\n";

/// A forge whose repository has these files.
fn forge(files: &[(&str, &str)]) -> Forge {
    let forge = Forge::empty();
    let files: Vec<(&str, &str, &[u8])> = files.iter().map(|(path, text)| ("100644", *path, text.as_bytes())).collect();
    forge.state().objects.commit("main", &files, "Start");
    forge
}

/// Runs the verb with what a workflow has in its environment.
fn run(folder: &Folder, forge: &Forge, args: &[&str]) -> Run {
    let api = forge.api();
    let path = std::env::var("PATH").unwrap();
    let environment =
        [("GITHUB_API_URL", api.as_str()), ("GITHUB_TOKEN", TOKEN), ("PATH", &path), ("HOME", folder.path().to_str().unwrap())];
    let all: Vec<&str> = ["pr", "--pace", "0"].iter().chain(args).copied().collect();
    folder.run_with(&all, &environment, "")
}

/// Runs it on a repository that is not checked out, and reads what it says.
#[track_caller]
fn ask(forge: &Forge, args: &[&str]) -> Value {
    let repository = format!("{OWNER}/{NAME}");
    let all: Vec<&str> = ["--repo", &repository, "--json"].iter().chain(args).copied().collect();
    fitting("pr", &run(&Folder::new(&[]), forge, &all).exits(0).out)
}

/// The same where some project cannot be read, which ends with 2.
#[track_caller]
fn ask_partly(forge: &Forge, args: &[&str]) -> Value {
    let repository = format!("{OWNER}/{NAME}");
    let all: Vec<&str> = ["--repo", &repository, "--json"].iter().chain(args).copied().collect();
    fitting("pr", &run(&Folder::new(&[]), forge, &all).exits(2).out)
}

#[track_caller]
fn did(answer: &Value, expected: &[&str]) {
    let done: Vec<&str> = answer["pull_requests"].as_array().unwrap().iter().map(|row| row["done"].as_str().unwrap()).collect();
    assert_eq!(done, expected, "{answer:#}");
}

fn on_branch(forge: &Forge, path: &str) -> String {
    String::from_utf8(forge.state().objects.git(&["show", &format!("{BRANCH}:{path}")], b"").unwrap()).unwrap()
}

#[test]
fn a_repository_that_is_not_checked_out_gets_one_pull_request() {
    let forge = forge(&[("compose.yaml", COMPOSE), ("README.md", "shop\n")]);
    let answer = ask(&forge, &["--labels", "security", "--draft"]);
    did(&answer, &["opened"]);
    assert_eq!(answer["pull_requests"][0]["files"], serde_json::json!(["compose.yaml"]));
    {
        let state = forge.state();
        let pull = &state.pulls[0];
        assert_eq!((pull.labels.as_slice(), pull.draft), (&["security".to_owned()][..], true));
        assert!(pull.body.contains("| `web` | `/var/cache/nginx` in memory |"), "{}", pull.body);
        let diff = state.objects.git(&["diff", "--no-color", "main", BRANCH], b"").unwrap();
        let diff = String::from_utf8(diff).unwrap();
        // Nothing goes, and what comes has the file's own line breaks.
        assert!(diff.lines().skip(4).all(|line| !line.starts_with('-')), "{diff}");
        assert!(diff.split('\n').filter(|line| line.starts_with("+ ")).all(|line| line.ends_with('\r')), "{diff}");
    }
    did(&ask(&forge, &[]), &["kept"]);
    did(&ask(&forge, &["--dry-run"]), &["kept"]);
    assert_eq!(forge.count("POST", "/pulls"), 1);
}

#[test]
fn the_repository_of_a_checkout_is_pushed_to_and_the_checkout_stays_as_it_is() {
    let forge = forge(&[("deploy/compose.yaml", COMPOSE), ("run.sh", "#!/bin/sh\n")]);
    let folder = Folder::new(&[]);
    let git = |args: &[&str]| crate::forge::fake::objects::git_in(folder.path(), args, b"").map(|out| String::from_utf8(out).unwrap());
    git(&["clone", "--quiet", forge.state().objects.path().to_str().unwrap(), "."]).unwrap();
    git(&["remote", "set-url", "origin", &forge.clone_address()]).unwrap();
    git(&["config", "user.name", "Bot"]).unwrap();
    git(&["config", "user.email", "bot@example.org"]).unwrap();
    // What is not committed is nobody's business.
    folder.put("deploy/compose.yaml", "services: {}\n");
    let before =
        (git(&["status", "--porcelain"]).unwrap(), git(&["for-each-ref", "refs/heads"]).unwrap(), git(&["rev-parse", "HEAD"]).unwrap());
    let said = run(&folder, &forge, &["deploy"]).exits(0);
    assert!(said.out.starts_with("opened: http"), "{said:?}");
    let after =
        (git(&["status", "--porcelain"]).unwrap(), git(&["for-each-ref", "refs/heads"]).unwrap(), git(&["rev-parse", "HEAD"]).unwrap());
    assert_eq!(before, after);
    assert!(on_branch(&forge, "deploy/compose.yaml").contains("read_only: true\r\n"));
    assert!(run(&folder, &forge, &[]).exits(0).err.contains("is up to date"));
    // A person changes the file on the base, and the bot merges it in.
    forge.state().objects.commit("main", &[("100644", "deploy/compose.yaml", b"services:\n  web:\n    image: nginx:1.28\n")], "New");
    assert!(run(&folder, &forge, &[]).exits(0).out.starts_with("updated: "));
    assert!(on_branch(&forge, "deploy/compose.yaml").contains("nginx:1.28\n    read_only: true\n"));
    let refused = run(&folder, &forge, &["..", "deploy"]).exits(2);
    assert!(refused.err.contains("outside the checkout"), "{}", refused.err);
    let state = forge.state();
    state.objects.assert_sound();
    assert!(!said.err.contains(TOKEN) && state.pulls.len() == 1);
}

#[test]
fn what_would_be_sent_is_printed_and_nothing_is_sent() {
    let forge = forge(&[("compose.yaml", COMPOSE)]);
    let repository = format!("{OWNER}/{NAME}");
    run(&Folder::new(&[]), &forge, &["--repo", &repository, "--dry-run"]).exits(0).is_as_in("pr/dry-run");
    assert!(forge.state().log.iter().all(|ask| ask.method == "GET"));
}

#[test]
fn a_declined_service_is_left_out_and_the_others_are_proposed() {
    let forge = forge(&[("compose.yaml", "services:\n  web:\n    image: nginx:1.27\n")]);
    did(&ask(&forge, &[]), &["opened"]);
    forge.state().close(|_| true);
    did(&ask(&forge, &[]), &["declined"]);
    let more = "services:\n  web:\n    image: nginx:1.27\n  cache:\n    image: redis:7\n";
    forge.state().objects.commit("main", &[("100644", "compose.yaml", more.as_bytes())], "More");
    did(&ask(&forge, &[]), &["opened"]);
    let text = on_branch(&forge, "compose.yaml");
    assert_eq!(text.matches("read_only: true").count(), 1, "{text}");
    assert!(forge.state().pulls[1].body.contains("declined in `#1`"), "{}", forge.state().pulls[1].body);
    did(&ask(&forge, &["--again"]), &["updated"]);
    assert_eq!(on_branch(&forge, "compose.yaml").matches("read_only: true").count(), 2);
}

#[test]
fn a_repository_can_say_no() {
    let forge = forge(&[("a/compose.yaml", COMPOSE), ("b/compose.yaml", COMPOSE), ("b/rofs-harden.toml", "pull-requests = false\n")]);
    let answer = ask(&forge, &[]);
    did(&answer, &["opened"]);
    assert_eq!(answer["pull_requests"][0]["files"], serde_json::json!(["a/compose.yaml"]));
    assert!(answer["problems"][0].as_str().unwrap().contains("pull-requests = false"), "{answer:#}");
}

#[test]
fn projects_can_have_a_pull_request_each() {
    let forge = forge(&[("a/compose.yaml", COMPOSE), ("b/compose.yaml", COMPOSE)]);
    did(&ask(&forge, &["--split-by", "project"]), &["opened", "opened"]);
    did(&ask(&forge, &["--split-by", "project"]), &["kept", "kept"]);
    let state = forge.state();
    assert_ne!(state.pulls[0].head, state.pulls[1].head);
}

#[test]
fn a_layer_of_its_own_takes_the_changes() {
    let forge = forge(&[("compose.yaml", COMPOSE)]);
    let answer = ask(&forge, &["--override", "compose.readonly.yaml"]);
    did(&answer, &["opened"]);
    assert_eq!(answer["pull_requests"][0]["files"], serde_json::json!(["compose.readonly.yaml"]));
    assert_eq!(on_branch(&forge, "compose.yaml"), COMPOSE);
    assert!(forge.state().pulls[0].body.contains("a layer of their own, `compose.readonly.yaml`"));
    did(&ask(&forge, &["--override", "compose.readonly.yaml"]), &["kept"]);
}

#[test]
fn files_that_a_project_names_are_fetched_and_no_others() {
    let main = "include: [sub/other.yaml]\nservices:\n  web:\n    extends: {file: base.yaml, service: web}\n  app:\n    build: ./app\n";
    let forge = forge(&[
        ("compose.yaml", main),
        ("base.yaml", "services:\n  web:\n    image: ${IMAGE}\n"),
        (".env", "IMAGE=nginx:1.27\n"),
        ("sub/other.yaml", "services:\n  cache:\n    image: redis:7\n"),
        ("app/Dockerfile", "FROM node:24-slim\nCMD [\"node\", \"server.js\"]\n"),
        ("rofs-harden.toml", "presets = [\"auto\", \"./mine.toml\"]\n"),
        ("mine.toml", "summary = \"Mine\"\nrun_user = { text = \"root\", uid = 0, gid = 0 }\n[match]\nimages = [\"corp/mine\"]\n"),
        ("large.bin", "not wanted\n"),
    ]);
    let answer = ask(&forge, &["--dry-run"]);
    did(&answer, &["opened"]);
    assert_eq!(answer["problems"], serde_json::json!([]), "{answer:#}");
    assert_eq!(answer["pull_requests"][0]["files"], serde_json::json!(["compose.yaml", "sub/other.yaml"]));
    assert_eq!(forge.count("GET", "/git/blobs/"), 7);
}

#[test]
fn a_patch_and_a_text_are_written_for_any_forge() {
    let folder = Folder::new(&[("compose.yaml", COMPOSE)]);
    let git = |args: &[&str]| crate::forge::fake::objects::git_in(folder.path(), args, b"").unwrap();
    git(&["init", "--quiet", "--initial-branch=main", "."]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "Start"]);
    let path = std::env::var("PATH").unwrap();
    let said = folder.run_with(&["pr", "--patch", "out"], &[("PATH", &path)], "").exits(0);
    assert_eq!(said.out.lines().count(), 2, "{said:?}");
    git(&["apply", "--check", "out/changes.patch"]);
    golden("pr/body.md", &folder.read("out/body.md"));
    let said = folder.run_with(&["pr", "--dry-run"], &[("PATH", &path)], "").exits(2);
    assert!(said.err.contains("No such remote 'origin'") && said.err.contains("--patch DIR writes a patch"), "{said:?}");
}

#[test]
fn what_stands_in_the_way_is_said_with_what_to_do() {
    let forge = forge(&[("compose.yaml", COMPOSE)]);
    let repository = format!("{OWNER}/{NAME}");
    let wrong = |args: &[&str], expected: &str| {
        let said = run(&Folder::new(&[]), &forge, args).exits(2);
        assert!(said.err.contains(expected) && said.err.contains("hint: "), "{args:?}: {}", said.err);
    };
    wrong(&["--repo", "shop"], "names no repository");
    wrong(&["--repo", "../user"], "names no repository");
    wrong(&["--repo", &repository, "--base", "none"], "no branch none");
    wrong(&["--repo", &repository, "nowhere"], "no project in nowhere");
    wrong(&["--repo", "octo/other"], "octo/other");
    wrong(&["--repo", &repository, "--host", "code.example", "--forge", "gitlab"], "");
    forge.state().is_archived = true;
    wrong(&["--repo", &repository], "archived");
}

/// A GitLab below a path of its host says so in its address.
#[test]
fn the_address_of_a_server_may_have_a_path() {
    let forge = forge(&[("compose.yaml", COMPOSE)]);
    let (repository, path) = (format!("{OWNER}/{NAME}"), std::env::var("PATH").unwrap());
    for server in ["https://git.example/below", "https://git.example:8443/", "https://GIT.example"] {
        let environment = [("GITHUB_SERVER_URL", server), ("GITHUB_API_URL", &forge.api()), ("GITHUB_TOKEN", TOKEN), ("PATH", &path)];
        Folder::new(&[]).run_with(&["pr", "--pace", "0", "--repo", &repository, "--dry-run"], &environment, "").exits(0);
    }
}

/// What the maintainers of a real project would get.
#[test]
fn the_pull_request_of_a_real_project_is_as_reviewed() {
    const PROJECT: &str = "saleor__saleor-platform/";
    let own = |path: &&std::path::PathBuf| path.to_string_lossy().contains(PROJECT);
    let all = crate::corpus::corpus();
    let files: Vec<(String, String)> = all
        .iter()
        .filter(own)
        .map(|path| {
            let name = path.to_string_lossy().split(PROJECT).last().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    let forge = forge(&files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>());
    did(&ask(&forge, &[]), &["opened"]);
    let state = forge.state();
    let (text, _) = state.pulls[0].body.rsplit_once("\n\n<!--").unwrap();
    let diff = String::from_utf8(state.objects.git(&["diff", "--no-color", "-U0", "main", BRANCH], b"").unwrap()).unwrap();
    let lines: Vec<&str> = diff.lines().filter(|line| line.starts_with(['+', '-']) && !line.starts_with("---")).collect();
    assert!(lines.iter().all(|line| line.starts_with('+')), "{diff}");
    golden("pr/real-project.md", &format!("{text}\n\n```diff\n{}\n```\n", lines.join("\n")));
}

/// The action as a runner starts it.
#[test]
fn the_action_opens_it_and_says_so_in_its_outputs() {
    let forge = forge(&[("compose.yaml", COMPOSE)]);
    let folder = Folder::new(&[("output", "")]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/.github/action/run.sh");
    let (api, repository, path) = (forge.api(), format!("{OWNER}/{NAME}"), std::env::var("PATH").unwrap());
    let temporary = folder.path().to_str().unwrap();
    for (paths, expected) in [(".", "opened"), ("compose.yaml", "kept")] {
        let mut command = folder.command("bash");
        command.arg(script).envs([
            ("PATH", path.as_str()),
            ("ROFS_PROGRAM", PROGRAM),
            ("ROFS_MODE", "pr"),
            ("ROFS_PATHS", paths),
            ("ROFS_ARGS", "--pace\n0"),
            ("ROFS_TOKEN", TOKEN),
            ("GITHUB_API_URL", &api),
            ("GITHUB_REPOSITORY", &repository),
            ("GITHUB_OUTPUT", &format!("{temporary}/output")),
            ("RUNNER_TEMP", temporary),
        ]);
        let said = folder.finish(command, &[], "").exits(0);
        assert!(!said.out.contains(TOKEN) && !said.err.contains(TOKEN), "{said:?}");
        let output = folder.read("output");
        for line in [
            "exit-code=0".to_owned(),
            "pull-request-number=1".to_owned(),
            format!("pull-request-operation={expected}"),
            format!("pull-request-url={}/{repository}/pull/1", forge.state().address),
        ] {
            assert!(output.lines().any(|l| l == line), "{line}: {output}");
        }
    }
    let output = folder.read("output");
    let head = forge.state().objects.tip(BRANCH).unwrap();
    assert!(output.contains(&format!("head-sha={head}\ncommits-verified=false\n")), "{output}");
    assert!(output.contains("head-sha=\ncommits-verified=\n"), "{output}");
}

/// What GitHub's own renderer makes of a text; `None` where it is not installed, which must not be in CI.
fn rendered(text: &str) -> Option<String> {
    let spawned = Command::new("cmark-gfm")
        .args(["--unsafe", "-e", "table", "-e", "autolink", "-e", "tasklist", "-e", "tagfilter"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        assert!(std::env::var_os("ROFS_REQUIRE_SHELLS").is_none(), "cmark-gfm is not installed");
        eprintln!("skipped: cmark-gfm is not installed");
        return None;
    };
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
    Some(String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap())
}

#[test]
fn what_goes_on_is_told_to_programs_line_by_line() {
    let forge = forge(&[("compose.yaml", "services:\n  web:\n    image: nginx\n")]);
    let repository = format!("{OWNER}/{NAME}");
    let args = ["--repo", &repository, "--dry-run", "--json", "--progress", "json"];
    let said = run(&Folder::new(&[]), &forge, &args).exits(0);
    let events: Vec<Value> = said.err.lines().map(|line| fitting("progress", line)).collect();
    assert!(events.iter().any(|event| event["text"] == "asking the forge"), "{}", said.err);
}
