//! A fake of GitHub with many repositories. Their objects are in one store, as what they hold is mostly the same; branches and pull
//! requests are each one's own. What an object's name decides is made once, so that thousands of repositories are a matter of seconds.

use super::answers::{error, invalid};
use super::http::{Ask, Reply, Server};
use super::schema::{Operation, over, part};
use super::{Forge, NAME, OWNER, TOKEN};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

/// A repository.
#[derive(Clone, Debug, Default)]
pub(crate) struct Repository {
    pub(crate) is_archived: bool,
    pub(crate) branches: BTreeMap<String, String>,
    pub(crate) pulls: Vec<Pull>,
}

/// A pull request.
#[derive(Clone, Debug)]
pub(crate) struct Pull {
    head: String,
    pub(crate) base: String,
    title: String,
    body: String,
    /// `open`, `closed` or `merged`.
    pub(crate) state: &'static str,
}

pub(crate) struct State {
    address: String,
    pub(crate) repositories: BTreeMap<String, Repository>,
    /// What objects are, by the request that shows or makes them.
    made: HashMap<(String, Vec<u8>), Reply>,
    /// When a change was asked for, with its method and path.
    pub(crate) changes: Vec<(Instant, String, String)>,
    pub(crate) requests: usize,
    /// After this many more changes nothing is answered any more.
    pub(crate) ends_after: Option<usize>,
    /// How many requests an hour are answered, and how many are left of those.
    pub(crate) an_hour: Option<usize>,
    left: usize,
    hours: u64,
    complaints: Vec<String>,
}

/// The running forge.
pub(crate) struct Many {
    state: Arc<Mutex<State>>,
    store: Arc<Forge>,
    server: Server,
}

impl Many {
    /// A forge without repositories.
    pub(crate) fn new() -> Self {
        let store = Arc::new(Forge::empty());
        let state = Arc::new(Mutex::new(State {
            address: String::new(),
            repositories: BTreeMap::new(),
            made: HashMap::new(),
            changes: Vec::new(),
            requests: 0,
            ends_after: None,
            an_hour: None,
            left: 0,
            hours: 0,
            complaints: Vec::new(),
        }));
        let (shared, objects) = (Arc::clone(&state), Arc::clone(&store));
        let server = Server::new(move |ask| shared.lock().unwrap().answer(&objects, &ask));
        state.lock().unwrap().address.clone_from(&server.address);
        Self { state, store, server }
    }

    /// What goes into `GITHUB_API_URL`.
    pub(crate) fn api(&self) -> String {
        format!("{}/api/v3", self.server.address)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Stores a commit with these files, for [`Many::add`].
    pub(crate) fn commit(&self, name: &str, files: &[(&str, &str)]) -> String {
        let files: Vec<(&str, &str, &[u8])> = files.iter().map(|(path, text)| ("100644", *path, text.as_bytes())).collect();
        self.store.state().objects.commit(name, &files, "Start")
    }

    /// Adds a repository whose branch `main` is at a commit.
    pub(crate) fn add(&self, name: &str, commit: &str) {
        let branches = BTreeMap::from([("main".to_owned(), commit.to_owned())]);
        self.state().repositories.insert(name.to_owned(), Repository { branches, ..Repository::default() });
    }

    /// What a person says to a pull request.
    pub(crate) fn answer(&self, name: &str, state: &'static str) {
        self.state().repositories.get_mut(name).unwrap().pulls.last_mut().unwrap().state = state;
    }

    /// The names of repositories with an open pull request. No repository has two.
    pub(crate) fn open(&self) -> Vec<String> {
        let state = self.state();
        let open = |r: &Repository| r.pulls.iter().filter(|p| p.state == "open").count();
        assert!(state.repositories.values().all(|r| open(r) <= 1));
        state.repositories.iter().filter(|(_, r)| open(r) == 1).map(|(name, _)| name.clone()).collect()
    }
}

impl Drop for Many {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.state().complaints, [""; 0], "requests or answers against the description");
        }
    }
}

impl State {
    fn answer(&mut self, store: &Forge, ask: &Ask) -> Reply {
        self.requests += 1;
        if ask.method != "GET" {
            if self.ends_after == Some(0) {
                return super::hang_up();
            }
            self.ends_after = self.ends_after.map(|left| left - 1);
            self.changes.push((Instant::now(), ask.method.clone(), ask.path.clone()));
        } else if self.ends_after == Some(0) {
            return super::hang_up();
        }
        if let Some(limit) = self.an_hour {
            if self.left == 0 {
                // Whoever waits as long as this says is in the next hour.
                self.hours += 1;
                self.left = limit;
                let reset = super::super::START + 3600 * self.hours;
                return error(403, "API rate limit exceeded for user ID 1.")
                    .with("x-ratelimit-remaining", 0)
                    .with("x-ratelimit-reset", reset);
            }
            self.left -= 1;
        }
        let mut ask = ask.clone();
        ask.path = ask.path.strip_prefix("/api/v3").unwrap().to_owned();
        let Some(operation) = Operation::of(&ask) else {
            self.complaints.push(format!("no such operation: {} {}", ask.method, ask.path));
            return error(404, "Not Found");
        };
        self.complaints.extend(operation.complaints(&ask));
        self.complaints.extend(super::wrong_headers(&ask));
        if ask.header("authorization") != format!("Bearer {TOKEN}") {
            return error(401, "Bad credentials");
        }
        let reply = self.operate(store, operation, &ask);
        self.complaints.extend(operation.complaints_about(&reply));
        reply
    }

