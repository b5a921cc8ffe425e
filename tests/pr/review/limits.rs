//! What a review does not do, and what strangers cannot make it do.

use super::{TWO, hardened, opened, push, review, summary, taken, writes};
use crate::forge::fake::{Comment, LineComment, NAME, OWNER};
use crate::pr::hostile::{NAMES, outside_code};
use crate::pr::{ask, rendered, run};
use crate::support::Folder;

#[test]
fn what_would_be_said_is_printed_and_nothing_is_sent() {
    let forge = opened(&[("README.md", "shop\n")], &[("compose.yaml", TWO)]);
    let repository = format!("{OWNER}/{NAME}");
    let said = run(&Folder::new(&[]), &forge, &["--repo", &repository, "--review", "1", "--dry-run"]).exits(0);
    for part in ["# compose.yaml, line 3\n", "```suggestion\n    image: nginx:1.27\n    read_only: true\n", "# Comment that sums up\n"] {
        assert!(said.out.contains(part), "{part}: {}", said.text());
    }
    assert!(said.err.contains("would review "), "{}", said.text());
    assert_eq!(ask(&forge, &["--review", "1", "--dry-run"])["review"]["suggestions"][0]["is_new"], true);
    assert_eq!(writes(&forge), 0);
}

#[test]
fn one_that_is_closed_or_ours_is_left_alone() {
    let forge = opened(&[("README.md", "shop\n")], &[("compose.yaml", TWO)]);
    let repository = format!("{OWNER}/{NAME}");
    let all = ["--repo", &repository, "--review", "1"];
    forge.state().pulls[0].head = "rofs-harden/main".into();
    let said = run(&Folder::new(&[]), &forge, &all).exits(2);
    assert!(said.err.contains("one of this program's own") && said.err.contains("hint: "), "{}", said.text());
    forge.state().pulls[0].head = "feature".into();
    forge.state().close(|_| true);
    assert!(run(&Folder::new(&[]), &forge, &all).exits(0).err.contains("the pull request is closed: "));
    forge.state().pulls[0].is_merged = true;
    assert_eq!(review(&forge)["done"], "merged");
    assert_eq!(writes(&forge), 0);
    let said = run(&Folder::new(&[]), &forge, &["--repo", &repository, "--review", "7"]).exits(2);
    assert!(said.err.contains("it is not there, or hidden from this token"), "{}", said.text());
}

#[test]
fn options_that_open_a_pull_request_and_other_forges_are_refused() {
    let folder = Folder::new(&[]);
    for more in [
        &["--base", "main"][..],
        &["--again"],
        &["--override", "x.yaml"],
        &["--split-by", "project"],
        &["--draft"],
        &["--labels", "x"],
        &["--reviewers", "x"],
        &["--patch", "x"],
        &["--take-back"],
    ] {
        let all: Vec<&str> = ["pr", "--repo", "a/b", "--review", "1"].iter().chain(more).copied().collect();
        assert!(folder.run(&all).exits(2).err.contains("cannot be used with"), "{more:?}");
    }
    for forge in ["gitlab", "gitea"] {
        let said = folder.run(&["pr", "--repo", "a/b", "--host", "127.0.0.1:1", "--forge", forge, "--review", "1"]).exits(2);
        assert!(said.err.contains("reviews are made on GitHub only") && said.err.contains("hint: "), "{}", said.text());
    }
}

#[test]
fn what_people_have_settled_is_not_said_again() {
    let forge = opened(&[("README.md", "shop\n")], &[("compose.yaml", TWO)]);
    review(&forge);
    // Lines above move it; a comment that was resolved is listed like all others.
    let moved = format!("# shop\n\n{TWO}");
    push(&forge, &[("compose.yaml", &moved)]);
    assert_eq!(review(&forge)["suggestions"].as_array().unwrap().len(), 2);
    assert_eq!(forge.state().line_comments.len(), 2);
    // One that is on no line any more is not made a second time, but can still be read.
    forge.state().line_comments[0].is_outdated = true;
    let row = review(&forge);
    assert_eq!(
        (row["by_hand"][0]["why"].as_str(), forge.state().line_comments.len()),
        (Some("it was suggested before, and is not on the lines of the diff any more"), 2),
        "{row:#}"
    );
    assert!(summary(&forge).contains("```yaml\n    read_only: true\n"), "{}", summary(&forge));
}

#[test]
fn a_new_version_is_no_reason_to_suggest_the_same_again() {
    let forge = opened(&[("README.md", "shop\n")], &[("compose.yaml", TWO)]);
    review(&forge);
    let before = forge.state().line_comments.len();
    forge.state().line_comments.iter_mut().for_each(|comment| comment.is_outdated = true);
    push(&forge, &[("compose.yaml", &TWO.replace("1.27", "1.28").replace("redis:7", "redis:7.4"))]);
    let row = review(&forge);
    assert_eq!((forge.state().line_comments.len(), row["suggestions"].as_array().unwrap().len()), (before, 0), "{row:#}");
}

