//! Reviews of pull requests that others opened: suggestions that give what the program would write itself, said once.

use super::{COMPOSE, ask, did, forge, run};
use crate::forge::fake::{Fault, Forge, LineComment, NAME, OWNER, Pull, http::Reply};
use crate::support::{Folder, golden};
use serde_json::Value;

mod limits;

/// A service that needs a volume, and one that needs none.
const TWO: &str = "services:\n  web:\n    image: nginx:1.27\n  cache:\n    image: redis:7\n";

/// A forge whose pull request 1, from a branch of its own repository, changes these files.
fn opened(base: &[(&str, &str)], head: &[(&str, &str)]) -> Forge {
    let forge = forge(base);
    {
        let mut state = forge.state();
        let main = state.objects.tip("main").unwrap();
        state.objects.git(&["update-ref", "refs/heads/feature", &main], b"").unwrap();
        let pull = Pull {
            number: 1,
            title: "Add services".into(),
            body: "Please.".into(),
            head: "feature".into(),
            head_repository: format!("{OWNER}/{NAME}"),
            base: "main".into(),
            draft: false,
            is_open: true,
            is_merged: false,
            labels: Vec::new(),
            reviewers: Vec::new(),
            last: None,
        };
        state.pulls.push(pull);
    }
    push(&forge, head);
    forge
}

/// Somebody pushes to the pull request's branch.
fn push(forge: &Forge, files: &[(&str, &str)]) {
    let files: Vec<(&str, &str, &[u8])> = files.iter().map(|(path, text)| ("100644", *path, text.as_bytes())).collect();
    forge.state().objects.commit("feature", &files, "Change");
}

/// Reviews it, and gives what became of that. A second run right behind says nothing more.
#[track_caller]
fn review(forge: &Forge) -> Value {
    let answer = ask(forge, &["--review", "1"]);
    did(&answer, &[]);
    let before = writes(forge);
    let again = ask(forge, &["--review", "1"]);
    let row = &answer["review"];
    let expected = if row["done"] == "reviewed" { "kept" } else { row["done"].as_str().unwrap() };
    assert_eq!((again["review"]["done"].as_str().unwrap(), writes(forge)), (expected, before), "{answer:#}\n{again:#}");
    assert!(forge.state().comments.iter().filter(|c| c.author != "stranger" && c.body.ends_with("<!--rofs-harden:review-->")).count() <= 1);
    row.clone()
}

fn writes(forge: &Forge) -> usize {
    forge.state().log.iter().filter(|ask| ask.method != "GET").count()
}

/// The lines of a suggestion, as GitHub takes them out of a comment.
fn suggested(body: &str) -> Vec<String> {
    let mut lines = body.lines().skip_while(|line| !(line.starts_with("```") && line.ends_with("`suggestion")));
    let fence = lines.next().unwrap().strip_suffix("suggestion").unwrap();
    lines.take_while(|line| *line != fence).map(str::to_owned).collect()
}

/// A file after all suggestions for it were taken: their lines take the place of those that they are on, and end as the file's do.
fn taken(text: &str, path: &str, comments: &[LineComment]) -> String {
    let mut own: Vec<&LineComment> = comments.iter().filter(|c| c.path == path).collect();
    own.sort_by_key(|comment| std::cmp::Reverse(comment.first));
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for comment in own {
        lines.splice(comment.first - 1..comment.last, suggested(&comment.body));
    }
    lines.join(end) + if text.ends_with('\n') { end } else { "" }
}

/// What the program itself would write.
fn hardened(text: &str, args: &[&str]) -> String {
    let all: Vec<&str> = args.iter().chain(&["-"]).copied().collect();
    Folder::new(&[]).run_with(&all, &[], text).exits(0).out
}

/// How many comments there are, and how many suggestions.
fn counts(forge: &Forge) -> (usize, usize) {
    let state = forge.state();
    (state.comments.len(), state.line_comments.len())
}

/// The one comment that sums up.
fn summary(forge: &Forge) -> String {
    forge.state().comments.last().unwrap().body.clone()
}