    fn operate(&mut self, store: &Forge, operation: Operation, ask: &Ask) -> Reply {
        if operation.0 == "GET /orgs/{org}/repos" {
            return self.list(operation, ask);
        }
        let full_name = format!("{}/{}", part(ask, 2), part(ask, 3));
        let path = operation.0.split_once("/repos/{owner}/{repo}").unwrap().1;
        let about = self.about(&full_name);
        let (address, is_get) = (self.address.clone(), ask.method == "GET");
        let Some(repository) = self.repositories.get_mut(&full_name) else { return error(404, "Not Found") };
        if repository.is_archived && !is_get {
            return error(403, "Repository was archived so is read-only.");
        }
        let show = |status: u16, fields: Value| Reply::json(status, &over(operation.example(status), fields));
        let body = ask.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let reference = |name: &str, sha: &str| json!({ "ref": format!("refs/heads/{name}"), "object": { "type": "commit", "sha": sha } });
        let branch = part(ask, 6).trim_start_matches("heads/").to_owned();
        match (ask.method.as_str(), path) {
            ("GET", "") => show(200, about),
            ("GET", "/git/ref/{ref}") => match repository.branches.get(&branch) {
                Some(sha) => show(200, reference(&branch, sha)),
                None => error(404, "Not Found"),
            },
            ("POST", "/git/refs") => {
                let name = text("ref").trim_start_matches("refs/heads/").to_owned();
                if repository.branches.contains_key(&name) {
                    return error(422, "Reference already exists");
                }
                repository.branches.insert(name.clone(), text("sha"));
                show(201, reference(&name, &text("sha")))
            }
            ("GET", "/pulls") => {
                let fields =
                    |(at, pull): (usize, &Pull)| over(operation.example(200)[0].clone(), shown(&address, &full_name, repository, at, pull));
                let mut all: Vec<Value> = repository.pulls.iter().enumerate().map(fields).collect();
                all.reverse();
                Reply::json(200, &json!(all))
            }
            ("GET", "/pulls/{pull_number}") => {
                let at = part(ask, 5).parse::<usize>().unwrap() - 1;
                show(200, shown(&address, &full_name, repository, at, &repository.pulls[at]))
            }
            ("POST", "/pulls") => {
                if repository.pulls.iter().any(|pull| pull.state == "open" && pull.head == text("head")) {
                    return invalid("PullRequest", None, Some(&format!("A pull request already exists for octo:{}.", text("head"))));
                }
                let pull = Pull { head: text("head"), base: text("base"), title: text("title"), body: text("body"), state: "open" };
                repository.pulls.push(pull.clone());
                show(201, shown(&address, &full_name, repository, repository.pulls.len() - 1, &pull))
            }
            _ => {
                let key = (format!("{} {}", ask.method, ask.path.trim_start_matches(&format!("/repos/{full_name}"))), ask.body.clone());
                let make = || {
                    let path = ask.path.replacen(&format!("/repos/{full_name}"), &format!("/repos/{OWNER}/{NAME}"), 1);
                    store.state().operate(operation, &Ask { path, ..ask.clone() })
                };
                self.made.entry(key).or_insert_with(make).clone()
            }
        }
    }

    fn about(&self, full_name: &str) -> Value {
        json!({
            "name": full_name.split('/').next_back(), "full_name": full_name, "html_url": format!("{}/{full_name}", self.address),
            "default_branch": "main", "archived": self.repositories.get(full_name).is_some_and(|r| r.is_archived), "disabled": false,
            "fork": false, "language": null, "source": { "language": null }, "permissions": { "admin": false, "push": true, "pull": true },
        })
    }

    /// The repositories of an account, a page of them.
    fn list(&self, operation: Operation, ask: &Ask) -> Reply {
        let names: Vec<&String> = self.repositories.keys().filter(|name| name.starts_with(&format!("{}/", part(ask, 2)))).collect();
        if names.is_empty() {
            return error(404, "Not Found");
        }
        let page: usize = ask.field("page").map_or(1, |page| page.parse().unwrap());
        let item = |name: &&String| over(operation.example(200)[0].clone(), self.about(name));
        let items: Vec<Value> = names.iter().skip((page - 1) * 100).take(100).map(item).collect();
        let reply = Reply::json(200, &json!(items));
        if page * 100 >= names.len() {
            return reply;
        }
        let query: Vec<&str> = ask.query.split('&').filter(|field| !field.starts_with("page=")).collect();
        let next = format!("{}/api/v3{}?{}&page={}", self.address, ask.path, query.join("&"), page + 1);
        reply.with("Link", format!("<{next}>; rel=\"next\""))
    }
}

/// A pull request as it is shown.
fn shown(address: &str, full_name: &str, repository: &Repository, at: usize, pull: &Pull) -> Value {
    let side = |branch: &String| {
        let sha = repository.branches.get(branch).cloned().unwrap_or_else(|| "0".repeat(40));
        json!({ "ref": branch, "sha": sha, "repo": { "full_name": full_name } })
    };
    json!({
        "number": at + 1, "html_url": format!("{address}/{full_name}/pull/{}", at + 1), "title": pull.title, "body": pull.body,
        "draft": false, "state": if pull.state == "open" { "open" } else { "closed" },
        "merged_at": (pull.state == "merged").then_some("2024-05-06T07:08:09Z"),
        "head": side(&pull.head), "base": side(&pull.base), "labels": [], "requested_teams": [],
    })
}
