//! GitLab and Gitea: smaller fakes, as strict about methods, paths, fields and headers, with a real repository behind each.

use super::BRANCH;
use super::fake::http::{Ask, Reply, Server};
use super::fake::objects::Objects;
use rofs_harden::edge::forge::{Forge, Session};
use rofs_harden::error::{Error, Fault};
use serde_json::{Value, json};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard};

mod gitea;
mod gitlab;

/// An operation: method, path with `*` for a part that varies, fields that its query may have, fields that its body may have.
type Operation = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

/// What both fakes know.
struct State {
    objects: Objects,
    /// Merge requests or pull requests, as they are shown.
    pulls: Vec<Value>,
    comments: Vec<Value>,
    log: Vec<Ask>,
    complaints: Vec<String>,
    /// The next request of this method and operation is refused, or done and not answered.
    fault: Option<(&'static str, &'static str, Option<Reply>)>,
    address: String,
}

/// A running fake.
struct Fake {
    state: Arc<Mutex<State>>,
    server: Server,
}

impl Fake {
    /// A fake that takes these operations with this header only.
    fn new(operations: &'static [Operation], credentials: (&'static str, &'static str), act: fn(&mut State, &str, &Ask) -> Reply) -> Self {
        let objects = Objects::new();
        objects.commit("main", &[("100644", "compose.yaml", b"services: {}\n"), ("100755", "run.sh", b"#!/bin/sh\n")], "Start");
        let state = State {
            objects,
            pulls: Vec::new(),
            comments: Vec::new(),
            log: Vec::new(),
            complaints: Vec::new(),
            fault: None,
            address: String::new(),
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let server = Server::new(move |ask| {
            let mut state = shared.lock().unwrap();
            state.log.push(ask.clone());
            let Some((operation, complaint)) = judge(operations, &ask) else {
                state.complaints.push(format!("no such operation: {} {}", ask.method, ask.path));
                return Reply::json(404, &json!({ "message": "404 Not Found" }));
            };
            state.complaints.extend(complaint);
            if ask.header(credentials.0) != credentials.1 {
                return Reply::json(401, &json!({ "message": "401 Unauthorized" }));
            }
            let is_meant = state.fault.as_ref().is_some_and(|(method, ending, _)| *method == ask.method && operation.ends_with(ending));
            match is_meant.then(|| state.fault.take().unwrap().2) {
                Some(Some(reply)) => reply,
                Some(None) => {
                    act(&mut state, operation, &ask);
                    Reply { hangs_up: true, ..Reply::default() }
                }
                None => act(&mut state, operation, &ask),
            }
        });
        state.lock().unwrap().address.clone_from(&server.address);
        Self { state, server }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn count(&self, method: &str, part: &str) -> usize {
        self.state().log.iter().filter(|ask| ask.method == method && ask.path.contains(part)).count()
    }

    /// Expects that a branch on which a person puts a commit while the client waits to delete it is kept.
    #[track_caller]
    fn keeps_what_comes_meanwhile(&self, open: impl Fn(&Rc<Session>) -> Box<dyn Forge>) {
        for reply in [Reply::empty(429).with("Retry-After", 5), Reply::empty(502)] {
            let shared = Arc::clone(&self.state);
            let person = move || drop(shared.lock().unwrap().objects.commit(BRANCH, &[("100644", "mine.txt", b"mine\n")], "By hand"));
            let forge = open(&super::races::session(person));
            let seen = self.state().objects.commit(BRANCH, &[("100644", "compose.yaml", b"a\n")], "Harden");
            self.state().fault = Some(("DELETE", "/branches/*", Some(reply)));
            let result = forge.delete_branch(BRANCH, &seen);
            assert!(matches!(&result, Err(Error::Forge(e)) if e.fault == Fault::Stale), "{result:?}");
            assert_eq!(self.state().objects.line(&["log", "-1", "--format=%s", BRANCH], b"").unwrap(), "By hand");
        }
    }

    fn complaints(&self) -> Vec<String> {
        std::mem::take(&mut self.state().complaints)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.state.lock().unwrap().complaints, [""; 0]);
        }
    }
}

/// The path of the operation that a request is for, and what is wrong with it.
fn judge(operations: &'static [Operation], ask: &Ask) -> Option<(&'static str, Option<String>)> {
    let parts: Vec<&str> = ask.path.split('/').collect();
    let fits = |path: &str| {
        let wanted: Vec<&str> = path.split('/').collect();
        wanted.len() == parts.len() && wanted.iter().zip(&parts).all(|(want, is)| want == is || (*want == "*" && !is.is_empty()))
    };
    let (_, path, query, body) = operations.iter().find(|(method, path, ..)| *method == ask.method && fits(path))?;
    let unknown = ask.fields().into_iter().map(|(name, _)| name).find(|name| !query.contains(&name.as_str()));
    let json = ask.json();
    let fields = json.as_object().into_iter().flat_map(|map| map.keys().cloned());
    let unknown = unknown.or_else(|| fields.into_iter().find(|name| !body.contains(&name.as_str())));
    let is_sent = !ask.body.is_empty() && (json.is_null() || ask.header("content-type") != "application/json");
    let wrong = unknown.map(|name| format!("no such field: {name}")).or_else(|| is_sent.then(|| "the body is no JSON".into()));
    Some((*path, wrong.map(|why| format!("{} {path}: {why}", ask.method))))
}

impl State {
    /// Puts files on top of a commit, as a person or an interface would: (path, bytes, must exist).
    fn write(&self, branch: &str, parent: &str, files: &[(String, Vec<u8>)], message: &str) -> String {
        let mut entries = Vec::new();
        for (path, bytes) in files {
            let listed = self.objects.line(&["ls-tree", parent, "--", path], b"").unwrap();
            let mode = listed.split(' ').next().filter(|mode| !mode.is_empty()).unwrap_or("100644").to_owned();
            entries.push((mode, path.clone(), self.objects.line(&["hash-object", "-w", "--stdin"], bytes).unwrap()));
        }
        let below = self.objects.line(&["rev-parse", &format!("{parent}^{{tree}}")], b"").unwrap();
        let tree = self.objects.tree(Some(&below), &entries).unwrap();
        let id = self.objects.commit_tree(&tree, &[parent.to_owned()], message).unwrap();
        self.objects.git(&["update-ref", &format!("refs/heads/{branch}"), &id], b"").unwrap();
        id
    }

    /// Parents, subject and tree of a commit.
    fn commit(&self, id: &str) -> Option<(Vec<String>, String, String)> {
        let shown = self.objects.line(&["show", "-s", "--format=%P%n%T%n%B", id, "--"], b"").ok()?;
        let mut lines = shown.splitn(3, '\n');
        let parents = lines.next()?.split_whitespace().map(str::to_owned).collect();
        let tree = lines.next()?.to_owned();
        Some((parents, lines.next()?.to_owned(), tree))
    }

    /// Entries of a commit's or tree's files: mode, kind, id, path.
    fn entries(&self, id: &str) -> Vec<[String; 4]> {
        let listed = self.objects.git(&["ls-tree", "-r", "-t", "-z", "--full-tree", id], b"").unwrap();
        let listed = String::from_utf8(listed).unwrap();
        let entry = |line: &str| {
            let (about, path) = line.split_once('\t').unwrap();
            let words: Vec<String> = about.split(' ').map(str::to_owned).collect();
            [words[0].clone(), words[1].clone(), words[2].clone(), path.to_owned()]
        };
        listed.split('\0').filter(|line| !line.is_empty()).map(entry).collect()
    }
}
