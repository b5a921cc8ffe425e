//! A forge of our own: GitHub as its description and documents say it behaves, with a real repository behind it, strict in what it
//! takes, and able to fail in every way that a test asks for. Its address goes to the client in `GITHUB_API_URL`.

pub(crate) mod answers;
mod cgi;
pub(crate) mod http;
pub(crate) mod many;
pub(crate) mod objects;
mod operations;
mod reviews;
pub(crate) mod schema;

use http::{Ask, Reply, Server};
use objects::Objects;
pub(crate) use reviews::LineComment;
use schema::Operation;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};

/// The token that is accepted.
pub(crate) const TOKEN: &str = "ghp_secret0123456789";
/// The repository's account and name.
pub(crate) const OWNER: &str = "octo";
pub(crate) const NAME: &str = "shop";

/// What goes wrong with a request.
pub(crate) enum Fault {
    /// It is refused.
    Instead(Reply),
    /// It is done, and then answered with something else.
    After(Reply),
    /// Nothing is done and nothing answered.
    HangUp,
    /// It is done, and not answered.
    HangUpAfter,
    /// Something else happens first.
    Before(Box<dyn FnOnce(&mut State) + Send>),
}

/// A pull request.
#[derive(Clone, Debug)]
pub(crate) struct Pull {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) head: String,
    /// `owner/name` of the repository that the head is in.
    pub(crate) head_repository: String,
    pub(crate) base: String,
    pub(crate) draft: bool,
    pub(crate) is_open: bool,
    pub(crate) is_merged: bool,
    pub(crate) labels: Vec<String>,
    pub(crate) reviewers: Vec<String>,
    /// Where its branch was when it was closed or merged, or its branch deleted.
    pub(crate) last: Option<String>,
}

/// A comment.
#[derive(Clone, Debug)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) pull: u64,
    pub(crate) author: String,
    pub(crate) body: String,
}

/// Everything that the forge knows.
pub(crate) struct State {
    pub(crate) address: String,
    pub(crate) objects: Objects,
    pub(crate) is_archived: bool,
    pub(crate) pulls: Vec<Pull>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) line_comments: Vec<LineComment>,
    /// What each review says above its comments.
    pub(crate) reviews: Vec<String>,
    /// Whether files are too large for a diff.
    pub(crate) is_large: bool,
    /// The account of a person's token.
    pub(crate) account: Option<String>,
    /// For how many lists a new pull request is not seen yet.
    pub(crate) lag: usize,
    /// Longest page, whatever is asked for.
    pub(crate) page: usize,
    /// All requests so far.
    pub(crate) log: Vec<Ask>,
    /// How often an answer was confirmed instead of sent.
    pub(crate) confirmed: usize,
    /// Ends the client's run: after this many more changes the next one is not done, or is done and not answered, and from then on nothing
    /// is answered until [`State::is_down`] is taken back.
    pub(crate) ends_after: Option<(usize, bool)>,
    pub(crate) is_down: bool,
    /// What was wrong with requests, and with answers.
    complaints: Vec<String>,
    faults: Vec<(&'static str, &'static str, Fault)>,
}

/// The running forge. Requests that GitHub's description does not allow fail the test when it ends.
pub(crate) struct Forge {
    state: Arc<Mutex<State>>,
    server: Server,
}

impl Forge {
    /// A forge with a repository of one commit on `main`.
    pub(crate) fn new() -> Self {
        let forge = Self::empty();
        forge.state().objects.commit(
            "main",
            &[("100644", "compose.yaml", b"services: {}\r\n"), ("100755", "run.sh", b"#!/bin/sh\n"), ("120000", "link", b"compose.yaml")],
            "Start",
        );
        forge
    }

