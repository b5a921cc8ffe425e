//! The bodies of answers: the description's own examples with what this forge knows on top.

use super::http::{Ask, Reply};
use super::schema::{Operation, over};
use super::{Comment, NAME, OWNER, Pull, State};
use serde_json::{Value, json};

/// A refusal.
pub(crate) fn error(status: u16, message: &str) -> Reply {
    let body = json!({ "message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string() });
    Reply::json(status, &body)
}

/// A refusal of what a request holds: each error has a resource, and a field with a code, or a message.
pub(crate) fn invalid(resource: &str, field: Option<(&str, &str)>, message: Option<&str>) -> Reply {
    let mut error = json!({ "resource": resource, "code": field.map_or("custom", |(_, code)| code) });
    if let Some((field, _)) = field {
        error["field"] = json!(field);
    }
    if let Some(message) = message {
        error["message"] = json!(message);
    }
    let body = json!({
        "message": "Validation Failed", "errors": [error], "documentation_url": "https://docs.github.com/rest", "status": "422",
    });
    Reply::json(422, &body)
}

impl State {
    /// Something that exists, as an operation shows it.
    pub(super) fn show(&self, operation: Operation, status: u16, fields: Value) -> Reply {
        Reply::json(status, &over(operation.example(status), fields))
    }

    /// A page of a list, each item made from the description's first one, with the address of the next page.
    pub(super) fn show_list(&self, operation: Operation, status: u16, ask: &Ask, items: Vec<Value>) -> Reply {
        let number = |name| ask.field(name).and_then(|n| n.parse::<usize>().ok());
        let (size, page) = (number("per_page").unwrap_or(30).min(self.page), number("page").unwrap_or(1));
        let template = operation.example(status)[0].clone();
        let all = items.len();
        let items: Vec<Value> = items.into_iter().skip((page - 1) * size).take(size).map(|item| over(template.clone(), item)).collect();
        let reply = Reply::json(status, &json!(items));
        if page * size >= all {
            return reply;
        }
        let others: Vec<&str> = ask.query.split('&').filter(|part| !part.is_empty() && !part.starts_with("page=")).collect();
        let address = |page: usize| format!("{}/api/v3{}?{}&page={page}", self.address, ask.path, others.join("&"));
        reply.with("Link", format!("<{}>; rel=\"next\", <{}>; rel=\"last\"", address(page + 1), address(all.div_ceil(size))))
    }

    pub(super) fn pull_fields(&self, pull: &Pull) -> Value {
        let sha = |branch: &str| self.objects.tip(branch).unwrap_or_else(|| "0".repeat(40));
        let labels: Vec<Value> = pull.labels.iter().map(|name| label(name)).collect();
        let url = format!("{}/{OWNER}/{NAME}/pull/{}", self.address, pull.number);
        let reviewers: Vec<Value> = pull.reviewers.iter().map(|_| person(1)).collect();
        json!({
            "number": pull.number, "html_url": url, "title": pull.title, "body": pull.body, "draft": pull.draft,
            "state": if pull.is_open { "open" } else { "closed" },
            "merged_at": if pull.is_merged { json!("2024-05-06T07:08:09Z") } else { Value::Null },
            "closed_at": if pull.is_open { Value::Null } else { json!("2024-05-06T07:08:09Z") },
            "user": { "login": "rofs-bot[bot]" }, "labels": labels, "requested_reviewers": reviewers, "requested_teams": [],
            "head": { "ref": pull.head, "sha": pull.last.clone().unwrap_or_else(|| sha(&pull.head)), "label": format!("{OWNER}:{}", pull.head),
                "repo": { "full_name": pull.head_repository } },
            "base": { "ref": pull.base, "sha": sha(&pull.base), "label": format!("{OWNER}:{}", pull.base),
                "repo": { "full_name": format!("{OWNER}/{NAME}") } },
        })
    }

    pub(super) fn comment_fields(&self, comment: &Comment) -> Value {
        json!({ "id": comment.id, "body": comment.body, "user": { "login": comment.author } })
    }

    /// A commit with the fields that all its views share.
    pub(super) fn commit_fields(&self, id: &str) -> Option<Value> {
        let shown = self.objects.line(&["show", "--no-patch", "--format=%T%n%P%n%an%n%ae%n%aI%n%B", id, "--"], b"").ok()?;
        let mut lines = shown.splitn(6, '\n');
        let mut next = || lines.next().unwrap_or_default().to_owned();
        let (tree, parents, name, email, date, message) = (next(), next(), next(), next(), next(), next());
        let parent = |sha: &str| json!({ "sha": sha, "url": "https://example.org/commit", "html_url": "https://example.org/commit" });
        let parents: Vec<Value> = parents.split_whitespace().map(parent).collect();
        let person = json!({ "name": name, "email": email, "date": date });
        Some(json!({
            "sha": id, "message": message.trim_end(), "parents": parents, "author": person, "committer": person,
            "tree": { "sha": tree, "url": "https://example.org/tree" },
            "verification": { "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null },
        }))
    }

    /// A commit as lists show it.
    pub(super) fn listed_commit(&self, id: &str) -> Value {
        let fields = self.commit_fields(id).unwrap();
        json!({ "sha": id, "parents": fields["parents"], "commit": {
            "message": fields["message"], "author": fields["author"], "committer": fields["committer"], "tree": fields["tree"],
            "verification": fields["verification"],
        } })
    }

    /// The entries of a tree, with folders.
    pub(super) fn tree_entries(&self, id: &str) -> Option<Vec<Value>> {
        let listed = self.objects.git(&["ls-tree", "-r", "-t", "-z", "--full-tree", id], b"").ok()?;
        let listed = String::from_utf8(listed).unwrap();
        let entry = |line: &str| {
            let (about, path) = line.split_once('\t').unwrap();
            let words: Vec<&str> = about.split(' ').collect();
            json!({ "path": path, "mode": words[0], "type": words[1], "sha": words[2], "url": "https://example.org/blob" })
        };
        Some(listed.split('\0').filter(|line| !line.is_empty()).map(entry).collect())
    }
}

/// A label.
pub(super) fn label(name: &str) -> Value {
    json!({
        "id": 1, "node_id": "x", "url": "https://example.org/label", "name": name, "description": "", "color": "ededed", "default": false,
    })
}

/// Somebody, with all the fields that a person must have.
fn person(id: u64) -> Value {
    let example = Operation("GET /repos/{owner}/{repo}/pulls").example(200)[0]["user"].clone();
    over(example, json!({ "id": id }))
}
