//! Reviews: the files of a pull request, and comments on the lines of its diff.

use super::answers::error;
use super::http::{Ask, Reply};
use super::schema::{Operation, over};
use super::{Pull, State};
use serde_json::{Value, json};

/// A comment on lines.
#[derive(Clone, Debug)]
pub(crate) struct LineComment {
    pub(crate) pull: u64,
    pub(crate) author: String,
    pub(crate) path: String,
    pub(crate) first: usize,
    pub(crate) last: usize,
    pub(crate) body: String,
    /// Whether its lines are not part of the diff any more.
    pub(crate) is_outdated: bool,
}

/// What GitHub says against lines outside of the diff.
const OUTSIDE: &str = "Pull request review thread line must be part of the diff, Pull request review thread start line must be part of the \
                       same hunk as the line., and Pull request review thread diff hunk can't be blank";

impl State {
    /// The account of the token: workflows and apps have none.
    pub(super) fn user(&self, operation: Operation) -> Reply {
        match &self.account {
            Some(login) => self.show(operation, 200, json!({ "login": login })),
            None => error(403, "Resource not accessible by integration"),
        }
    }

    /// The commit that a pull request's branch is at, here or in a fork.
    fn head_of(&self, pull: &Pull) -> String {
        pull.last.clone().or_else(|| self.objects.tip(&pull.head)).unwrap()
    }

    pub(super) fn with_lines(&mut self, operation: Operation, path: &str, ask: &Ask, body: &Value, pull: &Pull) -> Reply {
        match (ask.method.as_str(), path) {
            ("GET", "/pulls/{pull_number}/files") => {
                let changed = self.changed(pull, &self.head_of(pull));
                let items = changed.iter().map(|(path, status)| self.file_fields(pull, path, status)).collect();
                without_nulls(self.show_list(operation, 200, ask, items), &["patch"])
            }
            ("GET", "/pulls/{pull_number}/comments") => {
                let own = self.line_comments.iter().filter(|comment| comment.pull == pull.number);
                let items = own.map(line_comment_fields).collect();
                // Outdated ones have no line. GitHub writes null there, which its description does not know.
                without_nulls(self.show_list(operation, 200, ask, items), &["line", "position"])
            }
            ("POST", "/pulls/{pull_number}/reviews") => self.make_review(operation, body, pull),
            other => panic!("{other:?} is not done here"),
        }
    }

    /// Path and status letter of each file that a pull request changes up to a commit.
    fn changed(&self, pull: &Pull, head: &str) -> Vec<(String, String)> {
        let range = format!("{}...{head}", self.objects.tip(&pull.base).unwrap());
        let listed = self.objects.git(&["diff", "--name-status", "--no-renames", "-z", &range], b"").unwrap();
        let listed = String::from_utf8(listed).unwrap();
        let words: Vec<&str> = listed.split('\0').collect();
        words.chunks_exact(2).map(|pair| (pair[1].to_owned(), pair[0].to_owned())).collect()
    }

    /// The hunks of a file's diff.
    fn patch(&self, pull: &Pull, head: &str, path: &str) -> String {
        let range = format!("{}...{head}", self.objects.tip(&pull.base).unwrap());
        let literal = format!(":(literal){path}");
        let diff = self.objects.git(&["diff", "--no-color", "--no-renames", "-U3", &range, "--", &literal], b"").unwrap();
        let diff = String::from_utf8_lossy(&diff).into_owned();
        diff.find("\n@@ ").map(|at| diff[at + 1..].trim_end_matches('\n').to_owned()).unwrap_or_default()
    }

    fn file_fields(&self, pull: &Pull, path: &str, status: &str) -> Value {
        let patch = self.patch(pull, &self.head_of(pull), path);
        let lines = |sign| patch.lines().filter(|line| line.starts_with(sign)).count();
        let (added, removed) = (lines('+'), lines('-'));
        let status = match status {
            "A" => "added",
            "D" => "removed",
            _ => "modified",
        };
        let mut fields =
            json!({ "filename": path, "status": status, "additions": added, "deletions": removed, "changes": added + removed });
        fields["patch"] = if self.is_large { Value::Null } else { json!(patch) };
        fields
    }

    fn make_review(&mut self, operation: Operation, body: &Value, pull: &Pull) -> Reply {
        let refused = |why: &str| {
            let about = json!({ "message": "Unprocessable Entity", "errors": [why], "documentation_url": "https://docs.github.com/rest" });
            Reply::json(422, &over(about, json!({ "status": "422" })))
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if body["event"] == "COMMENT" && text(&body["body"]).is_empty() {
            return refused("Body can't be blank");
        }
        let head = body["commit_id"].as_str().map_or_else(|| self.head_of(pull), str::to_owned);
        let own = self.objects.line(&["rev-list", &self.head_of(pull), &format!("^{}", pull.base)], b"").unwrap();
        if !own.lines().any(|id| id == head) {
            return refused("Commit is not part of the pull request");
        }
        let changed = self.changed(pull, &head);
        let mut made = Vec::new();
        for comment in body["comments"].as_array().cloned().unwrap_or_default() {
            let (path, said) = (text(&comment["path"]), text(&comment["body"]));
            let number = |name: &str| comment[name].as_u64().map(|n| n as usize);
            if said.encode_utf16().count() > 65_536 {
                return refused("Body is too long (maximum is 65536 characters)");
            }
            if !changed.iter().any(|(name, _)| *name == path) {
                return refused("Path could not be resolved");
            }
            let Some(last) = number("line") else { return refused("Line could not be resolved") };
            if number("start_line").is_some_and(|first| first >= last) {
                return refused("Pull request review thread start line must precede the end line.");
            }
            assert_eq!(comment["side"], "RIGHT");
            let first = number("start_line").unwrap_or(last);
            if !right_sides(&self.patch(pull, &head, &path)).iter().any(|hunk| hunk.contains(&first) && hunk.contains(&last)) {
                return refused(OUTSIDE);
            }
            let author = self.author();
            made.push(LineComment { pull: pull.number, author, path, first, last, body: said, is_outdated: false });
        }
        // All of them, or none.
        self.line_comments.extend(made);
        self.reviews.push(text(&body["body"]));
        self.show(operation, 200, json!({ "body": text(&body["body"]), "state": "COMMENTED", "commit_id": head }))
    }
}

/// A list whose items leave these fields out instead of having null in them.
fn without_nulls(mut reply: Reply, names: &[&str]) -> Reply {
    let mut list: Value = serde_json::from_slice(&reply.body).unwrap();
    for item in list.as_array_mut().unwrap() {
        item.as_object_mut().unwrap().retain(|name, value| !(value.is_null() && names.contains(&name.as_str())));
    }
    reply.body = list.to_string().into_bytes();
    reply
}

/// Numbers of the lines of the head that each hunk shows.
fn right_sides(patch: &str) -> Vec<std::ops::Range<usize>> {
    let headers = patch.lines().filter(|line| line.starts_with("@@ "));
    let range = |line: &str| {
        let range = line.split(' ').nth(2).unwrap().trim_start_matches('+');
        let (first, length) = range.split_once(',').unwrap_or((range, "1"));
        let first: usize = first.parse().unwrap();
        first..first + length.parse::<usize>().unwrap()
    };
    headers.map(range).collect()
}

fn line_comment_fields(comment: &LineComment) -> Value {
    let line = if comment.is_outdated { Value::Null } else { json!(comment.last) };
    json!({
        "path": comment.path, "body": comment.body, "user": { "login": comment.author }, "line": line, "position": line,
        "original_line": comment.last, "side": "RIGHT",
    })
}