#[test]
fn suggestions_that_are_all_taken_give_the_hardened_file() {
    for text in [
        COMPOSE,
        TWO,
        TWO.trim_end(),
        "services: {web: {image: nginx}}\n",
        "services:\n  a: &a\n    image: grafana/grafana:12\n    tmpfs: []\n    volumes: []\n",
    ] {
        let forge = opened(&[("README.md", "shop\n")], &[("deploy/compose.yaml", text)]);
        let row = review(&forge);
        assert_eq!((row["done"].as_str(), row["by_hand"].as_array().unwrap().len()), (Some("reviewed"), 0), "{row:#}");
        let state = forge.state();
        assert_eq!(taken(text, "deploy/compose.yaml", &state.line_comments), hardened(text, &[]));
        assert_eq!(state.line_comments.iter().any(|c| c.first < c.last), text.contains("grafana"), "{:?}", state.line_comments);
        assert_eq!((state.reviews.len(), state.comments.len()), (1, 1));
    }
}

#[test]
fn the_review_of_an_example_is_as_reviewed() {
    let before = "services:\n  db:\n    image: postgres:17\n    volumes:\n      - data:/var/lib/postgresql/data\n\n  web:\n    image: nginx:1.27\n    \
                  ports:\n      - 80:80\n\n  mail:\n    image: corp/mail:1\n\nvolumes:\n  data:\n";
    let after =
        before.replace("    image: corp/mail:1\n", "    image: corp/mail:2\n  cache:\n    image: redis:7\n").replace("80:80", "8080:80");
    let forge = opened(&[("compose.yaml", before)], &[("compose.yaml", &after)]);
    review(&forge);
    let state = forge.state();
    let mut text = String::new();
    for LineComment { path, first, last, body, .. } in &state.line_comments {
        text += &format!("# {path}, {first} to {last}\n\n{body}\n\n");
    }
    golden("pr/review.md", &format!("{text}# The comment that sums up\n\n{}\n", state.comments[0].body));
}

#[test]
fn only_services_that_the_pull_request_touches_are_looked_at() {
    let base = "services:\n  db:\n    image: postgres:17\n  web:\n    image: nginx:1.26\n    ports:\n      - 80:80\n  cache:\n    image: redis:7\n";
    let head = base.replace("1.26", "1.27");
    let forge = opened(&[("compose.yaml", base), ("other/compose.yaml", TWO)], &[("compose.yaml", &head)]);
    let row = review(&forge);
    assert_eq!(row["suggestions"][0]["services"], serde_json::json!(["web"]), "{row:#}");
    assert_eq!((row["suggestions"].as_array().unwrap().len(), row["by_hand"].as_array().unwrap().len()), (1, 0), "{row:#}");
    assert_eq!(taken(&head, "compose.yaml", &forge.state().line_comments), hardened(&head, &["--service", "web"]));
    assert!(!summary(&forge).contains("`cache`") && !summary(&forge).contains("`db`"), "{}", summary(&forge));
}

#[test]
fn what_was_removed_touches_its_service_and_no_other() {
    let base = "services:\n  web:\n    image: nginx:1.27\n    read_only: true\n    tmpfs: [/var/cache/nginx, /run]\n  old:\n    image: corp/old\n  cache:\n    image: redis:7\n";
    for (gone, expected) in [("    read_only: true\n", 1), ("  old:\n    image: corp/old\n", 0)] {
        let forge = opened(&[("compose.yaml", base)], &[("compose.yaml", &base.replace(gone, ""))]);
        let row = review(&forge);
        assert_eq!(row["suggestions"].as_array().unwrap().len(), expected, "{row:#}");
    }
}