    /// A forge with an empty repository.
    pub(crate) fn empty() -> Self {
        let state = Arc::new(Mutex::new(State {
            address: String::new(),
            objects: Objects::new(),
            is_archived: false,
            pulls: Vec::new(),
            comments: Vec::new(),
            line_comments: Vec::new(),
            reviews: Vec::new(),
            is_large: false,
            account: None,
            lag: 0,
            page: 100,
            log: Vec::new(),
            confirmed: 0,
            ends_after: None,
            is_down: false,
            complaints: Vec::new(),
            faults: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        let server = Server::new(move |ask| shared.lock().unwrap().answer(&ask));
        state.lock().unwrap().address.clone_from(&server.address);
        Self { state, server }
    }

    /// What goes into `GITHUB_API_URL`.
    pub(crate) fn api(&self) -> String {
        format!("{}/api/v3", self.server.address)
    }

    /// Where Git finds the repository.
    pub(crate) fn clone_address(&self) -> String {
        format!("{}/{OWNER}/{NAME}.git", self.server.address)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Makes the next request of this method, whose operation's path ends like this, go wrong.
    pub(crate) fn fail(&self, method: &'static str, ending: &'static str, fault: Fault) {
        self.state().faults.push((method, ending, fault));
    }

    /// How many requests there were of this method, whose path holds this.
    pub(crate) fn count(&self, method: &str, part: &str) -> usize {
        self.state().log.iter().filter(|ask| ask.method == method && ask.path.contains(part)).count()
    }

    /// What was wrong so far; asking takes it as known.
    pub(crate) fn complaints(&self) -> Vec<String> {
        std::mem::take(&mut self.state().complaints)
    }
}

impl Drop for Forge {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let state = self.state.lock().unwrap();
        assert_eq!(state.complaints, [""; 0], "requests or answers against the description");
        let left: Vec<String> = state.faults.iter().map(|(method, ending, _)| format!("{method} {ending}")).collect();
        assert_eq!(left, [""; 0], "faults that never happened");
    }
}

impl State {
    /// Login of whoever the token is for.
    fn author(&self) -> String {
        self.account.clone().unwrap_or("rofs-bot[bot]".into())
    }

    /// Closes pull requests as a person does, or as deleting their branch does.
    pub(crate) fn close(&mut self, is_meant: impl Fn(&Pull) -> bool) {
        for pull in self.pulls.iter_mut().filter(|pull| pull.is_open && is_meant(pull)) {
            pull.is_open = false;
            pull.last = self.objects.tip(&pull.head);
            if let Some(last) = &pull.last {
                // As GitHub does, so that its commits are kept whatever becomes of the branch.
                self.objects.git(&["update-ref", &format!("refs/pull/{}/head", pull.number), last], b"").unwrap();
            }
        }
    }

    /// Merges a pull request as a person does: by a merge commit, or all in one.
    pub(crate) fn merge(&mut self, number: u64, is_squash: bool) {
        let (head, base) = self.pulls.iter().find(|p| p.number == number).map(|p| (p.head.clone(), p.base.clone())).unwrap();
        let (head, below) = (self.objects.tip(&head).unwrap(), self.objects.tip(&base).unwrap());
        let tree = self.objects.line(&["merge-tree", "--write-tree", &below, &head], b"").unwrap();
        let parents = if is_squash { vec![below.clone()] } else { vec![below.clone(), head] };
        let merged = self.objects.commit_tree(&tree, &parents, "Merge").unwrap();
        self.objects.git(&["update-ref", &format!("refs/heads/{base}"), &merged, &below], b"").unwrap();
        self.close(|pull| pull.number == number);
        self.pulls.iter_mut().find(|p| p.number == number).unwrap().is_merged = true;
    }

    /// Answers a request, with whatever goes wrong.
    fn answer(&mut self, ask: &Ask) -> Reply {
        if self.is_down {
            return hang_up();
        }
        match (&mut self.ends_after, ask.method.as_str()) {
            (None, _) | (_, "GET") => {}
            (Some((0, is_done)), _) => {
                let is_done = *is_done;
                self.ends_after = None;
                if is_done {
                    self.answer(ask);
                }
                self.is_down = true;
                return hang_up();
            }
            (Some((left, _)), _) => *left -= 1,
        }
        self.log.push(ask.clone());
        if ask.path.starts_with(&format!("/{OWNER}/{NAME}.git/")) {
            return cgi::serve(&self.objects.path(), ask, TOKEN);
        }
        let mut ask = ask.clone();
        let Some(path) = ask.path.strip_prefix("/api/v3") else { return self.unknown(&ask) };
        ask.path = path.to_owned();
        let Some(operation) = Operation::of(&ask) else { return self.unknown(&ask) };
        self.complaints.extend(operation.complaints(&ask));
        self.complaints.extend(wrong_headers(&ask));

        let is_meant = |(method, ending, _): &(&str, &str, Fault)| *method == ask.method && operation.0.ends_with(ending);
        let mut after = None;
        if let Some(place) = self.faults.iter().position(is_meant) {
            match self.faults.remove(place).2 {
                Fault::Instead(reply) => return reply,
                Fault::HangUp => return hang_up(),
                Fault::After(reply) => after = Some(reply),
                Fault::HangUpAfter => after = Some(hang_up()),
                Fault::Before(act) => act(self),
            }
        }
        let reply = if ask.header("authorization") == format!("Bearer {TOKEN}") {
            self.operate(operation, &ask)
        } else {
            answers::error(401, "Bad credentials")
        };
        self.complaints.extend(operation.complaints_about(&reply));
        match after {
            Some(reply) => reply,
            None => self.tagged(&ask, reply),
        }
    }

    fn unknown(&mut self, ask: &Ask) -> Reply {
        self.complaints.push(format!("no such operation: {} {}", ask.method, ask.path));
        answers::error(404, "Not Found")
    }

    /// An answer with its tag, or the word that it is as before.
    fn tagged(&mut self, ask: &Ask, reply: Reply) -> Reply {
        if ask.method != "GET" || reply.status != 200 {
            return reply;
        }
        let mut hasher = DefaultHasher::new();
        reply.body.hash(&mut hasher);
        let tag = format!("W/\"{:016x}\"", hasher.finish());
        if ask.header("if-none-match") == tag {
            self.confirmed += 1;
            return Reply::empty(304).with("ETag", tag);
        }
        reply.with("ETag", tag)
    }
}

fn hang_up() -> Reply {
    Reply { hangs_up: true, ..Reply::default() }
}

/// What GitHub asks of every request.
fn wrong_headers(ask: &Ask) -> Vec<String> {
    let mut wanted = vec![("accept", "application/vnd.github+json".to_owned()), ("x-github-api-version", "2022-11-28".to_owned())];
    if !ask.body.is_empty() {
        wanted.push(("content-type", "application/json".to_owned()));
    }
    let mut found: Vec<String> = wanted
        .into_iter()
        .filter(|(name, value)| ask.header(name) != value)
        .map(|(name, value)| format!("{} {}: header {name} is {:?}, not {value:?}", ask.method, ask.path, ask.header(name)))
        .collect();
    if !ask.header("user-agent").starts_with("rofs-harden/") {
        found.push("the program does not say its name".into());
    }
    found
}
