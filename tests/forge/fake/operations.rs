//! What each operation does.

use super::answers::{error, invalid, label};
use super::http::{Ask, Reply};
use super::schema::{Operation, part};
use super::{Comment, NAME, OWNER, Pull, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

/// Longest text of a pull request.
const MAX_BODY: usize = 65_536;

impl State {
    /// Does what a request asks for.
    pub(super) fn operate(&mut self, operation: Operation, ask: &Ask) -> Reply {
        if operation.0 == "GET /user" {
            return self.user(operation);
        }
        if (part(ask, 2).as_str(), part(ask, 3).as_str()) != (OWNER, NAME) {
            return error(404, "Not Found");
        }
        if self.is_archived && ask.method != "GET" {
            return error(403, "Repository was archived so is read-only.");
        }
        let body = ask.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (method, path) = operation.0.split_once(' ').unwrap();
        if path.contains("/git/") && self.objects.line(&["rev-list", "--all", "--count"], b"").unwrap() == "0" {
            return error(409, "Git Repository is empty.");
        }
        match (method, path.strip_prefix("/repos/{owner}/{repo}").unwrap()) {
            ("GET", "") => self.show(operation, 200, self.about()),
            ("GET", "/git/ref/{ref}") => match self.objects.tip(&branch_in(ask, 6)) {
                Some(sha) => self.show(operation, 200, reference(&branch_in(ask, 6), &sha)),
                None => error(404, "Not Found"),
            },
            ("POST", "/git/refs") => self.make_branch(operation, &text("ref"), &text("sha")),
            ("PATCH", "/git/refs/{ref}") => self.move_branch(operation, &branch_in(ask, 6), &text("sha"), body["force"] == true),
            ("DELETE", "/git/refs/{ref}") => {
                let branch = branch_in(ask, 6);
                let name = format!("refs/heads/{branch}");
                self.close(|pull| pull.head == branch);
                match self.objects.tip(&branch) {
                    Some(_) => self.objects.git(&["update-ref", "-d", &name], b"").map(|_| Reply::empty(204)).unwrap(),
                    None => error(422, "Reference does not exist"),
                }
            }
            ("POST", "/git/blobs") => {
                let bytes = if body["encoding"] == "base64" { BASE64.decode(text("content")).unwrap() } else { text("content").into() };
                let sha = self.objects.line(&["hash-object", "-w", "--stdin"], &bytes).unwrap();
                self.show(operation, 201, json!({ "sha": sha }))
            }
            ("GET", "/git/blobs/{file_sha}") => match self.objects.git(&["cat-file", "blob", &part(ask, 6)], b"") {
                Ok(bytes) => {
                    // Lines of sixty characters, as GitHub writes them.
                    let content: Vec<u8> = BASE64.encode(&bytes).into_bytes();
                    let lines: String = content.chunks(60).map(|c| String::from_utf8_lossy(c).into_owned() + "\n").collect();
                    let fields = json!({ "sha": part(ask, 6), "size": bytes.len(), "content": lines, "encoding": "base64" });
                    self.show(operation, 200, fields)
                }
                Err(_) => error(404, "Not Found"),
            },
            ("POST", "/git/trees") => self.make_tree(operation, &body),
            ("GET", "/git/trees/{tree_sha}") => match self.tree_entries(&part(ask, 6)) {
                Some(entries) => self.show(operation, 200, json!({ "sha": part(ask, 6), "tree": entries, "truncated": false })),
                None => error(404, "Not Found"),
            },
            ("POST", "/git/commits") => {
                let parents = body["parents"].as_array().cloned().unwrap_or_default();
                let parents: Vec<String> = parents.iter().map(|p| p.as_str().unwrap().to_owned()).collect();
                match self.objects.commit_tree(&text("tree"), &parents, &text("message")) {
                    Ok(sha) => self.show(operation, 201, self.commit_fields(&sha).unwrap()),
                    Err(_) => error(422, "Tree SHA does not exist"),
                }
            }
            ("GET", "/git/commits/{commit_sha}") => match self.commit_fields(&part(ask, 6)) {
                Some(fields) => self.show(operation, 200, fields),
                None => error(404, "Not Found"),
            },
            ("GET", "/compare/{basehead}") => self.compare(operation, &part(ask, 5)),
            ("GET", "/pulls") => self.list_pulls(operation, ask),
            ("POST", "/pulls") => self.make_pull(operation, &body),
            (method, "/issues/comments/{comment_id}") => {
                assert_eq!(method, "PATCH");
                let id: u64 = part(ask, 6).parse().unwrap();
                let Some(comment) = self.comments.iter_mut().find(|c| c.id == id) else { return error(404, "Not Found") };
                comment.body = text("body");
                let comment = comment.clone();
                self.show(operation, 200, self.comment_fields(&comment))
            }
            (method, path) => self.with_pull(operation, method, path, ask, &body),
        }
    }

    /// What is done with one pull request.
    fn with_pull(&mut self, operation: Operation, method: &str, path: &str, ask: &Ask, body: &Value) -> Reply {
        let number: u64 = part(ask, 5).parse().unwrap();
        let Some(place) = self.pulls.iter().position(|pull| pull.number == number) else { return error(404, "Not Found") };
        let texts = |name: &str| -> Vec<String> {
            let items = body[name].as_array().cloned().unwrap_or_default();
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
        };
        match (method, path) {
            ("GET", "/pulls/{pull_number}") => self.show(operation, 200, self.pull_fields(&self.pulls[place])),
            ("PATCH", "/pulls/{pull_number}") => {
                if let Some(refusal) = too_long(body) {
                    return refusal;
                }
                let pull = &mut self.pulls[place];
                let set = |target: &mut String, name: &str| body[name].as_str().into_iter().for_each(|v| v.clone_into(target));
                set(&mut pull.title, "title");
                set(&mut pull.body, "body");
                set(&mut pull.base, "base");
                if body["state"] == "closed" {
                    self.close(|pull| pull.number == number);
                }
                self.show(operation, 200, self.pull_fields(&self.pulls[place]))
            }
            ("POST", "/pulls/{pull_number}/requested_reviewers") => {
                self.pulls[place].reviewers.extend(texts("reviewers"));
                // The answer has no field that only the view of one pull request has.
                self.show(operation, 201, self.pull_fields(&self.pulls[place]))
            }
            ("POST", "/issues/{issue_number}/labels") => {
                for name in texts("labels") {
                    if !self.pulls[place].labels.contains(&name) {
                        self.pulls[place].labels.push(name);
                    }
                }
                let all: Vec<Value> = self.pulls[place].labels.iter().map(|name| label(name)).collect();
                Reply::json(200, &json!(all))
            }
            ("GET", "/issues/{issue_number}/comments") => {
                let own = self.comments.iter().filter(|c| c.pull == number);
                let items = own.map(|c| self.comment_fields(c)).collect();
                self.show_list(operation, 200, ask, items)
            }
            ("POST", "/issues/{issue_number}/comments") => {
                if let Some(refusal) = too_long(body) {
                    return refusal;
                }
                let id = self.comments.len() as u64 + 71;
                let comment = Comment { id, pull: number, author: self.author(), body: body["body"].as_str().unwrap().to_owned() };
                self.comments.push(comment.clone());
                self.show(operation, 201, self.comment_fields(&comment))
            }
            _ => {
                let pull = self.pulls[place].clone();
                self.with_lines(operation, path, ask, body, &pull)
            }
        }
    }

    fn about(&self) -> Value {
        json!({
            "name": NAME, "full_name": format!("{OWNER}/{NAME}"), "html_url": format!("{}/{OWNER}/{NAME}", self.address),
            "default_branch": "main", "archived": self.is_archived, "disabled": false, "fork": false,
            "language": null, "source": { "language": null },
            "permissions": { "admin": false, "push": true, "pull": true },
        })
    }

    fn make_branch(&self, operation: Operation, full: &str, sha: &str) -> Reply {
        let Some(branch) = full.strip_prefix("refs/heads/") else { return error(422, "Reference name must start with 'refs/heads/'") };
        if self.objects.tip(branch).is_some() {
            return error(422, "Reference already exists");
        }
        match self.objects.git(&["update-ref", full, sha, &"0".repeat(40)], b"") {
            Ok(_) => self.show(operation, 201, reference(branch, sha)),
            Err(_) => error(422, "Object does not exist"),
        }
    }

    fn move_branch(&self, operation: Operation, branch: &str, sha: &str, is_forced: bool) -> Reply {
        let Some(tip) = self.objects.tip(branch) else { return error(422, "Reference does not exist") };
        if !is_forced && self.objects.git(&["merge-base", "--is-ancestor", &tip, sha], b"").is_err() {
            return error(422, "Update is not a fast forward");
        }
        self.objects.git(&["update-ref", &format!("refs/heads/{branch}"), sha, &tip], b"").unwrap();
        self.show(operation, 200, reference(branch, sha))
    }

    fn make_tree(&self, operation: Operation, body: &Value) -> Reply {
        let entries = body["tree"].as_array().cloned().unwrap_or_default();
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let entries: Vec<_> = entries.iter().map(|e| (text(e, "mode"), text(e, "path"), text(e, "sha"))).collect();
        let is_known = |id: &str| self.objects.git(&["cat-file", "-e", id], b"").is_ok();
        if !entries.iter().all(|(_, _, id)| is_known(id)) || !body["base_tree"].as_str().is_none_or(is_known) {
            return error(422, "Tree SHA does not exist");
        }
        let sha = self.objects.tree(body["base_tree"].as_str(), &entries).unwrap();
        self.show(operation, 201, json!({ "sha": sha, "tree": self.tree_entries(&sha).unwrap(), "truncated": false }))
    }

    fn compare(&self, operation: Operation, range: &str) -> Reply {
        let (base, head) = range.split_once("...").unwrap();
        let ids = |range: &str| self.objects.line(&["rev-list", "--reverse", range], b"");
        let (Ok(ahead), Ok(behind)) = (ids(&format!("{base}..{head}")), ids(&format!("{head}..{base}"))) else {
            return error(404, "Not Found");
        };
        let files = self.objects.git(&["diff", "--name-only", "-z", range], b"").unwrap();
        let template = operation.example(200)["files"][0].clone();
        let file = |name: &str| super::schema::over(template.clone(), json!({ "filename": name }));
        let files: Vec<Value> = String::from_utf8(files).unwrap().split('\0').filter(|f| !f.is_empty()).map(file).collect();
        let template = operation.example(200)["commits"][0].clone();
        let commits: Vec<Value> = ahead.lines().map(|id| super::schema::over(template.clone(), self.listed_commit(id))).collect();
        let fields = json!({ "ahead_by": ahead.lines().count(), "behind_by": behind.lines().count(), "files": files, "commits": commits });
        self.show(operation, 200, fields)
    }

    fn list_pulls(&mut self, operation: Operation, ask: &Ask) -> Reply {
        let (state, base) = (ask.field("state").unwrap_or("open".into()), ask.field("base"));
        // Without an owner the filter is ignored.
        let head = ask.field("head").filter(|head| head.contains(':'));
        let is_meant = |pull: &&Pull| {
            let owner = pull.head_repository.split('/').next().unwrap();
            (state == "all" || (state == "open") == pull.is_open)
                && base.as_ref().is_none_or(|base| *base == pull.base)
                && head.as_ref().is_none_or(|head| *head == format!("{owner}:{}", pull.head))
        };
        let mut found: Vec<&Pull> = self.pulls.iter().filter(is_meant).collect();
        if self.lag > 0 {
            found.pop();
        }
        if ask.field("direction").as_deref() == Some("desc") {
            found.reverse();
        }
        let items = found.into_iter().map(|pull| self.pull_fields(pull)).collect();
        let reply = self.show_list(operation, 200, ask, items);
        self.lag = self.lag.saturating_sub(1);
        reply
    }

    fn make_pull(&mut self, operation: Operation, body: &Value) -> Reply {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (head, base) = (text("head"), text("base"));
        for (name, branch) in [("head", &head), ("base", &base)] {
            if self.objects.tip(branch).is_none() {
                return invalid("PullRequest", Some((name, "invalid")), None);
            }
        }
        if self.pulls.iter().any(|pull| pull.is_open && pull.head == head && pull.base == base) {
            return invalid("PullRequest", None, Some(&format!("A pull request already exists for {OWNER}:{head}.")));
        }
        if self.objects.line(&["rev-list", "--count", &format!("{base}..{head}")], b"").unwrap() == "0" {
            return invalid("PullRequest", None, Some(&format!("No commits between {base} and {head}")));
        }
        if let Some(refusal) = too_long(body) {
            return refusal;
        }
        let pull = Pull {
            number: self.pulls.len() as u64 + 1,
            title: text("title"),
            body: text("body"),
            head,
            head_repository: format!("{OWNER}/{NAME}"),
            base,
            draft: body["draft"] == true,
            is_open: true,
            is_merged: false,
            labels: Vec::new(),
            reviewers: Vec::new(),
            last: None,
        };
        self.pulls.push(pull.clone());
        self.show(operation, 201, self.pull_fields(&pull))
    }
}

/// The branch in a part of a path that holds `heads/NAME`.
fn branch_in(ask: &Ask, place: usize) -> String {
    part(ask, place).strip_prefix("heads/").unwrap().to_owned()
}

fn reference(branch: &str, sha: &str) -> Value {
    json!({ "ref": format!("refs/heads/{branch}"), "object": { "type": "commit", "sha": sha } })
}

fn too_long(body: &Value) -> Option<Reply> {
    let length = body["body"].as_str().unwrap_or_default().encode_utf16().count();
    (length > MAX_BODY).then(|| invalid("Issue", Some(("body", "custom")), Some("body is too long (maximum is 65536 characters)")))
}
