//! Forges: the clients against servers that take nothing that the real ones would not.

use rofs_harden::edge::forge::{Clock, FileChange, GitHub, NewCommit, NewPull, PACE, Place, Session, Token};
use rofs_harden::error::Result;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

mod choice;
pub(crate) mod errors;
pub(crate) mod fake;
mod faults;
mod fixpoint;
mod flow;
mod git;
mod oddities;
mod others;
mod pace;
mod push;
mod races;
mod scope;
mod served;
mod sync;

/// The branch that a bot works on; its slash has to be escaped.
const BRANCH: &str = "rofs-harden/main";
/// How long the clients here wait for limits.
const PATIENCE: Duration = Duration::from_mins(10);

/// When the clocks here start, in seconds since 1970.
pub(crate) const START: u64 = 1_700_000_000;

/// A clock that lets time pass at once, and remembers why.
#[derive(Clone, Default)]
struct Hurry {
    now: Rc<Cell<Duration>>,
    waits: Rc<RefCell<Vec<(Duration, String)>>>,
}

impl Hurry {
    fn new() -> Self {
        let hurry = Self::default();
        hurry.now.set(Duration::from_secs(START));
        hurry
    }

    /// How long was waited, all together, for reasons that hold a text.
    fn waited(&self, why: &str) -> Duration {
        self.waits.borrow().iter().filter(|(_, reason)| reason.contains(why)).map(|(time, _)| *time).sum()
    }
}

impl Clock for Hurry {
    fn now(&self) -> Duration {
        self.now.get()
    }

    fn wait(&self, time: Duration, why: &str) -> Result<()> {
        self.now.set(self.now.get() + time);
        self.waits.borrow_mut().push((time, why.to_owned()));
        Ok(())
    }
}

/// A run whose time is that of a clock.
fn session(clock: &Hurry) -> Rc<Session> {
    Rc::new(Session::new(Box::new(clock.clone()), PATIENCE, PACE, 1))
}

/// A running fake of GitHub with a client for it.
struct World {
    hub: GitHub,
    clock: Hurry,
    fake: fake::Forge,
}

impl World {
    fn new() -> Self {
        Self::on(fake::Forge::new(), Some(fake::TOKEN))
    }

    fn on(fake: fake::Forge, token: Option<&str>) -> Self {
        let clock = Hurry::new();
        let place = Place { api: fake.api(), owner: fake::OWNER.into(), name: fake::NAME.into() };
        let token = token.and_then(Token::new);
        let hub = GitHub::new(&place, token, &session(&clock)).unwrap();
        Self { hub, clock, fake }
    }

    /// A world whose bot branch has a commit of its own on top of `main`.
    fn with_branch() -> Self {
        let world = Self::new();
        let main = world.tip("main");
        {
            let state = world.fake.state();
            state.objects.git(&["update-ref", &format!("refs/heads/{BRANCH}"), &main], b"").unwrap();
            state.objects.commit(BRANCH, &[("100644", "compose.yaml", b"services: {a: {read_only: true}}\n")], "Harden");
        }
        world
    }

    fn tip(&self, branch: &str) -> String {
        self.fake.state().objects.tip(branch).unwrap()
    }
}

/// A pull request as the bot would open it.
fn proposal() -> NewPull {
    NewPull { title: "Harden".into(), body: "Why.\n\nMore.\n".into(), head: BRANCH.into(), base: "main".into(), draft: false }
}

/// A commit on top of another one that changes `compose.yaml`.
fn commit_on(parent: &str, expected: Option<&str>, old: Option<String>) -> NewCommit {
    NewCommit {
        branch: BRANCH.into(),
        expected: expected.map(str::to_owned),
        parents: vec![parent.to_owned()],
        tree_of: parent.to_owned(),
        message: "Harden Docker Compose files".into(),
        files: vec![FileChange { path: "compose.yaml".into(), program: false, old, bytes: HARDENED.to_vec() }],
    }
}

/// Bytes that are no UTF-8 and have both kinds of line breaks.
const HARDENED: &[u8] = b"\xef\xbb\xbfservices: {}\r\n# \xff\n";