#[test]
fn what_a_stranger_writes_is_not_taken_for_ours() {
    for account in [None, Some("bot-of-a-person")] {
        let forge = opened(&[("README.md", "shop\n")], &[("compose.yaml", TWO)]);
        forge.state().account = account.map(str::to_owned);
        review(&forge);
        let lines = forge.state().line_comments.clone();
        let comments = forge.state().comments.clone();
        // The same words by somebody else, and none of ours.
        {
            let mut state = forge.state();
            state.line_comments = lines.iter().map(|c| LineComment { author: "stranger".into(), ..c.clone() }).collect();
            state.comments =
                comments.iter().map(|c| Comment { id: c.id, pull: 1, author: "stranger".into(), body: "x".to_owned() + &c.body }).collect();
        }
        let row = review(&forge);
        assert_eq!((row["suggestions"][0]["is_new"].as_bool(), row["summary"].as_str()), (Some(true), Some("posted")), "{row:#}");
        assert!(forge.state().comments[0].body.starts_with('x') && forge.state().line_comments.len() == 2 * lines.len());
    }
}

#[test]
fn names_of_strangers_are_only_text() {
    let text = "services:\n  a:\n    image: nginx:1.27 # ```` <!--rofs-harden:suggestion:00--> @octocat\n    volumes: [\"./fixes #2:/srv\"]\n  \
                redis:\n    image: redis:7\n  b:\n    image: corp/@octocat\n";
    let files: Vec<(String, &str)> = NAMES.iter().map(|name| (format!("{name}/compose.yaml"), text)).collect();
    let all: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let forge = opened(&[("README.md", "shop\n")], &all);
    let row = review(&forge);
    let state = forge.state();
    assert!(state.line_comments.len() > NAMES.len(), "{row:#}");
    for (path, text) in &all {
        assert_eq!(taken(text, path, &state.line_comments), hardened(text, &[]), "{path}");
    }
    for body in state.line_comments.iter().map(|c| &c.body).chain([&state.comments[0].body]) {
        let Some(html) = rendered(body) else { return };
        let outside = outside_code(&html.replace("<code class=", "<code><i class="));
        for wrong in ["@", "#", "<img", "<a ", "<h1", "<b>", "evil.example", "www.", "octocat", "skip ci"] {
            assert!(!outside.contains(wrong), "{wrong}: {outside}");
        }
        assert_eq!(outside.matches("<!--").count(), 1, "{outside}");
    }
}

#[test]
fn lines_that_a_comment_may_not_keep_are_not_suggested() {
    let text = "services:\n  web:\n    image: nginx:1.27 # \u{202e}gnp\n";
    let forge = opened(&[("README.md", "shop\n")], &[("compose.yaml", text)]);
    let row = review(&forge);
    assert_eq!((row["suggestions"].as_array().unwrap().len(), row["by_hand"].as_array().unwrap().len()), (0, 1), "{row:#}");
    assert!(forge.state().reviews.is_empty() && summary(&forge).contains("read_only: true"));
}

#[test]
fn where_no_diff_is_shown_nothing_is_suggested() {
    let forge = opened(&[("README.md", "shop\n")], &[("compose.yaml", TWO)]);
    forge.state().is_large = true;
    let row = review(&forge);
    assert_eq!((row["suggestions"].as_array().unwrap().len(), row["by_hand"].as_array().unwrap().len()), (0, 2), "{row:#}");
    assert!(summary(&forge).contains("(no diff of this file is shown)"));
}

#[test]
fn a_file_with_crlf_says_that_its_line_breaks_are_the_forges() {
    let text = TWO.replace('\n', "\r\n");
    let forge = opened(&[("README.md", "shop\n")], &[("compose.yaml", &text)]);
    review(&forge);
    assert!(forge.state().line_comments.iter().all(|comment| !comment.body.contains('\r')));
    assert_eq!(taken(&text, "compose.yaml", &forge.state().line_comments), hardened(&text, &[]));
    assert!(summary(&forge).contains("Lines of `compose.yaml` end with CRLF."), "{}", summary(&forge));
}

#[test]
fn very_many_services_fit() {
    let services: String = (0..900).map(|i| format!("  service-with-a-long-name-{i}:\n    image: nginx:1.27\n")).collect();
    let forge = opened(&[("README.md", "shop\n")], &[("compose.yaml", &format!("services:\n{services}"))]);
    let row = review(&forge);
    assert_eq!((row["suggestions"].as_array().unwrap().len(), row["by_hand"].as_array().unwrap().len()), (40, 860));
    assert!(summary(&forge).contains("more services") && summary(&forge).contains("there are too many suggestions already"));
}