#[test]
fn what_has_no_place_in_the_diff_is_in_the_summary() {
    let ports: String = (0..9).map(|i| format!("      - 80{i}:80\n")).collect();
    let base = format!("services:\n  web:\n    image: nginx:1.27\n    ports:\n{ports}");
    let head = base.replace("services:\n", "services:\n  cache:\n    image: redis:8.6\n");
    let forge = opened(&[("compose.yaml", &base)], &[("compose.yaml", &head)]);
    let row = review(&forge);
    assert_eq!((row["suggestions"].as_array().unwrap().len(), row["by_hand"].as_array().unwrap().len()), (1, 1), "{row:#}");
    assert_eq!(row["by_hand"][0]["yaml"], serde_json::json!(["", "volumes:", "  cache-data:"]));
    let said = forge.state().line_comments[0].body.clone();
    assert!(said.contains("**This is not all**"), "{said}");
    let summary = summary(&forge);
    let by_hand =
        "`cache` in `compose.yaml`, behind line 15 (this place is not part of the diff):\n\n```yaml\n\nvolumes:\n  cache-data:\n```\n";
    assert!(summary.contains(by_hand), "{summary}");
    // Both together are what the program writes.
    let text = taken(&head, "compose.yaml", &forge.state().line_comments) + "\nvolumes:\n  cache-data:\n";
    assert_eq!(text, hardened(&head, &["--service", "cache"]));
}

#[test]
fn a_head_in_a_fork_is_read_through_the_repository() {
    let forge = opened(&[("README.md", "shop\n")], &[("compose.yaml", TWO)]);
    {
        let mut state = forge.state();
        let head = state.objects.tip("feature").unwrap();
        state.objects.git(&["update-ref", "refs/pull/1/head", &head], b"").unwrap();
        state.objects.git(&["update-ref", "-d", "refs/heads/feature"], b"").unwrap();
        state.pulls[0].head_repository = "stranger/shop".into();
        state.pulls[0].head = "main".into();
        state.pulls[0].last = Some(head);
    }
    assert_eq!(review(&forge)["done"], "reviewed");
    assert_eq!(taken(TWO, "compose.yaml", &forge.state().line_comments), hardened(TWO, &[]));
}

#[test]
fn a_checkout_is_enough_to_name_the_repository() {
    let forge = opened(&[("README.md", "shop\n")], &[("deploy/compose.yaml", TWO), ("test/compose.yaml", TWO)]);
    let folder = Folder::new(&[]);
    let git = |args: &[&str]| crate::forge::fake::objects::git_in(folder.path(), args, b"").unwrap();
    git(&["clone", "--quiet", forge.state().objects.path().to_str().unwrap(), "."]);
    git(&["remote", "set-url", "origin", &forge.clone_address()]);
    let said = run(&folder, &forge, &["--review", "1", "deploy"]).exits(0);
    assert!(said.out.starts_with("reviewed: ") && said.err.contains("2 suggestions, 2 of them new"), "{}", said.text());
    assert!(forge.state().line_comments.iter().all(|comment| comment.path == "deploy/compose.yaml"));
    // Services of other projects may have the same names.
    assert_eq!(review(&forge)["suggestions"].as_array().unwrap().len(), 4);
    assert!(forge.state().line_comments.iter().all(|comment| !comment.body.contains("belongs together")));
    assert!(run(&folder, &forge, &["--review", "1"]).exits(0).err.contains("all is said"));
}

#[test]
fn the_summary_follows_the_pull_request() {
    let forge = opened(&[("README.md", "shop\n")], &[("compose.yaml", TWO)]);
    review(&forge);
    // One suggestion is taken with what belongs to it; the other one stays where it is.
    push(&forge, &[("compose.yaml", &hardened(TWO, &["--service", "cache"]))]);
    let row = review(&forge);
    assert_eq!((row["suggestions"].as_array().unwrap().len(), row["summary"].as_str()), (1, Some("updated")), "{row:#}");
    assert_eq!((row["suggestions"][0]["is_new"].as_bool(), forge.state().reviews.len()), (Some(false), 1), "{row:#}");
    push(&forge, &[("compose.yaml", &hardened(TWO, &[]))]);
    assert_eq!(review(&forge)["summary"], "updated");
    assert!(summary(&forge).starts_with("Nothing is missing any more"), "{}", summary(&forge));
    push(&forge, &[("compose.yaml", TWO)]);
    assert_eq!(review(&forge)["summary"], "updated");
    assert_eq!(counts(&forge), (1, 2));
}

#[test]
fn where_nothing_is_missing_nothing_is_said() {
    for files in [&[("README.md", "new\n")][..], &[("compose.yaml", "services:\n  a:\n    image: corp/own\n")], &[("compose.yaml", ": [")]]
    {
        let forge = opened(&[("README.md", "shop\n"), ("b/compose.yaml", TWO)], files);
        assert_eq!(review(&forge)["done"], "nothing");
        assert_eq!(writes(&forge), 0);
    }
    let forge = opened(&[("compose.yaml", TWO)], &[("README.md", "new\n")]);
    review(&forge);
    assert_eq!(forge.count("GET", "/git/blobs/"), 0);
}

#[test]
fn whoever_pushes_in_between_is_no_harm() {
    let forge = opened(&[("README.md", "shop\n")], &[("compose.yaml", TWO)]);
    // The branch is made anew, so that what was planned is not part of it any more.
    forge.fail(
        "POST",
        "/reviews",
        Fault::Before(Box::new(|state| {
            let main = state.objects.tip("main").unwrap();
            state.objects.git(&["update-ref", "refs/heads/feature", &main], b"").unwrap();
            let text = format!("# new\n{TWO}");
            state.objects.commit("feature", &[("100644", "compose.yaml", text.as_bytes())], "Anew");
        })),
    );
    review(&forge);
    let text = format!("# new\n{TWO}");
    assert_eq!(taken(&text, "compose.yaml", &forge.state().line_comments), hardened(&text, &[]));
}

#[test]
fn the_diffs_are_those_of_the_commit_that_is_planned() {
    let forge = opened(&[("README.md", "shop\n")], &[("compose.yaml", TWO)]);
    let text = format!("# new\n{TWO}");
    let pushed = text.clone();
    forge.fail(
        "GET",
        "/files",
        Fault::Before(Box::new(move |state| {
            state.objects.commit("feature", &[("100644", "compose.yaml", pushed.as_bytes())], "More");
        })),
    );
    assert_eq!(review(&forge)["by_hand"], serde_json::json!([]));
    assert_eq!(taken(&text, "compose.yaml", &forge.state().line_comments), hardened(&text, &[]));
}

#[test]
fn what_the_forge_does_not_take_twice_is_in_the_summary_alone() {
    let forge = opened(&[("README.md", "shop\n")], &[("compose.yaml", TWO)]);
    let refusal = || {
        let body = serde_json::json!({ "message": "Unprocessable Entity", "errors": ["Line could not be resolved"], "status": "422" });
        Fault::Instead(Reply::json(422, &body))
    };
    forge.fail("POST", "/reviews", refusal());
    forge.fail("POST", "/reviews", refusal());
    let answer = ask(&forge, &["--review", "1"]);
    let row = &answer["review"];
    assert!(row["warnings"][0].as_str().unwrap().contains("Line could not be resolved"), "{answer:#}");
    assert_eq!((row["by_hand"].as_array().unwrap().len(), forge.state().line_comments.len()), (2, 0), "{answer:#}");
    assert!(
        summary(&forge).contains("the forge did not take the suggestion") && summary(&forge).contains("read_only: true"),
        "{}",
        summary(&forge)
    );
    // The next run finds its lines.
    assert_eq!(review(&forge)["summary"], "updated");
    assert_eq!(forge.state().line_comments.len(), 2);
}

#[test]
fn an_answer_that_is_lost_does_not_make_a_second_review() {
    for fault in [Fault::HangUpAfter, Fault::HangUp] {
        let forge = opened(&[("README.md", "shop\n")], &[("compose.yaml", TWO)]);
        forge.fail("POST", "/reviews", fault);
        review(&forge);
        assert_eq!(forge.state().reviews.len(), 1);
        assert_eq!(counts(&forge), (1, 2));
    }
}
